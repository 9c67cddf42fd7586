"""Until when an order has to be in, and when its name drops. Pure: moments in, moments out; all aware, in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from backorder.domain.moments import Moment
from backorder.domain.registries import Registries

MARGIN = timedelta(minutes=15)
"""We are done this long before the provider's last moment."""
FINALIZATION_LEAD = timedelta(hours=3)
"""The provider's finalization date precedes the registry's deletion batch by about this much."""
_SAME_DROP = timedelta(hours=24)
"""A drop that begins later after a finalization date is another one."""


class Known(StrEnum):
    """How a deadline is known."""

    FINALIZATION = "finalization"
    """The provider's own finalization date: after it nothing is accepted."""
    ESTIMATED = "estimated"
    """From the drop's day or moment: the provider may still take an order later, until the batch begins."""
    NONE = "none"
    """Nobody knows yet when the name drops."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """The moments in the life of an order, in UTC; None where nothing is known."""

    finalization_at: Moment | None
    deadline: Moment | None
    """Ours: an order sent by then is in time."""
    last_chance: Moment | None
    """Until then an order is still tried."""
    batch_starts_at: Moment | None
    batch_ends_at: Moment | None
    known: Known


UNDATED = Schedule(None, None, None, None, None, Known.NONE)


@lru_cache(maxsize=4096)
def schedule(
    zone: str,
    *,
    drop_day: date | None = None,
    drop_at: datetime | None = None,
    finalization_at: datetime | None = None,
    registries: Registries,
) -> Schedule:
    """The schedule of a name in `zone` from what is known of its drop; the more exact date counts.

    A drop that the finalization date contradicts was moved: then it is not known any more, but by that date.
    `finalization_at` and `drop_at` are aware moments of any time zone, `drop_day` a day in the registry's time zone.
    Raises ValueError for a moment without time zone, OverflowError within three days of the calendar's ends. Kept: a
    list says the same of thousands of names.
    """
    drop_at = _in_utc(drop_at)
    finalization_at = _in_utc(finalization_at)
    if finalization_at is not None:
        deadline = last_chance = finalization_at - MARGIN
        starts_at = finalization_at + FINALIZATION_LEAD
        if drop_at is not None and finalization_at <= drop_at < finalization_at + _SAME_DROP:
            starts_at = drop_at
        ends_at = registries.end(zone, starts_at)
        return Schedule(finalization_at, deadline, last_chance, starts_at, ends_at, Known.FINALIZATION)
    if drop_at is not None:
        starts_at, ends_at = drop_at, registries.end(zone, drop_at)
    elif drop_day is not None:
        batch = registries.batch(zone, drop_day)
        starts_at, ends_at = batch.starts_at, batch.ends_at
    else:
        return UNDATED
    return Schedule(None, starts_at - FINALIZATION_LEAD - MARGIN, starts_at, starts_at, ends_at, Known.ESTIMATED)


def _in_utc(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    return moment.astimezone(UTC)
