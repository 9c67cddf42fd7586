"""What the provider's answer changes about a backorder."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorder.domain.backorder import HISTORY_LIMIT, Backorder
from backorder.domain.dates import DateSource
from backorder.domain.ledger import Lease
from backorder.domain.registries import Registries
from backorder.domain.schedule import MARGIN, Known
from backorder.domain.states import FINAL, TRANSITIONS, State
from backorder.domain.values import NO_AUCTION, AuctionState, Call, Origin, RefusedLook, Source
from backorder.provider.port import Application, ApplicationStatus, Auction, NotFound, Refused, RegisteredDomain
from reconciliation import status_sync
from reconciliation.status_sync import (
    charged,
    found_in_account,
    given_up,
    in_auction,
    looked_in_vain,
    may_come_back,
    paid_in_the_account,
    redated,
    refused,
    reserved,
    seen_in_a_list,
    settled,
    to_look_at,
    to_look_up,
)
from tests.factories import (
    FEE,
    NOW,
    a_charge,
    a_dated_backorder,
    a_lease,
    a_placed_backorder,
    a_step,
    an_application,
    changed,
    usd,
)

REGISTRIES = Registries.load()
LATER = NOW + timedelta(hours=1)
KNOWN = sorted(set(ApplicationStatus) - {ApplicationStatus.UNKNOWN})
SOON = NOW + timedelta(days=5)
MICROSECOND = timedelta(microseconds=1)
ALMOST_A_DAY = timedelta(days=1) - MICROSECOND


def follow(backorder: Backorder, application: Application) -> Backorder:
    return status_sync.follow(backorder, application, now=LATER, registries=REGISTRIES)


# --- States --------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", KNOWN)
@pytest.mark.parametrize(
    "state", [State.REQUESTED, State.ACTIVE, State.PROCESSING, State.AUCTION_PENDING, *sorted(FINAL)]
)
def test_a_backorder_goes_where_its_application_stands_if_the_table_leads_there(state: State, status: str) -> None:
    backorder = a_placed_backorder(state=state, settled=False)
    followed = follow(backorder, an_application(status=status))
    if State(status) in TRANSITIONS[state] - {state}:
        assert followed.state is State(status)
        [step] = followed.history
        assert (step.at, str(step.call)) == (LATER, "QueryDomainApplicationList app-john.com")
    else:
        assert followed is backorder


@pytest.mark.parametrize("status", [status for status in KNOWN if ApplicationStatus(status).is_final])
def test_an_end_is_dated_and_its_money_is_still_open(status: str) -> None:
    ended = follow(a_placed_backorder(state=State.PROCESSING), an_application(status=status))
    assert (ended.outcome_at, ended.settled, ended.is_open) == (LATER, False, True)


def test_an_old_answer_moves_nothing_backwards() -> None:
    backorder = a_placed_backorder(state=State.PROCESSING)
    assert follow(backorder, an_application(status="REQUESTED")) is backorder


def test_a_deposit_that_lapsed_makes_an_application_requested_again() -> None:
    assert follow(a_placed_backorder(state=State.ACTIVE), an_application(status="REQUESTED")).state is State.REQUESTED


@pytest.mark.parametrize("status", KNOWN)
def test_what_is_being_taken_back_belongs_to_its_worker(status: str) -> None:
    backorder = a_placed_backorder(state=State.WITHDRAWING)
    assert follow(backorder, an_application(status=status)) is backorder


def test_a_foreign_application_is_followed_too() -> None:
    followed = follow(a_placed_backorder(origin=Origin.FOREIGN), an_application(status="SUCCESSFUL"))
    assert (followed.state, followed.origin) == (State.SUCCESSFUL, Origin.FOREIGN)


GONE = NotFound("Object not found", code=545, command="StatusDomainApplication", subject="7")
ELSEWHERE = Refused("Authorization failed", code=531, command="StatusDomainApplication", subject="7")
HOUR = timedelta(hours=1)


def test_an_application_is_gone_after_two_looks_that_are_an_hour_apart() -> None:
    order = a_placed_backorder(state=State.ACTIVE, deposit=FEE)
    once = looked_in_vain(order, GONE, now=NOW)
    assert once.state is State.ACTIVE
    assert once.refused_look == RefusedLook(
        Call("StatusDomainApplication", 545), "Object not found", NOW, 1, NOW + HOUR
    )
    assert looked_in_vain(once, GONE, now=NOW + HOUR / 2) is once
    gone = looked_in_vain(once, GONE, now=NOW + HOUR)
    assert (gone.state, gone.outcome_at, gone.settled, gone.deposit.amount) == (State.VANISHED, NOW + HOUR, False, FEE)
    assert (str(gone.history[-1].call), gone.refused_look) == ("StatusDomainApplication 545", None)


def test_another_answer_between_begins_the_count_anew() -> None:
    once = looked_in_vain(a_placed_backorder(state=State.ACTIVE), GONE, now=NOW)
    assert seen_in_a_list(once).refused_look is None
    auctioned = replace(once, state=State.AUCTION_PENDING)
    assert seen_in_a_list(auctioned) is auctioned, "only its own answer tells of its auction"
    elsewhere = refused(once, ELSEWHERE, now=NOW + HOUR)
    again = looked_in_vain(elsewhere, GONE, now=NOW + 2 * HOUR)
    assert again.state is State.ACTIVE
    assert again.refused_look is not None
    assert again.refused_look.since == NOW + 2 * HOUR


@given(st.integers(-300, 300), st.integers(60, 600))
def test_no_look_within_two_hours_of_the_drop_counts(minutes: int, apart: int) -> None:
    order = a_dated_backorder(finalization_at=NOW, state=State.ACTIVE, application="7")
    starts, ends = order.schedule.batch_starts_at, order.schedule.batch_ends_at
    assert starts is not None
    assert ends is not None
    looks = [starts + timedelta(minutes=minutes), starts + timedelta(minutes=minutes + apart)]
    for at in looks:
        order = looked_in_vain(order, GONE, now=at)
    near = [starts - 2 * HOUR < at < ends + 2 * HOUR for at in looks]
    assert (order.state is State.VANISHED) == (not any(near))


def test_what_is_being_withdrawn_is_gone_when_its_worker_says_so() -> None:
    order = a_placed_backorder(state=State.WITHDRAWING)
    assert looked_in_vain(order, GONE, now=NOW) is order


def test_a_vanished_one_leads_back_until_it_is_settled() -> None:
    order = a_dated_backorder(finalization_at=NOW, state=State.VANISHED, application="7", outcome_at=NOW)
    ends = order.schedule.batch_ends_at
    assert ends is not None
    assert settled(order, now=ends + timedelta(hours=47)) is order
    assert settled(order, now=ends + timedelta(days=40)).settled
    back = follow(order, an_application(status="ACTIVE"))
    assert (back.state, back.outcome_at) == (State.ACTIVE, None)
    won = follow(order, an_application(status="SUCCESSFUL"))
    assert (won.state, won.outcome_at is not None, won.settled) == (State.SUCCESSFUL, True, False)
    over = replace(order, settled=True)
    assert follow(over, an_application(status="ACTIVE")) is over


def test_without_a_date_it_is_over_at_the_second_look() -> None:
    gone = a_placed_backorder(state=State.VANISHED, outcome_at=NOW)
    assert settled(gone, now=NOW).settled


def test_what_is_set_aside_is_looked_at_again_after_growing_pauses() -> None:
    order, now, pauses = a_placed_backorder(state=State.ACTIVE), NOW, []
    for times in range(1, 7):
        order = refused(order, ELSEWHERE, now=now)
        assert order.refused_look is not None
        assert (order.refused_look.times, order.refused_look.since) == (times, NOW)
        assert not to_look_at(order, now=order.refused_look.next_at - timedelta(seconds=1), expected=True)
        assert to_look_at(order, now=order.refused_look.next_at, expected=False)
        pauses.append((order.refused_look.next_at - now) / HOUR)
        now = order.refused_look.next_at
    assert pauses == [0.5, 1, 2, 4, 6, 6]


def test_only_the_same_refusal_again_makes_pauses_grow() -> None:
    for first, second in ((GONE, ELSEWHERE), (ELSEWHERE, GONE)):
        once = refused(a_placed_backorder(state=State.ACTIVE), first, now=NOW)
        other = refused(once, second, now=LATER).refused_look
        assert other is not None
        assert (other.times, other.since, other.next_at) == (1, LATER, LATER + HOUR / 2)


def test_a_list_says_nothing_of_what_was_not_set_aside() -> None:
    order = a_placed_backorder(state=State.ACTIVE)
    assert seen_in_a_list(order) is order


@pytest.mark.parametrize("state", sorted(State))
def test_only_what_vanished_may_come_back_until_two_days_after_its_drop(state: State) -> None:
    gone = a_placed_backorder(state=state, batch_ends_at=NOW)
    assert may_come_back(gone, NOW + 48 * HOUR - MICROSECOND) is (state is State.VANISHED)
    assert not may_come_back(gone, NOW + 48 * HOUR)
    assert not may_come_back(changed(gone, batch_ends_at=None), NOW)


@pytest.mark.parametrize(
    ("state", "missed", "never_expected"),
    [
        (State.ACTIVE, True, False),
        (State.AUCTION_PENDING, True, False),
        (State.VANISHED, True, True),
        (State.FAILED, False, False),
        (State.WITHDRAWING, False, False),
        (State.SELECTED, False, False),
    ],
)
def test_what_is_missing_among_those_that_were_read_is_looked_at_and_what_vanished_always(
    state: State, missed: bool, never_expected: bool
) -> None:
    order = a_placed_backorder(state=state, batch_ends_at=NOW)
    assert to_look_at(order, now=NOW, expected=True) is missed
    assert to_look_at(order, now=NOW, expected=False) is never_expected
    aside = replace(order, refused_look=RefusedLook(Call("StatusDomainApplication", 531), "", NOW, 1, LATER))
    assert not to_look_at(aside, now=NOW, expected=True)
    assert to_look_at(aside, now=LATER + HOUR, expected=False) is missed


# --- Dates ---------------------------------------------------------------------------------------


def test_a_finalization_date_gives_a_deadline() -> None:
    followed = follow(a_placed_backorder(), an_application(finalization_at=SOON))
    assert (followed.state, followed.schedule.finalization_at) == (State.REQUESTED, SOON)
    assert (followed.schedule.deadline, followed.schedule.known) == (SOON - MARGIN, Known.FINALIZATION)


@pytest.mark.parametrize("known", [Known.ESTIMATED, Known.NONE])
def test_a_deadline_that_was_told_only_after_the_order_that_missed_it_is_none_that_was_known(known: Known) -> None:
    """Whoever's application it is: one that was found there is older than our attempts."""
    over = LATER - timedelta(minutes=1) + MARGIN
    late = a_placed_backorder(known=known)
    followed = follow(late, an_application(finalization_at=over))
    assert (followed.schedule.deadline, followed.schedule.known) == (over - MARGIN, Known.ESTIMATED)
    assert follow(followed, an_application(finalization_at=over)) is followed
    assert follow(late, an_application(finalization_at=LATER + MARGIN)).schedule.known is Known.FINALIZATION


