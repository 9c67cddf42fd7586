"""When somebody looked at the account: what was there to be seen must have been found by a look that was ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from backorder.domain.backorder import Backorder
from backorder.domain.states import State


@dataclass(frozen=True, slots=True)
class Look:
    """One run of reconciliation."""

    started_at: datetime
    ended_at: datetime
    whole: bool
    """It read all of the account, and said what it found."""
    # It read every application, not only those that changed.
    full: bool = False


@dataclass(frozen=True, slots=True)
class Looks:
    """All of a simulation."""

    each: Sequence[Look]

    def within(self, since: datetime, until: datetime) -> Sequence[Look]:
        """The whole ones that were begun no sooner than `since` and ended by `until`, in order of time."""
        found = [look for look in self.each if look.whole and look.started_at >= since and look.ended_at <= until]
        return sorted(found, key=lambda look: look.started_at)

    def full_within(self, since: datetime, until: datetime) -> bool:
        """Tell whether every application was read by a look that began no sooner than `since` and ended by `until`."""
        return any(look.full and look.started_at >= since and look.ended_at <= until for look in self.each)

    def lasting(self, span: timedelta, since: datetime, until: datetime) -> Sequence[Look]:
        """Those `within` that came at least `span` after the first one, which saw what was there first."""
        found = self.within(since, until)
        return [look for look in found if look.started_at >= found[0].started_at + span]

    def first(self, since: datetime) -> Look | None:
        """The first whole one that was begun no sooner than `since`."""
        return min(
            (look for look in self.each if look.whole and look.started_at >= since),
            key=lambda look: look.started_at,
            default=None,
        )


def was_in(backorder: Backorder, states: frozenset[State], look: Look) -> bool:
    """Whether it was in one of `states` all through a look, as far as its history tells."""
    state = None
    for step in backorder.history:
        if step.at <= look.started_at:
            state = step.entered
        elif step.at <= look.ended_at and step.entered not in states:
            return False
    return state in states
