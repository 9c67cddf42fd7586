"""Reads what is over: the latest backorders one by one, of the days before what they come to.

After a year there are millions of them, and a run must not read them all. What a day comes to is kept in the store, and
added up anew from the backorders themselves where it is not: after a change to one of them, or after a crash.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from pydantic import TypeAdapter

from backorder.model import Backorder
from backorder.store import Store
from reconciliation.page.past import Day, Past, add_up

ONE_BY_ONE = 10_000
"""So many of the latest are read in each run, and whole days always."""
OVER = timedelta(hours=1)
"""So long after a day nobody gives a backorder an outcome on it any more."""
_DAY = TypeAdapter(Day)


def read_past(
    store: Store,
    now: datetime,
    *,
    since: date,
    changed: Collection[date],
    keep: Callable[[date, Sequence[Backorder]], None],
) -> Past:
    """Today's and yesterday's, and before them the latest from `since` on until there are enough; of all others the
    sums. Days are UTC.

    `keep` is called with a day that is over before its sums are kept: once, unless one of its backorders changes.
    `changed` are the days of which this run changed one: an index may be a moment old, so a later run adds them up.
    """
    latest: list[Backorder] = []
    days: dict[date, Day] = {}
    yesterday = now.date() - timedelta(days=1)
    for day, kept in sorted(store.closed_days().items(), reverse=True):
        one_by_one = day >= yesterday or (day >= since and len(latest) < ONE_BY_ONE)
        if kept is not None and not one_by_one:
            days[day] = _DAY.validate_python(kept)
            continue
        # Without their histories, which no report tells and which are more than all the rest.
        found = [replace(backorder, history=()) for backorder in store.closed_on(day)]
        sums = add_up(found)
        if kept is None and day not in changed and _is_over(day, now):
            keep(day, found)
            store.save_day(day, _DAY.dump_python(sums, mode="json"))
        if one_by_one:
            latest += found
        else:
            days[day] = sums
    return Past(tuple(latest), days)


def _is_over(day: date, now: datetime) -> bool:
    return now >= datetime.combine(day + timedelta(days=1), time(), UTC) + OVER
