"""The whole harness on pools of stand-ins: a right pool under faults is found
valid, and a pool that does one thing wrong is found invalid, for the reason
that it was made wrong for."""
import json
import os
import subprocess
import sys
import tempfile
import unittest
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jepsen.tests import confined

RUN = Path(__file__).resolve().parent.parent / 'run'
STANDIN = Path(__file__).with_name('standin')
RUN_WAIT_S = 180
AT_ONCE = 4  # Runs side by side; each is mostly waiting.

QUIET = ('--nemesis', 'none', '--seconds', '2', '--clean', '0.2')
HASTY = ('--mix', 'even', '--gap', '0.2', '--hold', '2', '--clean', '0.2')


@dataclass(frozen=True)
class Case:
    """One run, and what must come of it."""
    words: tuple[str, ...]
    bug: str = ''
    breaches: frozenset[str] = frozenset()  # Each must be found.
    code: int = 1


def bug(name: str, *breaches: str, workload: str = 'W1',
        words: tuple[str, ...] = QUIET) -> Case:
    """A run of a pool that is wrong."""
    return Case((workload, *words), name, frozenset(breaches))


def right(workload: str, kinds: str, *words: str) -> Case:
    """A run of a right pool under faults."""
    return Case((workload, '--nemesis', kinds, *words, *HASTY), code=0)


# What CTest does: once round all that the others go through as well.
FEW = (
    right('W1', 'kill,partition-oneway,disk-eio,pause', '--seconds', '7'),
    right('W3', 'kill-all,power,disk-full', '--seconds', '6'),
    bug('lose', 'lost'),
    bug('retry', 'duplicated', 'two-positions', workload='W3'),
)
CASES = (
    bug('duplicate', 'duplicated'),
    bug('reorder', 'disagree'),
    bug('stale', 'stale-read'),
    bug('phantom', 'phantom'),
    bug('undead', 'failed-present'),
    bug('check', 'check-failed', 'unordered-exit'),
    bug('exit', 'unordered-exit'),
    bug('hash', 'state-differs'),
    bug('sanitizer', 'sanitizer'),
    bug('dead', 'not-recovered', words=(
        '--nemesis', 'kill', '--seconds', '6', '--clean', '0.5', '--gap',
        '0.1', '--recovery', '3')),
    right('W1', 'disk,partition', '--seconds', '40'),
    right('W3', 'wipe,bitflip,link-down,loss,power-all', '--seconds', '20'),
)


@dataclass(frozen=True)
class Outcome:
    """What a run left."""
    code: int
    text: str
    results: dict[str, Any]
    files: set[str]


def run(case: Case) -> Outcome:
    """Do one run."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, str(RUN), '--seed', '7', '--bin', str(STANDIN),
             '--out', folder, *case.words],
            env={**os.environ, 'PERCH_STANDIN_BUG': case.bug},
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=RUN_WAIT_S, check=False)
        results: dict[str, Any] = {}
        for path in Path(folder).glob('*/results.json'):
            results = json.loads(path.read_text(encoding='utf-8'))
        files = {path.name for path in Path(folder).glob('*/*')}
        return Outcome(done.returncode, done.stdout + done.stderr, results,
                       files)


class Judged(unittest.TestCase):
    """Runs some cases at a time, and compares verdicts and reasons."""

    def run_all(self, cases: Sequence[Case]) -> None:
        """Verdict and reason of each."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for case, outcome in zip(cases, pool.map(run, cases)):
                with self.subTest(bug=case.bug, words=case.words):
                    self.judge(case, outcome)

    def judge(self, case: Case, outcome: Outcome) -> None:
        """Compare."""
        self.assertEqual(outcome.code, case.code, outcome.text)
        breaches = set(outcome.results['breaches'])
        self.assertLessEqual(case.breaches, breaches, outcome.text)
        if case.code == 0:
            self.assertGreater(outcome.results['acknowledged'], 100)
            self.assertGreater(len(outcome.results['injected']), 1,
                               outcome.text)
        self.assertLessEqual(
            {'history.edn', 'results.edn', 'timeline.html', 'plan.txt',
             'latency-raw.svg', 'availability.svg', 'command.txt',
             'harness.log', 'summary.txt', 'index.html', 'n1', 'n2', 'n3'},
            outcome.files)


class FewTest(Judged):
    """A short look."""

    def test_cases(self) -> None:
        """Right pools and wrong ones."""
        self.run_all(FEW)

    def test_usage(self) -> None:
        """What cannot be run is said in a sentence."""
        outcome = run(Case(('W1', '--nemesis', 'kil')))
        self.assertEqual(outcome.code, 2)
        self.assertIn('no fault is called kil; there are: kill ',
                      outcome.text)
        outcome = run(Case(('W2',)))
        self.assertEqual(outcome.code, 2)
        self.assertIn('no workload is called W2; there are: W1 W3',
                      outcome.text)
        with tempfile.TemporaryDirectory() as empty:
            outcome = run(Case(('--bin', empty)))
        self.assertEqual(outcome.code, 2)
        self.assertIn('no perchd, perchctl, perch-jepsen', outcome.text)


class AllTest(Judged):
    """The rest: minutes."""

    def test_cases(self) -> None:
        """Every fault on right pools, every wrong pool."""
        self.run_all(CASES)

    def test_rounds(self) -> None:
        """Several rounds: both workloads, a seed each, a table."""
        outcome = run(Case(('--rounds', '2', '--nemesis', 'none',
                            '--seconds', '1', '--clean', '0.5')))
        self.assertEqual(outcome.code, 0, outcome.text)
        self.assertIn('seed 7,', outcome.text)
        self.assertIn('seed 8,', outcome.text)
        self.assertEqual(outcome.text.count('valid\n'), 4)

    def test_nothing_acknowledged_proves_nothing(self) -> None:
        """A load that never got through is no good run."""
        outcome = run(Case(('W1', '--nemesis', 'none',
                            '--seconds', '1', '--clean', '0', '--rate',
                            '0.01', '--recovery', '1')))
        self.assertEqual(outcome.code, 1, outcome.text)
        self.assertIn('nothing was acknowledged', outcome.text)


if __name__ == '__main__':
    confined.skip_where_impossible()
    unittest.main(verbosity=2)
