"""`dates_ranked`: no source of a lower rank moved a date of a higher one. The ranks are stated here again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from backorder.domain.backorder import Backorder
from backorder.domain.dates import DateStatement
from backorder.domain.states import State

RANKS = ("application", "provider", "registry", "user", "other")
A_DAY = timedelta(days=1)


def rank_of(backorder: Backorder) -> int | None:
    """Return the best rank of those that dated it; None where nobody did."""
    return min((RANKS.index(said.source) for said in backorder.dates), default=None)


def outranked(before: Backorder, after: Backorder) -> str | None:
    """What is wrong with a change of a backorder's date; None: nothing."""
    goes_by = [(each.schedule.finalization_at, each.schedule.batch_starts_at) for each in (before, after)]
    one, other = rank_of(before), rank_of(after)
    if goes_by[0] == goes_by[1] or one is None:
        return None
    # The application is gone, and what it said is the provider's word.
    gone = RANKS[one] == "application" and after.state is State.HELD
    if other is None or (other > one and not gone):
        lower = "nobody" if other is None else RANKS[other]
        return f"{after.domain}: dated by {RANKS[one]}, then by {lower}"
    return None


def wrongly_dated(backorders: Sequence[Backorder]) -> Iterator[str]:
    """Whoever does not go by the best statement that it has, one line each."""
    for backorder in backorders:
        best = min(backorder.dates, key=lambda said: RANKS.index(said.source), default=None)
        if best is not None and not _goes_by(backorder, best):
            by = best.finalization_at or best.drop_at or best.drop_day
            stands = backorder.schedule.finalization_at or backorder.schedule.batch_starts_at
            yield f"{backorder.domain}: goes by {stands}, and {best.source} says {by}"


def _goes_by(backorder: Backorder, said: DateStatement) -> bool:
    if said.finalization_at is not None:
        return backorder.schedule.finalization_at == said.finalization_at
    if backorder.schedule.finalization_at is not None or backorder.schedule.batch_starts_at is None:
        return False
    if said.drop_at is not None:
        return backorder.schedule.batch_starts_at == said.drop_at
    return said.drop_day is None or abs(backorder.schedule.batch_starts_at.date() - said.drop_day) <= A_DAY
