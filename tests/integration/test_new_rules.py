"""New rules choose anew from a list that is read again, and judge what was chosen before, until it is ordered."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from backorder.domain.states import State
from backorder.domain.values import BackorderKey, Reason, Source
from ingestion.summary import ListSummary
from tests.lists_world import START, World, counts

ROWS = "domain,bl,max price,drop date\njohn.com,12,,2026-12-01\nlong-name.com,50,49.00,2026-12-01\n"
ANY = "[select]\n"
NO_HYPHENS = "[select]\nhyphens = false\n"
WORDS = "[score]\nlength = 0\npronounceable = 0\nzone = {}\n"
MANY_LINKS = '[select.columns]\nBL = ">= 20"\n'


def rules(world: World, text: str, hours: int) -> None:
    world.upload("rules.toml", text, modified=START + timedelta(hours=hours))


def read(world: World, hours: int, text: str = ROWS, key: str = "dropping/a.csv") -> ListSummary:
    return world.upload(key, text, modified=START + timedelta(hours=hours))


@pytest.fixture
def chosen(world: World) -> World:
    """Both were chosen by the first rules."""
    rules(world, ANY, 0)
    assert counts(read(world, 1)) == (2, 0, 0, 0, 2)
    return world


# What they still choose


@pytest.mark.parametrize("again", [ROWS, f"{ROWS}jane.com,1,,2026-12-01\n"])
def test_new_rules_score_anew_what_they_still_choose(chosen: World, again: str) -> None:
    before = chosen.backorder("john.com")
    rules(chosen, WORDS, 2)
    summary = read(chosen, 3, again, "dropping/b.csv")
    assert "2 already there: chosen anew by newer rules." in summary.notes
    assert summary.duplicates == 2
    john = chosen.backorder("john.com")
    assert (before.wish.priority, john.wish.priority) == (Decimal("9.9"), Decimal("9.8"))
    assert john.wish.chosen == "score 9.8: words *john* 9.8"
    assert (john.wish.place.list, john.wish.place.line, john.state) == ("dropping/a.csv", 2, State.SELECTED)


def test_an_event_that_comes_again_under_new_rules_scores_anew(chosen: World) -> None:
    rules(chosen, WORDS, 2)
    [again] = chosen.ingest("dropping/a.csv")
    assert counts(again) == (2, 0, 0, 0, 2)
    assert chosen.backorder("john.com").wish.priority == Decimal("9.8")
    assert chosen.ingest("dropping/a.csv") == [again]


@pytest.mark.parametrize("state", [State.QUEUED, State.HELD, State.SUBMITTING, State.REQUESTED, State.ACTIVE])
def test_a_score_is_anew_in_any_state_that_may_yet_be_ranked(chosen: World, state: State) -> None:
    chosen.store.replace(replace(chosen.backorder("john.com"), state=state))
    rules(chosen, WORDS, 2)
    read(chosen, 3)
    john = chosen.backorder("john.com")
    assert (john.state, john.wish.priority) == (state, Decimal("9.8"))


def test_what_the_list_says_beside_the_name_is_taken_over_where_it_says_something(chosen: World) -> None:
    rules(chosen, WORDS, 2)
    read(chosen, 3, "domain,max price,note\njohn.com,20.00,look\nlong-name.com,,\n", "dropping/b.csv")
    assert (chosen.backorder("john.com").wish.max_price, chosen.backorder("john.com").wish.note) == (
        Decimal("20.00"),
        "look",
    )
    assert chosen.backorder("long-name.com").wish.max_price == Decimal("49.00")


def test_the_same_choice_in_another_file_changes_nothing(chosen: World) -> None:
    """Other limits are no other choice; and another list, without that column's number, is no reason to drop a name."""
    rules(chosen, MANY_LINKS, 2)
    read(chosen, 3)
    before = chosen.everything()
    rules(chosen, f"{MANY_LINKS}[limits]\nper_day = 5\n[registries.com]\nstarts = ['12:00']\n", 4)
    summary = read(chosen, 5, "domain,bl\nlong-name.com,3\n", "dropping/b.csv")
    assert counts(summary) == (1, 0, 1, 0, 0)
    assert chosen.everything() == before


