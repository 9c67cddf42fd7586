"""A backorder, and what becomes of it.

Pure: no clock, no network, no database. `moved` gives a changed copy; the store writes it on condition that nobody else
changed the backorder in the meantime, so that a late or repeated event cannot move one backwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal, NamedTuple

from backorder.domain.dates import DateSource, DateStatement, decisive, schedule_of, with_statement
from backorder.domain.money import ZERO
from backorder.domain.registries import Registries
from backorder.domain.schedule import Known, Schedule
from backorder.domain.states import FINAL, PLACED, TAKEN_BACK_AT_THE_PROVIDER, TRANSITIONS, WAITING, WON, State

HISTORY_LIMIT = 40
"""So many steps stay on the item: it ends at 400 KB, and a provider that is down for a day means hundreds."""


class TakingBack(StrEnum):
    """What a cancel can do to a backorder, in the words of the reports."""

    AT_ONCE = "at once: nothing was sent for it"
    AT_THE_PROVIDER = "at the provider"
    BEGUN = "cancelled already"
    TOO_LATE = "too late to take back"
    FOREIGN = "somebody else ordered it in this account: take it back there"


class Origin(StrEnum):
    """Whose application it is. A foreign one fulfils the wish and draws its fee, and is never taken back."""

    OURS = "ours"
    FOREIGN = "foreign"


class Source(StrEnum):
    """Who chose the name: a person's wish outranks a rule's choice."""

    WANTED = "wanted"
    DROPPING = "dropping"


class Reason(StrEnum):
    """Why a backorder waits, was missed or is taken back; the words of the reports."""

    UNFUNDED = "unfunded"
    TOO_DEAR = "dearer than its max_price"
    LATE = "late"
    UNANSWERED = "unanswered"
    REFUSED = "refused"
    LIMIT = "over a limit of rules.toml"
    RENEWED = "renewed: its registry's list has it no more"
    LEFT_OUT = "left out by newer rules"


FUNDED_AND_MISSED = frozenset({Reason.LATE, Reason.UNANSWERED, Reason.REFUSED})
"""Why one is missed whose money was there."""


class IllegalTransition(ValueError):
    """A move that the table does not allow was tried: a bug, or an event from the past."""


class BackorderKey(NamedTuple):
    """A domain and its drop cycle: a domain that drops again years later is a new backorder."""

    domain: str
    cycle: int


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a backorder's history."""

    at: datetime
    left: State
    entered: State
    why: str
    call: str | None = None
    """The provider's command that led here, where one did, with the application or the code of the refusal:
    `AddDomainApplication 10700`, `AddDomainApplication 549`."""


@dataclass(frozen=True, slots=True)
class RefusedLook:
    """A look at one object that the provider refused, and when it is looked at again."""

    call: str
    """The command with the code: `StatusDomainApplication 549`."""
    words: str
    """The provider's."""
    since: datetime
    times: int
    """In a row."""
    next_at: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's hold on a backorder while a command for it may be under way.

    `first_sent_at` and `extra` are frozen at the first attempt: what a later worker asks about, and sends again, is
    what the first one sent.
    """

    attempt: str
    kind: Literal["order", "withdraw"]
    first_sent_at: datetime
    lease_until: datetime
    sent: int = 0
    """How many times the command was or may have been sent."""
    unanswered: bool = False
    """The outcome of the last sending is unknown: ask before anything else."""
    asked: int = 0
    """How many times in a row the provider said that it has no such application."""
    ask_after: datetime | None = None
    exists: int = 0
    """How many times the provider answered that it has such an application already."""
    new: bool = False
    """Every application for this domain is in a final state, and the provider still answers that it exists: NEW=1."""
    extra: Mapping[str, str] = field(default_factory=dict)
    there: tuple[str, ...] | None = None
    """The provider's applications for this domain before the first attempt, by id: none of these was made by it.
    None: it was not asked, and their times tell."""

    def may_be_taken_over(self, now: datetime) -> bool:
        """Its worker is through or gone, and the pause before the next question is over."""
        return self.lease_until <= now and (self.ask_after is None or self.ask_after <= now)


@dataclass(frozen=True, slots=True)
class Charge:
    """One booking at the provider that is an order's: positive where it was charged, negative where it was given back.

    Amounts in the account's currency.
    """

    key: str
    """Of the ledger's postings."""
    at: datetime
    net: Decimal
    tax: Decimal
    disputed: bool = False
    """The name was not won, and the books have it under `other`."""

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax


