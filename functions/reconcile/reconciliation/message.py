"""The message to the topic: plain text that reads well in a mail client, what needs doing first on top."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backorder.finding import Finding, Kind

SUBJECT_LIMIT = 100
"""Characters of an SNS subject (ASCII)."""

_ORDER = (
    Kind.LINE_HALTED,
    Kind.SHORTFALL,
    Kind.UNEXPLAINED_DIFFERENCE,
    Kind.CHARGE_WITHOUT_SUCCESS,
    Kind.REFUND_MISSING,
)
_TITLES = {
    Kind.LINE_HALTED: "Orders have stopped",
    Kind.SHORTFALL: "Funds are short",
    Kind.UNEXPLAINED_DIFFERENCE: "The books do not explain the account",
    Kind.CHARGE_WITHOUT_SUCCESS: "Charged, but not caught",
    Kind.REFUND_MISSING: "Deposits that did not come back",
}


@dataclass(frozen=True, slots=True)
class Message:
    """One message a run."""

    subject: str
    body: str


def compose(findings: Sequence[Finding]) -> Message:
    """One message about all that is new, grouped by kind, the most urgent kind first."""
    groups = [(kind, [f for f in findings if f.kind is kind]) for kind in _ORDER]
    groups = [(kind, group) for kind, group in groups if group]
    first = _TITLES[groups[0][0]]
    rest = len(findings) - 1
    subject = f"Backorders: {first}" + (f" (and {rest} more)" if rest else "")
    sections = [
        "\n".join([_TITLES[kind], "=" * len(_TITLES[kind]), *(f"- {finding.advice}" for finding in group)])
        for kind, group in groups
    ]
    return Message(subject[:SUBJECT_LIMIT], "\n\n".join(sections) + "\n")
