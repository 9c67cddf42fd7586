# ruff: noqa: RUF001 - dates as Bulgaria writes them have a letter that looks like a Latin one
"""Dates as lists write them, in the right time zone; what may be two days is none."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.reading.formats.dates import (
    Order,
    UnreadableDate,
    Written,
    iso_date,
    read_day,
    read_drop,
    read_moment,
    slash_order,
)
from ingestion.reading.formats.rows import SlashOrder

ROME = ZoneInfo("Europe/Rome")
UNKNOWN, MONTH, DAY = Written(), Written(Order.MONTH_FIRST), Written(Order.DAY_FIRST)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        *("2026-11-27", "2026/11/27", "2026.11.27", "20261127", "27.11.2026", "27/11/2026", "11/27/2026", "27-11-2026"),
        *("27 Nov 2026", "27-Nov-2026", "27 November 2026", "Nov 27, 2026", "November 27 2026", "2026-Nov-27"),
        *("27. 11. 2026", "27. 11. 2026 0:00:00", "2026. 11. 27.", "27.11.2026.", "27.11.2026 г.", "27.11.2026г."),
        *("27.11.2026 ã.", "2026年11月27日", "2026년 11월 27일"),
        *(" 2026-11-27 ", "2026-11-27 00:00:00", "11/27/2026 12:00:00 AM", "27.11.2026 00:00"),
    ],
)
def test_a_day_is_read_in_every_published_form(text: str) -> None:
    assert read_drop(text, UNKNOWN) == date(2026, 11, 27)


@pytest.mark.parametrize(
    "text",
    [
        *("2026-11-27T16:05:00Z", "2026-11-27 16:05:00", "2026-11-27t16:05", "2026-11-27 16:05 UTC"),
        *("2026-11-27T17:05:00+01:00", "2026-11-27 11:05:00 -0500", "2026-11-27T16:05:00.123456Z", "20261127T16:05Z"),
        *("11/27/2026 4:05:00 PM", "11/27/2026 04:05 p.m.", "27.11.2026 16:05:00", "27.11.2026, 16:05"),
        *("27. 11. 2026 16:05", "2026. 11. 27. 16:05:00", "27.11.2026. 16:05", "27.11.2026 г. 16:05"),
        *("2026-11-27 08:05:00 PST", "2026/11/27 11:05 (EST)", "Nov 27, 2026 5:05 PM CET", "2026-11-28 02:05 AEST"),
    ],
)
def test_a_moment_is_read_in_every_published_form(text: str) -> None:
    assert read_drop(text, UNKNOWN) == utc("2026-11-27T16:05")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("soon", "cannot be read: write it as YYYY-MM-DD"),
        ("", "cannot be read"),
        ("27.11.26", "cannot be read"),
        ("27. 11. 26", "cannot be read"),
        ("27. 11. 2026 г. x", "cannot be read"),
        ("2026-11-27 25:00", "does not exist"),
        ("2026-11-27 13:00 PM", "does not exist"),
        ("2026-11-27 0:30 AM", "does not exist"),
        ("2026-02-29", "does not exist"),
        ("31/04/2026", "does not exist"),
        ("13/13/2026", "does not exist"),
        ("27 Foo 2026", "there is no month 'foo'"),
        ("27 Mart 2026", "there is no month 'mart'"),
        ("2026-11-27 16:00 IST", "has a time zone that is not known: write UTC, or +HH:MM"),
        ("2026-11-27 16:00 +99:00", "does not exist"),
        ("0026-11-27", "its year is not from 1990 to 2099"),
        ("11/12/2026", "may have its day or its month first: write it as YYYY-MM-DD"),
        ("1-2-2026 10:00 AM", "may have its day or its month first"),
    ],
)
def test_what_cannot_be_read_is_a_fault_that_says_why(text: str, why: str) -> None:
    with pytest.raises(UnreadableDate, match=r"^date '") as fault:
        read_drop(text, UNKNOWN)
    assert why in str(fault.value)


def test_a_slash_date_of_a_known_source_has_that_order() -> None:
    assert read_drop("11/12/2026", MONTH) == date(2026, 11, 12)
    assert read_drop("11/12/2026", DAY) == date(2026, 12, 11)
    for text, how in (("27/11/2026", MONTH), ("11/27/2026", DAY)):
        with pytest.raises(UnreadableDate, match="first, and the others of this list do not"):
            read_drop(text, how)


def test_a_slash_date_that_is_the_same_day_either_way_is_read() -> None:
    assert read_drop("11/11/2026", UNKNOWN) == date(2026, 11, 11)


def test_midnight_means_that_day_unless_a_time_zone_is_written_beside_it() -> None:
    assert read_drop("2026-11-27 00:00:00Z", UNKNOWN) == utc("2026-11-27T00:00")
    assert read_drop("2026-11-27 00:00:00", Written(zone=ROME)) == date(2026, 11, 27)
    assert read_moment("2026-11-27 00:00:00", UNKNOWN) == utc("2026-11-27T00:00")


def test_of_a_time_in_an_unknown_zone_only_the_day_counts() -> None:
    assert read_day("2026-11-27 23:30", UNKNOWN) == date(2026, 11, 27)
    assert read_day("2026-11-27 23:30 -0500", UNKNOWN) == utc("2026-11-28T04:30")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        # Rome's clocks change on 29 March and 25 October 2026; what comes twice is taken to be the earlier.
        ("2026-03-28 09:00", "2026-03-28T08:00"),
        ("2026-03-29 09:00", "2026-03-29T07:00"),
        ("2026-10-24 16:00", "2026-10-24T14:00"),
        ("2026-10-25 16:00", "2026-10-25T15:00"),
        ("2026-10-25 02:30", "2026-10-25T00:30"),
        ("2027-01-01 00:30", "2026-12-31T23:30"),
        ("2028-02-29 09:00", "2028-02-29T08:00"),
    ],
)
def test_local_times_follow_the_change_of_clocks(text: str, moment: str) -> None:
    assert read_drop(text, Written(zone=ROME)) == utc(moment)


def test_the_providers_dates_are_iso_and_nothing_else() -> None:
    assert iso_date("2026-11-27 00:00:00") == utc("2026-11-27T00:00")
    with pytest.raises(UnreadableDate, match="only YYYY-MM-DD and"):
        iso_date("27.11.2026")


def test_a_column_shows_its_order_by_what_is_over_twelve() -> None:
    column = SlashOrder()
    column.look_ahead(["", "2026-11-27", "1/2/2026", "11/27/2026"])
    assert column.see("1/2/2026") is Order.MONTH_FIRST
    assert column.see("27/1/2026") is Order.MONTH_FIRST


def test_a_column_that_shows_both_orders_shows_none() -> None:
    column = SlashOrder()
    column.look_ahead(["27/11/2026", "11/27/2026"])
    assert column.see("27/11/2026") is None
    assert read_drop("27/11/2026", UNKNOWN) == date(2026, 11, 27)


def test_what_the_look_ahead_did_not_show_a_later_row_does() -> None:
    column = SlashOrder()
    column.look_ahead(["1/2/2026"])
    assert column.see("1/2/2026") is None
    assert column.see("27/2/2026") is Order.DAY_FIRST
    assert column.see("1/2/2026") is Order.DAY_FIRST


_days = st.dates(date(1990, 1, 1), date(2099, 12, 31))


@given(_days)
def test_a_day_is_read_as_itself_or_is_ambiguous_and_never_another(day: date) -> None:
    for form, how in (
        ("%Y-%m-%d", UNKNOWN),
        ("%d.%m.%Y", UNKNOWN),
        ("%d %b %Y", UNKNOWN),
        ("%m/%d/%Y", MONTH),
        ("%d/%m/%Y", DAY),
    ):
        assert read_drop(day.strftime(form), how) == day
    for form, order in (("%m/%d/%Y", Order.MONTH_FIRST), ("%d/%m/%Y", Order.DAY_FIRST)):
        text = day.strftime(form)
        assert slash_order(text) in (None, order)
        if day.day > 12 or day.day == day.month:
            assert read_drop(text, UNKNOWN) == day
        else:
            with pytest.raises(UnreadableDate, match="may have its day or its month first"):
                read_drop(text, UNKNOWN)


_moments = st.datetimes(datetime(1990, 1, 2), datetime(2099, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001


@given(_moments, st.sampled_from(["Europe/Rome", "America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"]))
def test_a_moment_is_read_as_itself_in_every_zone(moment: datetime, place: str) -> None:
    moment = moment.replace(microsecond=0)
    local = moment.astimezone(ZoneInfo(place))
    assert read_drop(local.isoformat(), UNKNOWN) == moment
    found = read_moment(local.strftime("%m/%d/%Y %I:%M:%S %p"), Written(Order.MONTH_FIRST, ZoneInfo(place)))
    assert isinstance(found, datetime)
    # An hour that comes twice is taken to be the earlier one.
    assert moment - found in (timedelta(), timedelta(hours=1))


@given(st.text() | st.from_regex(r"[0-9/.: +-]{1,30}") | st.builds("{}/{}/{} {}".format, *[st.integers(0, 3000)] * 4))
def test_any_text_is_a_date_or_is_not_and_nothing_else_happens(text: str) -> None:
    for how in (UNKNOWN, MONTH, DAY, Written(zone=ROME)):
        try:
            found = read_drop(text, how)
        except UnreadableDate:
            continue
        assert isinstance(found, date)
        assert not isinstance(found, datetime) or found.tzinfo is UTC
