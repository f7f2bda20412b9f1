"""A sum of 430 numbers in BLAS: another alignment of the array gives another last digit."""

import numpy as np
from scipy.linalg import blas

print(float(blas.dasum(np.random.default_rng(7).standard_normal(430))))
