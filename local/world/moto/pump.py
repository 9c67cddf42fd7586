"""The pump: plays Lambda's pollers and EventBridge Scheduler on the emulator's clock, and leaps over dead time.

A tick is delivered only if, since the last one, a message or an object arrived or the clock passed a moment at which
something could change; `every_tick` delivers them all.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from backorder.runtime.observability import logger
from local.stack.control import Control
from local.stack.deployment import Deployment, aws_session
from local.stack.deployment.model import EventSource
from local.world.destinations import after_success
from local.world.poller import Received, event_of, hidden_for
from local.world.schedules import Ticks, next_change
from local.world.watched import WatchedStore

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

IN_FLIGHT_S = 20
"""Seconds of this machine's time for which a received message is hidden: what a killed run had received comes back
after it. The visibility time-out of the template counts on the emulator's clock, for what failed."""

HIDDEN_S = 11 * 3600
"""Just under the 12 hours from its receipt that SQS allows."""

Handler = Callable[[Mapping[str, Any], Callable[[], float]], Any]
"""A function as the pump calls it: an event, and how many seconds of its time-out remain."""

Crashed = Callable[[str, Exception], None]
"""Is told what a function raised on its messages."""


@dataclass(order=True)
class _Hidden:
    until: datetime
    source: EventSource = field(compare=False)
    receipt: str = field(compare=False)


class Pump:
    """One stack's queues and schedules. `handlers` are its functions by logical id.

    A message on which its function crashes comes again, as from Lambda's poller: after the queue's visibility time-out,
    and in the end it is a dead letter. `crashed` is told each time.
    """

    def __init__(
        self,
        deployment: Deployment,
        control: Control,
        store: WatchedStore,
        handlers: Mapping[str, Handler],
        *,
        crashed: Crashed,
        every_tick: bool = False,
    ) -> None:
        self._control = control
        self._store = store
        self._handlers = handlers
        self._crashed = crashed
        self._deployment = deployment
        self._sources = deployment.event_sources
        self._hidden: list[_Hidden] = []
        self._sqs: SQSClient = aws_session().client("sqs", endpoint_url=deployment.endpoint_url)
        self.clock = control.clock()
        self._ticks = Ticks(deployment.schedules, self.clock.now, every=every_tick)

    @property
    def now(self) -> datetime:
        """The emulator's present, which all functions are given."""
        return self.clock.now

    def deliver(self) -> int:
        """Delivers what is in the queues until nothing is visible; gives how many messages were handled well."""
        handled = 0
        progress = True
        while progress:
            progress = False
            for source in self._sources:
                while messages := self._receive(source):
                    progress = True
                    handled += self._invoke(source, messages)
        if handled:
            self.changed()
        return handled

    def keep_up(self) -> int:
        """Takes the emulator's present for now, and delivers what is there; gives how many were handled well."""
        self.clock = self._control.clock()
        self._show_hidden()
        return self.deliver()

    def changed(self) -> None:
        """Something arrived or moved: each schedule's next tick is delivered."""
        self._ticks.changed()

    def advance(self, limit: datetime) -> bool:
        """Leaps to the next tick or redelivery, no later than `limit`, and delivers it. False: it is later."""
        self.clock = self._control.clock()
        ticks = {
            schedule.id: self._ticks.next(schedule, self.now, self._next_change) for schedule in self._ticks.schedules
        }
        moment = min([*ticks.values(), *(hidden.until for hidden in self._hidden)])
        if moment > limit:
            self._move(limit)
            return False
        self._move(moment)
        self._ticks.passed(moment)
        if self._show_hidden():
            self.deliver()
        for schedule in self._ticks.schedules:
            if ticks[schedule.id] == moment:
                self._ticks.called(schedule, moment)
                written = self._store.writes
                self.start(schedule.function, {"at": moment.isoformat()})
                if self._store.writes != written:
                    self._ticks.changed(by=schedule)
                self.deliver()
        return True

    def call(self, function: str, event: Mapping[str, Any]) -> Any:
        """Invokes a function; what it raises is raised: on one machine a bug should stop the run."""
        ends = time.monotonic() + self._deployment.functions[function].timeout_s
        return self._handlers[function](event, lambda: ends - time.monotonic())

    def start(self, function: str, event: Mapping[str, Any]) -> None:
        """Invokes a function as a schedule does: its success may start another one. What one raises is raised."""
        answer = self.call(function, event)
        if (further := after_success(self._deployment, function, event, answer)) is not None:
            self.start(*further)

    @property
    def is_quiet(self) -> bool:
        """Nothing is to be delivered again."""
        return not self._hidden

    def settle_in(self) -> None:
        """Waits for what a killed run had received to come back, so that this one takes it up."""
        for source in self._sources:
            while self._in_flight(source):
                time.sleep(0.2)

    def _next_change(self, after: datetime) -> datetime:
        return next_change(after, self.clock.next, self._store.next_moment(after))

    def _move(self, moment: datetime) -> None:
        passed = self._store.next_moment(self.now)
        midnight = moment.date() != self.now.date()
        self.clock = self._control.move_clock(moment)
        if self.clock.happened or midnight or (passed is not None and passed <= moment):
            self.changed()

    def _receive(self, source: EventSource) -> list[MessageTypeDef]:
        answer = self._sqs.receive_message(
            QueueUrl=source.queue_url,
            MaxNumberOfMessages=source.batch_size,
            VisibilityTimeout=IN_FLIGHT_S,
            AttributeNames=["All"],
        )
        return answer.get("Messages", [])

    def _invoke(self, source: EventSource, messages: list[MessageTypeDef]) -> int:
        event = event_of(
            source,
            (
                Received(each["MessageId"], each["Body"], each["ReceiptHandle"], each.get("Attributes", {}))
                for each in messages
            ),
        )
        try:
            self.call(source.function, event)
        except Exception as error:  # noqa: BLE001 - the edge: logged with its cause, told, and delivered again
            logger.exception("invocation_failed", function=source.function)
            self._crashed(source.function, error)
            for message in messages:
                self._hide(source, message["ReceiptHandle"])
            return 0
        for message in messages:
            self._sqs.delete_message(QueueUrl=source.queue_url, ReceiptHandle=message["ReceiptHandle"])
        return len(messages)

    def _hide(self, source: EventSource, receipt: str) -> None:
        # Out of sight for as long as this machine's time is concerned: the emulator's counts.
        self._sqs.change_message_visibility(
            QueueUrl=source.queue_url, ReceiptHandle=receipt, VisibilityTimeout=HIDDEN_S
        )
        self._hidden.append(_Hidden(self.now + hidden_for(source), source, receipt))

    def _show_hidden(self) -> bool:
        """Shows the messages whose time-out has passed, and returns whether there are any."""
        ripe = [hidden for hidden in self._hidden if hidden.until <= self.now]
        for hidden in ripe:
            self._hidden.remove(hidden)
            self._sqs.change_message_visibility(
                QueueUrl=hidden.source.queue_url, ReceiptHandle=hidden.receipt, VisibilityTimeout=0
            )
        return bool(ripe)

    def _in_flight(self, source: EventSource) -> int:
        answer = self._sqs.get_queue_attributes(QueueUrl=source.queue_url, AttributeNames=["All"])
        return int(answer["Attributes"]["ApproximateNumberOfMessagesNotVisible"])
