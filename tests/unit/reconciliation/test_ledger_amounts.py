"""Small amounts of the books: what the account opens with, what is unexplained, what is reserved, and sums of hours."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from backorder.domain.ledger import Account
from backorder.provider.port import Command, Deposit, UnreadRow
from reconciliation import ledger
from reconciliation.ledger import Seen
from tests.factories import FEE, NOW, a_deposit, a_posting, an_account_status, usd


def seen(amount: str = "1000.00", *deposits: Deposit, reserved: str = "0.00") -> Seen:
    return Seen(NOW, an_account_status(usd(amount), usd(reserved)), deposits, (), NOW.date())


@pytest.mark.parametrize("amount", ["0.50", "-0.50"])
def test_the_smallest_debt_is_one_where_books_are_opened(amount: str) -> None:
    posting = ledger.opening(seen(amount))
    accounts = [Account.OPENING, Account.BALANCE]
    assert [posting.source, posting.target] == (accounts if amount == "0.50" else accounts[::-1])
    assert posting.amount == usd("0.50")


@pytest.mark.parametrize("amount", ["0.50", "-0.50"])
def test_the_smallest_difference_goes_the_way_in_which_it_is_missing(amount: str) -> None:
    [posting] = ledger.unexplained((usd(amount), Decimal(0)), seen())
    accounts = [Account.UNEXPLAINED, Account.BALANCE]
    assert [posting.source, posting.target] == (accounts if amount == "0.50" else accounts[::-1])


def test_a_small_deposit_is_reserved_and_a_small_credit_is_not() -> None:
    small, credit = a_deposit("small.com", usd("0.50")), a_deposit("credit", usd("-0.50"))
    assert seen("1000.00", a_deposit(), small, reserved="69.50").reserved == usd("69.50")
    assert seen("1000.00", a_deposit(), credit, reserved="68.50").reserved == FEE


def test_what_the_account_shows_is_corrected_only_where_its_deposits_and_credits_add_up_to_it() -> None:
    credit = a_deposit("credit", usd("-50.00"))
    for shown, reserved in (("19.00", "69.00"), ("18.00", "18.00"), ("20.00", "20.00"), ("69.00", "69.00")):
        assert seen("1000.00", a_deposit(), credit, reserved=shown).reserved == usd(reserved)


def test_what_bookings_changed_the_account_by_is_what_came_in_less_what_went_out() -> None:
    held = {Account.PAID_IN: usd(-100), Account.FEES: usd(60), Account.TAX: usd(9), Account.OTHER: usd("0.50")}
    inside = {Account.BALANCE: usd(7), Account.RESERVED: usd(7), Account.OPENING: usd(7), Account.UNEXPLAINED: usd(7)}
    now = ledger.checked({**held, **inside}, seen("30.00", reserved="69.00"))
    assert (now.amount, now.deposit, now.moved) == (usd(30), usd(69), usd("30.50"))
    assert ledger.checked({}, seen()).moved == 0


def test_the_books_are_compared_only_where_all_rows_were_read() -> None:
    row = UnreadRow(Command.DEPOSITS, "a list", "DEPOSITID=1", "has no amount", "1")
    assert seen().is_whole
    assert not replace(seen(), unread_deposits=(row,)).is_whole
    assert not replace(seen(), unread_entries=True).is_whole


def test_what_moved_within_an_hour_is_one_sum_at_its_beginning() -> None:
    hour = NOW.replace(minute=0, second=0, microsecond=0)
    moments = [hour, hour + timedelta(minutes=59, seconds=59, microseconds=999_999), hour + timedelta(hours=1)]
    first, second = ledger.sum_up(a_posting(f"entry#{n}", usd(n + 1), at=at) for n, at in enumerate(moments))
    assert (first.hour, first.amount, first.count) == (hour, usd("3.00"), 2)
    assert (second.hour, second.amount, second.count) == (hour + timedelta(hours=1), usd("3.00"), 1)
    assert first.as_posting.at == hour
