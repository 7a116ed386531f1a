"""Who may call the control API: programs, and pages that this server itself has sent.

A browser can be made to call a server on its own machine by any page that it shows. Two tricks are
possible, and each is given away by a header that a page can't choose:

- The page calls us as what it is, another origin. `Origin` says so, or `Sec-Fetch-Site` where there
  is no Origin. Following a link to us is no such call: nothing changes by it, nobody reads it.
- The page's own name is made to resolve to this machine (DNS rebinding), so that the browser takes
  us for the page's own server. `Host` is then that name: one that isn't ours. Numeric addresses
  are safe, and so are `localhost` and what ends in it, which nobody's DNS answers for; so are the
  names that the operator gave the server.

`--allowed-hosts NAME` lets in a name, and the pages it serves; `*` lets in everybody.
"""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.responses import Response

from runtime.settings import Settings
from server.control.calls import Call, Refused


def admit(settings: Settings, call: Call) -> str | None:
    """Let a call pass, or raise Refused; answers the foreign origin that may read the answer."""
    host, origin = call.headers.get("host"), call.headers.get("origin")
    foreign = origin if origin is not None and not _same(origin, host) else None
    if "*" in settings.allowed_hosts:
        return foreign
    if host is not None and not _is_ours(_name(host), settings):
        raise _refused(f"the host name '{_name(host)}'", _name(host))
    if foreign is not None:
        name = _name(urlsplit(foreign).netloc)
        if not _under(name, settings.allowed_hosts):
            raise _refused(f"pages of '{foreign}'", name)
    elif origin is None and _comes_from_elsewhere(call) and not _follows_a_link(call):
        raise _refused("other sites' pages", "NAME")
    return foreign


async def preflight(call: Call) -> Response:
    """What a browser asks before it lets an allowed page call us."""
    asked = call.headers.get("access-control-request-headers", "content-type")
    return Response(
        status_code=204,
        headers={
            "access-control-allow-methods": "GET, PUT, POST, DELETE",
            "access-control-allow-headers": re.sub(r"[^\w ,-]", "", asked),
            "access-control-max-age": "600",
        },
    )


def _same(origin: str, host: str | None) -> bool:
    return host is not None and urlsplit(origin).netloc.lower() == host.lower()


def _name(netloc: str) -> str:
    """A host without its port and its brackets."""
    text = netloc.strip().lower()
    if text.startswith("["):
        return text.partition("]")[0][1:]
    return text.partition(":")[0].rstrip(".")


def _is_ours(name: str, settings: Settings) -> bool:
    names = ["localhost", settings.hostname, *settings.served_hostnames, *settings.allowed_hosts]
    if _under(name, names):
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _under(name: str, bases: list[str]) -> bool:
    """Whether a name is one of these, or a subdomain of one."""
    known = [_name(base) for base in bases]
    return any(base and (name == base or name.endswith(f".{base}")) for base in known)


def _comes_from_elsewhere(call: Call) -> bool:
    return call.headers.get("sec-fetch-site") == "cross-site"


def _follows_a_link(call: Call) -> bool:
    return (
        call.method == "GET"
        and call.headers.get("sec-fetch-mode") == "navigate"
        and call.headers.get("sec-fetch-dest") == "document"
        and call.scope["path"].startswith("/_fogbank/")
    )


def _refused(who: str, name: str) -> Refused:
    return Refused(
        403,
        f"fogbank's control API does not answer {who}; start fogbank with --allowed-hosts"
        f" {name} (or FOGBANK_ALLOWED_HOSTS={name}) if it should",
    )
