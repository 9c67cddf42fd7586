"""Findings about what a person put into the lists bucket. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from backorder.documents.misplaced import Misplaced
from backorder.documents.unread import UnreadObjects
from backorder.domain.findings import Kind
from backorder.rules import BrokenRules
from reconciliation.findings.observation import Observation

OBJECT_KINDS = frozenset({Kind.LIST_UNREAD, Kind.LIST_MISPLACED, Kind.RULES_BROKEN})
_MOST_FAULTS = 3
_WHERE = "Lists are read in wanted/, dropping/ or cancel/, rules in rules.toml at the top of the bucket"


def examine_objects(
    unread: UnreadObjects, broken: BrokenRules | None, misplaced: Iterable[Misplaced] = ()
) -> Iterator[Observation]:
    """Whether all that was put there is read, and in its place, and the rules are good."""
    for each in misplaced:
        yield Observation(
            Kind.LIST_MISPLACED,
            f"list {each.name}",
            f"{each.sentence}: each name on {each.name} is ordered. If that is not what you want, put the list into "
            "cancel/, and then into dropping/, where the rules choose.",
            amount=each.up_to,
        )
    if broken is not None:
        yield Observation(Kind.RULES_BROKEN, "rules.toml", _told(broken))
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


def _told(broken: BrokenRules) -> str:
    hold = "the rules before it still hold" if broken.others else "there are no others, so nothing is chosen"
    all_faults = (
        f" (all faults: rules/{broken.version}.json in the reports bucket)" if len(broken.faults) > _MOST_FAULTS else ""
    )
    return (
        f"rules.toml of {broken.since:%-d %B %H:%M} UTC is broken and not used: {hold}. Mend it and upload it "
        f"again{all_faults}. {'; '.join(broken.faults[:_MOST_FAULTS])}"
    )
