"""One round: setup, clean, faults, heal, recovery, final reads, judgement."""
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from jepsen import checker, contract, history, nemesis, report, watch
from jepsen.client import Client
from jepsen.cluster import Cluster, cluster
from jepsen.command import HarnessError
from jepsen.contract import Programs
from jepsen.history import INFO, NEMESIS, Event, Recorder
from jepsen.load import Load
from jepsen.measure import measure
from jepsen.report import Result
from jepsen.workload import WORKLOADS, Workload, rooms_for

START_WAIT_S = 30.0
ADMIN_WAIT_S = 30.0
AFTERGLOW_S = 1.0       # Load after recovery, to see that it lasts.
FINAL_WAIT_S = 60.0
FINAL_WAIT_BROKEN_S = 5.0  # When the pool is not whole; judged all the same.
HASH_WAIT_S = 10.0
HEALTH_EVERY_S = 0.2
SETTLED_LAG_MAX = 200   # Entries between nodes under load, when healthy.


@dataclass(frozen=True)
class Options:
    """What a round is to be."""
    workload: str
    kinds: tuple[str, ...]
    seed: int
    seconds: float           # Of the fault phase.
    programs: Programs
    command: str             # As the user typed it.
    nodes: int = 3
    rate: float = 100.0
    workers: int = 24
    gap_s: float = 10.0
    hold_max_s: float = 8.0
    mix: str = nemesis.SWARM
    clean_s: float = 5.0
    recovery_s: float = 60.0
    disk_mib: int = contract.DISK_MIB


