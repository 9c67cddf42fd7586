"""Repairs: what the provider misses in an application of ours, sent once the rules say it.

The only place that sends ModifyDomainApplication. There is no claim: the same change sent twice is one change, and one
that was lost on the way is sent again at the next tick.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from backorder.domain.backoff import next_look
from backorder.domain.backorder import Backorder, BackorderKey
from backorder.provider.port import AccessDenied, OutcomeUnknown, Provider, ProviderError, Refused, TemporaryFailure
from backorder.rules import Rules
from backorder.runtime.clock import Clock
from backorder.store import Conflict, Store
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
        if not values or backorder.application is None:
            return "taken"
        try:
            # What the rules say not yet is no reason to leave out what they say.
            application = self.provider.amend(backorder.application, {**values, **INCOMPLETE})
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
            self._note(backorder, values, str(error), f"{CALL} {error.code}", backorder.incomplete)
            return "refused"
        left = (*application.missing_parameters, *application.invalid_parameters)
        self._note(backorder, values, f"sent what was missing: {', '.join(values)}", f"{CALL} 200", left)
        return "repaired"

    def _set_aside(self, backorder: Backorder, error: ProviderError) -> None:
        now = self.clock()

        def change(current: Backorder) -> Backorder:
            failures = current.failures + 1
            return replace(
                current,
                not_before=next_look(failures, now, until=current.finalization_at),
                failure=error.description,
                failures=failures,
                refused_since=current.refused_since or now,
            )

        self._write(backorder.key, change)

    def _note(
        self, backorder: Backorder, values: Mapping[str, str], why: str, call: str, left: tuple[str, ...]
    ) -> None:
        now = self.clock()
        self._write(backorder.key, lambda current: current.repaired(values, left, at=now, why=why, call=call))

    def _write(self, key: BackorderKey, change: Callable[[Backorder], Backorder]) -> None:
        """The change to the backorder as it stands now, whatever became of it meanwhile."""
        current = self.store.get(key)
        while current is not None:
            try:
                self.store.replace(change(current))
            except Conflict as conflict:
                current = conflict.current
            else:
                return
