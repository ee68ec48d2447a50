"""Machines and their network: every thing that can be done to them is done,
and its effect is seen by a program that runs there."""
import os
import select
import signal
import subprocess
import sys
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jepsen import kernel
from jepsen.command import call
from jepsen.machine import Machine, Process
from jepsen.network import Network, address
from jepsen.sweep import loop_devices_of
from jepsen.tests import confined
from jepsen.tests.observe import SEEN_WAIT_S, Writer, wait_for

DISK_MIB = 32

EVERYBODY = {(1, 2), (1, 3), (2, 3)}

# Names the sender of every datagram.
ECHO = '''
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("0.0.0.0", 9))
print("up", flush=True)
while True:
    data, sender = s.recvfrom(100)
    print(sender[0], flush=True)
'''


class Pool:
    """Three machines without a daemon."""

    def __init__(self, machines: int) -> None:
        self.folder = confined.fresh_folder()
        self.network = Network(machines)
        self.machines = [Machine(number, self.folder / ('n%d' % number),
                                 DISK_MIB)
                         for number in range(1, machines + 1)]
        for machine in self.machines:
            machine.boot(self.network)

    def close(self) -> None:
        """Switch all off, and leave no bridge to the next test."""
        for machine in self.machines:
            machine.halt(self.network)
        self.network.close()


