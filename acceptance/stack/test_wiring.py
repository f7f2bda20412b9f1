"""The connections that the template makes, deployed by infra/deploy on an emulator with stand-ins for the Rust code.

    acceptance/stack/run

Each test has its own job, so that all share one stack. Tests with the Rust code are in test_fleet*.py.
"""

import json
import pathlib
import sys
import tempfile
import unittest
from collections.abc import Callable
from typing import Any

import boto3
import botocore.exceptions
import ministack
from ministack import WAIT_SECONDS_MAX, wait_for

STANDIN = pathlib.Path(__file__).with_name("standin.py")


def standins(folder: pathlib.Path) -> pathlib.Path:
    for name in ("worker", "aggregator"):
        bootstrap = folder / name
        bootstrap.write_text(f"#!{sys.executable}\n{STANDIN.read_text()}")
        bootstrap.chmod(0o755)
    return folder


class Wiring(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="concord-standins-"))
        cls.aws = cls.enterClassContext(ministack.running())
        cls.binaries = standins(pathlib.Path(folder))
        cls.outputs = cls.aws.deploy("concord", cls.binaries, Architectures="both")
        cls.sqs, cls.dynamodb, cls.functions = (cls.aws.client(name) for name in ("sqs", "dynamodb", "lambda"))

    def send(self, output: str, **body: object) -> None:
        self.sqs.send_message(QueueUrl=self.outputs[output], MessageBody=json.dumps(body))

    def put(self, job: str, item: str, **more: str) -> None:
        attributes = {"job": job, "item": item, **more}
        self.dynamodb.put_item(TableName=self.outputs["TableName"], Item={key: {"S": value} for key, value in attributes.items()})

    def items(self, job: str) -> dict[str, dict[str, str]]:
        """The items of a job by their sort key, with their text attributes."""
        answer = self.dynamodb.query(
            TableName=self.outputs["TableName"],
            KeyConditionExpression="job = :job",
            ExpressionAttributeValues={":job": {"S": job}},
            ConsistentRead=True,
        )
        plain = [{key: next(iter(value.values())) for key, value in item.items()} for item in answer["Items"]]
        return {item["item"]: item for item in plain}

    def item(self, job: str, item: str) -> dict[str, str]:
        return wait_for(lambda: self.items(job).get(item), WAIT_SECONDS_MAX, f"{item} of {job}")

    def test_functions_have_the_settings(self) -> None:
        self.send("QueueUrl", job="settings", copy=0)
        worker = json.loads(self.item("settings", "copy#00000")["env"])
        aggregator = json.loads(self.item("settings", "tally#INSERT#copy#00000")["env"])
        outputs = self.outputs
        self.assertEqual(
            (worker["TABLE"], worker["QUEUE_URL"], worker["BUCKET"]),
            (outputs["TableName"], outputs["QueueUrl"], outputs["BucketName"]),
        )
        self.assertEqual([worker[key] for key in ("CALC", "NUM_WORKERS", "HASH_ONLY", "KEEP_DAYS", "CONCORD_STACK")], ["probe", "1", "FALSE", "30", "concord"])
        self.assertNotIn("CALC_COMMAND", worker)
        self.assertEqual(
            [aggregator[key] for key in ("TABLE", "DEADLINE_QUEUE_URL", "DEAD_LETTER_QUEUE_URL", "QUARANTINE_QUEUE_URL", "EVENT_BUS", "KEEP_DAYS", "CONCORD_STACK")],
            [outputs["TableName"], outputs["DeadlineQueueUrl"], outputs["DeadLetterQueueUrl"], outputs["QuarantineQueueUrl"], "default", "30", "concord"],
        )

    def test_only_outcomes_and_jobs_wake_the_aggregator(self) -> None:
        for item in ("payload", "output#sha256:00", "tally#0000", "rollup", "jobs", "copy", "job", "copy#00001"):
            self.put("wakes", item, status="running", submitted_at="2026-11-23T00:00:00Z")
        self.put("wakes", "copy#00001", changed="yes")
        self.item("wakes", "tally#MODIFY#copy#00001")
        woken = {name: item["images"] for name, item in self.items("wakes").items() if name.startswith(("tally#I", "tally#M"))}
        self.assertEqual(
            woken,
            {"tally#INSERT#job": "NewImage", "tally#INSERT#copy#00001": "NewImage", "tally#MODIFY#copy#00001": "OldImage+NewImage"},
        )

    def test_a_deleted_item_does_not_wake_the_aggregator(self) -> None:
        self.put("deletes", "job", status="running", submitted_at="2026-11-23T00:00:00Z")
        self.item("deletes", "tally#INSERT#job")
        self.dynamodb.delete_item(TableName=self.outputs["TableName"], Key={"job": {"S": "deletes"}, "item": {"S": "job"}})
        self.put("deletes", "copy#00000")
        self.item("deletes", "tally#INSERT#copy#00000")
        self.assertNotIn("tally#REMOVE#job", self.items("deletes"))

    def test_a_deadline_sends_itself_on(self) -> None:
        self.send("DeadlineQueueUrl", job="deadline", hops=2)
        self.item("deadline", "deadline")

    def test_roles_allow_nothing_else(self) -> None:
        self.send("QueueUrl", job="roles", copy=0)
        table, bucket, queue = (self.outputs[name] for name in ("TableName", "BucketName", "QueueUrl"))
        key = {"job": {"S": "roles"}, "item": {"S": "copy#00000"}}
        worker = self.acting_as(json.loads(self.item("roles", "copy#00000")["env"]))
        aggregator = self.acting_as(json.loads(self.item("roles", "tally#INSERT#copy#00000")["env"]))
        self.refused(worker("dynamodb").delete_item, TableName=table, Key=key)
        self.refused(worker("dynamodb").scan, TableName=table)
        self.refused(worker("sqs").send_message, QueueUrl=queue, MessageBody="{}")
        self.refused(worker("s3").put_object, Bucket=bucket, Key="payloads/roles", Body=b"")
        self.refused(worker("s3").get_object, Bucket=bucket, Key="outputs/roles")
        self.refused(worker("lambda").invoke, FunctionName=self.outputs["AggregatorFunction"])
        self.refused(aggregator("dynamodb").delete_item, TableName=table, Key=key)
        self.refused(aggregator("sqs").purge_queue, QueueUrl=queue)
        self.refused(aggregator("sqs").send_message, QueueUrl=self.outputs["DeadLetterQueueUrl"], MessageBody="{}")
        self.refused(aggregator("s3").put_object, Bucket=bucket, Key="outputs/roles", Body=b"")

    def acting_as(self, env: dict[str, str]) -> Callable[[str], Any]:
        """A maker of clients with the credentials of a function."""
        session = boto3.Session(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env["AWS_SESSION_TOKEN"], ministack.REGION)
        return lambda service: self.aws.client(service, session)

    def refused(self, call: Callable[..., object], **arguments: object) -> None:
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            call(**arguments)
        self.assertIn(caught.exception.response["Error"]["Code"], ("AccessDenied", "AccessDeniedException"))

    def test_the_doctor_can_query_all_parts_of_a_stack(self) -> None:
        for output in ("WorkerFunction", "WorkerArm64Function", "AggregatorFunction"):
            answer = self.functions.invoke(FunctionName=self.outputs[output], Qualifier="live", InvocationType="DryRun")
            self.assertEqual(answer["StatusCode"], 204)
        for output in ("WorkerMappingId", "WorkerArm64MappingId", "StreamMappingId", "DeadlineMappingId", "DeadLetterMappingId"):
            mapping = self.functions.get_event_source_mapping(UUID=self.outputs[output])
            self.assertEqual((mapping["State"], mapping["FunctionArn"].rsplit(":", 1)[1]), ("Enabled", "live"))


