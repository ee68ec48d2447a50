"""perch's commands that begin, do one thing and end: output for people, JSON
to the letter, exit codes."""
import os
import re
import signal
import subprocess
import tempfile
import time
import unittest

from programs import BIN, DOMAIN, Pool, PoolTest

DESK = 'ma-chan://fjord.example/11111111-1111-1111-1111-111111111100'
HARBOUR = 'ma-chan://fjord.example/11111111-1111-1111-1111-111111111101'
TOMAS = {'author': 'sip:tomas@fjord.example', 'author_name': 'Somebody'}


def said(number, text, **more):
    """A message of the pool as JSON shows it; the pool's clock is its own."""
    return dict({'event': 'message', 'room': DESK, 'id': number,
                 'sent_at': '2031-01-24T05:46:%02d.0000000Z' % (40 + number),
                 'text': text}, **TOMAS, **more)


class LookTest(PoolTest):
    """What changes nothing."""

    def test_check(self):
        """Sign in and out; nothing stays behind."""
        self.assertEqual(self.perch('check'),
                         'signed in at 127.0.0.1:%d as ingrid@%s\n' %
                         (self.pool.ports[0], DOMAIN))
        self.assertEqual(self.json_lines('check'), [
            {'event': 'state', 'state': 'online',
             'server': '127.0.0.1:%d' % self.pool.ports[0]}])
        self.assertEqual(self.pool.do('guests'), '0')

    def test_rooms(self):
        """All, and by text; JSON to the letter."""
        self.assertEqual(self.perch('rooms', 'tide'),
                         'Tide Desk  (open)  About Tide Desk  %s\n' % DESK)
        self.assertEqual(
            self.perch('--json', 'rooms', 'harb'),
            '{"event":"room","room":"%s","name":"Harbour",'
            '"description":"About Harbour","visibility":"open",'
            '"people":3}\n' % HARBOUR)
        self.assertEqual(len(self.json_lines('rooms')), 2)
        self.assertEqual(self.perch('rooms', 'no', 'such'), '')

    def test_who(self):
        """Who is in a room: at least oneself."""
        self.assertEqual(self.perch('who', 'Tide Desk'), 'ingrid  member\n')
        self.assertEqual(self.json_lines('who', DESK), [
            {'event': 'people', 'room': DESK, 'name': 'Tide Desk',
             'people': [{'uri': 'sip:ingrid@fjord.example',
                         'role': 'member'}]}])

    def test_room_names(self):
        """A name finds a room as it stands, in other letters when only one
        has it, and never half of it; a URI needs no looking up."""
        self.pool.do('room', 'TIDE DESK')
        self.assertIn('ingrid', self.perch('who', 'Tide Desk'))
        self.perch('who', 'tide desk', exit_code=1)
        self.assertIn('several', self.errors)
        self.perch('who', 'Tide', exit_code=1)
        self.assertIn('no such room', self.errors)
        searches = self.pool.do('count', 'cmd:chansrch', -1)
        self.perch('who', HARBOUR)
        self.assertEqual(self.pool.do('count', 'cmd:chansrch', -1), searches)


class HistoryTest(PoolTest):
    """perch history."""

    def test_ends(self):
        """--last, --after and --all."""
        for text in ('one', 'two', 'three'):
            self.pool.do('say', 0, 'tomas', text)
        self.assertEqual(self.perch('history', 'Tide Desk', '-n', 1),
                         '2031-01-24 05:46:43 #3 tomas: three\n')
        self.assertEqual(self.json_lines('history', 'Tide Desk', '--after', 1),
                         [said(2, 'two'), said(3, 'three')])
        self.assertEqual(len(self.json_lines('history', DESK, '--all')), 3)
        self.assertEqual(len(self.json_lines('history', DESK)), 3)
        self.assertEqual(self.perch('history', DESK, '-n', 0), '')
        self.assertEqual(self.perch('history', 'Harbour', '--all'), '')
        self.assertEqual(self.perch('history', 'Harbour', '-n', 900), '')

    def test_pages(self):
        """More than a reply holds: every message once, in order, whatever
        the pool's own limit."""
        for _ in range(1203):
            self.pool.do('unheard', 0, 'tomas', 'x')
        for arguments, first in ((('--all',), 1), (('-n', '1100'), 104),
                                 (('--after', '400'), 401),
                                 (('-n', '500'), 704), ((), 1184)):
            found = self.json_lines('history', 'Tide Desk', *arguments)
            self.assertEqual([each['id'] for each in found],
                             list(range(first, 1204)))

    def test_hostile_text(self):
        """Nothing a message holds acts on a terminal, and no line of it can
        pass for another message; JSON has it as it was."""
        self.pool.do('say', 0, 'tomas',
                     r'a\xc2\x9b2J\xe2\x80\xaeb\n2031-01-24 #9 ingrid: no\x7f'
                     r'\xe2\x80\xa8\xef\xbb\xbf\xf3\xa0\x80\x81')
        shown = self.perch('history', 'Tide Desk')
        self.assertEqual(
            shown, '2031-01-24 05:46:41 #1 tomas: a\\u{9b}2J\\u{202e}b\n'
            '  | 2031-01-24 #9 ingrid: no\\x7f\\u{2028}\\u{feff}'
            '\\u{e0001}\n')
        self.assertEqual(
            self.json_lines('history', 'Tide Desk')[0]['text'],
            'a\x9b2J\u202eb\n2031-01-24 #9 ingrid: no\x7f'
            '\u2028\ufeff\U000e0001')

    def test_refused(self):
        """No such history."""
        self.pool.do('fault', 'cmd:bccontext', -1, 0, 9, 'code', 403)
        self.assertEqual(self.json_lines('history', DESK, exit_code=1)[0][
            'event'], 'failed')
        self.assertIn('403', self.errors)


