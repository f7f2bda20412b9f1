"""Rounds of several producers on one store. Signals disturb the producers at random times. Afterwards one more producer
finishes every job, and each job must have all its copies, each counted once, and its true verdict.

The seed decides which producers start and which signals they get. How far each one is at that moment is not repeatable.
"""

import argparse
import collections
import dataclasses
import json
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

# A shell starts background jobs with SIGINT ignored, and a program inherits that. It does not inherit a handler.
signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = pathlib.Path(__file__).resolve().parents[2]
PRODUCER = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / "producer"

# Seconds in which the producers of a round are disturbed.
STORM_SECONDS = 1.5
# Seconds that a process may take to end by itself.
ENDED_WITHIN = 60
# Exit codes of the README. 2 and 4 have no cause here: the input is right, and nobody holds a lock for long.
EXITS = {0, 1, 3, 130}
# What the test itself does to a process.
KILLED = {-signal.SIGKILL, -signal.SIGINT}


@dataclasses.dataclass
class Job:
    """A job whose verdict is known."""

    name: str
    copies: int
    verdict: str
    payload: str
    command: tuple = ()
    flags: tuple = ()

    def submit(self):
        """The words that submit the job, or go on with it."""
        words = ["submit", self.payload, "--job", self.name, "--copies", str(self.copies), *self.flags]
        return [*words, "--", *self.command] if self.command else words


def jobs(chance):
    """The jobs of a round, one for each producer that submits."""
    kinds = [
        Job("quick", 3000, "reproducible", "echo"),
        Job("same", 60, "reproducible", "empty", ("cat",)),
        Job("slow", 20, "reproducible", "empty", ("sh", "-c", "sleep 0.05; echo 1")),
        # The process id differs in every copy.
        Job("differs", 40, "divergent", "empty", ("sh", "-c", "echo $$")),
        Job("fails", 30, "inconclusive", "empty", ("sh", "-c", "exit 3"), ("--attempts", "1")),
    ]
    return chance.sample(kinds, chance.randint(2, 5))


class Broken(Exception):
    """A promise does not hold."""


def check(holds, what):
    """Raises if a promise does not hold."""
    if not holds:
        raise Broken(what)


