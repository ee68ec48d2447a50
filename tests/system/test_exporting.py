#!/usr/bin/env python3
"""Cuts, adapters and what administrators see of them: every record reaches the
sink once, whatever dies, hangs or lies on the way.

    tests/system/test_exporting.py [BIN]
"""
import json
import subprocess
import tempfile
import time
import unittest
from pathlib import Path
from typing import Any

import scene
from scene import HOME, SETTINGS, Scene, Setup, clear_pool, page, until
from sip_client import DOMAIN

from local_pool import LocalPool, PoolError

RECORDER = HOME / 'tests' / 'system' / 'recorder.py'
DEADLINE_S = 3
FAULTS = ('die_before', 'die_after', 'leader_before', 'fail', 'lie',
          'leader_after', 'silent', 'hang')
# What status says of those that do not come from a node that is gone.
SAYS = {'die_before': 'killed by signal 9', 'die_after': 'killed by signal 9',
        'fail': 'exit 3: the sink is on fire', 'lie': 'instead of',
        'silent': 'without an acknowledgement', 'hang': 'of silence'}


class Exporting(Scene):
    """A pool whose archive is on."""

    def setUp(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix='perch-export-'))
        self.faults = folder / 'faults'
        self.faults.mkdir()
        self.pool = LocalPool(folder)
        self.pool.create(3, Setup.base_port, DOMAIN, Setup.programs,
                         SETTINGS + '''
[archive]
program = recorder %s %s
adapter_deadline = %ds
''' % (RECORDER, self.faults, DEADLINE_S))
        self.addCleanup(clear_pool, self.pool)
        self.serve()
        self.ask('archive', 'set', 'on')

    def ask(self, *words: str) -> dict[str, Any]:
        """Ask the pool until it has an answer; a node may be dying."""
        def answer() -> dict[str, Any] | None:
            for node in self.pool.nodes():
                if node.pid() is not None:
                    try:
                        return node.perchctl(*words)
                    except PoolError as error:
                        self.last = str(error)
            return None
        return dict(until(answer, ' '.join(words)))

    def add(self, name: str, *words: str) -> None:
        """Add an adapter of the recorder's."""
        self.ask('archive', 'adapters', 'add', name, '--type', 'program',
                 '--program', 'recorder', '--output', name, *words)

    def adapter(self, name: str) -> dict[str, Any]:
        """An adapter as it is."""
        return dict(self.ask('archive', 'adapters', 'show', name)['adapter'])

    def records(self) -> int:
        """How many there are that an adapter can be behind of."""
        return int(self.ask('archive', 'status')['records'])

    def runs(self, name: str) -> list[list[str]]:
        """The runs of an adapter so far."""
        path = self.faults / (name + '.runs')
        return [line.split() for line in path.read_text().splitlines()] \
            if path.exists() else []

    def sink(self, name: str) -> list[dict[str, Any]]:
        """All records of a sink, in the order of its files, which follow one
        another without gap or overlap."""
        found: list[dict[str, Any]] = []
        files = sorted((self.pool.folder / 'export' / name).glob('*.jsonl'))
        for file in files:
            lines = [json.loads(line) for line in
                     file.read_text(encoding='utf-8').splitlines()]
            self.assertEqual(lines[0]['first'], len(found), file)
            self.assertEqual(lines[0]['tree_size'], lines[0]['last'] + 1)
            found += lines[1:]
        self.assertEqual([each['csn'] for each in found],
                         list(range(len(found))))
        return found

    def assert_acked(self, name: str, upto: int) -> dict[str, Any]:
        """The sink comes to have all records below this one."""
        def acked() -> dict[str, Any] | None:
            now = self.adapter(name)
            return now if now['acked_csn'] >= upto and \
                not now['cuts_waiting'] else None
        return dict(until(acked, '%s has %d records' % (name, upto)))

    def test_every_record_once_through_every_fault(self) -> None:
        """One fault after the other, each with a cut of its own; leaders that
        were killed come back."""
        self.add('vault')
        self.assert_acked('vault', 1)
        for fault in FAULTS:
            with self.subTest(fault=fault):
                self.ask('archive', 'canary')
                upto = self.records()
                (self.faults / 'vault').write_text(fault, encoding='utf-8')
                before = len(self.runs('vault'))
                self.ask('archive', 'adapters', 'run', 'vault')
                if fault in SAYS:
                    until(lambda: SAYS[fault] in
                          (self.adapter('vault')['error'] or ''),
                          'status says so')
                    self.assertTrue(
                        any('vault fails' in each for each in
                            self.ask('archive', 'status')['warnings']))
                now = self.assert_acked('vault', upto)
                self.assertIsNone(now['error'])
                self.assertEqual(now['attempts'], 0)
                runs = self.runs('vault')[before:]
                self.assertEqual(runs[0][0], fault)
                self.assertEqual({tuple(each[2:]) for each in runs},
                                 {tuple(runs[0][2:])},
                                 'the same cut, and no other')
                self.assertGreaterEqual(len(runs), 2)
                self.serve()
        records = self.sink('vault')
        kinds = [each['kind'] for each in records]
        self.assertEqual(kinds.count('canary'),
                         len({each['csn'] for each in records
                              if each['kind'] == 'canary'}))
        self.assertGreaterEqual(kinds.count('canary'), len(FAULTS))
        self.assertEqual(kinds[:2], ['origin', 'compliance'])

    def test_no_adapter_is_loud(self) -> None:
        """In status for people, in its warnings, and in monitoring; until
        there is one that is enabled."""
        def loud() -> bool:
            node = self.pool.node(1)
            shown = subprocess.run(
                [node.program('perchctl'), '--socket', str(node.socket),
                 'archive', 'status'], text=True, capture_output=True,
                timeout=30, check=True).stdout
            gauge = page(node, '/metrics')
            first = shown.splitlines()[0]
            return 'COMPLIANCE ADAPTER' in first and \
                'perch_archive_no_adapter 1' in gauge
        until(loud, 'loud')
        self.add('vault')
        until(lambda: not loud() and 'perch_archive_no_adapter 0' in
              page(self.pool.node(1), '/metrics'), 'silent')
        self.ask('archive', 'adapters', 'change', 'vault', '--disabled', 'yes')
        until(loud, 'loud again')

    def test_outputs_beside_what_is_allowed_are_refused(self) -> None:
        """A committed path is no key to the nodes' disks."""
        for i, output in enumerate(('/etc/vault', '../vault', 'a/../../vault',
                                    str(self.pool.folder / 'exports'))):
            name = 'vault%d' % i
            self.ask('archive', 'adapters', 'add', name, '--type', 'program',
                     '--program', 'recorder', '--output', output)
            until(lambda: 'not below' in (self.adapter(name)['error'] or ''),
                  output)
            self.assertEqual(self.runs(name), [])
        self.ask('archive', 'adapters', 'add', 'other', '--type', 'program',
                 '--program', 'unheard-of')
        until(lambda: 'names no unheard-of' in
              (self.adapter('other')['error'] or ''), 'its program')

    def test_who_leads_no_more_kills_what_it_runs(self) -> None:
        """And the next leader runs the same cut."""
        (self.faults / 'vault').write_text('hang', encoding='utf-8')
        self.add('vault')
        until(lambda: self.runs('vault'), 'it runs')
        pid = int(self.runs('vault')[0][1])
        leader = self.pool.leader()
        assert leader is not None
        leader.perchctl('nodes', 'transfer')
        until(lambda: not Path('/proc/%d' % pid).exists(), 'it is gone',
              DEADLINE_S - 1)
        self.assert_acked('vault', 2)
        runs = self.runs('vault')
        self.assertEqual(runs[1][2:], runs[0][2:])
        self.sink('vault')

    def test_looking_is_on_record(self) -> None:
        """What an administrator is shown of what was said, he is on record to
        have asked for."""
        self.ask('categories', 'create', 'Harbour')
        self.ask('rooms', 'create', 'Desk', '--category', 'Harbour')
        for words in (('messages', 'list', 'Desk'),
                      ('messages', 'search', 'tide'),
                      ('messages', 'list', 'Desk', '--match', 'tide')):
            self.ask(*words)
        self.add('vault')
        self.assert_acked('vault', 8)
        looks = [each for each in self.sink('vault')
                 if each['kind'] == 'messages_read']
        self.assertEqual(
            [each['name'] for each in looks],
            ['MESSAGES_LIST room=Desk', 'MESSAGES_SEARCH text=tide',
             'MESSAGES_LIST room=Desk match=tide'])
        self.assertEqual(looks[0]['room_name'], 'Desk')

    def test_four_adapters_at_once(self) -> None:
        """One that hangs keeps nobody waiting."""
        (self.faults / 'a').write_text('hang\nhang', encoding='utf-8')
        begun = time.monotonic()
        for name in 'abcd':
            self.add(name)
        for name in 'bcd':
            self.assert_acked(name, 2)
        self.assertLess(time.monotonic() - begun, 2 * DEADLINE_S)
        self.assert_acked('a', 2)


if __name__ == '__main__':
    assert unittest
    scene.main()
