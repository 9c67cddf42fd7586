"""The pump as Lambda's poller: what becomes of a message by what its function does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from local.memory_store import MemoryStore
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


class PumpedStack:
    """A stack whose SubmitBackorders raises what `raises` says of a message; its other functions note their event.

    ReconcileAccount is where a success of PlanSubmissions goes, and one of SubmitBackorders.
    """

    def __init__(self, stack: LocalStack) -> None:
        deployment = stack.deployment.model_copy(
            update={
                "functions": {
                    name: function.model_copy(update={"on_success": "ReconcileAccount"})
                    if name in ("PlanSubmissions", "SubmitBackorders")
                    else function
                    for name, function in stack.deployment.functions.items()
                }
            }
        )
        self.queue, self.dead_letters = deployment.submission_queue_url, deployment.submission_dead_letter_queue_url
        self.raises: Callable[[str], Exception | None] = lambda _body: None
        self.received: list[str] = []
        self.crashes: list[tuple[str, Exception]] = []
        self.sqs = Services(deployment.endpoint_url).sqs
        self.events: list[tuple[str, Mapping[str, Any]]] = []
        handlers: dict[str, Handler] = {name: self.noting(name) for name in deployment.functions}
        self.pump = Pump(
            *(deployment, Control(stack.emulator_base_url), WatchedStore(MemoryStore())),
            {**handlers, "SubmitBackorders": self.submit},
            crashed=lambda function, error: self.crashes.append((function, error)),
        )

    def noting(self, function: str) -> Handler:
        return lambda event, _seconds_left: self.events.append((function, event))

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
def pumped(environment_restored: None) -> Iterator[PumpedStack]:
    with stack_in_process() as stack:
        use_environment(stack.deployment)
        yield PumpedStack(stack)


def test_a_message_that_was_handled_does_not_come_again(pumped: PumpedStack) -> None:
    pumped.send("good")

    assert pumped.pump.deliver() == 1

    pumped.wait(2 * VISIBILITY)
    assert (pumped.received, pumped.crashes) == (["good"], [])
    assert pumped.kept(pumped.queue) == 0


def test_a_message_on_which_its_function_crashes_is_told_of_and_comes_again_after_its_time(pumped: PumpedStack) -> None:
    error = Planted("once")
    pumped.raises = lambda _body: error if not pumped.crashes else None
    pumped.send("bad")

    assert pumped.pump.deliver() == 0
    pumped.wait(VISIBILITY - timedelta(seconds=1))
    assert (pumped.received, pumped.crashes) == (["bad"], [("SubmitBackorders", error)])
    assert not pumped.pump.is_quiet
    pumped.wait(timedelta(seconds=1))

    assert (pumped.received, len(pumped.crashes)) == (["bad", "bad"], 1)
    assert pumped.pump.is_quiet
    assert pumped.kept(pumped.queue) == 0


def test_a_message_that_always_crashes_is_a_dead_letter_in_the_end_and_keeps_no_other_one_back(
    pumped: PumpedStack,
) -> None:
    pumped.raises = lambda body: Planted("always") if body == "bad" else None
    pumped.send("bad", "good")

    assert pumped.pump.deliver() == 1
    pumped.wait((DELIVERIES + 1) * VISIBILITY)

    assert pumped.received.count("bad") == len(pumped.crashes) == DELIVERIES
    assert pumped.received.count("good") == 1
    assert (pumped.kept(pumped.queue), pumped.kept(pumped.dead_letters)) == (0, 1)


def test_a_crash_is_in_the_log_with_its_cause(pumped: PumpedStack, tmp_path: Path) -> None:
    pumped.raises = lambda _body: Planted("and why")
    pumped.send("bad")

    with log_to(tmp_path / "log"):
        pumped.pump.deliver()

    (line,) = map(json.loads, (tmp_path / "log").read_text().splitlines())
    assert (line["level"], line["function"], line["exception_name"]) == ("ERROR", "SubmitBackorders", "Planted")
    assert "and why" in line["exception"]


def test_what_is_raised_at_a_schedule_stops_the_run(pumped: PumpedStack) -> None:
    """On one machine a bug there would only come again at the next tick."""
    pumped.raises = lambda _body: Planted("at once")

    with pytest.raises(Planted, match="at once"):
        pumped.pump.call("SubmitBackorders", {"Records": [{"body": "by hand"}]})


def test_the_success_of_a_scheduled_function_starts_its_destination(pumped: PumpedStack) -> None:
    pumped.pump.start("PlanSubmissions", {"at": "noon"})

    ((first, at), (second, event)) = pumped.events
    assert (first, at, second) == ("PlanSubmissions", {"at": "noon"}, "ReconcileAccount")
    assert (event["requestContext"]["condition"], event["requestPayload"]) == ("Success", {"at": "noon"})


def test_neither_a_failure_nor_a_message_starts_a_destination(pumped: PumpedStack) -> None:
    pumped.send("good")
    pumped.pump.deliver()
    pumped.raises = lambda _body: Planted("at once")

    with pytest.raises(Planted, match="at once"):
        pumped.pump.start("SubmitBackorders", {"Records": [{"body": "by hand"}]})

    assert pumped.received == ["good", "by hand"]
    assert pumped.events == []
