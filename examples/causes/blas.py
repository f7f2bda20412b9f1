"""BLAS: a library of linear algebra has a product of matrices for each kind of CPU, and each adds in another order."""

import numpy as np

rng = np.random.default_rng(1)
a, b = rng.random((200, 200)), rng.random((200, 200))
print(float((a @ b).sum()), float((a @ b)[7, 9]))
