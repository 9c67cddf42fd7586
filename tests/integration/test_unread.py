"""What a person put where nothing reads it is noted, told once, and closes by itself: on moto's S3 and the emulator."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from math import inf
from typing import Any, NoReturn

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backorder.documents.unread import MOST_NOTED, Unread, unread_objects
from backorder.domain.findings import Finding, Kind
from backorder.rules import broken_rules, last_good_rules
from backorder.runtime.clock import iso
from ingestion import app
from ingestion.app import Wiring, handle
from ingestion.keys import is_clutter, kind_of, shown
from ingestion.sweep import sweep
from local.memory_store import MemoryStore
from tests.integration.account import HOUR, a_world
from tests.integration.account import World as Account
from tests.lists_world import LISTS, START, World

KINDS = (Kind.LIST_UNREAD, Kind.RULES_BROKEN)


@pytest.fixture
def account(world: World) -> Iterator[Account]:
    """The account whose store the lists are read into."""
    with a_world() as account:
        world.store = account.store
        yield account


def arrives(world: World, key: str, content: str | bytes = "john.com\n") -> str:
    """An object is put, and its event reaches the function."""
    version = world.put(key, content)
    records = [{"messageId": "1", "body": app._message(LISTS, key, version)}]
    wiring = Wiring(world.services, LISTS, lambda _body: None)
    handle({"Records": records}, wiring, seconds_left=lambda: inf)
    return version


def night(world: World) -> None:
    """The schedule calls the sweep, and what it sends is read."""
    sent: list[str] = []
    wiring = Wiring(world.services, LISTS, sent.append)
    handle({"at": "2026-11-25T03:10:00Z"}, wiring, seconds_left=lambda: inf)
    for body in sent:
        handle({"Records": [{"messageId": "1", "body": body}]}, wiring, seconds_left=lambda: inf)


def look(account: Account) -> list[Finding]:
    """The next reconciliation; the findings about objects that are open after it."""
    account.at(account.emulator.now + HOUR)
    return [finding for finding in account.findings() if finding.kind in KINDS]


def during_the_listing(world: World, monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Has something happen after the bucket was listed, and before the listing is used."""
    listed = list(world.s3.get_paginator("list_objects_v2").paginate(Bucket=LISTS))

    class Slow:
        def paginate(self, **_: str) -> Iterator[object]:
            yield from listed
            happens()

    monkeypatch.setattr(world.s3, "get_paginator", lambda _operation: Slow())


def noted(world: World) -> list[str]:
    return [unread.key for unread in unread_objects(world.store).first]


# Findings


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("monday.txt", "none of the folders that are read"),
        ("Wanted/monday.txt", "the folder is called wanted/"),
        ("wanted", "it is no folder but an object"),
        ("rules.toml.txt", "the rules are called rules.toml"),
        ("dropping/rules.toml", "rules.toml has to be at the top of the bucket"),
    ],
)
@pytest.mark.parametrize("event_lost", [False, True])
def test_an_object_that_nothing_reads_is_told_once_and_closes_when_it_is_gone(
    world: World, account: Account, key: str, hint: str, event_lost: bool
) -> None:
    if event_lost:
        world.put(key, "john.com\n")
        night(world)
    else:
        arrives(world, key)
    [finding] = look(account)
    assert (finding.kind, finding.domain, finding.amount) == (Kind.LIST_UNREAD, None, None)
    assert f"Nothing reads {key}" in finding.advice
    assert hint in finding.advice
    assert "wanted/, dropping/ or cancel/" in finding.advice
    [message] = account.messages
    assert key in message.body
    assert message.subject == "Backorders: Lists that nothing reads"

    night(world)
    assert look(account) == [finding]
    assert len(account.messages) == 1

    world.s3.delete_object(Bucket=LISTS, Key=key)
    night(world)
    assert look(account) == []
    assert len(account.messages) == 1
    assert world.everything() == set()


def test_a_list_that_is_moved_to_where_it_is_read_is_read_and_its_finding_closes(
    world: World, account: Account
) -> None:
    arrives(world, "Wanted/monday.txt")
    assert len(look(account)) == 1
    arrives(world, "wanted/monday.txt")
    world.s3.delete_object(Bucket=LISTS, Key="Wanted/monday.txt")
    night(world)
    assert look(account) == []
    assert world.backorder("john.com")


def test_of_very_many_objects_the_first_are_told_one_by_one_and_the_others_counted(
    world: World, account: Account
) -> None:
    keys = [f"Wanted/{number:03}.txt" for number in range(MOST_NOTED + 20)]
    for key in keys:
        arrives(world, key)
    findings = look(account)
    assert len(findings) == MOST_NOTED + 1
    assert sum("20 more" in finding.advice for finding in findings) == 1
    night(world)
    assert look(account) == findings
    for key in keys[30:]:
        world.s3.delete_object(Bucket=LISTS, Key=key)
    night(world)
    assert len(look(account)) == 30


