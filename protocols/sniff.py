"""Which of a service's protocols a client spoke, told by its headers and path."""

from protocols.http import Request
from protocols.index import Entry


def protocol_of(request: Request, entry: Entry) -> str:
    """The protocol to read the request with and to answer in.

    `cbor` is the old `application/x-amz-cbor-1.1` (the JSON protocol in CBOR), which some SDKs
    speak to Kinesis; `smithy-rpc-v2-cbor` is the new one.
    """
    headers = request.headers
    if b"smithy-protocol" in headers or _rpc_path(request.path):
        return "smithy-rpc-v2-cbor"
    kind = headers.get(b"content-type", b"")
    if b"x-amz-target" in headers:
        return "cbor" if kind.startswith(b"application/x-amz-cbor") else "json"
    if kind.startswith(b"application/x-amz-json"):
        return "json"
    if kind.startswith(b"application/x-amz-cbor"):
        return "cbor"
    own = entry.protocols
    for protocol in own:
        if protocol.startswith("rest-"):
            return protocol
    if "ec2" in own:
        return "ec2"
    if "query" in own:
        return "query"
    # SQS's model forgot the query protocol that its old clients still speak.
    if kind.startswith(b"application/x-www-form-urlencoded") or "Action=" in request.query:
        return "query"
    return own[0]


def _rpc_path(path: str) -> bool:
    return path.startswith("/service/") and "/operation/" in path
