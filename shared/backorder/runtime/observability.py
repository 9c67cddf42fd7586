"""Logs and metrics: structured lines that an operator can query, and numbers that alarms and the dashboard watch."""

from __future__ import annotations

import resource
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from aws_lambda_powertools import Logger, Metrics, single_metric
from aws_lambda_powertools.metrics import MetricUnit

logger = Logger(utc=True)
"""One JSON line an event: `logger.info("backorder_settled", domain=…, application=…)`."""

metrics = Metrics()
"""Written to the log in CloudWatch's embedded format when a handler returns: no call, no right, no waiting."""


class Metric(NamedTuple):
    """What a metric says. Each has its function (`service`) as dimension, and `by` as a second one where it has it.

    No domain and no list is ever a dimension: CloudWatch charges for each combination.
    """

    service: str
    unit: MetricUnit
    says: str
    by: str | None = None


_COUNT, _AMOUNT = MetricUnit.Count, MetricUnit.NoUnit

METRICS: Mapping[str, Metric] = {
    "Entries": Metric("ingest_list", _COUNT, "entries of the lists that were read"),
    "Rejected": Metric("ingest_list", _COUNT, "of these, rejected"),
    "NotSelected": Metric("ingest_list", _COUNT, "of these, not selected"),
    "Duplicates": Metric("ingest_list", _COUNT, "of these, there already"),
    "Accepted": Metric("ingest_list", _COUNT, "of these, accepted: new backorders, or names taken back"),
    "OpenNames": Metric("plan_submissions", _COUNT, "open backorders, all of which a tick holds in memory"),
    "Queued": Metric("plan_submissions", _COUNT, "orders sent to the workers by a tick"),
    "Held": Metric("plan_submissions", _COUNT, "names that wait for money or a limit, at a tick"),
    "Missed": Metric("plan_submissions", _COUNT, "names whose last chance passed"),
    "AtRisk": Metric("plan_submissions", _COUNT, "funded names within half an hour of their deadline, not ordered"),
    "MinutesToDeadline": Metric("plan_submissions", _COUNT, "until the next deadline of a funded name not ordered yet"),
    "Capacity": Metric("plan_submissions", _AMOUNT, "what orders may draw together, in the account's currency"),
    "Drawn": Metric("plan_submissions", _AMOUNT, "what they draw, in the account's currency"),
    "Shortfall": Metric(
        "plan_submissions", _AMOUNT, "what is missing for all that is wanted, in the account's currency"
    ),
    "LineHalted": Metric("plan_submissions", _COUNT, "1 while no order goes out, else 0"),
    "PlanMemory": Metric("plan_submissions", MetricUnit.Percent, "the most memory that it took, of what it has"),
    "Age": Metric("plan_submissions", MetricUnit.Seconds, "since a stage last succeeded", by="stage"),
    "Ordered": Metric("submit_backorders", _COUNT, "orders that the provider took"),
    "CallMilliseconds": Metric("submit_backorders", MetricUnit.Milliseconds, "from a call to its answer"),
    "CallsAtOnce": Metric("submit_backorders", _COUNT, "the cap on calls at once that a function came to"),
    "Refused": Metric("submit_backorders", _COUNT, "calls without success, by the answer's code", by="code"),
    "Pages": Metric("fetch_list", _COUNT, "pages of the provider's list that were read"),
    "PagesFailed": Metric("fetch_list", _COUNT, "pages that could not be read: the next tick asks again"),
    "Names": Metric("fetch_list", _COUNT, "names of the day's list, once it is in `dropping/`"),
    "Dated": Metric("reconcile_account", _COUNT, "names whose drop date was found in the provider's list"),
    "Findings": Metric("reconcile_account", _COUNT, "findings that are open, by kind", by="kind"),
    "ItemsNotUnderstood": Metric(
        "reconcile_account", _COUNT, "items of the table that this version does not understand"
    ),
    "AccountMemory": Metric("reconcile_account", MetricUnit.Percent, "the most memory that it took, of what it has"),
    "MailUnheard": Metric("reconcile_account", _COUNT, "1 while the address for alerts gets no mail, else 0"),
    "Unexplained": Metric("reconcile_account", _AMOUNT, "what the books do not explain, in the account's currency"),
}
"""All metrics by name: docs/operations.md has the same table, and the template's alarms and dashboard use no other."""


def measure(name: str, *values: float | Decimal) -> None:
    """Adds values to a metric of METRICS that has no second dimension."""
    for value in values:
        metrics.add_metric(name, METRICS[name].unit, float(value))


def measure_memory(name: str, limit: int) -> None:
    """Adds the most memory that this process ever took, as a percentage of its `limit` (MB)."""
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # on Linux
    measure(name, round(100 * kilobytes / (limit * 1024), 1))


def measure_by(name: str, values: Mapping[str, int]) -> None:
    """Adds a value for each member of the metric's second dimension: `measure_by("Refused", {"549": 3})`."""
    metric = METRICS[name]
    assert metric.by is not None
    for member, value in values.items():
        with single_metric(name, metric.unit, value, default_dimensions={"service": metric.service}) as one:
            one.add_dimension(metric.by, member)
