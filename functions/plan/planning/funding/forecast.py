"""What the account needs in the days ahead, and what to pay in, by when, so that none waits. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import nsmallest
from typing import Any

from backorder.documents.account_outlook import Forecast
from backorder.domain.backorder import Backorder
from backorder.domain.states import State
from planning.funding.choosing import Choice, refused
from planning.funding.days_ahead import Shortage, days_ahead, told
from planning.funding.problem import Order, Position, by_rank
from planning.funding.timeline import Span, Timeline

NAMES = 5
"""So many of those that wait are named."""
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

    drawn: Timeline
    """What is bound by what is at the provider; but for names without a date that go after each that has one."""
    timeline: Timeline
    """What all of it binds, with what is reserved already; without what is `sooner` or `later`."""
    demands: dict[int, _Demand] = field(default_factory=dict)
    undated: list[Order] = field(default_factory=list)
    """Those that wait for funds, and have no date yet."""
    sooner: list[tuple[Span, int]] = field(default_factory=list)
    """What names bind that have no date, wait for funds, and go before one that has a date."""
    later: list[tuple[Span, int]] = field(default_factory=list)
    """What names bind that have no date, and go after each that has one."""

    def bind(self, bound: Iterable[tuple[Span, int]]) -> None:
        """Add what is to be bound as well."""
        for span, amount in bound:
            self.timeline.add(span, amount)


def foresee(position: Position, choice: Choice) -> Forecast:
    """As if money were no object: what is beyond a limit then needs none.

    What to pay in is the most that is missing at any moment of a demand's window: with that, every one of them fits,
    and with a cent less, one does not. A name without a date asks for nothing yet; but one that goes before a name
    with a date would take its money.
    """
    wanted = _wanted(position, choice)
    demands = list(wanted.demands.values())
    waiting = [order for demand in demands for order in demand.waiting]
    if waiting:
        wanted.bind(wanted.sooner)
    moments = (_pay_by(demand, position.now) for demand in demands if demand.waiting)
    before = min(filter(None, moments), default=None)
    shortages = list(_shortages(demands, wanted.timeline, position, before)) if waiting else []
    missing = max((shortage.amount for shortage in shortages), default=0)
    days = tuple(days_ahead(position, wanted.drawn, wanted.timeline, shortages))
    if not waiting:
        wanted.bind(wanted.sooner)
    return Forecast(
        shortfall=told(missing),
        currency=position.funds.currency,
        before=before,
        waiting=len(waiting),
        names=_best(waiting or wanted.undated),
        undated=len(wanted.undated),
        undated_shortfall=told(max(0, _more(wanted, position) - missing)),
        unused_credit=position.funds.unused_credit(position.rules),
        time_zone=position.rules.messages.time_zone,
        days=days,
        beside_amount=position.funds.capacity(position.rules) - position.funds.amount,
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
    there = list(position.at_the_provider(but=give_way))
    wanted = _Wanted(Timeline(position.steps, there), Timeline(position.steps, there))
    wanted.later.extend((order.course.stays, order.fee) for order in give_way)
    _add_waiting(wanted, asking, last, fits=set(choice.chosen))
    _add_under_way(wanted, position, displaced=set(choice.displaced))
    return wanted


def _add_waiting(wanted: _Wanted, asking: Iterable[Order], last: tuple[Any, ...], fits: Collection[Order]) -> None:
    for order in asking:
        course, waits = order.course, order not in fits
        if course.lock is None:
            if waits:
                wanted.undated.append(order)
            if order.rank > last:
                wanted.later.append((course.late, order.fee))
            elif waits:
                wanted.sooner.append((course.late, order.fee))
            else:
                wanted.timeline.add(course.late, order.fee)
            continue
        wanted.timeline.add(course.late, order.fee)
        demand = wanted.demands.get(id(course))
        if demand is None:
            demand = wanted.demands[id(course)] = _Demand(course.late, course.lock)
        if waits:
            demand.waiting.append(order)


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
    wanted.bind(wanted.later)
    return wanted.timeline.peak(Span(0, position.steps.count)) - position.capacity


def _pay_by(demand: _Demand, now: datetime) -> datetime | None:
    """Return its lock; where that is over, the last moment at which paying in helps one of those that wait."""
    if demand.lock is not None and demand.lock > now:
        return demand.lock
    moments = (_last_moment(order.backorder, now) for order in demand.waiting)
    return min(filter(None, moments), default=None)


def _last_moment(backorder: Backorder, now: datetime) -> datetime | None:
    deadline = backorder.schedule.deadline
    if deadline is None or deadline <= now:
        return backorder.schedule.last_chance
    return deadline - IN_TIME if deadline - IN_TIME > now else deadline


def _shortages(
    demands: Iterable[_Demand], wanted: Timeline, position: Position, before: datetime | None
) -> Iterator[Shortage]:
    """Of each demand for which there is too little: from the moment by which it is to be paid in, and none sooner than
    the first of those that wait."""
    for demand in demands:
        if demand.span.first < demand.span.end and (amount := wanted.peak(demand.span) - position.capacity) > 0:
            since = max(before or position.now, _pay_by(demand, position.now) or position.now)
            yield Shortage(since, demand.span.end, amount)


def _best(orders: Sequence[Order]) -> tuple[str, ...]:
    return tuple(order.backorder.domain for order in nsmallest(NAMES, orders, key=by_rank))
