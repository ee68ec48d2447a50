#!/usr/bin/env python3
"""Clients that behave badly, and nodes that have no room for them.

    tests/system/test_clients.py BIN    BIN: the folder of the programs
"""
import os
import resource
import signal
import socket
import subprocess
import time
from pathlib import Path

import scene
from scene import WAIT_S, StandingScene, texts, until
from local_pool import Node

BASE_PORT = 25160

# More than a dialog's queue and window hold together (node/sip/limits.h).
MESSAGES = 1024 + 32 + 100


class SlowReader(StandingScene):
    """Who does not read delays nobody but himself."""

    def test_is_closed_and_catches_up(self) -> None:
        """The stopped client loses its connection; the one beside it, on the
        same node, hears all meanwhile; let go, it has everything once."""
        slow_node, other = self.pool.nodes()[:2]
        follow = ('follow', self.room, '--count', str(MESSAGES))
        slow = self.perch('ingrid', [slow_node, other], *follow)
        beside = self.perch('watcher', [slow_node], *follow)
        for process in (slow, beside):
            self.await_joined(process)
        os.kill(slow.pid, signal.SIGSTOP)
        wanted = ['message %d' % i for i in range(MESSAGES)]
        self.post(other, wanted)
        heard, _ = beside.communicate(timeout=WAIT_S)
        self.assertEqual(texts(heard.splitlines()), wanted)
        until(lambda: 'connection_ended' in self.journal(slow_node),
              'the slow reader is closed')
        os.kill(slow.pid, signal.SIGCONT)
        heard, _ = slow.communicate(timeout=WAIT_S)
        self.assertEqual(texts(heard.splitlines()), wanted)

    def await_joined(self, process: subprocess.Popen[str]) -> None:
        """Read until the client is in its room."""
        assert process.stdout is not None
        for line in process.stdout:
            if '"joined"' in line:
                return
        self.fail('perch ended early')

    def post(self, node: Node, lines: list[str]) -> None:
        """Each line is a message."""
        poster = self.perch('tomas', [node], 'post', self.room, '--lines',
                            stdin=subprocess.PIPE)
        poster.communicate('\n'.join(lines) + '\n', timeout=WAIT_S)
        self.assertEqual(poster.returncode, 0)


class Twins(StandingScene):
    """Two pidgins started in one second say the same Call-IDs and tags."""

    def test_never_meet(self) -> None:
        """Each speaks as itself, hears each message once, and outlives the
        other."""
        node = self.leader
        ingrid = self.phone(node, 'ingrid', '93B7g')
        tomas = self.phone(node, 'tomas', '93B7g')
        self.assertEqual(ingrid.post(self.room, 'of ingrid'), 200)
        self.assertEqual(tomas.post(self.room, 'of tomas'), 200)
        for phone in (ingrid, tomas):
            first = phone.hear_text('of ingrid').body
            self.assertIn('author="sip:ingrid@', first)
            self.assertIn('author="sip:tomas@',
                          phone.hear_text('of tomas').body)
        ingrid.close()
        self.assertEqual(tomas.post(self.room, 'alone'), 200)
        tomas.hear_text('alone')
        said = [each.body for each in tomas.requests if '<chat' in each.body]
        self.assertEqual(len(said), 3)
        self.assertEqual(self.history(node),
                         ['of ingrid', 'of tomas', 'alone'])


class Descriptors(StandingScene):
    """A node whose file descriptors are out."""

    LEFT = 10

    def test_newcomers_are_turned_away_and_the_pool_lives(self) -> None:
        """Who is in goes on; when callers leave, others may come again."""
        node = self.leader
        pid = node.pid() or 0
        inside = self.phone(node, 'ingrid', 'in')
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        used = len(list(Path('/proc/%d/fd' % pid).iterdir()))
        resource.prlimit(pid, resource.RLIMIT_NOFILE,
                         (used + self.LEFT, before[1]))
        host, _, port = node.sip_tcp.rpartition(':')
        crowd = [socket.create_connection((host, int(port)), WAIT_S)
                 for _ in range(4 * self.LEFT)]
        time.sleep(1)
        for i in range(50):
            self.assertEqual(inside.post(self.room, 'crowded %d' % i), 200)
        self.assertEqual(node.pid(), pid)
        for each in crowd:
            each.close()
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        self.phone(node, 'tomas', 'later')
        self.assertEqual(self.serve().pid(), pid)
        self.assertEqual(len(self.history(node)), 50)


if __name__ == '__main__':
    scene.main(BASE_PORT)
