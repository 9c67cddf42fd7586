"""A name that is missing from a list was renewed, but only where the list is complete for its zone and day."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from backorder.domain.schedule import Known
from backorder.domain.states import State
from backorder.domain.values import BackorderKey, Origin, Reason, Source
from ingestion.renewals import MOST_DAYS, SAMPLE
from ingestion.summary import ListSummary
from tests.factories import changed
from tests.lists_world import START, World, counts

DAY = date(2026, 12, 1)
OTHERS = [f"other{n:03}.co.uk" for n in range(60)]
OURS = ["shop1.co.uk", "shop2.co.uk"]
RULES = '[select]\nkeywords = { begin = ["shop"] }\n'


def nominet(names: Sequence[str], day: date = DAY) -> str:
    return "roid,domain,drop_time\n" + "".join(f"{n}-UK,{name},{day}T10:00:00Z\n" for n, name in enumerate(names))


def stiftelsen(names: Sequence[str], day: date = DAY) -> str:
    return "".join(f"{name}\t{day}\n" for name in names)


def upload(world: World, text: str | bytes, hours: int, key: str = "dropping/uk.csv") -> ListSummary:
    """So many hours after the start."""
    world.now = START + timedelta(hours=hours)
    return world.upload(key, text, modified=world.now)


def states(world: World) -> set[tuple[BackorderKey, State]]:
    return {(backorder.key, backorder.state) for backorder in world.everything()}


@pytest.fixture
def listed(world: World) -> World:
    """Both of ours were on yesterday's list, and a rule chose them."""
    world.upload("rules.toml", RULES, modified=START)
    assert counts(upload(world, nominet(OTHERS + OURS), 0)) == (62, 0, 60, 0, 2)
    return world


def test_a_name_that_a_rule_chose_is_taken_back_when_the_list_has_it_no_more(listed: World) -> None:
    summary = upload(listed, nominet([*OTHERS[:59], OURS[0]]), 24)
    assert counts(summary) == (60, 0, 59, 1, 0)
    assert "1 no longer on the list, so probably renewed: a rule chose them, and they are taken back." in summary.notes
    gone = listed.backorder(OURS[1])
    assert (gone.state, gone.plan.reason) == (State.CANCELLED, Reason.RENEWED)
    assert gone.history[-1].why == f"renewed: no longer on dropping/uk.csv ({summary.version})"
    assert listed.backorder(OURS[0]).state is State.SELECTED
    [again] = listed.ingest("dropping/uk.csv")
    assert again == summary


@pytest.mark.parametrize("state", [State.SUBMITTING, State.REQUESTED, State.ACTIVE])
def test_what_is_ordered_is_taken_back_at_the_provider(listed: World, state: State) -> None:
    listed.store.replace(replace(listed.backorder(OURS[1]), state=state))
    upload(listed, nominet([*OTHERS, OURS[0]]), 24)
    gone = listed.backorder(OURS[1])
    assert (gone.state, gone.cancel_requested, gone.plan.reason) == (state, True, Reason.RENEWED)


@pytest.mark.parametrize("state", [State.PROCESSING, State.SUCCESSFUL, State.FAILED, State.MISSED])
def test_what_cannot_be_taken_back_is_left_alone(listed: World, state: State) -> None:
    listed.store.replace(replace(listed.backorder(OURS[1]), state=state))
    before = listed.backorder(OURS[1])
    summary = upload(listed, nominet([*OTHERS, OURS[0]]), 24)
    assert listed.backorder(OURS[1]) == before
    assert not any("renewed" in note for note in summary.notes)


def test_what_a_person_wants_stays_and_the_person_is_told(listed: World) -> None:
    upload(listed, "\n".join(OURS), 1, "wanted/mine.txt")
    summary = upload(listed, nominet([*OTHERS, OURS[0]]), 24)
    assert any(
        note.startswith(f"{OURS[1]} is no longer on the list: it was probably renewed.") for note in summary.notes
    )
    assert listed.backorder(OURS[1]).state is State.SELECTED
    # Once: the next list has nothing new to say.
    again = upload(listed, nominet([*OTHERS, OURS[0]])[:-1], 48)
    assert not any("renewed" in note for note in again.notes)


def test_somebody_elses_order_is_left_alone(listed: World) -> None:
    listed.store.replace(
        changed(listed.backorder(OURS[1]), state=State.REQUESTED, application="1", origin=Origin.FOREIGN)
    )
    upload(listed, nominet([*OTHERS, OURS[0]]), 24)
    assert not listed.backorder(OURS[1]).cancel_requested


def test_a_name_that_is_on_a_list_again_is_ordered_again(listed: World) -> None:
    upload(listed, nominet([*OTHERS, OURS[0]]), 24)
    assert listed.backorder(OURS[1]).state is State.CANCELLED
    summary = upload(listed, nominet([*OTHERS, *OURS]) + "\n", 48)
    assert counts(summary) == (62, 0, 60, 1, 1)
    assert listed.backorder(OURS[1]).key == BackorderKey(OURS[1], 2)


