#!/usr/bin/env python3
"""Real nodes as a persistent-chat client meets them: commands, rooms, texts.

    tests/system/test_sip_rooms.py [BIN]
"""
from sip_client import Dialog, Heard, envelope
from sip_scene import SipScene, present, run, texts_of

MANAGER, MEMBER = '12276', '3984'   # Permission masks as clients know them.
CHARACTERS_MAX = 8000
HISTORY_MAX = 500


class Commands(SipScene):
    """What each verb is answered."""

    def test_about_the_server(self) -> None:
        """What a client asks before anything else."""
        user, = self.people(1)
        dialog = self.enter(user)
        dialog.phone.arrived.clear()
        server = dialog.do('requri').every('uib')[0]
        # Its 200 first: some clients look for the reply only then.
        self.assertEqual(dialog.phone.arrived, ['SIP/2.0', 'INFO'])
        self.assertEqual(server.get('uri'), dialog.uri)
        info = dialog.do('getserverinfo', '<sib domain="fjord.example" '
                         'infoType="123"/>').every('sib')[0]
        self.assertEqual(info.get('infoType'), '123')
        self.assertEqual(info.get('messageSizeLimit'), str(CHARACTERS_MAX))
        self.assertRegex(info.get('serverTime', ''), r'^2.*T.*\.[0-9]{7}Z$')
        self.assertRegex(info.get('rootUri', ''), '^ma-cat://fjord.example/')
        for verb, data in (('getinv', '<inv inviteId="1" '
                                      'domain="fjord.example"/>'),
                           ('nodespermcreatechild', '')):
            found = dialog.do(verb, data)
            self.assertEqual((found.code, found.name), (200, 'rpl:' + verb))
            self.assertEqual(found.every('chanib'), [])

    def test_unknown_verbs_and_what_is_not_there_yet(self) -> None:
        """501 under the client's own name, and the dialog goes on."""
        user, = self.people(1)
        dialog = self.enter(user)
        for verb in ('zebra', 'getfdtok', 'getfutok'):
            found = dialog.do(verb, '<chanib name="x"/>')
            self.assertEqual(found.code, 501)
            self.assertTrue(found.why.startswith('ERROR_NOT_SUPPORTED'))
        self.assertEqual(dialog.do('GETINV').code, 200)

    def test_several_commands_in_a_body(self) -> None:
        """A reply to each, in order when none has to wait, one to an INFO."""
        user, = self.people(1)
        dialog = self.enter(user)
        done = dialog.info(envelope(''.join(
            '<cmd id="cmd:%s" seqid="%d"><data/></cmd>' % each
            for each in (('getserverinfo', 4), ('zebra', 2),
                         ('requri', 7)))))
        self.assertEqual(done.status, 200)
        found = [dialog.phone.hear(lambda each: each.kind == 'rpl')
                 for _ in range(3)]
        self.assertEqual([each.name for each in found],
                         ['rpl:getserverinfo', 'rpl:zebra', 'rpl:requri'])
        self.assertEqual([each.every('commandid')[0].get('seqid')
                          for each in found], ['4', '2', '7'])
        self.assertEqual(len({each.request.header('CSeq')
                              for each in found}), 3)

    def test_search_folds_case_as_unicode_does(self) -> None:
        """In names of any script; disabled rooms are not shown."""
        user, = self.people(1)
        names = ('Straße Ω', 'ΟΔΟΣ nine', 'İstanbul Eins', 'Жёлтый Зал')
        for name in names:
            self.ctl('rooms', 'create', name, '--category', 'Operations',
                     '--visibility', 'open')
        self.ctl('rooms', 'create', 'STRASSE closed', '--category',
                 'Operations', '--visibility', 'closed', '--description',
                 'Where fog is told of')
        self.ctl('rooms', 'create', 'Straßenende', '--category',
                 'Operations', '--visibility', 'open', '--disabled')
        dialog = self.enter(user)

        def found(words: str, more: str = '') -> list[str]:
            reply = dialog.do('chansrch', '<qib qtype="BYNAME" criteria="%s" '
                              '%s/>' % (words, more))
            self.assertEqual(reply.code, 200)
            return [each.get('name', '') for each in reply.every('chanib')]

        self.assertEqual(found('strasse'), ['STRASSE closed', 'Straße Ω'])
        self.assertEqual(found('STRAßE ω'), ['Straße Ω'])
        self.assertEqual(found('οδος'), ['ΟΔΟΣ nine'])
        self.assertEqual(found('желтый'), [])
        self.assertEqual(found('ЖЁЛТЫЙ'), ['Жёлтый Зал'])
        self.assertEqual(found('FOG'), [])
        self.assertEqual(found('FOG', 'extended="true"'), ['STRASSE closed'])
        self.assertEqual(found('no such room'), [])
        self.assertLessEqual(set(names), set(found('')))

    def test_associations(self) -> None:
        """Rooms one is a member of, and rooms one manages."""
        user, other = self.people(2)
        member = self.room('--visibility', 'closed', '--member', user)
        manager = self.room('--visibility', 'closed', '--manager', user)
        self.room('--visibility', 'closed', '--member', other)
        dialog = self.enter(user)
        for kind, rooms in (('MEMBER', {member}), ('MANAGER', {manager})):
            found = dialog.do('getassociations', '<association type="%s" '
                              'domain="fjord.example" maxResults="50"/>' %
                              kind)
            self.assertEqual(found.code, 200)
            self.assertEqual({each.get('uri') for each in
                              found.every('chanib')}, rooms)


