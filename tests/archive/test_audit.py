#!/usr/bin/env python3
"""perch-audit's commands: proofs, showing, comparing, keys, policies, exports;
what it links; and the walk of ops/audit/auditors-guide.md."""
import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import unittest
from pathlib import Path
from typing import Any

from archives import BIN, RECORDS, Case, run

TOP = Path(__file__).resolve().parent.parent.parent
KIND = {'post': 3, 'join': 12}


class Proofs(Case):
    def prove(self, csn: int) -> Path:
        path = self.archive.out / 'proof'
        path.write_text(self.audit('prove', self.archive.path, csn))
        return path

    def check(self, path: Path, *options: object, code: int = 0) -> str:
        return self.audit('check-proof', path, '--policy', self.archive.policy,
                          *options, code=code)

    def test_every_place_is_proved(self) -> None:
        for csn in (0, 1, 255, 256, 700, 1791, 1792, RECORDS - 1):
            text = self.check(self.prove(csn))
            self.assertTrue(text.startswith('PROVED: record %d\n' % csn), text)

    def test_format(self) -> None:
        """As C2SP tlog-proof has it; the checkpoint verbatim."""
        text = self.prove(700).read_text()
        head, note = text.split('\n\n', 1)
        lines = head.split('\n')
        self.assertEqual(lines[0], 'c2sp.org/tlog-proof@v1')
        self.assertTrue(lines[1].startswith('extra '))
        self.assertEqual(lines[2], 'index 700')
        self.assertEqual(note, (self.archive.path / 'checkpoint').read_text())

    def test_proof_by_hand(self) -> None:
        """The hashes lead from the record to the signed root: RFC 9162,
        2.1.3.2, written a second time."""
        lines = self.prove(700).read_text().split('\n')
        record = base64.b64decode(lines[1][6:])
        at = lines.index('')
        hashes = [base64.b64decode(line) for line in lines[3:at]]
        place, last = 700, int(lines[at + 2]) - 1
        made = hashlib.sha256(b'\0' + record).digest()
        for each in hashes:
            if place % 2 or place == last:
                made = hashlib.sha256(b'\1' + each + made).digest()
                while place % 2 == 0 and place:
                    place, last = place // 2, last // 2
            else:
                made = hashlib.sha256(b'\1' + made + each).digest()
            place, last = place // 2, last // 2
        self.assertEqual(last, 0)
        self.assertEqual(base64.b64encode(made).decode(), lines[at + 3])

    def test_altered(self) -> None:
        path = self.prove(700)
        text = path.read_text()
        lines = text.split('\n')
        record = bytearray(base64.b64decode(lines[1][6:]))
        record[-3] ^= 1
        for at, line in ((1, 'extra ' + base64.b64encode(record).decode()),
                         (2, 'index 701'),
                         (3, lines[4])):
            changed = lines[:at] + [line] + lines[at + 1:]
            path.write_text('\n'.join(changed))
            self.assertIn('NOT PROVED: the record is not in the tree',
                          self.check(path, code=1))
        path.write_text(text.replace('\n%d\n' % RECORDS,
                                     '\n%d\n' % (RECORDS + 1)))
        self.assertIn('NOT PROVED', self.check(path, code=1))

    def test_unsigned(self) -> None:
        path = self.prove(700)
        lines = path.read_text().split('\n')
        log = next(at for at, line in enumerate(lines)
                   if line.startswith('\u2014 '))
        path.write_text('\n'.join(lines[:log] + lines[log + 1:]))
        self.assertIn('NOT PROVED: its checkpoint is not signed',
                      self.check(path, code=1))
        path.write_text('\n'.join(lines[:log + 1] + lines[log + 4:]))
        self.assertIn('NOT PROVED: its checkpoint is not cosigned',
                      self.check(path, code=1))

    def test_record_apart(self) -> None:
        """Others' proofs have no record in them: it is given beside."""
        path = self.prove(700)
        lines = path.read_text().split('\n')
        record = self.archive.out / 'record'
        record.write_bytes(base64.b64decode(lines.pop(1)[6:]))
        path.write_text('\n'.join(lines))
        self.assertIn('--record', self.check(path, code=1))
        self.check(path, '--record', record)
        record.write_bytes(record.read_bytes() + b'x')
        self.check(path, '--record', record, code=1)

    def test_malformed(self) -> None:
        path = self.prove(700)
        text = path.read_text()
        for bad in ('', 'c2sp.org/tlog-proof@v2' + text[22:],
                    text.replace('index 700', 'index 0700'),
                    text.replace('index 700\n', ''),
                    text.split('\n\n')[0] + '\n',
                    text.replace('extra ', 'extra !')):
            path.write_text(bad)
            self.check(path, code=3)

    def test_no_such_record(self) -> None:
        self.audit('prove', self.archive.path, RECORDS, code=3)
        self.audit('prove', self.archive.path, 'x', code=2)

    def test_damaged_archive_proves_nothing(self) -> None:
        self.archive.edit(700, lambda all_, at: all_.__setitem__(
            at, all_[at][:-3] + b'xyz'))
        self.audit('prove', self.archive.path, 700, code=1)

    def test_policy_is_needed(self) -> None:
        self.audit('check-proof', self.prove(1), code=2)


