#!/usr/bin/env python3
"""Every cmdlet of Persistent Chat has its row, every row its command, and every
example works.

    tests/system/test_cmdlets.py [BIN]
"""
import re
import shlex
import subprocess
from pathlib import Path
from typing import NamedTuple

from scene import HOME
from sip_client import PASSWORD
from sip_scene import SipScene, run

TABLE = HOME / 'ops' / 'perchctl' / 'cmdlets.md'
NOUNS = {
    'Room': 'New Set Get Remove Clear', 'Message': 'Remove Test',
    'Category': 'New Set Get Remove', 'Addin': 'New Set Get Remove',
    'Configuration': 'New Set Get Remove',
    'ComplianceConfiguration': 'New Set Get Remove',
    'Policy': 'New Set Get Remove Grant', 'Endpoint': 'New Get Remove',
    'EligiblePrincipal': 'Get', 'ActiveServer': 'Set', 'State': 'Get Set',
    'Data': 'Export Import',
}
# What the examples name that is no part of a pool.
TRANSFORM = '''\
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
<xsl:template match="/"><xsl:copy-of select="."/></xsl:template>
</xsl:stylesheet>
'''


class Row(NamedTuple):
    """One line of the table."""
    cmdlet: str
    commands: list[str]
    example: str

    @property
    def verb(self) -> str:
        """New, Set, ..."""
        return self.cmdlet.partition('-')[0]


def rows() -> list[Row]:
    """The table."""
    found = []
    for line in TABLE.read_text(encoding='utf-8').splitlines():
        cells = [each.strip() for each in line.strip('|').split('|')]
        if line.startswith('| ') and '-CsPersistentChat' in cells[0]:
            words = re.findall(r'`([a-z][a-z ]*)`', cells[1])
            found.append(Row(cells[0], words, cells[2].strip('`')))
    return found


class Cmdlets(SipScene):
    """The table against perchctl and a pool."""

    def perchctl(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run it on node 1."""
        return subprocess.run(
            [self.node(1).program('perchctl'), '--socket',
             str(self.node(1).socket), *words], input=PASSWORD + '\n',
            cwd=self.folder, text=True, capture_output=True, timeout=60, check=False)

    def is_command(self, command: str) -> bool:
        """Whether perchctl has it."""
        return self.perchctl('help', *command.split()).returncode == 0

    def test_every_cmdlet_has_a_row(self) -> None:
        """The 37, and none else, once."""
        wanted = sorted('%s-CsPersistentChat%s' % (verb, noun)
                        for noun, verbs in NOUNS.items()
                        for verb in verbs.split())
        self.assertEqual(len(wanted), 37)
        self.assertEqual(sorted(each.cmdlet for each in rows()), wanted)

    def test_every_row_has_commands_that_exist(self) -> None:
        """And an example of one of them."""
        for row in rows():
            self.assertTrue(row.commands, row.cmdlet)
            for command in row.commands:
                self.assertTrue(self.is_command(command), command)
            self.assertTrue(
                row.example.startswith('perchctl ') and
                any(' %s' % each in row.example for each in row.commands),
                row.cmdlet)

    def test_every_example_works(self) -> None:
        """What creates first, what deletes last and the other way round."""
        table = rows()
        Path(self.folder, 'site.xsl').write_text(TRANSFORM, encoding='utf-8')
        first = [each for each in table if each.verb == 'New']
        last = [each for each in table if each.verb == 'Remove']
        others = [each for each in table if each not in first + last]
        for row in first + others + last[::-1]:
            line = row.example.replace('example.com', 'fjord.example')
            line = line.replace('node1:5060', self.node(1).sip_tcp)
            done = self.perchctl(*shlex.split(line)[1:])
            self.assertEqual(done.returncode, 0, '%s: %s%s' % (
                row.cmdlet, line, done.stderr))


if __name__ == '__main__':
    run()