class Joining(SipScene):
    """Who is where, and who is told."""

    def test_joins_are_refused_with_a_reason(self) -> None:
        """bjoin goes on without those; a roster names no stranger."""
        user, = self.people(1)
        opened, closed = self.room(), self.room('--visibility', 'closed')
        disabled = self.room('--disabled')
        nowhere = opened[:-12] + '000000000000'
        dialog = self.enter(user)
        for room, code in ((closed, 403), (disabled, 423), (nowhere, 404)):
            found = dialog.join(room)
            self.assertEqual(found.code, code)
            self.assertRegex(found.why, '^ERROR_[A-Z_]+: .+')
            self.assertEqual(found.every('chanib'), [])
        found = dialog.join('nonsense', opened)
        self.assertEqual([each.get('uri') for each in found.every('chanib')],
                         [opened])
        found = dialog.join(closed, opened, nowhere)
        self.assertEqual(found.code, 200)
        self.assertEqual([each.get('uri') for each in found.every('chanib')],
                         [opened])
        self.assertEqual({(each.get('key'), each.get('value'))
                          for each in found.every('fib')},
                         {('OPERATION_FAILED', room.rpartition('/')[2])
                          for room in (closed, nowhere)})

    def test_rosters_tell_managers_from_others(self) -> None:
        """By the masks clients know; the joiner is in it."""
        boss, user = self.people(2)
        room = self.room('--manager', boss)
        self.inside(room, boss)
        dialog = self.enter(user, 2)
        found = dialog.join(room)
        ids = {each.get('id'): each.get('uri') for each in found.every('uib')}
        masks = {each.get('key'): {ids[one] for one in
                                   each.get('value', '').split(',')}
                 for each in found.every('aib')}
        self.assertEqual(masks, {
            MANAGER: {'sip:%s@fjord.example' % boss},
            MEMBER: {dialog.phone.uri}})

    def test_notices_count_users_not_devices(self) -> None:
        """The first device in, the last one out; never to oneself."""
        watcher, user = self.people(2)
        room = self.room()
        sees = self.inside(room, watcher, 3)
        one = self.inside(room, user, 1)
        found = sees.hear('ntc:join')
        self.assertEqual(found.every('uib')[0].get('uri'), one.phone.uri)
        self.assertEqual(found.every('aib')[0].get('value'),
                         room.rpartition('/')[2])
        two = self.enter(user, 2, tls=True)
        self.assertEqual(present(two.join(room)),
                         {one.phone.uri, sees.phone.uri})
        search = '<qib qtype="BYNAME" criteria=""/>'
        self.assertEqual({each.findtext(
            '{urn:parlano:xml:ns:xccos}info') for each in one.do(
                'chansrch', search).every('chanib')
            if each.get('uri') == room}, {'2'})     # Users, not devices.
        self.assertEqual(one.join(room).code, 200)
        self.assertEqual(one.part(room).code, 200)
        for dialog in (sees, one, two):
            self.assert_silent(dialog, 'ntc:join', 'ntc:part')
        self.assert_posted(sees, room, 'who is there?')
        self.assertEqual(two.hear('grpchat').text, 'who is there?')
        self.assert_silent(one, 'grpchat')
        self.assertEqual(two.part(room).every('chanib')[0].get('uri'), room)
        left = sees.hear('ntc:part')
        self.assertEqual(left.every('chanib')[0].get('uri'), room)
        self.assertEqual(left.every('uib')[0].get('uri'), two.phone.uri)
        self.assert_silent(sees, 'ntc:part')
        # Who takes himself to be in a room until told so is told so.
        self.assertEqual(two.part(room).code, 200)

    def test_who_loses_the_right_is_put_out(self) -> None:
        """And is told why; the others see him leave."""
        watcher, user = self.people(2)
        room = self.room('--visibility', 'closed', '--member', watcher,
                         '--member', user)
        sees, victim = self.inside(room, watcher), self.inside(room, user, 2)
        self.ctl('rooms', 'change', room, '--remove-member', user)
        self.assertEqual(victim.hear('ntc:part').every('uib')[0].get('uri'),
                         victim.phone.uri)
        victim.hear('ntc:kick')
        self.assertEqual(sees.hear('ntc:part').every('uib')[0].get('uri'),
                         victim.phone.uri)
        self.assertEqual(victim.post(room, 'but').status, 403)
        self.assertEqual(victim.history(room).code, 403)
        self.assertEqual(victim.join(room).code, 403)
        self.ctl('rooms', 'disable', room)
        sees.hear('ntc:part')
        sees.hear('ntc:chandisable')
        self.assertEqual(sees.post(room, 'but').status, 423)


