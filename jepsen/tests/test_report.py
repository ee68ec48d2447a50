"""Figures and pictures of a small history whose figures are known."""
import json
import tempfile
import unittest
import xml.etree.ElementTree as xml
from pathlib import Path

from jepsen import edn, report
from jepsen.checker import INVALID, UNKNOWN, VALID, check
from jepsen.history import (FAIL, INFO, INVOKE, NEMESIS, OK, Event, pair)
from jepsen.measure import SECOND, fault_times, measure, quantiles
from jepsen.report import Result
from jepsen.svg import nice_step

NODES = ['n1', 'n2']
MS = SECOND // 1000


def posts(moments_ms: list[int], node: str = 'n1',
          process: int = 0) -> list[Event]:
    """Posts acknowledged at these moments, each after 10 ms."""
    found = []
    for moment in moments_ms:
        value = moment * 10 + process
        found += [Event((moment - 10) * MS, process, INVOKE, 'post',
                        ['r', value], node=node),
                  Event(moment * MS, process, OK, 'post',
                        ['r', value, 1], node=node)]
    return found


def fault(at_ms: int, word: str, nodes: list[str]) -> Event:
    """A start or stop of the nemesis."""
    return Event(at_ms * MS, NEMESIS, INFO, word,
                 {'nodes': nodes, 'leader': True})


def ordered(events: list[Event]) -> list[Event]:
    """By time and numbered."""
    events = sorted(events, key=lambda each: each.time)
    for index, event in enumerate(events):
        event.index = index
    return events


# n1 answers to 1 s and from 3.5 s on, n2 to 1 s and from 4.2 s on; n1 was
# killed from 1.2 s to 3 s.
EVENTS = ordered(
    posts([500, 1000, 3500, 4000, 4900], 'n1', 0) +
    posts([600, 1005, 4200], 'n2', 1) +
    [fault(1200, 'start-kill', ['n1']), fault(3000, 'stop-kill', ['n1'])])


class MeasureTest(unittest.TestCase):
    """Numbers out of events."""

    def test_gap_and_recovery(self) -> None:
        """The pause in writing, and when every node served again."""
        figures = measure(EVENTS, pair(EVENTS), NODES, (0, 5 * SECOND))
        found, = figures.faults
        self.assertEqual((found.kind, found.nodes, found.leader),
                         ('kill', ['n1'], True))
        self.assertEqual(found.gap, 2495 * MS)
        self.assertEqual(found.recovery, 1200 * MS)
        self.assertFalse(found.disturbed)
        self.assertEqual(figures.longest_gap_s, 2.495)
        self.assertEqual(figures.outcomes, {'post': {'ok': 8}})
        self.assertEqual(figures.latency_s['post']['max'], 0.01)

    def test_never_recovered(self) -> None:
        """A node that never served again."""
        events = ordered([each for each in EVENTS if each.node != 'n2'])
        figures = measure(events, pair(events), NODES, (0, 5 * SECOND))
        self.assertIsNone(figures.faults[0].recovery)

    def test_gap_at_the_end_counts(self) -> None:
        """A pool that falls silent does not look well."""
        figures = measure(EVENTS, pair(EVENTS), NODES, (0, 60 * SECOND))
        self.assertEqual(figures.longest_gap_s, 55.1)

    def test_overlapping_faults(self) -> None:
        """Each has its own end; both are marked as disturbed."""
        events = ordered(EVENTS + [fault(2000, 'start-kill', ['n2']),
                                   fault(2500, 'stop-kill', ['n2'])])
        figures = measure(events, pair(events), NODES, (0, 5 * SECOND))
        self.assertEqual([each.stop for each in figures.faults],
                         [3000 * MS, 2500 * MS])
        self.assertEqual([each.disturbed for each in figures.faults],
                         [True, True])

    def test_fault_without_stop(self) -> None:
        """It lasts to the end; failed injections are none."""
        events = [fault(10, 'start-loss', ['n1'])]
        broken = fault(20, 'start-pause', ['n1'])
        broken.error = 'no luck'
        found, = fault_times(events + [broken], 99)
        self.assertEqual((found.kind, found.stop), ('loss', 99))

    def test_quantiles(self) -> None:
        """Of a hundred values."""
        found = quantiles([value * SECOND for value in range(100, 0, -1)])
        self.assertEqual(found, {'p50': 51, 'p95': 96, 'p99': 100,
                                 'max': 100})
        self.assertEqual(quantiles([]), {})

    def test_steps(self) -> None:
        """Round distances."""
        self.assertEqual([nice_step(span) for span in (8, 10, 35, 60, 800)],
                         [1, 2, 5, 10, 100])


