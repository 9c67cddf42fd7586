"""How long to wait before one object is tried again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorder.patience import LONGEST, SHORTEST, next_look
from tests.factories import NOW


@pytest.mark.parametrize(("times", "minutes"), [(0, 30), (1, 30), (2, 60), (3, 120), (4, 240), (5, 360), (99, 360)])
def test_pauses_double_up_to_six_hours(times: int, minutes: int) -> None:
    assert next_look(times, NOW) == NOW + timedelta(minutes=minutes)


@given(st.integers(1, 50), st.integers(-60, 100_000))
def test_before_a_last_moment_a_try_always_comes_in_time(times: int, seconds: int) -> None:
    until = NOW + timedelta(seconds=seconds)
    pause = next_look(times, NOW, until=until) - NOW
    assert SHORTEST <= pause <= LONGEST
    if seconds > 2 * SHORTEST.total_seconds():
        assert NOW + pause <= NOW + (until - NOW) / 2 or pause == SHORTEST
