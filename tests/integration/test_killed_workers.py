"""Worker processes killed at any moment: each name is ordered once, and none is lost.

The workers run `submission.process_batch` on real HTTP in processes of their own, two at a time. The emulator and the
table, in moto, are processes too, and outlive them. A message comes back until a worker was through with it, as from
SQS; plans are made between the kills.
"""

from __future__ import annotations

import multiprocessing
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess

import pytest

import submission.app
from backorder.domain.backorder import Backorder
from backorder.domain.states import State
from backorder.domain.values import Origin
from backorder.runtime.clock import Clock, iso
from backorder.runtime.messages import Batch
from backorder.store.dynamodb import DynamoStore
from local.stack.control import Control
from local.stack.local_stack import LocalStack, local_stack
from local.world.moto.functions import use_environment
from planning.plan_submissions import Planning, plan_submissions
from submission.process_batch import Submission, work
from submission.recover import ASKING
from tests.factories import NOW, a_backorder

KILLS = 10
MANY_KILLS = 60
SEED = 4
AT_ONCE = 2
"""Worker processes side by side."""
ARRIVE = 6
"""Names that each round begins with: there is always something to order."""
LATENCY_MS = 40
LONGEST_S = 0.25
"""From a worker's beginning to its death, at most: a few calls of each of its threads."""
ROUND = timedelta(minutes=4)
"""Longer than a lease, and than the pause before the next question."""
MOST_ROUNDS = 120
PATIENCE_S = 60.0
BEGUN = "begun"

_FORK_SERVER = multiprocessing.get_context("forkserver")
_FORK_SERVER.set_forkserver_preload([__name__])


def work_through(stack: LocalStack, messages: Sequence[str], told: Connection) -> None:
    """What a worker process does; tells when it begins, and the number of each message that it is through with."""
    worker = a_submission(stack)
    told.send(BEGUN)
    for number, message in enumerate(messages):
        work(Batch.model_validate_json(message), worker, seconds_left=lambda: 100.0)
        told.send(number)


def a_submission(stack: LocalStack) -> Submission:
    use_environment(stack.deployment)
    environment = stack.deployment.functions["SubmitBackorders"].environment
    settings = submission.app.Settings.from_environment({**environment, "POOL_SIZE": "2"})
    store = DynamoStore.connect(settings.table, connections=4)
    return submission.app.wire(settings, store=store, clock=clock_of(stack))


def clock_of(stack: LocalStack) -> Clock:
    control = Control(stack.emulator_base_url)
    return lambda: control.clock().now


@dataclass
class Worker:
    """A worker process, and the messages that it got."""

    process: ForkServerProcess
    heard: Connection
    messages: Sequence[str]

    def begun(self) -> None:
        assert self.heard.poll(PATIENCE_S), "the worker did not begin"
        assert self.heard.recv() == BEGUN

    def killed(self) -> bool:
        """Whether it was still at work."""
        self.process.kill()
        self.process.join()
        return self.process.exitcode == -signal.SIGKILL

    def left(self) -> list[str]:
        """The messages that it was not through with."""
        done = set()
        while self.heard.poll():
            try:
                done.add(self.heard.recv())
            except EOFError:
                break
        return [message for number, message in enumerate(self.messages) if number not in done]


