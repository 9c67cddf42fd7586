"""The funding guard: which orders the account covers, and how much is missing for the rest.

Pure: values in, a plan out. All amounts are gross, in the account's currency; times are in UTC.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_CEILING, Decimal

from backorder.deadlines import FINALIZATION_LEAD
from backorder.model import Backorder, Reason, Source, State
from backorder.money import CENT, ZERO
from backorder.rules import Limits, Rules
from backorder.standing import Forecast, Lock, Standing
from planning.fees import Fees

NAMES = 5
"""So many of those that wait are named."""
LOCKS = 100
"""So many of the next locks are foreseen."""
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Funds:
    """The account as the provider states it: `amount` includes what is reserved."""

    amount: Decimal
    credit: Decimal
    currency: str
    standing: Standing = field(default_factory=Standing)

    def capacity(self, rules: Rules) -> Decimal:
        """What our orders may draw together."""
        credit = self.credit if rules.funding.use_credit else ZERO
        return self.amount + credit - rules.funding.keep - self.standing.others


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do with the candidates, each list in order of rank."""

    order: tuple[Backorder, ...]
    hold: tuple[tuple[Backorder, Reason], ...]
    capacity: Decimal
    drawn: Decimal
    """By the orders under way and the ones that this plan adds, as if all of them were won."""
    forecast: Forecast


def rank(backorder: Backorder) -> tuple[bool, Decimal, datetime, datetime, str, int, str]:
    """Sorts best first: a person's wish before a rule's choice, then priority, deadline, and the order of the lists."""
    return (
        backorder.source is not Source.WANTED,
        -backorder.priority,
        backorder.deadline or _NEVER,
        backorder.created_at,
        backorder.list,
        backorder.line,
        backorder.domain,
    )


def lock_of(backorder: Backorder, lock_lead: timedelta) -> datetime | None:
    """When the provider reserves the fee: `lock_lead` before the finalization date, as far as that is known."""
    if backorder.finalization_at is not None:
        return backorder.finalization_at - lock_lead
    if backorder.batch_starts_at is not None:
        return backorder.batch_starts_at - FINALIZATION_LEAD - lock_lead
    return None


def plan(
    candidates: Iterable[Backorder],
    under_way: Iterable[Backorder],
    *,
    funds: Funds,
    fees: Fees,
    now: datetime,
    lock_lead: timedelta,
) -> Plan:
    """Chooses the candidates that fit even if every order were won: fees never come back, so their plain sum must fit.

    Best first; one that does not fit is held, and smaller ones after it may still be taken. `under_way` are the
    backorders that draw already: queued, being submitted, placed, or ended but not settled.
    """
    rules = fees.rules
    drawing = list(under_way)
    capacity = funds.capacity(rules)
    drawn = sum(map(fees.drawn_by, drawing), ZERO)
    limits = _Limits(rules.limits, fees, funds.standing.spent)
    for backorder in drawing:
        if not backorder.state.is_lost:
            limits.count(backorder)

    order: list[Backorder] = []
    hold: list[tuple[Backorder, Reason]] = []
    for backorder in sorted(candidates, key=rank):
        fee = fees.of(backorder.zone)
        if backorder.max_price is not None and fee > backorder.max_price:
            hold.append((backorder, Reason.TOO_DEAR))
        elif limits.exceeded_by(backorder):
            hold.append((backorder, Reason.LIMIT))
        elif drawn + fee > capacity:
            hold.append((backorder, Reason.UNFUNDED))
        else:
            drawn += fee
            limits.count(backorder)
            order.append(backorder)
    unfunded = [backorder for backorder, reason in hold if reason is Reason.UNFUNDED]
    forecast = replace(
        _forecast(unfunded, free=capacity - drawn, fees=fees, currency=funds.currency, now=now, lead=lock_lead),
        time_zone=rules.messages.time_zone,
        locks=tuple(_locks([*drawing, *order], unfunded, capacity=capacity, fees=fees, now=now, lead=lock_lead)),
    )
    return Plan(tuple(order), tuple(hold), capacity, drawn, forecast)


