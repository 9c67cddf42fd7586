"""The use case of each tick: what is due, what the account covers, and what goes to the workers now."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from backorder.documents.account_outlook import FORECAST, ForeignOrder, Standing, forecast, save_forecast, standing
from backorder.documents.halt import HALT, ZONE_HALTS, Halt, halt, halt_line, lift_halt, zone_halts
from backorder.documents.runs import Run, note_run
from backorder.documents.successes import Stage, note_success
from backorder.domain.backorder import Backorder
from backorder.domain.clock_difference import told_by_orders
from backorder.domain.schedule import MARGIN
from backorder.domain.states import CLAIMED, FINAL, WAITING, State
from backorder.domain.values import Reason
from backorder.provider.port import LOCK_LEAD, AccessDenied, Provider, ProviderError, account_and_clock
from backorder.rules import RULES_DOCUMENTS, Rules, RulesOutdated, last_good_rules
from backorder.runtime.clock import Clock
from backorder.runtime.messages import BATCH_SIZE, Batch
from backorder.runtime.observability import logger
from backorder.store import Conflict, SetAside, Store
from backorder.store.documents import Documents, read_together
from planning.funding.allocation import Plan, chance_gone, plan
from planning.funding.fees import Fees
from planning.funding.problem import Funds, Position

TICK = timedelta(minutes=5)
WRITERS = 8
"""Writes to the store at the same time."""
WRITTEN_TOGETHER = 1000
"""So many are handed to the writers at once: of a long list, most wait where they need no memory."""
SPARE_SECONDS = 20.0
"""Kept for what is being written when the time is nearly over."""
LEASE = timedelta(minutes=3)
"""Outlasts the function: no other plan is made meanwhile."""
_DOCUMENTS = (*RULES_DOCUMENTS, HALT.name, ZONE_HALTS.name, FORECAST.name)
CALL_SECONDS = 0.5
"""Assumed for one order, with its two writes, when a tick's worth of orders is measured out."""
URGENT = timedelta(hours=1)
AT_RISK = timedelta(minutes=30)
"""A funded name that is not ordered so shortly before its deadline raises an alarm."""
_DRAWS_NOTHING_MORE = WAITING | FINAL | {State.ACTIVE, State.PROCESSING, State.AUCTION_PENDING}
"""Nothing was sent for it, or its fee is reserved already, or it is over."""
QUEUE_PATIENCE = timedelta(minutes=20)
"""What was queued and not begun by then is picked again: its message will not come back."""


@dataclass(frozen=True)
class Planning:
    """What the use case works with. `send` puts batches into the submission queue."""

    store: Store
    provider: Provider
    send: Callable[[Iterable[Batch]], None]
    clock: Clock
    parallel_calls: int
    """Of all workers together."""


@dataclass
class Summary:
    """What a tick did."""

    open: int | None = None
    """Backorders that were read; None: none were."""
    queued: int = 0
    asked: int = 0
    withdrawn: int = 0
    repaired: int = 0
    held: int = 0
    late: int = 0
    """Covered if they are ordered late, and not ordered yet."""
    missed: int = 0
    halted: str | None = None
    halted_zones: tuple[str, ...] | None = None
    """Zones whose orders are halted alone; None: there are none."""
    skipped: str | None = None
    capacity: str | None = None
    drawn: str | None = None
    currency: str | None = None
    reserved_for_others: str | None = None
    """For orders that others placed in the account; not in the capacity. None: nothing."""
    foreign: int | None = None
    """Orders of others that have no deposit yet; None: there are none."""
    foreign_draws: str | None = None
    """What those will draw."""
    shortfall: str | None = None
    forecast: str | None = None
    at_risk: int = 0
    """Funded, within AT_RISK of their deadline, and not ordered."""
    minutes_to_deadline: int | None = None
    """Until the next deadline of a funded name that is not ordered yet."""
    conflicts: int = field(default=0)
    not_understood: int | None = None
    """Open backorders that this version does not understand, and left alone; None: there are none."""

    def as_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value is not None}


