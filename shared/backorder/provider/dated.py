"""Reads the account, and by the way the provider's clock."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from backorder.domain.clock_difference import Ahead, measured
from backorder.provider.results import AccountStatus
from backorder.runtime.clock import Clock

if TYPE_CHECKING:
    from backorder.provider.port import Provider


def account_and_clock(provider: Provider, clock: Clock) -> tuple[AccountStatus, Ahead | None]:
    """Return the account, and by how much the provider's clock is ahead of ours; None: the answer bears no time."""
    asked_at = clock()
    account = provider.account()
    answered_at = clock()
    # Attempts before the one that was answered say nothing of the clock.
    asked_at = max(asked_at, answered_at - timedelta(seconds=provider.worst_case_seconds))
    return account, measured(account.dated_at, asked_at=asked_at, answered_at=answered_at)
