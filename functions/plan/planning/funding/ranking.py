"""Who goes first. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from backorder.domain.backorder import Backorder
from backorder.domain.values import Source

_NEVER = datetime.max.replace(tzinfo=UTC)


def rank(backorder: Backorder) -> tuple[bool, Decimal, datetime, datetime, str, int, str]:
    """Sorts best first: a person's wish before a rule's choice, then priority, deadline, and the order of the lists."""
    return (
        backorder.wish.source is not Source.WANTED,
        -backorder.wish.priority,
        backorder.schedule.deadline or _NEVER,
        backorder.created_at,
        backorder.wish.place.list,
        backorder.wish.place.line,
        backorder.domain,
    )
