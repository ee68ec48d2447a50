"""What two people at pidgin-sipe do with a pool, and what they must see.

The same scenarios run against perch (run) and against a stand-in that is
broken on purpose (selftest).
"""
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from pidgin import WAIT_S, Event, Pidgin
from texts import HOSTILE_TEXTS, LINES, LONG_TEXTS, texts_of_planes

LAST_SHOWN = 25         # The plugin asks for this much of a room's history.
WINDOW = 8              # Messages a steady speaker has unheard at most.
AWAY_MS = 2000          # A client that lost its node stays away.
HEAL_WAIT_S = 40.0      # From a node's death to a client in its room again.


class Pool(Protocol):
    """What scenarios need of a pool of three nodes."""
    domain: str
    trust: Path | None

    def address(self, node: int, transport: str) -> str:
        """host:port of a node's listener."""

    def make_user(self, name: str) -> str:
        """Let somebody in; returns the password."""

    def make_room(self, name: str) -> str:
        """Make a room that all may enter; returns its address."""

    def leader(self) -> int:
        """The node that leads."""

    def kill(self, node: int) -> None:
        """kill -9."""

    def start(self, node: int) -> None:
        """Start a node if it does not run; it serves when this returns."""


def texts(events: list[Event]) -> list[str]:
    """What messages say."""
    return [event['text'] for event in events]


def messages(client: Pidgin) -> list[str]:
    """What a client was told since its start."""
    return texts([event for event in client.all_events()
                  if event['event'] == 'message'])


