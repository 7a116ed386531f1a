"""What handlers and readers raise, and what the writers make of an invalid request."""

from typing import Any, NamedTuple


class Error(Exception):
    """An AWS error: the code is the model's shape name, or one that the service lists itself."""

    def __init__(
        self, code: str, message: str = "", *, status: int | None = None, **members: Any
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.status = status
        self.members = members

    def __str__(self) -> str:
        return f"{self.code}: {self.message}" if self.message else self.code


class Violation(NamedTuple):
    """One constraint of the model that a request broke.

    `kind` is one of required, min_length, max_length, min_value, max_value, pattern, enum,
    element, map_key, map_value, union; `path` is AWS's (`tags.1.member.key`), `text` its sentence.
    """

    kind: str
    path: str
    value: Any
    constraint: Any
    text: str


class Invalid(Exception):
    """A request that could be parsed but breaks the model; carries every violation, in order."""

    def __init__(self, violations: list[Violation], members: Any = None) -> None:
        super().__init__(violations)
        self.violations = violations
        self.members = members
        """What was parsed."""

    @property
    def bearable(self) -> bool:
        """Whether all that the model demands is there, though not in the form that it demands."""
        return not {violation.kind for violation in self.violations} & {"required", "union"}

    def __str__(self) -> str:
        return sentence(self.violations)


class StrictAnswer(AssertionError):
    """A handler's answer that the model does not allow; only the strict writer raises it."""


def sentence(violations: list[Violation]) -> str:
    """AWS's message for all violations together."""
    count = len(violations)
    plural = "" if count == 1 else "s"
    details = "; ".join(violation.text for violation in violations)
    return f"{count} validation error{plural} detected: {details}"


def default_invalid(protocol: str, violations: list[Violation]) -> Error:
    """The error that services of this protocol answer to an invalid request."""
    message = sentence(violations)
    if protocol == "query":
        return Error("ValidationError", message, status=400)
    if protocol == "ec2":
        return _ec2_invalid(violations[0])
    if protocol == "rest-xml":
        kinds = {violation.kind for violation in violations}
        if kinds & {"required", "union"}:
            return malformed_xml()
        return Error("InvalidRequest", message, status=400)
    return Error("ValidationException", message, status=400)


def _ec2_invalid(violation: Violation) -> Error:
    name = violation.path
    name = name[:1].upper() + name[1:]
    if violation.kind == "required":
        return Error(
            "MissingParameter", f"The request must contain the parameter {name}", status=400
        )
    value = violation.value
    return Error(
        "InvalidParameterValue",
        f"Value ({value}) for parameter {name} is invalid. {violation.text}",
        status=400,
    )


def serialization(message: str = "") -> Error:
    """A request whose bytes are not what its protocol says."""
    return Error("SerializationException", message, status=400)


def malformed_xml() -> Error:
    """A request body that is not the XML that the operation takes."""
    return Error(
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema",
        status=400,
    )
