"""Reconciliation against the emulator over loopback HTTP: states, money to the cent, and what needs a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from backorder.documents.account_outlook import standing
from backorder.documents.halt import halt, lift_halt
from backorder.documents.runs import last_run
from backorder.domain.findings import Kind
from backorder.domain.ledger import Account, Posting
from backorder.domain.money import ZERO
from backorder.domain.schedule import MARGIN, Known
from backorder.domain.states import State
from backorder.runtime.clock import iso
from local.emulator import books
from local.emulator.scripted import read_script
from local.emulator.world import MAIN_USER
from local.memory_store import MemoryStore
from reconciliation.books import Books
from tests.factories import FEE, NOW, a_backorder, a_claim, a_placed_backorder, moved, usd
from tests.integration.account import DROP, FINALIZATION, HOUR, World, a_world


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as one:
        yield one


# What becomes of orders and of money


def test_a_run_is_noted_with_what_came_of_it(world: World) -> None:
    world.reconcile()

    ran = last_run(world.store, "reconcile")

    assert ran is not None
    assert ran.at == world.emulator.now
    assert ran.summary["compared"]


def test_the_books_open_with_what_is_there(world: World) -> None:
    assert [(posting.kind, posting.amount) for posting in world.store.postings()] == [("opening", usd(5000))]
    world.books_are_right()
    world.reconcile()
    assert world.kinds() == Counter(opening=1)


def test_what_was_booked_before_the_books_were_opened_is_history(world: World) -> None:
    world.emulator.pay_in(usd(100))
    world.emulator.charge(usd(20), "other-name.com")
    world.store = MemoryStore()
    world.reconcile()
    world.at(NOW + HOUR)
    assert world.kinds() == Counter(opening=1)
    world.books_are_right()
    world.emulator.pay_in(usd(50))
    world.at(NOW + 2 * HOUR)
    assert world.kinds() == Counter(opening=1, payment=1)
    world.books_are_right()


def test_a_deposit_that_was_there_when_the_books_were_opened_comes_back(world: World) -> None:
    world.order("john.com", "FAILED")
    world.store = MemoryStore()
    world.store.create(a_placed_backorder(application="10700", submitted_at=NOW))
    world.reconcile()
    world.books_are_right()
    world.at(DROP + 2 * HOUR)
    world.books_are_right()
    assert [(posting.domain, posting.amount) for posting in world.of_kind("refund")] == [("john.com", FEE)]


def test_a_won_name_is_charged(world: World) -> None:
    world.order("john.com", "SUCCESSFUL")
    world.reconcile()
    assert (world.state(), world.backorder().deposit.amount) == (State.ACTIVE, FEE)
    assert world.kinds() == Counter(opening=1, deposit=1)
    world.books_are_right()

    world.at(FINALIZATION + HOUR)
    assert world.state() is State.PROCESSING

    world.at(DROP + HOUR)
    won = world.backorder()
    assert (won.state, won.deposit.amount, won.settled) == (State.SUCCESSFUL, None, True)
    assert world.kinds() == Counter(opening=1, deposit=1, release=1, charge=1)
    world.books_are_right()
    assert world.booked()[Account.FEES] == FEE
    assert world.findings() == []
    assert world.messages == []


def test_a_lost_name_gives_its_deposit_back(world: World) -> None:
    world.order("john.com", "FAILED")
    world.reconcile()
    world.at(DROP)
    assert (world.state(), world.backorder().settled) == (State.FAILED, False)
    assert world.kinds() == Counter(opening=1, deposit=1)
    world.books_are_right()

    world.at(DROP + 2 * HOUR)
    assert world.backorder().settled
    assert world.backorder().plan.fee == FEE
    assert world.kinds() == Counter(opening=1, deposit=1, refund=1)
    world.books_are_right()
    assert usd(world.emulator.account()["balance"]) == usd(5000)


@pytest.mark.parametrize(("outcome", "state"), [("AUCTION_WON", "AUCTION_WON"), ("AUCTION_LOST", "AUCTION_LOST")])
def test_an_auction_ends_won_or_lost(world: World, outcome: str, state: str) -> None:
    world.order("john.com", outcome)
    world.at(DROP + HOUR)
    assert world.state() is State.AUCTION_PENDING
    world.books_are_right()
    world.at(DROP + timedelta(days=5))
    assert world.state() is State(state)
    assert world.backorder().settled
    won = outcome == "AUCTION_WON"
    assert world.kinds() == Counter({"opening": 1, "deposit": 1, "release" if won else "refund": 1, "charge": won})
    world.books_are_right()


def test_a_run_that_slept_through_it_all_finds_the_end(world: World) -> None:
    outcomes = {"won.com": "SUCCESSFUL", "lost.com": "FAILED", "bid.com": "AUCTION_WON"}
    for domain, outcome in outcomes.items():
        world.order(domain, outcome)
    world.at(DROP + timedelta(days=5))
    assert [world.state(domain) for domain in outcomes] == [State.SUCCESSFUL, State.FAILED, State.AUCTION_WON]
    assert all(world.backorder(domain).settled for domain in outcomes)
    world.books_are_right()
    assert [(finding.kind, finding.domain) for finding in world.findings()] == [(Kind.AUCTION_OPEN, "bid.com")]


def test_tax_has_its_own_account_and_the_currency_is_the_accounts() -> None:
    with a_world(vat=Decimal(19), currency="EUR") as world:
        world.order("won.com", "SUCCESSFUL")
        world.order("lost.com", "FAILED")
        world.reconcile()
        world.at(DROP + 2 * HOUR)
        world.books_are_right()
        assert (world.booked()[Account.FEES], world.booked()[Account.TAX]) == (usd("57.98"), usd("11.02"))
        assert {posting.currency for posting in world.store.postings()} == {"EUR"}
        assert world.backorder("won.com").settled


def test_what_else_the_login_does_is_booked_apart(world: World) -> None:
    world.emulator.pay_in(usd(100))
    world.emulator.charge(usd(20), "other-name.com")
    world.emulator.add_renewal("renewed.com", NOW + HOUR, usd(15))
    world.at(NOW + 2 * HOUR)
    world.books_are_right()
    assert world.booked()[Account.PAID_IN] == usd(-100)
    assert world.booked()[Account.OTHER] == usd(35)
    assert world.findings() == []


def test_a_year_later_a_renewal_of_a_won_name_is_no_backorders_charge(world: World) -> None:
    world.order("john.com", "SUCCESSFUL")
    world.at(DROP + HOUR)
    world.emulator.add_renewal("john.com", NOW + timedelta(days=365), usd(15))
    world.at(NOW + timedelta(days=366))
    world.books_are_right()
    assert world.booked()[Account.FEES] == FEE
    assert world.findings() == []


def test_deposits_of_others_are_remembered_for_the_plan(world: World) -> None:
    world.order("john.com")
    world.emulator.strike_books(["deposit_orphan"], ["not-ours.com"])
    world.reconcile()
    assert standing(world.store).others == FEE
    assert standing(world.store).last_deposits == {"com": FEE}
    world.books_are_right()


def test_reading_it_all_twice_changes_nothing(world: World) -> None:
    for domain, outcome in {"won.com": "SUCCESSFUL", "lost.com": "FAILED", "bid.com": "AUCTION_WON"}.items():
        world.order(domain, outcome)
    world.emulator.strike_books(["balance_drift"])
    world.emulator.strike_books(["refund_missing"], ["lost.com"])
    for moment in (NOW, FINALIZATION + HOUR, DROP + 2 * HOUR, DROP + timedelta(days=2), DROP + timedelta(days=9)):
        world.at(moment)
        world.reconcile()  # a difference is believed when it is seen a second time
        before = world.everything()
        summary = world.reconcile()
        assert world.everything() == before
        assert (summary.changed, summary.posted, summary.findings_opened, summary.findings_closed) == (0, 0, 0, 0)
        assert summary.compared


def test_without_the_properties_that_sources_leave_open_it_works_too() -> None:
    with a_world(withhold=frozenset({"finalization-date", "accounting-id"}), vat=Decimal(19)) as world:
        world.order("won.com", "SUCCESSFUL")
        world.order("lost.com", "FAILED")
        for _ in range(2):  # two bookings that nothing tells apart
            world.emulator.charge(usd(20), "the same.com")
        world.at(DROP + HOUR)
        world.emulator.charge(usd(20), "the same.com")
        world.at(DROP + 2 * HOUR)
        world.at(DROP + timedelta(days=3))
        assert world.booked()[Account.OTHER] == usd(60)
        assert world.kinds()["charge"] == 2  # the fee and its tax
        assert all(world.backorder(domain).settled for domain in ("won.com", "lost.com"))
        world.books_are_right()


# What the provider does not know, does not say, or does not answer


def test_an_application_that_the_provider_removed_is_vanished(world: World) -> None:
    world.order("john.com")
    world.order("jane.com")
    world.reconcile()
    world.emulator.strike_books(["application_vanished"], ["john.com"])
    world.at(NOW + 2 * HOUR)
    assert (world.state(), world.state("jane.com")) == (State.ACTIVE, State.ACTIVE)
    world.at(NOW + 3 * HOUR)
    assert (world.state(), world.state("jane.com")) == (State.VANISHED, State.ACTIVE)
    world.at(DROP + timedelta(hours=40))
    assert not world.backorder().settled
    world.at(DROP + timedelta(hours=54))
    assert world.backorder().settled
    world.books_are_right()


def test_an_application_that_the_provider_knows_again_goes_on(world: World) -> None:
    """It was hidden for hours, and came to its end meanwhile: nothing of it counts as wrong."""
    world.order("john.com", "SUCCESSFUL")
    world.order("jane.com")
    world.reconcile()
    gone = {"code": 545, "description": "Object not found"}
    world.emulator.set_answers(read_script([{"command": "StatusDomainApplication", "domain": "john.com", **gone}]))
    world.emulator.shown_total = 0
    world.at(NOW + 2 * HOUR)
    world.at(NOW + 3 * HOUR)
    assert world.state() is State.VANISHED
    assert [kind for kind, _, _ in world.found()] == [Kind.APPLICATION_VANISHED]
    world.at(DROP + HOUR)
    assert Kind.CHARGE_WITHOUT_SUCCESS not in {kind for kind, _, _ in world.found()}
    world.emulator.set_answers([])
    world.emulator.shown_total = None
    world.hourly(DROP + timedelta(hours=9))
    assert world.state() is State.SUCCESSFUL
    assert world.backorder().outcome_at is not None
    assert world.found() == []
    world.hourly(DROP + timedelta(hours=12))
    assert world.backorder().settled
    world.books_are_right()


def test_around_its_drop_no_answer_says_that_an_application_is_gone(world: World) -> None:
    world.order("john.com", "SUCCESSFUL")
    world.reconcile()
    gone = {"code": 545, "description": "Object not found"}
    world.emulator.set_answers(read_script([{"command": "StatusDomainApplication", "domain": "john.com", **gone}]))
    world.emulator.shown_total = 0
    for minutes in range(-110, 110, 55):
        world.at(DROP + timedelta(minutes=minutes))
        assert world.state() in (State.ACTIVE, State.PROCESSING)


def test_an_order_that_vanished_before_it_was_ever_seen_is_looked_for_by_the_next_run(world: World) -> None:
    """There are as many applications as at the last look, and none that changed since: only the order itself tells."""
    world.order("old.com")
    world.at(NOW + HOUR)
    world.order("jane.com")
    world.at(NOW + HOUR)
    world.emulator.advance_to(NOW + HOUR + timedelta(minutes=30))
    world.order("john.com")
    world.emulator.strike_books(["application_vanished"], ["john.com"])
    assert world.at(NOW + 2 * HOUR).swept is False
    assert world.emulator.state()["calls"]["StatusDomainApplication"] == 1, "asked for by its number, and no other"
    world.at(NOW + 3 * HOUR)
    assert (world.state(), world.state("jane.com")) == (State.VANISHED, State.ACTIVE)
    assert world.emulator.state()["calls"]["StatusDomainApplication"] == 2
    assert world.found() == [(Kind.APPLICATION_VANISHED, "john.com", None)]


def test_an_order_of_ours_whose_answer_is_on_its_way_is_not_taken_for_a_foreign_one(world: World) -> None:
    """The provider has the application, and the worker that ordered it has not written its number yet."""
    with world.provider() as provider:
        application = provider.place("john.com")
    ordering = a_backorder("john.com", State.SUBMITTING, claim=a_claim(first_sent_at=NOW, sent=1))
    world.store.create(ordering)
    world.at(NOW + HOUR)
    assert (world.findings(), standing(world.store).foreign) == ([], {})

    placed = moved(
        ordering,
        State.REQUESTED,
        at=NOW,
        why="taken",
        application=application.id,
        submitted_at=application.created_at,
        claim=None,
    )
    world.store.replace(replace(placed, version=world.backorder().version))
    world.at(NOW + 2 * HOUR)
    assert (world.findings(), standing(world.store).foreign) == ([], {})


def test_an_application_that_no_order_of_ours_came_to_is_a_foreign_one(world: World) -> None:
    with world.provider() as provider:
        provider.place("john.com")
    world.store.create(a_backorder("john.com", State.SUBMITTING, claim=a_claim(first_sent_at=NOW, sent=1)))
    world.at(NOW + HOUR)
    world.store.replace(replace(world.backorder(), state=State.HELD, claim=None))
    world.at(NOW + 2 * HOUR)
    assert [(kind, domain) for kind, domain, _ in world.found()] == [(Kind.APPLICATION_FOREIGN, "john.com")]
    assert [order.domain for order in standing(world.store).foreign.values()] == ["john.com"]


def test_an_application_missing_in_a_list_is_not_vanished_while_the_provider_knows_it(world: World) -> None:
    world.order("john.com")
    world.emulator.shown_total = 0
    world.reconcile()
    assert world.state() is State.ACTIVE
    assert world.emulator.state()["calls"]["StatusDomainApplication"] == 1


def test_an_incomplete_list_says_nothing_about_what_is_missing_in_it(world: World) -> None:
    world.order("john.com")
    world.emulator.strike_books(["application_vanished"], ["john.com"])
    world.emulator.shown_total = 7
    world.reconcile()
    assert world.state() is State.REQUESTED
    world.emulator.shown_total = None
    world.reconcile()
    world.at(NOW + HOUR)
    assert world.state() is State.VANISHED


@pytest.mark.parametrize("fault", ["timeout_before", "code_421", "http_500", "html", "cut"])
def test_a_provider_that_is_down_leaves_everything_as_it_is(world: World, fault: str) -> None:
    world.order("john.com", "SUCCESSFUL")
    world.reconcile()
    before = world.everything()
    world.emulator.advance_to(DROP + HOUR)
    world.emulator.set_faults(1.0, [fault])
    summary = world.reconcile()
    assert summary.failed
    assert world.everything() == before
    world.emulator.set_faults(0.0)
    world.reconcile()
    assert world.state() is State.SUCCESSFUL


def test_an_account_that_moves_while_it_is_read_is_not_booked(world: World) -> None:
    world.order("john.com", "SUCCESSFUL")
    world.emulator.moving = True
    assert not world.reconcile().compared
    assert world.kinds() == Counter(opening=1)
    assert world.state() is State.ACTIVE  # the states are followed all the same
    world.emulator.moving = False
    assert world.reconcile().compared
    world.books_are_right()
    assert world.findings() == []


def test_no_finding_about_money_is_opened_or_closed_while_the_account_moves(world: World) -> None:
    """What an order is said to have reserved then is what it had when the books were last compared."""
    for domain in ("back.com", "late.com"):
        world.order(domain, "FAILED")
    world.emulator.strike_books(["refund_late"], ["late.com"])
    world.at(DROP)

    world.emulator.moving = True
    assert not world.at(DROP + timedelta(days=1, hours=1)).compared
    assert world.findings() == [], "the one was back long ago, and of the other nobody knows"
    world.emulator.moving = False
    world.reconcile()
    assert world.found() == [(Kind.REFUND_MISSING, "late.com", FEE)]

    world.emulator.moving = True
    world.at(DROP + timedelta(days=2))
    assert world.found() == [(Kind.REFUND_MISSING, "late.com", FEE)], "it is back by now, and nobody could look"
    world.emulator.moving = False
    world.reconcile()
    assert world.findings() == []


def test_a_difference_is_not_judged_while_the_account_moves(world: World) -> None:
    world.emulator.strike_books(["balance_drift"], ["john.com"])
    world.hourly(NOW + 2 * HOUR)
    [known] = world.findings()
    world.emulator.moving = True
    for hours in (3, 4):
        summary = world.at(NOW + hours * HOUR)
        assert (summary.compared, summary.unexplained) == (False, None)
    assert world.findings() == [known]


def test_what_a_run_that_died_left_is_made_good_by_the_first_run_that_sees_the_account(world: World) -> None:
    """Between the two is one that the account would not stand still for: it looked at no postings, so it says nothing
    of whether they are all there."""
    assert isinstance(world.store, MemoryStore)
    world.store = Dies.like(world.store)
    world.order("john.com", "FAILED")
    with pytest.raises(KeyboardInterrupt):
        world.reconcile()  # the deposit is kept, and not posted
    assert world.kinds() == Counter(opening=1)

    world.emulator.moving = True
    assert not world.at(NOW + HOUR).compared
    world.emulator.moving = False
    world.hourly(DROP + 2 * HOUR)
    assert world.kinds() == Counter(opening=1, deposit=1, refund=1, payment=3)
    assert world.booked()[Account.UNEXPLAINED] == 0
    world.books_are_right()


class Dies(MemoryStore):
    """A store whose process dies before the first deposit is posted."""

    died = False

    @classmethod
    def like(cls, store: MemoryStore) -> Dies:
        dies = cls()
        vars(dies).update(vars(store))
        return dies

    def post(self, postings: Iterable[Posting]) -> list[Posting]:
        some = list(postings)
        if not self.died and any(posting.kind == "deposit" for posting in some):
            self.died = True
            raise KeyboardInterrupt
        return super().post(some)


def test_names_without_a_date_learn_it_from_the_pending_delete_list(world: World) -> None:
    world.store.create(a_backorder("held.com", State.HELD))
    world.store.create(a_backorder("xn--bcher-kva.co.uk", zone="co.uk"))
    world.store.create(a_backorder("unlisted.com"))
    drops = {"held.com": NOW + timedelta(days=9), "xn--bcher-kva.co.uk": NOW + timedelta(days=8)}
    for domain, finalization_at in drops.items():
        world.emulator.schedule(domain, finalization_at=finalization_at)
    assert world.reconcile().dated == 0  # not listed yet
    assert world.at(NOW + timedelta(days=6)).dated == 2
    for domain, finalization_at in drops.items():
        dated = world.backorder(domain)
        assert (dated.schedule.finalization_at, dated.schedule.deadline) == (finalization_at, finalization_at - MARGIN)
        assert dated.schedule.known is Known.FINALIZATION
    assert world.backorder("held.com").state is State.HELD
    assert world.backorder("unlisted.com").schedule.known is Known.NONE
    assert world.reconcile().dated == 0


def test_an_application_tells_its_finalization_date(world: World) -> None:
    world.order("john.com")
    world.reconcile()
    assert world.backorder().schedule.finalization_at == FINALIZATION
    world.emulator.schedule("john.com", finalization_at=FINALIZATION + HOUR)
    world.reconcile()
    assert world.backorder().schedule.finalization_at == FINALIZATION + HOUR


def test_bookings_of_a_time_in_which_nobody_could_look_are_read_however_long_that_was(world: World) -> None:
    world.order("john.com", "SUCCESSFUL")
    world.hourly(NOW + 2 * HOUR)
    world.emulator.advance_to(NOW + timedelta(days=2))
    world.emulator.charge(usd(20), "other.com")
    world.at(NOW + timedelta(days=60))  # a password that nobody mended
    world.at(NOW + timedelta(days=60, hours=1))
    assert world.backorder().charged == FEE
    assert world.findings() == []
    world.books_are_right()


@pytest.mark.parametrize("there", [0, 2])
@pytest.mark.parametrize("amount", ["includes-deposits", "excludes-deposits"])
def test_amount_is_read_as_the_account_means_it(amount: str, there: int) -> None:
    """With what is reserved, or without: books, plan and page go by the same sum."""
    with a_world(amount=amount, balance=usd(1000)) as world:
        for number in range(there):
            world.order(f"before{number}.com", "FAILED")
        world.store = MemoryStore()
        world.reconcile()
        for number in range(4):
            world.order(f"n{number}.com", "FAILED")
        assert world.plan().withdrawn == 0
        world.at(NOW + HOUR)
        excluded = amount == "excludes-deposits"
        assert standing(world.store).excludes_deposits is excluded
        assert world.plan().capacity == str(usd(1000) - there * FEE)
        assert "1,000.00" in world.files["latest/report.html"].decode()
        world.hourly(NOW + 4 * HOUR)
        world.books_are_right()
        assert {kind for kind, _, _ in world.found()} <= {Kind.APPLICATION_FOREIGN}
        world.hourly(DROP + 3 * HOUR)
        world.books_are_right()
        assert -world.booked()[Account.OPENING] == 1000


def test_a_run_that_died_after_it_opened_the_books_leaves_the_next_one_something_to_compare_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with a_world(amount="excludes-deposits", balance=usd(1000)) as world:
        world.store = MemoryStore()
        world.order("john.com", "FAILED", at=NOW + 74 * HOUR)
        with monkeypatch.context() as dying:
            dying.setattr(Books, "close", die)
            with pytest.raises(KeyboardInterrupt):
                world.reconcile()
        for hours in range(3, 6):
            world.at(NOW + hours * HOUR)
        world.books_are_right()
        assert Kind.UNEXPLAINED_DIFFERENCE not in {finding.kind for finding in world.store.findings()}


def test_a_run_that_died_after_it_learned_what_amount_means_leaves_that_to_the_next_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was reserved when the books were opened is posted by then, and nothing changes that would tell it anew."""

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with a_world(amount="excludes-deposits", balance=usd(1000)) as world:
        world.order("before.com", "FAILED")
        world.store = MemoryStore()
        world.reconcile()
        world.order("john.com", "FAILED")
        with monkeypatch.context() as dying:
            dying.setattr(Books, "close", die)
            with pytest.raises(KeyboardInterrupt):
                world.at(NOW + HOUR)
        assert "opening#reserved" in {posting.key for posting in world.store.postings()}
        # The account's numbers are again as they were when the books were opened.
        with world.provider() as provider:
            provider.withdraw(str(world.backorder().application_id))
        for hours in (2, 3, 4):
            world.at(NOW + hours * HOUR)
        assert Kind.UNEXPLAINED_DIFFERENCE not in {finding.kind for finding in world.store.findings()}
        world.books_are_right()


