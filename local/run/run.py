"""One run: a stack of its own (or an attached one), lists uploaded on their days, time leaping, and what came of it."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backorder.documents.account_outlook import Forecast, forecast
from backorder.documents.halt import halt
from backorder.domain.registries import Registries
from backorder.rules import Rules, RulesError, parse_rules
from backorder.runtime.clock import iso, system_clock
from backorder.runtime.observability import logger
from backorder.store import Store
from backorder.store.dynamodb import DynamoStore
from ingestion.arrived import content_type_of
from ingestion.keys import RULES_KEY
from local.emulator.arguments import changed
from local.emulator.options import Options
from local.memory_store import MemoryStore
from local.run import results
from local.run.lists import Names, Unusable, Upload, drops, last_words, read_names, start_of, uploads
from local.run.options import DYNAMODB_LIMIT, MOST_DAYS, RunOptions, StoreName
from local.stack.control import Control
from local.stack.deployment import aws_session
from local.stack.local_stack import LocalStack, attach, stack_in_process
from local.world.login import is_leaked_in
from local.world.moto.functions import handlers, use_environment
from local.world.moto.pump import Pump
from local.world.promises.evidence import Evidence
from local.world.promises.invariants import check
from local.world.promises.sums import documents_of_the_books
from local.world.watched import WatchedStore
from reconciliation.alert import Message

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LOG = "pipeline.log"

Progress = Callable[[datetime, str], None]
"""Is told the emulator's present, and what is going on."""


@dataclass(frozen=True)
class Outcome:
    """What came of a run."""

    summary: dict[str, Any]
    collected: results.Collected
    messages: Sequence[Message]
    worst: Forecast | None
    out: Path
    start: datetime
    end: datetime
    not_reached: Sequence[str] = ()
    """What was to happen on days after the run's end, in words."""
    crashes: Sequence[str] = ()
    """What functions raised on their messages, once for each time."""

    @property
    def broken(self) -> list[str]:
        """The invariants that are false."""
        return [name for name, holds in self.summary["invariants"].items() if not holds]


@dataclass(frozen=True, slots=True)
class _Due:
    """Something that the user does on a day of the run."""

    at: datetime
    words: str
    do: Callable[[], None]


@dataclass
class _Parts:
    """One run's parts, wired together."""

    options: RunOptions
    stack: LocalStack
    control: Control
    store: WatchedStore
    pump: Pump
    s3: S3Client
    start: datetime
    seed: int
    progress: Progress
    worst: Forecast | None = None
    """The largest shortfall that was foreseen until names were missed for it."""
    messages: list[Message] = field(default_factory=list)
    crashes: list[str] = field(default_factory=list)
    due: list[_Due] = field(default_factory=list)
    """What is still to be done, in order of time."""
    second_of_last_upload: int = 0
    """Of this machine's clock, by which moto dates objects."""


def run(options: RunOptions, *, progress: Progress) -> Outcome:
    """Runs to the end, writes the files, and gives the outcome.

    Raises Unusable for arguments or files that a run cannot work with, StackError where the stack does not start.
    """
    _check(options)
    chosen = uploads(options.lists, options.kind)
    names = read_names(chosen, options.encoding)
    _prepare(options.out)
    store_name = _store_name(options, names)
    with _stack(options, names) as (stack, start), log_to(options.out / LOG):
        use_environment(stack.deployment)
        parts = _wire(options, stack, start, store_name, progress)
        _schedule(parts, names)
        _live(parts, chosen)
        return _conclude(parts, chosen, names, store_name)


def _check(options: RunOptions) -> None:
    """What the emulator and the pipeline would refuse later is refused before anything starts."""
    try:
        changed(Options(), options.emulator.arguments())
    except ValueError as error:
        raise Unusable(str(error)) from None
    if options.rules is not None:
        try:
            _rules(options)
        except (RulesError, UnicodeDecodeError) as error:
            raise Unusable(f"--rules {options.rules}: {'; '.join(str(error).splitlines())}") from None


def _prepare(out: Path) -> None:
    """Removes an earlier run's results; what else is in the folder is none of ours."""
    if out.exists() and not out.is_dir():
        raise Unusable(f"--out {out}: is no folder")
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name in (LOG, *results.FILES):
            (out / name).unlink(missing_ok=True)
    except OSError as error:
        raise Unusable(f"--out {out}: cannot be written to ({error.strerror})") from None


def _store_name(options: RunOptions, names: Names) -> StoreName:
    if options.attach:
        if options.store == "memory":
            raise Unusable("--attach --store memory: an attached stack keeps its backorders in DynamoDB")
        return "dynamodb"
    return options.store or ("dynamodb" if names.count <= DYNAMODB_LIMIT else "memory")


def _registries(options: RunOptions) -> Registries:
    """As the pipeline knows them: with what the rules say of them."""
    return Registries.load().overridden(_rules(options).registries)


