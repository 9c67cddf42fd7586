"""The official drop list of .au: a day and a time (UTC) at which a name may be purged, which the next purge does.

auDA's page "Official Domain Name Drop List" gives the columns, the day first, and an example: eligible on 16/12/2021 at
15:04:50 UTC, which is 01:04:50 of the 17th in UTC+10, the name is purged on the 17th at 13:00. Names that were deleted
go at 13:00, names that expired at 13:30, both UTC+10 all year; what becomes eligible at that very second waits a day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from backorder.registries import Registries
from ingestion.reading.formats.dates import Order, UnreadableDate, Written, read_moment
from ingestion.reading.formats.rows import Cells, Drop

_written = Written(Order.DAY_FIRST)


def purge_column(columns: Sequence[str]) -> str | None:
    """The column of times, where a list is one of auDA's."""
    return next((name for name in columns if "purge" in name), None) if "date" in columns else None


def drop_in(columns: Sequence[str], titles: str) -> Drop:
    """How rows under these columns say when a name drops. `titles`: what stands above them; one of the two sections,
    deleted and expired names, may be named there, or in a column of each row."""
    purge = purge_column(columns)
    assert purge is not None

    def drop(cells: Cells) -> datetime | None:
        status = next((cells[name] for name in ("status", "type", "reason") if cells.get(name)), titles)
        return drops_at(cells.get("date", ""), cells.get(purge, ""), status)

    return drop


def drops_at(day: str, time: str, status: str = "") -> datetime:
    """The moment (UTC) of the purge that takes a name. Without a word on how it came to the list, the earlier of the
    two. Raises UnreadableDate."""
    eligible = read_moment(f"{day} {time}".strip(), _written)
    if not isinstance(eligible, datetime):
        raise UnreadableDate(f"date '{day[:40]}' has no time: the purge that follows it is unknown")
    registry = Registries.load().of("au")
    assert registry is not None
    status = status.lower()
    deleted, expired = "delete" in status, "expired" in status
    # In order of the table: deleted names, expired names.
    starts = registry.starts if deleted == expired else registry.starts[:1] if deleted else registry.starts[1:]
    return registry.next_start(eligible, starts)