@dataclass
class World:
    """The stack, and a queue: messages that no worker was through with."""

    stack: LocalStack
    moments: random.Random
    messages: list[str] = field(default_factory=list)
    arrived: int = 0

    def __post_init__(self) -> None:
        use_environment(self.stack.deployment)
        self.control = Control(self.stack.emulator_base_url)
        self.store = DynamoStore.connect(self.stack.deployment.table_name)

    def names_arrive(self) -> None:
        for _ in range(ARRIVE):
            self.store.create(a_backorder(f"name{self.arrived}.com"))
            self.arrived += 1

    def plan(self) -> None:
        """A tick, when all leases are over."""
        self.control.move_clock(self.control.clock().now + ROUND)
        submitting = a_submission(self.stack)
        planning = Planning(
            store=self.store,
            provider=submitting.provider,
            send=lambda batches: self.messages.extend(batch.model_dump_json() for batch in batches),
            clock=submitting.clock,
            parallel_calls=8,
        )
        plan_submissions(planning, holder="this test")

    def workers(self) -> list[Worker]:
        """Begin with the messages that are there, in any order."""
        self.moments.shuffle(self.messages)
        started = []
        for number in range(AT_ONCE):
            heard, told = _FORK_SERVER.Pipe(duplex=False)
            messages = self.messages[number::AT_ONCE]
            process = _FORK_SERVER.Process(target=work_through, args=(self.stack, messages, told), daemon=True)
            process.start()
            told.close()
            started.append(Worker(process, heard, messages))
        return started

    def kill_some(self) -> int:
        """A round in which each worker is killed at a moment of its own; gives how many were at work."""
        workers = self.workers()
        deaths = sorted(
            ((self.moments.uniform(0, LONGEST_S), worker) for worker in workers), key=lambda death: death[0]
        )
        for worker in workers:
            worker.begun()
        killed, passed = 0, 0.0
        for moment, worker in deaths:
            # Not to wait for a result: the moment of the death is what is tried.
            time.sleep(moment - passed)
            passed = moment
            killed += worker.killed()
        self.messages = [message for worker in workers for message in worker.left()]
        return killed

    def work_in_peace(self) -> None:
        workers = self.workers()
        for worker in workers:
            worker.begun()
            worker.process.join(PATIENCE_S)
            assert worker.process.exitcode == 0
        self.messages = [message for worker in workers for message in worker.left()]
        assert not self.messages

    def backorders(self) -> list[Backorder]:
        return list(self.store.backorders())

    def is_settled(self) -> bool:
        return not any(each.state.is_waiting or each.state is State.SUBMITTING for each in self.backorders())


@pytest.fixture
def world(environment_restored: None) -> Iterator[World]:
    arguments = ["--start", iso(NOW), "--duplicates", "new", "--latency-ms", str(LATENCY_MS), "--balance", "100000"]
    with local_stack(emulator_arguments=arguments) as stack:
        yield World(stack, random.Random(SEED))


@pytest.mark.parametrize("wanted", [KILLS, pytest.param(MANY_KILLS, marks=pytest.mark.soak)])
def test_workers_killed_at_any_moment_order_each_name_once(world: World, wanted: int) -> None:
    kills = rounds = 0
    interrupted: set[str] = set()
    # Some workers die before their first claim: the more of them, the busier the machine is.
    while kills < wanted or len(interrupted) < wanted / 3:
        rounds += 1
        assert rounds <= MOST_ROUNDS, (
            f"{kills} of {rounds * AT_ONCE} workers died at work, {len(interrupted)} in an order"
        )
        world.names_arrive()
        world.plan()
        kills += world.kill_some()
        interrupted |= {each.domain for each in world.backorders() if each.state is State.SUBMITTING}
    for _ in range(6):
        world.plan()
        world.work_in_peace()

    backorders, state = world.backorders(), world.control.state()
    assert world.is_settled(), Counter(each.state for each in backorders)
    names = [f"name{number}.com" for number in range(world.arrived)]
    assert Counter(each["domain"] for each in state["applications"]) == Counter(names)
    assert state["duplicates"] == 0
    ids = {each["domain"]: each["application"] for each in state["applications"]}
    assert {each.domain: each.application_id for each in backorders} == ids
    assert {each.state for each in backorders} == {State.REQUESTED}
    assert all(each.origin is Origin.OURS and each.claim is None for each in backorders)
    # Workers did die between their claim and what came of it, and some after the provider had the order.
    asked = [each for each in backorders if any(step.why == ASKING for step in each.history)]
    assert len(asked) >= wanted / 3
    assert any("found at the provider" in step.why for each in asked for step in each.history)
