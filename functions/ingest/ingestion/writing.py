"""Entries on their way into the store: many at a time, counted in the order of the list, and stopped where time ends.

What became of the entries up to some line, and which lines are rejects that are only counted, is a `Progress`. It is
kept now and then, and when time runs short: whoever reads the list again passes over these. Each write is repeatable,
so a progress that is old, or was kept by another reader of the same list, is as good as any: it holds for the entries
that it counts. (Their number says nothing: which names are there already, and so are written although nobody chose
them, is another matter when the list is read again.)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from pydantic import BaseModel, Field

from ingestion.intake import Outcome, Taken
from ingestion.notices import MOST_NAMES, Notice
from ingestion.reading import Entry
from ingestion.rejects import Rejected
from ingestion.rounds import Place
from ingestion.summary import ListSummary

RESERVE_S = 60.0
"""Seconds before the function's end at which nothing new is begun: what was begun is finished, and kept."""
KEPT_EVERY = 10_000
"""Writes after which progress is kept, so that a function that dies repeats no more."""
_MOST_NOTES = 50
"""Sentences about single names in a summary; the rest is counted."""


class TimeIsShort(Exception):
    """The list goes on in a next invocation, from the progress that was kept. Whoever it passes says what they know."""

    line: int = 0
    """Of the list, up to which all is written, or known to be rejects."""
    done: int = 0
    """How much of the list is done: see `Progress`."""
    so_far: ListSummary | None = None
    """Of the list, up to there; of the object, where no list was begun."""
    lists: int = 0
    """Others of the object, that are at their end."""
    version: str | None = None
    """Of the object that is read."""

    @property
    def place(self) -> Place:
        return self.lists, self.done


def check_time(seconds_left: Callable[[], float]) -> None:
    """Raises TimeIsShort where nothing new may be begun."""
    if seconds_left() < RESERVE_S:
        raise TimeIsShort


class Progress(BaseModel):
    """What became of the entries, up to a line, that were given to the store; and which lines are rejects."""

    line: int = 0
    """The last one's."""
    written: int = 0
    accepted: int = 0
    duplicates: int = 0
    not_selected: int = 0
    left_out_by: dict[str, int] = Field(default_factory=dict)
    """Which state left entries out, with how many."""
    changed: dict[str, int] = Field(default_factory=dict)
    """What entries changed of backorders that were there already, with how many."""
    notes: list[str] = Field(default_factory=list)
    # How many names each notice is about, and the first of them.
    notices: dict[Notice, int] = Field(default_factory=dict)
    noticed: dict[Notice, list[str]] = Field(default_factory=dict)
    rejected: Rejected = Field(default_factory=Rejected)
    """Wherever they are in the list."""

    @property
    def reached(self) -> int:
        """The last line that need not be read again."""
        return max(self.line, self.rejected.end)

    @property
    def done(self) -> int:
        """How much is done: it grows with each line that need not be read again."""
        return self.line + self.rejected.number

    def count(self, entry: Entry, taken: Taken) -> None:
        """One more, in the order of the list."""
        self.line = entry.line
        self.written += 1
        if taken.changed:
            self.changed[taken.changed] = self.changed.get(taken.changed, 0) + 1
        for notice, name in taken.notices:
            self.notices[notice] = self.notices.get(notice, 0) + 1
            names = self.noticed.setdefault(notice, [])
            if len(names) < MOST_NAMES:
                names.append(name)
        if taken.outcome is Outcome.ACCEPTED:
            self.accepted += 1
        elif taken.outcome is Outcome.DUPLICATE:
            self.duplicates += 1
        elif taken.outcome is Outcome.NOT_SELECTED:
            self.not_selected += 1
            self.left_out_by[taken.why] = self.left_out_by.get(taken.why, 0) + 1
            if len(self.notes) < _MOST_NOTES:
                self.notes.append(f"{entry.domain}: {taken.why}")


class Writes:
    """Takes entries one after the other, within a `with` block, and has them written side by side.

    Those that `progress` counts already are passed over. `keep` keeps the progress for a next invocation.
    """

    def __init__(
        self,
        progress: Progress,
        keep: Callable[[Progress], None],
        *,
        writers: int,
        look_ahead: int,
        seconds_left: Callable[[], float],
    ) -> None:
        self.progress = progress
        self._keep = keep
        self._look_ahead = look_ahead
        self._seconds_left = seconds_left
        self._line_before = progress.line
        self._done_before = progress.done
        self._pending: deque[tuple[Entry, Future[Taken]]] = deque()
        self._pool = ThreadPoolExecutor(writers, thread_name_prefix="write")

    def __call__(self, entry: Entry, take: Callable[[Entry], Taken]) -> None:
        """Has `take` called with the entry. Raises TimeIsShort, or what an earlier write raised."""
        if entry.line <= self._line_before:
            return
        check_time(self._seconds_left)
        self._pending.append((entry, self._pool.submit(take, entry)))
        if len(self._pending) >= self._look_ahead:
            self._count()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is not None and not isinstance(error, TimeIsShort):
            # The event comes again: what has not begun need not be written now.
            self._pool.shutdown(wait=True, cancel_futures=True)
            return
        try:
            while self._pending:
                self._count()
        finally:
            self._pool.shutdown(wait=True, cancel_futures=True)
        if isinstance(error, TimeIsShort):
            error.line, error.done = self.progress.reached, self.progress.done
            if self.progress.done > self._done_before:
                self._keep(self.progress)

    def _count(self) -> None:
        entry, write = self._pending.popleft()
        self.progress.count(entry, write.result())
        if self.progress.written % KEPT_EVERY == 0:
            self._keep(self.progress)
