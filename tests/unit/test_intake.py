"""An entry meets what the store has of its domain."""

from __future__ import annotations

from datetime import timedelta

from backorder.domains import parse_domain
from backorder.model import State
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
