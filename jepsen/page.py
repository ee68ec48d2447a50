"""index.html of a run's folder: all there is to see, on one page."""
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from jepsen.measure import SECOND, FaultTime

PICTURES = ('availability.svg', 'rate.svg', 'latency-raw.svg',
            'latency-quantiles.svg')
FILES = ('timeline.html', 'summary.txt', 'results.edn', 'results.json',
         'history.edn', 'plan.txt', 'harness.log', 'client.log',
         'command.txt')

_PAGE = '''<!doctype html>
<meta charset="utf-8">
<title>%(title)s</title>
<style>
body { font: 14px sans-serif; margin: 16px; max-width: 1000px }
table { border-collapse: collapse } img { display: block; margin: 12px 0 }
td, th { padding: 2px 10px; text-align: right; border-bottom: 1px solid #ddd }
td:first-child, th:first-child, td:nth-child(2) { text-align: left }
</style>
<h1>%(title)s</h1>
<pre>%(summary)s</pre>
%(pictures)s
<h2>Faults</h2>
<p>Gap: the longest time without an acknowledged post around the fault.
Recovery: from its end until every node served again. Not alone: another
fault held at the same time.</p>
<table>
<tr><th>fault</th><th>nodes</th><th>from s</th><th>for s</th><th>gap s</th>
<th>recovery s</th><th></th></tr>
%(faults)s
</table>
<h2>Files</h2>
<p>%(files)s</p>
'''


def _row(cells: Iterable[str]) -> str:
    return '<tr>%s</tr>' % ''.join('<td>%s</td>' % escape(cell)
                                   for cell in cells)


def _fault(fault: FaultTime) -> str:
    recovery = ('never' if fault.recovery is None
                else '%.2f' % (fault.recovery / SECOND))
    return _row((
        fault.kind, ' '.join(fault.nodes) + (' (leader)' if fault.leader
                                             else ''),
        '%.2f' % (fault.start / SECOND),
        '%.2f' % ((fault.stop - fault.start) / SECOND),
        '%.2f' % (fault.gap / SECOND), recovery,
        'not alone' if fault.disturbed else ''))


def write(folder: Path, title: str, summary: str,
          faults: Sequence[FaultTime]) -> None:
    """Write the page; links what is in the folder already."""
    logs = sorted(path.relative_to(folder).as_posix()
                  for path in folder.glob('n*/*.log*'))
    names = [name for name in FILES if (folder / name).exists()] + logs
    (folder / 'index.html').write_text(_PAGE % {
        'title': escape(title), 'summary': escape(summary),
        'pictures': '\n'.join('<img src="%s" alt="%s">' % (name, name)
                              for name in PICTURES
                              if (folder / name).exists()),
        'faults': '\n'.join(_fault(fault) for fault in faults),
        'files': '\n'.join('<a href="%s">%s</a>' % (name, name)
                           for name in names)}, encoding='utf-8')
