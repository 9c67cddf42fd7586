"""What a list consists of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from backorder.domains import Domain, NotADomain, parse_domain

LONGEST_SHOWN = 300
"""Characters of a rejected line that are shown."""

_NO_COLUMNS: Mapping[str, str] = MappingProxyType({})


class Entry(NamedTuple):
    """One name of a list, and what the list says of it. A tuple, as there are millions."""

    line: int
    domain: Domain
    drop_day: date | None = None
    """In the registry's time zone."""
    drop_at: datetime | None = None
    """UTC."""
    finalization_at: datetime | None = None
    """UTC."""
    priority: Decimal | None = None
    """0 to 10, higher is better."""
    max_price: Decimal | None = None
    """Gross, in the account's currency."""
    note: str | None = None
    columns: Mapping[str, str] = _NO_COLUMNS
    """The list's other columns, as they are written: by `column_name`, without those that are empty."""


class Reject(NamedTuple):
    """A line that is no entry that could be ordered, or a file that is no list (line 0)."""

    line: int
    text: str
    reason: str
    """For people: `contains an underscore`, `is below the registrable name b.com`."""
    kind: str
    """The part of the reason that is the same for all with the same fault, so that faults can be counted."""


def column_name(text: str) -> str:
    """The name of a column, however it is written: `Drop_Date` and `drop date` are the same one."""
    return " ".join(text.strip().strip('"').lower().replace("_", " ").split())


def domain_or_reject(line: int, name: str, text: str) -> Domain | Reject:
    """The domain that `name` is, or a reject of the whole line, `text`."""
    try:
        return parse_domain(name)
    except NotADomain as fault:
        return reject(line, text, fault.reason, fault.kind)


def reject(line: int, text: str, reason: str, kind: str | None = None) -> Reject:
    """A reject of a line, with as much of it as helps to find it."""
    shown = text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
    return Reject(line, shown, reason, kind or reason)
