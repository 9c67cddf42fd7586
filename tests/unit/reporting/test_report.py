"""The results as files: totals that add up, and tables that are safe to open."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorder.domain.findings import Kind
from backorder.domain.ledger import Account, Posting, Tally, balances
from backorder.domain.schedule import Known
from backorder.domain.states import State
from backorder.domain.values import Reason
from backorder.runtime.csv_cells import safe
from local.memory_store import MemoryStore
from reconciliation import report
from reconciliation.books import Books
from reconciliation.ledger import sum_up
from reconciliation.open_backorders import Orders
from reconciliation.overview import account
from reconciliation.report import Reports
from reconciliation.statement import statement
from reconciliation.tables import (
    Table,
    Win,
    backorders_table,
    findings_table,
    ledger_table,
    statement_table,
    won_table,
)
from tests.factories import (
    CURRENCY,
    FEE,
    NOW,
    a_backorder,
    a_charge,
    a_date,
    a_finding,
    a_list_record,
    a_placed_backorder,
    a_posting,
    an_account_status,
    changed,
    usd,
)

BALANCE, RESERVED = Account.BALANCE, Account.RESERVED


def written_out(table: Table) -> str:
    out = io.StringIO()
    table.write(out)
    return out.getvalue()


def rows(table: Table | bytes) -> list[dict[str, str]]:
    content = table.decode() if isinstance(table, bytes) else written_out(table)
    return list(csv.DictReader(io.StringIO(content, newline="")))


# --- The account ---------------------------------------------------------------------------------

A_LIFE = [
    a_posting("1", usd("862.00"), kind="opening", source=Account.OPENING, target=BALANCE),
    a_posting("2", usd("138.00"), kind="opening", source=Account.OPENING, target=RESERVED),
    a_posting("3", usd("100.00")),
    a_posting("4", FEE, kind="deposit", source=BALANCE, target=RESERVED),
    a_posting("5", FEE, kind="refund", source=RESERVED, target=BALANCE),
    a_posting("6", FEE, kind="release", source=RESERVED, target=BALANCE),
    a_posting("7", usd("57.98"), kind="charge", source=BALANCE, target=Account.FEES),
    a_posting("8", usd("11.02"), kind="charge", source=BALANCE, target=Account.TAX),
    a_posting("9", usd("12.00"), kind="other", source=BALANCE, target=Account.OTHER),
    a_posting("10", usd("0.50"), kind="unexplained", source=BALANCE, target=Account.UNEXPLAINED),
]


def test_the_account_is_summed_up_over_the_whole_ledger() -> None:
    assert account(Tally().plus(A_LIFE), CURRENCY) == {
        "currency": "USD",
        "opening": "1000.00",
        "closing": "1018.50",
        "paid_in": "100.00",
        "deposited": "69.00",
        "refunded": "69.00",
        "charged": "69.00",
        "other": "-12.00",
        "reserved": "69.00",
        "unexplained": "-0.50",
    }


def test_an_account_without_a_ledger_is_zero_everywhere() -> None:
    amounts = {name: value for name, value in account(Tally(), CURRENCY).items() if name != "currency"}
    assert set(amounts.values()) == {"0.00"}


# --- Tables --------------------------------------------------------------------------------------


def test_a_backorder_is_a_line_with_all_that_was_promised() -> None:
    backorder = a_placed_backorder(
        state=State.SUCCESSFUL,
        priority=usd("7.5"),
        deadline=NOW,
        known=Known.ESTIMATED,
        dates=(a_date(drop_at=NOW),),
        submitted_at=NOW - timedelta(hours=1),
        line=17,
    )
    assert rows(backorders_table([backorder])) == [
        {
            "domain": "john.com",
            "zone": "com",
            "state": "SUCCESSFUL",
            "priority": "7.5",
            "fee": "69.00",
            "deadline": "2026-11-24T12:00:00Z",
            "deadline_known": "estimated",
            "dated_by": "other",
            "submitted_at": "2026-11-24T11:00:00Z",
            "application": "app-john.com",
            "list": "wanted/monday.txt",
            "line": "17",
            "reason": "",
        }
    ]


def test_what_is_not_known_of_a_backorder_is_an_empty_cell() -> None:
    [row] = rows(backorders_table([a_backorder(state=State.HELD, reason=Reason.UNFUNDED)]))
    assert {name for name, cell in row.items() if not cell} == {
        "fee",
        "deadline",
        "dated_by",
        "submitted_at",
        "application",
    }
    assert (row["deadline_known"], row["reason"]) == ("none", "unfunded")


def test_a_posting_is_a_line_with_all_that_the_books_have_of_it() -> None:
    late = a_posting("entry#1", at=NOW + timedelta(hours=1))
    deposit = a_posting("deposit#1", usd("57.9800"), kind="deposit", source=BALANCE, target=RESERVED, domain="john.com")
    first, second = rows(ledger_table([deposit, late]))
    assert first == {
        "at": "2026-11-24T12:00:00Z",
        "kind": "deposit",
        "from": "balance",
        "to": "reserved",
        "amount": "57.98",
        "currency": "USD",
        "domain": "john.com",
        "seen_in": "entries",
        "text": "PAYMENT",
        "key": "deposit#1",
    }
    assert (second["key"], second["domain"]) == ("entry#1", "")


def test_a_finding_is_a_line_until_and_after_it_is_closed() -> None:
    closed = a_finding(status="closed", closed_at=NOW + timedelta(hours=1))
    about_all = a_finding(Kind.LINE_HALTED, "line", amount=None)
    first, second = rows(findings_table([closed, about_all]))
    assert first == {
        "kind": "refund_missing",
        "domain": "john.com",
        "amount": "69.00",
        "currency": "USD",
        "status": "closed",
        "opened_at": "2026-11-24T12:00:00Z",
        "closed_at": "2026-11-24T13:00:00Z",
        "advice": "john.com needs a person.",
    }
    assert (second["domain"], second["amount"], second["closed_at"]) == ("", "", "")


def test_an_amount_below_zero_is_a_number_in_a_table() -> None:
    [row] = rows(findings_table([a_finding(Kind.UNEXPLAINED_DIFFERENCE, "account", amount=usd("-12.50"))]))
    assert row["amount"] == "-12.50"


# --- Spreadsheets --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "=", "-5%", "-1.", "-", "+49 30 1", "-1e5", "\n=1", "\uff1d1"],
)
def test_what_a_spreadsheet_would_take_for_a_formula_is_a_text(cell: str) -> None:
    assert safe(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "john.com", "1=1", " =1", "'=1", "69.00", "-12.50", "-1"])
def test_everything_else_stays_as_it_is(cell: str) -> None:
    assert safe(cell) == cell


texts = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=20)


@given(texts, texts)
def test_no_cell_of_any_table_begins_a_formula_and_none_breaks_a_line(first: str, second: str) -> None:
    posting = a_posting(f"entry#{first}", text=first, seen_in=second)
    finding = a_finding(advice=first, domain=second)
    backorder = a_backorder(list=first, application=second)
    for table, columns in (
        (ledger_table([posting]), {"text": first, "seen_in": second}),
        (findings_table([finding]), {"advice": first, "domain": second}),
        (backorders_table([backorder]), {"list": first, "application": second}),
    ):
        [row] = rows(table)
        assert None not in row
        assert {name: row[name] for name in columns} == {name: safe(value) for name, value in columns.items()}
        assert not any(cell.startswith(("=", "+", "@", "\t", "\r")) for cell in row.values() if not number(cell))


def number(cell: str) -> bool:
    return cell.lstrip("+-").replace(".", "", 1).isdecimal()


# --- Sums of days --------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.sampled_from(A_LIFE), st.integers(0, 40), st.integers(0, 86_399))))
def test_a_statement_is_the_same_of_sums_as_of_all_postings(life: list[Any]) -> None:
    postings = [
        replace(one, key=str(n), at=NOW.replace(hour=0) + timedelta(days=day, seconds=second))
        for n, (one, day, second) in enumerate(life)
    ]
    summed = [each.as_posting for each in sum_up(postings)]
    assert balances(summed) == balances(postings)
    held = balances(postings)[BALANCE]
    assert statement(summed, closing=held) == statement(postings, closing=held)


class ReadDays(MemoryStore):
    """Which days of the ledger were read, counted from today."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[int] = []

    def postings(self, since: date | None = None, before: date | None = None) -> Iterator[Posting]:
        assert since is not None, "nobody reads the whole ledger"
        assert before is not None, "nobody reads the whole ledger"
        self.read += range((since - NOW.date()).days, (before - NOW.date()).days)
        return super().postings(since, before)


