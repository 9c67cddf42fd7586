"""The dead-letter queues: where messages end that no function could handle, or that could not be delivered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ops.stacks import Stack


@dataclass(frozen=True)
class DeadLetters:
    """A dead-letter queue, and where its messages belong. Named by the template's outputs."""

    name: str
    queue: str
    source: str
    meaning: str


QUEUES: Final = (
    DeadLetters("lists", "ListDeadLetterQueueUrl", "ListQueueUrl", "uploads that IngestList could not read"),
    DeadLetters(
        "submissions",
        "SubmissionDeadLetterQueueUrl",
        "SubmissionQueueUrl",
        "orders and withdrawals on which SubmitBackorders died",
    ),
    # What the rule could not deliver is what its target would have got: it goes there.
    DeadLetters("rule", "RuleDeadLetterQueueUrl", "ListQueueUrl", "uploads of which the list queue could not be told"),
)


def waiting(stack: Stack, output: str) -> int:
    """About how many messages are in the queue that the output names, those under way included."""
    counts = stack.sqs.get_queue_attributes(
        QueueUrl=stack.output(output),
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )["Attributes"]
    return int(counts["ApproximateNumberOfMessages"]) + int(counts["ApproximateNumberOfMessagesNotVisible"])


def dead(stack: Stack) -> Mapping[str, int]:
    """About how many dead letters there are, by the queue's name."""
    return {letters.name: waiting(stack, letters.queue) for letters in QUEUES}
