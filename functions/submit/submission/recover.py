"""Questions: what became of orders and withdrawals whose outcome is unknown, many in one call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from backorder.domain.backoff import next_look
from backorder.domain.backorder import Backorder
from backorder.domain.states import CLAIMED, State
from backorder.domain.values import BackorderKey, Refusal
from backorder.provider.port import AccessDenied, Application, Provider, ProviderError, Scope, one_by_one
from backorder.runtime.clock import Clock
from backorder.store import NotUnderstood, Store
from submission.circuit_breaker import Line
from submission.claims import claim, settle, taken_over
from submission.place import Orders
from submission.recovery_rules import Adopt, AskAgain, conclude
from submission.withdraw import Withdrawals

ASKING = "its worker is gone, or had no answer: asking the provider"


@dataclass(frozen=True)
class Questions:
    """Takes claims over, asks, and goes on from what the provider says."""

    store: Store
    provider: Provider
    clock: Clock
    line: Line
    orders: Orders
    withdrawals: Withdrawals

    def take_over(self, key: BackorderKey) -> Backorder | None:
        """The backorder under a claim of this worker; None if it is settled by now, or another worker has it, or it is
        not understood."""
        now = self.clock()
        try:
            backorder = self.store.get(key)
        except NotUnderstood:
            return None
        if backorder is None or backorder.claim is None or not backorder.claim.may_be_taken_over(now):
            return None
        if backorder.state not in CLAIMED:
            return None
        return claim(self.store, backorder, taken_over(backorder.claim, now), now=now, why=ASKING)

    def ask(self, taken: Sequence[Backorder]) -> Callable[[Backorder], str]:
        """One question for all that were taken over; gives what is to be done with each of them."""
        domains = [backorder.domain for backorder in taken]
        answers, refused = one_by_one(domains, self._applications)
        if isinstance(denied := next(iter(refused.values()), None), AccessDenied):
            self.line.halt(denied)

        def go_on(backorder: Backorder) -> str:
            if (error := refused.get(backorder.domain)) is not None:
                return self._refused(backorder, error)
            applications, complete = answers[backorder.domain]
            return self._conclude(backorder, applications, complete=complete)

        return go_on

    def _applications(self, domains: Sequence[str]) -> dict[str, tuple[list[Application], bool]]:
        """By domain: what the provider has, and whether that is all."""
        listing = self.provider.applications(domains=domains)
        found: dict[str, list[Application]] = {domain: [] for domain in domains}
        for application in listing.items:
            if application.domain in found:
                found[application.domain].append(application)
        unread = {cell for row in listing.unread for cell in row.cells}
        return {
            domain: (applications, listing.complete and domain not in unread) for domain, applications in found.items()
        }

    def _refused(self, taken: Backorder, error: ProviderError) -> str:
        """An answer about this one name is asked for again with growing pauses; any other at the next tick."""
        if error.scope is not Scope.OBJECT:
            return self._let_go(taken, str(error))
        now = self.clock()
        refusal = taken.refused_again(error.description, since=now)
        after = next_look(refusal.times, now, until=taken.schedule.last_chance)
        return self._let_go(taken, str(error), ask_after=after, refusal=refusal)

    def _conclude(self, taken: Backorder, applications: Iterable[Application], *, complete: bool) -> str:
        if taken.state is State.WITHDRAWING:
            return self.withdrawals.conclude(taken, applications, complete=complete)
        held = taken.claim
        assert held is not None
        now = self.clock()
        gone = taken.schedule.last_chance is not None and now >= taken.schedule.last_chance
        match conclude(held, applications, past_last_chance=gone, complete=complete):
            case Adopt() as found:
                return self.orders.adopt(taken, found)
            case AskAgain():
                asked = held.asked + 1 if complete else held.asked
                return self.orders.ask_again(taken, asked=asked, why="not at the provider yet: asking once more")
            case send:
                if gone or taken.cancel_requested:
                    return self.orders.give_up(taken)
                if self.line.halted_before or self.line.stopped or self.line.stops(taken.zone):
                    # What arrived is found all the same, and nothing is sent again.
                    return self._let_go(taken, "the line is halted")
                return self._send_again(taken, new=send.new)

    def _send_again(self, taken: Backorder, *, new: bool) -> str:
        """Under a renewed claim, written first: if this worker dies after sending, the next one asks again."""
        assert taken.claim is not None
        held = replace(
            taken_over(taken.claim, self.clock()), new=new, asked=0, unanswered=True, sent=taken.claim.sent + 1
        )
        renewed = claim(self.store, taken, held, now=self.clock(), why="not at the provider: sent again")
        return self.orders.send(renewed) if renewed else "taken"

    def _let_go(
        self, taken: Backorder, why: str, *, ask_after: datetime | None = None, refusal: Refusal | None = None
    ) -> str:
        """Nothing was learned: the next tick asks, or one after a pause."""
        now = self.clock()

        def change(backorder: Backorder) -> Backorder:
            assert backorder.claim is not None
            held = replace(backorder.claim, lease_until=now, ask_after=ask_after or backorder.claim.ask_after)
            return backorder.ask_later(held, at=now, why=why, refusal=refusal)

        settle(self.store, taken, change)
        return "unanswered"
