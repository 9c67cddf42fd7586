"""What backorders need of the account: each its fee, from its lock until its deposit can be back (docs/money.md)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal

from backorder.domain.backorder import Backorder
from backorder.domain.schedule import FINALIZATION_LEAD
from backorder.domain.states import State
from backorder.provider.port import LOCK_LEAD
from reconciliation.findings import RELEASE_LAG

_DRAWS_NOTHING = frozenset({State.REJECTED, State.CANCELLED, State.VANISHED})
"""Nobody waits for money for them."""

Change = tuple[datetime, Decimal]
"""By how much an amount changes at a moment (UTC)."""


class Needs:
    """How what is needed changes, by the quarter of an hour, and what of it orders at the provider draw.

    Of what changes within a quarter only the sum is known. Nowhere does a day begin in the middle of one.
    """

    def __init__(self) -> None:
        self.planned: dict[str, Decimal] = {}
        """The highest fee that was planned with, by zone."""
        self._needed = _Changes()
        self._drawn = _Changes()

    def add(self, backorder: Backorder) -> None:
        if backorder.plan.fee is not None:
            self.planned[backorder.zone] = max(backorder.plan.fee, self.planned.get(backorder.zone, backorder.plan.fee))
        for at, sign in turns(backorder):
            quarter = at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)
            self._needed.add(quarter, sign, backorder)
            if _is_in(backorder):
                self._drawn.add(quarter, sign, backorder)

    def needed(self, fees: Mapping[str, Decimal]) -> Iterator[Change]:
        """For all that was wanted, ordered or not. `fees`: of those that have none of their own, by zone."""
        return self._needed.at(fees)

    def drawn(self, fees: Mapping[str, Decimal]) -> Iterator[Change]:
        """By those that the provider has, or whose deposit is not back."""
        return self._drawn.at(fees)


class _Changes:
    """Fees by the moment; those that are not known yet are counted by zone."""

    def __init__(self) -> None:
        self._amounts: defaultdict[datetime, Decimal] = defaultdict(Decimal)
        self._unpriced: Counter[tuple[datetime, str]] = Counter()

    def add(self, at: datetime, sign: int, backorder: Backorder) -> None:
        if backorder.plan.fee is not None:
            self._amounts[at] += sign * backorder.plan.fee
        else:
            self._unpriced[at, backorder.zone] += sign

    def at(self, fees: Mapping[str, Decimal]) -> Iterator[Change]:
        yield from self._amounts.items()
        for (at, zone), number in self._unpriced.items():
            if zone in fees:
                yield at, number * fees[zone]


def turns(backorder: Backorder) -> Iterator[tuple[datetime, int]]:
    """When what it needs begins (1) and ends (-1): whether or not the provider has reserved it."""
    if backorder.state in _DRAWS_NOTHING:
        return
    begins, ends = _window(backorder)
    if ends is None:
        yield begins, 1
    elif begins < ends:
        yield begins, 1
        yield ends, -1


def _window(backorder: Backorder) -> tuple[datetime, datetime | None]:
    """When it draws its fee, or would if it were ordered: from its lock, or from when it was ordered after that."""
    began = backorder.submitted_at or backorder.created_at
    if backorder.schedule.finalization_at is not None:
        began = max(began, backorder.schedule.finalization_at - LOCK_LEAD)
    elif backorder.schedule.batch_starts_at is not None:
        began = max(began, backorder.schedule.batch_starts_at - FINALIZATION_LEAD - LOCK_LEAD)
    if backorder.state.is_final and backorder.outcome_at is not None:
        return began, backorder.outcome_at
    return (
        began,
        backorder.schedule.batch_ends_at + RELEASE_LAG if backorder.schedule.batch_ends_at is not None else None,
    )


def _is_in(backorder: Backorder) -> bool:
    """It draws now or soon: the provider has it, or its deposit is not back."""
    return backorder.state.is_placed or backorder.state is State.SUBMITTING or backorder.deposit.amount is not None
