#!/usr/bin/env python3
"""Linear algebra and elementary functions in NumPy, from a seed: do its results depend on the machine?

    producer submit examples/numpy/payload.json -- python3 examples/numpy/clmath.py

Payload on stdin, a JSON object; every field may be left out:
    n     2 to 2000          rows of the square matrices      (default 256)
    seed  0 to 4294967295    of the generator                 (default 42)

Result on stdout, one JSON object: for each of "matmul", "solve", "exp" and "sin" the sum of the result, as the
shortest decimal that reads back as the same float, and "sha256" of all of its bytes. A wrong payload gives a message on
stderr and exit code 2.

The inputs are the same everywhere: PCG64 is integer arithmetic, and its doubles are exact multiples of 2^-53. The results
may differ: OpenBLAS picks a kernel for the kind of CPU and splits the work by the number of threads, and NumPy picks vector
instructions for exp and sin at run time. On one machine, OPENBLAS_CORETYPE=Nehalem and OPENBLAS_NUM_THREADS=1 changed
digests.
"""

import hashlib
import json
import math
import sys

import numpy as np

# Field: default, lowest, highest.
FIELDS = {"n": (256, 2, 2000), "seed": (42, 0, 2**32 - 1)}


def refuse(message):
    print(message, file=sys.stderr)
    sys.exit(2)


def read_payload(text):
    try:
        payload = json.loads(text)
    except (ValueError, RecursionError) as error:
        refuse(f"the payload is not JSON: {error}")
    if not isinstance(payload, dict) or not payload.keys() <= FIELDS.keys():
        refuse(f"the payload is not a JSON object with some of the fields {', '.join(FIELDS)}")
    for name, (default, lowest, highest) in FIELDS.items():
        value = payload.setdefault(name, default)
        if type(value) is not int or not lowest <= value <= highest:
            refuse(f"{name} is {json.dumps(value)[:40]}, expected a whole number from {lowest} to {highest}")
    return payload["n"], payload["seed"]


def results(n, seed):
    generator = np.random.Generator(np.random.PCG64(seed))
    left, right = generator.random((n, n)), generator.random((n, n))
    yield "matmul", left @ right
    yield "solve", np.linalg.solve(left + n * np.eye(n), right)
    yield "exp", np.exp(left * 20 - 10)
    yield "sin", np.sin(right * 1000)


def summary(array):
    # fsum rounds once, so that the sum adds no difference of its own.
    little_endian = np.ascontiguousarray(array, dtype="<f8")
    return {"sum": math.fsum(little_endian.flat), "sha256": hashlib.sha256(little_endian).hexdigest()}


if __name__ == "__main__":
    n, seed = read_payload(sys.stdin.buffer.read())
    print(json.dumps({name: summary(array) for name, array in results(n, seed)}))
