"""The funding guard: which orders the account covers, when each is sent, and how much is missing for the rest.

Pure: values in, a plan out. All amounts are gross, in the account's currency; times are in UTC. What is decided here,
and why, is told in docs/money.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from backorder.documents.account_outlook import Forecast
from backorder.domain.backorder import Backorder
from backorder.domain.reservation import TIME_TO_REACT
from backorder.domain.states import State
from backorder.domain.values import Reason
from planning.funding.choosing import choose
from planning.funding.dispatch import send
from planning.funding.forecast import foresee
from planning.funding.problem import Order, Position
from planning.funding.timeline import amount_of


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do, each list in order of rank."""

    order: tuple[Backorder, ...]
    """To be sent now."""
    late: tuple[tuple[Backorder, datetime], ...]
    """Covered once lost names have given their deposits back: to be sent then."""
    hold: tuple[tuple[Backorder, Reason], ...]
    blocked: tuple[Backorder, ...]
    """Covered, and to be sent as soon as those are gone that are to be taken back."""
    short: tuple[Backorder, ...]
    """Placed orders whose money a better one needs, or is not there any more."""
    take_back: tuple[Backorder, ...]
    """Of those, the ones that cannot wait for money any longer, or that others wait for."""
    capacity: Decimal
    """What our orders may draw together."""
    drawn: Decimal
    """By the orders under way and the ones that this plan sends, as if all of them were won."""
    forecast: Forecast


def plan(position: Position) -> Plan:
    """Chooses, best first, what is sent now, what is sent late, what waits, and what is taken back.

    An order fits if at every moment of its window the windows of all better ones leave room for its fee. It is looked
    at as late as it may be sent, which leaves most room for others; whoever was chosen is sent early nevertheless if
    that takes nothing from anybody chosen, and if the account covers it even should every better one be won. What does
    not fit is held, and smaller ones after it may still be taken. O(n log n).
    """
    choice = choose(position)
    sending = send(position, choice)
    return Plan(
        order=_backorders(sending.now),
        late=tuple((o.backorder, o.course.send_at) for o in sending.late if o.course.send_at is not None),
        hold=tuple((order.backorder, reason) for order, reason in choice.held),
        blocked=_backorders(sending.blocked),
        short=_backorders(choice.displaced),
        take_back=_backorders(
            order for order in choice.displaced if sending.waits_for_others or _has_to_go(position, order)
        ),
        capacity=amount_of(position.capacity),
        drawn=amount_of(sending.drawn),
        forecast=foresee(position, choice),
    )


def _has_to_go(position: Position, order: Order) -> bool:
    """One that does not fit stays as long as it does no harm: money may come before its lock."""
    windows = position.windows
    return windows.is_reserved(order.backorder) or windows.is_locked_within(order.backorder, TIME_TO_REACT)


def chance_gone(backorder: Backorder, now: datetime) -> Reason | None:
    """Why a waiting backorder is missed at `now`; None while it still has a chance."""
    if backorder.schedule.last_chance is None or now < backorder.schedule.last_chance:
        return None
    if backorder.state is State.HELD:
        return backorder.plan.reason or Reason.UNFUNDED
    return backorder.missed_for(backorder.plan.reason or Reason.LATE)


def _backorders(orders: Iterable[Order]) -> tuple[Backorder, ...]:
    return tuple(order.backorder for order in orders)
