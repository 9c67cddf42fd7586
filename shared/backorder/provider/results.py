"""What the provider says, typed: the results of the port.

Amounts are in the account's currency unless they carry one, times are aware and in UTC.

A second provider fills in these types. What a word on its wire means is decided there, and nowhere after it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Generic, Literal, TypeVar

if TYPE_CHECKING:
    from backorder.provider.errors import ProviderError

T = TypeVar("T")
KeywordPlace = Literal["any", "begin", "end"]


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


# Lists


@dataclass(frozen=True, slots=True)
class UnreadRow:
    """A row of a list that makes no sense, set aside."""

    source: Command
    # The provider's own name of the list, for a message that its support reads.
    list: str
    # The row's cells, `NAME=value`.
    text: str
    # The fault, such as `has no amount in DEPOSIT`.
    why: str
    # The row's own id, and the name that it is about, as they stand there; None where it has neither.
    id: str | None = None
    about: str | None = None
    # All values, in lower case: a name or an id among them says what the row is about.
    cells: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Listing(Generic[T]):
    """All of a list, each item once, in the provider's order, unless it is kept in another.

    `complete`: the provider's total was the same on all pages, and equal to the distinct rows. Lists move while they
    are read; only a complete one may say that something is absent, and even then a direct look-up should agree
    (money.md). What is `unread` is there, whatever it is.
    """

    items: Collection[T]
    complete: bool
    unread: tuple[UnreadRow, ...] = ()

    @property
    def proves_absence(self) -> bool:
        """Return whether what is not among the items is not there: no row slipped away, and none was unreadable."""
        return self.complete and not self.unread

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __bool__(self) -> bool:
        """Return true: an empty list that was read is an answer."""
        return True


@dataclass(frozen=True)
class Recent(Generic[T]):
    """The items of a list that changed last, and how many the whole list has.

    `complete`: the total was the same on all pages that were read, so that no item slipped from one to another.
    """

    items: Collection[T]
    total: int
    complete: bool
    unread: tuple[UnreadRow, ...] = ()

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)


# Applications


class ApplicationStatus(StrEnum):
    """States of an application, in order of events."""

    REQUESTED = "REQUESTED"
    ACTIVE = "ACTIVE"
    PROCESSING = "PROCESSING"
    SUCCESSFUL = "SUCCESSFUL"
    FAILED = "FAILED"
    AUCTION_PENDING = "AUCTION_PENDING"
    AUCTION_WON = "AUCTION_WON"
    AUCTION_LOST = "AUCTION_LOST"
    UNKNOWN = "UNKNOWN"

    @property
    def is_final(self) -> bool:
        """Return whether nothing will happen to this application any more."""
        return self in FINAL

    @property
    def is_live(self) -> bool:
        """Return whether the application may still catch the name. An unknown state counts: a second application would
        be worse."""
        return self not in FINAL


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


@dataclass(frozen=True, slots=True)
class Auction:
    """An auction among the customers who wanted a caught name. Amounts in `currency`, which need not be the account's.

    Bids are placed at `url`, not through the provider's API. `is_won`, `is_lost`: over, and decided, as it says itself;
    neither while it runs, or where its words are not understood. `vat` is on `price`, in the same currency; both are
    there once the auction was won.
    """

    is_won: bool
    is_lost: bool
    ends_at: datetime | None
    best_bid: Decimal | None
    minimum_next_bid: Decimal | None
    price: Decimal | None
    currency: str
    url: str
    vat: Decimal | None = None
    bidders: int | None = None


@dataclass(frozen=True, slots=True)
class Application:
    """The provider's record of one backorder.

    `finalization_at`: None where the provider does not send it. `missing_parameters` and `invalid_parameters`: what it
    lacks to be registered, as the provider names it. `status_text`: the provider's own word, for a status that we do
    not know.
    """

    id: str
    domain: str
    zone: str
    status: ApplicationStatus
    created_at: datetime
    updated_at: datetime
    finalization_at: datetime | None = None
    missing_parameters: tuple[str, ...] = ()
    invalid_parameters: tuple[str, ...] = ()
    auction: Auction | None = None
    status_text: str = field(default="", compare=False)

    @property
    def is_final(self) -> bool:
        return self.status.is_final

    @property
    def is_live(self) -> bool:
        return self.status.is_live


# Money


@dataclass(frozen=True)
class AccountStatus:
    """The account's money. `amount`: the balance, with what is reserved or without (not documented). `deposit`: what is
    reserved now. `credit`: how far below zero the account may go. `vat` in percent. `dated_at`: when the answer was
    given, by the provider's clock."""

    amount: Decimal
    credit: Decimal
    deposit: Decimal
    currency: str
    vat: Decimal
    dated_at: datetime | None = field(default=None, compare=False)

    def with_deposits(self, *, excluded: bool | None) -> AccountStatus:
        """Return it with the deposits in its amount, if they were `excluded` (None: not known, taken for included)."""
        return replace(self, amount=self.amount + self.deposit) if excluded else self


