"""`rules.toml` arrived: a good one is kept, a broken one changes nothing and is told of."""

from __future__ import annotations

from typing import Any

from backorder.rules import Rules, RulesError, RulesOutdated, in_short, keep_rules, kept_rules, note_broken_rules
from backorder.runtime.observability import logger
from backorder.store import Store
from ingestion.arrived import Arrived
from ingestion.objects import object_file
from ingestion.services import Ingestion
from ingestion.summary import ListSummary

_LARGEST = 128 << 10
"""Bytes. Kept as one item of the table, of 400 KB at most: two bytes of UTF-8 become up to six of JSON."""


def ingest_rules(arrived: Arrived, services: Ingestion) -> ListSummary:
    """Keeps a good rules file; reports what is wrong with a broken one, which changes nothing."""
    done = ListSummary.about(arrived, "rules", at=services.clock())
    try:
        rules = _keep(arrived, services)
    except RulesError as error:
        done.notes.append(str(error))
        logger.error("rules_broken", key=arrived.key, version=arrived.version, why=in_short(error))
        report: dict[str, Any] = {"status": "broken", "faults": str(error).splitlines()}
    else:
        status = "in use" if rules else "older than the rules in use"
        done.notes.append(f"The rules are {status}.")
        logger.info("rules_read", key=arrived.key, version=arrived.version, status=status)
        report = {"status": status, "faults": []}
    services.put_json(f"rules/{arrived.version}.json", {**report, "version": arrived.version})
    return done


def _keep(arrived: Arrived, services: Ingestion) -> Rules | None:
    """Keeps them, or what is wrong with them. Raises RulesError."""
    try:
        text = _text(arrived, services)
    except RulesError as error:
        note_broken_rules(services.store, error, version=arrived.version, modified=arrived.modified)
        raise
    return keep_rules(services.store, text, version=arrived.version, modified=arrived.modified)


def are_understood(store: Store) -> bool:
    """Whether the rules in use are: lists are put off while they are not."""
    try:
        kept_rules(store)
    except RulesOutdated:
        return False
    return True


def _text(arrived: Arrived, services: Ingestion) -> str:
    if arrived.size > _LARGEST:
        raise RulesError(f"rules.toml is larger than {_LARGEST:,} bytes: it is no rules file")
    raw = object_file(services.s3, arrived).read()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise RulesError(f"rules.toml, line {line}: is not UTF-8: save it so") from None
