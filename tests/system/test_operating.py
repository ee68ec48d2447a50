#!/usr/bin/env python3
"""The chapter of README.md on a pool of three machines, as it is written:
installed, configured, founded, set up and looked after.

    tests/system/test_operating.py BIN    BIN: the folder of the programs

A machine is a network namespace with folders of its own; all see one installed
/usr. Without systemd as process 1, ExecStart of the installed unit is run as
its User. Exit 77 (skipped) where such namespaces cannot be made.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from collections.abc import Callable
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent.parent
CHAPTER = 'A pool of three machines'
EXIT_SKIPPED = 77
PROBE = '''ip link set lo up
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work
mount -t overlay overlay \
  -o lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work /etc'''
INSIDE = 'PERCH_OPERATING_INSIDE'
BUILD = HOME / 'build-release'
WAIT_S = 60.0
NODES = (1, 2, 3)
PASSWORD = 'tide-and-time'
OWN = ('etc/perch', 'var/lib/perch', 'run/perch')
WITNESS = 4             # Its machine.
WITNESS_OWN = ('etc/perch', 'var/lib/perch-witness')
WITNESS_NAME = 'witness.harbour.example'
LOG_KEY = 'archive-log.key'
LOG_KEY_MADE = 'openssl genpkey -algorithm ed25519 -out ' + LOG_KEY
WITNESS_ADDED = 'perchctl archive witness add KEY --url http://%s:8380' % \
    WITNESS_NAME
NAMES = ['node%d.fjord.example' % i for i in NODES]


def call(*words: str, entered: str = '') -> str:
    """Run a program that must succeed; what it prints."""
    done = subprocess.run(words, input=entered, text=True, timeout=WAIT_S,
                          capture_output=True, check=False)
    if done.returncode != 0:
        raise AssertionError('%s: exit %d\n%s%s' % (
            ' '.join(words), done.returncode, done.stdout, done.stderr))
    return done.stdout


def chapter_of(title: str) -> str:
    """What a chapter of the README says."""
    text = (HOME / 'README.md').read_text(encoding='utf-8')
    return text.split('\n## %s\n' % title)[1].split('\n## ')[0]


def blocks_of(title: str) -> list[list[str]]:
    """The commands and files that a chapter of the README shows."""
    found = re.findall(r'(?:^|\n\n)((?:    .*(?:\n|$)|\n(?=    ))+)',
                       chapter_of(title))
    return [[line[4:] for line in block.rstrip('\n').split('\n')]
            for block in found]


def without_sudo(line: str) -> str:
    """A command as root has to type it where there is no sudo."""
    return line.replace('sudo -u perch ', 'runuser -u perch -- ').replace(
        'sudo ', '')


class Machine:
    """A computer of the pool."""

    def __init__(self, scratch: Path, number: int,
                 own: tuple[str, ...] = OWN) -> None:
        self.number, self.own = number, own
        self.folder = scratch / ('machine%d' % number)
        self.journal = self.folder / 'journal'
        self._space = 'm%d' % number
        self._daemon: subprocess.Popen[bytes] | None = None

    def plug_in(self) -> None:
        """Its own network, on the common bridge."""
        address = '10.9.0.%d/24' % self.number
        call('ip', 'netns', 'add', self._space)
        call('ip', 'link', 'add', 'p%d' % self.number, 'type', 'veth', 'peer',
             'name', 'eth0', 'netns', self._space)
        call('ip', 'link', 'set', 'p%d' % self.number, 'master', 'bridge',
             'up')
        for words in (['addr', 'add', address, 'dev', 'eth0'],
                      ['link', 'set', 'eth0', 'up'],
                      ['link', 'set', 'lo', 'up']):
            call('ip', '-n', self._space, *words)

    def words(self, line: str) -> list[str]:
        """A shell command line, to be run on this machine."""
        binds = ''.join('mount --bind %s/%s /%s\n' % (self.folder, each, each)
                        for each in self.own)
        return ['ip', 'netns', 'exec', self._space, 'unshare', '--mount', 'sh',
                '-euc', binds + 'cd %s\n' % HOME + line]

    def do(self, line: str, entered: str = '') -> str:
        """Type a command."""
        return call(*self.words(line), entered=entered)

    def lay_out(self) -> None:
        """What systemd-tmpfiles and the unit's StateDirectory make."""
        for each in OWN:
            (self.folder / each).mkdir(parents=True)
        self.do('systemd-tmpfiles --create perch.conf; chown perch: /run/perch')

    def start(self, service: str = 'perchd') -> None:
        """systemctl start perchd."""
        unit = Path('/usr/lib/systemd/system', service + '.service').read_text()
        for each in re.findall(r'^ExecStartPre=-?(.*)$', unit, re.M):
            self.do('runuser -u perch -- %s' % each)
        start = re.findall(r'^ExecStart=(.*)$', unit, re.M)[0]
        with open(self.journal, 'ab') as journal:
            self._daemon = subprocess.Popen(
                self.words('exec setpriv --reuid perch --regid perch '
                           '--clear-groups %s' % start),
                stdin=subprocess.DEVNULL, stdout=journal, stderr=journal)

    def signal(self, number: signal.Signals) -> None:
        """What systemctl stop (TERM) and reload (HUP) send."""
        assert self._daemon is not None
        self._daemon.send_signal(number)

    def stop(self) -> None:
        """systemctl stop perchd: it must drain and end well."""
        assert self._daemon is not None
        self.signal(signal.SIGTERM)
        code = self._daemon.wait(WAIT_S)
        if code != 0:
            raise AssertionError('machine %d: perchd ended with %d' %
                                 (self.number, code))

    def end(self) -> None:
        """kill -9, where it runs still."""
        if self._daemon is not None and self._daemon.poll() is None:
            self._daemon.kill()
            self._daemon.wait(WAIT_S)

    def is_ready(self) -> bool:
        """Does it want clients?"""
        done = subprocess.run(
            self.words("python3 -c 'import urllib.request; "
                       'urllib.request.urlopen("http://127.0.0.1:9463/readyz"'
                       ")'"),
            capture_output=True, timeout=WAIT_S, check=False)
        return done.returncode == 0

    def nodes(self) -> list[dict[str, object]]:
        """perchctl nodes list, by this node; none while it does not listen."""
        answer = json.loads(
            self.do('perchctl --json --stale nodes list || true'))
        found = answer.get('members', [])
        assert isinstance(found, list)
        return found


