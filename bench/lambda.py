#!/usr/bin/env python3
"""Measures the start of the functions, and of the Python function that you would deploy instead, in one run.

    rustup target add x86_64-unknown-linux-musl
    cargo build --profile function --locked --target x86_64-unknown-linux-musl -p concord-worker --features lambda --bin worker
    cargo build --profile function --locked --target x86_64-unknown-linux-musl -p concord-aggregator --features lambda --bin aggregator
    $(infra/venv stack)/python bench/lambda.py target/x86_64-unknown-linux-musl/function/{worker,aggregator}

A start is the time from the creation of the process to its first request for an invocation, at a runtime API on this
machine. Each program is started 50 times, in turn; 5 starts before that do not count. Memory is the largest resident set
until that request, with the pages of the program itself. The alternative is a bootstrap in Python that imports boto3 and
makes the clients that the worker needs, run by the Python that runs this script. Prints a Markdown table and asserts nothing.
"""

import os
import pathlib
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

STARTS, STARTS_BEFORE = 50, 5
START_SECONDS_MAX = 10
AIMS = "aim: under 15 ms, 25 MB, 12 MB"

BOOTSTRAP = """
import os, urllib.request, boto3
clients = [boto3.client(name) for name in ("dynamodb", "s3", "sqs")]
urllib.request.urlopen(f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation/next")
"""

# The variables that the template gives to both functions, and Lambda to every function.
VARIABLES = {
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_SESSION_TOKEN": "test",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_LAMBDA_FUNCTION_NAME": "concord",
    "AWS_LAMBDA_FUNCTION_VERSION": "1",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
    "AWS_LAMBDA_LOG_GROUP_NAME": "concord",
    "AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/23/[1]0123456789abcdef",
    "TABLE": "concord",
    "BUCKET": "concord",
    "QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/000000000000/concord",
    "DEADLINE_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/000000000000/deadlines",
    "DEAD_LETTER_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/000000000000/dead-letters",
    "QUARANTINE_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/000000000000/quarantine",
    "EVENT_BUS": "default",
    "KEEP_DAYS": "30",
    "CALC": "probe",
    "CONCORD_STACK": "concord",
}


def start(command, home):
    """Milliseconds to the first request, and MB resident by then."""
    with socket.create_server(("127.0.0.1", 0)) as api, tempfile.TemporaryFile() as log:
        api.settimeout(START_SECONDS_MAX)
        variables = VARIABLES | {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.getsockname()[1]}",
            "HOME": home,
            "PATH": os.environ["PATH"],
        }
        begin = time.perf_counter()
        process = subprocess.Popen(command, env=variables, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            connection, _ = api.accept()
            with connection:
                request = connection.recv(1 << 16)
                milliseconds = (time.perf_counter() - begin) * 1000
                assert request.startswith(b"GET /2018-06-01/runtime/invocation/next "), request
                return milliseconds, resident(process.pid)
        except TimeoutError:
            log.seek(0)
            raise AssertionError(f"{command} asked for nothing:\n{log.read().decode()}") from None
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()


def resident(pid):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1000 * 1.024


def installed_bytes():
    """The size of boto3 and botocore, unpacked. They are part of Lambda's own Python runtimes, but not of an image."""
    import boto3
    import botocore
    import s3transfer

    folders = [pathlib.Path(package.__file__).parent for package in (boto3, botocore, s3transfer)]
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file() and file.suffix != ".pyc"]
    return sum(file.stat().st_size for file in files)


def main():
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="concord-bench-") as home:
        bootstrap = pathlib.Path(home, "bootstrap.py")
        bootstrap.write_text(BOOTSTRAP)
        programs = [pathlib.Path(path).resolve() for path in sys.argv[1:]]
        measured = {program: ([str(program)], program.stat().st_size) for program in programs}
        version = ".".join(map(str, sys.version_info[:2]))
        measured[f"Python {version} with boto3"] = ([sys.executable, str(bootstrap)], installed_bytes())
        starts = {name: [] for name in measured}
        for _ in range(STARTS_BEFORE + STARTS):
            for name, (command, _) in measured.items():
                starts[name].append(start(command, home))
    print(f"| function ({AIMS}) | start, median | start, 95th percentile | resident | size |\n|---|---|---|---|---|")
    for name, (_, size_bytes) in measured.items():
        counted = starts[name][STARTS_BEFORE:]
        milliseconds = [took for took, _ in counted]
        label = name if isinstance(name, str) else f"{name.name}, {name.parts[-3]}"
        print(
            f"| {label} | {statistics.median(milliseconds):.1f} ms | {statistics.quantiles(milliseconds, n=20)[-1]:.1f} ms "
            f"| {max(memory for _, memory in counted):.1f} MB | {size_bytes / 1e6:.1f} MB |"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
