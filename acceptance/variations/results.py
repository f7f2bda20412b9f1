"""Calculates 24 results with NumPy and the functions of the C library, and prints a digest of each.

Most of them depend on the code that a library chooses for the CPU. The inputs do not: they are uniform numbers, which NumPy
makes of integers."""

import hashlib
import math
from collections.abc import Callable

import numpy as np

SEED = 20_260_101
ORDER = 150
ELEMENTS = 5_000


def digest(*parts: object) -> str:
    hashed = hashlib.sha256()
    for part in parts:
        hashed.update(np.ascontiguousarray(part).tobytes())
    return hashed.hexdigest()[:16]


def main() -> None:
    rng = np.random.default_rng(SEED)
    a, b = rng.random((ORDER, ORDER)), rng.random((ORDER, ORDER))
    x, y = rng.random(ELEMENTS) * 10 + 0.1, rng.random(ELEMENTS) * 3
    definite = a @ a.T + ORDER * np.eye(ORDER)
    complex_a, complex_b = a + 1j * b, b - 1j * a
    single = x.astype(np.float32)
    python = [float(number) for number in x[:500]]
    results: dict[str, Callable[[], object]] = {
        "a @ b": lambda: a @ b,
        "dot": lambda: x @ y,
        "solve": lambda: np.linalg.solve(a, b),
        "svd": lambda: np.linalg.svd(a, compute_uv=False),
        "eigh": lambda: np.linalg.eigvalsh(definite),
        "lstsq": lambda: np.linalg.lstsq(a[:, :50], b[:, 0], rcond=None)[0],
        "inv": lambda: np.linalg.inv(a),
        "det": lambda: np.linalg.det(a),
        "cholesky": lambda: np.linalg.cholesky(definite),
        "exp": lambda: np.exp(x),
        "log": lambda: np.log(x),
        "sin": lambda: np.sin(x),
        "cos": lambda: np.cos(x),
        "tan": lambda: np.tan(x),
        "pow": lambda: np.power(x, y),
        "fft": lambda: np.fft.fft(x),
        "sum": lambda: np.sum(x),
        "mean": lambda: np.mean(a, axis=0),
        "var": lambda: np.var(x),
        "std": lambda: np.std(b, axis=1),
        "single": lambda: np.concatenate([np.exp(single), np.sin(single), np.tanh(single)]),
        "complex a @ b": lambda: complex_a @ complex_b,
        "math.sin": lambda: [f(number) for number in python for f in (math.sin, math.exp, math.log)],
        "math.pow": lambda: [f for number in python for f in (math.pow(number, 1.7), math.lgamma(number))],
    }
    for name, result in results.items():
        print(f"{name}\t{digest(result())}")


if __name__ == "__main__":
    main()
