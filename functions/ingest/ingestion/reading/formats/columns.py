"""What the columns of a list are called, and what they mean: the names that registries, drop catchers and marketplaces
publish (docs/lists.md)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import lru_cache

from ingestion.reading.formats.dates import named_zone

_NAMES = ("domain", "domain name", "domainname", "fqdn", "name", "url")
"""What a column of names is called; the first of these that is there."""
_DROPS = (
    *("drop date", "dropdate", "drop time", "droptime", "drop day", "release at", "release date"),
    *("date available", "available date", "end time", "delete date", "deletion date"),
)
_TIMES = ("drop time", "droptime", "time", "release time", "delete time", "deletion time")
"""What the time is called that belongs to a date in another column. Beside one of these, a mere `date` is one of a
drop; alone it may be the date of anything."""
_DATE = "date"
_FINALIZATIONS = ("finalizationdate", "finalization date")
_PRIORITIES = ("priority",)
_PRICES = ("max price", "maxprice")
_NOTES = ("note", "notes", "comment")

_zone_beside = re.compile(r"(.+?)(?: \(([a-z]{2,4})\)| (utc|gmt))").fullmatch
"""`end time (utc)`."""


@dataclass(frozen=True, slots=True)
class Roles:
    """Which column, by its `column_name`, holds what; None where a list has no such column."""

    name: str
    drop: str | None
    time: str | None
    """The time of the drop, where its date stands alone in `drop`."""
    drop_zone: tzinfo | None
    """Of times without one, where a column's name says it."""
    finalization: str | None
    priority: str | None
    price: str | None
    note: str | None
    known: frozenset[str]
    """The columns that have a role; the others are the rules' matter."""


@lru_cache(maxsize=256)
def roles_of(columns: Sequence[str]) -> Roles | None:
    """The roles of a tuple of column names; None if no column holds names."""

    def first(called: Sequence[str]) -> str | None:
        return next((name for name in called if name in columns), None)

    name = first(_NAMES)
    if name is None:
        return None
    drop, time, zone = _drop(columns)
    finalization, priority, price, note = map(first, (_FINALIZATIONS, _PRIORITIES, _PRICES, _NOTES))
    known = frozenset({name, drop, time, finalization, priority, price, note} - {None})
    return Roles(name, drop, time, zone, finalization, priority, price, note, known)  # type: ignore[arg-type]


def _drop(columns: Sequence[str]) -> tuple[str | None, str | None, tzinfo | None]:
    bare: dict[str, tuple[str, tzinfo | None]] = {}
    for column in reversed(columns):
        beside = _zone_beside(column)
        zone = named_zone(beside[2] or beside[3]) if beside else None
        bare[beside[1] if beside and zone else column] = (column, zone)
    drop = next((name for name in _DROPS if name in bare), None)
    time = next((name for name in _TIMES if name in bare), None)
    if time is not None and _DATE in bare and drop in (None, time):
        drop = _DATE
    if drop is None:
        return None, None, None
    column, zone = bare[drop]
    if time is None or time == drop or drop.endswith("time"):
        return column, None, zone
    return column, bare[time][0], bare[time][1] or zone
