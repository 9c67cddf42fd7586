"""What holds now, and what that changes about the findings that are known. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from backorder.domain.backorder import Backorder
from backorder.domain.findings import Finding, Kind
from backorder.domain.money import ZERO
from backorder.domain.values import BackorderKey


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing that holds now and needs a person. Amount in the account's currency."""

    kind: Kind
    subject: str
    advice: str
    domain: str | None = None
    amount: Decimal | None = None
    until: datetime | None = None
    """The last moment at which doing something helps, where it may come to be an earlier one."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What was looked at: only what was, and is not observed, is over."""

    kinds: Collection[Kind] = ()
    """Whole kinds."""
    subjects: Mapping[Kind, Collection[str]] = field(default_factory=dict)
    """Of other kinds, these subjects only."""

    def covers(self, finding: Finding) -> bool:
        return finding.kind in self.kinds or finding.subject in self.subjects.get(finding.kind, ())


def subject_of(order: Backorder, about: str = "") -> str:
    """What tells a finding about an order from others of its kind: its domain, and its cycle after the first one."""
    cycle = f"#{order.cycle}" if order.cycle > 1 else ""
    return f"{order.domain}{cycle}{about}"


def order_of(finding: Finding) -> BackorderKey | None:
    """The order that a finding's subject names; None if it is about something else."""
    if finding.domain is None or not finding.subject.startswith(finding.domain):
        return None
    cycle = finding.subject.removeprefix(finding.domain).partition("/")[0].removeprefix("#")
    return BackorderKey(finding.domain, int(cycle) if cycle.isdecimal() else 1)


def as_before(finding: Finding) -> Observation:
    """What keeps a finding as it is, whose order cannot be looked at."""
    return Observation(
        finding.kind, finding.subject, finding.advice, finding.domain, finding.amount, until=finding.until
    )


def update(
    standing: Iterable[Finding], observed: Iterable[Observation], *, examined: Examined, now: datetime, currency: str
) -> list[Finding]:
    """The findings that open, change or close. What was not `examined` this time stays as it is."""
    open_now = {(finding.kind, finding.subject): finding for finding in standing if finding.status == "open"}
    seen = {(observation.kind, observation.subject): observation for observation in observed}
    changes: list[Finding] = []
    for key, observation in seen.items():
        known = open_now.get(key)
        if known is None:
            changes.append(
                Finding(
                    observation.kind,
                    observation.subject,
                    observation.domain,
                    observation.amount,
                    currency,
                    observation.advice,
                    opened_at=now,
                    until=observation.until,
                )
            )
        else:
            changed = replace(known, amount=observation.amount, advice=observation.advice, until=observation.until)
            if changed != known:
                changes.append(changed)
    changes += [
        replace(finding, status="closed", closed_at=now)
        for key, finding in open_now.items()
        if key not in seen and examined.covers(finding)
    ]
    return changes


def worth_telling(changes: Iterable[Finding], standing: Iterable[Finding]) -> list[Finding]:
    """What a person has not heard of: findings that opened, whose amount grew, or that leave less time."""
    told = {finding.key: finding for finding in standing}
    return [
        finding
        for finding in changes
        if finding.status == "open" and (finding.key not in told or _is_worse(finding, told[finding.key]))
    ]


def _is_worse(finding: Finding, before: Finding) -> bool:
    if _weight(finding) > _weight(before):
        return True
    return finding.until is not None and (before.until is None or finding.until < before.until)


def _weight(finding: Finding) -> Decimal:
    """How far from zero its amount is: money that is gone without a word weighs as much as money that came."""
    return abs(finding.amount or ZERO)
