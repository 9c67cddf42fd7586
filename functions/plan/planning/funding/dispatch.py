"""When those that fit are sent: early, late, or as soon as what is taken back is gone. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from planning.funding.choosing import Choice
from planning.funding.problem import Order, Position, by_rank
from planning.funding.timeline import Timeline, units


@dataclass(frozen=True, slots=True)
class Sending:
    """Each in order of rank."""

    now: list[Order]
    late: list[Order]
    blocked: list[Order]
    """Covered, without a later moment, and to be sent as soon as those are gone that are to be taken back."""
    waits_for_others: bool
    """Somebody could be sent now if those were gone."""
    drawn: int
    """By the orders under way and those sent now, as if all of them were won."""


def send(position: Position, choice: Choice) -> Sending:
    """Divides the chosen. What is early is decided after the choice, so that more money never gives a worse one."""
    early, late = _divide(position, choice)
    now, blocked = _beside_what_is_there(position, early)
    return Sending(
        now,
        sorted([*late, *(order for order in blocked if order.course.send_at is not None)], key=by_rank),
        [order for order in blocked if order.course.send_at is None],
        waits_for_others=bool(blocked),
        drawn=position.drawn + sum(order.fee for order in now),
    )


def _divide(position: Position, choice: Choice) -> tuple[list[Order], list[Order]]:
    """Those to be sent now, and those to be sent late.

    Fees never come back: sent early is what the account covers even if every order that stays, and every better
    one, were won. And it must not take from anybody chosen what only a late order leaves to both.
    """
    now, late = [], []
    drawn = position.drawn - sum(order.fee for order in choice.displaced) + position.returning
    drawn += sum(amount for _, amount in position.elsewhere)
    timeline, capacity = choice.timeline, position.capacity
    for order in choice.chosen:
        drawn += order.fee
        if order.course.send_at is None:
            now.append(order)
        elif drawn <= capacity and timeline.has_room(only_early := order.course.only_early, order.fee, capacity):
            timeline.add(only_early, order.fee)
            now.append(order)
        else:
            late.append(order)
    return now, late


def _beside_what_is_there(position: Position, early: list[Order]) -> tuple[list[Order], list[Order]]:
    """Those that fit beside all that is at the provider now, and those that do not yet.

    A refund counts only once the account shows it, and the money of what is to be taken back once it is gone.
    """
    sent: list[Order] = []
    blocked: list[Order] = []
    if not early:
        return sent, blocked
    locked = sum(order.fee for order in position.under_way if order.course.now.first == 0)
    # Reserved by others, if none of ours was reserved before the lock that we know of.
    others = units(position.funds.reserved) - locked - position.returning
    capacity = position.whole - max(position.others, others)
    there = Timeline(position.steps, position.at_the_provider())
    for order in early:
        span = order.course.now
        if there.has_room(span, order.fee, capacity):
            there.add(span, order.fee)
            sent.append(order)
        else:
            blocked.append(order)
    return sent, blocked
