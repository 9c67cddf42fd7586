"""What is bound at each moment from now on, and the most that is bound over a span: both in logarithmic time. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import NamedTuple

from backorder.money import CENT

STEP = timedelta(minutes=5)
"""Windows begin and end on the ticks: never later, or sooner, than they really do."""
_UNITS = 10**8
"""Of which an amount is made: the provider's have no more than eight decimals. Whole numbers are exact, and quick."""
_NOTHING = -(10**40)
"""Less than any sum."""


class Window(NamedTuple):
    """When an order draws its fee: from `begins_at` on, until before `ends_at`. None: for ever."""

    begins_at: datetime
    ends_at: datetime | None


class Span(NamedTuple):
    """A window in steps of the timeline."""

    first: int
    end: int


class Steps:
    """The moments at which what is bound can change: the ends of all windows that a timeline is to know."""

    def __init__(self, now: datetime, windows: Iterable[Window]) -> None:
        self._now = now
        steps = {0}
        for window in windows:
            steps.add(self._begin(window.begins_at))
            if window.ends_at is not None:
                steps.add(self._end(window.ends_at))
        in_order = sorted(steps)
        self._places = {step: place for place, step in enumerate(in_order)}
        self.count = len(in_order)

    def span(self, window: Window) -> Span:
        """Where `window`, which must be one of those given, lies; empty if it is over."""
        end = self.count if window.ends_at is None else self._places[self._end(window.ends_at)]
        return Span(self._places[self._begin(window.begins_at)], end)

    def place(self, moment: datetime) -> int:
        """Of a moment at which one of the windows begins."""
        return self._places[self._begin(moment)]

    def _begin(self, moment: datetime) -> int:
        return max(0, (moment - self._now) // STEP)

    def _end(self, moment: datetime) -> int:
        return max(0, -((self._now - moment) // STEP))


class Timeline:
    """Amounts bound over spans of `steps`: a tree in which each node knows the most below it. Amounts are in units."""

    def __init__(self, steps: Steps, bound: Iterable[tuple[Span, int]] = ()) -> None:
        size = 1
        while size < steps.count + 2:
            size *= 2
        changes = [0] * (steps.count + 1)
        for (first, end), amount in bound:
            if first < end:
                changes[first] += amount
                changes[end] -= amount
        # A look from below needs a neighbour on either side: the first and the last leaf are outside.
        most = [0] * (2 * size)
        most[size + 1 : size + 1 + steps.count] = accumulate(changes[:-1])
        for node in range(size - 1, 0, -1):
            most[node] = max(most[2 * node], most[2 * node + 1])
        self._size = size
        self._count = steps.count
        self._most = most
        self._added = [0] * (2 * size)
        """To all below a node; a node's own `most` has it, those below do not."""

    def add(self, span: Span, amount: int) -> None:
        """Binds `amount` over `span`."""
        if span.first >= span.end:
            return
        most, added = self._most, self._added
        left, right = span.first + self._size, span.end + 1 + self._size
        while left ^ right ^ 1:
            if not left & 1:
                most[left ^ 1] += amount
                added[left ^ 1] += amount
            if right & 1:
                most[right ^ 1] += amount
                added[right ^ 1] += amount
            left >>= 1
            right >>= 1
            most[left] = max(most[2 * left], most[2 * left + 1]) + added[left]
            most[right] = max(most[2 * right], most[2 * right + 1]) + added[right]
        node = left >> 1
        while node:
            most[node] = max(most[2 * node], most[2 * node + 1]) + added[node]
            node >>= 1

    def peak(self, span: Span) -> int:
        """The most that is bound at any moment of `span`, which must not be empty."""
        most, added = self._most, self._added
        left, right = span.first + self._size, span.end + 1 + self._size
        on_the_left = on_the_right = _NOTHING
        while left ^ right ^ 1:
            if not left & 1:
                on_the_left = max(on_the_left, most[left ^ 1])
            if right & 1:
                on_the_right = max(on_the_right, most[right ^ 1])
            left >>= 1
            right >>= 1
            on_the_left += added[left]
            on_the_right += added[right]
        peak = max(on_the_left, on_the_right)
        node = left >> 1
        while node:
            peak += added[node]
            node >>= 1
        return peak

    def has_room(self, span: Span, amount: int, capacity: int) -> bool:
        """Whether `amount` fits beside what is bound at every moment of `span`."""
        return span.first >= span.end or self.peak(span) + amount <= capacity

    def at_each_step(self) -> Sequence[int]:
        """What is bound from each step on until the next."""
        size = self._size
        above = [0] * (2 * size)
        for node in range(1, size):
            above[2 * node] = above[2 * node + 1] = above[node] + self._added[node]
        first = size + 1
        return [self._most[leaf] + above[leaf] for leaf in range(first, first + self._count)]


def units(amount: Decimal) -> int:
    """An amount as a whole number of units."""
    return int(amount * _UNITS)


def amount_of(units: int) -> Decimal:
    """A whole number of units as an amount, with two decimals or as many as it has."""
    amount = Decimal(units) / _UNITS
    return amount.quantize(CENT) if amount == amount.quantize(CENT) else amount
