"""The provider as the functions know it: what they ask of it, what it says, and what may go wrong.

Functions import from this module only, and `wiring.py` decides who answers. A provider is a package beside it, as
`hexonet/` is: a class that has the methods of `Provider`, gives the results of `results.py`, and raises the errors of
`errors.py`. It alone knows commands, codes and words of its wire.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Protocol, Self

from backorder.provider.dated import account_and_clock
from backorder.provider.errors import (
    AccessDenied,
    AlreadyExists,
    AnswerUnread,
    Blame,
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
from backorder.provider.results import (
    FINAL,
    LIVE,
    WON,
    AccountingEntry,
    AccountStatus,
    Application,
    ApplicationStatus,
    Auction,
    Availability,
    Command,
    DateBalance,
    Deposit,
    EntryKind,
    KeywordPlace,
    Listing,
    NameFilter,
    OwnPrice,
    PendingDelete,
    PendingDeletePage,
    Recent,
    RegisteredDomain,
    Renewal,
    UnreadRow,
)
from backorder.provider.splitting import IN_VAIN, one_by_one

__all__ = [
    "FINAL",
    "IN_VAIN",
    "LIVE",
    "LOCK_LEAD",
    "WON",
    "AccessDenied",
    "AccountStatus",
    "AccountingEntry",
    "AlreadyExists",
    "AnswerUnread",
    "Application",
    "ApplicationStatus",
    "Auction",
    "Availability",
    "Blame",
    "Called",
    "Command",
    "DateBalance",
    "Deposit",
    "EntryKind",
    "InsufficientFunds",
    "KeywordPlace",
    "Listing",
    "NameFilter",
    "NotAllowedNow",
    "NotFound",
    "NotStarted",
    "OutcomeUnknown",
    "OwnPrice",
    "PendingDelete",
    "PendingDeletePage",
    "Provider",
    "ProviderError",
    "Recent",
    "Refused",
    "RegisteredDomain",
    "Renewal",
    "Scope",
    "TemporaryFailure",
    "TryAgainSlowly",
    "UnreadRow",
    "account_and_clock",
    "one_by_one",
    "unobserved",
]

LOCK_LEAD: Final = timedelta(days=3)
"""How long before the finalization date the fee is reserved (the provider's quickstart, 1.1)."""


class Provider(Protocol):
    """One account in one environment of a provider. Safe for many threads.

    Times are aware and in UTC, amounts `Decimal`, domains in their ASCII form. Every method that asks may raise
    `TemporaryFailure`, `OutcomeUnknown`, `AccessDenied` and `Refused`; where a docstring names more errors, these are
    answers that belong to the method. An answer that cannot be understood is an `OutcomeUnknown`. What only reads is
    repeated by the provider itself after a failure that may pass; what changes something, only if it took no effect.
    """

    @property
    def worst_case_seconds(self) -> float:
        """Return how long one attempt may take: no call may start unless more time than this remains."""
        ...

    def within(self, refusal: Callable[[float], str | None], heard: Callable[[ProviderError], None] = ...) -> Self:
        """Return this provider, with every attempt (repeats included) asked for first.

        `refusal` gets the seconds that an attempt may take, and says why it must not start, or None: then the call
        raises `NotStarted` with that reason, or the failure that it would have repeated. `heard` hears of each failure
        before its place goes to another call: so that no call starts once a failure made `refusal` say no. Both are
        called by all threads, and must be quick.
        """
        ...

    # Backorders

    def place(self, domain: str, *, new: bool = False, extra: Mapping[str, str] | None = None) -> Application:
        """Place an application for a domain, and return it.

        `new` makes one even if there is one with the same data: only after a look showed that every one is final.
        `extra`: contacts, name servers, period, and what a zone needs, as the user's rules name them.

        An answer with an old `created_at` is about an application that was there before. Raises besides:
        `AlreadyExists`, `InsufficientFunds`, `TryAgainSlowly`, `NotAllowedNow`, and `NotFound` if a setting names
        something that does not exist; ValueError if `extra` would change what is placed.
        """
        ...

    def withdraw(self, application_id: str) -> None:
        """Withdraw an application, which is possible until its finalization date. Raises besides: `NotAllowedNow` once
        it is too late, `NotFound` if it is gone already."""
        ...

    def amend(self, application_id: str, changes: Mapping[str, str]) -> Application:
        """Amend an application by what its `missing_parameters` named, and return it. Raises besides: `NotFound` (also
        for a contact that does not exist), `NotAllowedNow`."""
        ...

    def application(self, application_id: str) -> Application:
        """Return an application, with its auction. Raises besides: `NotFound` if the provider no longer knows it."""
        ...

    def applications(self, *, domains: Sequence[str] | None = None) -> Listing[Application]:
        """Return this login's applications, oldest first: all, or those for `domains`, many to a call; none for an
        empty sequence. Auctions are known to `application` only."""
        ...

    def applications_changed(self, since: datetime) -> Recent[Application]:
        """Return what changed since then, the last changed first, and how many applications there are."""
        ...

    # Money

    def account(self) -> AccountStatus:
        """Return the account's balance, credit and reserved funds."""
        ...

    def balance_on(self, day: date) -> DateBalance:
        """Return what the account had on a past day."""
        ...

    def deposits(self) -> Listing[Deposit]:
        """Return what is reserved now, in no particular order."""
        ...

    def accounting(self, since: date, until: date) -> Listing[AccountingEntry]:
        """Return this login's accounting entries of whole days, both included, in order of execution. In which time
        zone the days are need not be documented."""
        ...

    def renewals(self, *, until: datetime | None = None) -> Listing[Renewal]:
        """Return this login's renewals up to `until`, soonest first."""
        ...

    def prices(self) -> Mapping[str, OwnPrice]:
        """Return the account's own prices of backorders, by zone in lower case and without its dots (`couk`)."""
        ...

    # Names

    def pending_delete_page(self, wanted: NameFilter, *, first: int, size: int) -> PendingDeletePage:
        """Return `size` names at most of the pending-delete list, in order of name, from its `first`th on (from 0). The
        list moves at any time, and whatever comes or leaves shifts what is behind it."""
        ...

    def pending_deletes(self, *, zones: Sequence[str], labels: Iterable[str]) -> Iterator[PendingDelete]:
        """Yield the names of the pending-delete list with one of `labels` (`john` of `john.com`) in one of `zones`:
        so there may be names that were not asked for. Raises ValueError for a label that is none."""
        ...

    def check(self, domains: Sequence[str]) -> list[Availability]:
        """Return whether each domain is free now, in their order."""
        ...

    def domain(self, domain: str) -> RegisteredDomain:
        """Return a domain of the account. Raises besides: `NotFound` if it is not there."""
        ...


@dataclass(frozen=True, slots=True)
class Called:
    """One call that was sent, for whoever counts them. `code` is None where there was no answer; `cap`: calls that are
    allowed at once after it."""

    command: str
    code: int | None
    succeeded: bool
    milliseconds: int
    cap: int


def unobserved(_called: Called) -> None:
    """Count nothing."""