class PostTest(PoolTest):
    """perch post."""

    def texts(self, room=0):
        """What a room holds."""
        return [each['text'] for each in self.json_lines(
            'history', (DESK, HARBOUR)[room], '--all')]

    def test_words(self):
        """Words of the command line are one message."""
        self.assertEqual(self.perch('post', 'Tide Desk', 'the ferry',
                                    'is late'), 'posted #1\n')
        self.assertEqual(self.perch('post', 'Tide Desk', '--', '-5 C'),
                         'posted #2\n')
        self.assertEqual(self.perch('--quiet', 'post', DESK, 'x'), '')
        self.assertEqual(self.texts(), ['the ferry is late', '-5 C', 'x'])

    def test_input(self):
        """Standard input is one message; its last line ends are no part."""
        self.perch('post', 'Tide Desk', text='one\n\n two\n\n')
        self.assertEqual(self.texts(), ['one\n\n two'])
        self.perch('post', 'Tide Desk', text='\n', exit_code=2)
        self.perch('post', 'Tide Desk', '', exit_code=2)

    def test_lines(self):
        """Each line by itself, in order, the last without its end too."""
        lines = ['line %d' % number for number in range(300)]
        found = self.json_lines('post', '--lines', 'Tide Desk',
                                text='\n'.join(lines))
        self.assertEqual([each['id'] for each in found],
                         list(range(1, 301)))
        self.assertEqual(self.texts(), lines)

    def test_lines_from_file(self):
        """A file, which no poll can wait for."""
        with tempfile.NamedTemporaryFile('w+') as file:
            file.write('one\ntwo\n')
            file.seek(0)
            subprocess.run([BIN + '/perch', '-q', 'post', '--lines', DESK],
                           stdin=file, env=self.environment(), check=True,
                           timeout=20)
        self.assertEqual(self.texts(), ['one', 'two'])

    def test_json(self):
        """The result; the retry id can be used again, and posts nothing."""
        first = self.json_lines('post', 'Tide Desk', 'x')[0]
        retry = first.pop('retry_id')
        self.assertEqual(first, {
            'event': 'posted', 'room': DESK, 'name': 'Tide Desk',
            'result': 'done', 'id': 1, 'code': 200})
        self.json_lines('post', '--retry-id', retry, 'Tide Desk', 'x')
        self.assertEqual(self.texts(), ['x'])

    def test_bad_text(self):
        """What no room takes is not sent."""
        self.perch('post', 'Tide Desk', 'a\x01b', exit_code=1)
        self.assertIn('control characters', self.errors)
        self.perch('post', 'Tide Desk', text='x' * 70000, exit_code=1)
        self.assertIn('65536', self.errors)
        self.perch('post', '--retry-id', 'a b', 'Tide Desk', 'x', exit_code=1)
        self.assertEqual(self.pool.do('count', 'grpchat', -1), '0')

    def test_closed_room(self):
        """Not let in: not posted."""
        self.pool.do('close', 0)
        self.perch('post', 'Tide Desk', 'x', exit_code=1)
        self.assertEqual(self.pool.do('texts', 0), '0')


