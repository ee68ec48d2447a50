#!/usr/bin/env python3
"""A short drill: leaders and adapters struck, archives and exports judged.

    tests/system/test_drill_archive.py [BIN]
"""
import re
import subprocess
import unittest

import scene
from scene import HOME, Setup

KILLS = 6
DRILL_S = 300.0         # Some 30 s; sanitizers and a busy machine are slow.


class ShortDrill(unittest.TestCase):
    """ops/drill archive, and what it says."""

    def test_every_record_once_whoever_is_struck(self) -> None:
        """All strikes fell, and nobody found anything."""
        done = subprocess.run(
            [str(HOME / 'ops' / 'drill'), 'archive', '--kills', str(KILLS),
             '--rate', '20', '--base-port', str(Setup.base_port), '--bin',
             str(Setup.programs)], stdin=subprocess.DEVNULL, text=True,
            capture_output=True, timeout=DRILL_S, check=False)
        said = done.stdout + done.stderr
        self.assertEqual(done.returncode, 0, said)
        self.assertEqual(sum(map(int, re.findall(
            r'^struck \w+ +([0-9]+)$', said, re.M))), KILLS, said)
        for wrong in ('missing', 'duplicated', 'out of order'):
            self.assertRegex(said, r'\n  %s +0\n' % wrong)
        self.assertRegex(said, r'archives equal +True')
        files, same = re.findall(r'exported files +([0-9]+), ([0-9]+) equal',
                                 said)[0]
        self.assertGreater(int(files), 0, said)
        self.assertEqual(files, same, said)


if __name__ == '__main__':
    scene.main()