class Life(unittest.TestCase):
    """A stack from its first deployment to its end."""

    def setUp(self) -> None:
        self.binaries = standins(pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="concord-standins-"))))
        self.aws = self.enterContext(ministack.running())

    def test_it_is_updated_without_losing_data_and_leaves_nothing(self) -> None:
        functions, dynamodb = self.aws.client("lambda"), self.aws.client("dynamodb")
        first = self.aws.deploy("concord", self.binaries)
        dynamodb.put_item(TableName=first["TableName"], Item={"job": {"S": "kept"}, "item": {"S": "payload"}})
        self.assertEqual(self.aws.deploy("concord", self.binaries), first, "nothing changed, so nothing is published")

        second = self.aws.deploy("concord", self.binaries, Calculation="command", CalculationCommand="python3 /opt/a.py b=c")
        self.assertEqual({key for key in first if first[key] != second[key]}, {"Release", "Calculation"})
        self.assertEqual(second["Calculation"], "command python3 /opt/a.py b=c")
        live = functions.get_function_configuration(FunctionName=second["WorkerFunction"], Qualifier="live")
        self.assertEqual((live["Version"], live["Environment"]["Variables"]["CALC_COMMAND"]), ("2", "python3 /opt/a.py b=c"))
        old = functions.get_function_configuration(FunctionName=second["WorkerFunction"], Qualifier="1")
        self.assertNotIn("CALC_COMMAND", old["Environment"]["Variables"])
        self.assertEqual(dynamodb.scan(TableName=first["TableName"])["Count"], 1)

        self.aws.client("s3").put_object(Bucket=second["BucketName"], Key="outputs/a", Body=b"a")
        self.aws.destroy("concord", with_data=True)
        self.assertEqual(self.aws.everything(), {"buckets": ["concord-code-000000000000-us-east-1"]})

    def test_its_data_is_kept_by_default(self) -> None:
        outputs = self.aws.deploy("concord", self.binaries)
        self.aws.destroy("concord", with_data=False)
        self.assertEqual(
            self.aws.everything(),
            {"tables": [outputs["TableName"]], "buckets": [outputs["BucketName"], "concord-code-000000000000-us-east-1"]},
        )


if __name__ == "__main__":
    unittest.main()
