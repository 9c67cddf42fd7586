"""What differs from one system that speaks this wire to the next: endpoint, environments, classes, names of states.

The service is being merged into CentralNic Reseller, where hosts and states differ (provider-api.md, "The
wire"). A move there begins, and should end, in this file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from backorder.provider.port import ApplicationStatus
from backorder.runtime.settings import Stage

DEFAULT_ENDPOINT: Final = "https://coreapi.1api.net/api/call.cgi"
"""Serves both environments; `s_entity` tells them apart."""

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


_STATUS_BY_TEXT: Final = {status.value: status for status in ApplicationStatus}


def read_status(text: str) -> ApplicationStatus:
    """Return the state that `text` names, `AUCTION-PENDING` or `AUCTION_PENDING`; `UNKNOWN` for one that the reference
    does not list. Never raises."""
    return _STATUS_BY_TEXT.get(text.strip().upper().replace("-", "_"), ApplicationStatus.UNKNOWN)
