"""Items of an invented future in the table: each use case leaves them alone, and goes on with all others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backorder.documents.account_outlook import ForeignOrder, standing
from backorder.domain.backorder import Backorder
from backorder.domain.domains import parse_domain
from backorder.domain.findings import Kind
from backorder.domain.ledger import Account
from backorder.domain.registries import Registries
from backorder.domain.states import State
from backorder.domain.values import BackorderKey
from backorder.provider.port import Provider
from backorder.runtime.messages import Batch
from backorder.store import SetAside, Store
from ingestion.intake import Intake, Outcome
from ingestion.reading import Entry
from local.stack.deployment.services import Services
from local.stack.moto.in_process import ADDRESS, moto_in_process
from planning.plan_submissions import Planning, Summary, drawing, plan_submissions
from reconciliation.books import Books
from reconciliation.past import read_past
from tests.factories import (
    FEE,
    NOW,
    TERMS,
    a_backorder,
    a_claim,
    a_dated_backorder,
    a_finding,
    a_list_record,
    a_placed_backorder,
    a_posting,
    an_account_status,
    changed,
    moved,
    usd,
)
from tests.future import UNKNOWN_WORD, Change, changes
from tests.integration import account as accounts
from tests.integration import test_submission as submitting
from tests.integration.account import DROP, FINALIZATION, HOUR
from tests.lists_world import LISTS, REPORTS, counts
from tests.lists_world import World as Lists
from tests.tables import NewTable, Table, tables_at

S3 = Services(ADDRESS).s3
KEY = ("domain#newer.com", "cycle#0001")
FIELDS = tuple(Backorder.__dataclass_fields__)
A_FUTURE = changes("domain", FIELDS)
TWO_DAYS = timedelta(days=2)
some = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def new_table() -> Iterator[NewTable]:
    with moto_in_process() as url:
        yield tables_at(url)


def a_table(new_table: NewTable, newer: Backorder, *others: Backorder, future: Change) -> tuple[Table, dict[str, Any]]:
    """A table with them, and as what `newer` lies there."""
    table = new_table()
    for backorder in (newer, *others):
        assert table.store.create(backorder) is None
    return table, table.change(f"domain#{newer.domain}", f"cycle#{newer.cycle:04}", future)


def state_of(store: Store, domain: str) -> State:
    found = store.latest(domain)
    assert found is not None
    return found.state


# Plan


class Funds:
    """The account, of which a plan knows nothing but how it stands."""

    worst_case_seconds = 25.0

    def __init__(self, amount: str) -> None:
        self.amount = amount

    def account(self) -> Any:
        return an_account_status(usd(self.amount))


def tick(store: Store, amount: str = "1000.00") -> tuple[Summary, list[Batch]]:
    sent: list[Batch] = []
    provider = cast("Provider", Funds(amount))
    summary = plan_submissions(Planning(store, provider, sent.extend, lambda: NOW, 8), holder="this tick")
    return summary, sent


@some
@given(future=A_FUTURE, state=st.sampled_from([State.SELECTED, State.HELD, State.QUEUED, State.REQUESTED]))
def test_a_plan_goes_on_with_the_others(new_table: NewTable, future: Change, state: State) -> None:
    in_time = NOW + timedelta(days=4)
    table, lies = a_table(
        new_table,
        a_dated_backorder("newer.com", finalization_at=in_time, state=state),
        *(a_dated_backorder(f"{n}.com", finalization_at=in_time) for n in range(3)),
        a_dated_backorder("late.com", finalization_at=NOW),
        a_placed_backorder("cancelled.com", cancel_requested=True),
        future=future,
    )
    summary, sent = tick(table.store)
    assert (summary.queued, summary.missed, summary.withdrawn, summary.not_understood) == (3, 1, 1, 1)
    assert {key.domain for batch in sent for key in batch.backorders} == {"0.com", "1.com", "2.com", "cancelled.com"}
    assert table.item(*KEY) == lies


def test_an_order_that_is_not_understood_draws_its_fee_all_the_same(new_table: NewTable) -> None:
    """The provider may have it, and would void it, or another one, for want of funds."""
    in_time = NOW + timedelta(days=4)
    newer = a_placed_backorder("newer.com", finalization_at=in_time, deadline=in_time)
    table, _ = a_table(new_table, newer, a_dated_backorder(finalization_at=in_time), future=("plan", UNKNOWN_WORD))
    assert tick(table.store, "100.00")[0].queued == 0
    assert tick(table.store, "140.00")[0].queued == 1


def test_nothing_is_taken_back_for_an_order_that_is_not_understood(new_table: NewTable) -> None:
    """It may need no money at all."""
    soon = NOW + timedelta(days=3, hours=1)
    moments: dict[str, Any] = {
        "finalization_at": soon,
        "deadline": soon,
        "batch_starts_at": soon,
        "batch_ends_at": soon,
    }
    placed = a_placed_backorder("placed.com", **moments)
    table, _ = a_table(new_table, a_placed_backorder("newer.com", **moments), placed, future=("plan", UNKNOWN_WORD))
    assert tick(table.store, "100.00")[0].withdrawn == 0
    assert table.store.get(placed.key) == placed
    table.client.delete_item(TableName=table.name, Key={"pk": {"S": KEY[0]}, "sk": {"S": KEY[1]}})
    table.store.create(a_placed_backorder("newer.com", **moments))
    assert tick(table.store, "100.00")[0].withdrawn == 1, "the same, understood"


@pytest.mark.parametrize(
    ("state", "draws"),
    [
        ("SELECTED", False),
        ("HELD", False),
        ("SUBMITTING", True),
        ("REQUESTED", True),
        ("WITHDRAWING", True),
        ("ACTIVE", False),  # its deposit is among what is reserved
        ("FAILED", False),
        (UNKNOWN_WORD, True),
        (None, True),
    ],
)
def test_what_may_be_at_the_provider_and_has_no_deposit_yet_draws(state: str | None, draws: bool) -> None:
    aside = SetAside("domain#john.co.uk", "cycle#0001", BackorderKey("john.co.uk", 1), state)
    assert list(drawing([aside]).values()) == [ForeignOrder("john.co.uk", "co.uk")] * draws
    assert drawing([SetAside("leases", "491", is_money=True)]) == {}


# Submit


@pytest.fixture(scope="module")
def provider() -> Iterator[submitting.World]:
    with submitting.a_world() as one:
        yield one


@some
@given(future=A_FUTURE, data=st.data())
def test_a_worker_goes_on_with_the_others(
    new_table: NewTable, provider: submitting.World, future: Change, data: st.DataObject
) -> None:
    makes: dict[str, Callable[[str], Backorder]] = {
        "order": submitting.a_queued_backorder,
        "ask": lambda domain: a_backorder(domain, State.SUBMITTING, claim=a_claim(lease_until=NOW, unanswered=True)),
        "withdraw": lambda domain: a_placed_backorder(domain, cancel_requested=True, application="1"),
        "repair": a_placed_backorder,
    }
    kind = data.draw(st.sampled_from(sorted(makes)))
    number = provider.calls()
    table, lies = a_table(new_table, makes[kind]("newer.com"), makes[kind](f"{number}.com"), future=future)
    provider.store = table.store
    outcomes = provider.work(kind, domains=["newer.com", f"{number}.com"])
    expected: dict[str, Counter[str]] = {
        "order": Counter({"placed": 1, "not understood": 1}),
        "ask": Counter({"unknown": 1}),
        "withdraw": Counter({"refused": 1, "not understood": 1}),  # one answer that it is gone is none
        "repair": Counter({"taken": 1, "not understood": 1}),
    }
    assert outcomes == expected[kind]
    assert provider.applications()["newer.com"] == 0
    assert table.item(*KEY) == lies


def test_an_outcome_that_comes_to_an_item_of_the_future_is_left_to_who_wrote_it(new_table: NewTable) -> None:
    """Its worker was too slow, and one of a newer version took over."""
    table = new_table()
    store, lies = table.store, list[dict[str, Any]]()
    store.create(submitting.a_queued_backorder("newer.com"))

    class TakenOver:
        """The store, in which the item changes as soon as it is claimed."""

        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        def replace(self, backorder: Backorder) -> Backorder:
            written = store.replace(backorder)
            theirs = {**table.item(*KEY), "version": {"N": str(written.version + 1)}}
            table.client.put_item(TableName=table.name, Item=theirs)
            lies.append(table.change(*KEY, ("state", UNKNOWN_WORD)))
            return written

    with submitting.a_world() as provider:
        provider.store = cast("Store", TakenOver())
        assert provider.work(domains=["newer.com"]) == Counter(placed=1)
    assert table.item(*KEY) == lies[-1]
    assert len(lies) == 1, "nothing was written any more"


# Ingest

ENTRY = Entry(line=1, domain=parse_domain("newer.com"), drop_day=(NOW + TWO_DAYS).date())


def an_intake(store: Store, *, hours: int = 1) -> Intake:
    """Of a list that was uploaded so long after NOW, and is read at once."""
    since = NOW + timedelta(hours=hours)
    return Intake(store, Registries.load(), lambda: since, "wanted/new.txt", "v2", since, rules_since=since)


@some
@given(future=A_FUTURE, state=st.sampled_from([State.SELECTED, State.ACTIVE, State.FAILED, State.CANCELLED]))
def test_an_entry_for_a_name_that_is_not_understood_changes_nothing(
    new_table: NewTable, future: Change, state: State
) -> None:
    """Nor does it begin a cycle beside it, in which the name would be ordered twice."""
    table, lies = a_table(new_table, a_backorder("newer.com", state, settled=state.is_final), future=future)
    intake = an_intake(table.store)
    chosen = ENTRY._replace(priority=usd("9"), chosen="short")
    for taken in (intake.want(ENTRY), intake.choose(chosen), intake.cancel(ENTRY)):
        assert (taken.outcome, taken.why) == (
            Outcome.NOT_SELECTED,
            "its backorder is not understood, and left alone",
        )
    assert intake.leave_out(ENTRY, "zones").outcome is None
    assert intake.missing("newer.com", {(NOW + TWO_DAYS).date()}) is None
    assert table.keys("domain") == [KEY]
    assert table.item(*KEY) == lies


def test_of_a_name_whose_earlier_cycle_is_not_understood_the_newest_goes_on(new_table: NewTable) -> None:
    first = a_backorder("newer.com", State.CANCELLED, settled=True)
    table, lies = a_table(new_table, first, changed(first, cycle=2, state=State.SELECTED), future=("", 0.5))
    assert an_intake(table.store).want(ENTRY).changed == "drop moved"
    assert an_intake(table.store).cancel(ENTRY).outcome is Outcome.ACCEPTED
    assert state_of(table.store, "newer.com") is State.CANCELLED
    # It may have been made by the very list that would now begin a third one.
    assert an_intake(table.store, hours=2).want(ENTRY).outcome is Outcome.NOT_SELECTED
    assert [sk for _, sk in table.keys("domain")] == ["cycle#0001", "cycle#0002"]
    assert table.item(*KEY) == lies


@pytest.fixture
def lists(new_table: NewTable) -> Lists:
    """Buckets beside the table."""
    with suppress(S3.exceptions.BucketAlreadyOwnedByYou):
        for bucket in (LISTS, REPORTS):
            S3.create_bucket(Bucket=bucket)
            S3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return Lists(S3)


def test_a_list_goes_on_with_its_other_entries_and_says_so(lists: Lists, new_table: NewTable) -> None:
    table, lies = a_table(new_table, a_backorder("newer.com"), future=("plan", UNKNOWN_WORD))
    lists.store = table.store
    for kind in ("wanted", "cancel"):
        summary = lists.upload(f"{kind}/list.txt", "one.com\nnewer.com\ntwo.com\n")
        assert counts(summary) == (3, 0, 1, 0, 2)
        assert summary.left_out_by == {"its backorder is not understood, and left alone": 1}
        assert summary.notes == ["newer.com: its backorder is not understood, and left alone"]
    assert {state_of(table.store, domain) for domain in ("one.com", "two.com")} == {State.CANCELLED}
    assert table.item(*KEY) == lies


@pytest.mark.parametrize("change", [("", 0.5), ("details", UNKNOWN_WORD), ("details", {"zones": UNKNOWN_WORD})])
def test_a_list_whose_record_is_not_understood_is_not_read_again(
    lists: Lists, new_table: NewTable, change: Change
) -> None:
    table = new_table()
    lists.store = table.store
    version = lists.put("wanted/list.txt", "one.com\n")
    [read] = lists.ingest("wanted/list.txt", version)
    [key] = table.keys("lists")
    lies = table.change(*key, change)
    [again] = lists.ingest("wanted/list.txt", version)
    assert counts(read) == (1, 0, 0, 0, 1)
    assert counts(again) == (0, 0, 0, 0, 0)
    assert (again.name, again.notes) == (
        "wanted/list.txt",
        ["Read before, and left alone: what was kept of it is not understood."],
    )
    assert table.item(*key) == lies


# Reconcile


@contextmanager
def an_account(new_table: NewTable) -> Iterator[tuple[accounts.World, Table]]:
    """An account whose books are in a table."""
    table = new_table()
    with accounts.a_world() as world:
        world.store = table.store
        world.reconcile()
        yield world, table


def told(world: accounts.World) -> list[tuple[Kind, str | None]]:
    return [(finding.kind, finding.domain) for finding in world.findings()]


NEWER = [(Kind.ITEM_NOT_UNDERSTOOD, "newer.com")]


@settings(some, max_examples=4)
@given(future=A_FUTURE, outcome=st.sampled_from(["SUCCESSFUL", "FAILED"]))
def test_a_reconciliation_goes_on_with_the_others_and_takes_up_what_is_mended(
    new_table: NewTable, future: Change, outcome: str
) -> None:
    with an_account(new_table) as (world, table):
        for domain in ("newer.com", "john.com"):
            world.order(domain, outcome)
        world.reconcile()
        sound = table.item(*KEY)
        lies = table.change(*KEY, future)

        for moment in (NOW + HOUR, FINALIZATION + HOUR, DROP + HOUR, DROP + 2 * HOUR, DROP + 3 * HOUR):
            summary = world.at(moment)
            assert (summary.not_understood, summary.compared, summary.skipped) == (1, True, None)
            assert told(world) == NEWER, "it is no stranger's order, and its money no difference"
        assert table.item(*KEY) == lies
        assert (world.state("john.com"), world.backorder("john.com").settled) == (State(outcome), True)
        assert world.booked()[Account.UNEXPLAINED] == 0
        [message] = world.messages
        assert "domain#newer.com, cycle#0001 of the table" in message.body

        table.client.put_item(TableName=table.name, Item=sound)
        for hours in (4, 30, 31):
            assert world.at(DROP + hours * HOUR).not_understood == 0
        assert told(world) == []
        newer = world.backorder("newer.com")
        assert (newer.state, newer.settled, newer.charged) == (
            State(outcome),
            True,
            FEE if outcome == "SUCCESSFUL" else 0,
        )
        assert world.booked()[Account.FEES] == (2 * FEE if outcome == "SUCCESSFUL" else 0)
        assert len(world.messages) == 1
        world.books_are_right()


def test_what_a_finding_says_of_an_order_holds_while_that_is_not_understood(new_table: NewTable) -> None:
    with an_account(new_table) as (world, table):
        world.order("newer.com", "FAILED")
        world.emulator.strike_books(["refund_missing"], ["newer.com"])
        world.at(DROP)
        world.at(DROP + 30 * HOUR)
        refund = (Kind.REFUND_MISSING, "newer.com")
        assert told(world) == [refund]
        sound = table.item(*KEY)
        table.change(*KEY, ("plan", UNKNOWN_WORD))
        world.at(DROP + 31 * HOUR)
        assert told(world) == [refund, *NEWER]
        table.client.put_item(TableName=table.name, Item=sound)
        world.at(DROP + 32 * HOUR)
        assert told(world) == [refund]
        assert [finding.kind for finding in world.findings("closed")] == [Kind.ITEM_NOT_UNDERSTOOD]


@settings(some, max_examples=4)
@given(data=st.data(), kind=st.sampled_from(["ledger", "leases"]))
def test_books_with_an_item_that_is_not_understood_are_not_compared(
    new_table: NewTable, data: st.DataObject, kind: str
) -> None:
    """Nothing is posted beside it, and it is not replaced; states are followed all the same."""
    with an_account(new_table) as (world, table):
        world.order("john.com", "FAILED")
        world.emulator.strike_books(["deposit_orphan"], ["not-ours.com"])
        world.emulator.charge(usd(20), "hosting")
        world.reconcile()
        before = standing(world.store)
        key = data.draw(st.sampled_from(table.keys(kind)))
        sound = table.item(*key)
        lies = table.change(*key, data.draw(changes(kind, table.fields(*key))))
        lying = {key: table.item(*key) for key in (*table.keys("ledger"), *table.keys("leases"))}

        for moment in (NOW + HOUR, DROP + HOUR, DROP + 2 * HOUR):
            world.emulator.charge(usd(1), "hosting")
            summary = world.at(moment)
            assert (summary.not_understood, summary.compared, summary.unexplained) == (1, False, None)
            assert told(world) == [(Kind.ITEM_NOT_UNDERSTOOD, None)]
        assert {key: table.item(*key) for key in lying} == lying
        assert table.keys("ledger") + table.keys("leases") == list(lying)
        assert table.item(*key) == lies
        assert world.state("john.com") is State.FAILED
        assert standing(world.store).others == before.others, "they are reserved still"

        table.client.put_item(TableName=table.name, Item=sound)
        summary = world.at(DROP + 3 * HOUR)
        assert (summary.not_understood, summary.compared) == (0, True)
        world.books_are_right()
        assert world.backorder("john.com").deposit.amount is None


def test_an_order_that_vanished_stays_so_while_the_one_after_it_is_not_understood(new_table: NewTable) -> None:
    """Then the application that the provider knows again may be that one's."""
    with an_account(new_table) as (world, table):
        world.order("newer.com")
        first = world.backorder("newer.com")
        vanished = moved(first, State.VANISHED, at=NOW, why="the provider no longer knows it", settled=False)
        world.store.replace(vanished)
        world.store.create(a_placed_backorder("newer.com", cycle=2))
        table.change(KEY[0], "cycle#0002", ("plan", UNKNOWN_WORD))
        assert world.at(NOW + HOUR).not_understood == 1
        assert world.state("newer.com") is State.VANISHED
        assert NEWER[0] in told(world)


