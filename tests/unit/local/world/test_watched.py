"""When a tick on one machine could find something to do."""

from __future__ import annotations

from datetime import timedelta

from backorder.domain.reservation import TIME_TO_REACT
from backorder.domain.states import State
from local.memory_store import MemoryStore
from local.world.promises.terms import LAPSED_AFTER
from local.world.watched import WatchedStore
from tests.factories import NOW, a_placed_backorder

LOCK_LEAD, DAY = timedelta(days=3), timedelta(days=1)


def test_a_tick_comes_in_time_to_take_back_what_the_account_no_longer_covers() -> None:
    """Nothing else happens between the win that took its money and its lock."""
    finalization_at = NOW + LOCK_LEAD + 2 * DAY
    store = WatchedStore(MemoryStore())
    store.create(a_placed_backorder(state=State.REQUESTED, finalization_at=finalization_at))
    moments = []
    moment = store.next_moment(NOW)
    while moment is not None and moment < finalization_at - LOCK_LEAD:
        moments.append(moment)
        moment = store.next_moment(moment)
    assert finalization_at - LOCK_LEAD - TIME_TO_REACT in moments


def test_a_tick_comes_when_a_deposit_has_been_gone_long_enough_to_be_told_of() -> None:
    store = WatchedStore(MemoryStore())
    store.create(a_placed_backorder(state=State.ACTIVE, unreserved_since=NOW))
    assert store.next_moment(NOW) == NOW + LAPSED_AFTER
