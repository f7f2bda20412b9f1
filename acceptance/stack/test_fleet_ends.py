"""Jobs that are not reproducible at once, in a stack that runs a command: acceptance/stack/does.py.

    acceptance/stack/run -k Ends
"""

import hashlib
import re
import subprocess
import time
import unittest

from fleet import FleetCase
from listeners import alarms, forward_metrics, logged_metrics, verdicts
from ministack import WAIT_SECONDS_MAX, wait_for

# The words of the aggregator.
GIVEN_UP = "given up: its deliveries ended without an outcome too often"


class Ends(FleetCase):
    STACK = "commands"

    def test_differing_outputs_are_divergent_and_announced(self) -> None:
        """An event on the bus, metrics in the log, and the alarm.

        The emulator's CloudWatch reads no metrics from logs, so the test forwards the line that the aggregator logged.
        """
        name = self.name()
        with verdicts(self.aws, name) as bus, alarms(self.aws, self.outputs["TopicArn"]) as topic:
            report = self.submit(1, {"does": "differ"}, "--copies", 4)
            self.assertEqual((report["verdict"], report["distinct_digests"], report["succeeded"]), ("divergent", 4, 4))
            digests = {item["digest"] for item in self.copies(name)}
            self.assertEqual(len(digests), 4)
            self.assertLessEqual({f"output#{digest}" for digest in digests}, set(self.items(name)))
            self.assertGreaterEqual(report["first_difference"]["byte"], len("process "), "the numbers of processes begin there")
            event = bus.heard()
            self.assertEqual(
                {key: event[key] for key in ("source", "detail-type")}, {"source": "concord", "detail-type": "Concord Verdict"}
            )
            detail = event["detail"]
            self.assertEqual((detail["job"], detail["verdict"], detail["stack"], detail["version"]), (name, "divergent", self.STACK, 1))
            self.assertGreaterEqual(detail["distinct_digests"], 2)
            self.assertLessEqual({each["digest"] for each in detail["digests"]}, digests)
            lines = logged_metrics(self.aws, self.outputs["AggregatorLogGroup"], name)
            self.assertEqual({(line["Verdict"], line["Jobs"], line["Copies"]) for line in lines}, {("divergent", 1, 4)})
            forwarded = forward_metrics(self.aws, lines)
            told = topic.heard()
        alarm = self.outputs["DivergenceAlarm"]
        self.assertIn(f'"AlarmName": "{alarm}"', told["Message"])
        self.assertIn('"NewStateValue": "ALARM"', told["Message"])
        # The emulator's alarms compare only namespace and metric. On AWS the dimensions must be equal too.
        watching, = self.aws.client("cloudwatch").describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
        watched = {each["Name"]: each["Value"] for each in watching["Dimensions"]}
        self.assertIn((watching["Namespace"], watching["MetricName"], watched), forwarded)
        # Its text says how to find the job.
        advice = re.search(r"producer (list [^.]*)", watching["AlarmDescription"]).group(1)
        listed = self.fleet.producer(*advice.split())
        self.assertEqual(listed.exit, 0, listed.stderr)
        self.assertIn(name, listed.stdout)

    def test_fail_fast_saves_copies(self) -> None:
        report = self.submit(1, {"does": "differ"}, "--copies", 300, "--fail-fast")
        self.assertEqual((report["verdict"], report["ended"]), ("divergent", True))
        self.drained()
        self.assertLess(len(self.copies(self.name())), 300)

    def test_a_calculation_that_fails_uses_all_attempts(self) -> None:
        report = self.submit(3, {"does": "fail"}, "--copies", 3)
        self.assertEqual((report["verdict"], report["cause"], report["failed"]), ("inconclusive", "failures", 3))
        copies = self.copies(self.name())
        self.assertEqual([(copy["copy"], copy["attempt"]) for copy in copies], [(0, 2), (1, 2), (2, 2)])
        reason, = {copy["reason"] for copy in copies}
        self.assertEqual(report["failures"], [{"reason": reason, "copies": 3}])
        self.assertIn("7", reason, "the exit code")
        for copy in copies:
            self.assertTrue(copy["stderr_tail"].endswith("x\nno convergence after 7 steps\n"))
            self.assertEqual(len(copy["stderr_tail"]), 4096)
            self.assertNotIn("digest", copy)
        more = f"producer copies {self.name()} --stack {self.STACK}"
        self.assertIn(f"more: {more}", self.fleet.producer("status", self.name(), "--stack", self.STACK).stdout)
        text = self.fleet.producer(*more.split()[1:]).stdout
        self.assertEqual(text.count("no convergence after 7 steps"), 3)

    def test_a_copy_whose_worker_is_killed_is_given_up(self) -> None:
        begin = time.monotonic()
        report = self.submit(3, {"does": "kill-worker"}, "--copies", 2)
        self.assertEqual((report["verdict"], report["cause"]), ("inconclusive", "failures"))
        self.assertEqual(report["failures"], [{"reason": GIVEN_UP, "copies": 2}])
        copies = self.copies(self.name())
        self.assertEqual([(copy["copy"], copy["reason"]) for copy in copies], [(0, GIVEN_UP), (1, GIVEN_UP)])
        self.assertFalse(any("environment" in copy for copy in copies), "no worker lived to write it")
        self.assertGreaterEqual(time.monotonic() - begin, 2 * 6, "there are two more deliveries, each after the visibility timeout")
        self.assertEqual(self.waiting("DeadLetterQueueUrl") + self.waiting("QuarantineQueueUrl"), 0)

    def test_a_deadline_does_not_wait_for_copies(self) -> None:
        report = self.submit(3, {"does": "sleep", "seconds": 60}, "--copies", 2, "--timeout", "2s")
        self.assertEqual((report["verdict"], report["cause"]), ("inconclusive", "deadline"))
        self.assertEqual(report["failures"], [{"reason": "no outcome before the deadline", "copies": 2}])
        self.assertGreaterEqual(report["elapsed_ms"], 2_000)
        items = self.items(self.name())
        self.assertEqual((items["job"]["status"], items["job"]["cause"]), ("inconclusive", "deadline"))
        self.assertEqual(self.copies(self.name()), [])
        self.drained()

    def test_cancel_ends_a_job_that_runs(self) -> None:
        name = self.name()
        # Each copy takes so long that most are not run when the job is cancelled, even on a busy machine.
        report = self.submit(0, {"does": "sleep", "seconds": 2}, "--copies", 60, "--detach")
        self.assertEqual(report["verdict"], "running")
        wait_for(lambda: self.copies(name), WAIT_SECONDS_MAX, "the first outcome")
        cancelled, = self.producer(0, "cancel", name).json
        self.assertEqual((cancelled["verdict"], cancelled["ended"]), ("cancelled", True))
        self.drained()
        self.assertLess(len(self.copies(name)), 60)
        waited, = self.producer(3, "wait", name).json
        self.assertEqual(waited["verdict"], "cancelled")
        self.assertEqual(self.items(name)["job"]["status"], "cancelled")

    def test_retry_runs_failed_copies_again(self) -> None:
        name, needed = self.name(), self.fleet.folder / "needed"
        self.assertEqual(self.submit(3, {"does": "need", "file": str(needed)}, "--copies", 4)["failed"], 4)
        needed.touch()
        report, = self.producer(0, "retry", name).json
        self.assertEqual((report["verdict"], report["succeeded"], report["failed"]), ("reproducible", 4, 0))
        copies = self.copies(name)
        self.assertEqual([(copy["copy"], copy["round"], "digest" in copy) for copy in copies], [(index, 1, True) for index in range(4)])
        refused = self.producer(2, "retry", name)
        self.assertIn("nothing to run again", refused.stderr)

    def test_large_payloads_and_outputs_go_through_the_bucket(self) -> None:
        payload = {"does": "grow", "bytes": 700_000, "padding": "x" * 300_000}
        report = self.submit(0, payload, "--copies", 3)
        name, bucket = self.name(), self.outputs["BucketName"]
        digest, = {item["digest"] for item in self.copies(name)}
        self.assertEqual((report["digests"][0]["digest"], report["digests"][0]["bytes"]), (digest, 700_000))
        sent = (self.fleet.folder / f"{name}.json").read_bytes()
        sent_hex = hashlib.sha256(sent).hexdigest()
        kept = self.s3.get_object(Bucket=bucket, Key=f"payloads/{sent_hex}")["Body"].read()
        self.assertEqual(kept, sent)
        items = self.items(name)
        self.assertNotIn("body", items["payload"])
        self.assertNotIn("zstd", items[f"output#{digest}"])
        self.assertEqual(items[f"output#{digest}"]["bytes"], 700_000)
        compressed = self.s3.head_object(Bucket=bucket, Key=f"outputs/{name}/{digest.removeprefix('sha256:')}")["ContentLength"]
        self.assertGreater(compressed, 256 * 1024)
        command = self.outputs["Calculation"].removeprefix("command ").split()
        here = subprocess.run(command, input=sent, stdout=subprocess.PIPE, check=True).stdout
        self.assertEqual(digest, f"sha256:{hashlib.sha256(here).hexdigest()}")


if __name__ == "__main__":
    unittest.main()
