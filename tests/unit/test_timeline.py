"""The timeline: what is bound at each moment, and the most of it over a span."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planning.timeline import STEP, Span, Steps, Timeline, Window, amount_of, units
from tests.factories import NOW, usd

minutes = st.integers(-30, 300).map(lambda n: NOW + timedelta(minutes=n))
windows = st.builds(Window, minutes, st.none() | minutes)
amounts = st.integers(0, 100)


@given(st.lists(st.tuples(windows, amounts)), st.lists(st.tuples(windows, amounts)), st.lists(windows))
def test_the_peak_of_a_span_is_the_most_that_is_bound_at_any_step_of_it(
    first: list[tuple[Window, int]], then: list[tuple[Window, int]], asked: list[Window]
) -> None:
    steps = Steps(NOW, [*(w for w, _ in first), *(w for w, _ in then), *asked])
    timeline = Timeline(steps, [(steps.span(window), amount) for window, amount in first])
    bound = [0] * steps.count
    for window, amount in then:
        timeline.add(steps.span(window), amount)
    for window, amount in [*first, *then]:
        for place in range(*steps.span(window)):
            bound[place] += amount
    for window in asked:
        span = steps.span(window)
        if span.first < span.end:
            assert timeline.peak(span) == max(bound[span.first : span.end])
            assert timeline.has_room(span, 7, 50) == (timeline.peak(span) + 7 <= 50)


@given(st.lists(windows, min_size=1), minutes)
def test_a_window_never_begins_later_or_ends_sooner_on_the_timeline(some: list[Window], moment: object) -> None:
    """At each moment that a window covers, from now on, its span covers the step that the moment is in."""
    steps = Steps(NOW, [*some, Window(moment, None)])  # type: ignore[arg-type]
    place = steps.span(Window(moment, None)).first  # type: ignore[arg-type]
    for window in some:
        if window.begins_at <= moment and (window.ends_at is None or moment < window.ends_at) and moment >= NOW:  # type: ignore[operator]
            span = steps.span(window)
            assert span.first <= place < span.end


@pytest.mark.parametrize(
    ("window", "span"),
    [
        (Window(NOW, NOW), (0, 0)),
        (Window(NOW - STEP, NOW), (0, 0)),
        (Window(NOW, NOW + timedelta(seconds=1)), (0, 1)),
        (Window(NOW + STEP - timedelta(seconds=1), NOW + STEP), (0, 1)),
        (Window(NOW + STEP, None), (1, 2)),
    ],
)
def test_windows_are_on_the_ticks(window: Window, span: tuple[int, int]) -> None:
    steps = Steps(NOW, [window, Window(NOW + STEP, None)])
    assert steps.span(window) == span


def test_in_an_empty_span_there_is_always_room() -> None:
    steps = Steps(NOW, [])
    assert Timeline(steps).has_room(Span(0, 0), 1, 0)
    assert not Timeline(steps).has_room(Span(0, 1), 1, 0)


@pytest.mark.parametrize("amount", ["69.00", "0.00000001", "-3.50", "123456789012345.12345678"])
def test_an_amount_comes_back_as_it_was(amount: str) -> None:
    assert amount_of(units(usd(amount))) == usd(amount)


def test_whole_cents_are_told_as_such() -> None:
    assert (str(amount_of(units(Decimal(69)))), str(amount_of(0))) == ("69.00", "0.00")