@pytest.mark.parametrize("east", [1, -5, 14, -12])
def test_wherever_the_providers_day_begins_each_payment_is_counted_once(east: int) -> None:
    """It may understand the days that it is asked for in a zone of its own."""
    with a_world(accounting_zone=east * HOUR) as world:
        for hours in (11.5, 12.5, 20):
            world.emulator.advance_to(NOW + hours * HOUR)
            world.emulator.pay_in(usd(100))
        for hours in range(21, 72, 3):
            world.at(NOW + hours * HOUR)
        assert world.kinds() == Counter(opening=1, payment=3)
        assert Books(world.store).tally.balances[Account.PAID_IN] == -300
        world.books_are_right()


def test_the_files_of_a_month_have_what_was_read_of_it_long_after_its_end(world: World) -> None:
    world.emulator.advance_to(NOW + timedelta(days=2))
    world.emulator.charge(usd(20), "other.com")
    world.at(NOW + timedelta(days=60))
    statement = world.files["months/2026-11/statement.csv"].decode().splitlines()
    assert statement[-1] == "2026-11-26,5000.00,0.00,0.00,0.00,0.00,-20.00,4980.00"
    assert b"other.com" in world.files["months/2026-11/ledger.csv"]
    assert world.files["latest/statement.csv"].count(b"\n") == 1, "nothing moved this month"


