"""The funding guard: which orders the account covers, when each is sent, and how much is missing for the rest.

Pure: values in, a plan out. All amounts are gross, in the account's currency; times are in UTC. What is decided here,
and why, is told in docs/money.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain
from operator import attrgetter
from typing import Any

from backorder.model import Backorder, Reason, State
from backorder.money import ZERO
from backorder.rules import Rules
from backorder.standing import Forecast, Standing
from planning.fees import Fees
from planning.forecast import Demand, foresee
from planning.limits import Counted
from planning.ranking import rank
from planning.timeline import NEVER, Span, Steps, Timeline, Window, amount_of, span_of, units
from planning.windows import TIME_TO_REACT, Windows

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
        credit = self.credit if rules.funding.use_credit else ZERO
        return self.amount + credit - rules.funding.keep


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do, each list in order of rank."""

    order: tuple[Backorder, ...]
    """To be sent now."""
    late: tuple[tuple[Backorder, datetime], ...]
    """Covered once lost names have given their deposits back: to be sent then."""
    hold: tuple[tuple[Backorder, Reason], ...]
    blocked: tuple[Backorder, ...]
    """Covered, and to be sent as soon as those are gone that are to be taken back."""
    short: tuple[Backorder, ...]
    """Placed orders whose money a better one needs, or is not there any more."""
    take_back: tuple[Backorder, ...]
    """Of those, the ones that cannot wait for money any longer, or that others wait for."""
    capacity: Decimal
    """What our orders may draw together."""
    drawn: Decimal
    """By the orders under way and the ones that this plan sends, as if all of them were won."""
    forecast: Forecast


def plan(
    waiting: Iterable[Backorder],
    under_way: Iterable[Backorder],
    *,
    funds: Funds,
    rules: Rules,
    now: datetime,
    lock_lead: timedelta,
    orders_a_minute: float = 960,
) -> Plan:
    """Chooses, best first, what is sent now, what is sent late, what waits, and what is taken back.

    An order fits if at every moment of its window the windows of all better ones leave room for its fee. It is looked
    at as late as it may be sent, which leaves most room for others; whoever was chosen is sent early nevertheless if
    that takes nothing from anybody chosen, and if the account covers it even should every better one be won. What does
    not fit is held, and smaller ones after it may still be taken.

    `under_way` are the backorders that draw already: queued, being submitted, placed, or ended but not settled.
    `orders_a_minute` is what the workers can send. O(n log n).
    """
    return _Planning(waiting, under_way, funds, rules, now, lock_lead, orders_a_minute).plan()


@dataclass(slots=True, eq=False)
class _Order:
    """A backorder as it is planned: what it draws, and over which steps."""

    backorder: Backorder
    rank: tuple[Any, ...]
    fee: int
    now: Span
    """If it is ordered now; of one under way, as it is."""
    late: Span
    """If it is ordered (again) as late as possible."""
    send_at: datetime | None
    """When that is, if it is later than now."""
    gone: Span
    """What is still reserved though it was, or is, taken back."""
    movable: bool = False
    """Under way, and may be taken back."""

    @property
    def stays(self) -> Span:
        """Its window without what it draws even if it is taken back."""
        return Span(max(self.now.first, self.gone.end), self.now.end)


_by_rank: Callable[[_Order], tuple[Any, ...]] = attrgetter("rank")


