"""What a store can do. Reads of single items are strongly consistent; those of open backorders may be a moment old."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from backorder.domain.backorder import Backorder
from backorder.domain.findings import Finding
from backorder.domain.ledger import Lease, Posting
from backorder.domain.values import BackorderKey


@dataclass(frozen=True, slots=True)
class SetAside:
    """An item that this version does not understand, for a newer one wrote it, or it is damaged: by what stands beside
    its content."""

    pk: str
    sk: str
    backorder: BackorderKey | None = None
    """Of which backorder it is, if it is one's."""
    state: str | None = None
    """That backorder's, in whatever word."""
    deadline: datetime | None = None
    """That backorder's, UTC; None where it has none, or is over."""
    day: date | None = None
    """The day (UTC) among whose sums it counts: a posting's, or that of a backorder that is over."""
    is_money: bool = False
    """A posting, or a deposit: without it, nobody knows what the books say."""


class NotUnderstood(Exception):
    """What was asked for is an item that this version does not understand. It is not to be overwritten."""

    def __init__(self, item: SetAside, why: str) -> None:
        super().__init__(f"the item {item.pk}, {item.sk} is not understood: a newer version wrote it, or it is damaged")
        self.item = item
        self.why = why
        """What about it, in a few words that hold nothing of its content."""


class TooLarge(Exception):
    """What was to be written is larger than an item of the table may be. Nothing was written."""


LARGEST = 400_000
"""Bytes of a document's JSON. An item of the table ends at 400 KB (409,600 bytes), with its key and its names."""


def text_of(name: str, body: Mapping[str, Any]) -> str:
    """Return a document as JSON. Raises TooLarge, which says of which document."""
    text = json.dumps(body)  # ASCII, so a character is a byte
    if len(text) > LARGEST:
        raise TooLarge(f"the document {name} has {len(text):,} bytes: an item of the table takes {LARGEST:,}")
    return text


class Conflict(Exception):
    """Somebody else changed the backorder since it was read. `current` is what stands there now (None: nothing, or
    nothing that is understood)."""

    def __init__(self, key: BackorderKey, current: Backorder | None) -> None:
        super().__init__(f"{key.domain} (cycle {key.cycle}) was changed by somebody else in the meantime")
        self.current = current


@dataclass(frozen=True, slots=True)
class ListRecord:
    """What became of a list's entries: `entries = rejected + not_selected + duplicates + accepted`."""

    name: str
    """The object's key; `archive#member` for one of several members."""
    version: str
    kind: str
    source: str
    """What the list was recognised as."""
    modified: datetime
    read_at: datetime
    entries: int = 0
    rejected: int = 0
    not_selected: int = 0
    duplicates: int = 0
    accepted: int = 0
    notes: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


class Store(Protocol):
    """Backorders are written on condition that nobody else changed them, and documents that several write by `swap`.
    All else has one writer at a time.

    An item that is not understood is set aside alone: who reads many gets the others, who asks for that one gets
    NotUnderstood.
    """

    def create(self, backorder: Backorder) -> Backorder | None:
        """Writes a new backorder. Gives None when it was written, else the one that is already there under its key.

        Raises NotUnderstood.
        """

    def get(self, key: BackorderKey) -> Backorder | None:
        """Raises NotUnderstood."""

    def latest(self, domain: str) -> Backorder | None:
        """The domain's newest drop cycle. Raises NotUnderstood where that one is not understood."""

    def replace(self, backorder: Backorder) -> Backorder:
        """Writes a changed backorder if the stored one still has its `version`; gives it with the next version.

        Raises Conflict with what stands there now.
        """

    def open_backorders(self) -> Iterator[Backorder]:
        """Every open backorder, by deadline within a shard; may miss the writes of the last moments."""

    def backorders(self) -> Iterator[Backorder]:
        """Every backorder ever, in no particular order. Reads the whole table."""

    def closed_days(self) -> dict[date, Mapping[str, Any] | None]:
        """The days (UTC) on which backorders came to their end that are open no more, with the sums kept of each day.
        None: no sums are kept. There may be days without any."""

    def closed(self, since: date, before: date) -> Iterator[Backorder]:
        """Those of days (UTC) from `since` on and `before` another one, by day, then domain; may miss the writes of the
        last moments."""

    def save_day(self, day: date, sums: Mapping[str, Any] | None) -> None:
        """Keeps the sums of a day in the place of those before; None: forgets them."""

    def post(self, postings: Iterable[Posting]) -> list[Posting]:
        """Adds to the ledger, and returns what was really added.

        A posting whose key is there already is the same posting: nothing changes, and it is not among those returned.
        """

    def postings(self, since: date | None = None, before: date | None = None) -> Iterator[Posting]:
        """The ledger, in order of time, then key: all of it, or what is dated `since` one day (UTC) or later, and
        `before` another."""

    def save_lease(self, lease: Lease) -> None:
        """Keeps a deposit as the books have it; it replaces what was kept under its id."""

    def leases(self) -> Iterator[Lease]:
        """All deposits that are kept, by id."""

    def delete_lease(self, lease_id: str) -> None: ...

    def save_finding(self, finding: Finding) -> None: ...

    def findings(self) -> Iterator[Finding]:
        """All findings, open and closed, in order of opening."""

    def open_findings(self) -> Iterator[Finding]:
        """Those that are open, in order of opening."""

    def save_list(self, record: ListRecord) -> None: ...

    def list_record(self, name: str, version: str) -> ListRecord | None:
        """Raises NotUnderstood."""

    def lists(self) -> Iterator[ListRecord]:
        """All lists read, in order of reading."""

    def acquire_lease(self, name: str, holder: str, *, now: datetime, until: datetime) -> bool:
        """Takes the named lease if nobody holds it (or its time ran out). A holder may renew its own."""

    def release_lease(self, name: str, holder: str) -> None:
        """Gives the lease back; nothing happens if somebody else holds it by now."""

    def document(self, name: str) -> dict[str, Any] | None:
        """A document (the rules, the last forecast …): JSON values, with amounts and times as strings."""

    def documents(self, names: Collection[str]) -> dict[str, dict[str, Any]]:
        """Those of the documents that there are, read together."""

    def put_document(self, name: str, body: Mapping[str, Any]) -> None:
        """Raises TooLarge."""

    def delete_document(self, name: str) -> None: ...

    def swap_document(self, name: str, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> bool:
        """Puts a document that several write, if it still is as it was read (None: was not there). Raises TooLarge."""

    def group(self, name: str) -> dict[str, dict[str, Any]]:
        """Return the documents of a group by their keys: there may be any number, each is written alone."""

    def put_member(self, group: str, key: str, body: Mapping[str, Any]) -> None:
        """Write one document of a group. Raises TooLarge."""

    def delete_member(self, group: str, key: str) -> None:
        """Delete one document of a group; nothing happens where there is none."""

    def set_aside(self) -> Collection[SetAside]:
        """The items that were read and not understood since `forget_set_aside`, by key."""

    def forget_set_aside(self) -> None:
        """A run begins: what it does not come upon by itself is no matter of its."""

    def look_again(self, pk: str, sk: str) -> None:
        """Reads one item that was set aside before: it is again, unless it is understood by now, or gone."""