class Round:
    """The phases of one round, and what they leave behind.

    Thread: one; load, nemesis and supervisor have their own below it.
    """

    def __init__(self, options: Options, folder: Path, out: Path) -> None:
        self._options = options
        self._folder = folder
        self._out = out
        self._recorder = Recorder(time.monotonic_ns())
        self._load_begin_ns = 0
        self._load_end_ns = 0
        self.result = Result(options.workload, options.seed, options.command,
                             options.nodes)

    def run(self) -> Result:
        """Do all phases; always leaves a report."""
        with cluster(self._options.nodes, self._folder, self._out,
                     self._options.programs,
                     self._options.disk_mib) as pool:
            supervisor = watch.Supervisor(pool, self._recorder)
            try:
                self._phases(pool, supervisor)
            except HarnessError as error:
                self.result.doubts.append(str(error))
                self._tell('harness: %s' % error)
            finally:
                supervisor.stop()
                self.result.doubts += supervisor.errors
                now_ns = time.monotonic_ns()
                self._load_end_ns = self._load_end_ns or now_ns
                self._load_begin_ns = (self._load_begin_ns or
                                       self._load_end_ns)
            self.result.breach('unordered-exit', watch.unordered_exits(pool))
        self._judge()
        return self.result

    def _tell(self, text: str) -> None:
        line = '%7.2f s  %s' % (
            (time.monotonic_ns() - self._recorder.start_ns) / 1e9, text)
        print(line, flush=True)
        with open(self._out / 'harness.log', 'a', encoding='utf-8') as file:
            file.write(line + '\n')

    def _phase(self, name: str) -> None:
        self._tell(name)
        self._recorder.add(Event(time.monotonic_ns(), NEMESIS, INFO,
                                 'phase', name))

    def _phases(self, pool: Cluster, supervisor: watch.Supervisor) -> None:
        options = self._options
        self._phase('setup')
        workload = WORKLOADS[options.workload](
            options.seed, rooms_for(options.clean_s + options.seconds),
            options.nodes)
        pool.start()
        supervisor.start()
        if not pool.wait_healthy(SETTLED_LAG_MAX, START_WAIT_S):
            raise HarnessError('the pool did not start within %g s; see the '
                               'logs of the nodes' % START_WAIT_S)
        rooms = self._create(pool, workload)
        client = Client(options.programs.client(), rooms,
                        self._out / 'client.log')
        try:
            load = Load(client, workload, options.workers, options.rate,
                        options.seed, self._recorder)
            self._load_phases(pool, load)
            self._load_end_ns = time.monotonic_ns()
            self._phase('final reads')
            whole = self.result.heal_to_healthy_s is not None
            load.read_all(workload.rooms, list(pool.nodes),
                          FINAL_WAIT_S if whole else FINAL_WAIT_BROKEN_S)
        finally:
            client.close()
        self._compare_states(pool)
        supervisor.stop()
        self._stop_nodes(pool)

    def _create(self, pool: Cluster, workload: Workload) -> dict[str, str]:
        """Domain, users, category and rooms; addresses by room."""
        programs = self._options.programs
        pool.administer(programs.name_domain, ADMIN_WAIT_S)
        users = dict.fromkeys(workload.user_of(worker) for worker
                              in range(max(self._options.workers,
                                           self._options.nodes)))
        for user in users:
            pool.administer(
                partial(programs.create_user, user), ADMIN_WAIT_S,
                contract.PASSWORD + '\n')
        pool.administer(programs.create_category, ADMIN_WAIT_S)
        return {room: contract.parse_room(pool.administer(
            partial(programs.create_room, room), ADMIN_WAIT_S))
            for room in workload.rooms}

    def _load_phases(self, pool: Cluster, load: Load) -> None:
        options = self._options
        self._phase('clean')
        self._load_begin_ns = time.monotonic_ns()
        load.run(_after(options.clean_s))
        steps = nemesis.plan(options.seed, list(options.kinds),
                             options.seconds, options.gap_s,
                             options.hold_max_s, options.mix)
        (self._out / 'plan.txt').write_text(
            ''.join('%s\n' % step for step in steps), encoding='utf-8')
        self._phase('faults: %d planned' % len(steps))
        evil = nemesis.Nemesis(pool, steps, self._recorder, self._tell)
        evil.start()
        try:
            load.run(_after(options.seconds))
            self._phase('heal')
        finally:
            with _aside(evil.finish) as healed:
                load.run(healed)
        self.result.injected, self.result.skipped = evil.done, evil.skipped
        self.result.doubts += evil.errors
        self._recover(pool, load)
        load.drain()

    def _recover(self, pool: Cluster, load: Load) -> None:
        """Load on until the pool is whole again, or the time is over."""
        self._phase('recovery')
        healed_ns = time.monotonic_ns()
        health = _Health(pool)
        deadline = time.monotonic() + self._options.recovery_s

        def whole() -> bool:
            return health.good and all(
                load.last_ok_ns.get(node, 0) > healed_ns
                for node in pool.nodes)
        with health:
            load.run(lambda: whole() or time.monotonic() > deadline)
        if whole():
            self.result.heal_to_healthy_s = (time.monotonic_ns() -
                                             healed_ns) / 1e9
            load.run(_after(AFTERGLOW_S))
        else:
            self.result.breach('not-recovered', [
                'after %g s: %s' % (self._options.recovery_s,
                                    pool.statuses() or 'no node answers')])

    def _compare_states(self, pool: Cluster) -> None:
        hashes = watch.compare_states(pool, HASH_WAIT_S)
        self.result.breach('state-differs', hashes.different())
        if hashes.empty:
            self.result.notes.append(
                'no node gave a digest of its state: compared are the rooms '
                'alone, as every node showed them at the end')
        elif not hashes.complete(len(pool.nodes)):
            self.result.doubts.append(
                'the states of all nodes were never seen at one index')

    def _stop_nodes(self, pool: Cluster) -> None:
        """An orderly end, with which leak checks and exit codes come."""
        self._phase('stop')
        for node in pool.nodes.values():
            code = node.stop()
            if code != 0:
                self.result.breach('bad-stop', [
                    '%s: %s' % (node.name, 'not running' if code is None
                                else watch.describe_code(code))])

    def _judge(self) -> None:
        """Look at all that is there, and write the report."""
        result, out = self.result, self._out
        events = self._recorder.events()
        report.write_history(out, events)
        operations = history.pair(events)
        names = ['n%d' % node for node
                 in range(1, self._options.nodes + 1)]
        result.take(checker.check(operations, names))
        result.breach('core', watch.cores(out))
        for kind, lines in watch.alarming_lines(out).items():
            result.breach(kind, lines)
        self._note_emptiness()
        start_ns = self._recorder.start_ns
        result.seconds = (self._load_end_ns - start_ns) / 1e9
        result.figures = measure(events, operations, names, (
            self._load_begin_ns - start_ns, self._load_end_ns - start_ns))
        report.write_results(out, result)
        report.write_pictures(out, result, names, operations,
                              self._options.workers)

    def _note_emptiness(self) -> None:
        """A run in which nothing happened proves nothing."""
        problem = watch.core_pattern_problem()
        if problem is not None:
            self.result.notes.append(problem)
        if self.result.acknowledged == 0:
            self.result.doubts.append('nothing was acknowledged')
        if self._options.kinds and not self.result.injected:
            self.result.doubts.append('no fault was injected')


def _after(seconds: float) -> Callable[[], bool]:
    """A condition that comes true after so many seconds."""
    deadline = time.monotonic() + seconds
    return lambda: time.monotonic() >= deadline


@contextmanager
def _aside(work: Callable[[], None]) -> Iterator[Callable[[], bool]]:
    """Run work on a thread; gives a condition that is true when it is done.

    What work raises is raised at the end of the block.
    """
    failure: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            failure.append(error)
    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield lambda: not thread.is_alive()
    finally:
        thread.join()
    if failure:
        raise failure[0]


class _Health:
    """Asks the pool again and again, beside the load."""

    def __init__(self, pool: Cluster) -> None:
        self._pool = pool
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.good = False

    def __enter__(self) -> '_Health':
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(HEALTH_EVERY_S):
            self.good = self._pool.healthy(SETTLED_LAG_MAX)


def run_round(options: Options, folder: Path, out: Path) -> Result:
    """Do one round.

    @folder  For disks and sockets; empty, short, on a disk with room.
    @out     For the report; made here, must not exist.
    """
    out.mkdir(parents=True)
    (out / 'command.txt').write_text(
        '%s\nseed %d\n' % (options.command, options.seed), encoding='utf-8')
    result = Round(options, folder, out).run()
    print(report.write_summary(out, result), flush=True)
    return result
