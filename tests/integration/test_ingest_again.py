"""Lists that come again, stop half-way, or whose event is lost: nothing is counted twice, nothing is left unread."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from math import inf
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from urllib3 import HTTPResponse

from backorder.domain.backorder import Backorder
from backorder.domain.domains import Domain, parse_domain
from backorder.domain.schedule import Known
from backorder.domain.states import State
from backorder.domain.values import Source
from backorder.rules import keep_rules
from backorder.store.dynamodb import DynamoStore
from ingestion import app, rejects
from ingestion.app import Wiring, handle
from ingestion.ingest import TooLong, ingest_object
from ingestion.memory import Memory
from ingestion.reading import containers, entries, lines
from ingestion.reading.formats import plain
from ingestion.rounds import Place
from ingestion.summary import ListSummary
from ingestion.sweep import sweep
from ingestion.writing import KEPT_EVERY, RESERVE_S, Progress, TimeIsShort
from local.memory_store import MemoryStore
from tests.lists_world import LISTS, REPORTS, START, World, counts
from tests.rights import Guard

ROWS = "john.com;2026-11-27 16:00:00\njane.com;2026-11-28 16:00:00\nlong-name.com;2026-11-28 16:00:00\nx\n"
RULES = "[select]\nhyphens = false\n"


def event(key: str, version: str | None = None) -> dict[str, Any]:
    """As it comes from the queue."""
    return {"Records": [{"messageId": "1", "body": app._message(LISTS, key, version)}]}


# A list that was read before


def test_a_deletion_list_that_was_read_before_is_recognised_whatever_its_name(world: World) -> None:
    world.upload("rules.toml", RULES)
    assert counts(world.upload("dropping/a.csv", ROWS, modified=START)) == (4, 1, 1, 0, 2)
    again = world.upload("dropping/b.csv", ROWS, modified=START + timedelta(days=1))
    assert counts(again) == (4, 1, 1, 2, 0)
    assert "It is the same list as dropping/a.csv of 24 November 2026 12:00 UTC: read before." in again.notes


def test_what_a_recognised_list_says_is_as_old_as_it_was(world: World) -> None:
    """Between the two, another list moved the drop."""
    world.upload("rules.toml", "")
    world.upload("dropping/a.csv", ROWS, modified=START)
    world.upload("dropping/b.csv", "john.com;2026-11-30 16:00:00\n", modified=START + timedelta(hours=1))
    world.upload("dropping/c.csv", ROWS, modified=START + timedelta(hours=2))
    assert world.backorder("john.com").schedule.finalization_at == datetime(2026, 11, 30, 16, tzinfo=UTC)


def test_the_same_list_under_new_rules_is_chosen_from_anew(world: World) -> None:
    world.upload("rules.toml", RULES, modified=START)
    world.upload("dropping/a.csv", ROWS, modified=START)
    world.upload("rules.toml", "", modified=START + timedelta(hours=1))
    again = world.upload("dropping/a.csv", ROWS, modified=START + timedelta(hours=2))
    assert counts(again) == (4, 1, 0, 2, 1)
    assert any("chosen from anew, under other rules" in note for note in again.notes)
    assert world.backorder("long-name.com").state is State.SELECTED


def test_the_same_rules_uploaded_again_are_the_same_rules(world: World) -> None:
    world.upload("rules.toml", RULES, modified=START)
    first = world.upload("dropping/a.csv", ROWS, modified=START)
    world.upload("rules.toml", f"# The same.\n{RULES}", modified=START + timedelta(hours=1))
    again = world.upload("dropping/b.csv", ROWS, modified=START + timedelta(hours=2))
    assert any(note.endswith(": read before.") for note in again.notes)
    assert world.ingest("dropping/a.csv", first.version) == [first]


def test_an_event_that_comes_again_under_new_rules_chooses_anew(world: World) -> None:
    world.upload("rules.toml", RULES, modified=START)
    first = world.upload("dropping/a.csv", ROWS, modified=START)
    world.upload("rules.toml", "", modified=START + timedelta(hours=1))
    [again] = world.ingest("dropping/a.csv", first.version)
    assert counts(again) == (4, 1, 0, 0, 3)
    assert not any("same list" in note for note in again.notes)


def test_a_wanted_list_that_is_uploaded_again_is_a_new_wish(world: World) -> None:
    world.upload("wanted/a.csv", ROWS, modified=START)
    world.upload("cancel/a.txt", "john.com\n", modified=START + timedelta(hours=1))
    again = world.upload("wanted/again.csv", ROWS, modified=START + timedelta(hours=2))
    assert counts(again) == (4, 1, 0, 2, 1)
    assert any("It is the same list as wanted/a.csv" in note for note in again.notes)
    assert world.backorder("john.com").state is State.SELECTED


def test_the_same_bytes_for_another_purpose_are_another_list(world: World) -> None:
    world.upload("rules.toml", "")
    world.upload("wanted/a.csv", ROWS)
    assert not any("same list" in note for note in world.upload("dropping/a.csv", ROWS).notes)


def test_a_list_whose_name_is_too_long_for_reports_is_read_under_a_shorter_one(world: World) -> None:
    key = f"wanted/{'ü' * 500}.txt"
    summary = world.upload(key, "john.com\nx\n")
    assert counts(summary) == (2, 1, 0, 0, 1)
    assert len(summary.name.encode()) <= 900
    assert json.loads(world.report(f"lists/{summary.name}/{summary.version}/summary.json"))["accepted"] == 1
    assert world.ingest(key) == [summary]


# Dates from a deletion list


def test_a_deletion_list_dates_what_a_person_wants_whether_the_rules_choose_it_or_not(world: World) -> None:
    world.upload("rules.toml", '[select]\nzones = ["net"]\n')
    world.upload("wanted/a.txt", "john.com\njane.com\n", modified=START)
    summary = world.upload("dropping/b.csv", ROWS, modified=START + timedelta(hours=1))
    assert counts(summary) == (4, 1, 3, 0, 0)
    assert "2 already there: drop moved." in summary.notes
    john = world.backorder("john.com")
    assert (john.schedule.finalization_at, john.schedule.known) == (
        datetime(2026, 11, 27, 16, tzinfo=UTC),
        Known.FINALIZATION,
    )
    assert (john.wish.source, john.wish.place.list) == (Source.WANTED, "wanted/a.txt")
    [again] = world.ingest("dropping/b.csv")
    assert counts(again) == counts(summary)


def test_a_deletion_list_dates_without_any_rules(world: World) -> None:
    world.upload("wanted/a.txt", "john.com\n", modified=START)
    summary = world.upload(
        "dropping/b.csv", ROWS + "john.com;2026-11-29 16:00:00\n", modified=START + timedelta(hours=1)
    )
    assert counts(summary) == (5, 1, 4, 0, 0)
    assert world.backorder("john.com").schedule.finalization_at == datetime(2026, 11, 27, 16, tzinfo=UTC)


def test_an_older_deletion_list_dates_nothing_anew(world: World) -> None:
    world.upload("wanted/a.csv", "john.com;2026-11-30 16:00:00\n", modified=START)
    world.upload("dropping/b.csv", ROWS, modified=START - timedelta(hours=1))
    assert world.backorder("john.com").schedule.finalization_at == datetime(2026, 11, 30, 16, tzinfo=UTC)


# A list that goes on in a next invocation


def short_after(calls: int) -> Callable[[], float]:
    """So many looks at the time, and it is short."""
    looks: Iterator[int] = count()
    return lambda: inf if next(looks) < calls else RESERVE_S - 1


def names(number: int) -> str:
    return "\n".join([*(f"name{n}.com" for n in range(number)), "no_name.com", "name0.com", "name1.com", ""])


@pytest.mark.parametrize("key", ["wanted/a.txt", "dropping/a.txt", "cancel/a.txt"])
def test_a_list_goes_on_where_it_stopped_and_counts_as_if_it_had_not(world: World, key: str) -> None:
    world.upload("rules.toml", "")
    world.upload("wanted/before.txt", "name3.com\nname15.com\n" if not key.startswith("cancel") else names(18))
    version = world.put(key, names(20))
    stops = 0
    while True:
        world.seconds_left = short_after(7)
        try:
            [summary] = world.ingest(key, version)
            break
        except TimeIsShort:
            stops += 1
            assert len(list(world.store.lists())) == 1
    assert stops == 2
    left = {"wanted/a.txt": (0, 4, 18), "dropping/a.txt": (0, 4, 18), "cancel/a.txt": (2, 2, 18)}
    assert counts(summary) == (23, 1, *left[key])
    assert len(world.rejects(summary)) == 1
    world.seconds_left = lambda: inf
    [again] = world.ingest(key, version)
    assert again == summary
    assert Memory(world.store).progress(key, version, summary.rules) == Progress()


_names = st.sampled_from([*(f"{letter}.com" for letter in "abcdefgh"), "no_name.com", "a-b.com"])


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.lists(_names, max_size=5),
    lines=st.lists(_names, min_size=1, max_size=30),
    stops=st.lists(st.integers(1, 6), max_size=4),
    folder=st.sampled_from(["wanted", "dropping", "cancel"]),
)
def test_wherever_a_list_stops_it_ends_as_if_it_had_not(
    world: World, before: list[str], lines: list[str], stops: list[int], folder: str
) -> None:
    ends = []
    for patience in ([], stops):
        world.store, world.seconds_left = MemoryStore(), lambda: inf
        keep_rules(world.store, RULES, version="r", modified=START)
        world.upload("wanted/before.txt", "\n".join(before), modified=START)
        key = f"{folder}/a.txt"
        version = world.put(key, "\n".join(lines))
        for looks in patience:
            world.seconds_left = short_after(looks)
            with suppress(TimeIsShort):
                world.ingest(key, version)
        world.seconds_left = lambda: inf
        [summary] = world.ingest(key, version)
        states = {backorder.domain: backorder.state for backorder in world.everything()}
        ends.append((counts(summary), summary.left_out_by, summary.reasons, sorted(summary.notes), states))
    without, with_stops = ends
    assert without == with_stops


def test_only_what_is_not_written_yet_is_written(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    version = world.put("wanted/a.txt", names(20))
    world.seconds_left = short_after(12)
    with pytest.raises(TimeIsShort):
        world.ingest("wanted/a.txt", version)
    assert len(world.everything()) == 12
    written: list[str] = []
    create = world.store.create

    def note(backorder: Backorder) -> Backorder | None:
        written.append(backorder.domain)
        return create(backorder)

    monkeypatch.setattr(world.store, "create", note)
    world.seconds_left = lambda: inf
    world.ingest("wanted/a.txt", version)
    assert sorted(written) == sorted(f"name{n}.com" for n in range(12, 20))


def test_a_list_that_was_killed_goes_on_from_what_was_kept_last(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        """What a process does not survive."""

    monkeypatch.setattr("ingestion.writing.KEPT_EVERY", 5)
    version = world.put("wanted/a.txt", names(20))
    create = world.store.create

    def die(backorder: Backorder) -> Backorder | None:
        if backorder.domain == "name12.com":
            raise Killed
        return create(backorder)

    monkeypatch.setattr(world.store, "create", die)
    with pytest.raises(Killed):
        world.ingest("wanted/a.txt", version)
    monkeypatch.setattr(world.store, "create", create)
    assert Memory(world.store).progress("wanted/a.txt", version, None).written == 10
    [summary] = world.ingest("wanted/a.txt", version)
    assert counts(summary) == (23, 1, 0, 2, 20)


def test_two_that_read_the_same_list_at_once_count_the_same(world: World) -> None:
    version = world.put("wanted/a.txt", names(60))
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: world.ingest("wanted/a.txt", version), range(2)))
    for [summary] in both:
        assert counts(summary) == (63, 1, 0, 2, 60)
    assert len(world.everything()) == 60


def test_a_list_that_stopped_goes_on_under_the_rules_that_hold_then(world: World) -> None:
    world.upload("rules.toml", "", modified=START)
    version = world.put("dropping/a.txt", "one.com\ntwo-two.com\nthree.com\nfour.com\n")
    world.seconds_left = short_after(2)
    with pytest.raises(TimeIsShort):
        world.ingest("dropping/a.txt", version)
    world.upload("rules.toml", RULES, modified=START + timedelta(hours=1))
    world.seconds_left = lambda: inf
    [summary] = world.ingest("dropping/a.txt", version)
    assert counts(summary) == (4, 0, 1, 0, 3)


def test_a_list_goes_on_at_its_place_whatever_became_of_other_names_meanwhile(world: World) -> None:
    """What is already there is looked at; and there may be more of it, or less, when the list goes on."""
    world.upload("rules.toml", RULES, modified=START)
    world.upload("wanted/a.txt", "a-b.com\n", modified=START)
    names = ("a-b", "g-h", "c", "d", "e", "f")
    version = world.put("dropping/a.csv", "".join(f"{name}.com;2026-12-01 16:00:00\n" for name in names))
    world.seconds_left = short_after(3)
    with pytest.raises(TimeIsShort):
        world.ingest("dropping/a.csv", version)
    world.seconds_left = lambda: inf
    world.upload("cancel/a.txt", "a-b.com\n", modified=START + timedelta(days=9))
    [summary] = world.ingest("dropping/a.csv", version)
    assert counts(summary) == (6, 0, 2, 0, 4)
    assert {backorder.domain[0] for backorder in world.everything()} == set("acdef")


class Queue:
    """The function's own, which brings it what it sent itself."""

    def __init__(self, world: World, body: str) -> None:
        self.waiting = [body]
        self._wiring = Wiring(world.services, LISTS, self.waiting.append)

    def deliver(self, *, writes: int) -> None:
        """One message, to an invocation whose time is short after so many writes. It is gone unless that raises."""
        records = {"Records": [{"messageId": "1", "body": self.waiting[0]}]}
        handle(records, self._wiring, seconds_left=short_after(writes))
        del self.waiting[0]


