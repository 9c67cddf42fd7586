"""Ordering, looking up, changing and taking back: the commands on one application."""

import re
from collections.abc import Mapping, Sequence

from .. import book_faults, books, life
from ..auctions import CURRENCY, Auction
from ..moments import on_the_wire
from ..names import backorder_class, unicode_form, zone_of
from ..options import cents
from ..records import LIVE, Application, Status
from ..wire import CommandError, render
from ..world import World
from .call import Call, command, domain

#: The contact handles of the reference's examples. Any other one names nothing here.
KNOWN_CONTACTS = frozenset({"P-TCN1378880", "P-TUE1378025"})
CONTACTS = "OWNERCONTACT ADMINCONTACT TECHCONTACT BILLINGCONTACT"

#: Parameters without which a registry does not register (ADDDOMAINAPPLICATION.md, X-… parameters). The order is taken
#: all the same, and MISSINGPARAMETER tells; the outcome of the drop stays the name's own.
NEEDED_BY_ZONE = {
    "us": ("X-US-NEXUS-APPPURPOSE", "X-US-NEXUS-CATEGORY"),
    "ca": ("X-CA-LEGALTYPE",),
    "se": ("X-NICSE-IDNUMBER",),
    "nu": ("X-NICSE-IDNUMBER", "X-NU-ACCEPT-REGISTRATION-TAC"),
    "it": ("X-IT-PIN",),
}

_HOST = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,62}", re.IGNORECASE)
_SETTING = re.compile(r"(OWNER|ADMIN|TECH|BILLING)CONTACT\d*|NAMESERVER\d*|PERIOD|AUTH|X-.*")
_CHANGEABLE = frozenset({Status.REQUESTED, Status.ACTIVE})


def add_domain_application(call: Call) -> str:
    """Orders a name: free, and allowed at any time until its finalization date."""
    name = domain(call.text("DOMAIN"))
    wanted_class = call.text("CLASS").upper()
    if wanted_class not in ("BACKORDER", backorder_class(name)):
        raise CommandError(541, "CLASS")
    if zone_of(name) in call.world.options.refuse_zones:
        raise CommandError(510)
    settings = _settings(call)
    _refuse_incomplete(call, name, settings)
    new = call.flag("NEW")
    if call.world.orders_closed(name, call.world.now):
        raise CommandError(549, "the finalization date has passed")
    former = [] if new else [each for each in call.world.on(name) if each.user == call.user]
    if former and call.world.options.duplicates == "540":
        raise CommandError(540, "an application for it exists")
    if former and call.world.options.duplicates == "same":
        # A former application counts even in a final state: which of them the provider compares with is not known,
        # and a client must then ask, and send NEW=1. A live one is preferred.
        return _shown(call.world, next((each for each in former if each.status in LIVE), former[-1]))
    application = call.world.add_application(name, call.user, settings)
    if call.world.locked(name):
        life.fund(call.world, application)
    book_faults.on_creation(call.world, application)
    return _shown(call.world, application)


def status_domain_application(call: Call) -> str:
    """One application, with its auction where one runs or ran."""
    return _shown(call.world, call.application(), with_auction=True)


def modify_domain_application(call: Call) -> str:
    """Changes parameters; an empty value removes one. 552 once the provider is at work on it."""
    application = call.application()
    if application.status not in _CHANGEABLE:
        raise CommandError(552)
    removed = {key for key, value in call.parameters.items() if not value and _SETTING.fullmatch(key)}
    settings = {key: value for key, value in (application.settings | _settings(call)).items() if key not in removed}
    _refuse_incomplete(call, application.domain, settings)
    application.settings = settings
    application.updated = call.world.now
    call.world.log_operation(application, "MODIFY", call.user)
    return _shown(call.world, application)


def delete_domain_application(call: Call) -> str:
    """Takes an order back, until its finalization date; its deposit is free again at once."""
    application = call.application()
    if application.status not in _CHANGEABLE or call.world.orders_closed(application.domain, call.world.now):
        raise CommandError(552)
    call.world.remove_application(application, call.user)
    if application.deposit is not None:
        books.drop_deposit(call.world, application.deposit, during_events=False)
    return render({"DOMAIN": application.domain})


def missing_parameters(application: Application) -> Sequence[str]:
    """What its registry needs and the application lacks."""
    return _missing(application.domain, application.settings)


def _missing(name: str, settings: Mapping[str, str]) -> Sequence[str]:
    return [needed for needed in NEEDED_BY_ZONE.get(zone_of(name), ()) if not settings.get(needed)]


def _refuse_incomplete(call: Call, name: str, settings: Mapping[str, str]) -> None:
    # "Accepted even if not all required parameters are given" is what the reference says of INCOMPLETE=1; whether what
    # a zone needs is required of an order without it, it does not say.
    missing = _missing(name, settings)
    if missing and call.world.options.incomplete == "refused" and not call.flag("INCOMPLETE"):
        raise CommandError(504, missing[0])


