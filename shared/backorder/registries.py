"""When registries delete names: the table of `registries.toml`, in UTC.

Registry times are local times with daylight saving; the table keeps them so, and `zoneinfo` turns them into UTC for a
day.
"""

from __future__ import annotations

import importlib.resources
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

_DAY = timedelta(days=1)
_EARLIEST_MIDNIGHT = timedelta(hours=-14)
"""A day begins first on the Line Islands (UTC+14): at 10:00 UTC of the day before."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A registry's run of drops on one day. Times are aware, in UTC."""

    starts_at: datetime
    ends_at: datetime
    known: bool
    """False: no row of the table says when it begins; `starts_at` is the earliest moment that it can be."""


class Registry(BaseModel):
    """One row of the table: when the names of some zones drop, in local time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zones: tuple[str, ...] = Field(min_length=1)
    time_zone: Annotated[ZoneInfo, BeforeValidator(ZoneInfo)]
    starts: tuple[time, ...]
    minutes: int | None = Field(default=None, gt=0)
    weekday: int | None = Field(default=None, ge=0, le=6)
    source: str
    verified: bool

    @property
    def span(self) -> timedelta | None:
        """From the beginning of a day's first batch to the end of its last; None if its length is unknown."""
        if self.minutes is None or not self.starts:
            return None
        first, last = (timedelta(hours=at.hour, minutes=at.minute) for at in (min(self.starts), max(self.starts)))
        return last - first + timedelta(minutes=self.minutes)

    def start(self, day: date) -> datetime | None:
        """The moment (UTC) at which the first batch of `day`, a day in the registry's time zone, begins; None if
        unknown."""
        if not self.starts or self.weekday not in (None, day.weekday()):
            return None
        return datetime.combine(day, min(self.starts), self.time_zone).astimezone(UTC)

    def next_start(self, after: datetime, starts: Sequence[time]) -> datetime:
        """The first of `starts` (local times of day, at least one) that comes later than `after`; UTC."""
        today = after.astimezone(self.time_zone).date()
        moments = (
            datetime.combine(day, at, self.time_zone).astimezone(UTC)
            for day in (today, today + _DAY, today + 2 * _DAY)
            for at in starts
        )
        return min(moment for moment in moments if moment > after)


class Registries:
    """The table, by zone."""

    def __init__(self, rows: Iterable[Registry]) -> None:
        self._by_zone = {zone: row for row in rows for zone in row.zones}

    @classmethod
    def load(cls) -> Registries:
        """The table that ships with the layer (`registries.toml`), read once."""
        return _shipped()

    def of(self, zone: str) -> Registry | None:
        """The row for `zone` (a public suffix), if the table has one."""
        return self._by_zone.get(zone)

    def batch(self, zone: str, day: date) -> Batch:
        """When names of `zone` that drop on `day` (as the zone's registry dates it) are released.

        A batch of unknown beginning is taken to begin at 10:00 UTC of the day before, the earliest moment at which
        the day begins anywhere; one of unknown length to end a day after the drop day's end (UTC).
        Raises OverflowError within two days of the calendar's ends.
        """
        registry = self.of(zone)
        starts_at = registry.start(day) if registry else None
        if starts_at is None:
            earliest = datetime.combine(day, time(), UTC) + _EARLIEST_MIDNIGHT
            return Batch(earliest, latest_end(day), known=False)
        return Batch(starts_at, self.end(zone, starts_at, day), known=True)

    def end(self, zone: str, starts_at: datetime, day: date | None = None) -> datetime:
        """When a batch of `zone` that begins at `starts_at` is over (UTC); `day` is its drop day, if not that
        moment's own."""
        registry = self.of(zone)
        span = registry.span if registry else None
        if span is not None:
            return starts_at + span
        return latest_end(day or starts_at.astimezone(UTC).date())


def latest_end(day: date) -> datetime:
    """The end of `day` (UTC) plus 24 hours: by then, whatever dropped on that day has dropped."""
    return datetime.combine(day, time(), UTC) + 2 * _DAY


@cache
def _shipped() -> Registries:
    table = importlib.resources.files("backorder").joinpath("registries.toml").read_text("utf-8")
    return Registries(Registry.model_validate(row) for row in tomllib.loads(table)["registry"])
