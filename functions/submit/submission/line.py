"""The line as one batch sees it: the first halt stops all its threads, and refusals that run on become one.

One mistyped contact handle must not reject a day's names. So a refusal is written down as the name's own only when an
order after it went through, or when the same name is refused in the same words once more. Until then it is undecided:
the name is given back, and counts for the batches that come after.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import TypeAdapter

from backorder.clock import Clock
from backorder.halt import Halt, halt, halt_line, lift_halt
from backorder.observability import logger
from backorder.provider.errors import AccessDenied, LineHalted, NotFound, ProviderError, Refused
from backorder.rules import RulesOutdated
from backorder.store import Store

REFUSALS = 5
"""The same refusal for so many names running is no name's own fault."""
ORDER = "AddDomainApplication"
_DOCUMENT = "refusals"


@dataclass(frozen=True, slots=True)
class Streak:
    """Names that were refused in the same words since the last order that went through, and are undecided."""

    words: str = ""
    names: tuple[str, ...] = ()

    def followed_by(self, later: Streak) -> Streak:
        """Both in a row: other words start anew."""
        if not later.names or not self.names:
            return later if later.names else self
        if self.words != later.words:
            return later
        return Streak(self.words, (*self.names, *(name for name in later.names if name not in self.names)))

    def without(self, names: Collection[str]) -> Streak:
        """What remains when these are decided."""
        left = tuple(name for name in self.names if name not in names)
        return Streak(self.words, left) if left else Streak()


_STREAK = TypeAdapter(Streak)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused name of this batch. `again`: it was refused in the same words before."""

    name: str
    mark: Callable[[], None]
    give_back: Callable[[], None]
    again: bool


def stops_the_line(error: ProviderError) -> bool:
    """Whether no order can succeed any more: the login is refused, or a setting that all orders have."""
    if isinstance(error, LineHalted):
        return True
    if error.command != ORDER:
        return False
    # NotFound in an answer to an order: a setting names something that does not exist.
    if isinstance(error, Refused):
        return not error.blames_name and not error.lacks_data_of_its_zone
    return isinstance(error, NotFound)


def _kind(error: ProviderError | RulesOutdated) -> Literal["access", "setting", "rules"]:
    if isinstance(error, RulesOutdated):
        return "rules"
    return "access" if isinstance(error, AccessDenied) else "setting"


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
        """The halt that stood when this batch began."""
        self._before = _streak(store.document(_DOCUMENT))
        """What other batches counted. Others go on counting while this one works: what is kept is read anew."""
        self._own = Streak()
        """What this one counted, since the last order of its own that went through."""
        self._ended = False
        """This one ended what others counted."""
        self._undecided: list[Refusal] = []

    @property
    def stopped(self) -> bool:
        """Nothing more is to be sent."""
        return self._stopped

    def heard(self, error: ProviderError) -> None:
        """Of a call that failed, and whose place is not given to another one yet: none starts after one that halts."""
        if stops_the_line(error):
            self._stopped = True

    def look(self) -> None:
        """Stops where another worker halted the line; looks once a round of calls. A probe goes on all the same."""
        with self._lock:
            self._looked += 1
            due = self._looked % self._round_size == 0 and not self._probe and not self._stopped
        if due and halt(self._store) is not None:
            self._stopped = True

    def halt(self, error: ProviderError | RulesOutdated) -> None:
        """No order can succeed, or may be sent: the line stops, here and for plan and all other workers."""
        with self._lock:
            already, self._halted, self._stopped = self._halted, True, True
        if not already:
            halted = Halt(_kind(error), str(error), self._clock())
            halt_line(self._store, halted)
            logger.error("line_halted", kind=halted.kind, why=halted.why)
        self._decide(mark=False)

    def went_through(self) -> None:
        """An order was accepted: the settings are right, and what was refused before was each name's own fault."""
        at_once = self._before.names and not self._ended
        self._decide(mark=True)
        if at_once:
            self._keep()
        if self._probe:
            lift_halt(self._store)
            logger.info("line_goes_on")

    def refused(self, error: Refused, refusal: Refusal) -> None:
        """Notes a refusal that blames its name; the fifth name running of the same words halts the line."""
        earlier: list[Refusal] = []
        with self._lock:
            if self._running.names and error.description != self._running.words:
                earlier, self._undecided = self._undecided, []
                self._own, self._ended = Streak(), True
            self._own = self._own.followed_by(Streak(error.description, (refusal.name,)))
            self._undecided.append(refusal)
            too_many = self._are_too_many
        for one in earlier:
            one.mark()
        if too_many and self._still_too_many():
            self.halt(error)
        elif self._stopped:
            self._give_back()

    @property
    def _running(self) -> Streak:
        """What runs on from the batches before into this one."""
        return self._own if self._ended else self._before.followed_by(self._own)

    @property
    def _are_too_many(self) -> bool:
        return len(self._running.names) >= REFUSALS

    def _still_too_many(self) -> bool:
        """Whether nobody's order went through since this batch began."""
        before = _streak(self._store.document(_DOCUMENT))
        with self._lock:
            self._before = before
            return self._are_too_many

    def close(self) -> None:
        """The batch is through. What is undecided still is the name's own fault if it was refused alike before; else
        it is given back, and the next batches count on from it.

        A probe's refusal decides nothing: it is one name of a line that was halted for refusals.
        """
        decided: set[str] = set()
        if self._probe:
            self._give_back()
        else:
            with self._lock:
                undecided, self._undecided = self._undecided, []
            decided = {one.name for one in undecided if one.again}
            for one in undecided:
                (one.mark if one.again else one.give_back)()
        self._keep(decided)

    def _give_back(self) -> None:
        with self._lock:
            undecided, self._undecided = self._undecided, []
        for one in undecided:
            one.give_back()

    def _decide(self, *, mark: bool) -> None:
        """The streak ends: with an order that went through, or with the halt that it became."""
        with self._lock:
            undecided, self._undecided = self._undecided, []
            self._own, self._ended = Streak(), True
        for one in undecided:
            (one.mark if mark else one.give_back)()

    def _keep(self, decided: Collection[str] = ()) -> None:
        """Adds what this batch counted to what others did meanwhile, or ends it, for the batches to come."""
        with self._lock:
            own, ended = self._own.without(decided), self._ended
        if not own.names and not ended and not decided:
            return
        while True:
            document = self._store.document(_DOCUMENT)
            stands = _streak(document)
            streak = (own if ended else stands.followed_by(own)).without(decided)
            if streak == stands:
                return
            if self._store.swap_document(_DOCUMENT, document, _STREAK.dump_python(streak, mode="json")):
                return


def _streak(document: Mapping[str, Any] | None) -> Streak:
    return _STREAK.validate_python(document) if document else Streak()
