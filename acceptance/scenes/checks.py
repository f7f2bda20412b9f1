"""What must hold of every job, whatever its truth is, computed from the copies and from the plan."""

import collections
import math
import re

import claims
import grammar
from grammar import count
from program import Seen
from recount import Copy, Job, Json, fisher, none_seen, tail

LEVEL = 0.95
ESCAPED = re.compile(r"\\([\\`*_{}\[\]<>#|~])")


def squashed(text: str) -> str:
    """Text without white space, so that it does not matter where lines are broken."""
    return "".join(text.split())


def sentences(seen: Seen) -> list[str]:
    summary = seen.status["summary"]
    return [summary[name] for name in ("separates", "difference", "supports") if summary[name]]


def check(seen: Seen) -> Job:
    job = Job([line for line in seen.copies if not line["second"]])
    check_counts(seen, job)
    check_plan(seen, job)
    check_forms(seen)
    check_exit(seen, job)
    check_separators(job, seen.explained["attribution"])
    check_supports(seen, job)
    check_difference(seen, job)
    separates = seen.status["summary"]["separates"]
    assert (separates is not None) == (len(job.sizes) > 1), separates
    return job


def check_counts(seen: Seen, job: Job) -> None:
    """Copies, classes, failures and attempts are the same in JSON and in the text."""
    status, explained = seen.status, seen.explained
    copies, produced, failed = len(job.copies), len(job.produced), len(job.failed)
    lost = copies - produced - failed
    if status["cause"] == "deadline":
        failed, lost = failed + lost, 0
    found = status["copies"], status["succeeded"], status["failed"], status["unaccounted"], status["distinct_digests"]
    assert found == (copies, produced, failed, lost, len(job.sizes)), found
    assert {each["digest"]: each["copies"] for each in status["digests"]} == collections.Counter(
        each.digest for each in job.produced
    )
    assert [(each["class"], each["copies"]) for each in explained["classes"]] == list(job.sizes.items())
    assert all(job.digests[each["digest"]] == each["class"] for each in explained["classes"])
    reasons = collections.Counter(each.failure for each in job.failed)
    if status["cause"] == "deadline":
        reasons["no outcome before the deadline"] = copies - produced - len(job.failed)
    for report in (status, explained):
        assert {each["reason"]: each["copies"] for each in report["failures"]} == reasons
    hidden = collections.Counter(each.facts["run.first_failure"] for each in job.produced if "run.first_failure" in each.facts)
    assert {each["reason"]: each["copies"] for each in status["hidden_failures"]} == hidden
    gave = rf"{produced} of {copies} cop(?:y|ies) gave a digest, {len(job.sizes)} distinct"
    gave += rf"; {failed} failed" if failed else ""
    for text in (seen.text, seen.explanation, seen.markdown):
        assert re.search(gave + (r"; \d" if not lost or text is not seen.text else rf"; {lost} [a-z]"), text), (gave, text)


def check_plan(seen: Seen, job: Job) -> None:
    """Each copy has the digest of the run that the program counted, and no run is missing."""
    scene = seen.scene
    if scene.plan is None:
        return
    planned = scene.planned()
    for each in job.copies:
        if each.digest and scene.is_digested_whole:
            number = int(re.findall(r"scene-run (\d+)", each.tail)[-1])
            assert each.digest == planned[number].digest(scene.flags), f"copy {each.index} is not run {number}"
    if not any(verb[0] == "retry" for verb in scene.after) and all(each.ran for each in job.copies):
        assert seen.started == sum(each.attempt for each in job.copies), "another number of runs than of attempts"


