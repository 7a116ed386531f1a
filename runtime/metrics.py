"""Metrics about fogbank itself: what the hot path counts, and the text form that Prometheus reads.

A request costs one look-up and two additions (`Metrics.count`); all else is measured when asked
for.
"""

import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Sample = tuple[Mapping[str, str | int], float]
"""Labels and a value."""


class Metrics:
    """Calls by service, operation and status, and the time they took."""

    __slots__ = ("_calls",)

    def __init__(self) -> None:
        self._calls: dict[tuple[str, str, int], list[float]] = {}

    def count(self, service: str, operation: str, status: int, seconds: float) -> None:
        """One call that was answered."""
        key = (service, operation, status)
        found = self._calls.get(key)
        if found is None:
            found = self._calls[key] = [0, 0.0]
        found[0] += 1
        found[1] += seconds

    def requests(self) -> list[Sample]:
        """How many calls there were, by service, operation and status."""
        return [
            ({"service": service, "operation": operation, "status": status}, count)
            for (service, operation, status), (count, _) in sorted(self._calls.items())
        ]

    def durations(self) -> tuple[list[Sample], list[Sample]]:
        """The seconds that calls took in all and how many they were, by service and operation."""
        sums: dict[tuple[str, str], list[float]] = {}
        for (service, operation, _), (count, seconds) in sorted(self._calls.items()):
            found = sums.setdefault((service, operation), [0.0, 0])
            found[0] += seconds
            found[1] += count
        labels = [{"service": service, "operation": operation} for service, operation in sums]
        return (
            [(names, seconds) for names, (seconds, _) in zip(labels, sums.values(), strict=True)],
            [(names, count) for names, (_, count) in zip(labels, sums.values(), strict=True)],
        )


def family(name: str, kind: str, text: str, samples: Iterable[Sample] | float) -> str:
    """One metric in Prometheus's text form; `kind` is counter or gauge."""
    return f"{head(name, kind, text)}{lines(name, samples)}"


def head(name: str, kind: str, text: str) -> str:
    """The two lines that say what a metric is."""
    return f"# HELP {name} {text}\n# TYPE {name} {kind}\n"


def lines(name: str, samples: Iterable[Sample] | float) -> str:
    """A metric's values; one number is a value without labels."""
    if isinstance(samples, int | float):
        samples = [({}, samples)]
    return "".join(f"{name}{_labels(labels)} {_number(value)}\n" for labels, value in samples)


def _labels(labels: Mapping[str, str | int]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str | int) -> str:
    return str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:.6f}"


def processor_seconds() -> float:
    """The processor time that this process has used."""
    return time.process_time()


def resident_memory_bytes() -> int:
    """What this process holds in memory; where the system does not say, the most it ever held."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if os.uname().sysname == "Darwin" else peak * 1024
    return pages * os.sysconf("SC_PAGE_SIZE")
