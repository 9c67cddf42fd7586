"""The handler of FetchList: EventBridge Scheduler calls it every quarter of an hour, where it is switched on."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import Field

from backorder.provider.wiring import provider_from
from backorder.runtime.clock import Clock, system_clock
from backorder.runtime.observability import logger, measure, metrics
from backorder.runtime.settings import ProviderSettings
from backorder.store import Store
from backorder.store.dynamodb import DynamoStore
from fetching.fetch import Fetching, Summary, fetch_list


class Settings(ProviderSettings):
    """What this function needs from its environment."""

    lists_bucket: str = Field(alias="LISTS_BUCKET", min_length=1)
    reports_bucket: str = Field(alias="REPORTS_BUCKET", min_length=1)


@cache
def fetching() -> Fetching:
    """The collaborators, wired once a cold start."""
    settings = Settings.from_environment(os.environ)
    return wire(settings, store=DynamoStore.connect(settings.table), clock=system_clock)


def wire(settings: Settings, *, store: Store, clock: Clock) -> Fetching:
    """The collaborators that `settings` name, around a store and a clock."""
    return Fetching(
        store=store,
        provider=provider_from(settings, pool_size=1),
        s3=boto3.client("s3"),
        lists_bucket=settings.lists_bucket,
        reports_bucket=settings.reports_bucket,
        clock=clock,
    )


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """One tick. The event only names it: the clock is read when the fetch begins."""
    summary = fetch_list(
        fetching(),
        holder=context.aws_request_id,
        seconds_left=lambda: context.get_remaining_time_in_millis() / 1000,
    )
    logger.info("fetched", **summary.as_json())
    measure_tick(summary)
    return summary.as_json()


def measure_tick(summary: Summary) -> None:
    """Writes the metrics of a tick; how many names the list has is known once it is whole."""
    measure("Pages", summary.pages)
    measure("PagesFailed", int(summary.failed))
    if summary.list is not None:
        measure("Names", summary.names)
