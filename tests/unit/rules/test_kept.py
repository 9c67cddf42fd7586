"""Which version of `rules.toml` is in use, since when it chooses as it does, and what is wrong with a newer one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from backorder.rules import RulesError, broken_rules, keep_rules, kept_rules, last_good_rules, note_broken_rules
from backorder.rules.faults import in_short
from backorder.rules.kept import RulesOutdated, forget_broken_rules
from backorder.store import Store
from local.memory_store import MemoryStore

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANY = "[select]\n"
SHORT = "[select]\nlength = [3, 5]\n"
BROKEN = "[select]\nlenght = 3\nhypens = true\n"


def upload(store: MemoryStore, *texts: str) -> None:
    """Versions 1, 2, … of an hour each; broken ones are refused."""
    for number, text in enumerate(texts, start=1):
        try:
            keep_rules(store, text, version=str(number), modified=NOON + number * HOUR)
        except RulesError:
            assert text == BROKEN


def choosing_since(*texts: str) -> int:
    """Since which version the last one's names are chosen as they are now."""
    store = MemoryStore()
    upload(store, *texts)
    kept = kept_rules(store)
    assert kept is not None
    return (kept.choosing_since - NOON) // HOUR


@pytest.mark.parametrize(
    ("texts", "since"),
    [
        ((ANY,), 1),
        ((ANY, SHORT), 2),
        ((ANY, ANY), 1),
        ((ANY, f"{ANY}[limits]\nper_day = 3\n", f"{ANY}[funding]\nuse_credit = true\n"), 1),
        ((ANY, f"{ANY}[score]\nlength = 9\n"), 2),
        ((SHORT, ANY, SHORT), 3),
        ((ANY, BROKEN, ANY), 1),
    ],
)
def test_only_what_changes_the_choice_or_the_score_begins_to_choose_anew(texts: tuple[str, ...], since: int) -> None:
    assert choosing_since(*texts) == since


def test_without_a_broken_version_nothing_is_told_of_one() -> None:
    store = MemoryStore()
    assert broken_rules(store) is None
    upload(store, ANY)
    assert broken_rules(store) is None


@pytest.mark.parametrize(("texts", "others"), [((BROKEN,), False), ((ANY, BROKEN), True)])
def test_a_broken_version_is_told_with_its_faults_and_whether_others_are_in_use(
    texts: tuple[str, ...], others: bool
) -> None:
    store = MemoryStore()
    upload(store, *texts)
    broken = broken_rules(store)
    assert broken is not None
    assert [fault.split(":")[1] for fault in broken.faults] == [" select.lenght", " select.hypens"]
    assert (broken.version, broken.since) == (str(len(texts)), NOON + len(texts) * HOUR)
    assert broken.others is others


def test_what_is_wrong_with_a_version_is_forgotten_when_that_one_is_deleted() -> None:
    store = MemoryStore()
    forget_broken_rules(store, "1")
    upload(store, ANY, BROKEN)
    forget_broken_rules(store, "1")
    assert broken_rules(store) is not None
    forget_broken_rules(store, "2")
    assert broken_rules(store) is None
    assert kept_rules(store) is not None


def test_a_version_that_is_older_than_one_that_was_seen_changes_nothing_good_or_broken() -> None:
    store = MemoryStore()
    upload(store, ANY, BROKEN)
    between = NOON + 1.5 * HOUR
    assert keep_rules(store, SHORT, version="late", modified=between) is None
    note_broken_rules(store, RulesError("late"), version="late", modified=between)
    kept, broken = kept_rules(store), broken_rules(store)
    assert kept is not None
    assert broken is not None
    assert (kept.version, broken.version) == ("1", "2")
    # An event that comes twice is no older version.
    assert keep_rules(store, SHORT, version="2", modified=NOON + 2 * HOUR) is not None


@pytest.mark.parametrize("use", [kept_rules, last_good_rules])
def test_rules_that_are_no_longer_understood_are_never_guessed(use: Callable[[Store], object]) -> None:
    store = MemoryStore()
    upload(store, ANY)
    kept = store.document("rules")
    assert kept is not None
    store.put_document("rules", {**kept, "text": BROKEN})
    with pytest.raises(RulesOutdated, match=r"upload a mended rules.toml: .*lenght.*; .*hypens"):
        use(store)
    keep_rules(store, SHORT, version="2", modified=NOON + 9 * HOUR)
    mended = kept_rules(store)
    assert mended is not None
    assert mended.choosing_since == NOON + 9 * HOUR


def test_of_thousands_of_faults_the_first_are_told_and_none_is_as_long_as_the_file() -> None:
    faults = [f"{number} {'x' * 400}" for number in range(1254)]
    *told, rest = in_short(RulesError("\n".join(faults))).splitlines()
    assert told == [f"{fault[:300]}…" for fault in faults[:20]]
    assert rest == "and 1,234 more faults"
    just = "\n".join(["x" * 300] * 20)
    assert in_short(RulesError(just)) == just
