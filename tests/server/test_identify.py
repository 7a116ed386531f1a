"""Which operation of which service a request is for, and in which protocol it is answered."""

from typing import Any

import pytest

from fogbank.testing import Aws
from protocols.http import Request
from runtime.settings import Settings
from server.handlers import Registry
from server.hosts import Host, Hosts
from server.identify import Identifier, Unknown
from tests.server.raw import Answer, claimed, send

_REGISTRY = Registry()
_HOSTS = Hosts(Settings())
JSON = {b"content-type": b"application/x-amz-json-1.1"}
FORM = {b"content-type": b"application/x-www-form-urlencoded; charset=utf-8"}


def identified(
    method: str = "POST",
    path: str = "/",
    query: str = "",
    *,
    signed: str | None = None,
    host: str = "localhost:4566",
    body: bytes = b"",
    headers: dict[bytes, bytes] | None = None,
    recognises: Any = lambda hook: False,
) -> str:
    """`service.Operation protocol` of a request."""
    request = Request(method, path, query, dict(headers or {}), body)
    identifier = Identifier(_REGISTRY, strict=True)
    address: Host = _HOSTS.parse(host.encode())
    found = identifier.service(request, signed, address, recognises)
    call = identifier.call(found, request)
    return f"{call.service.name}.{call.name} {found.protocol}"


def target(name: str, version: str = "1.1", **headers: str) -> dict[bytes, bytes]:
    found = {
        b"x-amz-target": name.encode(),
        b"content-type": f"application/x-amz-json-{version}".encode(),
    }
    return found | {key.replace("_", "-").encode(): item.encode() for key, item in headers.items()}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("AmazonSQS.SendMessage", "sqs.SendMessage json"),
        ("DynamoDB_20120810.GetItem", "dynamodb.GetItem json"),
        ("DynamoDBStreams_20120810.GetRecords", "dynamodbstreams.GetRecords json"),
        ("TrentService.Encrypt", "kms.Encrypt json"),
        ("secretsmanager.GetSecretValue", "secretsmanager.GetSecretValue json"),
        ("AWSEvents.PutEvents", "events.PutEvents json"),
        ("Logs_20140328.PutLogEvents", "logs.PutLogEvents json"),
        ("Kinesis_20131202.PutRecord", "kinesis.PutRecord json"),
        ("AmazonSSM.GetParameter", "ssm.GetParameter json"),
        ("AWSStepFunctions.StartExecution", "stepfunctions.StartExecution json"),
        (
            "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents",
            "cloudtrail.LookupEvents json",
        ),
    ],
)
@pytest.mark.parametrize("signed", [None, "s3"])
def test_a_target_goes_before_everything_else(name: str, expected: str, signed: str | None) -> None:
    assert identified(headers=target(name), signed=signed) == expected


def test_a_target_with_cbor_is_the_old_cbor_protocol() -> None:
    headers = {
        **target("Kinesis_20131202.PutRecord"),
        b"content-type": b"application/x-amz-cbor-1.1",
    }
    assert identified(headers=headers) == "kinesis.PutRecord cbor"


@pytest.mark.parametrize("path", ["/service/GraniteServiceVersion20100801/operation/PutMetricData"])
def test_the_path_of_rpc_v2_names_service_and_operation(path: str) -> None:
    found = identified(path=path, headers={b"smithy-protocol": b"rpc-v2-cbor"})
    assert found == "cloudwatch.PutMetricData smithy-rpc-v2-cbor"


@pytest.mark.parametrize(
    ("signed", "request_line", "expected"),
    [
        ("sts", "POST / Action=GetCallerIdentity", "sts.GetCallerIdentity query"),
        ("ec2", "POST / Action=DescribeInstances", "ec2.DescribeInstances ec2"),
        ("iam", "POST / Action=ListUsers", "iam.ListUsers query"),
        ("sqs", "POST / Action=SendMessage", "sqs.SendMessage query"),
        ("s3", "GET /", "s3.ListBuckets rest-xml"),
        ("s3", "GET /photos/2024/a%20b.jpg", "s3.GetObject rest-xml"),
        ("s3", "GET /photos list-type=2", "s3.ListObjectsV2 rest-xml"),
        ("s3", "PUT /photos/a uploadId=1&partNumber=2", "s3.UploadPart rest-xml"),
        ("s3express", "GET /photos/a", "s3.GetObject rest-xml"),
        ("s3-object-lambda", "GET /photos/a", "s3.GetObject rest-xml"),
        ("s3", "GET /v20180820/accesspoint", "s3control.ListAccessPoints rest-xml"),
        ("s3-outposts", "GET /v20180820/accesspoint", "s3control.ListAccessPoints rest-xml"),
        ("s3-outposts", "GET /photos/a", "s3.GetObject rest-xml"),
        ("s3-outposts", "GET /S3Outposts/ListEndpoints", "s3outposts.ListEndpoints rest-json"),
        ("lambda", "GET /2015-03-31/functions/", "lambda.ListFunctions rest-json"),
        ("route53", "GET /2013-04-01/hostedzone", "route53.ListHostedZones rest-xml"),
        ("cloudfront", "GET /2020-05-31/distribution", "cloudfront.ListDistributions rest-xml"),
    ],
)
def test_the_credential_scope_names_the_service(
    signed: str, request_line: str, expected: str
) -> None:
    method, path, *rest = request_line.split(" ")
    found = identified(method, path, rest[0] if rest else "", signed=signed)
    assert found.startswith(expected)


