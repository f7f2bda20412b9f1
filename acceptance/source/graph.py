#!/usr/bin/env python3
"""Prints which file knows which, crate by crate, and fails where a wall is broken.

A wall is broken by a circle between files of one package, or by an arrow between packages (a dependency in Cargo.toml)
that the table "Who may know whom" in ARCHITECTURE.md does not list. No arrow climbs in that table: a package may know only
packages whose rows stand above its own. A file knows another if a `use` or a path in it leads
to something that the other defines; re-exports are followed to the file of the definition. A `mod`, a `pub use` whose
names the file does not use itself, and everything for tests only is no edge.
"""

import argparse
import collections
import dataclasses
import pathlib
import re
import sys
import tomllib

import rust

HEADING = "## Who may know whom"


@dataclasses.dataclass
class Package:
    """A package of the workspace: its folder, its roots, and the packages that it depends on."""

    folder: str
    name: str
    roots: list
    depends: dict  # folder of the other -> the feature that turns it on, or None


def manifest(folder):
    return tomllib.loads((folder / "Cargo.toml").read_text())


def packages(top):
    """The packages of the workspace at `top`."""
    workspace = manifest(top)["workspace"]
    manifests = {folder: manifest(top / folder) for folder in sorted(workspace["members"])}
    folders = {content["package"]["name"]: folder for folder, content in manifests.items()}
    for folder, content in manifests.items():
        tables = [content, *content.get("target", {}).values()]
        depends = {}
        for table in tables:
            for kind in ("dependencies", "build-dependencies"):
                for name, value in table.get(kind, {}).items():
                    value = value if isinstance(value, dict) else {}
                    other = folders.get(value.get("package", name))
                    if other:
                        optional = value.get("optional", False)
                        depends[other] = feature_of(content, name) if optional else None
        source = top / folder / "src"
        programs = [top / folder / entry["path"] for entry in content.get("bin", []) if "path" in entry]
        roots = [source / "lib.rs", source / "main.rs", *sorted(source.glob("bin/*.rs")), *programs]
        roots = [root for root in dict.fromkeys(roots) if root.exists()]
        yield Package(folder, content["package"]["name"], roots, depends)


def feature_of(content, dependency):
    """The feature that turns an optional dependency on."""
    for feature, turns_on in content.get("features", {}).items():
        if f"dep:{dependency}" in turns_on:
            return feature
    return dependency


def trees(package):
    """The module trees of a package; that of the library first."""
    return [rust.read_crate(root) for root in package.roots]


def edges(roots, library_name):
    """{file: {file that it knows: line}} for the module trees of one package."""
    known = {}
    library = (library_name, roots[0]) if len(roots) > 1 and roots[0].file.name == "lib.rs" else None
    for tree in roots:
        own = library if library and tree is not library[1] else None
        macros = {
            name: (module.file, line)
            for module in tree.tree()
            for name, (keyword, line) in module.defined.items()
            if keyword == "macro"
        }
        for module in tree.tree():
            mine = known.setdefault(module.file, {})

            def knows(found, line, file=module.file, mine=mine):
                if isinstance(found, tuple) and found[0] != file:
                    mine[found[0]] = min(line, mine.get(found[0], line))

            for entry in module.imports:
                # A re-export is an edge only if the file uses the name itself.
                if entry.name != "*" and (not entry.public or entry.name in module.words):
                    knows(rust.resolve(module, entry.path, own=own), entry.line)
                elif entry.name == "*" and not entry.public:
                    knows(rust.resolve(module, entry.path, last=False, own=own), entry.line)
            for path, line in module.paths:
                knows(rust.resolve(module, path, own=own), line)
            globs = any(entry.name == "*" for entry in module.imports)
            imported = {entry.name for entry in module.imports}
            for word, line in module.words.items():
                if word in imported:
                    continue
                found = rust.resolve(module, [word], own=own) if globs else None
                knows(found or macros.get(word), line)
    return known


def knots(known):
    """The sets of more than one file that know each other around a circle (Tarjan's strong components)."""
    order, low, stack, found = {}, {}, [], []

    def visit(file):
        order[file] = low[file] = len(order)
        stack.append(file)
        for other in known.get(file, {}):
            if other not in order:
                visit(other)
                low[file] = min(low[file], low[other])
            elif other in stack:
                low[file] = min(low[file], order[other])
        if low[file] == order[file]:
            knot = []
            while True:
                knot.append(stack.pop())
                if knot[-1] == file:
                    break
            found.append(knot)

    for file in sorted(known):
        if file not in order:
            visit(file)
    return found  # a file after all that it knows


def circle(knot, known):
    """A shortest circle in a knot, as a list of files."""
    best = None
    for start in sorted(knot):
        before, queue = {start: None}, collections.deque([start])
        while queue:
            file = queue.popleft()
            if start in known[file]:
                way = [file]
                while before[way[-1]]:
                    way.append(before[way[-1]])
                if best is None or len(way) < len(best):
                    best = way[::-1]
                break
            for other in sorted(known[file]):
                if other in knot and other not in before:
                    before[other] = file
                    queue.append(other)
    return best


def circles(knot, known):
    """The circles to show: each pair that knows each other, else one of the shortest."""
    pairs = [[a, b] for a in sorted(knot) for b in sorted(known[a]) if a < b and a in known.get(b, {})]
    return pairs or [circle(knot, known)]


