#!/usr/bin/env python3
"""perch-directory between a real slapd and real nodes: what is taken over, what
is held, and what happens when any of the three dies in the middle.

    tests/system/test_directory.py [BIN]

Exit 77 (skipped) where slapd is not installed.
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import scene
from fake_ldap import Answer, Entry, FakeLdap
from scene import Scene, page, until
from slapd import (MANAGER, PASSWORD, SUFFIX, Slapd, group, person, unit)
from sip_client import DOMAIN

EXIT_SKIPPED = 77
RULES = '4'
RUN_WAIT_S = 120.0
DONE, FAILED, USAGE, UNREACHABLE, HELD = 0, 1, 2, 3, 5
GOING = 300        # Of those of Dying.
BASE_UNITS = unit('people') + unit('groups')


def sip(user: str) -> str:
    """The address of a user."""
    return 'sip:%s@%s' % (user, DOMAIN)


class Directory(Scene):
    """A pool of one node, a slapd, and the adapter's settings."""
    NODES = 1

    def setUp(self) -> None:
        self.pool = scene.make_pool(self.NODES)
        self.addCleanup(scene.clear_pool, self.pool)
        self.folder = Path(tempfile.mkdtemp(prefix='perch-directory-'))
        self.addCleanup(shutil.rmtree, self.folder)
        self.leader = self.serve()
        self.node = self.leader
        self.node.perchctl('pool', 'rules', RULES)

    def slapd(self, ldif: str, **how: str) -> Slapd:
        """A slapd that runs and has these entries."""
        port = scene.Setup.base_port + 8
        server = Slapd(self.folder / 'slapd', port, **how)
        self.addCleanup(server.kill)
        server.load(ldif)
        server.start()
        return server

    def configure(self, server: Slapd, more: str = '', ldap: str = '',
                  name: str = 'directory.conf', directory: str = '') -> None:
        """Write the adapter's file."""
        secret = self.folder / 'password'
        secret.write_text(PASSWORD + '\n')
        secret.chmod(0o600)
        how = ldap or ('uri = %s\nauthorities = %s/ca.pem\n'
                       'bind_dn = %s\npassword_file = %s\n' % (
                           server.secure_uri, server.folder, MANAGER, secret))
        (self.folder / name).write_text('''\
[directory]
name = corp
state_dir = %s
%s
[pool]
socket = %s
patience = 20s

[ldap]
base = "%s"
timeout = 2s
%s
%s''' % (self.folder, directory, self.node.socket, SUFFIX, how, more))

    def begin(self, *words: str, name: str = 'directory.conf') -> Any:
        """Start the adapter, once."""
        process = subprocess.Popen(
            [scene.program('perch-directory'), '--config',
             str(self.folder / name), '--once', '--json', *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(scene.end_process, process)
        return process

    def run_once(self, *words: str, expect: int = DONE,
                 name: str = 'directory.conf') -> dict[str, Any]:
        """One run, to its end; what it says."""
        process = self.begin(*words, name=name)
        out, err = process.communicate(timeout=RUN_WAIT_S)
        self.assertEqual(process.returncode, expect, out + err)
        found = json.loads(out)
        assert isinstance(found, dict)
        found['journal'] = err
        return found

    def users(self) -> dict[str, bool]:
        """All users, and whether each is disabled."""
        return {each['uri']: each['disabled']
                for each in self.node.perchctl('users', 'list')['users']}

    def groups(self) -> dict[str, set[str]]:
        """All groups, and who is in each."""
        found = self.node.perchctl('groups', 'list')['groups']
        return {each['uri']: {one['uri'] for one in self.node.perchctl(
            'groups', 'members', each['uri'])['members']} for each in found}

    def status(self) -> dict[str, Any]:
        """What the pool knows of the directory."""
        found = self.node.perchctl('directory', 'status')['directories']
        self.assertEqual(len(found), 1)
        return dict(found[0])

    def confirm(self, run: str) -> None:
        """An administrator lets a run through."""
        self.node.perchctl('directory', 'confirm', run)


class TakesOver(Directory):
    """What entries come to, in both schemas."""

    def test_openldap(self) -> None:
        """People, nested groups, posix groups, units and sites are there after
        one run; the next finds nothing to do; what others made stays theirs."""
        self.node.perchctl('users', 'create', 'byhand')
        self.node.perchctl('users', 'create', 'cleo', '--display-name', 'Mine')
        self.node.perchctl('groups', 'create', 'group:byhand', '--member',
                           'byhand')
        server = self.slapd(
            BASE_UNITS + unit('london', 'ou=people') +
            person('anna', name='Änna  A.', more='l: Paris\n') +
            person('bert', 'ou=london,ou=people', more='l: Paris\n') +
            person('cleo') +
            group('traders', ['uid=anna,ou=people', 'cn=desk,ou=groups']) +
            group('desk', ['uid=bert,ou=london,ou=people',
                           'cn=traders,ou=groups', 'cn=nobody']) +
            group('byhand', ['uid=anna,ou=people']) + '''\
dn: cn=unix,ou=groups,%s
objectClass: posixGroup
cn: unix
gidNumber: 100
memberUid: ANNA
memberUid: cleo
memberUid: unknown

''' % SUFFIX)
        self.configure(server, more='[users]\nsite = l\n')
        plan = self.run_once('--dry-run')
        self.assertEqual(self.users(), {sip('byhand'): False,
                                        sip('cleo'): False})
        self.assertIn({'what': 'create', 'uri': sip('bert'),
                       'display_name': 'Bert', 'members_add': [],
                       'members_remove': []}, plan['changes'])
        done = self.run_once()
        self.assertEqual(done['applied'], len(plan['changes']))
        self.assertEqual(self.users(), {
            sip(each): False for each in ('anna', 'bert', 'byhand', 'cleo')})
        self.assertEqual(self.groups(), {
            'group:traders': {sip('anna'), 'group:desk'},
            'group:desk': {sip('bert'), 'group:traders'},
            'group:unix': {sip('anna'), sip('cleo')},
            'group:byhand': {sip('byhand')},
            'unit:people': {sip('anna'), sip('cleo'), 'unit:people/london'},
            'unit:people/london': {sip('bert')},
            'site:paris': {sip('anna'), sip('bert')}})
        anna = self.node.perchctl('users', 'show', 'anna')['user']
        self.assertEqual((anna['display_name'], anna['owner'],
                          anna['has_password']), ('Änna  A.', 'corp', False))
        cleo = self.node.perchctl('users', 'show', 'cleo')['user']
        self.assertEqual((cleo['display_name'], cleo['owner']), ('Mine', ''))
        self.assertEqual(done['foreign'], 2)
        self.assertRegex(self.journal(self.node),
                         r'source="directory:corp local uid=\d+ '
                         r'.*what=USERS_CREATE')
        again = self.run_once()
        self.assertEqual((again['applied'], again['changes']), (0, []))
        self.assertEqual((self.status()['phase'], self.status()['users']),
                         ('done', 3))

    def test_active_directory(self) -> None:
        """The same in Active Directory's schema: addresses by what says SIP
        first, disabled accounts, groups by sAMAccountName."""
        def user(name: str, *lines: str) -> str:
            return 'dn: cn=%s,ou=people,%s\n%s\n\n' % (
                name, SUFFIX, '\n'.join((
                    'objectClass: user', 'objectCategory: person',
                    'sn: ' + name, 'cn: ' + name) + lines))

        server = self.slapd(
            BASE_UNITS +
            user('Anna', 'msRTCSIP-PrimaryUserAddress: sip:Anna.B@' + DOMAIN,
                 'mail: other@' + DOMAIN, 'userAccountControl: 512') +
            user('Bert', 'proxyAddresses: SMTP:no@x.example',
                 'proxyAddresses: SIP:bert@' + DOMAIN,
                 'displayName: Bert B.') +
            user('Cleo', 'mail: cleo@' + DOMAIN, 'userAccountControl: 514') +
            user('Dora') + '''\
dn: cn=Traders of London,ou=groups,%s
objectClass: group
cn: Traders of London
sAMAccountName: Traders
displayName: All traders
member: CN=anna, OU=People,%s
member: cn=cleo,ou=people,%s

''' % (SUFFIX, SUFFIX.upper(), SUFFIX))
        self.configure(server, directory='schema = ad\n',
                       more='[units]\nfollow = no\n')
        self.run_once()
        self.assertEqual(self.users(), {sip('anna.b'): False,
                                        sip('bert'): False})
        self.assertEqual(self.groups(), {'group:traders': {sip('anna.b')}})
        shown = self.node.perchctl('groups', 'show', 'group:traders')['group']
        self.assertEqual(shown['display_name'], 'All traders')
        server.modify('''\
dn: cn=Anna,ou=people,%s
changetype: modify
replace: userAccountControl
userAccountControl: 66050

dn: cn=Cleo,ou=people,%s
changetype: modify
replace: userAccountControl
userAccountControl: 512
''' % (SUFFIX, SUFFIX))
        self.run_once()
        self.assertEqual(self.users(), {sip('anna.b'): True, sip('bert'): False,
                                        sip('cleo'): False})
        self.assertEqual(self.groups(), {
            'group:traders': {sip('anna.b'), sip('cleo')}})

    def test_follows_changes(self) -> None:
        """Names, locks, who leaves and comes back; a group that vanishes is
        emptied and stays; a lock that ends by itself is none."""
        people = ['u%02d' % i for i in range(30)]
        server = self.slapd(
            BASE_UNITS + ''.join(person(each) for each in people) +
            group('all', ['uid=%s,ou=people' % each for each in people]) +
            group('two', ['uid=u00,ou=people', 'uid=u01,ou=people']))
        self.configure(server)
        self.run_once()
        server.modify('''\
dn: uid=u00,ou=people,%s
changetype: modify
replace: displayName
displayName: New name

dn: uid=u01,ou=people,%s
changetype: modify
add: pwdAccountLockedTime
pwdAccountLockedTime: 000001010000Z

dn: uid=u02,ou=people,%s
changetype: modify
add: pwdAccountLockedTime
pwdAccountLockedTime: 20260101000000Z
''' % (SUFFIX, SUFFIX, SUFFIX))
        server.delete('uid=u03,ou=people', 'cn=two,ou=groups')
        self.run_once()
        self.assertEqual({each for each, off in self.users().items() if off},
                         {sip('u01'), sip('u03')})
        self.assertEqual(self.groups()['group:two'], set())
        self.assertEqual(self.groups()['group:all'],
                         {sip(each) for each in people if each != 'u03'})
        shown = self.node.perchctl('users', 'show', 'u00')['user']
        self.assertEqual(shown['display_name'], 'New name')
        server.modify(person('u03').replace('\nobjectClass',
                                            '\nchangetype: add\nobjectClass'))
        self.run_once()
        self.assertFalse(self.users()[sip('u03')])
        self.assertIn(sip('u03'), self.groups()['group:all'])

    def test_two_entries_of_one_address(self) -> None:
        """Nobody can tell which counts: the user stays as it is, and the run
        says so."""
        server = self.slapd(BASE_UNITS + person('anna') + person('bert'))
        self.configure(server)
        self.run_once()
        server.modify('''\
dn: uid=bert,ou=people,%s
changetype: modify
replace: mail
mail: anna@%s

dn: uid=anna,ou=people,%s
changetype: modify
replace: displayName
displayName: Somebody else
''' % (SUFFIX, DOMAIN, SUFFIX))
        found = self.run_once()
        self.assertIn('two entries have the address ' + sip('anna'),
                      found['problems'][0])
        shown = self.node.perchctl('users', 'show', 'anna')['user']
        self.assertEqual((shown['display_name'], shown['disabled']),
                         ('Anna', False))


class Ranges(Directory):
    """Members that come in parts, and answers that may be half of one."""
    PEOPLE = ['u%02d' % i for i in range(10)]
    STEP = 4

    def members(self, name: str) -> tuple[str, list[str]]:
        """The part of the members that a name asks for, as AD names it."""
        first = 0
        if ';range=' in name:
            first = int(name.split('=')[1].split('-')[0])
        part = self.PEOPLE[first:first + self.STEP]
        last = '*' if first + self.STEP >= len(self.PEOPLE) else str(
            first + len(part) - 1)
        return 'member;range=%d-%s' % (first, last), [
            'cn=%s,dc=ad' % each for each in part]

    def answer(self, base: str, names: list[str]) -> list[Entry]:
        """Users, a group, or more of the group's members."""
        if base.startswith('cn=all'):
            return [(base, dict([self.members(names[0])]))]
        if 'mail' in names:
            return [('cn=%s,dc=ad' % each, {'mail': [each + '@' + DOMAIN]})
                    for each in self.PEOPLE]
        if 'member' in names:
            return [('cn=all,dc=ad', dict([
                ('sAMAccountName', ['all']), ('member', []),
                self.members('member')]))]
        return []

    def ask(self, answer: Answer, expect: int, **how: Any) -> Any:
        """A run with a server that answers so."""
        server = FakeLdap(scene.Setup.base_port + 8, answer, **how)
        self.addCleanup(server.close)
        (self.folder / 'directory.conf').write_text('''\
[directory]
name = corp
schema = ad
state_dir = %s
[pool]
socket = %s
[ldap]
base = "dc=ad"
timeout = 2s
uri = %s
starttls = no
plain = yes
bind = anonymous
''' % (self.folder, self.node.socket, server.uri))
        found = self.run_once(expect=expect)
        server.close()
        return found

    def test_parts_are_fetched_to_the_end(self) -> None:
        """All members, four at a time."""
        self.ask(self.answer, DONE)
        self.assertEqual(self.groups(), {
            'group:all': {sip(each) for each in self.PEOPLE}})

    def test_a_part_that_does_not_come(self) -> None:
        """None, another one, or the same again: not an end of the list."""
        self.ask(self.answer, DONE)

        def none(base: str, names: list[str]) -> list[Entry]:
            return [] if base.startswith('cn=all') else self.answer(base, names)

        def empty(base: str, names: list[str]) -> list[Entry]:
            return ([(base, {})] if base.startswith('cn=all')
                    else self.answer(base, names))

        def again(base: str, names: list[str]) -> list[Entry]:
            return ([(base, dict([self.members('member')]))]
                    if base.startswith('cn=all') else self.answer(base, names))

        for answer in (none, empty, again):
            found = self.ask(answer, FAILED)
            self.assertIn('member;range=4-*', found['text'])
        self.assertEqual(len(self.groups()['group:all']), len(self.PEOPLE))

    def test_a_server_that_says_anything(self) -> None:
        """What it says of a refusal is told as a line of text."""
        found = self.ask(self.answer, FAILED, refuses=b'no\nwas\xe9')
        self.assertIn('Insufficient access: no was?', found['text'])
        self.assertEqual(self.status()['text'], found['text'])

    def test_a_server_that_does_not_page(self) -> None:
        """Its answer is not known to be whole."""
        found = self.ask(self.answer, FAILED, pages=False)
        self.assertIn('whole', found['text'])
        self.assertEqual(self.users(), {})


class Example(Directory):
    """What ops/directory/README.md tells to try."""

    def test_example(self) -> None:
        """Two people come from a slapd that the example has started."""
        here = self.folder / 'ldap'
        here.mkdir()
        done = subprocess.run(
            [str(scene.HOME / 'ops' / 'directory' / 'example.sh'),
             str(scene.Setup.base_port + 8), str(self.pool.folder)],
            cwd=here, capture_output=True, text=True, timeout=RUN_WAIT_S,
            check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        pid = until(lambda: (here / 'slapd.pid').exists() and
                    (here / 'slapd.pid').read_text(), 'slapd runs')
        try:
            until(lambda: self.begin('--dry-run', name='ldap/directory.conf')
                  .wait(RUN_WAIT_S) == DONE, 'slapd answers')
            self.run_once(name='ldap/directory.conf')
        finally:
            os.kill(int(pid), signal.SIGKILL)
        self.assertEqual(self.users(), {sip('anna'): False, sip('bert'): False})
        self.assertEqual(self.groups(), {
            'group:traders': {sip('anna')},
            'unit:london': {sip('anna'), sip('bert')}})


class Holds(Directory):
    """A directory that shrinks takes nothing away until somebody says so."""
    PEOPLE = ['u%02d' % i for i in range(20)]

    def setUp(self) -> None:
        super().setUp()
        self.server = self.slapd(
            BASE_UNITS + ''.join(person(each) for each in self.PEOPLE) +
            group('all', ['uid=%s,ou=people' % each for each in self.PEOPLE]))
        self.configure(self.server, more='[units]\nfollow = no\n')
        self.run_once()

    def everybody(self) -> None:
        """Nothing was taken away from anyone."""
        self.assertEqual(self.users(),
                         {sip(each): False for each in self.PEOPLE})
        self.assertEqual(self.groups(), {
            'group:all': {sip(each) for each in self.PEOPLE}})

    def monitored(self, name: str, value: int) -> None:
        """Every node comes to export this of the directory."""
        line = '\nperch_directory_%s %d\n' % (name, value)
        until(lambda: all(line in page(each, '/metrics')
                          for each in self.pool.nodes()), line.strip())

    def test_half_of_the_users_go(self) -> None:
        """Held on every node's status, told by exit code, journal and
        perchctl; another word, or another difference, lets nothing through."""
        half = ['uid=%s,ou=people' % each for each in self.PEOPLE[:10]]
        self.server.delete(*half[:9])
        held = self.run_once(expect=HELD)
        self.everybody()
        self.assertIn('9 of 20 would go from users', held['text'])
        self.assertRegex(held['journal'], r'error directory run_held .*run=%s '
                         % held['run'])
        self.assertEqual((self.status()['phase'], self.status()['held'],
                          self.status()['leaving']), ('held', held['run'], 18))
        self.monitored('held', 1)
        self.assertEqual(self.run_once(expect=HELD)['run'], held['run'])
        self.everybody()
        with self.assertRaisesRegex(Exception, 'OWNER_RUN_UNKNOWN|no run'):
            self.confirm('0123456789abcdef')
        self.confirm(held['run'])
        self.assertTrue(self.status()['confirmed'])
        self.server.delete(half[9])
        other = self.run_once(expect=HELD)
        self.everybody()
        self.assertNotEqual(other['run'], held['run'])
        self.assertFalse(self.status()['confirmed'])
        with self.assertRaisesRegex(Exception, 'OWNER_RUN_UNKNOWN|no run'):
            self.confirm(held['run'])
        self.confirm(other['run'])
        self.run_once()
        self.assertEqual({each for each, off in self.users().items() if off},
                         {sip(each) for each in self.PEOPLE[:10]})
        self.assertEqual((self.status()['phase'], self.status()['held']),
                         ('done', None))
        self.monitored('held', 0)

    def test_directory_comes_back(self) -> None:
        """What was a mistake is undone in the directory, and all is well."""
        gone = ['uid=%s,ou=people' % each for each in self.PEOPLE[:10]]
        self.server.delete(*gone)
        self.run_once(expect=HELD)
        self.server.modify(''.join(
            person(each).replace('\nobjectClass',
                                 '\nchangetype: add\nobjectClass', 1)
            for each in self.PEOPLE[:10]))
        self.run_once()
        self.everybody()
        self.assertIsNone(self.status()['held'])

    def test_a_group_is_emptied(self) -> None:
        """The members of one group count by themselves; so do groups."""
        self.server.modify('''\
dn: cn=all,ou=groups,%s
changetype: modify
replace: member
member: uid=u00,ou=people,%s
''' % (SUFFIX, SUFFIX))
        held = self.run_once(expect=HELD)
        self.assertIn('19 of 20 would go from group:all', held['text'])
        self.everybody()
        self.server.modify('''\
dn: cn=all,ou=groups,%s
changetype: delete

''' % SUFFIX + group('new', ['uid=u00,ou=people']).replace(
    '\nobjectClass', '\nchangetype: add\nobjectClass', 1))
        held = self.run_once(expect=HELD)
        self.everybody()
        self.confirm(held['run'])
        self.run_once()
        self.assertEqual(self.groups(), {'group:all': set(),
                                         'group:new': {sip('u00')}})

    def test_dry_run_tells_and_does_nothing(self) -> None:
        """What would be held is shown as such, and the pool is not told."""
        self.server.delete(*['uid=%s,ou=people' % each
                             for each in self.PEOPLE[:10]])
        found = self.run_once('--dry-run', expect=HELD)
        self.assertEqual(len(found['leaving']), 20)
        self.assertEqual(self.status()['phase'], 'done')
        self.everybody()

    def test_an_empty_directory(self) -> None:
        """No user at all, no group at all, no base, or a filter that finds
        nobody: a mistake, and no confirmation helps."""
        self.configure(self.server, more='[users]\nfilter = (uid=nobody)\n')
        self.assertIn('no user at all', self.run_once(expect=FAILED)['text'])
        self.configure(self.server, more='[groups]\nfilter = (cn=nobody)\n')
        self.assertIn('no group at all', self.run_once(expect=FAILED)['text'])
        self.configure(self.server,
                       more='[users]\nbase = "ou=gone,%s"\n' % SUFFIX)
        self.assertIn('No such object', self.run_once(expect=FAILED)['text'])
        self.everybody()
        self.assertEqual(self.status()['phase'], 'failed')


class Fails(Directory):
    """A directory that is not there, or half there, takes nothing away."""
    PEOPLE = ['u%03d' % i for i in range(120)]
    LDIF = BASE_UNITS + ''.join(person(each) for each in PEOPLE)

    def assert_whole(self) -> None:
        """Everybody is in the pool, and nobody is disabled."""
        self.assertEqual(self.users(),
                         {sip(each): False for each in self.PEOPLE})

    def test_server_is_down_or_silent(self) -> None:
        """Nobody there, and somebody who says nothing: in time, and harmless;
        a second server of the list is asked."""
        server = self.slapd(self.LDIF)
        self.configure(server)
        self.run_once()
        server.pause(True)
        begun = time.monotonic()
        self.run_once(expect=UNREACHABLE)
        self.assertLess(time.monotonic() - begun, 30)
        server.kill()
        found = self.run_once(expect=UNREACHABLE)
        self.assertIn("Can't contact", found['text'])
        self.assert_whole()
        self.assertEqual((self.status()['phase'], self.status()['users']),
                         ('failed', 0))
        server.start()
        text = (self.folder / 'directory.conf').read_text()
        (self.folder / 'directory.conf').write_text(text.replace(
            'uri = ', 'uri = ldaps://127.0.0.1:1 '))
        self.run_once()

    def test_server_dies_in_the_middle(self) -> None:
        """Killed at any moment of a pull, with a page for each entry."""
        server = self.slapd(self.LDIF)
        self.configure(server)
        self.run_once()
        text = (self.folder / 'directory.conf').read_text()
        (self.folder / 'directory.conf').write_text(text.replace(
            'timeout = 2s', 'timeout = 2s\npage_size = 1'))
        ends = set()
        for wait_ms in (0, 5, 10, 20, 40, 80):
            process = self.begin()
            time.sleep(wait_ms / 1000)
            server.pause(True)  # A pull that has begun is not done by then.
            time.sleep(0.2)
            server.kill()
            process.communicate(timeout=RUN_WAIT_S)
            ends.add(process.returncode)
            server.start()
        self.assert_whole()
        self.assertLessEqual(ends, {DONE, FAILED, UNREACHABLE})
        self.assertIn(UNREACHABLE, ends)
        self.run_once()

    def test_half_an_answer(self) -> None:
        """A limit of the server's, and a referral to another server."""
        server = self.slapd(self.LDIF + '''\
dn: ou=elsewhere,%s
objectClass: referral
objectClass: extensibleObject
ou: elsewhere
ref: ldap://127.0.0.1:1/ou=elsewhere,%s

''' % (SUFFIX, SUFFIX), more='''\
limits dn.exact="cn=few,%s" size.soft=50 size.hard=50 size.prtotal=50
limits dn.exact="cn=half,%s" size=unlimited
access to dn.regex="uid=u0[0-5]" by dn.exact="cn=half,%s" none by * read
access to * by * read
''' % (SUFFIX, SUFFIX, SUFFIX))
        for name in ('few', 'half'):
            server.modify('''\
dn: cn=%s,%s
changetype: add
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: %s
userPassword: %s
''' % (name, SUFFIX, name, PASSWORD))
        self.configure(server)
        self.assertIn('referral', self.run_once(expect=FAILED)['text'])
        self.assertEqual(self.users(), {})
        self.configure(server)
        text = (self.folder / 'directory.conf').read_text().replace(
            'timeout = 2s', 'timeout = 2s\nignore_referrals = yes')
        (self.folder / 'directory.conf').write_text(text)
        self.run_once()
        self.assert_whole()
        for name, expect, why in (('few', FAILED, 'limit exceeded'),
                                  ('half', HELD, 'would go')):
            (self.folder / 'directory.conf').write_text(
                text.replace(MANAGER, 'cn=%s,%s' % (name, SUFFIX)))
            self.assertIn(why, self.run_once(expect=expect)['text'])
            self.assert_whole()

    def test_ways_in(self) -> None:
        """TLS with the right authority, by either way; not with another; not
        without TLS unless that is said; the local socket by EXTERNAL."""
        server = self.slapd(
            BASE_UNITS + person('anna'))
        secret = self.folder / 'password'
        bind = 'bind_dn = %s\npassword_file = %s\n' % (MANAGER, secret)
        for ldap, expect, why in (
                ('uri = %s\nauthorities = %s/ca.pem\n' % (
                    server.uri, server.folder), DONE, ''),
                ('uri = %s\nauthorities = %s/stranger.pem\n' % (
                    server.secure_uri, server.folder), UNREACHABLE, 'bind'),
                ('uri = %s\nauthorities = %s/stranger.pem\n' % (
                    server.uri, server.folder), UNREACHABLE, 'StartTLS'),
                ('uri = %s\nstarttls = no\nplain = yes\n' % server.uri, DONE,
                 '')):
            self.configure(server, ldap=bind + ldap)
            self.assertIn(why, self.run_once(expect=expect)['text'])
        self.configure(server, ldap='bind = external\nuri = %s\n' %
                       server.local_uri)
        self.run_once()
        self.configure(server)
        secret.write_text('wrong\n')
        self.assertIn('Invalid credentials',
                      self.run_once(expect=FAILED)['text'])
        secret.chmod(0o644)
        self.assertIn('others may read it',
                      self.run_once(expect=FAILED)['text'])

    def test_settings_are_strict(self) -> None:
        """What is wrong in the file is named."""
        server = self.slapd(BASE_UNITS)
        for ldap, more, why in (
                ('uri = %s\nstarttls = no\nbind = anonymous\n' % server.uri,
                 '', 'plain'),
                ('uri = x\n', '', 'bind_dn'),
                ('', '[users]\nadress = mail\n', 'nearest is address'),
                ('', '[guard]\npercent = 200\n', 'percent'),
                ('', '[directory]\nschema = novell\n', 'second time|schema')):
            self.configure(server, ldap=ldap, more=more)
            process = self.begin()
            _, err = process.communicate(timeout=RUN_WAIT_S)
            self.assertEqual(process.returncode, USAGE, err)
            self.assertRegex(err, why)


class Dying(Directory):
    """A directory of some size, and what has become of it."""
    PEOPLE = ['u%03d' % i for i in range(400)]
    LDIF = (BASE_UNITS + ''.join(person(each) for each in PEOPLE) +
            group('all', ['uid=%s,ou=people' % each for each in PEOPLE]))

    def applied(self) -> int:
        """How many users are there, as one node sees it."""
        return len(self.node.perchctl('--stale', 'users', 'list')['users'])

    def gone(self) -> int:
        """How many users are disabled."""
        return sum(self.users().values())

    def assert_all(self) -> None:
        """Everything is as in the directory."""
        self.assertEqual(self.users(),
                         {sip(each): False for each in self.PEOPLE})
        self.assertEqual(self.groups()['group:all'],
                         {sip(each) for each in self.PEOPLE})


class Killed(Dying):
    """Adapter or node end in the middle of applying; what was begun is
    finished, and nothing is done twice."""

    def test_adapter_is_killed(self) -> None:
        """Again and again, while it creates; then while it takes away what was
        confirmed: the rest needs no second word."""
        server = self.slapd(self.LDIF)
        self.configure(server, more='[units]\nfollow = no\n')
        for part in (20, 150, 250):
            process = self.begin()
            until(lambda part=part: self.applied() >= part, 'some users')
            process.kill()
            process.communicate()
            self.assertLess(self.applied(), len(self.PEOPLE))
        self.run_once()
        self.assert_all()
        server.delete(*['uid=%s,ou=people' % each
                        for each in self.PEOPLE[:GOING]])
        held = self.run_once(expect=HELD)
        self.confirm(held['run'])
        self.kill_between(1, GOING - 30)
        rest = self.run_once()
        self.assertNotEqual(rest['run'], held['run'])
        self.assertGreater(rest['too_much'], 0)
        self.assertEqual(self.gone(), GOING)

    def kill_between(self, least: int, most: int) -> None:
        """Kill a run when so many are gone."""
        process = self.begin()
        while self.gone() < least and process.poll() is None:
            pass
        process.kill()
        process.communicate()
        self.assertIn(self.gone(), range(least, most + 1))

    def test_node_is_killed(self) -> None:
        """The adapter waits for its node; a run of one that does not come back
        in time fails, and the next finishes."""
        server = self.slapd(self.LDIF)
        self.configure(server)
        process = self.begin()
        until(lambda: self.applied() >= 30, 'some users')
        self.node.kill()
        time.sleep(1)
        self.serve()
        _, err = process.communicate(timeout=RUN_WAIT_S)
        self.assertEqual(process.returncode, DONE, err)
        self.assert_all()

    def test_two_adapters(self) -> None:
        """While one has the lease the other does nothing; on one machine it
        does not even begin."""
        server = self.slapd(self.LDIF)
        self.configure(server)
        self.node.perchctl('directory', 'report', 'corp', '--holder', 'other',
                           '--phase', 'applying', '--lease', '3')
        found = self.run_once(expect=FAILED)
        self.assertEqual((found['result'], self.applied()), ('busy', 0))
        self.assertIn('another adapter', found['text'])
        self.assertEqual(self.status()['phase'], 'applying')
        time.sleep(4)
        self.run_once()
        self.assert_all()
        server.pause(True)
        first = self.begin()
        until(lambda: self.status()['phase'] == 'reading', 'the first begins')
        second = self.begin()
        _, err = second.communicate(timeout=RUN_WAIT_S)
        self.assertEqual(second.returncode, FAILED)
        self.assertIn('another one runs on this machine', err)
        server.pause(False)
        first.communicate(timeout=RUN_WAIT_S)


class LeaderKilled(Dying):
    """The same on a pool of three, whose leader is lost."""
    NODES = 3

    def setUp(self) -> None:
        super().setUp()
        self.node = next(each for each in self.pool.nodes()
                         if each.number != self.leader.number)

    def test_leader_is_killed(self) -> None:
        """The adapter asks a follower: it waits for the next leader, and all
        nodes come to the same state."""
        server = self.slapd(self.LDIF)
        self.configure(server)
        process = self.begin()
        until(lambda: self.applied() >= 30, 'some users')
        self.leader.kill()
        _, err = process.communicate(timeout=RUN_WAIT_S)
        self.assertEqual(process.returncode, DONE, err)
        self.serve()
        self.assert_all()
        self.assert_same_state()


def main() -> None:
    """Run, where there is a slapd."""
    if not os.access('/usr/sbin/slapd', os.X_OK):
        print('slapd is not installed', file=sys.stderr)
        sys.exit(EXIT_SKIPPED)
    scene.main()


if __name__ == '__main__':
    main()
