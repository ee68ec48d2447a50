#!/usr/bin/env python3
"""The examples of README.md for people and administrators, and for auditors,
work as they stand, one after the other.

    tests/system/test_examples.py [BIN]
"""
import os
import re
import subprocess
from pathlib import Path

from scene import HOME, Setup
from sip_scene import SipScene, run

PEOPLE = 'For people and administrators'
ARCHIVE = 'The archive, and how an auditor verifies it'
LINE_WAIT_S = 60
LINES_LEAST = 40    # Fewer: a chapter is not read as it is written.
ARCHIVE_LINES_LEAST = 20
REFUSED = 1
WITNESS_PORT = 95       # Above those of the pool's nodes.
STRANGER = 'build-release/tests/stranger'


def blocks(title: str) -> list[list[str]]:
    """What a chapter shows to be typed: block after block of lines."""
    text = (HOME / 'README.md').read_text(encoding='utf-8')
    chapter = text.split('\n## %s\n' % title)[1].split('\n## ')[0]
    found = re.findall(r'(?:^|\n\n)((?:    .*\n)+)', chapter)
    return [[line[4:] for line in block.splitlines()] for block in found]


class Examples(SipScene):
    """The chapter against a pool of its own."""

    def surroundings(self, begin: list[str]) -> dict[str, str]:
        """The chapter's own variables; places are those of this pool."""
        shown = dict(re.findall(r'(\w+)=(\S+)', ' '.join(begin)))
        self.assertEqual(begin[0], 'ops/pool start')
        return {
            **os.environ,
            'PATH': shown['PATH'].replace('$PWD/build-release/bin:$PATH',
                                          str(self.programs.resolve())) +
            ':' + os.environ['PATH'],
            'PERCH_SOCKET': str(self.node(1).socket),
            'PERCH_SERVERS': '%s,%s' % (self.node(1).sip_tcp,
                                        self.node(2).sip_tcp),
            'PERCH_USER': shown['PERCH_USER'],
            'PERCH_PASSWORD': shown['PERCH_PASSWORD'],
        }

    def type(self, line: str, around: dict[str, str]) -> None:
        """It ends well, or is refused where that is what it shows; what goes
        on behind the shell is left running until the test ends."""
        wanted, words = 0, line
        if line.startswith('! '):
            wanted, words = REFUSED, line[2:]
        if words.endswith(' &'):
            behind = subprocess.Popen(['bash', '-c', 'exec ' + words[:-2]],
                                      cwd=self.folder, env=around,
                                      stdin=subprocess.DEVNULL)
            self.addCleanup(behind.wait)
            self.addCleanup(behind.kill)
            return
        done = subprocess.run(['bash', '-c', words], cwd=self.folder,
                              env=around, stdin=subprocess.DEVNULL,
                              text=True, capture_output=True,
                              timeout=LINE_WAIT_S, check=False)
        self.assertEqual(done.returncode, wanted, '%s\n%s%s' % (
            line, done.stdout, done.stderr))

    def here(self, line: str) -> str:
        """A line of the archive's chapter, with this pool's places."""
        address = '127.0.0.1:%d' % (Setup.base_port + WITNESS_PORT)
        return line.replace(STRANGER, str(self.stranger())).replace(
            'build-release/pool', str(self.folder)).replace(
            '127.0.0.1:8380', address).replace(
            'perch-witness --name', 'perch-witness --listen %s --name' %
            address)

    def stranger(self) -> Path:
        """Somebody else's verifier, made where there is Go."""
        return self.programs.resolve().parent / 'tests' / 'stranger'

    def test_the_chapters(self) -> None:
        """Line after line, one chapter after the other."""
        begin, *rest = blocks(PEOPLE)
        around = self.surroundings(begin)
        lines = [line for block in rest for line in block]
        self.assertGreaterEqual(len(lines), LINES_LEAST)
        archive = [line for block in blocks(ARCHIVE) for line in block]
        self.assertGreaterEqual(len(archive), ARCHIVE_LINES_LEAST)
        self.assertIn(STRANGER, ' '.join(archive))
        if not self.stranger().exists():
            archive = [line for line in archive if STRANGER not in line]
        for line in lines + [self.here(line) for line in archive]:
            self.type(line, around)


if __name__ == '__main__':
    run()