def arrived(world: World, key: str, content: str | bytes) -> Queue:
    """A queue with the event of an upload."""
    return Queue(world, app._message(LISTS, key, world.put(key, content)))


def test_a_long_list_goes_on_for_forty_rounds_and_ends(world: World) -> None:
    queue = arrived(world, "wanted/a.txt", names(80))
    rounds = 0
    while queue.waiting:
        queue.deliver(writes=2)
        rounds += 1
    assert rounds == 40
    [record] = world.store.lists()
    assert (record.entries, record.accepted, record.duplicates, record.notes) == (83, 80, 2, ())


def test_a_list_that_never_gets_on_is_stopped_after_two_rounds_and_says_so(world: World) -> None:
    queue = arrived(world, "wanted/a.txt", names(3))
    queue.deliver(writes=0)
    assert list(world.store.lists()) == []
    with pytest.raises(TooLong, match="Cut the list in two"):
        queue.deliver(writes=0)
    # The message is a failed one, and has no successor.
    assert len(queue.waiting) == 1
    [record] = world.store.lists()
    assert (record.entries, record.accepted) == (0, 0)
    assert record.notes[0].startswith("Stopped after 2 rounds, of which the last 2 came no further than line 0")
    assert json.loads(world.report(f"lists/wanted/a.txt/{record.version}/summary.json"))["notes"] == list(record.notes)


