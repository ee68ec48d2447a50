"""Random histories of a right pool, and seeded ways to make them wrong.

The model gives every operation its invocation, the instant at which it takes
effect and its completion, lets the effects happen in order of their instants
on plain lists, and writes down what each operation then saw. Whatever it
makes is linearizable by construction. A mutation is one thing that a broken
pool would do; it returns the rule that must name it, or None when this
history gives it nothing to break.
"""
import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from jepsen.history import (FAIL, FINAL, FOREVER, INFO, OK, POST, READ,
                            Operation)

STRANGE = 999_999_999  # A value that nobody posts.


@dataclass
class Shape:
    """How a random history looks."""
    operations: int = 60
    processes: int = 5
    nodes: tuple[str, ...] = ('n1', 'n2', 'n3')
    rooms: tuple[str, ...] = ('a', 'b')
    read_share: float = 0.4
    fail_share: float = 0.1
    info_share: float = 0.1
    retry_share: float = 0.2   # Of posts: a repeat of an earlier one.
    limits: tuple[int, ...] = (0, 3)
    final: bool = True


@dataclass
class _Run:
    rng: random.Random
    shape: Shape
    operations: list[Operation] = field(default_factory=list)
    effects: list[tuple[int, int]] = field(default_factory=list)
    posted: list[Operation] = field(default_factory=list)
    last_value: int = 0


def _post(run: _Run, operation: Operation) -> None:
    operation.f = POST
    if run.posted and run.rng.random() < run.shape.retry_share:
        earlier = run.rng.choice(run.posted)
        operation.room, operation.value = earlier.room, earlier.value
        operation.retry = earlier.retry
    else:
        run.last_value += 1
        operation.value = run.last_value
        operation.retry = 'id-%d' % run.last_value
        run.posted.append(operation)


def _outcome(run: _Run, operation: Operation) -> None:
    """Draw the outcome, and the instant of the effect if there is one."""
    rng, number = run.rng, len(run.operations)
    span = rng.randint(1, 40)
    instant = operation.invoked + rng.randint(0, span)
    operation.done = operation.invoked + span
    draw = rng.random()
    if draw < run.shape.fail_share:
        operation.type = FAIL
        return
    if draw < run.shape.fail_share + run.shape.info_share:
        operation.type, operation.done = INFO, FOREVER
        if rng.random() < 0.5:
            return  # It never happens.
        instant += rng.randint(0, 200)  # It happens late.
    run.effects.append((instant, number))


def _invoke(run: _Run, process: int, now: int) -> Operation:
    shape, rng = run.shape, run.rng
    operation = Operation(process=process, f=READ, type=OK,
                          room=rng.choice(shape.rooms), invoked=now, done=now,
                          node=rng.choice(shape.nodes))
    if rng.random() < shape.read_share:
        operation.limit = rng.choice(shape.limits)
    else:
        _post(run, operation)
    _outcome(run, operation)
    run.operations.append(operation)
    return operation


def _happen(run: _Run, logs: dict[str, list[int | str]]) -> None:
    """Let the effects happen, and give the operations their answers."""
    for _, number in sorted(run.effects):
        operation = run.operations[number]
        log = logs[operation.room]
        if operation.f == POST:
            if operation.value not in log:
                log.append(operation.value)
            operation.position = log.index(operation.value) + 1
        else:
            answer(operation, log)


def answer(read: Operation, log: list[int | str]) -> None:
    """Give a read the newest messages of a log."""
    read.values = list(log[-read.limit:] if read.limit else log)
    first = len(log) - len(read.values) + 1
    read.positions = list(range(first, len(log) + 1))


def generate(rng: random.Random, shape: Shape) -> list[Operation]:
    """A history of a right pool, in order of invocation."""
    run = _Run(rng, shape)
    wakes = [(rng.randint(0, 20), process)
             for process in range(shape.processes)]
    heapq.heapify(wakes)
    while len(run.operations) < shape.operations:
        now, process = heapq.heappop(wakes)
        operation = _invoke(run, process, now)
        if operation.type == INFO:
            process += shape.processes  # Retired; another takes over.
            operation_end = now + 60
        else:
            operation_end = operation.done
        heapq.heappush(wakes, (operation_end + rng.randint(0, 20), process))
    logs: dict[str, list[int | str]] = {room: [] for room in shape.rooms}
    _happen(run, logs)
    if shape.final:
        _final_reads(run, logs)
    return run.operations


