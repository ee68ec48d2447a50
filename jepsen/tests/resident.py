"""A run of the harness that stays: one machine with a writer on its disk.

    resident.py ROOT HOW      HOW: plain, frozen (the disk hangs), raise (an
                              exception at once), stubborn (ignores Ctrl-C)
"""
import subprocess
import sys
import time
from pathlib import Path

from jepsen.confine import run_confined
from jepsen.machine import Machine
from jepsen.network import Network

WRITER = Path(__file__).with_name('writer.py')


def stay(folder: Path) -> int:
    """Boot, say so, and wait for what comes."""
    how = sys.argv[2]
    network = Network(1)
    machine = Machine(1, folder / 'n1', 32)
    machine.boot(network)
    writer = machine.spawn(
        [sys.executable, str(WRITER), str(machine.mount_point / 'file')],
        folder, stdout=subprocess.PIPE)
    assert writer.stdout is not None
    writer.stdout.readline()
    if how == 'raise':
        raise RuntimeError('on purpose')
    if how == 'frozen':
        machine.freeze_disk()
        time.sleep(0.2)  # Now the writer hangs.
    print('ready %s' % folder, flush=True)
    while True:
        try:
            time.sleep(60)
        except KeyboardInterrupt:
            if how != 'stubborn':
                raise


if __name__ == '__main__':
    sys.exit(run_confined(stay, Path(sys.argv[1])))
