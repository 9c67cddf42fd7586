"""The tables of the reports: CSV whose lines are written as they come, so that no file is ever held whole."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from tempfile import TemporaryFile
from typing import BinaryIO, TextIO

from backorder.domain.backorder import Backorder
from backorder.domain.findings import Finding
from backorder.domain.ledger import Posting
from backorder.domain.money import text
from backorder.runtime.clock import iso
from backorder.runtime.csv_cells import safe
from reconciliation.statement import COLUMNS, StatementDay

Line = Sequence[object]


@dataclass(frozen=True, slots=True)
class Table:
    """A table, to be written once: its lines may come from a stream."""

    header: Sequence[str]
    lines: Iterable[Line]

    def write(self, out: TextIO) -> None:
        """Writes it as CSV that is safe to open in a spreadsheet, into a file that leaves line ends as they are."""
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.header)
        writer.writerows([safe(str(cell)) for cell in line] for line in self.lines)

    @contextmanager
    def as_file(self) -> Iterator[BinaryIO]:
        """It as a file on disk (UTF-8), at its beginning, which is gone afterwards."""
        with TemporaryFile() as file:
            out = io.TextIOWrapper(file, encoding="utf-8", newline="")
            self.write(out)
            out.detach()  # writes what it holds back, and leaves `file` open
            file.seek(0)
            yield file


def backorders_table(backorders: Iterable[Backorder]) -> Table:
    """One line a backorder, in the order in which they come."""
    header = (
        "domain",
        "zone",
        "state",
        "priority",
        "fee",
        "deadline",
        "deadline_known",
        "dated_by",
        "submitted_at",
        "application",
        "list",
        "line",
        "reason",
    )
    return Table(
        header,
        (
            (
                backorder.domain,
                backorder.zone,
                backorder.state,
                backorder.wish.priority,
                "" if backorder.plan.fee is None else text(backorder.plan.fee),
                _moment(backorder.schedule.deadline),
                backorder.schedule.known,
                backorder.dated_by or "",
                _moment(backorder.submitted_at),
                backorder.application_id or "",
                backorder.wish.place.list,
                backorder.wish.place.line,
                backorder.plan.reason or "",
            )
            for backorder in backorders
        ),
    )


@dataclass(frozen=True, slots=True)
class Win:
    """A name that was won: what its line needs, which is far less than its backorder."""

    domain: str
    cost: str
    at: datetime | None
    expiry: str
    renewal_mode: str

    @classmethod
    def of(cls, backorder: Backorder) -> Win:
        cost = text(backorder.charged) if backorder.charges else ""
        expiry = _moment(backorder.lookup.expires_at)
        return cls(backorder.domain, cost, backorder.outcome_at, expiry, backorder.lookup.renewal_mode or "")


def won_table(wins: Iterable[Win]) -> Table:
    """One line a name that was won, by date: `cost` is what was charged for it, with tax."""
    return Table(
        ("domain", "cost", "date", "expiry", "renewal_mode"),
        (
            (win.domain, win.cost, _moment(win.at), win.expiry, win.renewal_mode)
            for win in sorted(wins, key=lambda win: (win.at is None, win.at, win.domain))
        ),
    )


def ledger_table(postings: Iterable[Posting]) -> Table:
    """One line a posting, in the order in which they come: `amount` goes from one account to the other."""
    return Table(
        ("at", "kind", "from", "to", "amount", "currency", "domain", "seen_in", "text", "key"),
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
            for posting in postings
        ),
    )


def findings_table(findings: Iterable[Finding]) -> Table:
    """One line a finding, in order of opening."""
    return Table(
        ("kind", "domain", "amount", "currency", "status", "opened_at", "closed_at", "advice"),
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


def statement_table(days: Iterable[StatementDay]) -> Table:
    """One line a day on which something was booked: what could be spent before and after it, and what came between."""
    return Table(
        ("day", "opening", "deposits", "refunds", "charges", "pay_ins", "other", "closing"),
        (
            (day.day.isoformat(), *map(text, (day.opening, *(day.moved[column] for column in COLUMNS), day.closing)))
            for day in days
        ),
    )


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else iso(moment)
