"""A scene: a job with a planted truth, and the program that its copies run.

The program is one shell script. Each run takes the next free number and does what the plan says for that number: it
reports facts, writes files and output, and ends. With `-j1` and one attempt a run's number is the index of its copy.
"""

import dataclasses
import hashlib
import json
import pathlib
import shlex
from collections.abc import Callable, Mapping

# `true` with a redirection under `set -C` makes a file that is not there, or fails: only one run gets a number.
SCRIPT = """n=0
set -C
while ! { true >"$1/taken/$n"; } 2>/dev/null; do n=$((n + 1)); done
set +C
. "$1/do/$n"
"""


@dataclasses.dataclass(frozen=True)
class Run:
    """What one run of the program does."""

    out: bytes | str = b"same\n"
    facts: Mapping[str, object] = dataclasses.field(default_factory=dict)
    files: Mapping[str, bytes | str] = dataclasses.field(default_factory=dict)
    # Shell: before the output, and after it (`exit 3`).
    first: str = ""
    then: str = ""

    @property
    def output(self) -> bytes:
        return self.out.encode() if isinstance(self.out, str) else self.out

    def contents(self) -> dict[str, bytes]:
        return {name: text.encode() if isinstance(text, str) else text for name, text in self.files.items()}

    def digest(self, flags: tuple[str, ...]) -> str:
        """The digest of the output; of a job with artifacts, of the list of files that docs/artifacts.md describes."""
        if "--artifact" not in flags:
            return "sha256:" + hashlib.sha256(self.output).hexdigest()
        files = {**self.contents(), **({"stdout": self.output} if "stdout" in flags else {})}
        lines = [f"{hashlib.sha256(text).hexdigest()} {len(text)} {name}\n" for name, text in sorted(files.items())]
        return "sha256:" + hashlib.sha256("".join(lines).encode()).hexdigest()


@dataclasses.dataclass(frozen=True)
class Claim:
    """What the sentence about separation must name: its form, and one of these facts."""

    form: str
    by: frozenset[str] = frozenset()


def fact(*names: str) -> Claim:
    return Claim("fact", frozenset(names))


def pattern(kind: str, *by: str) -> Claim:
    return Claim(kind, frozenset(by))


# Copies differ, and no method can know why.
NOTHING = Claim("nothing")


@dataclasses.dataclass(frozen=True)
class Truth:
    """What is known of a job before it runs. `None` is not checked."""

    verdict: str
    cause: str | None = None
    claims: Claim | tuple[Claim, ...] | None = None
    # What the sentence about failures names.
    failures: Claim | None = None
    # Words that the sentence about separation has, and words that it must not have.
    separates: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    # The whole sentences.
    difference: str | None = None
    not_of_difference: tuple[str, ...] = ()
    supports: str | None = None
    tolerance: str | None = None
    # A part of each warning, in this order; warnings about one machine and few copies are left out.
    warnings: tuple[str, ...] = ()
    exit: int | None = None

    @property
    def exit_code(self) -> int:
        return {"reproducible": 0, "divergent": 1}.get(self.verdict, 3) if self.exit is None else self.exit


@dataclasses.dataclass(frozen=True)
class Scene:
    name: str
    truth: Truth
    plan: Callable[[int], Run] | None = None
    copies: int = 20
    workers: int = 1
    flags: tuple[str, ...] = ()
    # Numbers of runs that the plan is asked for, if copies may run again.
    runs: int | None = None
    # A command of its own in place of the plan, or a script that gets the folder of the plan; files of the folder in which
    # the job is submitted.
    command: tuple[str, ...] = ()
    script: str = ""
    files: Mapping[str, str | bytes] = dataclasses.field(default_factory=dict)
    payload: bytes = b"{}"
    # Verbs before and after the submit; `ARGV` stands for the command of the job.
    before: tuple[tuple[str, ...], ...] = ()
    after: tuple[tuple[str, ...], ...] = ()
    # Is part of the sample.
    quick: bool = False

    @property
    def is_digested_whole(self) -> bool:
        """Whether the digest of a copy follows from the plan."""
        return self.plan is not None and "--select" not in self.flags

    def planned(self) -> list[Run]:
        plan = self.plan
        return [plan(number) for number in range(self.runs or self.copies)] if plan else []

    def argv(self, plan_folder: pathlib.Path) -> list[str]:
        if self.plan is None and not self.script:
            return list(self.command)
        return ["sh", str(plan_folder / "copy.sh"), str(plan_folder)]

    def lay_out(self, work: pathlib.Path, plan_folder: pathlib.Path) -> None:
        """Writes the folder of the job and the plan. They are apart, since a change in the folder is a warning."""
        (plan_folder / "taken").mkdir(parents=True)
        (plan_folder / "do").mkdir()
        work.mkdir()
        (work / "p").write_bytes(self.payload)
        for name, text in self.files.items():
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            (work / name).write_bytes(text.encode() if isinstance(text, str) else text)
        (plan_folder / "copy.sh").write_text(self.script or SCRIPT)
        for number, run in enumerate(self.planned()):
            write(plan_folder, number, run)


def write(folder: pathlib.Path, number: int, run: Run) -> None:
    """Writes what the run with this number does."""
    steps = [f"echo scene-run {number} >&2"]
    if run.facts:
        report = json.dumps(run.facts, ensure_ascii=False, separators=(",", ":"))
        steps.append(f"printf '%s\\n' {shlex.quote('concord-facts ' + report)} >&2")
    steps.append(run.first)
    for place, (name, contents) in enumerate(run.contents().items()):
        kept = folder / "do" / f"{number}.file{place}"
        kept.write_bytes(contents)
        steps += [f"mkdir -p {shlex.quote(str(pathlib.PurePath(name).parent))}", f"cat {kept} >{shlex.quote(name)}"]
    if run.output:
        (folder / "do" / f"{number}.out").write_bytes(run.output)
        steps.append(f'cat "$1/do/{number}.out"')
    steps.append(run.then)
    (folder / "do" / str(number)).write_text("\n".join(filter(None, steps)) + "\n")


def mixed(number: int, salt: int = 0) -> int:
    """A number that looks random and depends on nothing else: SplitMix64."""
    mask = (1 << 64) - 1
    bits = (number * 0x9E3779B97F4A7C15 + salt * 0xD1B54A32D192ED03 + 0x9E3779B97F4A7C15) & mask
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & mask
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & mask
    return bits ^ (bits >> 31)


def share(number: int, salt: int = 0) -> float:
    """The same as a number from 0 to 1."""
    return mixed(number, salt) / 2**64
