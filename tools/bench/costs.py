"""What a stack costs a month: requests counted in whole runs, times AWS's prices, with the part that is always there.

Two runs of different sizes go through the real functions against moto; what the larger one asks for beyond the smaller
one is what a backorder costs. What ticks cost with nothing to do is worked out from the size of the items that each
one reads. Prices are those of us-east-1 in dollars, free tiers left out.
"""

from __future__ import annotations

import json
import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from math import ceil
from pathlib import Path
from typing import Any

import botocore.handlers
import click

from backorder.runtime.observability import METRICS
from backorder.store.dynamodb import INDEX, SHARDS
from local.run.options import RunOptions
from local.run.run import run
from local.stack.deployment import translate
from local.stack.local_stack import TEMPLATE

SMALL, LARGE = 50, 150
"""Names of the two runs."""
BACKORDERS: tuple[int, ...] = (1_000, 10_000, 100_000)
"""A month."""
DAYS_OPEN = 7
"""Assumed: from a list to the settled end of a backorder, as with lists that come out a few days before the drop."""
TICKS = 30 * 24 * 12
RUNS = 30 * 25
POLLERS, POLLS_A_MINUTE = 5, 3
"""Lambda's least for a queue, each asking for 20 seconds at a time."""
TICK_SECONDS, RUN_SECONDS, ORDER_SECONDS = Decimal("1"), Decimal("10"), Decimal("0.2")
"""Assumed: a function's time for a tick, a reconciliation, and an order's share of its message."""

PRICES = {
    "DynamoDB, million write units": Decimal("0.625"),
    "DynamoDB, million read units": Decimal("0.125"),
    "S3, thousand writes": Decimal("0.005"),
    "S3, thousand reads": Decimal("0.0004"),
    "SQS, million requests": Decimal("0.40"),
    "Lambda, million invocations": Decimal("0.20"),
    "Lambda, GB second": Decimal("0.0000166667"),
    "Scheduler, million": Decimal("1.00"),
    "CloudWatch, alarm and metric in it": Decimal("0.10"),
    "CloudWatch, metric": Decimal("0.30"),
    "CloudWatch, dashboard": Decimal("3.00"),
    "CloudWatch, GB of log": Decimal("0.50"),
    "Secrets Manager, secret": Decimal("0.40"),
}
"""Dollars; AWS's public price lists of 2026."""
LOG_BYTES = 2_000
"""Assumed: of a backorder's log lines, and of a tick's."""
MILLION = Decimal(1_000_000)


@dataclass
class Counted:
    """What was asked of AWS. Threads count side by side."""

    units: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    bytes_an_item: int = 0
    """Of the largest backorder that was written."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def see(self, model: Any, params: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:
        """Told by botocore of each request before it is sent."""
        service, operation = model.service_model.service_name, model.name
        with self._lock:
            if service == "dynamodb":
                context[_ASKED] = json.loads(params["body"])
                self._see_written(operation, context[_ASKED])
            elif service == "s3":
                self.units["s3 reads" if operation in ("GetObject", "HeadObject") else "s3 writes"] += 1
            elif service in ("sqs", "sns", "secretsmanager"):
                self.units[service] += 1

    def see_read(self, model: Any, parsed: Mapping[str, Any], context: Mapping[str, Any], **_: Any) -> None:
        """Told by botocore of each answer of the table: a unit is 4 KB of one item, or of all items of a page.

        Half of it where the read need not be consistent. The index of open backorders is left out: what its readers,
        the ticks, cost depends on how many are open, and `_reading` has it.
        """
        asked = context[_ASKED]
        if model.name not in ("GetItem", "Query", "Scan") or asked.get("IndexName") == INDEX:
            return
        items = parsed.get("Items", [parsed["Item"]] if "Item" in parsed else [])
        size = sum(map(_size, items))
        if parsed.get("Count"):
            size = size * parsed["ScannedCount"] // parsed["Count"]  # what is filtered out was read all the same
        units = max(1, ceil(size / 4096)) * Decimal(1 if asked.get("ConsistentRead") else "0.5")
        with self._lock:
            self.units["read units"] += units

    def _see_written(self, operation: str, body: Mapping[str, Any]) -> None:
        if operation in ("PutItem", "UpdateItem", "DeleteItem"):
            item = body["Item"] if "Item" in body else {**body["Key"], **body.get("ExpressionAttributeValues", {})}
            size = _size(item)
            backorder = str(item["pk"]).find("domain#") >= 0
            self.units["write units"] += ceil(size / 1024) * (2 if backorder else 1)  # the index holds it again
            if backorder:
                self.bytes_an_item = max(self.bytes_an_item, size)


_ASKED = "what the table was asked"
"""Under which a request stays in botocore's context until its answer comes."""


def _size(item: Mapping[str, Any]) -> int:
    """In bytes, as DynamoDB counts them: names and values."""
    return sum(len(name) + len(str(next(iter(value.values()))).encode()) for name, value in item.items())


