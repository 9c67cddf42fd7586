"""Findings about applications in the account that are not ours: watched, and never touched. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from backorder.domain.backorder import Backorder
from backorder.domain.findings import Kind
from backorder.domain.states import State
from backorder.domain.values import Origin
from backorder.provider.port import Application
from reconciliation.findings.observation import Observation

CLOCKS_DIFFER = timedelta(minutes=1)
COMES_LATE = timedelta(minutes=15)
"""An order that nobody waited for any more may still have taken effect so much later."""


@dataclass(frozen=True, slots=True)
class Stranger:
    """A live application, and our backorder for its domain, if there is one."""

    application: Application
    backorder: Backorder | None


def examine_strangers(strangers: Iterable[Stranger]) -> Iterator[Observation]:
    """A second one of ours is a duplicate, any other one is foreign."""
    for stranger in strangers:
        application, ours = stranger.application, stranger.backorder
        if ours is not None and ours.application_id not in (None, application.id) and ordered_by_us(ours, application):
            yield Observation(
                Kind.APPLICATION_DUPLICATE,
                subject_of(application),
                f"{application.domain} was ordered twice, applications {ours.application_id} and {application.id}, and "
                f"each draws its fee: take application {application.id} back in the provider's control panel.",
                application.domain,
                ours.plan.fee,
            )
        else:
            yield Observation(
                Kind.APPLICATION_FOREIGN,
                subject_of(application),
                f"Somebody else ordered {application.domain} in this account on "
                f"{application.created_at:%-d %B %H:%M} UTC, application {application.id}: it is counted in the "
                "funding, and left alone.",
                application.domain,
            )


def subject_of(application: Application) -> str:
    """What tells a finding about an application from others of its kind."""
    return f"application {application.id}"


def ordered_by_us(backorder: Backorder, application: Application) -> bool:
    """It was created while an order of ours was on its way, or soon after."""
    if backorder.origin is Origin.FOREIGN and backorder.application_id == application.id:
        return False
    steps = [*backorder.history, None]
    return any(
        step is not None
        and step.entered is State.SUBMITTING
        and step.at - CLOCKS_DIFFER <= application.created_at
        and (after is None or application.created_at <= after.at + COMES_LATE)
        for step, after in pairwise(steps)
    )