@pytest.mark.parametrize("kind", ["findings", "lists"])
def test_what_only_the_reports_come_upon_is_told_by_the_next_run(new_table: NewTable, kind: str) -> None:
    with an_account(new_table) as (world, table):
        for name in ("wanted/a.txt", "wanted/b.txt"):
            world.store.save_list(a_list_record(name))
        for subject in ("a.com", "b.com"):
            world.store.save_finding(a_finding(subject=subject, status="closed", closed_at=NOW))
        key = table.keys(kind)[0]
        sound = table.item(*key)
        lies = table.change(*key, ("", 0.5))
        assert world.reconcile().not_understood == 1
        assert told(world) == []
        assert world.reconcile().not_understood == 1
        [finding] = world.findings()
        assert " ".join(key) == finding.subject
        assert ", and is left out: deploy that version again" in finding.advice
        assert table.item(*key) == lies
        table.client.put_item(TableName=table.name, Item=sound)
        assert world.reconcile().not_understood == 0
        assert told(world) == []


def test_sums_of_a_day_are_not_kept_without_what_is_not_understood(new_table: NewTable) -> None:
    table = new_table()
    store, day = table.store, NOW.date() - timedelta(days=9)
    for domain in ("newer.com", "john.com"):
        store.create(a_backorder(domain, State.REJECTED, settled=True, outcome_at=NOW - timedelta(days=9)))
    sound = table.item(*KEY)
    table.change(*KEY, ("plan", UNKNOWN_WORD))

    def seen(since: timedelta) -> tuple[int, list[date]]:
        files: list[date] = []
        store.forget_set_aside()
        past = read_past(
            store, NOW, since=(NOW - since).date(), terms=TERMS, changed=(), keep=lambda day, _: files.append(day)
        )
        return past.counted + len(past.latest), files

    for since in (timedelta(days=1), timedelta(days=30)):
        assert seen(since) == (1, [])
    assert store.closed_days() == {day: None}
    table.client.put_item(TableName=table.name, Item=sound)
    assert seen(timedelta(days=1)) == (2, [day])


