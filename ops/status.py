"""`status`: today at a glance."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from botocore.exceptions import ClientError
from rich.console import Console

from backorder.documents.account_outlook import Forecast, forecast
from backorder.documents.halt import Halt, halt
from backorder.documents.listeners import last_unheard
from backorder.documents.runs import Run, last_run
from backorder.documents.successes import EXPECTATIONS, Stage, Successes, successes
from backorder.domain.backorder import Backorder
from backorder.domain.findings import Finding
from backorder.domain.schedule import Known
from backorder.domain.states import State
from backorder.domain.values import Reason
from backorder.runtime.clock import span
from backorder.store import ListRecord, SetAside
from ops.dead_letters import dead
from ops.screen import ago, ahead, counted, moment, money, plain, row, table
from ops.stacks import Stack, where

MOST_DEADLINES: Final = 5
MOST_FINDINGS: Final = 10
MOST_ITEMS: Final = 5
LATEST: Final = "latest/summary.json"


@dataclass(frozen=True)
class ListLine:
    """What became of one list."""

    name: str
    kind: str
    read_at: datetime
    entries: int
    accepted: int
    duplicates: int
    not_selected: int
    rejected: int
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Due:
    """A name that waits, and until when it has to be ordered."""

    domain: str
    deadline: datetime
    known: Known
    state: State
    reason: Reason | None


@dataclass(frozen=True)
class Reported:
    """Backorders by state, as the last report counted them: all of them, the settled ones too."""

    at: datetime
    backorders: Mapping[str, int]


@dataclass(frozen=True)
class Status:
    """How a stack stands at one moment. Amounts in `currency`, times in UTC."""

    stack: str
    stage: str
    at: datetime
    lists: tuple[ListLine, ...]
    """Read today."""
    last_list: ListLine | None
    """The newest of all."""
    open: Mapping[str, int]
    """Open backorders by state."""
    waiting_for: Mapping[str, int]
    """Held ones by reason."""
    ordered_today: int
    reported: Reported | None
    currency: str | None
    capacity: Decimal | None
    drawn: Decimal | None
    reserved_for_others: Decimal | None
    """For orders that others placed in the account; not in the capacity."""
    foreign: int
    """Orders of others without a deposit yet: they draw on the capacity, too."""
    foreign_draws: Decimal | None
    forecast: Forecast | None
    forecast_in_words: str | None
    deadlines: tuple[Due, ...]
    findings: tuple[Finding, ...]
    """Open ones, the most urgent first."""
    halted: Halt | None
    dead_letters: Mapping[str, int]
    plan: Run | None
    reconcile: Run | None
    succeeded: Mapping[Stage, datetime]
    """When each stage of the pipeline last succeeded."""
    overdue: Mapping[Stage, timedelta]
    """Stages whose last success is too long ago, and how long."""
    unheard: str | None
    """Why the address for alerts gets no mail, as of the last reconciliation; None if it does."""
    where: str
    not_understood: tuple[str, ...]
    """Keys of items of the table that are not understood: the counts are without them."""


def look(stack: Stack) -> Status:
    """Reads what `glance` needs. Changes nothing."""
    store = stack.store
    lists, backorders, findings = list(store.lists()), list(store.open_backorders()), list(store.findings())
    return glance(
        stack=stack,
        now=stack.clock(),
        lists=lists,
        backorders=backorders,
        findings=findings,
        aside=store.set_aside(),
        halted=halt(store),
        foreseen=forecast(store),
        dead_letters=dead(stack),
        plan=last_run(store, "plan"),
        reconcile=last_run(store, "reconcile"),
        succeeded=successes(store),
        unheard=last_unheard(store),
        reported=_reported(stack),
    )


def _reported(stack: Stack) -> Reported | None:
    try:
        body = stack.s3.get_object(Bucket=stack.output("ReportsBucketName"), Key=LATEST)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchKey":
            return None
        raise
    document: dict[str, Any] = json.loads(body)
    return Reported(datetime.fromisoformat(document["at"]), document["backorders"])


def glance(
    *,
    stack: Stack,
    now: datetime,
    lists: Iterable[ListRecord],
    backorders: Iterable[Backorder],
    findings: Iterable[Finding],
    halted: Halt | None,
    foreseen: Forecast | None,
    dead_letters: Mapping[str, int],
    plan: Run | None,
    reconcile: Run | None,
    reported: Reported | None,
    succeeded: Successes | None = None,
    unheard: str | None = None,
    aside: Iterable[SetAside] = (),
) -> Status:
    """The status from what was read. Pure; today is the day of `now` in UTC."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    read = [_line(record) for record in lists if record.kind in ("wanted", "dropping", "cancel")]
    open_now = list(backorders)
    due = sorted(
        (b for b in open_now if b.state.is_waiting and b.schedule.deadline is not None),
        key=lambda b: (b.schedule.deadline, b.domain),
    )
    ran = plan.summary if plan else {}
    return Status(
        stack=stack.name,
        stage=stack.stage,
        where=where(stack),
        at=now,
        lists=tuple(line for line in read if line.read_at >= midnight),
        last_list=read[-1] if read else None,
        open=dict(sorted(Counter(b.state.value for b in open_now).items())),
        waiting_for=dict(Counter(str(b.plan.reason) for b in open_now if b.state is State.HELD and b.plan.reason)),
        ordered_today=sum(b.submitted_at is not None and b.submitted_at >= midnight for b in open_now),
        reported=reported,
        currency=ran.get("currency") or (foreseen.currency if foreseen else None),
        capacity=_amount(ran.get("capacity")),
        drawn=_amount(ran.get("drawn")),
        reserved_for_others=_amount(ran.get("reserved_for_others")),
        foreign=ran.get("foreign", 0),
        foreign_draws=_amount(ran.get("foreign_draws")),
        forecast=foreseen,
        forecast_in_words=foreseen.sentence if foreseen else None,
        deadlines=tuple(
            Due(b.domain, b.schedule.deadline, b.schedule.known, b.state, b.plan.reason)
            for b in due[:MOST_DEADLINES]
            if b.schedule.deadline
        ),
        findings=tuple(sorted((f for f in findings if f.status == "open"), key=lambda f: (f.kind.rank, f.opened_at))),
        halted=halted,
        dead_letters=dict(dead_letters),
        plan=plan,
        reconcile=reconcile,
        succeeded=succeeded.at if succeeded else {},
        overdue=succeeded.overdue(now) if succeeded else {},
        unheard=unheard,
        not_understood=tuple(f"{item.pk}, {item.sk}" for item in aside),
    )


