"""What a backorder draws, by zone."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal

from backorder.documents.account_outlook import Standing
from backorder.domain.backorder import Backorder
from backorder.domain.money import CENT, ZERO
from backorder.provider.port import OwnPrice
from backorder.rules import Rules

EXCHANGE = Decimal("1.03")
"""What a price in another currency may have risen by until it is reserved."""


@dataclass(frozen=True, slots=True)
class Fees:
    """Gross fees, in the account's `currency`: the highest of what the rules say, the last deposits, and the
    account's own price for the zone.

    Where that price is in another currency, its amount says nothing here, and the others may rise by some percent.
    """

    rules: Rules = field(default_factory=Rules)
    standing: Standing = field(default_factory=Standing)
    currency: str = ""
    _known: dict[str, Decimal] = field(default_factory=dict, compare=False, repr=False)

    def of(self, zone: str) -> Decimal:
        """The fee that an order in `zone` is expected to draw."""
        fee = self._known.get(zone)
        if fee is None:
            fee = self._known[zone] = self._worked_out(zone)
        return fee

    def _worked_out(self, zone: str) -> Decimal:
        fee = max(self.rules.fees.of(zone), self.standing.last_deposits.get(zone, ZERO))
        own: OwnPrice | None = self.standing.prices.get(zone.replace(".", ""))
        if own is None:
            return fee
        if own.currency not in ("", self.currency):
            return (fee * EXCHANGE).quantize(CENT, ROUND_CEILING)
        return max(fee, own.amount or ZERO)

    def drawn_by(self, backorder: Backorder) -> Decimal:
        """What a backorder draws on the account: its deposit where there is one.

        A lost order without a deposit draws nothing: its fee was never reserved, or is back already. Nor does a won one
        whose charge is booked: what the account holds is less by it.
        """
        if backorder.deposit.amount is not None:
            return backorder.deposit.amount
        if backorder.state.is_lost or (backorder.state.is_won and backorder.charged > ZERO):
            return ZERO
        return self.of(backorder.zone)
