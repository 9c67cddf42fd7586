"""What is over: however long the pipeline has run, a run reads the latest, and what changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorder.domain.backorder import Backorder
from backorder.domain.money import ZERO
from backorder.domain.states import State
from backorder.domain.values import BackorderKey
from local.memory_store import MemoryStore
from reconciliation import past
from reconciliation.open_backorders import Orders
from reconciliation.page.past import Past, add_up
from reconciliation.page.view import view
from reconciliation.past import read_past
from tests.browser import worlds
from tests.factories import FEE, NOW, TERMS, a_backorder, a_charge, usd

DAY = timedelta(days=1)
SINCE = NOW.date().replace(month=10, day=1)


class CountedStore(MemoryStore):
    """Which days were read."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[int] = []

    def closed(self, since: date, before: date) -> Iterator[Backorder]:
        for backorder in super().closed(since, before):
            self.read.append((NOW.date() - backorder.closed_on).days)
            yield backorder

    def backorders(self) -> Iterator[Backorder]:
        raise AssertionError("nobody reads the whole table")


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past, "ONE_BY_ONE", 5)


def lost(name: str, days_ago: float, **changes: Any) -> Backorder:
    at = NOW - days_ago * DAY
    values: dict[str, Any] = {
        "state": State.FAILED,
        "settled": True,
        "outcome_at": at,
        "created_at": at - 2 * DAY,
        "fee": FEE,
    }
    return a_backorder(name, **{**values, **changes})


def held(orders: Orders, domain: str) -> Backorder:
    found = orders.get(BackorderKey(domain, 1))
    assert found is not None
    return found


def a_store(*backorders: Backorder) -> CountedStore:
    store = CountedStore()
    for backorder in backorders:
        store.create(backorder)
    return store


def a_year() -> CountedStore:
    return a_store(*(lost(f"n{n}-{day}.com", day) for day in range(365) for n in range(2)))


def look(store: MemoryStore, now: datetime = NOW, changed: Sequence[date] = ()) -> tuple[Past, dict[date, list[str]]]:
    files: dict[date, list[str]] = {}

    def keep(day: date, backorders: Iterable[Backorder]) -> None:
        files[day] = [backorder.domain for backorder in backorders]

    return read_past(store, now, since=SINCE, terms=TERMS, changed=changed, keep=keep), files


def test_the_first_look_adds_each_day_up_and_later_ones_read_only_the_latest() -> None:
    store = a_year()
    seen, files = look(store)
    assert len(store.read) == 2 * 365, "each once"
    assert len(files) == 364, "today is not over"
    store.read.clear()
    again, files = look(store)
    assert files == {}
    assert again.counted + len(again.latest) == seen.counted + len(seen.latest) == 2 * 365
    assert sorted(set(store.read)) == [0, 1, 2, 3], "the latest five of days that are over, and whole days"
    assert (len(again.latest), again.counted) == (8, 2 * 361)
    assert again.states == Counter({State.FAILED: 2 * 361})


def test_what_is_older_than_the_ledgers_two_months_is_only_counted() -> None:
    store = a_store(lost("old.com", 60), lost("new.com", 3))
    seen, files = look(store)
    assert [backorder.domain for backorder in seen.latest] == ["new.com"]
    assert (seen.counted, sorted(files.values())) == (1, [["new.com"], ["old.com"]])


def test_today_and_yesterday_are_read_one_by_one_however_many_there_are() -> None:
    store = a_store(*(lost(f"{n}.com", n % 2) for n in range(20)))
    assert len(look(store)[0].latest) == 20


def test_the_latest_and_those_of_a_day_come_by_domain_then_cycle() -> None:
    days = (("b.com", 3, 1), ("a.com", 3, 2), ("c.com", 0, 1), ("a.com", 3, 1), ("a.net", 2, 1))
    seen, files = look(a_store(*(lost(name, ago, cycle=cycle) for name, ago, cycle in days)))
    assert [backorder.key for backorder in seen.latest] == sorted((name, cycle) for name, _, cycle in days)
    assert files[(NOW - 3 * DAY).date()] == ["a.com", "a.com", "b.com"]


def test_a_day_is_kept_once_it_is_surely_over() -> None:
    store = a_store(lost("a.com", 0))
    midnight = (NOW + DAY).replace(hour=0)
    assert look(store, midnight + timedelta(minutes=59))[1] == {}
    assert look(store, midnight + timedelta(hours=1))[1] == {NOW.date(): ["a.com"]}
    assert look(store, midnight + timedelta(hours=2))[1] == {}


def test_a_change_to_one_that_is_over_is_seen_though_its_day_was_kept() -> None:
    store = a_year()
    look(store)
    orders = Orders(store)
    charged = (a_charge(net=usd("57.98"), tax=usd("11.02")),)
    orders.change(held(orders, "n0-200.com"), lambda b: replace(b, state=State.SUCCESSFUL, charges=charged))
    orders.write()
    assert orders.closed_days == {(NOW - 200 * DAY).date()}
    now, files = look(store, changed=sorted(orders.closed_days))
    assert now.states[State.SUCCESSFUL] == 1
    assert files == {}, "the index may be a moment old: the next run keeps it"
    later, files = look(store)
    assert (list(later.latest), later.days) == (list(now.latest), now.days)
    assert list(files) == [(NOW - 200 * DAY).date()]
    assert later.days[(NOW - 200 * DAY).date()].charged == {"com": FEE}


def test_one_that_opens_again_is_counted_no_more() -> None:
    store = a_store(lost("a.com", 100), lost("b.com", 100))
    look(store)
    orders = Orders(store)
    orders.change(held(orders, "a.com"), lambda b: replace(b, settled=False))
    orders.write()
    assert look(store)[0].counted == 1


def test_killed_between_forgetting_and_writing_a_day_is_added_up_again() -> None:
    store = a_store(lost("a.com", 100))
    look(store)

    class Killed(Exception):
        pass

    def die(_: Backorder) -> Backorder:
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "replace", die)
        orders = Orders(store)
        orders.change(held(orders, "a.com"), lambda b: replace(b, charges=(a_charge(),)))
        with pytest.raises(Killed):
            orders.write()
    seen, files = look(store)
    assert (seen.counted, list(files)) == (1, [(NOW - 100 * DAY).date()])


backorders = st.lists(
    st.builds(
        lost,
        st.integers(0, 10**6).map(lambda n: f"{n}.{('com', 'net')[n % 2]}"),
        st.floats(3, 100).map(lambda days: round(days * 24) / 24),
        state=st.sampled_from([State.FAILED, State.SUCCESSFUL, State.MISSED, State.CANCELLED]),
        fee=st.sampled_from([FEE, usd("12.50")]),
    ),
    unique_by=lambda backorder: backorder.domain,
)


@given(backorders)
def test_the_page_says_the_same_of_days_as_of_the_backorders_themselves(over: list[Backorder]) -> None:
    days = {day: add_up((b for b in over if b.closed_on == day), TERMS) for day in {b.closed_on for b in over}}
    one_by_one = view(**worlds.empty(backorders=over))
    by_day = view(**worlds.empty(backorders=[]), before=Past((), days))
    assert (by_day.zones, by_day.weeks, by_day.total) == (one_by_one.zones, one_by_one.weeks, one_by_one.total)
    assert by_day.funding == one_by_one.funding
    assert (by_day.rows, by_day.rows_left_out) == ([], len(over))
    assert sum((day.charged.get("com", ZERO) for day in days.values()), ZERO) == ZERO
