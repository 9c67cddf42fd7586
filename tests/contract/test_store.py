"""What every store promises (`backorder.store.Store`), held against both: in memory, and DynamoDB.

Of DynamoDB there are two, which have nothing to do with each other: moto's, and dynalite.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count, pairwise
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest

from backorder.domain.backorder import HISTORY_LIMIT, Backorder
from backorder.domain.dates import DateSource, DateStatement
from backorder.domain.findings import Kind
from backorder.domain.ledger import Account
from backorder.domain.schedule import Known
from backorder.domain.states import State
from backorder.domain.values import (
    AuctionState,
    BackorderKey,
    Call,
    Charge,
    Decider,
    Decision,
    ListPlace,
    Origin,
    Reason,
    Refusal,
    RefusedLook,
    Source,
    Withdrawal,
)
from backorder.store import Conflict, NotUnderstood, SetAside, Store, TooLarge
from backorder.store.dynamodb import SHARDS, DynamoStore
from local.memory_store import MemoryStore
from local.stack.local_stack import moto_server
from tests.contract.dynalite_server import dynalite
from tests.factories import (
    NOW,
    a_backorder,
    a_claim,
    a_finding,
    a_lease,
    a_list_record,
    a_placed_backorder,
    a_posting,
    a_step,
    changed,
    moved,
    usd,
)
from tests.future import ENUMERATIONS, OF_ANOTHER_TYPE, UNKNOWN_WORD, Change
from tests.tables import NewTable, Table, tables_at

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

WRITERS = 16
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture(scope="session")
def moto_table() -> Iterator[NewTable]:
    with moto_server() as url:
        yield tables_at(url)


@pytest.fixture(scope="session")
def dynalite_table() -> Iterator[NewTable]:
    with dynalite() as url:
        yield tables_at(url)


@pytest.fixture(params=["memory", "moto", "dynalite"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        return MemoryStore()
    new: NewTable = request.getfixturevalue(f"{request.param}_table")
    return new().store


@pytest.fixture(params=["moto", "dynalite"])
def table(request: pytest.FixtureRequest) -> Table:
    new: NewTable = request.getfixturevalue(f"{request.param}_table")
    return new()


def created(store: Store, backorder: Backorder) -> Backorder:
    assert store.create(backorder) is None
    return backorder


def by_domain(backorders: Iterable[Backorder]) -> list[tuple[str, int]]:
    return sorted((backorder.domain, backorder.cycle) for backorder in backorders)


# --- Backorders -----------------------------------------------------------------------------------


def test_what_was_created_is_there(store: Store) -> None:
    john = created(store, a_backorder())
    assert store.get(john.key) == john


def test_what_was_not_created_is_not_there(store: Store) -> None:
    created(store, a_backorder())
    assert store.get(a_backorder("jane.com").key) is None
    assert store.get(a_backorder(cycle=2).key) is None


def test_the_second_creation_gets_the_first_and_changes_nothing(store: Store) -> None:
    john = created(store, a_backorder(line=1))
    assert store.create(a_backorder(line=2)) == john
    assert store.get(john.key) == john


def test_a_replacement_counts_the_versions(store: Store) -> None:
    john = created(store, a_backorder())

    once = store.replace(moved(john, State.QUEUED, at=NOW, why="due"))
    twice = store.replace(moved(once, State.SELECTED, at=NOW, why="no time left"))

    assert (john.version, once.version, twice.version) == (0, 1, 2)
    assert twice.state is State.SELECTED
    assert store.get(john.key) == twice


def test_a_replacement_of_what_was_read_before_another_one_is_a_conflict(store: Store) -> None:
    john = created(store, a_backorder())
    queued = store.replace(moved(john, State.QUEUED, at=NOW, why="due"))

    with pytest.raises(Conflict, match=r"john\.com") as conflict:
        store.replace(moved(john, State.CANCELLED, at=NOW, why="cancelled"))

    assert conflict.value.current == queued
    assert store.get(john.key) == queued


def test_a_replacement_of_what_never_was_is_a_conflict_with_nothing(store: Store) -> None:
    with pytest.raises(Conflict) as conflict:
        store.replace(a_backorder())
    assert conflict.value.current is None
    assert store.get(a_backorder().key) is None


def test_a_version_from_the_future_is_a_conflict(store: Store) -> None:
    john = created(store, a_backorder())
    with pytest.raises(Conflict) as conflict:
        store.replace(replace(john, version=1))
    assert conflict.value.current == john


@pytest.fixture
def impatient_threads() -> Iterator[None]:
    """Threads that take turns a thousand times as often, so that they meet in the middle of a write."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(usual / 1000)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("impatient_threads")
def test_of_many_who_claim_at_once_exactly_one_wins(store: Store) -> None:
    queued = created(store, a_backorder(state=State.QUEUED))

    together = Barrier(WRITERS)

    def claim(worker: int) -> Backorder | Conflict:
        together.wait()
        claimed = moved(queued, State.SUBMITTING, at=NOW, why="claimed", claim=a_claim(attempt=f"worker-{worker}"))
        try:
            return store.replace(claimed)
        except Conflict as conflict:
            return conflict

    with ThreadPoolExecutor(WRITERS) as pool:
        outcomes = list(pool.map(claim, range(WRITERS)))

    winners = [outcome for outcome in outcomes if isinstance(outcome, Backorder)]
    losers = [outcome for outcome in outcomes if isinstance(outcome, Conflict)]
    assert (len(winners), len(losers)) == (1, WRITERS - 1)
    assert store.get(queued.key) == winners[0]
    assert {loser.current.claim.attempt for loser in losers if loser.current and loser.current.claim} == {
        winners[0].claim.attempt if winners[0].claim else None
    }


def test_of_many_who_create_at_once_exactly_one_does(store: Store) -> None:
    with ThreadPoolExecutor(WRITERS) as pool:
        there = list(pool.map(lambda line: store.create(a_backorder(line=line)), range(WRITERS)))

    stands = store.get(a_backorder().key)
    assert there.count(None) == 1
    assert {found.wish.place.line for found in there if found is not None} == {
        stands.wish.place.line if stands else None
    }