def _settings(call: Call) -> dict[str, str]:
    settings = {key: value for key, value in call.parameters.items() if value and _SETTING.fullmatch(key)}
    for key, value in settings.items():
        kind = key.rstrip("0123456789")
        if kind in CONTACTS and value.upper() not in KNOWN_CONTACTS:
            raise CommandError(545, key)
        if kind == "NAMESERVER" and not _HOST.fullmatch(value):
            raise CommandError(505, key)
    call.number("PERIOD", 1, least=1, most=10)
    call.flag("INCOMPLETE")
    call.flag("X-BACKORDER-LITE")
    return settings


def _shown(world: World, application: Application, *, with_auction: bool = False) -> str:
    properties: dict[str, str | Sequence[str]] = {
        "APPLICATION": str(application.id),
        "AUTH": application.settings.get("AUTH", ""),
        "CLASS": backorder_class(application.domain),
        "CREATEDBY": "SYSTEM",
        "CREATEDDATE": world.dated(application.created),
        "DOMAIN": application.domain,
        "DOMAINUMLAUT": unicode_form(application.domain),
        "PEERUSER": "",
        "PERIOD": application.settings.get("PERIOD", "1"),
        "SMD": "",
        "STATUS": application.status,
        "SUBCLASS": backorder_class(application.domain),
        "UPDATEBY": "SYSTEM",
        "UPDATEDDATE": world.dated(application.updated),
        "USER": application.user,
    }
    for kind in (*CONTACTS.split(), "NAMESERVER"):
        if values := settings_column(application, kind):
            properties[kind] = values
    # Documented for the list only; whether an answer about one application has it, too, is not known.
    missing = missing_parameters(application)
    if missing and "missing-parameter" not in world.options.withhold:
        properties["MISSINGPARAMETER"] = missing
    finalization = world.finalization_of(application.domain)
    if finalization and "finalization-date" not in world.options.withhold:
        properties["FINALIZATIONDATE"] = on_the_wire(finalization)
    if with_auction and application.auction is not None:
        properties |= _auction_shown(world, application, application.auction)
    return render(properties)


def settings_column(application: Application, kind: str) -> list[str]:
    """The values of a numbered setting, such as NAMESERVER0 and NAMESERVER1, in their order."""
    keys = sorted(
        (key for key in application.settings if key.rstrip("0123456789") == kind),
        key=lambda key: int(key.removeprefix(kind) or -1),
    )
    return [application.settings[key] for key in keys]


def _auction_shown(world: World, application: Application, auction: Auction) -> dict[str, str]:
    number = auction.number_of_bids(world.now)
    status = application.status
    over = world.now >= auction.ends and auction.result is Status.AUCTION_WON and status is Status.AUCTION_PENDING
    if over and "auction-status" not in world.options.withhold:
        status = Status.AUCTION_WON  # and not paid yet
    shown = {
        "AUCTION-URL": f"https://auctions.example/{application.domain}",
        "AUCTION-BIDDERSTATUS": "ACTIVE",
        "AUCTION-NUMBEROFBIDS": str(number),
        "AUCTION-NUMBEROFBIDDERS": str(min(number, 2)),
        "AUCTION-STARTDATE": on_the_wire(auction.starts),
        "AUCTION-ENDDATE": on_the_wire(auction.ends),
        "AUCTION-STATUS": str(status),
        "AUCTION-CURRENCY": CURRENCY,
        "AUCTION-MINIMUMBID": "10.00",
        "AUCTION-MINIMUMNEXTBID": str(cents(auction.next_bid(world.now))),
        "AUCTION-BESTBID": str(cents(auction.best_bid(world.now))),
    }
    if status is Status.AUCTION_WON:
        _, tax = books.split_vat(auction.price, world.options.vat)
        shown |= {"AUCTION-PRICE": str(cents(auction.price)), "AUCTION-VAT": str(cents(tax))}
    return shown


_NUMBERED = "OWNERCONTACT[4] ADMINCONTACT[2] TECHCONTACT[2] BILLINGCONTACT[2] NAMESERVER[12]"

COMMANDS = (
    command(
        "AddDomainApplication",
        add_domain_application,
        takes="CLASS DOMAIN PERIOD NEW INCOMPLETE AUTH CURRENCY PRICE EOI TRANSFERLOCK ORDER ORDERID OFFER "
        "LAUNCH-MARK-CODE NOTICE-POA-ACCEPT-HASH SMD",
        columns=f"{_NUMBERED} SMD",
        extra=True,
    ),
    command("StatusDomainApplication", status_domain_application, takes="APPLICATION"),
    command(
        "ModifyDomainApplication",
        modify_domain_application,
        takes="APPLICATION CLASS PERIOD INCOMPLETE AUTH NOTICE-POA-ACCEPT-HASH",
        columns=_NUMBERED,
        extra=True,
    ),
    command("DeleteDomainApplication", delete_domain_application, takes="APPLICATION"),
)
