"""Only the worker that holds the claim on a backorder writes what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from backorder.domain.backorder import Backorder
from backorder.domain.states import State
from local.memory_store import MemoryStore
from submission.claims import LEASE, claim, new_claim, settle, taken_over
from tests.factories import NOW, a_backorder, moved

STALLED = "an answer that came late"


class Desk:
    """One backorder, and the workers that claim it one after the other."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.now: datetime = NOW
        queued = a_backorder(state=State.QUEUED)
        self.store.create(queued)
        begun = claim(self.store, queued, new_claim("order", NOW), now=NOW, why="claimed")
        assert begun is not None
        self.claimed = [begun]
        """As each worker has read it when it got the claim."""

    @property
    def backorder(self) -> Backorder:
        [backorder] = self.store.backorders()
        return backorder

    def take_over(self) -> None:
        """A worker more, once the lease of the one before is over."""
        held = self.backorder.claim
        if held is None:
            return
        self.now = max(self.now, held.lease_until)
        again = taken_over(held, self.now)
        taken = claim(self.store, self.backorder, again, now=self.now, why="asking")
        assert taken is not None
        self.claimed.append(taken)

    def cancel(self) -> None:
        self.store.replace(replace(self.backorder, cancel_requested=True))

    def settle(self, worker: int, to: State = State.SELECTED) -> Backorder | None:
        return settle(
            self.store,
            self.claimed[worker],
            lambda backorder: moved(backorder, to, at=self.now, why=STALLED, claim=None),
        )


def test_a_worker_that_stalled_writes_nothing_over_the_claim_of_who_took_over() -> None:
    desk = Desk()
    desk.take_over()
    before = desk.backorder
    assert desk.settle(0) is None
    assert desk.backorder == before


def test_a_worker_that_stalled_writes_nothing_over_what_another_concluded() -> None:
    desk = Desk()
    desk.take_over()
    assert desk.settle(1, State.REQUESTED) is not None
    before = desk.backorder
    assert desk.settle(0) is None
    assert desk.backorder == before


def test_a_worker_is_through_once_it_has_written() -> None:
    desk = Desk()
    assert desk.settle(0) is not None
    before = desk.backorder
    assert desk.settle(0, State.REQUESTED) is None
    assert desk.backorder == before


def test_a_cancel_that_comes_while_an_order_is_under_way_outlives_its_outcome() -> None:
    desk = Desk()
    desk.cancel()
    written = desk.settle(0, State.REQUESTED)
    assert written is not None
    assert (desk.backorder, desk.backorder.cancel_requested) == (written, True)


Event = Literal["take over", "cancel"] | int
"""A number: that worker writes its outcome."""
events = st.lists(st.sampled_from(("take over", "cancel")) | st.integers(0, 3), max_size=8)


@settings(max_examples=60)
@given(events)
@example(["take over", 0, 1])
@example(["take over", "take over", 1, 0, 2])
@example(["take over", 1, 0])
@example([0, "take over", 0])
@example(["cancel", "take over", "cancel", 0, 1])
def test_whoever_stalls_the_outcome_is_the_holders_and_no_others(events: Sequence[Event]) -> None:
    desk = Desk()
    holder: int | None = 0
    cancelled = False
    for event in events:
        before = desk.backorder
        if event == "take over":
            desk.take_over()
            holder = None if holder is None else len(desk.claimed) - 1
        elif event == "cancel":
            desk.cancel()
            cancelled = True
        elif isinstance(event, int) and event < len(desk.claimed):
            written = desk.settle(event)
            if event == holder:
                assert (written, desk.backorder.history[-1].why) == (desk.backorder, STALLED)
                holder = None
            else:
                assert (written, desk.backorder) == (None, before)
    assert desk.backorder.cancel_requested is cancelled


@pytest.mark.parametrize("pause", [None, timedelta(0), timedelta(minutes=5)])
def test_a_claim_is_open_to_others_when_its_lease_and_its_pause_are_over(pause: timedelta | None) -> None:
    held = replace(new_claim("order", NOW), ask_after=None if pause is None else NOW + pause)
    opens = NOW + max(LEASE, pause or LEASE)
    assert not held.may_be_taken_over(opens - timedelta(microseconds=1))
    assert held.may_be_taken_over(opens)


def test_who_takes_a_claim_over_keeps_what_is_on_record_of_the_sending() -> None:
    first = replace(new_claim("withdraw", NOW), asked=1, exists=2, new=True, extra={"PERIOD": "2"})
    second = taken_over(first, NOW + LEASE)
    assert second.attempt != first.attempt
    assert second.lease_until == NOW + 2 * LEASE
    assert replace(second, attempt=first.attempt, lease_until=first.lease_until) == first


def test_of_two_workers_that_claim_the_same_backorder_one_gets_it() -> None:
    store = MemoryStore()
    queued = a_backorder(state=State.QUEUED)
    store.create(queued)
    claims = [claim(store, queued, new_claim("order", NOW), now=NOW, why="c") for _ in range(2)]
    assert [written is not None for written in claims] == [True, False]
