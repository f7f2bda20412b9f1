"""The checks of links, on pages in which something is planted."""

import pathlib
import tempfile
import textwrap
import unittest

import links


class Links(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.top = pathlib.Path(folder.name)

    def page(self, name, text):
        page = self.top / name
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(textwrap.dedent(text))
        return page

    def wrong(self, text):
        return list(links.wrong(self.page("page.md", text), self.top))

    def test_a_link_to_a_file_or_a_heading_that_is_there_is_right(self):
        self.page("docs/other.md", "# `a_b` and *more*: it's [here](x)\n\n## Twice\n\n## Twice\n")
        text = """
            # Title
            [a](docs/other.md), [b [c]](docs/other.md#a_b-and-more-its-here), [d](#title), [e](docs/other.md#twice-1),
            ![f](docs), [g][ref] and [h](https://example.invalid/x)

            [ref]: docs/other.md
        """
        self.assertEqual(self.wrong(text), [])

    def test_a_link_to_a_missing_file_is_wrong(self):
        self.assertEqual(self.wrong("\n[a](gone.md)\n"), ["page.md:2: there is no gone.md"])
        self.assertEqual(self.wrong("[a][b]\n\n[b]: gone.md\n"), ["page.md:3: there is no gone.md"])

    def test_a_link_to_a_missing_heading_is_wrong(self):
        self.assertEqual(self.wrong("# A\n[a](#b)\n"), ["page.md:2: page.md has no heading #b"])

    def test_an_absolute_path_is_wrong(self):
        self.assertEqual(len(self.wrong("[a](/tmp)")), 1)

    def test_what_stands_in_code_is_no_link(self):
        self.assertEqual(self.wrong("`[a](gone.md)`\n\n```\n[a](gone.md)\n# Heading\n```\n"), [])
        self.assertEqual(len(self.wrong("```\n# A\n```\n[a](#a)\n")), 1)

    def test_the_index_names_every_page(self):
        self.page("docs/README.md", "- [a](a.md)")
        self.page("docs/a.md", "")
        self.page("docs/b.md", "")
        self.assertEqual(list(links.left_out(self.top)), ["docs/README.md does not name b.md"])


if __name__ == "__main__":
    unittest.main()
