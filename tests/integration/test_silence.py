"""Each stage fails for a day, and its alarm fires, with those of the stages that depend on it, and no other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from moto import mock_aws

from backorder.documents.successes import EXPECTATIONS, Stage, ages, successes
from backorder.domain.findings import Kind
from backorder.rules import keep_rules
from local.emulator.scripted import read_script
from local.stack.deployment import translate
from local.stack.local_stack import TEMPLATE
from tests.factories import NOW
from tests.integration.account import World, a_world

STEP = timedelta(hours=3)
"""The schedules are denser: what one run does here stands for all of these hours."""
QUIET = 2 * STEP
"""Before anything fails."""
FAILING = timedelta(hours=30)
"""Longer than the most patient alarm waits."""
PERIOD = timedelta(minutes=5)
"""Of the alarms."""


@dataclass
class Alarm:
    """One of the template's, as CloudWatch evaluates it: state follows the last data points."""

    stage: str
    threshold: float
    periods: int
    missing: str
    points: list[bool | None] = field(default_factory=list)
    fired: bool = False

    def see(self, age: timedelta | None) -> None:
        breaching = None if age is None else age.total_seconds() > self.threshold
        if age is None and self.missing != "ignore":
            breaching = self.missing == "breaching"
        self.points.append(breaching)
        self.fired = self.fired or (len(self.points) >= self.periods and all(self.points[-self.periods :]))


@cache
def the_template() -> Mapping[str, Any]:
    resources: Mapping[str, Any] = translate(TEMPLATE)["Resources"]
    return resources


def the_alarms() -> dict[str, Alarm]:
    found = {}
    for name, resource in the_template().items():
        properties = resource["Properties"]
        if resource["Type"] != "AWS::CloudWatch::Alarm" or properties.get("MetricName") != "Age":
            continue
        assert properties["ComparisonOperator"] == "GreaterThanThreshold"
        assert properties["Period"] == PERIOD.total_seconds()
        (stage,) = (each["Value"] for each in properties["Dimensions"] if each["Name"] == "stage")
        found[name] = Alarm(
            stage, properties["Threshold"], properties["EvaluationPeriods"], properties["TreatMissingData"]
        )
    return found


@dataclass
class Stack:
    """The scheduled functions on one store, called as their schedules do; each may be kept from running, or fail."""

    world: World
    alarms: dict[str, Alarm] = field(default_factory=the_alarms)
    plan_runs: bool = True
    reconciliation_runs: bool = True
    planning_breaks: bool = False
    reports_refused: bool = False

    @property
    def now(self) -> datetime:
        return self.world.emulator.now

    def live(self, length: timedelta) -> None:
        until = self.now + length
        while self.now < until:
            self.world.emulator.advance_to(self.now + STEP)
            if self.plan_runs:
                self._plan()
            if self.reconciliation_runs:
                self._reconcile()
            self._fetch()
            seen = ages(self.world.store, list(Stage), self.now) if self.plan_runs else {}
            for alarm in self.alarms.values():
                alarm.see(seen.get(Stage(alarm.stage)))

    def fired(self) -> set[str]:
        return {name for name, alarm in self.alarms.items() if alarm.fired}

    def _plan(self) -> None:
        bug = RuntimeError("a bug, behind the look at the account")
        broken: AbstractContextManager[Any] = (
            patch("planning.plan_submissions.plan", side_effect=bug) if self.planning_breaks else nullcontext()
        )
        with broken:
            self._run(self.world.plan, queue=True)

    def _reconcile(self) -> None:
        self.world.reports_refused = self.reports_refused
        self._run(self.world.reconcile)

    def _fetch(self) -> None:
        self._run(self.world.fetch, seconds_left=lambda: 900.0)

    def _run(self, function: Callable[..., object], **more: Any) -> None:
        with suppress(RuntimeError):  # Lambda counts it, and the next tick comes
            function(holder=f"at {self.now}", **more)


