"""The stations of the smoke test: how each is looked at, and what it says when the list does not get through."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from botocore.exceptions import ClientError

from backorder.documents.runs import last_run
from backorder.domain.backorder import Backorder
from backorder.domain.states import State
from backorder.provider.port import ProviderError
from backorder.runtime.clock import iso
from ops.faults import Fault
from ops.stacks import Stack
from ops.uploads import Upload, await_reading, put_text

POLL_SECONDS: Final = 1.0
NO_NAME: Final = "smoke_test.com"
"""On the list, too: to see it rejected."""

Tell = Callable[["Station"], None]


@dataclass(frozen=True)
class Station:
    """One station, and whether the list came through."""

    name: str
    passed: bool
    seconds: float
    told: str


class Stuck(Exception):
    """The list did not get through a station; the message says what was seen instead, and where to look."""


class Journey:
    """A list of invented names, on its way. `check` raises Fault where the functions are no longer at work."""

    def __init__(
        self, stack: Stack, names: Sequence[str], patience: float, tell: Tell, check: Callable[[], None]
    ) -> None:
        self.stack = stack
        self.names = names
        self.patience = patience
        self.tell = tell
        self.stations: list[Station] = []
        self.check = check
        self.started = stack.clock()
        self.put = False

    def forth(self) -> None:
        """From the list to the report. Raises Stuck at the first station that it does not get through."""
        key = f"wanted/{self.names[0].removesuffix('-1.com')}.txt"
        text = "".join(f"{name}\n" for name in (*self.names, NO_NAME))
        with self._station("object") as told:
            upload = put_text(self.stack, key, text)
            self.put = True
            told(f"{upload.key}, version {upload.version}")
        with self._station("summary") as told:
            told(self._counts(upload, accepted=len(self.names), rejected=1))
        with self._station("table") as told:
            told(self._until(lambda: self._states(lambda _backorder: True)))
        with self._station("plan") as told:
            told(self._until(self._planned))
        with self._station("order") as told:
            told(self._until(lambda: self._states(lambda backorder: backorder.state.is_placed)))
        with self._station("provider") as told:
            told(self._until(lambda: self._at_the_provider(live=len(self.names))))
        with self._station("reconcile") as told:
            self._start("ReconcileAccount")
            told(self._until(self._reconciled))
        with self._station("report") as told:
            told(self._until(self._reported))

    def back(self) -> None:
        """Takes the names back, if the list was put at all. Raises Stuck where that does not work."""
        if not self.put:
            return
        with self._station("cancel") as told:
            upload = put_text(
                self.stack,
                f"cancel/{self.names[0].removesuffix('-1.com')}.txt",
                "".join(f"{name}\n" for name in self.names),
            )
            await_reading(self.stack, upload, seconds=self.patience)
            told(self._until(lambda: self._states(lambda backorder: backorder.state is State.CANCELLED)))
        with self._station("nothing left") as told:
            told(self._until(lambda: self._at_the_provider(live=0)))

    @contextmanager
    def _station(self, name: str) -> Iterator[Callable[[str], None]]:
        """Times a station, and notes how it ended; gives what is told of it."""
        began, words = time.monotonic(), [""]

        def told(what: str) -> None:
            words[0] = what

        passed = False
        try:
            yield told
            passed = True
        except (Stuck, Fault) as error:
            words[0] = str(error)
            raise
        except ProviderError as error:
            words[0] = str(error)
            raise Stuck(words[0]) from error
        finally:
            station = Station(name, passed, round(time.monotonic() - began, 1), words[0])
            self.stations.append(station)
            self.tell(station)

    def _until(self, look: Callable[[], str | None]) -> str:
        """What `look` says when it says something. Raises Stuck when patience ends."""
        ends = time.monotonic() + self.patience
        while (seen := look()) is None:
            self.check()
            if time.monotonic() > ends:
                raise Stuck(f"not within {self.patience:g} s. {self._where_they_are()}")
            time.sleep(POLL_SECONDS)
        return seen

    def _counts(self, upload: Upload, *, accepted: int, rejected: int) -> str:
        read = await_reading(self.stack, upload, seconds=self.patience)
        self.check()
        if not read:
            raise Stuck(f"not read within {self.patience:g} s: look at IngestList's log, and at `redrive`")
        (one,) = read
        if (one.accepted, one.rejected) != (accepted, rejected):
            raise Stuck(
                f"{one.accepted} accepted and {one.rejected} rejected, where {accepted} and {rejected} should be"
            )
        return f"{one.accepted} accepted, {one.rejected} rejected ({one.rejects[0].reason})"

    def _backorders(self) -> Mapping[str, Backorder | None]:
        return {name: self.stack.store.latest(name) for name in self.names}

    def _states(self, fits: Callable[[Backorder], bool]) -> str | None:
        found = self._backorders()
        if not all(backorder is not None and fits(backorder) for backorder in found.values()):
            return None
        return ", ".join(sorted({backorder.state.value for backorder in found.values() if backorder}))

    def _planned(self) -> str | None:
        for backorder in self._backorders().values():
            if backorder is not None and backorder.state is State.HELD:
                raise Stuck(f"{backorder.domain} is held back: {backorder.plan.reason}. Pay in, or look at `status`")
        run = last_run(self.stack.store, "plan")
        if run is not None and (trouble := run.trouble):
            raise Stuck(f"the plan of {iso(run.at)}: {trouble}")
        return self._states(lambda backorder: backorder.state is not State.SELECTED)

    def _at_the_provider(self, *, live: int) -> str | None:
        applications = list(self.stack.provider().applications(domains=self.names))
        alive = [application for application in applications if application.is_live]
        if len(alive) != live:
            return None
        told = ", ".join(f"{application.id} {application.status}" for application in alive)
        return f"applications {told}" if alive else "no application is left"

    def _reconciled(self) -> str | None:
        run = last_run(self.stack.store, "reconcile")
        if run is None or run.at < self.started:
            return None
        if trouble := run.trouble:
            raise Stuck(f"the reconciliation of {iso(run.at)}: {trouble}")
        return f"ran at {iso(run.at)}"

    def _reported(self) -> str | None:
        bucket, key = self.stack.output("ReportsBucketName"), "latest/backorders.csv"
        try:
            body = self.stack.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        except self.stack.s3.exceptions.NoSuchKey:
            return None
        ordered = {
            line["domain"] for line in csv.DictReader(io.StringIO(body.decode(), newline="")) if line["application"]
        }
        return f"s3://{bucket}/{key} has them" if ordered.issuperset(self.names) else None

    def _start(self, function: str) -> None:
        """Starts a function of a deployed stack, instead of waiting an hour for its schedule."""
        if (name := self.stack.functions.get(function)) is None:
            return
        try:
            payload = f'{{"at": "{iso(self.stack.clock())}"}}'.encode()
            self.stack.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=payload)
        except ClientError as error:
            if error.response["Error"]["Code"] != "AccessDeniedException":
                raise
            # Then its schedule does, within the hour.
            self.patience = max(self.patience, 4000)

    def _where_they_are(self) -> str:
        found = self._backorders()
        told = ", ".join(
            f"{name} {backorder.state if backorder else 'is not there'}" for name, backorder in found.items()
        )
        return f"In the table: {told}. `why NAME` and `doctor` tell more"
