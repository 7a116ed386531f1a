"""Host names: which part of one is the server's own, and what stands before that.

sqs.eu-west-1.amazonaws.com    base amazonaws.com, labels sqs.eu-west-1
photos.localhost               base localhost, labels photos
172.17.0.2                     all of it is the base
"""

from functools import lru_cache
from typing import NamedTuple

from runtime.settings import Settings

_AMAZON = ("amazonaws.com.cn", "amazonaws.com", "localhost")


class Host(NamedTuple):
    """A Host header taken apart."""

    name: str
    """Without the port, in lower case."""
    base: str
    """The name that is served, with everything before it taken away."""
    labels: tuple[str, ...]
    """What stands before the base."""


class Hosts:
    """The names that this server goes by."""

    def __init__(self, settings: Settings) -> None:
        own = [settings.hostname, *settings.served_hostnames, *settings.allowed_hosts]
        named = {name.lower().strip(".") for name in own} - {"*", ""}
        self._bases = tuple(sorted({*named, *_AMAZON}, key=len, reverse=True))
        self._parsed = lru_cache(maxsize=1024)(self._parse)

    def parse(self, header: bytes) -> Host:
        """A Host header's parts; one that is not a name of ours is its own base."""
        return self._parsed(header[:255])

    def _parse(self, header: bytes) -> Host:
        text = header.decode("latin-1").strip().lower()
        if text.startswith("["):
            name = text.partition("]")[0][1:]
        else:
            name = text.partition(":")[0].rstrip(".")
        for base in self._bases:
            if name == base:
                return Host(name, base, ())
            if name.endswith(f".{base}"):
                return Host(name, base, tuple(name[: -len(base) - 1].split(".")))
        return Host(name, name, ())
