"""Checks the distances that a comparison finds. They must equal numpy's in every bit.

    acceptance/difference/run [PAIRS]

Arrays of random pairs, drawn from a seed, are saved by `numpy.save` and `numpy.savez`, as a field of records, as raw numbers,
as JSON, as a table and among words, and compared. Singles are also written in decimal. The histogram counts all distances; the
largest distances are checked themselves, each with the pair at its place. The expected distances come from
`numpy.nextafter` and `numpy.spacing` if numbers are close, from Python's integers if they are too far apart to step from
one to the other, from numpy's subtraction, and from exact fractions.
"""

import fractions
import json
import math
import os
import subprocess
import sys
import tempfile

import numpy

SEED = 20261123
TYPES = {"f8": (numpy.float64, numpy.uint64, 64), "f4": (numpy.float32, numpy.uint32, 32),
         "f2": (numpy.float16, numpy.uint16, 16)}


def ordered(value, bits_type, width):
    """The position of a number in the order of all numbers of its type; zero has the position 0."""
    bits = int(value.view(bits_type))
    sign = 1 << (width - 1)
    return -(bits - sign) if bits & sign else bits


def pairs(kind, count, generator):
    """Random finite pairs: any bits, numbers a few steps apart, subnormal numbers, numbers of both signs."""
    float_type, bits_type, width = TYPES[kind]
    any_bits = lambda size: generator.integers(0, 1 << width, size, dtype=numpy.uint64, endpoint=False) if width < 64 \
        else generator.integers(0, numpy.iinfo(numpy.uint64).max, size, dtype=numpy.uint64, endpoint=True)
    left = any_bits(count).astype(bits_type).view(float_type)
    right = any_bits(count).astype(bits_type).view(float_type)
    quarter = count // 4
    near = left[:quarter].copy()
    for step in range(1, 9):
        further = generator.integers(0, 9, quarter) >= step
        with numpy.errstate(over="ignore", invalid="ignore"):
            near = numpy.where(further, numpy.nextafter(near, float_type(numpy.inf)), near)
    right[:quarter] = near
    tiny = generator.integers(0, 200, (2, quarter)).astype(bits_type)
    signs = generator.integers(0, 2, (2, quarter)).astype(bits_type) << bits_type(width - 1)
    tiny = (tiny | signs).view(float_type)
    left[quarter:2 * quarter], right[quarter:2 * quarter] = tiny[0], tiny[1]
    finite = numpy.isfinite(left) & numpy.isfinite(right)
    return left[finite], right[finite]


def relative(a, b):
    """The exact relative difference, rounded once."""
    if a == b:
        return 0.0
    a, b = fractions.Fraction(a), fractions.Fraction(b)
    return float(abs(a - b) / max(abs(a), abs(b)))


def written(side):
    """Numbers in decimal, with the digits that their type needs."""
    return [repr(float(number)) if side.dtype == numpy.float64 else numpy.format_float_scientific(number, trim="0") for number in side]


def records(side):
    """The numbers as a field of records, between others."""
    made = numpy.zeros(len(side), dtype=[("place", ">i4"), ("value", side.dtype), ("name", "U3")])
    made["place"], made["value"], made["name"] = numpy.arange(len(side)), side, "\u00e4b"
    return made


def compare(program, form, left, right):
    told = subprocess.run([program, form, left, right], check=True, capture_output=True, text=True).stdout
    return json.loads(told.splitlines()[1])["comparison"]


def expected(kind, left, right):
    """What numpy and exact arithmetic give for two arrays: the pairs that differ, and their distances."""
    float_type, bits_type, width = TYPES[kind]
    different = left.view(bits_type) != right.view(bits_type)
    one, other = left[different], right[different]
    places = [(ordered(a, bits_type, width), ordered(b, bits_type, width)) for a, b in zip(one, other)]
    steps = [abs(a - b) for a, b in places]
    for a, b, distance in zip(one, other, steps):
        if 0 < distance <= 8:
            stepped = a
            for _ in range(distance):
                stepped = numpy.nextafter(stepped, b)
            assert stepped == b, (a, b, distance)
        if distance == 1 and (a > 0) == (b > 0) and a != 0 and b != 0:
            nearer = min(abs(a), abs(b))
            assert abs(float(a) - float(b)) == float(numpy.spacing(nearer)), (a, b)
    with numpy.errstate(over="ignore", invalid="ignore"):
        wide = one.astype(numpy.float64), other.astype(numpy.float64)
        absolute = numpy.abs(wide[0] - wide[1])
    exact = [relative(a, b) for a, b in zip(*(side.tolist() for side in wide))]
    differing = [int(x) ^ int(y) for x, y in zip(one.view(bits_type), other.view(bits_type))]
    histogram = {}
    for distance in steps:
        bar = distance.bit_length()
        name = str(bar) if bar < 2 else f"{1 << (bar - 1)}-{(1 << bar) - 1}"
        histogram[name] = histogram.get(name, 0) + 1
    return {"pairs": list(zip(one.tolist(), other.tolist(), steps)), "different": len(steps), "ulp_max": str(max(steps)), "absolute_max": float(absolute.max()),
            "relative_max": max(exact), "common_bits_min": min(width - x.bit_length() for x in differing),
            "ulp_histogram": histogram}


