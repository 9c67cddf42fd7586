"""Reconciliation: runs over a large account, each account and each measuring in a process of its own.

The store is in memory (its backorders and its ledger on disk), the provider's pages come over loopback. An account has
as many open orders as bookings of the last days; then a hundred of its orders change. Last, all orders of one drop in
the same hour, and the store takes as long for a write as a table does.
"""

from __future__ import annotations

import logging
import multiprocessing
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from multiprocessing.connection import Connection
from typing import Any

from backorder.domain.backorder import Backorder
from backorder.domain.findings import Finding
from backorder.domain.ledger import Lease, Posting
from backorder.domain.registries import Registries
from backorder.domain.values import BackorderKey
from backorder.provider.hexonet.client import HexonetClient
from backorder.provider.hexonet.credentials import Credentials
from local.emulator import Emulator, EmulatorServer, Options
from local.emulator.world import MAIN_USER
from local.memory_store import MemoryStore
from reconciliation.reconcile import Reconciliation, reconcile_account
from tools.bench.lives import placed_at_once, wanted
from tools.bench.on_disk import OnDisk
from tools.bench.resident import forget_peak, resident_now, resident_peak

SIZES = (10_000, 300_000)
CHANGED = 100
START = datetime(2026, 11, 24, 12, tzinfo=UTC)
OUTCOMES = 20_000
"""Of one drop."""
WRITE_SECONDS = 0.005
"""What a table takes for one."""
FUNCTION_SECONDS = 600
"""The function's time-out, in which each run has to end."""


Runs = Sequence[tuple[str | int | None, str]]
"""What happens in the account before a run, or how many hours pass; and what the run is called."""
RUNS: Runs = (
    (None, "the first one"),
    ("book", "all bookings are new"),
    (1, "nothing changed"),
    ("change", f"{CHANGED} fees were reserved"),
    (24, "a full look, nothing new"),
)
DROP: Runs = (
    (None, "the first one"),
    ("list", "all fees were reserved"),
    (24, "all names drop"),
    (4, "all are lost, and given back"),
)


class CountedStore(MemoryStore):
    """The store in memory, which counts what is written, and takes its time for each write.

    Its backorders (each of them the only cycle of its domain) and its ledger are on disk: what they take is not the
    run's.
    """

    def __init__(self, write_seconds: float = 0) -> None:
        super().__init__()
        self.writes = 0
        self._write_seconds = write_seconds
        self._one_at_a_time = threading.Lock()
        self._orders: OnDisk[Backorder] = OnDisk(Backorder)
        self._ledger: OnDisk[Posting] = OnDisk(Posting)

    def _write(self) -> None:
        with self._one_at_a_time:
            self.writes += 1
        time.sleep(self._write_seconds)

    def create(self, backorder: Backorder) -> Backorder | None:
        self._keep(backorder)
        return None

    def get(self, key: BackorderKey) -> Backorder | None:
        return self.latest(key.domain) if key.cycle == 1 else None

    def latest(self, domain: str) -> Backorder | None:
        with self._one_at_a_time:
            return self._orders.get(domain)

    def replace(self, backorder: Backorder) -> Backorder:
        self._write()
        written = replace(backorder, version=backorder.version + 1)
        self._keep(written)
        return written

    def _keep(self, backorder: Backorder) -> None:
        with self._one_at_a_time:
            self._orders.put(backorder.domain, backorder, "open" if backorder.is_open else "closed")

    def open_backorders(self) -> Iterator[Backorder]:
        return self._orders.between("open", "open#")

    def closed(self, since: date, before: date) -> Iterator[Backorder]:
        return (each for each in self._orders.between("closed", "closed#") if since <= each.closed_on < before)

    def post(self, postings: Iterable[Posting]) -> list[Posting]:
        added = list(postings)
        for posting in added:
            self._write()
            with self._one_at_a_time:
                self._ledger.put(posting.key, posting, f"{posting.at:%Y-%m-%dT%H:%M:%S.%f}#{posting.key}")
        return added

    def postings(self, since: date | None = None, before: date | None = None) -> Iterator[Posting]:
        return self._ledger.between(str(since or ""), str(before or "9"))

    def save_lease(self, lease: Lease) -> None:
        self._write()
        super().save_lease(lease)

    def save_finding(self, finding: Finding) -> None:
        self._write()
        super().save_finding(finding)

    def put_document(self, name: str, body: Any) -> None:
        self._write()
        super().put_document(name, body)


