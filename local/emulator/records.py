"""What the provider keeps: applications, drops, deposits, entries, accounts. All amounts in the account's currency."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .auctions import Auction


class Status(StrEnum):
    """States of an application, in the provider's words."""

    REQUESTED = "REQUESTED"
    ACTIVE = "ACTIVE"
    PROCESSING = "PROCESSING"
    SUCCESSFUL = "SUCCESSFUL"
    FAILED = "FAILED"
    AUCTION_PENDING = "AUCTION-PENDING"
    AUCTION_WON = "AUCTION-WON"
    AUCTION_LOST = "AUCTION-LOST"


LIVE = frozenset({Status.REQUESTED, Status.ACTIVE, Status.PROCESSING, Status.AUCTION_PENDING})
WON = frozenset({Status.SUCCESSFUL, Status.AUCTION_WON})
OUTCOMES = frozenset(Status) - {Status.REQUESTED, Status.ACTIVE, Status.PROCESSING}


@dataclass(slots=True)
class Deposit:
    """Money reserved for an order: gross, in the account's currency. A lease that the provider renews by itself."""

    id: int
    domain: str
    kind: str
    amount: Decimal
    user: str
    created: datetime


@dataclass(slots=True)
class Application:
    """An order as the provider keeps it. `settings` are the parameters it was made with; `foreign`: not by a call."""

    id: int
    domain: str
    user: str
    created: datetime
    updated: datetime
    status: Status = Status.REQUESTED
    settings: dict[str, str] = field(default_factory=dict)
    deposit: Deposit | None = None
    auction: "Auction | None" = None
    foreign: bool = False

    @property
    def lite(self) -> bool:
        """Lite orders are cheaper and lose to regular ones."""
        return self.settings.get("X-BACKORDER-LITE") == "1"

    @property
    def turn(self) -> tuple[datetime, int]:
        """Orders are served in order of creation."""
        return self.created, self.id


@dataclass(slots=True)
class Drop:
    """When a name is released, and what comes of it if that was set. `version` tells outdated events from current."""

    domain: str
    finalization_at: datetime
    drop_at: datetime
    outcome: Status | None = None
    version: int = 0
    dropped: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the accounting: net price (negative: a charge) and the VAT on it, in the account's currency."""

    id: int
    at: datetime
    kind: str
    description: str
    price: Decimal
    vat: Decimal
    vat_price: Decimal
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Renewal:
    """Something else in the account that will draw on the balance."""

    domain: str
    at: datetime
    price: Decimal
    vat_price: Decimal


@dataclass(frozen=True, slots=True)
class Move:
    """What an account's amount, and what was reserved of it, changed by."""

    at: datetime
    amount: Decimal
    reserved: Decimal


@dataclass(slots=True)
class Account:
    """One login's money. `amount` includes what is `reserved`; `waiting` are orders past their lock without funds."""

    user: str
    opening: Decimal
    amount: Decimal
    credit: Decimal
    reserved: Decimal = Decimal(0)
    paid_in: Decimal = Decimal(0)
    deposits: dict[int, Deposit] = field(default_factory=dict)
    reserved_right: set[str] = field(default_factory=set)
    """Classes of orders for which a deposit was taken that is what it should be."""
    entries: list[Entry] = field(default_factory=list)
    renewals: list[Renewal] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    waiting: dict[int, Application] = field(default_factory=dict)
    retry_at: datetime | None = None

    @property
    def free(self) -> Decimal:
        """What a lock may still draw: balance and credit line, less what is reserved."""
        return self.amount + self.credit - self.reserved

    def change(self, at: datetime, *, amount: Decimal = Decimal(0), reserved: Decimal = Decimal(0)) -> None:
        """Adds to what it has, and to what is reserved of it, and keeps when."""
        self.amount += amount
        self.reserved += reserved
        self.moves.append(Move(at, amount, reserved))

    def before(self, moment: datetime) -> tuple[Decimal, Decimal]:
        """The amount, and what was reserved of it, before all that happened at this moment or later."""
        later = [move for move in self.moves if move.at >= moment]
        amount = self.amount - sum((move.amount for move in later), Decimal(0))
        return amount, self.reserved - sum((move.reserved for move in later), Decimal(0))


@dataclass(frozen=True, slots=True)
class LogLine:
    """What was done to an object, by whom."""

    at: datetime
    index: int
    user: str
    object_class: str
    object_id: str
    operation: str
    reference: str
