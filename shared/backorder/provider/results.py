"""What the provider says, typed: the results of the port.

Amounts are in the account's currency unless they carry one, times are aware and in UTC.

A second provider fills in these types. What a word on its wire means is decided there, and nowhere after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Command(StrEnum):
    """What is asked of the provider. The value is how reports, findings and logs name it."""

    PLACE = "place"
    WITHDRAW = "withdraw"
    AMEND = "amend"
    APPLICATION = "application"
    APPLICATIONS = "applications"
    ACCOUNT = "account"
    BALANCE = "balance"
    DEPOSITS = "deposits"
    ENTRIES = "entries"
    RENEWALS = "renewals"
    PRICES = "prices"
    PENDING_DELETES = "pending_deletes"
    AVAILABILITY = "availability"
    REGISTERED = "registered"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a command, as a history may keep it: the provider's code (None: no answer), and the application that
    it names."""

    command: Command
    code: int | None = None
    application: str | None = None
