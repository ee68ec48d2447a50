"""Run the machine's tools, and say clearly what is missing.

Every tool runs without standard input, in bounded time, and its message is
shown when it fails: a harness that guesses why a fault was not injected
proves nothing.
"""
import os
import shutil
import subprocess
from collections.abc import Sequence

TOOL_WAIT_S = 30.0  # No tool named below works longer than this.

# Run in new namespaces: a little of all that nodes need.
PROBE = 'ip link set lo up; nft list ruleset >/dev/null; losetup --find'

# Program -> the Debian package that has it.
TOOLS = {
    'e2fsck': 'e2fsprogs',
    'ip': 'iproute2',
    'losetup': 'mount',
    'mkfs.ext4': 'e2fsprogs',
    'mount': 'mount',
    'nft': 'nftables',
    'nsenter': 'util-linux',
    'openssl': 'openssl',
    'prlimit': 'util-linux',
    'strace': 'strace',
    'umount': 'mount',
    'unshare': 'util-linux',
}


class HarnessError(Exception):
    """The harness could not do its part; says nothing about the product."""


def extend_path() -> None:
    """Find the administrators' programs also from a plain user's shell."""
    path = os.environ.get('PATH', os.defpath).split(os.pathsep)
    path += [each for each in ('/usr/sbin', '/sbin') if each not in path]
    os.environ['PATH'] = os.pathsep.join(path)


def missing_of_machine() -> list[str]:
    """What this machine lacks for nodes in namespaces, in plain sentences."""
    extend_path()
    lacks = []
    if os.geteuid() != 0:
        lacks.append('not root: namespaces, loop devices and nft need it')
    packages = sorted({package for program, package in TOOLS.items()
                       if shutil.which(program) is None})
    if packages:
        lacks.append('missing packages: %s (ops/install-deps)' %
                     ' '.join(packages))
    if not os.path.exists('/dev/loop-control'):
        lacks.append('no loop devices: /dev/loop-control is missing')
    with open('/proc/filesystems', encoding='ascii') as file:
        if 'ext4' not in file.read().split():
            lacks.append('the kernel has no ext4 (modprobe ext4)')
    return lacks or _refusals()


def _refusals() -> list[str]:
    """What the kernel refuses, also to the root of a container."""
    try:
        call(['unshare', '--mount', '--net', '--pid', '--fork', 'sh', '-euc',
              PROBE])
    except HarnessError as error:
        return ['namespaces, nft or loop devices are refused: %s' % error]
    return []


def require_machine() -> None:
    """Raise HarnessError, naming everything that is missing."""
    lacks = missing_of_machine()
    if lacks:
        raise HarnessError('this machine cannot run nodes in namespaces: ' +
                           '; '.join(lacks))


def call(argv: Sequence[str], stdin: str = '',
         wait_s: float = TOOL_WAIT_S,
         accept: Sequence[int] = (0,)) -> subprocess.CompletedProcess[str]:
    """Run a tool to its end and return it.

    Raises HarnessError with the tool's own message when its exit code is not
    accepted, or when it does not end in time.
    """
    try:
        done = subprocess.run(
            list(argv), input=stdin, text=True, capture_output=True,
            timeout=wait_s, check=False)
    except FileNotFoundError as error:
        raise HarnessError('%s: no such program' % argv[0]) from error
    except subprocess.TimeoutExpired as error:
        raise HarnessError('%s: still at work after %g s' %
                           (' '.join(argv), wait_s)) from error
    if done.returncode not in accept:
        raise HarnessError('%s: exit %d: %s' % (
            ' '.join(argv), done.returncode,
            (done.stderr or done.stdout).strip() or 'no message'))
    return done
