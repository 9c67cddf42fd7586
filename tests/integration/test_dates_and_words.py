"""Lists that contradict each other: whose date counts, and what a person said last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from backorder.domain.backorder import Backorder
from backorder.domain.dates import DateSource
from backorder.domain.findings import Kind
from backorder.domain.states import State
from backorder.domain.values import BackorderKey, Source
from ingestion.intake import NEXT_CYCLE
from local.emulator.scripted import Scripted
from planning.plan_submissions import Planning, plan_submissions
from tests.factories import a_date, a_dated_backorder, an_account_status, an_estimated_backorder, usd
from tests.integration.account import REGISTRIES, a_world
from tests.integration.account import World as Account
from tests.lists_world import START, World, counts

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OLD_LISTS = {
    "last week's list of the provider": "gold.com;2026-11-20 16:00:00\n",
    "an export with finalization dates": "Domain Name,FinalizationDate,Bids\ngold.com,2026-11-21 12:00:00,12\n",
    "an export with days": "domain,drop date\ngold.com,2026-11-20\n",
}
WISHES = {
    "dated by the provider": "gold.com;2026-11-27 16:00:00\n",
    "dated by a day": "domain,drop date\ngold.com,2026-11-28\n",
    "undated": "gold.com\n",
}


class _Poor:
    """A provider whose account is empty: money comes tomorrow, and names are held until then."""

    worst_case_seconds = 25.0

    def account(self) -> object:
        return an_account_status(usd("0.00"))


def tick(world: World) -> None:
    planning = Planning(world.store, _Poor(), list, lambda: world.now, 8)  # type: ignore[arg-type]
    plan_submissions(planning, holder="test")


@pytest.mark.parametrize("old", OLD_LISTS)
@pytest.mark.parametrize("wish", WISHES)
def test_a_list_of_the_past_moves_nothing_and_says_so(world: World, wish: str, old: str) -> None:
    world.upload("wanted/mine.csv", WISHES[wish], modified=START - DAY)
    tick(world)
    before = world.backorder("gold.com")
    assert before.state is State.HELD
    summary = world.upload("dropping/old.csv", OLD_LISTS[old], modified=START)
    tick(world)
    assert (world.backorder("gold.com").state, world.backorder("gold.com").schedule.last_chance) == (
        State.HELD,
        before.schedule.last_chance,
    )
    assert "1 name is dated into the past by this list, which moves nothing: gold.com" in summary.notes


def test_the_better_source_counts_whoever_comes_last(world: World) -> None:
    world.upload("wanted/a.csv", "domain,drop date\ngold.com,2026-12-04\n", modified=START)
    world.upload("dropping/b.csv", "gold.com;2026-11-28 16:00:00\n", modified=START + HOUR)
    gold = world.backorder("gold.com")
    assert (gold.dated_by, gold.schedule.finalization_at) == (
        DateSource.PROVIDER,
        datetime(2026, 11, 28, 16, tzinfo=UTC),
    )
    summary = world.upload("dropping/c.csv", "domain,drop date\ngold.com,2026-12-24\n", modified=START + 2 * HOUR)
    assert world.backorder("gold.com").schedule.finalization_at == gold.schedule.finalization_at
    assert "1 name keeps the date of a better source: gold.com" in summary.notes
    assert [said.source for said in world.backorder("gold.com").dates] == ["provider", "user", "other"]


def test_what_is_wanted_anew_keeps_what_better_sources_said_of_this_drop(world: World) -> None:
    world.upload("wanted/a.txt", "gold.com\n", modified=START)
    world.upload("dropping/b.csv", "gold.com;2026-11-28 16:00:00\n", modified=START + HOUR)
    world.upload("cancel/c.txt", "gold.com\n", modified=START + 2 * HOUR)
    world.upload("wanted/d.csv", "domain,drop date\ngold.com,2026-11-20\n", modified=START + 3 * HOUR)
    gold = world.backorder("gold.com")
    assert (gold.key, gold.state) == (BackorderKey("gold.com", 2), State.SELECTED)
    assert gold.schedule.finalization_at == datetime(2026, 11, 28, 16, tzinfo=UTC)


# At the provider


@pytest.fixture
def account() -> Iterator[Account]:
    with a_world(withhold=frozenset({"finalization-date"})) as one:
        yield one


@pytest.mark.parametrize("withheld", [frozenset({"finalization-date"}), frozenset[str]()])
def test_what_is_placed_is_not_taken_back_for_a_date_of_the_past(world: World, withheld: frozenset[str]) -> None:
    with a_world(withhold=withheld) as account:
        world.store, world.now = account.store, START
        account.order("gold.com", "SUCCESSFUL", at=START + 6 * DAY, source=Source.DROPPING)
        world.upload("dropping/old.csv", "gold.com;2026-11-20 16:00:00\n", modified=START + HOUR)
        account.hourly(START + 4 * HOUR)
        assert not account.backorder("gold.com").cancel_requested
        account.hourly(START + 6 * DAY + 5 * HOUR)
        assert account.state("gold.com") is State.SUCCESSFUL


def test_a_wrong_estimate_is_mended_by_the_providers_list_before_anything_is_taken_back(account: Account) -> None:
    """Another list dates it four days early; the application tells no date."""
    wrong = a_date(drop_at=START + HOUR, list="dropping/wrong.csv")
    account.order("gold.com", "SUCCESSFUL", at=START + 4 * DAY, source=Source.DROPPING)
    order = account.backorder("gold.com")
    account.store.replace(order.with_date(wrong, at=START, registries=REGISTRIES))
    account.hourly(START + 4 * HOUR)
    gold = account.backorder("gold.com")
    assert (gold.dated_by, gold.schedule.finalization_at) == (DateSource.PROVIDER, START + 4 * DAY)
    account.hourly(START + 5 * DAY)
    assert account.state("gold.com") is State.SUCCESSFUL


def test_a_stale_order_is_read_before_it_is_taken_back(account: Account) -> None:
    """As long as the provider does not answer for it, it stays."""
    dropped = {"batch_ends_at": START - 2 * DAY, "batch_starts_at": START - 2 * DAY, "deadline": START - 3 * DAY}
    account.order_dormant("gold.com", source=Source.DROPPING, **dropped)
    application = account.backorder("gold.com").application_id
    account.emulator.set_answers([Scripted("StatusDomainApplication", application=application, http=503, times=None)])
    account.at(START + HOUR)
    assert not account.backorder("gold.com").cancel_requested
    account.emulator.set_answers([])
    account.at(START + 2 * HOUR)
    assert account.backorder("gold.com").cancel_requested


ASKED = "QueryDomainPendingDeleteList"


def test_estimates_are_looked_up_each_day_and_in_the_last_36_hours_each_hour(account: Account) -> None:
    """Until the provider has the name on its list, which it has four days before the drop."""
    drop_at = START + 3 * DAY
    account.store.create(an_estimated_backorder("gold.com", drop_at=drop_at, batch_ends_at=drop_at + DAY))

    def asked(hours: int) -> int:
        before = account.emulator.state()["calls"].get(ASKED, 0)
        for _ in range(hours):
            account.at(account.emulator.now + HOUR)
        return int(account.emulator.state()["calls"].get(ASKED, 0) - before)

    assert asked(24) == 2, "in the first run, and in the first one of the next day"
    assert asked(6) == 0
    assert asked(8) == 6, "from 36 hours before 08:45 on"
    account.emulator.schedule("gold.com", finalization_at=drop_at - 2 * HOUR)
    assert asked(1) == 1
    assert account.backorder("gold.com").schedule.finalization_at == drop_at - 2 * HOUR
    assert asked(5) == 0


def test_a_row_of_the_registries_that_the_provider_contradicts_is_found_with_both_times(account: Account) -> None:
    account.store.create(a_dated_backorder("gold.com", finalization_at=START + DAY + 31 * HOUR / 60))
    account.at(START + HOUR)
    [finding] = account.findings()
    assert finding.kind is Kind.REGISTRY_CONTRADICTED
    assert "25 November 12:00 UTC, and the provider says 25 November 12:31 UTC" in finding.advice
    assert '[registries.com] with starts = ["15:31"]' in finding.advice


# The last word

WANTED, CANCEL = ("wanted/a.txt", "gold.com\n"), ("cancel/c.txt", "gold.com\n")
RULES = ("rules.toml", "[select]\nzones = ['com']\n")
CHOSEN = ("dropping/d.csv", "gold.com;2026-11-29 16:00:00\n")


@pytest.mark.parametrize("read_first", ["the wish", "the cancel"])
@pytest.mark.parametrize(
    ("wanted_at", "cancelled_at", "state"),
    [(0, 5, State.CANCELLED), (5, 5, State.CANCELLED), (6, 5, State.SELECTED)],
)
def test_the_last_word_counts_in_whatever_order_lists_are_read(
    world: World, read_first: str, wanted_at: int, cancelled_at: int, state: State
) -> None:
    steps = [(*WANTED, wanted_at), (*CANCEL, cancelled_at)]
    for key, text, minute in steps if read_first == "the wish" else reversed(steps):
        world.upload(key, text, modified=START + timedelta(minutes=minute))
    assert world.backorder("gold.com").state is state


@pytest.mark.parametrize("read_first", ["the deletion list", "the cancel"])
def test_a_cancel_holds_against_the_rules_whenever_they_choose(world: World, read_first: str) -> None:
    world.upload(*RULES, modified=START - HOUR)
    steps = [(*CHOSEN, 5), (*CANCEL, 0)]
    for key, text, minute in steps if read_first == "the deletion list" else reversed(steps):
        world.upload(key, text, modified=START + timedelta(minutes=minute))
    assert world.backorder("gold.com").state is State.CANCELLED


def test_a_cancel_does_not_hold_for_another_drop(world: World) -> None:
    world.upload(*RULES, modified=START - HOUR)
    world.upload(*CANCEL, modified=START)
    world.now = START + NEXT_CYCLE
    dropping = f"gold.com;{START + NEXT_CYCLE + 3 * DAY:%Y-%m-%d} 16:00:00\n"
    world.upload("dropping/d.csv", dropping, modified=world.now)
    assert world.backorder("gold.com").state is State.SELECTED


def test_the_summary_says_that_a_newer_cancel_was_heeded(world: World) -> None:
    world.upload(*CANCEL, modified=START + HOUR)
    summary = world.upload(*WANTED, modified=START)
    assert counts(summary) == (1, 0, 0, 0, 1)
    assert summary.notes == ["1 name is not ordered, for a newer list cancels it: gold.com"]
    assert world.backorder("gold.com").history[-1].why.startswith("cancelled by cancel/c.txt (")


@pytest.mark.parametrize("words", [("cancel", "cancel", "wanted"), ("wanted", "cancel", "wanted")])
def test_each_word_is_as_old_as_its_list(world: World, words: Sequence[str]) -> None:
    """The second cancel, and the second wish, are read before what comes between them in time."""
    world.upload("wanted/first.txt", "gold.com\n", modified=START - HOUR)
    if words[0] == "cancel":
        world.upload("cancel/1.txt", "gold.com\n", modified=START)
        world.upload("cancel/2.txt", "gold.com\n", modified=START + 2 * HOUR)
        world.upload("wanted/3.txt", "gold.com\n", modified=START + HOUR)
        assert world.backorder("gold.com").state is State.CANCELLED
    else:
        world.upload("wanted/2.txt", "gold.com\n", modified=START + 2 * HOUR)
        summary = world.upload("cancel/3.txt", "gold.com\n", modified=START + HOUR)
        assert summary.notes == ["gold.com: a newer list says otherwise"]
        assert world.backorder("gold.com").state is State.SELECTED


def test_a_cancelled_name_that_is_wanted_again_is_told_by_name(world: World) -> None:
    names = "garden-hub.com\nsolarroof.com\n"
    world.upload("wanted/a.txt", names, modified=START)
    world.upload("cancel/c.txt", "garden-hub.com\n", modified=START + HOUR)
    again = world.upload("wanted/b.txt", names, modified=START + 2 * HOUR)
    assert "1 cancelled name is ordered again: garden-hub.com" in again.notes
    assert counts(again) == (2, 0, 0, 1, 1)


def test_a_withdrawal_that_is_not_done_yet_is_called_off_and_told(world: World) -> None:
    world.upload(*WANTED, modified=START)
    world.store.replace(replace(world.backorder("gold.com"), state=State.REQUESTED))
    world.upload(*CANCEL, modified=START + HOUR)
    again = world.upload("wanted/b.txt", "gold.com\n", modified=START + 2 * HOUR)
    assert not world.backorder("gold.com").cancel_requested
    assert "1 cancelled name is ordered again: gold.com" in again.notes


def wish(backorder: Backorder) -> tuple[Decimal, Decimal | None, str | None]:
    return backorder.wish.priority, backorder.wish.max_price, backorder.wish.note


FIRST = "domain,priority,max price,note\ngold.com,1,100,shop\n"
SECOND = "domain,priority,max price,note\ngold.com,9,40,club\n"


@pytest.mark.parametrize("state", [State.SELECTED, State.HELD, State.QUEUED])
def test_a_newer_wanted_list_changes_what_waits(world: World, state: State) -> None:
    world.upload("wanted/a.csv", FIRST, modified=START)
    world.store.replace(replace(world.backorder("gold.com"), state=state))
    summary = world.upload("wanted/b.csv", SECOND, modified=START + HOUR)
    assert wish(world.backorder("gold.com")) == (Decimal(9), Decimal(40), "club")
    assert counts(summary) == (1, 0, 0, 1, 0)
    assert "1 name that waits was changed: gold.com (priority 9, max price 40.00, note)" in summary.notes
    # What the list before said comes too late.
    late = world.upload("wanted/c.csv", FIRST, modified=START + HOUR / 2)
    assert wish(world.backorder("gold.com")) == (Decimal(9), Decimal(40), "club")
    assert not any("changed" in note for note in late.notes)


@pytest.mark.parametrize("state", [State.REQUESTED, State.ACTIVE, State.PROCESSING])
def test_what_is_placed_keeps_its_place(world: World, state: State) -> None:
    world.upload("wanted/a.csv", FIRST, modified=START)
    world.store.replace(replace(world.backorder("gold.com"), state=state))
    summary = world.upload("wanted/b.csv", SECOND, modified=START + HOUR)
    assert wish(world.backorder("gold.com")) == (Decimal(1), Decimal(100), "shop")
    assert "1 name is at the provider already, and stays as it was ordered: gold.com" in summary.notes


def test_what_a_newer_list_leaves_open_stays(world: World) -> None:
    world.upload("wanted/a.csv", FIRST, modified=START)
    world.upload("wanted/b.txt", "gold.com\n", modified=START + HOUR)
    world.upload("wanted/c.csv", "domain,priority\ngold.com,7\n", modified=START + 2 * HOUR)
    assert wish(world.backorder("gold.com")) == (Decimal(7), Decimal(100), "shop")
