"""The times that hold only beside each other: leases, time-outs, queues and schedules, of the template and the code."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backorder.provider.hexonet.transport import IDLE_SECONDS
from backorder.runtime.settings import ProviderSettings
from fetching import fetch
from ingestion import sweep, writing
from local.stack.deployment import translate
from local.stack.local_stack import TEMPLATE
from local.world.schedules import next_call
from planning import plan_submissions
from reconciliation import reconcile
from submission import claims, place, process_batch, recovery_rules, withdraw

MIDNIGHT = datetime(2026, 11, 24, tzinfo=UTC)
NAT_FORGETS = timedelta(seconds=350)
"""An idle connection, as AWS documents it."""


@pytest.fixture(scope="module")
def resources() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = translate(TEMPLATE)["Resources"]
    return {name: resource["Properties"] for name, resource in found.items() if "Properties" in resource}


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def test_times_that_depend_on_each_other_keep_their_order(resources: dict[str, dict[str, Any]]) -> None:
    def may_run(function: str) -> timedelta:
        return seconds(resources[function]["Timeout"])

    def hidden(queue: str) -> timedelta:
        return seconds(resources[queue]["VisibilityTimeout"])

    def pause(schedule: str) -> timedelta:
        first = next_call(resources[schedule]["ScheduleExpression"], "UTC", after=MIDNIGHT)
        return next_call(resources[schedule]["ScheduleExpression"], "UTC", after=first) - first

    def is_redelivered_for(queue: str) -> timedelta:
        return hidden(queue) * int(resources[queue]["RedrivePolicy"]["maxReceiveCount"])

    settings = ProviderSettings.model_fields
    one_call = seconds(settings["connect_timeout"].default + settings["read_timeout"].default)

    # A lease that ends while its function may still run lets a second one at the same work.
    assert may_run("PlanSubmissions") < plan_submissions.LEASE
    assert may_run("ReconcileAccount") < reconcile.LEASE
    assert may_run("FetchList") < fetch.LEASE
    assert may_run("SubmitBackorders") < claims.LEASE
    # A lease that outlasts the pause keeps the tick after a killed one from its work.
    assert pause("PlanSchedule") > plan_submissions.LEASE
    assert pause("ReconcileSchedule") > reconcile.LEASE
    assert pause("FetchSchedule") > fetch.LEASE
    # A call or a list that is begun can be ended, with time to write what came of it.
    assert one_call + seconds(process_batch.SPARE_SECONDS) < may_run("SubmitBackorders")
    assert one_call < may_run("PlanSubmissions")
    assert seconds(writing.RESERVE_S) < may_run("IngestList")
    assert one_call < seconds(fetch.RESERVE_S) < may_run("FetchList")
    # A message that comes back finds nobody at work on it: not its function, and not the holder of a claim.
    assert hidden("ListQueue") > may_run("IngestList")
    assert hidden("SubmissionQueue") > may_run("SubmitBackorders")
    assert hidden("SubmissionQueue") > claims.LEASE
    # What is queued is not queued once more while its message may still come back from a worker that died with it.
    assert hidden("SubmissionQueue") < plan_submissions.QUEUE_PATIENCE < place.PATIENCE
    # A wait ends between two ticks, or it would be no wait; and there are ticks left before it is too late.
    assert pause("PlanSchedule") == plan_submissions.TICK
    assert plan_submissions.TICK < withdraw.PATIENCE
    assert plan_submissions.TICK < plan_submissions.AT_RISK
    # A question is asked later than the provider's clock may lag.
    assert recovery_rules.CLOCK_SKEW < place.PAUSE
    # What is to be asked about is asked about by the next tick.
    assert max(place.PAUSE, withdraw.PAUSE) <= plan_submissions.TICK
    # The sweep leaves what is in the queue, and finds what is not.
    assert hidden("ListQueue") < sweep.UNDER_WAY < pause("SweepSchedule") < sweep.TOO_OLD
    assert is_redelivered_for("ListQueue") < pause("SweepSchedule")
    # No order is sent into a connection that a gateway has forgotten.
    assert seconds(IDLE_SECONDS) < NAT_FORGETS
