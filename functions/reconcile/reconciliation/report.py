"""The results as files: one JSON overview and CSV tables, the same in the reports bucket and on one machine."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, TextIO

from backorder.bookkeeping import Account, Posting, Tally, balances
from backorder.clock import iso
from backorder.finding import Finding
from backorder.model import Backorder, State
from backorder.money import ZERO, text
from backorder.provider.account import AccountStatus
from backorder.runs import last_run
from backorder.spreadsheet import safe
from backorder.standing import forecast, standing
from backorder.store import ListRecord, Store
from reconciliation.books import Books
from reconciliation.ledger import Sum
from reconciliation.orders import Orders
from reconciliation.page import PAGE, html, view
from reconciliation.page.past import Past
from reconciliation.past import read_past
from reconciliation.statement import COLUMNS, StatementDay, statement

Put = Callable[[str, bytes, str], None]
"""Writes an object: key, content, content type."""
CSV = "text/csv; charset=utf-8"
MOST_LINES = 50_000
"""A month's ledger of more is written once a day."""
_LEDGER = ("at", "kind", "from", "to", "amount", "currency", "domain", "seen_in", "text", "key")


class Reports:
    """Writes the files under `latest/`; each replaces its forerunner, of which the bucket keeps the versions."""

    def __init__(self, store: Store, put: Put, books: Books, now: datetime) -> None:
        self._store = store
        self._put = put
        self._books = books
        self._now = now

    def write(
        self,
        orders: Orders,
        changes: Iterable[Finding],
        status: AccountStatus | None,
        *,
        unread: str | None = None,
    ) -> None:
        """Writes the page, and the tables if anything changed since the last ones. `changes` are findings that are not
        kept yet; `status` is None where the account could not be read, which `unread` explains.

        The page is written each time: it says when, and whoever opens it must not have to wonder. The ledger and the
        statement are this month's and the last one's: older ones stay as they were written. So are the backorders that
        are over, if there are not too many; those of each day have files of their own, written once the day is over.
        """
        lists, changed = list(self._store.lists()), list(changes)
        findings = {finding.key: finding for finding in (*self._store.findings(), *changed)}
        this_month = self._now.date().replace(day=1)
        last_month = (this_month - timedelta(days=1)).replace(day=1)
        past = read_past(
            self._store, self._now, since=last_month, changed=orders.closed_days, keep=self._write_day_of_outcomes
        )
        backorders = _one_by_one(orders, past)
        sums = self._books.sums(last_month, self._now.date())
        booked = [each.as_posting for day in sums.values() for each in day]
        self._write_page(backorders, past, lists, booked, list(findings.values()), status, unread)
        versions = sorted((order.domain, order.cycle, order.version) for order in orders if order.is_open)
        said = [(finding.key, finding.amount, finding.status) for finding in changed]
        parts = (versions, self._books.tally.postings, said, len(lists), this_month)
        state = {"of": hashlib.sha256(repr(parts).encode()).hexdigest()}
        reported = self._store.document("reported") or {}
        if status is None or reported.get("of") == state["of"]:
            return
        seen = overview(
            lists=lists,
            states=past.states + Counter(backorder.state for backorder in backorders),
            tally=self._books.tally,
            findings=findings.values(),
            currency=status.currency,
        )
        at = {"at": iso(self._now)}
        self._put("latest/summary.json", json.dumps({**at, **seen}, indent=2).encode(), "application/json")
        self._write_csv("latest/backorders.csv", backorders_csv(backorders))
        self._write_csv("latest/findings.csv", findings_csv(findings.values()))
        self._write_csv("latest/won.csv", won_csv(backorders))
        self._write_statements(booked, (last_month, this_month))
        ledgers = self._write_ledgers(sums, (last_month, this_month), reported.get("ledgers", {}))
        self._store.put_document("reported", {**state, "ledgers": ledgers})

    def _write_page(
        self,
        backorders: Sequence[Backorder],
        past: Past,
        lists: Iterable[ListRecord],
        postings: Sequence[Posting],
        findings: Iterable[Finding],
        status: AccountStatus | None,
        unread: str | None,
    ) -> None:
        planned = last_run(self._store, "plan")
        page = view(
            backorders=backorders,
            before=past,
            lists=lists,
            postings=postings,
            held={**dict.fromkeys(Account, ZERO), **self._books.tally.balances},
            findings=findings,
            forecast=forecast(self._store),
            standing=standing(self._store),
            account=status,
            now=self._now,
            planned_at=planned.at if planned else None,
            unread=unread,
        )
        self._put(f"latest/{PAGE}", html(page).encode(), "text/html; charset=utf-8")

    def _write_statements(self, booked: Iterable[Posting], months: Iterable[date]) -> None:
        days = statement(booked, closing=self._books.tally.balances.get(Account.BALANCE, ZERO))
        for month in months:
            of_month = statement_csv(day for day in days if day.day.replace(day=1) == month)
            if any(day.day.replace(day=1) == month for day in days):
                self._write_csv(f"months/{month:%Y-%m}/statement.csv", of_month)
        self._write_csv("latest/statement.csv", of_month)

    def _write_ledgers(
        self, sums: Mapping[date, Iterable[Sum]], months: Sequence[date], written: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Those of months to which postings were added since `written`; of a long one only the first time on a day.
        Gives what is written now, by month: how many postings, and on which day (UTC)."""
        now: dict[str, Any] = {}
        today = self._now.date().isoformat()
        for month in months:
            days = [day for day in sums if day.replace(day=1) == month]
            number = sum(each.count for day in days for each in sums[day])
            name, is_latest = f"{month:%Y-%m}", month == months[-1]
            before = now[name] = written.get(name, {})
            if number == before.get("postings", None if is_latest else 0):
                continue
            if number > MOST_LINES and before.get("on") == today:
                continue
            ledger = ledger_of_days(map(self._books.on, days))
            for key in (f"months/{name}",) * (number > 0) + ("latest",) * is_latest:
                self._put(f"{key}/ledger.csv", ledger, CSV)
            now[name] = {"postings": number, "on": today}
        return now

    def _write_day_of_outcomes(self, day: date, backorders: Sequence[Backorder]) -> None:
        if backorders:
            self._write_csv(f"days/{day}/backorders.csv", backorders_csv(backorders))
        if any(backorder.state.is_won for backorder in backorders):
            self._write_csv(f"days/{day}/won.csv", won_csv(backorders))

    def _write_csv(self, key: str, content: str) -> None:
        self._put(key, content.encode(), CSV)


def _one_by_one(orders: Iterable[Backorder], past: Past) -> list[Backorder]:
    """The open ones, and the latest that are over, as this run left them where it changed them."""
    found = {backorder.key: backorder for backorder in past.latest}
    for order in orders:
        if order.is_open:
            found.setdefault(order.key, order)  # what is over by now was open when the run began
        elif order.closed_on not in past.days:
            found[order.key] = order  # the index may be a moment old
    return list(found.values())


def tables(
    backorders: Collection[Backorder], postings: Collection[Posting], findings: Iterable[Finding]
) -> dict[str, str]:
    """The CSV files by name, over the whole ledger."""
    held = balances(postings)[Account.BALANCE]
    return {
        "backorders.csv": backorders_csv(backorders),
        "ledger.csv": ledger_csv(postings),
        "statement.csv": statement_csv(statement(postings, closing=held)),
        "findings.csv": findings_csv(findings),
        "won.csv": won_csv(backorders),
    }


def overview(
    *,
    lists: Iterable[ListRecord],
    states: Mapping[State, int],
    tally: Tally,
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
        "backorders": {state.value: number for state, number in sorted(states.items())},
        "account": account(tally, currency),
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


def account(tally: Tally, currency: str) -> dict[str, str]:
    """The account over the whole ledger: closing is opening + paid_in - charged + other + unexplained."""

    def held(of: Account) -> Decimal:
        return tally.balances.get(of, ZERO)

    return {
        "currency": currency,
        "opening": text(-held(Account.OPENING)),
        "closing": text(held(Account.BALANCE) + held(Account.RESERVED)),
        "paid_in": text(-held(Account.PAID_IN)),
        "deposited": text(tally.totals.get("deposit", ZERO)),
        "refunded": text(tally.totals.get("refund", ZERO)),
        "charged": text(held(Account.FEES) + held(Account.TAX)),
        "other": text(-held(Account.OTHER)),
        "reserved": text(held(Account.RESERVED)),
        "unexplained": text(-held(Account.UNEXPLAINED)),
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
    return _csv(_LEDGER, _lines(postings))


def ledger_of_days(days: Iterable[Iterable[Posting]]) -> bytes:
    """The same of postings by day, which are held in memory only a day at a time."""
    out = io.BytesIO()
    text_out = io.TextIOWrapper(out, encoding="utf-8", newline="")
    _write(text_out, _LEDGER, (line for day in days for line in _lines(day)))
    text_out.detach()  # writes what it holds back, and leaves `out` open
    return out.getvalue()


def _lines(postings: Iterable[Posting]) -> Iterator[Sequence[object]]:
    for posting in sorted(postings, key=lambda p: (p.at, p.kind != "opening", p.key)):
        yield (
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


def won_csv(backorders: Iterable[Backorder]) -> str:
    """One line a name that was won, by date: `cost` is what was charged for it, with tax."""
    header = ["domain", "cost", "date", "expiry", "renewal_mode"]
    won = [(backorder.outcome_at, backorder) for backorder in backorders if backorder.state.is_won]
    return _csv(
        header,
        (
            (
                backorder.domain,
                text(backorder.charged) if backorder.charges else "",
                _moment(won_at),
                _moment(backorder.expires_at),
                backorder.renewal_mode or "",
            )
            for won_at, backorder in sorted(won, key=lambda one: (one[0] is None, one[0], one[1].domain))
        ),
    )


def statement_csv(days: Iterable[StatementDay]) -> str:
    """One line a day on which something was booked: what could be spent before and after it, and what came between."""
    header = ["day", "opening", "deposits", "refunds", "charges", "pay_ins", "other", "closing"]
    return _csv(
        header,
        (
            (day.day.isoformat(), *map(text, (day.opening, *(day.moved[column] for column in COLUMNS), day.closing)))
            for day in days
        ),
    )


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else iso(moment)


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    _write(out, header, rows)
    return out.getvalue()


def _write(out: TextIO, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([safe(str(cell)) for cell in row] for row in rows)
