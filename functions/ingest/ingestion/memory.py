"""What was read before: so that nothing is read twice for nothing, goes on where it stopped, and is found if it was
never read.

| document | says |
| --- | --- |
| `object#KEY` | the newest version of the object that was read to its end |
| `content#KIND#HASH` | where a list with these very bytes was read first |
| `reading#NAME#VERSION` | how far a list was written when time ran short |
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from backorder.runtime.clock import iso
from backorder.store import Store
from ingestion.arrived import Arrived
from ingestion.writing import Progress


@dataclass(frozen=True, slots=True)
class Before:
    """Where a list with the same content was read first."""

    name: str
    modified: datetime
    """Of that object: what the list says is as old as that."""
    rules: str | None
    """The rules that last chose from it."""


class Memory:
    """Documents of the store, by what they are about."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def was_read(self, key: str, content: str, modified: datetime) -> bool:
        """Whether this content of the object, or a newer one, was read to its end."""
        body = self._store.document(f"object#{key}")
        if body is None:
            return False
        read = datetime.fromisoformat(body["modified"])
        return read > modified or (read == modified and body["content"] == content)

    def note_read(self, key: str, content: str, modified: datetime) -> None:
        """It was read to its end, and each list in it has its summary."""
        if not self.was_read(key, content, modified):
            self._store.put_document(f"object#{key}", {"content": content, "modified": iso(modified)})

    def before(self, kind: str, arrived: Arrived) -> Before | None:
        """The first object of this kind that had the same content; None if that is this one."""
        first = self._first(kind, arrived)
        return None if first is None or (first.name, first.modified) == (arrived.key, arrived.modified) else first

    def note_content(self, kind: str, arrived: Arrived, *, rules: str | None) -> None:
        """What was just read has this content; the oldest object that has it is remembered."""
        first = self._first(kind, arrived)
        if first is None or arrived.modified < first.modified:
            first = Before(arrived.key, arrived.modified, rules)
        body = {"name": first.name, "modified": iso(first.modified), "rules": rules}
        self._store.put_document(f"content#{kind}#{arrived.content}", body)

    def _first(self, kind: str, arrived: Arrived) -> Before | None:
        body = self._store.document(f"content#{kind}#{arrived.content}")
        if body is None:
            return None
        return Before(body["name"], datetime.fromisoformat(body["modified"]), body["rules"])

    def progress(self, name: str, version: str, rules: str | None) -> Progress:
        """How far this version of the list was written under these rules."""
        body = self._store.document(f"reading#{name}#{version}")
        return Progress.model_validate(body["progress"]) if body and body["rules"] == rules else Progress()

    def keep_progress(self, name: str, version: str, rules: str | None, progress: Progress) -> None:
        """For the next invocation."""
        body = {"rules": rules, "progress": progress.model_dump(mode="json")}
        self._store.put_document(f"reading#{name}#{version}", body)

    def forget_progress(self, name: str, version: str) -> None:
        """The list has its summary."""
        self._store.delete_document(f"reading#{name}#{version}")
