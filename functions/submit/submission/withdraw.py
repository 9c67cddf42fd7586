"""Withdrawals: an application taken back at its user's wish, or for want of funds.

The only place that sends DeleteDomainApplication.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from backorder.domain.backoff import next_look
from backorder.domain.backorder import Backorder
from backorder.domain.states import WITHDRAWABLE, State
from backorder.domain.values import Call, Claim, Refusal
from backorder.provider.port import (
    AccessDenied,
    Application,
    ApplicationStatus,
    NotAllowedNow,
    NotFound,
    OutcomeUnknown,
    Provider,
    ProviderError,
    TemporaryFailure,
)
from backorder.runtime.clock import Clock
from backorder.store import Store
from submission.circuit_breaker import Line
from submission.claims import claim, new_claim, settle

PAUSE = timedelta(seconds=60)
PATIENCE = timedelta(minutes=30)
"""Before one is tried again that the provider does not let go just now."""
CALL = "DeleteDomainApplication"


@dataclass(frozen=True)
class Withdrawals:
    """Sends what is claimed and writes what came of it. Safe for many threads."""

    store: Store
    provider: Provider
    clock: Clock
    line: Line

    def claim(self, backorder: Backorder) -> Backorder | None:
        """The claim on a placed backorder that its user wants no more, or that the plan displaces; None where there is
        nothing to take back."""
        if not backorder.may_be_withdrawn or not (backorder.cancel_requested or backorder.plan.marked_for_withdrawal):
            return None
        now = self.clock()
        held = new_claim("withdraw", now)
        why = "cancelled: taking it back" if backorder.cancel_requested else "its funds are needed: taking it back"
        return claim(self.store, backorder, held, now=now, why=why)

    def send(self, claimed: Backorder) -> str:
        """Takes a claimed backorder's application back; gives the outcome in a word."""
        assert claimed.application_id is not None
        try:
            self.provider.withdraw(claimed.application_id)
        except NotAllowedNow as error:
            return self._too_late(claimed, str(error))
        except OutcomeUnknown as error:
            return self._later(claimed, str(error), pause=PAUSE)
        except TemporaryFailure as error:
            return self._later(claimed, str(error), pause=timedelta(0))
        except AccessDenied as error:
            self.line.halt(error)
            return self._later(claimed, str(error), pause=timedelta(0))
        except ProviderError as error:
            return self._set_aside(claimed, error)
        return self._gone(claimed, "taken back")

    def conclude(self, taken: Backorder, applications: Iterable[Application], *, complete: bool) -> str:
        """Goes on from what the provider says of a withdrawal whose outcome is unknown: doing it twice does no harm."""
        for application in applications:
            if application.id == taken.application_id:
                if application.status.is_final or application.status is ApplicationStatus.PROCESSING:
                    return self._stays(taken, application, "too late to take it back")
                return self.send(taken)
        # Where its row slipped away or makes no sense, it is taken back once more.
        return self._gone(taken, "the provider has it no more") if complete else self.send(taken)

    def _too_late(self, claimed: Backorder, why: str) -> str:
        assert claimed.application_id is not None
        try:
            application = self.provider.application(claimed.application_id)
        except ProviderError as error:
            # Also where it is not found: its list says it once more.
            return self._later(claimed, str(error), pause=PAUSE)
        if claimed.cancel_requested and _state_of(application) in WITHDRAWABLE:
            # Not just now, and its user, who wants it no more, would have to pay for it.
            return self._later(claimed, why, pause=PATIENCE)
        return self._stays(claimed, application, why)

    def _stays(self, claimed: Backorder, application: Application, why: str) -> str:
        now, state, call = self.clock(), _state_of(application), Call(CALL)
        settle(self.store, claimed, lambda current: current.keep(state, at=now, why=why, call=call))
        return "too late"

    def _gone(self, claimed: Backorder, why: str) -> str:
        """Cancelled if its user wants it no more, even if that was said only meanwhile; else it waits for funds again.

        What was reserved for it stays on record until reconciliation has seen it back.
        """
        now, call = self.clock(), Call(CALL, application=claimed.application_id)
        written = settle(self.store, claimed, lambda current: current.withdrawn(at=now, why=why, call=call))
        return "held" if written is not None and written.state is State.HELD else "cancelled"

    def _set_aside(self, claimed: Backorder, error: ProviderError) -> str:
        """Refused for this one application, which says nothing of others: tried again with growing pauses."""
        now = self.clock()
        refusal = claimed.refused_again(error.description, since=now)
        # One answer that it is not there is none: the provider's list says it once more, soon.
        soon = isinstance(error, NotFound) and refusal.times == 1
        ask_after = now + PAUSE if soon else next_look(refusal.times, now, until=claimed.schedule.finalization_at)
        self._ask_later(claimed, str(error), ask_after, refusal)
        return "refused"

    def _later(self, claimed: Backorder, why: str, *, pause: timedelta) -> str:
        self._ask_later(claimed, why, self.clock() + pause)
        return "unknown"

    def _ask_later(self, claimed: Backorder, why: str, ask_after: datetime, refusal: Refusal | None = None) -> None:
        assert claimed.claim is not None
        now = self.clock()
        released: Claim = replace(claimed.claim, lease_until=now, ask_after=ask_after)

        def ask_later(current: Backorder) -> Backorder:
            return current.ask_later(released, at=now, why=why, call=Call(CALL), refusal=refusal)

        settle(self.store, claimed, ask_later)


def _state_of(application: Application) -> State:
    """Return its state; an unknown one is a live one: REQUESTED until reconciliation knows better."""
    status = application.status
    return State.REQUESTED if status is ApplicationStatus.UNKNOWN else State(status.value)
