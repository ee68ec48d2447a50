"""A client of nodes that says exactly what a test wants it to say.

Nothing here is shared with perch: headers are written by hand, bodies read by
Python's own XML reader. It speaks as pidgin-sipe does where a test says
nothing else: no branch in a dialog, (null) digested, one connection for all.

A phone reads only when it is asked to. Requests of the node that come
meanwhile are answered 200 and kept; a test takes them with `hear`.
"""
import hashlib
import itertools
import re
import socket
import ssl
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from transcript import Delivered, delivered_in  # noqa: E402

DOMAIN = 'fjord.example'
WAIT_S = 10.0
PASSWORD = 'tide-and-time'
XCCOS = '{urn:parlano:xml:ns:xccos}'
SDP = ('v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=session\r\n'
       'c=IN IP4 127.0.0.1\r\nt=0 0\r\nm=message 5060 sip null\r\n'
       'a=accept-types:text/plain\r\n')
PROVISIONING = 'vnd-microsoft-provisioning-v2'

# Every body a node has sent, for its grammar.
heard_bodies: set[bytes] = set()


class Gone(ConnectionError):
    """The node has closed the connection."""


@dataclass
class Message:
    """A SIP message as it came."""
    start: str
    lines: list[str]
    body: bytes

    @property
    def status(self) -> int:
        """The status of a response; 0 for a request."""
        word = self.start.split(' ')
        return int(word[1]) if word[0] == 'SIP/2.0' else 0

    def all(self, name: str) -> list[str]:
        """The values of the header's lines."""
        return [line.split(':', 1)[1].strip() for line in self.lines
                if line.split(':', 1)[0].strip().lower() == name.lower()]

    def header(self, name: str) -> str:
        """The header's value, of its first line; '' without one."""
        return (self.all(name) or [''])[0]

    @property
    def cseq(self) -> tuple[str, str]:
        """What a response and its request have in common."""
        return self.header('Call-ID'), self.header('CSeq')

    def xml(self) -> ET.Element:
        """The body."""
        return ET.fromstring(self.body)


@dataclass
class Heard:
    """One primitive a node has said in a dialog."""
    call_id: str
    kind: str           # rpl, ntc, grpchat
    name: str           # rpl:join, ntc:part, grpchat
    element: ET.Element
    request: Message

    @property
    def code(self) -> int:
        """A reply's code."""
        found = self.element.find(XCCOS + 'resp')
        assert found is not None
        return int(found.get('code', '0'))

    @property
    def why(self) -> str:
        """A reply's words."""
        return self.element.findtext(XCCOS + 'resp') or ''

    @property
    def envid(self) -> str:
        """Which envelope a reply answers."""
        found = self.element.find(XCCOS + 'commandid')
        return '' if found is None else found.get('envid', '')

    @property
    def text(self) -> str:
        """A message's text."""
        return self.element.findtext(XCCOS + 'chat') or ''

    def every(self, tag: str) -> list[ET.Element]:
        """All elements of a name below."""
        return list(self.element.iter(XCCOS + tag))


def md5(*parts: str) -> str:
    """What digests are made of."""
    return hashlib.md5(':'.join(parts).encode()).hexdigest()


def envelope(primitives: str, envid: object = 1) -> str:
    """XML around primitives."""
    return ('<xccos ver="1" envid="%s" xmlns="urn:parlano:xml:ns:xccos">%s'
            '</xccos>' % (envid, primitives))


