#!/usr/bin/env python3
"""What people were shown is in the archive, record by record: on three real
nodes, through the leader's death, and with archives whose volumes are full.

    tests/system/test_delivered.py [BIN]

Transcripts of all clients, ours and perch's, are matched with what perch-audit
reads in the files of each node.
"""
import itertools
import json
import subprocess
import tempfile
import unittest
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import scene
from local_pool import Node
from scene import until
from sip_client import DOMAIN, PASSWORD, Dialog, Gone, Phone
from transcript import Archive, Delivered, read

PEOPLE = ('anna', 'bo', 'cai')  # One on each node.
ROUNDS = 8          # Posts of everybody before the leader dies, and after.
VOLUME = '67m'      # What is filled: the writer keeps 64 MiB in reserve;
ROOMY = '200m'      # and what there is room enough on.
LONG = 'A line that takes some room in an archive. ' * 150
FILL_MAX = 2000     # Posts; more than the volume can take.
WAIT_S = 60.0


class Scene(scene.Scene):
    """A pool with an archive, people on all nodes, and their transcripts."""

    def setUp(self) -> None:
        super().setUp()
        self.phones: list[Phone] = []
        self.delivered: list[Delivered] = []    # By perch's own clients.
        self.shown: Counter[str] = Counter()    # Histories and searches.
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def begin(self, mode: str) -> str:
        """Start, switch the archive on, make people and a room; its URI."""
        leader = self.serve()
        until(lambda: self.is_keyed(leader), 'keys in the state')
        leader.perchctl('archive', 'set', mode)
        for name in PEOPLE:
            leader.perchctl('users', 'create', name, '--password',
                            password=PASSWORD + '\n')
        leader.perchctl('categories', 'create', 'Harbour')
        made = leader.perchctl('rooms', 'create', 'Tide Desk', '--category',
                               'Harbour', '--visibility', 'open')
        return str(made['room']['uri'])

    @staticmethod
    def is_keyed(node: Node) -> bool:
        """Has the state the log's key and those of three nodes?"""
        shown = node.perchctl('archive', 'key', 'show')
        return len(shown.get('keys', [])) == 4

    def enter(self, user: str, number: int, room: str) -> Dialog:
        """Sign in at a node, and go into the room."""
        phone = Phone(self.pool.node(number).sip_tcp, user)
        self.addCleanup(phone.close)
        self.phones.append(phone)
        done = phone.sign_in()
        self.assertEqual(done.status, 200, done.start)
        dialog = phone.invite()
        self.assertEqual(dialog.join(room).code, 200)
        return dialog

    def look_back(self, dialog: Dialog, room: str) -> None:
        """Read the room's history, and search it."""
        user = dialog.phone.uri
        self.shown[user] += dialog.history(room, 100).code == 200
        found = dialog.do('bcsearch', '<chanib uri="%s"/><bcq>'
                          '<matches>tide</matches></bcq>' % room)
        self.shown[user] += found.code == 200

    def perch(self, user: str, *words: str) -> None:
        """Let our own client do something, and keep its transcript."""
        path = self.folder / ('%s.%d' % (user, len(self.delivered)))
        servers = ','.join(node.sip_tcp for node in self.pool.nodes()
                           if node.pid() is not None)
        subprocess.run(
            [scene.program('perch'), '--json', '--server', servers, '--user',
             '%s@%s' % (user, DOMAIN), '--transcript', str(path), *words],
            check=True, stdout=subprocess.DEVNULL, timeout=WAIT_S,
            env={'PERCH_PASSWORD': PASSWORD})
        self.delivered += read(path)

    def all_delivered(self) -> list[Delivered]:
        """What all clients were given so far."""
        for phone in self.phones:
            try:
                phone.listen()
            except Gone:
                pass
        return self.delivered + [each for phone in self.phones
                                 for each in phone.transcript]

    # --- The archive ---

    def await_archived(self) -> int:
        """Wait until the checkpoint that is published has all there is now,
        and all nodes' files, too; how many records there are."""
        leader = until(self.pool.leader, 'a leader')
        records = int(leader.perchctl('archive', 'status')['records'])

        def has_all() -> bool:
            status = leader.perchctl('archive', 'status')
            published = status.get('published') or {}
            return (int(published.get('size') or 0) >= records and
                    all(int(each['records']) >= records
                        for each in status['nodes']))
        until(has_all, 'everything in files and under a checkpoint')
        return records

    def archives(self) -> Iterator[tuple[int, Archive]]:
        """What each node's files have, as an auditor reads them."""
        self.await_archived()
        for node in self.pool.nodes():
            done = subprocess.run(
                [scene.program('perch-audit'), 'show', '--json',
                 str(node.data / 'archive')], capture_output=True, text=True,
                timeout=WAIT_S, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            yield node.number, Archive(
                json.loads(line) for line in done.stdout.split('\n') if line)

    def assert_archived(self, delivered: list[Delivered]) -> Archive:
        """All of it is in every node's archive, and who read is on record."""
        found = None
        for number, found in self.archives():
            self.assertEqual(found.faults(), [], number)
            self.assertEqual(found.unmatched(delivered), [], number)
            self.assert_read(found)
        assert found is not None
        return found

    def assert_read(self, archive: Archive) -> None:
        """Every history and search that was answered has its record."""
        recorded = Counter(each.get('user') for each in archive.records
                           if each['kind'] in ('history_read', 'search') and
                           each['outcome'] == 0)
        for user, times in self.shown.items():
            self.assertGreaterEqual(recorded[user], times, user)


class Shown(Scene):
    """Everybody is told, and everything that was told is archived."""

    def talk(self, dialogs: list[Dialog], room: str,
             numbers: Iterator[int]) -> int:
        """Everybody says something, as far as they are served; how often it
        was taken."""
        taken = 0
        for dialog in dialogs:
            try:
                done = dialog.post(room, 'tide %d' % next(numbers))
                taken += done.status == 200
            except (Gone, AssertionError):
                continue    # Its node is the dead one.
        return taken

    def correct(self, dialog: Dialog, room: str) -> None:
        """Better the first message, which is the dialog's own."""
        done = dialog.do(
            'modmsg', '<chanib uri="%s"><msg id="grpchat" seqid="1" '
            'chanUri="%s" author="%s" chatId="1"><chat>tide table</chat></msg>'
            '</chanib>' % (room, room, dialog.phone.uri))
        self.assertEqual(done.code, 200)

    def test_through_the_death_of_the_leader(self) -> None:
        """Posts, corrections, histories and searches on all nodes, the leader
        killed in between: nothing was shown that has no record."""
        room = self.begin('on')
        numbers = itertools.count()
        dialogs = [self.enter(PEOPLE[i], i + 1, room) for i in range(3)]
        for _ in range(ROUNDS):
            self.assertEqual(self.talk(dialogs, room, numbers), 3)
        self.correct(dialogs[0], room)
        for dialog in dialogs:
            self.look_back(dialog, room)
        self.perch('anna', 'history', '--all', room)
        leader = until(self.pool.leader, 'a leader')
        leader.kill()
        for _ in range(ROUNDS):
            self.talk(dialogs, room, numbers)
        leader.start()
        self.pool.await_ready()
        back = self.enter(PEOPLE[leader.number - 1], leader.number, room)
        self.look_back(back, room)
        self.assertEqual(self.talk([back], room, numbers), 1)
        self.perch('bo', 'history', '--all', room)
        self.perch('cai', 'search', 'tide')

        delivered = self.all_delivered()
        self.assertGreater(len(delivered), 6 * ROUNDS)
        archive = self.assert_archived(delivered)
        self.assert_lacks_are_found(archive, delivered)

    def assert_lacks_are_found(self, archive: Archive,
                               delivered: list[Delivered]) -> None:
        """An archive without one of the records, or with another text, is
        told from one that has all."""
        csn = next(each.csn for each in delivered if each.csn is not None and
                   archive.by_csn[each.csn]['kind'] == 'post')
        less = Archive(each for each in archive.records if each['csn'] != csn)
        self.assertNotEqual(less.unmatched(delivered), [])
        self.assertNotEqual(less.faults(), [])
        other = json.loads(json.dumps(archive.records))
        other[csn]['command']['post']['text'] += '.'
        self.assertNotEqual(Archive(other).unmatched(delivered), [])

    def test_refusals(self) -> None:
        """Who may not post is refused, and the archive says so, with what was
        to be said; nobody was shown it."""
        room = self.begin('on')
        dialog = self.enter('anna', 1, room)
        self.assertEqual(dialog.part(room).code, 200)
        self.assertEqual(dialog.post(room, 'too late').status, 412)
        stranger = self.enter('bo', 2, room)
        self.assertEqual(stranger.post(
            room, 'not mine', author=dialog.phone.uri).status, 403)
        archive = self.assert_archived(self.all_delivered())
        denied = [each for each in archive.records if each['kind'] == 'denied']
        said = json.dumps([archive.command(each) for each in denied])
        self.assertIn('too late', said)
        self.assertIn('not mine', said)
        self.assertEqual(self.all_delivered(), [])


class FullVolumes(Scene):
    """Archives on volumes of their own, which fill up."""

    def setUp(self) -> None:
        super().setUp()
        self.mounted: list[Path] = []

    def mount(self, number: int, size: str, *more: str) -> None:
        """Give a node's archive a volume, or another size of it."""
        path = self.pool.node(number).data / 'archive'
        path.mkdir(exist_ok=True)
        done = subprocess.run(
            ['mount', '-t', 'tmpfs', '-o', ','.join((*more, 'size=' + size)),
             'perch-archive', str(path)], capture_output=True, text=True,
            check=False)
        if done.returncode != 0:
            raise unittest.SkipTest('no volumes here: ' + done.stderr)
        if not more:
            self.addCleanup(subprocess.run, ['umount', '-l', str(path)],
                            check=False)

    def fill(self, dialog: Dialog, room: str) -> int:
        """Post until posts are not taken any more; how many were."""
        for i in range(FILL_MAX):
            done = dialog.post(room, '%s %d' % (LONG, i))
            if done.status != 200:
                self.assertEqual(done.status, 503, done.start)
                self.assertTrue(done.header('Retry-After'))
                return i
        raise AssertionError('the volume takes more than it can')

    def test_required(self) -> None:
        """Where it is required that what is said is archived, and most nodes'
        volumes are full: posts get 503 and nobody sees them, not even in the
        history. With room again posts are taken, by the same processes."""
        self.mount(1, VOLUME)
        self.mount(2, VOLUME)
        self.mount(3, ROOMY)
        room = self.begin('required')
        dialogs = [self.enter(PEOPLE[i], i + 1, room) for i in range(3)]
        pids = [node.pid() for node in self.pool.nodes()]
        self.fill(dialogs[2], room)
        until(lambda: self.refuses(dialogs, room), 'posts are refused')
        self.all_delivered()    # What comes from now on is of later posts.
        before = [len(phone.transcript) for phone in self.phones]
        for dialog in dialogs:
            self.assertEqual(dialog.post(room, 'nobody sees this').status, 503)
        self.all_delivered()
        self.assertEqual([len(phone.transcript) for phone in self.phones],
                         before)
        status = self.pool.node(3).perchctl('archive', 'status')
        self.assertTrue(status['refusing'], status)
        for number in (1, 2):
            self.mount(number, ROOMY, 'remount')
        until(lambda: dialogs[0].post(room, 'the tide is back').status == 200,
              'posts are taken again')
        for dialog in dialogs:
            self.assertEqual(dialog.post(room, 'tide for all').status, 200)
            self.look_back(dialog, room)
        self.assertEqual([node.pid() for node in self.pool.nodes()], pids)
        archive = self.assert_archived(self.all_delivered())
        self.assertNotIn('nobody sees this', json.dumps(
            [archive.command(each) for each in archive.records
             if each['kind'] == 'post']))

    @staticmethod
    def refuses(dialogs: list[Dialog], room: str) -> bool:
        """Are all of them refused?"""
        return all(dialog.post(room, LONG).status == 503 for dialog in dialogs)

    def test_one_node(self) -> None:
        """A node whose own volume is full takes no posts of its clients; those
        of the others go on, and are shown to all."""
        self.mount(1, VOLUME)
        room = self.begin('required')
        dialogs = [self.enter(PEOPLE[i], i + 1, room) for i in range(3)]
        until(lambda: self.fill(dialogs[0], room) >= 0, 'its volume is full')
        for dialog in dialogs[1:]:
            self.assertEqual(dialog.post(room, 'tide elsewhere').status, 200)
        said = dialogs[0].phone.hear(
            lambda each: each.kind == 'grpchat' and
            each.text == 'tide elsewhere', 'what others say')
        self.assertEqual(said.kind, 'grpchat')
        self.mount(1, ROOMY, 'remount')
        until(lambda: dialogs[0].post(room, 'the tide is back').status == 200,
              'posts are taken again')
        self.assert_archived(self.all_delivered())


if __name__ == '__main__':
    scene.main()
