"""The simulation can fail: each bug that is planted here in the real code is caught by the seeds that its row names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

import pytest

import backorder.domain.backorder
import backorder.domain.dates
import ingestion.intake
import planning.funding.timeline
import planning.plan_submissions
import reconciliation.account.snapshot
import reconciliation.findings
import submission.claims
import submission.place
import submission.process_batch
import submission.recover
import submission.recovery_rules
from backorder.domain.backorder import Backorder
from backorder.domain.dates import DateStatement
from backorder.domain.ledger import Posting
from backorder.domain.states import State
from backorder.domain.values import BackorderKey, Call, Claim, Origin
from backorder.provider.port import AccountingEntry, Application, Listing, Provider
from backorder.store import Conflict, Store
from local.memory_store import MemoryStore
from reconciliation.books import Books
from reconciliation.findings import Examined, orders
from reconciliation.ledger import bookings, name_of
from submission.place import Orders
from submission.recovery_rules import Adopt, Conclusion
from tests.factories import changed
from tools.simulate.scenario import Wishes, draw
from tools.simulate.simulation import simulate

SEARCHED = range(1, 201)
WANTED = 3

Plant = Callable[[pytest.MonkeyPatch], None]


def forced(store: Store, changed: Backorder) -> Backorder:
    """A write without its condition."""
    current: Backorder | None = changed
    while current is not None:
        try:
            return store.replace(replace(changed, version=current.version))
        except Conflict as conflict:
            current = conflict.current
    raise AssertionError("nobody deletes a backorder")


def retry_without_asking(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask_later(self: Orders, claimed: Backorder, why: str, held: Claim, *, call: Call | None = None) -> str:
        submission.claims.settle(
            self.store, claimed, lambda current: current.release(at=self.clock(), why=why, call=call)
        )
        return "again"

    monkeypatch.setattr(Orders, "_ask_later", ask_later)


def asking_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submission.recovery_rules, "QUESTIONS", 1)


def a_claim_without_its_condition(monkeypatch: pytest.MonkeyPatch) -> None:
    def claim(store: Store, backorder: Backorder, held: Claim, *, now: datetime, why: str) -> Backorder:
        return forced(store, backorder.claim_by(held, at=now, why=why))

    for module in (submission.process_batch, submission.recover):
        monkeypatch.setattr(module, "claim", claim)


def an_outcome_written_unconditionally(monkeypatch: pytest.MonkeyPatch) -> None:
    def settle(store: Store, claimed: Backorder, change: Callable[[Backorder], Backorder]) -> Backorder:
        return forced(store, change(claimed))

    monkeypatch.setattr(submission.place, "settle", settle)


def a_lease_shorter_than_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submission.claims, "LEASE", timedelta(seconds=0.1))


def adopting_a_dead_application(monkeypatch: pytest.MonkeyPatch) -> None:
    right = submission.recovery_rules.conclude

    def conclude(claim: Claim, applications: Iterable[Application], **about: Any) -> Conclusion:
        found = list(applications)
        concluded = right(claim, found, **about)
        return concluded if isinstance(concluded, Adopt) or not found else Adopt(found[0], Origin.OURS)

    monkeypatch.setattr(submission.recover, "conclude", conclude)


def adopting_a_strangers_as_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (submission.recovery_rules, submission.place):
        monkeypatch.setattr(module, "is_ours", lambda _application, _claim: True)


def a_deadline_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    right = submission.process_batch._Work._order

    class Endless:
        """A store in which nothing has a last chance."""

        def __init__(self, store: Store) -> None:
            self._store = store

        def __getattr__(self, name: str) -> Any:
            return getattr(self._store, name)

        def get(self, key: BackorderKey) -> Backorder | None:
            found = self._store.get(key)
            return found and changed(found, last_chance=None)

    def order(self: submission.process_batch._Work, key: BackorderKey) -> str:
        if not isinstance(self.store, Endless):
            self.store = Endless(self.store)
        return right(self, key)

    monkeypatch.setattr(submission.process_batch._Work, "_order", order)
    monkeypatch.setattr(planning.plan_submissions, "chance_gone", lambda _backorder, _now: None)


def queued_with_no_way_back(monkeypatch: pytest.MonkeyPatch) -> None:
    tick = planning.plan_submissions._Tick
    monkeypatch.setattr(tick, "_still_queued", lambda _self, backorder: backorder.state is State.QUEUED)


def a_ledger_without_tax(monkeypatch: pytest.MonkeyPatch) -> None:
    right = bookings._amounts
    monkeypatch.setattr(bookings, "_amounts", lambda entry, seen: right(entry, seen)[:1])


def a_ledger_that_is_not_mended_after_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Books.__init__

    def init(self: Books, store: Store) -> None:
        right(self, store)
        self._there, self.recovers = set(), False

    monkeypatch.setattr(Books, "__init__", init)


def findings_that_never_close(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Examined, "covers", lambda _self, _finding: False)


def nobody_looks_at(what: str) -> Plant:
    def plant(monkeypatch: pytest.MonkeyPatch) -> None:
        left = tuple(each for each in orders._EXAMINATIONS if what not in each.__name__)
        assert left != orders._EXAMINATIONS
        monkeypatch.setattr(orders, "_EXAMINATIONS", left)

    return plant


def refunds_that_are_missed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciliation.reconcile, "RELEASE_LAG", timedelta(0))


def sending_what_does_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning.funding.timeline.Timeline, "has_room", lambda *_: True)


def a_refused_order_sent_again_unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Orders, "_look_first", lambda _self, _claimed: None)


def the_newest_date_whoever_says_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def decisive(statements: Iterable[DateStatement]) -> DateStatement | None:
        return max(statements, key=lambda said: said.said_at, default=None)

    monkeypatch.setattr(backorder.domain.dates, "decisive", decisive)
    monkeypatch.setattr(backorder.domain.backorder, "decisive", decisive)


def a_cancel_that_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is nothing to take back yet."""
    monkeypatch.setattr(ingestion.intake, "last_cancel", lambda _store, _domain: None)


