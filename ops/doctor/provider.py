"""What is asked of the provider, by commands that only read; and what the answers mean for the settings."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from backorder.domain.clock_difference import Ahead
from backorder.domain.money import ZERO
from backorder.provider.hexonet.account import UserStatus
from backorder.provider.hexonet.client import HexonetClient
from backorder.provider.hexonet.credentials import Credentials
from backorder.provider.hexonet.names import Contact, DomainOptions
from backorder.provider.port import AccessDenied, AccountStatus, NotFound, ProviderError, account_and_clock
from backorder.rules import Rules
from backorder.runtime.clock import Clock
from ops.doctor.checks import Check, fault, ok, warning
from ops.screen import counted, money

PLACEHOLDER: Final = "replace-me"
"""What the template puts into the secret of a live stack."""
LABEL: Final = "backorder-doctor"
"""Of the names that are made up to ask what a zone needs."""
NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "us": ("X-US-NEXUS-APPPURPOSE", "X-US-NEXUS-CATEGORY"),
    "ca": ("X-CA-LEGALTYPE",),
    "se": ("X-NICSE-IDNUMBER",),
    "nu": ("X-NICSE-IDNUMBER", "X-NU-ACCEPT-REGISTRATION-TAC"),
    "it": ("X-IT-PIN",),
}
"""Zones that register only with parameters of their own (the provider's reference of AddDomainApplication and of the
zones): not all of them. An order without one is taken, and MISSINGPARAMETER tells; this tells sooner."""
_CONTACT: Final = re.compile(r"(OWNER|ADMIN|TECH|BILLING)CONTACT[0-9]+")
_NAME_SERVER: Final = re.compile(r"NAMESERVER[0-9]+")
_ZONES_SHOWN: Final = 8


@dataclass(frozen=True)
class Caller:
    """Where the provider is called from."""

    fixed_address: str | None = None
    """Of the stack's network."""
    changes: bool = False
    """The functions call from Lambda's changing addresses; this check did from another one."""


def examine(
    provider: HexonetClient,
    credentials: Credentials,
    *,
    rules: Rules,
    zones: Sequence[str],
    caller: Caller,
    clock: Clock,
    excludes_deposits: bool | None = None,
) -> Iterator[Check]:
    """All checks at the provider; the first one only, if it does not let us in. `excludes_deposits`: whether AMOUNT
    leaves out what is reserved, as far as that is known."""
    if PLACEHOLDER in (credentials.login, credentials.password):
        yield fault(
            "login",
            "the secret holds the placeholder that it was made with",
            "put your login in: python -m ops secret --stack NAME",
        )
        return
    try:
        provider.check_authentication()
        user, (account, ahead) = provider.user(), account_and_clock(provider, clock)
    except AccessDenied as error:
        yield refused(error)
        return
    except ProviderError as error:
        yield fault("login", str(error), "check the endpoint and the network, and try again")
        return
    yield ok("login", f"the provider takes {credentials.login}")
    yield address(user, caller)
    yield clocks(ahead)
    yield from funds(account.with_deposits(excluded=excludes_deposits), rules)
    yield prices(user, rules, zones, account.currency)
    yield from _contacts(provider, rules, zones)
    yield from _zones(provider, rules, zones)


def clocks(ahead: Ahead | None) -> Check:
    """Whether the provider's times can be compared with ours. Pure."""
    if ahead is None:
        return warning("clock", "the provider's answers bear no time: whether its clock is right is not known", _ASKS)
    told = f"the provider's clock is {ahead}"
    if not ahead.is_small:
        return warning("clock", told, _ASKS)
    if ahead.is_worth_telling:
        return warning("clock", told, "look at it again: beyond 30 seconds, orders take a call more")
    return ok("clock", "the provider's clock agrees with ours")


_ASKS: Final = "nothing: before each name's first order the provider is asked whose it is, which takes a call more"


def refused(error: AccessDenied) -> Check:
    """The provider does not let us in. Pure."""
    return fault(
        "login",
        f"{error.code} {error.description}",
        "check login and password, the stage, and whether the account takes calls from here (ALLOWEDIP)",
    )


def address(user: UserStatus, caller: Caller) -> Check:
    """Whether the functions' calls are taken from where they come from. Pure."""
    allowed = user.allowed_addresses
    if not allowed:
        return ok("source address", "calls are taken from everywhere (ALLOWEDIP is empty)")
    told = f"calls are taken from {', '.join(allowed)} only"
    if caller.fixed_address is not None:
        if any(_covers(entry, caller.fixed_address) for entry in allowed):
            return ok("source address", f"{told}; the stack calls from {caller.fixed_address}")
        return fault(
            "source address",
            f"{told}, and the stack calls from {caller.fixed_address}",
            f"have the provider allow {caller.fixed_address}",
        )
    if caller.changes:
        return fault(
            "source address",
            f"{told}, and the stack calls from changing addresses",
            'give it a fixed one (docs/operations.md, "A fixed source address"), or have the limit lifted',
        )
    return ok("source address", f"{told}, and from here they are")


