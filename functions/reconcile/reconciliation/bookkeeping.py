"""Keeps the books: deposits, bookings, differences, and what they say of our orders."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from itertools import chain

from backorder.domain.backorder import Backorder
from backorder.domain.ledger import Lease, Posting
from backorder.domain.money import ZERO
from backorder.domain.states import State
from backorder.domain.values import BackorderKey
from backorder.provider.port import AccountingEntry, EntryKind
from backorder.runtime.observability import logger
from backorder.store import NotUnderstood, Store
from reconciliation import ledger
from reconciliation.books import Books
from reconciliation.ledger import Followed, Seen, Unposted
from reconciliation.open_backorders import Orders
from reconciliation.status_sync import charged, may_come_back, paid_in_the_account, reserved
from reconciliation.writers import in_lots, side_by_side

KEPT_FOR = timedelta(days=35)
"""A deposit that is gone is remembered so long: one that lapsed comes back under its id within hours."""
BY_ITSELF = timedelta(days=7)
"""A refund that took longer did not come by itself."""
_MEASURED = frozenset({State.FAILED, State.AUCTION_LOST})
"""What was taken back gets its deposit at once."""
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*(?:\.[a-z0-9][a-z0-9-]*)+")


class Unanswered(Exception):
    """What had to be known of a charge was not answered."""


def _may_be_of(entry: AccountingEntry, order: Backorder, now: datetime) -> bool:
    """What came of the order is asked about, and it was sent by then: for a week, its money waits for the answer."""
    claim = order.claim
    if order.state is not State.SUBMITTING or claim is None or now >= entry.at + ledger.CHARGE_WINDOW:
        return False
    return entry.at >= claim.first_sent_at - ledger.CLOCKS_DIFFER


class Bookkeeping:
    """One run's. `agrees` looks once more whether the bookings are what was seen: asked before a row that is gone is
    taken back. `won_by_others` looks whether somebody else's order in this account caught a domain: then the charge for
    it is not for ours, which was lost. It raises Unanswered where that cannot be asked for."""

    def __init__(
        self,
        store: Store,
        orders: Orders,
        books: Books,
        *,
        agrees: Callable[[Seen], bool],
        won_by_others: Callable[[str], bool],
    ) -> None:
        self._store = store
        self._orders = orders
        self._books = books
        self._agrees = agrees
        self._won_by_others = won_by_others
        self.waits = False
        """A charge is not booked yet, since it could not be asked for whose it is."""
        self.undecided: set[BackorderKey] = set()
        """Lost orders with charges of which the provider did not say whose they are."""
        self._left_alone: set[str] = set()

    def book(self, seen: Seen) -> Sequence[Lease]:
        """Posts what explains the account as it was seen, and tells our orders; gives the deposits that stand."""
        books = self._books
        self._left_alone = self._not_understood()
        if not books.tally.postings:
            alike = (entries for _, entries in ledger.side_by_side((), seen.entries))
            # Kept with the opening: whatever becomes of this run, the next one has something to compare with.
            books.note(replace(books.notes, opened_with=seen.status.deposit, checked=ledger.checked({}, seen)))
            books.open(ledger.opening(seen), known=(key for entries in alike for key, _ in ledger.keyed(entries)))
        followed = self._follow_deposits(seen)
        self._book_entries(seen)
        self._dispute(seen)
        self._explain_rest(seen)
        return followed.standing

    def _not_understood(self) -> set[str]:
        """Domains of which a backorder is not."""
        return {item.backorder.domain for item in self._store.set_aside() if item.backorder is not None}

    def forget(self, now: datetime) -> None:
        """Drops deposits that are gone for long."""
        leases = list(self._store.leases())
        long_gone = [lease.id for lease in leases if lease.gone_at is not None and lease.gone_at < now - KEPT_FOR]
        side_by_side(self._store.delete_lease, long_gone)

    def _follow_deposits(self, seen: Seen) -> Followed:
        opened_at = self._books.notes.opened_at or seen.at
        followed = ledger.follow_deposits(
            self._store.leases(), seen, self._orders.known_of, opened_at=opened_at, again=self._books.recovers
        )
        # First a deposit is kept, then it is posted: after a crash between the two the next run does it, also if the
        # deposit is gone by then. One that is back under its id takes the place of the one that went: it comes last.
        gone = set(followed.gone)
        if followed.released or followed.reserved:
            self._books.begin()
        self._keep(followed.gone)
        self._books.post(followed.released)
        self._keep(lease for lease in followed.changed if lease not in gone)
        self._books.post(followed.reserved)
        self._note_fees(followed.came)
        usual = self._books.notes.agreed_deposits
        elsewhere = {deposit.domain for deposit in seen.deposits if not seen.is_in_its_currency(deposit.currency)}
        for order in self._orders:
            change = partial(
                reserved,
                lease=followed.of_order.get(order.key),
                now=seen.at,
                usual=usual.get(order.zone),
                elsewhere=order.domain in elsewhere,
            )
            changed = self._orders.change(order, change)
            if changed.deposit.amount is None and order.deposit.amount is not None:
                self._note_lag(changed, seen)
        return followed

    def _keep(self, leases: Iterable[Lease]) -> None:
        side_by_side(self._store.save_lease, leases)

    def _note_fees(self, came: Iterable[Lease]) -> None:
        """A lease that is taken anew says nothing new of its zone, nor does what is left of one."""
        if self._books.recovers:
            self._note_fees_again()
            return
        for lease in came:
            order = self._orders.of_lease(lease)
            if order is not None and order.deposit.missing_since is None and lease.time == 1:
                self._books.note(self._books.notes.with_fee(order.zone, lease.amount))

    def _note_fees_again(self) -> None:
        """What a run that died had kept as a lease, it may not have noted: amounts that are noted less often than the
        open orders have had them."""
        notes = self._books.notes
        noted = {zone: Counter(amounts) for zone, amounts in notes.deposits.items()}
        counted: set[BackorderKey] = set()
        for lease in sorted(self._store.leases(), key=lambda lease: (lease.created_at, lease.id)):
            order = self._orders.of_lease(lease)
            if order is None or not order.is_open or order.key in counted:
                continue
            counted.add(order.key)  # of each order, the first one
            known = noted.setdefault(order.zone, Counter())
            known[lease.amount] -= 1
            if known[lease.amount] < 0:
                notes = notes.with_fee(order.zone, lease.amount)
        self._books.note(notes)

    def _note_lag(self, order: Backorder, seen: Seen) -> None:
        """How long a refund took. One that somebody had to ask for is no measure."""
        if order.state in _MEASURED and order.outcome_at is not None:
            lag = seen.at - order.outcome_at
            if lag <= BY_ITSELF:
                self._books.note(self._books.notes.with_lag(lag))

    def _book_entries(self, seen: Seen) -> None:
        reversals: list[Posting] = []
        withdrawn: set[str] = set()
        domains: set[str] = set()
        """Of the orders that those were charged for."""
        unposted: dict[str, Unposted] = {}
        known = self._books.history(seen.since)
        for rows in ledger.side_by_side(self._books.rows(seen.since), seen.entries):
            compared = ledger.compare(*rows, seen, known=known, again=self._books.recovers)
            if compared.reversals and seen.unread_entries:
                continue  # it may be the row that makes no sense
            reversals += compared.reversals
            if compared.withdrawn:
                withdrawn |= compared.withdrawn
                domains |= {posting.domain for posting in rows[0] if posting.domain is not None}
            unposted.update((each.row.key, each) for each in compared.unposted)
        if reversals and not self._agrees(seen):
            logger.warning("bookings_moved", rows=len(reversals))
            return
        orders: dict[str, list[Backorder]] = {}
        for domain in sorted(domains):
            with suppress(NotUnderstood):
                orders[domain] = list(self._orders.of_domain(domain))
        # The money of an order that is not understood waits until it is.
        self._books.post(posting for posting in reversals if posting.domain is None or posting.domain in orders)
        for order in chain.from_iterable(orders.values()):
            self._orders.change(order, partial(charged, charges=(), withdrawn=frozenset(withdrawn)))
        waiting: list[date] = []
        for some in in_lots(sorted(unposted.values(), key=lambda each: each.place)):
            waiting += self._book(some, seen)
        self._books.note(replace(self._books.notes, waiting_since=min(waiting, default=None)))

    def _book(self, unposted: Sequence[Unposted], seen: Seen) -> list[date]:
        """Book what is new, and return the days (UTC) of the rows that wait."""
        books = self._books
        order_of: dict[AccountingEntry, Backorder | None] = {}
        for each in unposted:
            with suppress(NotUnderstood), self._or_wait():  # its money waits until it is
                order_of[each.entry] = self._order_of(each.entry, seen.at)
        understood = [each for each in unposted if each.entry in order_of]
        booked = ledger.book(understood, seen, order_of.__getitem__)
        books.post(booked.postings)
        for entry, order in order_of.items():
            if order is not None and entry.kind is EntryKind.AUCTION and entry.gross < ZERO:
                self._orders.change(order, paid_in_the_account)
        for key, charges in booked.charges.items():
            order = self._orders.get(key)
            if order is None:
                continue
            order = self._orders.change(order, partial(charged, charges=charges))
            if order.state.is_won and charges[0].gross > 0:
                books.note(books.notes.with_charge(order.zone, charges[0].gross, reserved=order.deposit.last))
        return [each.entry.at.date() for each in unposted if each.entry not in order_of]

    def _order_of(self, entry: AccountingEntry, now: datetime) -> Backorder | None:
        """Our backorder that an entry may be of: of the domain that it names anywhere, the newest cycle that was at the
        provider by then. Raises Unanswered while one is asked about whose order may have been placed."""
        for name in dict.fromkeys(_NAME.findall(f"{entry.description} {entry.reference}".lower())):
            # The table is asked only where it is none that this run knows; but a newer one may be among what is not
            # understood.
            known = () if name in self._left_alone else self._orders.known_of(name)
            for order in chain(known, self._orders.of_domain(name)):
                if order.submitted_at is not None and order.submitted_at <= entry.at:
                    return None if order.state.is_lost and self._won_by_others(name) else order
                if _may_be_of(entry, order, now):
                    raise Unanswered(name)
        return None

    def _dispute(self, seen: Seen) -> None:
        for order in self._orders:
            if may_come_back(order, seen.at):
                continue
            disputed, postings = ledger.dispute(order, seen)
            if not postings:
                continue
            self.undecided.add(order.key)
            with self._or_wait():
                change = partial(charged, charges=disputed.charges)
                if self._won_by_others(order.domain):
                    change = partial(charged, charges=(), withdrawn=frozenset(one.key for one in order.charges))
                self._books.post(postings)
                self._orders.change(order, change)
                self.undecided.remove(order.key)

    @contextmanager
    def _or_wait(self) -> Iterator[None]:
        """Whose a charge is could not be asked for: it waits for the next run, and is no difference meanwhile."""
        try:
            yield
        except Unanswered:
            self.waits = True

    def _read_amount(self, seen: Seen) -> None:
        """Learns from the account's own numbers whether AMOUNT has what is reserved in it."""
        books, now = self._books, ledger.checked(self._books.tally.balances, seen)
        notes = replace(books.notes, checked=now)
        if books.notes.checked is not None:
            notes = notes.with_reading(ledger.excludes_deposits(books.notes.checked, now))
        if notes.excludes_deposits and notes.opened_with > 0:
            # Kept before it is posted: after a crash nothing else may tell why the ledger has it.
            books.keep_reading(notes)
            books.post([ledger.opening_of_deposits(notes.opened_with, seen)])
            notes = replace(notes, opened_with=ZERO, tally=books.tally)
        books.note(notes)

    def _explain_rest(self, seen: Seen) -> None:
        books = self._books
        if not seen.is_whole or self.waits or self._not_understood():
            # What waits for it is no difference, and nobody knows how much that is.
            books.note(replace(books.notes, missing=(ZERO, ZERO)))
            return
        self._read_amount(seen)
        seen = seen.with_deposits(excluded=books.notes.excludes_deposits)
        missing = ledger.difference(books.tally.balances, seen)
        if any(missing) and missing == books.notes.missing:
            books.post(ledger.unexplained(missing, seen))
            missing = (ZERO, ZERO)
        books.note(replace(books.notes, missing=missing))
