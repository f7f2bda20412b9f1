"""A calculation for tests. Its payload tells it what to do: {"does": ..., ...}. It echoes any other payload."""

import json
import os
import pathlib
import signal
import sys
import time

payload = sys.stdin.buffer.read()
try:
    asked = json.loads(payload)
    does = asked["does"]
except (ValueError, KeyError, TypeError):
    asked, does = {}, "echo"

if does == "echo":
    sys.stdout.buffer.write(payload)
elif does == "differ":  # only in the last bytes
    sys.stdout.write(f"process {os.getpid()}\n")
elif does == "fail":
    sys.stderr.write(f"{'x' * 5_000}\nno convergence after 7 steps\n")
    sys.exit(7)
elif does == "kill-worker":
    os.kill(os.getppid(), signal.SIGKILL)
elif does == "sleep":
    time.sleep(asked["seconds"])
    sys.stdout.write("slept\n")
elif does == "need":
    if not pathlib.Path(asked["file"]).exists():
        sys.exit(f"{asked['file']} is not there")
    sys.stdout.write("found\n")
elif does == "grow":  # bytes that do not compress, the same each time
    state, words = 1, []
    while len(words) * 8 < asked["bytes"]:
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        words.append((state ^ state >> 29).to_bytes(8, "little"))
    sys.stdout.buffer.write(b"".join(words)[: asked["bytes"]])
else:
    sys.exit(f"cannot {does}")
