"""perch-jepsen keeps the protocol of jepsen/contracts.md: one answer for each
invocation, and never a kinder one than the truth."""
import time
import unittest

from programs import DOMAIN, PoolTest


class LoadTest(PoolTest):
    """A running load client."""

    def setUp(self):
        super().setUp()
        self.load = self.start('perch-jepsen')
        self.ids = 0

    def set_up(self, password='tide-and-time'):
        """Say what it needs to know."""
        self.load.tell(op='setup', protocol=1, domain=DOMAIN,
                       password=password,
                       rooms={'r0': self.desk, 'r1': self.harbour}, more=1)
        self.assertEqual(self.load.until(lambda found: True),
                         {'hello': 'perch-jepsen', 'protocol': 1})

    def begin(self, f, process=1, node=0, user='ingrid', room='r0',
              timeout_ms=5000, **more):
        """Invoke something; returns its id."""
        self.ids += 1
        self.load.tell(op='invoke', id=self.ids, process=process, user=user,
                       node='127.0.0.1:%d' % self.pool.ports[node], f=f,
                       room=room, timeout_ms=timeout_ms, **more)
        return self.ids

    def answer(self, number):
        """The completion of an invocation."""
        return self.load.until(lambda found: found['id'] == number)

    def do(self, f, **more):
        """Invoke something and have it answered."""
        before = time.monotonic_ns()
        done = self.answer(self.begin(f, **more))
        after = time.monotonic_ns()
        self.assertTrue(before <= done['done_ns'] <= after, done)
        if 'sent_ns' in done:
            self.assertTrue(before <= done['sent_ns'] <= done['done_ns'])
        return done

    def post(self, value, **more):
        """Post a value, successfully; returns its position."""
        done = self.do('post', value=value, **more)
        self.assertEqual(done['type'], 'ok', done)
        self.assertIn('sent_ns', done)
        return done['position']

    def read(self, limit, **more):
        """Read a room, successfully."""
        done = self.do('read', limit=limit, **more)
        self.assertEqual(done['type'], 'ok', done)
        return done['positions'], done['values']


class RightTest(LoadTest):
    """Nothing goes wrong."""

    def test_posts_and_reads(self):
        """Positions are message ids, values what was posted; one session."""
        self.set_up()
        self.assertEqual([self.post(value) for value in (40, 0, -3)],
                         [1, 2, 3])
        self.pool.do('say', 0, 'tomas', 'no number')
        self.assertEqual(self.read(2), ([3, 4], ['-3', 'no number']))
        self.assertEqual(self.read(0)[0], [1, 2, 3, 4])
        self.assertEqual(self.pool.do('count', 'INVITE', -1), '1')

    def test_first_history_of_a_visit(self):
        """It ends at the join, so what is read is asked for after it. It is
        the library's own, once for each room."""
        self.set_up()
        for f, room, asked in (('read', 'r0', 2), ('read', 'r0', 3),
                               ('post', 'r1', 4), ('read', 'r1', 5)):
            done = self.do(f, room=room, value=1, limit=5)
            self.assertEqual(done['type'], 'ok', done)
            self.assertEqual(self.pool.do('count', 'cmd:bccontext', -1),
                             str(asked))

    def test_long_history(self):
        """All of a room, and more than a page of it, in one piece."""
        self.set_up()
        for value in range(1201):
            self.pool.do('unheard', 0, 'tomas', value)
        self.assertEqual(self.read(0), (list(range(1, 1202)),
                                        list(range(1201))))
        self.assertEqual(self.read(700), (list(range(502, 1202)),
                                          list(range(501, 1201))))
        self.assertEqual(self.read(500)[0], list(range(702, 1202)))

    def test_empty_room(self):
        """Nothing is there to read."""
        self.set_up()
        for limit in (0, 20, 700):
            self.assertEqual(self.read(limit), ([], []))

    def test_many_processes(self):
        """Sessions do not wait for each other."""
        self.set_up()
        open_ids = {self.begin('post', process=each, node=each % 2,
                               value=each) for each in range(50)}
        positions = set()
        while open_ids:
            done = self.load.until(lambda found: True)
            self.assertEqual(done['type'], 'ok', done)
            open_ids.remove(done['id'])
            positions.add(done['position'])
        self.assertEqual(positions, set(range(1, 51)))
        self.assertEqual(self.pool.do('guests'), '50')

    def test_move(self):
        """Another node or user is another session; the old one ends."""
        self.set_up()
        self.post(1, node=0)
        self.post(2, node=1)
        self.assertEqual(self.pool.do('count', 'INVITE', 1), '1')
        self.assertEqual(self.pool.do('guests'), '1')
        self.load.tell(op='retire', process=1)
        self.post(3, process=2)
        self.assertEqual(self.pool.do('guests'), '1')

    def test_repeat(self):
        """A retry id posts once; the repeat's position is found, be it among
        the newest or far back."""
        self.set_up()
        self.assertEqual(self.post(7, retry='id-7'), 1)
        self.assertEqual(self.post(7, process=2, node=1, retry='id-7'), 1)
        for _ in range(600):
            self.pool.do('unheard', 0, 'tomas', 'between')
        self.assertEqual(self.post(7, process=3, node=1, retry='id-7'), 1)
        self.assertEqual(self.pool.do('texts', 0), '601')

    def test_end_of_input(self):
        """It closes all and ends well."""
        self.set_up()
        self.post(1)
        self.assertEqual(self.load.end(), 0)


