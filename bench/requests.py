#!/usr/bin/env python3
"""Counts the requests that a job makes to AWS, with the real producer, worker and aggregator on an emulator.

    cargo build --workspace --all-features && $(infra/venv stack)/python bench/requests.py

Each of the three programs has a proxy of its own that counts its requests, and that has DynamoDB say what each request costs.
Lambda's own pollers ask the queues and the stream inside the emulator; these requests are computed, not counted.

On AWS the aggregator gets the changes of a second in one batch. The emulator delivers each change as it comes. So each job
runs twice: with changes one by one, and with all changes in one batch. For the second run, the mapping of the stream is
disabled until every copy has its outcome. AWS is between the two, near the second. Prints Markdown tables and asserts only
that the jobs are reproducible.
"""

import collections
import contextlib
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "acceptance/stack"))

import fleet  # noqa: E402
import ministack  # noqa: E402
import proxy  # noqa: E402

COPIES = (20, 180, 1_000)
PAYLOAD = {"probe": "matmul", "n": 32, "seed": 42}
CALLERS = ("producer", "worker", "aggregator")
# US dollars a million, list prices of us-east-1.
PRICES = {"SQS": 0.40, "DynamoDB writes": 0.625, "DynamoDB reads": 0.125, "Lambda requests": 0.20}
PRICE_OF_TRANSITIONS = 25.0
QUIET_SECONDS = 3
WAIT_SECONDS_MAX = 300


def through(binary: pathlib.Path, url: str, target: pathlib.Path) -> None:
    """A bootstrap that runs the binary with an endpoint of its own."""
    target.write_text(f"#!/bin/sh\nAWS_ENDPOINT_URL={url} exec {binary}\n")
    target.chmod(0o755)


def quiet(counts: dict[str, proxy.Counted]) -> None:
    """Waits until no request has come for a while."""
    seen: list[int] = []

    def is_quiet() -> bool:
        seen.append(sum(counted.tally.total() for counted in counts.values()))
        return len(seen) > QUIET_SECONDS and len(set(seen[-QUIET_SECONDS:])) == 1

    ministack.wait_for(is_quiet, WAIT_SECONDS_MAX, "silence", pause=1)


def outcomes(aws: ministack.Aws, name: str, job: str) -> int:
    """The number of outcomes of a job."""
    pages = aws.client("dynamodb").get_paginator("query").paginate(
        TableName=name,
        KeyConditionExpression="job = :job AND begins_with(#item, :copies)",
        ExpressionAttributeNames={"#item": "item"},
        ExpressionAttributeValues={":job": {"S": job}, ":copies": {"S": "copy#"}},
        Select="COUNT",
    )
    return sum(page["Count"] for page in pages)


def measured(
    aws: ministack.Aws, folder: pathlib.Path, counts: dict[str, proxy.Counted], stack: dict[str, str], copies: int, batch: bool
) -> dict:
    """Runs one job; returns its requests and capacity units, by caller, service and action."""
    payload = folder / "payload.json"
    payload.write_text(json.dumps(PAYLOAD))
    for counted in counts.values():
        counted.tally.clear()
        counted.units.clear()
    before = {name: invocations(aws, name) for name in ("worker", "aggregator")}
    job, functions, mapping = f"{copies}-{'batch' if batch else 'alone'}", aws.client("lambda"), stack["StreamMappingId"]
    functions.update_event_source_mapping(UUID=mapping, Enabled=not batch)
    words = ["submit", payload, "--copies", str(copies), "--job", job, "--stack", "bench", "--format", "json"]
    env = aws.env | {"AWS_ENDPOINT_URL": counts["producer"].url}
    process = subprocess.Popen([fleet.PRODUCER, *words], env=env, stdout=subprocess.PIPE, text=True)
    try:
        ministack.wait_for(lambda: outcomes(aws, stack["TableName"], job) == copies, WAIT_SECONDS_MAX, "all outcomes", pause=1)
        functions.update_event_source_mapping(UUID=mapping, Enabled=True)
        said, _ = process.communicate(timeout=WAIT_SECONDS_MAX)
    finally:
        process.kill()
        process.wait()
    report = json.loads(said or "{}")
    assert report.get("verdict") == "reproducible", said
    quiet(counts)
    return {
        "copies": copies,
        "head": f"{copies:,} copies, {'in one batch' if batch else 'one by one'}",
        "elapsed_s": report["elapsed_ms"] / 1_000,
        "sandboxes": report["worker_processes"],
        "invocations": {name: invocations(aws, name) - count for name, count in before.items()},
        "requests": {caller: collections.Counter(counted.tally) for caller, counted in counts.items()},
        "units": {caller: collections.Counter(counted.units) for caller, counted in counts.items()},
    }


