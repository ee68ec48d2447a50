#!/usr/bin/env python3
"""What the README tells people to run, in its shortest form.

    tests/system/test_tools.py BIN    BIN: the folder of the programs
"""
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent.parent
PROGRAMS = HOME / 'build-release' / 'bin'
WAIT_S = 150


def run(*words: str) -> str:
    """Run a command of ops/; its exit code must be 0."""
    done = subprocess.run([str(HOME / 'ops' / words[0]), *words[1:]],
                          stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=WAIT_S, check=False)
    if done.returncode != 0:
        raise AssertionError('%s: exit %d\n%s%s' % (
            ' '.join(words), done.returncode, done.stdout[-4000:],
            done.stderr[-2000:]))
    return done.stdout


# A command line that makes no sense, and what its refusal must name.
WRONG = [
    ('ops/pool', 'the following arguments are required'),
    ('ops/pool sail', 'sail'),
    ('ops/pool start --nodes 0', '--nodes'),
    ('ops/pool start --nodes many', '"many"'),
    ('ops/pool start --base-port 70000', '--base-port'),
    ('ops/pool kill 12', '"12"'),
    ('ops/drill failover --kills 0', '--kills'),
    ('ops/drill failover --rate nan', '--rate'),
    ('ops/drill transfer --every -1', '--every'),
    ('ops/bench/prepare --users -1', '--users'),
    ('ops/make-certs', '--dir'),
    ('ops/make-certs --dir', '--dir needs a value'),
    ('ops/make-certs --dir %s --bogus 1', '--bogus'),
    ('ops/make-certs --dir %s --nodes 300', '300'),
    ('ops/make-certs --dir %s --admin ../x', '../x'),
    ('ops/install-deps bogus', 'bogus'),
    ('ops/check bogus', 'bogus'),
    ('jepsen/run W7', 'W7'),
    ('jepsen/run --nodes 0', '--nodes'),
    ('jepsen/run --rounds 0', '--rounds'),
    ('jepsen/run --nemesis none --seconds -1', '--seconds'),
    ('jepsen/run --nemesis bogus', 'bogus'),
]

# What makes sense and cannot be done.
IMPOSSIBLE = [
    ('ops/pool status --dir %s', 'there is no pool in'),
    ('ops/pool remove --dir %s', 'there is no pool in'),
    ('ops/pool start --base-port 65530 --dir %s', 'no room for 3 nodes'),
    ('ops/pool start --bin /nowhere --dir %s', '/nowhere'),
    ('ops/make-certs --dir %s --sip a.example,1.2.3.999', '1.2.3.999'),
    ('ops/make-certs --dir %s/a --authority /nowhere', '/nowhere'),
    ('ops/bench/prepare --socket /nowhere', '/nowhere'),
]


class Refusals(unittest.TestCase):
    """Bad input ends with the right status and names what was wrong."""

    def assert_refused(self, line: str, status: int, word: str) -> None:
        """Run a command in an empty folder of its own."""
        with tempfile.TemporaryDirectory(prefix='perch-tools-') as folder:
            line = line % folder if '%s' in line else line
            done = subprocess.run(line.split(), cwd=HOME, text=True,
                                  capture_output=True, timeout=WAIT_S,
                                  stdin=subprocess.DEVNULL, check=False)
        with self.subTest(line):
            self.assertEqual(done.returncode, status, done.stderr)
            self.assertIn(word, done.stderr)
            self.assertNotIn('Traceback', done.stderr)

    def test_what_makes_no_sense(self) -> None:
        """Status 2, before anything is done."""
        for line, word in WRONG:
            self.assert_refused(line, 2, word)

    def test_what_cannot_be_done(self) -> None:
        """Status 1, and why."""
        for line, word in IMPOSSIBLE:
            self.assert_refused(line, 1, word)

    def test_every_tool_tells_its_use(self) -> None:
        """Nothing is installed, built or started."""
        for tool in ('ops/pool', 'ops/drill', 'ops/demo', 'ops/test',
                     'ops/check', 'ops/install-deps', 'ops/make-certs',
                     'ops/bench/prepare', 'jepsen/run'):
            done = subprocess.run([str(HOME / tool), '--help'], text=True,
                                  capture_output=True, timeout=WAIT_S,
                                  check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ''), tool)
            self.assertIn(tool.rpartition('/')[2], done.stdout)

    def test_a_node_that_cannot_listen(self) -> None:
        """Is named with its port: two of three nodes are no whole pool."""
        with tempfile.TemporaryDirectory(prefix='perch-pool-') as folder, \
                socket.create_server(('127.0.0.1', 20073)):
            where = ['--dir', folder + '/pool', '--bin', str(PROGRAMS)]
            try:
                done = subprocess.run(
                    [str(HOME / 'ops/pool'), 'start', '--base-port', '20060',
                     *where], text=True, capture_output=True, timeout=WAIT_S,
                    check=False)
                self.assertEqual(done.returncode, 1, done.stdout)
                self.assertIn('node 2 does not run', done.stderr)
                self.assertIn('port=20073', done.stderr)
            finally:
                run('pool', 'stop', *where)


class Tools(unittest.TestCase):
    """Each once."""

    def test_the_demonstration_keeps_its_promise(self) -> None:
        """And again, over the same pool."""
        with tempfile.TemporaryDirectory(prefix='perch-demo-') as folder:
            pool = folder + '/pool'
            words = ['--detach', '--dir', pool, '--base-port', '17060',
                     '--bin', str(PROGRAMS)]
            try:
                for _ in range(2):
                    done = subprocess.run(
                        [sys.executable, str(HOME / 'ops/demo_play.py'),
                         *words], capture_output=True, text=True,
                        timeout=WAIT_S, check=False)
                    self.assertEqual(done.returncode, 0,
                                     done.stdout[-4000:] + done.stderr)
                    self.assertIn('nothing was lost, nothing came twice',
                                  done.stdout)
            finally:
                run('pool', 'stop', '--dir', pool)

    def test_a_drill_finds_nothing_lost(self) -> None:
        """The leader killed three times under load."""
        said = run('drill', 'failover', '--kills', '3', '--every', '2',
                   '--base-port', '18060', '--bin', str(PROGRAMS))
        self.assertIn('verdict          valid', said)

    def test_leadership_moves_without_loss(self) -> None:
        """As planned."""
        said = run('drill', 'transfer', '--times', '3', '--every', '1',
                   '--base-port', '19060', '--bin', str(PROGRAMS))
        self.assertIn('verdict          valid', said)


if __name__ == '__main__':
    if len(sys.argv) > 1 and Path(sys.argv[1]).is_dir():
        PROGRAMS = Path(sys.argv.pop(1))
    unittest.main(verbosity=1)
