#!/usr/bin/env python3
"""Whole nodes as an operator meets them: started, told, broken, ended.

    tests/system/test_node.py BIN     BIN: the folder of perchd and perchctl

Rooms under load and faults of machines are jepsen's; here is the daemon.
"""
import os
import shutil
import signal
import subprocess
from pathlib import Path

import scene
from scene import WAIT_S, Scene, page, program, until
from local_pool import Node



class Life(Scene):
    """Start, status, end."""

    def address(self, port: int) -> str:
        """An address of the pool's block of ports."""
        return '127.0.0.1:%d' % (scene.Setup.base_port + port)

    def test_status_tells_all_of_each_node(self) -> None:
        """What tests and people ask ops/pool for."""
        self.serve()
        nodes = self.pool.status()
        self.assertEqual([node.id for node in nodes], [1, 2, 3])
        self.assertEqual(sorted(node.role for node in nodes),
                         ['follower', 'follower', 'leader'])
        self.assertEqual(nodes[1].sip_tcp, self.address(10))
        self.assertEqual(nodes[1].sip_tls, self.address(11))
        for node in nodes:
            self.assertGreater(node.term or 0, 0)
            self.assertGreater(node.applied_index or 0, 0)
            self.assertTrue(Path(node.data_directory).is_dir())
            self.assertTrue(Path(node.log_file).is_file())

    def test_sigterm_ends_with_0_and_leadership_moves_first(self) -> None:
        """A drained leader has handed over before it ends."""
        leader = self.serve()
        leader.stop()
        self.assertIn('ended node=%d exit=0' % leader.number,
                      self.journal(leader))
        other = until(self.pool.leader, 'another leader')
        self.assertNotEqual(other.number, leader.number)
        self.assertNotIn('not_handed_over', self.journal(leader))
        self.serve()
        self.assert_same_state()

    def test_who_leaves_does_not_begin_to_serve(self) -> None:
        """The pool gets its domain while one node drains: nobody could be
        signed in there who would not be sent away at once."""
        for node in self.pool.nodes():
            node.config.write_text(node.config.read_text().replace(
                'notice = 0ms', 'notice = 5s'))
        self.pool.start()
        leader = until(self.pool.leader, 'a leader')
        leaving = self.pool.node(1 + leader.number % 3)
        leaving.signal(signal.SIGTERM)
        until(lambda: ' draining ' in self.journal(leaving), 'draining')
        leader.perchctl('pool', 'set', 'domain', scene.DOMAIN)
        until(lambda: 'clients_not_served node=%d reason=draining' %
              leaving.number in self.journal(leaving), 'the domain is known')
        self.assertTrue(leaving.await_end(WAIT_S))
        self.assertNotIn(' listening ', self.journal(leaving))
        self.assertIn(' listening ', self.journal(leader))
        self.assertIn('exit=0', self.journal(leaving))

    def test_pages_tell_ready_and_metrics(self) -> None:
        """What load balancers and monitoring look at."""
        leader = self.serve()
        self.assertEqual(page(leader, '/livez'), 'alive\n')
        self.assertEqual(page(leader, '/readyz'), 'ready\n')
        self.assertEqual(page(leader, '/leaderz'), 'leader\n')
        metrics = page(leader, '/metrics')
        for name in ('perch_apply_entries_total', 'perch_raft_term',
                     'perch_sip_connections', 'perch_posts_total',
                     'perch_raft_guard_total{kind="fig8"}',
                     'perch_filter_expressions_bad', 'perch_hook_waiting',
                     'perch_search_behind_messages', 'perch_directory_held',
                     'perch_directory_failed',
                     'perch_directory_done_timestamp_seconds',
                     'perch_retention_purges_total'):
            self.assertIn('\n%s' % name, metrics)
        self.pool.node(1 + leader.number % 3).kill()
        self.pool.node(1 + (leader.number + 1) % 3).kill()
        until(lambda: 'not ready' in page(leader, '/readyz'),
              'a node alone is not ready')
        self.assertEqual(page(leader, '/livez'), 'alive\n')

    def test_sighup_keeps_what_runs_when_the_file_is_wrong(self) -> None:
        """A slip in the configuration does not end a node."""
        node = self.serve()
        node.signal(signal.SIGHUP)
        until(lambda: ' reloaded ' in self.journal(node), 'reloaded')
        self.assertIn('certificate_loaded', self.journal(node))
        node.config.write_text(node.config.read_text() + '[sip]\nlissen = x\n')
        node.signal(signal.SIGHUP)
        until(lambda: 'not_reloaded' in self.journal(node), 'not reloaded')
        self.assertTrue(node.is_ready())

    def test_status_shows_the_certificate_in_use(self) -> None:
        """Not the one on disk: that is taken by SIGHUP."""
        node = self.serve()
        authority = self.pool.authority
        before = node.perchctl('status')['oldest_certificate']
        subprocess.run([scene.HOME / 'ops' / 'make-certs', '--dir',
                        authority / 'renewed', '--authority', authority,
                        '--sip', 'localhost', '--days', '30'], check=True)
        for file in ('sip-localhost.pem', 'sip-localhost.key'):
            shutil.copy(authority / 'renewed' / file, authority / file)
        self.assertEqual(node.perchctl('status')['oldest_certificate'], before)
        node.signal(signal.SIGHUP)
        shown = until(lambda: [found for found in (
            node.perchctl('status')['oldest_certificate'],)
            if found != before], 'the new one is shown')[0]
        self.assertEqual(shown['name'], 'sip')

    def test_a_second_process_on_one_directory_is_refused(self) -> None:
        """Two processes on one log would both be right."""
        node = self.serve()
        done = subprocess.run([node.program('perchd'), '--config',
                               str(node.config)], capture_output=True,
                              timeout=WAIT_S, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertTrue(node.is_ready())


class Command(Scene):
    """The command line."""

    def run_perchd(self, *words: str) -> tuple[int, str]:
        """Exit code and what was said."""
        done = subprocess.run([program('perchd'), *words],
                              capture_output=True, text=True, timeout=WAIT_S,
                              check=False)
        return done.returncode, done.stdout + done.stderr

    def test_wrong_words_and_files_are_named(self) -> None:
        """Exit code 2, and what is wrong."""
        node = self.pool.node(1)
        right = node.config.read_text()
        self.assertEqual(self.run_perchd()[0], 2)
        self.assertEqual(self.run_perchd('--founding', '--config', 'x')[0], 2)
        code, said = self.run_perchd('--config', '/nonexistent')
        self.assertEqual((code, '/nonexistent' in said), (2, True))
        node.config.write_text(right.replace('id = 1\n', 'id = 9\n'))
        code, said = self.run_perchd('--config', str(node.config),
                                     '--check-config')
        self.assertEqual(code, 2)
        self.assertIn('not among', said)
        node.config.write_text(right)
        self.assertEqual(self.run_perchd('--config', str(node.config),
                                         '--check-config'), (0, ''))

    def test_init_keeps_what_is_there(self) -> None:
        """A directory is made once."""
        node = self.pool.node(1)
        code, said = self.run_perchd('init', '--founding', '--config',
                                     str(node.config))
        self.assertEqual(code, 1)
        self.assertIn('already', said)


class Return(Scene):
    """Nodes whose disks are not what they were."""

    def write_users(self, node: Node, begin: int, count: int) -> None:
        """Make entries."""
        for i in range(begin, begin + count):
            node.perchctl('users', 'create', 'user%d' % i)

    def test_an_emptied_node_comes_back_as_another(self) -> None:
        """It never votes under its old id, and nobody does anything."""
        leader = self.serve()
        lost = self.pool.node(1 + leader.number % 3)
        before = self.assert_voters()
        lost.kill()
        shutil.rmtree(lost.data)
        lost.data.mkdir()
        self.write_users(leader, 0, 20)
        lost.start()
        after = self.assert_voters(lost.number)
        self.assertEqual(len(before & after), 2)
        self.assert_same_state()

    def test_a_flipped_bit_in_the_log_is_named_and_healed(self) -> None:
        """The node sets the log aside and comes back without it."""
        leader = self.serve()
        self.write_users(leader, 0, 20)
        rotten = self.pool.node(1 + leader.number % 3)
        rotten.kill()
        segment = sorted((rotten.data / 'log').glob('*'),
                         key=lambda path: path.stat().st_size)[-1]
        with open(segment, 'r+b') as file:
            file.seek(4096 + 300)
            byte = file.read(1)
            file.seek(4096 + 300)
            file.write(bytes([byte[0] ^ 4]))
        rotten.start()
        self.assert_voters(rotten.number)
        self.assert_same_state()
        self.assertTrue(list(rotten.data.glob('rotted-*')),
                        self.journal(rotten)[-2000:])

    def test_a_node_that_was_away_past_the_log_comes_back(self) -> None:
        """By a snapshot, without hands."""
        leader = self.serve()
        away = self.pool.node(1 + leader.number % 3)
        away.kill()
        for i in range(8):
            self.write_users(leader, i * 50, 50)
        until(lambda: leader.perchctl('--stale', 'status')['first_index'] >
              100, 'the log is cut')
        away.start()
        self.pool.await_ready()
        self.assert_same_state()

    def test_all_killed_come_back_with_everything(self) -> None:
        """Power for all is lost at once."""
        leader = self.serve()
        self.write_users(leader, 0, 30)
        for node in self.pool.nodes():
            os.kill(node.pid() or 0, signal.SIGKILL)
        for node in self.pool.nodes():
            node.await_end(WAIT_S)
        leader = self.serve()
        found = leader.perchctl('users', 'list')['users']
        self.assertEqual(len(found), 30)
        self.assert_same_state()


if __name__ == '__main__':
    scene.main()
