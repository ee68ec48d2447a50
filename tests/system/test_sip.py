#!/usr/bin/env python3
"""Real nodes as a SIP client meets them: signing in, dialogs, what is refused.

    tests/system/test_sip.py [BIN]     BIN: the folder of perchd and perchctl
"""
import time
from socket import create_connection

from sip_client import PROVISIONING, Dialog, envelope
from sip_scene import SipScene, run, texts_of

OCSCHAT = 'sip:ocschat@fjord.example'


class SignIn(SipScene):
    """REGISTER, and what follows it outside of dialogs."""

    def test_both_user_forms_on_tcp_and_tls(self) -> None:
        """People type their name, or their whole address."""
        user, = self.people(1)
        for tls in (False, True):
            for name in (user, user + '@fjord.example', user.upper()):
                with self.subTest(name=name, tls=tls):
                    done = self.phone(user, 1 + tls, tls).sign_in(name=name)
                    # Whoever types capitals digests capitals: another hash.
                    self.assertEqual(done.status,
                                     403 if name == user.upper() else 200)
                    if done.status == 403:
                        self.assertIn('not in lower case', done.header(
                            'ms-diagnostics-public'))

    def test_answer_is_as_clients_need_it(self) -> None:
        """Without these lines pidgin-sipe never starts its group chat."""
        user, = self.people(1)
        phone = self.phone(user)
        done = phone.sign_in()
        self.assertEqual(done.all('Supported'), ['msrtc-event-categories'])
        self.assertEqual(done.all('Allow-Events'), [PROVISIONING])
        self.assertGreater(int(done.header('Expires')), 0)
        self.assertRegex(done.header('ms-keep-alive'),
                         r'^UAS;.*timeout=[1-9][0-9]*$')
        phone.write(b'\r\n\r\n')
        self.assertEqual(phone.register('Expires: 120').header('Expires'),
                         '120')
        self.assertEqual(phone.register('Expires: 0').header('Expires'), '0')
        self.assertEqual(phone.subscribe(PROVISIONING).status, 403)

    def test_who_is_not_let_in(self) -> None:
        """403 at once, with words; unknown looks like wrong."""
        user, gone = self.people(2)
        self.ctl('users', 'disable', gone)
        wrong = self.phone(user).sign_in('wrong')
        unknown = self.phone('nobody').sign_in()
        disabled = self.phone(gone).sign_in()
        for done in (wrong, unknown, disabled):
            self.assertEqual(done.status, 403)
            self.assertIn('reason="', done.header('ms-diagnostics-public'))
        self.assertEqual(wrong.header('ms-diagnostics-public'),
                         unknown.header('ms-diagnostics-public'))
        self.assertNotEqual(wrong.header('ms-diagnostics-public'),
                            disabled.header('ms-diagnostics-public'))
        self.assertEqual(self.phone(gone).sign_in('wrong').header(
            'ms-diagnostics-public'), wrong.header('ms-diagnostics-public'))

    def test_a_nonce_is_good_once_and_on_its_connection(self) -> None:
        """What was overheard signs nobody in."""
        user, = self.people(1)
        phone = self.phone(user)
        answer = phone.credentials(phone.register(), 'tide-and-time')
        stolen = self.phone(user).register(answer)
        self.assertEqual(stolen.status, 407)
        self.assertEqual(phone.register(answer, cseq=1).status, 200)
        again = self.phone(user)
        self.assertEqual(again.register(answer).status, 407)

    def test_one_identity_per_connection(self) -> None:
        """Nobody speaks for another, in a dialog or outside."""
        user, other = self.people(2)
        dialog = self.enter(user)
        phone = dialog.phone
        phone.uri = 'sip:%s@fjord.example' % other
        self.assertEqual(phone.subscribe(PROVISIONING).status, 403)
        self.assertEqual(phone.register().status, 403)
        self.assertEqual(dialog.info(envelope(
            '<cmd id="cmd:requri" seqid="1"><data/></cmd>')).status, 403)

    def test_strangers_may_only_ask_options(self) -> None:
        """Before sign-in there is nothing to have."""
        user, = self.people(1)
        phone = self.phone(user)
        self.assertEqual(phone.ask('OPTIONS', 'sip:fjord.example').status, 200)
        self.assertEqual(phone.subscribe(PROVISIONING).status, 403)
        self.assertEqual(phone.invite(OCSCHAT).opened.status, 403)

    def test_only_provisioning_is_subscribed_to(self) -> None:
        """Proxy-Require: ms-benotify is never a reason for 420."""
        user, = self.people(1)
        phone = self.phone(user)
        phone.sign_in()
        found = {each.get('name'): each.text
                 for each in phone.subscribe(PROVISIONING).xml().iter()}
        self.assertEqual(found['EnablePersistentChat'], 'true')
        self.assertRegex(found['DefaultPersistentChatPoolUri'] or '',
                         r'^sip:.+@fjord\.example$')
        for event in ('presence', 'vnd-microsoft-roaming-contacts'):
            self.assertEqual(phone.subscribe(event).status, 489)

    def test_the_disabled_are_put_out(self) -> None:
        """At once, wherever they are; the others see them leave."""
        user, other = self.people(2)
        room = self.room()
        left = self.inside(room, user, 2)
        stays = self.inside(room, other, 3)
        self.ctl('users', 'disable', user)
        left.phone.await_gone()
        self.assertEqual(stays.hear('ntc:part').every('uib')[0].get('uri'),
                         left.phone.uri)
        self.assertEqual(self.phone(user).sign_in().status, 403)
        self.ctl('users', 'enable', user)
        self.assertEqual(self.phone(user).sign_in().status, 200)


