"""perch follow and perch chat: what goes on, through reconnects, for people
and for programs."""
import signal
import subprocess
import time
import unittest

from programs import BIN, PoolTest, Terminal

DESK = 'ma-chan://fjord.example/11111111-1111-1111-1111-111111111100'
HARBOUR = 'ma-chan://fjord.example/11111111-1111-1111-1111-111111111101'


class FollowTest(PoolTest):
    """perch follow."""

    def follow(self, *arguments):
        """A running one."""
        return self.start('perch', '--json', 'follow', *arguments,
                          env=self.environment())

    def test_json(self):
        """Every event to the letter, from the sign-in on."""
        self.pool.do('say', 0, 'tomas', 'before')
        found = self.follow('-n', '1', 'Tide Desk')
        server = '127.0.0.1:%d' % self.pool.ports[0]
        lines = [found.line() for _ in range(4)]
        self.pool.do('say', 0, 'ingrid', r'live \xe2\x9a\x93')
        lines.append(found.line())
        self.pool.do('kick', 0, 'ingrid')
        lines += [found.line() for _ in range(3)]
        self.assertEqual(lines, [
            '{"event":"state","state":"connecting","server":"%s"}' % server,
            '{"event":"state","state":"online","server":"%s"}' % server,
            '{"event":"joined","room":"%s","name":"Tide Desk",'
            '"description":"About Tide Desk","again":false,"people":'
            '[{"uri":"sip:ingrid@fjord.example","role":"member"}]}' % DESK,
            '{"event":"message","room":"%s","id":1,'
            '"sent_at":"2031-01-24T05:46:41.0000000Z",'
            '"author":"sip:tomas@fjord.example","author_name":"Somebody",'
            '"text":"before","name":"Tide Desk","live":false,"own":false}' %
            DESK,
            '{"event":"message","room":"%s","id":2,'
            '"sent_at":"2031-01-24T05:46:42.0000000Z",'
            '"author":"sip:ingrid@fjord.example","author_name":"Somebody",'
            '"text":"live \\u2693","name":"Tide Desk","live":true,'
            '"own":true}' % DESK,
            '{"event":"gone","room":"%s","name":"Tide Desk",'
            '"uri":"sip:ingrid@fjord.example"}' % DESK,
            '{"event":"left","room":"%s","name":"Tide Desk",'
            '"why":"kicked","code":403,'
            '"text":"no longer a member of the room"}' % DESK,
            '{"event":"failed","exit":1,'
            '"text":"no room is left to follow"}'])
        self.assertEqual(found.end(), 1)

    def test_reconnect(self):
        """Servers die in turn while people talk: nothing is missed, nothing
        comes twice."""
        found = self.follow('Tide Desk')
        found.event('joined')
        seen, number = [], 0
        for turn in range(4):
            for how in ('say', 'unheard', 'say'):
                number += 1
                self.pool.do(how, 0, 'tomas', number)
            self.pool.do('kill', turn % 2)
            self.pool.do('unheard', 0, 'tomas', 'while away')
            self.pool.do('revive', turn % 2)
            self.pool.do('say', 0, 'tomas', 'while away, or not')
            number += 2
            while not seen or seen[-1] != number:
                seen.append(found.event('message')['id'])
        self.assertEqual(seen, list(range(1, number + 1)))
        self.assertGreater(int(self.pool.do('count', 'INVITE', -1)), 1)
        found.process.send_signal(signal.SIGTERM)
        self.assertEqual(found.end(), 0)

    def test_gap(self):
        """What the pool does not have any more is told, not passed over."""
        found = self.follow('Tide Desk')
        found.event('joined')
        self.pool.do('say', 0, 'tomas', 1)
        self.pool.do('unheard', 0, 'tomas', 2)
        self.pool.do('purge', 0, 2)
        self.pool.do('say', 0, 'tomas', 3)
        self.assertEqual(found.event('message')['id'], 1)
        gap = found.until(lambda each: True)
        self.assertEqual((gap['event'], gap['first'], gap['last']),
                         ('gap', 2, 2))
        self.assertEqual(found.event('message')['id'], 3)

    def test_count_and_rooms(self):
        """So many messages, from several rooms, each by name."""
        found = self.start('perch', '-q', 'follow', '--count', '2',
                           'Tide Desk', HARBOUR, env=self.environment())
        time.sleep(0.5)
        self.pool.do('say', 1, 'tomas', 'in')
        self.pool.do('say', 0, 'tomas', 'out')
        self.assertEqual(found.line(),
                         '[Harbour] 2031-01-24 05:46:41 #1 tomas: in')
        self.assertEqual(found.line(),
                         '[Tide Desk] 2031-01-24 05:46:41 #1 tomas: out')
        self.assertIsNone(found.line())
        self.assertEqual((found.end(), found.errors), (0, ''))

    def test_output_closed(self):
        """Whoever listens no more ends it."""
        with subprocess.Popen(
                [BIN + '/perch', '--json', 'follow', 'Tide Desk'],
                env=self.environment(), stdout=subprocess.PIPE) as found:
            while b'joined' not in found.stdout.readline():
                pass
            found.stdout.close()
            self.pool.do('say', 0, 'tomas', 'x')
            self.assertEqual(found.wait(10), 1)

    def test_refused(self):
        """Not let in, or not there."""
        self.pool.do('close', 0)
        self.perch('follow', 'Tide Desk', exit_code=1)
        self.perch('follow', 'Nowhere', exit_code=1)
        self.perch('follow', 'Harbour', HARBOUR, exit_code=1)
        self.assertIn('twice', self.errors)


