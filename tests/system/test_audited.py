#!/usr/bin/env python3
"""A real pool's archive, held by perch-audit and by somebody else's verifier.

    tests/system/test_audited.py BIN    BIN: the folder of the programs
"""
import json
import shutil
import subprocess
import tempfile
from itertools import combinations
from pathlib import Path
from typing import Any

import scene
from local_pool import Node
from scene import StandingScene, until
from sip_client import Dialog

LONG = 'a long text ' * 100   # More than is to go into a record.
POSTS = 60


class AuditedTests(StandingScene):
    """People talk, read and go, a node is lost, a message is redacted."""

    def begin(self) -> None:
        """Switch the archive on."""
        leader = self.leader
        leader.perchctl('pool', 'rules', '4')
        until(lambda: len(leader.perchctl('archive', 'key', 'show').get(
            'keys', [])) == 4, 'the keys of the log and of three nodes')
        leader.perchctl('pool', 'set', 'archive_canary_s=10',
                        'archive_inline_bytes_max=1000')
        leader.perchctl('archive', 'set', 'on')

    def talk(self, dialogs: list[Dialog], count: int) -> None:
        """Say short things, in turn, and a long one."""
        for i in range(count):
            dialog = dialogs[i % len(dialogs)]
            self.assertEqual(dialog.post(self.room, 'text %d' % i).status, 200)
        self.assertEqual(dialogs[0].post(self.room, LONG).status, 200)

    def records(self, node: Node) -> list[dict[str, Any]]:
        """What a node's archive has up to its checkpoint."""
        done = subprocess.run(
            [scene.program('perch-audit'), 'show', node.data / 'archive',
             '--json'], capture_output=True, text=True, timeout=60)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def kinds(self) -> set[str]:
        """Of records that are published."""
        node = until(self.pool.leader, 'a leader')
        return {each['kind'] for each in self.records(node)}

    def copies(self) -> list[Path]:
        """Each node's archive as it is once all have published the same."""
        folder = Path(tempfile.mkdtemp(prefix='perch-audited-'))
        self.addCleanup(shutil.rmtree, folder)

        def sizes() -> set[int]:
            return {int((node.data / 'archive/checkpoint').read_text().split(
                '\n')[1]) for node in self.pool.nodes()}
        until(lambda: len(sizes()) == 1, 'one checkpoint on all nodes')
        found = []
        for node in self.pool.nodes():
            found.append(folder / ('node%d' % node.number))
            shutil.copytree(node.data / 'archive', found[-1])
        return found

    def keys(self, copy: Path) -> list[str]:
        """The verifier keys, the log's first."""
        names = sorted(copy.joinpath('keys').iterdir())
        return [each.read_text().strip() for each in names]

    def policy(self, copy: Path) -> Path:
        """Two of three nodes."""
        log, *nodes = self.keys(copy)
        path = copy.parent / 'policy'
        path.write_text('log %s\n' % log + ''.join(
            'witness n%d %s\n' % (i, each) for i, each in enumerate(nodes)) +
            'group nodes 2 %s\nquorum nodes\n' % ' '.join(
                'n%d' % i for i in range(len(nodes))))
        return path

    def audit(self, *words: Any, code: int = 0) -> str:
        """What perch-audit prints."""
        done = subprocess.run(
            [scene.program('perch-audit'), *map(str, words)],
            capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def assert_whole(self) -> list[Path]:
        """Both verifiers find each node's copy complete, and all the same."""
        copies = self.copies()
        policy = self.policy(copies[0])
        for copy in copies:
            text = self.audit('verify', copy, '--policy', policy, '-q')
            self.assertTrue(text.startswith('COMPLETE'), text)
            # Made where there is Go; tests/archive/README.md.
            stranger = Path(scene.program('../tests/stranger'))
            if stranger.exists():
                done = subprocess.run(
                    [stranger, copy, self.keys(copy)[0]], capture_output=True,
                    text=True, timeout=60)
                self.assertEqual(done.returncode, 0, done.stdout)
        for one, other in combinations(copies, 2):
            self.audit('diff', one, other)
        return copies

    def test_a_day(self) -> None:
        """What was said, read and taken back is there, once, and proved."""
        self.begin()
        dialogs = [self.phone(self.pool.node(1), 'ingrid'),
                   self.phone(self.pool.node(2), 'tomas'),
                   self.phone(self.pool.node(3), 'watcher')]
        self.talk(dialogs, POSTS)
        dialogs[0].history(self.room)
        self.leader.perchctl('messages', 'redact', 'Tide Desk', '--message',
                             '3', '--reason', 'a name')
        third = self.pool.node(3)
        third.kill()
        until(lambda: 'node_lost' in self.kinds(), 'the loss in the archive')
        dialogs[0].part(self.room)
        third.start()
        self.pool.await_ready()
        until(lambda: 'canary' in self.kinds(), 'a canary')
        copies = self.assert_whole()

        records = self.records(self.pool.node(1))
        posts = [each for each in records if each['kind'] == 'post']
        self.assertEqual(
            [each['command']['post']['text'] for each in posts],
            ['text %d' % i for i in range(POSTS)] + [LONG])
        self.assertIn('withheld', posts[-1])
        self.assertTrue({'origin', 'compliance', 'join', 'part',
                         'history_read', 'redact', 'session_opened',
                         'canary'} <= {each['kind'] for each in records})
        proof = copies[0].parent / 'proof'
        proof.write_text(self.audit('prove', copies[0], posts[7]['csn']))
        text = self.audit('check-proof', proof, '--policy',
                          copies[0].parent / 'policy')
        self.assertIn('command.post.text: text 7\n', text)


if __name__ == '__main__':
    scene.main()
