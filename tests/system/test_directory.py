#!/usr/bin/env python3
"""perch-directory between a real slapd and real nodes: what is taken over, what
is held, and what happens when any of the three dies in the middle.

    tests/system/test_directory.py [BIN]

Exit 77 (skipped) where slapd is not installed.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import scene
from local_pool import Node
from scene import Scene, until
from slapd import (MANAGER, PASSWORD, SUFFIX, Slapd, group, person, unit)
from sip_client import DOMAIN

EXIT_SKIPPED = 77
RULES = '3'
RUN_WAIT_S = 120.0
DONE, FAILED, USAGE, UNREACHABLE, HELD, BUSY = 0, 1, 2, 3, 5, 6
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
                         r'administrator="directory:corp" source="\S+ local '
                         r'uid=\d+ .*what=USERS_CREATE')
        again = self.run_once()
        self.assertEqual((again['applied'], again['changes']), (0, []))
        self.assertEqual((self.status()['phase'], self.status()['users']),
                         ('done', 3))


def main() -> None:
    """Run, where there is a slapd."""
    if not os.access('/usr/sbin/slapd', os.X_OK):
        print('slapd is not installed', file=sys.stderr)
        sys.exit(EXIT_SKIPPED)
    scene.main()


if __name__ == '__main__':
    main()
