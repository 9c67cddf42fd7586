"""The lists of a run: what they are called, when they are uploaded, and when their names drop on the emulator."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from backorder.domain.registries import Registries
from backorder.domain.schedule import schedule
from backorder.runtime.clock import iso
from ingestion.reading import Entry, read_lists
from ingestion.reading.encodings import known_encoding
from local.run.options import LONGEST_DAYS
from local.world.promises.last_words import Word

SPREAD_DAYS = 10
"""Names without a date drop on days spread over so many that follow the start."""
LEAD_DAYS = 6
"""A run starts so many days before the first drop of its lists."""


class Unusable(ValueError):
    """An argument or a file that a run cannot work with; the message says what and where."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file, the key that it gets, and the day of the run on which it is uploaded."""

    given: str
    """As the user named it: the list is reported under this name."""
    path: Path
    key: str
    day: int


def uploads(files: Iterable[str], kind: str) -> list[Upload]:
    """From `FILE[@DAY]` arguments. Files of the same name in different folders get different keys.

    Raises Unusable for a file that is not there or a day that is none.
    """
    chosen: list[Upload] = []
    for argument in files:
        given, day = _split(argument)
        path = Path(given)
        if path.is_dir():
            raise Unusable(f"--list {given}: is a folder, not a file")
        if not path.is_file():
            raise Unusable(f"--list {given}: there is no such file")
        key = f"{kind}/{path.name}"
        others = {upload.key for upload in chosen if upload.path.resolve() != path.resolve()}
        number = 2
        while key in others:
            key = f"{kind}/{number}-{path.name}"
            number += 1
        chosen.append(Upload(given, path, key, day))
    return chosen


def _split(argument: str) -> tuple[str, int]:
    if Path(argument).exists():
        return argument, 0
    given, at, day = argument.rpartition("@")
    if not at:
        return argument, 0
    if not day.isdecimal():
        raise Unusable(f"--list {argument}: {day!r} after the @ is no day; give a whole number, as in {given}@2")
    # Compared by length first: Python reads no number of thousands of digits.
    if len(day) > len(str(LONGEST_DAYS)) or int(day) > LONGEST_DAYS:
        raise Unusable(f"--list {argument}: days go from 0 to {LONGEST_DAYS}")
    return given, int(day)


@dataclass(frozen=True, slots=True)
class Names:
    """What the lists of a run hold, as far as the emulator's world is concerned."""

    entries: tuple[Entry, ...]
    """One a domain: the last list that dates it counts."""
    count: int
    """Entries of all lists, good and bad."""
    # The last list with each name, and its first line about it.
    wishes: Mapping[str, tuple[Upload, Entry]] = field(default_factory=dict)


def read_names(chosen: Iterable[Upload], encoding: str | None = None) -> Names:
    """Reads all lists with the pipeline's own reader; `encoding`: the declared one."""
    entries: dict[str, Entry] = {}
    wishes: dict[str, tuple[Upload, Entry]] = {}
    count = 0
    for upload in sorted(chosen, key=lambda upload: upload.day):
        with upload.path.open("rb") as file:
            for one in read_lists(file, name=upload.path.name, encoding=known_encoding(encoding or "")):
                for item in one.items:
                    count += 1
                    if not isinstance(item, Entry):
                        continue
                    domain = item.domain.name
                    if _is_dated(item) or domain not in entries:
                        entries[domain] = item
                    if domain not in wishes or wishes[domain][0] is not upload:
                        wishes[domain] = upload, item
    return Names(tuple(entries.values()), count, wishes)


def last_words(names: Names, kind: str, start: datetime, until: datetime) -> dict[str, Word]:
    """Return what the newest list says of each name, of lists that were uploaded `until` then; for deletion lists,
    nothing. A name of which a later list is still to come is left out."""
    if kind not in ("wanted", "cancel"):
        return {}
    words: dict[str, Word] = {}
    for domain, (upload, entry) in names.wishes.items():
        at = start + timedelta(days=upload.day)
        if at <= until and kind == "cancel":
            words[domain] = Word("cancel", at, list=upload.key)
        elif at <= until:
            words[domain] = Word("wanted", at, entry.priority, entry.max_price, entry.note, list=upload.key)
    return words


def _is_dated(entry: Entry) -> bool:
    return any(moment is not None for moment in (entry.drop_day, entry.drop_at, entry.finalization_at))


def start_of(names: Names, today: datetime, registries: Registries) -> datetime:
    """Six days before the first drop of the lists, at 00:00 UTC; without any date, today at 00:00."""
    moments = (
        schedule(
            entry.domain.zone,
            drop_day=entry.drop_day,
            drop_at=entry.drop_at,
            finalization_at=entry.finalization_at,
            registries=registries,
        ).batch_starts_at
        for entry in names.entries
        if _is_dated(entry)
    )
    first = min((moment for moment in moments if moment is not None), default=None)
    day = today if first is None else first - timedelta(days=LEAD_DAYS)
    return day.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def drops(names: Names, start: datetime, seed: int, registries: Registries) -> Iterator[dict[str, str]]:
    """When each name drops, for the emulator: as its list says, else on a day that seed and name choose."""
    for entry in names.entries:
        drop = {"domain": entry.domain.name}
        if entry.finalization_at is not None:
            drop["finalization_at"] = iso(entry.finalization_at)
        if entry.drop_at is not None:
            drop["drop_at"] = iso(entry.drop_at)
        elif entry.finalization_at is None:
            day = entry.drop_day or (start + timedelta(days=1 + _draw(seed, entry.domain.name))).date()
            drop["drop_at"] = iso(registries.batch(entry.domain.zone, day).starts_at)
        yield drop


def _draw(seed: int, domain: str) -> int:
    digest = hashlib.sha256(f"{seed}:{domain}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % SPREAD_DAYS
