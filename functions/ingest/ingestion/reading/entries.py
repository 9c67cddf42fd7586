"""What a list consists of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from backorder.domain.domains import Domain, NotADomain, parse_domain
from ingestion.reading.encodings import has_kept, in_hex

LONGEST_SHOWN = 300
"""Characters of a rejected line that are shown, and of the reason: an archive's fault names the files in it."""

UNDECODED = "is in an encoding that is not certain"
"""The kind of rejects whose name could not be read."""
_NO_COLUMNS: Mapping[str, str] = MappingProxyType({})


class Entry(NamedTuple):
    """One name of a list, and what the list says of it. A tuple, as there are millions."""

    line: int
    domain: Domain
    drop_day: date | None = None
    """In the registry's time zone."""
    drop_at: datetime | None = None
    """UTC."""
    eligible_at: datetime | None = None
    """UTC. Where the list says since when the registry may release it, and `drop_at` is the release that follows by the
    shipped table of registries."""
    finalization_at: datetime | None = None
    """UTC."""
    priority: Decimal | None = None
    """0 to 10, higher is better."""
    max_price: Decimal | None = None
    """Gross, in the account's currency."""
    note: str | None = None
    columns: Mapping[str, str] = _NO_COLUMNS
    """The cells of the list's other columns, as they are written, by `column_name`; empty where it has no value."""
    chosen: str | None = None
    """Why the rules chose it, where they did."""

    @property
    def day(self) -> date | None:
        """The day on which it drops, as its list dates it (a moment's in UTC); None if it does not."""
        moment = self.finalization_at or self.drop_at
        return moment.date() if moment else self.drop_day


class Release(NamedTuple):
    """When a name drops whose list says since when it may be released. Both in UTC."""

    at: datetime
    eligible_at: datetime


class Reject(NamedTuple):
    """A line that is no entry that could be ordered, or a file that is no list (line 0)."""

    line: int
    text: str
    reason: str
    """For people: `contains an underscore`, `is below the registrable name b.com`."""
    kind: str
    """The part of the reason that is the same for all with the same fault, so that faults can be counted."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Valid entries that the rules leave out, in bulk: so many that each is only counted."""

    by: Counter[str]
    """The key of the rule that left them out."""
    zones: Counter[str]
    days: tuple[date, date] | None
    """The first and the last day on which they drop, as their dates say."""

    @property
    def count(self) -> int:
        return self.by.total()


Items = Iterator[Entry | Reject | LeftOut]
"""All that a list consists of, in its order; what is left out in bulk comes after what was found among it."""


def column_name(text: str) -> str:
    """The name of a column, however it is written: `Drop_Date` and `drop date` are the same one, and so are `#domain`
    and `domain`."""
    text = text.strip().strip("\"'")
    text = text[1:] if text[:1] == "#" and text[1:2].isalpha() else text
    return " ".join(text.lower().replace("_", " ").split())


def domain_or_reject(line: int, name: str, text: str) -> Domain | Reject:
    """The domain that `name` is, or a reject of the whole line, `text`."""
    try:
        return parse_domain(name)
    except NotADomain as fault:
        return undecoded(line, name, text) or reject(line, text, fault.reason, fault.kind)


def undecoded(line: int, name: str, text: str) -> Reject | None:
    """The reject of a name that has bytes which could not be read; its reason is the name, until it is explained."""
    return Reject(line, _shown(text), name[:LONGEST_SHOWN], UNDECODED) if has_kept(name) else None


def reject(line: int, text: str, reason: str, kind: str | None = None) -> Reject:
    """A reject of a line, with as much of it as helps to find it."""
    return Reject(line, _shown(text), _shown(reason), _shown(kind or reason))


def _shown(text: str) -> str:
    text = in_hex(text)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
