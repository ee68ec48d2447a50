"""Archives to be tampered with, and the two verifiers.

BIN names the folder of the programs, GO_VERIFIER somebody else's verifier, as
CMake has built it; without Go it is empty.
"""
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Any

BIN = os.environ.get('BIN', 'build-release/bin')
GO_VERIFIER = os.environ.get('GO_VERIFIER', '')
RECORDS = 2000
WIDTH = 256
PATIENCE_S = 120


def run(program: str | Path, *arguments: object, **options: Any
        ) -> subprocess.CompletedProcess[bytes]:
    """Run a program; returns what it said, and its exit code."""
    done = subprocess.run([program, *map(str, arguments)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=PATIENCE_S, check=False, **options)
    return done


def group(pattern: str, text: str) -> str:
    """What a pattern's first group found, which must be there."""
    found = re.search(pattern, text)
    assert found is not None, text
    return found[1]


def number_path(index: int) -> str:
    """As C2SP tlog-tiles writes a number: 1234067 is x001/x234/067."""
    groups = ['%03d' % (index % 1000)]
    while index >= 1000:
        index //= 1000
        groups.insert(0, 'x%03d' % (index % 1000))
    return '/'.join(groups)


class Archive:
    """OUT/archive, OUT/policy and OUT/pins, made by archive_maker."""

    def __init__(self, out: str | Path) -> None:
        self.out = Path(out)
        self.path = self.out / 'archive'
        self.policy = self.out / 'policy'
        self.pins = self.out / 'pins'

    def copy(self, out: str) -> 'Archive':
        shutil.copytree(self.out, out)
        return Archive(out)

    @property
    def size(self) -> int:
        return int((self.path / 'checkpoint').read_text().split('\n')[1])

    def make(self, *arguments: object) -> None:
        done = run(BIN + '/archive_maker', *arguments)
        assert done.returncode == 0, done.stderr.decode()

    def rebuild(self) -> None:
        """Make the tree anew from the bundles, with the real keys: what a
        dishonest operator can do."""
        for folder in ('tile/%d' % level for level in range(8)):
            shutil.rmtree(self.path / folder, ignore_errors=True)
        self.make('rebuild', self.out)

    def tile(self, level: int | str, index: int) -> Path:
        """The path of a tile, full or partial."""
        name = self.path / 'tile' / str(level) / number_path(index)
        if name.exists():
            return name
        return next(Path(str(name) + '.p').iterdir())

    def bundle(self, csn: int) -> Path:
        return self.tile('entries', csn // WIDTH)

    def records(self, bundle: Path) -> list[bytes]:
        data, all_ = bundle.read_bytes(), []
        while data:
            end = 2 + int.from_bytes(data[:2], 'big')
            all_.append(data[2:end])
            data = data[end:]
        return all_

    def write(self, bundle: Path, records: list[bytes]) -> None:
        bundle.write_bytes(b''.join(
            len(each).to_bytes(2, 'big') + each for each in records))

    def edit(self, csn: int,
             change: Callable[[list[bytes], int], object]) -> None:
        """Change the records of the bundle that has a CSN: change gets their
        list and the place of that one."""
        bundle = self.bundle(csn)
        records = self.records(bundle)
        change(records, csn % WIDTH)
        self.write(bundle, records)

    def rewrite(self, change: Callable[[list[bytes]], object]) -> None:
        """Change the list of all records, and make bundles, tiles and
        checkpoint anew, numbers as they were."""
        records: list[bytes] = []
        for index in range((self.size + WIDTH - 1) // WIDTH):
            records += self.records(self.tile('entries', index))
        change(records)
        shutil.rmtree(self.path / 'tile')
        for at in range(0, len(records), WIDTH):
            part = records[at:at + WIDTH]
            name = self.path / 'tile/entries' / number_path(at // WIDTH)
            if len(part) < WIDTH:
                name = Path(str(name) + '.p') / str(len(part))
            name.parent.mkdir(parents=True, exist_ok=True)
            self.write(name, part)
        self.rebuild()

    def keys(self) -> list[str]:
        """The verifier keys, the log's first."""
        return [each.read_text().strip()
                for each in sorted((self.path / 'keys').iterdir())]


def kind(record: bytes) -> int:
    return record[1]


def renumbered(records: list[bytes]) -> list[bytes]:
    """With numbers as places are: bytes 8 to 16 of a record."""
    return [each[:8] + place.to_bytes(8, 'big') + each[16:]
            for place, each in enumerate(records)]


class Case(unittest.TestCase):
    """Has an archive of its own, self.archive, and the verifiers."""
    length = RECORDS
    whole: Archive
    _folder: tempfile.TemporaryDirectory[str]
    _copies = 0

    @classmethod
    def setUpClass(cls) -> None:
        cls._folder = tempfile.TemporaryDirectory(prefix='perch-audit-')
        cls.whole = Archive(cls._folder.name + '/whole')
        cls.whole.make('generate', cls.whole.out, cls.length)
        cls._copies = 0

    @classmethod
    def tearDownClass(cls) -> None:
        cls._folder.cleanup()

    def copy(self) -> Archive:
        type(self)._copies += 1
        return self.whole.copy('%s/%d' % (self._folder.name, self._copies))

    def setUp(self) -> None:
        self.archive = self.copy()

    def audit(self, *arguments: object, code: int = 0) -> str:
        """What perch-audit prints."""
        done = run(BIN + '/perch-audit', *arguments)
        text = done.stdout.decode()
        self.assertEqual(done.returncode, code, text + done.stderr.decode())
        return text

    def verify(self, *options: object, archive: Archive | None = None,
               code: int = 0, policy: bool = True) -> str:
        archive = archive or self.archive
        words: list[object] = ['verify', archive.path, '--quiet', *options]
        if policy:
            words += ['--policy', archive.policy]
        return self.audit(*words, code=code)

    def assert_complete(self, *options: object, **more: Any) -> str:
        text = self.verify(*options, **more)
        self.assertTrue(text.startswith('COMPLETE'), text)
        return text

    def assert_found(self, wanted: str, *options: object, check: str = '',
                     **more: Any) -> str:
        """Not complete, for that reason, found by that check."""
        text = self.verify(*options, code=1, **more)
        self.assertTrue(text.startswith('NOT COMPLETE'), text)
        self.assertIn(wanted, text)
        if check:
            self.assertRegex(text, r'\n  FAILED +%s ' % check)
        return text

    def failed(self, *options: object) -> list[str]:
        """The names of the checks that found something."""
        report = json.loads(self.verify('--json', *options, code=1))
        return [each['name'] for each in report['checks'] if each['errors']]

    def stranger(self, *pins: object, code: int = 0,
                 archive: Archive | None = None) -> str:
        """What somebody else's verifier says."""
        if not GO_VERIFIER:
            return ''
        archive = archive or self.archive
        done = run(GO_VERIFIER, archive.path, *archive.keys(), '--', *pins)
        text = done.stdout.decode() + done.stderr.decode()
        self.assertEqual(done.returncode, code, text)
        return text
