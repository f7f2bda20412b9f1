"""What the template wires together, deployed by infra/deploy on an emulator with stand-ins for the Rust code.

    acceptance/stack/run

Each test leaves its own job, so that they share one stack. Promises of the Rust code are not tested here.
"""

import itertools
import json
import pathlib
import sys
import tempfile
import time
import unittest
from collections.abc import Callable
from typing import Any

import boto3
import botocore.exceptions
import ministack
from ministack import wait_for

STANDIN = pathlib.Path(__file__).with_name("standin.py")
WAIT_SECONDS_MAX = 30
# Long enough for Python to start, short enough for a copy whose worker crashed to come back within the test.
TIMEOUT_SECONDS = 5


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
        cls.settings = {"Architectures": "both", "Timeout": TIMEOUT_SECONDS, "VisibilityTimeout": TIMEOUT_SECONDS}
        cls.outputs = cls.aws.deploy("concord", cls.binaries, **cls.settings)
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

    def queue_of_the_test(self, name: str, sender: str) -> tuple[str, str]:
        """A queue that the service `sender` may send to: its URL and its ARN."""
        url = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        self.addCleanup(self.sqs.delete_queue, QueueUrl=url)
        arn = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        allow = {"Effect": "Allow", "Principal": {"Service": sender}, "Action": "sqs:SendMessage", "Resource": arn}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        return url, arn

    def received(self, url: str) -> dict:
        answer = wait_for(
            lambda: self.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages"), WAIT_SECONDS_MAX, "a message"
        )
        return json.loads(answer[0]["Body"])

    def test_copies_reach_the_workers_and_outcomes_the_aggregator(self) -> None:
        for index in range(20):
            self.send("QueueUrl", job="copies", copy=index, does="write")
        # A part of what is there: on a busy machine a copy may come twice, as on AWS.
        expected = {name for index in range(20) for name in (f"copy#{index:05}", f"tally#INSERT#copy#{index:05}")}
        wait_for(lambda: expected <= set(self.items("copies")), WAIT_SECONDS_MAX, "20 outcomes and what the aggregator made of each")
        ran = {item["function"] for name, item in self.items("copies").items() if name.startswith("copy#")}
        self.assertLessEqual(ran, {self.outputs["WorkerFunction"], self.outputs["WorkerArm64Function"]})

    def test_functions_have_the_settings(self) -> None:
        self.send("QueueUrl", job="settings", copy=0, does="write")
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
            [aggregator[key] for key in ("TABLE", "DEADLINE_QUEUE_URL", "DEAD_LETTER_QUEUE_URL", "EVENT_BUS", "KEEP_DAYS", "CONCORD_STACK")],
            [outputs["TableName"], outputs["DeadlineQueueUrl"], outputs["DeadLetterQueueUrl"], "default", "30", "concord"],
        )

    def test_a_copy_that_fails_is_a_dead_letter_after_its_last_receive(self) -> None:
        self.send("QueueUrl", job="fails", copy=7, does="fail")
        self.item("fails", "dead#00007")

    def test_a_copy_whose_worker_crashes_is_a_dead_letter_after_its_last_receive(self) -> None:
        begin = time.monotonic()
        self.send("QueueUrl", job="crashes", copy=7, does="crash")
        self.item("crashes", "dead#00007")
        receives = int(self.outputs["MaxReceives"])
        self.assertGreaterEqual(time.monotonic() - begin, (receives - 1) * TIMEOUT_SECONDS)

    def test_large_payloads_and_outputs_go_through_the_bucket(self) -> None:
        s3, bucket = self.aws.client("s3"), self.outputs["BucketName"]
        s3.put_object(Bucket=bucket, Key="payloads/large", Body=b"x" * 300_000)
        self.send("QueueUrl", job="large", copy=0, does="write-large")
        self.item("large", "copy#00000")
        self.assertEqual(s3.head_object(Bucket=bucket, Key="outputs/large")["ContentLength"], 300_000)

    def test_only_outcomes_and_jobs_wake_the_aggregator(self) -> None:
        for item in ("payload", "output#sha256:00", "tally#0000", "roll", "jobs", "copy", "job", "copy#00001"):
            self.put("wakes", item, status="running", submitted_at="2026-11-23T00:00:00Z")
        self.put("wakes", "copy#00001", changed="yes")
        self.item("wakes", "tally#MODIFY#copy#00001")
        woken = {name: item["images"] for name, item in self.items("wakes").items() if name.startswith(("tally#I", "tally#M"))}
        self.assertEqual(
            woken,
            {"tally#INSERT#job": "NewImage", "tally#INSERT#copy#00001": "NewImage", "tally#MODIFY#copy#00001": "OldImage+NewImage"},
        )

    def test_what_is_deleted_does_not_wake_the_aggregator(self) -> None:
        self.put("deletes", "job", status="running", submitted_at="2026-11-23T00:00:00Z")
        self.item("deletes", "tally#INSERT#job")
        self.dynamodb.delete_item(TableName=self.outputs["TableName"], Key={"job": {"S": "deletes"}, "item": {"S": "job"}})
        self.put("deletes", "copy#00000")
        self.item("deletes", "tally#INSERT#copy#00000")
        self.assertNotIn("tally#REMOVE#job", self.items("deletes"))

    def test_a_deadline_sends_itself_on(self) -> None:
        self.send("DeadlineQueueUrl", job="deadline", hops=2)
        self.item("deadline", "deadline")

    def test_jobs_are_listed_by_status_without_a_scan(self) -> None:
        self.put("listed", "copy#00000", submitted_at="2026-11-23T00:00:00Z")
        self.put("listed", "job", status="listed", submitted_at="2026-11-23T00:00:00Z", note="whole")
        answer = self.dynamodb.query(
            TableName=self.outputs["TableName"],
            IndexName="by_status",
            KeyConditionExpression="#status = :status AND submitted_at >= :since",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":status": {"S": "listed"}, ":since": {"S": "2026-11-22"}},
        )
        self.assertEqual([(item["item"]["S"], item["note"]["S"]) for item in answer["Items"]], [("job", "whole")])

    def test_a_divergent_job_raises_the_alarm(self) -> None:
        sns, cloudwatch = self.aws.client("sns"), self.aws.client("cloudwatch")
        url, arn = self.queue_of_the_test("told-of-alarms", "sns.amazonaws.com")
        sns.subscribe(TopicArn=self.outputs["TopicArn"], Protocol="sqs", Endpoint=arn)
        self.put("alarm", "job", status="divergent", verdict="divergent", submitted_at="2026-11-23T00:00:00Z")
        forwarded = forward_metrics(self.aws, self.outputs["AggregatorLogGroup"], "alarm")
        told = json.loads(self.received(url)["Message"])
        self.assertEqual((told["AlarmName"], told["NewStateValue"]), (self.outputs["DivergenceAlarm"], "ALARM"))
        # The emulator's alarms look at namespace and metric alone. AWS asks for exactly these dimensions.
        alarm, = cloudwatch.describe_alarms(AlarmNames=[self.outputs["DivergenceAlarm"]])["MetricAlarms"]
        watched = {each["Name"]: each["Value"] for each in alarm["Dimensions"]}
        self.assertIn((alarm["Namespace"], alarm["MetricName"], watched), forwarded)

    def test_a_verdict_is_announced_on_the_bus(self) -> None:
        events = self.aws.client("events")
        url, arn = self.queue_of_the_test("told-of-verdicts", "events.amazonaws.com")
        events.put_rule(Name="verdicts", EventPattern=json.dumps({"source": ["concord"], "detail": {"job": ["announced"]}}))
        events.put_targets(Rule="verdicts", Targets=[{"Id": "test", "Arn": arn}])
        self.addCleanup(events.delete_rule, Name="verdicts")
        self.addCleanup(events.remove_targets, Rule="verdicts", Ids=["test"])
        self.put("announced", "job", status="reproducible", verdict="reproducible", submitted_at="2026-11-23T00:00:00Z")
        self.assertEqual(self.received(url)["detail"], {"job": "announced", "verdict": "reproducible", "stack": "concord"})

    def test_roles_allow_no_more(self) -> None:
        self.send("QueueUrl", job="roles", copy=0, does="write")
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
        self.refused(aggregator("sqs").send_message, QueueUrl=queue, MessageBody="{}")
        self.refused(aggregator("s3").put_object, Bucket=bucket, Key="outputs/roles", Body=b"")

    def acting_as(self, env: dict[str, str]) -> Callable[[str], Any]:
        """Clients with the credentials that a function had."""
        session = boto3.Session(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env["AWS_SESSION_TOKEN"], ministack.REGION)
        return lambda service: self.aws.client(service, session)

    def refused(self, call: Callable[..., object], **arguments: object) -> None:
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            call(**arguments)
        self.assertIn(caught.exception.response["Error"]["Code"], ("AccessDenied", "AccessDeniedException"))

    def test_a_doctor_can_ask_for_all_that_it_needs(self) -> None:
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

    def left(self) -> dict[str, list[str]]:
        """The names of all that could belong to a stack."""
        client = self.aws.client
        every = {
            "queues": client("sqs").list_queues().get("QueueUrls", []),
            "functions": [each["FunctionName"] for each in client("lambda").list_functions()["Functions"]],
            "mappings": [each["UUID"] for each in client("lambda").list_event_source_mappings()["EventSourceMappings"]],
            "roles": [each["RoleName"] for each in client("iam").list_roles()["Roles"]],
            "logs": [each["logGroupName"] for each in client("logs").describe_log_groups()["logGroups"]],
            "topics": [each["TopicArn"] for each in client("sns").list_topics()["Topics"]],
            "alarms": [each["AlarmName"] for each in client("cloudwatch").describe_alarms()["MetricAlarms"]],
            "dashboards": [each["DashboardName"] for each in client("cloudwatch").list_dashboards()["DashboardEntries"]],
            "tables": client("dynamodb").list_tables()["TableNames"],
            "buckets": [each["Name"] for each in client("s3").list_buckets()["Buckets"]],
        }
        return {kind: names for kind, names in every.items() if names}

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
        self.assertEqual(self.left(), {"buckets": ["concord-code-000000000000-us-east-1"]})

    def test_its_data_is_kept_unless_asked(self) -> None:
        outputs = self.aws.deploy("concord", self.binaries)
        self.aws.destroy("concord", with_data=False)
        self.assertEqual(
            self.left(),
            {"tables": [outputs["TableName"]], "buckets": [outputs["BucketName"], "concord-code-000000000000-us-east-1"]},
        )

    def test_a_function_to_invoke_is_found_by_its_name(self) -> None:
        other = self.aws.deploy("other", self.binaries)["AggregatorFunction"]
        outputs = self.aws.deploy("concord", self.binaries, Calculation="function", CalculationFunction=other)
        self.assertEqual(outputs["Calculation"], f"function arn:aws:lambda:us-east-1:000000000000:function:{other}")
        with self.assertRaisesRegex(AssertionError, "there is no function nobody"):
            self.aws.deploy("concord", self.binaries, Calculation="function", CalculationFunction="nobody")


