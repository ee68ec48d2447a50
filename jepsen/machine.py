"""One node's computer: its processes, its network and its disk.

A machine is a pid, a network and a mount namespace held by a first process,
its init, and a disk: an ext4 file system in an image file behind a loop
device. The file system is mounted in the machine's own mount namespace and
nowhere else, so that a machine that loses its power also loses its mount.
Killing init kills every process of the machine.
"""
import errno
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import IO, Any

from jepsen import kernel
from jepsen.command import HarnessError, call
from jepsen.network import Network
from jepsen.sweep import wait_for_release

BOOT_WAIT_S = 10.0
HALT_WAIT_S = 10.0
CORE_BYTES_MAX = 1 << 30
BALLOON_NAME = 'balloon'
BALLOON_PIECES = (64 << 20, 1 << 20, 4096)  # Bytes; ever smaller crumbs.

# errors=remount-ro: an error of the disk makes writers see EROFS, as Debian's
# installer sets it up. "-o loop" lets the loop device go with the mount.
_INIT = '''
ip link set lo up
mount -o loop,errors=remount-ro "$1" "$2"
echo ready
exec sleep infinity
'''


def first_child(pid: int) -> int | None:
    """The first child of a process, or None when it has none (yet)."""
    try:
        children = Path('/proc/%d/task/%d/children' % (pid, pid)).read_text(
            encoding='ascii').split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(children[0]) if children else None


