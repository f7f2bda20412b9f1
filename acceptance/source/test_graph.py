"""The checks of the graph, each on a small workspace in which something is planted."""

import contextlib
import io
import pathlib
import tempfile
import textwrap
import unittest

import graph

ARCHITECTURE = """
# Architecture

## Who may know whom

| package | may know |
|---|---|
| `low` | nobody |
| `high` | `low` |

## Something else

| `low` | `high` |
"""


class Workspace(unittest.TestCase):
    """A workspace of two packages, `high` above `low`, in a folder of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.top = pathlib.Path(folder.name)
        self.write("Cargo.toml", '[workspace]\nmembers = ["low", "high"]')
        self.write("ARCHITECTURE.md", ARCHITECTURE)
        self.write("low/Cargo.toml", '[package]\nname = "house-low"')
        self.write("high/Cargo.toml", '[package]\nname = "house-high"\n[dependencies]\nhouse-low.workspace = true')
        self.write("low/src/lib.rs", "")
        self.write("high/src/lib.rs", "")

    def write(self, name, text):
        file = self.top / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text))

    def edges(self):
        """The edges in package `low`, as pairs of file names."""
        package = next(package for package in graph.packages(self.top) if package.folder == "low")
        known = graph.edges(graph.trees(package), "house_low")
        source = self.top / "low/src"
        return {(str(a.relative_to(source)), str(b.relative_to(source))) for a in known for b in known[a]}

    def check(self):
        """Whether the graph of files is right, and what was printed."""
        with contextlib.redirect_stdout(io.StringIO()) as said:
            _, wrong = graph.check_graph(list(graph.packages(self.top)), self.top, quiet=True)
        return not wrong, said.getvalue()

    def arrows(self):
        return list(graph.arrows(list(graph.packages(self.top)), graph.table(self.top)))


class Circles(Workspace):
    def test_two_files_that_use_each_other_are_a_circle_with_its_two_lines(self):
        self.write("low/src/lib.rs", "mod a;\nmod b;\n")
        self.write("low/src/a.rs", "\nuse crate::b::B;\npub struct A(B);\n")
        self.write("low/src/b.rs", "pub struct B;\nfn f() { super::a::g(); }\n")
        right, said = self.check()
        self.assertFalse(right)
        self.assertIn("low/src/a.rs:2: use crate::b::B;", said)
        self.assertIn("low/src/b.rs:2: fn f() { super::a::g(); }", said)

    def test_a_circle_of_three_files_is_found(self):
        self.write("low/src/lib.rs", "mod a;\nmod b;\nmod c;\n")
        for file, other in ("ab", "bc", "ca"):
            self.write(f"low/src/{file}.rs", f"use crate::{other}::X;\npub struct X;\n")
        right, said = self.check()
        self.assertFalse(right)
        self.assertIn("3 files of low", said)

    def test_a_line_of_files_is_no_circle(self):
        self.write("low/src/lib.rs", "mod a;\nmod b;\nmod c;\npub use c::C;\n")
        self.write("low/src/a.rs", "pub struct A;")
        self.write("low/src/b.rs", "use crate::a::A;\npub struct B(A);")
        self.write("low/src/c.rs", "use crate::{a::A, b::B};\npub struct C(A, B);")
        self.assertEqual(self.check(), (True, ""))

    def test_a_parent_that_calls_its_child_is_above_it(self):
        self.write("low/src/lib.rs", "mod a;\npub struct Root;\npub fn f() { a::g(); }\n")
        self.write("low/src/a.rs", "use super::Root;\npub fn g() -> Option<Root> { None }\n")
        self.assertFalse(self.check()[0])


class Edges(Workspace):
    def test_a_reexport_leads_to_the_file_that_defines(self):
        self.write("low/src/lib.rs", "mod a;\nmod b;\npub use a::*;\npub use b::inner::B as Renamed;\n")
        self.write("low/src/a.rs", "use crate::Renamed;\npub struct A(Renamed);")
        self.write("low/src/b.rs", "pub mod inner;\npub use crate::A;")
        self.write("low/src/b/inner.rs", "pub struct B;\nfn f(_: &crate::b::A) {}")
        self.assertEqual(self.edges(), {("a.rs", "b/inner.rs"), ("b/inner.rs", "a.rs")})

    def test_a_reexport_is_an_edge_where_the_file_uses_it_itself(self):
        self.write("low/src/lib.rs", "mod a;\nmod b;\npub use a::A;\npub use b::B;\npub fn f(_: B) {}\n")
        self.write("low/src/a.rs", "pub struct A;")
        self.write("low/src/b.rs", "pub struct B;")
        self.assertEqual(self.edges(), {("lib.rs", "b.rs")})

    def test_tests_comments_and_texts_are_no_edges(self):
        self.write("low/src/lib.rs", "mod a;\nmod b;\n#[cfg(test)]\nmod tests;\n")
        self.write(
            "low/src/a.rs",
            """
            //! See [`crate::b::B`].
            /* use crate::b::B; */
            pub const TEXT: &str = "use crate::b::B;";
            pub const RAW: &str = r#"crate::b::B "quoted" "#;
            pub fn quote(c: char) -> bool { c == '"' || c == '\\'' }
            impl A {
                #[cfg(test)]
                fn of(_: crate::b::B) {}
            }
            pub struct A<'a>(&'a str);
            #[cfg(test)]
            mod tests {
                use crate::b::B;
            }
            """,
        )
        self.write("low/src/b.rs", "pub struct B;")
        self.assertEqual(self.edges(), set())

    def test_what_is_compiled_unless_for_tests_is_an_edge(self):
        self.write("low/src/lib.rs", "mod a;\nmod b;\n")
        self.write("low/src/a.rs", "#[cfg(not(test))]\nuse crate::b::B;")
        self.write("low/src/b.rs", "pub struct B;")
        self.assertEqual(self.edges(), {("a.rs", "b.rs")})

    def test_each_way_to_name_another_file_is_an_edge(self):
        self.write("low/src/b.rs", "pub struct B;\npub fn make() -> B { B }\npub const N: usize = 1;")
        ways = [
            "use crate::b::{self, B};\nfn f(_: B) {}",
            "use super::b;\nfn f() { b::make(); }",
            "use crate::b::*;\nfn f(_: B) {}",
            "fn f() -> crate::b::B { todo!() }",
            "fn f() { use crate::b::make as m; m(); }",
            "struct S { #[serde(with = \"crate::b\")] x: [u8; super::b::N] }",
            "#[serde(default = \"super::b::make\")]\nstruct S;",
            "impl From<crate::b::B> for S { fn from(_: B) {} }",
            "type T = <super::b::B as Iterator>::Item;",
        ]
        self.write("low/src/lib.rs", "mod a;\nmod b;\n")
        for way in ways:
            with self.subTest(way):
                self.write("low/src/a.rs", way)
                self.assertEqual(self.edges(), {("a.rs", "b.rs")})

    def test_a_macro_is_an_edge_to_its_file(self):
        self.write("low/src/lib.rs", "#[macro_use]\nmod m;\nmod a;\n")
        self.write("low/src/m.rs", "macro_rules! ask { () => {} }")
        self.write("low/src/a.rs", "fn f() { ask!(); }")
        self.assertEqual(self.edges(), {("a.rs", "m.rs")})

    def test_a_program_knows_the_library_of_its_package(self):
        self.write("low/src/lib.rs", "mod a;\npub use a::A;")
        self.write("low/src/a.rs", "pub struct A;")
        self.write("low/src/main.rs", "use house_low::A;\nfn main() {}")
        self.assertEqual(self.edges(), {("main.rs", "a.rs")})

    def test_a_module_alone_is_no_edge(self):
        self.write("low/src/lib.rs", "mod a;\nmod b;\n")
        self.write("low/src/a.rs", "use crate::b;\nfn f() { b::inner::g(); }")
        self.write("low/src/b.rs", "pub mod inner;\nuse crate::a::A;")
        self.write("low/src/b/inner.rs", "pub fn g() {}")
        self.assertEqual(self.edges(), {("a.rs", "b/inner.rs"), ("b.rs", "a.rs")})


class Arrows(Workspace):
    def test_the_arrows_of_the_table_are_right(self):
        self.assertEqual(self.arrows(), [])

    def test_a_planted_arrow_is_wrong(self):
        self.write("low/Cargo.toml", '[package]\nname = "house-low"\n[dependencies]\nhouse-high = { path = "../high" }')
        self.assertEqual(self.arrows(), ["low/Cargo.toml depends on high, which ARCHITECTURE.md does not allow"])

    def test_an_arrow_of_tests_is_free(self):
        self.write("low/Cargo.toml", '[package]\nname = "house-low"\n[dev-dependencies]\nhouse-high.workspace = true')
        self.assertEqual(self.arrows(), [])

    def test_an_arrow_for_one_platform_is_an_arrow(self):
        self.write(
            "low/Cargo.toml",
            '[package]\nname = "house-low"\n[target."cfg(unix)".dependencies]\nhouse-high.workspace = true',
        )
        self.assertEqual(len(self.arrows()), 1)

    def test_an_arrow_that_needs_a_feature_must_be_optional(self):
        self.write("ARCHITECTURE.md", ARCHITECTURE.replace("| `high` | `low` |", "| `high` | `low` (with `deep`) |"))
        self.assertEqual(len(self.arrows()), 1)
        self.write(
            "high/Cargo.toml",
            '[package]\nname = "house-high"\n[features]\ndeep = ["dep:house-low"]\n'
            '[dependencies]\nhouse-low = { workspace = true, optional = true }',
        )
        self.assertEqual(self.arrows(), [])

    def test_a_row_too_many_or_too_few_is_wrong(self):
        self.write("ARCHITECTURE.md", ARCHITECTURE.replace("| `low` | nobody |", "| `gone` | nobody |"))
        self.assertEqual(len(self.arrows()), 2)

    def test_a_row_that_lets_an_arrow_climb_is_wrong(self):
        rows = "| `high` | `low` |\n| `low` | nobody |"
        self.write("ARCHITECTURE.md", ARCHITECTURE.replace("| `low` | nobody |\n| `high` | `low` |", rows))
        self.assertEqual(self.arrows(), ["ARCHITECTURE.md lets high know low, whose row does not stand above it"])

    def test_an_arrow_that_nobody_needs_is_wrong(self):
        self.write("high/Cargo.toml", '[package]\nname = "house-high"')
        self.assertEqual(len(self.arrows()), 1)


class Names(Workspace):
    def test_a_type_that_is_defined_twice_is_listed(self):
        self.write("low/src/lib.rs", "mod a;\npub struct Place;\n#[cfg(test)]\nmod tests { struct Other; }")
        self.write("low/src/a.rs", "pub enum Place {}\npub struct Other;\nimpl Iterator for Other { type Item = u8; }")
        self.write("high/src/lib.rs", "pub(crate) type Place = u8;\npub trait Item {}")
        self.assertEqual(
            graph.names(list(graph.packages(self.top)), self.top),
            {"Place": ["high/src/lib.rs:1", "low/src/a.rs:1", "low/src/lib.rs:2"]},
        )


if __name__ == "__main__":
    unittest.main()
