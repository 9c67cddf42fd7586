"""What the account needs in the days ahead, and what to pay in, by when, so that none waits. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from heapq import nsmallest

from backorder.model import Backorder
from backorder.money import CENT, ZERO
from backorder.standing import Forecast, Lock
from planning.ranking import rank
from planning.timeline import Span, Timeline, amount_of
from planning.windows import lock_of

NAMES = 5
"""So many of those that wait are named."""
LOCKS = 100
"""So many of the next locks are foreseen: the forecast is one small document."""
IN_TIME = timedelta(minutes=10)
"""So long before a deadline money must be there: two ticks."""


@dataclass(frozen=True, slots=True)
class Demand:
    """One order that needs money which is not reserved for it yet."""

    backorder: Backorder
    span: Span
    waits: bool
    """It is held, or has to be taken back, for want of funds."""


@dataclass(slots=True)
class _Hour:
    """The locks within one hour."""

    first: datetime
    spans: set[Span] = field(default_factory=set)
    waiting: list[Backorder] = field(default_factory=list)


def foresee(
    demands: Sequence[Demand],
    wanted: Timeline,
    capacity: int,
    *,
    currency: str,
    time_zone: str,
    now: datetime,
    lock_lead: timedelta,
) -> Forecast:
    """`wanted` is what all demands bind, and what is reserved already.

    What to pay in is the most that is missing at any moment of a demand's window: with that, every one of them fits,
    and with a cent less, one does not.
    """
    waiting = [demand.backorder for demand in demands if demand.waits]
    needed = max((wanted.peak(span) for span in {demand.span for demand in demands if _lasts(demand.span)}), default=0)
    missing = max(ZERO, amount_of(needed - capacity)) if waiting else ZERO
    return Forecast(
        shortfall=missing.quantize(CENT, ROUND_CEILING),  # nobody can pay in less than a cent
        currency=currency,
        before=min(filter(None, (_pay_before(each, now, lock_lead) for each in waiting)), default=None),
        waiting=len(waiting),
        names=tuple(backorder.domain for backorder in nsmallest(NAMES, waiting, key=rank)),
        time_zone=time_zone,
        locks=tuple(_locks(demands, wanted, capacity, now=now, lock_lead=lock_lead)),
    )


def _pay_before(backorder: Backorder, now: datetime, lock_lead: timedelta) -> datetime | None:
    """The lock; where that is over, the last moment at which paying in helps."""
    lock = lock_of(backorder, lock_lead)
    if lock is not None and lock > now:
        return lock
    deadline = backorder.deadline
    if deadline is None or deadline <= now:
        return backorder.last_chance
    return deadline - IN_TIME if deadline - IN_TIME > now else deadline


def _locks(
    demands: Iterable[Demand], wanted: Timeline, capacity: int, *, now: datetime, lock_lead: timedelta
) -> Iterator[Lock]:
    hours: dict[datetime, _Hour] = {}
    for demand in demands:
        lock = lock_of(demand.backorder, lock_lead)
        if lock is None or lock <= now:
            continue
        start = lock.replace(minute=0, second=0, microsecond=0)
        hour = hours.setdefault(start, _Hour(lock))
        hour.first = min(hour.first, lock)
        if _lasts(demand.span):
            hour.spans.add(demand.span)
        if demand.waits:
            hour.waiting.append(demand.backorder)
    for start in sorted(hours)[:LOCKS]:
        hour = hours[start]
        needed = max(map(wanted.peak, hour.spans), default=0)
        names = tuple(backorder.domain for backorder in nsmallest(NAMES, hour.waiting, key=rank))
        yield Lock(hour.first, _told(needed), _told(capacity), len(hour.waiting), names)


def _told(units: int) -> Decimal:
    return amount_of(units).quantize(CENT, ROUND_CEILING)


def _lasts(span: Span) -> bool:
    return span.first < span.end
