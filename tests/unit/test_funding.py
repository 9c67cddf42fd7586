"""The funding guard: what the account covers, who goes first, and how much is missing for the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorder.model import FINAL, WON, Backorder, Reason, Source, State
from backorder.money import ZERO
from backorder.rules import Rules
from backorder.standing import Lock, Standing
from planning.fees import Fees
from planning.funding import Funds, Plan, chance_gone, lock_of, plan, rank
from tests.factories import (
    CURRENCY,
    FEE,
    NOW,
    a_backorder,
    a_dated_backorder,
    a_forecast,
    a_placed_backorder,
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
) -> Plan:
    known = standing or Standing()
    return plan(
        candidates,
        under_way,
        funds=Funds(Decimal(amount), Decimal(credit), CURRENCY, known),
        fees=Fees(Rules.model_validate(rules or {}), known.last_deposits),
        now=NOW,
        lock_lead=LEAD,
    )


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
    placed = replace(dropping("jane.com"), state=State.ACTIVE, application="app-1")
    lost = replace(placed, state=State.FAILED)
    assert held(planned([dropping("a.com")], [placed], rules=rules)) == [("a.com", Reason.LIMIT)]
    assert ordered(planned([dropping("a.com")], [lost], rules=rules)) == ["a.com"]


def test_a_name_without_a_date_counts_against_no_limit() -> None:
    made = planned([a_backorder("a.com"), a_backorder("b.com")], rules={"limits": {"per_day": 0, "spend_per_day": 0}})
    assert ordered(made) == ["a.com", "b.com"]


def test_one_that_no_money_was_left_for_counts_against_no_limit() -> None:
    names = [dropping("a.io", priority=usd(9)), dropping("b.com")]
    made = planned(names, amount="100.00", rules={"fees": {"io": "101.00"}, "limits": {"per_day": 1}})
    assert ordered(made) == ["b.com"]


# --- The forecast --------------------------------------------------------------------------------


def test_where_all_fits_nothing_is_missing() -> None:
    told = planned([a_backorder()]).forecast
    assert (told.shortfall, told.before, told.waiting, told.names) == (ZERO, None, 0, ())
    assert told.sentence == "The account covers all that is wanted"


def test_the_forecast_says_how_much_until_when_for_whom() -> None:
    names = [a_dated_backorder(f"{n}.com", finalization_at=SOON + timedelta(days=n)) for n in range(7)]
    made = planned(names, amount="100.00")
    told = made.forecast
    assert (told.shortfall, told.currency, told.waiting) == (usd("383.00"), CURRENCY, 6)
    assert told.before == SOON + timedelta(days=1) - LEAD
    assert told.names == ("1.com", "2.com", "3.com", "4.com", "5.com")


def test_the_forecast_says_what_each_lock_needs() -> None:
    locks = [SOON - LEAD + timedelta(days=n) for n in range(3)]
    names = [a_dated_backorder(f"{n}.com", finalization_at=lock + LEAD) for n, lock in enumerate(locks)]
    names.append(a_dated_backorder("2b.com", finalization_at=locks[2] + LEAD + timedelta(minutes=5), line=2))
    under_way = [a_placed_backorder("undated.com")]
    assert planned(names, under_way, amount="138.00").forecast.locks == (
        Lock(locks[0], needed=usd(138), capacity=usd(138), waiting=0, names=()),
        Lock(locks[1], needed=usd(207), capacity=usd(138), waiting=1, names=("1.com",)),
        Lock(locks[2], needed=usd(345), capacity=usd(138), waiting=2, names=("2.com", "2b.com")),
    )
    assert [lock.shortfall for lock in planned(names, under_way, amount="138.00").forecast.locks] == [0, 69, 207]


def test_after_the_lock_paying_in_helps_until_the_last_chance() -> None:
    locked = a_dated_backorder(finalization_at=NOW + LEAD)
    later = a_dated_backorder("jane.com", finalization_at=NOW + timedelta(days=30))
    made = planned([locked, later], amount="0.00")
    assert made.forecast.before == locked.last_chance


def test_the_lock_of_a_name_whose_finalization_is_estimated_comes_before_its_batch() -> None:
    drop_at = NOW + timedelta(days=5)
    assert lock_of(a_backorder(batch_starts_at=drop_at), LEAD) == drop_at - timedelta(hours=3) - LEAD
    assert lock_of(a_dated_backorder(finalization_at=SOON, drop_at=None), LEAD) == SOON - LEAD
    assert lock_of(a_backorder(), LEAD) is None


def test_a_shortfall_without_any_date_has_no_moment() -> None:
    made = planned([a_backorder()], amount="0.00")
    assert made.forecast.before is None


def test_what_is_overdrawn_has_to_be_paid_in_too() -> None:
    under_way = [a_placed_backorder("jane.com", State.ACTIVE, deposit=usd(100))]
    made = planned([a_backorder()], under_way, amount="40.00")
    assert made.forecast.shortfall == usd("129.00")


def test_the_amount_to_pay_in_is_in_whole_cents_and_enough() -> None:
    rules = {"fees": {"com": "69.0010"}}
    made = planned([a_backorder()], amount="0.00", rules=rules)
    assert made.forecast.shortfall == usd("69.01")
    assert "Pay in 69.01 USD" in made.forecast.sentence


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
    assert chance_gone(backorder, NOW) is why
    assert chance_gone(backorder, NOW - timedelta(microseconds=1)) is None


def test_who_has_no_date_has_a_chance_always() -> None:
    assert chance_gone(a_backorder(state=State.HELD), NOW + timedelta(days=3650)) is None


# --- Properties ----------------------------------------------------------------------------------

ZONES = {"com": "59.00", "net": "69.00", "io": "120.50", "de": "0.00"}
cents = st.integers(0, 100_000).map(lambda n: Decimal(n) / 100)
drops = st.none() | st.integers(-1, 3).map(lambda days: SOON + timedelta(days=days))


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
    states = [State.QUEUED, State.SUBMITTING, State.REQUESTED, State.ACTIVE, State.PROCESSING, *sorted(FINAL)]
    return [
        replace(backorder, deposit=draw(st.none() | cents)) if not backorder.state.is_waiting else backorder
        for backorder in draw(backorders("u", states))
    ]


@st.composite
def rule_sets(draw: st.DrawFn, *, limits: bool = True) -> dict[str, Any]:
    rules: dict[str, Any] = {
        "fees": ZONES,
        "funding": {"keep": str(draw(st.just(ZERO) | cents)), "use_credit": draw(st.booleans())},
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
)


def fee(backorder: Backorder, standing: Standing) -> Decimal:
    """What an order is expected to draw, told once more."""
    return max(Decimal(ZONES[zone_of(backorder.domain)]), standing.last_deposits.get(zone_of(backorder.domain), ZERO))


def draws(backorder: Backorder, standing: Standing) -> Decimal:
    if backorder.deposit is not None:
        return backorder.deposit
    return ZERO if backorder.state in FINAL - WON else fee(backorder, standing)


@given(waiting, drawing(), cents, cents, rule_sets(), standings)
def test_orders_never_draw_more_than_the_account_covers(
    candidates: list[Backorder],
    under_way: list[Backorder],
    amount: Decimal,
    credit: Decimal,
    rules: dict[str, Any],
    standing: Standing,
) -> None:
    made = planned(candidates, under_way, amount=amount, credit=credit, rules=rules, standing=standing)

    before = sum((draws(backorder, standing) for backorder in under_way), ZERO)
    added = sum((fee(backorder, standing) for backorder in made.order), ZERO)
    covers = amount - Decimal(rules["funding"]["keep"]) - standing.others
    covers += credit if rules["funding"]["use_credit"] else ZERO
    assert (made.capacity, made.drawn) == (covers, before + added)
    assert made.drawn <= covers or not made.order


@given(waiting, drawing(), cents, rule_sets(), standings)
def test_each_candidate_is_ordered_or_waits_in_order_of_rank(
    candidates: list[Backorder], under_way: list[Backorder], amount: Decimal, rules: dict[str, Any], standing: Standing
) -> None:
    made = planned(candidates, under_way, amount=amount, rules=rules, standing=standing)
    waits = [backorder for backorder, _ in made.hold]
    assert sorted([*made.order, *waits], key=rank) == sorted(candidates, key=rank)
    assert list(made.order) == sorted(made.order, key=rank)
    assert waits == sorted(waits, key=rank)


@given(waiting, drawing(), cents, rule_sets(), standings)
def test_none_is_left_out_that_would_have_fit_in_its_turn(
    candidates: list[Backorder], under_way: list[Backorder], amount: Decimal, rules: dict[str, Any], standing: Standing
) -> None:
    made = planned(candidates, under_way, amount=amount, rules=rules, standing=standing)
    for backorder, reason in made.hold:
        better = [other for other in made.order if rank(other) < rank(backorder)]
        left = made.capacity - sum((draws(other, standing) for other in under_way), ZERO)
        left -= sum((fee(other, standing) for other in better), ZERO)
        cost = fee(backorder, standing)
        if reason is Reason.UNFUNDED:
            assert cost > left
        elif reason is Reason.TOO_DEAR:
            assert backorder.max_price is not None
            assert cost > backorder.max_price
        else:
            assert reason is Reason.LIMIT
            assert over_a_limit(backorder, [*better, *under_way], rules["limits"], standing)


@given(waiting, drawing(), rule_sets(), standings)
def test_no_limit_is_exceeded(
    candidates: list[Backorder], under_way: list[Backorder], rules: dict[str, Any], standing: Standing
) -> None:
    made = planned(candidates, under_way, amount="1000000.00", rules=rules, standing=standing)
    for n, backorder in enumerate(made.order):
        others = [*made.order[:n], *under_way]
        assert not over_a_limit(backorder, others, rules.get("limits", {}), standing)


def over_a_limit(
    backorder: Backorder, others: Iterable[Backorder], limits: Mapping[str, Any], standing: Standing
) -> bool:
    """Whether one more name is one too many beside the others: told once more, by adding up."""
    if backorder.batch_starts_at is None:
        return False
    day = backorder.batch_starts_at.date()
    dated = [o for o in others if o.batch_starts_at is not None and o.state not in FINAL - WON]
    that_day = [o for o in dated if o.batch_starts_at and o.batch_starts_at.date() == day]
    that_month = [
        o for o in dated if o.batch_starts_at and o.batch_starts_at.date().replace(day=1) == day.replace(day=1)
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


@given(st.data(), waiting, drawing(), cents, rule_sets(), standings)
def test_the_order_of_the_input_does_not_matter(
    data: st.DataObject,
    candidates: list[Backorder],
    under_way: list[Backorder],
    amount: Decimal,
    rules: dict[str, Any],
    standing: Standing,
) -> None:
    shuffled = data.draw(st.permutations(candidates)), data.draw(st.permutations(under_way))
    made = planned(candidates, under_way, amount=amount, rules=rules, standing=standing)
    assert planned(*shuffled, amount=amount, rules=rules, standing=standing) == made


@given(waiting, drawing(), cents, cents, rule_sets(), standings)
def test_more_money_never_gives_a_worse_set(
    candidates: list[Backorder],
    under_way: list[Backorder],
    amount: Decimal,
    more: Decimal,
    rules: dict[str, Any],
    standing: Standing,
) -> None:
    """Compared name by name in order of rank: where the two first differ, the one with more money has the name."""
    poor = planned(candidates, under_way, amount=amount, rules=rules, standing=standing)
    rich = planned(candidates, under_way, amount=amount + more, rules=rules, standing=standing)
    in_order = sorted(candidates, key=rank)
    assert [b in rich.order for b in in_order] >= [b in poor.order for b in in_order]


@given(waiting, drawing(), cents, rule_sets(), standings)
def test_paying_in_what_the_forecast_says_leaves_nobody_unfunded(
    candidates: list[Backorder], under_way: list[Backorder], amount: Decimal, rules: dict[str, Any], standing: Standing
) -> None:
    made = planned(candidates, under_way, amount=amount, rules=rules, standing=standing)
    unfunded = [backorder for backorder, reason in made.hold if reason is Reason.UNFUNDED]
    if not made.forecast.waiting:
        assert not unfunded
        return
    assert (made.forecast.waiting, made.forecast.names) == (
        len(unfunded),
        tuple(backorder.domain for backorder in unfunded[:5]),
    )
    paid = planned(candidates, under_way, amount=amount + made.forecast.shortfall, rules=rules, standing=standing)
    assert Reason.UNFUNDED not in {reason for _, reason in paid.hold}
    assert (paid.forecast.waiting, paid.forecast.shortfall) == (0, ZERO)


@given(waiting, drawing(), cents, rule_sets(limits=False), standings)
def test_a_cent_less_than_the_forecast_says_is_too_little(
    candidates: list[Backorder], under_way: list[Backorder], amount: Decimal, rules: dict[str, Any], standing: Standing
) -> None:
    made = planned(candidates, under_way, amount=amount, rules=rules, standing=standing)
    if made.forecast.waiting:
        nearly = amount + made.forecast.shortfall - usd("0.01")
        assert planned(candidates, under_way, amount=nearly, rules=rules, standing=standing).forecast.waiting
