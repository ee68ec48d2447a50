"""What happened, in Jepsen's terms: invocations and their completions.

A process is single-threaded: it invokes, and waits for its completion:

    :ok    done, with the result       :fail  surely had no effect
    :info  nobody knows, it may take effect later; the process is retired

Values, by :f

    :post  invoke [room value]          ok [room value position], or nil for
                                        a position that was not told
    :read  invoke [room limit]          ok [room [position ...] [value ...]]
    :final invoke [room 0]              as :read, after all has healed

A read asks for the newest `limit` messages of a room, 0 for all. In workload
w3 a post carries :retry as well, the id under which it may be sent again.
Faults are events of the process :nemesis. Times are nanoseconds of
CLOCK_MONOTONIC since the run's start.
"""
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from jepsen import edn
from jepsen.edn import Keyword

INVOKE, OK, FAIL, INFO = 'invoke', 'ok', 'fail', 'info'
POST, READ, FINAL = 'post', 'read', 'final'
NEMESIS = 'nemesis'
FOREVER = 1 << 62  # A completion time that never comes.


@dataclass(slots=True)
class Event:
    """One line of a history."""
    time: int
    process: int | str
    type: str
    f: str
    value: Any = None
    node: str | None = None
    error: str | None = None
    retry: str | None = None
    index: int = -1


@dataclass(slots=True)
class Operation:
    """An invocation with its completion."""
    process: int
    f: str
    type: str                 # ok, fail or info.
    room: str
    invoked: int              # ns
    done: int                 # ns; FOREVER when info.
    told: int = FOREVER       # ns, when the process learned the outcome.
    node: str = ''
    value: int | str = 0      # Posts: what was posted.
    retry: str | None = None
    position: int = 0         # Posts: where, when ok; 0: was not told.
    limit: int = 0            # Reads: how many were asked for, 0: all.
    positions: list[int] | None = None      # Reads: what came, when ok.
    values: list[int | str] | None = None
    index: int = -1           # Of the invocation.

    def __str__(self) -> str:
        name = '%s %s %s' % (self.f, self.type, self.room)
        if self.f == POST:
            name += ' value=%s' % self.value
            if self.type == OK:
                name += ' position=%d' % self.position
        elif self.positions is not None:
            name += ' positions=%s' % (
                '%d..%d' % (self.positions[0], self.positions[-1])
                if self.positions else 'none')
        return '%s node=%s process=%d index=%d at=%.6fs' % (
            name, self.node, self.process, self.index, self.invoked / 1e9)


class HistoryError(Exception):
    """A history that breaks Jepsen's rules; the harness is wrong."""


class Recorder:
    """Collects events while a run goes on.

    Thread: any.
    """

    def __init__(self, start_ns: int) -> None:
        self.start_ns = start_ns
        self._events: list[Event] = []
        self._lock = threading.Lock()

    def add(self, event: Event) -> None:
        """Append an event whose time is absolute (CLOCK_MONOTONIC)."""
        event.time -= self.start_ns
        with self._lock:
            self._events.append(event)

    def events(self) -> list[Event]:
        """All events by time, numbered.

        At equal times invocations come first, so that two operations that
        touch are taken as concurrent.
        """
        with self._lock:
            found = list(self._events)
        found.sort(key=lambda event: (event.time, event.type != INVOKE))
        for index, event in enumerate(found):
            event.index = index
        return found


def _line(event: Event) -> str:
    process = (':nemesis' if event.process == NEMESIS
               else str(event.process))
    parts = [':index %d, :time %d, :process %s, :type :%s, :f :%s, :value %s' %
             (event.index, event.time, process, event.type, event.f,
              edn.dump(event.value))]
    for name in ('node', 'error', 'retry'):
        value = getattr(event, name)
        if value is not None:
            parts.append(':%s %s' % (name, edn.dump(value)))
    return '{%s}\n' % ', '.join(parts)


def write(events: Iterable[Event], file: TextIO) -> None:
    """Write one EDN map a line."""
    for event in events:
        file.write(_line(event))


def _event(found: dict[str, Any]) -> Event:
    process = found['process']
    return Event(time=found['time'],
                 process=NEMESIS if isinstance(process, Keyword) else process,
                 type=str(found['type']), f=str(found['f']),
                 value=found.get('value'), node=found.get('node'),
                 error=found.get('error'), retry=found.get('retry'),
                 index=found['index'])


def read(path: Path) -> Iterator[Event]:
    """Read the events of a file that write() made. Raises HistoryError."""
    with open(path, encoding='utf-8') as file:
        for number, line in enumerate(file, 1):
            try:
                yield _event(edn.load(line))
            except (KeyError, TypeError, edn.EdnError) as error:
                raise HistoryError('%s:%d: %s' % (path, number, error)
                                   ) from error


def _begin(event: Event) -> Operation:
    operation = Operation(process=int(event.process), f=event.f, type=INFO,
                          room=event.value[0], invoked=event.time,
                          done=FOREVER, node=event.node or '',
                          retry=event.retry, index=event.index)
    if event.f == POST:
        operation.value = event.value[1]
    elif event.f in (READ, FINAL):
        operation.limit = event.value[1]
    else:
        raise HistoryError('index %d: unknown f: %s' % (event.index, event.f))
    return operation


def _complete(operation: Operation, event: Event) -> None:
    operation.type, operation.told = event.type, event.time
    if event.type == INFO:
        return
    operation.done = event.time
    if event.type != OK:
        return
    if event.f == POST:
        operation.position = event.value[2] or 0
    else:
        operation.positions, operation.values = event.value[1:3]


def pair(events: Iterable[Event]) -> list[Operation]:
    """Join invocations with their completions, in order of invocation.

    An invocation without completion is info: it may take effect later.

    Raises HistoryError when a process invokes while it waits, completes what
    it did not invoke, or goes on after an info.
    """
    operations: list[Operation] = []
    open_of: dict[int, Operation] = {}
    retired: set[int] = set()
    for event in events:
        if event.process == NEMESIS:
            continue
        process = int(event.process)
        if event.type == INVOKE:
            if process in open_of or process in retired:
                raise HistoryError('index %d: process %d may not invoke' %
                                   (event.index, process))
            open_of[process] = _begin(event)
            operations.append(open_of[process])
            continue
        operation = open_of.pop(process, None)
        if operation is None or operation.f != event.f:
            raise HistoryError('index %d: process %d completes what it did '
                               'not invoke' % (event.index, process))
        _complete(operation, event)
        if event.type == INFO:
            retired.add(process)
    return operations
