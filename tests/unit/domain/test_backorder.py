"""A backorder's states: where it may go, and what a step leaves behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise, permutations
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorder.domain.backorder import HISTORY_LIMIT, Backorder, IllegalTransition
from backorder.domain.registries import Registries
from backorder.domain.schedule import Known, schedule
from backorder.domain.states import CLAIMED, FINAL, PLACED, TRANSITIONS, WAITING, WITHDRAWABLE, WON, State
from backorder.domain.values import (
    Call,
    Charge,
    Decider,
    Decision,
    ListPlace,
    Origin,
    PlacedApplication,
    Reason,
    Refusal,
    Step,
    TakingBack,
    Withdrawal,
)
from tests.factories import (
    FEE,
    NOW,
    a_backorder,
    a_claim,
    a_date,
    a_placed_backorder,
    an_estimated_backorder,
    changed,
    moved,
    usd,
)

LATER = NOW + timedelta(hours=1)
LEGAL = [(state, to) for state in State for to in sorted(TRANSITIONS[state])]
ILLEGAL = [(state, to) for state in State for to in State if to not in TRANSITIONS[state]]


def test_the_table_speaks_of_every_state() -> None:
    assert set(TRANSITIONS) == set(State)


@pytest.mark.parametrize("state", sorted(FINAL - {State.VANISHED}))
def test_a_final_state_leads_nowhere(state: State) -> None:
    assert TRANSITIONS[state] == frozenset()


def test_what_the_provider_no_longer_knows_leads_back_to_what_it_may_know_again() -> None:
    assert TRANSITIONS[State.VANISHED] == TRANSITIONS[State.ACTIVE] - {State.VANISHED, State.WITHDRAWING} | {
        State.ACTIVE
    }


@pytest.mark.parametrize("state", sorted(set(State) - FINAL))
def test_every_other_state_has_a_way_to_an_end(state: State) -> None:
    assert FINAL & reachable_from(state)


def test_every_state_is_reached_from_the_first() -> None:
    assert reachable_from(State.SELECTED) | {State.SELECTED} == set(State)


@pytest.mark.parametrize("state", sorted(State))
def test_every_state_has_a_name_that_people_use(state: State) -> None:
    assert state.in_words


@pytest.mark.parametrize(
    ("state", "how"),
    [
        *((state, TakingBack.AT_ONCE) for state in sorted(WAITING)),
        (State.SUBMITTING, TakingBack.AT_THE_PROVIDER),
        (State.ACTIVE, TakingBack.AT_THE_PROVIDER),
        (State.PROCESSING, TakingBack.TOO_LATE),
        (State.SUCCESSFUL, TakingBack.TOO_LATE),
        (State.MISSED, TakingBack.TOO_LATE),
        (State.CANCELLED, TakingBack.BEGUN),
    ],
)
def test_what_a_cancel_does_depends_on_how_far_it_is(state: State, how: TakingBack) -> None:
    assert a_backorder(state=state).taking_back is how


def test_what_somebody_else_ordered_is_theirs_to_take_back() -> None:
    assert a_placed_backorder(origin=Origin.FOREIGN).taking_back is TakingBack.FOREIGN


def test_a_cancel_that_is_under_way_is_not_begun_again() -> None:
    assert a_placed_backorder(cancel_requested=True).taking_back is TakingBack.BEGUN


def reachable_from(start: State) -> set[State]:
    reached: set[State] = set()
    ahead = set(TRANSITIONS[start])
    while ahead:
        state = ahead.pop()
        reached.add(state)
        ahead |= TRANSITIONS[state] - reached
    return reached


@pytest.mark.parametrize("state", sorted(PLACED - {State.WITHDRAWING}))
def test_what_the_provider_has_is_never_queued_again(state: State) -> None:
    assert not TRANSITIONS[state] & (WAITING | {State.SUBMITTING})


@pytest.mark.parametrize(
    "state", [State.SUBMITTING, State.REQUESTED, State.ACTIVE, State.PROCESSING, State.WITHDRAWING]
)
def test_an_hourly_look_may_see_only_the_last_of_several_states(state: State) -> None:
    at_the_drop = {State.SUCCESSFUL, State.FAILED, State.AUCTION_PENDING, State.AUCTION_WON, State.AUCTION_LOST}
    assert at_the_drop <= TRANSITIONS[state]


CALL = Call("AddDomainApplication", application="10700")


def test_nothing_is_ordered_without_having_been_claimed() -> None:
    # What had vanished had been claimed as well.
    assert {state for state in State if State.REQUESTED in TRANSITIONS[state] and state not in PLACED} == {
        State.SUBMITTING,
        State.VANISHED,
    }
    assert {state for state in State if State.SUBMITTING in TRANSITIONS[state]} == {State.QUEUED, State.SUBMITTING}


def test_each_final_state_is_won_or_lost_and_no_other_is() -> None:
    assert {state for state in State if state.is_won} == WON
    assert {state for state in State if state.is_lost} == FINAL - WON
    assert {state for state in State if state.is_final} == FINAL
    assert not {state for state in State if state.is_waiting and state.is_placed}


@pytest.mark.parametrize(("state", "to"), LEGAL)
def test_a_legal_step_changes_the_state_and_is_in_the_history(state: State, to: State) -> None:
    before = a_backorder(state=state)

    after = moved(before, to, at=LATER, why="so it is", call=CALL)

    assert after.state is to
    assert after.history == (Step(LATER, state, to, "so it is", CALL),)
    assert before == a_backorder(state=state)


@pytest.mark.parametrize(("state", "to"), ILLEGAL)
def test_a_step_that_the_table_lacks_is_refused(state: State, to: State) -> None:
    with pytest.raises(IllegalTransition, match=rf"john\.com: {state} may not become {to} \(an old event\)"):
        moved(a_backorder(state=state), to, at=LATER, why="an old event")


def test_a_step_changes_other_fields_with_it() -> None:
    held = moved(a_backorder(), State.HELD, at=LATER, why="unfunded", reason=Reason.UNFUNDED, fee=usd("69.00"))
    assert (held.plan.reason, held.plan.fee, held.version) == (Reason.UNFUNDED, usd("69.00"), 0)


@given(steps=st.integers(0, 2 * HISTORY_LIMIT))
def test_the_history_keeps_the_last_steps_in_order(steps: int) -> None:
    backorder = a_backorder(state=State.QUEUED)
    for n in range(steps):
        backorder = moved(backorder, State.QUEUED, at=NOW + timedelta(minutes=n), why=str(n))

    assert [step.why for step in backorder.history] == [str(n) for n in range(steps)][-HISTORY_LIMIT:]
    assert all(one.entered is next_.left for one, next_ in pairwise(backorder.history))


@pytest.mark.parametrize("to", [State.MISSED, State.CANCELLED])
def test_an_end_without_an_application_is_settled_at_once(to: State) -> None:
    ended = moved(a_backorder(), to, at=LATER, why="over", reason=Reason.UNFUNDED)
    assert (ended.settled, ended.is_open, ended.outcome_at) == (True, False, LATER)


@pytest.mark.parametrize("to", [State.MISSED, State.CANCELLED])
def test_one_that_was_taken_back_and_whose_deposit_is_not_back_stays_open_when_it_ends(to: State) -> None:
    taken_back = a_backorder(state=State.HELD, deposit=FEE)
    ended = moved(taken_back, to, at=LATER, why="no chance left", reason=Reason.UNFUNDED)
    assert (ended.settled, ended.is_open) == (False, True)


@pytest.mark.parametrize("reason", [Reason.LATE, Reason.UNANSWERED, Reason.REFUSED])
def test_what_was_funded_and_missed_stays_open_until_somebody_was_told(reason: Reason) -> None:
    ended = moved(a_backorder(), State.MISSED, at=LATER, why="over", reason=reason)
    assert (ended.settled, ended.is_open, ended.outcome_at) == (False, True, LATER)


DEADLINE = NOW + timedelta(hours=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def held_from_until(held: datetime, released: datetime, reason: Reason = Reason.UNFUNDED) -> Backorder:
    """Its deadline, an estimate, is at DEADLINE."""
    selected = an_estimated_backorder(drop_at=DEADLINE + timedelta(hours=3, minutes=15), created_at=NOW - MINUTE)
    waits = moved(selected, State.HELD, at=held, why="held", reason=reason)
    return moved(waits, State.QUEUED, at=released, why="due", reason=None)


def test_whose_money_came_after_its_deadline_was_missed_for_that_whatever_came_then() -> None:
    late = held_from_until(NOW, DEADLINE)
    again = moved(late, State.HELD, at=DEADLINE + MINUTE, why="held", reason=Reason.UNFUNDED)
    for backorder in (late, moved(again, State.QUEUED, at=DEADLINE + 2 * MINUTE, why="due", reason=None)):
        assert backorder.missed_for(Reason.REFUSED) is Reason.UNFUNDED


@pytest.mark.parametrize("reason", [Reason.UNFUNDED, Reason.TOO_DEAR, Reason.LIMIT])
def test_what_was_held_past_its_deadline_was_missed_for_that(reason: Reason) -> None:
    """Also if it was held for something else afterwards, and then let through, and refused."""
    late = held_from_until(NOW, DEADLINE, reason)
    waits = moved(
        an_estimated_backorder(drop_at=DEADLINE + timedelta(hours=3, minutes=15), created_at=NOW - MINUTE),
        State.HELD,
        at=NOW,
        why="held",
        reason=reason,
    )
    other = waits.hold(Reason.UNFUNDED, fee=FEE, at=DEADLINE + MINUTE).hold(
        Reason.LIMIT, fee=FEE, at=DEADLINE + 2 * MINUTE
    )
    for backorder in (late, moved(other, State.QUEUED, at=DEADLINE + HOUR, why="due", reason=None)):
        assert backorder.missed_for(Reason.REFUSED) is reason


@pytest.mark.parametrize(
    "backorder",
    [
        held_from_until(NOW, DEADLINE - MINUTE),
        held_from_until(DEADLINE + MINUTE, DEADLINE + 2 * MINUTE),
        changed(held_from_until(NOW, DEADLINE), deadline=DEADLINE + timedelta(days=1)),
        moved(a_backorder(state=State.HELD, reason=Reason.UNFUNDED), State.QUEUED, at=LATER, why="due"),
    ],
    ids=["funded before", "in time first", "its drop was moved", "without a date"],
)
def test_whose_money_was_there_at_its_deadline_was_missed_for_what_came_then(backorder: Backorder) -> None:
    assert backorder.missed_for(Reason.REFUSED) is Reason.REFUSED


def test_what_was_given_back_is_no_longer_charged() -> None:
    charges = (Charge("entry#1", NOW, usd("57.98"), usd("11.02")), Charge("entry#2", NOW, usd("-57.98"), usd("-11.02")))
    assert a_placed_backorder(charges=charges[:1]).charged == usd("69.00")
    assert a_placed_backorder(charges=charges).charged == 0


@pytest.mark.parametrize("to", [State.SUCCESSFUL, State.FAILED, State.AUCTION_WON, State.VANISHED])
def test_an_end_with_an_application_stays_open_until_its_money_is_in_place(to: State) -> None:
    ended = moved(a_placed_backorder(state=State.ACTIVE), to, at=LATER, why="over")
    assert (ended.settled, ended.is_open, ended.outcome_at) == (False, True, LATER)


def test_an_application_that_comes_with_the_end_keeps_it_open() -> None:
    ended = moved(a_backorder(state=State.SUBMITTING), State.FAILED, at=LATER, why="asked late", application="app-1")
    assert (ended.settled, ended.is_open) == (False, True)


def test_a_step_on_the_way_settles_nothing() -> None:
    queued = moved(a_backorder(), State.QUEUED, at=LATER, why="due")
    assert (queued.settled, queued.is_open, queued.outcome_at) == (False, True, None)


def test_the_moment_of_an_end_may_be_told() -> None:
    ended = moved(a_placed_backorder(state=State.ACTIVE), State.FAILED, at=LATER, why="over", outcome_at=NOW)
    assert ended.outcome_at == NOW


@pytest.mark.parametrize("state", sorted(State))
@pytest.mark.parametrize("settled", [True, False])
def test_a_backorder_is_open_unless_it_is_final_and_settled(state: State, *, settled: bool) -> None:
    assert a_backorder(state=state, settled=settled).is_open is not (state in FINAL and settled)


def test_waiting_for_another_reason_is_no_step() -> None:
    held = a_backorder(state=State.HELD, reason=Reason.UNFUNDED)
    assert held.hold(Reason.LIMIT, fee=FEE, at=NOW) == a_backorder(state=State.HELD, reason=Reason.LIMIT, fee=FEE)


def test_a_schedule_dates_a_backorder_and_leaves_its_state() -> None:
    moments = schedule("com", finalization_at=NOW + timedelta(days=5), registries=Registries.load())

    said = a_date(finalization_at=NOW + timedelta(days=5))
    dated = a_backorder(state=State.ACTIVE).with_date(said, at=NOW, registries=Registries.load())

    assert (dated.state, dated.history) == (State.ACTIVE, ())
    assert (dated.schedule.finalization_at, dated.schedule.known) == (NOW + timedelta(days=5), Known.FINALIZATION)
    assert (dated.schedule.deadline, dated.schedule.last_chance) == (moments.deadline, moments.last_chance)
    assert (dated.schedule.batch_starts_at, dated.schedule.batch_ends_at) == (
        moments.batch_starts_at,
        moments.batch_ends_at,
    )
    assert dated.dates == (said,)


def test_a_backorder_is_known_by_its_domain_and_drop_cycle() -> None:
    assert a_backorder(cycle=1).key != a_backorder(cycle=2).key
    assert a_backorder(cycle=2).key == ("john.com", 2)


@pytest.mark.parametrize(
    ("changes", "may"),
    [
        ({"lease_until": LATER}, False),
        ({"lease_until": NOW}, True),
        ({"lease_until": NOW, "ask_after": LATER}, False),
        ({"lease_until": NOW, "ask_after": NOW}, True),
        ({"lease_until": LATER, "ask_after": NOW}, False),
    ],
)
def test_a_claim_is_taken_over_when_lease_and_pause_are_over(changes: dict[str, object], *, may: bool) -> None:
    assert a_claim(**changes).may_be_taken_over(NOW) is may


# Verbs


DECISIONS = st.builds(Decision, st.sampled_from(Decider), st.datetimes(timezones=st.just(UTC)))


@given(one=DECISIONS, other=DECISIONS, third=DECISIONS)
def test_of_any_decisions_one_stands_in_whatever_order_they_are_heard_of(
    one: Decision, other: Decision, third: Decision
) -> None:
    assert {max(order) for order in permutations((one, other, third))} == {max(one, other, third)}
    assert (one < other) + (one == other) + (one > other) == 1


def test_a_person_outranks_a_list_and_a_list_the_rules_however_old_they_are() -> None:
    person, list_, rules = (
        Decision(by, NOW + days * timedelta(days=1))
        for by, days in ((Decider.PERSON, 0), (Decider.LIST, 1), (Decider.RULES, 2))
    )
    assert rules < list_ < person < Decision(Decider.PERSON, NOW + timedelta(seconds=1))


BY_A_PERSON = Decision(Decider.PERSON, NOW)
ENTRY = ListPlace("cancel/a.txt", "v1", 3)


@pytest.mark.parametrize("state", sorted(WAITING))
def test_what_nothing_was_sent_for_is_cancelled_at_once(state: State) -> None:
    cancelled = a_backorder(state=state).cancel(BY_A_PERSON, at=LATER, why="cancelled", entry=ENTRY)
    assert (cancelled.state, cancelled.settled, cancelled.cancel_requested) == (State.CANCELLED, True, False)
    assert (cancelled.wish.decided, cancelled.wish.cancelled_by) == (BY_A_PERSON, ENTRY)


@pytest.mark.parametrize("state", sorted(WITHDRAWABLE | CLAIMED))
def test_what_was_sent_is_to_be_withdrawn_when_it_is_cancelled(state: State) -> None:
    sent = a_placed_backorder(state=state)
    cancelled = sent.cancel(BY_A_PERSON, at=LATER, why="cancelled", entry=ENTRY)
    assert (cancelled.state, cancelled.cancel_requested) == (state, True)
    assert cancelled.history[-1] == Step(LATER, state, state, "cancelled", entry=ENTRY)
    assert cancelled.uncancel().cancel_requested is False


def test_what_the_rules_cancelled_is_a_persons_from_the_persons_cancel_on() -> None:
    left_out = a_backorder().cancel(Decision(Decider.RULES, NOW), at=NOW, why="left out", reason=Reason.LEFT_OUT)
    again = left_out.cancel(BY_A_PERSON, at=LATER, why="cancelled", entry=ENTRY)
    assert (again.state, again.plan.reason, again.wish.decided) == (State.CANCELLED, None, BY_A_PERSON)


def claimed(kind: Literal["order", "withdraw"] = "order", **changes: Any) -> Backorder:
    state = State.SUBMITTING if kind == "order" else State.WITHDRAWING
    return a_placed_backorder(state=state, claim=a_claim(kind=kind), **changes)


@pytest.mark.parametrize("wanted", [True, False])
def test_what_came_back_without_effect_goes_on_only_if_it_is_wanted_still(*, wanted: bool) -> None:
    order = claimed(application=None, cancel_requested=not wanted)
    released = order.release(at=LATER, why="421", reason=Reason.UNANSWERED, not_before=LATER)
    poor = order.hold_for_credit(Refusal("credit"), until=LATER, at=LATER, why="546", call=CALL)
    if wanted:
        assert (released.state, released.plan.reason, released.plan.not_before) == (
            State.SELECTED,
            Reason.UNANSWERED,
            LATER,
        )
        assert (poor.state, poor.plan.reason, poor.plan.not_before) == (State.HELD, Reason.UNFUNDED, LATER)
    else:
        assert (released.state, poor.state) == (State.CANCELLED, State.CANCELLED)
    assert (released.claim, poor.claim) == (None, None)


@pytest.mark.parametrize("wanted", [True, False])
def test_what_was_withdrawn_waits_again_only_if_it_is_wanted_still(*, wanted: bool) -> None:
    order = claimed("withdraw", cancel_requested=not wanted, marked_for_withdrawal=True, deposit=FEE)
    back = order.withdrawn(at=LATER, why="taken back", call=CALL)
    assert back.withdrawal == Withdrawal(LATER, order.application_id)
    assert (back.claim, back.plan.marked_for_withdrawal, back.deposit.amount) == (None, False, FEE)
    if wanted:
        assert (back.state, back.plan.reason, back.application) == (State.HELD, Reason.UNFUNDED, None)
    else:
        assert (back.state, back.settled, back.application_id) == (State.CANCELLED, False, order.application_id)


@pytest.mark.parametrize("state", [State.REQUESTED, State.ACTIVE, State.PROCESSING, State.FAILED])
def test_what_the_provider_did_not_take_back_stays_cancelled_as_long_as_it_can_be_done(state: State) -> None:
    kept = claimed("withdraw", cancel_requested=True).keep(state, at=LATER, why="552", call=CALL)
    assert (kept.state, kept.cancel_requested) == (state, state in WITHDRAWABLE)


def test_a_placed_backorder_has_its_application_and_no_refusal_any_more() -> None:
    order = claimed(application=None, refusal=Refusal("wrong", 3, NOW), reason=Reason.REFUSED)
    application = PlacedApplication("10700", NOW, answered=(NOW, LATER))
    placed = order.place(application, state=State.REQUESTED, at=LATER, why="taken", call=CALL)
    assert (placed.application, placed.refusal, placed.claim, placed.plan.reason) == (application, None, None, None)


def test_refusals_in_a_row_are_counted_from_the_first_that_was_sent() -> None:
    once = a_backorder().refused_again("wrong", since=NOW)
    assert once == Refusal("wrong", 1, NOW)
    assert a_backorder(refusal=once).refused_again("wrong still", since=LATER) == Refusal("wrong still", 2, NOW)


@pytest.mark.parametrize("state", sorted(set(State) - {State.QUEUED, State.SUBMITTING}))
def test_only_what_is_queued_or_asked_about_is_claimed(state: State) -> None:
    with pytest.raises(IllegalTransition):
        a_placed_backorder(state=state).claim_by(a_claim(), at=NOW, why="claimed")


def test_a_deposit_is_the_fee_until_it_is_placed_anew() -> None:
    order = a_placed_backorder(state=State.ACTIVE, fee=FEE, planned_fee=FEE)
    reserved = order.reserve(usd(71), missing_since=None, usual=None)
    assert (reserved.plan.fee, reserved.plan.planned_fee, reserved.deposit.last) == (usd(71), FEE, usd(71))
    assert reserved.with_fee(FEE) is reserved
    lapsed = reserved.reserve(None, missing_since=NOW, usual=None)
    assert (lapsed.plan.fee, lapsed.deposit.last, lapsed.deposit.missing_since) == (usd(71), usd(71), NOW)
    assert lapsed.reserve(None, missing_since=NOW, usual=None) is lapsed
