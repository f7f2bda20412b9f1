"""Mean of the readings of weather stations whose names are kept in a set: divergent on purpose.

    producer submit examples/python/set_order.json -- python3 examples/python/set_order.py

Payload on stdin, a JSON object; the field may be left out:
    stations  2 to 10000  number of stations (default 500)

Result on stdout, one JSON object: "mean" and "variance". A wrong payload gives a message on stderr and exit code 2.

Needs only the standard library. The readings are the same in every process. But Python hashes strings with a secret of the
process, so a set of names has another order in each process. Floats are added in that order, and the last digits differ.
There are two remedies: PYTHONHASHSEED=0 in the environment, or sorted(names) and math.fsum in the code.
"""

import json
import sys

STATIONS_DEFAULT, STATIONS_MIN, STATIONS_MAX = 500, 2, 10_000


def refuse(message):
    print(message, file=sys.stderr)
    sys.exit(2)


def read_payload(text):
    try:
        payload = json.loads(text)
    except (ValueError, RecursionError) as error:
        refuse(f"the payload is not JSON: {error}")
    if not isinstance(payload, dict) or any(name != "stations" for name in payload):
        refuse("the payload is not a JSON object whose only field is stations")
    stations = payload.get("stations", STATIONS_DEFAULT)
    if type(stations) is not int or not STATIONS_MIN <= stations <= STATIONS_MAX:
        refuse(
            f"stations is {json.dumps(stations)[:40]}, "
            f"expected a whole number from {STATIONS_MIN} to {STATIONS_MAX}"
        )
    return stations


def statistics_of(stations):
    # Readings of very different size, in a fixed pattern of decimal fractions that binary rounds.
    readings = {f"station-{number}": (number % 97 + 1) * 10.0 ** (number % 13 - 6) for number in range(stations)}
    names = set(readings)
    total = 0.0
    for name in names:
        total += readings[name]
    mean = total / stations
    squares = 0.0
    for name in names:
        squares += (readings[name] - mean) ** 2
    return {"mean": mean, "variance": squares / (stations - 1)}


if __name__ == "__main__":
    print(json.dumps(statistics_of(read_payload(sys.stdin.buffer.read()))))
