"""24 results of NumPy and libm: the settings of a CPU give what the CPU gives, and the library gives what there was before."""

import concurrent.futures
import os
import pathlib
import sys
import tempfile
import unittest
from collections.abc import Mapping, Sequence

from program import HERE, LIBRARY, Store, output

QEMU = os.environ["CONCORD_QEMU"]
RESULTS = [sys.executable, "-B", HERE / "results.py"]
# One thread, because this is about code paths; one order of sets and dictionaries, because it moves the heap.
SAME = {"OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}

# The CPUs that qemu-x86_64 emulates, and the generations of `--vary cpu` that stand for them.
MODELS = {"Nehalem": "v2", "SandyBridge": "v2-avx", "Haswell": "v3", "EPYC-Milan": "v3"}

Digests = dict[str, str]


def digests(variables: Mapping[str, str], before: Sequence[str] = ()) -> Digests:
    """The digest of each result, by its name."""
    lines = output([*before, *RESULTS], {**SAME, **variables}).decode().splitlines()
    return dict(line.split("\t") for line in lines)


def generations(store: Store) -> dict[str, dict[str, str]]:
    """The variables that the producer would set, by the CPU generation."""
    plan = store.submit("--vary", "cpu", "--dry-run", "--", "true")
    variables = {}
    for combination in plan["combinations"]:
        match combination["settings"]:
            case [{"factor": "cpu", "name": "cpu_generation", "value": generation}]:
                variables[generation] = combination["variables"]
    return variables


class Cpus(unittest.TestCase):
    """What a program gives with the settings of a CPU, and what it gives on that CPU."""

    set: dict[str, Digests]
    emulated: dict[str, Digests]

    @classmethod
    def setUpClass(cls) -> None:
        with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            emulated = {model: pool.submit(digests, {}, [QEMU, "-cpu", model]) for model in MODELS}
            variables = generations(Store(pathlib.Path(folder)))
            cls.set = {model: digests(variables[generation]) for model, generation in MODELS.items()}
            cls.emulated = {model: run.result() for model, run in emulated.items()}

    def check(self, model: str) -> None:
        self.assertEqual(len(self.emulated[model]), 24)
        self.assertEqual(self.set[model], self.emulated[model])

    def test_the_generations_differ(self) -> None:
        """Otherwise equal digests would mean nothing: the settings, and the emulator, could be without effect."""
        for runs in (self.set, self.emulated):
            differ = {name for name, digest in runs["Haswell"].items() if digest != runs["Nehalem"][name]}
            # Of OpenBLAS, of glibc and of NumPy.
            self.assertLessEqual({"a @ b", "math.sin", "single"}, differ)
            self.assertNotEqual(runs["SandyBridge"]["dot"], runs["Nehalem"]["dot"])


for each in MODELS:
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
