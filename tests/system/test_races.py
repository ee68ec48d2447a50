#!/usr/bin/env python3
"""Rights are lost while a thousand posts fly, on three real nodes.

    tests/system/test_races.py [BIN]

Two people post and correct as fast as they are answered. In the middle of it
one of them, the loser, loses a right. Whoever stays has the pool's order in
their transcript: what was said, corrected, and where the right was lost. By it
is judged what the loser was given on each way there is: in the room, with and
without knowledge of revisions, in history, search and news, on three nodes.
"""
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sip_client import PASSWORD, Dialog, Gone, Heard, Phone
from sip_scene import SipScene, run

RULES = '4'
PERCH = '{urn:perch:xccos}'
POSTS = 500         # Of each of the two, at least,
MARGIN = 100        # and so many after the change was told to be made.
POSTS_MAX = 50000   # A change that takes longer than this is none.
CHANGE_AT = 150     # Posts, and a word of news, before the change is begun.
WINDOW = 30         # Posts without their answer.
CORRECT_EVERY = 10
QUIET_S = 0.5       # Nothing more comes after so long.
WAIT_S = 60.0
_serial = itertools.count(1)

PUBLISH = (
    '<publish xmlns="http://schemas.microsoft.com/2006/09/sip/rich-presence" '
    'xmlns:p="http://schemas.microsoft.com/2010/12/sip/propertyList">'
    '<publications uri="%s"><publication categoryName="roomSetting" '
    'instance="7" container="1" version="0" expireType="static"><roomSetting>'
    '<p:property name="url">%s</p:property></roomSetting></publication>'
    '</publications></publish>')


@dataclass
class Event:
    """What a transcript has of a room: a message, a change of one, or a
    notice."""
    kind: str           # said, revised, or the notice's name
    number: int = 0
    author: str = ''


def events(heard: list[Heard]) -> list[Event]:
    """A transcript in the pool's order."""
    found: list[Event] = []
    for each in heard:
        author = each.element.get('author', '')
        if each.name == 'grpchat' and each.element.get('chatId'):
            found.append(Event('said', int(each.element.get('chatId', '')),
                               author))
        elif each.name == 'grpchat':  # A line for those who know no better.
            found.append(Event('revised', int(each.element.get(
                PERCH + 'about', '0')), author))
        elif each.name == 'ntc:modmsg':
            found += [Event('revised', int(said.get('chatId', '0')),
                            said.get('author', ''))
                      for said in each.every('msg')]
        elif each.kind == 'ntc':
            found.append(Event(each.name))
    return found


def said_in(story: list[Event]) -> list[tuple[str, int]]:
    """What was said and corrected, in order."""
    return [(each.kind, each.number) for each in story
            if each.kind in ('said', 'revised')]


class Worker(threading.Thread):
    """A thread whose failure is the test's."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.failure: Exception | None = None

    def work(self) -> None:
        """What it does."""
        raise NotImplementedError

    def run(self) -> None:
        try:
            self.work()
        except Exception as error:  # Told by the test's own thread.
            self.failure = error

    def end(self) -> None:
        """Wait for it."""
        self.join(WAIT_S)
        if self.failure is not None:
            raise self.failure
        if self.is_alive():
            raise AssertionError('%s does not end' % type(self).__name__)


class Flood(Worker):
    """Someone who posts and corrects without a pause."""

    def __init__(self, dialog: Dialog, room: str,
                 changed: threading.Event) -> None:
        super().__init__()
        self.dialog, self.room, self.changed = dialog, room, changed
        self.sent = 0
        self.statuses: list[int] = []   # Of posts, in their order.
        self.gone = False
        self._waiting: deque[tuple[str, bool]] = deque()

    def _take(self) -> None:
        cseq, is_post = self._waiting.popleft()
        done = self.dialog.phone.response(self.dialog.call_id, cseq)
        if is_post:
            self.statuses.append(done.status)

    def _say(self, body: bytes, is_post: bool) -> None:
        if len(self._waiting) == WINDOW:
            self._take()
        self._waiting.append((self.dialog.send('INFO', body, 'text/plain'),
                              is_post))

    def _correct(self) -> None:
        """The last of one's own messages that came back."""
        mine = [each for each in self.dialog.phone.inbox[-WINDOW:]
                if each.element.get('chatId') and
                each.element.get('author') == self.dialog.phone.uri]
        if mine:
            number = mine[-1].element.get('chatId')
            self.dialog.envid += 1
            self._say((
                '<xccos ver="1" envid="%d" xmlns="urn:parlano:xml:ns:xccos">'
                '<cmd id="cmd:modmsg" seqid="1"><data><chanib uri="%s"><msg '
                'id="grpchat" seqid="1" chanUri="%s" author="%s" chatId="%s">'
                '<chat>better tide</chat></msg></chanib></data></cmd></xccos>'
                % (self.dialog.envid, self.room, self.room,
                   self.dialog.phone.uri, number)).encode(), False)

    def work(self) -> None:
        try:
            after = 0
            while self.sent < POSTS or after < MARGIN:
                if self.sent == POSTS_MAX:
                    raise AssertionError('the change is not made')
                self._say(self.dialog.said(self.room, 'tide %d' % self.sent),
                          True)
                self.sent += 1
                after += self.changed.is_set()
                if self.sent % CORRECT_EVERY == 0:
                    self._correct()
            while self._waiting:
                self._take()
        except Gone:
            self.gone = True