def await_it(what: Callable[[], bool], why: str) -> None:
    """Wait until something is so."""
    end = time.monotonic() + WAIT_S
    while not what():
        if time.monotonic() > end:
            raise AssertionError('after %.0f s: %s' % (WAIT_S, why))
        time.sleep(0.1)


class Installation(unittest.TestCase):
    """Without a machine to install on."""

    def test_units_follow_the_prefix(self) -> None:
        """They start what was installed with them, and may execute it."""
        for prefix, may in (('/usr', '/usr'), ('/usr/local', '/usr'),
                            ('/opt/perch', '/usr /opt/perch')):
            with tempfile.TemporaryDirectory() as folder:
                call('env', 'DESTDIR=' + folder, 'cmake', '--install',
                     str(BUILD), '--prefix', prefix)
                for name in ('perchd.service', 'perchd@.service'):
                    unit = Path(folder + prefix, 'lib/systemd/system', name)
                    text = unit.read_text()
                    programs = re.findall(r'^Exec\w+=-?(/\S+/perchd\S*)',
                                          text, re.M)
                    self.assertEqual(len(programs), 3, text)
                    for program in programs:
                        self.assertTrue(os.access(folder + program, os.X_OK),
                                        program)
                    self.assertIn('\nExecPaths=%s\n' % may, text)


