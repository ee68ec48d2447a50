#!/usr/bin/env python3
"""perch-adapter's files: Persistent Chat's XML, FileDump, CSV, mail and RSMF,
from input made by hand; what they say, that they say it twice alike, and what
happens when something is wrong.

    tests/system/test_adapters.py [BIN] [--write-golden]
"""
import base64
import csv
import email
import email.header
import email.policy
import fcntl
import io
import itertools
import hashlib
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import zipfile
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import adapter_input
from adapter_input import (ALICE, BOB, CONTROL, DOMAIN, EVE, FIRST, HARD, NEWS,
                           RATES, START_US, Cut, Result, fill, kinds)

HERE = Path(__file__).resolve().parent
GOLDEN = HERE / 'adapter_golden'
SCHEMA = HERE / 'persistent_chat.xsd'
TYPES = ('xml', 'filedump', 'csv', 'eml', 'rsmf')
DONE, FAILED, USAGE, UNREACHED, CONFLICT = 0, 1, 2, 3, 5
TICKS_1970 = 621355968000000000
SPACE = '{urn:perch:compliance:1}'
INVALID = re.compile('[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]')
XSL = ('<xsl:stylesheet version="1.0" '
       'xmlns:xsl="http://www.w3.org/1999/XSL/Transform" %s>%s'
       '</xsl:stylesheet>')
POOL = '00000000-0000-0000-0000-000000000000'
BIN = HERE.parents[1] / 'build-release' / 'bin'


def shown(text: str) -> str:
    """A text as XML can say it."""
    return INVALID.sub('\ufffd', text)


def content_of(record: dict[str, Any]) -> str:
    """What was said or asked, of a record of adapter_input."""
    for part in record.get('command', {}).values():
        for name in ('text', 'replacement', 'words', 'what', 'name'):
            if isinstance(part, dict) and name in part:
                return str(part[name])
    return ''


def mail(path: Path) -> EmailMessage:
    """A message from a file."""
    with path.open('rb') as file:
        return email.message_from_binary_file(  # type: ignore[return-value]
            file, policy=email.policy.default)


def part(message: EmailMessage, index: int) -> bytes:
    """The content of one of its parts."""
    payload = list(message.iter_parts())[index].get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload


def manifest(path: Path) -> dict[str, Any]:
    """What the zip in an RSMF file says."""
    message = mail(path)
    attachments = list(message.iter_attachments())
    assert len(attachments) == 1
    assert attachments[0].get_filename() == 'rsmf.zip'
    assert attachments[0]['Content-Transfer-Encoding'] == 'base64'
    with zipfile.ZipFile(io.BytesIO(part(message, 1))) as archive:
        assert archive.namelist() == ['rsmf_manifest.json']
        assert archive.infolist()[0].date_time == (1980, 1, 1, 0, 0, 0)
        value: dict[str, Any] = json.loads(archive.read('rsmf_manifest.json'))
        return value


class Adapter(unittest.TestCase):
    """A folder that is a sink."""

    maxDiff = 4000

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix='perch-adapter-'))
        self.addCleanup(shutil.rmtree, self.folder, True)

    def run_cut(self, cut: Cut) -> Result:
        """Give a cut to the program."""
        return adapter_input.run(BIN / 'perch-adapter', cut.text())

    def take(self, cut: Cut) -> Result:
        """Give it, and want it taken."""
        result = self.run_cut(cut)
        self.assertEqual((result.code, result.said), (DONE, ''))
        self.assertEqual(result.ack['ack'], cut.head['last'])
        return result

    def refuse(self, cut: Cut, code: int, said: str) -> Result:
        """Give it, and want it refused, with a reason and without an ack."""
        result = self.run_cut(cut)
        self.assertEqual(result.code, code, result.said)
        self.assertIn(said, result.said)
        self.assertEqual(result.said.count('\n'), 1)
        self.assertEqual(result.out, '')
        return result

    def files(self) -> dict[str, bytes]:
        """All that is in the sink."""
        return {path.name: path.read_bytes()
                for path in sorted(self.folder.iterdir())}

    def xml(self, cut: Cut, tail: str = '.xml') -> ElementTree.Element:
        """A document of a cut."""
        return ElementTree.parse(self.folder / cut.name(tail)).getroot()

    def messages(self, cut: Cut, tail: str = '.xml') -> Iterator[
            ElementTree.Element]:
        """All messages of a document."""
        yield from self.xml(cut, tail).iterfind('Conversation/Messages/Message')

    def is_valid(self, path: Path) -> bool:
        """Ask xmllint."""
        return subprocess.run(
            ['xmllint', '--nonet', '--noout', '--schema', str(SCHEMA),
             str(path)], capture_output=True, check=False).returncode == 0


