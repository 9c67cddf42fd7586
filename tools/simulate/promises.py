"""What must be true at the end of a simulation: the invariants of a run, and what only a simulation can know."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from backorder.domain.backorder import Backorder
from backorder.domain.dates import DateSource, decisive
from backorder.domain.states import State
from backorder.domain.values import Reason
from backorder.runtime.clock import iso
from local.world.promises.cancels import ordered_in_spite
from local.world.promises.evidence import Evidence
from local.world.promises.findings import wrong_findings
from local.world.promises.invariants import offenders
from local.world.promises.looks import Looks
from local.world.promises.provider_side import contradicted
from tools.simulate.names import Name
from tools.simulate.scenario import Scenario

Broken = Mapping[str, Sequence[str]]
"""Each broken promise by name, with what breaks it, one line a domain."""

TIME_ENOUGH = timedelta(hours=12)
"""An order that had so long has no excuse: not in time-outs, not in dead workers, not in lost ticks."""


def broken(
    evidence: Evidence,
    scenario: Scenario,
    *,
    looks: Looks,
    dead_letters: Collection[str],
    crashes: Sequence[str] = (),
) -> Broken:
    """Return the promises that do not hold. `looks`: when the account was read. `crashes`: errors of the functions.

    Those would come again with every delivery."""
    found: dict[str, list[str]] = {name: list(lines) for name, lines in offenders(evidence).items()}
    names = {name.domain: name for name in scenario.names}
    for backorder in evidence.backorders:
        for promise, line in _broken_by(backorder, names[backorder.domain], evidence, scenario):
            found.setdefault(promise, []).append(f"{backorder.domain}: {line}")
    found.setdefault("findings_are_the_faults", []).extend(wrong_findings(evidence, looks))
    found.setdefault("dated", []).extend(wrong_dates(evidence, scenario, looks))
    found.setdefault("no_crash", []).extend(crashes)
    if lists_lost := [body for body in dead_letters if '"detail"' in body]:
        found.setdefault("lists_read", []).extend(lists_lost)
    return {name: left for name, lines in found.items() if (left := _without_the_odd(name, lines, evidence, scenario))}


def _without_the_odd(promise: str, lines: Sequence[str], evidence: Evidence, scenario: Scenario) -> list[str]:
    """Leave out what a scripted answer excuses: its name may be found, late, rejected, or not taken back, and money may
    be missed in the account. All other promises hold for it, too, and a cancel that was read."""
    answers = scenario.options.answers
    if not answers or promise not in ("in_time", "findings_are_the_faults", "none_lost", "last_word"):
        return list(lines)
    about = {answer.domain for answer in answers}
    if any(answer.command in ("QueryDepositList", "QueryAccountingList") for answer in answers):
        about.add("the account")
    never = set(ordered_in_spite(evidence))
    excused = [
        line
        for line in lines
        if line not in never
        and any(str(name) in line for name in about)
        and (promise != "none_lost" or "rejected" in line)
    ]
    return [line for line in lines if line not in excused]


def wrong_dates(evidence: Evidence, scenario: Scenario, looks: Looks) -> Iterator[str]:
    """Backorders that go by a date that a later list had corrected."""
    newest = {b.domain: b for b in sorted(evidence.backorders, key=lambda b: b.cycle)}
    for move in scenario.changes.moves:
        backorder, after = newest.get(move.after.domain), move.after
        if backorder is None or (
            backorder.outcome_at is not None and backorder.outcome_at < move.told_at + TIME_ENOUGH
        ):
            continue
        if move.outranked_by(scenario.uploads) or _is_of_a_newer_list(backorder, move.told_at, scenario):
            continue
        if _is_as_its_application_said(backorder, move.at, looks):
            continue
        told, true = backorder.schedule.batch_starts_at, after.drop_at
        if after.dating == "finalization":
            told, true = backorder.schedule.finalization_at, after.finalization_at
        if told != true:
            yield f"{after.domain}: goes by {told}, and a list of {iso(move.told_at)} said {true}"


def _is_as_its_application_said(backorder: Backorder, moved_at: datetime, looks: Looks) -> bool:
    """Tell whether it ended before its application was read again after its drop was moved. What an application says
    outranks every list; that its drop moved does not change its date of change, so only a full look sees it."""
    decides = decisive(backorder.dates)
    if decides is None or decides.source is not DateSource.APPLICATION or backorder.outcome_at is None:
        return False
    return decides.said_at < moved_at and not looks.full_within(moved_at, backorder.outcome_at)


def _is_of_a_newer_list(backorder: Backorder, told_at: datetime, scenario: Scenario) -> bool:
    """Tell whether a list made it that is newer than `told_at`: what older ones said of a name that nobody had chosen
    then is kept nowhere."""
    return any(upload.key == backorder.wish.place.list and upload.at > told_at for upload in scenario.uploads)


def _broken_by(backorder: Backorder, name: Name, evidence: Evidence, scenario: Scenario) -> Iterator[tuple[str, str]]:
    state = backorder.state
    if not state.is_final and not hopeless(backorder, scenario):
        yield (
            "comes_to_an_end",
            f"is {state} since {iso(backorder.history[-1].at) if backorder.history else 'the start'}",
        )
    # Whoever is final is judged wherever it ends; here, nothing is under way any more.
    if not state.is_final and (wrong := contradicted(backorder, evidence)) is not None:
        yield "none_lost", wrong
    if state is State.MISSED and scenario.ample and _had_time(backorder, name, scenario) and not evidence.halted:
        if backorder.plan.reason is Reason.UNFUNDED:
            yield "in_time", "missed for want of funds, of which there were plenty"
        elif backorder.plan.reason in (Reason.LATE, Reason.UNANSWERED):
            yield "in_time", f"missed ({backorder.plan.reason}), and had been there since {iso(backorder.created_at)}"
    if state is State.REJECTED and not name.refused:
        yield "none_lost", f"rejected, and its zone is taken: {backorder.refusal}"


def _had_time(backorder: Backorder, name: Name, scenario: Scenario) -> bool:
    until = min(moment for moment in (backorder.schedule.deadline, name.finalization_at) if moment is not None)
    return until - backorder.created_at > TIME_ENOUGH + scenario.changes.outage


def hopeless(backorder: Backorder, scenario: Scenario) -> bool:
    """It came undated and too late for anybody to tell its date: it is tried for ever, for it may drop again."""
    return (
        backorder.state.is_waiting
        and backorder.schedule.last_chance is None
        and scenario.name(backorder.domain).undated
    )