def _line(record: ListRecord) -> ListLine:
    return ListLine(
        record.name,
        record.kind,
        record.read_at,
        record.entries,
        record.accepted,
        record.duplicates,
        record.not_selected,
        record.rejected,
        record.notes,
    )


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def render(status: Status, console: Console) -> None:
    """Puts the status on the screen: what is wrong first."""
    console.print(plain(f"{status.where}, {moment(status.at)} UTC", "bold"))
    console.print()
    _alarms(status, console)
    _lists(status, console)
    _names(status, console)
    _funding(status, console)
    _deadlines(status, console)
    _findings(status, console)
    _runs(status, console)


def _alarms(status: Status, console: Console) -> None:
    if status.halted:
        since = f"{moment(status.halted.since)} UTC, {ago(status.halted.since, status.at)}"
        console.print(plain(f"Orders have stopped ({since}): {status.halted.why}", "bold red"), soft_wrap=True)
    letters = {name: count for name, count in status.dead_letters.items() if count}
    if letters:
        which = ", ".join(f"{count} in {name}" for name, count in letters.items())
        console.print(plain(f"Dead letters: {which}. Look at them with `redrive`.", "bold red"), soft_wrap=True)
    if status.not_understood:
        first, more = status.not_understood[:MOST_ITEMS], len(status.not_understood) - MOST_ITEMS
        which = "; ".join(first) + (f"; and {more:,} more" if more > 0 else "")
        items = counted(len(status.not_understood), "item of the table is", "items of the table are")
        console.print(plain(f"{items} not understood, and left alone: {which}.", "bold red"), soft_wrap=True)
    if status.unheard:
        console.print(plain(f"Nobody hears of alarms: {status.unheard}.", "bold red"), soft_wrap=True)
    for stage, age in status.overdue.items():
        since = f", since {moment(status.succeeded[stage])} UTC" if stage in status.succeeded else ""
        console.print(plain(f"{EXPECTATIONS[stage].failed.capitalize()} for {span(age)}{since}.", "bold red"))
    if status.halted or letters or status.not_understood or status.unheard or status.overdue:
        console.print()


