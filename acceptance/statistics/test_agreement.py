"""Compares the numbers of crates/statistics with SciPy's and with exact fractions: the relative error is at most 1e-9.

If SciPy's own error is larger, the crate must agree only with the exact number. This may happen to few numbers, and the
tests bound how many.
"""

import itertools
import math
import pathlib
import random
import subprocess
import unittest

import numpy
from scipy import special, stats

import exact

ROOT = pathlib.Path(__file__).parents[2]
PROGRAM = ROOT / "target/debug/examples/statistics"
RELATIVE = 1e-9
# Only a test that fails waits so long, and a machine may be busy.
SECONDS_MAX = 600


def ask(questions):
    """The answers of the crate. Each is a list of words."""
    text = "".join(" ".join(map(str, question)) + "\n" for question in questions)
    done = subprocess.run([PROGRAM], input=text, capture_output=True, text=True, check=False, timeout=SECONDS_MAX)
    if done.returncode:
        raise AssertionError(done.stderr)
    answers = [line.split() for line in done.stdout.splitlines()]
    assert len(answers) == len(questions)
    return answers


def apart(found, expected):
    """The relative difference of two numbers."""
    return 0.0 if found == expected else abs(found - expected) / max(abs(expected), 1e-320)


def ln_apart(found, expected):
    """The relative difference of two numbers, from their logarithms."""
    return abs(math.expm1(found - expected))