class Showing(Case):
    def lines(self, *options: object) -> list[dict[str, Any]]:
        text = self.audit('show', self.archive.path, '--json', *options)
        return [json.loads(line) for line in text.splitlines()]

    def test_json(self) -> None:
        all_ = self.lines()
        self.assertEqual([each['csn'] for each in all_], list(range(RECORDS)))
        post = next(each for each in all_ if each['kind'] == 'post')
        self.assertEqual(post['command']['user'], post['user'])
        self.assertIn('message 1 of room 0', post['command']['post']['text'])
        leaf = base64.b64decode(post['leaf'])
        self.assertEqual(leaf[1], KIND['post'])

    def test_range_and_choice(self) -> None:
        some = self.lines('--from', 250, '--to', 260)
        self.assertEqual([each['csn'] for each in some],
                         list(range(250, 261)))
        joins = self.lines('--kind', 'join')
        self.assertTrue(joins)
        self.assertEqual({each['kind'] for each in joins}, {'join'})
        of_room = self.lines('--room', 'Room 3')
        self.assertEqual(of_room, self.lines('--room', of_room[0]['room']))
        self.assertEqual({each['room_name'] for each in of_room}, {'Room 3'})
        of_user = self.lines('--user', 'sip:user4@pool.example')
        self.assertEqual({each['user'] for each in of_user},
                         {'sip:user4@pool.example'})
        self.audit('show', self.archive.path, '--kind', 'nothing', code=2)

    def test_beside(self) -> None:
        """What lies beside is shown as long as it is there."""
        all_ = [each for each in self.lines() if 'withheld' in each]
        kept = [each for each in all_ if 'command' in each]
        self.assertTrue(kept)
        self.assertLess(len(kept), len(all_))
        self.assertIn('message', kept[0]['command']['post']['text'])

    def test_lines_for_people(self) -> None:
        text = self.audit('show', self.archive.path, '--from', 700, '--to',
                          720, '--kind', 'post')
        self.assertRegex(text, r'^7\d\d 2026-11-01T\S+Z post\n')
        self.assertRegex(text, r'\n  room_name: Room \d\n')
        self.assertRegex(text, r'\n  command\.post\.text: message ')

    def test_control_characters_are_told(self) -> None:
        """What people have written cannot pretend to be another line."""
        place = next(csn for csn in range(700, 720)
                     if b'what was said' in self.archive.records(
                         self.archive.bundle(csn))[csn % 256])

        def change(all_: list[bytes]) -> None:
            all_[place] = all_[place].replace(b'what was said',
                                              b'x\n99 2026\x1b[A ')
        self.archive.rewrite(change)
        text = self.audit('show', self.archive.path, '--from', place, '--to',
                          place)
        self.assertIn('x\\x0a99 2026\\x1b[A', text)
        self.assertNotIn('\x1b', text)


class Comparing(Case):
    def test_same(self) -> None:
        text = self.audit('diff', self.archive.path, self.whole.path)
        self.assertIn('THE SAME in the %d records' % RECORDS, text)

    def test_longer_by_records_alone(self) -> None:
        """One node that lags lacks nothing of what both have."""
        short = self.copy()
        short.rewrite(lambda all_: all_.__delitem__(slice(1500, None)))
        for name in ('payload',):
            shutil.rmtree(short.path / name)
            shutil.copytree(self.archive.path / name, short.path / name)
        self.assertIn('THE SAME in the 1500', self.audit(
            'diff', short.path, self.archive.path))

    def test_differences(self) -> None:
        self.archive.edit(700, lambda all_, at: all_.__setitem__(
            at, all_[at][:-3] + b'xyz'))
        self.archive.tile(0, 1).unlink()
        payload = next(each for each in
                       (self.archive.path / 'payload').rglob('*')
                       if each.is_file())
        payload.unlink()
        text = self.audit('diff', self.archive.path, self.whole.path, code=1)
        self.assertIn('record 700 is another\n', text)
        self.assertIn('%s: tile/0/001: there is no such thing' %
                      self.archive.path, text)
        self.assertIn('%s lacks payload/' % self.archive.path, text)
        self.assertIn('DIFFERENT: 3 differences', text)


