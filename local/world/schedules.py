"""When EventBridge Scheduler calls which function, and which of its calls may be left out. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from local.stack.deployment.model import Schedule

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_DAILY = re.compile(r"cron\((\d+) (\d+) (?:\*|\?) \* (?:\*|\?) \*\)")
_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
"""Less than anything here lasts: an instant before a moment, the moment itself is still to come."""


def next_call(expression: str, timezone: str, *, after: datetime) -> datetime:
    """Return the first call after `after` (exclusive), in UTC. Rates count from midnight, which AWS does not promise.

    Raises ValueError for an expression that is neither a rate nor a cron at one time of each day.
    """
    if rate := _RATE.fullmatch(expression):
        every = int(rate[1]) * _UNITS[rate[2]]
        return after + every - (after - _EPOCH) % every
    if daily := _DAILY.fullmatch(expression):
        minute, hour = int(daily[1]), int(daily[2])
        zone = ZoneInfo(timezone)
        day = after.astimezone(zone).date()
        while True:
            moment = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).astimezone(UTC)
            if moment > after:
                return moment
            day += timedelta(days=1)
    raise ValueError(f"schedule expression {expression!r}: only rates and daily crons run on one machine")


def in_order(schedules: Iterable[Schedule]) -> list[Schedule]:
    """Return those that are switched on, in the order in which they call where several are due at the same moment: the
    plan comes last, and sees what reconciliation found."""
    return sorted(
        (schedule for schedule in schedules if schedule.enabled),
        key=lambda schedule: schedule.function == "PlanSubmissions",
    )


def next_change(after: datetime, *moments: datetime | None) -> datetime:
    """Return the first moment after `after` at which a function could find something new: one of `moments`, which are
    all later than that, or the next midnight UTC, since days and months are closed then."""
    midnight = (after + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return min([midnight, *(moment for moment in moments if moment is not None)])


class Ticks:
    """The calls of schedules, without those at which nothing could have changed since the one before.

    A schedule is due when something arrived, was written or moved since its last call: then its next call counts. One
    that is not due waits for its first call at or after the next change. With `every`, each call counts.
    """

    def __init__(self, schedules: Iterable[Schedule], start: datetime, *, every: bool = False) -> None:
        self.schedules = in_order(schedules)
        self._every = every
        self._due = {schedule.id: True for schedule in self.schedules}
        # A call at the very moment of the start counts.
        self._called = {schedule.id: start - INSTANT for schedule in self.schedules}

    def next(self, schedule: Schedule, now: datetime, change: Callable[[datetime], datetime]) -> datetime:
        """Return the next call that counts. `change(after)` tells when something could change next."""
        earliest = self.earliest(schedule, now, change)
        return next_call(schedule.expression, schedule.timezone, after=earliest - INSTANT)

    def earliest(self, schedule: Schedule, now: datetime, change: Callable[[datetime], datetime]) -> datetime:
        """Return from when on a call counts, whenever the schedule calls."""
        earliest = max(self._called[schedule.id] + INSTANT, now)
        if self._due[schedule.id] or self._every:
            return earliest
        # A call at the very moment at which something changes sees the change.
        return max(earliest, change(earliest - INSTANT))

    def last(self, schedule: Schedule) -> datetime:
        """Return when it called last; an instant before the start if it never did."""
        return self._called[schedule.id]

    def called(self, schedule: Schedule, moment: datetime) -> None:
        """Note that it called at `moment`, and has seen all that changed before."""
        self._due[schedule.id] = False
        self._called[schedule.id] = moment

    def passed(self, moment: datetime) -> None:
        """Note that all calls up to `moment` were delivered or left out."""
        for schedule in self.schedules:
            self._called[schedule.id] = moment

    def changed(self, *, by: Schedule | None = None) -> None:
        """Note that something arrived or moved, or was written `by` the function of a schedule, which knows it."""
        for schedule in self.schedules:
            if by is None or schedule.id != by.id:
                self._due[schedule.id] = True

    def repeat(self, function: str) -> None:
        """Note that a call of `function` was in vain: its next one counts."""
        for schedule in self.schedules:
            if schedule.function == function:
                self._due[schedule.id] = True
