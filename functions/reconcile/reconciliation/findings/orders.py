"""Findings about one order of ours: a pure function of the backorder as it stands, and of the moment."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from backorder.domain.backoff import MATTERS_AFTER
from backorder.domain.backorder import FUNDED_AND_MISSED, Backorder
from backorder.domain.findings import Kind
from backorder.domain.money import CENT, ZERO, in_words
from backorder.domain.reservation import RELEASE_LAG
from backorder.domain.states import AUCTIONED, WITHDRAWABLE, State
from backorder.domain.values import AuctionState, BackorderKey, Charge, Origin, Source
from backorder.provider.port import LOCK_LEAD
from reconciliation.findings.observation import Observation, subject_of
from reconciliation.status_sync import may_come_back, stale

LAPSED_AFTER = timedelta(hours=6)
"""Deposits are leases that expire and are renewed: a shorter gap is none."""
UNFUNDED_AFTER = timedelta(hours=1)
"""The provider reserves in the minute of the lock; states are read once an hour."""
CHARGED_WITHIN = timedelta(hours=24)
MATTERS_BEFORE = timedelta(hours=6)
"""So long before it is too late, even the first refusal matters."""
PAY_WITHIN = timedelta(days=7)
"""The winner of an auction has so long to pay, or may be banned."""
AUCTION_HOUSE = "the provider's auction house"
OF_USE = timedelta(days=7)
"""A name that is free so long after its drop is no news any more."""
TOLD_FOR = timedelta(hours=24)
"""What was missed is shown for a day after the drop at least."""
REMEMBERED = timedelta(days=35)

MONEY_KINDS = frozenset(
    {
        Kind.UNFUNDED_AT_LOCK,
        Kind.DEPOSIT_LAPSED,
        Kind.CHARGED_TWICE,
        Kind.CHARGE_WITHOUT_SUCCESS,
        Kind.REFUND_MISSING,
        Kind.SUCCESS_WITHOUT_CHARGE,
        Kind.FEE_TOO_HIGH,
        Kind.CHARGE_DIFFERS,
        Kind.DEPOSIT_DIFFERS,
    }
)
"""Those that can only be said where the account stood still."""
ORDER_KINDS = MONEY_KINDS | {
    Kind.SHORTFALL,
    Kind.AUCTION_OPEN,
    Kind.NAME_STILL_FREE,
    Kind.SET_ASIDE,
    Kind.APPLICATION_INCOMPLETE,
    Kind.APPLICATION_VANISHED,
    Kind.DEADLINE_MISSED,
    Kind.STANDING_ORDER_STALE,
    Kind.STATUS_UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What an order is looked at with. Amounts in `currency`."""

    now: datetime
    currency: str
    release_lag: timedelta = RELEASE_LAG
    usual_deposits: Mapping[str, Decimal] = field(default_factory=dict)
    """By zone."""
    opened_at: datetime | None = None
    """When the books were opened: what was booked before is in none of them."""
    # Orders with charges of which the provider did not say whose they are.
    undecided: Collection[BackorderKey] = ()


def examine_order(order: Backorder, at: Circumstances) -> Iterator[Observation]:
    """All that needs a person about `order` now."""
    for examine in _EXAMINATIONS:
        found = examine(order, at)
        if found is not None:
            yield found


def _found(kind: Kind, order: Backorder, advice: str, amount: Decimal | None = None, *, about: str = "") -> Observation:
    return Observation(kind, subject_of(order, about), advice, order.domain, amount)


def _credit_limit(order: Backorder, at: Circumstances) -> Observation | None:
    """The provider refuses it for want of credit, again and again, where the plan takes it for covered."""
    refused = order.refusal is not None and order.refusal.for_credit
    if not refused or not (order.state.is_waiting or order.state is State.SUBMITTING):
        return None
    before = (
        f", before {_on(order.schedule.deadline)}"
        if order.schedule.deadline is not None and order.schedule.deadline > at.now
        else ""
    )
    return _found(
        Kind.SHORTFALL,
        order,
        f"The provider takes no order for {order.domain}, for the account's credit limit is exceeded (546), though it "
        f"covers the fee as far as is known here: see what else draws on it, or pay in{before}.",
    )


