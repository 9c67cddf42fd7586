"""The simulation can fail: each bug that is planted here in the real code is caught within a hundred seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

import planning.submissions
import planning.timeline
import reconciliation.findings
import submission.answers
import submission.claims
import submission.orders
import submission.questions
import submission.work
from backorder.model import Backorder, BackorderKey, Claim, Origin, State
from backorder.provider.applications import Application
from backorder.store import Conflict, Store
from local.simulation.scenario import Wishes, draw
from local.simulation.simulation import simulate
from reconciliation.books import Books
from reconciliation.findings import Examined, orders
from reconciliation.ledger import bookings
from submission.answers import Adopt, Conclusion
from submission.orders import Orders

SEEDS = 100

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
    def ask_later(self: Orders, claimed: Backorder, why: str, held: Claim, *, call: str | None = None) -> str:
        self._settle(claimed, State.SELECTED, why, call=call)
        return "again"

    monkeypatch.setattr(Orders, "_ask_later", ask_later)


def asking_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submission.answers, "QUESTIONS", 1)


def a_claim_without_its_condition(monkeypatch: pytest.MonkeyPatch) -> None:
    def claim(store: Store, backorder: Backorder, to: State, held: Claim, *, now: datetime, why: str) -> Backorder:
        return forced(store, backorder.moved(to, at=now, why=why, claim=held))

    for module in (submission.work, submission.questions):
        monkeypatch.setattr(module, "claim", claim)


def an_outcome_written_unconditionally(monkeypatch: pytest.MonkeyPatch) -> None:
    def settle(store: Store, claimed: Backorder, change: Callable[[Backorder], Backorder]) -> Backorder:
        return forced(store, change(claimed))

    monkeypatch.setattr(submission.orders, "settle", settle)


def a_lease_shorter_than_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submission.claims, "LEASE", timedelta(seconds=0.1))


def adopting_a_dead_application(monkeypatch: pytest.MonkeyPatch) -> None:
    right = submission.answers.conclude

    def conclude(claim: Claim, applications: Iterable[Application], **about: Any) -> Conclusion:
        found = list(applications)
        concluded = right(claim, found, **about)
        return concluded if isinstance(concluded, Adopt) or not found else Adopt(found[0], Origin.OURS)

    monkeypatch.setattr(submission.questions, "conclude", conclude)


def adopting_a_strangers_as_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (submission.answers, submission.orders):
        monkeypatch.setattr(module, "is_ours", lambda _application, _claim: True)


def a_deadline_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    right = submission.work._Work._order

    class Endless:
        """A store in which nothing has a last chance."""

        def __init__(self, store: Store) -> None:
            self._store = store

        def __getattr__(self, name: str) -> Any:
            return getattr(self._store, name)

        def get(self, key: BackorderKey) -> Backorder | None:
            found = self._store.get(key)
            return found and replace(found, last_chance=None)

    def order(self: submission.work._Work, key: BackorderKey) -> str:
        if not isinstance(self.store, Endless):
            self.store = Endless(self.store)
        return right(self, key)

    monkeypatch.setattr(submission.work._Work, "_order", order)
    monkeypatch.setattr(planning.submissions, "chance_gone", lambda _backorder, _now: None)


def queued_with_no_way_back(monkeypatch: pytest.MonkeyPatch) -> None:
    tick = planning.submissions._Tick
    monkeypatch.setattr(tick, "_still_queued", lambda _self, backorder: backorder.state is State.QUEUED)


def a_ledger_without_tax(monkeypatch: pytest.MonkeyPatch) -> None:
    right = bookings._amounts
    monkeypatch.setattr(bookings, "_amounts", lambda entry, seen: right(entry, seen)[:1])


def a_ledger_that_is_not_mended_after_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Books.__init__

    def init(self: Books, store: Store) -> None:
        right(self, store)
        self._there, self.recovers = {}, False

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
    monkeypatch.setattr(reconciliation.findings, "RELEASE_LAG", timedelta(0))


def sending_what_does_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning.timeline.Timeline, "has_room", lambda *_: True)


TWICE = Wishes(duplicates="new")
"""A second order makes a second application: the reading under which ordering twice shows."""
# And with ticks at any time and many names, for what shows only in the half minute that matters:
NO_FAULTS = Wishes(duplicates="new", storm=True, faults="none", names=40)
COMES_LATE = Wishes(duplicates="new", storm=True, faults="severe,timeout_late")
ANY = Wishes()
BOOKS = Wishes(books=True)

BUGS: dict[str, tuple[Plant, Wishes, set[str]]] = {
    "retry without asking": (retry_without_asking, TWICE, {"ordered_once"}),
    "asking only once": (asking_only_once, COMES_LATE, {"ordered_once"}),
    "a claim without its condition": (a_claim_without_its_condition, TWICE, {"ordered_once", "none_lost"}),
    "an outcome written unconditionally": (
        an_outcome_written_unconditionally,
        NO_FAULTS,
        {"ordered_once", "none_lost", "no_crash", "findings_are_the_faults", "dated"},
    ),
    "a lease shorter than the call": (a_lease_shorter_than_the_call, NO_FAULTS, {"ordered_once"}),
    "adopting a dead application": (adopting_a_dead_application, ANY, {"none_lost"}),
    "adopting a stranger's as ours": (adopting_a_strangers_as_ours, ANY, {"nobody_elses"}),
    "a deadline ignored": (a_deadline_ignored, ANY, {"in_time", "comes_to_an_end"}),
    "sending what does not fit": (sending_what_does_not_fit, ANY, {"funded"}),
    "QUEUED with no way back": (queued_with_no_way_back, ANY, {"comes_to_an_end", "none_lost"}),
    "a ledger without tax": (a_ledger_without_tax, BOOKS, {"ledger_equals", "findings_are_the_faults"}),
    "a ledger not mended after a crash": (
        a_ledger_that_is_not_mended_after_a_crash,
        BOOKS,
        {"ledger_equals", "ledger_balances", "findings_are_the_faults"},
    ),
    "findings that never close": (findings_that_never_close, BOOKS, {"findings_are_the_faults"}),
    "charges that nobody looks at": (nobody_looks_at("charge"), BOOKS, {"findings_are_the_faults"}),
    "wrong deposits that nobody looks at": (nobody_looks_at("deposit_differs"), BOOKS, {"findings_are_the_faults"}),
    "lapses that nobody looks at": (nobody_looks_at("deposit_lapsed"), BOOKS, {"findings_are_the_faults"}),
    "refunds missed at once": (refunds_that_are_missed_at_once, BOOKS, {"findings_are_the_faults"}),
}
"""Each with the promises that it may break."""


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_caught_within_a_hundred_seeds(
    bug: str, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    plant, wishes, promises = BUGS[bug]
    plant(monkeypatch)
    for seed in range(1, SEEDS + 1):
        if broken := set(simulate(draw(seed, wishes)).broken):
            assert broken & promises, broken
            record_property("seed", f"{seed} breaks {', '.join(sorted(broken))}")
            return
    pytest.fail(f"{bug}: none of {SEEDS} seeds found it")
