"""What happens as the clock moves: locks, finalization dates, drops, auctions, releases (provider-api.md, "Life")."""

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from . import book_faults, books
from .agenda import Event, Kind
from .auctions import Auction, auction_of, paid_after
from .draws import outcome_of_drop
from .moments import iso
from .names import zone_of
from .records import WON, Account, Application, Deposit, Drop, Renewal, Status
from .world import LISTED_BEFORE_DROP, MAIN_USER, World


def schedule(world: World, drop: Drop) -> None:
    """Plans a drop's life; what lies in the past already takes place as soon as the clock is looked at."""
    former = world.drops.get(drop.domain)
    drop.version = former.version + 1 if former else 0
    if former:
        _unlist(world, former)
    world.drops[drop.domain] = drop
    for at, kind in (
        (drop.drop_at - LISTED_BEFORE_DROP, Kind.LISTED),
        (drop.finalization_at - world.options.lock_lead, Kind.LOCK),
        (drop.finalization_at, Kind.FINALIZATION),
        (drop.drop_at, Kind.DROP),
    ):
        world.agenda.plan(at, kind, drop.domain, drop.version)
    book_faults.on_schedule(world, drop)


def advance(world: World, to: datetime) -> None:
    """Lets everything take place that is due by `to`, in order, and stands there."""
    while (event := next_event(world)) is not None and event.at <= to:
        batch = [world.agenda.take_first()]
        while (follower := next_event(world)) and (follower.at, follower.kind) == (event.at, event.kind):
            batch.append(world.agenda.take_first())
        world.now = max(world.now, event.at)
        _HANDLERS[event.kind](world, [each.about for each in batch])
    world.now = max(world.now, to)


def next_event(world: World) -> Event | None:
    """The next event that still counts: those of a drop that was moved are thrown away here."""
    while (event := world.agenda.first()) is not None:
        outdated = event.kind in _OF_A_DROP and world.drops[event.about].version != event.version
        spent = event.kind is Kind.RELEASE and event.about.id not in world.accounts[event.about.user].deposits
        if not outdated and not spent:
            return event
        world.agenda.take_first()
    return None


def fund(world: World, application: Application) -> None:
    """The lock of one order: its fee is reserved and it is ACTIVE, or it waits, or it voids all of the account."""
    if application.status is not Status.REQUESTED:
        return
    account = world.accounts[application.user]
    if books.reserve(world, application):
        account.waiting.pop(application.id, None)
        _move(world, application, Status.ACTIVE)
        book_faults.on_lock(world, application)
        return
    if application.id in account.waiting:
        return
    if application.user == MAIN_USER:
        world.unfunded.add(application.domain)
    world.note("unfunded", domain=application.domain, application=str(application.id), user=application.user)
    if world.options.insufficient_funds == "all-void":
        _void(world, account)
    else:
        account.waiting[application.id] = application


def settle(world: World, application: Application, status: Status) -> None:
    """An order reaches its end: a won one is charged at once, a lost one's deposit goes back after the release lag."""
    world.accounts[application.user].waiting.pop(application.id, None)
    _move(world, application, status)
    if status in WON:
        books.charge_win(world, application)
    elif not books.charge_lost(world, application):
        books.give_back_later(world, application)


def _void(world: World, account: Account) -> None:
    # The quickstart's reading of "insufficient funds": all backorders of the account are null and void.
    for application in world.of_user(account.user, Status.REQUESTED, Status.ACTIVE):
        settle(world, application, Status.FAILED)


def _move(world: World, application: Application, status: Status) -> None:
    application.status = status
    application.updated = world.now
    what = status.lower().replace("-", "_")
    world.note(what, domain=application.domain, application=str(application.id), user=application.user)


def _unlist(world: World, drop: Drop) -> None:
    world.listed.get(zone_of(drop.domain), {}).pop(drop.domain, None)


def _list(world: World, domains: Iterable[str]) -> None:
    for domain in domains:
        drop = world.drops[domain]
        if world.now < drop.finalization_at:
            world.listed.setdefault(zone_of(domain), {})[domain] = drop
            world.note("listed", domain=domain)


def _lock(world: World, domains: Iterable[str]) -> None:
    locked = world.in_turn(domains, Status.REQUESTED)
    # Orders that wait and are tried in this very minute stand in the same line: by creation, not by lock.
    retried = {user for user, account in world.accounts.items() if account.retry_at == world.now}
    waiting = [each for user in retried for each in world.accounts[user].waiting.values() if each not in locked]
    for application in sorted([*locked, *waiting], key=lambda each: each.turn):
        fund(world, application)


def _retry(world: World, users: Iterable[str]) -> None:
    for user in set(users):
        account = world.accounts[user]
        account.retry_at = None
        waiting = sorted(account.waiting.values(), key=lambda each: each.turn)
        cheapest = min((world.fee_of(each) for each in waiting), default=Decimal(0))
        for application in waiting:
            if account.free < cheapest:
                break
            fund(world, application)


def _finalize(world: World, domains: Iterable[str]) -> None:
    for domain in domains:
        _unlist(world, world.drops[domain])
        for application in world.in_turn([domain], Status.ACTIVE, Status.REQUESTED):
            # A lease that lapsed is taken anew at the last moment, or the order has no funds.
            secured = application.deposit or (application.status is Status.ACTIVE and books.reserve(world, application))
            if not secured and application.user == MAIN_USER:
                world.unfunded.add(domain)
            if secured:
                _move(world, application, Status.PROCESSING)
            else:
                settle(world, application, Status.FAILED)


