"""What the provider's answer changes about a backorder. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from backorder.domain.backoff import next_look
from backorder.domain.backorder import Backorder
from backorder.domain.dates import DateSource, DateStatement
from backorder.domain.ledger import Lease
from backorder.domain.money import in_words
from backorder.domain.registries import Registries
from backorder.domain.states import AUCTIONED, FOLLOWED, LOOKED_UP, PLACED, TRANSITIONS, State
from backorder.domain.values import Call, Charge, Lookup, Origin, RefusedLook, Source
from backorder.provider.port import (
    Application,
    ApplicationStatus,
    Auction,
    Availability,
    ProviderError,
    RegisteredDomain,
)

CALL = "QueryDomainApplicationList"
LOOK = "StatusDomainApplication"
STALE_AFTER = timedelta(hours=48)
"""An order that is still there so long after its drop was missed by the registry: renewed, or dated wrongly."""
LOOKS_APART = timedelta(hours=1)
AROUND_ITS_DROP = timedelta(hours=2)
SETTLES_WITHIN = timedelta(hours=6)
"""By so long after an auction's end, its outcome is shown where the end is what decides."""
PATIENCE = timedelta(days=35)
"""A won name's charge that has not come by then draws on nothing any more; the finding stays."""


def follow(backorder: Backorder, application: Application, *, now: datetime, registries: Registries) -> Backorder:
    """The backorder as its application stands; the same object where nothing changed.

    A status that the table of transitions does not lead to is an old answer; one that we do not know is kept in the
    provider's word: nothing moves.
    """
    followed = backorder
    if application.finalization_at is not None:
        followed = redated(
            followed, application.finalization_at, DateSource.APPLICATION, now=now, registries=registries
        )
    unknown = application.status_text if application.status is ApplicationStatus.UNKNOWN else None
    incomplete = (*application.missing_parameters, *application.invalid_parameters)
    if not followed.state.is_final:
        followed = followed.with_application(unknown_status=unknown, lacks=incomplete)
    if unknown is not None or _stays(followed, application) or is_old(followed, application):
        return followed
    state = State(application.status.value)
    if state is State.AUCTION_WON:
        followed = followed.auction_settled(paid=_is_paid(followed))
    return followed.sync(state, at=now, call=Call(CALL, application=application.id))


def is_old(backorder: Backorder, application: Application) -> bool:
    """Return whether the provider's answer is an old one: the table of transitions does not lead to its status."""
    if application.status is ApplicationStatus.UNKNOWN or _stays(backorder, application):
        return False
    return State(application.status.value) not in TRANSITIONS[backorder.state]


def _stays(backorder: Backorder, application: Application) -> bool:
    """Return whether the status is the backorder's own, or does not move it: while it is withdrawn, or settled."""
    return application.status.value == backorder.state or backorder.state is State.WITHDRAWING or backorder.settled


def _is_paid(backorder: Backorder) -> bool:
    """Whether an order that is AUCTION_WON by now is paid for.

    Whether it becomes so when the price is paid, or when the auction ends, is not documented. So it is paid for if it
    had been won and was pending still, or was pending hours after the end.
    """
    if backorder.state is not State.AUCTION_PENDING:
        return False
    if backorder.auction.won:
        return True
    ends_at, pending_at = backorder.auction.ends_at, backorder.auction.pending_at
    return ends_at is not None and pending_at is not None and pending_at >= ends_at + SETTLES_WITHIN


def seen_in_a_list(backorder: Backorder) -> Backorder:
    """Its application was: no look at it is needed, but for what only its own answer tells, an auction."""
    looked_for = backorder.refused_look is not None and backorder.refused_look.call.command == LOOK
    return backorder.looked_at() if looked_for and backorder.state not in AUCTIONED else backorder


