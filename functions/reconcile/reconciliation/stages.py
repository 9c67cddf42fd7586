"""A run's stages: each may fail, and the others go on. Only a refused account ends them all.

Where two in a row got no answer, the provider is down: the others do not wait for their time-outs as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from backorder.provider.port import AccessDenied, ProviderError, Scope
from backorder.runtime.observability import logger

SILENT = 2
"""So many stages in a row without an answer are enough."""


@dataclass
class Stages:
    """Which stages failed, each with why."""

    failed: dict[str, str] = field(default_factory=dict)
    unanswered: int = 0
    """Stages in a row that got no answer."""

    def refusal(self, _seconds: float) -> str | None:
        """Why no further call is to start."""
        return "the provider does not answer" if self.unanswered >= SILENT else None

    @property
    def account_unread(self) -> str | None:
        """Why the account's money could not be read; None: it could."""
        return next((self.failed[name] for name in ("account", "deposits", "entries") if name in self.failed), None)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Within it, what the provider does not answer, or refuses, ends this stage alone. Raises AccessDenied."""
        try:
            yield
            self.unanswered = 0
        except AccessDenied:
            raise
        except ProviderError as error:
            self.unanswered = self.unanswered + 1 if error.scope is Scope.TRANSPORT else 0
            logger.warning("stage_failed", stage=name, why=str(error))
            self.failed.setdefault(name, str(error))
