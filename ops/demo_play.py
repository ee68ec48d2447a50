"""The play of ops/demo: a pool, people, a conversation, a murder, a count."""
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from arguments import parser_of, whole
from local_pool import (DEFAULT_PROGRAMS, HOME, PORT_MAX, LocalPool, Node,
                        PoolError)

FOLDER = HOME / 'demo'
DOMAIN = 'fjord.example'
PASSWORD = 'fjord-demo-1'
CATEGORY = 'Harbour'
ROOM = 'Tide Desk'
OTHER_ROOM = 'Ferry Watch'

# Who sits at which node, and what is said, in turns.
PEOPLE = {'ingrid': 1, 'olav': 2, 'sunniva': 3}
LINES = (
    'Morning. High water is at 06:42 today.',
    'Seen. The ferry leaves with the tide, not with the timetable.',
    'Wind is turning north-west, gusts to 15 m/s.',
    'Then the pilot boards inside the skerries.',
    'Agreed, inside. Who tells the harbour master?',
    'I do. He wants it in writing, as always.',
    'It is in writing: this room outlives us all.',
    'Crane two is out until noon.',
    'Container 4471 waits for customs.',
    'Released at 07:10, the paper is here.',
)
ARCHIVE_WAIT_S = 20.0   # For checkpoint and adapter to have it all.
ROUNDS = 6              # Times the lines are said.
PAUSE_S = 0.05          # Between two posts.
KILL_AFTER = 25         # Posts acknowledged before the leader is killed.
POST_WAIT_S = 30.0
JOIN_WAIT_S = 30.0
READ_WAIT_S = 30.0


def say(text: str) -> None:
    """Show progress."""
    print(text, flush=True)


class Person:
    """Somebody at a terminal: perch in the room, in JSON."""

    def __init__(self, name: str, pool: LocalPool, home: int,
                 password_file: Path) -> None:
        self.name = name
        nodes = pool.nodes()
        # The own node first, then the others: where to go when it is lost.
        servers = [node.sip_tcp for node in nodes[home - 1:] + nodes[:home - 1]]
        command = [nodes[0].program('perch'), '--json', '--forever']
        for server in servers:
            command += ['--server', server]
        command += ['--user', '%s@%s' % (name, DOMAIN), '--password-file',
                    str(password_file), 'chat', '--last', '1', ROOM]
        self._log = open(pool.folder / ('%s.log' % name), 'wb')
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self._log, text=True, start_new_session=True)
        self._answers: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._joined = threading.Event()
        self.heard: list[int] = []      # Message ids, as they came.
        self.heard_at: dict[int, float] = {}
        self.moves = 0                  # Times it had to reconnect.
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            event = json.loads(line)
            if event['event'] == 'joined':
                self.moves += self._joined.is_set()
                self._joined.set()
            elif event['event'] == 'result' and event.get('op') == 'post':
                self._answers.put(event)
            elif event['event'] == 'message':
                self.heard.append(event['id'])
                self.heard_at[event['id']] = time.monotonic()

    def await_join(self) -> None:
        """Wait until the person is in the room."""
        if not self._joined.wait(JOIN_WAIT_S):
            raise PoolError('%s could not join; see %s' %
                            (self.name, self._log.name))

    def post(self, text: str) -> int:
        """Say something; returns the message's id in the room."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(
            {'op': 'post', 'room': ROOM, 'text': text}) + '\n')
        self._process.stdin.flush()
        try:
            answer = self._answers.get(timeout=POST_WAIT_S)
        except queue.Empty as error:
            raise PoolError('%s has no answer to a post' % self.name) from error
        if 'id' not in answer:
            raise PoolError('%s was refused: %s' % (self.name, answer))
        return int(answer['id'])

    def leave(self) -> None:
        """Go."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(JOIN_WAIT_S)
        self._log.close()


def set_up(pool: LocalPool) -> None:
    """People, a category and rooms; what is there stays."""
    leader = pool.await_ready(lambda text: say('   ' + text))
    known = {user['uri'] for user in
             leader.perchctl('users', 'list').get('users', [])}
    for name in PEOPLE:
        if 'sip:%s@%s' % (name, DOMAIN) not in known:
            leader.perchctl('users', 'create', name, '--password',
                            password=PASSWORD + '\n')
            say('   user %s@%s, password %s' % (name, DOMAIN, PASSWORD))
    there = [each['name'] for each in
             leader.perchctl('categories', 'list').get('categories', [])]
    if CATEGORY not in there:
        leader.perchctl('categories', 'create', CATEGORY)
        say('   category %s' % CATEGORY)
    there = [each['name'] for each in
             leader.perchctl('rooms', 'list').get('rooms', [])]
    for room in (ROOM, OTHER_ROOM):
        if room not in there:
            leader.perchctl('rooms', 'create', room, '--category', CATEGORY,
                            '--visibility', 'open')
            say('   room %s' % room)


