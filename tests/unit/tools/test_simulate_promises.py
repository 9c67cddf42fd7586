"""The judge of a simulation: which date a backorder should have gone by in the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from backorder.domain.backorder import Backorder
from backorder.domain.dates import DateSource, DateStatement
from backorder.domain.states import State
from local.world.promises.evidence import Evidence
from local.world.promises.looks import Look, Looks
from tests.factories import NOW, a_date, a_placed_backorder, changed
from tools.simulate.changes import Changes, Move
from tools.simulate.names import Name
from tools.simulate.promises import wrong_dates
from tools.simulate.scenario import Scenario, draw

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BEFORE, AFTER = NOW + 6 * DAY, NOW + 5 * DAY
"""When it was to drop, and when it drops."""
MOVED_AT, TOLD_AT, ENDED_AT = NOW + 6 * HOUR, NOW + 7 * HOUR, NOW + 20 * HOUR


def a_name(drop_at: datetime) -> Name:
    return Name("john.com", "com", drop_at, drop_at - 3 * HOUR, "moment")


def a_scenario() -> Scenario:
    move = Move(MOVED_AT, a_name(BEFORE), a_name(AFTER), TOLD_AT)
    return replace(draw(1), uploads=(), changes=Changes(moves=(move,)))


def judged(backorder: Backorder, looks: Sequence[Look] = ()) -> list[str]:
    nothing: Any = ()
    evidence = Evidence(
        lists=(),
        backorders=(backorder,),
        postings=nothing,
        findings=(),
        emulator={},
        ended_at=NOW + 7 * DAY,
        planned_only=False,
        halted=False,
        password_seen_in=(),
    )
    return list(wrong_dates(evidence, a_scenario(), Looks(looks)))


def cancelled(*dates: DateStatement) -> Backorder:
    return a_placed_backorder(state=State.CANCELLED, batch_starts_at=BEFORE, outcome_at=ENDED_AT, dates=dates)


def said_by_its_application(at: datetime) -> DateStatement:
    return a_date(DateSource.APPLICATION, said_at=at, finalization_at=BEFORE - 3 * HOUR)


USERS = a_date(DateSource.USER, said_at=TOLD_AT, drop_at=AFTER)


def look(at: datetime, *, full: bool = True) -> Look:
    return Look(at, at + timedelta(minutes=1), whole=True, full=full)


def test_a_backorder_goes_by_the_date_of_the_newest_list() -> None:
    assert judged(cancelled(USERS)) == [
        "john.com: goes by 2026-11-30 12:00:00+00:00, and a list of 2026-11-24T19:00:00Z said 2026-11-29 12:00:00+00:00"
    ]
    assert judged(changed(cancelled(USERS), batch_starts_at=AFTER)) == []


@pytest.mark.parametrize(
    ("looks", "known"),
    [
        ([], False),
        ([look(MOVED_AT - HOUR)], False),
        ([look(TOLD_AT + HOUR, full=False)], False),
        ([look(ENDED_AT + HOUR)], False),
        ([look(TOLD_AT + HOUR)], True),
        ([look(MOVED_AT + HOUR, full=False), look(ENDED_AT - HOUR)], True),
    ],
)
def test_what_an_application_said_counts_until_all_applications_are_read_again(
    looks: Sequence[Look], *, known: bool
) -> None:
    """Its date of change does not say that its drop was moved, so that only a full look tells."""
    assert bool(judged(cancelled(said_by_its_application(NOW), USERS), looks)) is known


def test_an_application_that_stands_to_the_end_is_read_again_by_then() -> None:
    stands = replace(cancelled(said_by_its_application(NOW), USERS), state=State.REQUESTED, outcome_at=None)
    assert len(judged(stands)) == 1
