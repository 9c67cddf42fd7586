"""What will draw on the account besides backorders, and what the account's own price list says of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backorder.money import CENT, ZERO
from backorder.provider.account import Renewal, UserStatus
from backorder.provider.client import Provider
from backorder.provider.errors import AccessDenied, ProviderError, TemporaryFailure
from backorder.standing import FallsDue, OwnPrice, Standing
from reconciliation.ahead import AHEAD, falling_due, look_ahead, own_prices
from reconciliation.stages import Stages
from tests.factories import NOW, usd

SOON = NOW + timedelta(days=3)


def a_user(relations: dict[str, str], vat: Decimal | None = None) -> UserStatus:
    return UserStatus("test.user", "USD", vat, None, (), relations)


def a_renewal(
    days: int | None, price: str | None, vat_price: str | None = None, *, mode: str = "AUTORENEW", action: str = "pay"
) -> Renewal:
    due_at = None if days is None else NOW + timedelta(days=days)
    amounts = [None if text is None else usd(text) for text in (price, vat_price)]
    return Renewal("john.com", "DOMAIN", due_at, amounts[0], amounts[1], "1", mode, action)


@dataclass
class FakeProvider:
    renewed: tuple[Renewal, ...] = ()
    user_answer: UserStatus | ProviderError | None = None
    until: object = None

    def renewals(self, *, until: object) -> tuple[Renewal, ...]:
        self.until = until
        return self.renewed

    def user(self) -> UserStatus:
        if isinstance(self.user_answer, UserStatus):
            return self.user_answer
        assert self.user_answer is not None, "nobody asked for prices"
        raise self.user_answer


def the(fake: FakeProvider) -> Provider:
    return cast("Provider", fake)


def test_renewals_are_foreseen_gross_in_order_of_time() -> None:
    fake = FakeProvider(
        (a_renewal(9, "10.00"), a_renewal(3, "12.50", "2.38"), a_renewal(None, "1"), a_renewal(4, None))
    )
    assert falling_due(the(fake), NOW) == (
        FallsDue(SOON, usd("14.88")),
        FallsDue(NOW + timedelta(days=9), usd("10.00")),
    )
    assert fake.until == NOW + AHEAD


@pytest.mark.parametrize(
    ("mode", "action", "draws"),
    [
        ("AUTORENEW", "pay", True),
        ("RENEW", "", True),
        ("", "", True),  # not told
        ("AUTORENEW", "expire", True),  # in doubt, it draws
        ("EXPIRE", "expire", False),  # the reference's own example
        ("AUTOEXPIRE", "", False),
        ("AUTODELETE", "delete", False),
        ("", "EXPIREUNPAID", False),
    ],
)
def test_what_is_to_expire_or_to_be_deleted_draws_nothing(mode: str, action: str, draws: bool) -> None:
    found = falling_due(the(FakeProvider((a_renewal(3, "12.50", mode=mode, action=action),))), NOW)
    assert found == ((FallsDue(SOON, usd("12.50")),) if draws else ())


def test_what_was_due_is_not_ahead() -> None:
    assert falling_due(the(FakeProvider((a_renewal(0, "10.00"), a_renewal(-1, "10.00")))), NOW) == ()


@pytest.mark.parametrize(
    ("relations", "prices"),
    [
        ({"PRICE_CLASS_DOMAIN_COM_SETUP": "12.50", "PRICE_CLASS_DOMAIN_COM_ANNUAL": "12.50"}, {}),
        ({"PRICE_CLASS_DOMAIN_COM_BACKORDER_SETUP": "60.00"}, {"COM": OwnPrice(usd("60.00"), "USD")}),
        ({"PRICE_CLASS_COM_BACKORDER": "60.00"}, {"COM": OwnPrice(usd("60.00"), "USD")}),
        ({"PRICE_CLASS_BACKORDER_CO.UK_SETUP": "60.00"}, {"COUK": OwnPrice(usd("60.00"), "USD")}),
        (
            {"PRICE_CLASS_COM_BACKORDER_SETUP": "60.00", "PRICE_CLASS_COM_BACKORDER_CURRENCY": "EUR"},
            {"COM": OwnPrice(usd("60.00"), "EUR")},
        ),
        ({"PRICE_CLASS_COM_BACKORDER_CURRENCY": "eur"}, {"COM": OwnPrice(None, "EUR")}),
        ({"PRICE_CLASS_COM_BACKORDER_SETUP": "on request"}, {}),
        ({"PRICE_CLASS_BACKORDER_SETUP": "60.00"}, {}),
        ({"BACKORDER": "1", "": ""}, {}),
    ],
)
def test_the_accounts_own_prices_are_read_where_it_shows_some(
    relations: dict[str, str], prices: dict[str, OwnPrice]
) -> None:
    assert own_prices(a_user(relations)) == prices


def test_prices_are_net_and_fees_gross() -> None:
    found = own_prices(a_user({"PRICE_CLASS_COM_BACKORDER_SETUP": "60.00"}, vat=usd("19.00")))
    assert found == {"COM": OwnPrice(usd("71.40"), "USD")}


def test_a_gross_price_is_in_whole_cents_and_never_less_than_what_is_reserved() -> None:
    found = own_prices(a_user({"PRICE_CLASS_COM_BACKORDER_SETUP": "57.98"}, vat=usd("19.00")))
    assert found == {"COM": OwnPrice(usd("69.00"), "USD")}  # not 68.9962: three of these would be a cent short


@pytest.mark.parametrize(
    ("net", "vat", "gross"),
    [
        ("57.97", "19.00", "68.99"),  # 68.9843
        ("1.50", "19.00", "1.79"),  # 1.785: half a cent counts as one
        ("60.00", None, "60.00"),
        ("60.001", None, "60.01"),
    ],
)
def test_a_part_of_a_cent_counts_as_one(net: str, vat: str | None, gross: str) -> None:
    user = a_user({"PRICE_CLASS_COM_BACKORDER_SETUP": net}, vat=None if vat is None else usd(vat))
    assert own_prices(user) == {"COM": OwnPrice(usd(gross), "USD")}


@given(st.integers(0, 10**6), st.integers(0, 30_00))
@example(57_97, 19_00)
@example(1_50, 19_00)
def test_a_gross_price_covers_net_and_tax_by_less_than_a_cent_too_much(net: int, vat: int) -> None:
    price, percent = Decimal(net) / 100, Decimal(vat) / 100
    gross = own_prices(a_user({"PRICE_CLASS_COM_BACKORDER_SETUP": str(price)}, vat=percent))["COM"].amount
    assert gross is not None
    assert gross == gross.quantize(CENT)
    assert ZERO <= gross - price * (100 + percent) / 100 < CENT


def test_where_the_provider_does_not_answer_what_was_known_counts() -> None:
    known = Standing(renewals=(FallsDue(SOON, usd(1)),), prices={"COM": OwnPrice(usd(60), "USD")})
    silent = FakeProvider((a_renewal(9, "10.00"),), TemporaryFailure("Server error", code=421))
    stages = Stages()
    found = look_ahead(the(silent), known, NOW, stages, prices_too=True)
    assert found.prices == known.prices
    assert list(stages.failed) == ["prices"]
    assert look_ahead(the(FakeProvider()), known, NOW, stages, prices_too=False).prices == known.prices


def test_a_refused_login_is_not_passed_over() -> None:
    with pytest.raises(AccessDenied):
        look_ahead(the(FakeProvider((), AccessDenied("no", code=530))), Standing(), NOW, Stages(), prices_too=True)
