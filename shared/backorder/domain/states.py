"""The states of a backorder, and the one table of transitions between them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    """Where a backorder stands. From REQUESTED on, the names are the provider's."""

    SELECTED = "SELECTED"
    HELD = "HELD"
    QUEUED = "QUEUED"
    SUBMITTING = "SUBMITTING"
    REQUESTED = "REQUESTED"
    ACTIVE = "ACTIVE"
    PROCESSING = "PROCESSING"
    AUCTION_PENDING = "AUCTION_PENDING"
    WITHDRAWING = "WITHDRAWING"
    SUCCESSFUL = "SUCCESSFUL"
    FAILED = "FAILED"
    AUCTION_WON = "AUCTION_WON"
    AUCTION_LOST = "AUCTION_LOST"
    REJECTED = "REJECTED"
    MISSED = "MISSED"
    CANCELLED = "CANCELLED"
    VANISHED = "VANISHED"

    @property
    def in_words(self) -> str:
        """As people call it."""
        return _IN_WORDS[self]

    @property
    def is_final(self) -> bool:
        return self in FINAL

    @property
    def is_waiting(self) -> bool:
        """Nothing was sent for it yet."""
        return self in WAITING

    @property
    def is_placed(self) -> bool:
        """The provider has a live application for it."""
        return self in PLACED

    @property
    def is_won(self) -> bool:
        return self in WON

    @property
    def is_lost(self) -> bool:
        """Its deposit, if there was one, comes back."""
        return self in FINAL and self not in WON


_IN_WORDS: Mapping[State, str] = {
    State.SUCCESSFUL: "won",
    State.AUCTION_WON: "won in an auction",
    State.AUCTION_LOST: "lost in an auction",
    State.FAILED: "lost",
    State.REJECTED: "refused by the provider",
    State.MISSED: "missed",
    State.CANCELLED: "cancelled",
    State.VANISHED: "no longer known to the provider",
    State.HELD: "held back",
    State.SELECTED: "waiting to be ordered",
    State.QUEUED: "on their way to the provider",
    State.SUBMITTING: "being ordered",
    State.WITHDRAWING: "being taken back",
    State.REQUESTED: "ordered",
    State.ACTIVE: "ordered, fee reserved",
    State.PROCESSING: "dropping now",
    State.AUCTION_PENDING: "in an auction",
}

WAITING = frozenset({State.SELECTED, State.HELD, State.QUEUED})
PLACED = frozenset({State.REQUESTED, State.ACTIVE, State.PROCESSING, State.AUCTION_PENDING, State.WITHDRAWING})
WITHDRAWABLE = frozenset({State.REQUESTED, State.ACTIVE})
"""From PROCESSING on, the provider takes nothing back."""
CLAIMED = frozenset({State.SUBMITTING, State.WITHDRAWING})
"""A worker has a command for it under way."""
DROPPING_NOW = frozenset({State.PROCESSING, State.AUCTION_PENDING})
AUCTIONED = frozenset({State.AUCTION_PENDING, State.AUCTION_WON})
FOLLOWED = PLACED - {State.WITHDRAWING}
"""Nothing but the provider moves these; what is being withdrawn belongs to the worker that asked for it."""
WON = frozenset({State.SUCCESSFUL, State.AUCTION_WON})
LOOKED_UP = frozenset({State.FAILED, State.AUCTION_LOST, State.MISSED})
"""Lost names that may be had at the ordinary price if nobody caught them. What was cancelled is not wanted."""
FINAL = WON | {
    State.FAILED,
    State.AUCTION_LOST,
    State.REJECTED,
    State.MISSED,
    State.CANCELLED,
    State.VANISHED,
}

_AT_THE_DROP = {
    State.SUCCESSFUL,
    State.FAILED,
    State.AUCTION_PENDING,
    State.AUCTION_WON,
    State.AUCTION_LOST,
    State.VANISHED,
}
"""Reconciliation looks once an hour: it may see only the last of several states."""

TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.SELECTED: frozenset({State.HELD, State.QUEUED, State.MISSED, State.CANCELLED}),
    State.HELD: frozenset({State.SELECTED, State.QUEUED, State.MISSED, State.CANCELLED}),
    # QUEUED again: its message was lost, or the workers were too slow.
    State.QUEUED: frozenset(
        {State.QUEUED, State.SELECTED, State.HELD, State.SUBMITTING, State.MISSED, State.CANCELLED}
    ),
    # SUBMITTING again: the outcome is unknown, and another worker takes the claim over to ask.
    State.SUBMITTING: frozenset(
        {
            State.SUBMITTING,
            State.SELECTED,
            State.HELD,
            State.REJECTED,
            State.MISSED,
            State.CANCELLED,
            State.REQUESTED,
            State.ACTIVE,
            State.PROCESSING,
        }
        | _AT_THE_DROP
    ),
    State.REQUESTED: frozenset({State.ACTIVE, State.PROCESSING, State.WITHDRAWING} | _AT_THE_DROP),
    # A deposit that lapsed makes an application REQUESTED again until its fee is reserved anew.
    State.ACTIVE: frozenset({State.REQUESTED, State.PROCESSING, State.WITHDRAWING} | _AT_THE_DROP),
    State.PROCESSING: frozenset(_AT_THE_DROP),
    State.AUCTION_PENDING: frozenset(_AT_THE_DROP - {State.AUCTION_PENDING}),
    State.WITHDRAWING: frozenset(
        {
            State.WITHDRAWING,
            State.HELD,
            State.CANCELLED,
            State.REQUESTED,
            State.ACTIVE,
            State.PROCESSING,
        }
        | _AT_THE_DROP
    ),
    **{state: frozenset() for state in FINAL},
    # The provider may know it again, until two days after its drop.
    State.VANISHED: frozenset({State.REQUESTED, State.ACTIVE, State.PROCESSING} | _AT_THE_DROP - {State.VANISHED}),
}
"""The one table of transitions: from each state, where a backorder may go. Final states lead nowhere, but VANISHED,
which leads back while it is not settled."""
