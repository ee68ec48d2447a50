#!/usr/bin/env python3
"""perch-adapter's rows in a real PostgreSQL (Debian's): written once, refused
out of order, and whole after the server was killed at any moment.

    tests/system/test_adapter_database.py [BIN]

The server is one of our own: a temporary cluster on a socket in a temporary
folder, never the machine's. Exit 77 (skipped) where there is none installed.
"""
import hashlib
import json
import os
import pwd
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path
from typing import Any

import adapter_input
from adapter_input import (ALICE, CONTROL, FIRST, HARD, NEWS, RATES, Cut,
                           Result, fill)

DONE, FAILED, UNREACHED, CONFLICT = 0, 1, 3, 5
WAIT_S = 60.0
PROGRAMS = Path('/usr/lib/postgresql/15/bin')
BIN = Path(__file__).resolve().parents[2] / 'build-release' / 'bin'


class Postgres:
    """One server, and its files, as a user that is not root."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix='perch-pg-'))
        self.user: tuple[int, int] | None = None
        if os.geteuid() == 0:
            entry = pwd.getpwnam('postgres')
            self.user = (entry.pw_uid, entry.pw_gid)
            os.chown(self.folder, *self.user)
        self.process: subprocess.Popen[bytes] | None = None
        self._run('initdb', '-D', str(self.folder / 'data'), '-A', 'trust',
                  '-U', 'perch', '-E', 'UTF8', '--locale=C')

    def _as_user(self, *command: str) -> list[str]:
        if self.user is None:
            return list(command)
        return ['setpriv', '--reuid', str(self.user[0]), '--regid',
                str(self.user[1]), '--clear-groups', *command]

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(self._as_user(str(PROGRAMS / program), *arguments),
                       check=True, capture_output=True, cwd='/')

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.process = subprocess.Popen(self._as_user(
            str(PROGRAMS / 'postgres'), '-D', str(self.folder / 'data'), '-k',
            str(self.folder), '-c', 'listen_addresses=', '-c', 'port=5432',
            '-c', 'max_connections=20', '-c', 'shared_buffers=16MB'),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd='/')
        deadline = time.monotonic() + WAIT_S
        while subprocess.run([str(PROGRAMS / 'pg_isready'), '-q', '-h',
                              str(self.folder)], check=False).returncode != 0:
            assert time.monotonic() < deadline, 'the server does not answer'
            time.sleep(0.05)

    def kill(self) -> None:
        """kill -9 of the server and the backends it has. It is stopped before,
        or a backend that it starts meanwhile would outlive it, and keep the
        next server from the shared memory."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGSTOP)
        os.waitpid(self.process.pid, os.WUNTRACED)
        children = Path('/proc/%d/task/%d/children' % (
            self.process.pid, self.process.pid)).read_text().split()
        for pid in [self.process.pid, *map(int, children)]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        self.process = None
        (self.folder / 'data' / 'postmaster.pid').unlink(missing_ok=True)
        deadline = time.monotonic() + WAIT_S
        while any(Path('/proc/%s' % pid).exists() for pid in children):
            assert time.monotonic() < deadline, 'a backend lives on'
            time.sleep(0.01)

    def close(self) -> None:
        """Stop it and delete its files."""
        if self.process is not None:
            self.kill()
        shutil.rmtree(self.folder, True)

    def ask(self, statement: str, database: str = 'postgres') -> list[list[Any]]:
        """Rows of a statement."""
        done = subprocess.run(
            [str(PROGRAMS / 'psql'), '-h', str(self.folder), '-U', 'perch',
             '-d', database, '-X', '-A', '-t', '-q', '-v', 'ON_ERROR_STOP=1',
             '-c', 'SELECT row_to_json(t) FROM (%s) AS t' % statement
             if statement.startswith('SELECT') else statement],
            check=True, capture_output=True, text=True)
        return [list(json.loads(line).values())
                for line in done.stdout.split('\n') if line]

    def output(self, database: str) -> str:
        """What an adapter is given."""
        return 'host=%s user=perch dbname=%s' % (self.folder, database)


server: Postgres


