"""Until when an order has to be in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorder.domain.registries import Registries
from backorder.domain.schedule import FINALIZATION_LEAD, MARGIN, UNDATED, Known, Schedule, schedule

registries = Registries.load()


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_finalization_date_is_the_last_moment_less_the_margin() -> None:
    assert schedule("com", finalization_at=utc("2026-11-25T16:00"), registries=registries) == Schedule(
        finalization_at=utc("2026-11-25T16:00"),
        deadline=utc("2026-11-25T15:45"),
        last_chance=utc("2026-11-25T15:45"),
        batch_starts_at=utc("2026-11-25T19:00"),
        batch_ends_at=utc("2026-11-25T20:15"),
        known=Known.FINALIZATION,
    )


def test_a_drop_that_is_known_as_well_begins_the_batch() -> None:
    known = schedule(
        "pl", finalization_at=utc("2026-11-25T16:00"), drop_at=utc("2026-11-25T22:00"), registries=registries
    )
    assert (known.batch_starts_at, known.batch_ends_at) == (utc("2026-11-25T22:00"), utc("2026-11-27T00:00"))
    assert known.deadline == utc("2026-11-25T15:45")


@pytest.mark.parametrize("told", ["2026-11-25T15:59", "2026-11-24T19:00", "2026-11-26T19:00"])
def test_a_drop_that_its_finalization_date_contradicts_was_moved(told: str) -> None:
    """The provider's word is newer than the list's: money is bound until the drop that it means, and no shorter."""
    finalization_at = utc("2026-11-25T16:00")
    known = schedule("com", finalization_at=finalization_at, drop_at=utc(told), registries=registries)
    assert known == schedule("com", finalization_at=finalization_at, registries=registries)


@pytest.mark.parametrize(
    ("drop_at", "believed"),
    [
        ("2026-11-25T15:59:59", False),
        ("2026-11-25T16:00:00", True),
        ("2026-11-26T15:59:59", True),
        ("2026-11-26T16:00:00", False),
    ],
)
def test_a_drop_is_believed_within_a_day_from_its_finalization_date(drop_at: str, believed: bool) -> None:
    known = schedule("com", finalization_at=utc("2026-11-25T16:00"), drop_at=utc(drop_at), registries=registries)
    assert (known.batch_starts_at == utc(drop_at)) is believed


def test_a_day_alone_takes_the_registrys_batch() -> None:
    assert schedule("com", drop_day=date(2026, 7, 7), registries=registries) == Schedule(
        finalization_at=None,
        deadline=utc("2026-07-07T14:45"),
        last_chance=utc("2026-07-07T18:00"),
        batch_starts_at=utc("2026-07-07T18:00"),
        batch_ends_at=utc("2026-07-07T19:15"),
        known=Known.ESTIMATED,
    )


def test_a_day_in_an_unknown_zone_may_begin_the_day_before() -> None:
    known = schedule("pl", drop_day=date(2027, 1, 1), registries=registries)
    assert (known.deadline, known.last_chance) == (utc("2026-12-31T06:45"), utc("2026-12-31T10:00"))
    assert known.batch_ends_at == utc("2027-01-03T00:00")


def test_an_exact_drop_counts_more_than_its_day() -> None:
    at = datetime(2026, 7, 7, 14, 5, 9, tzinfo=timezone(timedelta(hours=1)))
    known = schedule("uk", drop_day=date(2026, 7, 7), drop_at=at, registries=registries)
    assert known.batch_starts_at == utc("2026-07-07T13:05:09")
    assert known.deadline == utc("2026-07-07T09:50:09")
    assert known.known is Known.ESTIMATED


def test_without_a_date_nothing_is_known() -> None:
    assert schedule("com", registries=registries) == UNDATED


def test_a_moment_needs_a_time_zone() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        schedule("com", drop_at=datetime(2026, 7, 7), registries=registries)  # noqa: DTZ001 -- that is the point


_moments = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.timezones())  # noqa: DTZ001
_zones = st.sampled_from(["com", "it", "com.au", "ca", "co.uk", "se", "pl", "org"])


@given(
    _zones,
    st.none() | st.dates(date(1990, 1, 1), date(2090, 1, 1)),
    st.none() | _moments,
    st.none() | _moments,
)
def test_moments_are_in_utc_and_in_order(
    zone: str, drop_day: date | None, drop_at: datetime | None, finalization_at: datetime | None
) -> None:
    known = schedule(zone, drop_day=drop_day, drop_at=drop_at, finalization_at=finalization_at, registries=registries)
    if known.known is Known.NONE:
        assert known == UNDATED
        return
    assert known.deadline is not None
    assert known.last_chance is not None
    assert known.batch_starts_at is not None
    assert known.batch_ends_at is not None
    assert known.deadline <= known.last_chance
    assert known.batch_starts_at < known.batch_ends_at
    for moment in (known.deadline, known.last_chance, known.batch_starts_at, known.batch_ends_at):
        assert moment.tzinfo is UTC
    if known.known is Known.ESTIMATED:
        assert known.last_chance == known.batch_starts_at
        assert known.batch_starts_at - known.deadline == FINALIZATION_LEAD + MARGIN
