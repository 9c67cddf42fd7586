"""The backorders that the reports tell one by one."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from itertools import groupby

from backorder.domain.backorder import Backorder
from backorder.domain.values import BackorderKey
from reconciliation.page.past import Past


class OneByOne:
    """The open ones, and the latest that are over, as this run left them where it changed them.

    By domain, then cycle, as they come from both. Each iteration reads both anew: nothing is held.
    """

    def __init__(self, orders: Iterable[Backorder], past: Past) -> None:
        self._orders = orders
        self._latest = past.latest
        self._days = past.days

    def __iter__(self) -> Iterator[Backorder]:
        # What this run closed on one of the days that are only summed up is in its sum.
        orders = (order for order in self._orders if order.is_open or order.closed_on not in self._days)
        for _, same in groupby(heapq.merge(orders, self._latest, key=_key), key=_key):
            first, *others = same
            # What is over by now was open when the run began; and the index of what is over may be a moment old.
            yield others[-1] if others and first.is_open else first


def _key(backorder: Backorder) -> BackorderKey:
    return backorder.key
