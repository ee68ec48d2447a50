"""The load client's process and the protocol with it (contracts.md, "The load
client"): commands as JSON lines to its input, completions from its output.

The client is one program with hundreds of sessions, written for speed in C on
the product's own client library; this is the harness's end.
"""
import json
import queue
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jepsen import contract
from jepsen.command import HarnessError
from jepsen.history import FAIL, FINAL, INFO, OK, POST, READ

PROTOCOL = 1
HELLO_WAIT_S = 10.0
END_WAIT_S = 10.0


@dataclass(slots=True)
class Request:
    """One operation to be invoked."""
    f: str                  # post, read or final.
    room: str
    node: int
    user: str
    process: int = 0
    value: int = 0          # Posts.
    retry: str | None = None
    limit: int = 0          # Reads; 0: all.
    timeout_ms: int = 5000


@dataclass(slots=True)
class Completion:
    """How a request ended."""
    id: int
    type: str               # ok, fail or info.
    sent_ns: int            # 0: it was never sent.
    done_ns: int
    error: str | None = None
    position: int = 0       # Of a post that is ok; 0: was not told.
    positions: list[int] | None = None
    values: list[int | str] | None = None


def parse_completion(line: str, f: str) -> Completion:
    """Read one completion of a request of kind f. Raises HarnessError."""
    try:
        found = json.loads(line)
        done = Completion(id=int(found['id']), type=str(found['type']),
                          sent_ns=int(found.get('sent_ns', 0)),
                          done_ns=int(found['done_ns']),
                          error=found.get('error'))
        if done.done_ns < done.sent_ns:
            raise ValueError('done before sent')
        if done.type == OK:
            _parse_result(done, found, f)
        elif done.type == INFO and f != POST:
            raise ValueError('only a post can be unknown')
        elif done.type not in (FAIL, INFO):
            raise ValueError('type is %s' % done.type)
    except (KeyError, TypeError, ValueError) as error:
        raise HarnessError('load client: bad completion (%s): %s' %
                           (error, line.strip()[:200])) from error
    return done


def _parse_result(done: Completion, found: dict[str, Any], f: str) -> None:
    if done.sent_ns == 0:
        raise ValueError('ok, and never sent')
    if f == POST:
        if 'position' in found:
            done.position = int(found['position'])
            if done.position < 1:
                raise ValueError('positions begin at 1')
        return
    done.positions = [int(each) for each in found['positions']]
    done.values = [each if isinstance(each, (int, str)) else repr(each)
                   for each in found['values']]
    if len(done.positions) != len(done.values):
        raise ValueError('positions and values differ in number')


class Client:
    """The running load client.

    Thread: the load's; completions are read by a thread of its own.
    """

    def __init__(self, argv: list[str], rooms: dict[str, str], log: Path,
                 address: Callable[[int], str] = contract.sip_address) -> None:
        """Start it.

        @address  Where clients of a node connect: host:port.
        """
        self._address = address
        with open(log, 'ab') as errors:
            self._process = subprocess.Popen(
                argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=errors, text=True, start_new_session=True)
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._kinds: dict[int, str] = {}  # Of requests without completion.
        self._last_id = 0
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._send(op='setup', protocol=PROTOCOL, domain=contract.DOMAIN,
                   password=contract.PASSWORD, rooms=rooms)
        self._expect_hello()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def _expect_hello(self) -> None:
        try:
            line = self._lines.get(timeout=HELLO_WAIT_S)
        except queue.Empty:
            line = None
        try:
            found = json.loads(line or '')
            right = found['protocol'] == PROTOCOL
        except (KeyError, TypeError, ValueError):
            right = False
        if not right:
            self.close()
            raise HarnessError('load client: no hello of protocol %d: %s' %
                               (PROTOCOL, line))

    def _send(self, **command: Any) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(command) + '\n')
            self._process.stdin.flush()
        except OSError as error:
            raise HarnessError('load client: it has ended (exit %s)' %
                               self._process.poll()) from error

    def invoke(self, request: Request) -> int:
        """Have a request done; returns the id its completion will have."""
        self._last_id += 1
        command: dict[str, Any] = {
            'op': 'invoke', 'id': self._last_id, 'process': request.process,
            'user': request.user, 'f': request.f, 'room': request.room,
            'node': self._address(request.node),
            'timeout_ms': request.timeout_ms}
        if request.f == POST:
            command['value'] = request.value
            if request.retry is not None:
                command['retry'] = request.retry
        else:
            assert request.f in (READ, FINAL)
            command['f'] = READ
            command['limit'] = request.limit
        self._kinds[self._last_id] = request.f
        self._send(**command)
        return self._last_id

    def retire(self, process: int) -> None:
        """Say that a process will not be used again."""
        self._send(op='retire', process=process)

    def completion(self, wait_s: float) -> Completion | None:
        """The next completion, or None when none comes in time."""
        try:
            line = self._lines.get(timeout=max(0.0, wait_s))
        except queue.Empty:
            return None
        if line is None:
            raise HarnessError('load client: it has ended (exit %s)' %
                               self._process.wait(END_WAIT_S))
        try:
            kind = self._kinds[json.loads(line)['id']]
        except (KeyError, TypeError, ValueError) as error:
            raise HarnessError('load client: no request has this id: %s' %
                               line.strip()[:200]) from error
        done = parse_completion(line, kind)
        del self._kinds[done.id]
        return done

    def close(self) -> None:
        """End the client."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.close()
        except OSError:
            pass  # It has ended already.
        try:
            self._process.wait(END_WAIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        self._process.stdout.close()
