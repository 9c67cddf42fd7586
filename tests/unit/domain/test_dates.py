"""Who says when a domain drops, and whose date counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorder.domain.dates import DateSource, DateStatement, decisive, inherited, schedule_of, with_statement
from backorder.domain.registries import Registries
from backorder.domain.schedule import FINALIZATION_LEAD, MARGIN, UNDATED, Known
from ingestion.date_sources import date_source
from ingestion.summary import Kind
from tests.factories import NOW, a_backorder, a_date

REGISTRIES = Registries.load()
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FRIDAY = datetime(2026, 11, 27, 16, tzinfo=NOW.tzinfo)
MONDAY = FRIDAY + 3 * DAY


def known(statements: Iterable[DateStatement]) -> tuple[DateStatement, ...]:
    kept: tuple[DateStatement, ...] = ()
    for statement in statements:
        kept = with_statement(kept, statement, zone="com", registries=REGISTRIES)
    return kept


def deadline(*statements: DateStatement) -> datetime | None:
    return schedule_of(known(statements), zone="com", registries=REGISTRIES).deadline


_moments = st.integers(-20 * 24, 40 * 24).map(lambda hours: NOW + hours * HOUR)
_statements = st.builds(
    DateStatement,
    source=st.sampled_from(DateSource),
    said_at=_moments,
    list=st.sampled_from(["a", "b"]),
    drop_at=_moments,
)
_told = st.lists(_statements, max_size=8, unique_by=lambda said: said.said_at)


@given(_told, st.randoms())
def test_the_order_in_which_statements_come_does_not_matter(statements: list[DateStatement], chance: object) -> None:
    shuffled = list(statements)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert known(shuffled) == known(statements)


@given(_told, _statements)
def test_no_statement_moves_a_date_of_a_higher_rank(statements: list[DateStatement], later: DateStatement) -> None:
    before = known(statements)
    counts = decisive(before)
    if counts is not None and counts.source.rank < later.source.rank:
        assert decisive(known([*statements, later])) == counts
        assert deadline(*statements, later) == deadline(*statements)


@given(_told)
def test_the_newest_of_the_highest_rank_counts(statements: list[DateStatement]) -> None:
    counts = decisive(known(statements))
    if not statements:
        assert counts is None
        assert schedule_of((), zone="com", registries=REGISTRIES) == UNDATED
        return
    best = min(statement.source.rank for statement in statements)
    assert counts == max((s for s in statements if s.source.rank == best), key=lambda s: s.said_at)


@given(_told)
def test_of_each_source_one_statement_is_kept(statements: list[DateStatement]) -> None:
    kept = known(statements)
    assert [each.source for each in kept] == sorted({s.source for s in statements}, key=lambda source: source.rank)
    assert known([*statements, *statements]) == kept


def test_the_ranks_are_those_of_the_documentation() -> None:
    assert [str(source) for source in sorted(DateSource, key=lambda source: source.rank)] == [
        *("application", "provider", "registry", "user", "other")
    ]


def test_a_day_that_repeats_a_moment_of_the_same_source_is_no_news_and_another_day_is() -> None:
    exact = a_date(finalization_at=FRIDAY, list="a")
    day = a_date(drop_day=FRIDAY.date(), said_at=NOW + HOUR, list="b")
    assert known([exact, day]) == (replace(exact, said_at=NOW + HOUR),)
    other = replace(day, drop_day=(FRIDAY + 4 * DAY).date())
    assert known([exact, other]) == (other,)


@pytest.mark.parametrize(
    ("first", "second", "stays"),
    [
        ({"drop_at": FRIDAY}, {"drop_day": FRIDAY.date()}, True),
        ({"finalization_at": FRIDAY}, {"drop_at": FRIDAY + HOUR}, True),
        ({"finalization_at": FRIDAY}, {"drop_day": FRIDAY.date()}, True),
        ({"drop_day": FRIDAY.date()}, {"drop_at": FRIDAY}, False),
        ({"drop_day": FRIDAY.date()}, {"finalization_at": FRIDAY}, False),
        ({"drop_at": FRIDAY}, {"finalization_at": FRIDAY}, False),
        ({"drop_at": FRIDAY}, {"drop_at": FRIDAY + HOUR}, False),
        # .com drops at 19:00 UTC in November.
        ({"drop_at": FRIDAY.replace(hour=19)}, {"drop_day": (FRIDAY + 2 * DAY).date()}, True),
        ({"drop_at": FRIDAY.replace(hour=19)}, {"drop_day": (FRIDAY - 2 * DAY).date()}, True),
        ({"drop_at": FRIDAY.replace(hour=18)}, {"drop_day": (FRIDAY + 2 * DAY).date()}, False),
        ({"drop_at": FRIDAY.replace(hour=20)}, {"drop_day": (FRIDAY - 2 * DAY).date()}, False),
    ],
)
def test_only_what_is_less_exact_and_two_days_apart_at_most_is_no_news(
    first: dict[str, Any], second: dict[str, Any], stays: bool
) -> None:
    before, said = a_date(**first), a_date(said_at=NOW + HOUR, **second)
    assert known([before, said]) == (replace(before, said_at=NOW + HOUR) if stays else said,)


def test_a_list_that_is_read_again_may_have_no_moment_any_more() -> None:
    first, second = a_date(drop_at=FRIDAY, list="a"), a_date(drop_day=FRIDAY.date(), list="a")
    assert known([first, second]) == (second,)


def test_of_one_source_the_newest_counts_whichever_comes_first() -> None:
    old, new = a_date(drop_at=FRIDAY), a_date(drop_at=MONDAY, said_at=NOW + HOUR)
    assert decisive([old, new]) == decisive([new, old]) == new


def test_what_one_list_contradicts_another_may_make_exact() -> None:
    provider = a_date(DateSource.PROVIDER, finalization_at=FRIDAY)
    other = a_date(DateSource.OTHER, drop_at=FRIDAY + 5 * HOUR)
    for drop_at in (MONDAY, FRIDAY - DAY):
        contradicts = a_date(DateSource.REGISTRY, drop_at=drop_at)
        moments = schedule_of([provider, contradicts, other], zone="com", registries=REGISTRIES)
        assert moments.batch_starts_at == FRIDAY + 5 * HOUR


def test_reports_tell_each_source_in_words() -> None:
    assert DateSource.USER.in_words == "a wanted list"
    assert len({source.in_words for source in DateSource}) == len(DateSource)


def test_a_list_that_is_read_again_says_what_it_says_by_the_registries_of_now() -> None:
    first, second = a_date(drop_at=FRIDAY, list="a"), a_date(drop_at=MONDAY, list="a")
    assert known([first, second]) == (second,)
    for another in ("another of the same second", "A"):
        assert known([first, replace(second, list=another)]) == (first,)


def test_the_moment_of_the_drop_is_what_the_best_list_says_that_agrees_with_the_finalization_date() -> None:
    provider = a_date(DateSource.PROVIDER, finalization_at=FRIDAY)
    registry = a_date(DateSource.REGISTRY, drop_at=FRIDAY + 4 * HOUR)
    other = a_date(DateSource.OTHER, drop_at=FRIDAY + 5 * HOUR)
    moments = schedule_of(known([other, provider, registry]), zone="com", registries=REGISTRIES)
    assert (moments.deadline, moments.batch_starts_at) == (FRIDAY - MARGIN, FRIDAY + 4 * HOUR)
    elsewhere = replace(registry, drop_at=MONDAY)
    moments = schedule_of(known([provider, elsewhere]), zone="com", registries=REGISTRIES)
    assert moments.batch_starts_at == FRIDAY + FINALIZATION_LEAD


@pytest.mark.parametrize(
    ("said", "is_past"),
    [
        ({"finalization_at": NOW}, True),
        ({"finalization_at": NOW + HOUR}, False),
        ({"drop_at": NOW - HOUR}, True),
        # .com drops at 19:00 UTC in November, and it is noon.
        ({"drop_day": NOW.date()}, False),
        ({"drop_day": (NOW - DAY).date()}, True),
    ],
)
def test_a_statement_is_past_once_the_moment_that_it_names_is_over(said: dict[str, Any], is_past: bool) -> None:
    assert a_date(**said).is_past("com", REGISTRIES, NOW) is is_past


def test_the_date_of_an_application_that_is_gone_is_the_providers_of_then() -> None:
    own = a_date(DateSource.APPLICATION, finalization_at=FRIDAY, said_at=NOW)
    assert inherited([own]) == (replace(own, source=DateSource.PROVIDER),)
    later = a_date(DateSource.PROVIDER, finalization_at=MONDAY, said_at=NOW + HOUR)
    assert inherited([own, later]) == (later,)
    for said_at in (NOW - HOUR, NOW):
        assert inherited([own, replace(later, said_at=said_at)]) == (replace(own, source=DateSource.PROVIDER),)


@pytest.mark.parametrize(
    ("kind", "recognised_as", "zone", "source"),
    [
        ("wanted", "provider", "com", DateSource.PROVIDER),
        ("dropping", "provider", "com", DateSource.PROVIDER),
        ("dropping", "Nominet", "co.uk", DateSource.REGISTRY),
        ("wanted", "Internetstiftelsen", "se", DateSource.REGISTRY),
        # A registry knows nothing of others' zones.
        ("wanted", "Nominet", "com", DateSource.OTHER),
        ("wanted", "table", "com", DateSource.USER),
        ("wanted", "plain text", "com", DateSource.USER),
        ("wanted", "Pool.com", "com", DateSource.OTHER),
        ("dropping", "table", "com", DateSource.OTHER),
    ],
)
def test_a_list_counts_by_what_it_is_and_where_it_was_put(
    kind: Kind, recognised_as: str, zone: str, source: DateSource
) -> None:
    assert date_source(kind, recognised_as, zone) is source


def test_a_finalization_date_that_is_heard_of_after_its_deadline_was_not_known_in_time() -> None:
    said = a_date(DateSource.APPLICATION, finalization_at=FRIDAY)
    at_once = a_backorder().with_date(said, at=FRIDAY - MARGIN, registries=REGISTRIES)
    late = a_backorder().with_date(said, at=FRIDAY - MARGIN + HOUR / 60, registries=REGISTRIES)
    assert (at_once.schedule.known, late.schedule.known) == (Known.FINALIZATION, Known.ESTIMATED)
    assert late.schedule.deadline == at_once.schedule.deadline
    # Said once more later, it is as known as it was.
    again = at_once.with_date(replace(said, said_at=MONDAY), at=MONDAY, registries=REGISTRIES)
    assert again.schedule.known is Known.FINALIZATION