class Operating(unittest.TestCase):
    """One pool, from bare machines on."""

    def setUp(self) -> None:
        self.scratch = Path(os.environ[INSIDE])
        call('mount', '-t', 'tmpfs', 'tmpfs', str(self.scratch))
        for each in ('usr', 'etc'):
            upper, work = self.scratch / each, self.scratch / (each + '-work')
            upper.mkdir()
            work.mkdir()
            call('mount', '-t', 'overlay', 'overlay', '-o',
                 'lowerdir=/%s,upperdir=%s,workdir=%s' % (each, upper, work),
                 '/' + each)
        call('mount', '-t', 'tmpfs', 'tmpfs', '/run')
        call('mount', '-t', 'tmpfs', 'tmpfs', '/var/lib')
        for each in (*OWN, *WITNESS_OWN):
            Path('/' + each).mkdir(parents=True, exist_ok=True)
        call('ip', 'link', 'add', 'bridge', 'type', 'bridge')
        call('ip', 'link', 'set', 'bridge', 'up')
        self.machines = [Machine(self.scratch, i) for i in NODES]
        self.witness = Machine(self.scratch, WITNESS, WITNESS_OWN)

    def tearDown(self) -> None:
        for machine in (*self.machines, self.witness):
            machine.end()

    def install(self, block: list[str]) -> None:
        """As the README says, but for what the build has done already."""
        self.assertIn('ops/install-deps build', block[0])
        _, _, installation = block[1].partition(' && ')
        call('sh', '-euc', 'cd %s\n' % HOME + without_sudo(
            installation).replace('build-release', str(BUILD)))
        call('systemd-sysusers', 'perch.conf')
        self.assertIn('systemd-sysusers perch.conf', block[2])
        self.assertIn('systemd-tmpfiles --create perch.conf', block[2])
        for program in ('perchd', 'perchctl', 'perch'):
            self.assertTrue(os.access('/usr/bin/' + program, os.X_OK))
        pages = [each.name for each in (HOME / 'ops' / 'man').iterdir()]
        self.assertEqual({page.partition('.')[0] for page in pages},
                         {'perch', 'perchctl', 'perchd', 'perch-directory',
                          'perch-adapter', 'perch-audit', 'perch-witness'})
        for page in pages:
            self.assertTrue(Path('/usr/share/man', 'man' + page[-1],
                                 page).is_file(), page)

    def configure(self, text: list[str]) -> None:
        """Certificates and perch.conf, on each machine."""
        example = Path('/usr/share/doc/perch/examples/perch.conf').read_text()
        self.assertEqual(example.split('\n\n', 1)[1].rstrip('\n').split('\n'),
                         text)
        with open('/etc/hosts', 'a', encoding='ascii') as hosts:
            hosts.writelines('10.9.0.%d %s\n' % pair
                             for pair in zip(NODES, NAMES))
        tls = self.scratch / 'tls'
        call(str(HOME / 'ops/make-certs'), '--dir', str(tls), '--nodes', '3',
             *(word for name in NAMES for word in ('--sip', name)))
        self.assertIn('`%s`' % LOG_KEY_MADE, chapter_of(CHAPTER))
        call('sh', '-euc', 'cd %s\n%s' % (tls, LOG_KEY_MADE))
        for machine, name in zip(self.machines, NAMES):
            machine.plug_in()
            machine.lay_out()
            machine.do('umask 077\n' + ''.join(
                'cp %s/%s /etc/perch/tls/%s\n' % (tls, here, there)
                for here, there in (
                    ('ca.pem', 'ca.crt'),
                    ('node%d.pem' % machine.number, 'node.crt'),
                    ('node%d.key' % machine.number, 'node.key'),
                    ('sip-%s.pem' % name, 'sip.crt'),
                    ('sip-%s.key' % name, 'sip.key'), (LOG_KEY, LOG_KEY))))
            other = NAMES[machine.number % len(NAMES)]
            (machine.folder / 'etc/perch/perch.conf').write_text(
                '\n'.join(text).replace('id = 1\n', 'id = %d\n' %
                                        machine.number)
                .replace('redirect = node2.fjord.example',
                         'redirect = ' + other) + '\n')
            machine.do('systemd-tmpfiles --create perch.conf')

    def perch(self, node: int, line: str) -> str:
        """Ingrid's client on machine 1, signed in to a node."""
        tls = self.scratch / 'tls' / 'ca.pem'
        return self.machines[0].do(
            'PERCH_PASSWORD=%s perch --ca %s --user ingrid@fjord.example '
            '--server %s %s' % (PASSWORD, tls, NAMES[node - 1], line))

    def test_the_chapter(self) -> None:
        """Every command of it works, in its order; then what is to be done
        when something is due."""
        install, text, begin, set_up, *witness = blocks_of(CHAPTER)
        self.install(install)
        self.configure(text)
        try:
            self.begin(begin)
            self.set_up(set_up)
            self.talk()
            self.have_it_witnessed(*witness)
            self.stop_one()
            self.lose_a_disk()
            self.renew_certificates()
            self.lose_two()
        except AssertionError:
            for machine in self.machines:
                print(machine.journal.read_text()[-2000:])
            raise

    def begin(self, block: list[str]) -> None:
        """Founded, then started."""
        self.assertEqual(len(block), 2)
        for machine in self.machines:
            machine.do(without_sudo(block[0]))
        self.assertIn('systemctl enable --now perchd', block[1])
        for machine in self.machines:
            machine.start()

    def set_up(self, block: list[str]) -> None:
        """On one of them, as root."""
        first = self.machines[0]
        await_it(lambda: any(node['leader'] for node in first.nodes()),
                 'there is a leader')
        for line in block:
            first.do(line, entered=PASSWORD + '\n')
        for machine in self.machines:
            await_it(machine.is_ready, 'machine %d is ready' % machine.number)

    def talk(self) -> None:
        """A post on one node is history on another, by TLS."""
        self.perch(2, "post 'Tide Desk' 'high water at nine'")
        self.assertIn('high water at nine',
                      self.perch(3, "history 'Tide Desk'"))

    def have_it_witnessed(self, text: list[str], block: list[str]) -> None:
        """On a fourth machine; the nodes then have its cosignature."""
        first, fourth = self.machines[0], self.witness
        for each in WITNESS_OWN:
            (fourth.folder / each).mkdir(parents=True)
        fourth.plug_in()
        with open('/etc/hosts', 'a', encoding='ascii') as hosts:
            hosts.write('10.9.0.%d %s\n' % (WITNESS, WITNESS_NAME))
        keys = Path('var/lib/perch/archive/keys')
        await_it(lambda: bool(list((first.folder / keys).glob('log-*'))),
                 'the log\'s key is known')
        vkey = next((first.folder / keys).glob('log-*')).read_text().strip()
        wanted = [line for line in text if line.startswith('log = ')]
        self.assertEqual(len(wanted), 1)
        (fourth.folder / 'etc/perch/witness.conf').write_text(
            '\n'.join(text).replace(wanted[0], 'log = ' + vkey) + '\n')
        install, init, enable, shown = block
        fourth.do(without_sudo(install))
        fourth.do(without_sudo(init))
        self.assertIn('systemctl enable --now perch-witness', enable)
        fourth.start('perch-witness')
        key = fourth.do(without_sudo(shown)).strip()
        self.assertIn('`%s`' % WITNESS_ADDED, chapter_of(CHAPTER))
        first.do(WITNESS_ADDED.replace('KEY', key))
        for machine in self.machines:
            path = machine.folder / 'var/lib/perch/archive'
            await_it((path / 'checkpoint.witnessed').exists,
                     'node %d has what is witnessed' % machine.number)

    def stop_one(self) -> None:
        """A node's work is due: it ends well, the others go on."""
        self.machines[0].stop()
        self.perch(2, "post 'Tide Desk' 'node 1 is away'")
        self.machines[0].start()
        await_it(self.machines[0].is_ready, 'node 1 is back')

    def lose_a_disk(self) -> None:
        """An empty machine with the same configuration comes back."""
        machine = self.machines[2]
        machine.stop()
        data = machine.folder / 'var/lib/perch'
        for each in data.iterdir():
            shutil.rmtree(each) if each.is_dir() else each.unlink()
        machine.start()
        await_it(machine.is_ready, 'node 3 has been taken in again')
        self.assertIn('node 1 is away', self.perch(3, "history 'Tide Desk'"))
        await_it(lambda: [node['role'] for node in
                          self.machines[0].nodes()] == ['voter'] * 3,
                 'three nodes vote')

    def renew_certificates(self) -> None:
        """Reload: the node shows the new one."""
        machine, name = self.machines[1], NAMES[1]
        shown = 'openssl s_client -connect %s:5061 </dev/null 2>/dev/null | ' \
            'openssl x509 -noout -serial' % name
        before = machine.do(shown)
        tls = self.scratch / 'tls'
        for each in tls.glob('sip-%s.*' % name):
            each.unlink()
        call(str(HOME / 'ops/make-certs'), '--dir', str(tls), '--sip', name)
        machine.do('cat %s/sip-%s.pem >/etc/perch/tls/sip.crt; '
                   'cat %s/sip-%s.key >/etc/perch/tls/sip.key' %
                   (tls, name, tls, name))
        machine.signal(signal.SIGHUP)
        await_it(lambda: machine.do(shown) != before, 'the new one is shown')

    def lose_two(self) -> None:
        """Nothing is taken, and that is said; with two, all goes on."""
        self.machines[0].stop()
        self.machines[2].stop()
        with self.assertRaisesRegex(AssertionError, 'exit [134]'):
            self.perch(2, "--timeout 20 post 'Tide Desk' 'to nobody'")
        self.machines[0].start()
        await_it(lambda: self.machines[1].is_ready(), 'two serve')
        self.perch(2, "post 'Tide Desk' 'two of three'")
        self.assertNotIn('to nobody', self.perch(1, "history 'Tide Desk'"))


def confine() -> int:
    """Run this file again where mounts and links are our own."""
    unshare = ['unshare', '--mount', '--net', '--pid', '--fork',
               '--kill-child', '--mount-proc', '--propagation', 'private']
    probe = subprocess.run([*unshare, 'sh', '-euc', PROBE], text=True,
                           capture_output=True, check=False)
    if os.geteuid() != 0 or probe.returncode != 0:
        print('SKIPPED: namespaces or overlays are refused: %s' %
              (probe.stderr.strip() or 'not root'))
        return EXIT_SKIPPED
    with tempfile.TemporaryDirectory(prefix='perch-operating-') as folder:
        return subprocess.run([*unshare, sys.executable, '-B', *sys.argv],
                              env={**os.environ, INSIDE: folder},
                              check=False).returncode


if __name__ == '__main__':
    if INSIDE not in os.environ:
        sys.exit(confine())
    if len(sys.argv) > 1 and Path(sys.argv[1]).is_dir():
        BUILD = Path(sys.argv.pop(1)).resolve().parent
    unittest.main(verbosity=1)
