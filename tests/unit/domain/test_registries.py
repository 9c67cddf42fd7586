"""When registries drop, in UTC."""

from __future__ import annotations

import importlib.resources
import tomllib
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from backorder.domain.domains import parse_zone
from backorder.domain.registries import Batch, Registries, Registry, Times

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
    "es",
    "nl",
    "pl",
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
        ("org", "2026-07-07", "2026-07-07T13:30", "2026-07-07T15:30"),
        ("info", "2026-07-07", "2026-07-07T08:30", "2026-07-07T10:30"),
        ("me", "2026-07-07", "2026-07-07T02:30", "2026-07-07T03:00"),
        ("se", "2026-07-07", "2026-07-07T04:00", "2026-07-09T00:00"),
        ("es", "2026-07-07", "2026-07-07T02:30", "2026-07-07T03:00"),
        ("es", "2026-11-27", "2026-11-27T03:30", "2026-11-27T04:00"),
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


@pytest.mark.parametrize("zone", ["zz", "uk", "co.uk", "pl", "nl", "us"])
def test_where_no_time_is_known_the_day_begins_at_the_earliest_moment_anywhere(zone: str) -> None:
    batch = registries.batch(zone, date(2027, 1, 1))
    assert batch == Batch(utc("2026-12-31T10:00"), utc("2027-01-03T00:00"), known=False)


def test_ca_drops_on_wednesdays_and_another_day_is_not_trusted() -> None:
    assert not registries.batch("ca", date(2026, 11, 24)).known


def test_every_row_has_a_source_and_names_zones_under_which_names_are_registered() -> None:
    text = importlib.resources.files("backorder.domain").joinpath("registries.toml").read_text("utf-8")
    rows = [Registry.model_validate(row) for row in tomllib.loads(text)["registry"]]
    zones = [zone for row in rows for zone in row.zones]
    assert all(row.source for row in rows)
    assert [parse_zone(zone) for zone in zones] == zones
    assert len(zones) == len(set(zones))
    assert registries.of("zz") is None


def test_the_user_knows_better_of_one_zone_and_not_of_the_others() -> None:
    known = registries.overridden({"ca": Times.model_validate({"starts": ["04:00"], "time_zone": "America/Toronto"})})
    assert known.batch("ca", date(2026, 11, 24)) == Batch(utc("2026-11-24T09:00"), utc("2026-11-26T00:00"), known=True)
    assert known.batch("com", date(2026, 11, 24)) == registries.batch("com", date(2026, 11, 24))
    assert registries.overridden({}) is registries


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


_zones_of_the_world = st.sampled_from(
    [
        "America/New_York",
        "Europe/Rome",
        "Australia/Lord_Howe",
        "Pacific/Kiritimati",
        "Pacific/Pago_Pago",
        "Asia/Kolkata",
    ]
)
_clock_changes = st.sampled_from([date(2026, 3, 8), date(2026, 3, 29), date(2026, 10, 4), date(2026, 10, 25)])
_odd_days = st.sampled_from(
    [date(2026, 11, 1), date(2026, 12, 31), date(2027, 1, 1), date(2028, 2, 29), date(2028, 3, 1)]
)


@given(_zones_of_the_world, st.times(), st.dates(date(2000, 1, 2), date(2090, 1, 1)) | _clock_changes | _odd_days)
def test_a_batch_begins_on_its_day_at_its_time_by_the_clocks_of_its_place(place: str, at: time, day: date) -> None:
    times = Times(starts=(at.replace(second=0, microsecond=0, fold=0),), time_zone=ZoneInfo(place))
    starts_at = registries.overridden({"xx": times}).batch("xx", day).starts_at
    local = starts_at.astimezone(ZoneInfo(place))
    assert local.date() == day
    # Where the clocks leap over the time, it is as much later as they leap: an hour, or half of one on Lord Howe.
    late = (local.hour * 60 + local.minute) - (at.hour * 60 + at.minute)
    assert late in (0, 30, 60)
    assert registries.overridden({"xx": times}).batch("xx", day + timedelta(days=1)).starts_at > starts_at


@given(
    _zones_of_the_world,
    st.lists(st.times(), min_size=1, max_size=3),
    st.datetimes(datetime(2000, 1, 2), datetime(2090, 1, 1)),  # noqa: DTZ001
)
def test_the_next_start_is_the_first_one_later(place: str, starts: list[time], after: datetime) -> None:
    times = Times(starts=tuple(at.replace(fold=0) for at in starts), time_zone=ZoneInfo(place))
    after = after.replace(tzinfo=UTC)
    found = times.next_start(after, times.starts)
    assert after < found <= after + timedelta(hours=25)
    assert times.next_start(found - timedelta(microseconds=1), times.starts) == found
    assert times.next_start(found, times.starts) > found


