"""What becomes of an order that the provider answered with a failure that may pass."""

from __future__ import annotations

from typing import Any, cast

import pytest

from backorder.domain.states import State
from backorder.domain.values import Refusal
from backorder.provider.port import Provider, Scope, TemporaryFailure
from local.memory_store import MemoryStore
from submission.circuit_breaker import Line
from submission.place import Orders
from tests.factories import NOW, a_backorder, a_claim


class Failing:
    """A provider that answers each order with this failure."""

    def __init__(self, error: TemporaryFailure) -> None:
        self.error = error

    def place(self, _domain: str, **_about: Any) -> None:
        raise self.error


@pytest.mark.parametrize(
    ("error", "refusal"),
    [
        (TemporaryFailure("no answer", scope=Scope.TRANSPORT), None),
        (TemporaryFailure("Server error", code=421, scope=Scope.TRANSPORT), Refusal("Server error")),
        (TemporaryFailure("odd", code=530, scope=Scope.OBJECT), Refusal("odd", since=NOW)),
    ],
    ids=["unanswered", "overload", "about this one alone"],
)
def test_what_was_answered_about_one_name_alone_may_have_taken_effect(
    error: TemporaryFailure, refusal: Refusal | None
) -> None:
    """So the next attempt looks first: it does so for whatever was refused since some moment."""
    store = MemoryStore()
    claimed = a_backorder(state=State.SUBMITTING, claim=a_claim())
    store.create(claimed)
    provider = cast("Provider", Failing(error))
    Orders(store, provider, lambda: NOW, Line(store, lambda: NOW, probe=False, round_size=1)).send(claimed)
    [released] = store.backorders()
    assert (released.state, released.refusal) == (State.SELECTED, refusal)