class Dialogs(SipScene):
    """INVITE to BYE."""

    def test_all_addresses_of_the_pool_are_invited(self) -> None:
        """With and without an offer; each 200 starts the refresh timer."""
        user, = self.people(1)
        phone = self.phone(user, tls=True)
        phone.sign_in()
        for uri in ('', OCSCHAT):
            for sdp in (True, False):
                with self.subTest(uri=uri, sdp=sdp):
                    dialog = phone.invite(uri, sdp)
                    self.assertEqual(dialog.opened.status, 200)
                    self.assertRegex(dialog.opened.header('Session-Expires'),
                                     r'^[0-9]+;refresher=uac$')
                    self.assertEqual(bool(dialog.opened.body), sdp)
                    found = dialog.do('requri')
                    self.assertIn('<%s>' % dialog.uri,
                                  found.request.header('From'))
                    server = found.every('uib')[0].get('uri', '')
                    self.assertEqual(phone.invite(server).opened.status, 200)
        phone.sign_in()
        self.assertEqual(phone.invite('sip:x@fjord.example').opened.status,
                         404)

    def test_requests_of_a_dialog(self) -> None:
        """UPDATE refreshes, OPTIONS asks, BYE ends, and then there is none."""
        user, = self.people(1)
        dialog = self.enter(user)
        updated = dialog.ask('UPDATE')
        self.assertEqual(updated.status, 200)
        self.assertEqual(updated.header('Session-Expires'),
                         dialog.opened.header('Session-Expires'))
        self.assertEqual(dialog.ask('OPTIONS').status, 200)
        self.assertEqual(dialog.ask('MESSAGE').status, 405)
        self.assertEqual(dialog.ask('ZEBRA').status, 501)
        self.assertEqual(dialog.ask('BYE').status, 200)
        for method in ('UPDATE', 'BYE', 'INFO'):
            self.assertEqual(dialog.ask(method).status, 481, method)
        again = dialog.phone.invite(dialog.uri)
        self.assertEqual(again.opened.status, 200)
        self.assertEqual(again.do('requri').code, 200)

    def test_repeats_do_nothing_twice(self) -> None:
        """The same CSeq has the same answer, a lower one is refused."""
        user, = self.people(1)
        room = self.room()
        dialog = self.inside(room, user)
        body = dialog.said(room, 'once')
        for _ in range(2):
            cseq = dialog.send('INFO', body, 'text/plain', dialog.cseq + 9)
            self.assertEqual(dialog.phone.response(dialog.call_id,
                                                   cseq).status, 200)
        self.assertEqual(dialog.hear('grpchat').text, 'once')
        self.assert_silent(dialog, 'grpchat')
        cseq = dialog.send('INFO', body, 'text/plain', dialog.cseq + 1)
        self.assertEqual(dialog.phone.response(dialog.call_id, cseq).status,
                         500)

    def test_twins_do_not_mix(self) -> None:
        """Clients started in one second say the same Call-ID and tags. Each
        speaks as itself, hears each message once, and outlives the other."""
        user, other = self.people(2)
        room = self.room()
        one = self.inside(room, user)
        phone = self.phone(other, endpoint=one.phone.serial)
        phone.sign_in()
        two = Dialog(phone, one.uri)
        two.call_id = one.call_id
        two.envid = one.envid - 1   # The join had the one after.
        self.assertEqual(two.ask('INVITE').status, 200)
        self.assertEqual(two.join(room).code, 200)
        one.hear('ntc:join')
        self.assert_posted(one, room, 'of one')
        self.assert_posted(two, room, 'of two')
        for dialog in (one, two):
            self.assertEqual([(each.text, each.element.get('author'))
                              for each in self.copies(dialog, 2)],
                             [('of one', one.phone.uri),
                              ('of two', phone.uri)])
        one.phone.close()
        two.hear('ntc:part')
        self.assert_posted(two, room, 'alone')
        self.assertEqual(two.hear('grpchat').text, 'alone')
        self.assert_silent(two, 'grpchat')

    def test_a_client_that_forgot_is_parted(self) -> None:
        """487 and a lost connection end an endpoint, once, for all rooms."""
        watcher, user = self.people(2)
        rooms = [self.room(), self.room()]
        sees = self.enter(watcher, 2)
        self.assertEqual(sees.join(*rooms).code, 200)

        def parts() -> list[str]:
            found = [sees.hear('ntc:part') for _ in rooms]
            self.assertEqual({each.every('uib')[0].get('uri')
                              for each in found},
                             {'sip:%s@fjord.example' % user})
            self.assert_silent(sees, 'ntc:part')
            return sorted(each.every('chanib')[0].get('uri', '')
                          for each in found)

        forgets = self.enter(user)
        forgets.phone.answers = 487
        forgets.send('INFO', envelope(
            '<cmd id="cmd:bjoin" seqid="1"><data>%s</data></cmd>' % ''.join(
                '<chanid key="0" domain="fjord.example" value="%s"/>' %
                room.rpartition('/')[2] for room in rooms)).encode(),
            'text/plain')
        forgets.phone.listen()
        self.assertEqual(parts(), sorted(rooms))
        lost = self.enter(user)
        self.assertEqual(lost.join(*rooms).code, 200)
        lost.phone.close()
        self.assertEqual(parts(), sorted(rooms))
        byes = self.enter(user)
        self.assertEqual(byes.join(*rooms).code, 200)
        self.assertEqual(byes.ask('BYE').status, 200)
        self.assertEqual(parts(), sorted(rooms))

    def test_who_missed_something_has_to_come_back(self) -> None:
        """After 481 pidgin-sipe invites again and believes to be in its rooms
        still: only a lost connection makes it ask what it has missed."""
        user, other = self.people(2)
        room = self.room()
        says = self.inside(room, other, 2)
        dialog = self.inside(room, user)
        dialog.phone.answers = 487
        self.assert_posted(says, room, 'are you there?')
        dialog.hear('grpchat')
        self.assertEqual(dialog.ask('UPDATE').status, 481)
        dialog.phone.answers = 200
        dialog.phone.invite(dialog.uri)
        dialog.phone.await_gone()
        back = self.inside(room, user, 3, endpoint=dialog.phone.serial)
        self.assertEqual(texts_of(back.history(room)), ['are you there?'])


