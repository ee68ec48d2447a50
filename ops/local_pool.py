"""A pool whose nodes all run on this machine, for people and for tests.

Everything of a pool lies in one folder:

    pool.json         how it was started
    tls/              a test authority and its certificates (ops/make-certs)
    node<I>/          perchd.conf, perchd.log, pid, data/, run/admin.sock
    export/           what compliance adapters may write below

The key of the archive's log (tls/archive-log.key) is made with the pool; the
archive is off until `perchctl archive set on`.

Nothing runs beside the nodes themselves: what is said here of a node is read
from its folder and asked of perchctl, so that any number of commands may look
at one pool. A pid is believed only while /proc says that it is our perchd.
"""
import fcntl
import json
import os
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

OPS = Path(__file__).resolve().parent
HOME = OPS.parent
DEFAULT_FOLDER = HOME / 'build-release' / 'pool'
DEFAULT_PROGRAMS = HOME / 'build-release' / 'bin'

NODES_MAX = 9           # As REPLICA_NODES_MAX.
PORT_MAX = 65535
PORTS_PER_NODE = 10     # SIP/TCP, SIP/TLS, peers, web, and room to grow.
SOCKET_PATH_MAX = 107   # sun_path, without its NUL.

INIT_WAIT_S = 30.0
DIE_WAIT_S = 10.0       # From SIGKILL to the end.
DRAIN_WAIT_S = 30.0     # From SIGTERM to the end.
READY_WAIT_S = 60.0     # From the start of all nodes to a pool that serves.
ASK_WAIT_S = 10.0       # For one perchctl.


LOG_KEY = 'archive-log.key'     # Of the compliance archive's log.


Found = TypeVar('Found')


class PoolError(Exception):
    """Why the pool cannot do what was asked, in one sentence."""


@dataclass(frozen=True)
class Shape:
    """How a pool was started."""
    pool_id: str
    nodes: int
    base_port: int
    domain: str
    programs: str
    settings: str = ''      # More of perchd.conf, for tests.


@dataclass(frozen=True)
class NodeStatus:
    """A node as `ops/pool status --json` shows it. role is "down" when no
    process runs, "paused" when it is stopped by a signal, "silent" when it
    does not answer."""
    id: int
    pid: int | None
    sip_tcp: str
    sip_tls: str
    role: str
    term: int | None
    applied_index: int | None
    data_directory: str
    log_file: str


