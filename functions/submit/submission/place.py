"""Orders: each claimed, sent, and its outcome written. The only place that sends AddDomainApplication."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from backorder.domain.backoff import next_look
from backorder.domain.backorder import Backorder
from backorder.domain.states import State
from backorder.domain.values import Call, Claim, Origin, PlacedApplication, Reason, Refusal
from backorder.provider.port import (
    AccessDenied,
    AlreadyExists,
    Application,
    ApplicationStatus,
    InsufficientFunds,
    Listing,
    OutcomeUnknown,
    Provider,
    ProviderError,
    Refused,
    Scope,
    TemporaryFailure,
    TryAgainSlowly,
)
from backorder.runtime.clock import Clock
from backorder.store import Store
from submission.circuit_breaker import Line, RefusedOrder
from submission.claims import settle
from submission.recovery_rules import Adopt, AskAgain, Conclusion, conclude, is_ours

PAUSE = timedelta(seconds=60)
"""No question sooner than this after an unknown outcome."""
PATIENCE = timedelta(minutes=30)
"""Before an order is tried again for which the provider finds the account's credit too small."""
MOST_FAILURES = 12
"""So often an order without a date is refused before it is given up, about two days later."""

ORDER = "AddDomainApplication"
INCOMPLETE = {"INCOMPLETE": "1"}
"""Taken even if not all that is required is given."""
_UNCLEAR = "what the provider has of it could not be read whole"


