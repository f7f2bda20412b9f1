"""How a test hears what a stack announces: queues that other services send to, and the metrics in a log."""

import contextlib
import itertools
import json
from collections.abc import Iterator

import ministack
from ministack import WAIT_SECONDS_MAX, wait_for


class Listener:
    """A queue that one service may send to."""

    def __init__(self, aws: ministack.Aws, url: str) -> None:
        self._sqs = aws.client("sqs")
        self.url = url
        answer = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        self.arn = answer["Attributes"]["QueueArn"]

    def heard(self) -> dict:
        """The next message, as JSON."""

        def receive() -> list[dict]:
            return self._sqs.receive_message(QueueUrl=self.url, WaitTimeSeconds=1).get("Messages", [])

        message, *_ = wait_for(receive, WAIT_SECONDS_MAX, f"a message on {self.url}")
        self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return json.loads(message["Body"])


@contextlib.contextmanager
def listening(aws: ministack.Aws, name: str, sender: str) -> Iterator[Listener]:
    """A new queue of that name that the service `sender` may send to."""
    sqs = aws.client("sqs")
    listener = Listener(aws, sqs.create_queue(QueueName=name)["QueueUrl"])
    allow = {"Effect": "Allow", "Principal": {"Service": sender}, "Action": "sqs:SendMessage", "Resource": listener.arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    sqs.set_queue_attributes(QueueUrl=listener.url, Attributes={"Policy": policy})
    try:
        yield listener
    finally:
        sqs.delete_queue(QueueUrl=listener.url)


@contextlib.contextmanager
def verdicts(aws: ministack.Aws, job: str) -> Iterator[Listener]:
    """Listen to the events of a job on the default bus."""
    events = aws.client("events")
    with listening(aws, f"verdicts-{job}", "events.amazonaws.com") as listener:
        events.put_rule(Name=job, EventPattern=json.dumps({"source": ["concord"], "detail": {"job": [job]}}))
        events.put_targets(Rule=job, Targets=[{"Id": "test", "Arn": listener.arn}])
        try:
            yield listener
        finally:
            events.remove_targets(Rule=job, Ids=["test"])
            events.delete_rule(Name=job)


@contextlib.contextmanager
def alarms(aws: ministack.Aws, topic: str) -> Iterator[Listener]:
    """Listen to the messages of a topic."""
    sns = aws.client("sns")
    with listening(aws, "told-of-alarms", "sns.amazonaws.com") as listener:
        subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=listener.arn)["SubscriptionArn"]
        try:
            yield listener
        finally:
            sns.unsubscribe(SubscriptionArn=subscription)


def logged_metrics(aws: ministack.Aws, log_group: str, job: str) -> list[dict]:
    """Wait for log lines of this job that hold metrics (embedded metric format), and return them."""
    logs = aws.client("logs")

    def lines() -> list[dict]:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=log_group)
        events = [event for page in pages for event in page["events"]]
        texts = [text for event in events for text in event["message"].splitlines() if text.startswith("{") and '"_aws":' in text]
        return [line for line in map(json.loads, texts) if line.get("job") == job]

    return wait_for(lines, WAIT_SECONDS_MAX, f"a line with metrics of {job} in {log_group}")


def forward_metrics(aws: ministack.Aws, lines: list[dict]) -> list[tuple[str, str, dict[str, str]]]:
    """Put the metrics that log lines hold, and return namespace, name and dimensions of each.

    On AWS, CloudWatch reads them from the log itself. This emulator does not.
    """
    cloudwatch = aws.client("cloudwatch")
    put = []
    for line in lines:
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