class Keys(Case):
    def test_pin(self) -> None:
        pin = self.archive.out / 'pin'
        pin.write_text(self.audit('pin', self.archive.path))
        self.assert_complete('--pins', pin)

    def test_pins_in_one_file(self) -> None:
        """Pins of many days may be appended to one file, with comments."""
        pins = self.archive.out / 'many'
        pins.write_text(''.join(
            '# a day\n' + each.read_text() + '\n'
            for each in sorted((self.archive.path / 'checkpoints').iterdir())))
        text = self.assert_complete('--pins', pins)
        self.assertIn('10 checkpoints\n', text)

    def test_key_new(self) -> None:
        path = self.archive.out / 'log.pem'
        vkey = self.audit('key', 'new', path, 'pool.example/x').strip()
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        self.assertEqual(vkey, self.audit('vkey', 'pool.example/x', 'log',
                                          path).strip())
        self.audit('key', 'new', path, 'pool.example/x', code=3)
        self.assertIn('type  log', self.audit('vkey', vkey))
        cosigner = self.audit('vkey', 'w', 'cosigner', path).strip()
        self.assertIn('type  cosigner', self.audit('vkey', cosigner))
        self.audit('vkey', vkey[:-1] + 'A', code=1)
        self.audit('key', 'new', self.archive.out / 'y', 'a name', code=2)
        self.audit('key', 'new', self.archive.out / 'y', 'name', 'x', code=2)

    def test_openssl_agrees(self) -> None:
        """The PEM file is any other program's, and its public half too."""
        path = self.archive.out / 'log.pem'
        public = self.archive.out / 'public.pem'
        vkey = self.audit('key', 'new', path, 'n').strip()
        subprocess.run(['openssl', 'pkey', '-in', path, '-pubout', '-out',
                        public], check=True)
        self.assertEqual(vkey, self.audit('vkey', 'n', 'log', public).strip())
        path.write_text('no key')
        self.audit('vkey', 'n', 'log', path, code=3)


class Policies(Case):
    def test_malformed(self) -> None:
        log, one, two, three, witness = self.archive.keys()
        good = self.archive.policy.read_text()
        for bad, wanted in (
                ('', 'there is no quorum'),
                ('quorum none\nquorum none\n', 'line 2: one quorum'),
                ('quorum x\n', 'line 1: not defined before: x'),
                ('nothing x\n', 'line 1: log, witness, group or quorum'),
                ('log x\n', 'no verifier key'),
                ('log %s\n' % one, "not a log's key"),
                ('log %s\nlog %s\n' % (log, log), 'line 2: a key that is'),
                ('log\n', 'a log has a key'),
                ('witness a %s\n' % log, "not a witness's key"),
                ('witness a %s\nwitness a %s\n' % (one, two), 'is taken: a'),
                ('witness a %s\nwitness b %s\n' % (one, one), 'a key that is'),
                ('witness none %s\n' % one, 'is taken: none'),
                ('witness a\n', 'a witness has'),
                ('group g 1 a\n', 'not defined before: a'),
                ('witness a %s\ngroup g 2 a\n' % one, 'cannot need that many'),
                ('witness a %s\ngroup g 0 a\n' % one, 'a number: 0'),
                ('witness a %s\ngroup g x a\n' % one, 'a number: x'),
                ('witness a %s\ngroup g any a a\n' % one, 'is a member'),
                ('group g any\n', 'a group has'),
                (good + '\x01\n', 'a control character'),
        ):
            self.archive.policy.write_text(bad)
            done = run(BIN + '/perch-audit', 'verify', self.archive.path,
                       '--policy', self.archive.policy)
            self.assertEqual(done.returncode, 3, bad)
            self.assertIn(wanted, done.stderr.decode())

    def quorum(self, text: str, *dropped: int) -> bool:
        """Whether a policy is satisfied when these have not signed."""
        archive = self.copy()
        lines = (archive.path / 'checkpoint').read_text().split('\n')
        (archive.path / 'checkpoint').write_text('\n'.join(
            line for line in lines
            if not any('/node%d ' % each in line for each in dropped)))
        log, one, two, three, witness = archive.keys()
        archive.policy.write_text(
            '# nodes\n\tlog %s http://here/\n witness a %s\nwitness b %s\n'
            'witness c %s\nwitness w %s http://w/\n' %
            (log, one, two, three, witness) + text)
        done = run(BIN + '/perch-audit', 'verify', archive.path, '-q',
                   '--policy', archive.policy)
        return done.returncode == 0

    def test_quorums(self) -> None:
        self.assertTrue(self.quorum('quorum none', 1, 2, 3))
        self.assertTrue(self.quorum('quorum a\n', 2, 3))
        self.assertFalse(self.quorum('quorum a\n', 1))
        some = 'group g any a b\nquorum g\n'
        self.assertTrue(self.quorum(some, 1))
        self.assertFalse(self.quorum(some, 1, 2))
        two = 'group g 2 a b c\nquorum g\n'
        self.assertTrue(self.quorum(two, 3))
        self.assertFalse(self.quorum(two, 1, 3))
        both = 'group g any a b\ngroup h all g c w\nquorum h\n'
        self.assertTrue(self.quorum(both, 2))
        self.assertFalse(self.quorum(both, 3))
        self.assertFalse(self.quorum(both, 1, 2))


