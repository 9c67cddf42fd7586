"""The provider's list becomes a file in `dropping/`: against the emulator over loopback HTTP, with moto's S3."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import inf
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from backorder.documents.halt import Halt, halt_line
from backorder.domain.values import Source
from backorder.provider.hexonet.client import HexonetClient
from backorder.provider.hexonet.credentials import Credentials
from backorder.rules import keep_rules
from fetching.fetch import LEASE, RESERVE_S, TOO_OLD, Fetching, Summary, fetch_list
from ingestion.ingest import ingest_object
from ingestion.services import Ingestion
from local.emulator import Delivery, Emulator, EmulatorServer, Options
from local.memory_store import MemoryStore

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LISTS, REPORTS = "lists", "reports"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
KEY = "dropping/fetched/2026-11-24.csv.gz"
COMMAND = "QueryDomainPendingDeleteList"


class Killed(BaseException):
    """What a process does not survive."""


class Provision(Emulator):
    """The emulator, with a hand on what it answers to the pages of the list."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self.asked = 0
        self.before: Callable[[int], Delivery | None] = lambda _page: None

    def exchange(self, fields: Mapping[str, str]) -> Delivery:
        if fields.get("COMMAND") == COMMAND:
            self.asked += 1
            if (instead := self.before(self.asked)) is not None:
                return instead
        return super().exchange(fields)


@dataclass
class World:
    """The provider, the buckets, and the store."""

    emulator: Provision
    url: str
    s3: S3Client
    store: MemoryStore = field(default_factory=MemoryStore)
    now: datetime = NOW
    seconds_left: Callable[[], float] = lambda: inf

    def fetch(self, *, page: int = 40) -> Summary:
        provider = HexonetClient(
            endpoint=self.url,
            stage="test",
            credentials=lambda: Credentials("test.user", "test.passw0rd"),
            pool_size=1,
            connect_timeout=1.0,
            read_timeout=20.0,
            retries=0,
            sleep=lambda _seconds: None,
        )
        try:
            fetching = Fetching(self.store, provider, self.s3, LISTS, REPORTS, lambda: self.now, page=page)
            return fetch_list(fetching, holder=f"at {self.now}", seconds_left=self.seconds_left)
        finally:
            provider.close()

    def rules(self, text: str) -> None:
        keep_rules(self.store, text, version="v1", modified=self.now)

    def list_names(self, names: list[str]) -> None:
        for name in names:
            self.emulator.schedule(name, finalization_at=NOW.replace(day=26, hour=16))

    def lines(self, key: str = KEY) -> list[str]:
        body = self.s3.get_object(Bucket=LISTS, Key=key)["Body"].read()
        return gzip.decompress(body).decode().splitlines()

    def keys(self, bucket: str) -> list[str]:
        return [item["Key"] for item in self.s3.list_objects_v2(Bucket=bucket).get("Contents", ())]


@pytest.fixture
def world() -> Iterator[World]:
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        for bucket in (LISTS, REPORTS):
            s3.create_bucket(Bucket=bucket)
        emulator = Provision(Options(start=NOW))
        with EmulatorServer(emulator) as server:
            yield World(emulator, server.url, s3)


def some(number: int) -> list[str]:
    return [f"name{n:04}.com" for n in range(number)]


def row(name: str) -> str:
    return f"{name};2026-11-26 16:00:00"


def test_the_list_becomes_one_file_that_ingestion_reads(world: World) -> None:
    world.rules("[select]\nlength = [8, 8]\n")
    world.list_names([*some(150), "longer-name.net"])
    summary = world.fetch()
    assert (summary.list, summary.names, summary.goes_on) == (KEY, 151, None)
    assert world.lines() == sorted(map(row, [*some(150), "longer-name.net"]))
    assert world.keys(REPORTS) == []
    services = Ingestion(world.store, world.s3, REPORTS, lambda: world.now)
    [read] = ingest_object(LISTS, KEY, None, services=services)
    assert (read.source, read.entries, read.rejected, read.not_selected, read.accepted) == ("provider", 151, 0, 1, 150)
    assert {backorder.wish.source for backorder in world.store.backorders()} == {Source.DROPPING}


def test_only_what_the_rules_could_choose_is_asked_for(world: World) -> None:
    world.rules('[select]\nzones = ["com"]\nidn = false\ndigits = false\nlength = [4, 6]\n')
    world.list_names(["abcd.com", "abcd.net", "abc1.com", "abcdefg.com", "xn--bcher-kva.com"])
    world.fetch()
    assert world.lines() == [row("abcd.com")]