def _drop(world: World, domains: Iterable[str]) -> None:
    for domain in domains:
        drop = world.drops[domain]
        drop.dropped = True
        book_faults.on_drop(world, domain)
        contenders = sorted(
            world.in_turn([domain], Status.PROCESSING),
            key=lambda each: (each.lite, each.user != MAIN_USER and drop.outcome is not None, each.turn),
        )
        if contenders:
            _decide(world, drop, contenders)


def _decide(world: World, drop: Drop, contenders: list[Application]) -> None:
    # An outcome that was set is that of `test.user` where it has an order here: it stands first in `contenders`.
    outcome = drop.outcome or Status(outcome_of_drop(world.options, drop.domain))
    several = len({each.user for each in contenders}) > 1
    if outcome is Status.FAILED:
        for each in contenders:
            settle(world, each, Status.FAILED)
    elif outcome is Status.SUCCESSFUL and (drop.outcome or not several):
        settle(world, contenders[0], Status.SUCCESSFUL)
        for each in contenders[1:]:
            settle(world, each, Status.FAILED)
    else:
        _open_auction(world, drop, contenders)


def _open_auction(world: World, drop: Drop, contenders: list[Application]) -> None:
    auction = auction_of(world.options, drop)
    bidders: set[str] = set()
    for each in contenders:
        if each.user in bidders:  # a customer is in an auction once, whatever was ordered twice
            settle(world, each, Status.FAILED)
        else:
            bidders.add(each.user)
            each.auction = auction
            if each.user == MAIN_USER:
                world.auctions[each.id] = {
                    "application": str(each.id),
                    "domain": each.domain,
                    "starts": iso(auction.starts),
                    "ends": iso(auction.ends),
                    "result": None,
                    "paid": None,
                }
            _move(world, each, Status.AUCTION_PENDING)
    world.agenda.plan(auction.ends, Kind.AUCTION_END, auction)


def _end_auctions(world: World, ended: Iterable[Auction]) -> None:
    for auction in ended:
        bidders = world.in_turn([auction.domain], Status.AUCTION_PENDING)
        if bidders:
            _close(world, auction, bidders)


def _close(world: World, auction: Auction, bidders: list[Application]) -> None:
    # The result is that of `test.user` where it bids. Whom it loses to may be a customer that is not played here.
    ours = next((each for each in bidders if each.user == MAIN_USER), bidders[0])
    winner: Application | None
    if auction.result is Status.SUCCESSFUL:  # nobody bid: the earliest application has it
        winner, won = bidders[0], Status.SUCCESSFUL
    elif auction.result is Status.AUCTION_WON:
        winner, won = ours, Status.AUCTION_WON
    else:
        winner, won = next((each for each in bidders if each is not ours), None), Status.AUCTION_WON
    pays = winner is not None and won is Status.AUCTION_WON and world.options.auction_won == "paid"
    for each in bidders:
        if each.user == MAIN_USER:
            world.auctions[each.id]["result"] = str(won if each is winner else Status.AUCTION_LOST)
        if each is not winner:
            settle(world, each, Status.AUCTION_LOST)
        elif pays:
            world.note("auction_ended", domain=each.domain, application=str(each.id), user=each.user)
            world.agenda.plan(world.now + paid_after(world.options, each.domain), Kind.AUCTION_PAID, each)
        else:
            settle(world, each, won)
    if winner and won is Status.AUCTION_WON and not pays:
        _charge_price(world, winner)


def _pay(world: World, winners: Iterable[Application]) -> None:
    """Their winners pay for auctions, where that is what makes an application AUCTION-WON."""
    for winner in winners:
        if winner.user == MAIN_USER:
            world.auctions[winner.id]["paid"] = iso(world.now)
        settle(world, winner, Status.AUCTION_WON)
        _charge_price(world, winner)


def _charge_price(world: World, winner: Application) -> None:
    if world.options.charges_auctions and winner.auction is not None:
        account = world.accounts[winner.user]
        books.charge_other(world, account, winner.auction.price, winner.domain, "DOMAIN_AUCTION")


def _release(world: World, deposits: Iterable[Deposit]) -> None:
    for deposit in deposits:
        books.drop_deposit(world, deposit)
        world.note("released", domain=deposit.domain, deposit=str(deposit.id), user=deposit.user)


def _renew(world: World, renewals: Iterable[tuple[str, Renewal]]) -> None:
    for user, renewal in renewals:
        books.charge_renewal(world, world.accounts[user], renewal)


def _run_late(world: World, commands: Iterable[Callable[[], object]]) -> None:
    for command in commands:
        command()
        world.note("late_command")


_OF_A_DROP = frozenset({Kind.LISTED, Kind.LOCK, Kind.FINALIZATION, Kind.DROP})
_HANDLERS: dict[Kind, Callable[[World, list[Any]], None]] = {
    Kind.RELEASE: _release,
    Kind.RENEWAL: _renew,
    Kind.DROP: _drop,
    Kind.AUCTION_END: _end_auctions,
    Kind.AUCTION_PAID: _pay,
    Kind.LATE_COMMAND: _run_late,
    Kind.LAPSE: book_faults.lapse,
    Kind.LEASE_RENEWED: book_faults.renew_lapsed,
    Kind.LOCK: _lock,
    Kind.RETRY: _retry,
    Kind.VANISH: book_faults.vanish,
    Kind.FINALIZATION: _finalize,
    Kind.LISTED: _list,
}
