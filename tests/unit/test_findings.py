"""Findings: what needs a person, opened once, changed, closed, and told when it is news."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorder.bookkeeping import Account
from backorder.finding import Finding, Kind
from backorder.halt import Halt
from backorder.model import FINAL, WON, Backorder, State
from reconciliation.findings import (
    RELEASE_LAG,
    Observation,
    examine_books,
    examine_funds,
    examine_line,
    update,
    worth_telling,
)
from tests.factories import CURRENCY, FEE, NOW, a_finding, a_forecast, a_placed_backorder, a_posting, usd

LATER = NOW + timedelta(hours=1)
LOST = sorted(FINAL - WON)


def observed_in_books(
    postings: Iterable[Any] = (), backorders: Iterable[Backorder] = (), *, late: timedelta = RELEASE_LAG
) -> list[Observation]:
    return examine_books(postings, backorders, now=NOW + late, currency=CURRENCY)


def an_observation(kind: Kind = Kind.REFUND_MISSING, subject: str = "john.com", **changes: Any) -> Observation:
    """What `a_finding` of the same kind and subject says."""
    finding = a_finding(kind, subject)
    return Observation(
        **{
            "kind": kind,
            "subject": subject,
            "advice": finding.advice,
            "domain": finding.domain,
            "amount": FEE,
            **changes,
        }
    )


def updated(
    standing: Iterable[Finding], observed: Iterable[Observation], examined: Iterable[Kind] = tuple(Kind)
) -> list[Finding]:
    return update(standing, observed, examined=examined, now=LATER, currency=CURRENCY)


# --- What is found -------------------------------------------------------------------------------


def test_an_account_in_order_has_nothing_for_a_person() -> None:
    assert examine_line(None) == []
    assert examine_funds(None) == []
    assert observed_in_books([a_posting()], [a_placed_backorder(state=State.ACTIVE, deposit=FEE)]) == []


def test_a_halted_line_says_since_when_and_why() -> None:
    [found] = examine_line(Halt("access", "530 Authentication failed; environment test", NOW))
    assert (found.kind, found.subject, found.amount) == (Kind.LINE_HALTED, "line", None)
    assert found.advice == "No orders since 24 November 12:00 UTC: 530 Authentication failed; environment test"


def test_a_shortfall_is_the_forecasts_sentence() -> None:
    forecast = a_forecast()
    [found] = examine_funds(forecast)
    assert (found.kind, found.subject, found.amount) == (Kind.SHORTFALL, "account", forecast.shortfall)
    assert found.advice == f"{forecast.sentence}."


@pytest.mark.parametrize("state", LOST)
def test_a_lost_names_deposit_that_stays_is_found_after_the_release_lag(state: State) -> None:
    lost = a_placed_backorder(state=state, deposit=FEE)
    assert observed_in_books(backorders=[lost], late=RELEASE_LAG - timedelta(seconds=1)) == []

    [found] = observed_in_books(backorders=[lost])

    assert (found.kind, found.subject, found.domain, found.amount) == (
        Kind.REFUND_MISSING,
        "john.com",
        "john.com",
        FEE,
    )
    for fact in (f"john.com was lost on 24 November 12:00 UTC ({state})", "69.00 USD", "application app-john.com"):
        assert fact in found.advice


@pytest.mark.parametrize(
    "backorder",
    [
        a_placed_backorder(state=State.FAILED, deposit=None),
        a_placed_backorder(state=State.SUCCESSFUL, deposit=FEE),
        a_placed_backorder(state=State.PROCESSING, deposit=FEE),
    ],
)
def test_no_refund_is_missing_of_what_was_won_is_on_its_way_or_back(backorder: Backorder) -> None:
    assert observed_in_books(backorders=[backorder]) == []


def test_a_charge_for_a_name_that_was_not_caught_is_found_until_it_is_given_back() -> None:
    charge = a_posting("entry#1", kind="disputed", source=Account.BALANCE, target=Account.OTHER, domain="john.com")
    [found] = observed_in_books([charge])
    assert (found.kind, found.subject, found.amount) == (Kind.CHARGE_WITHOUT_SUCCESS, "john.com", FEE)
    assert "69.00 USD were charged for john.com" in found.advice

    back = a_posting("entry#2", kind="other", source=Account.OTHER, target=Account.BALANCE, domain="john.com")
    assert observed_in_books([charge, back]) == []


@pytest.mark.parametrize(
    ("way", "amount", "words"),
    [
        ((Account.UNEXPLAINED, Account.BALANCE), "12.50", "12.50 USD more"),
        ((Account.RESERVED, Account.UNEXPLAINED), "-12.50", "12.50 USD less"),
    ],
)
def test_what_the_books_do_not_explain_is_found(way: tuple[Account, Account], amount: str, words: str) -> None:
    posting = a_posting("unexplained#1", usd("12.50"), kind="unexplained", source=way[0], target=way[1])
    [found] = observed_in_books([posting])
    assert (found.kind, found.subject, found.amount) == (Kind.UNEXPLAINED_DIFFERENCE, "account", usd(amount))
    assert words in found.advice


def test_differences_that_cancel_each_other_are_explained() -> None:
    there = a_posting("unexplained#1", kind="unexplained", source=Account.UNEXPLAINED)
    back = a_posting("unexplained#2", kind="unexplained", source=Account.BALANCE, target=Account.UNEXPLAINED)
    assert observed_in_books([there, back]) == []


# --- Opened, changed, closed ---------------------------------------------------------------------


def test_what_is_seen_first_opens_a_finding() -> None:
    assert updated([], [an_observation()]) == [a_finding(opened_at=LATER)]


def test_what_is_seen_again_changes_nothing() -> None:
    assert updated([a_finding()], [an_observation()]) == []


@pytest.mark.parametrize("changes", [{"amount": usd(80)}, {"advice": "Something else."}, {"amount": None}])
def test_what_is_seen_otherwise_changes_the_finding_and_keeps_its_beginning(changes: dict[str, Any]) -> None:
    assert updated([a_finding()], [an_observation(**changes)]) == [a_finding(**changes)]


def test_what_is_no_longer_seen_is_closed() -> None:
    assert updated([a_finding()], []) == [a_finding(status="closed", closed_at=LATER)]


def test_a_closed_finding_stays_closed_and_the_same_thing_opens_another() -> None:
    closed = a_finding(status="closed", closed_at=NOW)
    assert updated([closed], []) == []
    assert updated([closed], [an_observation()]) == [a_finding(opened_at=LATER)]


def test_kinds_that_were_not_examined_stay_as_they_are() -> None:
    halted, short = a_finding(Kind.LINE_HALTED, "line"), a_finding(Kind.SHORTFALL, "account")
    assert updated([halted, short], [], examined=[Kind.SHORTFALL]) == [replace(short, status="closed", closed_at=LATER)]


def test_findings_of_a_kind_are_told_apart_by_their_subject() -> None:
    changes = updated([a_finding(subject="john.com")], [an_observation(subject="jane.com")])
    assert [(finding.subject, finding.status) for finding in changes] == [("jane.com", "open"), ("john.com", "closed")]


things = st.tuples(st.sampled_from(Kind), st.sampled_from(["account", "john.com", "jane.com"]))
looks = st.lists(st.dictionaries(things, st.integers(1, 3).map(Decimal), max_size=5), max_size=6)


@given(looks)
def test_after_each_look_what_is_open_is_what_was_seen(seen: list[dict[tuple[Kind, str], Decimal]]) -> None:
    kept: dict[str, Finding] = {}
    for hour, look in enumerate(seen):
        observed = [an_observation(kind, subject, amount=amount) for (kind, subject), amount in look.items()]
        now = NOW + timedelta(hours=hour)
        changes = update(kept.values(), observed, examined=Kind, now=now, currency=CURRENCY)
        kept.update({finding.key: finding for finding in changes})

        still_open = [finding for finding in kept.values() if finding.status == "open"]
        assert {(finding.kind, finding.subject): finding.amount for finding in still_open} == look
        assert len(still_open) == len(look)
        assert update(kept.values(), observed, examined=Kind, now=now, currency=CURRENCY) == []


# --- Told ----------------------------------------------------------------------------------------


def test_what_opens_is_told() -> None:
    news = a_finding(amount=None)
    assert worth_telling([news], []) == [news]


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        ("69.00", "69.01", True),
        ("69.00", "68.99", False),
        ("69.00", "69.00", False),
        (None, "0.01", True),
        ("69.00", None, False),
        # The account holds less than the books explain: the farther from zero, the worse.
        ("-5.00", "-50.00", True),
        ("-50.00", "-5.00", False),
        ("5.00", "-50.00", True),
    ],
)
def test_a_change_is_told_only_if_the_amount_grew(before: str | None, now: str | None, *, told: bool) -> None:
    known = a_finding(amount=None if before is None else usd(before))
    changed = replace(known, amount=None if now is None else usd(now), advice="otherwise")
    assert worth_telling([changed], [known]) == ([changed] if told else [])


def test_what_closes_is_not_told() -> None:
    assert worth_telling([a_finding(status="closed")], [a_finding()]) == []


def test_what_opens_again_is_told_again() -> None:
    again = a_finding(opened_at=LATER)
    assert worth_telling([again], [a_finding(status="closed", closed_at=NOW)]) == [again]
