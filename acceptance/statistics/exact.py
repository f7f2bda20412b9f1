"""The same statistics in integers and fractions: slow, simple and exact."""

import fractions
import functools
import math


def ln(numerator, denominator=1):
    """The logarithm of a quotient of integers of any size."""
    return math.log(numerator) - math.log(denominator)


def ln_ratio(numerator, denominator):
    """The same, also accurate if the two are almost equal."""
    if 2 * numerator > denominator:
        return math.log1p(-float(fractions.Fraction(denominator - numerator, denominator)))
    return ln(numerator, denominator)


def ln_hypergeometric(hits, sample, marked, all_of):
    ways = math.comb(marked, hits) * math.comb(all_of - marked, sample - hits)
    return ln_ratio(ways, math.comb(all_of, sample))


def ln_fisher(a, b, c, d):
    """The logarithm of the two-sided p: the sum over all tables that are at most as probable."""
    marked, unmarked, sample = a + b, c + d, a + c
    lowest, highest = max(0, sample - unmarked), min(sample, marked)
    ways = math.comb(marked, lowest) * math.comb(unmarked, sample - lowest)
    observed = math.comb(marked, a) * math.comb(unmarked, c)
    total = 0
    for hits in range(lowest, highest + 1):
        if ways <= observed:
            total += ways
        ways = ways * (marked - hits) * (sample - hits) // ((hits + 1) * (unmarked - sample + hits + 1))
    return ln_ratio(total, math.comb(marked + unmarked, sample))


def ln_table(rows):
    """Freeman and Halton's test: the same for a table of any size. It enumerates all tables, column by column."""
    columns = [sum(column) for column in zip(*rows)]
    totals = [sum(row) for row in rows]
    factorial = functools.cache(math.factorial)
    # The probability of a table is a constant divided by the product of the factorials of its cells.
    constant = math.prod(map(factorial, totals)) * math.prod(map(factorial, columns))
    observed = math.prod(factorial(count) for row in rows for count in row)

    def fillings(total, room):
        if len(room) == 1:
            if total <= room[0]:
                yield (total,)
            return
        for count in range(min(total, room[0]) + 1):
            for rest in fillings(total - count, room[1:]):
                yield (count, *rest)

    products = {(tuple(totals), 1): 1}
    for column in columns:
        after = {}
        for (room, product), times in products.items():
            for filling in fillings(column, room):
                left = tuple(space - count for space, count in zip(room, filling))
                key = left, product * math.prod(map(factorial, filling))
                after[key] = after.get(key, 0) + times
        products = after
    extreme = sum(
        fractions.Fraction(constant * times, product)
        for (_, product), times in products.items()
        if product >= observed
    )
    share = extreme / factorial(sum(totals))
    return ln_ratio(share.numerator, share.denominator)


def ln_runs(one, other):
    """The logarithm of the two-sided p of each number of runs, from 0 on; None for a number that cannot occur."""
    def split(units, runs):
        return math.comb(units - 1, runs - 1) if units and runs else 0

    def ways(runs):
        half = runs // 2
        if runs % 2:
            return split(one, half) * split(other, half + 1) + split(one, half + 1) * split(other, half)
        return 2 * split(one, half) * split(other, half)

    most = 2 * min(one, other) + (one != other)
    counts = [ways(runs) for runs in range(most + 1)]
    whole = math.comb(one + other, one)
    tails = (sum(other for other in counts if other <= count) for count in counts)
    return [ln_ratio(tail, whole) if tail else None for tail in tails]


def copies_to_detect(rate, level):
    """The smallest n with (1 - rate)^n <= 1 - level. Both are texts of decimal numbers."""
    kept, left = 1 - fractions.Fraction(rate), 1 - fractions.Fraction(level)
    copies = max(1, math.floor(math.log(left) / math.log(kept)) - 2)
    while kept**copies > left:
        copies += 1
    return copies