@dataclass(frozen=True, slots=True)
class DateBalance:
    """What the account had on a date: at its beginning or its end, by a clock that is not documented, and with what was
    reserved or without. `currency`: "" where the provider does not say."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Deposit:
    """Reserved funds; a negative amount is a credit. `is_for_a_backorder`: as far as the provider says what it is for;
    a login reserves for other things, too."""

    id: str
    domain: str
    amount: Decimal
    currency: str
    created_at: datetime
    is_for_a_backorder: bool = True


class EntryKind(StrEnum):
    """What an accounting entry is for, as far as its type says. The type of a backorder's charge is not documented, so
    that is found by domain and time among those of kind `OTHER`."""

    PAYMENT = "payment"  # money paid in
    AUCTION = "auction"  # an auction's price
    REGISTRATION = "registration"  # a domain registered by hand
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class AccountingEntry:
    """A row of the account's books. `price` is net and negative for a charge; `vat_price` comes on top, with the same
    sign. `type`: the provider's own word, for reports. `id` may be missing for one's own account."""

    id: str | None
    at: datetime
    kind: EntryKind
    type: str
    description: str
    price: Decimal
    vat_price: Decimal
    currency: str
    reference: str

    @property
    def gross(self) -> Decimal:
        """Return what the balance changed by."""
        return self.price + self.vat_price


@dataclass(frozen=True, slots=True)
class Renewal:
    """An object of the account at the end of its period, by its `id`. `renews`: it will draw `gross` on the balance at
    `due_at`, and not expire; None where the provider does not say when, or how much."""

    id: str
    due_at: datetime | None
    gross: Decimal | None
    renews: bool


@dataclass(frozen=True, slots=True)
class OwnPrice:
    """What the provider's price list for this account says of a backorder. Gross; None where it names only a
    currency."""

    amount: Decimal | None
    currency: str


# Names


@dataclass(frozen=True, slots=True)
class NameFilter:
    """Which names of the pending-delete list are asked for. The provider may give more, and never fewer.

    `zones`: any of them, none: all. `hyphens`, `digits`, `idns`: whether names with such are wanted. `expression`: a
    regular expression that every dialect has. `keywords`: in the label, at `place`; all of them, or any.
    """

    zones: tuple[str, ...] = ()
    idns: bool = True
    hyphens: bool = True
    digits: bool = True
    # The shortest and the longest label.
    length: tuple[int, int] | None = None
    expression: str | None = None
    keywords: tuple[str, ...] = ()
    place: KeywordPlace = "any"
    all_keywords: bool = False


@dataclass(frozen=True, slots=True)
class PendingDelete:
    """A name that will be released. `finalization_at`: the provider's last moment for an application, if it has one."""

    domain: str
    finalization_at: datetime | None


@dataclass(frozen=True, slots=True)
class PendingDeletePage:
    """A page of the pending-delete list, whole: rows that make no sense keep their places, without a date."""

    names: tuple[PendingDelete, ...]
    # Names of the whole list.
    total: int


@dataclass(frozen=True)
class Availability:
    """Whether a name can be registered now, at the ordinary price. `error`: why that could not be said of it."""

    domain: str
    is_free: bool = False
    error: ProviderError | None = None


@dataclass(frozen=True)
class RegisteredDomain:
    """A domain in the account. `renewal_mode`: the provider's word, for reports; "" where there is none."""

    domain: str
    expires_at: datetime | None
    renewal_mode: str
