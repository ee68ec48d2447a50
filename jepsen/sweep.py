"""Remove what a run left on the machine.

Processes, mounts and networks of a run die with its namespaces. What can
outlive it is its folder of disk images and, after a kill during the fault
that freezes a disk, a frozen file system with its loop device. Both are
recognised by the folder's name; a folder whose lock is held belongs to a run
that lives and is left alone.
"""
import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path

from jepsen.command import HarnessError, call

PREFIX = 'perch-jepsen-'
RELEASE_WAIT_S = 10.0  # For the kernel to let go of a loop device.
LOCK_NAME = 'lock'

# The mount shows in a namespace that ends with this shell.
_THAW = '''
mount "$1" "$2"
fsfreeze --unfreeze "$2" || true
umount "$2"
'''


def loop_devices_of(folder: Path) -> list[str]:
    """Loop devices whose disk image lies below folder."""
    found = []
    for backing in Path('/sys/block').glob('loop*/loop/backing_file'):
        try:
            image = backing.read_text(encoding='utf-8').strip()
        except OSError:
            continue  # Detached while we looked.
        if image.startswith(str(folder) + '/'):
            found.append('/dev/' + backing.parts[3])
    return sorted(found)


def wait_for_release(folder: Path, wait_s: float) -> list[str]:
    """Wait until no loop device uses folder; return those that still do."""
    deadline = time.monotonic() + wait_s
    while (left := loop_devices_of(folder)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def thaw_disks(folder: Path) -> None:
    """Let writers to the disk images below folder go on, and so die.

    A mount made here shows the same file system as the one that a dead
    machine's last processes still hold.
    """
    for device in loop_devices_of(folder):
        with tempfile.TemporaryDirectory() as point:
            call(['unshare', '--mount', '--propagation', 'private', 'sh',
                  '-euc', _THAW, 'thaw', device, point], accept=range(256))


def sweep_folder(folder: Path) -> None:
    """Free the loop devices of a run that is over, and remove its folder."""
    if wait_for_release(folder, 1.0):
        thaw_disks(folder)
    left = wait_for_release(folder, RELEASE_WAIT_S)
    if left:
        raise HarnessError('%s still in use by %s' % (folder, ' '.join(left)))
    shutil.rmtree(folder, ignore_errors=True)


def lock_folder(folder: Path) -> int | None:
    """Take the folder's lock; None when a living run holds it.

    Returns a descriptor that holds the lock until every process that
    inherited it is gone.
    """
    fd = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    return fd


def sweep(root: Path) -> list[Path]:
    """Remove what earlier runs left below root; return the folders found."""
    swept = []
    for folder in sorted(root.glob(PREFIX + '*')):
        if not folder.is_dir():
            continue
        fd = lock_folder(folder)
        if fd is None:
            continue
        try:
            sweep_folder(folder)
        finally:
            os.close(fd)
        swept.append(folder)
    return swept