def a_month(*hours_ago: int) -> list[Posting]:
    return [a_posting(f"{n}", at=NOW - timedelta(hours=hours)) for n, hours in enumerate(hours_ago)]


def files_of(store: MemoryStore, orders: Orders | None = None, now: datetime = NOW) -> dict[str, bytes]:
    files: dict[str, bytes] = {}

    def put(key: str, content: BinaryIO, _: str) -> None:
        files[key] = content.read()

    Reports(store, put, Books(store), now).write(orders or Orders(store), (), an_account_status())
    return files


def written(store: MemoryStore, now: datetime = NOW) -> list[str]:
    return sorted(files_of(store, now=now))


def post(store: MemoryStore, *postings: Posting) -> None:
    books = Books(store)
    books.post(postings)
    books.close(NOW)


def test_of_the_ledger_only_days_are_read_to_which_something_was_added() -> None:
    store = ReadDays()
    post(store, *a_month(1, 25, 49, 700))
    written(store)
    assert len(set(store.read)) == 31 + 30, "of this month and of the last one"
    store.read.clear()
    written(store)
    assert store.read == [0, 1]
    post(store, a_posting("late", at=NOW - timedelta(days=9)))
    store.read.clear()
    files = written(store)
    assert {day for day in store.read if day not in (0, 1)} == {*range(-23, 7)} - {0, 1}, "for the month's ledger"
    assert store.read[0] == -9
    assert {"latest/ledger.csv", "months/2026-11/ledger.csv"} <= set(files)
    assert "months/2026-10/ledger.csv" not in files


