"""Numbers and amounts as people write them; what may be two numbers is both."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorder.domain.numbers import readings


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *(("69", "69"), ("69.00", "69"), ("69,00", "69"), ("69,5", "69.5"), (" 69 ", "69"), ("007", "7")),
        *(("1,250", "1250"), ("1,250.00", "1250"), ("1.250,00", "1250"), ("12,345,678", "12345678")),
        *(("1.234.567", "1234567"), ("1 250,00", "1250"), ("1'250.50", "1250.5"), ("1\u00a0250", "1250")),
        *(
            ("$69.00", "69"),
            ("$ 1,250", "1250"),
            ("USD 700", "700"),
            ("700 USD", "700"),
            ("€ 80", "80"),
            ("80 €", "80"),
        ),
        *(("80€", "80"), ("US$ 5", "5"), ("69,00 zł", "69"), ("1 500 Kč", "1500"), ("£3.5", "3.5")),
        *(("1.2K", "1200"), ("1,2k", "1200"), ("$1.2K", "1200"), ("3M", "3000000"), ("-4.9", "-4.9"), ("+5", "5")),
        *(("-$5", "-5"), ("0.125", "0.125"), ("0,125", "0.125"), ("1234.567", "1234.567"), ("1.2500", "1.25")),
    ],
)
def test_a_number_is_read_as_it_is_written(text: str, number: str) -> None:
    assert readings(text) == (Decimal(number),)


@pytest.mark.parametrize("text", ["1.250", "$1.250", "12.000 €"])
def test_three_digits_behind_a_point_may_be_decimals_or_thousands(text: str) -> None:
    small, large = readings(text)
    assert large == small * 1000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "n/a",
        "free",
        "4 years",
        "1,2,3",
        "1.2.3",
        "12,34.5,6",
        "1,23.456,7",
        "--5",
        "USD",
        "1e5",
        "٣",
        "5 6",
        "9" * 40,
    ],
)
def test_what_is_no_number_is_none(text: str) -> None:
    assert readings(text) == ()


@given(st.decimals(0, 10**9, places=2))
def test_an_amount_is_the_same_in_every_country(amount: Decimal) -> None:
    english = f"{amount:,.2f}"
    german = english.translate(str.maketrans(",.", ".,"))
    for written in (english, german, german.replace(".", " "), english.replace(",", "'"), f"${english}", f"{german} €"):
        assert readings(written) == (amount,)


@given(st.text(alphabet="0123456789.,' $€kK-", max_size=12))
def test_any_text_is_read_or_is_none(text: str) -> None:
    assert len(readings(text)) <= 2
