"""The funds day by day: what the account covers, what is bound, and what all that is wanted needs.

The past is told by the ledger, and by what was missed for want of funds; today and the days ahead are what the last
plan foresaw, so that they agree with its sentence. Both count what others have reserved in the account as bound, and
the credit line and what is kept as the rules of the last plan say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import groupby
from zoneinfo import ZoneInfo

from backorder.documents.account_outlook import Forecast
from backorder.domain.ledger import Account, Posting
from backorder.domain.money import ZERO
from reconciliation.page.model import FundingDay
from reconciliation.page.unfunded import Change

PAST = 28
AHEAD = 14
"""Days, at least."""


def funding_days(
    unfunded: Iterable[Change],
    postings: Sequence[Posting],
    held: Mapping[Account, Decimal],
    *,
    forecast: Forecast | None,
    amount: Decimal | None,
    now: datetime,
    time_zone: ZoneInfo,
) -> list[FundingDay]:
    """Return the last days from the books' first on, today, and the days ahead; each with the highest of its amounts.

    `unfunded`: how the fees of what was missed for want of funds change; `postings` are those of the last days at
    least, `held` what each account of the whole ledger holds; `amount`: the provider's AMOUNT, which says what the
    account covers where the last plan foresaw nothing (None: nobody knows).
    """
    beside = forecast.beside_amount if forecast else ZERO
    today = now.astimezone(time_zone).date()
    past = [
        day
        for day in _past_days(list(unfunded), postings, held, now=now, time_zone=time_zone, beside=beside)
        if day.day < today
    ]
    return [*past, *_days_ahead(forecast, today, None if amount is None else amount + beside)]


def _past_days(
    unfunded: Iterable[Change],
    postings: Sequence[Posting],
    held: Mapping[Account, Decimal],
    *,
    now: datetime,
    time_zone: ZoneInfo,
    beside: Decimal,
) -> Iterator[FundingDay]:
    today = now.astimezone(time_zone).date()
    days = [today + timedelta(days=n) for n in range(-PAST, 0)]
    own = (Account.BALANCE, Account.RESERVED)
    had = _highest(days, _changes(postings, own), time_zone, now_at=sum((held[account] for account in own), ZERO))
    reserved = list(_changes(postings, own[1:]))
    missing = [change for change in unfunded if change[0] <= now]
    reserved_now = held[Account.RESERVED]
    drawn = _highest(days, reserved, time_zone, now_at=reserved_now)
    missing_now = sum((amount for _, amount in missing), ZERO)
    needed = _highest(days, [*reserved, *missing], time_zone, now_at=reserved_now + missing_now)
    first = min((posting.at for posting in postings if posting.kind == "opening"), default=None)
    opened = first.astimezone(time_zone).date() if first else days[0] if any(held.values()) else today
    for day, amount, draws, needs in zip(days, had, drawn, needed, strict=True):
        if day >= opened:
            capacity = amount + beside
            short = max(ZERO, needs - capacity) if needs > draws else ZERO
            yield FundingDay(day, capacity, draws, needs, short, is_past=True)


def _days_ahead(forecast: Forecast | None, today: date, capacity: Decimal | None) -> Iterator[FundingDay]:
    """Of a day that the last plan did not foresee, nobody knows what is bound."""
    foreseen = {day.day: day for day in forecast.days} if forecast else {}
    last = max([today + timedelta(days=AHEAD), *foreseen])
    for number in range((last - today).days + 1):
        day = today + timedelta(days=number)
        if (ahead := foreseen.get(day)) is not None:
            yield FundingDay(day, ahead.capacity, ahead.drawn, ahead.needed, ahead.short, is_past=False)
        else:
            yield FundingDay(day, capacity, None, None, ZERO, is_past=False)


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