def test_what_a_list_came_to_before_it_was_stopped_is_counted(world: World) -> None:
    queue = arrived(world, "wanted/a.txt", f"no_name.com\nname1.com\n{names(9)}")
    for writes in (2, 3, 0):
        queue.deliver(writes=writes)
    with pytest.raises(TooLong, match=r"Stopped after 4 rounds, of which the last 2 came no further than line 7"):
        queue.deliver(writes=0)
    [record] = world.store.lists()
    assert (record.entries, record.rejected, record.duplicates, record.accepted) == (7, 1, 1, 5)
    assert len(world.everything()) == 5
    # It comes again as a failed message does, and is read when there is time.
    queue.deliver(writes=1000)
    [record] = world.store.lists()
    assert (record.entries, record.rejected, record.accepted, record.duplicates) == (14, 2, 9, 3)
    assert record.notes == ()


def test_of_a_deletion_list_that_is_stopped_each_decided_entry_is_counted_once(world: World) -> None:
    """A name that is there already is dated although the rules leave it out: it counts as left out, written or not."""
    world.upload("wanted/mine.txt", "a-b.com\n", modified=START)
    world.upload("rules.toml", RULES, modified=START)
    queue = arrived(world, "dropping/a.txt", "c-d.com\njohn.com\na-b.com\njane.com\n")
    queue.deliver(writes=1)
    queue.deliver(writes=0)
    with pytest.raises(TooLong):
        queue.deliver(writes=0)
    record = world.store.list_record("dropping/a.txt", json.loads(queue.waiting[0])["detail"]["object"]["version-id"])
    assert record is not None
    assert record.entries == record.rejected + record.not_selected + record.duplicates + record.accepted
    assert record.accepted == 1