class _Planning:
    def __init__(
        self,
        waiting: Iterable[Backorder],
        under_way: Iterable[Backorder],
        funds: Funds,
        rules: Rules,
        now: datetime,
        lock_lead: timedelta,
        orders_a_minute: float,
    ) -> None:
        self.now, self.funds, self.rules, self.lock_lead = now, funds, rules, lock_lead
        self.fees = Fees(rules, funds.standing, funds.currency)
        candidates, placed = list(waiting), list(under_way)
        self.fee_in = {zone: units(self.fees.of(zone)) for zone in {backorder.zone for backorder in candidates}}
        self.whole = units(funds.capacity(rules))
        self.windows = Windows(
            now,
            lock_lead,
            self._late_by(len(candidates), orders_a_minute),
            rules.funding.reuse_refunds,
            rules.funding.take_back,
            funds.standing.release_lag,
        )
        self.money_in_transit = self._money_is_in_transit(placed)
        self.waiting = sorted(map(self._waiting, candidates), key=_by_rank)
        self.under_way = [self._under_way(backorder) for backorder in placed]
        ahead = [(span_of(window, now), units(amount)) for window, amount in self._elsewhere()]
        self._place([*self.waiting, *self.under_way], [span for span, _ in ahead])
        self.elsewhere = [(self.steps.place(span), amount) for span, amount in ahead]
        self.movable = [order for order in self.under_way if order.movable]

        self.drawn = sum(order.fee for order in self.under_way)
        deposits = [order.backorder.deposit for order in self.waiting]
        self.still_reserved = sum(units(deposit) for deposit in deposits if deposit is not None)
        # Reserved for others, as far as that is certain.
        self.others = max(units(funds.standing.others), units(funds.reserved) - self.drawn - self.still_reserved)
        self.capacity = self.whole - self.others

    def plan(self) -> Plan:
        chosen, held, out = self._choose()
        early, late = self._divide(chosen, out)
        order, blocked, drawn = self._send(early)
        late = sorted([*late, *(each for each in blocked if each.send_at is not None)], key=_by_rank)
        return Plan(
            order=_backorders(order),
            late=tuple((each.backorder, each.send_at) for each in late if each.send_at is not None),
            hold=tuple((each.backorder, reason) for each, reason in held),
            blocked=_backorders(each for each in blocked if each.send_at is None),
            short=_backorders(out),
            take_back=_backorders(each for each in out if blocked or self._has_to_go(each.backorder)),
            capacity=amount_of(self.capacity),
            drawn=amount_of(drawn),
            forecast=self._forecast(chosen, out),
        )

    # What each draws, and when

    def _waiting(self, backorder: Backorder) -> _Order:
        now, late = self.windows.if_ordered(backorder)
        return _Order(
            backorder,
            rank(backorder),
            self.fee_in[backorder.zone],
            span_of(now, self.now),
            span_of(late, self.now),
            self.windows.send_at(backorder),
            NEVER if backorder.deposit is None else span_of(self.windows.taken_back(backorder), self.now),
        )

    def _under_way(self, backorder: Backorder) -> _Order:
        movable = self._may_be_taken_back(backorder)
        return _Order(
            backorder,
            rank(backorder),
            units(self.fees.drawn_by(backorder)),
            span_of(self.windows.under_way(backorder), self.now),
            span_of(self.windows.if_ordered(backorder)[1], self.now) if movable else NEVER,
            self.windows.send_at(backorder) if movable else None,
            span_of(self.windows.taken_back(backorder), self.now) if movable else NEVER,
            movable,
        )

    def _elsewhere(self) -> Iterator[tuple[Window, Decimal]]:
        """What else will draw on the account: renewals that fall due, and orders that others placed in it."""
        standing = self.funds.standing
        for renewal in standing.renewals:
            if renewal.at > self.now:  # what was due is in AMOUNT
                yield Window(renewal.at, None), renewal.amount
        for order in standing.foreign.values():
            yield self.windows.of_others(order.finalization_at), self.fees.of(order.zone)

    def _place(self, orders: list[_Order], others: list[Span]) -> None:
        """From steps since now to places among the steps at which anything changes at all."""
        own = (span for order in orders for span in (order.now, order.late, order.gone))
        self.steps = Steps(chain(own, others))
        place = self.steps.place
        for order in orders:
            order.now, order.late, order.gone = place(order.now), place(order.late), place(order.gone)

    def _fixed(self) -> Iterator[tuple[Span, int]]:
        """What draws whatever is decided."""
        for order in self.under_way:
            yield order.gone if order.movable else order.now, order.fee
        yield from self._besides()

    def _at_the_provider(self) -> Iterator[tuple[Span, int]]:
        """What draws as long as nothing is taken back."""
        for order in self.under_way:
            yield order.now, order.fee
        yield from self._besides()

    def _besides(self) -> Iterator[tuple[Span, int]]:
        yield from self.elsewhere
        for order in self.waiting:
            if order.backorder.deposit is not None:
                yield order.gone, units(order.backorder.deposit)

    # Who fits

    def _choose(self) -> tuple[list[_Order], list[tuple[_Order, Reason]], list[_Order]]:
        """The waiting that fit, the waiting that do not, and the placed ones that no longer do."""
        timeline = self.timeline = Timeline(self.steps, self._fixed())
        capacity, counted = self.capacity, self._counted()
        chosen: list[_Order] = []
        held: list[tuple[_Order, Reason]] = []
        out: list[_Order] = []
        needed = self._needed_already()
        for order in sorted([*self.waiting, *self.movable], key=_by_rank) if self.movable else self.waiting:
            if order.movable:
                secured, span = self.windows.is_reserved(order.backorder), order.stays
                if secured and not _overlap(span, needed):
                    pass  # nobody better needs its money, which is there: it stays, however little else is
                elif not timeline.has_room(span, order.fee, capacity):
                    out.append(order)
                    secured, span = False, order.late
                    if order.send_at is None or not timeline.has_room(span, order.fee, capacity):
                        continue
                timeline.add(span, order.fee)
                if not secured:
                    needed = _hull(needed, span)
            elif (reason := self._refused(order.backorder, counted)) is not None:
                held.append((order, reason))
            elif not timeline.has_room(order.late, order.fee, capacity):
                held.append((order, Reason.UNFUNDED))
            else:
                timeline.add(order.late, order.fee)
                counted.count(order.backorder)
                chosen.append(order)
                needed = _hull(needed, order.late)
        return chosen, held, out

    def _needed_already(self) -> Span:
        """From the first to the last step at which a fee is needed that is not reserved yet, and cannot be given up."""
        needed = Span(self.steps.count, 0)
        for order in self.under_way:
            backorder = order.backorder
            if not (order.movable or backorder.state.is_final or self.windows.is_reserved(backorder)):
                needed = _hull(needed, order.now)
        return needed

    def _refused(self, backorder: Backorder, counted: Counted) -> Reason | None:
        """Why it may not be ordered however much money there is."""
        if backorder.max_price is not None and self.fees.of(backorder.zone) > backorder.max_price:
            return Reason.TOO_DEAR
        return Reason.LIMIT if counted.exceeded_by(backorder) else None

    def _counted(self) -> Counted:
        under_way = (order.backorder for order in self.under_way)
        return Counted(self.rules.limits, self.fees, self.funds.standing.spent, under_way)

    # When they are sent

    def _divide(self, chosen: list[_Order], out: list[_Order]) -> tuple[list[_Order], list[_Order]]:
        """Those to be sent now, and those to be sent late.

        Fees never come back: sent early is what the account covers even if every order that stays, and every better
        one, were won. And it must not take from anybody chosen what only a late order leaves to both.
        """
        now, late = [], []
        drawn = self.drawn - sum(order.fee for order in out) + self.still_reserved
        drawn += sum(amount for _, amount in self.elsewhere)
        for order in chosen:
            drawn += order.fee
            extra = Span(order.now.first, order.late.first)
            if order.send_at is None:
                now.append(order)
            elif drawn <= self.capacity and self.timeline.has_room(extra, order.fee, self.capacity):
                self.timeline.add(extra, order.fee)
                now.append(order)
            else:
                late.append(order)
        return now, late

    def _send(self, early: list[_Order]) -> tuple[list[_Order], list[_Order], int]:
        """Those that fit beside all that is at the provider now, those that do not yet, and what all draw then.

        A refund counts only once the account shows it, and the money of what is to be taken back once it is gone.
        """
        sent: list[_Order] = []
        blocked: list[_Order] = []
        drawn = self.drawn
        if not early:
            return sent, blocked, drawn
        locked = sum(order.fee for order in self.under_way if order.now.first == 0)
        # Reserved by others, if none of ours was reserved before the lock that we know of.
        others = units(self.funds.reserved) - locked - self.still_reserved
        capacity = self.whole - max(self.others, others)
        there = Timeline(self.steps, self._at_the_provider())
        for order in early:
            if there.has_room(order.now, order.fee, capacity):
                there.add(order.now, order.fee)
                drawn += order.fee
                sent.append(order)
            else:
                blocked.append(order)
        return sent, blocked, drawn

    def _late_by(self, waiting: int, orders_a_minute: float) -> timedelta:
        """All that can be affordable at once may be due at once, and the queue needs its time."""
        least = min((fee for fee in self.fee_in.values() if fee > 0), default=1)
        queue = timedelta(minutes=min(waiting, max(0, self.whole) // least) / orders_a_minute) + QUEUE_SLACK
        return max(timedelta(minutes=self.rules.funding.late_minutes), -(-queue // QUEUE_STEP) * QUEUE_STEP)

    # What is taken back

    def _may_be_taken_back(self, backorder: Backorder) -> bool:
        if not self.windows.can_be_taken_back(backorder):
            return False
        if self.money_in_transit:
            # Won or lost, reconciliation will tell; nothing is given up for it, unless its own lock is near.
            return backorder.state is State.REQUESTED and self.windows.is_locked_within(backorder, TIME_TO_LOOK)
        return True

    def _has_to_go(self, backorder: Backorder) -> bool:
        """One that does not fit stays as long as it does no harm: money may come before its lock."""
        return self.windows.is_reserved(backorder) or self.windows.is_locked_within(backorder, TIME_TO_REACT)

    def _money_is_in_transit(self, under_way: list[Backorder]) -> bool:
        """The account holds fewer deposits than orders that should have one: some were won or lost unseen."""
        ours = sum((self.fees.drawn_by(b) for b in under_way if self.windows.is_reserved(b)), ZERO)
        return ours > self.funds.reserved - self.funds.standing.others

    # The days ahead

    def _forecast(self, chosen: list[_Order], out: list[_Order]) -> Forecast:
        """As if money were no object: what is beyond a limit then needs none."""
        counted = self._counted()
        fits, gone = set(map(id, chosen)), set(map(id, out))
        bound = list(self._at_the_provider())
        demands = []
        for order in self.waiting:
            if self._refused(order.backorder, counted) is None:
                counted.count(order.backorder)
                bound.append((order.late, order.fee))
                demands.append(Demand(order.backorder, order.late, waits=id(order) not in fits))
        fixed = Timeline(self.steps, self._fixed())
        for order in self.under_way:
            if id(order) in gone or order.backorder.state is State.REQUESTED:
                unfunded = not order.movable and not fixed.has_room(order.now, 0, self.capacity)
                demands.append(Demand(order.backorder, order.now, waits=id(order) in gone or unfunded))
        return foresee(
            demands,
            Timeline(self.steps, bound),
            self.capacity,
            currency=self.funds.currency,
            time_zone=self.rules.messages.time_zone,
            now=self.now,
            lock_lead=self.lock_lead,
        )


def chance_gone(backorder: Backorder, now: datetime) -> Reason | None:
    """Why a waiting backorder is missed at `now`; None while it still has a chance."""
    if backorder.last_chance is None or now < backorder.last_chance:
        return None
    if backorder.state is State.HELD:
        return backorder.reason or Reason.UNFUNDED
    return backorder.reason or Reason.LATE


def _hull(one: Span, other: Span) -> Span:
    return Span(min(one.first, other.first), max(one.end, other.end))


def _overlap(one: Span, other: Span) -> bool:
    return max(one.first, other.first) < min(one.end, other.end)


def _backorders(orders: Iterable[_Order]) -> tuple[Backorder, ...]:
    return tuple(order.backorder for order in orders)
