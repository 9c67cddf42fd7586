"""The handler of ReconcileAccount: EventBridge Scheduler calls it every hour, and after the large deletion batches."""

from __future__ import annotations

import os
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import Any, BinaryIO

import boto3
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import Field

from backorder.documents.listeners import Subscription, unheard
from backorder.domain.registries import Registries
from backorder.provider.wiring import provider_from
from backorder.runtime.clock import Clock, system_clock
from backorder.runtime.observability import logger, measure, measure_by, measure_memory, metrics
from backorder.runtime.settings import ProviderSettings
from backorder.store import Store
from backorder.store.dynamodb import DynamoStore
from reconciliation.alert import Message, console_link
from reconciliation.page import PAGE
from reconciliation.reconcile import Reconciliation, Summary, reconcile_account
from reconciliation.writers import WRITERS


class Settings(ProviderSettings):
    """What this function needs from its environment."""

    reports_bucket: str = Field(alias="REPORTS_BUCKET", min_length=1)
    topic: str = Field(alias="ALERT_TOPIC_ARN", min_length=1)
    alert_email: str = Field(alias="ALERT_EMAIL", default="")


@cache
def reconciliation() -> Reconciliation:
    """The collaborators, wired once a cold start."""
    settings = Settings.from_environment(os.environ)
    return wire(settings, store=DynamoStore.connect(settings.table, connections=WRITERS), clock=system_clock)


def wire(settings: Settings, *, store: Store, clock: Clock) -> Reconciliation:
    """The collaborators that `settings` name, around a store and a clock."""
    sns, s3 = boto3.client("sns"), boto3.client("s3")

    def publish(message: Message) -> None:
        sns.publish(TopicArn=settings.topic, Subject=message.subject, Message=message.body)

    def look_who_listens() -> str | None:
        try:
            return unheard(subscriptions(), settings.alert_email)
        except (BotoCoreError, ClientError) as error:
            return f"whether {settings.alert_email} gets mail is not known: {error}"

    def subscriptions() -> Iterator[Subscription]:
        for page in sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=settings.topic):
            for subscription in page["Subscriptions"]:
                yield Subscription(subscription["Endpoint"], subscription["SubscriptionArn"])

    def put(key: str, content: BinaryIO, content_type: str) -> None:
        s3.put_object(Bucket=settings.reports_bucket, Key=key, Body=content, ContentType=content_type)

    return Reconciliation(
        store=store,
        provider=provider_from(settings, pool_size=1),
        clock=clock,
        publish=publish,
        put=put,
        report_link=console_link(
            settings.reports_bucket,
            f"latest/{PAGE}",
            region=s3.meta.region_name,
            partition=s3.meta.partition,
        ),
        registries=Registries.load(),
        look_who_listens=look_who_listens,
    )


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """One run. The event only names the tick: the clock is read when the run begins."""
    try:
        summary = reconcile_account(reconciliation(), holder=context.aws_request_id)
        logger.info("reconciled", **summary.as_json())
        measure_run(summary)
        return summary.as_json()
    finally:
        measure_memory("AccountMemory", int(context.memory_limit_in_mb))


def measure_run(summary: Summary) -> None:
    """Writes the metrics of a run. One that could not read the account knows nothing of its findings."""
    if summary.unexplained is not None:
        measure("Unexplained", Decimal(summary.unexplained))
    measure("Dated", summary.dated)
    measure("MailUnheard", int(summary.unheard is not None))
    if summary.not_understood is not None:
        measure("ItemsNotUnderstood", summary.not_understood)
    measure_by("Findings", summary.findings_open)
