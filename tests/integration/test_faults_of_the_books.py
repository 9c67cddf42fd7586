"""Each fault of the books, committed by the emulator alone: found, kept up to date, told once, and closed by itself.

Runs are hourly, as in a deployed stack.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import count

import pytest

from backorder.documents.account_outlook import standing
from backorder.domain.findings import Kind
from backorder.domain.ledger import Account
from backorder.domain.states import State
from backorder.domain.values import Reason, Source
from local.emulator import books
from local.emulator.scripted import read_script
from local.emulator.world import MAIN_USER
from tests.factories import FEE, NOW, a_dated_backorder, moved, usd
from tests.integration.account import DROP, FINALIZATION, HOUR, World, a_world

DAY = timedelta(days=1)


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as one:
        yield one


def told(world: World) -> list[str]:
    return [message.subject.removeprefix("Backorders: ") for message in world.messages]


def test_a_long_run_in_which_nothing_is_wrong_finds_nothing() -> None:
    with a_world(vat=Decimal(19), withhold=frozenset({"accounting-id"})) as world:
        outcomes = {
            "john.com": "FAILED",
            "jane.com": "FAILED",
            "late.com": "AUCTION_LOST",
            "bid.com": "AUCTION_WON",
            "won.com": "SUCCESSFUL",
        }
        for number, (domain, outcome) in enumerate(outcomes.items()):
            world.order(domain, outcome, at=NOW + (number + 1) * DAY)
        world.emulator.pay_in(usd(100))
        world.emulator.add_renewal("mine.com", NOW + 40 * DAY, usd(15))
        world.hourly(NOW + 12 * DAY)
        world.emulator.charge(usd(20), "other.com")
        for day in range(13, 61):
            world.at(NOW + day * DAY)
        kinds = {finding.kind for finding in world.store.findings()}
        assert kinds == {Kind.AUCTION_OPEN}, "an auction is no fault"
        assert world.findings() == []
        assert world.booked()[Account.UNEXPLAINED] == 0
        world.books_are_right()
        account = json.loads(world.files["latest/summary.json"])["account"]
        amounts = {name: Decimal(amount) for name, amount in account.items() if name != "currency"}
        assert amounts["other"] == usd(-35), "a renewal and another charge"
        assert amounts["closing"] == amounts["opening"] + amounts["paid_in"] - amounts["charged"] + amounts["other"]


def test_charge_twice(world: World) -> None:
    world.order("john.com", "SUCCESSFUL")
    world.emulator.strike_books(["charge_twice"], ["john.com"])
    world.hourly(DROP + HOUR)
    assert world.found() == [(Kind.CHARGED_TWICE, "john.com", FEE)]
    assert told(world) == ["Charged twice"]
    world.books_are_right()
    world.hourly(DROP + 3 * DAY)
    assert world.backorder().settled
    assert len(world.findings()) == 1, "it stands, though the order is settled"

    world.emulator.charge(-FEE, "john.com", kind="COM_BACKORDER")
    world.at(DROP + 4 * DAY)
    assert world.findings() == []
    assert told(world) == ["Charged twice"]
    assert world.booked()[Account.FEES] == FEE
    world.books_are_right()


def test_success_without_charge_and_a_late_charge_under_another_description(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.order("john.com", "SUCCESSFUL")
    with monkeypatch.context() as patch:
        patch.setattr(books, "book_backorder", lambda *_: None)  # nobody books the fee
        world.hourly(DROP + HOUR)
    assert world.backorder().state is State.SUCCESSFUL
    world.hourly(DROP + 23 * HOUR)
    assert world.findings() == [], "it may come within a day"
    world.hourly(DROP + 26 * HOUR)
    assert world.found() == [(Kind.SUCCESS_WITHOUT_CHARGE, "john.com", FEE)]
    assert told(world) == ["Caught, but not charged"]
    world.books_are_right()

    world.hourly(DROP + 8 * DAY)
    world.emulator.charge(FEE, "Service fee, order 17 (JOHN.COM)", kind="SERVICE")
    world.hourly(DROP + 8 * DAY + 2 * HOUR)
    assert world.findings() == []
    assert [charge.gross for charge in world.backorder().charges] == [FEE]
    assert world.booked()[Account.OTHER] == 0
    assert world.backorder().settled
    assert told(world) == ["Caught, but not charged"]
    world.books_are_right()


def test_deposit_wrong(world: World) -> None:
    for domain in ("one.com", "two.com"):
        world.order(domain, "FAILED")
    world.hourly(NOW + HOUR)
    world.emulator.strike_books(["deposit_wrong"], ["wrong.com"])
    world.order("wrong.com", "SUCCESSFUL")
    world.hourly(NOW + 2 * HOUR)
    assert world.found() == [(Kind.DEPOSIT_DIFFERS, "wrong.com", usd("17.25"))]
    world.books_are_right()
    world.hourly(DROP + HOUR)
    assert world.findings() == [], "it was charged the fee"
    assert told(world) == ["Deposits that differ from the fee"]
    world.books_are_right()


def test_a_charge_above_its_deposit_and_its_max_price_is_told_as_what_it_is(world: World) -> None:
    world.order("won.com", "SUCCESSFUL", max_price=usd(70))
    world.order("next.com", "SUCCESSFUL")
    world.at(NOW + HOUR)
    high = {"command": "QueryAccountingList", "domain": "won.com", "properties": {"ACCOUNTINGPRICE": "-690.00"}}
    world.emulator.set_answers(read_script([high]))
    world.at(DROP + HOUR)
    world.order("later.com", "SUCCESSFUL", at=DROP + 5 * HOUR)
    world.at(DROP + 2 * HOUR)
    found = [(kind, domain, amount) for kind, domain, amount in world.found() if domain is not None]
    assert found == [(Kind.FEE_TOO_HIGH, "won.com", usd(620))]


def test_a_price_that_changes_is_told_of_the_first_deposits_and_never_of_those_before() -> None:
    with a_world(balance=usd(5000)) as world:
        for number in range(9):
            world.order(f"old{number}.com", at=NOW + 2 * DAY)
        world.hourly(NOW + HOUR)
        world.emulator.strike_books(["deposit_wrong"], [f"new{number}.com" for number in range(9)])
        for number in range(9):
            # By the second one, the plan reckons with the new price.
            planned = FEE if number == 0 else usd("86.25")
            world.order(f"new{number}.com", at=NOW + 2 * DAY, fee=planned)
            world.hourly(world.emulator.now + HOUR)
        found = {finding.domain for finding in world.store.findings()}
        assert found == {f"new{number}.com" for number in range(4)}, "until most of the last nine were like them"
        assert world.found() == [(Kind.FEE_TOO_HIGH, "new0.com", usd("17.25"))], "which was planned with the old price"


def test_deposit_orphan(world: World) -> None:
    world.emulator.strike_books(["deposit_orphan"], ["not-ours.com"])
    world.hourly(NOW + DAY)
    assert world.findings() == [], "it may still be given back by itself"
    world.hourly(NOW + DAY + HOUR)
    assert world.found() == [(Kind.DEPOSIT_ORPHAN, "not-ours.com", FEE)]
    assert "release deposit 490" in world.findings()[0].advice
    assert standing(world.store).others == FEE
    account = world.emulator._world.accounts[MAIN_USER]
    account.reserved -= account.deposits.pop(490).amount
    world.hourly(NOW + DAY + 3 * HOUR)
    assert world.findings() == []
    assert told(world) == ["Deposits without an order"]
    world.books_are_right()


def test_a_deposit_that_is_a_strangers_for_the_same_name_is_no_missing_refund() -> None:
    """Ours was taken back before anybody saw its deposit; what is reserved for the name is for the other one."""
    with a_world(duplicates="new") as world:
        world.order("john.com", at=NOW + 48 * HOUR, state=State.CANCELLED, outcome_at=NOW + HOUR)
        with world.provider() as provider:
            provider.place("john.com", new=True)
            provider.withdraw(world.backorder().application_id or "")
        world.at(NOW + HOUR)
        assert world.backorder().deposit.amount == FEE, "as far as anybody can tell"
        world.hourly(NOW + 30 * HOUR)
        assert Kind.REFUND_MISSING not in {finding.kind for finding in world.store.findings()}
        assert world.backorder().deposit.amount is None
        assert [(lease.cycle, lease.alone_since) for lease in world.store.leases() if lease.gone_at is None] == [
            (None, None)
        ]
        world.books_are_right()


def test_an_application_whose_row_makes_no_sense_may_stand_behind_a_deposit(world: World) -> None:
    world.emulator.schedule("theirs.com", finalization_at=NOW + 60 * HOUR)
    with world.provider() as provider:
        provider.place("theirs.com")
    odd = {"command": "QueryDomainApplicationList", "domain": "theirs.com", "properties": {"UPDATEDDATE": "yesterday"}}
    world.emulator.set_answers(read_script([odd]))
    world.hourly(NOW + 30 * HOUR)
    assert [lease.alone_since for lease in world.store.leases()] == [None]
    assert Kind.DEPOSIT_ORPHAN not in {finding.kind for finding in world.store.findings()}


def test_a_deposit_for_something_else_than_a_backorder_is_no_orphan(world: World) -> None:
    """A reservation of another kind may last for a year: it is counted, and nobody has to release it."""
    deposit = books.add_deposit(world.emulator._world, world.emulator._world.accounts[MAIN_USER], "mine.build", FEE)
    deposit.kind = "BUILD_LANDRUSH"
    world.hourly(NOW + 3 * DAY)
    assert list(world.store.findings()) == []
    assert standing(world.store).others == FEE
    world.books_are_right()


def test_deposit_lapse(world: World) -> None:
    world.order("john.com", "FAILED")
    world.reconcile()
    world.hourly(NOW + HOUR)
    world.emulator.strike_books(["deposit_lapse"], ["john.com"])
    world.hourly(NOW + 7 * HOUR)
    assert world.findings() == [], "leases expire and are renewed"
    world.hourly(NOW + 8 * HOUR)
    assert world.found() == [(Kind.DEPOSIT_LAPSED, "john.com", FEE)]
    world.books_are_right()
    world.hourly(NOW + 14 * HOUR)
    assert world.findings() == []
    assert world.found("closed") == [(Kind.DEPOSIT_LAPSED, "john.com", FEE)]
    assert told(world) == ["Deposits that lapsed while the order stands"]
    world.books_are_right()


def test_application_vanished(world: World) -> None:
    world.order("john.com")
    world.order("jane.com", "FAILED")
    world.hourly(NOW + HOUR)
    world.emulator.strike_books(["application_vanished"], ["john.com"])
    world.hourly(NOW + 2 * HOUR)
    assert (world.state(), world.findings()) == (State.ACTIVE, []), "one answer is none"
    world.hourly(NOW + 3 * HOUR)
    assert world.found() == [(Kind.APPLICATION_VANISHED, "john.com", None)]
    assert (world.state(), world.state("jane.com")) == (State.VANISHED, State.ACTIVE)
    world.hourly(DROP + 28 * HOUR)
    assert world.findings() == [], "its name dropped a day ago"
    assert told(world) == ["Orders that the provider no longer knows"]
    world.hourly(DROP + 52 * HOUR)
    assert world.backorder().settled
    world.books_are_right()


def test_application_foreign(world: World) -> None:
    world.emulator.schedule("theirs.com", finalization_at=NOW + 5 * DAY, outcome="FAILED")
    world.emulator.strike_books(["application_foreign"], ["theirs.com"])
    world.reconcile()
    assert world.found() == [(Kind.APPLICATION_FOREIGN, "theirs.com", None)]
    foreign = standing(world.store).foreign
    assert [(order.domain, order.zone, order.finalization_at) for order in foreign.values()] == [
        ("theirs.com", "com", NOW + 5 * DAY)
    ]
    assert standing(world.store).others == 0
    world.hourly(NOW + 2 * DAY + HOUR)
    assert (standing(world.store).others, standing(world.store).foreign) == (FEE, {}), "its fee is reserved by now"
    world.hourly(NOW + 5 * DAY + 4 * HOUR)
    assert world.findings() == []
    world.hourly(NOW + 7 * DAY)
    assert world.findings("closed") == list(world.store.findings()), "its deposit came back"
    assert len(list(world.store.findings())) == 1
    assert not world.emulator.state()["deleted"]
    world.books_are_right()


def test_two_of_our_own_orders_for_one_name_are_a_duplicate() -> None:
    with a_world(duplicates="new") as world:
        world.order("john.com", "FAILED")
        with world.provider() as provider:
            second = provider.place("john.com", new=True)
        world.hourly(NOW + HOUR)
        assert [(kind, domain) for kind, domain, _ in world.found()] == [(Kind.APPLICATION_DUPLICATE, "john.com")]
        assert f"take application {second.id} back" in world.findings()[0].advice
        assert world.backorder().deposit.amount == FEE
        assert standing(world.store).others == FEE
        with world.provider() as provider:
            provider.withdraw(second.id)
        world.hourly(NOW + 3 * HOUR)
        assert world.findings() == []


def test_unfunded_at_lock() -> None:
    with a_world(balance=usd("50.00")) as world:
        world.order("john.com")
        world.hourly(NOW + 2 * HOUR)
        assert world.found() == [(Kind.UNFUNDED_AT_LOCK, "john.com", FEE)]
        world.emulator.pay_in(usd(100))
        world.hourly(NOW + 3 * HOUR)
        assert world.findings() == []
        assert world.state() is State.ACTIVE


def test_shortfall() -> None:
    """Told when it opens or grows, and closed when it is met."""
    with a_world(balance=usd("100.00")) as world:

        def planned(after: timedelta, *more: str) -> list[tuple[Kind, Decimal | None]]:
            for domain in more:
                world.store.create(a_dated_backorder(domain, finalization_at=NOW + 5 * DAY))
            world.emulator.advance_to(NOW + after)
            world.plan()
            world.reconcile()
            return [(finding.kind, finding.amount) for finding in world.findings()]

        assert planned(HOUR, "a.com") == []
        assert planned(2 * HOUR, "b.com", "c.com") == [(Kind.SHORTFALL, usd("107.00"))]
        told = "Pay in 107.00 USD before 26 November 2026 12:00 UTC, or 2 backorders wait: b.com, c.com."
        assert told in world.messages[0].body
        assert planned(3 * HOUR) == [(Kind.SHORTFALL, usd("107.00"))]

        world.emulator.pay_in(usd("50.00"))
        assert planned(4 * HOUR) == [(Kind.SHORTFALL, usd("57.00"))]
        assert len(world.messages) == 1, "it is less than before"
        assert planned(5 * HOUR, "d.com") == [(Kind.SHORTFALL, usd("126.00"))]
        assert len(world.messages) == 2

        world.emulator.pay_in(usd("125.99"))
        assert planned(6 * HOUR) == [(Kind.SHORTFALL, usd("0.01"))]
        world.emulator.pay_in(usd("0.01"))
        assert planned(7 * HOUR) == []
        assert [finding.kind for finding in world.findings("closed")] == [Kind.SHORTFALL]
        assert len(world.messages) == 2
        world.books_are_right()


def test_a_shortfall_of_the_same_sum_is_told_again_where_it_is_needed_sooner() -> None:
    """Whoever means to pay on the last day would miss it."""
    with a_world(balance=usd("10.00")) as world:
        for after, domain, days in ((1, "later.com", 20), (2, "sooner.com", 6)):
            world.store.create(a_dated_backorder(domain, finalization_at=NOW + days * DAY))
            world.emulator.advance_to(NOW + after * HOUR)
            world.plan()
            world.reconcile()
        assert world.found() == [(Kind.SHORTFALL, None, usd("59.00"))]
        assert ["before 11 December" in message.body for message in world.messages] == [True, False]
        assert "Pay in 59.00 USD before 27 November 2026 12:00 UTC, or 2 " in world.messages[-1].body


def test_application_incomplete(world: World) -> None:
    world.order("john.se")
    world.reconcile()
    assert [(kind, domain) for kind, domain, _ in world.found()] == [(Kind.APPLICATION_INCOMPLETE, "john.se")]
    with world.provider() as provider:
        provider.amend(world.backorder("john.se").application_id or "", {"X-NICSE-IDNUMBER": "556677-8899"})
    world.at(NOW + HOUR)
    assert world.findings() == []


def test_deadline_missed(world: World) -> None:
    late = a_dated_backorder(finalization_at=FINALIZATION, state=State.SELECTED)
    world.store.create(late)
    world.store.replace(moved(late, State.MISSED, at=FINALIZATION, why="no chance left", reason=Reason.LATE))
    world.at(FINALIZATION + HOUR)
    assert world.found() == [(Kind.DEADLINE_MISSED, "john.com", None)]
    world.hourly(DROP + 3 * DAY)
    assert world.findings() == []
    assert world.backorder().settled


def test_an_order_that_is_stale_is_taken_back_if_a_rule_chose_it_and_found_if_a_person_did(world: World) -> None:
    dropped = {"batch_ends_at": NOW - 2 * DAY, "batch_starts_at": NOW - 2 * DAY}
    for domain, source in (("wished.com", Source.WANTED), ("chosen.com", Source.DROPPING)):
        world.order_dormant(domain, source=source, **dropped)
    world.at(NOW + HOUR)
    assert [(kind, domain) for kind, domain, _ in world.found()] == [(Kind.STANDING_ORDER_STALE, "wished.com")]
    assert world.backorder("chosen.com").cancel_requested
    assert not world.backorder("wished.com").cancel_requested


def test_an_auction_is_told_in_time_to_bid_and_won_until_when_to_pay(world: World) -> None:
    world.order("john.com", "AUCTION_WON")
    world.hourly(DROP + 2 * HOUR)
    (bid,) = world.findings()
    assert bid.kind is Kind.AUCTION_OPEN
    ends = world.backorder().auction.ends_at
    assert ends is not None
    assert f"bid by {ends:%-d %B %H:%M} UTC at https://" in bid.advice
    assert ends > DROP + 2 * DAY
    world.hourly(ends + 2 * HOUR)
    (pay,) = world.findings()
    assert f"pay {world.backorder().auction.price:.2f} USD by" in pay.advice
    assert world.backorder().auction.url in pay.advice  # type: ignore[operator]
    assert told(world) == ["Auctions: bid, or pay what you won"] * 2
    world.hourly(ends + 8 * DAY)
    assert world.findings() == []


@pytest.mark.parametrize("withhold", [frozenset(), frozenset({"auction-status"})])
def test_where_an_auction_is_won_when_it_is_paid_its_winner_is_told_to_pay_until_then(withhold: frozenset[str]) -> None:
    with a_world(auction_won="paid", withhold=withhold) as world:
        world.order("john.com", "AUCTION_WON")
        world.order("lost.com", "AUCTION_LOST")
        world.hourly(DROP + 2 * HOUR)
        ends = max(world.backorder(domain).auction.ends_at or NOW for domain in ("john.com", "lost.com"))
        world.hourly(ends + HOUR)
        assert (world.state(), world.state("lost.com")) == (State.AUCTION_PENDING, State.AUCTION_LOST)
        (pay,) = world.findings()
        assert ("if you won it" in pay.advice) is bool(withhold)
        assert b"Auctions" in world.files["latest/report.html"]
        [auction] = [each for each in world.emulator.state()["auctions"] if each["result"] == "AUCTION-WON"]
        world.hourly(ends + 23 * HOUR)
        assert len(world.findings()) == 1
        paid = next(at for at in count(1) if world.at(ends + (23 + at) * HOUR) and world.state() == State.AUCTION_WON)
        assert paid < 7 * 24
        assert world.findings() == []
        assert world.backorder().auction.paid
        assert auction["domain"] == "john.com"
        world.books_are_right()


def test_an_auctions_price_in_the_account_is_no_second_charge() -> None:
    with a_world(charges_auctions=True) as world:
        world.order("john.com", "AUCTION_WON")
        world.hourly(DROP + 5 * DAY)
        assert {finding.kind for finding in world.store.findings()} == {Kind.AUCTION_OPEN}
        assert world.booked()[Account.FEES] == FEE
        assert world.booked()[Account.OTHER] > 0
        world.books_are_right()


def test_lost_names_that_are_free_are_told_and_won_ones_are_looked_up() -> None:
    with a_world(seed=1) as world:
        domains = [f"lost{number}.com" for number in range(40)]
        for domain in domains:
            world.order(domain, "FAILED")
        world.order("won.com", "SUCCESSFUL")
        world.hourly(DROP + 3 * HOUR)
        with world.provider() as provider:
            free = {each.domain for each in provider.check(domains) if each.is_free}
        assert free
        assert {domain for kind, domain, _ in world.found() if kind is Kind.NAME_STILL_FREE} == free
        assert world.emulator.state()["calls"]["CheckDomains"] == 4, "in batches, and this test's own"
        won = world.backorder("won.com")
        assert (won.lookup.expires_at, won.lookup.renewal_mode) == (won.lookup.expires_at, "AUTORENEW")
        assert b"won.com,69.00," in world.files["latest/won.csv"]
        assert len(world.messages) == 1
        world.hourly(DROP + 8 * DAY)
        assert world.findings() == []


def test_a_state_that_nobody_knows_is_found_and_ends_with_its_deposit(world: World) -> None:
    world.order("john.com", "FAILED")
    world.emulator.renamed = {"FAILED": "LAPSED"}
    world.hourly(DROP + 2 * HOUR)
    assert [(kind, domain) for kind, domain, _ in world.found()] == [(Kind.STATUS_UNKNOWN, "john.com")]
    assert "LAPSED" in world.findings()[0].advice
    world.hourly(DROP + 4 * DAY)
    assert world.state() is State.VANISHED
    world.hourly(DROP + 12 * DAY)
    assert world.findings() == []
    assert world.backorder().settled


# How the account is read


def calls_of(world: World) -> dict[str, int]:
    before = dict(world.emulator.state()["calls"])
    world.reconcile()
    after = world.emulator.state()["calls"]
    return {name: after[name] - before.get(name, 0) for name in after if after[name] != before.get(name, 0)}


def test_an_hourly_run_reads_what_changed_and_once_a_day_all_is_read(world: World) -> None:
    for number in range(5):
        world.order(f"name{number}.com")
    assert world.at(NOW + HOUR).swept is False
    quiet = calls_of(world)
    assert quiet == {
        "StatusAccount": 2,
        "QueryDepositList": 1,
        "QueryAccountingList": 1,
        "QueryDomainApplicationList": 1,
        "QueryObjectRenewalList": 1,
    }
    assert world.at(NOW + 12 * HOUR).swept, "a new day"
    assert world.at(NOW + 13 * HOUR).swept is False


def test_an_application_fewer_than_there_should_be_makes_the_next_run_read_all(world: World) -> None:
    world.order("john.com")
    world.order("jane.com")
    world.hourly(NOW + HOUR)
    world.emulator.strike_books(["application_vanished"], ["john.com"])
    world.at(NOW + 2 * HOUR)
    assert world.backorder().refused_look is not None
    world.at(NOW + 3 * HOUR)
    assert world.state() is State.VANISHED


def test_a_failing_topic_stops_no_report_and_the_finding_is_told_by_the_next_run(world: World) -> None:
    world.order("john.com", "SUCCESSFUL")
    world.emulator.strike_books(["charge_twice"], ["john.com"])
    world.topic_fails = True
    with pytest.raises(RuntimeError, match="no such topic"):
        world.at(DROP + HOUR)
    assert b"charged_twice,john.com" in world.files["latest/findings.csv"]
    world.topic_fails = False
    world.at(DROP + 2 * HOUR)
    assert told(world) == ["Charged twice"]
    assert world.found() == [(Kind.CHARGED_TWICE, "john.com", FEE)]


def test_the_release_lag_of_this_account_is_measured_from_its_refunds() -> None:
    with a_world(release_lag=timedelta(hours=3)) as world:
        for number in range(6):
            world.order(f"name{number}.com", "FAILED")
        world.hourly(DROP + 5 * HOUR)
        lag = standing(world.store).release_lag
        assert lag is not None
        assert timedelta(hours=3) < lag <= timedelta(hours=5)


def test_an_account_whose_refunds_take_longer_than_a_day_is_learnt_and_told_of_no_more() -> None:
    with a_world(release_lag=timedelta(hours=31)) as world:
        for number in range(10):
            world.order(f"name{number}.com", "FAILED")
        world.hourly(DROP + 33 * HOUR)
        assert Counter(kind for kind, *_ in world.found("closed")) == {Kind.REFUND_MISSING: 10}, "a day is expected"
        world.order("later.com", "FAILED", at=DROP + 2 * DAY)
        world.hourly(DROP + 5 * DAY)
        assert world.backorder("later.com").deposit.amount is None
        late = [each for each in world.store.findings() if each.kind is Kind.REFUND_MISSING]
        assert [each.status for each in late] == ["closed"] * 10
        world.books_are_right()
