"""The real producer, worker and aggregator on one emulator that all tests of the fleet share.

The emulator starts when the first test needs it and ends with the process; each stack is deployed once. A test case is a
`FleetCase` that names its stack. Jobs do not affect each other, so tests share stacks; a test that changes a stack
restores it.
"""

import atexit
import contextlib
import functools
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from typing import Any, NamedTuple

import ministack
from ministack import ROOT, WAIT_SECONDS_MAX, wait_for

# A shell starts background jobs with SIGINT ignored, and a program inherits that. It does not inherit a handler.
signal.signal(signal.SIGINT, signal.default_int_handler)

TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
PRODUCER = TARGET / "debug/producer"
DOES = pathlib.Path(__file__).with_name("does.py")
# Isolated, and without the modules that a calculation does not need: it starts in 15 ms.
PYTHON = f"{sys.executable} -I -S"

# The parameters of the stacks that tests share. A copy whose worker was killed is delivered again after VisibilityTimeout.
STACKS: dict[str, dict[str, object]] = {
    "probes": {},
    "commands": {
        "Calculation": "command",
        "CalculationCommand": f"{PYTHON} {DOES}",
        "Timeout": 6,
        "VisibilityTimeout": 6,
    },
    "functions": {"Calculation": "function", "CalculationFunction": "clmath"},
}
RUN_SECONDS_MAX = 2 * WAIT_SECONDS_MAX


class Done(NamedTuple):
    """The result of a run of the producer."""

    exit: int
    stdout: str
    stderr: str

    @property
    def json(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stdout.splitlines()]


class Fleet:
    """An emulator, the binaries, and the deployed stacks."""

    def __init__(self, aws: ministack.Aws, folder: pathlib.Path) -> None:
        self.aws = aws
        self.folder = folder
        self.binaries = folder / "binaries"
        self.binaries.mkdir()
        for name in ("worker", "aggregator"):
            strip(TARGET / "debug" / name, self.binaries / name)
        self.env = aws.env | {"XDG_STATE_HOME": str(folder / "state"), "NO_COLOR": "1"}
        # A developer may have set a stack or a store.
        for name in ("CONCORD_STACK", "CONCORD_STORE"):
            self.env.pop(name, None)
        self._outputs: dict[str, dict[str, str]] = {}

    def outputs(self, stack: str) -> dict[str, str]:
        if stack not in self._outputs:
            outputs = self.aws.deploy(stack, self.binaries, **STACKS[stack])
            # The emulator ignores this setting of a template.
            live = {"Enabled": True, "AttributeName": "expires_at"}
            self.aws.client("dynamodb").update_time_to_live(TableName=outputs["TableName"], TimeToLiveSpecification=live)
            self._outputs[stack] = outputs
        return self._outputs[stack]

    def start(self, *words: object, **env: str) -> subprocess.Popen:
        return subprocess.Popen(
            [str(PRODUCER), *map(str, words)],
            env=self.env | env,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def producer(self, *words: object, **env: str) -> Done:
        process = self.start(*words, **env)
        try:
            stdout, stderr = process.communicate(timeout=RUN_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            stdout, stderr = process.communicate()
            raise AssertionError(f"producer {words} did not end in {RUN_SECONDS_MAX} s:\n{stdout}{stderr}") from None
        return Done(process.returncode, stdout, stderr)

    def file(self, name: str, content: object) -> pathlib.Path:
        """A file for a payload: bytes as they are, anything else as JSON."""
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path


def strip(binary: pathlib.Path, target: pathlib.Path) -> None:
    """Copy a binary without its debugging symbols. They are most of it, and it takes long to zip them."""
    if not binary.exists():
        raise AssertionError(f"there is no {binary}: run acceptance/stack/run, which builds it")
    tool = shutil.which("strip")
    if tool is None or subprocess.run([tool, "--output-file", target, binary], capture_output=True).returncode != 0:
        shutil.copy2(binary, target)


@functools.cache
def fleet() -> Fleet:
    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="concord-fleet-"))
    return Fleet(stack.enter_context(ministack.running()), pathlib.Path(folder))


class FleetCase(unittest.TestCase):
    """A test of a stack: `STACK`, one of `STACKS`."""

    STACK: str

    @classmethod
    def setUpClass(cls) -> None:
        cls.fleet = fleet()
        cls.aws = cls.fleet.aws
        cls.outputs = cls.fleet.outputs(cls.STACK)
        cls.sqs, cls.dynamodb, cls.s3 = (cls.aws.client(name) for name in ("sqs", "dynamodb", "s3"))

    def producer(self, exit_code: int, *words: object, **env: str) -> Done:
        """Run a verb on the stack, and check its exit code."""
        done = self.fleet.producer(*words, "--stack", self.STACK, "--format", "json", **env)
        self.assertEqual(done.exit, exit_code, f"producer {words}:\n{done.stdout}{done.stderr}")
        return done

    def submit(self, exit_code: int, payload: object, *words: object) -> dict[str, Any]:
        """Submit one payload under the name of the test, and give the job's report."""
        path = self.fleet.file(f"{self.name()}.json", payload)
        report, = self.producer(exit_code, "submit", path, "--job", self.name(), *words).json
        return report

    def name(self) -> str:
        return self.id().rsplit(".", 1)[1].removeprefix("test_").replace("_", "-")[:40]

    def items(self, job: str, table: str | None = None) -> dict[str, dict[str, Any]]:
        """All items of a job by their sort key, as plain values."""
        pages = self.dynamodb.get_paginator("query").paginate(
            TableName=table or self.outputs["TableName"],
            KeyConditionExpression="job = :job",
            ExpressionAttributeValues={":job": {"S": job}},
            ConsistentRead=True,
        )
        return {item["item"]["S"]: plain({"M": item}) for page in pages for item in page["Items"]}

    def copies(self, job: str) -> list[dict[str, Any]]:
        """The outcomes of a job. A worker wrote each, or the aggregator if the copy was given up."""
        return [item for key, item in self.items(job).items() if key.startswith("copy#")]

    def waiting(self, output: str) -> int:
        """The number of messages on a queue, including delivered and delayed ones."""
        kinds = [f"ApproximateNumberOfMessages{kind}" for kind in ("", "NotVisible", "Delayed")]
        answer = self.sqs.get_queue_attributes(QueueUrl=self.outputs[output], AttributeNames=kinds)
        return sum(int(answer["Attributes"][kind]) for kind in kinds)

    def drained(self) -> None:
        """Wait until no copy waits or runs."""
        wait_for(lambda: self.waiting("QueueUrl") == 0, WAIT_SECONDS_MAX, "the queue to be empty")


def plain(value: dict[str, Any]) -> Any:
    """The Python value of a DynamoDB attribute."""
    (kind, held), = value.items()
    match kind:
        case "M":
            return {key: plain(each) for key, each in held.items()}
        case "L":
            return [plain(each) for each in held]
        case "N":
            return int(held)
        case "NS":
            return {int(each) for each in held}
        case _:
            return held
