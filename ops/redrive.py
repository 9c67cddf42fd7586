"""`redrive`: what is in the dead-letter queues, and its way back. Nothing is moved that was not shown before."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError
from rich.console import Console

from backorder.runtime.messages import Batch
from ops.dead_letters import QUEUES, DeadLetters, waiting
from ops.screen import counted, moment, plain, row, table
from ops.stacks import Stack

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

SHOWN_FOR: Final = 300
"""Seconds for which messages that are shown are kept from others: as long as somebody may take to decide."""
NAMES_SHOWN: Final = 3
BODY_SHOWN: Final = 100
_EMPTY_ANSWERS: Final = 3
"""A queue is spread over servers, of which an answer may have asked only some."""


@dataclass(frozen=True)
class Letter:
    """A dead letter, for a reader."""

    queue: str
    """As `dead_letters.QUEUES` names it."""
    id: str
    what: str
    since: datetime | None
    """When it was sent first."""
    received: int
    """How often it was received, here included."""
    error: str | None
    """Why EventBridge could not deliver it, in its words."""


@dataclass(frozen=True)
class Held:
    """A dead letter that is shown, and so is kept from others for a while."""

    letter: Letter
    letters: DeadLetters
    receipt: str = field(repr=False)
    body: str = field(repr=False)


@dataclass(frozen=True)
class Redriven:
    """What was shown, what of it went back, and how many more there are."""

    shown: tuple[Letter, ...]
    moved: tuple[str, ...]
    """Ids."""
    more: int


def hold(stack: Stack, *, most: int) -> list[Held]:
    """Receives up to `most` dead letters of each queue; nobody else gets these for five minutes."""
    return [held for letters in QUEUES for held in _receive(stack, letters, most)]


def _receive(stack: Stack, letters: DeadLetters, most: int) -> Iterator[Held]:
    url, seen, empty = stack.output(letters.queue), set[str](), 0
    while len(seen) < most and empty < _EMPTY_ANSWERS:
        messages = stack.sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=min(10, most - len(seen)),
            VisibilityTimeout=SHOWN_FOR,
            WaitTimeSeconds=1,
            MessageSystemAttributeNames=["SentTimestamp", "ApproximateReceiveCount"],
            MessageAttributeNames=["All"],
        ).get("Messages", [])
        empty = 0 if messages else empty + (1 if waiting(stack, letters.queue) > len(seen) else _EMPTY_ANSWERS)
        for message in messages:
            if message["MessageId"] not in seen:
                seen.add(message["MessageId"])
                yield Held(read(letters, message), letters, message["ReceiptHandle"], message["Body"])


def read(letters: DeadLetters, message: MessageTypeDef) -> Letter:
    """A message as a reader wants it, whatever is in it. Pure."""
    attributes = message.get("Attributes", {})
    sent = attributes.get("SentTimestamp")
    told = message.get("MessageAttributes", {})
    why = [told[name].get("StringValue", "") for name in ("ERROR_CODE", "ERROR_MESSAGE") if name in told]
    return Letter(
        queue=letters.name,
        id=message["MessageId"],
        what=_what(letters, message["Body"]),
        since=datetime.fromtimestamp(int(sent) / 1000, UTC) if sent else None,
        received=int(attributes.get("ApproximateReceiveCount", 0)),
        error=": ".join(why) or None,
    )


def _what(letters: DeadLetters, body: str) -> str:
    with suppress(ValueError, KeyError, TypeError, ValidationError):
        if letters.source == "SubmissionQueueUrl":
            return _batch(Batch.model_validate_json(body))
        arrived = json.loads(body)["detail"]["object"]
        version = f" (version {arrived['version-id']})" if arrived.get("version-id") else ""
        return f"{arrived['key']}{version}"
    return f"not understood: {body[:BODY_SHOWN]}{'…' if len(body) > BODY_SHOWN else ''}"


def _batch(batch: Batch) -> str:
    names = [key.domain for key in batch.backorders]
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return f"{batch.kind}: {', '.join(names[:NAMES_SHOWN])}{more}"


def move(stack: Stack, held: Sequence[Held]) -> Iterator[str]:
    """Puts each back where it belongs, and gives its id when it is done.

    Sent first and deleted then: if it breaks off in between there are two of it, and every function takes the second
    for what it is.
    """
    for one in held:
        stack.sqs.send_message(QueueUrl=stack.output(one.letters.source), MessageBody=one.body)
        stack.sqs.delete_message(QueueUrl=stack.output(one.letters.queue), ReceiptHandle=one.receipt)
        yield one.letter.id


def let_go(stack: Stack, held: Sequence[Held]) -> None:
    """Leaves them where they are, for anybody to see at once."""
    for one in held:
        stack.sqs.change_message_visibility(
            QueueUrl=stack.output(one.letters.queue), ReceiptHandle=one.receipt, VisibilityTimeout=0
        )


def render_letters(letters: Sequence[Letter], more: int, console: Console) -> None:
    """Puts the dead letters on the screen, by queue."""
    for queue in QUEUES:
        those = [letter for letter in letters if letter.queue == queue.name]
        if not those:
            continue
        made = table(f"{queue.name}: {queue.meaning}", "what", "since (UTC)", "received", "", right=("received",))
        for letter in those:
            row(made, letter.what, moment(letter.since), letter.received, letter.error)
        console.print(made)
        console.print()
    if more:
        console.print(plain(f"There are about {more:,} more, which stay where they are: --most shows more at once."))


def render(redriven: Redriven, console: Console) -> None:
    """Puts on the screen what was done."""
    if not redriven.shown:
        console.print("There are no dead letters.")
    elif redriven.moved:
        console.print(plain(f"{counted(len(redriven.moved), 'message')} went back to be handled."))
    else:
        console.print("Nothing was moved.")
