"""Amounts of money: exact decimals, in the account's currency. Another currency is named beside it."""

from __future__ import annotations

from decimal import Decimal

CENT = Decimal("0.01")
ZERO = Decimal(0)


def text(amount: Decimal) -> str:
    """The amount as files have it: two decimals, more only where it has more, no thousands separators."""
    return f"{amount:.2f}" if amount == amount.quantize(CENT) else f"{amount.normalize():f}"


def in_words(amount: Decimal, currency: str | None = None) -> str:
    """The amount as people read it: `25,772.00 USD`; two decimals, more only where it has more."""
    told = f"{amount:,.2f}" if amount == amount.quantize(CENT) else f"{amount.normalize():,f}"
    return f"{told} {currency}" if currency else told
