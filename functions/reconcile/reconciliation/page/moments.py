"""What comes next: until when orders must be in, when fees are reserved, names drop, auctions end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime

from backorder.model import Backorder, State
from backorder.money import ZERO
from backorder.provider.adapter import LOCK_LEAD
from reconciliation.page.model import Moment

MOST_NAMES = 3
AUCTION = "auction ends"


def moments(backorders: Iterable[Backorder], *, now: datetime) -> list[Moment]:
    """In order of time; names with the same moment are one line, the best names first."""
    together: defaultdict[tuple[datetime, str], list[Backorder]] = defaultdict(list)
    for backorder in backorders:
        for at, what in _coming(backorder):
            if at >= now:
                together[at, what].append(backorder)
    return [
        Moment(
            at=at,
            what=what,
            names=[b.domain for b in sorted(some, key=lambda b: (-b.priority, b.domain))[:MOST_NAMES]],
            count=len(some),
            amount=sum((b.fee for b in some if b.fee is not None), ZERO),
            estimated=what != AUCTION and any(b.finalization_at is None for b in some),
        )
        for (at, what), some in sorted(together.items(), key=lambda each: each[0])
    ]


def _coming(backorder: Backorder) -> Iterator[tuple[datetime, str]]:
    if backorder.state.is_waiting and backorder.deadline is not None:
        yield backorder.deadline, "order by"
    if backorder.state is State.REQUESTED and backorder.finalization_at is not None:
        yield backorder.finalization_at - LOCK_LEAD, "fee reserved"
    if backorder.state in (State.REQUESTED, State.ACTIVE, State.PROCESSING) and backorder.batch_starts_at is not None:
        yield backorder.batch_starts_at, "drop"
    if backorder.state is State.AUCTION_PENDING and backorder.auction_ends_at is not None:
        yield backorder.auction_ends_at, AUCTION