class Posting(SipScene):
    """Messages."""

    def test_where_one_may_not_post(self) -> None:
        """The status says why, and nothing is posted."""
        user, other = self.people(2)
        room, closed = self.room(), self.room('--visibility', 'closed')
        dialog, sees = self.enter(user), self.inside(room, other, 2)
        nowhere = room[:-12] + '000000000000'
        for where, text, author, status in (
                (room, 'not joined', '', 412), (closed, 'closed', '', 403),
                (nowhere, 'nowhere', '', 404), ('sip:x', 'no room', '', 400),
                (room, '', '', 400), (room, 'x', sees.phone.uri, 403)):
            with self.subTest(where=where, text=text):
                done = dialog.post(where, text, author)
                self.assertEqual(done.status, status, done.start)
        self.assert_silent(sees, 'grpchat')

    def test_a_message_reaches_all_with_the_pools_own_facts(self) -> None:
        """The author too. Time, author and number are the pool's, not what
        the client has said; what it carries besides arrives as it was."""
        users = self.people(3)
        room = self.room()
        dialogs = [self.inside(room, users[i], i + 1, tls=i == 2)
                   for i in range(3)]
        for dialog in dialogs:
            dialog.phone.listen()
        said = dialogs[0].said(
            room, 'hello', author=dialogs[0].phone.uri.upper().replace(
                'SIP:', 'sip:'), more=' alert="true" xmlns:z="urn:z" z:a="1"')
        said = said.replace(b'</chat>', b'</chat><rtf>{\\rtf1}</rtf>')
        self.assertEqual(dialogs[0].info(said).status, 200)
        for dialog in dialogs:
            found = dialog.hear('grpchat')
            self.assertEqual(len(found.request.xml()), 1)
            self.assertIn('<%s>' % dialog.uri, found.request.header('From'))
            facts = found.element
            self.assertEqual(facts.get('chanUri'), room)
            self.assertEqual(facts.get('author'), dialogs[0].phone.uri)
            self.assertEqual(facts.get('chatId'), '1')
            self.assertEqual(facts.get('alert'), 'true')
            self.assertEqual(facts.get('{urn:z}a'), '1')
            self.assertTrue(found.every('rtf'))
            self.assertRegex(facts.get('ts', ''), r'^20[23].*\.[0-9]{7}Z$')
            self.assertNotIn('2031', facts.get('ts', ''))
            dialog.history(room)    # Ends where the join was.
            msg, = dialog.history(room).every('msg')
            self.assertEqual(msg.attrib, facts.attrib)
            self.assertEqual([(each.tag, each.text) for each in msg],
                             [(each.tag, each.text) for each in facts])

    def test_texts_arrive_as_they_were(self) -> None:
        """Markup, quotes, line ends, every plane, 8,000 characters."""
        user, other = self.people(2)
        room = self.room()
        says, hears = self.inside(room, user), self.inside(room, other, 2)
        planes = [chr((plane << 16) + at) for plane in range(17)
                  for at in (0x21, 0x5d0, 0x10fd, 0xfdf0 if plane else 0x4e00)]
        whole = ''.join(planes) * (CHARACTERS_MAX // len(planes) + 1)
        texts = ['<>&"\'', '<b>&lt;bold&gt;</b>', ']]>', '<![CDATA[x]]>',
                 'one\ntwo\r\nthree\rfour\ttabbed', '  blanks  ', '\u2028',
                 'e\u0301 \u05d0\u202eright to left', '\U0001f409' * 9,
                 '\U0001f468\u200d\U0001f469\u200d\U0001f467', '\x85\x7f',
                 '\ufeffmark', '/me & %s %n', ''.join(planes),
                 whole[:CHARACTERS_MAX], '\U0010fffd' * CHARACTERS_MAX,
                 '&' * CHARACTERS_MAX]
        for text in texts:
            self.assert_posted(says, room, text)
            for dialog in (says, hears):
                self.assertEqual(dialog.hear('grpchat').text, text)
        hears.history(room)
        self.assertEqual(texts_of(hears.history(room)), texts)

    def test_longer_texts_are_refused(self) -> None:
        """8,001 characters, whatever they weigh; nothing arrives."""
        user, = self.people(1)
        room = self.room()
        dialog = self.inside(room, user)
        for character in 'a&\u00e9\U0010fffd':
            done = dialog.post(room, character * (CHARACTERS_MAX + 1))
            self.assertEqual(done.status, 413, done.start)
        self.assertEqual(dialog.post(room, 'x' * 100000).status, 413)
        self.assert_silent(dialog, 'grpchat')
        self.assert_posted(dialog, room, 'short')

    def test_one_order_dense_numbers_and_no_doubles(self) -> None:
        """Three people on three nodes write at once into two rooms; everyone
        hears the same, numbered from 1."""
        users = self.people(3)
        rooms = [self.room(), self.room()]
        dialogs = [self.enter(users[i], i + 1) for i in range(3)]
        for dialog in dialogs:
            self.assertEqual(dialog.join(*rooms).code, 200)
        sent = [(dialog, dialog.send('INFO', dialog.said(
            rooms[i % 2], 'n%d' % i), 'text/plain'))
            for i in range(20) for dialog in dialogs]
        for dialog, cseq in sent:
            done = dialog.phone.response(dialog.call_id, cseq)
            self.assertEqual(done.status, 200, done.start)

        def heard(dialog: Dialog, room: str) -> list[tuple[str, ...]]:
            return [(each.element.get('chatId', ''), each.text,
                     each.element.get('author', ''),
                     each.element.get('ts', '')) for each in found[dialog
                    .call_id] if each.element.get('chanUri') == room]

        found: dict[str, list[Heard]] = {
            dialog.call_id: self.copies(dialog, 60) for dialog in dialogs}
        for room in rooms:
            first = heard(dialogs[0], room)
            self.assertEqual([each[0] for each in first],
                             [str(i) for i in range(1, 31)])
            self.assertEqual(len({each[3] for each in first}), 30)
            for dialog in dialogs[1:]:
                self.assertEqual(heard(dialog, room), first)
            for dialog in dialogs:
                own = [each[1] for each in first
                       if each[2] == dialog.phone.uri]
                self.assertEqual(own, ['n%d' % i for i in range(20)
                                       if rooms[i % 2] == room])
        for dialog in dialogs:
            self.assert_silent(dialog, 'grpchat')

    def test_a_retried_post_is_posted_once(self) -> None:
        """On the same node or on another."""
        user, other = self.people(2)
        room, elsewhere = self.room(), self.room()
        sees = self.inside(room, other, 3)
        one, two = self.inside(room, user), self.enter(user, 2)
        self.assertEqual(two.join(room, elsewhere).code, 200)
        for dialog in (one, one, two):
            self.assert_posted(dialog, room, 'once', retry='id-1')
        self.assertEqual(two.post(elsewhere, 'once', retry='id-1').status, 409)
        self.assert_posted(sees, room, 'once', retry='id-1')
        found = self.copies(sees, 2)
        self.assertEqual([each.element.get('author') for each in found],
                         [one.phone.uri, sees.phone.uri])
        for each in found:
            self.assertNotIn(b'id-1', each.request.body)
        self.assert_silent(sees, 'grpchat')


class History(SipScene):
    """What was said before."""

    def test_the_first_history_ends_at_the_join(self) -> None:
        """What comes after it comes live; nothing is shown twice."""
        user, other = self.people(2)
        room = self.room()
        says = self.inside(room, other, 2)
        self.post_all(says, room, ['before 1', 'before 2'])
        dialog = self.inside(room, user)
        self.post_all(says, room, ['after 1', 'after 2'])
        self.assertEqual([each.text for each in self.copies(dialog, 2)],
                         ['after 1', 'after 2'])
        self.assertEqual(texts_of(dialog.history(room)),
                         ['before 1', 'before 2'])
        self.assertEqual(texts_of(dialog.history(room, 3)),
                         ['before 2', 'after 1', 'after 2'])

    def test_who_joins_while_others_talk_has_it_all_once(self) -> None:
        """No message before the reply to the join; then the history and the
        live ones are the room, without a gap and without a double."""
        user, other = self.people(2)
        room = self.room()
        says, dialog = self.inside(room, other, 2), self.enter(user, 3)
        texts = ['n%d' % i for i in range(120)]
        waiting = [says.send('INFO', says.said(room, text), 'text/plain')
                   for text in texts[:30]]
        dialog.send('INFO', envelope(
            '<cmd id="cmd:join" seqid="1"><data><chanid domain="fjord.example"'
            ' value="%s"/></data></cmd>' % room.rpartition('/')[2]).encode(),
            'text/plain')
        for cseq in waiting:
            self.assertEqual(says.phone.response(says.call_id, cseq).status,
                             200)
        first = dialog.phone.hear(lambda each: True)
        self.assertEqual(first.name, 'rpl:join')
        self.post_all(says, room, texts[30:60])
        shown = texts_of(dialog.history(room, 500))
        self.post_all(says, room, texts[60:])
        live = self.copies(dialog, len(texts) - len(shown))
        self.assertEqual(shown + [each.text for each in live], texts)
        self.assert_silent(dialog, 'grpchat')

    def test_histories_one_may_not_read(self) -> None:
        """Of closed rooms by strangers, and of what is not there."""
        user, = self.people(1)
        room, closed = self.room(), self.room('--visibility', 'closed')
        dialog = self.enter(user)
        self.assertEqual(dialog.history(closed).code, 403)
        self.assertEqual(dialog.history(room[:-12] + '0' * 12).code, 404)
        self.assertEqual(dialog.history(room).code, 200)
        found = dialog.do('bccontext', '<chanib uri="%s"/><bcq><matches>crane'
                          '</matches></bcq>' % room)
        self.assertEqual(found.code, 200)
        found = dialog.do('bccontext', '<chanib uri="%s"/><bcq><matches>crane'
                          '</matches></bcq>' % closed)
        self.assertEqual(found.code, 403)

    def test_who_comes_back_is_told_all_he_missed(self) -> None:
        """On another node, though he asks for 25; 500 at most."""
        user, other = self.people(2)
        rooms = [self.room(), self.room()]
        says = self.enter(other, 2)
        self.assertEqual(says.join(*rooms).code, 200)
        left = self.enter(user)
        self.assertEqual(left.join(*rooms).code, 200)
        for room in rooms:
            left.history(room)
        self.post_all(says, rooms[0], ['seen'])
        left.hear('grpchat')
        left.phone.listen()
        left.phone.close()
        says.hear('ntc:part')
        missed = [['few %d' % i for i in range(70)],
                  ['many %d' % i for i in range(HISTORY_MAX + 40)]]
        for i in range(2):
            self.post_all(says, rooms[i], missed[i])
        back = self.enter(user, 3, endpoint=left.phone.serial)
        self.assertEqual(back.join(*rooms).code, 200)
        self.assertEqual(texts_of(back.history(rooms[0])), missed[0])
        self.assertEqual(texts_of(back.history(rooms[1])),
                         missed[1][-HISTORY_MAX:])
        self.assertEqual(len(texts_of(back.history(rooms[1]))), 25)
        stranger = self.enter(user, 3)
        self.assertEqual(stranger.join(*rooms).code, 200)
        self.assertEqual(len(texts_of(stranger.history(rooms[0]))), 25)


    def test_who_comes_back_before_he_is_missed_sees_no_gap(self) -> None:
        """His network went, and no node has noticed: what his old connection
        has not answered is shown on the new one, elsewhere or on the same
        node, and nobody sees him come or go."""
        user, other = self.people(2)
        room = self.room()
        says, old = self.inside(room, other, 2), self.inside(room, user)
        old.history(room)
        self.post_all(says, room, ['seen'])
        self.assertEqual(old.hear('grpchat').text, 'seen')
        says.phone.listen()
        missed = ['n%d' % i for i in range(40)]
        self.post_all(says, room, missed)
        for node in (3, 1):
            new = self.enter(user, node, endpoint=old.phone.serial)
            self.assertEqual(new.join(room).code, 200)
            self.assertEqual(texts_of(new.history(room))[-40:], missed)
            new.phone.answers = 0   # And again.
            self.assert_silent(says, 'ntc:join', 'ntc:part')


class ZGrammar(SipScene):
    """After all others."""

    def test_everything_said_has_its_grammar(self) -> None:
        """In tests of one command, and in all of these."""
        user, = self.people(1)
        self.inside(self.room(), user)
        self.assert_grammar()


if __name__ == '__main__':
    run()
