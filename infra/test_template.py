"""Tests of the settings in template.yaml on which the code depends, and of the two Python scripts of infra/deploy.

    infra/lint
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import zipfile

import yaml

import package
import parameters

HERE = pathlib.Path(__file__).parent
TEMPLATE = (HERE / "template.yaml").read_text()


class Loader(yaml.SafeLoader):
    """Parses the short forms of CloudFormation's functions: !Ref Queue becomes {"Ref": "Queue"}."""


def function(loader: Loader, tag: str, node: yaml.Node) -> dict:
    name = tag if tag in ("Ref", "Condition") else f"Fn::{tag}"
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        return {name: value.split(".", 1) if tag == "GetAtt" else value}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_mapping(node, deep=True)}


Loader.add_multi_constructor("!", function)
STACK = yaml.load(TEMPLATE, Loader)  # noqa: S506, the loader is a SafeLoader
RESOURCES = STACK["Resources"]
DEFAULTS = {name: parameter.get("Default") for name, parameter in STACK["Parameters"].items()}

FUNCTIONS = ("Worker", "WorkerArm64", "Aggregator")
QUEUES = ("Queue", "DeadLetterQueue", "DeadlineQueue", "QuarantineQueue")
MAPPINGS = {
    "WorkerMapping": ("Queue", "WorkerLive"),
    "WorkerArm64Mapping": ("Queue", "WorkerArm64Live"),
    "StreamMapping": ("Table", "AggregatorLive"),
    "DeadlineMapping": ("DeadlineQueue", "AggregatorLive"),
    "DeadLetterMapping": ("DeadLetterQueue", "AggregatorLive"),
}
# The actions that each role may do, by resource. If the Rust code needs another action, add it here and in the template.
LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
TRACES = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
ALLOWED = {
    "WorkerRole": {
        "Queue.Arn": {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"},
        "Table.Arn": {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"},
        "${Bucket.Arn}/payloads/*": {"s3:GetObject"},
        "${Bucket.Arn}/outputs/*": {"s3:PutObject"},
        "CalculationFunction": {"lambda:InvokeFunction"},
        "WorkerLog.Arn": LOGS,
        "*": TRACES,
    },
    "AggregatorRole": {
        "${Table.Arn}/stream/*": {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"},
        "Table.Arn": {"dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem"},
        "DeadlineQueue.Arn": {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:SendMessage"},
        "DeadLetterQueue.Arn": {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"},
        "QuarantineQueue.Arn": {"sqs:SendMessage"},
        "Queue.Arn": {"sqs:SendMessage"},
        "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/${EventBus}": {"events:PutEvents"},
        "AggregatorLog.Arn": LOGS,
        "*": TRACES,
    },
}
WORKER_SETTINGS = {
    "TABLE", "QUEUE_URL", "BUCKET", "CALC", "CALC_COMMAND", "CALC_FUNCTION", "NUM_WORKERS", "HASH_ONLY", "KEEP_DAYS",
    "CONCORD_STACK", "AWS_ENDPOINT_URL",
}  # fmt: skip
AGGREGATOR_SETTINGS = {
    "TABLE", "QUEUE_URL", "DEADLINE_QUEUE_URL", "DEAD_LETTER_QUEUE_URL", "QUARANTINE_QUEUE_URL", "EVENT_BUS", "KEEP_DAYS",
    "CONCORD_STACK", "AWS_ENDPOINT_URL",
}  # fmt: skip
NOTHING = {"Ref": "AWS::NoValue"}


def properties(name: str) -> dict:
    return RESOURCES[name]["Properties"]


def of_type(kind: str) -> dict[str, dict]:
    return {name: resource.get("Properties", {}) for name, resource in RESOURCES.items() if resource["Type"] == kind}


def listed(value: object) -> list:
    return value if isinstance(value, list) else [value]


def named(resource: object) -> str:
    """Queue.Arn for a GetAtt, Queue for a Ref, and the text of a Sub."""
    if isinstance(resource, str):
        return resource
    (kind, value), = resource.items()
    return ".".join(value) if kind == "Fn::GetAtt" else value


def statements(role: str) -> list[dict]:
    """The statements of a role, also those that depend on a condition."""
    every = [statement for policy in properties(role)["Policies"] for statement in policy["PolicyDocument"]["Statement"]]
    return [statement["Fn::If"][1] if "Fn::If" in statement else statement for statement in every]


class Delivery(unittest.TestCase):
    def test_the_defaults_are_those_of_the_old_system(self) -> None:
        self.assertEqual(
            [DEFAULTS[name] for name in ("MemorySize", "Timeout", "Attempts", "Workers", "BatchSize")], [512, 900, 2, 1, 1]
        )
        self.assertEqual([DEFAULTS["HashOnly"], DEFAULTS["Calculation"], DEFAULTS["Architectures"]], ["FALSE", "probe", "x86_64"])

    def test_a_copy_is_not_delivered_again_while_it_runs(self) -> None:
        self.assertGreaterEqual(DEFAULTS["VisibilityTimeout"], DEFAULTS["Timeout"])
        self.assertEqual(properties("Queue")["VisibilityTimeout"], {"Ref": "VisibilityTimeout"})
        for queue in ("DeadlineQueue", "DeadLetterQueue"):
            self.assertGreaterEqual(properties(queue)["VisibilityTimeout"], properties("Aggregator")["Timeout"])

    def test_a_killed_copy_is_delivered_again_well_before_the_default_deadline(self) -> None:
        self.assertLess(DEFAULTS["VisibilityTimeout"] + DEFAULTS["Timeout"], 3600)

    def test_the_receives_allow_every_attempt_and_one_killed_worker(self) -> None:
        self.assertGreater(DEFAULTS["MaxReceives"], DEFAULTS["Attempts"])
        redrive = properties("Queue")["RedrivePolicy"]
        self.assertEqual(redrive["maxReceiveCount"], {"Ref": "MaxReceives"})
        self.assertEqual(named(redrive["deadLetterTargetArn"]), "DeadLetterQueue.Arn")

    def test_messages_that_nothing_can_handle_are_quarantined_for_a_person(self) -> None:
        for queue in ("DeadLetterQueue", "DeadlineQueue"):
            self.assertEqual(named(properties(queue)["RedrivePolicy"]["deadLetterTargetArn"]), "QuarantineQueue.Arn")
        self.assertNotIn("RedrivePolicy", properties("QuarantineQueue"))
        sources = [named(mapping["EventSourceArn"]) for mapping in of_type("AWS::Lambda::EventSourceMapping").values()]
        self.assertNotIn("QuarantineQueue.Arn", sources)

    def test_no_message_expires_before_two_weeks(self) -> None:
        for queue in QUEUES:
            self.assertEqual(properties(queue)["MessageRetentionPeriod"], 14 * 86400, queue)

    def test_each_mapping_has_the_right_source_and_function(self) -> None:
        found = {
            name: (named(mapping["EventSourceArn"]).split(".")[0], named(mapping["FunctionName"]))
            for name, mapping in of_type("AWS::Lambda::EventSourceMapping").items()
        }
        self.assertEqual(found, MAPPINGS)

    def test_every_mapping_reports_failures_item_by_item(self) -> None:
        for name, mapping in of_type("AWS::Lambda::EventSourceMapping").items():
            self.assertEqual(mapping["FunctionResponseTypes"], ["ReportBatchItemFailures"], name)

    def test_copies_do_not_wait_for_a_batch(self) -> None:
        for name in ("WorkerMapping", "WorkerArm64Mapping"):
            self.assertEqual(properties(name)["MaximumBatchingWindowInSeconds"], 0)
            self.assertEqual(properties(name)["BatchSize"], {"Ref": "BatchSize"})

    def test_the_concurrency_has_no_limit_by_default(self) -> None:
        self.assertEqual((DEFAULTS["MaximumConcurrency"], DEFAULTS["ReservedConcurrency"]), ("0", 0))
        for name in ("WorkerMapping", "WorkerArm64Mapping"):
            self.assertEqual(properties(name)["ScalingConfig"]["Fn::If"][::2], ["HasMaximumConcurrency", NOTHING])
        for name in ("Worker", "WorkerArm64"):
            limit = properties(name)["ReservedConcurrentExecutions"]["Fn::If"]
            self.assertEqual(limit, ["HasReservedConcurrency", {"Ref": "ReservedConcurrency"}, NOTHING])
        self.assertNotIn("ReservedConcurrentExecutions", properties("Aggregator"))

    def test_the_two_workers_differ_only_in_their_architecture(self) -> None:
        one, other = (dict(properties(name)) for name in ("Worker", "WorkerArm64"))
        for differs in ("Description", "PackageType", "Runtime", "Handler", "Code", "Architectures"):
            del one[differs], other[differs]
        self.assertEqual(one, other)
        self.assertEqual(properties("WorkerArm64")["Architectures"], ["arm64"])
        conditional = {name for name, resource in RESOURCES.items() if resource.get("Condition") == "Both"}
        self.assertEqual(conditional, {name for name in RESOURCES if "Arm64" in name})


class Stream(unittest.TestCase):
    mapping = properties("StreamMapping")

    def test_the_stream_has_old_and_new_images_from_the_first_change(self) -> None:
        self.assertEqual(properties("Table")["StreamSpecification"], {"StreamViewType": "NEW_AND_OLD_IMAGES"})
        self.assertEqual(named(self.mapping["EventSourceArn"]), "Table.StreamArn")
        self.assertEqual(self.mapping["StartingPosition"], "TRIM_HORIZON")

    def test_only_outcomes_and_jobs_invoke_the_aggregator(self) -> None:
        filters = [json.loads(each["Pattern"]) for each in self.mapping["FilterCriteria"]["Filters"]]
        keys = [each["dynamodb"]["Keys"]["item"]["S"] for each in filters]
        self.assertEqual(keys, [[{"prefix": "copy#"}], ["job"]])
        self.assertEqual([each["eventName"] for each in filters], [["INSERT", "MODIFY"]] * 2)

    def test_an_unreadable_change_does_not_block_its_shard(self) -> None:
        self.assertIs(self.mapping["BisectBatchOnFunctionError"], True)
        self.assertIn(self.mapping["MaximumRetryAttempts"], range(3, 101))
        self.assertIn(self.mapping["MaximumRecordAgeInSeconds"], range(3600, 86400))
        self.assertEqual(named(self.mapping["DestinationConfig"]["OnFailure"]["Destination"]), "QuarantineQueue.Arn")

    def test_batches_are_large_and_wait_a_short_time(self) -> None:
        self.assertGreaterEqual(self.mapping["BatchSize"], 100)
        self.assertLessEqual(self.mapping["MaximumBatchingWindowInSeconds"], 1)

    def test_lambda_does_not_stop_long_deadlines_as_a_loop(self) -> None:
        self.assertEqual(properties("Aggregator")["RecursiveLoop"], "Allow")


class Data(unittest.TestCase):
    table = properties("Table")

    def test_keys_index_and_time_to_live(self) -> None:
        self.assertEqual(keys(self.table), {"HASH": "job", "RANGE": "item"})
        index, = self.table["GlobalSecondaryIndexes"]
        self.assertEqual((index["IndexName"], keys(index)), ("by_status", {"HASH": "status", "RANGE": "submitted_at"}))
        self.assertEqual(index["Projection"], {"ProjectionType": "ALL"})
        self.assertEqual(self.table["TimeToLiveSpecification"], {"AttributeName": "expires_at", "Enabled": True})
        self.assertEqual(self.table["BillingMode"], "PAY_PER_REQUEST")

    def test_the_data_is_kept_when_the_stack_is_deleted(self) -> None:
        for name in ("Table", "Bucket"):
            self.assertIn("Retain", RESOURCES[name]["DeletionPolicy"])
            self.assertEqual(RESOURCES[name]["UpdateReplacePolicy"], "Retain")
        self.assertEqual(self.table["PointInTimeRecoverySpecification"], {"PointInTimeRecoveryEnabled": True})

    def test_objects_expire_after_as_many_days_as_the_items(self) -> None:
        rules = {rule.get("Prefix"): rule.get("ExpirationInDays") for rule in properties("Bucket")["LifecycleConfiguration"]["Rules"]}
        self.assertEqual(rules, {"payloads/": {"Ref": "KeepDays"}, "outputs/": {"Ref": "KeepDays"}, None: None})
        for name in FUNCTIONS:
            self.assertEqual(properties(name)["Environment"]["Variables"]["KEEP_DAYS"], {"Ref": "KeepDays"})


def keys(table: dict) -> dict[str, str]:
    return {key["KeyType"]: key["AttributeName"] for key in table["KeySchema"]}


class Safety(unittest.TestCase):
    def test_everything_is_encrypted(self) -> None:
        self.assertEqual(set(of_type("AWS::SQS::Queue")), set(QUEUES))
        for queue in QUEUES:
            self.assertIs(properties(queue)["SqsManagedSseEnabled"], True, queue)
        self.assertEqual(properties("Table")["SSESpecification"], {"SSEEnabled": True})
        self.assertIn("BucketEncryption", properties("Bucket"))

    def test_the_alarms_may_use_the_key_of_their_topic(self) -> None:
        self.assertEqual(properties("Topic")["KmsMasterKeyId"], {"Ref": "TopicKey"})
        grants = {statement["Sid"]: statement for statement in properties("TopicKey")["KeyPolicy"]["Statement"]}
        self.assertEqual(grants["AlarmsPublish"]["Principal"], {"Service": "cloudwatch.amazonaws.com"})
        self.assertEqual(set(grants["AlarmsPublish"]["Action"]), {"kms:Decrypt", "kms:GenerateDataKey"})

    def test_requests_without_tls_are_refused(self) -> None:
        covered = {}
        for name in ("QueuesOverTls", "BucketOverTls", "TopicPolicy"):
            denials = [each for each in properties(name)["PolicyDocument"]["Statement"] if each["Effect"] == "Deny"]
            denial, = denials
            self.assertEqual(denial["Condition"], {"Bool": {"aws:SecureTransport": "false"}}, name)
            self.assertEqual(denial["Principal"], "*")
            covered[name] = {named(resource) for resource in listed(denial["Resource"])}
        self.assertEqual(covered["QueuesOverTls"], {"*"})
        self.assertEqual(covered["BucketOverTls"], {"Bucket.Arn", "${Bucket.Arn}/*"})
        self.assertEqual(covered["TopicPolicy"], {"Topic"})
        self.assertEqual({named(queue) for queue in properties("QueuesOverTls")["Queues"]}, set(QUEUES))

    def test_the_bucket_is_private(self) -> None:
        self.assertEqual(set(properties("Bucket")["PublicAccessBlockConfiguration"].values()), {True})
        self.assertEqual(len(properties("Bucket")["PublicAccessBlockConfiguration"]), 4)

    def test_the_roles_allow_only_the_expected_actions(self) -> None:
        self.assertEqual(set(of_type("AWS::IAM::Role")), set(ALLOWED))
        for role, expected in ALLOWED.items():
            found: dict[str, set[str]] = {}
            for statement in statements(role):
                self.assertEqual(statement["Effect"], "Allow")
                for resource in listed(statement["Resource"]):
                    found.setdefault(named(resource), set()).update(listed(statement["Action"]))
            self.assertEqual(found, expected, role)

    def test_only_traces_have_a_wildcard(self) -> None:
        for role in ALLOWED:
            for statement in statements(role):
                self.assertFalse([verb for verb in listed(statement["Action"]) if "*" in verb], role)
                # X-Ray has no resources to name.
                if set(listed(statement["Action"])) != TRACES:
                    self.assertNotIn("*", map(named, listed(statement["Resource"])), role)

    def test_the_worker_may_invoke_a_function_only_if_it_is_named(self) -> None:
        every = [each for policy in properties("WorkerRole")["Policies"] for each in policy["PolicyDocument"]["Statement"]]
        conditional, = [each["Fn::If"] for each in every if "Fn::If" in each]
        self.assertEqual((conditional[0], conditional[1]["Action"], conditional[2]), ("HasFunction", "lambda:InvokeFunction", NOTHING))


class Functions(unittest.TestCase):
    def test_each_function_has_the_expected_variables(self) -> None:
        self.assertEqual(set(of_type("AWS::Lambda::Function")), set(FUNCTIONS))
        for name in FUNCTIONS:
            expected = AGGREGATOR_SETTINGS if name == "Aggregator" else WORKER_SETTINGS
            variables = properties(name)["Environment"]["Variables"]
            self.assertEqual(set(variables), expected, name)
            self.assertEqual(variables["AWS_ENDPOINT_URL"], {"Fn::If": ["HasEndpoint", {"Ref": "EndpointUrl"}, NOTHING]})

    def test_mappings_run_the_live_alias_of_a_version_that_is_kept(self) -> None:
        for name in FUNCTIONS:
            self.assertEqual(properties(f"{name}Live")["Name"], "live")
            self.assertEqual(named(properties(f"{name}Live")["FunctionVersion"]), f"{name}Version.Version")
            version = RESOURCES[f"{name}Version"]
            self.assertEqual((version["DeletionPolicy"], version["UpdateReplacePolicy"]), ("Retain", "Retain"))
            self.assertEqual(version["Properties"], {"FunctionName": {"Ref": name}, "Description": {"Ref": "Release"}})

    def test_a_new_release_changes_the_function(self) -> None:
        """Otherwise Lambda would not publish a version if only a setting of the stack changed."""
        for name in FUNCTIONS:
            self.assertIn("${Release}", properties(name)["Description"]["Fn::Sub"])

    def test_the_functions_have_traces_and_logs(self) -> None:
        for name in FUNCTIONS:
            log = "AggregatorLog" if name == "Aggregator" else "WorkerLog"
            self.assertEqual(properties(name)["TracingConfig"], {"Mode": "Active"})
            self.assertEqual(properties(name)["LoggingConfig"]["LogGroup"], {"Ref": log})
        for log in of_type("AWS::Logs::LogGroup").values():
            self.assertEqual(log["RetentionInDays"], {"Ref": "LogRetentionDays"})
        self.assertEqual(DEFAULTS["LogRetentionDays"], 30)


class Alarms(unittest.TestCase):
    alarms = of_type("AWS::CloudWatch::Alarm")

    def test_a_divergence_raises_the_alarm_at_once(self) -> None:
        alarm = self.alarms["DivergenceAlarm"]
        dimensions = {each["Name"]: each["Value"] for each in alarm["Dimensions"]}
        self.assertEqual((alarm["Namespace"], alarm["MetricName"]), ("Concord", "Jobs"))
        self.assertEqual(dimensions, {"Stack": {"Ref": "AWS::StackName"}, "Verdict": "divergent"})
        wanted = {"Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanOrEqualToThreshold"}
        self.assertEqual({key: alarm[key] for key in wanted}, wanted)

    def test_each_alarm_goes_to_the_topic_has_a_description_and_is_quiet_without_data(self) -> None:
        self.assertEqual(
            set(self.alarms),
            {f"{name}Alarm" for name in ("Divergence", "Inconclusive", "Quarantine", "DeadLetter", "WorkerErrors", "WorkerArm64Errors", "AggregatorErrors", "AggregatorAge", "QueueAge")},
        )
        for name, alarm in self.alarms.items():
            self.assertEqual(alarm["AlarmActions"], [{"Ref": "Topic"}], name)
            self.assertEqual(alarm["TreatMissingData"], "notBreaching", name)
            self.assertGreater(len(alarm["AlarmDescription"]["Fn::Sub"]), 80, name)
            self.assertLess(len(alarm["AlarmDescription"]["Fn::Sub"]), 900, name)  # 1,024 with names filled in

    def test_the_dashboard_is_json(self) -> None:
        body = properties("Dashboard")["DashboardBody"]["Fn::Sub"]
        self.assertGreaterEqual(len(json.loads(body)["widgets"]), 6)

    def test_the_alarms_of_this_account_may_publish_to_the_topic(self) -> None:
        allow, = [each for each in properties("TopicPolicy")["PolicyDocument"]["Statement"] if each["Effect"] == "Allow"]
        self.assertEqual((allow["Principal"], allow["Action"]), ({"Service": "cloudwatch.amazonaws.com"}, "sns:Publish"))
        self.assertEqual(allow["Condition"], {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}})


class Template(unittest.TestCase):
    def test_the_template_needs_no_macro_and_fits_into_a_request(self) -> None:
        self.assertNotIn("Transform", STACK)
        self.assertLess(len(TEMPLATE.encode()), 51_200)

    def test_the_outputs_are_complete(self) -> None:
        expected = {
            "QueueUrl", "DeadLetterQueueUrl", "DeadlineQueueUrl", "QuarantineQueueUrl", "TableName", "BucketName", "WorkerFunction",
            "WorkerArm64Function", "AggregatorFunction", "WorkerLogGroup", "AggregatorLogGroup", "WorkerMappingId",
            "WorkerArm64MappingId", "StreamMappingId", "DeadlineMappingId", "DeadLetterMappingId", "TopicArn", "DivergenceAlarm",
            "DashboardName", "DashboardUrl", "EventBus", "Attempts", "Timeout", "MaxReceives", "KeepDays", "Architectures",
            "Calculation", "Release",
        }  # fmt: skip
        self.assertEqual(set(STACK["Outputs"]), expected)

    def test_the_calculation_is_described_in_the_words_of_the_worker(self) -> None:
        described = STACK["Outputs"]["Calculation"]["Value"]["Fn::If"]
        self.assertEqual(described[:2], ["RunsCommand", {"Fn::Sub": "command ${CalculationCommand}"}])
        self.assertEqual(described[2]["Fn::If"], ["RunsFunction", {"Fn::Sub": "function ${CalculationFunction}"}, {"Ref": "Calculation"}])

    def test_every_parameter_has_a_description_and_a_group(self) -> None:
        grouped = [name for group in STACK["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"] for name in group["Parameters"]]
        self.assertEqual(sorted(grouped), sorted(STACK["Parameters"]))
        for name, parameter in STACK["Parameters"].items():
            self.assertTrue(parameter["Description"], name)

    def test_every_skipped_check_of_checkov_has_a_reason(self) -> None:
        skipped = re.findall(r"^  - (CKV\w+)(.*)$", (HERE / "checkov.yaml").read_text(), re.MULTILINE)
        self.assertTrue(skipped)
        self.assertEqual([check for check, reason in skipped if len(reason) < 40], [])


class Parameters(unittest.TestCase):
    def check(self, given: list[str], expect: str | dict[str, str], previous: dict[str, str] | None = None) -> None:
        """Checks the resulting settings, or a part of the error."""
        known = parameters.defaults(TEMPLATE)
        if isinstance(expect, dict):
            settings = parameters.effective(known, previous or {}, given)
            self.assertEqual({key: settings[key] for key in expect}, expect)
        else:
            with self.assertRaises(parameters.Wrong) as caught:
                parameters.effective(known, previous or {}, given)
            self.assertIn(expect, f"{caught.exception} {caught.exception.hint}")

    def test_the_parsed_defaults_are_those_of_a_yaml_parser(self) -> None:
        as_yaml = {name: "" if value is None else str(value) for name, value in DEFAULTS.items()}
        self.assertEqual(parameters.defaults(TEMPLATE), as_yaml)

    def test_a_given_value_comes_before_the_deployed_one_and_that_before_the_default(self) -> None:
        self.check([], {"MemorySize": "512"})
        self.check([], {"MemorySize": "1024"}, {"MemorySize": "1024", "Gone": "1"})
        self.check(["MemorySize=2048"], {"MemorySize": "2048"}, {"MemorySize": "1024"})
        self.check(["Calculation=command", "CalculationCommand=a b=c"], {"CalculationCommand": "a b=c"})
        self.check(["Calculation=probe"], {"Calculation": "probe"}, {"Calculation": "command", "CalculationCommand": "a"})
        self.check(["ReservedConcurrency=10", "MaximumConcurrency=10"], {"ReservedConcurrency": "10"})

    def test_invalid_parameters_are_refused(self) -> None:
        self.check(["MemorySze=1"], "did you mean MemorySize?")
        self.check(["Release=1"], "filled in by infra/deploy")
        self.check(["Timeout"], "not KEY=VALUE")
        self.check(["Timeout=soon"], "not a whole number")
        self.check(["Attempts=3"], "MaxReceives=4")
        self.check(["MaxReceives=2"], "MaxReceives=3")
        self.check(["VisibilityTimeout=899"], "at least Timeout=900")
        self.check(["MaximumConcurrency=1"], "2 to 1000")
        self.check(["ReservedConcurrency=10"], "MaximumConcurrency=10")
        self.check(["ReservedConcurrency=10", "MaximumConcurrency=11"], "MaximumConcurrency=10")
        self.check(["Calculation=command"], "needs CalculationCommand")
        self.check(["Calculation=function"], "needs CalculationFunction")
        self.check(["CalculationCommand=a"], "add Calculation=command")
        self.check(["Architectures=both", "WorkerImage=a"], "two images or none")
        self.check(["WorkerImageArm64=a"], "no effect")


class Package(unittest.TestCase):
    def elf(self, machine: int) -> bytes:
        return b"\x7fELF" + bytes(14) + machine.to_bytes(2, "little") + bytes(40)

    def test_the_zip_depends_only_on_the_binary_and_contains_a_program(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            digests = [self.run_on(pathlib.Path(folder), b"#!/bin/sh\n", "arm64", name) for name in ("one", "two")]
            self.assertEqual(*[done.stdout for done in digests])
            entry, = zipfile.ZipFile(pathlib.Path(folder, "one.zip")).infolist()
            self.assertEqual((entry.filename, entry.external_attr >> 16), ("bootstrap", 0o100755))

    def test_a_binary_for_another_architecture_is_refused(self) -> None:
        self.assertEqual(package.built_for(self.elf(0x3E)), "x86_64")
        with tempfile.TemporaryDirectory() as folder:
            done = self.run_on(pathlib.Path(folder), self.elf(0xB7), "x86_64", "one")
            self.assertEqual(done.returncode, 2)
            self.assertIn("is built for arm64, not for x86_64", done.stderr)
            self.assertEqual(self.run_on(pathlib.Path(folder), self.elf(0xB7), "arm64", "one").returncode, 0)

    def run_on(self, folder: pathlib.Path, binary: bytes, architecture: str, name: str) -> subprocess.CompletedProcess:
        (folder / name).write_bytes(binary)
        command = [sys.executable, HERE / "package.py", folder / name, architecture, folder / f"{name}.zip"]
        return subprocess.run(command, capture_output=True, text=True)


if __name__ == "__main__":
    unittest.main()
