"""Logs and metrics: structured lines that an operator can query, with the same keys everywhere."""

from __future__ import annotations

from aws_lambda_powertools import Logger, Metrics

logger = Logger(utc=True)
"""One JSON line an event: `logger.info("backorder_submitted", domain=…, application=…)`."""

metrics = Metrics(namespace="Backorder")
"""Embedded metrics; never a domain or a list as a dimension."""
