"""What is concluded from the provider's list about an order whose outcome nobody knows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorder.domain.values import Claim, Origin
from backorder.provider.port import FINAL, LIVE, Application, ApplicationStatus
from submission.recovery_rules import CLOCK_SKEW, QUESTIONS, Adopt, AskAgain, Conclusion, SendAgain, conclude, is_ours
from tests.factories import NOW, a_claim, an_application

OLDER = NOW - timedelta(hours=1)
LATER = NOW + timedelta(seconds=30)


def unanswered(asked: int = 0, exists: int = 0) -> Claim:
    """An order that may have arrived."""
    return a_claim(sent=1, unanswered=True, asked=asked, exists=exists)


def answered_540(times: int = 1) -> Claim:
    """The provider says that an application exists."""
    return a_claim(sent=times, unanswered=False, exists=times)


def at_once(claim: Claim, *found: Application) -> Conclusion:
    return conclude(claim, found, past_last_chance=False, complete=True)


def ours(status: str = "REQUESTED", **changes: Any) -> Application:
    return an_application(status=status, **{"id": "ours", "created_at": LATER, **changes})


def older(status: str = "REQUESTED", **changes: Any) -> Application:
    return an_application(status=status, **{"id": "older", "created_at": OLDER, **changes})


@pytest.mark.parametrize("status", sorted(LIVE))
def test_a_live_application_is_adopted(status: ApplicationStatus) -> None:
    assert at_once(unanswered(), ours(status)) == Adopt(ours(status), Origin.OURS)


@pytest.mark.parametrize("status", sorted(LIVE))
def test_one_older_than_our_first_attempt_is_adopted_as_foreign(status: ApplicationStatus) -> None:
    assert at_once(unanswered(), older(status)) == Adopt(older(status), Origin.FOREIGN)


@pytest.mark.parametrize(
    ("created_at", "whose"),
    [
        (NOW, True),
        (NOW + timedelta(days=9), True),
        (NOW - CLOCK_SKEW, True),
        (NOW - CLOCK_SKEW - timedelta(seconds=1), False),
    ],
)
def test_ours_is_what_was_created_since_our_first_attempt(created_at: object, whose: bool) -> None:
    assert is_ours(ours(created_at=created_at), a_claim()) is whose


def test_what_our_only_order_was_told_of_is_not_ours_however_little_older_it_is() -> None:
    """Somebody ordered the name by hand, seconds before us."""
    before = ours(created_at=NOW - timedelta(seconds=9))
    assert at_once(answered_540(), before) == Adopt(before, Origin.FOREIGN)
    # One of several orders may have made it, and nobody knows by which clock.
    assert at_once(answered_540(times=2), before) == Adopt(before, Origin.OURS)
    assert at_once(answered_540(), ours(created_at=NOW)) == Adopt(ours(created_at=NOW), Origin.OURS)


@pytest.mark.parametrize(("seconds", "whose"), [(30, True), (31, False)])
def test_the_providers_clock_may_lag_by_half_a_minute(seconds: int, whose: bool) -> None:
    created_at = NOW - timedelta(seconds=seconds)
    assert is_ours(ours(created_at=created_at), unanswered()) is whose
    # An order that was answered, and not with "exists".
    assert is_ours(ours(created_at=created_at), a_claim(sent=1, unanswered=False, exists=0)) is whose


def test_what_is_surely_no_older_than_our_order_comes_before_what_looks_a_little_older() -> None:
    before = ours(id="by hand", created_at=NOW - timedelta(seconds=9))
    sent_at = NOW + timedelta(milliseconds=400)
    claim = a_claim(first_sent_at=sent_at, sent=1, unanswered=True)
    assert at_once(claim, before, ours(created_at=NOW)) == Adopt(ours(created_at=NOW), Origin.OURS)


def test_of_several_our_own_comes_first() -> None:
    assert at_once(unanswered(), older(), ours()) == Adopt(ours(), Origin.OURS)
    assert at_once(unanswered(), ours("FAILED"), older()) == Adopt(older(), Origin.FOREIGN)


def test_of_two_of_ours_the_first_is_adopted_whatever_the_order_of_the_list() -> None:
    second = ours(id="second", created_at=LATER + timedelta(seconds=1))
    assert at_once(unanswered(), second, ours()) == at_once(unanswered(), ours(), second) == Adopt(ours(), Origin.OURS)


def test_of_two_of_the_same_second_it_is_always_the_same_one() -> None:
    second = ours(id="pours")
    assert at_once(unanswered(), second, ours()) == at_once(unanswered(), ours(), second)


@pytest.mark.parametrize("status", ["FAILED", "AUCTION_LOST"])
def test_a_lost_one_of_ours_is_adopted_only_after_the_last_chance(status: str) -> None:
    lost = ours(status)
    assert conclude(unanswered(1), [lost], past_last_chance=False, complete=True) == SendAgain(new=False)
    assert conclude(unanswered(), [lost], past_last_chance=True, complete=True) == Adopt(lost, Origin.OURS)


@pytest.mark.parametrize("status", ["SUCCESSFUL", "AUCTION_WON"])
def test_a_won_one_of_ours_is_never_ordered_again(status: str) -> None:
    assert at_once(unanswered(), ours(status)) == Adopt(ours(status), Origin.OURS)


@pytest.mark.parametrize("status", sorted(FINAL))
@pytest.mark.parametrize("past", [False, True])
def test_a_dead_one_of_others_is_never_adopted(status: ApplicationStatus, past: bool) -> None:
    found = conclude(unanswered(1), [older(status)], past_last_chance=past, complete=True)
    assert found == SendAgain(new=False)


def test_an_unanswered_order_needs_two_questions() -> None:
    assert QUESTIONS == 2
    assert at_once(unanswered(asked=0)) == AskAgain()
    assert at_once(unanswered(asked=1)) == SendAgain(new=False)


def test_a_540_needs_one_question() -> None:
    assert at_once(answered_540()) == SendAgain(new=False)


def test_a_new_one_is_forced_only_after_it_was_said_to_exist_twice_and_all_are_final() -> None:
    assert at_once(answered_540(1), older("FAILED")) == SendAgain(new=False)
    assert at_once(answered_540(2), older("FAILED")) == SendAgain(new=True)
    assert at_once(answered_540(2)) == SendAgain(new=False)
    assert at_once(answered_540(2), older("FAILED"), older("ACTIVE")) == Adopt(older("ACTIVE"), Origin.FOREIGN)


def test_an_order_that_was_forced_and_not_answered_is_asked_about_twice_again() -> None:
    assert at_once(unanswered(asked=0, exists=2), older("FAILED")) == AskAgain()


@pytest.mark.parametrize("claim", [unanswered(), unanswered(9), answered_540(), answered_540(9)])
@pytest.mark.parametrize("past", [False, True])
def test_a_list_that_moved_while_it_was_read_says_nothing_about_what_is_missing(claim: Claim, past: bool) -> None:
    assert conclude(claim, [], past_last_chance=past, complete=False) == AskAgain()
    assert conclude(claim, [older("FAILED")], past_last_chance=past, complete=False) == AskAgain()


def test_what_an_incomplete_list_shows_is_there_all_the_same() -> None:
    assert conclude(unanswered(), [ours()], past_last_chance=False, complete=False) == Adopt(ours(), Origin.OURS)


claims = st.builds(
    lambda unanswered, asked, exists: a_claim(unanswered=unanswered, asked=asked, exists=exists),
    st.booleans(),
    st.integers(0, 4),
    st.integers(0, 4),
)
applications = st.lists(
    st.builds(
        lambda number, status, seconds: an_application(
            status=status, id=str(number), created_at=NOW + timedelta(seconds=seconds)
        ),
        st.integers(0, 99),
        st.sampled_from(sorted(ApplicationStatus)),
        st.integers(-20, 20),
    ),
    max_size=4,
    unique_by=lambda application: application.id,
)


@given(claim=claims, found=applications, past=st.booleans(), complete=st.booleans())
def test_nothing_is_sent_where_an_application_may_live(
    claim: Claim, found: list[Application], past: bool, complete: bool
) -> None:
    concluded = conclude(claim, found, past_last_chance=past, complete=complete)
    live = [application for application in found if application.status.is_live]
    match concluded:
        case Adopt(application, origin):
            assert application in found
            assert (origin is Origin.OURS) == is_ours(application, claim)
            assert application in live or (not live and is_ours(application, claim))
        case SendAgain(new):
            assert not live
            assert complete
            assert not claim.unanswered or claim.asked >= 1
            assert not new or (found and claim.exists >= 2)
        case AskAgain():
            assert not live
            assert not complete or (claim.unanswered and claim.asked == 0)


@given(claim=claims, found=applications, past=st.booleans(), complete=st.booleans(), data=st.data())
def test_the_order_of_the_list_does_not_matter(
    claim: Claim, found: list[Application], past: bool, complete: bool, data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(found))
    one = conclude(claim, found, past_last_chance=past, complete=complete)
    assert conclude(claim, shuffled, past_last_chance=past, complete=complete) == one