def test_a_finalization_date_moves_a_deadline_and_a_state_at_once() -> None:
    backorder = a_dated_backorder(finalization_at=NOW, state=State.REQUESTED, application="app-john.com", dates=())
    followed = follow(backorder, an_application(status="ACTIVE", finalization_at=SOON))
    assert (followed.state, followed.schedule.deadline) == (State.ACTIVE, SOON - MARGIN)


def test_a_finalization_date_is_taken_from_an_answer_whose_status_is_not() -> None:
    backorder = a_placed_backorder(state=State.WITHDRAWING)
    followed = follow(backorder, an_application(status="ACTIVE", finalization_at=SOON))
    assert (followed.state, followed.schedule.finalization_at) == (State.WITHDRAWING, SOON)


def test_the_date_it_had_changes_nothing() -> None:
    backorder = follow(a_placed_backorder(), an_application(finalization_at=SOON))
    assert follow(backorder, an_application(finalization_at=SOON)) is backorder
    assert redated(backorder, SOON, DateSource.APPLICATION, now=LATER, registries=REGISTRIES) is backorder


def test_the_date_it_had_is_not_said_anew_each_hour() -> None:
    order = redated(a_placed_backorder(), SOON, DateSource.APPLICATION, now=NOW, registries=REGISTRIES)
    assert redated(order, SOON, DateSource.APPLICATION, now=LATER, registries=REGISTRIES) is order