Bodies = list[tuple[str, bytes, int]]   # What it is, the body, its status.


def hostile_bodies(right: str) -> Bodies:
    """What a stranger might make of a post that says TEXT."""
    return hostile_markup(right) + hostile_bytes(right)


def hostile_markup(right: str) -> Bodies:
    """Document types, and more of everything than anybody needs."""
    bomb = ('<!DOCTYPE xccos [<!ENTITY a "aaaaaaaaaa">' + ''.join(
        '<!ENTITY %s "%s">' % (chr(98 + i), ('&%s;' % chr(97 + i)) * 10)
        for i in range(8)) + ']>')
    return [
        ('doctype', ('<!DOCTYPE xccos>' + right).encode(), 400),
        ('bomb', (bomb + right.replace('TEXT', '&h;')).encode(), 400),
        ('external', ('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd"'
                      '>]>' + right.replace('TEXT', '&e;')).encode(), 400),
        ('entity', right.replace('TEXT', '&unknown;').encode(), 400),
        ('depth', right.replace('TEXT', '<a>' * 5000 + '</a>' * 5000)
         .encode(), 413),
        ('open depth', right.replace('TEXT', '<a>' * 100000).encode(),
         413),
        ('attributes', right.replace(' seqid=', ''.join(
            ' a%d="1"' % i for i in range(5000)) + ' seqid=').encode(),
         413),
        ('one attribute', right.replace(' seqid=', ' a="%s" seqid=' % (
            'x' * 500000)).encode(), 413),
        ('elements', right.replace('TEXT', '<a/>' * 100000).encode(), 413),
        ('primitives', envelope(
            '<cmd id="cmd:getinv" seqid="1"/>' * 5000).encode(), 413),
    ]


