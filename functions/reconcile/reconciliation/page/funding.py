"""The funds day by day: what the account covers, what orders draw, and what all that is wanted would need.

The past is told by the ledger, the days to come by what the last plan foresaw; what is needed, by each backorder's
window, in which it draws its fee whether or not the provider has reserved it (docs/money.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import groupby
from zoneinfo import ZoneInfo

from backorder.documents.account_outlook import ForeignOrder, Lock
from backorder.domain.ledger import Account, Posting
from backorder.domain.money import ZERO
from backorder.domain.schedule import FINALIZATION_LEAD
from reconciliation.findings import RELEASE_LAG
from reconciliation.page.model import FundingDay
from reconciliation.page.needs import Change, Needs

PAST = 28
AHEAD = 14
"""Days."""


def funding_days(
    needs: Needs,
    postings: Sequence[Posting],
    held: Mapping[Account, Decimal],
    *,
    fees: Mapping[str, Decimal],
    capacity: Decimal | None,
    locks: Sequence[Lock],
    now: datetime,
    time_zone: ZoneInfo,
    before: Iterable[Change] = (),
    others: Iterable[ForeignOrder] = (),
) -> list[FundingDay]:
    """The last days from the books' first on, today, and the days ahead; each with the highest of its amounts.

    `postings` are those of the last days at least, `held` what each account of the whole ledger holds; `fees`: what an
    order draws, by zone; `locks`: what the last plan foresaw, in order of time; `capacity`: what orders may draw where
    it foresaw nothing (None: nobody knows); `before`: how backorders that are over, and not among those given, changed
    what was needed; `others`: live orders that somebody else placed in the account, and that have no deposit yet.
    """
    today = now.astimezone(time_zone).date()
    days = [today + timedelta(days=n) for n in range(-PAST, AHEAD + 1)]
    needed = [*before, *needs.needed(fees)]
    drawn = [*needs.drawn(fees)]
    for order in others:
        theirs = list(_needs_of_others(order, fees, now))
        needed += theirs
        drawn += theirs
    own = (Account.BALANCE, Account.RESERVED)
    had = _highest(days, _changes(postings, own), time_zone, now_at=sum((held[account] for account in own), ZERO))
    kept = _highest(days, _changes(postings, own[1:]), time_zone, now_at=held[Account.RESERVED])
    columns = (had, kept, _highest(days, drawn, time_zone), _highest(days, needed, time_zone))
    first = min((posting.at for posting in postings if posting.kind == "opening"), default=None)
    opened = first.astimezone(time_zone).date() if first else days[0] if any(held.values()) else today
    foreseen = _worst(locks, time_zone)
    capacity = locks[0].capacity if locks else capacity
    seen = []
    for day, amount, reserved, draws, wants in zip(days, *columns, strict=True):
        if day >= today:
            lock = foreseen.get(day)
            capacity = lock.capacity if lock else capacity
            needed_then = max(wants, lock.needed) if lock else wants
            seen.append(FundingDay(day, capacity, draws, needed_then, is_past=False))
        elif day >= opened:
            seen.append(FundingDay(day, amount, reserved, wants, is_past=True))
    return seen


def _worst(locks: Iterable[Lock], time_zone: ZoneInfo) -> dict[date, Lock]:
    """Of each day, the lock that leaves the least."""
    worst: dict[date, Lock] = {}
    for lock in locks:
        day = lock.at.astimezone(time_zone).date()
        if day not in worst or lock.capacity - lock.needed < worst[day].capacity - worst[day].needed:
            worst[day] = lock
    return worst


def _needs_of_others(order: ForeignOrder, fees: Mapping[str, Decimal], now: datetime) -> Iterator[Change]:
    """The same for an order of somebody else: it cannot be taken back, so its money is left alone from now on."""
    fee = fees.get(order.zone)
    over = None if order.finalization_at is None else order.finalization_at + FINALIZATION_LEAD + RELEASE_LAG
    if fee is None or (over is not None and over <= now):
        return
    yield now, fee
    if over is not None:
        yield over, -fee


def _changes(postings: Iterable[Posting], accounts: Sequence[Account]) -> Iterator[Change]:
    """Of what `accounts` hold together."""
    for posting in postings:
        amount = (posting.target in accounts) * posting.amount - (posting.source in accounts) * posting.amount
        if amount:
            yield posting.at, amount


def _highest(
    days: Sequence[date], changes: Iterable[Change], time_zone: ZoneInfo, *, now_at: Decimal | None = None
) -> list[Decimal]:
    """The highest amount on each of the consecutive `days`; what changes at one moment changes at once.

    It begins with zero before all `changes`, or ends with `now_at` after them.
    """
    ends = [datetime.combine(day + timedelta(days=1), time(), time_zone).astimezone(UTC) for day in days]
    begins = datetime.combine(days[0], time(), time_zone).astimezone(UTC)
    moments = [
        (at, sum((amount for _, amount in group), ZERO))
        for at, group in groupby(sorted(changes, key=lambda change: change[0]), key=lambda change: change[0])
    ]
    level = ZERO if now_at is None else now_at - sum((amount for _, amount in moments), ZERO)
    next_one = 0
    while next_one < len(moments) and moments[next_one][0] < begins:
        level += moments[next_one][1]
        next_one += 1
    highest = []
    for end in ends:
        top = level
        while next_one < len(moments) and moments[next_one][0] < end:
            level += moments[next_one][1]
            top = max(top, level)
            next_one += 1
        highest.append(top)
    return highest
