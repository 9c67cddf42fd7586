"""Lambda, as the functions see it: invocations with a time-out, as many at once as the template allows."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import ingestion.app
import submission.app
from backorder.domain.registries import Registries
from backorder.provider.client import Provider
from backorder.provider.credentials import SecretCredentials
from backorder.runtime.messages import Batch
from ingestion.services import Ingestion
from local.emulator import Emulator
from local.run.watched import WatchedStore
from planning.plan_submissions import Planning, plan_submissions
from reconciliation.reconcile import Reconciliation, Summary, reconcile_account
from submission.process_batch import Submission
from tools.simulate.looks import Look
from tools.simulate.mishaps import Mishaps
from tools.simulate.objects import Objects
from tools.simulate.pool import Cap
from tools.simulate.queue import MOST_RECEIVES, Message, Queue
from tools.simulate.scenario import Scenario
from tools.simulate.scheduler import Process, Scheduler
from tools.simulate.stepped import SteppedStore
from tools.simulate.wire import WireSession

LISTS, REPORTS = "lists", "reports"
PASSWORD = "test.passw0rd"  # noqa: S105 - the provider's public test account, as the emulator's # nosec B105
NEXT_PASSWORD = "an0ther.passw0rd"  # noqa: S105 - of nothing but the emulator # nosec B105
PARALLEL_CALLS, POOL_SIZE, WORKERS, INGESTERS = 8, 4, 2, 2
"""As the template maps 8 parallel calls."""
_TIMEOUTS_S = {"ingest": 900, "plan": 120, "submit": 120, "reconcile": 600}
_INGEST_VISIBILITY, _SUBMIT_VISIBILITY = timedelta(seconds=1080), timedelta(seconds=720)
WRITERS = 4


class Secret:
    """Secrets Manager, as much of it as the functions call."""

    def __init__(self) -> None:
        self.password = PASSWORD

    def get_secret_value(self, *, SecretId: str) -> dict[str, str]:  # noqa: N803, ARG002
        return {"SecretString": json.dumps({"login": "test.user", "password": self.password})}


class Machine:
    """The four functions of one stack, and its two queues."""

    def __init__(
        self,
        scenario: Scenario,
        *,
        emulator: Emulator,
        scheduler: Scheduler,
        store: WatchedStore,
        mishaps: Mishaps,
        rng: random.Random,
    ) -> None:
        self.scenario, self.emulator, self.scheduler, self.mishaps, self.rng = (
            scenario,
            emulator,
            scheduler,
            mishaps,
            rng,
        )
        self.objects = Objects()
        self.secret = Secret()
        # Read at a cold start, and kept.
        self._credentials = {
            function: SecretCredentials("secret", self.secret)  # type: ignore[arg-type]
            for function in ("plan", "submit", "reconcile")
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
        rates = scenario.rates
        self.lists = self._queue("ingest", self._ingest, INGESTERS, _INGEST_VISIBILITY, lost=0.0)
        self.submissions = self._queue("submit", self._submit, WORKERS, _SUBMIT_VISIBILITY, lost=rates.lost)
        self.submissions.dooms = scenario.changes.dooms

    def upload(self, key: str, body: str, event_after: timedelta = timedelta(0)) -> None:
        """Puts a file into the lists bucket, whose event goes to the queue, at once or later."""
        version = self.objects.upload(LISTS, key, body.encode(), modified=self.scheduler.now)
        event = {"detail": {"bucket": {"name": LISTS}, "object": {"key": key, "version-id": version}}}
        if event_after:
            self.scheduler.at(self.scheduler.now + event_after, partial(self.lists.put, json.dumps(event)))
        else:
            self.lists.put(json.dumps(event))

    def sweep(self) -> None:
        """The daily look for lists that were never read to their end."""
        self._invoke("ingest", lambda process: self._ingest({}, process))

    def plan(self) -> None:
        """One tick."""
        planning = Planning(
            store=self.store,
            provider=self._provider("plan", 1),
            send=self._send,
            clock=lambda: self.scheduler.now,
            parallel_calls=PARALLEL_CALLS,
        )
        self._invoke("plan", lambda process: plan_submissions(planning, holder=process.name))

    def reconcile(self) -> None:
        """One run."""
        reconciliation = Reconciliation(
            store=self.store,
            provider=self._provider("reconcile", 1),
            clock=lambda: self.scheduler.now,
            publish=lambda message: self._look_at("message", repr(message)),
            put=lambda key, content, _type: self._look_at(key, content.read().decode()),
            report_link="latest/report.html",
            registries=Registries.load(),
        )
        self._invoke("reconcile", partial(self._look, reconciliation))

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
        if PASSWORD in text or NEXT_PASSWORD in text:
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
            provider=self._provider("submit", POOL_SIZE),
            clock=lambda: self.scheduler.now,
            pool_size=POOL_SIZE,
        )
        return submission.app.handle(event, services, seconds_left=partial(self._seconds_left, process))

    def _seconds_left(self, process: Process) -> float:
        return (process.ends_at - self.scheduler.now).total_seconds()

    def _provider(self, function: str, pool_size: int) -> Provider:
        provider = Provider(
            stage="test",
            credentials=self._credentials[function],
            pool_size=pool_size,
            read_timeout=self.scenario.read_timeout,
            session=self.session,
            sleep=lambda seconds: self.scheduler.pause(timedelta(seconds=seconds)),
            concurrency=Cap(pool_size, self.scheduler),
        )
        # Its own is drawn by the system, and a seed could not be repeated.
        provider._caller = replace(provider._caller, jitter=self.rng.uniform)
        return provider

    def _queue(
        self,
        function: str,
        handle: Callable[[dict[str, Any], Process], Any],
        most: int,
        visibility: timedelta,
        *,
        lost: float,
    ) -> Queue:
        rates = self.scenario.rates

        def deliver(message: Message) -> bool:
            if self.running[function] >= most:
                return False
            event = _event(message)
            self._invoke(function, lambda process: handle(event, process), message=message, queue=queue)
            return True

        queue = Queue(
            self.scheduler,
            self.rng,
            deliver,
            visibility,
            duplicates=rates.duplicates,
            lates=rates.lates,
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
            self.seen[f"two of {function} at once"] += 1
        self.running[function] += 1
        self.invocations[function] += 1
        ends_at = self.scheduler.now + timedelta(seconds=_TIMEOUTS_S[function])
        process = Process(f"{function} {self.invocations[function]}", ends_at)
        process.survives_timeout = function == "submit"
        process.doomed = message is not None and message.doomed
        # A list whose every delivery dies ends in the dead-letter queue, which has its alarm: not what is looked for.
        process.immortal = function == "ingest" and message is not None and message.received >= MOST_RECEIVES // 2

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
            except Exception as error:
                if message is None:
                    raise
                # Its message comes again, and would fail again.
                self.crashes.append(f"{process.name}: {error!r} on {message.body[:200]}")
            finally:
                self.running[function] -= 1
                self.ended(function, gave)

        self.scheduler.spawn(run, process=process)


def _event(message: Message) -> dict[str, Any]:
    return {"Records": [{"messageId": str(id(message)), "body": message.body}]}
