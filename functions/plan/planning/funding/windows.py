"""The reservation windows that the plan counts with: no sooner than now, and as careful as the rules ask for.

When a fee is bound, `backorder.domain.reservation` says; what can not be taken back counts from now on, and what is
overdue may come back at any time. Pure; times in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from backorder.domain.backorder import Backorder
from backorder.domain.money import ZERO
from backorder.domain.reservation import ReservationTerms, ReservationWindow, earliest_lock_of, finalization_of
from backorder.domain.schedule import FINALIZATION_LEAD, MARGIN
from backorder.domain.states import State
from backorder.domain.values import Origin

_BATCH = timedelta(hours=24)
"""How long a batch may last whose zone's table is not asked."""
_FORESEEN = timedelta(days=1000)
"""What drops later is as good as without a date: dates end, and lists are written by anybody."""
_UNLOCKED = frozenset({State.SELECTED, State.HELD, State.QUEUED, State.SUBMITTING, State.REQUESTED})
_RESERVED = frozenset({State.ACTIVE, State.PROCESSING, State.AUCTION_PENDING})


def drop_of(backorder: Backorder) -> tuple[datetime | None, ...]:
    """What the windows of one that waits depend on: many drop together, and share them."""
    return (
        backorder.schedule.finalization_at,
        backorder.schedule.batch_starts_at,
        backorder.schedule.batch_ends_at,
        backorder.schedule.deadline,
    )


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows of orders as they are `now`."""

    now: datetime
    terms: ReservationTerms
    late_by: timedelta
    """How long before its deadline a late order is sent."""
    reuse_refunds: bool = True
    take_back: bool = True

    def under_way(self, backorder: Backorder, amount: Decimal) -> ReservationWindow:
        """Of one that was sent, or may have been, or that ended and whose money is not in place yet."""
        window = self._from_now_on(backorder, amount)
        return window if self._can_be_undone(backorder) else replace(window, start=self.now)

    def if_ordered(self, backorder: Backorder, amount: Decimal) -> tuple[ReservationWindow, ReservationWindow]:
        """Of one that waits: if it is ordered now, and if it is ordered as late as possible; often the same."""
        now = self._from_now_on(backorder, amount)
        if not self.take_back:
            now = replace(now, start=self.now)
        send_at = self.send_at(backorder)
        return now, now if send_at is None else replace(now, start=max(send_at, now.start))

    def of_others(self, finalization_at: datetime | None, amount: Decimal) -> ReservationWindow:
        """Of an order that somebody else placed in the account: it cannot be taken back, so its money must be there."""
        if finalization_at is None or not self.reuse_refunds:
            return ReservationWindow(self.now, None, amount)
        over = max(finalization_at + FINALIZATION_LEAD + _BATCH, self.now)
        return ReservationWindow(self.now, over + self.terms.undecided_lag, amount)

    def send_at(self, backorder: Backorder) -> datetime | None:
        """When it is sent if it goes out late; None where it is sent now or never: it has no date, or waiting any
        longer gives no money the time to come back."""
        if backorder.schedule.deadline is None or not self.reuse_refunds:
            return None
        late = backorder.schedule.deadline - self.late_by
        return late if late > self.now else None

    def taken_back(self, backorder: Backorder) -> ReservationWindow:
        """What one still draws when it is taken back: its deposit comes back with a lag; before its lock, nothing."""
        ends_at = self.now + self.terms.release_lag if self.is_reserved(backorder) else self.now
        return ReservationWindow(self.now, ends_at, backorder.deposit.amount or ZERO)

    def is_reserved(self, backorder: Backorder) -> bool:
        """The provider should hold a deposit for it now."""
        return backorder.state in _RESERVED or backorder.deposit.amount is not None

    def can_be_taken_back(self, backorder: Backorder) -> bool:
        """Ours, at the provider, and before its finalization date; one whose user wants it no more goes anyway."""
        finalization_at = finalization_of(backorder)
        return (
            self.take_back
            and backorder.state in (State.REQUESTED, State.ACTIVE)
            and backorder.origin is Origin.OURS
            and backorder.application_id is not None
            and not backorder.cancel_requested
            and (finalization_at is None or self.now < finalization_at - MARGIN)
        )

    def _can_be_undone(self, backorder: Backorder) -> bool:
        """What cannot be taken back before its lock counts from now on: its money must be there, whatever is won."""
        return self.take_back and backorder.origin is Origin.OURS and backorder.state in _UNLOCKED

    def is_locked_within(self, backorder: Backorder, time_left: timedelta) -> bool:
        """Its lock is over, or comes soon. One without a date is found on the provider's list a day before."""
        lock = earliest_lock_of(backorder, self.terms.lock_lead)
        return lock is not None and lock <= self.now + time_left

    def _from_now_on(self, backorder: Backorder, amount: Decimal) -> ReservationWindow:
        window = self.terms.window_if_placed(backorder, amount, at=self.now)
        return replace(window, end=self._end(backorder, window.end))

    def _end(self, backorder: Backorder, ends_at: datetime | None) -> datetime | None:
        """Of what is overdue, it is not known: the fee may come back at any time, or never."""
        if not self.reuse_refunds or backorder.state.is_won:
            return None
        if backorder.state.is_lost:
            back = ends_at or self.now
            return back if back > self.now else self.now + self.terms.release_lag
        lag = self.terms.undecided_lag
        if ends_at is None or ends_at - lag > self.now + _FORESEEN:
            return None
        return max(ends_at, self.now + lag)