def test_a_name_that_is_on_a_list_again_before_it_was_taken_back_stays(listed: World) -> None:
    listed.store.replace(replace(listed.backorder(OURS[1]), state=State.REQUESTED))
    upload(listed, nominet([*OTHERS, OURS[0]]), 24)
    upload(listed, nominet([*OTHERS, *OURS]) + "\n", 48)
    back = listed.backorder(OURS[1])
    assert (back.state, back.cancel_requested, back.plan.reason) == (State.REQUESTED, False, None)


def test_a_cancel_of_a_person_is_not_undone_by_a_list(listed: World) -> None:
    upload(listed, OURS[1], 1, "cancel/mine.txt")
    upload(listed, nominet([*OTHERS, OURS[0]]), 24)
    assert counts(upload(listed, nominet([*OTHERS, *OURS]) + "\n", 48)) == (62, 0, 60, 2, 0)
    assert listed.backorder(OURS[1]).state is State.CANCELLED


@pytest.mark.parametrize("state", [State.SELECTED, State.REQUESTED])
def test_a_cancel_of_a_person_holds_although_it_was_taken_back_before(listed: World, state: State) -> None:
    listed.store.replace(replace(listed.backorder(OURS[1]), state=state))
    upload(listed, nominet([*OTHERS, OURS[0]]), 24)
    assert counts(upload(listed, OURS[1], 25, "cancel/mine.txt")) == (1, 0, 0, 0, 1)
    upload(listed, nominet([*OTHERS, *OURS]) + "\n", 48)
    gone = listed.backorder(OURS[1])
    assert gone.cycle == 1
    assert gone.state is State.CANCELLED or gone.cancel_requested


# What a list that is not complete looks like


@pytest.mark.parametrize(
    ("what", "names"),
    [
        ("filtered by the user", OURS[:1]),
        ("filtered, with some others", [*OTHERS[::2], OURS[0]]),
        ("filtered a little", [name for name in OTHERS if not name.endswith(("7.co.uk", "9.co.uk"))] + OURS[:1]),
        ("without three", OTHERS[1:]),
        ("cut", OTHERS[:30]),
        ("empty", []),
    ],
)
def test_a_list_that_lacks_many_others_too_tells_of_nothing(listed: World, what: str, names: list[str]) -> None:
    before = states(listed)
    upload(listed, nominet(names), 24)
    assert states(listed) == before


def test_a_list_of_other_days_tells_of_nothing(listed: World) -> None:
    """An older one, say, or one that only has the next days."""
    before = listed.everything()
    upload(listed, nominet(OTHERS, DAY + timedelta(days=1)), 24)
    upload(listed, nominet(OTHERS, DAY - timedelta(days=1)), 25)
    assert listed.everything() == before


def test_an_older_list_tells_of_nothing(listed: World) -> None:
    before = listed.everything()
    upload(listed, nominet(OTHERS), -1)
    assert listed.everything() == before
    # And is not what the next one is compared with.
    upload(listed, nominet([*OTHERS, OURS[0]]), 24)
    assert listed.backorder(OURS[1]).state is State.CANCELLED


