"""The use case: an object arrived in the lists bucket; its entries become backorders, and each is accounted for."""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from backorder.clock import Clock
from backorder.observability import logger
from backorder.registries import Registries
from backorder.rules import KeptRules, RulesError, keep_rules, kept_rules
from backorder.store import Store
from ingestion.intake import Intake, Outcome, Taken
from ingestion.objects import CsvObject, object_file
from ingestion.reading import Bounds, Entry, LeftOut, ReadList, Reject, read_lists
from ingestion.screen import NO_RULES, Screen
from ingestion.selection import Selection
from ingestion.summary import Kind, ListSummary

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

RULES_KEY = "rules.toml"
_LARGEST_RULES = 1 << 20
_MOST_NOTES = 50
"""Sentences about single names in a summary; the rest is counted."""
_KINDS: dict[str, Kind] = {"wanted": "wanted", "dropping": "dropping", "cancel": "cancel"}


@dataclass(frozen=True, slots=True)
class Ingestion:
    """What ingestion works with."""

    store: Store
    s3: S3Client
    reports_bucket: str
    clock: Clock
    registries: Registries = field(default_factory=Registries.load)
    bounds: Bounds = field(default_factory=Bounds)
    writers: int = 16
    """Writes to the store at the same time."""
    look_ahead: int = 256
    """Entries that are read before the first of them is written."""


@dataclass(frozen=True, slots=True)
class _Arrived:
    """The version of an object that is read."""

    bucket: str
    key: str
    version_id: str | None
    version: str
    """For reports and items: the version's id, or the content's hash in a bucket without versions."""
    modified: datetime
    size: int


def ingest_object(bucket: str, key: str, version: str | None, *, services: Ingestion) -> list[ListSummary]:
    """Reads version `version` (None: the newest) of an object, and gives what became of each list in it.

    May be repeated: nothing is made twice, and the counts are the same. Raises what S3 and DynamoDB raise when they
    cannot be reached, for the queue to deliver the event again; whatever is wrong with the list is in its summary.
    """
    if key.endswith("/"):
        logger.info("object_ignored", list=key, why="it is a folder")
        return []
    arrived = _arrived(bucket, key, version, services.s3)
    if arrived is None:
        logger.info("object_ignored", list=key, version=version, why="it is no longer there")
        return []
    if key == RULES_KEY:
        return [_ingest_rules(arrived, services)]
    folder, inside, _ = key.partition("/")
    kind = _KINDS.get(folder) if inside else None
    if kind is None:
        return [_ignore(arrived, services)]
    rules = kept_rules(services.store) if kind == "dropping" else None
    file = object_file(services.s3, bucket, key, arrived.version_id, arrived.size)
    screen = Screen(rules.rules.select if rules else None) if kind == "dropping" else None
    lists = read_lists(file, services.bounds, screen)
    summaries = [_Reading(arrived, kind, rules, read, services).summary() for read in lists]
    if not summaries:
        summaries = [_Reading(arrived, kind, rules, ReadList(None, "no list", iter(())), services).summary()]
    return summaries


def _arrived(bucket: str, key: str, version: str | None, s3: S3Client) -> _Arrived | None:
    # A bucket without versions calls its only one "null".
    version_id = version if version not in (None, "", "null") else None
    which: dict[str, Any] = {"Bucket": bucket, "Key": key, **({"VersionId": version_id} if version_id else {})}
    try:
        head = s3.head_object(**which)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchKey", "NoSuchVersion", "405"):
            return None
        raise
    version_id = head.get("VersionId") if head.get("VersionId") != "null" else None
    label = version_id or head["ETag"].strip('"')
    return _Arrived(bucket, key, version_id, label, head["LastModified"], head["ContentLength"])


