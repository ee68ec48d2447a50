"""The protocol with the load client: what a right one says is understood,
what a broken one does is told and never taken for a result."""
import sys
import tempfile
import unittest
from pathlib import Path

from jepsen.client import Client, Completion, Request, parse_completion
from jepsen.command import HarnessError
from jepsen.history import FINAL, INFO, OK, POST, READ, Recorder
from jepsen.load import Load
from jepsen.workload import RoomLog

HELLO = 'print(\'{"hello": "x", "protocol": 1}\', flush=True)\n'
READ_LINE = 'import sys; line = sys.stdin.readline()\n'
WAIT_S = 5.0


class ParseTest(unittest.TestCase):
    """One line."""

    def test_good_lines(self) -> None:
        """Every kind of completion."""
        done = parse_completion(
            '{"id": 4, "type": "ok", "sent_ns": 5, "done_ns": 9, '
            '"position": 3}', POST)
        self.assertEqual(done, Completion(4, OK, 5, 9, position=3))
        done = parse_completion(
            '{"id": 4, "type": "ok", "sent_ns": 5, "done_ns": 9}', POST)
        self.assertEqual(done, Completion(4, OK, 5, 9, position=0))
        done = parse_completion(
            '{"id": 4, "type": "ok", "sent_ns": 5, "done_ns": 9, '
            '"positions": [1, 2], "values": [7, "x"]}', READ)
        self.assertEqual((done.positions, done.values), ([1, 2], [7, 'x']))
        done = parse_completion(
            '{"id": 4, "type": "info", "sent_ns": 5, "done_ns": 9, '
            '"error": "timeout"}', POST)
        self.assertEqual((done.type, done.error), (INFO, 'timeout'))
        done = parse_completion(
            '{"id": 4, "type": "fail", "done_ns": 9, "error": "no"}', FINAL)
        self.assertEqual(done.sent_ns, 0)

    def test_bad_lines(self) -> None:
        """What lacks something, or claims what cannot be."""
        for line, f in (
                ('', POST), ('[]', POST), ('{"id": 1}', POST),
                ('{"id": 1, "type": "done", "done_ns": 1}', POST),
                ('{"id": 1, "type": "ok", "sent_ns": 1, "done_ns": 2, '
                 '"position": 0}', POST),
                ('{"id": 1, "type": "ok", "sent_ns": 1, "done_ns": 2}', READ),
                ('{"id": 1, "type": "ok", "done_ns": 2, "position": 1}',
                 POST),
                ('{"id": 1, "type": "ok", "sent_ns": 3, "done_ns": 2, '
                 '"position": 1}', POST),
                ('{"id": 1, "type": "ok", "sent_ns": 1, "done_ns": 2, '
                 '"positions": [1], "values": []}', READ),
                ('{"id": 1, "type": "info", "done_ns": 2}', READ)):
            with self.assertRaises(HarnessError, msg=line):
                parse_completion(line, f)


class ClientTest(unittest.TestCase):
    """Small programs in the client's place."""

    def client(self, program: str) -> Client:
        """A client that runs a Python program."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        found = Client([sys.executable, '-c', program], {'r': 'uri'},
                       Path(folder.name, 'log'))
        self.addCleanup(found.close)
        return found

    def invoked(self, program: str) -> Client:
        """One that said hello and was asked to post; it has id 1."""
        found = self.client(READ_LINE + HELLO + READ_LINE + program)
        self.assertEqual(found.invoke(
            Request(POST, 'r', 2, 'u', process=3, value=7, retry='id')), 1)
        return found

    def test_commands(self) -> None:
        """What the client is told."""
        found = self.client(
            'import sys, json; setup = json.loads(sys.stdin.readline())\n' +
            HELLO + '''
for line in sys.stdin:
    asked = json.loads(line)
    if asked["op"] == "invoke":
        text = json.dumps([setup, asked])
        print(json.dumps({"id": asked["id"], "type": "fail", "done_ns": 1,
                          "error": text}), flush=True)
''')
        found.invoke(Request(POST, 'r', 2, 'u', process=3, value=7,
                             retry='id', timeout_ms=900))
        done = found.completion(WAIT_S)
        assert done is not None and done.error is not None
        self.assertEqual(
            done.error, '[{"op": "setup", "protocol": 1, "domain": '
            '"jepsen.example", "password": "jepsen-pass-1", "rooms": {"r": '
            '"uri"}}, {"op": "invoke", "id": 1, "process": 3, "user": "u", '
            '"f": "post", "room": "r", "node": "10.77.0.2:5060", '
            '"timeout_ms": 900, "value": 7, "retry": "id"}]')
        found.invoke(Request(FINAL, 'r', 1, 'u', process=3))
        done = found.completion(WAIT_S)
        assert done is not None and done.error is not None
        self.assertIn('"f": "read"', done.error)
        self.assertIn('"limit": 0', done.error)

    def test_no_hello(self) -> None:
        """A program that is something else."""
        for program in ('print("hi", flush=True)', 'pass',
                        'print(\'{"protocol": 2}\', flush=True)'):
            with self.assertRaisesRegex(HarnessError, 'no hello'):
                self.client(program)

    def test_ends(self) -> None:
        """A client that ends leaves its requests open."""
        found = self.invoked('sys.exit(7)')
        with self.assertRaisesRegex(HarnessError, 'ended .exit 7'):
            found.completion(WAIT_S)

    def test_unknown_id(self) -> None:
        """A completion of nothing, or for the second time."""
        for text in ('{"id": 9, "type": "fail", "done_ns": 1}', 'rubbish'):
            found = self.invoked('print(%r, flush=True); input()' % text)
            with self.assertRaisesRegex(HarnessError, 'no request has'):
                found.completion(WAIT_S)
        twice = '{"id": 1, "type": "fail", "done_ns": 1}\n' * 2
        found = self.invoked('print(%r, end="", flush=True); input()' % twice)
        self.assertIsNotNone(found.completion(WAIT_S))
        with self.assertRaisesRegex(HarnessError, 'no request has'):
            found.completion(WAIT_S)

    def test_silent(self) -> None:
        """Nothing comes: said, not waited for."""
        found = self.invoked('input()')
        self.assertIsNone(found.completion(0.05))

    def test_overdue(self) -> None:
        """A client that owes a completion far beyond the time-out."""
        found = self.client(READ_LINE + HELLO + 'sys.stdin.read()')
        load = Load(found, RoomLog(1, ['r'], 3), 3, 1e6, 1, Recorder(0))
        load.OVERDUE_S = -5.0
        with self.assertRaisesRegex(HarnessError, 'owes a completion'):
            load.run(lambda: False)


if __name__ == '__main__':
    unittest.main()
