"""The use case of each hour: what became of the orders and of the money, and what needs a person."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from backorder.bookkeeping import Posting, balances
from backorder.clock import Clock
from backorder.finding import Kind
from backorder.halt import Halt, halt, halt_line
from backorder.model import PLACED, Backorder, State
from backorder.money import ZERO
from backorder.observability import logger
from backorder.provider.account import AccountStatus
from backorder.provider.applications import Application
from backorder.provider.client import Provider
from backorder.provider.errors import AccessDenied, NotFound, ProviderError
from backorder.registries import Registries
from backorder.rules import last_good_rules
from backorder.runs import Run, last_run, note_run
from backorder.standing import Standing, forecast, save_standing, standing
from backorder.store import Conflict, Store
from reconciliation import findings as find
from reconciliation import ledger
from reconciliation.books import Books, Notes, save_notes
from reconciliation.following import follow, redated, reserved, settled, vanished
from reconciliation.message import Message, compose
from reconciliation.page import PAGE, html, view
from reconciliation.reading import Reading, read
from reconciliation.report import Put, write_reports

LEASE = timedelta(minutes=12)
"""Longer than the function's time-out of ten minutes."""
REREAD = timedelta(days=35)
"""Bookings of this long back are read again each time: late ones are found, and days are always whole."""
FOLLOWED = PLACED - {State.WITHDRAWING}
"""Nothing but the provider moves these; what is being taken back belongs to the worker that asked for it."""
BOOK_KINDS = (Kind.REFUND_MISSING, Kind.CHARGE_WITHOUT_SUCCESS, Kind.UNEXPLAINED_DIFFERENCE)


@dataclass(frozen=True)
class Reconciliation:
    """What the use case works with. `publish` sends a message to the topic, `put` writes a report."""

    store: Store
    provider: Provider
    clock: Clock
    publish: Callable[[Message], None]
    put: Put
    registries: Registries


@dataclass
class Summary:
    """What a run did."""

    changed: int = 0
    dated: int = 0
    posted: int = 0
    findings_opened: int = 0
    findings_closed: int = 0
    findings_open: dict[str, int] = field(default_factory=dict)
    """By kind, after the run."""
    unexplained: str | None = None
    """What the books do not explain, as an open finding says; None where they could not be compared."""
    compared: bool = False
    halted: str | None = None
    skipped: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value is not None}


def reconcile_account(reconciliation: Reconciliation, *, holder: str) -> Summary:
    """Runs once; `holder` names this run in the lease. Reading anything twice changes nothing.

    A provider that does not answer leaves everything as it is: the next run goes on.
    """
    store, now = reconciliation.store, reconciliation.clock()
    if not store.acquire_lease("reconcile", holder, now=now, until=now + LEASE):
        return Summary(skipped="another reconciliation is under way")
    try:
        summary = _Run(reconciliation, now).run()
        note_run(store, "reconcile", Run(now, summary.as_json()))
        return summary
    finally:
        store.release_lease("reconcile", holder)