class Ear(Worker):
    """Someone who only listens, until told to stop and nothing comes."""

    def __init__(self, dialog: Dialog) -> None:
        super().__init__()
        self.dialog = dialog
        self.stop = threading.Event()

    def work(self) -> None:
        try:
            while self.dialog.phone.read(QUIET_S) or not self.stop.is_set():
                pass
        except Gone:
            pass

    def await_name(self, name: str) -> None:
        """Wait until that was heard."""
        end = time.monotonic() + WAIT_S
        while not any(each.name == name
                      for each in list(self.dialog.phone.inbox)):
            if time.monotonic() > end or not self.is_alive():
                raise AssertionError('%s heard no %s' % (
                    self.dialog.phone.user, name))
            time.sleep(0.01)


@dataclass
class Look:
    """What an answer to the loser had in it."""
    verb: str
    code: int
    numbers: list[int] = field(default_factory=list)
    revised: list[int] = field(default_factory=list)


class Eye(Worker):
    """Someone who asks for history, search and news, over and over."""
    QUERIES = (
        ('bccontext', '<chanib uri="{room}"/><bcq><last cnt="200"/></bcq>'),
        ('bcsearch', '<chanib uri="{room}"/><bcq><matches>tide</matches>'
                     '<limit cnt="200"/></bcq>'),
        ('bcsearch', '<bcq><matches>better</matches><limit cnt="200"/></bcq>'),
        ('getnews', ''),
        ('getnews', '<chanid key="0" domain="{domain}" value="{value}"/>'))

    def __init__(self, dialog: Dialog, room: str) -> None:
        super().__init__()
        self.dialog, self.room = dialog, room
        self.stop = threading.Event()
        self.looks: list[Look] = []

    def look(self) -> None:
        """Ask each once."""
        for verb, query in self.QUERIES:
            found = self.dialog.do(verb, query.format(
                room=self.room, domain=self.dialog.phone.domain,
                value=self.room.rpartition('/')[2]))
            said = [each for each in found.every('msg')
                    if each.get('chanUri', self.room) == self.room]
            numbers = [int(each.get('chatId', '0')) for each in said]
            for room in found.every('chanib'):
                if room.get('uri') == self.room:
                    numbers += [int(each.get('last', '0'))
                                for each in found.every('news')]
            self.looks.append(Look(verb, found.code, numbers, [
                int(each.get('chatId', '0')) for each in said
                if each.get(PERCH + 'state')]))

    def told(self) -> list[int]:
        """The last message of each word of news, which come once a second."""
        return [int(each.every('news')[0].get('last', '0'))
                for each in list(self.dialog.phone.inbox)
                if each.name == 'ntc:news' and each.every('chanib')]

    def work(self) -> None:
        try:
            while not self.stop.is_set():
                self.look()
            self.look()
        except Gone:
            pass