class Talk:
    """A conversation, with a murder in it."""

    def __init__(self, pool: LocalPool, people: list[Person]) -> None:
        self._pool = pool
        self._people = people
        self.acknowledged: dict[int, str] = {}  # Id -> text.
        self.times: list[float] = []            # Of acknowledgements.
        self.killed = 0
        self.killed_at = 0.0

    def play(self) -> None:
        """Say all lines; kill the leader on the way, restart it later."""
        lines = [line for _ in range(ROUNDS) for line in LINES]
        for i, line in enumerate(lines):
            speaker = self._people[i % len(self._people)]
            if i == KILL_AFTER:
                self._kill()
            found = speaker.post(line)
            self.times.append(time.monotonic())
            self.acknowledged[found] = line
            if i < len(LINES) or KILL_AFTER - 2 <= i <= KILL_AFTER + 3:
                say('   %3d  %-8s %s' % (found, speaker.name, line))
            elif i == len(LINES) or i == KILL_AFTER + 4:
                say('   ...')
            time.sleep(PAUSE_S)

    def _kill(self) -> None:
        leader = self._pool.leader()
        if leader is None:
            raise PoolError('the pool has no leader to kill')
        self.killed = leader.number
        self.killed_at = time.monotonic()
        leader.kill()
        say('   --- kill -9 node %d, the leader ---' % self.killed)

    @property
    def pause_s(self) -> float:
        """How long nothing was acknowledged after the murder."""
        after = [at for at in self.times if at > self.killed_at]
        return after[0] - self.killed_at


def read_room(node: Node, password_file: Path) -> list[dict[str, Any]]:
    """Everything said in the room, as this node tells it."""
    done = subprocess.run(
        [node.program('perch'), '--json', '--quiet', '--server', node.sip_tcp,
         '--user', 'ingrid@' + DOMAIN, '--password-file', str(password_file),
         'history', '--all', ROOM], capture_output=True, text=True,
        timeout=READ_WAIT_S, check=False)
    if done.returncode != 0:
        raise PoolError('node %d does not tell the room\'s history: %s' %
                        (node.number, done.stderr.strip()))
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return [each for each in found if each['event'] == 'message']


def count(pool: LocalPool, talk: Talk, password_file: Path) -> bool:
    """Compare what was acknowledged with what every node has."""
    right = True
    for node in pool.nodes():
        room = read_room(node, password_file)
        ids = [each['id'] for each in room]
        texts = {each['id']: each['text'] for each in room}
        kept = sum(texts.get(i) == text
                   for i, text in talk.acknowledged.items())
        twice = len(ids) - len(set(ids))
        dense = ids == list(range(ids[0], ids[0] + len(ids)))
        say('   node %d has %d of %d acknowledged posts, %d twice, %s' %
            (node.number, kept, len(talk.acknowledged), twice,
             'in order without gap' if dense else 'NOT in order'))
        right = right and kept == len(talk.acknowledged) and not twice and dense
    return right


def heard_all(people: list[Person], talk: Talk) -> bool:
    """Did everybody hear everything, once, while it was said?"""
    right = True
    for person in people:
        missing = set(talk.acknowledged) - set(person.heard)
        twice = len(person.heard) - len(set(person.heard))
        say('   %-8s heard %d of %d live, %d twice, reconnected %d times' %
            (person.name, len(talk.acknowledged) - len(missing),
             len(talk.acknowledged), twice, person.moves))
        right = right and not missing and not twice
    return right


def show_addresses(pool: LocalPool) -> None:
    """Say where to go on."""
    node = pool.nodes()[0]
    servers = ','.join(node.sip_tcp for node in pool.nodes())
    say('== come in: as ingrid, olav or sunniva, password %s' % PASSWORD)
    say('   export PERCH_SERVERS=%s PERCH_USER=ingrid@%s' % (servers, DOMAIN))
    say("   PERCH_PASSWORD=%s %s chat '%s'" %
        (PASSWORD, os.path.relpath(node.program('perch')), ROOM))
    say('   Pidgin with pidgin-sipe: ingrid@%s, server %s, TCP, group chat '
        'user empty' % (DOMAIN, node.sip_tcp))
    say('   TLS: one port above each; the authority is %s' %
        os.path.relpath(pool.authority / 'ca.pem'))
    say('   ops/pool status --dir %s; %s --socket %s status' %
        (os.path.relpath(pool.folder), os.path.relpath(
            node.program('perchctl')), os.path.relpath(node.socket)))