def test_sums_are_right_after_a_crash_between_forgetting_and_posting() -> None:
    store = MemoryStore()
    post(store, *a_month(49))
    written(store)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "post", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            post(store, a_posting("more", at=NOW - timedelta(hours=50)))
    store.post([a_posting("more", at=NOW - timedelta(hours=50))])  # it died after the write
    sums = Books(store).sums(NOW.date().replace(day=1), NOW.date())
    assert sum(each.amount for day in sums.values() for each in day) == 2 * FEE


def test_a_long_ledger_is_written_once_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "MOST_LINES", 3)
    store = MemoryStore()
    post(store, *a_month(1, 2, 3, 4))
    assert "latest/ledger.csv" in written(store)
    post(store, a_posting("more"))
    files = written(store)
    assert ("latest/ledger.csv" in files, "latest/statement.csv" in files) == (False, True)
    post(store, a_posting("again"))
    assert "latest/ledger.csv" in written(store, NOW + timedelta(days=1))


def test_the_ledger_is_in_order_of_time_and_begins_with_what_the_books_opened_with() -> None:
    store = MemoryStore()
    opening = A_LIFE[:2]
    others = [replace(one, key=f"0{n}", at=NOW + timedelta(hours=7 * (n % 4) - 7)) for n, one in enumerate(A_LIFE[2:])]
    post(store, *others[::-1], *opening)
    ledger = rows(files_of(store, now=NOW + timedelta(days=1))["latest/ledger.csv"])
    in_order = sorted([*opening, *others], key=lambda one: (one.at, one.kind != "opening", one.key))
    assert [row["key"] for row in ledger] == [one.key for one in in_order]
    assert in_order.index(opening[0]) not in (0, len(in_order) - 1)


