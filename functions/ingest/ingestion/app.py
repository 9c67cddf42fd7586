"""The handler of IngestList: SQS delivers the "Object Created" events of the lists bucket, one a message."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, ConfigDict, Field

import backorder.runtime.settings
from backorder.runtime.clock import Clock, system_clock
from backorder.runtime.observability import logger, measure, metrics
from backorder.store import Store
from backorder.store.dynamodb import DynamoStore
from ingestion.ingest import ingest_object, stop
from ingestion.keys import RULES_KEY
from ingestion.rounds import Rounds
from ingestion.rules_file import are_understood
from ingestion.services import Ingestion
from ingestion.summary import ListSummary
from ingestion.sweep import UNDER_WAY, sweep
from ingestion.writing import TimeIsShort

WRITERS = 16


class Settings(backorder.runtime.settings.Settings):
    """What this function needs from its environment."""

    lists_bucket: str = Field(alias="LISTS_BUCKET", min_length=1)
    reports_bucket: str = Field(alias="REPORTS_BUCKET", min_length=1)
    queue_url: str = Field(alias="LIST_QUEUE_URL", min_length=1)


class _Bucket(BaseModel):
    name: str


class _Object(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    key: str
    version: str | None = Field(None, alias="version-id")


class _Detail(BaseModel):
    bucket: _Bucket
    object: _Object


class ObjectCreated(BaseModel):
    """EventBridge's event of S3. Its key is written as it is, unlike in S3's own notifications."""

    detail: _Detail
    rounds: Rounds = Rounds()
    """In the function's messages to itself."""


@dataclass(frozen=True, slots=True)
class Wiring:
    """The use cases' collaborators, the bucket of lists, and the queue that brings its events."""

    ingestion: Ingestion
    lists_bucket: str
    send: Callable[[str], None]
    """Puts a message into the function's own queue."""


@cache
def ingestion() -> Wiring:
    """The collaborators, wired once a cold start."""
    settings = Settings.from_environment(os.environ)
    return wire(settings, store=DynamoStore.connect(settings.table, connections=WRITERS), clock=system_clock)


def wire(settings: Settings, *, store: Store, clock: Clock) -> Wiring:
    """The collaborators that `settings` name, around a store and a clock."""
    queue = boto3.client("sqs")

    def send(body: str) -> None:
        queue.send_message(QueueUrl=settings.queue_url, MessageBody=body)

    services = Ingestion(
        store=store, s3=boto3.client("s3"), reports_bucket=settings.reports_bucket, clock=clock, writers=WRITERS
    )
    return Wiring(services, settings.lists_bucket, send)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int] | None:
    """Ingests each object; what it raises has the message delivered again. Without messages: the sweep."""
    return handle(event, ingestion(), seconds_left=lambda: context.get_remaining_time_in_millis() / 1000, read=_measure)


def _measure(summary: ListSummary) -> None:
    measure("Entries", summary.entries)
    measure("Rejected", summary.rejected)
    measure("NotSelected", summary.not_selected)
    measure("Duplicates", summary.duplicates)
    measure("Accepted", summary.accepted)


def handle(
    event: Mapping[str, Any],
    wiring: Wiring,
    *,
    seconds_left: Callable[[], float],
    read: Callable[[ListSummary], None] = lambda _summary: None,
) -> dict[str, int] | None:
    """The handler with its collaborators passed in; `read` is told of each list."""
    services = replace(wiring.ingestion, seconds_left=seconds_left)

    def read_unread(under_way: timedelta) -> list[str]:
        def send(key: str) -> None:
            wiring.send(_message(wiring.lists_bucket, key))

        return sweep(wiring.lists_bucket, services=services, send=send, under_way=under_way)

    def one(body: str) -> None:
        event = ObjectCreated.model_validate_json(body)
        bucket, object_ = event.detail.bucket.name, event.detail.object
        lists_wait = object_.key == RULES_KEY and not are_understood(services.store)
        try:
            for summary in ingest_object(bucket, object_.key, object_.version, services=services):
                read(summary)
        except TimeIsShort as short:
            rounds = event.rounds.after(short.place)
            if rounds.lead_nowhere:
                raise stop(short, rounds, services) from short
            logger.info("list_goes_on", list=object_.key, version=short.version, round=rounds.number, line=short.line)
            wiring.send(_message(bucket, object_.key, short.version, rounds))
        if lists_wait and are_understood(services.store):
            read_unread(timedelta(0))

    if "Records" in event:
        for record in event["Records"]:
            one(record["body"])
        return None
    return {"unread": len(read_unread(UNDER_WAY))}


def _message(bucket: str, key: str, version: str | None = None, rounds: Rounds | None = None) -> str:
    """As EventBridge brings it, as far as it is read here."""
    detail = _Detail(bucket=_Bucket(name=bucket), object=_Object(key=key, version=version))
    event = ObjectCreated(detail=detail, rounds=rounds or Rounds())
    return event.model_dump_json(by_alias=True)
