"""The promises, checked from the emulator's state and the store's: each by its name, true or false."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from backorder.bookkeeping import Account, Posting, balances
from backorder.finding import Finding, Kind
from backorder.model import Backorder, Origin, Reason, State
from backorder.store import ListRecord
from local.emulator.options import BOOK_FAULTS
from local.run.watched import GRACE


@dataclass(frozen=True)
class Evidence:
    """All that the promises are checked against, as it was when the run ended."""

    lists: Sequence[ListRecord]
    backorders: Sequence[Backorder]
    postings: Sequence[Posting]
    findings: Sequence[Finding]
    emulator: Mapping[str, Any]
    """The answer of `/_emulator/state`."""
    ended_at: datetime
    planned_only: bool
    halted: bool
    password_seen_in: Sequence[str]
    """Where the password was found: files, items, messages. Empty if it is nowhere."""


def check(evidence: Evidence) -> dict[str, bool]:
    """The invariants by name."""
    return {
        "entries_accounted": _entries_accounted(evidence),
        "ordered_once": evidence.emulator["duplicates"] == 0,
        "none_lost": _none_lost(evidence),
        "in_time": _in_time(evidence),
        "funded": _funded(evidence),
        "ledger_balances": _ledger_balances(evidence),
        "refunds_complete": _refunds_complete(evidence),
        "nobody_elses": _nobody_elses(evidence),
    }


def _entries_accounted(evidence: Evidence) -> bool:
    return all(
        record.entries == record.rejected + record.not_selected + record.duplicates + record.accepted
        for record in evidence.lists
    )


def _none_lost(evidence: Evidence) -> bool:
    """Every accepted entry is a backorder, which is final, or open with a reason that still holds."""
    accepted = sum(record.accepted for record in evidence.lists if record.kind != "cancel")
    return accepted == len(evidence.backorders) and all(
        backorder.state.is_final or _has_reason(backorder, evidence) for backorder in evidence.backorders
    )


def _has_reason(backorder: Backorder, evidence: Evidence) -> bool:
    now = evidence.ended_at
    match backorder.state:
        case State.HELD:
            return backorder.reason is not None
        case State.SELECTED:
            waits = backorder.not_before is not None and backorder.not_before > now
            return evidence.planned_only or evidence.halted or waits or backorder.failure is not None
        case State.QUEUED:
            return backorder.queued_until is not None and backorder.queued_until > now
        case State.SUBMITTING | State.WITHDRAWING:
            return backorder.claim is not None
        case _:
            live = {a["application"] for a in evidence.emulator["applications"] if a["domain"] == backorder.domain}
            return backorder.application in live


def _in_time(evidence: Evidence) -> bool:
    """Nothing went out after a known last moment, and nothing that was funded in time was too late by our own doing."""
    if evidence.emulator["sent_late"]:
        return False
    faulty = bool(evidence.emulator["faults"]) or evidence.halted
    for backorder in evidence.backorders:
        if backorder.state is not State.MISSED:
            continue
        created_in_time = backorder.last_chance is None or backorder.created_at < backorder.last_chance
        if backorder.reason in (Reason.LATE, Reason.UNANSWERED) and created_in_time and not faulty:
            return False
    return True


def _funded(evidence: Evidence) -> bool:
    exempt = set(evidence.emulator["faults"]) & set(BOOK_FAULTS)
    charged_by_others = any(
        entry["user"] == "test.user" and Decimal(entry["price"]) < 0 and not entry["type"].endswith("BACKORDER")
        for entry in evidence.emulator["accounting"]
    )
    return bool(exempt) or charged_by_others or not evidence.emulator["unfunded"]


def _ledger_balances(evidence: Evidence) -> bool:
    if not evidence.postings:
        return evidence.planned_only or not evidence.emulator["calls"]
    held = balances(evidence.postings)
    account = evidence.emulator["account"]
    return (
        sum(held.values()) == 0
        and held[Account.BALANCE] + held[Account.RESERVED] == Decimal(account["amount"])
        and held[Account.RESERVED] == Decimal(account["deposit"])
    )


def _refunds_complete(evidence: Evidence) -> bool:
    reserved = {deposit["domain"] for deposit in evidence.emulator["deposits"] if deposit["user"] == "test.user"}
    reported = {f.domain for f in evidence.findings if f.kind is Kind.REFUND_MISSING and f.status == "open"}
    return not any(
        backorder.state.is_lost
        and backorder.domain in reserved - reported
        and backorder.outcome_at is not None
        and evidence.ended_at > backorder.outcome_at + GRACE
        for backorder in evidence.backorders
    )


def _nobody_elses(evidence: Evidence) -> bool:
    ours = {backorder.application for backorder in evidence.backorders if backorder.origin is Origin.OURS}
    deleted = {entry if isinstance(entry, str) else entry["application"] for entry in evidence.emulator["deleted"]}
    return not evidence.password_seen_in and deleted <= ours
