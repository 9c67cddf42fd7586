"""The daily sweep: an object whose event was lost has no summary, and is read all the same. What nothing reads is
noted, until it is gone, as are broken rules: a deletion has no event."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce

from backorder.documents.unread import MOST_NOTED, Unread, UnreadObjects, change_unread_objects, unread_objects
from backorder.rules import broken_rules, forget_broken_rules
from backorder.runtime.observability import logger
from ingestion.keys import RULES_KEY, is_clutter, kind_of, shown, why_unread
from ingestion.memory import Memory
from ingestion.objects import content_of, look_at
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

    noted = unread_objects(services.store)
    due: list[_Listed] = []
    unreadable = _Unreadable()
    for page in _pages(bucket, services):
        unreadable.add(each for each in page if kind_of(each.key) is None)
        # On one machine the objects are dated by another clock than the provider's, and may be of the future.
        due.extend(
            each
            for each in page
            if kind_of(each.key) and now - TOO_OLD < each.modified and not now - under_way < each.modified <= now
        )
    with ThreadPoolExecutor(services.writers, thread_name_prefix="sweep") as pool:
        lost = [listed.key for listed, found in zip(due, pool.map(unread, due), strict=True) if found]
    for key in lost:
        logger.warning("object_unread", list=key, why="it has no summary: its event was lost, or it could not be read")
        send(key)
    _note(unreadable.objects(), noted, services)
    _forget_broken_rules(bucket, services)
    logger.info("swept", objects=len(due), unread=len(lost), unreadable=unreadable.number)
    return lost


class _Unreadable:
    """Objects that nothing reads: those that were put first, and how many there are."""

    def __init__(self) -> None:
        self.number = 0
        self._first: list[_Listed] = []

    def add(self, some: Iterable[_Listed]) -> None:
        found = list(some)
        self.number += len(found)
        self._first = sorted([*self._first, *found], key=lambda each: (each.modified, each.key))[:MOST_NOTED]

    def objects(self) -> UnreadObjects:
        first = (Unread(shown(each.key), each.modified, why_unread(each.key)) for each in self._first)
        return UnreadObjects(tuple(first), self.number - len(self._first))


def _note(found: UnreadObjects, noted: UnreadObjects, services: Ingestion) -> None:
    """Notes what was found in the place of what was `noted` before; what was noted since stays."""

    def change(stand: UnreadObjects) -> UnreadObjects:
        return reduce(UnreadObjects.plus, (one for one in stand.first if one not in noted.first), found)

    change_unread_objects(services.store, change)


def _forget_broken_rules(bucket: str, services: Ingestion) -> None:
    """If they were removed: what was there before is there again, or nothing."""
    broken = broken_rules(services.store)
    if broken is None:
        return
    newest = look_at(bucket, RULES_KEY, None, services.s3)
    if newest is None or newest.version != broken.version:
        logger.info("rules_removed", key=RULES_KEY, version=broken.version)
        forget_broken_rules(services.store, broken.version)


def _pages(bucket: str, services: Ingestion) -> Iterator[list[_Listed]]:
    """All objects but those that nobody meant to put there."""
    for page in services.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        yield [
            _Listed(item["Key"], content_of(item["ETag"], item["Size"]), item["LastModified"])
            for item in page.get("Contents", ())
            if not is_clutter(item["Key"], item["Size"])
        ]