@pytest.mark.usefixtures("impatient_threads")
def test_many_steps_of_many_writers_all_count(store: Store) -> None:
    """Each reads, changes and writes until it gets through: no step is lost."""
    created(store, a_backorder(state=State.QUEUED))

    def step(worker: int) -> None:
        while True:
            current = store.get(a_backorder().key)
            assert current is not None
            try:
                store.replace(moved(current, State.QUEUED, at=NOW, why=f"worker {worker}"))
            except Conflict:
                continue
            return

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(step, range(12)))

    stands = store.get(a_backorder().key)
    assert stands is not None
    assert stands.version == 12
    assert {taken.why for taken in stands.history} == {f"worker {n}" for n in range(12)}


def test_the_latest_is_the_newest_drop_cycle(store: Store) -> None:
    assert store.latest("john.com") is None
    for cycle in (2, 10, 1, 9):
        created(store, a_backorder(cycle=cycle))
    created(store, a_backorder("john.com.pl", cycle=11))

    latest = store.latest("john.com")

    assert latest is not None
    assert latest.cycle == 10


def test_all_backorders_are_those_and_nothing_else(store: Store) -> None:
    created(store, a_backorder())
    created(store, a_backorder(cycle=2))
    created(store, a_backorder("jane.com", state=State.CANCELLED, settled=True))
    store.put_document("standing", {"others": "0"})
    store.save_list(a_list_record())
    store.post([a_posting()])
    store.save_finding(a_finding())
    store.acquire_lease("plan", "me", now=NOW, until=NOW)

    assert by_domain(store.backorders()) == [("jane.com", 1), ("john.com", 1), ("john.com", 2)]


# --- The index of open backorders -----------------------------------------------------------------


def test_what_is_over_is_found_by_the_day_of_its_outcome(store: Store) -> None:
    active = created(store, a_placed_backorder(state=State.ACTIVE))
    failed = store.replace(moved(active, State.FAILED, at=NOW, why="lost"))
    assert store.closed_days() == {}, "its money is not in place"
    settled = store.replace(replace(failed, settled=True))
    rejected = created(store, a_backorder("a.com", state=State.REJECTED, settled=True, outcome_at=NOW))
    older = created(store, a_backorder("b.com", state=State.MISSED, settled=True, outcome_at=NOW - timedelta(days=1)))
    again = created(store, a_backorder("a.com", cycle=2, state=State.MISSED, settled=True, outcome_at=NOW))
    today, yesterday = NOW.date(), NOW.date() - timedelta(days=1)
    assert list(store.closed_days()) == [yesterday, today]
    tomorrow = today + timedelta(days=1)
    assert list(store.closed(yesterday, today)) == [older]
    assert list(store.closed(today, tomorrow)) == [rejected, again, settled]
    assert list(store.closed(today - timedelta(days=70), tomorrow)) == [older, rejected, again, settled]
    reopened = store.replace(replace(settled, settled=False))
    assert list(store.closed(today, tomorrow)) == [rejected, again]
    assert list(store.open_backorders()) == [reopened]


def test_the_sums_of_a_day_are_kept_until_they_are_forgotten(store: Store) -> None:
    day = NOW.date()
    created(store, a_backorder("a.com", state=State.REJECTED, settled=True, outcome_at=NOW))
    assert store.closed_days() == {day: None}
    store.save_day(day, {"states": {"com": {"REJECTED": 1}}})
    created(store, a_backorder("b.com", state=State.REJECTED, settled=True, outcome_at=NOW))
    assert store.closed_days() == {day: {"states": {"com": {"REJECTED": 1}}}}
    store.save_day(day, None)
    assert store.closed_days() == {day: None}


@pytest.mark.parametrize("state", [State.SELECTED, State.HELD, State.SUBMITTING, State.ACTIVE, State.WITHDRAWING])
def test_a_backorder_on_its_way_is_open(store: Store, state: State) -> None:
    john = created(store, a_backorder(state=state))
    assert list(store.open_backorders()) == [john]


def test_a_final_backorder_leaves_the_open_ones_when_it_is_settled(store: Store) -> None:
    active = created(store, a_placed_backorder(state=State.ACTIVE))

    failed = store.replace(moved(active, State.FAILED, at=NOW, why="lost"))
    assert list(store.open_backorders()) == [failed]

    settled = store.replace(replace(failed, settled=True))
    assert list(store.open_backorders()) == []
    assert store.get(active.key) == settled


def test_an_unfunded_backorder_that_is_missed_leaves_the_open_ones_at_once(store: Store) -> None:
    john = created(store, a_backorder())
    store.replace(moved(john, State.MISSED, at=NOW, why="no chance left", reason=Reason.UNFUNDED))
    assert list(store.open_backorders()) == []


def test_what_comes_back_is_open_again(store: Store) -> None:
    settled = created(store, a_placed_backorder(state=State.FAILED, settled=True))
    store.replace(replace(settled, settled=False))
    assert by_domain(store.open_backorders()) == [("john.com", 1)]


def test_each_open_backorder_is_there_once_whatever_its_deadline(store: Store) -> None:
    domains = [f"name-{n}.com" for n in range(40)]
    for n, domain in enumerate(domains):
        created(store, a_backorder(domain, deadline=NOW + timedelta(hours=n) if n % 3 else None))
    moved = store.get(a_backorder(domains[1]).key)
    assert moved is not None
    store.replace(changed(moved, deadline=NOW - timedelta(days=400)))

    assert by_domain(store.open_backorders()) == sorted((domain, 1) for domain in domains)


def test_two_open_cycles_of_a_domain_are_both_there(store: Store) -> None:
    created(store, a_placed_backorder(state=State.SUCCESSFUL, cycle=1))
    created(store, a_backorder(cycle=2))
    assert by_domain(store.open_backorders()) == [("john.com", 1), ("john.com", 2)]


