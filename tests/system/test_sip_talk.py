#!/usr/bin/env python3
"""What is said and taken back on real nodes: corrected, withdrawn, redacted,
cleared, kept and held.

    tests/system/test_sip_talk.py [BIN]
"""
import json
import os
import subprocess
from typing import Any

from sip_client import PASSWORD, Dialog, Heard
from sip_scene import PoolError, SipScene, run, texts_of

RULES = '4'
PERCH = '{urn:perch:xccos}'
NODES = (1, 2, 3)
WAIT_S = 60.0


class Talk(SipScene):
    """A pool whose rules have been raised."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.ctl('pool', 'rules', RULES)

    def knowing(self, room: str, user: str, node: int) -> Dialog:
        """Someone in a room whose client knows of revisions."""
        dialog = self.enter(user, node)
        found = dialog.do('join', '<chanid key="0" domain="%s" value="%s" '
                          'xmlns:p="urn:perch:xccos" p:revisions="true"/>' % (
                              dialog.phone.domain, room.rpartition('/')[2]))
        self.assertEqual(found.code, 200)
        return dialog

    def revise(self, dialog: Dialog, verb: str, room: str, number: int,
               text: str = '', reason: str = '') -> Heard:
        """Correct or withdraw."""
        return dialog.do(verb, '<chanib uri="%s"><msg id="grpchat" seqid="1" '
                         'chanUri="%s" author="%s" chatId="%d" '
                         'xmlns:p="urn:perch:xccos" p:reason="%s">'
                         '<chat>%s</chat></msg></chanib>' % (
                             room, room, dialog.phone.uri, number, reason,
                             text))

    def histories(self, room: str, user: str) -> list[list[str]]:
        """A room's texts as each node tells them."""
        return [texts_of(self.enter(user, node).history(room, 100))
                for node in NODES]

    def assert_everywhere(self, room: str, user: str,
                          texts: list[str]) -> None:
        """Every node tells the same."""
        self.assertEqual(self.histories(room, user), [texts] * len(NODES))

    def refused(self, *words: str) -> str:
        """Why an administrator is refused."""
        with self.assertRaises(PoolError) as found:
            self.ctl(*words)
        return str(found.exception)

    def assert_state(self, heard: Heard, number: int, state: str,
                     text: str) -> None:
        """A notice says what one message was made."""
        said, = heard.every('msg')
        self.assertEqual(said.get('chatId'), '%d' % number)
        self.assertEqual(said.get(PERCH + 'state'), state)
        self.assertEqual(said.findtext('{urn:parlano:xml:ns:xccos}chat'), text)

    def assert_line(self, heard: Heard, number: int, *words: str) -> None:
        """A line to read, that is no message of the room."""
        self.assertIsNone(heard.element.get('chatId'))
        self.assertEqual(heard.element.get(PERCH + 'about'), '%d' % number)
        for word in words:
            self.assertIn(word, heard.text)


