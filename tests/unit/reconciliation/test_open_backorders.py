"""What a run changes about orders is written once for each, whatever others write meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorder.domain.backorder import Backorder
from backorder.domain.states import State
from backorder.domain.values import BackorderKey
from backorder.store import Conflict, NotUnderstood, SetAside
from local.memory_store import MemoryStore
from reconciliation import open_backorders as of_orders
from reconciliation.open_backorders import TRIES, Change, Orders
from tests.factories import NOW, a_backorder, a_placed_backorder, changed, moved


class Written(MemoryStore):
    """Notes what is written, and lets others write `meanwhile`: before each write of a backorder."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[str] = []
        self.meanwhile: Callable[[Backorder], None] = lambda _: None

    def replace(self, backorder: Backorder) -> Backorder:
        self.meanwhile(backorder)
        written = super().replace(backorder)
        self.writes.append(backorder.domain)
        return written

    def by_others(self, domain: str, change: Change) -> None:
        found = self.latest(domain)
        assert found is not None
        super().replace(change(found))


def a_store(*backorders: Backorder) -> Written:
    store = Written()
    for backorder in backorders or (a_placed_backorder(),):
        store.create(backorder)
    return store


def held(orders: Orders, domain: str = "john.com") -> Backorder:
    found = orders.get(BackorderKey(domain, 1))
    assert found is not None
    return found


def noting(word: str) -> Change:
    return lambda order: changed(order, note=(order.wish.note or "") + word)


def test_what_is_changed_several_times_is_written_once() -> None:
    store = a_store()
    orders = Orders(store)
    for word in "abc":
        orders.change(held(orders), noting(word))
    assert (store.writes, orders.changed) == ([], 0)
    orders.write()
    assert (store.writes, orders.changed) == (["john.com"], 1)
    stands = store.latest("john.com")
    assert stands is not None
    assert (stands.wish.note, stands.version) == ("abc", 1)
    assert held(orders) == stands
    orders.write()
    assert len(store.writes) == 1


def test_what_changes_nothing_is_not_written() -> None:
    store = a_store()
    orders = Orders(store)
    assert orders.change(held(orders), lambda order: order) is not None
    orders.write()
    assert store.writes == []


def test_a_run_sees_what_it_changed_however_it_looks() -> None:
    store = a_store(a_placed_backorder(state=State.FAILED, settled=True), a_placed_backorder(cycle=2))
    orders = Orders(store)
    second = next(iter(orders))
    changed = orders.change(second, noting("a"))
    assert changed.wish.note == "a"
    assert list(orders) == [changed]
    assert orders.get(second.key) == changed
    assert orders.of_application(str(second.application_id)) == changed
    assert list(orders.known_of("john.com")) == [changed]
    assert [order.wish.note for order in orders.of_domain("john.com")] == ["a", None], "the table has it as it was"
    # Whoever still has it as it was changes it further.
    assert orders.change(second, noting("b")).wish.note == "ab"
    orders.write()
    assert [order.wish.note for order in orders.of_domain("john.com")] == ["ab", None]


def test_what_somebody_else_changed_is_changed_as_it_stands() -> None:
    store = a_store(*(a_placed_backorder(f"{n}.com") for n in range(3)))
    orders = Orders(store)
    for order in orders:
        orders.change(order, noting("a"))
        orders.change(order, noting("b"))
    store.by_others("1.com", lambda order: changed(order, cancel_requested=True, note="theirs, "))
    orders.write()
    assert [(o.domain, o.cancel_requested, o.wish.note) for o in orders] == [
        ("0.com", False, "ab"),
        ("1.com", True, "theirs, ab"),
        ("2.com", False, "ab"),
    ]
    assert list(orders) == sorted(store.open_backorders(), key=lambda order: order.domain)
    assert orders.changed == 3


def test_what_need_not_be_changed_any_more_stays_as_others_left_it() -> None:
    store = a_store()
    orders = Orders(store)
    orders.change(held(orders), lambda order: order if order.state.is_final else noting("a")(order))
    store.by_others("john.com", lambda order: moved(order, State.FAILED, at=NOW, why="lost", settled=False))
    orders.write()
    assert (store.writes, held(orders).state, held(orders).wish.note) == ([], State.FAILED, None)