def test_a_list_that_was_read_late_under_older_rules_undoes_nothing(chosen: World) -> None:
    """A function that began before the rules changed, and ends after another one read the list under the new ones."""
    older = chosen.store.document("rules")
    assert older is not None
    rules(chosen, WORDS, 2)
    read(chosen, 3)
    newer = {(each.key, each.state, each.wish.priority, each.wish.chosen) for each in chosen.everything()}
    chosen.store.put_document("rules", older)
    read(chosen, 4, f"{ROWS}\n", "dropping/b.csv")
    assert {(each.key, each.state, each.wish.priority, each.wish.chosen) for each in chosen.everything()} == newer


def test_rules_that_come_back_are_the_newest(chosen: World) -> None:
    rules(chosen, WORDS, 2)
    read(chosen, 3)
    rules(chosen, ANY, 4)
    read(chosen, 5)
    assert chosen.backorder("john.com").wish.priority == Decimal("9.9")


def test_a_table_of_registries_of_the_user_dates_anew_what_the_list_dates_alike(chosen: World) -> None:
    assert chosen.backorder("john.com").schedule.batch_starts_at == datetime(2026, 12, 1, 19, tzinfo=UTC)
    rules(chosen, f'{ANY}[registries.com]\nstarts = ["12:00"]\n', 2)
    read(chosen, 3)
    john = chosen.backorder("john.com")
    assert john.schedule.batch_starts_at == datetime(2026, 12, 1, 12, tzinfo=UTC)
    assert john.schedule.deadline == datetime(2026, 12, 1, 8, 45, tzinfo=UTC)


# What they choose no more


@pytest.mark.parametrize("state", [State.SELECTED, State.QUEUED, State.HELD])
def test_what_new_rules_leave_out_is_not_ordered_any_more(chosen: World, state: State) -> None:
    chosen.store.replace(replace(chosen.backorder("long-name.com"), state=state))
    rules(chosen, NO_HYPHENS, 2)
    summary = read(chosen, 3)
    assert counts(summary) == (2, 0, 1, 1, 0)
    assert "1 already there: chosen before, left out by newer rules, so no longer ordered." in summary.notes
    gone = chosen.backorder("long-name.com")
    assert (gone.state, gone.plan.reason) == (State.CANCELLED, Reason.LEFT_OUT)
    assert gone.history[-1].why == f"left out by newer rules (hyphens): dropping/a.csv ({summary.version}), line 3"
    assert gone.settled
    assert chosen.ingest("dropping/a.csv") == [summary]


@pytest.mark.parametrize("state", [State.SUBMITTING, State.REQUESTED, State.ACTIVE, State.PROCESSING])
def test_what_is_ordered_stays_ordered_and_the_user_is_told(chosen: World, state: State) -> None:
    chosen.store.replace(replace(chosen.backorder("long-name.com"), state=state))
    before = chosen.backorder("long-name.com")
    rules(chosen, NO_HYPHENS, 2)
    summary = read(chosen, 3)
    told = "1 already there: left out by newer rules, but ordered before: put it into cancel/ to take it back."
    assert (told in summary.notes) == (state is not State.PROCESSING)
    assert chosen.backorder("long-name.com") == before


def test_what_a_person_wants_is_left_alone_whatever_the_rules_say(chosen: World) -> None:
    read(chosen, 2, "domain,priority\nlong-name.com,3\njohn.com,4\n", "wanted/mine.csv")
    before = chosen.everything()
    for hours, text in enumerate((NO_HYPHENS, WORDS), 3):
        rules(chosen, text, hours)
        read(chosen, hours)
    assert chosen.everything() == before
    assert chosen.backorder("long-name.com").wish.source is Source.WANTED


