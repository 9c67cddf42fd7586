"""Domains and what belongs to them, as the provider tells it: about to drop, free, registered, and what zones need."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from backorder.provider.hexonet.values import amount_or_none, moment_or_none, number_or_none, required
from backorder.provider.hexonet.wire import NotAnAnswer, Response, Row

PENDING_DELETE_PROPERTIES: Final = ("DOMAIN", "FINALIZATIONDATE", "SCORE", "SUBCLASS")


@dataclass(frozen=True, slots=True)
class PendingDelete:
    """A name that will be released. `finalization_at`: the provider's last moment for an order, UTC. `score`: 0-10, on
    a scale of the provider's own. `subclass` names the zone (`COM`)."""

    domain: str
    finalization_at: datetime | None
    score: int | None
    subclass: str


def read_pending_delete(row: Row) -> PendingDelete:
    return PendingDelete(
        domain=required(row["DOMAIN"], "DOMAIN").lower(),
        finalization_at=moment_or_none(row["FINALIZATIONDATE"], "FINALIZATIONDATE"),
        score=number_or_none(row["SCORE"], "SCORE"),
        subclass=row["SUBCLASS"],
    )


AVAILABILITY_PROPERTIES: Final = ("DOMAINCHECK", "PRICE", "CURRENCY", "REASON")
_CHECK: Final = re.compile(r"([0-9]{3})\s*(.*)", re.DOTALL)


@dataclass(frozen=True)
class Availability:
    """Whether a name can be registered now. `price` in `currency`, only for premium names."""

    domain: str
    code: int
    text: str
    price: Decimal | None
    currency: str
    reason: str

    @property
    def is_error(self) -> bool:
        """It says nothing of the name: its registry could not be asked (5xx), or another time (4xx)."""
        return not 200 <= self.code < 300

    @property
    def is_free(self) -> bool:
        """Free at the ordinary price: 210. A premium name answers 211, like a taken one."""
        return self.code == 210


def read_availability(domain: str, row: Row) -> Availability:
    matched = _CHECK.fullmatch(row["DOMAINCHECK"])
    if matched is None:
        raise NotAnAnswer(f"has no result for {domain} in DOMAINCHECK")
    return Availability(
        domain=domain,
        code=int(matched[1]),
        text=matched[2],
        price=amount_or_none(row["PRICE"], "PRICE"),
        currency=row["CURRENCY"].upper(),
        reason=row["REASON"],
    )


@dataclass(frozen=True)
class RegisteredDomain:
    """A domain in the account. Times in UTC."""

    domain: str
    status: tuple[str, ...]
    created_at: datetime | None
    expires_at: datetime | None
    renewal_mode: str
    verification_status: str
    """The registrant's e-mail verification: a domain left `PENDING` is suspended by its registry after some days."""


def read_registered_domain(domain: str, response: Response) -> RegisteredDomain:
    return RegisteredDomain(
        domain=(response.first("ID") or domain).lower(),
        status=tuple(status.upper() for status in response.column("STATUS") if status),
        created_at=moment_or_none(response.first("CREATEDDATE"), "CREATEDDATE"),
        expires_at=moment_or_none(response.first("EXPIRATIONDATE"), "EXPIRATIONDATE"),
        renewal_mode=response.first("RENEWALMODE").upper(),
        verification_status=response.first("X-REGISTRANT-VERIFICATION-STATUS").upper(),
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