class Round:
    """One store, and the processes that this test started on it."""

    def __init__(self, seed, folder, counts):
        self.chance = random.Random(seed)
        self.folder = folder
        self.counts = counts
        (folder / "real").mkdir()
        (folder / "link").symlink_to("real")
        (folder / "echo").write_text('{"probe":"echo"}')
        (folder / "empty").write_text("{}")
        self.jobs = jobs(self.chance)
        self.running = []
        self.stopped = {}

    def start(self, words, through="real"):
        """Starts a producer on the store, in a session of its own, so that a signal reaches it alone."""
        number = self.counts["processes"]
        self.counts["processes"] += 1
        log = self.folder / f"{number}.log"
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder)}
        environment["CONCORD_STORE"] = str(self.folder / through / "store.db")
        with log.open("wb") as out:
            process = subprocess.Popen(
                [PRODUCER, *words],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        process.words, process.log = words, log
        self.running.append(process)
        return process

    def send(self, process, number):
        """Sends a signal to a process that this test started and that was not waited for yet."""
        if process.poll() is None:
            process.send_signal(number)
            self.counts[number.name] += 1

    def ended(self, process, allowed):
        """Waits until a process has ended, and checks what it left."""
        try:
            code = process.wait(ENDED_WITHIN)
        except subprocess.TimeoutExpired:
            raise Broken(f"{process.words} still runs after {ENDED_WITHIN} s") from None
        said = process.log.read_text(errors="replace")
        check("panicked" not in said, f"{process.words} panicked:\n{said}")
        check(code in allowed, f"{process.words} exited with {code}:\n{said}")
        self.running.remove(process)
        self.counts[f"exit {code}"] += 1
        return said

    def storm(self):
        """Starts the producers, one of them through a symbolic link, and disturbs them."""
        links = ["link"] + ["real"] * (len(self.jobs) - 1)
        self.chance.shuffle(links)
        for job, through in zip(self.jobs, links):
            self.start(job.submit(), through)
        end = time.monotonic() + STORM_SECONDS
        while time.monotonic() < end:
            time.sleep(self.chance.uniform(0.0, 0.08))
            self.continue_due()
            self.disturb(self.chance.choice(self.running))
            for process in [process for process in self.running if process.poll() is not None]:
                self.stopped.pop(process.pid, None)
                self.ended(process, EXITS | KILLED)
                # Another one goes on with everything that is unfinished, or submits again.
                words = self.chance.choice([["wait"], self.chance.choice(self.jobs).submit()])
                self.start(words, self.chance.choice(["real", "link"]))
        for process in self.running:
            self.send(process, self.chance.choice([signal.SIGINT, signal.SIGKILL, signal.SIGTERM]))
        # One may stop at this very moment, for a SIGTSTP of before, and others may wait for a lock that it holds.
        end = time.monotonic() + ENDED_WITHIN
        while time.monotonic() < end and any(process.poll() is None for process in self.running):
            for process in self.running:
                self.send(process, signal.SIGCONT)
            time.sleep(0.05)
        for process in list(self.running):
            self.ended(process, EXITS | KILLED | {-signal.SIGTERM})

    def disturb(self, process):
        """Sends one signal. A process that is stopped goes on after half a second at most."""
        stops = [signal.SIGSTOP, signal.SIGTSTP]
        number = self.chance.choice([signal.SIGKILL, signal.SIGINT, *stops, *stops])
        if process.pid in self.stopped and number in stops:
            return
        self.send(process, number)
        if number in stops:
            self.stopped[process.pid] = (process, time.monotonic() + self.chance.uniform(0.02, 0.5))
        elif number == signal.SIGINT:
            # A stopped process sees it when it goes on.
            self.send(process, signal.SIGCONT)
            self.stopped.pop(process.pid, None)

    def continue_due(self):
        """Continues the processes that were stopped long enough."""
        for process, until in list(self.stopped.values()):
            if time.monotonic() >= until:
                self.send(process, signal.SIGCONT)
                del self.stopped[process.pid]

    def finish(self):
        """Submits each job again, which goes on with it, and works on everything until all jobs have ended."""
        exits = {"reproducible": 0, "divergent": 1, "inconclusive": 3}
        for job in self.jobs:
            self.ended(self.start(job.submit()), {exits[job.verdict]})
        for job in self.jobs:
            self.judge(job)
        store = sqlite3.connect(f"file:{self.folder}/real/store.db?mode=ro", uri=True)
        try:
            check(store.execute("PRAGMA integrity_check").fetchone() == ("ok",), "the store is damaged")
            changes = store.execute("SELECT count(*) FROM feed").fetchone()[0]
            check(changes == 0, f"{changes} changes were not folded")
        finally:
            store.close()

    def read(self, *words):
        """The objects that a verb prints."""
        said = self.ended(self.start([words[0], "--format", "json", *words[1:]]), {0})
        return [json.loads(line) for line in said.splitlines() if line.startswith("{")]

    def judge(self, job):
        """Checks the verdict of a job, and that each copy is there once."""
        (status,) = self.read("status", job.name)
        check(status["verdict"] == job.verdict, f"{job.name} is {status['verdict']}, not {job.verdict}: {status}")
        counted = status["succeeded"] + status["failed"]
        check(counted == job.copies, f"{counted} of {job.copies} copies of {job.name} are counted: {status}")
        of_digests = sum(digest["copies"] for digest in status["digests"])
        check(of_digests == status["succeeded"], f"the digests of {job.name} have {of_digests} copies: {status}")
        copies = self.read("copies", job.name)
        # A copy that another process ran too has a second outcome, and only one with another digest.
        first = [copy["copy"] for copy in copies if not copy["second"]]
        check(sorted(first) == list(range(job.copies)), f"copies of {job.name}: {collections.Counter(first)}")
        second = [copy for copy in copies if copy["second"]]
        check(not second or job.verdict == "divergent", f"{job.name} has second digests: {second}")
        self.counts["copies"] += job.copies

    def end(self):
        """Kills what is left after a failure."""
        for process in self.running:
            process.kill()
            process.wait()
        self.running.clear()


def main():
    """Plays the rounds and prints what happened."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1, help="of the first round; the next ones count up")
    wanted = parser.parse_args()
    counts, started = collections.Counter(), time.monotonic()
    for seed in range(wanted.seed, wanted.seed + wanted.rounds):
        with tempfile.TemporaryDirectory(prefix="concord-storm-", ignore_cleanup_errors=True) as folder:
            one = Round(seed, pathlib.Path(folder), counts)
            try:
                one.storm()
                one.finish()
            except Broken as broken:
                one.end()
                kept = shutil.copytree(folder, tempfile.mkdtemp(prefix="concord-storm-kept-"), symlinks=True, dirs_exist_ok=True)
                print(f"seed {seed}: {broken}\nthe store and what was said are in {kept}", file=sys.stderr)
                print(f"again: acceptance/storm/run --rounds 1 --seed {seed}", file=sys.stderr)
                return 1
            finally:
                one.end()
    seconds = time.monotonic() - started
    what = ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items(), key=lambda item: str(item[0])))
    print(f"{wanted.rounds} rounds in {seconds:.0f} s: {what}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