def grid_2x2():
    chance = random.Random(1)
    yield from itertools.product(range(6), repeat=4)
    for _ in range(1_500):
        most = chance.choice([10, 30, 100, 300, 1_000])
        yield tuple(chance.randint(0, most) for _ in range(4))
    for units in (20, 180, 500, 1_000, 2_000):  # as improbable as possible: down to 1e-300 and less
        for part in (1, 2, 5, units // 10, units // 3, units // 2):
            yield part, 0, 0, units - part
            yield 0, part, units - part, 0
            yield part, 1, 1, units - part
    for units in (10_000, 20_000):
        yield units // 100, units // 90, units // 3, units // 2
        yield units // 4, units // 5, units // 4, units // 4


def grid_tables():
    chance = random.Random(2)
    shapes = [(2, 3), (3, 2), (2, 4), (3, 3), (2, 6), (6, 2), (3, 4), (4, 4)]
    for _ in range(400):
        rows, columns = chance.choice(shapes)
        most = 12 if rows * columns <= 6 else 5 if rows * columns <= 9 else 2
        yield [[chance.randint(0, most) for _ in range(columns)] for _ in range(rows)]
    for units in (20, 50, 90):
        third = units // 3
        yield [[third, 0, 0], [0, third, units - 2 * third]]
        yield [[1, 0, 0], [0, third, units - third - 1]]
        yield [[1, 0], [0, 1], [third, third]]
    yield [[40, 0, 0], [0, 3, 0], [0, 0, 4]]
    yield [[300, 0, 5], [0, 200, 0]]


class Agreement(unittest.TestCase):
    def assert_near(self, found, expected, about, distance=apart):
        self.assertLessEqual(distance(found, expected), RELATIVE, f"{about}: {found!r}, expected {expected!r}")

    def test_fisher(self):
        tables = list(dict.fromkeys(grid_2x2()))
        compared = scipy_off = 0
        smallest = 0.0
        for table, (answer,) in zip(tables, ask([("fisher", *table) for table in tables]), strict=True):
            found, expected = float(answer), exact.ln_fisher(*table)
            self.assert_near(found, expected, table, ln_apart)
            smallest = min(smallest, found)
            if expected > math.log(1e-300):
                theirs = stats.fisher_exact([table[:2], table[2:]]).pvalue
                compared += 1
                scipy_off += theirs == 0 or ln_apart(math.log(theirs), expected) > RELATIVE
        self.assertGreater(compared, 2_500)
        self.assertLess(smallest, math.log(1e-300))
        # SciPy misses ties: tables that are exactly as probable as the observed one.
        self.assertLess(scipy_off, compared / 50, "SciPy differs from the exact numbers too often to be compared with")

    def test_tables(self):
        tables = [table for table in grid_tables() if sum(map(sum, table))]
        asked = [("table", len(table), len(table[0]), *itertools.chain(*table)) for table in tables]
        enumerated = 0
        for table, (answer, bound, used) in zip(tables, ask(asked), strict=True):
            filled = [row for row in table if sum(row)]
            filled = [list(row) for row in zip(*(column for column in zip(*filled) if sum(column)))]
            expected = exact.ln_table(filled)
            self.assertGreaterEqual(float(bound), expected - RELATIVE, f"{table}: the bound is too small")
            if answer == "none":
                self.assertGreaterEqual(float(used), expected - RELATIVE, table)
                continue
            enumerated += 1
            self.assert_near(float(answer), expected, table, ln_apart)
            self.assert_near(float(used), expected, table, ln_apart)
        self.assertGreater(enumerated, len(tables) * 0.9)

    def test_tables_by_all_orders(self):
        """SciPy has no exact test of larger tables, but it can enumerate all permutations of a few units."""
        tables = [[[2, 0, 1], [0, 3, 1]], [[1, 0], [2, 1], [0, 3]], [[1, 1, 0], [0, 1, 1], [1, 0, 2]]]
        asked = [("table", len(table), len(table[0]), *itertools.chain(*table)) for table in tables]
        every = stats.PermutationMethod(n_resamples=math.inf)
        for table, (answer, _, _) in zip(tables, ask(asked), strict=True):
            theirs = stats.fisher_exact(numpy.array(table), method=every).pvalue
            self.assert_near(math.exp(float(answer)), theirs, table)

    def test_hypergeometric(self):
        chance = random.Random(3)
        asked = []
        for all_of in (1, 2, 10, 100, 1_000, 20_000):
            for _ in range(150):
                sample, marked = chance.randint(0, all_of), chance.randint(0, all_of)
                hits = chance.randint(max(0, sample + marked - all_of), min(sample, marked))
                asked.append((hits, sample, marked, all_of))
        answers = ask([("hypergeometric", *question) for question in asked])
        for question, (answer,) in zip(asked, answers, strict=True):
            expected = exact.ln_hypergeometric(*question)
            self.assert_near(float(answer), expected, question, ln_apart)
            hits, sample, marked, all_of = question
            theirs = stats.hypergeom.pmf(hits, all_of, marked, sample)
            if theirs > 1e-290:
                self.assert_near(float(answer), math.log(theirs), question, ln_apart)

    def test_binomial(self):
        asked = [
            (hits, n, rate)
            for n in (1, 2, 20, 180, 10_000, 1_000_000)
            for hits in sorted({0, 1, n // 100, n // 3, n // 2, n - 1, n})
            for rate in (1e-6, 0.01, 0.3, 0.5, 0.99)
        ]
        for (hits, n, rate), answers in zip(asked, ask([("binomial", *question) for question in asked]), strict=True):
            exactly, at_most, at_least = map(float, answers)
            for found, theirs in (
                (exactly, stats.binom.pmf(hits, n, rate)),
                (at_most, special.betainc(n - hits, hits + 1, 1 - rate) if hits < n else 1.0),
                (at_least, special.betainc(hits, n - hits + 1, rate) if hits else 1.0),
            ):
                if theirs > 1e-250:
                    self.assert_near(found, math.log(theirs), (hits, n, rate), ln_apart)

    def test_clopper_pearson(self):
        asked = [
            (hits, n, level)
            for n in (1, 2, 3, 12, 20, 180, 1_000, 10_000, 100_000, 1_000_000)
            for hits in sorted({0, 1, 2, n // 100, n // 10, n // 3, n // 2, n - 2, n - 1, n})
            if 0 <= hits <= n
            for level in (0.5, 0.9, 0.95, 0.99, 0.999_999)
        ]
        answers = ask([("clopper-pearson", *question) for question in asked])
        for (hits, n, level), (low, high) in zip(asked, answers, strict=True):
            half = (1 - level) / 2
            theirs_low = special.betaincinv(hits, n - hits + 1, half) if hits else 0.0
            theirs_high = special.betainccinv(hits + 1, n - hits, half) if hits < n else 1.0
            self.assert_near(float(low), theirs_low, (hits, n, level))
            self.assert_near(float(high), theirs_high, (hits, n, level))
        # The same with the function of SciPy that people use. Its search stops at 2e-12.
        for (hits, n, level), (low, high) in zip(asked, answers, strict=True):
            if n <= 1_000:
                theirs = stats.binomtest(hits, n).proportion_ci(confidence_level=level, method="exact")
                self.assertAlmostEqual(float(low), theirs.low, delta=1e-9)
                self.assertAlmostEqual(float(high), theirs.high, delta=1e-9)

    def test_anytime(self):
        asked = [(hits, n, 0.95) for n in (1, 20, 180, 10_000, 1_000_000) for hits in sorted({0, 1, n // 3, n // 2, n})]
        for (hits, n, level), limits in zip(asked, ask([("anytime", *question) for question in asked]), strict=True):
            for rate in map(float, limits):
                if 0 < rate < 1:
                    # Robbins' mixture by SciPy's beta function: 1 / alpha where the interval ends.
                    mixture = special.betaln(hits + 1, n - hits + 1) - hits * math.log(rate) - (n - hits) * math.log1p(-rate)
                    self.assertAlmostEqual(mixture, -math.log(1 - level), delta=1e-6, msg=f"{hits} of {n}")

    def test_none_seen(self):
        asked = [(n, level) for n in (1, 20, 180, 299, 1_000_000) for level in (0.5, 0.95, 0.999)]
        for (n, level), (bound,) in zip(asked, ask([("none-seen", *question) for question in asked]), strict=True):
            self.assert_near(float(bound), special.betainccinv(1, n, 1 - level), (n, level))

    def test_holm(self):
        chance = numpy.random.default_rng(4)
        asked = [10.0 ** -chance.uniform(0, most, size) for size in (1, 2, 5, 30) for most in (1, 3, 100)]
        for ps, answer in zip(asked, ask([("holm", *map(repr, map(float, ps))) for ps in asked]), strict=True):
            order = numpy.argsort(ps)
            steps = numpy.maximum.accumulate((len(ps) - numpy.arange(len(ps))) * ps[order])
            expected = numpy.empty(len(ps))
            expected[order] = numpy.minimum(steps, 1)
            for found, theirs in zip(map(float, answer), expected, strict=True):
                self.assert_near(found, theirs, ps)

    def test_runs(self):
        asked = [(1, 1), (1, 9), (3, 3), (5, 8), (20, 20), (2, 300), (60, 140), (500, 500)]
        answers = ask([("runs", *question) for question in asked])
        for question, answer in zip(asked, answers, strict=True):
            for runs, (found, expected) in enumerate(zip(map(float, answer), exact.ln_runs(*question), strict=True)):
                if expected is not None:
                    self.assert_near(found, expected, (question, runs), ln_apart)

    def test_copies(self):
        rates = ["0.5", "0.1", "0.2", "0.3", "0.25", "0.9", "0.99", "0.01", "0.05", "0.02", "0.001", "0.125", "0.0005"]
        levels = ["0.5", "0.75", "0.875", "0.9", "0.95", "0.99", "0.999", "0.19", "0.271", "0.3439", "0.36", "0.488",
                  "0.51", "0.657", "0.7599", "0.999999", "0.1", "0.4375", "0.234375", "0.0199", "0.029701"]
        asked = list(itertools.product(rates, levels))
        for (rate, level), (copies,) in zip(asked, ask([("copies", *question) for question in asked]), strict=True):
            self.assertEqual(int(copies), exact.copies_to_detect(rate, level), (rate, level))


if __name__ == "__main__":
    unittest.main()