def test_what_no_list_has_again_is_left_alone(chosen: World) -> None:
    before = chosen.backorder("long-name.com")
    rules(chosen, NO_HYPHENS, 2)
    read(chosen, 3, "jane.com\n", "dropping/b.csv")
    assert chosen.backorder("long-name.com") == before


@pytest.mark.parametrize("order", [1, -1])
def test_under_the_newest_rules_it_is_enough_that_one_list_has_what_they_ask_for(chosen: World, order: int) -> None:
    rules(chosen, MANY_LINKS, 2)
    lists = ["domain,bl,n\nlong-name.com,3,1\n", "domain,bl,n\nlong-name.com,30,1\n"][::order]
    for hours, text in enumerate(lists, 3):
        read(chosen, hours, text, f"dropping/{hours}.csv")
    assert chosen.backorder("long-name.com").state is State.SELECTED


def test_rules_that_choose_a_name_again_order_it_again(chosen: World) -> None:
    rules(chosen, NO_HYPHENS, 2)
    read(chosen, 3)
    rules(chosen, WORDS, 4)
    [again] = chosen.ingest("dropping/a.csv")
    assert counts(again) == (2, 0, 0, 1, 1)
    back = chosen.backorder("long-name.com")
    assert (back.key, back.state) == (BackorderKey("long-name.com", 2), State.SELECTED)
    assert chosen.ingest("dropping/a.csv") == [again]


def test_older_rules_do_not_choose_again_what_newer_ones_left_out(chosen: World) -> None:
    older = chosen.store.document("rules")
    assert older is not None
    rules(chosen, NO_HYPHENS, 2)
    read(chosen, 3)
    chosen.store.put_document("rules", older)
    read(chosen, 4, f"{ROWS}\n", "dropping/b.csv")
    assert chosen.backorder("long-name.com").state is State.CANCELLED


def test_what_is_left_out_is_not_chosen_again_when_it_is_too_late(chosen: World) -> None:
    rules(chosen, NO_HYPHENS, 2)
    read(chosen, 3)
    rules(chosen, ANY, 4)
    chosen.now = START + timedelta(days=30)
    read(chosen, 5)
    assert chosen.backorder("long-name.com").state is State.CANCELLED


def test_a_cancel_of_a_person_holds_whatever_later_rules_choose(chosen: World) -> None:
    rules(chosen, NO_HYPHENS, 2)
    read(chosen, 3)
    assert counts(read(chosen, 4, "long-name.com\n", "cancel/mine.txt")) == (1, 0, 0, 0, 1)
    rules(chosen, ANY, 5)
    assert counts(read(chosen, 6)) == (2, 0, 0, 2, 0)
    assert chosen.backorder("long-name.com").state is State.CANCELLED
    assert chosen.backorder("long-name.com").plan.reason is None


def test_a_person_may_want_what_the_rules_left_out(chosen: World) -> None:
    rules(chosen, NO_HYPHENS, 2)
    read(chosen, 3)
    read(chosen, 4, "long-name.com\n", "wanted/mine.txt")
    assert chosen.backorder("long-name.com").wish.source is Source.WANTED
    assert chosen.backorder("long-name.com").state is State.SELECTED


def test_what_the_rules_left_out_is_chosen_anew_at_its_next_drop(chosen: World) -> None:
    rules(chosen, NO_HYPHENS, 2)
    read(chosen, 3)
    rules(chosen, ANY, 4)
    read(chosen, 5, "domain,drop date\nlong-name.com,2028-12-01\n", "dropping/later.csv")
    assert chosen.backorder("long-name.com").dates[0].drop_day == datetime(2028, 12, 1, tzinfo=UTC).date()


def test_a_name_on_a_list_twice_is_chosen_where_one_of_its_lines_has_what_is_asked_for(chosen: World) -> None:
    rules(chosen, MANY_LINKS, 2)
    for order in (1, -1):
        rows = ["john.com,3\n", "john.com,30\n"][::order]
        read(chosen, 3 + order, f"domain,bl\n{''.join(rows)}", f"dropping/{order}.csv")
        assert chosen.backorder("john.com").state is State.SELECTED
