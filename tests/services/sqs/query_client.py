"""The query protocol as clients before 2023 speak it: forms out, signed, and XML back."""

from typing import NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import ProxyHandler, Request, build_opener
from xml.etree import ElementTree

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from fogbank.testing import Aws

VERSION = "2012-11-05"
NAMESPACE = "{http://queue.amazonaws.com/doc/2012-11-05/}"
_OPENER = build_opener(ProxyHandler({}))


class Answer(NamedTuple):
    """What came back: the status and the root element."""

    status: int
    root: ElementTree.Element

    def texts(self, path: str) -> list[str]:
        """The texts of the elements at a path, such as `SendMessageResult/MessageId`."""
        return [element.text or "" for element in self.root.findall(_in_namespace(path))]

    def text(self, path: str) -> str:
        """The text of the only element at a path."""
        (found,) = self.texts(path)
        return found

    def pairs(self, path: str, key: str = "Name", value: str = "Value") -> dict[str, str]:
        """A map: the keys and values in the elements at a path."""
        return {
            element.findtext(_in_namespace(key)) or "": element.findtext(_in_namespace(value)) or ""
            for element in self.root.findall(_in_namespace(path))
        }


def _in_namespace(path: str) -> str:
    return "/".join(NAMESPACE + step for step in path.split("/"))


def call(
    aws: Aws,
    action: str,
    parameters: dict[str, str] | None = None,
    *,
    url: str = "",
    get: bool = False,
) -> Answer:
    """Call an operation at the endpoint, or at a queue's URL."""
    form = urlencode({"Action": action, "Version": VERSION, **(parameters or {})})
    place = urlsplit(url or aws.endpoint_url)
    address = f"{aws.endpoint_url}{place.path or '/'}" + (f"?{form}" if get else "")
    headers = {} if get else {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    request = AWSRequest("GET" if get else "POST", address, headers, None if get else form)
    SigV4Auth(Credentials(aws.account, "secret"), "sqs", aws.region).add_auth(request)
    prepared = request.prepare()
    sent = Request(
        prepared.url,
        data=None if get else form.encode(),
        headers=dict(prepared.headers.items()),
        method=prepared.method,
    )
    try:
        with _OPENER.open(sent, timeout=30) as response:
            return Answer(response.status, ElementTree.fromstring(response.read()))
    except HTTPError as failure:
        with failure:
            return Answer(failure.code, ElementTree.fromstring(failure.read()))