class Authors(Talk):
    """They correct and withdraw what they said."""

    def test_seen_at_once_and_later(self) -> None:
        """On every node, in two ways, and in history."""
        author, other, plain = self.people(3)
        room = self.room()
        says = self.inside(room, author, 1)
        knows = self.knowing(room, other, 2)
        reads = self.inside(room, plain, 3)
        for text in ('the ferry is late', 'gosip', 'last'):
            self.assert_posted(says, room, text)
        self.copies(knows, 3)
        self.copies(reads, 3)

        self.assertEqual(
            self.revise(says, 'modmsg', room, 1, 'the ferry is on time').code,
            200)
        self.assert_state(knows.hear('ntc:modmsg'), 1, 'corrected',
                          'the ferry is on time')
        line = reads.hear('grpchat')
        self.assert_line(line, 1, 'corrected: the ferry is on time')
        self.assertEqual(line.element.get('author'), says.phone.uri)
        self.assertEqual(
            self.revise(says, 'delmsg', room, 2, reason='wrong room').code,
            200)
        self.assert_state(knows.hear('ntc:modmsg'), 2, 'withdrawn',
                          '[withdrawn: wrong room]')
        self.assert_line(reads.hear('grpchat'), 2, 'withdrawn: wrong room')
        # Each is told once, in one way.
        self.assert_silent(knows, 'grpchat', 'ntc:modmsg')
        self.assert_silent(reads, 'grpchat', 'ntc:modmsg')
        self.assert_everywhere(room, plain, [
            'the ferry is on time', '[withdrawn: wrong room]', 'last'])
        said = self.enter(other, 3).history(room).every('msg')
        self.assertEqual([each.get(PERCH + 'state') for each in said],
                         ['corrected', 'withdrawn', None])
        self.assert_grammar()

    def test_nobody_elses(self) -> None:
        """Not what others said, not what is withdrawn, not when the pool does
        not let them."""
        author, other = self.people(2)
        room = self.room('--manager', other)
        says, manages = (self.inside(room, author, 1),
                         self.inside(room, other, 2))
        self.assert_posted(says, room, 'mine')
        found = self.revise(manages, 'modmsg', room, 1, 'yours')
        self.assertEqual(found.code, 403)
        self.assertIn('only its author', found.why)
        self.assertEqual(self.revise(says, 'modmsg', room, 2, 'x').code, 404)
        self.assertEqual(self.revise(says, 'delmsg', room, 1).code, 200)
        self.assertEqual(self.revise(says, 'delmsg', room, 1).code, 200)
        self.assertEqual(self.revise(says, 'modmsg', room, 1, 'x').code, 409)
        self.ctl('pool', 'set', 'correction_window_s', '0')
        self.addCleanup(self.ctl, 'pool', 'set', 'correction_window_s', '3600')
        self.assert_posted(says, room, 'again')
        found = self.revise(says, 'modmsg', room, 2, 'x')
        self.assertEqual(found.code, 403)
        self.assertIn('does not let authors', found.why)
        self.assertEqual(says.do('purge', '<chanib uri="%s"/>' % room).code,
                         403)

    def test_while_posts_fly(self) -> None:
        """Corrections among a flood: every node comes to the same."""
        author, reader = self.people(2)
        room = self.room()
        says = self.inside(room, author, 1)
        self.post_all(says, room, ['%d' % i for i in range(50)])
        for number in range(1, 51, 5):
            says.send('INFO', says.said(room, 'more'), 'text/plain')
            self.assertEqual(
                self.revise(says, 'modmsg', room, number,
                            'new %d' % number).code, 200)
        self.assert_posted(says, room, 'end')
        first, second, third = self.histories(room, reader)
        self.assertEqual(first, second)
        self.assertEqual(first, third)
        self.assertEqual(len(first), 61)
        self.assertEqual(first[5], 'new 6')


