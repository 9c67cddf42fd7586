"""`why`: the whole history of one name, over all its drop cycles, and where it was turned away."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from rich.console import Console

from backorder.domain.backorder import Backorder
from backorder.domain.dates import DateStatement
from backorder.domain.domains import NotADomain, parse_domain
from backorder.domain.findings import Finding
from backorder.domain.ledger import Posting
from backorder.domain.schedule import Known
from backorder.domain.states import State
from backorder.domain.values import BackorderKey, Origin, Source
from backorder.store import ListRecord, NotUnderstood, Store
from ingestion.cancels import Cancel, last_cancel
from ops.faults import Fault
from ops.screen import ahead, moment, money, plain, row, table
from ops.stacks import Stack

LISTS_SEARCHED: Final = 50
"""So many of the newest lists are searched for a rejected name."""


@dataclass(frozen=True)
class Event:
    """One line of a history."""

    at: datetime
    what: str
    why: str
    call: str | None = None
    amount: Decimal | None = None
    currency: str | None = None


@dataclass(frozen=True)
class Cycle:
    """One drop cycle of a name: one wish, and all that became of it."""

    backorder: Backorder
    events: tuple[Event, ...]
    """In order of time: states, calls, deposits, refunds, charges, findings."""


@dataclass(frozen=True)
class TurnedAway:
    """A line of a list that was rejected."""

    list: str
    read_at: datetime
    line: int
    text: str
    reason: str


@dataclass(frozen=True)
class History:
    """All that is known of one name."""

    domain: str
    at: datetime
    cycles: tuple[Cycle, ...]
    """Oldest first."""
    elsewhere: tuple[Event, ...]
    """Postings and findings from before the first cycle: of orders that are not the pipeline's."""
    turned_away: tuple[TurnedAway, ...]
    lists_left_out: int
    """Deletion lists from which the rules left names out: which ones is not kept."""
    fault: str | None
    """Why the name is no domain name."""
    not_understood: tuple[str, ...] = ()
    """Which items of it are not understood, and what that means."""
    # The newest cancel of it that was read.
    cancelled: Cancel | None = None


def look(stack: Stack, name: str) -> History:
    """Reads the history of `name`, however it is written; of what is no domain name, where it was turned away."""
    store, fault = stack.store, None
    try:
        domain = domain_of(name)
    except Fault as error:
        domain, fault = name.strip().lower(), str(error)
    cycles, not_understood = _cycles(store, domain)
    lists = [record for record in store.lists() if record.kind in ("wanted", "dropping", "cancel")]
    return history(
        domain,
        cycles,
        postings=[posting for posting in store.postings() if posting.domain == domain],
        findings=[finding for finding in store.findings() if domain in (finding.domain, finding.subject)],
        turned_away=list(_turned_away(stack, lists[-LISTS_SEARCHED:], {domain, name.strip().lower()})),
        dropping=sum(record.kind == "dropping" and record.not_selected > 0 for record in lists),
        fault=fault,
        not_understood=not_understood,
        cancelled=last_cancel(store, domain),
        now=stack.clock(),
    )


def domain_of(name: str) -> str:
    """A name as it is kept: ASCII, lower case. Raises Fault, with the reason, for one that is no domain name."""
    try:
        return parse_domain(name).name
    except NotADomain as error:
        raise Fault(f"'{name}' {error.reason}") from None


def _cycles(store: Store, domain: str) -> tuple[list[Backorder], tuple[str, ...]]:
    """Those that are understood, the oldest first, and what to say of the others."""
    cycles: list[Backorder] = []
    faults: list[str] = []
    newest = 0
    try:
        if (latest := store.latest(domain)) is not None:
            newest = latest.cycle
    except NotUnderstood as error:
        newest = error.item.backorder.cycle if error.item.backorder is not None else 1
    for number in range(1, newest + 1):
        try:
            if (cycle := store.get(BackorderKey(domain, number))) is not None:
                cycles.append(cycle)
        except NotUnderstood as error:
            faults.append(str(error))
    return cycles, tuple(faults)


