"""The account's own prices, among the relations of its user. Pure."""

from __future__ import annotations

import logging
from decimal import ROUND_CEILING, Decimal
from typing import Final

from backorder.domain.money import CENT, ZERO
from backorder.provider.hexonet.account import UserStatus
from backorder.provider.hexonet.values import amount
from backorder.provider.hexonet.wire import NotAnAnswer
from backorder.provider.port import OwnPrice

_log = logging.getLogger(__name__)

_NO_ZONE: Final = frozenset({"PRICE", "CLASS", "DOMAIN", "APPLICATION", "BACKORDER", "SETUP", "CURRENCY"})


def own_prices(user: UserStatus) -> dict[str, OwnPrice]:
    """Return the gross prices of backorders by zone, in lower case and without its dots (`com`, `couk`).

    A backorder's relation is not documented. By the one that is (`PRICE_CLASS_DOMAIN_COM_SETUP`), what names a class, a
    backorder and a zone is taken for its price, net; beside it `…_CURRENCY` may name another currency.
    """
    amounts: dict[str, Decimal] = {}
    currencies: dict[str, str] = {}
    for name, value in user.relations.items():
        parts = name.replace(".", "").split("_")
        if parts[:2] != ["PRICE", "CLASS"] or "BACKORDER" not in parts:
            continue
        zone = "".join(part for part in parts if part not in _NO_ZONE)
        if parts[-1] == "CURRENCY":
            currencies[zone] = value.strip().upper()
        elif parts[-1] in ("SETUP", "BACKORDER", zone):
            try:
                gross = amount(value.strip(), name) * (1 + (user.vat or ZERO) / 100)
                # What is reserved is in whole cents: a part of one too little, for many names, is a cent too little.
                amounts[zone] = gross.quantize(CENT, ROUND_CEILING)
            except NotAnAnswer as error:
                _log.warning("price_unread why=%s", error)
    return {
        zone.lower(): OwnPrice(amounts.get(zone), currencies.get(zone, user.currency))
        for zone in sorted(amounts.keys() | currencies.keys())
        if zone
    }
