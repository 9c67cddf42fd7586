"""When a backorder's fee is bound at the provider, and how much: one definition for the plan, the page and the checks.

The provider reserves the fee at the lock, some days before the finalization date, or when it takes the order if that is
later. The fee is bound until it is charged, or until the deposit of a lost name is back: the outcome and the release
lag. Where in doubt, a window is longer than it may be: it begins early, and ends late (docs/money.md).

Pure; times are aware, in UTC; amounts are gross, in the account's currency.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from backorder.domain.backorder import Backorder
from backorder.domain.schedule import FINALIZATION_LEAD
from backorder.domain.states import State
from backorder.domain.values import Reason

RELEASE_LAG = timedelta(hours=24)
"""How long the deposit of a lost name takes to come back, until it was measured on the account."""
TIME_TO_REACT = timedelta(hours=6)
"""Whether a fee comes back is known at the drop. If it does not, what counted on it has to be taken back before its own
lock: reconciliation looks once an hour, ticks can be lost, and the provider may be slow to answer."""
UNSURE = timedelta(hours=3)
"""How much earlier than estimated a lock may be."""
LONGEST_AUCTION = timedelta(days=4, hours=1)
"""From the end of a batch to the end of its auctions: three days from 20:00 UTC, and what late bids add."""
_EARLIEST, _LATEST = datetime(1000, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
"""Dates end, and lists are written by anybody."""


@dataclass(frozen=True, slots=True)
class ReservationWindow:
    """The fee of one backorder is bound from `start` on, until before `end`. None: nobody knows until when."""

    start: datetime
    end: datetime | None
    amount: Decimal


@dataclass(frozen=True, slots=True)
class ReservationTerms:
    """How a provider reserves on this account: how long before the finalization date, and how long a refund takes."""

    lock_lead: timedelta
    # As measured; None until it was.
    measured_lag: timedelta | None = None

    @property
    def release_lag(self) -> timedelta:
        """Return how long the deposit of a lost name takes to come back."""
        return RELEASE_LAG if self.measured_lag is None else self.measured_lag

    @property
    def undecided_lag(self) -> timedelta:
        """Return how long after its drop a fee is bound whose outcome nobody knows yet."""
        return max(self.release_lag, TIME_TO_REACT)

    def window_if_placed(self, backorder: Backorder, amount: Decimal, *, at: datetime) -> ReservationWindow:
        """Return the window of a backorder that is, was, or may be placed at `at`. Without a drop date, its lock may
        come at any time: the window is open from `at` on."""
        lock = earliest_lock_of(backorder, self.lock_lead)
        return ReservationWindow(at if lock is None else max(at, lock), self.end_of(backorder), amount)

    def window_missed(self, backorder: Backorder, amount: Decimal) -> ReservationWindow | None:
        """Return the window that a backorder would have had that was missed for want of funds: as if it had been placed
        at its deadline. None for all others."""
        if (
            backorder.state is not State.MISSED
            or backorder.plan.reason is not Reason.UNFUNDED
            or backorder.schedule.deadline is None
        ):
            return None
        start, end = backorder.schedule.deadline, batch_end_of(backorder)
        return ReservationWindow(start, None if end is None else self._free_again(max(start, end)), amount)

    def end_of(self, backorder: Backorder) -> datetime | None:
        """Return when its fee is free again, or was: charged, or given back. None where that is not known: it has no
        drop date, or was won and is not charged yet."""
        if backorder.state.is_won:
            return next((charge.at for charge in backorder.charges if charge.gross > 0), None)
        if backorder.state.is_final:
            return None if backorder.outcome_at is None else backorder.outcome_at + self.release_lag
        ends_at = batch_end_of(backorder)
        if backorder.state is State.AUCTION_PENDING:
            ends_at = backorder.auction.ends_at or (None if ends_at is None else ends_at + LONGEST_AUCTION)
        return None if ends_at is None else self._free_again(ends_at)

    def _free_again(self, outcome_by: datetime) -> datetime:
        return min(outcome_by, _LATEST) + self.undecided_lag


def finalization_of(backorder: Backorder) -> datetime | None:
    """Return the provider's last moment for placing it, known or estimated."""
    if backorder.schedule.finalization_at is None and backorder.schedule.batch_starts_at is not None:
        return backorder.schedule.batch_starts_at - FINALIZATION_LEAD
    return backorder.schedule.finalization_at


def lock_of(backorder: Backorder, lock_lead: timedelta) -> datetime | None:
    """Return when the provider reserves the fee of what is placed by then, as far as that is known."""
    finalization_at = finalization_of(backorder)
    return None if finalization_at is None else max(finalization_at, _EARLIEST) - lock_lead


def earliest_lock_of(backorder: Backorder, lock_lead: timedelta) -> datetime | None:
    """Return the same, or how early it may come where it is estimated."""
    lock = lock_of(backorder, lock_lead)
    return lock if lock is None or backorder.schedule.finalization_at is not None else lock - UNSURE


def batch_end_of(backorder: Backorder) -> datetime | None:
    """Return when its deletion batch is over; where no table says so, a day after the drop's day (UTC)."""
    if backorder.schedule.batch_ends_at is not None or backorder.schedule.batch_starts_at is None:
        return backorder.schedule.batch_ends_at
    midnight = datetime.combine(backorder.schedule.batch_starts_at, time(), backorder.schedule.batch_starts_at.tzinfo)
    return midnight + timedelta(days=2)
