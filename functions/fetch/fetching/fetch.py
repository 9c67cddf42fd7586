"""The use case of each tick: the day's pending-delete list becomes one file in `dropping/`, once, and whole.

Each page is kept as soon as it is read, outside of `dropping/`, with a note of how far the list was read. A tick goes
on from there: after one that ran out of time, was killed, or got no answer. The file is put together when the last page
is there.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from backorder.documents.halt import halt
from backorder.documents.successes import Stage, note_success
from backorder.provider.port import NameFilter, Provider, ProviderError
from backorder.rules import RulesOutdated, kept_rules
from backorder.runtime.clock import Clock
from backorder.runtime.observability import logger
from backorder.store import Store
from fetching.pages import OVERLAP, MovedTooFar, page_after, rows
from fetching.query import wanted_names

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from mypy_boto3_s3 import S3Client

LEASE = timedelta(minutes=14, seconds=30)
"""Outlasts the function, and is over before the next tick."""
RESERVE_S = 60.0
"""Seconds before the function's end at which no page is begun: putting the file together takes some."""
TOO_OLD = timedelta(hours=6)
"""A list whose reading began so long ago is read anew: it would be the list of no moment."""
_DOCUMENT = "fetch"


@dataclass(frozen=True)
class Fetching:
    """What the use case works with."""

    store: Store
    provider: Provider
    s3: S3Client
    lists_bucket: str
    reports_bucket: str
    clock: Clock
    page: int = 10_000
    """Names that are asked for at once."""


@dataclass
class Summary:
    """What a tick did."""

    pages: int = 0
    names: int = 0
    """Of the list as far as it was read."""
    list: str | None = None
    """Key of the file that was put into the lists bucket."""
    goes_on: str | None = None
    """Why a next tick has to go on."""
    failed: bool = False
    """A page could not be read: that is why."""
    skipped: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value is not None}


class _Reached(BaseModel):
    """How far a day's list was read."""

    day: date
    wanted: NameFilter
    began_at: datetime
    complete: bool = False
    """The file is there."""
    read: bool = False
    """The last page is there."""
    pages: int = 0
    place: int = 0
    """In the provider's list."""
    last: list[str] = []
    names: int = 0

    def goes_on(self, wanted: NameFilter, now: datetime) -> bool:
        """Whether this is still the list to read, or the one that was read today."""
        if self.wanted != wanted:
            return False
        return self.day == now.date() if self.complete else now - self.began_at < TOO_OLD

    @property
    def folder(self) -> str:
        """Of its pages, in the reports bucket."""
        return f"fetching/{self.began_at:%Y%m%dT%H%M%S}"

    @property
    def parts(self) -> list[str]:
        return [f"{self.folder}/{number:05}.csv.gz" for number in range(self.pages)]


def fetch_list(fetching: Fetching, *, holder: str, seconds_left: Callable[[], float]) -> Summary:
    """Runs one tick; `holder` names this run in the lease. Where the day's list is there already, nothing is done.

    A provider that does not answer leaves everything as it is: the next tick asks for the same page again.
    """
    store, now = fetching.store, fetching.clock()
    try:
        rules = kept_rules(store)
    except RulesOutdated as outdated:
        return Summary(skipped=str(outdated))
    if rules is None:
        return Summary(skipped="there is no rules.toml: nothing would be chosen")
    halted = halt(store)
    if halted is not None and halted.kind == "access":
        return Summary(skipped=halted.why)
    if not store.acquire_lease(_DOCUMENT, holder, now=now, until=now + LEASE):
        return Summary(skipped="another fetch is under way")
    try:
        return _Tick(fetching, wanted_names(rules.rules.select), now, seconds_left).run()
    finally:
        store.release_lease(_DOCUMENT, holder)


