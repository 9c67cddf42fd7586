"""Objects in the lists bucket that nothing reads: ingestion notes them, and reconciliation tells of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

if TYPE_CHECKING:
    from backorder.store import Store

MOST_NOTED = 100
"""Nobody looks at more of them one by one."""
_DOCUMENT = "unread-objects"


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


_OBJECTS = TypeAdapter(UnreadObjects)


def unread_objects(store: Store) -> UnreadObjects:
    """Those that are noted."""
    body = store.document(_DOCUMENT)
    return UnreadObjects() if body is None else _OBJECTS.validate_python(body)


def change_unread_objects(store: Store, change: Callable[[UnreadObjects], UnreadObjects]) -> None:
    """Notes what `change` makes of those that are noted; it is asked again if somebody else notes some meanwhile."""
    while True:
        body = store.document(_DOCUMENT)
        stand = UnreadObjects() if body is None else _OBJECTS.validate_python(body)
        changed = change(stand)
        if changed == stand:
            return
        if store.swap_document(_DOCUMENT, body, _OBJECTS.dump_python(changed, mode="json")):
            return