def plan_submissions(
    planning: Planning, *, holder: str, queue: bool = True, seconds_left: Callable[[], float] = lambda: math.inf
) -> Summary:
    """Runs one tick; `holder` names this run in the lease. With `queue` false nothing is sent: a plan is only made.

    A provider that does not answer leaves everything as it is: the next tick goes on.
    """
    store, now = planning.store, planning.clock()
    if not store.acquire_lease("plan", holder, now=now, until=now + LEASE):
        return Summary(skipped="another plan is under way")
    try:
        summary = _tick(planning, now, queue=queue, seconds_left=seconds_left)
        if summary.capacity is not None:
            note_success(store, now, Stage.PLAN)
        note_run(store, "plan", Run(now, summary.as_json()))
        return summary
    finally:
        store.release_lease("plan", holder)


def _tick(planning: Planning, now: datetime, *, queue: bool, seconds_left: Callable[[], float]) -> Summary:
    documents = read_together(planning.store, _DOCUMENTS)
    try:
        rules = last_good_rules(documents)
    except RulesOutdated as outdated:
        # Nothing is ordered without the bounds that they set.
        halt_line(planning.store, Halt("rules", str(outdated), now))
        logger.error("line_halted", kind="rules", why=str(outdated))
        return _Tick(planning, documents, Rules(), now, queue=queue, seconds_left=seconds_left).only_goes_on(
            str(outdated)
        )
    return _Tick(planning, documents, rules, now, queue=queue, seconds_left=seconds_left).run()


