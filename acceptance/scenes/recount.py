"""Counts again, from the copies that `producer copies --format json` lists, what a sentence says."""

import collections
import datetime
import fractions
import math
from typing import Any, NamedTuple

Json = dict[str, Any]
NONE = "(none)"
# What identifies a run or a place.
IDENTIFIERS = {"sandbox.id", "sandbox.call", "sandbox.log_stream", "host.boot_id"}
CONSEQUENCES = {
    "run.peak_memory_mb", "run.program", "run.folder_changed", "run.folder_in_output", "run.failed_attempts", "run.first_failure",
    "function.peak_memory_mb", "run time",
}


class Copy(NamedTuple):
    index: int
    digest: str | None
    failure: str | None
    started_at: float
    run_us: int
    attempt: int | None
    tail: str
    facts: dict[str, str]
    # The names of the facts of this run alone.
    own: frozenset[str]

    @property
    def ran(self) -> bool:
        return self.digest is not None or self.failure is not None


def copy(line: Json) -> Copy:
    environment = (line["environment"] or {}).get("facts", {})
    return Copy(
        line["copy"], line["digest"], line["failure"], seconds(line["started_at"]), line["run_us"] or 0, line["attempt"],
        line["stderr_tail"], {**environment, **(line["facts"] or {})},
        frozenset(line["facts"] or ()),
    )


def seconds(moment: str | None) -> float:
    return datetime.datetime.fromisoformat(moment).timestamp() if moment else 0.0


def label(place: int) -> str:
    """The label of a class: A, B, … Z, AA."""
    letters, left = "", place + 1
    while left:
        left, letter = divmod(left - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


def is_looked_at(each: Copy) -> bool:
    """Whether a command ran long enough to be looked at from outside."""
    return any(name == "run.peak_memory_mb" or name.startswith("loaded.") for name in each.own)


class Job:
    """The copies of a job, with the class of each that gave a digest."""

    def __init__(self, lines: list[Json]) -> None:
        self.copies = [copy(line) for line in lines]
        self.produced = [each for each in self.copies if each.digest]
        self.failed = [each for each in self.copies if each.failure]
        self.own = frozenset().union(*(each.own for each in self.produced))
        sizes = collections.Counter(each.digest for each in self.produced)
        first = {each.digest: each.index for each in reversed(self.produced)}
        digests = sorted(sizes, key=lambda digest: (-sizes[digest], first[digest]))
        self.digests = {digest: label(place) for place, digest in enumerate(digests)}
        self.sizes = {self.digests[digest]: sizes[digest] for digest in digests}

    def label(self, each: Copy) -> str:
        return self.digests[each.digest]

    def value(self, each: Copy, name: str) -> str | None:
        """The value of a fact; a variable that is missing is not set, any other fact was not seen. If some run has another
        value than its worker, the variable is known only where the same program was looked at."""
        if not name.startswith("variable."):
            return each.facts.get(name)
        if name in self.own and name not in each.own:
            programs = {other.facts.get("run.program") for other in self.produced if name in other.own} - {None}
            if not is_looked_at(each) or programs and each.facts.get("run.program") not in programs:
                return None
        return each.facts.get(name, NONE)

    def names(self, shown: str) -> list[str]:
        """The facts that a name in a sentence may be: a long one has lost its end."""
        return [name for name in {name for each in self.produced for name in each.facts} if is_shown(name, shown)]

    def units(self, shared: str) -> dict[str, set[str]]:
        """The classes of each machine or sandbox."""
        units = collections.defaultdict(set)
        for each in self.produced:
            if shared in each.facts:
                units[each.facts[shared]].add(self.label(each))
        return units


class Attempts(Job):
    """The first attempts of the copies of a job, with how each ended in place of a class."""

    def __init__(self, lines: list[Json]) -> None:
        super().__init__([line for line in lines if not line["second"]])
        self.produced = [each for each in self.copies if each.ran]
        self.own = frozenset().union(*(each.own for each in self.produced))
        self.sizes = collections.Counter(map(self.label, self.produced))

    def label(self, each: Copy) -> str:
        reason = each.facts.get("run.first_failure", each.failure)
        return reason.removeprefix("command ") if reason else "succeeded"


def is_shown(whole: str, shown: str) -> bool:
    return whole == shown or shown.endswith("…") and whole.startswith(shown[:-1])


def number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def fisher(hits: int, runs: int, other_hits: int, other_runs: int) -> float:
    """The two-sided p of a table of two by two: the share of all tables that are at most as probable."""
    marked, whole = hits + other_hits, runs + other_runs
    ways = [math.comb(runs, k) * math.comb(other_runs, marked - k) if marked - k >= 0 else 0 for k in range(min(runs, marked) + 1)]
    extreme = sum(way for way in ways if way <= ways[hits])
    return float(fractions.Fraction(extreme, math.comb(whole, marked)))


def none_seen(n: int, level: float) -> float:
    """The rate that n copies without a difference exclude."""
    return 1 - (1 - level) ** (1 / n)


def tail(hits: int, n: int, rate: float, upper: bool) -> float:
    """The probability of at least, or at most, so many hits."""
    counts = range(hits, n + 1) if upper else range(hits + 1)
    return sum(math.comb(n, k) * rate**k * (1 - rate) ** (n - k) for k in counts)


def two_digits(number: float, shown: str) -> bool:
    """Whether a number with two digits is this one, rounded to the nearest or up by one unit of the last digit."""
    if shown == "1e-300":
        return number <= 1e-300
    value = float(shown)
    unit = 10 ** (math.floor(math.log10(value)) - 1) if value else 0
    return abs(value - number) <= 0.51 * unit + 1e-12
