"""How explanations of made-up jobs are put together. They are the same each time: a seed determines them.

They follow the schema that the producer writes. Counts agree with the outcomes. Sentences and probabilities are only
plausible, because the page shows them without calculating them.
"""

import datetime
import hashlib
import random
from collections import Counter, defaultdict
from typing import Any

Json = dict[str, Any]

SUBMITTED = datetime.datetime(2026, 11, 23, 16, 0, tzinfo=datetime.UTC)
HOSTILE = "</script><img src=x onerror=\"window.broken=1\"><!-- {{script}} ${1} \u202e\u2028"
CPUS = {
    "Intel(R) Xeon(R) Processor @ 2.90GHz": "avx avx2 fma sse4_2 bmi2 avx512f avx512dq avx512bw avx512vl avx512_vnni",
    "Intel(R) Xeon(R) Processor @ 2.50GHz": "avx avx2 fma sse4_2 bmi2",
    "AMD EPYC 7R13 Processor": "avx avx2 fma sse4_2 bmi2 sha_ni vaes vpclmulqdq",
}
LABELS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def stamp(seconds: float) -> str:
    return (SUBMITTED + datetime.timedelta(seconds=seconds)).isoformat(timespec="seconds").replace("+00:00", "Z")


def digest(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def label(index: int) -> str:
    """A, B, .. Z, AA, AB .."""
    return LABELS[index] if index < 26 else label(index // 26 - 1) + LABELS[index % 26]


def environment(chance: random.Random, cpu: str, number: int, facts: int) -> Json:
    sandbox = hashlib.sha256(f"sandbox {number}".encode()).hexdigest()[:16]
    own = {
        "architecture": "x86_64",
        "cpu.flags": CPUS[cpu],
        "cpu.model_name": cpu,
        "cpu.count": "2",
        "canary.class": "c1" if "AMD" in cpu else "c0",
        "host.boot_id": hashlib.sha256(f"host {number // 4}".encode()).hexdigest()[:12],
        "kernel.release": "5.10.240-260.1017.amzn2.x86_64",
        "libc.version": "glibc 2.34",
        "memory.limit_mb": "1769",
        "sandbox.id": sandbox,
        "sandbox.initialization": chance.choice(["on-demand", "snap-start"]),
        "variable.GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA" if "AMD" in cpu else "(unset)",
        "variable.TZ": ":UTC",
    }
    for place in range(facts - len(own)):
        varies = place % 5 == 0
        own[f"variable.EXTRA_{place:02}"] = f"value {chance.randrange(3)}" if varies else "the same everywhere"
    return {"facts": own}


def run_times(values: list[int]) -> Json:
    ordered = sorted(values)
    at = lambda share: ordered[min(len(ordered) - 1, int(share * len(ordered)))]  # noqa: E731
    return {"min": ordered[0], "p25": at(0.25), "median": at(0.5), "p75": at(0.75), "max": ordered[-1]}


def class_rows(outcomes: list[Json], environments: list[Json], digests: dict[str, str]) -> list[Json]:
    by_class: dict[str, list[Json]] = defaultdict(list)
    for outcome in outcomes:
        if outcome["class"] is not None:
            by_class[outcome["class"]].append(outcome)
    sandbox = lambda outcome: environments[outcome["environment"]]["facts"]["sandbox.id"]  # noqa: E731
    return [
        {
            "class": name,
            "digest": digests[name],
            "copies": len(members),
            "sandboxes": len({sandbox(member) for member in members}),
            "machines": len({environments[member["environment"]]["facts"]["host.boot_id"] for member in members}),
            "first_copy": min(member["copy"] for member in members),
            "bytes": 1_048_576 + len(name),
            "run_us": run_times([member["run_us"] for member in members]),
        }
        for name, members in sorted(by_class.items(), key=lambda each: (-len(each[1]), len(each[0]), each[0]))
    ]


def separator(outcomes: list[Json], environments: list[Json], names: list[str], p: float, **more: object) -> Json:
    counts: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for outcome in outcomes:
        if outcome["class"] is not None:
            facts = environments[outcome["environment"]]["facts"]
            counts[tuple(facts[name] for name in names)][outcome["class"]] += 1
    perfect = all(len(classes) == 1 for classes in counts.values())
    values = [{"value": list(value), "classes": dict(classes)} for value, classes in counts.items()]
    unit = {"n": 12, "p": min(1.0, p**0.2), "p_holm": min(1.0, 2 * p**0.2), "within": False}
    return {
        "facts": names, "perfect": perfect, "consequence": False, "tested": True, "p": p, "p_holm": min(1.0, p * 14), "permuted": False,
        "significant": p * 14 <= 0.05, "not_seen": 0, "sandboxes": unit, "values": values, "values_total": len(values),
    } | more


def comparison(**more: object) -> Json:
    place = lambda at: {"at": at, "index": [3], "left": "0.1", "right": "0.10000000000000002"}  # noqa: E731
    path = lambda name, different, ulp, histogram: {  # noqa: E731
        "path": name, "type": "f64", "compared": 1000, "different": different, "first_index": [3],
        "first": ["0.1", "0.10000000000000002"], "ulp_max": ulp, "absolute_max": 5.5e-17 * int(ulp), "relative_max": 4.4e-16 * int(ulp),
        "ulp_at": place(name + "/3"), "absolute_at": place(name + "/4"), "relative_at": place(name + "/3"), "zero_signs": 0,
        "common_bits_min": 50, "ulp_histogram": [{"ulp": bin_, "values": values} for bin_, values in histogram], "beyond_tolerance": 0,
    }
    return {
        "format": "json", "identical_bytes": False, "bytes": [1_048_577, 1_048_579], "first_different_byte": 17_342,
        "values_compared": 3_000, "values_different": 402,
        "mismatches": [
            {"kind": "shape", "path": "/residuals", "index": None, "left": "[3]", "right": "[4]"},
            {"kind": "nan", "path": "/energies/*", "index": [17], "left": "NaN", "right": "1.25"},
        ],
        "mismatches_total": 2,
        "paths": [
            path("/energies/*", 312, "9007199254740993", [("1", 180), ("2-3", 92), ("4-7", 31), ("8-15", 8), ("16+", 1)]),
            path("/forces/*/x", 89, "4", [("1", 60), ("2-3", 28), ("4-7", 1)]),
            path("/total", 1, "1", [("1", 1)]),
        ],
        "paths_total": 3, "truncated": None, "unmatched_rules": ["/tmie: ignore"], "equivalent": None,
    } | more


def job(seed: int, copies: int, sandboxes: int, digest_of: Any, facts: int = 24, fails: Any = lambda copy: None) -> Json:
    """A job whose copies ran in random sandboxes. digest_of(chance, facts) names the output of a copy."""
    chance = random.Random(seed)
    cpus = list(CPUS)
    kinds = [cpus[0 if number % 6 < 3 else 1 if number % 6 == 3 else 2] for number in range(sandboxes)]
    environments = [environment(chance, kind, number, facts) for number, kind in enumerate(kinds)]
    began = SUBMITTED.timestamp() * 1000
    outcomes: list[Json] = []
    for copy in range(copies):
        place = chance.randrange(sandboxes)
        kind = environments[place]["facts"]["cpu.model_name"]
        run_us = int(chance.lognormvariate(13.2 if "AMD" in kind else 12.9, 0.25))
        reason = fails(copy)
        outcomes.append({
            "copy": copy, "class": None if reason else digest_of(chance, environments[place]["facts"]), "failure": reason,
            "started_at_ms": int(began + copy * 37 + chance.random() * 900), "run_us": run_us, "attempt": 1 + (chance.random() < 0.03),
            "environment": place, "facts": {"sandbox.call": str(1 + copy // sandboxes)},
        })
    names = [name for name, _ in Counter(each["class"] for each in outcomes if each["class"]).most_common()]
    letters = {name: label(index) for index, name in enumerate(names)}
    for outcome in outcomes:
        outcome["class"] = letters.get(outcome["class"])
    digests = {letter: name if name.startswith("sha256:") or "<" in name else digest(name) for name, letter in letters.items()}
    return explained(outcomes, environments, class_rows(outcomes, environments, digests))


def explained(outcomes: list[Json], environments: list[Json], classes: list[Json]) -> Json:
    produced = sum(each["copies"] for each in classes)
    machines = len({each["facts"]["host.boot_id"] for each in environments})
    reasons = Counter(each["failure"] for each in outcomes if each["failure"])
    different = produced - (classes[0]["copies"] if classes else 0)
    verdict = "inconclusive" if reasons and len(classes) < 2 else "divergent" if len(classes) > 1 else "reproducible"
    facts = [each["facts"] for each in environments]
    distinct = lambda name: len({each[name] for each in facts})  # noqa: E731
    high = 1 - 0.05 ** (1 / max(1, produced)) if not different else min(1.0, different / produced + 0.07)
    return {
        "schema": 1, "job": "fft-7f3k", "submission": "fft-7f3k", "submitted_at": stamp(0), "decided_at": stamp(41), "ended_at": stamp(63),
        "calculation": "command python3 clmath.py", "payload": {"digest": digest("payload"), "bytes": 123},
        "verdict": verdict, "cause": "failures" if verdict == "inconclusive" else None,
        "copies": len(outcomes), "produced": produced, "failed": len(outcomes) - produced, "copies_read": len(outcomes),
        "distinct_digests": len(classes), "unit": "sandbox", "hidden_failures": [], "artifacts": [],
        "summary": {"separates": "", "difference": "", "supports": ""},
        "classes": classes,
        "failures": [{"reason": reason, "copies": copies} for reason, copies in reasons.most_common()],
        "coverage": {
            "copies": produced, "sandboxes": len(environments), "hosts": distinct("host.boot_id"), "cpu_kinds": distinct("cpu.model_name"),
            "canary_classes": distinct("canary.class"), "architectures": 1, "memory_sizes": 1, "host_seen": True,
        },
        "confidence": {
            "level": 0.95,
            "copies": {"n": produced, "different": different, "rate_low": max(0.0, different / max(1, produced) - 0.06), "rate_high": high},
            "sandboxes": {"n": len(environments), "different": 4 if different else 0, "rate_low": 0.1 if different else 0.0, "rate_high": 0.65 if different else 0.221},
            "machines": {"n": machines, "different": 2 if different else 0, "rate_low": 0.1 if different else 0.0, "rate_high": 0.9 if different else 0.64},
            "unseen": {"copies": 0.0, "sandboxes": 0.08 if different else 0.0},
        },
        "attribution": None, "differences": [], "equivalence": None, "environments": environments, "outcomes": outcomes,
    }


def attributed(job: Json, separators: list[Json], splits: tuple[Json, ...] = ()) -> Json:
    names = {name for each in job["environments"] for name in each["facts"]}
    varying = {name for name in names if len({each["facts"].get(name) for each in job["environments"]}) > 1}
    found = {"copies": job["produced"], "facts_tested": len(varying), "facts_constant": len(names - varying)}
    return job | {"attribution": found | {"separators": separators, "splits": list(splits)}}


def difference(label: str, statement: str | None, compared: Json | None, **more: object) -> Json:
    return {"reference": "A", "class": label, "artifact": None, "only_in": None, "statement": statement, "comparison": compared, "unavailable": None} | more


def summary(separates: str, difference: str, supports: str) -> Json:
    return {"summary": {"separates": separates, "difference": difference, "supports": supports}}
