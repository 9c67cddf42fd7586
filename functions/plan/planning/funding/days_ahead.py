"""The account day by day: what it covers, what is bound, what is missing. Pure.

What is missing is shown from the moment by which it is to be paid in, as the forecast's sentence says, until the names
that wait for it are over: so that the days and the sentence agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_CEILING, Decimal
from zoneinfo import ZoneInfo

from backorder.documents.account_outlook import DayAhead
from backorder.domain.money import CENT, ZERO
from planning.funding.problem import Position
from planning.funding.timeline import STEP, Span, Timeline, amount_of

AHEAD = 14
"""Days after today."""
FARTHEST = 90
"""Days after today that are shown where the first shortage comes later: the forecast is one small document."""


@dataclass(frozen=True, slots=True)
class Shortage:
    """What is missing for orders that drop together, in units."""

    # By when it is to be paid in.
    since: datetime
    # The place among the position's steps at which their windows end.
    end: int
    amount: int


def days_ahead(
    position: Position, drawn: Timeline, needed: Timeline, shortages: Sequence[Shortage]
) -> Iterator[DayAhead]:
    """Return today and the days ahead in the user's time zone: all on which something is missing, within limits.

    `drawn` knows what is bound by what is at the provider, `needed` what is bound if all that is wanted is placed as
    well; both without what is reserved for others.
    """
    time_zone = ZoneInfo(position.rules.messages.time_zone)
    capacity = told(position.whole)
    today = _day(position.now, time_zone)
    since = [_day(shortage.since, time_zone) for shortage in shortages]
    farthest = max((day for day in since if day <= today + timedelta(days=FARTHEST)), default=today)
    for number in range(max(AHEAD, (farthest - today).days) + 1):
        day = today + timedelta(days=number)
        span = position.steps.around(_steps_of(day, position.now, time_zone))
        short = ZERO
        for shortage, first in zip(shortages, since, strict=True):
            if first == day or (first < day and span.first < shortage.end):
                short = max(short, told(shortage.amount))
        needs = told(needed.peak(span) + position.others)
        yield DayAhead(
            day=day,
            capacity=capacity,
            drawn=told(drawn.peak(span) + position.others),
            needed=max(needs, capacity + short) if short else needs,
            short=short,
        )


def told(units: int) -> Decimal:
    """Return an amount as it is told: nobody can pay in less than a cent."""
    return amount_of(units).quantize(CENT, ROUND_CEILING)


def _day(moment: datetime, time_zone: ZoneInfo) -> date:
    return moment.astimezone(time_zone).date()


def _steps_of(day: date, now: datetime, time_zone: ZoneInfo) -> Span:
    """Return the steps since `now` that lie on a day. One over midnight is on neither: windows that begin or end at
    midnight take the whole of it."""
    begins, ends = (datetime.combine(at, time(), time_zone).astimezone(UTC) for at in (day, day + timedelta(days=1)))
    first = max(0, -((now - begins) // STEP))
    return Span(first, max(first + 1, (ends - now) // STEP))
