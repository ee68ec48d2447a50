"""A client on a bare socket, for what no well-behaved client does.

It says what pidgin-sipe says, and nothing unless it is told to: requests of
the node stay unanswered until answer() is called.
"""
import hashlib
import re
import socket
from dataclasses import dataclass

DOMAIN = 'fjord.example'
POOL_URI = 'sip:GC-1-PersistentChatService-1@' + DOMAIN
WAIT_S = 30.0
SDP = ('v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=session\r\n'
       'c=IN IP4 127.0.0.1\r\nt=0 0\r\nm=message 5060 sip null\r\n'
       'a=accept-types:text/plain\r\n')


@dataclass(frozen=True)
class Heard:
    """A message of the node. status 0: a request."""
    status: int
    head: str
    body: str

    def header(self, name: str) -> str:
        """A header's value."""
        found = re.search(r'^%s: *(.*)$' % re.escape(name), self.head,
                          re.MULTILINE | re.IGNORECASE)
        if found is None:
            raise AssertionError('no %s in %s' % (name, self.head))
        return found.group(1).strip()


class Phone:
    """One connection, one user, one dialog.

    @tag  Makes Call-IDs and tags; phones of one tag cannot be told apart but
          by their connections.
    """

    def __init__(self, address: str, user: str, tag: str,
                 receive_bytes: int = 0) -> None:
        host, _, port = address.rpartition(':')
        self._socket = socket.socket()
        if receive_bytes > 0:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                                    receive_bytes)
        self._socket.settimeout(WAIT_S)
        self._socket.connect((host, int(port)))
        self._bytes = b''
        self._cseq = 1
        self._to_tag = ''
        self.user = user
        self.tag = tag
        self.requests: list[Heard] = []   # Of the node, in order.

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def sign_in(self, password: str) -> None:
        """REGISTER, with Digest."""
        challenge = self._register('')
        if challenge.status != 407:
            raise AssertionError(challenge.head)
        found = re.search('nonce="([^"]*)"',
                          challenge.header('Proxy-Authenticate'))
        assert found is not None
        nonce, uri = found.group(1), 'sip:' + DOMAIN
        name = '%s@%s' % (self.user, DOMAIN)
        proof = _md5(':'.join((
            _md5('%s:%s:%s' % (name, DOMAIN, password)), nonce,
            '00000001', '7ab3', 'auth', _md5('REGISTER:' + uri))))
        answer = self._register(
            'Proxy-Authorization: Digest username="%s", realm="%s", '
            'nonce="%s", uri="%s", qop=auth, nc=00000001, cnonce="7ab3", '
            'response="%s"\r\n' % (name, DOMAIN, nonce, uri, proof))
        if answer.status != 200:
            raise AssertionError(answer.head)

    def invite(self) -> None:
        """Open the dialog."""
        self._say('INVITE', POOL_URI, 'Content-Type: application/sdp\r\n'
                  'Contact: <sip:%s@%s>;proxy=replace\r\n' %
                  (self.user, DOMAIN), SDP)
        answer = self.hear_answer('INVITE')
        self._to_tag = answer.header('To').rpartition(';tag=')[2]
        self._say('ACK', POOL_URI)

    def enter(self, room: str) -> None:
        """Join a room, and hear that it was done."""
        domain, _, guid = room.removeprefix('ma-chan://').partition('/')
        self.info('<cmd id="cmd:bjoin" seqid="1"><data><chanid key="0" '
                  'domain="%s" value="%s"/></data></cmd>' % (domain, guid))
        if self.hear_answer('INFO').status != 200:
            raise AssertionError('bjoin refused')
        while not any('rpl:bjoin' in each.body for each in self.requests):
            self._hear()
        for each in self.requests:
            self.answer(each)

    def post(self, room: str, text: str) -> int:
        """Post, and hear the answer's status; 200: it is kept."""
        self.info('<grpchat id="grpchat" seqid="1" chanUri="%s" '
                  'author="sip:%s@%s" ts="2031-02-03T07:31:09Z"><chat>%s'
                  '</chat></grpchat>' % (room, self.user, DOMAIN, text))
        return self.hear_answer('INFO').status

    def info(self, body: str) -> None:
        """Say an INFO with an XCCOS document."""
        self._cseq += 1
        self._say('INFO', POOL_URI, 'Content-Type: text/plain\r\n',
                  '<xccos ver="1" envid="%d" xmlns="urn:parlano:xml:ns:xccos">'
                  '%s</xccos>' % (310044700 + self._cseq, body))

    def hear_answer(self, method: str) -> Heard:
        """The next answer to a method; requests on the way are kept."""
        while True:
            found = self._hear()
            if found.status and method in found.header('CSeq'):
                return found

    def hear_text(self, text: str) -> Heard:
        """Hear, and answer, requests until one has a text."""
        while True:
            for each in self.requests:
                if text in each.body:
                    return each
            found = self._hear()
            if not found.status:
                self.answer(found)

    def answer(self, request: Heard) -> None:
        """200 to a request of the node."""
        lines = ['%s: %s' % (name, request.header(name)) for name in
                 ('Via', 'From', 'To', 'Call-ID', 'CSeq')]
        self.say_bytes(('SIP/2.0 200 OK\r\n%s\r\nContent-Length: 0\r\n\r\n' %
                        '\r\n'.join(lines)).encode())

    def is_closed(self) -> bool:
        """Has the node hung up? Reads what there is."""
        self._socket.settimeout(0.01)
        try:
            while self._socket.recv(65536):
                pass
            return True
        except TimeoutError:
            return False
        except OSError:
            return True
        finally:
            self._socket.settimeout(WAIT_S)

    def say_bytes(self, data: bytes) -> None:
        """Say anything."""
        self._socket.sendall(data)

    def _register(self, more: str) -> Heard:
        self._say('REGISTER', 'sip:' + DOMAIN,
                  'Contact: <sip:127.0.0.1:5099;transport=tcp>;proxy=replace;'
                  '+sip.instance="<urn:uuid:5f0c2e11-7777-5a2b-9c3d-'
                  '0123456789ab>"\r\nEvent: registration\r\n' + more)
        return self.hear_answer('REGISTER')

    def _say(self, method: str, uri: str, more: str = '',
             body: str = '') -> None:
        own = '<sip:%s@%s>' % (self.user, DOMAIN)
        to = own if method == 'REGISTER' else '<%s>' % POOL_URI
        if self._to_tag:
            to += ';tag=' + self._to_tag
        self.say_bytes((
            '%s %s SIP/2.0\r\n'
            'Via: SIP/2.0/tcp 127.0.0.1:5099;branch=z9hG4bK%s\r\n'
            'From: %s;tag=%s;epid=9a31c07be512\r\nTo: %s\r\n'
            'Max-Forwards: 70\r\nCSeq: %d %s\r\nCall-ID: %s\r\n%s'
            'Content-Length: %d\r\n\r\n%s' %
            (method, uri, self.tag, own, self.tag, to, self._cseq, method,
             self.tag + ('r' if method == 'REGISTER' else 'd'), more,
             len(body.encode()), body)).encode())

    def _hear(self) -> Heard:
        while True:
            self._bytes = self._bytes.lstrip(b'\r\n')
            head, found, rest = self._bytes.partition(b'\r\n\r\n')
            if found:
                length = re.search(rb'^Content-Length: *(\d+)', head,
                                   re.MULTILINE | re.IGNORECASE)
                size = int(length.group(1)) if length else 0
                if len(rest) >= size:
                    break
            data = self._socket.recv(65536)
            if not data:
                raise ConnectionError('the node hung up')
            self._bytes += data
        self._bytes = rest[size:]
        text = head.decode().replace('\r\n', '\n')
        status = re.match(r'SIP/2.0 (\d+)', text)
        heard = Heard(int(status.group(1)) if status else 0, text,
                      rest[:size].decode())
        if not heard.status:
            self.requests.append(heard)
        return heard


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()
