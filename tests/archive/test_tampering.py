#!/usr/bin/env python3
"""What catches which tampering: each row of ops/audit/tampering.md."""
import json
import re
import shutil
import unittest
from base64 import b64decode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from archives import RECORDS, WIDTH, Archive, Case, group, kind, renumbered

POST, JOIN, PART, CANARY, REFILL = 3, 12, 13, 48, 56  # proto/record.h
CSN = 700  # In the middle of a bundle.


def flip(data: bytes, at: int, mask: int = 1) -> bytes:
    return data[:at] + bytes([data[at] ^ mask]) + data[at + 1:]


class Unaltered(Case):
    def test_complete(self) -> None:
        text = self.assert_complete('--pins', self.archive.pins)
        self.assertIn('records   %d,' % RECORDS, text)
        self.assertRegex(text, r'\n  ok +pins ')
        stranger = self.stranger(self.archive.pins)
        root = group(r'root +(\S+)', text)
        if stranger:
            self.assertIn('COMPLETE: %d records, root %s' % (RECORDS, root),
                          stranger)

    def test_partial_tiles_may_go_once_full(self) -> None:
        """An older checkpoint is read out of tiles that have grown."""
        old = sorted((self.archive.path / 'checkpoints').iterdir())[4]
        shutil.copy(old, self.archive.path / 'checkpoint')
        for each in (self.archive.path / 'checkpoints').iterdir():
            if each.name > old.name:
                each.unlink()
        # One tombstone was still to come.
        self.assertEqual(self.failed(), ['withheld'])

    def test_without_policy_it_says_so(self) -> None:
        text = self.assert_complete(policy=False)
        self.assertIn('only that it agrees with itself', text)


