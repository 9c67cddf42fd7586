"""The drop list of .au: a day and a time (UTC) from which a name may be purged, which the next purge does.

auDA's page "Official Domain Name Drop List" gives the columns, the day first, and an example: eligible on 16/12/2021 at
15:04:50 UTC, which is 01:04:50 of the 17th in UTC+10, the name is purged on the 17th at 13:00. Names that were deleted
go at 13:00, names that expired at 13:30, both UTC+10 all year; what becomes eligible at that very second waits a day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from backorder.domain.registries import Registries, Times
from ingestion.reading.entries import Release
from ingestion.reading.formats.dates import Order, UnreadableDate, Written, read_moment, read_parts
from ingestion.reading.formats.rows import Cells, Drop

_written = Written(Order.DAY_FIRST)
_SECOND = timedelta(seconds=1)


def purge_column(columns: Sequence[str]) -> str | None:
    """The column of times, where a list is one of auDA's."""
    return next((name for name in columns if "purge" in name), None) if "date" in columns else None


def drop_in(columns: Sequence[str], titles: str) -> Drop:
    """How rows under these columns say when a name drops. `titles`: what stands above them; one of the two sections,
    deleted and expired names, may be named there, or in a column of each row."""
    purge = purge_column(columns)
    assert purge is not None
    return lambda cells: drops_at(cells.get("date", ""), cells.get(purge, ""), _status(cells, titles))


def drop_by(day: str, time: str, titles: str) -> Drop:
    """The same for a table of .au that does not say what the time in its column `time` is."""
    return lambda cells: drops_by(cells.get(day, ""), cells.get(time, ""), _status(cells, titles))


def _status(cells: Cells, titles: str) -> str:
    return next((cells[name] for name in ("status", "type", "reason") if cells.get(name)), titles)


def drops_at(day: str, time: str, status: str = "") -> Release:
    """The purge that takes a name. Without a word on how it came to the list, the earlier of the
    two. Raises UnreadableDate."""
    eligible = read_moment(f"{day} {time}".strip(), _written)
    if not isinstance(eligible, datetime):
        raise UnreadableDate(f"date '{day[:40]}' has no time: the purge that follows it is unknown")
    return _purge_after(eligible, status)


def drops_by(day: str, time: str, status: str = "") -> Release | date | None:
    """The drop where nobody says what the time is: when a name may be purged or when it is, in UTC or in UTC+10.

    The purge at that time, or the next one, with the time taken for UTC+10: each of the other meanings is the same or
    later. Raises UnreadableDate.
    """
    registry = _registry()
    found = read_parts(day, time, Written(Order.DAY_FIRST, registry.time_zone))
    return _purge_after(found - _SECOND, status) if isinstance(found, datetime) else found


def _registry() -> Times:
    registry = Registries.load().of("au")
    assert registry is not None
    return registry


def _purge_after(moment: datetime, status: str) -> Release:
    registry = _registry()
    status = status.lower()
    deleted, expired = "delete" in status, "expired" in status
    # In order of the table: deleted names, expired names.
    starts = registry.starts if deleted == expired else registry.starts[:1] if deleted else registry.starts[1:]
    return Release(registry.next_start(moment, starts), moment)