class ProgramTest(PoolTest):
    """perch chat without a terminal."""

    def test_lines(self):
        """Texts are posted in order; commands see what was before them; the
        exit code is that of the first failure."""
        shown = self.perch('-q', 'chat', 'Tide Desk', text='one\n//two\n'
                           '/history 1\n/join Harbour\nthree\n/who\n')
        self.assertEqual(
            [line for line in shown.splitlines() if line[0] != '['],
            ['2031-01-24 05:46:41 #1 ingrid: one',
             '2031-01-24 05:46:42 #2 ingrid: /two',
             '2031-01-24 05:46:42 #2 ingrid: /two',
             'ingrid  member'])
        self.assertIn('[Harbour] 2031-01-24 05:46:41 #1 ingrid: three', shown)
        for text in ('/nope\n', '/join Nowhere\n', '/history 0\n', '/part x',
                     '/join\n'):
            self.perch('chat', 'Tide Desk', text=text, exit_code=1)
        self.perch('chat', text='to nobody\n', exit_code=1)

    def test_wrong_room(self):
        """What was meant for a room that cannot be entered goes to none."""
        self.perch('chat', 'Tide Desk', text='/join Nowhere\nsecret\n',
                   exit_code=1)
        self.assertEqual(self.pool.do('texts', 0), '0')

    def chat(self, *arguments):
        """A running one that speaks JSON."""
        return self.start('perch', '--json', 'chat', *arguments,
                          env=self.environment())

    def test_json(self):
        """Every order has one result, with its tag; to the letter."""
        found = self.chat('-q')
        orders = [
            (dict(op='join', room='Tide Desk', tag=1),
             '"op":"join","tag":1,"room":"%s","result":"done","code":200' %
             DESK),
            (dict(op='post', room='tide desk', text='a', tag=['x'],
                  retry_id='r1'),
             '"op":"post","tag":["x"],"room":"%s","result":"done","id":1,'
             '"retry_id":"r1","code":200' % DESK),
            (dict(op='post', room=DESK, text='a', retry_id='r1'),
             '"op":"post","room":"%s","result":"done","retry_id":"r1",'
             '"code":200' % DESK),
            (dict(op='who', room=HARBOUR),
             '"op":"who","room":"%s","result":"refused","code":412,'
             '"text":"this is not one of the rooms joined"' % HARBOUR),
            (dict(op='history', room='Harbour', last=5),
             '"op":"history","room":"%s","result":"done","code":200' %
             HARBOUR),
            (dict(op='part', room=DESK),
             '"op":"part","room":"%s","result":"done","code":200' % DESK),
            (dict(op='join', room='Nowhere'),
             '"op":"join","result":"refused","code":404,'
             '"text":"there is no such room, or it is not for you"'),
            (dict(op='rooms', text='tide', tag=None),
             '"op":"rooms","tag":null,"result":"done","code":200'),
        ]
        for order, result in orders:
            found.tell(**order)
            line = ''
            while not line.startswith('{"event":"result"'):
                line = found.line()
            self.assertEqual(line, '{"event":"result",%s}' % result)
        found.tell(op='quit')
        self.assertIsNone(found.line())
        self.assertEqual(found.end(), 0)
        self.assertEqual(self.pool.do('texts', 0), '1')

    def test_bad_orders(self):
        """What is no order is refused, and the next one done."""
        found = self.chat()
        for line, word in (
                ('x', 'JSON'), ('[]', 'JSON'), ('{}', 'op is'),
                ('{"op": "help"}', 'op is'), ('{"op": 1}', 'op is'),
                ('{"op": "post", "room": "x"}', 'nothing to post'),
                ('{"op": "post", "text": "x"}', 'room is missing'),
                ('{"op": "post", "room": 5, "text": "x"}', 'are texts'),
                ('{"op": "history", "room": "x", "last": 501}', '500'),
                ('{"op": "history", "room": "x", "last": 0}', '500'),
                ('{"op": "history", "room": "x", "after": -1}', 'id'),
                ('{"op": "post", "room": "%s", "text": "x"}' % DESK,
                 'not one of the rooms')):
            found.say(line)
            result = found.event('result')
            self.assertEqual(result['result'], 'refused')
            self.assertIn(word, result['text'])
        self.assertEqual(found.end(), 0)

    def test_many_orders(self):
        """A thousand at once, without waiting: in order, one result each."""
        found = self.chat()
        found.tell(op='join', room='Tide Desk')
        for number in range(1000):
            found.tell(op='post', room='Tide Desk', text='%d' % number,
                       tag=number)
        found.process.stdin.close()
        ids = [found.event('result', op='post', tag=number)['id']
               for number in range(1000)]
        self.assertEqual(ids, list(range(1, 1001)))
        self.assertEqual(found.end(), 0)

    def test_faults(self):
        """Answers are lost and servers die while a program posts: each post
        once, in order."""
        found = self.chat()
        found.tell(op='join', room='Tide Desk')
        found.event('result')
        for number in range(30):
            if number % 3 == 0:
                self.pool.do('fault', 'grpchat', -1, 0, 1,
                             ('act-close', 'close', 'refuse')[number // 3 % 3],
                             503)
            if number % 10 == 5:
                self.pool.do('drop', -1)
            found.tell(op='post', room='Tide Desk', text=str(number))
            self.assertEqual(found.event('result')['result'], 'done')
        texts = [each['text'] for each in self.json_lines(
            'history', DESK, '--all')]
        self.assertEqual(texts, [str(number) for number in range(30)])

    def test_end_without_pool(self):
        """The input ends while the pool is away: it does not wait for ever."""
        found = self.chat('-t', '1')
        found.tell(op='join', room='Tide Desk')
        found.event('result')
        for node in (0, 1):
            self.pool.do('kill', node)
        found.tell(op='post', room='Tide Desk', text='x')
        self.assertIn(found.event('result')['result'], ('unsent', 'unknown'))
        self.assertIn(found.end(), (0, 3))


class TerminalTest(PoolTest):
    """perch chat in a terminal."""

    def terminal(self, *arguments, **more):
        """A running one."""
        found = Terminal([BIN + '/perch', *arguments],
                         self.environment(**more))
        self.addCleanup(found.close)
        return found

    def chat(self):
        """One that is in the Tide Desk."""
        found = self.terminal('chat', 'Tide Desk')
        found.until('in Tide Desk')
        return found

    def texts(self, room=DESK):
        """What a room holds."""
        return [each['text'] for each in self.json_lines(
            'history', room, '--all')]

    def test_keys(self):
        """Moving, taking away, bringing back."""
        found = self.chat()
        for keys, text in (
                ('abc\x1b[D\x1b[DX\x7fY', 'aYbc'),
                ('two words\x17three', 'two three'),
                ('gone\x15kept', 'kept'), ('ab\x01>\x05<', '>ab<'),
                ('abc\x1b[D\x1b[D\x0b', 'a'), ('x\x1b[Hy\x1b[3~', 'y'),
                ('\u00e9\u6f6e\U0001f30a\x7f\x1b[D!', '\u00e9!\u6f6e'),
                ('dropped\x03fresh', 'fresh'), 
                ('\x1b[A\x1b[A', '\u00e9!\u6f6e'),
                ('tab\there', 'tabhere'), ('x\x1b[99;5~y\x1bOA\x1b[B', None)):
            found.type(keys + '\r')
            if text is not None:
                found.until(text + '\r\n')
                self.assertEqual(self.texts()[-1], text)

    def test_paste(self):
        """Pasted lines are one message, which enter sends."""
        found = self.chat()
        found.type('\x1b[200~one\r/quit\r\ttwo\x1b[201~')
        found.type('\r')
        found.until('two')
        deadline = time.monotonic() + 5
        while not self.texts() and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertEqual(self.texts(), ['one\n/quit\n\ttwo'])

    def test_talk_between(self):
        """What others say goes above the line being typed, which stays."""
        found = self.chat()
        found.type('half a li')
        found.until('half a li')
        self.pool.do('say', 0, 'tomas', r'hello\xc2\x9b2J')
        shown = found.until('half a li')
        self.assertIn('hello\\u{9b}2J', shown)
        self.assertNotIn('\x9b', shown)
        found.type('ne\r')
        found.until('half a line')

    def test_rooms(self):
        """The prompt names the room; one that cannot be entered changes
        nothing."""
        found = self.chat()
        found.type('/join harbour\r')
        found.until('Harbour> ')
        found.type('/join Nowhere\r')
        found.until('no such room')
        found.type('/history x\rhere\r')
        found.until('#1')
        self.assertEqual(self.texts(HARBOUR), ['here'])
        found.type('/help\r')
        found.until('/rooms')
        found.type('/quit\r')
        self.assertEqual(found.end(), 0)

    def test_reconnect(self):
        """The server dies; nobody does anything."""
        found = self.chat()
        self.pool.do('kill', 0)
        found.until('back in Tide Desk')
        found.type('still here\r')
        found.until('#1')
        found.type('\x04')
        self.assertEqual(found.end(), 0)
        self.assertTrue(found.seen.endswith('\x1b[?2004l'))

    def test_long_line(self):
        """A line wider than the terminal slides; all of it is posted."""
        found = self.chat()
        found.type('x' * 300 + '\x01y\x05z\r')
        found.until('#1')
        self.assertEqual(self.texts(), ['y' + 'x' * 300 + 'z'])

    def test_password(self):
        """Asked for without echo when the pool wants one, and only then."""
        found = self.terminal('check', PERCH_PASSWORD=None)
        found.until('Password of ingrid@fjord.example: ')
        time.sleep(0.2)
        found.type('tide-and-time\n')
        self.assertNotIn('tide-and-time', found.until('signed in'))
        self.assertEqual(found.end(), 0)


if __name__ == '__main__':
    unittest.main()
