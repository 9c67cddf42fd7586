"""The handler of SubmitBackorders: the submission queue calls it with one message at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import Field

from backorder.provider.port import Called, unobserved
from backorder.provider.wiring import provider_from
from backorder.runtime.clock import Clock, system_clock
from backorder.runtime.messages import Batch
from backorder.runtime.observability import logger, metrics
from backorder.runtime.settings import ProviderSettings
from backorder.store import Store
from backorder.store.dynamodb import DynamoStore
from submission.metrics import Watch
from submission.process_batch import Submission, threads, work


class Settings(ProviderSettings):
    """What this function needs from its environment."""

    pool_size: int = Field(alias="POOL_SIZE", ge=1)


@cache
def submission() -> Submission:
    """The collaborators, wired once a cold start."""
    settings = Settings.from_environment(os.environ)
    store = DynamoStore.connect(settings.table, connections=threads(settings.pool_size))
    return wire(settings, store=store, clock=system_clock, observe=watch().called)


@cache
def watch() -> Watch:
    """What counts the calls of this function instance."""
    return Watch()


def wire(
    settings: Settings, *, store: Store, clock: Clock, observe: Callable[[Called], None] = unobserved
) -> Submission:
    """The collaborators that `settings` name, around a store and a clock."""
    return Submission(
        store=store,
        provider=provider_from(settings, pool_size=settings.pool_size, observe=observe),
        clock=clock,
        pool_size=settings.pool_size,
    )


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Works through each record: a message of the submission queue. What it raises has the message delivered again."""
    counts = watch()
    try:
        handle(
            event,
            submission(),
            seconds_left=lambda: context.get_remaining_time_in_millis() / 1000,
            worked=counts.worked,
        )
    finally:
        # Calls were made, whatever came of the message.
        counts.measure()


def handle(
    event: Mapping[str, Any],
    submission: Submission,
    *,
    seconds_left: Callable[[], float],
    worked: Callable[[Mapping[str, int]], None] = lambda _outcomes: None,
) -> None:
    """The handler with its collaborators passed in; `worked` is told how the backorders of a message ended."""
    for record in event["Records"]:
        batch = Batch.model_validate_json(record["body"])
        outcomes = work(batch, submission, seconds_left=seconds_left)
        worked(outcomes)
        logger.info("batch_done", kind=batch.kind, backorders=len(batch.backorders), outcomes=dict(outcomes))