def a_wish_that_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingestion.intake.Intake, "_wished", lambda _self, backorder, _entry: (backorder, ()))


def sums_of_what_the_ledger_did_not_take(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of the day before those that are meant are booked again and again, and counted each time."""

    def read_entries(provider: Provider, since: date, now: datetime) -> Listing[AccountingEntry]:
        listing = provider.accounting(since - timedelta(days=1), (now + timedelta(days=2)).date())
        return replace(listing, items=sorted(listing, key=name_of))

    right = MemoryStore.post

    def post(self: MemoryStore, postings: Iterable[Posting]) -> list[Posting]:
        given = list(postings)
        right(self, given)
        return given

    monkeypatch.setattr(reconciliation.account.snapshot, "read_entries", read_entries)
    monkeypatch.setattr(MemoryStore, "post", post)
    monkeypatch.setattr(Books, "mend_sums", lambda _self, _today: 0)


TWICE = Wishes(duplicates="new", answers=False, contradictions=False)
"""A second order makes a second application: the reading under which ordering twice shows."""
# And with ticks at any time and many names, for what shows only in the half minute that matters:
NO_FAULTS = Wishes(duplicates="new", storm=True, faults="none", names=40, answers=False, contradictions=False)
# With money for all of them, for what shows in one of thousands of calls:
ALL_ORDERED = replace(NO_FAULTS, ample=True, books=False)
COMES_LATE = Wishes(duplicates="new", storm=True, faults="severe,timeout_late", answers=False, contradictions=False)
ANY = Wishes(answers=False, contradictions=False)
AUCTIONS = Wishes(auctions=True, answers=False, books=False, names=3, storm=False, contradictions=False)
BOOKS = Wishes(books=True, answers=False)
LISTS = Wishes(answers=False, books=False, faults="none", storm=False, names=8, contradictions=True)
POOR = replace(LISTS, ample=False)
ODD_TWICE = Wishes(answers=True, ample=True, books=False, faults="none", duplicates="new")


@dataclass(frozen=True)
class Bug:
    """A bug, and by what it is caught."""

    plant: Plant
    wishes: Wishes
    breaks: frozenset[str]
    """The promises that it may break."""
    seeds: tuple[int, ...]
    """Of these, one at least is known to catch it; `pytest -m soak -s` on this file searches for others."""


def bug(plant: Plant, wishes: Wishes, *breaks: str, seeds: tuple[int, ...]) -> Bug:
    return Bug(plant, wishes, frozenset(breaks), seeds)


BUGS = {
    "retry without asking": bug(retry_without_asking, TWICE, "ordered_once", seeds=(7,)),
    "asking only once": bug(asking_only_once, COMES_LATE, "ordered_once", seeds=(7,)),
    "a claim without its condition": bug(a_claim_without_its_condition, TWICE, "ordered_once", "none_lost", seeds=(5,)),
    "an outcome written unconditionally": bug(
        an_outcome_written_unconditionally,
        NO_FAULTS,
        *("ordered_once", "none_lost", "no_crash", "findings_are_the_faults", "dated"),
        seeds=(15, 39),
    ),
    "a lease shorter than the call": bug(a_lease_shorter_than_the_call, ALL_ORDERED, "ordered_once", seeds=(3,)),
    "adopting a dead application": bug(adopting_a_dead_application, ANY, "none_lost", seeds=(1,)),
    "adopting a stranger's as ours": bug(adopting_a_strangers_as_ours, ANY, "nobody_elses", seeds=(5,)),
    "a deadline ignored": bug(a_deadline_ignored, ANY, "in_time", "comes_to_an_end", seeds=(4,)),
    "sending what does not fit": bug(sending_what_does_not_fit, ANY, "funded", seeds=(4,)),
    "QUEUED with no way back": bug(queued_with_no_way_back, ANY, "comes_to_an_end", "none_lost", seeds=(3,)),
    "a ledger without tax": bug(a_ledger_without_tax, BOOKS, "ledger_balances", "findings_are_the_faults", seeds=(20,)),
    "a ledger not mended after a crash": bug(
        a_ledger_that_is_not_mended_after_a_crash,
        BOOKS,
        *("ledger_balances", "findings_are_the_faults"),
        seeds=(3,),
    ),
    "sums of what the ledger did not take": bug(
        sums_of_what_the_ledger_did_not_take, ANY, "sums_equal_postings", seeds=(1,)
    ),
    "findings that never close": bug(findings_that_never_close, BOOKS, "findings_are_the_faults", seeds=(15,)),
    "charges that nobody looks at": bug(nobody_looks_at("charge"), BOOKS, "findings_are_the_faults", seeds=(12,)),
    "wrong deposits that nobody looks at": bug(
        nobody_looks_at("deposit_differs"), BOOKS, "findings_are_the_faults", seeds=(3,)
    ),
    "auctions that nobody looks at": bug(nobody_looks_at("auction"), AUCTIONS, "auctions_told", seeds=(7,)),
    "lapses that nobody looks at": bug(
        nobody_looks_at("deposit_lapsed"), BOOKS, "findings_are_the_faults", seeds=(15,)
    ),
    "a refused order sent again unseen": bug(a_refused_order_sent_again_unseen, ODD_TWICE, "ordered_once", seeds=(51,)),
    "the newest date, whoever says it": bug(the_newest_date_whoever_says_it, LISTS, "dates_ranked", seeds=(1,)),
    "a cancel that is forgotten": bug(a_cancel_that_is_forgotten, LISTS, "last_word", seeds=(2,)),
    "a wish that changes nothing": bug(a_wish_that_changes_nothing, POOR, "last_word", seeds=(4,)),
    "refunds missed at once": bug(refunds_that_are_missed_at_once, BOOKS, "findings_are_the_faults", seeds=(1,)),
}


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_caught_by_its_seeds(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = BUGS[name]
    planted.plant(monkeypatch)
    assert any(planted.breaks & simulate(draw(seed, planted.wishes)).broken.keys() for seed in planted.seeds)


CALM = sorted({(seed, planted.wishes) for planted in BUGS.values() for seed in planted.seeds}, key=str)


@pytest.mark.parametrize(("seed", "wishes"), CALM, ids=str)
def test_without_a_bug_the_same_seeds_break_no_promise(seed: int, wishes: Wishes) -> None:
    assert simulate(draw(seed, wishes)).ok


@pytest.mark.soak
@pytest.mark.parametrize("name", BUGS)
def test_a_search_for_seeds_that_catch_a_planted_bug_finds_some(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = BUGS[name]
    planted.plant(monkeypatch)
    caught = (seed for seed in SEARCHED if planted.breaks & simulate(draw(seed, planted.wishes)).broken.keys())
    seeds = list(islice(caught, WANTED))
    print(f"\n{name}: caught by the seeds {seeds}")  # noqa: T201 - for the table above
    assert seeds, f"none of {SEARCHED.stop} seeds found it"