class FaultTest(PoolTest):
    """Exit codes tell what happened, and a post is never made twice."""

    def fault(self, what, fault, status=0, times=1, node=-1, delay_ms=0):
        """Have a node do a thing wrong."""
        self.pool.do('fault', what, node, 0, times, fault, status, delay_ms)

    def test_lost_answer(self):
        """The answer is lost, the connection too: it is sent again with its
        retry id, to the other server, and is one message."""
        self.fault('grpchat', 'act-close')
        self.perch('post', 'Tide Desk', 'once')
        self.assertEqual(self.pool.do('texts', 0), '1')
        self.assertEqual(self.pool.do('count', 'grpchat', -1), '2')

    def test_never_an_answer(self):
        """Whether it was taken is not known, and that is what is said."""
        self.fault('grpchat', 'act-silent', times=9)
        before = time.monotonic()
        found = self.json_lines('-t', 1, 'post', 'Tide Desk', 'x',
                                exit_code=6)
        self.assertLess(time.monotonic() - before, 4)
        self.assertEqual(found[0]['result'], 'unknown')
        self.assertEqual(found[-1]['exit'], 6)

    def test_refusals(self):
        """403 to a post: not posted. 503: tried again, until the time is
        up."""
        self.fault('grpchat', 'refuse', 403)
        self.perch('post', 'Tide Desk', 'x', exit_code=1)
        self.fault('grpchat', 'refuse', 503)
        self.assertEqual(self.perch('post', 'Tide Desk', 'x'), 'posted #1\n')
        self.fault('grpchat', 'refuse', 503, times=99)
        self.perch('-t', 1, 'post', 'Tide Desk', 'y', exit_code=4)
        self.assertEqual(self.pool.do('texts', 0), '1')

    def test_dialog_lost(self):
        """481 and 412 to a post: a new dialog, or the room anew."""
        for status in (481, 412):
            self.fault('grpchat', 'refuse', status)
            self.perch('post', 'Tide Desk', str(status))
        self.assertEqual(self.pool.do('texts', 0), '2')

    def test_cut_at_each_step(self):
        """Whichever request the connection is cut at, the other server is
        gone to, and all is done once."""
        posted = 0
        for what in ('REGISTER', 'SUBSCRIBE', 'INVITE', 'ACK',
                     'cmd:chansrch', 'cmd:join', 'cmd:bjoin',
                     'cmd:bccontext', 'grpchat', 'BYE'):
            for fault in ('close', 'act-close'):
                self.fault(what, fault)
                self.perch('post', 'Tide Desk', what, fault)
                posted += 1
                self.assertEqual(self.pool.do('texts', 0), str(posted),
                                 (what, fault))
                self.perch('check')  # Uses up what was not met.

    def test_slow_server(self):
        """Slow is no failure, nor is an answer in single bytes."""
        self.fault('grpchat', 'delay', delay_ms=700)
        self.perch('post', 'Tide Desk', 'slow')
        self.fault('grpchat', 'split')
        self.perch('post', 'Tide Desk', 'bytes')
        self.assertEqual(self.pool.do('texts', 0), '2')
        self.assertEqual(self.pool.do('count', 'grpchat', -1), '2')

    def test_dead_servers(self):
        """One of two is dead: the other is used. Both: 3, and why. The dead
        one comes back with --forever."""
        self.pool.do('kill', 0)
        self.assertEqual(self.perch('post', 'Tide Desk', 'x'), 'posted #1\n')
        self.pool.do('kill', 1)
        self.perch('-t', 1, 'post', 'Tide Desk', 'x', exit_code=3)
        self.assertIn('refused', self.errors)
        waiting = self.start('perch', '--json', '--forever', '-t', '1',
                             'follow', DESK, env=self.environment())
        waiting.event('state', state='waiting')
        time.sleep(2)
        self.pool.do('revive', 1)
        waiting.event('joined')

    def test_busy_pool(self):
        """Nobody is let in just now: 4."""
        self.fault('REGISTER', 'refuse', 503, times=99)
        self.perch('-t', 1, 'check', exit_code=4)

    def test_interrupted(self):
        """130, or 6 with a post on its way."""
        self.fault('cmd:chansrch', 'no-reply', times=9)
        self.fault('grpchat', 'silent', times=9)
        for arguments, code in ((('rooms',), 130), (('post', DESK, 'x'), 6)):
            found = self.start('perch', *arguments, env=self.environment())
            time.sleep(0.7)
            found.process.send_signal(signal.SIGINT)
            self.assertEqual(found.end(), code)


