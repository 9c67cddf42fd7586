"""Reads what the provider says of domains: about to drop, free, registered, and what zones need."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from backorder.provider.hexonet.codes import Call
from backorder.provider.hexonet.values import moment_or_none, number_or_none
from backorder.provider.hexonet.wire import NotAnAnswer, Response, Row
from backorder.provider.port import Availability, Refused, RegisteredDomain

AVAILABILITY_PROPERTIES: Final = ("DOMAINCHECK",)
_CHECK: Final = re.compile(r"([0-9]{3})\s*(.*)", re.DOTALL)


_FREE: Final = 210
"""Free at the ordinary price. A premium name answers 211, like a taken one."""


def read_availability(domain: str, row: Row) -> Availability:
    """A name's own code is like that of an answer. Where it is none of 2xx, it says nothing of the name: its registry
    could not be asked (5xx), or is to be asked another time (4xx)."""
    matched = _CHECK.fullmatch(row["DOMAINCHECK"])
    if matched is None:
        raise NotAnAnswer(f"has no result for {domain} in DOMAINCHECK")
    code, text = int(matched[1]), matched[2]
    if 200 <= code < 300:
        return Availability(domain, is_free=code == _FREE)
    return Availability(domain, error=Call("CheckDomains", domain).error(Refused, text, code))


def read_registered_domain(domain: str, response: Response) -> RegisteredDomain:
    return RegisteredDomain(
        domain=(response.first("ID") or domain).lower(),
        expires_at=moment_or_none(response.first("EXPIRATIONDATE"), "EXPIRATIONDATE"),
        renewal_mode=response.first("RENEWALMODE").upper(),
    )


OPTIONS_PROPERTIES: Final = (
    "REPOSITORY",
    "NAMESERVERMIN",
    "NAMESERVERMAX",
    "ZONEREGISTRANTCONTACTSMIN",
    "ZONEADMINCONTACTSMIN",
    "ZONETECHCONTACTSMIN",
    "ZONEBILLINGCONTACTSMIN",
    "ZONEREGISTRATIONPERIODS",
)


@dataclass(frozen=True)
class DomainOptions:
    """What a domain's zone needs to register: numbers are minimums. None: not told."""

    domain: str
    repository: str
    name_servers: int | None
    owner_contacts: int | None
    admin_contacts: int | None
    tech_contacts: int | None
    billing_contacts: int | None
    periods: tuple[str, ...]


def read_domain_options(domain: str, row: Row) -> DomainOptions:
    return DomainOptions(
        domain=domain,
        repository=row["REPOSITORY"],
        name_servers=number_or_none(row["NAMESERVERMIN"], "NAMESERVERMIN"),
        owner_contacts=number_or_none(row["ZONEREGISTRANTCONTACTSMIN"], "ZONEREGISTRANTCONTACTSMIN"),
        admin_contacts=number_or_none(row["ZONEADMINCONTACTSMIN"], "ZONEADMINCONTACTSMIN"),
        tech_contacts=number_or_none(row["ZONETECHCONTACTSMIN"], "ZONETECHCONTACTSMIN"),
        billing_contacts=number_or_none(row["ZONEBILLINGCONTACTSMIN"], "ZONEBILLINGCONTACTSMIN"),
        periods=tuple(period.strip() for period in row["ZONEREGISTRATIONPERIODS"].split(",") if period.strip()),
    )


@dataclass(frozen=True)
class Contact:
    """A contact handle. Whom it names is nobody's business here, so it is not read."""

    handle: str
    status: str
    country: str


def read_contact(handle: str, response: Response) -> Contact:
    return Contact(
        handle=response.first("ID") or handle,
        status=response.first("STATUS").upper(),
        country=response.first("COUNTRY").upper(),
    )
