"""The worker against the emulator over loopback HTTP: whatever happens on the way, there is one application a name."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args

import pytest

from backorder.documents.halt import Halt, halt, halt_line, zone_halts
from backorder.domain.backoff import LONGEST
from backorder.domain.backorder import Backorder
from backorder.domain.schedule import MARGIN
from backorder.domain.states import State
from backorder.domain.values import BackorderKey, Call, Origin, Reason, Refusal
from backorder.rules import keep_rules
from backorder.runtime.messages import Batch
from backorder.store import Store
from local.emulator import Delivery, Emulator, EmulatorServer, Options
from local.emulator.options import Duplicates
from local.memory_store import MemoryStore
from local.world.by_hand import Pipeline
from planning.plan_submissions import TICK
from submission.place import MOST_FAILURES, PATIENCE
from tests.factories import (
    NOW,
    a_backorder,
    a_claim,
    a_dated_backorder,
    a_placed_backorder,
    an_estimated_backorder,
    changed,
    moved,
    refused_words,
)

PASSWORD = "test.passw0rd"
NAMES = tuple(f"name{number}.com" for number in range(8))
DUPLICATES: tuple[Duplicates, ...] = get_args(Duplicates)
LATER_QUESTION = timedelta(seconds=61)
LEASE_OVER = timedelta(seconds=181)


def a_list_without_names(total: int) -> str:
    """Complete where the total is none; else one that moved while it was read, so that all names slipped through."""
    lines = {"FIRST": 0, "COUNT": 0, "LAST": 0, "LIMIT": 1000, "TOTAL": total}
    properties = "\r\n".join(f"PROPERTY[{name}][0]={value}" for name, value in lines.items())
    return f"CODE=200\r\nDESCRIPTION=Command completed successfully\r\n{properties}"


class Provision(Emulator):
    """The emulator, which can also be told what to answer to an order, or to another command: codes that it never comes
    to by itself."""

    saying: str | None = None
    saying_to = "AddDomainApplication"
    said: int = 0

    def exchange(self, fields: Mapping[str, str]) -> Delivery:
        if self.saying is not None and fields.get("COMMAND") == self.saying_to:
            self.said += 1
            return Delivery(f"[RESPONSE]\r\n{self.saying}\r\nEOF\r\n".encode())
        return super().exchange(fields)


@dataclass
class World(Pipeline[Provision]):
    """One account at the emulator, one store, and workers on them."""

    pool_size: int = 8

    def has(self, *backorders: Backorder) -> None:
        for backorder in backorders:
            self.store.create(backorder)

    def queue(self, *domains: str, **changes: Any) -> None:
        self.has(*(a_queued_backorder(domain, **changes) for domain in domains))

    def work(
        self,
        kind: str = "order",
        *,
        domains: Sequence[str] | None = None,
        store: Store | None = None,
        seconds_left: Callable[[], float] = lambda: 100.0,
        probe: bool = False,
        look_first: bool = False,
    ) -> Counter[str]:
        """One message about `domains`, or about all that the store has."""
        known = [backorder.domain for backorder in self.store.backorders()]
        keys = [BackorderKey(domain, 1) for domain in (known if domains is None else domains)]
        batch = Batch.model_validate({"kind": kind, "backorders": keys, "probe": probe, "look_first": look_first})
        return self.handle(batch, store=store, seconds_left=seconds_left)

    def tick(self) -> None:
        """Plans, and works through what was queued."""
        self.plan()
        self.submit()

    def say(self, answer: str | None, to: str = "AddDomainApplication") -> None:
        """What the emulator answers to a command from now on; None: what it comes to by itself."""
        self.emulator.saying, self.emulator.saying_to = answer, to

    @contextmanager
    def faults(self, *kinds: str, seed: int = 1) -> Iterator[None]:
        """Each call is struck."""
        patient = self.read_timeout
        if any(kind.startswith("timeout") for kind in kinds):
            self.read_timeout = 0.4
        self.emulator.set_faults(1.0, kinds, seed=seed)
        yield
        self.emulator.set_faults(0.0)
        self.read_timeout = patient

    def later(self, time: timedelta) -> None:
        self.emulator.advance_by(time.total_seconds())

    def ask_until_all_is_known(self, times: int = 6) -> None:
        for _ in range(times):
            self.later(LATER_QUESTION)
            self.work("ask")

    def backorder(self, domain: str = "john.com") -> Backorder:
        found = self.store.get(BackorderKey(domain, 1))
        assert found is not None
        return found

    def states(self) -> Counter[State]:
        return Counter(backorder.state for backorder in self.store.backorders())

    def applications(self) -> Counter[str]:
        """How many there are a domain."""
        return Counter(application["domain"] for application in self.emulator.state()["applications"])

    def calls(self, command: str = "AddDomainApplication") -> int:
        number: int = self.emulator.state()["calls"].get(command, 0)
        return number

    def order_by_hand(self, domain: str) -> None:
        """Somebody orders with the same login, at the provider's web page perhaps."""
        answer = self.emulator.call(
            {
                "s_entity": "1234",
                "s_login": "test.user",
                "s_pw": PASSWORD,
                "command": "AddDomainApplication",
                "class": "BACKORDER",
                "domain": domain,
            }
        )
        assert "CODE=200" in answer

    def has_each_once(self, domains: Sequence[str] = NAMES) -> None:
        """The promise: one application a name, ours, and the backorders know theirs."""
        assert self.applications() == Counter(domains)
        assert self.emulator.state()["duplicates"] == 0
        ids = {each["domain"]: each["application"] for each in self.emulator.state()["applications"]}
        for domain in domains:
            backorder = self.backorder(domain)
            assert (backorder.state, backorder.application_id) == (State.REQUESTED, ids[domain])
            assert (backorder.origin, backorder.claim) == (Origin.OURS, None)


def queue_again(world: World) -> None:
    for backorder in list(world.store.backorders()):
        world.store.replace(moved(backorder, State.QUEUED, at=world.emulator.now, why="due"))


def a_queued_backorder(domain: str = "john.com", **changes: Any) -> Backorder:
    return a_backorder(domain, State.QUEUED, **{"queued_until": NOW + timedelta(minutes=20), **changes})


@contextmanager
def a_world(**options: Any) -> Iterator[World]:
    with EmulatorServer(Provision(Options(**{"start": NOW, **options}))) as server:
        assert isinstance(server.emulator, Provision)
        yield World(server.emulator, server.url)


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as one:
        yield one


@pytest.fixture(params=DUPLICATES)
def whatever_twice_means(request: pytest.FixtureRequest) -> Iterator[World]:
    """A world for each of the readings of what an order made twice gets."""
    with a_world(duplicates=request.param) as one:
        yield one


# What the provider answers


def test_an_order_is_placed(world: World) -> None:
    world.queue(*NAMES)
    assert world.work() == Counter(placed=8)
    world.has_each_once()
    placed = world.backorder("name0.com")
    assert placed.submitted_at == NOW
    assert placed.plan.reason is None
    assert [step.entered for step in placed.history] == [State.SUBMITTING, State.REQUESTED]


