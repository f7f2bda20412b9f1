"""Exponentials of NumPy, for which it has code of its own on some CPUs."""

import numpy as np

print(np.exp(np.linspace(0, 3, 1000)).sum())
