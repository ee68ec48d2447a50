"""When which fault strikes whom.

The plan is a pure function of the seed: kinds, moments, lengths and whom to
look for. Who the leader is can only be known when a step is due; what was
really done to whom is in the history, as events of the process :nemesis.

At most one fault of the network and one fault of each node hold at a time, so
a partition may meet a dead disk, which is where the bugs are.
"""
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from jepsen import faults, faults_disk
from jepsen.cluster import Cluster
from jepsen.command import HarnessError
from jepsen.faults import ALL, Fault, Skipped
from jepsen.history import INFO, NEMESIS, Event, Recorder
from jepsen.node import Node

KINDS: dict[str, type[Fault]] = {
    kind.name: kind for kind in faults.FAULTS + faults_disk.FAULTS}
GROUPS: dict[str, list[str]] = {
    'partition': [name for name in KINDS if name.startswith('partition-')],
    'disk': [name for name in KINDS if name.startswith('disk-')],
    'all': list(KINDS),
    'none': [],
}

EVEN, SWARM = 'even', 'swarm'  # How kinds are mixed.
HOLD_MIN_SHARE = 0.25          # Of the longest hold: the shortest.
PAIR_SHARE = 0.3               # Faults that begin while the one before holds.
ABSENT_SHARE = 1 / 3           # Kinds that a swarm leaves out of a run.
LEADER_SHARE, FOLLOWER_SHARE = 0.5, 0.25  # The rest strikes anybody.
EXIT_GRACE_S = 10.0            # After healing, a daemon may still end itself.
HEALTHY_LAG_MAX = 1000         # Entries; before data may be destroyed.
WHOLE_WAIT_S = 10.0            # For that, after the fault before.
WHOLE_TRIES_S = 0.1


@dataclass(frozen=True)
class Step:
    """One fault of a plan. Times are seconds since the phase's start."""
    at_s: float
    hold_s: float
    kind: str
    target: str   # leader, follower, anybody or all.
    seed: int     # Of what the fault itself draws.

    def __str__(self) -> str:
        return '%7.2f s  %-17s %-8s for %.2f s' % (
            self.at_s, self.kind, self.target, self.hold_s)


def expand(words: Sequence[str]) -> list[str]:
    """Kinds and groups to kinds, each once. Raises HarnessError."""
    found: dict[str, None] = {}
    for word in words:
        if word not in KINDS and word not in GROUPS:
            raise HarnessError('no fault is called %s; there are: %s' % (
                word, ' '.join([*KINDS, *GROUPS])))
        found.update(dict.fromkeys(GROUPS.get(word, [word])))
    return list(found)


def _deal(rng: random.Random, kinds: list[str], mix: str) -> list[str]:
    """A long hand of kinds: evenly shuffled, or by weights of this seed."""
    if mix == EVEN:
        return [kind for _ in range(100)
                for kind in rng.sample(kinds, len(kinds))]
    weights = [0.0 if rng.random() < ABSENT_SHARE else rng.expovariate(1)
               for _ in kinds]
    if not any(weights):
        weights[rng.randrange(len(kinds))] = 1.0
    return rng.choices(kinds, weights, k=100 * len(kinds))


def _target(rng: random.Random, kind: str, worst: bool) -> str:
    """Whom to look for.

    @worst  The leader, whatever the seed says.
    """
    draw = rng.random()
    if KINDS[kind].strikes == ALL:
        return 'all'
    if worst or draw < LEADER_SHARE:
        return 'leader'
    return ('follower' if draw < LEADER_SHARE + FOLLOWER_SHARE
            else 'anybody')


def plan(seed: int, kinds: list[str], seconds: float, gap_s: float,
         hold_max_s: float, mix: str) -> list[Step]:
    """The faults of a run that are over within so many seconds.

    @gap_s       Mean time from the end of one fault to the start of the next.
    @hold_max_s  The longest that one holds.
    """
    rng = random.Random('nemesis %d' % seed)
    steps: list[Step] = []
    at = min(rng.expovariate(1 / gap_s), gap_s) if kinds else seconds
    for kind in _deal(rng, kinds, mix) if kinds else []:
        hold = rng.uniform(HOLD_MIN_SHARE, 1.0) * hold_max_s
        # A short even run has each kind once: then where it hurts most.
        worst = mix == EVEN and len(steps) < len(kinds)
        step = Step(at, hold, kind, _target(rng, kind, worst),
                    rng.randrange(1 << 32))
        gap = rng.expovariate(1 / gap_s)
        paired, share = rng.random() < PAIR_SHARE, rng.uniform(0.1, 0.9)
        if steps and paired and may_pair(steps[-1].kind, kind):
            before = steps[-1]
            step = replace(step, at_s=before.at_s + share * before.hold_s)
        hold = min(hold, seconds - step.at_s)
        if hold < HOLD_MIN_SHARE * hold_max_s:
            break
        steps.append(replace(step, hold_s=hold))
        at = max(at, step.at_s + hold + gap)
    return steps


def may_pair(one: str, other: str) -> bool:
    """Whether two kinds of fault may hold at the same time."""
    kinds = KINDS[one], KINDS[other]
    return (not all(kind.network for kind in kinds) and
            not any(kind.strikes == ALL or kind.destroys for kind in kinds))


