"""What became of a list's entries."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from backorder.store import ListRecord
from ingestion.arrived import Arrived, list_name

Kind = Literal["wanted", "dropping", "cancel", "rules", "ignored"]


class ListSummary(BaseModel):
    """The report on one list: `entries = rejected + not_selected + duplicates + accepted`."""

    model_config = ConfigDict(validate_assignment=False)

    name: str
    """The object's key; `archive#member` for one of several members."""
    version: str
    kind: Kind
    source: str
    """What it was recognised as."""
    encoding: str = ""
    modified: datetime
    entries: int = 0
    rejected: int = 0
    not_selected: int = 0
    duplicates: int = 0
    accepted: int = 0
    reasons: dict[str, int] = Field(default_factory=dict)
    """Why entries were rejected, with how many."""
    left_out_by: dict[str, int] = Field(default_factory=dict)
    """Which key of rules.toml, or which state, left entries out, with how many."""
    zones: dict[str, int] = Field(default_factory=dict)
    """Of the valid entries."""
    first_drop: date | None = None
    last_drop: date | None = None
    notes: list[str] = Field(default_factory=list)
    """What a person should know, in sentences."""
    rules: str | None = None
    """Tells the rules that chose from it from others."""
    rejects: str | None = None
    """Key of the list of rejects in the reports bucket."""
    read_at: datetime
    seconds: float = 0.0
    """That reading took, by the pipeline's clock."""

    @classmethod
    def about(cls, arrived: Arrived, kind: Kind, *, at: datetime) -> Self:
        """Of an object that holds no list."""
        return cls(
            name=list_name(arrived.key),
            version=arrived.version,
            kind=kind,
            source=kind,
            modified=arrived.modified,
            read_at=at,
        )

    @classmethod
    def of(cls, record: ListRecord) -> Self:
        """As it was written when the list was read."""
        fields = {name: getattr(record, name) for name in record.__dataclass_fields__ if name != "details"}
        return cls.model_validate({**fields, **record.details})

    def record(self) -> ListRecord:
        """As the store keeps it."""
        details = self.model_dump(mode="json", exclude=set(ListRecord.__dataclass_fields__))
        return ListRecord(
            name=self.name,
            version=self.version,
            kind=self.kind,
            source=self.source,
            modified=self.modified,
            read_at=self.read_at,
            entries=self.entries,
            rejected=self.rejected,
            not_selected=self.not_selected,
            duplicates=self.duplicates,
            accepted=self.accepted,
            notes=tuple(self.notes),
            details=details,
        )
