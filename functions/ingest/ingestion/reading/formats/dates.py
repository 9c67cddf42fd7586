# ruff: noqa: RUF001 - a letter of Bulgarian dates looks like a Latin one
"""Dates as lists write them. What cannot be read, or may be two days, is a fault, never a guess."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from enum import Enum
from functools import lru_cache
from zoneinfo import ZoneInfo

EARLIEST, LATEST = 1990, 2100
"""Years between which a drop can be; a year beyond them is a misprint."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_IN_FULL = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_PLACES = {
    "utc": "UTC",
    "gmt": "UTC",
    "z": "UTC",
    **dict.fromkeys(("et", "est", "edt"), "America/New_York"),
    **dict.fromkeys(("pt", "pst", "pdt"), "America/Los_Angeles"),
    **dict.fromkeys(("cet", "cest"), "Europe/Paris"),
    "aest": "Australia/Brisbane",
}
"""Time zones by the abbreviations that mean one place to everybody. `PST` is the clock there on that day: whoever
writes it in July means it so."""

_DAY = (
    r"(?P<y1>\d{4})(?P<s1>[-/.])(?P<m1>\d{1,2})(?P=s1)(?P<d1>\d{1,2})|(?P<y2>\d{4})(?P<m2>\d\d)(?P<d2>\d\d)"
    r"|(?P<d3>\d{1,2})\.(?P<m3>\d{1,2})\.(?P<y3>\d{4})"
    r"|(?P<a>\d{1,2})(?P<s4>[-/])(?P<b>\d{1,2})(?P=s4)(?P<y4>\d{4})"
    r"|(?P<d5>\d{1,2})[ -](?P<n5>[a-z]{3,9})[ -](?P<y5>\d{4})"
    r"|(?P<n6>[a-z]{3,9})\.? (?P<d6>\d{1,2}),? (?P<y6>\d{4})"
    r"|(?P<y7>\d{4})-(?P<n7>[a-z]{3,9})-(?P<d7>\d{1,2})"
)
_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<seconds>\d\d)(?:[.,]\d{1,9})?)?(?: ?(?P<half>[ap])\.?m\.?)?"
_ZONE = r"(?P<zone>[a-z]{1,4}|[+-]\d\d(?::?\d\d)?)"
_dotted = re.compile(r"(\d{1,4})\. ?(\d{1,2})\. ?(\d{1,4})(?!\d)(?:\.(?!\d))?(?: ?[^\x00-\x7f]\.?(?= |$))?").match
"""`27. 11. 2026` (Czech, Slovak), `2026. 12. 04.` (Hungarian), `04.12.2026.` (Croatian), `27.11.2026 г.` (Bulgarian):
blanks, a dot at the end, and a letter for "year", whichever it is in a code page that nobody knows."""
_east_asian = re.compile(r"(\d{4}) ?[年년] ?(\d{1,2}) ?[月월] ?(\d{1,2}) ?[日일]").match
_written = re.compile(rf"(?:{_DAY})(?:(?:t|,? ){_TIME}(?: ?\(?{_ZONE}\)?)?)?", re.ASCII | re.IGNORECASE).fullmatch
_slashed = re.compile(r"(\d{1,2})([-/])(\d{1,2})\2\d{4}(?!\d)", re.ASCII).match
_iso = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,6})?)?[ ]?(?:Z|UTC|[+-]\d\d:?\d\d)?)?",
    re.ASCII | re.IGNORECASE,
).fullmatch


class UnreadableDate(ValueError):
    """A date that cannot be read; the message says why, `kind` the part of it that is the same for all such."""

    def __init__(self, message: str, kind: str = "has a date that cannot be read") -> None:
        self.kind = kind
        super().__init__(message)


class Order(Enum):
    """What comes first in a date with slashes, `11/27/2026` or `27/11/2026`."""

    MONTH_FIRST = "month"
    DAY_FIRST = "day"


@dataclass(frozen=True, slots=True)
class Written:
    """How a list writes its dates."""

    order: Order | None = None
    """Of dates with slashes; None: unknown, and then only what can be read one way is read."""
    zone: tzinfo = UTC
    """Of times without one."""


def slash_order(text: str) -> Order | None:
    """Which order a date with slashes shows by itself: one of its numbers is over 12."""
    match = _slashed(text.strip())
    if match is None:
        return None
    first, second = int(match[1]), int(match[3])
    if first > 12 >= second:
        return Order.DAY_FIRST
    return Order.MONTH_FIRST if second > 12 >= first else None


def named_zone(abbreviation: str) -> tzinfo | None:
    """The time zone that an abbreviation means to everybody; None if there is none."""
    place = _PLACES.get(abbreviation.lower())
    return ZoneInfo(place) if place and place != "UTC" else UTC if place else None


def read_moment(text: str, how: Written) -> date | datetime:
    """A day, or a moment in UTC. Raises UnreadableDate."""
    return _read(text, how)[0]


def read_drop(text: str, how: Written) -> date | datetime:
    """When a name drops: a day in the registry's time zone, or a moment in UTC. Raises UnreadableDate.

    Midnight means "that day", unless a time zone is written beside it: lists are exports of databases and
    spreadsheets, which give every day a time.
    """
    found, at, zoned = _read(text, how)
    return found if zoned or at != time() else _day(found, how)


