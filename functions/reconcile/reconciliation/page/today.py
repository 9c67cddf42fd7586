"""What happened since midnight, and what stands now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from backorder.domain.backorder import Backorder
from backorder.domain.states import State
from backorder.store import ListRecord
from reconciliation.page.model import Today
from reconciliation.page.outcomes import GROUPS


class SinceMidnight:
    """Counts backorders, which are told one by one; midnight is that of `time_zone`."""

    def __init__(self, now: datetime, time_zone: ZoneInfo) -> None:
        self._midnight = now.astimezone(time_zone).replace(hour=0, minute=0, second=0, microsecond=0)
        self._ordered = 0
        self._decided: Counter[str] = Counter()
        self._standing: Counter[str] = Counter()
        self._held = 0

    def add(self, backorder: Backorder) -> None:
        group = GROUPS[backorder.state]
        self._standing[group] += 1
        self._held += backorder.state is State.HELD
        self._ordered += backorder.submitted_at is not None and backorder.submitted_at >= self._midnight
        if backorder.state.is_final and backorder.outcome_at is not None and backorder.outcome_at >= self._midnight:
            self._decided[group] += 1

    def counts(self, lists: Iterable[ListRecord]) -> Today:
        """With those of the lists that were read since midnight."""
        read = [record for record in lists if record.read_at >= self._midnight]
        return Today(
            lists=len(read),
            accepted=sum(record.accepted for record in read),
            ordered=self._ordered,
            won=self._decided["won"],
            lost=self._decided["lost"],
            missed=self._decided["missed"],
            waiting=self._standing["waiting"],
            held=self._held,
            placed=self._standing["placed"],
        )
