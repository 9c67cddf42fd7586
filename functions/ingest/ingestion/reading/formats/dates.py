"""Dates as lists write them. What cannot be read is a fault, never a guess."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import lru_cache

EARLIEST, LATEST = 1990, 2100
"""Years between which a drop can be; a year beyond them is a misprint."""

_iso = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:[.,]\d{1,6})?)?)[ ]?(Z|UTC|[+-]\d\d:?\d\d)?)?",
    re.ASCII | re.IGNORECASE,
).fullmatch


class UnreadableDate(ValueError):
    """A date that cannot be read; the message says why."""


@lru_cache(maxsize=4096)
def iso_date(text: str) -> date | datetime:
    """A day, or a moment in UTC: ISO 8601, a moment without zone taken as UTC. Lists repeat their dates: kept.

    Raises UnreadableDate.
    """
    match = _iso(text.strip())
    if match is None:
        raise UnreadableDate(f"date '{text[:40]}' cannot be read: only YYYY-MM-DD and YYYY-MM-DD HH:MM:SS are")
    day, time, zone = match.groups()
    try:
        found = _moment(day, time, zone) if time else date.fromisoformat(day)
    except (ValueError, OverflowError):
        raise UnreadableDate(f"date '{text[:40]}' does not exist") from None
    if not EARLIEST <= found.year < LATEST:
        raise UnreadableDate(f"date '{text[:40]}' cannot be: its year is not from {EARLIEST} to {LATEST - 1}")
    return found


def _moment(day: str, time: str, zone: str | None) -> datetime:
    offset = "" if zone is None or zone.upper() in ("Z", "UTC") else zone
    moment = datetime.fromisoformat(f"{day}T{time.replace(',', '.')}{offset}")
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
