"""What to conclude from the provider's list of applications about an order whose outcome is unknown. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from backorder.domain.clock_difference import SMALL
from backorder.domain.values import Claim, Origin
from backorder.provider.port import Application, ApplicationStatus

CLOCK_SKEW = SMALL
"""The provider's clock may lag behind ours by this much without its applications looking older than our orders."""
QUESTIONS = 2
"""So many times in a row the provider must not know an application before the order is sent again: a command may still
take effect after its caller gave up."""


@dataclass(frozen=True, slots=True)
class Adopt:
    """The wish is fulfilled by this application."""

    application: Application
    origin: Origin


@dataclass(frozen=True, slots=True)
class AskAgain:
    """Not there, but it may still come."""


@dataclass(frozen=True, slots=True)
class SendAgain:
    """Not there, and it will not come. `new`: dead applications stand in the way."""

    new: bool


Conclusion = Adopt | AskAgain | SendAgain


def is_ours(application: Application, claim: Claim) -> bool:
    """Whether our order made this application: it was not there before the first attempt. Where nobody looked, for the
    provider's clock is about ours: it was created no earlier.

    If the only order that we sent was answered with "exists", what exists was not made by it: no clock is to be blamed
    for what looks a little older.
    """
    if claim.there is not None:
        return application.id not in claim.there
    others = claim.sent == 1 and claim.exists > 0 and not claim.unanswered
    return application.created_at >= _first_sent(claim) - (timedelta(0) if others else CLOCK_SKEW)


def _first_sent(claim: Claim) -> datetime:
    """In whole seconds, as the provider's times are."""
    return claim.first_sent_at.replace(microsecond=0)


def conclude(
    claim: Claim, applications: Iterable[Application], *, past_last_chance: bool, complete: bool
) -> Conclusion:
    """`applications` are all that the provider has for this domain; `complete` is false if its list moved while read.

    Only a live application is adopted; one that was created before our first attempt fulfils the wish as a foreign one.
    Of our own, one that is won counts too, and a lost one once no further order is possible: its life went by while
    nobody asked.
    """
    sent = _first_sent(claim)
    # What is older by the provider's clock, and may be ours, comes after what is surely no older.
    found = sorted(applications, key=lambda a: (not is_ours(a, claim), a.created_at < sent, a.created_at, a.id))
    for application in found:
        if application.status.is_live:
            return Adopt(application, Origin.OURS if is_ours(application, claim) else Origin.FOREIGN)
    for application in found:
        if is_ours(application, claim) and (past_last_chance or application.status in _WON):
            return Adopt(application, Origin.OURS)
    if not complete:
        return AskAgain()
    if claim.unanswered and claim.asked + 1 < QUESTIONS:
        return AskAgain()
    # It answers that one exists although all are in a final state: a plain order once more, then a forced one.
    return SendAgain(new=bool(found) and claim.exists >= QUESTIONS)


_WON = frozenset({ApplicationStatus.SUCCESSFUL, ApplicationStatus.AUCTION_WON})
