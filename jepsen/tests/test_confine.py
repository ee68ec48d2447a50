"""However a run ends, nothing of it stays on the machine: no process, no
loop device, no folder."""
import os
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from jepsen import command
from jepsen.machine import first_child
from jepsen.sweep import PREFIX, loop_devices_of, sweep
from jepsen.tests import confined
from jepsen.tests.observe import wait_for

END_WAIT_S = 20.0


class ConfineTest(unittest.TestCase):
    """resident.py, ended in every way."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(dir='/var/tmp')
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)

    def resident(self, how: str) -> 'subprocess.Popen[str]':
        """A run that stays; it is ready."""
        run = subprocess.Popen(
            [sys.executable, '-m', 'jepsen.tests.resident', str(self.root),
             how], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.end, run)
        if how != 'raise':
            assert run.stdout is not None
            self.assertTrue(run.stdout.readline().startswith('ready '))
            self.assertEqual(len(loop_devices_of(self.root)), 1)
            self.assertGreater(len(self.processes()), 1)
        return run

    @staticmethod
    def end(run: 'subprocess.Popen[str]') -> None:
        """Whatever the test did, the run is over."""
        run.kill()
        run.wait()
        for stream in (run.stdout, run.stderr):
            assert stream is not None
            stream.close()

    def processes(self) -> list[str]:
        """Command lines that name the run's folder."""
        found = []
        for path in Path('/proc').glob('[0-9]*/cmdline'):
            try:
                words = path.read_bytes().split(b'\0')
            except OSError:
                continue
            line = b' '.join(words).decode(errors='replace')
            if '%s/%s' % (self.root, PREFIX) in line:
                found.append(line)
        return found

    def folders(self) -> list[Path]:
        """Folders of runs."""
        return list(self.root.glob(PREFIX + '*'))

    def assert_nothing_left(self) -> None:
        """No process, no loop device, no folder."""
        self.assertTrue(wait_for(lambda: not self.processes()),
                        self.processes())
        self.assertEqual(loop_devices_of(self.root), [])
        self.assertEqual(self.folders(), [])

    def assert_swept(self) -> None:
        """The folder is there, a sweep takes it, and nothing is left."""
        left = self.folders()
        self.assertEqual(len(left), 1)
        swept: list[Path] = []

        def is_swept() -> bool:
            swept.extend(sweep(self.root))  # Control may hold its lock yet.
            return bool(swept)
        self.assertTrue(wait_for(is_swept))
        self.assertEqual(swept, left)
        self.assert_nothing_left()

    def test_interrupt(self) -> None:
        """Ctrl-C: an orderly end."""
        run = self.resident('plain')
        run.send_signal(signal.SIGINT)
        self.assertEqual(run.wait(END_WAIT_S), 128 + signal.SIGINT)
        self.assert_nothing_left()

    def test_terminate(self) -> None:
        """What a service manager or CTest sends."""
        run = self.resident('plain')
        run.send_signal(signal.SIGTERM)
        self.assertEqual(run.wait(END_WAIT_S), 128 + signal.SIGINT)
        self.assert_nothing_left()

    def test_second_interrupt_does_not_wait(self) -> None:
        """A harness that does not end when asked is killed."""
        run = self.resident('stubborn')
        run.send_signal(signal.SIGINT)
        self.assertRaises(subprocess.TimeoutExpired, run.wait, 0.5)
        run.send_signal(signal.SIGINT)
        self.assertEqual(run.wait(END_WAIT_S), 128 + signal.SIGKILL)
        self.assert_nothing_left()

    def test_exception(self) -> None:
        """A defect of the harness: told, with a code of its own."""
        run = self.resident('raise')
        _, errors = run.communicate(timeout=END_WAIT_S)
        self.assertEqual(run.returncode, 3)
        self.assertIn('RuntimeError: on purpose', errors)
        self.assert_nothing_left()

    def test_control_killed(self) -> None:
        """kill -9 of the control process."""
        run = self.resident('plain')
        control = first_child(run.pid)
        assert control is not None
        os.kill(control, signal.SIGKILL)
        self.assertEqual(run.wait(END_WAIT_S), 128 + signal.SIGKILL)
        self.assert_nothing_left()

    def test_control_killed_with_a_frozen_disk(self) -> None:
        """The same while writers hang: outer thaws."""
        run = self.resident('frozen')
        control = first_child(run.pid)
        assert control is not None
        os.kill(control, signal.SIGKILL)
        self.assertEqual(run.wait(END_WAIT_S), 128 + signal.SIGKILL)
        self.assert_nothing_left()

    def test_outer_killed(self) -> None:
        """kill -9 of the whole run: only the folder stays, for the next
        run's sweep."""
        run = self.resident('plain')
        run.kill()
        run.wait(END_WAIT_S)
        self.assertTrue(wait_for(lambda: not self.processes()))
        self.assertTrue(wait_for(lambda: not loop_devices_of(self.root)))
        self.assert_swept()

    def test_outer_killed_with_a_frozen_disk(self) -> None:
        """The same while writers hang: processes and loop device stay too,
        and the sweep frees them."""
        run = self.resident('frozen')
        run.kill()
        run.wait(END_WAIT_S)
        self.assertEqual(len(loop_devices_of(self.root)), 1)
        self.assert_swept()

    def test_living_run_is_left_alone(self) -> None:
        """The sweep of another run does not touch it."""
        self.resident('plain')
        self.assertEqual(sweep(self.root), [])
        self.assertEqual(len(self.folders()), 1)
        self.assertEqual(len(loop_devices_of(self.root)), 1)


class MissingTest(unittest.TestCase):
    """What a machine lacks is said before anything is tried."""

    def test_tools(self) -> None:
        """The packages of missing tools are named."""
        with mock.patch('shutil.which', return_value=None):
            with self.assertRaisesRegex(command.HarnessError,
                                        'missing packages: .*nftables'):
                command.require_machine()

    def test_root(self) -> None:
        """And that it needs root."""
        with mock.patch('os.geteuid', return_value=1000):
            with self.assertRaisesRegex(command.HarnessError, 'not root'):
                command.require_machine()

    def test_kernel_refuses(self) -> None:
        """So does the root of a container that may not do it."""
        with mock.patch('jepsen.command.PROBE', 'echo no luck >&2; exit 1'):
            with self.assertRaisesRegex(command.HarnessError,
                                        'are refused: .*no luck'):
                command.require_machine()

    def test_tool_fails(self) -> None:
        """A tool's own words are in the error."""
        with self.assertRaisesRegex(command.HarnessError,
                                    'exit 2: .*no-such-file'):
            command.call(['ls', '/no-such-file'])

    def test_tool_hangs(self) -> None:
        """Nothing is waited for without end."""
        with self.assertRaisesRegex(command.HarnessError, 'still at work'):
            command.call(['sleep', '60'], wait_s=0.1)


if __name__ == '__main__':
    confined.skip_where_impossible()
    unittest.main(verbosity=2)