class _Run:
    def __init__(self, reconciliation: Reconciliation, now: datetime) -> None:
        self.store = reconciliation.store
        self.provider = reconciliation.provider
        self.registries = reconciliation.registries.overridden(last_good_rules(self.store).registries)
        self.publish = reconciliation.publish
        self.put = reconciliation.put
        self.now = now
        self.unsettled: list[Backorder] = []
        self.summary = Summary()

    def run(self) -> Summary:
        # Read before the provider: what the provider does not show then, it really does not know.
        before = list(self.store.open_backorders())
        books = Books.load(self.store)
        since = max(books.opened_at or self.now, self.now - REREAD).date()
        try:
            reading = read(self.provider, since=since, now=self.now)
            self._follow(before, reading, self._find_dates(before))
        except AccessDenied as error:
            halt_line(self.store, Halt("access", str(error), self.now))
            self.summary.halted = str(error)
            self._find(find.examine_line(halt(self.store)), [Kind.LINE_HALTED], currency="")
            self._write_page(books.postings, unread=str(error))
            return self.summary
        except ProviderError as error:
            logger.warning("account_unread", why=str(error))
            self.summary.skipped = str(error)
            self._write_page(books.postings, unread=str(error))
            return self.summary

        postings: Sequence[Posting] = books.postings
        after = self.unsettled
        observed = [*find.examine_line(halt(self.store)), *find.examine_funds(forecast(self.store))]
        examined = [Kind.LINE_HALTED, Kind.SHORTFALL]
        if reading.seen is not None:
            postings = self._book(books, reading.seen)
            after = self._settle(postings)
            self._remember(reading.seen, postings)
            observed += find.examine_books(postings, after, now=self.now, currency=reading.status.currency)
            examined += BOOK_KINDS
            self.summary.compared = True
        self._find(observed, examined, currency=reading.status.currency)
        self._report(after, postings, reading.status)
        return self.summary

    def _find_dates(self, backorders: Iterable[Backorder]) -> dict[str, datetime]:
        """Finalization dates of names that have no date yet, from the provider's pending-delete list."""
        undated = {b.domain: b for b in backorders if b.deadline is None and not b.state.is_final}
        if not undated:
            return {}
        listed = self.provider.pending_deletes(
            zones=sorted({b.zone for b in undated.values()}),
            labels=sorted({b.domain.removesuffix(f".{b.zone}") for b in undated.values()}),
        )
        found: dict[str, datetime] = {}
        try:
            for name in listed:
                if name.domain in undated and name.finalization_at is not None:
                    found[name.domain] = name.finalization_at
        except AccessDenied:
            raise
        except ProviderError as error:
            # States and money do not wait for dates: the next run looks again.
            logger.warning("dates_unread", why=str(error), found=len(found))
        return found

    def _follow(self, backorders: Sequence[Backorder], reading: Reading, dates: Mapping[str, datetime]) -> None:
        applications = {application.id: application for application in reading.applications}
        deposits: defaultdict[str, Decimal] | None = None
        if reading.seen is not None:
            deposits = defaultdict(Decimal)
            for deposit in reading.seen.deposits:
                if deposit.amount > 0:
                    deposits[deposit.domain] += deposit.amount
        self.unsettled = []
        live = {b.domain for b in backorders if b.application is not None and not b.state.is_final}
        for backorder in backorders:
            followed = self._followed(backorder, applications, complete=reading.applications.complete)
            if followed.finalization_at is None and (found := dates.get(backorder.domain)) is not None:
                followed = redated(followed, found, registries=self.registries)
                self.summary.dated += 1
            if deposits is not None:
                # A deposit is of the domain's live application before it is of one from an earlier cycle.
                earlier = followed.state.is_final and followed.domain in live and backorder.state.is_final
                followed = reserved(followed, {} if earlier else deposits)
            self.unsettled.append(self._write(backorder, followed))

    def _followed(self, backorder: Backorder, applications: Mapping[str, Application], *, complete: bool) -> Backorder:
        if backorder.application is None:
            return backorder
        application = applications.get(backorder.application)
        if application is None:
            if not complete or backorder.state not in FOLLOWED:
                return backorder
            try:
                application = self.provider.application(backorder.application)
            except NotFound:
                return vanished(backorder, now=self.now)
        return follow(backorder, application, now=self.now, registries=self.registries)

    def _write(self, read: Backorder, changed: Backorder) -> Backorder:
        """As it stands after the write. Where somebody was faster, theirs counts, and the next run looks again."""
        if changed is read:
            return read
        try:
            written = self.store.replace(changed)
        except Conflict as conflict:
            return conflict.current or read
        self.summary.changed += 1
        return written

    def _book(self, books: Books, seen: ledger.Seen) -> list[Posting]:
        """Posts what explains the account as it was seen; gives the whole ledger."""
        if books.opened_at is None:
            # What was booked until now is in the opening. Kept first: a crash after it opens the books anew.
            books = Books((), Notes(known=frozenset(key for key, _ in ledger.keyed(seen.entries))))
            save_notes(self.store, books.notes)
        known = books.notes.known
        postings = self._post(
            list(books.postings),
            ledger.explain(books.postings, seen, self._orders(books, seen), known=known),
        )
        missing = ledger.difference(postings, seen.status)
        if any(missing) and missing == books.notes.missing:
            postings = self._post(postings, ledger.unexplained(missing, seen))
            missing = (ZERO, ZERO)
        if missing != books.notes.missing:
            save_notes(self.store, Notes(known, missing))
        return postings

    def _post(self, postings: list[Posting], new: list[Posting]) -> list[Posting]:
        self.store.post(new)
        self.summary.posted += len(new)
        return postings + new

    def _orders(self, books: Books, seen: ledger.Seen) -> dict[str, Backorder]:
        """Our backorder of each domain that new deposits and bookings may be of."""
        orders = {backorder.domain: backorder for backorder in self.unsettled}
        posted = {posting.key for posting in books.postings} | books.notes.known
        for key, entry in ledger.keyed(seen.entries):
            domain = entry.description.lower()
            if key in posted or domain in orders or "." not in domain:
                continue
            if (backorder := self.store.latest(domain)) is not None:
                orders[domain] = backorder
        return orders

    def _settle(self, postings: Iterable[Posting]) -> list[Backorder]:
        """Closes what is final with its money in place; gives the unsettled as they stand then."""
        charges: defaultdict[str, list[datetime]] = defaultdict(list)
        for posting in postings:
            if posting.kind == "charge" and posting.domain is not None:
                charges[posting.domain].append(posting.at)
        after = []
        for backorder in self.unsettled:
            since = backorder.submitted_at
            charged = since is not None and any(at >= since for at in charges[backorder.domain])
            after.append(self._write(backorder, settled(backorder, charged=charged)))
        return after

    def _remember(self, seen: ledger.Seen, postings: Iterable[Posting]) -> None:
        """What the plans to come need to know of the account."""
        ours = {backorder.domain for backorder in self.unsettled if backorder.application is not None}
        zones = {backorder.domain: backorder.zone for backorder in self.unsettled}
        known = standing(self.store)
        last = dict(known.last_deposits)
        others = ZERO
        for deposit in sorted(seen.deposits, key=lambda d: (d.created_at, d.id)):
            if deposit.amount <= 0:
                continue
            if deposit.domain in ours:
                last[zones[deposit.domain]] = deposit.amount
            else:
                others += deposit.amount
        now = Standing(last, others, ledger.spent(postings))
        if now != known:
            save_standing(self.store, now)

    def _report(self, unsettled: Iterable[Backorder], postings: Sequence[Posting], status: AccountStatus) -> None:
        """Writes the page, and the other reports if anything changed since the last ones."""
        lists, findings = list(self.store.lists()), list(self.store.findings())
        versions = sorted((backorder.domain, backorder.cycle, backorder.version) for backorder in unsettled)
        parts = (versions, len(postings), [(f.key, f.amount, f.status) for f in findings], len(lists))
        state = {"of": hashlib.sha256(repr(parts).encode()).hexdigest()}
        backorders = self._write_page(postings, status)
        if self.store.document("reported") == state:
            return
        write_reports(
            self.put,
            lists=lists,
            backorders=backorders,
            postings=postings,
            findings=findings,
            now=self.now,
            currency=status.currency,
        )
        self.store.put_document("reported", state)

    def _write_page(
        self, postings: Sequence[Posting], status: AccountStatus | None = None, *, unread: str | None = None
    ) -> list[Backorder]:
        """Writes the page, which takes a look at the whole table; gives what it saw. Each time: it says when it was
        written, and whoever opens it must not have to wonder."""
        backorders = list(self.store.backorders())
        page = view(
            backorders=backorders,
            lists=self.store.lists(),
            postings=postings,
            held=balances(postings),
            findings=self.store.findings(),
            forecast=forecast(self.store),
            standing=standing(self.store),
            account=status,
            now=self.now,
            planned_at=planned.at if (planned := last_run(self.store, "plan")) else None,
            unread=unread,
        )
        self.put(f"latest/{PAGE}", html(page).encode(), "text/html; charset=utf-8")
        return backorders

    def _find(self, observed: Iterable[find.Observation], examined: Iterable[Kind], *, currency: str) -> None:
        """Opens, changes and closes findings. What is new is told first: a message twice is better than none."""
        known = list(self.store.findings())
        changes = find.update(known, observed, examined=examined, now=self.now, currency=currency)
        if news := find.worth_telling(changes, known):
            self.publish(compose(news))
        for finding in changes:
            self.store.save_finding(finding)
        opened = {finding.key for finding in known}
        self.summary.findings_opened = sum(finding.key not in opened for finding in changes)
        self.summary.findings_closed = sum(finding.status == "closed" for finding in changes)
        stand = [f for f in {finding.key: finding for finding in (*known, *changes)}.values() if f.status == "open"]
        self.summary.findings_open = dict(Counter(finding.kind.value for finding in stand))
        if self.summary.compared:
            amounts = (f.amount for f in stand if f.kind is Kind.UNEXPLAINED_DIFFERENCE and f.amount is not None)
            self.summary.unexplained = str(sum(map(abs, amounts), ZERO))
