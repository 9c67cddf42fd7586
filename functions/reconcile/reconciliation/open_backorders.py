"""Our open backorders as a run works with them, and how it writes what changes about them.

A run changes orders in several passes. What changes is kept here, and written once for all of them, side by side.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date

from backorder.domain.backorder import Backorder
from backorder.domain.ledger import Lease
from backorder.domain.values import BackorderKey
from backorder.store import Conflict, NotUnderstood, Store
from reconciliation.writers import in_lots, side_by_side

TRIES = 5
MOST = 30_000
"""Orders that are changed and not written, with all that there is to do to them: they take memory."""
Change = Callable[[Backorder], Backorder]
"""Gives a changed copy, or the same object where there is nothing to change."""


class Orders:
    """Every open backorder as it stood when the run began, and since as this run left it; by domain, then cycle."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._orders = {order.key: order for order in store.open_backorders()}
        self._keys = sorted(self._orders)
        self._applications = {
            order.application_id: key for key, order in self._orders.items() if order.application_id is not None
        }
        self._changes: dict[BackorderKey, list[Change]] = {}
        """What is to be written: by the order's key, in the order in which it was done."""
        self._days: set[date] = set()
        """Days (UTC) under which a changed order was found, or is."""
        self.changed = 0
        """How many writes there were."""
        self.closed_days: set[date] = set()
        """Days (UTC) of whose closed backorders this run changed one; their sums are forgotten before."""

    def __iter__(self) -> Iterator[Backorder]:
        # What is changed, read or gone meanwhile is given as it then stands, or not at all.
        return (order for key in self._keys.copy() if (order := self._orders.get(key)) is not None)

    def get(self, key: BackorderKey) -> Backorder | None:
        """As this run knows it; one that was not open is read. Raises NotUnderstood."""
        known = self._orders.get(key)
        if known is not None:
            return known
        found = self._store.get(key)
        return None if found is None else self._keep(found)

    def knows(self, application_id: str) -> bool:
        """It is the application of an order that was open when the run began."""
        return application_id in self._applications

    def of_application(self, application_id: str) -> Backorder | None:
        """The order that was open when the run began, and whose application it is."""
        key = self._applications.get(application_id)
        return None if key is None else self._orders.get(key)

    def of_lease(self, lease: Lease) -> Backorder | None:
        """The order that a deposit is for, if it is understood."""
        with suppress(NotUnderstood):
            return None if lease.cycle is None else self.get(BackorderKey(lease.domain, lease.cycle))
        return None

    def known_of(self, domain: str) -> Sequence[Backorder]:
        """Those cycles of the domain that this run knows, the newest first."""
        cycles: list[Backorder] = []
        for n in range(bisect_left(self._keys, BackorderKey(domain, 0)), len(self._keys)):
            if self._keys[n].domain != domain:
                break
            cycles.append(self._orders[self._keys[n]])
        return cycles[::-1]

    def of_domain(self, domain: str) -> Iterator[Backorder]:
        """All cycles of the domain as the table has them at this moment, the newest first. Raises NotUnderstood at the
        first that is not."""
        latest = self._store.latest(domain)
        while latest is not None:
            yield self._keep(latest)
            latest = self._store.get(BackorderKey(domain, latest.cycle - 1)) if latest.cycle > 1 else None

    def read(self, keys: Iterable[BackorderKey]) -> set[BackorderKey]:
        """Reads those that were not open when the run began; gives the ones that are not understood."""
        unknown = [key for key in dict.fromkeys(keys) if key not in self._orders]
        lost: set[BackorderKey] = set()
        for key, found in zip(unknown, side_by_side(self._look, unknown), strict=True):
            if isinstance(found, Backorder):
                self._keep(found)
            elif found is not None:
                lost.add(key)
        return lost

    def _look(self, key: BackorderKey) -> Backorder | NotUnderstood | None:
        try:
            return self._store.get(key)
        except NotUnderstood as error:
            return error

    def change(self, order: Backorder, change: Change) -> Backorder:
        """Changes it here, and in the table with the next `write`; gives what it is now."""
        key = order.key
        if key in self._changes:
            order = self._orders[key]
        changed = change(order)
        if changed is order:
            return order
        self._note_days(order, changed)
        self._changes.setdefault(key, []).append(change)
        self._hold(changed)
        if len(self._changes) >= MOST:
            self.write()
            return self._orders.get(key, changed)
        return changed

    def write(self) -> None:
        """Writes what was changed, side by side: each order once, whatever others write meanwhile. What somebody else
        changed is changed as it stands now, in the same ways and in the same order."""
        pending, self._changes = self._changes, {}
        for number in range(TRIES):
            conflicts: dict[BackorderKey, list[Change]] = {}
            for some in in_lots(pending):
                changed = {key: self._orders[key] for key in some}
                if number:
                    changed = dict(self._changed_again(changed, pending))
                self._forget_sums()
                for key, stands in zip(changed, side_by_side(self._replace, changed.values()), strict=True):
                    if isinstance(stands, Backorder):
                        self._orders[key] = stands
                        self.changed += 1
                    elif stands.current is not None:
                        self._orders[key] = stands.current
                        conflicts[key] = pending[key]
                    else:
                        # There is nothing that is understood any more.
                        del self._orders[key]
                        del self._keys[bisect_left(self._keys, key)]
            if not conflicts:
                return
            pending = conflicts

    def _changed_again(
        self, stand: Mapping[BackorderKey, Backorder], changes: Mapping[BackorderKey, Iterable[Change]]
    ) -> Iterator[tuple[BackorderKey, Backorder]]:
        """What there is to be changed about orders as they stand now."""
        for key, order in stand.items():
            changed = order
            for change in changes[key]:
                changed = change(changed)
            if changed is not order:
                self._note_days(order, changed)
                yield key, changed

    def _replace(self, order: Backorder) -> Backorder | Conflict:
        try:
            return self._store.replace(order)
        except Conflict as conflict:
            return conflict

    def _note_days(self, *states: Backorder) -> None:
        self._days |= {backorder.closed_on for backorder in states if not backorder.is_open}

    def _forget_sums(self) -> None:
        """Before the writes: after a crash between the two they are added up anew."""
        for day in sorted(self._days - self.closed_days):
            self._store.save_day(day, None)
            self.closed_days.add(day)

    def _keep(self, order: Backorder) -> Backorder:
        """As it was read; but what this run changed about it, and has not written yet, is not lost."""
        if order.key in self._changes:
            return self._orders[order.key]
        self._hold(order)
        return order

    def _hold(self, order: Backorder) -> None:
        if order.key not in self._orders:
            insort(self._keys, order.key)
        self._orders[order.key] = order