class _Tick:
    def __init__(
        self,
        planning: Planning,
        documents: Documents,
        rules: Rules,
        now: datetime,
        *,
        queue: bool,
        seconds_left: Callable[[], float],
    ) -> None:
        self.store = planning.store
        # As they stood when the tick began.
        self.documents = documents
        self.provider = planning.provider
        self.send = planning.send
        self.clock = planning.clock
        self.look_first = True
        """The provider's clock is not known to be about ours."""
        self.most = int(planning.parallel_calls * TICK.total_seconds() / CALL_SECONDS)
        self.now = now
        self.queue = queue
        self.rules = rules
        self.seconds_left = seconds_left
        self.over: list[tuple[Backorder, Reason | None]] = []
        """What has come to its end without an order: missed, and for what; cancelled (None)."""
        self.summary = Summary()

    def run(self) -> Summary:
        halted = halt(self.documents)
        # The account last: an order whose charge reconciliation notes meanwhile draws its fee still, as it was read.
        backorders = self._read_open()
        known = standing(self.store)
        try:
            read, ahead = account_and_clock(self.provider, self.clock)
        except AccessDenied as error:
            halt_line(self.store, Halt("access", str(error), self.now))
            logger.error("line_halted", why=str(error))
            self.summary.halted = str(error)
            return self._blind(backorders)
        except ProviderError as error:
            logger.warning("account_unread", why=str(error))
            self.summary.skipped = str(error)
            return self._blind(backorders)
        account = read.with_deposits(excluded=known.excludes_deposits)
        ahead = ahead or told_by_orders(backorders)
        self.look_first = ahead is None or not ahead.is_small
        note_success(self.store, self.now, Stage.ACCOUNT)
        if halted and halted.kind in ("access", "rules"):
            lift_halt(self.store)
            logger.info("line_goes_on", since=halted.since)
            halted = None

        fees = Fees(self.rules, known, account.currency)
        unknown = drawing(self.store.set_aside())
        reckoned = replace(known, foreign={**known.foreign, **unknown})
        waiting, under_way = self._divide(backorders)
        position = Position(
            waiting,
            under_way,
            funds=Funds(account.amount, account.credit, account.currency, account.deposit + known.credits, reckoned),
            rules=self.rules,
            now=self.now,
            lock_lead=LOCK_LEAD,
            orders_a_minute=self.most / TICK.total_seconds() * 60,
        )
        made = plan(position)
        self._tell(made, account.currency)
        self._tell_of_others(known, fees)
        self.summary.at_risk, self.summary.minutes_to_deadline = urgency((*made.order, *under_way), self.now)

        if self.queue:
            # Nothing is given up for what may be another matter once it is understood.
            waits = bool(unknown) or known.may_misread(account.deposit)
            if not waits:
                self._displace(made, under_way)
            self._ask_and_withdraw(under_way, () if waits else made.take_back)
            self._repair(under_way, halted=halted is not None)
            self._order(urgent_first(made.order, self.now), under_way, fees, halted=halted is not None)
        else:
            self._write_all((backorder, backorder.with_fee(fees.of(backorder.zone))) for backorder in made.order)
        # Last: it sends nothing, and a list that the account cannot pay for may be long.
        self._put_off(made, fees)
        self._hold(made, fees)
        self._mark_over()
        if halted:
            self.summary.halted = halted.why
        return self.summary

    def _order(self, orders: Sequence[Backorder], under_way: Iterable[Backorder], fees: Fees, *, halted: bool) -> None:
        """Queues what is to be ordered now. While the line, or a zone, is halted, one of it is tried at a time."""
        queued = Counter(each.zone for each in under_way if self._still_queued(each))
        zones = zone_halts(self.documents)
        if halted:
            self._queue(orders, fees, most=1 - queued.total(), probe=True)
        else:
            self._queue([each for each in orders if each.zone not in zones], fees, most=self.most - queued.total())
            for zone in zones:
                of_zone = [each for each in orders if each.zone == zone]
                self._queue(of_zone, fees, most=1 - queued[zone], probe=True)
        self.summary.halted_zones = tuple(sorted(zones)) or None

    def _blind(self, backorders: Iterable[Backorder]) -> Summary:
        """Nobody knows what the account covers now; deadlines pass all the same. At risk is what was not held when it
        could be read last."""
        funded = (each for each in backorders if each.state is not State.HELD)
        self.summary.at_risk, self.summary.minutes_to_deadline = urgency(funded, self.now)
        return self.summary

    def only_goes_on(self, halted: str) -> Summary:
        """Orders nothing, and plans nothing. What is under way is asked about, and what a person cancelled is taken
        back: that needs no rules."""
        if self.queue:
            self._ask_and_withdraw(self._read_open(), displaced=())
        self.summary.halted = halted
        return self.summary

    def _read_open(self) -> list[Backorder]:
        """Those that are understood."""
        self.store.forget_set_aside()
        backorders = list(self.store.open_backorders())
        self.summary.open = len(backorders) or None
        self.summary.not_understood = len(self.store.set_aside()) or None
        return backorders

    def _tell(self, made: Plan, currency: str) -> None:
        self.summary.capacity, self.summary.drawn = str(made.capacity), str(made.drawn)
        self.summary.currency = currency
        self.summary.late = len(made.late)
        if made.forecast != forecast(self.documents):
            save_forecast(self.store, made.forecast)
        if made.forecast.waiting or made.forecast.undated:
            self.summary.forecast = made.forecast.sentence
            self.summary.shortfall = str(made.forecast.shortfall)

    def _tell_of_others(self, known: Standing, fees: Fees) -> None:
        if known.others:
            self.summary.reserved_for_others = str(known.others)
        if known.foreign:
            self.summary.foreign = len(known.foreign)
            self.summary.foreign_draws = str(sum(fees.of(order.zone) for order in known.foreign.values()))

    def _divide(self, backorders: Iterable[Backorder]) -> tuple[list[Backorder], list[Backorder]]:
        """Candidates for this plan, and what draws already. What is over is marked when all else is done."""
        candidates: list[Backorder] = []
        under_way: list[Backorder] = []
        for backorder in backorders:
            if backorder.state.is_waiting and backorder.cancel_requested:
                # Cancelled while an order of it was under way, which came back without effect.
                self.over.append((backorder, None))
            elif not backorder.state.is_waiting or self._still_queued(backorder):
                under_way.append(backorder)
            elif (reason := chance_gone(backorder, self.now)) is None:
                # One that the provider asked to be patient with waits outside: its money may work meanwhile.
                if not self._is_to_wait(backorder):
                    candidates.append(backorder)
            elif self.queue:
                self.over.append((backorder, reason))
        return candidates, under_way

    def _mark_over(self) -> None:
        """Marks what is missed or cancelled, as long as time remains: the next tick goes on. Nobody's order waits for
        it, however many there are."""
        with ThreadPoolExecutor(WRITERS) as pool:
            for first in range(0, len(self.over), WRITTEN_TOGETHER):
                if self.seconds_left() < SPARE_SECONDS:
                    logger.info("marking_goes_on", left=len(self.over) - first)
                    return
                some = self.over[first : first + WRITTEN_TOGETHER]
                self.summary.missed += sum(pool.map(self._mark_one_over, some))

    def _mark_one_over(self, over: tuple[Backorder, Reason | None]) -> bool:
        """Whether it is marked missed by this."""
        backorder, reason = over
        if reason is None:
            why = "cancelled, and nothing of it is at the provider"
            self._write(backorder.end_cancelled(at=self.now, why=why))
            return False
        return self._write(backorder.miss(reason, at=self.now, why=f"no chance left: {reason}")) is not None

    def _still_queued(self, backorder: Backorder) -> bool:
        return (
            backorder.state is State.QUEUED
            and backorder.plan.queued_until is not None
            and backorder.plan.queued_until > self.now
        )

    def _is_to_wait(self, backorder: Backorder) -> bool:
        """The provider asked for patience."""
        return backorder.plan.not_before is not None and backorder.plan.not_before > self.now

    def _put_off(self, made: Plan, fees: Fees) -> None:
        """Notes when the late ones go. Whoever was held for want of funds is not any more."""
        self._write_all(
            (backorder, backorder.put_off(send_at, fee=fees.of(backorder.zone), at=self.now))
            for backorder, send_at in made.late
        )

    def _hold(self, made: Plan, fees: Fees) -> None:
        held = [*made.hold, *((backorder, Reason.UNFUNDED) for backorder in made.blocked)]
        self.summary.held = len(held)
        self._write_all(
            (backorder, backorder.hold(reason, fee=fees.of(backorder.zone), at=self.now)) for backorder, reason in held
        )

    def _displace(self, made: Plan, under_way: Iterable[Backorder]) -> None:
        """Marks what is to be taken back; whoever wants to withdraw it looks for the mark. And takes marks away."""
        goes = {backorder.key for backorder in made.take_back}
        for backorder in under_way:
            if backorder.plan.marked_for_withdrawal and backorder.key not in goes and backorder.may_be_withdrawn:
                self._write(backorder.unmark())
        for backorder in made.take_back:
            if not backorder.plan.marked_for_withdrawal:
                self._write(backorder.mark_for_withdrawal(at=self.now))

    def _ask_and_withdraw(self, under_way: Iterable[Backorder], displaced: Iterable[Backorder]) -> None:
        ask, withdraw = [], list(displaced)
        for backorder in under_way:
            if backorder.state in CLAIMED:
                if backorder.claim is None or backorder.claim.may_be_taken_over(self.now):
                    ask.append(backorder)
            elif backorder.cancel_requested and backorder.may_be_withdrawn:
                withdraw.append(backorder)
        self.summary.asked, self.summary.withdrawn = len(ask), len(withdraw)
        self.send(_batches("ask", ask))
        self.send(_batches("withdraw", withdraw))

    def _repair(self, under_way: Iterable[Backorder], *, halted: bool) -> None:
        """Applications that lack what the rules now say: a halted line sends nothing."""
        if not halted:
            repair = [
                backorder
                for backorder in under_way
                if self.rules.provider.repair(backorder) and not self._is_to_wait(backorder)
            ]
            self.summary.repaired = len(repair)
            self.send(_batches("repair", repair))

    def _queue(self, orders: Sequence[Backorder], fees: Fees, *, most: int, probe: bool = False) -> None:
        """Queues the best `most` of them: what the workers can send before the next tick, with what waits there.

        Each batch is sent as soon as it is written: workers begin at once, and a tick that is cut off sent its best.
        """

        def queue(backorder: Backorder) -> Backorder | None:
            fee = fees.of(backorder.zone)
            return self._write(backorder.queue(fee=fee, until=self.now + QUEUE_PATIENCE, at=self.now))

        most = min(max(0, most), len(orders))
        with ThreadPoolExecutor(WRITERS) as pool:
            for first in range(0, most, BATCH_SIZE):
                queued = [
                    written for written in pool.map(queue, orders[first : min(first + BATCH_SIZE, most)]) if written
                ]
                self.summary.queued += len(queued)
                self.send(_batches("order", queued, probe=probe, look_first=self.look_first))

    def _write_all(self, planned: Iterable[tuple[Backorder, Backorder]]) -> None:
        """Writes what is not as it was, side by side."""
        changed = (after for before, after in planned if after is not before)
        with ThreadPoolExecutor(WRITERS) as pool:
            while some := list(islice(changed, WRITTEN_TOGETHER)):
                list(pool.map(self._write, some))

    def _write(self, backorder: Backorder) -> Backorder | None:
        """None if somebody else changed it meanwhile (a cancel, a worker): the next tick sees what became of it."""
        try:
            return self.store.replace(backorder)
        except Conflict:
            self.summary.conflicts += 1
            return None


