"""What must hold of any input. Each check raises Broken with what does not."""

from __future__ import annotations

import csv
import io
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import FrameType

from backorder.domain.domains import parse_domain
from backorder.rules import parse_rules
from backorder.runtime.csv_cells import safe
from ingestion.ingest import ingest_object
from ingestion.reading import Entry, LeftOut, Reject, read_lists
from ingestion.reading.prefilter import Screen
from ingestion.rejects import MOST_WRITTEN
from ingestion.selection import Selection
from ingestion.services import Ingestion
from ingestion.summary import ListSummary
from local.memory_store import MemoryStore
from local.world.virtual.objects import Objects
from tools.fuzz.cases import Case

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
_LONGEST_S = 60
"""Of the processor's time, which other processes do not take: what takes longer hangs."""
_RULES = '[select]\nzones = ["com", "co.uk"]\nlength = [3, 12]\nkeywords.any = ["solar", "a"]\n'
_LISTS, _REPORTS = "lists", "reports"


class Broken(AssertionError):
    """Something that must hold does not."""


@contextmanager
def _in_time() -> Iterator[None]:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise Broken(f"takes longer than {_LONGEST_S} seconds")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, _LONGEST_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def check(case: Case) -> Counter[str]:
    """Feeds an input in every way. Gives how much of what it was: lists, entries, rejects.

    Raises Broken, or whatever else the pipeline raises, which it must not.
    """
    with _in_time():
        read = _read(case)
        _check_screened(case, read)
        _check_ingested(case, "wanted", read)
        _check_ingested(case, "dropping", read)
    rejects = sum(isinstance(item, Reject) for item in read)
    return Counter(inputs=1, entries=len(read), rejects=rejects)


def _read(case: Case) -> list[Entry | Reject]:
    """All entries, each looked at by itself."""
    found: list[Entry | Reject] = []
    for one in read_lists(io.BytesIO(case.content)):
        last = 0
        for item in one.items:
            _hold(not isinstance(item, LeftOut), "something was left out without rules")
            assert not isinstance(item, LeftOut)
            _hold(item.line >= last, f"line {item.line} after line {last}")
            last = item.line
            _check_entry(item) if isinstance(item, Entry) else _check_reject(item)
            found.append(item)
    lost = case.kept - {item.domain.name for item in found if isinstance(item, Entry)}
    _hold(not lost, f"names on whole lines were lost: {sorted(lost)[:5]}")
    if case.names is not None:
        _check_names(case.names, found)
    return found


def _check_names(names: tuple[str, ...], found: list[Entry | Reject]) -> None:
    """Names in are names on the list, and each of these is read or rejected."""
    others = Counter(item.domain.name for item in found if isinstance(item, Entry)) - Counter(names)
    _hold(not others, f"names that are not on the list were read: {sorted(others)[:5]}")
    told = [(item.line, item.domain.name if isinstance(item, Entry) else item.reason) for item in found]
    _hold(len(found) == len(names), f"{len(names)} names on the list are {len(found)} entries: {told[:5]}")


def _check_entry(entry: Entry) -> None:
    _hold(parse_domain(entry.domain.name) == entry.domain, f"{entry.domain} is not itself")
    for moment in (entry.drop_at, entry.finalization_at):
        _hold(moment is None or moment.tzinfo is UTC, f"{moment} is not in UTC")
    _hold(entry.priority is None or 0 <= entry.priority <= 10, f"priority {entry.priority}")
    _hold(entry.max_price is None or entry.max_price >= 0, f"max price {entry.max_price}")


def _check_reject(reject: Reject) -> None:
    _hold(bool(reject.reason and reject.kind), "a reject without a reason")
    _hold(len(reject.text) <= 301, "a reject with a text without end")


def _check_screened(case: Case, read: list[Entry | Reject]) -> None:
    """What is left out in bulk is what would be left out one by one."""
    rules = parse_rules(_RULES)
    selection = Selection(rules)
    chosen = [item for item in read if isinstance(item, Reject) or not isinstance(selection.decide(item), str)]
    count, kept = 0, []
    for one in read_lists(io.BytesIO(case.content), screen=Screen(rules.select)):
        for item in one.items:
            count += item.count if isinstance(item, LeftOut) else 1
            if isinstance(item, Reject) or (isinstance(item, Entry) and not isinstance(selection.decide(item), str)):
                kept.append(item)
    _hold(count == len(read), f"{len(read)} entries are {count} through a screen")
    _hold(kept == chosen, "a screen changes what is chosen")


def _check_ingested(case: Case, kind: str, read: list[Entry | Reject]) -> None:
    store, objects = MemoryStore(), Objects()
    services = Ingestion(
        store=store,
        s3=objects,  # type: ignore[arg-type]
        reports_bucket=_REPORTS,
        clock=lambda: NOW,
        writers=1,
    )
    if kind == "dropping":
        objects.upload(_LISTS, "rules.toml", _RULES.encode(), modified=NOW)
        ingest_object(_LISTS, "rules.toml", None, services=services)
    key = f"{kind}/fuzz"
    version = objects.upload(_LISTS, key, case.content, modified=NOW)
    summaries = ingest_object(_LISTS, key, version, services=services)
    for summary in summaries:
        _check_counts(summary, objects)
    _hold(sum(s.entries for s in summaries) == len(read), "ingestion counts other entries than the reader")
    accepted = sum(s.accepted for s in summaries)
    _hold(accepted == len(list(store.backorders())), f"{accepted} accepted, {len(list(store.backorders()))} there")
    again = ingest_object(_LISTS, key, version, services=services)
    _hold([_counts(s) for s in again] == [_counts(s) for s in summaries], "read again, the counts are others")
    _hold(accepted == len(list(store.backorders())), "read again, there are more")


def _counts(summary: ListSummary) -> tuple[int, ...]:
    return summary.entries, summary.rejected, summary.not_selected, summary.duplicates, summary.accepted


def _check_counts(summary: ListSummary, objects: Objects) -> None:
    entries, *outcomes = _counts(summary)
    _hold(entries == sum(outcomes) and min(outcomes) >= 0, f"{entries} entries are {outcomes}")
    _hold(sum(summary.reasons.values()) == summary.rejected, "reasons do not add up to the rejects")
    if summary.rejects is None:
        _hold(not summary.rejected, "rejects without a report")
        return
    body = objects.get_object(Bucket=_REPORTS, Key=summary.rejects, Range=f"bytes=0-{1 << 30}")["Body"].read()
    _, *rows = csv.reader(io.StringIO(body.decode("utf-8"), newline=""))
    _hold(len(rows) == min(summary.rejected, MOST_WRITTEN), f"{summary.rejected} rejects, {len(rows)} rows")
    _hold(all(safe(cell) == cell for row in rows for cell in row), "a reject that a spreadsheet would calculate")


def _hold(holds: bool, what: str) -> None:
    if not holds:
        raise Broken(what)
