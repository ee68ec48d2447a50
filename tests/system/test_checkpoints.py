#!/usr/bin/env python3
"""Checkpoints of the archive: cosigned by all nodes, seen by a witness; what
becomes of a node whose archive is another, and of a pool that was set back.

    tests/system/test_checkpoints.py BIN    BIN: the folder of the programs
"""
import base64
import shutil
import subprocess
import time
from pathlib import Path

import scene
from archive_pool import ArchiveScene, Note, Witness
from local_pool import LOG_KEY, Node, PoolError
from scene import until

ALL = 4                 # Signers: the log and three nodes.
INTERVAL_S = 15.0       # A heartbeat, a look at it, a slow machine.


class CheckpointTests(ArchiveScene):
    """A pool whose archive grows."""

    def agreed(self, signers: int = ALL) -> Note | None:
        """The checkpoint that all nodes have, with so many signatures."""
        notes = [self.checkpoint(node) for node in self.pool.nodes()]
        first = notes[0]
        if first is None or any(
                note is None or len(note.signers) < signers or
                (note.size, note.root) != (first.size, first.root)
                for note in notes):
            return None
        return first

    def test_three_cosignatures_and_a_witness(self) -> None:
        """What is published is in each node's files, signed by the log and all
        three nodes, and is the same tree; a witness has cosigned it, is killed
        at any time, and goes on from where it was."""
        leader = self.begin()
        self.room('Tide Desk')
        note = until(self.agreed, 'checkpoints with three cosignatures')
        self.assertEqual(set(note.signers), {note.origin} | {
            '%s/node%d' % (note.origin, i) for i in (1, 2, 3)})
        witness = self.add_witness()
        for i in range(5):
            witness.kill()
            self.room('Room %d' % i)
            witness.start(self.log_vkey())
            until(lambda: self.agreed(ALL + 1), 'the witness\'s cosignature')
        note = until(lambda: self.agreed(ALL + 1), 'all signatures')
        for node in self.pool.nodes():
            until(lambda: 'perch_archive_canaries_total 1\n' in scene.page(
                node, '/metrics'), 'a canary that was proved')
            self.assertIn('perch_archive_canary_failed 0\n',
                          scene.page(node, '/metrics'))
        shown = self.status(leader)
        self.assertFalse(shown['halted'])
        self.assertGreaterEqual(shown['witnesses'][0]['size'], note.size)
        latest = witness.latest(note.origin)
        assert latest is not None
        self.assertGreaterEqual(latest.size, note.size)

    def test_the_logs_key_is_changed(self) -> None:
        """A record says so; an auditor who has both keys finds the archive
        complete, one who has the old or the new alone does not."""
        leader = self.begin()
        self.room('Before')
        origin = until(self.agreed, 'a checkpoint by the old key').origin
        old = self.log_vkey()
        key = self.pool.folder / 'new.key'
        new = self.audit('key', 'new', str(key), origin).stdout.strip()
        leader.perchctl('archive', 'key', 'put', new, '--node', '0')
        shutil.copy(key, self.pool.authority / LOG_KEY)
        for node in self.pool.nodes():
            node.stop()
        self.serve()
        self.room('After')
        node = self.pool.node(1)
        until(lambda: self.agreed() and self.verdict(node, new) == 1 and
              'checkpoint is not signed' not in
              self.said(node, new), 'a checkpoint by the new key')
        self.assertEqual(self.verdict(node, old, new), 0)
        self.assertRegex(self.said(node, new),
                         r'checkpoints/\d{20} is not signed by the log')
        self.assertIn(' checkpoint is not signed by the log',
                      self.said(node, old))
        records = self.audit('show', str(node.data / 'archive'), '--json')
        raw = base64.b64decode(new.split('+', 2)[2])[1:]
        self.assertIn(raw.hex(), records.stdout)

    @staticmethod
    def audit(*words: str) -> subprocess.CompletedProcess[str]:
        """One of perch-audit's commands."""
        return subprocess.run([scene.program('perch-audit'), *words],
                              text=True, capture_output=True, timeout=60,
                              check=False)

    def verify(self, node: Node, *keys: str
               ) -> subprocess.CompletedProcess[str]:
        """What an auditor is told who believes these keys of the log."""
        policy = self.pool.folder / 'policy'
        policy.write_text(''.join('log %s\n' % key for key in keys) +
                          'quorum none\n')
        return self.audit('verify', str(node.data / 'archive'), '--quiet',
                          '--policy', str(policy))

    def verdict(self, node: Node, *keys: str) -> int:
        """0: complete, 1: not."""
        return self.verify(node, *keys).returncode

    def said(self, node: Node, *keys: str) -> str:
        """The page."""
        return self.verify(node, *keys).stdout

    def test_a_node_that_differs_is_named_and_rebuilt(self) -> None:
        """A bit flipped in one node's tile: at the next checkpoint it is named
        by all, stops, and comes back from the others with the same files."""
        leader = self.begin()
        leader.perchctl('pool', 'set', 'archive_heartbeat_s', '5')
        for i in range(12):
            self.room('Room %d' % i)
        until(self.agreed, 'a checkpoint of all')
        victim = next(node for node in self.pool.nodes()
                      if node.number != leader.number)
        self.damage(victim)
        until(lambda: victim.pid() is None, 'the node to stop', INTERVAL_S)
        self.assertIn('archive_diverged node=%d' % victim.number,
                      self.journal(victim))
        shown = self.status(leader)['nodes']
        self.assertGreater(shown[victim.number - 1]['diverged_size'], 0)
        victim.start()
        until(lambda: list(victim.data.glob('archive.rotted-*')),
              'the archive set aside')
        self.room('After')
        until(self.agreed, 'three cosignatures again')
        self.assertEqual(
            self.status(leader)['nodes'][victim.number - 1]['diverged_size'], 0)
        self.assert_same_files()

    def damage(self, node: Node) -> None:
        """Flip a bit of the tile that the next root is made of."""
        note = until(lambda: self.complete(node), 'a checkpoint of all')
        tile = node.data / 'archive' / 'tile' / '0' / '000.p' / str(note.size)
        data = bytearray(tile.read_bytes())
        data[3] ^= 1
        tile.write_bytes(bytes(data))

    def complete(self, node: Node) -> Note | None:
        """The checkpoint that has all records."""
        note = self.checkpoint(node)
        all_ = self.status(node)['records']
        return note if note is not None and note.size == all_ else None

    def assert_same_files(self) -> None:
        """All nodes come to have the same newest bundle."""
        def bundles() -> set[bytes]:
            note = self.agreed()
            if note is None:
                return set()
            paths = [node.data / 'archive' / 'tile' / 'entries' / '000.p' /
                     str(note.size) for node in self.pool.nodes()]
            return {path.read_bytes() for path in paths if path.exists()}
        self.assertEqual(len(until(bundles, 'bundles')), 1)


