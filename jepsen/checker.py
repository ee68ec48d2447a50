"""The judge of histories: is every room one append-only log for everybody?

Exact and fast. Values are unique and the final log L of a room is known (what
the longest final read saw), so the order of all messages is known and nothing
has to be searched for. A history is linearizable as an append log with
exactly-once retries if and only if

  1  L has positions 1..n without gap, each value once, each value posted to
     this room by an attempt that did not surely fail;
  2  every acknowledged value is in L, at the position where that was told;
  3  every read returned a piece of L, the newest messages of its moment;
  4  real time holds. The message at p is appended at one moment between the
     first attempt that may have done it and the earliest acknowledgement;
     give it the key 2p. A read that ended with position p belongs after p
     and before p + 1; give it the key 2p + 1. All keys of operations that
     were complete before another was invoked must not be above its key.

4 suffices because the keys order all operations but reads of equal key, which
commute. Where L is not known (a node was not read at the end), the verdict is
unknown at best. tests/brute.py searches all orders of small histories and
agrees with this module in tests.
"""
import gc
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from jepsen.history import FAIL, FINAL, FOREVER, OK, POST, Operation

EXAMPLES_MAX = 10  # Told in words, per rule; all are counted.

VALID, UNKNOWN, INVALID = 'valid', 'unknown', 'invalid'

# Rule -> what a breach of it means.
RULES = {
    'lost': 'acknowledged or read, and not in the final log',
    'misplaced': 'acknowledged at one position, found at another',
    'duplicated': 'one message at two positions',
    'two-positions': 'acknowledgements of one id name different positions',
    'phantom': 'in a log, and never posted to that room',
    'failed-present': 'in a log, and every attempt surely failed',
    'disagree': 'a read saw another message at a position than the final log',
    'gap': 'a read skipped positions, or was not ascending',
    'size': 'a read returned fewer or more messages than asked for',
    'stale-read': 'a read missed a post acknowledged before it began',
    'backward-read': 'a read saw less than a read that ended before it began',
    'future-read': 'a read saw a message that was posted after it ended',
    'post-order': 'a post lies before one acknowledged before it began',
    'not-read': 'a node gave no final log of a room',
}
UNKNOWN_RULES = frozenset({'not-read'})


@dataclass
class Findings:
    """Breaches by rule, and the figures of the summary."""
    breaches: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    examples: dict[str, list[str]] = field(
        default_factory=lambda: defaultdict(list))
    acknowledged: int = 0   # Distinct messages with an acknowledgement.
    kept: int = 0           # Of those: in the final log at their position.
    unknown_present: int = 0  # Unacknowledged messages in the final log.
    attempts: int = 0       # Posts invoked.
    reads: int = 0          # Reads that returned.

    def breach(self, rule: str, text: str) -> None:
        """Note a breach of one of RULES."""
        assert rule in RULES, rule
        self.breaches[rule] += 1
        if len(self.examples[rule]) < EXAMPLES_MAX:
            self.examples[rule].append(text)

    @property
    def verdict(self) -> str:
        """valid, unknown or invalid."""
        if any(rule not in UNKNOWN_RULES for rule in self.breaches):
            return INVALID
        return UNKNOWN if self.breaches else VALID


class _Message:
    """One value posted to a room, with all attempts to post it."""
    __slots__ = ('value', 'first', 'may_exist', 'acknowledged_at', 'position',
                 'example')

    def __init__(self, value: int | str) -> None:
        self.value = value
        self.first = FOREVER         # First attempt that may have done it.
        self.may_exist = False       # Some attempt did not surely fail.
        self.acknowledged_at = FOREVER  # Earliest acknowledgement.
        self.position = 0            # As acknowledged; 0: never told.
        self.example: Operation | None = None

    def add(self, attempt: Operation, findings: Findings) -> None:
        """Take one more attempt into account."""
        if self.example is None:
            self.example = attempt
        if attempt.type == FAIL:
            return
        self.may_exist = True
        self.first = min(self.first, attempt.invoked)
        if attempt.type != OK:
            return
        if 0 not in (self.position, attempt.position) and \
                self.position != attempt.position:
            findings.breach('two-positions', '%s; before: %d' %
                            (attempt, self.position))
        self.position = self.position or attempt.position
        if attempt.done < self.acknowledged_at:
            self.acknowledged_at = attempt.done
            self.example = attempt

    @property
    def is_acknowledged(self) -> bool:
        """Whether any attempt was."""
        return self.acknowledged_at < FOREVER


