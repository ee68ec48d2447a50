"""A pool of stand-ins, shared by the tests of a class."""
import json
import random
import socket
import time
import unittest
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from jepsen import contract
from jepsen.cluster import Cluster
from jepsen.contract import Programs
from jepsen.faults import Fault
from jepsen.history import Recorder
from jepsen.nemesis import KINDS
from jepsen.network import address
from jepsen.node import Node
from jepsen.tests import confined
from jepsen.tests.observe import wait_for
from jepsen.watch import Supervisor

STANDIN = Path(__file__).with_name('standin')
DISK_MIB = 32
HEALTHY_WAIT_S = 30.0


def post(node: Node, wait_s: float = 1.0) -> str:
    """Post something there; the reply, or why there is none."""
    request = {'id': 1, 'f': 'post', 'room': 'r', 'value': 1,
               'retry': str(time.time_ns())}
    try:
        with socket.create_connection(
                (address(node.number), contract.SIP_PORT),
                wait_s) as link:
            link.sendall(json.dumps(request).encode() + b'\n')
            reply = link.makefile().readline()
    except OSError as error:
        return type(error).__name__
    found = json.loads(reply or '{"refused": "connection lost"}')
    return str(found.get('refused', 'ok'))


class PoolTest(unittest.TestCase):
    """One pool for all tests; each must leave it whole."""

    pool: Cluster
    supervisor: Supervisor

    @classmethod
    def setUpClass(cls) -> None:
        folder = confined.fresh_folder()
        cls.pool = Cluster(3, folder / 'w', folder / 'logs',
                           Programs(STANDIN), DISK_MIB)
        cls.pool.start()
        cls.supervisor = Supervisor(cls.pool, Recorder(0))
        cls.supervisor.start()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.supervisor.stop()
        cls.pool.shut_down()

    def setUp(self) -> None:
        self.assertTrue(self.pool.wait_healthy(10, HEALTHY_WAIT_S))
        self.assertEqual(self.supervisor.errors, [])

    def fault(self, name: str, *numbers: int, seed: int = 1) -> Fault:
        """A fault for these nodes, excused as the nemesis does it."""
        kind = KINDS[name]
        nodes = [self.pool.nodes[number] for number in numbers]
        found = kind(self.pool, nodes, random.Random(seed))
        for node in nodes if kind.ends_daemon else []:
            node.excuse(name, 60.0)
        return found

    @contextmanager
    def holding(self, name: str, *numbers: int,
                seed: int = 1) -> Iterator[Fault]:
        """A fault for the length of a with block, whatever happens in it."""
        fault = self.fault(name, *numbers, seed=seed)
        fault.start()
        try:
            yield fault
        finally:
            fault.stop()

    def leader(self) -> int:
        """The leader; there is one, though its answer may be late."""
        found: list[int | None] = [None]

        def is_found() -> bool:
            found[0] = self.pool.leader()
            return found[0] is not None
        self.soon(is_found, 'a leader')
        assert found[0] is not None
        return found[0]

    def soon(self, condition: Callable[[], bool], what: str = '') -> None:
        """Fail unless a condition comes true in time."""
        self.assertTrue(wait_for(condition), what)

    def state_of(self, node: Node) -> str:
        """The daemon's state letter in /proc, or nothing."""
        try:
            stat = Path('/proc/%d/stat' % node.pid).read_text(
                encoding='ascii')
        except OSError:
            return ''
        return stat.rsplit(')', 1)[1].split()[0]

    def new_log(self, node: Node) -> Callable[[], str]:
        """What the daemon writes from now on."""
        path = node.logs / 'perchd.log'
        begin = path.stat().st_size
        return lambda: path.read_bytes()[begin:].decode()