def test_a_round_that_got_nowhere_is_forgotten_by_one_that_did(world: World) -> None:
    queue = arrived(world, "wanted/a.txt", names(6))
    rounds = 0
    while queue.waiting:
        rounds += 1
        queue.deliver(writes=0 if rounds % 2 else 2)
    [record] = world.store.lists()
    assert (rounds, record.accepted) == (6, 6)


def test_an_archive_gets_on_from_list_to_list(world: World) -> None:
    """The second one has fewer lines than the first."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a.txt", names(8))
        archive.writestr("b.txt", "one.com\ntwo.com\nthree.com\n")
    queue = arrived(world, "wanted/both.zip", content.getvalue())
    while queue.waiting:
        queue.deliver(writes=1)
    assert {(record.name, record.accepted) for record in world.store.lists()} == {
        ("wanted/both.zip#a.txt", 8),
        ("wanted/both.zip#b.txt", 3),
    }


# A list of which reading alone takes longer than an invocation may run


class Reader:
    """Time, in a world in which nothing takes any but looking at what may be a name: a second for each."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.looks = 0
        self.until = inf
        # Small lists, too, are read in pieces, and have runs of rejects that are worth remembering.
        monkeypatch.setattr(containers, "CHUNK", 16)
        monkeypatch.setattr(lines, "LARGE", 16)
        monkeypatch.setattr(lines, "LONGEST_LINE", 50)
        monkeypatch.setattr(rejects, "MOST_WRITTEN", 3)
        monkeypatch.setattr(rejects, "LONG", 5)
        for module in (plain, entries):
            monkeypatch.setattr(module, "parse_domain", self.parse)

    def parse(self, text: str) -> Domain:
        self.looks += 1
        return parse_domain(text)

    def seconds_left(self) -> float:
        return self.until - self.looks

    def invoke(self, world: World, key: str, version: str, *, seconds: float) -> list[ListSummary]:
        self.until = self.looks + seconds + RESERVE_S
        world.seconds_left = self.seconds_left
        return world.ingest(key, version)


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Reader:
    return Reader(monkeypatch)


