"""Backorders for the benches, taken through their lives by their own verbs."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from backorder.domain.backorder import Backorder
from backorder.domain.schedule import FINALIZATION_LEAD, MARGIN, Known, Schedule
from backorder.domain.states import State
from backorder.domain.values import (
    BackorderKey,
    Call,
    Claim,
    Decider,
    Decision,
    ListPlace,
    PlacedApplication,
    Source,
    Wish,
)

FEE = Decimal("69.00")
BATCH = timedelta(hours=1)
_CALL = Call("bench")


def wanted(
    domain: str, *, at: datetime, finalization_at: datetime, line: int = 1, priority: Decimal = Decimal(5)
) -> Backorder:
    """Return a .com domain that a person wants since `at`, with its finalization date."""
    deadline, drop_at = finalization_at - MARGIN, finalization_at + FINALIZATION_LEAD
    wish = Wish(Source.WANTED, priority, ListPlace("wanted/bench.csv", "1", line), Decision(Decider.PERSON, at))
    schedule = Schedule(finalization_at, deadline, deadline, drop_at, drop_at + BATCH, Known.FINALIZATION)
    return Backorder(BackorderKey(domain, 1), "com", State.SELECTED, wish, at, schedule=schedule)


def queued(backorder: Backorder, at: datetime) -> Backorder:
    return backorder.queue(fee=FEE, until=at + timedelta(hours=1), at=at)


def claimed(backorder: Backorder, at: datetime) -> Backorder:
    """Return a queued one under a worker's claim."""
    return backorder.claim_by(Claim("bench", "order", at, at), at=at, why="claimed")


def placed(backorder: Backorder, application: str, at: datetime) -> Backorder:
    """Return a claimed one with its application."""
    record = PlacedApplication(application, at)
    return backorder.place(record, state=State.REQUESTED, at=at, why="the provider took the order", call=_CALL)


def placed_at_once(backorder: Backorder, application: str, at: datetime) -> Backorder:
    """Return a waiting one with its application."""
    return placed(claimed(queued(backorder, at), at), application, at)


def synced(backorder: Backorder, state: State, at: datetime) -> Backorder:
    """Return a placed one in the state that the provider gives it; ACTIVE with its deposit."""
    moved = backorder.sync(state, at=at, call=_CALL)
    return moved.reserve(FEE, missing_since=None, usual=FEE) if state is State.ACTIVE else moved


def withdrawn(backorder: Backorder, at: datetime) -> Backorder:
    """Return a placed one as HELD again, its deposit back."""
    held = backorder.claim_by(Claim("bench", "withdraw", at, at), at=at, why="claimed")
    back = held.withdrawn(at=at, why="taken back", call=_CALL)
    return back.reserve(None, missing_since=None, usual=FEE)