@pytest.mark.parametrize("other", [SOON + HOUR, SOON - HOUR])
def test_another_date_of_the_same_source_and_the_same_of_a_better_one_are_news(other: datetime) -> None:
    order = redated(a_placed_backorder(), SOON, DateSource.PROVIDER, now=NOW, registries=REGISTRIES)
    moved = redated(order, other, DateSource.PROVIDER, now=LATER, registries=REGISTRIES)
    assert moved.schedule.finalization_at == other
    by_itself = redated(order, SOON, DateSource.APPLICATION, now=LATER, registries=REGISTRIES)
    assert by_itself.dated_by is DateSource.APPLICATION


@pytest.mark.parametrize("source", DateSource)
def test_a_date_that_is_over_is_believed_of_the_application_alone(source: DateSource) -> None:
    order = a_placed_backorder()
    dated = redated(order, NOW - HOUR, source, now=NOW, registries=REGISTRIES)
    assert (dated is order) is (source is not DateSource.APPLICATION)


def test_an_answer_without_a_date_takes_none_away() -> None:
    backorder = a_dated_backorder(finalization_at=SOON, state=State.REQUESTED)
    assert follow(backorder, an_application()) is backorder


# --- What the application says besides -----------------------------------------------------------


def test_what_the_application_lacks_is_kept_until_it_is_there() -> None:
    lacking = follow(a_placed_backorder(), an_application(missing_parameters=("X",), invalid_parameters=("Y",)))
    assert lacking.lacks == ("X", "Y")
    assert follow(lacking, an_application()).lacks == ()


