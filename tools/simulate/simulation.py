"""One simulation: the scenario of a seed, lived through to the end; then its promises are checked."""

from __future__ import annotations

import logging
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from backorder.documents.halt import halt
from backorder.domain.backorder import Backorder
from backorder.domain.states import State
from local.emulator import Emulator
from local.memory_store import MemoryStore
from local.stack.deployment import Schedule
from local.world.login import NEXT_PASSWORD, PASSWORD, USER
from local.world.promises.evidence import Evidence
from local.world.promises.looks import Looks
from local.world.promises.sums import documents_of_the_books
from local.world.promises.terms import GRACE
from local.world.schedules import Ticks, next_change
from local.world.virtual.machine import Machine, declared
from local.world.virtual.mishaps import Mishaps
from local.world.virtual.pool import pools_on_tasks
from local.world.virtual.scheduler import Scheduler
from local.world.watched import WatchedStore
from tools.simulate.changes import Changes, Move
from tools.simulate.happened import happened
from tools.simulate.names import Upload, last_words
from tools.simulate.promises import Broken, broken, hopeless
from tools.simulate.scenario import BookFault, Scenario

MOST_DAYS = 15
"""So long after the last drop, a simulation is over in any case."""
LATEST_REFUND = timedelta(hours=54)
"""By then one that is late has come: 36 hours after the release lag, which is 12 hours at most."""
PLAN, RECONCILE = "PlanSubmissions", "ReconcileAccount"
_PLAYED = ("PlanSchedule", "ReconcileSchedule")


@dataclass(frozen=True)
class Result:
    """What came of a seed."""

    scenario: Scenario
    broken: Broken
    evidence: Evidence
    seen: Counter[str]
    """Mishaps that took place, by name."""
    ended_at: datetime

    @property
    def ok(self) -> bool:
        return not self.broken


def simulate(scenario: Scenario) -> Result:
    """Lives through a scenario. Raises what the functions' code raises where nothing may go wrong."""
    with pools_on_tasks(), _quiet():
        return _Simulation(scenario).run()


@contextmanager
def _quiet() -> Iterator[None]:
    # What is expected to go wrong is logged as it should be, by the thousand.
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


