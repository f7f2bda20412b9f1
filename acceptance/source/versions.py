#!/usr/bin/env python3
"""Checks that every file which names a version of Rust names the same one, and a workflow none of its own."""

import pathlib
import re
import sys
import tomllib

# The ways in which a workflow could choose a version of its own.
RUSTUP = re.compile(r"(?:\btoolchain:[^\S\n]*|\brustup (?:default|toolchain install|override set)[^\S\n]+)(\d\S*)")
TOP = pathlib.Path(__file__).resolve().parents[2]


def named(top):
    """(file, version of Rust) for each file that names one."""

    def toml(name):
        return tomllib.loads((top / name).read_text())

    yield "rust-toolchain.toml", toml("rust-toolchain.toml")["toolchain"]["channel"]
    yield "Cargo.toml", toml("Cargo.toml")["workspace"]["package"]["rust-version"]
    yield "acceptance/dynamodb/Cargo.toml", toml("acceptance/dynamodb/Cargo.toml")["package"]["rust-version"]
    for image in re.findall(r"\brust:([\w.]+)", (top / "Dockerfile").read_text()):
        yield "Dockerfile", image
    for workflow in sorted((top / ".github/workflows").glob("*.yml")):
        for version in re.findall(RUSTUP, workflow.read_text()):
            yield str(workflow.relative_to(top)), version


def main():
    found = list(named(TOP))
    if len({version for _, version in found}) > 1:
        print("error: these files name different versions of Rust:")
        print("\n".join(f"    {file}: {version}" for file, version in found))
        sys.exit(1)
    print(f"{len(found)} files name Rust {found[0][1]}")


if __name__ == "__main__":
    main()
