"""What the tests with pidgin-sipe cannot do without."""
import sys
from pathlib import Path

SKIPPED = 77        # What CTest takes for skipped.
PLUGIN = Path('/usr/lib/purple-2/libsipe.so')


def missing(build: Path, *programs: str) -> list[str]:
    """Files that are not there, and where they would come from."""
    wanted = {PLUGIN: 'install pidgin-sipe (ops/install-deps does)'}
    wanted |= {build / 'bin' / name: 'build it (ops/test does)'
               for name in ('sipe_driver', *programs)}
    wanted[build / 'lib' / 'libperch-sax.so'] = 'build it (ops/test does)'
    return ['%s: %s' % (path, advice) for path, advice in wanted.items()
            if not path.is_file()]


def tell_missing(test: str, build: Path, *programs: str) -> bool:
    """Say what is missing, loudly. Returns whether something is."""
    lines = missing(build, *programs)
    if lines:
        print('SKIPPED: %s: pidgin-sipe was NOT tried, because something is '
              'missing:' % test)
        for line in lines:
            print('  ' + line)
        sys.stdout.flush()
    return bool(lines)