def _rules(options: RunOptions) -> Rules:
    return parse_rules(options.rules.read_text(encoding="utf-8-sig")) if options.rules is not None else Rules()


@contextmanager
def _stack(options: RunOptions, names: Names) -> Iterator[tuple[LocalStack, datetime]]:
    """The stack to run on, with its clock at the run's start."""
    start = options.start or start_of(names, system_clock(), _registries(options))
    if not options.attach:
        arguments = ["--start", iso(start), *options.emulator.arguments()]
        parameters = {"FetchPendingDeletes": "daily"} if options.fetch else None
        with stack_in_process(parameters, emulator_arguments=arguments) as stack:
            yield stack, start
        return
    stack = attach()
    control = Control(stack.emulator_base_url)
    state = control.state()
    if state["created"] or state["clock"] == "frozen":
        # A run was here before: its world goes on, with its own beginning and its own chances.
        if options.emulator.answers is not None:
            control.set_answers(json.loads(Path(options.emulator.answers).read_text(encoding="utf-8")))
        yield stack, datetime.fromisoformat(state["start"] or state["now"])
        return
    try:
        control.begin_anew(["--start", iso(start), *options.emulator.arguments()])
    except ValueError as error:
        raise Unusable(str(error)) from None
    yield stack, start


@contextmanager
def log_to(file: Path) -> Iterator[None]:
    """The functions' structured log, which Lambda would send to CloudWatch."""
    with file.open("w", encoding="utf-8") as stream:
        streams = [handler for handler in logger.handlers if isinstance(handler, logging.StreamHandler)]
        before = [handler.setStream(stream) for handler in streams]
        try:
            yield
        finally:
            for handler, former in zip(streams, before, strict=True):
                handler.setStream(former)


def _wire(options: RunOptions, stack: LocalStack, start: datetime, store_name: StoreName, progress: Progress) -> _Parts:
    deployment = stack.deployment
    backing: Store = MemoryStore() if store_name == "memory" else DynamoStore.connect(deployment.table_name)
    store = WatchedStore(backing)
    control = Control(stack.emulator_base_url)
    messages: list[Message] = []
    crashes: list[str] = []

    def crashed(function: str, error: Exception) -> None:
        crashes.append(f"{function}: {type(error).__name__}: {error}")

    clock: Callable[[], datetime] = lambda: pump.now  # noqa: E731 - the pump, made next, keeps the time
    functions = handlers(deployment, store=store, clock=clock, tell=messages.append, queue=options.days != 0)
    pump = Pump(deployment, control, store, functions, crashed=crashed, every_tick=options.every_tick)
    s3 = aws_session().client("s3", endpoint_url=deployment.endpoint_url)
    seed = control.state()["seed"]
    return _Parts(
        *(options, stack, control, store, pump, s3, start, seed, progress), messages=messages, crashes=crashes
    )


def _schedule(parts: _Parts, names: Names) -> None:
    """Tells the emulator when names drop; those that an earlier run on this stack scheduled stay as they are."""
    known = {drop["domain"] for drop in parts.control.state()["drops"]}
    planned = drops(names, parts.start, parts.seed, _registries(parts.options))
    new = [drop for drop in planned if drop["domain"] not in known]
    for first in range(0, len(new), 5000):
        parts.control.schedule(new[first : first + 5000])


def _live(parts: _Parts, chosen: Iterable[Upload]) -> None:
    """Lets time pass until the end, with each upload and each payment on its day."""
    options, pump = parts.options, parts.pump
    pump.settle_in()
    if options.rules is not None:
        _put(parts, RULES_KEY, options.rules)
        pump.deliver()
    parts.due = sorted(_actions(parts, chosen), key=lambda due: due.at)
    if options.days == 0:
        _act(parts, parts.start)
        parts.progress(pump.now, "planning")
        pump.start("PlanSubmissions", {})
        parts.worst = _worse(None, forecast(parts.store))
        return
    end = parts.start + timedelta(days=MOST_DAYS if options.days is None else options.days)
    while True:
        _act(parts, pump.now)
        parts.progress(pump.now, _what_waits(parts))
        if options.days is None and not parts.due and pump.is_quiet and parts.store.all_done(pump.now):
            break
        limit = min([end, *(due.at for due in parts.due)])
        foreseen, missed = forecast(parts.store), parts.store.unfunded
        reached = not pump.advance(limit)
        if parts.store.unfunded > missed:
            parts.worst = _worse(parts.worst, foreseen)
        if reached and pump.now >= end:
            break
    parts.worst = _worse(parts.worst, forecast(parts.store))
    pump.start("ReconcileAccount", {})


