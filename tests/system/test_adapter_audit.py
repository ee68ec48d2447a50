#!/usr/bin/env python3
"""A whole archive through the adapters and back to the auditor: what
`perch-audit show --json` prints is perch-adapter's input, and what that writes
is what `perch-audit verify --exports` wants.

    tests/system/test_adapter_audit.py [BIN]
"""
import email
import email.policy
import importlib
import json
import os
import re
import subprocess
import sys
import unittest
from pathlib import Path
from typing import Any

BIN = Path(sys.argv.pop(1) if len(sys.argv) > 1 else
           'build-release/bin').resolve()
os.environ['BIN'] = str(BIN)
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'archive'))

import adapter_input  # noqa: E402
from adapter_input import Cut  # noqa: E402
from archives import Case  # noqa: E402

TYPES = ('xml', 'filedump', 'csv', 'eml', 'rsmf')
CUTS = ((0, 499), (500, 1233), (1234, 1999))


class TestAudit(Case):
    """An archive of 2,000 records, three cuts, five adapters."""

    def setUp(self) -> None:
        super().setUp()
        self.folder = self.archive.out / 'exports'
        self.folder.mkdir()
        self.records = [json.loads(line) for line in self.audit(
            'show', self.archive.path, '--json').splitlines()]
        note = sorted((self.archive.path / 'checkpoints').iterdir())[-1]
        self.size, self.root = note.read_text().split('\n')[1:3]

    def export(self, kind: str, output: str = '') -> None:
        """All cuts through one adapter."""
        sheet = ''
        for first, last in CUTS:
            cut = Cut(kind, output or str(self.folder), first, last=last,
                      adapter=kind,
                      origin='pool.example/perch', previous_sheet=sheet,
                      tree_size=int(self.size), root=self.root)
            shown = self.audit('show', self.archive.path, '--json', '--from',
                               first, '--to', last)
            lines = [json.dumps({'cut': cut.head}), shown.rstrip('\n'),
                     json.dumps({'end': last - first + 1})]
            result = adapter_input.run(BIN / 'perch-adapter',
                                       '\n'.join(lines) + '\n')
            self.assertEqual((result.code, result.said), (0, ''))
            self.assertEqual(result.ack['ack'], last)
            sheet = result.ack['sheet']

    def sheets(self) -> list[dict[str, Any]]:
        """All sheets."""
        return [json.loads(path.read_text())
                for path in sorted(self.folder.glob('*.sheet.json'))]

    def test_complete(self) -> None:
        """The auditor finds every file and every record; every format has the
        same counts in each range."""
        for kind in TYPES:
            self.export(kind)
        text = self.assert_complete('--exports', self.folder)
        self.assertIn('%d sheets' % (len(TYPES) * len(CUTS)), text)
        for kind in TYPES:
            self.assertIn('%s to record 1999 of 1999' % kind, text)
        for first, last in CUTS:
            counts: dict[str, int] = {}
            for record in self.records[first:last + 1]:
                counts[record['kind']] = counts.get(record['kind'], 0) + 1
            found = [sheet['counts'] for sheet in self.sheets()
                     if sheet['first_csn'] == first]
            self.assertEqual(found, [counts] * len(TYPES))

    def other(self, name: str) -> Any:
        """A file of tests that has the server."""
        try:
            return importlib.import_module(name)
        except SystemExit as end:
            raise unittest.SkipTest('%s: not installed' % name) from end

    def assert_audited(self, kind: str) -> None:
        """The sheets in the folder are a whole chain; without the middle one
        they are not."""
        text = self.assert_complete('--exports', self.folder)
        self.assertIn('%s to record 1999 of 1999' % kind, text)
        paths = sorted(self.folder.glob('*.sheet.json'))
        self.assertEqual(len(paths), len(CUTS))
        paths[1].unlink()
        self.assert_found('the sheet before it ends with 499', '--exports',
                          self.folder, check='exports')

    def test_database(self) -> None:
        """The sheets of a database, made files of as README.md says."""
        if not Path('/usr/lib/postgresql/15/bin/postgres').exists():
            self.skipTest('PostgreSQL is not installed')
        server = self.other('test_adapter_database').Postgres()
        self.addCleanup(server.close)
        server.start()
        self.export('postgresql', server.output('postgres'))
        page = (Path(__file__).resolve().parents[2] /
                'ops/adapter/README.md').read_text()
        lines = re.search(r'\n(    psql .*\n    .*\n)', page)
        assert lines is not None
        subprocess.run(
            ['bash', '-ec', lines[1].replace("'vault'", "'postgresql'")],
            check=True, cwd=self.folder, env={
                **os.environ, 'PGHOST': str(server.folder), 'PGUSER': 'perch',
                'PGDATABASE': 'postgres'})
        self.assert_audited('postgresql')

    def test_mail(self) -> None:
        """The sheets that come with the last mail of each cut."""
        server = self.other('test_adapter_mail').Server()
        self.addCleanup(server.stop)
        self.export('eml', 'smtp://127.0.0.1:%d?from=a@pool.example'
                    '&to=b@pool.example&tls=none' % server.port)
        for number, (_, _, text) in enumerate(server.taken):
            mail = email.message_from_bytes(text, policy=email.policy.default)
            for part in mail.walk():
                if part.get_filename() == 'sheet.json':
                    (self.folder / ('%04d.sheet.json' % number)).write_bytes(
                        part.get_payload(decode=True))
        self.assert_audited('eml')

    def test_changed(self) -> None:
        """One byte in an exported file is found."""
        self.export('csv')
        path = sorted(self.folder.glob('*.csv'))[1]
        text = bytearray(path.read_bytes())
        text[len(text) // 2] ^= 1
        path.write_bytes(text)
        self.assert_found('is not the file of its sheet', '--exports',
                          self.folder, check='exports')


if __name__ == '__main__':
    unittest.main()
