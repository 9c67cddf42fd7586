"""What a backorder is made of: its value objects, each changed by the verbs of `backorder.py` alone. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import total_ordering
from typing import Literal, NamedTuple

from backorder.domain.moments import Moment
from backorder.domain.states import State


class BackorderKey(NamedTuple):
    """A domain and its drop cycle: a domain that drops again years later is a new backorder."""

    domain: str
    cycle: int


class TakingBack(StrEnum):
    """What a cancel can do to a backorder, in the words of the reports."""

    AT_ONCE = "at once: nothing was sent for it"
    AT_THE_PROVIDER = "at the provider"
    BEGUN = "cancelled already"
    TOO_LATE = "too late to take back"
    FOREIGN = "somebody else ordered it in this account: take it back there"


class Origin(StrEnum):
    """Whose application it is. A foreign one fulfils the wish and draws its fee, and is never withdrawn."""

    OURS = "ours"
    FOREIGN = "foreign"


class Source(StrEnum):
    """Who chose the domain: a person's wish outranks a rule's choice."""

    WANTED = "wanted"
    DROPPING = "dropping"


class Reason(StrEnum):
    """Why a backorder waits, was missed or is withdrawn; the words of the reports."""

    UNFUNDED = "unfunded"
    TOO_DEAR = "dearer than its max_price"
    LATE = "late"
    UNANSWERED = "unanswered"
    REFUSED = "refused"
    LIMIT = "over a limit of rules.toml"
    RENEWED = "renewed: its registry's list has it no more"
    LEFT_OUT = "left out by newer rules"


class Decider(StrEnum):
    """Who decides whether a backorder is wanted, in order of rank: a later one outranks an earlier one."""

    RULES = "rules"
    # A list that is complete for its days, and has the domain no more.
    LIST = "list"
    PERSON = "person"


_RANKS = {decider: rank for rank, decider in enumerate(Decider)}


@total_ordering
@dataclass(frozen=True, slots=True)
class Decision:
    """Who decided last whether a backorder is wanted, and when; the greater of two decisions stands.

    A person outranks a list, and a list the rules. Between two of the same rank, the newer one is the greater.
    """

    by: Decider
    # UTC: the LastModified of the person's, or of the complete, list; since when the rules choose as they do.
    at: Moment

    def __lt__(self, other: Decision) -> bool:
        return (_RANKS[self.by], self.at) < (_RANKS[other.by], other.at)


class ListPlace(NamedTuple):
    """Where an entry stands: in which version of which list, and in which line."""

    # Key of the list in the bucket (`archive#member` for one of several members).
    list: str
    version: str
    line: int

    def __str__(self) -> str:
        return f"{self.list} ({self.version}), line {self.line}"


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the provider that led to a step: its command, and what was answered."""

    command: str
    # The provider's code, where it refused.
    code: int | None = None
    application: str | None = None
    unanswered: bool = False

    def __str__(self) -> str:
        answer = "unanswered" if self.unanswered else self.application if self.code is None else self.code
        return self.command if answer is None else f"{self.command} {answer}"


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a backorder's history."""

    at: Moment
    left: State
    entered: State
    why: str
    call: Call | None = None
    # The entry of a list that led here: a person's cancel.
    entry: ListPlace | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the provider refused of a backorder: to place it, to withdraw it, or to amend it."""

    # The provider's, of the last time.
    words: str
    # In a row, where each was about this one alone.
    times: int = 0
    # When what was refused first had been sent: a placement may have taken effect all the same.
    since: Moment | None = None
    # The account's credit was too small for it.
    for_credit: bool = False


@dataclass(frozen=True, slots=True)
class RefusedLook:
    """A look at one object that the provider refused, and when it is looked at again."""

    call: Call
    # The provider's.
    words: str
    since: Moment
    # In a row.
    times: int
    next_at: Moment


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's hold on a backorder while a command for it may be under way.

    `first_sent_at` and `extra` are those of the first attempt: what a later worker asks about, and sends again, is what
    the first one sent; once its zone refused it for what it lacks, with INCOMPLETE=1.
    """

    attempt: str
    kind: Literal["order", "withdraw"]
    first_sent_at: Moment
    lease_until: Moment
    # How many times the command was or may have been sent.
    sent: int = 0
    # The outcome of the last sending is unknown: ask before anything else.
    unanswered: bool = False
    # How many times in a row the provider said that it has no such application.
    asked: int = 0
    ask_after: Moment | None = None
    # How many times the provider answered that it has such an application already.
    exists: int = 0
    # Every application for this domain is in a final state, and the provider still answers that it exists: NEW=1.
    new: bool = False
    extra: Mapping[str, str] = field(default_factory=dict)
    # The provider's applications for this domain before the first attempt, by id: none of these was made by it.
    # None: it was not asked, and their times tell.
    there: tuple[str, ...] | None = None

    def may_be_taken_over(self, now: datetime) -> bool:
        """Tell whether its worker is through or gone, and the pause before the next question over."""
        return self.lease_until <= now and (self.ask_after is None or self.ask_after <= now)


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """An application of ours that the provider took back, and when we knew."""

    at: Moment
    application: str | None