def table(runs: list[dict]) -> None:
    heads = " | ".join(run["head"] for run in runs)
    print(f"| caller | request | {heads} |")
    print(f"|---|---|{'---:|' * len(runs)}")
    for caller in CALLERS:
        for service, action in sorted({name for run in runs for name in run["requests"][caller]}):
            cells = " | ".join(f"{run['requests'][caller][service, action]:,}" for run in runs)
            print(f"| {caller} | {service} {action} | {cells} |")
    for kind in ("read", "write"):
        for caller in CALLERS:
            cells = " | ".join(f"{units(run, caller, kind):,.1f}" for run in runs)
            print(f"| {caller} | {kind} units of DynamoDB | {cells} |")
    for name in ("worker", "aggregator"):
        cells = " | ".join(f"{run['invocations'][name]:,}" for run in runs)
        print(f"| Lambda | invocations of the {name} | {cells} |")
    print(f"| | sandboxes of the worker | {' | '.join(str(run['sandboxes']) for run in runs)} |")
    seconds = " | ".join(f"{run['elapsed_s']:.1f}" for run in runs)
    print(f"| | seconds to the verdict | {seconds} |")


def units(run: dict, caller: str, kind: str) -> float:
    return sum(value for (of, _), value in run["units"][caller].items() if of == kind)


def invocations(aws: ministack.Aws, function: str) -> int:
    """The number of invocations of a function of the stack so far."""
    pages = aws.client("logs").get_paginator("filter_log_events").paginate(logGroupName=f"/concord/bench/{function}")
    return sum(event["message"].startswith("START ") for page in pages for event in page["events"])


def billed(run: dict) -> dict[str, float]:
    """The units that AWS bills for a job, by the name of the price."""
    copies = run["copies"]
    sqs = sum(count for of in run["requests"].values() for (service, _), count in of.items() if service == "sqs")
    return {
        # In addition, Lambda's poller receives and deletes each copy, and the deadline, one at a time.
        "SQS": sqs + 2 * copies + 2,
        "DynamoDB writes": sum(units(run, caller, "write") for caller in CALLERS),
        "DynamoDB reads": sum(units(run, caller, "read") for caller in CALLERS),
        "Lambda requests": sum(run["invocations"].values()),
    }


def transitions(copies: int) -> int:
    """State transitions of a Step Functions machine that does the same for one payload: one for each state that it enters.

    outer Map, splitter, inner Map, a Task for each copy, reducer, Choice, Succeed or Fail. No retry is counted.
    """
    return 1 + 1 + 1 + copies + 1 + 1 + 1


def prices(runs: list[dict]) -> None:
    heads = " | ".join(f"jobs of {run['head']}" for run in runs)
    print(f"| US dollars for a million copies | {heads} |")
    print(f"|---|{'---:|' * len(runs)}")
    bills = [{what: count / run["copies"] * PRICES[what] for what, count in billed(run).items()} for run in runs]
    for what in PRICES:
        counts = [f"{billed(run)[what] / run['copies']:.3f} a copy: {bill[what]:.2f}" for run, bill in zip(runs, bills, strict=True)]
        print(f"| {what}, at {PRICES[what]:.3f} a million | {' | '.join(counts)} |")
    print(f"| **sum** | {' | '.join(f'**{sum(bill.values()):.2f}**' for bill in bills)} |")
    steps = [transitions(run["copies"]) for run in runs]
    machine = [step / run["copies"] * PRICE_OF_TRANSITIONS for step, run in zip(steps, runs, strict=True)]
    print(f"| Step Functions, transitions of a job | {' | '.join(f'{step:,}' for step in steps)} |")
    print(f"| Step Functions, at {PRICE_OF_TRANSITIONS:.2f} a million | {' | '.join(f'{price:.2f}' for price in machine)} |")
    lambdas = [(run["copies"] + 2) / run["copies"] * PRICES["Lambda requests"] for run in runs]
    print(f"| its Lambda requests: copies, splitter, reducer | {' | '.join(f'{price:.2f}' for price in lambdas)} |")
    print(f"| **its sum** | {' | '.join(f'**{sum(both):.2f}**' for both in zip(machine, lambdas, strict=True))} |")


def main() -> int:
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="concord-bench-")))
        aws = stack.enter_context(ministack.running(strict=False))
        counts = {caller: stack.enter_context(proxy.counting(aws.url, capacity=True)) for caller in CALLERS}
        for name in ("worker", "aggregator"):
            through(fleet.TARGET / "debug" / name, counts[name].url, folder / name)
        deployed = aws.deploy("bench", folder)
        measured(aws, folder, counts, deployed, 10, False)  # the first job also starts the sandboxes
        runs = [measured(aws, folder, counts, deployed, copies, batch) for copies in COPIES for batch in (False, True)]
    table(runs)
    print()
    prices(runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