class Node:
    """One node's folder, addresses and process."""

    def __init__(self, folder: Path, shape: Shape, number: int) -> None:
        self.number = number
        self.folder = folder / ('node%d' % number)
        self.shape = shape
        port = shape.base_port + PORTS_PER_NODE * (number - 1)
        self.sip_tcp = '127.0.0.1:%d' % port
        self.sip_tls = '127.0.0.1:%d' % (port + 1)
        self.peer = '127.0.0.1:%d' % (port + 2)
        self.web = '127.0.0.1:%d' % (port + 3)
        self.config = self.folder / 'perchd.conf'
        self.log = self.folder / 'perchd.log'
        self.data = self.folder / 'data'
        self.socket = self.folder / 'run' / 'admin.sock'
        self._pid = self.folder / 'pid'

    def program(self, name: str) -> str:
        """The path of one of perch's programs."""
        return str(Path(self.shape.programs) / name)

    def pid(self) -> int | None:
        """The process, or None when there is none."""
        try:
            pid = int(self._pid.read_text())
            while True:
                words = Path('/proc/%d/cmdline' % pid).read_bytes()
                stat = Path('/proc/%d/stat' % pid).read_text()
                if stat.rpartition(')')[2].split()[0] in 'ZX':
                    return None
                if words:
                    break
                time.sleep(0.001)  # It is in the middle of its exec.
        except (OSError, ValueError):
            return None
        return pid if str(self.config).encode() in words.split(b'\0') else None

    def is_paused(self) -> bool:
        """Is the process stopped by SIGSTOP?"""
        pid = self.pid()
        if pid is None:
            return False
        stat = Path('/proc/%d/stat' % pid).read_text().rpartition(')')[2]
        return stat.split()[0] == 'T'

    def write_config(self, authority: Path) -> None:
        """Write perchd.conf."""
        for each in (self.data, self.socket.parent):
            each.mkdir(parents=True, exist_ok=True)
        if len(str(self.socket)) > SOCKET_PATH_MAX:
            raise PoolError('%s is too long for a socket\'s name; choose a '
                            'shorter --dir' % self.socket)
        peers = ''.join(
            'node = %d %s\n' % (i, Node(self.folder.parent, self.shape, i).peer)
            for i in range(1, self.shape.nodes + 1))
        self.config.write_text('''\
[pool]
id = %s

[node]
id = %d
data_dir = "%s"
run_dir = "%s"
journal_stamp = yes

[peer]
listen = %s
%scertificate = "%s"
key = "%s"
authorities = "%s"

[sip]
listen = tcp %s
listen = tls %s
certificate = "%s"
key = "%s"

[web]
listen = %s

[archive]
log_key = "%s"
output = "%s"

%s''' % (self.shape.pool_id, self.number, self.data, self.socket.parent,
         self.peer, peers, authority / ('node%d.pem' % self.number),
         authority / ('node%d.key' % self.number), authority / 'ca.pem',
         self.sip_tcp, self.sip_tls, authority / 'sip-localhost.pem',
         authority / 'sip-localhost.key', self.web, authority / LOG_KEY,
         self.folder.parent / 'export', self.shape.settings))

    def found(self) -> None:
        """Format the empty data directory as a founder's."""
        with open(self.log, 'ab') as log:
            done = subprocess.run(
                [self.program('perchd'), 'init', '--founding', '--config',
                 str(self.config)], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, timeout=INIT_WAIT_S, check=False)
        if done.returncode != 0:
            raise PoolError('node %d cannot be founded: %s' %
                            (self.number, self.last_words()))

    def start(self) -> int:
        """Start perchd; what it says goes to its log. Returns its pid."""
        if self.pid() is not None:
            raise PoolError('node %d is running already' % self.number)
        with open(self.log, 'ab') as log:
            process = subprocess.Popen(
                [self.program('perchd'), '--config', str(self.config)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)
        self._pid.write_text('%d\n' % process.pid)
        return process.pid

    def signal(self, number: signal.Signals) -> None:
        """Send the process a signal."""
        pid = self.pid()
        if pid is None:
            raise PoolError('node %d is not running' % self.number)
        os.kill(pid, number)

    def await_end(self, wait_s: float) -> bool:
        """Wait until the process is gone."""
        end = time.monotonic() + wait_s
        while self.pid() is not None:
            _reap()
            if time.monotonic() > end:
                return False
            time.sleep(0.01)
        return True

    def kill(self) -> None:
        """SIGKILL, and wait."""
        self.signal(signal.SIGKILL)
        if not self.await_end(DIE_WAIT_S):
            raise PoolError('node %d does not die' % self.number)

    def stop(self) -> None:
        """Let it drain and end; a node that does not in time is killed."""
        if self.is_paused():
            self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        if not self.await_end(DRAIN_WAIT_S):
            self.kill()
            raise PoolError('node %d did not end within %.0f s and was killed'
                            % (self.number, DRAIN_WAIT_S))

    def perchctl(self, *words: str, password: str | None = None,
                 wait_s: float = ASK_WAIT_S) -> dict[str, Any]:
        """Ask this node's administrators' socket; the reply as JSON.

        @password  Given on standard input.
        """
        try:
            done = subprocess.run(
                [self.program('perchctl'), '--socket', str(self.socket),
                 '--json', *words], input=password or '', text=True,
                capture_output=True, timeout=wait_s, check=False)
        except subprocess.TimeoutExpired as error:
            raise PoolError('perchctl %s did not answer within %.0f s' %
                            (' '.join(words), wait_s)) from error
        if done.returncode != 0:
            raise PoolError('perchctl %s: %s' % (
                ' '.join(words), (done.stderr or done.stdout).strip()))
        found = json.loads(done.stdout)
        assert isinstance(found, dict)
        return found

    def status(self) -> NodeStatus:
        """What there is to say of the node now."""
        pid, role, said = self.pid(), 'down', {}
        if pid is not None:
            role = 'paused'
            if not self.is_paused():
                said = self._ask_status()
                role = str(said.get('role', 'silent'))
        return NodeStatus(self.number, pid, self.sip_tcp, self.sip_tls, role,
                          said.get('term'), said.get('applied_index'),
                          str(self.data), str(self.log))

    def is_ready(self) -> bool:
        """Does the node serve clients?"""
        health = self._ask_status().get('health') or {}
        return bool(health.get('ready'))

    def last_words(self) -> str:
        """The last line of the log; of errors at its end, the first: what
        led to the others."""
        lines = self.log.read_text(errors='replace').splitlines()
        at = len(lines) - 1
        while at > 0 and all(' error ' in line for line in lines[at - 1:]):
            at -= 1
        return lines[at] if lines else 'it says nothing'

    def _ask_status(self) -> dict[str, Any]:
        try:
            return self.perchctl('--stale', 'status')
        except PoolError:
            return {}


class LocalPool:
    """A pool in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._shape_file = self.folder / 'pool.json'

    @property
    def exists(self) -> bool:
        """Has a pool been started in the folder?"""
        return self._shape_file.is_file()

    @property
    def shape(self) -> Shape:
        """How it was started."""
        if not self.exists:
            raise PoolError('there is no pool in %s; ops/pool start makes one'
                            % self.folder)
        return Shape(**json.loads(self._shape_file.read_text()))

    @property
    def authority(self) -> Path:
        """The folder of certificates; ca.pem is the authority."""
        return self.folder / 'tls'

    def nodes(self) -> list[Node]:
        """All nodes, in order."""
        shape = self.shape
        return [Node(self.folder, shape, i) for i in range(1, shape.nodes + 1)]

    def node(self, number: int) -> Node:
        """One node."""
        nodes = self.nodes()
        if not 1 <= number <= len(nodes):
            raise PoolError('there is no node %d; the pool has 1 to %d' %
                            (number, len(nodes)))
        return nodes[number - 1]

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep two commands from changing one pool at a time."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.folder / 'lock', 'w') as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise PoolError('another command is changing %s' %
                                self.folder) from error
            yield

    def create(self, nodes: int, base_port: int, domain: str,
               programs: Path = DEFAULT_PROGRAMS, settings: str = '') -> None:
        """Lay out a new pool: certificates, files, empty data directories."""
        if not 1 <= nodes <= NODES_MAX:
            raise PoolError('a pool has 1 to %d nodes' % NODES_MAX)
        if not 1 <= base_port <= PORT_MAX - PORTS_PER_NODE * nodes:
            raise PoolError('no room for %d nodes above port %d' %
                            (nodes, base_port))
        if not (programs / 'perchd').is_file():
            raise PoolError('there is no perchd in %s; build first: ops/test '
                            'or ops/demo does' % programs)
        shape = Shape(str(uuid.uuid4()), nodes, base_port, domain,
                      str(programs.resolve()), settings)
        self.folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [str(OPS / 'make-certs'), '--dir', str(self.authority), '--nodes',
             str(nodes), '--sip', 'localhost,127.0.0.1,%s' % domain],
            check=True, stdin=subprocess.DEVNULL)
        self._make_log_key()
        for i in range(1, nodes + 1):
            node = Node(self.folder, shape, i)
            # What an interrupted start has left behind.
            shutil.rmtree(node.folder, ignore_errors=True)
            node.write_config(self.authority)
            node.found()
        # Last: a folder that has it is whole.
        made = self.folder / 'pool.json.new'
        made.write_text(json.dumps(asdict(shape), indent=1) + '\n')
        made.rename(self._shape_file)

    def start(self) -> list[int]:
        """Start the nodes that do not run; their numbers."""
        down = [node for node in self.nodes() if node.pid() is None]
        for node in down:
            node.start()
        return [node.number for node in down]

    def await_ready(self, tell: Callable[[str], None] = lambda _: None,
                    wait_s: float = READY_WAIT_S) -> Node:
        """Wait until a leader is there, the domain is set and all running
        nodes serve; returns the leader."""
        end = time.monotonic() + wait_s
        leader = self._await(lambda: self.leader(), end, 'has no leader')
        tell('node %d leads' % leader.number)
        self._set_domain(leader)
        for node in self.nodes():
            if node.pid() is not None:
                self._await(lambda: node.is_ready() or None, end,
                            'node %d is not ready' % node.number)
                tell('node %d is ready' % node.number)
        return leader

    def require_all(self) -> None:
        """Raise PoolError when a node does not run, with its last words."""
        for node in self.nodes():
            if node.pid() is None:
                raise PoolError('node %d does not run; it says: %s' %
                                (node.number, node.last_words()))

    def leader(self) -> Node | None:
        """The node that leads; of several that say so, the newest term's."""
        found, newest = None, -1
        for node in self.nodes():
            said = node.status()
            if said.role == 'leader' and (said.term or 0) > newest:
                found, newest = node, said.term or 0
        return found

    def status(self) -> list[NodeStatus]:
        """All nodes as they are now."""
        return [node.status() for node in self.nodes()]

    def stop(self) -> list[int]:
        """Drain and end all nodes at once; the numbers of those that ran."""
        running = [node for node in self.nodes() if node.pid() is not None]
        for node in running:
            if node.is_paused():
                node.signal(signal.SIGCONT)
            node.signal(signal.SIGTERM)
        for node in running:
            if not node.await_end(DRAIN_WAIT_S):
                node.kill()
        return [node.number for node in running]

    def _make_log_key(self) -> None:
        key = self.authority / LOG_KEY
        (self.folder / 'export').mkdir(exist_ok=True)
        if not key.is_file():
            subprocess.run(['openssl', 'genpkey', '-algorithm', 'ed25519',
                            '-out', str(key)], check=True,
                           stdin=subprocess.DEVNULL, capture_output=True)
            key.chmod(0o600)

    def _set_domain(self, leader: Node) -> None:
        status = leader.perchctl('status')
        if not status.get('domain'):
            leader.perchctl('pool', 'set', 'domain', self.shape.domain)

    def _await(self, ask: Callable[[], Found | None], end: float,
               what: str) -> Found:
        while True:
            found = ask()
            if found is not None:
                return found
            self._check_alive()
            if time.monotonic() > end:
                raise PoolError('the pool %s; its logs are in %s' %
                                (what, self.folder))
            time.sleep(0.05)

    def _check_alive(self) -> None:
        nodes = self.nodes()
        down = [node for node in nodes if node.pid() is None]
        if len(down) * 2 >= len(nodes):
            raise PoolError('%d of %d nodes do not run; node %d says: %s' %
                            (len(down), len(nodes), down[0].number,
                             down[0].last_words()))


def _reap() -> None:
    """Bury ended nodes that are our children; others' have init."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            pass
    except ChildProcessError:
        pass
