"""What the account covers, and what draws on it, when: the ground on which the guard decides. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain
from operator import attrgetter
from typing import Any

from backorder.documents.account_outlook import Standing
from backorder.domain.backorder import Backorder
from backorder.domain.money import ZERO
from backorder.domain.reservation import ReservationTerms, ReservationWindow, lock_of
from backorder.domain.states import State
from backorder.rules import Rules
from planning.funding.fees import Fees
from planning.funding.limits import Counted
from planning.funding.ranking import rank
from planning.funding.timeline import NEVER, Span, Steps, span_of, units
from planning.funding.windows import Windows, drop_of

QUEUE_STEP = timedelta(minutes=15)
"""Late orders go sooner by whole steps of this where the queue needs longer: so that plans agree with each other."""
QUEUE_SLACK = timedelta(minutes=10)
"""Two ticks: one may be lost."""
TIME_TO_LOOK = timedelta(hours=2)
"""By then reconciliation, once an hour, has seen what became of money that is on its way."""


@dataclass(frozen=True, slots=True)
class Funds:
    """The account as the provider states it: `amount` includes what is reserved."""

    amount: Decimal
    credit: Decimal
    currency: str
    reserved: Decimal = ZERO
    standing: Standing = field(default_factory=Standing)

    def capacity(self, rules: Rules) -> Decimal:
        """What may be bound together, by our orders and by whatever else binds it."""
        return self.amount + self.credit - self.unused_credit(rules) - rules.funding.keep

    def unused_credit(self, rules: Rules) -> Decimal:
        """The credit line, where the rules leave it alone."""
        return ZERO if rules.funding.use_credit else self.credit


@dataclass(slots=True, eq=False)
class Course:
    """When an order draws, in steps; those that drop together share one."""

    now: Span
    """If it is ordered now; of one under way, as it is."""
    late: Span
    """If it is ordered (again) as late as possible."""
    send_at: datetime | None
    """When that is, if it is later than now."""
    gone: Span
    """What is still reserved though it was, or is, taken back."""
    lock: datetime | None
    """None: without a date."""

    def place(self, steps: Steps) -> None:
        """From steps since now to places among the steps at which anything changes at all."""
        self.now, self.late, self.gone = steps.place(self.now), steps.place(self.late), steps.place(self.gone)

    @property
    def stays(self) -> Span:
        """Its window without what it draws even if it is taken back."""
        return Span(max(self.now.first, self.gone.end), self.now.end)

    @property
    def only_early(self) -> Span:
        """What it draws longer if it is ordered now."""
        return Span(self.now.first, self.late.first)


@dataclass(slots=True, eq=False)
class Order:
    """A backorder as it is planned."""

    backorder: Backorder
    rank: tuple[Any, ...]
    fee: int
    """What it draws, in units."""
    course: Course
    movable: bool = False
    """Under way, and may be taken back."""


by_rank: Callable[[Order], tuple[Any, ...]] = attrgetter("rank")


class Position:
    """The account `now`: amounts in units, spans in places among `steps`.

    `under_way` are the backorders that draw already: queued, being submitted, placed, or ended but not settled.
    `orders_a_minute` is what the workers can send.
    """

    def __init__(
        self,
        waiting: Iterable[Backorder],
        under_way: Iterable[Backorder],
        *,
        funds: Funds,
        rules: Rules,
        now: datetime,
        lock_lead: timedelta,
        orders_a_minute: float = 960,
    ) -> None:
        self.now, self.funds, self.rules, self.lock_lead = now, funds, rules, lock_lead
        self.fees = Fees(rules, funds.standing, funds.currency)
        candidates, placed = list(waiting), list(under_way)
        fee_in = {zone: units(self.fees.of(zone)) for zone in {backorder.zone for backorder in candidates}}
        self.whole = units(funds.capacity(rules))
        self.windows = Windows(
            now,
            ReservationTerms(lock_lead, funds.standing.release_lag),
            self._late_by(len(candidates), fee_in.values(), orders_a_minute),
            rules.funding.reuse_refunds,
            rules.funding.take_back,
        )
        self._courses: dict[tuple[Any, ...], Course] = {}
        self.waiting = sorted((self._waiting(backorder, fee_in) for backorder in candidates), key=by_rank)
        in_transit = self._money_is_in_transit(placed)
        self.under_way = [self._under_way(backorder, in_transit) for backorder in placed]
        self.movable = [order for order in self.under_way if order.movable]
        elsewhere = [(span_of(window, now), units(window.amount)) for window in self._elsewhere()]
        courses = list({id(order.course): order.course for order in chain(self.waiting, self.under_way)}.values())
        own = (span for course in courses for span in (course.now, course.late, course.gone))
        self.steps = Steps(chain(own, (span for span, _ in elsewhere)))
        for course in courses:
            course.place(self.steps)
        self.elsewhere = [(self.steps.place(span), amount) for span, amount in elsewhere]

        self.still_reserved = [
            (order.course.gone, units(order.backorder.deposit.amount))
            for order in self.waiting
            if order.backorder.deposit.amount is not None
        ]
        """Deposits of those that were taken back, and wait again."""
        self.drawn = sum(order.fee for order in self.under_way)
        # Reserved for others, as far as that is certain.
        self.others = max(units(funds.standing.others), units(funds.reserved) - self.drawn - self.returning)
        self.capacity = self.whole - self.others

    @property
    def returning(self) -> int:
        """Of what is reserved, what belongs to none that is under way."""
        return sum(amount for _, amount in self.still_reserved)

    def fixed(self) -> Iterator[tuple[Span, int]]:
        """What draws whatever is decided."""
        for order in self.under_way:
            yield order.course.gone if order.movable else order.course.now, order.fee
        yield from self.elsewhere
        yield from self.still_reserved

    def at_the_provider(self, but: Collection[Order] = ()) -> Iterator[tuple[Span, int]]:
        """What draws as long as nothing is taken back `but` these."""
        for order in self.under_way:
            yield order.course.gone if order in but else order.course.now, order.fee
        yield from self.elsewhere
        yield from self.still_reserved

    def counted(self) -> Counted:
        """What is under way, counted against the limits."""
        under_way = (order.backorder for order in self.under_way)
        return Counted(self.rules.limits, self.fees, self.funds.standing.spent, under_way)

    def _waiting(self, backorder: Backorder, fee_in: dict[str, int]) -> Order:
        drop = (*drop_of(backorder), backorder.deposit.amount is None)
        course = self._courses.get(drop)
        if course is None:
            now, late = self.windows.if_ordered(backorder, self.fees.of(backorder.zone))
            course = self._courses[drop] = Course(
                span_of(now, self.now),
                span_of(late, self.now),
                self.windows.send_at(backorder),
                NEVER if backorder.deposit.amount is None else span_of(self.windows.taken_back(backorder), self.now),
                lock_of(backorder, self.lock_lead),
            )
        return Order(backorder, rank(backorder), fee_in[backorder.zone], course)

    def _under_way(self, backorder: Backorder, money_is_in_transit: bool) -> Order:
        movable = self._may_be_taken_back(backorder, money_is_in_transit)
        fee = self.fees.drawn_by(backorder)
        drop = (
            *drop_of(backorder),
            backorder.deposit.amount is None,
            movable,
            backorder.state,
            backorder.origin,
            backorder.auction.ends_at,
            backorder.outcome_at,
        )
        course = self._courses.get(drop)
        if course is None:
            course = self._courses[drop] = Course(
                span_of(self.windows.under_way(backorder, fee), self.now),
                span_of(self.windows.if_ordered(backorder, fee)[1], self.now) if movable else NEVER,
                self.windows.send_at(backorder) if movable else None,
                span_of(self.windows.taken_back(backorder), self.now) if movable else NEVER,
                lock_of(backorder, self.lock_lead),
            )
        return Order(backorder, rank(backorder), units(fee), course, movable)

    def _elsewhere(self) -> Iterator[ReservationWindow]:
        """What else will draw on the account: renewals that fall due, and orders that others placed in it."""
        standing = self.funds.standing
        for renewal in standing.renewals.values():
            if renewal.at > self.now:  # what was due is in AMOUNT
                yield ReservationWindow(renewal.at, None, renewal.amount)
        for order in standing.foreign.values():
            yield self.windows.of_others(order.finalization_at, self.fees.of(order.zone))

    def _late_by(self, waiting: int, fees: Iterable[int], orders_a_minute: float) -> timedelta:
        """All that can be affordable at once may be due at once, and the queue needs its time."""
        least = min((fee for fee in fees if fee > 0), default=1)
        queue = timedelta(minutes=min(waiting, max(0, self.whole) // least) / orders_a_minute) + QUEUE_SLACK
        return max(timedelta(minutes=self.rules.funding.late_minutes), -(-queue // QUEUE_STEP) * QUEUE_STEP)

    def _may_be_taken_back(self, backorder: Backorder, money_is_in_transit: bool) -> bool:
        if not self.windows.can_be_taken_back(backorder):
            return False
        if money_is_in_transit:
            # Won or lost, reconciliation will tell; nothing is given up for it, unless its own lock is near.
            return backorder.state is State.REQUESTED and self.windows.is_locked_within(backorder, TIME_TO_LOOK)
        return True

    def _money_is_in_transit(self, under_way: list[Backorder]) -> bool:
        """The account holds fewer deposits than orders that should have one: some were won or lost unseen."""
        ours = sum((self.fees.drawn_by(b) for b in under_way if self.windows.is_reserved(b)), ZERO)
        return ours > self.funds.reserved - self.funds.standing.others
