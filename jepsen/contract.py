"""What the harness relies on in the product: command lines, settings, replies.

Everything the harness knows of perchd, perchctl and the load client's command
line is in this file, and nowhere else; contracts.md says it in prose. Programs
are looked up by name in one folder, so that the tests can put stand-ins in
their place.
"""
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jepsen.command import HarnessError
from jepsen.network import address

SIP_PORT = 5060
PEER_PORT = 5062
DOMAIN = 'jepsen.example'
CATEGORY = 'jepsen'
POOL_ID = '7c1d3f6a-52c4-4f0e-9d7e-0a5b8c1e2f34'  # Pools do not meet.
PASSWORD = 'jepsen-pass-1'  # Of every user of the load.

# An invariant that did not hold, as proto/base/check.c writes it.
CHECK_FAILED = 'check_failed'

# Reports of gcc's and clang's sanitizers begin with one of these.
SANITIZER_MARKS = (
    'ERROR: AddressSanitizer', 'ERROR: LeakSanitizer',
    'WARNING: ThreadSanitizer', 'WARNING: MemorySanitizer',
    ': runtime error: ',
)

# A small pool's limits: a log that is cut and snapshots that are taken within
# a run of a minute, on a disk of DISK_MIB.
DISK_MIB = 384
NODES_MAX = 9
SETTINGS = '''\
[raft]
snapshot_entries = 2000
trailing_entries = 1000
segment_bytes = 4MiB

[store]
memtable_bytes = 4MiB
cache_bytes = 8MiB
disk_floor = 16MiB

[drain]
notice = 0ms
spread = 200ms
'''


@dataclass(frozen=True)
class Paths:
    """Where one node's files lie, as the node sees them."""
    config: Path
    data: Path      # On the node's own disk.
    run: Path       # Sockets.
    certificates: Path

    @property
    def socket(self) -> Path:
        """The administrators' socket."""
        return self.run / 'admin.sock'


@dataclass(frozen=True)
class Status:
    """What a node says of itself (perchctl status)."""
    role: str           # leader, follower, candidate or stopped.
    term: int
    applied_index: int
    leader: int         # Node id; 0 when it knows none (null).
    voter: bool         # As it is now, so not while it comes back anew.


@dataclass(frozen=True)
class StateHash:
    """A digest of a node's whole replicated state, and its position."""
    index: int
    digest: str


def config_text(node: int, nodes: int, paths: Paths) -> str:
    """A node's configuration file (node/config.h)."""
    peers = ''.join('node = %d %s:%d\n' % (each, address(each), PEER_PORT)
                    for each in range(1, nodes + 1))
    return '''\
[pool]
id = %s

[node]
id = %d
data_dir = %s
run_dir = %s
journal_stamp = yes

[peer]
listen = %s:%d
%scertificate = %s
key = %s
authorities = %s

[sip]
listen = tcp %s auth=digest

''' % (POOL_ID, node, paths.data, paths.run, address(node), PEER_PORT, peers,
       paths.certificates / ('node%d.pem' % node),
       paths.certificates / ('node%d.key' % node),
       paths.certificates / 'ca.pem', sip_address(node)) + SETTINGS


def make_certificates(folder: Path, nodes: int) -> list[str]:
    """The command that makes the nodes' certificates."""
    tool = Path(__file__).resolve().parent.parent / 'ops' / 'make-certs'
    return [str(tool), '--dir', str(folder), '--nodes', str(nodes)]


class Programs:
    """The command lines of the product's programs in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def require(self) -> None:
        """Raise HarnessError, naming every program that is not there."""
        missing = [name for name in ('perchd', 'perchctl',
                                     'perch-jepsen')
                   if not (self._folder / name).is_file()]
        if missing:
            raise HarnessError('%s: no %s; build first (README.md)' %
                               (self._folder, ', '.join(missing)))

    def _program(self, name: str) -> str:
        return str(self._folder / name)

    def found(self, paths: Paths) -> list[str]:
        """Format an empty data directory as a founder of the pool."""
        return [self._program('perchd'), 'init', '--founding', '--config',
                str(paths.config)]

    def serve(self, paths: Paths) -> list[str]:
        """Run a node. SIGTERM drains it, and it exits with 0."""
        return [self._program('perchd'), '--config', str(paths.config)]

    def _control(self, paths: Paths, *words: str) -> list[str]:
        return [self._program('perchctl'), '--socket', str(paths.socket),
                '--json', *words]

    def status(self, paths: Paths) -> list[str]:
        """Print what parse_status and parse_state_hash read."""
        return self._control(paths, 'status')

    def name_domain(self, paths: Paths) -> list[str]:
        """Name the pool's domain, which users and rooms need."""
        return self._control(paths, 'settings', 'set', 'domain=' + DOMAIN)

    def create_user(self, user: str, paths: Paths) -> list[str]:
        """Create a user; its password is a line of standard input."""
        return self._control(paths, 'users', 'create', user, '--password')

    def create_category(self, paths: Paths) -> list[str]:
        """Create the category the rooms lie in; every user may see it."""
        return self._control(paths, 'categories', 'create', CATEGORY)

    def create_room(self, room: str, paths: Paths) -> list[str]:
        """Create an open room and print what parse_room reads."""
        return self._control(paths, 'rooms', 'create', room, '--category',
                             CATEGORY, '--visibility', 'open')

    def client(self) -> list[str]:
        """The load client, with the protocol of contracts.md on its streams."""
        return [self._program('perch-jepsen')]


def sip_address(node: int) -> str:
    """Where clients of a node connect: host:port."""
    return '%s:%d' % (address(node), SIP_PORT)


def _object(text: str, what: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise HarnessError('%s is no JSON: %s' % (what, error)) from error
    if not isinstance(found, dict):
        raise HarnessError('%s is no JSON object' % what)
    return found


def parse_status(text: str) -> Status:
    """Read the reply to `status`."""
    found = _object(text, 'status')
    try:
        return Status(role=str(found['role']).lower(),
                      term=int(found['term']),
                      applied_index=int(found['applied_index']),
                      leader=int(found['leader'] or 0),
                      voter=_is_voter(found))
    except (KeyError, TypeError, ValueError) as error:
        raise HarnessError('status lacks %s' % error) from error


def _is_voter(found: dict[str, Any]) -> bool:
    """Whether a node's status names its present raft server a voter."""
    return any(member['raft_id'] == found['raft_id'] and
               str(member['role']).lower() == 'voter'
               for member in found['members'])


def parse_state_hash(text: str) -> StateHash:
    """Read the digest of the state from the reply to `status`."""
    found = _object(text, 'status')
    try:
        if found['digest'] is None:
            raise KeyError('digest')
        return StateHash(index=int(found['digest_index']),
                         digest=str(found['digest']))
    except (KeyError, TypeError, ValueError) as error:
        raise HarnessError('status lacks %s' % error) from error


def parse_room(text: str) -> str:
    """Read a room's address from the reply to `create_room`."""
    room = _object(text, 'rooms create').get('room')
    if not isinstance(room, dict) or not isinstance(room.get('uri'), str):
        raise HarnessError('rooms create lacks room.uri')
    return str(room['uri'])
