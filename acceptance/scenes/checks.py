"""What must hold of every job, whatever its truth is, computed from the copies and from the plan."""

import collections
import math
import re

import claims
import grammar
import supports
from program import Seen
from recount import Job, Json, fisher

ESCAPED = re.compile(r"\\([\\`*_{}\[\]<>#|~])")


SENTENCES = ("separates", "failures", "difference", "supports")


def squashed(text: str) -> str:
    """Text without white space, so that it does not matter where lines are broken."""
    return "".join(text.split())


def sentences(seen: Seen) -> list[str]:
    summary = seen.status["summary"]
    return [summary[name] for name in SENTENCES if summary[name]]


def check(seen: Seen) -> Job:
    job = Job([line for line in seen.copies if not line["second"]])
    check_counts(seen, job)
    check_plan(seen, job)
    check_forms(seen)
    check_exit(seen, job)
    check_separators(job, seen.explained["attribution"])
    check_evidence(seen, job)
    supports.check(seen, job)
    check_difference(seen, job)
    if seen.status["summary"]["failures"]:
        claims.claim_of_failures(seen.copies, seen.status["summary"]["failures"])
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
    is_once = not scene.before and not any(verb[0] == "retry" for verb in scene.after)
    if is_once and all(each.ran for each in job.copies):
        assert seen.started == sum(each.attempt for each in job.copies), "another number of runs than of attempts"


def check_forms(seen: Seen) -> None:
    """Text, JSON, Markdown and JUnit say the same, without control characters."""
    status, explained = seen.status, seen.explained
    assert status["summary"] == explained["summary"], "explain says something else"
    told = sentences(seen)
    for sentence in told:
        assert squashed(sentence) in squashed(seen.text), f"the text lacks {sentence!r}"
        assert squashed(sentence) in squashed(seen.explanation), f"the text of explain lacks {sentence!r}"
        marked = re.compile(rf"^- (?:separates|failures|difference|supports): {re.escape(sentence)}$", re.MULTILINE)
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
    # A job that was cancelled before its verdict stays cancelled.
    assert verdict == "cancelled" or (verdict == "divergent") == (len(digests) > 1), (verdict, digests)
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


def check_evidence(seen: Seen, job: Job) -> None:
    """The text of `explain` shows each p-value of what is significant; a bound is not rounded down."""
    found = seen.explained["attribution"]
    named = [each for each in found["separators"] if each["significant"]][:8]
    wanted = [(each["permuted"], each["p_holm"]) for each in named]
    wanted += [(each["permuted"], each["p_corrected"]) for each in found["patterns"][:8]]
    _, facts, rest = seen.explanation.partition("\nfacts: ")
    if not facts:
        return
    rest = re.split(r"\n\n", rest)[0]
    # Splits follow, which have no p-value of their own there.
    shown = re.findall(r"p\s+(<=|=)\s+([\d.e-]+)\s+after\s+correction", rest)[: len(wanted)]
    assert len(shown) == len(wanted), (shown, wanted)
    for (sign, text), (is_bound, p) in zip(shown, wanted, strict=True):
        value = float(text)
        assert (sign == "<=") == is_bound, text
        assert not is_bound or value >= p * (1 - 1e-6), f"the bound {text} is below {p}"
        assert abs(value - p) <= max(0.0011, 0.06 * p) if p >= 0.001 else abs(value - p) <= 0.11 * p, (text, p)
    units = job.units("host.boot_id" if seen.explained["unit"] == "machine" else "sandbox.id")
    for separator in named:
        if separator["sandboxes"]:
            assert separator["sandboxes"]["n"] <= len(units), separator
    assert seen.explained["unit"] != "machine" or not re.search(r"by\s+sandbox|\d\s+sandbox", rest), rest


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
    if parts["volatile"]:
        check_volatile(seen, parts["volatile"])
    equivalence = seen.status["equivalence"]
    if equivalence:
        word = "equivalent" if equivalence["equivalent"] else "not equivalent"
        assert squashed(f"tolerance: {word} under") in squashed(seen.text)


def check_volatile(seen: Seen, told: str) -> None:
    """Nothing differs beside what a sentence names as all that differs."""
    differing = set()
    for difference in seen.explained["differences"]:
        if difference["artifact"] and difference["artifact"] in told:
            differing.add(difference["artifact"])
            continue
        comparison = difference["comparison"]
        assert not comparison["truncated"], "not all was compared"
        differing |= {each["path"] for each in comparison["paths"] if each["different"]}
        differing |= {each["path"] for each in comparison["mismatches"]}
    more = int((re.search(r" and (\d+) more$", told) or [0, 0])[1])
    named = [name for name in differing if name in told]
    assert len(named) + more == len(differing), (told, differing)


def check_truth(seen: Seen, job: Job) -> None:
    truth, status = seen.scene.truth, seen.status
    assert (status["verdict"], status["cause"]) == (truth.verdict, truth.cause), (status["verdict"], status["cause"])
    assert seen.exit == truth.exit_code or seen.scene.after, f"exit code {seen.exit}"
    summary = status["summary"]
    separates = summary["separates"] or ""
    made = claims.claim(job, seen.explained, separates) if separates else None
    if truth.failures:
        told = claims.claim_of_failures(seen.copies, summary["failures"])
        assert told.form == truth.failures.form and told.by & truth.failures.by, summary["failures"]
    if truth.claims:
        wanted = truth.claims if isinstance(truth.claims, tuple) else (truth.claims,)
        fits = [each for each in wanted if made and each.form == made.form and (not each.by or each.by & made.by)]
        assert fits, f"expected one of {wanted}: {separates}"
    for words in truth.separates:
        assert words in separates, f"no {words!r} in {separates!r}"
    for words in truth.not_of_difference:
        assert words not in summary["difference"], summary["difference"]
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