# --- Nothing is lost on the way -------------------------------------------------------------------


def test_every_field_of_a_backorder_comes_back_as_it_went(store: Store) -> None:
    moments = (NOW + timedelta(days=n, microseconds=n) for n in count(1))
    full = a_backorder(
        "xn--bcher-kva.co.uk",
        State.WITHDRAWING,
        cycle=7,
        source=Source.DROPPING,
        priority=usd("7.25"),
        list="dropping/Lists of Monday/a#b.zip#bücher.csv",
        list_version="3HL4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY",
        line=1_234_567,
        created_at=next(moments),
        version=41,
        origin=Origin.FOREIGN,
        max_price=usd("59.00"),
        note="für den Laden\n“quoted”",
        chosen="keyword *shop*, score 7.0: short 7.0",
        decided=Decision(Decider.LIST, next(moments)),
        cancelled_by=ListPlace("cancel/a.txt", "v7", 12),
        dates=tuple(
            DateStatement(source, next(moments), "dropping/a.csv", date(2026, 12, 1), next(moments), next(moments))
            for source in DateSource
        ),
        finalization_at=next(moments),
        deadline=next(moments),
        known=Known.ESTIMATED,
        last_chance=next(moments),
        batch_starts_at=next(moments),
        batch_ends_at=next(moments),
        fee=usd("69.0050"),
        usual_deposit=usd("69.00"),
        planned_fee=usd("70.00"),
        last_deposit=usd("71.00"),
        reason=Reason.TOO_DEAR,
        held_at_deadline=(next(moments), Reason.LIMIT),
        refusal=Refusal("541 Invalid attribute value", 3, next(moments), for_credit=True),
        queued_until=next(moments),
        not_before=next(moments),
        claim=a_claim(
            attempt="a-1",
            kind="withdraw",
            first_sent_at=next(moments),
            lease_until=next(moments),
            sent=3,
            unanswered=True,
            asked=2,
            ask_after=next(moments),
            exists=1,
            new=True,
            extra={"X-NICSE-IDNUMBER": "556677-8899", "EMPTY": ""},
            there=("1", "2"),
        ),
        cancel_requested=True,
        marked_for_withdrawal=True,
        send_at=next(moments),
        application="1234567",
        submitted_at=next(moments),
        answered=(next(moments), next(moments)),
        withdrawal=Withdrawal(next(moments), "1234566"),
        entered_at=next(moments),
        deposit=usd("0.00"),
        unreserved_since=next(moments),
        charges=(Charge("entry#800463", next(moments), usd("57.98"), usd("11.02"), disputed=True),),
        lacks=("X-US-NEXUS-CATEGORY",),
        amended_with=(("X-US-NEXUS-APPPURPOSE", "P1"),),
        unknown_status="PAUSED",
        auction=AuctionState(True, True, "USD", usd("12.00"), usd("13.00"), usd("2.47"), 3),
        auction_pending_at=next(moments),
        auction_paid=True,
        auction_ends_at=next(moments),
        auction_url="https://auctions.example/1",
        auction_next_bid="15.00 USD",
        outcome_at=next(moments),
        refused_look=RefusedLook(
            Call("StatusDomain", 549, "77", unanswered=True), "Command failed", next(moments), 2, next(moments)
        ),
        checked_at=next(moments),
        still_free=True,
        expires_at=next(moments),
        renewal_mode="AUTORENEW",
        settled=True,
        history=(
            a_step(),
            a_step(
                State.QUEUED,
                State.SUBMITTING,
                at=NOW + MICROSECOND,
                call=Call("AddDomainApplication", 546, "1", unanswered=True),
                entry=ListPlace("cancel/a.txt", "v7", 12),
            ),
        ),
    )
    assert not list(_untold(full)), "a field was added that this test does not tell"

    created(store, full)

    back = store.get(full.key)
    assert back is not None
    assert back == full
    assert_same_types(back, full)
    assert list(map(str, (back.wish.priority, back.wish.max_price, back.plan.fee, back.deposit.amount))) == [
        "7.25",
        "59.00",
        "69.0050",
        "0.00",
    ]


def test_every_none_of_a_backorder_comes_back_as_none(store: Store) -> None:
    bare = created(store, a_backorder(state=State.SUCCESSFUL))
    back = store.get(bare.key)
    assert back == bare
    assert_same_types(back, bare)


def _untold(value: Any, path: str = "") -> Iterator[str]:
    """The fields of a value, and of those in it, that have their default."""
    for field in fields(value):
        held = getattr(value, field.name)
        if is_dataclass(held):
            yield from _untold(held, f"{path}{field.name}.")
        elif held == field.default:
            yield f"{path}{field.name}"


def assert_same_types(back: Backorder | None, went: Backorder) -> None:
    for field in fields(Backorder):
        assert isinstance(getattr(back, field.name), type(getattr(went, field.name))), field.name


def test_a_value_that_was_there_can_be_taken_away(store: Store) -> None:
    full = created(
        store,
        a_placed_backorder(state=State.ACTIVE, deposit=usd("69.00"), claim=a_claim(), reason=Reason.LATE, deadline=NOW),
    )
    store.replace(changed(full, deposit=None, claim=None, reason=None, deadline=None))

    [back] = store.open_backorders()

    assert (back.deposit.amount, back.claim, back.plan.reason, back.schedule.deadline) == (None, None, None, None)


def test_the_open_ones_are_whole(store: Store) -> None:
    john = created(store, a_placed_backorder(claim=a_claim(), history=(a_step(),), deadline=NOW, note=""))
    assert list(store.open_backorders()) == [john]
    assert list(store.backorders()) == [john]
    assert store.latest("john.com") == john


def test_a_full_history_fits(store: Store) -> None:
    steps = tuple(a_step(at=NOW + timedelta(minutes=n), why="w" * 500) for n in range(HISTORY_LIMIT))
    john = created(store, a_backorder(history=steps))
    assert store.get(john.key) == john


