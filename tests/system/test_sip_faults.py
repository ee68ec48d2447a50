#!/usr/bin/env python3
"""Real nodes as their clients meet them while nodes die.

    tests/system/test_sip_faults.py [BIN]

A few faults, looked at closely; many of them under load are jepsen's.
"""
import time
from typing import Any

from sip_client import Dialog, Gone, Message
from sip_scene import Node, PoolError, SipScene, run, texts_of

WAIT_S = 25.0           # For what an election stands in the way of.
BUSY_WITHIN_S = 15.0    # As POST_PATIENCE_MS, on a busy machine.
SIGN_IN_WITHIN_S = 12.0     # As sign_in_ms.

SETTINGS = '''\
[drain]
notice = 0ms
spread = 0ms
'''


class Faults(SipScene):
    """Each test begins and ends with three nodes that serve."""
    settings = SETTINGS

    def setUp(self) -> None:
        super().setUp()
        self.leader = self.pool.await_ready()
        others = [node for node in self.pool.nodes()
                  if node.number != self.leader.number]
        self.follower, self.other = others

    def tearDown(self) -> None:
        super().tearDown()
        self.pool.start()
        self.pool.await_ready()

    def begin(self, *nodes: Node) -> tuple[str, list[Dialog]]:
        """A room, and somebody in it on each of these nodes."""
        room = self.room()
        users = self.people(len(nodes))
        dialogs = [self.inside(room, users[i], nodes[i].number)
                   for i in range(len(nodes))]
        for dialog in dialogs:
            dialog.history(room)
        return room, dialogs

    def send(self, dialog: Dialog, room: str, text: str,
             retry: str = '') -> str:
        """Begin to post."""
        return dialog.send('INFO', dialog.said(room, text, retry=retry),
                           'text/plain')

    def answer(self, dialog: Dialog, cseq: str) -> Message:
        """How it ended."""
        return dialog.phone.response(dialog.call_id, cseq, WAIT_S)

    def come_back(self, dialog: Dialog, room: str, node: Node) -> Dialog:
        """Do as a client whose connection was lost."""
        back = self.enter(dialog.phone.user, node.number,
                          endpoint=dialog.phone.serial)
        found = back.join(room)
        self.assertEqual(found.code, 200, found.why)
        return back

    def everything(self, room: str) -> list[str]:
        """All that was said in a room, as told to one who was never there, by
        a node that was not killed."""
        node = next(each for each in self.pool.nodes()
                    if each.pid() is not None)
        dialog = self.enter(self.people(1)[0], node.number)
        return texts_of(dialog.history(room, 500))

    def test_the_leader_dies_between_a_post_and_its_answer(self) -> None:
        """Who is connected elsewhere notices a delay: his 200 comes when the
        pool has another leader, and the post is there once."""
        room, (says, hears) = self.begin(self.follower, self.other)
        texts = ['n%d' % i for i in range(30)]
        sent = [self.send(says, room, text) for text in texts[:15]]
        self.leader.kill()
        sent += [self.send(says, room, text) for text in texts[15:]]
        for cseq in sent:
            done = self.answer(says, cseq)
            self.assertEqual(done.status, 200, done.start)
        for dialog in (says, hears):
            found = self.copies(dialog, len(texts))
            self.assertEqual([each.text for each in found], texts)
            self.assertEqual([each.element.get('chatId') for each in found],
                             [str(i + 1) for i in range(len(texts))])
            self.assert_silent(dialog, 'grpchat')

    def test_posts_are_retried_where_the_client_comes_back(self) -> None:
        """His node died, he does not know what became of them: posted again
        under their ids, each is there once."""
        room, (says, hears) = self.begin(self.leader, self.other)
        texts = ['n%d' % i for i in range(30)]
        sent = [self.send(says, room, texts[i], 'id-%d' % i)
                for i in range(15)]
        self.answer(says, sent[0])
        self.leader.kill()
        try:
            while True:
                says.phone.read(1.0)
        except Gone:
            pass
        back = self.come_back(says, room, self.follower)
        again = [self.send(back, room, texts[i], 'id-%d' % i)
                 for i in range(30)]
        for cseq in again:
            done = self.answer(back, cseq)
            self.assertEqual(done.status, 200, done.start)
        found = self.copies(hears, len(texts))
        self.assertEqual({each.text for each in found}, set(texts))
        self.assert_silent(hears, 'grpchat')
        self.assertEqual(sorted(self.everything(room)), sorted(texts))

    def test_who_comes_back_elsewhere_sees_no_gap(self) -> None:
        """His last live message, then the history, then what is live."""
        room, (says, hears) = self.begin(self.follower, self.other)
        self.post_all(says, room, ['n%d' % i for i in range(20)])
        live = self.copies(hears, 10)
        # The others lie in his socket, unread and not answered.
        self.other.kill()
        self.post_all(says, room, ['n%d' % i for i in range(20, 120)])
        back = self.come_back(hears, room, self.leader)
        self.post_all(says, room, ['n%d' % i for i in range(120, 125)])
        shown = texts_of(back.history(room))
        first = int(shown[0][1:])
        self.assertLessEqual(first, len(live))
        self.assertEqual(shown, ['n%d' % i for i in range(first, 120)])
        self.assertEqual([each.text for each in self.copies(back, 5)],
                         ['n%d' % i for i in range(120, 125)])

    def test_a_draining_node_sends_its_clients_elsewhere(self) -> None:
        """By closing, never by BYE; they miss nothing, twice is nothing."""
        room, (says, hears) = self.begin(self.follower, self.other)
        self.post_all(says, room, ['before'])
        self.assertEqual(hears.hear('grpchat').text, 'before')
        self.other.stop()
        hears.phone.await_gone()
        self.assertNotIn('BYE', [each.request.start.split(' ')[0]
                                 for each in hears.phone.inbox])
        self.post_all(says, room, ['while', 'away'])
        back = self.come_back(hears, room, self.leader)
        self.assertEqual(texts_of(back.history(room, 1)), ['while', 'away'])

    def test_without_a_majority_posts_are_refused_in_time(self) -> None:
        """503, and what was answered so never happens. What was on its way
        when the majority was lost is answered when it is back."""
        room, (says, hears) = self.begin(self.leader, self.leader)
        late = self.people(1)[0]
        for node in (self.follower, self.other):
            node.kill()
        early = self.send(says, room, 'early')
        self.await_no_leader()
        begun = time.monotonic()
        refused = [self.send(says, room, 'refused %d' % i) for i in range(3)]
        searched = says.do('chansrch', '<qib qtype="BYNAME" criteria=""/>')
        self.assertNotEqual(searched.code, 200)
        self.assertTrue(searched.why.startswith('ERROR_BUSY'), searched.why)
        phone = self.phone(late, self.leader.number)
        self.assertEqual(phone.sign_in().status, 503)
        self.assertLess(time.monotonic() - begun, SIGN_IN_WITHIN_S)
        for cseq in refused:
            done = self.answer(says, cseq)
            self.assertEqual(done.status, 503, done.start)
            self.assertRegex(done.header('ms-diagnostics'),
                             '^20000;.*reason="Chat service busy"')
            self.assertGreater(int(done.header('Retry-After')), 0)
        self.assertLess(time.monotonic() - begun, BUSY_WITHIN_S)
        self.assert_silent(hears, 'grpchat')
        self.pool.start()
        done = self.answer(says, early)
        self.assertEqual(done.status, 200, done.start)
        self.pool.await_ready()
        self.assert_posted(says, room, 'late')
        self.assertEqual([each.text for each in self.copies(hears, 2)],
                         ['early', 'late'])
        self.assertEqual(self.everything(room), ['early', 'late'])

    def await_no_leader(self) -> None:
        """Wait until the node that led knows that it cannot."""
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            if self.role_of(self.leader) != 'leader':
                return
            time.sleep(0.02)
        raise AssertionError('it still believes to lead')

    def role_of(self, node: Node) -> Any:
        """What a node believes to be."""
        try:
            return node.perchctl('--stale', 'status').get('role')
        except PoolError:
            return None


if __name__ == '__main__':
    run()
