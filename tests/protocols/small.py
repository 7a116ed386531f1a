"""Small models for tests, in the shape of botocore's."""

from typing import Any

from protocols import model
from protocols.errors import Error, Invalid
from protocols.http import Request
from protocols.model import Service


def service(
    protocol: str,
    members: dict[str, Any],
    shapes: dict[str, Any] | None = None,
    *,
    required: tuple[str, ...] = (),
    output: dict[str, Any] | None = None,
    uri: str = "/",
    **metadata: Any,
) -> Service:
    """A service `small` with one operation `Do`, whose members are strings unless said."""
    basic = {
        "String": {"type": "string"},
        "Integer": {"type": "integer"},
        "Long": {"type": "long"},
        "Double": {"type": "double"},
        "Boolean": {"type": "boolean"},
        "Blob": {"type": "blob"},
        "Timestamp": {"type": "timestamp"},
        "Document": {"type": "structure", "members": {}, "document": True},
    }
    operation: dict[str, Any] = {
        "name": "Do",
        "http": {"method": "POST", "requestUri": uri},
        "input": {"shape": "DoRequest"},
        "errors": [{"shape": "Gone"}],
    }
    made: dict[str, Any] = {
        "DoRequest": {"type": "structure", "members": members, "required": list(required)},
        "Gone": {
            "type": "structure",
            "members": {"message": {"shape": "String"}, "Name": {"shape": "String"}},
            "exception": True,
            "error": {"code": "Small.Gone", "httpStatusCode": 404, "senderFault": True},
        },
    }
    if output is not None:
        operation["output"] = {"shape": "DoResult"}
        made["DoResult"] = {"type": "structure", "members": output}
    return model.from_raw(
        "small",
        {
            "metadata": {
                "apiVersion": "2020-01-01",
                "endpointPrefix": "small",
                "protocol": protocol,
                "serviceId": "Small",
                "jsonVersion": "1.0",
                "targetPrefix": "Small",
                **metadata,
            },
            "operations": {"Do": operation},
            "shapes": {**basic, **made, **(shapes or {})},
        },
    )


def read(made: Service, body: bytes, **request: Any) -> Any:
    """What the reader of `Do` makes of a body."""
    protocol = made.protocols[0]
    return made.codec(protocol).read(made.operations["Do"])(
        Request("POST", "/", request.pop("query", ""), body=body, **request)
    )


def said(made: Service, body: bytes, **request: Any) -> str:
    """The message that a wrong body gets."""
    try:
        read(made, body, **request)
    except Invalid as problem:
        return str(problem)
    except Error as problem:
        return str(problem)
    return ""
