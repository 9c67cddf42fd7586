"""A bucket of lists in moto, one of reports, a store in memory, and a clock: what ingestion works on in tests."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import inf
from typing import TYPE_CHECKING

from backorder.domain.backorder import Backorder
from backorder.store import Store
from ingestion.ingest import ingest_object
from ingestion.services import Ingestion
from ingestion.summary import ListSummary
from local.memory_store import MemoryStore

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LISTS, REPORTS = "lists", "reports"
START = datetime(2026, 11, 24, 12, tzinfo=UTC)


@dataclass
class World:
    """A bucket of lists, one of reports, a store, and a clock."""

    s3: S3Client
    store: Store = field(default_factory=MemoryStore)
    now: datetime = START
    seconds_left: Callable[[], float] = lambda: inf

    @property
    def services(self) -> Ingestion:
        return Ingestion(
            store=self.store,
            s3=self.s3,
            reports_bucket=REPORTS,
            clock=lambda: self.now,
            look_ahead=4,
            seconds_left=self.seconds_left,
        )

    def put(self, key: str, content: str | bytes) -> str:
        body = content.encode() if isinstance(content, str) else content
        return self.s3.put_object(Bucket=LISTS, Key=key, Body=body)["VersionId"]

    def ingest(self, key: str, version: str | None = None) -> list[ListSummary]:
        return ingest_object(LISTS, key, version, services=self.services)

    def upload(self, key: str, content: str | bytes, *, modified: datetime | None = None) -> ListSummary:
        """Puts an object, reads it, and gives the summary of its only list."""
        version = self.put(key, content)
        if modified is not None:
            self.pretend(key, version, modified)
        [summary] = self.ingest(key, version)
        return summary

    def pretend(self, key: str, version: str, modified: datetime) -> None:
        """moto dates objects by the machine's clock, to the second."""
        from moto.s3.models import s3_backends

        bucket = s3_backends["123456789012"]["global"].buckets[LISTS]
        found = next(k for k in bucket.keys.getlist(key) if k.version_id == version)
        found.last_modified = modified.replace(tzinfo=None)

    def report(self, key: str) -> str:
        return self.s3.get_object(Bucket=REPORTS, Key=key)["Body"].read().decode()

    def rejects(self, summary: ListSummary) -> list[dict[str, str]]:
        assert summary.rejects is not None
        return list(csv.DictReader(io.StringIO(self.report(summary.rejects), newline="")))

    def backorder(self, domain: str) -> Backorder:
        found = self.store.latest(domain)
        assert found is not None
        return found

    def everything(self) -> set[Backorder]:
        return set(self.store.backorders())


def counts(summary: ListSummary) -> tuple[int, int, int, int, int]:
    assert summary.entries == summary.rejected + summary.not_selected + summary.duplicates + summary.accepted
    return (summary.entries, summary.rejected, summary.not_selected, summary.duplicates, summary.accepted)
