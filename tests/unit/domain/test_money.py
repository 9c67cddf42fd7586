"""Amounts: exact, and each in its currency."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorder.domain.ledger import Account, balances
from backorder.domain.money import text
from tests.factories import a_posting, usd

amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=4)


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        ("0", "0.00"),
        ("69", "69.00"),
        ("69.5", "69.50"),
        ("69.000", "69.00"),
        ("-69.5", "-69.50"),
        ("0.0050", "0.005"),
        ("69.1234", "69.1234"),
        ("1E+3", "1000.00"),
        ("1234567.89", "1234567.89"),
    ],
)
def test_an_amount_is_written_with_two_decimals_or_with_all_it_has(amount: str, written: str) -> None:
    assert text(Decimal(amount)) == written


@given(amounts)
def test_no_amount_loses_anything_when_it_is_written(amount: Decimal) -> None:
    assert Decimal(text(amount)) == amount


@given(st.lists(st.tuples(st.sampled_from(Account), st.sampled_from(Account), st.integers(1, 10**6).map(Decimal))))
def test_all_accounts_add_up_to_zero(moves: list[tuple[Account, Account, Decimal]]) -> None:
    postings = [a_posting(str(n), amount, source=s, target=t) for n, (s, t, amount) in enumerate(moves)]
    held = balances(postings)
    assert set(held) == set(Account)
    assert sum(held.values()) == 0


def test_an_account_holds_what_it_received_less_what_it_gave() -> None:
    held = balances(
        [
            a_posting("1", usd(100), source=Account.PAID_IN, target=Account.BALANCE),
            a_posting("2", usd(69), source=Account.BALANCE, target=Account.RESERVED),
        ]
    )
    assert (held[Account.PAID_IN], held[Account.BALANCE], held[Account.RESERVED]) == (usd(-100), usd(31), usd(69))
