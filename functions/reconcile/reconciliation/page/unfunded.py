"""The fees of what was missed for want of funds: what else was needed in the past, the ledger says. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from backorder.domain.backorder import Backorder
from backorder.domain.reservation import ReservationTerms

Change = tuple[datetime, Decimal]
"""By how much an amount changes at a moment (UTC)."""


class Unfunded:
    """How the fees that were missing change, by the quarter of an hour.

    Of what changes within a quarter only the sum is known. Nowhere does a day begin in the middle of one.
    """

    def __init__(self, terms: ReservationTerms) -> None:
        self._terms = terms
        self._amounts: defaultdict[datetime, Decimal] = defaultdict(Decimal)

    def add(self, backorder: Backorder) -> None:
        for at, amount in unfunded_changes(backorder, self._terms):
            self._amounts[at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)] += amount

    @property
    def changes(self) -> list[Change]:
        return list(self._amounts.items())


def unfunded_changes(backorder: Backorder, terms: ReservationTerms) -> Iterator[Change]:
    """Yield when the fee that was missing for a backorder begins to count, and when it ends."""
    window = None if backorder.plan.fee is None else terms.window_missed(backorder, backorder.plan.fee)
    if window is not None:
        yield window.start, window.amount
        if window.end is not None:
            yield window.end, -window.amount
