"""Runs programs: the producer in a store of its own, and programs with settings in their environment."""

import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

ROOT = pathlib.Path(__file__).parents[2]
HERE = pathlib.Path(__file__).parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
PRODUCER = TARGET / "debug/producer"
LIBRARY = TARGET / "debug/examples/library"
# Only a program that hangs takes so long.
SECONDS_MAX = 3600

# The Python with NumPy comes first.
PATH = f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"

Json = dict[str, Any]


def output(argv: Sequence[str | pathlib.Path], variables: Mapping[str, str] | None = None) -> bytes:
    """The standard output of a program that succeeds, in an environment of these variables alone."""
    done = subprocess.run(
        argv, env={"PATH": PATH, **(variables or {})}, stdin=subprocess.DEVNULL, capture_output=True,
        timeout=SECONDS_MAX, check=False,
    )
    assert done.returncode == 0, f"{argv} with {variables}: exit {done.returncode}: {done.stderr.decode()}"
    return done.stdout


class Store:
    """A folder with a store, in which the producer runs."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        (folder / "payload.json").write_text("{}\n")

    def submit(self, *arguments: str | pathlib.Path, variables: Mapping[str, str] | None = None) -> Json:
        """The JSON of a job with this payload, whatever its verdict."""
        return self.ask("submit", "payload.json", *arguments, variables=variables)

    def ask(self, *arguments: str | pathlib.Path, variables: Mapping[str, str] | None = None) -> Json:
        """The JSON of a verb: exit 0 if all is well, 1 if a job is not reproducible or nothing holds."""
        environment = {"PATH": PATH, "HOME": str(self.folder), "CONCORD_STORE": str(self.folder / "store.db"), **(variables or {})}
        done = subprocess.run(
            [PRODUCER, arguments[0], "--format", "json", *arguments[1:]], cwd=self.folder, env=environment,
            stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS_MAX, check=False,
        )
        assert done.returncode in (0, 1), f"{arguments}: exit {done.returncode}: {done.stderr.decode()}"
        answer: Json = json.loads(done.stdout)
        return answer
