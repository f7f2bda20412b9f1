#!/usr/bin/env python3
"""Measures the fleet on one machine, and the `xargs` that you would type instead, in one run.

    cargo build --release && python3 bench/local.py

Needs a C compiler and xargs. The two run alternately, and the medians are compared, since machines are noisy. Prints a
Markdown table and asserts nothing.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

PRODUCER = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "target", "release", "producer"))


def seconds(folder, command, shell=False):
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, shell=shell, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def submit(folder, payload, copies, *command):
    """Runs one job in a store of its own; returns wall time, copies per second by the producer's clock, peak memory in MB."""
    store = os.path.join(folder, "bench.db")
    for leftover in os.listdir(folder):
        if leftover.startswith("bench.db"):
            os.remove(os.path.join(folder, leftover))
    arguments = [PRODUCER, "submit", payload, "--copies", str(copies), "--store", store, "--format", "json"]
    if command:
        arguments += ["--allow-empty", "--", *command]
    started = time.perf_counter()
    child = subprocess.Popen(arguments, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    report = json.loads(child.stdout.readline())
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    assert (report["verdict"], report["succeeded"]) == ("reproducible", copies), report
    return wall, usage.ru_maxrss / 1024


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
        print("| what | measured | instead | ratio |\n|---|---|---|---|")
        for copies in (100_000, 1_000_000):
            runs = [submit(folder, "payload", copies) for _ in range(3 if copies < 1_000_000 else 1)]
            wall, memory = statistics.median(run[0] for run in runs), max(run[1] for run in runs)
            print(f"| echo, {copies:,} copies | {copies / wall:,.0f} copies/s, {memory:.0f} MB resident | | |")
        for name, copies, rounds in (("noop", 5_000, 5), ("nap", 180, 3)):
            ours, theirs = against_xargs(folder, copies, "./" + name, rounds)
            label = "does nothing" if name == "noop" else "takes 50 ms"
            print(f"| a command that {label}, {copies:,} copies | {ours:.2f} s | `xargs -P2`: {theirs:.2f} s "
                  f"| {ours / theirs:.2f} |")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
