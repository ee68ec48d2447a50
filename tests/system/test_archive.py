#!/usr/bin/env python3
"""A pool's data taken to another pool, and archives that are none.

    tests/system/test_archive.py [BIN]
"""
import importlib.machinery
import importlib.util
import io
import json
import subprocess
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path
from typing import Any

from scene import Setup, clear_pool, main, make_pool

HOME = Path(__file__).resolve().parents[2]
TOOL = HOME / 'ops' / 'perch-archive'
RULES = '4'
MESSAGES = 700
LONG_AGO_US = 1_700_000_000_000_000
ROOM = '6f1d3a52-8e47-4b09-9c60-27d5e1b47001'
MANIFEST = json.dumps({'format': 'perch-export', 'version': 1})


def load() -> Any:
    """The tool as a module."""
    loader = importlib.machinery.SourceFileLoader('perch_archive', str(TOOL))
    spec = importlib.util.spec_from_loader('perch_archive', loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules['perch_archive'] = module
    loader.exec_module(module)
    return module


archive = load()


class Hostile(unittest.TestCase):
    """Files that anybody may have made."""
    method = zipfile.ZIP_DEFLATED

    def setUp(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = Path(self.folder.name) / 'x.zip'

    def make(self, **files: str) -> None:
        """A zip of these; names with _ for . and /."""
        with zipfile.ZipFile(self.path, 'w', self.method) as to:
            for name, content in files.items():
                to.writestr(name, content)

    def assert_refused(self, why: str) -> None:
        """It is said what is wrong."""
        with self.assertRaises(archive.Refused) as found:
            archive.Archive(self.path)
        self.assertIn(why, str(found.exception))

    def room(self, *lines: str) -> dict[str, str]:
        """The files of one room with content."""
        return {'manifest.json': MANIFEST,
                'categories.xml': '<categories><category id="%s" name="c"/>'
                                  '</categories>' % ROOM.replace('1', '2'),
                'rooms.xml': '<rooms><room id="%s" name="r" category="%s"/>'
                             '</rooms>' % (ROOM, ROOM.replace('1', '2')),
                'content/%s.jsonl' % ROOM: ''.join(lines)}

    def test_no_zip(self) -> None:
        """Anything else, and a zip that was cut off."""
        self.path.write_bytes(b'hello')
        self.assert_refused('not a zip')
        self.make(**self.room())
        self.path.write_bytes(self.path.read_bytes()[:200])
        self.assert_refused('not a zip')

    def test_names(self) -> None:
        """Ways out of the archive, files of others, the same name twice."""
        for name in ('../evil', '/etc/passwd', 'content/../x.jsonl',
                     'users.xml/', 'Users.xml', 'content/%s' % ROOM):
            self.make(**{'manifest.json': MANIFEST, name: ''})
            self.assert_refused('no file of an export')
        with zipfile.ZipFile(self.path, 'w') as to:
            to.writestr('manifest.json', MANIFEST)
            with self.assertWarns(UserWarning):
                to.writestr('manifest.json', MANIFEST)
        self.assert_refused('twice')

    def test_bombs(self) -> None:
        """What is small and becomes large is not unpacked."""
        self.make(**{'manifest.json': MANIFEST,
                     'users.xml': ' ' * (64 * 1024 * 1024)})
        self.assert_refused('packed too well')

    def test_damage(self) -> None:
        """A flipped byte is noticed before anything is done."""
        self.make(**self.room('{"author":"sip:a@x","sent_at_us":1,'
                              '"text":"%s"}\n' % ('said ' * 200)))
        data = bytearray(self.path.read_bytes())
        at = data.index(b'content/') + len('content/%s.jsonl' % ROOM) + 8
        data[at] ^= 0xff
        self.path.write_bytes(data)
        with self.assertRaises(archive.Refused):
            archive.Archive(self.path)

    def test_manifest(self) -> None:
        """No export, or one of a later form."""
        self.make(**{'users.xml': '<users/>'})
        self.assert_refused('no manifest.json')
        self.make(**{'manifest.json': '{'})
        self.assert_refused('Expecting')
        self.make(**{'manifest.json': '{"format":"x"}'})
        self.assert_refused('not of an export')
        self.make(**{'manifest.json': MANIFEST.replace('1', '2')})
        self.assert_refused('version')

    def test_xml(self) -> None:
        """Entities, other elements, what is missing; with file and line."""
        for text, why in (
                ('<!DOCTYPE u [<!ENTITY a "b">]><users/>', 'document type'),
                ('<users>', 'no element found'),
                ('<rooms/>', 'no <users>'),
                ('<users>\n<user/></users>', 'line 2'),
                ('<users><user uri="a" evil="b"/></users>', 'attributes'),
                ('<users><user uri="a"/><user uri="A"/></users>', 'twice'),
                ('<users><user uri="a"><x/></user></users>', '<x>'),
                ('<users>text</users>', 'text')):
            self.make(**{'manifest.json': MANIFEST, 'users.xml': text})
            self.assert_refused('users.xml')
            self.assert_refused(why)

    def test_content(self) -> None:
        """Lines that are no messages, each by its number."""
        self.method = zipfile.ZIP_STORED
        good = '{"author":"sip:a@x","sent_at_us":5,"text":"t"}\n'
        for line, why in (
                ('x\n', 'Expecting'), ('[]\n', 'no object'),
                (good.rstrip(), 'cut off'),
                ('{"author":"sip:a@x","sent_at_us":5}\n', 'text is missing'),
                ('{"text":"t","sent_at_us":5}\n', 'author is missing'),
                (good.replace('5', '"5"'), 'sent_at_us'),
                (good.replace('5', '4'), 'said before'),
                (good.replace('"text"', '"evil"'), 'evil'),
                ('"%s"\n' % ('x' * 1024 * 1024), 'longer')):
            self.make(**self.room(good, line))
            self.assert_refused('line 2')
            self.assert_refused(why)
        self.make(**{**self.room(good), 'rooms.xml': '<rooms/>'})
        self.assert_refused('no such room')
        self.make(**{**self.room(good), 'categories.xml': '<categories/>'})
        self.assert_refused('its category')


class RoundTrip(unittest.TestCase):
    """Two pools, one after the other."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.begin()

    def begin(self) -> None:
        """A new pool of one node."""
        self.pool = make_pool(1)
        self.addCleanup(self.end)
        self.pool.start()
        self.pool.await_ready()
        self.node = self.pool.node(1)
        self.node.perchctl('pool', 'rules', RULES)

    def end(self) -> None:
        """It is gone, if it was not before."""
        if self.pool.exists:
            clear_pool(self.pool)

    def tool(self, *words: str, code: int = 0) -> dict[str, Any]:
        """Run perchctl export or import."""
        done = subprocess.run(
            [Setup.programs / 'perchctl', *words, '--socket',
             str(self.node.socket)], capture_output=True, text=True,
            check=False)
        self.assertEqual(done.returncode, code, done.stderr[:2000])
        found = json.loads(done.stdout) if code == 0 else {'why': done.stderr}
        assert isinstance(found, dict)
        return found

    def put(self, room: str, first: int, batch: list[dict[str, Any]]) -> None:
        """Messages, as the tool puts them."""
        done = subprocess.run(
            [Setup.programs / 'perchctl', '--socket', str(self.node.socket),
             'messages', 'import', room, '--first', str(first)],
            input=json.dumps(batch), capture_output=True, text=True,
            check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def furnish(self) -> None:
        """People, places and talk."""
        ctl = self.node.perchctl
        for name in ('ann', 'ben', 'cid'):
            ctl('users', 'create', name, '--display-name', name.title())
        ctl('groups', 'create', 'group:desk', '--member', 'ann')
        ctl('groups', 'create', 'unit:all', '--member', 'group:desk',
            '--chat', 'enabled')
        ctl('categories', 'create', 'Tr\u00e4de & <more>', '--allow',
            'unit:all', '--allow', 'ben', '--deny', 'cid', '--creator', 'ann')
        ctl('rooms', 'create', 'Desk "1"', '--category',
            'Tr\u00e4de & <more>', '--member', 'group:desk', '--manager',
            'ben', '--description', 'line\u2028sep')
        ctl('rooms', 'create', 'Stage', '--category', 'Tr\u00e4de & <more>',
            '--behavior', 'auditorium', '--member', 'ann', '--presenter',
            'ann', '--visibility', 'open')
        ctl('rooms', 'disable', 'Stage')
        for first in range(1, MESSAGES, 100):
            self.put('Desk "1"', first, [
                {'author': 'sip:Gone@elsewhere.example', 'display_name': 'G.',
                 'sent_at_us': LONG_AGO_US + at, 'text': 'm\u00e9 %d' % at,
                 'alert': at % 7 == 0, 'extra': '<x a="%d"/>' % at,
                 'note': 'deals: ask'} for at in range(first, first + 100)])

    def files(self, path: Path) -> dict[str, Any]:
        """What an archive says, but for who imported what."""
        found: dict[str, Any] = {}
        with zipfile.ZipFile(path) as read:
            for name in read.namelist():
                text = read.read(name).decode()
                if name.endswith('.jsonl'):
                    lines = [json.loads(line) for line in io.StringIO(text)]
                    for line in lines:
                        self.assertIn('importer', line)
                        del line['importer'], line['imported_at_us']
                    found[name] = lines
                else:
                    found[name] = text
        return found

    def test_export_import_export(self) -> None:
        """What was taken to a new pool is what it was: ids, roles, authors,
        times, texts, order. An import that is begun again changes nothing,
        one that was broken off goes on; a dry run does nothing."""
        first, second = self.folder / '1.zip', self.folder / '2.zip'
        self.furnish()
        done = self.tool('export', str(first))
        self.assertEqual(done['counts'], {
            'users': 3, 'groups': 2, 'categories': 1, 'rooms': 2,
            'messages': MESSAGES})
        self.end()
        self.begin()
        done = self.tool('import', str(first), '--dry-run')
        self.assertEqual(done['created'], {'users': 3, 'groups': 2,
                                           'categories': 1, 'rooms': 2})
        self.assertEqual(self.node.perchctl('rooms', 'list')['rooms'], [])
        content = self.folder / 'some.zip'
        self.cut(first, content)
        self.assertEqual(self.tool('import', str(content))['messages'], 300)
        self.assertEqual(self.tool('import', str(first))['messages'],
                         MESSAGES - 300)
        self.tool('export', str(second))
        self.assertEqual(self.files(second), self.files(first))
        again = self.tool('import', str(first))
        self.assertEqual((again['created'], again['messages']), ({}, 0))

    def cut(self, path: Path, to: Path) -> None:
        """An archive with the first 300 messages: as far as one came."""
        with zipfile.ZipFile(path) as read, zipfile.ZipFile(to, 'w') as write:
            for name in read.namelist():
                lines = read.read(name).splitlines(keepends=True)
                write.writestr(name, b''.join(
                    lines[:300] if name.endswith('.jsonl') else lines))

    def test_options_stand_anywhere(self) -> None:
        """As they do for each command of perchctl; help, too; and the exit
        code says what perchctl's says."""
        perchctl = str(Setup.programs / 'perchctl')
        path = str(self.folder / 'anywhere.zip')
        here = ['--socket', str(self.node.socket)]
        for words, code, said in (
                ([*here, '--json', 'export', path], 0, '"counts"'),
                (['export', *here, path], 0, '"counts"'),
                ([*here, '--dry-run', 'import', path], 0, '"dry_run": true'),
                (['help', 'import'], 0, '--conflicts'),
                ([*here, 'export', '--limt', '3', path], 2, '--limt'),
                (['export', path, '--socket', path + '.no'], 3, path)):
            with self.subTest(words=words):
                done = subprocess.run([perchctl, *words], capture_output=True,
                                      text=True, check=False)
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertIn(said, done.stdout + done.stderr)

    def test_conflicts(self) -> None:
        """A name that is another's: refused, left out or renamed, as asked,
        and told before anything is done."""
        path = self.folder / '1.zip'
        self.furnish()
        self.tool('export', str(path), '--level', 'rooms')
        self.end()
        self.begin()
        for name in ('ann', 'ben', 'cid'):
            self.node.perchctl('users', 'create', name)
        self.node.perchctl('groups', 'create', 'group:desk', '--member',
                           'ann')
        self.node.perchctl('groups', 'create', 'unit:all', '--member',
                           'group:desk')
        self.node.perchctl('categories', 'create', 'Other')
        self.node.perchctl('rooms', 'create', 'STAGE', '--category', 'Other')
        found = self.tool('import', str(path), code=1)
        self.assertIn('conflict: room "Stage"', found['why'])
        done = self.tool('import', str(path), '--conflicts', 'skip')
        self.assertEqual([each['name'] for each in done['skipped']],
                         ['Stage'])
        self.assertEqual(done['created'], {'categories': 1, 'rooms': 1})
        done = self.tool('import', str(path), '--conflicts', 'rename')
        self.assertEqual(done['renamed'][0]['to'], 'Stage (2)')
        self.assertTrue(self.node.perchctl('rooms', 'show', 'Stage (2)')
                        ['room']['disabled'])

    def test_names_like_options(self) -> None:
        """Names are names, whatever they look like to perchctl."""
        path = self.folder / 'x.zip'
        files = {'manifest.json': MANIFEST, 'categories.xml':
                 '<categories><category id="%s" name="--help"/></categories>'
                 % ROOM.replace('1', '2'),
                 'rooms.xml': '<rooms><room id="%s" name="--dry-run" '
                 'category="%s"/></rooms>' % (ROOM, ROOM.replace('1', '2'))}
        files['users.xml'] = '<users><user uri="--version"/></users>'
        with zipfile.ZipFile(path, 'w') as to:
            for name, content in files.items():
                to.writestr(name, content)
        done = self.tool('import', str(path))
        self.assertEqual(done['created'],
                         {'users': 1, 'categories': 1, 'rooms': 1})
        self.assertEqual([each['uri'] for each in
                          self.node.perchctl('users', 'list')['users']],
                         ['sip:--version@fjord.example'])
        names = [each['name'] for kind in ('categories', 'rooms')
                 for each in self.node.perchctl(kind, 'list')[kind]]
        self.assertEqual(names, ['--help', '--dry-run'])

    def test_a_refusal_says_what_was_done(self) -> None:
        """An import that the pool refuses in the middle is told of."""
        path = self.folder / '1.zip'
        self.furnish()
        self.tool('export', str(path), '--level', 'rooms')
        self.end()
        self.begin()
        found = self.tool('import', str(path), code=1)  # Nobody is there.
        self.assertIn('what was done before', found['why'])
        self.assertIn('"categories": 1', found['why'])


if __name__ == '__main__':
    main()
