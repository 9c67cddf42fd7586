"""The timeline: what is bound at each moment, and the most of it over a span."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planning.timeline import STEP, Span, Steps, Timeline, Window, amount_of, span_of, units
from tests.factories import NOW, usd

minutes = st.integers(-30, 300).map(lambda n: NOW + timedelta(minutes=n))
windows = st.builds(Window, minutes, st.none() | minutes)
amounts = st.integers(0, 100)


def place(steps: Steps, window: Window) -> Span:
    return steps.place(span_of(window, NOW))


@given(st.lists(st.tuples(windows, amounts)), st.lists(st.tuples(windows, amounts)), st.lists(windows))
def test_the_peak_of_a_span_is_the_most_that_is_bound_at_any_step_of_it(
    first: list[tuple[Window, int]], then: list[tuple[Window, int]], asked: list[Window]
) -> None:
    steps = Steps(span_of(window, NOW) for window in [*(w for w, _ in first), *(w for w, _ in then), *asked])
    timeline = Timeline(steps, [(place(steps, window), amount) for window, amount in first])
    bound = [0] * steps.count
    for window, amount in then:
        timeline.add(place(steps, window), amount)
    for window, amount in [*first, *then]:
        for step in range(*place(steps, window)):
            bound[step] += amount
    for window in asked:
        span = place(steps, window)
        if span.first < span.end:
            assert timeline.peak(span) == max(bound[span.first : span.end])
            assert timeline.has_room(span, 7, 50) == (timeline.peak(span) + 7 <= 50)


@given(st.lists(st.tuples(windows, windows, amounts)), st.integers(0, 300))
def test_what_an_earlier_look_saw_never_answers_wrongly_after_more_was_bound(
    turns: list[tuple[Window, Window, int]], capacity: int
) -> None:
    steps = Steps(span_of(window, NOW) for asked, added, _ in turns for window in (asked, added))
    timeline, bound = Timeline(steps), [0] * steps.count
    for asked, added, amount in turns * 2:  # each span is asked about again once others were bound
        span = place(steps, asked)
        fits = all(bound[step] + amount <= capacity for step in range(*span))
        assert timeline.has_room(span, amount, capacity) == fits
        timeline.add(place(steps, added), amount)
        for step in range(*place(steps, added)):
            bound[step] += amount


@given(st.lists(windows, min_size=1), minutes)
def test_a_window_never_begins_later_or_ends_sooner_on_the_timeline(some: list[Window], moment: datetime) -> None:
    """At each moment that a window covers, from now on, its span covers the step that the moment is in."""
    steps = Steps(span_of(window, NOW) for window in [*some, Window(moment, None)])
    step = place(steps, Window(moment, None)).first
    for window in some:
        if window.begins_at <= moment and (window.ends_at is None or moment < window.ends_at) and moment >= NOW:
            span = place(steps, window)
            assert span.first <= step < span.end


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
    steps = Steps([span_of(window, NOW), span_of(Window(NOW + STEP, None), NOW)])
    assert place(steps, window) == span


def test_in_an_empty_span_there_is_always_room() -> None:
    steps = Steps([])
    assert Timeline(steps).has_room(Span(0, 0), 1, 0)
    assert not Timeline(steps).has_room(Span(0, 1), 1, 0)


@pytest.mark.parametrize("amount", ["69.00", "0.00000001", "-3.50", "123456789012345.12345678"])
def test_an_amount_comes_back_as_it_was(amount: str) -> None:
    assert amount_of(units(usd(amount))) == usd(amount)


def test_whole_cents_are_told_as_such() -> None:
    assert (str(amount_of(units(Decimal(69)))), str(amount_of(0))) == ("69.00", "0.00")
