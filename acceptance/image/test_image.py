"""What the images of Dockerfile and examples/numpy promise. acceptance/image/run builds and mounts them, and runs this."""

import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest
from typing import Any

import sandbox
from sandbox import Answer, Sandbox

ROOT = pathlib.Path(__file__).resolve().parents[2]
# First, since the emulator itself has the same name.
sys.path.insert(0, str(ROOT / "acceptance/stack"))
import ministack  # noqa: E402

# Of each image: NAME, a folder with its mounted files, and NAME.json, its configuration.
IMAGES = pathlib.Path(os.environ["CONCORD_IMAGES"])
WORKER, AGGREGATOR, PRODUCER, NUMPY = (IMAGES / name for name in ("worker", "aggregator", "producer", "numpy"))
PROGRAM_BYTES_MAX = 12_000_000
COPIES = 3

AWS = {"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
WORKER_VARIABLES = AWS | {"TABLE": "t", "QUEUE_URL": "http://127.0.0.1:9/q", "BUCKET": "b", "KEEP_DAYS": "30", "CALC": "probe"}
AGGREGATOR_VARIABLES = AWS | {
    "TABLE": "t",
    "QUEUE_URL": "http://127.0.0.1:9/q",
    "DEADLINE_QUEUE_URL": "http://127.0.0.1:9/d",
    "DEAD_LETTER_QUEUE_URL": "http://127.0.0.1:9/l",
    "QUARANTINE_QUEUE_URL": "http://127.0.0.1:9/a",
    "EVENT_BUS": "default",
    "KEEP_DAYS": "30",
    "CONCORD_STACK": "concord",
}


def segment_kinds(program: pathlib.Path) -> set[int]:
    """The kinds of the segments of a 64-bit little-endian ELF file."""
    header = program.read_bytes()[:4096]
    (at,), (size, count) = struct.unpack_from("<Q", header, 32), struct.unpack_from("<HH", header, 54)
    return {struct.unpack_from("<I", header, at + size * index)[0] for index in range(count)}


class Programs(unittest.TestCase):
    def test_a_program_is_static_and_small_and_the_only_one(self) -> None:
        for image in (WORKER, AGGREGATOR, PRODUCER):
            with self.subTest(image.name):
                program = image / image.name
                self.assertNotIn(3, segment_kinds(program), "it asks for a dynamic loader")
                self.assertNotIn(b".symtab", program.read_bytes())
                if image != PRODUCER:
                    self.assertLess(program.stat().st_size, PROGRAM_BYTES_MAX)
                executables = [file for file in image.rglob("*") if file.is_file() and not file.is_symlink() and file.stat().st_mode & 0o111]
                self.assertEqual(executables, [program])

    def test_a_function_answers_which_version_it_is(self) -> None:
        version = self.version()
        for image, variables, expected in (
            (WORKER, WORKER_VARIABLES, {"version": version, "calculation": "probe"}),
            (AGGREGATOR, AGGREGATOR_VARIABLES, {"version": version}),
            (NUMPY, without(WORKER_VARIABLES, "CALC"), {"version": version, "calculation": "command python3 clmath.py"}),
            # The variables of the stack override those of the image.
            (NUMPY, WORKER_VARIABLES, {"version": version, "calculation": "probe"}),
        ):
            with self.subTest(image.name, variables=variables), Sandbox(image, **variables) as running:
                self.assertEqual(running.invoke({"ask": "version"}), Answer("response", expected))

    def version(self) -> str:
        done = subprocess.run([PRODUCER / "producer", "--version"], capture_output=True, text=True, check=True)
        return done.stdout.split()[-1]

    def test_a_wrong_setting_is_named_before_the_first_invocation(self) -> None:
        for image, good, name, value in (
            (WORKER, WORKER_VARIABLES, "CALC", "prob"),
            (WORKER, WORKER_VARIABLES, "CALC", "command"),
            (WORKER, WORKER_VARIABLES, "KEEP_DAYS", "0"),
            (WORKER, WORKER_VARIABLES, "NUM_WORKERS", "many"),
            *((WORKER, WORKER_VARIABLES, name, "") for name in ("TABLE", "QUEUE_URL", "BUCKET", "KEEP_DAYS", "CALC")),
            (AGGREGATOR, AGGREGATOR_VARIABLES, "KEEP_DAYS", "a month"),
            *((AGGREGATOR, AGGREGATOR_VARIABLES, name, "") for name in AGGREGATOR_VARIABLES if name not in AWS),
        ):
            with self.subTest(image.name, name=name, value=value), Sandbox(image, **good | {name: value}) as running:
                self.assertNotEqual(running.ended(), 0)
                self.assertIn(f"error: the variable {name}", running.log())

    def test_the_command_line_runs_as_a_user_without_rights_and_keeps_its_store(self) -> None:
        user = sandbox.config(PRODUCER)["User"].split(":")[0]
        self.assertNotEqual(int(user), 0)

        def run(*arguments: str, payload: bytes = b"") -> subprocess.CompletedProcess:
            pipe = subprocess.PIPE
            process = sandbox.start(PRODUCER, *arguments, user=user, writable=True, stdin=pipe, stdout=pipe, stderr=pipe)
            out, said = process.communicate(payload, timeout=sandbox.ANSWER_SECONDS_MAX)
            self.assertEqual(process.returncode, 0, said)
            return json.loads(out)

        submitted = run("submit", "-", "--format", "json", payload=b'{"probe":"matmul","n":64,"seed":42}')
        self.assertEqual(submitted["verdict"], "reproducible")
        self.assertEqual(run("status", submitted["job"], "--format", "json")["verdict"], "reproducible")


def without(variables: dict[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in variables.items() if key != name}


class OnAws(unittest.TestCase):
    """The worker of the NumPy image runs the copies of a stack. The stack's own worker does not receive any."""

    @classmethod
    def setUpClass(cls) -> None:
        folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="concord-programs-")))
        for image in (WORKER, AGGREGATOR):
            (folder / image.name).symlink_to(image.resolve() / image.name)
        cls.aws = cls.enterClassContext(ministack.running())
        cls.outputs = cls.aws.deploy("concord", folder, Calculation="command", CalculationCommand="python3 clmath.py")
        cls.aws.client("lambda").update_event_source_mapping(UUID=cls.outputs["WorkerMappingId"], Enabled=False)
        cls.sqs, cls.dynamodb = cls.aws.client("sqs"), cls.aws.client("dynamodb")

    def variables(self) -> dict[str, str]:
        outputs = self.outputs
        named = {"TABLE": outputs["TableName"], "QUEUE_URL": outputs["QueueUrl"], "BUCKET": outputs["BucketName"]}
        return AWS | named | {"KEEP_DAYS": "30", "AWS_ENDPOINT_URL": self.aws.url}

    def producer(self, *arguments: str) -> dict[str, Any]:
        return json.loads(self.aws.run(PRODUCER / "producer", *arguments, "--stack", "concord", "--format", "json"))

    def event(self) -> dict[str, Any]:
        """The next copy, as an event source mapping sends it to a function."""
        attributes = {"AttributeNames": ["All"], "WaitTimeSeconds": 1}
        messages = ministack.wait_for(
            lambda: self.sqs.receive_message(QueueUrl=self.outputs["QueueUrl"], **attributes).get("Messages"), ministack.WAIT_SECONDS_MAX, "a copy"
        )
        keys = {"messageId": "MessageId", "receiptHandle": "ReceiptHandle", "body": "Body", "md5OfBody": "MD5OfBody", "attributes": "Attributes"}
        record = {key: messages[0].get(name) for key, name in keys.items()}
        arn = f"arn:aws:sqs:us-east-1:000000000000:{self.outputs['QueueUrl'].rsplit('/', 1)[1]}"
        return {"Records": [record | {"messageAttributes": {}, "eventSource": "aws:sqs", "eventSourceARN": arn, "awsRegion": "us-east-1"}]}

    def submit(self, copies: int) -> str:
        payload = ROOT / "examples/numpy/payload.json"
        return self.producer("submit", str(payload), "--copies", str(copies), "--detach")["job"]

    def test_the_program_of_the_image_gives_outcomes(self) -> None:
        job = self.submit(COPIES)
        trust = pathlib.Path(self.aws.env["SSL_CERT_FILE"])
        with Sandbox(NUMPY, trust, **self.variables(), SSL_CERT_FILE="/tmp/trust.crt") as running:
            for _ in range(COPIES):
                answer = running.invoke(self.event())
                self.assertEqual(answer, Answer("response", {"batchItemFailures": []}), running.log())
        ended = self.producer("wait", job)
        self.assertEqual((ended["verdict"], ended["succeeded"]), ("reproducible", COPIES), ended)

    def test_without_root_certificates_the_log_says_why_a_copy_is_not_run(self) -> None:
        self.submit(1)
        with Sandbox(NUMPY, **self.variables()) as running:
            running.send(self.event())
            # The line comes half a minute later, after the last of several tries.
            ministack.wait_for(lambda: "invalid peer certificate" in running.log(), sandbox.ANSWER_SECONDS_MAX, "a line about the certificate")


if __name__ == "__main__":
    unittest.main()
