"""What must be true at the end of a simulation: the invariants of a run, and what only a simulation can know."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from backorder.domain.backorder import Backorder, Origin, Reason, State
from backorder.domain.dates import DateSource, decisive
from backorder.domain.findings import Kind
from backorder.runtime.clock import iso
from local.run.invariants import Evidence, offenders
from submission.recovery_rules import CLOCK_SKEW
from tools.simulate.audit import wrong_findings, wrong_ledger
from tools.simulate.looks import Looks
from tools.simulate.names import Name
from tools.simulate.scenario import Scenario

Broken = Mapping[str, Sequence[str]]
"""Each broken promise by name, with what breaks it, one line a domain."""

TIME_ENOUGH = timedelta(hours=12)
"""An order that had so long has no excuse: not in time-outs, not in dead workers, not in lost ticks."""
UNDER_WAY = timedelta(minutes=3)
"""What a worker had begun when the cancel came takes effect by then."""


def broken(
    evidence: Evidence,
    scenario: Scenario,
    *,
    strangers: Collection[str],
    looks: Looks,
    dead_letters: Collection[str],
    crashes: Sequence[str] = (),
) -> Broken:
    """The promises that do not hold. `strangers`: applications that somebody ordered by hand. `looks`: when the account
    was read. `crashes`: errors of the functions' own, which would come again with every delivery."""
    found: dict[str, list[str]] = {name: list(lines) for name, lines in offenders(evidence).items()}
    names = {name.domain: name for name in scenario.names}
    for backorder in evidence.backorders:
        for promise, line in _broken_by(backorder, names[backorder.domain], evidence, scenario, strangers):
            found.setdefault(promise, []).append(f"{backorder.domain}: {line}")
    for application in evidence.emulator["deleted"]:
        if application["application"] in strangers and application["deleted_by"] != "SYSTEM":
            found.setdefault("nobody_elses", []).append(f"{application['domain']}: a stranger's order was taken back")
    found.setdefault("findings_are_the_faults", []).extend(wrong_findings(evidence, strangers, looks))
    found.setdefault("ledger_equals", []).extend(wrong_ledger(evidence))
    found.setdefault("cancel_holds", []).extend(_ordered_in_spite(evidence, scenario))
    found.setdefault("dated", []).extend(wrong_dates(evidence, scenario, looks))
    found.setdefault("no_crash", []).extend(crashes)
    if lists_lost := [body for body in dead_letters if '"detail"' in body]:
        found.setdefault("lists_read", []).extend(lists_lost)
    unread = [each for each in evidence.findings if each.kind is Kind.ROW_UNREAD and each.status == "open"]
    if any(each.subject.partition(" ")[0] in ("QueryDepositList", "QueryAccountingList") for each in unread):
        # Some money is in a row that makes no sense to this day, as the finding says: the books wait for it.
        for name in ("ledger_balances", "ledger_equals", "refunds_complete"):
            found.pop(name, None)
    return {name: left for name, lines in found.items() if (left := _without_the_odd(name, lines, scenario))}