class WrongTest(LoadTest):
    """What may go wrong does."""

    def fault(self, what, fault, status=0, times=1, skip=0, delay_ms=0):
        """Have a node do a thing wrong."""
        self.pool.do('fault', what, -1, skip, times, fault, status, delay_ms)

    def test_refused(self):
        """503, 403: surely without effect, and told as such."""
        self.set_up()
        for status in (503, 403):
            self.fault('grpchat', 'refuse', status)
            done = self.do('post', value=1)
            self.assertEqual(done['type'], 'fail')
            self.assertIn(str(status), done['error'])
        self.assertEqual(self.post(2), 1)
        self.assertEqual(self.pool.do('count', 'INVITE', -1), '1')

    def test_not_joined(self):
        """412 to a post: the next invocation begins with a new session."""
        self.set_up()
        self.fault('grpchat', 'refuse', 412)
        self.assertEqual(self.do('post', value=1)['type'], 'fail')
        self.assertEqual(self.post(2), 1)
        self.assertEqual(self.pool.do('count', 'INVITE', -1), '2')

    def test_lost_answer(self):
        """The connection ends instead of an answer: unknown, done or not."""
        self.set_up()
        for fault in ('close', 'act-close'):
            self.fault('grpchat', fault)
            done = self.do('post', value=1)
            self.assertEqual(done['type'], 'info', done)
            self.assertIn('sent_ns', done)
        self.assertEqual(self.read(0)[0], [1])

    def test_silence(self):
        """No answer in time: unknown, and in time."""
        self.set_up()
        self.fault('grpchat', 'act-silent')
        before = time.monotonic()
        done = self.do('post', value=1, timeout_ms=700)
        self.assertLess(time.monotonic() - before, 1.7)
        self.assertEqual(done['type'], 'info')
        self.assertEqual(self.post(2), 2)

    def test_sign_in_fails(self):
        """Refused, cut off or not answered: it was never sent."""
        self.set_up()
        for what in ('REGISTER', 'INVITE', 'cmd:bjoin', 'cmd:join'):
            for fault, status in (('refuse', 503), ('close', 0),
                                  ('silent', 0)):
                self.fault(what, fault, status)
                done = self.do('post', process=9, value=1, timeout_ms=400)
                if done['type'] == 'ok':
                    continue  # The client has no need of this request.
                self.assertEqual(done['type'], 'fail', (what, fault, done))
                self.assertNotIn('sent_ns', done)
                self.load.tell(op='retire', process=9)

    def test_wrong_password(self):
        """It cannot sign in."""
        self.set_up('wrong')
        done = self.do('post', value=1)
        self.assertEqual((done['type'], 'sent_ns' in done), ('fail', False))
        self.assertIn('denied', done['error'])

    def test_dead_node(self):
        """Told at once, and no other node is tried."""
        self.set_up()
        self.post(1)
        self.pool.do('kill', 0)
        done = self.do('post', value=2)
        self.assertEqual((done['type'], 'sent_ns' in done), ('fail', False))
        self.pool.do('revive', 0)
        self.assertEqual(self.post(3), 2)

    def test_closed_room(self):
        """Nobody is let in."""
        self.set_up()
        self.pool.do('close', 0)
        done = self.do('post', value=1)
        self.assertEqual((done['type'], 'sent_ns' in done), ('fail', False))
        self.assertEqual(self.post(1, room='r1'), 1)

    def test_read_fails(self):
        """A read is never unknown."""
        self.set_up()
        self.post(1)
        for fault, status in (('refuse', 503), ('close', 0), ('silent', 0),
                              ('code', 503), ('no-reply', 0)):
            self.post(2)
            self.fault('cmd:bccontext', fault, status)
            done = self.do('read', limit=20, timeout_ms=400)
            self.assertEqual(done['type'], 'fail', (fault, done))

    def test_no_first_history(self):
        """The next one would be the first, and end at the join: no read."""
        self.set_up()
        self.post(1, process=2)
        for f in ('read', 'post'):
            self.fault('cmd:bccontext', 'code', 500)
            done = self.do(f, process=3, value=2, limit=20)
            self.assertEqual((done['type'], 'sent_ns' in done),
                             ('fail', False), done)
            self.assertIn('history', done['error'])
        self.assertEqual(self.read(20, process=3), ([1], [1]))

    def test_position_not_known(self):
        """The pool says yes, but the message can be seen nowhere: whatever
        it is, it is no success."""
        self.set_up()
        self.post(1)
        self.fault('grpchat', 'no-copy')
        self.fault('cmd:bccontext', 'code', 500, 9)
        self.assertEqual(self.do('post', value=2)['type'], 'info')


class ProtocolTest(LoadTest):
    """A runner that says what cannot be is not served."""

    def assert_ends(self, word, *lines):
        """It ends with a complaint."""
        for line in lines:
            self.load.say(line)
        self.assertEqual(self.load.end(), 1)
        self.assertIn(word, self.load.errors)

    def test_no_json(self):
        """Not a JSON object."""
        self.assert_ends('JSON', 'hello')

    def test_other_protocol(self):
        """Another version."""
        self.assert_ends('protocol', '{"op": "setup", "protocol": 2}')

    def test_no_setup(self):
        """Work before setup."""
        self.assert_ends('setup', '{"op": "retire", "process": 1}')

    def test_twice(self):
        """A second invocation while one is open."""
        self.set_up()
        self.begin('post', value=1)
        self.begin('post', value=2)
        self.assertEqual(self.load.end(), 1)
        self.assertIn('second invocation', self.load.errors)

    def test_unknown_room(self):
        """A room that setup did not name."""
        self.set_up()
        self.begin('post', value=1, room='r9')
        self.assertEqual(self.load.end(), 1)
        self.assertIn('no such room', self.load.errors)


if __name__ == '__main__':
    unittest.main()
