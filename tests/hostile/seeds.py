"""Valid requests of every protocol: what the mutations begin with."""

import base64
from hashlib import md5
from random import Random

from protocols import cborcode
from tests.hostile.mutations import Case
from tests.server.raw import claimed

_EXAMPLE = "AKIAIOSFODNN7EXAMPLE"
"""Its secret is known, so that signatures of it are verified."""


def _case(
    service: str,
    method: str,
    target: str,
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    *,
    key: str = "AKIDOFNOBODY",
    unsigned: bool = False,
) -> Case:
    claim = {} if unsigned else claimed(service, key=key)
    given = {"host": "localhost", **claim, **(headers or {})}
    pairs = tuple((name, value.encode("latin-1")) for name, value in given.items())
    return Case(method, target.encode(), pairs, body)


_FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}


def query(url: str) -> list[Case]:
    """The query protocol, and EC2's."""
    role = (
        b"Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fr"
        b"&RoleSessionName=me&Tags.member.1.Key=a&Tags.member.1.Value=b&DurationSeconds=900"
    )
    send = (
        f"Action=SendMessage&Version=2012-11-05&QueueUrl={url}&MessageBody=hello&DelaySeconds=0"
        "&MessageAttribute.1.Name=a&MessageAttribute.1.Value.DataType=String"
        "&MessageAttribute.1.Value.StringValue=b"
    ).encode()
    batch = (
        f"Action=SendMessageBatch&Version=2012-11-05&QueueUrl={url}"
        "&SendMessageBatchRequestEntry.1.Id=a&SendMessageBatchRequestEntry.1.MessageBody=x"
    ).encode()
    who = b"Action=GetCallerIdentity&Version=2011-06-15"
    return [
        _case("sts", "POST", "/", _FORM, who),
        _case("sts", "POST", "/", _FORM, who, key=_EXAMPLE),
        _case("sts", "POST", "/", _FORM, who, unsigned=True),
        _case("sts", "GET", f"/?{who.decode()}"),
        _case("sts", "POST", "/", _FORM, role),
        _case("sqs", "POST", "/", _FORM, send),
        _case("sqs", "POST", "/", _FORM, batch),
        _case("ec2", "POST", "/", _FORM, b"Action=DescribeVpcs&Version=2016-11-15&VpcId.1=vpc-1"),
        _case("iam", "POST", "/", _FORM, b"Action=ListUsers&Version=2010-05-08"),
    ]


def json(url: str) -> list[Case]:
    """AWS JSON, and REST-JSON."""

    def target(service: str, name: str, body: str, version: str = "1.0") -> Case:
        headers = {"x-amz-target": name, "content-type": f"application/x-amz-json-{version}"}
        return _case(service, "POST", "/", headers, body.encode())

    attributes = '{"a":{"DataType":"Binary","BinaryValue":"AQI="}}'
    return [
        target("sqs", "AmazonSQS.ListQueues", "{}"),
        target("sqs", "AmazonSQS.CreateQueue", '{"QueueName":"q","tags":{"a":"b"}}'),
        target(
            "sqs",
            "AmazonSQS.SendMessage",
            f'{{"QueueUrl":"{url}","MessageBody":"x","MessageAttributes":{attributes}}}',
        ),
        target(
            "sqs",
            "AmazonSQS.SendMessageBatch",
            f'{{"QueueUrl":"{url}","Entries":[{{"Id":"a","MessageBody":"x"}},{{"Id":"b",'
            '"MessageBody":"y","DelaySeconds":1}]}',
        ),
        target(
            "sqs",
            "AmazonSQS.ReceiveMessage",
            f'{{"QueueUrl":"{url}","MaxNumberOfMessages":2,"AttributeNames":["All"]}}',
        ),
        target("sqs", "AmazonSQS.DeleteMessage", f'{{"QueueUrl":"{url}","ReceiptHandle":"AAA="}}'),
        target("dynamodb", "DynamoDB_20120810.PutItem", '{"TableName":"t","Item":{"a":{"S":"b"}}}'),
        target("logs", "Logs_20140328.PutLogEvents", '{"logGroupName":"g"}', "1.1"),
        _case("lambda", "POST", "/2015-03-31/functions/f/invocations", body=b'{"a":1}'),
        _case("apigateway", "PUT", "/v2/apis/a", {"content-type": "application/json"}, b'{"a":1}'),
    ]


