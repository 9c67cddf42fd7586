"""The books as they stand in the store: all postings, and what has to be remembered between two runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Self

from pydantic import TypeAdapter

from backorder.bookkeeping import Posting
from backorder.money import ZERO
from backorder.store import Store

_DOCUMENT = "books"


@dataclass(frozen=True, slots=True)
class Notes:
    """What the postings themselves do not tell."""

    known: frozenset[str] = frozenset()
    """Keys of the bookings that were there when the books were opened: history, never posted."""
    missing: tuple[Decimal, Decimal] = (ZERO, ZERO)
    """What the last run could not explain, of the balance and of the reserved: posted if the next run sees the same."""


_NOTES = TypeAdapter(Notes)


@dataclass(frozen=True, slots=True)
class Books:
    """The whole ledger, and the notes to it."""

    postings: tuple[Posting, ...]
    notes: Notes = field(default_factory=Notes)

    @classmethod
    def load(cls, store: Store) -> Self:
        """The books of `store`; without postings before the first run."""
        body = store.document(_DOCUMENT)
        return cls(tuple(store.postings()), Notes() if body is None else _NOTES.validate_python(body))

    @property
    def opened_at(self) -> datetime | None:
        """When the first run read the account; None before it."""
        return min((posting.at for posting in self.postings if posting.kind == "opening"), default=None)


def save_notes(store: Store, notes: Notes) -> None:
    """Keeps the notes for the next run."""
    store.put_document(_DOCUMENT, _NOTES.dump_python(notes, mode="json"))
