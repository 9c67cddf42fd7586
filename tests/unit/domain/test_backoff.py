"""How long to wait before one object is tried again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorder.domain.backoff import LONGEST, SHORTEST, next_look
from tests.factories import NOW


@pytest.mark.parametrize(("times", "minutes"), [(0, 30), (1, 30), (2, 60), (3, 120), (4, 240), (5, 360), (99, 360)])
def test_pauses_double_up_to_six_hours(times: int, minutes: int) -> None:
    assert next_look(times, NOW) == NOW + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("minutes_left", "minutes"),
    [(24 * 60, 6 * 60), (8 * 60, 4 * 60), (60, 30), (10, 5), (6, 5), (1, 5)],
)
def test_half_of_the_time_that_is_left_is_waited_but_never_less_than_five_minutes(
    minutes_left: int, minutes: int
) -> None:
    until = NOW + timedelta(minutes=minutes_left)
    assert next_look(9, NOW, until=until) == NOW + timedelta(minutes=minutes)


@pytest.mark.parametrize("ago", [0, 1, 600])
def test_a_last_moment_that_is_over_shortens_nothing(ago: int) -> None:
    assert next_look(1, NOW, until=NOW - timedelta(seconds=ago)) == NOW + timedelta(minutes=30)


@given(st.integers(1, 50), st.integers(-60, 100_000))
def test_before_a_last_moment_a_try_always_comes_in_time(times: int, seconds: int) -> None:
    until = NOW + timedelta(seconds=seconds)
    pause = next_look(times, NOW, until=until) - NOW
    assert SHORTEST <= pause <= LONGEST
    if seconds > 2 * SHORTEST.total_seconds():
        assert NOW + pause <= NOW + (until - NOW) / 2 or pause == SHORTEST
