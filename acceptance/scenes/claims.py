"""Checks a sentence about separation: what it claims, and each number in it."""

import math
from collections.abc import Callable

import grammar
from grammar import count
from recount import CONSEQUENCES, IDENTIFIERS, Attempts, Copy, Job, Json, fisher, is_looked_at, is_shown, number, two_digits
from scene import Claim

Place = Callable[[Copy], bool | None]
# The share of the chance of a false claim that facts have, and that pairs and presence have.
FACTS_SHARE, OTHERS_SHARE = 0.5, 0.1


def one_value(job: Job, text: str, named: str | None) -> tuple[Place, set[str]] | None:
    """`with NAME=VALUE`, or `with VALUE` after a name."""
    for name in {name for each in job.produced for name in each.facts}:
        for value in {job.value(each, name) for each in job.produced} - {None}:
            if named is None and any(is_shown(f"{name}={value}", f"{start}={end}") for start, end in splits(text, "=")):
                return (lambda each, name=name, value=value: known(job.value(each, name), value)), {name}
            if named is not None and is_shown(name, named) and is_shown(value, text):
                return (lambda each, name=name, value=value: known(job.value(each, name), value)), {name}
    return None


def known(found: str | None, value: str) -> bool | None:
    return None if found is None else found == value


def splits(text: str, mark: str) -> list[tuple[str, str]]:
    places = [place for place in range(len(text)) if text.startswith(mark, place)]
    return [(text[:place], text[place + len(mark):]) for place in places]


def two_values(job: Job, text: str, combined: Callable[[bool, bool], bool]) -> tuple[Place, set[str]] | None:
    for left, right in splits(text, " and "):
        one, other = one_value(job, left, None), one_value(job, right, None)
        if one and other:
            return (lambda each: combined(bool(one[0](each)), bool(other[0](each)))), one[1] | other[1]
    return None


class Told:
    """What a sentence tells of a class: who is meant by each half."""

    def __init__(self, job: Job, form: str, parts: dict[str, str | None]) -> None:
        self.job = job
        self.halves = grammar.told(parts)
        self.label = parts["label"]
        self.kind, self.by = form, set()
        first, second = (half[2] for half in self.halves)
        first = first.removeprefix("copies").strip()
        places = [self.place(where, form, parts) for where in (first, second)]
        for half, other in ((0, 1), (1, 0)):
            if places[half] is None:
                places[half] = self.complement(places[other])
        self.places = places

    @staticmethod
    def complement(place: Place) -> Place:
        return lambda each: None if place(each) is None else not place(each)

    def place(self, where: str, form: str, parts: dict[str, str | None]) -> Place | None:
        """Whether a copy is meant; nothing for all others."""
        if where in ("", "other copies", "below", "seen without it"):
            return None
        if where in ("from there", "before", "after"):
            return self.after(where, form, parts)
        if where in ("with an odd index", "with an even one"):
            self.kind, self.by = "parity", {"copy index"}
            return lambda each: each.index % 2 == (where == "with an odd index")
        if where.startswith("in which "):
            name = where.removeprefix("in which ").removesuffix(" was seen")
            self.kind, self.by = "seen", {name}
            # Of a copy that ended too soon to be looked at, nothing is known that only a look shows.
            is_partial = any("seen without it" in half[2] for half in self.halves)
            return lambda each: True if name in each.facts else None if is_partial and not is_looked_at(each) else False
        text = where.removeprefix("with ")
        if text.endswith(" or more"):
            name, threshold = text.removesuffix(" or more").rsplit(" of ", 1)
            return self.threshold(name, threshold)
        found = one_value(self.job, text, parts.get("name") or parts.get("by"))
        if found:
            self.kind = "fact"
        elif text.startswith("exactly one of "):
            self.kind, found = "pair", two_values(self.job, text.removeprefix("exactly one of "), lambda one, other: one != other)
        else:
            self.kind, found = "pair", two_values(self.job, text, lambda one, other: one and other)
        assert found, f"no copy is meant by {where!r}"
        self.by |= found[1]
        return found[0]

    def after(self, where: str, form: str, parts: dict[str, str | None]) -> Place:
        self.kind, self.by = "change", {"copy index" if form == "change" else "start time"}
        if form == "change":
            first = int(parts["copy"])
            return lambda each: (each.index >= first) == (where == "from there")
        before = int(parts["before"])
        starts = sorted(each.started_at for each in self.job.produced)
        assert starts[before - 1] < starts[before], "the classes cannot change within a millisecond"
        return lambda each: (each.started_at >= starts[before]) == (where == "after")

    def threshold(self, name: str, threshold: str) -> Place:
        self.kind, self.by = "threshold", {name}
        if name == "run time":
            # A time is shown in milliseconds: the copy whose time it is counts.
            times = [each.run_us for each in self.job.produced if f"{each.run_us / 1e6:.3f} s" == threshold]
            assert times, f"no copy ran for {threshold}"
            hits, runs, _ = self.halves[0 if "or more" in self.halves[0][2] else 1]
            cut = [time for time in times if sum(each.run_us >= time for each in self.job.produced) == runs]
            assert cut, f"no {runs} copies ran for {threshold} or more ({hits} hits)"
            return lambda each: each.run_us >= cut[0]

        def is_above(each: Copy) -> bool | None:
            found = number(self.job.value(each, name))
            return None if found is None else found >= float(threshold)

        return is_above

    def check(self) -> None:
        counted = []
        for (hits, runs, where), place in zip(self.halves, self.places, strict=True):
            meant = [each for each in self.job.produced if place(each)]
            found = sum(self.job.label(each) == self.label for each in meant), len(meant)
            assert (hits, runs) == found, f"{self.label} {where!r}: said {hits} of {runs}, counted {found[0]} of {found[1]}"
            counted.append(found)
        (hits, runs), (other_hits, other_runs) = counted
        assert hits * other_runs >= other_hits * runs, "the half with the larger share comes first"

    def p(self) -> float:
        (hits, runs, _), (other_hits, other_runs, _) = self.halves
        return fisher(hits, runs, other_hits, other_runs)


