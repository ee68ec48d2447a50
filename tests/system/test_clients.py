#!/usr/bin/env python3
"""Clients that behave badly, and nodes that have no room for them.

    tests/system/test_clients.py BIN    BIN: the folder of the programs
"""
import json
import os
import signal
import socket
import subprocess

import scene
from scene import WAIT_S, StandingScene, program, texts, until
from local_pool import Node


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


class Retry(StandingScene):
    """A script that is run again."""

    def test_learns_which_message_it_was(self) -> None:
        """The same retry id by another node is the first message, and its id
        is told at once although no copy comes."""
        one, other = self.pool.nodes()[:2]
        found = [self.post(one, 'first', 'id-1'),
                 self.post(one, 'between', 'id-2'),
                 self.post(other, 'first', 'id-1')]
        self.assertEqual(found, [1, 2, 1])
        self.assertEqual(self.history(other), ['first', 'between'])

    def post(self, node: Node, text: str, retry_id: str) -> int | None:
        """Post once; the message id that is told."""
        poster = self.perch('tomas', [node], 'post', self.room, text,
                            '--retry-id', retry_id)
        told, _ = poster.communicate(timeout=WAIT_S)
        self.assertEqual(poster.returncode, 0, told)
        done = [json.loads(line) for line in told.splitlines()
                if '"retry_id"' in line]
        return done[-1].get('id')


class Descriptors(StandingScene):
    """A node that may open few files."""

    ALLOWED = 520       # A little above DESCRIPTORS_MIN, node/descriptors.h.
    POSTS = 300         # Enough for the store to flush, and the log to be cut.

    def start_limited(self, node: Node, files: int) -> None:
        """Start the node with ulimit -n."""
        subprocess.run(
            ['prlimit', '--nofile=%d' % files, str(scene.HOME / 'ops/pool'),
             'start-node', str(node.number), '--dir', str(self.pool.folder)],
            check=True, stdout=subprocess.DEVNULL, timeout=WAIT_S)

    def test_callers_never_get_the_last_ones(self) -> None:
        """Strangers who take all there are stop neither who is in, nor log
        and store; when they leave, others may come again."""
        node = self.pool.nodes()[0]
        node.stop()
        self.start_limited(node, self.ALLOWED)
        self.serve()
        pid = node.pid()
        inside = self.phone(node, 'ingrid')
        host, _, port = node.sip_tcp.rpartition(':')
        crowd = [socket.create_connection((host, int(port)), WAIT_S)
                 for _ in range(self.ALLOWED)]
        for i in range(self.POSTS):
            self.assertEqual(inside.post(self.room, 'crowded %d' % i).status,
                             200)
        until(lambda: 'limit_met' in self.journal(node), 'it says so')
        for each in crowd:
            each.close()
        until(lambda: self.may_enter(node), 'others may come again')
        self.assertEqual((node.pid(), self.serve().pid() is not None),
                         (pid, True))
        self.assertEqual(len(self.history(node)), self.POSTS)

    def may_enter(self, node: Node) -> bool:
        """Is one more caller taken?"""
        try:
            self.phone(node, 'tomas')
        except OSError:
            return False
        return True

    def test_too_few_are_named_at_the_start(self) -> None:
        """Rather than later, when it would hurt."""
        node = self.pool.nodes()[0]
        node.stop()
        done = subprocess.run(
            ['prlimit', '--nofile=100', program('perchd'), '--config',
             str(node.config)], capture_output=True, text=True,
            timeout=WAIT_S, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn('descriptors_few allowed=100 needed=512', done.stderr)


if __name__ == '__main__':
    scene.main()
