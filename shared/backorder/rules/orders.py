"""What an order carries beside its name: `[provider]`, for all zones and for single ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, StrictBool, StrictInt, StrictStr, model_validator

from backorder.domain.backorder import Backorder
from backorder.domain.states import WITHDRAWABLE
from backorder.domain.values import Origin
from backorder.rules.values import Handle, Section, Zone

_OURS = {"COMMAND", "CLASS", "DOMAIN", "NEW", "S_ENTITY", "S_LOGIN", "S_PW", "S_USER", "S_OPMODE", "X-BACKORDER-LITE"}
"""Parameters that the pipeline sends itself, and that no rule may set."""


class OrderSettings(Section):
    """What an order carries beside its name, as the user's account has it. Each is optional at the provider."""

    owner_contacts: Annotated[tuple[Handle, ...], Field(max_length=5)] = ()
    """Contacts that exist in the account (AddDomainApplication: OWNERCONTACT0 to 4, of the others 0 to 2)."""
    admin_contacts: Annotated[tuple[Handle, ...], Field(max_length=3)] = ()
    tech_contacts: Annotated[tuple[Handle, ...], Field(max_length=3)] = ()
    billing_contacts: Annotated[tuple[Handle, ...], Field(max_length=3)] = ()
    name_servers: Annotated[tuple[Handle, ...], Field(max_length=13)] = ()
    period: Annotated[StrictInt, Field(ge=1, le=10)] | None = None
    """Years to register for."""


"""From PROCESSING on, the provider changes nothing."""
_NUMBERED = {
    "owner_contacts": "OWNERCONTACT",
    "admin_contacts": "ADMINCONTACT",
    "tech_contacts": "TECHCONTACT",
    "billing_contacts": "BILLINGCONTACT",
    "name_servers": "NAMESERVER",
}
"""What the settings that are lists are called at the provider, with a number behind it."""


class ZoneOrders(OrderSettings):
    """How orders in one zone are placed. What is set here replaces what `[provider]` says for all zones."""

    lite: StrictBool = False
    """A cheaper order that loses to regular ones."""
    parameters: Mapping[str, StrictStr] = Field(default_factory=dict)
    """What the zone's registry needs to know, as the provider names it."""

    @model_validator(mode="before")
    @classmethod
    def _parameters_beside_lite(cls, table: object) -> object:
        if not isinstance(table, Mapping):
            return table
        settings = {key: value for key, value in table.items() if key in cls.model_fields and key != "parameters"}
        parameters = {key: value for key, value in table.items() if key not in settings}
        for key, value in parameters.items():
            if isinstance(value, Mapping):
                raise ValueError('put a zone with a dot in quotes: [provider.zones."co.uk"]')
            if not re.fullmatch(r"[A-Za-z0-9-]+", key) or key.upper() in _OURS:
                raise ValueError(f"'{key}' is no parameter that a rule may set")
            if isinstance(value, str) and not value.isprintable():
                raise ValueError(f"the value of '{key}' has a line break or another control character in it")
        return {**settings, "parameters": parameters}


class Provider(OrderSettings):
    """What the provider is told besides the name: in all zones, and in single ones."""

    zones: Mapping[Zone, ZoneOrders] = Field(default_factory=dict)

    def extra(self, zone: str) -> dict[str, str]:
        """What an order in `zone` carries beside class and domain, by the provider's names."""
        orders = self.zones.get(zone, ZoneOrders())
        said = {name: getattr(orders if name in orders.model_fields_set else self, name) for name in _NUMBERED}
        found = {f"{_NUMBERED[name]}{number}": value for name in said for number, value in enumerate(said[name])}
        period = orders.period if "period" in orders.model_fields_set else self.period
        if period is not None:
            found["PERIOD"] = str(period)
        found |= {key.upper(): value for key, value in orders.parameters.items()}
        return {**found, "X-BACKORDER-LITE": "1"} if orders.lite else found

    def repair(self, backorder: Backorder) -> dict[str, str]:
        """What a live application of ours lacks, as the rules say it now; nothing where that was sent already, or where
        it is to be taken back."""
        application = backorder.application
        if application is None or application.origin is not Origin.OURS or backorder.state not in WITHDRAWABLE:
            return {}
        if backorder.cancel_requested or backorder.plan.marked_for_withdrawal:
            return {}
        carried = self.extra(backorder.zone)
        lacks = (name.upper() for name in application.lacks)
        values = {name: carried[name] for name in lacks if name in carried}
        return {} if values == dict(application.amended_with) else values