def _unfunded_at_lock(order: Backorder, at: Circumstances) -> Observation | None:
    finalization, ordered = order.schedule.finalization_at, order.submitted_at
    if finalization is None or ordered is None or at.now >= finalization:
        return None
    if order.state is State.FAILED and order.outcome_at is not None:
        return _found(
            Kind.UNFUNDED_AT_LOCK,
            order,
            f"{order.domain} ended before its finalization date, {_on(finalization)}, as orders do that lack "
            f"funds: pay in, and upload it again, application {order.application_id}.",
            order.plan.fee,
        )
    lock = max(finalization - LOCK_LEAD, ordered)
    if order.state is not State.REQUESTED or order.deposit.amount is not None or at.now < lock + UNFUNDED_AFTER:
        return None
    return _found(
        Kind.UNFUNDED_AT_LOCK,
        order,
        f"{order.domain} has had no funds reserved since its lock on {_on(lock)}: pay in "
        f"{_money(order.plan.fee, at)} before {_on(finalization)}, or it is void, application {order.application_id}.",
        order.plan.fee,
    )


def _deposit_lapsed(order: Backorder, at: Circumstances) -> Observation | None:
    since = order.deposit.missing_since
    if order.state is not State.ACTIVE or since is None or at.now < since + LAPSED_AFTER:
        return None
    return _found(
        Kind.DEPOSIT_LAPSED,
        order,
        f"{order.domain} is ACTIVE, and its deposit is gone since {_on(since)}: see that {_money(order.plan.fee, at)} "
        f"is free, and ask the provider's support to reserve it, application {order.application_id}.",
        order.plan.fee,
    )


def _auction_open(order: Backorder, at: Circumstances) -> Observation | None:
    """Until an auction's end, its user may bid; after it, what was won is to be paid."""
    ends_at = order.auction.ends_at
    if order.state is State.AUCTION_PENDING and (ends_at is None or at.now < ends_at):
        where = order.auction.url or AUCTION_HOUSE
        until = f"by {_on(ends_at)}" if ends_at else "soon (its end is not known)"
        bid = f"; the next bid is {order.auction.next_bid} or more" if order.auction.next_bid else ""
        return _found(Kind.AUCTION_OPEN, order, f"{order.domain} is in an auction: bid {until} at {where}{bid}.")
    return _auction_to_pay(order, at)


def _auction_to_pay(order: Backorder, at: Circumstances) -> Observation | None:
    """An order may be AUCTION-PENDING until its price is paid: then only the auction's own words tell if it was won,
    or nothing does."""
    over = order.state in AUCTIONED
    ended_at = order.auction.ends_at or order.outcome_at
    told = order.auction
    if not over or ended_at is None or order.auction.paid:
        return None
    pending = order.state is State.AUCTION_PENDING
    if pending and (told.lost or (told.bidders == 0 and not told.won)):
        return None  # somebody else's; or nobody bid, and the earliest order has it
    pay_until = ended_at + PAY_WITHIN
    where = order.auction.url or AUCTION_HOUSE
    by = f"by {_on(pay_until)} at {where}"
    if at.now >= pay_until:
        if not pending:
            return None
        advice = (
            f"The auction for {order.domain} is over since {_on(ended_at)}, and the provider still has it pending: if "
            f"you won and paid it, ask its support, application {order.application_id}."
        )
        return _found(Kind.AUCTION_OPEN, order, advice, about="/pay")
    if pending and not told.won:
        advice = f"The auction for {order.domain} is over: if you won it, pay {_to_be_paid(told)} {by}."
    else:
        advice = f"{order.domain} was won in an auction: pay {_to_be_paid(told)} {by}."
    return _found(Kind.AUCTION_OPEN, order, advice, _price_here(told, at), about="/pay")


def _to_be_paid(told: AuctionState) -> str:
    if told.price is None:
        return "its price"
    vat = f" and {in_words(told.vat, told.currency)} VAT" if told.vat else ""
    return f"{in_words(told.price, told.currency)}{vat}"


def _price_here(told: AuctionState, at: Circumstances) -> Decimal | None:
    """With VAT; None where it is not known, or in another currency than the account's."""
    if told.price is None or told.currency not in ("", at.currency):
        return None
    return told.price + (told.vat or ZERO)


def _name_still_free(order: Backorder, at: Circumstances) -> Observation | None:
    if not order.lookup.is_free or order.outcome_at is None or at.now >= order.outcome_at + OF_USE:
        return None
    return _found(
        Kind.NAME_STILL_FREE,
        order,
        f"{order.domain} was not caught, and is free at the ordinary price: register it now if you still want it.",
    )


