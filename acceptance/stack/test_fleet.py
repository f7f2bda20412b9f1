"""Jobs from the real producer through the real worker and aggregator to their verdicts, in a stack that runs probes.

    acceptance/stack/run -k Probes

Roles allow what the template says and no more, so each test also shows that this is enough.
"""

import hashlib
import json
import time
import unittest

from fleet import FleetCase, fleet
from ministack import ROOT, WAIT_SECONDS_MAX, wait_for

MATMUL = {"probe": "matmul", "n": 64, "seed": 42}


class Probes(FleetCase):
    STACK = "probes"

    def test_twenty_equal_outputs_are_reproducible(self) -> None:
        report = self.submit(0, MATMUL)
        job = report["job"]
        self.assertEqual(
            {key: report[key] for key in ("verdict", "copies", "succeeded", "failed", "unaccounted", "distinct_digests", "ended")},
            {"verdict": "reproducible", "copies": 20, "succeeded": 20, "failed": 0, "unaccounted": 0, "distinct_digests": 1, "ended": True},
        )
        self.assertEqual(report["calculation"], {"kind": "deployed", "description": "probe"})
        items = self.items(job)
        digest, = {item["digest"] for item in self.copies(job)}
        self.assertEqual([each["digest"] for each in report["digests"]], [digest])
        self.assertEqual([key for key in items if key.startswith("copy#")], [f"copy#{index:06}" for index in range(20)])
        self.assertEqual(items["tally#0000"][digest], set(range(20)))
        self.assertEqual((items["job"]["status"], items["enqueued"]["round"]), ("reproducible", 0))
        self.assertIn(f"output#{digest}", items)
        sandboxes = {item["sandbox"] for item in self.copies(job)}
        self.assertEqual(report["worker_processes"], len(sandboxes))
        self.assertGreater(len(sandboxes), 1, "the copies ran side by side")
        facts = {key.removeprefix("facts#"): item["facts"] for key, item in items.items() if key.startswith("facts#")}
        self.assertEqual({item["environment"] for item in self.copies(job)}, set(facts), "facts are stored once")
        for known in facts.values():
            self.assertGreaterEqual(set(known), {"host.architecture", "canary.class", "sandbox.function", "sandbox.memory_mb"})
        self.assertNotIn("AWS_SECRET_ACCESS_KEY", str(items))
        for item in self.copies(job):
            self.assertLess(len(json.dumps(item, default=str)), 1024, "an outcome is one write unit")
        self.assertEqual(items["job"]["evidence"]["supports"], report["summary"]["supports"])
        explained, = self.producer(0, "explain", job).json
        self.assertEqual(explained["coverage"]["sandboxes"], len(sandboxes))

        # The other verbs, with the stack from the environment.
        status, = fleet().producer("status", job, "--format", "json", CONCORD_STACK=self.STACK).json
        self.assertEqual(status, report)
        waited, = self.producer(0, "wait", job).json
        self.assertEqual(waited, report)
        listed = self.producer(0, "list", "--verdict", "reproducible").json
        self.assertIn(job, [each["job"] for each in listed])
        copies = self.producer(0, "copies", job).json
        self.assertEqual([(copy["copy"], copy["digest"], copy["second"]) for copy in copies], [(index, digest, False) for index in range(20)])
        text = self.fleet.producer("status", job[:-1], "--stack", self.STACK)
        self.assertRegex(text.stdout, r"(?s)reproducible.*20 of 20 copies gave a digest, 1 distinct")
        self.assertIn("warning", text.stderr, "one kind of CPU says little")

    def test_a_copy_that_comes_again_changes_nothing(self) -> None:
        job = self.submit(0, MATMUL, "--copies", 3)["job"]
        before = self.items(job)
        for copy in (0, 1, 1):
            self.sqs.send_message(QueueUrl=self.outputs["QueueUrl"], MessageBody=json.dumps({"job": job, "copy": copy, "round": 0}))
        self.drained()
        self.assertEqual(self.items(job), before)

    def test_each_element_of_a_list_is_a_job(self) -> None:
        done = self.producer(0, "submit", ROOT / "examples/payloads.json", "--each", "--copies", 4, "--job", "each")
        reports = done.json
        self.assertEqual([report["job"] for report in reports], ["each.0", "each.1", "each.2"])
        elements = [b'{"probe":"matmul","n":64,"seed":42}', b'{"probe":"fft","n":1000,"seed":42}', b'{"probe":"libm","n":200,"seed":42}']
        for report, element in zip(reports, elements, strict=True):
            items = self.items(report["job"])
            self.assertEqual(items["payload"]["body"], element)
            self.assertEqual(items["job"]["payload_digest"], f"sha256:{hashlib.sha256(element).hexdigest()}")
            self.assertEqual((items["job"]["status"], len(self.copies(report["job"]))), ("reproducible", 4))
        self.assertEqual(len({report["digests"][0]["digest"] for report in reports}), 3)
        again = self.producer(0, "submit", ROOT / "examples/payloads.json", "--each", "--copies", 4, "--job", "each")
        self.assertEqual(again.json, reports)
        self.assertIn("submitted before", again.stderr)
        self.assertEqual(self.producer(0, "status", "each").json, reports)

    def test_an_unreadable_message_is_quarantined_and_delays_no_job(self) -> None:
        # On AWS this takes half an hour: ten deliveries with three minutes between them.
        dead, quarantine = self.outputs["DeadLetterQueueUrl"], self.outputs["QuarantineQueueUrl"]
        self.sqs.set_queue_attributes(QueueUrl=dead, Attributes={"VisibilityTimeout": "0"})
        self.addCleanup(self.sqs.set_queue_attributes, QueueUrl=dead, Attributes={"VisibilityTimeout": "180"})
        self.sqs.send_message(QueueUrl=self.outputs["QueueUrl"], MessageBody="not for a worker")
        self.assertEqual(self.submit(0, MATMUL, "--copies", 5)["verdict"], "reproducible")
        self.addCleanup(self.sqs.purge_queue, QueueUrl=quarantine)

        def receive() -> list[dict]:
            return self.sqs.receive_message(QueueUrl=quarantine, VisibilityTimeout=0).get("Messages", [])

        found = wait_for(receive, WAIT_SECONDS_MAX, "a quarantined message")
        self.assertEqual([message["Body"] for message in found], ["not for a worker"])
        finding, = (each for each in self.producer(4, "doctor").json if not each["ok"])
        self.assertEqual((finding["check"], finding["found"]), ("quarantine", "1 message must be handled by a person"))

    def test_the_doctor_finds_a_stack_healthy(self) -> None:
        findings = self.producer(0, "doctor").json
        self.assertEqual([each for each in findings if not each["ok"]], [])
        self.assertEqual(
            [each["check"] for each in findings],
            "stack/queue/worker/copies/table/time to live/changes/aggregator/deadlines/dead letters/quarantine/alarm".split("/"),
        )

    def test_the_doctor_names_a_disabled_mapping(self) -> None:
        functions, mapping = self.aws.client("lambda"), self.outputs["StreamMappingId"]
        functions.update_event_source_mapping(UUID=mapping, Enabled=False)
        self.addCleanup(functions.update_event_source_mapping, UUID=mapping, Enabled=True)
        finding, = (each for each in self.producer(4, "doctor").json if not each["ok"])
        self.assertEqual(finding["check"], "changes")
        self.assertEqual(finding["hint"], f"aws lambda update-event-source-mapping --uuid {mapping} --enabled")
        self.aws.run(*finding["hint"].split())
        self.producer(0, "doctor")

    def test_the_doctor_names_the_alarm_of_the_outputs_and_says_that_it_did_not_check_it(self) -> None:
        name, topic = self.outputs["DivergenceAlarm"], self.outputs["TopicArn"]
        finding, = (each for each in self.producer(0, "doctor").json if each["check"] == "alarm")
        self.assertEqual(
            (finding["ok"], finding["found"]),
            (True, f"{name} sends to {topic}, according to the outputs of the stack; its state and its subscribers were not checked"),
        )
        alarm, = self.aws.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
        self.assertEqual(alarm["AlarmActions"], [topic])


