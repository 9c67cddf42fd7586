"""What the columns of a list are called, and what they mean: the names that registries, drop catchers and marketplaces
publish (docs/lists.md)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from functools import lru_cache

from ingestion.reading.formats.dates import named_zone

_NAMES = ("domain", "domain name", "domainname", "fqdn", "name", "url")
"""What a column of names is called; the first of these that is there."""
_DROPS = (
    *("drop date", "dropdate", "drop time", "droptime", "drop day", "release at", "release date"),
    *("date available", "available date", "end time", "delete date", "deletion date"),
)
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
    drop_zone: tzinfo
    """Of times without one: what the column's name says, else UTC."""
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
    drop, zone = _drop(columns)
    finalization, priority, price, note = map(first, (_FINALIZATIONS, _PRIORITIES, _PRICES, _NOTES))
    known = frozenset({name, drop, finalization, priority, price, note} - {None})
    return Roles(name, drop, zone, finalization, priority, price, note, known)  # type: ignore[arg-type]


def _drop(columns: Sequence[str]) -> tuple[str | None, tzinfo]:
    bare: dict[str, tuple[str, tzinfo]] = {}
    for column in reversed(columns):
        beside = _zone_beside(column)
        zone = named_zone(beside[2] or beside[3]) if beside else None
        bare[beside[1] if beside and zone else column] = (column, zone or UTC)
    return next((bare[name] for name in _DROPS if name in bare), (None, UTC))
