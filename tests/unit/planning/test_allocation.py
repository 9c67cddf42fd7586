"""The funding guard: what the account covers, who goes first, and how much is missing for the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from backorder.documents.account_outlook import FallsDue, ForeignOrder, Standing
from backorder.domain.backorder import Backorder
from backorder.domain.money import ZERO
from backorder.domain.reservation import ReservationTerms, ReservationWindow
from backorder.domain.schedule import MARGIN
from backorder.domain.states import FINAL, WON, State
from backorder.domain.values import Charge, Origin, Reason, Source
from backorder.provider.port import OwnPrice
from backorder.rules import Rules
from planning.funding.allocation import Plan, chance_gone, plan
from planning.funding.problem import Funds, Position
from planning.funding.ranking import rank
from planning.funding.timeline import STEP
from planning.funding.windows import Windows
from tests.factories import (
    CURRENCY,
    FEE,
    NOW,
    a_backorder,
    a_dated_backorder,
    a_forecast,
    a_placed_backorder,
    changed,
    usd,
    zone_of,
)

LEAD = timedelta(days=3)
SOON = NOW + timedelta(days=5)


def planned(
    candidates: Iterable[Backorder],
    under_way: Iterable[Backorder] = (),
    *,
    amount: str | Decimal = "1000.00",
    credit: str | Decimal = "0",
    rules: Mapping[str, Any] | None = None,
    standing: Standing | None = None,
    reserved: Decimal = ZERO,
    now: datetime = NOW,
) -> Plan:
    position = Position(
        candidates,
        under_way,
        funds=Funds(Decimal(amount), Decimal(credit), CURRENCY, reserved, standing or Standing()),
        rules=Rules.model_validate(rules or {}),
        now=now,
        lock_lead=LEAD,
    )
    return plan(position)


def ordered(made: Plan) -> list[str]:
    return [backorder.domain for backorder in made.order]


def held(made: Plan) -> list[tuple[str, Reason]]:
    return [(backorder.domain, reason) for backorder, reason in made.hold]


# --- What fits -----------------------------------------------------------------------------------


def test_what_fits_is_ordered_and_the_rest_waits() -> None:
    made = planned([a_backorder(f"{name}.com", line=n) for n, name in enumerate("abc")], amount="138.00")
    assert ordered(made) == ["a.com", "b.com"]
    assert held(made) == [("c.com", Reason.UNFUNDED)]
    assert (made.capacity, made.drawn) == (usd("138.00"), usd("138.00"))


def test_a_cent_too_little_is_too_little() -> None:
    assert ordered(planned([a_backorder()], amount="68.99")) == []
    assert ordered(planned([a_backorder()], amount="69.00")) == ["john.com"]


def test_a_smaller_one_after_one_that_does_not_fit_is_still_taken() -> None:
    made = planned(
        [a_backorder("a.io", priority=usd(9)), a_backorder("b.com", priority=usd(1))],
        amount="70.00",
        rules={"fees": {"io": "71.00"}},
    )
    assert ordered(made) == ["b.com"]
    assert held(made) == [("a.io", Reason.UNFUNDED)]


@pytest.mark.parametrize(
    ("state", "deposit", "drawn"),
    [
        (State.QUEUED, None, FEE),
        (State.SUBMITTING, None, FEE),
        (State.REQUESTED, None, FEE),
        (State.ACTIVE, usd("59.00"), usd("59.00")),
        (State.PROCESSING, usd("80.00"), usd("80.00")),
        (State.AUCTION_PENDING, usd("69.00"), usd("69.00")),
        (State.WITHDRAWING, usd("69.00"), usd("69.00")),
        (State.SUCCESSFUL, None, FEE),
        (State.FAILED, usd("69.00"), usd("69.00")),
        (State.FAILED, None, ZERO),
        (State.VANISHED, usd("69.00"), usd("69.00")),
    ],
)
def test_what_is_under_way_draws_its_deposit_or_its_fee(state: State, deposit: Decimal | None, drawn: Decimal) -> None:
    made = planned([], [a_placed_backorder(state=state, deposit=deposit)])
    assert made.drawn == drawn


def test_an_account_that_is_overdrawn_orders_nothing() -> None:
    made = planned([a_backorder()], [a_placed_backorder("jane.com", State.ACTIVE, deposit=usd(500))], amount="100.00")
    assert (ordered(made), made.drawn) == ([], usd(500))


def test_the_amount_that_is_kept_is_never_drawn_on() -> None:
    assert ordered(planned([a_backorder()], amount="100.00", rules={"funding": {"keep": "31.01"}})) == []
    assert ordered(planned([a_backorder()], amount="100.00", rules={"funding": {"keep": "31.00"}})) == ["john.com"]


def test_credit_is_drawn_on_only_if_the_user_says_so() -> None:
    assert ordered(planned([a_backorder()], amount="0.00", credit="69.00")) == []
    rules = {"funding": {"use_credit": True}}
    assert ordered(planned([a_backorder()], amount="0.00", credit="69.00", rules=rules)) == ["john.com"]


def test_what_is_reserved_for_others_is_not_ours_to_draw() -> None:
    made = planned([a_backorder()], amount="100.00", standing=Standing(others=usd("31.01")))
    assert (ordered(made), made.capacity) == ([], usd("68.99"))


@pytest.mark.parametrize(("last", "fee"), [("80.00", "80.00"), ("59.00", "69.00")])
def test_the_fee_is_the_higher_of_the_rules_and_of_the_last_deposit(last: str, fee: str) -> None:
    made = planned([a_backorder()], standing=Standing(last_deposits={"com": usd(last), "net": usd(500)}))
    assert made.drawn == usd(fee)


@pytest.mark.parametrize(
    ("price", "fee"),
    [
        (OwnPrice(usd("68.00"), CURRENCY), "69.00"),
        (OwnPrice(usd("75.50"), CURRENCY), "75.50"),
        (OwnPrice(usd("75.50"), "EUR"), "71.07"),
        (OwnPrice(None, "EUR"), "71.07"),
        (OwnPrice(None, CURRENCY), "69.00"),
    ],
)
def test_the_accounts_own_price_counts_and_one_in_another_currency_may_rise(price: OwnPrice, fee: str) -> None:
    made = planned([a_backorder(), a_backorder("john.co.uk")], standing=Standing(prices={"com": price}))
    assert made.drawn == usd(fee) + FEE
    assert planned([a_backorder("john.co.uk")], standing=Standing(prices={"couk": price})).drawn == usd(fee)


def test_what_is_reserved_with_tax_is_asked_for_with_tax() -> None:
    """The rules say 69.00, the provider reserves 69.00 and 19 %."""
    known = Standing(last_deposits={"com": usd("82.11")})
    assert held(planned([dropping("a.com")], amount="82.10", standing=known)) == [("a.com", Reason.UNFUNDED)]
    made = planned([dropping("a.com"), dropping("b.com")], amount="82.11", standing=known)
    assert (ordered(made), made.drawn, made.forecast.shortfall) == (["a.com"], usd("82.11"), usd("82.11"))


def test_a_won_order_draws_its_gross_fee_until_its_charge_with_tax_is_booked() -> None:
    known = Standing(last_deposits={"com": usd("82.11")})
    won = a_placed_backorder(state=State.SUCCESSFUL)
    assert planned([], [won], standing=known).drawn == usd("82.11")
    booked = replace(won, charges=(Charge("entry#1", NOW, usd("69.00"), usd("13.11")),))
    assert planned([], [booked], standing=known).drawn == ZERO


def test_a_deposit_without_tax_does_not_lower_what_a_charge_with_tax_will_take() -> None:
    made = planned([dropping("a.com")], amount="68.99", standing=Standing(last_deposits={"com": usd("57.98")}))
    assert (ordered(made), made.forecast.shortfall) == ([], usd("0.01"))


def test_a_limit_with_tax_is_a_limit_of_what_is_charged() -> None:
    known = Standing(last_deposits={"com": usd("82.11")}, spent={SOON.date(): usd("82.11")})
    rules = {"limits": {"spend_per_day": "164.21"}}
    assert held(planned([dropping("a.com")], rules=rules, standing=known)) == [("a.com", Reason.LIMIT)]
    rules = {"limits": {"spend_per_day": "164.22"}}
    assert ordered(planned([dropping("a.com")], rules=rules, standing=known)) == ["a.com"]


def test_a_won_order_draws_until_its_charge_is_booked() -> None:
    won = a_placed_backorder(state=State.SUCCESSFUL)
    booked = replace(won, charges=(Charge("entry#1", NOW, usd(58), usd(11)),))
    assert (planned([], [won]).drawn, planned([], [booked]).drawn) == (FEE, ZERO)


def test_renewals_that_fall_due_are_foreseen() -> None:
    due = Standing(renewals={"DOMAIN a.com": FallsDue(NOW + timedelta(days=6), usd("31.01"))})
    made = planned([dropping("a.com"), dropping("b.com", NOW + timedelta(days=2))], amount="100.00", standing=due)
    assert held(made) == [("a.com", Reason.UNFUNDED)], "its window is not over by then"
    assert [b.domain for b, _ in made.late] == ["b.com"], "it is over by then, and might be won"
    paid = Standing(renewals={"DOMAIN a.com": FallsDue(NOW, usd("31.01"))})
    assert ordered(planned([dropping("a.com")], amount="100.00", standing=paid)) == ["a.com"]


def test_what_a_renewal_takes_never_comes_back() -> None:
    """A deposit is back a day after its drop; a renewal is paid, however long ago that is."""
    renewal = FallsDue(NOW + timedelta(days=1), usd("31.01"))
    weeks_later = dropping("a.com", NOW + timedelta(days=60))
    for amount, sent, waits in (("100.00", [], [("a.com", Reason.UNFUNDED)]), ("100.01", ["a.com"], [])):
        made = planned([weeks_later], amount=amount, standing=Standing(renewals={"DOMAIN a.com": renewal}))
        assert (ordered(made), made.late, held(made)) == (sent, (), waits)


@pytest.mark.parametrize("finalization_at", [None, SOON])
def test_an_order_that_somebody_else_placed_draws_too(finalization_at: datetime | None) -> None:
    theirs = Standing(foreign={"4711": ForeignOrder("theirs.com", "com", finalization_at)})
    made = planned([dropping("a.com", priority=usd(9))], amount="137.99", standing=theirs)
    assert (ordered(made), held(made)) == ([], [("a.com", Reason.UNFUNDED)])
    assert ordered(planned([dropping("a.com")], amount="138.00", standing=theirs)) == ["a.com"]


def test_a_name_dearer_than_its_max_price_waits_and_says_so() -> None:
    made = planned([a_backorder(max_price=usd("68.99")), a_backorder("jane.com", max_price=usd("69.00"))])
    assert ordered(made) == ["jane.com"]
    assert held(made) == [("john.com", Reason.TOO_DEAR)]
    assert made.forecast.waiting == 0


# --- Who goes first ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"source": Source.WANTED, "priority": usd(0)}, {"source": Source.DROPPING, "priority": usd(10)}),
        ({"priority": usd("5.5")}, {"priority": usd(5), "deadline": NOW}),
        ({"deadline": NOW, "line": 9}, {"deadline": SOON, "line": 1}),
        ({"deadline": SOON, "line": 9}, {"deadline": None, "line": 1}),
        ({"created_at": NOW, "line": 9}, {"created_at": SOON, "line": 1}),
        ({"list": "wanted/a.txt", "line": 9}, {"list": "wanted/b.txt", "line": 1}),
        ({"line": 2, "domain": "z.com"}, {"line": 10, "domain": "a.com"}),
        ({"domain": "a.com"}, {"domain": "b.com"}),
    ],
)
def test_the_better_one_gets_the_money(better: dict[str, Any], worse: dict[str, Any]) -> None:
    first, second = a_backorder(**{"domain": "x.com", **better}), a_backorder(**{"domain": "y.com", **worse})
    assert rank(first) < rank(second)
    for candidates in ([first, second], [second, first]):
        assert ordered(planned(candidates, amount=FEE)) == [first.domain]


# --- Limits --------------------------------------------------------------------------------------


def dropping(domain: str, on: datetime = SOON, **changes: Any) -> Backorder:
    return a_dated_backorder(domain, finalization_at=on, **changes)


def test_no_more_names_than_the_limit_of_their_drop_day() -> None:
    names = [dropping(f"{name}.com") for name in "abc"] + [dropping("d.com", SOON + timedelta(days=1))]
    made = planned(names, rules={"limits": {"per_day": 2}})
    assert ordered(made) == ["a.com", "b.com", "d.com"]
    assert held(made) == [("c.com", Reason.LIMIT)]


def test_no_more_names_of_a_zone_than_its_limit() -> None:
    names = [dropping("a.com"), dropping("b.com"), dropping("c.net"), dropping("d.com", SOON + timedelta(days=1))]
    made = planned(names, rules={"limits": {"per_zone": {"com": 1}}})
    assert set(ordered(made)) == {"a.com", "c.net", "d.com"}
    assert held(made) == [("b.com", Reason.LIMIT)]


def test_no_more_is_spent_than_the_limit_of_a_day() -> None:
    names = [dropping("a.com"), dropping("b.io"), dropping("c.com"), dropping("d.com", SOON + timedelta(days=1))]
    rules = {"limits": {"spend_per_day": "138.00"}, "fees": {"io": "69.01"}}
    made = planned(names, rules=rules)
    assert ordered(made) == ["a.com", "c.com", "d.com"]
    assert held(made) == [("b.io", Reason.LIMIT)]


def test_no_more_is_spent_than_the_limit_of_a_month() -> None:
    in_november, in_december = [
        [dropping(f"{name}-{month}.com", datetime(2026, month, 28, 12, tzinfo=UTC)) for name in "abc"]
        for month in (11, 12)
    ]
    rules = {"limits": {"spend_per_month": "138.00"}}
    made = planned([*in_november, *in_december], rules=rules)
    assert ordered(made) == ["a-11.com", "b-11.com", "a-12.com", "b-12.com"]


@pytest.mark.parametrize("time_zone", ["UTC", "Pacific/Auckland", "America/Los_Angeles"])
def test_days_and_months_of_limits_are_utc_wherever_the_user_is(time_zone: str) -> None:
    """The last hour of November and the first of December, in UTC. Spent in November was what is below."""
    begins = [datetime(2026, 11, 30, 23, 30, tzinfo=UTC), datetime(2026, 12, 1, 0, 30, tzinfo=UTC)]
    names = [
        changed(dropping(f"{name}-{at.month}.com", at), batch_starts_at=at, batch_ends_at=at + timedelta(hours=1))
        for at in begins
        for name in "ab"
    ]
    messages = {"time_zone": time_zone}
    made = planned(names, rules={"limits": {"spend_per_month": "69.00"}, "messages": messages})
    assert ordered(made) == ["a-11.com", "a-12.com"]
    made = planned(names, rules={"limits": {"spend_per_day": "69.00"}, "messages": messages})
    assert ordered(made) == ["a-11.com", "a-12.com"]
    spent = Standing(spent={date(2026, 11, 1): usd("0.01"), date(2026, 12, 31): usd("69.00")})
    made = planned(names, rules={"limits": {"spend_per_month": "138.00"}, "messages": messages}, standing=spent)
    assert ordered(made) == ["a-11.com", "a-12.com"]


def test_what_was_spent_counts_against_the_limits() -> None:
    drop_day = date(2026, 11, 29)
    rules = {"limits": {"spend_per_day": "100.00", "spend_per_month": "150.00"}}
    spent_that_day = Standing(spent={drop_day: usd("31.01")})
    spent_before = Standing(spent={date(2026, 11, 1): usd("81.01"), date(2026, 10, 29): usd(900)})
    assert held(planned([dropping("a.com")], rules=rules, standing=spent_that_day)) == [("a.com", Reason.LIMIT)]
    assert held(planned([dropping("a.com")], rules=rules, standing=spent_before)) == [("a.com", Reason.LIMIT)]
    spent_little = Standing(spent={drop_day: usd("31.00"), date(2026, 11, 1): usd("50.00")})
    assert ordered(planned([dropping("a.com")], rules=rules, standing=spent_little)) == ["a.com"]


def test_what_is_under_way_counts_against_the_limits_unless_it_is_lost() -> None:
    rules = {"limits": {"per_day": 1}}
    placed = changed(dropping("jane.com"), state=State.ACTIVE, application="app-1")
    lost = replace(placed, state=State.FAILED)
    assert held(planned([dropping("a.com")], [placed], rules=rules)) == [("a.com", Reason.LIMIT)]
    assert ordered(planned([dropping("a.com")], [lost], rules=rules)) == ["a.com"]


def test_names_without_a_date_count_as_one_day_and_one_month_more() -> None:
    names = [a_backorder("a.com"), a_backorder("b.com"), dropping("c.com"), dropping("d.com")]
    for limit in ("spend_per_day", "spend_per_month"):
        made = planned(names, rules={"limits": {limit: "137.99"}})
        assert set(ordered(made)) == {"a.com", "c.com"}
        assert set(held(made)) == {("b.com", Reason.LIMIT), ("d.com", Reason.LIMIT)}
    under_way = [a_placed_backorder("old.com")]
    assert held(planned(names[:1], under_way, rules={"limits": {"spend_per_day": "137.99"}})) == [
        ("a.com", Reason.LIMIT)
    ]


def test_how_many_names_without_a_date_there_are_counts_against_no_limit() -> None:
    made = planned([a_backorder("a.com"), a_backorder("b.com")], rules={"limits": {"per_day": 0}})
    assert ordered(made) == ["a.com", "b.com"]


def test_one_that_no_money_was_left_for_counts_against_no_limit() -> None:
    names = [dropping("a.io", priority=usd(9)), dropping("b.com")]
    made = planned(names, amount="100.00", rules={"fees": {"io": "101.00"}, "limits": {"per_day": 1}})
    assert ordered(made) == ["b.com"]


# --- Early, late, held ---------------------------------------------------------------------------

NEXT_DAYS = SOON + timedelta(days=2)
"""By then what dropped at SOON has given its deposit back."""


def test_fees_never_come_back_so_what_is_sent_early_fits_even_if_all_are_won() -> None:
    first, second = dropping("a.com"), dropping("b.com", NEXT_DAYS)
    made = planned([first, second], amount="137.99")
    assert ordered(made) == ["a.com"]
    assert made.late == ((second, NEXT_DAYS - MARGIN - timedelta(minutes=360)),)
    assert ordered(planned([first, second], amount="138.00")) == ["a.com", "b.com"]


def test_what_overlaps_waits() -> None:
    made = planned([dropping("a.com"), dropping("b.com", SOON + timedelta(hours=1))], amount="137.99")
    assert (ordered(made), made.late) == (["a.com"], ())
    assert held(made) == [("b.com", Reason.UNFUNDED)]


def test_where_refunds_are_not_to_be_reused_nothing_is_sent_late() -> None:
    rules = {"funding": {"reuse_refunds": False}}
    made = planned([dropping("a.com"), dropping("b.com", NEXT_DAYS)], amount="137.99", rules=rules)
    assert (ordered(made), made.late) == (["a.com"], ())
    assert held(made) == [("b.com", Reason.UNFUNDED)]


def test_what_is_due_is_sent_if_it_fits_though_not_all_might_be_won() -> None:
    far = dropping("a.com", NOW + timedelta(days=9), priority=usd(9))
    for minutes, sent in ((375, ["a.com", "b.com"]), (376, ["a.com"])):
        made = planned([dropping("b.com", NOW + timedelta(minutes=minutes)), far], amount="137.99")
        assert (ordered(made), held(made)) == (sent, [])


def test_an_order_goes_out_sooner_where_the_queue_needs_longer() -> None:
    names = [dropping(f"{n}.com", NOW + timedelta(days=9 + 2 * (n % 2)), line=n) for n in range(8)]
    position = Position(
        names,
        (),
        funds=Funds(usd(69 * 4), ZERO, CURRENCY),
        rules=Rules(),
        now=NOW,
        lock_lead=LEAD,
        orders_a_minute=0.01,
    )
    made = plan(position)
    assert made.late
    for backorder, send_at in made.late:
        assert backorder.schedule.deadline is not None
        assert backorder.schedule.deadline - send_at == timedelta(minutes=420)


def test_nobody_is_sent_early_where_that_takes_a_late_ones_money() -> None:
    """Best first: but ordered late, both have it."""
    better, worse = dropping("a.com", NEXT_DAYS, priority=usd(9)), dropping("b.com", SOON)
    made = planned([better, worse], amount="69.00")
    assert ordered(made) == []
    assert [backorder.domain for backorder, _ in made.late] == ["a.com", "b.com"]


def sent_early(made: Plan) -> tuple[list[str], list[str]]:
    return ordered(made), [backorder.domain for backorder, _ in made.late]


def test_what_else_will_draw_counts_as_won_before_anything_is_sent_early() -> None:
    """At no moment do they all draw together; but one that is won, and a renewal, never give back what they took."""
    placed = at_the_provider("placed.com", NOW + timedelta(days=4))
    renewal = Standing(renewals={"DOMAIN a.com": FallsDue(NOW + timedelta(days=60), usd("10.00"))})
    far = dropping("far.com", NOW + timedelta(days=20))
    assert sent_early(planned([far], [placed], amount="148.00", standing=renewal)) == (["far.com"], [])
    assert sent_early(planned([far], [placed], amount="147.99", standing=renewal)) == ([], ["far.com"])


def test_a_deposit_on_its_way_back_counts_until_it_is_there_before_anything_is_sent_early() -> None:
    again = dropping("again.com", NOW + timedelta(days=20), state=State.HELD, deposit=usd("50.00"))
    assert sent_early(planned([again], amount="119.00", reserved=usd("50.00"))) == (["again.com"], [])
    assert sent_early(planned([again], amount="118.99", reserved=usd("50.00"))) == ([], ["again.com"])


def test_two_that_are_sent_early_leave_a_late_one_its_money_between_them() -> None:
    first, second = (dropping(f"{name}.com", NOW + timedelta(days=9), priority=usd(9)) for name in ("a", "b"))
    between = dropping("between.com", NOW + timedelta(days=7))
    assert sent_early(planned([first, second, between], amount="206.99")) == (["a.com"], ["b.com", "between.com"])
    assert sent_early(planned([first, second, between], amount="207.00")) == (["a.com", "b.com", "between.com"], [])


def test_a_refund_counts_only_once_the_account_shows_it() -> None:
    due = dropping("a.com", NOW + timedelta(hours=1, minutes=45))
    lost = a_placed_backorder("lost.com", State.FAILED, deposit=FEE, outcome_at=NOW - timedelta(hours=30))
    made = planned([due], [lost], amount="69.00", standing=Standing(release_lag=timedelta(hours=1)), reserved=FEE)
    assert (ordered(made), held(made)) == ([], [("a.com", Reason.UNFUNDED)])
    assert ordered(planned([due], [changed(lost, deposit=None)], amount="69.00")) == ["a.com"]


def test_an_order_without_a_date_counts_for_ever() -> None:
    undated, dated = a_backorder("a.com", priority=usd(9)), dropping("b.com", NOW + timedelta(days=90))
    made = planned([undated, dated], amount="137.99")
    assert (ordered(made), held(made)) == (["a.com"], [("b.com", Reason.UNFUNDED)])


def test_an_order_unfunded_after_its_lock_draws_still() -> None:
    """The provider tries again every minute, and would take the next refund that was meant for a better name."""
    locked = at_the_provider("old.com", NOW + timedelta(days=2), priority=usd(9))
    made = planned([dropping("a.com", NOW + timedelta(hours=30))], [locked], amount="69.00")
    assert (ordered(made), held(made)) == ([], [("a.com", Reason.UNFUNDED)])


# --- Deposits of others since the last reconciliation --------------------------------------------


def test_what_was_reserved_for_others_since_the_last_reconciliation_is_not_ours_to_draw() -> None:
    """Nobody knows yet whose deposit it is; but of ours, none can be reserved before its lock."""
    unlocked = [at_the_provider("a.com"), at_the_provider("b.com")]
    for candidate in (a_backorder("c.com"), dropping("c.com")):
        made = planned([candidate], unlocked, amount="275.99", reserved=FEE)
        assert (ordered(made), held(made)) == ([], [])
        assert [b.domain for b in (*made.blocked, *(b for b, _ in made.late))] == ["c.com"]
        assert ordered(planned([candidate], unlocked, amount="276.00", reserved=FEE)) == ["c.com"]


def test_our_own_deposits_are_not_taken_for_those_of_others() -> None:
    ours = at_the_provider("a.com", NOW + timedelta(days=2), State.ACTIVE, deposit=FEE)
    assert ordered(planned([a_backorder("c.com")], [ours], amount="138.00", reserved=FEE)) == ["c.com"]
    assert ordered(planned([a_backorder("c.com")], [ours], amount="137.99", reserved=FEE)) == []


def test_deposits_of_others_that_are_known_and_those_made_since_count_once() -> None:
    known = Standing(others=FEE)
    unlocked = [at_the_provider("a.com")]
    for reserved, enough in ((FEE, "207.00"), (2 * FEE, "276.00"), (ZERO, "207.00")):
        too_little = Decimal(enough) - usd("0.01")
        assert ordered(planned([a_backorder("c.com")], unlocked, amount=enough, standing=known, reserved=reserved))
        made = planned([a_backorder("c.com")], unlocked, amount=too_little, standing=known, reserved=reserved)
        assert ordered(made) == []


def test_what_is_reserved_beside_our_own_deposits_is_somebody_elses() -> None:
    """Ours, that of one that waits again among them, are no more than they are."""
    ours = at_the_provider("a.com", NOW + timedelta(days=2), State.ACTIVE, deposit=FEE)
    again = dropping("b.com", NOW + timedelta(days=2), state=State.HELD, deposit=usd("50.00"))
    made = planned([again], [ours], amount="1000.00", reserved=usd("150.00"))
    assert (made.capacity, ordered(made)) == (usd("969.00"), ["b.com"])
    made = planned([again], [ours], amount="1000.00", reserved=usd("119.00"))
    assert made.capacity == usd("1000.00")


# --- Taken back ----------------------------------------------------------------------------------


def at_the_provider(domain: str, on: datetime = SOON, state: State = State.REQUESTED, **changes: Any) -> Backorder:
    return changed(dropping(domain, on, **changes), state=state, application=f"app-{domain}", submitted_at=NOW)


def test_a_better_one_displaces_a_worse_one_and_is_sent_once_that_is_gone() -> None:
    worse, better = at_the_provider("worse.com"), dropping("better.com", priority=usd(9))
    made = planned([better], [worse], amount="69.00")
    assert (ordered(made), made.take_back) == ([], (worse,))
    assert [backorder.domain for backorder, _ in made.late] == ["better.com"]
    after = planned([better, changed(worse, state=State.HELD, application=None)], amount="69.00")
    assert (ordered(after), held(after)) == (["better.com"], [("worse.com", Reason.UNFUNDED)])


def test_of_two_better_ones_only_as_many_are_sent_as_fit_beside_what_is_still_there() -> None:
    worse = [at_the_provider(f"worse{n}.com", line=n) for n in range(2)]
    better = [a_backorder(f"better{n}.com", priority=usd(9), line=n) for n in range(2)]
    made = planned(better, worse, amount="207.00")
    assert (ordered(made), [b.domain for b in made.blocked]) == (["better0.com"], ["better1.com"])
    assert made.take_back == (worse[1],)


def test_what_is_left_when_one_at_the_provider_is_short_goes_to_a_cheaper_one() -> None:
    placed = at_the_provider("placed.com", priority=usd(9))
    cheaper = dropping("cheaper.io")
    made = planned([cheaper], [placed], amount="50.00", rules={"fees": {"io": "20.00"}})
    assert (made.short, held(made)) == ((placed,), [])
    assert [b.domain for b in (*made.blocked, *(b for b, _ in made.late))] == ["cheaper.io"]


def test_what_is_reserved_gives_way_at_once_so_that_its_deposit_is_back_in_time() -> None:
    """It has no date, so that no lock of its own is near; but that of the better one is."""
    reserved = a_placed_backorder("undated.com", State.ACTIVE, deposit=FEE)
    better = at_the_provider("better.com", NOW + timedelta(days=4), priority=usd(9))
    assert planned([], [reserved, better], amount="69.00", reserved=FEE).take_back == (reserved,)
    assert planned([], [reserved, better], amount="138.00", reserved=FEE).short == ()


def test_what_is_reserved_gives_way_to_one_that_can_not_be_given_up_any_more() -> None:
    reserved = at_the_provider("reserved.com", NOW + timedelta(days=2), State.ACTIVE, deposit=FEE, priority=usd(9))
    on_its_way = dropping("on-its-way.com", NOW + timedelta(days=2), state=State.SUBMITTING)
    assert planned([], [reserved, on_its_way], amount="137.99", reserved=FEE).short == (reserved,)
    assert planned([], [reserved, on_its_way], amount="138.00", reserved=FEE).short == ()


def test_what_is_reserved_does_not_give_way_to_what_is_reserved_won_or_over_by_then() -> None:
    """None of these needs its money: taking it back would help nobody, however far the account is overdrawn."""
    in_two_days = [
        at_the_provider(f"{name}.com", NOW + timedelta(days=2), State.ACTIVE, deposit=FEE) for name in ("a", "b")
    ]
    assert planned([], in_two_days, amount="20.00", reserved=2 * FEE).short == ()
    won = a_placed_backorder("won.com", State.SUCCESSFUL)
    assert planned([], [won, in_two_days[0]], amount="100.00", reserved=FEE).short == ()

    drawing = at_the_provider("drawing.com", NOW - timedelta(hours=2), State.PROCESSING, deposit=FEE)
    reserved = at_the_provider("reserved.com", NOW + timedelta(hours=68), State.ACTIVE, deposit=FEE)
    back_at = NOW + timedelta(hours=68 + 4 + 24)
    for locks_at, gives_way in ((back_at, ()), (back_at - STEP, (reserved,))):
        better = at_the_provider("better.com", locks_at + LEAD, priority=usd(9))
        assert planned([], [drawing, reserved, better], amount="69.00", reserved=2 * FEE).short == gives_way


def test_a_worse_one_displaces_nobody() -> None:
    made = planned([dropping("worse.com", priority=usd(1))], [at_the_provider("better.com")], amount="69.00")
    assert (made.take_back, held(made)) == ((), [("worse.com", Reason.UNFUNDED)])


def test_what_is_reserved_is_given_up_only_where_its_refund_comes_in_time() -> None:
    reserved = at_the_provider("worse.com", NOW + timedelta(days=2), State.ACTIVE, deposit=FEE)
    in_time = dropping("better.com", NOW + timedelta(days=2), priority=usd(9))
    too_soon = dropping("better.com", NOW + timedelta(hours=20), priority=usd(9))
    made = planned([in_time], [reserved], amount="69.00", reserved=FEE)
    assert (made.take_back, ordered(made)) == ((reserved,), [])
    made = planned([too_soon], [reserved], amount="69.00", reserved=FEE)
    assert (made.take_back, held(made)) == ((), [("better.com", Reason.UNFUNDED)])


def test_when_funds_shrink_the_least_valuable_is_short_and_goes_when_its_lock_is_near() -> None:
    worse, better = at_the_provider("worse.com", priority=usd(1)), at_the_provider("better.com")
    made = planned([], [worse, better], amount="100.00")
    assert (made.short, made.take_back) == ((worse,), ()), "there is time to pay in"
    assert made.forecast.sentence == (
        "Pay in 38.00 USD before 26 November 2026 12:00 UTC, or 1 backorder waits: worse.com"
    )
    near_its_lock = SOON - LEAD - timedelta(hours=5)
    assert planned([], [worse, better], amount="100.00", now=near_its_lock).take_back == (worse,)
    assert planned([], [worse, better], amount="138.00", now=near_its_lock).take_back == ()


def test_who_does_not_want_anything_taken_back_is_warned() -> None:
    under_way = [at_the_provider("worse.com", priority=usd(1)), at_the_provider("better.com")]
    rules = {"funding": {"take_back": False}}
    for now in (NOW, SOON - LEAD - timedelta(hours=5)):
        made = planned([], under_way, amount="100.00", rules=rules, now=now)
        assert made.take_back == ()
        assert made.forecast.shortfall == usd(38)
        assert made.forecast.waiting == 2


def test_what_is_reserved_stays_though_the_account_is_overdrawn() -> None:
    """Its money is there, and taking it back would help nobody."""
    reserved = at_the_provider("a.com", NOW + timedelta(days=2), State.ACTIVE, deposit=FEE)
    made = planned([], [reserved], amount="20.00", reserved=FEE)
    assert (made.short, made.forecast.waiting) == ((), 0)


@pytest.mark.parametrize(
    "changes",
    [
        {"origin": Origin.FOREIGN},
        {"state": State.PROCESSING},
        {"state": State.AUCTION_PENDING},
        {"finalization_at": NOW + MARGIN, "deadline": NOW, "state": State.ACTIVE},
    ],
)
def test_neither_others_orders_nor_those_past_their_finalization_date_are_taken_back(changes: dict[str, Any]) -> None:
    placed = changed(at_the_provider("worse.com"), **changes)
    made = planned([dropping("better.com", priority=usd(9))], [placed], amount="69.00")
    assert (made.take_back, held(made)) == ((), [("better.com", Reason.UNFUNDED)])


def test_nothing_is_given_up_for_money_whose_fate_reconciliation_has_not_seen() -> None:
    """One was won: AMOUNT and DEPOSIT have fallen, and its backorder does not know it yet."""
    won = at_the_provider("won.com", NOW - timedelta(hours=4), State.PROCESSING, deposit=FEE)
    early = at_the_provider("early.com", SOON)
    assert planned([], [won, early], amount="69.00", reserved=ZERO).short == ()
    near_its_lock = SOON - LEAD - timedelta(hours=1)
    assert planned([], [won, early], amount="69.00", reserved=ZERO, now=near_its_lock).short == (early,)


def test_deposits_of_others_hide_no_deposit_of_ours_that_went() -> None:
    """Ours was won, and its deposit is gone unseen; that of somebody else, who has as much reserved, still stands."""
    won = at_the_provider("won.com", NOW - timedelta(hours=4), State.PROCESSING, deposit=FEE)
    placed = at_the_provider("placed.com", NOW + LEAD + timedelta(hours=12))
    theirs = Standing(others=FEE)
    assert planned([], [won, placed], amount="138.00", standing=theirs, reserved=FEE).short == ()
    both_stand = planned([], [won, placed], amount="206.99", standing=theirs, reserved=2 * FEE)
    assert both_stand.short == (placed,), "nothing is on its way: money is short by a cent"
    assert planned([], [won, placed], amount="207.00", standing=theirs, reserved=2 * FEE).short == ()


def test_a_better_one_that_moves_to_its_late_hour_has_its_money_then() -> None:
    """Its early hours are taken by one that may be won; the worse one has the money that it needs in its late ones."""
    drawing = at_the_provider("drawing.com", NOW - timedelta(hours=2), State.PROCESSING, deposit=FEE)
    better = at_the_provider("better.com", NOW + timedelta(days=4), priority=usd(9))
    worse = at_the_provider("worse.com", NOW + timedelta(hours=68), State.ACTIVE, deposit=FEE)
    made = planned([], [drawing, better, worse], amount="137.99", reserved=2 * FEE)
    assert (made.short, made.take_back) == ((better, worse), (worse,))
    best = changed(worse, priority=usd(10))
    assert planned([], [drawing, better, best], amount="137.99", reserved=2 * FEE).short == (better,)
    assert planned([], [drawing, better, worse], amount="138.00", reserved=2 * FEE).short == (worse,)
    assert planned([], [drawing, better, worse], amount="207.00", reserved=2 * FEE).short == ()


# --- The forecast --------------------------------------------------------------------------------


def test_where_all_fits_nothing_is_missing() -> None:
    told = planned([a_backorder()]).forecast
    assert (told.shortfall, told.before, told.waiting, told.names, told.undated) == (ZERO, None, 0, (), 0)
    assert told.sentence == "The account covers all that is wanted"


def test_the_forecast_says_how_much_until_when_for_whom() -> None:
    made = planned([dropping(f"{n}.com", line=n) for n in range(7)], amount="100.00")
    told = made.forecast
    assert (told.shortfall, told.currency, told.waiting) == (usd("383.00"), CURRENCY, 6)
    assert told.before == SOON - LEAD
    assert told.names == ("1.com", "2.com", "3.com", "4.com", "5.com")


def test_money_that_comes_back_in_between_need_not_be_paid_in() -> None:
    """Two a day for three days, and money for one at a time."""
    names = [dropping(f"{day}-{n}.com", SOON + 2 * day * timedelta(days=1)) for day in range(3) for n in range(2)]
    told = planned(names, amount="69.00").forecast
    assert (told.shortfall, told.waiting, told.before) == (usd("69.00"), 3, SOON - LEAD)
    assert not planned(names, amount="138.00").forecast.waiting


def test_what_is_beyond_a_limit_needs_no_money() -> None:
    names = [dropping(f"{n}.com", line=n) for n in range(7)]
    told = planned(names, amount="69.00", rules={"limits": {"per_day": 3}}).forecast
    assert (told.shortfall, told.names) == (usd("138.00"), ("1.com", "2.com"))


def days_of(plan: Plan) -> dict[int, tuple[Decimal, Decimal, Decimal]]:
    """What is drawn, needed and short on each day from today on on which anything is."""
    days = {(day.day - NOW.date()).days: (day.drawn, day.needed, day.short) for day in plan.forecast.days}
    return {ahead: amounts for ahead, amounts in days.items() if any(amounts)}


def test_the_forecast_says_what_each_day_needs_and_is_short_of_from_the_lock_on() -> None:
    """Both are held; they are sent late on the fifth day, and would need their money by the second."""
    names = [dropping(f"{n}.com", line=n) for n in range(2)]
    made = planned(names, amount="50.00")
    assert made.forecast.before == SOON - LEAD
    assert {day.capacity for day in made.forecast.days} == {usd("50.00")}
    assert days_of(made) == {ahead: (ZERO, 2 * FEE, 2 * FEE - usd(50)) for ahead in range(2, 7)}


def test_what_is_sent_late_needs_its_fee_from_then_on() -> None:
    """Money for one at a time: the second one takes what comes back of the first."""
    names = [dropping("first.com"), dropping("second.com", SOON + timedelta(days=3))]
    made = planned(names, amount="69.00")
    assert [backorder.domain for backorder, _ in made.late] == ["second.com"]
    assert set(days_of(made).values()) == {(ZERO, FEE, ZERO)}
    assert not made.forecast.waiting


def test_a_name_without_a_date_is_needed_on_no_day_unless_it_takes_the_money_of_one_that_has_one() -> None:
    undated, dated = a_backorder("undated.com", priority=usd(9)), dropping("dated.com")
    assert days_of(planned([undated], amount="0.00")) == {}
    made = planned([undated, dated], amount="0.00")
    assert {short for _, _, short in days_of(made).values()} == {ZERO, 2 * FEE}
    assert max(short for _, _, short in days_of(made).values()) == made.forecast.shortfall


def test_what_others_have_reserved_and_renewals_are_bound_and_in_the_capacity() -> None:
    standing = Standing(others=FEE, renewals={"1": FallsDue(NOW + timedelta(days=3), usd(10))})
    made = planned([], amount="100.00", reserved=FEE, standing=standing, rules={"funding": {"keep": "5.00"}})
    (first, *_, last) = made.forecast.days
    assert (first.capacity, first.drawn, first.needed, first.short) == (usd(95), FEE, FEE, ZERO)
    assert (last.drawn, last.needed) == (usd(79), usd(79))
    assert made.forecast.beside_amount == usd(-5)


@pytest.mark.parametrize("time_zone", ["UTC", "Asia/Kathmandu", "America/St_Johns", "Pacific/Auckland"])
def test_what_ends_at_the_users_midnight_needs_nothing_on_the_day_after(time_zone: str) -> None:
    zone = ZoneInfo(time_zone)
    midnight = (NOW + timedelta(days=3)).astimezone(zone).replace(hour=0, minute=0)
    back = midnight.astimezone(UTC) - timedelta(hours=24)
    under_way = [at_the_provider("john.com", NOW - timedelta(hours=1), State.PROCESSING, batch_ends_at=back)]
    made = planned([], under_way, amount="100.00", rules={"messages": {"time_zone": time_zone}})
    bound = [day.day for day in made.forecast.days if day.drawn]
    assert bound[-1] == midnight.date() - timedelta(days=1)
    assert bound[0] == NOW.astimezone(zone).date()


def test_the_forecast_is_bounded_whatever_is_wanted() -> None:
    names = [dropping(f"{n}.com", SOON + n * timedelta(hours=1), line=n) for n in range(300)]
    assert len(planned(names, amount="0.00").forecast.days) == 15
    later = [
        *names,
        dropping("later.com", NOW + timedelta(days=93)),
        dropping("farthest.com", NOW + timedelta(days=99)),
    ]
    told = planned(later, amount="0.00").forecast
    assert len(told.days) == 91
    assert len(told.names) == 5


def test_after_the_lock_paying_in_helps_until_two_ticks_before_the_deadline() -> None:
    locked = dropping("a.com", NOW + LEAD)
    later = dropping("jane.com", NOW + timedelta(days=30))
    told = planned([locked, later], amount="0.00").forecast
    assert locked.schedule.deadline is not None
    assert told.before == locked.schedule.deadline - timedelta(minutes=10)


def test_a_name_without_a_date_asks_for_nothing_yet() -> None:
    """It is not locked before its date is known, and 10,000 of them are no reason to pay in before Thursday."""
    told = planned([a_backorder("a.com"), a_backorder("b.com")], amount="100.00").forecast
    assert (told.shortfall, told.waiting, told.before) == (ZERO, 0, None)
    assert (told.undated, told.undated_shortfall, told.names) == (1, usd("38.00"), ("b.com",))


def test_one_that_goes_before_a_name_with_a_date_asks_for_its_money_too() -> None:
    dated = dropping("dated.com", priority=usd(5))
    better, worse = a_backorder("better.com", priority=usd(9)), a_backorder("worse.com", priority=usd(1))
    told = planned([dated, better, worse], amount="0.00").forecast
    assert (told.shortfall, told.waiting, told.names) == (usd("138.00"), 1, ("dated.com",))
    assert (told.undated, told.undated_shortfall) == (2, usd("69.00"))


def test_one_at_the_provider_without_a_date_gives_way_to_those_with_one() -> None:
    standing = a_placed_backorder("standing.com", priority=usd(1))
    made = planned([dropping("dated.com", priority=usd(5))], [standing], amount="100.00")
    assert made.take_back == (standing,)
    told = made.forecast
    assert (told.shortfall, told.waiting, told.undated, told.undated_shortfall) == (ZERO, 0, 1, usd("38.00"))


def test_one_that_cannot_be_taken_back_asks_though_it_has_no_date() -> None:
    standing = changed(a_placed_backorder("standing.com"), origin=Origin.FOREIGN)
    told = planned([], [standing], amount="40.00").forecast
    assert (told.shortfall, told.waiting, told.before) == (usd("29.00"), 1, None)


def test_names_without_a_date_never_ask_for_more_than_may_be_spent() -> None:
    names = [a_backorder(f"{n}.com", line=n) for n in range(100)]
    for limit in ("spend_per_day", "spend_per_month"):
        told = planned(names, amount="0.00", rules={"limits": {limit: "700.00"}}).forecast
        assert (told.undated, told.undated_shortfall) == (10, usd("690.00"))


def test_what_is_overdrawn_has_to_be_paid_in_too() -> None:
    under_way = [a_placed_backorder("jane.com", State.PROCESSING, deposit=usd(100))]
    assert planned([dropping("john.com")], under_way, amount="40.00").forecast.shortfall == usd("129.00")


@pytest.mark.parametrize(
    ("rules", "credit", "hint"),
    [({}, "5000.00", True), ({"funding": {"use_credit": True}}, "5.00", False), ({}, "0.00", False)],
)
def test_a_credit_line_that_the_rules_leave_alone_is_named_where_money_is_short(
    rules: Mapping[str, Any], credit: str, *, hint: bool
) -> None:
    told = planned([dropping("john.com")], amount="40.00", credit=credit, rules=rules).forecast
    assert told.waiting == 1
    assert ("a credit line of 5,000.00 USD that rules.toml leaves alone" in told.sentence) is hint


def test_the_amount_to_pay_in_is_in_whole_cents_and_enough() -> None:
    told = planned([dropping("john.com")], amount="0.00", rules={"fees": {"com": "69.0010"}}).forecast
    assert told.shortfall == usd("69.01")
    assert "Pay in 69.01 USD" in told.sentence


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "Pay in 414.00 USD before 26 November 2026 16:00 UTC, or 1 backorder waits: john.com"),
        (
            {"before": None, "waiting": 2, "names": ("john.com", "jane.com")},
            "Pay in 414.00 USD soon (no drop date is known yet), or 2 backorders wait: john.com, jane.com",
        ),
        (
            {"waiting": 6, "names": ("a.com", "b.com", "c.com", "d.com", "e.com"), "shortfall": usd(7)},
            (
                "Pay in 7.00 USD before 26 November 2026 16:00 UTC, or 6 backorders wait: "
                "a.com, b.com, c.com, d.com, e.com and 1 more"
            ),
        ),
        (
            {"before": datetime(2026, 12, 1, 9, 5, tzinfo=UTC), "currency": "EUR"},
            "Pay in 414.00 EUR before 1 December 2026 09:05 UTC, or 1 backorder waits: john.com",
        ),
        (
            {"waiting": 1200, "shortfall": usd(82800)},
            "Pay in 82,800.00 USD before 26 November 2026 16:00 UTC, or 1,200 backorders wait: john.com and 1,199 more",
        ),
        (
            {"undated": 40, "undated_shortfall": usd(2760)},
            (
                "Pay in 414.00 USD before 26 November 2026 16:00 UTC, or 1 backorder waits: john.com; "
                "without a drop date, 40 more wait for 2,760.00 USD"
            ),
        ),
        (
            {"undated": 1, "undated_shortfall": usd(69), "waiting": 0},
            "The account covers all that has a drop date; without one, 1 waits for 69.00 USD more: john.com",
        ),
        (
            {"unused_credit": usd(5000)},
            (
                "Pay in 414.00 USD before 26 November 2026 16:00 UTC, or 1 backorder waits: john.com; the account has "
                "a credit line of 5,000.00 USD that rules.toml leaves alone ([funding] use_credit)"
            ),
        ),
        ({"unused_credit": usd(5000), "waiting": 0, "shortfall": ZERO}, "The account covers all that is wanted"),
        (
            {"unused_credit": usd(5000), "shortfall": ZERO},
            "Pay in 0.00 USD before 26 November 2026 16:00 UTC, or 1 backorder waits: john.com",
        ),
        (
            {"time_zone": "Europe/Berlin"},
            "Pay in 414.00 USD before 26 November 2026 16:00 UTC (17:00 Europe/Berlin), or 1 backorder waits: john.com",
        ),
        (
            {"time_zone": "Asia/Tokyo"},
            (
                "Pay in 414.00 USD before 26 November 2026 16:00 UTC (27 November 01:00 Asia/Tokyo), "
                "or 1 backorder waits: john.com"
            ),
        ),
    ],
)
def test_the_forecast_is_one_sentence(changes: dict[str, Any], sentence: str) -> None:
    assert a_forecast(**changes).sentence == sentence


# --- Missed --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "reason", "why"),
    [
        (State.SELECTED, None, Reason.LATE),
        (State.QUEUED, None, Reason.LATE),
        (State.SELECTED, Reason.UNANSWERED, Reason.UNANSWERED),
        (State.SELECTED, Reason.REFUSED, Reason.REFUSED),
        (State.HELD, Reason.UNFUNDED, Reason.UNFUNDED),
        (State.HELD, Reason.TOO_DEAR, Reason.TOO_DEAR),
        (State.HELD, None, Reason.UNFUNDED),
    ],
)
def test_who_has_lost_the_last_chance_knows_why(state: State, reason: Reason | None, why: Reason) -> None:
    backorder = a_backorder(state=state, reason=reason, last_chance=NOW)
    for late in (timedelta(0), timedelta(microseconds=1), timedelta(days=3)):
        assert chance_gone(backorder, NOW + late) is why
    assert chance_gone(backorder, NOW - timedelta(microseconds=1)) is None


def test_who_has_no_date_has_a_chance_always() -> None:
    assert chance_gone(a_backorder(state=State.HELD), NOW + timedelta(days=3650)) is None


# --- Properties ----------------------------------------------------------------------------------

ZONES = {"com": "59.00", "net": "69.00", "io": "120.50", "de": "0.00"}
cents = st.integers(0, 100_000).map(lambda n: Decimal(n) / 100)
drops = st.none() | st.integers(-1, 150).map(lambda hours: NOW + timedelta(hours=2 * hours))


@st.composite
def backorders(draw: st.DrawFn, prefix: str, states: Sequence[State]) -> list[Backorder]:
    made = []
    for n in range(draw(st.integers(0, 12))):
        domain = f"{prefix}{n}.{draw(st.sampled_from(sorted(ZONES)))}"
        drop = draw(drops)
        # Few values, so that ties are common.
        changes: dict[str, Any] = {
            "state": draw(st.sampled_from(states)),
            "source": draw(st.sampled_from(Source)),
            "priority": Decimal(draw(st.integers(0, 2))),
            "max_price": draw(st.none() | st.just(usd(60))),
            "line": draw(st.integers(1, 2)),
        }
        made.append(dropping(domain, drop, **changes) if drop else a_backorder(domain, **changes))
    return made


waiting = backorders("w", [State.SELECTED, State.HELD, State.QUEUED])


@st.composite
def drawing(draw: st.DrawFn) -> list[Backorder]:
    often = [State.REQUESTED] * 6 + [State.ACTIVE] * 4
    states = [State.QUEUED, State.SUBMITTING, State.PROCESSING, State.AUCTION_PENDING, *often, *sorted(FINAL)]
    made = []
    for backorder in draw(backorders("u", states)):
        if backorder.state is State.QUEUED:
            made.append(backorder)
            continue
        may_be_reserved = backorder.state not in (State.REQUESTED, State.SUBMITTING)
        made.append(
            changed(
                backorder,
                deposit=draw(st.none() | cents) if may_be_reserved else None,
                application=f"app-{backorder.domain}",
                submitted_at=NOW - timedelta(days=1),
                origin=draw(st.sampled_from([Origin.OURS, Origin.OURS, Origin.FOREIGN])),
            )
        )
    return made


@st.composite
def rule_sets(draw: st.DrawFn, *, limits: bool = True) -> dict[str, Any]:
    rules: dict[str, Any] = {
        "fees": ZONES,
        "funding": {
            "keep": str(draw(st.just(ZERO) | cents)),
            "use_credit": draw(st.booleans()),
            "reuse_refunds": draw(st.sampled_from([True, True, False])),
            "take_back": draw(st.sampled_from([True, True, False])),
        },
    }
    if limits and draw(st.booleans()):
        few = st.integers(0, 4)
        rules["limits"] = {
            name: draw(values)
            for name, values in {
                "per_day": few,
                "per_zone": st.fixed_dictionaries({"com": few}),
                "spend_per_day": cents.map(str),
                "spend_per_month": cents.map(str),
            }.items()
            if draw(st.booleans())
        }
    return rules


standings = st.builds(
    Standing,
    last_deposits=st.dictionaries(st.sampled_from(sorted(ZONES)), cents),
    others=st.just(ZERO) | cents,
    spent=st.dictionaries(st.sampled_from([SOON.date(), NOW.date(), date(2026, 12, 1)]), cents),
    release_lag=st.none() | st.just(timedelta(hours=1)),
)


def fee(backorder: Backorder, standing: Standing) -> Decimal:
    """What an order is expected to draw, told once more."""
    return max(Decimal(ZONES[zone_of(backorder.domain)]), standing.last_deposits.get(zone_of(backorder.domain), ZERO))


def draws(backorder: Backorder, standing: Standing) -> Decimal:
    if backorder.deposit.amount is not None:
        return backorder.deposit.amount
    return ZERO if backorder.state in FINAL - WON else fee(backorder, standing)


def windows_of(rules: dict[str, Any], standing: Standing) -> Windows:
    funding = Rules.model_validate(rules).funding
    late_by = timedelta(minutes=funding.late_minutes)
    return Windows(NOW, ReservationTerms(LEAD, standing.release_lag), late_by, funding.reuse_refunds, funding.take_back)


Bound = list[tuple[ReservationWindow, Decimal]]


def bound_at(moment: datetime, bound: Bound) -> Decimal:
    return sum((a for w, a in bound if w.start <= moment and (w.end is None or moment < w.end)), ZERO)


def most_bound(window: ReservationWindow, bound: Bound) -> Decimal:
    """The most that is bound at any moment of `window`: where it begins, or where another one does."""
    moments = [window.start, *(other.start for other, _ in bound)]
    return max(
        bound_at(moment, bound)
        for moment in moments
        if moment >= window.start and (window.end is None or moment < window.end)
    )


def lasts(window: ReservationWindow) -> bool:
    return window.end is None or window.start < window.end


@dataclass(frozen=True)
class Case:
    """One account, and what is wanted of it."""

    waiting: list[Backorder]
    under_way: list[Backorder]
    amount: Decimal
    credit: Decimal
    rules: dict[str, Any]
    standing: Standing
    reserved_since: Decimal = ZERO
    """For others, since the last reconciliation."""

    def planned(self, more: Decimal = ZERO) -> Plan:
        amount = self.amount + more
        return planned(
            self.waiting,
            self.under_way,
            amount=amount,
            credit=self.credit,
            rules=self.rules,
            standing=self.standing,
            reserved=self.reserved,
        )

    @property
    def reserved(self) -> Decimal:
        ours = sum((b.deposit.amount or Decimal(0) for b in self.under_way), ZERO)
        return ours + self.standing.others + self.reserved_since

    @property
    def capacity(self) -> Decimal:
        funding = Rules.model_validate(self.rules).funding
        return self.amount - funding.keep + (self.credit if funding.use_credit else ZERO) - self.standing.others

    @property
    def windows(self) -> Windows:
        return windows_of(self.rules, self.standing)

    def fee(self, backorder: Backorder) -> Decimal:
        return fee(backorder, self.standing)

    def draws(self, backorder: Backorder) -> Decimal:
        return draws(backorder, self.standing)


def cases(*, limits: bool = True) -> st.SearchStrategy[Case]:
    return st.builds(Case, waiting, drawing(), cents, cents, rule_sets(limits=limits), standings)


@given(cases())
def test_what_is_sent_fits_at_every_moment_beside_all_that_is_at_the_provider(case: Case) -> None:
    made = case.planned()
    assert made.capacity == case.capacity
    sent = [
        (case.windows.if_ordered(backorder, case.fee(backorder))[0], case.fee(backorder)) for backorder in made.order
    ]
    bound = [*sent, *((case.windows.under_way(b, case.draws(b)), case.draws(b)) for b in case.under_way)]
    for window, amount in sent:
        assert not lasts(window) or not amount or most_bound(window, bound) <= case.capacity


def of_others(since: str) -> Case:
    """Two names of ours at the provider, neither locked, and money for one more, less what others had reserved since
    the last reconciliation."""
    unlocked = [at_the_provider(f"{name}.com") for name in "ab"]
    known = Standing(others=usd("10.00"))
    return Case([a_backorder("c.com")], unlocked, usd("187.00"), ZERO, {"fees": ZONES}, known, usd(since))


@settings(max_examples=50)
@given(cases(), cents)
@example(of_others("0.00"), ZERO)
@example(of_others("0.01"), ZERO)
@example(of_others("59.00"), ZERO)
def test_what_is_sent_leaves_to_others_what_they_had_reserved_since_the_last_reconciliation(
    case: Case, since: Decimal
) -> None:
    """As far as it is certain that it is theirs: a deposit that is new may be that of an order of ours in its lock."""
    case = replace(case, reserved_since=case.reserved_since or since)
    windows = case.windows
    may_be_reserved = [
        b for b in case.under_way if b.deposit.amount is None and windows.under_way(b, case.draws(b)).start < NOW + STEP
    ]
    theirs = case.reserved_since - sum(map(case.draws, may_be_reserved), ZERO)
    made = case.planned()
    sent = [(windows.if_ordered(backorder, case.fee(backorder))[0], case.fee(backorder)) for backorder in made.order]
    bound = [*sent, *((windows.under_way(b, case.draws(b)), case.draws(b)) for b in case.under_way)]
    for window, amount in sent:
        assert not lasts(window) or not amount or most_bound(window, bound) <= case.capacity - max(ZERO, theirs)


@given(cases())
def test_what_is_kept_sent_and_planned_fits_at_every_moment_once_the_rest_is_gone(case: Case) -> None:
    made = case.planned()
    windows = case.windows
    stays = [b for b in case.under_way if b not in made.short]
    bound = [(windows.under_way(b, case.draws(b)), case.draws(b)) for b in stays]
    bound += [(windows.taken_back(b), case.draws(b)) for b in made.short]
    planned = [(windows.if_ordered(b, case.fee(b))[0], case.fee(b)) for b in (*made.order, *made.blocked)]
    planned += [(windows.if_ordered(b, case.fee(b))[1], case.fee(b)) for b, _ in made.late]
    for window, amount in planned:
        assert not lasts(window) or not amount or most_bound(window, [*bound, *planned]) <= case.capacity


@given(cases())
def test_each_one_is_sent_now_or_late_or_waits_in_order_of_rank(case: Case) -> None:
    made = case.planned()
    late, waits = [b for b, _ in made.late], [b for b, _ in made.hold]
    assert sorted([*made.order, *late, *waits, *made.blocked], key=rank) == sorted(case.waiting, key=rank)
    for some in (list(made.order), late, waits, list(made.blocked), list(made.short), list(made.take_back)):
        assert some == sorted(some, key=rank)
    assert set(made.take_back) <= set(made.short) <= set(case.under_way)
    assert all(NOW < at < (b.schedule.deadline or NOW) for b, at in made.late)


@given(cases())
def test_none_is_left_out_that_would_have_fit_in_its_turn(case: Case) -> None:
    made = case.planned()
    windows = case.windows
    chosen = [*made.order, *made.blocked, *(b for b, _ in made.late)]
    for backorder, reason in made.hold:
        better = [other for other in chosen if rank(other) < rank(backorder)]
        if reason is Reason.TOO_DEAR:
            assert backorder.wish.max_price is not None
            assert case.fee(backorder) > backorder.wish.max_price
        elif reason is Reason.LIMIT:
            assert over_a_limit(backorder, [*better, *case.under_way], case.rules["limits"], case.standing)
        else:
            # Those placed count as they are: one that is better, and short, may come back late.
            bound = [(windows.if_ordered(b, case.fee(b))[1], case.fee(b)) for b in better]
            bound += [(windows.under_way(b, case.draws(b)), case.draws(b)) for b in case.under_way]
            window = windows.if_ordered(backorder, case.fee(backorder))[1]
            on_ticks = replace(window, start=floor(window.start), end=window.end and ceiling(window.end))
            wide = [(replace(w, start=floor(w.start), end=w.end and ceiling(w.end)), a) for w, a in bound if lasts(w)]
            assert lasts(window)
            assert most_bound(on_ticks, wide) + case.fee(backorder) > case.capacity


def floor(moment: datetime) -> datetime:
    return max(NOW, NOW + (moment - NOW) // STEP * STEP)


def ceiling(moment: datetime) -> datetime:
    return NOW - (NOW - moment) // STEP * STEP


@given(cases())
def test_what_is_sent_early_fits_even_if_every_order_were_won(case: Case) -> None:
    made = case.planned()
    windows = case.windows
    chosen = sorted([*made.order, *made.blocked, *(b for b, _ in made.late)], key=rank)
    drawn = sum(map(case.draws, (b for b in case.under_way if b not in made.short)), ZERO)
    for backorder in chosen:
        drawn += case.fee(backorder)
        if backorder in made.order and windows.send_at(backorder) is not None:
            assert drawn <= case.capacity


@given(cases())
def test_no_limit_is_exceeded(case: Case) -> None:
    made = replace(case, amount=usd(1_000_000)).planned()
    assert made.late == ()
    for n, backorder in enumerate(made.order):
        others = [*made.order[:n], *case.under_way]
        assert not over_a_limit(backorder, others, case.rules.get("limits", {}), case.standing)


def over_a_limit(
    backorder: Backorder, others: Iterable[Backorder], limits: Mapping[str, Any], standing: Standing
) -> bool:
    """Whether one more name is one too many beside the others: told once more, by adding up."""
    if backorder.schedule.batch_starts_at is None:
        undated = [o for o in others if o.schedule.batch_starts_at is None and o.state not in FINAL - WON]
        cost = fee(backorder, standing) + sum((draws(o, standing) for o in undated), ZERO)
        return any(cost > Decimal(limits.get(name, "Infinity")) for name in ("spend_per_day", "spend_per_month"))
    day = backorder.schedule.batch_starts_at.date()
    dated = [o for o in others if o.schedule.batch_starts_at is not None and o.state not in FINAL - WON]
    that_day = [o for o in dated if o.schedule.batch_starts_at and o.schedule.batch_starts_at.date() == day]
    that_month = [
        o
        for o in dated
        if o.schedule.batch_starts_at and o.schedule.batch_starts_at.date().replace(day=1) == day.replace(day=1)
    ]
    spent = [(on, amount) for on, amount in standing.spent.items() if (on.year, on.month) == (day.year, day.month)]
    cost = fee(backorder, standing)
    in_zone = [o for o in that_day if o.zone == backorder.zone]
    by_day = cost + sum((draws(o, standing) for o in that_day), ZERO) + standing.spent.get(day, ZERO)
    by_month = cost + sum((draws(o, standing) for o in that_month), ZERO) + sum((a for _, a in spent), ZERO)
    return any(
        (
            len(that_day) + 1 > limits.get("per_day", 1000),
            len(in_zone) + 1 > limits.get("per_zone", {}).get(backorder.zone, 1000),
            by_day > Decimal(limits.get("spend_per_day", "Infinity")),
            by_month > Decimal(limits.get("spend_per_month", "Infinity")),
        )
    )


@given(st.data(), cases())
def test_the_order_of_the_input_does_not_matter(data: st.DataObject, case: Case) -> None:
    shuffled = replace(
        case,
        waiting=data.draw(st.permutations(case.waiting)),
        under_way=data.draw(st.permutations(case.under_way)),
    )
    assert shuffled.planned() == case.planned()


@given(cases(), cents)
def test_more_money_never_gives_a_worse_set(case: Case, more: Decimal) -> None:
    """Compared name by name in order of rank: where the two first differ, the one with more money has the name.

    A name is in if it stays at the provider, is sent, or has its money when it is sent late.
    """
    in_order = sorted([*case.waiting, *case.under_way], key=rank)
    poor, rich = case.planned(), case.planned(more)
    assert [b in chosen_by(rich, case) for b in in_order] >= [b in chosen_by(poor, case) for b in in_order]


def chosen_by(made: Plan, case: Case) -> list[Backorder]:
    stays = [backorder for backorder in case.under_way if backorder not in made.short]
    return [*stays, *made.order, *made.blocked, *(backorder for backorder, _ in made.late)]


def waits(made: Plan, *, dated: bool) -> list[Backorder]:
    """For want of funds: held, or to be taken back."""
    unfunded = [*(backorder for backorder, reason in made.hold if reason is Reason.UNFUNDED), *made.short]
    return [backorder for backorder in unfunded if (backorder.schedule.finalization_at is not None) is dated]


@given(cases())
def test_paying_in_what_the_forecast_says_leaves_nobody_with_a_date_unfunded(case: Case) -> None:
    made = case.planned()
    told = made.forecast
    if not told.waiting:
        assert (waits(made, dated=True), told.shortfall) == ([], ZERO)
        return
    assert told.shortfall > 0
    paid = case.planned(told.shortfall)
    assert waits(paid, dated=True) == []
    assert (paid.forecast.waiting, paid.forecast.shortfall) == (0, ZERO)


@given(cases())
def test_paying_in_for_those_without_a_date_leaves_nobody_unfunded(case: Case) -> None:
    told = case.planned().forecast
    if told.undated:
        paid = case.planned(told.shortfall + told.undated_shortfall)
        assert waits(paid, dated=True) + waits(paid, dated=False) == []
        assert (paid.forecast.waiting, paid.forecast.undated, paid.short) == (0, 0, ())


@given(cases())
def test_the_forecast_counts_whoever_waits(case: Case) -> None:
    made = case.planned()
    if case.rules.get("limits") is None:
        assert made.forecast.undated == len(waits(made, dated=False))
    assert made.forecast.undated <= len(waits(made, dated=False))


@given(cases())
def test_a_cent_less_than_the_forecast_says_is_too_little(case: Case) -> None:
    with_dates = replace(case, waiting=dated(case.waiting), under_way=dated(case.under_way))
    made = with_dates.planned()
    if made.forecast.waiting:
        assert with_dates.planned(made.forecast.shortfall - usd("0.01")).forecast.waiting


@given(cases())
def test_names_without_a_date_add_no_more_than_the_fees_of_those_that_go_first(case: Case) -> None:
    case = replace(case, under_way=[])
    with_dates = replace(case, waiting=dated(case.waiting))
    last = max(map(rank, with_dates.waiting), default=None)
    first = [b for b in case.waiting if b.schedule.finalization_at is None and last is not None and rank(b) < last]
    if asked := with_dates.planned().forecast.shortfall:
        assert case.planned().forecast.shortfall <= asked + sum(map(case.fee, first), ZERO)


def dated(backorders: Iterable[Backorder]) -> list[Backorder]:
    return [backorder for backorder in backorders if backorder.schedule.finalization_at is not None]
