"""Deletion lists that were put where each name is ordered: ingestion notes them, and reconciliation tells of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

if TYPE_CHECKING:
    from backorder.store import Store
    from backorder.store.documents import Documents

TOLD_FOR = timedelta(days=7)
"""After that, orders are placed and names have dropped: nobody can undo it any more."""
_MOST = 20
MISPLACED = "misplaced-lists"


@dataclass(frozen=True, slots=True)
class Misplaced:
    """One such list."""

    name: str
    source: str
    """What it was recognised as."""
    read_at: datetime
    """UTC."""
    wanted: int
    """Names on it that are ordered."""
    up_to: Decimal
    """What they cost if all are won, in the account's currency, by the fees of the rules."""

    @property
    def sentence(self) -> str:
        return f"{self.wanted:,} names of a deletion list ({self.source}) are wanted, for up to {self.up_to:,.2f}"


_LISTS = TypeAdapter(tuple[Misplaced, ...])


def misplaced_lists(documents: Documents, now: datetime) -> tuple[Misplaced, ...]:
    """Those that are still worth telling of."""
    body = documents.document(MISPLACED)
    noted = () if body is None else _LISTS.validate_python(body["lists"])
    return tuple(one for one in noted if now - one.read_at < TOLD_FOR)


def note_misplaced(store: Store, found: Misplaced) -> None:
    """Notes one, in the place of an earlier version of it. Two at once may overwrite each other's note: the summary of
    each list says the same."""
    others = (one for one in misplaced_lists(store, found.read_at) if one.name != found.name)
    kept = (*others, found)[-_MOST:]
    store.put_document(MISPLACED, {"lists": _LISTS.dump_python(kept, mode="json")})