class TestXml(Adapter):
    """Persistent Chat's XML."""

    def test_valid(self) -> None:
        """The document is valid, and the schema would find what is not."""
        cut = fill(Cut('xml', self.folder))
        self.take(cut)
        path = self.folder / cut.name('.xml')
        self.assertTrue(self.is_valid(path))
        text = path.read_text()
        for old, new in (('<Channel uri', '<Channel islogged="" uri'),
                         ('type="JOIN"', 'type="EDIT"'),
                         ('id="7"', 'id="2147483648"')):
            self.assertIn(old, text)
            (self.folder / 'bad.xml').write_text(text.replace(old, new))
            self.assertFalse(self.is_valid(self.folder / 'bad.xml'), new)

    def test_messages(self) -> None:
        """Each record that the schema has a type for is one message, in its
        room, in order, with all that the schema can say."""
        cut = fill(Cut('xml', self.folder))
        self.take(cut)
        types = kinds()
        by_room: dict[str, list[dict[str, Any]]] = {}
        for record in cut.records:
            if types[record['kind']]:
                by_room.setdefault(record.get('room', POOL), []).append(record)
        seen = set()
        for conversation in self.xml(cut):
            uri = conversation.find('Channel').get('uri', '')  # type: ignore
            room = uri.rpartition('/')[2]
            seen.add(room)
            self.assertEqual(uri, 'ma-chan://%s/%s' % (DOMAIN, room))
            messages = conversation.findall('Messages/Message')
            self.assertEqual(len(messages), len(by_room[room]))
            for record, message in zip(by_room[room], messages):
                self.check_message(record, message, types[record['kind']])
            first = conversation.find('FirstMessage')
            assert first is not None
            self.assertEqual(first.attrib, messages[0].attrib)
            self.assertEqual([each.attrib for each in first],
                             [each.attrib for each in messages[0]])
            self.check_moment(conversation.find('StartTimeUTC'),
                              by_room[room][0]['time_us'])
            self.check_moment(conversation.find('EndTimeUTC'),
                              by_room[room][-1]['time_us'])
        self.assertEqual(seen, set(by_room))

    def check_message(self, record: dict[str, Any],
                      message: ElementTree.Element, kind: str) -> None:
        """One message is what its record says."""
        self.assertEqual(message.get('type'), kind)
        if kind in ('FILEUPLOAD', 'FILEDOWNLOAD'):
            self.assertEqual(message.get('content'), record['digest'] + '.xlsx')
        else:
            self.assertEqual(message.get('content'),
                             shown(content_of(record)))
        number = record.get('message_id', 0) if kind == 'CHAT' else 0
        self.assertEqual(message.get('id'),
                         str(number if number < 2**31 else 0))
        principal = record['principal']
        sender = message.find('Sender')
        assert sender is not None
        address = record['user'].partition(':')[2]
        self.assertEqual(sender.attrib, {
            'UserName': record['display_name'],
            'id': str(principal if principal < 2**31 else 0),
            'email': address, 'uri': record['user'],
            'internal': 'true' if address.endswith('@' + DOMAIN) else 'false'})
        self.check_moment(message.find('DateTimeUTC'), record['time_us'])

    def check_moment(self, element: ElementTree.Element | None,
                     time_us: int) -> None:
        """The three forms of a moment agree with its record."""
        assert element is not None
        whole = time.strftime('%Y-%m-%dT%H:%M:%S',
                              time.gmtime(time_us // 1_000_000))
        self.assertEqual(element.attrib, {
            'since1970': str(time_us // 1000),
            'string': '%s.%06d0Z' % (whole, time_us % 1_000_000),
            'long': str(time_us * 10 + TICKS_1970)})

    def test_extension(self) -> None:
        """The second file has every record, what the schema cannot say, and
        where each event stands in the first."""
        cut = fill(Cut('xml', self.folder))
        self.take(cut)
        places: dict[tuple[str, int], ElementTree.Element] = {}
        for conversation in self.xml(cut):
            uri = conversation.find('Channel').get('uri', '')  # type: ignore
            for number, message in enumerate(conversation.iter('Message'), 1):
                places[uri, number] = message
        events = list(self.xml(cut, '.extension.xml'))
        self.assertEqual([int(each.get('csn', '')) for each in events],
                         [record['csn'] for record in cut.records])
        for record, event in zip(cut.records, events):
            self.assertEqual(event.get('kind'), record['kind'])
            fields = {each.get('name'): each for each in event}
            for name in set(record) - {'csn', 'kind', 'time_us', 'leaf',
                                       'command'}:
                self.assertEqual(fields[name].text, str(record[name]))
            self.assertNotIn('leaf', fields)
            if event.get('position') is not None:
                message = places.pop((event.get('room', ''),
                                      int(event.get('position', ''))))
                self.assertEqual(message.get('type'), event.get('type'))
        self.assertEqual(places, {})

    def test_unsayable(self) -> None:
        """What XML cannot say is U+FFFD in the first file, and whole in the
        second; the id that is too large, too."""
        cut = Cut('xml', self.folder)
        cut.post(EVE, RATES, CONTROL, 2**31)
        self.take(cut)
        message = next(self.messages(cut))
        self.assertEqual(message.get('content'), shown(CONTROL))
        self.assertIn('\ufffd', message.get('content', ''))
        fields = {each.get('name'): each
                  for each in self.xml(cut, '.extension.xml').iter(
                      SPACE + 'Field')}
        self.assertEqual(fields['message_id'].text, str(2**31))
        self.assertEqual(fields['text'].get('encoding'), 'base64')
        self.assertEqual(base64.b64decode(fields['text'].text or '').decode(),
                         CONTROL)

    def test_no_talk(self) -> None:
        """A cut in which nobody talks is a valid, empty document."""
        cut = Cut('xml', self.folder)
        cut.add('rules', None, None, number=4)
        self.take(cut)
        self.assertTrue(self.is_valid(self.folder / cut.name('.xml')))
        self.assertEqual(len(self.xml(cut)), 0)

    def test_one_room_per_file(self) -> None:
        """Each room has a file of its own; together they are the one."""
        cut = fill(Cut('xml', self.folder))
        self.take(cut)
        whole = [ElementTree.tostring(each) for each in self.xml(cut)]
        cut.head.update(one_room_per_file=True, adapter='rooms')
        self.take(cut)
        apart = [ElementTree.tostring(each)
                 for room in (POOL, RATES, NEWS)
                 for each in self.xml(cut, '-%s.xml' % room)]
        self.assertEqual(whole, apart)
        self.assertFalse((self.folder / cut.name('.xml')).exists())

    def test_attachments(self) -> None:
        """The manifest lists each transfer, and is left out without any."""
        cut = fill(Cut('xml', self.folder, attachments_manifest=True))
        self.take(cut)
        rows = [line.split('\t') for line in
                self.files()[cut.name('.ATTACH')].decode().splitlines()]
        transfers = [record for record in cut.records
                     if record['kind'] in ('file_up', 'file_down')]
        self.assertEqual(rows, [
            [record['digest'] + '.xlsx', 'fix\\tings.xlsx', '7',
             record['digest'], kinds()[record['kind']], record['user'],
             row[6], str(record['csn'])]
            for record, row in zip(transfers, rows)])
        self.assertEqual(len(rows), 2)
        cut = Cut('xml', self.folder, FIRST + 1000, attachments_manifest=True)
        cut.post(ALICE, RATES, 'no file', 1)
        self.take(cut)
        self.assertNotIn(cut.name('.ATTACH'), self.files())

    def test_details(self) -> None:
        """Rooms and users are described when that is wanted, from the cut's
        own records."""
        cut = fill(Cut('xml', self.folder, room_details=True,
                       user_details=True))
        self.take(cut)
        root = self.xml(cut, '.extension.xml')
        rooms = {each.get('uri'): each for each in root.iter(SPACE + 'Room')}
        users = {each.get('uri'): each for each in root.iter(SPACE + 'User')}
        self.assertEqual(set(users), {each['user'] for each in cut.records
                                      if 'user' in each})
        self.assertEqual(set(rooms), {'ma-chan://%s/%s' % (DOMAIN, room)
                                      for room in (RATES, NEWS)})
        fields = {each.get('name'): each.text for each in users[EVE['user']]}
        of_eve = [each['csn'] for each in cut.records
                  if each.get('user') == EVE['user']]
        self.assertEqual((fields['first_csn'], fields['last_csn'],
                          fields['records'], fields['internal']),
                         (str(of_eve[0]), str(of_eve[-1]), str(len(of_eve)),
                          'false'))


class TestTransform(Adapter):
    """An administrator's XSLT."""

    def transform(self, body: str, more: str = '') -> Cut:
        """A cut with a transform."""
        cut = Cut('xml', self.folder, transform=XSL % (more, body))
        cut.post(ALICE, RATES, 'said', 1)
        return cut

    def test_applied(self) -> None:
        """The output is what the transform makes of the document."""
        cut = self.transform(
            '<xsl:output method="text"/><xsl:template match="/">'
            '<xsl:for-each select="//Message"><xsl:value-of '
            'select="concat(Sender/@UserName, \':\', @content)"/>'
            '</xsl:for-each></xsl:template>')
        self.take(cut)
        files = self.files()
        self.assertEqual(files[cut.name('.txt')], b'Alice:said')
        self.assertNotIn(cut.name('.xml'), files)
        self.assertIn(cut.name('.extension.xml'), files)

    def test_failing(self) -> None:
        """One that fails, loops or looks outside fails the cut with its
        reason, and nothing is written."""
        secret = self.folder / 'secret'
        secret.write_text('<a>the secret</a>')
        exslt = ('xmlns:exsl="http://exslt.org/common" '
                 'extension-element-prefixes="exsl"')
        match = '<xsl:template match="/">%s</xsl:template>'
        cases = {
            'not XML': ('no XML', None),
            'terminate': ('the reason', match % (
                '<xsl:message terminate="yes">the reason</xsl:message>')),
            'unknown function': ('transform', match % (
                '<xsl:value-of select="nothing()"/>')),
            'read': ('transform', match % (
                '<out><xsl:copy-of select="document(\'%s\')"/></out>'
                % secret)),
            'import': ('transform', '<xsl:import href="%s"/>' % secret),
            'include': ('transform', '<xsl:include href="%s"/>' % secret),
            'write': ('transform', match % (
                '<exsl:document href="%s/written"><a/></exsl:document>'
                % self.folder)),
            'endless': ('transform', '<xsl:template match="/" name="again">'
                        '<xsl:call-template name="again"/></xsl:template>'),
            'network': ('transform', match % (
                '<xsl:copy-of select="document(\'http://127.0.0.1:9/\')"/>')),
        }
        for name, (said, body) in cases.items():
            with self.subTest(name):
                cut = self.transform(body or '', exslt)
                if body is None:
                    cut.head['transform'] = '<xsl:stylesheet'
                self.refuse(cut, FAILED, said)
                self.assertEqual(list(self.files()), ['secret'])

    def test_entity(self) -> None:
        """A stylesheet's document type brings nothing in."""
        secret = self.folder / 'secret'
        secret.write_text('the secret')
        cut = self.transform('<xsl:template match="/"><out>&amp;e;</out>'
                             '</xsl:template>'.replace('&amp;', '&'))
        cut.head['transform'] = (
            '<!DOCTYPE x [<!ENTITY e SYSTEM "file://%s">]>' % secret +
            cut.head['transform'])
        result = self.run_cut(cut)
        self.assertNotIn(b'the secret', b''.join(
            text for name, text in self.files().items() if name != 'secret'))
        self.assertIn(result.code, (DONE, FAILED))


class TestFileDump(Adapter):
    """FileDump through the shipped transform."""

    def test_elements(self) -> None:
        """Each message is its element, in order; no LoginName is empty."""
        cut = fill(Cut('filedump', self.folder))
        cut.add('post', {'user': 'sip:nameless@' + DOMAIN},
                {'post': {'text': 'x'}}, room=NEWS, message_id=3)
        self.take(cut)
        root = self.xml(cut)
        self.assertEqual(root.tag, 'FileDump')
        names = {'JOIN': ['ParticipantEntered'], 'PART': ['ParticipantLeft'],
                 'CHAT': ['Message'], 'BACKCHAT': ['Message'],
                 'FILEUPLOAD': ['FileTransferStarted', 'FileTransferEnded'],
                 'FILEDOWNLOAD': ['FileTransferStarted', 'FileTransferEnded']}
        for conversation in root:
            room = conversation.findtext('RoomID', '').rpartition('/')[2]
            wanted = list(itertools.chain.from_iterable(
                names[kinds()[record['kind']]] for record in cut.records
                if record.get('room', POOL) == room and
                kinds()[record['kind']]))
            events = [each.tag for each in conversation
                      if each.tag not in ('RoomID', 'StartTimeUTC',
                                          'EndTimeUTC')]
            self.assertEqual(events, wanted)
            self.assertEqual(conversation[0].tag, 'RoomID')
            self.assertEqual(conversation[1].tag, 'StartTimeUTC')
            self.assertEqual(conversation[-1].tag, 'EndTimeUTC')
        logins = [each.text for each in root.iter('LoginName')]
        self.assertTrue(all(logins))
        self.assertIn('nameless@' + DOMAIN, logins)
        self.assertIn(HARD.replace('\r\n', '\n'),
                      [(each.text or '').replace('\r\n', '\n')
                       for each in root.iter('Content')])


class TestCsv(Adapter):
    """CSV."""

    def rows(self, name: str) -> list[dict[str, str]]:
        """A file's rows, by RFC 4180."""
        text = (self.folder / name).read_bytes().decode()
        self.assertTrue(text.endswith('\r\n'))
        return list(csv.DictReader(io.StringIO(text, newline=''), strict=True))

    def test_rows(self) -> None:
        """One row per record, and no text that a spreadsheet would run; one
        apostrophe less, and it is the text."""
        cut = fill(Cut('csv', self.folder))
        self.take(cut)
        rows = self.rows(cut.name('.csv'))
        self.assertEqual(len(rows), len(cut.records))
        for record, row in zip(cut.records, rows):
            self.assertEqual(row['csn'], str(record['csn']))
            self.assertEqual(row['kind'], record['kind'])
            self.assertEqual(row['type'], kinds()[record['kind']])
            for name in ('room', 'user', 'display_name', 'reason', 'before'):
                self.assertEqual(row[name], record.get(name, ''))
            whole = {key: value for key, value in record.items()
                     if key != 'leaf'}
            self.assertEqual(json.loads(row['all']), whole)
            for cell in row.values():
                self.assertNotIn(cell[:1], tuple('=+-@\t\r'))
            content = row['content']
            if content.startswith("'"):
                content = content[1:]
            if record['kind'] == 'import':
                self.assertEqual(content,
                                 'imported %d' % (record['message_id'] - 3))
            elif record['kind'] not in ('join', 'part'):
                self.assertEqual(content, content_of(record))

    def test_one_room_per_file(self) -> None:
        """Each room's records, and those of no room, have a file."""
        cut = fill(Cut('csv', self.folder, one_room_per_file=True))
        self.take(cut)
        csns = []
        for room in (POOL, RATES, NEWS):
            rows = self.rows(cut.name('-%s.csv' % room))
            self.assertEqual({row['room'] or POOL for row in rows}, {room})
            csns += [int(row['csn']) for row in rows]
        self.assertEqual(sorted(csns), [each['csn'] for each in cut.records])


class TestEml(Adapter):
    """Mail in files."""

    def test_messages(self) -> None:
        """One mail per room, with a transcript and all records; its
        Message-ID tells the CSNs."""
        cut = fill(Cut('eml', self.folder))
        self.take(cut)
        csns = []
        for room in (POOL, RATES, NEWS):
            message = mail(self.folder / cut.name('-%s-0001.eml' % room))
            lines = part(message, 1).decode().rstrip('\n').split('\n')
            records = [json.loads(line) for line in lines]
            of_room = [each for each in cut.records
                       if each.get('room', POOL) == room]
            self.assertEqual(records, [
                {key: value for key, value in each.items() if key != 'leaf'}
                for each in of_room])
            first, last = of_room[0]['csn'], of_room[-1]['csn']
            self.assertEqual(message['Message-ID'], '<contoso.%d-%d.%s.vault@%s'
                             '>' % (first, last, room, DOMAIN))
            self.assertEqual(message['X-Perch-Events'], str(len(of_room)))
            text = part(message, 0).decode()
            for record in of_room:
                self.assertIn('[%d]' % record['csn'], text)
            csns += [each['csn'] for each in records]
        self.assertEqual(sorted(csns), [each['csn'] for each in cut.records])

    def test_header(self) -> None:
        """A room's name cannot make a header of its own; long and foreign
        ones come through."""
        for number, name in enumerate((
                'B\u00f6rse \u20ac\r\nBcc: eve@elsewhere.example ' + 'x' * 200,
                'Rates\r\nBcc: eve@elsewhere.example', '=?utf-8?B?QmNj?=',
                'x' * 2000)):
            self.check_header(name, FIRST + number)

    def check_header(self, name: str, first: int) -> None:
        """A mail of a room with a name."""
        cut = Cut('eml', self.folder, first)
        cut.add('post', ALICE, {'post': {'text': 'x'}}, room=RATES,
                room_name=name)
        self.take(cut)
        path = self.folder / cut.name('-%s-0001.eml' % RATES)
        raw = email.message_from_bytes(path.read_bytes())
        self.assertIsNone(raw['Bcc'])
        subject = str(email.header.make_header(
            email.header.decode_header(raw['Subject'])))
        self.assertEqual(subject, name + ' (records %d-%d)' % (first, first))
        for line in path.read_bytes().split(b'\r\n'):
            self.assertLessEqual(len(line), 998)
            self.assertNotIn(b'\n', line)


class TestRsmf(Adapter):
    """Relativity's short message format."""

    def check_manifest(self, value: dict[str, Any]) -> None:
        """What its schema wants (rsmf_schema_1_0_0.json of
        relativitydev/rsmf-validator-samples)."""
        self.assertEqual(value['version'], '1.0.0')
        known = [each['id'] for each in value['participants']]
        self.assertEqual(len(known), len(set(known)))
        for each in value['participants']:
            self.assertTrue(each['id'] and each['display'])
        conversation, = value['conversations']
        for name in ('id', 'display', 'platform'):
            self.assertTrue(conversation[name])
        self.assertEqual(conversation['type'], 'channel')
        self.assertLessEqual(set(conversation['participants']), set(known))
        ids = [each['id'] for each in value['events']]
        for event in value['events']:
            self.assertIn(event['type'],
                          ('message', 'disclaimer', 'join', 'leave'))
            self.assertIn(event['participant'], known)
            self.assertEqual(event['conversation'], conversation['id'])
            self.assertRegex(event['timestamp'],
                             r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$')
            self.assertIn(event['importance'], ('normal', 'high'))
            self.assertIn(event.get('parent', event['id']), ids)
            self.assertIsInstance(event.get('deleted', False), bool)
            for edit in event.get('edits', []):
                self.assertIn(edit['participant'], known)
                self.assertTrue(edit['timestamp'])
            for custom in event['custom']:
                self.assertTrue(custom['name'] and custom['value'])

    def test_manifest(self) -> None:
        """One file per room; each record an event, a correction and what was
        redacted are seen at the message itself."""
        cut = fill(Cut('rsmf', self.folder))
        self.take(cut)
        csns = []
        for room in (POOL, RATES, NEWS):
            path = self.folder / cut.name('-%s-0001.rsmf' % room)
            message = mail(path)
            value = manifest(path)
            self.check_manifest(value)
            self.assertEqual(message['X-RSMF-Version'], '1.0.0')
            self.assertEqual(message['X-RSMF-EventCount'],
                             str(len(value['events'])))
            self.assertEqual(message['X-RSMF-BeginDate'],
                             value['events'][0]['timestamp'])
            self.assertEqual(message['X-RSMF-EndDate'],
                             value['events'][-1]['timestamp'])
            csns += [int(each['custom'][0]['value'])
                     for each in value['events']]
        self.assertEqual(sorted(csns), [each['csn'] for each in cut.records])
        value = manifest(self.folder / cut.name('-%s-0001.rsmf' % RATES))
        said = next(each for each in value['events']
                    if each.get('body') == HARD)
        self.assertTrue(said['deleted'])
        self.assertEqual(said['edits'][0]['participant'], ALICE['user'])
        # Bob spoke without coming in: he was there.
        self.assertEqual(value['conversations'][0]['participants'],
                         [BOB['user']])

    def test_gone(self) -> None:
        """A post whose text is not kept any more is an event without one; so
        it is in every format."""
        for kind in TYPES:
            cut = Cut(kind, self.folder, adapter=kind)
            cut.add('post', ALICE, None, room=RATES, message_id=1,
                    withheld='ab' * 32)
            self.take(cut)
        event, = manifest(self.folder / ('contoso-%020d-%020d-rsmf-%s-0001.rsmf'
                                         % (FIRST, FIRST, RATES)))['events']
        self.assertEqual((event['type'], event['body']), ('message', ''))

    def test_long(self) -> None:
        """A conversation of more than 10,000 events goes into two files."""
        cut = Cut('rsmf', self.folder)
        for number in range(10_001):
            cut.post(ALICE, RATES, 'x', number + 1)
        self.take(cut)
        sizes = [len(manifest(self.folder / cut.name(
            '-%s-000%d.rsmf' % (RATES, each)))['events']) for each in (1, 2)]
        self.assertEqual(sizes, [10_000, 1])


class TestAll(Adapter):
    """What holds for every format."""

    def test_counts(self) -> None:
        """The same cut has the same records in every format, and the sheets
        say so."""
        sheets, seen = {}, {}
        for kind in TYPES:
            cut = fill(Cut(kind, self.folder, adapter=kind))
            self.take(cut)
            sheets[kind] = json.loads(self.files()[cut.name('.sheet.json')])
            self.assertEqual(sheets[kind]['counts'], cut.counts())
            self.assertEqual(sheets[kind]['records'], len(cut.records))
        cut = fill(Cut('xml', self.folder))
        self.assertEqual(set(cut.counts()), set(kinds()))
        wanted = cut.counts()

        def count(names: Iterator[str]) -> dict[str, int]:
            found: dict[str, int] = {}
            for name in names:
                found[name] = found.get(name, 0) + 1
            return found
        for kind in ('xml', 'filedump'):
            cut.head['adapter'] = kind
            seen[kind] = count(each.get('kind', '') for each in
                               self.xml(cut, '.extension.xml'))
        cut.head['adapter'] = 'csv'
        text = self.files()[cut.name('.csv')].decode()
        seen['csv'] = count(row['kind'] for row in csv.DictReader(
            io.StringIO(text, newline='')))
        seen['eml'] = count(
            json.loads(line)['kind'] for path in self.folder.glob('*-0001.eml')
            for line in part(mail(path), 1).splitlines())
        seen['rsmf'] = count(
            each['custom'][1]['value'] for path in self.folder.glob('*.rsmf')
            for each in manifest(path)['events'])
        for kind in TYPES:
            self.assertEqual(seen[kind], wanted, kind)

    def test_sheet(self) -> None:
        """The sheet has what G.4 16 wants, its files are as it says, and its
        hash is in the acknowledgement."""
        for kind in TYPES:
            cut = fill(Cut(kind, self.folder, adapter=kind,
                           previous_sheet='ab' * 32))
            result = self.take(cut)
            files = self.files()
            text = files[cut.name('.sheet.json')]
            sheet = json.loads(text)
            self.assertEqual(result.ack['sheet'], hashlib.sha256(
                text).hexdigest())
            self.assertEqual(list(sheet), sorted(sheet))
            self.assertEqual(
                [sheet[name] for name in ('first_csn', 'last_csn', 'adapter',
                                          'previous_sheet', 'tree_size',
                                          'root')],
                [FIRST, cut.head['last'], kind, 'ab' * 32, 5000,
                 cut.head['root']])
            for each in sheet['files']:
                self.assertEqual(len(files[each['name']]), each['bytes'])
                self.assertEqual(hashlib.sha256(
                    files[each['name']]).hexdigest(), each['sha256'])
            ours = [name for name in files if kind in name.split('-', 3)[3]]
            self.assertEqual(len(ours), len(sheet['files']) + 1)

    def test_again(self) -> None:
        """A repeated cut changes nothing and is acknowledged alike, whatever
        locale and zone; into an empty folder it writes the same bytes."""
        for kind in TYPES:
            with self.subTest(kind):
                cut = fill(Cut(kind, self.folder, adapter=kind))
                first = self.take(cut)
                before = self.files()
                stamps = {path: path.stat().st_mtime_ns
                          for path in self.folder.iterdir()}
                self.assertEqual(self.take(cut).ack, first.ack)
                self.assertEqual(self.files(), before)
                self.assertEqual(stamps, {path: path.stat().st_mtime_ns
                                          for path in self.folder.iterdir()})
                for path in self.folder.iterdir():
                    path.unlink()
                done = subprocess.run(
                    [str(BIN / 'perch-adapter')], input=cut.text(), text=True,
                    capture_output=True, check=True,
                    env={'TZ': 'Asia/Kolkata', 'LC_ALL': 'C.UTF-8',
                         'TMPDIR': '/var/tmp'})
                self.assertEqual(json.loads(done.stdout), first.ack)
                self.assertEqual(self.files(), before)
                for path in self.folder.iterdir():
                    path.unlink()

    def test_member_order(self) -> None:
        """The order of members in the input's lines makes no difference."""
        for kind in TYPES:
            cut = fill(Cut(kind, self.folder, adapter=kind,
                           user_details=True))
            first = self.take(cut)
            cut.records = [dict(sorted(each.items(), reverse=True))
                           for each in cut.records]
            self.assertEqual(self.take(cut).ack, first.ack)

    def test_conflict(self) -> None:
        """A file that is there and has something else is named, kept, and
        nothing else is written."""
        for kind in TYPES:
            with self.subTest(kind):
                cut = fill(Cut(kind, self.folder, adapter=kind))
                self.take(cut)
                names = [name for name in self.files()]
                for name in names:
                    path = self.folder / name
                    others = [self.folder / each for each in names
                              if each != name]
                    kept = path.read_bytes()
                    path.write_bytes(kept + b'x')
                    for other in others:
                        other.rename(other.with_suffix('.kept'))
                    self.refuse(cut, CONFLICT, str(path))
                    self.assertEqual(path.read_bytes(), kept + b'x')
                    for other in others:
                        self.assertFalse(other.exists())
                        other.with_suffix('.kept').rename(other)
                    path.write_bytes(kept)
                for name in names:
                    (self.folder / name).unlink()

    def test_killed(self) -> None:
        """Killed at any moment, the next run leaves what an undisturbed one
        does, and no temporary file."""
        for kind in TYPES:
            cut = Cut(kind, self.folder, adapter=kind)
            for number in range(3000):
                cut.post(ALICE, RATES if number % 3 else NEWS, HARD,
                         number + 1)
            text = cut.text()
            began = time.monotonic()
            ack = self.take(cut).ack
            lasts = time.monotonic() - began
            wanted = self.files()
            chance = random.Random(4)
            for _ in range(12):
                for path in self.folder.iterdir():
                    path.unlink()
                with subprocess.Popen(
                        [str(BIN / 'perch-adapter')], text=True,
                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                        stderr=subprocess.PIPE) as process:
                    os.set_blocking(process.stdin.fileno(),  # type: ignore
                                    True)
                    deadline = chance.uniform(0, lasts)
                    try:
                        process.communicate(text, timeout=deadline)
                    except subprocess.TimeoutExpired:
                        process.send_signal(signal.SIGKILL)
                        process.communicate()
                self.assertEqual(self.take(cut).ack, ack)
                self.assertEqual(self.files(), wanted)
            for path in self.folder.iterdir():
                path.unlink()

    def test_disk(self) -> None:
        """Where the disk takes no more, nothing is half there."""
        cut = fill(Cut('xml', self.folder))

        def limit() -> None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
        done = subprocess.run(
            [str(BIN / 'perch-adapter')], input=cut.text(), text=True,
            capture_output=True, check=False, preexec_fn=limit)
        self.assertEqual(done.returncode, FAILED)
        self.assertIn('File too large', done.stderr)
        self.assertEqual(self.files(), {})

    def test_folder(self) -> None:
        """A folder that is not there, or in which another one works."""
        cut = fill(Cut('csv', self.folder / 'nowhere'))
        self.refuse(cut, FAILED, 'nowhere: No such file')
        cut.head['output'] = str(self.folder)
        lock = self.folder / '.vault.lock'
        with lock.open('w') as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self.refuse(cut, UNREACHED, 'is at work there already')
            self.assertEqual(list(self.files()), ['.vault.lock'])
            other = fill(Cut('csv', self.folder, adapter='other'))
            self.take(other)
        self.take(cut)  # What a killed one has left is no lock.
        self.assertFalse(lock.exists())

    def test_crowd(self) -> None:
        """The same cut many times at once: one at a time, and nothing but
        its files is there in the end."""
        cut = fill(Cut('xml', self.folder))
        text = cut.text()
        results: list[Result] = []
        threads = [threading.Thread(target=lambda: results.append(
            adapter_input.run(BIN / 'perch-adapter', text)))
            for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertLessEqual({each.code for each in results},
                             {DONE, UNREACHED})
        self.assertIn(DONE, [each.code for each in results])
        self.assertEqual(len(self.files()), 3)
        self.take(cut)

    def test_names(self) -> None:
        """Names that a path must not have are made safe."""
        cut = Cut('csv', self.folder, pool='../p/ool', adapter='.v ault\n')
        cut.post(ALICE, RATES, 'x', 1)
        self.take(cut)
        csn = '%020d' % FIRST
        self.assertEqual(list(self.files()), [
            '%%2E.%%2Fp%%2Fool-%s-%s-%%2Ev%%20ault%%0A.%s' % (csn, csn, tail)
            for tail in ('csv', 'sheet.json')])
        cut.head['pool'] = '/' * 90
        self.refuse(cut, FAILED, 'needs a shorter name')

    def test_memory(self) -> None:
        """A hundred times the records take little more memory."""
        program = (BIN / 'perch-adapter').read_bytes()
        if b'__asan_init' in program or b'__tsan_init' in program:
            self.skipTest('sanitizers keep what was freed')
        sizes = []
        for count in (1_000, 100_000):
            cut = Cut('csv', self.folder, first=count)
            for number in range(count):
                cut.post(ALICE, RATES, 'x' * 200, number + 1)
            done = subprocess.run(
                ['/usr/bin/env', 'python3', '-c',
                 'import resource, subprocess, sys\n'
                 'subprocess.run([sys.argv[1]], check=True)\n'
                 'print(resource.getrusage(resource.RUSAGE_CHILDREN)'
                 '.ru_maxrss)', str(BIN / 'perch-adapter')],
                input=cut.text(), text=True, capture_output=True, check=True)
            sizes.append(int(done.stdout.split()[-1]))
        # The spool is mapped, and counts: 70 MB of lines.
        self.assertLess(sizes[1] - sizes[0], 120 * 1024)

    def test_golden(self) -> None:
        """Bytes do not change from one version to the next: a repeated cut
        would be a conflict."""
        for kind in TYPES:
            cut = golden_cut(kind, self.folder)
            self.take(cut)
        wanted = {path.name: path.read_bytes()
                  for path in GOLDEN.iterdir()}
        self.assertEqual(self.files(), wanted)


def golden_cut(kind: str, folder: Path) -> Cut:
    """A small cut whose files are kept."""
    cut = Cut(kind, folder, adapter=kind, attachments_manifest=True,
              room_details=True, user_details=True)
    cut.add('join', ALICE, {'join': {'rooms': [RATES]}}, room=RATES,
            room_name='Rates desk', edge=1)
    cut.post(ALICE, RATES, HARD, 1)
    cut.post(EVE, RATES, CONTROL, 2**31 + 7)
    cut.add('file_up', ALICE, {'file_up': {'name': 'a.xlsx'}}, room=RATES,
            digest='ab' * 32, bytes=7, name='a.xlsx')
    cut.add('room_changed', None, {'administrator': 'root'}, room=RATES,
            before='name=Rates', after='name=Rates desk')
    cut.add('part', ALICE, None, room=RATES, reason='left', edge=1)
    return cut


class TestInput(Adapter):
    """Input that is wrong."""

    def feed(self, lines: list[str]) -> Result:
        """Give lines."""
        return adapter_input.run(BIN / 'perch-adapter',
                                 '\n'.join(lines) + '\n')

    def test_lines(self) -> None:
        """What is wrong is named by line and member; nothing is written."""
        base = fill(Cut('csv', self.folder)).lines()

        def cut(**values: Any) -> list[str]:
            head = json.loads(base[0])
            for name, value in values.items():
                if value is None:
                    del head['cut'][name]
                else:
                    head['cut'][name] = value
            return [json.dumps(head)] + base[1:]

        def record(number: int, **values: Any) -> list[str]:
            line = json.loads(base[number])
            line.update(values)
            return base[:number] + [json.dumps(line)] + base[number + 1:]
        cases: list[tuple[str, list[str]]] = [
            ('line 1: cut: there is no input', []),
            ('line 1: no JSON', ['{']),
            ('line 1: is no cut', ['{"end": 0}']),
            ('line 1: cut.interface: is another', cut(interface=2)),
            ('line 1: cut.interface: is missing', cut(interface=None)),
            ('line 1: cut.type: is none', cut(type='fax')),
            ('line 1: cut.pool: is empty', cut(pool='')),
            ('line 1: cut.pool: has a NUL', cut(pool='a\0b')),
            ('line 1: cut.adapter: is too long', cut(adapter='x' * 201)),
            ('line 1: cut.output: is missing', cut(output=None)),
            ('line 1: cut.last: is less', cut(last=1)),
            ('line 1: cut.previous_sheet', cut(previous_sheet='zz')),
            ('line 1: cut.room_details: is neither', cut(room_details=1)),
            ('line 3: csn: is not 1201', base[:2] + base[3:]),
            ('line 3: csn: is not 1201', base[:2] + base[1:]),
            ('line 3: kind', record(2, kind='')),
            ('line 3: kind', record(2, kind='a"b')),
            ('line 3: time_us: is less', record(2, time_us=1)),
            ('line 3: time_us: is missing', record(2, time_us='now')),
            ('line 3: time_us: is missing', record(2, time_us=2**62)),
            ('line 3: room: is no guid', record(2, room='../../etc')),
            ('line 2: no JSON object', [base[0], '[]', base[-1]]),
            ('line 2: no JSON object', [base[0], '', base[-1]]),
            ('end: the input was cut off', base[:-1]),
            ('end: is not', base[:-1] + ['{"end": 1}']),
            ('end: the last record is not', cut(last=FIRST + 1000)),
            ('end: more lines', base + ['{"csn": 1}']),
        ]
        for said, lines in cases:
            with self.subTest(said):
                result = self.feed(lines) if lines else adapter_input.run(
                    BIN / 'perch-adapter', '')
                self.assertEqual(result.code, FAILED, result.said)
                self.assertIn(said, result.said)
                self.assertEqual((result.out, self.files()), ('', {}))

    def test_line_too_long(self) -> None:
        """A line has at most 16 MiB."""
        cut = Cut('csv', self.folder)
        cut.post(ALICE, RATES, 'x' * (16 * 1024 * 1024), 1)
        self.refuse(cut, FAILED, 'line 2: line: is longer than 16 MiB')

    def test_rooms(self) -> None:
        """A record of several rooms is the pool's own."""
        for kind in TYPES:
            cut = Cut(kind, self.folder, adapter=kind)
            cut.add('search', ALICE, {'searched': {'words': 'x'}},
                    room=[RATES, NEWS])
            self.take(cut)
        cut.head['adapter'] = 'xml'
        channel = self.xml(cut).find('Conversation/Channel')
        assert channel is not None
        self.assertEqual(channel.get('uri'),
                         'ma-chan://%s/%s' % (DOMAIN, POOL))

    def test_unknown(self) -> None:
        """Kinds and members of a later program go through."""
        for kind in TYPES:
            cut = Cut(kind, self.folder, adapter=kind, colour='blue')
            cut.add('telepathy', ALICE, {'telepath': {'text': 'x'}},
                    room=RATES, field_77='ab', kind_number=77)
            self.take(cut)
            sheet = json.loads(self.files()[cut.name('.sheet.json')])
            self.assertEqual(sheet['counts'], {'telepathy': 1})

    def test_usage(self) -> None:
        """Arguments are none."""
        for arguments, code in ((['--help'], DONE), (['--version'], DONE),
                                (['--fast'], USAGE), (['now'], USAGE)):
            done = subprocess.run([str(BIN / 'perch-adapter'), *arguments],
                                  stdin=subprocess.DEVNULL, check=False,
                                  capture_output=True)
            self.assertEqual(done.returncode, code)


def write_golden() -> None:
    """Make the kept files anew: only when their change is meant."""
    shutil.rmtree(GOLDEN, True)
    GOLDEN.mkdir()
    for kind in TYPES:
        result = adapter_input.run(BIN / 'perch-adapter',
                                   golden_cut(kind, GOLDEN).text())
        assert result.code == DONE, result.said


if __name__ == '__main__':
    if len(sys.argv) > 1 and not sys.argv[1].startswith('-'):
        BIN = Path(sys.argv.pop(1)).resolve()
    if '--write-golden' in sys.argv:
        write_golden()
    else:
        unittest.main()
