"""Deposits: which are there, whose they are, and what is posted when they come and go. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from backorder.domain.backorder import Backorder
from backorder.domain.ledger import Account, Lease, Posting
from backorder.domain.states import WAITING, State
from backorder.domain.values import BackorderKey
from backorder.provider.port import Command, Deposit
from reconciliation.ledger.seen import Seen, posting

CLOCKS_DIFFER = timedelta(minutes=5)
"""A deposit may be dated this much before the application that it is for."""
SEEN_IN = Command.DEPOSITS.value
OrdersOf = Callable[[str], Sequence[Backorder]]
"""Gives our open backorders of a domain, the newest cycle first."""
_TAKEN_BACK = WAITING | {State.WITHDRAWING}


@dataclass(frozen=True, slots=True)
class Followed:
    """What the deposits that were seen change."""

    standing: tuple[Lease, ...]
    """All that are reserved now."""
    changed: tuple[Lease, ...] = ()
    """Those that came, went, or found another owner: to be kept."""
    came: tuple[Lease, ...] = ()
    gone: tuple[Lease, ...] = ()
    released: tuple[Posting, ...] = ()
    """For those that went. They and these are to be kept before the others."""
    reserved: tuple[Posting, ...] = ()
    """For those that came."""
    of_order: Mapping[BackorderKey, Lease] = field(default_factory=dict)


def follow_deposits(
    kept: Iterable[Lease], seen: Seen, orders_of: OrdersOf, *, opened_at: datetime, again: bool = False
) -> Followed:
    """What became of the deposits that the books knew (`kept`, with those that are gone), and of new ones.

    `orders_of` gives our open backorders of a domain. A deposit tells its domain and not its order, so it is given to
    the newest cycle that was at the provider when it was made, and stays with it. A second one of a domain is somebody
    else's; where one of two alike goes when our order has ended, that one was ours.

    `again`: what is kept is posted once more, for a crash may have come before it was, and the deposit be gone since.
    """
    there = {d.id: d for d in seen.deposits if d.amount > 0 and seen.is_in_its_currency(d.currency)}
    known = {lease.id: lease for lease in kept}
    owners = _Owners(orders_of, known.values())
    changed = {} if seen.unread_deposits else {lease.id: lease for lease in _told_apart(known, there, owners)}
    known |= changed
    gone: list[Lease] = []
    came: list[Lease] = []
    standing: list[Lease] = []
    released: list[Posting] = []
    reserved: list[Posting] = []

    for lease in known.values() if again else ():
        reserved.append(_reserve(lease, max(lease.created_at, opened_at) if lease.time == 1 else seen.at))
        if lease.gone_at is not None:
            released.append(_release(lease, seen, owners.order_of(lease)))
    for lease in known.values():
        deposit = there.get(lease.id)
        if lease.gone_at is None and deposit is None and seen.may_be_unread(lease):
            standing.append(lease)  # it may be the row that makes no sense
        elif lease.gone_at is None and (deposit is None or deposit.amount != lease.amount):
            ended = changed[lease.id] = replace(lease, gone_at=seen.at)
            gone.append(ended)
            released.append(_release(lease, seen, owners.order_of(lease)))
            owners.give_up(lease)
    for deposit in sorted(there.values(), key=lambda d: (d.created_at, d.id)):
        former = known.get(deposit.id)
        if former is not None and former.gone_at is None and former.amount == deposit.amount:
            lease = owners.keep(former)
        else:
            lease = owners.take(_lease(deposit, former, seen))
            came.append(lease)
            reserved.append(_reserve(lease, max(deposit.created_at, opened_at) if former is None else seen.at))
        if lease is not former:
            changed[lease.id] = lease
        standing.append(lease)
    of_order = {BackorderKey(lease.domain, lease.cycle): lease for lease in standing if lease.cycle is not None}
    return Followed(
        tuple(standing), tuple(changed.values()), tuple(came), tuple(gone), tuple(released), tuple(reserved), of_order
    )


def _told_apart(known: Mapping[str, Lease], there: Mapping[str, Deposit], owners: _Owners) -> Iterator[Lease]:
    """Pairs that change places: a stranger's that is gone, and one alike, still there, of an order that ended."""
    left = {
        (lease.domain, lease.amount): lease
        for lease in known.values()
        if lease.gone_at is None and lease.id in there and owners.has_ended(lease)
    }
    for lease in known.values():
        if lease.gone_at is None and lease.cycle is None and lease.id not in there:
            alike = left.pop((lease.domain, lease.amount), None)
            if alike is not None:
                yield replace(lease, cycle=alike.cycle)
                yield replace(alike, cycle=None)


