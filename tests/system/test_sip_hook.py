#!/usr/bin/env python3
"""Filters and an external program look at posts on real nodes: what they
refuse nobody sees, what they annotate everybody does, whichever node takes
the post and whoever leads.

    tests/system/test_sip_hook.py [BIN]
"""
import itertools
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from scene import page, said, until
from sip_client import Dialog, Message
from sip_scene import Node, PoolError, SipScene, run, texts_of

HOME = Path(__file__).resolve().parents[2]
PROGRAM = HOME / 'ops' / 'hook-example'
RULES = '4'
DEADLINE_S = 0.4
SLOW_S = 1.5
NOTE = '{urn:perch:xccos}note'
ABOUT = '{urn:perch:xccos}about'
FOLDER = Path(tempfile.mkdtemp(prefix='perch-hook-'))
SOCKET = FOLDER / 'hook.sock'
_filters = itertools.count(1)


class Program:
    """The example program, as it is started by an operator."""

    def __init__(self, *words: str) -> None:
        # The process is ended by end().
        self.process = subprocess.Popen(  # pylint: disable=R1732
            [str(PROGRAM), str(SOCKET), *words], stdout=subprocess.PIPE,
            text=True)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == 'listening\n'

    def end(self) -> None:
        """As if it had crashed."""
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


class Hook(SipScene):
    """A pool whose nodes have filters, and a program that must be there."""
    settings = ('[hook]\nsocket = %s\ndeadline = %dms\nabsent = refuse\n' %
                (SOCKET, int(DEADLINE_S * 1000)))
    program: Program

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.ctl('pool', 'rules', RULES)

    def setUp(self) -> None:
        super().setUp()
        self.play()

    def tearDown(self) -> None:
        self.program.end()
        super().tearDown()

    def play(self, *words: str) -> None:
        """Start the program; every node finds it by itself."""
        self.program = Program(*words)
        self.await_connected(1)

    def replay(self, *words: str) -> None:
        """Start it anew, otherwise."""
        self.program.end()
        self.await_connected(0)
        self.play(*words)

    def await_connected(self, count: int) -> None:
        """Wait until every node has the program, or has noticed its end."""
        line = '\nperch_hook_connected %d\n' % count
        until(lambda: all(line in page(each, '/metrics')
                          for each in self.pool.nodes()), line)

    def filter(self, action: str, *more: str) -> str:
        """A new filter's name, in force on all nodes."""
        name = 'list%d' % next(_filters)
        done = self.ctl('filters', 'create', name, '--action', action,
                        '--notice', 'Ask compliance', *more)
        self.await_index(int(done['log_index']))
        return name

    def await_index(self, index: int) -> None:
        """Wait until all nodes have applied an entry."""
        until(lambda: all(each.perchctl('status')['applied_index'] >= index
                          for each in self.pool.nodes()),
              'all nodes to apply %d' % index)

    def assert_refused(self, done: Message, *words: str) -> None:
        """403, and why."""
        self.assertEqual(done.status, 403, done.start)
        for word in words:
            self.assertIn(word, done.header('ms-diagnostics'))

    def note_of(self, dialog: Dialog) -> str:
        """What the next message of the room was annotated with."""
        found = dialog.hear('grpchat')
        while ABOUT in found.element.attrib:   # A line for the author alone.
            found = dialog.hear('grpchat')
        return found.element.get(NOTE, '')


