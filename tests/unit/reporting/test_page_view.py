"""What the page shows: counts, sums and days that follow from what the store holds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorder.documents.account_outlook import DayAhead, Standing
from backorder.documents.successes import Stage, Successes
from backorder.domain.backorder import Backorder
from backorder.domain.clock_difference import Ahead
from backorder.domain.dates import DateSource
from backorder.domain.findings import Kind
from backorder.domain.ledger import Account, Posting, balances
from backorder.domain.money import ZERO
from backorder.domain.reservation import TIME_TO_REACT
from backorder.domain.schedule import MARGIN
from backorder.domain.states import State
from backorder.domain.values import Reason
from reconciliation.page import html
from reconciliation.page.funding import PAST
from reconciliation.page.model import FundingDay, Page
from reconciliation.page.moments import MOST_MOMENTS
from reconciliation.page.outcomes import GROUPS
from reconciliation.page.rows import MOST_ROWS
from reconciliation.page.view import MOST_LISTS, view
from tests.browser import worlds
from tests.factories import (
    FEE,
    NOW,
    a_backorder,
    a_charge,
    a_date,
    a_dated_backorder,
    a_finding,
    a_forecast,
    a_list_record,
    a_placed_backorder,
    a_posting,
    an_account_status,
    an_estimated_backorder,
    usd,
)
from tests.unit.reporting.test_page_html import Seen

BALANCE, RESERVED = Account.BALANCE, Account.RESERVED
TODAY = NOW.date()


def page(postings: list[Posting] | None = None, **changes: Any) -> Page:
    """Of an empty account, but for what is given."""
    postings = postings or []
    return view(**worlds.empty(postings=postings, held=balances(postings), **changes))


def ago(**time: float) -> datetime:
    return NOW - timedelta(**time)


def the_opening(amount: str = "1000.00", days: int = 10) -> Posting:
    return a_posting("opening", usd(amount), at=ago(days=days), kind="opening", source=Account.OPENING, target=BALANCE)


# --- What needs doing ----------------------------------------------------------------------------


def test_what_names_without_a_date_wait_for_is_told_where_nothing_else_is_missing() -> None:
    undated = {"undated": 2, "undated_shortfall": usd("126.00")}
    covered = a_forecast(shortfall=ZERO, waiting=0, before=None, **undated)
    told = page(forecast=covered).outlook
    assert told is not None
    assert "without one, 2 wait for 126.00 USD more" in told
    assert page(forecast=a_forecast(shortfall=ZERO, waiting=0)).outlook == "The account covers all that is wanted"
    assert page().outlook is None


def test_an_account_that_nobody_used_has_nothing_to_do_and_a_day_to_show() -> None:
    seen = page()
    assert not seen.tasks
    assert seen.statement is None
    assert seen.funding[0].day == TODAY
    assert (seen.total.catch_rate, seen.total.cost_a_name) == (None, None)


def test_open_findings_are_grouped_by_kind_the_most_urgent_first_and_summed_up() -> None:
    findings = [
        a_finding(Kind.REFUND_MISSING, "a.com", amount=usd("69.00")),
        a_finding(Kind.LINE_HALTED, "line", amount=None),
        a_finding(Kind.REFUND_MISSING, "b.com", amount=usd("49.00")),
        a_finding(Kind.REFUND_MISSING, "c.com", status="closed", closed_at=NOW),
    ]
    halted, refunds = page(findings=findings).tasks
    assert (halted.kind, halted.count, halted.amount) == (Kind.LINE_HALTED, 1, None)
    assert (refunds.kind, refunds.count, refunds.amount) == (Kind.REFUND_MISSING, 2, usd("118.00"))
    assert [finding.subject for finding in refunds.findings] == ["a.com", "b.com"]


def test_what_the_last_plan_misses_is_told_once_and_as_it_stands_now() -> None:
    forecast = a_forecast(shortfall=usd("500.00"))
    before = a_finding(Kind.SHORTFALL, "account", domain=None, amount=usd("414.00"), advice="Pay in 414.00 USD.")
    for findings in ([], [before]):
        (task,) = page(findings=findings, forecast=forecast).tasks
        assert (task.kind, task.count, task.amount) == (Kind.SHORTFALL, 1, usd("500.00"))
        assert task.findings[0].advice.startswith("Pay in 500.00 USD before")
    refused = a_finding(Kind.SHORTFALL, "john.com", amount=None)
    (task,) = page(findings=[before, refused], forecast=forecast).tasks
    assert [finding.subject for finding in task.findings] == ["john.com", "account"]


# --- Today ---------------------------------------------------------------------------------------


def test_today_counts_what_happened_since_midnight_and_what_stands_now() -> None:
    seen = page(
        lists=[
            a_list_record("wanted/new.txt", read_at=ago(hours=1), accepted=3),
            a_list_record("wanted/old.txt", read_at=ago(hours=13), accepted=9),
            a_list_record("rules.toml", kind="rules", read_at=ago(hours=1)),
        ],
        backorders=[
            a_backorder("a.com", State.HELD, reason=Reason.UNFUNDED),
            a_backorder("b.com", State.SELECTED),
            a_placed_backorder("c.com", submitted_at=ago(hours=1)),
            a_placed_backorder("d.com", submitted_at=ago(hours=13)),
            a_placed_backorder("e.com", State.SUCCESSFUL, submitted_at=ago(days=3), outcome_at=ago(hours=2)),
            a_placed_backorder("f.com", State.FAILED, submitted_at=ago(days=3), outcome_at=ago(hours=13)),
            a_backorder("g.com", State.MISSED, outcome_at=ago(hours=2)),
        ],
    ).today
    assert (seen.lists, seen.accepted, seen.ordered) == (1, 3, 1)
    assert (seen.waiting, seen.held, seen.placed) == (2, 1, 2)
    assert (seen.won, seen.lost, seen.missed) == (1, 0, 1)


# --- Outcomes ------------------------------------------------------------------------------------


def test_the_catch_rate_is_of_names_that_dropped_and_the_cost_of_names_that_were_caught() -> None:
    won = a_placed_backorder("won.com", State.SUCCESSFUL, charges=(a_charge(),))
    seen = page(
        [the_opening()],
        backorders=[
            won,
            *(a_placed_backorder(f"lost{n}.com", State.FAILED) for n in range(3)),
            a_backorder("missed.com", State.MISSED, outcome_at=NOW),
            a_backorder("refused.se", State.REJECTED, outcome_at=NOW),
            a_placed_backorder("under.se"),
        ],
    )
    assert seen.total.catch_rate == Decimal("0.25")
    assert seen.total.cost_a_name == FEE
    assert [(zone.name, zone.won, zone.refused, zone.undecided, zone.charged) for zone in seen.zones] == [
        ("com", 1, 0, 0, FEE),
        ("se", 0, 1, 1, ZERO),
    ]


def test_weeks_run_from_the_first_outcome_to_now_without_gaps() -> None:
    some = [
        a_placed_backorder("a.com", State.FAILED, outcome_at=datetime(2026, 11, 8, 23, tzinfo=UTC)),
        a_placed_backorder("b.com", State.SUCCESSFUL, outcome_at=datetime(2026, 11, 23, tzinfo=UTC)),
    ]
    assert [(week.name, week.won, week.lost) for week in page(backorders=some).weeks] == [
        ("2026-11-02", 0, 1),
        ("2026-11-09", 0, 0),
        ("2026-11-16", 0, 0),
        ("2026-11-23", 1, 0),
    ]


def test_zones_beyond_the_largest_are_one_line_and_nothing_is_lost() -> None:
    many = [a_placed_backorder(f"name.z{n}", State.FAILED) for n in range(50)]
    seen = page(backorders=many)
    assert len(seen.zones) == 30
    assert seen.zones[-1].name == "21 others"
    assert sum(zone.lost for zone in seen.zones) == seen.total.lost == 50


# --- Funding -------------------------------------------------------------------------------------


def day(seen: Page, ahead: int) -> FundingDay:
    return next(each for each in seen.funding if each.day == TODAY + timedelta(days=ahead))


def test_the_past_is_what_the_books_say_was_there_and_reserved() -> None:
    seen = page(
        [
            the_opening("1000.00", days=10),
            a_posting("1", FEE, at=ago(days=5), kind="deposit", source=BALANCE, target=RESERVED),
            a_posting("2", FEE, at=ago(days=3), kind="release", source=RESERVED, target=BALANCE),
            a_posting("3", FEE, at=ago(days=3), kind="charge", source=BALANCE, target=Account.FEES),
        ]
    )
    assert seen.funding[0].day == TODAY - timedelta(days=10)
    assert [(day(seen, -n).capacity, day(seen, -n).drawn) for n in (6, 5, 4, 3, 2)] == [
        (usd("1000.00"), ZERO),
        (usd("1000.00"), FEE),
        (usd("1000.00"), FEE),
        (usd("1000.00"), FEE),  # the highest of the day
        (usd("931.00"), ZERO),
    ]


def test_older_books_show_the_last_four_weeks() -> None:
    seen = page([the_opening(days=300), a_posting("1", usd("500.00"), at=ago(days=100))])
    assert seen.funding[0] == FundingDay(TODAY - timedelta(days=PAST), usd("1500.00"), ZERO, ZERO, ZERO, is_past=True)


def missed(domain: str = "john.com", **changes: Any) -> Backorder:
    """Its deadline was five days ago, and its batch over four hours later."""
    values = {"state": State.MISSED, "reason": Reason.UNFUNDED, "fee": FEE, "outcome_at": ago(days=5), **changes}
    return a_dated_backorder(domain, finalization_at=ago(days=5) + MARGIN, **values)


def test_of_a_past_day_what_was_reserved_and_the_fees_of_what_was_missed_for_want_of_them_was_needed() -> None:
    books = [the_opening("100.00", days=10), a_posting("1", FEE, at=ago(days=8), source=BALANCE, target=RESERVED)]
    others = [missed("late.com", reason=Reason.LATE), missed("dear.com", reason=Reason.TOO_DEAR)]
    seen = page(books, backorders=[missed(), *others])
    assert [(day(seen, -n).drawn, day(seen, -n).needed, day(seen, -n).short) for n in (9, 6, 5, 4, 3)] == [
        (ZERO, ZERO, ZERO),
        (FEE, FEE, ZERO),
        (FEE, 2 * FEE, usd("38.00")),
        (FEE, 2 * FEE, usd("38.00")),
        (FEE, FEE, ZERO),
    ]


def test_the_release_lag_as_measured_counts_and_six_hours_at_least() -> None:
    books = [the_opening("100.00", days=10)]
    for lag, last in ((None, 4), (timedelta(hours=1), 5), (timedelta(hours=40), 3)):
        seen = page(books, backorders=[missed()], standing=Standing(release_lag=lag))
        assert min((TODAY - each.day).days for each in seen.funding if each.needed) == last


def test_the_past_knows_the_credit_line_and_what_is_kept_as_the_days_ahead_do() -> None:
    today = DayAhead(TODAY, usd("950.00"), ZERO, ZERO)
    seen = page([the_opening("1000.00", days=10)], forecast=a_forecast(days=(today,), beside_amount=usd("-50.00")))
    assert {each.capacity for each in seen.funding if each.is_past} == {usd("950.00")}
    assert day(seen, 0).capacity == usd("950.00")


@pytest.mark.parametrize("name", ["Asia/Kathmandu", "Asia/Kolkata", "America/St_Johns", "UTC"])
def test_money_that_is_needed_from_midnight_to_midnight_is_needed_on_that_day_only(name: str) -> None:
    zone = ZoneInfo(name)
    evening = ago(days=2).astimezone(zone).replace(hour=23, minute=55)
    morning = evening.replace(hour=0, minute=5)
    unfunded = missed(deadline=morning.astimezone(UTC), batch_ends_at=evening.astimezone(UTC) - TIME_TO_REACT)
    books = [the_opening()]
    seen = page(
        books,
        backorders=[unfunded],
        forecast=a_forecast(time_zone=name),
        standing=Standing(release_lag=timedelta(hours=1)),
    )
    assert {each.day for each in seen.funding if each.needed} == {evening.date()}


def test_today_and_the_days_ahead_are_as_the_last_plan_foresaw_them() -> None:
    days = (
        DayAhead(TODAY, usd("500.00"), FEE, usd("300.00")),
        DayAhead(TODAY + timedelta(days=1), usd("500.00"), FEE, usd("700.00"), usd("200.00")),
    )
    seen = page(forecast=a_forecast(days=days), account=an_account_status(usd("500.00")))
    assert [(each.capacity, each.drawn, each.needed, each.short) for each in seen.funding[:3]] == [
        (usd("500.00"), FEE, usd("300.00"), ZERO),
        (usd("500.00"), FEE, usd("700.00"), usd("200.00")),
        (usd("500.00"), None, None, ZERO),  # nobody knows
    ]
    assert len(seen.funding) == 15


def test_a_shortage_beyond_two_weeks_is_shown() -> None:
    far = DayAhead(TODAY + timedelta(days=30), usd("500.00"), FEE, usd("700.00"), usd("200.00"))
    assert page(forecast=a_forecast(days=(far,))).funding[-1].short == usd("200.00")


def test_days_begin_at_the_readers_midnight() -> None:
    at_night = NOW.replace(hour=2)
    seen = view(**worlds.empty(now=at_night, forecast=a_forecast(time_zone="America/New_York", shortfall=ZERO)))
    assert seen.funding[0].day == TODAY - timedelta(days=1)
    assert not seen.tasks


@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.sampled_from([(BALANCE, RESERVED), (RESERVED, BALANCE)]), st.integers(1, 9))
    )
)
def test_moves_inside_the_account_never_change_what_it_covers(moves: list[Any]) -> None:
    postings = [
        the_opening("1000.00", days=60),
        *(a_posting(str(n), usd(m), at=ago(days=d), source=w[0], target=w[1]) for n, (d, w, m) in enumerate(moves)),
    ]
    seen = page(sorted(postings, key=lambda posting: posting.at))
    assert {each.capacity for each in seen.funding if each.is_past} == {usd("1000.00")}


# --- What comes next -----------------------------------------------------------------------------


def test_names_with_the_same_moment_are_one_line_the_best_first() -> None:
    soon = NOW + timedelta(days=1)
    some = [a_dated_backorder(f"n{n}.com", finalization_at=soon, priority=Decimal(n), fee=FEE) for n in range(6)]
    (next_one,) = page(backorders=some).moments
    assert (next_one.at, next_one.count, next_one.amount) == (soon - timedelta(minutes=15), 6, 6 * FEE)
    assert next_one.names == ["n5.com", "n4.com", "n3.com"]
    assert not next_one.estimated


def test_an_order_that_is_in_is_followed_by_its_lock_and_its_drop() -> None:
    finalization = NOW + timedelta(days=5)
    order = a_dated_backorder(finalization_at=finalization, state=State.REQUESTED, application="1", submitted_at=NOW)
    assert [moment.at for moment in page(backorders=[order]).moments] == [
        finalization - timedelta(days=3),
        finalization + timedelta(hours=3),
    ]


def test_an_auction_comes_to_its_end() -> None:
    ends = NOW + timedelta(days=3)
    bid = a_placed_backorder(state=State.AUCTION_PENDING, auction_ends_at=ends)
    (moment,) = page(backorders=[bid]).moments
    assert (moment.at, moment.what, moment.estimated) == (ends, "auction ends", False)


def test_the_soonest_moments_are_found_among_any_number_in_any_order() -> None:
    each_its_own = [
        a_dated_backorder(f"n{n}.com", finalization_at=NOW + timedelta(days=1, seconds=n), fee=FEE) for n in range(1500)
    ]
    expected = [[f"n{n}.com"] for n in range(MOST_MOMENTS)]
    for some in (each_its_own, each_its_own[::-1], each_its_own[700:] + each_its_own[:700]):
        seen = page(backorders=some)
        assert [moment.names for moment in seen.moments] == expected
        assert seen.moments_left_out == 1500 - MOST_MOMENTS


# --- The month -----------------------------------------------------------------------------------


def test_the_months_sums_explain_its_closing() -> None:
    seen = page(
        [
            the_opening("1000.00", days=40),
            a_posting("1", usd("100.00"), at=ago(days=35)),
            a_posting("2", usd("200.00"), at=ago(days=3)),
            a_posting("3", FEE, at=ago(days=2), kind="deposit", source=BALANCE, target=RESERVED),
            a_posting("4", FEE, at=ago(days=2), kind="refund", source=RESERVED, target=BALANCE),
            a_posting("5", usd("57.98"), kind="charge", source=BALANCE, target=Account.FEES),
            a_posting("6", usd("11.02"), kind="charge", source=BALANCE, target=Account.TAX),
            a_posting("7", usd("12.00"), kind="other", source=BALANCE, target=Account.OTHER),
            a_posting("8", usd("0.50"), kind="unexplained", source=BALANCE, target=Account.UNEXPLAINED),
        ]
    ).statement
    assert seen is not None
    assert (seen.month, seen.opening, seen.closing) == (date(2026, 11, 1), usd("1100.00"), usd("1218.50"))
    assert (seen.paid_in, seen.charged, seen.other, seen.unexplained) == (
        usd("200.00"),
        FEE,
        usd("-12.00"),
        usd("-0.50"),
    )
    assert (seen.deposited, seen.given_back) == (FEE, FEE)


def test_books_that_were_opened_this_month_begin_with_what_was_there() -> None:
    seen = page([the_opening("1000.00", days=2)]).statement
    assert seen is not None
    assert (seen.opening, seen.closing) == (usd("1000.00"), usd("1000.00"))


# --- Bounds --------------------------------------------------------------------------------------


def test_whatever_there_is_the_page_stays_bounded_and_counts_what_it_leaves_out() -> None:
    names = MOST_ROWS + 7
    seen = page(
        backorders=[
            a_dated_backorder(f"n{n}.com", finalization_at=NOW + timedelta(hours=n % 100 + 1), fee=FEE)
            for n in range(names)
        ],
        lists=[a_list_record(f"wanted/{n}.txt", read_at=ago(minutes=n)) for n in range(100)],
        findings=[a_finding(subject=f"n{n}.com") for n in range(500)],
    )
    assert (len(seen.rows), seen.rows_left_out) == (MOST_ROWS, 7)
    assert (len(seen.lists), seen.lists_left_out) == (MOST_LISTS, 100 - MOST_LISTS)
    assert seen.lists[0].name == "wanted/0.txt"
    assert len(seen.moments) == MOST_MOMENTS
    assert sum(moment.count for moment in seen.moments) + seen.moments_left_out == names
    (task,) = seen.tasks
    assert task.count == 500
    assert len(task.findings) == 50


def test_what_is_undecided_stands_above_what_is_and_the_newest_outcome_above_older_ones() -> None:
    some = [
        a_placed_backorder("older.com", State.FAILED, outcome_at=ago(days=2)),
        a_placed_backorder("newer.com", State.SUCCESSFUL, outcome_at=ago(days=1)),
        a_dated_backorder("later.com", finalization_at=NOW + timedelta(days=2)),
        a_dated_backorder("sooner.com", finalization_at=NOW + timedelta(days=1)),
        a_backorder("undated.com"),
    ]
    expected = ["sooner.com", "later.com", "undated.com", "newer.com", "older.com"]
    assert [row.domain for row in page(backorders=some).rows] == expected
    assert [row.domain for row in page(backorders=some[::-1]).rows] == expected


@pytest.mark.parametrize(
    ("backorder", "dated_by"),
    [
        (a_dated_backorder(finalization_at=NOW), "the provider's pending-delete list"),
        (an_estimated_backorder(drop_at=NOW), "another list, estimated"),
        (
            an_estimated_backorder(drop_at=NOW, dates=(a_date(DateSource.REGISTRY, drop_at=NOW),)),
            "the registry's list, estimated",
        ),
        (a_backorder(), ""),
    ],
)
def test_each_row_says_how_its_date_is_known(backorder: Backorder, dated_by: str) -> None:
    assert [row.dated_by for row in page(backorders=[backorder]).rows] == [dated_by]


@pytest.mark.parametrize("state", State)
def test_every_state_is_counted_once(state: State) -> None:
    total = page(backorders=[a_backorder(state=state, outcome_at=NOW)]).total
    assert total.decided + total.undecided == 1
    assert bool(total.decided) == state.is_final
    assert (GROUPS[state] == "won") == state.is_won


# --- Whether the pipeline works ------------------------------------------------------------------


def test_the_header_says_when_each_stage_last_succeeded_and_which_did_not_for_too_long() -> None:
    known = Successes(
        at={Stage.PLAN: ago(minutes=3), Stage.REPORTS: ago(hours=1), Stage.BOOKS: ago(hours=7)},
        expected_since=dict.fromkeys((Stage.PLAN, Stage.ACCOUNT, Stage.BOOKS), ago(days=9)),
    )
    seen = page(successes=known)

    assert [(line.expected.what, line.at, line.overdue) for line in seen.stages] == [
        ("orders", ago(minutes=3), None),
        ("account", None, timedelta(days=9)),
        ("books", ago(hours=7), timedelta(hours=7)),
    ]
    text = read_aloud(seen)
    assert "orders planned Tue 24 Nov, 11:57" in text
    assert "Account not read for 9 days" in text
    assert "Books not compared for 7 hours, since Tue 24 Nov, 05:00" in text


def test_the_page_says_that_mail_does_not_arrive() -> None:
    assert "Nobody hears of alarms: you@example.com is gone" in read_aloud(page(unheard="you@example.com is gone"))
    assert "Nobody hears" not in read_aloud(page())


@pytest.mark.parametrize(
    ("least", "most", "told"),
    [(41, 43, "The provider's clock is 41 seconds ahead of ours"), (-1, 1, None), (9, 11, None)],
)
def test_the_page_says_how_far_the_providers_clock_is_off(least: int, most: int, told: str | None) -> None:
    text = read_aloud(page(ahead=Ahead(timedelta(seconds=least), timedelta(seconds=most))))
    assert ("provider's clock" in text) is (told is not None)
    assert (told or "") in text
    assert "provider's clock" not in read_aloud(page())


def read_aloud(seen: Page) -> str:
    """The page's text in one line."""
    return " ".join(Seen(html(seen)).text.split())
