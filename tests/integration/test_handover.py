"""What a reconciliation reads at the provider bounds the plans that come after it: the real use cases, one after the
other, on one store and one account at the emulator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from backorder.documents.account_outlook import FallsDue, ForeignOrder, Standing, standing
from backorder.domain.states import State
from backorder.domain.values import Reason
from backorder.provider.port import OwnPrice
from backorder.rules import keep_rules
from local.emulator import books
from local.emulator.world import MAIN_USER
from tests.factories import FEE, NOW, a_backorder, a_dated_backorder, usd
from tests.integration.account import DROP, HOUR, World, a_world

DAY = timedelta(days=1)
CENT = usd("0.01")
PRICED = {"PRICE_CLASS_DOMAIN_COM_SETUP": "PRICE_CLASS_COM_BACKORDER_SETUP"}
"""The emulator shows prices of domains only, 12.50 each: how a backorder's is called is not documented."""


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as one:
        yield one


def wanted(world: World, domain: str, finalization_at: datetime) -> None:
    world.store.create(a_dated_backorder(domain, finalization_at=finalization_at))


def limited(world: World, limit: str, amount: Decimal) -> None:
    keep_rules(world.store, f'[limits]\n{limit} = "{amount}"\n', version=str(amount), modified=world.emulator.now)


def reserve_for_others(world: World, amount: Decimal = FEE, domain: str = "reserved.com") -> None:
    books.add_deposit(world.emulator._world, world.emulator._world.accounts[MAIN_USER], domain, amount)


# --- Charges -------------------------------------------------------------------------------------


def test_charges_of_several_days_count_against_the_limits_of_their_day_and_month(world: World) -> None:
    """Won on the 25th and the 26th, and settled: no order is under way any more, and only the books know of them."""
    for number, domain in enumerate(("first.com", "second.com")):
        world.order(domain, "SUCCESSFUL", at=DROP - 3 * HOUR + number * DAY)
    world.at(DROP + HOUR)
    world.at(DROP + DAY + HOUR)
    assert not list(world.store.open_backorders())
    wanted(world, "same-day.com", DROP + DAY + 3 * HOUR)
    wanted(world, "same-month.com", DROP + 3 * DAY)
    for limit, domain, enough in (
        ("spend_per_day", "same-day.com", 2 * FEE),
        ("spend_per_month", "same-month.com", 4 * FEE),
    ):
        limited(world, limit, enough)
        assert world.plan().held == 0
        limited(world, limit, enough - CENT)
        assert world.plan().held == 1
        assert (world.state(domain), world.backorder(domain).plan.reason) == (State.HELD, Reason.LIMIT)


def test_a_charge_that_is_given_back_counts_no_more(world: World) -> None:
    world.order("won.com", "SUCCESSFUL")
    world.at(DROP + HOUR)
    wanted(world, "wanted.com", DROP + 3 * DAY)
    limited(world, "spend_per_month", FEE)
    assert world.plan().held == 1
    world.emulator.charge(-FEE, "won.com", kind="COM_BACKORDER")
    world.at(DROP + 2 * HOUR)
    assert world.plan().held == 0


def test_what_was_reserved_last_is_what_the_next_one_is_expected_to_draw() -> None:
    with a_world(vat=Decimal(19), default_fee=usd("82.11")) as world:
        world.order("placed.com")
        world.reconcile()
        wanted(world, "wanted.com", DROP + 3 * DAY)
        world.plan()
        assert world.backorder("wanted.com").plan.fee == usd("82.11"), "the rules say 69.00"


def test_the_accounts_own_price_is_what_the_next_one_is_expected_to_draw(world: World) -> None:
    keep_rules(world.store, '[fees]\ncom = "10.00"\n', version="v1", modified=NOW)
    wanted(world, "wanted.com", NOW + 9 * DAY)
    world.emulator.renamed = PRICED
    world.at(NOW + DAY)
    world.plan()
    assert world.backorder("wanted.com").plan.fee == usd("12.50")


# --- The release lag -----------------------------------------------------------------------------


def test_once_it_is_measured_how_soon_deposits_come_back_their_money_works_again_as_soon() -> None:
    """Two names that drop twenty hours apart, and money for one: until the lag is known, a refund takes a day."""
    with a_world(release_lag=3 * HOUR, balance=FEE) as world:
        for number in range(6):
            world.emulator.pay_in(FEE)
            world.order(f"lost{number}.com", "FAILED", at=NOW + DAY)
        world.emulator.charge(6 * FEE, "other.com")  # as much is left as was paid in before
        wanted(world, "first.com", NOW + 9 * DAY)
        wanted(world, "second.com", NOW + 9 * DAY + 20 * HOUR)
        world.hourly(DROP + 2 * HOUR)
        world.plan()
        assert (world.state("first.com"), world.state("second.com")) == (State.SELECTED, State.HELD)
        assert world.backorder("second.com").plan.reason is Reason.UNFUNDED
        world.hourly(DROP + 5 * HOUR)
        world.plan()
        second = world.backorder("second.com")
        assert (second.state, second.plan.reason) == (State.SELECTED, None)
        assert second.plan.send_at is not None, "late, with the money that first.com has until then"


