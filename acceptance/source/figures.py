#!/usr/bin/env python3
"""Checks that bench/README.md shows the figures of the last recorded run of bench/local.py, and says if code has changed since."""

import json
import pathlib
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]


def line(row):
    """A row of the record, as it stands in a table of Markdown."""
    return "| " + " | ".join(row) + " |"


def missing(record, page):
    """The recorded rows that the page does not show, and machine and date, a sentence each."""
    wanted = [line(row) for row in record["rows"]] + [record["machine"], record["date"]]
    return [f"bench/README.md does not show: {words}" for words in wanted if words not in page]


def unlike(record, top):
    """The measured paths whose contents changed since the record."""
    def now(path):
        found = subprocess.run(["git", "rev-parse", f"HEAD:{path}"], cwd=top, capture_output=True, text=True, check=False)
        return found.stdout.strip()

    return [path for path, before in record["sources"].items() if now(path) != before]


def main():
    record = json.loads((TOP / "bench/local.json").read_text())
    wrong = missing(record, (TOP / "bench/README.md").read_text())
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    if wrong:
        print(" hint: write what `python3 bench/local.py --record` printed into bench/README.md", file=sys.stderr)
        return 1
    changed = unlike(record, TOP)
    since = f"; measure again before a release, since changed: {', '.join(changed)}" if changed else ""
    print(f"bench/README.md shows the run of {record['date']} at {record['commit']}{since}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
