"""The archive's part of ops/drill: adapters that are struck while a pool is
under load, and what is judged of archive and exports afterwards."""
import csv
import filecmp
import json
import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local_pool import LocalPool, Node, PoolError

OPS = Path(__file__).resolve().parent
ADAPTERS = ('xml', 'csv', 'eml')
# Where a strike falls. The last two fall at any moment, whatever runs.
PLACES = ('adapter_before', 'adapter_after', 'leader_before', 'leader_after',
          'adapter', 'leader')
STRIKE_WAIT_S = 30.0
FINAL_WAIT_S = 120.0
CELL_BYTES_MAX = 1 << 24    # The csv adapter's longest cell, by far.
AUDIT_WAIT_S = 600.0


# What people read at the end, by room: message ids and texts, in order.
Talk = dict[str, list[tuple[int, str]]]


class ArchiveDrill:
    """What a drill of the archive has beside its pool and load."""

    def __init__(self, pool: LocalPool, programs: Path, seed: int) -> None:
        self._pool = pool
        self._programs = programs.resolve()
        self._strikes = pool.folder / 'strikes'
        self._random = random.Random(seed)
        self._struck: Counter[str] = Counter()
        self._records = 0       # When all came to an end.
        self.findings: list[str] = []

    def settings(self) -> str:
        """perchd.conf's part: the adapter that is struck."""
        (self._strikes / 'cuts').mkdir(parents=True)
        script = self._pool.folder / 'adapter'
        script.write_text('#!/bin/sh\nexec python3 %s %s %s\n' % (
            OPS / 'drill_adapter.py', self._programs / 'perch-adapter',
            self._strikes), encoding='utf-8')
        script.chmod(0o755)
        return '[archive]\nadapter_program = %s\n' % script

    def begin(self) -> None:
        """Switch the archive on and give it adapters."""
        self.ask('archive', 'set', 'on')
        for name in ADAPTERS:
            self.ask('archive', 'adapters', 'add', name, '--type', name,
                     '--output', name)

    def ask(self, *words: str) -> dict[str, Any]:
        """Ask whoever answers."""
        end = time.monotonic() + STRIKE_WAIT_S
        while True:
            for node in self._pool.nodes():
                if node.pid() is None:
                    continue
                try:
                    return node.perchctl(*words)
                except PoolError as error:
                    last = error
            if time.monotonic() > end:
                raise last
            time.sleep(0.05)

    def strike(self, leader: Node, idle: Callable[[float], None]) -> bool:
        """Strike once; was it the leader? The load goes on in idle."""
        place = self._random.choice(PLACES)
        done = self._count_done()
        if '_' in place:
            made = self._strikes / '.next'
            made.write_text(place, encoding='utf-8')
            made.rename(self._strikes / 'next')
        self.ask('archive', 'adapters', 'run', self._random.choice(ADAPTERS))
        if place == 'leader':
            idle(self._random.random() / 2)
            leader.kill()
        elif place == 'adapter':
            self._kill_adapter(leader, idle)
        else:
            end = time.monotonic() + STRIKE_WAIT_S
            while self._count_done() == done:
                if time.monotonic() > end:
                    raise PoolError('no adapter ran, to be struck: %s' % place)
                idle(0.05)
        self._struck[place] += 1
        return place.startswith('leader')

    def _count_done(self) -> int:
        path = self._strikes / 'done'
        return len(path.read_text().splitlines()) if path.exists() else 0

    def _kill_adapter(self, leader: Node,
                      idle: Callable[[float], None]) -> None:
        """kill -9 of a child of the leader's, as soon as there is one that
        lives until then."""
        end = time.monotonic() + STRIKE_WAIT_S
        while time.monotonic() < end:
            pid = leader.pid()
            for task in (Path('/proc/%s/task' % pid).glob('*/children')
                         if pid else ()):
                try:
                    children = task.read_text().split()
                    if children:
                        idle(self._random.random() / 10)
                        os.killpg(int(children[0]), signal.SIGKILL)
                        return
                except (OSError, ValueError):
                    self.ask('archive', 'adapters', 'run',
                             self._random.choice(ADAPTERS))
            idle(0.01)
        raise PoolError('no adapter ran, to be killed')

    def finish(self) -> None:
        """Wait until every sink has all there is, and the checkpoint too."""
        end = time.monotonic() + FINAL_WAIT_S
        (self._strikes / 'next').unlink(missing_ok=True)
        while time.monotonic() < end:
            for name in ADAPTERS:
                self.ask('archive', 'adapters', 'run', name)
            time.sleep(1)
            status = self.ask('archive', 'status')
            published = status['published'] or {}
            if all(each['lag'] == 0 and not each['cuts_waiting']
                   for each in status['adapters']) and \
                    published.get('size') == status['records'] and \
                    all(each['trails_by'] == 0 for each in status['nodes']):
                self._records = int(status['records'])
                return
        raise PoolError('adapters or nodes do not come to an end: %s' %
                        json.dumps(status))

    def judge(self, talk: Talk) -> bool:
        """Hold archives, exports, an undisturbed run and what people read of
        their rooms against each other, when the pool has ended; prints the
        table's part."""
        archives = [node.data / 'archive' for node in self._pool.nodes()]
        exports = [word for name in ADAPTERS for word in
                   ('--exports', str(self._pool.folder / 'export' / name))]
        verdict = self._audit('verify', str(archives[0]), *exports)
        for other in archives[1:]:
            self._audit('diff', str(archives[0]), str(other))
        files, same = self._replay(archives[0])
        strangers = self._ask_stranger(archives[0])
        for place in PLACES:
            print('struck %-15s %3d' % (place, self._struck[place]))
        self._count_exported(archives[0], talk)
        self._find_other_cuts()
        print('verifier         %s' % verdict)
        print('archives equal   %6s' % (not any(
            each.startswith('diff') for each in self.findings)))
        print('exported files   %6d, %d equal to an undisturbed run\'s' %
              (files, same))
        print('other verifier   %s' % strangers)
        for each in self.findings:
            print(each)
        return not self.findings

    def _last_of_exporting(self, archive: Path,
                           numbers: list[int]) -> set[int]:
        """The records of the last cuts themselves and their delivery, which
        are behind all others and for which alone no cut is made."""
        end = max(numbers, default=-1) + 1
        if end >= self._records:
            return set()
        records = [json.loads(line) for line in
                   self._show(archive, end, self._records - 1).splitlines()]
        return {each['csn'] for each in records
                if each['kind'] in ('cut', 'delivered')}

    def _count_exported(self, archive: Path, talk: Talk) -> None:
        """What the csv adapter's sink has, without perch-audit's help."""
        csv.field_size_limit(CELL_BYTES_MAX)
        numbers: list[int] = []
        exported: Talk = {room: [] for room in talk}
        for path in sorted((self._pool.folder / 'export' / 'csv').glob(
                '*.csv')):
            with open(path, encoding='utf-8', newline='') as file:
                for row in csv.DictReader(file):
                    numbers.append(int(row['csn']))
                    if row['kind'] == 'post' and row['outcome'] == '0':
                        exported[row['room_name']].append(
                            (int(row['message_id']), row['content']))
        wrong = {'missing': len(set(range(self._records)) - set(numbers) -
                                self._last_of_exporting(archive, numbers)),
                 'duplicated': len(numbers) - len(set(numbers)),
                 'out of order': sum(b < a for a, b in
                                     zip(numbers, numbers[1:]))}
        print('records          %6d' % self._records)
        for name, count in wrong.items():
            print('  %-14s %6d' % (name, count))
            if count:
                self.findings.append('%d records are %s' % (count, name))
        print('posts exported   %6d' % sum(map(len, exported.values())))
        for room, posts in talk.items():
            if exported[room] != posts:
                self.findings.append('%s: exported otherwise than read' % room)

    def _find_other_cuts(self) -> None:
        """Cuts that were not the same when they came again."""
        path = self._strikes / 'other_cuts'
        if path.exists():
            self.findings += path.read_text().splitlines()

    def _audit(self, *words: str) -> str:
        ran = subprocess.run([str(self._programs / 'perch-audit'), *words],
                             text=True, capture_output=True,
                             timeout=AUDIT_WAIT_S, check=False)
        if ran.returncode != 0:
            self.findings.append('%s: %s' % (' '.join(words),
                                             (ran.stdout + ran.stderr)[:4000]))
        lines = ran.stdout.splitlines()
        return lines[0] if lines else ran.stderr.strip()

    def _ask_stranger(self, archive: Path) -> str:
        """The verifier of tests/archive, where Go has built it."""
        stranger = self._programs.parent / 'tests' / 'stranger'
        if not stranger.exists():
            return 'not built: no Go'
        keys = sorted((archive / 'keys').glob('log-*'))
        ran = subprocess.run(
            [str(stranger), str(archive), keys[-1].read_text().strip()],
            text=True, capture_output=True, timeout=AUDIT_WAIT_S, check=False)
        if ran.returncode != 0:
            self.findings.append('stranger: %s%s' % (ran.stdout, ran.stderr))
        return (ran.stdout.splitlines() or ['says nothing'])[0]

    def _replay(self, archive: Path) -> tuple[int, int]:
        """Give every cut to fresh adapters, once, from the archive alone; how
        many files there are, and how many are the same."""
        again = self._pool.folder / 'again'
        for path in sorted((self._strikes / 'cuts').iterdir()):
            if not path.name.startswith('.'):
                self._run_again(archive, again, json.loads(path.read_text()))
        export = self._pool.folder / 'export'
        names = {str(each.relative_to(top)) for top in (export, again)
                 for each in top.rglob('*') if each.is_file()}
        same = 0
        for name in sorted(names):
            if (export / name).is_file() and (again / name).is_file() and \
                    filecmp.cmp(export / name, again / name, shallow=False):
                same += 1
            else:
                self.findings.append('exported otherwise: %s' % name)
        return len(names), same

    def _show(self, archive: Path, first: int, last: int) -> str:
        return subprocess.run(
            [str(self._programs / 'perch-audit'), 'show', str(archive),
             '--json', '--from', str(first), '--to', str(last)], text=True,
            capture_output=True, timeout=AUDIT_WAIT_S, check=True).stdout

    def _run_again(self, archive: Path, again: Path,
                   line: dict[str, dict[str, object]]) -> None:
        cut = line['cut']
        first, last = int(str(cut['first'])), int(str(cut['last']))
        cut['output'] = str(again / str(cut['adapter']))
        shown = self._show(archive, first, last)
        Path(str(cut['output'])).mkdir(parents=True, exist_ok=True)
        ran = subprocess.run(
            [str(self._programs / 'perch-adapter')], text=True,
            input='%s\n%s%s\n' % (json.dumps(line), shown,
                                  json.dumps({'end': last - first + 1})),
            capture_output=True, timeout=AUDIT_WAIT_S, check=False)
        if ran.returncode != 0:
            self.findings.append('again: %s' % ran.stderr)
