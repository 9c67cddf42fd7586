"""Withdrawals: an application taken back at its user's wish, or for want of funds.

The only place that sends DeleteDomainApplication.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from backorder.domain.backoff import next_look
from backorder.domain.backorder import Backorder, Claim, Origin, Reason, State
from backorder.domain.dates import inherited
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
_HEARD: dict[str, Any] = {"failures": 0, "refused_since": None}
"""What is noted of refusals once there is another answer."""
_MAY_BE_TAKEN_BACK = frozenset({ApplicationStatus.REQUESTED, ApplicationStatus.ACTIVE})


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
        if backorder.state not in (State.REQUESTED, State.ACTIVE):
            return None
        if not backorder.cancel_requested and not backorder.displaced:
            return None
        if backorder.origin is not Origin.OURS or backorder.application is None:
            return None
        now = self.clock()
        held = new_claim("withdraw", now)
        why = "cancelled: taking it back" if backorder.cancel_requested else "its funds are needed: taking it back"
        return claim(self.store, backorder, State.WITHDRAWING, held, now=now, why=why)

    def send(self, claimed: Backorder) -> str:
        """Takes a claimed backorder's application back; gives the outcome in a word."""
        assert claimed.application is not None
        try:
            self.provider.withdraw(claimed.application)
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
            if application.id == taken.application:
                if application.status.is_final or application.status is ApplicationStatus.PROCESSING:
                    return self._stays(taken, application, "too late to take it back")
                return self.send(taken)
        # Where its row slipped away or makes no sense, it is taken back once more.
        return self._gone(taken, "the provider has it no more") if complete else self.send(taken)

    def _too_late(self, claimed: Backorder, why: str) -> str:
        assert claimed.application is not None
        try:
            application = self.provider.application(claimed.application)
        except ProviderError as error:
            # Also where it is not found: its list says it once more.
            return self._later(claimed, str(error), pause=PAUSE)
        if claimed.cancel_requested and application.status in _MAY_BE_TAKEN_BACK:
            # Not just now, and its user, who wants it no more, would have to pay for it.
            return self._later(claimed, why, pause=PATIENCE)
        return self._stays(claimed, application, why)

    def _stays(self, claimed: Backorder, application: Application, why: str) -> str:
        status, now = application.status, self.clock()
        state = State.REQUESTED if status is ApplicationStatus.UNKNOWN else State(status.value)

        def change(backorder: Backorder) -> Backorder:
            # A cancel that came meanwhile holds as long as it can be done.
            cancelled = backorder.cancel_requested and status in _MAY_BE_TAKEN_BACK
            changes: dict[str, Any] = {"claim": None, "cancel_requested": cancelled, "displaced": False, **_HEARD}
            return backorder.moved(state, at=now, why=why, call=CALL, settled=False, **changes)

        settle(self.store, claimed, change)
        return "too late"

    def _gone(self, claimed: Backorder, why: str) -> str:
        """Cancelled if its user wants it no more, even if that was said only meanwhile; else it waits for funds again.

        What was reserved for it stays on record until reconciliation has seen it back.
        """
        now = self.clock()
        call = f"{CALL} {claimed.application}"

        def change(backorder: Backorder) -> Backorder:
            if backorder.cancel_requested:
                return backorder.moved(
                    State.CANCELLED, at=now, why=why, call=call, claim=None, displaced=False, **_HEARD
                )
            return backorder.moved(
                State.HELD,
                at=now,
                why=why,
                call=call,
                claim=None,
                displaced=False,
                reason=Reason.UNFUNDED,
                application=None,
                submitted_at=None,
                dates=inherited(backorder.dates),
                **_HEARD,
            )

        written = settle(self.store, claimed, change)
        return "held" if written is not None and written.state is State.HELD else "cancelled"

    def _set_aside(self, claimed: Backorder, error: ProviderError) -> str:
        """Refused for this one application, which says nothing of others: tried again with growing pauses."""
        held, now, failures = claimed.claim, self.clock(), claimed.failures + 1
        assert held is not None
        # One answer that it is not there is none: the provider's list says it once more, soon.
        soon = isinstance(error, NotFound) and not claimed.failures
        ask_after = now + PAUSE if soon else next_look(failures, now, until=claimed.finalization_at)
        self._settle(
            claimed,
            State.WITHDRAWING,
            str(error),
            claim=replace(held, lease_until=now, ask_after=ask_after),
            failure=error.description,
            failures=failures,
            refused_since=claimed.refused_since or now,
        )
        return "refused"

    def _later(self, claimed: Backorder, why: str, *, pause: timedelta) -> str:
        now = self.clock()
        held = claimed.claim
        assert held is not None
        released: Claim = replace(held, lease_until=now, ask_after=now + pause)
        self._settle(claimed, State.WITHDRAWING, why, claim=released)
        return "unknown"

    def _settle(self, claimed: Backorder, to: State, why: str, **changes: Any) -> None:
        now = self.clock()
        settle(self.store, claimed, lambda b: b.moved(to, at=now, why=why, call=CALL, **changes))
