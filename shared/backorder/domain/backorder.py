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
from typing import Any

from backorder.domain.dates import DateSource, DateStatement, decisive, inherited, schedule_of, with_statement
from backorder.domain.money import ZERO
from backorder.domain.registries import Registries
from backorder.domain.schedule import Known, Schedule
from backorder.domain.states import CLAIMED, TRANSITIONS, WITHDRAWABLE, State
from backorder.domain.values import (
    AuctionTold,
    BackorderKey,
    Call,
    Charge,
    Claim,
    Decision,
    ListPlace,
    Origin,
    Reason,
    Refusal,
    RefusedLook,
    Source,
    Step,
    TakingBack,
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

    domain: str
    cycle: int
    zone: str
    state: State
    source: Source
    priority: Decimal
    """0 to 10, higher is better."""
    list: str
    """Key of the list in the bucket (`archive#member` for one of several members)."""
    list_version: str
    line: int
    created_at: datetime
    decided: Decision
    """Who decided last whether it is wanted, and when."""

    version: int = 0
    """Counts the writes: each is conditional on the one that it was read at."""
    origin: Origin = Origin.OURS
    max_price: Decimal | None = None
    note: str | None = None
    chosen: str | None = None
    """Why the rules chose it, with its score; None for what a person wants."""
    cancelled_by: ListPlace | None = None
    """The entry of a list in which a person cancelled it last, though it may be wanted again since."""

    # What each source said last of its drop, by rank: the first one counts.
    dates: tuple[DateStatement, ...] = ()
    finalization_at: datetime | None = None
    deadline: datetime | None = None
    deadline_known: Known = Known.NONE
    last_chance: datetime | None = None
    """Until then an order is still tried: the deadline, or the batch's beginning where the deadline is an estimate."""
    batch_starts_at: datetime | None = None
    batch_ends_at: datetime | None = None

    fee: Decimal | None = None
    """What it draws: the zone's fee as it was planned, then the deposit as the provider reserved it."""
    planned_fee: Decimal | None = None
    """The fee that it was planned with when it was ordered last."""
    last_deposit: Decimal | None = None
    """What was reserved for it, also if that is gone by now; None: nothing since it was ordered last."""
    reason: Reason | None = None
    """Why it waits or was missed."""
    held_at_deadline: tuple[datetime, Reason] | None = None
    """Its deadline, if that passed while it was held, and what for."""
    refusal: Refusal | None = None
    """What the provider refused of it last; None: nothing, or it was taken since."""
    queued_until: datetime | None = None
    not_before: datetime | None = None
    """Not tried again before then (the provider asked for patience)."""
    claim: Claim | None = None
    cancel_requested: bool = False
    displaced: bool = False
    """A better one needs its money, or the money is gone: it is to be taken back, and to wait again."""
    send_at: datetime | None = None
    """When it is to be ordered, late: until then, other names' deposits come back."""

    application: str | None = None
    submitted_at: datetime | None = None
    """When the provider took the application (its CREATEDDATE)."""
    answered: tuple[datetime, datetime] | None = None
    """Between which moments (UTC) we sent what made the application and had the answer; None: it was found later."""
    withdrawal: Withdrawal | None = None
    """The last application of ours for it that the provider took back."""
    deposit: Decimal | None = None
    """Reserved at the provider when its deposits were last read."""
    usual_deposit: Decimal | None = None
    """Its deposit, if that was what is usual in its zone at some time: it is no other one for a price that changed."""
    unreserved_since: datetime | None = None
    """Since when it has been ACTIVE without a deposit."""
    charges: tuple[Charge, ...] = ()
    repaired_with: tuple[tuple[str, str], ...] = ()
    """What was last sent to mend its application, parameters with their values: not sent again."""
    incomplete: tuple[str, ...] = ()
    """Parameters that the provider misses in its application, or takes for invalid."""
    unknown_status: str | None = None
    """The provider's word for its state, where we do not know it."""
    auction: AuctionTold | None = None
    """What the provider said last of the auction for it."""
    auction_ends_at: datetime | None = None
    """When the auction for it ends, or ended."""
    auction_url: str | None = None
    auction_next_bid: str | None = None
    """The least that the next bid must be, with its currency, which need not be the account's."""
    auction_pending_at: datetime | None = None
    """When it was last seen as pending after the auction's end."""
    auction_paid: bool = False
    """What was won in the auction is paid, as far as the provider's words tell."""
    outcome_at: datetime | None = None
    """When a final state was first seen."""
    refused_look: RefusedLook | None = None
    """Its application or its name could not be looked at; None: it could, the last time."""
    checked_at: datetime | None = None
    """When the name was looked up after its drop: a won one in the account, a lost one whether it is free."""
    still_free: bool = False
    """Lost, and free at the ordinary price when it was looked up."""
    expires_at: datetime | None = None
    """Of a won name's registration."""
    renewal_mode: str | None = None
    entered_at: datetime | None = None
    """When it entered its state; None: when it was created."""
    settled: bool = False
    """Final, its money in place (a lost order's deposit is back, a won one's charge is booked), and looked up."""
    history: tuple[Step, ...] = ()

    @property
    def key(self) -> BackorderKey:
        return BackorderKey(self.domain, self.cycle)

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
    def may_be_withdrawn(self) -> bool:
        """Tell whether its application is ours, and the provider lets it go now."""
        return self.state in WITHDRAWABLE and self.origin is Origin.OURS and self.application is not None

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
        if self.held_at_deadline is not None and self.held_at_deadline[0] == self.deadline:
            return self.held_at_deadline[1]
        return reason

    # What a list, or the rules, decide.

    def want(self, by: Decision, *, priority: Decimal, max_price: Decimal | None, note: str | None) -> Backorder:
        """Return it as a person wants it from now on. `max_price` is gross, in the account's currency."""
        return replace(self, source=Source.WANTED, decided=by, priority=priority, max_price=max_price, note=note)

    def choose(
        self, by: Decision, chosen: str | None, *, priority: Decimal, max_price: Decimal | None, note: str | None
    ) -> Backorder:
        """Return it as the rules choose it from now on; `chosen` says why. `max_price` is gross."""
        return replace(self, decided=by, chosen=chosen, priority=priority, max_price=max_price, note=note)

    def decide(self, by: Decision) -> Backorder:
        """Return it with a decision that changes nothing else."""
        return replace(self, decided=by)

    def cancel(
        self, by: Decision, *, at: datetime, why: str, reason: Reason | None = None, entry: ListPlace | None = None
    ) -> Backorder:
        """Return it as wanted no more: CANCELLED where nothing was sent, else to be withdrawn.

        What is to be withdrawn already is so by this decision from now on. `entry`: the person's.
        """
        decided = replace(self, decided=by, cancelled_by=entry or self.cancelled_by)
        if self.taking_back is TakingBack.AT_ONCE:
            return replace(decided._entered(State.CANCELLED, at=at, why=why, entry=entry), reason=reason)._over(at)
        marked = decided._noted(at=at, why=why, entry=entry)
        return replace(marked, cancel_requested=self.state is not State.CANCELLED, reason=reason)

    def uncancel(self) -> Backorder:
        """Return it as wanted again, before it was withdrawn."""
        return replace(self, cancel_requested=False, reason=None)

    def with_date(self, said: DateStatement, *, at: datetime, registries: Registries) -> Backorder:
        """Return it with the statement, heard of at `at`, going by the one that counts; itself where that changes
        nothing.

        A finalization date that is heard of when its deadline is over was not known in time: until then, an
        application was sent by an estimate.
        """
        dates = with_statement(self.dates, said, zone=self.zone, registries=registries)
        moments = schedule_of(dates, zone=self.zone, registries=registries)
        known_before = self.deadline_known is Known.FINALIZATION and self.finalization_at == moments.finalization_at
        if moments.known is Known.FINALIZATION and moments.deadline and at > moments.deadline and not known_before:
            moments = replace(moments, known=Known.ESTIMATED)
        changed = replace(self, dates=dates, **moments_of(moments))
        return self if changed == self else changed

    # What a plan decides.

    def with_fee(self, fee: Decimal) -> Backorder:
        """Return it with the fee that is planned with; itself where it has that, or a deposit, which says more."""
        return self if self.fee == fee or self.deposit is not None else replace(self, fee=fee)

    def queue(self, *, fee: Decimal, until: datetime, at: datetime) -> Backorder:
        """Return it as QUEUED: to be placed now, and picked again if no worker begins with it `until` then."""
        queued = self._entered(State.QUEUED, at=at, why="due, and the account covers it")
        return replace(
            queued,
            fee=fee,
            planned_fee=fee,
            last_deposit=None,
            reason=None,
            not_before=None,
            queued_until=until,
            send_at=None,
        )

    def hold(self, reason: Reason, *, fee: Decimal, at: datetime) -> Backorder:
        """Return it as HELD for `reason`; itself where it is."""
        if self.state is not State.HELD:
            held = self._entered(State.HELD, at=at, why=str(reason))
            return replace(held, reason=reason, queued_until=None, send_at=None).with_fee(fee)
        if self.reason is not reason:
            return replace(self, reason=reason, held_at_deadline=self._held_at_its_deadline(at)).with_fee(fee)
        return self.with_fee(fee)

    def put_off(self, send_at: datetime, *, fee: Decimal, at: datetime) -> Backorder:
        """Return it as SELECTED, to be placed at `send_at`; itself where it is."""
        if self.state is not State.SELECTED:
            why = f"funds suffice if it is ordered late: on {send_at:%-d %B %H:%M} UTC"
            selected = self._entered(State.SELECTED, at=at, why=why)
            return replace(selected, reason=None, queued_until=None, send_at=send_at).with_fee(fee)
        return (self if self.send_at == send_at else replace(self, send_at=send_at)).with_fee(fee)

    def mark_for_withdrawal(self, *, at: datetime) -> Backorder:
        """Return it as one that is to be withdrawn, and to wait again, for want of funds; its state stays."""
        why = "its funds are short, or needed by a better one: to be taken back"
        return replace(self._noted(at=at, why=why), displaced=True)

    def unmark(self) -> Backorder:
        """Return it as one that is not to be withdrawn for want of funds after all; its state stays."""
        return replace(self, displaced=False)

    # What a worker does with it.

    def claim_by(self, claim: Claim, *, at: datetime, why: str) -> Backorder:
        """Return it under a worker's claim, which is noted before the command is sent."""
        to = State.WITHDRAWING if claim.kind == "withdraw" else State.SUBMITTING
        return replace(self._entered(to, at=at, why=why), claim=claim)

    def ask_later(
        self, claim: Claim, *, at: datetime, why: str, call: Call | None = None, refusal: Refusal | None = None
    ) -> Backorder:
        """Return it under a claim that is open to the next question: nobody knows yet what came of the command."""
        stays = self._entered(self.state, at=at, why=why, call=call)
        return replace(stays, claim=claim, refusal=refusal or self.refusal)

    def place(
        self,
        application: str,
        *,
        state: State,
        origin: Origin,
        submitted_at: datetime,
        answered: tuple[datetime, datetime] | None = None,
        at: datetime,
        why: str,
        call: Call,
    ) -> Backorder:
        """Return it with its application, in the state that the provider gives that."""
        placed = self._entered(state, at=at, why=why, call=call)
        return replace(
            placed,
            application=application,
            origin=origin,
            submitted_at=submitted_at,
            answered=answered,
            claim=None,
            reason=None,
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
        return replace(
            released,
            claim=None,
            queued_until=None,
            reason=reason,
            refusal=refusal or self.refusal,
            not_before=not_before,
        )

    def hold_for_credit(self, refusal: Refusal, *, until: datetime, at: datetime, why: str, call: Call) -> Backorder:
        """Return it as HELD: the account's credit is too small, and nothing is sent `until` then; as CANCELLED where it
        is cancelled."""
        if self.cancel_requested:
            return self.end_cancelled(at=at, why=f"cancelled; {why}", call=call)
        held = self._entered(State.HELD, at=at, why=why, call=call)
        return replace(held, claim=None, reason=Reason.UNFUNDED, refusal=refusal, not_before=until)

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
        return replace(missed, claim=None, reason=reason, refusal=refusal or self.refusal)._over(at)

    def end_cancelled(self, *, at: datetime, why: str, call: Call | None = None) -> Backorder:
        """Return it as CANCELLED: nothing of it is at the provider."""
        return replace(self._entered(State.CANCELLED, at=at, why=why, call=call), claim=None)._over(at)

    def withdrawn(self, *, at: datetime, why: str, call: Call) -> Backorder:
        """Return it as CANCELLED where it is wanted no more, even if that was said only meanwhile; else as HELD.

        What was reserved for it stays on record until reconciliation has seen it back.
        """
        free = replace(
            self,
            claim=None,
            displaced=False,
            refusal=None,
            withdrawal=Withdrawal(at, self.application),
        )
        if self.cancel_requested:
            return free._entered(State.CANCELLED, at=at, why=why, call=call)._over(at)
        return replace(
            free._entered(State.HELD, at=at, why=why, call=call),
            reason=Reason.UNFUNDED,
            application=None,
            submitted_at=None,
            answered=None,
            dates=inherited(self.dates),
        )

    def keep(self, state: State, *, at: datetime, why: str, call: Call) -> Backorder:
        """Return it in the state of its application, which the provider did not take back.

        A cancel that came meanwhile holds as long as it can be done.
        """
        kept = self._entered(state, at=at, why=why, call=call)
        cancel = self.cancel_requested and state in WITHDRAWABLE
        return replace(kept, claim=None, cancel_requested=cancel, displaced=False, refusal=None, settled=False)

    def amend(
        self, values: Mapping[str, str], lacks: tuple[str, ...], *, at: datetime, why: str, call: Call
    ) -> Backorder:
        """Return it as one whose application was sent `values`, and `lacks` these parameters still; its state stays."""
        return replace(
            self._noted(at=at, why=why, call=call), repaired_with=tuple(sorted(values.items())), incomplete=lacks
        )

    def refuse(self, refusal: Refusal, *, until: datetime) -> Backorder:
        """Return it with what the provider refused of it, to be left alone `until` then; its state stays."""
        return replace(self, refusal=refusal, not_before=until)

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
        if (unknown_status, lacks) == (self.unknown_status, self.incomplete):
            return self
        return replace(self, unknown_status=unknown_status, incomplete=lacks)

    def refuse_look(self, refused: RefusedLook) -> Backorder:
        """Return it as one that could not be looked at."""
        return replace(self, refused_look=refused)

    def looked_at(self) -> Backorder:
        """Return it as one whose application, or name, was looked at; itself where no look was refused before."""
        return self if self.refused_look is None else replace(self, refused_look=None)

    def auction_seen(
        self,
        auction: AuctionTold,
        *,
        ends_at: datetime | None,
        pending_at: datetime | None,
        url: str | None,
        next_bid: str | None,
    ) -> Backorder:
        """Return it with what is known of the auction for it; itself where nothing changed."""
        changed = replace(
            self.looked_at(),
            auction=auction,
            auction_ends_at=ends_at,
            auction_pending_at=pending_at,
            auction_url=url,
            auction_next_bid=next_bid,
        )
        return self if changed == self else changed

    def auction_settled(self, *, paid: bool) -> Backorder:
        """Return it with whether the price of its auction is paid, as far as is known; itself where that is no news."""
        return self if self.auction_paid == paid else replace(self, auction_paid=paid)

    def reserve(
        self, deposit: Decimal | None, *, unreserved_since: datetime | None, usual_deposit: Decimal | None
    ) -> Backorder:
        """Return it with the deposit that the provider holds for it now; itself where nothing changed.

        What was reserved last stays as its fee.
        """
        known = (self.deposit, self.unreserved_since, self.usual_deposit)
        if (deposit, unreserved_since, usual_deposit) == known:
            return self
        changed = replace(self, deposit=deposit, unreserved_since=unreserved_since, usual_deposit=usual_deposit)
        if deposit is None:
            return changed
        planned = self.fee if self.planned_fee is None and self.last_deposit is None else self.planned_fee
        return replace(changed, fee=deposit, planned_fee=planned, last_deposit=deposit)

    def charge(self, charges: Iterable[Charge]) -> Backorder:
        """Return it with these charges alone, in order of time; itself where it has them."""
        kept = tuple(sorted(charges, key=lambda charge: (charge.at, charge.key)))
        return self if kept == self.charges else replace(self, charges=kept)

    def look_up_in_account(self, *, at: datetime, expires_at: datetime | None, renewal_mode: str | None) -> Backorder:
        """Return it as won, and seen in the account."""
        return replace(self.looked_at(), checked_at=at, expires_at=expires_at, renewal_mode=renewal_mode)

    def look_up_outside(self, *, at: datetime, is_free: bool) -> Backorder:
        """Return it as lost, and its name as free at the ordinary price or not."""
        return replace(self.looked_at(), checked_at=at, still_free=is_free)

    def settle(self) -> Backorder:
        """Return it as settled: its money is in place, and nothing is to be done about it any more."""
        return replace(self, settled=True)

    # What all verbs share.

    def _entered(
        self, to: State, *, at: datetime, why: str, call: Call | None = None, entry: ListPlace | None = None
    ) -> Backorder:
        """Return it in state `to`, with the step. Raises IllegalTransition where the table does not allow that."""
        if to not in TRANSITIONS[self.state]:
            raise IllegalTransition(f"{self.domain}: {self.state} may not become {to} ({why})")
        return replace(
            self._noted(to, at=at, why=why, call=call, entry=entry),
            state=to,
            entered_at=at,
            held_at_deadline=self._held_at_its_deadline(at),
        )

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
        no_money = self.application is None and self.deposit is None
        told = self.state is not State.MISSED or self.reason not in FUNDED_AND_MISSED
        return replace(self, outcome_at=at, settled=no_money and told)

    def _held_at_its_deadline(self, until: datetime) -> tuple[datetime, Reason] | None:
        """Return that as it is noted already, or as it stands since it entered its state. Another deadline, where the
        drop was moved, is another matter."""
        noted, deadline = self.held_at_deadline, self.deadline
        if (
            self.state is not State.HELD
            or self.reason is None
            or deadline is None
            or not self.since <= deadline <= until
        ):
            return noted
        return noted if noted is not None and noted[0] == deadline else (deadline, self.reason)


def moments_of(schedule: Schedule) -> dict[str, Any]:
    """Return a backorder's fields that have the moments of its schedule."""
    return {
        "finalization_at": schedule.finalization_at,
        "deadline": schedule.deadline,
        "deadline_known": schedule.known,
        "last_chance": schedule.last_chance,
        "batch_starts_at": schedule.batch_starts_at,
        "batch_ends_at": schedule.batch_ends_at,
    }
