"""Double entry: what a posting is, and what the accounts are (see docs/money.md)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from backorder.domain.money import ZERO


class Account(StrEnum):
    """`AMOUNT = balance + reserved`, `DEPOSIT = reserved` at the provider; the rest: where money came from or went."""

    BALANCE = "balance"
    RESERVED = "reserved"
    FEES = "fees"
    TAX = "tax"
    PAID_IN = "paid_in"
    OPENING = "opening"
    OTHER = "other"
    UNEXPLAINED = "unexplained"


_COST = frozenset({Account.FEES, Account.TAX})

PostingKind = Literal[
    "opening",
    "deposit",
    "refund",  # of a lost order's deposit
    "release",  # of any other deposit: the order was won and is charged, or the lease lapsed
    "charge",  # for a name that was won
    "disputed",  # a charge for a name that was not
    "payment",
    "other",
    "unexplained",
    "reversal",  # of a posting whose row at the provider changed or vanished
]


@dataclass(frozen=True, slots=True)
class Posting:
    """An immutable line of the ledger: `amount` (positive) goes from `source` to `target`.

    `key` is made of the provider's ids, so that what is read twice is posted once.
    """

    key: str
    at: datetime
    """When it happened at the provider, where it says so; else when it was seen. UTC."""
    kind: PostingKind
    source: Account
    """The account that gives."""
    target: Account
    """The account that receives."""
    amount: Decimal
    currency: str
    domain: str | None
    seen_in: str
    """The answer of the provider that it was read from: `account`, `deposits` or `entries`."""
    text: str

    @property
    def effect(self) -> Decimal:
        """What it changes the spendable balance by."""
        if self.target is Account.BALANCE:
            return self.amount
        return -self.amount if self.source is Account.BALANCE else ZERO

    @property
    def cost(self) -> Decimal:
        """What backorders cost by it, with tax."""
        cost = self.amount if self.target in _COST else ZERO
        return cost - self.amount if self.source in _COST else cost


@dataclass(frozen=True, slots=True)
class Lease:
    """A deposit as the books have it: reserved now, or given back lately. The provider leases funds and renews that."""

    id: str
    """The provider's."""
    domain: str
    amount: Decimal
    currency: str
    created_at: datetime
    time: int = 1
    """How often it was there: one that lapsed may come back under its id."""
    cycle: int | None = None
    """Our backorder of the domain that it is for; None: somebody else's."""
    alone_since: datetime | None = None
    """Since when the provider has had no application that it could be for."""
    gone_at: datetime | None = None
    is_for_a_backorder: bool = True
    """As far as the provider says; a login reserves for other things, too."""
    is_foreign: bool = False
    """A look at the applications showed that it is reserved for one that somebody else placed."""

    @property
    def key(self) -> str:
        """Of its posting."""
        return f"deposit#{self.id}#{self.amount}#{self.time}"


def balances(postings: Iterable[Posting]) -> dict[Account, Decimal]:
    """What each account holds after `postings`: all it received less all it gave. They add up to zero."""
    held = dict.fromkeys(Account, ZERO)
    for posting in postings:
        held[posting.source] -= posting.amount
        held[posting.target] += posting.amount
    return held


@dataclass(frozen=True, slots=True)
class Tally:
    """The ledger added up, so that nobody has to read all of it to know how it stands."""

    balances: Mapping[Account, Decimal] = field(default_factory=dict)
    totals: Mapping[PostingKind, Decimal] = field(default_factory=dict)
    """The amounts of all postings of a kind."""
    spent: Mapping[date, Decimal] = field(default_factory=dict)
    """What backorders cost, with tax, by day (UTC)."""
    postings: int = 0

    def plus(self, postings: Iterable[Posting]) -> Tally:
        """With `postings` added."""
        held = {**dict.fromkeys(Account, ZERO), **self.balances}
        totals, spent, count = defaultdict(Decimal, self.totals), defaultdict(Decimal, self.spent), self.postings
        for posting in postings:
            held[posting.source] -= posting.amount
            held[posting.target] += posting.amount
            totals[posting.kind] += posting.amount
            spent[posting.at.date()] += posting.cost
            count += 1
        return Tally(held, dict(totals), {day: amount for day, amount in spent.items() if amount}, count)
