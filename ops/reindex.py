"""`reindex`: puts backorders that are over, and that no report finds, into the index of those that are over."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from rich.console import Console

from backorder.store import Conflict, Store
from ops.screen import counted, plain


@dataclass(frozen=True)
class Reindexed:
    """What was there, and what was put right."""

    over: int
    """Backorders that are over, in the whole table."""
    put_right: int
    """Those that the index did not have: a version from before it had written them."""


def reindex(store: Store) -> Reindexed:
    """Reads the whole table, and writes anew what the index lacks. Once more does no harm, and finds nothing."""
    over = {backorder.key: backorder.closed_on for backorder in store.backorders() if not backorder.is_open}
    lacking = dict(over)
    if over:
        for backorder in store.closed(min(over.values()), max(over.values()) + timedelta(days=1)):
            lacking.pop(backorder.key, None)
    for key, day in sorted(lacking.items()):
        store.save_day(day, None)  # its sums are added up anew, also if this dies before it is done
        current = store.get(key)
        if current is not None:
            with suppress(Conflict):  # whoever was faster put it right
                store.replace(current)
        store.save_day(day, None)  # in case that a reconciliation added them up meanwhile
    return Reindexed(len(over), len(lacking))


def render(done: Reindexed, console: Console) -> None:
    """Puts on the screen what was put right."""
    over = counted(done.over, "backorder is", "backorders are")
    lacked = counted(done.put_right, "was", "were")
    right = f"{lacked} in no report; the next reconciliation counts them" if done.put_right else "the reports have all"
    console.print(plain(f"{over} over: {right}."))