def test_an_order_inside_the_lock_is_active_at_once(world: World) -> None:
    world.emulator.schedule("john.com", finalization_at=NOW + timedelta(days=2))
    world.queue("john.com")
    world.work()
    assert world.backorder().state is State.ACTIVE


def test_a_refused_zone_rejects_its_names_and_halts_nothing(world: World) -> None:
    refused = [f"name{number}.de" for number in range(30)]
    world.queue(*refused, *NAMES)
    assert world.work() == Counter(refused=30, placed=8)
    assert world.states() == Counter({State.REJECTED: 30, State.REQUESTED: 8})
    assert halt(world.store) is None
    assert "510" in world.backorder("name3.de").history[-1].why
    assert refused_words(world.backorder("name3.de"))


def test_a_whole_list_of_a_refused_zone_halts_nothing(world: World) -> None:
    world.queue(*(f"name{number}.de" for number in range(30)))
    world.work()
    assert world.states() == Counter({State.REJECTED: 30})
    assert halt(world.store) is None


def test_a_name_that_the_provider_will_not_take_is_rejected_alone(world: World) -> None:
    world.queue("jo_hn.com", *NAMES)
    world.work()
    assert world.states() == Counter({State.REJECTED: 1, State.REQUESTED: 8})
    assert halt(world.store) is None


def test_the_same_refusal_for_five_names_halts_what_they_share_and_marks_none(world: World) -> None:
    world.queue(*(f"na_me{number}.com" for number in range(12)))
    world.work()
    assert world.states() == Counter({State.SELECTED: 12})
    assert world.applications() == Counter()
    assert (halt(world.store), list(zone_halts(world.store))) == (None, ["com"])


def test_four_names_refused_alike_are_rejected_when_they_are_refused_once_more(world: World) -> None:
    names = [f"na_me{number}.com" for number in range(4)]
    world.queue(*names)
    world.work()
    assert world.states() == Counter({State.SELECTED: 4})
    assert world.backorder(names[0]).plan.not_before == NOW + PATIENCE
    world.later(PATIENCE)
    queue_again(world)
    world.work()
    assert world.states() == Counter({State.REJECTED: 4})
    assert halt(world.store) is None


def test_a_name_refused_in_one_message_counts_in_the_next(world: World) -> None:
    for number in range(5):
        world.queue(f"na_me{number}.com")
        world.work(domains=[f"na_me{number}.com"])
    assert world.states() == Counter({State.SELECTED: 5})
    assert list(zone_halts(world.store)) == ["com"]


def test_a_setting_that_names_nothing_halts_its_zone_and_marks_none(world: World) -> None:
    keep_rules(world.store, '[provider.zones.com]\nOWNERCONTACT0 = "P-NONE"\n', version="v1", modified=NOW)
    world.queue(*NAMES)
    world.work()
    assert world.states() == Counter({State.SELECTED: 8})
    assert world.applications() == Counter()
    halted = zone_halts(world.store)["com"]
    assert halted.kind == "setting"
    assert "545" in halted.why
    assert "OWNERCONTACT0" in halted.why


def test_settings_of_a_zone_go_with_its_orders_only(world: World) -> None:
    keep_rules(world.store, '[provider.zones.se]\nOWNERCONTACT0 = "P-NONE"\n', version="v1", modified=NOW)
    world.queue(*NAMES)
    world.work()
    world.has_each_once()


def test_an_unusable_setting_that_blames_no_name_halts_at_the_fifth_call(world: World) -> None:
    world.pool_size = 1
    keep_rules(world.store, '[provider.zones.com]\nPERIOD = "many"\n', version="v1", modified=NOW)
    world.queue(*NAMES)
    world.work()
    assert world.states() == Counter({State.SELECTED: 8})
    assert world.calls() == 5
    assert list(zone_halts(world.store)) == ["com"]


