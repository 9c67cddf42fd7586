"""The daily sweep: an object whose event was lost has no summary, and is read all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from backorder.observability import logger
from ingestion.ingest import FOLDERS
from ingestion.memory import Memory
from ingestion.objects import content_of
from ingestion.rules_file import RULES_KEY
from ingestion.services import Ingestion

UNDER_WAY = timedelta(hours=1)
TOO_OLD = timedelta(days=30)
"""What arrived longer ago was not found on as many days, or could not be read: nobody waits for it any more, and its
names would be ordered as if they were about to drop."""


@dataclass(frozen=True, slots=True)
class _Listed:
    key: str
    content: str
    modified: datetime


def sweep(
    bucket: str, *, services: Ingestion, send: Callable[[str], None], under_way: timedelta = UNDER_WAY
) -> list[str]:
    """Calls `send` with the key of each object in `bucket` that was never read to its end, and gives these keys.

    What arrived less than `under_way` ago is left: it may be on its way through the queue, or being read.
    One that is being read meanwhile may be among them: it is read twice, and counts as it did.
    """
    memory, now = Memory(services.store), services.clock()

    def unread(listed: _Listed) -> bool:
        return not memory.was_read(listed.key, listed.content, listed.modified)

    # On one machine the objects are dated by another clock than the provider's, and may be of the future.
    due = [
        each
        for each in _listed(bucket, services)
        if now - TOO_OLD < each.modified and not now - under_way < each.modified <= now
    ]
    with ThreadPoolExecutor(services.writers, thread_name_prefix="sweep") as pool:
        lost = [listed.key for listed, found in zip(due, pool.map(unread, due), strict=True) if found]
    for key in lost:
        logger.warning("object_unread", list=key, why="it has no summary: its event was lost, or it could not be read")
        send(key)
    logger.info("swept", objects=len(due), unread=len(lost))
    return lost


def _listed(bucket: str, services: Ingestion) -> Iterator[_Listed]:
    pages = services.s3.get_paginator("list_objects_v2")
    for prefix in (*(f"{folder}/" for folder in FOLDERS), RULES_KEY):
        for page in pages.paginate(Bucket=bucket, Prefix=prefix):
            for item in page.get("Contents", ()):
                if not item["Key"].endswith("/"):
                    yield _Listed(item["Key"], content_of(item["ETag"], item["Size"]), item["LastModified"])
