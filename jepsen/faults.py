"""Faults of processes and of the network.

A fault is made for nodes already chosen, starts, holds, and stops. Stopping
undoes it as the world would: the daemon is started again, the cable put back.
"""
import random
from abc import ABC, abstractmethod
from typing import ClassVar

from jepsen.cluster import Cluster
from jepsen.network import Link
from jepsen.node import Node

ONE, ALL = 'one', 'all'        # Whom a fault strikes.
LOSS_PERCENTS = (10, 30, 60)


class Skipped(Exception):
    """The fault cannot be done now; says why."""


class Fault(ABC):
    """One injection of one kind of fault."""

    name: ClassVar[str]
    strikes: ClassVar[str] = ONE
    network: ClassVar[bool] = False   # Of the links, not of a node.
    ends_daemon: ClassVar[bool] = False  # A daemon may end itself over it.
    destroys: ClassVar[bool] = False  # Acknowledged data of a node is gone.

    def __init__(self, cluster: Cluster, nodes: list[Node],
                 rng: random.Random) -> None:
        self.cluster = cluster
        self.nodes = nodes
        self.rng = rng

    @abstractmethod
    def start(self) -> None:
        """Inject. May raise Skipped before anything has changed."""

    @abstractmethod
    def stop(self) -> None:
        """Heal."""

    def detail(self) -> dict[str, object]:
        """What else the history shall say of it."""
        return {}


class Kill(Fault):
    """kill -9 of the daemon; what the kernel holds is kept."""
    name = 'kill'

    def start(self) -> None:
        for node in self.nodes:
            node.kill()

    def stop(self) -> None:
        for node in self.nodes:
            node.start()


class KillAll(Kill):
    """kill -9 of every daemon at once."""
    name = 'kill-all'
    strikes = ALL


class Pause(Fault):
    """SIGSTOP, later SIGCONT: silent, then back from the past."""
    name = 'pause'

    def start(self) -> None:
        for node in self.nodes:
            node.pause()

    def stop(self) -> None:
        for node in self.nodes:
            node.resume()


class LinkDown(Fault):
    """The node's cable is pulled; clients cannot reach it either."""
    name = 'link-down'

    def start(self) -> None:
        for node in self.nodes:
            self.cluster.network.unplug(node.number)

    def stop(self) -> None:
        for node in self.nodes:
            self.cluster.network.plug(node.number)


class NetworkFault(Fault):
    """Directed links between nodes that drop everything."""
    network = True

    def start(self) -> None:
        self.links = self.shape(self.nodes[0].number,
                                sorted(self.cluster.nodes))
        self.cluster.network.cut(self.links)

    def stop(self) -> None:
        self.cluster.network.cut(())

    @abstractmethod
    def shape(self, target: int, all_nodes: list[int]) -> set[Link]:
        """The links to cut, given the node that was chosen."""

    def detail(self) -> dict[str, object]:
        return {'cut': ['%d>%d' % link for link in sorted(self.links)]}


def both_ways(some: list[int], others: list[int]) -> set[Link]:
    """Every link between two groups of nodes."""
    return {link for a in some for b in others for link in ((a, b), (b, a))}


class PartitionOne(NetworkFault):
    """One node alone, both ways."""
    name = 'partition-one'

    def shape(self, target: int, all_nodes: list[int]) -> set[Link]:
        return both_ways([target], [n for n in all_nodes if n != target])


class PartitionHalves(NetworkFault):
    """A minority with the chosen node in it, and a majority."""
    name = 'partition-halves'

    def shape(self, target: int, all_nodes: list[int]) -> set[Link]:
        others = [n for n in all_nodes if n != target]
        self.rng.shuffle(others)
        more = (len(all_nodes) - 1) // 2 - 1
        return both_ways([target] + others[:more], others[more:])


class PartitionOneWay(NetworkFault):
    """The chosen node is mute (nobody hears it) or deaf (it hears nobody)."""
    name = 'partition-oneway'

    def shape(self, target: int, all_nodes: list[int]) -> set[Link]:
        others = [n for n in all_nodes if n != target]
        if self.rng.random() < 0.5:
            return {(target, other) for other in others}
        return {(other, target) for other in others}


class PartitionBridge(NetworkFault):
    """Two halves that see each other only through one node.

    The chosen node is in one of the halves, so that a leader loses some of
    its followers while those still reach the rest.
    """
    name = 'partition-bridge'

    def shape(self, target: int, all_nodes: list[int]) -> set[Link]:
        others = [n for n in all_nodes if n != target]
        self.rng.shuffle(others)
        half = len(others) // 2  # others[0] is the bridge.
        return both_ways([target] + others[1:half], others[half:])


class PartitionRing(NetworkFault):
    """Every node sees a majority, no two nodes see the same one.

    Of three nodes every majority ring is whole, so there the links of one
    direction of the circle are cut instead.
    """
    name = 'partition-ring'

    def shape(self, target: int, all_nodes: list[int]) -> set[Link]:
        circle = list(all_nodes)
        self.rng.shuffle(circle)
        n = len(circle)
        if n == 3:
            return {(circle[(i + 1) % n], circle[i]) for i in range(n)}
        reach = (n // 2 + 1) // 2  # Neighbours on each side.
        return {(a, b) for i, a in enumerate(circle)
                for j, b in enumerate(circle)
                if min((i - j) % n, (j - i) % n) > reach}


class Loss(Fault):
    """A share of all packets between nodes is lost."""
    name = 'loss'
    network = True

    def start(self) -> None:
        self.percent = self.rng.choice(LOSS_PERCENTS)
        self.cluster.network.lose(self.percent)

    def stop(self) -> None:
        self.cluster.network.lose(0)

    def detail(self) -> dict[str, object]:
        return {'percent': self.percent}


FAULTS: tuple[type[Fault], ...] = (
    Kill, KillAll, Pause, LinkDown, PartitionOne, PartitionHalves,
    PartitionOneWay, PartitionBridge, PartitionRing, Loss)
