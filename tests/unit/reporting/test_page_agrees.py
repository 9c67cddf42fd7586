"""The page's chart of funds and the plan's sentence below it: they never contradict each other."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import example, given
from hypothesis import strategies as st

from backorder.documents.account_outlook import FallsDue, Forecast, ForeignOrder, Standing
from backorder.domain.ledger import Account
from backorder.domain.money import ZERO, in_words
from backorder.domain.values import Origin
from planning.funding.days_ahead import FARTHEST
from reconciliation.page.model import FundingDay
from reconciliation.page.view import view
from tests.browser import worlds
from tests.factories import FEE, NOW, a_backorder, a_placed_backorder, an_account_status, changed, usd
from tests.unit.planning.test_allocation import SOON, ZONES, Case, cases, dropping

DAY = timedelta(days=1)


def ahead(case: Case, forecast: Forecast) -> list[FundingDay]:
    """Today and the days ahead, as the page shows them."""
    held = {**dict.fromkeys(Account, ZERO), Account.BALANCE: case.amount}
    page = view(
        **worlds.empty(
            backorders=[*case.waiting, *case.under_way],
            held=held,
            forecast=forecast,
            standing=case.standing,
            account=an_account_status(case.amount, case.reserved),
        )
    )
    assert page.outlook == forecast.sentence
    return [day for day in page.funding if not day.is_past]


def account(amount: str, *waiting: object, standing: Standing | None = None, **rules: object) -> Case:
    return Case(list(waiting), [], usd(amount), ZERO, {"fees": ZONES, **rules}, standing or Standing())  # type: ignore[arg-type]


UNDATED = a_backorder("undated.com")
HELD_FOR_UNDATED = account("0.00", UNDATED, dropping("dated.com", priority=Decimal(9)))
RENEWAL = Standing(renewals={"1": FallsDue(NOW + 3 * DAY, usd("100.00"))})
THEIRS = Standing(foreign={"1": ForeignOrder("theirs.com", "com", NOW + 2 * DAY)}, others=usd("10.00"))


@given(cases(), st.sampled_from(["UTC", "Asia/Kathmandu", "America/New_York", "Pacific/Auckland"]))
@example(account("0.00", UNDATED), "UTC")
@example(HELD_FOR_UNDATED, "UTC")
@example(account("100.00", UNDATED, dropping("dated.com")), "UTC")
@example(account("100.00", *(dropping(f"{n}.com", SOON + n * DAY) for n in range(3))), "UTC")
@example(account("100.00", dropping("later.com", NOW + 40 * DAY), dropping("last.com", NOW + 40 * DAY)), "UTC")
@example(account("50.00", dropping("locked.com", NOW + 2 * DAY)), "America/New_York")
@example(account("100.00", dropping("john.com"), standing=RENEWAL), "UTC")
@example(account("100.00", dropping("john.com"), standing=THEIRS), "UTC")
@example(account("100.00", dropping("john.com"), funding={"keep": "50.00"}), "UTC")
def test_the_chart_is_short_where_the_sentence_says_so_by_the_same_sum_and_from_the_same_moment(
    case: Case, time_zone: str
) -> None:
    case = replace(case, rules={**case.rules, "messages": {"time_zone": time_zone}})
    forecast = case.planned().forecast
    days = ahead(case, forecast)
    short = [day for day in days if day.short]
    if forecast.before is not None and (forecast.before - NOW) > FARTHEST * DAY:
        return  # it is told of, and too far away to be drawn
    assert bool(short) == bool(forecast.shortfall)
    assert bool(short) == forecast.sentence.startswith("Pay in ")
    if short:
        first = (forecast.before or NOW).astimezone(ZoneInfo(time_zone)).date()
        assert (short[0].day, max(day.short for day in short)) == (first, forecast.shortfall)
        assert f"Pay in {in_words(max(day.short for day in short), forecast.currency)} " in forecast.sentence
    for day in days:
        assert day.capacity is not None and day.drawn is not None and day.needed is not None  # noqa: PT018
        assert day.drawn <= day.needed
        if day.short:
            assert day.needed >= day.capacity + day.short


def test_an_order_of_somebody_elses_that_cannot_be_paid_for_is_short_from_now_on() -> None:
    standing = changed(a_placed_backorder("standing.com"), origin=Origin.FOREIGN)
    case = Case([], [standing], usd("40.00"), ZERO, {}, Standing())
    forecast = case.planned().forecast
    assert (forecast.before, forecast.shortfall) == (None, FEE - usd(40))
    assert {day.short for day in ahead(case, forecast)} == {FEE - usd(40)}
