"""When an order draws on the account: from its lock, or from when it is made, until its fee is back.

Pure; times in UTC. Where in doubt, a window is longer than it may be: it begins early, and ends late.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from backorder.domain.backorder import Backorder
from backorder.domain.schedule import FINALIZATION_LEAD, MARGIN
from backorder.domain.states import State
from backorder.domain.values import Origin
from planning.funding.timeline import Window

RELEASE_LAG = timedelta(hours=24)
"""How long a lost order's deposit takes to come back, until it was measured on this account."""
TIME_TO_REACT = timedelta(hours=6)
"""Whether a fee comes back is known at the drop. If it does not, what counted on it has to be taken back before its own
lock: reconciliation looks once an hour, ticks can be lost, and the provider may be slow to answer."""
UNSURE = timedelta(hours=3)
"""How much earlier than estimated a lock may be."""
_BATCH = timedelta(hours=24)
"""How long a batch may last whose zone's table is not asked."""
_AUCTION = timedelta(days=4, hours=1)
"""From a drop to the end of its auction, at most: three days from 20:00 UTC, and what late bids add."""
_FORESEEN = timedelta(days=1000)
"""What drops later is as good as without a date: dates end, and lists are written by anybody."""
_EARLIEST = datetime(1000, 1, 1, tzinfo=UTC)
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


def lock_of(backorder: Backorder, lock_lead: timedelta) -> datetime | None:
    """When the provider reserves the fee: `lock_lead` before the finalization date, as far as that is known."""
    finalization_at = finalization_of(backorder)
    return None if finalization_at is None else max(finalization_at, _EARLIEST) - lock_lead


def finalization_of(backorder: Backorder) -> datetime | None:
    """The provider's last moment for an order, known or estimated."""
    if backorder.schedule.finalization_at is None and backorder.schedule.batch_starts_at is not None:
        return backorder.schedule.batch_starts_at - FINALIZATION_LEAD
    return backorder.schedule.finalization_at


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows of orders as they are `now`."""

    now: datetime
    lock_lead: timedelta
    late_by: timedelta
    """How long before its deadline a late order is sent."""
    reuse_refunds: bool = True
    take_back: bool = True
    release_lag: timedelta | None = None

    def under_way(self, backorder: Backorder) -> Window:
        """Of one that was sent, or may have been, or that ended and whose money is not in place yet."""
        begins_at = self._lock(backorder) if self._can_be_undone(backorder) else self.now
        return Window(begins_at, self._end(backorder))

    def if_ordered(self, backorder: Backorder) -> tuple[Window, Window]:
        """Of one that waits: if it is ordered now, and if it is ordered as late as possible; often the same."""
        ends_at = self._end(backorder)
        # Inside the three days before the finalization date, the provider reserves at once.
        now = Window(self._lock(backorder) if self.take_back else self.now, ends_at)
        send_at = self.send_at(backorder)
        return now, now if send_at is None else Window(max(send_at, now.begins_at), ends_at)

    def of_others(self, finalization_at: datetime | None) -> Window:
        """Of an order that somebody else placed in the account: it cannot be taken back, so its money must be there."""
        if finalization_at is None or not self.reuse_refunds:
            return Window(self.now, None)
        over = max(finalization_at + FINALIZATION_LEAD + _BATCH, self.now)
        return Window(self.now, over + max(self._lag, TIME_TO_REACT))

    def send_at(self, backorder: Backorder) -> datetime | None:
        """When it is sent if it goes out late; None where it is sent now or never: it has no date, or waiting any
        longer gives no money the time to come back."""
        if backorder.schedule.deadline is None or not self.reuse_refunds:
            return None
        late = backorder.schedule.deadline - self.late_by
        return late if late > self.now else None

    def taken_back(self, backorder: Backorder) -> Window:
        """What one still draws when it is taken back: its deposit comes back with a lag; before its lock, nothing."""
        reserved = self.is_reserved(backorder)
        return Window(self.now, self.now + self._lag if reserved else self.now)

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

    def _lock(self, backorder: Backorder) -> datetime:
        """Or now, where it is over, or may come at any time."""
        finalization_at = finalization_of(backorder)
        if finalization_at is None or finalization_at <= self.now:
            return self.now
        lock = finalization_at - self.lock_lead
        return max(self.now, lock if backorder.schedule.finalization_at is not None else lock - UNSURE)

    def _end(self, backorder: Backorder) -> datetime | None:
        if not self.reuse_refunds or backorder.state.is_won:
            return None
        if backorder.state.is_lost:
            back = (backorder.outcome_at or self.now) + self._lag
            # Overdue: it may come at any time, or never.
            return back if back > self.now else self.now + self._lag
        ends_at = _batch_end(backorder)
        if ends_at is None or ends_at > self.now + _FORESEEN:
            return None
        if backorder.state is State.AUCTION_PENDING:
            ends_at = backorder.auction.ends_at or ends_at + _AUCTION
        return max(ends_at, self.now) + max(self._lag, TIME_TO_REACT)

    def is_locked_within(self, backorder: Backorder, time_left: timedelta) -> bool:
        """Its lock is over, or comes soon. One without a date is found on the provider's list a day before."""
        return finalization_of(backorder) is not None and self._lock(backorder) <= self.now + time_left

    @property
    def _lag(self) -> timedelta:
        return RELEASE_LAG if self.release_lag is None else self.release_lag


def _batch_end(backorder: Backorder) -> datetime | None:
    if backorder.schedule.batch_ends_at is not None or backorder.schedule.batch_starts_at is None:
        return backorder.schedule.batch_ends_at
    midnight = datetime.combine(backorder.schedule.batch_starts_at, time(), backorder.schedule.batch_starts_at.tzinfo)
    return midnight + timedelta(days=2)
