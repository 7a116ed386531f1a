"""The client words of the `fogbank` command: `fogbank status`, `fogbank clock advance 15m`,
`fogbank aws ...`.

Each talks to a server that already runs, through `fogbank.connection`. Words return the exit
status.
"""

import argparse
import json
import os
import re
import shutil
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from fogbank.connection import Connection
from fogbank.control import ControlError

DEFAULT_ENDPOINT = "http://127.0.0.1:4566"

WORDS = {
    "serve": "serve AWS on this machine (the default; `fogbank serve --help` has its options)",
    "status": "what the server is and which services run",
    "reset": "drop all state, or some of it",
    "clock": "show, advance, freeze or resume AWS's time",
    "settle": "wait till no background work is due or running",
    "snapshot": "save, restore, list, delete, export and import states",
    "requests": "the AWS calls the server got, also live",
    "faults": "errors, delays and broken connections on purpose",
    "config": "show or change settings of the running server",
    "coverage": "which operations there are, and how completely",
    "aws": "the AWS CLI, pointed at the server",
}
_MEANT = {"start": "serve", "run": "serve", "up": "serve", "logs": "requests", "time": "clock"}
_FOREIGN = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def run(arguments: Sequence[str]) -> int:
    """Carry out one word; answers the exit status."""
    word = arguments[0]
    if word in ("-h", "--help", "help"):
        say(overview())
        return 0
    if word == "aws":
        return aws(arguments[1:])
    if word not in WORDS:
        near = [_MEANT[word]] if word in _MEANT else get_close_matches(word, WORDS, n=1)
        hint = f"; did you mean `fogbank {near[0]}`?" if near else ""
        complain(f"there is no word '{word}'{hint} (see fogbank --help)")
        return 2
    chosen = parser().parse_args(arguments)
    connection = Connection(chosen.endpoint_url)
    try:
        return int(chosen.carry_out(connection, chosen) or 0)
    except ControlError as failure:
        complain(str(failure))
        return 1
    except BrokenPipeError:  # whoever read our output has gone, as in `fogbank requests | head`
        sys.stdout = None
        return 0
    except KeyboardInterrupt:
        return 130


def overview() -> str:
    """What `fogbank --help` says."""
    width = max(map(len, WORDS))
    lines = [
        "usage: fogbank [word] ...",
        "",
        "AWS on your machine.",
        "",
        *(f"  {word:{width}}  {text}" for word, text in WORDS.items()),
        "",
        "The server's address is --endpoint-url, FOGBANK_ENDPOINT, AWS_ENDPOINT_URL",
        f"or {DEFAULT_ENDPOINT}. `fogbank WORD --help` tells more.",
    ]
    return "\n".join(lines)


def endpoint() -> str:
    """The server's address as the environment has it."""
    return (
        os.environ.get("FOGBANK_ENDPOINT") or os.environ.get("AWS_ENDPOINT_URL") or DEFAULT_ENDPOINT
    )


def say(text: str) -> None:
    """One answer on standard output."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    """One line on standard error."""
    sys.stderr.write(f"fogbank: {text}\n")


def show(value: Any) -> int:
    """A value as JSON, for programs; answers the exit status that goes with having done so."""
    say(json.dumps(value, indent=2, ensure_ascii=False))
    return 0


def seconds(text: str) -> float:
    """A length of time: `900`, `15m`, `1h30m`, `2d`."""
    parts = re.findall(r"([0-9.]+)\s*([smhdw]?)", text.strip().lower())
    if not parts or "".join(f"{a}{b}" for a, b in parts) != re.sub(r"\s", "", text.lower()):
        raise argparse.ArgumentTypeError(f"'{text}' is no length of time (900, 15m, 1h30m, 2d)")
    try:
        return sum(float(amount) * _UNITS[unit] for amount, unit in parts)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no length of time") from None


def parser() -> argparse.ArgumentParser:
    """All client words but `aws`."""
    from fogbank import words

    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--endpoint-url", default=endpoint(), metavar="URL", help="the server's address"
    )
    common.add_argument("--json", action="store_true", help="answer in JSON, as the server does")
    result = argparse.ArgumentParser(prog="fogbank")
    found = result.add_subparsers(dest="word", required=True, metavar="word")
    for word, define in words.DEFINED.items():
        define(
            found.add_parser(
                word, parents=[common], help=WORDS[word], description=f"{WORDS[word].capitalize()}."
            )
        )
    return result


def aws(arguments: Sequence[str]) -> int:
    """Become the AWS CLI, pointed at the server.

    Credentials are the environment's own keys (12 digits are that account) or `test`; never a
    profile's, which may be those of a real account.
    """
    beside = os.path.dirname(sys.executable)  # where `pip install 'fogbank[cli]'` puts it
    program = shutil.which("aws") or shutil.which("aws", path=beside)
    if program is None:
        complain("there is no `aws` on the path; `pip install awscli` brings the AWS CLI")
        return 127
    variables = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    variables["AWS_ENDPOINT_URL"] = endpoint()
    if not variables.get("AWS_ACCESS_KEY_ID"):
        variables |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        variables.pop("AWS_SESSION_TOKEN", None)
    if not variables.get("AWS_DEFAULT_REGION"):
        variables["AWS_DEFAULT_REGION"] = variables.get("AWS_REGION") or "us-east-1"
    variables.setdefault("AWS_PAGER", "")
    variables.setdefault("AWS_EC2_METADATA_DISABLED", "true")
    words = list(arguments)
    if not any(word.partition("=")[0] == "--endpoint-url" for word in words):
        words = ["--endpoint-url", endpoint(), *words]
    sys.stdout.flush()
    os.execve(program, ["aws", *words], variables)
