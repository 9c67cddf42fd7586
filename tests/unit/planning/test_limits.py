"""`[limits]`: how many names, and how much money, by the day and the month (UTC) on which names drop."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backorder.documents.account_outlook import Standing
from backorder.domain.backorder import Backorder
from backorder.domain.money import ZERO
from backorder.domain.states import State
from backorder.rules import Rules
from planning.funding.fees import Fees
from planning.funding.limits import Counted
from tests.factories import FEE, a_backorder, a_placed_backorder, changed, usd

CENT = usd("0.01")


def on(day: date, domain: str = "john.com", **changes: Any) -> Backorder:
    """One that drops that day."""
    return a_backorder(domain, batch_starts_at=datetime(day.year, day.month, day.day, 15, tzinfo=UTC), **changes)


def counted(
    limits: Mapping[str, Any],
    *ordered: Backorder,
    spent: Mapping[date, Decimal] | None = None,
    under_way: Iterable[Backorder] = (),
) -> Counted:
    rules = Rules.model_validate({"limits": limits})
    known = Counted(rules.limits, Fees(rules, Standing()), spent or {}, under_way)
    for backorder in ordered:
        known.count(backorder)
    return known


def november(*days: int) -> list[date]:
    return [date(2026, 11, day) for day in days]


# --- By day --------------------------------------------------------------------------------------


@pytest.mark.parametrize("limits", [{"per_day": 1}, {"per_zone": {"com": 1}}])
def test_a_limit_that_was_lowered_below_what_is_under_way_lets_no_more_names_through(limits: dict[str, Any]) -> None:
    day = date(2026, 11, 27)
    under_way = [replace(on(day, f"placed{n}.com"), state=State.REQUESTED) for n in range(3)]
    assert counted(limits, under_way=under_way).exceeded_by(on(day))
    assert not counted(limits, under_way=under_way).exceeded_by(on(day + timedelta(days=1)))


# --- By month ------------------------------------------------------------------------------------


def test_a_months_sum_is_that_of_all_its_days() -> None:
    """Charged on three of them, and nothing in the last."""
    spent = dict(zip(november(1, 2, 29), (usd("40.00"), usd("30.00"), usd("1.00")), strict=True))
    john = on(date(2026, 11, 30))
    assert counted({"spend_per_month": "139.99"}, spent=spent).exceeded_by(john)
    assert not counted({"spend_per_month": "140.00"}, spent=spent).exceeded_by(john)


def test_what_was_charged_what_is_under_way_and_what_is_chosen_add_up_over_the_days_of_a_month() -> None:
    spent = dict.fromkeys(november(3, 4), usd("10.00"))
    under_way = [replace(on(day, f"placed{day.day}.com"), state=State.REQUESTED) for day in november(25, 26)]
    chosen = [on(day, f"chosen{day.day}.com") for day in november(27, 28)]
    enough = 20 + 5 * FEE
    for limit, exceeded in ((enough - CENT, True), (enough, False)):
        known = counted({"spend_per_month": str(limit)}, *chosen, spent=spent, under_way=under_way)
        assert known.exceeded_by(on(date(2026, 11, 30))) is exceeded


def test_the_same_month_of_another_year_and_the_months_beside_it_are_others() -> None:
    spent = dict.fromkeys([date(2025, 11, 15), date(2026, 10, 31), date(2026, 12, 1), date(2027, 11, 15)], usd(900))
    assert not counted({"spend_per_month": "69.00"}, spent=spent).exceeded_by(on(date(2026, 11, 30)))
    assert counted({"spend_per_month": "69.00"}, spent={date(2026, 11, 1): CENT}).exceeded_by(on(date(2026, 11, 30)))


# --- By day --------------------------------------------------------------------------------------


def test_a_days_sum_is_of_that_day_alone() -> None:
    [day, next_day] = november(28, 29)
    limits = {"spend_per_day": "138.00"}
    known = counted(limits, on(day, "a.com"), spent={day: CENT, next_day: ZERO})
    assert known.exceeded_by(on(day))
    assert not known.exceeded_by(on(next_day))
    assert not counted(limits, on(day, "a.com")).exceeded_by(on(day))


def test_names_are_counted_by_day_and_in_a_zone_of_it() -> None:
    [day, next_day] = november(28, 29)
    both = {"per_day": 3, "per_zone": {"com": 2}}
    known = counted(both, on(day, "a.com"))
    assert not known.exceeded_by(on(day, "b.com"))
    known.count(on(day, "b.com"))
    assert known.exceeded_by(on(day, "c.com"))
    assert not known.exceeded_by(on(day, "c.net"))
    assert not known.exceeded_by(on(next_day, "c.com"))
    known.count(on(day, "c.net"))
    assert known.exceeded_by(on(day, "d.net"))
    assert known.exceeded_by(on(day, "d.org"))
    assert not known.exceeded_by(on(next_day, "d.net"))


@pytest.mark.parametrize("limits", [{"per_day": 0}, {"per_zone": {"com": 0}}, {"spend_per_day": "0.00"}])
def test_a_limit_of_nothing_lets_nothing_through(limits: Mapping[str, Any]) -> None:
    assert counted(limits).exceeded_by(on(date(2026, 11, 28)))


def test_without_limits_nothing_is_too_much() -> None:
    many = [on(date(2026, 11, 28), f"{n}.com") for n in range(50)]
    known = counted({}, *many, spent={date(2026, 11, 28): usd(10**9)})
    assert not known.exceeded_by(on(date(2026, 11, 28)))
    assert not known.exceeded_by(a_backorder())


# --- Without a date ------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", ["spend_per_day", "spend_per_month"])
def test_fees_of_names_without_a_date_add_up_apart_from_all_that_have_one(limit: str) -> None:
    day = date(2026, 11, 28)
    limits = {limit: str(2 * FEE)}
    known = counted(limits, on(day, "a.com"), on(day, "b.com"), a_backorder("c.com"), spent={day: usd(500)})
    assert not known.exceeded_by(a_backorder("d.com"))
    known.count(a_backorder("d.com"))
    assert known.exceeded_by(a_backorder("e.com"))
    assert not counted(limits, *(a_backorder(f"{n}.com") for n in range(5))).exceeded_by(on(day))
    assert not counted({"per_day": 1, "per_zone": {"com": 1}}, a_backorder("a.com")).exceeded_by(a_backorder("b.com"))


# --- Under way -----------------------------------------------------------------------------------


def test_what_is_under_way_counts_with_its_deposit_and_what_was_lost_does_not() -> None:
    day = date(2026, 11, 28)
    placed = changed(on(day, "placed.com"), state=State.ACTIVE, deposit=usd("80.00"))
    won = a_placed_backorder("won.com", State.SUCCESSFUL, batch_starts_at=on(day).schedule.batch_starts_at)
    lost = [changed(won, domain="lost.com", state=state) for state in (State.FAILED, State.VANISHED, State.MISSED)]
    for limit, exceeded in (("217.99", True), ("218.00", False)):
        known = counted({"spend_per_day": limit}, under_way=[placed, won, *lost])
        assert known.exceeded_by(on(day)) is exceeded
    assert counted({"per_day": 2}, under_way=[placed, won, *lost]).exceeded_by(on(day))
    assert not counted({"per_day": 3}, under_way=[placed, won, *lost]).exceeded_by(on(day))


# --- Against adding up ---------------------------------------------------------------------------

days = st.dates(date(2026, 10, 30), date(2026, 12, 2))
sums = st.integers(0, 20_000).map(lambda cents: Decimal(cents) / 100)


@given(st.lists(st.tuples(days, sums), max_size=12), st.lists(days, max_size=4), days, sums)
@example([(day, usd(20)) for day in november(1, 2, 3)], [], date(2026, 11, 30), usd("128.99"))
@example([], november(1, 2, 30), date(2026, 11, 30), usd("275.99"))
@example([(date(2026, 12, 1), usd(20))], november(30), date(2026, 12, 1), usd("89.00"))
def test_a_limit_is_exceeded_exactly_where_adding_up_says_so(
    charged: list[tuple[date, Decimal]], ordered: list[date], day: date, limit: Decimal
) -> None:
    spent: dict[date, Decimal] = {}
    for charged_on, amount in charged:
        spent[charged_on] = spent.get(charged_on, ZERO) + amount
    orders = [on(drops_on, f"{n}.com") for n, drops_on in enumerate(ordered)]
    first, last = day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1])
    for name, since, until in (("spend_per_day", day, day), ("spend_per_month", first, last)):
        sums_of_days = (
            spent.get(since + timedelta(n), ZERO) + FEE * ordered.count(since + timedelta(n))
            for n in range((until - since).days + 1)
        )
        total = sum(sums_of_days, ZERO) + FEE
        for bound in (limit, total, total - CENT):
            known = counted({name: str(bound)}, *orders, spent=spent)
            assert known.exceeded_by(on(day)) is (total > bound)