def test_a_wrong_password_halts_at_the_first_call_and_is_shown_nowhere(
    world: World, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    world.password = "wr0ng-and-secret"
    world.pool_size = 1
    world.queue(*NAMES)
    world.work()
    assert world.states() == Counter({State.SELECTED: 8})
    assert world.calls() == 1
    halted = halt(world.store)
    assert halted is not None
    assert halted.kind == "access"
    assert "environment test (entity 1234), login 'test.user'" in halted.why
    out, err = capfd.readouterr()
    shown = (out, err, caplog.text, repr(halted), *map(repr, world.store.backorders()))
    assert not any(world.password in text for text in shown)


class Table(MemoryStore):
    """Writes take a moment, in which other threads have their turns."""

    def replace(self, backorder: Backorder) -> Backorder:
        time.sleep(0.002)
        return super().replace(backorder)


@pytest.mark.parametrize("calls", [1, 8])
def test_after_an_answer_that_halts_no_call_starts(world: World, calls: int) -> None:
    """There are more threads than calls, and those that wait for a place have claimed their names."""
    world.store = Table()
    world.password = "wr0ng"
    world.pool_size = calls
    world.queue(*(f"name{number}.com" for number in range(60)))
    world.work()
    assert 1 <= world.calls() <= calls
    assert world.states() == Counter({State.SELECTED: 60})
    assert all(backorder.claim is None for backorder in world.store.backorders())
    assert halt(world.store) is not None


@pytest.mark.parametrize("calls", [1, 8])
def test_after_five_answers_that_halt_a_zone_no_order_of_it_starts(world: World, calls: int) -> None:
    world.store = Table()
    world.emulator.saying = "CODE=545\r\nDESCRIPTION=Object not found; OWNERCONTACT0"
    world.pool_size = calls
    world.queue(*(f"name{number}.com" for number in range(60)))
    world.work()
    assert 5 <= world.emulator.said <= 5 + 2 * calls
    assert world.states() == Counter({State.SELECTED: 60})
    assert all(backorder.claim is None for backorder in world.store.backorders())
    assert list(zone_halts(world.store)) == ["com"]


def test_an_order_that_had_no_place_before_the_line_stopped_says_so(world: World) -> None:
    world.password = "wr0ng"
    world.pool_size = 1
    world.queue(*NAMES)
    world.work()
    told = Counter(refused_words(backorder) for backorder in world.store.backorders())
    assert told == Counter({"Authentication failed": 1, None: 7})
    assert all("halted" in b.history[-1].why for b in world.store.backorders() if b.refusal is None)


class HaltedMeanwhile(MemoryStore):
    """Another worker halts the line when this one writes its third claim."""

    claims = 0

    def replace(self, backorder: Backorder) -> Backorder:
        if backorder.state is State.SUBMITTING:
            self.claims += 1
            if self.claims == 3:
                halt_line(self, Halt("access", "the login is refused", NOW))
        return super().replace(backorder)


def test_a_line_that_another_worker_halts_stops_within_a_round_of_calls(world: World) -> None:
    world.store = HaltedMeanwhile()
    world.pool_size = 4
    world.queue(*(f"name{number}.com" for number in range(60)))
    world.work()
    assert world.calls() < 20
    assert world.states()[State.SELECTED] > 40
    assert world.states()[State.SELECTED] + world.states()[State.REQUESTED] == 60


def test_while_the_line_is_halted_nothing_is_sent(world: World) -> None:
    halt_line(world.store, Halt("setting", "a contact that does not exist", NOW))
    world.queue(*NAMES)
    assert world.work() == Counter({"given back": 8})
    assert world.states() == Counter({State.SELECTED: 8})
    assert world.emulator.state()["calls"] == {}


def test_a_probe_that_goes_through_lets_the_line_go_on(world: World) -> None:
    halt_line(world.store, Halt("setting", "a contact that does not exist", NOW))
    world.queue("john.com")
    world.work(probe=True)
    assert world.backorder().state is State.REQUESTED
    assert halt(world.store) is None


def test_a_probe_that_is_refused_leaves_the_line_halted(world: World) -> None:
    keep_rules(world.store, '[provider.zones.com]\nOWNERCONTACT0 = "P-NONE"\n', version="v1", modified=NOW)
    standing = Halt("setting", "a contact that does not exist", NOW - timedelta(hours=1))
    halt_line(world.store, standing)
    world.queue("john.com")
    world.work(probe=True)
    assert world.backorder().state is State.SELECTED
    assert halt(world.store) == standing


def test_a_credit_limit_holds_the_order(world: World) -> None:
    world.emulator.saying = "CODE=546\r\nDESCRIPTION=Credit limit exceeded"
    world.queue("john.com")
    world.work()
    assert world.backorder().state is State.HELD
    assert halt(world.store) is None


def test_an_order_that_fails_for_any_reason_is_tried_again_slowly(world: World) -> None:
    # The emulator fails with 549 what comes after the finalization date.
    world.emulator.schedule("john.com", finalization_at=NOW - timedelta(hours=1))
    world.queue("john.com")
    world.work()
    backorder = world.backorder()
    assert (backorder.state, backorder.plan.reason) == (State.SELECTED, Reason.REFUSED)
    assert backorder.plan.not_before == NOW + PATIENCE
    assert "the finalization date has passed" in (refused_words(backorder) or "")
    assert halt(world.store) is None


@pytest.mark.parametrize(("code", "half_hours"), [(546, [0, 1, 2, 3, 4, 5, 6]), (549, [0, 1, 3])])
def test_an_order_that_the_provider_does_not_take_now_is_sent_after_pauses_not_at_each_tick(
    world: World, code: int, half_hours: list[int]
) -> None:
    world.say(f"CODE={code}\r\nDESCRIPTION=Not now")
    world.has(a_dated_backorder(finalization_at=NOW + timedelta(days=1)))
    sent_at = []
    while world.emulator.now < NOW + 7 * PATIENCE:
        before = world.emulator.said
        world.tick()
        sent_at += [world.emulator.now - NOW] * (world.emulator.said - before)
        world.later(TICK)
    assert sent_at == [number * PATIENCE for number in half_hours]
    world.say(None)
    world.tick()
    world.has_each_once(["john.com"])


@pytest.mark.parametrize("fault", ["code_420", "code_421", "code_423", "code_425", "http_429", "code_499"])
def test_after_a_temporary_failure_the_order_stays_due(world: World, fault: str) -> None:
    world.queue(*NAMES)
    if fault == "code_499":
        world.emulator.saying = "CODE=499\r\nDESCRIPTION=who knows"
        world.work()
        world.emulator.saying = None
    else:
        with world.faults(fault):
            world.work()
    assert world.states() == Counter({State.SELECTED: 8})
    assert world.applications() == Counter()
    assert world.backorder("name0.com").claim is None
    queue_again(world)
    world.work()
    world.has_each_once()


# Outcomes that nobody knows


@pytest.mark.parametrize(
    "fault",
    ["timeout_after", "timeout_before", "timeout_late", "reset_after", "cut", "empty", "html", "http_500", "http_503"],
)
def test_after_an_unknown_outcome_there_is_one_application(whatever_twice_means: World, fault: str) -> None:
    world = whatever_twice_means
    world.queue(*NAMES)
    with world.faults(fault):
        assert world.work() == Counter(unknown=8)
    assert world.states() == Counter({State.SUBMITTING: 8})
    world.ask_until_all_is_known()
    world.has_each_once()


def test_no_question_is_asked_before_a_minute_is_over(world: World) -> None:
    world.queue(*NAMES)
    with world.faults("timeout_before"):
        world.work()
    world.later(timedelta(seconds=59))
    assert world.work("ask") == Counter()
    assert world.calls("QueryDomainApplicationList") == 0


def test_nothing_is_sent_again_before_the_provider_did_not_know_it_twice(world: World) -> None:
    world.queue(*NAMES)
    with world.faults("timeout_before"):
        world.work()
    world.later(LATER_QUESTION)
    world.work("ask")
    assert world.calls() == 8
    world.later(timedelta(seconds=59))
    world.work("ask")
    assert world.calls() == 8
    world.later(timedelta(seconds=2))
    world.work("ask")
    assert world.calls() == 16
    assert world.calls("QueryDomainApplicationList") == 2
    world.has_each_once()


def test_a_list_that_moved_while_it_was_read_counts_as_no_question(world: World) -> None:
    world.queue("john.com")
    with world.faults("timeout_before"):
        world.work()
    world.say(a_list_without_names(total=1), to="QueryDomainApplicationList")
    world.ask_until_all_is_known(3)
    world.say(None)
    world.ask_until_all_is_known(1)
    assert world.calls() == 1
    world.ask_until_all_is_known(1)
    assert world.calls() == 2
    world.has_each_once(["john.com"])


def test_many_names_are_asked_about_in_one_call(world: World) -> None:
    names = [f"name{number}.com" for number in range(100)]
    world.queue(*names)
    world.pool_size = 50
    with world.faults("reset_before"):
        world.work()
    world.ask_until_all_is_known(1)
    assert world.calls("QueryDomainApplicationList") == 1


def test_a_question_without_an_answer_changes_nothing(world: World) -> None:
    world.queue(*NAMES)
    with world.faults("timeout_after"):
        world.work()
        world.later(LATER_QUESTION)
        assert world.work("ask") == Counter(unanswered=8)
    assert world.states() == Counter({State.SUBMITTING: 8})
    assert world.calls() == 8
    world.work("ask")
    world.has_each_once()


def test_orders_that_fail_again_and_again_end_with_one_application(whatever_twice_means: World) -> None:
    world = whatever_twice_means
    world.queue(*NAMES)
    with world.faults("timeout_before", "timeout_late", "timeout_after", "html"):
        world.work()
        for seed in range(2, 6):
            world.emulator.set_faults(0.0)
            for _ in range(2):
                world.later(LATER_QUESTION)
                world.emulator.set_faults(0.5, ("reset_before", "timeout_late", "reset_after", "html"), seed=seed)
                world.work("ask")
    world.ask_until_all_is_known()
    world.has_each_once()


@pytest.mark.parametrize("twice", ["same", "540"])
def test_a_dead_application_is_not_adopted_and_a_new_one_is_forced(twice: str) -> None:
    with a_world(duplicates=twice) as world:
        world.emulator.schedule("john.com", finalization_at=NOW + timedelta(hours=1), outcome="FAILED")
        world.order_by_hand("john.com")
        world.later(timedelta(days=1))
        world.emulator.schedule("john.com", finalization_at=NOW + timedelta(days=40))
        world.queue("john.com")
        world.work()
        world.ask_until_all_is_known()
        backorder = world.backorder()
        assert (backorder.state, backorder.origin) == (State.REQUESTED, Origin.OURS)
        live = [each for each in world.emulator.state()["applications"] if each["status"] == "REQUESTED"]
        assert [each["application"] for each in live] == [backorder.application_id]


def test_our_own_order_that_was_voided_before_anybody_asked_is_not_adopted(world: World) -> None:
    # It has a chance left: by its own date, which the provider does not share.
    world.emulator.schedule("john.com", finalization_at=NOW + timedelta(hours=1), outcome="FAILED")
    world.queue("john.com")
    with world.faults("timeout_after"):
        world.work()
    world.later(timedelta(hours=6))
    world.emulator.schedule("john.com", finalization_at=NOW + timedelta(days=40))
    world.ask_until_all_is_known()
    backorder = world.backorder()
    assert backorder.state is State.REQUESTED
    live = [each for each in world.emulator.state()["applications"] if each["status"] == "REQUESTED"]
    assert [each["application"] for each in live] == [backorder.application_id]


def test_a_540_is_asked_about_once(world: World) -> None:
    world.emulator.saying = "CODE=540\r\nDESCRIPTION=Attribute value is not unique"
    world.queue("john.com")
    assert world.work() == Counter(exists=1)
    world.emulator.saying = None
    world.ask_until_all_is_known(1)
    world.has_each_once(["john.com"])


# Killed workers


class Killed(Exception):
    """The worker is gone."""


class Mortal:
    """A store under which a worker dies around a write that enters, or leaves, SUBMITTING or WITHDRAWING."""

    def __init__(self, store: Store, moment: str) -> None:
        self._store = store
        self._moment = moment

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def replace(self, backorder: Backorder) -> Backorder:
        claims = backorder.state in (State.SUBMITTING, State.WITHDRAWING)
        if self._moment == "before the outcome is written" and not claims:
            raise Killed
        written = self._store.replace(backorder)
        if self._moment == "after the claim is written" and claims:
            raise Killed
        if self._moment == "after the outcome is written" and not claims:
            raise Killed
        return written


DEATHS = ["after the claim is written", "before the outcome is written", "after the outcome is written"]


@pytest.mark.parametrize("moment", DEATHS)
def test_a_killed_worker_leaves_one_application(whatever_twice_means: World, moment: str) -> None:
    world = whatever_twice_means
    world.queue(*NAMES)
    with pytest.raises(Killed):
        world.work(store=Mortal(world.store, moment))
    begun = {each.domain: each for each in world.store.backorders() if each.state is State.SUBMITTING}
    assert begun or moment == "after the outcome is written"
    world.work()  # its message is delivered again
    world.ask_until_all_is_known(1)
    # Nobody takes a claim over before its lease is over: the worker may be slow, not dead.
    assert {domain: world.backorder(domain) for domain in begun} == begun
    world.later(LEASE_OVER)
    world.ask_until_all_is_known()
    world.has_each_once()


def test_what_a_killed_worker_may_have_sent_is_asked_about_twice(world: World) -> None:
    world.queue("john.com")
    with pytest.raises(Killed):
        world.work(store=Mortal(world.store, "after the claim is written"))
    world.later(LEASE_OVER)
    world.work("ask")
    assert world.calls() == 0
    world.later(LATER_QUESTION)
    world.work("ask")
    assert world.calls() == 1
    world.has_each_once(["john.com"])


def test_a_worker_that_is_killed_while_it_sends_again_leaves_one_application(whatever_twice_means: World) -> None:
    world = whatever_twice_means
    world.queue(*NAMES)
    with world.faults("timeout_before"):
        world.work()
    world.later(LATER_QUESTION)
    world.work("ask")
    world.later(LATER_QUESTION)
    with pytest.raises(Killed):
        world.work("ask", store=Mortal(world.store, "before the outcome is written"))
    world.later(LEASE_OVER)
    world.ask_until_all_is_known()
    world.has_each_once()


@pytest.mark.parametrize("moment", DEATHS)
def test_a_killed_withdrawal_is_finished(world: World, moment: str) -> None:
    world.queue("john.com")
    world.work()
    cancel(world)
    with pytest.raises(Killed):
        world.work("withdraw", store=Mortal(world.store, moment))
    world.later(LEASE_OVER)
    world.work("ask")
    assert world.backorder().state is State.CANCELLED
    assert world.applications() == Counter()


def test_an_answer_that_comes_when_another_worker_holds_the_claim_undoes_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would make the name due again, while the other worker sends it."""
    world.queue("john.com")
    exchange = world.emulator.exchange
    asked: list[Backorder] = []

    def stall(fields: Mapping[str, str]) -> Delivery:
        if fields.get("COMMAND") == "AddDomainApplication" and not asked:
            world.later(LEASE_OVER)
            world.work("ask")
            asked.append(world.backorder())
            return Delivery(b"[RESPONSE]\r\nCODE=421\r\nDESCRIPTION=Client should try again\r\nEOF\r\n")
        return exchange(fields)

    with monkeypatch.context() as patch:
        patch.setattr(world.emulator, "exchange", stall)
        world.work()
    assert [world.backorder()] == asked
    world.ask_until_all_is_known()
    world.has_each_once(["john.com"])


# Messages that come twice, or late


def test_a_message_delivered_twice_at_once_orders_once(whatever_twice_means: World) -> None:
    world = whatever_twice_means
    names = [f"name{number}.com" for number in range(40)]
    world.queue(*names)
    together = threading.Barrier(2)

    def deliver(_number: int) -> Counter[str]:
        together.wait()
        return world.work(domains=names)

    with ThreadPoolExecutor(2) as two:
        outcomes = sum(two.map(deliver, range(2)), Counter[str]())
    assert outcomes == Counter(placed=40, taken=40)
    assert world.calls() == 40
    world.has_each_once(names)


def test_a_question_delivered_twice_at_once_sends_once(whatever_twice_means: World) -> None:
    world = whatever_twice_means
    world.queue(*NAMES)
    with world.faults("timeout_before"):
        world.work()
    world.later(LATER_QUESTION)
    world.work("ask")
    world.later(LATER_QUESTION)
    together = threading.Barrier(2)

    def deliver(_number: int) -> Counter[str]:
        together.wait()
        return world.work("ask")

    with ThreadPoolExecutor(2) as two:
        list(two.map(deliver, range(2)))
    assert world.calls() == 16
    world.has_each_once()


@pytest.mark.parametrize("kind", ["order", "ask", "withdraw"])
def test_a_message_that_comes_late_does_nothing(world: World, kind: str) -> None:
    world.has(
        a_placed_backorder("requested.com"),
        a_placed_backorder("active.com", State.ACTIVE),
        a_placed_backorder("processing.com", State.PROCESSING, cancel_requested=True),
        a_placed_backorder("foreign.com", origin=Origin.FOREIGN, cancel_requested=True),
        a_backorder("held.com", State.HELD),
        a_backorder("selected.com"),
        a_backorder("cancelled.com", State.CANCELLED, settled=True),
        a_backorder("missed.com", State.MISSED, settled=True),
        a_backorder("claimed.com", State.SUBMITTING, claim=a_claim()),
        a_placed_backorder("withdrawing.com", State.WITHDRAWING, claim=a_claim(kind="withdraw")),
    )
    before = list(world.store.backorders())
    world.work(kind, domains=[*(backorder.domain for backorder in before), "never-heard-of.com"])
    assert list(world.store.backorders()) == before
    assert world.emulator.state()["calls"] == {}


# Time


def test_what_was_not_begun_when_time_runs_short_is_given_back(world: World) -> None:
    world.queue(*NAMES)
    world.pool_size = 1
    # Connect and read time-out are 21 s, and 5 s are spare.
    outcomes = world.work(seconds_left=lambda: 26.1 if world.calls() < 3 else 26.0)
    assert outcomes["placed"] == 3
    assert world.states() == Counter({State.REQUESTED: 3, State.SELECTED: 5})
    assert world.calls() == 3
    assert world.backorder("name7.com").claim is None


def test_time_that_runs_short_between_claim_and_call_gives_the_name_back(world: World) -> None:
    world.queue("john.com")
    left = iter([100.0])
    world.work(seconds_left=lambda: next(left, 1.0))
    assert world.backorder().state is State.SELECTED
    assert world.calls() == 0


def test_without_time_no_question_is_begun(world: World) -> None:
    world.queue(*NAMES)
    with world.faults("timeout_after"):
        world.work()
    world.later(LATER_QUESTION)
    world.work("ask", seconds_left=lambda: 6.0)
    assert world.calls("QueryDomainApplicationList") == 0
    world.work("ask")
    world.has_each_once()


def test_after_its_last_chance_a_queued_name_is_not_sent(world: World) -> None:
    world.has(a_dated_backorder(state=State.QUEUED, finalization_at=NOW + timedelta(minutes=15)))
    world.work()
    assert world.backorder().state is State.SELECTED
    assert world.calls() == 0


def test_after_its_last_chance_an_unanswered_order_is_not_sent_again(world: World) -> None:
    world.has(a_dated_backorder(state=State.QUEUED, finalization_at=NOW + timedelta(minutes=16)))
    with world.faults("timeout_before"):
        world.work()
    world.ask_until_all_is_known()
    assert (world.backorder().state, world.backorder().plan.reason) == (State.MISSED, Reason.UNANSWERED)


def test_an_unanswered_order_whose_money_came_after_its_deadline_was_missed_for_that(world: World) -> None:
    poor = an_estimated_backorder(state=State.HELD, reason=Reason.UNFUNDED, drop_at=NOW + timedelta(minutes=1))
    world.has(moved(replace(poor, created_at=NOW - timedelta(days=1)), State.QUEUED, at=NOW, why="due", reason=None))
    with world.faults("timeout_before"):
        world.work()
    world.ask_until_all_is_known()
    assert (world.backorder().state, world.backorder().plan.reason) == (State.MISSED, Reason.UNFUNDED)
    assert world.calls() == 1


def test_after_its_last_chance_an_order_that_arrived_is_still_found(world: World) -> None:
    world.has(a_dated_backorder(state=State.QUEUED, finalization_at=NOW + timedelta(minutes=16)))
    with world.faults("timeout_after"):
        world.work()
    world.later(timedelta(minutes=10))
    world.work("ask")
    world.has_each_once(["john.com"])


def test_an_order_that_was_lost_before_anybody_asked_ends_as_lost(world: World) -> None:
    finalization = NOW + timedelta(hours=1)
    world.emulator.schedule("john.com", finalization_at=finalization, outcome="FAILED")
    world.has(a_dated_backorder(state=State.QUEUED, finalization_at=finalization))
    with world.faults("timeout_after"):
        world.work()
    world.later(timedelta(days=1))
    world.work("ask")
    assert world.backorder().state is State.FAILED
    assert world.backorder().application_id is not None
    assert world.calls() == 1


# Cancelled in the middle


class CancelledMeanwhile:
    """A store in which the user cancels right after the claim is written: while the order is under way."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def replace(self, backorder: Backorder) -> Backorder:
        written = self._store.replace(backorder)
        if written.state is State.SUBMITTING and not written.cancel_requested:
            self._store.replace(replace(written, cancel_requested=True))
        return written


def cancel(world: World, domain: str = "john.com") -> None:
    world.store.replace(replace(world.backorder(domain), cancel_requested=True))


def test_a_cancel_that_meets_an_order_under_way_is_honoured(world: World) -> None:
    world.queue("john.com")
    world.work(store=CancelledMeanwhile(world.store))
    assert (world.backorder().state, world.backorder().cancel_requested) == (State.REQUESTED, True)
    world.work("withdraw")
    assert world.backorder().state is State.CANCELLED
    assert world.applications() == Counter()


@pytest.mark.parametrize(
    "answer",
    [
        "CODE=421\r\nDESCRIPTION=Client should try again",
        "CODE=546\r\nDESCRIPTION=Credit limit exceeded",
        "CODE=549\r\nDESCRIPTION=Command failed",
        "CODE=545\r\nDESCRIPTION=Object not found; OWNERCONTACT0",
        "CODE=530\r\nDESCRIPTION=Authentication failed",
    ],
)
def test_an_order_that_was_cancelled_under_way_and_not_placed_is_not_tried_again(world: World, answer: str) -> None:
    world.emulator.saying = answer
    world.queue("john.com")
    world.work(store=CancelledMeanwhile(world.store))
    assert world.backorder().state is State.CANCELLED


def test_a_cancel_that_meets_a_queued_order_keeps_it_from_being_sent(world: World) -> None:
    world.queue("john.com", cancel_requested=True)
    world.work()
    assert world.backorder().state in (State.SELECTED, State.CANCELLED)
    assert world.calls() == 0


@pytest.mark.parametrize("fault", ["timeout_before", "timeout_after", "timeout_late"])
def test_a_cancel_while_the_outcome_is_unknown_leaves_no_live_application(world: World, fault: str) -> None:
    world.queue(*NAMES)
    with world.faults(fault):
        world.work()
    for domain in NAMES:
        cancel(world, domain)
    for _ in range(3):
        world.later(LATER_QUESTION)
        world.work("ask")
        world.work("withdraw")
    assert world.states() == Counter({State.CANCELLED: 8})
    assert world.applications() == Counter()
    assert world.calls() == 8


# Taking back


def test_an_order_is_taken_back(world: World) -> None:
    world.queue(*NAMES)
    world.work()
    cancel(world, "name3.com")
    assert world.work("withdraw") == Counter(cancelled=1, taken=7)
    assert world.backorder("name3.com").state is State.CANCELLED
    assert world.applications() == Counter([name for name in NAMES if name != "name3.com"])


def test_what_is_gone_already_counts_as_taken_back_once_the_providers_list_says_so_too(world: World) -> None:
    world.has(a_placed_backorder(application="4711", cancel_requested=True))
    world.work("withdraw")
    assert world.backorder().state is State.WITHDRAWING
    world.later(timedelta(minutes=1))
    assert world.work("ask") == Counter(cancelled=1)
    assert world.backorder().state is State.CANCELLED


def test_after_the_finalization_date_it_is_too_late_to_take_back(world: World) -> None:
    world.emulator.schedule("john.com", finalization_at=NOW + timedelta(hours=1))
    world.queue("john.com")
    world.work()
    cancel(world)
    world.later(timedelta(hours=2))
    assert world.work("withdraw") == Counter({"too late": 1})
    assert (world.backorder().state, world.backorder().cancel_requested) == (State.PROCESSING, False)
    assert world.backorder().claim is None


@pytest.mark.parametrize(("code", "says"), [(547, "Invalid command sequence"), (552, "Object status does not allow")])
def test_a_cancel_that_the_provider_does_not_allow_just_now_holds_until_it_does(
    world: World, code: int, says: str
) -> None:
    """As long as it is not at work on the order: nobody would say again that it is not wanted, and it would be paid."""
    world.queue("john.com")
    world.work()
    cancel(world)
    world.emulator.saying_to, world.emulator.saying = "DeleteDomainApplication", f"CODE={code}\r\nDESCRIPTION={says}"
    assert world.work("withdraw") == Counter(unknown=1)
    assert (world.backorder().state, world.backorder().cancel_requested) == (State.WITHDRAWING, True)
    world.work("ask")
    assert world.emulator.said == 1, "not at once"
    world.emulator.saying = None
    world.later(PATIENCE)
    assert world.work("ask") == Counter(cancelled=1)
    assert world.backorder().state is State.CANCELLED
    assert world.applications() == Counter()


def test_one_that_is_displaced_and_may_not_be_taken_back_just_now_is_left_to_the_plan(world: World) -> None:
    world.queue("john.com")
    world.work()
    displace(world)
    world.emulator.saying_to = "DeleteDomainApplication"
    world.emulator.saying = "CODE=547\r\nDESCRIPTION=Invalid command sequence"
    assert world.work("withdraw") == Counter({"too late": 1})
    assert (world.backorder().state, world.backorder().plan.marked_for_withdrawal) == (State.REQUESTED, False)


def test_a_cancel_that_comes_while_the_provider_does_not_let_a_displaced_one_go_holds(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.queue("john.com")
    world.work()
    displace(world)
    exchange = world.emulator.exchange

    def refusing(fields: Mapping[str, str]) -> Delivery:
        if fields.get("COMMAND") == "DeleteDomainApplication":
            cancel(world)
            return Delivery(b"[RESPONSE]\r\nCODE=547\r\nDESCRIPTION=Invalid command sequence\r\nEOF\r\n")
        return exchange(fields)

    with monkeypatch.context() as patch:
        patch.setattr(world.emulator, "exchange", refusing)
        assert world.work("withdraw") == Counter({"too late": 1})
    assert (world.backorder().state, world.backorder().cancel_requested) == (State.REQUESTED, True)
    assert world.work("withdraw") == Counter(cancelled=1), "the next plan sends it again"


@pytest.mark.parametrize("fault", ["timeout_before", "timeout_after", "timeout_late", "empty", "code_421"])
def test_a_withdrawal_whose_outcome_is_unknown_is_finished(world: World, fault: str) -> None:
    world.queue(*NAMES)
    world.work()
    for domain in NAMES:
        cancel(world, domain)
    with world.faults(fault):
        assert world.work("withdraw") == Counter(unknown=8)
    assert world.states() == Counter({State.WITHDRAWING: 8})
    world.ask_until_all_is_known(2)
    assert world.states() == Counter({State.CANCELLED: 8})
    assert world.applications() == Counter()


def test_a_withdrawal_that_was_lost_until_it_was_too_late_goes_on_as_an_order(world: World) -> None:
    world.emulator.schedule("john.com", finalization_at=NOW + timedelta(hours=1))
    world.queue("john.com")
    world.work()
    cancel(world)
    with world.faults("timeout_before"):
        world.work("withdraw")
    world.later(timedelta(hours=2))
    world.work("ask")
    assert world.backorder().state is State.PROCESSING
    assert world.applications() == Counter(["john.com"])


@pytest.mark.parametrize("end", ["cancelled", "displaced"])
def test_a_list_that_moved_while_it_was_read_has_an_order_taken_back_once_more(world: World, end: str) -> None:
    """Taken for gone, it would stay at the provider, and draw."""
    world.queue("john.com")
    world.work()
    (cancel if end == "cancelled" else displace)(world)
    with world.faults("timeout_before"):
        world.work("withdraw")
    world.later(LATER_QUESTION)
    world.say(a_list_without_names(total=1), to="QueryDomainApplicationList")
    world.work("ask")
    assert world.backorder().state is (State.CANCELLED if end == "cancelled" else State.HELD)
    assert world.applications() == Counter()


# Taken back for want of funds


def displace(world: World, domain: str = "john.com") -> None:
    world.store.replace(world.backorder(domain).mark_for_withdrawal(at=NOW))


def test_an_order_that_is_displaced_waits_again_and_may_be_placed_anew(world: World) -> None:
    world.queue("john.com")
    world.work()
    former = world.backorder().application_id
    displace(world)

    assert world.work("withdraw") == Counter(held=1)

    held = world.backorder()
    assert (held.state, held.plan.reason, held.plan.marked_for_withdrawal, held.claim) == (
        State.HELD,
        Reason.UNFUNDED,
        False,
        None,
    )
    assert (held.application_id, held.submitted_at) == (None, None)
    assert held.history[-1].call == Call("DeleteDomainApplication", application=former)
    assert world.applications() == Counter()

    world.store.replace(moved(held, State.QUEUED, at=NOW, why="funds came", queued_until=NOW + timedelta(hours=1)))
    world.work()
    again = world.backorder()
    assert (again.state, again.origin) == (State.REQUESTED, Origin.OURS)
    assert again.application_id != former
    assert world.applications() == Counter(["john.com"])


def test_what_is_cancelled_while_it_is_displaced_does_not_wait(world: World) -> None:
    world.queue("john.com")
    world.work()
    displace(world)
    cancel(world)
    assert world.work("withdraw") == Counter(cancelled=1)
    assert world.backorder().state is State.CANCELLED


def test_one_that_is_displaced_too_late_goes_on_as_an_order(world: World) -> None:
    world.emulator.schedule("john.com", finalization_at=NOW + timedelta(hours=1))
    world.queue("john.com")
    world.work()
    displace(world)
    world.later(timedelta(hours=2))
    assert world.work("withdraw") == Counter({"too late": 1})
    assert (world.backorder().state, world.backorder().plan.marked_for_withdrawal) == (State.PROCESSING, False)


@pytest.mark.parametrize("fault", ["timeout_before", "timeout_after", "timeout_late"])
def test_a_displacement_whose_outcome_is_unknown_is_finished(world: World, fault: str) -> None:
    world.queue(*NAMES)
    world.work()
    for domain in NAMES:
        displace(world, domain)
    with world.faults(fault):
        assert world.work("withdraw") == Counter(unknown=8)
    world.ask_until_all_is_known(2)
    assert world.states() == Counter({State.HELD: 8})
    assert world.applications() == Counter()


def test_others_orders_are_not_displaced(world: World) -> None:
    world.has(a_placed_backorder(origin=Origin.FOREIGN, marked_for_withdrawal=True))
    assert world.work("withdraw") == Counter(taken=1)
    assert world.calls("DeleteDomainApplication") == 0


# Nobody else's


@pytest.mark.parametrize("twice", ["same", "540"])
def test_an_application_older_than_our_order_is_adopted_as_foreign_and_never_taken_back(twice: str) -> None:
    with a_world(duplicates=twice) as world:
        world.order_by_hand("john.com")
        world.later(timedelta(hours=1))
        world.queue("john.com")
        assert world.work() == Counter(exists=1)
        world.ask_until_all_is_known(1)
        backorder = world.backorder()
        assert (backorder.state, backorder.origin) == (State.REQUESTED, Origin.FOREIGN)
        assert backorder.submitted_at == NOW
        cancel(world)
        world.work("withdraw")
        assert world.backorder().state is State.REQUESTED
        assert world.applications() == Counter(["john.com"])
        assert world.calls("DeleteDomainApplication") == 0


def test_a_subusers_application_is_not_adopted(world: World) -> None:
    answer = world.emulator.call(
        {
            "s_entity": "1234",
            "s_login": "other.user",
            "s_pw": "other.passw0rd",
            "command": "AddDomainApplication",
            "class": "BACKORDER",
            "domain": "john.com",
        }
    )
    assert "CODE=200" in answer
    world.queue("john.com")
    with world.faults("timeout_before"):
        world.work()
    world.ask_until_all_is_known()
    ours = [each for each in world.emulator.state()["applications"] if each["user"] == "test.user"]
    assert [each["application"] for each in ours] == [world.backorder().application_id]


def test_a_halted_line_sends_nothing_again_but_finds_what_arrived(world: World) -> None:
    world.queue("arrived.com")
    with world.faults("timeout_after"):
        world.work()
    world.queue("lost.com")
    with world.faults("timeout_before"):
        world.work(domains=["lost.com"])
    halt_line(world.store, Halt("setting", "a contact that does not exist", NOW))
    world.ask_until_all_is_known()
    assert world.backorder("arrived.com").state is State.REQUESTED
    assert world.backorder("lost.com").state is State.SUBMITTING
    assert world.calls() == 2


def test_the_providers_clock_may_lag_a_little_behind_ours(world: World) -> None:
    world.ahead = timedelta(seconds=4)
    world.queue(*NAMES)
    world.work()
    world.has_each_once()


def test_of_two_orders_either_may_have_made_what_exists_though_the_providers_clock_lags() -> None:
    """The first order arrived, and the list did not show it until the second one was refused for it."""
    with a_world(duplicates="540") as world:
        world.ahead = timedelta(seconds=4)
        world.queue("john.com")
        with world.faults("timeout_after"):
            world.work()
        world.say(a_list_without_names(total=0), to="QueryDomainApplicationList")
        world.ask_until_all_is_known(2)
        assert world.calls() == 2
        world.say(None)
        world.ask_until_all_is_known(1)
        world.has_each_once(["john.com"])


def test_times_are_the_clocks_not_the_machines(world: World) -> None:
    world.queue("john.com")
    world.work()
    assert {step.at for step in world.backorder().history} == {NOW}
    assert datetime.now(UTC) != NOW


# --- What one name raises, and what fails for ever ----------------------------------------------


class OneThrottled(MemoryStore):
    """Fails the first write of one backorder, as a table does that is throttled."""

    def __init__(self, domain: str) -> None:
        super().__init__()
        self.domain: str | None = domain

    def replace(self, backorder: Backorder) -> Backorder:
        if backorder.domain == self.domain:
            self.domain = None
            raise ConnectionError("throttled")
        return super().replace(backorder)


def test_what_one_name_raises_keeps_no_other_from_being_ordered(world: World) -> None:
    world.store = OneThrottled("name0.com")
    world.queue(*NAMES)
    with pytest.raises(ConnectionError, match="throttled"):
        world.work()
    assert world.states() == Counter({State.REQUESTED: len(NAMES) - 1, State.QUEUED: 1})
    # The message comes back, and finds the one that is left.
    assert world.work() == Counter({"placed": 1, "taken": len(NAMES) - 1})
    world.has_each_once()


def test_an_order_without_a_date_that_fails_for_days_is_given_up(world: World) -> None:
    world.emulator.schedule("john.com", finalization_at=world.emulator.now + timedelta(minutes=1))
    world.later(timedelta(minutes=2))
    world.queue("john.com")
    pauses = []
    while world.backorder().state is not State.MISSED:
        world.work()
        waits_until = world.backorder().plan.not_before
        if world.backorder().state is State.SELECTED:
            assert waits_until is not None
            pauses.append(waits_until - world.emulator.now)
            world.later(pauses[-1])
            queued_until = world.emulator.now + timedelta(minutes=20)
            queued = moved(world.backorder(), State.QUEUED, at=world.emulator.now, why="due", queued_until=queued_until)
            world.store.replace(queued)
    assert pauses == [min(PATIENCE * 2**n, LONGEST) for n in range(MOST_FAILURES - 1)]
    assert timedelta(days=2) <= sum(pauses, timedelta(0)) <= timedelta(days=3)
    assert world.backorder().plan.reason is Reason.REFUSED
    assert world.backorder().is_open, "until reconciliation has told somebody"


def test_an_order_with_a_date_is_tried_until_its_last_chance_however_often_it_fails(world: World) -> None:
    last_chance = NOW + (MOST_FAILURES + 2) * LONGEST
    world.say("CODE=549\r\nDESCRIPTION=Command failed")
    world.has(a_dated_backorder(finalization_at=last_chance + MARGIN))
    while world.emulator.now < last_chance:
        world.tick()
        assert world.backorder().state is State.SELECTED
        world.later(TICK)
    tries = world.emulator.said
    assert tries > MOST_FAILURES
    world.tick()
    assert (world.backorder().state, world.backorder().plan.reason) == (State.MISSED, Reason.REFUSED)
    assert world.emulator.said == tries


def test_the_log_leads_from_a_list_to_its_applications(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.queue("name.com", list="wanted/monday.txt", list_version="v1", line=17)

    world.work()

    (line,) = [vars(record) for record in caplog.records if record.msg == "backorder_settled"]
    application = world.store.latest("name.com")
    assert application is not None
    expected = {
        "list": "wanted/monday.txt",
        "version": "v1",
        "line": 17,
        "domain": "name.com",
        "state": "REQUESTED",
        "application": application.application_id,
        "call": f"AddDomainApplication {application.application_id}",
    }
    assert {key: line.get(key) for key in expected} == expected


def test_an_order_carries_what_the_rules_say_for_all_zones_and_for_its_own(world: World) -> None:
    rules = """
        [provider]
        name_servers = ["ns1.example.net", "ns2.example.net"]
        period = 2
        [provider.zones.se]
        period = 1
        "X-NICSE-IDNUMBER" = "556677-8899"
    """
    keep_rules(world.store, rules, version="v1", modified=NOW)
    world.queue("name.com")
    world.queue("name.se", zone="se")

    world.work()

    servers = {"NAMESERVER0": "ns1.example.net", "NAMESERVER1": "ns2.example.net"}
    carried = {each.domain: dict(each.settings) for each in world.emulator._world.applications.values()}
    assert carried == {
        "name.com": {**servers, "PERIOD": "2"},
        "name.se": {**servers, "PERIOD": "1", "X-NICSE-IDNUMBER": "556677-8899"},
    }


OUTDATED = {"text": "[limits]\nper_fortnight = 5\n", "version": "v1", "modified": "2020-01-01T00:00:00Z"}


def test_with_rules_that_an_upgrade_no_longer_understands_no_order_is_sent_and_none_is_lost(world: World) -> None:
    world.queue(*NAMES)
    world.store.put_document("rules", OUTDATED)

    assert world.work() == Counter({"given back": len(NAMES)})

    assert {world.backorder(name).state for name in NAMES} == {State.SELECTED}
    assert world.emulator.state()["calls"] == {}
    halted = halt(world.store)
    assert halted is not None
    assert (halted.kind, "limits.per_fortnight" in halted.why) == ("rules", True)
    assert world.work("repair") == Counter({"left": len(NAMES)})


@pytest.mark.parametrize("kind", ["setting", "rules"])
def test_a_line_that_takes_no_orders_takes_back_what_was_cancelled(
    world: World, kind: Literal["setting", "rules"]
) -> None:
    world.queue(*NAMES)
    world.work()
    for name in NAMES:
        world.store.replace(replace(world.backorder(name), cancel_requested=True))
    world.store.put_document("rules", OUTDATED)
    halt_line(world.store, Halt(kind, "no orders", NOW))
    world.pool_size = 2

    assert world.work("withdraw") == Counter({"cancelled": len(NAMES)})


NUMBER = '[provider.zones.se]\n"X-NICSE-IDNUMBER" = "556677-8899"\n'


def test_an_application_gets_what_it_lacked_once_and_whatever_happens_to_the_answer(world: World) -> None:
    an_order_without_its_number(world)
    assert world.work("repair") == Counter({"taken": 1})

    keep_rules(world.store, NUMBER, version="v1", modified=NOW)
    with world.faults("timeout_after"):
        assert world.work("repair") == Counter({"again": 1})
    assert world.work("repair") == Counter({"repaired": 1})
    assert world.work("repair") == Counter({"taken": 1})

    (application,) = world.emulator._world.applications.values()
    assert application.settings == {"X-NICSE-IDNUMBER": "556677-8899"}
    mended = world.backorder("name.se")
    assert (mended.state, mended.lacks) == (State.REQUESTED, ())
    assert mended.history[-1].call == Call("ModifyDomainApplication")


def test_a_value_that_the_provider_does_not_take_is_not_sent_again_until_the_rules_change(world: World) -> None:
    an_order_without_its_number(world, lacks=("TECHCONTACT0",))
    keep_rules(world.store, '[provider]\ntech_contacts = ["P-NONE"]\n', version="v1", modified=NOW)

    assert world.work("repair") == Counter({"refused": 1})
    assert world.work("repair") == Counter({"taken": 1})

    refused = world.backorder("name.se")
    assert refused.lacks == ("TECHCONTACT0",)
    assert "545" in refused.history[-1].why
    assert halt(world.store) is None


@pytest.mark.parametrize(
    ("code", "description"), [(531, "Authorization failed"), (545, "Object not found"), (546, "Credit limit exceeded")]
)
def test_a_change_that_is_refused_for_now_is_sent_again_later(world: World, code: int, description: str) -> None:
    an_order_without_its_number(world)
    keep_rules(world.store, NUMBER, version="v1", modified=NOW)
    world.emulator.saying_to = "ModifyDomainApplication"
    world.emulator.saying = f"CODE={code}\r\nDESCRIPTION={description}"

    assert world.work("repair") == Counter({"again": 1})
    mended = world.backorder("name.se")
    assert (mended.plan.not_before, mended.refusal) == (NOW + PATIENCE, Refusal(description, 1, NOW))


def test_a_change_that_the_provider_fails_without_saying_why_is_sent_again_later(world: World) -> None:
    an_order_without_its_number(world)
    keep_rules(world.store, NUMBER, version="v1", modified=NOW)
    world.emulator.saying_to = "ModifyDomainApplication"
    world.emulator.saying = "CODE=549\r\nDESCRIPTION=Command failed"
    assert world.work("repair") == Counter({"again": 1})
    assert world.backorder("name.se").plan.not_before == NOW + PATIENCE

    world.emulator.saying = None
    assert world.work("repair") == Counter({"repaired": 1})


def test_what_is_to_be_taken_back_is_not_mended(world: World) -> None:
    keep_rules(world.store, NUMBER, version="v1", modified=NOW)
    an_order_without_its_number(world)
    lacking = world.backorder("name.se")
    world.store.replace(replace(lacking, cancel_requested=True))
    assert world.work("repair") == Counter({"taken": 1})
    world.store.replace(changed(world.backorder("name.se"), cancel_requested=False, marked_for_withdrawal=True))
    assert world.work("repair") == Counter({"taken": 1})
    assert world.backorder("name.se").history == lacking.history


def an_order_without_its_number(world: World, *, lacks: tuple[str, ...] = ("X-NICSE-IDNUMBER",)) -> None:
    """At the provider, and seen to lack something by reconciliation."""
    world.queue("name.se", zone="se")
    world.work()
    world.store.replace(changed(world.backorder("name.se"), lacks=lacks))
