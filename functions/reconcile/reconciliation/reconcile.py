"""The use case of each hour: what became of the orders and of the money, and what needs a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import starmap, zip_longest
from operator import eq
from typing import Any

from backorder.documents.account_outlook import FORECAST, Standing, forecast, save_standing, standing
from backorder.documents.halt import HALT, ZONE_HALTS, Halt, halt, halt_line, zone_halts
from backorder.documents.listeners import note_unheard
from backorder.documents.misplaced import MISPLACED, misplaced_lists
from backorder.documents.runs import Run, note_run
from backorder.documents.successes import Stage, note_success, successes
from backorder.documents.unread import UNREAD_OBJECTS, unread_objects
from backorder.domain.backorder import Backorder
from backorder.domain.clock_difference import Ahead
from backorder.domain.dates import DateSource
from backorder.domain.findings import Kind
from backorder.domain.ledger import Account, Lease
from backorder.domain.money import ZERO, in_words
from backorder.domain.registries import Registries
from backorder.domain.reservation import RELEASE_LAG
from backorder.domain.states import State
from backorder.domain.values import BackorderKey
from backorder.provider.port import WON, AccessDenied, AccountStatus, Application, Command, NotFound, Provider
from backorder.rules import RULES_DOCUMENTS, RulesOutdated, broken_rules, last_good_rules
from backorder.runtime.clock import Clock, iso
from backorder.runtime.observability import logger
from backorder.store import NotUnderstood, Store
from backorder.store.documents import Documents, read_together
from reconciliation import findings as find
from reconciliation.account.foreign import KINDS as STRANGER_KINDS
from reconciliation.account.foreign import Strangers, find_strangers, foreign_orders, judge_deposits, watched
from reconciliation.account.lookups import each_alone, look_up
from reconciliation.account.obligations import look_ahead
from reconciliation.account.snapshot import Reading, read, read_entries
from reconciliation.alert import Message, compose
from reconciliation.aside import keep_set_aside, recall_set_aside
from reconciliation.bookkeeping import Bookkeeping, Unanswered
from reconciliation.books import Books
from reconciliation.dating import to_look_up_date
from reconciliation.ledger import Seen
from reconciliation.open_backorders import Orders
from reconciliation.proving import note_gap, prove_past
from reconciliation.report import Put, Reports
from reconciliation.stages import Stages
from reconciliation.status_sync import (
    follow,
    given_up,
    is_old,
    looked_in_vain,
    redated,
    seen_in_a_list,
    settled,
    to_look_at,
)
from reconciliation.writers import side_by_side

_DATES = "dates"
"""The document that says when names were looked up in the provider's list last."""
# The documents in which findings are found.
_FOUND_IN = (HALT.name, ZONE_HALTS.name, FORECAST.name, UNREAD_OBJECTS.name, *RULES_DOCUMENTS, MISPLACED)
LEASE = timedelta(minutes=12)
"""Outlasts the function: no other reconciliation runs meanwhile."""


@dataclass(frozen=True)
class Reconciliation:
    """What the use case works with. `publish` sends a message to the topic, `put` writes a report."""

    store: Store
    provider: Provider
    clock: Clock
    publish: Callable[[Message], None]
    put: Put
    report_link: str
    """Where a person finds the report."""
    registries: Registries
    look_who_listens: Callable[[], str | None] = lambda: None
    """Says why the address for alerts gets no mail; None if it does."""


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
    swept: bool = False
    """It was a full look at the account."""
    sums_mended: int | None = None
    """Sums of the ledger that were not those of its postings; None: all that were looked at were right."""
    halted: str | None = None
    skipped: str | None = None
    failed: dict[str, str] = field(default_factory=dict)
    """Stages that the provider did not answer, or refused, each with why."""
    unheard: str | None = None
    """Why the address for alerts gets no mail; None if it does."""
    not_understood: int | None = None
    """Items of the table that this version does not understand."""

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
        store.forget_set_aside()
        run = _Run(reconciliation, now)
        run.summary.unheard = reconciliation.look_who_listens()
        note_unheard(store, run.summary.unheard)
        recall_set_aside(store)
        summary = run.run()
        summary.not_understood = keep_set_aside(store)
        note_run(store, "reconcile", Run(now, summary.as_json()))
        return summary
    finally:
        store.release_lease("reconcile", holder)