def test_the_list_of_a_day_is_fetched_once(world: World) -> None:
    world.rules("")
    world.list_names(some(10))
    assert world.fetch().list == KEY
    asked = world.emulator.asked
    world.now += timedelta(hours=11, minutes=45)
    assert world.fetch().skipped == "the list of the day is there"
    assert world.emulator.asked == asked
    world.now += timedelta(minutes=15)
    assert world.fetch().list == "dropping/fetched/2026-11-25.csv.gz"


def test_without_rules_nothing_is_fetched(world: World) -> None:
    world.list_names(some(10))
    assert world.fetch().skipped == "there is no rules.toml: nothing would be chosen"
    assert world.emulator.asked == 0


def test_rules_that_an_upgrade_no_longer_understands_fetch_nothing_until_good_ones_come(world: World) -> None:
    world.list_names(some(3))
    world.rules("")
    document = world.store.document("rules")
    assert document is not None
    world.store.put_document("rules", {**document, "text": "[limits]\nper_fortnight = 5\n"})
    assert "limits.per_fortnight" in (world.fetch().skipped or "")

    world.store.put_document("rules", document)
    assert world.fetch().skipped is None


def test_while_the_provider_refuses_the_login_nothing_is_asked(world: World) -> None:
    world.rules("")
    halt_line(world.store, Halt("access", "530: authentication failed", NOW))
    assert world.fetch().skipped == "530: authentication failed"
    assert world.emulator.asked == 0


def test_new_rules_fetch_the_day_s_list_again(world: World) -> None:
    world.rules('[select]\nzones = ["com"]\n')
    world.list_names([*some(10), "other.net"])
    world.fetch()
    world.rules("")
    world.fetch()
    assert len(world.lines()) == 11


def test_an_empty_list_is_no_file(world: World) -> None:
    world.rules("")
    summary = world.fetch()
    assert (summary.list, summary.names) == (None, 0)
    assert world.keys(LISTS) == []
    assert world.fetch().skipped == "the list of the day is there"


def test_a_fetch_goes_on_where_time_ran_short(world: World) -> None:
    world.rules("")
    world.list_names(some(150))
    looks = iter(range(10_000))
    world.seconds_left = lambda: inf if next(looks) % 7 < 5 else RESERVE_S - 1
    stops = 0
    while (summary := world.fetch()).list is None:
        assert summary.goes_on == "time is short"
        assert world.keys(LISTS) == []
        stops += 1
        world.now += timedelta(minutes=15)
    assert stops
    assert world.lines() == sorted(map(row, some(150)))


_HALF = b"[RESPONSE]\r\nCODE=200\r\nDESCRIPTION=fine\r\nPROPERTY[TOTAL][0]=150\r\nPROPERTY[COUNT][0]=40\r\n"
_BUSY = b"[RESPONSE]\r\nCODE=421\r\nDESCRIPTION=busy\r\nEOF\r\n"


@pytest.mark.parametrize("page", [1, 3, 7])
@pytest.mark.parametrize("answer", [_HALF, _HALF + b"EOF\r\n", _BUSY], ids=["cut", "half", "busy"])
def test_a_page_that_fails_is_fetched_again(world: World, page: int, answer: bytes) -> None:
    world.rules("")
    world.list_names(some(150))
    world.emulator.before = lambda asked: Delivery(answer) if asked == page else None
    assert world.fetch().goes_on
    assert world.keys(LISTS) == []
    assert len(world.keys(REPORTS)) == page - 1
    assert world.fetch().list == KEY
    assert world.lines() == sorted(map(row, some(150)))


@pytest.mark.parametrize("write", range(26))
def test_a_fetch_that_is_killed_anywhere_goes_on_and_loses_nothing(world: World, write: int) -> None:
    world.rules("")
    world.list_names(some(100))
    writes = iter(range(1000))

    class Dying:
        """S3 and the store, before one of whose writes the process dies."""

        def __init__(self, of: Any) -> None:
            self._of = of

        def __getattr__(self, name: str) -> Any:
            if name in ("put_object", "upload_fileobj", "delete_object", "put_document") and next(writes) == write:
                raise Killed
            return getattr(self._of, name)

    s3, store = world.s3, world.store
    world.s3, world.store = Dying(s3), Dying(store)  # type: ignore[assignment]
    try:
        world.fetch()
    except Killed:
        world.now += LEASE
    world.s3, world.store = s3, store
    world.fetch()
    assert world.lines() == sorted(map(row, some(100)))
    assert len(world.keys(LISTS)) == 1
    world.now += timedelta(days=1)
    world.fetch()
    assert world.keys(REPORTS) == []


