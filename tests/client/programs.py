"""Programs under test and the small pool they speak to.

The pool is tests/client/pool_server, told what to be line by line. BIN and
TESTS name the folders of the programs; CMake sets them.
"""
import json
import os
import pty
import queue
import select
import subprocess
import threading
import time
import unittest

BIN = os.environ.get('BIN', 'build-release/bin')
TESTS = os.environ.get('TESTS', 'build-release/tests')
DOMAIN = 'fjord.example'
WAIT_S = 20.0


class Pool:
    """A running pool_server."""

    def __init__(self):
        self._process = subprocess.Popen(
            [TESTS + '/pool_server'], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        self.ports = []

    def do(self, *words):
        """Give a command; returns what follows "ok"."""
        self._process.stdin.write(' '.join(map(str, words)) + '\n')
        self._process.stdin.flush()
        answer = self._process.stdout.readline().strip()
        if not answer.startswith('ok'):
            raise AssertionError('pool_server: %s: %s' % (words, answer))
        return answer[3:]

    def nodes(self, count, *certificate):
        """Add nodes."""
        self.ports += [int(self.do('node', *certificate))
                       for _ in range(count)]

    @property
    def servers(self):
        """All nodes, as --server wants them."""
        return ','.join('127.0.0.1:%d' % port for port in self.ports)

    def close(self):
        """End it; it must have lived so far."""
        self._process.stdin.close()
        code = self._process.wait(WAIT_S)
        self._process.stdout.close()
        if code != 0:
            raise AssertionError('pool_server ended with %d' % code)


class Lines:
    """A program whose output is read line by line while it runs."""

    def __init__(self, argv, env=None):
        self.process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env=env,
            start_new_session=True)
        self._lines = queue.SimpleQueue()
        self.errors = ''
        self._readers = [
            threading.Thread(target=self._read, daemon=True),
            threading.Thread(target=self._read_errors, daemon=True)]
        for reader in self._readers:
            reader.start()

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(line.rstrip('\n'))
        self._lines.put(None)

    def _read_errors(self):
        for line in self.process.stderr:
            self.errors += line

    def say(self, line):
        """Write a line to it."""
        self.process.stdin.write(line + '\n')
        self.process.stdin.flush()

    def tell(self, **command):
        """Write a JSON object to it."""
        self.say(json.dumps(command))

    def line(self, wait_s=WAIT_S):
        """Its next line; None at the end."""
        try:
            return self._lines.get(timeout=wait_s)
        except queue.Empty:
            raise AssertionError('no line in time; errors: ' +
                                 self.errors) from None

    def until(self, is_met, wait_s=WAIT_S):
        """Its next JSON line that meets a test; those before are lost."""
        end = time.monotonic() + wait_s
        while True:
            line = self.line(max(0.01, end - time.monotonic()))
            if line is None:
                raise AssertionError('it ended; errors: ' + self.errors)
            found = json.loads(line)
            if is_met(found):
                return found

    def event(self, event, **fields):
        """Its next JSON event of a kind with these fields."""
        return self.until(lambda found: found.get('event') == event and all(
            found.get(key) == value for key, value in fields.items()))

    def end(self):
        """Close its input, wait for it; returns its exit code."""
        if not self.process.stdin.closed:
            self.process.stdin.close()
        code = self.process.wait(WAIT_S)
        for reader in self._readers:
            reader.join()
        return code

    def close(self):
        """End it, however."""
        if self.process.poll() is None:
            self.process.kill()
        self.end()
        self.process.stdout.close()
        self.process.stderr.close()


class Terminal:
    """A program on a terminal."""

    def __init__(self, argv, env):
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.execvpe(argv[0], argv, env)
        self.seen = ''
        self._status = None

    def type(self, text):
        """Press keys."""
        os.write(self._fd, text.encode())

    def until(self, text, wait_s=WAIT_S):
        """Read until a text was shown since the last call."""
        end = time.monotonic() + wait_s
        while text not in self.seen:
            ready = select.select([self._fd], [], [],
                                  max(0, end - time.monotonic()))[0]
            try:
                got = os.read(self._fd, 65536) if ready else b''
            except OSError:
                got = b''
            if not got:
                raise AssertionError('%r was not shown, but: %r' %
                                     (text, self.seen))
            self.seen += got.decode('utf-8', 'replace')
        before, _, self.seen = self.seen.partition(text)
        return before

    def end(self):
        """Wait for its end; returns its exit code."""
        end = time.monotonic() + WAIT_S
        while self._status is None:
            if select.select([self._fd], [], [], 0.05)[0]:
                try:
                    self.seen += os.read(self._fd, 65536).decode(
                        'utf-8', 'replace')
                except OSError:
                    pass
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._status = os.waitstatus_to_exitcode(status)
            elif time.monotonic() > end:
                raise AssertionError('it does not end')
        return self._status

    def close(self):
        """End it, however."""
        if self._status is None:
            os.kill(self.pid, 9)
            os.waitpid(self.pid, 0)
        os.close(self._fd)


class PoolTest(unittest.TestCase):
    """A test with a pool of two nodes, ingrid and tomas, and two rooms."""

    def setUp(self):
        self.pool = Pool()
        self.addCleanup(self.pool.close)
        self.pool.nodes(2)
        self.pool.do('user', 'ingrid', 'tide-and-time')
        self.pool.do('user', 'tomas', 'fog-and-foam')
        self.desk = self.pool.do('room', 'Tide Desk')
        self.harbour = self.pool.do('room', 'Harbour')

    def start(self, program, *arguments, env=None):
        """Run a program that is spoken with."""
        found = Lines([BIN + '/' + program, *arguments], env)
        self.addCleanup(found.close)
        return found

    def environment(self, **more):
        """Where and as whom perch signs in; None takes a variable away."""
        found = {key: value for key, value in os.environ.items()
                 if not key.startswith('PERCH_') and key != 'NO_COLOR'}
        found.update(PERCH_SERVERS=self.pool.servers, LC_ALL='C.UTF-8',
                     PERCH_USER='ingrid@' + DOMAIN, TERM='xterm', TZ='UTC',
                     PERCH_PASSWORD='tide-and-time')
        found.update(more)
        return {key: value for key, value in found.items()
                if value is not None}

    def perch(self, *arguments, text='', exit_code=0, timeout_s=WAIT_S,
              **environment):
        """Run perch to its end; returns its output. `errors` has the rest."""
        done = subprocess.run(
            [BIN + '/perch', *map(str, arguments)], input=text,
            capture_output=True, text=True, timeout=timeout_s,
            env=self.environment(**environment), start_new_session=True,
            check=False)
        self.errors = done.stderr
        self.assertEqual(done.returncode, exit_code,
                         (arguments, done.stdout, done.stderr))
        return done.stdout

    def json_lines(self, *arguments, **more):
        """The same with --json; returns the objects."""
        lines = self.perch('--json', *arguments, **more).splitlines()
        for line in lines:
            self.assertTrue(line.isascii(), line)
        return [json.loads(line) for line in lines]
