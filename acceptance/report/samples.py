"""Explanations of made-up jobs, for the tests of the page.

    acceptance/report/samples.py NAME    prints one as JSON
"""

import json
import random
import sys

from made_jobs import CPUS, HOSTILE, Json, attributed, class_rows, comparison, difference, digest, explained, job, separator, summary


def divergent() -> Json:
    amd = lambda _, facts: "other" if "AMD" in facts["cpu.model_name"] else "most"  # noqa: E731
    made = job(7, 180, 12, amd, fails=lambda copy: "exit code 1" if copy in (31, 77) else None)
    split = lambda names, p, **more: separator(made["outcomes"], made["environments"], names, p, **more)  # noqa: E731
    made = attributed(made, [
        split(["variable.GLIBC_TUNABLES", "canary.class"], 1e-30), split(["cpu.model_name"], 2.5e-29), split(["sandbox.id"], 7e-21),
        split(["host.boot_id"], 3.2e-9), split(["variable.EXTRA_05"], 0.021, perfect=True), split(["variable.EXTRA_00"], 0.3),
        split(["sandbox.initialization"], 0.81),
    ])
    return made | summary(
        "variable.GLIBC_TUNABLES separates the classes perfectly (p = 1.4e-29 after correction)",
        "402 of 3,000 numbers differ, by at most 9,007,199,254,740,993 ulp at /energies/17",
        "Divergent beyond doubt: between 26 % and 40 % of copies on such a fleet give another digest than A (95 % confidence).",
    ) | {"differences": [difference("B", "402 of 3,000 numbers differ, by at most 9,007,199,254,740,993 ulp", comparison())],
         "equivalence": {"equivalent": False, "tolerances": ["ulp=4"], "largest": "9007199254740993 ulp at /energies/*"}}


def reproducible() -> Json:
    return job(3, 180, 12, lambda *_: "one") | summary(
        "There is one class of digests, so there is nothing to separate.", "All outputs are equal in every byte.",
        "With 95 % confidence fewer than 1.65 % of copies, and fewer than 22.1 % of sandboxes, would give another digest.",
    )


def inconclusive() -> Json:
    reasons = ["exit code 1", "killed by signal 9 (SIGKILL)", "no convergence after 7 steps: residual 0.02 above 0.001"]
    made = job(5, 60, 4, lambda *_: "one", fails=lambda copy: reasons[copy % 3] if copy % 4 == 1 else None)
    return made | summary("There is one class of digests, so there is nothing to separate.", "All outputs that there are are equal.", "Too little: 15 copies gave no digest.") | {
        "coverage": made["coverage"] | {"host_seen": False}
    }


def nothing() -> Json:
    """A job without any digest, in which every field that can be absent is absent."""
    made = job(6, 3, 1, lambda *_: "one", fails=lambda _: "exit code 127")
    for outcome in made["outcomes"]:
        outcome |= {"started_at_ms": None, "run_us": None, "environment": None, "facts": {}}
    return made | {"environments": [], "coverage": None, "confidence": None, "decided_at": None, "ended_at": None, "verdict": "running", "cause": None}


def huge() -> Json:
    """10,000 outcomes, 3 classes, 60 facts, 250 environments."""
    def digest_of(chance: random.Random, facts: dict[str, str]) -> str:
        if "AMD" in facts["cpu.model_name"]:
            return "other"
        return "rare" if chance.random() < 0.01 else "most"

    made = job(11, 10_000, 250, digest_of, facts=60, fails=lambda copy: "exit code 137" if copy % 997 == 0 else None)
    split = lambda names, p: separator(made["outcomes"], made["environments"], names, p)  # noqa: E731
    made = attributed(made, [split(["cpu.model_name"], 0.0), split(["sandbox.id"], 3e-250), split(["variable.EXTRA_10"], 0.4)])
    return made | summary("cpu.model_name goes with the classes.", "The outputs of 2 classes differ from A.", "Divergent.") | {
        "differences": [
            difference("B", "402 of 3,000 numbers differ", comparison(mismatches=[], mismatches_total=0)),
            difference("C", None, None, unavailable="the output of class C was not kept"),
        ]
    }


