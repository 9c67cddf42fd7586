"""What the account needs in the days ahead, and what to pay in, by when, so that none waits. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from heapq import nsmallest

from backorder.model import Backorder, State
from backorder.money import CENT, ZERO
from backorder.standing import Forecast, Lock
from planning.choosing import Choice, refused
from planning.position import Order, Position, by_rank
from planning.timeline import Span, Timeline, amount_of

NAMES = 5
"""So many of those that wait are named."""
LOCKS = 100
"""So many of the next locks are foreseen: the forecast is one small document."""
IN_TIME = timedelta(minutes=10)
"""So long before a deadline money must be there: two ticks."""


@dataclass(slots=True)
class _Demand:
    """Orders that need money which is not reserved for them yet, and drop together."""

    span: Span
    lock: datetime | None
    waiting: list[Order] = field(default_factory=list)
    """Held, or to be taken back, for want of funds."""


@dataclass(slots=True)
class _Hour:
    """The locks within one hour."""

    first: datetime
    demands: list[_Demand] = field(default_factory=list)


def foresee(position: Position, choice: Choice) -> Forecast:
    """As if money were no object: what is beyond a limit then needs none.

    What to pay in is the most that is missing at any moment of a demand's window: with that, every one of them fits,
    and with a cent less, one does not.
    """
    demands, wanted = _demands(position, choice)
    waiting = [order for demand in demands for order in demand.waiting]
    needed = max(map(wanted.peak, _lasting(demands)), default=0) if waiting else 0
    missing = max(ZERO, amount_of(needed - position.capacity)) if waiting else ZERO
    return Forecast(
        shortfall=missing.quantize(CENT, ROUND_CEILING),  # nobody can pay in less than a cent
        currency=position.funds.currency,
        before=min(filter(None, _moments_to_pay(demands, position.now)), default=None),
        waiting=len(waiting),
        names=_best(waiting),
        time_zone=position.rules.messages.time_zone,
        locks=tuple(_locks(demands, wanted, position)),
    )


def _demands(position: Position, choice: Choice) -> tuple[list[_Demand], Timeline]:
    """What needs money, by when it drops; and what all that is wanted binds, with what is reserved already."""
    demands: dict[int, _Demand] = {}
    counted = position.counted()
    fits, displaced = set(map(id, choice.chosen)), set(map(id, choice.displaced))
    wanted = Timeline(position.steps, position.at_the_provider())
    for order in position.waiting:
        if refused(position, order.backorder, counted) is None:
            counted.count(order.backorder)
            course = order.course
            wanted.add(course.late, order.fee)
            demand = demands.get(id(course))
            if demand is None:
                demand = demands[id(course)] = _Demand(course.late, course.lock)
            if id(order) not in fits:
                demand.waiting.append(order)
    fixed = Timeline(position.steps, position.fixed())
    for order in position.under_way:
        waits = id(order) in displaced
        if waits or order.backorder.state is State.REQUESTED:
            course = order.course
            demand = demands.setdefault(id(course), _Demand(course.now, course.lock))
            if waits or (not order.movable and not fixed.has_room(course.now, 0, position.capacity)):
                demand.waiting.append(order)
    return list(demands.values()), wanted


def _moments_to_pay(demands: Iterable[_Demand], now: datetime) -> Iterator[datetime | None]:
    """Of each that waits: the lock; where that is over, the last moment at which paying in helps."""
    for demand in demands:
        if demand.lock is not None and demand.lock > now:
            if demand.waiting:
                yield demand.lock
        else:
            for order in demand.waiting:
                yield _last_moment(order.backorder, now)


def _last_moment(backorder: Backorder, now: datetime) -> datetime | None:
    deadline = backorder.deadline
    if deadline is None or deadline <= now:
        return backorder.last_chance
    return deadline - IN_TIME if deadline - IN_TIME > now else deadline


def _locks(demands: Iterable[_Demand], wanted: Timeline, position: Position) -> Iterator[Lock]:
    hours: dict[datetime, _Hour] = {}
    for demand in demands:
        lock = demand.lock
        if lock is None or lock <= position.now:
            continue
        start = lock.replace(minute=0, second=0, microsecond=0)
        hour = hours.setdefault(start, _Hour(lock))
        hour.first = min(hour.first, lock)
        hour.demands.append(demand)
    for start in sorted(hours)[:LOCKS]:
        hour = hours[start]
        needed = max(map(wanted.peak, _lasting(hour.demands)), default=0)
        waiting = [order for demand in hour.demands for order in demand.waiting]
        yield Lock(hour.first, _told(needed), _told(position.capacity), len(waiting), _best(waiting))


def _best(orders: Sequence[Order]) -> tuple[str, ...]:
    return tuple(order.backorder.domain for order in nsmallest(NAMES, orders, key=by_rank))


def _lasting(demands: Iterable[_Demand]) -> set[Span]:
    """The spans of demands that are not over."""
    return {demand.span for demand in demands if demand.span.first < demand.span.end}


def _told(units: int) -> Decimal:
    return amount_of(units).quantize(CENT, ROUND_CEILING)
