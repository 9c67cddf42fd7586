"""A finding: something in the account that needs a person. Opened once, updated, closed when it no longer holds.

Here is the one place that says which kinds there are, how soon somebody should look, and what each is called. What each
means to a user, and what to do about it, is in docs/money.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal


class Severity(StrEnum):
    """How soon somebody should look."""

    URGENT = "urgent"
    """Within hours: names are lost otherwise, or an auction ends."""
    ACTION = "action"
    """Within days: money to claim back, an order to look after, or a list to put elsewhere."""
    INFORMATION = "information"
    """Nothing has to be done."""


class Kind(StrEnum):
    """What can be found. In the order in which they should be looked at, which is that of messages and reports."""

    LINE_HALTED = "line_halted"
    SHORTFALL = "shortfall"
    UNFUNDED_AT_LOCK = "unfunded_at_lock"
    DEPOSIT_LAPSED = "deposit_lapsed"
    AUCTION_OPEN = "auction_open"
    NAME_STILL_FREE = "name_still_free"
    SET_ASIDE = "set_aside"
    APPLICATION_INCOMPLETE = "application_incomplete"
    APPLICATION_VANISHED = "application_vanished"
    RULES_BROKEN = "rules_broken"
    LIST_UNREAD = "list_unread"
    REGISTRY_CONTRADICTED = "registry_contradicted"
    LIST_MISPLACED = "list_misplaced"
    DEADLINE_MISSED = "deadline_missed"
    APPLICATION_DUPLICATE = "application_duplicate"
    ITEM_NOT_UNDERSTOOD = "item_not_understood"
    UNEXPLAINED_DIFFERENCE = "unexplained_difference"
    BALANCE_DIFFERS_ON = "balance_differs_on"
    CHARGED_TWICE = "charged_twice"
    CHARGE_WITHOUT_SUCCESS = "charge_without_success"
    REFUND_MISSING = "refund_missing"
    SUCCESS_WITHOUT_CHARGE = "success_without_charge"
    DEPOSIT_ORPHAN = "deposit_orphan"
    FEE_TOO_HIGH = "fee_too_high"
    CHARGE_DIFFERS = "charge_differs"
    DEPOSIT_DIFFERS = "deposit_differs"
    STANDING_ORDER_STALE = "standing_order_stale"
    STATUS_UNKNOWN = "status_unknown"
    ROW_UNREAD = "row_unread"
    APPLICATION_FOREIGN = "application_foreign"

    @property
    def severity(self) -> Severity:
        return DESCRIPTIONS[self].severity

    @property
    def heading(self) -> str:
        """What a group of findings of this kind is headed with; ASCII."""
        return DESCRIPTIONS[self].heading

    @property
    def rank(self) -> tuple[int, int]:
        """Sorts what needs doing first to the top."""
        return list(Severity).index(self.severity), list(Kind).index(self)


@dataclass(frozen=True, slots=True)
class Description:
    """What is said of a kind wherever it is shown."""

    severity: Severity
    heading: str


DESCRIPTIONS: Mapping[Kind, Description] = {
    Kind.LINE_HALTED: Description(Severity.URGENT, "Orders have stopped"),
    Kind.SHORTFALL: Description(Severity.URGENT, "Funds are short"),
    Kind.UNFUNDED_AT_LOCK: Description(Severity.URGENT, "Orders without funds since their lock"),
    Kind.DEPOSIT_LAPSED: Description(Severity.URGENT, "Deposits that lapsed while the order stands"),
    Kind.AUCTION_OPEN: Description(Severity.URGENT, "Auctions: bid, or pay what you won"),
    Kind.NAME_STILL_FREE: Description(Severity.URGENT, "Lost, but free to register"),
    Kind.SET_ASIDE: Description(Severity.URGENT, "Refused by the provider, and tried again"),
    Kind.APPLICATION_INCOMPLETE: Description(Severity.URGENT, "Orders that lack data"),
    Kind.APPLICATION_VANISHED: Description(Severity.URGENT, "Orders that the provider no longer knows"),
    Kind.RULES_BROKEN: Description(Severity.ACTION, "Rules that are broken"),
    Kind.LIST_UNREAD: Description(Severity.ACTION, "Lists that nothing reads"),
    Kind.REGISTRY_CONTRADICTED: Description(Severity.ACTION, "Drop times that the provider contradicts"),
    Kind.LIST_MISPLACED: Description(Severity.ACTION, "Deletion lists of which each name is ordered"),
    Kind.DEADLINE_MISSED: Description(Severity.ACTION, "Funded, and not ordered in time"),
    Kind.APPLICATION_DUPLICATE: Description(Severity.ACTION, "Ordered more than once"),
    Kind.ITEM_NOT_UNDERSTOOD: Description(Severity.ACTION, "Items of the table that are not understood"),
    Kind.UNEXPLAINED_DIFFERENCE: Description(Severity.ACTION, "The books do not explain the account"),
    Kind.BALANCE_DIFFERS_ON: Description(Severity.ACTION, "The provider's balance of a past day is another"),
    Kind.CHARGED_TWICE: Description(Severity.ACTION, "Charged twice"),
    Kind.CHARGE_WITHOUT_SUCCESS: Description(Severity.ACTION, "Charged, but not caught"),
    Kind.REFUND_MISSING: Description(Severity.ACTION, "Deposits that did not come back"),
    Kind.SUCCESS_WITHOUT_CHARGE: Description(Severity.ACTION, "Caught, but not charged"),
    Kind.DEPOSIT_ORPHAN: Description(Severity.ACTION, "Deposits without an order"),
    Kind.FEE_TOO_HIGH: Description(Severity.ACTION, "Dearer than was planned, or than you allow"),
    Kind.CHARGE_DIFFERS: Description(Severity.ACTION, "Charged another sum than was reserved"),
    Kind.DEPOSIT_DIFFERS: Description(Severity.ACTION, "Deposits that differ from the fee"),
    Kind.STANDING_ORDER_STALE: Description(Severity.ACTION, "Orders still open long after their drop"),
    Kind.STATUS_UNKNOWN: Description(Severity.ACTION, "Orders in a state that is not known here"),
    Kind.ROW_UNREAD: Description(Severity.ACTION, "Rows of the provider that make no sense"),
    Kind.APPLICATION_FOREIGN: Description(Severity.INFORMATION, "Orders that others placed in this account"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that needs a person, with the amounts and ids that a support ticket needs."""

    kind: Kind
    subject: str
    """What tells it from others of its kind: a domain, a deposit's id, an object, or the account."""
    domain: str | None
    amount: Decimal | None
    currency: str
    advice: str
    """What is wrong and what to do next, in one sentence."""
    opened_at: datetime
    status: Literal["open", "closed"] = "open"
    closed_at: datetime | None = None
    until: datetime | None = None
    """The last moment at which doing something helps, where it may come to be an earlier one."""

    @property
    def key(self) -> str:
        return f"{self.kind}#{self.subject}#{self.opened_at:%Y%m%dT%H%M%S}"

    @property
    def severity(self) -> Severity:
        return self.kind.severity
