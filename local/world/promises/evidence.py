"""What a run left behind: all that the promises are checked against."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from backorder.domain.backorder import Backorder
from backorder.domain.findings import Finding
from backorder.domain.ledger import Posting
from backorder.store import ListRecord
from local.world.promises.last_words import Word


@dataclass(frozen=True)
class Evidence:
    """All that the promises are checked against, as it was when the run ended."""

    lists: Sequence[ListRecord]
    backorders: Sequence[Backorder]
    postings: Sequence[Posting]
    findings: Sequence[Finding]
    emulator: Mapping[str, Any]
    """The answer of `/_emulator/state`."""
    ended_at: datetime
    planned_only: bool
    halted: bool
    password_seen_in: Sequence[str]
    """Where the password was found: files, items, messages. Empty if it is nowhere."""
    # What the newest list under wanted/ or cancel/ says of each name, as far as it is known.
    words: Mapping[str, Word] = field(default_factory=dict)
    # Dates that a source of a lower rank moved, as the store saw it.
    outranked: Sequence[str] = ()
    books: Mapping[str, Any] = field(default_factory=dict)
    """The documents in which the ledger's sums are kept, by name."""
    # Applications that somebody placed by hand, where a simulation let somebody do it.
    placed_by_hand: Collection[str] = ()
    mishaps: bool = False
    """Workers died or stood still, which only a simulation lets happen: as good an excuse as a provider's silence."""


Offenders = Iterator[str]
"""What breaks a promise, one line each: the domain, the list, or the sum, and what is wrong with it."""
