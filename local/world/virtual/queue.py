"""A queue that keeps SQS's promises and no more: at least once, in any order, at some time."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from local.stack.deployment.model import EventSource
from local.world.poller import hidden_for, is_given_up
from local.world.virtual.scheduler import Scheduler

_BUSY = timedelta(seconds=1)


@dataclass(eq=False)
class Message:
    """One message; `received` counts its deliveries."""

    body: str
    number: int = 0
    """In the order in which they were sent."""
    received: int = 0
    done: bool = False
    doomed: bool = False
    """Whoever works at it dies of it."""


@dataclass
class Queue:
    """`deliver` starts an invocation and gives False if none is free. It calls `handled` in the end."""

    scheduler: Scheduler
    rng: random.Random
    deliver: Callable[[Message], bool]
    source: EventSource
    """What the template says of the queue, and of who reads it."""
    duplicates: float = 0.0
    lates: float = 0.0
    dooms: float = 0.0
    """Share of the messages that nobody survives: they end in the dead-letter queue, until somebody puts them back."""
    lost: float = 0.0
    """Share of the sendings that fail: a message that SQS did not take."""
    seen: Counter[str] = field(default_factory=Counter)
    waiting: int = 0
    """Messages on their way or out of sight."""
    dead: list[Message] = field(default_factory=list)
    _sent: int = 0
    _newest: int = 0
    """The number of the newest that was delivered."""

    def put(self, body: str) -> None:
        """Sends a message, which arrives in a moment, or late, or twice."""
        if self.rng.random() < self.lost:
            self.seen["message not taken"] += 1
            return
        self._sent += 1
        message = Message(body, self._sent, doomed=self.rng.random() < self.dooms)
        arrival = self._delay()
        self._show(message, arrival)
        if self.rng.random() < self.duplicates:
            self.seen["message twice"] += 1
            # Together: two workers then read what neither of them has claimed yet.
            seconds = self.rng.choice((self.rng.uniform(0, 0.02), self.rng.uniform(0, 1), None))
            self._show(message, self._delay(late=True) if seconds is None else arrival + timedelta(seconds=seconds))

    def redrive(self) -> None:
        """Somebody puts back what is in the dead-letter queue."""
        dead, self.dead = self.dead, []
        for message in dead:
            self.seen["redriven"] += 1
            self._sent += 1
            self._show(Message(message.body, self._sent), self._delay())

    def handled(self, message: Message) -> None:
        """It is deleted; a second delivery that is under way comes all the same."""
        message.done = True

    def _come_again(self, message: Message) -> None:
        """Its visibility time-out is over, and nobody deleted it: its receiver died, failed, or is frozen still."""
        self.waiting -= 1
        if message.done:
            return
        if is_given_up(self.source, message.received):
            self.seen["dead letter"] += 1
            self.dead.append(message)
            return
        self.seen["redelivered"] += 1
        self._show(message, timedelta(0))

    def _delay(self, *, late: bool = False) -> timedelta:
        if late or self.rng.random() < self.lates:
            self.seen["message late"] += 1
            return timedelta(seconds=self.rng.uniform(5, 1500))
        return timedelta(seconds=self.rng.uniform(0.01, 2))

    def _show(self, message: Message, delay: timedelta) -> None:
        self.waiting += 1

        def arrive() -> None:
            if not self.deliver(message):
                self.scheduler.at(self.scheduler.now + _BUSY, arrive)
                return
            if not message.received and message.number < self._newest:
                self.seen["message overtaken"] += 1
            self._newest = max(self._newest, message.number)
            message.received += 1
            self.scheduler.at(self.scheduler.now + hidden_for(self.source), lambda: self._come_again(message))

        self.scheduler.at(self.scheduler.now + delay, arrive)
