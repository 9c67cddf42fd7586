"""The handler of PlanSubmissions: EventBridge Scheduler calls it every five minutes."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

import boto3
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import Field

from backorder.documents.successes import Stage, ages
from backorder.provider.wiring import provider_from
from backorder.runtime.clock import Clock, system_clock
from backorder.runtime.messages import Batch
from backorder.runtime.observability import logger, measure, measure_by, measure_memory, metrics
from backorder.runtime.settings import ProviderSettings
from backorder.store import Store
from backorder.store.dynamodb import DynamoStore
from planning.plan_submissions import Planning, Summary, plan_submissions

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

SQS_BATCH = 10
"""Messages a SendMessageBatch call."""


class Settings(ProviderSettings):
    """What this function needs from its environment."""

    queue_url: str = Field(alias="SUBMISSION_QUEUE_URL", min_length=1)
    parallel_calls: int = Field(alias="PARALLEL_CALLS", ge=1)
    fetches: Literal["off", "daily"] = Field(alias="FETCH_PENDING_DELETES", default="off")

    @property
    def expected(self) -> Collection[Stage]:
        """The stages that have to succeed again and again on this stack."""
        return [stage for stage in Stage if stage is not Stage.LISTS or self.fetches == "daily"]


@cache
def planning() -> Planning:
    """The collaborators, wired once a cold start."""
    settings = Settings.from_environment(os.environ)
    return wire(settings, store=DynamoStore.connect(settings.table), clock=system_clock)


def wire(settings: Settings, *, store: Store, clock: Clock) -> Planning:
    """The collaborators that `settings` name, around a store and a clock."""
    queue = boto3.client("sqs")

    def send(batches: Iterable[Batch]) -> None:
        remaining = iter(batches)
        while some := list(islice(remaining, SQS_BATCH)):
            entries: list[SendMessageBatchRequestEntryTypeDef] = [
                {"Id": str(n), "MessageBody": batch.model_dump_json()} for n, batch in enumerate(some)
            ]
            answer = queue.send_message_batch(QueueUrl=settings.queue_url, Entries=entries)
            for failure in answer.get("Failed", ()):
                # Not sent: these stay QUEUED until their `queued_until`, and a later tick picks them again.
                logger.error("batch_not_queued", why=failure.get("Message", failure["Code"]))

    return Planning(
        store=store,
        provider=provider_from(settings, pool_size=1),
        send=send,
        clock=clock,
        parallel_calls=settings.parallel_calls,
    )


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """One tick. The event only names it: the clock is read when the decision is made."""
    settings, tick = Settings.from_environment(os.environ), planning()
    try:
        summary = plan_submissions(
            tick,
            holder=context.aws_request_id,
            seconds_left=lambda: context.get_remaining_time_in_millis() / 1000,
        )
        logger.info("planned", **summary.as_json())
        measure_tick(summary)
        return summary.as_json()
    finally:
        # Of a plan that fails, too: the other stages' alarms must not fire for it.
        measure_memory("PlanMemory", int(context.memory_limit_in_mb))
        measure_ages(ages(tick.store, settings.expected, tick.clock()))


def measure_ages(of_stages: Mapping[Stage, timedelta]) -> None:
    """Writes how long ago each stage last succeeded."""
    measure_by("Age", {stage: int(age.total_seconds()) for stage, age in of_stages.items()})


def measure_tick(summary: Summary) -> None:
    """Writes the metrics of a tick. One that could not look at the account knows nothing of its funds."""
    measure("LineHalted", int(bool(summary.halted or summary.halted_zones)))
    measure("AtRisk", summary.at_risk)
    if summary.open is not None:
        measure("OpenNames", summary.open)
    if summary.minutes_to_deadline is not None:
        measure("MinutesToDeadline", summary.minutes_to_deadline)
    if summary.capacity is None or summary.drawn is None:
        return
    measure("Queued", summary.queued)
    measure("Held", summary.held)
    measure("Missed", summary.missed)
    measure("Capacity", Decimal(summary.capacity))
    measure("Drawn", Decimal(summary.drawn))
    measure("Shortfall", Decimal(summary.shortfall or 0))
