"""The attributes that senders give to messages: rules, digests, and who wants to see them.

They are kept as JSON: {name: {"DataType": ..., "StringValue": ...}}, binary values in base64.
"""

import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable
from hashlib import md5
from typing import Any, NamedTuple

import orjson

from protocols.errors import Error
from services.sqs import errors

Attributes = dict[str, dict[str, Any]]
MOST = 10
_NAME = re.compile(r"(?!(?i:aws|amazon)\.)[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_STRING, _BINARY = b"\x01", b"\x02"


class Checked(NamedTuple):
    """Attributes that are as they should be: what is kept, its digest, their size in bytes."""

    text: str
    digest: str
    size: int


def check(attributes: Attributes) -> Checked:
    """Hold a message's attributes against the rules. Raises InvalidParameterValue."""
    if len(attributes) > MOST:
        raise errors.invalid(
            f"Number of message attributes [{len(attributes)}] exceeds the allowed maximum"
            f" [{MOST}]."
        )
    kept = {name: _checked(name, given) for name, given in attributes.items()}
    return Checked(orjson.dumps(kept).decode(), digest(kept), size(attributes))


def size(attributes: Attributes) -> int:
    """What attributes add to a message's size, in bytes: names, types and values."""
    total = 0
    for name, given in attributes.items():
        for value in (name, *map(given.get, ("DataType", "StringValue", "BinaryValue"))):
            if isinstance(value, str):
                total += len(value.encode("utf-8", "replace"))
            elif value:
                total += len(value)
    return total


def check_trace_header(attributes: Attributes) -> tuple[str | None, str | None]:
    """The X-Ray header among a message's system attributes, and their digest."""
    for name, given in attributes.items():
        if name != "AWSTraceHeader":
            raise errors.invalid(
                f"Message system attribute name '{name}' is invalid."
                " You can use only the following system attributes: AWSTraceHeader."
            )
        if given.get("DataType") != "String" or not given.get("StringValue"):
            raise errors.invalid(
                "Message system attribute 'AWSTraceHeader' must contain a non-empty value of type"
                " 'String'."
            )
        kept = {name: {"DataType": "String", "StringValue": given["StringValue"]}}
        return given["StringValue"], digest(kept)
    return None, None


def forbidden(text: str) -> str | None:
    """The first character of a text that no message may have."""
    if text.isprintable():
        return None
    found = _FORBIDDEN.search(text)
    return None if found is None else found.group()


def invalid_contents(character: str, place: str = "message body") -> Error:
    """A character that no message may have."""
    return Error(
        "InvalidMessageContents",
        f"Invalid binary character '#x{ord(character):X}' was found in the {place}, the set of"
        " allowed characters is #x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] |"
        " [#x10000-#x10FFFF].",
    )


def _checked(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """One attribute in the form in which it is kept."""
    if not name:
        raise errors.invalid("The request must contain non-empty message (user) attribute names.")
    if len(name) > 256 or not _NAME.fullmatch(name):
        raise errors.invalid(
            f"Message (user) attribute name '{name}' is invalid. It can be up to 256 characters"
            " long, contain alphanumeric characters, underscores, hyphens and single periods"
            " within, and not start with AWS. or Amazon."
        )
    data_type = given.get("DataType")
    if not data_type:
        raise errors.invalid(f"Message (user) attribute '{name}' must contain a non-empty type.")
    kind = data_type.partition(".")[0]
    if kind not in ("String", "Number", "Binary") or len(data_type) > 256:
        raise errors.invalid(
            f"The type of message (user) attribute '{name}' is invalid. You must use only the"
            " following supported type prefixes: Binary, Number, String."
        )
    value = given.get("BinaryValue" if kind == "Binary" else "StringValue")
    if not value:
        raise errors.invalid(
            f"Message (user) attribute '{name}' must contain a non-empty value of type"
            f" '{data_type}'."
        )
    if kind == "Binary":
        text = b2a_base64(value, newline=False).decode()
        return {"DataType": data_type, "BinaryValue": text}
    if kind == "Number" and not _NUMBER.fullmatch(value.strip()):
        raise errors.invalid(
            f"Can't cast the value of message (user) attribute '{name}' to a number."
        )
    character = forbidden(value)
    if character is not None:
        raise invalid_contents(character, f"value of message (user) attribute '{name}'")
    return {"DataType": data_type, "StringValue": value}


def digest(kept: Attributes) -> str:
    """The MD5 that SDKs compare: of names, types and values after their lengths, by name."""
    parts: list[bytes] = []

    def add(value: bytes) -> None:
        parts.append(len(value).to_bytes(4, "big"))
        parts.append(value)

    for name in sorted(kept):
        attribute = kept[name]
        add(name.encode())
        add(attribute["DataType"].encode())
        text = attribute.get("StringValue")
        if text is not None:
            parts.append(_STRING)
            add(text.encode())
        else:
            parts.append(_BINARY)
            add(a2b_base64(attribute["BinaryValue"]))
    return md5(b"".join(parts), usedforsecurity=False).hexdigest()


def select(text: str, whole_digest: str, wanted: Iterable[str]) -> tuple[Attributes, str] | None:
    """The attributes of these names (`All`, `.*`, `prefix.*`) and their digest; None for none."""
    kept: Attributes = orjson.loads(text)
    names = [name for name in kept if any(_matches(name, pattern) for pattern in wanted)]
    if not names:
        return None
    chosen = {name: kept[name] for name in names}
    found_digest = whole_digest if len(chosen) == len(kept) else digest(chosen)
    for attribute in chosen.values():
        if "BinaryValue" in attribute:
            attribute["BinaryValue"] = a2b_base64(attribute["BinaryValue"])
    return chosen, found_digest


def _matches(name: str, pattern: str) -> bool:
    if pattern in ("All", ".*"):
        return True
    if pattern.endswith(".*"):
        return name.startswith(pattern[:-2])
    return name == pattern
