"""What a backorder draws, by zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from backorder.model import Backorder
from backorder.money import ZERO
from backorder.rules import Rules


@dataclass(frozen=True, slots=True)
class Fees:
    """Gross fees in the account's currency: the higher of the rules' and of the last deposit seen for the zone."""

    rules: Rules = field(default_factory=Rules)
    last_deposits: Mapping[str, Decimal] = field(default_factory=dict)

    def of(self, zone: str) -> Decimal:
        """The fee that an order in `zone` is expected to draw."""
        return max(self.rules.fees.of(zone), self.last_deposits.get(zone, ZERO))

    def drawn_by(self, backorder: Backorder) -> Decimal:
        """What a backorder draws on the account: its deposit where there is one.

        A lost order without a deposit draws nothing: its fee was never reserved, or is back already.
        """
        if backorder.deposit is not None:
            return backorder.deposit
        return ZERO if backorder.state.is_lost else self.of(backorder.zone)
