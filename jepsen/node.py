"""One node: a machine, the daemon on it, and a supervisor's view of both.

A daemon that ends without having been told to is restarted, as a service
manager does, and its end is recorded with the fault that excuses it, if any;
watch.py judges.
"""
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from jepsen.command import HarnessError
from jepsen.contract import Paths, Programs
from jepsen.machine import Machine, Process
from jepsen.network import Network

RESTART_WAIT_S = 1.0   # As RestartSec= of perchd.service.
DRAIN_WAIT_S = 20.0    # From SIGTERM to the end.
DIE_WAIT_S = 10.0      # From SIGKILL to the end.
INIT_WAIT_S = 20.0


@dataclass(frozen=True)
class Exit:
    """A daemon's end that the harness did not order."""
    node: int
    at_ns: int      # CLOCK_MONOTONIC.
    code: int       # Negative: the signal that ended it.
    excuse: str     # The fault that may end a daemon; empty: none.


class Node:
    """A node of the pool.

    Thread: any; the lock keeps nemesis and supervisor apart.
    """

    def __init__(self, number: int, home: Path, logs: Path,
                 programs: Programs, machine: Machine,
                 certificates: Path) -> None:
        self.number = number
        self.machine = machine
        self.logs = logs
        self.cores = logs / 'cores'
        self.paths = Paths(config=home / 'perchd.conf',
                           data=machine.mount_point / 'data',
                           run=home / 'run', certificates=certificates)
        self._programs = programs
        self._process: Process | None = None
        self._wanted = False        # Is the daemon supposed to run?
        self._restart_at = 0.0
        self._excuse = ''
        self._excused_until = 0.0
        self._lock = threading.RLock()
        self.exits: list[Exit] = []
        self.paths.run.mkdir(parents=True)
        self.cores.mkdir(parents=True)

    @property
    def name(self) -> str:
        """As it is called in histories and reports."""
        return 'n%d' % self.number

    @property
    def pid(self) -> int:
        """The daemon's pid as the control process sees it; 0 when down."""
        process = self._process
        return process.pid if process is not None else 0

    def make_data_folder(self) -> None:
        """Make the daemon's folder on the disk, as a package would."""
        self.machine.inside(self.paths.data).mkdir(mode=0o700)

    def found(self) -> None:
        """Format the empty disk as a founder of the pool."""
        self.make_data_folder()
        process = self._spawn(self._programs.found(self.paths))
        code = process.wait(INIT_WAIT_S)
        if code != 0:
            raise HarnessError('%s: perchd init ended with %s, see %s' %
                               (self.name, code, self.logs / 'perchd.log'))
        process.close()

    def start(self) -> None:
        """Start the daemon, and want it to run."""
        with self._lock:
            self._wanted = True
            if self._process is None:
                self._process = self._spawn(self._programs.serve(self.paths))

    def kill(self) -> None:
        """SIGKILL the daemon and leave it down until start."""
        with self._lock:
            self._wanted = False
            if self._process is not None:
                self._process.signal(signal.SIGKILL)
                self._reap(DIE_WAIT_S)

    def stop(self) -> int | None:
        """Ask the daemon to drain and end; return its exit code.

        None: it was not running. A daemon that does not end in time is
        killed, and its code is that of SIGKILL.
        """
        with self._lock:
            self._wanted = False
            process = self._process
            if process is None:
                return None
            process.signal(signal.SIGTERM)
            if process.wait(DRAIN_WAIT_S) is None:
                process.signal(signal.SIGKILL)
            return self._reap(DIE_WAIT_S)

    def pause(self) -> None:
        """SIGSTOP: the daemon is silent, its connections stay."""
        with self._lock:
            if self._process is not None:
                self._process.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        with self._lock:
            if self._process is not None:
                self._process.signal(signal.SIGCONT)

    def reboot(self, network: Network, repair: bool = False) -> None:
        """Switch the machine off and on; the daemon stays down until start.

        @repair  Check the file system in between.
        """
        with self._lock:
            self.halt(network)
            if repair:
                self.machine.check_disk()
            self.machine.boot(network)

    def halt(self, network: Network) -> None:
        """Switch the machine off."""
        with self._lock:
            self._wanted = False
            self.machine.halt(network)
            if self._process is not None:
                self._process.signal(signal.SIGKILL)
                self._reap(DIE_WAIT_S)

    def excuse(self, fault: str, more_s: float = float('inf')) -> None:
        """Accept that this fault ends the daemon, for so many seconds.

        A crash-only node ends itself when a write fails; death by a signal
        (abort, segmentation fault) is never excused.
        """
        with self._lock:
            self._excuse = fault
            self._excused_until = time.monotonic() + more_s

    def supervise(self) -> Exit | None:
        """Note an end nobody ordered, restart after a pause; call often."""
        with self._lock:
            if not self._wanted:
                return None
            if self._process is not None:
                return self._note_exit()
            if time.monotonic() >= self._restart_at:
                self.start()
            return None

    def _note_exit(self) -> Exit | None:
        assert self._process is not None
        code = self._process.poll()
        if code is None:
            return None
        self._reap(0.0)
        now = time.monotonic()
        self._restart_at = now + RESTART_WAIT_S
        excused = now < self._excused_until and code >= 0
        found = Exit(self.number, time.monotonic_ns(), code,
                     self._excuse if excused else '')
        self.exits.append(found)
        return found

    def _spawn(self, argv: list[str]) -> Process:
        with open(self.logs / 'perchd.log', 'ab') as log:
            return self.machine.spawn(argv, self.cores, stdout=log,
                                      stderr=subprocess.STDOUT)

    def _reap(self, wait_s: float) -> int:
        assert self._process is not None
        code = self._process.wait(wait_s)
        if code is None:
            raise HarnessError('%s: perchd does not die' % self.name)
        self._process.close()
        self._process = None
        return code
