"""Findings about the account as a whole. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from backorder.finding import Kind
from backorder.halt import Halt
from backorder.money import ZERO, in_words
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
    return [
        Observation(
            Kind.SHORTFALL, "account", f"{forecast.sentence}.", amount=forecast.shortfall, until=forecast.before
        )
    ]


def examine_unexplained(
    amount: Decimal, *, currency: str, reserved: Decimal = ZERO, elsewhere: str = ""
) -> Iterator[Observation]:
    """Whether the books explain the account. `amount`: what it holds and they do not explain; `reserved`: what of it it
    calls reserved, and no deposit explains; `elsewhere` names bookings in other currencies, which could not be posted.
    """
    also = f" It has bookings in another currency, which the ledger leaves out: {elsewhere}." if elsewhere else ""
    if amount:
        yield Observation(
            Kind.UNEXPLAINED_DIFFERENCE,
            "account",
            f"The account holds {_so_much(amount, currency)} than its deposits and bookings explain: "
            f"compare ledger.csv with the provider's statement, and ask the provider's support about the rest.{also}",
            amount=amount,
        )
    if reserved:
        yield Observation(
            Kind.UNEXPLAINED_DIFFERENCE,
            "reserved",
            f"The account has {_so_much(reserved, currency, 'reserved')} than its deposits come to: ask the provider's "
            f"support what for.{also}",
            amount=reserved,
        )


def _so_much(amount: Decimal, currency: str, what: str = "") -> str:
    return f"{in_words(abs(amount), currency)} {'more' if amount > 0 else 'less'} {what}".rstrip()
