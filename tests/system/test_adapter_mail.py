#!/usr/bin/python3
"""perch-adapter's mail over SMTP, to a real server that breaks off, refuses,
wants TLS and a password. Debian's python3, which has Debian's aiosmtpd.

    tests/system/test_adapter_mail.py [BIN]

Exit 77 (skipped) where aiosmtpd is not installed.
"""
import asyncio
import email
import email.policy
import hashlib
import json
import logging
import shutil
import ssl
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any

try:
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
except ImportError:
    print('python3-aiosmtpd is not installed', file=sys.stderr)
    sys.exit(77)

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import adapter_input  # noqa: E402
from adapter_input import ALICE, NEWS, RATES, Cut, Result, fill  # noqa: E402
from ports import BLOCK, Ports  # noqa: E402

DONE, FAILED, UNREACHED = 0, 1, 3
MESSAGES = 4       # Of the filled cut: three conversations and the sheet.
BIN = Path(__file__).resolve().parents[2] / 'build-release' / 'bin'


class Server:
    """Takes mail; does at the message with a number what it was told."""

    ports = Ports()
    servers = 0

    def __init__(self, **options: Any) -> None:
        self.taken: list[tuple[str, list[str], bytes]] = []
        self.begun = 0
        self.troubles: dict[int, str] = {}
        self.port = Server.ports.base + Server.servers % BLOCK
        Server.servers += 1
        self.controller = Controller(self, hostname='127.0.0.1',
                                     port=self.port, **options)
        self.controller.start()

    def stop(self) -> None:
        """No more."""
        self.controller.stop()

    async def handle_RCPT(self, server: SMTP, session: Any, envelope: Any,
                          address: str, options: Any) -> str:
        """Called by the library."""
        self.begun += 1
        trouble = self.troubles.get(self.begun)
        if trouble == 'before':
            server.transport.abort()
            await asyncio.sleep(0)
        if trouble == 'refuse':
            return '550 not here'
        envelope.rcpt_tos.append(address)
        return '250 OK'

    async def handle_DATA(self, server: SMTP, session: Any,
                          envelope: Any) -> str:
        """Called by the library when all data is in."""
        trouble = self.troubles.get(self.begun)
        if trouble == 'later':
            return '451 try again'
        if trouble == 'unsaid':        # Taken over, and nobody hears of it.
            self.take(envelope)
        if trouble in ('after', 'unsaid'):
            server.transport.abort()
            return '250 never heard'
        self.take(envelope)
        return '250 taken over'

    def take(self, envelope: Any) -> None:
        """Keep a message."""
        self.taken.append((envelope.mail_from, envelope.rcpt_tos,
                           envelope.original_content))

    def ids(self) -> list[str]:
        """Message-IDs of what was taken, in order."""
        return [email.message_from_bytes(each[2])['Message-ID']
                for each in self.taken]


class Mail(unittest.TestCase):
    """A server, and a cut for it."""

    def serve(self, **options: Any) -> Server:
        """Start a server."""
        server = Server(**options)
        self.addCleanup(server.stop)
        return server

    def cut(self, server: Server, more: str = '&tls=none') -> Cut:
        """A cut for it."""
        return fill(Cut('eml', 'smtp://127.0.0.1:%d?from=pool@contoso.com&'
                        'to=vault@archive.example%s' % (server.port, more)))

    def run_cut(self, cut: Cut) -> Result:
        """Give it to the program."""
        return adapter_input.run(BIN / 'perch-adapter', cut.text())

    def refuse(self, cut: Cut, code: int, said: str) -> None:
        """Want no acknowledgement, and a reason."""
        result = self.run_cut(cut)
        self.assertEqual((result.code, result.out), (code, ''), result.said)
        self.assertIn(said, result.said)

class TestTroubles(Mail):
    """A server that is not there, breaks off or says no."""

    def test_broken_off(self) -> None:
        """Whenever the server breaks off or says no, there is no
        acknowledgement; sent again, the archive has every Message-ID with
        one content."""
        undisturbed = self.serve()
        cut = self.cut(undisturbed)
        wanted = self.run_cut(cut).ack
        for trouble in ('before', 'after', 'unsaid', 'later', 'refuse'):
            for number in range(1, MESSAGES + 1):
                with self.subTest(trouble=trouble, message=number):
                    server = Server()
                    server.troubles[number] = trouble
                    again = self.cut(server)
                    again.records = cut.records
                    self.refuse(again, UNREACHED, '127.0.0.1')
                    self.assertEqual(len(server.taken), number -
                                     (trouble != 'unsaid'))
                    server.troubles.clear()
                    result = self.run_cut(again)
                    server.stop()
                    self.assertEqual(result.ack, wanted)
                    self.assertEqual({each[2] for each in server.taken},
                                     {each[2] for each in undisturbed.taken})
                    self.assertEqual(set(server.ids()), set(undisturbed.ids()))

    def test_not_there(self) -> None:
        """No server: said, and to be tried again."""
        server = Server()
        cut = self.cut(server)
        server.stop()
        self.refuse(cut, UNREACHED, 'smtp://127.0.0.1')


