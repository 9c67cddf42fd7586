"""Our open backorders as a run works with them, and how it writes what changes about them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from backorder.bookkeeping import Lease
from backorder.model import Backorder, BackorderKey
from backorder.store import Conflict, Store

TRIES = 5
Change = Callable[[Backorder], Backorder]
"""Gives a changed copy, or the same object where there is nothing to change."""


class Orders:
    """Every open backorder as it stood when the run began, and since as this run left it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._orders = {backorder.key: backorder for backorder in store.open_backorders()}
        self.by_application = {
            backorder.application: backorder.key for backorder in self if backorder.application is not None
        }
        self.changed = 0
        self.closed_days: set[date] = set()
        """Days (UTC) of whose closed backorders this run changed one; their sums are forgotten before."""

    def __iter__(self) -> Iterator[Backorder]:
        return iter(list(self._orders.values()))

    def get(self, key: BackorderKey) -> Backorder | None:
        """As this run knows it; one that was not open is read."""
        return self._orders.get(key) or self._read(key)

    def change(self, key: BackorderKey, change: Change) -> Backorder | None:
        """Changes it and writes it, whatever others write meanwhile: then theirs is changed. None: it is not there."""
        backorder = self.get(key)
        for _ in range(TRIES):
            if backorder is None or (changed := change(backorder)) is backorder:
                break
            self._forget_sums(backorder, changed)
            try:
                backorder = self._store.replace(changed)
            except Conflict as conflict:
                backorder = conflict.current
                continue
            self.changed += 1
            break
        if backorder is not None:
            self._orders[key] = backorder
        return backorder

    def _forget_sums(self, *states: Backorder) -> None:
        """Before the write: after a crash between the two they are added up anew."""
        for day in {backorder.closed_on for backorder in states if not backorder.is_open} - self.closed_days:
            self._store.save_day(day, None)
            self.closed_days.add(day)

    def of_lease(self, lease: Lease) -> Backorder | None:
        """The order that a deposit is for."""
        return None if lease.cycle is None else self.get(BackorderKey(lease.domain, lease.cycle))

    def of_domain(self, domain: str) -> Iterator[Backorder]:
        """All cycles of the domain as the table has them at this moment, the newest first."""
        latest = self._store.latest(domain)
        while latest is not None:
            self._orders[latest.key] = latest
            yield latest
            latest = self._store.get(BackorderKey(domain, latest.cycle - 1)) if latest.cycle > 1 else None

    def _read(self, key: BackorderKey) -> Backorder | None:
        found = self._store.get(key)
        if found is not None:
            self._orders[key] = found
        return found