class MachineTest(unittest.TestCase):
    """One machine."""

    def setUp(self) -> None:
        self.pool = Pool(1)
        self.addCleanup(self.pool.close)
        self.machine = self.pool.machines[0]

    def writer(self) -> Writer:
        """A writer that has written."""
        found = Writer(self.machine)
        self.addCleanup(found.process.close)
        self.assertTrue(wait_for(lambda: found.since() > 3), found.errors)
        return found

    def test_disk_is_mounted_there_only(self) -> None:
        """No other mount namespace keeps the file system alive."""
        point = str(self.machine.mount_point)
        own = Path('/proc/self/mounts').read_text(encoding='utf-8')
        there = Path('/proc/%d/mounts' % self.machine.init).read_text(
            encoding='utf-8')
        self.assertNotIn(point, own)
        self.assertIn(point, there)

    def test_halt_ends_everything(self) -> None:
        """Processes, mount and loop device go with the machine's init."""
        writer = self.writer()
        self.machine.halt(self.pool.network)
        self.assertEqual(writer.process.wait(SEEN_WAIT_S), -signal.SIGKILL)
        self.assertTrue(wait_for(
            lambda: not loop_devices_of(self.pool.folder)))

    def test_pause_and_kill(self) -> None:
        """A stopped program is silent, goes on, and dies also stopped."""
        writer = self.writer()
        writer.process.signal(signal.SIGSTOP)
        time.sleep(0.2)
        mark = writer.since()
        time.sleep(0.3)
        self.assertEqual(writer.since(), mark)
        writer.process.signal(signal.SIGCONT)
        self.assertTrue(wait_for(lambda: writer.since() > mark + 3))
        writer.process.signal(signal.SIGSTOP)
        time.sleep(0.2)
        writer.process.signal(signal.SIGKILL)
        self.assertEqual(writer.process.wait(SEEN_WAIT_S), -signal.SIGKILL)

    def test_power_loss(self) -> None:
        """What was synced is there afterwards; what was not is gone."""
        inside = self.machine.inside(self.machine.mount_point)
        for name, sync in (('synced', True), ('unsynced', False)):
            with open(inside / name, 'wb') as file:
                file.write(b'x' * 10000)
                file.flush()
                if sync:
                    os.fsync(file.fileno())
        folder = os.open(inside, os.O_RDONLY)
        self.machine.cut_disk()
        os.close(folder)
        self.machine.halt(self.pool.network)
        self.machine.boot(self.pool.network)
        inside = self.machine.inside(self.machine.mount_point)
        self.assertEqual((inside / 'synced').read_bytes(), b'x' * 10000)
        # The journal may have committed its name, never what was in it.
        path = inside / 'unsynced'
        self.assertEqual(path.read_bytes() if path.exists() else b'', b'')

    def test_failing_disk(self) -> None:
        """Every write and sync is EIO; after a reboot what was synced is
        there."""
        inside = self.machine.inside(self.machine.mount_point)
        with open(inside / 'before', 'wb') as file:
            file.write(b'kept')
            file.flush()
            os.fsync(file.fileno())
        writer = self.writer()
        self.machine.fail_disk()
        mark = writer.since()
        self.assertTrue(wait_for(lambda: writer.since() > mark + 5))
        self.assertEqual(writer.outcomes(mark), {'EIO'})
        self.machine.halt(self.pool.network)
        self.machine.boot(self.pool.network)
        inside = self.machine.inside(self.machine.mount_point)
        self.assertEqual((inside / 'before').read_bytes(), b'kept')

    def test_read_only_disk(self) -> None:
        """An error of the file system makes writers see EROFS, until a
        repair."""
        writer = self.writer()
        self.machine.make_disk_read_only()
        mark = writer.since()
        self.assertTrue(wait_for(lambda: writer.since() > mark + 5))
        self.assertEqual(writer.outcomes(mark), {'EROFS'})
        self.machine.halt(self.pool.network)
        self.machine.check_disk()
        self.machine.boot(self.pool.network)
        self.assertEqual(self.writer().outcomes(0), {'ok'})

    def test_full_disk(self) -> None:
        """A growing file meets ENOSPC, and goes on when space returns."""
        writer = self.writer()
        self.machine.fill_disk()
        mark = writer.since()
        self.assertTrue(wait_for(lambda: writer.since() > mark + 5))
        self.assertEqual(writer.outcomes(mark), {'ENOSPC'})
        self.machine.empty_disk()
        mark = writer.since()
        self.assertTrue(wait_for(lambda: writer.since() > mark + 5))
        self.assertEqual(writer.outcomes(mark), {'ok'})

    def test_hung_disk(self) -> None:
        """A frozen disk makes the writer wait, and nothing fails."""
        writer = self.writer()
        mark = writer.since()
        self.machine.freeze_disk()
        time.sleep(0.5)
        self.machine.thaw_disk()
        self.assertTrue(wait_for(lambda: writer.longest_ms(mark) > 400 and
                                 writer.since() > mark + 5))
        self.assertEqual(writer.outcomes(mark), {'ok'})

    def test_core_is_collected(self) -> None:
        """A program that aborts leaves its core in the folder given."""
        pattern = Path('/proc/sys/kernel/core_pattern').read_text(
            encoding='ascii').strip()
        if '/' in pattern or pattern.startswith('|'):
            self.skipTest('core_pattern is %s' % pattern)
        process = self.machine.spawn(
            [sys.executable, '-c', 'import os; os.abort()'],
            self.machine.home, stderr=subprocess.DEVNULL)
        self.assertEqual(process.wait(SEEN_WAIT_S), -signal.SIGABRT)
        self.assertEqual(len(list(self.machine.home.glob('core*'))), 1)


