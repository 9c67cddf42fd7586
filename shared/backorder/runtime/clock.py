"""Time comes in from outside: every decision is given the moment at which it is made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
"""Gives the present moment, aware, in UTC. In Lambda the system's; on one machine the emulator's."""


def system_clock() -> datetime:
    """The machine's clock. The only place in the layer and the functions that reads it."""
    return datetime.now(UTC)


def iso(moment: datetime) -> str:
    """`2026-11-24T16:00:00Z`: the form of every time in items, messages and files."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def span(length: timedelta) -> str:
    """A length of time in its largest unit, rounded down."""
    seconds = int(length.total_seconds())
    for name, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= 2 * size or (seconds >= size and name != "day"):
            count = seconds // size
            return f"{count} {name}{'' if count == 1 else 's'}"
    return f"{seconds} second{'' if seconds == 1 else 's'}"