def claim(job: Job, explained: Json, sentence: str) -> Claim:
    """What a sentence claims. Raises if the copies contradict it."""
    form, parts = grammar.parse(grammar.SEPARATES, sentence)
    told = Told(job, form, parts) if parts.get("label") else None
    if told:
        told.check()
    if form in grammar.SILENT:
        check_silent(job, explained, form, parts)
        return Claim("nothing", frozenset({parts["name"]} if form == "happens" else ()))
    found = explained["attribution"]
    check_evidence(job, found, parts, told)
    if form == "blocks":
        check_blocks(job, parts)
        made = Claim("blocks", frozenset({parts["by"]}))
    elif form in ("perfect", "imperfect"):
        names = {name for name in job.names(parts["name"])}
        assert names, f"no fact is called {parts['name']}"
        check_fact(job, found, form, parts, names)
        made = Claim("fact", frozenset(names))
    else:
        made = Claim(told.kind, frozenset(told.by))
    # The number of a call may matter where several processes count.
    counts = made.form == "threshold" and len(job.units("sandbox.id")) > 1
    named = made.by - {"sandbox.call"} if counts else made.by
    assert not named & (IDENTIFIERS | CONSEQUENCES), f"{set(named)} is named as a cause"
    if parts.get("follows"):
        assert parts["follows"] in CONSEQUENCES, f"{parts['follows']} is no consequence"
    if parts.get("pair"):
        check_pair(job, parts)
    return made


def claim_of_failures(lines: list[Json], sentence: str) -> Claim:
    """What a sentence about failures claims. Raises if the first attempts of the copies contradict it."""
    job = Attempts(lines)
    form, parts = grammar.parse(grammar.FAILURES, sentence)
    told = Told(job, form, parts) if parts.get("label") else None
    if told:
        told.check()
    names = set(job.names(parts["name"])) if parts.get("name") else told.by if told else {parts["by"]}
    assert names and not names & (IDENTIFIERS | CONSEQUENCES), f"{names} is named as a cause"
    return Claim("fact" if form in ("perfect", "imperfect") else told.kind if told else form, frozenset(names))


def check_fact(job: Job, found: Json, form: str, parts: dict[str, str | None], names: set[str]) -> None:
    first = next(each for each in found["separators"] if names & set(each["facts"]))
    assert first["significant"] and first["tested"], first
    check_not_seen(first, parts)
    assert len(first["facts"]) - 1 == int(parts["alike"] or 0), first["facts"]
    if form == "perfect":
        by_value = {}
        for each in job.produced:
            by_value.setdefault(job.value(each, first["facts"][0]), set()).add(job.label(each))
        by_value.pop(None, None)
        assert all(len(labels) == 1 for labels in by_value.values()), by_value
        perfect = [each for each in found["separators"] if each["perfect"] and each["significant"] and not each["consequence"]]
        assert count(parts["rivals"] or "0") in (0, len(perfect) - 1), "another number of rivals"
    if parts["copies"]:
        assert count(parts["copies"]) == len({each.index for each in job.produced})


