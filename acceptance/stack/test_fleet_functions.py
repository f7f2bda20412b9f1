"""A Lambda function that exists already: called by the producer without a stack, and by the workers of a stack.

    acceptance/stack/run -k Functions
"""

import hashlib
import io
import json
import unittest
import zipfile

from fleet import FleetCase, fleet

FUNCTION = "clmath"
SOURCE = """
import hashlib, json

def handler(event, context):
    if event.get("fail"):
        raise ValueError("no convergence")
    return {"hash": hashlib.sha256(json.dumps(event).encode()).hexdigest()}
"""
PAYLOAD = {"n": 3, "seed": 42}


def zipped(source: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("clmath.py", source)
    return buffer.getvalue()


class Functions(FleetCase):
    STACK = "functions"

    @classmethod
    def setUpClass(cls) -> None:
        # Before the stack: its deployment asks for the function's ARN.
        aws = fleet().aws
        trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        role = aws.client("iam").create_role(RoleName=FUNCTION, AssumeRolePolicyDocument=policy)["Role"]["Arn"]
        cls.functions = aws.client("lambda")
        cls.arn = cls.functions.create_function(
            FunctionName=FUNCTION, Runtime="python3.11", Handler="clmath.handler", Role=role, Code={"ZipFile": zipped(SOURCE)}
        )["FunctionArn"]
        super().setUpClass()

    def test_180_copies_without_a_stack(self) -> None:
        payload = self.fleet.file("function.json", PAYLOAD)
        store = self.fleet.folder / "function.db"
        done = self.fleet.producer(
            "submit", payload, "--copies", 180, "--function", FUNCTION, "--jobs", 16, "--store", store, "--format", "json"
        )
        self.assertEqual(done.exit, 0, done.stderr)
        report, = done.json
        self.assertEqual((report["verdict"], report["succeeded"], report["distinct_digests"]), ("reproducible", 180, 1))
        self.assertEqual(report["digests"][0]["digest"], self.digest())
        copies = self.fleet.producer("copies", report["job"], "--store", store, "--format", "json").json
        self.assertEqual({copy["digest"] for copy in copies}, {self.digest()})
        self.assertEqual(len(copies), 180)

    def test_a_function_that_raises_is_a_failure(self) -> None:
        payload = self.fleet.file("function-fails.json", PAYLOAD | {"fail": True})
        store = self.fleet.folder / "function.db"
        done = self.fleet.producer("submit", payload, "--copies", 2, "--function", self.arn, "--store", store, "--format", "json")
        self.assertEqual(done.exit, 3, done.stderr)
        report, = done.json
        self.assertEqual((report["verdict"], report["failed"]), ("inconclusive", 2))
        # The emulator names every error of a Python handler Runtime.HandlerError.
        self.assertEqual(report["failures"], [{"reason": "function error: Unhandled Runtime.HandlerError", "copies": 2}])
        for copy in self.fleet.producer("copies", report["job"], "--store", store, "--format", "json").json:
            self.assertEqual(copy["attempt"], 2)
            self.assertIn("ValueError: no convergence", copy["stderr_tail"])

    def test_a_function_that_is_not_there(self) -> None:
        payload = self.fleet.file("function.json", PAYLOAD)
        done = self.fleet.producer("submit", payload, "--function", "nobody", "--store", self.fleet.folder / "function.db")
        self.assertEqual(done.exit, 2, done.stderr)
        self.assertIn("cannot call", done.stderr)
        with self.assertRaisesRegex(AssertionError, "there is no function nobody"):
            self.aws.deploy("nobody", self.fleet.binaries, Calculation="function", CalculationFunction="nobody")

    def test_the_workers_of_a_stack_call_it_and_destroying_the_stack_leaves_nothing(self) -> None:
        self.assertEqual(self.outputs["Calculation"], f"function {self.arn}")
        report = self.submit(0, PAYLOAD, "--copies", 10)
        copies = self.copies(report["job"])
        self.assertEqual(({copy["digest"] for copy in copies}, len(copies)), ({self.digest()}, 10))
        payload = self.fleet.file("raises.json", PAYLOAD | {"fail": True})
        raises, = self.producer(3, "submit", payload, "--copies", 2, "--job", "raises").json
        reason, = {copy["reason"] for copy in self.copies("raises")}
        self.assertEqual(raises["failures"], [{"reason": reason, "copies": 2}])
        for copy in self.copies("raises"):
            self.assertIn("ValueError: no convergence", copy["stderr_tail"])

        self.assertGreater(len(self.left()), 5)
        self.aws.destroy(self.STACK)
        self.assertEqual(self.left(), {})
        gone = self.fleet.producer("status", report["job"], "--stack", self.STACK)
        self.assertEqual(gone.exit, 2, gone.stderr)

    def digest(self) -> str:
        """The digest of the reply: JSON as Python's runtime writes it."""
        reply = {"hash": hashlib.sha256(json.dumps(PAYLOAD).encode()).hexdigest()}
        return f"sha256:{hashlib.sha256(json.dumps(reply).encode()).hexdigest()}"

    def left(self) -> dict[str, list[str]]:
        """The names of all resources of the stack, by kind."""
        stack = self.STACK
        every = self.aws.everything()
        ours = {kind: [name for name in names if f"{stack}-" in name or f"/{stack}/" in name or name == stack] for kind, names in every.items()}
        return {kind: names for kind, names in ours.items() if names}


if __name__ == "__main__":
    unittest.main()