# --- The ledger -----------------------------------------------------------------------------------


def test_the_ledger_is_in_order_of_time_and_key_over_months(store: Store) -> None:
    new_year = datetime(2027, 1, 1, tzinfo=UTC)
    expected = [
        a_posting("entry#9", at=NOW - timedelta(days=400)),
        a_posting("entry#1", at=NOW),
        a_posting("entry#2", at=NOW),
        a_posting("entry#0", at=NOW + MICROSECOND),
        a_posting("entry#00", at=NOW + timedelta(seconds=1)),
        a_posting("entry#3", at=new_year - MICROSECOND),
        a_posting("entry#4", at=new_year),
    ]
    store.post(reversed(expected[:4]))
    store.post(reversed(expected[4:]))
    assert list(store.postings()) == expected


def test_a_posting_made_again_changes_nothing(store: Store) -> None:
    first, second = a_posting("entry#1"), a_posting("entry#2")
    assert store.post([first]) == [first]
    assert store.post([first, second]) == [second], "what was there already was not added"
    assert store.post([second, first]) == []
    assert store.post([replace(first, text="said otherwise")]) == []
    assert list(store.postings()) == [first, second]


def test_a_posting_made_again_with_another_date_changes_nothing(store: Store) -> None:
    """The provider may date a booking anew, to a day on which an hourly run does not find what was posted of it."""
    posting = a_posting("entry#1")
    store.post([posting])
    assert store.post([replace(posting, at=NOW + timedelta(days=3))]) == []
    assert list(store.postings()) == [posting]


def test_a_posting_comes_back_as_it_went(store: Store) -> None:
    posting = a_posting(
        "deposit#12#69.00#1",
        usd("57.9800"),
        at=NOW + MICROSECOND,
        kind="deposit",
        source=Account.BALANCE,
        target=Account.RESERVED,
        domain="john.com",
        currency="EUR",
        text="",
    )
    store.post([posting])
    [back] = store.postings()
    assert back == posting
    assert (str(back.amount), type(back.source), type(back.target)) == ("57.9800", Account, Account)


def test_a_ledger_without_postings_is_empty(store: Store) -> None:
    store.post([])
    assert list(store.postings()) == []


def test_the_ledger_is_read_from_a_day_on(store: Store) -> None:
    moments = [NOW - timedelta(days=40), NOW - timedelta(days=1), NOW.replace(hour=0), NOW + MICROSECOND]
    postings = [a_posting(f"entry#{number}", at=at) for number, at in enumerate(moments)]
    store.post(postings)
    assert list(store.postings(NOW.date())) == postings[2:]
    assert list(store.postings(moments[1].date())) == postings[1:]
    assert list(store.postings(moments[0].date() - timedelta(days=40))) == postings
    assert list(store.postings(NOW.date() + timedelta(days=1))) == []
    assert list(store.postings(None, NOW.date())) == postings[:2]
    assert list(store.postings(moments[1].date(), moments[1].date() + timedelta(days=1))) == postings[1:2]


def test_a_deposit_is_kept_until_it_is_deleted(store: Store) -> None:
    one, other = a_lease(id="491"), a_lease("jane.com", id="490", alone_since=NOW + MICROSECOND)
    store.save_lease(one)
    store.save_lease(other)
    assert list(store.leases()) == [other, one]
    gone = replace(one, gone_at=NOW, cycle=None)
    store.save_lease(gone)
    store.delete_lease(other.id)
    store.delete_lease("never there")
    assert list(store.leases()) == [gone]


# --- Findings and lists ---------------------------------------------------------------------------


def test_findings_are_in_order_of_opening(store: Store) -> None:
    expected = [
        a_finding(Kind.SHORTFALL, "account", opened_at=NOW),
        a_finding(Kind.LINE_HALTED, "line", opened_at=NOW + MICROSECOND),
        a_finding(Kind.REFUND_MISSING, "jane.com", opened_at=NOW + timedelta(seconds=1)),
        a_finding(Kind.REFUND_MISSING, "john.com", opened_at=NOW + timedelta(seconds=1)),
    ]
    for finding in reversed(expected):
        store.save_finding(finding)
    assert list(store.findings()) == expected


def test_a_finding_is_updated_and_closed_in_its_place(store: Store) -> None:
    finding = a_finding(amount=None, domain=None, opened_at=NOW + MICROSECOND)
    store.save_finding(finding)
    assert list(store.findings()) == list(store.open_findings()) == [finding]

    closed = replace(finding, amount=usd("12.50"), status="closed", closed_at=NOW + timedelta(days=1))
    store.save_finding(closed)
    assert list(store.findings()) == [closed]
    assert list(store.open_findings()) == []


def test_a_finding_that_opens_again_is_another_one(store: Store) -> None:
    first = a_finding(status="closed", closed_at=NOW)
    again = a_finding(opened_at=NOW + timedelta(hours=1))
    store.save_finding(first)
    store.save_finding(again)
    assert list(store.findings()) == [first, again]
    assert list(store.open_findings()) == [again]


def test_lists_are_in_order_of_reading(store: Store) -> None:
    expected = [
        a_list_record("wanted/b.txt", read_at=NOW),
        a_list_record("wanted/a.txt", read_at=NOW + MICROSECOND),
        a_list_record("wanted/a.txt", "v2", read_at=NOW + timedelta(seconds=1)),
    ]
    for record in reversed(expected):
        store.save_list(record)
    assert list(store.lists()) == expected


