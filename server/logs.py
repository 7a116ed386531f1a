"""The log: lines for people, or JSON lines on request.

    2026-11-25T10:20:30.123Z INFO  fogbank.hooks  ready.d/10-queues.sh: made

It goes to standard error. `Ready.` alone goes to standard output, by itself on a line, whatever the
form of the log: that is the line, and the form of it, that scripts and container tests have waited
for since long before us, and it must not break a stream of JSON. `docker logs` shows both.
"""

import logging
import os
import sys
from typing import TYPE_CHECKING, Any, TextIO

import orjson

from runtime.clock import iso8601
from runtime.settings import Settings

if TYPE_CHECKING:
    from protocols.errors import Error
    from runtime.context import Context

log = logging.getLogger("fogbank")
_requests = logging.getLogger("fogbank.requests")

LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
_COLOURS = {"DEBUG": "2", "WARNING": "33", "ERROR": "31", "CRITICAL": "31;1"}


class Human(logging.Formatter):
    """Time, level, logger and text; what went wrong below it, as Python tells it."""

    def __init__(self, colours: bool = False) -> None:
        super().__init__()
        self._colours = colours

    def format(self, record: logging.LogRecord) -> str:
        """One record's lines."""
        level = f"{record.levelname:5}"
        colour = _COLOURS.get(record.levelname) if self._colours else None
        if colour is not None:
            level = f"\x1b[{colour}m{level}\x1b[0m"
        lines = [f"{iso8601(record.created)} {level} {record.name}  {record.getMessage()}"]
        if record.exc_info:
            lines.append(self.formatException(record.exc_info))
        if record.stack_info:
            lines.append(record.stack_info)
        return "\n".join(lines)


class Json(logging.Formatter):
    """One object a record: time, level, logger, message, exception, and the record's own fields."""

    def format(self, record: logging.LogRecord) -> str:
        """One record's line."""
        content: dict[str, Any] = {
            "time": iso8601(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            content["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(content, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def configure(settings: Settings) -> None:
    """Set logging up for this process: our own loggers at the chosen level, all others (uvicorn's
    and asyncio's complaints) from warnings on.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Json() if settings.log_format == "json" else Human(_colourful(sys.stderr)))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    log.setLevel(LEVELS[settings.log_level])
    # uvicorn reads the level of its own logger, not the one in effect, to see if it should trace.
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)


def ready(settings: Settings, endpoint_url: str) -> None:
    """Say that requests are answered, and where."""
    state = f"the state is kept in {settings.data}" if settings.data else "the state is temporary"
    log.info("AWS is at %s (region %s; %s)", endpoint_url, settings.region, state)
    if sys.stdout is not None:
        try:
            sys.stdout.write("Ready.\n")
            sys.stdout.flush()
        except OSError as failure:  # nobody reads it, which is no reason not to serve
            log.debug("standard output is closed: %s", failure)


def request_line(context: "Context", status: int, error: "Error | None", started: float) -> None:
    """One line for a request, at debug; `started` is the clock's monotonic time."""
    milliseconds = (context.runtime.clock.monotonic() - started) * 1000
    code = "" if error is None else error.code
    _requests.debug(
        "%d %s.%s %s %s%.1f ms",
        status,
        context.service,
        context.operation or "?",
        context.account,
        f"{code} " if code else "",
        milliseconds,
        extra={
            "fields": {
                "status": status,
                "service": context.service,
                "operation": context.operation,
                "account": context.account,
                "region": context.region,
                "error": code or None,
                "milliseconds": round(milliseconds, 3),
                "request_id": context.request_id,
            }
        },
    )


def _colourful(stream: TextIO) -> bool:
    """Whether a person looks at the stream, and one who doesn't mind (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