class Administrators(Talk):
    """They redact, replace and clear; nothing is erased beneath."""

    def say(self, *texts: str) -> tuple[str, Dialog, Dialog]:
        """A room where that was said; who knows of revisions, who does not."""
        author, other, plain = self.people(3)
        room = self.room()
        says = self.inside(room, author, 1)
        for text in texts:
            self.assert_posted(says, room, text)
        self.author = author
        return room, self.knowing(room, other, 2), self.inside(room, plain, 3)

    def test_one_message(self) -> None:
        """Out of sight at once, with a reason; every version is kept."""
        room, knows, reads = self.say('the code is 1234', 'thanks')
        done = self.ctl('messages', 'redact', room, '--message', '1',
                        '--reason', 'a secret')
        self.assertEqual([each['text'] for each in done['messages']],
                         ['the code is 1234'])
        gone = '[removed by an administrator: a secret]'
        self.assert_state(knows.hear('ntc:modmsg'), 1, 'redacted', gone)
        line = reads.hear('grpchat')
        self.assert_line(line, 1, 'removed by an administrator: a secret')
        self.assertNotIn(self.author, line.element.get('author', ''))
        self.assert_everywhere(room, self.author, [gone, 'thanks'])
        again = self.ctl('messages', 'redact', room, '--message', '1',
                         '--reason', 'a secret')
        self.assertTrue(again['already'])
        found = self.ctl('messages', 'list', room, '--match', 'thanks')
        self.assertEqual([each['text'] for each in found['messages']],
                         ['thanks']) # Past the first, which says nothing.
        done = self.ctl('messages', 'replace', room, '--message', '1',
                        '--with', 'see the safe', '--reason', 'better')
        self.assert_everywhere(room, self.author, ['see the safe', 'thanks'])
        for node in NODES:
            shown = self.node(node).perchctl('messages', 'show', room, '1')
            self.assertEqual(
                [(each['state'], each['text']) for each in shown['versions']],
                [('posted', 'the code is 1234'), ('redacted', ''),
                 ('replaced', 'see the safe')])
            self.assertEqual(shown['versions'][1]['reason'], 'a secret')
            self.assertTrue(shown['versions'][1]['administrator'])
        self.assert_grammar()

    def test_many(self) -> None:
        """By what they say, who said it and when: looked at first, then done,
        in several commands, told in few lines."""
        texts = ['word %d %s' % (i, 'SECRET' if i % 2 else 'fine')
                 for i in range(150)]
        room, knows, reads = self.say(*texts)
        words = ('messages', 'redact', room, '--match', 'secret', '--author',
                 self.author, '--since', '2020-01-01', '--reason', 'policy 7')
        seen = self.ctl('--dry-run', *words)
        self.assertEqual(len(seen['messages']), 75)
        self.assertEqual(self.histories(room, self.author)[0][:2], texts[50:52])
        done = self.ctl(*words)
        self.assertEqual([each['id'] for each in done['messages']],
                         [each['id'] for each in seen['messages']])
        lines = [reads.hear('grpchat'), reads.hear('grpchat')]
        self.assertIn('64 messages were removed', lines[0].text)
        self.assertIn('11 messages were removed', lines[1].text)
        self.assertEqual(len(knows.hear('ntc:modmsg').every('msg')), 64)
        for texts_ in self.histories(room, self.author):
            self.assertFalse([each for each in texts_ if 'SECRET' in each])
            self.assertEqual(len(texts_), 100)
        left = self.ctl('messages', 'list', room, '--match', 'word')
        self.assertEqual(len(left['messages']), 75)
        self.assertIn('MOMENT_INVALID', self.refused(
            'messages', 'list', room, '--since', 'yesterday'))
        self.assertIn('NOTHING_ASKED', self.refused(
            'messages', 'redact', room, '--reason', 'all of it'))

    def test_clear(self) -> None:
        """Nothing of before a moment is shown any more, and all is kept."""
        room, knows, reads = self.say('one', 'two')
        words = ('messages', 'clear', room, '--before', '2100-01-01',
                 '--reason', 'a new year')
        self.ctl('--dry-run', *words)
        self.assertEqual(self.histories(room, self.author)[0], ['one', 'two'])
        self.assertEqual(self.ctl(*words)['room']['cleared_upto'], 2)
        notice = knows.hear('ntc:purge')
        self.assertEqual(notice.every('chanib')[0].get(PERCH + 'cleared'), '2')
        self.assert_line(reads.hear('grpchat'), 2, 'a new year')
        self.assert_posted(self.inside(room, self.author, 1), room, 'three')
        self.assert_everywhere(room, self.author, ['three'])
        kept = self.ctl('messages', 'list', room)['messages']
        self.assertEqual([(each['text'], each['shown']) for each in kept],
                         [('one', False), ('two', False), ('three', True)])
        self.assertTrue(self.ctl(
            'messages', 'clear', room, '--before', '2020-01-01', '--reason',
            'again')['already'])

    def test_in_the_authors_stead(self) -> None:
        """An administrator withdraws at any time."""
        room, knows, _ = self.say('oh')
        done = self.ctl('messages', 'withdraw', room, '1', '--reason', 'asked')
        self.assertEqual(done['message']['state'], 'withdrawn')
        self.assert_state(knows.hear('ntc:modmsg'), 1, 'withdrawn',
                          '[withdrawn: asked]')
        self.assertIn('MESSAGE_UNKNOWN', self.refused(
            'messages', 'withdraw', room, '2'))


