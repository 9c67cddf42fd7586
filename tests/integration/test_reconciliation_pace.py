"""However many outcomes a drop has, they are written in time: the table takes a few milliseconds for each write."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from backorder.domain.backorder import Backorder
from backorder.domain.findings import Finding
from backorder.domain.ledger import Lease, Posting
from backorder.domain.states import State
from backorder.domain.values import BackorderKey
from local.memory_store import MemoryStore
from local.world.virtual.pool import pools_on_tasks
from local.world.virtual.scheduler import Scheduler
from tests.factories import NOW
from tests.integration.account import DROP, HOUR, World, a_world

REQUEST = timedelta(milliseconds=5)
"""To the table, there and back."""
IN_TIME = timedelta(seconds=120) / 20_000
"""For each of so many outcomes of one drop."""
AT_ALL = timedelta(seconds=1)
"""For what a run writes however many orders there are."""


class Paced(MemoryStore):
    """Each request takes its time: a virtual one, in which whoever else is at work goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.scheduler = Scheduler(NOW, lambda _: None, random.Random(1))
        self.requests: Counter[str] = Counter()

    def passes(self, what: str) -> None:
        self.requests[what] += 1
        self.scheduler.pause(REQUEST)

    def took(self, action: Callable[[], Any]) -> timedelta:
        """How long, by its own time."""
        self.requests.clear()
        began = self.scheduler.now
        with pools_on_tasks():
            self.scheduler.spawn(action, process=None)
            while self.scheduler.next_event() is not None:
                self.scheduler.step()
        return self.scheduler.now - began

    def replace(self, backorder: Backorder) -> Backorder:
        self.passes("replace")
        return super().replace(backorder)

    def get(self, key: BackorderKey) -> Backorder | None:
        self.passes("get")
        return super().get(key)

    def latest(self, domain: str) -> Backorder | None:
        self.passes("latest")
        return super().latest(domain)

    def post(self, postings: Iterable[Posting]) -> list[Posting]:
        added: list[Posting] = []
        for posting in postings:
            self.passes("post")
            added += super().post([posting])
        return added

    def save_lease(self, lease: Lease) -> None:
        self.passes("save_lease")
        super().save_lease(lease)

    def delete_lease(self, lease_id: str) -> None:
        self.passes("delete_lease")
        super().delete_lease(lease_id)

    def save_finding(self, finding: Finding) -> None:
        self.passes("save_finding")
        super().save_finding(finding)

    def document(self, name: str) -> dict[str, Any] | None:
        self.passes("document")
        return super().document(name)

    def put_document(self, name: str, body: Any) -> None:
        self.passes("put_document")
        super().put_document(name, body)


RUNS = (NOW + HOUR, DROP - 2 * HOUR, DROP + HOUR, DROP + timedelta(days=40))
"""Fees are reserved, names drop, all is known and back, and what was kept of it is forgotten."""
REQUESTS = 10
"""For each order, in all of these runs."""


def a_drop(world: World, orders: int, outcome: str) -> Paced:
    store = world.store = Paced()
    world.reconcile()
    for number in range(orders):
        world.order(f"name{number}.com", outcome)
    return store


@pytest.mark.parametrize("outcome", ["FAILED", "SUCCESSFUL"])
@pytest.mark.parametrize("orders", [300, pytest.param(20_000, marks=pytest.mark.soak)])
def test_outcomes_of_a_drop_are_written_in_time(orders: int, outcome: str) -> None:
    requests: Counter[str] = Counter()
    with a_world(balance=Decimal(10_000_000)) as world:
        store = a_drop(world, orders, outcome)
        for moment in RUNS:
            took = store.took(partial(world.at, moment))
            assert took <= AT_ALL + orders * IN_TIME, f"{took} at {moment}: {store.requests}"
            requests += store.requests
        assert requests.total() <= orders * REQUESTS + 200, requests
        assert {order.state for order in store.backorders()} == {State(outcome)}
        assert all(order.settled for order in store.backorders())
        world.books_are_right()


def test_one_after_the_other_they_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """So the measure is one."""
    monkeypatch.setattr("reconciliation.writers.WRITERS", 1)
    with a_world(balance=Decimal(10_000_000)) as world:
        store = a_drop(world, 200, "FAILED")
        assert max(store.took(partial(world.at, moment)) for moment in RUNS) > AT_ALL + 200 * IN_TIME
