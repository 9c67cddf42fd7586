"""Reads the account: what changed since the last look, and once a day all of it.

Books are compared only where the account stood still while it was read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from backorder.provider.account import AccountingEntry, AccountStatus
from backorder.provider.applications import Application
from backorder.provider.client import Provider
from backorder.provider.listing import Listing
from reconciliation.books import Notes
from reconciliation.ledger import Seen, name_of
from reconciliation.shelf import Shelf

TRIES = 3
REREAD = timedelta(days=35)
"""Bookings of this long back are read again each day: late ones are found, and days are always whole."""
OVERLAP = timedelta(minutes=5)
"""Changes of the provider's last moments are read again: they are dated to the second."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at the account. `seen` is None where it would not stand still for that long."""

    status: AccountStatus
    seen: Seen | None
    applications: Mapping[str, Application]
    """All of them, or those that changed, by id."""
    all_there_are: bool
    """What is not among `applications` is not there, unless a direct look-up says otherwise."""
    swept: bool
    """It was a full look, and nothing moved meanwhile."""
    total: int
    """How many applications there are."""

    def without_money(self) -> Reading:
        """As if the account had not stood still: nothing is compared with books that nobody knows."""
        return replace(self, seen=None, swept=False)


def read(provider: Provider, notes: Notes, now: datetime) -> Reading:
    """Money first, applications last: where a deposit is gone, the application already tells why.

    A full look is due once a day (UTC), and whenever the number of applications is not what it should be: then one
    vanished. Raises what the provider's client raises.
    """
    full = notes.swept_on is None or notes.swept_on < now.date()
    status, seen = _money(provider, _since(notes, now, full=full), now)
    if not full and notes.changed_at is not None and notes.newest_at is not None:
        changed = Shelf(Application)
        recent = provider.applications_changed(notes.changed_at - OVERLAP, into=changed)
        new = sum(application.created_at > notes.newest_at for application in recent)
        if recent.complete and recent.total == notes.applications + new:
            return Reading(status, seen, changed, all_there_are=False, swept=False, total=recent.total)
    everything = Shelf(Application)
    listing = provider.applications(into=everything)
    swept = full and listing.complete and seen is not None
    return Reading(status, seen, everything, listing.complete, swept, total=len(everything))


def read_entries(provider: Provider, since: date, now: datetime) -> Listing[AccountingEntry]:
    """The bookings of whole days (UTC) from `since` on, in order of their names."""
    # Until tomorrow: the provider's clock may be ahead of ours.
    until = (now + timedelta(days=1)).date()
    return provider.accounting(since, until, into=Shelf(AccountingEntry, place=name_of))


def _since(notes: Notes, now: datetime, *, full: bool) -> date:
    """The day (UTC) to read bookings from: whole days, none from before the books were opened; a full look goes back to
    the last one, if that is longer ago than what is read again each day."""
    opened_at = notes.opened_at or now
    since = (now - (REREAD if full else timedelta(days=1))).date()
    if full and notes.swept_on is not None:
        since = min(since, notes.swept_on)
    return max(opened_at.date(), since)


def _money(provider: Provider, since: date, now: datetime) -> tuple[AccountStatus, Seen | None]:
    for _ in range(TRIES):
        before = provider.account()
        deposits = provider.deposits()
        entries = read_entries(provider, since, now)
        after = provider.account()
        if before == after and deposits.complete and entries.complete:
            return after, Seen(now, after, deposits.items, entries.items, since)
    return after, None
