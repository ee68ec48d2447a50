#!/usr/bin/env python3
"""Nodes whose machine misbehaves: its clock, its memory, its disk, its time.

    tests/system/test_machine.py BIN    BIN: the folder of the programs

Faults at random, and their judge, are in jepsen/; here each stands alone. The
full disk wants root for a mount; clocks jump by libfaketime.
"""
import contextlib
import json
import os
import resource
import signal
import socket
import subprocess
import time
import unittest
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import scene
from scene import WAIT_S, StandingScene, page, until
from local_pool import Node, PoolError
from ports import BLOCK, Ports


PAUSE_S = 30.0          # Beyond NODE_LEASE_MS, node/session/duties.h.
DISK_MIB = 24           # Room for a log segment or two, and the store.
FAKETIME = '/usr/lib/%s/faketime/libfaketimeMT.so.1'


def memory_of(pid: int) -> int:
    """Bytes of address space."""
    pages = int(Path('/proc/%d/statm' % pid).read_text().split()[0])
    return pages * resource.getpagesize()


def without_sanitizer(test: unittest.TestCase, node: Node, why: str) -> None:
    """Skip under a sanitizer: they live in terabytes of address space."""
    if memory_of(node.pid() or 0) > 1 << 40:
        test.skipTest(why)


class PortsOfTests(unittest.TestCase):
    """The blocks that pools of tests take."""

    def test_nobody_takes_what_another_has(self) -> None:
        """Though nothing listens there: a node may be down for a while."""
        first = Ports()
        self.addCleanup(first.close)
        second = Ports()
        second.close()
        self.assertGreaterEqual(abs(second.base - first.base), BLOCK)

    def test_nobody_takes_where_something_listens(self) -> None:
        """Under a lock or not, of a test or of anything else."""
        ports = Ports()
        ports.close()
        with socket.create_server(('127.0.0.1', ports.base + BLOCK - 1)):
            other = Ports()
            other.close()
        self.assertNotEqual(other.base, ports.base)


class Machine(StandingScene):
    """One node's machine, and a pool that goes on."""

    def posts(self, nodes: list[Node], name: str, count: int) -> list[str]:
        """Post by whichever node serves; what was said."""
        texts = ['%s %d' % (name, i) for i in range(count)]
        poster = self.perch('tomas', nodes, 'post', self.room, '--lines',
                            stdin=subprocess.PIPE)
        poster.communicate('\n'.join(texts) + '\n', timeout=WAIT_S)
        self.assertEqual(poster.returncode, 0)
        return texts

    def follower(self) -> Node:
        """A node that does not lead."""
        return self.pool.node(1 + self.leader.number % 3)

    def others(self, node: Node) -> list[Node]:
        """All but one."""
        return [each for each in self.pool.nodes()
                if each.number != node.number]

    def assert_history(self, texts: list[str]) -> None:
        """Every node tells the same, and its end is this."""
        self.serve()
        self.assert_same_state()
        for node in self.pool.nodes():
            self.assertEqual(self.history(node)[-len(texts):], texts)


class Pause(Machine):
    """A machine that stands still."""

    def test_a_follower_that_slept_catches_up(self) -> None:
        """Its sessions were closed meanwhile; its clients come back by
        themselves, and it votes as before."""
        node = self.follower()
        members = self.assert_voters()
        follow = self.perch('ingrid', [node, self.leader], 'follow', self.room,
                            '--count', '200')
        assert follow.stdout is not None
        self.assertTrue(any('"joined"' in line for line in follow.stdout))
        node.signal(signal.SIGSTOP)
        begun = time.monotonic()
        texts = self.posts(self.others(node), 'asleep', 199)
        time.sleep(max(0.0, begun + PAUSE_S - time.monotonic()))
        self.assertEqual(self.leader.status().role, 'leader')
        node.signal(signal.SIGCONT)
        until(node.is_ready, 'it serves again')
        texts += self.posts([node], 'awake', 1)
        heard, _ = follow.communicate(timeout=WAIT_S)
        self.assertEqual(scene.texts(heard.splitlines()), texts)
        self.assert_history(texts)
        self.assertEqual(self.assert_voters(), members)