@dataclass(frozen=True, slots=True)
class Charge:
    """One accounting entry that is a backorder's: positive where it was charged, negative where it was given back.

    Amounts in the account's currency.
    """

    # Of the ledger's postings.
    key: str
    at: Moment
    net: Decimal
    tax: Decimal
    # The name was not won, and the books have it under `other`.
    disputed: bool = False

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax


@dataclass(frozen=True, slots=True)
class Wish:
    """Who chose the domain, with what priority, up to which price, and from which list."""

    source: Source
    # 0 to 10, higher is better.
    priority: Decimal
    place: ListPlace
    # Who decided last whether it is wanted, and when.
    decided: Decision
    # Gross, in the account's currency; None: no limit.
    max_price: Decimal | None = None
    note: str | None = None
    # Why the rules chose it, with its score; None for what a person wants.
    chosen: str | None = None
    # The entry of a list in which a person cancelled it last, though it may be wanted again since.
    cancelled_by: ListPlace | None = None


@dataclass(frozen=True, slots=True)
class PlannedSubmission:
    """What the last plan decided, and why a backorder waits, was missed, or is withdrawn."""

    # What it draws: the zone's fee as it was planned, then the deposit as the provider reserved it. Gross, in the
    # account's currency.
    fee: Decimal | None = None
    # The fee that it was planned with when it was placed last.
    planned_fee: Decimal | None = None
    reason: Reason | None = None
    # Its deadline, if that passed while it was held, and what for.
    held_at_deadline: tuple[Moment, Reason] | None = None
    # When it is to be placed, late: until then, other backorders' deposits come back.
    send_at: Moment | None = None
    queued_until: Moment | None = None
    # Not tried again before then: the provider asked for patience.
    not_before: Moment | None = None
    # A better one needs its money, or the money is gone: it is to be withdrawn, and to wait again.
    marked_for_withdrawal: bool = False


NOTHING_PLANNED = PlannedSubmission()


@dataclass(frozen=True, slots=True)
class PlacedApplication:
    """The provider's record of a backorder."""

    id: str
    # When the provider took it, UTC, by the provider's clock.
    submitted_at: Moment | None
    origin: Origin = Origin.OURS
    # Between which moments (UTC) we sent what made it and had the answer; None: it was found later.
    answered: tuple[Moment, Moment] | None = None
    # Parameters that the provider misses in it, or takes for invalid.
    lacks: tuple[str, ...] = ()
    # What was last sent to amend it, parameters with their values: not sent again.
    amended_with: tuple[tuple[str, str], ...] = ()
    # The provider's word for its state, where we do not know it.
    unknown_status: str | None = None


@dataclass(frozen=True, slots=True)
class DepositState:
    """What the provider reserves for a backorder. Gross, in the account's currency."""

    # When its deposits were last read; None: nothing.
    amount: Decimal | None = None
    # What was reserved last, also if that is gone by now; None: nothing since it was placed last.
    last: Decimal | None = None
    # The deposit, if that was what is usual in its zone at some time: it is no other one for a price that changed.
    usual: Decimal | None = None
    # Since when it has been ACTIVE without a deposit.
    missing_since: Moment | None = None


NO_DEPOSIT = DepositState()


@dataclass(frozen=True, slots=True)
class AuctionState:
    """The auction for a caught name, by the provider's words; `currency` need not be the account's."""

    won: bool = False
    lost: bool = False
    # Empty where nothing is known of it.
    currency: str = ""
    best_bid: Decimal | None = None
    # To be paid by the winner, once it is known.
    price: Decimal | None = None
    vat: Decimal | None = None
    bidders: int | None = None
    # When it ends, or ended.
    ends_at: Moment | None = None
    url: str | None = None
    # The least that the next bid must be, with its currency.
    next_bid: str | None = None
    # When it was last seen as pending after its end.
    pending_at: Moment | None = None
    # What was won is paid, as far as the provider's words tell.
    paid: bool = False


NO_AUCTION = AuctionState()


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a look at the name after its drop found: in the account, if it was won, else whether it is free."""

    at: Moment | None = None
    # Lost, and free at the ordinary price.
    is_free: bool = False
    # Of a won name's registration.
    expires_at: Moment | None = None
    renewal_mode: str | None = None


NEVER_LOOKED_UP = Lookup()
