"""How many calls may run at once: a cap that shrinks when the provider is overloaded and grows back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Slot:
    """One running call, by whose answer its owner lets the cap learn."""

    def __init__(self, learn: Callable[[Slot, bool | None], int], round_number: int, times_full: int) -> None:
        self._learn = learn
        self.round_number = round_number
        self.times_full = times_full

    def answered(self, *, overloaded: bool | None) -> int:
        """Gives how many calls are allowed at once from now on. `overloaded`: True: the provider asked for less. False:
        it answered. None: nothing was learnt (a time-out, a reset)."""
        return self._learn(self, overloaded)


class Concurrency:
    """Additive increase, multiplicative decrease, shared by all threads of a process.

    The cap starts at `limit`. An overloaded answer halves it, once for all the calls that were running at that moment:
    sixteen refusals to one burst are one piece of news. Each other answer while the cap is in use adds 1/cap, so it
    grows by about one for each round of calls, up to `limit` again. Never below 1.
    """

    def __init__(self, limit: int) -> None:
        if limit < 1:
            raise ValueError(f"at least one call must be allowed at once, not {limit}")
        self.limit = limit
        self._cap = float(limit)
        self._running = 0
        self._round = 0
        self._times_full = 0
        self._changed = threading.Condition()

    @property
    def cap(self) -> int:
        """Calls allowed at once, now."""
        return int(self._cap)

    @contextmanager
    def slot(self) -> Iterator[Slot]:
        """Waits until another call may start, and counts it until the block is left."""
        with self._changed:
            self._changed.wait_for(lambda: self._running < self.cap)
            slot = Slot(self._learn, self._round, self._times_full)
            self._running += 1
            self._times_full += self._running >= self.cap
        try:
            yield slot
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify(max(1, self.cap - self._running))

    def _learn(self, slot: Slot, overloaded: bool | None) -> int:
        with self._changed:
            if overloaded and slot.round_number == self._round:
                self._cap = max(1.0, self._cap / 2)
                self._round += 1
            elif overloaded is False and self._times_full > slot.times_full:  # the cap was reached while it ran
                self._cap = min(float(self.limit), self._cap + 1 / self._cap)
            return self.cap
