"""An entry meets what the store has of its domain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from backorder.domain.backorder import Backorder
from backorder.domain.domains import parse_domain
from backorder.domain.registries import Registries
from backorder.domain.states import WON, State
from backorder.domain.values import BackorderKey, Reason
from ingestion.intake import NEXT_CYCLE, Intake, Missing, Outcome, Taken
from ingestion.reading import Entry
from local.memory_store import MemoryStore
from tests.factories import NOW

JOHN = Entry(line=1, domain=parse_domain("john.com"))
NOMINET: Any = {"kind": "dropping", "recognised_as": "Nominet"}


def an_intake(
    store: MemoryStore, *, uploaded: timedelta = timedelta(0), read_after: timedelta = timedelta(0), **about: Any
) -> Intake:
    """Of a list that was uploaded so long after NOW, and is read so long after it."""
    now = NOW + read_after
    given = {"list": "wanted/list.txt", "version": f"v{uploaded}", "modified": NOW + uploaded, **about}
    return Intake(store, Registries.load(), lambda: now, **given)


def test_a_cancel_that_is_older_than_the_wish_cancels_nothing() -> None:
    """Events come late and out of order: what counts is when the lists were uploaded."""
    store = MemoryStore()
    assert an_intake(store).want(JOHN).outcome is Outcome.ACCEPTED
    assert an_intake(store, uploaded=-timedelta(hours=1)).cancel(JOHN).outcome is Outcome.NOT_SELECTED
    assert [backorder.state for backorder in store.backorders()] == [State.SELECTED]


def test_a_cancel_that_is_newer_than_the_wish_holds() -> None:
    store = MemoryStore()
    assert an_intake(store).want(JOHN).outcome is Outcome.ACCEPTED
    assert an_intake(store, uploaded=timedelta(hours=1)).cancel(JOHN).outcome is Outcome.ACCEPTED
    assert [backorder.state for backorder in store.backorders()] == [State.CANCELLED]


HOUR = timedelta(hours=1)
DATED = JOHN._replace(drop_day=(NOW + timedelta(days=5)).date())
LATER = JOHN._replace(drop_day=(NOW + timedelta(days=6)).date())


def only(store: MemoryStore) -> Backorder:
    [backorder] = store.backorders()
    return backorder


@pytest.mark.parametrize("state", [State.SELECTED, State.REQUESTED])
def test_a_deletion_list_that_dates_a_wish_anew_does_not_outdate_a_persons_cancel(state: State) -> None:
    """What counts is when a person last spoke of the name, not when a list last dated it."""
    store = MemoryStore()
    an_intake(store).want(DATED)
    store.replace(replace(only(store), state=state))
    assert an_intake(store, uploaded=2 * HOUR).leave_out(LATER, "zones").changed == "drop moved"
    assert an_intake(store, uploaded=HOUR).cancel(JOHN).outcome is Outcome.ACCEPTED
    assert only(store).state is State.CANCELLED or only(store).cancel_requested


def test_a_wish_that_is_older_than_the_cancel_lifts_nothing_whatever_lists_came_before() -> None:
    store = MemoryStore()
    an_intake(store).want(DATED)
    store.replace(replace(only(store), state=State.REQUESTED))
    an_intake(store, uploaded=2 * HOUR).cancel(JOHN)
    assert an_intake(store, uploaded=HOUR).want(LATER).outcome is Outcome.DUPLICATE
    assert only(store).cancel_requested
    an_intake(store, uploaded=3 * HOUR).want(LATER)
    assert not only(store).cancel_requested


def test_a_wish_that_is_newer_than_the_cancel_lifts_it_though_a_list_dated_the_name_since() -> None:
    store = MemoryStore()
    an_intake(store).want(DATED)
    store.replace(replace(only(store), state=State.REQUESTED))
    an_intake(store, uploaded=HOUR).cancel(JOHN)
    an_intake(store, uploaded=3 * HOUR).leave_out(LATER, "zones")
    an_intake(store, uploaded=2 * HOUR).want(JOHN)
    assert not only(store).cancel_requested


def steps_of(intake: Intake) -> dict[str, Callable[[Entry], Taken]]:
    """All ways in which a list speaks of a name that drops."""
    return {
        "wanted": intake.want,
        "chosen": intake.choose,
        "left out": lambda entry: intake.leave_out(entry, "zones"),
    }


@pytest.mark.parametrize("step", ["wanted", "chosen", "left out"])
@pytest.mark.parametrize("state", [State.PROCESSING, State.AUCTION_PENDING])
def test_while_a_name_drops_or_is_auctioned_no_list_moves_its_dates(state: State, step: str) -> None:
    """By them its money is planned, and its outcome looked for."""
    store = MemoryStore()
    an_intake(store).want(DATED)
    store.replace(replace(only(store), state=state))
    before = only(store)
    taken = steps_of(an_intake(store, uploaded=HOUR))[step](LATER)
    assert (only(store).dates, only(store).schedule.deadline, taken.changed) == (
        before.dates,
        before.schedule.deadline,
        "",
    )


@pytest.mark.parametrize("step", ["wanted", "chosen", "left out"])
@pytest.mark.parametrize("state", [State.SELECTED, State.REQUESTED, State.ACTIVE])
def test_before_that_a_newer_list_moves_them_and_an_older_one_does_not(state: State, step: str) -> None:
    store = MemoryStore()
    an_intake(store).want(DATED)
    store.replace(replace(only(store), state=state))
    before = only(store)
    steps_of(an_intake(store, uploaded=-HOUR))[step](LATER)
    assert only(store) == before
    assert steps_of(an_intake(store, uploaded=HOUR))[step](LATER).changed == "drop moved"
    assert only(store).dates[0].drop_day == LATER.drop_day


MUCH_LATER = timedelta(days=7) + NEXT_CYCLE


def ended(store: MemoryStore, state: State) -> None:
    """The wish for a name that dropped five days after NOW ended so."""
    an_intake(store).want(DATED)
    store.replace(replace(only(store), state=state, settled=True, outcome_at=NOW + timedelta(days=5)))


@pytest.mark.parametrize("state", sorted(WON))
def test_a_name_that_was_won_is_not_ordered_again_because_a_list_without_dates_has_it(state: State) -> None:
    """Such as a list that somebody adds to, and puts in again each month."""
    store = MemoryStore()
    ended(store, state)
    again = an_intake(store, uploaded=MUCH_LATER, read_after=MUCH_LATER)
    assert again.want(JOHN).outcome is Outcome.DUPLICATE
    assert only(store).state is state


@pytest.mark.parametrize("state", sorted(WON))
def test_a_name_that_was_won_is_ordered_again_when_it_drops_again(state: State) -> None:
    store = MemoryStore()
    ended(store, state)
    again = an_intake(store, uploaded=MUCH_LATER, read_after=MUCH_LATER)
    drops_again = JOHN._replace(drop_day=(NOW + 2 * MUCH_LATER).date())
    assert again.want(drops_again).outcome is Outcome.ACCEPTED
    second = store.latest("john.com")
    assert second is not None
    assert (second.key, second.state) == (BackorderKey("john.com", 2), State.SELECTED)


@pytest.mark.parametrize("state", [State.FAILED, State.AUCTION_LOST, State.MISSED, State.REJECTED])
@pytest.mark.parametrize(("after", "outcome"), [(timedelta(days=7), "duplicate"), (MUCH_LATER, "accepted")])
def test_a_name_that_was_not_won_may_be_wanted_again_without_a_date_a_month_later(
    state: State, after: timedelta, outcome: str
) -> None:
    store = MemoryStore()
    ended(store, state)
    assert an_intake(store, uploaded=after, read_after=after).want(JOHN).outcome == outcome


@pytest.mark.parametrize("state", [State.SELECTED, State.HELD, State.SUBMITTING, State.REQUESTED, State.WITHDRAWING])
def test_a_cancel_list_that_is_read_again_after_a_crash_counts_as_it_did(state: State) -> None:
    store = MemoryStore()
    an_intake(store).want(JOHN)
    store.replace(replace(only(store), state=state))
    cancels = an_intake(store, uploaded=HOUR)
    assert cancels.cancel(JOHN).outcome is Outcome.ACCEPTED
    after = only(store)
    assert cancels.cancel(JOHN).outcome is Outcome.ACCEPTED
    assert only(store) == after
    # Another line with the same name, or another list, is a duplicate or has nothing to cancel.
    assert cancels.cancel(JOHN._replace(line=2)).outcome in (Outcome.DUPLICATE, Outcome.NOT_SELECTED)


def test_a_cancel_list_that_is_read_again_cancels_nothing_that_was_wanted_since() -> None:
    store = MemoryStore()
    an_intake(store).want(JOHN)
    cancels = an_intake(store, uploaded=HOUR)
    cancels.cancel(JOHN)
    assert an_intake(store, uploaded=2 * HOUR).want(JOHN).outcome is Outcome.ACCEPTED
    assert cancels.cancel(JOHN).outcome is Outcome.ACCEPTED
    assert [backorder.state for backorder in store.backorders()] == [State.CANCELLED, State.SELECTED]


@pytest.mark.parametrize("chosen_before", [False, True])
def test_a_name_of_priority_0_keeps_it(chosen_before: bool) -> None:
    store = MemoryStore()
    if chosen_before:
        an_intake(store).choose(JOHN._replace(priority=Decimal("7.5")))
    an_intake(store, uploaded=HOUR).want(JOHN._replace(priority=Decimal(0)))
    assert only(store).wish.priority == 0


@pytest.mark.parametrize("later", [-HOUR, timedelta(0)])
def test_a_complete_list_that_is_not_newer_than_what_dated_a_name_takes_nothing_back(later: timedelta) -> None:
    store = MemoryStore()
    listed = DATED._replace(domain=parse_domain("john.co.uk"))
    an_intake(store, **NOMINET).choose(listed)
    before = only(store)
    assert listed.drop_day is not None
    assert an_intake(store, uploaded=later, **NOMINET).missing("john.co.uk", {listed.drop_day}) is None
    assert only(store) == before
    assert an_intake(store, uploaded=HOUR, **NOMINET).missing("john.co.uk", {listed.drop_day}) is Missing.TAKEN_BACK
    assert (only(store).state, only(store).plan.reason) == (State.CANCELLED, Reason.RENEWED)


_STEPS = st.tuples(st.sampled_from(["wanted", "chosen", "left out"]), st.integers(-3, 3), st.integers(1, 9))


@settings(max_examples=60)
@given(st.lists(_STEPS, min_size=1, max_size=6))
@example([("chosen", 0, 5), ("left out", 2, 6), ("chosen", 1, 7)])
@example([("wanted", 1, 5), ("wanted", 0, 6), ("wanted", 1, 7)])
def test_no_list_that_is_older_than_the_one_that_dated_a_name_moves_it(steps: list[tuple[str, int, int]]) -> None:
    """In whatever order they arrive; of two that are as old as each other, the first one that was read counts."""
    store = MemoryStore()
    # The first one makes the backorder.
    steps = [("chosen", steps[0][1], steps[0][2]), *steps[1:]]
    dated: tuple[int, int] | None = None
    for number, (step, hours, days) in enumerate(steps):
        entry = JOHN._replace(drop_day=(NOW + timedelta(days=days)).date())
        steps_of(an_intake(store, uploaded=hours * HOUR, list=f"wanted/{number}.txt"))[step](entry)
        if dated is None or hours > dated[0]:
            dated = hours, days
    assert dated is not None
    assert only(store).dates[0].drop_day == (NOW + timedelta(days=dated[1])).date()
