"""Run the control process in namespaces of its own, and clean up after it.

    outer    waits, forwards SIGINT and SIGTERM, sweeps afterwards
      `-- control    pid 1 of an own pid namespace, own network, own mounts
            |-- node 1's init ...     (see machine.py)
            `-- load client ...

When control ends, whichever way, the kernel kills everything below it and
takes mounts, loop devices and networks along; when outer is killed, control
dies with it. The mount namespace is private because any other process that
copied our mounts would keep a crashed file system alive: it would come back
dead, and its image would be written twice.
"""
import fcntl
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from jepsen import kernel
from jepsen.sweep import (PREFIX, lock_folder, sweep, sweep_folder,
                          thaw_disks)

EXIT_DEFECT = 3      # An exception nobody caught.
EXIT_SIGNALLED = 128  # Plus the signal's number, as shells do.
WAIT_STEP_S = 0.05
DYING_S = 0.5        # As long as an ordinary end takes, and longer.
PF_EXITING = 0x4     # In the flags of /proc/PID/stat.
ROOT_LOCK_NAME = 'perch-jepsen.lock'


def _control(main: Callable[[Path], int], folder: Path) -> int:
    """What control does first; then main."""
    kernel.die_with_parent()
    os.setsid()  # A terminal's Ctrl-C reaches outer alone, which forwards it.
    kernel.unshare(kernel.CLONE_NEWNS | kernel.CLONE_NEWNET)
    kernel.make_mounts_private()
    kernel.mount_proc()

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt
    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    return main(folder)


def _fork_control(main: Callable[[Path], int], folder: Path) -> int:
    """Fork control as pid 1 of a new pid namespace; return its pid."""
    own = os.open('/proc/self/ns/pid', os.O_RDONLY | os.O_CLOEXEC)
    kernel.unshare(kernel.CLONE_NEWPID)
    pid = os.fork()
    if pid == 0:
        code = EXIT_DEFECT
        try:
            code = _control(main, folder)
        except KeyboardInterrupt:
            code = EXIT_SIGNALLED + signal.SIGINT
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    # Later children of outer belong to outer's own namespace again: that of
    # control takes no newcomers once control is dead.
    kernel.setns(own, kernel.CLONE_NEWPID)
    os.close(own)
    return pid


def _is_dying(pid: int) -> bool:
    """Whether a process is on its way out and not gone yet."""
    try:
        stat = Path('/proc/%d/stat' % pid).read_text(encoding='ascii')
    except OSError:
        return False
    return bool(int(stat.rsplit(')', 1)[1].split()[6]) & PF_EXITING)


def _reap(pid: int, folder: Path) -> int:
    """Wait for control's end; its status.

    Control, pid 1 of its namespace, cannot go before all others there have,
    and a writer to a frozen disk cannot be killed: so disks are thawed once
    control is dying.
    """
    dying_s = 0.0
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return status
        dying_s += WAIT_STEP_S if _is_dying(pid) else 0.0
        if dying_s > DYING_S:
            thaw_disks(folder)
        time.sleep(WAIT_STEP_S)


def _wait_for(pid: int, folder: Path) -> int:
    """Wait for control, passing signals on; return its exit code."""
    asked = 0

    def forward(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        asked += 1  # Who asks twice does not want to wait for a tidy end.
        os.kill(pid, signal.SIGKILL if asked > 1 else signal.SIGINT)

    kept = {number: signal.signal(number, forward)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        status = _reap(pid, folder)
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else EXIT_SIGNALLED - code


def _make_folder(root: Path) -> tuple[Path, int | None]:
    """Sweep what earlier runs left below root; make and lock a new folder."""
    with open(root / ROOT_LOCK_NAME, 'w', encoding='ascii') as root_lock:
        # A run that starts now must not sweep a folder not locked yet.
        fcntl.flock(root_lock, fcntl.LOCK_EX)
        for folder in sweep(root):
            print('swept what an earlier run left: %s' % folder, flush=True)
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
        return folder, lock_folder(folder)


def run_confined(main: Callable[[Path], int], root: Path) -> int:
    """Run main in namespaces of its own and return what it returns.

    Sweeps what earlier runs left below root first, and what this one left
    last. Must be called before the process has threads.

    @main  Takes the run's folder, made below root.
    @root  A short path, since the nodes' sockets lie below it.
    """
    folder, lock = _make_folder(root)
    try:
        return _wait_for(_fork_control(main, folder), folder)
    finally:
        sweep_folder(folder)
        if lock is not None:
            os.close(lock)