def _turned_away(stack: Stack, lists: Iterable[ListRecord], written: set[str]) -> Iterator[TurnedAway]:
    for record in lists:
        key = record.details.get("rejects")
        if not key:
            continue
        with suppress(stack.s3.exceptions.NoSuchKey):
            body = stack.s3.get_object(Bucket=stack.output("ReportsBucketName"), Key=key)["Body"]
            for line in csv.DictReader(codecs.getreader("utf-8")(body, "replace")):
                if any(name in line["text"].lower() for name in written):
                    yield TurnedAway(record.name, record.read_at, int(line["line"]), line["text"], line["reason"])


def history(
    domain: str,
    backorders: Sequence[Backorder],
    *,
    postings: Iterable[Posting],
    findings: Iterable[Finding],
    turned_away: Iterable[TurnedAway],
    dropping: int = 0,
    fault: str | None = None,
    not_understood: tuple[str, ...] = (),
    cancelled: Cancel | None = None,
    now: datetime,
) -> History:
    """Puts together what was read. Pure: money and findings belong to the cycle in whose time they are."""
    events = [*map(_of_posting, postings), *(event for finding in findings for event in _of_finding(finding))]
    starts = [backorder.created_at for backorder in backorders]
    shares: list[list[Event]] = [[] for _ in backorders]
    elsewhere: list[Event] = []
    for event in events:
        begun = sum(start <= event.at for start in starts)
        (shares[begun - 1] if begun else elsewhere).append(event)
    return History(
        domain=domain,
        at=now,
        cycles=tuple(
            Cycle(backorder, tuple(sorted([*_of_states(backorder), *share], key=lambda event: event.at)))
            for backorder, share in zip(backorders, shares, strict=True)
        ),
        elsewhere=tuple(sorted(elsewhere, key=lambda event: event.at)),
        turned_away=tuple(turned_away),
        lists_left_out=dropping,
        fault=fault,
        not_understood=not_understood,
        cancelled=cancelled,
    )


def _of_states(backorder: Backorder) -> Iterator[Event]:
    if len(backorder.history) == 0 or backorder.history[0].left is State.SELECTED:
        chosen = "wanted by a person" if backorder.wish.source is Source.WANTED else "chosen by the rules"
        yield Event(
            backorder.created_at,
            State.SELECTED,
            f"{chosen}: {backorder.wish.place.list}, line {backorder.wish.place.line}",
        )
    for step in backorder.history:
        yield Event(
            step.at,
            step.entered if step.entered is not step.left else "",
            step.why,
            None if step.call is None else str(step.call),
        )


def _of_posting(posting: Posting) -> Event:
    return Event(posting.at, posting.kind, posting.text, posting.seen_in, posting.amount, posting.currency)


def _of_finding(finding: Finding) -> Iterator[Event]:
    yield Event(finding.opened_at, f"finding {finding.kind}", finding.advice, None, finding.amount, finding.currency)
    if finding.closed_at is not None:
        yield Event(finding.closed_at, f"finding {finding.kind}", "closed: it no longer holds")


def render(seen: History, console: Console) -> None:
    """Puts the history on the screen, newest cycle last."""
    for cycle in seen.cycles:
        _cycle(seen, cycle, console)
    for fault in seen.not_understood:
        console.print(plain(f"{seen.domain}: {fault}. It is left as it is.", "bold red"), soft_wrap=True)
    if seen.elsewhere:
        console.print(_events("Before that, by somebody else", seen.elsewhere))
        console.print()
    if seen.turned_away:
        made = table("Turned away", "list", "read (UTC)", "line", "text", "why", right=("line",))
        for line in seen.turned_away:
            row(made, line.list, moment(line.read_at), line.line, line.text, line.reason)
        console.print(made)
    elif not seen.cycles and seen.cancelled is not None:
        by = seen.cancelled
        told = f"{seen.domain}: cancelled by {by.entry.list}, line {by.entry.line} ({moment(by.at)} UTC)"
        console.print(plain(f"{told}: no older list orders it, nor does a rule."), soft_wrap=True)
    elif not seen.cycles and not seen.not_understood:
        told = f"{seen.domain}: no list that was read asked for it."
        if seen.fault:
            told = f"{seen.fault}, and it is in none of the newest lists."
        elif seen.lists_left_out:
            told += (
                " Names that the rules leave out are not kept: `python -m local choose LIST --rules rules.toml` tells"
                " what the rules make of a list."
            )
        console.print(plain(told), soft_wrap=True)


