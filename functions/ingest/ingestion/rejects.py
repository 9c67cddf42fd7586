"""A list's rejects: each is counted, the first are written for people, long runs of the others are not read again."""

from __future__ import annotations

from collections import Counter

from pydantic import BaseModel, Field

from ingestion.reading import Reject
from ingestion.reading.lines import Run, run_of

MOST_WRITTEN = 10_000
"""Rejects of a list that its report has. A packed list of nothing else would make a report many times its size, and
whoever has mended so many uploads the list again."""
LONG = 10_000
"""Lines of a run that is worth remembering: to read as many takes a tenth of a second."""


class Rejected(BaseModel):
    """Lines that are known to be rejects, and that nobody writes: who reads the list again passes over them."""

    runs: list[Run] = Field(default_factory=list)
    """Long ones, in order."""
    reasons: dict[str, int] = Field(default_factory=dict)
    """How many of them there are, by the kind of their faults."""

    @property
    def number(self) -> int:
        return sum(self.reasons.values())

    @property
    def end(self) -> int:
        """The last of these lines; 0 where there are none."""
        return self.runs[-1][1] if self.runs else 0

    def add(self, run: Run, reasons: Counter[str]) -> None:
        """Takes in a run after the last one, or more of that."""
        if self.runs and self.runs[-1][1] == run[0] - 1:
            run = (self.runs.pop()[0], run[1])
        self.runs.append(run)
        self.reasons = dict(Counter(self.reasons) + reasons)


class Rejects:
    """Takes the rejects of one list, in its order."""

    def __init__(self, known: Rejected) -> None:
        """`known` are counted from the beginning, and grow with the runs that are found."""
        self.reasons = Counter(known.reasons)
        """How many there are, by the kind of their faults."""
        self.first: list[Reject] = []
        """Those to write."""
        self._known = known
        self._known_before = tuple(known.runs)
        self._run: Run = (0, -1)
        self._of_run: Counter[str] = Counter()

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

    def are_known(self, line: int) -> bool:
        """Whether this line was counted before."""
        return run_of(self._known_before, line) is not None

    def __call__(self, reject: Reject) -> None:
        """Counts one more."""
        self.reasons[reject.kind] += 1
        if len(self.first) < MOST_WRITTEN:
            self.first.append(reject)
            return
        if reject.line != self._run[1] + 1:
            self._run = (reject.line, reject.line)
            self._of_run.clear()
        self._run = (self._run[0], reject.line)
        self._of_run[reject.kind] += 1
        if self._of_run.total() >= LONG:
            self._known.add(self._run, self._of_run)
            self._run = (reject.line + 1, reject.line)
            self._of_run.clear()
