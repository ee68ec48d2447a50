"""System calls that Python 3.11 has no name for.

Numbers are those of Linux on every architecture Debian builds perch for with
the generic ioctl layout (amd64, arm64, riscv64).
"""
import ctypes
import fcntl
import os
import signal
import struct
from pathlib import Path

CLONE_NEWNS = 0x00020000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

_MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 0x2, 0x4, 0x8
_MS_REC, _MS_PRIVATE = 0x4000, 0x40000
_PR_SET_PDEATHSIG = 1
_FIFREEZE = 0xC0045877          # _IOWR('X', 119, int)
_FITHAW = 0xC0045878            # _IOWR('X', 120, int)
_EXT4_IOC_SHUTDOWN = 0x8004587D  # _IOR('X', 125, __u32)
_SHUTDOWN_LOG_FLUSH = 1
_SHUTDOWN_NO_LOG_FLUSH = 2

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, '%s: %s' % (what, os.strerror(error)))


def unshare(flags: int) -> None:
    """Give this process new namespaces (CLONE_ flags)."""
    _check(_libc.unshare(flags), 'unshare')


def setns(fd: int, flag: int) -> None:
    """Enter the namespace that fd (of /proc/PID/ns/) refers to."""
    _check(_libc.setns(fd, flag), 'setns')


def make_mounts_private() -> None:
    """Cut all mounts of this mount namespace off from every other one."""
    _check(_libc.mount(b'none', b'/', None, _MS_REC | _MS_PRIVATE, None),
           'making mounts private')


def mount_proc() -> None:
    """Show the processes of this process's own pid namespace in /proc."""
    _check(_libc.mount(b'proc', b'/proc', b'proc',
                       _MS_NOSUID | _MS_NODEV | _MS_NOEXEC, None),
           'mounting /proc')


def die_with_parent() -> None:
    """Have the kernel SIGKILL this process when its parent dies."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), 'prctl')


def _ioctl_on_directory(path: Path, request: int, argument: bytes) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.ioctl(fd, request, argument)
    finally:
        os.close(fd)


def freeze(path: Path) -> None:
    """Make every writer to the file system that holds path wait."""
    _ioctl_on_directory(path, _FIFREEZE, struct.pack('i', 0))


def thaw(path: Path) -> None:
    """Let the writers of a frozen file system go on."""
    _ioctl_on_directory(path, _FITHAW, struct.pack('i', 0))


def shut_down_filesystem(path: Path, flush_log: bool) -> None:
    """End the ext4 that holds path: from now on every access is EIO.

    @flush_log  Commit the journal first, as a disk would have that fails
                slowly; without it all that was not synced is gone, as after
                a power cut.
    """
    flag = _SHUTDOWN_LOG_FLUSH if flush_log else _SHUTDOWN_NO_LOG_FLUSH
    _ioctl_on_directory(path, _EXT4_IOC_SHUTDOWN, struct.pack('I', flag))