def test_a_booking_that_comes_five_weeks_late_is_in_the_files_of_its_month(world: World) -> None:
    world.at(NOW + timedelta(days=38))
    world.emulator.charge(usd(20), "other.com")
    entries = world.emulator._world.accounts[MAIN_USER].entries
    entries[-1] = replace(entries[-1], at=NOW + timedelta(days=5))  # 29 November, and it is the second of January
    world.at(NOW + timedelta(days=39))
    world.books_are_right()
    assert b"other.com" in world.files["months/2026-11/ledger.csv"]


def test_a_second_run_at_the_same_time_does_nothing(world: World) -> None:
    world.store.acquire_lease("reconcile", "another run", now=NOW, until=NOW + HOUR)
    calls = world.emulator.state()["calls"]
    assert world.reconcile().skipped
    assert world.emulator.state()["calls"] == calls


# What needs a person


def test_a_refund_that_is_late_is_found_once_told_once_and_closed(world: World) -> None:
    world.order("late.com", "FAILED")
    world.order("fine.com", "FAILED")
    world.emulator.strike_books(["refund_late"], ["late.com"])
    lost = DROP
    world.at(lost)
    world.at(lost + timedelta(hours=23, minutes=59))
    assert world.findings() == []
    for hours in (24, 25, 30):
        world.at(lost + timedelta(hours=hours))
    (finding,) = world.findings()
    assert (finding.kind, finding.domain, finding.amount) == (Kind.REFUND_MISSING, "late.com", FEE)
    assert finding.opened_at == lost + timedelta(hours=24)
    assert (world.backorder("late.com").application_id or "?") in finding.advice
    assert [message.subject for message in world.messages] == ["Backorders: Deposits that did not come back"]
    assert not world.backorder("late.com").settled

    world.at(lost + timedelta(hours=40))
    assert world.findings() == []
    assert [(found.domain, found.amount) for found in world.findings("closed")] == [("late.com", FEE)]
    assert len(world.messages) == 1
    assert world.backorder("late.com").settled
    world.books_are_right()


