"""The handler of IngestList: SQS delivers the "Object Created" events of the lists bucket, one a message."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, Field

import backorder.settings
from backorder.clock import Clock, system_clock
from backorder.observability import logger, measure, metrics
from backorder.records import Failures, each_record
from backorder.store import Store
from backorder.store.dynamodb import DynamoStore
from ingestion.ingest import Ingestion, ingest_object
from ingestion.summary import ListSummary

WRITERS = 16


class Settings(backorder.settings.Settings):
    """What this function needs from its environment."""

    reports_bucket: str = Field(alias="REPORTS_BUCKET", min_length=1)


class _Bucket(BaseModel):
    name: str


class _Object(BaseModel):
    key: str
    version: str | None = Field(None, alias="version-id")


class _Detail(BaseModel):
    bucket: _Bucket
    object: _Object


class ObjectCreated(BaseModel):
    """EventBridge's event of S3. Its key is written as it is, unlike in S3's own notifications."""

    detail: _Detail


@cache
def ingestion() -> Ingestion:
    """The collaborators, wired once a cold start."""
    settings = Settings.from_environment(os.environ)
    return wire(settings, store=DynamoStore.connect(settings.table, connections=WRITERS), clock=system_clock)


def wire(settings: Settings, *, store: Store, clock: Clock) -> Ingestion:
    """The collaborators that `settings` name, around a store and a clock."""
    return Ingestion(
        store=store, s3=boto3.client("s3"), reports_bucket=settings.reports_bucket, clock=clock, writers=WRITERS
    )


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> Failures:
    """Ingests each object; a message whose object could not be read is delivered again."""
    return handle(event, ingestion(), read=_measure)


def _measure(summary: ListSummary) -> None:
    measure("Entries", summary.entries)
    measure("Rejected", summary.rejected)
    measure("NotSelected", summary.not_selected)
    measure("Duplicates", summary.duplicates)
    measure("Accepted", summary.accepted)


def handle(
    event: Mapping[str, Any], ingestion: Ingestion, *, read: Callable[[ListSummary], None] = lambda _summary: None
) -> Failures:
    """The handler with its collaborators passed in; `read` is told of each list."""

    def one(body: str) -> None:
        arrived = ObjectCreated.model_validate_json(body).detail
        for summary in ingest_object(
            arrived.bucket.name, arrived.object.key, arrived.object.version, services=ingestion
        ):
            read(summary)

    return each_record(event, one)
