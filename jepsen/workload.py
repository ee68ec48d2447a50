"""What the load does next.

Workers are the load's processes: worker w lives at node (w mod nodes) + 1 and
speaks for user w // nodes, so each user is signed in once on every node.

    w1  room log: posts and reads of ten rooms at a time, the ten move on
    w3  retried posts: every post has an id; after time-outs, refusals and
        often after success too it is sent again to another node, at once or
        seconds later, so that faults lie in between
"""
import random
from abc import ABC, abstractmethod
from collections import deque
from typing import ClassVar

from jepsen.client import Completion, Request
from jepsen.history import FAIL, INFO, OK, POST, READ

ROOMS_AT_A_TIME = 10
ROOMS_MAX = 40
ROTATE_S = 3.0            # A room leaves the ten, another comes.
NEWEST = 20               # What a partial read asks for.


def rooms_for(seconds: float) -> list[str]:
    """The rooms a run of that length uses."""
    count = min(ROOMS_MAX, ROOMS_AT_A_TIME + int(seconds / ROTATE_S))
    return ['room-%d' % number for number in range(1, count + 1)]


class Workload(ABC):
    """Draws requests, and learns how they ended.

    Thread: the load's.
    """

    name: ClassVar[str]
    post_share: ClassVar[float]
    full_read_share: ClassVar[float] = 0.1  # Of reads.

    def __init__(self, seed: int, rooms: list[str], nodes: int) -> None:
        self.rng = random.Random('workload %d' % seed)
        self.rooms = rooms
        self.nodes = nodes
        self._last_value = 0

    def node_of(self, worker: int) -> int:
        """The node a worker lives at."""
        return worker % self.nodes + 1

    def user_of(self, worker: int) -> str:
        """The user a worker speaks for."""
        return 'user-%d' % (worker // self.nodes + 1)

    def next(self, worker: int, now_s: float) -> Request:
        """The worker's next request.

        @now_s  Seconds since the load began.
        """
        if self.rng.random() < self.post_share:
            return self.post(worker, now_s)
        limit = 0 if self.rng.random() < self.full_read_share else NEWEST
        return Request(READ, self._room(now_s), self.node_of(worker),
                       self.user_of(worker), limit=limit)

    @abstractmethod
    def post(self, worker: int, now_s: float) -> Request:
        """The worker's next post."""

    @abstractmethod
    def ended(self, worker: int, request: Request, done: Completion,
              now_s: float) -> None:
        """Learn how a worker's request ended."""

    def _room(self, now_s: float) -> str:
        first = int(now_s / ROTATE_S)
        choice = first + self.rng.randrange(ROOMS_AT_A_TIME)
        return self.rooms[choice % len(self.rooms)]

    def _new_value(self) -> int:
        self._last_value += 1
        return self._last_value


class RoomLog(Workload):
    """W1: each post is tried once."""

    name = 'w1'
    post_share = 0.6

    def post(self, worker: int, now_s: float) -> Request:
        return Request(POST, self._room(now_s), self.node_of(worker),
                       self.user_of(worker), value=self._new_value())

    def ended(self, worker: int, request: Request, done: Completion,
              now_s: float) -> None:
        pass


class Retries(Workload):
    """W3: each post is tried until it is acknowledged, and beyond."""

    name = 'w3'
    post_share = 0.8

    ATTEMPTS_MAX = 10
    AGAIN_SHARES = {OK: 0.25, FAIL: 0.7, INFO: 1.0}
    AT_ONCE_SHARE = 0.1        # Sent to two nodes at the same time.
    SOON_S = (0.0, 1.0)
    LATE_S = (5.0, 15.0)       # Beyond a failover.
    LATE_SHARE = 0.3           # Of repeats after success.

    def __init__(self, seed: int, rooms: list[str], nodes: int) -> None:
        super().__init__(seed, rooms, nodes)
        # By worker: what to send again, and from when on.
        self._again: dict[int, deque[tuple[float, Request]]] = {}
        self._attempts: dict[int, int] = {}

    def post(self, worker: int, now_s: float) -> Request:
        request = self._due(worker, now_s)
        if request is None:
            value = self._new_value()
            request = Request(POST, self._room(now_s), self.node_of(worker),
                              self.user_of(worker), value=value,
                              retry='id-%d' % value)
            if self.rng.random() < self.AT_ONCE_SHARE:
                self._schedule(worker, request, now_s)
        self._attempts[request.value] = self._attempts.get(
            request.value, 0) + 1
        return request

    def _due(self, worker: int, now_s: float) -> Request | None:
        waiting = self._again.get(worker)
        for _ in range(len(waiting) if waiting else 0):
            assert waiting is not None
            due, request = waiting.popleft()
            if due <= now_s:
                return request
            waiting.append((due, request))
        return None

    def ended(self, worker: int, request: Request, done: Completion,
              now_s: float) -> None:
        if request.f != POST or \
                self._attempts[request.value] >= self.ATTEMPTS_MAX or \
                self.rng.random() >= self.AGAIN_SHARES[done.type]:
            return
        late = done.type == OK and self.rng.random() < self.LATE_SHARE
        delay = self.rng.uniform(*(self.LATE_S if late else self.SOON_S))
        self._schedule(worker, request, now_s + delay)

    def _schedule(self, worker: int, request: Request, due_s: float) -> None:
        """Let the same user's worker at another node send it again."""
        if self.nodes < 2:
            other = worker
        else:
            first = worker - worker % self.nodes
            other = self.rng.choice([
                each for each in range(first, first + self.nodes)
                if each != worker])
        again = Request(POST, request.room, self.node_of(other), request.user,
                        value=request.value, retry=request.retry)
        self._again.setdefault(other, deque()).append((due_s, again))


WORKLOADS: dict[str, type[RoomLog] | type[Retries]] = {
    RoomLog.name: RoomLog, Retries.name: Retries}
