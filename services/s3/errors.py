"""The words of errors that several modules raise."""

from protocols.errors import Error, malformed_xml

__all__ = [
    "access_denied",
    "invalid_argument",
    "invalid_request",
    "invalid_version",
    "malformed_xml",
    "no_such_bucket",
    "no_such_key",
    "no_such_upload",
    "no_such_version",
    "not_implemented",
    "precondition_failed",
]


def no_such_bucket(name: str) -> Error:
    """There is no bucket of this name."""
    return Error("NoSuchBucket", "The specified bucket does not exist", BucketName=name)


def no_such_key(key: str) -> Error:
    """There is no object of this key."""
    return Error("NoSuchKey", "The specified key does not exist.", Key=key)


def no_such_version(key: str, version_id: str) -> Error:
    """There is no such version of this key."""
    message = "The specified version does not exist."
    return Error("NoSuchVersion", message, Key=key, VersionId=version_id)


def invalid_version(version_id: str) -> Error:
    """This was never a version id of S3's making."""
    return invalid_argument("Invalid version id specified", "versionId", version_id)


def no_such_upload(upload_id: str) -> Error:
    """There is no such upload under this key, or not any more."""
    message = (
        "The specified upload does not exist. The upload ID may be invalid, "
        "or the upload may have been aborted or completed."
    )
    return Error("NoSuchUpload", message, UploadId=upload_id)


def invalid_argument(message: str, name: str, value: object = None) -> Error:
    """A header or query argument that has no such value."""
    if value is None:
        return Error("InvalidArgument", message, ArgumentName=name)
    return Error("InvalidArgument", message, ArgumentName=name, ArgumentValue=str(value))


def invalid_request(message: str) -> Error:
    """A request that contradicts itself or what is there."""
    return Error("InvalidRequest", message)


def access_denied(message: str = "Access Denied") -> Error:
    """Not allowed."""
    return Error("AccessDenied", message)


def precondition_failed(condition: str) -> Error:
    """A condition of the client's does not hold."""
    message = "At least one of the pre-conditions you specified did not hold"
    return Error("PreconditionFailed", message, Condition=condition)


def not_implemented(header: str, more: str | None = None) -> Error:
    """A header that S3 knows but does not do; also those that fogbank does not do yet."""
    message = "A header you provided implies functionality that is not implemented"
    if more is None:
        return Error("NotImplemented", message, Header=header)
    return Error("NotImplemented", message, Header=header, additionalMessage=more)
