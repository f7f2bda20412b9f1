"""Programs of which the cause is known, or which have none: what `--vary` says of them. `CONCORD_VARIATIONS=all` adds those
that take minutes."""

import os
import pathlib
import sys
import tempfile
import unittest

from program import HERE, ROOT, Json, Store, output

ALL = os.environ.get("CONCORD_VARIATIONS") == "all"
PROGRAMS = HERE / "programs"
EXAMPLES = ROOT / "examples/causes"


class Case(unittest.TestCase):
    """A folder, a store in it, and what every job is held against."""

    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        self.store = Store(self.folder)

    def submit(self, *arguments: str | pathlib.Path, **variables: str) -> Json:
        job = self.store.submit(*arguments, variables=variables)
        self.assertEqual(job["failed"], 0)
        return job

    def rows(self, job: Json, name: str) -> list[Json]:
        rows = [row for row in job["variations"] if row["name"] == name]
        self.assertTrue(rows, f"nothing varied {name}")
        return rows

    def build(self, source: pathlib.Path, *flags: str) -> pathlib.Path:
        program = self.folder / "program"
        output(["cc", "-O2", *flags, source, "-o", program])
        return program

    def check_pin(self, pinned: Json) -> None:
        """No member is superfluous, and a fresh job held."""
        self.assertEqual({member["name"]: member["value"] for member in pinned["members"]}, pinned["pin"])
        self.assertEqual({member["without"] for member in pinned["members"]}, {"divergent"})
        confirmed = pinned["confirmed"]
        self.assertEqual((confirmed["verdict"], confirmed["copies"]), ("reproducible", 299))
        self.assertEqual(self.store.ask("status", confirmed["job"])["verdict"], "reproducible")

    def check_held(self, job: Json) -> None:
        """The copies agree, and nothing is a cause."""
        self.assertEqual((job["verdict"], job["causes"]), ("reproducible", []))
        self.assertEqual([row for row in job["variations"] if row["changed"]], [])


class Programs(Case):
    def test_a_name_that_numpy_does_not_know_any_more(self) -> None:
        """NumPy 2.4 renamed its features, ignores the old names, and hides the warning."""
        job = self.submit("--vary", "NPY_DISABLE_CPU_FEATURES=AVX512F", "--", sys.executable, PROGRAMS / "exponentials.py")
        self.check_held(job)
        (row,) = self.rows(job, "NPY_DISABLE_CPU_FEATURES")
        self.assertEqual((row["library"], row["reached"]), ("NumPy", "no"))
        supports = job["summary"]["supports"]
        self.assertIn("NPY_DISABLE_CPU_FEATURES (1 value) did not reach this program", supports)
        self.assertNotIn("in spite of", supports)

    def test_a_static_program(self) -> None:
        program = self.build(HERE / "kernels/integer_hash.c", "-static")
        job = self.submit("--vary", "cpu,threads,hash,memory", "--", program)
        self.check_held(job)
        for name in ("cores_believed", "heap_shift"):
            self.assertEqual({row["reached"] for row in self.rows(job, name)}, {"no"}, name)
        for name in ("cpu_generation", "OPENBLAS_CORETYPE", "PYTHONHASHSEED"):
            self.assertTrue({row["reached"] for row in self.rows(job, name)} <= {"no", "unknown"}, name)
        held = job["summary"]["supports"].partition("in spite of")[2].partition(";")[0]
        self.assertNotRegex(held, "cpu|CPU|heap|cores|BLAS|NUM_THREADS")

    def test_integers(self) -> None:
        """A library may read a setting, and still every bit stays."""
        vary = [word for value in ("OPENBLAS_CORETYPE=Nehalem,Haswell", "OPENBLAS_NUM_THREADS=1,2") for word in ("--vary", value)]
        self.check_held(self.submit(*vary, "--", sys.executable, PROGRAMS / "integers.py"))

    def test_a_hash_seed(self) -> None:
        job = self.submit("--vary", "hash", "--", sys.executable, EXAMPLES / "hash.py")
        (cause,) = job["causes"]
        self.assertEqual((job["verdict"], cause["name"], cause["library"]), ("divergent", "PYTHONHASHSEED", "Python"))

    def test_a_race_holds_with_one_thread_only(self) -> None:
        program = self.build(EXAMPLES / "race.c", "-fopenmp")
        job = self.submit("--vary", "OMP_NUM_THREADS=1,4", "--copies", "60", "--", program)
        changed = {row["value"]: row["changed"] for row in self.rows(job, "OMP_NUM_THREADS")}
        self.assertEqual((job["verdict"], changed), ("divergent", {"1": True, "4": False}))
        pinned = self.store.ask("pin", job["job"])
        self.assertEqual((pinned["holds"], pinned["pin"]), (True, {"OMP_NUM_THREADS": "1"}))
        self.check_pin(pinned)

    def test_the_alignment_of_an_array(self) -> None:
        """A fixed hash seed, because Python's allocations depend on it."""
        job = self.submit("--vary", "memory", "--", sys.executable, PROGRAMS / "alignment.py", PYTHONHASHSEED="0")
        self.assertEqual((job["verdict"], job["distinct_digests"]), ("divergent", 2))
        # A longer variable moves the heap, too. Nothing else here can.
        causes = {cause["name"] for cause in job["causes"]}
        self.assertTrue({"heap_shift"} <= causes <= {"heap_shift", "environment"}, causes)
        classes = {row["value"]: set(row["classes"]) for row in self.rows(job, "heap_shift")}
        self.assertEqual(classes["0"], classes["32"])
        self.assertEqual(classes["16"], classes["48"])
        self.assertNotEqual(classes["0"], classes["16"])
        self.assertEqual({row["reached"] for row in self.rows(job, "heap_shift")}, {"yes"})


