"""Moments of backorders that are read by the hundred thousand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator


def _with_the_one_utc(moment: datetime) -> datetime:
    """Return the moment with Python's own UTC, of which there is one.

    A parser makes a time zone for each moment, which is a seventh of what a backorder takes in memory.
    """
    return moment.replace(tzinfo=UTC) if moment.utcoffset() == timedelta(0) else moment


Moment = Annotated[datetime, AfterValidator(_with_the_one_utc)]
"""An aware moment, in UTC."""
