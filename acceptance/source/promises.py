"""Checks that the tests which docs/reliability.md names exist."""

import re
import subprocess
import sys
from pathlib import Path

PAGE = Path("docs/reliability.md")
NAME = re.compile(r"`([a-z_]+|acceptance/[a-z/]+)`")


def named(page: str) -> list[str]:
    """The tests in the last column of the tables, in the order of the page."""
    rows = [line for line in page.splitlines() if line.startswith("|") and not line.startswith("|---")]
    columns = [row.rstrip("|").rsplit("|", 1)[-1] for row in rows]
    return [name for column in columns for name in NAME.findall(column)]


def missing(names: list[str], sources: str, files: set[str]) -> list[str]:
    """The names that are neither a test in `sources` nor one of `files`."""
    return [name for name in names if name not in files and not re.search(rf"\bfn {re.escape(name)}\(", sources)]


def main() -> int:
    files = subprocess.run(["git", "ls-files"], check=True, capture_output=True, text=True).stdout.split()
    sources = "\n".join(Path(file).read_text() for file in files if file.endswith(".rs") and Path(file).is_file())
    names = named(PAGE.read_text())
    wrong = missing(names, sources, set(files))
    for name in wrong:
        print(f"{PAGE} names the test {name}, which does not exist", file=sys.stderr)
    if not wrong:
        print(f"{len(set(names))} tests stand for the promises of {PAGE}")
    return 1 if wrong or not names else 0


if __name__ == "__main__":
    sys.exit(main())