def _set_aside(order: Backorder, at: Circumstances) -> Observation | None:
    """What the provider refuses about it, once that matters: shortly before it is too late, or at the third time."""
    looks = order.refused_look
    if looks is not None and looks.times >= MATTERS_AFTER and order.state is not State.VANISHED:
        what = "to say what became of the name" if order.state.is_final else "to show the order"
        return _found(
            Kind.SET_ASIDE,
            order,
            f"The provider refuses {what} for {order.domain} since {_on(looks.since)} ({looks.call}: {looks.words}); "
            f"it is asked again {_on(looks.next_at)}. Look at application {order.application_id} in its control panel.",
        )
    refusal = order.refusal
    if refusal is None or refusal.since is None or refusal.times == 0 or order.state.is_final:
        return None
    until = order.schedule.last_chance if order.application_id is None else order.schedule.finalization_at
    soon = until is not None and at.now >= until - MATTERS_BEFORE
    if refusal.times < MATTERS_AFTER and not soon:
        return None
    asked = "to take back the order" if order.state is State.WITHDRAWING else "what the order lacks"
    asked = asked if order.application_id else "the order"
    before = f", before {_on(until)}" if until is not None and until > at.now else ""
    return _found(
        Kind.SET_ASIDE,
        order,
        f"The provider refuses {asked} for {order.domain} since {_on(refusal.since)} ({refusal.words}), "
        f"{refusal.times} times by now; it is tried again, more and more slowly. See what it objects to, or ask its "
        f"support{before}.",
    )


def _application_incomplete(order: Backorder, _: Circumstances) -> Observation | None:
    if not order.lacks or order.state not in WITHDRAWABLE:
        return None
    lacks = ", ".join(order.lacks)
    amended_with = dict(order.application.amended_with) if order.application is not None else {}
    zone = f'"{order.zone}"' if "." in order.zone else order.zone
    section = f"[provider.zones.{zone}] of rules.toml"
    if any(name in amended_with for name in map(str.upper, order.lacks)):
        advice = f"what was sent did not mend it: correct it in {section}, and it is sent again"
    else:
        advice = f"put it into {section}, and it is sent"
    return _found(
        Kind.APPLICATION_INCOMPLETE,
        order,
        f"The order for {order.domain} lacks {lacks}, without which it may never be registered: {advice}; "
        f"application {order.application_id}.",
    )


def _application_vanished(order: Backorder, at: Circumstances) -> Observation | None:
    if order.state is not State.VANISHED or order.unknown_status is not None or order.outcome_at is None:
        return None
    dropped_at = order.schedule.batch_ends_at
    if at.now >= (order.outcome_at + REMEMBERED if dropped_at is None else dropped_at + TOLD_FOR):
        return None
    over = dropped_at is not None and at.now >= dropped_at
    return _found(
        Kind.APPLICATION_VANISHED,
        order,
        f"The provider no longer knows the order for {order.domain}, application {order.application_id}: ask its "
        + (
            "support who removed it."
            if over
            else "support who removed it, and upload the name again if you still want it."
        )
        + (" If it knows it again, this goes on by itself." if may_come_back(order, at.now) else ""),
    )


def _deadline_missed(order: Backorder, at: Circumstances) -> Observation | None:
    if order.state is not State.MISSED or order.plan.reason not in FUNDED_AND_MISSED or order.outcome_at is None:
        return None
    if order.schedule.last_chance is not None and order.created_at >= order.schedule.last_chance:
        return None  # it came too late: its list's report says so
    if at.now >= (order.schedule.batch_ends_at or order.outcome_at) + TOLD_FOR:
        return None
    said = f" The provider's last word: {order.refusal.words}." if order.refusal is not None else ""
    return _found(
        Kind.DEADLINE_MISSED,
        order,
        f"{order.domain} was funded, and not ordered in time ({order.plan.reason}): look for it after its drop.{said}",
        order.plan.fee,
    )


def _charged_twice(order: Backorder, at: Circumstances) -> Observation | None:
    charges = [charge for charge in order.charges if charge.gross > 0]
    if not order.state.is_won or len(charges) < 2 or order.charged <= charges[0].gross:
        return None
    too_much = order.charged - charges[0].gross
    return _found(
        Kind.CHARGED_TWICE,
        order,
        f"{order.domain} was charged {len(charges)} times ({_keys(order)}): ask the provider's support to give "
        f"{_money(too_much, at)} back, application {order.application_id}.",
        too_much,
    )


