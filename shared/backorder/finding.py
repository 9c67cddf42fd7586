"""A finding: something in the account that needs a person. Opened once, updated, closed when it no longer holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal


class Kind(StrEnum):
    """What can be found. `severity` says how soon somebody should look."""

    REFUND_MISSING = "refund_missing"
    CHARGE_WITHOUT_SUCCESS = "charge_without_success"
    UNEXPLAINED_DIFFERENCE = "unexplained_difference"
    SHORTFALL = "shortfall"
    LINE_HALTED = "line_halted"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that needs a person, with the amounts and ids that a support ticket needs."""

    kind: Kind
    subject: str
    """What tells it from others of its kind: a domain, a deposit's id, or the account."""
    domain: str | None
    amount: Decimal | None
    currency: str
    advice: str
    """What is wrong and what to do next, in one sentence."""
    opened_at: datetime
    status: Literal["open", "closed"] = "open"
    closed_at: datetime | None = None

    @property
    def key(self) -> str:
        return f"{self.kind}#{self.subject}#{self.opened_at:%Y%m%dT%H%M%S}"
