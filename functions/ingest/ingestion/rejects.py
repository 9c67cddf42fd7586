"""A list's rejects: each is counted, and the first are written for people."""

from __future__ import annotations

from collections import Counter

from ingestion.reading import Reject

MOST_WRITTEN = 10_000
"""Rejects of a list that its report has. A packed list of nothing else would make a report many times its size, and
whoever has mended so many uploads the list again."""


class Rejects:
    """Takes the rejects of one list, in its order."""

    def __init__(self) -> None:
        self.reasons: Counter[str] = Counter()
        """How many there are, by the kind of their faults."""
        self.first: list[Reject] = []
        """Those to write."""

    @property
    def number(self) -> int:
        """Of all of them."""
        return self.reasons.total()

    @property
    def note(self) -> str | None:
        """For people, where not all are written."""
        more = self.number - len(self.first)
        return (
            f"rejects.csv has the first {len(self.first):,} rejects; {more:,} more are only counted." if more else None
        )

    def __call__(self, reject: Reject) -> None:
        """Counts one more."""
        self.reasons[reject.kind] += 1
        if len(self.first) < MOST_WRITTEN:
            self.first.append(reject)