def many() -> Json:
    """As many classes as copies. Nothing separates them."""
    made = job(13, 300, 20, lambda chance, _: f"{chance.random()}")
    split = {"by": "sandbox", "statement": "Every sandbox with 2 or more copies gave several digests: what differs changes from run to run."}
    return attributed(made, [], (split,)) | summary("Nothing recorded separates the classes.", "No output was kept.", "Divergent: no two copies agree.")


def hostile() -> Json:
    """Every text that can come from a job tries to become markup."""
    def digest_of(chance: random.Random, facts: dict[str, str]) -> str:
        return f"{HOSTILE}{len(facts['cpu.model_name']) % 2}"

    made = job(17, 60, 6, digest_of, fails=lambda copy: HOSTILE if copy == 5 else None)
    for each in made["environments"]:
        each["facts"] |= {HOSTILE: f"{HOSTILE}{each['facts']['canary.class']}", "__proto__": "own", "variable.LONG": HOSTILE * 40, "constructor": ""}
    made = attributed(made, [separator(made["outcomes"], made["environments"], [HOSTILE, "__proto__"], 1e-9), separator(made["outcomes"], made["environments"], ["cpu.model_name"], 1e-8)])
    compared = comparison(truncated=HOSTILE, format=HOSTILE)
    for row in compared["paths"]:
        row |= {"path": HOSTILE + row["path"], "first": [HOSTILE, HOSTILE], "type": HOSTILE, "ulp_at": {"at": HOSTILE, "index": None, "left": HOSTILE, "right": HOSTILE}}
    for row in compared["mismatches"]:
        row |= {"path": HOSTILE, "left": HOSTILE, "right": HOSTILE, "kind": HOSTILE}
    return made | summary(HOSTILE, HOSTILE, HOSTILE) | {
        "job": HOSTILE, "submission": HOSTILE * 2, "calculation": HOSTILE, "cause": HOSTILE, "payload": {"digest": HOSTILE, "bytes": 1},
        "differences": [
            difference("B", HOSTILE, compared, artifact=HOSTILE),
            difference("B", None, None, unavailable=HOSTILE),
        ],
        "artifacts": [{"name": HOSTILE, "contents": 2, "missing_in": 0}],
        "hidden_failures": [{"reason": HOSTILE, "copies": 1}],
        "equivalence": {"equivalent": True, "tolerances": [HOSTILE], "largest": HOSTILE},
    }


def on_one_machine(made: Json) -> Json:
    """The same job, as if one process on one machine had run it."""
    facts = {"architecture": "x86_64", "cpu.model_name": list(CPUS)[0], "host.boot_id": "one", "sandbox.id": "here"}
    counts = made["coverage"] | {"sandboxes": 1, "hosts": 1, "cpu_kinds": 1, "canary_classes": 1, "memory_sizes": 0}
    rate = lambda share: {**made["confidence"][share], "n": 1}  # noqa: E731
    return made | {
        "unit": "machine", "coverage": counts, "environments": [{"facts": facts}],
        "outcomes": [each | {"environment": 0, "facts": {"variable.OMP_NUM_THREADS": "4"}} for each in made["outcomes"]],
        "classes": [each | {"sandboxes": 1, "machines": 1} for each in made["classes"]],
        "confidence": made["confidence"] | {"sandboxes": rate("sandboxes"), "machines": rate("machines")},
    }


def one_machine() -> Json:
    """A reproducible job on one machine, in which nothing varies."""
    return on_one_machine(reproducible()) | summary("", "", "all 180 copies agree on this one machine; nothing is known of other machines")