class _Owners:
    """Which order each deposit is for."""

    def __init__(self, orders_of: OrdersOf, known: Iterable[Lease]) -> None:
        self._of = orders_of
        owned = [(lease, (lease.domain, lease.cycle)) for lease in known if lease.cycle is not None]
        self._reserved = {key for lease, key in owned if lease.gone_at is None}
        self._ever_reserved = {key for lease, key in owned if not self._is_of_an_earlier_placement(lease)}

    def order_of(self, lease: Lease) -> Backorder | None:
        return next((order for order in self._of(lease.domain) if order.cycle == lease.cycle), None)

    def _is_of_an_earlier_placement(self, lease: Lease) -> bool:
        """Tell whether its order was taken back, and placed again since it was made."""
        order = self.order_of(lease)
        placed_at = None if order is None else order.submitted_at
        return placed_at is not None and placed_at > lease.created_at + CLOCKS_DIFFER

    def has_ended(self, lease: Lease) -> bool:
        """Its order was lost or taken back, so that its deposit is to come back."""
        return _has_ended(self.order_of(lease))

    def give_up(self, lease: Lease) -> None:
        self._reserved.discard((lease.domain, lease.cycle))

    def keep(self, lease: Lease) -> Lease:
        """It stays with its order. One without is given only to an order that had no deposit since it was placed: an
        order whose own lapsed must not be taken for funded with a stranger's."""
        if lease.is_foreign:
            return lease
        if lease.cycle is None:
            return self._given(lease, self._ever_reserved)
        order = self.order_of(lease)
        if order is None or self._is_of_an_earlier_placement(lease):
            return replace(lease, cycle=None)
        return lease

    def take(self, lease: Lease) -> Lease:
        """A new one."""
        return self._given(lease, self._reserved)

    def _given(self, lease: Lease, served: set[tuple[str, int]]) -> Lease:
        if not lease.is_for_a_backorder:
            return lease
        for order in self._of(lease.domain):
            if order.application_id is None or order.submitted_at is None:
                continue
            if order.submitted_at > lease.created_at + CLOCKS_DIFFER:
                continue
            key = (order.domain, order.cycle)
            ended_at = order.outcome_at if _has_ended(order) else None
            if key in served or (ended_at is not None and lease.created_at > ended_at + CLOCKS_DIFFER):
                break  # an earlier cycle was over by then
            self._reserved.add(key)
            self._ever_reserved.add(key)
            return replace(lease, cycle=order.cycle, alone_since=None)
        return lease


def _has_ended(order: Backorder | None) -> bool:
    return order is not None and (order.state.is_lost or order.state in _TAKEN_BACK)


def _lease(deposit: Deposit, former: Lease | None, seen: Seen) -> Lease:
    return Lease(
        id=deposit.id,
        domain=deposit.domain,
        amount=deposit.amount,
        currency=deposit.currency or seen.currency,
        created_at=deposit.created_at,
        time=1 if former is None else former.time + 1,
        is_for_a_backorder=deposit.is_for_a_backorder,
    )


def _reserve(lease: Lease, at: datetime) -> Posting:
    return posting(
        lease.key,
        at,
        "deposit",
        (Account.BALANCE, Account.RESERVED),
        lease.amount,
        seen_in=SEEN_IN,
        text=f"deposit {lease.id}",
        currency=lease.currency,
        domain=lease.domain,
    )


def _release(lease: Lease, seen: Seen, order: Backorder | None) -> Posting:
    return posting(
        f"released#{lease.key}",
        seen.at,
        "refund" if _has_ended(order) else "release",
        (Account.RESERVED, Account.BALANCE),
        lease.amount,
        seen_in=SEEN_IN,
        text=f"deposit {lease.id}: {order.state if order else 'no order of ours'}",
        currency=lease.currency,
        domain=lease.domain,
    )
