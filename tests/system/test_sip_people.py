#!/usr/bin/env python3
"""Groups, scopes, secret rooms and policies on real nodes, while people talk.

    tests/system/test_sip_people.py [BIN]
"""
import itertools
import threading

from sip_client import PASSWORD, Dialog, Phone
from sip_scene import PoolError, SipScene, run, texts_of

RULES = '4'
POSTS = 2000
KICK_WAIT_S = 60.0
_groups = itertools.count(1)


class People(SipScene):
    """A pool whose rules have been raised."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.ctl('pool', 'rules', RULES)

    def group(self, *members: str, kind: str = 'group') -> str:
        """A new group's URI."""
        words = [word for each in members for word in ('--member', each)]
        done = self.ctl('groups', 'create', '%s:g%d' % (kind, next(_groups)),
                        *words)
        return str(done['group']['uri'])

    def provisioned(self, phone: Phone) -> str:
        """The provisioning document, as it is now."""
        return phone.subscribe('vnd-microsoft-provisioning-v2').body.decode()

    def refused(self, *words: str) -> str:
        """Why an administrator is refused."""
        with self.assertRaises(PoolError) as found:
            self.ctl(*words)
        return str(found.exception)


def ids_of(heard: list[str]) -> list[int]:
    """The numbers among what was heard."""
    return [int(each) for each in heard if each.isdigit()]


def story_of(dialog: Dialog) -> list[str]:
    """What a dialog has heard, in order: messages by number, notices by
    name."""
    found: list[str] = []
    for each in dialog.phone.listen(1.0):
        if each.call_id != dialog.call_id:
            continue
        found.append(each.element.get('chatId', '')
                     if each.name == 'grpchat' else each.name)
    return found


class Race(People):
    """A right is lost while posts fly."""

    def lose(self, *words: str) -> None:
        """Take the right away in the middle of a flood, and look at what
        each has heard."""
        poster, victim = self.people(2)
        group = self.group(victim)
        room = self.room('--visibility', 'closed', '--member', poster,
                         '--member', group)
        talks = self.inside(room, poster, 1)
        hears = self.inside(room, victim, 2)
        kicked: list[Exception] = []

        def listen() -> None:
            try:
                hears.hear('ntc:kick', KICK_WAIT_S)
            except Exception as error:  # Told by the test's own thread.
                kicked.append(error)

        listener = threading.Thread(target=listen)
        change = threading.Timer(
            0.05, self.ctl,
            [word.format(group=group, victim=victim, room=room)
             for word in words])
        listener.start()
        change.start()
        self.post_all(talks, room, ['%d' % i for i in range(POSTS)])
        change.join()
        listener.join()
        self.assertEqual(kicked, [])
        sees, saw = story_of(talks), story_of(hears)
        position = sees.index('ntc:part')
        before = ids_of(sees[:position])
        self.assertEqual(ids_of(sees), list(range(1, POSTS + 1)))
        self.assertGreater(POSTS, len(before))
        self.assertGreater(len(before), 0)
        # All that was said before, nothing of what was said after.
        self.assertEqual(ids_of(saw), before)
        self.assertEqual(hears.post(room, 'but').status, 403)
        self.assertEqual(hears.join(room).code, 403)
        self.assertEqual(hears.history(room).code, 403)
        self.room_of = room, group, victim, hears

    def test_out_of_the_group(self) -> None:
        """And back: the room is given back with it."""
        self.lose('groups', 'change', '{group}', '--remove-member', '{victim}')
        room, group, victim, hears = self.room_of
        self.ctl('groups', 'change', group, '--add-member', victim)
        self.assertEqual(hears.join(room).code, 200)
        self.assertEqual(texts_of(hears.history(room, 2)),
                         [str(POSTS - 2), str(POSTS - 1)])

    def test_out_of_the_room(self) -> None:
        """By the one entry that a group is."""
        self.lose('rooms', 'change', '{room}', '--remove-member', '{group}')

    def test_out_of_the_scope(self) -> None:
        """By the category of the room."""
        self.lose('categories', 'change', 'Operations', '--deny', '{group}')


class Nodes(People):
    """Every node knows the same."""

    def test_a_node_that_was_away(self) -> None:
        """It comes back to the groups as they are now."""
        user, other = self.people(2)
        group = self.group(user)
        room = self.room('--visibility', 'secret', '--member', group)
        self.node(3).kill()
        self.ctl('groups', 'change', group, '--add-member', other)
        self.node(3).start()
        self.pool.await_ready()
        found = self.node(3).perchctl('groups', 'members', group)
        self.assertEqual(len(found['members']), 2)
        self.assertEqual(self.enter(other, 3).join(room).code, 200)

    def test_rules_stay_raised(self) -> None:
        """They are in the state, not in a node."""
        self.node(2).stop()
        self.node(2).start()
        self.pool.await_ready()
        self.assertEqual(self.node(2).perchctl('pool', 'rules')['version'], int(RULES))
        self.assertIn('RULES_NODE_BEHIND', self.refused('pool', 'rules', '9'))


class Rooms(People):
    """Users who manage."""

    def test_a_secret_room_of_ones_own(self) -> None:
        """Made over the wire, unknown to all but its people."""
        user, other = self.people(2)
        category = 'Team %d' % next(_groups)
        done = self.ctl('categories', 'create', category, '--creator', user)
        parent = done['category']['uri']
        makes, stranger = self.enter(user, 1), self.enter(other, 2)
        made = makes.do('chancreate', '<chanib name="Own %s" parent="%s" '
                        'visibility="PRIVATE"/>' % (category, parent))
        self.assertEqual(made.code, 200)
        room = made.every('chanib')[0].get('uri', '')
        for found in (stranger.join(room), stranger.history(room),
                      stranger.do('chanmodify', '<chanib uri="%s" name="x"/>'
                                  % room)):
            self.assertEqual(found.code, 404)
            self.assertIn('there is no such room', found.why)
        self.assertEqual(
            stranger.do('chansrch', '<qib criteria="Own"/>').every('chanib'),
            [])
        self.assertEqual(
            makes.do('permadd', '<chanib uri="%s"><uib uri="%s"/></chanib>' % (
                room, stranger.phone.uri)).code, 200)
        self.assertEqual(stranger.join(room).code, 200)
        self.assertEqual(made.every('chanib')[0].get('version'), '1')


class Policy(People):
    """Who may chat at all."""
    ENABLED = '<property name="EnablePersistentChat">%s</property>'

    def test_not_enabled(self) -> None:
        """Put out, and told so at the next sign-in; then let in again."""
        user, = self.people(1)
        site = self.group(user, kind='site')
        inside = self.enter(user, 2)
        inside.join(self.room())
        self.ctl('groups', 'change', site, '--chat', 'disabled')
        inside.phone.await_gone()
        refused = self.phone(user, 3).sign_in(PASSWORD)
        self.assertEqual(refused.status, 403)
        self.assertIn('not enabled for persistent chat',
                      refused.header('ms-diagnostics-public'))
        self.ctl('users', 'change', user, '--chat', 'enabled')
        phone = self.phone(user, 1)
        phone.sign_in()
        self.assertIn(self.ENABLED % 'true', self.provisioned(phone))
        self.assertNotIn('WebManager', self.provisioned(phone))
        self.ctl('users', 'change', user, '--chat', 'disabled')
        self.assertIn(self.ENABLED % 'false', self.provisioned(phone))
        self.ctl('users', 'change', user, '--chat', 'enabled')
        self.assertEqual(self.enter(user, 3).join(self.room()).code, 200)


if __name__ == '__main__':
    run()
