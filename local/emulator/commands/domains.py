"""Names and what is known of them: availability, a won domain, what a zone needs, contacts."""

import idna

from ..draws import draw
from ..moments import on_the_wire
from ..names import ascii_form, repository_of, unicode_form, zone_class, zone_of
from ..options import Options
from ..records import WON, Application
from ..wire import CommandError, render
from .applications import KNOWN_CONTACTS, settings_column
from .call import Call, command, domain


def convert_idn(call: Call) -> str:
    """Each name in Unicode and in ASCII, whichever way it was sent; a name that has no ASCII form is a 505."""
    names = _several(call)
    ace = [_to_ascii(name) for name in names]
    return render({"IDN": [unicode_form(name) for name in ace], "ACE": ace})


def _to_ascii(name: str) -> str:
    try:
        return ascii_form(name)
    except ValueError:
        pass
    try:  # single labels, and wildcards, pass as they are
        return name.lower() if name.isascii() else idna.encode(name, uts46=True).decode()
    except idna.IDNAError:
        raise CommandError(505, "DOMAIN") from None


def check_domains(call: Call) -> str:
    """Is it free? A name is taken until it drops; then it is ours, somebody else's, free, or free at a premium."""
    checks = [_check(call, domain(name)) for name in _several(call)]
    premium = [check.endswith("[PREMIUM]") for check in checks]
    return render(
        {
            "CLASS": ["PREMIUM" if each else "" for each in premium],
            "CURRENCY": [call.world.options.currency if each else "" for each in premium],
            "DOMAINCHECK": checks,
            "DOMAINCHECKTIME": ["0.173"] * len(checks),
            "PRICE": ["999.99" if each else "" for each in premium],
            "REASON": ["Premium Domain Name" if each else "" for each in premium],
        }
    )


def _check(call: Call, name: str) -> str:
    drop = call.world.drops.get(name)
    if drop is None or not drop.dropped or any(each.status in WON for each in call.world.on(name)):
        return "211 Domain name not available"
    return _lost_name(call.world.options, name)


def _lost_name(options: Options, name: str) -> str:
    chance = draw(options.seed, "still free", name)
    if chance < 0.2:
        return "210 Available"
    return "211 Premium Domain name available [PREMIUM]" if chance < 0.25 else "211 Domain name not available"


def status_domain(call: Call) -> str:
    """A domain in the account: here, only names that were won. 545 for any other."""
    name = domain(call.text("DOMAIN"))
    won = next((each for each in call.world.on(name) if each.status in WON and each.user == call.user), None)
    if won is None:
        raise CommandError(545)
    return render(
        {
            "ID": name,
            "CLASS": "DOMAIN",
            "SUBCLASS": zone_class(zone_of(name)),
            "DOMAINUMLAUT": unicode_form(name),
            "STATUS": "ACTIVE",
            "CREATEDBY": "SYSTEM",
            "CREATEDDATE": on_the_wire(won.updated),
            "UPDATEDDATE": on_the_wire(won.updated),
            "EXPIRATIONDATE": _expiry(won),
            "REGISTRATIONEXPIRATIONDATE": _expiry(won),
            "PAIDUNTILDATE": _expiry(won),
            "RENEWALMODE": "AUTORENEW",
            "NEXTACTION": "pay",
            "OWNERCONTACT": settings_column(won, "OWNERCONTACT") or ["P-TUE1378025"],
            "NAMESERVER": settings_column(won, "NAMESERVER"),
            "REGISTRAR": "SYSTEM",
            "TRANSFERLOCK": "0",
            "USER": won.user,
            "X-REGISTRANT-VERIFICATION-STATUS": "PENDING",
        }
    )


def _expiry(won: Application) -> str:
    years = int(won.settings.get("PERIOD", "1"))
    day = won.updated
    try:
        return on_the_wire(day.replace(year=day.year + years))
    except ValueError:  # 29 February
        return on_the_wire(day.replace(year=day.year + years, day=28))


def query_domain_options(call: Call) -> str:
    """How many contacts and name servers a zone needs."""
    names = [domain(name) for name in _several(call)]
    zones = [zone_of(name) for name in names]
    one, many = ["1"] * len(zones), ["13"] * len(zones)
    least = {"de": "2", "it": "2"}
    return render(
        {
            "HOSTMANAGEDAS": ["OBJECT"] * len(zones),
            "NAMESERVERMAX": many,
            "NAMESERVERMIN": [least.get(zone, "0") for zone in zones],
            "REPOSITORY": [repository_of(name) for name in names],
            **{
                f"ZONE{kind}CONTACTS{end}": ["0" if end == "MIN" and kind == "BILLING" else count for count in one]
                for kind in ("REGISTRANT", "ADMIN", "TECH", "BILLING")
                for end in ("MIN", "MAX")
            },
            "ZONEREGISTRATIONPERIODS": ["1Y,2Y,3Y,4Y,5Y,6Y,7Y,8Y,9Y,10Y"] * len(zones),
        }
    )


def status_contact(call: Call) -> str:
    """A contact handle: the reference's two examples exist, for every login."""
    handle = call.text("CONTACT").upper()
    if handle not in KNOWN_CONTACTS:
        raise CommandError(545, "CONTACT")
    return render(
        {
            "ID": handle,
            "DESCRIPTION": handle,
            "CLASS": "CONTACT",
            "STATUS": "ACTIVE",
            "NAME": "Test Contact",
            "FIRSTNAME": "Test",
            "LASTNAME": "Contact",
            "ORGANIZATION": "",
            "STREET": "Samplestreet 42",
            "ZIP": "123456",
            "CITY": "Samplecity",
            "STATE": "",
            "COUNTRY": "DE",
            "EMAIL": "test@example.com",
            "PHONE": "+49.1234567890",
            "FAX": "",
            "REGISTRAR": "SYSTEM",
            "CREATEDBY": "SYSTEM",
            "CREATEDDATE": "2016-10-04 14:05:47",
            "UPDATEDBY": "SYSTEM",
            "UPDATEDDATE": "2016-10-04 14:05:47",
            "USER": call.user,
        }
    )


def _several(call: Call) -> list[str]:
    names = call.column("DOMAIN")
    if not names:
        raise CommandError(504, "DOMAIN0")
    return names


COMMANDS = (
    command("ConvertIDN", convert_idn, columns="DOMAIN"),
    command(
        "CheckDomains",
        check_domains,
        takes="DOMAINCHECKMODE PHASE PREMIUMCHANNELS X-IDN-LANGUAGE",
        columns="DOMAIN",
    ),
    command("StatusDomain", status_domain, takes="DOMAIN REFRESH HOSTTYPE REPOSITORYCONTACT"),
    command("QueryDomainOptions", query_domain_options, takes="PROPERTIES", columns="DOMAIN REPOSITORY"),
    command("StatusContact", status_contact, takes="CONTACT"),
)
