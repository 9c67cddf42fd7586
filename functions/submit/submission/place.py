"""Orders: each claimed, sent, and its outcome written. The only place that sends AddDomainApplication."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from backorder.domain.backoff import next_look
from backorder.domain.backorder import Backorder, Claim, Origin, Reason, State
from backorder.provider.adapter import ApplicationStatus
from backorder.provider.applications import Application
from backorder.provider.client import Provider
from backorder.provider.errors import (
    ORDER,
    AccessDenied,
    AlreadyExists,
    InsufficientFunds,
    OutcomeUnknown,
    ProviderError,
    Refused,
    TemporaryFailure,
    TryAgainSlowly,
)
from backorder.provider.listing import Listing
from backorder.runtime.clock import Clock
from backorder.store import Store
from submission.circuit_breaker import Line, Refusal
from submission.claims import settle
from submission.recovery_rules import Adopt, AskAgain, Conclusion, conclude, is_ours

PAUSE = timedelta(seconds=60)
"""No question sooner than this after an unknown outcome."""
PATIENCE = timedelta(minutes=30)
"""Before an order is tried again for which the provider finds the account's credit too small."""
MOST_FAILURES = 12
"""So often an order without a date is refused before it is given up, about two days later."""

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
                application = self.provider.order(claimed.domain, new=held.new, extra=held.extra)
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
            self._settle(
                claimed,
                State.HELD,
                str(error),
                call=_call(error),
                failure=error.description,
                reason=Reason.UNFUNDED,
                not_before=self.clock() + PATIENCE,
                refused_since=claimed.refused_since or held.first_sent_at,
            )
            return "held"
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
        return self.provider.order(domain, new=held.new, extra=held.extra)

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
        if claimed.cancel_requested:
            self._settle(claimed, State.CANCELLED, "cancelled, and the provider has no application for it")
            return "cancelled"
        why = "the provider has no application for it, and the last chance is over"
        self._settle(claimed, State.MISSED, why, reason=claimed.missed_for(Reason.UNANSWERED))
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
            return self._ask_later(claimed, why, again, call=f"{ORDER} {application.id}")
        self.line.went_through(claimed.zone)
        return self._placed(claimed, application, Origin.OURS, "the provider took the order")

    def _placed(self, claimed: Backorder, application: Application, origin: Origin, why: str) -> str:
        # An unknown state is a live one: REQUESTED until reconciliation knows better.
        known = application.status is not ApplicationStatus.UNKNOWN
        self._settle(
            claimed,
            State(application.status.value) if known else State.REQUESTED,
            why,
            call=f"{ORDER} {application.id}",
            application=application.id,
            origin=origin,
            submitted_at=application.created_at,
            reason=None,
            failure=None,
            failures=0,
            refused_since=None,
            settled=False,
        )
        return "placed" if origin is Origin.OURS else "foreign"

    def _refused(self, claimed: Backorder, error: ProviderError) -> str:
        """Refused as it was sent. It says something of this name, and of no other, until others are refused alike.

        549 ("command failed") is never counted with others: it comes for each name whose time is over.
        """

        def mark() -> None:
            self._settle(claimed, State.REJECTED, str(error), call=_call(error), failure=error.description)

        def give_back() -> None:
            self._set_aside(claimed, error)

        if isinstance(error, Refused) and error.counts_by_zone:
            mark()
        elif isinstance(error, TryAgainSlowly) or error.command != ORDER:
            give_back()
        else:
            blamed = isinstance(error, Refused) and error.blames_name
            again = claimed.failure == error.description
            refusal = Refusal(claimed.domain, claimed.zone, give_back, mark if blamed else None, again)
            self.line.refused(error, refusal)
        return "refused"

    def _set_aside(self, claimed: Backorder, error: ProviderError) -> None:
        """Tried again with growing pauses until its last chance; one without a date, for about two days."""
        now, failures = self.clock(), claimed.failures + 1
        since = claimed.refused_since or _claim(claimed).first_sent_at
        refused: dict[str, Any] = {"failures": failures, "refused_since": since}
        if claimed.last_chance is None and failures >= MOST_FAILURES:
            why, call = str(error), _call(error)
            failure, reason = error.description, Reason.REFUSED
            self._settle(claimed, State.MISSED, why, call=call, failure=failure, reason=reason, **refused)
        else:
            not_before = next_look(failures, now, until=claimed.last_chance)
            self._back(claimed, error, Reason.REFUSED, not_before=not_before, **refused)

    def _back(
        self,
        claimed: Backorder,
        error: ProviderError,
        reason: Reason = Reason.UNANSWERED,
        *,
        not_before: datetime | None = None,
        **changes: Any,
    ) -> str:
        """Nothing took effect: it stays due, and a later tick goes on."""
        self._settle(
            claimed,
            State.SELECTED,
            str(error),
            call=_call(error),
            failure=claimed.failure if error.code is None else error.description,
            reason=reason,
            not_before=not_before,
            **changes,
        )
        return "again"

    def _ask_later(self, claimed: Backorder, why: str, held: Claim, *, call: str | None = None) -> str:
        now = self.clock()
        released = replace(held, lease_until=now, ask_after=now + PAUSE)
        self._settle(claimed, State.SUBMITTING, why, call=call, claim=released)
        return "unknown" if held.unanswered else "exists"

    def _settle(
        self,
        claimed: Backorder,
        to: State,
        why: str,
        *,
        call: str | None = None,
        claim: Claim | None = None,
        **changes: Any,
    ) -> None:
        now = self.clock()

        def change(backorder: Backorder) -> Backorder:
            if backorder.cancel_requested and to.is_waiting:
                # Nothing took effect, and its user wants it no more: it must not be tried again.
                return backorder.moved(State.CANCELLED, at=now, why=f"cancelled; {why}", call=call, claim=None)
            return backorder.moved(to, at=now, why=why, call=call, claim=claim, **changes)

        settle(self.store, claimed, change)


def _claim(backorder: Backorder) -> Claim:
    assert backorder.claim is not None
    return backorder.claim


def _call(error: ProviderError) -> str:
    return f"{error.command or ORDER} {error.code if error.code is not None else 'unanswered'}"
