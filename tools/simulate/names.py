"""The names of a simulation, and the files about them that somebody puts into the bucket."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from backorder.domain.registries import Registries
from backorder.runtime.clock import iso
from local.world.promises.last_words import Word, newest

Dating = Literal["undated", "day", "moment", "finalization"]


@dataclass(frozen=True, slots=True)
class Name:
    """One domain, and what is true of it. What lists say of it is in `dating`."""

    domain: str
    zone: str
    drop_at: datetime
    finalization_at: datetime
    dating: Dating
    former: bool = False
    """It dropped a while ago, and an application of this account for it ended then."""
    stranger_at: datetime | None = None
    """Somebody orders it by hand, with the same login."""

    @property
    def undated(self) -> bool:
        """No list says when it drops."""
        return self.dating == "undated"

    @property
    def refused(self) -> bool:
        """The provider does not take its zone."""
        return self.zone == "de"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that is put into the lists bucket."""

    at: datetime
    key: str
    body: str
    domains: tuple[str, ...]
    """The good names on it."""
    event_after: timedelta = timedelta(0)
    """So long after its upload the bucket tells of it."""

    @property
    def kind(self) -> str:
        return self.key.partition("/")[0]


def last_words(uploads: Iterable[Upload]) -> dict[str, Word]:
    """Return what the newest list under wanted/ or cancel/ says of each name; its first line on a list counts."""
    words: dict[str, Word] = {}
    for upload in uploads:
        if upload.kind in ("wanted", "cancel"):
            for domain in dict.fromkeys(upload.domains):
                words[domain] = newest(words, domain, _word(upload, domain))
    return words


def _word(upload: Upload, domain: str) -> Word:
    if upload.kind == "cancel":
        return Word("cancel", upload.at, list=upload.key)
    cells = next(line for line in upload.body.splitlines() if line.startswith(f"{domain},")).split(",")
    priority, max_price = (Decimal(cell) if cell else None for cell in cells[3:5])
    return Word("wanted", upload.at, priority, max_price, list=upload.key)


def list_of(rng: random.Random, key: str, at: datetime, names: list[Name]) -> Upload:
    """A list with these names, dated as each of them is."""
    priced = rng.random() < 0.2
    lines = ["domain,drop date,finalization date,priority,max price"]
    for name in names:
        drop, finalization = "", ""
        if name.dating == "day":
            drop = str(_drop_day(name))
        elif name.dating == "moment":
            drop = iso(name.drop_at)
        elif name.dating == "finalization":
            finalization = iso(name.finalization_at)
        price = rng.choice(("", "50.00", "100.00")) if priced else ""
        lines.append(f"{name.domain},{drop},{finalization},{rng.choice(('', '1', '5', '9'))},{price}")
    if rng.random() < 0.3:
        lines += ["not_a_name.com,,,,", names[0].domain + ",,,,"]
    return Upload(at, key, "\n".join(lines) + "\n", tuple(name.domain for name in names))


def _drop_day(name: Name) -> object:
    registries = Registries.load()
    day = name.drop_at.date()
    # The day as its registry dates it: a zone without a known batch is taken to drop the day before.
    for shift in (0, 1, -1):
        candidate = day + timedelta(days=shift)
        if registries.batch(name.zone, candidate).starts_at == name.drop_at:
            return candidate
    return day


def rules(rng: random.Random) -> str:
    """Good ones, of several kinds."""
    zones = rng.choice(('["com", "net"]', '["com", "org", "info", "xyz", "de"]'))
    return f'[select]\nzones = {zones}\n\n[fees]\ndefault = "69.00"\n'