def check_not_seen(separator: Json, parts: dict[str, str | None]) -> None:
    """The sentence says in how many copies a fact was not seen. That number was counted again before."""
    assert count(parts["not_seen"] or "0") == separator["not_seen"], f"not seen in {separator['not_seen']} copies"


def check_evidence(job: Job, found: Json, parts: dict[str, str | None], told: Told | None) -> None:
    """A p after `=` is exact, and the corrections are those of the job."""
    looks, permutations = found["looks"], found["permutations"]
    assert count(parts["looks"] or "1") == looks, "another number of looks"
    if parts["permutations"]:
        assert count(parts["permutations"]) == permutations
    p = float(parts["p"])
    if parts["sign"] == "<=":
        assert permutations > 0 and p >= 0.99 / (permutations + 1), "a bound that the permutations cannot give"
        return
    facts = [each for each in found["separators"] if each["tested"]]
    if parts["facts"]:
        assert count(parts["facts"]) == len(facts)
    if not told:
        return
    if told.kind == "fact":
        check_not_seen(next(each for each in facts if told.by & set(each["facts"])), parts)
    alone = told.p()
    is_two_by_two = len(job.sizes) == 2 and sum(half[1] for half in told.halves) == len(job.produced)
    if told.kind == "fact" and is_two_by_two:
        named = next(each for each in facts if told.by & set(each["facts"]))
        if len(named["values"]) == 2:
            assert named["exact"] and math.isclose(named["p"], alone, rel_tol=1e-9), (named["p"], alone)
            causes = sum(not each["consequence"] for each in facts)
            corrected = min(1.0, alone * causes / FACTS_SHARE) * looks
            assert two_digits(corrected, parts["p"]), f"said p = {parts['p']}, computed {corrected}"
    elif told.kind in ("pair", "seen") and is_two_by_two:
        assert p >= 0.95 * alone / OTHERS_SHARE * looks, f"p = {p} is less than {alone} corrected"


def check_blocks(job: Job, parts: dict[str, str | None]) -> None:
    def place(each: Copy) -> tuple[float, int]:
        return (0.0 if parts["by"] == "copy index" else each.started_at, each.index)

    in_order = [job.label(each) == "A" for each in sorted(job.produced, key=place)]
    runs = 1 + sum(one != other for one, other in zip(in_order, in_order[1:], strict=False))
    of_a = sum(in_order)
    expected = 1 + 2 * of_a * (len(in_order) - of_a) / len(in_order)
    assert (count(parts["runs"]), abs(count(parts["expected"]) - expected) <= 0.5) == (runs, True), (runs, expected)
    assert (runs < expected) == parts["how"].startswith("Copies"), "blocks or alternation"


def check_pair(job: Job, parts: dict[str, str | None]) -> None:
    assert count(parts["fits"]) == len({each.index for each in job.produced})
    for left, right in splits(parts["pair"], " and "):
        pairs = [(one, other) for one in job.names(left) for other in job.names(right)]
        for one, other in pairs:
            by_values = {}
            for each in job.produced:
                by_values.setdefault((job.value(each, one), job.value(each, other)), set()).add(job.label(each))
            if all(len(labels) == 1 for labels in by_values.values()):
                return
    raise AssertionError(f"{parts['pair']} do not fit all copies")


def check_silent(job: Job, explained: Json, form: str, parts: dict[str, str | None]) -> None:
    found = explained["attribution"]
    claimed = [each["facts"] for each in found["separators"] if each["significant"] and not each["consequence"]]
    claimed += [each["statement"] for each in found["patterns"] if not each["consequence"]]
    assert not claimed, f"the sentence is silent about {claimed}"
    if form == "own":
        assert set(job.sizes.values()) == {1}, job.sizes
    elif form == "happens":
        tested = [each for each in found["separators"] if each["tested"]]
        assert count(parts["tested"]) == len(tested)
        assert any(each["perfect"] and not each["significant"] and is_shown(each["facts"][0], parts["name"]) for each in tested)
    elif form == "consequence":
        assert set(parts["by"].split(", ")) <= CONSEQUENCES, parts["by"]
    names = {name for each in job.produced for name in each.facts}
    missing = parts.get("missing") or ""
    if "PYTHONHASHSEED" in missing:
        assert "variable.PYTHONHASHSEED" not in names
    if "ended too soon" in missing:
        assert not any(name.startswith("loaded.") or name == "run.peak_memory_mb" for name in names)
