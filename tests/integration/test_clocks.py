"""A provider whose clock is off: no order of ours is called foreign, and no stranger's ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from backorder.documents.halt import halt
from backorder.domain.states import State
from backorder.domain.values import Origin
from backorder.runtime.messages import Batch
from local.emulator import Delivery, EmulatorServer, Options
from local.emulator.options import Duplicates
from tests.factories import NOW, a_backorder
from tests.integration.test_submission import DUPLICATES, Provision, World, a_list_without_names

SECOND = timedelta(seconds=1)
QUESTION = "QueryDomainApplicationList"
OFF = (-3600, -90, -31, 31, 90, 3600)


class Undated(Provision):
    """Something in between takes the times off the answers."""

    date = "no date"


@contextmanager
def a_world(ahead_s: float = 0, *, kind: type[Provision] = Provision, **options: Any) -> Iterator[World]:
    with EmulatorServer(kind(Options(start=NOW, clock_ahead=ahead_s * SECOND, **options))) as server:
        assert isinstance(server.emulator, Provision)
        yield World(server.emulator, server.url)


def planned(world: World) -> list[Batch]:
    """What a tick sends, without anybody's working on it."""
    world.plan()
    batches = list(world.sent)
    world.sent.clear()
    return [batch for batch in batches if batch.kind == "order"]


def wanted(world: World, *domains: str) -> None:
    world.has(*(a_backorder(domain) for domain in domains))


def by_hand(world: World, domain: str) -> str:
    """Somebody else orders it in the same account; gives the application's id."""
    with world.provider() as provider:
        return provider.place(domain).id


def whose(world: World, domain: str = "john.com") -> tuple[State, Origin | None, str | None]:
    found = world.backorder(domain)
    return found.state, found.origin, found.application_id


@pytest.mark.parametrize("ahead_s", [-29, -10, 0, 10, 28])
def test_where_the_clocks_are_known_to_agree_nothing_is_asked(ahead_s: int) -> None:
    with a_world(ahead_s) as world:
        wanted(world, "john.com")
        world.tick()
        assert whose(world)[:2] == (State.REQUESTED, Origin.OURS)
        assert world.emulator.state()["calls"] == {"StatusAccount": 1, "AddDomainApplication": 1}


@pytest.mark.parametrize("ahead_s", OFF)
def test_where_they_do_not_each_name_is_asked_for_once_and_ours_is_ours(ahead_s: int) -> None:
    with a_world(ahead_s) as world:
        wanted(world, "john.com", "jane.com")
        world.tick()
        assert {whose(world, name)[:2] for name in ("john.com", "jane.com")} == {(State.REQUESTED, Origin.OURS)}
        assert world.emulator.state()["calls"] == {"StatusAccount": 1, QUESTION: 2, "AddDomainApplication": 2}


@pytest.mark.parametrize("ahead_s", OFF)
@pytest.mark.parametrize("duplicates", DUPLICATES)
def test_a_strangers_that_stood_there_is_never_ours(ahead_s: int, duplicates: Duplicates) -> None:
    with a_world(ahead_s, duplicates=duplicates) as world:
        theirs = by_hand(world, "john.com")
        world.later(5 * SECOND)
        wanted(world, "john.com")
        world.tick()
        assert whose(world) == (State.REQUESTED, Origin.FOREIGN, theirs)
        assert world.emulator.state()["calls"]["AddDomainApplication"] == 1, "nothing was ordered beside it"


@pytest.mark.parametrize("ahead_s", OFF)
@pytest.mark.parametrize("fault", ["timeout_after", "reset_after", "cut"])
def test_an_order_whose_answer_was_lost_is_found_as_ours(ahead_s: int, fault: str) -> None:
    with a_world(ahead_s) as world:
        wanted(world, "john.com")
        [batch] = planned(world)
        assert batch.look_first
        right = world.emulator.exchange

        def exchange(fields: Mapping[str, str]) -> Delivery:
            answer = right(fields)
            lost = fields.get("COMMAND") == "AddDomainApplication"
            return replace(answer, body=b"", ending="close") if lost else answer

        world.emulator.exchange = exchange  # type: ignore[method-assign]
        world.handle(batch)
        assert whose(world)[0] is State.SUBMITTING
        world.ask_until_all_is_known()
        state, origin, application = whose(world)
        assert (state, origin) == (State.REQUESTED, Origin.OURS)
        assert application is not None
        assert world.emulator.state()["created"] == 1


@pytest.mark.parametrize("duplicates", DUPLICATES)
def test_an_application_that_had_ended_does_not_stand_in_the_way(duplicates: Duplicates) -> None:
    with a_world(-90, duplicates=duplicates) as world:
        theirs = by_hand(world, "john.com")
        world.emulator.schedule("john.com", drop_at=NOW + timedelta(hours=4), outcome="FAILED")
        world.later(timedelta(hours=5))
        world.emulator.schedule("john.com", drop_at=NOW + timedelta(days=30))
        wanted(world, "john.com")
        world.tick()
        world.ask_until_all_is_known()
        state, origin, application = whose(world)
        assert (state, origin) == (State.REQUESTED, Origin.OURS)
        assert application != theirs


def test_without_times_on_the_answers_the_first_order_tells_how_the_clocks_differ() -> None:
    with a_world(5, kind=Undated) as world:
        wanted(world, "john.com")
        [first] = planned(world)
        world.handle(first)
        wanted(world, "jane.com")
        [second] = planned(world)
        assert (first.look_first, second.look_first) == (True, False)
    with a_world(-90, kind=Undated) as world:
        wanted(world, "john.com")
        world.tick()
        assert whose(world)[:2] == (State.REQUESTED, Origin.OURS)
        wanted(world, "jane.com")
        assert [batch.look_first for batch in planned(world)] == [True]


@pytest.mark.parametrize(
    "answer", ["CODE=421\r\nDESCRIPTION=Server error; client should try again", a_list_without_names(1)]
)
def test_nothing_is_ordered_before_it_is_told_what_stands_there(answer: str) -> None:
    with a_world(90) as world:
        wanted(world, "john.com")
        [batch] = planned(world)
        world.say(answer, to=QUESTION)
        outcomes = world.handle(batch)
        assert outcomes == Counter({"given back": 1})
        assert (whose(world)[0], world.backorder().claim) == (State.SELECTED, None)
        assert "AddDomainApplication" not in world.emulator.state()["calls"]
        world.say(None)
        world.tick()
        assert whose(world)[:2] == (State.REQUESTED, Origin.OURS)


def test_a_name_of_which_the_provider_will_not_tell_is_ordered_all_the_same() -> None:
    with a_world(90) as world:
        wanted(world, "john.com")
        [batch] = planned(world)
        world.say("CODE=549\r\nDESCRIPTION=Command failed", to=QUESTION)
        assert world.handle(batch) == Counter(placed=1)


@pytest.mark.parametrize("calls", [1, 8])
def test_after_a_question_that_halts_no_call_starts(calls: int) -> None:
    with a_world(90) as world:
        world.password, world.pool_size = "wr0ng", calls
        world.queue(*(f"name{number}.com" for number in range(60)))
        world.work(look_first=True)
        assert 1 <= world.emulator.state()["calls"][QUESTION] <= calls
        assert "AddDomainApplication" not in world.emulator.state()["calls"]
        assert world.states() == Counter({State.SELECTED: 60})
        assert all(backorder.claim is None for backorder in world.store.backorders())
        assert halt(world.store) is not None