class ReportTest(unittest.TestCase):
    """Files and last words."""

    def test_verdicts(self) -> None:
        """A breach outweighs a doubt, a doubt outweighs silence."""
        result = Result('w1', 1, 'x', 3)
        self.assertEqual(result.verdict, VALID)
        result.breach('core', [])
        self.assertEqual(result.verdict, VALID)
        result.doubts.append('who knows')
        self.assertEqual(result.verdict, UNKNOWN)
        result.breach('core', ['n1/cores/core'])
        self.assertEqual(result.verdict, INVALID)
        self.assertIn('BREACH core', report.summary(result))
        self.assertIn('DOUBT  who knows', report.summary(result))

    def test_findings_become_breaches(self) -> None:
        """Lost posts make a run invalid, unread nodes leave it open."""
        operations = pair(EVENTS)
        result = Result('w1', 1, 'x', 2)
        result.take(check(operations, NODES))
        self.assertEqual((result.verdict, result.breaches), (UNKNOWN, {}))
        for node in NODES:
            final = pair([Event(9 * SECOND, 5, INVOKE, 'final', ['r', 0],
                                node=node),
                          Event(9 * SECOND + 1, 5, OK, 'final',
                                ['r', [], []], node=node)])
            operations += final
        result = Result('w1', 1, 'x', 2)
        result.take(check(operations, NODES))
        self.assertEqual(result.verdict, INVALID)
        self.assertEqual(result.count('lost'), 8)

    def test_files(self) -> None:
        """Every file is there, and is what its name says."""
        unknown = [Event(100 * MS, 7, INVOKE, 'post', ['<r&>', 1]),
                   Event(200 * MS, 7, INFO, 'post', ['<r&>', 1]),
                   Event(100 * MS, 8, INVOKE, 'read', ['<r&>', 1]),
                   Event(200 * MS, 8, FAIL, 'read', ['<r&>', 1])]
        events = ordered(EVENTS + unknown)
        operations = pair(events)
        result = Result('w1', 1, 'x', 2, seconds=5.0)
        result.figures = measure(events, operations, NODES, (0, 5 * SECOND))
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            report.write_history(folder, events)
            report.write_results(folder, result)
            report.write_pictures(folder, result, NODES, operations, 2)
            for path in folder.glob('*.svg'):
                xml.parse(path)
            self.assertEqual(len(list(folder.glob('*.svg'))), 4)
            html = (folder / 'timeline.html').read_text(encoding='utf-8')
            self.assertIn('&lt;r&amp;&gt;', html)
            self.assertNotIn('<r&>', html)
            self.assertEqual(html.count('class="ok"'), 8)
            (folder / 'n1').mkdir()
            (folder / 'n1' / 'perchd.log').touch()
            report.write_summary(folder, result)
            html = (folder / 'index.html').read_text(encoding='utf-8')
            for name in ('timeline.html', 'summary.txt', 'n1/perchd.log'):
                self.assertIn('<a href="%s">' % name, html)
            self.assertNotIn('plan.txt', html)  # There is none.
            self.assertEqual(html.count('<img'), 4)
            self.assertEqual(html.count('<tr>'),
                             1 + len(result.figures.faults))
            self.assertIn('n1 (leader)', html)
            found = edn.load((folder / 'results.edn').read_text(
                encoding='utf-8'))
            self.assertIs(found['valid?'], True)
            plain = json.loads((folder / 'results.json').read_text(
                encoding='utf-8'))
            self.assertEqual(plain['verdict'], VALID)
            self.assertEqual(plain['figures']['longest_gap_s'], 2.495)

    def test_table(self) -> None:
        """One line a round."""
        result = Result('w3', 5, 'x', 3, acknowledged=10, kept=9)
        result.breach('lost', ['x'])
        self.assertRegex(report.table([result]),
                         r'w3 +5 +10 +9 +1 +0 +0 .*invalid')


if __name__ == '__main__':
    unittest.main()
