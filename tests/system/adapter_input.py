"""Input for perch-adapter as perchd gives it, made by hand: a cut of a small
pool in which every kind of record happens once at least, with texts that are
hard for every format (ops/adapter/interface.md)."""
import base64
import hashlib
import json
import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parents[2]
DOMAIN = 'contoso.com'
RATES = '2f6d1c3e-5a77-4c0b-9d11-0a4be7c10001'
NEWS = '2f6d1c3e-5a77-4c0b-9d11-0a4be7c10002'
START_US = 1_790_000_000_000_000
FIRST = 1200
HARD = ('<b>&amp; "quoted" \'single\'</b>\r\n\ttab, \u20ac \U0001f600, ]]>, '
        '\u2028 and =cmd')
CONTROL = 'bell \x07, escape \x1b[31m, no character \ufffe'
ROOM_KINDS = ('post', 'alert', 'story', 'correct', 'withdraw', 'redact',
              'clear', 'purge', 'import', 'join', 'part', 'history_read',
              'file_up', 'file_down', 'room_created', 'room_changed',
              'room_deleted', 'role', 'invitation', 'hold', 'retention')


def kinds() -> dict[str, str]:
    """Each kind's name in Persistent Chat's XML, from proto/record.h."""
    text = (TOP / 'proto' / 'record.h').read_text()
    return dict(re.findall(r'X\(\w+, \d+, "(\w+)",\s*"(\w*)"\)', text))


def person(name: str, principal: int, domain: str = DOMAIN) -> dict[str, Any]:
    """The fields that say who."""
    return {'user': 'sip:%s@%s' % (name, domain), 'principal': principal,
            'display_name': name.capitalize()}


ALICE, BOB = person('alice', 7), person('bob', 8)
EVE = person('eve', 2**31 + 5, 'elsewhere.example')


class Cut:
    """The lines of one cut."""

    def __init__(self, kind: str, output: Path | str, first: int = FIRST,
                 **settings: Any) -> None:
        self.head: dict[str, Any] = {
            'interface': 1, 'pool': 'contoso', 'origin': 'contoso.com/perch',
            'domain': DOMAIN, 'adapter': 'vault', 'type': kind,
            'first': first, 'last': first, 'cut_at': START_US + 10**9,
            'previous_sheet': '', 'tree_size': 5000,
            'root': base64.b64encode(b'r' * 32).decode(),
            'output': str(output), 'one_room_per_file': False,
            'room_details': False, 'user_details': False,
            'attachments_manifest': False, 'transform': '',
            'attachments': ''}
        self.head.update(settings)
        self.records: list[dict[str, Any]] = []

    def add(self, kind: str, who: dict[str, Any] | None = None,
            command: dict[str, Any] | None = None, **fields: Any) -> int:
        """Append a record; returns its CSN."""
        csn: int = self.head['first'] + len(self.records)
        record: dict[str, Any] = {
            'csn': csn, 'kind': kind,
            'time_us': START_US + 1_000_001 * len(self.records), 'node': 2,
            'outcome': 0, 'log_index': 88000 + csn, 'term': 41, 'ordinal': 0}
        record.update(fields)
        record.update(who or {})
        if command is not None:
            record['command'] = command
        record['leaf'] = base64.b64encode(b'leaf %d' % csn).decode()
        self.records.append(record)
        self.head['last'] = csn
        return csn

    def post(self, who: dict[str, Any], room: str, text: str, number: int,
             kind: str = 'post') -> int:
        """Append something that was said."""
        name = 'Rates desk' if room == RATES else 'News & "more"'
        return self.add(kind, who, {
            'user': who['user'], 'post': {'room': room, 'text': text}},
            room=room, room_name=name, message_id=number)

    def lines(self) -> list[str]:
        """As they go to standard input."""
        return ([json.dumps({'cut': self.head})] +
                [json.dumps(record) for record in self.records] +
                [json.dumps({'end': len(self.records)})])

    def text(self) -> str:
        """The same as one text."""
        return '\n'.join(self.lines()) + '\n'

    def counts(self) -> dict[str, int]:
        """Records of each kind."""
        return dict(Counter(record['kind'] for record in self.records))

    def name(self, tail: str) -> str:
        """A file of it."""
        return '%s-%020d-%020d-%s%s' % (
            self.head['pool'], self.head['first'], self.head['last'],
            self.head['adapter'], tail)


