#!/usr/bin/env python3
"""perch-adapter with strikes, for ops/drill archive: [archive] adapter_program
of its pool is a script that runs this.

    drill_adapter.py PERCH_ADAPTER STRIKES

STRIKES/next names the next strike, which one run takes: adapter_before,
adapter_after, leader_before or leader_after: kill -9 of this, or of the perchd
that has started it, before anything is given to the sink, or between what the
sink has and its acknowledgement. STRIKES/done gets its name. STRIKES/cuts keeps
each cut's first line, for the undisturbed run, STRIKES/other_cuts what came
again as another one.
"""
import json
import os
import signal
import subprocess
import sys
from pathlib import Path


def take(strikes: Path) -> str:
    """The strike that is for this run; nobody else gets it."""
    mine = strikes / ('taken.%d' % os.getpid())
    try:
        (strikes / 'next').rename(mine)
    except FileNotFoundError:
        return ''
    word = mine.read_text(encoding='utf-8')
    mine.unlink()
    return word


def strike(strikes: Path, word: str) -> None:
    """Be gone, or have the leader be gone first."""
    with open(strikes / 'done', 'a', encoding='utf-8') as done:
        done.write(word + '\n')
    if word.startswith('leader'):
        os.kill(os.getppid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def keep_cut(strikes: Path, line: bytes) -> None:
    """Keep a cut's first line; a cut that comes again is the same, but for
    the folder of the node that gives it."""
    cut = json.loads(line)['cut']
    path = strikes / 'cuts' / ('%s.%020d' % (cut['adapter'], cut['first']))
    if path.exists():
        kept = json.loads(path.read_bytes())['cut']
        if {**kept, 'attachments': ''} != {**cut, 'attachments': ''}:
            with open(strikes / 'other_cuts', 'a', encoding='utf-8') as other:
                other.write('%s came again as %s\n' % (kept, cut))
    made = path.with_name('.%s.%d' % (path.name, os.getpid()))
    made.write_bytes(line)
    made.rename(path)


def main() -> int:
    """One run."""
    strikes = Path(sys.argv[2])
    data = sys.stdin.buffer.read()
    word = take(strikes)
    if word.endswith('_before'):
        strike(strikes, word)
    if data:
        keep_cut(strikes, data[:data.index(b'\n') + 1])
    ran = subprocess.run([sys.argv[1]], input=data, stdout=subprocess.PIPE,
                         check=False)
    if word:
        strike(strikes, word)
    sys.stdout.buffer.write(ran.stdout)
    return ran.returncode


if __name__ == '__main__':
    sys.exit(main())
