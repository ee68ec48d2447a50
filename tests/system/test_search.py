#!/usr/bin/env python3
"""What was said is found: the same on every node, whatever befalls one, and by
those alone who may read it.

    tests/system/test_search.py BIN    BIN: the folder of the programs
"""
import json
import os
import random
import signal
import subprocess
from typing import Any

import scene
from local_pool import Node
from scene import WAIT_S, StandingScene, until

WORDS = ['tide', 'Tide', 'crane', 'late', 'ferry', 'NORD', 'Straße', 'strasse',
         '東京', '京都', 'berth-7', 'C++', 'AND', 'NEAR', '"quoted"', 'été']


def naive(text: str) -> list[str]:
    """The words of a text, as node/session/spelling.h has them."""
    words: list[str] = []
    current = ''
    for c in text.casefold() + ' ':
        solo = '\u3040' <= c <= '\u9fff' or c in '+<>=$'
        if c.isalnum() and not solo:
            current += c
            continue
        if current:
            words.append(current)
            current = ''
        if solo:
            words.append(c)
    return words


def has(text: str, query: str) -> bool:
    """Whether each phrase of a query stands in a text."""
    words = naive(text)
    for part in query.split():
        phrase = naive(part)
        n = len(phrase)
        if not any(words[i:i + n] == phrase for i in range(len(words))):
            return False
    return True


