import unittest

import promises

PAGE = """
| promise | mechanism | tests |
|---|---|---|
| It holds. | a `lock` | `it_holds`, `acceptance/storm/run` |
| It stays. | a file | `it_stays` |
"""


class PromisesTest(unittest.TestCase):
    def test_the_last_column_names_tests(self):
        self.assertEqual(promises.named(PAGE), ["it_holds", "acceptance/storm/run", "it_stays"])

    def test_a_test_that_does_not_exist_is_missing(self):
        names = promises.named(PAGE)
        sources = "fn it_holds() {}\nasync fn it_stays_here() {}"
        self.assertEqual(promises.missing(names, sources, {"acceptance/storm/run"}), ["it_stays"])
        self.assertEqual(promises.missing(names, sources + "fn it_stays()", set()), ["acceptance/storm/run"])


if __name__ == "__main__":
    unittest.main()
