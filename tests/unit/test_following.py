"""What the provider's answer changes about a backorder."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from backorder.deadlines import MARGIN, Known
from backorder.model import FINAL, TRANSITIONS, Backorder, Origin, State
from backorder.provider.adapter import ApplicationStatus
from backorder.provider.applications import Application
from backorder.registries import Registries
from reconciliation import following
from reconciliation.following import redated, reserved, settled, vanished
from tests.factories import FEE, NOW, a_backorder, a_dated_backorder, a_placed_backorder, an_application, usd

REGISTRIES = Registries.load()
LATER = NOW + timedelta(hours=1)
KNOWN = sorted(set(ApplicationStatus) - {ApplicationStatus.UNKNOWN})
SOON = NOW + timedelta(days=5)


def follow(backorder: Backorder, application: Application) -> Backorder:
    return following.follow(backorder, application, now=LATER, registries=REGISTRIES)


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
        assert (step.at, step.call) == (LATER, "QueryDomainApplicationList app-john.com")
    else:
        assert followed is backorder


@pytest.mark.parametrize("status", [status for status in KNOWN if ApplicationStatus(status).is_final])
def test_an_end_is_dated_and_its_money_is_still_open(status: str) -> None:
    ended = follow(a_placed_backorder(state=State.PROCESSING), an_application(status=status))
    assert (ended.outcome_at, ended.settled, ended.is_open) == (LATER, False, True)


def test_a_status_that_nobody_knows_moves_nothing() -> None:
    backorder = a_placed_backorder(state=State.ACTIVE)
    assert follow(backorder, an_application(status="UNKNOWN")) is backorder


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


def test_an_application_that_is_gone_has_vanished() -> None:
    gone = vanished(a_placed_backorder(state=State.ACTIVE, deposit=FEE), now=LATER)
    assert (gone.state, gone.outcome_at, gone.settled, gone.deposit) == (State.VANISHED, LATER, False, FEE)
    assert gone.history[-1].call == "StatusDomainApplication 545"


# --- Dates ---------------------------------------------------------------------------------------


def test_a_finalization_date_gives_a_deadline() -> None:
    followed = follow(a_placed_backorder(), an_application(finalization_at=SOON))
    assert (followed.state, followed.finalization_at) == (State.REQUESTED, SOON)
    assert (followed.deadline, followed.deadline_known) == (SOON - MARGIN, Known.FINALIZATION)


def test_a_finalization_date_moves_a_deadline_and_a_state_at_once() -> None:
    backorder = a_dated_backorder(finalization_at=NOW, state=State.REQUESTED, application="app-john.com", drop_at=None)
    followed = follow(backorder, an_application(status="ACTIVE", finalization_at=SOON))
    assert (followed.state, followed.deadline) == (State.ACTIVE, SOON - MARGIN)


def test_a_finalization_date_is_taken_from_an_answer_whose_status_is_not() -> None:
    backorder = a_placed_backorder(state=State.WITHDRAWING)
    followed = follow(backorder, an_application(status="ACTIVE", finalization_at=SOON))
    assert (followed.state, followed.finalization_at) == (State.WITHDRAWING, SOON)


def test_the_date_it_had_changes_nothing() -> None:
    backorder = follow(a_placed_backorder(), an_application(finalization_at=SOON))
    assert follow(backorder, an_application(finalization_at=SOON)) is backorder
    assert redated(backorder, SOON, registries=REGISTRIES) is backorder


def test_an_answer_without_a_date_takes_none_away() -> None:
    backorder = a_dated_backorder(finalization_at=SOON, state=State.REQUESTED)
    assert follow(backorder, an_application()) is backorder


# --- Money ---------------------------------------------------------------------------------------


def test_a_deposit_is_what_the_backorder_draws() -> None:
    backorder = reserved(a_placed_backorder(), {"john.com": usd("59.00"), "jane.com": usd(1)})
    assert (backorder.deposit, backorder.fee) == (usd("59.00"), usd("59.00"))


def test_what_was_reserved_last_stays_as_its_fee() -> None:
    backorder = reserved(a_placed_backorder(deposit=usd("59.00"), fee=usd("59.00")), {})
    assert (backorder.deposit, backorder.fee) == (None, usd("59.00"))


@pytest.mark.parametrize("deposits", [{}, {"john.com": FEE}])
def test_the_deposit_it_had_changes_nothing(deposits: dict[str, Decimal]) -> None:
    backorder = a_placed_backorder(deposit=deposits.get("john.com"))
    assert reserved(backorder, deposits) is backorder


def test_a_deposit_for_a_name_that_was_not_ordered_is_not_its_own() -> None:
    backorder = a_backorder()
    assert reserved(backorder, {"john.com": FEE}) is backorder


@pytest.mark.parametrize(
    ("state", "deposit", "charged", "over"),
    [
        (State.FAILED, None, False, True),
        (State.FAILED, FEE, False, False),
        (State.CANCELLED, None, False, True),
        (State.VANISHED, FEE, False, False),
        (State.SUCCESSFUL, None, True, True),
        (State.SUCCESSFUL, None, False, False),
        (State.AUCTION_WON, FEE, True, False),
        (State.ACTIVE, None, True, False),
    ],
)
def test_it_is_settled_when_it_is_final_and_its_money_is_in_place(
    state: State, deposit: Decimal | None, *, charged: bool, over: bool
) -> None:
    backorder = a_placed_backorder(state=state, deposit=deposit)
    after = settled(backorder, charged=charged)
    assert after.settled is over
    assert (after is backorder) is not over
    assert settled(after, charged=charged) is after