class Records(Case):
    """Tampering with what was archived, without the log's key."""

    def test_altered_record(self) -> None:
        self.archive.edit(CSN, lambda all_, at: all_.__setitem__(
            at, flip(all_[at], len(all_[at]) - 3)))
        text = self.assert_found('record %d is not what was archived' % CSN,
                                 check='tree')
        self.assertIn('NOT COMPLETE: 1 error', text)
        self.stranger(code=1)

    def test_altered_record_of_the_last_bundle(self) -> None:
        self.archive.edit(RECORDS - 3, lambda all_, at: all_.__setitem__(
            at, flip(all_[at], len(all_[at]) - 3)))
        self.assert_found(
            'record %d is not what was archived: its hash is not that of its '
            'tile, which makes the signed tree' % (RECORDS - 3), check='tree')
        self.stranger(code=1)

    def test_dropped_record(self) -> None:
        self.archive.edit(CSN, lambda all_, at: all_.pop(at))
        self.assert_found('at place %d is record %d' % (CSN, CSN + 1),
                          check='numbers')
        text = self.assert_found('has 255 records, the tree has 256',
                                 check='tree')
        self.assertNotIn('is not what was archived', text)
        self.stranger(code=1)

    def test_duplicated_record(self) -> None:
        self.archive.edit(CSN, lambda all_, at: all_.insert(at, all_[at]))
        self.assert_found('at place %d record %d comes again' %
                          (CSN + 1, CSN), check='numbers')
        self.assert_found('has 257 records, the tree has 256', check='tree')
        self.stranger(code=1)

    def test_duplicated_in_the_last_bundle(self) -> None:
        self.archive.edit(RECORDS - 3,
                          lambda all_, at: all_.insert(at, all_[at]))
        self.assert_found('records, the tree has', check='tree')
        self.stranger(code=1)

    def test_swapped_records(self) -> None:
        def swap(all_: list[bytes], at: int) -> None:
            all_[at], all_[at + 1] = all_[at + 1], all_[at]
        self.archive.edit(CSN, swap)
        self.assert_found('record %d is not what was archived' % CSN,
                          check='tree')
        self.assert_found('at place %d is record %d' % (CSN, CSN + 1),
                          check='numbers')
        self.stranger(code=1)

    def test_missing_bundle(self) -> None:
        self.archive.bundle(CSN).unlink()
        first = CSN // WIDTH * WIDTH
        self.assert_found('records %d to %d are missing' %
                          (first, first + WIDTH - 1), check='tree')
        self.stranger(code=1)

    def test_bundle_and_tile_missing(self) -> None:
        """What is above them still ties the rest to the signed root."""
        self.archive.bundle(CSN).unlink()
        self.archive.tile(0, CSN // WIDTH).unlink()
        text = self.assert_found('are missing', check='tree')
        self.assertNotIn('do not make the root', text)
        self.stranger(code=1)

    def test_cut_bundle(self) -> None:
        bundle = self.archive.bundle(CSN)
        bundle.write_bytes(bundle.read_bytes()[:-5])
        self.assert_found('ends inside a record', check='tree')
        self.stranger(code=1)


class Tiles(Case):
    def test_altered_tile(self) -> None:
        tile = self.archive.tile(0, CSN // WIDTH)
        tile.write_bytes(flip(tile.read_bytes(), CSN % WIDTH * 32 + 7))
        text = self.assert_found('tile/0/002 is altered: 1 of its hashes, the '
                                 'first that of record %d' % CSN, check='tree')
        self.assertIn('NOT COMPLETE: 1 error', text)
        self.stranger(code=1)

    def test_altered_last_tile(self) -> None:
        tile = self.archive.tile(0, RECORDS // WIDTH)
        tile.write_bytes(flip(tile.read_bytes(), 40))
        self.assert_found('is altered: 1 of its hashes', check='tree')
        self.stranger(code=1)

    def test_altered_upper_tile(self) -> None:
        tile = self.archive.tile(1, 0)
        tile.write_bytes(flip(tile.read_bytes(), 2 * 32))
        self.assert_found('its hash 2 is not that of the tiles below',
                          check='tree')
        self.stranger(code=1)

    def test_missing_tile(self) -> None:
        self.archive.tile(0, 1).unlink()
        text = self.assert_found('tile/0/001: there is no such thing',
                                 check='tree')
        self.assertIn('NOT COMPLETE: 1 error', text)
        self.stranger(code=1)

    def test_short_tile(self) -> None:
        tile = self.archive.tile(0, 1)
        tile.write_bytes(tile.read_bytes()[:-1])
        self.assert_found('tile/0/001', check='tree')
        self.stranger(code=1)


class Large(Case):
    """Enough records to fill a tile of the second level."""
    length = 66000

    def test_altered_full_upper_tile(self) -> None:
        self.assert_complete()
        tile = self.archive.tile(1, 0)
        tile.write_bytes(flip(tile.read_bytes(), 5 * 32))
        text = self.assert_found('tile/1/000 is altered: its hash 5 is not '
                                 'that of the tiles below', check='tree')
        self.assertIn('NOT COMPLETE: 1 error', text)
        self.stranger(code=1)


class Tails(Case):
    """A cut tail and a stale restore are genuine archives of an earlier day:
    only what was kept elsewhere shows that there was more."""

    def cut(self) -> Archive:
        """An earlier checkpoint, and all behind it away."""
        before = self.copy()
        self.archive.rewrite(lambda all_: all_.__delitem__(
            slice(1500, None)))
        for each in (self.archive.path / 'checkpoints').iterdir():
            if int(each.name) > 1500:
                each.unlink()
        for folder in ('payload', 'files'):
            shutil.rmtree(self.archive.path / folder)
            shutil.copytree(before.path / folder, self.archive.path / folder)
        return before

    def test_cut_tail(self) -> None:
        before = self.cut()
        # What a purge withheld whose tombstone was cut off shows, too.
        text = self.verify(code=1)
        self.assertRegex(text, 'no tombstone explains it')
        self.stranger()
        self.assert_found('has seen %d records, here are 1500: records 1500 '
                          'to %d are missing' % (RECORDS, RECORDS - 1),
                          '--pins', before.path / 'checkpoint', check='pins')
        self.stranger(before.path / 'checkpoint', code=1)

    def test_witness_has_seen_more(self) -> None:
        before = self.cut()
        self.assert_found('has seen %d records' % RECORDS, '--witness-state',
                          before.path / 'checkpoint', check='witnesses')

    def test_too_old(self) -> None:
        newest = json.loads(self.verify('--json'))['newest_cosignature_s']
        self.assert_complete('--max-age', 60, '--now', newest + 60)
        self.assert_found('the newest cosignature is 61 s old', '--max-age',
                          60, '--now', newest + 61, check='freshness')

    def test_of_the_future(self) -> None:
        newest = json.loads(self.verify('--json'))['newest_cosignature_s']
        self.assert_complete('--now', newest - 300)
        self.assert_found('cosigned in the future', '--now', newest - 301,
                          check='freshness')


class Rewrites(Case):
    """A rewrite that is signed with the real keys."""

    def rewrite(self) -> Archive:
        before = self.copy()
        self.archive.rewrite(lambda all_: all_.__setitem__(
            CSN, flip(all_[CSN], len(all_[CSN]) - 3)))
        return before

    def test_rewrite_with_its_history(self) -> None:
        self.rewrite()
        self.assert_found('do not make the root that checkpoints/',
                          check='history')

    def test_rewrite_without_history_is_taken(self) -> None:
        """Nothing in the archive itself can show it."""
        self.rewrite()
        shutil.rmtree(self.archive.path / 'checkpoints')
        self.assert_complete()
        self.stranger()

    def test_rewrite_against_a_pin(self) -> None:
        before = self.rewrite()
        shutil.rmtree(self.archive.path / 'checkpoints')
        self.assert_found('do not make the root that', '--pins', before.pins,
                          check='pins')
        self.stranger(before.pins, code=1)

    def test_rewrite_against_a_witness(self) -> None:
        before = self.rewrite()
        shutil.rmtree(self.archive.path / 'checkpoints')
        book = self.archive.out / 'book'
        note = (before.path / 'checkpoint').read_bytes()
        book.write_bytes(b'perch-witness book 1\ncheckpoint %d\n' % len(note) +
                         note + b'end 00\n')
        self.assert_found('do not make the root that', '--witness-state', book,
                          check='witnesses')

    def test_dropped_and_renumbered(self) -> None:
        """Message ids give away what numbers no longer do."""
        def drop(all_: list[bytes]) -> None:
            del all_[next(at for at in range(CSN, len(all_))
                          if kind(all_[at]) == POST)]
            all_[:] = renumbered(all_)
        self.archive.rewrite(drop)
        shutil.rmtree(self.archive.path / 'checkpoints')
        self.assertIn('messages', self.failed())
        self.stranger()

    def test_join_dropped_and_renumbered(self) -> None:
        def drop(all_: list[bytes]) -> None:
            del all_[next(at for at, each in enumerate(all_)
                          if kind(each) == JOIN)]
            all_[:] = renumbered(all_)
        self.archive.rewrite(drop)
        shutil.rmtree(self.archive.path / 'checkpoints')
        self.assertIn('presence', self.failed())
        self.assertIn('leaves without having joined', self.verify(code=1))

    def test_time_set_back(self) -> None:
        self.archive.rewrite(lambda all_: all_.__setitem__(
            CSN, all_[CSN][:32] + bytes(8) + all_[CSN][40:]))
        shutil.rmtree(self.archive.path / 'checkpoints')
        self.assert_found('record %d is of 1970' % CSN, check='time')

    def test_position_set_back(self) -> None:
        self.archive.rewrite(lambda all_: all_.__setitem__(
            CSN, all_[CSN][:16] + (3).to_bytes(8, 'big') + all_[CSN][24:]))
        shutil.rmtree(self.archive.path / 'checkpoints')
        self.assert_found('record %d is part 0 of log entry 3' % CSN,
                          check='order')

    def test_unreadable_record(self) -> None:
        self.archive.rewrite(lambda all_: all_.__setitem__(
            CSN, all_[CSN][:1] + b'\0' + all_[CSN][2:]))
        shutil.rmtree(self.archive.path / 'checkpoints')
        self.assert_found('record %d cannot be read' % CSN, check='form')

    def test_declared_restore_may_set_position_back(self) -> None:
        """Behind a REFILL record the pool's log is another."""
        self.archive.rewrite(lambda all_: all_.__setitem__(
            CSN, all_[CSN][:1] + bytes([REFILL]) + all_[CSN][2:16] +
            (3).to_bytes(8, 'big') + all_[CSN][24:]))
        shutil.rmtree(self.archive.path / 'checkpoints')
        # Nobody joined anew behind it, as a pool would tell.
        self.assertNotIn('order', self.failed())
        self.assert_found('leaves without having joined', check='presence')

    def test_lost_node_keeps_someone_in(self) -> None:
        """Who was on a lost node has left its rooms, each of them."""
        def drop(all_: list[bytes]) -> None:
            del all_[next(at for at, each in enumerate(all_)
                          if kind(each) == PART and b'node lost' in each)]
            all_[:] = renumbered(all_)
        self.archive.rewrite(drop)
        shutil.rmtree(self.archive.path / 'checkpoints')
        self.assertIn('the session ends while it is in a room',
                      self.verify(code=1))

    def test_lost_node_without_its_sessions(self) -> None:
        """A node's loss ends what was on it, or someone is in for ever."""
        def drop(all_: list[bytes]) -> None:
            all_[:] = renumbered([
                each for each in all_ if b'node lost' not in each])
        self.archive.rewrite(drop)
        shutil.rmtree(self.archive.path / 'checkpoints')
        self.assertIn("though its node's epoch has ended",
                      self.verify(code=1))

    def test_canaries_dropped(self) -> None:
        self.archive.rewrite(lambda all_: all_.__setitem__(
            slice(None), renumbered([each for each in all_
                                     if kind(each) != CANARY])))
        shutil.rmtree(self.archive.path / 'checkpoints')
        self.assertIn('canaries', self.failed('--canary-interval', 10))


class Signatures(Case):
    def sign(self, change: Callable[[list[str]], object]) -> None:
        path = self.archive.path / 'checkpoint'
        lines = path.read_text().split('\n')
        change(lines)
        path.write_text('\n'.join(lines))

    def test_forged_cosignature(self) -> None:
        def forge(lines: list[str]) -> None:
            at = next(at for at, line in enumerate(lines) if '/node2 ' in line)
            lines[at] = lines[at][:-8] + 'AAAA' + lines[at][-4:]
        self.sign(forge)
        self.assert_found('the cosignature in the name of '
                          'pool.example/perch/node2 is not by its key',
                          check='cosignatures')
        self.stranger(code=1)

    def test_forged_cosignature_of_an_earlier_checkpoint(self) -> None:
        path = sorted((self.archive.path / 'checkpoints').iterdir())[3]
        lines = path.read_text().split('\n')
        lines[5] = lines[5][:-8] + 'AAAA' + lines[5][-4:]
        path.write_text('\n'.join(lines))
        self.assert_found('%s: the cosignature' % path.name,
                          check='cosignatures')

    def test_too_few_cosignatures(self) -> None:
        self.sign(lambda lines: lines.__delitem__(slice(6, 8)))
        self.assert_found('not cosigned by as many as the policy wants',
                          check='cosignatures')
        self.stranger(code=1)

    def test_no_witness(self) -> None:
        self.sign(lambda lines: lines.__delitem__(8))
        self.assert_found('not cosigned by as many as the policy wants',
                          check='cosignatures')

    def leave_witnessed(self, path: Path) -> None:
        """A checkpoint.witnessed; checkpoint lacks the witness."""
        shutil.copy(path, self.archive.path / 'checkpoint.witnessed')
        self.sign(lambda lines: lines.__delitem__(8))

    def test_witness_has_not_answered_yet(self) -> None:
        path = sorted((self.archive.path / 'checkpoints').iterdir())[-1]
        size = int(path.name)
        self.archive.make('cosign', self.archive.out,
                          self.cosigned_s(path) + 300)
        self.leave_witnessed(path)
        self.assertIn('notice: as many as the policy wants have cosigned the '
                      'first %d records (checkpoint.witnessed), not yet the '
                      '%d after them' % (size, self.archive.size - size),
                      self.assert_complete())
        self.assert_found('61 s old', '--max-age', '60', '--now',
                          self.cosigned_s(path) + 61, check='freshness')

    def test_witness_has_not_answered_for_long(self) -> None:
        path = sorted((self.archive.path / 'checkpoints').iterdir())[-1]
        self.archive.make('cosign', self.archive.out,
                          self.cosigned_s(path) + 301)
        self.leave_witnessed(path)
        self.assert_found('not cosigned by as many as the policy wants',
                          check='cosignatures')

    def test_witnessed_is_held_too(self) -> None:
        path = self.archive.path / 'checkpoint'
        text = path.read_text()
        self.leave_witnessed(path)
        (self.archive.path / 'checkpoint.witnessed').write_text(
            text.replace('\n%d\n' % self.archive.size, '\n1\n'))
        self.assert_found('checkpoint.witnessed is not signed by the log',
                          check='signatures')
        self.assert_found('not cosigned by as many as the policy wants',
                          check='cosignatures')
        (self.archive.path / 'checkpoint.witnessed').write_text('nothing')
        self.assert_found('checkpoint.witnessed is no checkpoint',
                          check='history')

    @staticmethod
    def cosigned_s(path: Path) -> int:
        """When the witness has cosigned a checkpoint."""
        line = path.read_text().split('\n')[8]
        return int.from_bytes(b64decode(line.split(' ')[2])[4:12], 'big')

    def test_one_node_may_lack(self) -> None:
        self.sign(lambda lines: lines.__delitem__(5))
        self.assert_complete()

    def test_log_signature_missing(self) -> None:
        self.sign(lambda lines: lines.__delitem__(4))
        self.assert_found('checkpoint is not signed by the log',
                          check='signatures')
        self.stranger(code=1)

    def test_root_altered(self) -> None:
        def alter(lines: list[str]) -> None:
            lines[2] = ('A' if lines[2][0] != 'A' else 'B') + lines[2][1:]
        self.sign(alter)
        self.assert_found('checkpoint is not signed by the log',
                          check='signatures')
        self.assert_found('do not make the root that checkpoint has',
                          check='tree')
        self.stranger(code=1)

    def test_key_that_the_archive_names_itself(self) -> None:
        """A policy decides whose key counts, not a record or keys/."""
        other = self.archive.out / 'other.pem'
        vkey = self.audit('key', 'new', other, 'pool.example/perch').strip()
        policy = self.archive.policy.read_text().split('\n')
        policy[0] = 'log ' + vkey
        self.archive.policy.write_text('\n'.join(policy))
        self.assert_found('checkpoint is not signed by the log',
                          check='signatures')

    def test_pin_of_another_key(self) -> None:
        """A pin that nobody signed proves nothing, and is not believed."""
        text = self.archive.pins.read_text().split('\n')
        del text[4]
        self.archive.pins.write_text('\n'.join(text))
        self.assert_found('is not signed by the log', '--pins',
                          self.archive.pins, check='pins')


class Beside(Case):
    def payloads(self) -> list[Path]:
        return sorted(each for each in
                      (self.archive.path / 'payload').rglob('*')
                      if each.is_file())

    def test_missing_payload(self) -> None:
        path = self.payloads()[0]
        csn = int(''.join(path.relative_to(self.archive.path / 'payload')
                          .parts).replace('x', ''))
        path.unlink()
        self.assert_found('record %d: what it says is missing, and no '
                          'tombstone explains it' % csn, check='withheld')
        self.stranger()

    def test_altered_payload(self) -> None:
        path = self.payloads()[0]
        path.write_bytes(path.read_bytes() + b'x')
        self.assert_found('is not what record', check='withheld')

    def test_purged_payloads_are_told(self) -> None:
        self.assertRegex(self.assert_complete(),
                         r'notice: record \d+: what it says is gone, by the '
                         r'tombstone of record \d+')

    def test_payload_that_should_be_gone(self) -> None:
        text = self.assert_complete()
        csn = int(group(r'record (\d+): what it says is gone', text))
        place = self.payloads()[0].parent / ('%03d' % csn)
        if csn < 1000:
            place = self.archive.path / 'payload' / ('%03d' % csn)
        place.write_bytes(b'back again')
        self.assert_found('is not what record %d' % csn, check='withheld')

    def files(self) -> list[Path]:
        return sorted(each for each in (self.archive.path / 'files').rglob('*')
                      if each.is_file())

    def test_altered_file(self) -> None:
        path = self.files()[0]
        path.write_bytes(b'another')
        self.assert_found('has another content than its name says',
                          check='files')

    def test_file_of_no_record(self) -> None:
        content = b'slipped in'
        name = sha256(content).hexdigest()
        path = self.archive.path / 'files' / name[:2] / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        text = self.assert_complete()
        self.assertIn('notice: files/%s/%s: no record up to the checkpoint '
                      'names it' % (name[:2], name), text)
        self.assertEqual(text.count('names it'), 1)

    def test_missing_file(self) -> None:
        self.files()[0].unlink()
        self.assert_found('its file is missing, and no tombstone explains it',
                          check='files')


if __name__ == '__main__':
    unittest.main()
