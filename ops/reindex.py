"""`reindex`: puts backorders that are over, and that no report finds, into the index of those that are over."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from rich.console import Console

from backorder.runtime.clock import Clock
from backorder.store import Conflict, NotUnderstood, Store
from ops.faults import Fault
from ops.screen import counted, plain


@dataclass(frozen=True)
class Reindexed:
    """What was there, and what was put right."""

    over: int
    """Backorders that are over, in the whole table."""
    put_right: int
    """Those that the index did not have: a version from before it had written them."""


_LEASE = timedelta(minutes=12)
_HELD_FOR_EACH = 100
"""So many are written while the lease lasts, by far."""
_INDEX_LAGS = timedelta(minutes=1)
"""An index shows what was written a moment later: nobody adds days up until then."""


def reindex(store: Store, clock: Clock) -> Reindexed:
    """Reads the whole table, and writes anew what the index lacks. Once more does no harm, and finds nothing.

    No reconciliation runs meanwhile: a day that it added up before the index has all of it would stay too low, if this
    dies. Raises Fault while one runs.
    """
    over = {backorder.key: backorder.closed_on for backorder in store.backorders() if not backorder.is_open}
    lacking = dict(over)
    if over:
        for backorder in store.closed(min(over.values()), max(over.values()) + timedelta(days=1)):
            lacking.pop(backorder.key, None)
    for number, (key, day) in enumerate(sorted(lacking.items())):
        if number % _HELD_FOR_EACH == 0:
            _hold_off_reconciliation(store, clock(), _LEASE)
        store.save_day(day, None)  # before the write: its sums are added up anew, also if this dies between the two
        with suppress(Conflict, NotUnderstood):  # whoever was faster put it right
            current = store.get(key)
            if current is not None:
                store.replace(current)
    if lacking:
        _hold_off_reconciliation(store, clock(), _INDEX_LAGS)
    return Reindexed(len(over), len(lacking))


def _hold_off_reconciliation(store: Store, now: datetime, time: timedelta) -> None:
    """By the lease that each of its runs takes."""
    if not store.acquire_lease("reconcile", "ops reindex", now=now, until=now + time):
        raise Fault("a reconciliation is under way, and adds up what is to be put right: try again in some minutes")


def render(done: Reindexed, console: Console) -> None:
    """Puts on the screen what was put right."""
    over = counted(done.over, "backorder is", "backorders are")
    lacked = counted(done.put_right, "was", "were")
    right = f"{lacked} in no report; the next reconciliation counts them" if done.put_right else "the reports have all"
    console.print(plain(f"{over} over: {right}."))