def forward_metrics(aws: ministack.Aws, log_group: str, job: str) -> list[tuple[str, str, dict[str, str]]]:
    """Put the metrics that a log line of this job holds, and return namespace, name and dimensions of each.

    CloudWatch takes them out of the log itself on AWS. This emulator does not.
    """
    logs, cloudwatch = aws.client("logs"), aws.client("cloudwatch")

    def lines() -> list[dict]:
        found = logs.filter_log_events(logGroupName=log_group)["events"]
        texts = [text for event in found for text in event["message"].splitlines() if text.startswith('{"_aws"')]
        return [line for line in map(json.loads, texts) if line.get("job") == job]

    put = []
    for line in wait_for(lines, WAIT_SECONDS_MAX, f"a line with metrics of {job} in {log_group}"):
        for directive in line["_aws"]["CloudWatchMetrics"]:
            for names, metric in itertools.product(directive["Dimensions"], directive["Metrics"]):
                values = {name: line[name] for name in names}
                datum = {
                    "MetricName": metric["Name"],
                    "Dimensions": [{"Name": name, "Value": value} for name, value in values.items()],
                    "Value": line[metric["Name"]],
                    "Unit": metric["Unit"],
                }
                cloudwatch.put_metric_data(Namespace=directive["Namespace"], MetricData=[datum])
                put.append((directive["Namespace"], metric["Name"], values))
    return put


if __name__ == "__main__":
    unittest.main()