class _Reading:
    """One list on its way from the reader to the store: counts each entry, as exactly one of four outcomes."""

    def __init__(
        self, arrived: _Arrived, kind: Kind, rules: KeptRules | None, read: ReadList, services: Ingestion
    ) -> None:
        name = arrived.key if read.member is None else f"{arrived.key}#{read.member}"
        self._read = read
        self._services = services
        self._folder = f"lists/{name}/{arrived.version}"
        self._summary = ListSummary(
            name=name,
            version=arrived.version,
            kind=kind,
            source=read.source,
            modified=arrived.modified,
            read_at=services.clock(),
        )
        self._rules = rules
        self._selection = Selection(rules.rules.select) if rules else None
        intake = Intake(services.store, services.registries, services.clock, name, arrived.version, arrived.modified)
        self._take: Callable[[Entry], Taken] = {
            "wanted": intake.want,
            "dropping": intake.choose,
            "cancel": intake.cancel,
        }[kind]
        self._reasons: Counter[str] = Counter()
        self._left_out_by: Counter[str] = Counter()
        self._changed: Counter[str] = Counter()
        self._zones: Counter[str] = Counter()
        self._days: tuple[date, date] | None = None
        self._chosen: set[str] = set()

    def summary(self) -> ListSummary:
        """Reads the list to its end, writes its reports, and gives its summary."""
        done, services = self._summary, self._services
        rejects = f"{self._folder}/rejects.csv"
        header = ("list", "line", "text", "reason")
        with (
            CsvObject(services.s3, services.reports_bucket, rejects, header) as rejected,
            self._writes() as write,
        ):
            for item in self._read.items:
                if isinstance(item, LeftOut):
                    self._leave_out(item)
                    continue
                done.entries += 1
                if isinstance(item, Reject):
                    done.rejected += 1
                    self._reasons[item.kind] += 1
                    rejected.write((done.name, item.line, item.text, item.reason))
                else:
                    self._decide(item, write)
        done.rejects = None if rejected.is_empty else rejects
        self._complete()
        _put_json(services, f"{self._folder}/summary.json", done.model_dump(mode="json"))
        services.store.save_list(done.record())
        logger.info("list_read", list=done.name, **done.model_dump(mode="json", include=_LOGGED))
        return done

    def _leave_out(self, bulk: LeftOut) -> None:
        """Counts what the reader left out by the rules."""
        self._summary.entries += bulk.count
        self._summary.not_selected += bulk.count
        self._left_out_by.update(bulk.by)
        self._zones.update(bulk.zones)
        for day in bulk.days or ():
            self._note_day(day)

    def _decide(self, entry: Entry, write: Callable[[Entry], None]) -> None:
        done, domain = self._summary, entry.domain
        self._zones[domain.zone] += 1
        if entry.day is not None:
            self._note_day(entry.day)
        if done.kind == "dropping":
            why_not = self._selection.why_not(domain) if self._selection else NO_RULES
            if why_not is not None:
                done.not_selected += 1
                self._left_out_by[why_not] += 1
                return
        if domain.name in self._chosen:
            done.duplicates += 1
            return
        self._chosen.add(domain.name)
        write(entry)

    def _note_day(self, day: date) -> None:
        if self._days is None:
            self._days = (day, day)
        elif not self._days[0] <= day <= self._days[1]:
            self._days = (min(day, self._days[0]), max(day, self._days[1]))

    @contextmanager
    def _writes(self) -> Iterator[Callable[[Entry], None]]:
        """Writes entries side by side, some ahead of the slowest; what they became is counted in the order of the
        list."""
        pending: deque[tuple[Entry, Future[Taken]]] = deque()
        services = self._services

        def write(entry: Entry) -> None:
            pending.append((entry, pool.submit(self._take, entry)))
            if len(pending) >= services.look_ahead:
                self._count(*pending.popleft())

        with ThreadPoolExecutor(services.writers, thread_name_prefix="write") as pool:
            try:
                yield write
                while pending:
                    self._count(*pending.popleft())
            except BaseException:
                # The event comes again: what has not begun need not be written now.
                pool.shutdown(wait=True, cancel_futures=True)
                raise

    def _count(self, entry: Entry, write: Future[Taken]) -> None:
        taken, done = write.result(), self._summary
        if taken.outcome is Outcome.ACCEPTED:
            done.accepted += 1
        elif taken.outcome is Outcome.DUPLICATE:
            done.duplicates += 1
            if taken.why:
                self._changed[taken.why] += 1
        else:
            done.not_selected += 1
            self._left_out_by[taken.why] += 1
            if len(done.notes) < _MOST_NOTES:
                done.notes.append(f"{entry.domain}: {taken.why}")

    def _complete(self) -> None:
        done, rules = self._summary, self._rules
        done.encoding = self._read.encoding
        done.reasons, done.left_out_by = dict(self._reasons.most_common()), dict(self._left_out_by.most_common())
        done.zones = dict(self._zones.most_common())
        if self._days is not None:
            done.first_drop, done.last_drop = self._days
        if self._read.note:
            done.notes.append(self._read.note)
        elif not done.entries:
            done.notes.append("The list is empty: it has no entries.")
        if done.kind == "dropping" and rules is None:
            done.notes.append("There is no rules.toml: nothing is chosen from deletion lists.")
        if rules is not None:
            done.notes.append(f"Chosen by rules.toml, version {rules.version}.")
            if rules.broken is not None:
                done.notes.append(f"A newer rules.toml is broken and was not used: {rules.broken}")
        done.notes.extend(f"{count} already there: {why}." for why, count in self._changed.items())
        done.seconds = (self._services.clock() - done.read_at).total_seconds()