class _Simulation:
    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.rng = random.Random(f"simulation {scenario.seed}")
        self.emulator = Emulator(scenario.options)
        self.password = PASSWORD
        """At the provider."""
        self.strangers: set[str] = set()
        self.regrets: list[Upload] = []
        """Cancels that the seed did not know of before."""
        self._before_the_start()
        self.scheduler = Scheduler(scenario.start, self._advance, self.rng)
        self.store = WatchedStore(MemoryStore())
        rates = scenario.rates
        self.mishaps = Mishaps(self.scheduler, self.rng, rates.kills, rates.freezes, near=rates.storm)
        self.machine = Machine(
            rates,
            read_timeout=scenario.read_timeout,
            emulator=self.emulator,
            scheduler=self.scheduler,
            store=self.store,
            mishaps=self.mishaps,
            rng=self.rng,
        )
        self.machine.submissions.dooms = scenario.changes.dooms
        self.machine.ended = self._ended
        self.machine.store.written = self._written
        schedules = (schedule for schedule in declared().schedules if schedule.id in _PLAYED)
        self.ticks = Ticks(schedules, scenario.start)
        self.gap = timedelta(0)
        """To the next tick of a storm."""
        self.crowded = False
        """The last plan met another one under way."""
        self.next_change: datetime | None = None
        self.writes_seen = -1
        self.calm = False
        self.pending = 0
        self.seen: Counter[str] = Counter()

    # Before the pipeline's time

    def _before_the_start(self) -> None:
        """Names that dropped before: an application of this account for them is in a final state."""
        scenario, emulator = self.scenario, self.emulator
        past = scenario.options.start
        assert past is not None
        for name in scenario.names:
            if name.former:
                self._order_by_hand(name.domain)
                drop_at = past + timedelta(days=8)
                emulator.schedule(name.domain, drop_at=drop_at, outcome="FAILED")
        emulator.advance_to(past + timedelta(days=12))
        first = {move.before.domain: move.before for move in scenario.changes.moves}
        for name in scenario.names:
            told = first.get(name.domain, name)
            emulator.schedule(name.domain, finalization_at=told.finalization_at, drop_at=told.drop_at)
        strangers = sorted((name.stranger_at, name.domain) for name in scenario.names if name.stranger_at is not None)
        for at, domain in strangers:
            if at < scenario.start:
                emulator.advance_to(max(at, emulator.now))
                self._order_as_stranger(domain)
        emulator.advance_to(scenario.start)

    def _order_as_stranger(self, domain: str) -> None:
        """What is ordered by hand is a second live application for its name, and no fault of ours."""
        application = self._order_by_hand(domain, new=True)
        self.emulator._world.applications[int(application)].foreign = True
        self.strangers.add(application)

    def _order_by_hand(self, domain: str, *, new: bool = False) -> str:
        """Somebody orders with the same login, at the provider's web page perhaps. Gives the application's id."""
        fields = {"s_entity": "1234", "s_login": USER, "s_pw": self.password, "command": "AddDomainApplication"}
        fields["incomplete"] = "1"  # whatever its zone needs
        if new:
            fields["new"] = "1"
        answer = self.emulator.call({**fields, "class": "BACKORDER", "domain": domain})
        lines = dict(line.split("=", 1) for line in answer.splitlines() if "=" in line)
        return lines["PROPERTY[APPLICATION][0]"]

    # The run

    def run(self) -> Result:
        self._plan_events()
        last = self.scenario.last_drop
        end = last + timedelta(days=MOST_DAYS)
        calm_at = last + timedelta(hours=6)
        while self.scheduler.now < end:
            if not self.calm and self.scheduler.now >= calm_at:
                self._calm_down()
            if self.calm and not self.pending and self.machine.is_quiet and self._all_done():
                break
            self._next(end)
        self._settle_accounts()
        self.scheduler.end()
        return self._result()

    def _plan_events(self) -> None:
        scenario, at = self.scenario, self._at
        for upload in scenario.uploads:
            at(upload.at, partial(self.machine.upload, upload.key, upload.body, upload.event_after))
        for moment, amount in scenario.pay_ins:
            at(moment, partial(self.emulator.pay_in, amount))
        for moment, amount in scenario.charges:
            at(moment, partial(self.emulator.charge, amount, "hosting"))
        for fault in scenario.book_faults:
            at(fault.at, partial(self._strike, fault))
        for name in scenario.names:
            if name.stranger_at is not None and name.stranger_at >= scenario.start:
                at(name.stranger_at, partial(self._stranger, name.domain))
        self._plan_changes(scenario.changes)
        for day in range(1, (scenario.last_drop - scenario.start).days + 2):
            at(scenario.start + timedelta(days=day), self.machine.sweep)

    def _plan_changes(self, changes: Changes) -> None:
        for move in changes.moves:
            self._at(move.at, partial(self._move, move))
        if changes.rules_outdated_at is not None:
            self._at(changes.rules_outdated_at, self._upgrade)
        if changes.password_rotated_at is not None:
            self._at(changes.password_rotated_at, self._rotate_password)
        if changes.secret_rotated_at is not None:
            self._at(changes.secret_rotated_at, self._rotate_secret)
        if changes.silent_at is not None:
            self._at(changes.silent_at, partial(self.emulator.fall_silent, changes.silence / timedelta(hours=1)))
        for moment in changes.redrives:
            self._at(moment, self.machine.submissions.redrive)

    def _at(self, moment: datetime, event: object) -> None:
        assert callable(event)
        self.pending += 1

        def happen() -> None:
            self.pending -= 1
            event()
            self._changed()

        self.scheduler.at(moment, happen)

    def _move(self, move: Move) -> None:
        after = move.after
        self.seen["drop moved"] += 1
        self.emulator.schedule(after.domain, finalization_at=after.finalization_at, drop_at=after.drop_at)

    def _upgrade(self) -> None:
        """A version comes that does not know a word of the rules in use."""
        kept = self.store.document("rules")
        if kept is not None:
            self.seen["rules outdated"] += 1
            self.store.put_document("rules", {**kept, "text": f"{kept['text']}\n[formerly]\nknown = true\n"})

    def _rotate_password(self) -> None:
        self.seen["password rotated"] += 1
        self.password = NEXT_PASSWORD
        self.emulator.rotate_password(self.password)

    def _rotate_secret(self) -> None:
        self.machine.secret.password = NEXT_PASSWORD

    def _strike(self, fault: BookFault) -> None:
        if fault.kind == "application_foreign":
            self.emulator.schedule(fault.domain, drop_at=self.scenario.last_drop, outcome="FAILED")
        self.emulator.strike_books([fault.kind], [fault.domain])

    def _stranger(self, domain: str) -> None:
        """Orders by hand, unless our own order may be on its way: then nobody could tell the two apart."""
        latest = self.store.latest(domain)
        ours = latest is not None and any(step.entered is State.SUBMITTING for step in latest.history)
        if not ours and self.scheduler.now < self.scenario.name(domain).finalization_at:
            self._order_as_stranger(domain)

    def _written(self, backorder: Backorder) -> None:
        """A cancel that meets an order which is being taken back for want of funds."""
        begun = backorder.state is State.WITHDRAWING and backorder.history[-1].left is not State.WITHDRAWING
        if not begun or backorder.cancel_requested or self.calm:
            return
        self.seen["displaced"] += 1
        if self.rng.random() < self.scenario.changes.regrets:
            at = self.scheduler.now + timedelta(seconds=self.rng.uniform(0, self.rng.choice((1, 90))))
            name = backorder.domain
            regret = Upload(at, f"cancel/{name}-{len(self.regrets)}.txt", f"{name}\n", (name,))
            self.regrets.append(regret)
            self._at(at, partial(self.machine.upload, regret.key, regret.body))

    def _all_done(self) -> bool:
        now = self.scheduler.now
        patience = LATEST_REFUND if self.scenario.book_faults else GRACE
        return all(
            backorder.state.is_final and backorder.outcome_at is not None and now > backorder.outcome_at + patience
            for backorder in self.store.open.values()
            if not hopeless(backorder, self.scenario)
        )

    def _next(self, end: datetime) -> None:
        """The next thing that happens: a task's turn, an event, or a tick."""
        ticks = [(self._next_tick(schedule), schedule) for schedule in self.ticks.schedules]
        at, schedule = min(ticks, key=lambda tick: tick[0])
        tick_at, turn_at = min(at, end), self.scheduler.next_event()
        if turn_at is not None and turn_at <= tick_at:
            self.scheduler.step()
            return
        self.scheduler.at(tick_at, lambda: None)
        self.scheduler.step()
        if tick_at < end:
            self._tick(schedule, tick_at)

    def _next_tick(self, schedule: Schedule) -> datetime:
        now, ticks = self.scheduler.now, self.ticks
        # A plan that hangs holds its lease for minutes: a storm's ticks would all be in vain, thousands in a run.
        if self.scenario.rates.storm and schedule.function == PLAN and not self.calm and not self.crowded:
            return max(ticks.earliest(schedule, now, self._next_change), ticks.last(schedule) + self.gap)
        return ticks.next(schedule, now, self._next_change)

    def _next_change(self, after: datetime) -> datetime:
        if self.next_change is None or self.next_change <= after or self.writes_seen != self.machine.store.writes:
            self.next_change = next_change(after, self.emulator.next_moment(), self.store.next_moment(after))
            self.writes_seen = self.machine.store.writes
        return self.next_change

    def _tick(self, schedule: Schedule, at: datetime) -> None:
        self.ticks.called(schedule, at)
        self.gap = timedelta(seconds=self.rng.uniform(2, 20))
        rates = self.scenario.rates
        if not self.calm and self.rng.random() < rates.ticks_lost:
            self.seen["tick lost"] += 1
            self.ticks.repeat(schedule.function)
            return
        call = partial(self.machine.start, schedule.function)
        call()
        if not self.calm and self.rng.random() < rates.ticks_doubled:
            self.seen["tick doubled"] += 1
            delay = self.rng.choice((self.rng.uniform(0, 2), self.rng.uniform(55, 95), self.rng.uniform(0, 240)))
            self.scheduler.at(self.scheduler.now + timedelta(seconds=delay), call)

    def _ended(self, function: str, gave: object) -> None:
        if function in (PLAN, RECONCILE):
            if getattr(gave, "halted", None):
                self.seen["plan halted" if function == PLAN else "reconcile halted"] += 1
            skipped = gave is None or any(getattr(gave, name, None) for name in ("skipped", "halted", "failed"))
            if skipped:
                self.ticks.repeat(function)
            if function == PLAN:
                self.crowded = bool(getattr(gave, "skipped", None))
            if function == RECONCILE and not skipped and getattr(gave, "changed", False):
                self.ticks.repeat(PLAN)
        else:
            self._changed()

    def _changed(self) -> None:
        self.ticks.changed()

    def _advance(self, moment: datetime) -> None:
        passed = self.next_change is not None and self.next_change <= moment
        if self.emulator.advance_to(moment) or passed:
            self._changed()

    # The end

    def _calm_down(self) -> None:
        """From here on nothing goes wrong any more: what is still open has to come to its end."""
        self.calm = True
        self.emulator.set_faults(0.0)
        self.emulator.set_answers([])
        self.mishaps.kills = self.mishaps.freezes = 0.0
        for queue in (self.machine.lists, self.machine.submissions):
            queue.duplicates = queue.lates = queue.lost = queue.dooms = 0.0
            queue.redrive()
        self._changed()

    def _settle_accounts(self) -> None:
        """A last look at the account; a difference is explained by the second run that sees it."""
        for _ in range(2):
            self.machine.reconcile()
            while self.machine.running[RECONCILE]:
                self.scheduler.step()

    def _result(self) -> Result:
        store = self.store
        machine = self.machine
        scenario = replace(self.scenario, uploads=(*self.scenario.uploads, *self.regrets))
        seen = self.seen + self.mishaps.seen + machine.seen + machine.lists.seen + machine.submissions.seen
        state, postings = self.emulator.state(), list(store.postings())
        evidence = Evidence(
            lists=[record for record in store.lists() if record.kind in ("wanted", "dropping", "cancel")],
            backorders=list(store.backorders()),
            postings=postings,
            books=documents_of_the_books(store, postings),
            findings=list(store.findings()),
            emulator=state,
            ended_at=self.scheduler.now,
            planned_only=False,
            halted=halt(store) is not None,
            password_seen_in=sorted(self.machine.leaks),
            words=last_words(scenario.uploads),
            outranked=self.store.outranked,
            placed_by_hand=self.strangers,
            mishaps=bool(seen),
        )
        dead = {message.body for queue in (self.machine.lists, self.machine.submissions) for message in queue.dead}
        return Result(
            scenario,
            broken(
                evidence,
                scenario,
                looks=Looks(self.machine.looks),
                dead_letters=dead,
                crashes=self.machine.crashes,
            ),
            evidence,
            seen + happened(scenario, evidence),
            self.scheduler.now,
        )
