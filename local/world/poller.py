"""Lambda's poller of a queue: the event that it makes of messages, and what becomes of those that fail. Pure.

The functions report no failures of single messages: what one raises, it raises for all of its event.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from local.stack.deployment.model import EventSource


@dataclass(frozen=True, slots=True)
class Received:
    """A message as SQS hands it out."""

    id: str
    body: str
    receipt: str = ""
    attributes: Mapping[Any, str] = field(default_factory=dict)


def event_of(source: EventSource, messages: Iterable[Received]) -> dict[str, Any]:
    """Return the event with which the function is invoked."""
    return {
        "Records": [
            {
                "messageId": message.id,
                "receiptHandle": message.receipt,
                "body": message.body,
                "attributes": message.attributes,
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": source.queue_arn,
            }
            for message in messages
        ]
    }


def may_begin(source: EventSource, running: int) -> bool:
    """Tell whether one more invocation may begin, where so many of the function are running."""
    return source.maximum_concurrency is None or running < source.maximum_concurrency


def hidden_for(source: EventSource) -> timedelta:
    """Return how long a message that was received is hidden from others: then it comes again, unless it was deleted."""
    return timedelta(seconds=source.visibility_timeout_s)


def is_given_up(source: EventSource, deliveries: int) -> bool:
    """Tell whether a message that failed so many times becomes a dead letter in the place of coming again."""
    return source.max_receive_count is not None and deliveries >= source.max_receive_count
