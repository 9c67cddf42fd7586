"""A name that is missing from a list was renewed, but only where the list is complete for its zone and day.

Two registries publish the whole of what they are about to release. Their lists count as complete. The provider's does
not, since who downloads or fetches it may choose what is on it; nor does one of which a day has several. Even a
complete source's file may have been filtered, or cut, or be an old one. So a list is believed for a zone and a day only
if the last list of that source had some names there, hardly fewer are on this one, and nearly all of a sample of them
are; and of a name's absence it tells only if that last list had the name. Whoever leaves out names with hyphens, or
with digits, leaves out too many to be believed. A name or two taken out by hand look like names that were renewed.

To believe too little costs little: an order for a name that does not drop is lost, and its deposit comes back.

What is kept of a list for the next one, for each zone: its LastModified, the number and a sample of the names of each
day, and which of our names were on it. Bounded by the days of a list, and by the names that were chosen.
"""

from __future__ import annotations

import re
import zlib
from bisect import insort
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime

from pydantic import BaseModel, Field

from backorder.store import Store
from ingestion.reading import Entry, Reject

COMPLETE = {
    "Nominet": ("uk",),
    "Internetstiftelsen": ("se", "nu"),
    "Internetstiftelsen, JSON": ("se", "nu"),
}
"""Sources whose lists are complete for their days, and the top-level domains that they are complete for."""
SAMPLE = 100
"""Names of a zone and day that are remembered."""
FEWEST = 20
"""Names that a day has to have: of fewer, nothing can be concluded."""
STILL_THERE = 0.95
"""Part of the sample that has to be on the next list: within some days, few names are renewed."""
GONE = 0.03
"""Part of a day's names by which it may be shorter on the next list; or by two names, where that is more."""
MOST_DAYS = 100
"""Days of a zone that are sampled."""
MOST_OURS = 3_000
"""Names of ours in a zone that are remembered. If there are more, nothing is concluded: an item ends at 400 KB, and
with the sample, at 20 bytes a name, this comes to 260 KB."""
MOST_REJECTED = 0.01
"""Part of a list. One of which more was rejected may have the names that seem to be missing."""

_names_in = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+").findall


class Remembered(BaseModel):
    """What is kept of a source's last list, for one zone."""

    modified: datetime
    names: dict[date, int] = Field(default_factory=dict)
    """How many."""
    sample: dict[date, list[str]] = Field(default_factory=dict)
    ours: list[str] = Field(default_factory=list)


class Survey:
    """Looks on while a list of a complete source is read."""

    def __init__(self, store: Store, source: str, told_at: datetime, ours: Iterable[str]) -> None:
        """`ours`: names that have a backorder. `told_at`: how old is what the list says."""
        self._store = store
        self._top_level = COMPLETE[source]
        self._told_at = told_at
        self._ours = frozenset(ours)
        self._before: dict[str, Remembered | None] = {}
        self._looked_for: set[str] = set(self._ours)
        self._seen: set[str] = set()
        self._days: dict[str, dict[date, list[tuple[int, str]]]] = {}
        self._names: dict[str, Counter[date]] = {}

    def note(self, entry: Entry) -> None:
        """An entry of the list."""
        name, zone, day = entry.domain.name, entry.domain.zone, entry.day
        if zone.rpartition(".")[2] not in self._top_level:
            return
        if zone not in self._before:
            self._days[zone], self._names[zone] = {}, Counter()
            self._before[zone] = before = self._remembered(zone)
            if before is not None:
                self._looked_for.update(name for names in before.sample.values() for name in names)
        if name in self._looked_for:
            self._seen.add(name)
        days = self._days[zone]
        if day is not None and (day in days or len(days) < MOST_DAYS):
            # Those with the smallest hashes: chosen by no order that a list could have, and mostly the same each time.
            sample = days.setdefault(day, [])
            self._names[zone][day] += 1
            ranked = (zlib.crc32(name.encode("ascii")), name)
            if (len(sample) < SAMPLE or ranked < sample[-1]) and ranked not in sample:
                insort(sample, ranked)
                del sample[SAMPLE:]

    def note_reject(self, reject: Reject) -> None:
        """A line that was rejected: a name in it is not missing."""
        self._seen.update(self._looked_for.intersection(_names_in(reject.text.lower())))

    def missing(self, *, rejected: int, entries: int) -> Iterator[tuple[str, frozenset[date]]]:
        """Names of ours that were on the last list and are not on this one, which was read to its end; and the days for
        which it is believed in their zone."""
        if rejected > MOST_REJECTED * entries:
            return
        for zone, before in self._before.items():
            if before is None or not before.modified < self._told_at:
                continue
            for name in before.ours:
                if name in self._ours and name not in self._seen:
                    days = before.sample.keys() & self._days[zone].keys()
                    yield name, frozenset(day for day in days if self._is_believed(zone, day, before, name))

    def _is_believed(self, zone: str, day: date, before: Remembered, missing: str) -> bool:
        number = before.names.get(day, 0)
        others = [name for name in before.sample[day] if name != missing]
        still_there = sum(name in self._seen for name in others)
        gone = number - self._names[zone][day]
        return number >= FEWEST and gone <= max(2, GONE * number) and still_there >= STILL_THERE * len(others)

    def keep(self, chosen: Iterable[str]) -> None:
        """Remembers this list, unless a newer one was read. `chosen`: names that have a backorder since."""
        on_it = self._seen & self._ours | set(chosen)
        for zone, before in self._before.items():
            if before is not None and before.modified >= self._told_at:
                continue
            ours = sorted(
                name for name in on_it if name.endswith(f".{zone}") and name.count(".") == zone.count(".") + 1
            )
            kept = Remembered(
                modified=self._told_at,
                names=dict(self._names[zone]),
                sample={day: [name for _, name in names] for day, names in self._days[zone].items()},
                ours=ours if len(ours) <= MOST_OURS else [],
            )
            self._store.put_document(f"complete#{zone}", kept.model_dump(mode="json"))

    def _remembered(self, zone: str) -> Remembered | None:
        body = self._store.document(f"complete#{zone}")
        return None if body is None else Remembered.model_validate(body)
