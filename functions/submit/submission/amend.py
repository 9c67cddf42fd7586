"""Repairs: what the provider misses in an application of ours, sent once the rules say it.

The only place that sends ModifyDomainApplication. There is no claim: the same change sent twice is one change, and one
that was lost on the way is sent again at the next tick.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from backorder.domain.backoff import next_look
from backorder.domain.backorder import Backorder
from backorder.domain.values import Call
from backorder.provider.port import AccessDenied, OutcomeUnknown, Provider, ProviderError, Refused, TemporaryFailure
from backorder.rules import Rules
from backorder.runtime.clock import Clock
from backorder.store import Store
from backorder.store.update import update
from submission.circuit_breaker import Line
from submission.place import INCOMPLETE

CALL = "ModifyDomainApplication"


@dataclass(frozen=True)
class Repairs:
    """Mends applications and writes what came of it. Safe for many threads."""

    store: Store
    provider: Provider
    clock: Clock
    line: Line

    def send(self, backorder: Backorder, rules: Rules) -> str:
        """Sends what the rules now say of what is missing; gives the outcome in a word."""
        values = rules.provider.repair(backorder)
        if not values or backorder.application_id is None:
            return "taken"
        try:
            # What the rules say not yet is no reason to leave out what they say.
            application = self.provider.amend(backorder.application_id, {**values, **INCOMPLETE})
        except (TemporaryFailure, OutcomeUnknown):
            return "again"
        except AccessDenied as error:
            self.line.halt(error)
            return "halted"
        except ProviderError as error:
            names_a_value = any(name in error.description.upper() for name in values)
            if not names_a_value and not (isinstance(error, Refused) and error.is_about_what_was_said):
                self._set_aside(backorder, error)
                return "again"
            # A value that the provider does not take: not tried again until the rules say something else.
            self._note(backorder, values, str(error), Call(CALL, error.code), backorder.lacks)
            return "refused"
        left = (*application.missing_parameters, *application.invalid_parameters)
        self._note(backorder, values, f"sent what was missing: {', '.join(values)}", Call(CALL), left)
        return "repaired"

    def _set_aside(self, backorder: Backorder, error: ProviderError) -> None:
        now = self.clock()

        def refuse(current: Backorder) -> Backorder:
            refusal = current.refused_again(error.description, since=now)
            return current.refuse(refusal, until=next_look(refusal.times, now, until=current.schedule.finalization_at))

        update(self.store, backorder, refuse)

    def _note(
        self, backorder: Backorder, values: Mapping[str, str], why: str, call: Call, left: tuple[str, ...]
    ) -> None:
        now = self.clock()
        update(self.store, backorder, lambda current: current.amend(values, left, at=now, why=why, call=call))