def _final_reads(run: _Run, logs: dict[str, list[int | str]]) -> None:
    at = 1 + max([each.done for each in run.operations if each.type != INFO] +
                 [instant for instant, _ in run.effects], default=0)
    for room in run.shape.rooms:
        for node in run.shape.nodes:
            read = Operation(process=0, f=FINAL, type=OK, room=room,
                             invoked=at, done=at + 1, node=node)
            answer(read, logs[room])
            run.operations.append(read)
            at += 2


# Mutations: each breaks one thing, and says which rule must see it.

History = list[Operation]


def _finals(history: History, room: str) -> list[Operation]:
    return [each for each in history if each.f == FINAL and each.room == room]


def _log(history: History, room: str) -> list[int | str]:
    return _finals(history, room)[0].values or []


def _set_log(history: History, room: str, log: list[int | str]) -> None:
    for read in _finals(history, room):
        answer(read, log)


def _acknowledged(history: History) -> list[Operation]:
    return [each for each in history if each.f == POST and each.type == OK]


def _pick(rng: random.Random, found: list[Operation]) -> Operation | None:
    return rng.choice(found) if found else None


def lose(rng: random.Random, history: History) -> str | None:
    """An acknowledged message is gone on every node."""
    post = _pick(rng, _acknowledged(history))
    if post is None:
        return None
    log = [value for value in _log(history, post.room) if value != post.value]
    _set_log(history, post.room, log)
    return 'lost'


def lose_tail(rng: random.Random, history: History) -> str | None:
    """One node forgot the newest messages."""
    found = [each for each in _acknowledged(history)
             if each.position == len(_log(history, each.room))]
    post = _pick(rng, found)
    if post is None:
        return None
    read = rng.choice(_finals(history, post.room))
    answer(read, _log(history, post.room)[:-1])
    return 'stale-read' if len(_finals(history, post.room)) > 1 else 'lost'


def duplicate(rng: random.Random, history: History) -> str | None:
    """A message is there a second time, at the end."""
    post = _pick(rng, _acknowledged(history))
    if post is None:
        return None
    _set_log(history, post.room, _log(history, post.room) + [post.value])
    return 'duplicated'


def swap(rng: random.Random, history: History) -> str | None:
    """Two acknowledged neighbours changed places on every node."""
    found = [each for each in _acknowledged(history) if each.position > 1]
    post = _pick(rng, found)
    if post is None:
        return None
    log = list(_log(history, post.room))
    at = post.position - 1
    log[at - 1], log[at] = log[at], log[at - 1]
    _set_log(history, post.room, log)
    return 'misplaced'


def swap_on_one(rng: random.Random, history: History) -> str | None:
    """Two neighbours changed places on one node."""
    found = [each for each in history
             if each.f == FINAL and len(each.values or []) > 1]
    read = _pick(rng, found)
    if read is None or read.values is None:
        return None
    # The judge measures by the first of the longest logs.
    if read is _finals(history, read.room)[0]:
        read = _finals(history, read.room)[1]
    assert read.values is not None
    at = rng.randrange(len(read.values) - 1)
    read.values[at:at + 2] = reversed(read.values[at:at + 2])
    return 'disagree'


def strange(rng: random.Random, history: History) -> str | None:
    """A message that nobody posted."""
    room = rng.choice(history).room
    log = list(_log(history, room))
    log.insert(rng.randint(0, len(log)), STRANGE)
    _set_log(history, room, log)
    return 'phantom'


