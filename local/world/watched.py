"""A store that keeps a copy of what is open, so that the pump knows without asking when something is due."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from backorder.domain.backorder import Backorder
from backorder.domain.reservation import TIME_TO_REACT, UNSURE, finalization_of
from backorder.domain.states import PLACED, State
from backorder.domain.values import Reason
from backorder.provider.port import LOCK_LEAD
from backorder.store import Store
from local.world.promises.ranked_dates import outranked
from local.world.promises.terms import GRACE, LAPSED_AFTER, RELEASE_LAG


class WatchedStore:
    """Passes everything on; all writes of this process go through it, so the copy is exact."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.open = {backorder.key: backorder for backorder in store.open_backorders()}
        # Dates that a source of a lower rank moved.
        self.outranked: list[str] = []
        self.writes = 0
        """Of backorders."""
        self.unfunded = 0
        """Missed for want of funds."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def create(self, backorder: Backorder) -> Backorder | None:
        existing = self._store.create(backorder)
        if existing is None:
            self._note(backorder)
        return existing

    def replace(self, backorder: Backorder) -> Backorder:
        written = self._store.replace(backorder)
        self._note(written)
        return written

    def open_backorders(self) -> Iterator[Backorder]:
        return self._store.open_backorders()

    def _note(self, backorder: Backorder) -> None:
        self.writes += 1
        before = self.open.get(backorder.key)
        if before is not None and (wrong := outranked(before, backorder)) is not None:
            self.outranked.append(wrong)
        self.unfunded += backorder.state is State.MISSED and backorder.plan.reason is Reason.UNFUNDED
        if backorder.is_open:
            self.open[backorder.key] = backorder
        else:
            self.open.pop(backorder.key, None)

    def next_moment(self, after: datetime) -> datetime | None:
        """The first moment after `after` at which a tick could find something to do."""
        moments = (moment for backorder in list(self.open.values()) for moment in _moments(backorder))
        return min((moment for moment in moments if moment is not None and moment > after), default=None)

    def all_done(self, now: datetime) -> bool:
        """Every backorder is final, and its money settled or overdue long enough to be a finding."""
        return all(
            backorder.state.is_final and backorder.outcome_at is not None and now > backorder.outcome_at + GRACE
            for backorder in self.open.values()
        )


def _moments(backorder: Backorder) -> Iterator[datetime | None]:
    state = backorder.state
    if state.is_waiting:
        yield backorder.schedule.deadline
        yield backorder.schedule.last_chance
        yield backorder.plan.not_before
        yield backorder.plan.send_at
        if state is State.QUEUED:
            yield backorder.plan.queued_until
    elif backorder.claim is not None and state in (State.SUBMITTING, State.WITHDRAWING):
        yield max(filter(None, (backorder.claim.lease_until, backorder.claim.ask_after)))
    elif state in PLACED:
        finalization_at = finalization_of(backorder)
        if finalization_at is not None:
            # So long before its lock, known or estimated, the plan takes back what the account no longer covers.
            lock = finalization_at - LOCK_LEAD
            yield lock - TIME_TO_REACT
            yield lock - UNSURE - TIME_TO_REACT
        yield backorder.schedule.finalization_at
        yield backorder.schedule.batch_ends_at
        if state is State.AUCTION_PENDING:
            yield backorder.auction.ends_at
        if backorder.deposit.missing_since is not None:
            yield backorder.deposit.missing_since + LAPSED_AFTER
    elif backorder.outcome_at is not None:
        yield backorder.outcome_at + RELEASE_LAG
        yield backorder.outcome_at + GRACE
