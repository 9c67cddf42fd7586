"""What the account needs in the days ahead, and what to pay in, by when, so that none waits. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from heapq import nsmallest
from typing import Any

from backorder.documents.account_outlook import Forecast, Lock
from backorder.domain.backorder import Backorder
from backorder.domain.money import CENT
from backorder.domain.states import State
from planning.funding.choosing import Choice, refused
from planning.funding.problem import Order, Position, by_rank
from planning.funding.timeline import Span, Timeline, amount_of

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
class _Wanted:
    """All that is wanted, and not beyond a limit."""

    timeline: Timeline
    """What it binds, with what is reserved already; without what is `later`."""
    demands: dict[int, _Demand] = field(default_factory=dict)
    undated: list[Order] = field(default_factory=list)
    """Those that wait for funds, and have no date yet."""
    later: list[tuple[Span, int]] = field(default_factory=list)
    """What names bind that have no date, and go after each that has one."""


@dataclass(slots=True)
class _Hour:
    """The locks within one hour."""

    first: datetime
    demands: list[_Demand] = field(default_factory=list)


def foresee(position: Position, choice: Choice) -> Forecast:
    """As if money were no object: what is beyond a limit then needs none.

    What to pay in is the most that is missing at any moment of a demand's window: with that, every one of them fits,
    and with a cent less, one does not. A name without a date asks for nothing yet; but one that goes before a name
    with a date would take its money.
    """
    wanted = _wanted(position, choice)
    demands = list(wanted.demands.values())
    waiting = [order for demand in demands for order in demand.waiting]
    needed = max(map(wanted.timeline.peak, _lasting(demands)), default=0) if waiting else 0
    missing = max(0, needed - position.capacity) if waiting else 0
    locks = tuple(_locks(demands, wanted.timeline, position))
    return Forecast(
        shortfall=_told(missing),
        currency=position.funds.currency,
        before=min(filter(None, _moments_to_pay(demands, position.now)), default=None),
        waiting=len(waiting),
        names=_best(waiting or wanted.undated),
        undated=len(wanted.undated),
        undated_shortfall=_told(max(0, _more(wanted, position) - missing)),
        unused_credit=position.funds.unused_credit(position.rules),
        time_zone=position.rules.messages.time_zone,
        locks=locks,
    )


def _wanted(position: Position, choice: Choice) -> _Wanted:
    counted = position.counted()
    asking: list[Order] = []
    for order in position.waiting:
        if refused(position, order.backorder, counted) is None:
            counted.count(order.backorder)
            asking.append(order)
    last = max((order.rank for order in (*asking, *position.movable) if order.course.lock is not None), default=())
    give_way = {order for order in position.movable if order.course.lock is None and order.rank > last}
    wanted = _Wanted(Timeline(position.steps, position.at_the_provider(but=give_way)))
    wanted.later.extend((order.course.stays, order.fee) for order in give_way)
    _add_waiting(wanted, asking, last, fits=set(choice.chosen))
    _add_under_way(wanted, position, displaced=set(choice.displaced))
    return wanted


def _add_waiting(wanted: _Wanted, asking: Iterable[Order], last: tuple[Any, ...], fits: Collection[Order]) -> None:
    for order in asking:
        course = order.course
        if course.lock is None and order.rank > last:
            wanted.later.append((course.late, order.fee))
        else:
            wanted.timeline.add(course.late, order.fee)
        if course.lock is None:
            waiting = wanted.undated
        else:
            demand = wanted.demands.get(id(course))
            if demand is None:
                demand = wanted.demands[id(course)] = _Demand(course.late, course.lock)
            waiting = demand.waiting
        if order not in fits:
            waiting.append(order)


def _add_under_way(wanted: _Wanted, position: Position, displaced: Collection[Order]) -> None:
    fixed = Timeline(position.steps, position.fixed())
    for order in position.under_way:
        course, waits = order.course, order in displaced
        if order.movable and course.lock is None:
            if waits:
                wanted.undated.append(order)
        elif waits or order.backorder.state is State.REQUESTED:
            span = course.stays if order.movable else course.now
            demand = wanted.demands.setdefault(id(course), _Demand(span, course.lock))
            if waits or (not order.movable and not fixed.has_room(span, 0, position.capacity)):
                demand.waiting.append(order)


def _more(wanted: _Wanted, position: Position) -> int:
    """What is missing if names without a date are to have their money, too."""
    if not wanted.undated:
        return 0
    for span, amount in wanted.later:
        wanted.timeline.add(span, amount)
    return wanted.timeline.peak(Span(0, position.steps.count)) - position.capacity


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
    deadline = backorder.schedule.deadline
    if deadline is None or deadline <= now:
        return backorder.schedule.last_chance
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
    """Nobody can pay in less than a cent."""
    return amount_of(units).quantize(CENT, ROUND_CEILING)
