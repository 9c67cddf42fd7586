"""What is to happen, and when."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from heapq import heappop, heappush
from itertools import count
from typing import Any


class Kind(IntEnum):
    """Kinds of events, in the order in which those of one moment take place.

    Money that comes back is there for the locks of the same minute; the last try of a lock comes before finalization.
    """

    RELEASE = 0
    RENEWAL = 1
    DROP = 2
    AUCTION_END = 3
    AUCTION_PAID = 4
    LATE_COMMAND = 5
    LAPSE = 6
    LEASE_RENEWED = 7
    LOCK = 8
    RETRY = 9
    VANISH = 10
    FINALIZATION = 11
    LISTED = 12


@dataclass(order=True, slots=True)
class Event:
    """One entry of the agenda. `about` is what it concerns; `version` that of the drop it was planned for."""

    at: datetime
    kind: Kind
    number: int
    about: Any = field(compare=False)
    version: int = field(compare=False, default=0)


class Agenda:
    """Events, earliest first; of one moment by kind, of one kind in the order in which they were planned."""

    def __init__(self) -> None:
        self._heap: list[Event] = []
        self._numbers = count()

    def plan(self, at: datetime, kind: Kind, about: object, version: int = 0) -> None:
        """Adds an event; one that lies in the past takes place as soon as the clock is looked at."""
        heappush(self._heap, Event(at, kind, next(self._numbers), about, version))

    def first(self) -> Event | None:
        """The next event, which stays."""
        return self._heap[0] if self._heap else None

    def take_first(self) -> Event:
        """Removes and gives the next event. Raises IndexError if there is none."""
        return heappop(self._heap)
