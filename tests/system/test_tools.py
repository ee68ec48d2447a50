#!/usr/bin/env python3
"""What the README tells people to run, in its shortest form.

    tests/system/test_tools.py BIN    BIN: the folder of the programs
"""
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
