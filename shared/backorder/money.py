"""Money: a decimal amount and its currency. Amounts of different currencies never meet in one sum."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

CENT = Decimal("0.01")
ZERO = Decimal(0)


class CurrencyMismatch(ValueError):
    """Two amounts of different currencies were added or compared."""


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An exact amount in one currency (ISO 4217 code)."""

    amount: Decimal
    currency: str

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other)

    def __str__(self) -> str:
        return f"{text(self.amount)} {self.currency}"

    def _same(self, other: Money) -> Decimal:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self} and {other} are of different currencies")
        return other.amount


def text(amount: Decimal) -> str:
    """The amount as people and files read it: two decimals, more only where it has more, no thousands separators."""
    return f"{amount:.2f}" if amount == amount.quantize(CENT) else f"{amount.normalize():f}"
