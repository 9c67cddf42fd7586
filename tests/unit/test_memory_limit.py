"""300,000 open backorders fit into three fifths of a function's memory: here, what each of them takes, in proportion.

`make bench ARGS="funding reconciliation"` measures whole runs of that size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from pydantic import TypeAdapter

from backorder.documents.account_outlook import Standing
from backorder.domain.backorder import Backorder
from backorder.domain.money import ZERO
from backorder.domain.states import State
from backorder.provider.port import LOCK_LEAD
from backorder.rules import Rules
from local.memory_store import MemoryStore
from planning.funding.allocation import plan
from planning.funding.problem import Funds, Position
from reconciliation.open_backorders import Orders
from tests.factories import FEE, NOW, a_backorder, a_placed_backorder, a_step, an_application, changed
from tests.memory import peak

LIMIT = 300_000
FUNCTION = 1769 * 0.6 * 2**20
"""Bytes that may be taken of its memory."""
BASE = 150 * 2**20
"""What the interpreter, boto3 and all else take that does not grow with the account."""
EACH = (FUNCTION - BASE) / LIMIT
NUMBER = 2_000
_ADAPTER = TypeAdapter(Backorder)


def as_read(like: Backorder) -> Iterator[Backorder]:
    """As a table gives them: each made anew, without what has its default, and with four steps of history."""
    text = _ADAPTER.dump_json(replace(like, history=(a_step(),) * 4), exclude_defaults=True).decode()
    for n in range(NUMBER):
        deadline = NOW + timedelta(days=4 + n % 60, minutes=15 * (n % 89))
        read = _ADAPTER.validate_json(text.replace(like.domain, f"some-name-{n}.com"), strict=True)
        number = {} if like.application is None else {"application": f"{deadline.isoformat()}{n}"}
        yield changed(read, deadline=deadline, **number)


def test_a_reconciliation_holds_each_with_its_application() -> None:
    class Store(MemoryStore):
        def open_backorders(self) -> Iterator[Backorder]:
            return as_read(a_placed_backorder())

    held: list[object] = []

    def read() -> None:
        applications = {f"{n}": an_application(f"some-name-{n}.com", id=f"{n}") for n in range(NUMBER)}
        held.extend((Orders(Store()), applications))

    assert peak(read) / NUMBER < EACH


def test_a_plan_holds_each_with_what_it_computes() -> None:
    def make() -> None:
        waiting, placed = list(as_read(a_backorder())), list(as_read(a_placed_backorder(state=State.REQUESTED)))
        funds = Funds(FEE * NUMBER, ZERO, "USD", ZERO, Standing())
        plan(Position(waiting, placed, funds=funds, rules=Rules(), now=NOW, lock_lead=LOCK_LEAD))

    assert peak(make) / (2 * NUMBER) < EACH
