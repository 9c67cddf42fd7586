"""Amounts, times and states as the provider writes them."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorder.provider.hexonet.adapter import read_status
from backorder.provider.hexonet.values import amount, moment, moment_or_none, moment_text, number, words
from backorder.provider.hexonet.wire import NotAnAnswer
from backorder.provider.port import ApplicationStatus


@pytest.mark.parametrize("text", ["0.00", "-69.00", "+1.5", "217458.12", "5"])
def test_an_amount_is_read_to_the_cent(text: str) -> None:
    assert amount(text, "AMOUNT") == Decimal(text)


@pytest.mark.parametrize("text", ["", "NaN", "Infinity", "1e3", "1,5", "1_000", "٣", "0x1", "1.", ".5", "--1", "1 2"])
def test_what_is_no_amount_is_no_answer(text: str) -> None:
    with pytest.raises(NotAnAnswer, match="AMOUNT"):
        amount(text, "AMOUNT")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-1,069.00", "-1069.00"),
        ("1.069,00", "1069.00"),
        ("+1 069.5", "1069.5"),
        ("12,345,678.90", "12345678.90"),
    ],
)
def test_groups_of_digits_are_read_where_the_decimals_leave_no_doubt(text: str, value: str) -> None:
    assert amount(text, "AMOUNT") == Decimal(value)


@pytest.mark.parametrize("text", ["1,069", "1 069", "12,34.00", "1,06.9", "1.069.000", "1,069,00", "1 069,00.5"])
def test_groups_that_may_mean_two_things_are_no_amount(text: str) -> None:
    with pytest.raises(NotAnAnswer):
        amount(text, "AMOUNT")


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2))
def test_an_amount_means_the_same_with_groups_and_without(value: Decimal) -> None:
    grouped = f"{value:,.2f}"
    assert amount(grouped, "A") == amount(f"{value:.2f}", "A") == value
    swapped = grouped.translate(str.maketrans(",.", ".,"))
    assert abs(value) < 1000 or amount(swapped, "A") == value


@pytest.mark.parametrize(
    "text",
    [
        "2016-10-06 13:25:53.0",
        "2016-10-06 13:25:53.123456789",
        "2016-10-06T13:25:53",
        "2016-10-06T13:25:53Z",
        "2016-10-06 15:25:53+02:00",
        "2016-10-06 15:25:53.5 +0200",
    ],
)
def test_a_time_is_read_in_every_form_that_leaves_no_doubt(text: str) -> None:
    assert moment(text, "DATE") == datetime(2016, 10, 6, 13, 25, 53, tzinfo=UTC)


def test_a_time_without_seconds_is_at_the_full_minute() -> None:
    assert moment("2016-10-06 13:25", "DATE") == datetime(2016, 10, 6, 13, 25, tzinfo=UTC)


def test_a_time_is_utc() -> None:
    assert moment("2016-10-06 13:25:53", "CREATEDDATE") == datetime(2016, 10, 6, 13, 25, 53, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "0000-00-00 00:00:00"])
def test_never_is_no_time(text: str) -> None:
    assert moment_or_none(text, "DATE") is None
    with pytest.raises(NotAnAnswer):
        moment(text, "DATE")


@pytest.mark.parametrize(
    "text", ["2016-02-30 00:00:00", "06.10.2016 13:25:53", "2016-10-06 1:25 pm", "2016-10-06 25:00:00", "soon"]
)
def test_what_is_no_time_is_no_answer(text: str) -> None:
    with pytest.raises(NotAnAnswer):
        moment_or_none(text, "DATE")


def test_a_time_is_sent_in_utc() -> None:
    at = datetime(2026, 1, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert moment_text(at) == "2025-12-31 23:30:00"
    with pytest.raises(ValueError, match="no time zone"):
        moment_text(at.replace(tzinfo=None))


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001
def test_times_come_back_as_they_were_sent(at: datetime) -> None:
    aware = at.replace(microsecond=0, tzinfo=UTC)
    assert moment(moment_text(aware), "DATE") == aware


@given(st.text(max_size=30))
def test_any_text_is_a_value_or_no_answer(text: str) -> None:
    for read in (amount, moment_or_none, number):
        with suppress(NotAnAnswer):
            read(text, "X")


def test_words_are_separated_by_blanks_and_commas() -> None:
    assert words("X-NICSE-IDNUMBER, OWNERCONTACT0  PERIOD") == ("X-NICSE-IDNUMBER", "OWNERCONTACT0", "PERIOD")
    assert words("") == ()


@pytest.mark.parametrize(
    ("text", "status", "final"),
    [
        ("REQUESTED", ApplicationStatus.REQUESTED, False),
        ("active", ApplicationStatus.ACTIVE, False),
        ("PROCESSING", ApplicationStatus.PROCESSING, False),
        ("SUCCESSFUL", ApplicationStatus.SUCCESSFUL, True),
        ("FAILED", ApplicationStatus.FAILED, True),
        ("AUCTION-PENDING", ApplicationStatus.AUCTION_PENDING, False),
        ("AUCTION_PENDING", ApplicationStatus.AUCTION_PENDING, False),
        ("AUCTION-WON", ApplicationStatus.AUCTION_WON, True),
        ("AUCTION-LOST", ApplicationStatus.AUCTION_LOST, True),
        ("UNPAID", ApplicationStatus.UNKNOWN, False),
    ],
)
def test_a_status_is_read_in_both_spellings(text: str, status: ApplicationStatus, final: bool) -> None:
    assert read_status(text) is status
    assert status.is_final is final
    assert status.is_live is not final
