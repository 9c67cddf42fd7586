"""Reads the account: what changed since the last look, and once a day all of it.

Each list is read for itself: one that fails, or that has rows which make no sense, leaves the others as they are. Books
are compared only where all of the account was read while it stood still.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from backorder.domain.clock_difference import Ahead
from backorder.provider.port import (
    AccountingEntry,
    AccountStatus,
    Application,
    Command,
    Listing,
    Provider,
    UnreadRow,
    account_and_clock,
)
from backorder.runtime.clock import Clock
from reconciliation.books import Notes
from reconciliation.ledger import Seen, name_of
from reconciliation.stages import Stages

TRIES = 3
REREAD = timedelta(days=35)
"""Bookings of this long back are read again each day: late ones are found, and days are always whole."""
OVERLAP = timedelta(minutes=5)
"""Changes of the provider's last moments are read again: they are dated to the second."""


@dataclass(frozen=True, slots=True)
class Money:
    """The account and its lists. `seen` is None where it would not stand still, or one of them could not be read."""

    status: AccountStatus | None = None
    seen: Seen | None = None
    unread: tuple[UnreadRow, ...] = ()
    read: frozenset[Command] = frozenset()
    """The lists that were read to their ends."""
    ahead: Ahead | None = None
    """By how much the provider's clock is ahead of ours; None: not known."""


@dataclass(frozen=True, slots=True)
class Placed:
    """The applications of the account."""

    applications: Mapping[str, Application]
    """All of them, or those that changed, by id."""
    all_there_are: bool = False
    """What is not among `applications` is not there, unless a direct look-up says otherwise."""
    full: bool = False
    """All of them were read."""
    total: int | None = None
    """How many applications there are; None: they could not be read."""
    unread: tuple[UnreadRow, ...] = ()

    def expects(self, application_id: str) -> bool:
        """One that is not among `applications` should be: it is to be looked at directly."""
        return self.all_there_are or any(application_id in row.cells for row in self.unread)


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at the account."""

    money: Money
    placed: Placed
    due: bool = False
    """A full look was due."""

    @property
    def seen(self) -> Seen | None:
        return self.money.seen

    @property
    def status(self) -> AccountStatus | None:
        return self.money.status

    @property
    def applications(self) -> Mapping[str, Application]:
        return self.placed.applications

    @property
    def swept(self) -> bool:
        """It was a full look, and nothing moved meanwhile."""
        return self.due and self.placed.all_there_are and self.seen is not None

    @property
    def unread(self) -> tuple[UnreadRow, ...]:
        """Rows that make no sense."""
        return (*self.money.unread, *self.placed.unread)

    @property
    def read_to_the_end(self) -> frozenset[Command]:
        """The lists that were read whole: a row that is not among `unread` makes sense by now, or is gone."""
        return self.money.read | ({Command.APPLICATIONS} if self.placed.full else frozenset())

    def without_money(self) -> Reading:
        """As if the account had not stood still: nothing is compared with books that nobody knows."""
        return replace(self, money=replace(self.money, seen=None))


def read(provider: Provider, notes: Notes, clock: Clock, now: datetime, stages: Stages) -> Reading:
    """Money first, applications last: where a deposit is gone, the application already tells why.

    A full look is due once a day (UTC), and whenever the number of applications is not what it should be: then one
    vanished. Raises AccessDenied.
    """
    full = notes.swept_on is None or notes.swept_on < now.date()
    money = _money(provider, notes, clock, now, stages, full=full)
    placed = Placed({})
    with stages.stage("applications"):
        placed = _placed(provider, notes, full=full)
    return Reading(money, placed, full)


def read_entries(provider: Provider, since: date, now: datetime) -> Listing[AccountingEntry]:
    """The bookings of whole days (UTC) from `since` on, in order of their names.

    The provider's day may begin at another hour than UTC's, which is not documented: a day more is asked for at each
    end, and what is dated outside the days that are meant is dropped. So each of these is whole, wherever its own
    begins.
    """
    # Until tomorrow: the provider's clock may be ahead of ours.
    until = (now + timedelta(days=1)).date()
    listing = provider.accounting(since - timedelta(days=1), until + timedelta(days=1))
    meant = (entry for entry in listing if since <= entry.at.date() <= until)
    return replace(listing, items=sorted(meant, key=name_of))


def _placed(provider: Provider, notes: Notes, *, full: bool) -> Placed:
    if not full and notes.changed_at is not None and notes.newest_at is not None:
        recent = provider.applications_changed(notes.changed_at - OVERLAP)
        new = sum(application.created_at > notes.newest_at for application in recent)
        if recent.complete and not recent.unread and recent.total == notes.applications + new:
            return Placed(_by_id(recent), total=recent.total)
    listing = provider.applications()
    total = len(listing) + len(listing.unread)
    return Placed(_by_id(listing), listing.proves_absence, full=True, total=total, unread=listing.unread)


def _by_id(applications: Iterable[Application]) -> dict[str, Application]:
    return {application.id: application for application in applications}


def first_day(notes: Notes, now: datetime, *, full: bool) -> date:
    """Return the day (UTC) to read bookings from: whole days, none from before the books were opened.

    A full look goes back to the last one, if that is longer ago than what is read again each day; any look, to the
    first row that waits.
    """
    opened_at = notes.opened_at or now
    longest = (now - REREAD).date()
    since = longest if full else (now - timedelta(days=1)).date()
    if notes.waiting_since is not None:
        since = min(since, max(notes.waiting_since, longest))
    if full and notes.swept_on is not None:
        since = min(since, notes.swept_on)
    return max(opened_at.date(), since)


def _money(provider: Provider, notes: Notes, clock: Clock, now: datetime, stages: Stages, *, full: bool) -> Money:
    money, ahead, since = Money(), None, first_day(notes, now, full=full)
    for _ in range(TRIES):
        before = after = deposits = entries = None
        with stages.stage("account"):
            before, ahead = account_and_clock(provider, clock)
        with stages.stage("deposits"):
            deposits = provider.deposits()
        with stages.stage("entries"):
            entries = read_entries(provider, since, now)
        if before is not None:
            with stages.stage("account"):
                after = provider.account()
        lists: dict[Command, Listing[Any] | None] = {Command.DEPOSITS: deposits, Command.ENTRIES: entries}
        unread = tuple(row for rows in lists.values() if rows is not None for row in rows.unread)
        # A short look at the bookings does not say that an older row makes sense by now.
        whole = {Command.DEPOSITS, Command.ENTRIES} if full else {Command.DEPOSITS}
        read_lists = frozenset(name for name, rows in lists.items() if rows is not None and name in whole)
        money = Money(after, None, unread, read_lists, ahead)
        if after is None or deposits is None or entries is None:
            return money
        if before == after and deposits.complete and entries.complete:
            seen = Seen(
                now,
                after,
                deposits.items,
                entries.items,
                since,
                unread_deposits=deposits.unread,
                unread_entries=bool(entries.unread),
            )
            return Money(after, seen, unread, read_lists, ahead)
    return money
