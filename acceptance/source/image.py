#!/usr/bin/env python3
"""Checks that .dockerignore lets every package of the workspace into the images: Cargo reads all their manifests."""

import pathlib
import sys
import tomllib

TOP = pathlib.Path(__file__).resolve().parents[2]


def left_out(members, ignore):
    """The members of which no line of .dockerignore lets in the manifest. `ignore` is its text."""
    let_in = [line[1:].rstrip("/") for line in ignore.splitlines() if line.startswith("!")]
    manifests = [f"{member}/Cargo.toml" for member in members]
    return [path for path in manifests if not any(path == way or path.startswith(f"{way}/") for way in let_in)]


def main():
    members = tomllib.loads((TOP / "Cargo.toml").read_text())["workspace"]["members"]
    missing = left_out(members, (TOP / ".dockerignore").read_text())
    if missing:
        print("error: .dockerignore keeps these files out of the images, and Cargo needs them:")
        print("\n".join(f"    {path}" for path in missing))
        sys.exit(1)
    print(f"{len(members)} packages can be built in an image")


if __name__ == "__main__":
    main()
