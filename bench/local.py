#!/usr/bin/env python3
"""Measures the fleet on one machine, and the `xargs` that you would type instead, in one run.

    cargo build --release && python3 bench/local.py [--record]

Needs a C compiler and xargs. The two run alternately, and the medians are compared, since machines are noisy. Prints a
Markdown table and asserts nothing. With --record, keeps the table, the machine and the commit in bench/local.json:
`make source` checks that bench/README.md shows these figures.
"""

import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PRODUCER = str(ROOT / "target" / "release" / "producer")
RECORD = ROOT / "bench" / "local.json"

# What the figures depend on. The check of the record says when it changed.
MEASURED = ["Cargo.lock", "Cargo.toml", "aggregator", "crates", "local", "producer/src", "worker"]


def seconds(folder, command, shell=False):
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, shell=shell, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def submit(folder, payload, copies, *command, flags=()):
    """Runs one job in a store of its own; returns wall time, copies per second by the producer's clock, peak memory in MB."""
    store = os.path.join(folder, "bench.db")
    for leftover in os.listdir(folder):
        if leftover.startswith("bench.db"):
            os.remove(os.path.join(folder, leftover))
    arguments = [PRODUCER, "submit", payload, "--job", "bench", "--copies", str(copies), "--store", store, "--format", "json"]
    if command:
        arguments += ["--allow-empty", *flags, "--", *command]
    started = time.perf_counter()
    child = subprocess.Popen(arguments, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    report = json.loads(child.stdout.readline())
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    assert (report["verdict"], report["succeeded"]) == ("reproducible", copies), report
    return wall, usage.ru_maxrss / 1024


def varied(folder, copies, rounds):
    """Runs a command that takes 50 ms, with and without settings, alternately; returns the two medians of the wall time."""
    settings = ("--vary", "SETTING=" + ",".join(map(str, range(copies // 2 - 1))))
    plain, varied = [], []
    for _ in range(rounds):
        plain.append(submit(folder, "payload", copies, "./nap")[0])
        varied.append(submit(folder, "payload", copies, "./nap", flags=settings)[0])
    return statistics.median(varied), statistics.median(plain)


def planned(folder, copies):
    """Plans the settings of a job, and runs nothing; returns the wall time of the program."""
    settings = "SETTING=" + ",".join(map(str, range(copies // 2 - 1)))
    return min(seconds(folder, [PRODUCER, "submit", "payload", "--vary", settings, "--dry-run", "--", "./nap"]) for _ in range(5))


def explained(folder, job):
    """Explains the job in the store, in text and as a page; returns both wall times and the size of the page in MB."""
    store, page = os.path.join(folder, "bench.db"), os.path.join(folder, "report.html")
    text = seconds(folder, [PRODUCER, "explain", job, "--store", store])
    report = seconds(folder, [PRODUCER, "report", job, "--store", store, "-o", page])
    return text, report, os.path.getsize(page) / 1e6


def git(*words):
    return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def machine():
    names = [line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    return f"{os.cpu_count()} cores, {names[0] if names else platform.machine()}"


def record(rows):
    """Keeps the table, with what it was measured on."""
    sources = {path: git("rev-parse", f"HEAD:{path}") for path in MEASURED}
    date = time.strftime("%Y-%m-%d", time.gmtime())
    kept = {"machine": machine(), "date": date, "commit": git("rev-parse", "--short=12", "HEAD"), "sources": sources, "rows": rows}
    RECORD.write_text(json.dumps(kept, indent=1) + "\n")


def against_xargs(folder, copies, program, rounds):
    ours, theirs = [], []
    for _ in range(rounds):
        theirs.append(seconds(folder, f"seq {copies} | xargs -P2 -n1 {program}", shell=True))
        ours.append(submit(folder, "payload", copies, *program.split()[:1])[0])
    return statistics.median(ours), statistics.median(theirs)


def compiled(folder, name, body):
    source = os.path.join(folder, name + ".c")
    with open(source, "w") as file:
        file.write(f"#include <unistd.h>\nint main(void) {{ {body} return 0; }}\n")
    subprocess.run(["cc", "-O2", "-o", os.path.join(folder, name), source], check=True)


def main():
    folder = tempfile.mkdtemp(prefix="concord-bench-", dir=os.environ.get("BENCH_DIR"))
    try:
        with open(os.path.join(folder, "payload"), "w") as file:
            file.write('{"probe":"echo"}')
        compiled(folder, "noop", "")
        compiled(folder, "nap", "usleep(50000);")
        rows = []
        for copies in (100_000, 1_000_000):
            runs = [submit(folder, "payload", copies) for _ in range(3 if copies < 1_000_000 else 1)]
            wall, memory = statistics.median(run[0] for run in runs), max(run[1] for run in runs)
            rows.append([f"echo, {copies:,} copies", f"{copies / wall:,.0f} copies/s, {memory:.0f} MB resident", "", ""])
        text, report, size = explained(folder, "bench")
        rows.append(["`explain` of these 1,000,000 copies", f"{text:.2f} s", "", ""])
        rows.append(["`report -o report.html` of them", f"{report:.2f} s, {size:.1f} MB", "", ""])
        for name, copies, rounds in (("noop", 5_000, 5), ("nap", 180, 3)):
            ours, theirs = against_xargs(folder, copies, "./" + name, rounds)
            label = "does nothing" if name == "noop" else "takes 50 ms"
            rows.append([f"a command that {label}, {copies:,} copies", f"{ours:.2f} s", f"`xargs -P2`: {theirs:.2f} s",
                         f"{ours / theirs:.2f}"])
        ours, theirs = varied(folder, 180, 5)
        rows.append(["the same under 90 settings (`--vary`)", f"{ours:.2f} s", f"without `--vary`: {theirs:.2f} s",
                     f"{ours / theirs:.3f}"])
        rows.append(["a plan of 10,000 copies (`--dry-run`), the whole program", f"{planned(folder, 10_000) * 1000:.0f} ms", "", ""])
        print("| what | measured | alternative | ratio |\n|---|---|---|---|")
        for row in rows:
            print(f"| {' | '.join(row)} |")
        if "--record" in sys.argv[1:]:
            record(rows)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