def _lists(status: Status, console: Console) -> None:
    lines = status.lists
    if not lines:
        last = status.last_list
        told = f"The last one was {last.name}, read {ago(last.read_at, status.at)}." if last else "None was ever read."
        console.print(plain("Lists today", "bold"))
        console.print(plain(f"None. {told}"), soft_wrap=True)
        console.print()
        return
    numbers = ("entries", "accepted", "duplicates", "not selected", "rejected")
    made = table("Lists today", "list", "read", *numbers, right=numbers)
    for line in lines:
        counts = (line.entries, line.accepted, line.duplicates, line.not_selected, line.rejected)
        row(made, line.name, f"{line.read_at:%H:%M}", *(f"{count:,}" for count in counts))
    console.print(made)
    console.print()


def _names(status: Status, console: Console) -> None:
    made = table("Names", "state", "", "names", right=("names",))
    reported = status.reported
    for state in State:
        count = status.open.get(state, 0)
        # A settled one is in the reports only; one that is not yet is in both.
        if state.is_final and reported is not None:
            count = max(count, reported.backorders.get(state, 0))
        if not count:
            continue
        why = state.in_words
        if state is State.HELD and status.waiting_for:
            why += f" ({', '.join(f'{number:,} {reason}' for reason, number in status.waiting_for.items())})"
        row(made, state, why, f"{count:,}")
    if made.row_count:
        console.print(made)
        told = f"{counted(status.ordered_today, 'open one was', 'open ones were')} ordered today."
        if reported is not None:
            told += f" What is through is counted as of {moment(reported.at)} UTC."
        console.print(plain(told, "dim"))
    else:
        console.print(plain("Names", "bold"))
        console.print("None yet: upload a list with `put`.", markup=False)
    console.print()


def _funding(status: Status, console: Console) -> None:
    console.print(plain("Funding", "bold"))
    if status.capacity is None:
        console.print("Not known yet: no plan has read the account.")
    else:
        drawn, capacity = money(status.drawn, status.currency), money(status.capacity, status.currency)
        console.print(plain(f"{drawn} drawn by open orders, of {capacity}."))
        if told := _of_others(status):
            console.print(plain(f"Others ordered in this account, too: {told}."), soft_wrap=True)
        if status.forecast is not None:
            short = "bold yellow" if status.forecast.waiting else ""
            console.print(plain(f"{status.forecast_in_words}.", short), soft_wrap=True)
    console.print()


def _of_others(status: Status) -> str:
    """What orders of others draw, or will; nothing where there are none."""
    told = []
    if status.reserved_for_others is not None:
        told.append(f"{money(status.reserved_for_others, status.currency)} reserved for them, and left out above")
    if status.foreign:
        orders = counted(status.foreign, "order", "orders")
        told.append(f"{orders} without a deposit yet will draw {money(status.foreign_draws, status.currency)} of that")
    return "; ".join(told)


def _deadlines(status: Status, console: Console) -> None:
    if not status.deadlines:
        return
    made = table("Next deadlines", "name", "until (UTC)", "", "state", "")
    for due in status.deadlines:
        known = "" if due.known is Known.FINALIZATION else str(due.known)
        row(made, due.domain, moment(due.deadline), ahead(due.deadline, status.at), due.state, due.reason or known)
    console.print(made)
    console.print()


def _findings(status: Status, console: Console) -> None:
    if not status.findings:
        stuck = status.halted or any(status.dead_letters.values())
        console.print("No open findings." if stuck else "No open findings: nothing needs a person.")
        console.print()
        return
    made = table(f"{counted(len(status.findings), 'open finding')}", "since (UTC)", "kind", "what to do")
    for finding in status.findings[:MOST_FINDINGS]:
        row(made, moment(finding.opened_at), finding.kind, finding.advice)
    console.print(made)
    if len(status.findings) > MOST_FINDINGS:
        console.print(f"and {len(status.findings) - MOST_FINDINGS:,} more: findings.csv in the reports bucket.")
    console.print()


def _runs(status: Status, console: Console) -> None:
    for name, run in (("plan", status.plan), ("reconcile", status.reconcile)):
        if run is None:
            console.print(plain(f"{name}: never ran.", "yellow"))
            continue
        trouble = run.trouble
        ending = f": {trouble}" if trouble else "."
        console.print(
            plain(f"{name} ran {ago(run.at, status.at)}{ending}", "yellow" if trouble else "dim"), soft_wrap=True
        )
    ages = [
        f"{expected.succeeded} {ago(status.succeeded[stage], status.at)}"
        for stage, expected in EXPECTATIONS.items()
        if stage in status.succeeded
    ]
    if ages:
        console.print(plain(f"Last successes: {', '.join(ages)}.", "dim"), soft_wrap=True)
