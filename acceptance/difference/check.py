"""Checks the distances that a comparison finds. They must equal numpy's in every bit.

    acceptance/difference/run [PAIRS]

Arrays of random pairs, drawn from a seed, are saved by `numpy.save`, as raw numbers, as JSON and as text, and compared. The
histogram counts all distances; the largest distances are checked themselves. The expected distances come from
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
    exact = [abs(fractions.Fraction(a) - fractions.Fraction(b)) / max(abs(fractions.Fraction(a)), abs(fractions.Fraction(b)))
             if a != b else fractions.Fraction(0) for a, b in zip(*(side.tolist() for side in wide))]
    differing = [int(x) ^ int(y) for x, y in zip(one.view(bits_type), other.view(bits_type))]
    histogram = {}
    for distance in steps:
        bar = distance.bit_length()
        name = str(bar) if bar < 2 else f"{1 << (bar - 1)}-{(1 << bar) - 1}"
        histogram[name] = histogram.get(name, 0) + 1
    return {"different": len(steps), "ulp_max": str(max(steps)), "absolute_max": float(absolute.max()),
            "relative_max": float(max(exact)), "common_bits_min": min(width - x.bit_length() for x in differing),
            "ulp_histogram": histogram}


def check(name, path, expect):
    assert path["different"] == expect["different"], (name, path["different"], expect["different"])
    assert path["ulp_max"] == expect["ulp_max"], (name, path["ulp_max"], expect["ulp_max"])
    assert path["common_bits_min"] == expect["common_bits_min"], name
    found = math.inf if path["absolute_max"] is None else path["absolute_max"]
    assert found == expect["absolute_max"], (name, found, expect["absolute_max"])
    # The program rounds twice, exact arithmetic once.
    assert abs(path["relative_max"] - expect["relative_max"]) <= 4 * sys.float_info.epsilon, name
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
            forms = {"npy": lambda side, file: numpy.save(file, side)}
            if kind != "f2":
                forms["f32" if kind == "f4" else "f64"] = lambda side, file: file.write(side.tobytes())
            if kind == "f8":
                forms["json"] = lambda side, file: file.write(json.dumps(side.tolist()).encode())
                forms["csv"] = lambda side, file: numpy.savetxt(file, side, fmt="%.16e", header="value")
            for form, write in forms.items():
                for name, side in (("left", left), ("right", right)):
                    with open(place(name), "wb") as file:
                        write(side, file)
                [path] = compare(program, form, place("left"), place("right"))["paths"]
                check((kind, form), path, expect)
                print(f"{kind} as {form}: {len(left):,} pairs, {expect['different']:,} differ, "
                      f"by at most {expect['ulp_max']} ulp: equal to numpy")


if __name__ == "__main__":
    main()