def test_sums_of_the_ledger_are_not_kept_without_what_is_not_understood(new_table: NewTable) -> None:
    table = new_table()
    store, day = table.store, NOW.date() - timedelta(days=9)
    store.post(a_posting(f"entry#{n}", at=NOW - timedelta(days=9)) for n in range(2))
    key = table.keys("ledger")[0]
    sound = table.item(*key)
    table.change(*key, ("kind", UNKNOWN_WORD))

    def seen() -> int:
        store.forget_set_aside()
        return sum(each.count for each in Books(store).sums(day, NOW.date())[day])

    assert [seen(), seen()] == [1, 1]
    table.client.put_item(TableName=table.name, Item=sound)
    assert seen() == 2


def test_sums_that_are_not_understood_are_added_up_anew(new_table: NewTable) -> None:
    store, day = new_table().store, NOW.date() - timedelta(days=9)
    store.create(a_backorder("john.com", State.REJECTED, settled=True, outcome_at=NOW - timedelta(days=9)))
    store.post([a_posting("entry#1", at=NOW - timedelta(days=9))])
    store.save_day(day, {"states": {"com": {UNKNOWN_WORD: 1}}})
    store.put_member(f"ledger-{day:%Y-%m}", day.isoformat(), {"sums": [UNKNOWN_WORD]})
    past = read_past(store, NOW, since=NOW.date(), terms=TERMS, changed=(), keep=lambda _day, _some: None)
    assert past.states == Counter({State.REJECTED: 1})
    assert [each.count for each in Books(store).sums(day, NOW.date())[day]] == [1]