def test_after_a_start_comes_the_next_one_where_clocks_went_back_over_midnight() -> None:
    """In St. John's, 00:01 on 7 November 2010 became 23:01 of the day before; 00:00 came once, before that."""
    times = Times(starts=(time(0),), time_zone=ZoneInfo("America/St_Johns"))
    assert times.next_start(utc("2010-11-07T02:29"), times.starts) == utc("2010-11-07T02:30")
    assert times.next_start(utc("2010-11-07T03:00"), times.starts) == utc("2010-11-08T03:30")


@pytest.mark.parametrize(
    ("moment", "nearest"),
    [
        ("2026-11-27T09:00", "2026-11-27T09:00"),
        ("2026-11-27T12:29", "2026-11-27T09:00"),
        ("2026-11-27T12:31", "2026-11-27T16:00"),
        ("2026-11-28T00:29", "2026-11-27T16:00"),
        ("2026-11-28T00:31", "2026-11-28T09:00"),
    ],
)
def test_the_nearest_start_is_before_or_after(moment: str, nearest: str) -> None:
    assert Times(starts=(time(9), time(16))).nearest_start(utc(moment)) == utc(nearest)


@pytest.mark.parametrize(
    ("moment", "nearest"),
    [
        ("2026-11-22T06:59", "2026-11-18T19:00"),
        ("2026-11-22T07:01", "2026-11-25T19:00"),
        ("2026-11-25T03:00", "2026-11-25T19:00"),
        ("2026-11-26T03:00", "2026-11-25T19:00"),
    ],
)
def test_the_nearest_start_of_a_week_is_on_its_day_by_the_clocks_of_its_place(moment: str, nearest: str) -> None:
    wednesdays = Times(starts=(time(14),), time_zone=ZoneInfo("America/Toronto"), weekday=2)
    assert wednesdays.nearest_start(utc(moment)) == utc(nearest)


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"starts": []},
        {"starts": "14:00"},
        {"starts": [14]},
        {"starts": ["14"]},
        {"starts": ["24:00"]},
        {"starts": ["14:00:30"]},
        {"starts": ["14:00"], "minutes": 0},
        {"starts": ["14:00"], "minutes": 1441},
        {"starts": ["14:00"], "minutes": "60"},
        {"starts": ["14:00"], "weekday": -1},
        {"starts": ["14:00"], "weekday": 7},
        {"starts": ["14:00"], "weekday": True},
        {"starts": ["14:00"], "weekday": "1"},
        {"starts": ["14:00"], "time_zone": "Europe/Roma"},
        {"starts": ["14:00"], "time_zone": 1},
        {"starts": ["14:00"], "hours": 1},
    ],
)
def test_times_that_nobody_can_mean_are_refused(row: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Times.model_validate(row)


def test_a_zone_with_a_dot_that_is_not_in_quotes_is_told_so() -> None:
    with pytest.raises(ValidationError, match="put a zone with a dot in quotes"):
        Times.model_validate({"uk": {"starts": ["09:00"]}})


@pytest.mark.parametrize("weekday", range(7))
def test_a_registry_may_drop_on_one_day_of_the_week(weekday: int) -> None:
    times = Times.model_validate({"starts": ["23:59", "00:00"], "weekday": weekday, "minutes": 1440})
    monday = date(2026, 11, 23)
    assert [times.start(monday + timedelta(days=n)) is not None for n in range(7)] == [n == weekday for n in range(7)]
    assert times.span == timedelta(hours=23, minutes=59 + 1440)


@pytest.mark.parametrize("minutes", [1, 1440])
def test_a_batch_takes_a_minute_to_a_day(minutes: int) -> None:
    times = Times.model_validate({"starts": ["14:00"], "minutes": minutes})
    assert times.span == timedelta(minutes=minutes)


def test_a_row_of_the_table_names_a_zone() -> None:
    row = {"starts": ["14:00"], "source": "a page", "verified": True}
    assert Registry.model_validate({**row, "zones": ["xx"]}).zones == ("xx",)
    with pytest.raises(ValidationError):
        Registry.model_validate({**row, "zones": []})
