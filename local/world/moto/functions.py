"""The functions of a deployed stack, wired for one machine: their own settings, the emulator's clock."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import fetching.app
import ingestion.app
import planning.app
import reconciliation.app
import submission.app
from backorder.runtime.clock import Clock
from backorder.runtime.settings import ProviderSettings
from backorder.store import Store
from fetching.fetch import fetch_list
from local.stack.deployment import Deployment, aws_environment
from local.world.moto.pump import Handler
from planning.plan_submissions import plan_submissions
from reconciliation.alert import Message
from reconciliation.reconcile import reconcile_account

READ_TIMEOUT_S = 0.5
"""The emulator's time-outs should not take a minute each (docs/architecture.md)."""

BACK_OFF_S = 0.01
"""Its faults don't pass with time: waiting long only keeps the user of `make run` waiting."""

_S = TypeVar("_S", bound=ProviderSettings)


def use_environment(deployment: Deployment) -> None:
    """Makes boto3 in this process reach moto, and nothing else."""
    os.environ.update(aws_environment(deployment.endpoint_url))
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        os.environ.pop(name, None)


def handlers(
    deployment: Deployment,
    *,
    store: Store,
    clock: Clock,
    tell: Callable[[Message], None],
    queue: bool = True,
) -> Mapping[str, Handler]:
    """The functions by logical id. `tell` also gets each message to the topic; `queue` false only plans."""

    def environment(function: str) -> dict[str, str]:
        return deployment.functions[function].environment

    fetch = fetching.app.wire(
        _quick(fetching.app.Settings.from_environment(environment("FetchList"))), store=store, clock=clock
    )
    ingest = ingestion.app.wire(
        ingestion.app.Settings.from_environment(environment("IngestList")), store=store, clock=clock
    )
    plan = planning.app.wire(
        _quick(planning.app.Settings.from_environment(environment("PlanSubmissions"))), store=store, clock=clock
    )
    # One call at a time: among parallel ones the machine's scheduler would decide which application is the earlier one,
    # and no run could be repeated.
    submit = submission.app.wire(
        _quick(submission.app.Settings.from_environment(environment("SubmitBackorders"))).model_copy(
            update={"pool_size": 1}
        ),
        store=store,
        clock=clock,
    )
    reconcile = reconciliation.app.wire(
        _quick(reconciliation.app.Settings.from_environment(environment("ReconcileAccount"))), store=store, clock=clock
    )
    publish = reconcile.publish

    def publish_and_tell(message: Message) -> None:
        publish(message)
        tell(message)

    reconcile = replace(reconcile, publish=publish_and_tell)

    def call_fetch(_event: Mapping[str, Any], seconds_left: Callable[[], float]) -> Any:
        return fetch_list(fetch, holder=uuid.uuid4().hex, seconds_left=seconds_left)

    def call_ingest(event: Mapping[str, Any], seconds_left: Callable[[], float]) -> Any:
        return ingestion.app.handle(event, ingest, seconds_left=seconds_left)

    def call_plan(_event: Mapping[str, Any], _seconds_left: Callable[[], float]) -> Any:
        return plan_submissions(plan, holder=uuid.uuid4().hex, queue=queue)

    def call_submit(event: Mapping[str, Any], seconds_left: Callable[[], float]) -> Any:
        return submission.app.handle(event, submit, seconds_left=seconds_left)

    def call_reconcile(_event: Mapping[str, Any], _seconds_left: Callable[[], float]) -> Any:
        return reconcile_account(reconcile, holder=uuid.uuid4().hex)

    return {
        "FetchList": call_fetch,
        "IngestList": call_ingest,
        "PlanSubmissions": call_plan,
        "SubmitBackorders": call_submit,
        "ReconcileAccount": call_reconcile,
    }


def _quick(settings: _S) -> _S:
    return settings.model_copy(update={"read_timeout": READ_TIMEOUT_S, "back_off": BACK_OFF_S})
