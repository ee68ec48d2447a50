"""What tests look through: a writer on a machine's disk, and patience."""
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from jepsen.machine import Machine

WRITER = Path(__file__).with_name('writer.py')
SEEN_WAIT_S = 60.0      # Several looks at a pool with a paused node.


class Writer:
    """writer.py on a machine, and what it has said so far."""

    def __init__(self, machine: Machine) -> None:
        self.process = machine.spawn(
            [sys.executable, str(WRITER), str(machine.mount_point / 'file')],
            machine.home, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True)
        self.lines: list[tuple[str, float]] = []
        self.errors = ''
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            words = line.split()
            if len(words) == 2 and words[1][0].isdigit():
                self.lines.append((words[0], float(words[1])))
            else:
                self.errors += line

    def since(self) -> int:
        """A mark for the lines that follow."""
        return len(self.lines)

    def outcomes(self, since: int) -> set[str]:
        """Outcomes since a mark, leaving out the try under way at it."""
        return {outcome for outcome, _ in self.lines[since + 1:]}

    def longest_ms(self, since: int) -> float:
        """The longest try since a mark."""
        return max((took for _, took in self.lines[since:]), default=0.0)


def wait_for(condition: Callable[[], bool]) -> bool:
    """Whether a condition comes true in time."""
    deadline = time.monotonic() + SEEN_WAIT_S
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
