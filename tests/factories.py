"""Small makers of what tests are about. Each gives something ordinary; a test names only what matters to it.

Amounts are in USD, times in UTC, around NOW. A domain's zone is all behind its first dot.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from backorder.documents.account_outlook import Forecast
from backorder.domain.backorder import FINAL, Backorder, Charge, Claim, Source, State, Step
from backorder.domain.dates import DateSource, DateStatement
from backorder.domain.findings import Finding, Kind
from backorder.domain.ledger import Account, Lease, Posting
from backorder.domain.reservation import ReservationTerms
from backorder.domain.schedule import FINALIZATION_LEAD, MARGIN, Known
from backorder.provider.account import AccountingEntry, AccountStatus, Deposit
from backorder.provider.adapter import ApplicationStatus
from backorder.provider.applications import Application
from backorder.store import ListRecord

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
FEE = Decimal("69.00")
CURRENCY = "USD"


TERMS = ReservationTerms(timedelta(days=3))
"""The provider reserves three days before the finalization date; how long a refund takes was not measured yet."""


def usd(amount: str | int) -> Decimal:
    """`usd(69)` and `usd("69.00")`: an exact amount."""
    return Decimal(amount)


def zone_of(domain: str) -> str:
    return domain.partition(".")[2]


def a_backorder(domain: str = "john.com", state: State = State.SELECTED, **changes: Any) -> Backorder:
    """A person's wish, without a date; a final one is not settled. Any field may be given."""
    return Backorder(
        **{
            "domain": domain,
            "cycle": 1,
            "zone": zone_of(domain),
            "state": state,
            "source": Source.WANTED,
            "priority": Decimal(5),
            "list": "wanted/monday.txt",
            "list_version": "v1",
            "line": 1,
            "created_at": NOW,
            **changes,
        }
    )


def a_dated_backorder(domain: str = "john.com", *, finalization_at: datetime, **changes: Any) -> Backorder:
    """One whose finalization date the provider told; it drops three hours later."""
    drop_at = finalization_at + FINALIZATION_LEAD
    moments = {
        "finalization_at": finalization_at,
        "deadline": finalization_at - MARGIN,
        "last_chance": finalization_at - MARGIN,
        "deadline_known": Known.FINALIZATION,
        "dates": (a_date(DateSource.PROVIDER, finalization_at=finalization_at, drop_at=drop_at),),
        "batch_starts_at": drop_at,
        "batch_ends_at": drop_at + timedelta(hours=1),
    }
    return a_backorder(domain, **{**moments, **changes})


def a_date(source: DateSource = DateSource.OTHER, *, said_at: datetime = NOW, **said: Any) -> DateStatement:
    """What a list, or the provider, said of a drop."""
    return DateStatement(source, said_at, **said)


def an_estimated_backorder(domain: str = "john.com", *, drop_at: datetime, **changes: Any) -> Backorder:
    """One of whose drop only the moment is known: its deadline is an estimate, and it is tried until its batch."""
    moments = {
        "deadline": drop_at - FINALIZATION_LEAD - MARGIN,
        "last_chance": drop_at,
        "deadline_known": Known.ESTIMATED,
        "dates": (a_date(drop_at=drop_at),),
        "batch_starts_at": drop_at,
        "batch_ends_at": drop_at + timedelta(hours=1),
    }
    return a_backorder(domain, **{**moments, **changes})


def a_placed_backorder(domain: str = "john.com", state: State = State.REQUESTED, **changes: Any) -> Backorder:
    """One that the provider has an application for, since an hour; a final one ended now."""
    placed = {"application": f"app-{domain}", "submitted_at": NOW - timedelta(hours=1), "fee": FEE}
    ended = {"outcome_at": NOW} if state in FINAL else {}
    return a_backorder(domain, state, **{**placed, **ended, **changes})


def a_charge(key: str = "entry#1", gross: Decimal = FEE, **changes: Any) -> Charge:
    """Booked now, without tax; below zero it was given back."""
    return Charge(**{"key": key, "at": NOW, "net": gross, "tax": Decimal(0), **changes})


def a_claim(**changes: Any) -> Claim:
    """Of a worker that began now, and has fifteen minutes."""
    return Claim(
        **{
            "attempt": "attempt-1",
            "kind": "order",
            "first_sent_at": NOW,
            "lease_until": NOW + timedelta(minutes=15),
            **changes,
        }
    )


