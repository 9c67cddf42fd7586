"""Reads the account, steadily: books are compared only where the account stood still while it was read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from backorder.provider.account import AccountStatus
from backorder.provider.applications import Application
from backorder.provider.client import Provider
from backorder.provider.listing import Listing
from reconciliation.ledger import Seen

TRIES = 3


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at the account. `seen` is None where it would not stand still for that long."""

    status: AccountStatus
    seen: Seen | None
    applications: Listing[Application]


def read(provider: Provider, *, since: date, now: datetime) -> Reading:
    """Money first, applications last: where a deposit is gone, the application already tells why.

    Bookings are read from `since` (a day, UTC) on. Raises what the provider's client raises.
    """
    for _ in range(TRIES):
        before = provider.account()
        deposits = provider.deposits()
        # Until tomorrow: the provider's clock may be ahead of ours.
        entries = provider.accounting(since, date.fromordinal(now.date().toordinal() + 1))
        after = provider.account()
        if before == after and deposits.complete and entries.complete:
            seen = Seen(now, after, deposits.items, entries.items)
            return Reading(after, seen, provider.applications())
    return Reading(after, None, provider.applications())
