"""The table of all names: those of the highest interest."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from datetime import UTC, datetime
from operator import itemgetter

from backorder.domain.backorder import Backorder
from backorder.domain.schedule import Known
from reconciliation.page.model import Row
from reconciliation.page.outcomes import GROUPS

MOST_ROWS = 20_000
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_SOME_DAY = datetime.max.replace(tzinfo=UTC)


def first_rows(backorders: Iterable[Backorder]) -> list[Row]:
    """What is undecided, the next deadline first; then what was decided last. It goes through all of them, once."""
    rows = ((_interest(backorder), _row(backorder)) for backorder in backorders)
    return [row for _, row in heapq.nsmallest(MOST_ROWS, rows, key=itemgetter(0))]


def _interest(backorder: Backorder) -> tuple[bool, float, str, int]:
    if backorder.state.is_final:
        return True, -(backorder.outcome_at or _LONG_AGO).timestamp(), backorder.domain, backorder.cycle
    return False, (backorder.schedule.deadline or _SOME_DAY).timestamp(), backorder.domain, backorder.cycle


def _row(backorder: Backorder) -> Row:
    return Row(
        domain=backorder.domain,
        zone=backorder.zone,
        state=backorder.state.in_words,
        group=GROUPS[backorder.state],
        priority=backorder.wish.priority,
        fee=backorder.plan.fee,
        deadline=backorder.schedule.deadline,
        dated_by=_dated_by(backorder),
        ordered_at=backorder.submitted_at,
        list=backorder.wish.place.list,
        line=backorder.wish.place.line,
        reason=(backorder.refusal.words if backorder.refusal is not None else None) or backorder.plan.reason or "",
    )


def _dated_by(backorder: Backorder) -> str:
    if backorder.dated_by is None:
        return ""
    estimated = "" if backorder.schedule.known is Known.FINALIZATION else ", estimated"
    return f"{backorder.dated_by.in_words}{estimated}"
