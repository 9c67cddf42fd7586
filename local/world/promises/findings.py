"""`findings_are_the_faults`: what somebody looked at while it could be seen has its finding; no other one is there.

Only a simulation knows of each look."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from backorder.domain.backorder import Backorder
from backorder.domain.findings import Kind
from backorder.domain.states import State
from local.world.promises.evidence import Evidence
from local.world.promises.ledger import opened_at
from local.world.promises.looks import Looks, was_in
from local.world.promises.terms import LAPSED_AFTER, RELEASE_LAG

TOLD_FOR = timedelta(hours=24)
"""What can be mended no more is told for so long."""
LAPSES_FOR, LATE_REFUND = timedelta(hours=12), timedelta(hours=36)
"""How long these faults last at the emulator."""

EXACT = frozenset(
    {
        Kind.REFUND_MISSING,
        Kind.CHARGED_TWICE,
        Kind.CHARGE_WITHOUT_SUCCESS,
        Kind.SUCCESS_WITHOUT_CHARGE,
        Kind.FEE_TOO_HIGH,
        Kind.CHARGE_DIFFERS,
        Kind.DEPOSIT_DIFFERS,
        Kind.DEPOSIT_ORPHAN,
        Kind.DEPOSIT_LAPSED,
        Kind.APPLICATION_VANISHED,
        Kind.APPLICATION_FOREIGN,
        Kind.APPLICATION_DUPLICATE,
        Kind.UNEXPLAINED_DIFFERENCE,
        Kind.BALANCE_DIFFERS_ON,
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


def wrong_findings(evidence: Evidence, looks: Looks) -> Iterator[str]:
    """Findings that are there for no fault, and faults that are not found."""
    expected = _Expecting(evidence, looks).expected()
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


class _Expecting:
    """Works out the findings that a simulation must have, and those that it may have."""

    def __init__(self, evidence: Evidence, looks: Looks) -> None:
        self.evidence, self.looks = evidence, looks
        self.theirs = {
            each["domain"] for each in _applications(evidence) if each["application"] in evidence.placed_by_hand
        }
        self.backorders = {backorder.domain: backorder for backorder in evidence.backorders}

    def expected(self) -> Expected:
        expected = Expected()
        wrong_deposits: defaultdict[str, list[datetime]] = defaultdict(list)
        for fault in self.evidence.emulator["book_faults"]:
            kind, domain, at = fault["kind"], fault["domain"], datetime.fromisoformat(fault["at"])
            if kind == "deposit_wrong":
                wrong_deposits[domain].append(at)
                continue
            subject, certain = self._told(kind, domain, at)
            (expected.must if certain else expected.may).add(subject)
            if certain and kind in STAYS_OPEN:
                expected.stands.add(subject)
            if kind == "balance_drift":
                # Whoever sees it only days later has it in the statement by then.
                expected.may.add((Kind.BALANCE_DIFFERS_ON, None))
            if kind == "application_vanished":
                expected.may.add((Kind.DEPOSIT_LAPSED, domain))
        for domain, begins in wrong_deposits.items():
            self._expect_wrong_deposit(expected, domain, begins)
        # An order that was there before its list set a lower price, or that was taken over: the finding is right.
        expected.may |= {
            (Kind.FEE_TOO_HIGH, each.domain)
            for each in self.evidence.backorders
            if each.wish.max_price is not None
            and each.deposit.last is not None
            and each.wish.max_price < each.deposit.last
        }
        expected.may |= {(Kind.APPLICATION_FOREIGN, domain) for domain in self.theirs}
        expected.may |= {(Kind.APPLICATION_DUPLICATE, domain) for domain in self.theirs}
        return expected

    def _told(self, fault: str, domain: str, at: datetime) -> tuple[Subject, bool]:
        """The finding that tells of a fault, and whether it must be there: somebody looked while it could be seen."""
        looks, end, backorder = self.looks, self.evidence.ended_at, self.backorders.get(domain)
        match fault:
            case "refund_missing" | "refund_late":
                until = at + LATE_REFUND if fault == "refund_late" else end
                ended_at = backorder.outcome_at if backorder is not None and backorder.state.is_lost else None
                seen = ended_at is not None and looks.within(ended_at + RELEASE_LAG, until)
                return (Kind.REFUND_MISSING, domain), bool(seen)
            case "charge_twice":
                return (Kind.CHARGED_TWICE, domain), True
            case "charge_on_failure":
                return (Kind.CHARGE_WITHOUT_SUCCESS, domain), True
            case "deposit_orphan":
                return (Kind.DEPOSIT_ORPHAN, domain), bool(looks.lasting(RELEASE_LAG, at, end))
            case "application_foreign":
                return (Kind.APPLICATION_FOREIGN, domain), bool(looks.within(at, _dropped_at(domain, self.evidence)))
            case "balance_drift":
                # What drifted before the books were opened is in the opening. What two runs see is a drift.
                certain = at > opened_at(self.evidence) and len(looks.within(at, end)) > 1
                return (Kind.UNEXPLAINED_DIFFERENCE, None), certain
            case "deposit_lapse":
                until = min(at + LAPSES_FOR, _finalized_at(domain, self.evidence))
                return (Kind.DEPOSIT_LAPSED, domain), backorder is not None and self._lapsed(backorder, at, until)
            case "application_vanished":
                told_until = _dropped_at(domain, self.evidence) + TOLD_FOR
                noticed_at = backorder.outcome_at if backorder and backorder.state is State.VANISHED else None
                certain = noticed_at is not None and bool(looks.within(noticed_at, told_until))
                return (Kind.APPLICATION_VANISHED, domain), certain
            case _:
                raise AssertionError(f"unknown fault of the books: {fault}")

    def _lapsed(self, backorder: Backorder, at: datetime, until: datetime) -> bool:
        """An ACTIVE order without its deposit, which two looks saw six hours apart."""
        seen = [look for look in self.looks.within(at, until) if was_in(backorder, _HELD_FUNDS, look)]
        return bool(seen) and seen[-1].started_at >= seen[0].started_at + LAPSED_AFTER

    def _expect_wrong_deposit(self, expected: Expected, domain: str, begins: Sequence[datetime]) -> None:
        """It differs from what is usual in its zone: the most frequent of the last deposits there, the older one of two
        that are as frequent. Where the first of a zone is the wrong one, it is the right ones that differ, until there
        are two of them. A run that died does not keep the next one from learning what is usual."""
        zone = domain.partition(".")[2]
        differs = (Kind.DEPOSIT_DIFFERS, domain)
        seen = (self.looks.first(deposit) for deposit in self._right_deposits(zone, domain))
        learnt = sorted(look.ended_at for look in seen if look is not None)
        was_usual = bool(learnt) and learnt[0] <= begins[0]
        expected.may |= {differs, (Kind.FEE_TOO_HIGH, domain), (Kind.CHARGE_DIFFERS, domain)}
        if not was_usual or len(begins) > 1:
            expected.may |= {(Kind.DEPOSIT_DIFFERS, b.domain) for b in self.evidence.backorders if b.zone == zone}
        if len(begins) > 1:
            return
        needed = 1 if was_usual else 2
        for look in self.looks.within(begins[0], self.evidence.ended_at):
            usual = sum(at <= look.ended_at for at in learnt) >= needed
            if usual and was_in(self.backorders[domain], _WITH_DEPOSIT, look):
                expected.must.add(differs)

    def _right_deposits(self, zone: str, wrong: str) -> Iterator[datetime]:
        """When each of our other orders in a zone had its first deposit."""
        first: dict[str, datetime] = {}
        for posting in self.evidence.postings:
            domain = posting.domain
            if posting.kind != "deposit" or domain is None or domain == wrong or domain in self.theirs:
                continue
            if domain in self.backorders and domain.partition(".")[2] == zone:
                first[domain] = min(posting.at, first.get(domain, posting.at))
        yield from first.values()


_HELD_FUNDS = frozenset({State.ACTIVE})
_WITH_DEPOSIT = frozenset({State.REQUESTED, State.ACTIVE, State.PROCESSING})


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
