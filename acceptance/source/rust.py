"""Reads Rust source as far as the checks need it: modules, names, imports and paths. Tests are left out.

It knows no types and expands no macros: a method call is no path, and what a macro makes is not seen.
"""

import dataclasses
import pathlib
import re

TOKEN = re.compile(
    r"""
    (?P<skip>\s+|//[^\n]*|/\*(?:[^*]|\*(?!/))*\*/)
  | (?P<text>b?c?r(?P<hashes>\#*)".*?"(?P=hashes)|[bc]?"(?:[^"\\]|\\.)*")
  | (?P<char>b?'(?:\\(?:u\{[0-9a-fA-F_]+\}|x[0-9a-fA-F]{2}|.)|[^\\'])')
  | (?P<lifetime>'\w+)
  | (?P<name>(?:r\#)?[A-Za-z_]\w*)
  | (?P<number>\d\w*(?:\.\d\w*)?)
  | (?P<sign>::|\$crate\b|=>|->|.)
    """,
    re.VERBOSE | re.DOTALL,
)
OPEN = {"(": ")", "[": "]", "{": "}"}
CLOSE = set(OPEN.values())
TYPES = {"struct", "enum", "union", "trait", "type"}
DEFINE = TYPES | {"fn", "const", "static"}
BEFORE_FN = {"const", "unsafe", "async", "extern", "default", "auto"}
PATH_IN_TEXT = re.compile(r'"((?:crate|super|self|[a-z_]\w*)(?:::\w+)+)"')


@dataclasses.dataclass
class Import:
    """One leaf of a `use`: the path, and the name under which it is known here (`*` for a glob)."""

    path: list
    name: str
    line: int
    public: bool


@dataclasses.dataclass
class Module:
    """A module, inline or a file of its own."""

    file: pathlib.Path
    path: tuple
    parent: "Module | None" = None
    children: dict = dataclasses.field(default_factory=dict)
    defined: dict = dataclasses.field(default_factory=dict)  # name -> (keyword, line)
    imports: list = dataclasses.field(default_factory=list)
    paths: list = dataclasses.field(default_factory=list)  # (segments, line)
    words: dict = dataclasses.field(default_factory=dict)  # a name that stands alone -> first line

    def root(self):
        return self if self.parent is None else self.parent.root()

    def tree(self):
        yield self
        for child in self.children.values():
            yield from child.tree()


