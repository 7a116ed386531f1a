"""Every operation of the services that share a name with others is told from theirs."""

from collections.abc import Iterator

import pytest

from protocols import index, model, sources
from protocols.errors import Error
from server.handlers import Registry
from server.hosts import Host
from server.identify import Identifier, Unknown
from tests.conformance.client import Client
from tests.conformance.test_unimplemented import names
from tests.conformance.values import Maker

ALIKE = {
    "bedrock-agent-runtime.InvokeInlineAgent": "bedrock-agent.PrepareAgent",
    "greengrassv2.GetConnectivityInfo": "greengrass.GetConnectivityInfo",
    "greengrassv2.ListTagsForResource": "greengrass.ListTagsForResource",
    "greengrassv2.TagResource": "greengrass.TagResource",
    "greengrassv2.UntagResource": "greengrass.UntagResource",
    "greengrassv2.UpdateConnectivityInfo": "greengrass.UpdateConnectivityInfo",
    "lexv2-models.DeleteBot": "lex-models.DeleteBot",
    "lexv2-models.DescribeImport": "lex-models.GetImport",
    "lexv2-models.ListImports": "lex-models.StartImport",
    "lexv2-models.ListTagsForResource": "lex-models.ListTagsForResource",
    "lexv2-models.TagResource": "lex-models.TagResource",
    "lexv2-models.UntagResource": "lex-models.UntagResource",
    "s3.GetBucketLifecycle": "s3.GetBucketLifecycleConfiguration",
    "s3.GetBucketNotification": "s3.GetBucketNotificationConfiguration",
    "s3.ListDirectoryBuckets": "s3.ListBuckets",
    "s3.PutBucketLifecycle": "s3.PutBucketLifecycleConfiguration",
    "s3.PutBucketNotification": "s3.PutBucketNotificationConfiguration",
}
"""What only the host on AWS tells apart, or nothing: the operation that such a request calls."""

_IDENTIFIER = Identifier(Registry(), strict=True)
_HOST = Host("localhost", "localhost", ())


def _sharing() -> list[str]:
    return [
        name
        for name in sources.services()
        if len(index.by_signing_name(index.entry(name).signing_name)) > 1
    ]


def _identified(service: str, protocol: str) -> Iterator[tuple[str, str]]:
    """Each operation's name, and that of the one which its smallest request is taken for."""
    client = Client(service, protocol)
    signing_name = index.entry(service).signing_name
    for name, operation in model.load(service).operations.items():
        stream = operation.event_input
        skipped = frozenset({stream.name} if stream else ())
        members = {} if operation.input is None else Maker(False).members(operation.input, skipped)
        if members is None:
            continue
        request = client.request(name, members)
        try:
            found = _IDENTIFIER.service(request, signing_name, _HOST, lambda hook: False)
            call = _IDENTIFIER.call(found, request)
        except (Error, Unknown) as problem:
            yield name, str(problem)
        else:
            yield name, f"{call.service.name}.{call.name}"


@pytest.mark.parametrize("service", _sharing())
def test_every_operation_is_told_from_those_of_its_namesakes(service: str) -> None:
    problems = []
    for protocol in index.entry(service).protocols:
        for name, got in _identified(service, protocol):
            wanted = ALIKE.get(f"{service}.{name}", f"{service}.{name}")
            if got != wanted and got not in names(service, name):
                problems.append(f"{service}.{name} in {protocol} is taken for {got}")
    assert not problems, "\n".join(problems)
