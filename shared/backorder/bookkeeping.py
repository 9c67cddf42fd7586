"""Double entry: what a posting is, and what the accounts are (see docs/money.md)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from backorder.money import ZERO


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
    """The command whose answer it was read from."""
    text: str


def balances(postings: Iterable[Posting]) -> dict[Account, Decimal]:
    """What each account holds after `postings`: all it received less all it gave. They add up to zero."""
    held = dict.fromkeys(Account, ZERO)
    for posting in postings:
        held[posting.source] -= posting.amount
        held[posting.target] += posting.amount
    return held
