"""The use case of one message: its backorders in parallel, none begun that could not be ended in time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

from backorder.domain.backorder import Backorder
from backorder.domain.states import State
from backorder.domain.values import BackorderKey
from backorder.provider.port import AccessDenied, Application, Provider, ProviderError, Scope
from backorder.rules import Rules, RulesOutdated, last_good_rules
from backorder.runtime.clock import Clock
from backorder.runtime.messages import Batch
from backorder.store import Conflict, NotUnderstood, Store
from submission.amend import Repairs
from submission.circuit_breaker import Line
from submission.claims import claim, new_claim
from submission.place import Orders
from submission.recover import Questions
from submission.withdraw import Withdrawals

_T = TypeVar("_T")

SPARE_SECONDS = 5.0
"""Kept after the last call could have ended, for writing outcomes and joining threads."""


@dataclass(frozen=True)
class Submission:
    """What the use case works with."""

    store: Store
    provider: Provider
    clock: Clock
    pool_size: int
    """Parallel calls at most."""


def threads(calls: int) -> int:
    """Enough for `calls` at the provider at any moment, while others claim and write what came of theirs.

    The client's cap holds the calls back, not the threads. A call takes a tenth of a second and more, its two writes
    about a tenth of that. One call at a time means one backorder after the other, in the message's order.
    """
    return 1 if calls == 1 else calls + max(2, calls // 4)


def work(batch: Batch, submission: Submission, *, seconds_left: Callable[[], float]) -> Counter[str]:
    """Does what the message says with each of its backorders; gives how many ended which way.

    A message that is delivered twice, or late, finds its backorders claimed or moved on and does nothing.
    All threads are joined before it returns: one that was frozen with the function must not send in a later run.
    """
    return _Work(batch, submission, seconds_left).run()


class _Work:
    def __init__(self, batch: Batch, submission: Submission, seconds_left: Callable[[], float]) -> None:
        self.batch = batch
        self.submission = submission
        self.store, self.clock = submission.store, submission.clock
        self.seconds_left = seconds_left
        self.line = Line(self.store, self.clock, probe=batch.probe, round_size=submission.pool_size)
        # Asked before each call: waiting for a place or backing off takes time, and the line may stop meanwhile.
        self.provider = submission.provider.within(self._refusal, self.line.heard)
        self.halted = self.line.halted_before
        self.rules = Rules()
        self.orders = Orders(self.store, self.provider, self.clock, self.line)
        self.withdrawals = Withdrawals(self.store, self.provider, self.clock, self.line)
        self.repairs = Repairs(self.store, self.provider, self.clock, self.line)
        self.questions = Questions(
            self.store,
            self.provider,
            self.clock,
            self.line,
            self.orders,
            self.withdrawals,
        )

    def run(self) -> Counter[str]:
        keys = self.batch.backorders
        if self.batch.kind in ("order", "repair"):
            self._read_rules()
        match self.batch.kind:
            case "order":
                outcomes = self._each(keys, self._order)
            case "withdraw":
                outcomes = self._each(keys, self._withdraw)
            case "repair":
                outcomes = self._each(keys, self._repair)
            case "ask":
                outcomes = self._ask(keys)
        self.line.close()
        return outcomes

    def _each(self, items: Iterable[_T], action: Callable[[_T], str]) -> Counter[str]:
        """All of them, whatever one of them raises; the first error is raised when the others are through.

        What is not understood is left alone.
        """

        def act(item: _T) -> str:
            try:
                return action(item)
            except NotUnderstood:
                return "not understood"

        with ThreadPoolExecutor(threads(self.submission.pool_size)) as pool:
            futures = [pool.submit(act, item) for item in items]
        errors = [error for future in futures if (error := future.exception()) is not None]
        if errors:
            self.line.close()
            raise errors[0]
        return Counter(future.result() for future in futures)

    def _refusal(self, seconds: float) -> str | None:
        """Why no call of up to `seconds` may start now."""
        if self.line.stopped:
            return "the line is halted"
        if self.seconds_left() <= seconds + SPARE_SECONDS:
            return "too little time remained"
        return None

    def _not_now(self) -> str | None:
        """Why nothing more may be begun: it would be given back before it is sent."""
        return self._refusal(self.provider.worst_case_seconds)

    def _order(self, key: BackorderKey) -> str:
        backorder = self.store.get(key)
        if backorder is None or backorder.state is not State.QUEUED:
            return "taken"
        now = self.clock()
        if backorder.cancel_requested:
            return self._give_back(backorder, "nothing was sent for it")
        if backorder.schedule.last_chance is not None and now >= backorder.schedule.last_chance:
            return self._give_back(backorder, "its last chance passed in the queue")
        if (
            backorder.wish.max_price is not None
            and backorder.plan.fee is not None
            and backorder.plan.fee > backorder.wish.max_price
        ):
            return self._give_back(backorder, "its max_price was lowered in the meantime")
        self.line.look()
        reason = self._not_now()
        if self.halted and not self.batch.probe:
            reason = "the line is halted"
        elif self.line.stops(backorder.zone):
            reason = f"orders in .{backorder.zone} are halted"
        if reason:
            return self._give_back(backorder, f"not begun: {reason}")
        # What a refused attempt may have made all the same is ours: it is too late to ask what was there before it.
        if self.batch.look_first and backorder.refused_since is None:
            return self._look_and_order(backorder)
        return self._claim_and_order(backorder)

    def _look_and_order(self, backorder: Backorder) -> str:
        """First what stands at the provider, then the order: so no clock is needed to tell afterwards whose it is."""
        try:
            there = self.orders.standing(backorder.domain)
        except AccessDenied as error:
            self.line.halt(error)
            return self._give_back(backorder, f"not begun: {error}")
        except ProviderError as error:
            if error.scope is Scope.TRANSPORT:
                return self._give_back(backorder, f"not begun: {error}")
            # It does not tell: then the times have to.
            return self._claim_and_order(backorder)
        if not there.complete:
            return self._give_back(backorder, "not begun: the provider's list moved while it was read")
        # An unreadable row is there, and nobody knows what it is: then, too, the times have to tell.
        return self._claim_and_order(backorder, None if there.unread else tuple(there))

    def _claim_and_order(self, backorder: Backorder, there: Sequence[Application] | None = None) -> str:
        now = self.clock()
        held = replace(
            new_claim("order", now),
            first_sent_at=backorder.refused_since or now,
            extra=self._extra(backorder),
            there=None if there is None else tuple(application.id for application in there),
        )
        claimed = claim(self.store, backorder, held, now=now, why="claimed")
        if claimed is None:
            return "taken"
        live = next((application for application in there or () if application.status.is_live), None)
        return self.orders.send(claimed) if live is None else self.orders.taken_over(claimed, live)

    def _extra(self, backorder: Backorder) -> dict[str, str]:
        """What an order in its zone carries beside class and domain, by the user's rules."""
        return self.rules.provider.extra(backorder.zone)

    def _read_rules(self) -> None:
        """Orders say what the rules say of their zone: where these are not understood, none is sent."""
        try:
            self.rules = last_good_rules(self.store)
        except RulesOutdated as outdated:
            self.line.halt(outdated)

    def _give_back(self, backorder: Backorder, why: str) -> str:
        try:
            self.store.replace(backorder.release(at=self.clock(), why=why))
        except Conflict:
            return "taken"
        return "given back"

    def _withdraw(self, key: BackorderKey) -> str:
        """A halt for a setting or the rules stops orders only."""
        backorder = self.store.get(key)
        if backorder is None or self._not_now() or (self.halted and self.halted.kind == "access"):
            return "left"
        claimed = self.withdrawals.claim(backorder)
        return self.withdrawals.send(claimed) if claimed else "taken"

    def _repair(self, key: BackorderKey) -> str:
        backorder = self.store.get(key)
        if backorder is None or self._not_now() or self.halted:
            return "left"
        return self.repairs.send(backorder, self.rules)

    def _ask(self, keys: Iterable[BackorderKey]) -> Counter[str]:
        if self._not_now() or (self.halted and self.halted.kind == "access"):
            return Counter()
        taken = [backorder for key in keys if (backorder := self.questions.take_over(key))]
        return self._each(taken, self.questions.ask(taken)) if taken else Counter()
