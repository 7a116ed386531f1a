"""Timestamps in every form that AWS's protocols write: epoch seconds, ISO 8601, RFC 822."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

Timestamp = int | float | datetime

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?"
    r"\s*([Zz]|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII,
)
_TWO = tuple(f"{number:02d}" for number in range(60))
_minutes: dict[int, str] = {}


def epoch(value: Timestamp) -> int | float:
    """Epoch seconds, an int where there is no fraction."""
    if isinstance(value, datetime):
        moment = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
        since = moment - _EPOCH
        seconds = since.days * 86400 + since.seconds
        return (
            (seconds * 1_000_000 + since.microseconds) / 1_000_000
            if since.microseconds
            else seconds
        )
    if type(value) is float and value == int(value):
        return int(value)
    return value


def _minute(minute: int) -> str:
    """A minute since the epoch up to its colon; the last few hundred are kept."""
    if len(_minutes) > 500:
        _minutes.clear()
    moment = _EPOCH + timedelta(minutes=minute)
    found = (
        f"{moment.year:04d}-{moment.month:02d}-{moment.day:02d}"
        f"T{moment.hour:02d}:{moment.minute:02d}:"
    )
    _minutes[minute] = found
    return found


def _seconds(whole: int) -> str:
    """A whole second without its Z."""
    minute = whole // 60
    return (_minutes.get(minute) or _minute(minute)) + _TWO[whole - minute * 60]


def iso8601(value: Timestamp) -> str:
    """`2014-04-29T18:30:38Z`, with milliseconds (or microseconds) only where there are any."""
    if type(value) is not int:
        value = epoch(value)
    whole = int(value // 1)
    if whole == value:
        return _seconds(whole) + "Z"
    micro = round((value - whole) * 1_000_000)
    if micro >= 1_000_000:
        return iso8601(whole + 1)
    if not micro:
        return _seconds(whole) + "Z"
    fraction = f"{micro // 1000:03d}" if micro % 1000 == 0 else f"{micro:06d}"
    return f"{_seconds(whole)}.{fraction}Z"


def iso8601_milliseconds(value: Timestamp) -> str:
    """`2014-04-29T18:30:38.000Z`: always with milliseconds, as S3 and EC2 write them."""
    if isinstance(value, datetime):
        value = epoch(value)
    whole = int(value)
    if whole == value:
        minute = whole // 60
        start = _minutes.get(minute) or _minute(minute)
        return f"{start}{_TWO[whole - minute * 60]}.000Z"
    whole, milli = divmod(round(value * 1000), 1000)
    return f"{_seconds(whole)}.{milli:03d}Z"


def rfc822(value: Timestamp) -> str:
    """`Tue, 29 Apr 2014 18:30:38 GMT`."""
    return _rfc822(int(epoch(value) // 1))


@lru_cache(maxsize=1024)
def _rfc822(whole: int) -> str:
    moment = _EPOCH + timedelta(seconds=whole)
    return (
        f"{DAYS[moment.weekday()]}, {moment.day:02d} {MONTHS[moment.month - 1]} {moment.year:04d} "
        f"{moment.hour:02d}:{moment.minute:02d}:{moment.second:02d} GMT"
    )


def epoch_text(value: Timestamp) -> str:
    """Epoch seconds as text."""
    return str(epoch(value))


FORMATS: dict[str, Callable[[Timestamp], str]] = {
    "iso8601": iso8601,
    "rfc822": rfc822,
    "unixtimestamp": epoch_text,
    "unixtimestampmillis": lambda value: str(int(epoch(value) * 1000)),
}


def writer(form: str) -> Callable[[Timestamp], str]:
    """The function that writes a timestamp in the named format."""
    return FORMATS[form.lower()]


def parse(text: Any) -> float:
    """Epoch seconds from any of the forms; ValueError for anything else.

    Readers take every form everywhere: old SDKs send some in others than the model says.
    """
    if isinstance(text, bool):
        raise ValueError("a boolean is no timestamp")
    if isinstance(text, int | float):
        number = float(text)
    elif isinstance(text, datetime):
        return float(epoch(text))
    else:
        found = _ISO.fullmatch(text.strip())
        if found is not None:
            return _from_iso(found)
        try:
            number = float(text)
        except ValueError:
            return _from_rfc822(text)
    if not -62135596800 <= number <= 253402300800:
        raise ValueError("out of range")
    return number


def _from_iso(found: re.Match[str]) -> float:
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    extra = 0
    if second == "60":  # a leap second is the next minute's first
        second, extra = "59", 1
    moment = datetime(
        int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0)
    )
    if zone and zone not in "Zz":
        digits = zone[1:].replace(":", "")
        shift = int(digits[:2]) * 3600 + int(digits[2:] or 0) * 60
        ahead = timedelta(seconds=-shift if zone[0] == "-" else shift)
        moment = moment.replace(tzinfo=timezone(ahead))
    whole = int(epoch(moment)) + extra
    if not fraction:
        return float(whole)
    return (whole * 1_000_000 + int(fraction[:6].ljust(6, "0"))) / 1_000_000


def _from_rfc822(text: str) -> float:
    from email.utils import parsedate_to_datetime  # 10 ms that few processes need

    fraction = 0.0
    found = re.search(r"(\d\d:\d\d:\d\d)(\.\d+)", text)
    if found is not None:
        fraction = float(found.group(2))
        text = text[: found.start(2)] + text[found.end(2) :]
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, IndexError, OverflowError) as error:
        raise ValueError(text) from error
    return epoch(moment) + fraction
