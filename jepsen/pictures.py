"""The pictures of a run: latencies, rate, availability, and the timeline."""
from collections import defaultdict
from collections.abc import Sequence
from html import escape
from pathlib import Path

from jepsen.history import (FAIL, FOREVER, INFO, OK, POST, Operation)
from jepsen.measure import SECOND, FaultTime, quantiles
from jepsen.svg import Plot

COLOURS = {OK: '#3b8fd4', FAIL: '#e26ba1', INFO: '#f0a030'}  # Jepsen's.
SLOT_S = 0.25              # Of the availability strip.
WINDOW_S = 1.0             # Of quantiles and rates.
TIMELINE_MAX = 5000        # Operations; a browser shows no more with ease.
LATENCY_LOW_S, LATENCY_HIGH_S = 1e-4, 20.0
PIXELS_PER_S = 60


def _plot(title: str, unit: str, seconds: float, faults: Sequence[FaultTime],
          low: float, high: float, log: bool = False) -> Plot:
    plot = Plot(title, unit, seconds, low, high, log)
    for fault in faults:
        plot.band(fault.kind, fault.start / SECOND, fault.stop / SECOND)
    return plot


def latency_raw(path: Path, operations: Sequence[Operation],
                faults: Sequence[FaultTime], seconds: float) -> None:
    """Every operation: when it began and how long it took."""
    plot = _plot('latency of each operation', 's', seconds, faults,
                 LATENCY_LOW_S, LATENCY_HIGH_S, log=True)
    plot.value_axis()
    for outcome, colour in COLOURS.items():
        plot.points([(each.invoked / SECOND,
                      (min(each.told, int(seconds * SECOND)) - each.invoked) /
                      SECOND)
                     for each in operations if each.type == outcome], colour)
        plot.key(outcome, colour)
    plot.write(path)


def latency_quantiles(path: Path, operations: Sequence[Operation],
                      faults: Sequence[FaultTime], seconds: float) -> None:
    """Quantiles of successful posts, second by second."""
    plot = _plot('latency of acknowledged posts', 's', seconds, faults,
                 LATENCY_LOW_S, LATENCY_HIGH_S, log=True)
    plot.value_axis()
    windows: dict[int, list[int]] = defaultdict(list)
    for each in operations:
        if each.f == POST and each.type == OK:
            window = int(each.invoked / SECOND / WINDOW_S)
            windows[window].append(each.done - each.invoked)
    points = [((window + 0.5) * WINDOW_S, quantiles(values))
              for window, values in sorted(windows.items())]
    for name, colour in (('p50', '#188038'), ('p95', '#f0a030'),
                         ('p99', '#d93025'), ('max', '#5f6368')):
        plot.line([(x, found[name]) for x, found in points], colour)
        plot.key(name, colour)
    plot.write(path)


def rate(path: Path, operations: Sequence[Operation],
         faults: Sequence[FaultTime], seconds: float) -> None:
    """Operations a second, by outcome."""
    counts: dict[str, dict[int, int]] = {each: defaultdict(int)
                                         for each in COLOURS}
    for each in operations:
        moment = each.invoked if each.told == FOREVER else each.told
        counts[each.type][int(moment / SECOND / WINDOW_S)] += 1
    high = max((count / WINDOW_S for found in counts.values()
                for count in found.values()), default=1.0)
    plot = _plot('operations a second', '1/s', seconds, faults, 0.0, high)
    plot.value_axis()
    for outcome, colour in COLOURS.items():
        plot.line([((window + 0.5) * WINDOW_S,
                    counts[outcome][window] / WINDOW_S)
                   for window in range(int(seconds / WINDOW_S) + 1)], colour)
        plot.key(outcome, colour)
    plot.write(path)


def availability(path: Path, operations: Sequence[Operation],
                 nodes: Sequence[str], faults: Sequence[FaultTime],
                 seconds: float) -> None:
    """For each node and slot: were posts acknowledged there, or refused?"""
    plot = _plot('posts at each node', '', seconds, faults, 0.0, len(nodes))
    good: dict[tuple[str, int], int] = defaultdict(int)
    bad: dict[tuple[str, int], int] = defaultdict(int)
    for each in operations:
        if each.f == POST:
            found = good if each.type == OK else bad
            found[each.node, int(each.invoked / SECOND / SLOT_S)] += 1
    for row, node in enumerate(nodes):
        plot.label(row + 0.5, node)
        for slot in range(int(seconds / SLOT_S) + 1):
            if good[node, slot] or bad[node, slot]:
                share = good[node, slot] / (good[node, slot] +
                                            bad[node, slot])
                colour = ('#188038' if share == 1 else
                          '#d93025' if share == 0 else '#f0a030')
                plot.box(slot * SLOT_S, (slot + 1) * SLOT_S, row + 0.2,
                         row + 0.8, colour)
    for name, colour in (('all acknowledged', '#188038'),
                         ('some', '#f0a030'), ('none', '#d93025')):
        plot.key(name, colour)
    plot.write(path)


_TIMELINE_HEAD = '''<!doctype html>
<meta charset="utf-8">
<title>%(title)s</title>
<style>
body { font: 11px sans-serif; margin: 8px }
#t { position: relative; height: %(height)dpx }
#t div { position: absolute; width: 96px; overflow: hidden; border-radius: 2px;
  min-height: 3px; padding: 0 2px; box-sizing: border-box; white-space: nowrap }
.ok { background: #6db6fe } .fail { background: #feb5da }
.info { background: #ffaa26 } .fault { background: #00000018; z-index: -1 }
</style>
<h1>%(title)s</h1>
<p>One column a worker, time goes down. Blue: ok, pink: fail, orange: unknown,
grey: a fault holds. Point at a box for the whole of it.%(cut)s</p>
<div id="t">
'''


def timeline(path: Path, title: str, operations: Sequence[Operation],
             faults: Sequence[FaultTime], workers: int) -> None:
    """Every operation as a box in its worker's column, as Jepsen draws it."""
    shown = operations[:TIMELINE_MAX]
    last = max((each.invoked if each.told == FOREVER else each.told
                for each in shown), default=0)
    cut = ('' if len(shown) == len(operations) else
           ' The first %d operations of %d; the others are in history.edn.' %
           (len(shown), len(operations)))
    with open(path, 'w', encoding='utf-8') as file:
        file.write(_TIMELINE_HEAD % {
            'title': escape(title), 'cut': cut,
            'height': (last / SECOND + 1) * PIXELS_PER_S})
        for fault in faults:
            if fault.start < last:
                file.write(_box('fault', 0, fault.start, fault.stop,
                                '%s %s' % (fault.kind, ' '.join(fault.nodes)),
                                'width: %dpx' % (100 * (workers + 1))))
        for each in shown:
            file.write(_box(each.type, each.process % workers + 1,
                            each.invoked, min(each.told, last), str(each)))
        file.write('</div>\n')


def _box(kind: str, column: int, begin: int, end: int, text: str,
         style: str = '') -> str:
    return ('<div class="%s" title="%s" style="left:%dpx; top:%.1fpx; '
            'height:%.1fpx; %s">%s</div>\n' % (
                kind, escape(text), 100 * column,
                begin / SECOND * PIXELS_PER_S,
                max(3.0, (end - begin) / SECOND * PIXELS_PER_S), style,
                escape(text)))
