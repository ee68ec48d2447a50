"""SIP as far as pidgin-sipe needs it to chat, over TCP, for stand_in.py."""
import asyncio
import itertools
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

NUDGE_S = 1.0           # From a message to the CRLF after it.

PROVISIONING = '''\
<provisionGroupList xmlns="http://schemas.microsoft.com/2006/09/sip/\
provisiongrouplist-notification"><provisionGroup \
name="persistentChatConfiguration"><propertyEntryList>\
<property name="EnablePersistentChat">true</property>\
<property name="DefaultPersistentChatPoolUri">%s</property>\
</propertyEntryList></provisionGroup></provisionGroupList>'''


class Chat(Protocol):
    """Who knows what XCCOS says."""
    uri: str
    accepts_garbage: bool
    envelopes: 'itertools.count[int]'

    def obey(self, dialog: 'Dialog', envelope: ElementTree.Element) -> None:
        """Do what a body asks."""

    def close_dialog(self, dialog: 'Dialog') -> None:
        """A dialog is gone."""

    def forget(self, connection: 'Connection') -> None:
        """A connection is gone."""


@dataclass
class Dialog:
    """One INVITE's dialog on a connection."""
    connection: 'Connection'
    call_id: str
    ours: str       # Our From value, with tag.
    theirs: str
    cseq: int = 0
    # Rooms: the last number before it joined, the last its user had heard.
    joined: dict[str, tuple[int, int]] = field(default_factory=dict)

    def send(self, body: str) -> None:
        """Say XCCOS in an INFO of its own."""
        self.cseq += 1
        self.connection.send(
            'INFO %s SIP/2.0' % self.connection.uri,
            ['Via: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK%s' % uuid.uuid4().hex,
             'From: ' + self.ours, 'To: ' + self.theirs,
             'Call-ID: ' + self.call_id, 'CSeq: %d INFO' % self.cseq,
             'Max-Forwards: 70', 'Content-Type: text/plain'],
            '<xccos ver="1" envid="%d" xmlns="urn:parlano:xml:ns:xccos">%s'
            '</xccos>' % (next(self.connection.pool.envelopes), body))

    def reply(self, verb: str, envid: str, data: str, code: int = 200,
              text: str = 'SUCCESS_OK') -> None:
        """Answer a command."""
        self.send('<rpl id="rpl:%s" seqid="1"><commandid seqid="1" '
                  'envid=%s/><resp code="%d">%s</resp><data>%s</data></rpl>' %
                  (verb, quoteattr(envid), code, escape(text), data))


class Connection:
    """A client's TCP connection to one node."""

    def __init__(self, pool: Chat, writer: asyncio.StreamWriter) -> None:
        self.pool = pool
        self.writer = writer
        self.uri = ''
        self.endpoint = ''
        self.dialogs: dict[str, Dialog] = {}
        self.nudge: asyncio.TimerHandle | None = None

    def send(self, start: str, headers: list[str], body: str = '') -> None:
        """Write one message, and soon after a CRLF: the plugin overlooks a
        message that ends where its buffer does, until more comes. (A CRLF at
        once would hide the next message in the same way.)"""
        data = body.encode()
        head = [start, *headers, 'Content-Length: %d' % len(data)]
        self.writer.write('\r\n'.join(head).encode() + b'\r\n\r\n' + data)
        if self.nudge is not None:
            self.nudge.cancel()
        self.nudge = asyncio.get_running_loop().call_later(
            NUDGE_S, self.writer.write, b'\r\n')

    async def serve(self, reader: asyncio.StreamReader) -> None:
        """Read messages until the end."""
        try:
            while True:
                head = (await reader.readuntil(b'\r\n\r\n')).decode()
                if not head.strip():
                    continue
                head = head.lstrip('\r\n')
                length = re.search(r'(?mi)^content-length: *(\d+)', head)
                body = await reader.readexactly(
                    int(length[1]) if length else 0)
                self.obey(head.split('\r\n'), body)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            if self.nudge is not None:
                self.nudge.cancel()
            self.pool.forget(self)
            self.writer.close()

    def obey(self, lines: list[str], body: bytes) -> None:
        """Answer one request; responses are taken as read."""
        if lines[0].startswith('SIP/2.0') or lines[0].startswith('ACK '):
            return
        method, uri, _ = lines[0].split(' ')
        headers: dict[str, str] = {}
        for line in lines[1:]:
            name, colon, value = line.partition(':')
            if colon:
                headers.setdefault(name.lower(), value.strip())
        if ';tag=' not in headers['to']:
            headers['to'] += ';tag=' + uuid.uuid4().hex[:8]
        status, more, answer = 200, [], ''
        after: Callable[[], None] = lambda: None
        if method == 'REGISTER':
            more = self.register(headers)
        elif method == 'SUBSCRIBE':
            more = ['Event: vnd-microsoft-provisioning-v2', 'Expires: 0',
                    'subscription-state: terminated;expires=0',
                    'ms-piggyback-cseq: 1', 'Content-Type: application/'
                    'vnd-microsoft-roaming-provisioning-v2+xml']
            answer = PROVISIONING % self.pool.uri
        elif method == 'INVITE':
            self.dialogs[headers['call-id']] = Dialog(
                self, headers['call-id'], headers['to'], headers['from'])
            more = ['Contact: <%s>' % uri, 'Session-Expires: 720;refresher=uac']
        elif method == 'INFO':
            status, after = self.info(self.dialogs[headers['call-id']], body)
        elif method == 'BYE':
            self.pool.close_dialog(self.dialogs.pop(headers['call-id']))
        self.send('SIP/2.0 %d Answered' % status,
                  ['%s: %s' % (name, headers[name.lower()])
                   for name in ('Via', 'From', 'To', 'Call-ID', 'CSeq')] +
                  more, answer)
        after()

    def register(self, headers: dict[str, str]) -> list[str]:
        """Sign somebody in; anybody is welcome."""
        found = re.search('<([^>]*)>', headers['from'])
        contact = re.search('<([^>]*)>', headers['contact'])
        assert found and contact
        self.endpoint, self.uri = found[1], contact[1]
        return ['Expires: 600', 'Supported: msrtc-event-categories',
                'Allow-Events: vnd-microsoft-provisioning-v2',
                'Contact: %s' % headers['contact']]

    def info(self, dialog: Dialog,
             body: bytes) -> tuple[int, Callable[[], None]]:
        """The status of an INFO, and what to do after it was said."""
        pool = self.pool
        try:
            envelope = ElementTree.fromstring(body)
        except ElementTree.ParseError:
            return 200 if pool.accepts_garbage else 400, lambda: None
        return 200, lambda: pool.obey(dialog, envelope)