def test_a_refund_that_never_comes_stays_open(world: World) -> None:
    world.order("john.com", "FAILED")
    world.emulator.strike_books(["refund_missing"], ["john.com"])
    for days in range(1, 10):
        world.at(DROP + timedelta(days=days))
    assert [finding.kind for finding in world.findings()] == [Kind.REFUND_MISSING]
    assert len(world.messages) == 1
    assert world.backorder().is_open
    world.books_are_right()


def test_a_charge_for_a_lost_name_is_found_and_closed_when_it_is_given_back(world: World) -> None:
    world.order("john.com", "FAILED")
    world.order("won.com", "SUCCESSFUL")
    world.emulator.strike_books(["charge_on_failure"], ["john.com"])
    world.reconcile()
    world.at(DROP + HOUR)
    world.reconcile()
    (finding,) = world.findings()
    assert (finding.kind, finding.domain, finding.amount) == (Kind.CHARGE_WITHOUT_SUCCESS, "john.com", FEE)
    assert len(world.messages) == 1
    world.books_are_right()
    assert world.booked()[Account.FEES] == FEE  # of the won one

    world.emulator.charge(-FEE, "john.com", kind="COM_BACKORDER")
    world.at(DROP + timedelta(days=3))
    assert world.findings() == []
    assert len(world.messages) == 1
    world.books_are_right()