@contextmanager
def a_stack() -> Iterator[Stack]:
    with mock_aws(), a_world(start=NOW.replace(hour=20)) as world:
        s3 = boto3.client("s3", region_name="us-east-1")
        for bucket in ("lists", "reports"):
            s3.create_bucket(Bucket=bucket)
        keep_rules(world.store, "[select]\nzones = ['com']\n", version="v1", modified=NOW)
        world.emulator.schedule("john.com", finalization_at=NOW + timedelta(days=3))
        world.s3 = s3
        stack = Stack(world)
        stack.live(QUIET)
        assert stack.fired() == set()
        assert successes(world.store).at.keys() == set(Stage)
        yield stack


def refused(stack: Stack, command: str) -> None:
    stack.world.emulator.set_answers(
        read_script([{"command": command, "code": 545, "description": "Object not found"}])
    )


@pytest.mark.parametrize(
    ("command", "alarms"),
    [
        ("StatusAccount", {"AccountOverdueAlarm", "PlanOverdueAlarm", "BooksOverdueAlarm"}),
        ("QueryDepositList", {"BooksOverdueAlarm"}),
        ("QueryAccountingList", {"BooksOverdueAlarm"}),
        ("QueryDomainApplicationList", {"ApplicationsOverdueAlarm"}),
        ("QueryDomainPendingDeleteList", {"ListsOverdueAlarm"}),
    ],
)
def test_a_command_that_is_refused_for_a_day_raises_the_alarms_of_the_stages_that_need_it(
    command: str, alarms: Collection[str]
) -> None:
    with a_stack() as stack:
        refused(stack, command)
        stack.live(FAILING)
        assert stack.fired() == alarms


@pytest.mark.parametrize(
    ("fault", "alarms"),
    [
        ({"plan_runs": False}, {"PlanOverdueAlarm"}),
        ({"planning_breaks": True}, {"PlanOverdueAlarm"}),
        ({"reports_refused": True}, {"ReportsOverdueAlarm"}),
        ({"reconciliation_runs": False}, {"ApplicationsOverdueAlarm", "BooksOverdueAlarm", "ReportsOverdueAlarm"}),
    ],
)
def test_a_function_that_does_not_come_through_raises_the_alarms_of_its_own_stages(
    fault: Mapping[str, bool], alarms: Collection[str]
) -> None:
    with a_stack() as stack:
        for name, value in fault.items():
            setattr(stack, name, value)
        stack.live(FAILING)
        assert stack.fired() == alarms


def test_a_provider_that_is_down_raises_the_alarms_of_all_that_asks_it() -> None:
    with a_stack() as stack:
        stack.world.emulator.fall_silent(FAILING.total_seconds() / 3600)
        stack.live(FAILING)
        assert stack.fired() == stack.alarms.keys() - {"ReportsOverdueAlarm"}


def test_reports_that_cannot_be_written_keep_no_finding_from_being_told_once() -> None:
    with a_stack() as stack:
        stack.reports_refused = True
        with stack.world.provider() as provider:
            provider.place("theirs.com")
        stack.live(4 * STEP)
        assert stack.world.found() == [(Kind.APPLICATION_FOREIGN, "theirs.com", None)]
        assert len(stack.world.messages) == 1


def test_each_stage_has_an_alarm_that_waits_as_long_as_its_patience() -> None:
    alarms = {alarm.stage: alarm for alarm in the_alarms().values()}

    assert alarms.keys() == set(Stage)
    for stage, expectation in EXPECTATIONS.items():
        alarm = alarms[stage]
        if alarm.missing == "breaching":
            assert stage is Stage.PLAN
            assert alarm.periods * PERIOD == expectation.patience
            assert alarm.threshold < PERIOD.total_seconds()
        else:
            assert (alarm.threshold, alarm.periods) == (expectation.patience.total_seconds(), 1)
