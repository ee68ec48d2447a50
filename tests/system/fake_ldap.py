"""A directory server that answers as told, for what slapd never does: ranges
of values as Active Directory gives them, and answers that do not say whether
they are whole.

It speaks as much LDAP (RFC 4511) as perch-directory asks for.
"""
import socket
import threading
from collections.abc import Callable

BIND, UNBIND, SEARCH = 0x60, 0x42, 0x63
BOUND, ENTRY, SEARCHED = 0x61, 0x64, 0x65
INSUFFICIENT_RIGHTS = b'\x32'
PAGED = b'1.2.840.113556.1.4.319'

Entry = tuple[str, dict[str, list[str]]]
# base, what of it is asked for -> entries
Answer = Callable[[str, list[str]], list[Entry]]


def tlv(tag: int, *parts: bytes) -> bytes:
    """One BER element."""
    body = b''.join(parts)
    if len(body) < 128:
        return bytes((tag, len(body))) + body
    size = len(body).to_bytes(4, 'big')
    return bytes((tag, 0x84)) + size + body


def text(value: str) -> bytes:
    """An octet string."""
    return tlv(0x04, value.encode())


def elements(body: bytes) -> list[tuple[int, bytes]]:
    """The elements that lie in another."""
    found, at = [], 0
    while at < len(body):
        tag, size, at = body[at], body[at + 1], at + 2
        if size & 0x80:
            n = size & 0x7f
            size, at = int.from_bytes(body[at:at + n], 'big'), at + n
        found.append((tag, body[at:at + size]))
        at += size
    return found


class FakeLdap:
    """One server, in a thread of its own."""

    def __init__(self, port: int, answer: Answer, pages: bool = True,
                 refuses: bytes = b'') -> None:
        self._answer, self._pages, self._refuses = answer, pages, refuses
        self._socket = socket.create_server(('127.0.0.1', port))
        self.uri = 'ldap://127.0.0.1:%d' % port
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Hear nobody any more; a second time, nothing is left to do."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                link, _ = self._socket.accept()
            except OSError:
                return
            with link:
                self._talk(link)

    def _talk(self, link: socket.socket) -> None:
        heard = b''
        while True:
            more = link.recv(65536)
            if not more:
                return
            heard += more
            for tag, body in elements(heard):
                (_, number), (kind, asked), *_ = elements(body)
                assert tag == 0x30
                if kind == BIND:
                    link.sendall(self._message(number, tlv(
                        BOUND, tlv(0x0a, b'\0'), text(''), text(''))))
                elif kind == SEARCH:
                    link.sendall(self._search(number, asked))
            heard = b''     # One request at a time, and small ones.

    @staticmethod
    def _message(number: bytes, *parts: bytes) -> bytes:
        return tlv(0x30, tlv(0x02, number), *parts)

    def _search(self, number: bytes, asked: bytes) -> bytes:
        fields = elements(asked)
        names = [each.decode() for _, each in elements(fields[7][1])]
        found = self._answer(fields[0][1].decode(), names)
        said = b''.join(self._message(number, tlv(
            ENTRY, text(dn), tlv(0x30, *(
                tlv(0x30, text(name), tlv(0x31, *map(text, values)))
                for name, values in attributes.items()))))
            for dn, attributes in found)
        controls = tlv(0xa0, tlv(0x30, tlv(0x04, PAGED), tlv(0x04, tlv(
            0x30, tlv(0x02, b'\0'), text(''))))) if self._pages else b''
        code = INSUFFICIENT_RIGHTS if self._refuses else b'\0'
        return said + self._message(number, tlv(
            SEARCHED, tlv(0x0a, code), text(''), tlv(0x04, self._refuses)),
            controls)
