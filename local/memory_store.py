"""The store in memory: for simulations and for large runs on one machine, where moto's index queries are too slow."""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from backorder.domain.backorder import Backorder
from backorder.domain.findings import Finding
from backorder.domain.ledger import Lease, Posting
from backorder.domain.values import BackorderKey
from backorder.store.protocol import Conflict, ListRecord, SetAside, text_of


class MemoryStore:
    """Keeps the frozen objects themselves, so there is none that it does not understand. Safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._backorders: dict[BackorderKey, Backorder] = {}
        self._latest: dict[str, int] = {}
        self._open: set[BackorderKey] = set()
        self._closed: dict[date, set[BackorderKey]] = {}
        self._sums: dict[date, dict[str, Any] | None] = {}
        self._postings: dict[str, Posting] = {}
        self._days: dict[date, list[Posting]] = {}
        self._leases_by_id: dict[str, Lease] = {}
        self._findings: dict[str, Finding] = {}
        self._open_findings: dict[str, Finding] = {}
        self._lists: dict[tuple[str, str], ListRecord] = {}
        self._leases: dict[str, tuple[str, datetime]] = {}
        self._documents: dict[str, dict[str, Any]] = {}
        self._groups: dict[str, dict[str, dict[str, Any]]] = {}

    def create(self, backorder: Backorder) -> Backorder | None:
        with self._lock:
            existing = self._backorders.get(backorder.key)
            if existing is None:
                self._put(backorder)
            return existing

    def get(self, key: BackorderKey) -> Backorder | None:
        with self._lock:
            return self._backorders.get(key)

    def latest(self, domain: str) -> Backorder | None:
        with self._lock:
            cycle = self._latest.get(domain)
            return None if cycle is None else self._backorders[BackorderKey(domain, cycle)]

    def replace(self, backorder: Backorder) -> Backorder:
        with self._lock:
            current = self._backorders.get(backorder.key)
            if current is None or current.version != backorder.version:
                raise Conflict(backorder.key, current)
            written = backorder.next_version()
            self._put(written)
            return written

    def _put(self, backorder: Backorder) -> None:
        key = backorder.key
        before = self._backorders.get(key)
        if before is not None and not before.is_open:
            self._closed[before.closed_on].discard(key)
        if not backorder.is_open:
            self._closed.setdefault(backorder.closed_on, set()).add(key)
        self._backorders[key] = backorder
        self._latest[backorder.domain] = max(backorder.cycle, self._latest.get(backorder.domain, 0))
        (self._open.add if backorder.is_open else self._open.discard)(key)

    def open_backorders(self) -> Iterator[Backorder]:
        with self._lock:
            found = [self._backorders[key] for key in self._open]
        return iter(sorted(found, key=lambda b: (b.schedule.deadline is None, b.schedule.deadline, b.domain)))

    def backorders(self) -> Iterator[Backorder]:
        with self._lock:
            return iter(list(self._backorders.values()))

    def closed_days(self) -> dict[date, Mapping[str, Any] | None]:
        with self._lock:
            return {day: copy.deepcopy(self._sums.get(day)) for day in sorted(self._closed.keys() | self._sums.keys())}

    def closed(self, since: date, before: date) -> Iterator[Backorder]:
        with self._lock:
            days = [keys for day, keys in self._closed.items() if since <= day < before]
            found = [self._backorders[key] for keys in days for key in keys]
        return iter(sorted(found, key=lambda b: (b.closed_on, b.key)))

    def save_day(self, day: date, sums: Mapping[str, Any] | None) -> None:
        with self._lock:
            self._sums[day] = None if sums is None else copy.deepcopy(dict(sums))

    def post(self, postings: Iterable[Posting]) -> list[Posting]:
        added: list[Posting] = []
        with self._lock:
            for posting in postings:
                if posting.key not in self._postings:
                    self._postings[posting.key] = posting
                    self._days.setdefault(posting.at.date(), []).append(posting)
                    added.append(posting)
        return added

    def postings(self, since: date | None = None, before: date | None = None) -> Iterator[Posting]:
        first, end = since or date.min, before or date.max
        with self._lock:
            days = sorted(day for day in self._days if first <= day < end)
            found = [posting for day in days for posting in self._days[day]]
        return iter(sorted(found, key=lambda p: (p.at, p.key)))

    def save_lease(self, lease: Lease) -> None:
        with self._lock:
            self._leases_by_id[lease.id] = lease

    def leases(self) -> Iterator[Lease]:
        with self._lock:
            return iter(sorted(self._leases_by_id.values(), key=lambda lease: lease.id))

    def delete_lease(self, lease_id: str) -> None:
        with self._lock:
            self._leases_by_id.pop(lease_id, None)

    def save_finding(self, finding: Finding) -> None:
        with self._lock:
            self._findings[finding.key] = finding
            if finding.status == "open":
                self._open_findings[finding.key] = finding
            else:
                self._open_findings.pop(finding.key, None)

    def open_findings(self) -> Iterator[Finding]:
        with self._lock:
            return iter(sorted(self._open_findings.values(), key=lambda f: (f.opened_at, f.key)))

    def findings(self) -> Iterator[Finding]:
        with self._lock:
            return iter(sorted(self._findings.values(), key=lambda f: (f.opened_at, f.key)))

    def save_list(self, record: ListRecord) -> None:
        with self._lock:
            self._lists[record.name, record.version] = record

    def list_record(self, name: str, version: str) -> ListRecord | None:
        with self._lock:
            return self._lists.get((name, version))

    def lists(self) -> Iterator[ListRecord]:
        with self._lock:
            return iter(sorted(self._lists.values(), key=lambda r: (r.read_at, r.name, r.version)))

    def acquire_lease(self, name: str, holder: str, *, now: datetime, until: datetime) -> bool:
        with self._lock:
            held = self._leases.get(name)
            if held is not None and held[0] != holder and held[1] > now:
                return False
            self._leases[name] = (holder, until)
            return True

    def release_lease(self, name: str, holder: str) -> None:
        with self._lock:
            if self._leases.get(name, ("",))[0] == holder:
                del self._leases[name]

    def document(self, name: str) -> dict[str, Any] | None:
        with self._lock:
            return copy.deepcopy(self._documents.get(name))

    def documents(self, names: Collection[str]) -> dict[str, dict[str, Any]]:
        with self._lock:
            return {name: copy.deepcopy(self._documents[name]) for name in names if name in self._documents}

    def put_document(self, name: str, body: Mapping[str, Any]) -> None:
        with self._lock:
            self._documents[name] = _copied(name, body)

    def delete_document(self, name: str) -> None:
        with self._lock:
            self._documents.pop(name, None)

    def swap_document(self, name: str, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> bool:
        with self._lock:
            if self._documents.get(name) != before:
                return False
            self._documents[name] = _copied(name, after)
            return True

    def group(self, name: str) -> dict[str, dict[str, Any]]:
        with self._lock:
            return copy.deepcopy(self._groups.get(name, {}))

    def put_member(self, group: str, key: str, body: Mapping[str, Any]) -> None:
        with self._lock:
            self._groups.setdefault(group, {})[key] = _copied(f"{group} {key}", body)

    def delete_member(self, group: str, key: str) -> None:
        with self._lock:
            self._groups.get(group, {}).pop(key, None)

    def set_aside(self) -> Collection[SetAside]:
        return ()

    def forget_set_aside(self) -> None:
        pass

    def look_again(self, pk: str, sk: str) -> None:
        pass


def _copied(name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document as another store would give it. Raises TooLarge as any store does."""
    copied: dict[str, Any] = json.loads(text_of(name, body))
    return copied
