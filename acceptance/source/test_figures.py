import pathlib
import subprocess
import tempfile
import unittest

import figures


class Figures(unittest.TestCase):
    RECORD = {"machine": "2 cores, X", "date": "2026-11-01", "rows": [["echo", "5 copies/s", "", ""]], "sources": {}}
    PAGE = "On 2 cores, X, on 2026-11-01:\n\n| echo | 5 copies/s |  |  |\n"

    def test_each_figure_of_the_last_run_must_be_shown(self):
        self.assertEqual(figures.missing(self.RECORD, self.PAGE), [])
        for before, after in (("5 copies", "6 copies"), ("2026-11-01", "2026-10-01"), ("cores, X", "cores, Y")):
            self.assertEqual(len(figures.missing(self.RECORD, self.PAGE.replace(before, after))), 1, after)

    def test_a_change_of_measured_code_is_seen(self):
        with tempfile.TemporaryDirectory() as top:
            def git(*words):
                settings = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
                done = subprocess.run(["git", *settings, *words], cwd=top, check=True, capture_output=True, text=True)
                return done.stdout.strip()

            file = pathlib.Path(top) / "code"
            git("init", "--quiet")
            file.write_text("1")
            git("add", "code")
            git("commit", "--quiet", "--message", "one")
            record = {"sources": {"code": git("rev-parse", "HEAD:code")}}
            self.assertEqual(figures.unlike(record, top), [])
            file.write_text("2")
            git("commit", "--quiet", "--all", "--message", "two")
            self.assertEqual(figures.unlike(record, top), ["code"])


if __name__ == "__main__":
    unittest.main()