class Exports(Case):
    """Sheets as ops/adapter writes them."""

    def setUp(self) -> None:
        super().setUp()
        self.folder = self.archive.out / 'exports'
        self.folder.mkdir()
        records = [json.loads(line) for line in self.audit(
            'show', self.archive.path, '--json').splitlines()]
        note = sorted((self.archive.path / 'checkpoints').iterdir())[-1]
        size, root = note.read_text().split('\n')[1:3]
        previous = ''
        for first, last in ((0, 499), (500, 1233), (1234, 1999)):
            part = records[first:last + 1]
            data = json.dumps(part).encode()
            name = 'pool-%d-%d-vault' % (first, last)
            (self.folder / (name + '.xml')).write_bytes(data)
            counts: dict[str, int] = {}
            for each in part:
                counts[each['kind']] = counts.get(each['kind'], 0) + 1
            self.sheet: dict[str, Any] = {
                'sheet': 1, 'pool': 'pool', 'origin': 'pool.example/perch',
                'adapter': 'vault', 'type': 'xml', 'first_csn': first,
                'last_csn': last, 'records': len(part), 'cut_at_us': 1,
                'counts': counts, 'previous_sheet': previous,
                'files': [{'name': name + '.xml', 'bytes': len(data),
                           'sha256': hashlib.sha256(data).hexdigest()}],
                'tree_size': int(size), 'root': root}
            self.last = self.folder / (name + '.sheet.json')
            previous = self.write()

    def write(self) -> str:
        data = json.dumps(self.sheet, sort_keys=True).encode()
        self.last.write_bytes(data)
        return hashlib.sha256(data).hexdigest()

    def found(self, wanted: str) -> None:
        self.assert_found(wanted, '--exports', self.folder, check='exports')

    def test_whole(self) -> None:
        text = self.assert_complete('--exports', self.folder)
        self.assertIn('3 sheets, 3 files; vault to record 1999 of 1999', text)

    def test_altered_file(self) -> None:
        path = sorted(self.folder.glob('*.xml'))[1]
        path.write_bytes(path.read_bytes() + b' ')
        self.found('is not the file of its sheet')

    def test_missing_file(self) -> None:
        sorted(self.folder.glob('*.xml'))[1].unlink()
        self.found('there is no such thing')

    def test_missing_sheet(self) -> None:
        (self.folder / 'pool-500-1233-vault.sheet.json').unlink()
        self.found('begins with record 1234, the sheet before it ends with '
                   '499')

    def test_first_sheets_elsewhere(self) -> None:
        (self.folder / 'pool-0-499-vault.sheet.json').unlink()
        text = self.assert_complete('--exports', self.folder)
        self.assertIn('the sheets before record 500 are not here', text)

    def test_another_sheet_before(self) -> None:
        path = self.folder / 'pool-500-1233-vault.sheet.json'
        path.write_bytes(path.read_bytes() + b'\n')
        self.found('follows another sheet than')

    def test_counts(self) -> None:
        self.sheet['counts']['post'] -= 1
        self.sheet['counts']['join'] = self.sheet['counts'].get('join', 0) + 1
        self.write()
        self.found('records of kind post, the log has')

    def test_count_of_all(self) -> None:
        self.sheet['records'] += 1
        self.write()
        self.found('counts 766 records from 1234 to 1999')

    def test_root(self) -> None:
        self.sheet['root'] = base64.b64encode(bytes(32)).decode()
        self.write()
        self.found('do not make the root that')

    def test_another_log(self) -> None:
        self.sheet['origin'] = 'elsewhere.example'
        self.write()
        self.found('is of another log')

    def test_no_sheet(self) -> None:
        self.last.write_text('{}')
        self.found('is no sheet')

    def test_no_sheets(self) -> None:
        shutil.rmtree(self.folder)
        self.folder.mkdir()
        self.found('there are no sheets')


