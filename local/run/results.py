"""The files of a run, in `--out`: what interfaces.md promises, and the pipeline's log."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backorder.documents.account_outlook import forecast, standing
from backorder.documents.successes import successes
from backorder.domain.backorder import Backorder
from backorder.domain.findings import Finding
from backorder.domain.ledger import Account, Posting, Tally, balances
from backorder.provider.port import AccountStatus
from backorder.runtime.clock import iso
from backorder.store import ListRecord, Store
from reconciliation.overview import overview
from reconciliation.page import PAGE, html, view
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

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


FILES = (
    "summary.json",
    "backorders.csv",
    "rejects.csv",
    "ledger.csv",
    "statement.csv",
    "findings.csv",
    "won.csv",
    PAGE,
)


@dataclass(frozen=True)
class Collected:
    """What a run left in the store, with its lists under the names that the user gave them."""

    lists: Sequence[ListRecord]
    backorders: Sequence[Backorder]
    postings: Sequence[Posting]
    findings: Sequence[Finding]


def collect(store: Store, given: Mapping[str, str]) -> Collected:
    """`given` maps keys in the lists bucket to the names that the user gave."""

    def named(key: str) -> str:
        object_key, hash_, member = key.partition("#")
        return f"{given.get(object_key, object_key)}{hash_}{member}"

    def order(record: ListRecord) -> tuple[datetime, int]:
        object_key = record.name.partition("#")[0]
        return record.read_at, list(given).index(object_key) if object_key in given else len(given)

    def shown(backorder: Backorder) -> Backorder:
        place = backorder.wish.place
        return backorder.listed_at(place._replace(list=named(place.list)))

    return Collected(
        lists=[
            replace(record, name=named(record.name)) for record in sorted(store.lists(), key=order) if _is_list(record)
        ],
        backorders=[shown(backorder) for backorder in store.backorders()],
        postings=list(store.postings()),
        findings=list(store.findings()),
    )


def _is_list(record: ListRecord) -> bool:
    return record.kind in ("wanted", "dropping", "cancel")


def summary(
    collected: Collected,
    *,
    emulator: Mapping[str, Any],
    invariants: Mapping[str, bool],
    seed: int,
    start: datetime,
    end: datetime,
    store: str,
) -> dict[str, Any]:
    """`summary.json`. A run that only planned kept no books: its account is what the provider says."""
    told = emulator["account"]
    seen = overview(
        lists=collected.lists,
        states=Counter(backorder.state for backorder in collected.backorders),
        tally=Tally().plus(collected.postings),
        findings=collected.findings,
        currency=told["currency"],
    )
    if not collected.postings:
        seen["account"] |= {"opening": told["amount"], "closing": told["amount"], "reserved": told["deposit"]}
    return {
        **seen,
        "provider": {
            "calls": dict(sorted(emulator["calls"].items())),
            "faults": dict(sorted(emulator["faults"].items())),
            "applications": emulator["created"],
            "duplicate_applications": emulator["duplicates"],
        },
        "invariants": dict(invariants),
        "seed": seed,
        "start": iso(start),
        "end": iso(end),
        "store": store,
    }


def rejects(s3: S3Client, bucket: str, records: Iterable[ListRecord]) -> str:
    """All lists' rejects as one table, from the reports that ingestion wrote."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("list", "line", "text", "reason"))
    for record in records:
        key = record.details.get("rejects")
        if not key:
            continue
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
        rows = csv.reader(io.StringIO(body, newline=""))
        next(rows)
        writer.writerows((record.name, *row[1:]) for row in rows)
    return out.getvalue()


def page(collected: Collected, store: Store, *, emulator: Mapping[str, Any], now: datetime) -> str:
    """`report.html`, as of `now`."""
    told = emulator["account"]
    return html(
        view(
            backorders=collected.backorders,
            lists=collected.lists,
            postings=collected.postings,
            held=balances(collected.postings),
            findings=collected.findings,
            forecast=forecast(store),
            standing=standing(store),
            account=AccountStatus(
                amount=Decimal(told["amount"]),
                credit=Decimal(told["credit"]),
                deposit=Decimal(told["deposit"]),
                currency=told["currency"],
                vat=Decimal(told["vat"]),
            ),
            now=now,
            successes=successes(store),
        )
    )


def write(out: Path, summary: Mapping[str, Any], collected: Collected, rejected: str, page: str) -> None:
    """Writes the files into `out`, which is there already."""
    (out / PAGE).write_text(page, encoding="utf-8")
    (out / "summary.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    (out / "rejects.csv").write_text(rejected, encoding="utf-8", newline="")
    for name, table in tables(collected).items():
        with (out / name).open("w", encoding="utf-8", newline="") as file:
            table.write(file)


def tables(collected: Collected) -> dict[str, Table]:
    """The CSV files by name, over the whole ledger."""
    held = balances(collected.postings)[Account.BALANCE]
    return {
        "backorders.csv": backorders_table(sorted(collected.backorders, key=lambda backorder: backorder.key)),
        "ledger.csv": ledger_table(sorted(collected.postings, key=lambda p: (p.at, p.kind != "opening", p.key))),
        "statement.csv": statement_table(statement(collected.postings, closing=held)),
        "findings.csv": findings_table(collected.findings),
        "won.csv": won_table(Win.of(backorder) for backorder in collected.backorders if backorder.state.is_won),
    }