# --- All files -----------------------------------------------------------------------------------


def test_all_files_are_written() -> None:
    files: dict[str, tuple[bytes, str]] = {}

    def put(key: str, content: BinaryIO, content_type: str) -> None:
        files[key] = (content.read(), content_type)

    store = MemoryStore()
    store.save_list(a_list_record(entries=10, rejected=1, not_selected=2, duplicates=3, accepted=4))
    store.create(a_backorder(state=State.HELD))
    store.create(a_placed_backorder("jane.com", State.FAILED))
    store.create(a_placed_backorder("joan.com", State.SUCCESSFUL, charges=(a_charge(),)))
    store.save_finding(a_finding())
    books = Books(store)
    books.post(A_LIFE)
    reports = Reports(store, put, books, NOW)
    reports.write(Orders(store), [a_finding(Kind.LINE_HALTED, "line", amount=None)], an_account_status())

    assert {key: kind for key, (_, kind) in files.items()} == {
        "latest/summary.json": "application/json",
        "latest/backorders.csv": "text/csv; charset=utf-8",
        "latest/ledger.csv": "text/csv; charset=utf-8",
        "latest/statement.csv": "text/csv; charset=utf-8",
        "latest/findings.csv": "text/csv; charset=utf-8",
        "latest/report.html": "text/html; charset=utf-8",
        "latest/won.csv": "text/csv; charset=utf-8",
        "months/2026-11/ledger.csv": "text/csv; charset=utf-8",
        "months/2026-11/statement.csv": "text/csv; charset=utf-8",
    }
    summary: dict[str, Any] = json.loads(files["latest/summary.json"][0])
    assert summary["at"] == "2026-11-24T12:00:00Z"
    assert summary["lists"] == [
        {
            "name": "wanted/monday.txt",
            "source": "plain text",
            "encoding": "",
            "entries": 10,
            "rejected": 1,
            "not_selected": 2,
            "duplicates": 3,
            "accepted": 4,
        }
    ]
    assert summary["backorders"] == {"FAILED": 1, "HELD": 1, "SUCCESSFUL": 1}
    assert summary["account"] == account(Tally().plus(A_LIFE), CURRENCY)
    assert {
        (finding["kind"], finding["domain"], finding["amount"], finding["status"]) for finding in summary["findings"]
    } == {
        ("refund_missing", "john.com", "69.00", "open"),
        ("line_halted", None, None, "open"),
    }
    assert len(rows(files["latest/ledger.csv"][0])) == len(A_LIFE)

    files.clear()
    reports.write(Orders(store), [a_finding(Kind.LINE_HALTED, "line", amount=None)], an_account_status())
    assert set(files) == {"latest/report.html"}, "nothing changed"


def test_the_tables_are_written_again_once_an_open_backorder_has_changed() -> None:
    store = MemoryStore()
    placed = a_placed_backorder()
    store.create(placed)
    assert "latest/backorders.csv" in written(store)
    assert written(store) == ["latest/report.html"]
    store.replace(changed(placed, deposit=FEE, fee=usd("12.00")))
    assert [row["fee"] for row in rows(files_of(store)["latest/backorders.csv"])] == ["12.00"]


# --- What was won, and the statement --------------------------------------------------------------


