"""The network between the nodes: a bridge, a cable per node, and what is cut.

Lives in the control process's own network namespace:

    control 10.77.0.254 --- bridge --- cable n1 --- eth0 10.77.0.1 of node 1
                                  `--- cable n2 --- eth0 10.77.0.2 of node 2

A partition is a set of directed links (from, to) between nodes that drop
everything; it is enforced by the receiver, one ruleset per node replaced as a
whole, so each node sees each change at one instant. The load client on the
control side always reaches every node: what it is told under a partition is
what the test is about.
"""
import threading
from collections.abc import Iterable

from jepsen.command import call

BRIDGE = 'perch'
CONTROL_HOST = 254
TABLE = 'perch_jepsen'

Link = tuple[int, int]  # From node, to node.


def address(host: int) -> str:
    """The address of a node, or of CONTROL_HOST."""
    return '10.77.0.%d' % host


def ruleset(blocked: Iterable[int], lossy: Iterable[int],
            loss_percent: int) -> str:
    """What nft is to do in one node: an atomic replacement of our table.

    @blocked  Nodes nothing is taken from.
    @lossy    Nodes of whose packets loss_percent of 100 are dropped.
    """
    lines = ['table inet %s' % TABLE, 'delete table inet %s' % TABLE,
             'table inet %s {' % TABLE, ' chain input {',
             '  type filter hook input priority 0; policy accept;']
    for node in sorted(blocked):
        lines.append('  ip saddr %s counter drop' % address(node))
    if loss_percent > 0:
        for node in sorted(lossy):
            lines.append('  ip saddr %s numgen random mod 100 < %d counter '
                         'drop' % (address(node), loss_percent))
    return '\n'.join(lines + [' }', '}', ''])


class Network:
    """The bridge and the state of every link.

    Thread: any; a lock keeps a partition and a booting node apart.
    """

    def __init__(self, nodes: int) -> None:
        self._nodes = range(1, nodes + 1)
        self._inits: dict[int, int] = {}  # Node -> pid that holds its network.
        self._blocked: set[Link] = set()
        self._loss_percent = 0
        self._unplugged: set[int] = set()
        self._lock = threading.RLock()
        call(['ip', 'link', 'set', 'lo', 'up'])
        call(['ip', 'link', 'add', BRIDGE, 'type', 'bridge',
              'forward_delay', '0'])
        call(['ip', 'address', 'add', address(CONTROL_HOST) + '/24',
              'dev', BRIDGE])
        call(['ip', 'link', 'set', BRIDGE, 'up'])

    def close(self) -> None:
        """Take the bridge away; cables went with their nodes."""
        call(['ip', 'link', 'delete', BRIDGE])

    def attach(self, node: int, init: int) -> None:
        """Lay the cable to a node that booted; links keep their state.

        @init  Pid of the node's first process, in whose network namespace
               the cable ends. It goes away with that namespace.
        """
        with self._lock:
            cable = 'n%d' % node
            # The same card after a reboot, or others would look for the old
            # one until their memory of it has aged.
            card = '02:00:00:00:00:%02x' % node
            call(['ip', 'link', 'add', cable, 'type', 'veth', 'peer', 'name',
                  'eth0', 'address', card, 'netns', str(init)])
            call(['ip', 'link', 'set', cable, 'master', BRIDGE])
            self._inits[node] = init
            self._inside(node, ['ip', 'address', 'add', address(node) + '/24',
                                'dev', 'eth0'])
            self._inside(node, ['ip', 'link', 'set', 'eth0', 'up'])
            self._apply(node)
            if node not in self._unplugged:
                call(['ip', 'link', 'set', cable, 'up'])

    def detach(self, node: int) -> None:
        """Forget a node that halts, before its namespaces go."""
        with self._lock:
            if self._inits.pop(node, None) is not None:
                # Gone already when the node's init died by itself.
                call(['ip', 'link', 'delete', 'n%d' % node], accept=(0, 1))

    def cut(self, links: Iterable[Link]) -> None:
        """Let these directed links drop everything, and all others pass."""
        with self._lock:
            self._blocked = set(links)
            self._apply_all()

    def lose(self, percent: int) -> None:
        """Drop this share of the packets between nodes, at random."""
        with self._lock:
            self._loss_percent = percent
            self._apply_all()

    def unplug(self, node: int) -> None:
        """Pull a node's cable: its link is down at both ends."""
        with self._lock:
            self._unplugged.add(node)
            if node in self._inits:
                call(['ip', 'link', 'set', 'n%d' % node, 'down'])

    def plug(self, node: int) -> None:
        """Put a node's cable back."""
        with self._lock:
            self._unplugged.discard(node)
            if node in self._inits:
                call(['ip', 'link', 'set', 'n%d' % node, 'up'])

    def heal(self) -> None:
        """Let everything pass everywhere."""
        self.cut(())
        self.lose(0)
        for node in self._nodes:
            self.plug(node)

    def _inside(self, node: int, argv: list[str], stdin: str = '') -> None:
        call(['nsenter', '--target', str(self._inits[node]), '--net', '--'] +
             argv, stdin=stdin)

    def _apply(self, node: int) -> None:
        others = [other for other in self._nodes if other != node]
        blocked = [other for other in others if (other, node) in self._blocked]
        self._inside(node, ['nft', '-f', '-'],
                     stdin=ruleset(blocked, others, self._loss_percent))

    def _apply_all(self) -> None:
        for node in list(self._inits):
            self._apply(node)
