"""A backorder, and what becomes of it: the one place that changes one.

Pure: no clock, no network, no database. Each verb gives a changed copy, or raises IllegalTransition where the backorder
is in no state to do so; the store writes it on condition that nobody else changed it in the meantime. So a late or
repeated event cannot move one backwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from backorder.domain.dates import (
    DateSource,
    DateStatement,
    decisive,
    inherited,
    schedule_of,
    with_statement,
)
from backorder.domain.moments import Moment
from backorder.domain.money import ZERO
from backorder.domain.registries import Registries
from backorder.domain.schedule import UNDATED, Known, Schedule
from backorder.domain.states import CLAIMED, TRANSITIONS, WITHDRAWABLE, State
from backorder.domain.values import (
    NEVER_LOOKED_UP,
    NO_AUCTION,
    NO_DEPOSIT,
    NOTHING_PLANNED,
    AuctionState,
    BackorderKey,
    Call,
    Charge,
    Claim,
    Decision,
    DepositState,
    ListPlace,
    Lookup,
    Origin,
    PlacedApplication,
    PlannedSubmission,
    Reason,
    Refusal,
    RefusedLook,
    Source,
    Step,
    TakingBack,
    Wish,
    Withdrawal,
)

HISTORY_LIMIT = 40
"""So many steps stay on the item: it ends at 400 KB, and a provider that is down for a day means hundreds."""

FUNDED_AND_MISSED = frozenset({Reason.LATE, Reason.UNANSWERED, Reason.REFUSED})
"""Why one is missed whose money was there."""


class IllegalTransition(ValueError):
    """A move that the table does not allow was tried: a bug, or an event from the past."""


@dataclass(frozen=True, slots=True)
class Backorder:
    """One wish to own one domain at its next drop, and all that became of it.

    Amounts are gross, in the account's currency. Times are aware and in UTC.
    """

    key: BackorderKey
    zone: str
    state: State
    wish: Wish
    created_at: Moment
    # Counts the writes: each is conditional on the one that it was read at.
    version: int = 0
    # When it entered its state; None: when it was created.
    entered_at: Moment | None = None
    # What each source said last of its drop, by rank: the first one counts.
    dates: tuple[DateStatement, ...] = ()
    schedule: Schedule = UNDATED
    plan: PlannedSubmission = NOTHING_PLANNED
    claim: Claim | None = None
    # What the provider refused of it last; None: nothing, or it was taken since.
    refusal: Refusal | None = None
    application: PlacedApplication | None = None
    # The last application of ours for it that the provider took back.
    withdrawal: Withdrawal | None = None
    deposit: DepositState = NO_DEPOSIT
    charges: tuple[Charge, ...] = ()
    auction: AuctionState = NO_AUCTION
    lookup: Lookup = NEVER_LOOKED_UP
    # Its application or its name could not be looked at; None: it could, the last time.
    refused_look: RefusedLook | None = None
    cancel_requested: bool = False
    # When a final state was first seen.
    outcome_at: Moment | None = None
    # Final, its money in place (a lost one's deposit is back, a won one's charge is booked), and looked up.
    settled: bool = False
    history: tuple[Step, ...] = ()

    @property
    def domain(self) -> str:
        return self.key.domain

    @property
    def cycle(self) -> int:
        return self.key.cycle

    @property
    def application_id(self) -> str | None:
        """Return the provider's id of its application; None where it has none."""
        return None if self.application is None else self.application.id

    @property
    def submitted_at(self) -> datetime | None:
        """Return when the provider took its application, UTC."""
        return None if self.application is None else self.application.submitted_at

    @property
    def origin(self) -> Origin:
        """Return whose application it has: ours, where it has none yet."""
        return Origin.OURS if self.application is None else self.application.origin

    @property
    def charged(self) -> Decimal:
        """What was charged for it, gross, less what was given back."""
        return sum((charge.gross for charge in self.charges), ZERO)

    @property
    def is_open(self) -> bool:
        """It is in the index of open backorders: something may still happen to it or to its money."""
        return not (self.state.is_final and self.settled)

    @property
    def since(self) -> datetime:
        """Return when it entered its state, UTC."""
        return self.entered_at or self.created_at

    @property
    def refused_since(self) -> datetime | None:
        """Return when the first of what was refused in a row was sent, UTC; None where nothing was."""
        return None if self.refusal is None else self.refusal.since

    @property
    def closed_on(self) -> date:
        """The day (UTC) under which it is found once it is not open any more: that of its outcome."""
        return (self.outcome_at or self.created_at).date()

    @property
    def dated_by(self) -> DateSource | None:
        """Return whose date counts; None where nobody gave one."""
        counts = decisive(self.dates)
        return None if counts is None else counts.source

    @property
    def lacks(self) -> tuple[str, ...]:
        """Return the parameters that the provider misses in its application, or takes for invalid."""
        return () if self.application is None else self.application.lacks

    @property
    def unknown_status(self) -> str | None:
        """Return the provider's word for the state of its application, where we do not know it."""
        return None if self.application is None else self.application.unknown_status

    @property
    def may_be_withdrawn(self) -> bool:
        """Tell whether its application is ours, and the provider lets it go now."""
        return self.state in WITHDRAWABLE and self.application is not None and self.origin is Origin.OURS

    @property
    def taking_back(self) -> TakingBack:
        """Return what a cancel would do to it now."""
        if self.state is State.CANCELLED or self.cancel_requested:
            return TakingBack.BEGUN
        if self.state.is_waiting:
            return TakingBack.AT_ONCE
        if self.state not in WITHDRAWABLE | CLAIMED:
            return TakingBack.TOO_LATE
        return TakingBack.FOREIGN if self.origin is Origin.FOREIGN else TakingBack.AT_THE_PROVIDER

    def missed_for(self, reason: Reason) -> Reason:
        """Return why it is missed that came to nothing for `reason`: what it was held for when its deadline passed
        (money, its max_price, a limit) kept it from being placed in time, whatever came of it when it was tried late.
        """
        held = self.plan.held_at_deadline
        return held[1] if held is not None and held[0] == self.schedule.deadline else reason

    # What a list, or the rules, decide.

    def want(
        self,
        by: Decision,
        *,
        priority: Decimal,
        max_price: Decimal | None,
        note: str | None,
    ) -> Backorder:
        """Return it as a person wants it from now on. `max_price` is gross, in the account's currency."""
        wish = replace(
            self.wish,
            source=Source.WANTED,
            decided=by,
            priority=priority,
            max_price=max_price,
            note=note,
        )
        return replace(self, wish=wish)

    def choose(
        self,
        by: Decision,
        chosen: str | None,
        *,
        priority: Decimal,
        max_price: Decimal | None,
        note: str | None,
    ) -> Backorder:
        """Return it as the rules choose it from now on; `chosen` says why. `max_price` is gross."""
        wish = replace(
            self.wish,
            decided=by,
            chosen=chosen,
            priority=priority,
            max_price=max_price,
            note=note,
        )
        return replace(self, wish=wish)

    def listed_at(self, place: ListPlace) -> Backorder:
        """Return it as an entry of another place, for who shows lists under the names that their user gave them."""
        return replace(self, wish=replace(self.wish, place=place))

    def decide(self, by: Decision) -> Backorder:
        """Return it with a decision that changes nothing else."""
        return replace(self, wish=replace(self.wish, decided=by))

    def cancel(
        self,
        by: Decision,
        *,
        at: datetime,
        why: str,
        reason: Reason | None = None,
        entry: ListPlace | None = None,
    ) -> Backorder:
        """Return it as wanted no more: CANCELLED where nothing was sent, else to be withdrawn.

        What is to be withdrawn already is so by this decision from now on. `entry`: the person's.
        """
        wish = replace(self.wish, decided=by, cancelled_by=entry or self.wish.cancelled_by)
        if self.taking_back is TakingBack.AT_ONCE:
            cancelled = self._entered(State.CANCELLED, at=at, why=why, entry=entry)
            return replace(cancelled, wish=wish, plan=replace(cancelled.plan, reason=reason))._over(at)
        marked = self._noted(at=at, why=why, entry=entry)
        requested = self.state is not State.CANCELLED
        return replace(
            marked,
            wish=wish,
            plan=replace(self.plan, reason=reason),
            cancel_requested=requested,
        )

    def uncancel(self) -> Backorder:
        """Return it as wanted again, before it was withdrawn."""
        return replace(self, cancel_requested=False, plan=replace(self.plan, reason=None))

    def with_date(self, said: DateStatement, *, at: datetime, registries: Registries) -> Backorder:
        """Return it with the statement, heard of at `at`, going by the one that counts; itself where that changes
        nothing.

        A finalization date that is heard of when its deadline is over was not known in time: until then, an
        application was sent by an estimate.
        """
        dates = with_statement(self.dates, said, zone=self.zone, registries=registries)
        moments = schedule_of(dates, zone=self.zone, registries=registries)
        before = self.schedule
        known_before = before.known is Known.FINALIZATION and before.finalization_at == moments.finalization_at
        if moments.known is Known.FINALIZATION and moments.deadline and at > moments.deadline and not known_before:
            moments = replace(moments, known=Known.ESTIMATED)
        changed = replace(self, dates=dates, schedule=moments)
        return self if changed == self else changed

    # What a plan decides.

    def with_fee(self, fee: Decimal) -> Backorder:
        """Return it with the fee that is planned with; itself where it has that, or a deposit, which says more."""
        if self.plan.fee == fee or self.deposit.amount is not None:
            return self
        return replace(self, plan=replace(self.plan, fee=fee))

    def queue(self, *, fee: Decimal, until: datetime, at: datetime) -> Backorder:
        """Return it as QUEUED: to be placed now, and picked again if no worker begins with it `until` then."""
        queued = self._entered(State.QUEUED, at=at, why="due, and the account covers it")
        plan = replace(
            queued.plan,
            fee=fee,
            planned_fee=fee,
            reason=None,
            not_before=None,
            queued_until=until,
            send_at=None,
        )
        return replace(queued, plan=plan, deposit=replace(self.deposit, last=None))

    def hold(self, reason: Reason, *, fee: Decimal, at: datetime) -> Backorder:
        """Return it as HELD for `reason`; itself where it is."""
        if self.state is not State.HELD:
            held = self._entered(State.HELD, at=at, why=str(reason))
            plan = replace(held.plan, reason=reason, queued_until=None, send_at=None)
            return replace(held, plan=plan).with_fee(fee)
        if self.plan.reason is not reason:
            plan = replace(
                self.plan,
                reason=reason,
                held_at_deadline=self._held_at_its_deadline(at),
            )
            return replace(self, plan=plan).with_fee(fee)
        return self.with_fee(fee)

    def put_off(self, send_at: datetime, *, fee: Decimal, at: datetime) -> Backorder:
        """Return it as SELECTED, to be placed at `send_at`; itself where it is."""
        if self.state is not State.SELECTED:
            why = f"funds suffice if it is ordered late: on {send_at:%-d %B %H:%M} UTC"
            selected = self._entered(State.SELECTED, at=at, why=why)
            plan = replace(selected.plan, reason=None, queued_until=None, send_at=send_at)
            return replace(selected, plan=plan).with_fee(fee)
        if self.plan.send_at != send_at:
            return replace(self, plan=replace(self.plan, send_at=send_at)).with_fee(fee)
        return self.with_fee(fee)

    def mark_for_withdrawal(self, *, at: datetime) -> Backorder:
        """Return it as one that is to be withdrawn, and to wait again, for want of funds; its state stays."""
        marked = self._noted(
            at=at,
            why="its funds are short, or needed by a better one: to be taken back",
        )
        return replace(marked, plan=replace(self.plan, marked_for_withdrawal=True))

    def unmark(self) -> Backorder:
        """Return it as one that is not to be withdrawn for want of funds after all; its state stays."""
        return replace(self, plan=replace(self.plan, marked_for_withdrawal=False))

    # What a worker does with it.

    def claim_by(self, claim: Claim, *, at: datetime, why: str) -> Backorder:
        """Return it under a worker's claim, which is noted before the command is sent."""
        to = State.WITHDRAWING if claim.kind == "withdraw" else State.SUBMITTING
        return replace(self._entered(to, at=at, why=why), claim=claim)

    def ask_later(
        self,
        claim: Claim,
        *,
        at: datetime,
        why: str,
        call: Call | None = None,
        refusal: Refusal | None = None,
    ) -> Backorder:
        """Return it under a claim that is open to the next question: nobody knows yet what came of the command."""
        stays = self._entered(self.state, at=at, why=why, call=call)
        return replace(stays, claim=claim, refusal=refusal or self.refusal)

    def place(
        self,
        application: PlacedApplication,
        *,
        state: State,
        at: datetime,
        why: str,
        call: Call,
    ) -> Backorder:
        """Return it with its application, in the state that the provider gives that."""
        placed = self._entered(state, at=at, why=why, call=call)
        plan = replace(placed.plan, reason=None)
        return replace(
            placed,
            application=application,
            plan=plan,
            claim=None,
            refusal=None,
            settled=False,
        )

    def release(
        self,
        *,
        at: datetime,
        why: str,
        call: Call | None = None,
        reason: Reason | None = None,
        refusal: Refusal | None = None,
        not_before: datetime | None = None,
    ) -> Backorder:
        """Return it as SELECTED: nothing took effect, and a later plan goes on; as CANCELLED where it is cancelled."""
        if self.cancel_requested:
            return self.end_cancelled(at=at, why=f"cancelled; {why}", call=call)
        released = self._entered(State.SELECTED, at=at, why=why, call=call)
        plan = replace(released.plan, queued_until=None, reason=reason, not_before=not_before)
        return replace(released, claim=None, plan=plan, refusal=refusal or self.refusal)

    def hold_for_credit(self, refusal: Refusal, *, until: datetime, at: datetime, why: str, call: Call) -> Backorder:
        """Return it as HELD: the account's credit is too small, and nothing is sent `until` then; as CANCELLED where it
        is cancelled."""
        if self.cancel_requested:
            return self.end_cancelled(at=at, why=f"cancelled; {why}", call=call)
        held = self._entered(State.HELD, at=at, why=why, call=call)
        plan = replace(held.plan, reason=Reason.UNFUNDED, not_before=until)
        return replace(held, claim=None, plan=plan, refusal=refusal)

    def reject(self, refusal: Refusal, *, at: datetime, why: str, call: Call) -> Backorder:
        """Return it as REJECTED: the provider will not take this name."""
        rejected = self._entered(State.REJECTED, at=at, why=why, call=call)
        return replace(rejected, claim=None, refusal=refusal)._over(at)

    def miss(
        self,
        reason: Reason,
        *,
        at: datetime,
        why: str,
        call: Call | None = None,
        refusal: Refusal | None = None,
    ) -> Backorder:
        """Return it as MISSED for `reason`. One whose money was there stays open until somebody has heard of it."""
        missed = self._entered(State.MISSED, at=at, why=why, call=call)
        plan = replace(missed.plan, reason=reason)
        return replace(missed, claim=None, plan=plan, refusal=refusal or self.refusal)._over(at)

    def end_cancelled(self, *, at: datetime, why: str, call: Call | None = None) -> Backorder:
        """Return it as CANCELLED: nothing of it is at the provider."""
        return replace(self._entered(State.CANCELLED, at=at, why=why, call=call), claim=None)._over(at)

    def withdrawn(self, *, at: datetime, why: str, call: Call) -> Backorder:
        """Return it as CANCELLED where it is wanted no more, even if that was said only meanwhile; else as HELD.

        What was reserved for it stays on record until reconciliation has seen it back.
        """
        to = State.CANCELLED if self.cancel_requested else State.HELD
        free = replace(
            self._entered(to, at=at, why=why, call=call),
            claim=None,
            refusal=None,
            withdrawal=Withdrawal(at, self.application_id),
        )
        plan = replace(free.plan, marked_for_withdrawal=False)
        if self.cancel_requested:
            return replace(free, plan=plan)._over(at)
        plan = replace(plan, reason=Reason.UNFUNDED)
        return replace(free, plan=plan, application=None, dates=inherited(self.dates))

    def keep(self, state: State, *, at: datetime, why: str, call: Call) -> Backorder:
        """Return it in the state of its application, which the provider did not take back.

        A cancel that came meanwhile holds as long as it can be done.
        """
        kept = self._entered(state, at=at, why=why, call=call)
        plan = replace(kept.plan, marked_for_withdrawal=False)
        cancel = self.cancel_requested and state in WITHDRAWABLE
        return replace(
            kept,
            plan=plan,
            claim=None,
            cancel_requested=cancel,
            refusal=None,
            settled=False,
        )

    def amend(
        self,
        values: Mapping[str, str],
        lacks: tuple[str, ...],
        *,
        at: datetime,
        why: str,
        call: Call,
    ) -> Backorder:
        """Return it as one whose application was sent `values`, and `lacks` these parameters still; its state stays."""
        if self.application is None:
            return self
        application = replace(self.application, amended_with=tuple(sorted(values.items())), lacks=lacks)
        return replace(self._noted(at=at, why=why, call=call), application=application)

    def refuse(self, refusal: Refusal, *, until: datetime) -> Backorder:
        """Return it with what the provider refused of it, to be left alone `until` then; its state stays."""
        return replace(self, refusal=refusal, plan=replace(self.plan, not_before=until))

    def refused_again(self, words: str, since: datetime) -> Refusal:
        """Return the refusal that follows on the ones before it, of which the first was sent at its own `since`."""
        times, first = (0, None) if self.refusal is None else (self.refusal.times, self.refusal.since)
        return Refusal(words, times + 1, first or since)

    # What the provider says.

    def sync(self, state: State, *, at: datetime, call: Call) -> Backorder:
        """Return it in the state that the provider says it is in."""
        synced = self._entered(state, at=at, why="the provider's word", call=call)
        return replace(synced, settled=False, outcome_at=at if state.is_final else None)

    def vanish(self, *, at: datetime, why: str, call: Call | None = None) -> Backorder:
        """Return it as VANISHED: the provider knows it no more."""
        vanished = self._entered(State.VANISHED, at=at, why=why, call=call)
        return replace(vanished, outcome_at=at, settled=False, refused_look=None)

    def request_withdrawal(self, *, at: datetime, why: str) -> Backorder:
        """Return it as one that is to be withdrawn, though nobody cancelled it; its state stays."""
        return replace(self._noted(at=at, why=why), cancel_requested=True)

    def with_application(self, *, unknown_status: str | None, lacks: tuple[str, ...]) -> Backorder:
        """Return it with what the provider says of its application beside the state; itself where that is no news."""
        if self.application is None:
            return self
        application = replace(self.application, unknown_status=unknown_status, lacks=lacks)
        return self if application == self.application else replace(self, application=application)

    def refuse_look(self, refused: RefusedLook) -> Backorder:
        """Return it as one that could not be looked at."""
        return replace(self, refused_look=refused)

    def looked_at(self) -> Backorder:
        """Return it as one whose application, or name, was looked at; itself where no look was refused before."""
        return self if self.refused_look is None else replace(self, refused_look=None)

    def auction_seen(self, auction: AuctionState) -> Backorder:
        """Return it with what is known of the auction for it; itself where nothing changed."""
        changed = replace(self.looked_at(), auction=auction)
        return self if changed == self else changed

    def auction_settled(self, *, paid: bool) -> Backorder:
        """Return it with whether the price of its auction is paid, as far as is known; itself where that is no news."""
        return self if self.auction.paid == paid else replace(self, auction=replace(self.auction, paid=paid))

    def reserve(
        self,
        amount: Decimal | None,
        *,
        missing_since: datetime | None,
        usual: Decimal | None,
    ) -> Backorder:
        """Return it with the deposit that the provider holds for it now; itself where nothing changed.

        What was reserved last stays as its fee.
        """
        deposit = replace(self.deposit, amount=amount, missing_since=missing_since, usual=usual)
        if deposit == self.deposit:
            return self
        if amount is None:
            return replace(self, deposit=deposit)
        plan = self.plan
        planned = plan.fee if plan.planned_fee is None and self.deposit.last is None else plan.planned_fee
        plan = replace(plan, fee=amount, planned_fee=planned)
        return replace(self, plan=plan, deposit=replace(deposit, last=amount))

    def charge(self, charges: Iterable[Charge]) -> Backorder:
        """Return it with these charges alone, in order of time; itself where it has them."""
        kept = tuple(sorted(charges, key=lambda charge: (charge.at, charge.key)))
        return self if kept == self.charges else replace(self, charges=kept)

    def look_up(self, found: Lookup) -> Backorder:
        """Return it as one whose name was looked up after its drop."""
        return replace(self.looked_at(), lookup=found)

    def settle(self) -> Backorder:
        """Return it as settled: its money is in place, and nothing is to be done about it any more."""
        return replace(self, settled=True)

    # What the store and reports need of it.

    def next_version(self) -> Backorder:
        """Return it as it is stored by the next write."""
        return replace(self, version=self.version + 1)

    def without_history(self) -> Backorder:
        """Return it without its history, which is more than all the rest."""
        return replace(self, history=())

    # What all verbs share.

    def _entered(
        self,
        to: State,
        *,
        at: datetime,
        why: str,
        call: Call | None = None,
        entry: ListPlace | None = None,
    ) -> Backorder:
        """Return it in state `to`, with the step. Raises IllegalTransition where the table does not allow that."""
        if to not in TRANSITIONS[self.state]:
            raise IllegalTransition(f"{self.domain}: {self.state} may not become {to} ({why})")
        entered = self._noted(to, at=at, why=why, call=call, entry=entry)
        held = self._held_at_its_deadline(at)
        plan = self.plan if held == self.plan.held_at_deadline else replace(self.plan, held_at_deadline=held)
        return replace(entered, state=to, entered_at=at, plan=plan)

    def _noted(
        self,
        to: State | None = None,
        *,
        at: datetime,
        why: str,
        call: Call | None = None,
        entry: ListPlace | None = None,
    ) -> Backorder:
        step = Step(at, self.state, to or self.state, why, call, entry)
        return replace(self, history=(*self.history, step)[-HISTORY_LIMIT:])

    def _over(self, at: datetime) -> Backorder:
        """Return it as one whose end we know ourselves.

        Without an application it is settled at once: no money of it is anywhere. But one that was funded and missed
        stays open until reconciliation has told somebody, and one that was withdrawn until its deposit is back.
        """
        no_money = self.application is None and self.deposit.amount is None
        told = self.state is not State.MISSED or self.plan.reason not in FUNDED_AND_MISSED
        return replace(self, outcome_at=at, settled=no_money and told)

    def _held_at_its_deadline(self, until: datetime) -> tuple[datetime, Reason] | None:
        """Return that as it is noted already, or as it stands since it entered its state. Another deadline, where the
        drop was moved, is another matter."""
        noted, deadline, reason = (
            self.plan.held_at_deadline,
            self.schedule.deadline,
            self.plan.reason,
        )
        if self.state is not State.HELD or reason is None or deadline is None:
            return noted
        if not self.since <= deadline <= until:
            return noted
        return noted if noted is not None and noted[0] == deadline else (deadline, reason)
