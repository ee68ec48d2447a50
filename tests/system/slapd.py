"""A real slapd (Debian's) for tests: on loopback, with a folder of its own,
never the machine's service.
"""
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

SUFFIX = 'dc=corp,dc=example'
MANAGER = 'cn=manager,' + SUFFIX
PASSWORD = 'the-manager-1'
SCHEMAS = ('core', 'cosine', 'inetorgperson', 'nis')
WAIT_S = 20.0

# What Active Directory has and OpenLDAP has not.
AD_SCHEMA = '''\
attributetype ( 1.1.2.1 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.1.2.2 NAME 'userAccountControl' EQUALITY integerMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.1.2.3 NAME 'objectCategory' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.1.2.4 NAME 'proxyAddresses' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.1.2.5 NAME 'msRTCSIP-PrimaryUserAddress'
  EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
objectclass ( 1.1.3.1 NAME 'user' SUP organizationalPerson STRUCTURAL
  MAY ( sAMAccountName $ userAccountControl $ objectCategory $
  proxyAddresses $ msRTCSIP-PrimaryUserAddress $ mail $ displayName ) )
objectclass ( 1.1.3.2 NAME 'group' SUP top STRUCTURAL MUST cn
  MAY ( sAMAccountName $ displayName $ member ) )
'''

ROOT = '''\
dn: %s
objectClass: dcObject
objectClass: organization
dc: corp
o: Corp
''' % SUFFIX


class Slapd:
    """One slapd and its files."""

    def __init__(self, folder: Path, port: int, more: str = '',
                 global_: str = '') -> None:
        self.folder = folder
        self.uri = 'ldap://127.0.0.1:%d' % port
        self.secure_uri = 'ldaps://127.0.0.1:%d' % (port + 1)
        self.local_uri = 'ldapi://' + str(folder / 'ldapi').replace('/', '%2F')
        self.process: subprocess.Popen[bytes] | None = None
        self._config = folder / 'slapd.conf'
        self._make(more, global_)

    def _make(self, more: str, global_: str) -> None:
        data = self.folder / 'data'
        data.mkdir(parents=True)
        self._certify()
        (self.folder / 'ad.schema').write_text(AD_SCHEMA)
        includes = ''.join('include /etc/ldap/schema/%s.schema\n' % each
                           for each in SCHEMAS)
        self._config.write_text('''\
%sinclude %s/ad.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
pidfile %s/pid
TLSCACertificateFile %s/ca.pem
TLSCertificateFile %s/server.pem
TLSCertificateKeyFile %s/server.key
%s
database mdb
suffix "%s"
rootdn "%s"
rootpw %s
directory %s
maxsize 67108864
dbnosync
%s
overlay ppolicy
''' % (includes, self.folder, self.folder, self.folder, self.folder,
            self.folder, global_, SUFFIX, MANAGER, PASSWORD, data, more))

    def _certify(self) -> None:
        """An authority, and a certificate for 127.0.0.1; and another
        authority that has nothing to do with it."""
        def openssl(*words: str) -> None:
            subprocess.run(['openssl', *words], cwd=self.folder, check=True,
                           capture_output=True, timeout=WAIT_S)
        for name in ('ca', 'stranger'):
            openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt',
                    'ec_paramgen_curve:P-256', '-nodes', '-days', '30',
                    '-subj', '/CN=%s' % name, '-keyout', name + '.key',
                    '-out', name + '.pem')
        openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
                '-nodes', '-subj', '/CN=directory', '-keyout', 'server.key',
                '-out', 'server.csr')
        (self.folder / 'names').write_text('subjectAltName=IP:127.0.0.1')
        openssl('x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey',
                'ca.key', '-CAcreateserial', '-days', '30', '-extfile',
                'names', '-out', 'server.pem')

    def load(self, ldif: str) -> None:
        """Put entries in while it does not run."""
        path = self.folder / 'load.ldif'
        path.write_text(ROOT + '\n' + ldif)
        subprocess.run(['/usr/sbin/slapadd', '-q', '-f', str(self._config),
                        '-l', str(path)], check=True, capture_output=True,
                       timeout=60)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        log = open(self.folder / 'log', 'ab')
        self.process = subprocess.Popen(
            ['/usr/sbin/slapd', '-f', str(self._config), '-d', '0', '-h',
             ' '.join((self.uri + '/', self.secure_uri + '/',
                       self.local_uri))], stdout=log, stderr=log)
        log.close()
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise AssertionError((self.folder / 'log').read_text())
            done = subprocess.run(
                ['ldapsearch', '-x', '-H', self.uri, '-b', '', '-s', 'base'],
                capture_output=True, timeout=WAIT_S, check=False)
            if done.returncode == 0:
                return
            time.sleep(0.05)
        raise AssertionError('slapd does not answer')

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        if self.process is not None:
            self.process.kill()  # A stopped one, too.
            self.process.wait(WAIT_S)
            self.process = None

    def pause(self, paused: bool) -> None:
        """Let it be silent, or speak again."""
        assert self.process is not None
        self.process.send_signal(
            signal.SIGSTOP if paused else signal.SIGCONT)

    def modify(self, ldif: str) -> None:
        """Change entries, as `ldapmodify` writes it; "changetype: add" adds."""
        done = subprocess.run(
            ['ldapmodify', '-x', '-H', self.uri, '-D', MANAGER, '-w', PASSWORD],
            input=ldif, text=True, capture_output=True, timeout=WAIT_S,
            check=False)
        if done.returncode != 0:
            raise AssertionError(done.stderr)

    def delete(self, *names: str) -> None:
        """Delete entries."""
        self.modify('\n'.join('dn: %s,%s\nchangetype: delete\n' %
                              (each, SUFFIX) for each in names))

    def clear(self) -> None:
        """End it and forget its files."""
        self.kill()
        if os.environ.get('PERCH_KEEP') is None:
            shutil.rmtree(self.folder)


def person(uid: str, where: str = 'ou=people', name: str = '',
           more: str = '') -> str:
    """A user of OpenLDAP's schema, as LDIF."""
    return '''\
dn: uid=%s,%s,%s
objectClass: inetOrgPerson
uid: %s
cn: %s
sn: %s
displayName: %s
mail: %s@fjord.example
%s
''' % (uid, where, SUFFIX, uid, uid, uid, name or uid.title(), uid, more)


def unit(name: str, where: str = '') -> str:
    """An organisational unit, as LDIF."""
    return '''\
dn: ou=%s,%s%s
objectClass: organizationalUnit
ou: %s

''' % (name, where + ',' if where else '', SUFFIX, name)


def group(name: str, members: list[str], where: str = 'ou=groups') -> str:
    """A groupOfNames, as LDIF; members by the start of their names."""
    return '''\
dn: cn=%s,%s,%s
objectClass: groupOfNames
cn: %s
%s
''' % (name, where, SUFFIX, name,
       ''.join('member: %s,%s\n' % (each, SUFFIX) for each in members))