def check_forms(seen: Seen) -> None:
    """Text, JSON, Markdown and JUnit say the same, without control characters."""
    status, explained = seen.status, seen.explained
    assert status["summary"] == explained["summary"], "explain says something else"
    told = sentences(seen)
    for sentence in told:
        assert squashed(sentence) in squashed(seen.text), f"the text lacks {sentence!r}"
        assert squashed(sentence) in squashed(seen.explanation), f"the text of explain lacks {sentence!r}"
        marked = re.compile(rf"^- (?:separates|difference|supports): {re.escape(sentence)}$", re.MULTILINE)
        assert marked.search(ESCAPED.sub(r"\1", seen.markdown)), f"Markdown lacks {sentence!r}"
    ill = {"divergent": "failure", "inconclusive": "error", "cancelled": "error"}.get(status["verdict"])
    if explained["accepted"]:
        ill = None
    results = [child for child in seen.case if child.tag in ("failure", "error", "skipped")]
    assert [child.tag for child in results] == ([ill] if ill else []), results
    if ill:
        assert results[0].get("message") == "; ".join(told), results[0].get("message")
        assert results[0].get("type") == status["verdict"]
    assert seen.text.startswith(status["verdict"]) and seen.explanation.startswith(status["verdict"])
    assert f": {status['verdict']}\n" in seen.markdown
    for text in (*told, seen.text, seen.explanation, seen.markdown, seen.warned):
        strange = [letter for letter in text if ord(letter) < 32 and letter != "\n" or 127 <= ord(letter) < 160]
        assert not strange, f"control characters {strange} in {text!r}"
    for warning in status["warnings"]:
        if not seen.scene.after:
            assert squashed(warning["text"]) in squashed(seen.warned), f"no warning on standard error: {warning}"


def check_exit(seen: Seen, job: Job) -> None:
    """The exit code fits the verdict, and the verdict fits the copies."""
    status = seen.status
    verdict, cause = status["verdict"], status["cause"]
    code = {"reproducible": 0, "divergent": 1}.get(verdict, 3)
    if verdict == "divergent" and "--accept" in seen.scene.flags and status["equivalence"]["equivalent"]:
        code = 0
    if not seen.scene.after or seen.scene.after[-1][0] in ("wait", "retry"):
        assert seen.exit == code, f"exit code {seen.exit} of a job that is {verdict}"
    digests = set(job.digests) | ({status["expected"]} if status["expected"] and job.produced else set())
    assert (verdict == "divergent") == (len(digests) > 1), (verdict, digests)
    if verdict == "divergent":
        assert (cause == "drift") == (len(job.digests) == 1)
    if verdict == "reproducible":
        assert len(job.produced) == len(job.copies)


def check_separators(job: Job, found: Json) -> None:
    """Each table of a fact is counted again, and each exact p-value is computed again."""
    assert found["copies"] == len(job.produced)
    for separator in found["separators"]:
        for place, name in enumerate(separator["facts"]):
            values = collections.defaultdict(collections.Counter)
            for each in job.produced:
                value = job.value(each, name)
                if value is not None:
                    values[value][job.label(each)] += 1
            if len(values) <= 50 and len(job.sizes) <= 26:
                listed = {value["value"][place]: value["classes"] for value in separator["values"]}
                assert listed == values, f"{name}: {listed}, counted {values}"
            assert separator["not_seen"] == len(job.produced) - sum(map(sum, map(collections.Counter.values, values.values())))
            if len(values) == 2 and len(job.sizes) == 2 and separator["exact"]:
                (one, other), label = values.values(), next(iter(job.sizes))
                p = fisher(one[label], one.total(), other[label], other.total())
                assert math.isclose(separator["p"], p, rel_tol=1e-9), f"{name}: p = {separator['p']}, computed {p}"
            known = {label for classes in values.values() for label in classes}
            perfect = len(known) > 1 and all(len(classes) == 1 for classes in values.values())
            assert separator["perfect"] == perfect, f"{name}: perfect is {separator['perfect']}"


def is_crash(each: Copy) -> bool:
    return each.failure.startswith(("command exited with code ", "command was killed by signal "))


def bound(shown: str, exact: float) -> bool:
    """Whether a percentage with two digits is not below a number, and not far above."""
    return 100 * exact - 1e-6 <= float(shown) <= max(100 * exact * 1.1, 0.0001) + 1e-6


