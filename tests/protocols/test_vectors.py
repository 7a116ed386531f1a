"""botocore's protocol vectors run backwards: requests into our readers, replies into botocore."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from protocols import model, routes
from protocols.errors import Error
from protocols.http import Request
from tests.protocols import botocore_side

FOLDER = os.environ.get("FOGBANK_VECTORS")

# Cases that say something about clients only, each with its reason.
# These answer with another status than their own model says.
WRONG_STATUS = {
    "QueryCompatibleAwsJson10CustomCodeError",
    "QueryCompatibleRpcV2CborCustomCodeError",
}
_REASONS = {
    "the vector leaves out the compressed body": (
        "SDKAppliedContentEncoding_ec2Query",
        "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_ec2Query",
        "SDKAppliedContentEncoding_awsJson1_1",
        "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_1",
        "SDKAppliedContentEncoding_awsJson1_0",
        "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_0",
        "SDKAppliedContentEncoding_awsQuery",
        "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsQuery",
        "SDKAppliedContentEncoding_restJson1",
        "SDKAppendedGzipAfterProvidedEncoding_restJson1",
        "SDKAppliedContentEncoding_restXml",
        "SDKAppendedGzipAfterProvidedEncoding_restXml",
    ),
    "the client fills in the token, which a server then receives": (
        "Ec2ProtocolIdempotencyTokenAutoFillIsSet",
        "Ec2ProtocolIdempotencyTokenAutoFill",
        "QueryProtocolIdempotencyTokenAutoFill",
        "RestJsonQueryIdempotencyTokenAutoFill",
        "QueryIdempotencyTokenAutoFill",
    ),
    "an empty value is not on the wire at all": (
        "Ec2EmptyQueryLists",
        "QueryEmptyQueryMaps",
        "RestJsonOmitsEmptyListQueryValues",
        "RestJsonHttpPrefixHeadersAreNotPresent",
        "HttpPrefixHeadersAreNotPresent",
    ),
    "the client's endpoint has a path of its own": ("RestJsonHostWithPath",),
    "the parameter is JSON as text; a server reads the value in it": (
        "MediaTypeHeaderInputBase64",
    ),
    "an absent payload and an empty one are the same bytes": (
        "RestJsonHttpWithEmptyStructurePayload",
        "RestJsonHttpWithHeadersButNoPayload",
        "RestJsonHttpPayloadTraitsWithNoBlobBody",
        "HttpPayloadTraitsWithNoBlobBody",
    ),
    "botocore's parser wants a flattened list named by its element, against Smithy": (
        "Ec2XmlLists",
        "QueryXmlLists",
        "XmlLists",
    ),
    "botocore refuses an absent union payload": (
        "RestJsonHttpPayloadWithUnsetUnion",
        "RestXmlHttpPayloadWithUnsetUnion",
    ),
    "header names are lower-case in ASGI": ("HttpPrefixHeadersResponse",),
    "botocore's parser splits header lists at every comma, quoted or not": (
        "RestJsonInputAndOutputWithQuotedStringHeaders",
        "RestJsonInputAndOutputWithTimestampHeaders",
        "InputAndOutputWithTimestampHeaders",
        "InputAndOutputWithQuotedStringHeaders",
    ),
    "botocore names a nested element by its shape, against Smithy": ("BodyWithXmlName",),
}
NOT_A_SERVERS = {case: reason for reason, cases in _REASONS.items() for case in cases}


def _cases(side: str) -> list[Any]:
    if not FOLDER:
        reason = "FOGBANK_VECTORS does not name the folder of botocore's protocol vectors"
        return [pytest.param(None, None, marks=pytest.mark.skip(reason=reason))]
    found = []
    for path in sorted((Path(FOLDER) / side).glob("*.json")):
        for suite in json.loads(path.read_text()):
            for case in suite["cases"]:
                marks = []
                if case["id"] in NOT_A_SERVERS:
                    marks = [pytest.mark.skip(reason=NOT_A_SERVERS[case["id"]])]
                name = f"{path.stem}:{case['id']}"
                found.append(pytest.param(suite, case, id=name, marks=marks))
    return found


def _model(suite: dict[str, Any], case: dict[str, Any]) -> dict[str, Any]:
    metadata = {
        "endpointPrefix": "example",
        "serviceId": "Example",
        "signatureVersion": "v4",
        "xmlNamespace": "https://example.com/",
        **suite["metadata"],
    }
    if metadata["protocol"] == "query" and "output" in case["given"]:
        # The vectors' model leaves out what every real query model says.
        case["given"]["output"]["resultWrapper"] = f"{case['given']['name']}Result"
    return {
        "version": "2.0",
        "metadata": metadata,
        "operations": {case["given"]["name"]: case["given"]},
        "shapes": suite["shapes"],
    }


@pytest.mark.parametrize(("suite", "case"), _cases("input"))
def test_request(suite: dict[str, Any], case: dict[str, Any]) -> None:
    service = model.from_raw("example", _model(suite, case))
    protocol = suite["metadata"]["protocol"]
    wire = case["serialized"]
    path, _, query = wire["uri"].partition("?")
    body = wire.get("body", "")
    binary = protocol == "smithy-rpc-v2-cbor"
    headers = {
        name.lower().encode(): value.encode() for name, value in wire.get("headers", {}).items()
    }
    content = botocore_side.decoded(body) if binary else body.encode()
    request = Request(wire["method"], path, query, headers, content)
    operation = service.operations[case["given"]["name"]]
    if protocol.startswith("rest"):
        matched = routes.match(service, request)
        assert matched is not None
        assert matched[0] is operation
        request.labels = matched[1]
    found = service.codec(protocol).read(operation)(request)
    assert botocore_side.request_members(operation.input, found) == (
        botocore_side.request_members(operation.input, case["params"])
    )


@pytest.mark.parametrize(("suite", "case"), _cases("output"))
def test_reply(suite: dict[str, Any], case: dict[str, Any]) -> None:
    raw = _model(suite, case)
    service = model.from_raw("example", raw)
    protocol = suite["metadata"]["protocol"]
    operation = service.operations[case["given"]["name"]]
    codec = service.codec(protocol)
    client = botocore_side.service_model(raw, "example").operation_model(operation.name)
    parser = botocore_side.parser(protocol)
    if "errorCode" in case:
        members = dict(case["error"])
        message = case.get("errorMessage", "")
        members.pop("message", None)
        members.pop("Message", None)
        code = client.error_shapes[0].name if client.error_shapes else case["errorCode"]
        reply = codec.error(operation, Error(code, message, **members), "id")
        response = botocore_side.response_of(reply)
        if case["id"] not in WRONG_STATUS:
            assert reply.status == case["response"]["status_code"]
        parsed = parser.parse(response, client.output_shape)
        assert parsed["Error"]["Code"] == case["errorCode"]
        assert parsed["Error"].get("Message", "") == message
        modeled = parser.parse(response, client.error_shapes[0])
        shape = service.shapes[code]
        assert botocore_side.normal(None, shape, modeled) == botocore_side.normal(
            None, shape, case["error"]
        )
        return
    answer = botocore_side.normal(None, operation.output, case["result"])
    reply = codec.write(operation, strict=False)(_unmarked(answer), "id")
    parsed = parser.parse(botocore_side.response_of(reply), client.output_shape)
    parsed.pop("ResponseMetadata", None)
    assert botocore_side.normal(None, operation.output, parsed) == answer


def _unmarked(value: Any) -> Any:
    """An answer as a handler gives it: the comparisons' "NaN" as the number."""
    if isinstance(value, dict):
        return {key: _unmarked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_unmarked(item) for item in value]
    return float("nan") if value == "NaN" else value
