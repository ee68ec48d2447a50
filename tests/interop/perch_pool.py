"""A pool of perchd on this machine, as the scenarios want it."""
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

HOME = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(HOME / 'ops'), str(HOME / 'tests')]

from local_pool import LocalPool  # noqa: E402
from ports import Ports  # noqa: E402

ARCHIVE_WAIT_S = 30.0   # For keys, and for a checkpoint of everything.
DOMAIN = 'fjord.example'
CATEGORY = 'Interop'
PASSWORD = 'Interop: 1 pass\u00e9'


class PerchPool:
    """Its nodes, users and rooms.

    @name      Its folder in build/interop, where the nodes' logs stay.
    @settings  More of perchd.conf.
    """

    def __init__(self, build: Path, name: str, nodes: int,
                 settings: str = '') -> None:
        folder = build / 'interop' / name
        self.domain = DOMAIN
        self.pool = LocalPool(folder)
        if self.pool.exists:
            self.pool.stop()    # An earlier run was interrupted.
        shutil.rmtree(folder, ignore_errors=True)
        self._ports = Ports()
        self.pool.create(nodes, self._ports.base, DOMAIN, build / 'bin',
                         settings)
        self.trust: Path | None = folder / 'trust'
        self.trust.mkdir()      # The authority alone: libpurple loads *.pem.
        shutil.copy(self.pool.authority / 'ca.pem', self.trust)
        self._users: set[str] = set()
        self.pool.start()
        self.pool.await_ready()
        self._keep_archive(nodes)
        self.perchctl('categories', 'create', CATEGORY)

    # --- The compliance archive ---

    def _keep_archive(self, nodes: int) -> None:
        """All that happens from now on is archived."""
        self._await(lambda: len(self.perchctl(
            'archive', 'key', 'show').get('keys', [])) == nodes + 1)
        self.perchctl('archive', 'set', 'on')

    @staticmethod
    def _await(is_so: Callable[[], bool]) -> None:
        end = time.monotonic() + ARCHIVE_WAIT_S
        while not is_so():
            assert time.monotonic() < end, 'the archive does not get there'
            time.sleep(0.1)

    def archived(self) -> Iterator[dict[str, Any]]:
        """The records, as an auditor reads them in a node's files."""
        records = int(self.perchctl('archive', 'status')['records'])
        self._await(lambda: int((self.perchctl('archive', 'status').get(
            'published') or {}).get('size') or 0) >= records)
        node = next(each for each in self.pool.nodes()
                    if each.pid() is not None)
        done = subprocess.run(
            [node.program('perch-audit'), 'show', '--json',
             str(node.data / 'archive')], capture_output=True, text=True,
            check=True)
        yield from map(json.loads, done.stdout.rstrip('\n').split('\n'))

    def address(self, node: int, transport: str) -> str:
        """host:port of a node's listener."""
        found = self.pool.node(node)
        return found.sip_tls if transport == 'tls' else found.sip_tcp

    def make_user(self, name: str) -> str:
        """Let somebody in; returns the password."""
        if name not in self._users:
            self.perchctl('users', 'create', name, '--password',
                          password=PASSWORD + '\n')
            self._users.add(name)
        return PASSWORD

    def make_room(self, name: str, *words: str) -> str:
        """Make a room that all may enter, or as the words for perchctl say;
        returns its address."""
        done = self.perchctl('rooms', 'create', name, '--category', CATEGORY,
                             *(words or ('--visibility', 'open')))
        return str(done['room']['uri'])

    def perchctl(self, *words: str, password: str | None = None) -> Any:
        """Ask a node that runs."""
        for node in self.pool.nodes():
            if node.pid() is not None:
                return node.perchctl(*words, password=password)
        raise AssertionError('no node runs')

    def leader(self) -> int:
        """The node that leads."""
        leader = self.pool.leader()
        assert leader is not None, 'no node leads'
        return leader.number

    def kill(self, node: int) -> None:
        """kill -9."""
        self.pool.node(node).kill()

    def drain(self, node: int) -> None:
        """Let a node end in order."""
        self.pool.node(node).stop()

    def start(self, node: int) -> None:
        """Start a node if it does not run; it serves when this returns."""
        if self.pool.node(node).pid() is None:
            self.pool.node(node).start()
        self.pool.await_ready()

    def close(self) -> None:
        """End the pool; its logs stay."""
        self.pool.stop()
        self._ports.close()
