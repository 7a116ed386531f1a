"""The words of errors that several modules raise, and the codes that old clients know them by."""

from typing import NamedTuple

from protocols.errors import Error


class OldCode(NamedTuple):
    """How the query protocol, and `x-amzn-query-error`, name an error of the JSON protocol."""

    code: str
    status: int = 400


_PREFIX = "AWS.SimpleQueueService."
OLD_CODES = {
    "BatchEntryIdsNotDistinct": OldCode(_PREFIX + "BatchEntryIdsNotDistinct"),
    "BatchRequestTooLong": OldCode(_PREFIX + "BatchRequestTooLong"),
    "EmptyBatchRequest": OldCode(_PREFIX + "EmptyBatchRequest"),
    "InvalidAddress": OldCode("InvalidAddress", 404),
    "InvalidAttributeName": OldCode("InvalidAttributeName"),
    "InvalidAttributeValue": OldCode("InvalidAttributeValue"),
    "InvalidBatchEntryId": OldCode(_PREFIX + "InvalidBatchEntryId"),
    "InvalidIdFormat": OldCode("InvalidIdFormat"),
    "InvalidMessageContents": OldCode("InvalidMessageContents"),
    "InvalidParameterValueException": OldCode("InvalidParameterValue"),
    "InvalidSecurity": OldCode("InvalidSecurity", 403),
    "KmsAccessDenied": OldCode("KMS.AccessDeniedException"),
    "KmsDisabled": OldCode("KMS.DisabledException"),
    "KmsInvalidKeyUsage": OldCode("KMS.InvalidKeyUsageException"),
    "KmsInvalidState": OldCode("KMS.InvalidStateException"),
    "KmsNotFound": OldCode("KMS.NotFoundException"),
    "KmsOptInRequired": OldCode("KMS.OptInRequired", 403),
    "KmsThrottled": OldCode("KMS.ThrottlingException"),
    "MessageNotInflight": OldCode(_PREFIX + "MessageNotInflight"),
    "MissingRequiredParameterException": OldCode("MissingParameter"),
    "OverLimit": OldCode("OverLimit", 403),
    "PurgeQueueInProgress": OldCode(_PREFIX + "PurgeQueueInProgress", 403),
    "QueueDeletedRecently": OldCode(_PREFIX + "QueueDeletedRecently"),
    "QueueDoesNotExist": OldCode(_PREFIX + "NonExistentQueue"),
    "QueueNameExists": OldCode("QueueAlreadyExists"),
    "ReceiptHandleIsInvalid": OldCode("ReceiptHandleIsInvalid", 404),
    "RequestThrottled": OldCode("RequestThrottled", 403),
    "ResourceNotFoundException": OldCode("ResourceNotFoundException", 404),
    "TooManyEntriesInBatchRequest": OldCode(_PREFIX + "TooManyEntriesInBatchRequest"),
    "UnsupportedOperation": OldCode(_PREFIX + "UnsupportedOperation"),
}
WRONG_TYPE = "The request include parameter that is not valid for this queue type"


def no_queue(protocol: str = "json") -> Error:
    """There is no such queue; the query protocol says so with a reason from the days of SOAP."""
    version = " for this wsdl version" if protocol == "query" else ""
    return Error("QueueDoesNotExist", f"The specified queue does not exist{version}.")


def missing(parameter: str) -> Error:
    """A parameter that the operation needs."""
    message = f"The request must contain the parameter {parameter}."
    return Error("MissingRequiredParameterException", message)


def invalid(message: str) -> Error:
    """A parameter that can't be so, in words of its own."""
    return Error("InvalidParameterValueException", message)


def invalid_value(parameter: str, value: object, reason: str) -> Error:
    """A parameter's value that can't be so."""
    return invalid(f"Value {value} for parameter {parameter} is invalid. Reason: {reason}.")


def unknown_attribute(name: str) -> Error:
    """An attribute that there isn't, or that can't be set."""
    return Error("InvalidAttributeName", f"Unknown Attribute {name}.")


def no_resource(parameter: str) -> Error:
    """An ARN of a queue that does not exist."""
    message = f"The resource that you specified for the {parameter} parameter doesn't exist."
    return Error("ResourceNotFoundException", message)


def expired_handle(handle: str) -> Error:
    """A FIFO message that isn't its receiver's any more."""
    return invalid_value("ReceiptHandle", handle, "The receipt handle has expired")


def old_code(error: Error) -> str:
    """An error's code as the query protocol, and the entries of a batch's answer, have it."""
    known = OLD_CODES.get(error.code)
    return error.code if known is None else known.code
