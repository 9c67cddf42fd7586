"""The results as files: a page for people, one JSON overview and CSV tables. Which of them are written, and when.

However many backorders are open, none of it is held whole: they are gone through one by one, and a file is written to
disk before it is put.
"""

from __future__ import annotations

import hashlib
import heapq
import io
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, BinaryIO

from backorder.documents.account_outlook import FORECAST, STANDING, forecast, standing
from backorder.documents.listeners import UNHEARD, last_unheard
from backorder.documents.successes import SUCCESSES, successes
from backorder.domain.backorder import Backorder
from backorder.domain.clock_difference import Ahead
from backorder.domain.findings import Finding
from backorder.domain.ledger import Account, Posting
from backorder.domain.money import ZERO
from backorder.domain.reservation import ReservationTerms
from backorder.domain.states import State
from backorder.provider.port import LOCK_LEAD, AccountStatus
from backorder.runtime.clock import iso
from backorder.store import ListRecord, Store
from backorder.store.documents import Documents, read_together
from reconciliation.account.snapshot import REREAD
from reconciliation.books import Books
from reconciliation.ledger import Sum
from reconciliation.one_by_one import OneByOne
from reconciliation.open_backorders import Orders
from reconciliation.overview import overview
from reconciliation.page import PAGE, html, view
from reconciliation.page.past import Past
from reconciliation.past import read_past
from reconciliation.statement import statement
from reconciliation.tables import Table, Win, backorders_table, findings_table, ledger_table, statement_table, won_table

