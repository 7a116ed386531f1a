"""botocore's side of a service, without its validation: whatever members, in any protocol."""

import base64
from functools import cache
from hashlib import md5
from typing import Any

from protocols import index, sources
from protocols.http import Request
from tests.protocols import botocore_side
from tests.server.raw import Answer, Wire, claimed, request


@cache
def raw_model(service: str) -> dict[str, Any]:
    """A service's model as botocore has it."""
    return sources.read(service)


class Client:
    """Requests of one service in one protocol."""

    def __init__(self, service: str, protocol: str) -> None:
        self.service = service
        self.protocol = protocol
        self.entry = index.entry(service)
        self._model = botocore_side.service_model(raw_model(service), service)
        self._serializer = botocore_side.serializer(protocol)
        self._parser = botocore_side.parser(protocol)

    def request(self, operation: str, members: dict[str, Any]) -> Request:
        """The request that botocore makes of members, unsigned."""
        model = self._model.operation_model(operation)
        made = botocore_side.request_of(self._serializer.serialize_to_request(members, model))
        if model.http_checksum.get("requestChecksumRequired") or model.http_checksum_required:
            made.headers[b"content-md5"] = base64.b64encode(md5(made.body).digest())
        return made

    def call(
        self, wire: Wire, operation: str, members: dict[str, Any], *, account: str = "AKIDOFNOBODY"
    ) -> dict[str, Any]:
        """What botocore makes of the answer: the output or an `Error`, and `ResponseMetadata`."""
        return self.send(wire, operation, self.request(operation, members), account=account)

    def send(
        self, wire: Wire, operation: str, made: Request, *, account: str = "AKIDOFNOBODY"
    ) -> dict[str, Any]:
        """The same for a request that is there already."""
        wire.write(signed(made, self.entry.signing_name, account))
        return self.parsed(operation, wire.read(made.method))

    def parsed(self, operation: str, answer: Answer) -> dict[str, Any]:
        """An answer as botocore reads it."""
        model = self._model.operation_model(operation)
        response = {
            "body": answer.body,
            "headers": botocore_side.CaseInsensitive(answer.headers.items()),
            "status_code": answer.status,
            "context": {"operation_name": operation},
        }
        if model.has_event_stream_output and answer.status < 300:
            return {"ResponseMetadata": {"HTTPStatusCode": answer.status}}
        found: dict[str, Any] = self._parser.parse(response, model.output_shape)
        return found


def signed(made: Request, signing_name: str, account: str) -> bytes:
    """A request's bytes with a claim of who signed it for which service."""
    headers = {name.decode(): value.decode("latin-1") for name, value in made.headers.items()}
    target = f"{made.path}?{made.query}" if made.query else made.path
    claim = claimed(signing_name, key=account)
    return request(made.method, target, {**headers, **claim}, made.body)