_LOGGED = {
    "version",
    "kind",
    "source",
    "entries",
    "rejected",
    "not_selected",
    "duplicates",
    "accepted",
    "seconds",
}


def _ingest_rules(arrived: _Arrived, services: Ingestion) -> ListSummary:
    """Keeps a good rules file; reports what is wrong with a broken one, which changes nothing."""
    done = _about(arrived, "rules", services)
    try:
        if arrived.size > _LARGEST_RULES:
            raise RulesError(f"rules.toml is larger than {_LARGEST_RULES:,} bytes: it is no rules file")
        raw = object_file(services.s3, arrived.bucket, arrived.key, arrived.version_id, arrived.size).read()
        rules = keep_rules(services.store, _text(raw), version=arrived.version, modified=arrived.modified)
    except RulesError as error:
        done.notes.append(str(error))
        logger.error("rules_broken", key=arrived.key, version=arrived.version, why=str(error))
        report: dict[str, Any] = {"status": "broken", "faults": str(error).splitlines()}
    else:
        status = "in use" if rules else "older than the rules in use"
        done.notes.append(f"The rules are {status}.")
        logger.info("rules_read", key=arrived.key, version=arrived.version, status=status)
        report = {"status": status, "faults": []}
    _put_json(services, f"rules/{arrived.version}.json", {**report, "version": arrived.version})
    return done


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise RulesError(f"rules.toml, line {line}: is not UTF-8: save it so") from None


def _ignore(arrived: _Arrived, services: Ingestion) -> ListSummary:
    done = _about(arrived, "ignored", services)
    done.notes.append("Ignored: lists go into wanted/, dropping/ or cancel/, rules into rules.toml beside these.")
    logger.warning("object_ignored", list=arrived.key, why="it is in none of wanted/, dropping/, cancel/")
    _put_json(services, f"lists/{arrived.key}/{arrived.version}/summary.json", done.model_dump(mode="json"))
    return done


def _about(arrived: _Arrived, kind: Kind, services: Ingestion) -> ListSummary:
    return ListSummary(
        name=arrived.key,
        version=arrived.version,
        kind=kind,
        source=kind,
        modified=arrived.modified,
        read_at=services.clock(),
    )


def _put_json(services: Ingestion, key: str, body: dict[str, Any]) -> None:
    services.s3.put_object(
        Bucket=services.reports_bucket,
        Key=key,
        Body=json.dumps(body, indent=2, ensure_ascii=False).encode("utf-8"),
        ContentType="application/json",
    )