def test_won_names_are_listed_with_what_they_cost_and_until_when_they_are_paid() -> None:
    won = a_placed_backorder(
        state=State.SUCCESSFUL, charges=(a_charge(),), expires_at=NOW + timedelta(days=365), renewal_mode="AUTORENEW"
    )
    uncharged = a_placed_backorder("jane.com", State.AUCTION_WON, outcome_at=NOW - timedelta(days=1))
    assert written_out(won_table(map(Win.of, [won, uncharged]))) == (
        "domain,cost,date,expiry,renewal_mode\n"
        "jane.com,,2026-11-23T12:00:00Z,,\n"
        "john.com,69.00,2026-11-24T12:00:00Z,2027-11-24T12:00:00Z,AUTORENEW\n"
    )


def test_a_statement_says_by_day_what_could_be_spent_and_what_moved_it() -> None:
    later = NOW + timedelta(days=2)
    postings = [
        a_posting("1", usd(1000), kind="opening", source=Account.OPENING, target=BALANCE),
        a_posting("2", FEE, kind="deposit", source=BALANCE, target=RESERVED),
        a_posting("3", usd(100)),
        a_posting("4", FEE, kind="release", source=RESERVED, target=BALANCE, at=later),
        a_posting("5", FEE, kind="charge", source=BALANCE, target=Account.FEES, at=later),
        a_posting("6", usd(50), kind="refund", source=RESERVED, target=BALANCE, at=later),
        a_posting("7", usd("1.50"), kind="other", source=BALANCE, target=Account.OTHER, at=later),
    ]
    closing = balances(postings)[BALANCE]
    assert written_out(statement_table(statement(postings, closing=closing))) == (
        "day,opening,deposits,refunds,charges,pay_ins,other,closing\n"
        "2026-11-24,1000.00,-69.00,0.00,0.00,100.00,0.00,1031.00\n"
        "2026-11-26,1031.00,69.00,50.00,-69.00,0.00,-1.50,1079.50\n"
    )


def test_what_is_taken_back_in_the_books_is_taken_back_in_its_column_of_the_statement() -> None:
    """Rows that changed at the provider: a charge of 69.00 was corrected to 59.00, a payment of 100.00 to 90.00."""
    postings = [
        a_posting("1", FEE, kind="charge", source=BALANCE, target=Account.FEES),
        a_posting("2", usd(100)),
        a_posting("3", FEE, kind="reversal", source=Account.FEES, target=BALANCE),
        a_posting("4", usd(100), kind="reversal", source=BALANCE, target=Account.PAID_IN),
        a_posting("5", usd(59), kind="charge", source=BALANCE, target=Account.FEES),
        a_posting("6", usd(90)),
        a_posting("7", usd(1), kind="reversal", source=Account.OTHER, target=BALANCE),
    ]
    [day] = statement(postings, closing=balances(postings)[BALANCE])
    moved = {name: amount for name, amount in day.moved.items() if amount}
    assert moved == {"charges": usd(-59), "pay_ins": usd(90), "other": usd(1)}


@given(st.lists(st.tuples(st.sampled_from(A_LIFE), st.integers(0, 40))))
def test_each_day_of_a_statement_goes_on_where_the_day_before_ended(life: list[Any]) -> None:
    postings = [replace(one, key=str(n), at=NOW + timedelta(days=day)) for n, (one, day) in enumerate(life)]
    later_openings = {one.at.date() for one in postings if one.kind == "opening"}
    days = statement(postings, closing=balances(postings)[BALANCE])
    for day in days:
        assert day.opening + sum(day.moved.values()) == day.closing
    for one, other in pairwise(days):
        assert one.closing == other.opening or other.day in later_openings


@given(st.lists(st.sampled_from(A_LIFE)))
def test_closing_is_opening_and_all_that_came_and_went(postings: list[Any]) -> None:
    ledger = [replace(posting, key=str(n)) for n, posting in enumerate(postings)]
    told = {
        name: Decimal(value) for name, value in account(Tally().plus(ledger), CURRENCY).items() if name != "currency"
    }
    others = sum((posting.amount for posting in ledger if posting.kind == "other"), Decimal(0))
    assert told["closing"] == told["opening"] + told["paid_in"] - told["charged"] + told["unexplained"] - others
