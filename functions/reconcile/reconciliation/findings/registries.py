"""Findings about the table of registries: what the provider's dates say of its rows. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from backorder.domain.backorder import Backorder
from backorder.domain.dates import DateSource
from backorder.domain.findings import Kind
from backorder.domain.registries import Registries, Times
from backorder.domain.schedule import FINALIZATION_LEAD
from reconciliation.findings.observation import Observation

TOLERANCE = timedelta(minutes=30)
_BY_THE_PROVIDER = frozenset({DateSource.APPLICATION, DateSource.PROVIDER})


@dataclass(slots=True)
class ZoneEvidence:
    """What the provider's dates say of one zone's row."""

    row: Times
    agreeing: int = 0
    # By the difference between the row's moment and the provider's: how many names, and the first of them.
    contradicting: dict[timedelta, list[tuple[datetime, str]]] = field(default_factory=dict)

    @property
    def is_contradicted(self) -> bool:
        """Tell whether at least half of the names contradict the row."""
        return bool(self.contradicting) and self._number >= self.agreeing

    @property
    def _number(self) -> int:
        return sum(map(len, self.contradicting.values()))

    def advice(self, zone: str) -> str:
        """Return what is wrong, with both times, and what to write into rules.toml."""
        by, names = max(self.contradicting.items(), key=lambda each: (len(each[1]), each[0]))
        finalization_at, domain = min(names)
        expected = finalization_at + by
        drop_at = (finalization_at + FINALIZATION_LEAD).astimezone(self.row.time_zone)
        quoted = f'"{zone}"' if "." in zone else zone
        risk = "too late" if by > timedelta(0) else "too early"
        return (
            f"The table of registries is {risk} for .{zone}: by its row, the provider's last moment for {domain} is "
            f"{expected:%-d %B %H:%M} UTC, and the provider says {finalization_at:%-d %B %H:%M} UTC "
            f"({self._number:,} of {self._number + self.agreeing:,} names differ). Write [registries.{quoted}] with "
            f'starts = ["{drop_at:%H:%M}"] and time_zone = "{self.row.time_zone}" into rules.toml.'
        )


def registry_evidence(backorders: Iterable[Backorder], registries: Registries) -> Mapping[str, ZoneEvidence]:
    """Compare the provider's finalization dates with the rows that say when their zones' batches begin."""
    zones: dict[str, ZoneEvidence] = {}
    differences: dict[tuple[str, datetime], timedelta] = {}
    for backorder in backorders:
        row = registries.of(backorder.zone)
        finalization_at = backorder.schedule.finalization_at
        if row is None or not row.starts or finalization_at is None or backorder.dated_by not in _BY_THE_PROVIDER:
            continue
        key = backorder.zone, finalization_at
        if key not in differences:
            drop_at = finalization_at + FINALIZATION_LEAD
            differences[key] = row.nearest_start(drop_at) - drop_at
        evidence = zones.setdefault(backorder.zone, ZoneEvidence(row))
        if abs(differences[key]) <= TOLERANCE:
            evidence.agreeing += 1
        else:
            evidence.contradicting.setdefault(differences[key], []).append((finalization_at, backorder.domain))
    return zones


def registry_subject(zone: str) -> str:
    """Return what tells a zone's finding from others."""
    return f"zone {zone}"


def examine_registries(zones: Mapping[str, ZoneEvidence]) -> Iterator[Observation]:
    """Whether the provider's dates confirm the rows."""
    for zone, evidence in zones.items():
        if evidence.is_contradicted:
            yield Observation(Kind.REGISTRY_CONTRADICTED, registry_subject(zone), evidence.advice(zone))