def hostile_bytes(right: str) -> Bodies:
    """What is no UTF-8, no character of XML, or no XML at all."""
    return [
        ('utf-8', right.encode().replace(b'TEXT', b'\xff\xfe'), 400),
        ('overlong', right.encode().replace(b'TEXT', b'\xc0\xaf'), 400),
        ('surrogate', right.encode().replace(b'TEXT', b'\xed\xa0\x80'),
         400),
        ('beyond', right.encode().replace(b'TEXT', b'\xf4\x90\x80\x80'),
         400),
        ('nul', right.encode().replace(b'TEXT', b'a\0b'), 400),
        ('control', right.encode().replace(b'TEXT', b'\x07'), 400),
        ('control by name', right.replace('TEXT', '&#x1;').encode(), 400),
        ('nul by name', right.replace('TEXT', '&#0;').encode(), 400),
        ('U+FFFE', right.replace('TEXT', '\ufffe').encode(), 400),
        ('cut', right[:-9].encode(), 400),
        ('twice', (right + right).encode(), 400),
        ('utf-16', right.encode('utf-16'), 400),
        ('other', b'<other/>', 400),
        ('no xml', b'hello', 400),
        ('two messages', right.encode().replace(
            b'</xccos>', right.encode().partition(b'xccos">')[2]), 400),
    ]


class Hostile(SipScene):
    """What no client says."""

    def test_broken_framing_is_answered_and_closed(self) -> None:
        """Nobody knows where the next message would begin."""
        for start in (b'NONSENSE\r\n\r\n', b'GET / HTTP/1.1\r\n\r\n',
                      b'INFO sip:x SIP/2.0\r\nContent-Length: x\r\n\r\n',
                      b'INFO sip:x SIP/2.0\r\nContent-Length: 0\r\n'
                      b'Content-Length: 9\r\n\r\n',
                      b'INFO sip:x SIP/2.0\r\nA: \0\r\n\r\n',
                      b'A' * 4096 + b'\r\n\r\n', b'\x16\x03\x01\x02\x00'):
            with self.subTest(start=start[:20]):
                phone = self.phone('nobody')
                phone.write(start + b'\r\n\r\n')
                phone.await_gone()

    def test_hostile_bodies_are_refused_and_the_dialog_lives(self) -> None:
        """Nothing of them is expanded, nothing is posted, nobody is cut."""
        user, = self.people(1)
        room = self.room()
        dialog = self.inside(room, user)
        for what, body, status in hostile_bodies(
                dialog.said(room, 'TEXT').decode()):
            with self.subTest(what=what):
                begun = time.monotonic()
                done = dialog.info(body)
                self.assertEqual(done.status, status, done.start)
                self.assertLess(time.monotonic() - begun, 5.0)
        self.assert_posted(dialog, room, 'and still')
        self.assertEqual(dialog.hear('grpchat').text, 'and still')
        dialog.history(room)    # Ends where the join was.
        self.assertEqual(texts_of(dialog.history(room)), ['and still'])

    def test_bodies_up_to_a_megabyte_are_read(self) -> None:
        """Beyond it they are read past, and the dialog goes on."""
        user, = self.people(1)
        dialog = self.enter(user)
        command = '<cmd id="cmd:getinv" seqid="1"><data/></cmd>'
        whole = envelope(command + '<!-- -->')
        for size, status in ((1 << 20, 200), ((1 << 20) + 1, 413)):
            body = whole.replace('<!-- -->', '<!--%s-->' % (
                ' ' * (size - len(whole) + 1)))
            self.assertEqual(len(body), size)
            self.assertEqual(dialog.info(body).status, status)
        self.assertEqual(dialog.do('getinv').code, 200)

    def test_a_stranger_disturbs_nobody(self) -> None:
        """Plain text to the TLS port, and half a handshake."""
        user, = self.people(1)
        dialog = self.enter(user, tls=True)
        host, _, port = self.node(1).sip_tls.rpartition(':')
        with create_connection((host, int(port))) as plain:
            plain.sendall(b'REGISTER sip:fjord.example SIP/2.0\r\n\r\n')
            self.assertEqual(dialog.do('getinv').code, 200)
        with create_connection((host, int(port))) as half:
            half.sendall(b'\x16\x03\x01')
            self.assertEqual(dialog.do('getinv').code, 200)

    def test_via_and_answers_are_echoed(self) -> None:
        """Headers come back byte for byte, in odd forms too."""
        user, = self.people(1)
        phone = self.phone(user)
        phone.sign_in()
        via, sender = 'SIP/2.0/tcp 127.0.0.1:9;x="; ,"', (
            '"A, \\"b\\" <c>" <%s>;tag=1;odd' % phone.uri)
        phone.send('OPTIONS sip:fjord.example SIP/2.0', [
            'v: ' + via, 'f: ' + sender, 't: <sip:fjord.example>', 'i: odd',
            'CSeq: 7 OPTIONS', 'Max-Forwards: 70'])
        done = phone.response('odd', '7 OPTIONS')
        self.assertEqual(done.status, 200)
        self.assertEqual(done.all('Via'), [via])
        self.assertEqual(done.all('From'), [sender])


if __name__ == '__main__':
    run()
