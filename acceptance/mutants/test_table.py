import pathlib
import tempfile
import unittest

import table


def entry(**changes):
    return {"name": "m", "rule": "r", "file": "a.rs", "find": "a < b", "replace": "a <= b", "tests": "unit"} | changes


def of(*entries):
    suites = {"unit": {"about": "x", "build": "cargo build", "run": "cargo test"}}
    return {"suites": suites, "mutant": list(entries), "equivalent": []}


class Table(unittest.TestCase):
    def check(self, wanted, *entries, source="if a < b {}"):
        with tempfile.TemporaryDirectory() as top:
            (pathlib.Path(top) / "a.rs").write_text(source)
            found = table.checked(of(*entries), pathlib.Path(top))
        self.assertEqual(len(found), 1 if wanted else 0, found)
        self.assertIn(wanted, "".join(found))

    def test_a_text_that_occurs_once_is_found(self):
        self.check("", entry())
        self.check("occurs 0 times", entry(), source="if a > b {}")
        self.check("occurs 2 times", entry(), source="a < b && a < b")
        self.check("there is no file b.rs", entry(file="b.rs"))

    def test_two_mutants_change_the_same_text_or_texts_apart(self):
        self.check("", entry(), entry(name="n", replace="b < a"))
        self.check("", entry(find="if", replace="while"), entry(name="n"))
        self.check("m and n: their texts overlap", entry(find="if a", replace="if c"), entry(name="n"))

    def test_an_entry_is_complete(self):
        self.check("there are no tests named other", entry(tests="other"))
        self.check("it changes nothing", entry(replace="a < b"))
        self.check("its fields are", entry(because="no difference"))
        self.check("the name occurs twice", entry(), entry(replace="b < a"))

    def test_each_mutant_is_behind_the_variable(self):
        text = table.with_mutants("x; a < b; c", [entry(), entry(name="n", replace="b < a"), entry(name="o", find="; «c»", replace="d")])
        self.assertTrue(text.startswith("x; { static ACTS") and text.endswith('"o")); if *ACTS { d } else { c } }'), text)
        for part in ('"m")); if *ACTS { a <= b } else { a < b } }', '"n")); if *ACTS { b < a } else { { static ACTS'):
            self.assertIn(part, text)

    def test_only_what_the_marks_enclose_is_replaced(self):
        marked = entry(find="else if «a < b» {")
        self.check("", marked, source="if a < b {} else if a < b {}")
        text = table.with_mutants("if a < b {} else if a < b {}", [marked])
        self.assertTrue(text.startswith("if a < b {} else if { static"), text)
        self.check("« and » do not belong together", entry(find="«a < b"))


if __name__ == "__main__":
    unittest.main()
