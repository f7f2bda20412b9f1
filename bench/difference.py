#!/usr/bin/env python3
"""Measures the comparison of two outputs, and the Python that you would write instead, in one run.

    cargo build --release --package concord-difference --example difference &&
        $(infra/venv statistics)/python bench/difference.py [MEGABYTES [FORMAT...]]

Makes pairs of files of about 100 MB from a seed. In one pair every thousandth number is the next representable one, in the
other pair every number is. The alternative is Python with numpy: it reads both files, counts the numbers that differ and asks
`numpy.isclose`. It finds no path, no place and no distance in representable numbers. The two run alternately, and medians of
processor time are compared, since machines are noisy; both include reading the files. Memory is the peak of a process
(`VmHWM`); that of the comparison is given without the two files in it. Prints a Markdown table and asserts nothing.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

import numpy

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))
PROGRAM = os.path.join(ROOT, "target", "release", "examples", "difference")
ROUNDS = 3

READ = {
    "json": "json.load(open(path))['energies']",
    "records": "[tuple(row.values()) for row in json.load(open(path))]",
    "csv": "numpy.loadtxt(path, delimiter=',', skiprows=1)",
    "text": "[float(line.split()[4]) for line in open(path)]",
    "f32text": "numpy.asarray(json.load(open(path)), dtype=numpy.float32)",
    "npy": "numpy.load(path)",
    "npz": "numpy.load(path)['energies']",
    "f64": "numpy.fromfile(path)",
}

INSTEAD = """
import json, sys, numpy
left, right = (numpy.asarray(READ) for path in sys.argv[1:])
print(int((left != right).sum()), bool(numpy.isclose(left, right).all()))
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def write(name, path, values):
    """One output with these numbers."""
    if name in ("npy", "npz"):
        # To a path it would add a suffix.
        with open(path, "wb") as file:
            numpy.save(file, values) if name == "npy" else numpy.savez_compressed(file, energies=values)
    elif name == "f64":
        values.tofile(path)
    else:
        rows = values[: len(values) // 3 * 3].reshape(-1, 3)
        with open(path, "w") as file:
            if name == "text":
                file.write("".join("step %d: energy = %r eV\n" % pair for pair in enumerate(values.tolist())))
            elif name == "f32text":
                digits = (numpy.format_float_scientific(value, trim="0") for value in values)
                file.write("[" + ", ".join(digits) + "]")
            elif name == "json":
                file.write('{"energies": [' + ", ".join(map(repr, values.tolist())) + "]}")
            elif name == "records":
                file.write("[" + ", ".join('{"x": %r, "y": %r, "z": %r}' % tuple(row) for row in rows.tolist()) + "]")
            else:
                file.write("x,y,z\n" + "".join("%r,%r,%r\n" % tuple(row) for row in rows.tolist()))


def pairs(folder, megabytes, formats):
    """Files by format: the name, the left one, and two for the right with few and with all numbers other."""
    values_per_megabyte = {"json": 48_500, "records": 39_000, "csv": 50_900, "text": 23_500, "f32text": 69_000, "npy": 125_000,
                           "npz": 80_000, "f64": 125_000}
    for name in formats or values_per_megabyte:
        values = values_per_megabyte[name]
        left = numpy.random.default_rng(20261123).normal(size=values * megabytes)
        if name == "f32text":
            left = left.astype(numpy.float32)
        elif name == "npz":
            # Numbers that compress: half of their bits are zero. An array beyond 64 MiB would not be read.
            left = left.astype(numpy.float32).astype(float)
        up = numpy.nextafter(left, left.dtype.type(numpy.inf))
        few = numpy.where(numpy.arange(len(left)) % 1000 == 0, up, left)
        paths = [os.path.join(folder, f"{name}-{side}") for side in ("left", "few", "all")]
        for path, side in zip(paths, (left, few, up)):
            write(name, path, side)
        yield name, paths
        for path in paths:
            os.remove(path)


def measured(command):
    """Processor seconds of a process, and what it printed."""
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    told = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, command
    return usage.ru_utime + usage.ru_stime, told


def main():
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    folder = tempfile.mkdtemp(prefix="concord-bench-", dir=os.environ.get("BENCH_DIR"))
    print("| outputs, numbers that differ | a file | compare | of a file | beside the files | Python | its memory | ratio |")
    print("|---|---|---|---|---|---|---|---|")
    try:
        for name, (left, few, every) in pairs(folder, megabytes, sys.argv[2:]):
            for label, right in (("0.1 %", few), ("all", every)):
                ours, theirs = [], []
                script = INSTEAD.replace("READ", READ[name])
                for _ in range(ROUNDS):
                    seconds, told = measured([PROGRAM, "json" if name == "records" else name, left, right])
                    found = json.loads(told.splitlines()[1])
                    ours.append(seconds)
                    seconds, instead = measured([sys.executable, "-c", script, left, right])
                    theirs.append(seconds)
                different, memory = instead.split()[0], int(instead.split()[2])
                assert found["comparison"]["values_different"] == int(different), (found, instead)
                size = os.path.getsize(left) / 1e6
                our, their = statistics.median(ours), statistics.median(theirs)
                beside = (found["resident_kb_max"] - found["resident_kb_before"]) / 1024
                print(f"| {name}, {label} | {size:.0f} MB | {our:.2f} s | {size / our:,.0f} MB/s | {beside:.1f} MB "
                      f"| {their:.2f} s | {memory / 1024:,.0f} MB | {our / their:.2f} |", flush=True)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
