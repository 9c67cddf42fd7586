"""`others_unharmed`: whom a scripted answer harmed, besides the name that it is about."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from backorder.domain.backorder import Backorder
from backorder.domain.findings import Kind
from backorder.domain.schedule import Known
from backorder.domain.states import State
from backorder.domain.values import Origin, Reason, Refusal
from backorder.runtime.clock import iso
from local.world.promises.unharmed import others_harmed
from tests.factories import NOW, a_backorder, a_finding, a_placed_backorder, a_step

ORDERED = NOW - timedelta(days=5)
DEADLINE = NOW - timedelta(days=1)
ABOUT_NAMED = {"command": "AddDomainApplication", "domain": "named.com", "application": None, "given": 3}


def an_application(number: str, domain: str, status: str = "FAILED", **changes: Any) -> dict[str, Any]:
    return {
        "application": number,
        "domain": domain,
        "status": status,
        "user": "test.user",
        "foreign": False,
        "created": iso(ORDERED),
        **changes,
    }


def placed(domain: str, state: State = State.FAILED, application: str = "1", **changes: Any) -> Backorder:
    dates = {"deadline": DEADLINE, "last_chance": DEADLINE, "known": Known.FINALIZATION}
    given = {"created_at": ORDERED, "submitted_at": ORDERED, **dates, **changes}
    return a_placed_backorder(domain, state, application=application, **given)


def never_ordered(domain: str, state: State = State.MISSED, **changes: Any) -> Backorder:
    given = {"reason": Reason.REFUSED, "created_at": ORDERED, "deadline": DEADLINE, "last_chance": DEADLINE, **changes}
    return a_backorder(domain, state=state, **given)


def emulator(*applications: dict[str, Any], answers: tuple[dict[str, Any], ...] = (ABOUT_NAMED,)) -> dict[str, Any]:
    return {
        "now": iso(NOW),
        "applications": list(applications),
        "deleted": [],
        "answers": list(answers),
        "faulty": {},
        "book_faults": [],
        "refuse_zones": ["de"],
    }


OF_OTHER = (an_application("1", "other.com"),)


def harmed(
    *backorders: Backorder,
    findings: tuple[Any, ...] = (),
    applications: Iterable[dict[str, Any]] = OF_OTHER,
    mishaps: bool = False,
    **state: Any,
) -> list[str]:
    return list(others_harmed(backorders, findings, emulator(*applications, **state), mishaps=mishaps))


def test_whoever_ended_as_the_provider_has_it_is_unharmed() -> None:
    assert harmed(placed("other.com")) == []


@pytest.mark.parametrize(
    ("other", "applications", "harm"),
    [
        (never_ordered("other.com"), [], "never ordered"),
        (never_ordered("other.com", State.SELECTED, reason=None), [], "never ordered"),
        (placed("other.com", State.VANISHED), None, "where the provider has it FAILED"),
        (placed("other.com", State.ACTIVE), None, "where the provider has it FAILED"),
        (placed("other.com", application="7"), None, "the provider does not have it"),
        (never_ordered("other.com", State.SUBMITTING), None, "knows nothing of it"),
        (
            placed("other.com", submitted_at=DEADLINE + timedelta(hours=1)),
            [an_application("1", "other.com", created=iso(DEADLINE + timedelta(hours=1)))],
            "after its deadline",
        ),
    ],
)
def test_each_harm_to_a_name_that_no_answer_is_about_is_named(
    other: Backorder, applications: list[dict[str, Any]] | None, harm: str
) -> None:
    there = OF_OTHER if applications is None else applications
    (line,) = harmed(other, applications=there)
    assert line.startswith("other.com: ")
    assert harm in line
    assert harmed(other, answers=(), applications=there) == []


@pytest.mark.parametrize(
    "other",
    [
        never_ordered("other.de"),
        never_ordered("other.com", State.CANCELLED),
        never_ordered("other.com", created_at=DEADLINE + timedelta(minutes=1)),
        never_ordered("other.com", deadline=None, last_chance=None, state=State.SELECTED),
        placed("other.com", State.VANISHED, origin=Origin.FOREIGN),
    ],
)
def test_what_was_not_to_be_ordered_is_no_harm(other: Backorder) -> None:
    assert harmed(other) == []


@pytest.mark.parametrize("reason", [Reason.UNFUNDED, Reason.LIMIT, Reason.TOO_DEAR])
def test_a_run_short_of_funds_is_not_judged(reason: Reason) -> None:
    short = never_ordered("short.com", reason=reason)
    assert harmed(short, never_ordered("other.com"), applications=[]) == []


def test_a_name_that_was_held_meanwhile_makes_the_run_a_short_one() -> None:
    held = placed("held.com", application="2", history=(a_step(State.SELECTED, State.HELD),))
    assert harmed(held, never_ordered("other.com"), applications=[an_application("2", "held.com")]) == []


def test_answers_about_nothing_in_particular_are_not_judged() -> None:
    anybody = {"command": "AddDomainApplication", "domain": None, "application": None, "given": 3}
    assert harmed(never_ordered("other.com"), answers=(ABOUT_NAMED, anybody)) == []


def test_a_named_one_may_be_rejected_in_words_or_have_a_finding_or_end_like_others() -> None:
    words = never_ordered("named.com", State.REJECTED, refusal=Refusal("Invalid attribute value; DOMAIN"))
    missed = never_ordered("named.com")
    assert harmed(words) == []
    assert harmed(missed, findings=(a_finding(Kind.DEADLINE_MISSED, "named.com"),)) == []
    assert harmed(placed("named.com"), applications=[an_application("1", "named.com")]) == []
    (line,) = harmed(missed)
    assert "no finding tells why" in line


def test_a_name_is_named_by_its_application_too() -> None:
    about = {"command": "StatusDomainApplication", "domain": None, "application": "1", "given": 1}
    vanished = placed("named.com", State.VANISHED)
    (line,) = harmed(vanished, applications=[an_application("1", "named.com")], answers=(about,))
    assert "no finding tells why" in line


def test_after_mishaps_a_name_may_be_late() -> None:
    late = never_ordered("other.com", reason=Reason.LATE)
    assert harmed(late, applications=[], mishaps=True) == []
    assert harmed(late, applications=[])