class Clock(Machine):
    """A clock that is set."""

    def setUp(self) -> None:
        super().setUp()
        arch = os.uname().machine + '-linux-gnu'
        self.library = FAKETIME % arch
        if not Path(self.library).is_file():
            self.skipTest('libfaketime is not installed')
        without_sanitizer(self, self.leader,
                          'sanitizers want to be loaded first')

    def test_jumps_of_the_leader_change_nothing(self) -> None:
        """Forth and back by days: nobody is lost, nothing times out, and
        times of messages never run backwards."""
        node = self.leader
        offset = self.pool.folder / 'offset'
        offset.write_text('+0\n')
        node.stop()
        with mock.patch.dict(os.environ, {
                'LD_PRELOAD': self.library, 'FAKETIME_NO_CACHE': '1',
                'FAKETIME_TIMESTAMP_FILE': str(offset),
                'FAKETIME_DONT_FAKE_MONOTONIC': '1'}):
            node.start()
        self.serve()
        self.pool.await_ready().perchctl('nodes', 'transfer', '--to',
                                         str(node.number))
        until(lambda: node.status().role == 'leader', 'it leads')
        inside = self.phone(node, 'ingrid')
        term = node.status().term
        for i, jump in enumerate(('+3d', '-3d', '+0', '+300d', '-1h')):
            offset.write_text(jump + '\n')
            time.sleep(0.3)
            self.assertEqual(inside.post(self.room, 'jump %d' % i).status,
                             200)
        status = node.status()
        self.assertEqual((status.role, status.term), ('leader', term))
        process = self.perch('watcher', [node], 'history', self.room)
        said, _ = process.communicate(timeout=WAIT_S)
        times = [json.loads(line)['sent_at'] for line in said.splitlines()]
        self.assertEqual(times, sorted(times))
        self.assertEqual(len(times), 5)
        node.stop()
        self.assert_history(['jump %d' % i for i in range(5)])


class Memory(Machine):
    """A machine whose memory is out."""

    def test_a_node_without_memory_harms_nobody(self) -> None:
        """It may end; the pool goes on, and it comes back."""
        node = self.follower()
        without_sanitizer(self, node, 'sanitizers take what they want')
        pid = node.pid() or 0
        before = resource.prlimit(pid, resource.RLIMIT_AS)
        resource.prlimit(pid, resource.RLIMIT_AS, (memory_of(pid), before[1]))
        crowd = [self.half_a_message(node) for _ in range(20)]
        texts = self.posts(self.others(node), 'x' * 4000, 300)
        for each in crowd:
            each.close()
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_AS, before)
        self.assert_history(texts)

    def half_a_message(self, node: Node) -> socket.socket:
        """A stranger who says that much."""
        host, _, port = node.sip_tcp.rpartition(':')
        stranger = socket.create_connection((host, int(port)), WAIT_S)
        with contextlib.suppress(OSError):
            stranger.sendall(b'OPTIONS sip:x SIP/2.0\r\nContent-Length: '
                             b'64000\r\n\r\n' + b'x' * 60000)
        return stranger


class Disk(Machine):
    """A disk without room."""

    @contextlib.contextmanager
    def small_disk(self, node: Node) -> Iterator[None]:
        """The node's data on a file system of its own."""
        image = self.pool.folder / 'disk.img'
        with open(image, 'wb') as file:
            file.truncate(DISK_MIB << 20)
        subprocess.run(['mkfs.ext4', '-q', '-m', '0', str(image)], check=True)
        kept = node.data.rename(node.data.with_name('kept'))
        node.data.mkdir()
        subprocess.run(['mount', '-o', 'loop', str(image), str(node.data)],
                       check=True)
        try:
            subprocess.run(['cp', '-a', '%s/.' % kept, str(node.data)],
                           check=True)
            yield
        finally:
            if node.pid() is not None:
                node.kill()
            # Lazily: a node that was killed may not have let go yet.
            subprocess.run(['umount', '--lazy', str(node.data)], check=True)

    def test_a_full_disk_refuses_and_recovers(self) -> None:
        """The node says so and takes no posts; what others take is kept; it
        comes back by itself, or by its supervisor, when there is room."""
        if os.geteuid() != 0:
            self.skipTest('mounting wants root')
        node = self.leader
        node.stop()
        with self.small_disk(node):
            self.fill_and_free(node)

    def fill_and_free(self, node: Node) -> None:
        """The walk, on a mounted disk."""
        node.start()
        self.serve()
        filler = node.data / 'filler'
        subprocess.run(['dd', 'if=/dev/zero', 'of=%s' % filler, 'bs=64k'],
                       stderr=subprocess.DEVNULL, check=False)
        until(lambda: 'disk_low' in self.journal(node) or node.pid() is None,
              'the node says so')
        if node.pid() is not None:
            self.assertIn('not ready', page(node, '/readyz'))
        texts = self.posts(self.others(node) + [node], 'y' * 2000, 400)
        filler.unlink()
        until(lambda: self.revive(node), 'the node serves again')
        texts += self.posts([node], 'room again', 1)
        self.assert_history(texts)

    def revive(self, node: Node) -> bool:
        """As a supervisor does."""
        with contextlib.suppress(PoolError):
            if node.pid() is None:
                node.start()
        return node.is_ready()


if __name__ == '__main__':
    scene.main()
