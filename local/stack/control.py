"""The emulator's endpoints for tests, from the other side: its clock, its money, its drops, its state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import requests

from backorder.runtime.clock import iso

TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class ClockState:
    """The emulator's present, whether it moves by itself, and when something is scheduled to happen next."""

    now: datetime
    frozen: bool
    next: datetime | None
    happened: int = 0
    """How many things happened on the way, where the clock was just moved."""


class Control:
    """Speaks to `http://…/_emulator/…`. Raises requests' errors where the emulator does not answer or refuses."""

    def __init__(self, base_url: str) -> None:
        self._base = f"{base_url}/_emulator"
        self._session = requests.Session()
        self._session.trust_env = False

    def state(self) -> dict[str, Any]:
        """Everything the emulator knows: see docs/architecture.md."""
        state: dict[str, Any] = self._answer(self._session.get(f"{self._base}/state", timeout=TIMEOUT_S))
        return state

    def clock(self) -> ClockState:
        return _clock(self._answer(self._session.get(f"{self._base}/clock", timeout=TIMEOUT_S)))

    def move_clock(self, moment: datetime) -> ClockState:
        """Moves the clock, which then stands still."""
        return _clock(self._post("clock", {"now": iso(moment)}))

    def pay_in(self, amount: Decimal) -> None:
        """Money arrives in the account, in its currency."""
        self._post("account", {"pay_in": str(amount)})

    def fall_silent(self, hours: float) -> None:
        """No call to the provider is answered for so long."""
        self._post("outage", {"hours": hours})

    def set_answers(self, answers: Any) -> None:
        """Scripted answers, in the place of all before."""
        self._post("answers", answers)

    def schedule(self, drops: Iterable[Mapping[str, str]]) -> None:
        """When names drop, as far as the registries know."""
        self._post("drops", list(drops))

    def begin_anew(self, arguments: Sequence[str]) -> None:
        """The emulator forgets all that happened, and starts with these arguments of its command line changed."""
        self._post("anew", {"arguments": list(arguments)})

    def _post(self, endpoint: str, body: Any) -> Any:
        return self._answer(self._session.post(f"{self._base}/{endpoint}", json=body, timeout=TIMEOUT_S))

    @staticmethod
    def _answer(response: requests.Response) -> Any:
        if response.status_code == 400:
            raise ValueError(f"the emulator: {response.json().get('error', response.text)}")
        response.raise_for_status()
        return response.json()


def _clock(answer: Mapping[str, Any]) -> ClockState:
    upcoming = answer["next"]
    return ClockState(
        now=datetime.fromisoformat(answer["now"]),
        frozen=answer["clock"] == "frozen",
        next=datetime.fromisoformat(upcoming) if upcoming else None,
        happened=len(answer.get("happened", ())),
    )
