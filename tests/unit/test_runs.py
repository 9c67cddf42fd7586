"""When plan and reconciliation last ran is kept, for whoever looks."""

from backorder.runs import Run, last_run, note_run
from backorder.store.memory import MemoryStore
from tests.factories import NOW


def test_before_the_first_run_there_is_none() -> None:
    assert last_run(MemoryStore(), "plan") is None


def test_the_last_run_replaces_the_one_before() -> None:
    store = MemoryStore()

    note_run(store, "plan", Run(NOW.replace(hour=1), {"queued": 1}))
    note_run(store, "plan", Run(NOW, {"queued": 2, "capacity": "4931.00"}))

    assert last_run(store, "plan") == Run(NOW, {"queued": 2, "capacity": "4931.00"})
    assert last_run(store, "reconcile") is None
