"""What must never happen, whatever the load: ends nobody ordered, cores,
sanitizers' reports, broken invariants, replicas that differ."""
import threading
import time
from collections import defaultdict
from pathlib import Path

from jepsen.cluster import Cluster
from jepsen.contract import CHECK_FAILED, SANITIZER_MARKS, StateHash
from jepsen.history import INFO, NEMESIS, Event, Recorder
from jepsen.node import Exit, Node

SUPERVISE_S = 0.05
HASH_TRIES_S = 0.2
HASH_NONE_S = 2.0      # As long without any digest: there are none.
EXAMPLES_MAX = 10
LINE_SHOWN = 300


class Supervisor:
    """Restarts daemons that end by themselves, and writes their ends down.

    Thread: its own, between start and stop.
    """

    def __init__(self, cluster: Cluster, recorder: Recorder) -> None:
        self._nodes = list(cluster.nodes.values())
        self._recorder = recorder
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.errors: list[str] = []

    def start(self) -> None:
        """Begin to look after the daemons."""
        self._thread.start()

    def stop(self) -> None:
        """Look no longer."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(SUPERVISE_S):
            for node in self._nodes:
                try:
                    ended = node.supervise()
                except Exception as error:
                    # A node that cannot be looked after is told, not lost.
                    self.errors.append('%s: %s' % (node.name, error))
                    return
                if ended is not None:
                    self._record(node, ended)

    def _record(self, node: Node, ended: Exit) -> None:
        self._recorder.add(Event(ended.at_ns, NEMESIS, INFO, 'exit', {
            'nodes': [node.name], 'code': ended.code,
            'excuse': ended.excuse}))


def unordered_exits(cluster: Cluster) -> list[str]:
    """Ends of daemons that no order and no fault explains."""
    return ['%s ended with %s' % (node.name, describe_code(ended.code))
            for node in cluster.nodes.values()
            for ended in node.exits if not ended.excuse]


def describe_code(code: int) -> str:
    """An exit code in words."""
    return 'signal %d' % -code if code < 0 else 'exit code %d' % code


def cores(logs: Path) -> list[str]:
    """Core files below a run's logs."""
    return sorted(str(path.relative_to(logs))
                  for path in logs.glob('n*/cores/*') if path.is_file())


def core_pattern_problem() -> str | None:
    """Why cores would not be found, if so."""
    pattern = Path('/proc/sys/kernel/core_pattern').read_text(
        encoding='utf-8').strip()
    if pattern.startswith('|') or '/' in pattern:
        return ('cores are not collected, core_pattern is %s; crashes are '
                'still seen by their signal' % pattern)
    return None


def alarming_lines(logs: Path) -> dict[str, list[str]]:
    """Broken invariants and sanitizers' reports in the daemons' output."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(logs.glob('n*/*.log*')):
        with open(path, encoding='utf-8', errors='replace') as file:
            for line in file:
                if CHECK_FAILED in line:
                    kind = 'check-failed'
                elif any(mark in line for mark in SANITIZER_MARKS):
                    kind = 'sanitizer'
                else:
                    continue
                if len(found[kind]) < EXAMPLES_MAX:
                    found[kind].append('%s: %s' % (
                        path.relative_to(logs), line.strip()[:LINE_SHOWN]))
    return dict(found)


class Hashes:
    """Digests of the nodes' states by position, as they are sampled."""

    def __init__(self) -> None:
        self._seen: dict[int, dict[int, str]] = defaultdict(dict)

    def add(self, sample: dict[int, StateHash]) -> None:
        """Take what the nodes said."""
        for node, state in sample.items():
            self._seen[state.index][node] = state.digest

    def different(self) -> list[str]:
        """Positions at which nodes differ."""
        return ['index %d: %s' % (index, ' '.join(
            'n%d=%s' % each for each in sorted(digests.items())))
            for index, digests in sorted(self._seen.items())
            if len(set(digests.values())) > 1]

    @property
    def empty(self) -> bool:
        """Whether no node ever gave one."""
        return not self._seen

    def complete(self, nodes: int) -> bool:
        """Whether all nodes were seen at one position."""
        return any(len(digests) == nodes for digests in self._seen.values())


def compare_states(cluster: Cluster, wait_s: float) -> Hashes:
    """Ask a quiet pool's nodes until all were seen at one position."""
    hashes = Hashes()
    began = time.monotonic()
    while True:
        hashes.add(cluster.state_hashes())
        limit_s = HASH_NONE_S if hashes.empty else wait_s
        if hashes.complete(len(cluster.nodes)) or \
                time.monotonic() - began > limit_s:
            return hashes
        time.sleep(HASH_TRIES_S)
