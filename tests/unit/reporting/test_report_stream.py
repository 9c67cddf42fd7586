"""Backorders pass through the reports one by one: in order, each once, and none of them stays."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorder.domain.backorder import Backorder
from backorder.domain.states import State
from backorder.domain.values import BackorderKey
from local.memory_store import MemoryStore
from reconciliation.books import Books
from reconciliation.one_by_one import OneByOne
from reconciliation.open_backorders import Orders
from reconciliation.page.past import Day, Past
from reconciliation.report import Reports
from tests.factories import FEE, NOW, a_backorder, a_charge, a_dated_backorder, an_account_status
from tests.memory import peak

DAY = timedelta(days=1)


# --- Which of them -------------------------------------------------------------------------------


def over(name: str, days_ago: int = 0, **changes: Any) -> Backorder:
    at = NOW - days_ago * DAY
    return a_backorder(name, **{"state": State.FAILED, "settled": True, "outcome_at": at, **changes})


def test_the_open_ones_and_the_latest_that_are_over_come_in_one_order_as_often_as_asked_for() -> None:
    orders = [a_backorder("a.com", cycle=2), a_backorder("c.com")]
    both = OneByOne(orders, Past((over("a.com"), over("b.com"), over("d.com"))))
    for _ in range(2):
        assert [backorder.key for backorder in both] == [
            ("a.com", 1),
            ("a.com", 2),
            ("b.com", 1),
            ("c.com", 1),
            ("d.com", 1),
        ]


def test_one_that_was_open_when_the_run_began_is_over_if_it_is_by_now() -> None:
    assert list(OneByOne([a_backorder("a.com")], Past((over("a.com"),)))) == [over("a.com")]


def test_one_that_this_run_changed_is_as_the_run_left_it() -> None:
    charged = over("a.com", charges=(a_charge(),))
    assert list(OneByOne([charged], Past((over("a.com"),)))) == [charged]
    assert list(OneByOne([charged], Past())) == [charged]


def test_one_that_is_in_the_sums_of_its_day_is_not_told_again() -> None:
    closed = over("a.com", days_ago=90)
    assert list(OneByOne([closed], Past((), {closed.closed_on: Day()}))) == []


copies = st.dictionaries(
    st.builds(BackorderKey, st.sampled_from(["a.com", "b.com", "c.com", "d.net"]), st.integers(1, 2)),
    st.one_of(st.none(), st.integers(0, 3)),
)


@given(copies, copies, st.sets(st.integers(0, 3)))
def test_each_counts_once_and_which_copy_counts_does_not_depend_on_the_order(
    ours: dict[BackorderKey, int | None], theirs: dict[BackorderKey, int | None], summed: set[int]
) -> None:
    def copy(key: BackorderKey, days_ago: int | None, line: int) -> Backorder:
        if days_ago is None:
            return a_backorder(key.domain, cycle=key.cycle, line=line)
        return over(key.domain, days_ago, cycle=key.cycle, line=line)

    orders = [copy(key, days_ago, line=1) for key, days_ago in sorted(ours.items())]
    latest = [
        copy(key, days_ago, line=2)
        for key, days_ago in sorted(theirs.items())
        if days_ago is not None and days_ago not in summed
    ]
    days = {(NOW - ago * DAY).date(): Day() for ago in summed}
    expected = {backorder.key: backorder for backorder in latest}
    for order in orders:
        if order.is_open:
            expected.setdefault(order.key, order)
        elif order.closed_on not in days:
            expected[order.key] = order
    assert list(OneByOne(orders, Past(tuple(latest), days))) == [expected[key] for key in sorted(expected)]


# --- In how much memory --------------------------------------------------------------------------


class OnTheFly(Orders):
    """So many open backorders, each made when it is asked for; no two of them alike."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.closed_days = set()

    def __iter__(self) -> Iterator[Backorder]:
        for n in range(self.number):
            yield a_dated_backorder(
                f"name{n:09}.{('com', 'net', 'org')[n % 3]}",
                finalization_at=NOW + timedelta(seconds=n * 7919 % 20_011),
                state=(State.REQUESTED, State.HELD)[n % 2],
                list=f"wanted/{n % 9}.csv",
                line=n,
                fee=FEE if n % 5 else None,
                submitted_at=NOW - timedelta(seconds=n % 86_400),
            )


def write(number: int) -> None:
    """Writes the reports of so many."""
    store = MemoryStore()
    lines = 0

    def put(key: str, content: BinaryIO, _: str) -> None:
        nonlocal lines
        if key == "latest/backorders.csv":
            lines = sum(1 for _ in content) - 1

    reports = Reports(store, put, Books(store), NOW)
    reports.write(OnTheFly(number), (), an_account_status())
    assert lines == number


def test_reports_of_any_number_of_open_backorders_are_written_in_the_same_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("reconciliation.page.rows.MOST_ROWS", 100)
    write(150)  # reads the templates
    assert peak(lambda: write(4000)) < 2 * peak(lambda: write(1000))