def check(name, path, expect):
    float_type = TYPES[name[0]][0]
    assert path["different"] == expect["different"], (name, path["different"], expect["different"])
    assert path["ulp_max"] == expect["ulp_max"], (name, path["ulp_max"], expect["ulp_max"])
    assert path["common_bits_min"] == expect["common_bits_min"], name
    found = math.inf if path["absolute_max"] is None else path["absolute_max"]
    assert found == expect["absolute_max"], (name, found, expect["absolute_max"])
    # The program rounds twice, exact arithmetic once.
    assert abs(path["relative_max"] - expect["relative_max"]) <= 4 * sys.float_info.epsilon, name
    for measure, largest in (("ulp", int(expect["ulp_max"])), ("absolute", expect["absolute_max"]), ("relative", expect["relative_max"])):
        place = path[measure + "_at"]
        left, right = (float(float_type(place[side])) for side in ("left", "right"))
        steps = [steps for a, b, steps in expect["pairs"] if (a, b) == (left, right)]
        with numpy.errstate(over="ignore"):
            absolute = float(numpy.abs(numpy.float64(left) - numpy.float64(right)))
        size = {"ulp": steps and max(steps), "absolute": absolute, "relative": relative(left, right)}[measure]
        assert steps and size == largest, (name, measure, place, largest)
    bars = {bar["ulp"]: bar["values"] for bar in path["ulp_histogram"]}
    assert bars == expect["ulp_histogram"], (name, bars, expect["ulp_histogram"])


def main():
    program = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 20_000
    generator = numpy.random.default_rng(SEED)
    with tempfile.TemporaryDirectory() as folder:
        place = lambda name: os.path.join(folder, name)
        for kind in TYPES:
            left, right = pairs(kind, count, generator)
            expect = expected(kind, left, right)
            forms = {
                "npy": lambda side, file: numpy.save(file, side),
                "npz": lambda side, file: numpy.savez_compressed(file, other=numpy.arange(9), value=side),
                "npy of records": lambda side, file: numpy.save(file, records(side)),
            }
            if kind != "f2":
                forms["f32" if kind == "f4" else "f64"] = lambda side, file: file.write(side.tobytes())
                words = lambda side: "".join(f"step {step}: E = {number} eV\n" for step, number in enumerate(written(side)))
                forms["text" if kind == "f8" else "f32text of words"] = lambda side, file: file.write(words(side).encode())
            if kind == "f4":
                json_of = lambda side: "[" + ", ".join(written(side)) + "]"
                forms["f32text of json"] = lambda side, file: file.write(json_of(side).encode())
                forms["auto of json"] = forms["f32text of json"]
                forms["auto of doubles"] = lambda side, file: file.write(json.dumps(side.tolist()).encode())
            if kind == "f8":
                forms["json"] = lambda side, file: file.write(json.dumps(side.tolist()).encode())
                forms["csv"] = lambda side, file: numpy.savetxt(file, side, fmt="%.16e", header="value")
            for form, write in forms.items():
                for name, side in (("left", left), ("right", right)):
                    with open(place(name), "wb") as file:
                        write(side, file)
                paths = compare(program, form.split()[0], place("left"), place("right"))["paths"]
                check((kind, form), paths[0], expect)
                assert all(path["different"] == 0 for path in paths[1:]), (kind, form)
                print(f"{kind} as {form}: {len(left):,} pairs, {expect['different']:,} differ, "
                      f"by at most {expect['ulp_max']} ulp: equal to numpy")


if __name__ == "__main__":
    main()
