"""The query protocols, AWS's own and EC2's: a form in, XML out."""

from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Callable
from typing import Any

from protocols import timestamps, xmlwrite
from protocols.codec import (
    Codec,
    Members,
    Read,
    Write,
    error_members,
    message_member,
    resolve,
    validator,
)
from protocols.errors import Error
from protocols.http import Reply, Request, unquote
from protocols.model import Member, Operation, Shape
from protocols.values import DEPTH
from protocols.xmlwrite import EC2, QUERY, escape

Tree = dict[str, Any]
Parse = Callable[[Any], Any]

PARTS = 100  # a parameter's name may have this many parts
CONTENT_TYPE = (b"content-type", b"text/xml")


def malformed(name: str = "") -> Error:
    """A form value that is not of its member's type."""
    return Error("MalformedInput", f"Invalid value for {name}" if name else "", status=400)


def tree_of(form: str) -> Tree:
    """A form as a tree: `Tag.1.Key=a` is {"Tag": {"1": {"Key": "a"}}}."""
    tree: Tree = {}
    for part in form.split("&"):
        name, _, value = part.partition("=")
        if "+" in value:
            value = value.replace("+", " ")
        if "%" in value:
            value = unquote(value)
        if "%" in name:
            name = unquote(name)
        if "." not in name:
            tree[name] = value
            continue
        path = name.split(".")
        if len(path) > PARTS:
            raise malformed(name[:100])
        node = tree
        for step in path[:-1]:
            inner = node.get(step)
            if type(inner) is not dict:
                node[step] = inner = {} if inner is None else {"": inner}
            node = inner
        last = path[-1]
        if type(node.get(last)) is dict:
            node[last][""] = value
        else:
            node[last] = value
    return tree


def form_of(request: Request) -> str:
    """The form in the body, or in the query string of a GET."""
    body = request.body
    if not body:
        return request.query
    try:
        form: str = body.decode("utf-8")
    except UnicodeDecodeError:
        raise malformed() from None
    return f"{request.query}&{form}" if request.query else form


def _leaf(node: Any) -> str:
    if type(node) is dict:
        node = node.get("")
        if node is None:
            raise malformed()
    text: str = node
    return text


def _integer(node: Any) -> int:
    text = _leaf(node).strip()
    if not text.lstrip("+-").isdigit() or len(text) > 20 or not text.isascii():
        raise malformed()
    return int(text)


def _float(node: Any) -> float:
    try:
        return float(_leaf(node))
    except ValueError:
        raise malformed() from None


def _boolean(node: Any) -> bool:
    text = _leaf(node).strip().lower()
    if text in ("true", "1"):
        return True
    if text in ("false", "0"):
        return False
    raise malformed()


def _blob(node: Any) -> bytes:
    try:
        return a2b_base64(_leaf(node), strict_mode=True)
    except (Base64Error, ValueError):
        raise malformed() from None


def _timestamp(node: Any) -> float:
    try:
        return timestamps.parse(_leaf(node))
    except (ValueError, OverflowError):
        raise malformed() from None


_SCALARS: dict[str, Parse] = {
    "string": _leaf,
    "character": _leaf,
    "integer": _integer,
    "long": _integer,
    "float": _float,
    "double": _float,
    "boolean": _boolean,
    "blob": _blob,
    "timestamp": _timestamp,
}


def input_name(member: Member, ec2: bool) -> str:
    """The name of a member in a form."""
    traits = member.traits
    name: str | None = traits.get("queryName")
    if name is not None:
        return name
    if ec2:
        located: str | None = traits.get("locationName")
        return member.name if located is None else located[:1].upper() + located[1:]
    return member.wire_name


def reader(shape: Shape, ec2: bool) -> Parse:
    """The closure for a shape's part of the tree."""
    scalar = _SCALARS.get(shape.type)
    if scalar is not None:
        return scalar
    key = ("from form", ec2)
    found: Parse | None = shape.compiled.get(key)
    if found is None:
        shape.compiled[key] = _late(shape, key)
        if shape.type == "structure":
            found = _structure(shape, ec2)
        elif shape.type == "list":
            found = _list(shape, ec2)
        else:
            found = _map(shape, ec2)
        shape.compiled[key] = found
    return found