def _charge_without_success(order: Backorder, at: Circumstances) -> Observation | None:
    if not order.state.is_lost or order.charged <= ZERO or may_come_back(order, at.now):
        return None
    if order.key in at.undecided:
        return None  # they may be for somebody else's order
    return _found(
        Kind.CHARGE_WITHOUT_SUCCESS,
        order,
        f"{_money(order.charged, at)} were charged for {order.domain}, which was not caught ({order.state}): ask the "
        f"provider's support to give it back, application {order.application_id} ({_keys(order)}).",
        order.charged,
    )


def _refund_missing(order: Backorder, at: Circumstances) -> Observation | None:
    since = of_no_use_since(order)
    if since is None or not refund_is_overdue(order, at.now, at.release_lag):
        return None
    application = order.application_id or (order.withdrawal.application if order.withdrawal is not None else None)
    return _found(
        Kind.REFUND_MISSING,
        order,
        f"{order.domain} {since[1]}, and its deposit of {_money(order.deposit.amount, at)} is still reserved: ask the "
        f"provider's support to release it, application {application or 'unknown'}.",
        order.deposit.amount,
    )


def refund_is_overdue(order: Backorder, now: datetime, release_lag: timedelta) -> bool:
    """Its deposit is still reserved, longer than `release_lag` after it was of any use."""
    since = of_no_use_since(order)
    if order.deposit.amount is None or since is None or may_come_back(order, now):
        return False
    return now >= since[0] + release_lag


def of_no_use_since(order: Backorder) -> tuple[datetime, str] | None:
    """Since when a deposit for it is of no use any more, and what came of the order then."""
    if order.state.is_lost and order.outcome_at is not None:
        return order.outcome_at, f"was lost on {_on(order.outcome_at)} ({order.state})"
    if order.state.is_won and order.charged > ZERO:
        charged_at = order.charges[-1].at
        return charged_at, f"was charged on {_on(charged_at)}"
    if order.state.is_waiting and order.withdrawal is not None:
        return order.withdrawal.at, f"was taken back on {_on(order.withdrawal.at)}"
    return None


def _success_without_charge(order: Backorder, at: Circumstances) -> Observation | None:
    won_at = order.outcome_at
    if not order.state.is_won or won_at is None or at.now < won_at + CHARGED_WITHIN or order.charged > ZERO:
        return None
    if any(charge.gross > 0 for charge in order.charges):
        return None  # it was charged, and given back
    if at.opened_at is not None and _earliest_charge(order, won_at) <= at.opened_at:
        return None  # its charge may be part of what the books opened with
    return _found(
        Kind.SUCCESS_WITHOUT_CHARGE,
        order,
        f"{order.domain} was won on {_on(won_at)}, and no charge for it is booked: keep {_money(order.plan.fee, at)} "
        f"ready, and look for it under another name in the provider's statement, application {order.application_id}.",
        order.plan.fee,
    )


def _earliest_charge(order: Backorder, won_at: datetime) -> datetime:
    """The first moment at which a won name can have been charged; `won_at`: when its outcome was seen, perhaps late."""
    if order.auction.ends_at is not None:
        return min(order.auction.ends_at, won_at)
    return min(
        filter(None, (order.schedule.finalization_at or order.schedule.batch_starts_at or order.submitted_at, won_at))
    )


def _fee_too_high(order: Backorder, at: Circumstances) -> Observation | None:
    """More than its user allows, or than was planned with, is reserved for it or was charged."""
    charge = _own_charge(order, at)
    taken = charge.gross if charge is not None else None if order.state.is_final else order.deposit.amount
    bound = _exceeded(order, taken)
    if taken is None or bound is None:
        return None
    limit, name = bound
    if charge is None and limit == order.plan.planned_fee and _differs_from_usual(order, at):
        return None  # that is told as what it is
    money = _money(taken, at)
    what = f"{money} were charged" if charge is not None else f"{money} are reserved"
    told = f"{what} for {order.domain}, {_money(taken - limit, at)} more than {name} of {_money(limit, at)}"
    if charge is not None and order.deposit.last is not None:
        told += f" ({_money(order.deposit.last, at)} had been reserved)"
    take_back, until = "", order.schedule.finalization_at
    if charge is None and until is not None and at.now < until:
        take_back = f"put it into a list under cancel/ before {_on(until)} if it is not worth that to you, or "
    advice = f"{told}: {take_back}ask the provider's support why, application {order.application_id}."
    return _found(Kind.FEE_TOO_HIGH, order, advice, taken - limit)