# names that several services sign with ------------------------------------------------------------


@pytest.mark.parametrize(
    ("signed", "form", "expected"),
    [
        ("rds", "Action=DescribeDBInstances&Version=2014-10-31", "rds."),
        ("rds", "Action=CreateDBInstanceReadReplica&Version=2014-10-31", "rds."),
        ("rds", "Action=CreateGlobalCluster&Version=2014-10-31", "rds."),
        ("ses", "Action=SendEmail&Version=2010-12-01", "ses."),
        ("elasticloadbalancing", "Action=DescribeLoadBalancers&Version=2012-06-01", "elb."),
        ("elasticloadbalancing", "Action=DescribeLoadBalancers&Version=2015-12-01", "elbv2."),
        ("elasticloadbalancing", "Action=DescribeTargetGroups", "elbv2."),
        ("monitoring", "Action=PutMetricData&Version=2010-08-01", "cloudwatch."),
    ],
)
def test_a_forms_version_and_action_decide_between_namesakes(
    signed: str, form: str, expected: str
) -> None:
    assert identified(body=form.encode(), headers=FORM, signed=signed).startswith(expected)


@pytest.mark.parametrize(
    ("signed", "request_line", "expected"),
    [
        ("ses", "POST /v2/email/outbound-emails", "sesv2.SendEmail"),
        ("ses", "GET /v2/email/account", "sesv2.GetAccount"),
        ("ses", "GET /v1/email/account", "pinpoint-email.GetAccount"),
        ("apigateway", "GET /restapis", "apigateway.GetRestApis"),
        ("apigateway", "GET /v2/apis", "apigatewayv2.GetApis"),
        ("apigateway", "POST /v2/apis/a1/routes", "apigatewayv2.CreateRoute"),
        ("es", "GET /2015-01-01/es/domain/mine", "es.DescribeElasticsearchDomain"),
        ("es", "GET /2021-01-01/opensearch/domain/mine", "opensearch.DescribeDomain"),
        ("execute-api", "POST /@connections/abc", "apigatewaymanagementapi.PostToConnection"),
        ("bedrock", "POST /model/m/invoke", "bedrock-runtime.InvokeModel"),
        ("bedrock", "GET /foundation-models", "bedrock.ListFoundationModels"),
        (
            "bedrock",
            "POST /agents/a/agentAliases/b/sessions/c/text",
            "bedrock-agent-runtime.Invoke",
        ),
        ("bedrock", "GET /agents/a", "bedrock-agent.GetAgent"),
    ],
)
def test_a_path_decides_between_namesakes(signed: str, request_line: str, expected: str) -> None:
    method, path = request_line.split(" ")
    assert identified(method, path, signed=signed).startswith(expected)


# unsigned -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "request_line", "expected"),
    [
        ("sqs.eu-west-1.amazonaws.com", "POST / Action=ListQueues", "sqs.ListQueues query"),
        ("eu-west-1.queue.amazonaws.com", "POST / Action=ListQueues", "sqs.ListQueues query"),
        ("queue.localhost:4566", "POST / Action=ListQueues", "sqs.ListQueues query"),
        ("s3.amazonaws.com", "GET /", "s3.ListBuckets rest-xml"),
        ("s3.eu-west-1.amazonaws.com", "GET /photos/a", "s3.GetObject rest-xml"),
        ("photos.s3.amazonaws.com", "GET /photos/a", "s3.GetObject rest-xml"),
        ("a.b.s3.us-east-1.localhost:4566", "GET /a/b", "s3.GetObject rest-xml"),
        ("sts.amazonaws.com", "POST / Action=GetCallerIdentity", "sts.GetCallerIdentity query"),
        ("email.us-east-1.amazonaws.com", "POST / Action=SendEmail", "ses.SendEmail query"),
        ("lambda.localhost", "GET /2015-03-31/functions", "lambda.ListFunctions rest-json"),
    ],
)
def test_a_host_names_the_service(host: str, request_line: str, expected: str) -> None:
    method, path, *rest = request_line.split(" ")
    assert identified(method, path, rest[0] if rest else "", host=host) == expected


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("Action=AssumeRoleWithWebIdentity&Version=2011-06-15", "sts.AssumeRoleWithWebIdentity"),
        ("Version=2012-11-05&Action=SendMessage", "sqs.SendMessage"),
        ("Action=GetCallerIdentity", "sts.GetCallerIdentity"),
        ("Action=ListUsers&Version=2010-05-08", "iam.ListUsers"),
        ("Action=Publish&Version=2010-03-31", "sns.Publish"),
        ("Action=DescribeVpcs&Version=2016-11-15", "ec2.DescribeVpcs"),
        ("Action=DescribeStacks&Version=2010-05-15", "cloudformation.DescribeStacks"),
    ],
)
@pytest.mark.parametrize("in_query", [False, True])
def test_an_unsigned_form_names_the_service(form: str, expected: str, in_query: bool) -> None:
    body, query = (b"", form) if in_query else (form.encode(), "")
    headers = {} if in_query else FORM
    assert identified(query=query, body=body, headers=headers).startswith(f"{expected} ")


