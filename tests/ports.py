"""Ports for a pool that a test starts.

Blocks are taken under locks that all tests of this machine share, so that any
number of pools go side by side: a node that is down between two lives listens
on nothing, and its ports are not free.
"""
import fcntl
import os
import socket
import tempfile
from pathlib import Path

# All are below those that the kernel gives to outgoing connections.
PORTS_BEGIN, PORTS_END = 22000, 32000
BLOCK = 50              # Five nodes of PORTS_PER_NODE.


class Ports:
    """A block of ports that no other test has while this is open.

    base   The first of BLOCK.
    """

    def __init__(self) -> None:
        for base in range(PORTS_BEGIN + os.getpid() % 100 * BLOCK, PORTS_END,
                          BLOCK):
            self._lock = open(Path(tempfile.gettempdir()) /
                              ('perch-ports-%d' % base), 'w')
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _check_free(base)
                self.base = base
                return
            except OSError:
                self._lock.close()
        raise AssertionError('no free ports')

    def close(self) -> None:
        """Leave them to others."""
        self._lock.close()


def _check_free(base: int) -> None:
    """OSError when something listens on one of a block."""
    for port in range(base, base + BLOCK):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(('127.0.0.1', port))
