"""Findings about the account as a whole. Pure."""

from __future__ import annotations

from decimal import Decimal

from backorder.finding import Kind
from backorder.halt import Halt
from backorder.money import in_words
from backorder.standing import Forecast
from reconciliation.findings.observation import Observation


def examine_line(halted: Halt | None) -> list[Observation]:
    """Whether orders flow."""
    if halted is None:
        return []
    return [Observation(Kind.LINE_HALTED, "line", f"No orders since {halted.since:%-d %B %H:%M} UTC: {halted.why}")]


def examine_funds(forecast: Forecast | None) -> list[Observation]:
    """Whether the account covers what waits. What has no date is not urgent: the page and `status` tell of it."""
    if forecast is None or not forecast.waiting:
        return []
    return [Observation(Kind.SHORTFALL, "account", f"{forecast.sentence}.", amount=forecast.shortfall)]


def examine_unexplained(amount: Decimal, *, currency: str, elsewhere: str = "") -> list[Observation]:
    """Whether the books explain the account. `amount`: what it holds and they do not explain; `elsewhere` names
    bookings in other currencies, which could not be posted."""
    if not amount:
        return []
    more = "more" if amount > 0 else "less"
    also = f" It has bookings in another currency, which the ledger leaves out: {elsewhere}." if elsewhere else ""
    return [
        Observation(
            Kind.UNEXPLAINED_DIFFERENCE,
            "account",
            f"The account holds {in_words(abs(amount), currency)} {more} than its deposits and bookings explain: "
            f"compare ledger.csv with the provider's statement, and ask the provider's support about the rest.{also}",
            amount=amount,
        )
    ]
