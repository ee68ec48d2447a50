#!/usr/bin/env python3
"""Deletion, roles in administration and the synthetic transaction on three real
nodes.

    tests/system/test_sip_administration.py [BIN]
"""
import json
import subprocess

from sip_client import PASSWORD
from sip_scene import PoolError, SipScene, run, texts_of


class Administration(SipScene):
    """One pool that nobody has told of rules."""

    def refused(self, node: int, *words: str) -> str:
        """Why an administrator is refused."""
        with self.assertRaises(PoolError) as found:
            self.node(node).perchctl(*words)
        return str(found.exception)

    def test_a_new_pool_has_the_newest_rules(self) -> None:
        """Groups and deletion work, and nobody has asked for them."""
        said = self.node(2).perchctl('pool', 'rules')
        self.assertEqual(said['version'], said['known'])
        self.ctl('groups', 'create', 'group:new')
        self.ctl('groups', 'delete', 'group:new')

    def test_a_deleted_room_is_gone_on_every_node(self) -> None:
        """Those who are in it are put out on their nodes; history and joins
        find nothing; the name is free; a restart knows it."""
        alice, bob = self.people(2)
        room = self.room()
        one, other = self.inside(room, alice, 1), self.inside(room, bob, 2)
        self.assert_posted(one, room, 'the last')
        self.copies(other, 1)
        found = self.node(3).perchctl('--reason', 'closed', 'rooms', 'delete',
                                      room)
        self.assertFalse(found['already'])
        name = found['room']['name']
        for dialog in one, other:
            names = [each.name for each in dialog.phone.listen(2.0)]
            self.assertIn('ntc:chandisable', names)
        self.assertEqual(one.join(room).code, 404)
        self.assertEqual(other.post(room, 'more').status, 404)
        self.assertEqual(one.history(room).code, 404)
        self.assertTrue(self.node(1).perchctl('rooms', 'delete',
                                              room)['already'])
        again = self.ctl('rooms', 'create', name, '--category', 'Operations')
        self.assertNotEqual(again['room']['uri'], room)
        self.node(2).stop()
        self.node(2).start()
        self.pool.await_ready()
        self.assertIn('GUID_TAKEN', self.refused(
            2, 'rooms', 'create', 'Another', '--category', 'Operations',
            '--id', room.rsplit('/', 1)[1]))

    def test_a_deleted_user_leaves_nothing_to_the_next(self) -> None:
        """The connection is closed; the next one of the same name is no
        member; what the first has said keeps its author."""
        alice, bob = self.people(2)
        room = self.room('--visibility', 'closed', '--member', alice,
                         '--member', bob)
        one, other = self.inside(room, alice, 1), self.inside(room, bob, 2)
        self.assert_posted(other, room, 'mine')
        self.copies(one, 1)
        self.node(3).perchctl('users', 'delete', bob)
        self.ctl('users', 'create', bob, '--password', password=PASSWORD + '\n')
        again = self.enter(bob, 3)
        self.assertEqual(again.join(room).code, 403)
        found = self.inside(room, alice, 2).history(room)
        self.assertEqual(texts_of(found), ['mine'])
        self.assertEqual([each.get('author') for each in found.every('msg')],
                         ['sip:%s@fjord.example' % bob])

    def test_who_has_no_role_is_refused_on_every_node(self) -> None:
        """The list is the pool's; the last administrator stays."""
        self.ctl('administrators', 'grant', 'local:someone', '--role',
                 'viewer')
        names = [each['name'] for each in self.node(3).perchctl(
            'administrators', 'list')['administrators']]
        self.assertEqual(names, ['local:root', 'local:someone'])
        self.assertIn('ADMINISTRATOR_LAST', self.refused(
            2, 'administrators', 'revoke', 'local:root'))
        self.ctl('administrators', 'revoke', 'local:someone')

    def messages_test(self, *more: str) -> tuple[int, dict[str, object]]:
        """Its exit code and reply."""
        words = [self.node(1).program('perchctl'), '--socket',
                 str(self.node(1).socket), '--json', '--timeout', '20',
                 'messages', 'test', 'Probe', '--from', 'p1@fjord.example',
                 '--to', 'p2@fjord.example', '--password', *more]
        done = subprocess.run(words, input=PASSWORD + '\n', text=True,
                              capture_output=True, timeout=60, check=False)
        return done.returncode, json.loads(done.stdout)

    def test_messages_test_across_nodes(self) -> None:
        """Over TCP and TLS, on one node and two; a node that is down and a
        room that is not there are told by the step."""
        tcp = [self.node(each).sip_tcp for each in (1, 2, 3)]
        tls = 'localhost:' + self.node(3).sip_tls.rsplit(':', 1)[1]
        code, said = self.messages_test('--server', tcp[0], '--setup')
        self.assertEqual((code, said['result']), (0, 'done'), said)
        self.assertEqual([each['step'] for each in said['steps']],
                         ['sign_in', 'find', 'join', 'message_there',
                          'message_back', 'leave', 'sign_out'])
        self.assertTrue(all(each['ms'] > 0 for each in said['steps'][:1]))
        code, said = self.messages_test('--server', tcp[0], '--to-server',
                                        tcp[1], '--setup')
        self.assertEqual(code, 0, said)
        code, said = self.messages_test(
            '--server', tls, '--sip-authority',
            str(self.pool.authority / 'ca.pem'))
        self.assertEqual(code, 0, said)
        self.node(2).stop()
        code, said = self.messages_test('--server', tcp[0], '--to-server',
                                        tcp[1])
        self.node(2).start()
        self.pool.await_ready()
        self.assertEqual((code, said['result']), (3, 'unreachable'), said)
        self.assertTrue(str(said['text']).startswith('sign_in: '))
        self.ctl('rooms', 'delete', 'Probe')
        code, said = self.messages_test('--server', tcp[0])
        self.assertEqual((code, said['result']), (1, 'refused'), said)
        self.assertTrue(str(said['text']).startswith('find: '))


if __name__ == '__main__':
    run()
