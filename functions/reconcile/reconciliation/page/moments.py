"""What comes next: until when orders must be in, when fees are reserved, names drop, auctions end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from backorder.domain.backorder import Backorder
from backorder.domain.money import ZERO
from backorder.domain.states import State
from backorder.provider.port import LOCK_LEAD
from reconciliation.page.model import Moment

MOST_MOMENTS = 12
MOST_NAMES = 3
AUCTION = "auction ends"
_MOST_AT_A_TIME = 500
"""Moments that are kept while backorders are told: each may have one of its own."""


@dataclass(slots=True)
class _Together:
    """The names with one moment."""

    count: int = 0
    amount: Decimal = ZERO
    estimated: bool = False
    best: list[tuple[Decimal, str]] = field(default_factory=list)
    """The first of them, each with its priority below zero: the best first."""

    def add(self, backorder: Backorder) -> None:
        self.count += 1
        self.amount += backorder.plan.fee or ZERO
        self.estimated = self.estimated or backorder.schedule.finalization_at is None
        self.best = sorted([*self.best, (-backorder.wish.priority, backorder.domain)])[:MOST_NAMES]


class Moments:
    """The soonest moments from `now` on; names with the same moment are one line, the best names first."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._soonest: dict[tuple[datetime, str], _Together] = {}
        self._later = 0

    def add(self, backorder: Backorder) -> None:
        for at, what in _coming(backorder):
            if at >= self._now:
                self._soonest.setdefault((at, what), _Together()).add(backorder)
        if len(self._soonest) > _MOST_AT_A_TIME:
            self._forget_later()

    def soonest(self) -> tuple[list[Moment], int]:
        """They, in order of time; and how many of single names come later."""
        self._forget_later()
        moments = [
            Moment(
                at=at,
                what=what,
                names=[domain for _, domain in some.best],
                count=some.count,
                amount=some.amount,
                estimated=what != AUCTION and some.estimated,
            )
            for (at, what), some in sorted(self._soonest.items(), key=lambda each: each[0])
        ]
        return moments, self._later

    def _forget_later(self) -> None:
        """Only counts what is not among the soonest: whatever is added after it, it will not be."""
        for later in sorted(self._soonest)[MOST_MOMENTS:]:
            self._later += self._soonest.pop(later).count


def _coming(backorder: Backorder) -> Iterator[tuple[datetime, str]]:
    if backorder.state.is_waiting and backorder.schedule.deadline is not None:
        yield backorder.schedule.deadline, "order by"
    if backorder.state is State.REQUESTED and backorder.schedule.finalization_at is not None:
        yield backorder.schedule.finalization_at - LOCK_LEAD, "fee reserved"
    if (
        backorder.state in (State.REQUESTED, State.ACTIVE, State.PROCESSING)
        and backorder.schedule.batch_starts_at is not None
    ):
        yield backorder.schedule.batch_starts_at, "drop"
    if backorder.state is State.AUCTION_PENDING and backorder.auction.ends_at is not None:
        yield backorder.auction.ends_at, AUCTION