def test_a_list_that_breaks_off_tells_of_nothing(listed: World) -> None:
    before = listed.everything()
    rng = random.Random(1)
    filler = [f"{rng.getrandbits(60):x}.co.uk" for _ in range(2000)]
    whole = gzip.compress(nominet([*OTHERS, *filler, *OURS]).encode())
    summary = upload(listed, whole[: len(whole) * 9 // 10], 24)
    assert summary.rejected == 1
    assert listed.everything() == before


def test_a_list_with_many_rejects_tells_of_nothing(listed: World) -> None:
    before = listed.everything()
    upload(listed, nominet([*OTHERS, "no_name.co.uk"]), 24)
    assert listed.everything() == before


def test_a_name_in_a_line_that_was_rejected_is_not_missing(listed: World) -> None:
    many = [f"more{n}.co.uk" for n in range(300)]
    upload(listed, nominet([*OTHERS, *many, OURS[0]]) + f"1-UK,{OURS[1].upper()},30/02/2026 25:00\n", 24)
    assert listed.backorder(OURS[1]).state is State.SELECTED


def test_a_list_that_was_read_before_tells_nothing_new(listed: World) -> None:
    upload(listed, nominet([*OTHERS, *OURS, "shop3.co.uk"]), 24)
    assert listed.backorder("shop3.co.uk").state is State.SELECTED
    upload(listed, nominet(OTHERS + OURS), 48, "dropping/again.csv")
    assert listed.backorder("shop3.co.uk").state is State.SELECTED


def test_a_day_of_few_names_tells_of_nothing(world: World) -> None:
    world.upload("rules.toml", RULES, modified=START)
    upload(world, nominet([*OTHERS[:18], OURS[0]]), 0)
    upload(world, nominet(OTHERS[:18]), 24)
    assert world.backorder(OURS[0]).state is State.SELECTED


def test_a_list_that_was_chosen_from_as_a_whole_is_judged_as_well(world: World) -> None:
    world.upload("rules.toml", "", modified=START)
    upload(world, nominet(OTHERS[:30]), 0)
    upload(world, nominet(OTHERS[:29]), 24)
    assert world.backorder(OTHERS[29]).state is State.CANCELLED
    upload(world, nominet(OTHERS[:20]), 48)
    assert {world.backorder(name).state for name in OTHERS[:29]} == {State.SELECTED}


def test_the_day_itself_tells_of_nothing(listed: World) -> None:
    """A list may leave out what has dropped."""
    upload(listed, nominet(OTHERS), 24 * 7)
    assert listed.backorder(OURS[1]).state is State.SELECTED


def test_what_the_provider_said_later_is_left_alone(listed: World) -> None:
    """The registry's list is older than the one on which the provider has the name."""
    upload(listed, f"{OURS[1]};2026-12-01 07:00:00\n", 25, "dropping/provider.csv")
    assert listed.backorder(OURS[1]).schedule.known is Known.FINALIZATION
    upload(listed, nominet([*OTHERS, OURS[0]]), 24)
    assert listed.backorder(OURS[1]).state is State.SELECTED


def test_what_the_provider_dated_before_is_taken_back_like_any_other(listed: World) -> None:
    """Else nothing would ever be, for each name is looked up in the provider's list."""
    upload(listed, f"{OURS[1]};2026-12-01 07:00:00\n", 1, "dropping/provider.csv")
    upload(listed, nominet([*OTHERS, OURS[0]]), 24)
    assert listed.backorder(OURS[1]).plan.reason is Reason.RENEWED


@pytest.mark.parametrize("kind", ["wanted", "cancel"])
def test_a_persons_list_is_never_complete(listed: World, kind: str) -> None:
    upload(listed, nominet(OTHERS), 24, f"{kind}/uk.csv")
    assert listed.backorder(OURS[1]).state is State.SELECTED


def test_the_providers_list_and_an_export_are_never_complete(world: World) -> None:
    world.upload("rules.toml", RULES, modified=START)
    names = [*(f"other{n}.com" for n in range(60)), "shop.com"]
    for form in ("{};2026-12-01 16:00:00\n", "{},2026-12-01\n", "{},12/1/2026 12:00:00 AM,AUC\n"):
        upload(world, "".join(map(form.format, names)), 0)
        upload(world, "".join(map(form.format, names[:-1])), 24)
        assert world.backorder("shop.com").state is State.SELECTED


def test_each_zone_is_judged_by_itself(world: World) -> None:
    world.upload("rules.toml", RULES, modified=START)
    swedish = [f"other{n:03}.se" for n in range(60)]
    upload(world, stiftelsen([*swedish, "shop1.se", "shop2.se"]), 0)
    upload(world, stiftelsen([f"other{n}.nu" for n in range(60)]), 12)
    upload(world, stiftelsen([*swedish, "shop1.se"]), 24)
    assert world.backorder("shop1.se").state is State.SELECTED
    assert world.backorder("shop2.se").state is State.CANCELLED
    # The same registry's JSON is the same list.
    upload(world, '{"data": [' + ",".join(f'{{"name": "{n}", "release_at": "{DAY}"}}' for n in swedish) + "]}", 48)
    assert world.backorder("shop1.se").state is State.CANCELLED


def test_what_is_remembered_is_bounded(world: World) -> None:
    world.upload("rules.toml", RULES, modified=START)
    text = "".join(
        stiftelsen([f"n{n}-{d}.se" for n in range(120)], DAY + timedelta(days=d)) for d in range(MOST_DAYS + 50)
    )
    upload(world, text + stiftelsen(["elsewhere.com"]), 0)
    body = world.store.document("complete#se")
    assert body is not None
    assert len(body["sample"]) == MOST_DAYS
    assert {len(names) for names in body["sample"].values()} == {SAMPLE}
    assert set(body["names"].values()) == {120}
    assert len(json.dumps(body)) < 250_000
    assert world.store.document("complete#com") is None


def test_a_reading_that_was_killed_takes_back_the_rest_when_it_comes_again(
    listed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """What a process does not survive."""

    store_replace = listed.store.replace
    done: list[str] = []

    def die(backorder: object) -> object:
        if done:
            raise Killed
        done.append("one")
        return store_replace(backorder)  # type: ignore[arg-type]

    monkeypatch.setattr(listed.store, "replace", die)
    with pytest.raises(Killed):
        upload(listed, nominet(OTHERS), 24)
    monkeypatch.setattr(listed.store, "replace", store_replace)
    listed.ingest("dropping/uk.csv")
    assert {listed.backorder(name).state for name in OURS} == {State.CANCELLED}
    assert listed.backorder(OURS[0]).wish.source is Source.DROPPING