class _Tick:
    def __init__(
        self, fetching: Fetching, wanted: NameFilter, now: datetime, seconds_left: Callable[[], float]
    ) -> None:
        self.fetching = fetching
        self.provider = fetching.provider.within(
            lambda seconds: None if seconds_left() > seconds else "too little time remained"
        )
        self.seconds_left = seconds_left
        body = fetching.store.document(_DOCUMENT)
        self.before = _Reached.model_validate(body) if body else None
        self.reached = _Reached(day=now.date(), wanted=wanted, began_at=now)
        if self.before is not None and self.before.goes_on(wanted, now):
            self.reached = self.before
        self.summary = Summary(names=self.reached.names)

    def run(self) -> Summary:
        if self.reached.complete:
            return Summary(skipped="the list of the day is there")
        if self.before is not self.reached:
            if self.before is not None:
                self._clear(self.before)
            # First: a page in a folder that nobody knows of would stay there.
            self._note(self.reached)
        try:
            while not self.reached.read:
                if self.seconds_left() < RESERVE_S:
                    return self._goes_on("time is short")
                self._next_page()
        except ProviderError as error:
            self.summary.failed = True
            return self._goes_on(str(error))
        except MovedTooFar as error:
            self.summary.failed = True
            self._clear(self.reached)
            self._note(_Reached(day=self.reached.day, wanted=self.reached.wanted, began_at=self.fetching.clock()))
            return self._goes_on(f"{error}: it is read anew")
        self._put_together()
        note_success(self.fetching.store, self.fetching.clock(), Stage.LISTS)
        return self.summary

    def _goes_on(self, why: str) -> Summary:
        logger.warning("fetch_goes_on", why=why, place=self.reached.place)
        self.summary.goes_on = why
        return self.summary

    def _next_page(self) -> None:
        reached = self.reached
        page = page_after(
            self.provider, reached.wanted, reached=reached.place, last=reached.last, size=self.fetching.page
        )
        content = "".join(rows(page.names)).encode("utf-8")
        self.fetching.s3.put_object(
            Bucket=self.fetching.reports_bucket,
            Key=f"{reached.folder}/{reached.pages:05}.csv.gz",
            Body=gzip.compress(content, mtime=0),
            ContentType="application/gzip",
        )
        # Last: a page that is there and not noted is written over.
        self._note(
            reached.model_copy(
                update={
                    "pages": reached.pages + 1,
                    "place": page.reached,
                    "last": [*reached.last, *(name.domain for name in page.names)][-OVERLAP:],
                    "names": reached.names + content.count(b"\n"),
                    "read": page.is_last,
                }
            )
        )
        self.summary.pages += 1
        self.summary.names = self.reached.names

    def _put_together(self) -> None:
        if self.reached.names:
            # A folder of its own: the function may write there, and nowhere else in the bucket.
            key = f"dropping/fetched/{self.reached.day.isoformat()}.csv.gz"
            joined = io.BufferedReader(_Joined(self._contents()))
            self.fetching.s3.upload_fileobj(
                joined, self.fetching.lists_bucket, key, ExtraArgs={"ContentType": "application/gzip"}
            )
            self.summary.list = key
        read = self.reached
        self._note(read.model_copy(update={"complete": True, "last": []}))
        self._clear(read)
        self._note(self.reached.model_copy(update={"pages": 0}))
        logger.info("list_fetched", list=self.summary.list, entries=read.names, pages=read.pages)

    def _contents(self) -> Iterator[bytes]:
        for key in self.reached.parts:
            yield self.fetching.s3.get_object(Bucket=self.fetching.reports_bucket, Key=key)["Body"].read()

    def _clear(self, reached: _Reached) -> None:
        """Removes the pages."""
        for key in reached.parts:
            self.fetching.s3.delete_object(Bucket=self.fetching.reports_bucket, Key=key)

    def _note(self, reached: _Reached) -> None:
        self.reached = reached
        self.fetching.store.put_document(_DOCUMENT, reached.model_dump(mode="json"))


class _Joined(io.RawIOBase):
    """Contents one after the other as one file: gzip members in a row are one gzip file."""

    def __init__(self, contents: Iterator[bytes]) -> None:
        self._contents = contents
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        while not self._rest:
            following = next(self._contents, None)
            if following is None:
                return 0
            self._rest = memoryview(following)
        size = min(len(view), len(self._rest))
        view[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size
