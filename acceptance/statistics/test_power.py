"""Compares the power of attribution with a standard test that knows where to look.

The example `power` makes jobs with one planted cause each, and says whether the sentence of the job names it. A standard test
gets the same data: Mann-Whitney's for a threshold and Pearson's chi-squared for a table, each with Bonferroni's correction
over the candidates, and the permuted CUSUM for a change. Attribution does not know which of these is the question, and may be
worse by a tenth of the jobs at most. `CONCORD_POWER=all` asks it of 100 jobs a line; otherwise 15 jobs a line are joined by
kind."""

import collections
import json
import os
import pathlib
import subprocess
import unittest

import numpy
from scipy import stats

ROOT = pathlib.Path(__file__).parents[2]
PROGRAM = ROOT / "target/debug/examples/power"
ALL = os.environ.get("CONCORD_POWER") == "all"
JOBS = 100 if ALL else 15
PERMUTATIONS = 4_999
# Ten facts, and the order of the copies.
CANDIDATES = 11
SIGNIFICANT = 0.05
WORSE_MAX = 0.1
# Only a test that fails waits so long, and a machine may be busy.
SECONDS_MAX = 1_800


def best(ps):
    """The candidate with the smallest p, if it is significant after the correction."""
    place = min(range(len(ps)), key=ps.__getitem__)
    return place if ps[place] * CANDIDATES <= SIGNIFICANT else None


def mann_whitney(job, is_b):
    facts = [numpy.array(fact) for fact in job["facts"]]
    ps = [stats.mannwhitneyu(fact[is_b], fact[~is_b], method="asymptotic").pvalue for fact in facts]
    return best(ps) == job["planted"]


def chi_squared(job, is_b):
    ps = []
    for fact in map(numpy.array, job["facts"]):
        table = numpy.array([[numpy.sum(is_b[fact == value]), numpy.sum(~is_b[fact == value])] for value in numpy.unique(fact)])
        ps.append(stats.chi2_contingency(table, correction=False).pvalue if len(table) > 1 else 1.0)
    return best(ps) == job["planted"]


def cusum(is_b, chance):
    """The p of the largest distance between the cumulative sum and its straight line, by permutation."""
    def largest(labels):
        sums = numpy.cumsum(labels, axis=-1) - labels.mean(axis=-1, keepdims=True) * numpy.arange(1, labels.shape[-1] + 1)
        return numpy.abs(sums).max(axis=-1)

    labels = is_b.astype(float)
    shuffled = chance.permuted(numpy.tile(labels, (PERMUTATIONS, 1)), axis=1)
    return (1 + numpy.sum(largest(shuffled) >= largest(labels) - 1e-9)) / (PERMUTATIONS + 1)


def named_by_standard_test(job, chance):
    is_b = numpy.array(job["is_b"], dtype=bool)
    if job["kind"] == "change":
        return bool(cusum(is_b, chance) * CANDIDATES <= SIGNIFICANT)
    return bool({"threshold": mann_whitney, "table": chi_squared}[job["kind"]](job, is_b))


def line(key):
    """A line of the table; a sample joins the lines of a kind."""
    kind, copies, rates = key
    return key if ALL else (kind, "", "")


class Power(unittest.TestCase):
    def test_attribution_finds_what_a_test_finds_that_knows_where_to_look(self):
        done = subprocess.run([PROGRAM, str(JOBS)], capture_output=True, text=True, check=True, timeout=SECONDS_MAX)
        chance = numpy.random.default_rng(5)
        jobs, ours, theirs = collections.Counter(), collections.Counter(), collections.Counter()
        for job in map(json.loads, done.stdout.splitlines()):
            if len(set(job["is_b"])) < 2:
                continue
            key = line((job["kind"], job["copies"], tuple(job["rates"])))
            jobs[key] += 1
            ours[key] += job["named"]
            theirs[key] += named_by_standard_test(job, chance)
        print("\n| cause | copies | rates | jobs | named here | by the standard test |\n|---|---|---|---|---|---|")
        for key, of in jobs.items():
            kind, copies, rates = key
            rates = " and ".join(f"{100 * rate:.0f} %" for rate in rates)
            print(f"| {kind} | {copies} | {rates} | {of} | {100 * ours[key] / of:.0f} % | {100 * theirs[key] / of:.0f} % |")
        self.assertEqual(jobs.total(), sum(jobs.values()))
        for key, of in jobs.items():
            self.assertGreaterEqual(ours[key], theirs[key] - WORSE_MAX * of, key)


if __name__ == "__main__":
    unittest.main()
