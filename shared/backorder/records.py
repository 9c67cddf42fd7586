"""Partial batch responses: a record whose handling crashes goes back to its queue, the others are done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from backorder.observability import logger

Failures = dict[str, list[dict[str, str]]]


def each_record(event: Mapping[str, Any], handle: Callable[[str], None]) -> Failures:
    """Calls `handle` with the body of each SQS record; gives what Lambda expects with ReportBatchItemFailures.

    The outermost edge of a queue's function: whatever a record raises is logged with its cause, and the record is
    delivered again, in the end to the dead-letter queue.
    """
    failures = []
    for record in event["Records"]:
        try:
            handle(record["body"])
        except Exception:  # noqa: BLE001 - the edge: reported with its cause, and delivered again
            logger.exception("record_failed", message_id=record["messageId"])
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}