class SetBackTests(ArchiveScene):
    """A pool of which two nodes of three were restored from an old copy."""

    def set_back(self, away: bool = False) -> tuple[Witness, Note, Path]:
        """Nodes 1 and 2 come from a copy that is older than what the witness
        has seen; node 3 is away. Returns what the witness has, and a copy of
        node 3's archive."""
        self.begin()
        self.room('Old')
        witness = self.add_witness()
        node3 = self.pool.node(3)
        until(lambda: len((self.checkpoint(node3) or Note('', 0, '', ())
                           ).signers) == 5, 'a witnessed checkpoint')
        self.end_all()
        old = self.pool.folder / 'old'
        for i in (1, 2):
            shutil.copytree(self.pool.node(i).data, old / str(i))
        self.serve()
        for i in range(20):
            self.room('Lost %d' % i)
        seen = until(lambda: self.seen(witness), 'the witness to see all')
        self.end_all()
        if away:
            witness.kill()
        copy = self.pool.folder / 'copy'
        shutil.copytree(node3.data / 'archive', copy)
        for i in (1, 2):
            shutil.rmtree(self.pool.node(i).data)
            shutil.copytree(old / str(i), self.pool.node(i).data)
            self.pool.node(i).start()
        return witness, seen, copy

    def end_all(self) -> None:
        """Stop all nodes."""
        for node in self.pool.nodes():
            node.stop()

    def seen(self, witness: Witness) -> Note | None:
        """What the witness has, once it has all that node 3's files have and
        that is all there is."""
        note = self.checkpoint(self.pool.node(3))
        shown = self.status(self.pool.node(3))
        if note is None or note.size != shown['records']:
            return None
        latest = witness.latest(note.origin)
        return latest if latest and latest.size == note.size else None

    def halted(self) -> dict[str, object] | None:
        """The archive's status, once the pool knows that it was set back."""
        try:
            leader = self.pool.leader()
            shown = self.status(leader) if leader else {}
        except PoolError:
            return None
        return shown if shown.get('halted') else None

    def test_refilled_from_a_copy(self) -> None:
        """The pool says what it lacks, refuses changes, takes the records back
        from a copy of the third node's archive, and goes on."""
        witness, seen, copy = self.set_back()
        shown = until(self.halted, 'the pool to halt')
        self.assertEqual(shown['halted_by'], 'w.example/1')
        self.assertEqual(shown['halted_size'], seen.size)
        leader = until(self.pool.leader, 'a leader')
        with self.assertRaisesRegex(PoolError, 'witness has seen more'):
            leader.perchctl('rooms', 'create', 'No', '--category', 'Harbour')
        self.refuse_other_copies(leader, copy)
        leader.perchctl('--reason', 'test', 'archive', 'refill', '--from',
                        str(copy))
        shown = self.status(leader)
        self.assertFalse(shown['halted'])
        self.assertGreaterEqual(int(str(shown['records'])), seen.size)
        self.room('New')
        until(lambda: (witness.latest(seen.origin) or seen).size > seen.size,
              'the witness to see more')

    def test_another_history_is_refused(self) -> None:
        """Set back while its witness is away, the pool writes on; when the
        witness is back it refuses the other history, and the pool halts for
        good."""
        witness, seen, copy = self.set_back(away=True)
        leader = until(self.pool.leader, 'a leader')
        for i in range(30):
            self.room('Another %d' % i)
        self.assertFalse(self.status(leader)['halted'])
        witness.start(self.log_vkey())
        shown = until(self.halted, 'the pool to halt')
        self.assertGreaterEqual(int(str(shown['records'])), seen.size)
        until(lambda: 'witness_forked' in ''.join(
            self.journal(node) for node in self.pool.nodes()), 'its name')
        self.assertIn('history_refused', witness.log.read_text())
        latest = witness.latest(seen.origin)
        assert latest is not None
        self.assertEqual((latest.size, latest.root), (seen.size, seen.root))
        leader = until(self.pool.leader, 'a leader')
        with self.assertRaisesRegex(PoolError, 'another history'):
            leader.perchctl('archive', 'refill', '--from', str(copy))

    def refuse_other_copies(self, leader: Node, copy: Path) -> None:
        """A copy with one bit flipped, and one without a checkpoint, bring
        nothing."""
        for name, spoil, why in (
                ('flipped', self.flip_last, 'not those that the log has'),
                ('bare', self.take_checkpoints, 'has no checkpoint of')):
            other = copy.parent / name
            shutil.copytree(copy, other)
            spoil(other)
            with self.assertRaisesRegex(PoolError, why):
                leader.perchctl('archive', 'refill', '--from', str(other))
        self.assertTrue(self.status(leader)['halted'])

    @staticmethod
    def flip_last(copy: Path) -> None:
        """A bit in the widest bundle."""
        path = max((copy / 'tile' / 'entries' / '000.p').iterdir(),
                   key=lambda each: int(each.name))
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(bytes(data))

    @staticmethod
    def take_checkpoints(copy: Path) -> None:
        """All notes."""
        for path in (*copy.glob('checkpoint*'), *copy.glob('checkpoints/*')):
            if path.is_file():
                path.unlink()

    def test_begun_anew(self) -> None:
        """Without a copy the pool goes on under another origin, and its first
        record says what is missing."""
        witness, seen, copy = self.set_back()
        shutil.rmtree(copy)
        until(self.halted, 'the pool to halt')
        leader = until(self.pool.leader, 'a leader')
        leader.perchctl('archive', 'reopen', '--origin', 'fjord.example/anew',
                        '--reason', 'two disks lost')
        self.room('New')
        shown = until(lambda: self.published_anew(leader), 'a checkpoint')
        self.assertFalse(shown['halted'])
        entries = (self.pool.node(1).data / 'archive' / 'tile' / 'entries')
        first = next(path for path in sorted(entries.rglob('*'))
                     if path.is_file()).read_bytes()
        self.assertIn(b'two disks lost', first)
        self.assertIn(seen.origin.encode(), first)
        self.assertIsNotNone(witness.latest(seen.origin))

    def published_anew(self, node: Node) -> dict[str, object] | None:
        """The status, once there is a checkpoint of the new origin."""
        time.sleep(0.2)
        shown = self.status(node)
        note = self.checkpoint(node)
        is_new = note is not None and note.origin == 'fjord.example/anew'
        return shown if is_new else None


if __name__ == '__main__':
    scene.main()
