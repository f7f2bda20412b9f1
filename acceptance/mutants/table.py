"""The table of mutants: reads table.toml, says what in it is stale, and puts all mutants into the source at once."""

import json
import pathlib
import tomllib

TOP = pathlib.Path(__file__).resolve().parents[2]
TABLE = pathlib.Path(__file__).with_name("table.toml")

# The variable that names the one mutant that acts. Without it none does.
VARIABLE = "CONCORD_MUTANT"

MUTANT = {"name", "rule", "file", "find", "replace", "tests"}
EQUIVALENT = {"name", "because", "file", "find", "replace"}
SUITE = {"about", "build", "run"}


def read(path=TABLE):
    """The table: a dictionary with `suites`, `mutant` and `equivalent`."""
    table = tomllib.loads(path.read_text())
    return {"suites": table.get("suites", {}), "mutant": table.get("mutant", []), "equivalent": table.get("equivalent", [])}


def wrong_fields(table):
    """Entries whose fields are not those that an entry has, and names that occur twice, a sentence each."""
    wrong = []
    entries = [(MUTANT, entry) for entry in table["mutant"]] + [(EQUIVALENT, entry) for entry in table["equivalent"]]
    entries += [(SUITE, suite | {"name": name}) for name, suite in table["suites"].items()]
    seen = set()
    for fields, entry in entries:
        name = entry.get("name", "an entry without a name")
        if set(entry) | {"name"} != fields | {"name"}:
            wrong.append(f"{name}: its fields are {', '.join(sorted(entry))}, and not {', '.join(sorted(fields))}")
        elif fields is not SUITE and entry["find"] == entry["replace"]:
            wrong.append(f"{name}: it changes nothing")
        elif fields is MUTANT and entry["tests"] not in table["suites"]:
            wrong.append(f"{name}: there are no tests named {entry['tests']}")
        if name in seen:
            wrong.append(f"{name}: the name occurs twice")
        seen.add(name)
    return wrong


def span(entry, text):
    """Where the text is that a mutant replaces: its begin and end. `ValueError` if `find` does not occur exactly once.

    With « and » in it, `find` also has what stands around the text, and only what they enclose is replaced.
    """
    before, opened, rest = entry["find"].rpartition("«")
    replaced, closed, after = rest.partition("»")
    if bool(opened) != bool(closed):
        raise ValueError(f"{entry['name']}: « and » do not belong together")
    times = text.count(before + replaced + after)
    if times != 1:
        raise ValueError(f"the table is stale: {entry['name']}: its text occurs {times} times in {entry['file']}, and not once")
    begin = text.index(before + replaced + after) + len(before)
    return begin, begin + len(replaced)


def stale(table, top=TOP):
    """Entries whose text is not found exactly once, and texts that overlap, a sentence each."""
    wrong = []
    places = {}
    for entry in table["mutant"] + table["equivalent"]:
        file = top / entry["file"]
        try:
            places.setdefault(file, set()).add((*span(entry, file.read_text()), entry["name"]))
        except FileNotFoundError:
            wrong.append(f"the table is stale: {entry['name']}: there is no file {entry['file']}")
        except ValueError as error:
            wrong.append(str(error))
    for found in places.values():
        ordered = sorted(found)
        for (begin, end, name), (other_begin, other_end, other) in zip(ordered, ordered[1:]):
            if other_begin < end and (begin, end) != (other_begin, other_end):
                wrong.append(f"{name} and {other}: their texts overlap")
    return wrong


def checked(table, top=TOP):
    """Everything that is wrong with the table, a sentence each."""
    return wrong_fields(table) or stale(table, top)


def switch(find, changes):
    """A block that is `find`, or what a mutant makes of it while the variable names that mutant."""
    block = find
    for name, replace in changes:
        acts = f"std::env::var({json.dumps(VARIABLE)}).is_ok_and(|name| name == {json.dumps(name)})"
        static = f"static ACTS: std::sync::LazyLock<bool> = std::sync::LazyLock::new(|| {acts});"
        block = f"{{ {static} if *ACTS {{ {replace} }} else {{ {block} }} }}"
    return block


def with_mutants(text, entries):
    """The text of a file with all its mutants, each behind the variable."""
    changes = {}
    for entry in entries:
        changes.setdefault(span(entry, text), []).append((entry["name"], entry["replace"]))
    for begin, end in sorted(changes, reverse=True):
        text = text[:begin] + switch(text[begin:end], changes[begin, end]) + text[end:]
    return text