def refused(backorder: Backorder, error: ProviderError, *, now: datetime) -> Backorder:
    """A look at it was refused: set aside, and looked at again after growing pauses."""
    call, before = Call(error.command, error.code), backorder.refused_look
    again = before if before is not None and before.call == call else None
    times = again.times + 1 if again else 1
    since = again.since if again else now
    next_at = next_look(times, now, until=backorder.schedule.batch_ends_at)
    return backorder.refuse_look(RefusedLook(call, error.description, since, times, next_at))


def looked_in_vain(backorder: Backorder, error: ProviderError, *, now: datetime) -> Backorder:
    """The provider does not know its application. One answer is none: gone it is after two that are an hour apart, none
    of them around its drop, when the provider moves what it has."""
    if backorder.state is State.VANISHED:
        return refused(backorder, error, now=now)
    if backorder.state not in FOLLOWED or _is_dropping(backorder, now):
        return backorder
    call, before = Call(error.command, error.code), backorder.refused_look
    if before is None or before.call != call:
        return backorder.refuse_look(RefusedLook(call, error.description, now, 1, now + LOOKS_APART))
    if now < before.since + LOOKS_APART:
        return backorder
    return backorder.vanish(at=now, why="the provider did not know it at two looks", call=call)


def _is_dropping(backorder: Backorder, now: datetime) -> bool:
    starts, ends = backorder.schedule.batch_starts_at, backorder.schedule.batch_ends_at
    return starts is not None and ends is not None and starts - AROUND_ITS_DROP < now < ends + AROUND_ITS_DROP


def may_come_back(backorder: Backorder, now: datetime) -> bool:
    """The provider does not know it, and may know it again: until two days after its drop."""
    ends = backorder.schedule.batch_ends_at
    return backorder.state is State.VANISHED and ends is not None and now < ends + STALE_AFTER


def to_look_at(backorder: Backorder, *, now: datetime, expected: bool) -> bool:
    """Its application, which is not among those that were read, is to be looked at directly. `expected`: it should have
    been among them. What was set aside waits for its next look."""
    if backorder.state not in FOLLOWED and not may_come_back(backorder, now):
        return False
    if backorder.refused_look is not None:
        return now >= backorder.refused_look.next_at
    return expected or backorder.state is State.VANISHED


def redated(
    backorder: Backorder, finalization_at: datetime, source: DateSource, *, now: datetime, registries: Registries
) -> Backorder:
    """Return the backorder with what the provider says its finalization date is; the same object where that is no news.

    A look at the pending-delete list that finds a moment which is over moves nothing: only the application itself knows
    that it was so.
    """
    said = DateStatement(source, now, finalization_at=finalization_at)
    if any(each.source is source and each.finalization_at == finalization_at for each in backorder.dates):
        return backorder
    if source is not DateSource.APPLICATION and said.is_past(backorder.zone, registries, now):
        return backorder
    return backorder.with_date(said, at=now, registries=registries)


def in_auction(backorder: Backorder, auction: Auction, *, now: datetime) -> Backorder:
    """With what is known of the auction for its name; the same object where nothing changed."""
    ends_at = auction.ends_at or backorder.auction.ends_at
    still = backorder.state is State.AUCTION_PENDING and ends_at is not None and now >= ends_at
    bid = None if auction.minimum_next_bid is None else in_words(auction.minimum_next_bid, auction.currency)
    known = replace(
        backorder.auction,
        won=auction.is_won,
        lost=auction.is_lost,
        currency=auction.currency,
        best_bid=auction.best_bid,
        price=auction.price,
        vat=auction.vat,
        bidders=auction.bidders,
        ends_at=ends_at,
        pending_at=now if still else backorder.auction.pending_at,
        url=auction.url or backorder.auction.url,
        next_bid=bid,
    )
    return backorder.auction_seen(known)


def paid_in_the_account(backorder: Backorder) -> Backorder:
    """The price of the auction that it won is booked in this account."""
    return backorder.auction_settled(paid=True) if backorder.state in AUCTIONED else backorder