class SignInTest(PoolTest):
    """Names, passwords, the command line."""

    def test_password(self):
        """From a file, the environment, standard input; the first counts."""
        with tempfile.NamedTemporaryFile('w') as file:
            file.write('tide-and-time\nnot this line\n')
            file.flush()
            for how in (dict(PERCH_PASSWORD_FILE=file.name,
                             PERCH_PASSWORD='wrong'),
                        dict(PERCH_PASSWORD='tide-and-time')):
                self.perch('check', **how)
            self.perch('--password-file', file.name, 'check',
                       PERCH_PASSWORD_FILE='/nowhere')
        self.perch('--password-file', '-', 'post', DESK,
                   text='tide-and-time\nthe rest is the message\n')
        self.assertEqual(
            self.json_lines('history', DESK)[0]['text'],
            'the rest is the message')

    def test_bad_password(self):
        """Wrong, none, or not to be had: said, and 1 or 2."""
        self.perch('check', PERCH_PASSWORD='wrong', exit_code=1)
        self.assertIn('does not let ingrid@fjord.example in', self.errors)
        self.perch('check', PERCH_PASSWORD=None, exit_code=1)
        self.assertIn('PERCH_PASSWORD_FILE', self.errors)
        self.perch('check', PERCH_PASSWORD_FILE='/nowhere', exit_code=2)
        self.assertIn('/nowhere', self.errors)

    def test_never_an_argument(self):
        """There is no option a password could follow."""
        self.perch('--password', 'x', 'check', exit_code=2)

    def test_usage(self):
        """What is wrong with a command line is said, and 2; nobody is
        asked."""
        for arguments, words in (
                ((), 'what is to be done'), (('fly',), 'fly'),
                (('post',), 'perch [options] post ROOM'),
                (('--bad', 'check'), '--bad'),
                (('-t', 'x', 'check'), 'seconds'),
                (('-t', '0', 'check'), 'second or more'),
                (('-n', '1', '--all', 'history', 'x'), 'only one'),
                (('--mine', '--managed', 'rooms'), 'only one'),
                (('--ca', 'x', '--insecure', 'check'), 'contradict'),
                (('--ca', '/nowhere', 'check'),
                 '/nowhere: No such file or directory'),
                (('-u', 'ingrid', 'check'), 'name@domain: --user ingrid '),
                (('-s', 'host:x', 'check'), '--server host:x'),
                (('-s', 'x' * 5000, 'check'), 'servers'),
                (('--instance', 'x', 'check'), '--instance x'),
                (('follow', '-n', '501', 'x'), '500'),
                (('post', '--lines', 'x', 'y'), '--lines')):
            self.perch(*arguments, exit_code=2)
            self.assertIn(words, self.errors)
        for missing in ('PERCH_SERVERS', 'PERCH_USER'):
            self.perch('check', exit_code=2, **{missing: None})
            self.assertIn(missing, self.errors)
        self.assertEqual(self.pool.do('count', 'REGISTER', -1), '0')

    def test_help(self):
        """All commands, exit codes and an example; the version."""
        text = self.perch('--help', PERCH_SERVERS=None)
        for word in ('chat', 'follow', 'post', 'history', 'rooms', 'who',
                     'check', 'Examples', 'Exit codes', '--retry-id'):
            self.assertIn(word, text)
        commands = text.split('Commands:\n')[1].split('\n\n')[0]
        for line in commands.splitlines():   # Meanings stand in one column.
            self.assertRegex(line, r'^(?=  [a-z]).{31} [a-z]')
        self.assertRegex(self.perch('--version'), r'^perch \d+\.\d+')

    def test_manual(self):
        """Whatever the help names, the manual explains."""
        with open(os.environ.get('MAN', 'ops/man') + '/perch.1',
                  encoding='ascii') as file:
            manual = file.read().replace('\\-', '-')
        named = set(re.findall(r'--[a-z-]+|PERCH_[A-Z_]+|^  [a-z]+',
                               self.perch('--help'), re.MULTILINE))
        self.assertGreater(len(named), 30)
        self.assertEqual({each for each in named
                          if each.strip() not in manual}, set())

    def test_servers(self):
        """Several options, and one with commas, are one list."""
        first, second = self.pool.servers.split(',')
        self.pool.do('kill', 0)
        for arguments in (('-s', first, '--server', second),
                          ('-s', first + ',' + second)):
            self.assertIn(second, self.perch(*arguments, 'check',
                                             PERCH_SERVERS=None))


class TlsTest(unittest.TestCase):
    """Only a server that is who it should be is spoken to."""

    def test_tls(self):
        """--ca trusts, another authority does not, --insecure does."""
        folder = os.environ['CERTIFICATES'] + '/perch'
        subprocess.run([os.environ['MAKE_CERTS'], '--dir', folder, '--sip',
                        'localhost,127.0.0.1'], check=True,
                       stdout=subprocess.DEVNULL)
        pool = Pool()
        self.addCleanup(pool.close)
        pool.nodes(1, folder + '/sip-localhost.pem',
                   folder + '/sip-localhost.key')
        for arguments, code in (
                (['--ca', folder + '/ca.pem'], 0), (['--insecure'], 0),
                (['--tls'], 3), ([], 3)):
            done = subprocess.run(
                [BIN + '/perch', '-t', '1', '-u', 'ingrid@' + DOMAIN,
                 '-s', pool.servers, *arguments, 'check'],
                capture_output=True, text=True, check=False, timeout=20,
                start_new_session=True)
            self.assertEqual(done.returncode, code, (arguments, done.stderr))


if __name__ == '__main__':
    unittest.main()
