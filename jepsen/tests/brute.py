"""Linearizability by trying every order: slow, obvious, for small histories.

The state is one room's log. A post appends its value unless it is there
already (exactly once) and answers its position; a read answers the newest
messages. An operation takes effect at one moment between invocation and
completion; one of unknown outcome at any later moment, or never; one that
surely failed, never.
"""
from collections.abc import Sequence

from jepsen.history import FAIL, INFO, OK, POST, Operation

Log = tuple[int | str, ...]


def _apply(operation: Operation, log: Log) -> Log | None:
    """The log after an operation; None when its answer would be wrong."""
    if operation.f == POST:
        if operation.value not in log:
            log = log + (operation.value,)
        if operation.type == OK and operation.position and \
                log.index(operation.value) + 1 != operation.position:
            return None
        return log
    newest = log[-operation.limit:] if operation.limit else log
    first = len(log) - len(newest) + 1
    right = (operation.values == list(newest) and
             operation.positions == list(range(first, len(log) + 1)))
    return log if right else None


def _search(left: frozenset[int], log: Log, operations: Sequence[Operation],
            failed: set[tuple[frozenset[int], Log]]) -> bool:
    """Whether the operations left can follow this log in some order."""
    ended = [operations[i].done for i in left if operations[i].type != INFO]
    if not ended:
        return True  # What is left may never have happened.
    if (left, log) in failed:
        return False
    for i in left:
        if operations[i].invoked > min(ended):
            continue  # Another was complete before this one began.
        after = _apply(operations[i], log)
        if after is not None and _search(left - {i}, after, operations,
                                         failed):
            return True
    failed.add((left, log))
    return False


def linearizable(operations: Sequence[Operation]) -> bool:
    """Whether one room's history is that of an append log."""
    relevant = [each for each in operations if each.type == OK or
                (each.type == INFO and each.f == POST)]
    assert all(each.type != FAIL for each in relevant)
    return _search(frozenset(range(len(relevant))), (), relevant, set())