def fill(cut: Cut) -> Cut:
    """Let something of everything happen."""
    digest = hashlib.sha256(b'content').hexdigest()
    cut.add('join', ALICE, {'user': ALICE['user'],
                            'join': {'rooms': [RATES, NEWS]}},
            room=RATES, room_name='Rates desk', edge=1)
    cut.add('join', ALICE, None, ordinal=1, room=NEWS,
            room_name='News & "more"', edge=1)
    cut.add('join', EVE, {'user': EVE['user'], 'join': {'rooms': [RATES]}},
            room=RATES, room_name='Rates desk', edge=1)
    said = cut.post(ALICE, RATES, HARD, 1)
    cut.post(BOB, RATES, '=HYPERLINK("http://evil")', 2)
    cut.post(EVE, RATES, CONTROL, 2**31 + 7)
    cut.post(ALICE, NEWS, "'quoted at first", 1, 'alert')
    cut.post(BOB, NEWS, 'A title\nand a story', 2, 'story')
    about = {'room': RATES, 'room_name': 'Rates desk', 'message_id': 1,
             'of_csn': said}
    cut.add('correct', ALICE, {'message_correct': {'room': RATES,
            'message_id': 1, 'text': 'better'}}, **about)
    cut.add('redact', None, {'administrator': 'root', 'message_redact': {
        'room': RATES, 'message_ids': [1], 'reason': 'law'}},
        author=ALICE['user'], reason='law', **about)
    cut.add('history_read', BOB, {'history_read': {
        'rooms': [RATES], 'what': 'last 50'}}, room=RATES,
        room_name='Rates desk')
    cut.add('search', BOB, {'searched': {'words': 'libor "fix"'}})
    for kind in ('file_up', 'file_down'):
        cut.add(kind, ALICE, {kind: {'room': RATES, 'name': 'fix\tings.xlsx'}},
                room=RATES, room_name='Rates desk', name='fix\tings.xlsx',
                digest=digest, bytes=7)
    cut.add('part', EVE, None, room=RATES, room_name='Rates desk', edge=1,
            reason='node_lost')
    for number in (0, 1):
        cut.add('import', BOB, None if number else {'messages_import': {
            'room': NEWS, 'first_id': 3, 'messages': [
                {'author': BOB['user'], 'post': {'text': 'imported %d' % each}}
                for each in (0, 1)]}}, ordinal=number, room=NEWS,
            message_id=3 + number)
    done = set(cut.counts())
    for kind in kinds():
        if kind not in done:
            fields: dict[str, Any] = {'before': 'a=1\nb=<2>',
                                      'after': 'a=2\nb="3"'}
            if kind in ROOM_KINDS:
                fields.update(room=RATES, room_name='Rates desk')
            cut.add(kind, BOB, {'administrator': 'root'}, **fields)
    return cut


class Result:
    """What perch-adapter said."""

    def __init__(self, done: 'subprocess.CompletedProcess[str]') -> None:
        self.code = done.returncode
        self.said = done.stderr
        self.out = done.stdout
        last = done.stdout.strip().split('\n')[-1]
        self.ack: dict[str, Any] = json.loads(last) if last else {}


def run(program: Path, text: str, seconds: float = 60.0) -> Result:
    """Give it a cut."""
    return Result(subprocess.run(
        [str(program)], input=text, capture_output=True, text=True,
        timeout=seconds, check=False, env={'PATH': '/usr/bin:/bin'}))
