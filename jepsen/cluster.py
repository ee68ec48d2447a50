"""The pool under test: a network, N nodes, and what is asked of them.

Use as a context: leaving it, by whatever way, ends every process, mount,
loop device and network it made (confine.py covers what a kill leaves).
"""
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from jepsen import contract
from jepsen.command import HarnessError, call
from jepsen.contract import Programs, StateHash, Status
from jepsen.machine import Machine
from jepsen.network import Network
from jepsen.node import Node

# A paused node does not answer at all; one that is well, on a machine that is
# busy, starts a tool first.
STATUS_WAIT_S = 5.0
HASH_WAIT_S = 10.0
COMMAND_WAIT_S = 10.0
ADMIN_RETRY_S = 0.2

Answer = TypeVar('Answer')


class Cluster:
    """Nodes 1..n, their machines and the network between them."""

    def __init__(self, nodes: int, folder: Path, logs: Path,
                 programs: Programs, disk_mib: int) -> None:
        self.programs = programs
        certificates = folder / 'tls'
        certificates.mkdir(parents=True)
        call(contract.make_certificates(certificates, nodes))
        self.network = Network(nodes)
        self.nodes = {number: self._make_node(number, nodes, folder, logs,
                                              certificates, disk_mib)
                      for number in range(1, nodes + 1)}

    def _make_node(self, number: int, nodes: int, folder: Path, logs: Path,
                   certificates: Path, disk_mib: int) -> Node:
        home = folder / ('n%d' % number)
        machine = Machine(number, home, disk_mib)
        node = Node(number, home, logs / ('n%d' % number), self.programs,
                    machine, certificates)
        text = contract.config_text(number, nodes, node.paths)
        node.paths.config.write_text(text, encoding='utf-8')
        return node

    def start(self) -> None:
        """Boot every machine, found the pool, start every daemon."""
        for node in self.nodes.values():
            node.machine.boot(self.network)
        for node in self.nodes.values():
            node.found()
        for node in self.nodes.values():
            node.start()

    def shut_down(self) -> None:
        """Switch every machine off, whatever state it is in."""
        for node in self.nodes.values():
            if node.machine.running:
                self._thaw_if_frozen(node)
            node.halt(self.network)
        self.network.close()

    @staticmethod
    def _thaw_if_frozen(node: Node) -> None:
        try:
            node.machine.thaw_disk()
        except OSError:
            pass  # It was not frozen.

    def statuses(self) -> dict[int, Status]:
        """What the nodes that answer say of themselves, asked at once."""
        def ask(node: Node) -> Status:
            return contract.parse_status(call(
                self.programs.status(node.paths),
                wait_s=STATUS_WAIT_S).stdout)
        return self._ask_all(ask)

    def state_hashes(self) -> dict[int, StateHash]:
        """Digest and position of the state of the nodes that answer."""
        def ask(node: Node) -> StateHash:
            return contract.parse_state_hash(call(
                self.programs.status(node.paths),
                wait_s=HASH_WAIT_S).stdout)
        return self._ask_all(ask)

    def _ask_all(self, ask: Callable[[Node], Answer]) -> dict[int, Answer]:
        def try_ask(node: Node) -> Answer | None:
            try:
                return ask(node)
            except HarnessError:
                return None  # Down, paused, or not yet listening.
        with ThreadPoolExecutor(len(self.nodes)) as pool:
            answers = pool.map(try_ask, self.nodes.values())
            return {number: answer for number, answer
                    in zip(self.nodes, answers) if answer is not None}

    def leader(self) -> int | None:
        """The leader of the highest term among those that say they lead."""
        leaders = [(status.term, number) for number, status
                   in self.statuses().items() if status.role == 'leader']
        return max(leaders)[1] if leaders else None

    def healthy(self, lag_max: int) -> bool:
        """Whether every node votes under one leader, at most lag_max behind."""
        statuses = self.statuses()
        if len(statuses) < len(self.nodes):
            return False
        indexes = [each.applied_index for each in statuses.values()]
        leaders = {each.leader for each in statuses.values()}
        return (len(leaders) == 1 and 0 not in leaders and
                max(indexes) - min(indexes) <= lag_max and
                all(each.voter for each in statuses.values()))

    def wait_healthy(self, lag_max: int, wait_s: float) -> bool:
        """Wait until healthy; False when the time runs out."""
        deadline = time.monotonic() + wait_s
        while not self.healthy(lag_max):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True

    def administer(self, make: Callable[[contract.Paths], list[str]],
                   wait_s: float, stdin: str = '') -> str:
        """Run a perchctl command at some node, trying again until wait_s."""
        deadline = time.monotonic() + wait_s
        for node in self._round_robin():
            try:
                return call(make(node.paths), stdin, COMMAND_WAIT_S).stdout
            except HarnessError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(ADMIN_RETRY_S)
        raise AssertionError('the round of nodes does not end')

    def _round_robin(self) -> Iterator[Node]:
        while True:
            yield from self.nodes.values()


@contextmanager
def cluster(nodes: int, folder: Path, logs: Path, programs: Programs,
            disk_mib: int = contract.DISK_MIB) -> Iterator[Cluster]:
    """A pool for the length of a with block; started by its start()."""
    made = Cluster(nodes, folder, logs, programs, disk_mib)
    try:
        yield made
    finally:
        made.shut_down()
