"""The funding guard: which orders the account covers, when each is sent, and how much is missing for the rest.

Pure: values in, a plan out. All amounts are gross, in the account's currency; times are in UTC. What is decided here,
and why, is told in docs/money.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property

from backorder.model import Backorder, Reason, Source, State
from backorder.money import ZERO
from backorder.rules import Rules
from backorder.standing import Forecast, Standing
from planning.fees import Fees
from planning.forecast import Demand, foresee
from planning.limits import Counted
from planning.timeline import Span, Steps, Timeline, Window, amount_of, units
from planning.windows import TIME_TO_REACT, Windows

QUEUE_STEP = timedelta(minutes=15)
"""Late orders go sooner by whole steps of this where the queue needs longer: so that plans agree with each other."""
QUEUE_SLACK = timedelta(minutes=10)
"""Two ticks: one may be lost."""
TIME_TO_LOOK = timedelta(hours=2)
"""By then reconciliation, once an hour, has seen what became of money that is on its way."""
_NEVER = datetime.max.replace(tzinfo=UTC)


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
    return _Planning(list(waiting), list(under_way), funds, rules, now, lock_lead, orders_a_minute).plan()


@dataclass(frozen=True, slots=True)
class _Chosen:
    """One of the waiting that fits, at its latest."""

    backorder: Backorder
    fee: int
    late: Span


class _Planning:
    def __init__(
        self,
        waiting: list[Backorder],
        under_way: list[Backorder],
        funds: Funds,
        rules: Rules,
        now: datetime,
        lock_lead: timedelta,
        orders_a_minute: float,
    ) -> None:
        self.now, self.funds, self.rules, self.lock_lead = now, funds, rules, lock_lead
        self.fees = Fees(rules, funds.standing.last_deposits)
        self.waiting = sorted(waiting, key=rank)
        self.under_way = under_way
        self.fee_of = {backorder.key: units(self.fees.drawn_by(backorder)) for backorder in under_way}
        self.fee_in = {zone: units(self.fees.of(zone)) for zone in {backorder.zone for backorder in waiting}}
        self.whole = units(funds.capacity(rules))
        self.windows = Windows(
            now,
            lock_lead,
            self._late_by(orders_a_minute),
            rules.funding.reuse_refunds,
            rules.funding.take_back,
            funds.standing.release_lag,
        )
        self.movable = [backorder for backorder in under_way if self._may_be_taken_back(backorder)]

    def plan(self) -> Plan:
        chosen, held, out = self._choose()
        early, late = self._divide(chosen, out)
        order, blocked, drawn = self._send(early)
        late += [each for each in blocked if self.windows.send_at(each.backorder) is not None]
        late.sort(key=lambda each: rank(each.backorder))
        send_at = [(each.backorder, self.windows.send_at(each.backorder)) for each in late]
        return Plan(
            order=_backorders(order),
            late=tuple((backorder, at) for backorder, at in send_at if at is not None),
            hold=tuple(held),
            blocked=_backorders(each for each in blocked if self.windows.send_at(each.backorder) is None),
            short=tuple(out),
            take_back=tuple(backorder for backorder in out if blocked or self._has_to_go(backorder)),
            capacity=amount_of(self.capacity),
            drawn=amount_of(drawn),
            forecast=self._forecast(chosen, out),
        )

    @staticmethod
    def _in_order(some: list[Backorder], others: list[Backorder]) -> list[Backorder]:
        """Both, best first; `some` are in that order already."""
        return sorted([*some, *others], key=rank) if others else some

    # Who fits

    def _choose(self) -> tuple[list[_Chosen], list[tuple[Backorder, Reason]], list[Backorder]]:
        """The waiting that fit, the waiting that do not, and the placed ones that no longer do."""
        timeline = self.timeline = Timeline(self.steps, self._fixed())
        counted = self._counted()
        chosen: list[_Chosen] = []
        held: list[tuple[Backorder, Reason]] = []
        out: list[Backorder] = []
        movable = {backorder.key for backorder in self.movable}
        # From the first to the last step at which a fee that is not reserved yet is needed.
        needed = Span(self.steps.count, 0)
        for backorder in self.under_way:
            if backorder.key not in movable and self._is_to_come(backorder):
                needed = _hull(needed, self.steps.span(self.windows.under_way(backorder)))
        for backorder in self._in_order(self.waiting, self.movable):
            if backorder.key in movable:
                fee, span = self.fee_of[backorder.key], self._from_now_on(backorder)
                secured = self.windows.is_reserved(backorder)
                if secured and not _overlap(span, needed):
                    pass  # nobody better needs its money, which is there: it stays, however little else is
                elif not timeline.has_room(span, fee, self.capacity):
                    out.append(backorder)
                    secured, span = False, self._late(backorder)
                    if self.windows.send_at(backorder) is None or not timeline.has_room(span, fee, self.capacity):
                        continue
                timeline.add(span, fee)
                if not secured:
                    needed = _hull(needed, span)
                continue
            fee, span = self.fee_in[backorder.zone], self._late(backorder)
            if (reason := self._refused(backorder, counted)) is not None:
                held.append((backorder, reason))
            elif not timeline.has_room(span, fee, self.capacity):
                held.append((backorder, Reason.UNFUNDED))
            else:
                timeline.add(span, fee)
                counted.count(backorder)
                chosen.append(_Chosen(backorder, fee, span))
                needed = _hull(needed, span)
        return chosen, held, out

    def _is_to_come(self, backorder: Backorder) -> bool:
        """Its fee will be reserved, and is not yet."""
        return not backorder.state.is_final and not self.windows.is_reserved(backorder)

    def _refused(self, backorder: Backorder, counted: Counted) -> Reason | None:
        """Why it may not be ordered however much money there is."""
        if backorder.max_price is not None and self.fees.of(backorder.zone) > backorder.max_price:
            return Reason.TOO_DEAR
        return Reason.LIMIT if counted.exceeded_by(backorder) else None

    def _counted(self) -> Counted:
        return Counted(self.rules.limits, self.fees, self.funds.standing.spent, self.under_way)

    # When they are sent

    def _divide(self, chosen: list[_Chosen], out: list[Backorder]) -> tuple[list[_Chosen], list[_Chosen]]:
        """Those to be sent now, and those to be sent late.

        Fees never come back: sent early is what the account covers even if every order that stays, and every better
        one, were won. And it must not take from anybody chosen what only a late order leaves to both.
        """
        now, late = [], []
        drawn = sum(self.fee_of.values()) - sum(self.fee_of[b.key] for b in out) + self._still_reserved
        for each in chosen:
            drawn += each.fee
            if self.windows.send_at(each.backorder) is None:
                now.append(each)
                continue
            sooner = self._early(each.backorder)
            extra = Span(sooner.first, min(each.late.first, sooner.end))
            if drawn <= self.capacity and self.timeline.has_room(extra, each.fee, self.capacity):
                self.timeline.add(extra, each.fee)
                now.append(each)
            else:
                late.append(each)
        return now, late

    def _send(self, early: list[_Chosen]) -> tuple[list[_Chosen], list[_Chosen], int]:
        """Those that fit beside all that is at the provider now, those that do not yet, and what all draw then.

        A refund counts only once the account shows it, and what is to be taken back only once it is.
        """
        capacity = self.whole - max(self.not_ours, self._reserved_by_others)
        sent: list[_Chosen] = []
        blocked: list[_Chosen] = []
        drawn = sum(self.fee_of.values())
        if not early:
            return sent, blocked, drawn
        there = Timeline(self.steps, [*self._fixed(moved=False), *self._in_full(self.movable)])
        for each in early:
            span = self._early(each.backorder)
            if there.has_room(span, each.fee, capacity):
                there.add(span, each.fee)
                drawn += each.fee
                sent.append(each)
            else:
                blocked.append(each)
        return sent, blocked, drawn

    def _late_by(self, orders_a_minute: float) -> timedelta:
        """All that can be affordable at once may be due at once, and the queue needs its time."""
        least = min((fee for fee in self.fee_in.values() if fee > 0), default=1)
        at_once = min(len(self.waiting), max(0, self.whole) // least)
        queue = timedelta(minutes=at_once / orders_a_minute) + QUEUE_SLACK
        return max(timedelta(minutes=self.rules.funding.late_minutes), -(-queue // QUEUE_STEP) * QUEUE_STEP)

    # What is taken back

    def _may_be_taken_back(self, backorder: Backorder) -> bool:
        if not self.windows.can_be_taken_back(backorder):
            return False
        if self._money_in_transit:
            # Won or lost, reconciliation will tell; nothing is given up for it, unless its own lock is near.
            return backorder.state is State.REQUESTED and self.windows.is_locked_within(backorder, TIME_TO_LOOK)
        return True

    def _has_to_go(self, backorder: Backorder) -> bool:
        """One that does not fit stays as long as it does no harm: money may come before its lock."""
        return self.windows.is_reserved(backorder) or self.windows.is_locked_within(backorder, TIME_TO_REACT)

    @cached_property
    def _money_in_transit(self) -> bool:
        """The account holds fewer deposits than orders that should have one: some were won or lost unseen."""
        ours = sum((self.fees.drawn_by(b) for b in self.under_way if self.windows.is_reserved(b)), ZERO)
        return ours > self.funds.reserved - self.funds.standing.others

    # What draws whatever is decided

    @cached_property
    def capacity(self) -> int:
        """What our orders may draw together."""
        return self.whole - self.not_ours

    @cached_property
    def not_ours(self) -> int:
        """Reserved for others, as far as that is certain."""
        ours = sum(self.fee_of.values()) + self._still_reserved
        return max(units(self.funds.standing.others), units(self.funds.reserved) - ours)

    @cached_property
    def _reserved_by_others(self) -> int:
        """The same, if none of ours was reserved before the lock that we know of."""
        locked = (b for b in self.under_way if self.windows.under_way(b).begins_at <= self.now)
        return units(self.funds.reserved) - sum(self.fee_of[b.key] for b in locked) - self._still_reserved

    @cached_property
    def _still_reserved(self) -> int:
        """For orders that were taken back, and wait now."""
        return sum(units(backorder.deposit) for backorder in self.waiting if backorder.deposit is not None)

    def _fixed(self, *, moved: bool = True) -> Iterable[tuple[Span, int]]:
        """What cannot be changed: the orders that are not movable, and what movable ones draw even if they go."""
        movable = {backorder.key for backorder in self.movable}
        yield from self._in_full(backorder for backorder in self.under_way if backorder.key not in movable)
        if moved:
            for backorder in self.movable:
                yield self.steps.span(self.windows.taken_back(backorder)), self.fee_of[backorder.key]
        for backorder in self.waiting:
            if backorder.deposit is not None:
                yield self.steps.span(self.windows.taken_back(backorder)), units(backorder.deposit)

    def _in_full(self, backorders: Iterable[Backorder]) -> Iterable[tuple[Span, int]]:
        for backorder in backorders:
            yield self.steps.span(self.windows.under_way(backorder)), self.fee_of[backorder.key]

    # Windows on the timeline

    @cached_property
    def steps(self) -> Steps:
        return Steps(self.now, self._all_windows())

    def _all_windows(self) -> Iterable[Window]:
        for backorder in self.waiting:
            yield self.windows.if_ordered_late(backorder)
            yield self.windows.if_ordered_now(backorder)
            if backorder.deposit is not None:
                yield self.windows.taken_back(backorder)
        for backorder in self.under_way:
            yield self.windows.under_way(backorder)
        for backorder in self.movable:
            yield self.windows.taken_back(backorder)
            yield self.windows.if_ordered_late(backorder)

    def _late(self, backorder: Backorder) -> Span:
        return self.steps.span(self.windows.if_ordered_late(backorder))

    def _early(self, backorder: Backorder) -> Span:
        return self.steps.span(self.windows.if_ordered_now(backorder))

    def _from_now_on(self, backorder: Backorder) -> Span:
        """The window of a placed order, without what it draws even if it is taken back."""
        whole = self.steps.span(self.windows.under_way(backorder))
        gone = self.steps.span(self.windows.taken_back(backorder))
        return Span(max(whole.first, gone.end), whole.end)

    # The days ahead

    def _forecast(self, chosen: list[_Chosen], out: list[Backorder]) -> Forecast:
        """As if money were no object: what is beyond a limit then needs none."""
        counted = self._counted()
        fits = {each.backorder.key for each in chosen}
        gone = {backorder.key for backorder in out}
        bound = [*self._fixed(moved=False), *self._in_full(self.movable)]
        demands = []
        for backorder in self.waiting:
            if self._refused(backorder, counted) is None:
                counted.count(backorder)
                span = self._late(backorder)
                bound.append((span, self.fee_in[backorder.zone]))
                demands.append(Demand(backorder, span, backorder.key not in fits))
        fixed = Timeline(self.steps, self._fixed())
        movable = {backorder.key for backorder in self.movable}
        placed = [
            Demand(backorder, span, backorder.key in gone or (backorder.key not in movable and lacks_money))
            for backorder in self.under_way
            if backorder.key in gone or backorder.state is State.REQUESTED
            for span in [self.steps.span(self.windows.under_way(backorder))]
            for lacks_money in [not fixed.has_room(span, 0, self.capacity)]
        ]
        return foresee(
            sorted([*demands, *placed], key=lambda demand: rank(demand.backorder)) if placed else demands,
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


def _backorders(chosen: Iterable[_Chosen]) -> tuple[Backorder, ...]:
    return tuple(each.backorder for each in chosen)