def test_what_others_change_again_and_again_is_left_to_the_next_run() -> None:
    store = a_store(a_placed_backorder(), a_placed_backorder("jane.com"))
    orders = Orders(store)
    for order in orders:
        orders.change(order, noting("a"))

    def change(order: Backorder) -> None:
        if order.domain == "john.com":
            store.by_others("john.com", noting("x"))

    store.meanwhile = change
    orders.write()
    assert store.writes == ["jane.com"]
    assert held(orders).wish.note == "x" * TRIES
    assert held(orders) == store.latest("john.com")
    store.meanwhile = lambda _: None
    orders.change(held(orders), noting("b"))
    orders.write()
    assert held(orders).wish.note == f"{'x' * TRIES}b", "what it wanted before is forgotten"


def test_what_is_not_understood_any_more_is_no_order_of_this_run() -> None:
    class OfTheFuture(Written):
        def replace(self, backorder: Backorder) -> Backorder:
            raise Conflict(backorder.key, None)

        def get(self, key: BackorderKey) -> Backorder | None:
            raise NotUnderstood(SetAside("domain#john.com", "cycle#0001", key), "state: enum")

    store = OfTheFuture()
    store.create(a_placed_backorder())
    orders = Orders(store)
    orders.change(next(iter(orders)), noting("a"))
    orders.write()
    assert list(orders) == []
    assert orders.of_application("app-john.com") is None
    assert orders.read([a_placed_backorder().key, a_backorder("jane.com").key]) == {
        a_placed_backorder().key,
        a_backorder("jane.com").key,
    }


def test_orders_that_are_over_are_read_and_known_from_then_on() -> None:
    over = [a_placed_backorder(f"{n}.com", State.FAILED, settled=True) for n in range(2)]
    orders = Orders(a_store(*over, a_placed_backorder()))
    keys = [order.key for order in over]
    assert orders.read([*keys, *keys, a_placed_backorder().key, BackorderKey("never.com", 1)]) == set()
    assert [order.domain for order in orders] == ["0.com", "1.com", "john.com"]


def test_of_more_orders_than_fit_into_memory_some_are_written_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_orders, "MOST", 3)
    store = a_store(*(a_placed_backorder(f"{n}.com") for n in range(7)))
    orders = Orders(store)
    for word in "ab":
        for order in orders:
            assert orders.change(order, noting(word)).wish.note is not None
    assert len(store.writes) == 12
    orders.write()
    assert {order.wish.note for order in store.open_backorders()} == {"ab"}
    assert [order.wish.note for order in orders] == ["ab"] * 7


STEPS = st.lists(
    st.tuples(st.sampled_from(["run", "others", "write"]), st.sampled_from(["a.com", "b.com", "c.com"])), max_size=30
)


@given(STEPS)
def test_nothing_that_anybody_changed_is_lost_or_done_twice(steps: list[tuple[str, str]]) -> None:
    store = a_store(*(a_placed_backorder(f"{name}.com") for name in "abc"))
    orders = Orders(store)
    words: dict[str, list[str]] = {f"{name}.com": [] for name in "abc"}
    for number, (who, domain) in enumerate(steps):
        word = f"{number};"
        if who == "write":
            orders.write()
            continue
        words[domain].append(word)
        if who == "run":
            orders.change(held(orders, domain), noting(word))
        else:
            store.by_others(domain, noting(word))
    orders.write()
    for domain, expected in words.items():
        stands = store.latest(domain)
        assert stands is not None
        assert sorted((stands.wish.note or "").split(";")) == sorted("".join(expected).split(";"))
        orders.change(held(orders, domain), noting("last"))
    orders.write()
    assert list(orders) == sorted(store.open_backorders(), key=lambda order: order.domain)


def test_a_day_whose_order_changes_is_added_up_anew_whenever_it_was_changed() -> None:
    """Also where somebody else gave it another outcome."""
    day = timedelta(days=1)
    over = [
        a_placed_backorder(f"{n}.com", State.FAILED, settled=True, outcome_at=NOW - n * day, created_at=NOW - 9 * day)
        for n in range(1, 4)
    ]
    store = a_store(*over)
    for order in over:
        store.save_day(order.closed_on, {})
    orders = Orders(store)
    orders.read([over[0].key, over[1].key])
    orders.change(held(orders, "1.com"), noting("a"))
    orders.change(held(orders, "2.com"), noting("a"))
    store.by_others("2.com", lambda order: replace(order, outcome_at=NOW - 5 * day))
    store.save_day((NOW - 5 * day).date(), {})
    orders.write()
    assert orders.closed_days == {(NOW - n * day).date() for n in (1, 2, 5)}
    assert {at: sums for at, sums in store.closed_days().items() if sums is not None} == {(NOW - 3 * day).date(): {}}