class Search(StandingScene):
    """One pool for all; each test has a room of its own."""

    def make_room(self, name: str, *words: str) -> str:
        """A room; its URI."""
        return str(self.leader.perchctl('rooms', 'create', name, '--category',
                                        'Harbour', *words)['room']['uri'])

    def post(self, node: Node, room: str, lines: list[str],
             user: str = 'tomas') -> None:
        """Each line is a message."""
        poster = self.perch(user, [node], 'post', room, '--lines',
                            stdin=subprocess.PIPE)
        poster.communicate('\n'.join(lines) + '\n', timeout=WAIT_S)
        self.assertEqual(poster.returncode, 0)

    def ask(self, node: Node, user: str, *words: str) -> tuple[
            int, list[dict[str, Any]]]:
        """The exit code and the lines of one search."""
        process = self.perch(user, [node], 'search', '--last', '999', *words,
                             stderr=subprocess.PIPE)
        said, complaint = process.communicate(timeout=WAIT_S)
        self.complaint = complaint
        return process.returncode, [json.loads(line)
                                    for line in said.splitlines()]

    def found(self, node: Node, user: str, *words: str) -> list[str]:
        """The texts a search finds."""
        code, lines = self.ask(node, user, *words)
        self.assertEqual(code, 0, self.complaint)
        texts = [each['text'] for each in lines if each['event'] == 'message']
        self.assertEqual(lines[-1]['event'], 'search')
        self.assertEqual(lines[-1]['found'], len(texts))
        return texts

    def found_in_time(self, node: Node, user: str, *words: str) -> list[str]:
        """The same, when the node is ready; until then it says 503."""
        def ask() -> Any:
            code, lines = self.ask(node, user, *words)
            if code == 0:
                return [lines]
            self.assertIn(code, (3, 4), self.complaint)
            return None
        return [each['text'] for each in until(ask, 'an answer')[0]
                if each['event'] == 'message']

    def test_every_node_gives_what_a_scan_gives(self) -> None:
        """Random texts, random queries; newest first, oldest first."""
        chance = random.Random(7)
        rooms = [self.make_room('Scan %d' % i, '--visibility', 'open')
                 for i in range(2)]
        said: list[str] = []
        for turn in range(6):
            lines = [' '.join(chance.choices(WORDS, k=chance.randint(1, 6))) +
                     ' n%d' % (len(said) + i) for i in range(40)]
            self.post(self.pool.nodes()[turn % 3], rooms[turn % 2], lines)
            said += lines
        where = ['--room', rooms[0], '--room', rooms[1]]
        for _ in range(25):
            query = ' '.join(chance.choices(WORDS, k=chance.randint(1, 3)))
            query = query.replace('"', '')
            wanted = [text for text in said if has(text, query)]
            for node in self.pool.nodes():
                self.assertEqual(self.found(node, 'ingrid', *where, query),
                                 wanted[::-1], query)
            self.assertEqual(self.found(self.leader, 'ingrid', *where,
                                        '--oldest', query), wanted, query)

    def test_nobody_finds_what_he_may_not_read(self) -> None:
        """Members alone, from when they are to when they are no more; by perch
        and by perchctl, which shows administrators all."""
        room = self.make_room('Vault', '--visibility', 'secret', '--member',
                              'tomas', '--member', 'ingrid')
        self.post(self.leader, room, ['gold heron'])
        for node in self.pool.nodes():
            self.assertEqual(self.found(node, 'ingrid', 'heron'),
                             ['gold heron'])
            self.assertEqual(self.found(node, 'watcher', 'heron'), [])
            code, _ = self.ask(node, 'watcher', '--room', room, 'heron')
            self.assertEqual(code, 1)
        self.leader.perchctl('rooms', 'change', 'Vault', '--remove-member',
                             'ingrid')
        for node in self.pool.nodes():
            self.assertEqual(self.found(node, 'ingrid', 'heron'), [])
            found = node.perchctl('messages', 'search', 'heron')['messages']
            self.assertEqual([each['room'] for each in found], ['Vault'])

    def test_a_node_that_is_killed_misses_nothing(self) -> None:
        """Killed again and again while messages come in."""
        room = self.make_room('Storm', '--visibility', 'open')
        victim, other = self.pool.nodes()[0], self.pool.nodes()[1]
        said: list[str] = []
        for turn in range(4):
            lines = ['storm %d %d' % (turn, i) for i in range(60)]
            self.post(other, room, lines)
            said += lines
            os.kill(victim.pid() or 0, signal.SIGKILL)
            victim.await_end(WAIT_S)
            self.post(other, room, ['storm while it was away'])
            said += ['storm while it was away']
            victim.start()
            self.assertEqual(
                self.found_in_time(victim, 'ingrid', '--room', room, 'storm'),
                said[::-1])
        self.pool.await_ready()

    def test_a_state_that_was_taken_in_is_searched(self) -> None:
        """A node that was away past the log gets a snapshot, and has all."""
        room = self.make_room('Away', '--visibility', 'open')
        away = self.pool.node(1 + self.leader.number % 3)
        self.post(self.leader, room, ['before it left'])
        away.kill()
        lines = ['while away %d' % i for i in range(400)]
        self.post(self.leader, room, lines)
        until(lambda: self.leader.perchctl('--stale', 'status')[
            'first_index'] > 100, 'the log is cut')
        away.start()
        self.assertEqual(
            self.found_in_time(away, 'ingrid', '--room', room, 'away'),
            lines[::-1])
        self.assertIn('state_restored', self.journal(away))
        self.pool.await_ready()

    def spoil(self, node: Node) -> None:
        """Change a bit in each page of the catalog's file."""
        path = node.data / 'catalog' / 'words.db'
        size = path.stat().st_size
        with path.open('r+b') as file:
            for at in range(200, size, 4096):
                file.seek(at)
                byte = file.read(1)
                file.seek(at)
                file.write(bytes([byte[0] ^ 4]))

    def test_damage_is_named_and_mended(self) -> None:
        """While the node stands, and while it runs: it serves on, answers are
        right or there is none, and in the end they are right again."""
        room = self.make_room('Rot', '--visibility', 'open')
        node = self.pool.nodes()[2]
        lines = ['rot %d' % i for i in range(200)]
        self.post(node, room, lines)
        self.assertEqual(self.found(node, 'ingrid', '--room', room, 'rot'),
                         lines[::-1])
        node.stop()
        self.spoil(node)
        node.start()
        self.assertEqual(
            self.found_in_time(node, 'ingrid', '--room', room, 'rot'),
            lines[::-1])
        self.assertIn('catalog_rotten', self.journal(node))
        for name in ('words.db', 'words.db-wal'):
            (node.data / 'catalog' / name).unlink(missing_ok=True)
        os.kill(node.pid() or 0, signal.SIGKILL)
        node.await_end(WAIT_S)
        node.start()
        self.assertEqual(
            self.found_in_time(node, 'ingrid', '--room', room, 'rot'),
            lines[::-1])
        self.pool.await_ready()

    def test_hostile_queries_are_words_or_refused(self) -> None:
        """No query is an error of the server, and none means something to the
        library beneath."""
        room = self.make_room('Hostile', '--visibility', 'open')
        self.post(self.leader, room, ['plain words'])
        for query in ('" OR 1=1 --', 'text:plain', 'pl*', '^plain', '{a b}: c',
                      'NEAR(plain words, 2)', "';DROP TABLE words", 'x' * 1900,
                      'a ' * 32):
            code, lines = self.ask(self.leader, 'ingrid', '--room', room, '--',
                                   query)
            self.assertEqual(code, 0, (query, self.complaint))
            self.assertEqual(lines[-1]['found'], 0, query)
        for query in ('?!', 'x' * 3000, 'a ' * 40, '"""'):
            code, _ = self.ask(self.leader, 'ingrid', '--room', room, '--',
                               query)
            self.assertEqual(code, 1, query)


if __name__ == '__main__':
    scene.main()