class Nodes(Talk):
    """Restarts, snapshots, and clients of perch's own."""

    def test_after_restarts(self) -> None:
        """A node that was away, and all of them anew."""
        author, = self.people(1)
        room = self.room()
        says = self.inside(room, author, 1)
        for text in ('one', 'two', 'three'):
            self.assert_posted(says, room, text)
        self.node(3).kill()
        self.assertEqual(self.revise(says, 'modmsg', room, 1, 'uno').code, 200)
        self.ctl('messages', 'redact', room, '--message', '2', '--reason', 'x')
        self.ctl('holds', 'place', 'Smith', '--room', room, '--reason', 'court')
        self.node(3).start()
        self.pool.await_ready()
        expected = ['uno', '[removed by an administrator: x]', 'three']
        self.assert_everywhere(room, author, expected)
        for node in NODES:
            self.node(node).stop()
        self.pool.start()
        self.pool.await_ready()
        self.assert_everywhere(room, author, expected)
        holds = self.ctl('holds', 'list', '--match', 'smith')['holds']
        self.assertEqual([each['reason'] for each in holds], ['court'])
        self.ctl('holds', 'lift', 'Smith', '--room', room, '--reason', 'over')

    def perch(self, user: str, node: int, *words: str) -> Any:
        """Run perch; what it printed."""
        done = subprocess.run(
            [str(self.programs / 'perch'), '--json', '--server',
             self.node(node).sip_tcp, '--user', user + '@fjord.example',
             *words], text=True, capture_output=True, timeout=WAIT_S,
            env={**os.environ, 'PERCH_PASSWORD': PASSWORD}, check=False)
        return done.returncode, [json.loads(line)
                                 for line in done.stdout.splitlines()]

    def test_perch(self) -> None:
        """Posts a story, corrects it, takes it back; follows in one way."""
        author, other = self.people(2)
        room = self.room()
        follow = subprocess.Popen(
            [str(self.programs / 'perch'), '--json', '--server',
             self.node(2).sip_tcp, '--user', other + '@fjord.example',
             'follow', room], text=True, stdout=subprocess.PIPE,
            env={**os.environ, 'PERCH_PASSWORD': PASSWORD})
        self.addCleanup(follow.communicate)
        self.addCleanup(follow.kill)
        assert follow.stdout is not None
        while json.loads(follow.stdout.readline())['event'] != 'joined':
            pass
        self.assertEqual(self.perch(author, 1, 'post', '--story', room,
                                    'Title\nof a story')[0], 0)
        self.assertEqual(self.perch(author, 3, 'correct', room, '1',
                                    'Title\nof a better story')[0], 0)
        self.assertEqual(self.perch(other, 3, 'withdraw', room, '1')[0], 1)
        self.assertEqual(self.perch(author, 2, 'withdraw', room, '1',
                                    'enough')[0], 0)
        found: list[dict[str, Any]] = []
        while not found or found[-1].get('state') != 'withdrawn':
            found.append(json.loads(follow.stdout.readline()))
        told = [each for each in found
                if each['event'] in ('message', 'revised')]
        self.assertEqual(
            [(each['event'], each['id'], each.get('state'), each['text'])
             for each in told],
            [('message', 1, None, 'Title\nof a story'),
             ('revised', 1, 'corrected', 'Title\nof a better story'),
             ('revised', 1, 'withdrawn', '[withdrawn: enough]')])
        self.assertTrue(all(each.get('story') for each in told))
        _, lines = self.perch(other, 1, 'history', room)
        self.assertEqual([each['text'] for each in lines
                          if each['event'] == 'message'],
                         ['[withdrawn: enough]'])


class Keeping(Talk):
    """Retention and holds."""

    def test_retention(self) -> None:
        """A room's own word, else its category's; shown, and refused where it
        has not ended or a hold lies."""
        author, = self.people(1)
        room = self.room()
        self.assert_posted(self.inside(room, author, 1), room, 'one')
        self.assertIn('RETENTION_NONE', self.refused('messages', 'purge', room))
        done = self.ctl('retention', 'category', 'Operations', '--days', '30')
        self.assertEqual(done['category']['retention_days'], 30)
        self.addCleanup(self.ctl, 'retention', 'category', 'Operations')
        self.assertEqual(self.ctl('rooms', 'show', room)['room']
                         ['retention_days'], 30)
        self.ctl('retention', 'room', room, '--days', '1')
        shown = self.node(3).perchctl('rooms', 'show', room)['room']
        self.assertEqual((shown['retention_days'], shown['retention_own']),
                         (1, True))
        self.assertIn('NOTHING_DUE', self.refused('messages', 'purge', room))
        self.ctl('holds', 'place', 'Jones', '--room', room, '--reason', 'law')
        self.assertTrue(self.ctl('holds', 'place', 'jones', '--room', room,
                                 '--reason', 'law')['already'])
        self.assertIn('ROOM_HELD', self.refused('messages', 'purge', room))
        self.assertEqual(self.ctl('rooms', 'show', room)['room']['holds'], 1)
        self.ctl('holds', 'lift', 'Jones', '--room', room, '--reason', 'over')
        self.assertIn('HOLD_UNKNOWN', self.refused(
            'holds', 'lift', 'Jones', '--room', room, '--reason', 'over'))
        self.assertIn('HOLD_TARGET', self.refused(
            'holds', 'place', 'Jones', '--reason', 'law'))
        self.ctl('retention', 'room', room)
        shown = self.ctl('rooms', 'show', room)['room']
        self.assertEqual((shown['retention_days'], shown['retention_own']),
                         (30, False))


if __name__ == '__main__':
    run()
