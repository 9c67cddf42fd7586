"""What the books must say at the end of a simulation, derived anew from the emulator's own: ledger and findings.

Nothing here goes through the code that keeps the books.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from backorder.bookkeeping import Account, balances
from backorder.finding import Kind
from backorder.model import Backorder, State
from local.run.invariants import Evidence

SEEN_WITHIN = timedelta(hours=10)
"""Runs are hourly, and up to a third of them is lost: what lasts so long is seen."""
GRACE = timedelta(hours=26)
"""For what is found only after the release lag, which is 24 hours until it is measured."""

EXACT = frozenset(
    {
        Kind.REFUND_MISSING,
        Kind.CHARGED_TWICE,
        Kind.CHARGE_WITHOUT_SUCCESS,
        Kind.SUCCESS_WITHOUT_CHARGE,
        Kind.DEPOSIT_DIFFERS,
        Kind.DEPOSIT_ORPHAN,
        Kind.DEPOSIT_LAPSED,
        Kind.APPLICATION_VANISHED,
        Kind.APPLICATION_FOREIGN,
        Kind.APPLICATION_DUPLICATE,
        Kind.UNEXPLAINED_DIFFERENCE,
        Kind.STATUS_UNKNOWN,
    }
)
"""Kinds that nothing but a fault of the books, or an order of somebody else, may open."""
STAYS_OPEN = frozenset({"refund_missing", "charge_twice", "charge_on_failure", "deposit_orphan", "balance_drift"})

PASSES = frozenset({Kind.REFUND_MISSING, Kind.DEPOSIT_LAPSED})
"""What is mended by itself long before a simulation ends, unless it is one that stays."""

Subject = tuple[Kind, str | None]


@dataclass
class Expected:
    """Findings by kind and domain. `may`: whether one is found hinges on the hour at which somebody looks."""

    must: set[Subject] = field(default_factory=set)
    stands: set[Subject] = field(default_factory=set)
    """Of these, the ones that nothing closes."""
    may: set[Subject] = field(default_factory=set)


def wrong_findings(evidence: Evidence, strangers: Collection[str]) -> Iterator[str]:
    """Findings that are there for no fault, and faults that are not found."""
    expected = _expected(evidence, strangers)
    found = {(finding.kind, finding.domain) for finding in evidence.findings}
    standing = {(finding.kind, finding.domain) for finding in evidence.findings if finding.status == "open"}
    for kind, domain in sorted(expected.must - found, key=str):
        yield f"{kind} of {domain or 'the account'} was not found"
    for kind, domain in sorted((expected.stands & found) - standing, key=str):
        yield f"{kind} of {domain or 'the account'} was closed, and still holds"
    for kind, domain in sorted(found - expected.must - expected.may, key=str):
        if kind in EXACT:
            yield f"{kind} of {domain or 'the account'} was found, and nothing is wrong"
    for kind, domain in sorted((standing & expected.must) - expected.stands, key=str):
        if kind in PASSES:
            yield f"{kind} of {domain} is open, and holds no longer"
    for (kind, subject), number in Counter(
        (f.kind, f.subject) for f in evidence.findings if f.status == "open"
    ).items():
        if number > 1:
            yield f"{kind} of {subject} is open {number} times"


def _expected(evidence: Evidence, strangers: Collection[str]) -> Expected:
    expected = Expected()
    backorders = {backorder.domain: backorder for backorder in evidence.backorders}
    for fault in evidence.emulator["book_faults"]:
        kind, domain, at = fault["kind"], fault["domain"], datetime.fromisoformat(fault["at"])
        subject, certain = _told(kind, domain, at, backorders.get(domain), evidence)
        (expected.must if certain else expected.may).add(subject)
        if certain and kind in STAYS_OPEN:
            expected.stands.add(subject)
        if kind == "application_vanished":
            expected.may.add((Kind.DEPOSIT_LAPSED, domain))
        if kind == "deposit_wrong":
            zone = domain.partition(".")[2]
            # A wrong deposit may be taken for what is usual, until there are more that are right.
            expected.may |= {(Kind.DEPOSIT_DIFFERS, b.domain) for b in evidence.backorders if b.zone == zone}
    theirs = {each["domain"] for each in _applications(evidence) if each["application"] in strangers}
    expected.may |= {(Kind.APPLICATION_FOREIGN, domain) for domain in theirs}
    expected.may |= {(Kind.APPLICATION_DUPLICATE, domain) for domain in theirs}
    return expected


def _told(
    fault: str, domain: str, at: datetime, backorder: Backorder | None, evidence: Evidence
) -> tuple[Subject, bool]:
    """The finding that tells of a fault, and whether it must be there."""
    lasted = evidence.ended_at - at
    match fault:
        case "refund_missing" | "refund_late":
            ended = backorder is not None and backorder.state.is_lost
            return (Kind.REFUND_MISSING, domain), ended and lasted > GRACE
        case "charge_twice":
            return (Kind.CHARGED_TWICE, domain), True
        case "charge_on_failure":
            return (Kind.CHARGE_WITHOUT_SUCCESS, domain), True
        case "deposit_orphan":
            return (Kind.DEPOSIT_ORPHAN, domain), lasted > GRACE + SEEN_WITHIN
        case "application_foreign":
            return (Kind.APPLICATION_FOREIGN, domain), _dropped_at(domain, evidence) - at > SEEN_WITHIN
        case "balance_drift":
            # What drifted before the books were opened is in the opening.
            return (Kind.UNEXPLAINED_DIFFERENCE, None), lasted > SEEN_WITHIN and at > _opened_at(evidence)
        case "deposit_lapse":
            until = min(at + timedelta(hours=12), _finalized_at(domain, evidence))
            active = backorder is not None and backorder.state not in (State.CANCELLED, State.VANISHED, State.HELD)
            return (Kind.DEPOSIT_LAPSED, domain), active and until - at > timedelta(hours=6) + SEEN_WITHIN
        case "application_vanished":
            noticed = backorder is not None and backorder.state is State.VANISHED
            return (Kind.APPLICATION_VANISHED, domain), noticed and _dropped_at(domain, evidence) - at > SEEN_WITHIN
        case _:
            return (Kind.DEPOSIT_DIFFERS, domain), False


def _opened_at(evidence: Evidence) -> datetime:
    return next((posting.at for posting in evidence.postings if posting.kind == "opening"), evidence.ended_at)


def _dropped_at(domain: str, evidence: Evidence) -> datetime:
    return _moment(domain, "drop_at", evidence)


def _finalized_at(domain: str, evidence: Evidence) -> datetime:
    return _moment(domain, "finalization_at", evidence)


def _moment(domain: str, which: str, evidence: Evidence) -> datetime:
    drops = (drop[which] for drop in evidence.emulator["drops"] if drop["domain"] == domain)
    return datetime.fromisoformat(next(drops, evidence.ended_at.isoformat()))


def _applications(evidence: Evidence) -> Iterator[Mapping[str, Any]]:
    yield from evidence.emulator["applications"]
    yield from evidence.emulator["deleted"]


def wrong_ledger(evidence: Evidence) -> Iterator[str]:
    """Accounts of the ledger that the emulator's own books do not confirm."""
    if not evidence.postings:
        return
    held = balances(evidence.postings)
    account = evidence.emulator["account"]
    entries = [entry for entry in evidence.emulator["accounting"] if entry["user"] == "test.user"]
    before = _before_the_books(entries, Decimal(account["opening"]), -held[Account.OPENING], evidence)
    expected: Counter[Account] = Counter()
    ours = {backorder.application for backorder in evidence.backorders}
    won = {
        each["domain"]
        for each in evidence.emulator["applications"]
        if each["status"] in ("SUCCESSFUL", "AUCTION-WON") and each["application"] in ours
    }
    for entry in entries[before:]:
        net, tax = Decimal(entry["price"]), Decimal(entry["vat_price"])
        if entry["type"].endswith("_BACKORDER") and entry["description"] in won:
            expected[Account.FEES] -= net  # type: ignore[assignment]
            expected[Account.TAX] -= tax  # type: ignore[assignment]
        elif entry["type"] == "PAYMENT":
            expected[Account.PAID_IN] -= net + tax  # type: ignore[assignment]
        else:
            expected[Account.OTHER] -= net + tax  # type: ignore[assignment]
    for name in (Account.FEES, Account.TAX, Account.PAID_IN, Account.OTHER):
        if held[name] != expected[name]:
            yield f"{name} is {held[name]}, and should be {expected[name]}"
    booked = sum((Decimal(entry["price"]) + Decimal(entry["vat_price"]) for entry in entries), Decimal(0))
    drifted = Decimal(account["opening"]) + booked - Decimal(account["amount"])
    if held[Account.UNEXPLAINED] not in (drifted, Decimal(0)):
        yield f"{held[Account.UNEXPLAINED]} are unexplained, and {drifted} drifted away"
    if held[Account.UNEXPLAINED] != drifted and -held[Account.OPENING] == Decimal(account["opening"]):
        yield f"{held[Account.UNEXPLAINED]} are unexplained, and {drifted} drifted away since the books were opened"


def _before_the_books(
    entries: list[Mapping[str, Any]], opening: Decimal, opened_with: Decimal, evidence: Evidence
) -> int:
    """How many entries were there when the books were opened."""
    opened_at = _opened_at(evidence)
    earliest = sum(datetime.fromisoformat(entry["at"]) <= opened_at for entry in entries)
    amount = opening + sum((Decimal(e["price"]) + Decimal(e["vat_price"]) for e in entries[:earliest]), Decimal(0))
    # The account is read some seconds after the moment that the books are dated to.
    for count, entry in enumerate(entries[earliest:], earliest):
        if amount == opened_with:
            return count
        amount += Decimal(entry["price"]) + Decimal(entry["vat_price"])
    return len(entries) if amount == opened_with else earliest