class Process:
    """A program inside a machine, seen from outside.

    Two processes stand behind it: nsenter, which is our child and reports how
    the program ended, and the program.
    """

    def __init__(self, shell: subprocess.Popen[Any]) -> None:
        self._shell = shell
        self._fd: int | None = None
        deadline = time.monotonic() + BOOT_WAIT_S
        pid = None
        while pid is None and shell.poll() is None:
            pid = first_child(shell.pid)
            if time.monotonic() > deadline:
                shell.kill()
                raise HarnessError('nsenter did not enter the machine')
            time.sleep(0.001)
        self.pid = pid or 0
        if pid is not None:
            try:
                self._fd = os.pidfd_open(pid)
            except ProcessLookupError:
                pass  # It has ended already; wait() will tell how.

    @property
    def stdin(self) -> IO[Any] | None:
        """The program's standard input, when asked for by a pipe."""
        return self._shell.stdin

    @property
    def stdout(self) -> IO[Any] | None:
        """The program's standard output, when asked for by a pipe."""
        return self._shell.stdout

    def poll(self) -> int | None:
        """None while it runs, else its exit code, negative for a signal."""
        return self._shell.poll()

    def wait(self, wait_s: float) -> int | None:
        """Wait for its end; None when it runs on."""
        try:
            return self._shell.wait(wait_s)
        except subprocess.TimeoutExpired:
            return None

    def signal(self, number: int) -> None:
        """Send it a signal; nothing when it has ended."""
        if self._fd is None:
            return
        try:
            signal.pidfd_send_signal(self._fd, number)
        except ProcessLookupError:
            return
        if number in (signal.SIGCONT, signal.SIGKILL):
            # nsenter stopped itself when its child was stopped.
            self._shell.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """Forget a program that has ended."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


class Machine:
    """The computer of node `number`; files of the harness lie in home."""

    def __init__(self, number: int, home: Path, disk_mib: int) -> None:
        self.number = number
        self.home = home
        self.image = home / 'disk' / 'image'
        self.mount_point = home / 'mnt'
        self._init_shell: subprocess.Popen[str] | None = None
        self.init = 0
        for folder in (self.image.parent, self.mount_point):
            folder.mkdir(parents=True)
        with open(self.image, 'wb') as file:
            file.truncate(disk_mib << 20)
        call(['mkfs.ext4', '-q', '-F', '-m', '0', str(self.image)])

    @property
    def running(self) -> bool:
        """Whether the machine has power."""
        return self._init_shell is not None

    def boot(self, network: Network) -> None:
        """Switch it on: namespaces, mounted disk, cable."""
        left = wait_for_release(self.image.parent, HALT_WAIT_S)
        if left:
            raise HarnessError('node %d: its disk is still in use by %s' %
                               (self.number, ' '.join(left)))
        shell = subprocess.Popen(
            ['unshare', '--pid', '--net', '--mount', '--fork', '--kill-child',
             '--mount-proc', '--propagation', 'private', 'sh', '-euc', _INIT,
             'perch-jepsen-init', str(self.image), str(self.mount_point)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, start_new_session=True)
        assert shell.stdout is not None and shell.stderr is not None
        if shell.stdout.readline() != 'ready\n':
            raise HarnessError('node %d: no boot: %s' % (
                self.number, shell.communicate()[1].strip()))
        self._init_shell = shell
        self.init = first_child(shell.pid) or 0
        network.attach(self.number, self.init)

    def halt(self, network: Network) -> None:
        """Switch it off at once: every process dies, the mount goes.

        What was written and not synced reaches the image all the same, unless
        the file system was shut down before (lose_power).
        """
        shell = self._init_shell
        if shell is None:
            return
        network.detach(self.number)
        self._init_shell = None
        try:
            os.kill(self.init, signal.SIGKILL)
        except ProcessLookupError:
            pass
        try:
            shell.communicate(timeout=HALT_WAIT_S)
        except subprocess.TimeoutExpired as error:
            raise HarnessError('node %d: processes do not die (frozen disk?)' %
                               self.number) from error

    def inside(self, path: Path) -> Path:
        """The same path, as the running machine sees it."""
        return Path('/proc/%d/root' % self.init) / path.relative_to('/')

    def spawn(self, argv: list[str], folder: Path,
              **streams: Any) -> Process:
        """Start a program inside; its cores go to folder."""
        streams.setdefault('stdin', subprocess.DEVNULL)
        return Process(subprocess.Popen(
            ['nsenter', '--target', str(self.init), '--pid', '--net',
             '--mount', '--wdns=%s' % folder, '--', 'prlimit',
             '--core=%d:%d' % (CORE_BYTES_MAX, CORE_BYTES_MAX), '--'] + argv,
            start_new_session=True, **streams))

    # The disk.

    def freeze_disk(self) -> None:
        """Hang the disk: writers wait, nothing fails."""
        kernel.freeze(self.inside(self.mount_point))

    def thaw_disk(self) -> None:
        """Let a hung disk go on."""
        kernel.thaw(self.inside(self.mount_point))

    def fail_disk(self) -> None:
        """From now on the disk answers EIO; what was synced is kept."""
        kernel.shut_down_filesystem(self.inside(self.mount_point), True)

    def cut_disk(self) -> None:
        """Lose what was not synced, and answer EIO: half a power cut."""
        kernel.shut_down_filesystem(self.inside(self.mount_point), False)

    def make_disk_read_only(self) -> None:
        """Have the file system find an error: from now on writes are EROFS."""
        trigger = Path('/sys/fs/ext4', Path(self._device()).name,
                       'trigger_fs_error')
        trigger.write_text('perch-jepsen', encoding='ascii')

    def fill_disk(self) -> None:
        """Leave no free byte on the disk."""
        path = self.inside(self.mount_point) / BALLOON_NAME
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            for piece in BALLOON_PIECES:
                self._allocate(fd, piece)
        finally:
            os.close(fd)

    @staticmethod
    def _allocate(fd: int, piece: int) -> None:
        """Grow a file by pieces until the disk has no room for another."""
        size = os.fstat(fd).st_size
        while True:
            try:
                os.posix_fallocate(fd, size, piece)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                return
            size += piece

    def empty_disk(self) -> None:
        """Give the space back that fill_disk took."""
        path = self.inside(self.mount_point) / BALLOON_NAME
        path.unlink(missing_ok=True)

    def check_disk(self) -> None:
        """Repair the file system of a halted machine after an error."""
        wait_for_release(self.image.parent, HALT_WAIT_S)
        call(['e2fsck', '-f', '-y', str(self.image)], accept=(0, 1))

    def _device(self) -> str:
        """The loop device under the mounted disk."""
        mounts = Path('/proc/%d/mounts' % self.init).read_text(
            encoding='utf-8')
        for line in mounts.splitlines():
            device, point = line.split()[:2]
            if point == str(self.mount_point):
                return device
        raise HarnessError('node %d: its disk is not mounted' % self.number)
