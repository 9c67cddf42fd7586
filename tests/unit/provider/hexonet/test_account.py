"""What rows about the account's money mean."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from backorder.provider.hexonet.account import RENEWAL_PROPERTIES, read_renewal
from backorder.provider.hexonet.wire import Row
from backorder.provider.port import Renewal
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
    assert due == Renewal(datetime(2026, 12, 1, tzinfo=UTC), usd("14.88"), renews=True)
    assert renewal(PRICE="12.50").gross == usd("12.50")
    assert renewal(VATPRICE="2.38").gross is None