def revive(rng: random.Random, history: History) -> str | None:
    """A refused post is in the log after all."""
    alive = {each.value for each in history
             if each.f == POST and each.type != FAIL}
    post = _pick(rng, [each for each in history if each.f == POST and
                       each.type == FAIL and each.value not in alive])
    if post is None:
        return None
    _set_log(history, post.room, _log(history, post.room) + [post.value])
    return 'failed-present'


def acknowledge_wrongly(rng: random.Random, history: History) -> str | None:
    """An acknowledgement names another position."""
    once = [each for each in _acknowledged(history)
            if sum(other.value == each.value and other.type == OK
                   for other in history if other.f == POST) == 1]
    post = _pick(rng, once)
    if post is None:
        return None
    post.position += rng.choice((1, 2))
    return 'misplaced'


def acknowledge_twice(rng: random.Random, history: History) -> str | None:
    """A repeat's acknowledgement names another position than the first."""
    found = [each for each in _acknowledged(history) if any(
        other is not each and other.f == POST and other.type == OK and
        other.value == each.value for other in history)]
    post = _pick(rng, found)
    if post is None:
        return None
    post.position += 1
    return 'two-positions'


def _reads(history: History) -> list[Operation]:
    return [each for each in history if each.f == READ and each.type == OK]


def read_stale(rng: random.Random, history: History) -> str | None:
    """A read misses what was acknowledged before it began."""
    pairs = [(read, post) for read in _reads(history)
             for post in _acknowledged(history)
             if post.room == read.room and post.done < read.invoked]
    if not pairs:
        return None
    read, post = rng.choice(pairs)
    answer(read, _log(history, read.room)[:post.position - 1])
    return 'stale-read'


def read_backward(rng: random.Random, history: History) -> str | None:
    """A read misses what an earlier read saw."""
    pairs = [(late, early) for late in _reads(history)
             for early in _reads(history)
             if early.room == late.room and early.positions and
             early.done < late.invoked]
    if not pairs:
        return None
    late, early = rng.choice(pairs)
    assert early.positions
    answer(late, _log(history, late.room)[:early.positions[-1] - 1])
    return 'backward-read'


def read_future(rng: random.Random, history: History) -> str | None:
    """A read sees what is posted after it ended."""
    pairs = []
    for read in _reads(history):
        log = _log(history, read.room)
        for position, value in enumerate(log, 1):
            first = min(each.invoked for each in history
                        if each.f == POST and each.value == value and
                        each.type != FAIL)
            if read.done < first:
                pairs.append((read, log[:position]))
    if not pairs:
        return None
    read, seen = rng.choice(pairs)
    answer(read, seen)
    return 'future-read'


def read_gap(rng: random.Random, history: History) -> str | None:
    """A read leaves out a message in the middle."""
    read = _pick(rng, [each for each in history
                       if each.f in (READ, FINAL) and each.type == OK and
                       len(each.positions or []) > 2])
    if read is None:
        return None
    assert read.positions is not None and read.values is not None
    at = rng.randrange(1, len(read.positions) - 1)
    del read.positions[at]
    del read.values[at]
    return 'gap'


def overtake(rng: random.Random, history: History) -> str | None:
    """A post gets a place before one acknowledged before it began, and all
    nodes, reads and acknowledgements agree on that."""
    pairs = [(early, late) for early in _acknowledged(history)
             for late in _acknowledged(history)
             if early.room == late.room and
             early.done < min(each.invoked for each in history
                              if each.f == POST and
                              each.value == late.value)]
    if not pairs:
        return None
    early, late = rng.choice(pairs)
    exchange = {early.value: late.value, late.value: early.value}
    place = {early.value: late.position, late.value: early.position}
    for each in history:
        if each.f == POST and each.value in place and each.type == OK:
            each.position = place[each.value]
        elif each.values is not None:
            each.values = [exchange.get(value, value)
                           for value in each.values]
    return 'post-order'


MUTATIONS: tuple[Callable[[random.Random, History], str | None], ...] = (
    lose, lose_tail, duplicate, swap, swap_on_one, strange, revive,
    acknowledge_wrongly, acknowledge_twice, read_stale, read_backward,
    read_future, read_gap, overtake)