def urgent_first(orders: Iterable[Backorder], now: datetime) -> list[Backorder]:
    """What should have gone before (an outage held it back), or is near its deadline, by deadline; then the others, as
    they come. All of them fit, so this takes nothing from anybody. Pure."""

    def is_urgent(backorder: Backorder) -> bool:
        near = backorder.schedule.deadline is not None and backorder.schedule.deadline <= now + URGENT
        return near or (backorder.plan.send_at is not None and backorder.plan.send_at < now)

    found = list(orders)
    urgent = [each for each in found if is_urgent(each)]
    last = datetime.max.replace(tzinfo=UTC)
    return [
        *sorted(urgent, key=lambda each: each.schedule.deadline or last),
        *(each for each in found if not is_urgent(each)),
    ]


def urgency(funded: Iterable[Backorder], now: datetime) -> tuple[int, int | None]:
    """How many of them are not ordered with their deadline within AT_RISK, and the minutes to the next deadline.

    Pure. What is past its deadline is no longer at risk: it is late, or missed.
    """
    left = [
        backorder.schedule.deadline - now
        for backorder in funded
        if (backorder.state.is_waiting or backorder.state is State.SUBMITTING)
        and backorder.schedule.deadline is not None
        and backorder.schedule.deadline > now
    ]
    return sum(time <= AT_RISK for time in left), int(min(left).total_seconds() // 60) if left else None


def drawing(aside: Iterable[SetAside]) -> Mapping[str, ForeignOrder]:
    """Backorders that are not understood, and that draw on the account like anybody's orders, as far as anybody knows:
    those that are at the provider, or may be, and have no deposit among what is reserved yet. Pure."""
    return {
        f"{item.pk} {item.sk}": ForeignOrder(
            item.backorder.domain,
            item.backorder.domain.partition(".")[2],
            None if item.deadline is None else item.deadline + MARGIN,
        )
        for item in aside
        if item.backorder is not None and item.state not in _DRAWS_NOTHING_MORE
    }


def _batches(
    kind: str, backorders: Iterable[Backorder], *, probe: bool = False, look_first: bool = True
) -> Iterator[Batch]:
    remaining = iter(backorders)
    while some := tuple(backorder.key for backorder in islice(remaining, BATCH_SIZE)):
        yield Batch.model_validate({"kind": kind, "backorders": some, "probe": probe, "look_first": look_first})
