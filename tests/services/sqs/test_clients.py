"""Other clients than boto3: the AWS CLI, and AWS's SDK for JavaScript."""

import json

from fogbank.testing import Aws
from tests.clients import aws_cli, javascript
from tests.services.sqs.helpers import arn, bodies, counts, create, receive

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


def test_the_aws_cli(aws: Aws) -> None:
    url = create(aws)
    aws_cli(aws, "sqs", "send-message", "--queue-url", url, "--message-body", "from the shell")
    words = ("--queue-url", url, "--attribute-names", "QueueArn", "--output", "json")
    found = json.loads(aws_cli(aws, "sqs", "get-queue-attributes", *words))
    assert found == {"Attributes": {"QueueArn": arn(aws, "orders")}}
    assert bodies(receive(aws, url)) == ["from the shell"]


def test_the_sdk_for_javascript(aws: Aws) -> None:
    told = javascript(aws, SCRIPT, "client-sqs")
    assert told == {
        "QueueUrl": f"{aws.endpoint_url}/{aws.account}/from-javascript",
        "failed": [
            {
                "Id": "b",
                "Code": "InvalidMessageContents",
                "Message": (
                    "Invalid binary character '#x1' was found in the message body, the set of"
                    " allowed characters is #x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] |"
                    " [#x10000-#x10FFFF]."
                ),
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