def test_a_key_of_any_length_and_of_any_characters_is_told(world: World, account: Account) -> None:
    keys = ["x" * 1024, "x" * 1023 + "y", "a\nb", "<script>", "ü" * 512]
    for key in keys:
        arrives(world, key)
    findings = look(account)
    assert len(findings) == len(keys)
    assert all(finding.key.isprintable() and len(finding.key.encode()) < 900 for finding in findings)
    night(world)
    assert look(account) == findings
    for key in keys:
        world.s3.delete_object(Bucket=LISTS, Key=key)
    night(world)
    assert look(account) == []


GOOD, BROKEN = "[select]\nlength = [4, 9]\n", "[select]\n\nlenght = [4, 9]\n"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (BROKEN, "rules.toml, line 3: select.lenght: is no key of select"),
        ("[select\n", "rules.toml is not valid TOML"),
        (b"# caf\xe9\n", "rules.toml, line 1: is not UTF-8"),
        (b"#" * 2_000_000, "rules.toml is larger than 131,072 bytes"),
    ],
)
@pytest.mark.parametrize("event_lost", [False, True])
def test_broken_rules_are_told_once_and_close_when_good_ones_are_uploaded(
    world: World, account: Account, content: str | bytes, told: str, event_lost: bool
) -> None:
    world.upload("rules.toml", GOOD, modified=START)
    if event_lost:
        world.put("rules.toml", content)
        night(world)
    else:
        arrives(world, "rules.toml", content)
    [finding] = look(account)
    assert (finding.kind, finding.subject) == (Kind.RULES_BROKEN, "rules.toml")
    assert told in finding.advice
    assert "the rules before it still hold" in finding.advice
    [message] = account.messages
    assert message.subject == "Backorders: Rules that are broken"
    night(world)
    assert look(account) == [finding]

    arrives(world, "rules.toml", GOOD)
    assert look(account) == []
    assert len(account.messages) == 1


def test_broken_rules_before_any_good_ones_say_that_nothing_is_chosen(world: World, account: Account) -> None:
    arrives(world, "rules.toml", BROKEN)
    [finding] = look(account)
    assert "there are no others, so nothing is chosen" in finding.advice


def test_broken_rules_that_are_broken_otherwise_are_the_same_finding(world: World, account: Account) -> None:
    arrives(world, "rules.toml", BROKEN)
    [before] = look(account)
    arrives(world, "rules.toml", "[selekt]\n")
    [after] = look(account)
    assert after.key == before.key
    assert "selekt" in after.advice
    assert "lenght" not in after.advice


@pytest.mark.parametrize("by", ["a marker", "its version"])
def test_broken_rules_that_are_removed_close_and_those_before_still_hold(
    world: World, account: Account, by: str
) -> None:
    world.upload("rules.toml", GOOD, modified=START)
    version = arrives(world, "rules.toml", BROKEN)
    assert len(look(account)) == 1
    if by == "a marker":
        world.s3.delete_object(Bucket=LISTS, Key="rules.toml")
    else:
        world.s3.delete_object(Bucket=LISTS, Key="rules.toml", VersionId=version)
    night(world)
    assert look(account) == []
    assert last_good_rules(world.store).select.length == (4, 9)
    assert not any("broken" in note for note in world.upload("dropping/a.txt", "john.com\n").notes)


def test_rules_that_break_while_the_sweep_looks_stay_noted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    arrives(world, "rules.toml", BROKEN)
    world.s3.delete_object(Bucket=LISTS, Key="rules.toml")

    def gone(**_: str) -> NoReturn:
        """As it was a moment ago: by now, others have arrived."""
        monkeypatch.undo()
        arrives(world, "rules.toml", "[selekt]\n")
        raise ClientError({"Error": {"Code": "404"}}, "HeadObject")

    monkeypatch.setattr(world.s3, "head_object", gone)
    sweep(LISTS, services=world.services, send=lambda _key: None)
    broken = broken_rules(world.store)
    assert broken is not None
    assert "selekt" in broken.faults[0]


def test_very_many_faults_are_told_in_short(world: World, account: Account) -> None:
    version = arrives(world, "rules.toml", "".join(f"{'x' * 1_000}{number} = 1\n" for number in range(120)))
    [finding] = look(account)
    assert len(finding.advice) < 2_000
    assert f"rules/{version}.json" in finding.advice
    assert len(json.loads(world.report(f"rules/{version}.json"))["faults"]) == 120
    assert sum(map(len, world.upload("dropping/a.txt", "john.com\n").notes)) < 10_000


# Notes


