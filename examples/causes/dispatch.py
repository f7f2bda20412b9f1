"""Dispatch: the C library chooses the code of sin, exp and log for the CPU, and the codes round differently."""

import math

for i in range(1, 2000):
    x = i / 7
    print(math.sin(x), math.exp(x / 10), math.log(x))
