"""What the provider has of our backorders, and of what somebody else placed with the same login."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from backorder.domain.backorder import Backorder
from backorder.domain.states import State
from backorder.domain.values import Origin
from backorder.runtime.clock import iso
from local.world.promises.evidence import Evidence
from submission.recovery_rules import CLOCK_SKEW


def contradicted(backorder: Backorder, evidence: Evidence) -> str | None:
    """Return what the provider says otherwise of a backorder that knows its application; None: nothing."""
    if backorder.application_id is None or backorder.state is State.CANCELLED:
        return None
    application = _application(backorder, evidence)
    if application is None:
        if backorder.state is State.VANISHED:
            return None
        return f"is {backorder.state}, and the provider has no application {backorder.application_id}"
    status = application["status"].replace("-", "_")
    if status != backorder.state:
        return f"is {backorder.state}, and {status} at the provider"
    if backorder.state.is_final and application["updated"] < iso(backorder.created_at):
        return f"adopted application {application['application']}, which had ended before"
    return None


def taken_for_ours(evidence: Evidence) -> Iterator[str]:
    """Yield the backorders that take an application for their own which somebody placed by hand."""
    for backorder in evidence.backorders:
        foreign = backorder.application_id in evidence.placed_by_hand and backorder.origin is Origin.OURS
        if foreign and not _cannot_be_told_apart(backorder, evidence):
            placed_by_hand = f"application {backorder.application_id} was placed by hand"
            yield f"{backorder.domain}: {placed_by_hand}, and is taken for ours"


def _cannot_be_told_apart(backorder: Backorder, evidence: Evidence) -> bool:
    """It was placed by hand within the skew of clocks before our own, and no 540 told the two apart."""
    application = _application(backorder, evidence)
    sent_at = next((step.at for step in backorder.history if step.entered is State.SUBMITTING), None)
    answer = next((str(step.call) for step in backorder.history if step.call), "")
    if application is None or sent_at is None or answer.endswith(" 540"):
        return False
    return timedelta(0) <= sent_at - datetime.fromisoformat(application["created"]) <= CLOCK_SKEW


def _application(backorder: Backorder, evidence: Evidence) -> Mapping[str, Any] | None:
    applications: list[Mapping[str, Any]] = evidence.emulator["applications"]
    return next((each for each in applications if each["application"] == backorder.application_id), None)