class TestMail(Mail):
    """What arrives."""

    def test_sent(self) -> None:
        """Each conversation is a message, the sheet is the last; the sheet's
        hash is in the acknowledgement, and it lists the others."""
        server = self.serve()
        cut = self.cut(server, '&to=second@archive.example&tls=none')
        result = self.run_cut(cut)
        self.assertEqual((result.code, result.said), (DONE, ''))
        self.assertEqual(result.ack['ack'], cut.head['last'])
        self.assertEqual(len(server.taken), MESSAGES)
        for sender, to, _ in server.taken:
            self.assertEqual(sender, 'pool@contoso.com')
            self.assertEqual(to, ['vault@archive.example',
                                  'second@archive.example'])
        csns: list[int] = []
        parts = []
        for each in server.taken:
            message = email.message_from_bytes(each[2],
                                               policy=email.policy.default)
            parts.append([part.get_payload(decode=True)
                          for part in list(message.walk())[1:]])
        for text, records in parts[:-1]:
            csns += [json.loads(line)['csn']
                     for line in records.decode().rstrip('\n').split('\n')]
        self.assertEqual(sorted(csns), [each['csn'] for each in cut.records])
        sheet, = parts[-1]
        sha256 = hashlib.sha256
        self.assertEqual(sha256(sheet).hexdigest(), result.ack['sheet'])
        self.assertEqual([each['sha256'] for each in
                          json.loads(sheet)['messages']],
                         [sha256(each[2]).hexdigest()
                          for each in server.taken[:-1]])

    def test_again(self) -> None:
        """A repeated cut sends the same bytes under the same Message-IDs."""
        server = self.serve()
        cut = self.cut(server)
        first = self.run_cut(cut)
        self.assertEqual(self.run_cut(cut).ack, first.ack)
        self.assertEqual(server.taken[:MESSAGES], server.taken[MESSAGES:])
        self.assertEqual(len(set(server.ids())), MESSAGES)

    def test_large(self) -> None:
        """A long conversation goes in several messages, and dots at the
        beginning of lines come through."""
        server = self.serve(data_size_limit=2**27)
        cut = self.cut(server)
        cut.records.clear()
        for number in range(200):
            cut.post(ALICE, RATES if number else NEWS, '.\n..\n.' + 'x' * 50_000,
                     number + 1)
        self.assertEqual(self.run_cut(cut).code, DONE)
        self.assertGreater(len(server.taken), 3)
        self.assertEqual(len(set(server.ids())), len(server.taken))

    def test_output(self) -> None:
        """What is wrong with the address is named."""
        server = self.serve()
        for query, said in (
                ('', 'needs ?from'), ('?from=a@b', 'needs from and to'),
                ('?from=a@b&to=c', '"c" is no mail address'),
                ('?from=a@b&to=c@d%0d%0aDATA', 'is no mail address'),
                ('?from=a@b&to=c@d&cc=e@f', '"cc" is none of'),
                ('?from=a@b&from=a@b&to=c@d', 'from comes twice'),
                ('?from=a@b&to=c@d&tls=maybe', 'neither required nor none'),
                ('?from=a@b&to', '"to" has no value'),
                ('?from=a@b&to=c@d&credentials=/nowhere', 'No such file')):
            cut = self.cut(server)
            cut.head['output'] = 'smtp://127.0.0.1:%d%s' % (server.port, query)
            self.refuse(cut, FAILED, said)
        cut.head['output'] = 'smtp://u:p@127.0.0.1?from=a@b&to=c@d'
        self.refuse(cut, FAILED, 'credentials=FILE')
        self.assertEqual(server.taken, [])


class TestSecure(TestMail):
    """TLS and passwords: the same, and more."""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix='perch-mail-'))
        self.addCleanup(shutil.rmtree, self.folder)
        subprocess.run(
            ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
             'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj',
             '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1',
             '-keyout', 'key.pem', '-out', 'cert.pem'], cwd=self.folder,
            check=True, capture_output=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.folder / 'cert.pem',
                                     self.folder / 'key.pem')

    def serve(self, **options: Any) -> Server:
        return super().serve(tls_context=self.context, **options)

    def cut(self, server: Server, more: str = '') -> Cut:
        more = more.replace('&tls=none', '')
        return super().cut(server, more + '&ca=%s/cert.pem' % self.folder)

    def test_no_tls(self) -> None:
        """A server that has no TLS, or whose certificate nobody signed, gets
        nothing, unless tls=none says so."""
        plain = Server()
        self.addCleanup(plain.stop)
        cut = self.cut(plain)
        self.refuse(cut, UNREACHED, '127.0.0.1')
        self.assertEqual((plain.taken, plain.begun), ([], 0))
        secure = self.serve(require_starttls=True)
        cut = self.cut(secure)
        cut.head['output'] = cut.head['output'].partition('&ca=')[0]
        self.refuse(cut, UNREACHED, 'certificate')
        self.assertEqual((secure.taken, secure.begun), ([], 0))

    def test_password(self) -> None:
        """The password comes from a file, and a wrong one sends nothing."""
        def authenticate(_server: Any, _session: Any, _envelope: Any,
                         _mechanism: str, data: LoginPassword) -> AuthResult:
            good = (data.login, data.password) == (b'pool', b'pa:ss')
            return AuthResult(success=good, handled=good)
        server = self.serve(auth_required=True, authenticator=authenticate)
        path = self.folder / 'login'
        cut = self.cut(server, '&credentials=%s' % path)
        path.write_text('no colon\n')
        self.refuse(cut, FAILED, 'no USER:PASSWORD')
        path.write_text('pool:wrong\n')
        self.refuse(cut, UNREACHED, '535')
        self.assertEqual(server.taken, [])
        path.write_text('pool:pa:ss\n')
        self.assertEqual(self.run_cut(cut).code, DONE)
        self.assertEqual(len(server.taken), MESSAGES)


if __name__ == '__main__':
    logging.getLogger('mail.log').setLevel(logging.CRITICAL)
    if len(sys.argv) > 1:
        BIN = Path(sys.argv.pop(1)).resolve()
    unittest.main()
