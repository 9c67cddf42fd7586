"""Which names are looked up in the provider's pending-delete list, and how often."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from backorder.domain.backorder import Backorder
from backorder.domain.dates import DateSource, DateStatement
from backorder.domain.registries import Registries
from backorder.domain.schedule import FINALIZATION_LEAD
from backorder.domain.states import FINAL, State
from reconciliation.dating import to_look_up_date
from tests.factories import NOW, a_backorder, a_date, a_dated_backorder, a_placed_backorder, an_estimated_backorder

REGISTRIES = Registries.load()
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)


def looked_up(order: Backorder) -> tuple[bool, bool]:
    """Whether by each run, and by the first one of a day."""
    each, first = (to_look_up_date(order, now=NOW, daily=daily, registries=REGISTRIES) for daily in (False, True))
    return each, first


EACH_RUN, EACH_DAY, NEVER = (True, True), (False, True), (False, False)


def estimated(until_deadline: timedelta) -> Backorder:
    order = an_estimated_backorder(drop_at=NOW + 10 * DAY)
    assert order.schedule.deadline is not None
    return an_estimated_backorder(drop_at=NOW + 10 * DAY + until_deadline - (order.schedule.deadline - NOW))


def dated(drop_at: datetime, *others: DateStatement, source: DateSource = DateSource.PROVIDER) -> Backorder:
    finalization_at = drop_at - FINALIZATION_LEAD
    own = a_date(source, finalization_at=finalization_at, drop_at=drop_at)
    return a_dated_backorder(finalization_at=finalization_at, dates=(own, *others))


def test_a_name_without_any_date_is_looked_up_by_each_run() -> None:
    assert looked_up(a_backorder()) == EACH_RUN


@pytest.mark.parametrize(
    ("until_deadline", "often"),
    [
        (8 * DAY, EACH_DAY),
        (36 * HOUR + SECOND, EACH_DAY),
        (36 * HOUR, EACH_RUN),
        (HOUR, EACH_RUN),
        (-HOUR, EACH_RUN),
    ],
)
def test_a_date_of_others_is_checked_each_day_and_by_each_run_in_the_last_36_hours(
    until_deadline: timedelta, often: tuple[bool, bool]
) -> None:
    assert looked_up(estimated(until_deadline)) == often


@pytest.mark.parametrize("source", [DateSource.PROVIDER, DateSource.APPLICATION])
@pytest.mark.parametrize("away", [10 * DAY, 8 * HOUR])
def test_what_the_provider_dated_is_not_looked_up_again(source: DateSource, away: timedelta) -> None:
    assert looked_up(dated(NOW + away, source=source)) == NEVER


@pytest.mark.parametrize(
    ("said_after", "later", "often"),
    [
        (HOUR, 13 * HOUR, EACH_DAY),
        (HOUR, -13 * HOUR, EACH_DAY),
        (HOUR, timedelta(0), NEVER),
        (HOUR, 12 * HOUR, NEVER),
        (HOUR, -12 * HOUR, NEVER),
        (timedelta(0), 13 * HOUR, NEVER),
        (-HOUR, 13 * HOUR, NEVER),
    ],
)
def test_a_newer_list_that_says_otherwise_by_more_than_twelve_hours_has_it_looked_up(
    said_after: timedelta, later: timedelta, often: tuple[bool, bool]
) -> None:
    drop_at = NOW + 10 * DAY
    listed = a_date(said_at=NOW + said_after, drop_at=drop_at + later)
    assert looked_up(dated(drop_at, listed)) == often


def test_a_contradicted_date_of_the_next_hours_is_looked_up_by_each_run() -> None:
    drop_at = NOW + 20 * HOUR
    assert looked_up(dated(drop_at, a_date(said_at=NOW + HOUR, drop_at=drop_at + 5 * DAY))) == EACH_RUN


def test_one_of_several_newer_lists_is_enough() -> None:
    drop_at = NOW + 10 * DAY
    agrees = a_date(DateSource.REGISTRY, said_at=NOW + HOUR, drop_at=drop_at)
    contradicts = a_date(DateSource.USER, said_at=NOW + HOUR, drop_at=drop_at - 2 * DAY)
    assert looked_up(dated(drop_at, agrees, contradicts)) == EACH_DAY


@pytest.mark.parametrize(("ended", "often"), [(2 * DAY, EACH_RUN), (2 * DAY - SECOND, NEVER)])
def test_an_order_that_should_have_dropped_two_days_ago_is_looked_up_by_each_run(
    ended: timedelta, often: tuple[bool, bool]
) -> None:
    order = a_dated_backorder(finalization_at=NOW - 3 * DAY)
    assert (
        looked_up(a_placed_backorder(deadline=order.schedule.deadline, dates=order.dates, batch_ends_at=NOW - ended))
        == often
    )


@pytest.mark.parametrize("state", [*sorted(FINAL), State.PROCESSING, State.AUCTION_PENDING])
def test_a_name_that_drops_or_is_over_is_not_looked_up(state: State) -> None:
    assert looked_up(a_placed_backorder(state=state)) == NEVER
