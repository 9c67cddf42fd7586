"""Repairs: what the provider misses in an application of ours, sent once the rules say it.

The only place that sends ModifyDomainApplication. There is no claim: the same change sent twice is one change, and one
that was lost on the way is sent again at the next tick.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from backorder.clock import Clock
from backorder.model import Backorder, BackorderKey
from backorder.provider.client import Provider
from backorder.provider.errors import LineHalted, NotAllowedNow, NotFound, OutcomeUnknown, Refused, TemporaryFailure
from backorder.rules import Rules
from backorder.store import Conflict, Store
from submission.line import Line

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
            application = self.provider.modify(backorder.application, values)
        except (TemporaryFailure, OutcomeUnknown):
            return "again"
        except (NotFound, NotAllowedNow, Refused) as error:
            # A value that the provider does not take, or too late: not tried again until the rules say something else.
            self._note(backorder.key, values, str(error), f"{CALL} {error.code}", backorder.incomplete)
            return "refused"
        except LineHalted as error:
            self.line.halt(error)
            return "halted"
        left = (*application.missing_parameters, *application.invalid_parameters)
        self._note(backorder.key, values, f"sent what was missing: {', '.join(values)}", f"{CALL} 200", left)
        return "repaired"

    def _note(self, key: BackorderKey, values: Mapping[str, str], why: str, call: str, left: tuple[str, ...]) -> None:
        current = self.store.get(key)
        while current is not None:
            try:
                self.store.replace(current.repaired(values, left, at=self.clock(), why=why, call=call))
            except Conflict as conflict:
                current = conflict.current
            else:
                return
