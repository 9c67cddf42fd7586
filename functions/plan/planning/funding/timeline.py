"""What is bound at each moment from now on, and the most that is bound over a span: both in logarithmic time. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import NamedTuple

from backorder.domain.money import CENT
from backorder.domain.reservation import ReservationWindow

STEP = timedelta(minutes=5)
"""Windows begin and end on the ticks: never later, or sooner, than they really do."""
_UNITS = 10**8
"""Of which an amount is made: the provider's have no more than eight decimals. Whole numbers are exact, and quick."""
_NOTHING = -(10**40)
"""Less than any sum."""


class Span(NamedTuple):
    """From a step on, until before another one."""

    first: int
    end: int


NEVER = Span(0, 0)
OPEN = 2**62
"""The step at which a window without an end ends."""


def span_of(window: ReservationWindow, now: datetime) -> Span:
    """A window in steps since `now`; what is over by then is empty."""
    first = (window.start - now) // STEP
    end = OPEN if window.end is None else -((now - window.end) // STEP)
    return Span(first if first > 0 else 0, end if end > 0 else 0)


class Steps:
    """The steps at which what is bound can change: where windows begin and end. A timeline knows no others."""

    def __init__(self, spans: Iterable[Span]) -> None:
        steps = {0}
        for first, end in spans:
            steps.add(first)
            steps.add(end)
        steps.discard(OPEN)
        self._steps = sorted(steps)
        self._places = {step: place for place, step in enumerate(self._steps)}
        self.count = self._places[OPEN] = len(steps)

    def place(self, span: Span) -> Span:
        """Where a span, which must be one of those given, lies among the steps."""
        return Span(self._places[span.first], self._places[span.end])

    def around(self, span: Span) -> Span:
        """Return the places that cover a span, which need not be one of those given."""
        return Span(bisect_right(self._steps, span.first) - 1, bisect_left(self._steps, span.end))


class Timeline:
    """Amounts bound over spans of `steps`: a tree in which each node knows the most below it. Amounts are in units.

    Most questions are answered without a look at the tree: what is bound in all, and what an earlier look at the same
    span has seen, bound the answer from both sides. What is added waits outside the tree until somebody has to look.
    """

    def __init__(self, steps: Steps, bound: Iterable[tuple[Span, int]] = ()) -> None:
        self._steps = steps.count
        self._size = 0
        """Leaves of the tree; none before the first look."""
        self._outside: dict[Span, int] = {}
        """Added, and not in the tree yet."""
        self._total = 0
        """No less than the most that is bound at any moment."""
        self._looks: dict[Span, tuple[int, int]] = {}
        """What was bound at most, and in all, when a span was last looked at."""
        for span, amount in bound:
            self.add(span, amount)

    def add(self, span: Span, amount: int) -> None:
        """Binds `amount` over `span`; once somebody has looked, nothing negative."""
        if span.first < span.end:
            self._outside[span] = self._outside.get(span, 0) + amount
            if amount > 0:
                self._total += amount

    def has_room(self, span: Span, amount: int, capacity: int) -> bool:
        """Whether `amount` fits beside what is bound at every moment of `span`."""
        if span.first >= span.end or self._total + amount <= capacity:
            return True
        if look := self._looks.get(span):
            peak, total = look
            if peak + amount > capacity:
                return False
            if peak + self._total - total + amount <= capacity:
                return True
        peak = self.peak(span)
        self._looks[span] = peak, self._total
        return peak + amount <= capacity

    def _build(self) -> None:
        size = 1
        while size < self._steps + 2:
            size *= 2
        changes = [0] * (self._steps + 1)
        for (first, end), amount in self._outside.items():
            changes[first] += amount
            changes[end] -= amount
        # A look from below needs a neighbour on either side: the first and the last leaf are outside.
        most = [0] * (2 * size)
        most[size + 1 : size + 1 + self._steps] = accumulate(changes[:-1])
        for node in range(size - 1, 0, -1):
            left, right = most[2 * node], most[2 * node + 1]
            most[node] = left if left > right else right
        self._size = size
        self._most = most
        self._added = [0] * (2 * size)
        """To all below a node; a node's own `most` has it, those below do not."""

    def _take_in(self) -> None:
        if not self._size:
            self._build()
        else:
            for span, amount in self._outside.items():
                self._add(span, amount)
        self._outside.clear()

    def _add(self, span: Span, amount: int) -> None:
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
            for node in (left, right):
                one, other = most[2 * node], most[2 * node + 1]
                most[node] = (one if one > other else other) + added[node]
        node = left >> 1
        while node:
            one, other = most[2 * node], most[2 * node + 1]
            most[node] = (one if one > other else other) + added[node]
            node >>= 1

    def peak(self, span: Span) -> int:
        """The most that is bound at any moment of `span`, which must not be empty."""
        if self._outside or not self._size:
            self._take_in()
        most, added = self._most, self._added
        left, right = span.first + self._size, span.end + 1 + self._size
        on_the_left = on_the_right = _NOTHING
        while left ^ right ^ 1:
            if not left & 1 and most[left ^ 1] > on_the_left:
                on_the_left = most[left ^ 1]
            if right & 1 and most[right ^ 1] > on_the_right:
                on_the_right = most[right ^ 1]
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


def units(amount: Decimal) -> int:
    """An amount as a whole number of units."""
    return int(amount * _UNITS)


def amount_of(units: int) -> Decimal:
    """A whole number of units as an amount, with two decimals or as many as it has."""
    amount = Decimal(units) / _UNITS
    return amount.quantize(CENT) if amount == amount.quantize(CENT) else amount