class Scenarios:
    """The tests; a class beside it is a unittest.TestCase with a pool."""
    pool: Pool
    build: Path
    id: Any
    assertEqual: Any
    assertIn: Any
    assertNotIn: Any
    assertTrue: Any
    addCleanup: Any
    subTest: Any

    def client(self, name: str, trusts: bool = True,
               same_seed: bool = False) -> Pidgin:
        """Start a client for a user; it is closed at the end."""
        folder = Path(tempfile.mkdtemp(prefix=name + '-', dir=self.folder()))
        client = Pidgin(self.build, folder / 'purple',
                        '%s@%s' % (name, self.pool.domain),
                        trust=self.pool.trust if trusts else None,
                        same_seed=same_seed)
        self.addCleanup(self.close, client)
        return client

    def folder(self) -> Path:
        """Where this test's clients keep their files, for who looks later."""
        test = str(self.id()).rpartition('.')[2]
        folder = self.build / 'interop' / Path(sys.argv[0]).name / test
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def close(self, client: Pidgin) -> None:
        """End a client; one that crashed is a failure."""
        self.assertEqual(client.close(), 0, '%s ended by itself' % client.user)

    def on_node(self, node: int, name: str,
                transport: str = 'tcp') -> Pidgin:
        """Somebody signed in to a node."""
        client = self.client(name)
        client.sign_in(self.pool.address(node, transport), transport=transport,
                       password=self.pool.make_user(name))
        return client

    def two_in_a_room(self, room: str) -> tuple[Pidgin, Pidgin]:
        """Ada on node 1 and bo on node 2, both in a new room."""
        self.pool.make_room(room)
        ada = self.on_node(1, 'ada')
        bo = self.on_node(2, 'bo')
        ada.join(room)
        bo.join(room)
        ada.expect('entered', room=room, new=True)
        return ada, bo

    def say_and_hear(self, room: str, speaker: Pidgin, listener: Pidgin,
                     text: str) -> None:
        """One message, to its author and to somebody else."""
        speaker.say(room, text)
        ends = []
        for each in (speaker, listener):
            event = each.expect('message', 'error', room=room)
            self.assertEqual(
                (event['event'], event['text'], event.get('author'),
                 event.get('mine')),
                ('message', text, speaker.uri, each is speaker), 'as %s sees it' % each.user)
            ends.append(event['at'])
        self.assertEqual(ends[0], ends[1], 'the time differs')

    # ---- Talk ----

    def test_two_people_on_two_nodes_talk(self) -> None:
        """Both see who is there, what each says and when one leaves."""
        room = 'Harbour'
        ada, bo = self.two_in_a_room(room)
        for each in (ada, bo):
            self.assertEqual(set(each.roster(room)), {ada.uri, bo.uri})
        self.say_and_hear(room, ada, bo, 'The pilot is on board.')
        self.say_and_hear(room, bo, ada, 'Berth 4 is free.')
        bo.leave(room)
        self.assertEqual(ada.expect('left', room=room)['users'], [bo.uri])
        self.assertEqual(set(ada.roster(room)), {ada.uri})
        ada.say(room, 'Alone.')
        ada.expect('message', text='Alone.')
        ada.sign_out()
        bo.sign_out()
        self.assertNotIn('Alone.', messages(bo))

    def test_both_talk_at_once(self) -> None:
        """All see all messages once, in one order; an author's own keep his."""
        room = 'Locks'
        ada, bo = self.two_in_a_room(room)
        said: dict[str, list[str]] = {ada.uri: [], bo.uri: []}
        for i in range(30):
            for each in (ada, bo):
                said[each.uri].append('%d of %s' % (i, each.user))
                each.say(room, said[each.uri][-1])
        heard = {}
        for each in (ada, bo):
            heard[each.uri] = [each.expect('message') for _ in range(60)]
        self.assertEqual(texts(heard[ada.uri]), texts(heard[bo.uri]))
        for author, own in said.items():
            self.assertEqual([event['text'] for event in heard[bo.uri]
                              if event['author'] == author], own)
        self.say_and_hear(room, ada, bo, 'Nothing more was to come.')

    # ---- Texts ----

    def test_texts_arrive_as_they_were_said(self) -> None:
        """No text is changed on its way, by either node."""
        room = 'Tide Desk <&>"\' \U0001f30a'
        ada, bo = self.two_in_a_room(room)
        people = [(ada, bo), (bo, ada)]
        for i, text in enumerate(texts_of_planes() + HOSTILE_TEXTS + LINES +
                                 LONG_TEXTS):
            with self.subTest(text=text[:60]):
                self.say_and_hear(room, *people[i % 2], text)

    def test_markup_is_shown_as_text(self) -> None:
        """The client sends markup as text, and a link with its address."""
        room = 'Charts'
        ada, bo = self.two_in_a_room(room)
        ada.do('say_markup', room=room, markup='<b>2 &lt; 3</b><br>'
               '<a href="http://x.example/?a=1&amp;b=2">here</a>')
        heard = bo.expect('message')
        self.assertEqual(heard['text'],
                         '2 < 3\nhere (http://x.example/?a=1&b=2)')

    def test_what_xml_cannot_carry_is_refused(self) -> None:
        """The author is told, and the room goes on."""
        room = 'Fog'
        ada, bo = self.two_in_a_room(room)
        ada.say(room, 'a\x01b')
        ada.expect('error', room=room)
        self.say_and_hear(room, ada, bo, 'The next one passes.')
        self.assertEqual(texts(bo.take_all('message')), [])

    # ---- History ----

    def test_history_is_shown_at_entry(self) -> None:
        """Who enters again sees at least the last messages, once, in order,
        and then what is said from then on."""
        room = 'Log book'
        ada, bo = self.two_in_a_room(room)
        ada.leave(room)
        talk = Talk(bo, room)
        talk.go_on(40)
        ada.join(room)
        ada.expect('message', text=talk.said[-1])
        ada.take_all('message')
        self.say_and_hear(room, bo, ada, 'after')
        before = messages(ada)[:-1]
        self.assertTrue(LAST_SHOWN <= len(before) <= len(talk.said), before)
        self.assertEqual(before, talk.said[-len(before):])

    def test_what_was_said_meanwhile_is_shown(self) -> None:
        """Who signs out and comes back to another node finds itself in its
        room and misses nothing, though the client asks for less."""
        room = 'Night watch'
        ada, bo = self.two_in_a_room(room)
        self.say_and_hear(room, bo, ada, 'Good night.')
        ada.sign_out()
        bo.expect('left', room=room, users=[ada.uri])
        talk = Talk(bo, room)
        talk.go_on(3 * LAST_SHOWN)
        ada.sign_in(self.pool.address(3, 'tcp'),
                    password=self.pool.make_user('ada'))
        ada.expect('joined', room=room)
        ada.expect('message', text=talk.said[-1])
        ada.take_all('message')
        self.say_and_hear(room, bo, ada, 'Good morning.')
        _, second = stays(ada, room)
        self.assertEqual(texts(second)[-len(talk.said) - 1:],
                         talk.said + ['Good morning.'])
        self.assertEqual(len(set(texts(second))), len(second))

    # ---- Faults ----

    def test_a_killed_leader_costs_nothing(self) -> None:
        """See lose_a_node."""
        leader = self.pool.leader()
        self.lose_a_node('Storm Line', leader, self.pool.kill)

    def lose_a_node(self, room: str, lost: int, lose: Callable[[int], None],
                    transport: str = 'tcp') -> None:
        """A node ends under a client while somebody elsewhere talks on. The
        client goes to another node and enters its room by itself; no message
        is missing, none was shown twice in one stay, and the author of those
        saw each once."""
        self.pool.make_room(room)
        others = [node for node in (1, 2, 3) if node != lost]
        bo = self.on_node(others[1], 'bo', transport)
        ada = self.client('ada')
        ada.sign_in(*(self.pool.address(node, transport)
                      for node in (lost, *others)), transport=transport,
                    password=self.pool.make_user('ada'), reconnect_ms=AWAY_MS)
        for each in (ada, bo):
            each.join(room)
        talk = Talk(bo, room)
        talk.go_on(20)
        ada.expect('message', text=talk.said[-1])
        self.addCleanup(self.pool.start, lost)
        lose(lost)
        ada.expect('disconnected', fatal=False)
        talk.go_on(3 * LAST_SHOWN)
        talk.go_on_until(lambda: ada.expect('joined', room=room, wait_s=0.05))
        talk.go_on(20)
        # What was said meanwhile may be shown after what is said now.
        for text in talk.said[20:]:
            ada.expect('message', text=text)
        ada.take_all('message')
        self.say_and_hear(room, ada, bo, 'Back again.')
        self.assertEqual(talk.heard, talk.said, 'its author saw')
        first, second = stays(ada, room)
        self.check_stays(talk, first, second)
        for each in (ada, bo):
            self.assertEqual(set(each.roster(room)), {ada.uri, bo.uri})
        self.pool.start(lost)
        bo.take_all('left')
        ada.sign_out()      # Nothing of it is left with the lost node.
        bo.expect('left', room=room, users=[ada.uri])

    def test_what_a_killed_node_had_taken(self) -> None:
        """A client talks while its node dies. What it saw of its own words is
        kept; what becomes of the others all agree on; nothing comes twice.
        Its seat at the dead node does not outlive it for long."""
        room = 'Breakers'
        self.pool.make_room(room)
        lost = 1 + self.pool.leader() % 3
        others = [node for node in (1, 2, 3) if node != lost]
        bo = self.on_node(others[0], 'bo')
        ada = self.client('ada')
        ada.sign_in(*(self.pool.address(node, 'tcp')
                      for node in (lost, *others)),
                    password=self.pool.make_user('ada'), reconnect_ms=100)
        for each in (ada, bo):
            each.join(room)
        said = ['word %d' % i for i in range(LAST_SHOWN - 1)]
        for text in said:
            ada.say(room, text)
        ada.expect('message', text=said[4])
        self.addCleanup(self.pool.start, lost)
        self.pool.kill(lost)
        ada.expect('disconnected', fatal=False)
        ada.expect('joined', room=room, wait_s=HEAL_WAIT_S)
        bo.say(room, 'The last word.')
        for each in (ada, bo):
            each.expect('message', text='The last word.')
        kept = messages(bo)[:-1]
        self.assertEqual(kept, said[:len(kept)])
        first, _ = stays(ada, room)
        self.assertEqual(texts(first), said[:len(first)])
        self.assertTrue(len(first) <= len(kept), 'seen by its author, lost')
        # What was said before may be shown after what is said now.
        self.wait_for(lambda: len(stays(ada, room)[1]) > len(kept))
        self.assertEqual(sorted(texts(stays(ada, room)[1])),
                         sorted([*kept, 'The last word.']))
        bo.take_all('left')
        ada.sign_out()      # And the pool gives the lost node up.
        bo.expect('left', room=room, users=[ada.uri], wait_s=HEAL_WAIT_S)

    def wait_for(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds; not for ever."""
        end = time.monotonic() + WAIT_S
        while not holds() and time.monotonic() < end:
            time.sleep(0.02)
        self.assertTrue(holds())

    def check_stays(self, talk: 'Talk', first: list[Event],
                    second: list[Event]) -> None:
        """What somebody saw before and after the loss."""
        self.assertEqual(texts(first), talk.said[:len(first)], 'before')
        again = texts(second)[:-1]      # Without what was said at the end.
        self.assertEqual(len(again), len(set(again)), 'twice: %s' % [
            text for text in set(again) if again.count(text) > 1])
        missing = [text for text in talk.said
                   if text not in texts(first) and text not in again]
        self.assertEqual(missing, [], 'never seen')
        self.assertTrue(set(again) <= set(talk.said))
        self.assertEqual(
            {event['text']: event['at'] for event in second[:-1]},
            {text: talk.at[text] for text in again}, 'times')


def stays(client: Pidgin, room: str) -> tuple[list[Event], list[Event]]:
    """A client's messages of its first and its second time in a room."""
    found: list[list[Event]] = []
    for event in client.all_events():
        if event['event'] == 'joined' and event['room'] == room:
            found.append([])
        elif event['event'] == 'message' and event['room'] == room:
            found[-1].append(event)
    assert len(found) == 2, '%d stays' % len(found)
    return found[0], found[1]


class Talk:
    """Somebody who talks steadily: numbered messages, with so many on their
    way that he waits for his own to come back."""

    def __init__(self, client: Pidgin, room: str) -> None:
        self.client = client
        self.room = room
        self.said: list[str] = []
        self.heard: list[str] = []
        self.at: dict[str, int] = {}

    def go_on(self, n: int) -> None:
        """Say n more and hear all."""
        for _ in range(n):
            self._say()
        self._hear(0)

    def go_on_until(self, done: Any) -> None:
        """Talk until done no longer raises an AssertionError."""
        end = time.monotonic() + HEAL_WAIT_S
        while True:
            self._say()
            try:
                done()
                break
            except AssertionError:
                if time.monotonic() > end:
                    raise
        self._hear(0)

    def _say(self) -> None:
        self.said.append('message %d' % len(self.said))
        self.client.say(self.room, self.said[-1])
        self._hear(WINDOW)

    def _hear(self, unheard_max: int) -> None:
        while len(self.said) - len(self.heard) > unheard_max:
            event = self.client.expect('message', room=self.room,
                                       wait_s=HEAL_WAIT_S)
            self.heard.append(event['text'])
            self.at[event['text']] = event['at']
