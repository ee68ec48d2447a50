#!/usr/bin/env python3
"""The examples of README.md for people and administrators work as they stand,
one after the other.

    tests/system/test_examples.py [BIN]
"""
import os
import re
import subprocess

from scene import HOME
from sip_scene import SipScene, run

CHAPTER = 'For people and administrators'
LINE_WAIT_S = 60
LINES_LEAST = 40    # Fewer: the chapter is not read as it is written.
REFUSED = 1


def blocks() -> list[list[str]]:
    """What the chapter shows to be typed: block after block of lines."""
    text = (HOME / 'README.md').read_text(encoding='utf-8')
    chapter = text.split('\n## %s\n' % CHAPTER)[1].split('\n## ')[0]
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

    def test_the_chapter(self) -> None:
        """Each line ends well, or is refused where that is what it shows."""
        begin, *rest = blocks()
        around = self.surroundings(begin)
        lines = [line for block in rest for line in block]
        self.assertGreaterEqual(len(lines), LINES_LEAST)
        for line in lines:
            wanted, words = 0, line
            if line.startswith('! '):
                wanted, words = REFUSED, line[2:]
            done = subprocess.run(['bash', '-c', words], cwd=self.folder,
                                  env=around, stdin=subprocess.DEVNULL,
                                  text=True, capture_output=True,
                                  timeout=LINE_WAIT_S, check=False)
            self.assertEqual(done.returncode, wanted, '%s\n%s%s' % (
                line, done.stdout, done.stderr))


if __name__ == '__main__':
    run()
