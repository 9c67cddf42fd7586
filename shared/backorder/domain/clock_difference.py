"""By how much the provider's clock is ahead of ours: what is told by it is compared with moments of our own. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from backorder.domain.backorder import Backorder

SMALL = timedelta(seconds=30)
"""A difference up to this is reckoned with wherever the provider's times are compared with ours."""
WORTH_TELLING = timedelta(seconds=10)
_SECOND = timedelta(seconds=1)
"""The provider's times are in whole seconds, cut off."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """At least, and at most, so much; negative where it is behind."""

    least: timedelta
    most: timedelta

    @property
    def is_small(self) -> bool:
        return self.least >= -SMALL and self.most <= SMALL

    @property
    def is_worth_telling(self) -> bool:
        """Whether it is surely more than ten seconds."""
        return self.least > WORTH_TELLING or self.most < -WORTH_TELLING

    def __str__(self) -> str:
        """`41 seconds ahead of ours`: what is sure of it, in whole seconds."""
        sure = self.least if self.least > timedelta(0) else min(self.most, timedelta(0))
        seconds = round(abs(sure).total_seconds())
        way = "behind" if sure < timedelta(0) else "ahead of"
        return f"{seconds:,} second{'' if seconds == 1 else 's'} {way} ours"


def measured(dated_at: datetime | None, *, asked_at: datetime, answered_at: datetime) -> Ahead | None:
    """Compare the time that an answer bears with when it was asked for and had, by our clock; None: it bears none."""
    if dated_at is None:
        return None
    return Ahead(dated_at - answered_at, dated_at + _SECOND - asked_at)


def told_by_orders(orders: Iterable[Backorder]) -> Ahead | None:
    """What the latest order of ours that was answered at once tells: it was created between call and answer."""
    told = [each for order in orders if (each := _told_by(order)) is not None]
    return max(told, key=lambda each: each[0])[1] if told else None


def _told_by(order: Backorder) -> tuple[datetime, Ahead] | None:
    application = order.application
    if application is None or application.submitted_at is None or application.answered is None:
        return None
    claimed_at, answered_at = application.answered
    if answered_at - claimed_at > SMALL:
        return None
    ahead = measured(application.submitted_at, asked_at=claimed_at, answered_at=answered_at)
    return None if ahead is None else (answered_at, ahead)
