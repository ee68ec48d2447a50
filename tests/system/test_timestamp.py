#!/usr/bin/env python3
"""A published checkpoint under a timestamp of an authority that knows nothing
of pools (RFC 3161), by openssl alone: as ops/witness/README.md says.

    tests/system/test_timestamp.py BIN    BIN: the folder of the programs
"""
import shutil
import subprocess
from pathlib import Path

import scene
from archive_pool import ArchiveScene
from scene import until

CONF = '''\
[tsa]
default_tsa = here
[here]
dir = .
serial = ./serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
'''


class TimestampTests(ArchiveScene):
    """A pool with an archive, and an authority made for the occasion."""

    def openssl(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One call, in the authority's folder."""
        return subprocess.run(['openssl', *words], cwd=self.folder, text=True,
                              capture_output=True, timeout=60, check=False)

    def make_authority(self, folder: Path) -> None:
        """A certificate that may sign timestamps, and nothing else."""
        self.folder = folder
        folder.mkdir()
        (folder / 'serial').write_text('01\n')
        (folder / 'tsa.conf').write_text(CONF)
        done = self.openssl(
            'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2',
            '-keyout', 'tsa.key', '-out', 'tsa.pem', '-subj', '/CN=TSA',
            '-addext', 'extendedKeyUsage=critical,timeStamping')
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_checkpoint_is_stamped(self) -> None:
        """The token is verified with the checkpoint's file, and with no
        other."""
        self.begin()
        self.room('Tide Desk')
        node = self.pool.node(1)
        until(lambda: self.checkpoint(node), 'a checkpoint')
        self.make_authority(self.pool.folder / 'tsa')
        shutil.copy(node.data / 'archive' / 'checkpoint', self.folder / 'pin')
        for words in (
                ('-query', '-data', 'pin', '-sha256', '-cert', '-out',
                 'pin.tsq'),
                ('-reply', '-config', 'tsa.conf', '-queryfile', 'pin.tsq',
                 '-signer', 'tsa.pem', '-inkey', 'tsa.key', '-out', 'pin.tsr'),
                ('-verify', '-data', 'pin', '-in', 'pin.tsr', '-CAfile',
                 'tsa.pem')):
            done = self.openssl('ts', *words)
            self.assertEqual(done.returncode, 0, done.stderr)
        pin = (self.folder / 'pin').read_text()
        (self.folder / 'pin').write_text(pin.replace('\n1', '\n2', 1) + ' ')
        done = self.openssl('ts', '-verify', '-data', 'pin', '-in', 'pin.tsr',
                            '-CAfile', 'tsa.pem')
        self.assertNotEqual(done.returncode, 0)
        self.assertIn('message imprint mismatch', done.stdout + done.stderr)


if __name__ == '__main__':
    scene.main()
