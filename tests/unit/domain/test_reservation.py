"""When a backorder's fee is bound: `docs/money.md`, "What an order costs, and when"."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorder.domain.backorder import Backorder
from backorder.domain.reservation import (
    LONGEST_AUCTION,
    RELEASE_LAG,
    TIME_TO_REACT,
    UNSURE,
    ReservationTerms,
    ReservationWindow,
    earliest_lock_of,
    finalization_of,
    lock_of,
)
from backorder.domain.states import FINAL, PLACED, WAITING, State
from backorder.domain.values import Reason
from local.world.promises import terms
from tests.factories import FEE, NOW, TERMS, a_backorder, a_charge, a_dated_backorder, a_placed_backorder, changed

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
LEAD = TERMS.lock_lead
SOON = NOW + 5 * DAY
BATCH_ENDS = SOON + 4 * HOUR
"""The batch begins three hours after the finalization date, and takes one."""


def placed(state: State = State.REQUESTED, **changes: Any) -> Backorder:
    return a_dated_backorder(finalization_at=SOON, **{"state": state, "application": "1", **changes})


def estimated(**changes: Any) -> Backorder:
    return changed(placed(**changes), finalization_at=None)


def window(backorder: Backorder, *, at: datetime = NOW, terms: ReservationTerms = TERMS) -> ReservationWindow:
    return terms.window_if_placed(backorder, FEE, at=at)


@pytest.mark.parametrize(
    ("backorder", "at", "start"),
    [
        pytest.param(placed(), NOW, SOON - LEAD, id="from its lock"),
        pytest.param(placed(), SOON - LEAD, SOON - LEAD, id="placed in the moment of its lock"),
        pytest.param(placed(), SOON - DAY, SOON - DAY, id="placed later, and reserved for at once"),
        pytest.param(estimated(), NOW, SOON - LEAD - UNSURE, id="an estimated lock may come sooner"),
        pytest.param(estimated(), SOON - DAY, SOON - DAY, id="estimated, and placed later"),
        pytest.param(a_backorder(), NOW, NOW, id="without a date, its lock may come at any time"),
        pytest.param(placed(State.SELECTED), SOON - 6 * HOUR, SOON - 6 * HOUR, id="to be sent late"),
    ],
)
def test_a_fee_is_bound_from_the_lock_or_from_when_it_is_placed(
    backorder: Backorder, at: datetime, start: datetime
) -> None:
    assert window(backorder, at=at).start == start


@pytest.mark.parametrize(
    ("backorder", "end"),
    [
        pytest.param(placed(), BATCH_ENDS + RELEASE_LAG, id="its batch, and the lag"),
        pytest.param(
            placed(batch_ends_at=None), datetime(2026, 12, 1, tzinfo=UTC) + RELEASE_LAG, id="a day after its drop's day"
        ),
        pytest.param(a_backorder(), None, id="without a date"),
        pytest.param(placed(State.AUCTION_PENDING), BATCH_ENDS + LONGEST_AUCTION + RELEASE_LAG, id="in an auction"),
        pytest.param(
            placed(State.AUCTION_PENDING, auction_ends_at=NOW), NOW + RELEASE_LAG, id="in an auction that ends then"
        ),
        pytest.param(
            a_placed_backorder(state=State.AUCTION_PENDING, auction_ends_at=NOW), NOW + RELEASE_LAG, id="undated"
        ),
        pytest.param(a_placed_backorder(state=State.AUCTION_PENDING), None, id="in an auction, undated"),
        pytest.param(placed(State.FAILED, outcome_at=NOW), NOW + RELEASE_LAG, id="lost"),
        pytest.param(placed(State.AUCTION_LOST, outcome_at=NOW), NOW + RELEASE_LAG, id="lost in an auction"),
        pytest.param(placed(State.FAILED, outcome_at=None), None, id="lost, nobody knows when"),
        pytest.param(placed(State.SUCCESSFUL, outcome_at=NOW), None, id="won, and not charged yet"),
        pytest.param(
            placed(State.SUCCESSFUL, charges=(a_charge("1", -FEE, at=NOW), a_charge("2", FEE, at=NOW + HOUR))),
            NOW + HOUR,
            id="won, and charged",
        ),
    ],
)
def test_a_fee_is_bound_until_it_is_charged_or_back(backorder: Backorder, end: datetime | None) -> None:
    assert window(backorder).end == end
    assert window(backorder).amount == FEE


@pytest.mark.parametrize(("hours", "undecided"), [(1, 6), (6, 6), (7, 7), (40, 40)])
def test_the_lag_as_measured_counts_and_six_hours_until_the_outcome_must_be_known(hours: int, undecided: int) -> None:
    terms = ReservationTerms(LEAD, hours * HOUR)
    assert window(placed(), terms=terms).end == BATCH_ENDS + undecided * HOUR
    assert window(placed(State.FAILED, outcome_at=NOW), terms=terms).end == NOW + hours * HOUR


def missed(**changes: Any) -> Backorder:
    values = {"state": State.MISSED, "reason": Reason.UNFUNDED, **changes}
    return a_dated_backorder(finalization_at=SOON, **values)


def test_what_was_missed_for_want_of_funds_would_have_been_bound_from_its_deadline_on() -> None:
    assert TERMS.window_missed(missed(), FEE) == ReservationWindow(SOON - 15 * MINUTE, BATCH_ENDS + RELEASE_LAG, FEE)
    without_table = missed(batch_ends_at=None, batch_starts_at=None)
    assert TERMS.window_missed(without_table, FEE) == ReservationWindow(SOON - 15 * MINUTE, None, FEE)


@pytest.mark.parametrize(
    "changes",
    [
        *({"reason": reason} for reason in (*set(Reason) - {Reason.UNFUNDED}, None)),
        *({"state": state} for state in set(State) - {State.MISSED}),
        {"deadline": None},
    ],
)
def test_nothing_else_was_missed_for_want_of_funds(changes: dict[str, Any]) -> None:
    assert TERMS.window_missed(missed(**changes), FEE) is None


moments = st.integers(-20 * 24 * 60, 20 * 24 * 60).map(lambda minutes: NOW + minutes * MINUTE)


@st.composite
def backorders(draw: st.DrawFn, states: frozenset[State] = frozenset(State)) -> Backorder:
    starts_at = draw(st.none() | moments)
    dated = starts_at is not None
    state = draw(st.sampled_from(sorted(states)))
    return a_backorder(
        state=state,
        finalization_at=draw(st.none() | st.just(starts_at and starts_at - 3 * HOUR)),
        batch_starts_at=starts_at,
        batch_ends_at=draw(st.none() | st.just(starts_at and starts_at + HOUR)) if dated else None,
        deadline=starts_at and starts_at - 3 * HOUR - 15 * MINUTE,
        auction_ends_at=draw(st.none() | moments),
        outcome_at=draw(moments) if state.is_final else None,
    )


lags = st.none() | st.integers(0, 72).map(lambda hours: hours * HOUR)


@given(backorders(), moments, moments, lags)
def test_whoever_places_later_binds_no_more_and_no_longer(
    backorder: Backorder, at: datetime, other: datetime, lag: timedelta | None
) -> None:
    terms = ReservationTerms(LEAD, lag)
    sooner, later = (window(backorder, at=moment, terms=terms) for moment in sorted((at, other)))
    assert sooner.start <= later.start
    assert sooner.end == later.end
    assert later.start >= max(at, other)


@given(backorders(WAITING | PLACED), moments, st.integers(0, 72), st.integers(0, 72))
def test_a_longer_lag_never_frees_a_fee_sooner(backorder: Backorder, at: datetime, one: int, other: int) -> None:
    ends = [window(backorder, at=at, terms=ReservationTerms(LEAD, hours * HOUR)).end for hours in sorted((one, other))]
    shorter, longer = ends
    assert (shorter is None) == (longer is None)
    assert shorter is None or longer is None or shorter <= longer


@given(backorders(WAITING | PLACED), lags)
def test_an_undecided_one_is_bound_for_six_hours_after_its_batch_at_least(
    backorder: Backorder, lag: timedelta | None
) -> None:
    end = window(backorder, terms=ReservationTerms(LEAD, lag)).end
    if backorder.state is not State.AUCTION_PENDING and backorder.schedule.batch_ends_at is not None:
        assert end is not None
        assert end >= backorder.schedule.batch_ends_at + TIME_TO_REACT
    if backorder.schedule.batch_starts_at is None and backorder.auction.ends_at is None:
        assert end is None


@given(backorders(FINAL), moments)
def test_what_is_over_does_not_hinge_on_what_was_planned_for_it(backorder: Backorder, other: datetime) -> None:
    moved = changed(backorder, batch_starts_at=other, batch_ends_at=other + HOUR)
    assert window(moved).end == window(backorder).end


def test_the_lock_comes_three_days_before_the_finalization_date_known_or_estimated() -> None:
    drop_at = NOW + 5 * DAY
    assert lock_of(a_backorder(batch_starts_at=drop_at), LEAD) == drop_at - 3 * HOUR - LEAD
    assert lock_of(a_dated_backorder(finalization_at=SOON, dates=()), LEAD) == SOON - LEAD
    assert lock_of(a_backorder(), LEAD) is None
    assert earliest_lock_of(a_backorder(), LEAD) is None
    assert finalization_of(a_backorder()) is None


def test_the_date_that_the_provider_told_counts_however_long_before_its_batch_it_is() -> None:
    order = a_dated_backorder(finalization_at=SOON, batch_starts_at=SOON + 9 * HOUR)
    assert lock_of(order, LEAD) == earliest_lock_of(order, LEAD) == SOON - LEAD


def test_dates_at_the_ends_of_the_calendar_do_no_harm() -> None:
    millennium = datetime(1000, 1, 1, tzinfo=UTC)
    assert lock_of(a_dated_backorder(finalization_at=millennium - DAY), LEAD) == millennium - LEAD
    assert lock_of(a_dated_backorder(finalization_at=millennium + DAY), LEAD) == millennium + DAY - LEAD
    latest = datetime(9999, 12, 30, tzinfo=UTC)
    end = window(a_backorder(batch_ends_at=latest)).end
    assert end is not None
    assert end.year == 9999


def test_the_checks_of_a_run_state_the_same_lag_on_their_own() -> None:
    """They judge the pipeline from the emulator's books, and so do not ask this module."""
    assert terms.RELEASE_LAG == RELEASE_LAG