def _cycle(seen: History, cycle: Cycle, console: Console) -> None:
    of = cycle.backorder
    number = f", drop cycle {of.cycle}" if len(seen.cycles) > 1 else ""
    console.print(plain(f"{of.domain}{number}: {of.state}, {of.state.in_words}", "bold"))
    facts = table("", "", "")
    for name, value in _facts(of, seen.at):
        if value:
            row(facts, name, value)
    console.print(facts)
    console.print()
    console.print(_events("What happened", cycle.events))
    console.print()


def _facts(of: Backorder, now: datetime) -> Iterator[tuple[str, str]]:
    by_rules = f"chosen by the rules ({of.wish.chosen})" if of.wish.chosen else "chosen by the rules"
    who = "a person's wish" if of.wish.source is Source.WANTED else by_rules
    yield "from", f"{of.wish.place.list} (version {of.wish.place.version}), line {of.wish.place.line}"
    yield (
        "why",
        f"{who}, priority {of.wish.priority}"
        + (f", at most {money(of.wish.max_price, None)}" if of.wish.max_price else ""),
    )
    yield "note", of.wish.note or ""
    if of.plan.reason:
        yield "waits" if not of.state.is_final else "reason", str(of.plan.reason)
    yield "last refusal", "" if of.refusal is None else of.refusal.words
    if of.schedule.deadline is None:
        yield "deadline", "no drop date is known yet" if not of.state.is_final else ""
    else:
        known = "" if of.schedule.known is Known.FINALIZATION else f", {of.schedule.known}"
        yield "deadline", f"{moment(of.schedule.deadline)} UTC ({ahead(of.schedule.deadline, now)}{known})"
    for number, said in enumerate(of.dates):
        yield "dated by" if number == 0 else "outranked", in_words(said)
    if of.schedule.batch_starts_at is not None:
        yield "drops", f"{moment(of.schedule.batch_starts_at)} UTC ({ahead(of.schedule.batch_starts_at, now)})"
    yield "fee", money(of.plan.fee, None)
    yield "reserved", money(of.deposit.amount, None)
    if of.application_id:
        whose = ", placed by somebody else" if of.origin is Origin.FOREIGN else ""
        yield "application", f"{of.application_id}, created {moment(of.submitted_at)} UTC{whose}"
    if of.cancel_requested and not of.state.is_final:
        yield "cancelled", "yes: it is taken back as soon as the provider allows it"
    if of.state.is_final and not of.settled:
        yield "money", "not settled yet"


def in_words(said: DateStatement) -> str:
    """Return who said what of a drop, and when: `the provider's pending-delete list, 24 Nov 2026 12:00 UTC: …`."""
    if said.finalization_at is not None:
        what = f"finalization date {moment(said.finalization_at)} UTC"
    elif said.drop_at is not None:
        what = f"drops {moment(said.drop_at)} UTC"
    else:
        what = f"drops on {said.drop_day:%-d %b %Y}"
    where = f" ({said.list})" if said.list else ""
    return f"{said.source.in_words}{where}, {moment(said.said_at)} UTC: {what}"


def _events(title: str, events: Iterable[Event]) -> object:
    made = table(title, "when (UTC)", "what", "amount", "call", "why", right=("amount",))
    for event in events:
        row(made, f"{event.at:%d %b %H:%M:%S}", event.what, money(event.amount, event.currency), event.call, event.why)
    return made