@pytest.mark.parametrize("folder", ["wanted", "dropping", "cancel"])
def test_a_list_of_rejects_goes_on_where_it_stopped_and_reads_none_of_them_twice(
    world: World, reader: Reader, folder: str
) -> None:
    key = f"{folder}/rejects.txt"
    version = world.put(key, "".join(f"no_name{n}.com\n" for n in range(2_000)))
    places: list[Place] = []
    while True:
        try:
            [summary] = reader.invoke(world, key, version, seconds=500)
            break
        except TimeIsShort as short:
            places.append(short.place)
            assert list(world.store.lists()) == []
    assert counts(summary) == (2_000, 2_000, 0, 0, 0)
    assert summary.reasons == {"contains an underscore": 2_000}
    assert [row["line"] for row in world.rejects(summary)] == ["1", "2", "3"]
    # A second name is looked for in what is none; and what was read in the sample is read again.
    assert 4 <= len(places) <= 30
    assert reader.looks < 2 * (2_000 + 250 * len(places))
    assert places == sorted(set(places))
    assert Memory(world.store).progress(key, version, summary.rules) == Progress()


_lines = st.sampled_from(
    [
        *(b"x", b"no_name.com", b"a.com", b"b.com", b"c.com", b"a-b.com", b"# comment", b"", b"y" * 60),
        *("bücher.de".encode(), "_ü.de".encode(), "bücher.de".encode("latin-1"), "_ü.de".encode("latin-1")),
        *(b'a.com,"9', b'x,"9', b"a.com,11/12/2026", b"a.com,13/13/2026", b"a.com,27/11/2026", b"x,27/11/2026"),
    ]
)
_stretches = st.lists(st.tuples(_lines, st.integers(1, 12)), min_size=1, max_size=30)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    header=st.sampled_from([b"", b"domain,drop date\n"]),
    stretches=_stretches,
    seconds=st.lists(st.integers(0, 60), max_size=8),
    folder=st.sampled_from(["wanted", "dropping", "cancel"]),
    packed=st.booleans(),
)
def test_whatever_a_list_has_and_wherever_its_reading_stops_each_entry_counts_once(
    world: World,
    reader: Reader,
    header: bytes,
    stretches: list[tuple[bytes, int]],
    seconds: list[int],
    folder: str,
    packed: bool,
) -> None:
    content = header + b"".join((line + b"\n") * number for line, number in stretches)
    ends = []
    for patience in ([], seconds):
        world.store = MemoryStore()
        keep_rules(world.store, RULES, version="r", modified=START)
        key = f"{folder}/a.txt"
        version = world.put(key, gzip.compress(content) if packed else content)
        for invocation in patience:
            with suppress(TimeIsShort):
                reader.invoke(world, key, version, seconds=invocation)
        [summary] = reader.invoke(world, key, version, seconds=inf)
        assert sum(summary.reasons.values()) == summary.rejected
        states = {backorder.domain: backorder.state for backorder in world.everything()}
        written = world.rejects(summary) if summary.rejects else []
        ends.append((counts(summary), summary.left_out_by, summary.reasons, sorted(summary.notes), written, states))
    without, with_stops = ends
    assert without == with_stops