def keep_archive(pool: LocalPool) -> None:
    """Switch the compliance archive on, with an adapter; once."""
    leader = pool.await_ready()
    leader.perchctl('archive', 'set', 'on')
    leader.perchctl('archive', 'adapters', 'add', 'vault', '--type', 'xml',
                    '--output', 'vault')


def audit(pool: LocalPool) -> bool:
    """What perch-audit says of the archive: its page's first line."""
    leader = pool.await_ready()
    leader.perchctl('archive', 'adapters', 'run', 'vault')
    end = time.monotonic() + ARCHIVE_WAIT_S
    while time.monotonic() < end:
        status = leader.perchctl('archive', 'status')
        if (status['published'] or {}).get('size') == status['records'] and \
                all(each['trails_by'] == 0 for each in status['nodes']) and \
                status['adapters'][0]['lag'] == 0:
            break
        time.sleep(0.2)
    ran = subprocess.run(
        [leader.program('perch-audit'), 'verify',
         str(leader.data / 'archive')], text=True, capture_output=True,
        timeout=60, check=False)
    say('   the archive has %d records; perch-audit says: %s' %
        (status['records'], (ran.stdout.splitlines() or ['nothing'])[0]))
    say('   what the XML adapter has of it: %s' %
        (pool.folder / 'export' / 'vault'))
    return ran.returncode == 0


def play(pool: LocalPool, base_port: int, programs: Path) -> bool:
    """The whole play; was nothing lost?"""
    with pool.locked():
        if not pool.exists:
            say('== a pool of three nodes is made in %s' % pool.folder)
            pool.create(3, base_port, DOMAIN, programs)
        say('== the pool starts')
        pool.start()
        set_up(pool)
        say('== the compliance archive is switched on')
        keep_archive(pool)
        pool.require_all()
        password_file = pool.folder / 'password'
        password_file.touch(mode=0o600)
        password_file.write_text(PASSWORD + '\n')
        say('== people on three nodes talk in %s' % ROOM)
        people = [Person(name, pool, home, password_file)
                  for name, home in PEOPLE.items()]
        for person in people:
            person.await_join()
        talk = Talk(pool, people)
        talk.play()
        say('== node %d is started again' % talk.killed)
        pool.node(talk.killed).start()
        pool.await_ready(lambda text: say('   ' + text))
        say('== what happened')
        say('   every post acknowledged: %d of %d' %
            (len(talk.acknowledged), len(LINES) * ROUNDS))
        right = count(pool, talk, password_file)
        right = heard_all(people, talk) and right
        say('   posting stood still for %.0f ms after the kill' %
            (talk.pause_s * 1000))
        for person in people:
            person.leave()
        right = audit(pool) and right
        say('   %s' % ('nothing was lost, nothing came twice' if right
                       else 'SOMETHING IS WRONG; the logs are in %s' %
                       pool.folder))
        return right


def await_end() -> None:
    """Wait for Ctrl-C or SIGTERM."""
    try:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        while True:
            signal.pause()
    except KeyboardInterrupt:
        print()


def main() -> int:
    """Play, then leave the pool running or end it on Ctrl-C."""
    parser = parser_of('ops/demo', __doc__)
    parser.add_argument('--detach', action='store_true',
                        help='leave the pool running')
    parser.add_argument('--dir', type=Path, default=FOLDER,
                        help='the pool\'s folder')
    parser.add_argument('--base-port', type=whole(1, PORT_MAX), default=5060,
                        help='as for ops/pool start')
    parser.add_argument('--bin', type=Path, default=DEFAULT_PROGRAMS,
                        help='where the programs are')
    arguments = parser.parse_args()
    pool = LocalPool(arguments.dir)
    try:
        right = play(pool, arguments.base_port, arguments.bin)
        show_addresses(pool)
        if not arguments.detach:
            say('== Ctrl-C ends the pool')
            await_end()
            pool.stop()
    except PoolError as error:
        print('ops/demo: %s' % error, file=sys.stderr)
        return 1
    return 0 if right else 1


if __name__ == '__main__':
    sys.exit(main())