def test_a_list_comes_back_as_it_went_and_may_be_saved_again(store: Store) -> None:
    record = a_list_record(
        "dropping/Lists of Monday.zip#bücher.csv",
        "v#1",
        kind="dropping",
        source="the provider's CSV",
        read_at=NOW + MICROSECOND,
        entries=10,
        rejected=1,
        not_selected=2,
        duplicates=3,
        accepted=4,
        notes=("broken after line 11", ""),
        details={"reasons": {"contains an underscore": 1}, "rejects": None, "ratio": 0.25, "lines": [1, 2]},
    )
    store.save_list(record)
    assert store.list_record(record.name, "v#1") == record
    assert store.list_record(record.name, "v2") is None
    assert store.list_record("dropping/other.csv", "v#1") is None

    store.save_list(replace(record, accepted=5, entries=11))
    assert [(read.entries, read.accepted) for read in store.lists()] == [(11, 5)]


# --- Leases ---------------------------------------------------------------------------------------


LATER = NOW + timedelta(minutes=3)


def test_a_lease_has_one_holder(store: Store) -> None:
    assert store.acquire_lease("plan", "first", now=NOW, until=LATER)
    assert not store.acquire_lease("plan", "second", now=LATER - MICROSECOND, until=LATER)
    assert store.acquire_lease("reconcile", "second", now=NOW, until=LATER)


def test_of_many_who_want_a_lease_at_once_one_gets_it(store: Store) -> None:
    with ThreadPoolExecutor(WRITERS) as pool:
        got = list(pool.map(lambda n: store.acquire_lease("plan", f"h-{n}", now=NOW, until=LATER), range(WRITERS)))
    assert got.count(True) == 1


def test_a_lease_whose_time_ran_out_is_free(store: Store) -> None:
    store.acquire_lease("plan", "first", now=NOW, until=LATER)
    assert store.acquire_lease("plan", "second", now=LATER, until=LATER + timedelta(minutes=3))
    assert not store.acquire_lease("plan", "first", now=LATER, until=LATER + timedelta(minutes=3))


def test_a_holder_renews_its_lease(store: Store) -> None:
    store.acquire_lease("plan", "first", now=NOW, until=LATER)
    assert store.acquire_lease("plan", "first", now=NOW, until=LATER + timedelta(minutes=3))
    assert not store.acquire_lease("plan", "second", now=LATER, until=LATER + timedelta(minutes=9))


def test_a_lease_that_is_given_back_is_free(store: Store) -> None:
    store.acquire_lease("plan", "first", now=NOW, until=LATER)
    store.release_lease("plan", "first")
    assert store.acquire_lease("plan", "second", now=NOW, until=LATER)


def test_nobody_gives_back_the_lease_of_another(store: Store) -> None:
    store.release_lease("plan", "nobody")
    store.acquire_lease("plan", "first", now=NOW, until=LATER)
    store.acquire_lease("plan", "second", now=LATER, until=LATER + timedelta(minutes=3))
    store.release_lease("plan", "first")
    assert not store.acquire_lease("plan", "third", now=LATER, until=LATER + timedelta(minutes=3))


# --- Documents ------------------------------------------------------------------------------------


def test_a_document_is_there_until_it_is_deleted(store: Store) -> None:
    assert store.document("rules") is None
    store.put_document("rules", {"text": "", "version": "v1"})
    store.put_document("forecast", {})
    assert store.document("rules") == {"text": "", "version": "v1"}
    assert store.document("forecast") == {}
    store.delete_document("rules")
    assert store.document("rules") is None
    assert store.document("forecast") == {}
    store.delete_document("rules")


def test_documents_that_are_read_together_are_those_that_there_are(store: Store) -> None:
    store.put_document("rules", {"text": ""})
    store.put_document("standing", {"others": "0"})
    store.put_document("other", {})
    assert store.documents(["rules", "forecast", "standing"]) == {"rules": {"text": ""}, "standing": {"others": "0"}}


def test_a_document_is_replaced_whole(store: Store) -> None:
    store.put_document("standing", {"others": "69.00", "spent": {}})
    store.put_document("standing", {"others": "0"})
    assert store.document("standing") == {"others": "0"}


def test_a_document_that_several_write_is_put_if_nobody_else_was_faster(store: Store) -> None:
    first, second = {"names": ["a"], "words": "é"}, {"words": "", "names": []}
    assert store.swap_document("refusals", None, first)
    assert not store.swap_document("refusals", None, second)
    assert not store.swap_document("refusals", second, second)
    assert store.document("refusals") == first
    assert store.swap_document("refusals", store.document("refusals"), second)
    assert store.document("refusals") == second


def test_a_document_is_any_json(store: Store) -> None:
    body: dict[str, Any] = {
        "none": None,
        "yes": True,
        "n": 3,
        "ratio": 0.1,
        "text": "bücher\n",
        "many": [{"a": []}, {}],
        "": "",
    }
    store.put_document("any", body)
    assert store.document("any") == body


def test_a_document_that_is_too_large_for_an_item_is_refused_by_its_name(store: Store) -> None:
    store.put_document("rules", {"text": "a" * 399_000})
    too_large = {"text": "a" * 400_000}
    writes: tuple[Callable[[], object], ...] = (
        lambda: store.put_document("rules", too_large),
        lambda: store.swap_document("rules", store.document("rules"), too_large),
        lambda: store.put_member("foreign", "4711", too_large),
    )
    for write, name in zip(writes, ("rules", "rules", "foreign 4711"), strict=True):
        with pytest.raises(TooLarge, match=f"document {name} has 400,012 bytes"):
            write()
    assert store.document("rules") == {"text": "a" * 399_000}
    assert store.group("foreign") == {}


# --- Groups ---------------------------------------------------------------------------------------


def test_the_documents_of_a_group_are_read_together_and_written_alone(store: Store) -> None:
    many = {f"{n}": {"n": n} for n in range(50)}
    for key, body in many.items():
        store.put_member("foreign", key, body)
    store.put_member("renewals", "1", {"other": True})
    assert store.group("foreign") == many
    store.put_member("foreign", "7", {"n": "seven"})
    store.delete_member("foreign", "8")
    store.delete_member("foreign", "never there")
    assert store.group("foreign") == {key: body for key, body in many.items() if key != "8"} | {"7": {"n": "seven"}}
    assert (store.group("renewals"), store.group("no such group")) == ({"1": {"other": True}}, {})


