"""The results as files: one JSON overview and CSV tables, the same in the reports bucket and on one machine."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from backorder.bookkeeping import Account, Posting, PostingKind, balances
from backorder.clock import iso
from backorder.finding import Finding
from backorder.model import Backorder
from backorder.money import ZERO, text
from backorder.spreadsheet import safe
from backorder.store import ListRecord

Put = Callable[[str, bytes, str], None]
"""Writes an object: key, content, content type."""


def write_reports(
    put: Put,
    *,
    lists: Iterable[ListRecord],
    backorders: Sequence[Backorder],
    postings: Sequence[Posting],
    findings: Sequence[Finding],
    now: datetime,
    currency: str,
) -> None:
    """Writes all files under `latest/`; each replaces its forerunner, of which the bucket keeps the versions."""
    seen = overview(lists=lists, backorders=backorders, postings=postings, findings=findings, currency=currency)
    put("latest/summary.json", json.dumps({"at": iso(now), **seen}, indent=2).encode(), "application/json")
    for name, content in tables(backorders, postings, findings).items():
        put(f"latest/{name}", content.encode(), "text/csv; charset=utf-8")


def tables(backorders: Iterable[Backorder], postings: Iterable[Posting], findings: Iterable[Finding]) -> dict[str, str]:
    """The CSV files by name."""
    return {
        "backorders.csv": backorders_csv(backorders),
        "ledger.csv": ledger_csv(postings),
        "findings.csv": findings_csv(findings),
    }


def overview(
    *,
    lists: Iterable[ListRecord],
    backorders: Iterable[Backorder],
    postings: Sequence[Posting],
    findings: Iterable[Finding],
    currency: str,
) -> dict[str, Any]:
    """What happened so far, in counts and sums (the shapes are those of summary.json in docs/architecture.md)."""
    return {
        "lists": [
            {
                "name": record.name,
                "source": record.source,
                "entries": record.entries,
                "rejected": record.rejected,
                "not_selected": record.not_selected,
                "duplicates": record.duplicates,
                "accepted": record.accepted,
            }
            for record in lists
        ],
        "backorders": dict(sorted(Counter(backorder.state.value for backorder in backorders).items())),
        "account": account(postings, currency),
        "findings": [
            {
                "kind": finding.kind.value,
                "domain": finding.domain,
                "amount": None if finding.amount is None else text(finding.amount),
                "status": finding.status,
            }
            for finding in findings
        ],
    }


def account(postings: Sequence[Posting], currency: str) -> dict[str, str]:
    """The account over the whole ledger: closing is opening and all that came and went since."""
    held = balances(postings)

    def total(*kinds: PostingKind) -> Decimal:
        return sum((posting.amount for posting in postings if posting.kind in kinds), ZERO)

    return {
        "currency": currency,
        "opening": text(-held[Account.OPENING]),
        "closing": text(held[Account.BALANCE] + held[Account.RESERVED]),
        "paid_in": text(-held[Account.PAID_IN]),
        "deposited": text(total("deposit")),
        "refunded": text(total("refund")),
        "charged": text(held[Account.FEES] + held[Account.TAX]),
        "reserved": text(held[Account.RESERVED]),
        "unexplained": text(-held[Account.UNEXPLAINED]),
    }


def backorders_csv(backorders: Iterable[Backorder]) -> str:
    """One line a backorder, by domain."""
    header = [
        "domain",
        "zone",
        "state",
        "priority",
        "fee",
        "deadline",
        "deadline_known",
        "submitted_at",
        "application",
        "list",
        "line",
        "reason",
    ]
    return _csv(
        header,
        (
            (
                backorder.domain,
                backorder.zone,
                backorder.state,
                backorder.priority,
                "" if backorder.fee is None else text(backorder.fee),
                _moment(backorder.deadline),
                backorder.deadline_known,
                _moment(backorder.submitted_at),
                backorder.application or "",
                backorder.list,
                backorder.line,
                backorder.reason or "",
            )
            for backorder in sorted(backorders, key=lambda b: (b.domain, b.cycle))
        ),
    )


def ledger_csv(postings: Iterable[Posting]) -> str:
    """One line a posting, in order of time: `amount` goes from one account to the other."""
    header = ["at", "kind", "from", "to", "amount", "currency", "domain", "seen_in", "text", "key"]
    return _csv(
        header,
        (
            (
                iso(posting.at),
                posting.kind,
                posting.source,
                posting.target,
                text(posting.amount),
                posting.currency,
                posting.domain or "",
                posting.seen_in,
                posting.text,
                posting.key,
            )
            for posting in sorted(postings, key=lambda p: (p.at, p.kind != "opening", p.key))
        ),
    )


def findings_csv(findings: Iterable[Finding]) -> str:
    """One line a finding, in order of opening."""
    header = ["kind", "domain", "amount", "currency", "status", "opened_at", "closed_at", "advice"]
    return _csv(
        header,
        (
            (
                finding.kind,
                finding.domain or "",
                "" if finding.amount is None else text(finding.amount),
                finding.currency,
                finding.status,
                iso(finding.opened_at),
                _moment(finding.closed_at),
                finding.advice,
            )
            for finding in findings
        ),
    )


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else iso(moment)


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([safe(str(cell)) for cell in row] for row in rows)
    return out.getvalue()
