"""Whole runs with everything going wrong that the design survives: a hundred seeds, and every promise holds."""

from __future__ import annotations

from typing import Any

import pytest

import ingestion.sweep
import ingestion.writing
import planning.submissions
import submission.app
import submission.work
from local.emulator.options import WIRE_FAULTS
from local.simulation.command import run_seed
from local.simulation.pool import Pool, pools_on_tasks
from local.simulation.scenario import Wishes, draw
from local.simulation.simulation import simulate

CHUNK = 10


@pytest.mark.parametrize("first", range(1, 101, CHUNK))
def test_every_promise_holds(first: int) -> None:
    failures = [failure for seed in range(first, first + CHUNK) if (failure := run_seed(seed, Wishes())[0])]
    assert not failures, "\n".join(
        f"python -m local simulate --seeds 1 --seed {failure.seed}: {'; '.join(failure.lines)}" for failure in failures
    )


@pytest.mark.parametrize("seed", [2, 11])
def test_a_seed_is_always_the_same_run(seed: int) -> None:
    one, other = simulate(draw(seed)), simulate(draw(seed))
    assert (one.seen, one.ended_at) == (other.seen, other.ended_at)
    assert one.evidence.emulator == other.evidence.emulator
    steps = [[b.history for b in sorted(result.evidence.backorders, key=lambda b: b.key)] for result in (one, other)]
    assert steps[0] == steps[1]


def test_everything_that_is_simulated_takes_place() -> None:
    """Within a hundred seeds; most of it within a few."""
    missing = {
        "wanted list",
        "dropping list",
        "cancel list",
        "rules uploaded",
        "killed",
        "frozen",
        "thawed",
        "thawed past its time-out",
        "message twice",
        "message late",
        "message overtaken",
        "message not taken",
        "redelivered",
        "dead letter",
        "redriven",
        "tick lost",
        "tick doubled",
        "two of plan at once",
        "two of reconcile at once",
        "cancel while QUEUED",
        "cancel while SUBMITTING",
        "cancel while WITHDRAWING",
        "order refused as incomplete",
        "drop moved",
        "rules outdated",
        "password rotated",
        "plan halted",
        *(f"fault {kind}" for kind in WIRE_FAULTS),
    }
    for seed in range(1, 101):
        missing -= run_seed(seed, Wishes())[1].keys()
        if not missing:
            return
    pytest.fail(f"never took place: {', '.join(sorted(missing))}")


def test_no_function_has_threads_of_its_own() -> None:
    """A thread beside the scheduler's would have no turns: nothing would befall what it does."""
    with pools_on_tasks():
        for module in (ingestion.sweep, ingestion.writing, planning.submissions, submission.work):
            assert module.__dict__["ThreadPoolExecutor"] is Pool


def test_an_error_in_the_functions_breaks_a_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    def work(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(submission.app, "work", work)
    assert "no_crash" in simulate(draw(2, Wishes(names=1, faults="none", storm=False))).broken
