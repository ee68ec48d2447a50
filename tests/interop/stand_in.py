"""A pool that exists in this process alone, for tests of the tests.

As much of XCCOS as pidgin-sipe needs to chat, and faults to order: the
scenarios must pass without one and fail with each. It shares no line with
perch, so that a wrong idea of the protocol shows up as well.
"""
import asyncio
import itertools
import re
import threading
import uuid
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timezone
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from stand_in_sip import Connection, Dialog

NS = '{urn:parlano:xml:ns:xccos}'
LATE_S = 0.3            # An answer that is slower than what is said.

# Each spoils one promise; what it does is at the place that asks for it.
FAULTS = ('loses', 'repeats', 'swaps', 'mangles', 'forgets', 'no-echo',
          'short-history', 'overlaps', 'silent-refusal', 'undoes', 'haunts')


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
    present: list[Dialog] = field(default_factory=list)
    heard: dict[str, int] = field(default_factory=dict)  # Endpoint: number.


class StandIn:
    """The pool: some nodes, its rooms, and what is wrong with it."""

    def __init__(self, nodes: int, domain: str, fault: str = '') -> None:
        assert fault in ('', *FAULTS)
        self.domain = domain
        self.fault = fault
        self.accepts_garbage = fault == 'silent-refusal'
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
        """Start it again, where it was, if it does not run."""
        if node not in self._servers:
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
        if self.fault != 'haunts':
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
        for dialog in room.present:
            mine = dialog.connection.endpoint == message.author
            if dialog.connection.writer.is_closing() or (
                    self.fault == 'no-echo' and mine) or (
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
        who = dialog.connection.endpoint
        if who in (other.connection.endpoint for other in room.present):
            return      # The user is in by another dialog.
        for other in room.present:
            other.send('<ntc id="ntc:part" seqid="1"><data><chanib uri=%s>'
                       '<uib uri=%s/></chanib></data></ntc>' %
                       (quoteattr(room.uri), quoteattr(who)))

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
        if self.fault == 'undoes':
            for room in self.rooms.values():
                del room.messages[-3:]
        for connection in list(self._connections[node]):
            connection.writer.transport.abort()
            self.forget(connection)
        await asyncio.sleep(0)

    def _run(self, coroutine: Coroutine[None, None, None]) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)
