"""When registries delete names: the table of `registries.toml`, in UTC.

Registry times are local times with daylight saving; the table keeps them so, and `zoneinfo` turns them into UTC for a
day.
"""

from __future__ import annotations

import importlib.resources
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictInt, model_validator

_DAY = timedelta(days=1)
_hour_and_minute = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d", re.ASCII).fullmatch
_EARLIEST_MIDNIGHT = timedelta(hours=-14)
"""A day begins first on the Line Islands (UTC+14): at 10:00 UTC of the day before."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A registry's run of drops on one day. Times are aware, in UTC."""

    starts_at: datetime
    ends_at: datetime
    known: bool
    """False: no row of the table says when it begins; `starts_at` is the earliest moment that it can be."""


def _time_zone(value: object) -> object:
    try:
        return value if isinstance(value, ZoneInfo) else ZoneInfo(value)  # type: ignore[arg-type]
    except (LookupError, OSError, TypeError, ValueError):
        raise ValueError(f'{value!r} is no time zone: write its name, such as "Europe/Rome"') from None


def _time_of_day(value: object) -> object:
    if isinstance(value, time):
        return value
    if not isinstance(value, str) or not _hour_and_minute(value):
        raise ValueError(f'{value!r} is no time of day: write it as "14:00"')
    return time.fromisoformat(value)


def _some(value: object) -> object:
    if isinstance(value, list) and not value:
        raise ValueError('write at least one time of day, such as ["14:00"]')
    return value


def _weekday(value: object) -> object:
    if isinstance(value, bool) or value not in range(7):
        raise ValueError("write 0 (Monday) to 6 (Sunday)")
    return value


class Times(BaseModel):
    """When a registry drops names, in local time: a row of the table, or a section of the user's `rules.toml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    starts: Annotated[tuple[Annotated[time, BeforeValidator(_time_of_day)], ...], BeforeValidator(_some)]
    time_zone: Annotated[ZoneInfo, BeforeValidator(_time_zone)] = ZoneInfo("UTC")
    minutes: Annotated[StrictInt, Field(gt=0, le=1440)] | None = None
    weekday: Annotated[StrictInt | None, BeforeValidator(_weekday)] = None

    @model_validator(mode="before")
    @classmethod
    def _one_zone(cls, table: object) -> object:
        if isinstance(table, Mapping) and any(isinstance(value, Mapping) for value in table.values()):
            raise ValueError('put a zone with a dot in quotes: [registries."co.uk"]')
        return table

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

    def nearest_start(self, moment: datetime) -> datetime:
        """Return the beginning of a batch (UTC) that is nearest to `moment`; of a row that has `starts`."""
        today = moment.astimezone(self.time_zone).date()
        days = (today + number * _DAY for number in range(-7, 8))
        starts = (
            datetime.combine(day, at, self.time_zone).astimezone(UTC)
            for day in days
            if self.weekday in (None, day.weekday())
            for at in self.starts
        )
        return min(starts, key=lambda start: abs(start - moment))


class Registry(Times):
    """One row of the table."""

    zones: tuple[str, ...] = Field(min_length=1)
    starts: tuple[Annotated[time, BeforeValidator(_time_of_day)], ...]
    source: str
    verified: bool


class Registries:
    """The table, by zone."""

    def __init__(self, by_zone: Mapping[str, Times]) -> None:
        self._by_zone = by_zone

    @classmethod
    def load(cls) -> Registries:
        """The table that ships with the layer (`registries.toml`), read once."""
        return _shipped()

    def overridden(self, times: Mapping[str, Times]) -> Registries:
        """The same table, but for the zones of which the user knows better; each of `times` takes a row's place."""
        return Registries({**self._by_zone, **times}) if times else self

    def of(self, zone: str) -> Times | None:
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
    table = importlib.resources.files("backorder.domain").joinpath("registries.toml").read_text("utf-8")
    rows = [Registry.model_validate(row) for row in tomllib.loads(table)["registry"]]
    return Registries({zone: row for row in rows for zone in row.zones})
