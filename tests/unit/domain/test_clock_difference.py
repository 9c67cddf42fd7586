"""By how much the provider's clock is ahead of ours, from answers and from orders of our own."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorder.domain.backorder import Backorder
from backorder.domain.clock_difference import Ahead, measured, told_by_orders
from backorder.provider.port import Provider, account_and_clock
from tests.factories import NOW, a_placed_backorder, an_account_status

SECOND = timedelta(seconds=1)


def ahead(least: float, most: float) -> Ahead:
    return Ahead(least * SECOND, most * SECOND)


def answered(dated: float, *, asked: float = 0, answered: float = 1) -> Ahead | None:
    return measured(NOW + dated * SECOND, asked_at=NOW + asked * SECOND, answered_at=NOW + answered * SECOND)


def test_an_answer_bounds_the_difference_by_when_it_was_asked_for_and_had() -> None:
    assert answered(60) == ahead(59, 61)
    assert answered(-60, answered=3) == ahead(-63, -59)
    assert measured(None, asked_at=NOW, answered_at=NOW) is None


@given(st.floats(-9000, 9000), st.floats(0, 30), st.floats(0, 30))
def test_the_true_difference_is_always_within_the_bounds(true: float, until: float, after: float) -> None:
    by_theirs = NOW + (until + true) * SECOND
    told = measured(by_theirs.replace(microsecond=0), asked_at=NOW, answered_at=NOW + until * SECOND + after * SECOND)
    assert told is not None
    assert told.least <= true * SECOND + timedelta(microseconds=2)
    assert told.most >= true * SECOND - timedelta(microseconds=2)


@pytest.mark.parametrize(
    ("difference", "small", "told"),
    [
        (ahead(0, 1), True, False),
        (ahead(-30, 30), True, False),
        (ahead(-1, 30.5), False, False),
        (ahead(-31, 1), False, False),
        (ahead(10, 12), True, False),
        (ahead(10.5, 12), True, True),
        (ahead(-12, -10.5), True, True),
        (ahead(-12, -10), True, False),
        (ahead(90, 92), False, True),
    ],
)
def test_what_is_small_and_what_is_told(difference: Ahead, small: bool, told: bool) -> None:
    assert (difference.is_small, difference.is_worth_telling) == (small, told)


@pytest.mark.parametrize(
    ("difference", "words"),
    [
        (ahead(41.2, 43), "41 seconds ahead of ours"),
        (ahead(-3602, -3600.4), "3,600 seconds behind ours"),
        (ahead(1.2, 2), "1 second ahead of ours"),
        (ahead(-1, 1), "0 seconds ahead of ours"),
    ],
)
def test_it_is_told_in_seconds_of_which_one_is_sure(difference: Ahead, words: str) -> None:
    assert str(difference) == words


def an_order(domain: str, *, at: float, created: float, took: float = 1, **changes: Any) -> Backorder:
    answered = (NOW + at * SECOND, NOW + (at + took) * SECOND)
    return a_placed_backorder(domain, **{"submitted_at": NOW + created * SECOND, "answered": answered, **changes})


def test_the_latest_order_that_was_answered_at_once_tells_it() -> None:
    orders = [an_order("a.com", at=0, created=90), an_order("b.com", at=500, created=440)]
    assert told_by_orders(orders) == told_by_orders(orders[::-1]) == ahead(-61, -59)


def test_half_a_minute_is_at_once() -> None:
    assert told_by_orders([an_order("a.com", at=0, created=90, took=30)]) == ahead(60, 91)


@pytest.mark.parametrize(
    "order",
    [
        an_order("a.com", at=0, created=90, answered=None),
        an_order("a.com", at=0, created=90, took=61),
        an_order("a.com", at=0, created=90, submitted_at=None),
    ],
    ids=["found by a question", "answered late", "taken back"],
)
def test_no_other_does(order: Backorder) -> None:
    assert told_by_orders([order]) is None


@pytest.mark.parametrize(
    ("took_s", "told"),
    [
        (10, ahead(20, 31)),
        # Longer than one attempt can take: what was tried before says nothing.
        (500, ahead(-470, -439)),
    ],
)
def test_only_the_attempt_that_was_answered_tells_the_difference(took_s: int, told: Ahead) -> None:
    status = replace(an_account_status(), dated_at=NOW + 30 * SECOND)
    provider = cast("Provider", SimpleNamespace(account=lambda: status, worst_case_seconds=30))
    moments = iter([NOW, NOW + took_s * SECOND])
    account, difference = account_and_clock(provider, lambda: next(moments))
    assert account == status
    assert difference == told
