"""Outputs that differ in a known way, and how far the program says that they are apart. Every third copy gives the other
output: class B."""

import json
import math
import struct

from scene import Run, Scene, Truth
from scenes_facts import divergent


def two(left: bytes | str, right: bytes | str) -> object:
    return lambda number: Run(out=right if number % 3 == 2 else left)


def ulp(number: float, steps: int) -> float:
    for _ in range(steps):
        number = math.nextafter(number, math.inf)
    return number


def npy(numbers: list[float], kind: str = "d") -> bytes:
    """A file as numpy.save writes it."""
    text = repr({"descr": {"d": "<f8", "f": "<f4", "q": "<i8"}[kind], "fortran_order": False, "shape": (len(numbers),)})
    head = (text + " " * (64 - (len(text) + 11) % 64) + "\n").encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + struct.pack(f"<{len(numbers)}{kind}", *numbers)


def single(number: float) -> float:
    return struct.unpack("<f", struct.pack("<f", number))[0]


VALUES = [0.1 + place / 7 for place in range(10)]
# Four steps up from 0.1 + 3/7, and from 0.1 + 6/7.
MOVED = [ulp(value, 4) if place in (3, 6) else value for place, value in enumerate(VALUES)]
SINGLES = [0.33333334, 0.70710677, 0.57735026, 0.35355338, 0.31622776, 0.14285715]
ENERGY = {"energy": 1.5, "steps": 7, "atoms": ["H", "O"]}


def differs(left: object, right: object, sentence: str, **more: object) -> dict[str, object]:
    form = [text if isinstance(text, bytes) else text if isinstance(text, str) else json.dumps(text) for text in (left, right)]
    return {"plan": two(*form), "truth": divergent(difference=sentence, **more), "copies": 12, "workers": 2}


def energy(**changes: object) -> dict[str, object]:
    return {**ENERGY, **changes}