def test_who_changes_a_document_that_was_read_or_written_changes_no_other(store: Store) -> None:
    body: dict[str, Any] = {"spent": {"2026-11-24": "69.00"}}
    store.put_document("standing", body)
    body["spent"]["2026-11-25"] = "1.00"
    read = store.document("standing")
    assert read == {"spent": {"2026-11-24": "69.00"}}
    read["spent"].clear()
    assert store.document("standing") == {"spent": {"2026-11-24": "69.00"}}


# --- What is not understood -----------------------------------------------------------------------


def test_what_is_understood_is_not_set_aside(store: Store) -> None:
    created(store, a_backorder())
    store.save_lease(a_lease())
    assert [*store.open_backorders(), *store.backorders(), *store.leases()]
    store.look_again("domain#john.com", "cycle#0001")
    store.look_again("domain#never-there.com", "cycle#0001")
    assert list(store.set_aside()) == []
    store.forget_set_aside()


DAMAGES: dict[str, Change] = {
    "a word that is not known": ("word", UNKNOWN_WORD),
    "a value of another type": ("first field", OF_ANOTHER_TYPE),
    "cut short": ("", 0.9),
    "empty": ("", 0.0),
}
READERS: dict[str, Callable[[Store], Iterable[Any]]] = {
    "open": lambda store: store.open_backorders(),
    "all": lambda store: store.backorders(),
    "over": lambda store: store.closed(NOW.date(), NOW.date() + timedelta(days=1)),
    "ledger": lambda store: store.postings(),
    "deposits": lambda store: store.leases(),
    "findings": lambda store: store.findings(),
    "open findings": lambda store: store.open_findings(),
    "lists": lambda store: store.lists(),
}


def fill(store: Store) -> None:
    """Two of each kind."""
    for n in range(2):
        created(store, a_backorder(f"open{n}.com"))
        created(store, a_backorder(f"over{n}.com", State.REJECTED, settled=True, outcome_at=NOW))
        store.save_lease(a_lease(f"open{n}.com"))
        store.save_finding(a_finding(subject=f"open{n}.com"))
        store.save_finding(a_finding(subject=f"over{n}.com", status="closed", closed_at=NOW))
        store.save_list(a_list_record(f"wanted/{n}.txt"))
    store.post([a_posting("entry#0"), a_posting("entry#1", at=NOW + timedelta(days=20))])


def read(store: Store) -> dict[str, list[Any]]:
    return {name: sorted(reader(store), key=str) for name, reader in READERS.items()}


def damage(table: Table, key: tuple[str, str], how: str) -> dict[str, Any]:
    """Gives the item as it lies there then."""
    field, value = DAMAGES[how]
    if field == "word":
        words = ENUMERATIONS[key[0].partition("#")[0]]
        if not words:
            pytest.skip("it has no words")
        field = words[0]
    elif field:
        field = table.fields(*key)[0]
    return table.change(*key, (field, value))


def at_shard(kind: str, key: str) -> str:
    """Where an item is, among the partitions that its kind is spread over."""
    return f"{kind}#{zlib.crc32(key.encode()) % SHARDS}"


ITEMS = {
    "open backorder": ("domain#open1.com", "cycle#0001", {"open", "all"}),
    "backorder that is over": ("domain#over1.com", "cycle#0001", {"all", "over"}),
    "posting": (at_shard("ledger#2026-12", "entry#1"), "2026-12-14T12:00:00Z#entry#1", {"ledger"}),
    "deposit": (at_shard("leases", "dep-open1.com"), "dep-open1.com", {"deposits"}),
    "open finding": (
        at_shard("findings#open", "refund_missing#open1.com#20261124T120000"),
        "2026-11-24T12:00:00Z#refund_missing#open1.com#20261124T120000",
        {"findings", "open findings"},
    ),
    "closed finding": (
        at_shard("findings#closed", "refund_missing#over1.com#20261124T120000"),
        "2026-11-24T12:00:00Z#refund_missing#over1.com#20261124T120000",
        {"findings"},
    ),
    "list": (at_shard("lists", "wanted/1.txt"), "wanted/1.txt#v1", {"lists"}),
}


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("what", ITEMS)
def test_an_item_that_is_not_understood_is_set_aside_alone(table: Table, what: str, how: str) -> None:
    store = table.store
    fill(store)
    pk, sk, readers = ITEMS[what]
    before = read(store)
    damage(table, (pk, sk), how)

    after = read(store)

    for name, found in after.items():
        assert len(before[name]) - len(found) == (name in readers), name
        assert all(each in before[name] for each in found)
    assert [(each.pk, each.sk) for each in store.set_aside()] == [(pk, sk)]
    store.forget_set_aside()
    assert list(store.set_aside()) == []
    store.look_again(pk, sk)
    assert [(each.pk, each.sk) for each in store.set_aside()] == [(pk, sk)]


@pytest.mark.parametrize("what", ITEMS)
def test_an_item_that_is_mended_or_gone_is_set_aside_no_more(table: Table, what: str) -> None:
    store = table.store
    fill(store)
    pk, sk, _ = ITEMS[what]
    sound = table.item(pk, sk)
    mends: tuple[Callable[[], object], ...] = (
        lambda: table.client.put_item(TableName=table.name, Item=sound),
        lambda: table.client.delete_item(TableName=table.name, Key={"pk": {"S": pk}, "sk": {"S": sk}}),
    )
    for mend in mends:
        damage(table, (pk, sk), "cut short")
        store.look_again(pk, sk)
        assert len(store.set_aside()) == 1
        mend()
        store.look_again(pk, sk)
        assert list(store.set_aside()) == []