def caught_by(application: str) -> dict[str, object]:
    """An answer that has one application for john.com, which is not ours and caught it."""
    row = {"APPLICATION": application, "DOMAIN": "john.com", "STATUS": "SUCCESSFUL", "CREATEDDATE": f"{NOW:%F %T}"}
    counts = {"FIRST": "0", "COUNT": "1", "LAST": "0", "LIMIT": "1000", "TOTAL": "1"}
    properties = {name: [cell] for name, cell in {**row, **counts}.items()}
    return {"command": "QueryDomainApplicationList", "domain": "john.com", "code": 200, "properties": properties}


@pytest.mark.parametrize("somebody_elses", [True, False])
def test_whose_a_charge_is_that_nobody_answers_is_neither_found_nor_forgotten(
    world: World, *, somebody_elses: bool
) -> None:
    """The name was caught for somebody else's order in this account, or for nobody; and the provider does not say."""
    world.order("john.com", "FAILED")
    world.at(FINALIZATION + HOUR)
    world.emulator.charge(FEE, "john.com", kind="COM_BACKORDER")
    world.at(FINALIZATION + 2 * HOUR)
    assert world.booked()[Account.FEES] == FEE
    silent = {"command": "QueryDomainApplicationList", "domain": "john.com", "http": 503}
    world.emulator.set_answers(read_script([silent]))
    for hours in (1, 2, 3, 30):
        world.at(DROP + hours * HOUR)
        assert world.state() is State.FAILED
        assert world.findings() == []
    assert world.backorder().is_open
    world.emulator.set_answers(read_script([caught_by("10999")] if somebody_elses else []))
    world.at(DROP + 31 * HOUR)
    assert [kind for kind, _, _ in world.found()] == ([] if somebody_elses else [Kind.CHARGE_WITHOUT_SUCCESS])
    assert (world.booked()[Account.FEES], world.booked()[Account.OTHER]) == (ZERO, FEE)
    world.books_are_right()


