"""Hash seed: Python hashes strings with a seed of the run, so a set of strings has another order in each run."""

rain = {f"station {i}": (i * 7919 % 1000 + 1) / 3 * 10.0 ** (i % 13 - 6) for i in range(2000)}
total = 0.0
squares = 0.0
for station in set(rain):
    total += rain[station]
    squares += rain[station] ** 2
print(total, squares)
