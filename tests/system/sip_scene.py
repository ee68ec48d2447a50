"""A pool of real nodes, and phones that call them.

One pool serves all tests of a file; each test has people and rooms of its own.
"""
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any

from scene import (HOME, Setup, findings,  # First: it says where ops is.
                   take_ports)
from local_pool import LocalPool, Node, PoolError
from sip_client import (PASSWORD, Dialog, Heard, Phone,
                        heard_bodies)

__all__ = ['Node', 'PoolError', 'SipScene', 'present', 'run', 'texts_of']

NODES = 3   # One may die.
JING_WAIT_S = 60.0


class SipScene(unittest.TestCase):
    """Tests with one pool. A file's run() ends it."""
    settings = ''
    programs = HOME / 'build-release' / 'bin'
    folder: Path
    pool: LocalPool
    _names = itertools.count(1)

    @classmethod
    def setUpClass(cls) -> None:
        if hasattr(SipScene, 'pool'):
            return
        SipScene.folder = Path(tempfile.mkdtemp(prefix='perch-sip-'))
        SipScene.pool = LocalPool(cls.folder)
        take_ports()
        cls.pool.create(NODES, Setup.base_port, 'fjord.example', cls.programs,
                        cls.settings)
        cls.pool.start()
        cls.pool.await_ready()
        cls.ctl('categories', 'create', 'Operations')

    @classmethod
    def end_pool(cls) -> None:
        """Kill what runs."""
        if not hasattr(SipScene, 'pool'):
            return
        found = ''
        for node in cls.pool.nodes() if cls.pool.exists else []:
            if node.pid() is not None:
                node.kill()
            found += findings(node)
        if os.environ.get('PERCH_KEEP') is None:
            shutil.rmtree(cls.folder)
        if found:
            raise AssertionError(found)

    def setUp(self) -> None:
        self.phones: list[Phone] = []

    def tearDown(self) -> None:
        for phone in self.phones:
            phone.close()

    @classmethod
    def ctl(cls, *words: str, password: str | None = None) -> dict[str, Any]:
        """Administer the pool, through a node that runs."""
        node = next(each for each in cls.pool.nodes()
                    if each.pid() is not None)
        return node.perchctl(*words, password=password)

    def people(self, count: int) -> list[str]:
        """Users nobody has used before."""
        names = ['user%d' % next(self._names) for _ in range(count)]
        for name in names:
            self.ctl('users', 'create', name, '--password',
                     password=PASSWORD + '\n')
        return names

    def room(self, *more: str) -> str:
        """A new room's URI; open unless said otherwise."""
        if '--visibility' not in more:
            more += ('--visibility', 'open')
        done = self.ctl('rooms', 'create', 'Room %d' % next(self._names),
                        '--category', 'Operations', *more)
        return str(done['room']['uri'])

    def node(self, number: int) -> Node:
        """A node by its number."""
        return self.pool.node(number)

    def phone(self, user: str, node: int = 1, tls: bool = False,
              endpoint: int = 0) -> Phone:
        """A connection nobody has signed in on."""
        at = self.node(node)
        found = Phone(at.sip_tls if tls else at.sip_tcp, user,
                      self.pool.authority / 'ca.pem' if tls else None,
                      endpoint)
        self.phones.append(found)
        return found

    def enter(self, user: str, node: int = 1, tls: bool = False,
              endpoint: int = 0) -> Dialog:
        """Sign in and open a dialog."""
        phone = self.phone(user, node, tls, endpoint)
        done = phone.sign_in()
        self.assertEqual(done.status, 200, done.start)
        dialog = phone.invite()
        self.assertEqual(dialog.opened.status, 200, dialog.opened.start)
        return dialog

    def inside(self, room: str, user: str, node: int = 1, tls: bool = False,
               endpoint: int = 0) -> Dialog:
        """Sign in and join a room."""
        dialog = self.enter(user, node, tls, endpoint)
        self.assertEqual(dialog.join(room).code, 200)
        return dialog

    def assert_posted(self, dialog: Dialog, room: str, text: str,
                      **more: Any) -> None:
        """Post, which must succeed."""
        done = dialog.post(room, text, **more)
        self.assertEqual(done.status, 200, done.start)

    def post_all(self, dialog: Dialog, room: str, texts: list[str],
                 window: int = 30) -> None:
        """Post many, as fast as answers come."""
        waiting: list[str] = []
        for i in range(len(texts) + window):
            if i >= window and waiting:
                done = dialog.phone.response(dialog.call_id, waiting.pop(0))
                self.assertEqual(done.status, 200, done.start)
            if i < len(texts):
                waiting.append(dialog.send(
                    'INFO', dialog.said(room, texts[i]), 'text/plain'))

    def copies(self, dialog: Dialog, count: int) -> list[Heard]:
        """So many messages, as they came."""
        return [dialog.hear('grpchat') for _ in range(count)]

    def assert_silent(self, dialog: Dialog, *names: str) -> None:
        """None of these comes any more."""
        found = [each.name for each in dialog.phone.listen()
                 if each.call_id == dialog.call_id]
        for name in names:
            self.assertNotIn(name, found)

    def assert_grammar(self) -> None:
        """All that nodes have said so far has its grammar."""
        folder = self.folder / 'heard'
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        bodies = [body for body in heard_bodies if body.startswith(b'<xccos')]
        self.assertTrue(bodies)
        for i, body in enumerate(bodies):
            (folder / ('%d.xml' % i)).write_bytes(body)
        done = subprocess.run(
            ['jing', '-c', str(HOME / 'tests' / 'wire' / 'xccos.rnc'),
             *map(str, folder.iterdir())], capture_output=True, text=True,
            timeout=JING_WAIT_S, check=False)
        wrong = ''.join(Path(line.split(':')[0]).read_text()[:2000] + '\n'
                        for line in done.stdout.splitlines()[:3])
        self.assertEqual(done.returncode, 0, done.stdout[:2000] + wrong)


def texts_of(found: Heard) -> list[str]:
    """What a history holds."""
    return [each.findtext('{urn:parlano:xml:ns:xccos}chat') or ''
            for each in found.every('msg')]


def present(found: Heard) -> set[str]:
    """Who is in the rooms of a reply to join."""
    return {each.get('uri', '') for each in found.every('uib')}


def run() -> None:
    """Run a file's tests; its first word may be the folder of programs."""
    if len(sys.argv) > 1 and Path(sys.argv[1]).is_dir():
        SipScene.programs = Path(sys.argv.pop(1))
    try:
        unittest.main(verbosity=1, warnings='ignore')
    finally:
        SipScene.end_pool()