class NetworkTest(unittest.TestCase):
    """Three machines, and what reaches whom."""

    def setUp(self) -> None:
        self.pool = Pool(3)
        self.addCleanup(self.pool.close)
        self.network = self.pool.network
        self.comes_to(EVERYBODY)

    def comes_to(self, pairs: set[tuple[int, int]]) -> None:
        """Pings pass between these: soon, as the kernel tells a carrier at
        most once a second, and a bridge does not forward before."""
        self.assertTrue(wait_for(lambda: self.matrix() == pairs))

    def ping(self, source: int, target: int, count: int = 1) -> int:
        """How many of `count` pings are answered."""
        done = call(['nsenter', '--target',
                     str(self.pool.machines[source - 1].init), '--net',
                     'ping', '-n', '-q', '-i', '0.005', '-W', '1', '-c',
                     str(count), address(target)], accept=(0, 1))
        return int(done.stdout.split(' received')[0].split()[-1])

    def matrix(self) -> set[tuple[int, int]]:
        """Pairs of nodes, the lower number first, between which pings pass."""
        pairs = sorted(EVERYBODY)
        with ThreadPoolExecutor(len(pairs)) as pool:
            answered = pool.map(lambda pair: self.ping(*pair), pairs)
            return {pair for pair, got in zip(pairs, answered) if got}

    def test_whole_network(self) -> None:
        """Control reaches all, who reach each other (setUp)."""
        for node in (1, 2, 3):
            call(['ping', '-n', '-c', '1', '-W', '1', address(node)])

    def test_cut_and_heal(self) -> None:
        """A set of links both ways is a partition; control is not cut."""
        self.network.cut({(1, 2), (2, 1), (1, 3), (3, 1)})
        self.assertEqual(self.matrix(), {(2, 3)})
        call(['ping', '-n', '-c', '1', '-W', '1', address(1)])
        self.network.heal()
        self.assertEqual(self.matrix(), EVERYBODY)

    def echo(self, number: int) -> Process:
        """A program that names the sender of each datagram it gets."""
        machine = self.pool.machines[number - 1]
        process = machine.spawn([sys.executable, '-c', ECHO], machine.home,
                                stdout=subprocess.PIPE, bufsize=0)
        self.addCleanup(process.close)
        assert process.stdout is not None
        self.assertEqual(process.stdout.readline(), b'up\n')
        return process

    def send(self, source: int, target: int) -> None:
        """Send one datagram."""
        call(['nsenter', '--target',
              str(self.pool.machines[source - 1].init), '--net',
              sys.executable, '-c',
              'import socket; socket.socket(socket.AF_INET, '
              'socket.SOCK_DGRAM).sendto(b"x", ("%s", 9))' % address(target)])

    def test_one_way_cut(self) -> None:
        """From 1 to 2 nothing passes, from 2 to 1 everything."""
        processes = {number: self.echo(number) for number in (1, 2)}
        self.network.cut({(1, 2)})
        self.send(1, 2)
        self.send(2, 1)
        heard = {number: process.stdout.fileno() for number, process
                 in processes.items() if process.stdout is not None}
        self.assertEqual(select.select([heard[1]], [], [], SEEN_WAIT_S)[0],
                         [heard[1]])
        self.assertEqual(os.read(heard[1], 100),
                         address(2).encode() + b'\n')
        # The one that is dropped was sent before the one that came.
        self.assertEqual(select.select([heard[2]], [], [], 0.1)[0], [])

    def test_loss(self) -> None:
        """About the share asked for is lost: both ways of a ping."""
        self.network.lose(30)
        answered = self.ping(1, 2, 200)
        # 0.7 * 0.7 of 200 is 98; six standard deviations either side.
        self.assertGreater(answered, 56)
        self.assertLess(answered, 140)
        self.network.lose(0)
        self.assertEqual(self.ping(1, 2, 20), 20)

    def test_unplugged(self) -> None:
        """A cable pulled and put back; the node sees no carrier."""
        self.network.unplug(2)
        self.assertEqual(self.matrix(), {(1, 3)})
        carrier = call(['nsenter', '--target',
                        str(self.pool.machines[1].init), '--net', 'ip',
                        'link', 'show', 'eth0']).stdout
        self.assertIn('NO-CARRIER', carrier)
        self.network.plug(2)
        self.comes_to(EVERYBODY)

    def test_links_outlive_a_reboot(self) -> None:
        """A node that boots into a partition is in it."""
        self.network.cut({(1, 2), (2, 1)})
        self.pool.machines[0].halt(self.network)
        self.pool.machines[0].boot(self.network)
        self.comes_to({(1, 3), (2, 3)})
        self.assertEqual(self.matrix(), {(1, 3), (2, 3)})


class KernelTest(unittest.TestCase):
    """What is refused, is refused with a name."""

    def test_errors_are_told(self) -> None:
        """No silent failure of a call without a Python name."""
        with self.assertRaises(OSError):
            kernel.thaw(Path('/proc'))
        with self.assertRaises(OSError):
            kernel.setns(0, kernel.CLONE_NEWNET)


if __name__ == '__main__':
    confined.main()
