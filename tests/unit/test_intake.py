"""An entry meets what the store has of its domain."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from backorder.domains import parse_domain
from backorder.model import Backorder, State
from backorder.registries import Registries
from backorder.store.memory import MemoryStore
from ingestion.intake import Intake, Outcome
from ingestion.reading import Entry
from tests.factories import NOW

JOHN = Entry(line=1, domain=parse_domain("john.com"))


def an_intake(store: MemoryStore, *, uploaded: timedelta = timedelta(0)) -> Intake:
    return Intake(store, Registries.load(), lambda: NOW, "wanted/list.txt", f"v{uploaded}", NOW + uploaded)


def test_a_cancel_that_is_older_than_the_wish_cancels_nothing() -> None:
    """Events come late and out of order: what counts is when the lists were uploaded."""
    store = MemoryStore()
    assert an_intake(store).want(JOHN).outcome is Outcome.ACCEPTED
    assert an_intake(store, uploaded=-timedelta(hours=1)).cancel(JOHN).outcome is Outcome.NOT_SELECTED
    assert [backorder.state for backorder in store.backorders()] == [State.SELECTED]


def test_a_cancel_that_is_newer_than_the_wish_holds() -> None:
    store = MemoryStore()
    assert an_intake(store).want(JOHN).outcome is Outcome.ACCEPTED
    assert an_intake(store, uploaded=timedelta(hours=1)).cancel(JOHN).outcome is Outcome.ACCEPTED
    assert [backorder.state for backorder in store.backorders()] == [State.CANCELLED]


HOUR = timedelta(hours=1)
DATED = JOHN._replace(drop_day=(NOW + timedelta(days=5)).date())
LATER = JOHN._replace(drop_day=(NOW + timedelta(days=6)).date())


def only(store: MemoryStore) -> Backorder:
    [backorder] = store.backorders()
    return backorder


@pytest.mark.parametrize("state", [State.SELECTED, State.REQUESTED])
def test_a_deletion_list_that_dates_a_wish_anew_does_not_outdate_a_persons_cancel(state: State) -> None:
    """What counts is when a person last spoke of the name, not when a list last dated it."""
    store = MemoryStore()
    an_intake(store).want(DATED)
    store.replace(replace(only(store), state=state))
    assert an_intake(store, uploaded=2 * HOUR).leave_out(LATER, "zones").changed == "drop moved"
    assert an_intake(store, uploaded=HOUR).cancel(JOHN).outcome is Outcome.ACCEPTED
    assert only(store).state is State.CANCELLED or only(store).cancel_requested


def test_a_wish_that_is_older_than_the_cancel_lifts_nothing_whatever_lists_came_before() -> None:
    store = MemoryStore()
    an_intake(store).want(DATED)
    store.replace(replace(only(store), state=State.REQUESTED))
    an_intake(store, uploaded=2 * HOUR).cancel(JOHN)
    assert an_intake(store, uploaded=HOUR).want(LATER).outcome is Outcome.DUPLICATE
    assert only(store).cancel_requested
    an_intake(store, uploaded=3 * HOUR).want(LATER)
    assert not only(store).cancel_requested


def test_a_wish_that_is_newer_than_the_cancel_lifts_it_though_a_list_dated_the_name_since() -> None:
    store = MemoryStore()
    an_intake(store).want(DATED)
    store.replace(replace(only(store), state=State.REQUESTED))
    an_intake(store, uploaded=HOUR).cancel(JOHN)
    an_intake(store, uploaded=3 * HOUR).leave_out(LATER, "zones")
    an_intake(store, uploaded=2 * HOUR).want(JOHN)
    assert not only(store).cancel_requested
