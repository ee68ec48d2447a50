"""Figures out of a history: faults, gaps in writing, recovery, latencies."""
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from jepsen.history import FINAL, NEMESIS, OK, POST, Event, Operation

SECOND = 1_000_000_000


@dataclass
class FaultTime:
    """One fault that was injected. Times in ns since the run's start."""
    kind: str
    nodes: list[str]
    leader: bool                   # Was the leader among those struck?
    start: int
    stop: int
    gap: int = 0                   # Longest pause in writing around it.
    recovery: int | None = None    # From stop until every node served.
    disturbed: bool = False        # Another fault came in between.


@dataclass
class Figures:
    """All figures of a run, in seconds."""
    longest_gap_s: float = 0.0
    faults: list[FaultTime] = field(default_factory=list)
    latency_s: dict[str, dict[str, float]] = field(default_factory=dict)
    outcomes: dict[str, dict[str, int]] = field(default_factory=dict)


def fault_times(events: Iterable[Event], end: int) -> list[FaultTime]:
    """Pair the nemesis's starts and stops; what never stopped ends at end."""
    found: list[FaultTime] = []
    open_faults: list[FaultTime] = []
    for event in events:
        if event.process != NEMESIS or event.error is not None:
            continue
        word, _, kind = event.f.partition('-')
        if word == 'start':
            fault = FaultTime(kind, event.value['nodes'],
                              bool(event.value.get('leader')), event.time,
                              end)
            found.append(fault)
            open_faults.append(fault)
        elif word == 'stop':
            for fault in open_faults:
                if (fault.kind, fault.nodes) == (kind, event.value['nodes']):
                    fault.stop = event.time
                    open_faults.remove(fault)
                    break
    return found


def write_gaps(operations: Iterable[Operation], begin: int,
               end: int) -> list[tuple[int, int]]:
    """Intervals without an acknowledged post between begin and end."""
    moments = sorted(each.done for each in operations
                     if each.f == POST and each.type == OK and
                     begin <= each.done <= end)
    edges = [begin, *moments, end]
    return list(zip(edges, edges[1:]))


def _first_served(operations: Sequence[Operation], nodes: Sequence[str],
                  since: int) -> int | None:
    """When every node had served something that was asked after since."""
    first: dict[str, int] = {}
    for each in operations:
        if each.type == OK and each.f != FINAL and each.invoked >= since:
            first[each.node] = min(first.get(each.node, each.done), each.done)
    if any(node not in first for node in nodes):
        return None
    return max(first[node] for node in nodes)


def _measure_fault(fault: FaultTime, faults: Sequence[FaultTime],
                   operations: Sequence[Operation], nodes: Sequence[str],
                   gaps: Iterable[tuple[int, int]]) -> None:
    served = _first_served(operations, nodes, fault.stop)
    until = fault.stop if served is None else served
    fault.recovery = None if served is None else served - fault.stop
    fault.gap = max((high - low for low, high in gaps
                     if high > fault.start and low < until), default=0)
    fault.disturbed = any(other is not fault and other.start < until and
                          other.stop > fault.start for other in faults)


def quantiles(values: list[int]) -> dict[str, float]:
    """Median, 0.95, 0.99 and maximum, in seconds."""
    values = sorted(values)

    def at(share: float) -> float:
        return values[min(len(values) - 1, int(share * len(values)))] / SECOND
    return ({'p50': at(0.5), 'p95': at(0.95), 'p99': at(0.99), 'max': at(1)}
            if values else {})


def measure(events: Sequence[Event], operations: Sequence[Operation],
            nodes: Sequence[str], load: tuple[int, int]) -> Figures:
    """All figures of a run.

    @load  When the load began and ended; gaps are looked for in between.
    """
    figures = Figures()
    load_begin, load_end = load
    gaps = write_gaps(operations, load_begin, load_end)
    figures.longest_gap_s = max(high - low for low, high in gaps) / SECOND
    figures.faults = fault_times(events, load_end)
    for fault in figures.faults:
        _measure_fault(fault, figures.faults, operations, nodes, gaps)
    latencies: dict[str, list[int]] = defaultdict(list)
    for each in operations:
        counts = figures.outcomes.setdefault(each.f, {})
        counts[each.type] = counts.get(each.type, 0) + 1
        if each.type == OK:
            latencies[each.f].append(each.done - each.invoked)
    figures.latency_s = {f: quantiles(values)
                         for f, values in latencies.items()}
    return figures
