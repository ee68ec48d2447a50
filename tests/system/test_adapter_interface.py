#!/usr/bin/env python3
"""The adapter of ops/adapter/interface.md, taken from the page, does what the
page says; and the page says what perch-adapter does.

    tests/system/test_adapter_interface.py [BIN]
"""
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import adapter_input
from adapter_input import ALICE, RATES, Cut, fill

PAGE = adapter_input.TOP / 'ops' / 'adapter' / 'interface.md'
EXAMPLE_LINES_MAX = 35
BIN = adapter_input.TOP / 'build-release' / 'bin'


def example() -> str:
    """The program on the page."""
    found = re.findall(r'```python\n(.*?)```', PAGE.read_text(), re.DOTALL)
    assert len(found) == 1
    return str(found[0])


class TestExample(unittest.TestCase):
    """The page's own adapter."""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix='perch-adapter-'))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.program = self.folder / 'program.py'
        self.program.write_text(example())
        self.sink = self.folder / 'sink'
        self.sink.mkdir()

    def run_text(self, text: str) -> 'subprocess.CompletedProcess[str]':
        """Give it input."""
        return subprocess.run([sys.executable, str(self.program)], input=text,
                              capture_output=True, text=True, check=False)

    def test_short(self) -> None:
        """It fits a screen."""
        self.assertLessEqual(example().count('\n'), EXAMPLE_LINES_MAX)

    def test_taken(self) -> None:
        """It acknowledges the last CSN with the hash of what it wrote, twice
        alike."""
        cut = fill(Cut('program', self.sink))
        for _ in range(2):
            done = self.run_text(cut.text())
            self.assertEqual((done.returncode, done.stderr), (0, ''))
            path, = self.sink.iterdir()
            self.assertEqual(json.loads(done.stdout), {
                'ack': cut.head['last'],
                'sheet': hashlib.sha256(path.read_bytes()).hexdigest()})
            self.assertEqual([json.loads(line) for line in
                              path.read_text().split('\n') if line],
                             cut.records)

    def test_refused(self) -> None:
        """Cut off, or with something else in its place, it acknowledges
        nothing."""
        cut = fill(Cut('program', self.sink))
        for text in ('\n'.join(cut.lines()[:-1]) + '\n',
                     '\n'.join(cut.lines()[:5]) + '\n'):
            done = self.run_text(text)
            self.assertNotEqual(done.returncode, 0)
            self.assertEqual(done.stdout, '')
            self.assertEqual(list(self.sink.iterdir()), [])
        self.run_text(cut.text())
        path, = self.sink.iterdir()
        path.write_text('other')
        done = self.run_text(cut.text())
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual((done.stdout, path.read_text()), ('', 'other'))


class TestPage(unittest.TestCase):
    """What the page says of the first line."""

    def test_members(self) -> None:
        """The cut line on the page has the members that perch-adapter reads,
        and is one that it takes."""
        text = PAGE.read_text()
        found = re.search(r'\{"cut": (.*?\})\}', text, re.DOTALL)
        assert found is not None
        head = json.loads(found.group(1).replace('\n', ' '))
        self.assertEqual(set(head), set(Cut('xml', '/').head))
        folder = tempfile.mkdtemp(prefix='perch-adapter-')
        self.addCleanup(shutil.rmtree, folder)
        cut = Cut('csv', folder)
        cut.head.update(head, output=folder, last=head['first'])
        cut.post(ALICE, RATES, 'x', 1)
        result = adapter_input.run(BIN / 'perch-adapter', cut.text())
        self.assertEqual((result.code, result.said), (0, ''))
        self.assertEqual(result.ack['ack'], head['first'])


if __name__ == '__main__':
    if len(sys.argv) > 1:
        BIN = Path(sys.argv.pop(1)).resolve()
    unittest.main()