def bench() -> None:
    """Prints dollars a month for some numbers of backorders, and what they are made of."""
    small, large = _counted(SMALL), _counted(LARGE)
    each = {
        name: (large.units[name] - small.units[name]) / (LARGE - SMALL)
        for name in ("write units", "read units", "s3 writes", "s3 reads", "sqs")
    }
    click.echo(f"A backorder, from its list to its settled end (runs of {SMALL} and {LARGE} names):")
    for name, number in each.items():
        click.echo(f"  {number:6.2f} {name}")
    click.echo(f"  {large.bytes_an_item:6} bytes of its item at most\n")
    fixed = _fixed()
    click.echo("Dollars a month, whatever there is to do:")
    for name, dollars in fixed.items():
        click.echo(f"  {dollars:8.2f} {name}")
    click.echo(f"  {sum(fixed.values()):8.2f} in all\n")
    click.echo(f"Dollars a month by backorders, each open for {DAYS_OPEN} days:")
    click.echo("   backorders   their own   ticks that read them     fixed        all")
    for backorders in BACKORDERS:
        own, reading = _own(backorders, each), _reading(backorders * DAYS_OPEN // 30, large.bytes_an_item)
        total = own + reading + sum(fixed.values())
        click.echo(f"  {backorders:11,} {own:11.2f} {reading:22.2f} {sum(fixed.values()):9.2f} {total:10.2f}")


def _counted(names: int) -> Counted:
    """What a run of so many wanted names asked for."""
    counted = Counted()
    with _every_session([("before-call.*.*", counted.see), ("after-call.dynamodb.*", counted.see_read)]):
        _run(names)
    assert counted.units, "nothing was counted"
    return counted


@contextmanager
def _every_session(handlers: Sequence[tuple[str, Callable[..., None]]]) -> Iterator[None]:
    """Handlers for each of botocore's sessions that begins within the block: a run begins its own."""
    known = botocore.handlers.BUILTIN_HANDLERS
    known.extend(handlers)
    try:
        yield
    finally:
        for handler in handlers:
            known.remove(handler)


def _run(names: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "names.txt"
        path.write_text("".join(f"costs-of-name-{number}.com\n" for number in range(names)))
        start = datetime(2026, 1, 5, tzinfo=UTC)
        run(
            RunOptions(lists=(str(path),), kind="wanted", out=Path(folder) / "out", store="dynamodb", start=start),
            progress=lambda _now, _what: None,
        )


def _fixed() -> dict[str, Decimal]:
    resources = translate(TEMPLATE)["Resources"].values()
    watched = sum(
        len([m for m in r["Properties"].get("Metrics", [{}]) if "Expression" not in m])
        for r in resources
        if r["Type"] == "AWS::CloudWatch::Alarm"
    )
    queues = sum(r["Type"] == "AWS::Lambda::EventSourceMapping" for r in resources)
    invocations = TICKS + RUNS
    gigabyte_seconds = TICKS * TICK_SECONDS * _gigabytes("PlanSubmissions")
    gigabyte_seconds += RUNS * RUN_SECONDS * _gigabytes("ReconcileAccount")
    polls = queues * POLLERS * POLLS_A_MINUTE * 60 * 24 * 30
    return {
        f"alarms ({watched} metrics in them)": watched * PRICES["CloudWatch, alarm and metric in it"],
        f"metrics ({len(METRICS)})": len(METRICS) * PRICES["CloudWatch, metric"],
        "dashboard": PRICES["CloudWatch, dashboard"],
        "secret": PRICES["Secrets Manager, secret"],
        f"Lambda, {invocations:,} ticks": invocations / MILLION * PRICES["Lambda, million invocations"]
        + gigabyte_seconds * PRICES["Lambda, GB second"],
        "Scheduler": invocations / MILLION * PRICES["Scheduler, million"],
        f"SQS, {polls:,} polls": polls / MILLION * PRICES["SQS, million requests"],
        "log": invocations * LOG_BYTES / Decimal(10**9) * PRICES["CloudWatch, GB of log"],
    }


def _own(number: int, each: Mapping[str, Decimal]) -> Decimal:
    return number * (
        each["write units"] / MILLION * PRICES["DynamoDB, million write units"]
        + each["read units"] / MILLION * PRICES["DynamoDB, million read units"]
        + each["s3 writes"] / 1000 * PRICES["S3, thousand writes"]
        + each["s3 reads"] / 1000 * PRICES["S3, thousand reads"]
        + each["sqs"] / MILLION * PRICES["SQS, million requests"]
        + ORDER_SECONDS * _gigabytes("SubmitBackorders") * PRICES["Lambda, GB second"]
        + LOG_BYTES / Decimal(10**9) * PRICES["CloudWatch, GB of log"]
    )


def _gigabytes(function: str) -> Decimal:
    """A function's memory, which Lambda charges by the second."""
    return Decimal(translate(TEMPLATE)["Resources"][function]["Properties"]["MemorySize"]) / 1024


def _reading(open_at_once: int, size: int) -> Decimal:
    """Plan and reconciliation read every open backorder at each tick: half a unit for 4 KB, as indexes are read."""
    units = SHARDS * ceil(Decimal(open_at_once * size) / SHARDS / 4096) / Decimal(2)
    return (TICKS + RUNS) * units / MILLION * PRICES["DynamoDB, million read units"]