def xml(bucket: str, upload: str) -> list[Case]:
    """S3, and REST-XML."""
    delete = (
        b'<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Object><Key>a</Key></Object>'
        b"<Object><Key>b</Key></Object><Quiet>true</Quiet></Delete>"
    )
    complete = (
        b"<CompleteMultipartUpload><Part><ETag>&quot;a&quot;</ETag><PartNumber>1</PartNumber>"
        b"</Part></CompleteMultipartUpload>"
    )
    digest = {"content-md5": base64.b64encode(md5(delete).digest()).decode()}
    tags = b"<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"
    chunks = {
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "content-encoding": "aws-chunked",
        "x-amz-decoded-content-length": "5",
        "x-amz-trailer": "x-amz-checksum-crc32",
    }
    chunked = b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"
    presigned = (
        f"/{bucket}/key?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={_EXAMPLE}%2F20240101"
        "%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20240101T000000Z&X-Amz-Expires=60"
        "&X-Amz-SignedHeaders=host&X-Amz-Signature=00"
    )
    form = (
        b'--x\r\nContent-Disposition: form-data; name="key"\r\n\r\na\r\n'
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\ndata\r\n--x--\r\n'
    )
    multipart = {"content-type": "multipart/form-data; boundary=x"}
    zone = b"<CreateHostedZoneRequest><Name>a.com</Name></CreateHostedZoneRequest>"
    return [
        _case("s3", "GET", "/"),
        _case("s3", "PUT", f"/{bucket}/key", {"x-amz-meta-a": "b", "x-amz-tagging": "a=b"}, b"x"),
        _case("s3", "PUT", f"/{bucket}/key", {"content-type": "text/plain"}, b"x", key=_EXAMPLE),
        _case("s3", "PUT", f"/{bucket}/chunked", chunks, chunked),
        _case("s3", "GET", f"/{bucket}/key", {"range": "bytes=0-0", "if-none-match": '"a"'}),
        _case("s3", "GET", f"/{bucket}?list-type=2&prefix=k&delimiter=%2F&max-keys=10"),
        _case("s3", "HEAD", f"/{bucket}/key"),
        _case("s3", "POST", f"/{bucket}?delete", digest, delete),
        _case("s3", "PUT", f"/{bucket}/key?tagging", body=tags),
        _case("s3", "PUT", f"/{bucket}/copy", {"x-amz-copy-source": f"{bucket}/key"}),
        _case("s3", "POST", f"/{bucket}/big?uploadId={upload}", body=complete),
        _case("s3", "PUT", f"/{bucket}/big?uploadId={upload}&partNumber=1", body=b"x"),
        _case("s3", "GET", presigned, unsigned=True),
        _case("s3", "POST", f"/{bucket}", multipart, form, unsigned=True),
        _case("s3control", "GET", "/v20180820/accesspoint"),
        _case("route53", "POST", "/2013-04-01/hostedzone", body=zone),
    ]


def cbor(url: str) -> list[Case]:
    """RPC v2 and the older CBOR protocol."""

    def rpc(service: str, name: str, members: dict[str, object]) -> Case:
        headers = {"smithy-protocol": "rpc-v2-cbor", "content-type": "application/cbor"}
        return _case(service, "POST", name, headers, cborcode.dumps(members))

    old = {
        "x-amz-target": "Kinesis_20131202.PutRecord",
        "content-type": "application/x-amz-cbor-1.1",
    }
    record = {"StreamName": "s", "Data": b"x", "PartitionKey": "p"}
    old_sqs = {**old, "x-amz-target": "AmazonSQS.SendMessage"}
    message: dict[str, object] = {"QueueUrl": url, "MessageBody": "x", "DelaySeconds": 0}
    entries: list[object] = [{"Id": "a", "MessageBody": "x"}]
    return [
        rpc("sqs", "/service/AmazonSQS/operation/SendMessage", message),
        rpc(
            "sqs",
            "/service/AmazonSQS/operation/SendMessageBatch",
            {"QueueUrl": url, "Entries": entries},
        ),
        rpc("sqs", "/service/AmazonSQS/operation/ListQueues", {}),
        rpc(
            "monitoring",
            "/service/GraniteServiceVersion20100801/operation/PutMetricData",
            {"Namespace": "n", "MetricData": [{"MetricName": "m", "Value": 1.5}]},
        ),
        _case("sqs", "POST", "/", old_sqs, cborcode.dumps(message)),
        _case("kinesis", "POST", "/", old, cborcode.dumps(record)),
    ]


def noise(random: Random) -> list[Case]:
    """Bytes that were never a request of AWS's."""
    return [
        _case("", "GET", f"/{random.randbytes(4).hex()}", unsigned=True),
        _case("", "POST", "/", {"content-type": "application/json"}, b"{}", unsigned=True),
        _case("", "POST", "/", {"content-type": "application/grpc"}, b"\x00" * 5, unsigned=True),
        _case("", "GET", "/favicon.ico", {"accept": "text/html"}, unsigned=True),
        _case("coffee", "GET", "/"),
        _case("sqs", "GET", "/_fogbank/health", unsigned=True),
        _case("sqs", "GET", "/_fogbank/requests?limit=1", unsigned=True),
        _case("sqs", "PUT", "/_fogbank/config", body=b'{"iam":"perhaps"}', unsigned=True),
        _case("sqs", "GET", "/_localstack/health", unsigned=True),
        _case("sqs", "GET", "/_aws/sqs/messages?QueueUrl=x", unsigned=True),
    ]
