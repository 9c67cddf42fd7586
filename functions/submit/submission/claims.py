"""Claims: the hold of one worker on one backorder while a command for it may be under way."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from backorder.domain.backorder import Backorder
from backorder.domain.values import Claim
from backorder.runtime.observability import logger
from backorder.store import Conflict, Store
from backorder.store.update import update

LEASE = timedelta(seconds=180)
"""Outlasts the function: when a lease runs out, its worker is gone."""


def new_claim(kind: Literal["order", "withdraw"], now: datetime) -> Claim:
    """The claim of a first attempt. It counts as sent from its first write on: a worker may die right after sending."""
    return Claim(
        attempt=uuid.uuid4().hex, kind=kind, first_sent_at=now, lease_until=now + LEASE, sent=1, unanswered=True
    )


def taken_over(claim: Claim, now: datetime) -> Claim:
    """The same claim, held by this worker now. What was sent first stays on record."""
    return replace(claim, attempt=uuid.uuid4().hex, lease_until=now + LEASE)


def claim(store: Store, backorder: Backorder, held: Claim, *, now: datetime, why: str) -> Backorder | None:
    """Writes the claim on condition that nobody else was faster; None if somebody was."""
    try:
        return store.replace(backorder.claim_by(held, at=now, why=why))
    except Conflict:
        return None


def settle(store: Store, claimed: Backorder, change: Callable[[Backorder], Backorder]) -> Backorder | None:
    """Writes the outcome of a claim: `change` applied to the backorder as it stands now.

    Others may have changed it meanwhile (a cancel sets its flag, a newer list moves its date), and their changes stay.
    Only the holder of the claim writes: None if another worker has taken it over, who will ask the provider by itself.
    """
    assert claimed.claim is not None
    attempt = claimed.claim.attempt

    def change_if_held(current: Backorder) -> Backorder | None:
        return change(current) if current.claim is not None and current.claim.attempt == attempt else None

    written = update(store, claimed, change_if_held)
    if written is None:
        logger.warning("outcome_not_ours", domain=claimed.domain, attempt=attempt)
    else:
        _tell(written, claimed.claim)
    return written


def _tell(written: Backorder, claim: Claim) -> None:
    """One line an outcome: with the list that its name is from, and what the provider calls it."""
    step = written.history[-1]
    logger.info(
        "backorder_settled",
        domain=written.domain,
        state=written.state,
        why=step.why,
        call=None if step.call is None else str(step.call),
        application=written.application_id,
        attempt=claim.attempt,
        list=written.wish.place.list,
        version=written.wish.place.version,
        line=written.wish.place.line,
    )
