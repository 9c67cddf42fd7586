"""What ingestion works with, passed in from outside."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backorder.domain.registries import Registries
from backorder.runtime.clock import Clock
from backorder.runtime.csv_cells import safe
from backorder.store import Store
from ingestion.reading import Bounds

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True, slots=True)
class Ingestion:
    """What ingestion works with."""

    store: Store
    s3: S3Client
    reports_bucket: str
    clock: Clock
    registries: Registries = field(default_factory=Registries.load)
    bounds: Bounds = field(default_factory=Bounds)
    writers: int = 16
    """Writes to the store at the same time."""
    look_ahead: int = 256
    """Entries that are read before the first of them is written."""
    seconds_left: Callable[[], float] = lambda: math.inf
    """Until the function has to end."""

    def put_json(self, key: str, body: dict[str, Any]) -> None:
        """Writes a report."""
        self._put(key, json.dumps(body, indent=2, ensure_ascii=False), "application/json")

    def put_csv(self, key: str, rows: Iterable[Iterable[object]]) -> None:
        """Writes a table, whose first row is its header; safe to open in a spreadsheet."""
        text = io.StringIO(newline="")
        csv.writer(text).writerows([safe(str(cell)) for cell in row] for row in rows)
        self._put(key, text.getvalue(), "text/csv; charset=utf-8")

    def _put(self, key: str, text: str, content_type: str) -> None:
        self.s3.put_object(Bucket=self.reports_bucket, Key=key, Body=text.encode("utf-8"), ContentType=content_type)