class _Room:
    """All that is known of one room."""

    def __init__(self, name: str, operations: Sequence[Operation],
                 findings: Findings) -> None:
        self.name = name
        self.findings = findings
        self.messages: dict[int | str, _Message] = {}
        self.reads: list[Operation] = []
        self.log: list[int | str] = []
        self.where: dict[int | str, int] = {}  # Value -> first position.
        for operation in operations:
            if operation.f == POST:
                self._add_post(operation)
            elif operation.type == OK:
                self.reads.append(operation)
        for read in self.reads:
            if read.f == FINAL and read.values is not None and \
                    len(read.values) > len(self.log):
                self.log = read.values

    def _add_post(self, operation: Operation) -> None:
        message = self.messages.get(operation.value)
        if message is None:
            message = self.messages[operation.value] = _Message(
                operation.value)
        message.add(operation, self.findings)

    def check(self, nodes: Iterable[str]) -> None:
        """Apply every rule."""
        if not self._check_coverage(nodes):
            return  # There is nothing to measure the rest by.
        self._check_log()
        for message in self.messages.values():
            if message.is_acknowledged:
                self._check_acknowledged(message)
        for read in self.reads:
            self._check_read(read)
        _check_real_time(self._keyed(), self.findings)

    def _check_coverage(self, nodes: Iterable[str]) -> bool:
        """Every node gave its final log; whether any did."""
        seen = {read.node for read in self.reads if read.f == FINAL}
        for node in nodes:
            if node not in seen:
                self.findings.breach('not-read', '%s on %s' %
                                     (self.name, node))
        return bool(seen)

    def _check_log(self) -> None:
        """Every message of the final log: posted here, and once."""
        for position, value in enumerate(self.log, 1):
            where = '%s position=%d value=%s' % (self.name, position, value)
            message = self.messages.get(value)
            if value in self.where:
                self.findings.breach('duplicated', '%s; before: %d' %
                                     (where, self.where[value]))
            elif message is None:
                self.findings.breach('phantom', where)
            elif not message.may_exist:
                self.findings.breach('failed-present', '%s; %s' %
                                     (where, message.example))
            elif not message.is_acknowledged:
                self.findings.unknown_present += 1
            self.where.setdefault(value, position)

    def _check_acknowledged(self, message: _Message) -> None:
        """An acknowledged message: in the log, at the position told."""
        self.findings.acknowledged += 1
        position = message.position or self.where.get(message.value, 0)
        if 1 <= position <= len(self.log) and \
                self.log[position - 1] == message.value:
            self.findings.kept += 1
        elif message.value in self.where:
            self.findings.breach('misplaced', '%s; found: %d' % (
                message.example, self.where[message.value]))
        else:
            self.findings.breach('lost', str(message.example))

    def _check_read(self, read: Operation) -> None:
        """What a read saw: the newest piece of the log of some moment."""
        self.findings.reads += 1
        positions, values = read.positions or [], read.values or []
        if not positions:
            return
        first, last = positions[0], positions[-1]
        if first < 1 or positions != list(range(first, first + len(values))):
            self.findings.breach('gap', str(read))
            return
        if len(values) != min(read.limit or last, last):
            self.findings.breach('size', str(read))
        if last > len(self.log):
            self.findings.breach('lost', '%s; the final log ends at %d' %
                                 (read, len(self.log)))
        known = self.log[first - 1:last]
        if known != values[:len(known)]:
            self._tell_difference(read, first, known, values)

    def _tell_difference(self, read: Operation, first: int,
                         known: list[int | str],
                         values: list[int | str]) -> None:
        for offset, (right, seen) in enumerate(zip(known, values)):
            if right != seen:
                self.findings.breach('disagree', '%s; at %d: %s, final: %s' %
                                     (read, first + offset, seen, right))
                return

    def _keyed(self) -> list['_Keyed']:
        """Operations with a place in the order."""
        found = []
        for position, value in enumerate(self.log, 1):
            message = self.messages.get(value)
            if message is not None and message.may_exist and \
                    self.where[value] == position:
                found.append(_Keyed(2 * position, message.first,
                                    message.acknowledged_at,
                                    message.example))
        for read in self.reads:
            end = read.positions[-1] if read.positions else 0
            found.append(_Keyed(2 * end + 1, read.invoked, read.done, read))
        return found


@dataclass(slots=True)
class _Keyed:
    """Something that happened at one moment within [begin, end]."""
    key: int        # Even: an append; odd: a read.
    begin: int
    end: int
    operation: Operation | None


_BEFORE_EVERYTHING = _Keyed(-1, 0, 0, None)


def _check_real_time(found: list[_Keyed], findings: Findings) -> None:
    """Rule 4: sweep over time, with the highest key complete so far."""
    by_begin = sorted(found, key=lambda each: each.begin)
    by_end = sorted((each for each in found if each.end < FOREVER),
                    key=lambda each: each.end)
    post = read = _BEFORE_EVERYTHING  # The highest of each kind.
    at = 0
    for each in by_begin:
        while at < len(by_end) and by_end[at].end < each.begin:
            ended = by_end[at]
            at += 1
            if ended.key % 2 and ended.key > read.key:
                read = ended
            elif ended.key % 2 == 0 and ended.key > post.key:
                post = ended
        if post.key > each.key or read.key > each.key:
            _tell_order(each, post, read, findings)


def _tell_order(each: _Keyed, post: _Keyed, read: _Keyed,
                findings: Findings) -> None:
    """Name the breach: `each` began when `post` and `read` were complete."""
    is_read = each.key % 2 == 1
    if post.key > each.key:
        findings.breach('stale-read' if is_read else 'post-order',
                        '%s; complete before: %s' %
                        (each.operation, post.operation))
    if read.key > each.key:
        findings.breach('backward-read' if is_read else 'future-read',
                        '%s; complete before: %s' %
                        (each.operation, read.operation))


def check(operations: Iterable[Operation],
          nodes: Sequence[str]) -> Findings:
    """Judge a history.

    @operations  As history.pair() returns them.
    @nodes       Every node of the pool; each must have given its final log of
                 each room.
    """
    collecting = gc.isenabled()
    gc.disable()  # Millions of small objects, no cycles: twice as fast.
    try:
        return _check(operations, nodes)
    finally:
        if collecting:
            gc.enable()


def _check(operations: Iterable[Operation],
           nodes: Sequence[str]) -> Findings:
    findings = Findings()
    rooms: dict[str, list[Operation]] = defaultdict(list)
    for operation in operations:
        rooms[operation.room].append(operation)
        if operation.f == POST:
            findings.attempts += 1
    for name, of_room in rooms.items():
        _Room(name, of_room, findings).check(nodes)
    return findings
