"""Integers: no CPU gives another result."""

import numpy as np

rng = np.random.default_rng(1)
a, b = rng.integers(0, 1000, (100, 100)), rng.integers(0, 1000, (100, 100))
print((a @ b).sum(), np.cumsum(a)[-1])