class Race(SipScene):
    """One pool; each drill has people, a room and a category of its own."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.ctl('pool', 'rules', RULES)

    def make(self, *more: str) -> str:
        """A closed room in a category of its own."""
        number = next(_serial)
        self.category = 'Race %d' % number
        self.ctl('categories', 'create', self.category)
        return str(self.ctl('rooms', 'create', 'Room of race %d' % number,
                            '--category', self.category, '--visibility',
                            'closed', *more)['room']['uri'])

    def knowing(self, room: str, user: str, node: int) -> Dialog:
        """Someone in a room whose client knows of revisions."""
        dialog = self.enter(user, node)
        found = dialog.do('join', '<chanid key="0" domain="%s" value="%s" '
                          'xmlns:p="urn:perch:xccos" p:revisions="true"/>' % (
                              dialog.phone.domain, room.rpartition('/')[2]))
        self.assertEqual(found.code, 200)
        return dialog

    def following(self, room: str, user: str, node: int) -> Dialog:
        """Someone who follows a room without being in it."""
        dialog = self.enter(user, node)
        phone: Phone = dialog.phone
        done = phone.ask(
            'SERVICE', phone.uri,
            'Content-Type: application/msrtc-category-publish+xml',
            body=(PUBLISH % (phone.uri, room)).encode())
        self.assertEqual(done.status, 200, done.start)
        return dialog

    def race(self, room: str, stays: str, loses: str,
             change: Callable[[], Any], until: str = 'ntc:kick') -> None:
        """Flood a room, make the change in the middle, and write down what
        everybody was given.

        @until  What the loser hears at the change; '': the connection ends.
        """
        self.changed = threading.Event()
        self.room_uri, self.loser = room, 'sip:%s@fjord.example' % loses
        self.watch = Ear(self.knowing(room, stays, 3))
        self.plain = Ear(self.inside(room, loses, 2))
        self.keen = Ear(self.knowing(room, loses, 3))
        self.eye = Eye(self.following(room, loses, 1), room)
        self.floods = [Flood(self.inside(room, each, node), room, self.changed)
                       for each, node in ((stays, 1), (loses, 2))]
        ears = [self.watch, self.plain, self.keen]
        for worker in [*ears, self.eye, *self.floods]:
            worker.start()
        while self.floods[0].is_alive() and (
                self.floods[0].sent < CHANGE_AT or not self.eye.told()):
            time.sleep(0.001)
        try:
            change()
        finally:
            self.changed.set()
        for flood in self.floods:
            flood.end()
        self.eye.stop.set()
        self.eye.end()
        for ear in (self.plain, self.keen):
            if until:
                ear.await_name(until)
        for ear in ears:
            ear.stop.set()
        for ear in ears:
            ear.end()

    def story(self, ear: Ear) -> list[Event]:
        """What one who listened was told in the room."""
        return events([each for each in ear.dialog.phone.inbox
                       if each.call_id == ear.dialog.call_id])

    def split(self, mark: str) -> tuple[list[Event], list[Event]]:
        """The pool's order, before and after the change."""
        story = self.story(self.watch)
        # Of what was before the flood there is nothing: all had come in.
        names = [each.kind for each in story]
        self.assertIn(mark, names)
        position = names.index(mark)
        numbers = [each.number for each in story if each.kind == 'said']
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)))
        return story[:position], story[position + 1:]

    def assert_answers(self, flood: Flood, story: list[Event],
                       *refusals: int) -> None:
        """All that was acknowledged was said and nothing else; what is refused
        once is refused for good, for these reasons."""
        done = flood.statuses.count(200)
        said = sum(each.kind == 'said' and
                   each.author == flood.dialog.phone.uri for each in story)
        self.assertEqual(set(flood.statuses[:done]), {200})
        self.assertLessEqual(set(flood.statuses[done:]), set(refusals))
        if flood.gone:
            self.assertLessEqual(done, said)
        else:
            self.assertEqual(done, said)

    def assert_looks(self, before: list[Event]) -> None:
        """Nothing of after the change was shown; nothing at all once it was
        refused."""
        last = max(each.number for each in before if each.kind == 'said')
        revised = {each.number for each in before if each.kind == 'revised'}
        refused = False
        for look in self.eye.looks:
            self.assertIn(look.code, (200, 403, 404, 503), look)
            self.assertLessEqual(max([0, *look.numbers]), last, look)
            self.assertLessEqual(set(look.revised), revised, look)
            if look.verb == 'bccontext' and look.code != 200:
                refused = True
            self.assertTrue(not refused or look.numbers == [], look)
        self.assertLessEqual(max(self.eye.told()), last)
        for verb in ('bccontext', 'bcsearch', 'getnews'):
            self.assertTrue(any(look.numbers for look in self.eye.looks
                                if look.verb == verb), verb)

    def assert_lost(self) -> None:
        """From the change on the loser says nothing and is given nothing."""
        before, after = self.split('ntc:part')
        self.assertGreaterEqual(self.floods[0].sent, POSTS)
        self.assertTrue(said_in(before))
        self.assertTrue(said_in(after))  # By who stays.
        self.assertTrue([each for each in before if each.kind == 'revised'])
        self.assertEqual([each for each in after
                          if each.author == self.loser], [])
        for ear in (self.plain, self.keen):
            heard = said_in(self.story(ear))
            wanted = said_in(before)
            if ear.dialog.phone.gone:  # With what was on its way to it.
                wanted = wanted[:len(heard)]
            self.assertEqual(heard, wanted)
        self.assert_answers(self.floods[0], before + after, 403)
        self.assertEqual(set(self.floods[0].statuses), {200})
        # Without a session the connection is about to be closed.
        self.assert_answers(self.floods[1], before + after,
                            *((503,) if self.floods[1].gone else (403,)))
        self.assert_looks(before)
        self.before, self.after = before, after

    def assert_shut(self, room: str, user: str) -> None:
        """No node lets the loser in any more."""
        for node in (1, 2, 3):
            dialog = self.enter(user, node)
            self.assertEqual(dialog.join(room).code, 403)
            self.assertEqual(dialog.history(room).code, 403)
            self.assertEqual(dialog.post(room, 'but').status, 403)


