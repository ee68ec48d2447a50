"""A pool that exists in this process alone, for tests of the tests.

As much of SIP and XCCOS as pidgin-sipe needs to chat, over TCP, and faults to
order: the scenarios must pass without one and fail with each. It shares no
line with perch, so that a wrong idea of the protocol shows up as well.
"""
import asyncio
import itertools
import re
import threading
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timezone
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

NS = '{urn:parlano:xml:ns:xccos}'
PROVISIONING = '''\
<provisionGroupList xmlns="http://schemas.microsoft.com/2006/09/sip/\
provisiongrouplist-notification"><provisionGroup \
name="persistentChatConfiguration"><propertyEntryList>\
<property name="EnablePersistentChat">true</property>\
<property name="DefaultPersistentChatPoolUri">%s</property>\
</propertyEntryList></provisionGroup></provisionGroupList>'''

NUDGE_S = 1.0           # From a message to the CRLF after it.

LATE_S = 0.3            # An answer that is slower than what is said.

# Each spoils one promise; what it does is at the place that asks for it.
FAULTS = ('loses', 'repeats', 'swaps', 'mangles', 'forgets', 'no-echo',
          'short-history', 'overlaps', 'silent-refusal')


@dataclass
class Message:
    """A message of a room."""
    number: int
    author: str
    text: str
    at: str

    def attributes(self, uri: str) -> str:
        """As grpchat and msg have them."""
        return ('chanUri=%s author=%s ts=%s chatId="%d"' %
                (quoteattr(uri), quoteattr(self.author), quoteattr(self.at),
                 self.number))


@dataclass
class Room:
    """A room everybody may see and enter."""
    name: str
    uri: str
    messages: list[Message] = field(default_factory=list)
    present: list['Dialog'] = field(default_factory=list)
    heard: dict[str, int] = field(default_factory=dict)  # Endpoint: number.


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

    def __init__(self, pool: 'StandIn', writer: asyncio.StreamWriter) -> None:
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
            return (200 if pool.fault == 'silent-refusal' else 400,
                    lambda: None)
        return 200, lambda: pool.obey(dialog, envelope)


