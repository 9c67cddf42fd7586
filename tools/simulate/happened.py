"""What took place in a simulation, counted from what it left behind: nobody believes in a mishap that never was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from backorder.domain.states import State
from local.world.promises.evidence import Evidence
from tools.simulate.scenario import Scenario

_AT_THE_WORST = (State.QUEUED, State.SUBMITTING, State.WITHDRAWING)


def happened(scenario: Scenario, evidence: Evidence) -> Counter[str]:
    """How often what took place, by name, beside the mishaps that are counted where they are made."""
    return Counter(_each(scenario, evidence))


def _each(scenario: Scenario, evidence: Evidence) -> Iterator[str]:
    for upload in scenario.uploads:
        yield "rules uploaded" if upload.key == "rules.toml" else f"{upload.kind} list"
    for kind, number in evidence.emulator["faults"].items():
        yield from (f"fault {kind}" for _ in range(number))
    for backorder in evidence.backorders:
        for step in backorder.history:
            if step.entry is not None and step.left in _AT_THE_WORST:
                yield f"cancel while {step.left}"