def bench() -> None:
    """Prints seconds, calls, writes and memory of each kind of run, by the size of the account."""
    spawn = multiprocessing.get_context("spawn")
    print("orders and bookings  run                          seconds   calls   writes    peak RSS   above the start")
    for size, runs, write_seconds in (*((size, RUNS, 0) for size in SIZES), (OUTCOMES, DROP, WRITE_SECONDS)):
        if write_seconds:
            print(f"\nA drop, {1000 * write_seconds:g} ms a write:")
        here, there = spawn.Pipe()
        account = spawn.Process(target=_serve, args=(size, there), daemon=True)
        account.start()
        try:
            url = here.recv()
            # The orders are there already: a process that holds them shows what a run needs beside them.
            measuring = spawn.Process(target=_measure, args=(size, url, here, runs, write_seconds))
            measuring.start()
            measuring.join()
        finally:
            account.terminate()
    print(f"\nThe function has {FUNCTION_SECONDS} s and 1,769 MB. The first run of a day (UTC) is the full one.")


def _names(size: int) -> Iterable[str]:
    return (f"name{number}.com" for number in range(size))


def _serve(size: int, pipe: Connection) -> None:
    """The account, in a process of its own; then does what the other end asks for."""
    emulator = Emulator(Options(start=START, balance=Decimal(100_000_000), default_fee=Decimal("69.00")))
    world = emulator._world
    for number, name in enumerate(_names(size)):
        placed = world.add_application(name, MAIN_USER, {})
        placed.created = placed.updated = _ordered_at(number, size)
    with EmulatorServer(emulator) as server:
        pipe.send(server.url)
        while True:
            match pipe.recv():
                case "book":
                    for number in range(size):
                        emulator.charge(Decimal("1.00"), f"hosting {number}", kind="HOSTING")
                case "change":
                    for number in range(CHANGED):
                        emulator.schedule(f"name{number}.com", finalization_at=emulator.now + timedelta(days=1))
                case "list":
                    for name in _names(size):
                        emulator.schedule(name, finalization_at=emulator.now + timedelta(days=1), outcome="FAILED")
                case hours:
                    emulator.advance_by(hours * 3600)
            pipe.send((emulator.now, sum(world.calls.values())))


def _measure(size: int, url: str, pipe: Connection, runs: Runs, write_seconds: float) -> None:
    logging.disable(logging.CRITICAL)
    store = CountedStore(write_seconds)
    for number, name in enumerate(_names(size)):
        store.create(_placed(name, str(10700 + number), _ordered_at(number, size)))
    provider = HexonetClient(
        stage="test",
        credentials=lambda: Credentials("test.user", "test.passw0rd"),
        pool_size=1,
        endpoint=url,
        read_timeout=60.0,
    )
    moment = START

    reconciliation = Reconciliation(
        store=store,
        provider=provider,
        clock=lambda: moment,
        publish=lambda _message: None,
        put=lambda _key, _content, _type: None,
        registries=Registries.load(),
        report_link="",
    )
    calls = 0
    # Of all runs: what an earlier one gave back, the process may hold still, and a later one use again.
    before = resident_now()
    for what, run in runs:
        if what is not None:
            pipe.send(what)
            moment, calls = pipe.recv()
        if what in ("book", "change", "list"):
            pipe.send(1)
            moment, calls = pipe.recv()
        store.writes, began = 0, time.perf_counter()
        forget_peak()
        summary = reconcile_account(reconciliation, holder="bench")
        assert summary.skipped is None, summary
        took = time.perf_counter() - began
        pipe.send(0)
        moment, after = pipe.recv()
        peak = resident_peak()
        what_for = f"{size:>19,}  {run:<26} {took:9.1f} {after - calls:7,} {store.writes:8,}"
        print(f"{what_for} {peak:8,.0f} MB {max(0.0, peak - before):10,.0f} MB", flush=True)
        calls = after


def _ordered_at(number: int, size: int) -> datetime:
    """One after the other, every ten seconds."""
    return START - timedelta(seconds=10 * (size - number))


def _placed(domain: str, application: str, at: datetime) -> Backorder:
    name = wanted(domain, at=START, finalization_at=START + timedelta(days=30))
    return placed_at_once(name, application, at)
