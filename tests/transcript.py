"""What clients were shown, matched with the compliance archive.

A transcript has a line for each message with a text that a client was given,
live, in a history or by a search: `perch --transcript FILE` writes them, and
Phone keeps them. Records are objects as `perch-audit show --json` prints them
(proto/record_json.h).
"""
import hashlib
import json
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

XCCOS = '{urn:parlano:xml:ns:xccos}'
PERCH = '{urn:perch:xccos}'

# Records that have a text which is shown as it is.
TEXTS = {'post': ('post', 'text'), 'alert': ('post', 'text'),
         'story': ('post', 'text'), 'correct': ('message_correct', 'text')}
# What a state is to be found as; "removed" has words in the place of a text.
STATES = {'': set(TEXTS) | {'import'}, 'corrected': {'correct'},
          'withdrawn': {'withdraw'}, 'redacted': {'redact'},
          'replaced': {'redact'}}
CHANGES = {'correct', 'withdraw', 'redact', 'clear'}


@dataclass(frozen=True)
class Delivered:
    """A message as a client was given it."""
    room: str
    id: int | None
    about: int | None   # Of a line about a message.
    csn: int | None     # None: the pool named no record.
    author: str
    sha256: str
    state: str = ''


def digest(text: str) -> str:
    """As transcripts have it."""
    return hashlib.sha256(text.encode()).hexdigest()


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)


def delivered_in(body: ET.Element) -> Iterator[Delivered]:
    """The messages with a text in a body of the pool's."""
    for element in body.iter():
        if element.tag not in (XCCOS + 'grpchat', XCCOS + 'msg'):
            continue
        text = element.findtext(XCCOS + 'chat') or ''
        if text:
            yield Delivered(
                element.get('chanUri', '').rpartition('/')[2],
                _number(element.get('chatId')),
                _number(element.get(PERCH + 'about')),
                _number(element.get(PERCH + 'csn')),
                element.get('author', ''), digest(text),
                element.get(PERCH + 'state', ''))


def read(path: Path) -> list[Delivered]:
    """The lines of perch --transcript."""
    found = []
    for line in path.read_text().splitlines():
        said = json.loads(line)
        found.append(Delivered(said['room'], said.get('id'),
                               said.get('about'), said.get('csn'),
                               said['author'], said['sha256'],
                               said.get('state', '')))
    return found


class Archive:
    """The records, by CSN, and what is wrong with them by themselves."""

    def __init__(self, records: Iterable[dict[str, Any]]) -> None:
        self.records = sorted(records, key=lambda each: int(each['csn']))
        self.by_csn = {each['csn']: each for each in self.records}

    def faults(self) -> list[str]:
        """CSNs that are not dense, or a time that runs backwards."""
        found = []
        for i, record in enumerate(self.records):
            if record['csn'] != i:
                found.append('CSN %d stands at %d' % (record['csn'], i))
                break
        for before, record in zip(self.records, self.records[1:]):
            if record['time_us'] < before['time_us']:
                found.append('time runs backwards at CSN %d' % record['csn'])
        return found

    def command(self, record: dict[str, Any]) -> dict[str, Any]:
        """A record's command, which may stand in that of ordinal 0."""
        first = self.by_csn[record['csn'] - record['ordinal']]
        found = first.get('command', {})
        assert isinstance(found, dict)
        return found

    def _text(self, record: dict[str, Any]) -> str | None:
        """The text of a record; None: it has none that is shown so."""
        kind, field = TEXTS.get(record['kind'], ('', ''))
        if not kind:
            return None
        text = self.command(record).get(kind, {}).get(field)
        assert text is None or isinstance(text, str)
        return text

    def unlike(self, said: Delivered) -> str:
        """Why the archive does not have what was delivered; '': it has."""
        if said.csn is None:
            return 'no record is named'
        record = self.by_csn.get(said.csn)
        if record is None:
            return 'there is no such record'
        kinds = CHANGES if said.about is not None else STATES[said.state]
        if record['kind'] not in kinds:
            return 'the record is of kind %s' % record['kind']
        if record.get('room') != said.room:
            return 'the record is of room %s' % record.get('room')
        if said.id is not None and record.get('message_id') != said.id:
            return 'the record is of message %s' % record.get('message_id')
        if record['outcome'] != 0:
            return 'the record is of a refusal'
        if said.about is not None:
            return ''
        return self._unlike_text(record, said)

    def _unlike_text(self, record: dict[str, Any], said: Delivered) -> str:
        text = self._text(record)
        if text is not None and digest(text) != said.sha256:
            return 'the record has another text'
        if text is not None and record.get('user') != said.author:
            return 'the record is of %s' % record.get('user')
        return ''

    def unmatched(self, delivered: Iterable[Delivered]) -> list[str]:
        """What was delivered and is not in the archive, and why not."""
        return ['%s: %s' % (each, why) for each in dict.fromkeys(delivered)
                if (why := self.unlike(each))]
