"""Twelve programs in C, each built for two targets: `--vary command=` says of each whether the builds give the same."""

import pathlib
import tempfile
import unittest

from program import HERE, Store, output

KERNELS = sorted(path.stem for path in (HERE / "kernels").glob("*.c"))
# The same optimisation. The second target has an instruction that multiplies and adds with one rounding, and compilers use it.
TARGETS = {"base": ["-O3"], "v3": ["-O3", "-march=x86-64-v3"]}


class Kernels(unittest.TestCase):
    folder: tempfile.TemporaryDirectory
    differ: dict[str, bool]

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = tempfile.TemporaryDirectory()
        path = pathlib.Path(cls.folder.name)
        cls.store = Store(path)
        for kernel in KERNELS:
            for target, flags in TARGETS.items():
                source = HERE / f"kernels/{kernel}.c"
                output(["cc", "-Wall", "-Wextra", "-Werror", *flags, source, "-o", path / f"{kernel}-{target}", "-lm"])
        # The judge: two runs outside of the program, compared byte by byte.
        cls.differ = {
            kernel: len({output([path / f"{kernel}-{target}"]) for target in TARGETS}) == 2 for kernel in KERNELS
        }

    @classmethod
    def tearDownClass(cls) -> None:
        cls.folder.cleanup()

    def check(self, kernel: str) -> None:
        base, v3 = (f"./{kernel}-{target}" for target in TARGETS)
        job = self.store.submit("--vary", f"command={base},{v3}", "--", base)
        self.assertEqual(job["failed"], 0)
        changed = {row["value"]: row["changed"] for row in job["variations"] if row["name"] == "command"}
        self.assertEqual(changed, {base: False, v3: self.differ[kernel]})
        if self.differ[kernel]:
            self.assertEqual((job["verdict"], job["distinct_digests"]), ("divergent", 2))
            (cause,) = job["causes"]
            self.assertEqual((cause["name"], cause["values_by_class"]["B"]), ("command", [v3]))
        else:
            self.assertEqual((job["verdict"], job["causes"]), ("reproducible", []))

    def test_both_kinds_occur(self) -> None:
        self.assertEqual(len(KERNELS), 12)
        self.assertGreaterEqual(sum(self.differ.values()), 3)
        self.assertFalse(any(self.differ[kernel] for kernel in ("integer_hash", "integer_product", "shortest_paths")))


for each in KERNELS:
    setattr(Kernels, f"test_{each}", lambda self, kernel=each: self.check(kernel))
