"""`others_unharmed`: what a scripted answer says of one name changes nothing for any other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from backorder.domain.backorder import Backorder
from backorder.domain.findings import Finding
from backorder.domain.schedule import Known
from backorder.domain.states import State
from backorder.domain.values import Origin, Reason
from local.world.login import USER

SHORT = frozenset({Reason.UNFUNDED, Reason.TOO_DEAR, Reason.LIMIT})
"""Why a name waits that the account or a limit does not allow."""
LATE = frozenset({Reason.LATE, Reason.UNANSWERED})
REACTION = timedelta(minutes=30)
"""The deadline's margin, a tick, and a queue."""


def others_harmed(
    backorders: Sequence[Backorder], findings: Sequence[Finding], emulator: Mapping[str, Any], *, mishaps: bool = False
) -> Iterator[str]:
    """Whoever did not get what it would have got without the scripted answers, one line each.

    Not judged: a run short of funds, or over a limit; answers that name neither domain nor application. With `mishaps`
    workers died or stood still, for which a name may be missed.
    """
    answers: Sequence[Mapping[str, Any]] = emulator.get("answers", ())
    if not answers or not all(answer["domain"] or answer["application"] for answer in answers):
        return
    named = _named(answers, emulator)
    if any(_is_short(backorder) for backorder in backorders if backorder.domain not in named):
        return
    told = {finding.domain for finding in findings}
    exempt = {each["domain"] for each in emulator.get("book_faults", ())} | set(emulator["faulty"]) - named
    provider = _ProviderSide(emulator)
    for backorder in backorders:
        if (
            backorder.zone in emulator["refuse_zones"]
            or backorder.domain in exempt
            or _was_not_to_be_ordered(backorder)
            or provider.was_too_late_for(backorder)
        ):
            continue
        if (harm := provider.harm(backorder)) is None or (mishaps and backorder.plan.reason in LATE):
            continue
        if backorder.domain not in named:
            yield f"{backorder.domain}: {harm}, though no scripted answer is about it"
        elif backorder.domain not in told and not _is_rejected_in_words(backorder) and not _is_short(backorder):
            yield f"{backorder.domain}: {harm}, and no finding tells why"


def _named(answers: Sequence[Mapping[str, Any]], emulator: Mapping[str, Any]) -> set[str]:
    of_application = {each["application"]: each["domain"] for each in (*emulator["applications"], *emulator["deleted"])}
    named = {answer["domain"] for answer in answers if answer["domain"]}
    return named | {of_application.get(answer["application"], "") for answer in answers if answer["application"]}


def _is_short(backorder: Backorder) -> bool:
    return backorder.plan.reason in SHORT or any(step.entered is State.HELD for step in backorder.history)


def _was_not_to_be_ordered(backorder: Backorder) -> bool:
    """Its user took it back, it came too late, another's order fulfils it, or nobody knows when it drops."""
    late = backorder.schedule.last_chance is not None and backorder.created_at >= backorder.schedule.last_chance
    cancelled = backorder.cancel_requested or backorder.state is State.CANCELLED
    return late or cancelled or backorder.origin is Origin.FOREIGN or backorder.schedule.deadline is None


def _is_rejected_in_words(backorder: Backorder) -> bool:
    return backorder.state is State.REJECTED and backorder.refusal is not None and bool(backorder.refusal.words)


class _ProviderSide:
    """What became of the applications at the emulator."""

    def __init__(self, emulator: Mapping[str, Any]) -> None:
        self._now = datetime.fromisoformat(emulator["now"])
        self._status: dict[str, str] = {}
        self._of_domain: dict[str, list[Mapping[str, Any]]] = {}
        self._finalized = {
            each["domain"]: datetime.fromisoformat(each["finalization_at"]) for each in emulator.get("drops", ())
        }
        for each in emulator["applications"]:
            self._status[each["application"]] = each["status"].replace("-", "_")
        for each in (*emulator["applications"], *emulator["deleted"]):
            if each["user"] == USER and not each.get("foreign"):
                self._of_domain.setdefault(each["domain"], []).append(each)

    def was_too_late_for(self, backorder: Backorder) -> bool:
        """It came when the provider's last moment was over, or nearly, whatever its list said of its drop."""
        finalization_at = self._finalized.get(backorder.domain)
        return finalization_at is not None and backorder.created_at + REACTION >= finalization_at

    def harm(self, backorder: Backorder) -> str | None:
        """What is not as it should be with a name that was to be ordered; None: nothing."""
        placed = self._of_domain.get(backorder.domain, [])
        deadline = backorder.schedule.deadline
        if not placed:
            return f"never ordered ({backorder.state})" if deadline is None or self._now >= deadline else None
        if backorder.schedule.known is Known.FINALIZATION and deadline is not None:
            first = min(datetime.fromisoformat(each["created"]) for each in placed)
            if first > deadline and (backorder.submitted_at is None or backorder.created_at < deadline):
                return f"ordered after its deadline, at {first:%-d %B %H:%M} UTC"
        if backorder.application_id is None:
            return f"ordered, and the pipeline knows nothing of it ({backorder.state})"
        status = self._status.get(backorder.application_id)
        if status is not None and backorder.state is not State.WITHDRAWING and backorder.state != status:
            return f"{backorder.state}, where the provider has it {status}"
        return f"{backorder.state}, and the provider does not have it" if status is None else None
