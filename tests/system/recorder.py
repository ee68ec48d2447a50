#!/usr/bin/env python3
"""A compliance adapter of type program, for tests: each cut becomes a file of
its own; the same cut again finds its file and says the same.

    recorder.py FAULTS

FAULTS/<adapter> has one fault a line; each run takes the first, does its worst
and leaves the rest to the runs after it:

    fail            says why, exits 3
    hang            takes everything, says nothing, never ends
    lie             acknowledges one record more than it was given
    silent          exits 0 without a word
    die_before      is gone before its sink has anything
    die_after       is gone between sink and acknowledgement
    leader_before   so is the perchd that has started it
    leader_after    likewise, between sink and acknowledgement

FAULTS/<adapter>.runs gets a line for each run: fault, pid, first, last.
"""
import hashlib
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

faults = Path(sys.argv[1])
name = os.environ['PERCH_ADAPTER']


def take_fault() -> str:
    """The next fault, or nothing."""
    path = faults / name
    if not path.exists():
        return ''
    lines = path.read_text(encoding='utf-8').splitlines()
    rest = path.with_suffix('.new')
    rest.write_text('\n'.join(lines[1:]), encoding='utf-8')
    rest.rename(path)
    return lines[0] if lines else ''


def read() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The cut and its records; all of them, or nothing is done."""
    cut = json.loads(sys.stdin.readline())['cut']
    records: list[dict[str, Any]] = []
    end = None
    for line in sys.stdin:
        value = json.loads(line)
        if 'end' in value:
            end = value['end']
        else:
            records.append(value)
    wanted = list(range(cut['first'], cut['last'] + 1))
    if end != len(records) or [each['csn'] for each in records] != wanted:
        sys.exit('cut off: nothing taken')
    return cut, records


def store(cut: dict[str, Any], records: list[dict[str, Any]]) -> bytes:
    """Put the cut into the sink: once, whole, and the same each time."""
    sink = Path(cut['output'])
    sink.mkdir(parents=True, exist_ok=True)
    for each in ('output', 'attachments'):
        del cut[each]   # What differs from node to node.
    data = ''.join(json.dumps(each, sort_keys=True) + '\n'
                   for each in [cut, *records]).encode()
    path = sink / ('%020d-%020d.jsonl' % (cut['first'], cut['last']))
    if path.exists():
        if path.read_bytes() != data:
            sys.exit('%s: has something else' % path)
        return data
    made = path.with_suffix('.%d' % os.getpid())
    with open(made, 'wb') as file:
        file.write(data)
        os.fsync(file.fileno())
    made.rename(path)
    return data


def end(sign: str) -> None:
    """End oneself, or the node first."""
    if sign.startswith('leader'):
        os.kill(os.getppid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


fault = take_fault()
cut_, records_ = read()
with open(faults / (name + '.runs'), 'a', encoding='utf-8') as runs:
    print(fault or '-', os.getpid(), cut_['first'], cut_['last'], file=runs)
if fault == 'fail':
    print('the sink is on fire', file=sys.stderr)
    sys.exit(3)
if fault == 'silent':
    sys.exit(0)
if fault.endswith('_before'):
    end(fault)
data_ = store(cut_, records_)
if fault.endswith('_after'):
    end(fault)
while fault == 'hang':
    time.sleep(1)
print(json.dumps({'ack': cut_['last'] + (fault == 'lie'),
                  'sheet': hashlib.sha256(data_).hexdigest()}))