class Rights(Race):
    """One of two loses a right."""

    def test_membership(self) -> None:
        """Out of the room; and in again, to all that was said."""
        stays, loses = self.people(2)
        room = self.make('--member', stays, '--member', loses)
        self.race(room, stays, loses, lambda: self.ctl(
            'rooms', 'change', room, '--remove-member', loses))
        self.assert_lost()
        self.assertIn(403, self.floods[1].statuses)
        self.assert_shut(room, loses)
        self.ctl('rooms', 'change', room, '--add-member', loses)
        last = max(each.number for each in self.after if each.kind == 'said')
        found = self.inside(room, loses, 3).history(room, 1).every('msg')
        self.assertEqual([each.get('chatId') for each in found], [str(last)])

    def test_group_in_a_group(self) -> None:
        """Out of a group that is a member of the group that is the member."""
        stays, loses = self.people(2)
        number = next(_serial)
        inner, outer = 'group:inner%d' % number, 'group:outer%d' % number
        self.ctl('groups', 'create', inner, '--member', loses)
        self.ctl('groups', 'create', outer, '--member', inner, '--member',
                 stays)
        room = self.make('--member', outer)
        self.race(room, stays, loses, lambda: self.ctl(
            'groups', 'change', inner, '--remove-member', loses))
        self.assert_lost()
        self.assertIn(403, self.floods[1].statuses)
        self.assert_shut(room, loses)

    def test_category(self) -> None:
        """Denied by the category of the room."""
        stays, loses = self.people(2)
        room = self.make('--member', stays, '--member', loses)
        self.race(room, stays, loses, lambda: self.ctl(
            'categories', 'change', self.category, '--deny', loses))
        self.assert_lost()
        self.assertIn(403, self.floods[1].statuses)
        self.assert_shut(room, loses)

    def test_role(self) -> None:
        """No presenter of an auditorium any more: hears all, says nothing."""
        stays, loses = self.people(2)
        room = self.make('--behavior', 'auditorium', '--member', stays,
                         '--member', loses, '--presenter', stays,
                         '--presenter', loses)
        self.race(room, stays, loses, lambda: self.ctl(
            'rooms', 'change', room, '--remove-presenter', loses),
            until='ntc:chanmodify')
        before, after = self.split('ntc:chanmodify')
        self.assertEqual([each for each in after if each.kind == 'said' and
                          each.author == self.loser], [])
        self.assertIn(403, self.floods[1].statuses)
        self.assertTrue(said_in(after))
        for ear in (self.plain, self.keen):
            self.assertEqual(said_in(self.story(ear)),
                             said_in(before + after))
        for flood in self.floods:
            self.assert_answers(flood, before + after, 403)


class Deletions(Race):
    """What is deleted is gone at one position."""

    def test_room(self) -> None:
        """All of it, for all: each has heard what was acknowledged, and no
        more is."""
        stays, loses = self.people(2)
        room = self.make('--member', stays, '--member', loses)
        self.race(room, stays, loses,
                  lambda: self.ctl('rooms', 'delete', room),
                  until='ntc:chandisable')
        story = self.story(self.watch)
        position = [each.kind for each in story].index('ntc:chandisable')
        self.assertEqual(said_in(story[position:]), [])
        self.assertTrue(said_in(story))
        for ear in (self.plain, self.keen):
            self.assertEqual(said_in(self.story(ear)), said_in(story))
        for flood in self.floods:
            self.assert_answers(flood, story, 404)
            self.assertIn(404, flood.statuses)
        self.assert_looks(story)
        for node in (1, 2, 3):
            dialog = self.enter(stays, node)
            for found in (dialog.join(room), dialog.history(room)):
                self.assertEqual(found.code, 404)

    def test_user(self) -> None:
        """The connections end; a user of the same name is nobody."""
        stays, loses = self.people(2)
        room = self.make('--member', stays, '--member', loses)
        self.race(room, stays, loses,
                  lambda: self.ctl('users', 'delete', loses), until='')
        self.assert_lost()
        self.assertTrue(self.floods[1].gone)
        for dialog in (self.plain.dialog, self.keen.dialog, self.eye.dialog):
            self.assertTrue(dialog.phone.gone)
        self.ctl('users', 'create', loses, '--password',
                 password=PASSWORD + '\n')
        self.assert_shut(room, loses)


if __name__ == '__main__':
    run()