class Reader:
    """Reads one file into a module, and the files that it declares."""

    def __init__(self, module, folder):
        self.module = module
        self.folder = folder  # where the files of the modules declared here are
        text = module.file.read_text()
        self.kinds, self.values, self.lines = [], [], []
        line, at = 1, 0
        for match in TOKEN.finditer(text):
            kind = match.lastgroup
            if kind == "hashes":
                kind = "text"
            if kind == "skip":
                continue
            line += text.count("\n", at, match.start())
            at = match.start()
            self.kinds.append(kind)
            self.values.append(match.group())
            self.lines.append(line)
        self.values += [""] * 4
        self.kinds += [""] * 4

    def read(self):
        self.items(0, len(self.lines), self.module, self.folder)

    def closing(self, at):
        """The index of the bracket that closes the one at `at`."""
        depth = 0
        for index in range(at, len(self.lines)):
            if self.kinds[index] == "sign":
                if self.values[index] in OPEN:
                    depth += 1
                elif self.values[index] in CLOSE:
                    depth -= 1
                    if depth == 0:
                        return index
        raise SyntaxError(f"{self.module.file}:{self.lines[at]}: bracket is not closed")

    def attribute(self, at):
        """The end of the attribute at `at`, and what it says: (end, is it for tests only, path of a module)."""
        bracket = at + 2 if self.values[at + 1] == "!" else at + 1
        end = self.closing(bracket)
        inside = self.values[bracket + 1 : end]
        tests = inside[:1] == ["cfg"] and "test" in inside and "not" not in inside
        path = inside[2].strip('"') if inside[:2] == ["path", "="] else None
        return end + 1, tests, path

    def item_end(self, at, until_semicolon):
        """The index after the item at `at`: it ends with `;`, or unless `until_semicolon` with a block."""
        index = at
        while index < len(self.lines):
            value = self.values[index]
            if self.kinds[index] == "sign":
                if value == ";" or value == ",":
                    if value == ";":
                        return index + 1
                elif value in OPEN:
                    index = self.closing(index)
                    if value == "{" and not until_semicolon:
                        return index + 1
                elif value in CLOSE:
                    return index
            index += 1
        return index

    def items(self, at, end, module, folder):
        """Reads the items of a module between two indices."""
        while at < end:
            start, tests, path = at, False, None
            while self.values[at] == "#":
                inner = self.values[at + 1] == "!"
                at, for_tests, of_module = self.attribute(at)
                if inner and for_tests:
                    return
                tests, path = tests or for_tests, path or of_module
            public = self.values[at] == "pub"
            if public:
                at += 1
                if self.values[at] == "(" and self.values[at + 1] in ("crate", "super", "self", "in"):
                    at = self.closing(at) + 1
            while self.values[at] in BEFORE_FN and self.values[at + 1] in BEFORE_FN | {"fn", "trait", "impl"}:
                at += 1
            if self.values[at] == "extern" and self.kinds[at + 1] == "text":
                at += 2
            word = self.values[at]
            stop = self.item_end(at, word in ("use", "const", "static", "type", "let"))
            if tests:
                at = stop
                continue
            if word == "use":
                self.use(at + 1, stop, [], public, module)
            elif word == "mod":
                self.declare(at, stop, path, module, folder)
            else:
                if word in DEFINE:
                    module.defined.setdefault(self.values[at + 1], (word, self.lines[at]))
                elif word == "macro_rules":
                    module.defined[self.values[at + 2]] = ("macro", self.lines[at])
                self.body(start, stop, module)
            at = max(stop, at + 1)

    def declare(self, at, stop, path, module, folder):
        """A `mod`: reads what it contains, or the file that it names."""
        name = self.values[at + 1]
        if self.values[at + 2] == "{":
            child = Module(module.file, (*module.path, name), module)
            module.children[name] = child
            self.items(at + 3, stop - 1, child, folder / name)
            return
        places = [folder / f"{name}.rs", folder / name / "mod.rs"]
        if path:
            places = [module.file.parent / path]
        file = next((place for place in places if place.exists()), None)
        if file is None:
            raise SyntaxError(f"{module.file}:{self.lines[at]}: the file of `mod {name}` was not found")
        child = Module(file, (*module.path, name), module)
        module.children[name] = child
        Reader(child, file.parent if file.name == "mod.rs" or path else folder / name).read()

    def use(self, at, end, prefix, public, module):
        """One tree of a `use`; returns the index after it."""
        path = list(prefix)
        while at < end:
            value = self.values[at]
            if value == "{":
                at += 1
                while self.values[at] != "}":
                    at = self.use(at, end, path, public, module)
                    if self.values[at] == ",":
                        at += 1
                return at + 1
            if value == "*":
                module.imports.append(Import(path, "*", self.lines[at], public))
                return at + 1
            if self.kinds[at] == "name" or value == "$crate":
                if not (value == "self" and path):
                    path.append(value)
                if self.values[at + 1] == "as":
                    module.imports.append(Import(path, self.values[at + 2], self.lines[at], public))
                    return at + 3
                if self.values[at + 1] != "::":
                    module.imports.append(Import(path, path[-1], self.lines[at], public))
                    return at + 1
            at += 1
        return at

    def body(self, at, end, module):
        """The paths and names between two indices, without what is for tests only."""
        while at < end:
            kind, value = self.kinds[at], self.values[at]
            if value == "#" and self.values[at + 1] in ("[", "!"):
                if self.values[at + 1] == "!" and self.values[at + 2] != "[":
                    at += 1
                    continue
                stop, tests, _ = self.attribute(at)
                for index in range(at, stop):
                    found = self.kinds[index] == "text" and PATH_IN_TEXT.fullmatch(self.values[index])
                    if found:
                        module.paths.append((found[1].split("::"), self.lines[index]))
                if tests:
                    while self.values[stop] == "#":
                        stop, _, _ = self.attribute(stop)
                    at = self.item_end(stop, self.values[stop] in ("use", "let", "const", "static", "type"))
                    at += self.values[at] == ","
                else:
                    self.names(at + 2, stop, module)
                    at = stop
                continue
            if value == "use" and kind == "name" and self.values[at - 1] in ("{", "}", ";", "]"):
                stop = self.item_end(at, True)
                self.use(at + 1, stop, [], False, module)
                at = stop
                continue
            at = self.name(at, module)

    def names(self, at, end, module):
        while at < end:
            at = self.name(at, module)

    def name(self, at, module):
        """The path or name at `at`, if there is one; returns the index after it."""
        value = self.values[at]
        if self.kinds[at] != "name" and value != "$crate":
            return at + 1
        before = self.values[at - 1] if at else ""
        if before == "::" and self.values[at - 2] != "<" or before == ".":
            return at + 1
        line, path = self.lines[at], [value]
        while self.values[at + 1] == "::" and self.kinds[at + 2] == "name":
            at += 2
            path.append(self.values[at])
        if len(path) > 1:
            module.paths.append((path, line))
        elif before not in ("fn", "let", "mut"):
            called = self.values[at + 1] in ("(", "!", "::")
            if value[0].isupper() or called:
                module.words.setdefault(value, line)
        return at + 1


def read_crate(root):
    """The module of a crate's root file, with everything below it."""
    module = Module(root, ())
    Reader(module, root.parent).read()
    return module


def known(module, name, last, seen):
    """What `name` means in `module`: a module, a `(file, line)` that defines it, or None."""
    if (id(module), name, last) in seen:
        return None
    seen.add((id(module), name, last))
    child, defined = module.children.get(name), module.defined.get(name)
    if defined and (last or not child):
        return module.file, defined[1]
    if child and not last:
        return child
    for entry in module.imports:
        if entry.name == name:
            found = resolve(module, entry.path, seen, last)
            if found:
                return found
    if child:
        return child
    for entry in module.imports:
        if entry.name == "*":
            source = resolve(module, entry.path, seen, False)
            if isinstance(source, Module):
                found = known(source, name, last, seen)
                if found:
                    return found
    return None


def resolve(module, path, seen=None, last=True, own=None):
    """What a path means, seen from `module`: a module, the `(file, line)` that defines it, or None for another crate.

    `own` is the (name, module) of the library in the same package, which its programs call by name.
    """
    seen = set() if seen is None else seen
    here, rest = module, list(path)
    if own and rest[0] == own[0]:
        here, rest = own[1], rest[1:]
    elif rest[0] in ("crate", "$crate"):
        here, rest = module.root(), rest[1:]
    elif rest[0] in ("self", "super"):
        while rest and rest[0] in ("self", "super"):
            here = here.parent if rest[0] == "super" else here
            if here is None:
                return None
            rest = rest[1:]
    else:
        found = known(here, rest[0], last and len(rest) == 1, seen)
        if found is None or len(rest) == 1 or not isinstance(found, Module):
            return found
        here, rest = found, rest[1:]
    while rest:
        found = known(here, rest[0], last and len(rest) == 1, seen)
        if not isinstance(found, Module):
            # A name that a macro made: it stands in the file of its module.
            return found or (here.file, 0)
        here, rest = found, rest[1:]
    return here
