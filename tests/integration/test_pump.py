"""The pump as Lambda's poller: what becomes of a message by what its function does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from backorder.store.memory import MemoryStore
from local.run.run import log_to
from local.stack.control import Control
from local.stack.deployment.services import Services
from local.stack.local_stack import LocalStack, stack_in_process
from local.world.moto.functions import use_environment
from local.world.moto.pump import Handler, Pump
from local.world.watched import WatchedStore

VISIBILITY = timedelta(seconds=720)
"""Of the submission queue, as the template has it; and so many deliveries until a message is a dead letter."""
DELIVERIES = 5


class Planted(Exception):
    """What a function raises."""


class World:
    """A stack whose SubmitBackorders raises what `raises` says of a message's body; the other functions do nothing."""

    def __init__(self, stack: LocalStack) -> None:
        deployment = stack.deployment
        self.queue, self.dead_letters = deployment.submission_queue_url, deployment.submission_dead_letter_queue_url
        self.raises: Callable[[str], Exception | None] = lambda _body: None
        self.received: list[str] = []
        self.crashes: list[tuple[str, Exception]] = []
        self.sqs = Services(deployment.endpoint_url).sqs
        handlers: dict[str, Handler] = dict.fromkeys(deployment.functions, lambda _event, _seconds_left: None)
        self.pump = Pump(
            *(deployment, Control(stack.emulator_base_url), WatchedStore(MemoryStore())),
            {**handlers, "SubmitBackorders": self.submit},
            crashed=lambda function, error: self.crashes.append((function, error)),
        )

    def submit(self, event: Mapping[str, Any], _seconds_left: Callable[[], float]) -> None:
        for record in event["Records"]:
            self.received.append(record["body"])
            if error := self.raises(record["body"]):
                raise error

    def send(self, *bodies: str) -> None:
        for body in bodies:
            self.sqs.send_message(QueueUrl=self.queue, MessageBody=body)

    def wait(self, duration: timedelta) -> None:
        """Lets the emulator's time pass, with all that comes of it."""
        end = self.pump.now + duration
        while self.pump.advance(end):
            pass

    def kept(self, queue: str) -> int:
        """Messages in the queue, hidden ones included."""
        counts = self.sqs.get_queue_attributes(
            QueueUrl=queue,
            AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
        )["Attributes"]
        return sum(map(int, counts.values()))


@pytest.fixture
def world(environment_restored: None) -> Iterator[World]:
    with stack_in_process() as stack:
        use_environment(stack.deployment)
        yield World(stack)


def test_a_message_that_was_handled_does_not_come_again(world: World) -> None:
    world.send("good")

    assert world.pump.deliver() == 1

    world.wait(2 * VISIBILITY)
    assert (world.received, world.crashes) == (["good"], [])
    assert world.kept(world.queue) == 0


def test_a_message_on_which_its_function_crashes_is_told_of_and_comes_again_after_its_time(world: World) -> None:
    error = Planted("once")
    world.raises = lambda _body: error if not world.crashes else None
    world.send("bad")

    assert world.pump.deliver() == 0
    world.wait(VISIBILITY - timedelta(seconds=1))
    assert (world.received, world.crashes) == (["bad"], [("SubmitBackorders", error)])
    assert not world.pump.is_quiet
    world.wait(timedelta(seconds=1))

    assert (world.received, len(world.crashes)) == (["bad", "bad"], 1)
    assert world.pump.is_quiet
    assert world.kept(world.queue) == 0


def test_a_message_that_always_crashes_is_a_dead_letter_in_the_end_and_keeps_no_other_one_back(world: World) -> None:
    world.raises = lambda body: Planted("always") if body == "bad" else None
    world.send("bad", "good")

    assert world.pump.deliver() == 1
    world.wait((DELIVERIES + 1) * VISIBILITY)

    assert world.received.count("bad") == len(world.crashes) == DELIVERIES
    assert world.received.count("good") == 1
    assert (world.kept(world.queue), world.kept(world.dead_letters)) == (0, 1)


def test_a_crash_is_in_the_log_with_its_cause(world: World, tmp_path: Path) -> None:
    world.raises = lambda _body: Planted("and why")
    world.send("bad")

    with log_to(tmp_path / "log"):
        world.pump.deliver()

    (line,) = map(json.loads, (tmp_path / "log").read_text().splitlines())
    assert (line["level"], line["function"], line["exception_name"]) == ("ERROR", "SubmitBackorders", "Planted")
    assert "and why" in line["exception"]


def test_what_is_raised_at_a_schedule_stops_the_run(world: World) -> None:
    """On one machine a bug there would only come again at the next tick."""
    world.raises = lambda _body: Planted("at once")

    with pytest.raises(Planted, match="at once"):
        world.pump.call("SubmitBackorders", {"Records": [{"body": "by hand"}]})
