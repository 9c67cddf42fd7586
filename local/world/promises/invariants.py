"""The promises, checked from the emulator's state and the store's: each by its name, true or false."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from backorder.domain.backorder import HISTORY_LIMIT, Backorder
from backorder.domain.findings import Kind
from backorder.domain.schedule import Known
from backorder.domain.states import State
from backorder.domain.values import Origin, Reason
from local.emulator.options import BOOK_FAULTS
from local.world.login import USER
from local.world.promises.auctions import auctions_untold
from local.world.promises.cancels import ordered_in_spite
from local.world.promises.evidence import Evidence, Offenders
from local.world.promises.last_words import words_broken
from local.world.promises.ledger import ledger_differences, money_is_unread
from local.world.promises.provider_side import contradicted, taken_for_ours
from local.world.promises.ranked_dates import wrongly_dated
from local.world.promises.sums import wrong_sums
from local.world.promises.terms import GRACE
from local.world.promises.unharmed import others_harmed

LAST_HOUR = timedelta(hours=1)


def check(evidence: Evidence) -> dict[str, bool]:
    """The invariants by name."""
    return {name: not lines for name, lines in offenders(evidence).items()}


def offenders(evidence: Evidence) -> dict[str, list[str]]:
    """What breaks each of the invariants, by name; nothing where it holds."""
    return {
        "entries_accounted": list(_entries_accounted(evidence)),
        "ordered_once": list(_ordered_once(evidence)),
        "none_lost": list(_none_lost(evidence)),
        "in_time": list(_in_time(evidence)),
        "funded": list(_funded(evidence)),
        "ledger_balances": list(ledger_differences(evidence)),
        "refunds_complete": list(_refunds_complete(evidence)),
        "nobody_elses": list(_nobody_elses(evidence)),
        "others_unharmed": list(_others_unharmed(evidence)),
        "dates_ranked": [*evidence.outranked, *wrongly_dated(evidence.backorders)],
        "last_word": [*words_broken(evidence.backorders, evidence.words), *ordered_in_spite(evidence)],
        "auctions_told": list(_auctions_told(evidence)),
        "sums_equal_postings": list(wrong_sums(evidence.books, evidence.postings)),
    }


def _entries_accounted(evidence: Evidence) -> Offenders:
    for record in evidence.lists:
        counted = record.rejected + record.not_selected + record.duplicates + record.accepted
        if record.entries != counted:
            yield f"{record.name}: {record.entries} entries, of which {counted} are counted"


def _ordered_once(evidence: Evidence) -> Offenders:
    if number := evidence.emulator["duplicates"]:
        names = evidence.emulator.get("duplicate_domains") or (f"{number} domains",)
        yield from (f"{name}: two live applications at once" for name in names)


def _none_lost(evidence: Evidence) -> Offenders:
    """Every accepted entry is a backorder: final, as the provider has it, or open with a reason that still holds."""
    accepted = sum(record.accepted for record in evidence.lists if record.kind != "cancel")
    if accepted != len(evidence.backorders):
        yield f"{accepted} entries were accepted, and there are {len(evidence.backorders)} backorders"
    for backorder in evidence.backorders:
        if not backorder.state.is_final and not _has_reason(backorder, evidence):
            yield f"{backorder.domain}: {backorder.state} for no reason that holds"
        if backorder.state.is_final and (wrong := contradicted(backorder, evidence)) is not None:
            yield f"{backorder.domain}: {wrong}"


def _has_reason(backorder: Backorder, evidence: Evidence) -> bool:
    now = evidence.ended_at
    match backorder.state:
        case State.HELD:
            return backorder.plan.reason is not None
        case State.SELECTED:
            waits = any(
                until is not None and until > now for until in (backorder.plan.not_before, backorder.plan.send_at)
            )
            return evidence.planned_only or evidence.halted or waits or backorder.refusal is not None
        case State.QUEUED:
            return backorder.plan.queued_until is not None and backorder.plan.queued_until > now
        case State.SUBMITTING | State.WITHDRAWING:
            return backorder.claim is not None
        case _:
            live = {a["application"] for a in evidence.emulator["applications"] if a["domain"] == backorder.domain}
            return backorder.application_id in live


def _in_time(evidence: Evidence) -> Offenders:
    """Nothing went out after a known last moment, and nothing that was funded in time was too late by our own doing."""
    # Where the last moment is estimated or unknown, sending goes on until the batch begins: trying is free. So it was
    # with what came after its last moment, even if that was told later.
    estimated = {
        b.domain
        for b in evidence.backorders
        if b.schedule.known is not Known.FINALIZATION
        or (b.schedule.finalization_at is not None and b.created_at >= b.schedule.finalization_at)
    }
    for domain in evidence.emulator["sent_late"]:
        if domain not in estimated:
            yield f"{domain}: sent after its finalization date"
    for backorder in evidence.backorders:
        if backorder.state is not State.MISSED or backorder.plan.reason not in (Reason.LATE, Reason.UNANSWERED):
            continue
        created_in_time = (
            backorder.schedule.last_chance is None or backorder.created_at < backorder.schedule.last_chance
        )
        if created_in_time and not (evidence.halted or evidence.mishaps or _unanswered(backorder, evidence)):
            yield f"{backorder.domain}: missed ({backorder.plan.reason}) by our own doing"


def _unanswered(backorder: Backorder, evidence: Evidence) -> bool:
    """The provider did not answer a call for this name; or one about the account, on which all orders hang, within the
    last hour before the name's last chance."""
    if backorder.domain in evidence.emulator["faulty"]:
        return True
    last_chance = backorder.schedule.last_chance
    if last_chance is None:
        return False
    moments = map(datetime.fromisoformat, evidence.emulator["account_faulty"])
    return any(last_chance - LAST_HOUR <= moment < last_chance for moment in moments)


