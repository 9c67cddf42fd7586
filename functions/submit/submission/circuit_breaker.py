"""The line as one batch sees it: what halts it or a zone stops all its threads, and refusals that run on become a halt.

One mistyped contact handle must not reject a day's names. So a refusal is written down as the name's own only when an
order after it went through, or when the same name is refused in the same words once more. Until then it is undecided:
the name is given back, and counts for the batches that come after.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pydantic import TypeAdapter

from backorder.documents.halt import Halt, halt, halt_line, halt_zone, lift_halt, lift_zone, zone_halts
from backorder.provider.port import AccessDenied, ProviderError
from backorder.rules import RulesOutdated
from backorder.runtime.clock import Clock
from backorder.runtime.observability import logger
from backorder.store import Store
from backorder.store.documents import Document
from submission.refusals import Refusals, RefusedName, in_general

_REFUSALS: Document[Refusals] = Document("refusals", TypeAdapter(Refusals), Refusals())


@dataclass(frozen=True, slots=True)
class RefusedOrder:
    """A refused name of this batch, and what can be done with it."""

    name: str
    zone: str
    give_back: Callable[[], None]
    mark: Callable[[], None] | None = None
    """Where the words blame the name: writes it down as rejected."""
    again: bool = False
    """It was refused in the same words before."""


class Line:
    """Shared by the threads of one batch. `round_size`: so many orders are sent between two looks at what others
    found."""

    def __init__(self, store: Store, clock: Clock, *, probe: bool, round_size: int) -> None:
        self._store = store
        self._clock = clock
        self._probe = probe
        self._round_size = round_size
        self._looked = 0
        self._lock = threading.Lock()
        self._stopped = False
        self._halted = False
        self.halted_before: Halt | None = halt(store)
        """The halt of the whole line that stood when this batch began."""
        self._halted_zones = set(zone_halts(store))
        self._known = bool(_REFUSALS.read(store).names)
        """There are refusals that an order which goes through ends."""
        self._succeeded: set[str] = set()
        """Zones of the orders that went through in this batch."""
        self._undecided: list[RefusedOrder] = []

    @property
    def stopped(self) -> bool:
        """Nothing more is to be sent."""
        return self._stopped

    def stops(self, zone: str) -> bool:
        """No more orders of this zone are to be sent; a probe goes on through the halt that it is to try."""
        return not self._probe and zone in self._halted_zones

    def heard(self, error: ProviderError) -> None:
        """Of a call that failed, and whose place is not given to another one yet: none starts after one that halts."""
        if isinstance(error, AccessDenied):
            self._stopped = True

    def look(self) -> None:
        """Stops where another worker halted the line or a zone; looks once a round of calls. A probe goes on."""
        with self._lock:
            self._looked += 1
            due = self._looked % self._round_size == 0 and not self._probe and not self._stopped
        if due:
            if halt(self._store) is not None:
                self._stopped = True
            self._halted_zones = set(zone_halts(self._store))

    def halt(self, error: ProviderError | RulesOutdated) -> None:
        """No order can succeed, or may be sent: the line stops, here and for plan and all other workers."""
        with self._lock:
            already, self._halted, self._stopped = self._halted, True, True
        if not already:
            halted = Halt(_kind(error), str(error), self._clock())
            halt_line(self._store, halted)
            logger.error("line_halted", kind=halted.kind, why=halted.why)
        self._give_back()

    def went_through(self, zone: str) -> None:
        """An order was accepted: the settings are right, and what was refused before was each name's own fault."""
        with self._lock:
            self._succeeded.add(zone)
            undecided, self._undecided = self._undecided, []
            known, self._known = self._known, False
        for one in undecided:
            if one.mark is not None:
                one.mark()
        if known:
            self._count(lambda refusals: refusals.after_success({zone}))
        if self._probe:
            lift_halt(self._store)
            lift_zone(self._store, zone)
            logger.info("line_goes_on", zone=zone)

    def refused(self, error: ProviderError, refusal: RefusedOrder) -> None:
        """Counts a refusal that is about one name as far as anybody knows; the fifth alike halts what they share.

        A probe's refusal decides nothing: it is one name of what was halted for refusals.
        """
        counted = RefusedName(refusal.name, refusal.zone, in_general(error.description, refusal.name))
        with self._lock:
            self._known = True
            if refusal.mark is not None and not self._stopped:
                self._undecided.append(refusal)
        if refusal.mark is None or refusal not in self._undecided:
            refusal.give_back()
        if self._probe or self._stopped:
            return
        match self._count(lambda refusals: refusals.plus(counted)).halts(counted):
            case "line":
                self.halt(error)
                self._decided()
            case "zone":
                self._halt_zone(refusal.zone, error)

    def close(self) -> None:
        """The batch is through. What is undecided still is the name's own fault if it was refused alike before; else
        it is given back, and the next batches count on from it."""
        with self._lock:
            undecided, self._undecided = self._undecided, []
            succeeded, self._succeeded = self._succeeded, set()
        decided: set[str] = set()
        for one in undecided:
            if one.again and not self._probe and one.mark is not None:
                one.mark()
                decided.add(one.name)
            else:
                one.give_back()
        if succeeded or decided:
            self._count(lambda refusals: refusals.after_success(succeeded).without(decided))

    def _halt_zone(self, zone: str, error: ProviderError) -> None:
        self._halted_zones = self._halted_zones | {zone}
        halt_zone(self._store, zone, Halt("setting", str(error), self._clock()))
        logger.error("zone_halted", zone=zone, why=str(error))
        self._give_back(zone)

    def _decided(self) -> None:
        """The refusals became a halt: they begin anew when it is lifted."""
        self._count(lambda _refusals: Refusals())

    def _give_back(self, zone: str | None = None) -> None:
        with self._lock:
            back = [one for one in self._undecided if zone in (None, one.zone)]
            self._undecided = [one for one in self._undecided if one not in back]
        for one in back:
            one.give_back()

    def _count(self, change: Callable[[Refusals], Refusals]) -> Refusals:
        """What counts after the change, whatever other workers count meanwhile."""
        return _REFUSALS.change(self._store, change)


def _kind(error: ProviderError | RulesOutdated) -> Literal["access", "setting", "rules"]:
    if isinstance(error, RulesOutdated):
        return "rules"
    return "access" if isinstance(error, AccessDenied) else "setting"
