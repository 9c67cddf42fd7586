"""What differs from one provider system to the next, in one place: endpoint, environments, lock lead, names of states.

The service is being merged into CentralNic Reseller, where hosts, states and the lock's lead differ (provider-api.md,
"The wire"). A move there begins, and should end, in this file.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final, Literal

Stage = Literal["test", "live"]

DEFAULT_ENDPOINT: Final = "https://coreapi.1api.net/api/call.cgi"
"""Serves both environments; `s_entity` tells them apart."""

LOCK_LEAD: Final = timedelta(days=3)
"""How long before the finalization date the provider reserves the fee (quickstart, 1.1)."""

BACKORDER_CLASS: Final = "BACKORDER"
"""The class to order with. The class that comes back names the zone: `COM_BACKORDER`."""

BACKORDER_CLASSES: Final = "*_BACKORDER"
"""Pattern of the classes that come back, for queries."""


@dataclass(frozen=True)
class Environment:
    """One of the provider's two systems. Nothing done in one is seen in the other."""

    name: Stage
    entity: str


ENVIRONMENTS: Final[dict[Stage, Environment]] = {
    "test": Environment(name="test", entity="1234"),  # the provider calls it OT&E
    "live": Environment(name="live", entity="54cd"),
}


class ApplicationStatus(StrEnum):
    """States of an application at the provider, in its order of events.

    The wire writes `AUCTION-PENDING`; design.md writes `AUCTION_PENDING`. Both are read.
    """

    REQUESTED = "REQUESTED"
    ACTIVE = "ACTIVE"
    PROCESSING = "PROCESSING"
    SUCCESSFUL = "SUCCESSFUL"
    FAILED = "FAILED"
    AUCTION_PENDING = "AUCTION_PENDING"
    AUCTION_WON = "AUCTION_WON"
    AUCTION_LOST = "AUCTION_LOST"
    UNKNOWN = "UNKNOWN"

    @classmethod
    def read(cls, text: str) -> ApplicationStatus:
        """The state that `text` names; `UNKNOWN` for one that the reference does not list. Never raises."""
        return _STATUS_BY_TEXT.get(text.strip().upper().replace("-", "_"), cls.UNKNOWN)

    @property
    def is_final(self) -> bool:
        """Nothing will happen to this application any more."""
        return self in FINAL

    @property
    def is_live(self) -> bool:
        """The application may still catch the name. An unknown state counts: a second order would be worse."""
        return self not in FINAL


_STATUS_BY_TEXT: Final = {status.value: status for status in ApplicationStatus}

FINAL: Final = frozenset(
    {
        ApplicationStatus.SUCCESSFUL,
        ApplicationStatus.FAILED,
        ApplicationStatus.AUCTION_WON,
        ApplicationStatus.AUCTION_LOST,
    }
)
LIVE: Final = frozenset(ApplicationStatus) - FINAL
WON: Final = frozenset({ApplicationStatus.SUCCESSFUL, ApplicationStatus.AUCTION_WON})
