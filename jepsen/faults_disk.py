"""Faults of a node's disk and of what lies on it.

How each is done, and what a writer on the disk sees, is in evidence.md; a test
shows every effect.
"""
import os
import random
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path

from jepsen.command import HarnessError
from jepsen.faults import ALL, Fault, Skipped
from jepsen.node import Node

PULSE_HANG_S = 0.10   # A slow disk: every write waits up to this long,
PULSE_FREE_S = 0.005  # then this long is left to get work done.
ATTACH_WAIT_S = 5.0
FLIP_TRIES = 200
FLIP_BLOCK = 512      # A bit is flipped where something is written.

# What a database and a log make durable with. Not write(2): sockets use it.
SYNC_CALLS = 'fsync,fdatasync,sync_file_range,pwritev2'


class Power(Fault):
    """The power of a machine fails: what was not synced is gone."""
    name = 'power'

    def start(self) -> None:
        for node in self.nodes:
            node.machine.cut_disk()
        for node in self.nodes:
            node.halt(self.cluster.network)

    def stop(self) -> None:
        for node in self.nodes:
            node.machine.boot(self.cluster.network)
            node.start()


class PowerAll(Power):
    """The power of the whole pool fails at one instant."""
    name = 'power-all'
    strikes = ALL


class DiskFull(Fault):
    """No byte is free: ENOSPC."""
    name = 'disk-full'
    ends_daemon = True

    def start(self) -> None:
        for node in self.nodes:
            node.machine.fill_disk()

    def stop(self) -> None:
        for node in self.nodes:
            node.machine.empty_disk()


class DiskEio(Fault):
    """The disk is dead: EIO to everybody, until it is replaced by itself."""
    name = 'disk-eio'
    ends_daemon = True

    def start(self) -> None:
        for node in self.nodes:
            node.machine.fail_disk()

    def stop(self) -> None:
        for node in self.nodes:
            node.reboot(self.cluster.network)
            node.start()


class DiskReadOnly(Fault):
    """The file system found an error and turned read-only: EROFS."""
    name = 'disk-readonly'
    ends_daemon = True

    def start(self) -> None:
        for node in self.nodes:
            node.machine.make_disk_read_only()

    def stop(self) -> None:
        for node in self.nodes:
            node.reboot(self.cluster.network, repair=True)
            node.start()


class DiskSyncEio(Fault):
    """Syncs of the living daemon fail with EIO for a while; the file system
    itself goes on, so a daemon that tries again would believe it."""
    name = 'disk-sync-eio'
    ends_daemon = True

    def start(self) -> None:
        self.tracers = [trace_syncs(node) for node in self.nodes]

    def stop(self) -> None:
        for tracer in self.tracers:
            stop_tracer(tracer)


def _tracer_of(pid: int) -> int:
    """The pid of the process that traces pid; 0: none."""
    try:
        status = Path('/proc/%d/status' % pid).read_text(encoding='utf-8')
    except OSError:
        return 0
    for line in status.splitlines():
        if line.startswith('TracerPid:'):
            return int(line.split()[1])
    return 0


def trace_syncs(node: Node) -> 'subprocess.Popen[str]':
    """Attach a tracer that fails the daemon's SYNC_CALLS with EIO."""
    pid = node.pid
    if pid == 0:
        raise Skipped('the daemon is down')
    tracer = subprocess.Popen(
        ['strace', '-f', '-qq', '-o', '/dev/null',
         '-e', 'trace=' + SYNC_CALLS,
         '-e', 'inject=%s:error=EIO' % SYNC_CALLS, '-p', str(pid)],
        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        start_new_session=True)
    deadline = time.monotonic() + ATTACH_WAIT_S
    while _tracer_of(pid) != tracer.pid:
        if tracer.poll() is not None:
            if node.pid != pid:
                raise Skipped('the daemon ended meanwhile')
            # It may have ended over the first failed sync already.
            return tracer
        if time.monotonic() > deadline:
            stop_tracer(tracer)
            raise HarnessError('strace did not attach to %s' % node.name)
        time.sleep(0.005)
    return tracer