def test_a_finding_about_a_charge_stays_as_it_is_while_nobody_answers_whose_it_is(world: World) -> None:
    world.order("john.com", "FAILED")
    world.at(DROP + HOUR)
    world.emulator.charge(FEE, "john.com", kind="COM_BACKORDER")
    world.at(DROP + 2 * HOUR)
    (before,) = world.findings()
    assert before.kind is Kind.CHARGE_WITHOUT_SUCCESS
    order = world.backorder()
    # As a run leaves it that dies before it has written what it disputed.
    world.store.replace(replace(order, charges=tuple(replace(charge, disputed=False) for charge in order.charges)))
    silent = {"command": "QueryDomainApplicationList", "domain": "john.com", "http": 503}
    world.emulator.set_answers(read_script([silent]))
    world.at(DROP + 3 * HOUR)
    assert world.findings() == [before]
    assert len(world.messages) == 1


def test_what_is_reserved_without_a_deposit_is_found_and_closes(world: World) -> None:
    account = world.emulator._world.accounts[MAIN_USER]
    account.reserved += usd(69)  # and no row of the deposits says for what
    world.hourly(NOW + HOUR)
    assert world.findings() == [], "believed when it is seen twice"
    world.hourly(NOW + 2 * HOUR)
    assert world.found() == [(Kind.UNEXPLAINED_DIFFERENCE, None, FEE)]
    account.reserved -= usd(69)
    world.hourly(NOW + 4 * HOUR)
    assert world.findings() == []
    assert len(world.messages) == 1