def patterns() -> Json:
    """No fact separates the classes. They change at a copy, come in blocks, and the run time follows them."""
    made = job(19, 120, 1, lambda chance, _: "one")
    for outcome in made["outcomes"]:
        outcome["class"] = "B" if outcome["copy"] >= 80 else "A"
    digests = {"A": digest("one"), "B": digest("two")}
    rows = class_rows(made["outcomes"], made["environments"], digests)
    made = on_one_machine(explained(made["outcomes"], made["environments"], rows))
    pattern = lambda kind, by, statement, **more: {  # noqa: E731
        "kind": kind, "by": [by], "statement": statement, "perfect": False, "consequence": False, "p_corrected": 1e-4, "permuted": True,
        "significant": True, "explained": 1.0, "sandboxes": None,
    } | more
    split = {"by": "sandbox", "statement": "one machine gave more than one class", "p": None}
    found = [
        pattern("change", "copy index", "The classes change at copy 80: B in all 40 copies from there, in none of the 80 before"),
        pattern("blocks", "copy index", "Copies of one class come in blocks by copy index: 2 runs of one class, where about 54 are expected"),
        pattern("seen", "loaded.libm", "B in 30 of 40 copies in which loaded.libm was seen, in 10 of 80 others",
                sandboxes={"n": 3, "p": 0.02, "p_holm": 0.061, "within": True}),
        pattern("threshold", "run time", "B in 21 of 30 copies with run time of 0.400 s or more, in 19 of 90 below", consequence=True, p_corrected=0.0123),
    ]
    made = attributed(made, [], (split,))
    return made | {"attribution": made["attribution"] | {"patterns": found}} | summary(
        "no single fact, threshold or pair of those tested separates them. The classes change at copy 80: B in all 40 copies from there, "
        "in none of the 80 before (p <= 1.0e-4, 10,000 permutations)", "A and B: 1 of 1 numbers differs, by at most 1 ulp at /", "two answers: A in 80 copies, B in 40",
    ) | {"differences": [difference("B", "1 of 1 numbers differs, by at most 1 ulp at /", one_number())]}


def one_number() -> Json:
    """Two outputs of one number each, which differ by one step."""
    compared = comparison(mismatches=[], mismatches_total=0, values_compared=1, values_different=1, paths_total=1, unmatched_rules=[])
    path = compared["paths"][2] | {"path": "/", "compared": 1}
    return compared | {"paths": [path]}


def artifacts() -> Json:
    """A job with 40 artifacts, of which two differ; some copies failed at first."""
    made = on_one_machine(job(23, 40, 1, lambda chance, _: "one" if chance.random() < 0.7 else "two"))
    names = [f"results/step {number:02}.npy" for number in range(38)]
    listed = [{"name": name, "contents": 1, "missing_in": 0} for name in names]
    listed += [{"name": "log.txt", "contents": 2, "missing_in": 0}, {"name": "results/warnings.txt", "contents": 1, "missing_in": 1}]
    chance = separator(made["outcomes"], made["environments"], ["cpu.model_name"], 0.9)
    return attributed(made, [chance]) | summary(
        "no single fact, threshold or pair of those tested separates the classes, nor does time or order",
        "38 of 40 artifacts are stable; log.txt and results/warnings.txt differ. A and B, log.txt: 1 of 1 numbers differs, by at most 1 ulp at /",
        "two answers",
    ) | {
        "artifacts": sorted(listed, key=lambda each: each["name"]),
        "hidden_failures": [{"reason": "command was killed by signal 11", "copies": 3}],
        "differences": [
            difference("B", "1 of 1 numbers differs, by at most 1 ulp at /", one_number(), artifact="log.txt"),
            difference("B", None, None, artifact="results/warnings.txt", only_in="B", unavailable="only B has it"),
        ],
    }


def cut() -> Json:
    """A part of a job of a million copies, in which the page leaves out a part of that part."""
    made = on_one_machine(job(29, 200, 1, lambda chance, _: f"{chance.randrange(150)}"))
    rows = made["classes"][:50]
    return attributed(made, []) | summary("nothing beyond chance (from 10,000 of 1,000,000 copies)", "", "9,000 answers") | {
        "copies": 1_000_000, "produced": 1_000_000, "copies_read": 10_000, "distinct_digests": 9_000, "classes": rows,
        "left_out": {"classes": 8_000, "outcomes": 19_800, "failures": 12, "artifacts": 3},
        "failures": [{"reason": "exit code 1", "copies": 1}],
    }


SAMPLES = {
    each.__name__: each
    for each in (divergent, reproducible, inconclusive, nothing, huge, many, hostile, one_machine, patterns, artifacts, cut)
}


def plain_text(explanation: Json) -> str:
    """A text like the one that the producer prints."""
    said = explanation["summary"]
    return "\n".join([f"{explanation['verdict']}  job {explanation['job']}", *(f"  {text}" for text in said.values() if text)])


if __name__ == "__main__":
    print(json.dumps(SAMPLES[sys.argv[1]]()))
