"""A person at pidgin-sipe: one process of sipe_driver, and what it reports.

Events are taken in the order asked for, not in the order they came: what a
test does not ask for stays in line. See driver/account.h and driver/rooms.h
for their names and members.
"""
import json
import os
import subprocess
import threading
import time
from pathlib import Path
from typing import IO, Any

Event = dict[str, Any]

WAIT_S = 20.0           # For what ought to come within a fraction of it.
END_WAIT_S = 5.0        # From the end of input to the end of the process.
EVENTS_SHOWN = 12       # The last ones, when something else was expected.


class Unexpected(AssertionError):
    """What was expected of a client did not come."""


class Pidgin:
    """One user with one client."""

    def __init__(self, build: Path, folder: Path, user: str,
                 trust: Path | None = None, same_seed: bool = False) -> None:
        self.user = user
        self.uri = 'sip:' + user
        self.folder = folder
        folder.mkdir(parents=True)
        words = [str(build / 'bin' / 'sipe_driver'), '--folder', str(folder),
                 '--debug', str(folder / 'debug.log')]
        if trust is not None:
            words += ['--trust', str(trust)]
        if same_seed:
            words.append('--same-seed')
        environment = dict(
            os.environ, LD_PRELOAD=str(build / 'lib' / 'libperch-sax.so'))
        with open(folder / 'stderr.log', 'wb') as errors:
            self._process = subprocess.Popen(
                words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=errors, env=environment, encoding='utf-8')
        self._changed = threading.Condition()
        self._events: list[Event] = []      # Not taken yet.
        self._history: list[Event] = []     # All.
        self._ended = False
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        self.expect('ready')

    def do(self, name: str, **members: Any) -> None:
        """Tell the driver to do something."""
        try:
            self._input.write(json.dumps({'do': name, **members}) + '\n')
            self._input.flush()
        except (BrokenPipeError, ValueError) as error:
            raise Unexpected('%s has ended: %s' %
                             (self.user, self._last_words())) from error

    def sign_in(self, *servers: str, transport: str = 'tcp',
                password: str = '-', reconnect_ms: int = 0) -> None:
        """Sign in to the first server and wait until that is done."""
        self.begin_sign_in(*servers, transport=transport, password=password,
                           reconnect_ms=reconnect_ms)
        self.expect('connected')

    def begin_sign_in(self, *servers: str, transport: str = 'tcp',
                      password: str = '-', reconnect_ms: int = 0) -> None:
        """Sign in and wait for nothing."""
        self.do('sign_in', user=self.user, password=password,
                transport=transport, servers=list(servers),
                reconnect_ms=reconnect_ms)

    def rooms(self) -> dict[str, Event]:
        """The rooms the client finds, by name. Its chat starts a moment after
        it has signed in, so this asks until there is an answer."""
        end = time.monotonic() + WAIT_S
        while True:
            self.do('list')
            if self.expect('listed', 'refused')['event'] == 'listed':
                return {event['name']: event for event in self.take_all('room')}
            if time.monotonic() > end:
                raise Unexpected('%s: the chat never starts' % self.user)
            time.sleep(0.02)

    def join(self, room: str) -> str:
        """Enter the room of a name; returns its address."""
        found = self.rooms()
        if room not in found:
            raise Unexpected('%s does not find %s among %s' %
                             (self.user, room, sorted(found)))
        uri = str(found[room]['uri'])
        self.do('join', uri=uri)
        self.expect('joined', room=room)
        return uri

    def leave(self, room: str) -> None:
        """Leave a room and wait until the client has got the answer; before,
        it would not enter again."""
        def answers() -> int:
            return sum('<rpl id="rpl:part"' in line for line in self.trace())

        before, end = answers(), time.monotonic() + WAIT_S
        self.do('leave', room=room)
        while answers() == before:
            if time.monotonic() > end:
                raise Unexpected('%s gets no answer to leaving' % self.user)
            time.sleep(0.02)

    def say(self, room: str, text: str) -> None:
        """Say something and do not wait."""
        self.do('say', room=room, text=text)

    def roster(self, room: str) -> dict[str, bool]:
        """Who is in the room's window; whether each is an operator."""
        self.do('roster', room=room)
        users = self.expect('roster', room=room)['users']
        return {each['user']: each['operator'] for each in users}

    def sign_out(self) -> None:
        """Sign out and wait until that is done."""
        self.do('sign_out')
        self.expect('offline')

    def expect(self, *names: str, wait_s: float | None = None,
               **members: Any) -> Event:
        """Take the first event of one of these names with these members;
        waits for it."""
        wait_s = WAIT_S if wait_s is None else wait_s
        end = time.monotonic() + wait_s
        with self._changed:
            while True:
                for event in self._events:
                    if event['event'] in names and all(
                            event.get(key) == value
                            for key, value in members.items()):
                        self._events.remove(event)
                        return event
                rest = end - time.monotonic()
                if rest <= 0 or self._ended:
                    break
                self._changed.wait(rest)
        raise Unexpected('%s: no %s %s within %.1f s; %s' % (
            self.user, ' or '.join(names), members or '', wait_s,
            self._last_words()))

    def take_all(self, name: str) -> list[Event]:
        """Take all events of a name that have come."""
        with self._changed:
            taken = [event for event in self._events if event['event'] == name]
            self._events = [event for event in self._events
                            if event['event'] != name]
        return taken

    def all_events(self) -> list[Event]:
        """Everything since the start, taken or not."""
        with self._changed:
            return list(self._history)

    def trace(self) -> list[str]:
        """What libpurple and the plugin wrote, SIP messages included."""
        return (self.folder / 'debug.log').read_text(
            errors='replace').splitlines()

    def close(self) -> int:
        """End the process; it signs out first. Returns its exit status."""
        self._input.close()
        try:
            status = self._process.wait(END_WAIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        self._listener.join(END_WAIT_S)
        self._output.close()
        return status

    @property
    def _input(self) -> IO[str]:
        assert self._process.stdin is not None
        return self._process.stdin

    @property
    def _output(self) -> IO[str]:
        assert self._process.stdout is not None
        return self._process.stdout

    def _listen(self) -> None:
        for line in self._output:
            event = json.loads(line)
            with self._changed:
                self._events.append(event)
                self._history.append(event)
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _last_words(self) -> str:
        errors = (self.folder / 'stderr.log').read_text(errors='replace')
        last = self._history[-EVENTS_SHOWN:]
        return 'it said %s%s; what it heard is in %s' % (
            json.dumps(last, ensure_ascii=False),
            ' (ended: %s)' % errors[-300:] if self._ended else '',
            self.folder / 'debug.log')
