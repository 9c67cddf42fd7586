"""Logs: structured lines that an operator can query, with the same keys everywhere."""

from __future__ import annotations

from aws_lambda_powertools import Logger

logger = Logger(utc=True)
"""One JSON line an event: `logger.info("backorder_submitted", domain=…, application=…)`."""
