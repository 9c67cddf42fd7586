"""What an invocation did, in numbers: orders that went through, and each call to the provider."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping

from backorder.provider.port import Called
from backorder.runtime.observability import measure, measure_by

NO_ANSWER = "none"
"""Stands for the code of a call that was not answered."""


class Watch:
    """Counts between two calls of `measure`. Threads may report calls side by side."""

    def __init__(self) -> None:
        self._calls: deque[Called] = deque()
        self._outcomes: Counter[str] = Counter()

    def called(self, call: Called) -> None:
        """A call to the provider was made."""
        self._calls.append(call)

    def worked(self, outcomes: Mapping[str, int]) -> None:
        """A message was worked through: how many backorders ended which way."""
        self._outcomes.update(outcomes)

    def measure(self) -> None:
        """Writes the metrics of what was counted, and starts over."""
        calls, self._calls = self._calls, deque()
        outcomes, self._outcomes = self._outcomes, Counter()
        measure("Ordered", outcomes["placed"])
        measure("CallMilliseconds", *(call.milliseconds for call in calls))
        if calls:
            measure("CallsAtOnce", min(call.cap for call in calls))
        measure_by("Refused", Counter(_code(call) for call in calls if not call.succeeded))


def _code(call: Called) -> str:
    return NO_ANSWER if call.code is None else str(call.code)
