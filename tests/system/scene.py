"""What tests of whole nodes share: a pool of three, and how it is looked at.

A test file ends with scene.main(); the first argument of the program is the
folder where perchd and the others are. Each run takes ports that nobody has,
so that any number of them go side by side.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

HOME = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(HOME / 'ops'), str(HOME / 'tests')]

from local_pool import LocalPool, Node, PoolError  # noqa: E402
from ports import Ports  # noqa: E402
from sip_client import DOMAIN, Dialog, Phone  # noqa: E402

WAIT_S = 60.0           # Far beyond what is waited for; sanitizers are slow.

# What keeps a short test's log short.
SETTINGS = '''\
[drain]
notice = 0ms
spread = 0ms

[raft]
snapshot_entries = 100
trailing_entries = 100
segment_bytes = 1MiB

[store]
disk_floor = 1MiB
'''

# What no node may ever say: a broken invariant, or a sanitizer's finding.
FINDING = re.compile(r'check_failed|Sanitizer|runtime error:')


class Setup:
    """What main() was told."""
    programs = HOME / 'build-release' / 'bin'
    ports: Ports | None = None  # Ours while it is open.
    base_port = 0


def program(name: str) -> str:
    """The path of one of perch's programs."""
    return str(Setup.programs / name)


def take_ports() -> None:
    """Find ports for this run's pool."""
    Setup.ports = Ports()
    Setup.base_port = Setup.ports.base


def main() -> None:
    """Run the tests of the file that calls."""
    take_ports()
    if len(sys.argv) > 1 and Path(sys.argv[1]).is_dir():
        Setup.programs = Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=1, warnings='ignore')


def until(ask: Callable[[], Any], what: str, wait_s: float = WAIT_S) -> Any:
    """Ask until there is an answer."""
    end = time.monotonic() + wait_s
    while time.monotonic() < end:
        found = ask()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError('not within %.0f s: %s' % (wait_s, what))


def page(node: Node, path: str) -> str:
    """A page of the node's web port; also of an error."""
    try:
        with urllib.request.urlopen('http://%s%s' % (node.web, path),
                                    timeout=5) as reply:
            return str(reply.read().decode())
    except urllib.error.HTTPError as error:
        return error.read().decode()


def said(node: Node) -> str:
    """All the node has said."""
    return node.log.read_text(errors='replace')


def findings(node: Node) -> str:
    """What a node said that none may say; empty when all is well."""
    lines = said(node).splitlines()
    for i, line in enumerate(lines):
        if FINDING.search(line):
            return 'node %d:\n%s' % (node.number, '\n'.join(lines[i:i + 60]))
    return ''


def make_pool(nodes: int = 3) -> LocalPool:
    """A pool in a folder of its own, not started yet."""
    pool = LocalPool(Path(tempfile.mkdtemp(prefix='perch-node-')))
    pool.create(nodes, Setup.base_port, DOMAIN, Setup.programs, SETTINGS)
    return pool


def clear_pool(pool: LocalPool) -> None:
    """End what runs; nobody may have said what none may say."""
    for node in pool.nodes():
        if node.pid() is not None:
            node.kill()
    found = ''.join(findings(node) for node in pool.nodes())
    if os.environ.get('PERCH_KEEP') is None:
        shutil.rmtree(pool.folder)
    if found:
        raise AssertionError(found)


class Scene(unittest.TestCase):
    """A pool of three, new for each test."""
    pool: LocalPool

    def setUp(self) -> None:
        self.pool = make_pool()
        self.addCleanup(clear_pool, self.pool)

    def serve(self) -> Node:
        """Start what does not run; returns the leader."""
        self.pool.start()
        return self.pool.await_ready()

    def journal(self, node: Node) -> str:
        """All the node has said."""
        return said(node)

    def digests(self) -> set[str]:
        """The state of each node at one index, if they are at one."""
        try:
            found = [node.perchctl('--stale', 'status')
                     for node in self.pool.nodes()]
        except PoolError:
            return set()  # One is still coming.
        if len({each['digest_index'] for each in found}) > 1:
            return set()
        return {str(each['digest']) for each in found}

    def assert_same_state(self) -> None:
        """All nodes come to the same state at the same index."""
        self.assertEqual(
            len(until(self.digests, 'all nodes at one index')), 1)

    def assert_voters(self, *not_these: int) -> set[int]:
        """The pool comes to have three voters and no others; raft ids."""
        def members() -> Any:
            leader = self.pool.leader()
            if leader is None:
                return None
            found = leader.perchctl('--stale', 'nodes', 'list')['members']
            ids = {each['raft_id'] for each in found}
            right = (len(found) == 3 and not ids & set(not_these) and
                     all(each['role'] == 'voter' for each in found))
            return ids if right else None
        return set(until(members, 'three voters and nobody else'))


class StandingScene(Scene):
    """A pool of three that serves, for all tests of the class: each leaves it
    whole. There are people, and a room that everybody may enter."""
    PASSWORD = 'fjord-test-1'
    USERS = ('ingrid', 'tomas', 'watcher')
    room: str

    @classmethod
    def setUpClass(cls) -> None:
        cls.pool = make_pool()
        cls.addClassCleanup(clear_pool, cls.pool)
        cls.pool.start()
        leader = cls.pool.await_ready()
        for user in cls.USERS:
            leader.perchctl('users', 'create', user, '--password',
                            password=cls.PASSWORD + '\n')
        leader.perchctl('categories', 'create', 'Harbour')
        cls.room = str(leader.perchctl(
            'rooms', 'create', 'Tide Desk', '--category', 'Harbour',
            '--visibility', 'open')['room']['uri'])

    def setUp(self) -> None:
        self.leader = self.serve()

    def phone(self, node: Node, user: str) -> Dialog:
        """A raw client that is in the room."""
        phone = Phone(node.sip_tcp, user)
        self.addCleanup(phone.close)
        done = phone.sign_in(self.PASSWORD)
        self.assertEqual(done.status, 200, done.start)
        dialog = phone.invite()
        self.assertEqual(dialog.join(self.room).code, 200)
        return dialog

    def perch(self, user: str, nodes: list[Node], *words: str,
              **how: Any) -> subprocess.Popen[str]:
        """A perch that runs; its output is JSON lines."""
        servers = ','.join(node.sip_tcp for node in nodes)
        process = subprocess.Popen(
            [program('perch'), '--json', '--server', servers, '--user',
             '%s@%s' % (user, DOMAIN), *words], text=True,
            stdout=subprocess.PIPE,
            env={**os.environ, 'PERCH_PASSWORD': self.PASSWORD}, **how)
        self.addCleanup(end_process, process)
        return process

    def history(self, node: Node) -> list[str]:
        """All texts in the room, as a node tells them, ids dense."""
        process = self.perch('watcher', [node], 'history', self.room, '--all')
        said_, _ = process.communicate(timeout=WAIT_S)
        self.assertEqual(process.returncode, 0)
        return texts(said_.splitlines())


def texts(lines: list[str]) -> list[str]:
    """The texts of the messages among perch's lines, whose ids are dense."""
    found = [json.loads(line) for line in lines]
    messages = [each for each in found if each['event'] == 'message']
    ids = [each['id'] for each in messages]
    if ids and ids != list(range(ids[0], ids[0] + len(ids))):
        raise AssertionError('ids with a gap or twice: %s' % ids)
    return [each['text'] for each in messages]


def end_process(process: subprocess.Popen[str]) -> None:
    """Kill and bury."""
    process.kill()
    process.communicate()
