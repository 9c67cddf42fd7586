"""The account's own prices, among the relations of its user."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pytest

from backorder.provider.hexonet.account import UserStatus
from backorder.provider.hexonet.prices import own_prices
from backorder.provider.port import OwnPrice
from tests.factories import usd


def prices(relations: Mapping[str, str], vat: Decimal | None = None) -> dict[str, OwnPrice]:
    return own_prices(UserStatus("jane", "USD", vat, None, (), relations))


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("PRICE_CLASS_DOMAIN_COM_BACKORDER_SETUP", "com"),
        ("PRICE_CLASS_BACKORDER_COM", "com"),
        ("PRICE_CLASS_DOMAIN_APPLICATION_COM_BACKORDER", "com"),
        ("PRICE_CLASS_DOMAIN_CO.UK_BACKORDER_SETUP", "couk"),
        ("PRICE_CLASS_DOMAIN_COUK_BACKORDER_SETUP", "couk"),
    ],
)
def test_a_relation_that_names_class_zone_and_backorder_is_a_price(name: str, zone: str) -> None:
    assert prices({name: "69.00"}) == {zone: OwnPrice(usd("69.00"), "USD")}


@pytest.mark.parametrize(
    "name",
    [
        "PRICE_CLASS_DOMAIN_COM_SETUP",  # a registration's
        "PRICE_CLASS_DOMAIN_COM_BACKORDER_ANNUAL",
        "PRICE_CLASS_BACKORDER",  # of no zone
        "DISCOUNT_CLASS_DOMAIN_COM_BACKORDER_SETUP",
    ],
)
def test_other_relations_are_no_price_of_a_backorder(name: str) -> None:
    assert prices({name: "69.00"}) == {}


def test_a_price_is_gross_and_rounded_up_to_whole_cents() -> None:
    assert prices({"PRICE_CLASS_BACKORDER_COM": "57.99"}, usd(19)) == {"com": OwnPrice(usd("69.01"), "USD")}


def test_a_price_in_another_currency_says_so_also_where_it_has_no_amount() -> None:
    found = prices(
        {
            "PRICE_CLASS_BACKORDER_COM": "57.99",
            "PRICE_CLASS_BACKORDER_COM_CURRENCY": "eur",
            "PRICE_CLASS_BACKORDER_NET_CURRENCY": "eur",
        }
    )
    assert found == {"com": OwnPrice(usd("57.99"), "EUR"), "net": OwnPrice(None, "EUR")}


def test_a_price_that_is_no_amount_is_none() -> None:
    assert prices({"PRICE_CLASS_BACKORDER_COM": "cheap"}) == {}
