"""A run's folder and its last words: results, history, pictures, summary."""
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from jepsen import edn, history, page, pictures
from jepsen.checker import INVALID, UNKNOWN, VALID, Findings
from jepsen.edn import Keyword
from jepsen.history import Event, Operation
from jepsen.measure import SECOND, Figures


@dataclass
class Result:
    """All that is said of one run.

    breaches  Rule -> count; of the history's judge and of the always-on
              checks alike. Any of them makes the run invalid.
    doubts    Why nothing can be said: faults of the harness, nodes not read.
    """
    workload: str
    seed: int
    command: str
    nodes: int
    seconds: float = 0.0
    breaches: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    acknowledged: int = 0
    kept: int = 0
    unknown_present: int = 0
    attempts: int = 0
    reads: int = 0
    injected: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    heal_to_healthy_s: float | None = None
    figures: Figures = field(default_factory=Figures)

    @property
    def verdict(self) -> str:
        """valid, unknown or invalid."""
        if self.breaches:
            return INVALID
        return UNKNOWN if self.doubts else VALID

    def breach(self, rule: str, found: Sequence[str]) -> None:
        """Note breaches of an always-on check, if any were found."""
        if found:
            self.breaches[rule] = self.breaches.get(rule, 0) + len(found)
            self.examples.setdefault(rule, []).extend(found[:10])

    def take(self, findings: Findings) -> None:
        """Add what the judge of the history found."""
        self.acknowledged = findings.acknowledged
        self.kept = findings.kept
        self.unknown_present = findings.unknown_present
        self.attempts = findings.attempts
        self.reads = findings.reads
        for rule, count in findings.breaches.items():
            if findings.verdict == UNKNOWN:
                self.doubts.append('%s: %s' % (
                    rule, '; '.join(findings.examples[rule])))
            else:
                self.breaches[rule] = count
                self.examples[rule] = findings.examples[rule]

    def count(self, *rules: str) -> int:
        """Breaches of these rules together."""
        return sum(self.breaches.get(rule, 0) for rule in rules)

    def plain(self) -> dict[str, Any]:
        """As plain maps and lists."""
        return {'verdict': self.verdict, **asdict(self)}


def _summary_rows(result: Result) -> list[tuple[str, str]]:
    figures = result.figures
    recoveries = sorted(fault.recovery / SECOND for fault in figures.faults
                        if fault.recovery is not None)
    never = sum(fault.recovery is None for fault in figures.faults)
    told = ('none' if not recoveries else 'median %.2f s, longest %.2f s' % (
        recoveries[len(recoveries) // 2], recoveries[-1]))
    return [
        ('posts acknowledged', '%d (of %d attempts)' % (
            result.acknowledged, result.attempts)),
        ('kept', str(result.kept)),
        ('lost', str(result.count('lost'))),
        ('duplicated', str(result.count('duplicated', 'two-positions'))),
        ('out of order', str(result.count('misplaced', 'disagree',
                                          'post-order', 'gap'))),
        ('unknown, found present', str(result.unknown_present)),
        ('reads judged', str(result.reads)),
        ('faults', ' '.join('%s:%d' % each for each
                            in sorted(result.injected.items())) or 'none'),
        ('longest write gap', '%.2f s' % figures.longest_gap_s),
        ('recovery after a fault', told + (
            ', never %d' % never if never else '')),
        ('whole pool healthy after healing',
         'never' if result.heal_to_healthy_s is None else
         '%.2f s' % result.heal_to_healthy_s),
    ]


def summary(result: Result) -> str:
    """What is printed at the end of a run."""
    lines = ['%-34s %s' % row for row in _summary_rows(result)]
    for rule, count in sorted(result.breaches.items()):
        lines.append('BREACH %-18s %d' % (rule, count))
        lines += ['    ' + each for each in result.examples.get(rule, [])[:3]]
    lines += ['DOUBT  ' + each for each in result.doubts]
    lines += ['note   ' + each for each in result.notes]
    lines.append('%-34s %s' % ('verdict', result.verdict.upper()))
    return '\n'.join(lines)


def table(results: Sequence[Result]) -> str:
    """One line a round, for the end of several."""
    lines = ['%-4s %-10s %8s %8s %5s %5s %6s %7s %8s  %s' % (
        'load', 'seed', 'acked', 'kept', 'lost', 'twice', 'order', 'gap s',
        'recov s', 'verdict')]
    for each in results:
        recoveries = [fault.recovery / SECOND for fault in each.figures.faults
                      if fault.recovery is not None]
        lines.append('%-4s %-10d %8d %8d %5d %5d %6d %7.2f %8.2f  %s' % (
            each.workload, each.seed, each.acknowledged, each.kept,
            each.count('lost'), each.count('duplicated', 'two-positions'),
            each.count('misplaced', 'disagree', 'post-order', 'gap'),
            each.figures.longest_gap_s, max(recoveries, default=0.0),
            each.verdict))
    return '\n'.join(lines)


def write_results(folder: Path, result: Result) -> None:
    """results.json and results.edn."""
    plain = result.plain()
    (folder / 'results.json').write_text(
        json.dumps(plain, indent=1) + '\n', encoding='utf-8')
    # As in Jepsen: true, false or :unknown under :valid?
    valid: bool | Keyword = {VALID: True, INVALID: False}.get(
        result.verdict, Keyword('unknown'))
    (folder / 'results.edn').write_text(
        edn.dump({'valid?': valid, **plain}) + '\n', encoding='utf-8')


def write_history(folder: Path, events: Sequence[Event]) -> None:
    """history.edn."""
    with open(folder / 'history.edn', 'w', encoding='utf-8') as file:
        history.write(events, file)


def write_summary(folder: Path, result: Result) -> str:
    """summary.txt, and index.html with all that is there by now."""
    text = summary(result)
    (folder / 'summary.txt').write_text(text + '\n', encoding='utf-8')
    page.write(folder, '%s, seed %d: %s' % (
        result.workload, result.seed, result.verdict), text,
        result.figures.faults)
    return text


def write_pictures(folder: Path, result: Result, nodes: Sequence[str],
                   operations: Sequence[Operation], workers: int) -> None:
    """The plots and the timeline."""
    faults, seconds = result.figures.faults, result.seconds
    pictures.latency_raw(folder / 'latency-raw.svg', operations, faults,
                         seconds)
    pictures.latency_quantiles(folder / 'latency-quantiles.svg', operations,
                               faults, seconds)
    pictures.rate(folder / 'rate.svg', operations, faults, seconds)
    pictures.availability(folder / 'availability.svg', operations, nodes,
                          faults, seconds)
    pictures.timeline(folder / 'timeline.html', '%s, seed %d: %s' % (
        result.workload, result.seed, result.verdict), operations, faults,
        workers)
