"""What programs of the product say: read right, or refused with a name."""
import json
import tempfile
import unittest
from pathlib import Path
from typing import Any

from jepsen import contract
from jepsen.command import HarnessError
from jepsen.contract import Programs, StateHash


def status(**changes: Any) -> str:
    """A follower's status, with some fields changed."""
    return json.dumps({
        'node': 2, 'raft_id': 2, 'role': 'FOLLOWER', 'leader': 3, 'term': 7,
        'applied_index': 99, 'members': [
            {'node': 1, 'raft_id': 1, 'role': 'VOTER'},
            {'node': 2, 'raft_id': 2, 'role': 'VOTER'},
            {'node': 3, 'raft_id': 3, 'role': 'VOTER'}], **changes})


class ParseTest(unittest.TestCase):
    """Replies."""

    def test_status(self) -> None:
        """A voter that knows its leader, and one that knows none."""
        self.assertEqual(contract.parse_status(status()), contract.Status(
            role='follower', term=7, applied_index=99, leader=3, voter=True))
        self.assertEqual(contract.parse_status(status(leader=None)).leader, 0)

    def test_status_of_a_newcomer(self) -> None:
        """A node that came back anew has no vote, though its old server
        has."""
        found = contract.parse_status(status(raft_id=770))
        self.assertFalse(found.voter)
        standby = [{'node': 2, 'raft_id': 770, 'role': 'STANDBY'}]
        found = contract.parse_status(status(raft_id=770, members=standby))
        self.assertFalse(found.voter)

    def test_state_hash(self) -> None:
        """Index and digest."""
        self.assertEqual(contract.parse_state_hash(
            status(digest_index=4, digest='ab')), StateHash(4, 'ab'))

    def test_room(self) -> None:
        """Its address."""
        self.assertEqual(contract.parse_room('{"room": {"uri": "x"}}'), 'x')

    def test_what_cannot_be_read(self) -> None:
        """Each says what is missing."""
        for parse, text, said in (
                (contract.parse_status, 'no', 'status is no JSON'),
                (contract.parse_status, '[]', 'status is no JSON object'),
                (contract.parse_status, '{"role": "x"}', "lacks 'term'"),
                (contract.parse_status, status(members=None), 'lacks'),
                (contract.parse_state_hash, status(), "lacks 'digest'"),
                (contract.parse_state_hash,
                 status(digest_index=4, digest=None), "lacks 'digest'"),
                (contract.parse_state_hash, status(digest='ab'),
                 "lacks 'digest_index'"),
                (contract.parse_room, '{"room": {}}', 'lacks room.uri'),
                (contract.parse_room, '{"uri": "x"}', 'lacks room.uri')):
            with self.assertRaisesRegex(HarnessError, said):
                parse(text)


class ProgramsTest(unittest.TestCase):
    """Where programs are looked for."""

    def test_missing_programs_are_named(self) -> None:
        """All at once."""
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, 'perchctl').touch()
            with self.assertRaisesRegex(
                    HarnessError, 'no perchd, perch-jepsen;'):
                Programs(Path(folder)).require()


class ConfigTest(unittest.TestCase):
    """A node's settings."""

    def test_every_node_knows_all(self) -> None:
        """Itself too, at the addresses of the namespaces."""
        home = Path('/x')
        text = contract.config_text(2, 3, contract.Paths(
            home / 'f', home / 'data', home / 'run', home / 'tls'))
        for line in ('[pool]', 'id = 2', 'data_dir = /x/data', 'run_dir = /x/run',
                     'listen = 10.77.0.2:5062', 'node = 1 10.77.0.1:5062',
                     'node = 2 10.77.0.2:5062', 'node = 3 10.77.0.3:5062',
                     'certificate = /x/tls/node2.pem',
                     'listen = tcp 10.77.0.2:5060 auth=digest'):
            self.assertIn('\n%s\n' % line, '\n' + text)


if __name__ == '__main__':
    unittest.main()
