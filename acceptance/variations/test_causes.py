"""Runs every command of docs/causes.md, and holds its verdict and the named setting against the comment behind it."""

import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest
from collections.abc import Iterator

from program import ROOT, Store

PAGE = ROOT / "docs/causes.md"
EXAMPLES = ROOT / "examples/causes"
# A command, the verdict behind it, and the setting that is the cause.
SUBMIT = re.compile(r"producer submit payload\.json (?P<arguments>.*?)  # (?P<verdict>[a-z]+)(: (?P<cause>\S+))?")


def sections() -> Iterator[tuple[str, list[str]]]:
    """The first word of each heading, in small letters, and the lines of its commands."""
    for text in PAGE.read_text().split("\n## ")[1:]:
        (block,) = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        yield re.split(r"\W", text)[0].lower(), block.splitlines()


SECTIONS = dict(sections())


class Causes(unittest.TestCase):
    def play(self, lines: list[str]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder)
            shutil.copytree(EXAMPLES, path, dirs_exist_ok=True)
            store = Store(path)
            verdicts = []
            for line in lines:
                if not line.startswith("producer "):
                    subprocess.run(line, shell=True, cwd=path, check=True, timeout=60)
                    continue
                expected = SUBMIT.fullmatch(line)
                assert expected, line
                job = store.submit(*expected["arguments"].split())
                self.assertEqual((job["verdict"], job["failed"]), (expected["verdict"], 0), line)
                self.assertEqual([cause["name"] for cause in job["causes"]], [expected["cause"]] if expected["cause"] else [], line)
                verdicts.append(job["verdict"])
            self.assertEqual(verdicts, ["divergent", "reproducible"])

    def test_the_page_has_every_example(self) -> None:
        self.assertEqual(set(SECTIONS), {path.stem for path in EXAMPLES.iterdir() if path.suffix in (".c", ".py")})


for each, commands in SECTIONS.items():
    setattr(Causes, f"test_{each}", lambda self, lines=commands: self.play(lines))
