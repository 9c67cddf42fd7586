"""When plan and reconciliation last ran is kept, for whoever looks."""

import pytest

from backorder.documents.runs import Run, last_run, note_run
from local.memory_store import MemoryStore
from tests.factories import NOW


def test_before_the_first_run_there_is_none() -> None:
    assert last_run(MemoryStore(), "plan") is None


def test_the_last_run_replaces_the_one_before() -> None:
    store = MemoryStore()

    note_run(store, "plan", Run(NOW.replace(hour=1), {"queued": 1}))
    note_run(store, "plan", Run(NOW, {"queued": 2, "capacity": "4931.00"}))

    assert last_run(store, "plan") == Run(NOW, {"queued": 2, "capacity": "4931.00"})
    assert last_run(store, "reconcile") is None


@pytest.mark.parametrize(
    ("summary", "trouble"),
    [
        ({}, None),
        ({"failed": {}}, None),
        ({"skipped": "another run"}, "another run"),
        ({"halted": "530", "skipped": "another run"}, "530"),
        ({"failed": {"deposits": "421", "won": "549"}}, "deposits: 421; won: 549"),
    ],
)
def test_a_run_says_why_it_did_less_than_it_should_have(summary: dict[str, object], trouble: str | None) -> None:
    assert Run(NOW, summary).trouble == trouble
