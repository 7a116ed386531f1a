"""What each client word of the `fogbank` command takes and does."""

import json
from argparse import SUPPRESS, ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from fogbank.commands import complain, say, seconds, show
from fogbank.connection import Connection


def _status(word: ArgumentParser) -> None:
    def carry_out(server: Connection, chosen: Namespace) -> int:
        health = server.health()
        if chosen.json:
            return show(health)
        clock = server.control.call("GET", "clock")
        flow = "frozen" if clock["frozen"] else f"{clock['offset_seconds']:+.0f} s from real time"
        say(f"fogbank {health['version']} at {server.endpoint_url}: {health['status']}")
        say(f"up for {_span(health['uptime_seconds'])}; AWS's time is {clock['now']} ({flow})")
        running = [name for name, state in health["services"].items() if state == "running"]
        say(f"services in use: {', '.join(sorted(running)) or 'none yet'}")
        return 0

    word.set_defaults(carry_out=carry_out)


def _reset(word: ArgumentParser) -> None:
    word.add_argument("--service", action="append", metavar="NAME", help="only this (repeatable)")
    word.add_argument("--account", metavar="ID", help="only this account's")
    word.add_argument("--region", metavar="NAME", help="only this region's")

    def carry_out(server: Connection, chosen: Namespace) -> int:
        server.reset(services=chosen.service, account=chosen.account, region=chosen.region)
        narrowed = [*(chosen.service or ()), chosen.account, chosen.region]
        say(f"dropped: {' '.join(filter(None, narrowed)) or 'everything'}")
        return 0

    word.set_defaults(carry_out=carry_out)


def _clock(word: ArgumentParser) -> None:
    word.add_argument("action", nargs="?", choices=("advance", "freeze", "resume"))
    word.add_argument(
        "value",
        nargs="?",
        help="advance: how far (900, 15m, 2d); freeze: at which moment (ISO 8601)",
    )

    def carry_out(server: Connection, chosen: Namespace) -> int:
        if chosen.action == "advance":
            if chosen.value is None:
                complain("advance how far? (900, 15m, 1h30m, 2d)")
                return 2
            try:
                length = seconds(chosen.value)
            except ArgumentTypeError as failure:
                complain(str(failure))
                return 2
            answer = server.control.call("POST", "clock/advance", {"seconds": length})
        elif chosen.action == "freeze":
            body = {"at": chosen.value} if chosen.value else {}
            answer = server.control.call("POST", "clock/freeze", body)
        elif chosen.action == "resume":
            answer = server.control.call("POST", "clock/resume")
        else:
            answer = server.control.call("GET", "clock")
        if chosen.json:
            return show(answer)
        fired = f", {answer['fired']} things happened" if "fired" in answer else ""
        say(f"{answer['now']}{' (frozen)' if answer.get('frozen') else ''}{fired}")
        return 0

    word.set_defaults(carry_out=carry_out)


def _settle(word: ArgumentParser) -> None:
    word.add_argument("--timeout", type=seconds, default=10.0, metavar="S", help="(default: 10)")

    def carry_out(server: Connection, chosen: Namespace) -> int:
        answer = server.control.call(
            "POST",
            "settle",
            {"timeout": chosen.timeout},
            timeout_seconds=chosen.timeout + 30,
        )
        if chosen.json:
            show(answer)
        elif answer["settled"]:
            say("settled")
        else:
            say(f"still pending: {', '.join(map(str, answer['pending']))}")
        return 0 if answer["settled"] else 1

    word.set_defaults(carry_out=carry_out)


def _snapshot(word: ArgumentParser) -> None:
    actions = word.add_subparsers(dest="action", metavar="action", required=True)
    common = ArgumentParser(add_help=False, argument_default=SUPPRESS)  # said before or after
    common.add_argument("--endpoint-url", metavar="URL", help="the server's address")
    common.add_argument("--json", action="store_true", help="answer in JSON, as the server does")
    for action, text in (
        ("save", "keep all state under a name"),
        ("restore", "go back to a snapshot"),
        ("delete", "forget a snapshot"),
        ("export", "write a snapshot into a file"),
        ("import", "take in a file that export wrote"),
    ):
        found = actions.add_parser(action, help=text, parents=[common])
        found.add_argument("name")
        if action in ("export", "import"):
            found.add_argument("file", type=Path)
    actions.add_parser("list", help="show what snapshots there are", parents=[common])

    def carry_out(server: Connection, chosen: Namespace) -> int:
        if chosen.action == "list":
            found = server.snapshots()
            if chosen.json:
                return show(found)
            for snapshot in found:
                say("  ".join(str(value) for value in snapshot.values()))
            return 0
        carriers: dict[str, Callable[..., Any]] = {
            "save": server.snapshot,
            "restore": server.restore,
            "delete": server.delete_snapshot,
            "export": server.export_snapshot,
            "import": server.import_snapshot,
        }
        names = [chosen.name] + ([chosen.file] if hasattr(chosen, "file") else [])
        carriers[chosen.action](*names)
        done = {"save": "saved", "export": "exported", "import": "imported"}
        say(f"{done.get(chosen.action, chosen.action + 'd')}: {chosen.name}")
        return 0

    word.set_defaults(carry_out=carry_out)


