"""Throughput: a drop's backorders through the store as fast as a new table takes them, and how busy a single key is.

The table is one that counts units as DynamoDB does (`local.table_limits`); nothing but its limits takes time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from backorder.domain.backorder import Backorder
from backorder.domain.findings import Finding, Kind
from backorder.domain.ledger import Account, Lease, Posting
from backorder.domain.states import State
from backorder.store.dynamodb import DynamoStore
from local.table_limits import READS_A_KEY, WRITES_A_KEY, LimitedTable
from tools.bench.lives import FEE, claimed, placed, queued, synced, wanted

SIZES = (10_000, 100_000)
START = datetime(2026, 11, 24, 12, tzinfo=UTC)
DROP = START + timedelta(days=3)


def bench() -> None:
    """Prints how long a table takes for each step of a drop's life, and the most that it asks of a single key."""
    print(f"A key takes {WRITES_A_KEY:,} writes and {READS_A_KEY:,} reads a second.")
    print("backorders  step                               seconds   busiest key in a second")
    for size in SIZES:
        table = LimitedTable()
        began = 0
        for step in life(table, size):
            name, units = table.busiest.most_common(1)[0]
            print(f"{size:10,}  {step:<34} {table.seconds - began + 1:7,}   {units:5,.0f} {name}")
            began = table.seconds
            table.busiest.clear()


def life(table: LimitedTable, number: int) -> Iterator[str]:
    """Take backorders of one drop through the store, all of them a step at a time; yield each step's name when done.

    Raises ClientError where a key is asked for more than it takes.
    """
    client: Any = table
    store = DynamoStore(client, "backorders")
    backorders = [wanted(f"name{n}.com", at=START, finalization_at=DROP, line=n) for n in range(number)]
    for backorder in backorders:
        store.create(backorder)
    yield "a list is read"
    for state in (State.QUEUED, State.SUBMITTING, State.REQUESTED, State.ACTIVE, State.PROCESSING):
        backorders = [store.replace(_next(each, state)) for each in backorders]
        yield state.value
    for _ in store.open_backorders():
        pass
    yield "the open ones are read"
    leases = [Lease(f"dep-{each.domain}", each.domain, FEE, "USD", DROP, cycle=1) for each in backorders]
    for lease in leases:
        store.save_lease(lease)
    yield "deposits are kept"
    store.post(_posting(f"deposit#{lease.id}", "deposit", Account.RESERVED) for lease in leases)
    yield "deposits are posted"
    lost = (synced(each, State.FAILED, DROP).reserve(None, missing_since=None, usual=FEE) for each in backorders)
    backorders = [store.replace(each.settle()) for each in lost]
    yield "all are lost"
    store.post(_posting(f"entry#{n}", "other", Account.OTHER) for n in range(number))
    yield "bookings are posted"
    for lease in leases:
        store.delete_lease(lease.id)
    yield "deposits are forgotten"
    for each in backorders:
        store.save_finding(_finding(each))
    yield "findings are opened"
    for each in backorders:
        store.save_finding(replace(_finding(each), status="closed"))
    yield "findings are closed"


def _next(backorder: Backorder, state: State) -> Backorder:
    match state:
        case State.QUEUED:
            return queued(backorder, START)
        case State.SUBMITTING:
            return claimed(backorder, START)
        case State.REQUESTED:
            return placed(backorder, backorder.domain, START)
    return synced(backorder, state, START)


def _posting(key: str, kind: Any, target: Account) -> Posting:
    return Posting(key, DROP, kind, Account.BALANCE, target, FEE, "USD", None, "QueryDepositList", "a drop")


def _finding(backorder: Backorder) -> Finding:
    return Finding(Kind.REFUND_MISSING, backorder.domain, backorder.domain, FEE, "USD", "Ask for the refund.", DROP)
