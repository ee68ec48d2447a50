"""Histories on disk and in pairs: what is written is read back, and what
breaks Jepsen's rules is refused."""
import io
import tempfile
import unittest
from pathlib import Path
from typing import Any

from jepsen import edn, history
from jepsen.history import (FAIL, FOREVER, INFO, INVOKE, NEMESIS, OK, Event,
                            HistoryError, Recorder)

EVENTS = [
    Event(10, 0, INVOKE, 'post', ['a', 7], node='n1', retry='id-7'),
    Event(15, NEMESIS, INFO, 'start-kill', {'nodes': ['n2']}),
    Event(20, 0, OK, 'post', ['a', 7, 1], node='n1', retry='id-7'),
    Event(30, 1, INVOKE, 'read', ['a', 20], node='n2'),
    Event(40, 1, FAIL, 'read', ['a', 20], node='n2',
          error='503 "no quorum"\n\tin \\ time, {[later]}'),
    Event(50, 1, INVOKE, 'read', ['a', 0], node='n2'),
    Event(60, 1, OK, 'read', ['a', [1, 2], [7, 'x" \u00e4\U0001f600']],
          node='n2'),
    Event(70, 2, INVOKE, 'post', ['b', 8], node='n3'),
    Event(80, 2, INFO, 'post', ['b', 8], node='n3', error='timeout'),
]


def numbered(events: list[Event]) -> list[Event]:
    """As a recorder numbers them."""
    for index, event in enumerate(events):
        event.index = index
    return events


class EdnTest(unittest.TestCase):
    """The part of EDN that is used."""

    def test_values_survive(self) -> None:
        """Written and read back, everything is as before."""
        values: tuple[Any, ...] = (
            None, True, False, 0, -5, 1 << 70, 1.5, '', 'a "b" \\ \n', [],
            [1, [2, None]], {'k': {'l': [1]}}, '\U0001f600')
        for value in values:
            self.assertEqual(edn.load(edn.dump(value)), value)

    def test_keywords_are_not_texts(self) -> None:
        """A keyword stays one."""
        found = edn.load('[:ok "ok"]')
        self.assertIsInstance(found[0], edn.Keyword)
        self.assertNotIsInstance(found[1], edn.Keyword)
        self.assertEqual(edn.dump(found), '[:ok "ok"]')

    def test_commas_are_space(self) -> None:
        """As EDN has it."""
        self.assertEqual(edn.load(' {:a 1,, :b\n2}, '), {'a': 1, 'b': 2})

    def test_bad_text_is_refused(self) -> None:
        """Nothing else than one whole value passes."""
        for text in ('', '[1', '1 2', ']', '{:a}', '"open', 'word', '"\\q"',
                     '[1}', ':'):
            with self.assertRaises(edn.EdnError, msg=text):
                edn.load(text)


class FileTest(unittest.TestCase):
    """history.edn."""

    def test_events_survive(self) -> None:
        """All fields of all kinds, nasty texts among them."""
        text = io.StringIO()
        history.write(numbered(EVENTS), text)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, 'history.edn')
            path.write_text(text.getvalue(), encoding='utf-8')
            self.assertEqual(list(history.read(path)), EVENTS)
        self.assertIn('{:index 1, :time 15, :process :nemesis, :type :info, '
                      ':f :start-kill, :value {:nodes ["n2"]}}',
                      text.getvalue())

    def test_broken_line_is_named(self) -> None:
        """File and line of what cannot be read."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, 'history.edn')
            path.write_text('{:index 0, :time 1}\n', encoding='utf-8')
            with self.assertRaisesRegex(HistoryError, 'history.edn:1: '):
                list(history.read(path))


class RecorderTest(unittest.TestCase):
    """Events of several threads become one history."""

    def test_sorted_by_time_and_numbered(self) -> None:
        """Late arrivals find their place; touching operations overlap."""
        recorder = Recorder(1000)
        recorder.add(Event(1020, 0, OK, 'post', ['a', 1, 1]))
        recorder.add(Event(1020, 1, INVOKE, 'read', ['a', 0]))
        recorder.add(Event(1005, 0, INVOKE, 'post', ['a', 1]))
        found = recorder.events()
        self.assertEqual([(each.index, each.time, each.process, each.type)
                          for each in found],
                         [(0, 5, 0, INVOKE), (1, 20, 1, INVOKE),
                          (2, 20, 0, OK)])


class PairTest(unittest.TestCase):
    """Invocation and completion become one operation."""

    def test_operations(self) -> None:
        """Every kind, with its times and results."""
        post, failed, read, lost = history.pair(numbered(EVENTS))
        self.assertEqual((post.type, post.room, post.value, post.position,
                          post.invoked, post.done, post.retry, post.node),
                         (OK, 'a', 7, 1, 10, 20, 'id-7', 'n1'))
        self.assertEqual((failed.type, failed.done), (FAIL, 40))
        self.assertEqual((read.limit, read.positions), (0, [1, 2]))
        self.assertEqual((lost.type, lost.done), (INFO, FOREVER))

    def test_open_invocation_is_unknown(self) -> None:
        """Cut off by the end of the run."""
        self.assertEqual(history.pair(EVENTS[:1])[0].type, INFO)

    def test_rules_of_processes(self) -> None:
        """One at a time, nothing out of nothing, nothing after an info."""
        invoke, done = EVENTS[0], EVENTS[2]
        info = Event(20, 0, INFO, 'post', ['a', 7])
        other = Event(20, 0, OK, 'read', ['a', [], []])
        for broken in ([invoke, invoke], [done], [invoke, info, invoke],
                       [invoke, other], [invoke, done, done]):
            with self.assertRaises(HistoryError):
                history.pair(broken)


if __name__ == '__main__':
    unittest.main()
