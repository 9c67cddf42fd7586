"""What the postings of a day come to, so that nobody has to read them all to draw a chart or a statement. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from backorder.domain.ledger import Account, Posting, PostingKind


@dataclass(frozen=True, slots=True)
class Sum:
    """What one kind of posting moved within an hour, and how many there were."""

    hour: datetime
    """Its beginning, UTC."""
    kind: PostingKind
    source: Account
    target: Account
    amount: Decimal
    currency: str
    count: int

    @property
    def as_posting(self) -> Posting:
        """As if it were one posting, at the beginning of the hour."""
        key = f"sum#{self.hour:%Y-%m-%dT%H}#{self.kind}#{self.source}#{self.target}"
        return Posting(
            key, self.hour, self.kind, self.source, self.target, self.amount, self.currency, None, "", "sum of an hour"
        )


def sum_up(postings: Iterable[Posting]) -> tuple[Sum, ...]:
    """In order of time."""
    amounts: defaultdict[tuple[datetime, PostingKind, Account, Account, str], Decimal] = defaultdict(Decimal)
    counts: defaultdict[tuple[datetime, PostingKind, Account, Account, str], int] = defaultdict(int)
    for posting in postings:
        hour = posting.at.replace(minute=0, second=0, microsecond=0)
        one = (hour, posting.kind, posting.source, posting.target, posting.currency)
        amounts[one] += posting.amount
        counts[one] += 1
    return tuple(
        Sum(hour, kind, source, target, amount, currency, counts[hour, kind, source, target, currency])
        for (hour, kind, source, target, currency), amount in sorted(amounts.items())
    )
