"""What the user sees of a choice: each list's counts, the names that would be ordered, and what they would cost."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from backorder.domain.backorder import Backorder
from backorder.rules import Limits
from backorder.runtime.csv_cells import safe
from local.choose.choosing import Considered, Orders, by_day

COLUMNS = ("domain", "line", "drops", "order_until", "score", "why", "fee", "ordered")
_ZONES = 8


def show(considered: Sequence[Considered], orders: Orders, limits: Limits, console: Console, *, most: int) -> None:
    """Prints all of it; of the names, the best `most`."""
    for one in considered:
        _counts(one, console)
    _names(orders, console, most)
    _days(orders, console)
    _closing(considered, orders, limits, console)


def reading(name: str, source: str, *, console: Console) -> None:
    """Says at once what a list was taken for: to read a long one takes a while."""
    console.print(f"reading {name}: {source}", style="dim", markup=False, soft_wrap=True)
    console.file.flush()


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", box=None, header_style="bold", pad_edge=False)


def _counts(one: Considered, console: Console) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_row("entries", f"{one.entries:,}")
    console.print(f"[bold]{escape(one.name)}[/] ({one.source}, {escape(one.encoding)})", soft_wrap=True)
    for outcome, count, details in (
        ("rejected", one.rejected, one.reasons),
        ("not selected", one.not_selected, one.left_out_by),
        ("duplicates", one.duplicates, {}),
        ("chosen", len(one.chosen), {}),
    ):
        table.add_row(outcome, f"{count:,}", style="bold" if outcome == "chosen" else "")
        for why, times in sorted(details.items(), key=lambda item: -item[1]):
            table.add_row(f"  {why}", f"{times:,}", style="dim")
    console.print(table)
    if one.zones:
        zones = ", ".join(f"{zone} {count:,}" for zone, count in one.zones.most_common(_ZONES))
        more = f", and {len(one.zones) - _ZONES:,} more" if len(one.zones) > _ZONES else ""
        console.print(f"zones: {zones}{more}", style="dim", markup=False, soft_wrap=True)
    if one.first_drop is not None:
        console.print(f"dated {one.first_drop} to {one.last_drop}", style="dim", markup=False)
    for remark in one.remarks:
        console.print(remark, style="yellow", markup=False, soft_wrap=True)
    console.print()


def _names(orders: Orders, console: Console, most: int) -> None:
    if not orders.ordered:
        return
    table = _table("Would be ordered, best first")
    table.add_column("name", no_wrap=True)
    table.add_column("line", justify="right")
    table.add_column("order until (UTC)", no_wrap=True)
    table.add_column("fee", justify="right")
    table.add_column("why")
    for backorder in orders.ordered[:most]:
        table.add_row(
            backorder.domain,
            f"{backorder.wish.place.line:,}",
            f"{backorder.schedule.deadline:%Y-%m-%d %H:%M}" if backorder.schedule.deadline else "no date yet",
            f"{orders.fees.of(backorder.zone):,}",
            (backorder.wish.chosen or "").removeprefix("score "),
        )
    console.print(table)
    if len(orders.ordered) > most:
        console.print(f"… and {len(orders.ordered) - most:,} more: --show N, or --out FILE for all", style="dim")
    console.print()


def _days(orders: Orders, console: Console) -> None:
    if not (orders.ordered or orders.over_limits):
        return
    table = _table("By the day on which they drop (UTC)")
    table.add_column("day")
    for name in ("names", "fees", "over the limits"):
        table.add_column(name, justify="right")
    ordered, over = by_day(orders.ordered), by_day(orders.over_limits)
    for day in sorted(ordered.keys() | over.keys(), key=lambda day: (day is None, day)):
        fees = orders.of(ordered.get(day, ()))
        beyond = len(over.get(day, ()))
        table.add_row(
            str(day or "no date yet"), f"{len(ordered.get(day, ())):,}", f"{fees:,}", f"{beyond:,}" if beyond else ""
        )
    console.print(table)
    console.print()


def _closing(considered: Sequence[Considered], orders: Orders, limits: Limits, console: Console) -> None:
    names = len(orders.ordered)
    console.print(
        f"[bold]{names:,} name{'' if names == 1 else 's'} would be ordered; if all were won: {orders.cost:,}[/] "
        "gross, in the account's currency, by rules.toml."
    )
    if orders.over_limits:
        console.print(
            f"{len(orders.over_limits):,} more are chosen and over [limits]: {_limits(limits)}.", markup=False
        )
    if orders.too_late:
        console.print(f"{len(orders.too_late):,} more are chosen, and too late to be ordered.")
    undated = sum(backorder.schedule.deadline is None for backorder in orders.ordered)
    if undated:
        console.print(
            f"{undated:,} have no date: limits of names a day, and deadlines, apply once the provider's list has one."
        )
    several = sum(len(one.chosen) for one in considered) - names - len(orders.over_limits) - len(orders.too_late)
    if several:
        are = "is" if several == 1 else "are"
        console.print(f"{several:,} {are} on several of these lists, and would be ordered once.")


def _limits(limits: Limits) -> str:
    told = [
        f"{key} {value}"
        for key in ("per_day", "spend_per_day", "spend_per_month")
        if (value := getattr(limits, key)) is not None
    ]
    return ", ".join([*told, *(f"per_zone {zone} {count}" for zone, count in limits.per_zone.items())])


def write(orders: Orders, path: Path) -> None:
    """Writes all chosen names as CSV, best first, safe to open in a spreadsheet. Raises OSError."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for told, backorders in (
            ("yes", orders.ordered),
            ("over a limit", orders.over_limits),
            ("too late", orders.too_late),
        ):
            rows.writerows(_row(backorder, told, orders) for backorder in backorders)


def _row(backorder: Backorder, ordered: str, orders: Orders) -> Iterable[str]:
    cells = (
        backorder.domain,
        backorder.wish.place.line,
        backorder.schedule.batch_starts_at.isoformat() if backorder.schedule.batch_starts_at else "",
        backorder.schedule.deadline.isoformat() if backorder.schedule.deadline else "",
        backorder.wish.priority,
        backorder.wish.chosen or "",
        orders.fees.of(backorder.zone),
        ordered,
    )
    return [safe(str(cell)) for cell in cells]
