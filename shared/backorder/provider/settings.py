"""What a user may set for applications: contact handles, name servers, period, lite orders, what a zone needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

# How many of each the provider takes (AddDomainApplication: OWNERCONTACT[0..4], TECHCONTACT[0..2], NAMESERVER[0..12]).
_MOST: Final = {"OWNERCONTACT": 5, "ADMINCONTACT": 3, "TECHCONTACT": 3, "BILLINGCONTACT": 3, "NAMESERVER": 13}


@dataclass(frozen=True)
class OrderSettings:
    """Parameters of an order besides its domain, for `Provider.order(extra=…)` and `Provider.modify`.

    `period` in years. `lite`: a cheaper order, for some zones, that loses to regular ones. `extra`: what a zone needs,
    such as `X-NICSE-IDNUMBER`, by the provider's own names. Raises ValueError, naming the setting, for more contacts or
    name servers than the provider takes, a period below 1, and an extra that one of the other settings says already.
    """

    owner_contacts: tuple[str, ...] = ()
    admin_contacts: tuple[str, ...] = ()
    tech_contacts: tuple[str, ...] = ()
    billing_contacts: tuple[str, ...] = ()
    name_servers: tuple[str, ...] = ()
    period: int | None = None
    lite: bool = False
    extra: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.parameters()

    def parameters(self) -> dict[str, str]:
        """The provider's names and values."""
        lists = zip(
            _MOST,
            (self.owner_contacts, self.admin_contacts, self.tech_contacts, self.billing_contacts, self.name_servers),
            strict=True,
        )
        found: dict[str, str] = {}
        for name, values in lists:
            if len(values) > _MOST[name]:
                raise ValueError(f"order settings: {len(values)} of {name}, the provider takes {_MOST[name]} at most")
            found |= {f"{name}{number}": value for number, value in enumerate(values)}
        if self.period is not None:
            if self.period < 1:
                raise ValueError(f"order settings: a period of {self.period} years")
            found["PERIOD"] = str(self.period)
        if self.lite:
            found["X-BACKORDER-LITE"] = "1"
        for name, value in self.extra.items():
            if found.setdefault(name.upper(), value) != value:
                raise ValueError(f"order settings: {name} is given twice, with two values")
        return found