def reserved(
    backorder: Backorder,
    lease: Lease | None,
    *,
    now: datetime,
    usual: Decimal | None = None,
    elsewhere: bool = False,
) -> Backorder:
    """With the deposit that the provider holds for it now; what was reserved last stays as its fee. `usual`: what is
    reserved in its zone, if that is known; `elsewhere`: there is a deposit in another currency than the account's."""
    deposit = None if lease is None else lease.amount
    bare = deposit is None and backorder.state is State.ACTIVE and not elsewhere
    since = (backorder.deposit.missing_since or now) if bare else None
    was_usual = backorder.deposit.usual if deposit is None or deposit != usual else deposit
    return backorder.reserve(deposit, missing_since=since, usual=was_usual)


def charged(backorder: Backorder, charges: Iterable[Charge], withdrawn: frozenset[str] = frozenset()) -> Backorder:
    """With what was booked for it, less what is `withdrawn`; the same object where nothing changed."""
    before = {charge.key: charge for charge in backorder.charges if charge.key not in withdrawn}
    return backorder.charge((before | {charge.key: charge for charge in charges}).values())


def stale(backorder: Backorder, now: datetime) -> bool:
    """Still at the provider two days after its drop, and in no auction."""
    return (
        backorder.state in PLACED - {State.AUCTION_PENDING, State.WITHDRAWING}
        and backorder.schedule.batch_ends_at is not None
        and now >= backorder.schedule.batch_ends_at + STALE_AFTER
    )


def given_up(backorder: Backorder, *, now: datetime) -> Backorder:
    """A stale order: taken back if a rule chose it (a person decides on their own); over, if the provider holds it in a
    state that we do not know, and reserves nothing for it. The same object otherwise."""
    if not stale(backorder, now):
        return backorder
    if backorder.unknown_status is not None:
        if backorder.deposit.amount is not None:
            return backorder
        why = f"the provider calls it {backorder.unknown_status} since its drop, and reserves nothing for it"
        return backorder.vanish(at=now, why=why)
    if (
        backorder.state is not State.REQUESTED
        or backorder.wish.source is Source.WANTED
        or backorder.origin is Origin.FOREIGN
        or backorder.cancel_requested
    ):
        return backorder
    return backorder.request_withdrawal(at=now, why="still there 48 hours after its drop: to be taken back")


def to_look_up(backorder: Backorder, *, now: datetime) -> bool:
    """Its name is to be looked up: won, or lost and dropped; again each day while it is free."""
    if not backorder.state.is_final or backorder.outcome_at is None:
        return False
    if backorder.refused_look is not None and now < backorder.refused_look.next_at:
        return False
    if backorder.lookup.at is not None:
        return backorder.lookup.is_free and now >= backorder.lookup.at + timedelta(days=1)
    if backorder.state.is_won:
        return True
    dropped_at = backorder.schedule.batch_ends_at or backorder.outcome_at
    return backorder.state in LOOKED_UP and now >= dropped_at


def found_in_account(backorder: Backorder, domain: RegisteredDomain, *, now: datetime) -> Backorder:
    """A won name, seen in the account."""
    return backorder.look_up(Lookup(now, expires_at=domain.expires_at, renewal_mode=domain.renewal_mode or None))


def found_outside(backorder: Backorder, availability: Availability, *, now: datetime) -> Backorder:
    """A lost name, free or taken."""
    return backorder.look_up(Lookup(now, is_free=availability.is_free))


def settled(backorder: Backorder, *, now: datetime) -> Backorder:
    """Settled, if it is final, its money in place (a lost order's deposit back, a won one's charge booked), and its
    name looked up; in any case when patience is over."""
    if backorder.settled or not backorder.state.is_final or backorder.deposit.amount is not None:
        return backorder
    if may_come_back(backorder, now):
        return backorder
    outcome_at = backorder.outcome_at or now
    waits = (backorder.state.is_won and not any(charge.gross > 0 for charge in backorder.charges)) or (
        backorder.lookup.at is None and (backorder.state.is_won or backorder.state in LOOKED_UP)
    )
    if waits and now < outcome_at + PATIENCE:
        return backorder
    return backorder.settle()
