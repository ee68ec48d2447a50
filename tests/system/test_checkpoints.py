#!/usr/bin/env python3
"""Checkpoints of the archive: cosigned by all nodes, seen by a witness.

    tests/system/test_checkpoints.py BIN    BIN: the folder of the programs
"""
import scene
from archive_pool import ArchiveScene
from scene import until


class CheckpointTests(ArchiveScene):
    """A pool whose archive grows."""

    def test_three_cosignatures_on_three_nodes(self) -> None:
        """What is published is in each node's file, signed by the log and all
        three nodes, and is the same tree."""
        self.begin()
        self.room('Tide Desk')
        signers = 4

        def published() -> bool:
            notes = [self.checkpoint(node) for node in self.pool.nodes()]
            return (all(note is not None and len(note.signers) == signers
                        for note in notes) and
                    len({note.size for note in notes if note}) == 1)
        until(published, 'checkpoints with three cosignatures')
        notes = {self.checkpoint(node) for node in self.pool.nodes()}
        self.assertEqual(len({note.root for note in notes if note}), 1)


if __name__ == '__main__':
    scene.main()