@dataclass(frozen=True, slots=True)
class AuctionTold:
    """An auction for a caught name, by the provider's words. Amounts in `currency`, which need not be the account's."""

    won: bool
    lost: bool
    currency: str
    best_bid: Decimal | None = None
    price: Decimal | None = None
    """To be paid by the winner, once it is known."""
    vat: Decimal | None = None
    bidders: int | None = None


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

    version: int = 0
    """Counts the writes: each is conditional on the one that it was read at."""
    origin: Origin = Origin.OURS
    max_price: Decimal | None = None
    note: str | None = None
    chosen: str | None = None
    """Why the rules chose it, with its score; None for what a person wants."""
    said_at: datetime | None = None
    """`LastModified` of the list in which a person last wanted or cancelled it; None while only rules chose it."""
    rules_since: datetime | None = None
    """Since when those rules choose as they do: only newer ones choose it anew, or no more."""

    # What each source said last of its drop, by rank: the first one counts.
    dates: tuple[DateStatement, ...] = ()
    # LastModified of the complete list that had it no more; None: none did, or a later list had it again.
    missing_since: datetime | None = None
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
    failure: str | None = None
    """The provider's last refusal, in its words."""
    failures: int = 0
    """How often in a row the provider refused what was asked of it for this one: its order, or to take it back."""
    refused_since: datetime | None = None
    """When what was refused first had been sent: for an order, it may have taken effect all the same."""
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
    def closed_on(self) -> date:
        """The day (UTC) under which it is found once it is not open any more: that of its outcome."""
        return (self.outcome_at or self.created_at).date()

    @property
    def dated_by(self) -> DateSource | None:
        """Return whose date counts; None where nobody gave one."""
        counts = decisive(self.dates)
        return None if counts is None else counts.source

    @property
    def taking_back(self) -> TakingBack:
        """What a cancel would do to it now."""
        if self.state is State.CANCELLED or self.cancel_requested:
            return TakingBack.BEGUN
        if self.state.is_waiting:
            return TakingBack.AT_ONCE
        if self.state not in TAKEN_BACK_AT_THE_PROVIDER:
            return TakingBack.TOO_LATE
        return TakingBack.FOREIGN if self.origin is Origin.FOREIGN else TakingBack.AT_THE_PROVIDER

    def missed_for(self, reason: Reason) -> Reason:
        """Why it is missed that came to nothing for `reason`: what it was held for when its deadline passed (money, its
        max_price, a limit) kept it from being ordered in time, whatever came of it when it was tried late."""
        if self.held_at_deadline is not None and self.held_at_deadline[0] == self.deadline:
            return self.held_at_deadline[1]
        return reason

    def moved(self, to: State, *, at: datetime, why: str, call: str | None = None, **changes: Any) -> Backorder:
        """A copy in state `to`, with the step in its history and `changes` to other fields.

        A final state without an application is settled at once: no money of it is anywhere. But one that was funded and
        missed stays open until reconciliation has told somebody, and one that was taken back until its deposit is back.
        Raises IllegalTransition where the table does not allow the step.
        """
        if to not in TRANSITIONS[self.state]:
            raise IllegalTransition(f"{self.domain}: {self.state} may not become {to} ({why})")
        step = Step(at, self.state, to, why, call)
        changes.setdefault("held_at_deadline", self._held_at_its_deadline(at))
        if to.is_final:
            changes.setdefault("outcome_at", at)
            no_money = changes.get("application", self.application) is None and self.deposit is None
            told = to is not State.MISSED or changes.get("reason", self.reason) not in FUNDED_AND_MISSED
            changes.setdefault("settled", no_money and told)
        return replace(self, state=to, history=(*self.history, step)[-HISTORY_LIMIT:], **changes)

    def _held_at_its_deadline(self, until: datetime) -> tuple[datetime, Reason] | None:
        """As it is noted already, or as it stands since it entered its state. Another deadline, where the drop was
        moved, is another matter."""
        noted, deadline = self.held_at_deadline, self.deadline
        since = self.history[-1].at if self.history else self.created_at
        if self.state is not State.HELD or self.reason is None or deadline is None or not since <= deadline <= until:
            return noted
        return noted if noted is not None and noted[0] == deadline else (deadline, self.reason)

    def because(self, reason: Reason, *, at: datetime) -> Backorder:
        """A copy that waits for another reason than before; its state stays."""
        return replace(self, reason=reason, held_at_deadline=self._held_at_its_deadline(at))

    def repaired(
        self, values: Mapping[str, str], incomplete: tuple[str, ...], *, at: datetime, why: str, call: str
    ) -> Backorder:
        """A copy for which `values` were sent to mend its application, and what that lacks still; its state stays."""
        step = Step(at, self.state, self.state, why, call)
        history = (*self.history, step)[-HISTORY_LIMIT:]
        return replace(self, repaired_with=tuple(sorted(values.items())), incomplete=incomplete, history=history)

    def planned(self, send_at: datetime) -> Backorder:
        """A copy that is to be sent then; its state stays."""
        return replace(self, send_at=send_at)

    def priced(self, fee: Decimal) -> Backorder:
        """A copy with the fee that is planned with; itself where it has that, or a deposit, which says more."""
        return self if self.fee == fee or self.deposit is not None else replace(self, fee=fee)

    def to_be_displaced(self, *, at: datetime, why: str) -> Backorder:
        """A copy that is to be taken back for want of funds; its state stays."""
        step = Step(at, self.state, self.state, why)
        return replace(self, displaced=True, history=(*self.history, step)[-HISTORY_LIMIT:])

    def to_be_kept(self) -> Backorder:
        """A copy that is not to be taken back after all; its state stays."""
        return replace(self, displaced=False)

    def dated(self, schedule: Schedule, **changes: Any) -> Backorder:
        """A copy with the moments of `schedule`, and `changes` to other fields; its state stays."""
        return replace(self, **moments_of(schedule), **changes)

    def with_date(self, said: DateStatement, *, at: datetime, registries: Registries) -> Backorder:
        """Return a copy that knows the statement, heard of at `at`, and goes by the one that counts; itself where that
        changes nothing.

        A finalization date that is heard of when its deadline is over was not known in time: until then, an
        application was sent by an estimate.
        """
        dates = with_statement(self.dates, said, zone=self.zone, registries=registries)
        moments = schedule_of(dates, zone=self.zone, registries=registries)
        known_before = self.deadline_known is Known.FINALIZATION and self.finalization_at == moments.finalization_at
        if moments.known is Known.FINALIZATION and moments.deadline and at > moments.deadline and not known_before:
            moments = replace(moments, known=Known.ESTIMATED)
        changed = self.dated(moments, dates=dates)
        return self if changed == self else changed


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


__all__ = [
    "FINAL",
    "FUNDED_AND_MISSED",
    "HISTORY_LIMIT",
    "PLACED",
    "TAKEN_BACK_AT_THE_PROVIDER",
    "TRANSITIONS",
    "WAITING",
    "WON",
    "AuctionTold",
    "Backorder",
    "BackorderKey",
    "Charge",
    "Claim",
    "IllegalTransition",
    "Origin",
    "Reason",
    "RefusedLook",
    "Source",
    "State",
    "Step",
    "TakingBack",
    "moments_of",
]
