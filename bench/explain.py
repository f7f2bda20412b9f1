"""Measures `producer explain` on 10,000 outcomes with all their facts, and a script that does a part of the same.

    cargo build --release && $(infra/venv statistics)/python bench/explain.py [COPIES]

The job is a real one. Then the environments of its outcomes are replaced by those of 200 invented sandboxes on 5 kinds of
machines, so that 40 facts vary. The script reads the same outcomes as JSON and asks SciPy for each fact whether it goes with
the digests. It does not correct, and it knows nothing of sandboxes, confidence or outputs.
"""

import json
import pathlib
import sqlite3
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import zlib

from scipy.stats import chi2_contingency

ROOT = pathlib.Path(__file__).parent.parent
PRODUCER = ROOT / "target/release/producer"
RUNS = 5
SANDBOXES = 200
KINDS = 5


def producer(store, *args, codes=(0,)):
    done = subprocess.run([PRODUCER, *args, "--store", store], capture_output=True, check=False)
    if done.returncode not in codes:
        sys.exit(f"producer {args[0]} ended with {done.returncode}: {done.stderr.decode()}")
    return done.stdout


def made_up(sandbox):
    """The facts of a sandbox: 40 depend on its kind of machine or on the sandbox, and 40 are the same everywhere."""
    kind = sandbox % KINDS
    facts = {f"cpu.fact_{number:02}": f"{(kind + number) % KINDS}" for number in range(20)}
    facts |= {f"host.fact_{number:02}": f"{sandbox * (number + 3) % 7}" for number in range(20)}
    facts |= {f"numerics.fact_{number:02}": "the same everywhere" for number in range(40)}
    return {"sandbox": f"sandbox-{sandbox}", "identity": {"host.boot_id": f"boot-{sandbox}"}, "facts": facts}


def checksum(*values):
    """The checksum of a row, as local/src/store/checksum.rs sums it."""
    row = b""
    for value in values:
        match value:
            case None:
                row += b"\x00"
            case int():
                row += b"\x01" + struct.pack("<q", value)
            case str():
                row += b"\x03" + struct.pack("<Q", len(value.encode())) + value.encode()
            case _:
                row += b"\x04" + struct.pack("<Q", len(value)) + value
    return zlib.crc32(row)


SUMMED = "job, copy, beside, round, attempt, digest, bytes, reason, started_at, run_us, stderr_tail, environment, facts"


def spread(store):
    """Gives each outcome the environment of an invented sandbox, and one of two digests that depends on the kind of machine."""
    with sqlite3.connect(store) as database:
        database.create_function("checksum", -1, checksum)
        insert = "INSERT INTO environments (id, facts, checksum) VALUES (?1, ?2, checksum('environments', ?1, ?2))"
        for sandbox in range(SANDBOXES):
            database.execute(insert, (1000 + sandbox, json.dumps(made_up(sandbox))))
        two = [row[0] for row in database.execute("SELECT DISTINCT digest FROM outputs LIMIT 2")]
        database.execute("UPDATE outcomes SET environment = 1000 + copy % ?", (SANDBOXES,))
        database.execute("UPDATE outcomes SET digest = CASE WHEN copy % ? < 2 THEN ? ELSE ? END", (KINDS, *two))
        database.execute(f"UPDATE outcomes SET checksum = checksum('outcomes', {SUMMED})")


def by_hand(copies):
    """The p-value of each fact that varies."""
    rows = [json.loads(line) for line in copies.splitlines()]
    digests = [row["digest"] for row in rows]
    names = {name for row in rows for name in row["environment"]["facts"]} | {name for row in rows for name in row["facts"]}
    found = {}
    for name in names:
        values = [row["facts"].get(name, row["environment"]["facts"].get(name)) for row in rows]
        if len(set(values)) < 2:
            continue
        columns = {value: place for place, value in enumerate(dict.fromkeys(values))}
        lines = {digest: place for place, digest in enumerate(dict.fromkeys(digests))}
        table = [[0] * len(columns) for _ in lines]
        for value, digest in zip(values, digests):
            table[lines[digest]][columns[value]] += 1
        found[name] = chi2_contingency(table).pvalue
    return found


def timed(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main():
    copies = sys.argv[1] if len(sys.argv) > 1 else "10000"
    with tempfile.TemporaryDirectory() as folder:
        store = pathlib.Path(folder) / "store.db"
        payload = pathlib.Path(folder) / "payload.json"
        payload.write_text('{"probe":"sum","order":"racing","n":4096,"chunk":64}')
        producer(store, "submit", payload, "--job", "spread", "--copies", copies, codes=(0, 1))
        spread(store)
        explain = [timed(lambda: producer(store, "explain", "spread")) for _ in range(RUNS)]
        page = [timed(lambda: producer(store, "report", "spread", "-o", f"{folder}/report.html")) for _ in range(RUNS)]
        script = [timed(lambda: by_hand(producer(store, "copies", "spread", "--format", "json"))) for _ in range(RUNS)]
        times = {"explain_s": explain, "report_html_s": page, "script_s": script}
        medians = {name: round(statistics.median(runs), 3) for name, runs in times.items()}
        print(json.dumps({"copies": int(copies), **medians, "ratio": round(medians["explain_s"] / medians["script_s"], 3)}))


if __name__ == "__main__":
    main()