def _without_the_odd(promise: str, lines: Sequence[str], scenario: Scenario) -> list[str]:
    """Leave out what a scripted answer excuses: its name may be found, late, rejected, or not taken back, and money may
    be missed in the account. All other promises hold for it, too."""
    answers = scenario.options.answers
    if not answers or promise not in ("in_time", "findings_are_the_faults", "none_lost", "last_word"):
        return list(lines)
    about = {answer.domain for answer in answers}
    if any(answer.command in ("QueryDepositList", "QueryAccountingList") for answer in answers):
        about.add("the account")
    excused = [
        line
        for line in lines
        if any(str(name) in line for name in about) and (promise != "none_lost" or "rejected" in line)
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
        told, true = backorder.batch_starts_at, after.drop_at
        if after.dating == "finalization":
            told, true = backorder.finalization_at, after.finalization_at
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
    return any(upload.key == backorder.list and upload.at > told_at for upload in scenario.uploads)


def _ordered_in_spite(evidence: Evidence, scenario: Scenario) -> Iterator[str]:
    """Names that were ordered after their user had taken them back, or still wait to be."""
    for backorder in evidence.backorders:
        lists = [each for each in scenario.uploads if backorder.domain in each.domains and each.kind != "dropping"]
        if not lists or (last := max(lists, key=lambda upload: upload.at)).kind != "cancel":
            continue
        read_at = [step.at for step in backorder.history if step.why.startswith(f"cancelled by {last.key} ")]
        if not read_at:
            continue  # it came too late, or there was nothing to take back yet
        if backorder.state.is_waiting:
            yield f"{backorder.domain}: is {backorder.state}, and was cancelled at {iso(read_at[-1])}"
        for application in (*evidence.emulator["applications"], *evidence.emulator["deleted"]):
            ours = application["domain"] == backorder.domain and not application["foreign"]
            if ours and application["created"] > iso(read_at[-1] + UNDER_WAY):
                yield f"{backorder.domain}: ordered at {application['created']}, cancelled at {iso(read_at[-1])}"


def _broken_by(
    backorder: Backorder, name: Name, evidence: Evidence, scenario: Scenario, strangers: Collection[str]
) -> Iterator[tuple[str, str]]:
    state = backorder.state
    if backorder.application in strangers and backorder.origin is Origin.OURS and not _same_moment(backorder, evidence):
        yield "nobody_elses", f"application {backorder.application} was ordered by hand, and is taken for ours"
    if not state.is_final and not hopeless(backorder, scenario):
        yield (
            "comes_to_an_end",
            f"is {state} since {iso(backorder.history[-1].at) if backorder.history else 'the start'}",
        )
    if backorder.application is not None and state is not State.CANCELLED:
        yield from _untrue(backorder, evidence)
    if state is State.MISSED and scenario.ample and _had_time(backorder, name, scenario) and not evidence.halted:
        if backorder.reason is Reason.UNFUNDED:
            yield "in_time", "missed for want of funds, of which there were plenty"
        elif backorder.reason in (Reason.LATE, Reason.UNANSWERED):
            yield "in_time", f"missed ({backorder.reason}), and had been there since {iso(backorder.created_at)}"
    if state is State.REJECTED and not name.refused:
        yield "none_lost", f"rejected, and its zone is taken: {backorder.failure}"


def _same_moment(backorder: Backorder, evidence: Evidence) -> bool:
    """It was ordered by hand within the skew of clocks before our own order, and no 540 told the two apart."""
    application = _application(backorder, evidence)
    sent_at = next((step.at for step in backorder.history if step.entered is State.SUBMITTING), None)
    answer = next((step.call for step in backorder.history if step.call), "")
    if application is None or sent_at is None or answer.endswith(" 540"):
        return False
    return timedelta(0) <= sent_at - datetime.fromisoformat(application["created"]) <= CLOCK_SKEW


def _untrue(backorder: Backorder, evidence: Evidence) -> Iterator[tuple[str, str]]:
    """An application that does not say what the backorder says, or that had ended before the wish was there."""
    application = _application(backorder, evidence)
    if application is None:
        if backorder.state is not State.VANISHED:
            yield "none_lost", f"is {backorder.state}, and the provider has no application {backorder.application}"
        return
    status = application["status"].replace("-", "_")
    if status != backorder.state:
        yield "none_lost", f"is {backorder.state}, and {status} at the provider"
    elif backorder.state.is_final and application["updated"] < iso(backorder.created_at):
        yield "none_lost", f"adopted application {application['application']}, which had ended before"


def _application(backorder: Backorder, evidence: Evidence) -> Mapping[str, Any] | None:
    found: list[Mapping[str, Any]] = evidence.emulator["applications"]
    return next((each for each in found if each["application"] == backorder.application), None)


def _had_time(backorder: Backorder, name: Name, scenario: Scenario) -> bool:
    until = min(moment for moment in (backorder.deadline, name.finalization_at) if moment is not None)
    return until - backorder.created_at > TIME_ENOUGH + scenario.changes.outage


def hopeless(backorder: Backorder, scenario: Scenario) -> bool:
    """It came undated and too late for anybody to tell its date: it is tried for ever, for it may drop again."""
    return backorder.state.is_waiting and backorder.last_chance is None and scenario.name(backorder.domain).undated