def check_supports(seen: Seen, job: Job) -> None:
    form, parts = grammar.parse(grammar.SUPPORTS, seen.status["summary"]["supports"])
    n, without = len(job.produced), len(job.copies) - len(job.produced)
    if seen.status["fail_fast"] and seen.status["verdict"] == "divergent":
        # Copies that were saved were not wanted.
        without = len(job.failed)
    sizes = list(job.sizes.values())
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
        below = none_seen(n, LEVEL)
        if form == "machine":
            assert (machines, count(parts["n"])) == (1, n), machines
        else:
            assert count(parts["units"]) == machines > 1, machines
            assert bound(parts["high"], none_seen(machines, LEVEL)), parts["high"]
        assert bound(parts["below"], below), (parts["below"], below)
    elif form == "each":
        assert count(parts["n"]) == n > 1 and set(sizes) == {1}, sizes
        assert count(parts["gave_none"] or "0") == without
    else:
        check_answers(parts, job, without)


def check_lost(lost: str, job: Job) -> None:
    """"3 crashed", "3 failed", "3 did not run" and both together, as the copies say."""
    failed, absent = len(job.failed), len(job.copies) - len(job.produced) - len(job.failed)
    found = re.fullmatch(rf"(?:({grammar.COUNT}) (crashed|failed))?(?: and )?(?:({grammar.COUNT}) (?:gave no outcome))?", lost)
    assert found, lost
    assert count(found[1] or "0") == failed and count(found[3] or "0") == absent, (lost, failed, absent)
    assert not failed or (found[2] == "crashed") == all(map(is_crash, job.failed)), lost


def check_answers(parts: dict[str, str | None], job: Job, without: int) -> None:
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
        assert low == 0 or tail(different, len(units), low, True) <= (1 - LEVEL) / 2 * 1.05
        assert high == 1 or tail(different, len(units), high, False) <= (1 - LEVEL) / 2 * 1.05


def check_difference(seen: Seen, job: Job) -> None:
    sentence = seen.status["summary"]["difference"]
    if sentence is None:
        return
    _, parts = grammar.parse(grammar.DIFFERENCE, sentence)
    if parts.get("artifacts"):
        listed = seen.status["artifacts"]
        stable = sum(each["contents"] == 1 and each["missing_in"] == 0 for each in listed)
        assert (int(parts["stable"]), int(parts["artifacts"])) == (stable, len(listed))
    if parts.get("left"):
        assert parts["left"] in {*job.sizes, "expected"} and parts["right"] in job.sizes, sentence
        pairs = parts["pairs"] or parts["compared_pairs"]
        compared = [each for each in seen.explained["differences"] if each["comparison"]]
        assert int(pairs or 1) == len(compared), f"{len(compared)} comparisons"
    equivalence = seen.status["equivalence"]
    if equivalence:
        word = "equivalent" if equivalence["equivalent"] else "not equivalent"
        assert squashed(f"tolerance: {word} under") in squashed(seen.text)


def check_truth(seen: Seen, job: Job) -> None:
    truth, status = seen.scene.truth, seen.status
    assert (status["verdict"], status["cause"]) == (truth.verdict, truth.cause), (status["verdict"], status["cause"])
    assert seen.exit == truth.exit_code or seen.scene.after, f"exit code {seen.exit}"
    summary = status["summary"]
    separates = summary["separates"] or ""
    made = claims.claim(job, seen.explained, separates) if separates else None
    if truth.claims:
        wanted = truth.claims if isinstance(truth.claims, tuple) else (truth.claims,)
        fits = [each for each in wanted if made and each.form == made.form and (not each.by or each.by & made.by)]
        assert fits, f"expected one of {wanted}: {separates}"
    for words in truth.separates:
        assert words in separates, f"no {words!r} in {separates!r}"
    for words in truth.silent:
        assert words not in separates, f"{words!r} in {separates!r}"
    for name in ("difference", "supports"):
        wanted = getattr(truth, name)
        assert wanted in (None, summary[name]), f"{name}: {summary[name]!r}, expected {wanted!r}"
    if truth.tolerance:
        assert squashed(f"tolerance: {truth.tolerance}") in squashed(seen.text), seen.text
    usual = ("every copy ran on one", "so few copies support little")
    told = [warning["text"] for warning in status["warnings"] if not warning["text"].startswith(usual)]
    assert len(told) == len(truth.warnings), told
    assert all(words in warning for words, warning in zip(truth.warnings, told, strict=True)), told
