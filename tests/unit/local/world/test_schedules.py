"""When EventBridge Scheduler would call, on one machine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.stack.deployment import Schedule
from local.world.schedules import Ticks, in_order, next_call, next_change

SECOND = timedelta(seconds=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("rate(5 minutes)", "2026-11-24T00:00:00", "2026-11-24T00:05:00"),
        ("rate(5 minutes)", "2026-11-24T00:04:59", "2026-11-24T00:05:00"),
        ("rate(5 minutes)", "2026-11-24T23:57:00", "2026-11-25T00:00:00"),
        ("rate(1 minute)", "2026-11-24T00:00:30", "2026-11-24T00:01:00"),
        ("rate(1 hour)", "2026-11-24T10:59:59.999999", "2026-11-24T11:00:00"),
        ("rate(12 hours)", "2026-11-24T10:00:00", "2026-11-24T12:00:00"),
        ("rate(1 day)", "2026-11-24T00:00:00", "2026-11-25T00:00:00"),
    ],
)
def test_a_rate_counts_from_midnight(expression: str, after: str, expected: str) -> None:
    assert next_call(expression, "UTC", after=utc(after)) == utc(expected)


@pytest.mark.parametrize(
    ("timezone", "after", "expected"),
    [
        ("UTC", "2026-11-24T20:29:59", "2026-11-24T20:30:00"),
        ("UTC", "2026-11-24T20:30:00", "2026-11-25T20:30:00"),
        ("America/New_York", "2026-07-01T00:00:00", "2026-07-01T00:30:00"),
        ("America/New_York", "2026-07-01T00:30:00", "2026-07-02T00:30:00"),
        ("America/New_York", "2026-12-01T00:30:00", "2026-12-01T01:30:00"),
        # The day there is another one than in UTC.
        ("Australia/Sydney", "2026-07-01T10:30:00", "2026-07-02T10:30:00"),
        ("Pacific/Kiritimati", "2026-07-01T06:00:00", "2026-07-01T06:30:00"),
        # Clocks go forward on 8 March 2026 in New York, and back on 1 November: the hour of the day stays.
        ("America/New_York", "2026-03-08T01:30:00", "2026-03-09T00:30:00"),
        ("America/New_York", "2026-11-01T00:30:00", "2026-11-02T01:30:00"),
    ],
)
def test_a_daily_cron_keeps_its_time_of_day_through_the_year(timezone: str, after: str, expected: str) -> None:
    assert next_call("cron(30 20 * * ? *)", timezone, after=utc(after)) == utc(expected)


@pytest.mark.parametrize("expression", ["cron(30 20 * * ? *)", "cron(30 20 ? * * *)"])
def test_both_ways_to_write_every_day_are_read(expression: str) -> None:
    assert next_call(expression, "UTC", after=utc("2026-11-24T00:00:00")) == utc("2026-11-24T20:30:00")


def test_a_time_that_the_clocks_leave_out_is_called_once() -> None:
    # 02:30 does not exist on 29 March 2026 in Berlin.
    calls = []
    moment = utc("2026-03-28T12:00:00")
    for _ in range(2):
        moment = next_call("cron(30 2 * * ? *)", "Europe/Berlin", after=moment)
        calls.append(moment)
    assert [call.date() for call in calls] == [utc("2026-03-29").date(), utc("2026-03-30").date()]
    assert calls[1] == utc("2026-03-30T00:30:00")


def test_a_time_that_comes_twice_is_called_once() -> None:
    # 02:30 comes twice on 25 October 2026 in Berlin.
    first = next_call("cron(30 2 * * ? *)", "Europe/Berlin", after=utc("2026-10-24T12:00:00"))
    assert first == utc("2026-10-25T00:30:00")
    assert next_call("cron(30 2 * * ? *)", "Europe/Berlin", after=first) == utc("2026-10-26T01:30:00")


@pytest.mark.parametrize(
    "expression",
    ["", "rate(5)", "rate(5 seconds)", "cron(0/5 * * * ? *)", "cron(0 12 1 * ? *)", "at(2026-11-24T00:00)"],
)
def test_any_other_expression_is_told(expression: str) -> None:
    with pytest.raises(ValueError, match="only rates and daily crons"):
        next_call(expression, "UTC", after=utc("2026-11-24T00:00:00"))


moments = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
expressions = st.sampled_from(["rate(5 minutes)", "rate(1 hour)", "cron(0 14 * * ? *)", "cron(45 23 * * ? *)"])
timezones = st.sampled_from(["UTC", "America/New_York", "Europe/Stockholm", "Pacific/Auckland"])


@given(moment=moments, expression=expressions, timezone=timezones)
def test_the_next_call_is_the_first_one_after(moment: datetime, expression: str, timezone: str) -> None:
    call = next_call(expression, timezone, after=moment)
    assert moment < call <= moment + timedelta(hours=25)
    assert call.tzinfo is UTC
    assert next_call(expression, timezone, after=call - SECOND) == call or call - SECOND < moment
    assert next_call(expression, timezone, after=moment + (call - moment) / 2) == call


# --- Which calls count -------------------------------------------------------------------------

NOON = utc("2026-11-24T12:00:00")


def a_schedule(function: str, expression: str = "rate(1 hour)", *, enabled: bool = True) -> Schedule:
    return Schedule(
        id=f"{function} {expression}",
        expression=expression,
        timezone="UTC",
        function=function,
        input="{}",
        enabled=enabled,
        retries=0,
    )


PLAN, RECONCILE = a_schedule("PlanSubmissions", "rate(5 minutes)"), a_schedule("ReconcileAccount")


def at(moment: datetime) -> Callable[[datetime], datetime]:
    """The next change comes then."""
    return lambda _after: moment


def test_the_plan_calls_last_and_what_is_switched_off_never() -> None:
    assert in_order([PLAN, a_schedule("FetchList", enabled=False), RECONCILE]) == [RECONCILE, PLAN]


def test_the_first_call_may_be_at_the_very_start() -> None:
    ticks = Ticks([PLAN], NOON)
    assert ticks.next(PLAN, NOON, at(NOON + timedelta(days=1))) == NOON


def test_a_call_that_saw_all_is_followed_by_the_first_one_at_or_after_the_next_change() -> None:
    ticks = Ticks([PLAN, RECONCILE], NOON)
    ticks.called(PLAN, NOON)
    assert ticks.next(PLAN, NOON, at(NOON + timedelta(minutes=12))) == NOON + timedelta(minutes=15)
    assert ticks.next(PLAN, NOON, at(NOON + timedelta(minutes=20))) == NOON + timedelta(minutes=20)
    assert ticks.next(RECONCILE, NOON, at(NOON + timedelta(days=1))) == NOON


def test_what_changes_makes_the_next_call_count_but_for_the_schedule_whose_function_wrote_it() -> None:
    ticks, tomorrow = Ticks([PLAN, RECONCILE], NOON), at(NOON + timedelta(days=1))
    for schedule in (PLAN, RECONCILE):
        ticks.called(schedule, NOON)
    ticks.changed(by=RECONCILE)
    assert ticks.next(PLAN, NOON, tomorrow) == NOON + timedelta(minutes=5)
    assert ticks.next(RECONCILE, NOON, tomorrow) == NOON + timedelta(days=1)
    ticks.changed()
    assert ticks.next(RECONCILE, NOON, tomorrow) == NOON + timedelta(hours=1)


def test_a_call_in_vain_is_repeated() -> None:
    ticks = Ticks([PLAN], NOON)
    ticks.called(PLAN, NOON)
    ticks.repeat("PlanSubmissions")
    assert ticks.next(PLAN, NOON, at(NOON + timedelta(days=1))) == NOON + timedelta(minutes=5)


def test_a_moment_that_has_passed_brings_no_call_any_more() -> None:
    ticks = Ticks([PLAN, RECONCILE], NOON)
    ticks.passed(NOON)
    assert ticks.next(RECONCILE, NOON, at(NOON)) == NOON + timedelta(hours=1)


def test_every_call_counts_where_that_is_asked_for() -> None:
    ticks = Ticks([PLAN], NOON, every=True)
    ticks.called(PLAN, NOON)
    assert ticks.next(PLAN, NOON, at(NOON + timedelta(days=1))) == NOON + timedelta(minutes=5)


def test_midnight_is_a_change() -> None:
    midnight = utc("2026-11-25T00:00:00")
    assert next_change(NOON, None, midnight + SECOND) == midnight
    assert next_change(NOON, midnight - SECOND) == midnight - SECOND