def _own_charge(order: Backorder, at: Circumstances) -> Charge | None:
    """What a won name was charged first, for some weeks, unless it was given back."""
    charges = [charge for charge in order.charges if charge.gross > 0]
    if not order.state.is_won or not charges or order.charged <= ZERO or at.now >= charges[0].at + REMEMBERED:
        return None
    return charges[0]


def _exceeded(order: Backorder, taken: Decimal | None) -> tuple[Decimal, str] | None:
    """Which bound `taken` is above, with what it is called: that of its user first."""
    for limit, name in ((order.wish.max_price, "its max price"), (order.plan.planned_fee, "the planned fee")):
        if taken is not None and limit is not None and taken > limit:
            return limit, name
    return None


def _charge_differs(order: Backorder, at: Circumstances) -> Observation | None:
    """A won name was charged another sum than was reserved for it, and it is no more than was planned with."""
    charge = _own_charge(order, at)
    if charge is None or order.deposit.last is None or _exceeded(order, charge.gross) is not None:
        return None
    difference = charge.gross - order.deposit.last
    if abs(difference) <= CENT or charge.gross == order.plan.planned_fee:
        return (
            None  # net and VAT were rounded apart; or the deposit was odd, which was told, and the charge is as planned
        )
    less_or_more = "more" if difference > 0 else "less"
    return _found(
        Kind.CHARGE_DIFFERS,
        order,
        f"{_money(charge.gross, at)} were charged for {order.domain}, {_money(abs(difference), at)} {less_or_more} "
        f"than the {_money(order.deposit.last, at)} that were reserved: ask the provider's support why, application "
        f"{order.application_id} ({_keys(order)}).",
        difference,
    )


def _deposit_differs(order: Backorder, at: Circumstances) -> Observation | None:
    usual = at.usual_deposits.get(order.zone)
    if order.deposit.amount is None or usual is None or not _differs_from_usual(order, at):
        return None
    return _found(
        Kind.DEPOSIT_DIFFERS,
        order,
        f"{_money(order.deposit.amount, at)} are reserved for {order.domain}, where {_money(usual, at)} is usual for "
        f".{order.zone}: ask the provider's support why, application {order.application_id}.",
        order.deposit.amount - usual,
    )


def _differs_from_usual(order: Backorder, at: Circumstances) -> bool:
    usual = at.usual_deposits.get(order.zone)
    known = usual is not None and order.deposit.amount is not None and not order.state.is_final
    return known and order.deposit.amount not in (usual, order.deposit.usual)


def _standing_order_stale(order: Backorder, at: Circumstances) -> Observation | None:
    if not stale(order, at.now) or order.unknown_status is not None or order.cancel_requested:
        return None
    if order.state is State.REQUESTED and order.wish.source is not Source.WANTED and order.origin is Origin.OURS:
        return None  # it is taken back
    return _found(
        Kind.STANDING_ORDER_STALE,
        order,
        f"{order.domain} is still {order.state} two days after its drop: it was renewed, or its date is wrong; put it "
        f"into a list under cancel/ if you no longer want it, application {order.application_id}.",
        order.deposit.amount,
    )


def _status_unknown(order: Backorder, at: Circumstances) -> Observation | None:
    if order.unknown_status is None:
        return None
    if order.state.is_final and (order.outcome_at is None or at.now >= order.outcome_at + OF_USE):
        return None
    return _found(
        Kind.STATUS_UNKNOWN,
        order,
        f"The provider calls the order for {order.domain} {order.unknown_status}, a state that is not known here: look "
        f"at application {order.application_id} in its control panel, and tell whoever looks after this pipeline.",
        order.deposit.amount,
    )


_EXAMINATIONS: tuple[Callable[[Backorder, Circumstances], Observation | None], ...] = (
    _credit_limit,
    _unfunded_at_lock,
    _deposit_lapsed,
    _auction_open,
    _name_still_free,
    _set_aside,
    _application_incomplete,
    _application_vanished,
    _deadline_missed,
    _charged_twice,
    _charge_without_success,
    _refund_missing,
    _success_without_charge,
    _fee_too_high,
    _charge_differs,
    _deposit_differs,
    _standing_order_stale,
    _status_unknown,
)


def _on(moment: datetime) -> str:
    return f"{moment:%-d %B %H:%M} UTC"


def _money(amount: Decimal | None, at: Circumstances) -> str:
    return "its fee" if amount is None else in_words(amount, at.currency)


def _keys(order: Backorder) -> str:
    return ", ".join(charge.key.replace("entry#", "entry ", 1) for charge in order.charges)
