"""Funding: what the guard is worth (docs/money.md), and what a plan costs.

The account of the example: 2,000.00, 500 names a day at 69.00, all of them lost, for 30 days. The provider is played
here by a few lines: locks three days before the finalization date, deposits back an hour after the batch.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from pydantic import TypeAdapter

from backorder.documents.account_outlook import Standing
from backorder.domain.backorder import Backorder
from backorder.domain.money import ZERO
from backorder.domain.schedule import FINALIZATION_LEAD, MARGIN
from backorder.domain.states import State
from backorder.domain.values import Reason
from backorder.provider.port import LOCK_LEAD
from backorder.rules import Rules
from planning.funding.allocation import plan
from planning.funding.problem import Funds, Position
from tools.bench.lives import FEE, placed_at_once, synced, wanted, withdrawn
from tools.bench.resident import resident_peak

START = datetime(2026, 11, 1, tzinfo=UTC)
DAYS = 30
NAMES_A_DAY = 500
KNOWN_BEFORE = timedelta(days=4)
"""A day's names are on the provider's list so long before they drop."""
BALANCE = Decimal("2000.00")
BATCH = timedelta(hours=1)
LAG = timedelta(hours=1)
FINALIZATION = timedelta(hours=16)
LATE = (timedelta(minutes=90), timedelta(hours=6), timedelta(hours=12))
MANY = 100_000
LIMIT = 300_000
"""Open backorders that a plan has to hold (docs/operations.md)."""

Strategy = Callable[["_Account"], None]


class _Account:
    """The account and its names, at a moment that goes from change to change."""

    def __init__(self) -> None:
        self.now = START
        self.waiting: list[Backorder] = []
        self.just_listed: list[Backorder] = []
        self.placed: list[Backorder] = []
        self.placed_ever = 0
        self.in_time = 0
        """Orders that had their money at their finalization date."""

    @property
    def free(self) -> Decimal:
        return BALANCE - sum((order.deposit.amount or ZERO for order in self.placed), ZERO)

    def order(self, backorder: Backorder) -> None:
        self.placed_ever += 1
        self.waiting.remove(backorder)
        self.placed.append(placed_at_once(backorder, str(self.placed_ever), self.now))

    def move(self, moment: datetime) -> None:
        """Lets happen what is due: refunds first, then finalization dates, then locks in order of creation."""
        self.now = moment
        self.placed = [order for order in self.placed if not _is_over(order, moment)]
        for order in list(self.placed):
            assert order.schedule.finalization_at is not None
            if order.schedule.finalization_at <= moment and order.state in (State.REQUESTED, State.ACTIVE):
                self.placed.remove(order)
                if order.state is State.ACTIVE:
                    self.in_time += 1
                    self.placed.append(synced(order, State.PROCESSING, moment))
        free = self.free
        for number, order in enumerate(self.placed):
            assert order.schedule.finalization_at is not None
            if order.state is State.REQUESTED and order.schedule.finalization_at - LOCK_LEAD <= moment and free >= FEE:
                self.placed[number] = synced(order, State.ACTIVE, moment)
                free -= FEE
        self.waiting = [b for b in self.waiting if b.schedule.last_chance is None or moment < b.schedule.last_chance]


def _is_over(order: Backorder, moment: datetime) -> bool:
    return order.schedule.batch_ends_at is not None and order.schedule.batch_ends_at + LAG <= moment


def bench() -> None:
    """Prints how many names each way of ordering got in, and how long a plan of many takes."""
    print(f"{NAMES_A_DAY} names a day at {FEE}, {BALANCE:,} in the account, all lost, {DAYS} days:")
    print(f"  {'each as early as possible':<46} {_live(_as_they_come):>5} names in")
    for late in LATE:
        minutes = int(late / timedelta(minutes=1))
        guarded = f"the guard, late {minutes} minutes before the deadline"
        print(f"  {guarded:<46} {_live(_guard(minutes)):>5} names in")
    print(f"\na plan of {MANY:,} open backorders   seconds of CPU   sent    late    held")
    for what, placed in (("all of them waiting", 0), ("half of them placed", MANY // 2)):
        for covered in (100, MANY // 2, MANY):
            _time(what, placed, covered)
    print(f"\na plan of {LIMIT:,}, read as from the table     seconds of CPU   peak RSS")
    limit = multiprocessing.get_context("spawn").Process(target=_hold_the_limit)
    limit.start()
    limit.join()


def _live(strategy: Strategy) -> int:
    account = _Account()
    days = iter(range(DAYS))
    next_list = START
    for moment in _moments():
        account.move(moment)
        account.just_listed = []
        if moment >= next_list and (day := next(days, None)) is not None:
            account.just_listed = _names(day)
            account.waiting += account.just_listed
            next_list += timedelta(days=1)
        strategy(account)
        account.move(moment)  # an order that is made after its lock is reserved for at once
    return account.in_time


def _moments() -> Iterator[datetime]:
    """Each day: when its list comes, when late orders go out, and when deposits are back."""
    late = [FINALIZATION - MARGIN - late for late in LATE]
    back = FINALIZATION + FINALIZATION_LEAD + BATCH + LAG
    for day in range(DAYS + KNOWN_BEFORE.days + 1):
        for time_of_day in sorted([timedelta(0), *late, FINALIZATION, back]):
            yield START + timedelta(days=day) + time_of_day


def _names(day: int) -> list[Backorder]:
    finalization_at = START + timedelta(days=day) + KNOWN_BEFORE - timedelta(days=1) + FINALIZATION
    return [
        wanted(f"name{number}-{day}.com", at=START, finalization_at=finalization_at, line=number)
        for number in range(NAMES_A_DAY)
    ]


def _as_they_come(account: _Account) -> None:
    """Each list when it comes, as far as the money goes: no order is ever without, and what does not fit is let go."""
    free = BALANCE - FEE * len(account.placed)
    for backorder in account.just_listed:
        if free >= FEE:
            account.order(backorder)
            free -= FEE


def _guard(late_minutes: int) -> Strategy:
    rules = Rules.model_validate({"funding": {"late_minutes": late_minutes}})

    def strategy(account: _Account) -> None:
        reserved = BALANCE - account.free
        funds = Funds(BALANCE, ZERO, "USD", reserved, Standing(release_lag=LAG))
        made = plan(
            Position(account.waiting, account.placed, funds=funds, rules=rules, now=account.now, lock_lead=LOCK_LEAD)
        )
        for backorder in made.take_back:
            account.placed.remove(backorder)
            account.waiting.append(withdrawn(backorder, account.now))
        for backorder in made.order:
            account.order(backorder)

    return strategy


def _hold_the_limit() -> None:
    """Half of them placed, money for half, with a history of four steps each; in a process of its own."""
    adapter: TypeAdapter[Backorder] = TypeAdapter(Backorder)
    began = time.process_time()
    names = [adapter.validate_json(adapter.dump_json(_spread(n, with_history=True)), strict=True) for n in range(LIMIT)]
    read = time.process_time() - began
    placed = [placed_at_once(b, b.domain, START) for b in names[: LIMIT // 2]]
    funds = Funds(FEE * (LIMIT // 2), ZERO, "USD", ZERO, Standing(release_lag=LAG))
    began = time.process_time()
    plan(Position(names[LIMIT // 2 :], placed, funds=funds, rules=Rules(), now=START, lock_lead=LOCK_LEAD))
    took = time.process_time() - began
    print(f"  {'reading them, and writing them before':<40} {read:9.2f}")
    print(f"  {'the plan':<40} {took:9.2f} {resident_peak():9,.0f} MB")


def _spread(n: int, *, with_history: bool = False) -> Backorder:
    """Return one of many names, which are spread over 60 days and many moments, with eleven priorities."""
    finalization_at = START + timedelta(days=4 + n % 60, minutes=15 * (n % 89))
    backorder = wanted(f"name{n}.com", at=START, finalization_at=finalization_at, line=n, priority=Decimal(n % 11))
    # As after two days of being held and put off.
    for _ in range(2 if with_history else 0):
        held = backorder.hold(Reason.UNFUNDED, fee=FEE, at=START)
        backorder = held.put_off(finalization_at - LOCK_LEAD, fee=FEE, at=START)
    return backorder


def _time(what: str, placed: int, covered: int) -> None:
    names = [_spread(n) for n in range(MANY)]
    under_way = [placed_at_once(b, b.domain, START) for b in names[:placed]]
    funds = Funds(FEE * covered, ZERO, "USD", ZERO, Standing(release_lag=LAG))
    began = time.process_time()
    made = plan(Position(names[placed:], under_way, funds=funds, rules=Rules(), now=START, lock_lead=LOCK_LEAD))
    took = time.process_time() - began
    about = f"{what}, money for {covered:,}"
    print(f"  {about:<40} {took:9.2f} {len(made.order):9,} {len(made.late):7,} {len(made.hold):7,}")
