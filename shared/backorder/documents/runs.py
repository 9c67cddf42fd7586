"""When a scheduled function last ran, and what came of it: whether the pipeline is alive, for whoever looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic import TypeAdapter

from backorder.store.documents import Document, Documents

if TYPE_CHECKING:
    from backorder.store import Store

Scheduled = Literal["plan", "reconcile"]


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a scheduled function, which came to its end."""

    at: datetime
    """When it began, UTC."""
    summary: Mapping[str, Any] = field(default_factory=dict)
    """What the function's own summary says; amounts as strings."""

    @property
    def trouble(self) -> str | None:
        """Why it did less than it should have: it was skipped, halted, or some of its stages failed."""
        told = self.summary.get("halted") or self.summary.get("skipped")
        if told:
            return str(told)
        failed: Mapping[str, str] = self.summary.get("failed") or {}
        return "; ".join(f"{stage}: {why}" for stage, why in failed.items()) or None


_RUN: TypeAdapter[Run | None] = TypeAdapter(Run | None)


def last_run(documents: Documents, function: Scheduled) -> Run | None:
    """The last run that came to its end; None before the first one."""
    return _run_of(function).read(documents)


def note_run(store: Store, function: Scheduled, run: Run) -> None:
    """Keeps the run in the place of the one before."""
    _run_of(function).write(store, run)


def _run_of(function: Scheduled) -> Document[Run | None]:
    return Document(f"run#{function}", _RUN, None)
