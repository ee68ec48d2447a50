#!/usr/bin/env python3
"""Nodes whose files are not what was written, and starts that are cut short.

    tests/system/test_rot.py BIN    BIN: the folder of the programs

Which byte is noticed by whom is shown in unit/test_store_rot and
unit/test_log_store_rot; here a whole node names the damage, sets its files
aside and comes back by itself.
"""
import contextlib
import json
import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import scene
from scene import StandingScene, until
from local_pool import Node

POSTS = 150             # More than a log keeps: the store was flushed.
LONG = 'words ' * 100   # Of so long posts a table has many blocks.
PAST = 500              # Messages to ask for: more than one block of them.
STARTS = 12
RETURN_S = 90           # Longer than an old disk waits for its successor.


def flip(share: float) -> Callable[[Path], None]:
    """Flip a bit so far into a file."""
    def damage(path: Path) -> None:
        with open(path, 'r+b') as file:
            # Where something is written: logs end in zeros.
            data = file.read().rstrip(b'\0')
            at = min(int(len(data) * share), len(data) - 1)
            file.seek(at)
            file.write(bytes([data[at] ^ 0x10]))
    return damage


def spoil(path: Path) -> None:
    """Turn every byte of a file over, in place. Done twice it is as before."""
    with open(path, 'r+b') as file:
        data = file.read()
        file.seek(0)
        file.write(bytes(byte ^ 0xff for byte in data))