def test_a_second_fetch_at_the_same_time_does_nothing(world: World) -> None:
    world.rules("")
    world.list_names(some(100))

    def meanwhile(_page: int) -> None:
        world.emulator.before = lambda _page: None
        world.now += timedelta(seconds=1)
        assert world.fetch().skipped == "another fetch is under way"

    world.emulator.before = meanwhile
    assert world.fetch().list == KEY


@pytest.mark.parametrize(
    ("after", "pages"),
    [(TOO_OLD - timedelta(seconds=1), 2), (TOO_OLD, 4)],
    ids=["goes on", "begins again"],
)
def test_a_fetch_goes_on_unless_it_began_so_long_ago_that_the_list_is_another_one(
    world: World, after: timedelta, pages: int
) -> None:
    world.rules("")
    world.list_names(some(100))
    world.emulator.before = lambda page: Delivery(b"") if page == 3 else None
    world.fetch()
    assert len(world.keys(REPORTS)) == 2
    world.now += after
    summary = world.fetch()
    assert (summary.list, summary.pages) == (KEY, pages)
    assert world.lines() == sorted(map(row, some(100)))
    assert world.keys(REPORTS) == []


def test_names_that_leave_and_come_while_the_list_is_read_hide_no_other(world: World) -> None:
    world.rules("")
    world.list_names(some(150))

    def move(page: int) -> None:
        world.list_names([f"aaa{page}{n}.com" for n in range(10)])

    world.emulator.before = move
    assert world.fetch().list == KEY
    found = world.lines()
    assert set(map(row, some(150))) <= set(found)
    assert len(found) == len(set(found))


def test_where_the_list_moved_too_far_it_is_read_anew(world: World) -> None:
    world.rules("")
    world.list_names(some(150))
    world.emulator.before = lambda page: Delivery(b"") if page == 3 else None
    world.fetch()
    body = world.store.document("fetch")
    assert body is not None
    world.store.put_document("fetch", {**body, "last": ["gone.com"]})
    world.now += timedelta(minutes=15)
    assert "it is read anew" in str(world.fetch().goes_on)
    assert world.keys(REPORTS) == []
    assert world.fetch().list == KEY
    assert world.lines() == sorted(map(row, some(150)))


def test_a_large_list_goes_up_in_parts(world: World) -> None:
    """Its pages do not pack: as of names without sense."""
    rng = random.Random(1)
    alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
    names = ["".join(rng.choices(alphabet, k=60)) for _ in range(260_000)]
    pages = ["".join(f"{row(name + '.com')}\n" for name in names[first::4]) for first in range(4)]
    world.rules("")
    folder = f"fetching/{NOW:%Y%m%dT%H%M%S}"
    for number, content in enumerate(pages):
        body = gzip.compress(content.encode())
        world.s3.put_object(Bucket=REPORTS, Key=f"{folder}/{number:05}.csv.gz", Body=body)
    reached = {"day": "2026-11-24", "wanted": {}, "began_at": NOW.isoformat(), "read": True}
    world.store.put_document("fetch", {**reached, "pages": 4, "names": 260_000})
    assert world.fetch().list == KEY
    head = world.s3.head_object(Bucket=LISTS, Key=KEY)
    assert head["ETag"].strip('"').endswith(("-2", "-3"))
    assert len(world.lines()) == 260_000


def test_a_large_list_that_breaks_off_leaves_nothing_in_dropping(world: World) -> None:
    """A page that is gone, after the first part went up."""
    world.rules("")
    names = random.Random(1).randbytes(9 << 20)
    world.s3.put_object(Bucket=REPORTS, Key=f"fetching/{NOW:%Y%m%dT%H%M%S}/00000.csv.gz", Body=names)
    reached = {"day": "2026-11-24", "wanted": {}, "began_at": NOW.isoformat(), "read": True}
    world.store.put_document("fetch", {**reached, "pages": 2, "names": 260_000})
    with pytest.raises(world.s3.exceptions.NoSuchKey):
        world.fetch()
    assert world.keys(LISTS) == []
    assert not world.s3.list_multipart_uploads(Bucket=LISTS).get("Uploads")
