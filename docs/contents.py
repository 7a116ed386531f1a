"""What is generated: from the handlers, the command's options, the variables that are honoured."""

import importlib.metadata
from collections.abc import Iterator, Sequence
from dataclasses import fields
from functools import cache, partial
from typing import Any

from docs.blocks import ROOT, Generators
from runtime.settings import CHOICES, Config
from server.control.coverage import service_report
from server.environment import HONOURED, NO_EFFECT
from server.handlers import Registry
from server.options import OPTIONS, Option

SAMPLES = ("1", "debug", "dynamic", "111111111111", "4566", "name")
"""Values of which each honoured variable understands one."""


def generators() -> Generators:
    """Each block's generator, by the block's name."""
    found = {
        "coverage": coverage,
        "options": options,
        "config": config,
        "honoured variables": honoured_variables,
        "variables without effect": variables_without_effect,
    }
    services = Registry().names()
    return {**found, **{f"operations of {name}": partial(operations, name) for name in services}}


def page_of(service: str) -> str:
    """The page of a service that has none yet."""
    return (
        f"# {service}\n\n## Operations\n\n"
        f"<!-- generated: operations of {service} -->\n<!-- end -->\n"
    )


# services -----------------------------------------------------------------------------------------


@cache
def _report(service: str) -> dict[str, Any]:
    return service_report(service)


def coverage() -> str:
    """How much of each service there is."""
    rows = []
    for name in Registry().names():
        report = _report(name)
        known = len(report["operations"])
        link = f"[{name}]({_link(name)})"
        rows.append((link, str(report["real"]), str(report["partial"]), str(known)))
    aws = f"AWS has (botocore {importlib.metadata.version('botocore')})"
    return _table(("service", "complete", "partial", aws), rows)


def operations(service: str) -> str:
    """What there is of a service, operation by operation."""
    rows = []
    for name, found in _report(service)["operations"].items():
        if found["depth"] != "none":
            missing = found.get("reason", "")
            unread = ", ".join(f"`{member}`" for member in found.get("members_never_read", ()))
            if unread:
                missing = " ".join(filter(None, (missing, f"Accepted without effect: {unread}.")))
            rows.append((f"`{name}`", found["depth"], missing[:1].upper() + missing[1:]))
    text = _table(("operation", "depth", "what is missing"), rows)
    if _report(service)["none"]:
        text += (
            f"\n\nThe others answer 501 and say so; `fogbank coverage {service} --missing` lists"
            " them."
        )
    return text


def _link(service: str) -> str:
    return f"docs/services/{service}.md"


# settings -----------------------------------------------------------------------------------------


def options() -> str:
    """The options of `fogbank serve`, by group."""
    parts = []
    for group in dict.fromkeys(option.group for option in OPTIONS):
        rows = [
            (f"`{_written(option)}`", f"`{option.variable}`", _cell(option.help))
            for option in OPTIONS
            if option.group == group
        ]
        title = group[:1].upper() + group[1:]
        table = _table(("option", "variable", "what it does"), rows)
        parts.append(f"### {title}\n\n{table}")
    return "\n\n".join(parts)


def _written(option: Option) -> str:
    if option.is_flag:
        return f"--{option.name}"
    metavar = option.metavar or "VALUE"
    return f"--{option.name} {'VALUE' if metavar.startswith('{') else metavar}"


def config() -> str:
    """The settings that can be changed while the server runs."""
    helps = {option.target: option.help for option in OPTIONS}
    default = Config()
    rows = []
    for field in fields(Config):
        value = getattr(default, field.name)
        values = [f"`{choice}`" for choice in CHOICES.get(field.name, ())]
        taken = ", ".join(values) or "12 digits"
        rows.append((f"`{field.name}`", taken, f"`{value}`", _cell(helps[f"config.{field.name}"])))
    return _table(("setting", "values", "default", "what it decides"), rows)


def honoured_variables() -> str:
    """Other emulators' variables, and the options that they stand for."""
    names = {option.target: f"`--{option.name}`" for option in OPTIONS}
    rows = [
        (f"`{variable}`", ", ".join(names[target] for target in _targets(variable)))
        for variable in HONOURED
    ]
    return _table(("variable", "works as"), rows)


def _targets(variable: str) -> list[str]:
    """What an honoured variable sets, seen by trying."""
    for sample in SAMPLES:
        try:
            values = HONOURED[variable](sample, {"ENFORCE_IAM": "1"})
        except ValueError:
            continue
        if values:
            return list(values)
    raise LookupError(f"{variable} understands none of {SAMPLES}")


def variables_without_effect() -> str:
    """Variables that are known, and do nothing here."""
    rows = [
        (_cell(reason), " ".join(f"`{pattern}`" for pattern in patterns.split()))
        for patterns, reason in NO_EFFECT.items()
    ]
    return _table(("why", "variables"), rows)


# Markdown -----------------------------------------------------------------------------------------


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(_lines(head, rows))


def _lines(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'|'.join(' --- ' for _ in head)}|"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def missing_pages() -> dict[str, str]:
    """Pages that a service should have and has not, with what they begin as."""
    return {
        _link(name): page_of(name)
        for name in Registry().names()
        if not (ROOT / _link(name)).is_file()
    }
