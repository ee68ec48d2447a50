"""Every fault of processes and of the network, done to a pool of stand-ins:
what is really seen while the fault holds, and that all is well afterwards."""
import os
import random
import signal
import unittest
from pathlib import Path
from typing import cast
from unittest import mock

from jepsen import nemesis
from jepsen.cluster import Cluster
from jepsen.command import call
from jepsen.faults import NetworkFault
from jepsen.nemesis import KINDS
from jepsen.network import address
from jepsen.tests import confined
from jepsen.tests.pool import HEALTHY_WAIT_S, PoolTest, post


class ProcessTest(PoolTest):
    """Faults of daemons."""

    def test_kill(self) -> None:
        """The daemon is gone and stays down, another leads, posts go on."""
        leader = self.leader()
        node = self.pool.nodes[leader]
        ends = len(node.exits)
        with self.holding('kill', leader):
            self.assertEqual(node.pid, 0)
            self.soon(lambda: self.pool.leader() not in (None, leader))
            other = self.pool.nodes[leader % 3 + 1]
            self.soon(lambda: post(other) == 'ok')
            self.assertEqual(node.pid, 0)
            self.assertEqual(post(node), 'ConnectionRefusedError')
        self.soon(lambda: post(node) == 'ok')
        self.assertEqual(len(node.exits), ends)

    def test_kill_all(self) -> None:
        """Nobody answers; afterwards what was posted is there."""
        before = max(each.applied_index
                     for each in self.pool.statuses().values())
        with self.holding('kill-all', 1, 2, 3):
            self.assertEqual(self.pool.statuses(), {})
        self.assertTrue(self.pool.wait_healthy(10, HEALTHY_WAIT_S))
        self.assertGreaterEqual(
            min(each.applied_index
                for each in self.pool.statuses().values()), before)

    def test_pause(self) -> None:
        """The daemon is stopped, not ended, and its lead passes on."""
        leader = self.leader()
        node = self.pool.nodes[leader]
        pid = node.pid
        with self.holding('pause', leader):
            self.soon(lambda: self.state_of(node) == 'T')
            self.assertNotIn(leader, self.pool.statuses())
            self.soon(lambda: self.pool.leader() not in (None, leader))
        self.soon(lambda: post(node) == 'ok')
        self.assertEqual(node.pid, pid)


class ExcuseTest(PoolTest):
    """What is held against a daemon that ends."""

    def ends_by(self, number: int, excuse_s: float) -> tuple[int, str]:
        """Have a daemon ended by a signal while it is excused for so long;
        code and excuse as written down."""
        node = self.pool.nodes[2]
        node.excuse('disk-eio', excuse_s)
        before = len(node.exits)
        os.kill(node.pid, number)
        self.soon(lambda: len(node.exits) > before)
        node.excuse('', 0.0)
        self.soon(lambda: post(node) == 'ok')
        return node.exits[-1].code, node.exits[-1].excuse

    def test_excuses(self) -> None:
        """A fault of the disk excuses an end that was chosen, as long as it
        holds and shortly after; a crash is never excused."""
        with mock.patch('jepsen.node.RESTART_WAIT_S', 0.1):
            self.assertEqual(self.ends_by(signal.SIGTERM, 60.0),
                             (0, 'disk-eio'))
            self.assertEqual(self.ends_by(signal.SIGTERM, 0.0), (0, ''))
            self.assertEqual(self.ends_by(signal.SIGABRT, 60.0),
                             (-signal.SIGABRT, ''))


