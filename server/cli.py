"""`fogbank serve`: from words and environment variables to `Settings`, and on to `server.main`.

Starting is budgeted, so well-formed words are read by a few lines here; argparse, which knows how
to help and to complain, is imported only to do that.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from runtime.settings import ConfigError, Settings
from server import environment
from server.options import BY_NAME, OPTIONS, Values, settings

if TYPE_CHECKING:
    from argparse import ArgumentParser


def run(arguments: Sequence[str]) -> int:
    """Serve as the command line says; answers the exit status."""
    chosen = choose(arguments, os.environ)
    from server.main import run as serve

    return serve(chosen)


def choose(arguments: Sequence[str], variables: Mapping[str, str]) -> Settings:
    """Settings from the command line over `FOGBANK_*` over other emulators' variables over the
    defaults.

    Ends the process when asked for help or the version, or when something can't be understood.
    """
    given = quick(arguments)
    if given is None:
        given = thorough(arguments)
    try:
        surroundings = environment.read(variables)
        return settings(
            surroundings.foreign, surroundings.own, given, warnings=surroundings.warnings
        )
    except (environment.VariableError, ConfigError) as failure:
        sys.stderr.write(f"fogbank: {failure}\n")
        sys.exit(2)


def quick(arguments: Sequence[str]) -> Values | None:
    """The words, when all are options in full with values they take; None otherwise."""
    values: Values = {}
    rest = iter(arguments)
    for word in rest:
        if not word.startswith("--"):
            return None
        name, equals, text = word[2:].partition("=")
        option = BY_NAME.get(name) or BY_NAME.get(name.removeprefix("no-"))
        if option is None or (option.name != name and not option.is_flag):
            return None
        if option.is_flag:
            if equals:
                return None
            values[option.target] = option.name == name
        else:
            if not equals:
                text = next(rest, "--")
            if text.startswith("--"):
                return None
            try:
                value = option.read(text)
            except ValueError:
                return None
            values[option.target] = (
                [*values.get(option.target, []), *value] if option.is_list else value
            )
    return values


def thorough(arguments: Sequence[str]) -> Values:
    """The same through argparse: helps, complains, understands abbreviations."""
    values: Values = {}
    reader = parser()
    found, strange = reader.parse_known_args(arguments)
    if strange:
        reader.error(f"'{strange[0]}' is not an option{near(strange[0])}")
    for name, value in vars(found).items():
        option = BY_NAME[name.replace("_", "-")]
        values[option.target] = [one for part in value for one in part] if option.is_list else value
    return values


def near(word: str) -> str:
    """A hint at the option that was meant."""
    from difflib import get_close_matches

    name = word.partition("=")[0]
    matches = get_close_matches(name, [f"--{option.name}" for option in OPTIONS], n=1)
    return f"; did you mean {matches[0]}?" if matches else ", see fogbank serve --help"


def parser() -> "ArgumentParser":
    """The options as argparse knows them."""
    import argparse

    from server import __version__

    def checked(read: Any) -> Any:
        def convert(text: str) -> Any:
            try:
                return read(text)
            except ValueError as failure:
                raise argparse.ArgumentTypeError(str(failure)) from None

        return convert

    result = argparse.ArgumentParser(
        prog="fogbank serve",
        usage="fogbank serve [option ...]",
        description="Serve AWS on this machine.",
        epilog="Each option can be set by the environment variable in brackets; the command line"
        " has the last word. LocalStack's variables (SERVICES, PERSISTENCE, GATEWAY_LISTEN, ...)"
        " are understood too."
        " Other words of the command: fogbank --help.",
        argument_default=argparse.SUPPRESS,
    )
    result.add_argument("--version", action="version", version=f"fogbank {__version__}")
    groups = {
        group: result.add_argument_group(group) for group in dict.fromkeys(o.group for o in OPTIONS)
    }
    for option in OPTIONS:
        text = f"{option.help} [{option.variable}]".replace("%", "%%")
        kind: dict[str, Any] = (
            {"action": argparse.BooleanOptionalAction}
            if option.is_flag
            else {
                "type": checked(option.read),
                "metavar": option.metavar,
                "action": "append" if option.is_list else "store",
            }
        )
        groups[option.group].add_argument(f"--{option.name}", help=text, **kind)
    return result