# What may be named as the cause of each result, with its library, and what must be. OpenBLAS reads OMP_NUM_THREADS, too.
CORE, THREADS = ("OPENBLAS_CORETYPE", "OpenBLAS"), ("OPENBLAS_NUM_THREADS", "OpenBLAS")
LIBM, NUMPY = ("GLIBC_TUNABLES", "glibc"), ("NPY_DISABLE_CPU_FEATURES", "NumPy")
OPENBLAS = {CORE, THREADS, ("OMP_NUM_THREADS", "OpenMP"), ("cores_believed", None), ("affinity", None)}
# NumPy has its own exp and log only for CPUs with AVX-512. On other CPUs it calls libm.
MAY = {"product": OPENBLAS, "solve": OPENBLAS, "exp": {LIBM, NUMPY}, "sin": {LIBM, NUMPY}}
MUST = {"product": {CORE, THREADS}, "solve": {CORE, THREADS}, "exp": set(), "sin": {LIBM}}


class Libraries(Case):
    """All CPUs and numbers of threads, on a program with four results."""

    def check(self, result: str) -> None:
        program = ["--", sys.executable, PROGRAMS / "four.py"]
        job = self.submit("--vary", "cpu,threads", "--select", f"/{result}", *program)
        self.assertEqual(job["verdict"], "divergent")
        causes = {(cause["name"], cause["library"]) for cause in job["causes"]}
        self.assertTrue(causes and MUST[result] <= causes <= MAY[result], causes)


class Pin(Case):
    """The settings under which all four results hold."""

    def test_numpy(self) -> None:
        program = ["--", sys.executable, PROGRAMS / "four.py"]
        self.assertEqual(self.submit(*program)["verdict"], "reproducible")
        job = self.submit("--vary", "cpu,threads", *program)
        self.assertEqual(job["verdict"], "divergent")
        pinned = self.store.ask("pin", job["job"])
        self.assertTrue(pinned["holds"], pinned)
        self.assertIn("OPENBLAS_CORETYPE", pinned["pin"])
        self.check_pin(pinned)


if ALL:
    for each in MAY:
        setattr(Libraries, f"test_{each}", lambda self, result=each: self.check(result))
else:
    del Pin
