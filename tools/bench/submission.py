"""Submission: the real worker against the emulator, beside the ways in which orders are placed without it.

On loopback, 100 ms for each call at the emulator (a process of its own) and 5 ms for each write to the store.
"""

from __future__ import annotations

import logging
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from backorder.domain.backorder import Backorder
from backorder.provider.hexonet.client import HexonetClient
from backorder.provider.hexonet.credentials import Credentials
from backorder.runtime.clock import system_clock
from backorder.runtime.messages import Batch
from backorder.runtime.observability import logger
from backorder.store.dynamodb import DynamoStore
from local.memory_store import MemoryStore
from local.stack.deployment.services import Services
from local.stack.local_stack import TEMPLATE, emulator, moto_server
from local.stack.processes import PROJECT
from submission.process_batch import Submission, work
from tools.bench.lives import queued, wanted

LATENCY_S = 0.1
WRITE_S = 0.005
PARALLEL = (8, 16, 32)
ROUNDS = 40
"""Orders a parallel call: the last round, which is never full, counts for little."""
ALONE = 20
"""Orders of the loops that place one after the other."""
QUICK_CALLS = 400
WRITES = 200
LOGIN = Credentials("test.user", "test.passw0rd")


class SlowStore(MemoryStore):
    """The store in memory, with a table's time for each write."""

    def replace(self, backorder: Backorder) -> Backorder:
        time.sleep(WRITE_S)
        return super().replace(backorder)


def bench() -> None:
    """Prints orders a second as shares of what is possible, and the CPU time of one."""
    with _unseen_log():
        _bench()


@contextmanager
def _unseen_log() -> Iterator[None]:
    """The worker's log is part of its work, and goes nowhere."""
    handlers = [handler for handler in logger.handlers if isinstance(handler, logging.StreamHandler)]
    streams = [handler.stream for handler in handlers]
    with Path(os.devnull).open("w") as nowhere:
        for handler in handlers:
            handler.setStream(nowhere)
        try:
            yield
        finally:
            for handler, stream in zip(handlers, streams, strict=True):
                handler.setStream(stream)


def _bench() -> None:
    with emulator(["--latency-ms", str(LATENCY_S * 1000), "--balance", "1000000"]) as url:
        rates = {calls: _worker(url, calls) for calls in PARALLEL}
        print("worker             orders/s   of calls / latency   CPU an order")
        for calls, (rate, cpu) in rates.items():
            print(f"{calls:>3} parallel calls  {rate:8.1f} {rate * LATENCY_S / calls:17.1%} {cpu * 1000:14.2f} ms")
        of_16 = rates[16][0]
        print(f"\none after the other, {ALONE} orders    orders/s   the worker at 16 is")
        for name, order in (("curl, a process each", _with_curl), ("hexonet-apiconnector", _with_hexonet(url))):
            rate = _loop(url, name, order)
            print(f"  {name:<30} {rate:6.1f} {of_16 / rate:14.1f} times as fast")
    with emulator() as url:
        print(f"\n{QUICK_CALLS} calls without latency on one connection: {_quick(url) * 1000:.2f} ms a call")
        print("  (one that waits for a delayed acknowledgement takes 40 ms and more)")
    print(f"boto3 for a conditional write: {_conditional_write() * 1000:.2f} ms of CPU, apart from the worker's")


def _provider(url: str, calls: int) -> HexonetClient:
    return HexonetClient(stage="test", credentials=lambda: LOGIN, pool_size=calls, endpoint=url)


def _worker(url: str, calls: int) -> tuple[float, float]:
    """Orders a second, and seconds of CPU an order."""
    store = SlowStore()
    names = [f"worker-{calls}-{number}.com" for number in range(ROUNDS * calls)]
    for name in names:
        store.create(_queued(name))
    backorders = tuple(_queued(name).key for name in names)
    batch = Batch(kind="order", backorders=backorders, look_first=False)
    submission = Submission(store=store, provider=_provider(url, calls), clock=system_clock, pool_size=calls)
    with _measured() as took:
        outcomes = work(batch, submission, seconds_left=lambda: 900.0)
    assert outcomes["placed"] == len(names), outcomes
    return len(names) / took[0], took[1] / len(names)


def _queued(domain: str) -> Backorder:
    now = system_clock()
    return queued(wanted(domain, at=now, finalization_at=now + timedelta(days=1)), now)


@contextmanager
def _measured() -> Iterator[list[float]]:
    """Gives, after the block, its seconds, and its seconds of CPU in this process."""
    took: list[float] = []
    began, cpu = time.perf_counter(), time.process_time()
    yield took
    took += [time.perf_counter() - began, time.process_time() - cpu]


def _loop(url: str, name: str, order: Callable[[str, str], None]) -> float:
    prefix = name.partition(",")[0]
    with _measured() as took:
        for number in range(ALONE):
            order(url, f"{prefix}-{number}.com")
    return ALONE / took[0]


def _with_curl(url: str, domain: str) -> None:
    """As the provider's quickstart does it."""
    query = f"s_entity=1234&s_login={LOGIN.login}&s_pw={LOGIN.password}"
    command = f"command=AddDomainApplication&class=BACKORDER&domain={domain}"
    answer = _run(["curl", "--silent", "--fail", f"{url}?{query}&{command}"])
    assert "CODE=200" in answer, answer


def _with_hexonet(url: str) -> Callable[[str, str], None]:
    # A dependency of the tests, and slow to load.
    from hexonet.apiconnector.apiclient import APIClient  # noqa: PLC0415

    client: Any = APIClient()
    client.useOTESystem().setCredentials(LOGIN.login, LOGIN.password).setURL(url)

    def order(_url: str, domain: str) -> None:
        answer = client.request({"COMMAND": "AddDomainApplication", "CLASS": "BACKORDER", "DOMAIN": domain})
        assert answer.isSuccess(), answer.getPlain()

    return order


def _run(command: Sequence[str]) -> str:
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout


def _quick(url: str) -> float:
    """Seconds a call, one after the other on one connection."""
    provider = _provider(url, 1)
    provider.account()
    with _measured() as took:
        for _ in range(QUICK_CALLS):
            provider.account()
    return took[0] / QUICK_CALLS


def _conditional_write() -> float:
    """Seconds of CPU in this process; the table is in moto, in another one."""
    with moto_server() as url:
        dynamodb = Services(url).dynamodb
        store = DynamoStore(dynamodb, _table(dynamodb))
        backorder = _queued("written.com")
        store.create(backorder)
        with _measured() as took:
            for _ in range(WRITES):
                backorder = store.replace(backorder)
    return took[1] / WRITES


def _table(dynamodb: Any) -> str:
    from local.stack.deployment import translate  # noqa: PLC0415 - the translator is slow to load

    properties = translate(TEMPLATE)["Resources"]["BackorderTable"]["Properties"]
    wanted = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
    dynamodb.create_table(TableName="bench", **{name: properties[name] for name in wanted})
    return "bench"
