"""The last good version of the rules, which the table keeps: what functions go by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from backorder.rules.faults import RulesError, in_short
from backorder.rules.file import Rules, parse_rules
from backorder.runtime.clock import iso

if TYPE_CHECKING:
    from backorder.store import Store
    from backorder.store.documents import Documents

_RULES = "rules"
_BROKEN = "rules_broken"
RULES_DOCUMENTS = (_RULES, _BROKEN)


class RulesOutdated(RulesError):
    """The rules in use were good once, and this version of the code takes them no longer: to guess what they meant
    could order what the user left out, or spend what the user did not allow."""

    def __init__(self, faults: RulesError) -> None:
        told = "; ".join(str(faults).splitlines())
        super().__init__(f"The rules in use are no longer understood; upload a mended rules.toml: {told}")


@dataclass(frozen=True, slots=True)
class KeptRules:
    """The last good version of the rules, and where it came from."""

    rules: Rules
    version: str
    """Of the object."""
    choosing_since: datetime
    """LastModified of the first version that chose names as this one does: since then, without a change between."""
    broken: str | None = None
    """What is wrong with a newer version that was uploaded and is not used."""


@dataclass(frozen=True, slots=True)
class BrokenRules:
    """An uploaded version that is not used, and why."""

    faults: tuple[str, ...]
    """One or more: where it is, what is wrong, what to write instead."""
    version: str
    """Of the object."""
    since: datetime
    """The object's LastModified, UTC."""
    others: bool
    """Whether there are rules that were uploaded before and are used."""


def kept_rules(documents: Documents) -> KeptRules | None:
    """The last good version; None if no good one was ever uploaded.

    Raises RulesOutdated for one that this version of the code no longer takes.
    """
    kept = documents.document(_RULES)
    if kept is None:
        return None
    broken = documents.document(_BROKEN)
    try:
        rules = _parsed(kept["text"])
    except RulesError as error:
        raise RulesOutdated(error) from None
    since = datetime.fromisoformat(kept.get("choosing_since", kept["modified"]))
    return KeptRules(rules, kept["version"], since, broken["message"] if broken else None)


def last_good_rules(documents: Documents) -> Rules:
    """The last good version, or the defaults if there is none. Raises RulesOutdated as `kept_rules` does."""
    kept = kept_rules(documents)
    return kept.rules if kept else Rules()


def keep_rules(store: Store, text: str, *, version: str, modified: datetime) -> Rules | None:
    """Validates an uploaded rules file and keeps it; None if a newer one was seen already.

    Raises RulesError if it is broken: then the last good version stays.
    """
    if _newer_were_seen(store, modified):
        return None
    try:
        rules = parse_rules(text)
    except RulesError as error:
        note_broken_rules(store, error, version=version, modified=modified)
        raise
    since = _choosing_since(store, rules) or modified
    about = {"version": version, "modified": iso(modified)}
    store.put_document(_RULES, {"text": text, "choosing_since": iso(since), **about})
    store.delete_document(_BROKEN)
    return rules


def note_broken_rules(store: Store, error: RulesError, *, version: str, modified: datetime) -> None:
    """Keeps what is wrong with an uploaded file, unless a newer one was seen already."""
    if not _newer_were_seen(store, modified):
        about = {"version": version, "modified": iso(modified)}
        store.put_document(_BROKEN, {"message": in_short(error), **about})


def broken_rules(documents: Documents) -> BrokenRules | None:
    """The newest version that was seen, if it is broken."""
    body = documents.document(_BROKEN)
    if body is None:
        return None
    faults = tuple(body["message"].splitlines())
    others = documents.document(_RULES) is not None
    return BrokenRules(faults, body["version"], datetime.fromisoformat(body["modified"]), others)


def forget_broken_rules(store: Store, version: str) -> None:
    """That version is no longer there: what is wrong with it is nobody's matter any more."""
    body = store.document(_BROKEN)
    if body is not None and body["version"] == version:
        store.delete_document(_BROKEN)


def _newer_were_seen(store: Store, modified: datetime) -> bool:
    seen = filter(None, map(store.document, (_RULES, _BROKEN)))
    return any(datetime.fromisoformat(body["modified"]) > modified for body in seen)


def _choosing_since(store: Store, rules: Rules) -> datetime | None:
    """Since when the rules in use choose as `rules` do; None if they choose otherwise."""
    try:
        kept = kept_rules(store)
    except RulesOutdated:
        return None
    return kept.choosing_since if kept is not None and _choice(kept.rules) == _choice(rules) else None


def _choice(rules: Rules) -> str:
    """All that decides which names are chosen, and how good they are."""
    return rules.model_dump_json(include={"select", "score"})


@lru_cache(maxsize=2)
def _parsed(text: str) -> Rules:
    return parse_rules(text)
