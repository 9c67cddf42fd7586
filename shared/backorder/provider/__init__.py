"""The client of the 1API backorder service. docs/provider.md says what is known of it and what is assumed."""

from backorder.provider.account import AccountingEntry, AccountStatus, Deposit, Renewal, UserStatus
from backorder.provider.adapter import (
    DEFAULT_ENDPOINT,
    ENVIRONMENTS,
    LOCK_LEAD,
    ApplicationStatus,
    Environment,
    Stage,
)
from backorder.provider.applications import Application, Auction
from backorder.provider.client import Provider, Session
from backorder.provider.concurrency import Concurrency
from backorder.provider.credentials import Credentials, SecretCredentials
from backorder.provider.errors import (
    AccessDenied,
    AlreadyExists,
    InsufficientFunds,
    NotAllowedNow,
    NotFound,
    NotStarted,
    OutcomeUnknown,
    ProviderError,
    Refused,
    Scope,
    TemporaryFailure,
    TryAgainSlowly,
)
from backorder.provider.listing import Listing
from backorder.provider.names import (
    Availability,
    Contact,
    ConvertedName,
    DomainOptions,
    LogEntry,
    PendingDelete,
    RegisteredDomain,
)

__all__ = [
    "DEFAULT_ENDPOINT",
    "ENVIRONMENTS",
    "LOCK_LEAD",
    "AccessDenied",
    "AccountStatus",
    "AccountingEntry",
    "AlreadyExists",
    "Application",
    "ApplicationStatus",
    "Auction",
    "Availability",
    "Concurrency",
    "Contact",
    "ConvertedName",
    "Credentials",
    "Deposit",
    "DomainOptions",
    "Environment",
    "InsufficientFunds",
    "Listing",
    "LogEntry",
    "NotAllowedNow",
    "NotFound",
    "NotStarted",
    "OutcomeUnknown",
    "PendingDelete",
    "Provider",
    "ProviderError",
    "Refused",
    "RegisteredDomain",
    "Renewal",
    "Scope",
    "SecretCredentials",
    "Session",
    "Stage",
    "TemporaryFailure",
    "TryAgainSlowly",
    "UserStatus",
]