def source_line(file, line):
    return file.read_text().splitlines()[line - 1].strip() if line else "(made by a macro)"


def describe(way, known, top):
    """A circle, a line for each of its edges."""
    for file, other in zip(way, way[1:] + way[:1]):
        line = known[file][other]
        yield f"    {file.relative_to(top)}:{line}: {source_line(file, line)}"
        yield f"        leads to {other.relative_to(top)}"


def table(top):
    """{folder: {folder that it may know: feature or None}} from ARCHITECTURE.md."""
    page = (top / "ARCHITECTURE.md").read_text()
    if HEADING not in page:
        raise SystemExit(f"error: ARCHITECTURE.md has no section '{HEADING}'")
    section = page.split(HEADING, 1)[1].split("\n## ", 1)[0]
    allowed = {}
    for row in re.findall(r"^\| *`([^`|]+)` *\| *([^|]*)\|", section, re.MULTILINE):
        cells = re.findall(r"`([^`]+)`(?: \(with `([^`]+)`\))?", row[1])
        allowed[row[0]] = {other: feature or None for other, feature in cells}
    return allowed


def arrows(all_packages, allowed):
    """What is wrong with the arrows between packages, a sentence each."""
    present = {package.folder for package in all_packages}
    for folder in sorted(set(allowed) - present):
        yield f"ARCHITECTURE.md has a row for {folder}, which is not in the workspace"
    rows = list(allowed)
    for folder, may in allowed.items():
        for other in sorted(set(may) & set(rows[rows.index(folder) :])):
            yield f"ARCHITECTURE.md lets {folder} know {other}, whose row does not stand above it"
    for package in all_packages:
        if package.folder not in allowed:
            yield f"ARCHITECTURE.md has no row for {package.folder}"
            continue
        may = allowed[package.folder]
        for other, feature in sorted(package.depends.items()):
            if other not in may:
                yield f"{package.folder}/Cargo.toml depends on {other}, which ARCHITECTURE.md does not allow"
            elif may[other] and feature != may[other]:
                yield (
                    f"{package.folder}/Cargo.toml depends on {other} without the feature `{may[other]}`, "
                    "which ARCHITECTURE.md asks for"
                )
        for other in sorted(set(may) - set(package.depends)):
            yield f"ARCHITECTURE.md allows {package.folder} to know {other}, but it does not: delete it there"


def names(all_packages, top):
    """{type name: [where it is defined]} of the types that several modules define."""
    places = collections.defaultdict(set)
    for package in all_packages:
        for tree in trees(package):
            for module in tree.tree():
                for name, (keyword, line) in module.defined.items():
                    if keyword in rust.TYPES:
                        places[name].add(f"{module.file.relative_to(top)}:{line}")
    return {name: sorted(where) for name, where in sorted(places.items()) if len(where) > 1}


def print_names(all_packages, top):
    """Prints the type names that are defined more than once; returns whether there are none."""
    several = names(all_packages, top)
    for name, where in sorted(several.items(), key=lambda entry: (-len(entry[1]), entry[0])):
        print(f"{name} ({len(where)}): {', '.join(where)}")
    print(f"{len(several)} type names are defined more than once")
    return not several


def check_graph(all_packages, top, quiet):
    """Prints the graph and what is wrong with it; returns whether it is right."""
    files = wrong = 0
    for package in all_packages:
        known = edges(trees(package), package.name.replace("-", "_"))
        files += len(known)
        components = knots(known)
        if not quiet:
            print(f"{package.folder}")
            for file in (file for component in components for file in sorted(component)):
                others = ", ".join(sorted(str(other.relative_to(top / package.folder)) for other in known[file]))
                print(f"    {file.relative_to(top / package.folder)}" + (f" -> {others}" if others else ""))
        for knot in components:
            if len(knot) > 1:
                wrong += 1
                print(f"error: {len(knot)} files of {package.folder} know each other around a circle:")
                print("    " + ", ".join(sorted(str(file.relative_to(top / package.folder)) for file in knot)))
                for way in circles(knot, known):
                    print("  a circle:")
                    print("\n".join(describe(way, known, top)))
    return files, wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", nargs="*", help="folders of the packages to look at, such as local; all without it")
    parser.add_argument("--quiet", action="store_true", help="print only what is wrong")
    parser.add_argument("--names", action="store_true", help="list the type names that are defined more than once")
    parser.add_argument("--top", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[2],
                        help="the folder of the workspace")
    args = parser.parse_args()
    everything = list(packages(args.top))
    unknown = set(args.package) - {package.folder for package in everything}
    if unknown:
        parser.error(f"no package has the folder {', '.join(sorted(unknown))}")
    chosen = [package for package in everything if not args.package or package.folder in args.package]
    if args.names:
        sys.exit(0 if print_names(chosen, args.top) else 1)
    files, wrong = check_graph(chosen, args.top, args.quiet)
    for sentence in arrows(everything, table(args.top)):
        wrong += 1
        print(f"error: {sentence}")
    print(f"{len(chosen)} packages, {files} files: " + (f"{wrong} errors" if wrong else "no circle, no arrow that is not allowed"))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
