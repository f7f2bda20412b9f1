"""Largest eigenvalues of a Gaussian kernel, by power iteration with deflation.

    producer submit examples/python/spectrum.json -- python3 examples/python/spectrum.py

Payload on stdin, a JSON object; every field may be left out:
    points  2 to 64    rows of the symmetric matrix K[i][j] = exp(-((i - j) / width)^2)   (default 24)
    width   0.1 to 64  of the kernel, in points                                           (default 6.0)
    modes   1 to 4     eigenvalues wanted, at most points, the largest first              (default 3)
    steps   1 to 200   of the iteration for each                                          (default 60)

Result on stdout, one JSON object: "eigenvalues" and "residuals", the norm of K v - lambda v for each.
A wrong payload gives a message on stderr and exit code 2.

Needs only the standard library. Every copy gives the same bytes: sums are exact and rounded once (math.fsum), and the order of
operations is fixed. Between machines only exp and sqrt of libm can still differ.
"""

import json
import math
import sys

# Field: default, lowest, highest. A field whose default is an integer takes integers only.
FIELDS = {"points": (24, 2, 64), "width": (6.0, 0.1, 64.0), "modes": (3, 1, 4), "steps": (60, 1, 200)}


def refuse(message):
    print(message, file=sys.stderr)
    sys.exit(2)


def read_payload(text):
    try:
        payload = json.loads(text)
    except (ValueError, RecursionError) as error:
        refuse(f"the payload is not JSON: {error}")
    if not isinstance(payload, dict):
        refuse(f"the payload is not a JSON object with some of the fields {', '.join(FIELDS)}")
    for name in payload:
        if name not in FIELDS:
            refuse(f"unknown field {name!r}, expected {', '.join(FIELDS)}")
    settings = []
    for name, (default, lowest, highest) in FIELDS.items():
        value = payload.get(name, default)
        kinds = (int,) if isinstance(default, int) else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds) or not lowest <= value <= highest:
            noun = "a whole number" if kinds == (int,) else "a number"
            refuse(f"{name} is {json.dumps(value)[:40]}, expected {noun} from {lowest} to {highest}")
        settings.append(value)
    points, _, modes, _ = settings
    if modes > points:
        refuse(f"modes is {modes}, expected at most as many as points, {points}")
    return settings


def dot(left, right):
    return math.fsum(a * b for a, b in zip(left, right))


def normalise(vector):
    norm = math.sqrt(dot(vector, vector))
    return [value / norm for value in vector]


def spectrum(points, width, modes, steps):
    kernel = [[math.exp(-(((i - j) / width) ** 2)) for j in range(points)] for i in range(points)]
    found = []
    eigenvalues, residuals = [], []
    for _ in range(modes):
        vector = normalise([1.0 / (i + 1) for i in range(points)])
        for _ in range(steps):
            image = [dot(row, vector) for row in kernel]
            for known in found:  # stay orthogonal to the eigenvectors found before
                share = dot(image, known)
                image = [value - share * part for value, part in zip(image, known)]
            vector = normalise(image)
        image = [dot(row, vector) for row in kernel]
        eigenvalue = dot(image, vector)
        difference = [value - eigenvalue * part for value, part in zip(image, vector)]
        found.append(vector)
        eigenvalues.append(eigenvalue)
        residuals.append(math.sqrt(dot(difference, difference)))
    return {"eigenvalues": eigenvalues, "residuals": residuals}


if __name__ == "__main__":
    print(json.dumps(spectrum(*read_payload(sys.stdin.buffer.read()))))
