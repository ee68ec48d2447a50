"""The judge, rule by rule, on histories made by hand: each broken one breaks
its rule and no other, next to a sound one that is almost the same."""
import unittest

from jepsen.checker import INVALID, UNKNOWN, VALID, check
from jepsen.history import Operation
from jepsen.tests.scene import (NODES, final, finals, posted, read, refused,
                                unknown)


class JudgeTest(unittest.TestCase):
    """Operations in, breaches out."""

    def valid(self, operations: list[Operation]) -> None:
        """The judge has nothing to say."""
        findings = check(operations, NODES)
        self.assertEqual(dict(findings.examples), {})
        self.assertEqual(findings.verdict, VALID)

    def breaks(self, rules: set[str], operations: list[Operation]) -> None:
        """The judge names exactly these rules."""
        findings = check(operations, NODES)
        self.assertEqual(set(findings.breaches), rules, findings.examples)
        self.assertEqual(findings.verdict, INVALID)


class LogTest(JudgeTest):
    """One attempt for each message, as in workload w1."""

    def test_empty_room_is_valid(self) -> None:
        """Nothing posted, nothing seen."""
        self.valid([read([], 1, 2)] + finals([]))

    def test_posts_in_order_are_valid(self) -> None:
        """Two posts one after the other, read in between and after."""
        self.valid([posted(7, 1, 0, 10), read([7], 11, 12),
                    posted(8, 2, 20, 30), read([7, 8], 31, 32)] +
                   finals([7, 8]))

    def test_concurrent_posts_may_take_any_order(self) -> None:
        """What overlaps may be ordered either way."""
        self.valid([posted(7, 2, 0, 10), posted(8, 1, 5, 15)] +
                   finals([8, 7]))

    def test_operations_that_touch_are_concurrent(self) -> None:
        """An end and a begin at one instant order nothing."""
        self.valid([posted(7, 2, 0, 10), posted(8, 1, 10, 15)] +
                   finals([8, 7]))

    def test_unknown_may_be_there_or_not(self) -> None:
        """A timed-out post is in the log once, or not at all."""
        self.valid([unknown(7, 0), posted(8, 1, 20, 30)] + finals([8]))
        self.valid([unknown(7, 0), posted(8, 2, 20, 30)] + finals([7, 8]))
        self.valid([unknown(7, 0), posted(8, 1, 20, 30)] + finals([8, 7]))

    def test_unknown_may_take_effect_between_final_reads(self) -> None:
        """A late effect makes one node's log longer, and no node wrong."""
        self.valid([unknown(7, 0), final([], 'n1'), final([7], 'n2', 2000000),
                    final([7], 'n3', 2000000)])

    def test_lost(self) -> None:
        """Acknowledged and in nobody's log."""
        self.breaks({'lost'}, [posted(7, 1, 0, 10), posted(8, 2, 20, 30)] +
                    finals([7]))

    def test_lost_before_others(self) -> None:
        """A loss in the middle moves what follows."""
        self.breaks({'lost', 'misplaced'}, [
            posted(7, 1, 0, 10), posted(8, 2, 20, 30)] + finals([8]))

    def test_lost_after_it_was_read(self) -> None:
        """A timed-out post that was seen has to stay."""
        self.breaks({'lost', 'backward-read'},
                    [unknown(7, 0), read([7], 5, 6)] + finals([]))

    def test_missing_on_one_node(self) -> None:
        """One node's final log lacks an acknowledged post."""
        self.breaks({'stale-read'}, [
            posted(7, 1, 0, 10), final([7], 'n1'), final([7], 'n2'),
            final([], 'n3')])

    def test_duplicated(self) -> None:
        """One post, two positions."""
        self.breaks({'duplicated'}, [posted(7, 1, 0, 10)] + finals([7, 7]))

    def test_duplicated_unknown(self) -> None:
        """A timed-out post may be there once only."""
        self.breaks({'duplicated'}, [unknown(7, 0)] + finals([7, 7]))

    def test_misplaced(self) -> None:
        """Acknowledged positions are exchanged in every log."""
        self.breaks({'misplaced'}, [posted(7, 1, 0, 10), posted(8, 2, 5, 15)] +
                    finals([8, 7]))

    def test_reordered_on_one_node(self) -> None:
        """One node has another order than the others."""
        self.breaks({'disagree'}, [
            posted(7, 1, 0, 10), posted(8, 2, 5, 15), final([7, 8], 'n1'),
            final([7, 8], 'n2'), final([8, 7], 'n3')])

    def test_read_disagrees(self) -> None:
        """A read of the past saw what is not there at the end."""
        self.breaks({'disagree'}, [
            unknown(7, 0), unknown(8, 0), read([7], 5, 6)] + finals([8, 7]))

    def test_phantom(self) -> None:
        """Nobody posted it."""
        self.breaks({'phantom'}, finals([9]))

    def test_phantom_of_another_room(self) -> None:
        """Posted to one room, found in another."""
        elsewhere = posted(7, 1, 0, 10)
        elsewhere.room = 's'
        there = finals([7])
        for operation in there:
            operation.room = 's'
        self.breaks({'phantom'}, [elsewhere] + there + finals([7]))

    def test_failed_but_present(self) -> None:
        """Refused for sure, and in the log."""
        self.valid([refused(7, 0, 10)] + finals([]))
        self.breaks({'failed-present'}, [refused(7, 0, 10)] + finals([7]))

    def test_stale_read(self) -> None:
        """A read that begins after an acknowledgement must see the post."""
        self.valid([posted(7, 1, 0, 10), read([], 9, 20)] + finals([7]))
        self.breaks({'stale-read'}, [posted(7, 1, 0, 10), read([], 11, 20)] +
                    finals([7]))

    def test_backward_read(self) -> None:
        """What one read saw, no later read may miss."""
        self.valid([unknown(7, 0), read([7], 5, 9), read([], 8, 20)] +
                   finals([7]))
        self.breaks({'backward-read'}, [
            unknown(7, 0), read([7], 5, 9), read([], 10, 20)] + finals([7]))

    def test_future_read(self) -> None:
        """A read cannot see what is posted after it ended."""
        self.valid([read([7], 0, 10), posted(7, 1, 9, 20)] + finals([7]))
        self.breaks({'future-read'}, [read([7], 0, 10), posted(7, 1, 11, 20)] +
                    finals([7]))
        self.breaks({'future-read'}, [read([7], 0, 10), unknown(7, 11)] +
                    finals([7]))

    def test_post_order(self) -> None:
        """A post that begins after another was acknowledged lies behind."""
        self.breaks({'post-order'}, [
            posted(7, 2, 0, 10), posted(8, 1, 11, 20)] + finals([8, 7]))
        self.breaks({'post-order'}, [
            posted(7, 2, 0, 10), unknown(8, 11)] + finals([8, 7]))

    def test_gap(self) -> None:
        """Positions of a read are dense and ascending."""
        broken = read([7, 9], 100, 110)
        broken.positions = [1, 3]
        three = [posted(7, 1, 0, 10), posted(8, 2, 20, 30),
                 posted(9, 3, 40, 50)]
        self.breaks({'gap'}, three + [broken] + finals([7, 8, 9]))
        broken.positions, broken.values = [2, 1], [8, 7]
        self.breaks({'gap', 'stale-read'},
                    three + [broken] + finals([7, 8, 9]))

    def test_gap_from_below_one(self) -> None:
        """There is no position 0."""
        self.breaks({'gap'}, [posted(7, 1, 0, 10), read([7], 5, 20, first=0)] +
                    finals([7]))

    def test_size(self) -> None:
        """A read gives as many messages as were asked for and exist."""
        three = [posted(7, 1, 0, 10), posted(8, 2, 20, 30),
                 posted(9, 3, 40, 50)]
        self.valid(three + [read([8, 9], 60, 70, first=2, limit=2)] +
                   finals([7, 8, 9]))
        self.breaks({'size'}, three + [read([9], 60, 70, first=3, limit=2)] +
                    finals([7, 8, 9]))
        self.breaks({'size'}, three + [read([8, 9], 60, 70, first=2)] +
                    finals([7, 8, 9]))
        self.breaks({'size'}, three + [read([7, 8, 9], 60, 70, limit=2)] +
                    finals([7, 8, 9]))

    def test_node_not_read(self) -> None:
        """Without a node's final log nothing is proven, nor refuted."""
        findings = check([posted(7, 1, 0, 10), final([7], 'n1'),
                          final([7], 'n2')], NODES)
        self.assertEqual(findings.verdict, UNKNOWN)
        self.assertEqual(set(findings.breaches), {'not-read'})

    def test_no_node_read(self) -> None:
        """No final log at all is no proof of loss."""
        findings = check([posted(7, 1, 0, 10)], NODES)
        self.assertEqual(findings.verdict, UNKNOWN)
        self.assertEqual(findings.breaches['not-read'], 3)


