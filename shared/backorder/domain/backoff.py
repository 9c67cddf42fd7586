"""How long to wait before something is tried again that the provider refused for one object. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

SHORTEST = timedelta(minutes=5)
"""A tick."""
FIRST = timedelta(minutes=30)
LONGEST = timedelta(hours=6)
MATTERS_AFTER = 3
"""So many refusals of one object are worth a person's look."""


def next_look(times: int, now: datetime, *, until: datetime | None = None) -> datetime:
    """When to try again after so many refusals in a row: after half an hour, then after twice as long each time, six
    hours at most. Before a last moment `until`, after half of the time that is left, so that the tries become denser,
    but never sooner than after five minutes."""
    doublings: int = min(max(times - 1, 0), 10)
    pause: timedelta = min(FIRST * (1 << doublings), LONGEST)
    if until is not None and until > now:
        pause = min(pause, (until - now) / 2)
    return now + max(pause, SHORTEST)
