"""The last cancel of each domain, kept whether or not there is a backorder for it.

Lists are read in any order. So a cancel may be read before the older list that wants the name, or before a rule chooses
it: whoever makes a backorder looks here after that, and whoever cancels writes here before looking for the backorder.
So one of the two finds the other. The last wish needs no such note: it is on the backorder that it made (`decided`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from backorder.domain.values import ListPlace
from backorder.runtime.clock import iso
from backorder.store import Store


@dataclass(frozen=True, slots=True)
class Cancel:
    """A person's cancel of a domain, and where it stands."""

    # The list's LastModified, UTC.
    at: datetime
    entry: ListPlace

    @property
    def why(self) -> str:
        """Return what the backorder's history says of it."""
        return f"cancelled by {self.entry}"


def last_cancel(store: Store, domain: str) -> Cancel | None:
    """Return the newest cancel of a domain; None if nobody cancelled it."""
    body = store.document(_name(domain))
    if body is None:
        return None
    return Cancel(datetime.fromisoformat(body["at"]), ListPlace(body["list"], body["version"], body["line"]))


def note_cancel(store: Store, domain: str, cancel: Cancel) -> None:
    """Keep the cancel, unless a newer one is there; of the same second, the first one that was read stays."""
    after = {"at": iso(cancel.at), **cancel.entry._asdict()}
    while True:
        before = store.document(_name(domain))
        if before is not None and datetime.fromisoformat(before["at"]) >= cancel.at:
            return
        if store.swap_document(_name(domain), before, after):
            return


def _name(domain: str) -> str:
    return f"cancelled#{domain}"
