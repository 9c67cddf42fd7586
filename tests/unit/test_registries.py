"""When registries drop, in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorder.registries import Batch, Registries

registries = Registries.load()
ZONES = [
    "com",
    "net",
    "org",
    "info",
    "me",
    "se",
    "nu",
    "uk",
    "co.uk",
    "org.uk",
    "me.uk",
    "it",
    "ca",
    "au",
    "com.au",
    "zz",
]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "starts", "ends"),
    [
        ("com", "2026-11-25", "2026-11-25T19:00", "2026-11-25T20:15"),
        ("net", "2026-07-07", "2026-07-07T18:00", "2026-07-07T19:15"),
        # The clocks of New York change on 8 March and on 1 November 2026, at 02:00.
        ("com", "2026-03-07", "2026-03-07T19:00", "2026-03-07T20:15"),
        ("com", "2026-03-08", "2026-03-08T18:00", "2026-03-08T19:15"),
        ("com", "2026-10-31", "2026-10-31T18:00", "2026-10-31T19:15"),
        ("com", "2026-11-01", "2026-11-01T19:00", "2026-11-01T20:15"),
        ("com", "2026-12-31", "2026-12-31T19:00", "2026-12-31T20:15"),
        ("com", "2028-02-29", "2028-02-29T19:00", "2028-02-29T20:15"),
        ("org", "2026-07-07", "2026-07-07T14:30", "2026-07-07T15:30"),
        ("info", "2026-07-07", "2026-07-07T10:00", "2026-07-07T10:30"),
        ("me", "2026-07-07", "2026-07-07T02:30", "2026-07-07T03:00"),
        ("se", "2026-07-07", "2026-07-07T04:00", "2026-07-09T00:00"),
        # Rome's clocks change on 29 March and 25 October 2026.
        ("it", "2026-03-28", "2026-03-28T08:00", "2026-03-30T00:00"),
        ("it", "2026-03-29", "2026-03-29T07:00", "2026-03-31T00:00"),
        ("it", "2026-10-25", "2026-10-25T08:00", "2026-10-27T00:00"),
        ("com.au", "2026-07-07", "2026-07-07T03:00", "2026-07-09T00:00"),
        ("ca", "2026-11-25", "2026-11-25T19:00", "2026-11-27T00:00"),
    ],
)
def test_a_batch_begins_at_the_registrys_local_time(zone: str, day: str, starts: str, ends: str) -> None:
    assert registries.batch(zone, date.fromisoformat(day)) == Batch(utc(starts), utc(ends), known=True)


@pytest.mark.parametrize("zone", ["zz", "uk", "co.uk", "pl"])
def test_where_no_time_is_known_the_day_begins_at_the_earliest_moment_anywhere(zone: str) -> None:
    batch = registries.batch(zone, date(2027, 1, 1))
    assert batch == Batch(utc("2026-12-31T10:00"), utc("2027-01-03T00:00"), known=False)


def test_ca_drops_on_wednesdays_and_another_day_is_not_trusted() -> None:
    assert not registries.batch("ca", date(2026, 11, 24)).known


def test_every_zone_of_the_table_has_a_source() -> None:
    for zone in ZONES[:-1]:
        row = registries.of(zone)
        assert row is not None
        assert row.source
    assert registries.of("zz") is None


@given(st.sampled_from(ZONES), st.dates(date(1990, 1, 1), date(2090, 1, 1)))
def test_a_batch_is_near_its_day(zone: str, day: date) -> None:
    batch = registries.batch(zone, day)
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    assert midnight - timedelta(hours=14) <= batch.starts_at < midnight + timedelta(hours=38)
    assert batch.starts_at < batch.ends_at <= midnight + timedelta(days=2)


@given(st.sampled_from(ZONES), st.dates(date(1990, 1, 1), date(2090, 1, 1)))
def test_tomorrows_batch_begins_later_than_todays(zone: str, day: date) -> None:
    today, tomorrow = registries.batch(zone, day), registries.batch(zone, day + timedelta(days=1))
    assert zone == "ca" or timedelta(hours=23) <= tomorrow.starts_at - today.starts_at <= timedelta(hours=25)
