"""The store as an adversary has it: before and after each of its steps, others have their turns or the process ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from backorder.domain.backorder import Backorder
from backorder.domain.findings import Finding
from backorder.domain.ledger import Lease, Posting
from backorder.domain.values import BackorderKey
from backorder.store import ListRecord, Store
from local.world.virtual.mishaps import Mishaps

T = TypeVar("T")

STALE = timedelta(seconds=1)
"""The index of open backorders may lag behind by this much."""


class SteppedStore:
    """Passes everything on. Documents, lists and the ledger are read without a step: they hinge on no moment."""

    def __init__(self, store: Store, mishaps: Mishaps) -> None:
        self._store = store
        self._mishaps = mishaps
        self._before: dict[BackorderKey, tuple[datetime, Backorder | None]] = {}
        self.writes = 0
        self.written: Callable[[Backorder], None] = lambda _backorder: None
        """Is told of each backorder that was changed."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def create(self, backorder: Backorder) -> Backorder | None:
        def write() -> Backorder | None:
            existing = self._store.create(backorder)
            if existing is None:
                self._before[backorder.key] = (self._mishaps.scheduler.now, None)
            return existing

        return self._write(write)

    def replace(self, backorder: Backorder) -> Backorder:
        def write() -> Backorder:
            former = self._store.get(backorder.key)
            written = self._store.replace(backorder)
            self._before[backorder.key] = (self._mishaps.scheduler.now, former)
            self.written(written)
            return written

        return self._write(write)

    def get(self, key: BackorderKey) -> Backorder | None:
        self._mishaps.step()
        return self._store.get(key)

    def latest(self, domain: str) -> Backorder | None:
        self._mishaps.step()
        return self._store.latest(domain)

    def open_backorders(self) -> Iterator[Backorder]:
        found = [shown for backorder in self._store.open_backorders() if (shown := self._shown(backorder)) is not None]
        self._mishaps.step()
        return iter(found)

    def _shown(self, backorder: Backorder) -> Backorder | None:
        written_at, former = self._before.get(backorder.key, (None, None))
        if written_at is None or self._mishaps.scheduler.now - written_at > STALE or self._mishaps.rng.random() < 0.5:
            return backorder
        return former

    def post(self, postings: Iterable[Posting]) -> list[Posting]:
        # Not all at once: the ledger is written in batches of a few, and a process may die between two of them.
        return [added for posting in list(postings) for added in self._write(partial(self._store.post, [posting]))]

    def save_lease(self, lease: Lease) -> None:
        self._write(lambda: self._store.save_lease(lease))

    def delete_lease(self, lease_id: str) -> None:
        self._write(lambda: self._store.delete_lease(lease_id))

    def save_finding(self, finding: Finding) -> None:
        self._write(lambda: self._store.save_finding(finding))

    def save_list(self, record: ListRecord) -> None:
        self._write(lambda: self._store.save_list(record))

    def acquire_lease(self, name: str, holder: str, *, now: datetime, until: datetime) -> bool:
        return self._write(lambda: self._store.acquire_lease(name, holder, now=now, until=until))

    def release_lease(self, name: str, holder: str) -> None:
        self._write(lambda: self._store.release_lease(name, holder))

    def put_document(self, name: str, body: Mapping[str, Any]) -> None:
        self._write(lambda: self._store.put_document(name, body))

    def swap_document(self, name: str, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> bool:
        return self._write(lambda: self._store.swap_document(name, before, after))

    def delete_document(self, name: str) -> None:
        self._write(lambda: self._store.delete_document(name))

    def _write(self, write: Callable[[], T]) -> T:
        self._mishaps.strike()
        self._mishaps.step()
        done = write()
        self.writes += 1
        self._mishaps.strike()
        self._mishaps.step()
        return done