class TestDatabase(unittest.TestCase):
    """Rows."""

    number = 0

    def setUp(self) -> None:
        TestDatabase.number += 1
        self.database = 'archive%d' % TestDatabase.number
        server.ask('CREATE DATABASE %s' % self.database)

    def cut(self, first: int = FIRST, **settings: Any) -> Cut:
        """A cut for this database."""
        return Cut('postgresql', server.output(self.database), first,
                   **settings)

    def run_cut(self, cut: Cut) -> Result:
        """Give it to the program."""
        return adapter_input.run(BIN / 'perch-adapter', cut.text())

    def take(self, cut: Cut) -> Result:
        """Want it taken."""
        result = self.run_cut(cut)
        self.assertEqual((result.code, result.said), (DONE, ''))
        self.assertEqual(result.ack['ack'], cut.head['last'])
        return result

    def refuse(self, cut: Cut, code: int, *said: str) -> None:
        """Want no acknowledgement, and a reason."""
        result = self.run_cut(cut)
        self.assertEqual((result.code, result.out), (code, ''), result.said)
        for each in said:
            self.assertIn(each, result.said)

    def ask(self, statement: str) -> list[list[Any]]:
        """Rows."""
        return server.ask(statement, self.database)

    def state(self) -> list[list[list[Any]]]:
        """All that is there."""
        return [self.ask('SELECT pool, origin, adapter, csn, kind, type, time,'
                         ' room, room_name, user_uri, display_name,'
                         ' message_id::text, content, record::text,'
                         " encode(leaf, 'base64') FROM perch.record"
                         ' ORDER BY adapter, csn'),
                self.ask('SELECT * FROM perch.cut ORDER BY first_csn'),
                self.ask('SELECT * FROM perch.sink')]

    def test_rows(self) -> None:
        """Schema, rows and mark are made; each row is its record."""
        cut = fill(self.cut())
        ack = self.take(cut).ack
        rows, cuts, marks = self.state()
        self.assertEqual(len(rows), len(cut.records))
        for record, row in zip(cut.records, rows):
            self.assertEqual(row[:5], ['contoso', 'contoso.com/perch', 'vault',
                                       record['csn'], record['kind']])
            self.assertEqual(row[7:11], [
                record.get('room'), record.get('room_name'),
                record.get('user'), record.get('display_name')])
            self.assertEqual(row[11], None if 'message_id' not in record
                             else str(record['message_id']))
            self.assertEqual(json.loads(row[13]),
                             {key: value for key, value in record.items()
                              if key != 'leaf'})
            self.assertEqual(row[14], record['leaf'])
        contents = [row[12] for row in rows]
        self.assertIn(HARD, contents)
        self.assertIn(CONTROL, contents)
        self.assertEqual(cuts[0][3:6], [FIRST, cut.head['last'], ack['sheet']])
        self.assertEqual(hashlib.sha256(
            cuts[0][6].encode()).hexdigest(), ack['sheet'])
        self.assertEqual(json.loads(cuts[0][6])['counts'], cut.counts())
        self.assertEqual(marks[0][3:], [cut.head['last'] + 1, ack['sheet']])
        times = self.ask('SELECT extract(epoch FROM time) * 1000000 AS us'
                         ' FROM perch.record ORDER BY csn')
        self.assertEqual([int(each[0]) for each in times],
                         [record['time_us'] for record in cut.records])

    def test_again(self) -> None:
        """A repeated cut changes nothing, the newest or an older one."""
        first = fill(self.cut())
        ack = self.take(first).ack
        second = self.cut(first.head['last'] + 1, previous_sheet=ack['sheet'])
        second.post(ALICE, NEWS, 'more', 3)
        acks = [ack, self.take(second).ack]
        before = self.state()
        self.assertEqual([self.take(first).ack, self.take(second).ack], acks)
        self.assertEqual(self.state(), before)

    def test_order(self) -> None:
        """A cut that does not follow is refused with both numbers; so is one
        that is there with something else, and one after others where nothing
        is."""
        cut = fill(self.cut())
        last = cut.head['last']
        ack = self.take(cut).ack
        before = self.state()
        for first in (last + 2, last, FIRST - 1):
            other = self.cut(first, previous_sheet=ack['sheet'])
            other.post(ALICE, NEWS, 'x', 3)
            self.refuse(other, CONFLICT, 'goes on at %d' % (last + 1),
                        'begins at %d' % first)
        changed = fill(self.cut())
        changed.add('rules', None, None)
        changed.records.pop()
        changed.head['last'] = last
        changed.head['tree_size'] = 6000
        self.refuse(changed, CONFLICT, ack['sheet'])
        self.assertEqual(self.state(), before)
        self.ask('DROP SCHEMA perch CASCADE')
        later = self.cut(last + 1, previous_sheet=ack['sheet'])
        later.post(ALICE, NEWS, 'x', 3)
        self.refuse(later, CONFLICT, 'the sink is empty',
                    'begins at %d' % (last + 1))
        self.assertEqual(self.ask("SELECT count(*) FROM pg_namespace"
                                  " WHERE nspname = 'perch'"), [[0]])

    def test_two_adapters(self) -> None:
        """Two adapters share a database, also when both make its tables."""
        cuts = [fill(self.cut(adapter='vault%d' % number))
                for number in range(4)]
        results: list[Result] = []
        threads = [threading.Thread(
            target=lambda cut=cut: results.append(self.run_cut(cut)))
            for cut in cuts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([(each.code, each.said) for each in results],
                         [(DONE, '')] * 4)
        self.assertEqual(self.ask('SELECT adapter, count(*) FROM perch.record'
                                  ' GROUP BY adapter ORDER BY adapter'),
                         [['vault%d' % number, len(cuts[0].records)]
                          for number in range(4)])

    def test_twice_at_once(self) -> None:
        """The same cut by two leaders at once is there once."""
        cut = fill(self.cut())
        results: list[Result] = []
        threads = [threading.Thread(
            target=lambda: results.append(self.run_cut(cut)))
            for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([each.code for each in results], [DONE] * 3)
        self.assertEqual(len(self.state()[0]), len(cut.records))

    def test_refusals(self) -> None:
        """A database that is not there, a user without rights: named."""
        cut = fill(self.cut())
        cut.head['output'] = server.output('nowhere')
        self.refuse(cut, UNREACHED, '"nowhere" does not exist')
        cut.head['output'] = 'colour=blue'
        self.refuse(cut, UNREACHED, 'colour')
        self.ask('CREATE ROLE weak%d LOGIN' % TestDatabase.number)
        cut.head['output'] = server.output(self.database).replace(
            'user=perch', 'user=weak%d' % TestDatabase.number)
        self.refuse(cut, FAILED, 'permission denied')

    def test_rights(self) -> None:
        """Where the tables are, the three rights that README.md names do."""
        first = fill(self.cut())
        ack = self.take(first).ack
        role = 'clerk%d' % TestDatabase.number
        self.ask('CREATE ROLE %s LOGIN; GRANT USAGE ON SCHEMA perch TO %s;'
                 'GRANT INSERT, SELECT, UPDATE ON ALL TABLES IN SCHEMA perch'
                 ' TO %s' % (role, role, role))
        second = self.cut(first.head['last'] + 1, previous_sheet=ack['sheet'])
        second.post(ALICE, NEWS, 'more', 3)
        for cut in (first, second):
            cut.head['output'] = server.output(self.database).replace(
                'user=perch', 'user=' + role)
            self.take(cut)

    def test_names(self) -> None:
        """Names are values, not SQL; a NUL in a text is no harm."""
        cut = self.cut(pool="a'; DROP SCHEMA perch CASCADE; --",
                       adapter='tab\there\\')
        cut.post(ALICE, RATES, 'nul \0 and \\N and \\.', 1)
        self.take(cut)
        row = self.state()[0][0]
        self.assertEqual((row[0], row[2]), (cut.head['pool'],
                                            cut.head['adapter']))
        self.assertEqual(row[12], 'nul \ufffd and \\N and \\.')

    def test_server_killed(self) -> None:
        """The server is killed at random moments of the cut: never half a
        cut, never one that was acknowledged and is gone; at the end each row
        is there once."""
        cut = self.cut()
        for number in range(6000):
            cut.post(ALICE, RATES, HARD, number + 1)
        text = cut.text()
        warm = self.cut(adapter='warm')
        warm.records, warm.head['last'] = cut.records, cut.head['last']
        began = time.monotonic()
        self.take(warm)
        lasts = time.monotonic() - began
        chance = random.Random(7)
        acked = None
        unreached = 0
        for _ in range(12):
            box: list[Result] = []
            thread = threading.Thread(target=lambda: box.append(
                adapter_input.run(BIN / 'perch-adapter', text)))
            thread.start()
            time.sleep(chance.uniform(0, lasts * 1.2))
            server.kill()
            thread.join()
            server.start()
            result = box[0]
            n, = self.ask("SELECT count(*) FROM perch.record"
                          " WHERE adapter = 'vault'")[0]
            self.assertIn(n, (0, len(cut.records)))
            if result.code == DONE:
                acked = result.ack
                self.assertEqual(n, len(cut.records))
                self.ask('DELETE FROM perch.record')  # Once more.
                self.ask('DELETE FROM perch.cut')
                self.ask('DELETE FROM perch.sink')
            else:
                self.assertEqual((result.code, result.out), (UNREACHED, ''),
                                 result.said)
                unreached += 1
        self.assertGreater(unreached, 0)
        final = self.take(cut).ack
        self.assertEqual(final, acked or final)
        rows = self.ask("SELECT min(csn), max(csn), count(*) FROM perch.record"
                        " WHERE adapter = 'vault'")
        self.assertEqual(rows, [[FIRST, cut.head['last'], len(cut.records)]])

    def test_adapter_killed(self) -> None:
        """The adapter is killed at random moments: the same."""
        cut = self.cut()
        for number in range(6000):
            cut.post(ALICE, RATES, HARD, number + 1)
        chance = random.Random(8)
        for _ in range(15):
            with subprocess.Popen([str(BIN / 'perch-adapter')], text=True,
                                  stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE) as process:
                try:
                    process.communicate(cut.text(),
                                        timeout=chance.uniform(0, 1.0))
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.communicate()
            there, = self.ask("SELECT to_regclass('perch.record')"
                              " IS NOT NULL")[0]
            if there:
                n, = self.ask('SELECT count(*) FROM perch.record')[0]
                self.assertIn(n, (0, len(cut.records)))
        self.take(cut)
        self.assertEqual(self.ask('SELECT count(*) FROM perch.record'),
                         [[len(cut.records)]])


if __name__ == '__main__':
    if len(sys.argv) > 1:
        BIN = Path(sys.argv.pop(1)).resolve()
    if not os.access(PROGRAMS / 'initdb', os.X_OK):
        print('postgresql-15 is not installed', file=sys.stderr)
        sys.exit(77)
    server = Postgres()
    try:
        server.start()
        unittest.main(exit=True)
    finally:
        server.close()
