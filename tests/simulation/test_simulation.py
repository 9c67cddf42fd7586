"""Whole runs with everything going wrong that the design survives: a hundred seeds, and every promise holds."""

from __future__ import annotations

import pytest

from local.simulation.command import run_seed
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


def test_mishaps_of_every_kind_take_place() -> None:
    seen = {kind for seed in range(1, 21) for kind, number in run_seed(seed, Wishes())[1].items() if number}
    assert seen >= {
        "killed",
        "frozen",
        "message twice",
        "message late",
        "message not taken",
        "redelivered",
        "tick lost",
        "tick doubled",
    }