def _registries(registries: Registries, documents: Documents) -> Registries:
    """With the user's own times; without them while the rules in use are not understood, which plan tells."""
    try:
        return registries.overridden(last_good_rules(documents).registries)
    except RulesOutdated as error:
        logger.error("rules_not_understood", why=str(error))
        return registries


class _Run:
    def __init__(self, reconciliation: Reconciliation, now: datetime) -> None:
        self.store = reconciliation.store
        self.documents = read_together(self.store, (*RULES_DOCUMENTS, _DATES))
        self.registries = _registries(reconciliation.registries, self.documents)
        self.publish = reconciliation.publish
        self.put = reconciliation.put
        self.report_link = reconciliation.report_link
        self.now = now
        self.summary = Summary()
        self.stages = Stages(self.summary.failed)
        self.provider = reconciliation.provider.within(self.stages.refusal)
        self.status: AccountStatus | None = None
        self.proved = False
        # Orders with charges of which the provider did not say whose they are.
        self.undecided: Collection[BackorderKey] = ()
        self.clock = reconciliation.clock
        self.ahead: Ahead | None = None
        # Read before the provider: what the provider does not show then, it really does not know.
        self.orders = Orders(self.store)
        self.books = Books(self.store)
        # Nobody but this run, which holds the lease, changes them.
        self.known_findings = list(self.store.open_findings())

    def run(self) -> Summary:
        try:
            reading = read(self.provider, self.books.notes, self.clock, self.now, self.stages)
            self.status, self.ahead = reading.status, reading.money.ahead
            if reading.seen is not None and not self.books.are_understood(reading.seen.since):
                reading = reading.without_money()
            with self.stages.stage("applications"):
                self._follow(reading)
            with self.stages.stage("dates"):
                self._date()
            with self.stages.stage("stale"):
                self._give_up()
            if reading.due and reading.seen is not None:
                self.summary.sums_mended = self.books.mend_sums(self.now.date()) or None
            leases = self._book(reading)
            look_up(self.provider, self.orders, self.registries, self.now, self.stages)
            self.orders.write()
            known = standing(self.store)
            strangers = find_strangers(reading, self.orders, watched(known.foreign, self.known_findings))
            self._remember(known, reading, strangers, leases)
            self._prove()
        except AccessDenied as error:
            halt_line(self.store, Halt("access", str(error), self.now))
            self.summary.halted = str(error)
            halts = find.examine_line(halt(self.store), zone_halts(self.store))
            self._conclude(halts, find.Examined([Kind.LINE_HALTED]))
            return self.summary
        # Only now: whatever breaks a run off before it leaves the books to be added up anew.
        self.books.close(self.now, whole=self.summary.compared)
        self.summary.posted = self.books.posted
        followed, compared = "applications" not in self.stages.failed, self.summary.compared
        note_success(self.store, self.now, *[Stage.APPLICATIONS] * followed, *[Stage.BOOKS] * compared)
        self._find(reading, strangers, leases)
        # Last: what is settled is looked at no longer, unless it has a finding by now.
        self._settle(reading)
        return self.summary

    # States

    def _follow(self, reading: Reading) -> None:
        """Each order as its application stands; one that was not read is looked at, and set aside where that fails."""
        looks: list[Backorder] = []
        for order in self.orders:
            application = reading.applications.get(order.application_id or "")
            if application is not None and not self._has_a_successor(order):
                self._followed(order, application)
            elif order.application_id is not None and self._is_to_look_at(order, reading):
                looks.append(order)
        each_alone(looks, self._look, self.orders, self.now)

    def _followed(self, order: Backorder, application: Application) -> None:
        if is_old(order, application):
            logger.warning("status_ignored", domain=order.domain, state=order.state, status=application.status_text)
        self.orders.change(
            order,
            lambda current: follow(seen_in_a_list(current), application, now=self.now, registries=self.registries),
        )

    def _is_to_look_at(self, order: Backorder, reading: Reading) -> bool:
        application = order.application_id or ""
        expected = reading.placed.expects(application) or (reading.placed.total is not None and self._is_new(order))
        return to_look_at(order, now=self.now, expected=expected) and not self._has_a_successor(order)

    def _has_a_successor(self, order: Backorder) -> bool:
        """Its name was wanted anew after the provider did not know it any more: then the application is another's."""
        if order.state is not State.VANISHED:
            return False
        try:
            latest = self.store.latest(order.domain)
        except NotUnderstood:
            return True  # for all that is known
        return latest is not None and latest.cycle > order.cycle

    def _is_new(self, order: Backorder) -> bool:
        """It was placed since the last look, so that it should be among what changed since."""
        changed_at = self.books.notes.changed_at
        return changed_at is not None and order.submitted_at is not None and order.submitted_at > changed_at

    def _look(self, order: Backorder) -> None:
        """A list may miss what is there; a direct look-up does not."""
        try:
            application = self.provider.application(order.application_id or "")
        except NotFound as error:
            self.orders.change(order, partial(looked_in_vain, error=error, now=self.now))
        else:
            self._followed(order, application)

    def _date(self) -> None:
        """Look up finalization dates in the provider's pending-delete list, of names whose date it has not said yet."""
        asked = self.documents.document(_DATES)
        last_at = None if asked is None else datetime.fromisoformat(asked["asked_at"])
        daily = last_at is None or last_at.date() < self.now.date()
        zones: set[str] = set()
        labels: set[str] = set()
        wanted: dict[str, BackorderKey] = {}
        for order in self.orders:
            is_due = daily or (last_at is not None and order.created_at >= last_at)
            if to_look_up_date(order, now=self.now, daily=is_due, registries=self.registries):
                zones.add(order.zone)
                labels.add(order.domain.removesuffix(f".{order.zone}"))
                wanted[order.domain] = order.key
        if wanted:
            for name in self.provider.pending_deletes(zones=sorted(zones), labels=labels):
                key = wanted.get(name.domain)
                found = None if key is None else self.orders.get(key)
                if found is not None and name.finalization_at is not None:
                    self._listed(found, name.finalization_at)
        self.store.put_document(_DATES, {"asked_at": iso(self.now)})

    def _listed(self, order: Backorder, finalization_at: datetime) -> None:
        """An order as the provider's list dates it."""
        change = partial(
            redated,
            finalization_at=finalization_at,
            source=DateSource.PROVIDER,
            now=self.now,
            registries=self.registries,
        )
        self.summary.dated += self.orders.change(order, change) is not order

    def _give_up(self) -> None:
        """Take back what should have dropped two days ago. Dates may be wrong: so first the application itself is read,
        and the name has been looked up in the provider's list."""
        if "dates" not in self.summary.failed:
            late = [order for order in self.orders if given_up(order, now=self.now) is not order]
            each_alone(late, self._give_up_one, self.orders, self.now)

    def _give_up_one(self, order: Backorder) -> None:
        self._look(order)
        looked_at = self.orders.get(order.key)
        if looked_at is not None and looked_at.refused_look is None:
            self.orders.change(looked_at, partial(given_up, now=self.now))

    # Money

    def _book(self, reading: Reading) -> Sequence[Lease]:
        """The deposits that stand, whosever they are; what the books knew where the account did not stand still."""
        if reading.seen is None:
            return [lease for lease in self.store.leases() if lease.gone_at is None]
        bookkeeping = Bookkeeping(
            self.store, self.orders, self.books, agrees=self._agrees, won_by_others=self._won_by_others
        )
        seen = reading.seen
        if Command.ENTRIES not in reading.read_to_the_end and self._has_unread_entries():
            # Of a day that this run did not read: what is missing for it is no difference yet.
            seen = replace(seen, unread_entries=True)
        standing = bookkeeping.book(seen)
        self.undecided = bookkeeping.undecided
        if reading.swept:
            bookkeeping.forget(self.now)
        self.summary.compared = seen.is_whole and not bookkeeping.waits
        if self.summary.compared:
            note_gap(self.books, successes(self.store).at.get(Stage.BOOKS), self.now)
        with self.stages.stage("strangers"):
            return judge_deposits(
                standing,
                provider=self.provider,
                orders=self.orders,
                store=self.store,
                now=self.now,
                release_lag=self.release_lag,
            )
        return standing

    def _has_unread_entries(self) -> bool:
        """Tell whether a row of the provider's bookings is set aside, as far as is known."""
        unread = (finding.subject for finding in self.known_findings if finding.kind is Kind.ROW_UNREAD)
        return any(subject.partition(" ")[0] == Command.ENTRIES for subject in unread)

    @property
    def release_lag(self) -> timedelta:
        """How long a deposit that is of no use any more may take to come back."""
        return self.books.notes.release_lag or RELEASE_LAG

    def _settle(self, reading: Reading) -> None:
        if reading.seen is not None:
            for order in self.orders:
                if order.key not in self.undecided:
                    self.orders.change(order, partial(settled, now=self.now))
            self.orders.write()
            self.summary.changed = self.orders.changed

    def _agrees(self, seen: Seen) -> bool:
        with self.stages.stage("entries"):
            again = read_entries(self.provider, seen.since, self.now)
            return again.complete and all(starmap(eq, zip_longest(again, seen.entries)))
        return False

    def _won_by_others(self, domain: str) -> bool:
        with self.stages.stage("strangers"):
            found = self.provider.applications(domains=[domain])
            return any(each.status in WON and not self.orders.knows(each.id) for each in found)
        raise Unanswered(domain)

    def _remember(self, known: Standing, reading: Reading, strangers: Strangers, leases: Iterable[Lease]) -> None:
        """What the next run, and the plans to come, need to know of the account."""
        notes = self.books.notes
        changed_at, newest_at = _latest(reading.applications.values(), notes.changed_at, notes.newest_at)
        standing_leases = list(leases)
        self.books.note(
            replace(
                notes,
                swept_on=self.now.date() if reading.swept else notes.swept_on,
                applications=notes.applications if reading.placed.total is None else reading.placed.total,
                changed_at=changed_at,
                newest_at=newest_at,
                currency=notes.currency if reading.status is None else reading.status.currency,
            )
        )
        self.summary.swept = reading.swept
        ahead = look_ahead(self.provider, known, self.now, self.stages, prices_too=reading.swept)
        now = Standing(
            last_deposits=notes.expected_deposits,
            others=known.others
            if reading.seen is None
            else sum((lease.amount for lease in standing_leases if lease.cycle is None), ZERO),
            excludes_deposits=notes.excludes_deposits,
            deposit=known.deposit if reading.seen is None else reading.seen.status.deposit,
            credits=known.credits if reading.seen is None else reading.seen.reserved - reading.seen.status.deposit,
            spent=self.books.tally.spent,
            release_lag=notes.release_lag,
            foreign=foreign_orders(known.foreign, strangers, standing_leases),
            renewals=ahead.renewals,
            prices=ahead.prices,
        )
        if now != known:
            save_standing(self.store, now)

    def _prove(self) -> None:
        """Only books that explain the account today are compared with its past."""
        notes = self.books.notes
        if self.summary.compared and not any(notes.missing):
            self.proved = prove_past(self.provider, self.books, self.now, notes.currency, self.stages)

    # What needs a person

    def _find(self, reading: Reading, strangers: Strangers, leases: Sequence[Lease]) -> None:
        currency = self.books.notes.currency
        zones = find.registry_evidence(self.orders, self.registries)
        # One that is settled is looked at as long as it has findings.
        about = {f.key: find.order_of(f) for f in self.known_findings if f.kind in find.ORDER_KINDS}
        lost = self.orders.read(filter(None, about.values()))
        left_alone = [
            find.as_before(finding)
            for finding in self.known_findings
            if about.get(finding.key) in lost
            or (finding.kind is Kind.CHARGE_WITHOUT_SUCCESS and about.get(finding.key) in self.undecided)
        ]
        lag, notes = self.release_lag, self.books.notes
        circumstances = find.Circumstances(
            self.now, currency, lag, notes.usual_deposits, notes.opened_at, undecided=self.undecided
        )
        documents = read_together(self.store, _FOUND_IN)
        observed = [
            *find.examine_line(halt(documents), zone_halts(documents)),
            *find.examine_funds(forecast(documents)),
            *find.examine_items(self.store.set_aside()),
            *find.examine_objects(
                unread_objects(documents), broken_rules(documents), misplaced_lists(documents, self.now)
            ),
            *find.examine_strangers(strangers.live),
            *find.examine_registries(zones),
            *find.examine_rows(reading.unread),
            *(each for order in self.orders for each in find.examine_order(order, circumstances)),
            *left_alone,
        ]
        seen = reading.seen is not None
        kinds = {Kind.LINE_HALTED, *find.OBJECT_KINDS, *find.ORDER_KINDS} - (set() if seen else find.MONEY_KINDS)
        kinds.add(Kind.ITEM_NOT_UNDERSTOOD)
        if seen:
            kinds.add(Kind.DEPOSIT_ORPHAN)
            observed += find.examine_orphans(leases, now=self.now, release_lag=lag)
        if self.summary.compared:
            kinds.add(Kind.UNEXPLAINED_DIFFERENCE)
            unexplained = -self.books.tally.balances.get(Account.UNEXPLAINED, ZERO)
            explained = sum((lease.amount for lease in leases), ZERO)
            observed += find.examine_unexplained(
                unexplained,
                currency=currency,
                reserved=self.books.tally.balances.get(Account.RESERVED, ZERO) - explained,
                elsewhere=_elsewhere(reading),
            )
            self.summary.unexplained = str(abs(unexplained))
        if self.proved:
            kinds.add(Kind.BALANCE_DIFFERS_ON)
            observed += find.examine_past(notes.differs, currency=currency)
        looked_at = {*kinds, *STRANGER_KINDS, Kind.ROW_UNREAD, Kind.REGISTRY_CONTRADICTED}
        subjects = {
            # A zone of which the provider has dated nothing now is as it was.
            Kind.REGISTRY_CONTRADICTED: [find.registry_subject(zone) for zone in zones],
            **strangers.examined(self.known_findings),
            Kind.ROW_UNREAD: [
                finding.subject
                for finding in self.known_findings
                if finding.kind is Kind.ROW_UNREAD and finding.subject.partition(" ")[0] in reading.read_to_the_end
            ],
        }
        self._conclude([each for each in observed if each.kind in looked_at], find.Examined(kinds, subjects))

    def _conclude(self, observed: Iterable[find.Observation], examined: find.Examined) -> None:
        """Writes the reports, tells what is new, and keeps the findings: after the message, for a message twice is
        better than none, and after the reports, for a topic that fails must not stop them."""
        self.orders.write()  # what a provider that failed left half done
        known = self.known_findings
        currency = self.books.notes.currency
        changes = find.update(known, observed, examined=examined, now=self.now, currency=currency)
        self.summary.changed = self.orders.changed
        self.summary.findings_opened = len({f.key for f in changes} - {f.key for f in known})
        self.summary.findings_closed = sum(finding.status == "closed" for finding in changes)
        stand = {finding.key: finding for finding in (*known, *changes)}.values()
        self.summary.findings_open = dict(Counter(f.kind.value for f in stand if f.status == "open"))
        try:
            reports = Reports(self.store, self.put, self.books, self.now)
            status = self.status and self.status.with_deposits(excluded=self.books.notes.excludes_deposits)
            unread = self.summary.halted or self.stages.account_unread
            reports.write(self.orders, changes, status, unread=unread, ahead=self.ahead)
            note_success(self.store, self.now, Stage.REPORTS)
        finally:
            # Reports that cannot be written are no reason not to tell.
            if news := find.worth_telling(changes, known):
                self.publish(compose(news, report=self.report_link))
            side_by_side(self.store.save_finding, changes)


def _latest(
    applications: Iterable[Application], changed_at: datetime | None, newest_at: datetime | None
) -> tuple[datetime | None, datetime | None]:
    """When the last of them, or those before, changed, and was created."""
    for application in applications:
        changed_at = max(application.updated_at, changed_at or application.updated_at)
        newest_at = max(application.created_at, newest_at or application.created_at)
    return changed_at, newest_at


def _elsewhere(reading: Reading) -> str:
    """Bookings and deposits in another currency than the account's."""
    seen = reading.seen
    if seen is None:
        return ""
    rows = [
        *((entry.gross, entry.currency, entry.description) for entry in seen.entries),
        *((deposit.amount, deposit.currency, deposit.domain) for deposit in seen.deposits),
    ]
    found = [f"{in_words(amount, of)} for {what}" for amount, of, what in rows if not seen.is_in_its_currency(of)]
    return ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
