"""QueryDomainApplicationList: how a client finds out what it ordered."""

from collections.abc import Callable

from ..moments import on_the_wire
from ..names import ascii_form, backorder_class, unicode_form
from ..records import Application
from .applications import missing_parameters, settings_column
from .call import Call, command
from .listing import expression, is_pattern, matches_any, ordered, page, pattern

_KEYS: dict[str, Callable[[Application], object]] = {
    "APPLICATION": lambda each: each.id,
    "CLASS": lambda each: (backorder_class(each.domain), each.id),
    "DOMAIN": lambda each: (each.domain, each.id),
    "USER": lambda each: (each.user, each.id),
    "CREATEDDATE": lambda each: each.turn,
    "UPDATEDDATE": lambda each: (each.updated, each.id),
    # Two keys of the reference that say nothing about a name not yet registered.
    "REGISTRATIONEXPIRATIONDATE": lambda each: each.id,
    "REGISTRAR": lambda each: each.id,
}


def query_domain_application_list(call: Call) -> str:
    """Applications by domains, class, status, user; the order is that of creation unless one is asked for."""
    classes, users = call.column("CLASS"), call.users()
    status, owner = call.parameters.get("STATUS", ""), call.parameters.get("OWNERCONTACT", "").upper()
    label = expression(call, "DOMAINREGEX")
    rows = [
        each
        for each in _candidates(call)
        if each.user in users
        and (not status or pattern(status).fullmatch(each.status))
        and (not owner or owner in map(str.upper, settings_column(each, "OWNERCONTACT")))
        and (not classes or matches_any(classes, backorder_class(each.domain)))
        and (label is None or label.search(each.domain))
    ]
    rows = ordered(call, rows, _KEYS, "APPLICATION")
    return page(call, rows, _columns(call))


def _candidates(call: Call) -> list[Application]:
    # Hundreds of domains in one call are looked up, not searched for: DOMAIN0..N are names, only DOMAIN is a pattern.
    wish = call.parameters.get("DOMAIN", "")
    if is_pattern(wish):
        return [each for each in call.world.applications.values() if pattern(wish).fullmatch(each.domain)]
    asked = call.column("DOMAIN")
    if not asked:
        return list(call.world.applications.values())
    return [each for name in dict.fromkeys(map(_lenient, asked)) for each in call.world.on(name)]


def _lenient(name: str) -> str:
    try:
        return ascii_form(name)
    except ValueError:
        return name  # a filter that no name fits


def _columns(call: Call) -> dict[str, Callable[[Application], str]]:
    world = call.world

    def finalization(each: Application) -> str:
        moment = world.finalization_of(each.domain)
        return on_the_wire(moment) if moment else ""

    columns: dict[str, Callable[[Application], str]] = {
        "APPLICATION": lambda each: str(each.id),
        "CLASS": lambda each: backorder_class(each.domain),
        "CREATEDDATE": lambda each: world.dated(each.created),
        "DOMAIN": lambda each: each.domain,
        "DOMAINUMLAUT": lambda each: unicode_form(each.domain),
        "STATUS": lambda each: each.status,
        "UPDATEDDATE": lambda each: world.dated(each.updated),
        "USER": lambda each: each.user,
        "INVALIDPARAMETER": lambda _: "",
        "MISSINGPARAMETER": lambda each: ",".join(missing_parameters(each)),
    }
    if "finalization-date" not in world.options.withhold:
        columns["FINALIZATIONDATE"] = finalization
    if call.flag("WIDE"):
        for kind in ("OWNERCONTACT", "ADMINCONTACT", "TECHCONTACT", "BILLINGCONTACT", "NAMESERVER"):
            columns[kind] = lambda each, kind=kind: ",".join(settings_column(each, kind))  # type: ignore[misc]
        for name in ("CLAIMKEY", "EXPIRATIONDATE", "PARENTUSER", "PEERUSER", "X-DOMAIN-ROID"):
            columns[name] = lambda _: ""
    return columns


COMMANDS = (
    command(
        "QueryDomainApplicationList",
        query_domain_application_list,
        takes="WIDE FIRST LIMIT ORDERBY USERDEPTH STATUS DOMAINREGEX OWNERCONTACT",
        columns="CLASS DOMAIN",
    ),
)
