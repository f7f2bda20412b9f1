"""Compares the tests by permutation of crates/statistics with all permutations of tiny jobs, one by one.

The largest likelihood ratio of all cuts, the best pair and the permutations within strata are computed again here, in plain
arithmetic. The crate draws permutations, so its bound lies within some standard errors above the exact share."""

import collections
import itertools
import math
import random
import unittest

import exact
from test_agreement import ask

# A bound is the share plus twice its standard error. It is too small or too large in one of a million draws.
BELOW, ABOVE = 3, 7
TIE = 1e-9


def labellings(marked, units):
    """All ways to mark so many units."""
    for chosen in itertools.combinations(range(units), marked):
        yield [int(unit in chosen) for unit in range(units)]


def x_log_x(count):
    return count * math.log(count) if count else 0.0


def ln_ratio_of_table(table):
    """ln of the likelihood ratio of a table, as rows of counts by class."""
    cells = sum(x_log_x(count) for row in table for count in row)
    rows = sum(x_log_x(sum(row)) for row in table)
    columns = sum(x_log_x(sum(column)) for column in zip(*table))
    return cells - rows - columns + x_log_x(sum(map(sum, table)))


def table(classes, blocks):
    counts = collections.Counter(zip(blocks, classes))
    return [[counts[block, label] for label in sorted(set(classes))] for block in sorted(set(blocks))]


def cut_ratios(classes, steps):
    """The likelihood ratio of each cut, by the first step after it."""
    return {cut: ln_ratio_of_table(table(classes, [step >= cut for step in steps])) for cut in range(1, max(steps) + 1)}


def pair_scores(classes, facts):
    """Minus ln p of Fisher's test for each pair of facts and each combination that is a split of its own."""
    scores = {}
    for (left, one), (right, other) in itertools.combinations(enumerate(facts), 2):
        cells = [[a == first and b == second for a, b in zip(one, other)] for first in (0, 1) for second in (0, 1)]
        known = {tuple(map(bool, one)), tuple(map(bool, other))}
        known |= {tuple(not value for value in split) for split in known}
        for group in [*cells, [a != b for a, b in zip(one, other)]]:
            if tuple(group) in known or len(set(group)) < 2:
                continue
            hits, units = sum(label for label, is_in in zip(classes, group) if is_in), sum(group)
            rest = sum(classes) - hits, len(classes) - units
            scores[left, right, tuple(group)] = -exact.ln_fisher(hits, units - hits, rest[0], rest[1] - rest[0])
    return scores


class Permutations(unittest.TestCase):
    def assert_bound(self, found, permutations, share, about):
        error = math.sqrt(max(share * (1 - share), 1 / permutations) / permutations)
        self.assertGreaterEqual(found + BELOW * error, share, f"{about}: bound {found}, exact {share}")
        self.assertLessEqual(found, share + ABOVE * error + 2 / permutations, f"{about}: bound {found}, exact {share}")

    def test_cuts(self):
        chance, asked = random.Random(8), []
        for _ in range(60):
            units = chance.randint(6, 11)
            steps = [step for step in range(units) for _ in range(chance.randint(1, 2))][:units]
            steps = [sorted(set(steps)).index(step) for step in steps]
            marked = chance.randint(1, units - 1)
            is_late = chance.random() < 0.5
            classes = [int(unit >= units - marked) for unit in range(units)] if is_late else chance.choice(
                list(labellings(marked, units)))
            chance.shuffle(order := list(range(units)))
            asked.append(([classes[unit] for unit in order], [steps[unit] for unit in order]))
        asked = [each for each in asked if max(each[1]) > 0]
        answers = ask([("cut", len(classes), *classes, *steps) for classes, steps in asked])
        for (classes, steps), (cut, bound, permutations) in zip(asked, answers, strict=True):
            ratios = cut_ratios(classes, steps)
            largest = max(ratios.values())
            if largest > TIE:
                self.assertAlmostEqual(ratios[int(cut)], largest, delta=TIE, msg=(classes, steps))
            every = [max(cut_ratios(labels, steps).values()) for labels in labellings(sum(classes), len(classes))]
            share = sum(ratio >= largest - TIE for ratio in every) / len(every)
            self.assert_bound(float(bound), int(permutations), share, (classes, steps))

    def test_pairs(self):
        chance, asked = random.Random(9), []
        for _ in range(60):
            units = chance.randint(7, 10)
            facts = [[chance.randint(0, 1) for _ in range(units)] for _ in range(3)]
            if len({*map(tuple, facts), *(tuple(1 - value for value in fact) for fact in facts)}) < 6:
                continue
            if any(len(set(fact)) < 2 for fact in facts):
                continue
            classes = [one ^ other for one, other in zip(*facts[:2])] if chance.random() < 0.5 else [
                chance.randint(0, 1) for _ in range(units)]
            # Class 0 is the most frequent one.
            if 0 < 2 * sum(classes) <= units:
                asked.append((classes, facts))
        self.assertGreater(len(asked), 20)
        answers = ask([("pair", len(classes), *classes, *itertools.chain(*facts)) for classes, facts in asked])
        for (classes, facts), answer in zip(asked, answers, strict=True):
            scores = pair_scores(classes, facts)
            largest = max(scores.values(), default=0.0)
            if largest <= TIE:
                self.assertEqual(answer, ["none"], (classes, facts))
                continue
            left, right, units, marked, score, bound, permutations = answer
            self.assertAlmostEqual(float(score), largest, delta=TIE, msg=(classes, facts))
            named = [group for (one, other, group), found in scores.items()
                     if (one, other) == (int(left), int(right)) and found >= largest - TIE]
            sizes = [(sum(group), sum(label for label, is_in in zip(classes, group) if is_in)) for group in named]
            self.assertIn((int(units), int(marked)), sizes, (classes, facts))
            every = [max(pair_scores(labels, facts).values()) for labels in labellings(sum(classes), len(classes))]
            share = sum(found >= largest - TIE for found in every) / len(every)
            self.assert_bound(float(bound), int(permutations), share, (classes, facts))

    def test_strata(self):
        chance, asked = random.Random(10), []
        for _ in range(60):
            strata = [stratum for stratum in range(3) for _ in range(chance.randint(2, 5))]
            blocks = [chance.randint(0, 1) for _ in strata]
            classes = [block if chance.random() < 0.7 else 1 - block for block in blocks]
            if len(set(blocks)) == 2 and len(set(classes)) == 2:
                asked.append((classes, strata, blocks))
        answers = ask([("strata", len(classes), *classes, *strata, *blocks) for classes, strata, blocks in asked])
        for (classes, strata, blocks), (bound, permutations) in zip(asked, answers, strict=True):
            by_stratum = [[label for label, of in zip(classes, strata) if of == stratum] for stratum in range(3)]
            ways = [list(labellings(sum(labels), len(labels))) for labels in by_stratum]
            observed = ln_ratio_of_table(table(classes, blocks))
            every = [ln_ratio_of_table(table(list(itertools.chain(*way)), blocks)) for way in itertools.product(*ways)]
            share = sum(ratio >= observed - TIE for ratio in every) / len(every)
            if int(permutations) == 0:
                self.assertEqual((len(every), float(bound)), (1, 1.0), (classes, strata))
            else:
                self.assert_bound(float(bound), int(permutations), share, (classes, strata, blocks))


if __name__ == "__main__":
    unittest.main()