@dataclass(frozen=True)
class Orders:
    """Sends what is claimed and writes what came of it. Safe for many threads."""

    store: Store
    provider: Provider
    clock: Clock
    line: Line

    def standing(self, domain: str) -> Listing[Application]:
        """What is at the provider for a domain of which nothing was sent yet, whoever ordered it."""
        return self.provider.applications(domains=[domain])

    def taken_over(self, claimed: Backorder, found: Application) -> str:
        """Fulfils the wish with an application that stood there before anything was sent."""
        return self._placed(
            claimed, found, Origin.FOREIGN, "a foreign one was at the provider before our first attempt"
        )

    def send(self, claimed: Backorder) -> str:
        """Sends the order of a claimed backorder; gives the outcome in a word, for the batch's summary."""
        held = _claim(claimed)
        application: Application | None
        try:
            if claimed.refused_since is not None and (came_of_it := self._look_first(claimed)) is not None:
                return came_of_it
            try:
                application = self.provider.place(claimed.domain, new=held.new, extra=held.extra)
            except Refused as error:
                if not error.lacks_data_of_its_zone or INCOMPLETE.items() <= held.extra.items():
                    raise
                # Whatever goes unanswered from here on, the claim remembers it: no later attempt is refused for it.
                held = replace(held, extra={**held.extra, **INCOMPLETE})
                application = self._order_as_incomplete(claimed.domain, held)
            if application is None:
                unclear = replace(held, unanswered=False)
                return self._ask_later(claimed, f"refused, and {_UNCLEAR}", unclear)
        except TemporaryFailure as error:
            return self._back(claimed, error)
        except OutcomeUnknown as error:
            again = replace(held, unanswered=True, asked=0)
            return self._ask_later(claimed, str(error), again, call=_call(error))
        except AlreadyExists as error:
            again = replace(held, unanswered=False, asked=0, exists=held.exists + 1)
            return self._ask_later(claimed, str(error), again, call=_call(error))
        except InsufficientFunds as error:
            return self._held_for_credit(claimed, error)
        except AccessDenied as error:
            self._back(claimed, error)
            self.line.halt(error)
            return "halted"
        except ProviderError as error:
            return self._refused(claimed, error)
        return self._answered(claimed, application)

    def _look_first(self, claimed: Backorder) -> str | None:
        """What came of an order that was refused before; None: nothing, and it is to be sent again."""
        match self._ask(claimed.domain, _claim(claimed)):
            case Adopt() as found:
                return self.adopt(claimed, found)
            case AskAgain():
                asked = replace(_claim(claimed), unanswered=False)
                return self._ask_later(claimed, f"refused before, and {_UNCLEAR}", asked)
            case _:
                return None

    def _order_as_incomplete(self, domain: str, held: Claim) -> Application | None:
        """Refused for want of what its zone needs, it is sent again as incomplete: the application tells what it lacks
        (`repairs`), and no other zone waits for it. What orders of all zones need is a setting, and halts the line.

        None: it was refused, and nobody can tell whether an application came of it all the same.
        """
        match self._ask(domain, held):
            case Adopt() as found:
                return found.application
            case AskAgain():
                return None
        return self.provider.place(domain, new=held.new, extra=held.extra)

    def _ask(self, domain: str, held: Claim) -> Conclusion:
        """Before a refused order is sent again: what a provider refuses may have taken effect all the same."""
        listing = self.provider.applications(domains=[domain])
        asked = replace(held, unanswered=False)
        return conclude(asked, listing.items, past_last_chance=False, complete=listing.proves_absence)

    def adopt(self, claimed: Backorder, found: Adopt) -> str:
        """Takes over an application that a question brought to light."""
        whose = "ours" if found.origin is Origin.OURS else "a foreign one, created before our first attempt"
        return self._placed(claimed, found.application, found.origin, f"found at the provider: {whose}")

    def give_up(self, claimed: Backorder) -> str:
        """No application came of it, and none will: the user wants it no more, or the last chance is over."""
        now = self.clock()
        if claimed.cancel_requested:
            why = "cancelled, and the provider has no application for it"
            settle(self.store, claimed, lambda current: current.end_cancelled(at=now, why=why))
            return "cancelled"
        why = "the provider has no application for it, and the last chance is over"
        reason = claimed.missed_for(Reason.UNANSWERED)
        settle(self.store, claimed, lambda current: current.miss(reason, at=now, why=why))
        return "missed"

    def ask_again(self, claimed: Backorder, *, asked: int, why: str) -> str:
        """Nothing is concluded yet: the claim is open to the next question."""
        self._ask_later(claimed, why, replace(_claim(claimed), asked=asked))
        return "unknown"

    def _answered(self, claimed: Backorder, application: Application) -> str:
        held = _claim(claimed)
        if application.status.is_final or not is_ours(application, held):
            # Older than our first attempt: the provider gave us one that was there before. Whose, and how alive?
            again = replace(held, unanswered=False, asked=0, exists=held.exists + 1)
            why = "the provider answered with an application that was there before"
            return self._ask_later(claimed, why, again, call=Call(ORDER, application=application.id))
        self.line.went_through(claimed.zone)
        answered = (claimed.since, self.clock())
        return self._placed(claimed, application, Origin.OURS, "the provider took the order", answered)

    def _placed(
        self,
        claimed: Backorder,
        application: Application,
        origin: Origin,
        why: str,
        answered: tuple[datetime, datetime] | None = None,
    ) -> str:
        # An unknown state is a live one: REQUESTED until reconciliation knows better.
        known, now = application.status is not ApplicationStatus.UNKNOWN, self.clock()
        state = State(application.status.value) if known else State.REQUESTED

        def place(current: Backorder) -> Backorder:
            placed = PlacedApplication(application.id, application.created_at, origin, answered)
            return current.place(placed, state=state, at=now, why=why, call=Call(ORDER, application=application.id))

        settle(self.store, claimed, place)
        return "placed" if origin is Origin.OURS else "foreign"

    def _held_for_credit(self, claimed: Backorder, error: InsufficientFunds) -> str:
        now, before = self.clock(), claimed.refusal or Refusal("")
        since = before.since or _claim(claimed).first_sent_at
        refusal = replace(before, words=error.description, since=since, for_credit=True)

        def hold(current: Backorder) -> Backorder:
            return current.hold_for_credit(refusal, until=now + PATIENCE, at=now, why=str(error), call=_call(error))

        settle(self.store, claimed, hold)
        return "held"

    def _refused(self, claimed: Backorder, error: ProviderError) -> str:
        """Refused as it was sent. It says something of this name, and of no other, until others are refused alike.

        549 ("command failed") is never counted with others: it comes for each name whose time is over.
        """

        def mark() -> None:
            refusal, now = Refusal(error.description), self.clock()
            settle(
                self.store,
                claimed,
                lambda current: current.reject(refusal, at=now, why=str(error), call=_call(error)),
            )

        def give_back() -> None:
            self._set_aside(claimed, error)

        if isinstance(error, Refused) and error.counts_by_zone:
            mark()
        elif isinstance(error, TryAgainSlowly) or error.command != ORDER:
            give_back()
        else:
            blamed = isinstance(error, Refused) and error.blames_name
            again = claimed.refusal is not None and claimed.refusal.words == error.description
            refused = RefusedOrder(claimed.domain, claimed.zone, give_back, mark if blamed else None, again)
            self.line.refused(error, refused)
        return "refused"

    def _set_aside(self, claimed: Backorder, error: ProviderError) -> None:
        """Tried again with growing pauses until its last chance; one without a date, for about two days."""
        now, why, call = self.clock(), str(error), _call(error)
        refusal = claimed.refused_again(error.description, since=_claim(claimed).first_sent_at)

        def set_aside(current: Backorder) -> Backorder:
            if claimed.schedule.last_chance is None and refusal.times >= MOST_FAILURES:
                return current.miss(Reason.REFUSED, at=now, why=why, call=call, refusal=refusal)
            not_before = next_look(refusal.times, now, until=claimed.schedule.last_chance)
            return current.release(
                at=now, why=why, call=call, reason=Reason.REFUSED, refusal=refusal, not_before=not_before
            )

        settle(self.store, claimed, set_aside)

    def _back(self, claimed: Backorder, error: ProviderError) -> str:
        """Nothing took effect: it stays due, and a later tick goes on.

        But what was answered about this one alone, and looks like a refused login for want of time to ask about that,
        may have taken effect as a refusal may: the next attempt looks first.
        """
        now, refusal = self.clock(), claimed.refusal
        if error.code is not None:
            refusal = replace(refusal or Refusal(""), words=error.description, for_credit=False)
            if isinstance(error, TemporaryFailure) and error.scope is not Scope.TRANSPORT:
                refusal = replace(refusal, since=refusal.since or _claim(claimed).first_sent_at)

        def release(current: Backorder) -> Backorder:
            return current.release(at=now, why=str(error), call=_call(error), reason=Reason.UNANSWERED, refusal=refusal)

        settle(self.store, claimed, release)
        return "again"

    def _ask_later(self, claimed: Backorder, why: str, held: Claim, *, call: Call | None = None) -> str:
        now = self.clock()
        released = replace(held, lease_until=now, ask_after=now + PAUSE)
        settle(self.store, claimed, lambda current: current.ask_later(released, at=now, why=why, call=call))
        return "unknown" if held.unanswered else "exists"


def _claim(backorder: Backorder) -> Claim:
    assert backorder.claim is not None
    return backorder.claim


def _call(error: ProviderError) -> Call:
    return Call(error.command or ORDER, error.code, unanswered=error.code is None)
