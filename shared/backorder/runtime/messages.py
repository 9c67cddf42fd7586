"""The messages of the submission queue: batches of backorders to order, to ask about, to take back, or to mend."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from backorder.domain.values import BackorderKey

BATCH_SIZE = 100
"""Backorders a message: a worker with four parallel calls of half a second each is through in a quarter of a minute."""


class Batch(BaseModel):
    """One message. A batch that is delivered twice does nothing twice: each backorder must be claimed first."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["order", "ask", "withdraw", "repair"]
    """order: QUEUED backorders. ask: SUBMITTING or WITHDRAWING ones whose worker is gone. withdraw: cancelled ones.
    repair: live ones whose application lacks what the rules now say."""
    backorders: tuple[BackorderKey, ...]
    look_first: bool = True
    """Before the first order of a name the provider is asked what stands there: the difference between its clock and
    ours is not known to be small, so that no time would tell afterwards whose an application is."""
    probe: bool = False
    """One order that is let through a halted line, to see whether it may go on."""