def test_where_lines_say_something_of_others_rejects_are_read_again(world: World, reader: Reader) -> None:
    """That the day comes first is shown by dates that do not exist."""
    rows = [
        "domain,drop date",
        *["x,"] * 1_000,
        *["a.com,31/02/2027"] * 23,
        *(f"n{n}.com,03/04/2027" for n in range(20)),
    ]
    version = world.put("wanted/a.csv", "\n".join(rows))
    with pytest.raises(TimeIsShort):
        reader.invoke(world, "wanted/a.csv", version, seconds=1_030)
    [summary] = reader.invoke(world, "wanted/a.csv", version, seconds=inf)
    assert counts(summary) == (1_043, 1_023, 0, 0, 20)
    assert world.backorder("n19.com").dates[0].drop_day == date(2027, 4, 3)


@pytest.mark.parametrize(
    "line",
    ["no_name.com\n", "# comment\n", "\n", "a-b.com\n", "a.com\nno_name.com\n", '{"domain": "no_name.com"}\n'],
)
def test_reading_stops_in_time_whatever_a_list_consists_of(world: World, line: str) -> None:
    keep_rules(world.store, RULES, version="r", modified=START)
    content = (line * 200_000).encode()
    for body in (content, gzip.compress(content, compresslevel=0)):
        version = world.put("dropping/a", body)
        world.seconds_left = lambda: RESERVE_S - 1
        with pytest.raises(TimeIsShort):
            world.ingest("dropping/a", version)
        assert list(world.store.lists()) == []


@pytest.mark.parametrize("content", [json.dumps(["no_name.com"] * 50_000), "domain,note\n" + "no_name.com,\n" * 50_000])
def test_a_list_whose_rejects_have_to_be_read_again_is_stopped_and_says_so(world: World, content: str) -> None:
    queue = arrived(world, "wanted/a", content)
    queue.deliver(writes=0)
    with pytest.raises(TooLong, match="Cut the list in two"):
        queue.deliver(writes=0)
    [record] = world.store.lists()
    assert record.rejected == record.entries < 50_000
    assert record.details["rejects"] is None


def test_the_function_sends_itself_the_list_that_goes_on(world: World) -> None:
    sent: list[str] = []
    wiring = Wiring(world.services, LISTS, sent.append)
    version = world.put("wanted/a.txt", names(20))
    world.put("wanted/a.txt", "newer.com\n")
    assert handle(event("wanted/a.txt", version), wiring, seconds_left=short_after(5)) is None
    [body] = sent
    # Whatever is uploaded meanwhile: this version goes on.
    assert json.loads(body)["detail"]["object"] == {"key": "wanted/a.txt", "version-id": version}
    again = {"Records": [{"messageId": "2", "body": body}]}
    assert handle(again, wiring, seconds_left=lambda: inf) is None
    [record] = world.store.lists()
    assert (record.version, record.entries, record.accepted) == (version, 23, 20)


