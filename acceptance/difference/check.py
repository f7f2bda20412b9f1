"""Checks the distances that a comparison finds. They must equal numpy's in every bit.

    acceptance/difference/run [PAIRS]

Long doubles of the x87 are compared as arrays, complex arrays, records and archives, where numpy has them.

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


def long_pairs(count, generator):
    """Random finite pairs of long doubles: any bits, numbers a few steps apart, small exponents, both signs."""
    bits = generator.integers(0, numpy.iinfo(numpy.uint64).max, (2, count), dtype=numpy.uint64, endpoint=True)
    exponents = generator.integers(0, 0x7fff, (2, count)).astype(numpy.uint16)
    quarter = count // 4
    exponents[:, quarter:2 * quarter] = generator.integers(16383 - 3, 16383 + 3, (2, quarter))
    exponents[:, 2 * quarter:3 * quarter] = generator.integers(0, 3, (2, quarter))
    one = numpy.uint64(1 << 63)
    bits = numpy.where(exponents == 0, bits & ~one, bits | one)
    signs = generator.integers(0, 2, (2, count)).astype(numpy.uint16) << numpy.uint16(15)
    sides = []
    for side in range(2):
        raw = numpy.zeros((count, 16), dtype=numpy.uint8)
        raw[:, :8] = bits[side].astype("<u8").view(numpy.uint8).reshape(count, 8)
        raw[:, 8:10] = (exponents[side] | signs[side]).astype("<u2").view(numpy.uint8).reshape(count, 2)
        sides.append(raw.reshape(-1).view(numpy.longdouble).copy())
    left, right = sides
    near = left[:quarter].copy()
    for step in range(1, 9):
        further = generator.integers(0, 9, quarter) >= step
        near = numpy.where(further, numpy.nextafter(near, numpy.longdouble(numpy.inf)), near)
    right[:quarter] = near
    finite = numpy.isfinite(left) & numpy.isfinite(right)
    return left[finite], right[finite]


def raw_bits(number):
    """The 80 bits of a long double. The other six bytes mean nothing."""
    return int.from_bytes(numpy.longdouble(number).tobytes()[:10], "little")


def position(bits):
    """The position of a long double in the order of all of them; zero has the position 0."""
    exponent, significand = bits >> 64 & 0x7fff, bits & ((1 << 64) - 1)
    place = max(exponent, significand >> 63) << 63 | significand & ((1 << 63) - 1)
    return -place if bits >> 79 else place


def nearest(fraction):
    """The nearest double, or infinity."""
    try:
        return float(fraction)
    except OverflowError:
        return math.inf


def expected_long(left, right):
    """The same as `expected` for long doubles. Distances in ulp stop at 2^64 - 1."""
    most = (1 << 64) - 1
    pairs, absolutes, relatives, commons, histogram = [], [], [], [], {}
    for a, b in zip(left, right):
        bits = raw_bits(a), raw_bits(b)
        if bits[0] == bits[1]:
            continue
        steps = abs(position(bits[0]) - position(bits[1]))
        if 0 < steps <= 8:
            stepped = a
            for _ in range(steps):
                stepped = numpy.nextafter(stepped, b)
            assert stepped == b, (a, b, steps)
        steps = min(steps, most)
        one, other = (fractions.Fraction(*number.as_integer_ratio()) for number in (a, b))
        absolutes.append(nearest(abs(one - other)))
        relatives.append(0.0 if one == other else float(abs(one - other) / max(abs(one), abs(other))))
        commons.append(80 - (bits[0] ^ bits[1]).bit_length())
        bar = steps.bit_length()
        name = str(bar) if bar < 2 else f"{1 << (bar - 1)}-{(1 << bar) - 1}"
        histogram[name] = histogram.get(name, 0) + 1
        pairs.append((bits[0], bits[1], steps, absolutes[-1], relatives[-1]))
    return {"pairs": pairs, "different": len(pairs), "ulp_max": str(max(steps for _, _, steps, _, _ in pairs)),
            "absolute_max": max(absolutes), "relative_max": max(relatives), "common_bits_min": min(commons),
            "ulp_histogram": histogram}


def check_long(name, path, expect):
    for field in ("different", "ulp_max", "common_bits_min"):
        assert path[field] == expect[field], (name, field, path[field], expect[field])
    found = math.inf if path["absolute_max"] is None else path["absolute_max"]
    assert found == expect["absolute_max"], (name, found, expect["absolute_max"])
    assert abs(path["relative_max"] - expect["relative_max"]) <= 4 * sys.float_info.epsilon, name
    for place, measure, largest in (("ulp_at", 2, int(expect["ulp_max"])), ("absolute_at", 3, expect["absolute_max"]),
                                    ("relative_at", 4, expect["relative_max"])):
        left, right = (raw_bits(numpy.longdouble(path[place][side])) for side in ("left", "right"))
        sizes = [pair[measure] for pair in expect["pairs"] if pair[:2] == (left, right)]
        assert sizes and abs(max(sizes) - largest) <= 4 * sys.float_info.epsilon * abs(largest) or max(sizes) == largest, (name, place)
    bars = {bar["ulp"]: bar["values"] for bar in path["ulp_histogram"]}
    assert bars == expect["ulp_histogram"], (name, bars, expect["ulp_histogram"])


def long_doubles(program, count, generator, place):
    """Compares long doubles in all forms that hold them. Only the x87 has them in this form."""
    if numpy.finfo(numpy.longdouble).nmant != 63:
        return
    left, right = long_pairs(count, generator)
    expect = expected_long(left, right)
    padded = lambda side: (side.view(numpy.uint8).reshape(-1, 16) | numpy.uint8(0)).copy()

    def noisy(side):
        raw = padded(side)
        raw[:, 10:] = generator.integers(0, 256, (len(raw), 6))
        return raw.reshape(-1).view(numpy.longdouble)

    nested = lambda side: numpy.rec.fromarrays([numpy.arange(len(side)), side], dtype=[("n", "<i4"), ("v", side.dtype)])
    forms = {
        "npy": lambda side, file: numpy.save(file, side),
        "npy with other padding": lambda side, file: numpy.save(file, noisy(side)),
        "npz": lambda side, file: numpy.savez_compressed(file, other=numpy.arange(9), value=side),
        "npy of records": lambda side, file: numpy.save(file, nested(side)),
        "npy of complex": lambda side, file: numpy.save(file, side + numpy.clongdouble(0)),
    }
    for form, write in forms.items():
        for name, side in (("left", left), ("right", right)):
            with open(place(name), "wb") as file:
                write(side, file)
        paths = compare(program, form.split()[0], place("left"), place("right"))["paths"]
        if form != "npy of complex":
            check_long(("long double", form), paths[0], expect)
        else:
            # Adding a complex zero turns -0.0 into 0.0.
            assert paths[0]["path"] == "/real" and paths[0]["ulp_max"] == expect["ulp_max"], paths[0]
        assert all(path["different"] == 0 for path in paths[1:]), form
        print(f"long double as {form}: {len(left):,} pairs, {expect['different']:,} differ, "
              f"by at most {expect['ulp_max']} ulp: equal to numpy")


def structured(program, place):
    """Records in records, and arrays in records: each differing number is found at its path, and nothing else."""
    inner = numpy.dtype([("x", "<f8"), ("v", ">i2", (2,))])
    made = numpy.zeros(5, dtype=[("k", "<i4"), ("one", inner), ("p", inner, (2, 3)), ("s", "S3"), ("m", "<f4", (2, 2))])
    changes = [("/*/one/x", lambda a: a["one"]["x"].__setitem__(2, 1.0)),
               ("/*/p/1/2/v/*", lambda a: a["p"]["v"].__setitem__((4, 1, 2, 1), 7)),
               ("/*/m/*/*", lambda a: a["m"].__setitem__((0, 1, 0), 0.5))]
    for path, change in changes:
        other = made.copy()
        change(other)
        for name, side in (("left", made), ("right", other)):
            numpy.save(open(place(name), "wb"), side)
        found = compare(program, "npy", place("left"), place("right"))
        differing = {each["path"]: each["different"] for each in found["paths"] if each["different"]}
        assert found["note"] is None and differing == {path: 1}, (path, found)
    print("records in records: each number is found at its path")


def damaged(program, place):
    """A wrong checksum of an archived array, which numpy refuses too, is an error that names the array."""
    for save in (numpy.savez, numpy.savez_compressed):
        with open(place("left"), "wb") as file:
            save(file, good=numpy.arange(5.0), bad=numpy.arange(50.0))
        raw = bytearray(open(place("left"), "rb").read())
        at = raw.rindex(b"PK\x01\x02") + 16
        raw[at] ^= 1
        open(place("right"), "wb").write(raw)
        try:
            dict(numpy.load(place("right")))
            raise AssertionError("numpy reads it")
        except Exception as error:
            assert "CRC" in str(error), error
        found = compare(program, "npz", place("left"), place("right"))
        told = [(each["path"], each["right"]) for each in found["mismatches"]]
        assert len(told) == 1 and told[0][0] == "/bad" and "wrong checksum" in told[0][1], told
    print("a wrong checksum of an archived array is told")


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


    with tempfile.TemporaryDirectory() as folder:
        place = lambda name: os.path.join(folder, name)
        long_doubles(program, min(count, 4_000), generator, place)
        structured(program, place)
        damaged(program, place)


if __name__ == "__main__":
    main()