class Nemesis:
    """Carries a plan out on a thread of its own."""

    def __init__(self, cluster: Cluster, steps: Sequence[Step],
                 recorder: Recorder, tell: Callable[[str], None]) -> None:
        self._cluster = cluster
        self._steps = list(steps)
        self._recorder = recorder
        self._tell = tell  # Takes a line for people.
        self._active: list[tuple[float, Fault]] = []  # When it is to stop.
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.errors: list[str] = []  # Of the harness, not of the product.
        self.done: dict[str, int] = {}  # Kind -> how often it was injected.
        self.skipped: dict[str, int] = {}

    def start(self) -> None:
        """Begin; the plan's times count from now."""
        self._thread.start()

    def finish(self) -> None:
        """Stop striking, heal everything; every daemon runs or is started."""
        self._over.set()
        self._thread.join()
        while self._active:
            self._stop(self._active.pop()[1])
        self._cluster.network.heal()
        for node in self._cluster.nodes.values():
            if not node.machine.running:
                node.machine.boot(self._cluster.network)
            node.resume()
            node.start()

    def _run(self) -> None:
        began = time.monotonic()
        for step in self._steps:
            if not self._wait_until(began + step.at_s):
                return
            if KINDS[step.kind].destroys:
                self._await_whole()
            if not self._over.is_set():
                self._strike(step)
        while self._active and self._wait_until(self._next_end()):
            pass

    def _next_end(self) -> float:
        return min(until for until, _ in self._active)

    def _wait_until(self, moment: float) -> bool:
        """Wait, stopping the faults that are due; False when all is over."""
        while not self._over.is_set():
            now = time.monotonic()
            for until, fault in [*self._active]:
                if until <= now:
                    self._active.remove((until, fault))
                    self._stop(fault)
            if now >= moment:
                return True
            ends = self._next_end() if self._active else moment
            self._over.wait(max(0.0, min(ends, moment) - time.monotonic()))
        return False

    def _await_whole(self) -> None:
        """Give the pool time to be whole; faults that are due stop."""
        deadline = time.monotonic() + WHOLE_WAIT_S
        while time.monotonic() < deadline and \
                not self._cluster.healthy(HEALTHY_LAG_MAX):
            if not self._wait_until(time.monotonic() + WHOLE_TRIES_S):
                return

    def _free_nodes(self) -> list[Node]:
        busy = {node.number for _, fault in self._active
                if not fault.network for node in fault.nodes}
        return [node for number, node in self._cluster.nodes.items()
                if number not in busy]

    def _choose(self, step: Step, leader: int | None,
                rng: random.Random) -> list[Node]:
        """The nodes a step strikes. Raises Skipped."""
        kind = KINDS[step.kind]
        nodes = list(self._cluster.nodes.values())
        free = nodes if kind.network else self._free_nodes()
        if kind.network and any(fault.network for _, fault in self._active):
            raise Skipped('another network fault holds')
        if not free:
            raise Skipped('every node has a fault already')
        if len(free) < len(nodes) and (kind.strikes == ALL or kind.destroys):
            raise Skipped('a node has a fault already')
        if kind.destroys and not self._cluster.healthy(HEALTHY_LAG_MAX):
            raise Skipped('not every node is whole')
        if kind.strikes == ALL:
            return free
        wanted = [node for node in free
                  if step.target == 'anybody' or
                  (node.number == leader) == (step.target == 'leader')]
        return [rng.choice(wanted or free)]

    def _strike(self, step: Step) -> None:
        rng = random.Random(step.seed)
        leader = self._cluster.leader()
        began_ns = time.monotonic_ns()
        fault = None
        try:
            nodes = self._choose(step, leader, rng)
            fault = KINDS[step.kind](self._cluster, nodes, rng)
            self._excuse(fault, float('inf'))
            fault.start()
        except Skipped as reason:
            self.skipped[step.kind] = self.skipped.get(step.kind, 0) + 1
            self._excuse(fault, 0.0)
            self._record(began_ns, 'skip-' + step.kind, {}, str(reason))
            return
        except (HarnessError, OSError) as error:
            self._fail(began_ns, 'start-' + step.kind, error)
            return
        self.done[step.kind] = self.done.get(step.kind, 0) + 1
        self._active.append((time.monotonic() + step.hold_s, fault))
        struck = leader in [node.number for node in nodes]
        self._record(began_ns, 'start-' + step.kind,
                     {**self._value(fault), 'leader': struck})

    @staticmethod
    def _excuse(fault: Fault | None, more_s: float) -> None:
        if fault is not None and fault.ends_daemon:
            for node in fault.nodes:
                node.excuse(fault.name, more_s)

    def _stop(self, fault: Fault) -> None:
        name = 'stop-' + fault.name
        try:
            fault.stop()
        except (HarnessError, OSError) as error:
            self._fail(time.monotonic_ns(), name, error)
        else:
            self._record(time.monotonic_ns(), name, self._value(fault))
        self._excuse(fault, EXIT_GRACE_S)

    @staticmethod
    def _value(fault: Fault) -> dict[str, object]:
        return {'nodes': [node.name for node in fault.nodes],
                **fault.detail()}

    def _fail(self, at_ns: int, name: str, error: Exception) -> None:
        self.errors.append('%s: %s' % (name, error))
        self._record(at_ns, name, {}, str(error))

    def _record(self, at_ns: int, name: str, value: dict[str, object],
                error: str | None = None) -> None:
        self._recorder.add(Event(at_ns, NEMESIS, INFO, name, value,
                                 error=error))
        words = ['%s=%s' % each for each in value.items()]
        self._tell(' '.join([name, *words, error or '']))
