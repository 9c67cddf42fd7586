"""What the page shows: values only, ready to be laid out. Amounts in the account's currency, times aware.

Everything is bounded, however long the pipeline has run: what a part leaves out it counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from backorder.documents.successes import Expectation
from backorder.domain.findings import Finding, Kind
from backorder.store import ListRecord


@dataclass(frozen=True, slots=True)
class Task:
    """What needs a person: the open findings of one kind."""

    kind: Kind
    findings: Sequence[Finding]
    """The first of them."""
    count: int
    amount: Decimal | None
    """Of all of them together; None where amounts say nothing."""


@dataclass(frozen=True, slots=True)
class Today:
    """Since midnight, in the reader's time zone; `waiting` and `placed` as they are now."""

    lists: int
    accepted: int
    """Of the entries of these lists."""
    ordered: int
    won: int
    lost: int
    missed: int
    waiting: int
    held: int
    """Of the waiting, because something keeps them from being ordered."""
    placed: int
    """At the provider, undecided."""


@dataclass(frozen=True, slots=True)
class FundingDay:
    """The highest of a day; None where nobody knows."""

    day: date
    capacity: Decimal | None
    """What may be bound together: by orders, by others' in the account, and by renewals."""
    drawn: Decimal | None
    """What was reserved; of the days ahead, what is bound by all that is at the provider."""
    needed: Decimal | None
    """The same with what was, or is, wanted beside it, and has a drop date."""
    short: Decimal
    """What was, or will be, missing for names that wait: of the days ahead, from when it is to be paid in."""
    is_past: bool


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Backorders by what became of them, of one zone, of one week, or of all."""

    name: str
    won: int = 0
    lost: int = 0
    missed: int = 0
    refused: int = 0
    gone: int = 0
    """Cancelled, or no longer known to the provider."""
    undecided: int = 0
    charged: Decimal = Decimal(0)
    """For the names that were won, with tax."""

    @property
    def decided(self) -> int:
        return self.won + self.lost + self.missed + self.refused + self.gone

    @property
    def catch_rate(self) -> Decimal | None:
        """Names won of those that dropped with an order of ours in place; None if none did."""
        tried = self.won + self.lost
        return Decimal(self.won) / tried if tried else None

    @property
    def cost_a_name(self) -> Decimal | None:
        """What a caught name costs; None if none was, or nothing was charged yet."""
        return self.charged / self.won if self.won and self.charged else None


@dataclass(frozen=True, slots=True)
class Moment:
    """What happens next, to all names to which it happens at the same time."""

    at: datetime
    what: str
    names: Sequence[str]
    """The first of them."""
    count: int
    amount: Decimal
    """Fees of all of them, as far as they are known."""
    estimated: bool
    """For one of them at least."""


@dataclass(frozen=True, slots=True)
class Statement:
    """The account over the month: `closing` is `opening` and all that came and went."""

    month: date
    """Its first day."""
    opening: Decimal
    paid_in: Decimal
    charged: Decimal
    other: Decimal
    unexplained: Decimal
    closing: Decimal
    deposited: Decimal
    given_back: Decimal
    """Deposits: they move money inside the account."""


@dataclass(frozen=True, slots=True)
class Row:
    """A backorder in the table of all."""

    domain: str
    zone: str
    state: str
    group: str
    """`waiting`, `placed`, `won`, `lost`, `missed`, `refused`, `gone`: what its colour says."""
    priority: Decimal
    fee: Decimal | None
    deadline: datetime | None
    # How the date is known: `the registry's list, estimated`; empty where there is none.
    dated_by: str
    ordered_at: datetime | None
    list: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class StageLine:
    """When a stage of the pipeline last succeeded."""

    expected: Expectation
    at: datetime | None
    """None: it never did."""
    overdue: timedelta | None
    """For how long it has not, where that is too long."""


@dataclass(frozen=True, slots=True)
class AuctionRow:
    """An auction that runs, or whose price is to be paid. Amounts in words, with their currency."""

    domain: str
    url: str | None
    stands: str
    price: str | None
    next_bid: str | None
    ends_at: datetime | None
    pay_until: datetime | None


@dataclass(frozen=True, slots=True)
class Page:
    """The whole page."""

    at: datetime
    """Of the reconciliation that wrote it."""
    time_zone: ZoneInfo
    currency: str
    amount: Decimal | None
    """The balance at the provider, what is reserved included; None where it was not read."""
    reserved: Decimal | None
    stages: Sequence[StageLine]
    unread: str | None
    """Why the account could not be read this time; states and money are those of the time before."""
    unheard: str | None
    """Why the address for alerts gets no mail, and what to do; None if it does."""
    clock: str | None
    """How far the provider's clock is off, where that is more than ten seconds: `41 seconds ahead of ours`."""
    tasks: Sequence[Task]
    today: Today
    funding: Sequence[FundingDay]
    outlook: str | None
    """The last plan's sentence of what is missing, and by when."""
    zones: Sequence[Outcomes]
    weeks: Sequence[Outcomes]
    total: Outcomes
    auctions: Sequence[AuctionRow]
    auctions_left_out: int
    moments: Sequence[Moment]
    moments_left_out: int
    """How many of single names come after them."""
    statement: Statement | None
    """None before the books are opened."""
    lists: Sequence[ListRecord]
    """The newest first."""
    lists_left_out: int
    rows: Sequence[Row]
    rows_left_out: int
