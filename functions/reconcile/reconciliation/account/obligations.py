"""What will draw on the account besides backorders, and what backorders cost on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal

from backorder.documents.account_outlook import FallsDue, OwnPrice, Standing
from backorder.domain.money import CENT, ZERO
from backorder.provider.account import Renewal, UserStatus
from backorder.provider.client import Provider
from backorder.provider.values import amount
from backorder.provider.wire import NotAnAnswer
from backorder.runtime.observability import logger
from reconciliation.stages import Stages

AHEAD = timedelta(days=30)
"""Renewals that fall due later leave time for paying in."""
_ENDS = ("EXPIRE", "DELETE")
"""In an object's renewal mode, or, where that does not speak of renewing it, in its next action (`expire`,
`expireunpaid`, `delete`)."""
_KINDS = frozenset({"SETUP", "CURRENCY"})
_NO_ZONE = frozenset({"PRICE", "CLASS", "DOMAIN", "APPLICATION", "BACKORDER"})


@dataclass(frozen=True, slots=True)
class Ahead:
    """What the plans to come reckon with."""

    renewals: Mapping[str, FallsDue]
    prices: Mapping[str, OwnPrice]


def look_ahead(provider: Provider, known: Standing, now: datetime, stages: Stages, *, prices_too: bool) -> Ahead:
    """Renewals of the weeks ahead, and, if asked for, the account's own prices.

    Where the provider does not answer, what was `known` counts: states and money do not wait for this. Raises
    AccessDenied.
    """
    renewals, prices = known.renewals, known.prices
    with stages.stage("renewals"):
        renewals = falling_due(provider, now)
    if prices_too:
        with stages.stage("prices"):
            prices = own_prices(provider.user())
    return Ahead(renewals, prices)


def falling_due(provider: Provider, now: datetime) -> dict[str, FallsDue]:
    """Gross amounts, by what is renewed.

    The list has names, too, that are to expire: they draw nothing; nor does, as far as anybody can foresee, what has no
    date or no price.
    """
    return {
        f"{renewal.object_class} {renewal.id}": FallsDue(renewal.due_at, renewal.price + (renewal.vat_price or ZERO))
        for renewal in provider.renewals(until=now + AHEAD)
        if renewal.due_at is not None and renewal.price is not None and renewal.due_at > now and not _ends(renewal)
    }


def _ends(renewal: Renewal) -> bool:
    told = renewal.renewal_mode if "RENEW" in renewal.renewal_mode else f"{renewal.renewal_mode} {renewal.next_action}"
    return any(word in told.upper() for word in _ENDS)


def own_prices(user: UserStatus) -> dict[str, OwnPrice]:
    """By zone as the provider writes it in a class (`COM`, `COUK`).

    A backorder's relation is not documented. By the one that is (`PRICE_CLASS_DOMAIN_COM_SETUP`), what names a class, a
    backorder and a zone is taken for its price, net; beside it `…_CURRENCY` may name another currency.
    """
    amounts: dict[str, Decimal] = {}
    currencies: dict[str, str] = {}
    for name, value in user.relations.items():
        parts = name.replace(".", "").split("_")
        if parts[:2] != ["PRICE", "CLASS"] or "BACKORDER" not in parts:
            continue
        zone = "".join(part for part in parts if part not in _NO_ZONE | _KINDS)
        if parts[-1] == "CURRENCY":
            currencies[zone] = value.strip().upper()
        elif parts[-1] in ("SETUP", "BACKORDER", zone):
            try:
                gross = amount(value.strip(), name) * (1 + (user.vat or ZERO) / 100)
                # What is reserved is in whole cents: a part of one too little, for many names, is a cent too little.
                amounts[zone] = gross.quantize(CENT, ROUND_CEILING)
            except NotAnAnswer as error:
                logger.warning("price_unread", why=str(error))
    return {
        zone: OwnPrice(amounts.get(zone), currencies.get(zone, user.currency))
        for zone in sorted(amounts.keys() | currencies.keys())
        if zone
    }