class Filters(Hook):
    """The pool's own lists."""

    def test_block__is_the_same_on_every_node(self) -> None:
        """A filter that was made by way of one node refuses on each; it is
        named, what it looks for is not; nobody hears of the post."""
        writer, reader = self.people(2)
        room = self.room()
        name = self.filter('block', '--expression', 'word:insider',
                           '--expression', 'regex:\\bt[i1]p[ -]?off\\b')
        hears = self.inside(room, reader, 3)
        for node in (1, 2, 3):
            talks = self.inside(room, writer, node, endpoint=node)
            for text in ('an INSIDER says', 'a T1P-OFF'):
                done = talks.post(room, text)
                self.assert_refused(done, name, 'Ask compliance')
                self.assertNotIn('insider', str(done.header('ms-diagnostics')))
            self.assert_posted(talks, room, 'insiders %d' % node)
        kept = ['insiders 1', 'insiders 2', 'insiders 3']
        heard = [each.text for each in self.copies(hears, len(kept))]
        self.assertEqual(heard, kept)
        late = self.inside(room, reader, 3, endpoint=7)
        self.assertEqual(texts_of(late.history(room)), kept)
        self.assertIn('post_blocked', said(self.node(2)))
        self.ctl('filters', 'delete', name)

    def test_warn__stays_with_the_message(self) -> None:
        """A warning goes with the message to everyone, into histories of
        other nodes, and outlives the leader; the author is told at once."""
        writer, reader = self.people(2)
        room = self.room()
        name = self.filter('warn', '--expression', 'like:merg*')
        talks = self.inside(room, writer, 1)
        hears = self.inside(room, reader, 2)
        done = talks.post(room, 'two firms MERGE')
        self.assertEqual(done.status, 200)
        self.assertIn(name, done.header('ms-diagnostics'))
        note = '%s: Ask compliance' % name
        self.assertEqual(self.note_of(hears), note)
        self.assertEqual(self.note_of(talks), note)
        self.assert_posted(talks, room, 'two firms')
        self.assertEqual(self.note_of(hears), '')
        leader = self.node(int(self.ctl('status')['leader']))
        leader.kill()
        other = next(each for each in self.pool.nodes()
                     if each.pid() is not None)
        again = self.inside(room, reader, other.number, endpoint=9)
        notes = [each.get(NOTE, '') for each in
                 again.history(room).every('msg')]
        self.assertEqual(notes, [note, ''])
        done = again.post(room, 'they merged')
        self.assertIn(name, done.header('ms-diagnostics'))
        leader.start()
        self.pool.await_ready()
        self.ctl('filters', 'delete', name)

    def test_category__is_where_it_looks(self) -> None:
        """A filter of a category lets other rooms be."""
        writer, = self.people(1)
        self.ctl('categories', 'create', 'Elsewhere')
        name = self.filter('block', '--expression', 'word:secret',
                           '--category', 'Elsewhere')
        here = self.room()
        there = str(self.ctl('rooms', 'create', 'Far room', '--category',
                             'Elsewhere', '--visibility', 'open')
                    ['room']['uri'])
        talks = self.inside(here, writer, 2)
        self.assertEqual(talks.join(there).code, 200)
        self.assert_posted(talks, here, 'a secret')
        self.assert_refused(talks.post(there, 'a secret'), name)
        self.ctl('filters', 'delete', name)

    def test_hostile__expression_stalls_nobody(self) -> None:
        """An expression that would take ages on some text costs a bounded
        while; the post goes through and says that it was not checked."""
        writer, other = self.people(2)
        room = self.room()
        name = self.filter('block', '--expression', 'regex:^(a+)+$')
        talks = self.inside(room, writer, 1)
        begun = time.monotonic()
        done = talks.post(room, 'a' * 4000 + '!')
        self.assertLess(time.monotonic() - begun, 5.0)
        self.assertEqual(done.status, 200)
        self.assertEqual(self.note_of(talks), '%s: not checked' % name)
        self.assert_posted(self.inside(room, other, 1), room, 'aab')
        self.ctl('filters', 'delete', name)

    def test_administration__says_what_is_wrong(self) -> None:
        """What cannot be compiled is refused before it is proposed; test says
        what would become of a post."""
        with self.assertRaises(PoolError) as found:
            self.ctl('filters', 'create', 'bad', '--action', 'warn',
                     '--expression', 'regex:a(')
        self.assertIn('EXPRESSION_BAD', str(found.exception))
        name = self.filter('block', '--expression', 'word:insider')
        told = self.ctl('filters', 'test', 'the Insider')
        self.assertEqual(told['verdict'], 'blocked')
        self.assertEqual(told['hits'][0]['expression'], 'word:insider')
        self.assertEqual(self.ctl('filters', 'test', 'fine')['verdict'],
                         'passed')
        self.ctl('filters', 'disable', name)
        self.assertEqual(self.ctl('filters', 'test', 'the insider')['verdict'],
                         'passed')
        self.ctl('filters', 'delete', name)
        self.assertTrue(self.ctl('filters', 'delete', name)['already'])


class Programs(Hook):
    """The program of each node."""

    def test_verdicts__are_kept_to(self) -> None:
        """What it refuses is refused with its reason; what it annotates is
        annotated; it knows the room's name."""
        writer, = self.people(1)
        room = self.room()
        self.replay('--refuse', 'gossip', '--annotate', 'price')
        talks = self.inside(room, writer, 2)
        self.assert_refused(talks.post(room, 'some GOSSIP'), 'Not in Room')
        self.assertEqual(talks.post(room, 'the price').status, 200)
        self.assertEqual(self.note_of(talks), 'program: looked at: price')
        self.assertEqual(talks.post(room, 'fine').status, 200)
        self.assertEqual(self.note_of(talks), '')

    def test_absence__is_what_the_file_says(self) -> None:
        """Without the program posts are refused at once; when it is back the
        node finds it by itself."""
        writer, = self.people(1)
        room = self.room()
        talks = self.inside(room, writer, 1)
        self.assert_posted(talks, room, 'one')
        self.assertTrue(self.node(1).perchctl('status')['hook']['connected'])
        self.program.end()
        until(lambda: talks.post(room, 'two').status == 403, 'a refusal')
        shown = self.node(1).perchctl('status')['hook']
        self.assertEqual((shown['connected'], shown['socket']),
                         (False, str(SOCKET)))
        begun = time.monotonic()
        self.assert_refused(talks.post(room, 'three'), 'does not answer')
        self.assertLess(time.monotonic() - begun, DEADLINE_S)
        self.play()
        self.assert_posted(talks, room, 'four')

    def test_slowness__ends_at_the_deadline(self) -> None:
        """A program that is too slow holds a post up to its deadline, and
        nothing else: other commands of the dialog are answered."""
        writer, = self.people(1)
        room = self.room()
        self.replay('--slow', str(SLOW_S))
        talks = self.inside(room, writer, 1)
        begun = time.monotonic()
        done = talks.post(room, 'slow')
        took = time.monotonic() - begun
        self.assert_refused(done, 'does not answer')
        self.assertGreater(took, DEADLINE_S * 0.8)
        self.assertLess(took, SLOW_S)
        self.assertEqual(talks.history(room).code, 200)


if __name__ == '__main__':
    try:
        run()
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
