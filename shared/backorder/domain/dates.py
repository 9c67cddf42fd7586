"""Who says when a domain drops, and whose date counts. Pure.

Anybody's list may date anything. So a backorder keeps what each source said last, a *date statement*, and goes by the
one of the highest rank; docs/lists.md has the rules in a table.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from backorder.domain.moments import Moment
from backorder.domain.registries import Registries
from backorder.domain.schedule import UNDATED, Schedule, schedule

SAME_DROP = timedelta(hours=48)
"""A day and the moment within it, named by two lists, are no further apart."""


class DateSource(StrEnum):
    """Who says when a domain drops, in order of rank: an earlier source outranks a later one."""

    APPLICATION = "application"
    PROVIDER = "provider"
    REGISTRY = "registry"
    USER = "user"
    OTHER = "other"

    @property
    def rank(self) -> int:
        """Return the rank: 0 counts most."""
        return _RANKS[self]

    @property
    def in_words(self) -> str:
        """Return what reports call the source."""
        return _IN_WORDS[self]


_RANKS = {source: rank for rank, source in enumerate(DateSource)}
_IN_WORDS = {
    DateSource.APPLICATION: "the application's own finalization date",
    DateSource.PROVIDER: "the provider's pending-delete list",
    DateSource.REGISTRY: "the registry's list",
    DateSource.USER: "a wanted list",
    DateSource.OTHER: "another list",
}


@dataclass(frozen=True, slots=True)
class DateStatement:
    """What one source said of a domain's drop. Moments are aware, in UTC; at least one date is given."""

    source: DateSource
    # The list's LastModified, or when the provider was asked.
    said_at: Moment
    # The list's name; None for what the provider answered.
    list: str | None = None
    # In the registry's time zone.
    drop_day: date | None = None
    drop_at: Moment | None = None
    # The provider's last moment for an application.
    finalization_at: Moment | None = None

    def schedule(self, zone: str, registries: Registries) -> Schedule:
        """Return the schedule that follows from this statement alone."""
        return schedule(
            zone,
            drop_day=self.drop_day,
            drop_at=self.drop_at,
            finalization_at=self.finalization_at,
            registries=registries,
        )

    def is_past(self, zone: str, registries: Registries, now: datetime) -> bool:
        """Tell whether the moment that it names is over."""
        moments = self.schedule(zone, registries)
        moment = moments.finalization_at or moments.batch_starts_at
        return moment is not None and moment <= now

    @property
    def _exactness(self) -> int:
        return 2 if self.finalization_at is not None else 1 if self.drop_at is not None else 0


def with_statement(
    statements: Iterable[DateStatement], said: DateStatement, *, zone: str, registries: Registries
) -> tuple[DateStatement, ...]:
    """Return the statements with `said` among them, by rank: of each source the newest.

    A day that only repeats a moment of the same source is no news: the moment stays, as new as the day.
    """
    of_source = {statement.source: statement for statement in statements}
    before = of_source.get(said.source)
    if before is None or _replaces(said, before):
        if before is not None and _only_repeats(said, before, zone, registries):
            said = replace(before, said_at=said.said_at)
        of_source[said.source] = said
    return tuple(sorted(of_source.values(), key=lambda statement: statement.source.rank))


def _replaces(said: DateStatement, before: DateStatement) -> bool:
    """Tell whether it is newer; or of the same list, read again with another table of registries."""
    return said.said_at > before.said_at or (said.said_at == before.said_at and said.list == before.list)


def _only_repeats(said: DateStatement, before: DateStatement, zone: str, registries: Registries) -> bool:
    if said._exactness >= before._exactness or said.said_at == before.said_at:
        return False
    one, other = (statement.schedule(zone, registries).batch_starts_at for statement in (said, before))
    return one is not None and other is not None and abs(one - other) <= SAME_DROP


def decisive(statements: Iterable[DateStatement]) -> DateStatement | None:
    """Return the statement that counts: the one of the highest rank, and of that rank the newest."""
    return min(statements, key=lambda statement: (statement.source.rank, -statement.said_at.timestamp()), default=None)


def schedule_of(statements: Iterable[DateStatement], *, zone: str, registries: Registries) -> Schedule:
    """Return the schedule of a domain in `zone` by the statement that counts.

    Where that one is a finalization date, the moment of the drop is what the best other statement says, if it lies
    within a day after that date.
    """
    ranked = sorted(statements, key=lambda statement: statement.source.rank)
    counts = decisive(ranked)
    if counts is None:
        return UNDATED
    moments = counts.schedule(zone, registries)
    if moments.finalization_at is None or counts.drop_at is not None:
        return moments
    for other in ranked:
        if other.drop_at is not None:
            refined = replace(counts, drop_at=other.drop_at).schedule(zone, registries)
            if refined.batch_starts_at == other.drop_at:
                return refined
    return moments


def inherited(statements: Iterable[DateStatement]) -> tuple[DateStatement, ...]:
    """Return what the statements are worth once the application is gone: its date is the provider's, as old as it was.

    Where the provider's list said something later, that stays.
    """
    kept = {statement.source: statement for statement in statements}
    own = kept.pop(DateSource.APPLICATION, None)
    listed = kept.get(DateSource.PROVIDER)
    if own is not None and (listed is None or listed.said_at <= own.said_at):
        kept[DateSource.PROVIDER] = replace(own, source=DateSource.PROVIDER)
    return tuple(sorted(kept.values(), key=lambda statement: statement.source.rank))