def stop_tracer(tracer: 'subprocess.Popen[str]') -> None:
    """Detach; the traced process goes on."""
    if tracer.poll() is None:
        tracer.send_signal(signal.SIGTERM)
    try:
        tracer.communicate(timeout=ATTACH_WAIT_S)
    except subprocess.TimeoutExpired:
        tracer.kill()
        tracer.communicate()


class DiskHung(Fault):
    """Writers wait, nothing fails, until the disk answers again."""
    name = 'disk-hung'
    ends_daemon = True

    def start(self) -> None:
        for node in self.nodes:
            node.machine.freeze_disk()

    def stop(self) -> None:
        for node in self.nodes:
            node.machine.thaw_disk()


class DiskSlow(Fault):
    """The disk hangs and goes on in quick pulses: writes take a tenth of a
    second."""
    name = 'disk-slow'

    def start(self) -> None:
        self._over = threading.Event()
        self._errors: list[str] = []
        self._threads = [threading.Thread(target=self._pulse, args=(node,))
                         for node in self.nodes]
        for thread in self._threads:
            thread.start()

    def _pulse(self, node: Node) -> None:
        try:
            while not self._over.is_set():
                node.machine.freeze_disk()
                time.sleep(PULSE_HANG_S)
                node.machine.thaw_disk()
                self._over.wait(PULSE_FREE_S)
        except OSError as error:
            self._errors.append('%s: %s' % (node.name, error))

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        if self._errors:
            raise HarnessError('disk-slow: ' + '; '.join(self._errors))


class Wipe(Fault):
    """The daemon is killed and comes back to an empty data directory."""
    name = 'wipe'
    destroys = True

    def start(self) -> None:
        for node in self.nodes:
            node.kill()
            shutil.rmtree(node.machine.inside(node.paths.data))
            node.make_data_folder()

    def stop(self) -> None:
        for node in self.nodes:
            node.start()


class BitFlip(Fault):
    """The daemon is killed; one bit of one of its files has turned when it
    comes back."""
    name = 'bitflip'
    destroys = True
    ends_daemon = True

    def start(self) -> None:
        self.flipped: list[str] = []
        for node in self.nodes:
            node.kill()
            data = node.machine.inside(node.paths.data)
            self.flipped.append(flip_bit(data, self.rng))

    def stop(self) -> None:
        for node in self.nodes:
            node.start()

    def detail(self) -> dict[str, object]:
        return {'flipped': self.flipped}


def flip_bit(folder: Path, rng: random.Random) -> str:
    """Turn one bit in a file below folder, where not all is zero.

    Every file is as likely as any other, and in it every block that holds
    something. Returns file, offset and bit; raises HarnessError when nothing
    is written below folder.
    """
    files = sorted(path for path in folder.rglob('*')
                   if path.is_file() and path.stat().st_size > 0)
    for _ in range(FLIP_TRIES if files else 0):
        path = rng.choice(files)
        offset, bit = rng.randrange(path.stat().st_size), rng.randrange(8)
        fd = os.open(path, os.O_RDWR)
        try:
            start = offset - offset % FLIP_BLOCK
            if not any(os.pread(fd, FLIP_BLOCK, start)):
                continue
            turned = os.pread(fd, 1, offset)[0] ^ (1 << bit)
            os.pwrite(fd, bytes([turned]), offset)
            os.fsync(fd)
        finally:
            os.close(fd)
        return '%s offset=%d bit=%d' % (path.relative_to(folder), offset, bit)
    raise HarnessError('%s: nothing to flip a bit in' % folder)


FAULTS: tuple[type[Fault], ...] = (
    Power, PowerAll, DiskFull, DiskEio, DiskReadOnly, DiskSyncEio, DiskHung,
    DiskSlow, Wipe, BitFlip)
