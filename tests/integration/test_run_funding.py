"""Funds that are short, as the user of `python -m local run` sees it: names, and money for some of them at a time."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.integration.runs import Ran, Run
from tests.integration.test_run import DROP, INVARIANTS

FEE = 69
NAMES = 60
AT_A_TIME = 15
FIRST = date(2026, 12, 1)
TRIED = {"SUCCESSFUL", "FAILED", "AUCTION_WON", "AUCTION_LOST"}


def a_list(tmp_path: Path, days: int, names: int) -> Path:
    """Names that drop evenly over so many days; each says its priority."""
    rows = [(f"p{n % 11}-name{n}.com", str(FIRST + timedelta(days=(n * 7) % days)), str(n % 11)) for n in range(names)]
    path = tmp_path / "names.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("domain", "drop date", "priority"), *rows])
    return path


def ordered_of(ran: Ran) -> Counter[int]:
    """Names that got as far as their drop, by priority."""
    return Counter(
        int(row["priority"].partition(".")[0]) for row in ran.table("backorders.csv") if row["state"] in TRIED
    )


def never_void(ran: Ran) -> bool:
    return bool(ran.summary["invariants"] == dict.fromkeys(INVARIANTS, True))


def nearly_all_are_in_and_never_is_one_void(
    run: Run, tmp_path: Path, reading: str, *, names: int, days: int, at_a_time: int
) -> None:
    file = a_list(tmp_path, days, names)
    ran = run("--list", file, "--balance", str(at_a_time * FEE), "--insufficient-funds", reading)
    assert never_void(ran)
    assert sum(ordered_of(ran).values()) > 0.96 * names


def test_with_funds_for_half_nearly_all_names_are_in_over_a_fortnight_and_none_is_void(
    run: Run, tmp_path: Path
) -> None:
    nearly_all_are_in_and_never_is_one_void(run, tmp_path, "all-void", names=50, days=12, at_a_time=25)


@pytest.mark.soak
@pytest.mark.parametrize("reading", ["all-void", "per-backorder"])
def test_with_funds_for_120_nearly_all_of_500_names_are_in_over_a_month(run: Run, tmp_path: Path, reading: str) -> None:
    nearly_all_are_in_and_never_is_one_void(run, tmp_path, reading, names=500, days=30, at_a_time=120)


def test_when_they_all_drop_within_days_the_best_are_in(run: Run, tmp_path: Path) -> None:
    names = a_list(tmp_path, days=3, names=NAMES)
    ran = run(
        "--list",
        names,
        "--balance",
        str(AT_A_TIME * FEE),
        "--win-rate",
        "0.5",
        "--insufficient-funds",
        "all-void",
    )
    assert never_void(ran)
    got = ordered_of(ran)
    assert sum(got.values()) >= AT_A_TIME
    missed = [row for row in ran.table("backorders.csv") if row["state"] == "MISSED"]
    assert len(missed) + sum(got.values()) == NAMES
    for day in sorted({row["deadline"][:10] for row in missed}):
        rows = [row for row in ran.table("backorders.csv") if row["deadline"].startswith(day)]
        best_missed = max(Decimal(row["priority"]) for row in rows if row["state"] == "MISSED")
        worst_in = min((Decimal(row["priority"]) for row in rows if row["state"] in TRIED), default=Decimal(10))
        assert worst_in >= best_missed
    assert "Funds were short: Pay in " in ran.line


def test_what_is_held_goes_when_money_is_paid_in(run: Run, tmp_path: Path) -> None:
    names = tmp_path / "names.csv"
    write(names, [(f"name{n}.com", DROP) for n in range(5)])
    poor = run("--list", names, "--start", "2026-11-26", "--balance", "138.00", "--days", "1")
    assert poor.summary["backorders"]["HELD"] == 3
    sentence = (
        "Pay in 207.00 USD before 27 November 2026 15:35 UTC, or 3 backorders wait: name2.com, name3.com, name4.com."
    )
    assert f"To do: {sentence}" in poor.line

    paid = run("--list", names, "--start", "2026-11-26", "--balance", "138.00", "--pay-in", "207.00@1")
    assert never_void(paid)
    assert sum(paid.summary["backorders"][state] for state in TRIED & paid.summary["backorders"].keys()) == 5
    assert "Pay in" not in paid.line


def write(path: Path, rows: Sequence[tuple[str, str]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("domain", "drop date"), *rows])