@pytest.mark.parametrize("how", DAMAGES)
def test_a_backorder_that_is_not_understood_cannot_be_overwritten(table: Table, how: str) -> None:
    store = table.store
    john = created(store, a_backorder())
    queued = store.replace(moved(john, State.QUEUED, at=NOW, why="due"))
    lies = damage(table, ("domain#john.com", "cycle#0001"), how)
    asks: tuple[Callable[[], object], ...] = (
        lambda: store.create(john),
        lambda: store.get(john.key),
        lambda: store.latest("john.com"),
    )
    for ask in asks:
        with pytest.raises(NotUnderstood, match=r"domain#john\.com, cycle#0001") as error:
            ask()
        assert error.value.item.backorder == john.key
    with pytest.raises(Conflict) as conflict:
        store.replace(moved(john, State.CANCELLED, at=NOW, why="cancelled"))
    assert conflict.value.current is None
    assert table.item("domain#john.com", "cycle#0001") == lies
    assert queued.version == 1


def test_what_another_writer_left_that_is_not_understood_is_a_conflict(table: Table) -> None:
    """A newer version took it on since it was read."""
    store = table.store
    john = created(store, a_backorder())
    newer = DynamoStore(table.client, table.name)
    newer.replace(moved(john, State.QUEUED, at=NOW, why="due"))
    lies = damage(table, ("domain#john.com", "cycle#0001"), "a word that is not known")
    with pytest.raises(Conflict):
        store.replace(moved(john, State.CANCELLED, at=NOW, why="cancelled"))
    assert table.item("domain#john.com", "cycle#0001") == lies


def test_an_earlier_cycle_that_is_not_understood_does_not_hide_the_newest(table: Table) -> None:
    store = table.store
    created(store, a_backorder(state=State.FAILED, settled=True))
    second = created(store, a_backorder(cycle=2))
    damage(table, ("domain#john.com", "cycle#0001"), "cut short")
    assert store.latest("john.com") == second


@pytest.mark.parametrize(("field", "value"), [("key", ["jane.com", 1]), ("key", ["john.com", 2]), ("version", 7)])
def test_content_that_does_not_belong_under_its_key_is_not_understood(table: Table, field: str, value: Any) -> None:
    created(table.store, a_backorder())
    table.change("domain#john.com", "cycle#0001", (field, value))
    with pytest.raises(NotUnderstood):
        table.store.get(a_backorder().key)


def test_a_field_that_a_newer_version_added_is_passed_over(table: Table) -> None:
    john = created(table.store, a_backorder())
    table.change("domain#john.com", "cycle#0001", ("of the next version", UNKNOWN_WORD))
    assert table.store.get(john.key) == john
    assert list(table.store.set_aside()) == []


@pytest.mark.parametrize("what", ITEMS)
def test_an_item_of_a_newer_schema_is_set_aside_and_never_written_over(table: Table, what: str) -> None:
    store = table.store
    fill(store)
    pk, sk, readers = ITEMS[what]
    before = read(store)
    table.set_attribute(pk, sk, "v", {"N": "2"})
    lies = table.item(pk, sk)

    after = read(store)

    assert {name for name, found in after.items() if len(found) < len(before[name])} == readers
    assert [(each.pk, each.sk) for each in store.set_aside()] == [(pk, sk)]
    writes: dict[str, Callable[[], object]] = {
        "deposit": lambda: store.save_lease(a_lease("open1.com")),
        "list": lambda: store.save_list(a_list_record("wanted/1.txt", version="v1")),
    }
    if what in writes:
        with pytest.raises(NotUnderstood):
            writes[what]()
    assert table.item(pk, sk) == lies


def test_a_document_of_a_newer_schema_is_not_understood_and_never_written_over(table: Table) -> None:
    store = table.store
    store.put_document("rules", {"text": ""})
    store.put_member("foreign", "4711", {"domain": "john.com"})
    store.put_member("foreign", "4712", {"domain": "jane.com"})
    [(pk, sk)] = [key for key in table.keys("group") if key[1] == "4711"]
    for key in (("document#rules", "-"), (pk, sk)):
        table.set_attribute(*key, "v", {"N": "2"})
    asks: tuple[Callable[[], object], ...] = (
        lambda: store.document("rules"),
        lambda: store.documents(["rules"]),
        lambda: store.put_document("rules", {}),
        lambda: store.put_member("foreign", "4711", {}),
    )
    for ask in asks:
        with pytest.raises(NotUnderstood):
            ask()
    with suppress(NotUnderstood):  # which a table tells only that answers a failed condition with the item
        assert not store.swap_document("rules", {"text": ""}, {})
    assert table.item("document#rules", "-")["body"] == {"S": '{"text": ""}'}
    assert store.group("foreign") == {"4712": {"domain": "jane.com"}}
    assert {each.pk for each in store.set_aside()} == {"document#rules", pk}
    assert "john.com" in str(table.item(pk, sk))


@pytest.mark.parametrize("v", [{"S": "1"}, {"NULL": True}, None])
def test_an_item_that_does_not_say_who_may_handle_it_is_not_understood(table: Table, v: dict[str, Any] | None) -> None:
    created(table.store, a_backorder())
    table.set_attribute("domain#john.com", "cycle#0001", "v", v)
    with pytest.raises(NotUnderstood):
        table.store.get(a_backorder().key)


def test_attributes_that_a_newer_version_added_are_kept_when_an_item_is_written_again(table: Table) -> None:
    store = table.store
    added: dict[str, Any] = {"M": {"of the next version": {"S": UNKNOWN_WORD}}}

    def write() -> None:
        store.save_lease(a_lease())
        store.save_list(a_list_record())
        store.save_finding(a_finding())
        store.put_document("rules", {"text": ""})
        store.put_member("foreign", "4711", {"domain": "john.com"})
        assert store.acquire_lease("plan", "me", now=NOW, until=NOW)

    write()
    items = [(item["pk"]["S"], item["sk"]["S"]) for item in table.client.scan(TableName=table.name)["Items"]]
    for key in items:
        table.set_attribute(*key, "added", added)
    write()
    assert store.swap_document("rules", {"text": ""}, {"text": "[select]"})
    assert len(items) == 6
    assert [table.item(*key)["added"] for key in items] == [added] * len(items)
    assert list(store.set_aside()) == []


