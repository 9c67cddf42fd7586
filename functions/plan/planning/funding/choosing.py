"""Who fits, best first: chosen, held, and displaced. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from backorder.domain.backorder import Backorder
from backorder.domain.values import Reason
from planning.funding.limits import Counted
from planning.funding.problem import Order, Position, by_rank
from planning.funding.timeline import Span, Timeline


@dataclass(frozen=True, slots=True)
class Choice:
    """Each in order of rank."""

    chosen: list[Order]
    """Of those that wait, the ones that fit if they are sent late."""
    held: list[tuple[Order, Reason]]
    displaced: list[Order]
    """Placed orders whose money a better one needs, or is not there any more."""
    timeline: Timeline
    """What is bound if the chosen are sent late, and the displaced are gone."""


def choose(position: Position) -> Choice:
    """Each at its turn fits if what was chosen before it leaves room for its fee at every moment of its window."""
    timeline = Timeline(position.steps, position.fixed())
    capacity, counted = position.capacity, position.counted()
    chosen: list[Order] = []
    held: list[tuple[Order, Reason]] = []
    displaced: list[Order] = []
    needed = _needed_already(position)
    movable = bool(position.movable)
    for order in sorted([*position.waiting, *position.movable], key=by_rank) if movable else position.waiting:
        course = order.course
        if order.movable:
            secured, span = position.windows.is_reserved(order.backorder), course.stays
            if secured and not _overlap(span, needed):
                pass  # nobody better needs its money, which is there: it stays, however little else is
            elif not timeline.has_room(span, order.fee, capacity):
                displaced.append(order)
                secured, span = False, course.late
                if course.send_at is None or not timeline.has_room(span, order.fee, capacity):
                    continue
            timeline.add(span, order.fee)
            if not secured:
                needed = _hull(needed, span)
        elif (reason := refused(position, order.backorder, counted)) is not None:
            held.append((order, reason))
        elif not timeline.has_room(course.late, order.fee, capacity):
            held.append((order, Reason.UNFUNDED))
        else:
            timeline.add(course.late, order.fee)
            counted.count(order.backorder)
            chosen.append(order)
            if movable:
                needed = _hull(needed, course.late)
    return Choice(chosen, held, displaced, timeline)


def refused(position: Position, backorder: Backorder, counted: Counted) -> Reason | None:
    """Why one that waits may not be ordered however much money there is."""
    if backorder.wish.max_price is not None and position.fees.of(backorder.zone) > backorder.wish.max_price:
        return Reason.TOO_DEAR
    return Reason.LIMIT if counted.exceeded_by(backorder) else None


def _needed_already(position: Position) -> Span:
    """From the first to the last step at which a fee is needed that is not reserved yet, and cannot be given up."""
    needed = Span(position.steps.count, 0)
    for order in position.under_way:
        backorder = order.backorder
        if not (order.movable or backorder.state.is_final or position.windows.is_reserved(backorder)):
            needed = _hull(needed, order.course.now)
    return needed


def _hull(one: Span, other: Span) -> Span:
    return Span(min(one.first, other.first), max(one.end, other.end))


def _overlap(one: Span, other: Span) -> bool:
    return max(one.first, other.first) < min(one.end, other.end)
