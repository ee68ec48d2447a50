#!/usr/bin/env python3
"""Others on the port between nodes: each is dropped, named, and forgotten.

    tests/system/test_strangers.py BIN    BIN: the folder of the programs

Every refusal has its own test in unit/test_transport_refusals; here whole
nodes meet some of them in earnest.
"""
import contextlib
import os
import socket
import ssl
import struct
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import scene
from scene import WAIT_S, StandingScene, until
from local_pool import Node

HELLO = 1               # A kind of frame, proto/peer.h.
ENTRIES = 12


def varint(number: int) -> bytes:
    """A number as protobuf writes it."""
    out = b''
    while number > 0x7f:
        out += bytes([number & 0x7f | 0x80])
        number >>= 7
    return out + bytes([number])


def frame(kind: int, payload: bytes) -> bytes:
    """A frame, proto/frame.h."""
    return struct.pack('<IBBH', len(payload), kind, 1, 0) + payload


def hello(pool: bytes, node: int) -> bytes:
    """A Hello, proto/peer.proto."""
    return frame(HELLO, b'\x0a' + varint(len(pool)) + pool +
                 b'\x10' + varint(node) + b'\x18' + varint(node) +
                 b'\x21' + struct.pack('<Q', 77) +
                 b'\x28\x01\x30\x01\x38\x01')


class Strangers(StandingScene):
    """Who is no node of the pool."""

    def make_certificates(self, name: str, *words: str) -> Path:
        """A folder of certificates by the pool's authority."""
        folder = self.pool.folder / name
        subprocess.run([str(scene.HOME / 'ops' / 'make-certs'), '--dir',
                        str(folder), '--authority', str(self.pool.authority),
                        *words], check=True, stdin=subprocess.DEVNULL,
                       timeout=WAIT_S)
        return folder

    @contextlib.contextmanager
    def call(self, node: Node, certificates: Path,
             number: int) -> Iterator[ssl.SSLSocket]:
        """A TLS connection as a node dials it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.load_cert_chain(certificates / ('node%d.pem' % number),
                                certificates / ('node%d.key' % number))
        host, _, port = node.peer.rpartition(':')
        with socket.create_connection((host, int(port)), WAIT_S) as bare:
            with context.wrap_socket(bare) as secure:
                yield secure

    def await_close(self, secure: ssl.SSLSocket) -> None:
        """The node hangs up."""
        with contextlib.suppress(OSError):
            while secure.recv(4096):
                pass

    def assert_lives(self, node: Node, said: str) -> None:
        """The node said why, and serves."""
        until(lambda: said in self.journal(node), said)
        dialog = self.phone(node, 'ingrid')
        self.assertEqual(dialog.post(self.room, said).status, 200)
        dialog.phone.close()

    def own_pool(self) -> bytes:
        """The pool's id."""
        return uuid.UUID(self.pool.shape.pool_id).bytes

    def test_another_pool(self) -> None:
        """A node of a pool that has the same authority."""
        node = self.pool.node(3)
        with self.call(node, self.pool.authority, 1) as secure:
            secure.sendall(hello(uuid.uuid4().bytes, 1))
            self.await_close(secure)
        self.assert_lives(node, 'reason=WRONG_POOL')

    def test_a_node_that_is_not_configured(self) -> None:
        """It has a certificate, and no place."""
        node = self.pool.node(2)
        certificates = self.make_certificates('nine', '--nodes', '9')
        with self.call(node, certificates, 9) as secure:
            secure.sendall(hello(self.own_pool(), 9))
            self.await_close(secure)
        self.assert_lives(node, 'reason=UNKNOWN_NODE')

    def test_an_expired_certificate(self) -> None:
        """It was a node."""
        node = self.pool.node(3)
        certificates = self.make_certificates('old', '--nodes', '2', '--days',
                                              '-1')
        with contextlib.suppress(OSError), \
                self.call(node, certificates, 2) as secure:
            secure.sendall(hello(self.own_pool(), 2))
            self.await_close(secure)
        self.assert_lives(node, 'certificate has expired')

    def test_frames_that_are_none(self) -> None:
        """From one who has a node's key: what was said before is replaced by
        the Hello, and the true node comes back by itself."""
        node = self.pool.node(3)
        for i in range(5):
            with self.call(node, self.pool.authority, 1) as secure:
                # A real node of that name is connected: the newest Hello
                # wins, and its owner may not admit this one at all.
                secure.sendall(hello(self.own_pool(), 1) +
                               frame(ENTRIES, os.urandom(100 + 1000 * i)))
                self.await_close(secure)
            with self.call(node, self.pool.authority, 1) as secure:
                secure.sendall(os.urandom(4096))
                self.await_close(secure)
        self.serve()
        self.assert_lives(node, 'peer_dropped')
        self.assert_same_state()

    def test_noise_without_tls(self) -> None:
        """And a caller who says nothing."""
        node = self.pool.node(1)
        host, _, port = node.peer.rpartition(':')
        silent = socket.create_connection((host, int(port)), WAIT_S)
        self.addCleanup(silent.close)
        with socket.create_connection((host, int(port)), WAIT_S) as noisy:
            with contextlib.suppress(OSError):
                noisy.sendall(os.urandom(65536))
                while noisy.recv(4096):
                    pass
        self.assert_lives(node, 'reason=TLS')
        until(lambda: 'reason=TIMED_OUT' in self.journal(node),
              'the silent one is dropped')


if __name__ == '__main__':
    scene.main()
