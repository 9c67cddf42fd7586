"""Which backorders are looked up in the provider's pending-delete list, and when. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from backorder.domain.backorder import Backorder
from backorder.domain.dates import DateSource, decisive
from backorder.domain.registries import Registries
from backorder.domain.states import State
from reconciliation.status_sync import stale

LAST_HOURS = timedelta(hours=36)
DISAGREES = timedelta(hours=12)
_BY_THE_PROVIDER = frozenset({DateSource.APPLICATION, DateSource.PROVIDER})
_DROPPING_NOW = frozenset({State.PROCESSING, State.AUCTION_PENDING})


def to_look_up_date(backorder: Backorder, *, now: datetime, daily: bool, registries: Registries) -> bool:
    """Tell whether its date is to be looked up in the provider's list now; `daily`: its look of the day is due,
    or its first one.

    Without any date, in the last 36 hours before an estimated deadline, and where it should have dropped two days ago:
    each time. Otherwise each day, until the provider's own date is known; and where a newer list contradicts that one.
    """
    if backorder.state.is_final or backorder.state in _DROPPING_NOW:
        return False
    if backorder.schedule.deadline is None or stale(backorder, now):
        return True
    if backorder.dated_by in _BY_THE_PROVIDER and not _is_contradicted(backorder, registries):
        return False
    return daily or backorder.schedule.deadline - now <= LAST_HOURS


def _is_contradicted(backorder: Backorder, registries: Registries) -> bool:
    counts = decisive(backorder.dates)
    if counts is None or backorder.schedule.batch_starts_at is None:
        return False
    newer = (said for said in backorder.dates if said.said_at > counts.said_at)
    begins = (said.schedule(backorder.zone, registries).batch_starts_at for said in newer)
    return any(at is not None and abs(at - backorder.schedule.batch_starts_at) > DISAGREES for at in begins)
