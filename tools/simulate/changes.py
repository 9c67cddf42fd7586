"""What changes under the pipeline while it runs: drop dates, the rules, what a version takes for rules, the password,
and whether the provider answers at all.

Drawn after everything else of a scenario, and by chance of its own.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from backorder.domain.registries import Registries
from backorder.runtime.clock import iso
from tools.simulate.names import Name, Upload, list_of, rules

LONGEST_OUTAGE = timedelta(hours=4)
"""Until rules that an upgrade no longer understands are mended."""
LONGEST_WITHOUT_PASSWORD = timedelta(minutes=30)
"""Between the rotation at the provider and the one of the secret, whichever comes first."""
LONGEST_SILENCE = timedelta(hours=3)
"""Of the provider: an outage."""
_SHARE_SILENT = 0.25
_FOR_SE = '\n[provider.zones.se]\n"X-NICSE-IDNUMBER" = "556677-8899"\n'
_SHARE = 0.4
"""Of the seeds that meet with each of these."""


@dataclass(frozen=True, slots=True)
class Move:
    """A registry changes its mind about a drop; a list that comes later says so."""

    at: datetime
    before: Name
    after: Name
    told_at: datetime
    """When that list comes."""

    def outranked_by(self, uploads: Iterable[Upload]) -> bool:
        """Tell whether a person's own list dates the name, and the one that says so is a deletion list: then the
        person's counts, until the provider knows."""
        about = [upload for upload in uploads if self.after.domain in upload.domains]
        news = [upload for upload in about if upload.at == self.told_at and upload.kind == "dropping"]
        return bool(news) and any(upload.kind == "wanted" for upload in about)


@dataclass(frozen=True, slots=True)
class Changes:
    """Each happens at its moment, or never."""

    moves: tuple[Move, ...] = ()
    uploads: tuple[Upload, ...] = ()
    """Lists with the new dates, other rules, broken ones, and mended ones."""
    rules_outdated_at: datetime | None = None
    """An upgrade: the rules in use are not understood any more, until `rules_mended_at`."""
    rules_mended_at: datetime | None = None
    password_rotated_at: datetime | None = None
    secret_rotated_at: datetime | None = None
    dooms: float = 0.0
    """Share of the messages to the workers that kill whoever takes them."""
    redrives: tuple[datetime, ...] = ()
    """When somebody puts back what is in the dead-letter queue."""
    regrets: float = 0.0
    """Share of the orders that are taken back for want of funds whose user wants them no more just then."""

    silent_at: datetime | None = None
    """When the provider stops answering, for `silence`."""
    silence: timedelta = timedelta(0)

    @property
    def outage(self) -> timedelta:
        """How long nothing can be ordered: the rules are not understood, or the provider does not answer."""
        if self.rules_outdated_at is None or self.rules_mended_at is None:
            return self.silence
        return self.rules_mended_at - self.rules_outdated_at + self.silence


def draw_changes(
    seed: int, start: datetime, names: Sequence[Name], uploads: Iterable[Upload], *, ample: bool
) -> Changes:
    """The changes of a seed. Where money is short, only those after which the account may not owe anything."""
    rng = random.Random(f"changes {seed}")
    days = max(name.drop_at for name in names) - start
    moves = tuple(_moves(rng, names, list(uploads))) if ample and rng.random() < _SHARE else ()
    added = [*_new_rules(rng, start, days), *_lists(rng, moves)]
    outdated = mended = None
    if ample and rng.random() < _SHARE:
        outdated = start + rng.random() * min(days, timedelta(days=2))
        mended = outdated + rng.random() * LONGEST_OUTAGE
        added.append(Upload(mended, "rules.toml", rules(rng), ()))
    rotated = secret = None
    if rng.random() < _SHARE:
        rotated = start + rng.random() * days
        secret = rotated + rng.uniform(-1, 1) * LONGEST_WITHOUT_PASSWORD
    return Changes(
        moves=moves,
        uploads=tuple(added),
        rules_outdated_at=outdated,
        rules_mended_at=mended,
        password_rotated_at=rotated,
        secret_rotated_at=secret,
        dooms=rng.choice((0.0, 0.0, 0.05)),
        redrives=tuple(start + hours * timedelta(hours=1) for hours in _hours(rng, days)),
        regrets=rng.choice((0.0, 0.5, 1.0)),
        **_silence(random.Random(f"silence {seed}"), start, days),
    )


def _silence(rng: random.Random, start: datetime, days: timedelta) -> dict[str, Any]:
    if rng.random() > _SHARE_SILENT:
        return {}
    return {"silent_at": start + rng.random() * days, "silence": rng.uniform(0.1, 1.0) * LONGEST_SILENCE}


def _hours(rng: random.Random, days: timedelta) -> Iterator[float]:
    hour = 0.0
    while (hour := hour + rng.uniform(1, 30)) < days / timedelta(hours=1):
        yield hour


def _new_rules(rng: random.Random, start: datetime, days: timedelta) -> Iterator[Upload]:
    for _ in range(rng.choice((0, 0, 1, 2))):
        text = rng.choice((rules(rng), rules(rng) + _FOR_SE, "[select\nzones = 7\n"))
        yield Upload(start + rng.random() * days, "rules.toml", text, ())


def _moves(rng: random.Random, names: Sequence[Name], uploads: list[Upload]) -> Iterator[Move]:
    """Names that lists date, whose lists are all there by then; each is moved once, with a day's notice at least."""
    registries = Registries.load()
    for name in names:
        told = [upload.at for upload in uploads if upload.kind != "cancel" and name.domain in upload.domains]
        special = name.former or name.refused or name.stranger_at is not None
        if special or name.undated or not told or rng.random() < 0.5:
            continue
        at = max(told) + timedelta(minutes=rng.uniform(10, 360))
        day = name.drop_at.date() + timedelta(days=rng.choice((-2, -1, 1, 2)))
        drop_at = registries.batch(name.zone, day).starts_at
        finalization_at = drop_at - (name.drop_at - name.finalization_at)
        told_at = at + timedelta(minutes=rng.uniform(1, 120))
        if min(name.finalization_at, finalization_at) < told_at + timedelta(hours=30):
            continue
        yield Move(at, name, replace(name, drop_at=drop_at, finalization_at=finalization_at), told_at)


def _lists(rng: random.Random, moves: Iterable[Move]) -> Iterator[Upload]:
    for number, move in enumerate(moves):
        kind = rng.choice(("wanted", "dropping"))
        yield list_of(rng, f"{kind}/moved{number}-{iso(move.at):.10}.csv", move.told_at, [move.after])
