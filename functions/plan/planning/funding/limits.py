"""`[limits]` of the user's rules, by drop day. Pure; amounts gross, in the account's currency."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from backorder.domain.backorder import Backorder
from backorder.domain.money import ZERO
from backorder.rules import Limits
from planning.funding.fees import Fees


class Counted:
    """What is ordered, counted against the limits, by drop day.

    Nobody knows on which day a name without a date may be caught. The fees of all of them count as those of one day of
    their own, and of a month of its own; their number counts once they have a date.
    """

    def __init__(
        self, limits: Limits, fees: Fees, spent: Mapping[date, Decimal], under_way: Iterable[Backorder]
    ) -> None:
        self._limits = limits
        self._none = limits == Limits()
        self._fees = fees
        self._names: Counter[date] = Counter()
        self._names_in_zone: Counter[tuple[date, str]] = Counter()
        self._day: defaultdict[date, Decimal] = defaultdict(Decimal, spent)
        self._undated = ZERO
        self._month: defaultdict[tuple[int, int], Decimal] = defaultdict(Decimal)
        for day, amount in spent.items():
            self._month[day.year, day.month] += amount
        for backorder in under_way:
            if not backorder.state.is_lost:
                self.count(backorder)

    def count(self, backorder: Backorder) -> None:
        """One more that is ordered."""
        if self._none:
            return
        fee = self._fees.drawn_by(backorder)
        if (day := _drop_day(backorder)) is None:
            self._undated += fee
            return
        self._names[day] += 1
        self._names_in_zone[day, backorder.zone] += 1
        self._day[day] += fee
        self._month[day.year, day.month] += fee

    def exceeded_by(self, backorder: Backorder) -> bool:
        """Whether one more is one too many."""
        if self._none:
            return False
        fee = self._fees.of(backorder.zone)
        limits = self._limits
        if (day := _drop_day(backorder)) is None:
            bounds = (limits.spend_per_day, limits.spend_per_month)
            return any(bound is not None and self._undated + fee > bound for bound in bounds)
        in_zone = limits.per_zone.get(backorder.zone)
        return (
            (limits.per_day is not None and self._names[day] >= limits.per_day)
            or (in_zone is not None and self._names_in_zone[day, backorder.zone] >= in_zone)
            or (limits.spend_per_day is not None and self._day[day] + fee > limits.spend_per_day)
            or (limits.spend_per_month is not None and self._month[day.year, day.month] + fee > limits.spend_per_month)
        )


def _drop_day(backorder: Backorder) -> date | None:
    return backorder.schedule.batch_starts_at.date() if backorder.schedule.batch_starts_at else None
