"""24 results of NumPy and libm: the settings of a CPU give what the CPU gives, and the library gives what there was before."""

import concurrent.futures
import os
import pathlib
import sys
import tempfile
import unittest
from collections.abc import Mapping, Sequence

from presets import PRESETS
from program import HERE, LIBRARY, output

QEMU = os.environ["CONCORD_QEMU"]
RESULTS = [sys.executable, "-B", HERE / "results.py"]
# One thread, because this is about code paths; one order of sets and dictionaries, because it moves the heap.
SAME = {"OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}

Digests = dict[str, str]


def digests(variables: Mapping[str, str], before: Sequence[str] = ()) -> Digests:
    """The digest of each result, by its name."""
    lines = output([*before, *RESULTS], {**SAME, **variables}).decode().splitlines()
    return dict(line.split("\t") for line in lines)


class Cpus(unittest.TestCase):
    presets: dict[str, Digests]
    emulated: dict[str, Digests]

    @classmethod
    def setUpClass(cls) -> None:
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            emulated = {model: pool.submit(digests, {}, [QEMU, "-cpu", model]) for model in PRESETS}
            cls.presets = {model: digests(variables) for model, variables in PRESETS.items()}
            cls.emulated = {model: run.result() for model, run in emulated.items()}

    def check(self, model: str) -> None:
        self.assertEqual(len(self.emulated[model]), 24)
        self.assertEqual(self.presets[model], self.emulated[model])

    def test_the_generations_differ(self) -> None:
        """Otherwise equal digests would mean nothing: the settings, and the emulator, could be without effect."""
        for runs in (self.presets, self.emulated):
            differ = {name for name, digest in runs["Haswell"].items() if digest != runs["Nehalem"][name]}
            # Of OpenBLAS, of glibc and of NumPy.
            self.assertLessEqual({"a @ b", "math.sin", "single"}, differ)
            self.assertNotEqual(runs["SandyBridge"]["dot"], runs["Nehalem"]["dot"])


for each in PRESETS:
    setattr(Cpus, f"test_{each.lower().replace('-', '_')}", lambda self, model=each: self.check(model))


class Library(unittest.TestCase):
    """The library that a program loads first."""

    plain: Digests
    libraries: tempfile.TemporaryDirectory

    @classmethod
    def setUpClass(cls) -> None:
        cls.libraries = tempfile.TemporaryDirectory()
        for name, arguments in (("preload.so", []), ("rounding.so", ["rounding"])):
            (pathlib.Path(cls.libraries.name) / name).write_bytes(output([LIBRARY, *arguments]))
        cls.plain = digests({})
        assert len(cls.plain) == 24

    @classmethod
    def tearDownClass(cls) -> None:
        cls.libraries.cleanup()

    def loaded(self, name: str, **variables: str) -> Digests:
        return digests({"LD_PRELOAD": f"{self.libraries.name}/{name}", **variables})

    def test_nothing_changes_unless_asked(self) -> None:
        for name in ("preload.so", "rounding.so"):
            self.assertEqual(self.loaded(name), self.plain)
            self.assertEqual(self.loaded(name, CONCORD_PRELOAD=""), self.plain)

    def test_rounding_changes_what_libm_gives(self) -> None:
        report = pathlib.Path(self.libraries.name) / "report"
        report.touch()
        rounded = self.loaded("rounding.so", CONCORD_PRELOAD=f"rounding=1,report={report}")
        differ = {name for name, digest in rounded.items() if digest != self.plain[name]}
        self.assertLessEqual({"math.sin", "math.pow"}, differ)
        # No libm is in these.
        self.assertTrue(differ.isdisjoint({"a @ b", "dot", "sum", "mean", "solve", "inv"}), differ)
        self.assertEqual(sorted(report.read_text()), ["l", "r"])

    def test_openblas_believes_in_other_cores(self) -> None:
        """OpenBLAS starts no more threads than there are cores, and another number of threads gives other sums."""
        solved = {}
        for cores in ("2", "3", "8"):
            report = pathlib.Path(self.libraries.name) / f"cores{cores}"
            report.touch()
            believed = self.loaded("preload.so", CONCORD_PRELOAD=f"cores={cores},report={report}", OPENBLAS_NUM_THREADS="8")
            self.assertEqual(sorted(report.read_text()), ["c", "l"])
            solved[cores] = believed["solve"]
        self.assertEqual(len(set(solved.values())), 3, solved)
