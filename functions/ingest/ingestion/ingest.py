"""The use case: an object arrived in the lists bucket; its entries become backorders, and each is accounted for."""

from __future__ import annotations

from functools import partial

from backorder.documents.unread import Unread, change_unread_objects
from backorder.rules import Rules, RulesOutdated, kept_rules
from backorder.runtime.observability import logger
from ingestion.arrived import Arrived
from ingestion.keys import is_clutter, kind_of, shown, why_unread
from ingestion.memory import Memory
from ingestion.objects import look_at, object_file
from ingestion.one_list import Task
from ingestion.reading import ReadList, read_lists
from ingestion.reading.encodings import known_encoding
from ingestion.reading.prefilter import Screen
from ingestion.rounds import Rounds
from ingestion.rules_file import ingest_rules
from ingestion.services import Ingestion
from ingestion.summary import Kind, ListSummary
from ingestion.writing import TimeIsShort, check_time


class TooLong(Exception):
    """No invocation gets further with a list."""


def ingest_object(bucket: str, key: str, version: str | None, *, services: Ingestion) -> list[ListSummary]:
    """Reads version `version` (None: the newest) of an object, and gives what became of each list in it.

    May be repeated: nothing is made twice, and the counts are the same. Raises TimeIsShort when it goes on in a next
    invocation, and what S3 and DynamoDB raise when they cannot be reached, for the queue to deliver the event again;
    whatever is wrong with the list is in its summary.
    """
    arrived = look_at(bucket, key, version, services.s3)
    if arrived is None:
        logger.info("object_ignored", list=key, version=version, why="it is no longer there")
        return []
    if is_clutter(key, arrived.size):
        logger.info("object_ignored", list=key, why="it is a folder, or what a tool left there")
        return []
    kind = kind_of(key)
    if kind is None:
        return [_leave_unread(arrived, services)]
    try:
        summaries = _ingest(arrived, kind, services)
    except RulesOutdated as outdated:
        return [_put_off(arrived, kind, outdated, services)]
    except TimeIsShort as short:
        # Whatever is uploaded meanwhile: this version goes on.
        short.version = arrived.version_id
        raise
    Memory(services.store).note_read(key, arrived.content, arrived.modified)
    return summaries


def stop(short: TimeIsShort, rounds: Rounds, services: Ingestion) -> TooLong:
    """Says in the list's summary that it does not go on; gives the error that makes its message a failed one.

    The list counts as not read: it is tried again when the message comes again, or by the daily sweep.
    """
    done = short.so_far
    assert done is not None, "whoever read the object said so"
    told = (
        f"Stopped after {rounds.number} rounds, of which the last {rounds.without_progress} came no further than line "
        f"{short.line:,}: to get from there to the next name takes longer than a function may run. Cut the list in two."
    )
    done.rules = "stopped"
    done.notes.insert(0, told)
    services.put_json(f"lists/{done.name}/{done.version}/summary.json", done.model_dump(mode="json"))
    services.store.save_list(done.record())
    return TooLong(f"{done.name}: {told}")


def _ingest(arrived: Arrived, kind: Kind, services: Ingestion) -> list[ListSummary]:
    if kind == "rules":
        return [ingest_rules(arrived, services)]
    memory = Memory(services.store)
    # A cancel needs no rules: it is heard whatever they are like.
    kept = kept_rules(services.store) if kind != "cancel" else None
    rules = kept if kind == "dropping" else None
    known = _known(services) if kind == "dropping" else frozenset[str]()
    fees = (kept.rules if kept else Rules()).fees
    screen = Screen(rules.rules.select if rules else None, known) if kind == "dropping" else None
    registries = services.registries.overridden(kept.rules.registries if kept else {})
    task = Task(arrived, kind, rules, registries, known, memory.before(kind, arrived), fees, services)
    watch = partial(check_time, services.seconds_left)
    file = object_file(services.s3, arrived)
    encoding = known_encoding(arrived.charset)
    lists = read_lists(file, services.bounds, screen, name=arrived.key, encoding=encoding, before_each=watch)
    summaries: list[ListSummary] = []
    try:
        summaries.extend(task.summary(read) for read in lists)  # one by one: what is done stays if the next one raises
    except TimeIsShort as short:
        short.lists = len(summaries)
        short.so_far = short.so_far or ListSummary.about(arrived, kind, at=services.clock())
        raise
    if not summaries:
        summaries = [task.summary(ReadList(None, "no list", iter(())))]
    memory.note_content(kind, arrived, rules=task.chosen_by)
    return summaries


def _known(services: Ingestion) -> frozenset[str]:
    """Names with an open backorder: a deletion list says when they drop, chosen by the rules or not."""
    return frozenset(b.domain for b in services.store.open_backorders() if not b.state.is_final)


def _put_off(arrived: Arrived, kind: Kind, outdated: RulesOutdated, services: Ingestion) -> ListSummary:
    """The list is not read, and not noted as read: when mended rules arrive, it is (`app`), or by the daily sweep."""
    done = ListSummary.about(arrived, kind, at=services.clock())
    done.source, done.rules = "not read", "outdated"
    done.notes.append(f"Not read yet. {outdated}. Then this list is read by itself.")
    logger.error("list_put_off", list=done.name, version=done.version, why=str(outdated))
    services.put_json(f"lists/{done.name}/{arrived.version}/summary.json", done.model_dump(mode="json"))
    services.store.save_list(done.record())
    return done


def _leave_unread(arrived: Arrived, services: Ingestion) -> ListSummary:
    """Nothing reads it, and somebody has to hear of that."""
    done = ListSummary.about(arrived, "ignored", at=services.clock())
    why = why_unread(arrived.key)
    done.notes.append(
        f"Ignored: {why}. Lists go into wanted/, dropping/ or cancel/, rules into rules.toml beside these."
    )
    logger.warning("object_ignored", list=arrived.key, version=arrived.version, why=why)
    services.put_json(f"lists/{done.name}/{arrived.version}/summary.json", done.model_dump(mode="json"))
    # The event may be of an earlier version, or of what was deleted since.
    newest = look_at(arrived.bucket, arrived.key, None, services.s3)
    if newest is not None:
        unread = Unread(shown(newest.key), newest.modified, why)
        change_unread_objects(services.store, lambda noted: noted.plus(unread))
    return done