SCENES = [
    Scene("one_ulp", **differs(energy(), energy(energy=ulp(1.5, 1)),
          "A and B: 1 of 2 numbers differs, by at most 1 ulp (1.5e-16 relative) at /energy"), quick=True),
    Scene("few_ulp_of_many", **differs({"values": VALUES}, {"values": MOVED},
          "A and B: 2 of 10 numbers differ, by at most 4 ulp (8.4e-16 relative) at /values/3")),
    Scene("sign_of_zero", **differs({"a": 0.0, "b": [0.0, 1.0]}, {"a": -0.0, "b": [-0.0, 1.0]},
          "A and B: the outputs differ only in the sign of zero, 2 times, first at /a"), quick=True),
    Scene("an_integer", **differs(energy(), energy(steps=8), "A and B: /steps differs by 1 (an integer)"), quick=True),
    Scene("large_integers", **differs({"n": 2**63}, {"n": 2**63 + 1}, "A and B: /n differs by 1 (an integer)")),
    Scene("a_boolean", **differs({"ok": True, "n": 1.5}, {"ok": False, "n": 1.5},
          "A and B: the outputs differ in text at /ok: true and false")),
    Scene("not_a_number", **differs(energy(), '{"energy": NaN, "steps": 7, "atoms": ["H", "O"]}',
          "A and B: 1 of 2 numbers differs, 1.5 and NaN at /energy")),
    Scene("an_infinity", **differs(energy(), '{"energy": Infinity, "steps": 7, "atoms": ["H", "O"]}',
          "A and B: 1 of 2 numbers differs, 1.5 and Infinity at /energy")),
    Scene("another_shape", **differs({"values": VALUES}, {"values": VALUES[:-1]}, "A and B: the outputs differ in shape at /values: [10] "
          "and [9]"), quick=True),
    Scene("another_type", **differs(energy(), energy(energy="1.5"),
          "A and B: the outputs differ in type at /energy: 1.5 and \"1.5\"")),
    Scene("integer_and_float", **differs({"n": 1}, {"n": 1.0},
          "A and B: the outputs differ in type at /n: 1 and 1.0")),
    Scene("order_of_keys", **differs('{"a": 1, "b": 2}', '{"b": 2, "a": 1}',
          "A and B: the outputs have keys in another order: \"a\" and \"b\"")),
    Scene("missing_key", **differs({"a": 1.5, "b": 2}, {"a": 1.5},
          "A and B: only the first output has something at /b: 2")),
    Scene("another_text", **differs(energy(), energy(atoms=["H", "C"]),
          "A and B: the outputs differ in text at /atoms/1: \"O\" and \"C\"")),
    Scene("another_spelling", **differs('{"a": 0.1}', '{"a": 1e-1}',
          "A and B: the outputs differ in text at /a: 0.1 and 1e-1")),
    Scene("white_space", **differs('{"a": 1}', '{"a":  1}', "A and B: every value is the same; only the space between them differs, first "
          "at byte 6")),
    Scene("text_with_numbers", **differs("step 2 energy = -1.5 eV\nstep 3 energy = -1.25 eV\n", "step 2 energy = -1.5 eV\nstep 3 energy = "
          "-1.75 eV\n",
          "A and B: 1 of 4 numbers differs, by at most 2.3e15 ulp (2.9e-1 relative) at /energy (line 2, column 17)")),
    Scene("other_words", **differs("all is well\n", "all is bad!\n",
          "A and B: 4 of 12 bytes differ, the first at byte 7")),
    Scene("columns", **differs("x,y\n1,0.5\n2,0.25\n3,0.125\n", "x,y\n1,0.5\n2,0.25\n3,0.126\n",
          "A and B: 1 of 6 numbers differs, by at most 3.6e13 ulp (7.9e-3 relative) at /y [2]"), quick=True),
    # A step of a single: 2^-25 beside a third.
    Scene("singles_as_text", **differs({"v": SINGLES}, {"v": [0.33333337, *SINGLES[1:]]},
          "A and B: 1 of 6 numbers differs, by at most 1 ulp (8.9e-8 relative) at /v/0"), quick=True),
    Scene("array", **differs(npy(VALUES), npy(MOVED), "A and B: 2 of 10 numbers differ, by at most 4 ulp (8.4e-16 relative) at /3")),
    Scene("array_of_singles", **differs(npy([1.5, 2.5], "f"), npy([single(1.5000001), 2.5], "f"),
          "A and B: 1 of 2 numbers differs, by at most 1 ulp (7.9e-8 relative) at /0"), quick=True),
    Scene("array_of_integers", **differs(npy([1, 2, 3], "q"), npy([1, 2, 9], "q"),
          "A and B: /2 differs by 6 (an integer)")),
    Scene("raw_doubles", **differs(struct.pack("<3d", 1.0, 2.0, 3.0), struct.pack("<3d", 1.0, 2.0, ulp(3.0, 2)),
          "A and B: 1 of 3 numbers differs, by at most 2 ulp (3.0e-16 relative) at /2"),
          flags=("--read-as", "f64")),
    Scene("raw_bytes", **differs(b"\xff\xfe\x00\x01abc", b"\xff\xfe\x00\x01abd", "A and B: 1 of 7 bytes differ, the first at byte 6")),
    Scene("longer_output", **differs(b"\xff\xfe\x00", b"\xff\xfe\x00\x01",
          "A and B: one output goes on after byte 3, where the other ends; they are 3 and 4 bytes long")),
    # Around zero the largest relative difference is beside the largest absolute one.
    Scene("around_zero", **differs({"e": 5.0, "z": 1e-17}, {"e": 10.0, "z": -1e-18},
          "A and B: 2 of 2 numbers differ, by at most 5 absolute (at /e); 8.7e18 ulp and 1.1e0 relative (at /z)")),
    Scene("only_a_time", **differs({"energy": 1.5, "elapsed_s": 0.5}, {"energy": 1.5, "elapsed_s": 0.75}, "A and B: 1 of 2 numbers differs, "
          "by at most 2.3e15 ulp (3.3e-1 relative) at /elapsed_s. Only /elapsed_s differs, and by its name it may differ in every run: "
          "digest another part with --select, or add --equivalent \"/elapsed_s: ignore\"")),
    Scene("a_time_and_an_energy", **differs({"energy": 1.5, "pid": 7}, {"energy": 2.5, "pid": 8}, None, not_of_difference=("Only ",))),
    Scene("tolerance_holds", **differs({"values": VALUES}, {"values": MOVED}, None, exit=0,
          tolerance="equivalent under ulp=4; at most 4 ulp (8.4e-16 relative) at /values/3"),
          flags=("--equivalent", "ulp=4", "--accept", "equivalent"), quick=True),
    Scene("tolerance_without_accept", **differs({"values": VALUES}, {"values": MOVED}, None,
          tolerance="equivalent under ulp=4; at most"), flags=("--equivalent", "ulp=4")),
    Scene("tolerance_does_not_hold", **differs({"values": VALUES}, {"values": MOVED}, "A and B: 2 of 10 numbers differ beyond the "
          "tolerances, by at most 4 ulp (8.4e-16 relative) at /values/3", exit=1, tolerance="not equivalent under ulp=3, because of 4 ulp"),
          flags=("--equivalent", "ulp=3", "--accept", "equivalent")),
    Scene("tolerance_of_a_path", **differs(energy(), energy(energy=ulp(1.5, 1)), None, exit=0),
          flags=("--equivalent", "/energy: rel=1e-12", "--accept", "equivalent")),
    Scene("tolerance_matches_nothing", **differs(energy(), energy(energy=ulp(1.5, 1)), None,
          warnings=("no path of the compared outputs fits the rule",)), flags=("--equivalent", "/enrgy: rel=1e-12")),
    Scene("ignored_path", **differs(energy(), energy(steps=9), "A and B: the outputs differ only where the tolerances ignore it", exit=0),
          flags=("--equivalent", "/steps: ignore", "--accept", "equivalent")),
]