# --- Money of others -----------------------------------------------------------------------------


def test_foreign_deposits_leave_the_plan_with_what_is_left(world: World) -> None:
    reserve_for_others(world)
    world.reconcile()
    tick = world.plan()
    assert (tick.capacity, tick.reserved_for_others) == (str(5000 - FEE), str(FEE))


@pytest.mark.parametrize("reconciled_before", [0, 1])
def test_a_foreign_deposit_that_came_since_the_last_reconciliation_is_not_ours_to_draw(reconciled_before: int) -> None:
    """The plan reads what is reserved itself: an hour may be left until the next reconciliation."""
    enough = (3 + reconciled_before) * FEE
    for balance, state in ((enough - CENT, State.HELD), (enough, State.SELECTED)):
        with a_world(balance=balance) as world:
            for number in range(reconciled_before):
                reserve_for_others(world, domain=f"known{number}.com")
            world.order("placed.com", at=NOW + 30 * DAY)
            world.reconcile()
            reserve_for_others(world)
            world.store.create(a_backorder("wanted.com"))
            world.plan()
            assert world.state("wanted.com") is state


def test_a_foreign_order_that_has_no_deposit_yet_draws_too(world: World) -> None:
    world.emulator.schedule("theirs.com", finalization_at=NOW + 5 * DAY, outcome="FAILED")
    world.emulator.strike_books(["application_foreign"], ["theirs.com"])
    world.reconcile()
    tick = world.plan()
    assert (tick.foreign, tick.foreign_draws) == (1, str(FEE))
    keep_rules(world.store, f'[funding]\nkeep = "{5000 - 2 * FEE + CENT}"\n', version="v1", modified=NOW)
    wanted(world, "wanted.com", NOW + 5 * DAY)
    world.plan()
    assert world.backorder("wanted.com").plan.reason is Reason.UNFUNDED


def test_a_renewal_that_falls_due_is_left_aside(world: World) -> None:
    world.emulator.add_renewal("mine.com", NOW + 9 * DAY, usd("4931.01"))
    wanted(world, "before.com", NOW + 3 * DAY)
    wanted(world, "after.com", NOW + 20 * DAY)
    world.reconcile()
    world.plan()
    assert [world.backorder(domain).plan.reason for domain in ("before.com", "after.com")] == [None, Reason.UNFUNDED]


def test_negative_deposits_are_no_money_that_others_hold_and_none_that_is_ours(world: World) -> None:
    """Counted off what the account says is reserved, a credit would hide as much of what others have reserved."""
    reserve_for_others(world)
    reserve_for_others(world, usd(-50), "goodwill")
    world.reconcile()
    assert world.plan().capacity == str(5000 - FEE)
    reserve_for_others(world, domain="since.com")
    assert world.plan().capacity == str(5000 - 2 * FEE)


# --- All of it -----------------------------------------------------------------------------------


def test_nothing_that_plans_reckon_with_is_left_out() -> None:
    """Of an account in which there is some of each, the standing says all that it has room for."""
    with a_world(release_lag=HOUR) as world:
        for number in range(6):
            world.order(f"lost{number}.com", "FAILED")
        world.order("won.com", "SUCCESSFUL")
        world.emulator.schedule("theirs.com", finalization_at=NOW + 9 * DAY)
        world.emulator.strike_books(["application_foreign"], ["theirs.com"])
        world.emulator.add_renewal("mine.com", NOW + 9 * DAY, usd(15))
        world.emulator.renamed = PRICED
        reserve_for_others(world)
        reserve_for_others(world, usd(-50), "goodwill")
        world.hourly(DROP + 3 * HOUR)
        known = standing(world.store)
        assert known == Standing(
            last_deposits={"com": FEE},
            others=FEE,
            spent={DROP.date(): FEE},
            release_lag=2 * HOUR,
            foreign={next(iter(known.foreign)): ForeignOrder("theirs.com", "com", NOW + 9 * DAY)},
            renewals={next(iter(known.renewals)): FallsDue(NOW + 9 * DAY, usd(15))},
            prices={"com": OwnPrice(usd("12.50"), "USD")},
            credits=usd(50),
            excludes_deposits=False,
            deposit=usd(19),
        )
        nothing = Standing()
        assert all(getattr(known, fact.name) != getattr(nothing, fact.name) for fact in fields(Standing)), (
            "each is told"
        )