def read_parts(day: str, time_of_day: str, how: Written) -> date | datetime | None:
    """The same of a date and a time that stand in two columns; None where both are empty.

    A day is a day, even if its column gives it midnight; and a time may be a whole moment, as databases write it.
    Raises UnreadableDate.
    """
    if not time_of_day:
        return read_drop(day, how) if day else None
    if _written(_tidy(time_of_day)):
        return read_drop(time_of_day, how)
    if not day:
        raise UnreadableDate(f"has the time '{time_of_day[:40]}' and no date", "has a time and no date")
    found = read_drop(day, how)
    if isinstance(found, datetime):
        raise UnreadableDate(f"has two times, in '{day[:40]}' and '{time_of_day[:40]}'", "has two times")
    return read_drop(f"{found} {time_of_day}", how)


def read_day(text: str, how: Written) -> date | datetime:
    """The same where the time zone of times is unknown: of a time without one, only the day counts.
    Raises UnreadableDate."""
    found, _, zoned = _read(text, how)
    return found if zoned else _day(found, how)


def _day(found: date | datetime, how: Written) -> date:
    return found.astimezone(how.zone).date() if isinstance(found, datetime) else found


@lru_cache(maxsize=8192)
def _read(text: str, how: Written) -> tuple[date | datetime, time | None, bool]:
    """The day, or the moment in UTC; the time as it is written; whether a time zone is. Lists repeat dates: kept."""
    match = _written(_tidy(text))
    if match is None:
        raise UnreadableDate(f"date '{text[:40]}' cannot be read: write it as YYYY-MM-DD")
    part = {name: value.lower() for name, value in match.groupdict().items() if value is not None}
    try:
        day = date(*_ymd(text, part, how.order))
        at = _clock(part) if "hour" in part else None
        found = datetime.combine(day, at, _zone(text, part, how)).astimezone(UTC) if at is not None else day
    except (ValueError, OverflowError) as error:
        if isinstance(error, UnreadableDate):
            raise
        raise UnreadableDate(f"date '{text[:40]}' does not exist") from None
    if not EARLIEST <= found.year < LATEST:
        raise UnreadableDate(f"date '{text[:40]}' cannot be: its year is not from {EARLIEST} to {LATEST - 1}")
    return found, at, "zone" in part


def _tidy(text: str) -> str:
    """With the day as it is written in most places."""
    text = " ".join(text.split())
    for found, mark in ((_dotted(text), "."), (_east_asian(text), "-")):
        if found:
            return mark.join(found.groups()) + text[found.end() :]
    return text


def _ymd(text: str, part: dict[str, str], order: Order | None) -> tuple[int, int, int]:
    if "a" in part:
        return int(part["y4"]), *_month_and_day(text, int(part["a"]), int(part["b"]), order)
    which = next(name[1] for name in part if name[0] == "y")
    month = _month(text, part[f"n{which}"]) if f"n{which}" in part else int(part[f"m{which}"])
    return int(part[f"y{which}"]), month, int(part[f"d{which}"])


def _month_and_day(text: str, first: int, second: int, order: Order | None) -> tuple[int, int]:
    if order is None and first != second:
        order = slash_order(text)
        if order is None and max(first, second) <= 12:
            raise UnreadableDate(
                f"date '{text[:40]}' may have its day or its month first: write it as YYYY-MM-DD",
                "has a date that can be read in two ways",
            )
    month, day = (second, first) if order is Order.DAY_FIRST else (first, second)
    if month > 12 >= day:
        raise UnreadableDate(
            f"date '{text[:40]}' has its {'month' if order is Order.DAY_FIRST else 'day'} first, "
            "and the others of this list do not",
            "has a date that contradicts the others",
        )
    return month, day


def _month(text: str, name: str) -> int:
    short = name[:3]
    if short not in _MONTHS or name not in (short, "sept", _IN_FULL[_MONTHS.index(short)]):
        raise UnreadableDate(f"date '{text[:40]}' cannot be read: there is no month '{name}'")
    return _MONTHS.index(short) + 1


def _clock(part: dict[str, str]) -> time:
    hour = int(part["hour"])
    if "half" in part:
        if not 1 <= hour <= 12:
            raise ValueError("no hour of a clock with twelve")
        hour = hour % 12 + (12 if part["half"] == "p" else 0)
    return time(hour, int(part["minute"]), int(part.get("seconds", "0")))


def _zone(text: str, part: dict[str, str], how: Written) -> tzinfo:
    zone = part.get("zone")
    if zone is None:
        return how.zone
    if zone[0] in "+-":
        digits = zone[1:].replace(":", "")
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or "0"))
        return timezone(-offset if zone[0] == "-" else offset)
    found = named_zone(zone)
    if found is None:
        raise UnreadableDate(f"date '{text[:40]}' has a time zone that is not known: write UTC, or +HH:MM")
    return found


@lru_cache(maxsize=4096)
def iso_date(text: str) -> date | datetime:
    """A day, or a moment in UTC: ISO 8601 and nothing else, a moment without zone taken as UTC.

    Raises UnreadableDate.
    """
    if _iso(text.strip()) is None:
        raise UnreadableDate(f"date '{text[:40]}' cannot be read: only YYYY-MM-DD and YYYY-MM-DD HH:MM:SS are")
    return read_moment(text, Written())