def _funded(evidence: Evidence) -> Offenders:
    exempt = set(evidence.emulator["faults"]) & set(BOOK_FAULTS)
    charged_by_others = any(
        entry["user"] == USER and Decimal(entry["price"]) < 0 and not entry["type"].endswith("BACKORDER")
        for entry in evidence.emulator["accounting"]
    )
    if not exempt and not charged_by_others:
        yield from (f"{domain}: without funds at its lock or after" for domain in evidence.emulator["unfunded"])


def _refunds_complete(evidence: Evidence) -> Offenders:
    if money_is_unread(evidence):
        return
    # A deposit tells its domain only: those of others who ordered the same names are taken out, also on their way back.
    deposits = (deposit["domain"] for deposit in evidence.emulator["deposits"] if deposit["user"] == USER)
    theirs = (
        each["domain"]
        for each in evidence.emulator["applications"]
        if each.get("foreign")
        and (each["deposit"] or datetime.fromisoformat(each["updated"]) + GRACE >= evidence.ended_at)
    )
    reserved = set(Counter(deposits) - Counter(theirs))
    reported = {f.domain for f in evidence.findings if f.kind is Kind.REFUND_MISSING and f.status == "open"}
    for backorder in evidence.backorders:
        if (
            backorder.state.is_lost
            and backorder.application_id is not None
            and backorder.domain in reserved - reported
            and backorder.outcome_at is not None
            and evidence.ended_at > backorder.outcome_at + GRACE
        ):
            yield f"{backorder.domain}: lost, its deposit is not back, and there is no finding"


def _others_unharmed(evidence: Evidence) -> Offenders:
    if not evidence.planned_only:
        yield from others_harmed(evidence.backorders, evidence.findings, evidence.emulator, mishaps=evidence.mishaps)


def _auctions_told(evidence: Evidence) -> Offenders:
    yield from auctions_untold(
        evidence.backorders,
        evidence.findings,
        evidence.emulator,
        ended_at=evidence.ended_at,
        mishaps=evidence.mishaps,
    )


def _nobody_elses(evidence: Evidence) -> Offenders:
    yield from (f"the password is in {where}" for where in evidence.password_seen_in)
    yield from taken_for_ours(evidence)
    ours = {application for backorder in evidence.backorders for application in _applications(backorder)}
    begun = {b.domain: b.history[0].at for b in evidence.backorders if len(b.history) == HISTORY_LIMIT}
    for entry in evidence.emulator["deleted"]:
        domain = entry["domain"]
        # The history of a long life does not tell its beginning any more.
        forgotten = (
            domain in begun and not entry.get("foreign") and datetime.fromisoformat(entry["deleted"]) < begun[domain]
        )
        foreign = entry["application"] in evidence.placed_by_hand or (
            entry["application"] not in ours and not forgotten
        )
        if foreign and entry.get("deleted_by") != "SYSTEM":
            yield f"{domain}: application {entry['application']} was withdrawn, and is not ours"


def _applications(backorder: Backorder) -> Iterator[str | None]:
    """Those of ours, with those that were taken back so that better names could have their funds."""
    if backorder.origin is Origin.OURS:
        yield backorder.application_id
    for step in backorder.history:
        if step.left is State.WITHDRAWING and step.entered is State.HELD and step.call is not None:
            yield step.call.application
