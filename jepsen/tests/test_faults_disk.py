"""Every fault of a disk and of what lies on it, done to a pool of stand-ins:
what the daemon and a program on the same disk really see."""
import os
from pathlib import Path

from jepsen.faults import Skipped
from jepsen.node import Node
from jepsen.tests import confined
from jepsen.tests.observe import Writer
from jepsen.tests.pool import HEALTHY_WAIT_S, PoolTest, post


class DiskTest(PoolTest):
    """Faults of disks."""

    def writer(self, node: Node) -> Writer:
        """A program that writes on a node's disk, at work already."""
        found = Writer(node.machine)
        self.addCleanup(found.process.close)
        self.addCleanup(found.process.signal, 9)
        self.soon(lambda: found.since() > 3, found.errors)
        return found

    def sees(self, writer: Writer, outcome: str) -> None:
        """From now on the writer meets nothing but this."""
        mark = writer.since()
        self.soon(lambda: writer.since() > mark + 5)
        self.assertEqual(writer.outcomes(mark), {outcome})

    def ends_itself(self, node: Node) -> None:
        """The daemon meets an error, ends, and is excused."""
        before = len(node.exits)

        def ended() -> bool:
            post(node, 0.2)
            return len(node.exits) > before
        self.soon(ended)
        self.assertEqual(node.exits[-1].code, 1)
        self.assertNotEqual(node.exits[-1].excuse, '')

    def test_disk_full(self) -> None:
        """ENOSPC to a writer and to the daemon, which lives on."""
        node = self.pool.nodes[2]
        writer = self.writer(node)
        with self.holding('disk-full', 2):
            self.sees(writer, 'ENOSPC')
            self.soon(lambda: post(node) == '503 disk full')
        self.sees(writer, 'ok')
        self.soon(lambda: post(node) == 'ok')

    def test_disk_eio_under_the_leader(self) -> None:
        """EIO to a writer; the leader ends itself, and comes back when the
        disk does."""
        leader = self.leader()
        node = self.pool.nodes[leader]
        writer = self.writer(node)
        with self.holding('disk-eio', leader):
            self.sees(writer, 'EIO')
            self.ends_itself(node)
            self.soon(lambda: self.pool.leader() not in (None, leader))
        self.soon(lambda: post(node) == 'ok')

    def test_disk_read_only(self) -> None:
        """EROFS to a writer, the daemon ends itself, a repair heals."""
        node = self.pool.nodes[3]
        writer = self.writer(node)
        with self.holding('disk-readonly', 3):
            self.sees(writer, 'EROFS')
            self.ends_itself(node)
        self.soon(lambda: post(node) == 'ok')

    def test_disk_sync_eio(self) -> None:
        """The daemon alone sees EIO, once; another writer sees nothing."""
        node = self.pool.nodes[1]
        writer = self.writer(node)
        with self.holding('disk-sync-eio', 1):
            self.ends_itself(node)
            self.sees(writer, 'ok')
        self.soon(lambda: post(node) == 'ok')

    def test_disk_sync_eio_detaches(self) -> None:
        """A daemon that did not sync meanwhile goes on untraced."""
        node = self.pool.nodes[1]
        pid = node.pid
        with self.holding('disk-sync-eio', 1):
            pass
        self.assertEqual(post(node), 'ok')
        self.assertEqual(node.pid, pid)

    def test_disk_sync_eio_needs_a_daemon(self) -> None:
        """A daemon that is down cannot be traced, which is said."""
        node = self.pool.nodes[1]
        node.kill()
        with self.assertRaises(Skipped):
            self.fault('disk-sync-eio', 1).start()
        node.start()

    def test_disk_hung(self) -> None:
        """Writers wait for as long as it holds, and then go on."""
        node = self.pool.nodes[2]
        writer = self.writer(node)
        mark = writer.since()
        with self.holding('disk-hung', 2):
            self.assertEqual(post(node, 0.5), 'TimeoutError')
        self.soon(lambda: writer.longest_ms(mark) > 400 and
                  writer.since() > mark + 5)
        self.assertEqual(writer.outcomes(mark), {'ok'})
        self.soon(lambda: post(node) == 'ok')

    def test_disk_slow(self) -> None:
        """A sync takes tens of milliseconds, and nothing fails."""
        node = self.pool.nodes[2]
        writer = self.writer(node)
        with self.holding('disk-slow', 2):
            mark = writer.since()
            self.soon(lambda: writer.since() > mark + 10)
        took = sorted(ms for _, ms in writer.lines[mark:])
        self.assertGreater(took[len(took) // 2], 50)
        self.assertEqual(writer.outcomes(mark), {'ok'})
        mark = writer.since()
        self.soon(lambda: writer.since() > mark + 10)
        self.assertLess(min(ms for _, ms in writer.lines[mark + 1:]), 50)

    def leave_files(self, node: Node) -> Path:
        """One file that was synced and one that was not."""
        folder = node.machine.inside(node.machine.mount_point)
        for name, sync in (('synced', True), ('unsynced', False)):
            (folder / name).unlink(missing_ok=True)
            with open(folder / name, 'wb') as file:
                file.write(b'x' * 5000)
                file.flush()
                if sync:
                    os.fsync(file.fileno())
        return folder

    def kept_files(self, node: Node) -> tuple[bool, bool]:
        """Whether each of them has its bytes still."""
        folder = node.machine.inside(node.machine.mount_point)

        def is_kept(path: Path) -> bool:
            return path.exists() and path.read_bytes() == b'x' * 5000
        return is_kept(folder / 'synced'), is_kept(folder / 'unsynced')

    def test_power(self) -> None:
        """Off at once; what was synced is kept, what was not is gone."""
        node = self.pool.nodes[2]
        self.leave_files(node)
        with self.holding('power', 2):
            self.assertFalse(node.machine.running)
            self.assertEqual(node.pid, 0)
        self.assertEqual(self.kept_files(node), (True, False))
        self.soon(lambda: post(node) == 'ok')

    def test_power_all(self) -> None:
        """The same for the whole pool."""
        nodes = list(self.pool.nodes.values())
        for node in nodes:
            self.leave_files(node)
        with self.holding('power-all', 1, 2, 3):
            pass
        for node in nodes:
            self.assertEqual(self.kept_files(node), (True, False))
        self.assertTrue(self.pool.wait_healthy(10, HEALTHY_WAIT_S))

    def contents(self, node: Node) -> dict[str, bytes]:
        """All files of a data directory."""
        folder = node.machine.inside(node.paths.data)
        return {str(path.relative_to(folder)): path.read_bytes()
                for path in folder.rglob('*') if path.is_file()}

    def test_wipe(self) -> None:
        """The daemon comes back to nothing, and begins anew."""
        node = self.pool.nodes[3]
        told = self.new_log(node)
        with self.holding('wipe', 3):
            self.assertEqual(node.pid, 0)
            self.assertEqual(
                os.listdir(node.machine.inside(node.paths.data)), [])
        self.soon(lambda: 'store formatted' in told())
        self.soon(lambda: post(node) == 'ok')

    def test_bit_flip(self) -> None:
        """One bit of one file differs, and the daemon finds it."""
        node = self.pool.nodes[2]
        self.assertEqual(post(node), 'ok')
        told = self.new_log(node)
        node.kill()
        before = self.contents(node)
        with self.holding('bitflip', 2):
            after = self.contents(node)
            self.assertEqual(before.keys(), after.keys())
            turned = [(a ^ b).bit_count() for name in before
                      for a, b in zip(before[name], after[name]) if a != b]
            self.assertEqual(turned, [1])
        self.soon(lambda: post(node) == 'ok')
        self.assertIn('rotted', told())


if __name__ == '__main__':
    confined.main()
