"""How many orders there may be, what they cost, and how the account's money is used: `[limits]`, `[fees]` and
`[funding]`."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field, StrictBool, StrictInt, model_validator

from backorder.rules.values import Amount, Count, Section, Zone, by_zone, flat


class Limits(Section):
    """Bounds by drop day, best first. None: no bound. Amounts gross, in the account's currency."""

    per_day: Count | None = None
    per_zone: Annotated[Mapping[Zone, Count], BeforeValidator(by_zone)] = Field(default_factory=dict)
    spend_per_day: Amount | None = None
    spend_per_month: Amount | None = None


class ZoneFees(Section):
    """What an order is expected to cost until the provider's own fees are known: gross, in the account's currency."""

    default: Amount = Decimal("69.00")
    zones: Mapping[Zone, Amount] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _zones_beside_default(cls, table: object) -> object:
        """In the file, zones stand beside `default`."""
        if not isinstance(table, Mapping):
            return table
        fees = dict(flat(table))
        default = {"default": fees.pop("default")} if "default" in fees else {}
        return {**default, "zones": fees}

    def of(self, zone: str) -> Decimal:
        """The fee of an order in `zone`."""
        return self.zones.get(zone, self.default)


class Funding(Section):
    """How the account's money is used (docs/money.md)."""

    keep: Amount = Decimal(0)
    """Never drawn on."""
    use_credit: StrictBool = False
    reuse_refunds: StrictBool = True
    take_back: StrictBool = True
    late_minutes: Annotated[StrictInt, Field(ge=20, le=1440)] = 360
    """How long before its deadline a late order is sent: an outage shorter than that loses nothing."""
