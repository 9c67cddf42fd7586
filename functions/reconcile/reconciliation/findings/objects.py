"""Findings about what a person put into the lists bucket. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from backorder.finding import Kind
from backorder.unread import UnreadObjects
from reconciliation.findings.observation import Observation

OBJECT_KINDS = frozenset({Kind.LIST_UNREAD})
_WHERE = "Lists are read in wanted/, dropping/ or cancel/, rules in rules.toml at the top of the bucket"


def examine_objects(unread: UnreadObjects) -> Iterator[Observation]:
    """Whether all that was put there is read."""
    for one in unread.first:
        yield Observation(
            Kind.LIST_UNREAD,
            f"object {one.key}",
            f"Nothing reads {one.key}, put there on {one.put:%-d %B %H:%M} UTC: {one.why}. {_WHERE}: move it there, or "
            "delete it.",
        )
    if unread.more:
        yield Observation(
            Kind.LIST_UNREAD,
            "more objects",
            f"Nothing reads {unread.more:,} more objects in the lists bucket. {_WHERE}: keep nothing else there.",
        )
