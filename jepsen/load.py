"""The loop between a workload, the load client and the history.

A worker is a line of processes: when an operation's outcome is unknown its
process is retired, and the worker goes on as process + number of workers.
"""
import heapq
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from jepsen.client import Client, Completion, Request
from jepsen.command import HarnessError
from jepsen.history import (FAIL, FINAL, INFO, INVOKE, OK, POST, Event,
                            Recorder)
from jepsen.workload import Workload

FAIL_PAUSE_S = 0.1      # After a refusal, on top of the usual pause.
SLICE_S = 0.05          # How long to wait for completions at a time.
FINAL_TIMEOUT_MS = 10000


@dataclass
class _Open:
    """A request under way."""
    worker: int
    request: Request
    invoked_ns: int


class Load:
    """Invokes, completes, records.

    Thread: one.
    """

    OVERDUE_S = 15.0  # Past its time-out a completion is owed; then broken.

    def __init__(self, client: Client, workload: Workload, workers: int,
                 rate: float, seed: int, recorder: Recorder) -> None:
        self._client = client
        self._workload = workload
        self._workers = workers
        self._pause_s = workers / rate  # Mean, per worker.
        self._rng = random.Random('load %d' % seed)
        self._recorder = recorder
        self._process = {worker: worker for worker in range(workers)}
        self._open: dict[int, _Open] = {}
        self._finals: dict[int, list[str]] = {}  # Node -> rooms to be read.
        self._began = time.monotonic()
        # (when, worker) of workers that do nothing.
        self._due = [(self._began + self._draw_pause(), worker)
                     for worker in range(workers)]
        heapq.heapify(self._due)
        self.last_ok_ns: dict[int, int] = {}  # Node -> its last success.

    def _draw_pause(self) -> float:
        return self._rng.expovariate(1 / self._pause_s)

    def run(self, until: Callable[[], bool]) -> None:
        """Load the pool until a condition holds, asked every SLICE_S."""
        while not until():
            now = time.monotonic()
            while self._due and self._due[0][0] <= now:
                self._invoke(heapq.heappop(self._due)[1])
            ends = min([now + SLICE_S] + [when for when, _ in self._due[:1]])
            self._take(ends)

    def drain(self) -> None:
        """Wait for what is under way; invoke nothing more."""
        while self._open:
            self._take(time.monotonic() + SLICE_S)

    def _invoke(self, worker: int) -> None:
        now = time.monotonic()
        request = self._workload.next(worker, now - self._began)
        request.process = self._process[worker]
        self._begin(worker, request)

    def _begin(self, worker: int, request: Request) -> None:
        invoked_ns = time.monotonic_ns()
        number = self._client.invoke(request)
        self._open[number] = _Open(worker, request, invoked_ns)

    def _take(self, until: float) -> None:
        """Take completions until a moment, at least one look."""
        while True:
            done = self._client.completion(until - time.monotonic())
            if done is None:
                break
            self._end(done)
            if time.monotonic() >= until:
                break
        self._check_overdue()

    def _check_overdue(self) -> None:
        now_ns = time.monotonic_ns()
        for each in self._open.values():
            limit_ns = (each.request.timeout_ms * 1_000_000 +
                        int(self.OVERDUE_S * 1e9))
            if now_ns - each.invoked_ns > limit_ns:
                raise HarnessError('the load client owes a completion of %s' %
                                   each.request)

    def _end(self, done: Completion) -> None:
        under_way = self._open.pop(done.id)
        request, worker = under_way.request, under_way.worker
        record(self._recorder, request, under_way.invoked_ns, done)
        now = time.monotonic()
        if done.type == OK:
            self.last_ok_ns[request.node] = done.done_ns
        if done.type == INFO:
            self._client.retire(request.process)
            self._process[worker] += self._workers
        if request.f == FINAL:
            self._finals_ended(request, done)
            return
        self._workload.ended(worker, request, done, now - self._began)
        pause = self._draw_pause() + (FAIL_PAUSE_S if done.type == FAIL
                                      else 0.0)
        heapq.heappush(self._due, (now + pause, worker))

    # The final reads.

    def read_all(self, rooms: list[str], nodes: list[int],
                 wait_s: float) -> None:
        """Read every room whole on every node, again and again on failure.

        One worker for each node, so nodes are read at the same time and
        rooms one after the other. Rooms not read within wait_s stay unread;
        the judge will say so.
        """
        deadline = time.monotonic() + wait_s
        self._finals = {node: list(rooms) for node in nodes}
        for node in nodes:
            self._next_final(node)
        while self._open and time.monotonic() < deadline:
            self._take(time.monotonic() + SLICE_S)
        for left in self._finals.values():
            left.clear()
        self.drain()

    def _next_final(self, node: int) -> None:
        left = self._finals[node]
        if left:
            worker = node - 1
            self._begin(worker, Request(
                FINAL, left[0], node, self._workload.user_of(worker),
                process=self._process[worker], timeout_ms=FINAL_TIMEOUT_MS))

    def _finals_ended(self, request: Request, done: Completion) -> None:
        left = self._finals[request.node]
        if done.type == OK and left:
            left.pop(0)
        elif done.type != OK:
            time.sleep(FAIL_PAUSE_S)
        self._next_final(request.node)


def record(recorder: Recorder, request: Request, invoked_ns: int,
           done: Completion) -> None:
    """Write an invocation and its completion into the history.

    The invocation's moment is the one when the request left the client, where
    that is known: nothing can have happened before, and the narrower the
    interval, the more the judge can see.
    """
    node = 'n%d' % request.node
    begun: list[object] = [request.room, request.value if request.f == POST
                           else request.limit]
    value = list(begun)
    if done.type == OK:
        value = ([request.room, request.value, done.position or None]
                 if request.f == POST else
                 [request.room, done.positions, done.values])
    recorder.add(Event(max(done.sent_ns, invoked_ns), request.process, INVOKE,
                       request.f, begun, node=node, retry=request.retry))
    recorder.add(Event(done.done_ns, request.process, done.type, request.f,
                       value, node=node, error=done.error,
                       retry=request.retry))