class CommandLine(Case):
    def test_codes(self) -> None:
        self.audit(code=2)
        self.audit('nothing', code=2)
        self.audit('verify', code=2)
        self.audit('verify', 'a', 'b', code=2)
        self.audit('verify', '/nowhere', code=3)
        self.audit('verify', self.archive.path, '--policy', '/nowhere', code=3)
        self.audit('verify', self.archive.path, '--pins', '/nowhere', code=3)
        self.audit('verify', self.archive.path, '--exports', '/nowhere',
                   code=3)
        self.audit('verify', self.archive.path, '--max-age', 'x', code=2)
        self.audit('verify', self.archive.path, '--no-such-option', code=2)
        (self.archive.path / 'checkpoint').write_text('x')
        self.audit('verify', self.archive.path, code=3)
        (self.archive.path / 'checkpoint').unlink()
        self.audit('verify', self.archive.path, code=3)

    def test_help_and_manual_agree(self) -> None:
        text = self.audit('--help')
        manual = (TOP / 'ops/man/perch-audit.1').read_text().replace('\\', '')
        for word in re.findall(r'--[a-z-]+', text):
            self.assertIn(word, manual)
        for word in re.findall(r'^  ([a-z-]+) ', text, re.M):
            self.assertIn('fB%s' % word, manual)
        self.assertIn('perch-audit ', self.audit('--version'))

    def test_json_has_what_the_page_has(self) -> None:
        page = self.verify()
        report = json.loads(self.verify('--json'))
        self.assertEqual(report['verdict'], 'complete')
        self.assertEqual(report['records'], RECORDS)
        for each in report['checks']:
            self.assertRegex(page, r'\n  (ok|not made) +%s ' % each['name'])
            self.assertEqual(each['errors'], 0)

    def test_findings_are_bounded(self) -> None:
        """Many of one kind are counted, and listed when asked for."""
        self.archive.rewrite(lambda all_: all_.__setitem__(
            slice(700, 800), [each[:32] + (900 - at).to_bytes(8, 'big') +
                              each[40:]
                              for at, each in enumerate(all_[700:800])]))
        text = self.verify(code=1)
        self.assertEqual(len(re.findall(r'record \d+ is of 1970', text)), 20)
        self.assertRegex(text, r'and 8\d more \(--all\)')
        text = self.verify('--all', code=1)
        self.assertEqual(len(re.findall(r'record \d+ is of 1970', text)), 100)

    def test_nothing_is_written(self) -> None:
        """A copy that cannot be written to is verified as any other."""
        before = {each: each.stat().st_mtime_ns
                  for each in self.archive.path.rglob('*')}
        self.verify()
        self.assertEqual(before, {each: each.stat().st_mtime_ns
                                  for each in self.archive.path.rglob('*')})


class Links(unittest.TestCase):
    def test_nothing_of_the_pool(self) -> None:
        """The program has nothing in it of the rules, the log or the store,
        nor of their libraries."""
        symbols = subprocess.run(['nm', BIN + '/perch-audit'], check=True,
                                 capture_output=True, text=True).stdout
        self.assertIn(' T merkle_check_leaf', symbols)
        for word in ('machine_apply', 'store_open', 'replica_', 'session_',
                     'archive_writer', 'raft_', 'rocksdb_', 'sqlite3_'):
            self.assertNotRegex(symbols, r' [TtU] %s' % word)
        libraries = subprocess.run(['ldd', BIN + '/perch-audit'], check=True,
                                   capture_output=True, text=True).stdout
        for word in ('raft', 'rocksdb', 'sofia', 'sqlite', 'microhttpd'):
            self.assertNotIn('lib' + word, libraries)


class Guide(Case):
    """The commands of the auditor's guide, as they stand there."""

    def test_walk(self) -> None:
        text = (TOP / 'ops/audit/auditors-guide.md').read_text()
        blocks = re.findall(r'```sh walk\n(.*?)```', text, re.S)
        self.assertGreater(len(blocks), 5)
        environment = dict(os.environ, PATH='%s:%s' % (
            os.path.abspath(BIN), os.environ['PATH']))
        folder = self.archive.out
        (folder / 'kept').mkdir()
        shutil.copy(self.archive.pins, folder / 'kept/pins')
        for block in blocks:
            done = run('bash', '-euc', block, cwd=folder, env=environment)
            self.assertEqual(done.returncode, 0,
                             block + done.stdout.decode() +
                             done.stderr.decode())


if __name__ == '__main__':
    unittest.main()