def _late(shape: Shape, key: Any) -> Parse:
    depth = 0

    def read(node: Any) -> Any:
        nonlocal depth
        if depth >= DEPTH:
            raise malformed()
        depth += 1
        try:
            return shape.compiled[key](node)
        finally:
            depth -= 1

    return read


def _structure(shape: Shape, ec2: bool) -> Parse:
    rules: dict[str, tuple[str, Parse]] = {}
    for member in shape.members.values():
        name = input_name(member, ec2)
        inner = member.shape
        parse = reader(inner, ec2)
        if not ec2 and inner.type in ("list", "map") and member.trait("flattened"):
            parse = _list(inner, ec2, flat=True) if inner.type == "list" else _map(inner, ec2, True)
            if inner.type == "list":
                # botocore names a flattened list by its element, Smithy by the member: take both.
                traits = inner.member.traits
                element = traits.get("queryName") or traits.get("locationName", name)
                rules.setdefault(element, (member.name, parse))
        rules[name] = (member.name, parse)
    if ec2:
        for name, rule in list(rules.items()):
            rules.setdefault(name[:1].upper() + name[1:], rule)
    get = rules.get

    def read(node: Any) -> Members:
        found: Members = {}
        if type(node) is dict:
            for name, value in node.items():
                rule = get(name)
                if rule is not None:
                    found[rule[0]] = rule[1](value)
        return found

    return read


def _numbered(node: Any) -> list[Any]:
    """A node's children in the order of their numbers, whatever gaps there are."""
    if type(node) is not dict:
        return []
    if len(node) == 1 and "1" in node:
        return [node["1"]]
    found = [
        (int(number), child)
        for number, child in node.items()
        if number.isascii() and number.isdigit() and len(number) <= 10
    ]
    found.sort(key=lambda item: item[0])
    return [child for _, child in found]


def _list(shape: Shape, ec2: bool, flat: bool = False) -> Parse:
    traits = shape.member.traits
    name = traits.get("queryName") or traits.get("locationName", "member")
    parse = reader(shape.member.shape, ec2)

    def read(node: Any) -> list[Any]:
        if not flat and not ec2 and type(node) is dict:
            inner = node.get(name)
            node = node.get("member", node) if inner is None else inner
        return [parse(child) for child in _numbered(node)]

    return read


def _map(shape: Shape, ec2: bool, flat: bool = False) -> Parse:
    key_name = input_name(shape.key, ec2)
    value_name = input_name(shape.value, ec2)
    parse_key, parse_value = reader(shape.key.shape, ec2), reader(shape.value.shape, ec2)

    def read(node: Any) -> Members:
        if not flat and type(node) is dict:
            node = node.get("entry", node)
        found: Members = {}
        for entry in _numbered(node):
            if type(entry) is dict and key_name in entry:
                value = entry.get(value_name)
                # A value whose own members were all left out is an empty structure.
                found[parse_key(entry[key_name])] = parse_value({} if value is None else value)
        return found

    return read


def _message(error: Error) -> str:
    return f"<Message>{escape(error.message)}</Message>" if error.message else ""