def _covers(entry: str, address: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(entry.strip(), strict=False)
    except ValueError:
        return entry.strip() == address


def funds(account: AccountStatus, rules: Rules) -> Iterator[Check]:
    """Whether there is anything to order with, in the currency that the rules mean. Pure."""
    spendable = account.amount - account.deposit - rules.funding.keep
    if rules.funding.use_credit:
        spendable += account.credit
    told = (
        f"{money(account.amount, account.currency)}, of which {money(account.deposit, account.currency)} are reserved; "
        f"credit line {money(account.credit, account.currency)}, VAT {account.vat} %"
    )
    if spendable > ZERO:
        yield ok("account", told)
    else:
        keep = f", less {money(rules.funding.keep, account.currency)} that is kept" if rules.funding.keep else ""
        yield warning("account", f"{told}{keep}: nothing is left to order with", "pay in, or every name waits")
    if rules.funding.use_credit and not account.credit:
        yield warning("account", "rules.toml says use_credit, and the account has no credit line")


def prices(user: UserStatus, rules: Rules, zones: Iterable[str], currency: str) -> Check:
    """What backorders cost, as the account and the rules say. Pure."""
    shown = {name: value for name, value in user.relations.items() if "BACKORDER" in name}
    said = ", ".join(f"{zone} {money(rules.fees.of(zone), currency)}" for zone in list(zones)[:_ZONES_SHOWN])
    of_rules = f"rules.toml: {said or money(rules.fees.default, currency)}"
    if shown:
        of_account = ", ".join(f"{name} {value}" for name, value in sorted(shown.items()))
        return ok("prices", f"the account says {of_account}; {of_rules}; the higher one is counted")
    told = f"the account shows none for backorders; {of_rules}, until the first deposit tells"
    if "fees" not in rules.model_fields_set:
        return warning(
            "prices", f"{told} (an assumption: rules.toml has no [fees])", "write what you pay into [fees], with VAT"
        )
    return ok("prices", told)


def _contacts(provider: HexonetClient, rules: Rules, zones: Iterable[str]) -> Iterator[Check]:
    named = handles(rules, zones)
    if not named:
        yield ok("contacts", "none are set: the account's own are used")
    for handle in named:
        try:
            yield contact(handle, provider.contact(handle))
        except NotFound:
            yield contact(handle, None)
        except ProviderError as error:
            yield warning("contacts", f"{handle}: {error}")


def handles(rules: Rules, zones: Iterable[str]) -> list[str]:
    """Contacts that orders would carry: in `zones`, and in any zone that the rules do not name. Pure."""
    return sorted({handle for zone in ("", *zones) for handle in _sent(rules, zone, _CONTACT)})


def contact(handle: str, known: Contact | None) -> Check:
    """Whether a handle that orders would carry is there. Pure."""
    if known is None:
        return fault("contacts", f"{handle} is not there", "mend it in rules.toml: orders with it halt the line")
    if known.status not in ("", "ACTIVE", "OK"):
        return warning("contacts", f"{handle} is {known.status}", "look at it in the provider's control panel")
    return ok("contacts", f"{handle} is there")


def _sent(rules: Rules, zone: str, kind: re.Pattern[str]) -> list[str]:
    """Values of what an order in the zone carries."""
    return [value for name, value in rules.provider.extra(zone).items() if kind.fullmatch(name)]


def _zones(provider: HexonetClient, rules: Rules, zones: Sequence[str]) -> Iterator[Check]:
    if not zones:
        yield ok("zones", "rules.toml names none")
        return
    names = [f"{LABEL}.{zone}" for zone in zones]
    try:
        told = provider.domain_options(names)
    except ProviderError as error:
        yield warning("zones", f"what they need is not known: {error}")
        return
    options = {option.domain.removeprefix(f"{LABEL}."): option for option in told}
    troubled = [check for zone in zones for check in zone_needs(zone, options.get(zone), rules)]
    yield from troubled
    more = f" and {len(zones) - _ZONES_SHOWN} more" if len(zones) > _ZONES_SHOWN else ""
    if not troubled:
        have = "has what it needs" if len(zones) == 1 else "have what they need"
        yield ok("zones", f"{counted(len(zones), 'zone')} {have}: {', '.join(zones[:_ZONES_SHOWN])}{more}")


def zone_needs(zone: str, options: DomainOptions | None, rules: Rules) -> Iterator[Check]:
    """What the orders in a zone lack, by what the provider and its registry ask for. Pure.

    Contacts that are not set at all are the account's own; of those that are set, none may be missing.
    """
    if options is None or not options.repository:
        yield warning("zones", f"{zone}: the provider does not know it", "its orders are refused: leave it out")
        return
    carried = rules.provider.extra(zone)
    counts = {kind: len(_sent(rules, zone, re.compile(f"{kind}CONTACT[0-9]+"))) for kind in _MINIMUMS}
    if any(counts.values()):
        for kind, minimum in _MINIMUMS.items():
            needed = getattr(options, minimum) or 0
            if counts[kind] < needed:
                yield warning(
                    "zones",
                    f"{zone}: needs {counted(needed, f'{kind.lower()} contact')}, and {counts[kind]} are set",
                    f"set {minimum} for it, or for all zones, in rules.toml",
                )
    given = len(_sent(rules, zone, _NAME_SERVER))
    if given and given < (options.name_servers or 0):
        yield warning(
            "zones", f"{zone}: needs {options.name_servers} name servers, and {given} are set", "set more, or none"
        )
    for parameter in NEEDED.get(zone, ()):
        if parameter not in carried:
            yield warning(
                "zones",
                f"{zone}: its registry asks for {parameter}",
                f'set it in rules.toml: [provider.zones.{zone}] "{parameter}" = "…"',
            )


_MINIMUMS: Final[Mapping[str, str]] = {
    "OWNER": "owner_contacts",
    "ADMIN": "admin_contacts",
    "TECH": "tech_contacts",
    "BILLING": "billing_contacts",
}
