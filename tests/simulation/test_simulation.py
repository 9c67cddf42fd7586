"""Whole runs with everything going wrong that the design survives, and every promise holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

import ingestion.sweep
import ingestion.writing
import planning.plan_submissions
import reconciliation.writers
import submission.app
import submission.process_batch
from local.emulator.options import WIRE_FAULTS
from local.world.virtual.pool import Pool, pools_on_tasks
from tools.simulate.command import run_seed
from tools.simulate.scenario import Wishes, draw
from tools.simulate.simulation import simulate

EVENTFUL = (1, 2, 3, 7, 10, 14, 29, 63, 95, 158)
"""Seeds in which, taken together, everything takes place that is simulated."""
OTHERS = tuple(seed for seed in range(1, 11) if seed not in EVENTFUL)
MANY = range(11, 501)
CHUNK = 11


def chunks(seeds: Sequence[int], size: int) -> list[Sequence[int]]:
    return [seeds[first : first + size] for first in range(0, len(seeds), size)]


def first_to_last(seeds: Sequence[int]) -> str:
    return f"{seeds[0]}-{seeds[-1]}"


def run_all(seeds: Iterable[int], wishes: Wishes) -> Counter[str]:
    """Gives how often what took place. Fails if a seed breaks a promise, and says how to replay it."""
    failures, took_place = [], Counter[str]()
    for seed in seeds:
        failure, mishaps = run_seed(seed, wishes)
        took_place += mishaps
        if failure:
            failures.append(f"python -m tools simulate --seeds 1 --seed {seed}: {'; '.join(failure.lines)}")
    assert not failures, "\n".join(failures)
    return took_place


@pytest.mark.parametrize("seeds", chunks(OTHERS, CHUNK), ids=first_to_last)
def test_every_promise_holds(seeds: Sequence[int]) -> None:
    run_all(seeds, Wishes())


@pytest.mark.soak
@pytest.mark.parametrize("books", [False, True])
@pytest.mark.parametrize("seeds", chunks(MANY, 25), ids=first_to_last)
def test_every_promise_holds_in_many_seeds(seeds: Sequence[int], books: bool) -> None:
    run_all(seeds, Wishes(books=books))


@pytest.mark.parametrize("seed", [4, 9])
def test_a_seed_is_always_the_same_run(seed: int) -> None:
    one, other = simulate(draw(seed)), simulate(draw(seed))
    assert (one.seen, one.ended_at) == (other.seen, other.ended_at)
    assert one.evidence.emulator == other.evidence.emulator
    steps = [[b.history for b in sorted(result.evidence.backorders, key=lambda b: b.key)] for result in (one, other)]
    assert steps[0] == steps[1]


def test_everything_that_is_simulated_takes_place_and_every_promise_holds() -> None:
    expected = {
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
    missing = expected - run_all(EVENTFUL, Wishes()).keys()
    assert not missing, "look for seeds in which it does, with python -m tools simulate, and name them in EVENTFUL"


def test_no_function_has_threads_of_its_own() -> None:
    """A thread beside the scheduler's would have no turns: nothing would befall what it does."""
    with pools_on_tasks():
        for module in (
            ingestion.sweep,
            ingestion.writing,
            planning.plan_submissions,
            reconciliation.writers,
            submission.process_batch,
        ):
            assert module.__dict__["ThreadPoolExecutor"] is Pool


def test_an_error_in_the_functions_breaks_a_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    def work(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(submission.app, "work", work)
    assert "no_crash" in simulate(draw(2, Wishes(names=1, faults="none", storm=False))).broken


def test_a_message_on_which_a_function_crashed_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The crash is told, and nothing else is wrong: the second delivery does what the first did not."""
    right, crashes = submission.process_batch.work, iter([True])

    def work(*given: Any, **named: Any) -> Any:
        if next(crashes, False):
            raise ZeroDivisionError
        return right(*given, **named)

    monkeypatch.setattr(submission.app, "work", work)
    result = simulate(draw(2, Wishes(names=1, faults="none", storm=False)))
    assert result.broken.keys() == {"no_crash"}
    assert result.seen["redelivered"]
