#!/usr/bin/env python3
"""Who was invited where, on real nodes: once, on any device, by name or as a
group, and through the loss of the leader.

    tests/system/test_sip_invitations.py [BIN]
"""
import itertools
import json
import os
import subprocess
import xml.etree.ElementTree as ET
from typing import Any

from sip_client import PASSWORD, Dialog, Heard, Phone
from sip_scene import PoolError, SipScene, run

RULES = '4'
PERCH_WAIT_S = 30.0
_groups = itertools.count(1)


class Newest(SipScene):
    """A pool at the newest rules, with a category that sends invitations."""
    category: str

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.ctl('pool', 'rules', RULES)
        cls.category = 'Inviting'
        if cls.category not in str(cls.ctl('categories', 'list')):
            cls.ctl('categories', 'create', cls.category, '--invitations',
                    'yes')


class Invitations(Newest):
    """Rooms of a category that sends invitations."""

    def inviting(self, *more: str) -> str:
        """A closed room that invites; its URI."""
        done = self.ctl('rooms', 'create', 'Call %d' % next(self._names),
                        '--category', self.category, *more)
        return str(done['room']['uri'])

    def group(self, *members: str) -> str:
        """A group's URI."""
        words = [word for each in members for word in ('--member', each)]
        done = self.ctl('groups', 'create', 'group:i%d' % next(_groups), *words)
        return str(done['group']['uri'])

    def told(self, dialog: Dialog, after: int = 1) -> list[tuple[int, str]]:
        """What a client is told as it signs in: ids and rooms."""
        found = dialog.do('getinv', '<inv inviteId="%d" domain="fjord.example"'
                          '/>' % after)
        self.assertEqual(found.code, 200)
        return [self.read(each, found) for each in found.every('inv')]

    def read(self, each: ET.Element, found: Heard) -> tuple[int, str]:
        """One invitation."""
        self.assertTrue(each.get('createdOn', '').endswith('Z'), found.text)
        room = each.find('{urn:parlano:xml:ns:xccos}chanib')
        assert room is not None, found.text
        return int(each.get('inviteId', '0')), str(room.get('uri'))

    def test_two_devices(self) -> None:
        """What one has shown, the other does not, whatever their nodes."""
        user, = self.people(1)
        desk, phone = self.enter(user, 1), self.enter(user, 2, endpoint=1)
        self.assertEqual(self.told(desk), [])
        first, second = self.inviting('--member', user), self.inviting()
        self.ctl('rooms', 'change', second, '--add-member', user)
        found = self.told(phone)
        self.assertEqual([room for _, room in found], [first, second])
        ids = [number for number, _ in found]
        self.assertEqual(ids, sorted(set(ids)))
        self.assertGreater(ids[0], 1)
        self.assertEqual(self.told(desk), [])
        self.assertEqual(self.told(phone), [])
        third = self.inviting('--member', user)
        self.assertEqual([room for _, room in self.told(desk, ids[-1])],
                         [third])
        self.assert_grammar()

    def test_a_group(self) -> None:
        """One entry for all who are in it, and for those who come later."""
        early, late, other = self.people(3)
        group = self.group(early)
        room = self.inviting('--member', group)
        self.assertEqual([each for _, each in self.told(self.enter(early, 1))],
                         [room])
        self.assertEqual(self.told(self.enter(late, 2)), [])
        self.ctl('groups', 'change', group, '--add-member', late)
        latecomer = self.enter(late, 3)
        self.assertEqual([each for _, each in self.told(latecomer)], [room])
        self.assertEqual(latecomer.join(room).code, 200)
        self.assertEqual(self.told(self.enter(early, 2)), [])
        self.assertEqual(self.told(self.enter(other, 1)), [])

    def test_only_where_they_are_sent(self) -> None:
        """A category's switch, and a room's."""
        user, = self.people(1)
        self.room('--member', user)
        self.inviting('--member', user, '--invitations', 'no')
        self.assertEqual(self.told(self.enter(user, 1)), [])

    def perch(self, user: str, *words: str) -> list[dict[str, Any]]:
        """What perch says as JSON, signed in at the second node."""
        done = subprocess.run(
            [str(self.programs / 'perch'), '--json', '--server',
             self.node(2).sip_tcp, '--user', '%s@fjord.example' % user, *words],
            text=True, stdout=subprocess.PIPE, timeout=PERCH_WAIT_S,
            env={**os.environ, 'PERCH_PASSWORD': PASSWORD}, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_perch(self) -> None:
        """The terminal client tells of invitations, once, and of people."""
        user, other = self.people(2)
        self.ctl('addins', 'create', 'Tides %s' % user, '--url',
                 'https://tides.example/')
        room = self.inviting('--member', user, '--addin', 'Tides %s' % user)
        found, = self.perch(user, 'invitations')
        self.assertEqual((found['event'], found['room'], found['addin_url']),
                         ('invitation', room, 'https://tides.example/'))
        self.assertGreater(found['id'], 1)
        self.assertTrue(found['created_at'].endswith('Z'))
        self.assertEqual(self.perch(user, 'invitations'), [])
        group = self.group(other)
        people = [each['uri'] for each in self.perch(user, 'people', group)]
        self.assertEqual(people, [group])
        self.assertIn('sip:%s@fjord.example' % other,
                      [each['uri'] for each in
                       self.perch(user, 'people', other)])

    def test_failover(self) -> None:
        """What was shown before the leader was lost is not shown after it;
        what was not, is."""
        user, = self.people(1)
        before = self.inviting('--member', user)
        dialog = self.enter(user, 1)
        self.assertEqual([room for _, room in self.told(dialog)], [before])
        after = self.inviting('--member', user)
        leader = self.pool.leader()
        assert leader is not None
        leader.kill()
        other = next(node.number for node in self.pool.nodes()
                     if node.pid() is not None)
        self.assertEqual([room for _, room in
                          self.told(self.enter(user, other, endpoint=1))],
                         [after])
        leader.start()
        self.pool.await_ready()
        for number in (1, 2, 3):
            self.assertEqual(
                self.told(self.enter(user, number, endpoint=2)), [])


class Web(Newest):
    """Where rooms are managed in a browser."""

    def provisioned(self, phone: Phone) -> str:
        """The provisioning document, as it is now."""
        return phone.subscribe('vnd-microsoft-provisioning-v2').body.decode()

    def test_room_management_url(self) -> None:
        """Told at sign-in and by the server's information."""
        user, = self.people(1)
        url = 'https://pool.fjord.example/rooms'
        with self.assertRaisesRegex(PoolError, 'WEB_URL_INVALID'):
            self.ctl('pool', 'set', 'room_management_url=ftp://x.example/')
        self.ctl('pool', 'set', 'room_management_url=' + url)
        try:
            dialog = self.enter(user, 2)
            self.assertIn('"PersistentChatWebManagerUriInt">%s<' % url,
                          self.provisioned(dialog.phone))
            self.assertEqual(dialog.do('getserverinfo').every('sib')[0].get(
                'roomManagementUrl'), url)
        finally:
            self.ctl('pool', 'set', 'room_management_url=')
        self.assertNotIn('WebManager',
                         self.provisioned(self.enter(user, 3).phone))


if __name__ == '__main__':
    run()
