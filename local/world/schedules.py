"""When EventBridge Scheduler would call: the next moment of a rate or of a daily cron expression. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_DAILY = re.compile(r"cron\((\d+) (\d+) (?:\*|\?) \* (?:\*|\?) \*\)")
_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def next_call(expression: str, timezone: str, *, after: datetime) -> datetime:
    """The first call after `after` (exclusive), in UTC. Rates count from midnight, which AWS does not promise.

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