def test_a_forms_values_are_no_names() -> None:
    form = b"Message=x%26Action%3DListUsers&Action=GetCallerIdentity&Version=2011-06-15"
    assert identified(body=form, headers=FORM) == "sts.GetCallerIdentity query"


def test_the_user_agent_names_the_service() -> None:
    agent = {b"user-agent": b"aws-sdk-js/3.1 ua/2.1 os/linux lang/js api/s3#3.1.0 m/E"}
    assert identified("GET", "/photos/a", headers=agent) == "s3.GetObject rest-xml"


def test_a_service_may_recognise_its_own() -> None:
    assert identified("GET", "/photos/a", recognises=lambda hook: True).startswith("s3.")


# nothing falls through ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "query", "headers"),
    [
        ("GET", "/", "", {}),
        ("GET", "/nothing/here", "", {}),
        ("PUT", "/photos/a", "", {}),
        ("POST", "/", "", target("Nothing.Here")),
        ("POST", "/", "", target("nodots")),
        ("POST", "/", "Action=MakeCoffee&Version=1999-01-01", {}),
        ("POST", "/service/Nothing/operation/Here", "", {}),
        ("POST", "/", "", JSON),
    ],
)
def test_what_names_nothing_is_unknown(
    method: str, path: str, query: str, headers: dict[bytes, bytes]
) -> None:
    with pytest.raises(Unknown, match=f"{method} {path}"):
        identified(method, path, query, headers=headers)


def test_the_words_for_an_unknown_request_are_short_and_say_what_was_seen() -> None:
    with pytest.raises(Unknown) as caught:
        identified("GET", "/" + "a" * 5000, "Action=Brew", signed="coffee")
    said = str(caught.value)
    assert "signed for 'coffee'" in said
    assert "Action 'Brew'" in said
    assert len(said) < 500


@pytest.mark.parametrize(
    ("headers", "body", "kind"),
    [
        ({}, b"", "text/xml"),
        ({"content-type": "application/json"}, b"{}", "application/x-amz-json-1.1"),
        ({"x-amz-target": "No.Where"}, b"{}", "application/x-amz-json-1.1"),
        ({"accept": "text/html"}, b"", "text/xml"),
    ],
)
def test_an_unknown_request_is_refused_in_its_own_form(
    aws: Aws, headers: dict[str, str], body: bytes, kind: str
) -> None:
    answer = send(aws.endpoint_url, "POST", "/coffee", headers, body)
    assert answer.status == 501
    assert answer.headers["content-type"] == kind
    assert answer.code == "NotImplemented"
    assert "POST /coffee" in answer.message


def test_a_service_that_is_not_there_is_named_in_its_protocol(aws: Aws) -> None:
    answer = send(aws.endpoint_url, "GET", "/v2/apis", claimed("apigateway"))
    assert told(answer) == (501, "NotImplemented", "apigatewayv2.GetApis")
    assert answer.headers["content-type"] == "application/json"
    answer = send(
        aws.endpoint_url,
        "POST",
        "/",
        {**claimed("ec2"), "content-type": "application/x-www-form-urlencoded"},
        b"Action=DescribeVpcs&Version=2016-11-15",
    )
    assert told(answer) == (501, "NotImplemented", "ec2.DescribeVpcs")
    assert answer.body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors>')


def test_an_operation_that_is_newer_than_the_model_is_named(aws: Aws) -> None:
    headers = {"x-amz-target": "AmazonSQS.SendPigeon", "content-type": "application/x-amz-json-1.0"}
    answer = send(aws.endpoint_url, "POST", "/", {**claimed("sqs"), **headers}, b"{}")
    assert told(answer) == (501, "NotImplemented", "sqs.SendPigeon")


def told(answer: Answer) -> tuple[int, str, str]:
    """Status, code, and the operation that the message names."""
    return answer.status, answer.code, answer.message.rpartition(" ")[2]
