"""`submit --vary cpu`: a copy with the settings of a CPU generation gives, byte for byte, what the program gives on such a CPU."""

import hashlib
import os
import pathlib
import sys
import tempfile
import unittest

from program import ROOT, Store, output

QEMU = os.environ["CONCORD_QEMU"]
PROGRAM = [sys.executable, str(ROOT / "examples/causes/dispatch.py")]
MODELS = {"Nehalem": "v2", "SandyBridge": "v2-avx", "Haswell": "v3"}


class Submit(unittest.TestCase):
    def test_copies_give_what_the_cpus_give(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            job = Store(pathlib.Path(folder)).submit("--vary", "cpu", "--", *PROGRAM)
        digest_of_class = {chr(ord("A") + i): row["digest"] for i, row in enumerate(job["digests"])}
        given = {}
        for row in job["variations"]:
            if row["name"] == "cpu_generation":
                # All copies of a generation are in one class.
                ((letter, copies),) = row["classes"].items()
                self.assertEqual(copies, row["copies"])
                given[row["value"]] = digest_of_class[letter]
        self.assertEqual(job["distinct_digests"], 2)
        for model, generation in MODELS.items():
            emulated = output([QEMU, "-cpu", model, *PROGRAM])
            self.assertEqual(given[generation], f"sha256:{hashlib.sha256(emulated).hexdigest()}", model)
        self.assertNotEqual(given["v2"], given["v3"])
