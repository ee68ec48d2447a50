"""What tests of the archive's checkpoints share: a pool of three whose nodes
have the log's key, a witness, and how both are looked at."""
import base64
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import scene
from local_pool import LocalPool, Node
from ports import BLOCK
from scene import until
from sip_client import DOMAIN

WITNESS_PORT = BLOCK - 1        # Above those of the pool's nodes.
DAMAGED = 'archive_diverged'


@dataclass(frozen=True)
class Note:
    """A checkpoint as it lies in a file."""
    origin: str
    size: int
    root: str
    signers: tuple[str, ...]

    @staticmethod
    def read(text: str) -> 'Note':
        body, _, signatures = text.partition('\n\n')
        origin, size, root = body.split('\n')[:3]
        return Note(origin, int(size), root, tuple(
            line.split(' ')[1] for line in signatures.splitlines()))


class Witness:
    """A perch-witness, its files in a folder of their own."""

    def __init__(self, folder: Path, port: int, name: str = 'w.example/1'
                 ) -> None:
        folder.mkdir()
        self.folder, self.port = folder, port
        self.words = ['--name', name, '--key', str(folder / 'key'), '--state',
                      str(folder / 'book'), '--listen', '127.0.0.1:%d' % port]
        self.url = 'http://127.0.0.1:%d' % port
        self.process: subprocess.Popen[bytes] | None = None
        self.log = folder / 'log'
        self.vkey = ''
        self.run('--init')
        self.vkey = self.run('--vkey').strip()

    def run(self, *words: str) -> str:
        """One of its errands."""
        return subprocess.run(
            [scene.program('perch-witness'), *self.words, *words], text=True,
            check=True, capture_output=True, timeout=30).stdout

    def start(self, log_vkey: str) -> None:
        """Let it listen."""
        with open(self.log, 'ab') as log:
            self.process = subprocess.Popen(
                [scene.program('perch-witness'), *self.words, '--log',
                 log_vkey], stdout=log, stderr=log)

    def kill(self) -> None:
        """kill -9."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def latest(self, origin: str) -> Note | None:
        """What it has cosigned last, asked over HTTP."""
        name = hashlib.sha256(origin.encode()).hexdigest()
        try:
            with urllib.request.urlopen('%s/%s/checkpoint' % (self.url, name),
                                        timeout=5) as reply:
                return Note.read(reply.read().decode())
        except (urllib.error.URLError, ConnectionError):
            return None


class ArchiveScene(scene.Scene):
    """A pool of three with an archive that is on."""

    def setUp(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix='perch-archive-'))
        if os.environ.get('PERCH_KEEP') is None:
            self.addCleanup(shutil.rmtree, folder)
        self.pool = LocalPool(folder / 'pool')
        self.pool.create(3, scene.Setup.base_port, DOMAIN, scene.Setup.programs,
                         scene.SETTINGS)
        self.addCleanup(scene.clear_pool, self.pool)
        self.witness_folder = folder / 'witness'

    def begin(self, mode: str = 'on') -> Node:
        """Start, raise the rules, switch the archive on. Returns the leader."""
        leader = self.serve()
        leader.perchctl('pool', 'rules', '4')
        until(lambda: self.is_keyed(leader), 'all keys in the state')
        leader.perchctl('archive', 'set', mode)
        leader.perchctl('categories', 'create', 'Harbour')
        return leader

    @staticmethod
    def is_keyed(node: Node) -> bool:
        """Has the state the log's key and those of three nodes?"""
        shown = node.perchctl('archive', 'key', 'show')
        return len(shown.get('keys', [])) == 4

    @staticmethod
    def status(node: Node) -> dict[str, Any]:
        """The archive, as a node shows it."""
        return node.perchctl('--stale', 'archive', 'status')

    def room(self, name: str) -> str:
        """Make a room, which makes records."""
        leader = until(self.pool.leader, 'a leader')
        made = leader.perchctl('rooms', 'create', name, '--category', 'Harbour')
        return str(made['room']['uri'])

    @staticmethod
    def checkpoint(node: Node, name: str = 'checkpoint') -> Note | None:
        """A checkpoint file of a node."""
        path = node.data / 'archive' / name
        return Note.read(path.read_text()) if path.exists() else None

    def add_witness(self) -> Witness:
        """A witness that the pool asks."""
        witness = Witness(self.witness_folder,
                          scene.Setup.base_port + WITNESS_PORT)
        self.addCleanup(witness.kill)
        witness.start(self.log_vkey())
        leader = until(self.pool.leader, 'a leader')
        leader.perchctl('archive', 'witness', 'add', witness.vkey, '--url',
                        witness.url)
        return witness

    def log_vkey(self) -> str:
        """The log's verifier key, as the nodes' files have it."""
        node = self.pool.node(1)
        found = until(lambda: list((node.data / 'archive' / 'keys').glob(
            'log-*')), 'the log\'s verifier key')
        return str(found[0].read_text().strip())


def root_of(note: Note) -> bytes:
    """The root's bytes."""
    return base64.b64decode(note.root)
