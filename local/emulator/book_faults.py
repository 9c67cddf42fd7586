"""Faults of the books: what the provider does wrong with orders and money, for the pipeline to find (money.md).

Refunds, charges and wrong deposits are struck where they arise, in `books`; here are those with a moment of their own.
"""

from collections.abc import Iterable
from datetime import timedelta

from . import books
from .agenda import Kind
from .moments import HOUR, MINUTE
from .names import label_of, zone_of
from .records import Application, Drop, Status
from .world import MAIN_USER, World

#: A lease lapses three hours after it began and comes back twelve hours later: longer than the six of money.md.
LAPSES_AFTER = 3 * HOUR
LAPSES_FOR = timedelta(hours=12)
#: The seed draws no lapse that the finalization date ends before it can be found: at the first look after six hours.
SEEN_AFTER = timedelta(hours=8)
VANISHES_AFTER = 20 * MINUTE

_IN_SOMEBODY_ELSES_NAME = "someone-elses-"


def strike(world: World, kinds: Iterable[str], domains: Iterable[str]) -> None:
    """Lets faults befall named domains from now on; without domains, a share of all that the seed draws.

    What needs no event of its own takes place at once: a foreign or vanished application, an orphan, a drift.
    """
    named = set(domains)
    for kind in kinds:
        if not named:
            world.struck_books |= {kind}
        world.struck_domains.setdefault(kind, set()).update(named)
        account = world.accounts[MAIN_USER]
        if kind == "balance_drift":
            world.drifted = True
            books.drift(world, account, ",".join(sorted(named)))
        for domain in sorted(named):
            _strike_now(world, kind, domain)


def _strike_now(world: World, kind: str, domain: str) -> None:
    if kind == "application_foreign":
        _place_foreign(world, domain)
    elif kind == "deposit_orphan":
        _orphan(world, domain)
    elif kind == "application_vanished":
        vanish(world, world.live_on(domain, MAIN_USER))
    elif kind == "deposit_lapse":
        lapse(world, world.live_on(domain, MAIN_USER))


def on_schedule(world: World, drop: Drop) -> None:
    """Drawn faults that have nothing to do with an order of ours stand beside a scheduled name, under another one."""
    other = f"{_IN_SOMEBODY_ELSES_NAME}{label_of(drop.domain)}"[:63].rstrip("-") + f".{zone_of(drop.domain)}"
    if drop.version or not drop.domain.isascii():
        return
    if "application_foreign" in world.struck_books and world.struck("application_foreign", drop.domain):
        _place_foreign(world, other)
    if "deposit_orphan" in world.struck_books and world.struck("deposit_orphan", drop.domain):
        _orphan(world, other)


def on_creation(world: World, application: Application) -> None:
    """A new application may be one that vanishes."""
    if application.user == MAIN_USER and world.struck("application_vanished", application.domain):
        world.agenda.plan(world.now + VANISHES_AFTER, Kind.VANISH, application)


def on_lock(world: World, application: Application) -> None:
    """A new deposit may be one that lapses."""
    domain, finalization = application.domain, world.finalization_of(application.domain)
    lasts = finalization is not None and world.now + LAPSES_AFTER + SEEN_AFTER <= finalization
    drawn = lasts and world.drawn("deposit_lapse", domain)
    if application.user == MAIN_USER and (drawn or world.named("deposit_lapse", domain)):
        world.agenda.plan(world.now + LAPSES_AFTER, Kind.LAPSE, application)


def on_drop(world: World, domain: str) -> None:
    """The balance drifts once in a run, at the first drop that is struck."""
    if not world.drifted and world.struck("balance_drift", domain):
        world.drifted = True
        books.drift(world, world.accounts[MAIN_USER], domain)


def lapse(world: World, applications: Iterable[Application]) -> None:
    """An ACTIVE order's deposit goes, for half a day; the order stays ACTIVE."""
    for application in applications:
        deposit = application.deposit
        if application.status is not Status.ACTIVE or deposit is None:
            continue
        application.deposit = None
        books.drop_deposit(world, deposit)
        world.played("deposit_lapse", application.domain)
        world.note("lapsed", domain=application.domain, application=str(application.id), user=application.user)
        world.agenda.plan(world.now + LAPSES_FOR, Kind.LEASE_RENEWED, application)


def renew_lapsed(world: World, applications: Iterable[Application]) -> None:
    """The lease that lapsed is taken again, if the funds are there; else it is tried once more at finalization."""
    for application in applications:
        if application.id not in world.applications:  # taken back in the meantime
            continue
        if application.status is Status.ACTIVE and application.deposit is None and books.reserve(world, application):
            world.note("renewed_lease", domain=application.domain, application=str(application.id))


def vanish(world: World, applications: Iterable[Application]) -> None:
    """An order that the provider no longer knows. Its deposit goes back like a lost order's."""
    for application in applications:
        if application.id not in world.applications or application.status not in {Status.REQUESTED, Status.ACTIVE}:
            continue
        books.give_back_later(world, application)
        world.remove_application(application, "SYSTEM")
        world.played("application_vanished", application.domain)
        world.note("vanished", domain=application.domain, application=str(application.id))


def _place_foreign(world: World, domain: str) -> None:
    world.add_application(domain, MAIN_USER, {}, foreign=True)
    world.played("application_foreign", domain)
    if world.locked(domain):
        world.agenda.plan(world.now, Kind.LOCK, domain, world.drops[domain].version)


def _orphan(world: World, domain: str) -> None:
    account = world.accounts[MAIN_USER]
    books.add_deposit(world, account, domain, world.options.fee(zone_of(domain)))
    world.played("deposit_orphan", domain)
