"""A list in the bucket becomes backorders, and every entry is accounted for: on moto's S3, with the store in memory."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from backorder.documents.misplaced import misplaced_lists
from backorder.documents.unread import UnreadObjects
from backorder.domain.backorder import Backorder
from backorder.domain.findings import Kind
from backorder.domain.schedule import Known
from backorder.domain.states import State
from backorder.domain.values import BackorderKey, Decider, Decision, Origin, Source
from backorder.rules import last_good_rules
from backorder.runtime.observability import metrics
from backorder.store.dynamodb import INDEX
from ingestion import app
from ingestion.reading.entries import LONGEST_SHOWN
from ingestion.rejects import MOST_WRITTEN
from reconciliation.findings import examine_objects
from tests.factories import changed
from tests.lists_world import LISTS, REPORTS, START, World, counts


def test_a_list_of_wanted_names_becomes_backorders_and_rejects(world: World) -> None:
    summary = world.upload("wanted/mine.txt", "# mine\njohn.com\njohn_doe.com\n=1+1\nJOHN.com\n\njane.pl\n")
    assert counts(summary) == (5, 2, 0, 1, 2)
    assert summary.reasons == {"contains an underscore": 1, "begins like a formula": 1}
    john = world.backorder("john.com")
    assert (john.state, john.wish.source, john.zone, john.wish.priority) == (
        State.SELECTED,
        Source.WANTED,
        "com",
        Decimal(5),
    )
    assert (john.wish.place.list, john.wish.place.version, john.wish.place.line) == (
        "wanted/mine.txt",
        summary.version,
        2,
    )
    assert (john.schedule.deadline, john.schedule.known) == (None, Known.NONE)
    assert world.rejects(summary) == [
        {"list": "wanted/mine.txt", "line": "3", "text": "john_doe.com", "reason": "contains an underscore"},
        {"list": "wanted/mine.txt", "line": "4", "text": "'=1+1", "reason": "begins like a formula"},
    ]
    told = json.loads(world.report(f"lists/wanted/mine.txt/{summary.version}/summary.json"))
    assert told["accepted"] == 2
    assert told["source"] == "plain text"
    [record] = world.store.lists()
    assert (record.name, record.entries, record.accepted) == ("wanted/mine.txt", 5, 2)


def test_a_persons_columns_are_kept(world: World) -> None:
    world.upload("wanted/mine.csv", "domain,priority,max price,note\njohn.com,9.5,59,for the shop\n")
    john = world.backorder("john.com")
    assert (john.wish.priority, john.wish.max_price, john.wish.note) == (Decimal("9.5"), Decimal(59), "for the shop")


def test_the_providers_list_gives_deadlines(world: World) -> None:
    world.upload("wanted/list.csv", "john.com;2026-11-27 16:00:00\n")
    john = world.backorder("john.com")
    assert john.schedule.deadline == datetime(2026, 11, 27, 15, 45, tzinfo=UTC)
    assert john.schedule.known is Known.FINALIZATION


def test_replaying_an_event_changes_nothing_and_counts_the_same(world: World) -> None:
    world.upload("rules.toml", "[select]\nlength = [4, 9]\n")
    for key in ("wanted/a.txt", "dropping/b.txt", "cancel/c.txt"):
        first = world.upload(key, "john.com\njane.com\njohn.com\nx\nab.com\n")
        before = world.everything()
        world.now += timedelta(hours=1)
        [again] = world.ingest(key, first.version)
        assert counts(again) == counts(first)
        assert world.everything() == before


def test_the_same_list_uploaded_again_changes_nothing(world: World) -> None:
    text = "john.com;2026-11-27 16:00:00\njane.com;2026-11-28 16:00:00\n"
    assert counts(world.upload("wanted/a.csv", text)) == (2, 0, 0, 0, 2)
    before = world.everything()
    again = START + timedelta(days=900)
    assert counts(world.upload("wanted/a.csv", text, modified=again)) == (2, 0, 0, 2, 0)
    assert counts(world.upload("wanted/b.csv", text)) == (2, 0, 0, 2, 0)
    # But for when it was said last.
    unsaid: Any = {"version": 0, "decided": Decision(Decider.RULES, START), "dates": ()}
    assert {changed(each, **unsaid) for each in world.everything()} == {changed(each, **unsaid) for each in before}
    assert {each.wish.decided for each in world.everything()} == {Decision(Decider.PERSON, again)}


def test_an_archive_is_reported_under_its_own_name_or_by_member(world: World) -> None:
    def zipped(members: dict[str, str]) -> bytes:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        return file.getvalue()

    assert world.upload("wanted/one.zip", zipped({"list.txt": "a.com\n"})).name == "wanted/one.zip"
    version = world.put("wanted/two.zip", zipped({"x.txt": "b.com\na.com\n", "y.txt": "b.com\nc.com\n"}))
    two = world.ingest("wanted/two.zip", version)
    assert [(s.name, counts(s)) for s in two] == [
        ("wanted/two.zip#x.txt", (2, 0, 0, 1, 1)),
        ("wanted/two.zip#y.txt", (2, 0, 0, 1, 1)),
    ]
    assert [counts(s) for s in world.ingest("wanted/two.zip", version)] == [counts(s) for s in two]
    assert len(list(world.store.lists())) == 3
    assert counts(world.upload("wanted/none.zip", zipped({}))) == (0, 0, 0, 0, 0)


def test_a_file_that_is_no_list_is_a_reject(world: World) -> None:
    for content in (b"\x00\x01\x02" * 50, b"PK\x03\x04broken", b"<html></html>", b"\x1f\x8bbroken"):
        summary = world.upload("wanted/x", content)
        assert counts(summary) == (1, 1, 0, 0, 0)
        [reject] = world.rejects(summary)
        assert reject["line"] == "0"
        assert reject["reason"]


def test_an_empty_list_says_so(world: World) -> None:
    for key in ("wanted/empty.txt", "dropping/empty.txt", "cancel/empty.txt"):
        summary = world.upload(key, "")
        assert counts(summary) == (0, 0, 0, 0, 0)
        assert "The list is empty: it has no entries." in summary.notes
        assert summary.rejects is None


def test_what_lies_elsewhere_is_ignored_and_says_so(world: World) -> None:
    for key in ("list.txt", "other/list.txt", "wanted"):
        summary = world.upload(key, "john.com\n")
        assert summary.kind == "ignored"
        assert "wanted/, dropping/ or cancel/" in summary.notes[0]
    assert world.ingest("wanted/") == []
    assert world.ingest("wanted/never-there.txt") == []
    assert world.everything() == set()


def test_without_rules_nothing_is_chosen_from_a_deletion_list(world: World) -> None:
    summary = world.upload("dropping/list.txt", "john.com\nx\n")
    assert counts(summary) == (2, 1, 1, 0, 0)
    assert "There is no rules.toml: nothing is chosen from deletion lists." in summary.notes


def test_rules_choose_from_a_deletion_list(world: World) -> None:
    world.upload("rules.toml", '[select]\nzones = ["com"]\nlength = [4, 9]\n')
    summary = world.upload("dropping/list.txt", "john.com\njane.net\nabc.com\njohn.com\nx\n")
    assert counts(summary) == (5, 1, 2, 1, 1)
    assert summary.left_out_by == {"zones": 1, "length": 1}
    john = world.backorder("john.com")
    assert john.wish.source is Source.DROPPING
    assert john.wish.priority == Decimal("9.9")
    assert john.wish.chosen == "score 9.9: short 3.0, pronounceable 2.0, words *john* 2.9, .com 2.0"


def test_rules_choose_by_a_list_s_own_columns_and_say_which_it_lacks(world: World) -> None:
    world.upload("rules.toml", '[select.columns]\nBL = ">= 10"\n"domain pop" = "> 1"\n')
    summary = world.upload("dropping/list.csv", "domain,bl,age\njohn.com,10,3\njane.com,9,3\njim.com,,3\n")
    assert counts(summary) == (3, 0, 2, 0, 1)
    assert summary.left_out_by == {"columns": 2}
    assert any("domain pop: the list has no such column" in note for note in summary.notes)


def test_the_user_knows_better_when_a_zone_drops(world: World) -> None:
    world.upload("rules.toml", '[registries.pl]\nstarts = ["09:00"]\ntime_zone = "Europe/Warsaw"\n')
    for list_, name in (("wanted/mine.csv", "john.pl"), ("dropping/all.csv", "jane.pl")):
        world.upload(list_, f"domain,drop date\n{name},2026-11-27\n")
        assert world.backorder(name).schedule.batch_starts_at == datetime(2026, 11, 27, 8, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["au", "com.au"])
@pytest.mark.parametrize(
    "head",
    ["Date,Eligible Purge Time,Domain Name\n26/11/2026,01:00:00,{}\n", "Domain,Date,Time\n{},26/11/2026,11:00:00\n"],
)
def test_the_user_knows_better_when_au_purges(world: World, zone: str, head: str) -> None:
    other = {"au": "com.au", "com.au": "au"}[zone]
    text = head.format(f"john.{zone}") + head.format(f"john.{other}").split("\n", 1)[1]
    world.upload("rules.toml", "", modified=START)
    world.upload("dropping/a.csv", text, modified=START)
    assert world.backorder(f"john.{zone}").dates[0].drop_at == datetime(2026, 11, 26, 3, tzinfo=UTC)
    rules = f'[registries."{zone}"]\nstarts = ["15:00"]\ntime_zone = "Australia/Brisbane"\n'
    world.upload("rules.toml", rules, modified=START + timedelta(hours=1))
    world.upload("dropping/a.csv", text, modified=START + timedelta(hours=2))
    john = world.backorder(f"john.{zone}")
    assert john.dates[0].drop_at == john.schedule.batch_starts_at == datetime(2026, 11, 26, 5, tzinfo=UTC)
    assert world.backorder(f"john.{other}").dates[0].drop_at == datetime(2026, 11, 26, 3, tzinfo=UTC)


def test_broken_rules_change_nothing_and_say_what_is_wrong(world: World) -> None:
    world.upload("rules.toml", "[select]\nlength = [4, 9]\n", modified=START)
    broken = world.upload("rules.toml", "[select]\n\nlenght = [4, 9]\n", modified=START + timedelta(hours=1))
    assert "line 3: select.lenght" in broken.notes[0]
    report = json.loads(world.report(f"rules/{broken.version}.json"))
    assert report["status"] == "broken"
    assert last_good_rules(world.store).select.length == (4, 9)
    assert any("line 3" in note for note in world.upload("dropping/list.txt", "john.com\n").notes)
    for content in (b"\xff", b"# " + b"x" * 2_000_000):
        assert "rules.toml" in world.upload("rules.toml", content).notes[0]


def test_a_newer_list_moves_a_drop_and_an_older_one_does_not(world: World) -> None:
    world.upload("wanted/a.csv", "john.com;2026-11-27 16:00:00\n", modified=START)
    newer = world.upload("wanted/b.csv", "john.com;2026-11-30 16:00:00\n", modified=START + timedelta(hours=1))
    assert counts(newer) == (1, 0, 0, 1, 0)
    assert "1 already there: drop moved." in newer.notes
    world.upload("wanted/c.csv", "john.com;2026-11-29 16:00:00\n", modified=START - timedelta(hours=1))
    world.upload("wanted/d.txt", "john.com\n", modified=START + timedelta(hours=2))
    john = world.backorder("john.com")
    assert john.schedule.deadline == datetime(2026, 11, 30, 15, 45, tzinfo=UTC)
    assert (john.wish.place.list, john.dates[0].said_at) == ("wanted/a.csv", START + timedelta(hours=1))


def test_a_day_alone_does_not_blur_a_known_moment_but_another_day_moves_it(world: World) -> None:
    world.upload("wanted/a.csv", "john.com;2026-11-27 16:00:00\n", modified=START)
    table = "domain,drop date\njohn.com,{}\n"
    world.upload("wanted/b.csv", table.format("2026-11-27"), modified=START + timedelta(hours=1))
    assert world.backorder("john.com").schedule.known is Known.FINALIZATION
    # The provider's own word is not moved by a list of anybody's; that of another list is.
    world.upload("wanted/c.csv", table.format("2026-12-02"), modified=START + timedelta(hours=2))
    assert world.backorder("john.com").schedule.known is Known.FINALIZATION
    exact = "domain,finalization date\njane.com,2026-11-27 16:00:00\n"
    world.upload("wanted/d.csv", exact, modified=START)
    world.upload(
        "wanted/e.csv", table.format("2026-11-27").replace("john", "jane"), modified=START + timedelta(hours=1)
    )
    assert world.backorder("jane.com").schedule.known is Known.FINALIZATION
    world.upload(
        "wanted/f.csv", table.format("2026-12-02").replace("john", "jane"), modified=START + timedelta(hours=2)
    )
    assert world.backorder("jane.com").schedule.known is Known.ESTIMATED


def test_a_person_who_wants_what_a_rule_chose_makes_it_a_persons(world: World) -> None:
    world.upload("rules.toml", "")
    world.upload("dropping/list.txt", "john.com\n")
    summary = world.upload("wanted/mine.csv", "domain,priority,max price\njohn.com,9,80\n")
    assert counts(summary) == (1, 0, 0, 1, 0)
    john = world.backorder("john.com")
    assert (john.wish.source, john.wish.priority, john.wish.max_price) == (Source.WANTED, Decimal(9), Decimal(80))
    assert john.wish.place.list == "dropping/list.txt"
    world.upload("dropping/later.txt", "john.com\n")
    assert world.backorder("john.com").wish.source is Source.WANTED


def _end(world: World, domain: str, state: State) -> None:
    """As if the provider had said so."""
    world.store.replace(replace(world.backorder(domain), state=state, settled=True, outcome_at=world.now))


@pytest.mark.parametrize("key", ["wanted/b.csv", "dropping/b.csv"])
def test_a_name_that_drops_again_much_later_is_a_new_backorder(world: World, key: str) -> None:
    world.upload("rules.toml", "")
    world.upload("wanted/a.csv", "john.com;2026-11-27 16:00:00\n", modified=START)
    _end(world, "john.com", State.FAILED)
    soon = world.upload(key, "john.com;2026-12-20 16:00:00\n", modified=START + timedelta(days=3))
    assert counts(soon) == (1, 0, 0, 1, 0)
    later = world.upload(key, "john.com;2027-11-27 16:00:00\n", modified=START + timedelta(days=300))
    assert counts(later) == (1, 0, 0, 0, 1)
    assert world.backorder("john.com").key == BackorderKey("john.com", 2)
    assert [counts(s) for s in world.ingest(key, later.version)] == [counts(later)]
    [again] = world.ingest("wanted/a.csv")
    assert counts(again) == (1, 0, 0, 0, 1)


def test_a_cancelled_name_is_ordered_again_only_when_a_person_wants_it(world: World) -> None:
    world.upload("rules.toml", "")
    row = "john.com;2026-11-27 16:00:00\n"
    first = world.upload("wanted/a.csv", row, modified=START)
    cancelled = world.upload("cancel/a.txt", "john.com\n", modified=START + timedelta(hours=1))
    assert counts(cancelled) == (1, 0, 0, 0, 1)
    assert world.backorder("john.com").state is State.CANCELLED
    by_rule = world.upload("dropping/b.csv", row, modified=START + timedelta(hours=2))
    assert counts(by_rule) == (1, 0, 0, 1, 0)
    [replayed] = world.ingest("wanted/a.csv", first.version)
    assert counts(replayed) == (1, 0, 0, 0, 1)
    assert world.backorder("john.com").state is State.CANCELLED
    wanted = world.upload("wanted/b.csv", row, modified=START + timedelta(hours=3))
    assert counts(wanted) == (1, 0, 0, 0, 1)
    assert world.backorder("john.com").key == BackorderKey("john.com", 2)
    # The cancel's event comes again: it was for the first cycle.
    [again] = world.ingest("cancel/a.txt", cancelled.version)
    assert counts(again) == counts(cancelled)
    assert world.backorder("john.com").state is State.SELECTED


def test_a_missed_name_is_tried_again_when_its_new_deadline_lies_ahead(world: World) -> None:
    world.upload("wanted/a.csv", "john.com;2026-11-25 16:00:00\n", modified=START)
    world.now = START + timedelta(days=2)
    _end(world, "john.com", State.MISSED)
    past = world.upload("wanted/b.csv", "john.com;2026-11-25 16:00:00\n", modified=START + timedelta(days=1))
    assert counts(past) == (1, 0, 0, 1, 0)
    ahead = world.upload("wanted/c.csv", "john.com;2026-11-29 16:00:00\n", modified=START + timedelta(days=2))
    assert counts(ahead) == (1, 0, 0, 0, 1)


@pytest.mark.parametrize("state", [State.SUBMITTING, State.REQUESTED, State.ACTIVE])
def test_a_cancel_asks_for_what_is_ordered_to_be_taken_back(world: World, state: State) -> None:
    world.upload("wanted/a.txt", "john.com\n")
    world.store.replace(replace(world.backorder("john.com"), state=state))
    cancel = world.upload("cancel/a.txt", "john.com\njohn.com\nnever.com\nx\n")
    assert counts(cancel) == (4, 1, 1, 1, 1)
    john = world.backorder("john.com")
    assert (john.state, john.cancel_requested) == (state, True)
    assert [counts(s) for s in world.ingest("cancel/a.txt")] == [counts(cancel)]
    assert world.backorder("john.com") == john
    assert "never.com: there is no backorder for it" in cancel.notes


def test_a_cancel_that_comes_too_late_says_so(world: World) -> None:
    world.upload("wanted/a.txt", "john.com\njane.com\n")
    world.store.replace(replace(world.backorder("john.com"), state=State.PROCESSING))
    world.store.replace(
        changed(world.backorder("jane.com"), state=State.ACTIVE, application="1", origin=Origin.FOREIGN)
    )
    cancel = world.upload("cancel/a.txt", "john.com\njane.com\n")
    assert counts(cancel) == (2, 0, 2, 0, 0)
    assert "john.com: it is PROCESSING: too late to take back" in cancel.notes
    assert not world.backorder("jane.com").cancel_requested


def test_of_many_rejects_all_are_counted_and_the_first_are_written(world: World) -> None:
    lines = "".join(f"{n}_{'x' * 280}.com\n" for n in range(MOST_WRITTEN))
    exactly = world.upload("wanted/exactly.txt", lines)
    assert counts(exactly) == (MOST_WRITTEN, MOST_WRITTEN, 0, 0, 0)
    assert exactly.notes == []
    more = world.upload("wanted/more.txt", f"john.com\n{lines}" + "x\n" * 1_234)
    assert counts(more) == (MOST_WRITTEN + 1_235, MOST_WRITTEN + 1_234, 0, 0, 1)
    assert more.reasons == {"contains an underscore": MOST_WRITTEN, "has no zone": 1_234}
    assert more.notes == ["rejects.csv has the first 10,000 rejects; 1,234 more are only counted."]
    for summary, first in ((exactly, 1), (more, 2)):
        assert [int(row["line"]) for row in world.rejects(summary)] == list(range(first, first + MOST_WRITTEN))


def test_a_packed_list_of_rejects_makes_no_report_many_times_its_size(world: World) -> None:
    packed = gzip.compress(b"x\n" * 400_000)
    summary = world.upload("dropping/rejects.txt.gz", packed)
    assert counts(summary) == (400_000, 400_000, 0, 0, 0)
    assert len(world.report(summary.rejects or "")) < 1_000_000


def test_a_reject_is_told_in_bounded_words_whatever_is_wrong_with_it(world: World) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("n" * 60_000, "john.com\n")
    # The archive's directory calls it otherwise, which is told with both names.
    broken = file.getvalue().replace(b"n" * 60_000, b"m" * 60_000, 1)
    for content in (broken, "x_" * 1_000, "x" * 200_000, "\u200d" * 1_900, '["' + "x" * 100_000 + '"]'):
        summary = world.upload("wanted/long", content)
        [row] = world.rejects(summary)
        assert row["reason"]
        assert all(len(told) <= LONGEST_SHOWN + 1 for told in (row["text"], row["reason"], *summary.reasons))


def test_a_list_that_breaks_off_leaves_no_report(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(Exception):
        """What the table raises in the middle of a list."""

    def break_off(_backorder: Backorder) -> Backorder | None:
        raise Broken

    monkeypatch.setattr(world.store, "create", break_off)
    with pytest.raises(Broken):
        world.upload("wanted/a.txt", "x\njohn.com\n")
    assert not world.s3.list_objects_v2(Bucket=REPORTS).get("Contents")


_rows = st.lists(st.sampled_from(["a.com", "b.com", "_", "", "a.com;2026-11-27 16:00:00"]))
_contents = st.binary() | st.text().map(str.encode) | _rows.map(lambda rows: "\n".join(rows).encode())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_contents)
def test_counts_add_up_for_any_bytes(world: World, content: bytes) -> None:
    for key in ("wanted/x", "dropping/x", "cancel/x"):
        summary = world.upload(key, content)
        rejected = len(world.rejects(summary)) if summary.rejects else 0
        assert counts(summary)[1] == rejected
        assert [counts(s) for s in world.ingest(key, summary.version)] == [counts(summary)]


class Context(LambdaContext):
    """Of a function that was called."""

    def __init__(self) -> None:
        self._function_name = "ingest_list"
        self._memory_limit_in_mb = 1769
        self._invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:ingest_list"
        self._aws_request_id = "1"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 900_000


def _event(key: str) -> dict[str, Any]:
    detail = {"bucket": {"name": LISTS}, "object": {"key": key}}
    body = {"detail-type": "Object Created", "source": "aws.s3", "detail": detail}
    return {"messageId": "1", "body": json.dumps(body), "eventSource": "aws:sqs"}


def test_the_handler_ingests_each_object_and_fails_with_what_one_raises(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    queue = boto3.client("sqs").create_queue(QueueName="lists")["QueueUrl"]
    settings = {"STAGE": "test", "TABLE_NAME": "table", "LISTS_BUCKET": LISTS, "REPORTS_BUCKET": REPORTS}
    monkeypatch.setattr(metrics, "namespace", "Backorders/test")
    for name, value in {**settings, "LIST_QUEUE_URL": queue}.items():
        monkeypatch.setenv(name, value)
    dynamodb = boto3.client("dynamodb")
    dynamodb.create_table(
        TableName="table",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "open", "due")],
        GlobalSecondaryIndexes=[
            {
                "IndexName": INDEX,
                "KeySchema": [
                    {"AttributeName": "open", "KeyType": "HASH"},
                    {"AttributeName": "due", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    app.ingestion.cache_clear()
    world.put("wanted/a b+ü.txt", "john.com\njane.com\njohn.com\n")
    good, bad = _event("wanted/a b+ü.txt"), {**_event("wanted/x"), "messageId": "2", "body": "no event"}
    for _ in range(2):
        assert app.handler({"Records": [good, good]}, Context()) is None
        with pytest.raises(ValidationError, match="no event"):
            app.handler({"Records": [good, bad]}, Context())
        store = app.ingestion().ingestion.store
        assert {b.domain for b in store.open_backorders()} == {"john.com", "jane.com"}
        [record] = store.lists()
        assert (record.entries, record.duplicates, record.accepted) == (3, 1, 2)
    app.ingestion.cache_clear()


def test_what_an_object_is_written_in_is_what_its_content_type_declares(world: World) -> None:
    body = "mąka.pl\nigła.pl\n".encode("cp1250")
    world.s3.put_object(Bucket=LISTS, Key="wanted/a.csv", Body=body, ContentType='text/csv; charset="Windows-1250"')
    world.s3.put_object(Bucket=LISTS, Key="wanted/b.csv", Body=body, ContentType="text/csv; charset=klingon")
    [declared] = world.ingest("wanted/a.csv")
    assert (counts(declared), declared.encoding) == ((2, 0, 0, 0, 2), "windows-1250")
    [unknown] = world.ingest("wanted/b.csv")
    assert (counts(unknown), unknown.encoding) == ((2, 1, 0, 1, 0), "windows-1250 or ISO-8859-2")
    assert any("declared to be written in 'klingon', an encoding that is not known" in note for note in unknown.notes)


def test_a_deletion_list_of_which_each_name_is_wanted_is_told_of(world: World) -> None:
    world.put("rules.toml", '[fees]\ndefault = "69.00"\nnet = "40.00"\n')
    world.ingest("rules.toml")
    text = "".join(f"name{n}.{zone};2026-12-01 16:00:00\n" for n in range(3) for zone in ("com", "net"))
    done = world.upload("wanted/monday.csv", text)
    assert counts(done) == (6, 0, 0, 0, 6)
    assert done.notes[0].startswith("6 names of a deletion list (provider) are wanted, for up to 327.00. ")
    [noted] = misplaced_lists(world.store, world.now)
    assert (noted.name, noted.wanted, noted.up_to) == ("wanted/monday.csv", 6, Decimal("327.00"))
    [told] = examine_objects(UnreadObjects(), None, [noted])
    assert told.kind is Kind.LIST_MISPLACED
    assert told.amount == Decimal("327.00")
    assert misplaced_lists(world.store, world.now + timedelta(days=8)) == ()
    # What the rules choose from, and what a person wrote, is in its place.
    world.upload("dropping/monday.csv", text)
    world.upload("wanted/mine.csv", "domain;priority\nsolarroof.com;5\n")
    assert len(misplaced_lists(world.store, world.now)) == 1