def a_step(left: State = State.SELECTED, entered: State = State.QUEUED, **changes: Any) -> Step:
    return Step(**{"at": NOW, "left": left, "entered": entered, "why": "due, and the account covers it", **changes})


def an_application(domain: str = "john.com", status: str = "REQUESTED", **changes: Any) -> Application:
    """The provider's record of `a_placed_backorder` of the same domain."""
    return Application(
        **{
            "id": f"app-{domain}",
            "domain": domain,
            "class_": f"{zone_of(domain).replace('.', '').upper()}_BACKORDER",
            "status": ApplicationStatus(status),
            "created_at": NOW - timedelta(hours=1),
            "updated_at": NOW,
            **changes,
        }
    )


def a_deposit(domain: str = "john.com", amount: Decimal = FEE, **changes: Any) -> Deposit:
    """Reserved since an hour; its id comes from the domain."""
    return Deposit(
        **{
            "id": f"dep-{domain}",
            "domain": domain,
            "amount": amount,
            "currency": CURRENCY,
            "type": "BACKORDER",
            "created_at": NOW - timedelta(hours=1),
            "updated_at": None,
            "expires_at": NOW + timedelta(hours=6),
            **changes,
        }
    )


def an_entry(
    description: str = "john.com", price: Decimal = -FEE, *, vat_price: Decimal = Decimal(0), **changes: Any
) -> AccountingEntry:
    """A booking of now; a charge for a domain unless told otherwise. Its id comes from the description."""
    return AccountingEntry(
        **{
            "id": f"acc-{description}",
            "at": NOW,
            "type": "BACKORDER",
            "description": description,
            "price": price,
            "vat_percent": Decimal(0),
            "vat_price": vat_price,
            "currency": CURRENCY,
            "amount": None,
            "reference": "",
            **changes,
        }
    )


def an_account_status(amount: Decimal = Decimal("1000.00"), deposit: Decimal = Decimal(0)) -> AccountStatus:
    """`amount` includes what is reserved, `deposit`."""
    return AccountStatus(amount, credit=Decimal(0), deposit=deposit, currency=CURRENCY, vat=Decimal(0))


def a_posting(key: str = "entry#1", amount: Decimal = FEE, **changes: Any) -> Posting:
    """Money paid in, unless told otherwise."""
    return Posting(
        **{
            "key": key,
            "at": NOW,
            "kind": "payment",
            "source": Account.PAID_IN,
            "target": Account.BALANCE,
            "amount": amount,
            "currency": CURRENCY,
            "domain": None,
            "seen_in": "QueryAccountingList",
            "text": "PAYMENT",
            **changes,
        }
    )


def a_lease(domain: str = "john.com", amount: Decimal = FEE, **changes: Any) -> Lease:
    """The deposit of `a_deposit`, as the books have it for our backorder."""
    return Lease(
        **{
            "id": f"dep-{domain}",
            "domain": domain,
            "amount": amount,
            "currency": CURRENCY,
            "created_at": NOW - timedelta(hours=1),
            "cycle": 1,
            **changes,
        }
    )


def a_finding(kind: Kind = Kind.REFUND_MISSING, subject: str = "john.com", **changes: Any) -> Finding:
    return Finding(
        **{
            "kind": kind,
            "subject": subject,
            "domain": subject if "." in subject else None,
            "amount": FEE,
            "currency": CURRENCY,
            "advice": f"{subject} needs a person.",
            "opened_at": NOW,
            **changes,
        }
    )


def a_forecast(**changes: Any) -> Forecast:
    return Forecast(
        **{
            "shortfall": Decimal("414.00"),
            "currency": CURRENCY,
            "before": NOW + timedelta(days=2, hours=4),
            "waiting": 1,
            "names": ("john.com",),
            **changes,
        }
    )


def a_list_record(name: str = "wanted/monday.txt", version: str = "v1", **changes: Any) -> ListRecord:
    return ListRecord(
        **{
            "name": name,
            "version": version,
            "kind": "wanted",
            "source": "plain text",
            "modified": NOW,
            "read_at": NOW,
            **changes,
        }
    )