class StandIn:
    """The pool: some nodes, its rooms, and what is wrong with it."""

    def __init__(self, nodes: int, domain: str, fault: str = '') -> None:
        assert fault in ('', *FAULTS)
        self.domain = domain
        self.fault = fault
        self.uri = 'sip:pool@' + domain
        self.envelopes = itertools.count(1)
        self.rooms: dict[str, Room] = {}
        self._loop = asyncio.new_event_loop()
        self._servers: dict[int, asyncio.Server] = {}
        self._ports: dict[int, int] = {}
        self._connections: dict[int, list[Connection]] = {}
        self._held: tuple[Room, Message] | None = None
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        for node in range(1, nodes + 1):
            self._run(self._listen(node))

    # What scenarios ask of a pool.

    def address(self, node: int, transport: str) -> str:
        """Where a node listens."""
        assert transport == 'tcp'
        return '127.0.0.1:%d' % self._ports[node]

    def make_room(self, name: str) -> str:
        """A new room; its address."""
        uri = 'ma-chan://%s/%s' % (self.domain, uuid.uuid4())
        self.rooms[uri] = Room(name, uri)
        return uri

    def kill(self, node: int) -> None:
        """End a node without a word."""
        self._run(self._kill(node))

    def start(self, node: int) -> None:
        """Start it again, where it was."""
        self._run(self._listen(node))

    def close(self) -> None:
        """End everything."""
        for node in list(self._servers):
            self.kill(node)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    # What clients ask.

    def obey(self, dialog: Dialog, envelope: ElementTree.Element) -> None:
        """Do what one XCCOS body asks."""
        for post in envelope.iter(NS + 'grpchat'):
            self.post(dialog, post)
        for command in envelope.iter(NS + 'cmd'):
            self.command(dialog, envelope.attrib['envid'], command)

    def command(self, dialog: Dialog, envid: str,
                command: ElementTree.Element) -> None:
        """Obey one XCCOS command."""
        verb = command.attrib['id'].removeprefix('cmd:')
        data = command.find(NS + 'data')
        assert data is not None
        if verb == 'requri':
            dialog.reply(verb, envid, '<uib uri=%s/>' % quoteattr(self.uri))
        elif verb == 'chansrch':
            dialog.reply(verb, envid, ''.join(
                '<chanib name=%s uri=%s/>' % (quoteattr(room.name),
                                              quoteattr(room.uri))
                for room in self.rooms.values()))
        elif verb in ('join', 'bjoin'):
            self._join(dialog, verb, envid, data)
        elif verb == 'bccontext' and self.fault == 'overlaps':
            asyncio.get_running_loop().call_later(
                LATE_S, self._show_history, dialog, envid, data)
        elif verb == 'bccontext':
            self._show_history(dialog, envid, data)
        elif verb == 'part':
            room = self.rooms[data[0].attrib['uri']]
            dialog.reply(verb, envid, '<chanib uri=%s/>' % quoteattr(room.uri))
            self._part(dialog, room)
        else:
            dialog.reply(verb, envid, '')

    def post(self, dialog: Dialog, post: ElementTree.Element) -> None:
        """Give a message its number and tell everybody."""
        room = self.rooms[post.attrib['chanUri']]
        now = datetime.now(timezone.utc).strftime('%Y-%m-%dT%H:%M:%S.%fZ')
        message = Message(len(room.messages) + 1, dialog.connection.endpoint,
                          post.findtext(NS + 'chat') or '', now)
        if self.fault == 'mangles':     # As one who counts UTF-16.
            message.text = re.sub('[\U00010000-\U0010ffff]', '?', message.text)
        room.messages.append(message)
        if self.fault == 'swaps' and message.number % 5 == 2:
            self._held = room, message
            return
        self._tell(room, message)
        if self._held is not None:
            self._tell(*self._held)
            self._held = None

    def forget(self, connection: Connection) -> None:
        """A connection is gone."""
        for dialog in list(connection.dialogs.values()):
            self.close_dialog(dialog)
        for connections in self._connections.values():
            if connection in connections:
                connections.remove(connection)

    def close_dialog(self, dialog: Dialog) -> None:
        """A dialog is gone; so is who sat in rooms by it."""
        for uri in list(dialog.joined):
            self._part(dialog, self.rooms[uri])

    # Within.

    def _tell(self, room: Room, message: Message) -> None:
        for i, dialog in enumerate(room.present):
            mine = dialog.connection.endpoint == message.author
            if (self.fault == 'no-echo' and mine) or (
                    self.fault == 'loses' and not mine and
                    message.number % 7 == 3):
                continue
            copies = 2 if self.fault == 'repeats' and not mine and \
                message.number % 7 == 3 else 1
            for _ in range(copies):
                dialog.send('<grpchat id="grpchat" seqid="1" %s><chat>%s'
                            '</chat></grpchat>' %
                            (message.attributes(room.uri),
                             escape(message.text)))
            room.heard[dialog.connection.endpoint] = message.number

    def _join(self, dialog: Dialog, verb: str, envid: str,
              data: ElementTree.Element) -> None:
        joined, users = [], []
        for each in data.iter(NS + 'chanid'):
            room = self.rooms.get('ma-chan://%s/%s' % (each.attrib['domain'],
                                                       each.attrib['value']))
            if room is None:
                continue
            who = dialog.connection.endpoint
            for other in room.present:
                other.send('<ntc id="ntc:join" seqid="1"><data><uib uri=%s>'
                           '<aib key="3984" domain=%s value=%s/></uib></data>'
                           '</ntc>' % (quoteattr(who), quoteattr(self.domain),
                                       quoteattr(each.attrib['value'])))
            room.present.append(dialog)
            last = len(room.messages)
            dialog.joined[room.uri] = last, room.heard.get(who, last)
            users = [other.connection.endpoint for other in room.present]
            joined.append('<chanib name=%s uri=%s><aib key="3984" value="%s"/>'
                          '</chanib>' % (quoteattr(room.name),
                                         quoteattr(room.uri), ','.join(
                                             map(str, range(len(users))))))
        if not joined:
            dialog.reply(verb, envid, '', 404, 'ERROR_NO_SUCH_NODE: no room')
            return
        dialog.reply(verb, envid, ''.join(joined) + ''.join(
            '<uib id="%d" uri=%s/>' % (i, quoteattr(user))
            for i, user in enumerate(users)))

    def _show_history(self, dialog: Dialog, envid: str,
                      data: ElementTree.Element) -> None:
        room = self.rooms[data[0].attrib['uri']]
        if room.uri not in dialog.joined:
            return      # It left before a late answer.
        upto, since = dialog.joined[room.uri]
        if self.fault == 'overlaps':
            upto = len(room.messages)
        if self.fault == 'short-history':
            since = upto
        first = max(0, min(since, upto - 25))
        if self.fault == 'forgets':
            first = upto
        dialog.reply('bccontext', envid, '<chanib uri=%s>%s</chanib>' % (
            quoteattr(room.uri), ''.join(
                '<msg id="grpchat" %s><chat>%s</chat></msg>' %
                (message.attributes(room.uri), escape(message.text))
                for message in room.messages[first:upto])))

    def _part(self, dialog: Dialog, room: Room) -> None:
        dialog.joined.pop(room.uri, None)
        if dialog not in room.present:
            return
        room.present.remove(dialog)
        for other in room.present:
            other.send('<ntc id="ntc:part" seqid="1"><data><chanib uri=%s>'
                       '<uib uri=%s/></chanib></data></ntc>' %
                       (quoteattr(room.uri),
                        quoteattr(dialog.connection.endpoint)))

    async def _listen(self, node: int) -> None:
        async def serve(reader: asyncio.StreamReader,
                        writer: asyncio.StreamWriter) -> None:
            connection = Connection(self, writer)
            self._connections[node].append(connection)
            await connection.serve(reader)

        self._connections.setdefault(node, [])
        server = await asyncio.start_server(
            serve, '127.0.0.1', self._ports.get(node, 0))
        self._servers[node] = server
        self._ports[node] = server.sockets[0].getsockname()[1]

    async def _kill(self, node: int) -> None:
        self._servers.pop(node).close()
        for connection in list(self._connections[node]):
            connection.writer.transport.abort()
            self.forget(connection)
        await asyncio.sleep(0)

    def _run(self, coroutine: Coroutine[None, None, None]) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)