class RetryTest(JudgeTest):
    """Exactly once: one value, several attempts."""

    def test_repeat_answers_the_first_position(self) -> None:
        """Both acknowledgements name one position, one message is there."""
        self.valid([posted(7, 1, 0, 10), posted(8, 2, 20, 30),
                    posted(7, 1, 40, 50)] + finals([7, 8]))

    def test_position_that_was_not_told(self) -> None:
        """The message counts as acknowledged all the same: it is kept, once,
        and in order; positions that are told agree with each other."""
        self.valid([posted(7, 0, 0, 10), posted(8, 2, 20, 30),
                    posted(7, 1, 40, 50)] + finals([7, 8]))
        self.breaks({'lost'}, [posted(7, 0, 0, 10)] + finals([]))
        self.breaks({'duplicated'}, [posted(7, 0, 0, 10)] + finals([7, 7]))
        self.breaks({'post-order'}, [
            posted(7, 0, 0, 10), posted(8, 0, 20, 30)] + finals([8, 7]))
        self.breaks({'stale-read'}, [
            posted(7, 0, 0, 10), read([], 20, 30)] + finals([7]))
        self.breaks({'two-positions', 'misplaced'}, [
            posted(7, 0, 0, 10), posted(8, 2, 20, 30), posted(7, 2, 40, 50),
            posted(7, 1, 60, 70)] + finals([7, 8]))

    def test_repeat_after_time_out(self) -> None:
        """The first attempt's effect may be the one that counts: the
        message may lie before what was acknowledged before the second."""
        self.valid([unknown(7, 0), posted(8, 2, 20, 30),
                    posted(7, 1, 40, 50)] + finals([7, 8]))
        self.valid([unknown(7, 0), posted(8, 1, 20, 30),
                    posted(7, 2, 40, 50)] + finals([8, 7]))

    def test_two_positions(self) -> None:
        """Two acknowledgements of one id differ."""
        self.breaks({'two-positions'}, [
            posted(7, 1, 0, 10), posted(8, 2, 20, 30),
            posted(7, 3, 40, 50)] + finals([7, 8]))

    def test_repeat_is_posted_again(self) -> None:
        """The classic loss of a dedupe table."""
        self.breaks({'two-positions', 'duplicated'}, [
            posted(7, 1, 0, 10), posted(8, 2, 20, 30),
            posted(7, 3, 40, 50)] + finals([7, 8, 7]))

    def test_refused_repeat_changes_nothing(self) -> None:
        """A repeat may be refused; the first attempt may still count."""
        self.valid([unknown(7, 0), refused(7, 20, 30)] + finals([7]))
        self.valid([unknown(7, 0), refused(7, 20, 30)] + finals([]))
        self.valid([refused(7, 0, 10), posted(7, 1, 20, 30)] + finals([7]))

    def test_refused_attempt_is_not_the_one(self) -> None:
        """A surely failed first attempt does not excuse a future read."""
        self.breaks({'future-read'}, [
            refused(7, 0, 10), read([7], 11, 12), posted(7, 1, 20, 30)] +
            finals([7]))

    def test_earliest_acknowledgement_counts(self) -> None:
        """After the first acknowledgement nothing may overtake, whatever a
        repeat says later."""
        self.breaks({'post-order'}, [
            posted(7, 2, 0, 10), posted(8, 1, 20, 30),
            posted(7, 2, 40, 50)] + finals([8, 7]))


class FiguresTest(unittest.TestCase):
    """The figures of the summary."""

    def test_counts(self) -> None:
        """Messages, not attempts, are acknowledged, kept and lost."""
        findings = check([
            posted(7, 1, 0, 10), posted(7, 1, 20, 30), unknown(8, 40),
            refused(9, 50, 60), posted(10, 3, 70, 80)] + finals([7, 8]),
            NODES)
        self.assertEqual(findings.attempts, 5)
        self.assertEqual(findings.acknowledged, 2)
        self.assertEqual(findings.kept, 1)
        self.assertEqual(findings.unknown_present, 1)
        self.assertEqual(findings.breaches['lost'], 1)

    def test_many_breaches_few_examples(self) -> None:
        """All are counted, few are told."""
        findings = check([posted(value, value, value * 10, value * 10 + 5)
                          for value in range(1, 101)] + finals([]), NODES)
        self.assertEqual(findings.breaches['lost'], 100)
        self.assertEqual(len(findings.examples['lost']), 10)


if __name__ == '__main__':
    unittest.main()
