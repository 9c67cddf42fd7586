"""Reads what is over: the latest backorders one by one, of the days before what they come to.

After a year there are millions of them, and a run must not read them all. What a day comes to is kept in the store, and
added up anew from the backorders themselves where it is not: after a change to one of them, or after a crash.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from pydantic import TypeAdapter, ValidationError

from backorder.domain.backorder import Backorder
from backorder.domain.reservation import ReservationTerms
from backorder.domain.values import BackorderKey
from backorder.store import Store
from reconciliation.page.past import Day, Past, add_up

ONE_BY_ONE = 10_000
"""So many of the latest are read in each run, and whole days always."""
OVER = timedelta(hours=1)
"""So long after a day nobody gives a backorder an outcome on it any more."""
_DAY = TypeAdapter(Day)
_DAY_LONG = timedelta(days=1)


def read_past(
    store: Store,
    now: datetime,
    *,
    since: date,
    terms: ReservationTerms,
    changed: Collection[date],
    keep: Callable[[date, Collection[Backorder]], None],
) -> Past:
    """Today's and yesterday's, and before them the latest from `since` on until there are enough; of all others the
    sums. Days are UTC.

    `keep` is called with a day that is over before its sums are kept: once, unless one of its backorders changes. Its
    backorders, as the latest, come by domain, then cycle.
    `changed` are the days of which this run changed one: an index may be a moment old, so a later run adds them up.
    """
    kept = {day: _kept(sums) for day, sums in store.closed_days().items()}
    first = _first_one_by_one(kept, since=since, yesterday=now.date() - _DAY_LONG)
    new = sorted(day for day, sums in kept.items() if sums is None and day < first)
    latest: dict[BackorderKey, Backorder] = {}
    for start, end in (*_stretches(new), (first, now.date() + 2 * _DAY_LONG)):
        missing = {day for day, sums in kept.items() if sums is None and start <= day < end}
        lasting = {day for day in missing if day not in changed and _is_over(day, now)}
        by_day: dict[date, dict[BackorderKey, Backorder]] = {
            day: {} for day in missing if day < first or day in lasting
        }
        for backorder in store.closed(start, end):
            # Without its history, which no report tells and which is more than all the rest.
            told, day = backorder.without_history(), backorder.closed_on
            if day >= first:
                latest[told.key] = told
            if day in by_day:
                by_day[day][told.key] = told
        # Sums without one that is not understood would be those of the day for ever.
        lasting -= {item.day for item in store.set_aside()}
        for day, backorders in by_day.items():
            sums = add_up(backorders.values(), terms)
            if day in lasting:
                keep(day, _by_key(backorders))
                store.save_day(day, _DAY.dump_python(sums, mode="json"))
            if day < first:
                kept[day] = sums
    return Past(_by_key(latest), {day: sums for day, sums in kept.items() if sums is not None and day < first})


def _kept(sums: Mapping[str, Any] | None) -> Day | None:
    """None also where they are not understood: they are added up anew."""
    try:
        return None if sums is None else _DAY.validate_python(sums)
    except ValidationError:
        return None


def _by_key(backorders: Mapping[BackorderKey, Backorder]) -> list[Backorder]:
    return [backorders[key] for key in sorted(backorders)]


def _first_one_by_one(kept: Mapping[date, Day | None], *, since: date, yesterday: date) -> date:
    """The first of the days whose backorders are read one by one."""
    first, number = yesterday, 0
    for day, sums in sorted(kept.items(), reverse=True):
        if day < since or number >= ONE_BY_ONE:
            break
        first = min(first, day)
        number += sums.count if sums is not None else 0
    return first


def _stretches(days: Sequence[date]) -> Iterator[tuple[date, date]]:
    """Each run of days one after the other, at most a week long: its first, and the day after its last."""
    start: date | None = None
    for n, day in enumerate(days):
        start = start or day
        following = days[n + 1] if n + 1 < len(days) else None
        if following != day + _DAY_LONG or day - start >= 6 * _DAY_LONG:
            yield start, day + _DAY_LONG
            start = None


def _is_over(day: date, now: datetime) -> bool:
    return now >= datetime.combine(day + timedelta(days=1), time(), UTC) + OVER
