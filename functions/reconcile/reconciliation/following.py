"""What the provider's answer changes about a backorder. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from backorder.deadlines import schedule
from backorder.model import TRANSITIONS, Backorder, State
from backorder.observability import logger
from backorder.provider.adapter import ApplicationStatus
from backorder.provider.applications import Application
from backorder.registries import Registries

CALL = "QueryDomainApplicationList"


def follow(backorder: Backorder, application: Application, *, now: datetime, registries: Registries) -> Backorder:
    """The backorder as its application stands; the same object where nothing changed.

    A status that the table of transitions does not lead to is an old answer, or one that we do not know: nothing moves.
    """
    followed = backorder
    if application.finalization_at is not None:
        followed = redated(followed, application.finalization_at, registries=registries)
    if application.status is ApplicationStatus.UNKNOWN:
        logger.warning("status_unknown", domain=followed.domain, status=application.status_text)
        return followed
    state = State(application.status.value)
    if state is followed.state or followed.state is State.WITHDRAWING:
        return followed
    if state not in TRANSITIONS[followed.state]:
        logger.warning("status_ignored", domain=followed.domain, state=followed.state, status=state)
        return followed
    why = "the provider's word"
    return followed.moved(state, at=now, why=why, call=f"{CALL} {application.id}", settled=False)


def vanished(backorder: Backorder, *, now: datetime) -> Backorder:
    """The provider no longer knows its application."""
    return backorder.moved(
        State.VANISHED, at=now, why="the provider no longer knows it", call="StatusDomainApplication 545", settled=False
    )


def redated(backorder: Backorder, finalization_at: datetime, *, registries: Registries) -> Backorder:
    """With the deadline that a finalization date gives; the same object where it had it."""
    if backorder.finalization_at == finalization_at:
        return backorder
    moments = schedule(
        backorder.zone, drop_at=backorder.drop_at, finalization_at=finalization_at, registries=registries
    )
    return backorder.dated(moments)


def reserved(backorder: Backorder, deposits: Mapping[str, Decimal]) -> Backorder:
    """With the deposit that the provider holds for its domain now; what was reserved last stays as its fee."""
    deposit = deposits.get(backorder.domain) if backorder.application is not None else None
    if deposit == backorder.deposit:
        return backorder
    return replace(backorder, deposit=deposit, fee=backorder.fee if deposit is None else deposit)


def settled(backorder: Backorder, *, charged: bool) -> Backorder:
    """Settled, if it is final and its money is in place: a lost order's deposit back, a won one's charge booked."""
    if backorder.settled or not backorder.state.is_final or backorder.deposit is not None:
        return backorder
    if backorder.state.is_won and not charged:
        return backorder
    return replace(backorder, settled=True)