def test_a_status_that_is_not_known_is_kept_in_the_providers_word_and_moves_nothing() -> None:
    paused = an_application(status="UNKNOWN", status_text="PAUSED")
    backorder = follow(a_placed_backorder(), paused)
    assert (backorder.unknown_status, backorder.state) == ("PAUSED", State.REQUESTED)
    assert follow(backorder, paused) is backorder
    known = follow(backorder, an_application(status="ACTIVE"))
    assert (known.unknown_status, known.state) == (None, State.ACTIVE)


def test_an_auction_is_kept_with_its_end_and_its_place() -> None:
    auction = Auction(False, False, SOON, usd("10.00"), usd("15.00"), None, "USD", "https://auctions.example/1")
    backorder = in_auction(a_placed_backorder(state=State.AUCTION_PENDING), auction, now=NOW)
    assert (backorder.auction.ends_at, backorder.auction.url) == (SOON, "https://auctions.example/1")
    assert backorder.auction.next_bid == "15.00 USD"
    assert in_auction(backorder, auction, now=NOW) is backorder
    over = in_auction(backorder, replace(auction, ends_at=None, url="", minimum_next_bid=None), now=NOW)
    assert (over.auction.ends_at, over.auction.url) == (SOON, "https://auctions.example/1")


@pytest.mark.parametrize(
    ("seen", "paid"),
    [
        ({}, False),
        ({"auction_pending_at": NOW + timedelta(hours=5)}, False),
        ({"auction_pending_at": NOW + timedelta(hours=6)}, True),
        ({"auction_pending_at": NOW + timedelta(hours=7)}, True),
        ({"auction": AuctionState(won=True, lost=False, currency="USD")}, True),
        ({"auction": AuctionState(won=False, lost=False, currency="USD")}, False),
    ],
)
def test_what_was_won_and_pending_still_is_paid_when_it_is_won(seen: dict[str, Any], paid: bool) -> None:
    pending = a_placed_backorder(state=State.AUCTION_PENDING, auction_ends_at=NOW, **seen)
    assert follow(pending, an_application(status="AUCTION_WON")).auction.paid is paid