def truncate(path: Path) -> None:
    """Cut a file in the middle of what is written."""
    data = path.read_bytes().rstrip(b'\0')
    os.truncate(path, len(data) // 2)


def victims(node: Node, pattern: str) -> list[Path]:
    """The last written of a node's files that match; of tables all, for a
    start reads those of rooms and people, and of messages each room's last."""
    found = sorted(node.data.glob(pattern),
                   key=lambda path: (path.stat().st_mtime_ns, path.name))
    return found if pattern.endswith('.sst') else found[-1:]


# Tables are never written again, so all of one matters; of the log only what
# is behind its head and before its last batch must be there.
DAMAGES = (
    ('store/store-*/*.sst', flip(0.1)),
    ('store/store-*/*.sst', flip(0.99)),
    ('store/store-*/*.sst', truncate),
    ('store/store-*/*.sst', Path.unlink),
    ('store/store-*/MANIFEST-*', flip(0.5)),
    ('log/segment-*', flip(0.3)),
    ('log/segment-*', truncate),
    ('log/vote', Path.unlink),
)


class Rot(StandingScene):
    """One node's disk."""

    def post(self, count: int, text: str = 'post') -> None:
        """Make entries and rows."""
        dialog = self.phone(self.leader, 'tomas')
        for i in range(count):
            self.assertEqual(
                dialog.post(self.room, '%s %d' % (text, i)).status, 200)
        dialog.phone.close()

    def setUp(self) -> None:
        super().setUp()
        self.node = self.pool.node(1 + self.leader.number % 3)

    def rotted(self) -> int:
        """How often the node has set its files aside: log and store."""
        return len(list(self.node.data.glob('rotted-*-store')))

    def test_damage_is_named_and_healed(self) -> None:
        """Whatever file it is in."""
        for pattern, damage in DAMAGES:
            with self.subTest(pattern=pattern, damage=damage):
                self.post(POSTS)
                self.assert_same_state()
                before, told = self.rotted(), len(self.journal(self.node))
                self.node.kill()
                for path in victims(self.node, pattern):
                    damage(path)
                until(self.revive, 'it serves again')
                self.assert_voters()
                self.assert_same_state()
                self.assertEqual(self.rotted(), before + 1,
                                 self.journal(self.node)[told:][-3000:])
                self.assertRegex(
                    self.journal(self.node)[told:],
                    'log refused .*what=|store_rotten .*reason=')

    def tables(self) -> list[Path]:
        """The files of rows of the node's state."""
        return list(self.node.data.glob('store/store-*/*.sst'))

    def ask_in_vain(self) -> None:
        """A client asks for what cannot be read; the node ends by it."""
        dialog = self.phone(self.node, 'tomas')
        with contextlib.suppress(ConnectionError):  # It may end first.
            self.assertNotEqual(dialog.history(self.room, PAST).code, 200)
        until(lambda: self.node.pid() is None, 'the node ends')
        self.assertRegex(self.journal(self.node), 'node_stops .*error=ROTTEN '
                         'reason="a history cannot be read')

    def test_rot_that_a_reader_finds(self) -> None:
        """What cannot be read while the node runs is believed by no later
        start, though the disk were to give it right again."""
        mark, before = self.node.data / 'rotten', self.rotted()
        self.post(POSTS, LONG)
        self.assert_same_state()
        spoiled = self.tables()
        for path in spoiled:
            spoil(path)
        self.ask_in_vain()
        self.assertTrue(mark.exists())
        for path in spoiled:
            spoil(path)
        until(self.revive, 'it serves again')
        self.assertFalse(mark.exists())
        members = self.assert_voters()
        self.assert_same_state()
        self.assertEqual(self.rotted(), before + 1)
        self.node.kill()
        self.serve()
        self.assertEqual((self.assert_voters(), self.rotted()),
                         (members, before + 1))

    def test_one_copy_of_the_vote_is_enough(self) -> None:
        """There are two; the node stays who it is."""
        members, before = self.assert_voters(), self.rotted()
        self.post(1)
        self.node.kill()
        flip(0.001)(self.node.data / 'log' / 'vote')
        self.serve()
        self.assert_same_state()
        self.assertEqual((self.assert_voters(), self.rotted()),
                         (members, before))

    def test_an_old_disk_comes_back_as_another(self) -> None:
        """Its raft id was removed while it lay in a drawer: the node says so,
        sets it aside and is taken in anew, by itself where the policy lets
        it, else when an operator says so."""
        aside = self.node.data.with_name('drawer')
        self.addCleanup(shutil.rmtree, aside, True)
        for policy in ('automatic', 'manual'):
            with self.subTest(policy=policy):
                self.post(1)
                self.assert_voters()
                before = self.raft_id()
                self.node.kill()
                self.node.data.rename(aside)
                until(self.revive, 'an empty one serves')
                self.assert_voters(before)
                self.node.kill()
                shutil.rmtree(self.node.data)
                aside.rename(self.node.data)
                self.leader = until(self.pool.leader, 'a leader')
                self.leader.perchctl('nodes', 'policy', policy)
                self.return_as_another(policy)
                self.assert_voters(before)
                self.assert_same_state()
        self.leader.perchctl('nodes', 'policy', 'automatic')

    def return_as_another(self, policy: str) -> None:
        """It takes a while: its successor might only be away."""
        self.node.start()
        if policy == 'manual':
            until(lambda: 'not_a_member' in self.journal(self.node),
                  'it asks for an operator', RETURN_S)
            self.assertIn('no member of the pool', json.dumps(
                self.node.perchctl('--stale', 'status')['health']))
            self.leader.perchctl('nodes', 'replace', str(self.node.number))
        until(self.revive, 'it serves as another', RETURN_S)

    def raft_id(self) -> int:
        """Of the node, as the pool knows it."""
        return next(each['raft_id'] for each in
                    self.leader.perchctl('nodes', 'list')['members']
                    if each['node'] == self.node.number)

    def revive(self) -> bool:
        """As a supervisor does."""
        if self.node.pid() is None:
            self.node.start()
        return self.node.is_ready()

    def test_starts_that_are_killed(self) -> None:
        """At any moment, again and again: the node comes back as itself."""
        members, before = self.assert_voters(), self.rotted()
        self.post(POSTS)
        self.node.kill()
        for i in range(STARTS):
            self.node.start()
            time.sleep(0.01 * 1.6 ** i)
            self.assertIsNotNone(self.node.pid(), self.journal(self.node)[-3000:])
            self.node.signal(signal.SIGKILL)
            self.node.await_end(10)
        self.serve()
        self.assert_same_state()
        self.assertEqual((self.assert_voters(), self.rotted()),
                         (members, before))


class OnlyNode(scene.Scene):
    """A pool of one node, whose disk is the only one."""

    def setUp(self) -> None:
        self.pool = scene.make_pool(1)
        self.addCleanup(scene.clear_pool, self.pool)

    def test_nothing_is_set_aside(self) -> None:
        """Nobody could give it back: it names the damage and stays down."""
        node = self.serve()
        node.kill()
        away = self.pool.folder / 'vote'
        (node.data / 'log' / 'vote').rename(away)
        node.start()
        self.assertTrue(node.await_end(10))
        self.assertRegex(self.journal(node), 'past_lost .*no other node')
        self.assertEqual(list(node.data.glob('rotted-*')), [])
        away.rename(node.data / 'log' / 'vote')
        node.start()
        until(node.is_ready, 'it serves again')


if __name__ == '__main__':
    scene.main()
