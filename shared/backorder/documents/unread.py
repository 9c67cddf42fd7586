"""Objects in the lists bucket that nothing reads: ingestion notes them, and reconciliation tells of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from backorder.store.documents import Document, Documents

if TYPE_CHECKING:
    from backorder.store import Store

MOST_NOTED = 100
"""Nobody looks at more of them one by one."""


@dataclass(frozen=True, slots=True)
class Unread:
    """One object that nothing reads."""

    key: str
    """Its key, for people: cut where it is very long."""
    put: datetime
    """Its LastModified, UTC."""
    why: str
    """Why nothing reads it, as the end of a sentence."""


@dataclass(frozen=True, slots=True)
class UnreadObjects:
    """All of them."""

    first: tuple[Unread, ...] = ()
    """Those that were put first, in that order."""
    more: int = 0
    """How many there are besides. One that was put twice may count twice until the next sweep."""

    def plus(self, unread: Unread) -> UnreadObjects:
        """With one that was put."""
        others = [one for one in self.first if one.key != unread.key]
        if len(others) >= MOST_NOTED:
            return replace(self, more=self.more + 1)
        return replace(self, first=tuple(sorted([*others, unread], key=lambda one: (one.put, one.key))))


UNREAD_OBJECTS: Document[UnreadObjects] = Document("unread-objects", TypeAdapter(UnreadObjects), UnreadObjects())


def unread_objects(documents: Documents) -> UnreadObjects:
    """Those that are noted."""
    return UNREAD_OBJECTS.read(documents)


def change_unread_objects(store: Store, change: Callable[[UnreadObjects], UnreadObjects]) -> None:
    """Notes what `change` makes of those that are noted; it is asked again if somebody else notes some meanwhile."""
    UNREAD_OBJECTS.change(store, change)