def test_a_credit_among_the_deposits_is_no_difference(world: World) -> None:
    """A negative deposit, which the emulator counts off DEPOSIT."""
    account = world.emulator._world.accounts[MAIN_USER]
    credit = books.add_deposit(world.emulator._world, account, "goodwill", usd(-50))
    world.order("john.com", "FAILED")
    world.hourly(NOW + 3 * HOUR)
    assert (world.booked()[Account.RESERVED], world.booked()[Account.UNEXPLAINED]) == (FEE, ZERO)
    assert (standing(world.store).credits, standing(world.store).others) == (usd(50), ZERO)
    books.drop_deposit(world.emulator._world, credit, during_events=False)
    world.hourly(DROP + 3 * HOUR)
    assert standing(world.store).credits == 0
    assert list(world.store.findings()) == []
    world.books_are_right()


def test_a_difference_is_believed_when_it_is_seen_twice(world: World) -> None:
    world.emulator.strike_books(["balance_drift"], ["john.com"])
    lost = usd(5000) - usd(world.emulator.account()["amount"])
    world.at(NOW + HOUR)
    assert world.findings() == []
    world.at(NOW + 2 * HOUR)
    world.at(NOW + 3 * HOUR)
    (finding,) = world.findings()
    assert (finding.kind, finding.domain) == (Kind.UNEXPLAINED_DIFFERENCE, None)
    assert abs(finding.amount or 0) == lost
    assert f"{lost:.2f} USD less" in finding.advice
    assert len(world.messages) == 1
    assert world.booked()[Account.UNEXPLAINED] == lost
    assert world.booked()[Account.BALANCE] == usd(world.emulator.account()["balance"])

    # The provider mends it as silently.
    world.emulator._world.accounts[MAIN_USER].amount += lost
    world.at(NOW + 4 * HOUR)
    world.at(NOW + 5 * HOUR)
    assert world.findings() == []
    assert len(world.messages) == 1
    world.books_are_right()


