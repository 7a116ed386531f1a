"""What botocore's model forgot: the query protocol, which old clients still speak to SQS.

The names below are those of API version 2012-11-05 on the query wire: `Attribute.1.Name`,
`SendMessageBatchRequestEntry.1.Id`. Constraints that SQS words in its own way go from the model;
the handlers check them.
"""

from typing import Any

from protocols.errors import Error, Violation
from protocols.http import Request
from protocols.model import Operation
from services.sqs import errors

NAMESPACE = "http://queue.amazonaws.com/doc/2012-11-05/"

_ELEMENTS = {
    "AWSAccountIdList": "AWSAccountId",
    "ActionNameList": "ActionName",
    "AttributeNameList": "AttributeName",
    "BatchResultErrorEntryList": "BatchResultErrorEntry",
    "BinaryList": "BinaryListValue",
    "ChangeMessageVisibilityBatchRequestEntryList": "ChangeMessageVisibilityBatchRequestEntry",
    "ChangeMessageVisibilityBatchResultEntryList": "ChangeMessageVisibilityBatchResultEntry",
    "DeleteMessageBatchRequestEntryList": "DeleteMessageBatchRequestEntry",
    "DeleteMessageBatchResultEntryList": "DeleteMessageBatchResultEntry",
    "ListMessageMoveTasksResultEntryList": "ListMessageMoveTasksResultEntry",
    "MessageAttributeNameList": "MessageAttributeName",
    "MessageList": "Message",
    "MessageSystemAttributeList": "MessageSystemAttributeName",
    "QueueUrlList": "QueueUrl",
    "SendMessageBatchRequestEntryList": "SendMessageBatchRequestEntry",
    "SendMessageBatchResultEntryList": "SendMessageBatchResultEntry",
    "StringList": "StringListValue",
    "TagKeyList": "TagKey",
}
_MAPS = {
    "MessageBodyAttributeMap": ("Name", "Value"),
    "MessageBodySystemAttributeMap": ("Name", "Value"),
    "MessageSystemAttributeMap": ("Name", "Value"),
    "QueueAttributeMap": ("Name", "Value"),
    "TagMap": ("Key", "Value"),
}
_MEMBERS = {
    "MessageBodyAttributeMap": "MessageAttribute",
    "MessageBodySystemAttributeMap": "MessageSystemAttribute",
    "MessageSystemAttributeMap": "Attribute",
    "QueueAttributeMap": "Attribute",
    "TagMap": "Tag",
}
_UNCONSTRAINED = (
    "MessageSystemAttributeName",
    "MessageSystemAttributeNameForSends",
    "QueueAttributeName",
)
_OPTIONAL = {
    "ChangeMessageVisibilityBatchResult": {"Successful", "Failed"},
    "DeleteMessageBatchResult": {"Successful", "Failed"},
    "MessageAttributeValue": {"DataType"},
    "MessageSystemAttributeValue": {"DataType"},
    "SendMessageBatchResult": {"Successful", "Failed"},
}
_MESSAGE = {"message": {"shape": "ExceptionMessage"}}


def amend(model: dict[str, Any]) -> None:
    """Add the query protocol, the errors' old codes, and two errors that SQS sends to the model."""
    metadata, shapes = model["metadata"], model["shapes"]
    metadata["protocols"] = ["json", "query"]
    metadata["xmlNamespace"] = NAMESPACE
    metadata["errorDetail"] = True
    for name, element in _ELEMENTS.items():
        shapes[name]["member"]["queryName"] = element
    for name, (key, value) in _MAPS.items():
        shapes[name]["key"]["queryName"] = key
        shapes[name]["value"]["queryName"] = value
    for name, shape in shapes.items():
        for member in shape.get("members", {}).values():
            if member["shape"] in _MEMBERS:
                member["queryName"] = _MEMBERS[member["shape"]]
        if "required" in shape:
            # The query protocol's URL may be that of the request itself, and a batch without
            # entries has an error of its own.
            optional = _OPTIONAL.get(name, set()) | {"QueueUrl", "Entries"}
            shape["required"] = [item for item in shape["required"] if item not in optional]
    for name in _UNCONSTRAINED:
        shapes[name].pop("enum", None)
    for name, (code, status) in errors.OLD_CODES.items():
        shape = shapes.setdefault(
            name, {"type": "structure", "members": dict(_MESSAGE), "exception": True}
        )
        shape["error"] = {"code": code, "httpStatusCode": status, "senderFault": True}


def invalid(operation: Operation, request: Request, violations: list[Violation]) -> Error:
    """SQS's words for a request that lacks something: it names the parameter on the query wire."""
    return errors.missing(parameter_name(operation, violations[0].path))


def parameter_name(operation: Operation, path: str) -> str:
    """`entries.1.member.id` as the query protocol has it: `SendMessageBatchRequestEntry.1.Id`."""
    names = [part[:1].upper() + part[1:] for part in path.split(".") if part != "member"]
    if names[0] == "Entries" and operation.input is not None:
        entry = operation.input.members["Entries"].shape.member
        names[0] = entry.traits.get("queryName", "Entries")
    return ".".join(names)
