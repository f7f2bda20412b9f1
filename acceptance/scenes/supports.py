"""Checks the sentence about what the verdict supports."""

import math
import re

import grammar
from grammar import count
from program import Seen
from recount import Copy, Job, none_seen, tail


def is_crash(each: Copy) -> bool:
    return each.failure.startswith(("command exited with code ", "command was killed by signal "))


def bound(shown: str, exact: float) -> bool:
    """Whether a percentage with two digits is not below a number, and not far above."""
    return 100 * exact - 1e-6 <= float(shown) <= max(100 * exact * 1.1, 0.0001) + 1e-6


def check(seen: Seen, job: Job) -> None:
    form, parts = grammar.parse(grammar.SUPPORTS, seen.status["summary"]["supports"])
    n, without = len(job.produced), len(job.copies) - len(job.produced)
    if seen.status["fail_fast"] and seen.status["verdict"] == "divergent":
        # Copies that were saved were not wanted.
        without = len(job.failed)
    sizes, level = list(job.sizes.values()), seen.status["confidence"]["level"]
    for shown in re.findall(r"([\d.]+) %\)", seen.status["summary"]["supports"]):
        assert math.isclose(float(shown), 100 * level), f"another level than {level}"
    if form == "empty":
        assert seen.status["cause"] == "empty"
    elif form == "none":
        assert n == 0
    elif form == "one":
        assert (n, without) == (1, 0), "one copy is not all that was asked for"
    elif form == "some":
        assert (count(parts["gave"]), count(parts["all"])) == (n, len(job.copies))
        assert without > 0 and len(sizes) == 1 and (parts["alike"] is None) == (n == 1)
        check_lost(parts["lost"], job)
    elif form in ("machine", "unit"):
        assert len(sizes) == 1 and without == 0, f"{without} copies gave no digest, and the sentence says that all agree"
        machines = len(job.units("host.boot_id"))
        below = none_seen(n, level)
        if form == "machine":
            assert (machines, count(parts["n"])) == (1, n), machines
        else:
            assert count(parts["units"]) == machines > 1, machines
            assert bound(parts["high"], none_seen(machines, level)), parts["high"]
        assert bound(parts["below"], below), (parts["below"], below)
    elif form == "each":
        assert count(parts["n"]) == n > 1 and set(sizes) == {1}, sizes
        assert count(parts["gave_none"] or "0") == without
    else:
        check_answers(parts, job, without, level)


def check_lost(lost: str, job: Job) -> None:
    """"3 crashed", "3 failed", "3 did not run" and both together, as the copies say."""
    failed, absent = len(job.failed), len(job.copies) - len(job.produced) - len(job.failed)
    found = re.fullmatch(rf"(?:({grammar.COUNT}) (crashed|failed))?(?: and )?(?:({grammar.COUNT}) (?:gave no outcome))?", lost)
    assert found, lost
    assert count(found[1] or "0") == failed and count(found[3] or "0") == absent, (lost, failed, absent)
    assert not failed or (found[2] == "crashed") == all(map(is_crash, job.failed)), lost


def check_answers(parts: dict[str, str | None], job: Job, without: int, level: float) -> None:
    sizes = job.sizes
    numbers = {"two": 2, "three": 3}
    assert (numbers.get(parts["number"]) or count(parts["number"])) == len(sizes), parts["number"]
    named = [part.split(" in ") for part in re.split(r",(?! *\d| *000)\s|, (?=[a-zA-Z])", parts["named"])]
    told = {label: count(words.split()[0]) for label, words in named}
    others = told.pop("others", 0)
    first = dict(list(sizes.items())[: len(told)])
    assert told == first and len(told) == min(3, len(sizes)), (told, sizes)
    assert others == sum(sizes.values()) - sum(first.values()), others
    assert count(parts["gave_none"] or "0") == without, parts["gave_none"]
    units = job.units("host.boot_id")
    assert (parts["different"] is not None) == (len(units) > 1)
    if parts["different"]:
        different = sum(labels != {"A"} for labels in units.values())
        assert (count(parts["different"]), count(parts["units"])) == (different, len(units))
        low, high = float(parts["low"]) / 100, float(parts["high"]) / 100
        assert low <= different / len(units) <= high
        assert low == 0 or tail(different, len(units), low, True) <= (1 - level) / 2 * 1.05
        assert high == 1 or tail(different, len(units), high, False) <= (1 - level) / 2 * 1.05
