"""The statement: by day, what could be spent, and what came and went. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from backorder.domain.ledger import Account, Posting, PostingKind
from backorder.domain.money import ZERO

Column = Literal["deposits", "refunds", "charges", "pay_ins", "other"]
COLUMNS: tuple[Column, ...] = ("deposits", "refunds", "charges", "pay_ins", "other")

_COLUMN_OF: Mapping[PostingKind, Column] = {
    "deposit": "deposits",
    # Of an order that was won and is charged, or of a lease that lapsed: no refund, the deposit is merely undone.
    "release": "deposits",
    "refund": "refunds",
    "charge": "charges",
    "disputed": "charges",
    "payment": "pay_ins",
}
_TAKEN_BACK_IN: Mapping[Account, Column] = {
    Account.FEES: "charges",
    Account.TAX: "charges",
    Account.PAID_IN: "pay_ins",
}
"""For a reversal, by the account at its other end: a charge that was corrected is not two charges."""


@dataclass(frozen=True, slots=True)
class StatementDay:
    """One day (UTC): `opening` and all that moved is `closing`. Amounts in the account's currency, out is negative."""

    day: date
    opening: Decimal
    moved: Mapping[Column, Decimal]
    closing: Decimal


def statement(postings: Iterable[Posting], *, closing: Decimal) -> list[StatementDay]:
    """The days on which the spendable balance moved, the earliest first; `closing` is what it is after all of them.

    What the books opened with is the first day's opening.
    """
    moved: defaultdict[date, defaultdict[Column, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    opened: defaultdict[date, Decimal] = defaultdict(Decimal)
    for posting in postings:
        if not posting.effect:
            continue
        if posting.kind == "opening":
            opened[posting.at.date()] += posting.effect
            moved[posting.at.date()]
        else:
            moved[posting.at.date()][_column_of(posting)] += posting.effect
    days: list[StatementDay] = []
    for day in sorted(moved, reverse=True):
        columns = {column: moved[day].get(column, ZERO) for column in COLUMNS}
        opening = closing - sum(columns.values(), ZERO)
        days.append(StatementDay(day, opening, columns, closing))
        closing = opening - opened[day]
    return days[::-1]


def _column_of(posting: Posting) -> Column:
    if posting.kind == "reversal":
        other_end = posting.source if posting.target is Account.BALANCE else posting.target
        return _TAKEN_BACK_IN.get(other_end, "other")
    return _COLUMN_OF.get(posting.kind, "other")
