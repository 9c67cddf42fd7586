"""Whose a deposit is, and what is posted for it. The edges, one by one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest

from backorder.domain.backorder import Backorder
from backorder.domain.ledger import Lease
from backorder.domain.states import State
from backorder.provider.port import Command, Deposit, UnreadRow
from reconciliation import ledger
from reconciliation.ledger import Followed, Seen
from tests.factories import NOW, a_deposit, a_lease, a_placed_backorder, an_account_status, usd

MICROSECOND = timedelta(microseconds=1)
MINUTES = timedelta(minutes=5)
HOUR = timedelta(hours=1)
OPENED_AT = NOW - timedelta(days=30)
CREATED_AT = a_deposit().created_at


def follow(*deposits: Deposit, kept: Iterable[Lease] = (), orders: Iterable[Backorder] = (), **more: Any) -> Followed:
    seen = Seen(NOW, an_account_status(), deposits, (), NOW.date())
    open_orders = list(orders)
    return ledger.follow_deposits(kept, seen, lambda _: open_orders, opened_at=OPENED_AT, **more)


def cycles(followed: Followed) -> list[int | None]:
    return [lease.cycle for lease in followed.standing]


@pytest.mark.parametrize(("after", "cycle"), [(MINUTES, 1), (MINUTES + MICROSECOND, None), (-HOUR, 1)])
def test_a_deposit_may_be_dated_five_minutes_before_its_order(after: timedelta, cycle: int | None) -> None:
    order = a_placed_backorder(submitted_at=CREATED_AT + after)
    assert cycles(follow(a_deposit(), orders=[order])) == [cycle]
    assert cycles(follow(a_deposit(), kept=[a_lease()], orders=[order])) == [cycle]


@pytest.mark.parametrize(("after", "cycle"), [(MINUTES, 1), (MINUTES + MICROSECOND, None), (-MINUTES, 1), (-HOUR, 1)])
def test_a_deposit_may_be_dated_five_minutes_after_its_orders_end(after: timedelta, cycle: int | None) -> None:
    ended_at = CREATED_AT - after
    order = a_placed_backorder(state=State.FAILED, outcome_at=ended_at, submitted_at=CREATED_AT - 3 * HOUR)
    assert cycles(follow(a_deposit(), orders=[order])) == [cycle]


def test_an_order_that_is_not_at_the_provider_has_no_deposit_and_leaves_it_to_an_earlier_one() -> None:
    earlier = a_placed_backorder(submitted_at=CREATED_AT - HOUR)
    for newest in (
        a_placed_backorder(cycle=2, application=None, submitted_at=CREATED_AT),
        a_placed_backorder(cycle=2, submitted_at=CREATED_AT + HOUR),
    ):
        assert cycles(follow(a_deposit(), orders=[newest, earlier])) == [1]
        assert cycles(follow(a_deposit(), orders=[newest])) == [None]


@pytest.mark.parametrize(
    ("submitted_at", "cycle"),
    [
        # Placed again since the former deposit went: this one is its second placement's.
        (CREATED_AT, 1),
        (CREATED_AT - HOUR, 1),
        # Placed once: its own deposit lapsed, and this one is somebody else's.
        (CREATED_AT - 3 * HOUR, None),
    ],
)
def test_a_deposit_that_was_seen_before_its_order_goes_to_the_order_if_that_had_none_since_it_was_placed(
    submitted_at: datetime, cycle: int | None
) -> None:
    former = a_lease(id="dep-0", cycle=1, created_at=CREATED_AT - 3 * HOUR, gone_at=CREATED_AT - 2 * HOUR)
    unowned = a_lease(cycle=None)
    order = a_placed_backorder(submitted_at=submitted_at)
    assert cycles(follow(a_deposit(), kept=[former, unowned], orders=[order])) == [cycle]


def test_a_second_deposit_is_not_for_an_earlier_cycle_whose_time_was_over() -> None:
    orders = [a_placed_backorder(cycle=cycle, submitted_at=CREATED_AT - HOUR) for cycle in (2, 1)]
    second = a_deposit(id="dep-2", created_at=CREATED_AT + MINUTES)
    assert cycles(follow(a_deposit(), second, orders=orders)) == [2, None]


@pytest.mark.parametrize(
    ("id_", "about", "stands"),
    [
        ("dep-john.com", "john.com", True),
        (None, "john.com", True),
        (None, None, True),
        ("dep-jane.com", "jane.com", False),
        ("dep-2", "john.com", False),
        ("dep-2", None, False),
        (None, "jane.com", False),
    ],
)
def test_a_row_that_makes_no_sense_keeps_only_the_deposit_that_it_may_be(
    id_: str | None, about: str | None, *, stands: bool
) -> None:
    cells = frozenset(filter(None, (id_, about)))
    row = UnreadRow(Command.DEPOSITS, "a list", "its cells", "has no amount", id_, about, cells)
    seen = Seen(NOW, an_account_status(), (), (), NOW.date(), unread_deposits=(row,))
    followed = ledger.follow_deposits([a_lease()], seen, lambda _: (), opened_at=OPENED_AT)
    assert bool(followed.standing) is stands
    assert bool(followed.released) is not stands


@pytest.mark.parametrize(("amount", "number"), [("0.50", 1), ("0.00", 0), ("-0.50", 0)])
def test_only_what_is_reserved_is_a_deposit(amount: str, number: int) -> None:
    assert len(follow(a_deposit(amount=usd(amount))).standing) == number


def test_an_amount_that_is_written_otherwise_is_the_same_deposit() -> None:
    for amount, gone in (("69", 0), ("69.0000", 0), ("69.01", 1)):
        followed = follow(a_deposit(amount=usd(amount)), kept=[a_lease(amount=usd("69.00"))])
        assert len(followed.gone) == len(followed.came) == gone


def test_a_deposit_that_comes_again_and_again_under_its_id_is_another_one_each_time() -> None:
    kept: list[Lease] = []
    keys = []
    for time in (1, 2, 3, 4):
        came = follow(a_deposit(), kept=kept)
        [lease] = came.came
        assert lease.time == time
        keys.append(lease.key)
        kept = list(follow(kept=[lease]).gone)
    assert len(set(keys)) == 4


def test_what_is_posted_again_after_a_crash_has_the_moment_that_it_had() -> None:
    """The first deposit under an id is dated by the provider, a later one by when it was seen."""
    assert follow(a_deposit(), kept=[a_lease()]).reserved == ()
    for time, at in ((1, a_lease().created_at), (2, NOW), (3, NOW)):
        [posting] = follow(a_deposit(), kept=[a_lease(time=time)], again=True).reserved
        assert posting.at == at
    old = a_lease(created_at=OPENED_AT - HOUR)
    assert follow(a_deposit(), kept=[old], again=True).reserved[0].at == OPENED_AT


def test_only_of_two_alike_the_one_that_went_was_ours() -> None:
    """Ours ended; a foreign deposit of the same name and amount goes: then it was ours that went."""
    ended = a_placed_backorder(state=State.FAILED, outcome_at=NOW, submitted_at=CREATED_AT)
    ours, foreign = a_lease(id="dep-1"), a_lease(id="dep-2", cycle=None)
    there = a_deposit(id="dep-1")
    assert [lease.cycle for lease in follow(there, kept=[ours, foreign], orders=[ended]).gone] == [1]
    under_way = a_placed_backorder(submitted_at=CREATED_AT)
    assert [lease.cycle for lease in follow(there, kept=[ours, foreign], orders=[under_way]).gone] == [None]
    both = (there, a_deposit(id="dep-2"))
    assert follow(*both, kept=[ours, foreign], orders=[ended]).gone == ()
    went = a_lease(id="dep-3", gone_at=NOW - HOUR)
    assert cycles(follow(there, kept=[ours, went], orders=[ended])) == [1]