def _worse(worst: Forecast | None, now: Forecast | None) -> Forecast | None:
    """The one that asks for more; one that names a date is worth more than one that cannot yet."""
    known = [each for each in (worst, now) if each is not None and (each.waiting or each.undated)]
    return max(known, key=lambda each: (each.before is not None, each.shortfall, each.undated_shortfall), default=None)


def _actions(parts: _Parts, chosen: Iterable[Upload]) -> Iterator[_Due]:
    for upload in chosen:
        words = f"the list {upload.given} on day {upload.day}"
        yield _Due(parts.start + timedelta(days=upload.day), words, partial(_put, parts, upload.key, upload.path))
    for amount, day in parts.options.pay_ins:
        words = f"{amount} paid in on day {day}"
        yield _Due(parts.start + timedelta(days=day), words, partial(parts.control.pay_in, amount))
    for hours, begins in parts.options.outages:
        words = f"an outage of {hours:g} hours on day {begins:g}"
        yield _Due(parts.start + timedelta(days=begins), words, partial(parts.control.fall_silent, hours))


def _act(parts: _Parts, now: datetime) -> None:
    """Does what is due by `now`."""
    ready = [due for due in parts.due if due.at <= now]
    parts.due = parts.due[len(ready) :]
    for due in ready:
        due.do()
        parts.pump.deliver()
    if ready:
        parts.pump.changed()


def _put(parts: _Parts, key: str, path: Path) -> None:
    """Uploads a file. On an attached stack that has this very object already, nothing is to be done."""
    bucket = parts.stack.deployment.lists_bucket
    body = path.read_bytes()
    content_type = content_type_of(parts.options.encoding if key != RULES_KEY else None)
    if parts.options.attach and _stands_there(parts.s3, bucket, key, body, content_type):
        return
    parts.progress(parts.pump.now, f"reading {path.name}")
    # S3 dates objects to the second, and of two lists the later one counts: so it has to be later there, too.
    while int(time.time()) == parts.second_of_last_upload:
        time.sleep(0.02)
    parts.second_of_last_upload = int(time.time())
    parts.s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type)


def _stands_there(s3: S3Client, bucket: str, key: str, body: bytes, content_type: str) -> bool:
    try:
        there = s3.get_object(Bucket=bucket, Key=key)
        return there["Body"].read() == body and there["ContentType"] == content_type
    except s3.exceptions.NoSuchKey:
        return False


def _what_waits(parts: _Parts) -> str:
    waiting = sum(backorder.state.is_waiting for backorder in parts.store.open.values())
    placed = sum(backorder.state.is_placed for backorder in parts.store.open.values())
    return f"{waiting} waiting, {placed} at the provider"


def _conclude(parts: _Parts, chosen: Iterable[Upload], names: Names, store_name: StoreName) -> Outcome:
    options, store = parts.options, parts.store
    parts.progress(parts.pump.now, "checking")
    emulator = parts.control.state()
    collected = results.collect(store, {upload.key: upload.given for upload in chosen})
    rejected = results.rejects(parts.s3, parts.stack.deployment.reports_bucket, collected.lists)
    invariants = check(
        Evidence(
            lists=collected.lists,
            backorders=collected.backorders,
            postings=collected.postings,
            findings=collected.findings,
            emulator=emulator,
            ended_at=parts.pump.now,
            planned_only=options.days == 0,
            halted=halt(store) is not None,
            # On a stack that stays, other lists may have been uploaded since.
            words={} if options.attach else last_words(names, options.kind, parts.start, parts.pump.now),
            outranked=store.outranked,
            books=documents_of_the_books(store, collected.postings),
            password_seen_in=[name for name, text in _texts(parts, collected, rejected) if is_leaked_in(text)],
        )
    )
    summary = results.summary(
        collected,
        emulator=emulator,
        invariants=invariants,
        seed=parts.seed,
        start=parts.start,
        end=parts.pump.now,
        store=store_name,
    )
    page = results.page(collected, store, emulator=emulator, now=parts.pump.now)
    results.write(options.out, summary, collected, rejected, page)
    left = [due.words for due in parts.due]
    return Outcome(
        *(summary, collected, parts.messages, parts.worst, options.out, parts.start, parts.pump.now),
        not_reached=left,
        crashes=parts.crashes,
    )


def _texts(parts: _Parts, collected: results.Collected, rejected: str) -> Iterator[tuple[str, str]]:
    """All that a run wrote anywhere, to be searched for the password."""
    yield "items", repr(collected)
    yield "rejects", rejected
    yield "messages", repr(parts.messages)
    yield "log", (parts.options.out / LOG).read_text(encoding="utf-8")
    for document in ("halted", "rules", "standing", "forecast", "books", "fetch"):
        yield document, repr(parts.store.document(document))
    bucket = parts.stack.deployment.reports_bucket
    for page in parts.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for item in page.get("Contents", ()):
            body = parts.s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
            yield item["Key"], body.decode("utf-8", "replace")
