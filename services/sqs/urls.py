"""Queue URLs: written in the form that `sqs_endpoint_strategy` asks for, read in any form.

standard  http://sqs.eu-west-1.localhost.localstack.cloud:4566/000000000000/orders
domain    http://eu-west-1.queue.localhost.localstack.cloud:4566/000000000000/orders
path      http://localhost.localstack.cloud:4566/queue/eu-west-1/000000000000/orders
dynamic   the address that the client used, and /000000000000/orders
"""

import re
from typing import NamedTuple

from runtime.context import Context

_HOST_REGION = re.compile(r"sqs\.([a-z]{2}[a-z-]*-[0-9]+)\.|([a-z]{2}[a-z-]*-[0-9]+)\.queue\.")
_REGION = re.compile(r"[a-z]{2}[a-z-]*-[0-9]+")
_ACCOUNT = re.compile(r"[0-9]{12}")


class Address(NamedTuple):
    """What a URL says of its queue; None is what it doesn't say."""

    region: str | None
    account: str | None
    name: str


def write(context: Context, account: str, name: str) -> str:
    """The URL of a queue in the request's region."""
    strategy, region = context.config.sqs_endpoint_strategy, context.region
    base = context.endpoint_url
    settings = context.runtime.settings
    if not base:  # a call from another service, or a job
        scheme = "https" if settings.tls else "http"
        base = f"{scheme}://{settings.hostname}:{settings.port}"
    if strategy == "dynamic":
        return f"{base}/{account}/{name}"
    scheme, _, authority = base.partition("://")
    host = settings.hostname
    port = authority.rpartition(":")[2]
    if port.isdigit():
        host += f":{port}"
    if strategy == "standard":
        return f"{scheme}://sqs.{region}.{host}/{account}/{name}"
    if strategy == "domain":
        return f"{scheme}://{region}.queue.{host}/{account}/{name}"
    return f"{scheme}://{host}/queue/{region}/{account}/{name}"


def read(url: str) -> Address:
    """The parts of a URL of any form, AWS's own and a queue's mere name included."""
    _, scheme, rest = url.partition("://")
    host, _, path = rest.partition("/") if scheme else ("", "", url)
    steps = path.partition("?")[0].rstrip("/").split("/")
    name = steps[-1]
    account = steps[-2] if len(steps) > 1 and _ACCOUNT.fullmatch(steps[-2]) else None
    region = None
    if len(steps) > 3 and steps[-4] == "queue" and _REGION.fullmatch(steps[-3]):
        region = steps[-3]
    else:
        found = _HOST_REGION.match(host)
        if found is not None:
            region = found.group(1) or found.group(2)
    return Address(region, account, name)
