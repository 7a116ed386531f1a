"""Answers held against the model, for tests: nothing unknown, nothing missing, every type right."""

from datetime import datetime
from typing import Any

from protocols.errors import StrictAnswer
from protocols.model import Member, Operation, Shape

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "character": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float, datetime),
    "blob": (bytes, bytearray, memoryview),
    "list": (list, tuple),
    "map": (dict,),
    "structure": (dict,),
}


def check_answer(operation: Operation, answer: Any) -> None:
    """Raise StrictAnswer, naming service, operation and path, for an answer the model lacks."""
    place = f"{operation.service.name}.{operation.name}"
    if answer is None:
        answer = {}
    if not isinstance(answer, dict):
        raise StrictAnswer(f"{place}: the answer is a {type(answer).__name__}, not a dict")
    if operation.output is None:
        if answer:
            raise StrictAnswer(f"{place}: the operation answers nothing, but got {sorted(answer)}")
        return
    _structure(operation.output, answer, place, top=True)


def _structure(shape: Shape, value: dict[str, Any], path: str, top: bool = False) -> None:
    members = shape.members
    for name, item in value.items():
        member = members.get(name)
        if member is None:
            raise StrictAnswer(f"{path}.{name}: {shape.name} has no such member")
        if item is None:
            raise StrictAnswer(f"{path}.{name}: None; leave the member out")
        if top and (_streams(member, shape) or member.trait("jsonvalue")):
            continue
        _value(member, item, f"{path}.{name}")
    for name in shape.required:
        if name not in value:
            raise StrictAnswer(f"{path}.{name}: {shape.name} requires it")
    if shape.union and len(value) != 1:
        raise StrictAnswer(f"{path}: {shape.name} is a union and takes one member")


def _streams(member: Member, shape: Shape) -> bool:
    payload = shape.traits.get("payload") == member.name
    return bool(member.shape.traits.get("eventstream")) or (payload and member.shape.type == "blob")


def _value(member: Member, value: Any, path: str) -> None:
    shape = member.shape
    if shape.document:
        return
    kind = shape.type
    if kind == "boolean":
        if not isinstance(value, bool):
            raise StrictAnswer(f"{path}: {value!r} is no boolean")
        return
    allowed = _TYPES[kind]
    if not isinstance(value, allowed) or isinstance(value, bool):
        raise StrictAnswer(f"{path}: {value!r} ({type(value).__name__}) is no {kind}")
    _inside(shape, value, path)


def _inside(shape: Shape, value: Any, path: str) -> None:
    kind = shape.type
    if kind == "structure":
        _structure(shape, value, path)
    elif kind == "list":
        for number, item in enumerate(value):
            if item is not None:
                _value(shape.member, item, f"{path}[{number}]")
            elif not shape.traits.get("sparse"):
                raise StrictAnswer(f"{path}[{number}]: None in a list")
    elif kind == "map":
        for key, item in value.items():
            if not isinstance(key, str):
                raise StrictAnswer(f"{path}: the key {key!r} is no string")
            if item is not None:
                _value(shape.value, item, f"{path}[{key!r}]")
            elif not shape.traits.get("sparse"):
                raise StrictAnswer(f"{path}[{key!r}]: None in a map")
