"""What is kept of each stage's last success, and when it is too old."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorder.documents.successes import EXPECTATIONS, Stage, Successes, ages, note_success, successes
from local.memory_store import MemoryStore
from tests.factories import NOW

MINUTE = timedelta(minutes=1)


def test_an_age_counts_from_the_last_success_and_before_the_first_from_when_it_was_expected() -> None:
    store = MemoryStore()
    assert ages(store, [Stage.PLAN, Stage.BOOKS], NOW) == {Stage.PLAN: timedelta(), Stage.BOOKS: timedelta()}
    note_success(store, NOW + 5 * MINUTE, Stage.PLAN)

    assert ages(store, [Stage.PLAN, Stage.BOOKS], NOW + 7 * MINUTE) == {
        Stage.PLAN: 2 * MINUTE,
        Stage.BOOKS: 7 * MINUTE,
    }


def test_a_stage_that_is_switched_on_later_is_not_late_at_once() -> None:
    store = MemoryStore()
    note_success(store, NOW, Stage.LISTS)
    ages(store, [Stage.PLAN, Stage.LISTS], NOW)
    off, on = NOW + timedelta(days=10), NOW + timedelta(days=30)

    assert Stage.LISTS not in ages(store, [Stage.PLAN], off)
    assert successes(store).age(Stage.LISTS, off) is None
    assert ages(store, [Stage.PLAN, Stage.LISTS], on)[Stage.LISTS] == timedelta()
    assert successes(store).at[Stage.LISTS] == NOW


def test_a_success_that_is_noted_late_hides_no_later_one() -> None:
    store = MemoryStore()
    note_success(store, NOW, Stage.PLAN)
    note_success(store, NOW - MINUTE, Stage.PLAN)

    assert successes(store).at[Stage.PLAN] == NOW


def test_functions_that_note_at_the_same_time_lose_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()
    swap = store.swap_document
    pending = [Stage.BOOKS, Stage.REPORTS]

    def swap_after_another(*args: object) -> bool:
        if pending:
            note_success(store, NOW, pending.pop())
        return swap(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "swap_document", swap_after_another)
    note_success(store, NOW, Stage.PLAN)

    assert set(successes(store).at) == {Stage.PLAN, Stage.BOOKS, Stage.REPORTS}


@given(st.sampled_from(Stage), st.timedeltas(timedelta(), timedelta(days=3)))
def test_overdue_is_what_is_older_than_its_patience(stage: Stage, age: timedelta) -> None:
    known = Successes(at={stage: NOW}, expected_since={stage: NOW})

    assert known.overdue(NOW + age) == ({stage: age} if age > EXPECTATIONS[stage].patience else {})


@pytest.mark.parametrize(
    ("stage", "patience"),
    [
        (Stage.PLAN, timedelta(minutes=15)),
        (Stage.ACCOUNT, timedelta(minutes=30)),
        (Stage.APPLICATIONS, timedelta(hours=3)),
        (Stage.BOOKS, timedelta(hours=6)),
        (Stage.REPORTS, timedelta(hours=3)),
        (Stage.LISTS, timedelta(hours=26)),
    ],
)
def test_each_stage_is_overdue_after_its_own_time(stage: Stage, patience: timedelta) -> None:
    known = Successes(at={stage: NOW}, expected_since={stage: NOW})

    assert known.overdue(NOW + patience) == {}
    late = patience + timedelta(seconds=1)
    assert known.overdue(NOW + late) == {stage: late}


def test_a_stage_is_told_by_what_it_does() -> None:
    assert EXPECTATIONS[Stage.PLAN].succeeded == "orders planned"
    assert EXPECTATIONS[Stage.LISTS].failed == "provider's list not fetched"


def test_what_is_known_already_is_not_written_again(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()
    note_success(store, NOW, Stage.PLAN)
    monkeypatch.setattr(store, "swap_document", lambda *_: pytest.fail("it is there"))

    note_success(store, NOW, Stage.PLAN)


def test_nothing_is_overdue_that_nobody_expects() -> None:
    assert not Successes(at={Stage.LISTS: NOW}).overdue(NOW + timedelta(days=400))
