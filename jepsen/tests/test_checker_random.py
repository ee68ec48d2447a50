"""The judge against a model and against the search of every order.

The seed of a failure is in its message; JEPSEN_TEST_SEED repeats it.
"""
import copy
import os
import random
import time
import unittest

from jepsen.checker import INVALID, VALID, check
from jepsen.history import FAIL, FINAL, INFO, OK, POST, Operation
from jepsen.tests import model
from jepsen.tests.brute import linearizable

# Any other number tries other histories.
SEED = int(os.environ.get('JEPSEN_TEST_SEED', 1))
SMALL = model.Shape(operations=7, processes=3, nodes=('n1', 'n2'),
                    rooms=('a',), limits=(0, 2), info_share=0.2)
SPEED_OPERATIONS = 100_000
SPEED_MAX_S = 4.0  # Of processor time; under 0.5 where this was written.


def perturb(rng: random.Random, history: list[Operation]) -> None:
    """Change something at random; the result may be right or wrong."""
    each = rng.choice(history)
    draw = rng.randrange(7)
    if draw == 0:
        each.invoked = max(0, each.invoked - rng.randint(1, 30))
    elif draw == 1 and each.type != INFO:
        each.done += rng.randint(1, 30)
    elif draw == 2 and each.type == OK and each.f == POST:
        each.position = max(0, each.position + rng.choice((-1, 1)))
    elif draw == 3 and each.values:
        model.answer(each, each.values[:-1])
    elif draw == 4 and len(each.values or []) > 1:
        assert each.values is not None
        each.values[:2] = reversed(each.values[:2])
    elif draw == 5 and each.f == POST:
        shift = rng.randint(-40, 40)
        each.invoked = max(0, each.invoked + shift)
        if each.type != INFO:
            each.done = max(each.invoked, each.done + shift)
    elif draw == 6 and each.f == POST:
        each.position = 0


class RandomTest(unittest.TestCase):
    """Many seeds, each with its own history."""

    def test_histories_of_a_right_pool_are_valid(self) -> None:
        """What the model makes, the judge accepts."""
        for seed in range(SEED, SEED + 300):
            rng = random.Random(seed)
            history = model.generate(rng, model.Shape())
            findings = check(history, model.Shape.nodes)
            self.assertEqual(findings.verdict, VALID,
                             'seed %d: %s' % (seed, findings.examples))

    def test_every_mutation_is_caught(self) -> None:
        """One thing wrong is seen, under its own rule."""
        applied = dict.fromkeys(
            [each.__name__ for each in model.MUTATIONS], 0)
        for seed in range(SEED, SEED + 60):
            rng = random.Random(seed)
            whole = model.generate(rng, model.Shape())
            for mutate in model.MUTATIONS:
                history = copy.deepcopy(whole)
                rule = mutate(rng, history)
                if rule is None:
                    continue
                applied[mutate.__name__] += 1
                findings = check(history, model.Shape.nodes)
                told = 'seed %d %s: %s' % (seed, mutate.__name__,
                                           dict(findings.breaches))
                self.assertEqual(findings.verdict, INVALID, told)
                self.assertIn(rule, findings.breaches, told)
        self.assertGreater(min(applied.values()), 20, applied)

    def test_agrees_with_the_search_of_every_order(self) -> None:
        """On small histories, right or wrong, both give one verdict."""
        verdicts = {True: 0, False: 0}
        for seed in range(SEED, SEED + 3000):
            rng = random.Random(seed)
            history = model.generate(rng, SMALL)
            for _ in range(rng.randint(0, 3)):
                perturb(rng, history)
            right = linearizable([each for each in history
                                  if each.type != FAIL])
            findings = check(history, SMALL.nodes)
            verdicts[right] += 1
            self.assertEqual(findings.verdict == VALID, right,
                             'seed %d: %s\n%s' % (
                                 seed, dict(findings.breaches),
                                 '\n'.join(map(str, history))))
        # Neither side of the comparison is empty.
        self.assertGreater(min(verdicts.values()), 300, verdicts)


class SpeedTest(unittest.TestCase):
    """A long run is judged while one waits."""

    def test_many_operations(self) -> None:
        """A hundred thousand operations in a second or so."""
        shape = model.Shape(rooms=tuple('abcdefghijkl'), final=False)
        rng = random.Random(1)
        history: list[Operation] = []
        logs: dict[str, list[int | str]] = {room: [] for room in shape.rooms}
        for number in range(SPEED_OPERATIONS):
            room = shape.rooms[number % len(shape.rooms)]
            log = logs[room]
            post = rng.random() < 0.6
            operation = Operation(
                process=number % 100, f='post' if post else 'read', type=OK,
                room=room, invoked=number * 10, done=number * 10 + 5)
            if post:
                log.append(number)
                operation.value, operation.position = number, len(log)
            else:
                operation.limit = 20
                model.answer(operation, log)
            history.append(operation)
        at = SPEED_OPERATIONS * 10 + 1000
        for room in shape.rooms:
            for node in shape.nodes:
                read = Operation(process=0, f=FINAL, type=OK, room=room,
                                 invoked=at, done=at + 1, node=node)
                model.answer(read, logs[room])
                history.append(read)
        began = time.process_time()
        findings = check(history, shape.nodes)
        took = time.process_time() - began
        print('%d operations judged in %.1f s' % (SPEED_OPERATIONS, took))
        self.assertEqual(findings.verdict, VALID)
        self.assertLess(took, SPEED_MAX_S)


if __name__ == '__main__':
    unittest.main()
