"""Other clients than boto3: the AWS CLI, and AWS's SDK for JavaScript."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fogbank.testing import Aws
from tests.services.sqs.helpers import arn, bodies, counts, create, receive

JAVASCRIPT = Path(__file__).parents[2] / "javascript"
SCRIPT = """
import { SQSClient, CreateQueueCommand, SendMessageCommand, SendMessageBatchCommand,
  ReceiveMessageCommand, DeleteMessageCommand, GetQueueAttributesCommand }
  from "@aws-sdk/client-sqs";

const sqs = new SQSClient({});
const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "from-javascript" }));
await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "grüße",
  MessageAttributes: { Foo: { DataType: "Binary", BinaryValue: new Uint8Array([0, 255]) } } }));
const batch = await sqs.send(new SendMessageBatchCommand({ QueueUrl,
  Entries: [{ Id: "a", MessageBody: "two" }, { Id: "b", MessageBody: "\\u0001" }] }));
const received = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10,
  WaitTimeSeconds: 1, MessageSystemAttributeNames: ["All"], MessageAttributeNames: ["All"] }));
await sqs.send(new DeleteMessageCommand({ QueueUrl,
  ReceiptHandle: received.Messages[0].ReceiptHandle }));
const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl,
  AttributeNames: ["All"] }));
let error;
try {
  await sqs.send(new SendMessageCommand({ QueueUrl: QueueUrl + "-2", MessageBody: "x" }));
} catch (caught) {
  error = { name: caught.name, code: caught.Code ?? caught.Error?.Code, message: caught.message,
    status: caught.$metadata.httpStatusCode };
}
console.log(JSON.stringify({
  QueueUrl,
  failed: batch.Failed,
  bodies: received.Messages.map((message) => message.Body),
  bytes: Array.from(received.Messages[0].MessageAttributes.Foo.BinaryValue),
  count: received.Messages[0].Attributes.ApproximateReceiveCount,
  inFlight: Attributes.ApproximateNumberOfMessagesNotVisible,
  error,
}));
"""


def environment(aws: Aws) -> dict[str, str]:
    """What a child process needs, with this test's account."""
    return {**os.environ, **aws.environment(), "PYTHONWARNINGS": "ignore"}


def test_the_aws_cli(aws: Aws) -> None:
    command = Path(sys.executable).with_name("aws")
    if not command.exists():
        pytest.skip("the AWS CLI is not installed beside this Python")

    def cli(*arguments: str) -> dict[str, object]:
        run = subprocess.run(
            [command, "--endpoint-url", aws.endpoint_url, "sqs", *arguments, "--output", "json"],
            env=environment(aws),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        answer: dict[str, object] = json.loads(run.stdout or "{}")
        return answer

    url = create(aws)
    cli("send-message", "--queue-url", url, "--message-body", "from the shell")
    found = cli("get-queue-attributes", "--queue-url", url, "--attribute-names", "QueueArn")
    assert found == {"Attributes": {"QueueArn": arn(aws, "orders")}}
    assert bodies(receive(aws, url)) == ["from the shell"]


def test_the_sdk_for_javascript(aws: Aws) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed; `make setup` installs it where it can")
    if not (JAVASCRIPT / "node_modules" / "@aws-sdk" / "client-sqs").is_dir():
        pytest.skip("tests/javascript/node_modules is missing; `make setup` makes it")
    run = subprocess.run(
        [node, "--no-warnings", "--input-type=module", "--eval", SCRIPT],
        cwd=JAVASCRIPT,
        env=environment(aws),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    assert told == {
        "QueueUrl": f"{aws.endpoint_url}/{aws.account}/from-javascript",
        "failed": [
            {
                "Id": "b",
                "Code": "InvalidMessageContents",
                "Message": told["failed"][0]["Message"],
                "SenderFault": True,
            }
        ],
        "bodies": ["grüße", "two"],
        "bytes": [0, 255],
        "count": "1",
        "inFlight": "1",
        "error": {
            "name": "QueueDoesNotExist",
            "code": "AWS.SimpleQueueService.NonExistentQueue",
            "message": "The specified queue does not exist.",
            "status": 400,
        },
    }
    assert counts(aws, told["QueueUrl"]) == (0, 0, 1)
