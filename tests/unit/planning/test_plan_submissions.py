"""One tick of the plan: who is queued, held, missed, asked about and taken back, with the store in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorder.documents.account_outlook import ForeignOrder, Standing, forecast, save_standing
from backorder.documents.halt import Halt, halt, halt_line
from backorder.documents.runs import last_run
from backorder.domain.backorder import FUNDED_AND_MISSED, Backorder
from backorder.domain.states import State
from backorder.domain.values import BackorderKey, Call, Origin, Reason, Source
from backorder.provider.port import (
    AccessDenied,
    AccountStatus,
    OutcomeUnknown,
    Provider,
    ProviderError,
    Refused,
    TemporaryFailure,
)
from backorder.rules import keep_rules
from backorder.runtime.messages import BATCH_SIZE, Batch
from local.memory_store import MemoryStore
from planning.plan_submissions import LEASE, QUEUE_PATIENCE, TICK, Planning, Summary, plan_submissions, urgent_first
from tests.factories import (
    FEE,
    NOW,
    a_backorder,
    a_charge,
    a_claim,
    a_dated_backorder,
    a_placed_backorder,
    an_account_status,
    an_estimated_backorder,
    moved,
    usd,
)

DENIED = AccessDenied(
    "Authentication failed", code=530, command="StatusAccount", where="login 'test.user' at provider.example"
)
MICROSECOND = timedelta(microseconds=1)


class FakeProvider:
    """Tells how the account stands, or fails. There is nothing else that a plan may ask for."""

    worst_case_seconds = 25.0

    def __init__(self, answer: AccountStatus | Exception) -> None:
        self.answer = answer

    def account(self) -> AccountStatus:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@dataclass
class World:
    """A store, an account of 1000.00 USD, what was sent to the workers, and a clock."""

    store: MemoryStore = field(default_factory=MemoryStore)
    provider: FakeProvider = field(default_factory=lambda: FakeProvider(an_account_status()))
    sent: list[Batch] = field(default_factory=list)
    now: datetime = NOW
    parallel_calls: int = 8

    def there_is(self, *backorders: Backorder) -> None:
        for backorder in backorders:
            assert self.store.create(backorder) is None

    def tick(
        self, *, holder: str = "tick", queue: bool = True, seconds_left: Callable[[], float] = lambda: 100.0
    ) -> Summary:
        planning = Planning(
            store=self.store,
            provider=cast("Provider", self.provider),
            send=self.send,
            clock=lambda: self.now,
            parallel_calls=self.parallel_calls,
        )
        return plan_submissions(planning, holder=holder, queue=queue, seconds_left=seconds_left)

    def send(self, batches: Iterable[Batch]) -> None:
        self.sent += batches

    def work_off(self) -> None:
        """The workers give back whatever is queued, having no time for it."""
        for backorder in self.store.open_backorders():
            if backorder.state is State.QUEUED:
                self.store.replace(moved(backorder, State.SELECTED, at=self.now, why="no time", queued_until=None))

    def sent_as(self, kind: str) -> list[str]:
        return [key.domain for batch in self.sent if batch.kind == kind for key in batch.backorders]

    def the(self, domain: str = "john.com") -> Backorder:
        found = self.store.latest(domain)
        assert found is not None
        return found

    def state(self, domain: str = "john.com") -> tuple[State, Reason | None]:
        return (self.the(domain).state, self.the(domain).plan.reason)

    @property
    def everything(self) -> tuple[list[Backorder], list[Batch], object]:
        return (sorted(self.store.backorders(), key=lambda b: b.key), list(self.sent), halt(self.store))


@pytest.fixture
def world() -> World:
    return World()


def account(amount: str) -> FakeProvider:
    return FakeProvider(an_account_status(usd(amount)))


# --- What is ordered -----------------------------------------------------------------------------


def test_what_fits_is_queued_and_sent(world: World) -> None:
    world.there_is(a_backorder(reason=Reason.UNANSWERED, not_before=NOW))

    summary = world.tick()

    queued = world.the()
    assert (queued.state, queued.plan.fee, queued.plan.reason, queued.plan.not_before) == (
        State.QUEUED,
        FEE,
        None,
        None,
    )
    assert queued.plan.queued_until == NOW + QUEUE_PATIENCE
    assert queued.history[-1].at == NOW
    assert world.sent == [Batch(kind="order", backorders=(BackorderKey("john.com", 1),))]
    assert (summary.queued, summary.held, summary.capacity, summary.drawn) == (1, 0, "1000.00", "69.00")


def test_what_does_not_fit_is_held_and_the_user_is_told_how_much_to_pay_in(world: World) -> None:
    world.provider = account("69.00")
    world.there_is(a_backorder("a.com"), a_backorder("b.com"), a_backorder("c.com"))

    summary = world.tick()

    assert [world.state(name) for name in ("a.com", "b.com", "c.com")] == [
        (State.QUEUED, None),
        (State.HELD, Reason.UNFUNDED),
        (State.HELD, Reason.UNFUNDED),
    ]
    assert world.sent_as("order") == ["a.com"]
    sentence = "The account covers all that has a drop date; without one, 2 wait for 138.00 USD more: b.com, c.com"
    assert (summary.queued, summary.held, summary.forecast) == (1, 2, sentence)
    kept = forecast(world.store)
    assert kept is not None
    assert kept.sentence == sentence


def test_the_tick_tells_what_others_ordered_in_the_account_draw(world: World) -> None:
    strangers = {"1": ForeignOrder("x.com", "com"), "2": ForeignOrder("y.net", "net")}
    save_standing(world.store, Standing(others=FEE, foreign=strangers, last_deposits={"net": usd("80.00")}))
    told = world.tick().as_json()
    assert (told["reserved_for_others"], told["foreign"], told["foreign_draws"]) == ("69.00", 2, "149.00")

    save_standing(world.store, Standing())
    told = world.tick().as_json()
    assert told.keys().isdisjoint({"reserved_for_others", "foreign", "foreign_draws"})


def test_the_tick_is_noted_with_what_came_of_it(world: World) -> None:
    world.there_is(a_backorder("a.com"))

    world.tick()

    ran = last_run(world.store, "plan")
    assert ran is not None
    assert ran.at == NOW
    assert ran.summary["queued"] == 1
    assert (ran.summary["capacity"], ran.summary["currency"]) == ("1000.00", "USD")


def test_a_tick_without_an_answer_is_noted_as_skipped(world: World) -> None:
    world.provider.answer = OutcomeUnknown("timed out")

    world.tick()

    ran = last_run(world.store, "plan")
    assert ran is not None
    assert "timed out" in ran.summary["skipped"]


def test_money_paid_in_lets_the_held_ones_go(world: World) -> None:
    world.provider = account("0.00")
    world.there_is(a_backorder())
    world.tick()
    world.provider = account("69.00")
    world.now += TICK

    summary = world.tick()

    assert world.state() == (State.QUEUED, None)
    told = forecast(world.store)
    assert told is not None
    assert (summary.forecast, told.shortfall, told.waiting) == (None, usd(0), 0)


def test_a_tick_that_changes_nothing_writes_nothing(world: World) -> None:
    world.provider = account("0.00")
    world.there_is(a_backorder("a.com"), a_backorder("b.com", max_price=usd(1)))
    world.tick()
    before = world.everything
    world.now += TICK
    world.tick()
    assert world.everything == before


def test_the_reason_for_waiting_follows_the_facts(world: World) -> None:
    world.there_is(a_backorder(state=State.HELD, reason=Reason.UNFUNDED, max_price=usd("68.00")))
    world.tick()
    assert world.state() == (State.HELD, Reason.TOO_DEAR)
    assert world.the().history == ()


def test_what_waits_for_funds_or_its_time_says_what_it_will_cost() -> None:
    world = World(provider=FakeProvider(an_account_status(usd("130.00"))))
    early, late, held = (
        a_dated_backorder(domain, finalization_at=NOW + timedelta(days=days), priority=Decimal(priority))
        for domain, days, priority in (("early.com", 2, "9"), ("late.com", 9, "8"), ("held.com", 2, "7"))
    )
    world.there_is(early, late, held)
    world.tick()
    assert [world.state(name)[0] for name in ("early.com", "late.com", "held.com")] == [
        State.QUEUED,
        State.SELECTED,
        State.HELD,
    ]
    assert {world.the(name).plan.fee for name in ("late.com", "held.com")} == {FEE}
    keep_rules(world.store, '[fees]\ncom = "75.00"\n', version="v1", modified=NOW)
    world.tick()
    assert {world.the(name).plan.fee for name in ("late.com", "held.com")} == {usd("75.00")}
    before = world.everything
    world.tick()
    assert world.everything == before


def test_a_plan_that_sends_nothing_says_what_each_name_will_cost() -> None:
    world = World()
    world.there_is(a_dated_backorder("john.com", finalization_at=NOW + timedelta(days=5)))
    world.tick(queue=False)
    assert (world.state()[0], world.the().plan.fee) == (State.SELECTED, FEE)
    assert world.sent == []


def test_rules_and_the_accounts_standing_count(world: World) -> None:
    keep_rules(world.store, '[fees]\ncom = "50.00"\n[funding]\nkeep = "800.00"\n', version="v1", modified=NOW)
    save_standing(world.store, Standing(last_deposits={"com": usd("60.00")}, others=usd("100.00")))
    world.there_is(a_backorder("a.com"), a_backorder("b.com"))

    summary = world.tick()

    assert (summary.capacity, summary.drawn) == ("100.00", "60.00")
    assert world.the("a.com").plan.fee == usd("60.00")
    assert world.state("b.com") == (State.HELD, Reason.UNFUNDED)


def test_the_best_are_queued_first_and_no_more_than_a_tick_can_send(world: World) -> None:
    world.provider = account("1000000.00")
    world.parallel_calls = 1
    a_ticks_worth = 600  # of one call at a time, half a second each
    names = [a_backorder(f"name-{n}.com", line=n, priority=Decimal(n % 3)) for n in range(a_ticks_worth + 50)]
    world.there_is(*names)

    assert world.tick().queued == a_ticks_worth

    in_order = sorted(names, key=lambda b: (-b.wish.priority, b.wish.place.line))
    assert world.sent_as("order") == [backorder.domain for backorder in in_order[:a_ticks_worth]]
    left = {backorder.domain for backorder in world.store.open_backorders() if backorder.state is State.SELECTED}
    assert left == {backorder.domain for backorder in in_order[a_ticks_worth:]}

    world.now += TICK
    assert world.tick().queued == 0, "what still waits in the queue is not piled up"

    world.work_off()
    world.now += TICK
    assert world.tick().queued == a_ticks_worth


def test_a_message_carries_no_more_than_a_batch(world: World) -> None:
    world.provider = account("1000000.00")
    world.there_is(*(a_backorder(f"name-{n}.com", line=n) for n in range(2 * BATCH_SIZE + 1)))
    world.tick()
    assert [len(batch.backorders) for batch in world.sent] == [BATCH_SIZE, BATCH_SIZE, 1]
    assert len(set(world.sent_as("order"))) == 2 * BATCH_SIZE + 1


def test_a_plan_only_sends_nothing_and_queues_nothing(world: World) -> None:
    world.provider = account("69.00")
    world.there_is(a_backorder("a.com"), a_backorder("b.com"))
    world.there_is(a_placed_backorder("c.com", cancel_requested=True, deposit=usd(0)))
    world.there_is(a_backorder("d.com", State.SUBMITTING, claim=a_claim(lease_until=NOW), priority=usd(0)))
    world.provider = account("138.00")

    summary = world.tick(queue=False)

    assert world.sent == []
    assert world.state("a.com") == (State.SELECTED, None)
    assert world.state("b.com") == (State.HELD, Reason.UNFUNDED)
    assert (summary.queued, summary.asked, summary.withdrawn, summary.held) == (0, 0, 0, 1)
    assert summary.forecast is not None


def test_who_asked_for_patience_gets_it(world: World) -> None:
    world.there_is(a_backorder(not_before=NOW + MICROSECOND))
    world.tick()
    assert world.state() == (State.SELECTED, None)
    world.now += MICROSECOND
    world.tick()
    assert world.state() == (State.QUEUED, None)


def test_what_waits_in_the_queue_draws_and_is_not_sent_again(world: World) -> None:
    world.provider = account("69.00")
    world.there_is(a_backorder("a.com"))
    world.tick()
    world.there_is(a_backorder("b.com", priority=usd(10)))
    world.now += QUEUE_PATIENCE - MICROSECOND

    summary = world.tick()

    assert world.sent_as("order") == ["a.com"]
    assert (summary.queued, summary.drawn) == (0, "69.00")
    assert world.state("b.com") == (State.HELD, Reason.UNFUNDED)


def test_what_nobody_began_in_time_is_picked_again(world: World) -> None:
    world.there_is(a_backorder())
    world.tick()
    world.now += QUEUE_PATIENCE

    assert world.tick().queued == 1

    assert world.sent_as("order") == ["john.com", "john.com"]
    assert world.the().plan.queued_until == NOW + 2 * QUEUE_PATIENCE
    assert [step.entered for step in world.the().history] == [State.QUEUED, State.QUEUED]


def test_what_nobody_began_in_time_is_held_when_the_money_is_gone(world: World) -> None:
    world.there_is(a_backorder())
    world.tick()
    world.now += QUEUE_PATIENCE
    world.provider = account("0.00")
    world.tick()
    assert world.state() == (State.HELD, Reason.UNFUNDED)
    assert world.the().plan.queued_until is None


def test_whoever_changes_a_backorder_meanwhile_is_faster(world: World) -> None:
    """A cancel that comes while the account is read."""
    world.there_is(a_backorder("a.com"), a_backorder("b.com"))
    cancelled = moved(world.the("a.com"), State.CANCELLED, at=NOW, why="cancelled")
    find = world.store.open_backorders

    def find_and_cancel() -> Any:
        found = list(find())
        world.store.replace(cancelled)
        return iter(found)

    world.store.open_backorders = find_and_cancel  # type: ignore[method-assign]
    summary = world.tick()

    assert world.sent_as("order") == ["b.com"]
    assert (summary.queued, summary.conflicts) == (1, 1)
    assert world.the("a.com").state is State.CANCELLED


# --- What is sent late ---------------------------------------------------------------------------

FAR = NOW + timedelta(days=9)
LATE = FAR - timedelta(minutes=15 + 360)


def one_early_one_late(world: World, **changes: Any) -> None:
    world.provider = account("137.99")
    world.there_is(a_dated_backorder("a.com", finalization_at=NOW + timedelta(days=5)))
    world.there_is(a_dated_backorder("b.com", finalization_at=FAR, **changes))


def test_what_is_to_be_sent_late_says_when_and_is_left_alone(world: World) -> None:
    one_early_one_late(world)
    summary = world.tick()
    assert (summary.queued, summary.late, summary.held) == (1, 1, 0)
    assert world.sent_as("order") == ["a.com"]
    assert (world.state("b.com"), world.the("b.com").plan.send_at) == ((State.SELECTED, None), LATE)
    before = world.the("b.com")
    world.now += TICK
    world.tick()
    assert world.the("b.com") == before


def test_what_was_held_and_may_be_sent_late_is_held_no_more(world: World) -> None:
    one_early_one_late(world, state=State.HELD, reason=Reason.UNFUNDED)
    world.tick()
    assert (world.state("b.com"), world.the("b.com").plan.send_at) == ((State.SELECTED, None), LATE)
    assert world.the("b.com").history[-1].why == "funds suffice if it is ordered late: on 3 December 05:45 UTC"


def test_what_is_late_is_sent_when_its_time_comes(world: World) -> None:
    world.there_is(a_dated_backorder("b.com", finalization_at=FAR, send_at=LATE))
    world.provider = account("69.00")
    world.now = LATE
    world.tick()
    assert world.sent_as("order") == ["b.com"]
    assert world.the("b.com").plan.send_at is None


def test_what_was_to_be_sent_late_is_held_when_the_money_is_gone(world: World) -> None:
    world.there_is(a_dated_backorder("b.com", finalization_at=FAR, send_at=LATE))
    world.provider = account("0.00")
    world.tick()
    assert (world.state("b.com"), world.the("b.com").plan.send_at) == ((State.HELD, Reason.UNFUNDED), None)


# --- What is displaced ---------------------------------------------------------------------------


def test_a_worse_order_is_taken_back_for_a_better_one_which_is_sent_when_it_is_gone(world: World) -> None:
    world.provider = account("69.00")
    world.there_is(a_placed_backorder("worse.com"), a_backorder("better.com", priority=usd(9)))

    summary = world.tick()

    assert (summary.withdrawn, world.sent_as("withdraw"), world.sent_as("order")) == (1, ["worse.com"], [])
    assert (world.the("worse.com").plan.marked_for_withdrawal, world.state("worse.com")) == (
        True,
        (State.REQUESTED, None),
    )
    assert world.state("better.com") == (State.HELD, Reason.UNFUNDED)

    world.now += TICK
    world.tick()
    assert world.sent_as("withdraw") == ["worse.com", "worse.com"], "its message may have been lost"
    assert len(world.the("worse.com").history) == 1

    gone = moved(
        moved(world.the("worse.com"), State.WITHDRAWING, at=world.now, why=""),
        State.HELD,
        at=world.now,
        why="",
        reason=Reason.UNFUNDED,
        application=None,
        marked_for_withdrawal=False,
    )
    world.store.replace(gone)
    world.tick()
    assert world.sent_as("order") == ["better.com"]
    assert world.state("worse.com") == (State.HELD, Reason.UNFUNDED)


def test_what_is_to_be_displaced_stays_if_money_comes_first(world: World) -> None:
    world.provider = account("69.00")
    world.there_is(a_placed_backorder("worse.com"), a_backorder("better.com", priority=usd(9)))
    world.tick()
    world.provider = account("138.00")
    world.tick()
    assert not world.the("worse.com").plan.marked_for_withdrawal
    assert world.sent_as("withdraw") == ["worse.com"]
    assert world.sent_as("order") == ["better.com"]


def test_a_plan_only_displaces_nobody(world: World) -> None:
    world.provider = account("69.00")
    world.there_is(a_placed_backorder("worse.com"), a_backorder("better.com", priority=usd(9)))
    world.tick(queue=False)
    assert (world.sent, world.the("worse.com").plan.marked_for_withdrawal) == ([], False)


# --- What is missed ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "reason", "why"),
    [
        (State.SELECTED, None, Reason.LATE),
        (State.SELECTED, Reason.UNANSWERED, Reason.UNANSWERED),
        (State.SELECTED, Reason.REFUSED, Reason.REFUSED),
        (State.HELD, Reason.UNFUNDED, Reason.UNFUNDED),
        (State.HELD, Reason.TOO_DEAR, Reason.TOO_DEAR),
        (State.HELD, Reason.LIMIT, Reason.LIMIT),
        (State.QUEUED, None, Reason.LATE),
    ],
)
def test_without_a_chance_left_a_backorder_is_missed_and_says_why(
    world: World, state: State, reason: Reason | None, why: Reason
) -> None:
    late = a_dated_backorder(finalization_at=NOW, last_chance=NOW, state=state, reason=reason, not_before=NOW + TICK)
    world.there_is(late)

    summary = world.tick()

    assert world.state() == (State.MISSED, why)
    told_already = why not in FUNDED_AND_MISSED
    assert (world.the().settled, world.the().outcome_at) == (told_already, NOW)
    assert (summary.missed, summary.queued, summary.held, world.sent) == (1, 0, 0, [])


@pytest.mark.parametrize(
    ("paid_in", "why"), [(-TICK, Reason.REFUSED), (TICK, Reason.UNFUNDED)], ids=["in time", "after the deadline"]
)
def test_what_the_provider_failed_after_its_deadline_is_missed_for_want_of_money_if_that_came_too_late(
    world: World, paid_in: timedelta, why: Reason
) -> None:
    world.provider = account("0.00")
    world.there_is(an_estimated_backorder(drop_at=NOW + timedelta(hours=8)))
    world.tick()
    assert world.state() == (State.HELD, Reason.UNFUNDED)
    deadline, batch = world.the().schedule.deadline, world.the().schedule.last_chance
    assert deadline is not None
    assert batch is not None

    world.provider, world.now = account("69.00"), deadline + paid_in
    world.tick()
    assert world.state() == (State.QUEUED, None)
    sent = world.store.replace(moved(world.the(), State.SUBMITTING, at=world.now, why="claimed", claim=a_claim()))
    world.store.replace(moved(sent, State.SELECTED, at=world.now, why="549", claim=None, reason=Reason.REFUSED))
    world.now = batch
    world.tick()
    assert world.state() == (State.MISSED, why)


def test_until_its_last_chance_a_backorder_is_tried(world: World) -> None:
    world.there_is(a_dated_backorder(finalization_at=NOW, last_chance=NOW + MICROSECOND))
    world.tick()
    assert world.state() == (State.QUEUED, None)


@pytest.mark.parametrize(
    "state", [State.SUBMITTING, State.REQUESTED, State.ACTIVE, State.PROCESSING, State.WITHDRAWING, State.FAILED]
)
def test_what_was_sent_is_never_missed_by_the_plan(world: World, state: State) -> None:
    world.there_is(a_placed_backorder(state=state, last_chance=NOW - TICK, claim=a_claim()))
    assert world.tick().missed == 0
    assert world.the().state is state


def test_what_waits_in_the_queue_at_its_last_chance_is_left_to_its_worker(world: World) -> None:
    world.there_is(a_backorder(state=State.QUEUED, last_chance=NOW, queued_until=NOW + MICROSECOND))
    world.tick()
    assert world.state() == (State.QUEUED, None)


# --- What is asked about, and taken back ---------------------------------------------------------


@pytest.mark.parametrize("state", [State.SUBMITTING, State.WITHDRAWING])
@pytest.mark.parametrize(
    ("claim", "asked"),
    [
        (a_claim(lease_until=NOW), True),
        (a_claim(lease_until=NOW + MICROSECOND), False),
        (a_claim(lease_until=NOW, ask_after=NOW + MICROSECOND), False),
        (None, True),
    ],
)
def test_after_a_worker_that_is_gone_the_provider_is_asked(
    world: World, state: State, claim: Any, *, asked: bool
) -> None:
    world.there_is(a_placed_backorder(state=state, claim=claim))
    before = world.the()

    summary = world.tick()

    assert world.sent_as("ask") == (["john.com"] if asked else [])
    assert summary.asked == asked
    assert world.the() == before


@pytest.mark.parametrize(
    ("state", "taken_back"),
    [
        (State.REQUESTED, True),
        (State.ACTIVE, True),
        (State.PROCESSING, False),
        (State.AUCTION_PENDING, False),
        (State.SUCCESSFUL, False),
        (State.FAILED, False),
    ],
)
def test_what_the_user_cancelled_is_taken_back_while_that_is_possible(
    world: World, state: State, *, taken_back: bool
) -> None:
    world.there_is(a_placed_backorder(state=state, cancel_requested=True), a_placed_backorder("jane.com", state))
    summary = world.tick()
    assert world.sent_as("withdraw") == (["john.com"] if taken_back else [])
    assert summary.withdrawn == taken_back


def test_what_others_ordered_is_never_taken_back(world: World) -> None:
    world.there_is(a_placed_backorder(cancel_requested=True, origin=Origin.FOREIGN))
    world.tick()
    assert world.sent == []


# --- The line ------------------------------------------------------------------------------------


def test_rules_of_an_earlier_version_that_are_not_understood_halt_the_line_until_good_ones_come(world: World) -> None:
    world.there_is(a_backorder())
    keep_rules(world.store, "[limits]\nper_day = 5\n", version="v1", modified=NOW)
    document = world.store.document("rules")
    assert document is not None
    world.store.put_document("rules", {**document, "text": "[limits]\nper_fortnight = 5\n"})

    summary = world.tick()

    halted = halt(world.store)
    assert halted is not None
    assert halted.kind == "rules"
    assert "limits.per_fortnight" in halted.why
    assert summary.halted == halted.why
    assert (world.state(), world.sent) == ((State.SELECTED, None), [])

    keep_rules(world.store, "[limits]\nper_day = 5\n", version="v2", modified=NOW)
    world.tick()

    assert halt(world.store) is None
    assert world.state()[0] is State.QUEUED


def test_without_rules_that_are_understood_what_was_sent_is_asked_about_and_cancels_are_heard(world: World) -> None:
    overdue = a_claim(lease_until=NOW - TICK)
    world.there_is(
        a_backorder("due.com"),
        a_backorder("sent.com", state=State.SUBMITTING, claim=overdue),
        a_placed_backorder("unwanted.com", cancel_requested=True),
        a_placed_backorder("worse.com", marked_for_withdrawal=True),
    )
    keep_rules(world.store, "[limits]\nper_day = 5\n", version="v1", modified=NOW)
    document = world.store.document("rules")
    assert document is not None
    world.store.put_document("rules", {**document, "text": "[limits]\nper_fortnight = 5\n"})
    world.tick()
    assert (world.sent_as("ask"), world.sent_as("withdraw")) == (["sent.com"], ["unwanted.com"])
    assert world.sent_as("order") == []


def test_a_refused_login_halts_the_line_and_says_which_and_where(world: World) -> None:
    world.there_is(a_backorder())
    world.provider = FakeProvider(DENIED)

    summary = world.tick()

    halted = halt(world.store)
    assert halted is not None
    assert (halted.kind, halted.since) == ("access", NOW)
    for fact in ("530", "StatusAccount", "test.user", "provider.example"):
        assert fact in halted.why
    assert summary.halted == halted.why
    assert (world.state(), world.sent) == ((State.SELECTED, None), [])


def test_a_line_that_stays_halted_keeps_its_beginning(world: World) -> None:
    world.provider = FakeProvider(DENIED)
    world.tick()
    world.now += TICK
    world.tick()
    halted = halt(world.store)
    assert halted is not None
    assert halted.since == NOW


def test_a_look_at_the_account_that_succeeds_lets_the_line_go_on(world: World) -> None:
    world.there_is(a_backorder("a.com"), a_backorder("b.com"))
    world.provider = FakeProvider(DENIED)
    world.tick()
    world.provider = account("1000.00")

    summary = world.tick()

    assert (halt(world.store), summary.halted) == (None, None)
    assert world.sent == [Batch(kind="order", backorders=(BackorderKey("a.com", 1), BackorderKey("b.com", 1)))]


def test_a_line_halted_by_a_setting_lets_one_order_through_as_a_probe(world: World) -> None:
    mistyped = Halt("setting", "541 OWNERCONTACT0 john-1", NOW)
    halt_line(world.store, mistyped)
    world.there_is(a_backorder("a.com", priority=usd(1)), a_backorder("b.com", priority=usd(2)))

    summary = world.tick()

    assert world.sent == [Batch(kind="order", backorders=(BackorderKey("b.com", 1),), probe=True)]
    assert (halt(world.store), summary.halted, summary.queued) == (mistyped, mistyped.why, 1)
    assert world.state("a.com") == (State.SELECTED, None)


@pytest.mark.parametrize(
    "silence",
    [
        TemporaryFailure("Server error", code=421, command="StatusAccount"),
        OutcomeUnknown("no answer within 20 s", command="StatusAccount"),
        Refused("Invalid command name", code=500, command="StatusAccount"),
    ],
)
def test_a_provider_that_does_not_answer_changes_nothing(world: World, silence: ProviderError) -> None:
    world.there_is(
        a_backorder(),
        a_dated_backorder("late.com", finalization_at=NOW),
        a_placed_backorder("jane.com", cancel_requested=True),
    )
    before = world.everything
    world.provider = FakeProvider(silence)

    summary = world.tick()

    assert world.everything == before
    assert (summary.skipped, summary.halted) == (str(silence), None)
    world.provider = account("1000.00")
    assert world.tick(holder="next tick").queued == 1


def test_a_line_stays_halted_while_the_provider_does_not_answer(world: World) -> None:
    halted = Halt("access", "530 Authentication failed", NOW)
    halt_line(world.store, halted)
    world.provider = FakeProvider(TemporaryFailure("Server error", code=421))
    world.tick()
    assert halt(world.store) == halted


# --- One at a time -------------------------------------------------------------------------------


def test_a_second_plan_at_the_same_time_exits(world: World) -> None:
    world.there_is(a_backorder())
    world.store.acquire_lease("plan", "first", now=NOW, until=NOW + LEASE)
    before = world.everything

    assert world.tick(holder="second") == Summary(skipped="another plan is under way")

    assert world.everything == before
    world.now += LEASE
    assert world.tick(holder="third").queued == 1


@pytest.mark.parametrize("answer", [an_account_status(), DENIED, TemporaryFailure("no"), KeyError("a bug of ours")])
def test_the_lease_is_given_back_whatever_happens(world: World, answer: AccountStatus | Exception) -> None:
    world.provider = FakeProvider(answer)
    if isinstance(answer, KeyError):
        with pytest.raises(KeyError):
            world.tick(holder="first")
    else:
        world.tick(holder="first")
    assert world.store.acquire_lease("plan", "second", now=NOW, until=NOW + LEASE)


def test_a_persons_wish_goes_before_a_rules_choice(world: World) -> None:
    world.provider = account("69.00")
    world.there_is(
        a_backorder("rule.com", source=Source.DROPPING, priority=usd(10)), a_backorder("wish.com", priority=usd(0))
    )
    world.tick()
    assert world.sent_as("order") == ["wish.com"]


def test_an_application_that_lacks_something_is_mended_once_the_rules_say_it_and_not_twice(world: World) -> None:
    lacking = a_placed_backorder("name.se", zone="se", lacks=("X-NICSE-IDNUMBER",))
    foreign = a_placed_backorder("other.se", zone="se", lacks=("X-NICSE-IDNUMBER",), origin=Origin.FOREIGN)
    world.there_is(lacking, foreign)
    world.tick()
    assert world.sent_as("repair") == []

    keep_rules(world.store, '[provider.zones.se]\n"X-NICSE-IDNUMBER" = "1"\n', version="v1", modified=NOW)
    assert world.tick().repaired == 1
    assert world.sent_as("repair") == ["name.se"]

    current = world.store.latest("name.se")
    assert current is not None
    sent = current.amend(
        {"X-NICSE-IDNUMBER": "1"}, current.lacks, at=NOW, why="refused", call=Call("ModifyDomainApplication", 545)
    )
    world.store.replace(sent)
    assert world.tick().repaired == 0

    keep_rules(world.store, '[provider.zones.se]\n"X-NICSE-IDNUMBER" = "2"\n', version="v2", modified=NOW)
    assert world.tick().repaired == 1


def test_a_halted_line_mends_nothing(world: World) -> None:
    world.there_is(a_placed_backorder("name.se", zone="se", lacks=("X-NICSE-IDNUMBER",)))
    keep_rules(world.store, '[provider.zones.se]\n"X-NICSE-IDNUMBER" = "1"\n', version="v1", modified=NOW)
    halt_line(world.store, Halt("setting", "no such contact", NOW))
    assert world.tick().repaired == 0
    assert world.sent_as("repair") == []


def test_a_change_that_the_provider_failed_without_saying_why_waits(world: World) -> None:
    lacking = a_placed_backorder("name.se", zone="se", lacks=("X-NICSE-IDNUMBER",), not_before=NOW + 2 * TICK)
    world.there_is(lacking)
    keep_rules(world.store, '[provider.zones.se]\n"X-NICSE-IDNUMBER" = "1"\n', version="v1", modified=NOW)
    assert world.tick().repaired == 0
    world.now += 2 * TICK
    assert world.tick().repaired == 1


def test_a_summary_says_only_what_there_is_to_say(world: World) -> None:
    assert world.tick().as_json() == {
        "queued": 0,
        "asked": 0,
        "withdrawn": 0,
        "repaired": 0,
        "held": 0,
        "late": 0,
        "missed": 0,
        "at_risk": 0,
        "conflicts": 0,
        "capacity": "1000.00",
        "drawn": "0.00",
        "currency": "USD",
    }


def test_a_plan_that_queues_nothing_misses_nothing_either(world: World) -> None:
    late = a_dated_backorder(finalization_at=NOW - timedelta(hours=1))
    world.there_is(late)
    assert world.tick(queue=False).missed == 0
    assert [backorder.state for backorder in world.store.backorders()] == [State.SELECTED]


def test_one_that_is_to_be_patient_leaves_its_funds_to_others_meanwhile(world: World) -> None:
    world.provider = account("69.00")
    patient = a_backorder("patient.com", priority=Decimal(9), not_before=NOW + timedelta(minutes=30))
    world.there_is(patient, a_backorder("worse.com", priority=Decimal(1)))
    world.tick()
    assert world.sent_as("order") == ["worse.com"]


def test_a_cancelled_order_that_came_back_without_effect_is_not_sent_again(world: World) -> None:
    world.there_is(a_backorder(cancel_requested=True))
    world.tick()
    assert world.sent_as("order") == []
    assert [backorder.state for backorder in world.store.backorders()] == [State.CANCELLED]


def test_what_others_reserved_since_the_last_reconciliation_is_not_ours_to_draw_on(world: World) -> None:
    world.provider = FakeProvider(an_account_status(Decimal("138.00"), Decimal("69.00")))
    world.there_is(a_backorder("one.com", line=1), a_backorder("two.com", line=2))
    world.tick()
    assert world.sent_as("order") == ["one.com"]


def test_a_credit_among_the_deposits_does_not_hide_what_is_reserved_for_others(world: World) -> None:
    """The account says that 19.00 are reserved: 69.00 for somebody else, less a credit of 50.00."""
    world.provider = FakeProvider(an_account_status(Decimal("157.00"), Decimal("19.00")))
    save_standing(world.store, Standing(credits=usd(50)))
    world.there_is(a_backorder("one.com", line=1), a_backorder("two.com", line=2))
    world.tick()
    assert world.sent_as("order") == ["one.com"]


def test_a_charge_that_is_booked_while_the_plan_reads_is_not_planned_with_twice(world: World) -> None:
    """Reconciliation writes it on its order between the two looks: the account must not be the older one."""
    won = a_placed_backorder("won.com", State.SUCCESSFUL)
    world.there_is(won, a_backorder())

    class Charging(FakeProvider):
        def account(self) -> AccountStatus:
            standing = super().account()
            world.store.replace(replace(won, charges=(a_charge(),)))
            return standing

    world.provider = Charging(an_account_status(Decimal("69.00")))
    world.tick()
    assert world.sent_as("order") == []


# --- Urgent work first ---------------------------------------------------------------------------


def test_orders_go_out_before_anything_is_marked_missed_and_marking_ends_with_the_time(world: World) -> None:
    gone = [a_dated_backorder(f"gone{n}.com", finalization_at=NOW - timedelta(days=1)) for n in range(5)]
    world.there_is(*gone, a_dated_backorder("funded.com", finalization_at=NOW + timedelta(hours=2)))
    at_that_moment: list[int] = []
    send = world.send

    def sending(batches: Iterable[Batch]) -> None:
        some = list(batches)
        if any(batch.kind == "order" for batch in some):
            at_that_moment.append(sum(b.state is State.MISSED for b in world.store.backorders()))
        send(some)

    world.send = sending  # type: ignore[method-assign]
    assert world.tick(seconds_left=lambda: 1.0).missed == 0
    assert (world.sent_as("order"), at_that_moment) == (["funded.com"], [0])
    assert world.tick(holder="next tick").missed == 5


@given(st.lists(st.tuples(st.integers(-120, 3000), st.sampled_from([None, -30, 30])), max_size=12))
def test_what_an_outage_held_back_goes_first_by_deadline(drawn: list[tuple[int, int | None]]) -> None:
    orders = [
        a_backorder(
            f"n{number}.com",
            deadline=NOW + timedelta(minutes=minutes),
            send_at=None if late is None else NOW + timedelta(minutes=late),
        )
        for number, (minutes, late) in enumerate(drawn)
    ]
    sorted_ = urgent_first(orders, NOW)
    assert sorted(b.domain for b in sorted_) == sorted(b.domain for b in orders)
    urgent = [b for b in orders if minutes_to(b) <= 60 or (b.plan.send_at is not None and b.plan.send_at < NOW)]
    assert [b.schedule.deadline for b in sorted_[: len(urgent)]] == sorted(b.schedule.deadline for b in urgent)  # type: ignore[type-var]
    assert sorted_[len(urgent) :] == [b for b in orders if b not in urgent]


def minutes_to(backorder: Backorder) -> float:
    assert backorder.schedule.deadline is not None
    return (backorder.schedule.deadline - NOW).total_seconds() / 60


@pytest.mark.parametrize("error", [DENIED, TemporaryFailure("Later", code=421, command="StatusAccount")])
def test_names_near_their_deadline_are_at_risk_also_while_the_account_cannot_be_read(
    world: World, error: ProviderError
) -> None:
    world.there_is(
        *(a_backorder(f"n{n}.com", deadline=NOW + timedelta(minutes=20)) for n in range(3)),
        a_backorder("queued.com", State.QUEUED, deadline=NOW + timedelta(minutes=9), queued_until=NOW),
        a_backorder("held.com", State.HELD, reason=Reason.UNFUNDED, deadline=NOW + timedelta(minutes=5)),
        a_placed_backorder("placed.com", deadline=NOW + timedelta(minutes=5)),
        a_backorder("later.com", deadline=NOW + timedelta(hours=5)),
    )
    world.provider = FakeProvider(error)
    summary = world.tick()
    assert (summary.at_risk, summary.minutes_to_deadline) == (4, 9)
