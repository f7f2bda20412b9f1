"""Jobs in which chance alone decides each output: a cause is named in at most 5 % of them.

Some jobs are plain, some may be extended, and some stop at the first difference. `CONCORD_SCENES=all` runs 1,000 jobs instead
of 40. `CONCORD_SEED` replays those of a seed."""

import collections
import os
import pathlib
import random
import tempfile
import unittest
from typing import NamedTuple

import grammar
from program import Folder, Json
from recount import tail
from scene import Run, Scene, Truth, write

JOBS = 1_000 if os.environ.get("CONCORD_SCENES") == "all" else 40
SEED = int(os.environ.get("CONCORD_SEED", "1"))
JOBS_A_SUBMISSION = 50
CLAIMS_MAX = 0.05
# A program that claims in 5 % of the jobs fails the test once in so many runs.
LUCK = 1e-3

# The payload is the number of the job: `[17]`.
SCRIPT = """read -r job
job=${job#?} job=${job%?} n=0
set -C
while ! { true >"$1/$job/taken/$n"; } 2>/dev/null; do n=$((n + 1)); done
set +C
set -- "$1/$job"
. "$1/do/$n"
"""


class Kind(NamedTuple):
    """How jobs are submitted; `runs` bounds how often the program may run."""

    name: str
    share: float
    copies: int
    runs: int
    flags: tuple[str, ...]


KINDS = [
    Kind("plain", 0.4, 30, 30, ()),
    Kind("extended", 0.3, 10, 40, ("--extend", "40")),
    Kind("fail-fast", 0.3, 40, 40, ("--fail-fast",)),
]


def runs(seed: int, kind: Kind) -> list[Run]:
    """Runs whose output chance decides, with facts that chance decides too."""
    chance = random.Random(seed)
    rarer = chance.choice([0.1, 0.2, 0.35, 0.5])
    classes = chance.choice([2, 2, 2, 3])
    facts = [(f"fact{place}", chance.choice([2, 2, 2, 3, 5, 12, 1_000]), chance.choice([0.2, 0.5, 0.9]))
             for place in range(chance.randint(1, 12))]
    families = ["", "", "variable.", "cpu.", "loaded."]
    names = {name: chance.choice(families) + name for name, _, _ in facts}

    def one() -> Run:
        answer = 1 + chance.randrange(classes - 1) if chance.random() < rarer else 0
        reported = {names[name]: chance.randrange(values) if chance.random() < spread else 0 for name, values, spread in facts}
        if chance.random() < 0.2:
            reported.pop(names[facts[0][0]])
        return Run(out=f"answer {answer}\n", facts=reported)

    return [one() for _ in range(kind.runs)]


def play(kind: Kind, seeds: range) -> list[Json]:
    """Submits one job for each seed, and explains them."""
    with tempfile.TemporaryDirectory(prefix="concord-null-") as path:
        folder = Folder(pathlib.Path(path))
        payload = "".join(f"[{seed}]\n" for seed in seeds).encode()
        scene = Scene("null", Truth("divergent"), script=SCRIPT, payload=payload)
        scene.lay_out(folder.work, folder.plan)
        for seed in seeds:
            (folder.plan / str(seed) / "taken").mkdir(parents=True)
            (folder.plan / str(seed) / "do").mkdir()
            for number, run in enumerate(runs(seed, kind)):
                write(folder.plan / str(seed), number, run)
        submit = ["submit", "p", "--each", "--job", "null", "--copies", str(kind.copies), *kind.flags]
        done = folder.producer(*submit, "--", *scene.argv(folder.plan))
        assert done.exit in (0, 1), done
        explained = folder.producer("explain", "null", "--format", "json").json
        assert len(explained) == len(seeds)
        return explained


def claims(explained: Json) -> bool:
    """Whether the sentence about a job claims a cause; its fields must say the same."""
    form, _ = grammar.parse(grammar.SEPARATES, explained["summary"]["separates"])
    found = explained["attribution"]
    significant = [each["facts"] for each in found["separators"] if each["significant"] and not each["consequence"]]
    significant += [each["statement"] for each in found["patterns"] if not each["consequence"]]
    assert (form in grammar.SILENT) == (not significant), (explained["summary"], significant)
    return bool(significant)


class NullJobs(unittest.TestCase):
    def test_chance_is_hardly_ever_named(self) -> None:
        seed, differing, claimed = SEED * 1_000_000, collections.Counter(), collections.Counter()
        for kind in KINDS:
            left = round(JOBS * kind.share)
            while left > 0:
                jobs = min(left, JOBS_A_SUBMISSION)
                for place, explained in enumerate(play(kind, range(seed, seed + jobs))):
                    if explained["summary"]["separates"] is None:
                        continue
                    differing[kind.name] += 1
                    if claims(explained):
                        claimed[kind.name] += 1
                        print(f"{kind.name}, job {seed + place}: {explained['summary']['separates']}", flush=True)
                seed, left = seed + jobs, left - jobs
        told = ", ".join(f"{claimed[kind.name]} of {differing[kind.name]} {kind.name}" for kind in KINDS)
        print(f"a cause is named in {told} jobs")
        self.assertGreater(differing.total(), 0.8 * JOBS)
        for name in differing:
            luck = tail(claimed[name], differing[name], CLAIMS_MAX, True)
            self.assertGreater(luck, LUCK, f"{name}: {told}")
        self.assertGreater(tail(claimed.total(), differing.total(), CLAIMS_MAX, True), LUCK, told)


if __name__ == "__main__":
    unittest.main()
