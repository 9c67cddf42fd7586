"""Small makers of what tests are about. Each gives something ordinary; a test names only what matters to it.

Amounts are in USD, times in UTC, around NOW. A domain's zone is all behind its first dot.
"""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from backorder.documents.account_outlook import Forecast
from backorder.domain.backorder import Backorder
from backorder.domain.dates import DateSource, DateStatement
from backorder.domain.findings import Finding, Kind
from backorder.domain.ledger import Account, Lease, Posting
from backorder.domain.reservation import ReservationTerms
from backorder.domain.schedule import FINALIZATION_LEAD, MARGIN, Known, Schedule
from backorder.domain.states import FINAL, State
from backorder.domain.values import (
    BackorderKey,
    Call,
    Charge,
    Claim,
    Decider,
    Decision,
    ListPlace,
    PlacedApplication,
    PlannedSubmission,
    Source,
    Step,
    Wish,
)
from backorder.provider.port import AccountingEntry, AccountStatus, Application, ApplicationStatus, Deposit, EntryKind
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


_PARTS: dict[str, tuple[str, str]] = {
    **{name: ("wish", name) for name in ("source", "priority", "max_price", "note", "chosen", "decided")},
    **{name: ("wish", name) for name in ("place", "cancelled_by")},
    **{field.name: ("schedule", field.name) for field in fields(Schedule)},
    **{field.name: ("plan", field.name) for field in fields(PlannedSubmission)},
    **{name: ("application", name) for name in ("submitted_at", "origin", "answered", "lacks", "amended_with")},
    **{f"auction_{name}": ("auction", name) for name in ("ends_at", "url", "next_bid", "pending_at", "paid")},
    "unknown_status": ("application", "unknown_status"),
    "deposit": ("deposit", "amount"),
    "last_deposit": ("deposit", "last"),
    "usual_deposit": ("deposit", "usual"),
    "unreserved_since": ("deposit", "missing_since"),
    "checked_at": ("lookup", "at"),
    "still_free": ("lookup", "is_free"),
    "expires_at": ("lookup", "expires_at"),
    "renewal_mode": ("lookup", "renewal_mode"),
}
"""In which part of a backorder a field is, by the name that tests have for it."""
_BESIDES = ("ends_at", "url", "next_bid", "pending_at", "paid")


def changed(backorder: Backorder, **changes: Any) -> Backorder:
    """One of which some fields differ, in whichever part of it they are; for what no verb does."""
    own: dict[str, Any] = {}
    parts: dict[str, dict[str, Any]] = {}
    place = backorder.wish.place
    place = place._replace(
        list=changes.pop("list", place.list),
        version=changes.pop("list_version", place.version),
        line=changes.pop("line", place.line),
    )
    for name, value in {"place": place, **changes}.items():
        if name in _PARTS:
            part, field = _PARTS[name]
            parts.setdefault(part, {})[field] = value
        else:
            own[name] = value
    if "domain" in own or "cycle" in own:
        own["key"] = BackorderKey(own.pop("domain", backorder.domain), own.pop("cycle", backorder.cycle))
    if "application" in own and own["application"] is None:
        parts.pop("application", None)
    elif "application" in own or "application" in parts:
        known = backorder.application or PlacedApplication("", None)
        id_ = own.pop("application", None) or backorder.application_id
        # What is said of an application that there is not, is not said.
        if id_ is not None:
            own["application"] = replace(known, id=id_, **parts.pop("application", {}))
        parts.pop("application", None)
    if "auction" in own:
        # What an auction's own answer says of it, and nothing of what is known besides.
        known_besides = {name: getattr(backorder.auction, name) for name in _BESIDES}
        own["auction"] = replace(own["auction"], **known_besides)
    told = {name: replace(own.pop(name, getattr(backorder, name)), **values) for name, values in parts.items()}
    return replace(backorder, **own, **told)


def a_backorder(domain: str = "john.com", state: State = State.SELECTED, **changes: Any) -> Backorder:
    """A person's wish, without a date; a final one is not settled. Any field of any part may be given."""
    source = changes.get("source", Source.WANTED)
    wish = Wish(
        source=source,
        priority=Decimal(5),
        place=ListPlace("wanted/monday.txt", "v1", 1),
        decided=Decision(Decider.PERSON if source is Source.WANTED else Decider.RULES, NOW - timedelta(days=365)),
    )
    ordinary = Backorder(BackorderKey(domain, 1), zone_of(domain), state, wish, created_at=NOW)
    return changed(ordinary, **changes)


def moved(
    backorder: Backorder, to: State, *, at: datetime, why: str, call: Call | None = None, **changes: Any
) -> Backorder:
    """One that went to state `to`, if the table allows it, with other changes; for whom the verbs are no matter."""
    entered = changed(backorder._entered(to, at=at, why=why, call=call), **changes)
    return changed(entered._over(at), **changes) if to.is_final else entered


def refused_words(backorder: Backorder) -> str | None:
    """What the provider said when it refused something of it last; None: nothing since it was taken."""
    return None if backorder.refusal is None else backorder.refusal.words


def a_dated_backorder(domain: str = "john.com", *, finalization_at: datetime, **changes: Any) -> Backorder:
    """One whose finalization date the provider told; it drops three hours later."""
    drop_at = finalization_at + FINALIZATION_LEAD
    moments = {
        "finalization_at": finalization_at,
        "deadline": finalization_at - MARGIN,
        "last_chance": finalization_at - MARGIN,
        "known": Known.FINALIZATION,
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
        "known": Known.ESTIMATED,
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
            "zone": zone_of(domain),
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
            "created_at": NOW - timedelta(hours=1),
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
            "kind": EntryKind.OTHER,
            "type": "BACKORDER",
            "description": description,
            "price": price,
            "vat_price": vat_price,
            "currency": CURRENCY,
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
            "seen_in": "entries",
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
