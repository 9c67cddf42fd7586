"""When each stage of the pipeline last succeeded. A stage that is silent for too long raises an alarm.

Whoever does the work notes its success; PlanSubmissions, which runs every five minutes, measures how old each one is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from backorder.store.documents import Document, Documents

if TYPE_CHECKING:
    from backorder.store import Store


class Stage(StrEnum):
    """What has to succeed again and again. The values are those of the metric's dimension `stage`."""

    ACCOUNT = "account"
    PLAN = "plan"
    APPLICATIONS = "applications"
    BOOKS = "books"
    REPORTS = "reports"
    LISTS = "lists"


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a stage does to what, and after which time without a success somebody hears of it."""

    what: str
    done: str
    patience: timedelta

    @property
    def succeeded(self) -> str:
        return f"{self.what} {self.done}"

    @property
    def failed(self) -> str:
        return f"{self.what} not {self.done}"


EXPECTATIONS: Mapping[Stage, Expectation] = {
    # Planned every 5 minutes. CloudWatch waits for three minutes of its own, so two missed ticks are heard of.
    Stage.PLAN: Expectation("orders", "planned", timedelta(minutes=15)),
    Stage.ACCOUNT: Expectation("account", "read", timedelta(minutes=30)),
    # Hourly, and after the large deletion batches. An account that moves all the time is compared when it rests.
    Stage.APPLICATIONS: Expectation("applications", "followed", timedelta(hours=3)),
    Stage.BOOKS: Expectation("books", "compared", timedelta(hours=6)),
    Stage.REPORTS: Expectation("reports", "published", timedelta(hours=3)),
    # Once a day.
    Stage.LISTS: Expectation("provider's list", "fetched", timedelta(hours=26)),
}
"""In the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class Successes:
    """The last success of each stage, and since when it is expected to succeed. All times in UTC."""

    at: Mapping[Stage, datetime] = field(default_factory=dict)
    expected_since: Mapping[Stage, datetime] = field(default_factory=dict)

    def age(self, stage: Stage, now: datetime) -> timedelta | None:
        """Return how long the stage has had no success: since the last one, or since it is expected to have one.

        None where nobody expects it, or knows since when.
        """
        moments = [moments[stage] for moments in (self.at, self.expected_since) if stage in moments]
        return max(now - max(moments), timedelta()) if moments and stage in self.expected_since else None

    def overdue(self, now: datetime) -> Mapping[Stage, timedelta]:
        """Return the stages whose last success is too long ago, each with its age."""
        ages = ((stage, self.age(stage, now)) for stage in EXPECTATIONS)
        return {stage: age for stage, age in ages if age is not None and age > EXPECTATIONS[stage].patience}


SUCCESSES: Document[Successes] = Document("successes", TypeAdapter(Successes), Successes())


def successes(documents: Documents) -> Successes:
    """Return what is noted of all stages; empty before the first success."""
    return SUCCESSES.read(documents)


def note_success(store: Store, at: datetime, *stages: Stage) -> None:
    """Keep the moment at which stages succeeded, of each unless a later one is there already."""

    def succeed(known: Successes) -> Successes:
        return replace(known, at={**known.at, **{stage: max(at, known.at.get(stage, at)) for stage in stages}})

    if stages:
        SUCCESSES.change(store, succeed)


def ages(store: Store, expected: Collection[Stage], now: datetime) -> Mapping[Stage, timedelta]:
    """Return the age of the last success of each stage that is expected to succeed.

    A stage that was not expected before (a new stack, the provider's list switched on) is expected from `now` on.
    """

    def expect(known: Successes) -> Successes:
        return replace(known, expected_since={stage: known.expected_since.get(stage, now) for stage in expected})

    known = SUCCESSES.change(store, expect)
    return {stage: age for stage in expected if (age := known.age(stage, now)) is not None}
