"""The nemesis: its plan, a pure function of the seed, and the thread that
carries it out on a pool of stand-ins."""
import unittest

from jepsen import nemesis
from jepsen.command import HarnessError
from jepsen.faults import Fault
from jepsen.history import Recorder
from jepsen.nemesis import EVEN, KINDS, SWARM, Nemesis, Step, expand, plan
from jepsen.tests import confined
from jepsen.tests.pool import HEALTHY_WAIT_S, PoolTest


class PlanTest(unittest.TestCase):
    """What a seed decides before anything runs."""

    def test_same_seed_same_plan(self) -> None:
        """And another seed, another plan."""
        kinds = list(KINDS)
        for mix in (EVEN, SWARM):
            one = plan(7, kinds, 300, 5, 8, mix)
            self.assertEqual(one, plan(7, kinds, 300, 5, 8, mix))
            self.assertNotEqual(one, plan(8, kinds, 300, 5, 8, mix))

    def test_everything_fits(self) -> None:
        """In order, over before the phase is, none longer than allowed."""
        for seed in range(50):
            steps = plan(seed, list(KINDS), 120, 3, 8, SWARM)
            moments = [step.at_s for step in steps]
            self.assertEqual(moments, sorted(moments))
            for step in steps:
                self.assertLessEqual(step.at_s + step.hold_s, 120)
                self.assertTrue(2 <= step.hold_s <= 8, step)

    def test_even_mix_has_every_kind(self) -> None:
        """Kinds come in turn: none twice before all came once."""
        kinds = ['kill', 'pause', 'loss', 'disk-full']
        steps = plan(3, kinds, 600, 2, 8, EVEN)
        self.assertGreater(len(steps), 20)
        for begin in range(0, len(steps) - 4, 4):
            self.assertEqual({step.kind for step in steps[begin:begin + 4]},
                             set(kinds))

    def test_even_mix_strikes_the_leader_first(self) -> None:
        """However short a run is, each kind it has strikes the leader."""
        for seed in range(20):
            steps = plan(seed, ['kill', 'disk-eio', 'kill-all'], 600, 2, 8,
                         EVEN)
            self.assertEqual({(step.kind, step.target) for step in steps[:3]},
                             {('kill', 'leader'), ('disk-eio', 'leader'),
                              ('kill-all', 'all')})
            self.assertLess(1, len({step.target for step in steps[3:]
                                    if step.kind == 'kill'}))

    def test_swarm_leaves_kinds_out(self) -> None:
        """Runs differ in what they are made of, and none is empty."""
        sets = {frozenset(step.kind for step in plan(
            seed, list(KINDS), 300, 3, 8, SWARM)) for seed in range(30)}
        self.assertGreater(len(sets), 20)
        self.assertNotIn(frozenset(), sets)

    def test_pairs(self) -> None:
        """Some faults overlap, and only such as can."""
        overlaps = 0
        for seed in range(30):
            steps = plan(seed, list(KINDS), 300, 3, 8, EVEN)
            for one, other in zip(steps, steps[1:]):
                if other.at_s < one.at_s + one.hold_s:
                    overlaps += 1
                    self.assertTrue(nemesis.may_pair(one.kind, other.kind),
                                    (one, other))
        self.assertGreater(overlaps, 50)

    def test_words(self) -> None:
        """Groups open into kinds, each once; what is unknown is named."""
        self.assertEqual(expand(['kill', 'partition', 'kill'])[:2],
                         ['kill', 'partition-one'])
        self.assertEqual(expand(['all']), list(KINDS))
        self.assertEqual(expand(['none']), [])
        with self.assertRaisesRegex(HarnessError, 'no fault is called kil;'):
            expand(['kil'])

    def test_nothing_to_do(self) -> None:
        """Without kinds there is no fault."""
        self.assertEqual(plan(1, [], 60, 5, 8, EVEN), [])


class NemesisTest(PoolTest):
    """The thread that strikes."""

    def strike(self, *steps: Step, lines: int) -> tuple[Nemesis, list[str]]:
        """Carry steps out until so many lines are told, then finish; the
        nemesis and all it told."""
        told: list[str] = []
        evil = Nemesis(self.pool, steps, Recorder(0), told.append)
        evil.start()
        self.soon(lambda: len(told) >= lines)
        evil.finish()
        self.assertEqual(evil.errors, [])
        return evil, told

    def test_targets(self) -> None:
        """The leader is struck when the leader is meant, a follower when a
        follower is; what holds is healed at the end."""
        leader = self.leader()
        _, told = self.strike(
            Step(0.0, 60.0, 'pause', 'follower', 1),
            Step(0.3, 60.0, 'kill', 'leader', 2), lines=2)
        starts = [line for line in told if line.startswith('start-')]
        self.assertNotIn("'n%d'" % leader, starts[0])
        self.assertIn("start-kill nodes=['n%d'] leader=True" % leader,
                      starts[1])
        self.assertEqual(len(told), 4)
        self.assertTrue(self.pool.wait_healthy(10, HEALTHY_WAIT_S))

    def test_a_fault_stops_when_it_is_due(self) -> None:
        """Held for its time, not to the end."""
        _, told = self.strike(Step(0.0, 0.5, 'pause', 'follower', 1),
                              Step(60.0, 1.0, 'kill', 'follower', 1),
                              lines=2)
        self.assertEqual([line.split()[0] for line in told],
                         ['start-pause', 'stop-pause'])

    def test_data_is_destroyed_when_all_are_whole(self) -> None:
        """The fault before ends in time, is recovered from, and only then
        is the next node emptied."""
        evil, told = self.strike(Step(0.0, 0.5, 'pause', 'follower', 1),
                                 Step(0.1, 0.2, 'wipe', 'follower', 1),
                                 lines=4)
        self.assertEqual([line.split()[0] for line in told], [
            'start-pause', 'stop-pause', 'start-wipe', 'stop-wipe'])
        self.assertEqual(evil.skipped, {})

    def test_conflicts_are_skipped(self) -> None:
        """One fault of the network, one of each node; no data is destroyed
        while a node is not whole; each skip says why."""
        evil, told = self.strike(
            Step(0.0, 60.0, 'partition-one', 'follower', 1),
            Step(0.2, 60.0, 'loss', 'anybody', 1),
            Step(0.4, 60.0, 'pause', 'follower', 1),
            Step(0.6, 60.0, 'kill-all', 'all', 1), lines=4)
        self.assertEqual(evil.skipped, {'loss': 1, 'kill-all': 1})
        self.assertEqual(evil.done, {'partition-one': 1, 'pause': 1})
        self.assertIn('skip-loss another network fault holds', told)
        self.assertIn('skip-kill-all a node has a fault already', told)

    def test_errors_are_kept(self) -> None:
        """A fault that cannot be injected is not taken for one that was."""
        class Broken(Fault):
            """Fails."""
            name = 'broken'

            def start(self) -> None:
                raise HarnessError('no luck')

            def stop(self) -> None:
                pass
        KINDS['broken'] = Broken
        self.addCleanup(KINDS.pop, 'broken')
        evil = Nemesis(self.pool, [Step(0.0, 1.0, 'broken', 'anybody', 1)],
                       Recorder(0), lambda line: None)
        evil.start()
        self.soon(lambda: bool(evil.errors))
        evil.finish()
        self.assertEqual(evil.errors, ['start-broken: no luck'])
        self.assertEqual(evil.done, {})


if __name__ == '__main__':
    confined.main()