def test_what_tools_leave_behind_is_neither_read_nor_told_of(world: World, account: Account) -> None:
    for key in ("wanted/.DS_Store", "wanted/._monday.txt", "Thumbs.db", "dropping/desktop.ini", "wanted/~$a.xlsx"):
        arrives(world, key, b"\0\0\0\1Bud1")
    for key in ("wanted/", "Wanted/", "archive/"):
        arrives(world, key, b"")
    night(world)
    assert look(account) == []
    assert list(world.store.lists()) == []


def test_an_event_that_comes_late_or_again_notes_what_is_there(world: World) -> None:
    version = arrives(world, "monday.txt")
    arrives(world, "monday.txt")
    assert noted(world) == ["monday.txt"]
    world.s3.delete_object(Bucket=LISTS, Key="monday.txt")
    night(world)
    world.ingest("monday.txt", version)
    assert noted(world) == []


def test_objects_that_arrive_at_once_are_all_noted(world: World) -> None:
    class Busy(MemoryStore):
        """In which somebody else notes an object just before the first one does."""

        def swap_document(self, name: str, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> bool:
            if not noted(world):
                other = {"key": "other.txt", "put": iso(START), "why": "because"}
                self.put_document(name, {"first": [other], "more": 0})
            return super().swap_document(name, before, after)

    world.store = Busy()
    arrives(world, "monday.txt")
    assert noted(world) == ["other.txt", "monday.txt"]


def test_the_sweep_keeps_those_that_were_put_first(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backorder.documents.unread.MOST_NOTED", 2)
    monkeypatch.setattr("ingestion.sweep.MOST_NOTED", 2)
    for number, key in enumerate(("c.txt", "a.txt", "d.txt", "b.txt")):
        world.pretend(key, world.put(key, ""), START + timedelta(hours=number))
        world.ingest(key)
    for _ in range(2):
        assert noted(world) == ["c.txt", "a.txt"]
        assert unread_objects(world.store).more == 2
        night(world)
    world.s3.delete_object(Bucket=LISTS, Key="c.txt")
    night(world)
    assert noted(world) == ["a.txt", "d.txt"]


def test_what_arrives_while_the_sweep_looks_is_noted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    arrives(world, "before.txt")
    arrives(world, "gone.txt")
    world.s3.delete_object(Bucket=LISTS, Key="gone.txt")
    during_the_listing(world, monkeypatch, lambda: arrives(world, "meanwhile.txt"))
    sweep(LISTS, services=world.services, send=lambda _key: None)
    assert sorted(noted(world)) == ["before.txt", "meanwhile.txt"]


_parts = st.sampled_from(
    ["wanted", "Wanted", "dropping", "cancel", "rules.toml", ".DS_Store", "._a", "a.txt", "lists", " ", "ü", "\n"]
)
_keys = st.lists(_parts, min_size=1, max_size=3).map("/".join) | st.lists(_parts, min_size=1, max_size=2).map("".join)
_objects = st.dictionaries(
    st.tuples(_keys, st.sampled_from(["", "/", ".txt"])).map("".join),
    st.tuples(st.sampled_from([b"", b"john.com\n"]), st.booleans()),
    min_size=1,
    max_size=6,
)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_objects)
def test_whatever_is_put_is_read_left_alone_or_noted(world: World, objects: dict[str, tuple[bytes, bool]]) -> None:
    world.store = MemoryStore()
    for page in world.s3.get_paginator("list_objects_v2").paginate(Bucket=LISTS):
        for item in page.get("Contents", ()):
            world.s3.delete_object(Bucket=LISTS, Key=item["Key"])
    for key, (content, event_lost) in objects.items():
        if event_lost:
            world.pretend(key, world.put(key, content), START)
        else:
            arrives(world, key, content)
    world.now = START + timedelta(days=1)
    night(world)
    read = {record.name for record in world.store.lists()} | (
        {"rules.toml"} if world.store.document("rules") or world.store.document("rules_broken") else set()
    )
    for key, (content, _) in objects.items():
        left_alone = is_clutter(key, len(content))
        assert [left_alone, key in read, shown(key) in noted(world)].count(True) == 1, key
        assert (key in read) == (kind_of(key) is not None and not left_alone)
    assert len(read) + len(noted(world)) <= len(objects)


def test_only_so_many_are_noted_and_those_that_were_put_first_stay(world: World) -> None:
    objects = unread_objects(world.store)
    for number in range(MOST_NOTED + 5):
        objects = objects.plus(Unread(f"{number}", START + timedelta(seconds=number), "why"))
    assert [one.key for one in objects.first] == [str(number) for number in range(MOST_NOTED)]
    assert objects.more == 5
    again = objects.plus(Unread("7", START, "why"))
    assert (len(again.first), again.more) == (MOST_NOTED, 5)
    assert again.first[1] == Unread("7", START, "why")
