"""What the user of a run sees: progress while it goes on, and at its end a table and what needs doing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from backorder.domain.findings import Kind, Severity
from backorder.domain.states import State
from backorder.domain.values import Reason
from local.run.run import LOG, Outcome
from local.run.run import Progress as Tell

MOST_TO_DO = 12
LINES_WITHOUT_TERMINAL = 10
"""Seconds between two lines of progress where there is no terminal."""


@contextmanager
def progress(console: Console) -> Iterator[Tell]:
    """Shows the provider's day and what is going on; a line now and then where there is no terminal."""
    with Progress(
        SpinnerColumn(),
        TextColumn("[bold]{task.fields[day]}"),
        BarColumn(bar_width=20, pulse_style="cyan"),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task("starting the stack", total=None, day="")
        shown_day = None

        def tell(now: datetime, what: str) -> None:
            nonlocal shown_day
            bar.update(task, description=escape(what), day=f"{now:%a %d %b %H:%M} UTC")
            if not console.is_terminal and now.date() != shown_day:
                shown_day = now.date()
                console.print(f"{now:%Y-%m-%d}  {what}", highlight=False, markup=False)

        yield tell


def show(outcome: Outcome, console: Console) -> None:
    """The closing table and lines."""
    _lists(outcome, console)
    _backorders(outcome, console)
    _account(outcome, console)
    _needs_doing(outcome, console)
    if outcome.not_reached:
        told = f"Not reached before the end: {', '.join(outcome.not_reached)}."
        console.print(told, style="bold yellow", highlight=False, markup=False, soft_wrap=True)
    provider = outcome.summary["provider"]
    calls, faults = sum(provider["calls"].values()), sum(provider["faults"].values())
    console.print(
        f"{calls:,} {'call' if calls == 1 else 'calls'} to the provider ({faults:,} with a fault), "
        f"{provider['applications']:,} applications, {provider['duplicate_applications']} twice; "
        f"{outcome.start:%Y-%m-%d %H:%M} to {outcome.end:%Y-%m-%d %H:%M} UTC, "
        f"seed {outcome.summary['seed']}, store {outcome.summary['store']}.",
        highlight=False,
    )
    if outcome.broken:
        console.print(f"[bold red]Broken:[/] {', '.join(outcome.broken)}", highlight=False)
    else:
        console.print(f"[green]All {len(outcome.summary['invariants'])} invariants hold.[/]", highlight=False)
    for crash, times in Counter(outcome.crashes).items():
        told = f"[bold red]Crashed:[/] {escape(crash)}{f' ({times} times)' if times > 1 else ''}"
        console.print(told, highlight=False, soft_wrap=True)
    if outcome.crashes:
        console.print(f"{LOG} says where. Lambda would have raised the alarm.", highlight=False)
    console.print(f"Results in {outcome.out}/", highlight=False, markup=False, soft_wrap=True)


def _lists(outcome: Outcome, console: Console) -> None:
    table = Table(title="Lists", title_justify="left", box=None, header_style="bold", pad_edge=False)
    table.add_column("list", overflow="fold")
    for name in ("source", "entries", "accepted", "duplicates", "not selected", "rejected"):
        table.add_column(name, justify="left" if name == "source" else "right")
    for record in outcome.collected.lists:
        counts = (record.entries, record.accepted, record.duplicates, record.not_selected, record.rejected)
        table.add_row(escape(record.name), record.source, *(f"{count:,}" for count in counts))
    console.print(table)
    for record in outcome.collected.lists:
        for note in record.notes[:3]:
            console.print(f"  {record.name}: {note}", style="dim", highlight=False, markup=False)
    console.print()


def _backorders(outcome: Outcome, console: Console) -> None:
    table = Table(title="Backorders", title_justify="left", box=None, header_style="bold", pad_edge=False)
    table.add_column("state")
    table.add_column("", style="dim")
    table.add_column("names", justify="right")
    reasons = Counter(
        (backorder.state, str(backorder.plan.reason))
        for backorder in outcome.collected.backorders
        if backorder.plan.reason
    )
    for state, count in outcome.summary["backorders"].items():
        why = ", ".join(
            f"{number:,} {reason}"
            for (of, reason), number in reasons.most_common()
            if of == state and (of.is_final or of is State.HELD)
        )
        table.add_row(state, State(state).in_words + (f" ({why})" if why else ""), f"{count:,}")
    console.print(table)
    console.print()


def _account(outcome: Outcome, console: Console) -> None:
    account = outcome.summary["account"]
    table = Table(title=f"Account ({account['currency']})", title_justify="left", box=None, show_header=False)
    table.add_column(style="dim")
    table.add_column(justify="right")
    rows = {
        "opening": "opening",
        "paid in": "paid_in",
        "reserved as deposits": "deposited",
        "deposits given back": "refunded",
        "charged for names won": "charged",
        "other bookings": "other",
        "still reserved": "reserved",
        "unexplained": "unexplained",
        "closing": "closing",
    }
    amounts = {words: Decimal(account[key]) for words, key in rows.items()}
    if not amounts["other bookings"]:
        del amounts["other bookings"]
    for words, amount in amounts.items():
        table.add_row(words, f"{amount:,.2f}")
    console.print(table)
    console.print()


def _needs_doing(outcome: Outcome, console: Console) -> None:
    open_findings = [
        finding
        for finding in outcome.collected.findings
        if finding.status == "open" and finding.severity is not Severity.INFORMATION
    ]
    open_findings.sort(key=lambda finding: finding.kind.rank)
    for finding in open_findings[:MOST_TO_DO]:
        console.print(f"[bold yellow]To do:[/] {escape(finding.advice)}", highlight=False, soft_wrap=True)
    if (more := len(open_findings) - MOST_TO_DO) > 0:
        console.print(f"[bold yellow]To do:[/] {more} more, in findings.csv.", highlight=False, soft_wrap=True)
    waits = any(backorder.state is State.HELD for backorder in outcome.collected.backorders)
    missed = any(backorder.plan.reason is Reason.UNFUNDED for backorder in outcome.collected.backorders)
    told = any((finding.kind, finding.subject) == (Kind.SHORTFALL, "account") for finding in open_findings)
    if outcome.worst and missed and not told:
        # Foreseen in time, and not met: what the messages said, for the next time.
        heading = "To do:" if waits else "Funds were short:"
        console.print(f"[bold yellow]{heading}[/] {escape(outcome.worst.sentence)}.", highlight=False, soft_wrap=True)
    elif not open_findings:
        console.print("Nothing needs doing.")
    console.print()