def test_every_item_says_which_schema_may_handle_it(table: Table) -> None:
    fill(table.store)
    table.store.put_document("rules", {"text": ""})
    table.store.put_member("foreign", "4711", {})
    table.store.acquire_lease("plan", "me", now=NOW, until=NOW)
    table.store.save_day(NOW.date(), {})
    items = table.client.scan(TableName=table.name)["Items"]
    assert {item["pk"]["S"] for item in items if item.get("v") != {"N": "1"}} == set()


def test_the_record_of_a_list_that_is_not_understood_is_not_taken_for_none(table: Table) -> None:
    table.store.save_list(a_list_record())
    damage(table, (at_shard("lists", "wanted/monday.txt"), "wanted/monday.txt#v1"), "cut short")
    with pytest.raises(NotUnderstood):
        table.store.list_record("wanted/monday.txt", "v1")


def test_of_what_is_set_aside_is_told_what_stands_beside_its_content(table: Table) -> None:
    store = table.store
    created(store, a_placed_backorder("open.com", deadline=NOW + timedelta(days=3)))
    created(store, a_backorder("undated.com"))
    created(store, a_backorder("over.com", State.REJECTED, settled=True, outcome_at=NOW))
    store.post([a_posting("entry#1", at=NOW)])
    store.save_lease(a_lease())
    for kind in ("domain", "ledger", "leases"):
        for pk, sk in table.keys(kind):
            table.change(pk, sk, ("", 0.5))
            store.look_again(pk, sk)
    told = {each.pk: each for each in store.set_aside()}
    posting, lease = at_shard("ledger#2026-11", "entry#1"), at_shard("leases", "dep-john.com")
    assert told == {
        "domain#open.com": SetAside(
            "domain#open.com", "cycle#0001", BackorderKey("open.com", 1), "REQUESTED", NOW + timedelta(days=3)
        ),
        "domain#undated.com": SetAside("domain#undated.com", "cycle#0001", BackorderKey("undated.com", 1), "SELECTED"),
        "domain#over.com": SetAside(
            "domain#over.com", "cycle#0001", BackorderKey("over.com", 1), "REJECTED", day=NOW.date()
        ),
        posting: SetAside(posting, "2026-11-24T12:00:00Z#entry#1", day=NOW.date(), is_money=True),
        lease: SetAside(lease, "dep-john.com", is_money=True),
    }


@pytest.mark.parametrize("how", DAMAGES)
def test_of_what_is_not_understood_nothing_but_its_key_is_told(
    table: Table, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "556677-8899"
    created(table.store, a_backorder(claim=a_claim(extra={"X-NICSE-IDNUMBER": secret}), note=secret))
    damage(table, ("domain#john.com", "cycle#0001"), how)
    store = table.store
    for _ in range(2):
        with pytest.raises(NotUnderstood) as error:
            store.get(a_backorder().key)
    [line] = caplog.records
    assert (line.levelname, line.getMessage()) == ("ERROR", "item_not_understood")
    said = vars(line)
    assert (said["pk"], said["sk"]) == ("domain#john.com", "cycle#0001")
    assert secret not in repr((said, error.value, error.value.why, error.value.__cause__))


def test_sums_of_a_day_that_are_damaged_are_none(table: Table) -> None:
    table.store.save_day(NOW.date(), {"states": {}})
    table.change("closed", NOW.date().isoformat(), ("", 0.5))
    assert table.store.closed_days() == {NOW.date(): None}


# --- DynamoDB alone -------------------------------------------------------------------------------


def test_within_a_shard_the_open_ones_are_by_deadline(table: Table) -> None:
    store = table.store
    for n in range(40):
        created(store, a_backorder(f"name-{n}.com", deadline=NOW + timedelta(hours=n * 17 % 41) if n % 5 else None))

    deadlines = [
        backorder.schedule.deadline or datetime.max.replace(tzinfo=UTC) for backorder in store.open_backorders()
    ]

    falls = sum(one > next_ for one, next_ in pairwise(deadlines))
    assert falls < SHARDS, "each shard is in order, and there is a seam between two"


@pytest.mark.parametrize("writes", range(5))
def test_postings_that_a_crash_cut_short_are_made_good_by_the_next_run(table: Table, writes: int) -> None:
    store = table.store
    postings = [a_posting("entry#1", at=NOW), a_posting("released#2", at=NOW + timedelta(days=30))]
    crashing: Any = CrashingClient(table.client, writes)

    with pytest.raises(Crashed):
        DynamoStore(crashing, table.name).post([*postings, a_posting("entry#3", at=NOW)])

    known = {posting.key for posting in store.postings()}
    # What is dated by the run that saw it has a later date when the next run sees it again.
    entry, released = postings
    again = (entry, replace(released, at=released.at + timedelta(hours=1)))
    store.post(posting for posting in again if posting.key not in known)
    assert [posting.key for posting in store.postings()] == ["entry#1", "released#2"]


class Crashed(Exception):
    """The function ended in the middle."""


class CrashingClient:
    """A client whose process ends after so many writes."""

    def __init__(self, client: DynamoDBClient, writes: int) -> None:
        self._client = client
        self._left = writes

    def put_item(self, **request: Any) -> Any:
        if not self._left:
            raise Crashed
        self._left -= 1
        return self._client.put_item(**request)

    def update_item(self, **request: Any) -> Any:
        if not self._left:
            raise Crashed
        self._left -= 1
        return self._client.update_item(**request)

    def delete_item(self, **request: Any) -> Any:
        return self._client.delete_item(**request)


def test_a_write_whose_answer_was_lost_is_no_conflict_with_itself(table: Table) -> None:
    """The client sends it again by itself, and then its own first attempt stands in the way."""
    john = created(table.store, a_backorder())
    queued = moved(john, State.QUEUED, at=NOW, why="due")

    assert table.store.replace(queued) == table.store.replace(queued)