Put = Callable[[str, BinaryIO, str], None]
"""Writes an object: key, content (a file at its beginning), content type."""
CSV = "text/csv; charset=utf-8"
_REPORTED = "reported"
_SHOWN = (FORECAST.name, SUCCESSES.name, UNHEARD)
MOST_LINES = 50_000
"""A month's ledger of more is written once a day."""


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
        ahead: Ahead | None = None,
    ) -> None:
        """Writes the page, and the tables if anything changed since the last ones. `changes` are findings that are not
        kept yet; `status` is None where the account could not be read, which `unread` explains; `ahead`: by how much
        the provider's clock is.

        The page is written each time: it says when, and whoever opens it must not have to wonder. The ledger and the
        statement are those of this month, of the last one, and of others to which a late booking may have been posted:
        older ones stay as they were written. The backorders that are over are this month's and the last one's, if there
        are not too many; those of each day have files of their own, written once the day is over.
        """
        documents = read_together(self._store, (_REPORTED, STANDING.name, *_SHOWN))
        lists, changed = list(self._store.lists()), list(changes)
        findings = {finding.key: finding for finding in (*self._store.findings(), *changed)}
        months = self._months()
        *_, last_month, this_month = months
        past = read_past(
            self._store,
            self._now,
            since=last_month,
            terms=ReservationTerms(LOCK_LEAD, STANDING.read(documents).release_lag),
            changed=orders.closed_days,
            keep=self._write_day_of_outcomes,
        )
        backorders = OneByOne(orders, past)
        sums = self._books.sums(months[0], self._now.date())
        booked = [each.as_posting for day in sums.values() for each in day]
        # The page goes through all backorders, as little else does in a run that changes nothing.
        seen = hashlib.sha256()
        self._write_page(
            _noting(backorders, seen.update), past, lists, booked, findings.values(), documents, status, unread, ahead
        )
        said = [(finding.key, finding.amount, finding.status) for finding in changed]
        seen.update(repr((self._books.tally.postings, said, len(lists), this_month)).encode())
        state = {"of": seen.hexdigest()}
        reported = documents.document(_REPORTED) or {}
        if status is None or reported.get("of") == state["of"]:
            return
        states = self._write_backorders(backorders)
        told = overview(
            lists=lists,
            states=past.states + states,
            tally=self._books.tally,
            findings=findings.values(),
            currency=status.currency,
        )
        self._write("latest/summary.json", json.dumps({"at": iso(self._now), **told}, indent=2), "application/json")
        self._write_table("latest/findings.csv", findings_table(findings.values()))
        self._write_statements(booked, months)
        ledgers = self._write_ledgers(sums, months, reported.get("ledgers", {}))
        self._store.put_document(_REPORTED, {**state, "ledgers": ledgers})

    def _months(self) -> list[date]:
        """The first days of the months whose books may have changed, in order of time: those of which bookings are read
        again, and those to which this run posted something."""
        today = self._now.date()
        month = min(today - REREAD, self._books.earliest or today).replace(day=1)
        months = []
        while month <= today:
            months.append(month)
            month = (month + timedelta(days=31)).replace(day=1)
        return months

    def _write_page(
        self,
        backorders: Iterable[Backorder],
        past: Past,
        lists: Iterable[ListRecord],
        postings: Sequence[Posting],
        findings: Iterable[Finding],
        documents: Documents,
        status: AccountStatus | None,
        unread: str | None,
        ahead: Ahead | None,
    ) -> None:
        page = view(
            backorders=backorders,
            before=past,
            lists=lists,
            postings=postings,
            held={**dict.fromkeys(Account, ZERO), **self._books.tally.balances},
            findings=findings,
            forecast=forecast(documents),
            standing=standing(self._store),
            account=status,
            now=self._now,
            successes=successes(documents),
            unread=unread,
            unheard=last_unheard(documents),
            ahead=ahead,
        )
        self._write(f"latest/{PAGE}", html(page), "text/html; charset=utf-8")

    def _write_backorders(self, backorders: Iterable[Backorder]) -> Counter[State]:
        """All of them and those that were won, in one pass; gives how many are in each state."""
        states: Counter[State] = Counter()
        wins: list[Win] = []

        def passing() -> Iterator[Backorder]:
            for backorder in backorders:
                states[backorder.state] += 1
                if backorder.state.is_won:
                    wins.append(Win.of(backorder))
                yield backorder

        self._write_table("latest/backorders.csv", backorders_table(passing()))
        self._write_table("latest/won.csv", won_table(wins))
        return states

    def _write_statements(self, booked: Iterable[Posting], months: Iterable[date]) -> None:
        days = statement(booked, closing=self._books.tally.balances.get(Account.BALANCE, ZERO))
        for month in months:
            of_month = [day for day in days if day.day.replace(day=1) == month]
            if of_month:
                self._write_table(f"months/{month:%Y-%m}/statement.csv", statement_table(of_month))
        self._write_table("latest/statement.csv", statement_table(of_month))

    def _write_ledgers(
        self, sums: Mapping[date, Iterable[Sum]], months: Sequence[date], written: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Those of months to which postings were added since `written`; of a long one only the first time on a day.
        Gives what is written now, by month: how many postings, and on which day (UTC)."""
        now: dict[str, Any] = {}
        today = self._now.date().isoformat()
        for month in months:
            of_month = {day: sums[day] for day in sums if day.replace(day=1) == month}
            number = sum(each.count for day in of_month.values() for each in day)
            name, is_latest = f"{month:%Y-%m}", month == months[-1]
            before = now[name] = written.get(name, {})
            if number == before.get("postings", None if is_latest else 0):
                continue
            if number > MOST_LINES and before.get("on") == today:
                continue
            keys = (f"months/{name}",) * (number > 0) + ("latest",) * is_latest
            postings = self._postings(month, of_month) if number else ()
            self._write_table([f"{key}/ledger.csv" for key in keys], ledger_table(postings))
            now[name] = {"postings": number, "on": today}
        return now

    def _postings(self, month: date, sums: Mapping[date, Iterable[Sum]]) -> Iterator[Posting]:
        """Return the month's postings in order of time; what the books opened with comes before all else of its moment.

        `sums` tells on which days the books opened: only these are read once more.
        """
        opened_on = {day for day, of_day in sums.items() if any(each.kind == "opening" for each in of_day)}
        openings = [posting for day in opened_on for posting in self._books.on(day) if posting.kind == "opening"]
        others = (posting for posting in self._books.of_month(month) if posting.kind != "opening")
        return heapq.merge(sorted(openings, key=_moment), others, key=_moment)

    def _write_day_of_outcomes(self, day: date, backorders: Collection[Backorder]) -> None:
        if backorders:
            self._write_table(f"days/{day}/backorders.csv", backorders_table(backorders))
        if wins := [Win.of(backorder) for backorder in backorders if backorder.state.is_won]:
            self._write_table(f"days/{day}/won.csv", won_table(wins))

    def _write(self, key: str, content: str, content_type: str) -> None:
        self._put(key, io.BytesIO(content.encode()), content_type)

    def _write_table(self, keys: str | Sequence[str], table: Table) -> None:
        with table.as_file() as file:
            for key in [keys] if isinstance(keys, str) else keys:
                file.seek(0)
                self._put(key, file, CSV)


def _moment(posting: Posting) -> datetime:
    return posting.at


def _noting(backorders: Iterable[Backorder], note: Callable[[bytes], None]) -> Iterator[Backorder]:
    """The same, while `note` is told which of them are open, and in which version."""
    for backorder in backorders:
        if backorder.is_open:
            note(f"{backorder.domain} {backorder.cycle} {backorder.version}\n".encode())
        yield backorder
