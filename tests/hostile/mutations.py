"""Valid requests, and what becomes of them: the same mutations for the same seed."""

import json
from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

TOKENS = (
    b"", b"\x00", b"\xff\xfe", b"%", b"%00", b"%zz", b"%F0%9F%92%A9", b"../..", b"//", b"?", b"#",
    b"&", b"=", b"+", b";", b"-1", b"0", b"1e999", b"NaN", b"true", b"null", b"{}", b"[]", b"[",
    b"}", b'"', b"'", b"\\", b"\\ud800", b"<", b">", b"]]>", b"&#0;", b"&lt;", b"<!--", b"<![CDATA",
    b"99999999999999999999", b"4294967296", b"2147483648", b"a" * 300, b"\xc3\xa9", b"\xe2\x80\xae",
    b"${jndi}", b"Bearer", b"AWS4-HMAC-SHA256", b"AWS ", b"aws4_request", b"us-east-1", b"\t", b" ",
)  # fmt: skip
METHODS = ("GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "PATCH", "BREW")
NAMES = (
    "content-type", "content-encoding", "content-md5", "accept", "range", "if-match",
    "if-modified-since", "x-amz-target", "x-amz-date", "x-amz-content-sha256", "x-amz-acl",
    "x-amz-copy-source", "x-amz-decoded-content-length", "x-amz-trailer", "x-amz-checksum-crc32",
    "x-amz-sdk-checksum-algorithm", "x-amz-meta-a", "x-amz-tagging", "x-amz-security-token", "host",
    "authorization", "smithy-protocol", "origin", "access-control-request-method", "cookie", "date",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 10**30, "", "x", "\x00", "a" * 5000, [], [[]], {}, {"a": {"b": [1]}},
    "\u202e", "99999999999",
)  # fmt: skip


class Case(NamedTuple):
    """One request; its length is told when it is sent."""

    method: str
    target: bytes
    headers: tuple[tuple[str, bytes], ...]
    body: bytes

    def wire(self, length: bytes | None = None) -> bytes:
        """What goes over the wire; `length` may lie, and b"" says nothing."""
        told = str(len(self.body)).encode() if length is None else length
        lines = [b"%b %b HTTP/1.1" % (self.method.encode("latin-1"), self.target)]
        lines += [name.encode("latin-1") + b": " + value for name, value in self.headers]
        if told:
            lines.append(b"content-length: " + told)
        return b"\r\n".join(lines) + b"\r\n\r\n" + self.body

    def chunked(self, chunks: bytes) -> bytes:
        """The same with a body in chunks, which may be none."""
        headers = (*self.headers, ("transfer-encoding", b"chunked"))
        return self._replace(headers=headers, body=chunks).wire(b"")


Mutation = Callable[[Random, Case], Case]


def scrambled(random: Random, data: bytes, most: int = 4) -> bytes:
    """Bytes with a few places changed."""
    made = bytearray(data)
    for _ in range(random.randint(1, most)):
        place = random.randint(0, len(made))
        kind = random.randrange(5)
        if kind == 0:
            made[place:place] = random.choice(TOKENS)
        elif kind == 1 and made:
            made[min(place, len(made) - 1)] = random.randrange(256)
        elif kind == 2:
            del made[place : place + random.randint(1, 16)]
        elif kind == 3:
            made[place:place] = made[place : place + random.randint(1, 32)]
        else:
            made[place : place + random.randint(1, 8)] = random.choice(TOKENS)
    return bytes(made)


def _one_line(data: bytes) -> bytes:
    return bytes(byte for byte in data if byte >= 32 and byte != 127) or b"x"


def method(random: Random, case: Case) -> Case:
    """Another method."""
    return case._replace(method=random.choice(METHODS))


def target(random: Random, case: Case) -> Case:
    """Another path or query string."""
    made = _one_line(scrambled(random, case.target)).replace(b" ", b"%20")
    return case._replace(target=b"/" + made.lstrip(b"/") if random.random() < 0.9 else made)


def header(random: Random, case: Case) -> Case:
    """One header's value changed, a header gone, twice there, or new."""
    headers = list(case.headers) or [("host", b"localhost")]
    place = random.randrange(len(headers))
    name, value = headers[place]
    kind = random.randrange(6)
    if kind == 0:
        del headers[place]
    elif kind == 1:
        headers.insert(place, (name, _one_line(scrambled(random, value))))
    elif kind == 2:
        headers.append((random.choice(NAMES), _one_line(random.choice(TOKENS))))
    elif kind == 3:
        headers[place] = (random.choice(NAMES), value)
    else:
        headers[place] = (name, _one_line(scrambled(random, value)))
    return case._replace(headers=tuple(headers))


def body(random: Random, case: Case) -> Case:
    """Some bytes of the body changed, or its end cut off."""
    if random.random() < 0.2:
        return case._replace(body=case.body[: random.randint(0, len(case.body))])
    return case._replace(body=scrambled(random, case.body))


def structure(random: Random, case: Case) -> Case:
    """JSON with a value of another kind, a form with other parameters, XML with other elements."""
    try:
        document = json.loads(case.body)
    except ValueError:
        separator = b"&" if b"&" in case.body[:200] or b"<" not in case.body else b"<"
        parts = case.body.split(separator)
        random.shuffle(parts) if random.random() < 0.3 else parts.append(random.choice(parts))
        if random.random() < 0.5:
            parts[random.randrange(len(parts))] = random.choice(TOKENS)
        return case._replace(body=separator.join(parts))
    return case._replace(body=json.dumps(_other(random, document)).encode())


def _other(random: Random, value: Any) -> Any:
    if isinstance(value, dict) and value and random.random() < 0.8:
        key = random.choice(list(value))
        made = dict(value)
        if random.random() < 0.2:
            made[key + random.choice(("", "x", "\x00"))] = made.pop(key)
        else:
            made[key] = _other(random, value[key])
        return made
    if isinstance(value, list) and value and random.random() < 0.8:
        made_list = list(value)
        made_list[random.randrange(len(value))] = _other(random, random.choice(value))
        return made_list if random.random() < 0.8 else made_list * 12
    return random.choice(VALUES)


FRAMED: tuple[Mutation, ...] = (method, target, header, header, header, body, body, structure)
"""What leaves a request a request, so that its connection can go on after it."""


def framed(random: Random, case: Case) -> Case:
    """A request with one to three things wrong that HTTP itself does not mind."""
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        case = random.choice(FRAMED)(random, case)
    return case


def unframed(random: Random, case: Case) -> bytes:
    """Bytes that HTTP itself minds: a length that lies, broken chunks, a head that is none."""
    kind = random.randrange(4)
    if kind == 0:
        lengths = (b"0", b"-1", b"1x", b"18446744073709551616", b"%d" % (len(case.body) // 2))
        return case.wire(random.choice(lengths))
    if kind == 1:
        size = b"%x" % len(case.body)
        return case.chunked(scrambled(random, size + b"\r\n" + case.body + b"\r\n0\r\n\r\n"))
    if kind == 2:
        head, _, rest = case.wire().partition(b"\r\n\r\n")
        return scrambled(random, head) + b"\r\n\r\n" + rest
    whole = case.wire()
    return whole[: random.randint(1, len(whole))]