def test_a_wrong_password_halts_the_line_and_is_told_once(
    world: World, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    world.order("john.com")
    world.reconcile()
    before = list(world.store.backorders()), list(world.store.postings())
    right, world.password = world.password, "wr0ng-and-secret"
    assert world.at(NOW + HOUR).halted
    world.at(NOW + 2 * HOUR)
    (finding,) = world.findings()
    assert finding.kind is Kind.LINE_HALTED
    assert "environment test (entity 1234), login 'test.user'" in finding.advice
    assert [message.subject for message in world.messages] == ["Backorders: Orders have stopped"]
    halted = halt(world.store)
    assert halted is not None
    assert (halted.kind, halted.since) == ("access", NOW + HOUR)
    page = world.files["latest/report.html"]
    assert b"Orders have stopped" in page
    assert b"The account could not be read this time" in page
    assert (list(world.store.backorders()), list(world.store.postings())) == before
    out, err = capfd.readouterr()
    shown = (out, err, caplog.text, repr(halted), repr(finding), repr(world.messages))
    assert not any(world.password in text for text in shown)

    world.password = right
    lift_halt(world.store)  # as the next plan does, whose look at the account succeeds
    world.at(NOW + 3 * HOUR)
    assert world.findings() == []
    assert len(world.messages) == 1


def test_what_a_worker_is_at_work_on_is_left_to_it(world: World) -> None:
    world.order("john.com")
    world.store.replace(replace(world.backorder(), state=State.WITHDRAWING, cancel_requested=True))
    world.reconcile()
    assert world.state() is State.WITHDRAWING


def test_the_reports_tell_what_happened(world: World) -> None:
    world.order("john.com", "SUCCESSFUL")
    world.reconcile()
    world.at(DROP + HOUR)
    assert {"latest/summary.json", "latest/backorders.csv", "latest/ledger.csv", "latest/findings.csv"} <= set(
        world.files
    )
    assert b"john.com,com,SUCCESSFUL" in world.files["latest/backorders.csv"]
    assert b'"charged": "69.00"' in world.files["latest/summary.json"]
    assert b"john.com" in world.files["latest/report.html"]
    assert b"Nothing needs doing" in world.files["latest/report.html"]


def test_the_page_is_written_by_every_run_and_says_when(world: World) -> None:
    for moment in (NOW + HOUR, NOW + 2 * HOUR):
        world.at(moment)
        assert f'As of <time datetime="{iso(moment)}">' in world.files["latest/report.html"].decode()