def test_the_function_puts_both_into_its_own_queue(world: World, guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that goes on, and one that was never read."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    sqs = boto3.client("sqs")
    queue = sqs.create_queue(QueueName="lists")["QueueUrl"]
    settings = app.Settings(stage="test", table="table", lists_bucket=LISTS, reports_bucket=REPORTS, queue_url=queue)
    wiring = app.wire(settings, store=world.store, clock=lambda: world.now)
    world.put("wanted/a.txt", names(600))
    handle(event("wanted/a.txt"), wiring, seconds_left=short_after(300))
    world.pretend("wanted/a.txt", world.put("wanted/a.txt", "lost.com\n"), START)
    world.now = START + timedelta(days=1)
    handle({}, wiring, seconds_left=lambda: inf)
    for _ in range(2):
        [message] = sqs.receive_message(QueueUrl=queue)["Messages"]
        records = {"Records": [{"messageId": "1", "body": message["Body"]}]}
        assert handle(records, wiring, seconds_left=lambda: inf) is None
    assert len(world.everything()) == 601
    assert ("IngestList", "sqs:SendMessage") in guard.called
    assert ("IngestList", "s3:ListBucket") in guard.called


def test_a_table_that_throttles_is_written_to_with_patience(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of all writes are refused at first."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    pauses: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time.sleep", pauses.append)
    boto3.client("dynamodb").create_table(
        TableName="table",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
    )
    store = DynamoStore.connect("table", connections=16)
    sent = count()

    def refuse(request: AWSPreparedRequest, **_: Any) -> Any:
        if next(sent) % 2:
            return None
        body = json.dumps({"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException", "message": "slow down"})
        raw = HTTPResponse(io.BytesIO(body.encode()), preload_content=False)
        return AWSResponse(request.url, 400, HTTPHeaders(), raw)

    store._client.meta.events.register("before-send.dynamodb.PutItem", refuse)
    world.put("wanted/a.txt", names(40))
    [summary] = ingest_object(LISTS, "wanted/a.txt", None, services=replace(world.services, store=store))
    assert counts(summary) == (43, 1, 0, 2, 40)
    assert len(list(store.backorders())) == 40
    assert len(pauses) >= 20


def test_progress_is_kept_often_enough_to_matter() -> None:
    """16 writers make some 2,000 writes a second: a function that dies repeats seconds."""
    assert KEPT_EVERY <= 20_000


# The daily sweep


def swept(world: World) -> list[str]:
    found: list[str] = []
    sweep(LISTS, services=world.services, send=found.append)
    return found


def test_the_sweep_finds_what_was_never_read(world: World) -> None:
    world.upload("rules.toml", "", modified=START)
    world.upload("wanted/read.txt", "john.com\n", modified=START)
    world.upload("other/ignored.txt", "john.com\n", modified=START)
    for key in ("wanted/lost.txt", "dropping/lost.csv", "cancel/lost.txt", "wanted/list/"):
        world.pretend(key, world.put(key, "jane.com\n"), START)
    world.pretend("wanted/folder/", world.put("wanted/folder/", ""), START)
    world.now = START + timedelta(days=1)
    assert swept(world) == ["cancel/lost.txt", "dropping/lost.csv", "wanted/list/", "wanted/lost.txt"]
    for key in swept(world):
        world.ingest(key)
    assert swept(world) == []


def test_the_sweep_finds_a_newer_version_of_what_was_read(world: World) -> None:
    world.upload("wanted/a.txt", "john.com\n", modified=START)
    world.upload("rules.toml", "", modified=START)
    world.pretend("wanted/a.txt", world.put("wanted/a.txt", "jane.com\n"), START)
    world.pretend("rules.toml", world.put("rules.toml", RULES), START + timedelta(minutes=1))
    world.now = START + timedelta(days=1)
    assert swept(world) == ["rules.toml", "wanted/a.txt"]


def test_the_sweep_leaves_what_is_just_arriving(world: World) -> None:
    world.pretend("wanted/a.txt", world.put("wanted/a.txt", "john.com\n"), START)
    world.now = START + timedelta(minutes=59)
    assert swept(world) == []
    world.now = START + timedelta(minutes=60)
    assert swept(world) == ["wanted/a.txt"]


def test_the_sweep_leaves_what_nobody_waits_for_any_more(world: World) -> None:
    world.pretend("dropping/a.txt", world.put("dropping/a.txt", "john.com\n"), START)
    world.now = START + timedelta(days=29)
    assert swept(world) == ["dropping/a.txt"]
    world.now = START + timedelta(days=30)
    assert swept(world) == []


def test_the_sweep_finds_a_list_that_never_got_to_its_end(world: World) -> None:
    version = world.put("wanted/a.txt", names(20))
    world.pretend("wanted/a.txt", version, START)
    world.seconds_left = short_after(5)
    with pytest.raises(TimeIsShort):
        world.ingest("wanted/a.txt", version)
    world.now = START + timedelta(days=1)
    assert swept(world) == ["wanted/a.txt"]


def test_an_archive_is_swept_as_one(world: World) -> None:
    world.upload("wanted/nothing.zip", b"PK\x03\x04broken", modified=START)
    world.now = START + timedelta(days=1)
    assert swept(world) == []


def test_a_tick_of_the_schedule_sends_what_is_unread_to_the_queue(world: World) -> None:
    sent: list[str] = []
    world.pretend("wanted/a.txt", world.put("wanted/a.txt", "john.com\n"), START)
    world.now = START + timedelta(days=1)
    wiring = Wiring(world.services, LISTS, sent.append)
    assert handle({"at": "2026-11-25T12:00:00Z"}, wiring, seconds_left=lambda: inf) == {"unread": 1}
    assert handle({"Records": [{"messageId": "1", "body": sent[0]}]}, wiring, seconds_left=lambda: inf) is None
    assert world.backorder("john.com").state is State.SELECTED
    assert handle({"at": "2026-11-25T12:00:00Z"}, wiring, seconds_left=lambda: inf) == {"unread": 0}


# Rules that an upgrade no longer understands


OUTDATED = "[limits]\nper_fortnight = 5\n"


def outdated(world: World) -> None:
    """An earlier version took these rules, and this one does not."""
    document = {"text": OUTDATED, "version": "v1", "modified": "2020-01-01T00:00:00Z"}
    world.store.put_document("rules", document)


@pytest.mark.parametrize("key", ["wanted/a.txt", "dropping/a.txt"])
def test_a_list_waits_for_rules_that_are_understood(world: World, key: str) -> None:
    outdated(world)
    waits = world.upload(key, "john.com\n")
    assert counts(waits) == (0, 0, 0, 0, 0)
    assert waits.source == "not read"
    assert "limits.per_fortnight" in waits.notes[0]
    assert "upload a mended rules.toml" in waits.notes[0]
    [record] = world.store.lists()
    assert record.notes == tuple(waits.notes)
    assert json.loads(world.report(f"lists/{key}/{waits.version}/summary.json"))["notes"] == waits.notes
    assert world.everything() == set()

    world.upload("rules.toml", "[select]\n")
    [done] = world.ingest(key)
    assert counts(done) == (1, 0, 0, 0, 1)
    assert world.backorder("john.com").state is State.SELECTED


def test_mended_rules_bring_the_lists_that_waited_for_them(world: World) -> None:
    sent: list[str] = []
    wiring = Wiring(world.services, LISTS, sent.append)

    def deliver(*bodies: str) -> None:
        records = [{"messageId": str(number), "body": body} for number, body in enumerate(bodies)]
        assert handle({"Records": records}, wiring, seconds_left=lambda: inf) is None

    def arrives(key: str, content: str) -> None:
        world.pretend(key, world.put(key, content), START)
        deliver(json.dumps({"detail": {"bucket": {"name": LISTS}, "object": {"key": key}}}))

    outdated(world)
    arrives("wanted/a.txt", "john.com\n")
    arrives("dropping/b.txt", "jane.com\n")
    arrives("rules.toml", OUTDATED)
    assert sent == []
    arrives("rules.toml", "[select]\n")
    assert len(sent) == 2
    deliver(*sent)
    assert {backorder.domain for backorder in world.everything()} == {"john.com", "jane.com"}
    assert len(sent) == 2
    arrives("rules.toml", "[select]\nidn = false\n")
    assert len(sent) == 2


def test_a_cancel_needs_no_rules(world: World) -> None:
    world.upload("wanted/a.txt", "john.com\n")
    outdated(world)
    assert counts(world.upload("cancel/a.txt", "john.com\n")) == (1, 0, 0, 0, 1)
    assert world.backorder("john.com").state is State.CANCELLED


# Cancels, in each state


@pytest.mark.parametrize(
    ("state", "becomes", "told"),
    [
        *((state, State.CANCELLED, None) for state in (State.SELECTED, State.HELD, State.QUEUED)),
        *((s, s, None) for s in (State.SUBMITTING, State.REQUESTED, State.ACTIVE, State.WITHDRAWING)),
        *((s, s, "too late to take back") for s in (State.PROCESSING, State.AUCTION_PENDING)),
        *((s, s, "too late to take back") for s in (State.SUCCESSFUL, State.AUCTION_WON)),
        *(
            (s, s, "there is nothing to take back")
            for s in (State.FAILED, State.AUCTION_LOST, State.REJECTED, State.MISSED, State.VANISHED)
        ),
    ],
)
def test_a_cancel_does_what_the_state_allows_or_says_why_not(
    world: World, state: State, becomes: State, told: str | None
) -> None:
    world.upload("wanted/a.txt", "john.com\n")
    world.store.replace(replace(world.backorder("john.com"), state=state))
    summary = world.upload("cancel/a.txt", "john.com\n")
    john = world.backorder("john.com")
    assert john.state is becomes
    if told is None:
        assert counts(summary) == (1, 0, 0, 0, 1)
        assert john.cancel_requested == (becomes is not State.CANCELLED)
    else:
        assert counts(summary) == (1, 0, 1, 0, 0)
        assert summary.notes == [f"john.com: it is {state}: {told}"]
        assert not john.cancel_requested


def test_a_name_that_was_cancelled_already_is_a_duplicate(world: World) -> None:
    world.upload("wanted/a.txt", "john.com\n")
    world.upload("cancel/a.txt", "john.com\n")
    assert counts(world.upload("cancel/b.txt", "john.com\n")) == (1, 0, 0, 1, 0)
