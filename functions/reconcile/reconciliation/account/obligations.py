"""What will draw on the account besides backorders, and what backorders cost on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from backorder.documents.account_outlook import FallsDue, Standing
from backorder.provider.port import OwnPrice, Provider
from reconciliation.stages import Stages

AHEAD = timedelta(days=30)
"""Renewals that fall due later leave time for paying in."""


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
            prices = provider.prices()
    return Ahead(renewals, prices)


def falling_due(provider: Provider, now: datetime) -> dict[str, FallsDue]:
    """Gross amounts, by what is renewed.

    The list has names, too, that are to expire: they draw nothing; nor does, as far as anybody can foresee, what has no
    date or no price.
    """
    return {
        renewal.id: FallsDue(renewal.due_at, renewal.gross)
        for renewal in provider.renewals(until=now + AHEAD)
        if renewal.renews and renewal.gross is not None and renewal.due_at is not None and renewal.due_at > now
    }