class Phone:
    """A connection to a node, and who speaks on it."""

    _serial = itertools.count(1)

    def __init__(self, address: str, user: str,
                 authority: Path | None = None, endpoint: int = 0) -> None:
        """
        @authority  Speak TLS, and believe who is signed by it.
        @endpoint   Be the device that a phone before had as its serial.
        """
        self.user = user
        self.domain = DOMAIN
        self.uri = 'sip:%s@%s' % (user, self.domain)
        self.serial = endpoint or next(self._serial)
        self.epid = '9a31c0%06x' % self.serial
        self.call_id = 'reg%d' % self.serial
        self.cseq = 0
        self.answers = 200      # To what the node asks; 0: nothing.
        self.inbox: list[Heard] = []
        self.responses: dict[tuple[str, str], Message] = {}
        self.arrived: list[str] = []    # Start lines, in order.
        self.gone = False
        self.transcript: list[Delivered] = []   # What it was given.
        self._bytes = b''
        host, _, port = address.rpartition(':')
        self._socket = socket.create_connection((host, int(port)), WAIT_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.via = 'SIP/2.0/%s 127.0.0.1:%d' % (
            'tls' if authority else 'tcp', self._socket.getsockname()[1])
        if authority is not None:
            context = ssl.create_default_context(cafile=str(authority))
            self._socket = context.wrap_socket(self._socket,
                                               server_hostname='localhost')

    def close(self) -> None:
        """Hang up without a word."""
        self._socket.close()

    # --- bytes -----------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Send bytes."""
        try:
            self._socket.sendall(data)
        except OSError as error:
            self.gone = True
            raise Gone(self.user) from error

    def send(self, start: str, headers: list[str], body: bytes = b'') -> None:
        """Send a message."""
        head = '\r\n'.join([start, *headers,
                            'Content-Length: %d' % len(body)])
        self.write(head.encode() + b'\r\n\r\n' + body)

    def read(self, wait_s: float) -> bool:
        """Take in what comes within a time; was there something?"""
        try:
            self._socket.settimeout(max(0.001, wait_s))
            data = self._socket.recv(1 << 16)
        except TimeoutError:
            return False
        except OSError as error:
            self.gone = True
            raise Gone(self.user) from error
        if not data:
            self.gone = True
            raise Gone(self.user)
        self._bytes += data
        while self._cut():
            pass
        return True

    def _cut(self) -> bool:
        self._bytes = self._bytes.lstrip(b'\r\n')
        head, end, rest = self._bytes.partition(b'\r\n\r\n')
        if not end:
            return False
        start, *lines = head.decode().split('\r\n')
        found = Message(start, lines, b'')
        length = int(found.header('Content-Length') or '0')
        if len(rest) < length:
            return False
        found.body, self._bytes = rest[:length], rest[length:]
        self._take(found)
        return True

    def _take(self, message: Message) -> None:
        self.arrived.append(message.start.split(' ')[0])
        if message.status:
            self.responses[message.cseq] = message
            return
        if self.answers:
            self.answer(message, self.answers)
        if message.body:
            heard_bodies.add(message.body)
            self.transcript += delivered_in(message.xml())
            self.inbox += [
                Heard(message.header('Call-ID'), each.tag[len(XCCOS):],
                      each.get('id', ''), each, message)
                for each in message.xml()]

    def answer(self, request: Message, status: int) -> None:
        """Answer what the node has asked."""
        names = ('Via', 'From', 'To', 'Call-ID', 'CSeq')
        self.send('SIP/2.0 %d Said' % status,
                  ['%s: %s' % (name, value) for name in names
                   for value in request.all(name)])

    # --- waiting ---------------------------------------------------------

    def hear(self, is_it: Callable[[Heard], bool], what: str = '',
             wait_s: float = WAIT_S) -> Heard:
        """The first primitive of a kind; what else has come stays."""
        end = time.monotonic() + wait_s
        seen = 0
        while True:
            for i in range(seen, len(self.inbox)):
                if is_it(self.inbox[i]):
                    return self.inbox.pop(i)
            seen = len(self.inbox)
            if time.monotonic() > end:
                raise AssertionError('%s heard no %s, but %s' % (
                    self.user, what, [each.name for each in self.inbox]))
            self.read(end - time.monotonic())

    def listen(self, wait_s: float = 0.2) -> list[Heard]:
        """Everything, after so long a silence."""
        while self.read(wait_s):
            pass
        found, self.inbox = self.inbox, []
        return found

    def response(self, call_id: str, cseq: str,
                 wait_s: float = WAIT_S) -> Message:
        """The response to a request."""
        end = time.monotonic() + wait_s
        while (call_id, cseq) not in self.responses:
            if time.monotonic() > end:
                raise AssertionError('no response to %s' % cseq)
            self.read(end - time.monotonic())
        return self.responses.pop((call_id, cseq))

    def await_gone(self, wait_s: float = WAIT_S) -> None:
        """Wait for the node to close."""
        end = time.monotonic() + wait_s
        try:
            while time.monotonic() < end:
                self.read(end - time.monotonic())
        except Gone:
            return
        raise AssertionError('%s: the connection is still open' % self.user)

    # --- outside dialogs -------------------------------------------------

    def ask(self, method: str, uri: str, *more: str, body: bytes = b'',
            call_id: str = '', cseq: int = 0, to: str = '') -> Message:
        """Send a request and take its response."""
        if not cseq:
            self.cseq += 1
            cseq = self.cseq
        call_id = call_id or self.call_id
        self.send('%s %s SIP/2.0' % (method, uri), [
            'Via: %s;branch=z9hG4bK%d.%d' % (self.via, self.serial, cseq),
            'From: <%s>;tag=r%d;epid=%s' % (self.uri, self.serial, self.epid),
            'To: <%s>' % (to or uri), 'Max-Forwards: 70',
            'CSeq: %d %s' % (cseq, method), 'Call-ID: ' + call_id, *more],
            body)
        return self.response(call_id, '%d %s' % (cseq, method))

    def register(self, *more: str, cseq: int = 0) -> Message:
        """Send a REGISTER."""
        return self.ask(
            'REGISTER', 'sip:' + self.domain,
            'Contact: <sip:127.0.0.1:5060;transport=tcp>;proxy=replace;'
            '+sip.instance="<urn:uuid:5f0c2e11-7777-5a2b-9c3d-%012x>"' %
            self.serial,
            'Supported: gruu-10, adhoclist, msrtc-event-categories',
            'Event: registration', 'ms-keep-alive: UAC;hop-hop=yes', *more,
            cseq=cseq, to=self.uri)

    def credentials(self, challenge: Message, password: str,
                    name: str = '') -> str:
        """The header that answers a 407."""
        value = challenge.header('Proxy-Authenticate')
        found = dict(re.findall(r'(\w+)="?([^",]+)', value))
        name, realm, nonce = name or self.user, found['realm'], found['nonce']
        response = md5(md5(name, realm, password), nonce, '00000001', '7ab3',
                       'auth', md5('REGISTER', '(null)'))
        return ('Proxy-Authorization: Digest username="%s", realm="%s", '
                'nonce="%s", uri="(null)", qop=auth, nc=00000001, '
                'cnonce="7ab3", response="%s"' % (name, realm, nonce,
                                                  response))

    def sign_in(self, password: str = PASSWORD, name: str = '') -> Message:
        """REGISTER, and again with what the challenge asks for."""
        challenge = self.register()
        if challenge.status != 407:
            return challenge
        return self.register(self.credentials(challenge, password, name),
                             cseq=self.cseq)

    def subscribe(self, event: str) -> Message:
        """Ask for an event package once."""
        return self.ask('SUBSCRIBE', self.uri, 'Event: ' + event,
                        'Expires: 0', 'Proxy-Require: ms-benotify',
                        'Supported: ms-piggyback-first-notify',
                        call_id='sub%d' % self.serial)

    def invite(self, uri: str = '', sdp: bool = True) -> 'Dialog':
        """Open a dialog."""
        if not uri:
            document = self.subscribe(PROVISIONING).xml()
            uri = next(each.text or '' for each in document.iter()
                       if each.get('name') == 'DefaultPersistentChatPoolUri')
        dialog = Dialog(self, uri)
        dialog.opened = dialog.ask('INVITE', SDP.encode() if sdp else b'',
                                   'application/sdp' if sdp else '')
        if dialog.opened.status == 200:
            tag = re.search(r';tag=([^;]+)', dialog.opened.header('To'))
            assert tag is not None
            dialog.to = ';tag=' + tag.group(1)
            dialog.send('ACK', cseq=dialog.cseq)
        return dialog


@dataclass
class Dialog:
    """A dialog of a phone."""
    phone: Phone
    uri: str
    call_id: str = ''
    cseq: int = 0
    to: str = ''
    envid: int = 7000
    opened: Message = field(default_factory=lambda: Message('', [], b''))
    _serial = itertools.count(1)

    def __post_init__(self) -> None:
        self.call_id = 'call%d' % next(self._serial)

    def send(self, method: str, body: bytes = b'', kind: str = '',
             cseq: int = 0) -> str:
        """Send a request; the CSeq its response will have."""
        if not cseq:
            self.cseq += 1
            cseq = self.cseq
        phone = self.phone
        phone.send('%s %s SIP/2.0' % (method, self.uri), [
            'Via: ' + phone.via,
            'From: <%s>;tag=d%d;epid=%s' % (phone.uri, phone.serial,
                                            phone.epid),
            'To: <%s>%s' % (self.uri, self.to), 'Max-Forwards: 70',
            'CSeq: %d %s' % (cseq, method), 'Call-ID: ' + self.call_id,
            'Contact: <%s>' % phone.uri,
            *(['Content-Type: ' + kind] if kind else [])], body)
        return '%d %s' % (cseq, method)

    def ask(self, method: str, body: bytes = b'', kind: str = '',
            wait_s: float = WAIT_S) -> Message:
        """Send a request and take its response."""
        return self.phone.response(self.call_id,
                                   self.send(method, body, kind), wait_s)

    def info(self, body: str | bytes, wait_s: float = WAIT_S) -> Message:
        """Send an INFO and take its response."""
        data = body.encode() if isinstance(body, str) else body
        return self.ask('INFO', data, 'text/plain', wait_s)

    def hear(self, name: str, wait_s: float = WAIT_S) -> Heard:
        """The next primitive of a name said in this dialog."""
        return self.phone.hear(lambda each: each.call_id == self.call_id and
                               each.name == name, name, wait_s)

    def do(self, verb: str, data: str = '') -> Heard:
        """Give a command; the reply to it."""
        self.envid += 1
        envid = str(self.envid)
        done = self.info(envelope(
            '<cmd id="cmd:%s" seqid="1"><data>%s</data></cmd>' % (verb, data),
            envid))
        assert done.status == 200, done.start
        return self.phone.hear(
            lambda each: each.kind == 'rpl' and each.envid == envid and
            each.call_id == self.call_id, 'reply to ' + verb)

    def join(self, *rooms: str) -> Heard:
        """Go into rooms, with join or, for more than one, bjoin."""
        data = ''.join('<chanid key="%d" domain="%s" value="%s"/>' % (
            i, self.phone.domain, rooms[i].rpartition('/')[2])
            for i in range(len(rooms)))
        return self.do('bjoin' if len(rooms) > 1 else 'join', data)

    def part(self, room: str) -> Heard:
        """Leave a room."""
        return self.do('part', '<chanib uri="%s"/>' % room)

    def history(self, room: str, count: int = 25) -> Heard:
        """Ask for the last messages."""
        return self.do('bccontext', '<chanib uri="%s"/><bcq><last cnt="%d"/>'
                       '</bcq>' % (room, count))

    def said(self, room: str, text: str, author: str = '',
             retry: str = '', more: str = '') -> bytes:
        """The body of a post."""
        self.envid += 1
        return envelope(
            '<grpchat id="grpchat" seqid="1" chanUri=%s author="%s" '
            'ts="2031-02-03T07:52:00Z"%s%s><chat>%s</chat></grpchat>' % (
                quoteattr(room), author or self.phone.uri,
                ' xmlns:perch="urn:perch:xccos" perch:retry=%s' %
                quoteattr(retry) if retry else '', more,
                escape(text, {'\r': '&#13;'})), self.envid).encode()

    def post(self, room: str, text: str, author: str = '', retry: str = '',
             wait_s: float = WAIT_S) -> Message:
        """Post, and wait for the status."""
        return self.info(self.said(room, text, author, retry), wait_s)
