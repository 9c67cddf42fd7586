"""When an order draws on the account: `money.md`, "What an order draws", told as a table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backorder.domain.backorder import Backorder
from backorder.domain.money import ZERO
from backorder.domain.reservation import TIME_TO_REACT, UNSURE, ReservationTerms, ReservationWindow, lock_of
from backorder.domain.states import State
from backorder.domain.values import Origin
from planning.funding.windows import Windows
from tests.factories import FEE, NOW, a_backorder, a_dated_backorder, a_placed_backorder, changed, usd

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
LEAD, LAG = 3 * DAY, DAY
SOON = NOW + 5 * DAY
BATCH_ENDS = SOON + 4 * HOUR
"""The batch begins three hours after the finalization date, and takes one."""


def windows(*, release_lag: timedelta | None = None, **changes: Any) -> Windows:
    return Windows(**{"now": NOW, "terms": ReservationTerms(LEAD, release_lag), "late_by": 90 * MINUTE, **changes})


def bound(start: datetime, end: datetime | None) -> ReservationWindow:
    return ReservationWindow(start, end, FEE)


def placed(state: State = State.REQUESTED, finalization_at: datetime = SOON, **changes: Any) -> Backorder:
    at_the_provider = {"state": state, "application": "app-1", "submitted_at": NOW - HOUR, **changes}
    return a_dated_backorder(finalization_at=finalization_at, **at_the_provider)


def estimated(state: State = State.REQUESTED, **changes: Any) -> Backorder:
    return changed(placed(state, **changes), finalization_at=None)


@pytest.mark.parametrize(
    ("order", "window"),
    [
        pytest.param(placed(), bound(SOON - LEAD, BATCH_ENDS + LAG), id="from its lock to its batch's end and the lag"),
        pytest.param(placed(State.ACTIVE), bound(NOW, BATCH_ENDS + LAG), id="reserved already"),
        pytest.param(placed(finalization_at=NOW + LEAD), bound(NOW, NOW + LEAD + 4 * HOUR + LAG), id="locked now"),
        pytest.param(
            placed(finalization_at=NOW + DAY), bound(NOW, NOW + DAY + 4 * HOUR + LAG), id="unfunded after its lock"
        ),
        pytest.param(estimated(), bound(SOON - LEAD - UNSURE, BATCH_ENDS + LAG), id="an estimate may be late"),
        pytest.param(a_placed_backorder(), bound(NOW, None), id="without a date, open-ended from now"),
        pytest.param(placed(State.QUEUED), bound(SOON - LEAD, BATCH_ENDS + LAG), id="on its way"),
        pytest.param(placed(State.SUBMITTING), bound(SOON - LEAD, BATCH_ENDS + LAG), id="being ordered"),
        pytest.param(placed(State.WITHDRAWING), bound(NOW, BATCH_ENDS + LAG), id="being taken back, perhaps too late"),
        pytest.param(placed(origin=Origin.FOREIGN), bound(NOW, BATCH_ENDS + LAG), id="not to be taken back"),
        pytest.param(
            placed(State.PROCESSING, NOW - 10 * HOUR),
            bound(NOW, NOW + LAG),
            id="its batch is over, and no outcome seen",
        ),
        pytest.param(
            placed(State.PROCESSING, batch_ends_at=None),
            bound(NOW, datetime(2026, 12, 1, tzinfo=UTC) + LAG),
            id="a batch without an end ends a day after the drop day",
        ),
        pytest.param(
            placed(State.AUCTION_PENDING, NOW - 4 * HOUR), bound(NOW, NOW + 4 * DAY + HOUR + LAG), id="in an auction"
        ),
        pytest.param(
            placed(State.AUCTION_PENDING, NOW - 4 * HOUR, auction_ends_at=NOW + DAY),
            bound(NOW, NOW + DAY + LAG),
            id="in an auction whose end is known",
        ),
        pytest.param(placed(State.SUCCESSFUL, NOW - DAY), bound(NOW, None), id="won: until AMOUNT has fallen"),
        pytest.param(
            placed(State.FAILED, NOW - DAY, outcome_at=NOW - HOUR), bound(NOW, NOW - HOUR + LAG), id="lost: the lag"
        ),
        pytest.param(
            placed(State.FAILED, NOW - DAY, outcome_at=NOW - 2 * LAG), bound(NOW, NOW + LAG), id="lost, and overdue"
        ),
    ],
)
def test_what_is_under_way_draws(order: Backorder, window: ReservationWindow) -> None:
    assert windows().under_way(order, FEE) == window


def test_the_lag_as_measured_counts_but_a_win_must_be_seen_before_anybody_else_counts_on_the_fee() -> None:
    assert windows(release_lag=9 * HOUR).under_way(placed(), FEE).end == BATCH_ENDS + 9 * HOUR
    assert windows(release_lag=HOUR).under_way(placed(), FEE).end == BATCH_ENDS + TIME_TO_REACT
    lost = placed(State.FAILED, outcome_at=NOW)
    assert windows(release_lag=HOUR).under_way(lost, FEE).end == NOW + HOUR


def test_an_estimated_lock_may_come_three_hours_sooner_and_one_that_is_told_not_a_minute() -> None:
    assert windows().under_way(estimated(), FEE).start == SOON - 3 * DAY - 3 * HOUR
    assert windows().under_way(placed(), FEE).start == SOON - 3 * DAY


def test_whoever_counts_on_a_fee_has_six_hours_to_react_if_it_does_not_come_back() -> None:
    ends = {hours: windows(release_lag=hours * HOUR).under_way(placed(), FEE).end for hours in (1, 6, 7)}
    assert ends == {1: BATCH_ENDS + 6 * HOUR, 6: BATCH_ENDS + 6 * HOUR, 7: BATCH_ENDS + 7 * HOUR}


@pytest.mark.parametrize(
    ("outcome_at", "ends_at"),
    [
        (NOW - DAY + MINUTE, NOW + MINUTE),
        (NOW - DAY, NOW + DAY),  # due now, and not there: it may come at any time
        (None, NOW + DAY),
    ],
)
def test_a_lost_ones_fee_is_back_a_day_after_its_outcome_and_where_it_is_overdue_a_day_from_now(
    outcome_at: datetime | None, ends_at: datetime
) -> None:
    assert windows().under_way(placed(State.FAILED, NOW - 2 * DAY, outcome_at=outcome_at), FEE).end == ends_at


def test_what_drops_in_more_than_a_thousand_days_never_comes_back() -> None:
    far = NOW + 1000 * DAY
    assert windows().if_ordered(a_backorder(batch_ends_at=far), FEE)[0].end == far + LAG
    assert windows().if_ordered(a_backorder(batch_ends_at=far + MINUTE), FEE)[0].end is None


@pytest.mark.parametrize("order", [placed(), placed(State.ACTIVE), placed(State.FAILED), a_placed_backorder()])
def test_where_refunds_are_not_to_be_reused_no_fee_comes_back(order: Backorder) -> None:
    assert windows(reuse_refunds=False).under_way(order, FEE).end is None


def test_where_nothing_is_to_be_taken_back_each_order_counts_from_now_on() -> None:
    assert windows(take_back=False).under_way(placed(), FEE).start == NOW
    assert windows(take_back=False).if_ordered(placed(State.SELECTED), FEE)[0].start == NOW


def test_an_order_that_is_made_inside_the_three_days_is_reserved_for_at_once() -> None:
    waiting = a_dated_backorder(finalization_at=NOW + DAY)
    assert windows().if_ordered(waiting, FEE)[0] == bound(NOW, NOW + DAY + 4 * HOUR + LAG)
    assert windows().if_ordered(a_dated_backorder(finalization_at=SOON), FEE)[0].start == SOON - LEAD


def test_an_order_that_is_made_late_draws_from_then_on() -> None:
    waiting = a_dated_backorder(finalization_at=SOON)
    send_at = SOON - 15 * MINUTE - 90 * MINUTE
    assert windows().send_at(waiting) == send_at
    assert windows().if_ordered(waiting, FEE)[1] == bound(send_at, BATCH_ENDS + LAG)


@pytest.mark.parametrize(
    ("waiting", "changes"),
    [
        (a_backorder(), {}),
        (a_dated_backorder(finalization_at=NOW + 105 * MINUTE), {}),
        (a_dated_backorder(finalization_at=SOON), {"reuse_refunds": False}),
    ],
)
def test_what_gains_nothing_by_waiting_is_not_sent_late(waiting: Backorder, changes: Any) -> None:
    assert windows(**changes).send_at(waiting) is None
    assert windows(**changes).if_ordered(waiting, FEE)[1] == windows(**changes).if_ordered(waiting, FEE)[0]


@pytest.mark.parametrize(
    ("order", "possible"),
    [
        (placed(), True),
        (placed(State.ACTIVE), True),
        (a_placed_backorder(), True),
        (placed(State.PROCESSING), False),
        (placed(State.AUCTION_PENDING), False),
        (placed(State.WITHDRAWING), False),
        (placed(State.SUBMITTING), False),
        (placed(origin=Origin.FOREIGN), False),
        (placed(application=None), False),
        (placed(cancel_requested=True), False),
        (placed(finalization_at=NOW + 15 * MINUTE), False),
        (placed(finalization_at=NOW + 16 * MINUTE), True),
    ],
)
def test_ours_are_taken_back_until_their_finalization_date(order: Backorder, *, possible: bool) -> None:
    assert windows().can_be_taken_back(order) is possible
    assert windows(take_back=False).can_be_taken_back(order) is False


def test_what_is_taken_back_before_its_lock_draws_nothing_and_its_deposit_comes_back_with_the_lag() -> None:
    assert windows().taken_back(placed()) == ReservationWindow(NOW, NOW, ZERO)
    assert windows().taken_back(a_placed_backorder()) == ReservationWindow(NOW, NOW, ZERO)
    assert windows().taken_back(placed(State.ACTIVE)) == ReservationWindow(NOW, NOW + LAG, ZERO)
    assert windows(release_lag=HOUR).taken_back(placed(State.ACTIVE, deposit=usd(69))).end == NOW + HOUR


# --- Of others -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("finalization_at", "changes", "ends_at"),
    [
        (None, {}, None),
        (SOON, {"reuse_refunds": False}, None),
        (SOON, {}, SOON + 3 * HOUR + DAY + LAG),  # no table says when its batch ends: a day later
        (SOON, {"release_lag": 9 * HOUR}, SOON + 3 * HOUR + DAY + 9 * HOUR),
        (SOON, {"release_lag": HOUR}, SOON + 3 * HOUR + DAY + 6 * HOUR),
        (NOW - 27 * HOUR, {}, NOW + LAG),
        (NOW - 9 * DAY, {}, NOW + LAG),  # over, and still there
    ],
)
def test_a_foreign_order_draws_from_now_until_its_fee_is_back(
    finalization_at: datetime | None, changes: Any, ends_at: datetime | None
) -> None:
    assert windows(**changes).of_others(finalization_at, FEE) == bound(NOW, ends_at)


# --- Reserved, and locked ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "reserved"),
    [
        (placed(State.ACTIVE), True),
        (placed(State.PROCESSING), True),
        (placed(State.AUCTION_PENDING), True),
        (placed(State.WITHDRAWING, deposit=usd(69)), True),
        (placed(State.FAILED, deposit=usd(0)), True),
        (placed(), False),
        (placed(State.WITHDRAWING), False),
        (placed(State.SUCCESSFUL), False),
    ],
)
def test_a_deposit_is_expected_from_the_lock_to_the_outcome_and_wherever_there_is_one(
    order: Backorder, *, reserved: bool
) -> None:
    assert windows().is_reserved(order) is reserved


@pytest.mark.parametrize(
    ("order", "locked"),
    [
        (placed(finalization_at=NOW + LEAD + 2 * HOUR), True),
        (placed(finalization_at=NOW + LEAD + 2 * HOUR + MINUTE), False),
        (placed(finalization_at=NOW + DAY), True),
        (placed(finalization_at=NOW - DAY), True),
        (a_placed_backorder(), False),  # it is found on the provider's list in time
        (a_placed_backorder(batch_starts_at=NOW + LEAD + 8 * HOUR), True),  # three hours of it unsure
        (a_placed_backorder(batch_starts_at=NOW + LEAD + 8 * HOUR + MINUTE), False),
    ],
)
def test_a_lock_is_near_that_is_over_or_comes_within_the_time(order: Backorder, *, locked: bool) -> None:
    assert windows().is_locked_within(order, 2 * HOUR) is locked


@pytest.mark.parametrize("year", [1, 9999])
def test_dates_at_the_ends_of_the_calendar_do_no_harm(year: int) -> None:
    there = datetime(year, 1 if year == 1 else 12, 4 if year == 1 else 27, tzinfo=UTC)
    order = a_placed_backorder(finalization_at=there, batch_starts_at=there, batch_ends_at=there, deadline=there)
    for each in (order, a_backorder(finalization_at=None, batch_starts_at=there, batch_ends_at=there, deadline=there)):
        for state in (State.REQUESTED, State.AUCTION_PENDING, State.FAILED):
            assert windows().under_way(a_placed_backorder(state=state, batch_ends_at=there), FEE).start >= NOW
        assert windows().if_ordered(each, FEE)[1].start >= NOW
        lock_of(each, LEAD)
