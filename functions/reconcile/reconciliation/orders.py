"""Our open backorders as a run works with them, and how it writes what changes about them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import date

from backorder.bookkeeping import Lease
from backorder.model import Backorder, BackorderKey
from backorder.store import Conflict, NotUnderstood, Store
from reconciliation.shelf import Shelf

TRIES = 5
Change = Callable[[Backorder], Backorder]
"""Gives a changed copy, or the same object where there is nothing to change."""


class Orders:
    """Every open backorder as it stood when the run began, and since as this run left it; by domain, then cycle.

    There may be more of them than fit into memory.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._orders = Shelf(Backorder, place=lambda order: place_of(order.key))
        self._applications = Shelf(str)
        """Where the order of each application is."""
        for order in store.open_backorders():
            self._keep(order)
            if order.application is not None:
                self._applications[order.application] = place_of(order.key)
        self.changed = 0
        self.closed_days: set[date] = set()
        """Days (UTC) of whose closed backorders this run changed one; their sums are forgotten before."""

    def __iter__(self) -> Iterator[Backorder]:
        return iter(self._orders.values())

    def get(self, key: BackorderKey) -> Backorder | None:
        """As this run knows it; one that was not open is read. Raises NotUnderstood."""
        known = self._orders.get(place_of(key))
        if known is not None:
            return known
        found = self._store.get(key)
        return None if found is None else self._keep(found)

    def knows(self, application_id: str) -> bool:
        """It is the application of an order that was open when the run began."""
        return application_id in self._applications

    def of_application(self, application_id: str) -> Backorder | None:
        """The order that was open when the run began, and whose application it is."""
        place = self._applications.get(application_id)
        return None if place is None else self._orders[place]

    def of_lease(self, lease: Lease) -> Backorder | None:
        """The order that a deposit is for, if it is understood."""
        with suppress(NotUnderstood):
            return None if lease.cycle is None else self.get(BackorderKey(lease.domain, lease.cycle))
        return None

    def known_of(self, domain: str) -> Sequence[Backorder]:
        """Those cycles of the domain that this run knows, the newest first."""
        return list(self._orders.between(f"{domain}#", f"{domain}$"))[::-1]

    def of_domain(self, domain: str) -> Iterator[Backorder]:
        """All cycles of the domain as the table has them at this moment, the newest first. Raises NotUnderstood at the
        first that is not."""
        latest = self._store.latest(domain)
        while latest is not None:
            yield self._keep(latest)
            latest = self._store.get(BackorderKey(domain, latest.cycle - 1)) if latest.cycle > 1 else None

    def change(self, order: Backorder, change: Change) -> Backorder:
        """Changes it and writes it, whatever others write meanwhile: then theirs is changed. Gives what stands then."""
        for _ in range(TRIES):
            changed = change(order)
            if changed is order:
                break
            self._forget_sums(order, changed)
            try:
                order = self._keep(self._store.replace(changed))
            except Conflict as conflict:
                if conflict.current is None:
                    break
                order = self._keep(conflict.current)
                continue
            self.changed += 1
            break
        return order

    def _forget_sums(self, *states: Backorder) -> None:
        """Before the write: after a crash between the two they are added up anew."""
        for day in {backorder.closed_on for backorder in states if not backorder.is_open} - self.closed_days:
            self._store.save_day(day, None)
            self.closed_days.add(day)

    def _keep(self, order: Backorder) -> Backorder:
        self._orders[place_of(order.key)] = order
        return order


def place_of(key: BackorderKey) -> str:
    """Its place on a shelf. It sorts as the key does: nothing in a domain sorts before the separator."""
    return f"{key.domain}#{key.cycle:04}"
