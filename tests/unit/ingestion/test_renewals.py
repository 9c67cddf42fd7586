"""When the absence of a name from a list is believed: pure cases, and all kinds of lists against the rule itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from backorder.domain.domains import parse_domain
from ingestion.reading import Entry
from ingestion.reading.formats import FORMATS
from ingestion.renewals import COMPLETE, FEWEST, GONE, SAMPLE, STILL_THERE, Survey
from local.memory_store import MemoryStore
from tests.factories import NOW

DAY = date(2026, 12, 1)
HOUR = timedelta(hours=1)
OURS = "ours.co.uk"


def others(number: int, first: int = 0) -> list[str]:
    return [f"other{n:03}.co.uk" for n in range(first, first + number)]


def read(store: MemoryStore, names: Sequence[str], at: datetime, *, ours: Sequence[str] = (OURS,)) -> set[str]:
    """The names of ours of which a list, uploaded at that moment, says that they were renewed. It is remembered."""
    survey = Survey(store, "Nominet", at, ours)
    for line, name in enumerate(names, start=1):
        survey.note(Entry(line, parse_domain(name), drop_day=DAY))
    gone = {name for name, days in survey.missing(rejected=0, entries=len(names)) if DAY in days}
    survey.keep([])
    return gone


def gone_between(before: Sequence[str], after: Sequence[str], *, later: timedelta = HOUR) -> bool:
    """Whether our name, which the first list has and the second lacks, is believed to be renewed."""
    store = MemoryStore()
    read(store, [*before, OURS], NOW)
    return OURS in read(store, after, NOW + later)


@pytest.mark.parametrize(("left", "believed"), [(76, True), (75, False)])
def test_a_list_of_the_same_size_with_other_names_on_it_is_another_choice_of_names(left: int, believed: bool) -> None:
    """Filtered by whoever put it in, and filled up with what is new."""
    assert gone_between(others(80), [*others(left), *others(80 - left, first=500)]) is believed


@pytest.mark.parametrize(("number", "believed"), [(FEWEST - 1, True), (FEWEST - 2, False)])
def test_of_a_day_with_few_names_nothing_is_concluded(number: int, believed: bool) -> None:
    """Ours is one of the names."""
    assert gone_between(others(number), others(number)) is believed


@pytest.mark.parametrize(
    ("number", "fewer", "believed"), [(60, 2, True), (60, 3, False), (299, 9, True), (299, 10, False)]
)
def test_a_list_may_be_shorter_by_two_names_or_three_in_a_hundred(number: int, fewer: int, believed: bool) -> None:
    """Ours is one of those that are fewer."""
    assert gone_between(others(number), others(number - fewer + 1)) is believed


@pytest.mark.parametrize(("later", "believed"), [(HOUR, True), (timedelta(0), False), (-HOUR, False)])
def test_only_a_newer_list_tells_what_was_renewed(later: timedelta, believed: bool) -> None:
    assert gone_between(others(60), others(60), later=later) is believed


def test_a_list_that_was_put_in_between_two_others_and_arrives_last_tells_of_nothing() -> None:
    """What it lacks may have come back since."""
    store = MemoryStore()
    read(store, [*others(60), OURS], NOW)
    read(store, [*others(60), OURS], NOW + 2 * HOUR)
    assert read(store, others(60), NOW + HOUR) == set()
    # Nor is it what the next one is compared with.
    assert read(store, others(60), NOW + 3 * HOUR) == {OURS}


def is_believed(before: Sequence[str], after: Sequence[str]) -> bool:
    """The rule, for lists of which every name is in the sample."""
    kept = set(before) - {OURS}
    shorter_by = len(before) - len(after)
    return (
        len(before) >= FEWEST
        and shorter_by <= max(2, GONE * len(before))
        and len(kept & set(after)) >= STILL_THERE * len(kept)
    )


@settings(max_examples=60)
@given(
    number=st.integers(FEWEST - 4, SAMPLE - 1),
    taken_out=st.integers(0, 8),
    put_in=st.integers(0, 8),
    hours=st.integers(-2, 2),
)
@example(number=60, taken_out=0, put_in=0, hours=1)
@example(number=60, taken_out=4, put_in=4, hours=1)
@example(number=60, taken_out=3, put_in=3, hours=1)
@example(number=60, taken_out=2, put_in=0, hours=1)
@example(number=60, taken_out=0, put_in=0, hours=-1)
def test_an_older_or_a_filtered_list_cancels_no_name(number: int, taken_out: int, put_in: int, hours: int) -> None:
    before, after = others(number), others(number)[taken_out:] + others(put_in, first=500)
    believed = hours > 0 and is_believed([*before, OURS], after)
    assert gone_between(before, after, later=hours * HOUR) is believed


def test_of_lists_that_are_complete_each_reject_is_read_each_time() -> None:
    """A name in it is not missing."""
    assert {form.rows for form in FORMATS if form.name in COMPLETE} == {None}