class Refusals(FleetCase):
    """A submission that cannot work is refused before anything is written."""

    STACK = "probes"

    def refused(self, exit_code: int, said: str, *words: object) -> None:
        payload = self.fleet.file("refused.json", MATMUL)
        done = self.fleet.producer("submit", payload, "--job", "refused", *words)
        self.assertEqual(done.exit, exit_code, done.stderr)
        self.assertRegex(done.stderr, said)
        self.assertIn("hint:", done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertEqual(self.items("refused"), {})

    def test_a_stack_that_is_not_there(self) -> None:
        self.refused(2, 'cannot read the stack "nowhere"', "--stack", "nowhere")

    def test_an_endpoint_that_does_not_answer(self) -> None:
        begin = time.monotonic()
        self.refused(4, "cannot read the stack", "--stack", self.STACK, "--endpoint-url", "http://127.0.0.1:9")
        self.assertLess(time.monotonic() - begin, 20, "it was 50 s: the patience of a fleet is not that of a person")

    def test_a_command_for_a_stack(self) -> None:
        self.refused(2, "takes no command after --", "--stack", self.STACK, "--", "cat")

    def test_a_function_for_a_stack(self) -> None:
        self.refused(2, "takes no --function", "--stack", self.STACK, "--function", "clmath")

    def test_more_attempts_than_the_queue_delivers(self) -> None:
        self.refused(2, "4 attempts, but the stack's queue delivers a copy 3 times, and one is spare", "--stack", self.STACK, "--attempts", "4")

    def test_a_run_longer_than_the_function_may_take(self) -> None:
        said = "a copy timeout of 1000000 ms, but the stack's functions end after 900000 ms"
        self.refused(2, said, "--stack", self.STACK, "--copy-timeout", "1000s")

    def test_a_payload_that_is_no_probe(self) -> None:
        payload = self.fleet.file("no-probe.json", {"probe": "mat"})
        done = self.fleet.producer("submit", payload, "--job", "refused", "--stack", self.STACK)
        self.assertEqual(done.exit, 2, done.stderr)
        self.assertEqual(self.items("refused"), {})


if __name__ == "__main__":
    unittest.main()