class QueryCodec(Codec):
    """AWS's query protocol."""

    name = "query"
    style = QUERY
    ec2 = False

    @property
    def namespace(self) -> str:
        """The xmlns attribute of every answer."""
        found = self.service.metadata.get("xmlNamespace")
        if found is None:
            metadata = self.service.metadata
            found = (
                f"http://{metadata['endpointPrefix']}.amazonaws.com/doc/{metadata['apiVersion']}/"
            )
        return xmlwrite.namespace(found)

    def compile_read(self, operation: Operation) -> Read:
        shape = operation.input
        if shape is None:
            return lambda request: {}
        parse, validate = reader(shape, self.ec2), validator(shape)

        def read(request: Request) -> Members:
            members: Members = parse(tree_of(form_of(request)))
            if validate is not None:
                validate(members)
            return members

        return read

    def compile_write(self, operation: Operation) -> Write:
        name, shape = operation.name, operation.output
        start = f"<{name}Response{self.namespace}>"
        end = f"</RequestId></ResponseMetadata></{name}Response>"
        middle = "<ResponseMetadata><RequestId>"
        inner = None
        if shape is not None:
            inner = xmlwrite.content(shape, self.style)
            result = operation.result_wrapper or f"{name}Result"
            start += f"<{result}>"
            middle = f"</{result}>{middle}"

        def write(answer: Members, request_id: str) -> Reply:
            parts = [start]
            if inner is not None:
                inner(answer or {}, parts.append)
            parts.append(middle + request_id + end)
            headers = [(b"x-amzn-requestid", request_id.encode()), CONTENT_TYPE]
            return Reply(200, headers, xmlwrite.encode(parts))

        return write

    def error_fields(self, error: Error, skip: tuple[str, ...] = ()) -> tuple[str, str, str, int]:
        """An error's code, fault, inner elements and status."""
        resolved = resolve(self.service, error)
        shape = resolved.shape
        parts: list[str] = []
        if shape is not None:
            members = error_members(shape, error)
            place = message_member(shape)
            members.pop(place.name if place is not None else "", None)
            xmlwrite.content(shape, self.style)(members, parts.append)
            extra = {key: item for key, item in members.items() if key not in shape.members}
        else:
            extra = error.members
        parts.extend(xmlwrite.plain_element(key, item) for key, item in extra.items())
        fault = "Sender" if resolved.sender else "Receiver"
        return resolved.code, fault, "".join(parts), resolved.status

    def error(self, operation: Operation | None, error: Error, request_id: str) -> Reply:
        code, fault, more, status = self.error_fields(error)
        if self.service.metadata.get("errorDetail"):  # of SQS, always empty
            more += "<Detail/>"
        body = (
            f"<ErrorResponse{self.namespace}><Error><Type>{fault}</Type><Code>{escape(code)}</Code>"
            f"{_message(error)}{more}</Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
        headers = [(b"x-amzn-requestid", request_id.encode()), CONTENT_TYPE]
        return Reply(status, headers, body.encode("utf-8", "replace"))


class Ec2Codec(QueryCodec):
    """EC2's query protocol: capitalised names, flat lists, its own envelopes."""

    name = "ec2"
    style = EC2
    ec2 = True

    def compile_write(self, operation: Operation) -> Write:
        name, shape = operation.name, operation.output
        start = f"{xmlwrite.HEADER}<{name}Response{self.namespace}><requestId>"
        end = f"</{name}Response>"
        inner = None if shape is None else xmlwrite.content(shape, self.style)

        def write(answer: Members, request_id: str) -> Reply:
            parts = [start, request_id, "</requestId>"]
            if inner is not None:
                inner(answer or {}, parts.append)
            parts.append(end)
            headers = [
                (b"x-amzn-requestid", request_id.encode()),
                (b"content-type", b"text/xml;charset=UTF-8"),
            ]
            return Reply(200, headers, xmlwrite.encode(parts))

        return write

    def error(self, operation: Operation | None, error: Error, request_id: str) -> Reply:
        code, _, more, status = self.error_fields(error)
        body = (
            f"{xmlwrite.HEADER}<Response><Errors><Error><Code>{escape(code)}</Code>"
            f"{_message(error)}{more}</Error></Errors>"
            f"<RequestID>{request_id}</RequestID></Response>"
        )
        headers = [
            (b"x-amzn-requestid", request_id.encode()),
            (b"content-type", b"text/xml;charset=UTF-8"),
        ]
        return Reply(status, headers, body.encode("utf-8", "replace"))