def test_what_was_never_seen_pending_is_not_paid_when_it_is_won() -> None:
    for told in (NO_AUCTION, AuctionState(won=True, lost=False, currency="USD")):
        order = a_placed_backorder(state=State.PROCESSING, auction=told)
        assert not follow(order, an_application(status="AUCTION_WON")).auction.paid


@pytest.mark.parametrize("status", ["AUCTION_LOST", "SUCCESSFUL"])
def test_only_what_was_auctioned_and_won_is_paid(status: str) -> None:
    told = AuctionState(won=True, lost=False, currency="USD")
    pending = a_placed_backorder(state=State.AUCTION_PENDING, auction=told)
    assert follow(pending, an_application(status=status)).auction.paid is pending.auction.paid


@pytest.mark.parametrize(
    ("state", "at", "pending_at"),
    [
        (State.AUCTION_PENDING, SOON - MICROSECOND, None),
        (State.AUCTION_PENDING, SOON, SOON),
        (State.AUCTION_PENDING, SOON + HOUR, SOON + HOUR),
        (State.AUCTION_WON, SOON + HOUR, None),
        (State.ACTIVE, SOON + HOUR, None),
    ],
)
def test_that_an_auction_is_pending_still_after_its_end_is_remembered(
    state: State, at: datetime, pending_at: datetime | None
) -> None:
    auction = Auction(False, False, SOON, None, None, None, "USD", "")
    assert in_auction(a_placed_backorder(state=state), auction, now=at).auction.pending_at == pending_at


@pytest.mark.parametrize("state", sorted(State))
def test_a_booked_price_pays_for_what_was_auctioned(state: State) -> None:
    order = a_placed_backorder(state=state)
    paid = paid_in_the_account(order)
    auctioned = state in (State.AUCTION_WON, State.AUCTION_PENDING)
    assert (paid.auction.paid or False) is auctioned
    assert (paid is order) is not auctioned
    assert paid_in_the_account(paid) is paid


# --- Long after the drop -------------------------------------------------------------------------

STALE = a_dated_backorder(
    finalization_at=NOW - timedelta(hours=52), state=State.REQUESTED, application="7", submitted_at=NOW
)


def test_a_stale_order_that_a_rule_chose_is_taken_back() -> None:
    chosen = changed(STALE, source=Source.DROPPING)
    after = given_up(chosen, now=NOW)
    assert (after.cancel_requested, after.state) == (True, State.REQUESTED)
    assert "48 hours after its drop" in after.history[-1].why
    assert given_up(after, now=NOW) is after
    assert given_up(chosen, now=NOW + timedelta(days=3)).cancel_requested
    assert given_up(chosen, now=NOW - timedelta(seconds=1)) is chosen


@pytest.mark.parametrize(
    "changes",
    [
        {"source": Source.WANTED},
        {"origin": Origin.FOREIGN},
        {"state": State.ACTIVE},
        {"state": State.PROCESSING},
        {"state": State.WITHDRAWING},
    ],
)
def test_what_a_person_wished_what_is_not_ours_and_what_moved_on_is_not_taken_back(changes: dict[str, Any]) -> None:
    order = changed(STALE, **{"source": Source.DROPPING, **changes})
    assert given_up(order, now=NOW) is order


@pytest.mark.parametrize("state", [State.WITHDRAWING, State.AUCTION_PENDING])
def test_what_is_being_withdrawn_or_auctioned_is_not_given_up_for_an_unknown_state(state: State) -> None:
    order = changed(STALE, state=state, unknown_status="PAUSED")
    assert given_up(order, now=NOW) is order


def test_giving_up_keeps_the_last_steps_of_a_long_history() -> None:
    steps = tuple(a_step(why=f"step {n}") for n in range(HISTORY_LIMIT))
    history = given_up(changed(STALE, source=Source.DROPPING, history=steps), now=NOW).history
    assert history[:-1] == steps[1:]


