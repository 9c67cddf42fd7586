"""An outage of three hours, at any moment, costs no name that was covered when it began."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from backorder.domain.backorder import Backorder
from backorder.domain.states import State
from backorder.domain.values import BackorderKey
from local.world.virtual.mishaps import Rates
from tools.simulate.changes import Changes
from tools.simulate.scenario import FEE, Scenario, Wishes, draw
from tools.simulate.simulation import Result, simulate

OUTAGE = timedelta(hours=3)
TICKS = timedelta(minutes=10)
"""Two of them: what is there, and covered, so long before an outage is ordered, or waits for its late moment."""
SHORT = Wishes(faults="none", names=40, ample=False, books=False, answers=False, storm=False)


def calm(seed: int, late_minutes: int) -> Scenario:
    """40 names over ten zones, money for six at once, and nothing that goes wrong."""
    scenario = draw(seed, SHORT)
    rules = replace(scenario.uploads[0], body=f"[funding]\nlate_minutes = {late_minutes}\n")
    options = replace(scenario.options, balance=6 * FEE)
    uploads = (rules, *(upload for upload in scenario.uploads if upload.key != "rules.toml"))
    return replace(scenario, options=options, uploads=uploads, rates=Rates(), changes=Changes(), charges=())


def missed(result: Result) -> dict[BackorderKey, Backorder]:
    return {each.key: each for each in result.evidence.backorders if each.state is State.MISSED}


def state_at(moment: datetime, backorder: Backorder) -> State:
    """What it was in then, as its history says."""
    left = [step.left for step in backorder.history if step.at > moment]
    return left[0] if left else backorder.state


def lost_to_an_outage(seed: int, late_minutes: int = 360) -> Iterator[str]:
    """Names that are missed for an outage which begins at a moment drawn from the seed, though they were covered."""
    scenario = calm(seed, late_minutes)
    without = missed(simulate(scenario))
    rng = random.Random(f"outage {seed}")
    # Near a last chance: elsewhere, it costs nobody anything.
    begins = rng.choice(scenario.names).finalization_at - rng.random() * OUTAGE
    result = simulate(replace(scenario, changes=Changes(silent_at=begins, silence=OUTAGE)))
    assert result.broken == {}
    for key, backorder in missed(result).items():
        there = backorder.created_at < begins - TICKS
        if key not in without and there and state_at(begins, backorder) is not State.HELD:
            yield f"{key} was {state_at(begins, backorder)} at {begins}, last chance {backorder.schedule.last_chance}"


SEEDS = (8002,)
"""In which names that wait for money until 90 minutes before their deadlines would be lost."""


@pytest.mark.parametrize("seed", SEEDS)
def test_no_name_is_missed_for_three_hours_of_silence_that_was_covered_before(seed: int) -> None:
    assert list(lost_to_an_outage(seed)) == []
    assert list(lost_to_an_outage(seed, late_minutes=90)) != []


@pytest.mark.soak
@pytest.mark.parametrize("first", range(8100, 8200, 10))
def test_no_covered_name_is_missed_in_any_of_many_outages(first: int) -> None:
    for seed in range(first, first + 10):
        assert list(lost_to_an_outage(seed)) == [], seed
