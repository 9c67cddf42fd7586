"""The wire: a session for the real client, which turns what the emulator delivers into what requests would give.

Time passes before and after a command takes effect. A request that was sent goes on without its sender: a worker that
is frozen or killed while it waits for the answer has ordered all the same.
"""

from __future__ import annotations

import io
import random
from collections.abc import Mapping
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

import requests
import urllib3.exceptions

from local.emulator import Delivery, Emulator
from local.world.virtual.mishaps import Mishaps
from local.world.virtual.scheduler import Killed, Scheduler, current_task

_LACKS_DATA = b"[RESPONSE]\r\nCODE=504"
_OF_THE_PAST = frozenset({"QueryAccountBalanceList"})
"""Whatever happens while these are asked changes no answer: they take no time, so that seeds keep their meaning."""
LONGEST_ANSWER = timedelta(seconds=0.5)
"""The emulator's clients wait so long; whatever it holds longer is a time-out here, too, and takes `read_timeout`."""


class Answer:
    """As much of `requests.Response` as the transport reads."""

    def __init__(self, delivery: Delivery, date: str) -> None:
        self.status_code = delivery.status
        self.headers: Mapping[str, str] = {"Date": date}
        self.raw = _Raw(delivery)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        pass


class _Raw:
    def __init__(self, delivery: Delivery) -> None:
        self._body = io.BytesIO(
            delivery.body[: len(delivery.body) // 2] if delivery.ending == "short" else delivery.body
        )
        self._whole = delivery.ending != "short"

    def read1(self, size: int, *, decode_content: bool) -> bytes:  # noqa: ARG002
        part = self._body.read1(size)
        if not part and not self._whole:
            raise urllib3.exceptions.IncompleteRead(self._body.tell(), 1)
        return part


class WireSession(requests.Session):
    """A session whose other end is an emulator in the same process. Durations in virtual time."""

    def __init__(self, emulator: Emulator, scheduler: Scheduler, mishaps: Mishaps, rng: random.Random) -> None:
        super().__init__()
        self._emulator = emulator
        self._scheduler = scheduler
        self._mishaps = mishaps
        self._rng = rng

    def post(self, url: Any, data: Any = None, json: Any = None, **kwargs: Any) -> Any:  # noqa: ARG002
        fields: Mapping[str, str] = data
        read_timeout = timedelta(seconds=kwargs["timeout"][1])
        if fields["COMMAND"] in _OF_THE_PAST:
            return self._at_once(fields)
        self._scheduler.pause(self._latency(), immune=True)
        task = current_task()
        process = task.process if task else None
        if process is not None and process.dead and self._rng.random() < 0.5:
            raise Killed(process.name)  # it died before the request was out
        delivery, date = self._emulator.exchange(fields), self._emulator.date
        if delivery.body.startswith(_LACKS_DATA):
            self._mishaps.seen["order refused as incomplete"] += 1
        self._mishaps.strike()
        if delivery.hold > LONGEST_ANSWER:
            self._scheduler.pause(read_timeout)
            raise requests.ReadTimeout("the emulator held its answer")
        self._scheduler.pause(self._latency() + delivery.hold)
        if delivery.ending in ("close", "reset"):
            raise requests.ConnectionError("the connection was reset")
        return Answer(delivery, date)

    def _at_once(self, fields: Mapping[str, str]) -> Answer:
        delivery = self._emulator.exchange(fields)
        if delivery.hold > LONGEST_ANSWER or delivery.ending in ("close", "reset"):
            raise requests.ConnectionError("the connection was reset")
        return Answer(delivery, self._emulator.date)

    def _latency(self) -> timedelta:
        return timedelta(milliseconds=self._rng.uniform(5, 300))