def test_an_order_in_an_unknown_state_ends_two_days_after_its_drop_once_nothing_is_reserved_for_it() -> None:
    paused = changed(STALE, unknown_status="PAUSED", deposit=FEE)
    assert given_up(paused, now=NOW) is paused
    ended = given_up(changed(paused, deposit=None), now=NOW)
    assert (ended.state, ended.settled) == (State.VANISHED, False)
    assert "PAUSED" in ended.history[-1].why


# --- After the drop ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "due"),
    [
        (a_placed_backorder(state=State.SUCCESSFUL), True),
        (a_placed_backorder(state=State.FAILED), True),
        (a_placed_backorder(state=State.AUCTION_LOST), True),
        (a_placed_backorder(state=State.FAILED, batch_ends_at=NOW - timedelta(days=2)), True),
        (a_placed_backorder(state=State.FAILED, batch_ends_at=NOW + timedelta(seconds=1)), False),
        (a_placed_backorder(state=State.SUCCESSFUL, checked_at=NOW), False),
        (a_placed_backorder(state=State.FAILED, checked_at=NOW), False),
        (a_placed_backorder(state=State.FAILED, checked_at=NOW - timedelta(days=1), still_free=True), True),
        (a_placed_backorder(state=State.FAILED, checked_at=NOW - timedelta(days=3), still_free=True), True),
        (a_placed_backorder(state=State.FAILED, checked_at=NOW - ALMOST_A_DAY, still_free=True), False),
        (a_placed_backorder(state=State.FAILED, checked_at=NOW - timedelta(days=3), still_free=False), False),
        (a_placed_backorder(state=State.FAILED, outcome_at=None), False),
        (a_placed_backorder(state=State.CANCELLED), False),
        (a_placed_backorder(state=State.VANISHED), False),
        (a_placed_backorder(state=State.PROCESSING), False),
    ],
)
def test_names_are_looked_up_once_after_their_drop_and_daily_while_they_are_free(
    order: Backorder, *, due: bool
) -> None:
    assert to_look_up(order, now=NOW) is due


def test_a_name_whose_look_was_refused_waits_for_the_next() -> None:
    lost = a_placed_backorder(
        state=State.FAILED, refused_look=RefusedLook(Call("CheckDomain", 545), "", NOW - HOUR, 1, NOW + HOUR)
    )
    due = [to_look_up(lost, now=at) for at in (NOW, NOW + HOUR - MICROSECOND, NOW + HOUR, NOW + 2 * HOUR)]
    assert due == [False, False, True, True]


def test_a_won_name_that_is_in_the_account_keeps_its_expiry_and_its_renewal_mode() -> None:
    won = a_placed_backorder(state=State.SUCCESSFUL)
    domain = RegisteredDomain("john.com", SOON, "AUTORENEW")
    seen = found_in_account(won, domain, now=NOW)
    assert (seen.lookup.at, seen.lookup.expires_at, seen.lookup.renewal_mode) == (NOW, SOON, "AUTORENEW")
    assert found_in_account(won, replace(domain, renewal_mode=""), now=NOW).lookup.renewal_mode is None


# --- Money ---------------------------------------------------------------------------------------


def test_a_deposit_is_what_the_backorder_draws() -> None:
    backorder = reserved(a_placed_backorder(), a_lease(amount=usd("59.00")), now=NOW)
    assert (backorder.deposit.amount, backorder.plan.fee) == (usd("59.00"), usd("59.00"))


def test_what_was_reserved_last_stays_as_its_fee() -> None:
    backorder = reserved(a_placed_backorder(deposit=usd("59.00"), fee=usd("59.00")), None, now=NOW)
    assert (backorder.deposit.amount, backorder.plan.fee) == (None, usd("59.00"))


