#!/usr/bin/env python3
"""What people follow and have read, on real nodes: the same on every computer
of a user, through the loss of the leader, and nothing for who may not.

    tests/system/test_following.py [BIN]
"""
import itertools
import json
import subprocess
from typing import Any

from scene import WAIT_S, Node, StandingScene, main, until

RULES = '4'


class Following(StandingScene):
    """A pool whose rules know what is followed."""
    _names = itertools.count(1)

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        leader = cls.pool.await_ready()
        leader.perchctl('pool', 'rules', RULES)

    def tell(self, user: str, nodes: list[Node], *words: str,
             code: int = 0) -> list[dict[str, Any]]:
        """What a perch that ends by itself has said."""
        process = self.perch(user, nodes, *words, stderr=subprocess.PIPE)
        said, why = process.communicate(timeout=WAIT_S)
        self.assertEqual(process.returncode, code, why)
        return [json.loads(line) for line in said.splitlines()]

    def person(self) -> str:
        """A user nobody has used before."""
        name = 'reader%d' % next(self._names)
        self.leader.perchctl('users', 'create', name, '--password',
                             password=self.PASSWORD + '\n')
        return name

    def closed(self, *members: str) -> str:
        """A closed room; its URI."""
        words = [word for each in members for word in ('--member', each)]
        return str(self.leader.perchctl(
            'rooms', 'create', 'Chamber %d' % next(self._names),
            '--category', 'Harbour', *words)['room']['uri'])

    def news(self, user: str, node: Node, room: str) -> dict[str, Any]:
        """What is new in a followed room; {} where nothing is told of it."""
        found = [each for each in self.tell(user, [node], 'news')
                 if each['room'] == room]
        self.assertLessEqual(len(found), 1)
        return found[0] if found else {}

    def post(self, user: str, room: str, *texts: str) -> None:
        """Say something in a room."""
        for text in texts:
            self.tell(user, self.pool.nodes(), 'post', room, text)

    def hear(self, process: subprocess.Popen[str],
             event: str) -> dict[str, Any]:
        """The next event of a kind that a perch tells."""
        assert process.stdout is not None
        for line in process.stdout:
            found = dict(json.loads(line))
            if found['event'] == event:
                return found
        raise AssertionError('no %s was told' % event)

    def test_two_computers(self) -> None:
        """What one follows the other is in, and no longer when it does not
        follow it any more."""
        first, second, third = self.pool.nodes()
        user, room = self.person(), self.room
        home = self.perch(user, [second], 'follow')
        self.hear(home, 'state')
        listed = self.tell(user, [first], 'followed', room)
        self.assertEqual([each['room'] for each in listed], [room])
        self.assertEqual(self.hear(home, 'joined')['room'], room)
        self.post('tomas', room, 'to all who follow')
        self.assertEqual(self.hear(home, 'message')['text'],
                         'to all who follow')
        self.assertEqual(
            [each['room'] for each in self.tell(user, [third], 'followed')],
            [room])
        self.assertEqual(self.tell(user, [third], 'unfollow', room), [])
        self.assertEqual(self.tell(user, [first], 'followed'), [])

    def test_one_bjoin(self) -> None:
        """All that is followed is joined at sign-in."""
        first, second, _ = self.pool.nodes()
        user = self.person()
        rooms = sorted(self.closed(user) for _ in range(5))
        self.tell(user, [first], 'followed', *rooms)
        home = self.perch(user, [second], 'follow')
        joined = sorted(self.hear(home, 'joined')['room'] for _ in rooms)
        self.assertEqual(joined, rooms)

    def test_news_reach_who_has_not_joined(self) -> None:
        """Of a followed room; not who may not read it, nor who follows
        nothing."""
        first, second, third = self.pool.nodes()
        user, other = self.person(), self.person()
        room = self.closed(user, 'tomas')
        self.tell(user, [first], 'followed', room)
        self.tell(other, [first], 'followed', room, code=0)
        watch = self.perch(user, [second], 'news', '--watch')
        outside = self.perch(other, [third], 'news', '--watch')
        self.assertEqual(self.hear(watch, 'news')['unread'], 0)
        self.post('tomas', room, 'one', 'two', user + ', come')
        fresh = self.hear(watch, 'fresh')
        self.assertEqual(fresh['room'], room)
        until(lambda: self.news(user, third, room).get('unread') == 3,
              'three unread')
        self.assertEqual(self.news(user, third, room)['mentions'], 1)
        self.assertEqual(self.tell(other, [third], 'news'), [])
        self.tell(other, [third], 'news', room, code=1)
        outside.terminate()
        said, _ = outside.communicate(timeout=WAIT_S)
        self.assertNotIn('fresh', said)
        self.assertNotIn(room, said)
        # Read on one, told on the other.
        self.tell(user, [first], 'read', room, '2')
        self.assertEqual(self.hear(watch, 'read')['read'], 2)
        self.assertEqual(self.news(user, second, room)['unread'], 1)
        # A right that is lost takes it all away.
        self.leader.perchctl('rooms', 'change', room, '--remove-member', user)
        self.assertEqual(self.news(user, second, room), {})
        self.tell(user, [first], 'read', room, code=1)

    def test_failover(self) -> None:
        """Counts, marks, feeds and what is followed are the same after the
        leader was killed, on every node."""
        first = self.pool.nodes()[0]
        user = self.person()
        room = self.closed(user, 'tomas')
        self.tell(user, [first], 'followed', room)
        self.tell(user, [first], 'feed', 'ice', 'first ice', '--author',
                  'tomas@fjord.example')
        self.post('tomas', room, 'the FIRST ICE', 'none', '%s?' % user)
        self.tell(user, [first], 'read', room, '1')
        before = self.news(user, first, room)
        self.assertEqual((before['unread'], before['mentions']), (2, 1))
        self.tell(user, [first], 'read', room, '0', '--back')
        before = self.news(user, first, room)
        self.assertEqual(before['feeds'],
                         [{'feed': 'ice', 'count': 1, 'id': 1}])
        leader = self.pool.leader()
        assert leader is not None
        leader.kill()
        for node in self.pool.nodes():
            if node.pid() is not None:
                self.assertEqual(self.news(user, node, room), before)
        leader.start()
        self.leader = self.pool.await_ready()
        for node in self.pool.nodes():
            self.assertEqual(self.news(user, node, room), before)
            self.assertEqual(
                [each['room'] for each in
                 self.tell(user, [node], 'followed')], [room])
            self.assertEqual(
                [(each['feed'], each['words']) for each in
                 self.tell(user, [node], 'feeds')], [('ice', ['first ice'])])
        shown = self.leader.perchctl('users', 'show', user)
        self.assertEqual([(each['uri'], each['follows'], each['read'])
                          for each in shown['attended']], [(room, True, 0)])
        self.assertEqual([each['name'] for each in shown['feeds']], ['ice'])
        self.assert_same_state()

    def test_reading_is_read(self) -> None:
        """What an endpoint was shown is read, for the other one too."""
        first, second, third = self.pool.nodes()
        user = self.person()
        room = self.closed(user, 'tomas')
        self.tell(user, [first], 'followed', room)
        home = self.perch(user, [second], 'follow')
        self.hear(home, 'joined')
        self.post('tomas', room, 'one', 'two', 'three')
        for _ in range(3):
            self.hear(home, 'message')
        until(lambda: self.news(user, third, room)['unread'] == 0,
              'all of it read')
        self.assertEqual(self.news(user, third, room)['read'], 3)


if __name__ == '__main__':
    main()
