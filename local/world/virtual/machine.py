"""Lambda, as the functions see it: invocations with a time-out, as many at once as the template allows."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from functools import cache, partial
from typing import Any

import ingestion.app
import submission.app
from backorder.domain.registries import Registries
from backorder.provider.hexonet.client import HexonetClient
from backorder.provider.hexonet.credentials import SecretCredentials
from backorder.runtime.messages import Batch
from ingestion.services import Ingestion
from local.emulator import Emulator
from local.stack.deployment import Declared, declare
from local.stack.local_stack import TEMPLATE
from local.world.destinations import after_success
from local.world.login import PASSWORD, USER, is_leaked_in
from local.world.poller import Received, event_of, may_begin
from local.world.promises.looks import Look
from local.world.virtual.mishaps import Mishaps, Rates
from local.world.virtual.objects import Objects
from local.world.virtual.pool import Cap
from local.world.virtual.queue import Message, Queue
from local.world.virtual.scheduler import Process, Scheduler
from local.world.virtual.stepped import SteppedStore
from local.world.virtual.wire import WireSession
from local.world.watched import WatchedStore
from planning.plan_submissions import Planning, plan_submissions
from reconciliation.reconcile import Reconciliation, Summary, reconcile_account
from submission.process_batch import Submission

LISTS, REPORTS = "lists", "reports"
PARALLEL_CALLS = 8
"""The parameter of the template, which says what follows from it."""
WRITERS = 4
IMMORTAL_AFTER = 2
"""Deliveries of a list after which nobody who works at it dies any more."""
_WORDS = {
    "FetchList": "fetch",
    "IngestList": "ingest",
    "PlanSubmissions": "plan",
    "SubmitBackorders": "submit",
    "ReconcileAccount": "reconcile",
}
"""What counts of mishaps call each function."""


@cache
def declared() -> Declared:
    """Return what the template says of the functions, their queues and their schedules."""
    return declare(TEMPLATE, {"ParallelCalls": str(PARALLEL_CALLS)})


class Secret:
    """Secrets Manager, as much of it as the functions call."""

    def __init__(self) -> None:
        self.password = PASSWORD

    def get_secret_value(self, *, SecretId: str) -> dict[str, str]:  # noqa: N803, ARG002
        return {"SecretString": json.dumps({"login": USER, "password": self.password})}


class Machine:
    """The four functions of one stack, and its two queues."""

    def __init__(
        self,
        rates: Rates,
        *,
        read_timeout: float,
        emulator: Emulator,
        scheduler: Scheduler,
        store: WatchedStore,
        mishaps: Mishaps,
        rng: random.Random,
    ) -> None:
        self.rates, self.read_timeout = rates, read_timeout
        self.emulator, self.scheduler, self.mishaps, self.rng = emulator, scheduler, mishaps, rng
        self.declared = declared()
        self.pool_size = int(self.declared.functions["SubmitBackorders"].environment["POOL_SIZE"])
        self.objects = Objects()
        self.secret = Secret()
        # Read at a cold start, and kept.
        self._credentials = {
            function: SecretCredentials("secret", self.secret)  # type: ignore[arg-type]
            for function in ("PlanSubmissions", "SubmitBackorders", "ReconcileAccount")
        }
        self.seen: Counter[str] = Counter()
        self.store = SteppedStore(store, mishaps)
        self.session = WireSession(emulator, scheduler, mishaps, rng)
        self.running: Counter[str] = Counter()
        self.invocations: Counter[str] = Counter()
        self.ended: Callable[[str, object], None] = lambda _function, _summary: None
        """Is told when an invocation is over: its function and what it gave, None if it died."""
        self.looks: list[Look] = []
        self.leaks: set[str] = set()
        """Where the password was seen."""
        self.crashes: list[str] = []
        """What went wrong in the functions' own code: nothing that befalls them here raises an error in it."""
        self._scheduled = {
            "IngestList": self.sweep,
            "PlanSubmissions": self.plan,
            "ReconcileAccount": self.reconcile,
        }
        self.lists = self._queue("IngestList", self._ingest, lost=0.0)
        self.submissions = self._queue("SubmitBackorders", self._submit, lost=rates.lost)

    def upload(self, key: str, body: str, event_after: timedelta = timedelta(0)) -> None:
        """Puts a file into the lists bucket, whose event goes to the queue, at once or later."""
        version = self.objects.upload(LISTS, key, body.encode(), modified=self.scheduler.now)
        event = {"detail": {"bucket": {"name": LISTS}, "object": {"key": key, "version-id": version}}}
        if event_after:
            self.scheduler.at(self.scheduler.now + event_after, partial(self.lists.put, json.dumps(event)))
        else:
            self.lists.put(json.dumps(event))

    def start(self, function: str) -> None:
        """Invokes a function as a schedule does."""
        self._scheduled[function]()

    def sweep(self) -> None:
        """The daily look for lists that were never read to their end."""
        self._invoke("IngestList", lambda process: self._ingest({}, process))

    def plan(self) -> None:
        """One tick."""
        planning = Planning(
            store=self.store,
            provider=self._provider("PlanSubmissions", 1),
            send=self._send,
            clock=lambda: self.scheduler.now,
            parallel_calls=PARALLEL_CALLS,
        )
        self._invoke("PlanSubmissions", lambda process: plan_submissions(planning, holder=process.name))

    def reconcile(self) -> None:
        """One run."""
        reconciliation = Reconciliation(
            store=self.store,
            provider=self._provider("ReconcileAccount", 1),
            clock=lambda: self.scheduler.now,
            publish=lambda message: self._look_at("message", repr(message)),
            put=lambda key, content, _type: self._look_at(key, content.read().decode()),
            report_link="latest/report.html",
            registries=Registries.load(),
        )
        self._invoke("ReconcileAccount", partial(self._look, reconciliation))

    def _look(self, reconciliation: Reconciliation, process: Process) -> Summary:
        started_at, summary = self.scheduler.now, None
        try:
            summary = reconcile_account(reconciliation, holder=process.name)
        finally:
            whole = summary is not None and summary.compared and not (summary.skipped or summary.halted)
            full = summary is not None and summary.swept
            self.looks.append(Look(started_at, self.scheduler.now, whole, full))
        return summary

    @property
    def is_quiet(self) -> bool:
        """Nothing runs, and nothing is on its way."""
        return not (any(self.running.values()) or self.lists.waiting or self.submissions.waiting)

    def _look_at(self, name: str, text: str) -> None:
        if is_leaked_in(text):
            self.leaks.add(name)

    def _send(self, batches: Iterable[Batch]) -> None:
        for batch in batches:
            self.mishaps.strike()
            self.mishaps.step()
            self.submissions.put(batch.model_dump_json())

    def _ingest(self, event: dict[str, Any], process: Process) -> Any:
        services = Ingestion(
            store=self.store,
            s3=self.objects,  # type: ignore[arg-type]
            reports_bucket=REPORTS,
            clock=lambda: self.scheduler.now,
            writers=WRITERS,
        )
        wiring = ingestion.app.Wiring(services, LISTS, self.lists.put)
        return ingestion.app.handle(event, wiring, seconds_left=partial(self._seconds_left, process))

    def _submit(self, event: dict[str, Any], process: Process) -> Any:
        services = Submission(
            store=self.store,
            provider=self._provider("SubmitBackorders", self.pool_size),
            clock=lambda: self.scheduler.now,
            pool_size=self.pool_size,
        )
        return submission.app.handle(event, services, seconds_left=partial(self._seconds_left, process))

    def _seconds_left(self, process: Process) -> float:
        return (process.ends_at - self.scheduler.now).total_seconds()

    def _provider(self, function: str, pool_size: int) -> HexonetClient:
        provider = HexonetClient(
            stage="test",
            credentials=self._credentials[function],
            pool_size=pool_size,
            read_timeout=self.read_timeout,
            session=self.session,
            sleep=lambda seconds: self.scheduler.pause(timedelta(seconds=seconds)),
            concurrency=Cap(pool_size, self.scheduler),
        )
        # Its own is drawn by the system, and a seed could not be repeated.
        provider._caller = replace(provider._caller, jitter=self.rng.uniform)
        return provider

    def _queue(self, function: str, handle: Callable[[dict[str, Any], Process], Any], *, lost: float) -> Queue:
        source = self.declared.source_of(function)

        def deliver(message: Message) -> bool:
            if not may_begin(source, self.running[function]):
                return False
            event = event_of(source, [Received(str(id(message)), message.body)])
            self._invoke(function, lambda process: handle(event, process), message=message, queue=queue)
            return True

        queue = Queue(
            self.scheduler,
            self.rng,
            deliver,
            source,
            duplicates=self.rates.duplicates,
            lates=self.rates.lates,
            lost=lost,
        )
        return queue

    def _invoke(
        self,
        function: str,
        action: Callable[[Process], object],
        *,
        message: Message | None = None,
        queue: Queue | None = None,
    ) -> None:
        if self.running[function] and message is None:
            self.seen[f"two of {_WORDS[function]} at once"] += 1
        self.running[function] += 1
        self.invocations[function] += 1
        ends_at = self.scheduler.now + timedelta(seconds=self.declared.functions[function].timeout_s)
        process = Process(f"{function} {self.invocations[function]}", ends_at)
        process.survives_timeout = function == "SubmitBackorders"
        process.doomed = message is not None and message.doomed
        # A list whose every delivery dies ends in the dead-letter queue, which has its alarm: not what is looked for.
        process.immortal = function == "IngestList" and message is not None and message.received >= IMMORTAL_AFTER

        def run() -> None:
            gave: object = None
            try:
                gave = action(process)
                if process.doomed:  # at the latest when all is done, and its message is not deleted yet
                    self.seen["killed"] += 1
                    self.scheduler.kill(process)
                    gave = None
                elif queue is not None and message is not None:
                    queue.handled(message)
                elif (further := after_success(self.declared, function, {}, gave)) is not None:
                    self.start(further[0])
            except Exception as error:
                if message is None:
                    raise
                # Its message comes again, and would fail again.
                self.crashes.append(f"{process.name}: {error!r} on {message.body[:200]}")
            finally:
                self.running[function] -= 1
                self.ended(function, gave)

        self.scheduler.spawn(run, process=process)