class NetworkTest(PoolTest):
    """Faults of links."""

    def blocked(self) -> set[tuple[int, int]]:
        """Links (from, to) that the nodes' rules drop."""
        found = set()
        for number, node in self.pool.nodes.items():
            rules = call(['nsenter', '--target', str(node.machine.init),
                          '--net', 'nft', 'list', 'ruleset']).stdout
            for other in self.pool.nodes:
                if 'saddr %s counter' % address(other) in rules:
                    found.add((other, number))
        return found

    def test_partition_of_the_leader(self) -> None:
        """The leader alone refuses, the others go on under another."""
        leader = self.leader()
        with self.holding('partition-one', leader):
            others = [number for number in self.pool.nodes if number != leader]
            self.assertEqual(self.blocked(), {
                link for other in others
                for link in ((leader, other), (other, leader))})
            self.soon(lambda: post(self.pool.nodes[leader]) == '503 no leader')
            self.soon(lambda: post(self.pool.nodes[others[0]]) == 'ok')
        self.assertEqual(self.blocked(), set())
        self.soon(lambda: post(self.pool.nodes[leader]) == 'ok')

    def test_one_way_partition(self) -> None:
        """Mute or deaf, by the seed; either way the node is out."""
        leader = self.leader()
        shapes = set()
        for seed in range(8):
            with self.holding('partition-oneway', leader, seed=seed):
                shapes.add(frozenset(self.blocked()))
                self.soon(lambda: post(self.pool.nodes[leader]) ==
                          '503 no leader')
            if len(shapes) == 2:
                break
        others = [number for number in self.pool.nodes if number != leader]
        self.assertEqual(shapes, {
            frozenset((leader, other) for other in others),
            frozenset((other, leader) for other in others)})

    def test_bridge_ring_and_halves(self) -> None:
        """The links of each shape are dropped, and restored."""
        for name, links in (('partition-bridge', 2), ('partition-ring', 3),
                            ('partition-halves', 4)):
            with self.holding(name, 1):
                self.assertEqual(len(self.blocked()), links, name)
            self.assertEqual(self.blocked(), set(), name)

    def lost(self) -> int:
        """Packets that node 1's rules have dropped by chance."""
        rules = call(['nsenter', '--target',
                      str(self.pool.nodes[1].machine.init), '--net', 'nft',
                      'list', 'ruleset']).stdout
        return sum(int(line.split('packets ')[1].split()[0])
                   for line in rules.splitlines() if 'numgen' in line)

    def test_loss(self) -> None:
        """Packets between nodes are dropped and counted."""
        with self.holding('loss', 1):
            self.soon(lambda: self.lost() > 3)
        self.assertEqual(self.lost(), 0)

    def test_link_down(self) -> None:
        """Neither nodes nor clients reach it; then all is back."""
        with self.holding('link-down', 2):
            self.assertIn(post(self.pool.nodes[2], 0.3),
                          ('TimeoutError', 'OSError'))
            self.soon(lambda: post(self.pool.nodes[1]) == 'ok')
        self.soon(lambda: post(self.pool.nodes[2], 0.3) == 'ok')


class ShapeTest(unittest.TestCase):
    """The links each partition cuts, in pools of three to seven nodes."""

    def sees(self, name: str, nodes: int,
             seed: int) -> dict[int, frozenset[int]]:
        """Whom each node hears, itself too, under a partition of node 1."""
        fault = KINDS[name](cast(Cluster, None), [], random.Random(seed))
        assert isinstance(fault, NetworkFault)
        everybody = list(range(1, nodes + 1))
        cut = fault.shape(1, everybody)
        return {a: frozenset(b for b in everybody
                             if a == b or (b, a) not in cut)
                for a in everybody}

    def test_one(self) -> None:
        """Node 1 hears itself, all others hear all others."""
        for nodes in (3, 5):
            seen = self.sees('partition-one', nodes, 1)
            self.assertEqual(seen.pop(1), {1})
            self.assertEqual(set(seen.values()),
                             {frozenset(range(2, nodes + 1))})

    def test_halves(self) -> None:
        """Node 1 is in the largest possible minority."""
        for nodes, minority in ((3, 1), (4, 1), (5, 2), (7, 3)):
            seen = self.sees('partition-halves', nodes, 1)
            self.assertEqual(len(set(seen.values())), 2)
            self.assertEqual(len(seen[1]), minority)

    def test_bridge(self) -> None:
        """One node hears all; the others hear their half and the bridge."""
        for nodes in (3, 5, 7):
            seen = self.sees('partition-bridge', nodes, 1)
            whole = frozenset(range(1, nodes + 1))
            bridges = [node for node, heard in seen.items()
                       if heard == whole]
            self.assertEqual(len(bridges), 1)
            self.assertNotIn(1, bridges)
            halves = {heard for heard in seen.values() if heard != whole}
            self.assertEqual(len(halves), 2)
            for half in halves:
                self.assertIn(bridges[0], half)

    def test_ring(self) -> None:
        """Every node hears a majority, or of three nodes one other, and no
        two hear the same."""
        for nodes, heard in ((3, 2), (5, 3), (7, 5)):
            seen = self.sees('partition-ring', nodes, 1)
            self.assertEqual({len(each) for each in seen.values()}, {heard})
            self.assertEqual(len(set(seen.values())), nodes)


class CoverageTest(unittest.TestCase):
    """No fault without its test."""

    def test_every_kind_is_started(self) -> None:
        """A new fault fails here until its effect is shown."""
        here = Path(__file__)
        text = ''.join(path.read_text(encoding='utf-8') for path in (
            here, here.with_name('test_faults_disk.py')))
        self.assertEqual([name for name in nemesis.KINDS
                          if "'%s'" % name not in text], [])


if __name__ == '__main__':
    confined.main()
