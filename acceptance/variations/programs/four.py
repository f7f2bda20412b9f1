"""Four results of NumPy, each by its name: two of OpenBLAS, two of NumPy or libm."""

import json

import numpy as np

rng = np.random.default_rng(1)
a, b = rng.random((150, 150)), rng.random((150, 150))
x = rng.random(2000) * 10
results = {"product": (a @ b).sum(axis=0), "solve": np.linalg.solve(a, b)[0], "exp": np.exp(x), "sin": np.sin(x)}
print(json.dumps({name: result.tolist() for name, result in results.items()}))
