"""What needs a person, most urgent first: the open findings, grouped by kind."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from backorder.documents.account_outlook import Forecast
from backorder.domain.findings import Finding, Kind
from backorder.domain.money import ZERO
from reconciliation.page.model import Task

MOST_OF_A_KIND = 50
"""Findings of a kind that are shown; findings.csv has them all."""


def tasks(findings: Iterable[Finding], forecast: Forecast | None, *, now: datetime) -> list[Task]:
    """A shortfall that was foreseen after the last reconciliation is a task before it is a finding."""
    still_open = [finding for finding in findings if finding.status == "open"]
    if forecast is not None and forecast.shortfall > 0:
        still_open = [one for one in still_open if (one.kind, one.subject) != (Kind.SHORTFALL, "account")]
        still_open.append(_shortfall(forecast, now))
    ordered = sorted(still_open, key=lambda finding: finding.kind.rank)
    return [_task(kind, list(group)) for kind, group in groupby(ordered, key=lambda finding: finding.kind)]


def _shortfall(forecast: Forecast, now: datetime) -> Finding:
    return Finding(
        Kind.SHORTFALL, "account", None, forecast.shortfall, forecast.currency, f"{forecast.sentence}.", opened_at=now
    )


def _task(kind: Kind, findings: list[Finding]) -> Task:
    amounts = [finding.amount for finding in findings if finding.amount is not None]
    total: Decimal | None = sum(amounts, ZERO) if amounts else None
    return Task(kind, findings[:MOST_OF_A_KIND], len(findings), total)
