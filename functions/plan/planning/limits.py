"""`[limits]` of the user's rules, by drop day. Pure; amounts gross, in the account's currency."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from backorder.model import Backorder
from backorder.rules import Limits
from planning.fees import Fees


class Counted:
    """What is ordered, counted against the limits. Names without a date count once they have one."""

    def __init__(
        self, limits: Limits, fees: Fees, spent: Mapping[date, Decimal], under_way: Iterable[Backorder]
    ) -> None:
        self._limits = limits
        self._none = limits == Limits()
        self._fees = fees
        self._names: Counter[date] = Counter()
        self._names_in_zone: Counter[tuple[date, str]] = Counter()
        self._day: defaultdict[date, Decimal] = defaultdict(Decimal, spent)
        self._month: defaultdict[tuple[int, int], Decimal] = defaultdict(Decimal)
        for day, amount in spent.items():
            self._month[day.year, day.month] += amount
        for backorder in under_way:
            if not backorder.state.is_lost:
                self.count(backorder)

    def count(self, backorder: Backorder) -> None:
        """One more that is ordered."""
        if self._none or (day := _drop_day(backorder)) is None:
            return
        fee = self._fees.drawn_by(backorder)
        self._names[day] += 1
        self._names_in_zone[day, backorder.zone] += 1
        self._day[day] += fee
        self._month[day.year, day.month] += fee

    def exceeded_by(self, backorder: Backorder) -> bool:
        """Whether one more is one too many."""
        if self._none or (day := _drop_day(backorder)) is None:
            return False
        fee = self._fees.of(backorder.zone)
        limits = self._limits
        in_zone = limits.per_zone.get(backorder.zone)
        return (
            (limits.per_day is not None and self._names[day] >= limits.per_day)
            or (in_zone is not None and self._names_in_zone[day, backorder.zone] >= in_zone)
            or (limits.spend_per_day is not None and self._day[day] + fee > limits.spend_per_day)
            or (limits.spend_per_month is not None and self._month[day.year, day.month] + fee > limits.spend_per_month)
        )


def _drop_day(backorder: Backorder) -> date | None:
    return backorder.batch_starts_at.date() if backorder.batch_starts_at else None
