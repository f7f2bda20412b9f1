"""A stand-in for the worker and the aggregator: tests of the template use it instead of the Rust code.

The test writes it twice as an executable, `worker` and `aggregator`; each becomes a Lambda bootstrap. It does what a
message says, and writes an item into the table for each record that it received.

A copy is {"job": ..., "copy": N}.
A deadline is {"job": ..., "hops": N}: it sends itself on N times.
"""

import functools
import json
import os
import time
import urllib.request

import boto3

# A Lambda's runtime API, which is plain HTTP on the loopback address.
API = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"

# Made at the first use, so that a stand-in starts fast.
client = functools.cache(boto3.client)


def put(job: str, item: str, **more: str) -> None:
    attributes = {"job": job, "item": item, "expires_at": None, **more}
    typed = {key: {"S": value} for key, value in attributes.items() if value is not None}
    client("dynamodb").put_item(TableName=os.environ["TABLE"], Item=typed | {"expires_at": {"N": str(int(time.time()) + 86400)}})


def environment() -> str:
    return json.dumps({key: value for key, value in os.environ.items() if key.isupper()})


def copy(record: dict) -> None:
    body = json.loads(record["body"])
    job, item = body["job"], f"copy#{body['copy']:05}"
    receives = record["attributes"]["ApproximateReceiveCount"]
    put(job, item, digest="sha256:00", receives=receives, env=environment(), function=os.environ["AWS_LAMBDA_FUNCTION_NAME"])


def change(record: dict) -> None:
    keys, images = record["dynamodb"]["Keys"], record["dynamodb"]
    job, item = keys["job"]["S"], keys["item"]["S"]
    has = "+".join(image for image in ("OldImage", "NewImage") if image in images)
    put(job, f"tally#{record['eventName']}#{item}", images=has, env=environment())


def queued(record: dict) -> None:
    body = json.loads(record["body"])
    url = os.environ["DEADLINE_QUEUE_URL"]
    if body["hops"]:
        onward = {**body, "hops": body["hops"] - 1}
        client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps(onward), DelaySeconds=1)
    else:
        put(body["job"], "deadline")


def handled(event: dict) -> dict:
    for record in event["Records"]:
        stream = record["eventSource"] == "aws:dynamodb"
        handle = change if stream else queued if "DEADLINE_QUEUE_URL" in os.environ else copy
        handle(record)
    return {"batchItemFailures": []}


while True:
    with urllib.request.urlopen(f"{API}/next") as invocation:
        request = invocation.headers["Lambda-Runtime-Aws-Request-Id"]
        answer = handled(json.load(invocation))
    urllib.request.urlopen(f"{API}/{request}/response", data=json.dumps(answer).encode())