def _forecast(
    unfunded: list[Backorder], *, free: Decimal, fees: Fees, currency: str, now: datetime, lead: timedelta
) -> Forecast:
    if not unfunded:
        return Forecast(ZERO, currency, None, 0, ())
    moments = (
        lock if (lock := lock_of(backorder, lead)) is not None and lock > now else backorder.last_chance
        for backorder in unfunded
    )
    missing = sum((fees.of(backorder.zone) for backorder in unfunded), ZERO) - free
    return Forecast(
        shortfall=missing.quantize(CENT, ROUND_CEILING),  # nobody can pay in less than a cent
        currency=currency,
        before=min((moment for moment in moments if moment is not None), default=None),
        waiting=len(unfunded),
        names=tuple(backorder.domain for backorder in unfunded[:NAMES]),
    )


def _locks(
    funded: list[Backorder],
    unfunded: list[Backorder],
    *,
    capacity: Decimal,
    fees: Fees,
    now: datetime,
    lead: timedelta,
) -> Iterator[Lock]:
    """What has no date, or is past its lock, is needed from now on."""
    needed = ZERO
    at_hour: defaultdict[datetime, list[tuple[datetime, Backorder, bool]]] = defaultdict(list)
    for waits, backorders in ((False, funded), (True, unfunded)):
        for backorder in backorders:
            lock = lock_of(backorder, lead)
            if lock is None or lock <= now:
                needed += fees.of(backorder.zone) if waits else fees.drawn_by(backorder)
            else:
                at_hour[lock.replace(minute=0, second=0, microsecond=0)].append((lock, backorder, waits))
    for hour in sorted(at_hour)[:LOCKS]:
        locks = at_hour[hour]
        needed += sum((fees.of(b.zone) if waits else fees.drawn_by(b) for _, b, waits in locks), ZERO)
        waiting = [backorder.domain for _, backorder, waits in locks if waits]
        yield Lock(min(lock for lock, _, _ in locks), needed, capacity, len(waiting), tuple(waiting[:NAMES]))


class _Limits:
    """Counts what is ordered against `[limits]`, by drop day. Names without a date count once they have one."""

    def __init__(self, limits: Limits, fees: Fees, spent: Mapping[date, Decimal]) -> None:
        self._limits = limits
        self._fees = fees
        self._names: Counter[date] = Counter()
        self._names_in_zone: Counter[tuple[date, str]] = Counter()
        self._day: defaultdict[date, Decimal] = defaultdict(Decimal, spent)
        self._month: defaultdict[tuple[int, int], Decimal] = defaultdict(Decimal)
        for day, amount in spent.items():
            self._month[day.year, day.month] += amount

    def count(self, backorder: Backorder) -> None:
        if (day := _drop_day(backorder)) is None:
            return
        fee = self._fees.drawn_by(backorder)
        self._names[day] += 1
        self._names_in_zone[day, backorder.zone] += 1
        self._day[day] += fee
        self._month[day.year, day.month] += fee

    def exceeded_by(self, backorder: Backorder) -> bool:
        if (day := _drop_day(backorder)) is None:
            return False
        fee = self._fees.of(backorder.zone)
        limits = self._limits
        in_zone = limits.per_zone.get(backorder.zone)
        return (
            (limits.per_day is not None and self._names[day] >= limits.per_day)
            or (in_zone is not None and self._names_in_zone[day, backorder.zone] >= in_zone)
            or (limits.spend_per_day is not None and self._day[day] + fee > limits.spend_per_day)
            or (limits.spend_per_month is not None and self._month[day.year, day.month] + fee > limits.spend_per_month)
        )


def _drop_day(backorder: Backorder) -> date | None:
    return backorder.batch_starts_at.date() if backorder.batch_starts_at else None


def chance_gone(backorder: Backorder, now: datetime) -> Reason | None:
    """Why a waiting backorder is missed at `now`; None while it still has a chance."""
    if backorder.last_chance is None or now < backorder.last_chance:
        return None
    if backorder.state is State.HELD:
        return backorder.reason or Reason.UNFUNDED
    return backorder.reason or Reason.LATE
