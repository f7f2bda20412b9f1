"""Writes which packages the programs of a release consist of, as CycloneDX 1.5: https://cyclonedx.org/docs/1.5/json/

The programs are those of .github/workflows/release.yml. A package that they link has the scope `required`. A
package that runs only during the build has the scope `excluded`. The sources of SQLite and Zstandard are in the packages libsqlite3-sys and zstd-sys.
"""

import argparse
import json
import subprocess
import sys
import tomllib
import uuid
from pathlib import Path

PROGRAMS = {"concord-producer": "producer", "concord-worker": "worker", "concord-aggregator": "aggregator"}

TARGETS = ["x86_64-unknown-linux-musl", "aarch64-unknown-linux-musl"]


def metadata() -> list[dict]:
    """What Cargo says of the workspace, for each target."""
    words = ["cargo", "metadata", "--locked", "--all-features", "--format-version", "1", "--filter-platform"]
    said = [subprocess.run([*words, target], check=True, capture_output=True).stdout for target in TARGETS]
    return [json.loads(text) for text in said]


def listed(kinds: str) -> set[tuple[str, str]]:
    """The packages that the programs need by dependencies of these kinds, each with its version. Unlike `cargo metadata`,
    `cargo tree` leaves out packages whose features nobody has asked for."""
    words = ["cargo", "tree", "--locked", "--all-features", "--edges", kinds, "--prefix", "none", "--format", "{p}"]
    words += [word for name in PROGRAMS for word in ("--package", name)] + [word for name in TARGETS for word in ("--target", name)]
    lines = subprocess.run(words, check=True, capture_output=True, text=True).stdout.splitlines()
    pairs = [line.split()[:2] for line in lines if line.strip()]
    return {(name, version.removeprefix("v")) for name, version in pairs}


def identity(package: dict) -> tuple[str, str]:
    """What tells a package from another."""
    return package["name"], package["version"]


def graph(said: list[dict], wanted: set[tuple[str, str]]) -> tuple[dict[str, dict], dict[str, set[str]]]:
    """The wanted packages by their id, and what each of them needs, without what only tests need."""
    packages = {package["id"]: package for of_target in said for package in of_target["packages"]}
    packages = {name: package for name, package in packages.items() if identity(package) in wanted}
    needs: dict[str, set[str]] = {name: set() for name in packages}
    for node in (node for of_target in said for node in of_target["resolve"]["nodes"] if node["id"] in packages):
        for dependency in node["deps"]:
            if dependency["pkg"] in packages and any(kind["kind"] != "dev" for kind in dependency["dep_kinds"]):
                needs[node["id"]].add(dependency["pkg"])
    return packages, needs


def reference(package: dict) -> str:
    """The package URL: https://github.com/package-url/purl-spec"""
    return f"pkg:cargo/{package['name']}@{package['version']}"


def component(package: dict, is_linked: bool, checksums: dict[tuple[str, str], str]) -> dict:
    """A package as CycloneDX describes it."""
    made = {
        "type": "application" if package["name"] in PROGRAMS else "library",
        "bom-ref": reference(package),
        "name": package["name"],
        "version": package["version"],
        "scope": "required" if is_linked else "excluded",
        "purl": reference(package),
    }
    checksum = checksums.get((package["name"], package["version"]))
    if checksum:
        made["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    if package.get("license"):
        # Old packages write a slash for "or".
        made["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    if package.get("repository"):
        made["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
    return made


def bill(said: list[dict], lock: dict, linked: set[tuple[str, str]], built: set[tuple[str, str]]) -> dict:
    """The bill of materials of what is linked, and of what is built for it. The same sources give the same bill."""
    packages, needs = graph(said, linked | built)
    checksums = {(entry["name"], entry["version"]): entry["checksum"] for entry in lock["package"] if "checksum" in entry}
    components = [component(package, identity(package) in linked, checksums) for package in packages.values()]
    components.sort(key=lambda made: made["bom-ref"])
    programs = sorted(reference(package) for package in packages.values() if package["name"] in PROGRAMS)
    version = next(package["version"] for package in packages.values() if package["name"] in PROGRAMS)
    root = {"type": "application", "bom-ref": f"concord@{version}", "name": "concord", "version": version}
    depends = {reference(packages[name]): sorted({reference(packages[need]) for need in needs[name]}) for name in packages}
    depends[root["bom-ref"]] = programs
    made = {
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": root},
        "components": components,
        "dependencies": [{"ref": ref, "dependsOn": depends[ref]} for ref in sorted(depends)],
    }
    number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(made, sort_keys=True))
    return made | {"serialNumber": f"urn:uuid:{number}"}


def unreached(made: dict) -> set[str]:
    """The components that no dependency leads to from the whole."""
    nexts = {entry["ref"]: entry["dependsOn"] for entry in made["dependencies"]}
    known, waiting = set(), [made["metadata"]["component"]["bom-ref"]]
    while waiting:
        ref = waiting.pop()
        if ref not in known:
            known.add(ref)
            waiting += nexts.get(ref, [])
    return {entry["bom-ref"] for entry in made["components"]} - known


def wrong(made: dict, linked: set[tuple[str, str]]) -> list[str]:
    """What is wrong with a bill, a sentence each: what the schema requires, and the packages of `linked`."""
    found = [f"it has no {name}" for name in ("bomFormat", "specVersion", "components", "dependencies") if not made.get(name)]
    references = [entry.get("bom-ref") for entry in made["components"]]
    if len(set(references)) != len(references):
        found.append("a bom-ref occurs twice")
    known = set(references) | {made["metadata"]["component"]["bom-ref"]}
    for entry in made["components"]:
        name = entry.get("name", "a component without a name")
        if entry.get("type") not in ("application", "library") or not entry.get("name"):
            found.append(f"{name}: it has no type or no name")
        if entry["type"] == "library" and "hashes" not in entry and not name.startswith("concord-"):
            found.append(f"{name}: it has no checksum")
        if "licenses" not in entry:
            found.append(f"{name}: it has no license")
    for entry in made["dependencies"]:
        for ref in {entry["ref"], *entry["dependsOn"]} - known:
            found.append(f"{ref} is no component")
    required = {(entry["name"], entry["version"]) for entry in made["components"] if entry["scope"] == "required"}
    found += [f"{name} {version} is linked, but not listed" for name, version in sorted(linked - required)]
    found += [f"{name} {version} is listed, but not linked" for name, version in sorted(required - linked)]
    found += [f"nothing needs {ref}" for ref in sorted(unreached(made))]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path, help="where to write it; without a file it is only checked")
    asked = parser.parse_args()
    linked = listed("normal,no-proc-macro")
    made = bill(metadata(), tomllib.loads(Path("Cargo.lock").read_text()), linked, listed("normal,build"))
    found = wrong(made, linked)
    if found:
        print("\n".join(found), file=sys.stderr)
        return 1
    required = sum(entry["scope"] == "required" for entry in made["components"])
    print(f"the programs link {required} packages, and {len(made['components']) - required} more run while they are built")
    if asked.file:
        asked.file.parent.mkdir(parents=True, exist_ok=True)
        asked.file.write_text(json.dumps(made, indent=2) + "\n")
        print(f"the bill of materials is in {asked.file}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
