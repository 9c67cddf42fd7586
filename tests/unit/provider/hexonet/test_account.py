"""What rows about the account's money mean."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from backorder.provider.hexonet.account import (
    ACCOUNTING_PROPERTIES,
    DEPOSIT_PROPERTIES,
    RENEWAL_PROPERTIES,
    read_accounting_entry,
    read_deposit,
    read_renewal,
)
from backorder.provider.hexonet.wire import Row
from backorder.provider.port import Deposit, EntryKind, Renewal
from tests.factories import usd


def renewal(**cells: str) -> Renewal:
    return read_renewal(Row(0, {**dict.fromkeys(RENEWAL_PROPERTIES, ""), "OBJECTID": "john.com", **cells}))


@pytest.mark.parametrize(
    ("mode", "next_action", "renews"),
    [
        ("AUTORENEW", "", True),
        ("AUTORENEW", "expire", True),
        ("DEFAULT", "", True),
        ("DEFAULT", "renew", True),
        ("DEFAULT", "expireunpaid", False),
        ("", "delete", False),
        ("AUTOEXPIRE", "", False),
        ("AUTODELETE", "renew", False),
        ("RENEWONCETHENAUTOEXPIRE", "", False),
    ],
)
def test_an_object_renews_unless_its_mode_or_what_comes_next_ends_it(mode: str, next_action: str, renews: bool) -> None:
    assert renewal(RENEWALMODE=mode, NEXTACTION=next_action).renews is renews


def test_a_renewal_draws_its_price_with_tax() -> None:
    due = renewal(ACCOUNTINGDATE="2026-12-01 00:00:00", PRICE="12.50", VATPRICE="2.38")
    assert due == Renewal(due.id, datetime(2026, 12, 1, tzinfo=UTC), usd("14.88"), renews=True)
    assert renewal(PRICE="12.50").gross == usd("12.50")
    assert renewal(VATPRICE="2.38").gross is None


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        ("PAYMENT", EntryKind.PAYMENT),
        ("PAYMENT_CREDITCARD", EntryKind.PAYMENT),
        ("ADD_DOMAIN", EntryKind.REGISTRATION),
        ("DOMAIN_AUCTION", EntryKind.AUCTION),
        ("ADD", EntryKind.OTHER),
        ("ADD_APPLICATION", EntryKind.OTHER),
        ("COM_BACKORDER", EntryKind.OTHER),
        ("RENEW_DOMAIN", EntryKind.OTHER),
        ("", EntryKind.OTHER),
    ],
)
def test_the_type_of_an_entry_says_what_it_is_for(type_: str, kind: EntryKind) -> None:
    cells = {"ACCOUNTINGDATE": "2026-12-01 00:00:00", "ACCOUNTINGPRICE": "-1.00", "ACCOUNTINGTYPE": type_.lower()}
    entry = read_accounting_entry(Row(0, {**dict.fromkeys(ACCOUNTING_PROPERTIES, ""), **cells}))
    assert (entry.kind, entry.type) == (kind, type_)


def deposit(**cells: str) -> Deposit:
    whole = {"DEPOSITID": "1", "DEPOSIT": "69.00", "CREATEDDATE": "2026-12-01 00:00:00", **cells}
    return read_deposit(Row(0, {**dict.fromkeys(DEPOSIT_PROPERTIES, ""), **whole}))


@pytest.mark.parametrize(
    ("type_", "for_a_backorder"),
    # Two of them are the reference's own examples of something else.
    [("BACKORDER", True), ("com_backorder", True), ("", True), ("BUILD_LANDRUSH", False), ("PAYMENT", False)],
)
def test_a_deposit_is_for_a_backorder_unless_its_type_says_otherwise(type_: str, *, for_a_backorder: bool) -> None:
    assert deposit(ACCOUNTINGTYPE=type_).is_for_a_backorder is for_a_backorder


def test_a_deposit_that_the_provider_prolongs_is_the_same_deposit() -> None:
    assert deposit(EXPIRATIONDATE="2026-12-01 06:00:00") == deposit(EXPIRATIONDATE="2026-12-01 12:00:00")