def _requests(word: ArgumentParser) -> None:
    for name, text in (
        ("service", "of this service"),
        ("operation", "of this operation"),
        ("status", "with this HTTP status"),
        ("principal", "of this caller"),
        ("account", "of this account"),
        ("region", "in this region"),
        ("since", "from this moment on (ISO 8601)"),
    ):
        word.add_argument(f"--{name}", metavar="X", help=f"only those {text}")
    word.add_argument("--limit", type=int, default=50, metavar="N", help="at most (default: 50)")
    word.add_argument("-f", "--follow", action="store_true", help="go on with those to come")

    def carry_out(server: Connection, chosen: Namespace) -> int:
        names = ("service", "operation", "status", "principal", "account", "region")
        wanted = {name: getattr(chosen, name) for name in names if getattr(chosen, name)}
        if chosen.follow:
            for request in _followed(server):
                if all(str(request.get(name)) == value for name, value in wanted.items()):
                    say(json.dumps(request) if chosen.json else _line(request))
            return 0
        query = {**wanted, "since": chosen.since, "limit": chosen.limit}
        page = server.control.call("GET", "requests", query=query)
        if chosen.json:
            return show(page)
        for request in page["requests"]:
            say(_line(request))
        if page.get("cursor"):
            say(f"(there are more: --limit {chosen.limit * 10}, or narrow it down)")
        return 0

    word.set_defaults(carry_out=carry_out)


def _followed(server: Connection) -> Iterator[dict[str, Any]]:
    """Calls as they come, from the stream of server-sent events."""
    with server.control.open("GET", "requests/stream", timeout_seconds=86_400) as stream:
        while line := stream.readline():
            if line.startswith(b"data:"):
                yield json.loads(line[5:])


def _line(request: dict[str, Any]) -> str:
    indent = "  └ " if request.get("parent") else ""
    error = f" {request['error_code']}" if request.get("error_code") else ""
    return (
        f"{request['time']}  {request['account']} {request['region']}  {indent}{request['service']}"
        f" {request['operation']}  {request['status']}{error}  {request['duration_ms']:.1f} ms"
    )


def _faults(word: ArgumentParser) -> None:
    word.add_argument(
        "action", nargs="?", default="list", choices=("list", "put", "remove", "clear")
    )
    word.add_argument("name", nargs="?", help="the rule's name")
    word.add_argument(
        "rule",
        nargs="*",
        metavar="KEY=VALUE",
        help="what it matches (service, operation, resource, account, region), what it does (one of"
        " error=CODE, throttle=true, latency_ms=N, drop=true, truncate=N), how often (probability,"
        " count, after)",
    )

    def carry_out(server: Connection, chosen: Namespace) -> int:
        if chosen.action in ("put", "remove") and not chosen.name:
            complain(f"{chosen.action} which rule?")
            return 2
        if chosen.action == "put":
            rule = _assignments(chosen.rule)
            if rule is None:
                return 2
            server.faults.put(chosen.name, **rule)
        elif chosen.action == "remove":
            server.faults.remove(chosen.name)
        elif chosen.action == "clear":
            server.faults.clear()
        found = server.faults.list()
        if chosen.json:
            return show(found)
        for fault in found:
            members = " ".join(
                f"{k}={v}" for k, v in fault.items() if k != "name" and v is not None
            )
            say(f"{fault['name']}: {members}")
        if not found:
            say("no fault rules")
        return 0

    word.set_defaults(carry_out=carry_out)


def _config(word: ArgumentParser) -> None:
    word.add_argument("change", nargs="*", metavar="KEY=VALUE", help="settings to change")

    def carry_out(server: Connection, chosen: Namespace) -> int:
        changes = _assignments(chosen.change, plain=True)
        if changes is None:
            return 2
        answer = server.config(**changes)
        if chosen.json:
            return show(answer)
        for name, value in answer.items():
            say(f"{name}={value}")
        return 0

    word.set_defaults(carry_out=carry_out)


def _assignments(parts: list[str], *, plain: bool = False) -> dict[str, Any] | None:
    """`key=value` pairs; a value that is JSON counts as such unless `plain`."""
    found: dict[str, Any] = {}
    for part in parts:
        key, equals, text = part.partition("=")
        if not equals:
            complain(f"'{part}' is not KEY=VALUE")
            return None
        try:
            found[key.replace("-", "_")] = text if plain else json.loads(text)
        except ValueError:
            found[key.replace("-", "_")] = text
    return found


def _coverage(word: ArgumentParser) -> None:
    word.add_argument("service", nargs="?", help="show this service's operations")
    word.add_argument("--missing", action="store_true", help="also those that are not there")

    def carry_out(server: Connection, chosen: Namespace) -> int:
        services: dict[str, Any] = server.control.call("GET", "coverage")["services"]
        if chosen.service and chosen.service not in services:
            complain(f"no operation of '{chosen.service}' is there")
            return 1
        if chosen.json:
            return show(services[chosen.service] if chosen.service else services)
        for name, service in services.items():
            operations = service["operations"]
            if not chosen.service:
                say(f"{name:24} {_depth(operations)}")
            elif name == chosen.service:
                for operation, depth in operations.items():
                    if depth["depth"] != "none" or chosen.missing:
                        say(f"{operation:40} {depth['depth']} {depth.get('reason') or ''}".rstrip())
        return 0

    word.set_defaults(carry_out=carry_out)


def _depth(operations: dict[str, Any]) -> str:
    count = {"real": 0, "partial": 0, "none": 0}
    for operation in operations.values():
        count[operation["depth"]] += 1
    return f"{count['real']:4} real {count['partial']:4} partial, of {len(operations)}"


def _span(seconds_up: float) -> str:
    minutes, rest = divmod(int(seconds_up), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


DEFINED: dict[str, Callable[[ArgumentParser], None]] = {
    "status": _status,
    "reset": _reset,
    "clock": _clock,
    "settle": _settle,
    "snapshot": _snapshot,
    "requests": _requests,
    "faults": _faults,
    "config": _config,
    "coverage": _coverage,
}
