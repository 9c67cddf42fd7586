"""The line as one batch sees it: the first halt stops all its threads, and refusals that run on become one.

One mistyped contact handle must not reject a day's names. So a refusal is written down as the name's own only when an
order after it went through, or when the batch ends before the same refusal has met five names running.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from backorder.clock import Clock
from backorder.halt import Halt, halt_line, lift_halt
from backorder.observability import logger
from backorder.provider.errors import AccessDenied, ProviderError, Refused
from backorder.store import Store

REFUSALS = 5
"""The same refusal for so many names running is no name's own fault."""

Undecided = tuple[Callable[[], None], Callable[[], None]]
"""What to do with a refused name: mark it, or give it back."""


class Line:
    """Shared by the threads of one batch."""

    def __init__(self, store: Store, clock: Clock, *, probe: bool) -> None:
        self._store = store
        self._clock = clock
        self._probe = probe
        self._lock = threading.Lock()
        self._stopped = False
        self._undecided: list[Undecided] = []
        self._refusal: str | None = None

    @property
    def stopped(self) -> bool:
        """Nothing more is to be sent."""
        return self._stopped

    def halt(self, error: ProviderError) -> None:
        """No order can succeed: the line stops, here and for plan and all other workers."""
        with self._lock:
            already, self._stopped = self._stopped, True
        if not already:
            halted = Halt("access" if isinstance(error, AccessDenied) else "setting", str(error), self._clock())
            halt_line(self._store, halted)
            logger.error("line_halted", kind=halted.kind, why=halted.why)
        self._decide(mark=False)

    def went_through(self) -> None:
        """An order was accepted: the settings are right, and what was refused before was each name's own fault."""
        self._decide(mark=True)
        if self._probe:
            lift_halt(self._store)
            logger.info("line_goes_on")

    def refused(self, error: Refused, *, mark: Callable[[], None], give_back: Callable[[], None]) -> None:
        """Notes a refusal that blames its name; the fifth of the same words running halts the line."""
        with self._lock:
            same = error.description == self._refusal
            earlier = [] if same else self._undecided
            if not same:
                self._undecided = []
            self._refusal = error.description
            self._undecided.append((mark, give_back))
            too_many = len(self._undecided) >= REFUSALS
        for mark_earlier, _ in earlier:
            mark_earlier()
        if too_many or self._stopped:
            self.halt(error)

    def close(self) -> None:
        """The batch is through: what was refused and is undecided still was the names' own fault.

        A probe's refusal decides nothing: it is one name of a line that was halted for refusals.
        """
        self._decide(mark=not self._probe)

    def _decide(self, *, mark: bool) -> None:
        with self._lock:
            undecided, self._undecided, self._refusal = self._undecided, [], None
        for mark_it, give_it_back in undecided:
            (mark_it if mark else give_it_back)()