def test_what_it_was_planned_with_stays_known_whatever_is_reserved() -> None:
    planned = a_placed_backorder(fee=FEE)
    for amount in ("59.00", "49.00"):
        planned = reserved(planned, a_lease(amount=usd(amount)), now=NOW)
        assert (planned.plan.fee, planned.plan.planned_fee, planned.deposit.last) == (usd(amount), FEE, usd(amount))
    unplanned = reserved(a_placed_backorder(last_deposit=usd("59.00")), a_lease(amount=usd("49.00")), now=NOW)
    assert unplanned.plan.planned_fee is None


@pytest.mark.parametrize("lease", [None, a_lease()])
def test_the_deposit_it_had_changes_nothing(lease: Lease | None) -> None:
    backorder = a_placed_backorder(deposit=lease.amount if lease else None)
    assert reserved(backorder, lease, now=NOW) is backorder


def test_what_was_usual_when_its_deposit_was_as_usual_is_remembered() -> None:
    usual = reserved(a_placed_backorder(), a_lease(amount=usd("59.00")), now=NOW, usual=usd("59.00") + 0)
    assert usual.deposit.usual == usd("59.00")
    risen = reserved(usual, a_lease(amount=usd("59.00")), now=NOW, usual=FEE)
    assert risen.deposit.usual == usd("59.00")
    assert reserved(usual, None, now=NOW, usual=FEE).deposit.usual == usd("59.00")
    assert reserved(a_placed_backorder(), a_lease(amount=usd("59.00")), now=NOW, usual=FEE).deposit.usual is None


def test_an_active_order_without_a_deposit_remembers_since_when() -> None:
    bare = reserved(a_placed_backorder(state=State.ACTIVE, deposit=FEE), None, now=NOW)
    assert bare.deposit.missing_since == NOW
    assert reserved(bare, None, now=SOON) is bare
    assert reserved(bare, a_lease(), now=SOON).deposit.missing_since is None


def test_charges_are_kept_by_key_and_taken_back_by_key() -> None:
    order = charged(a_placed_backorder(), [a_charge(), a_charge("entry#2")])
    assert order.charged == 2 * FEE
    assert charged(order, [a_charge()]) is order
    assert charged(order, [], frozenset({"entry#1"})).charges == (a_charge("entry#2"),)


@pytest.mark.parametrize(
    ("state", "changes", "over"),
    [
        (State.FAILED, {"checked_at": NOW}, True),
        (State.FAILED, {"checked_at": NOW, "deposit": FEE}, False),
        (State.FAILED, {}, False),  # not looked up yet
        (State.CANCELLED, {}, True),
        (State.VANISHED, {"deposit": FEE}, False),
        (State.SUCCESSFUL, {"checked_at": NOW, "charges": (a_charge(),)}, True),
        (State.SUCCESSFUL, {"checked_at": NOW, "charges": (a_charge(gross=usd("0.50")),)}, True),
        (State.SUCCESSFUL, {"checked_at": NOW}, False),
        (State.SUCCESSFUL, {"charges": (a_charge(),)}, False),
        (State.SUCCESSFUL, {"checked_at": NOW, "charges": (a_charge(gross=-FEE),)}, False),
        (State.SUCCESSFUL, {"checked_at": NOW, "charges": (a_charge(gross=usd("0.00")),)}, False),
        (State.SUCCESSFUL, {"outcome_at": NOW - timedelta(days=35) + MICROSECOND}, False),
        (State.SUCCESSFUL, {"outcome_at": NOW - timedelta(days=35)}, True),  # a charge that never comes
        (State.SUCCESSFUL, {"outcome_at": NOW - timedelta(days=50)}, True),
        (State.AUCTION_WON, {"checked_at": NOW, "charges": (a_charge(),), "deposit": FEE}, False),
        (State.ACTIVE, {"charges": (a_charge(),)}, False),
    ],
)
def test_it_is_settled_when_it_is_final_its_money_in_place_and_its_name_looked_up(
    state: State, changes: dict[str, Any], *, over: bool
) -> None:
    backorder = a_placed_backorder(state=state, **changes)
    after = settled(backorder, now=NOW)
    assert after.settled is over
    assert (after is backorder) is not over
    assert settled(after, now=NOW) is after
