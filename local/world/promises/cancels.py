"""What was cancelled stays cancelled: a part of `last_word`, for cancels of which it is known when they were read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from backorder.runtime.clock import iso
from local.world.promises.evidence import Evidence

UNDER_WAY = timedelta(minutes=3)
"""What a worker had begun when the cancel came takes effect by then."""


def ordered_in_spite(evidence: Evidence) -> Iterator[str]:
    """Yield the names that were ordered after their cancel was read, or that still wait to be."""
    for backorder in evidence.backorders:
        word = evidence.words.get(backorder.domain)
        if word is None or word.kind != "cancel":
            continue
        read_at = [step.at for step in backorder.history if step.entry is not None and step.entry.list == word.list]
        if not read_at:
            continue  # it came too late, or there was nothing to withdraw yet
        if backorder.state.is_waiting:
            yield f"{backorder.domain}: is {backorder.state}, and was cancelled at {iso(read_at[-1])}"
        for application in (*evidence.emulator["applications"], *evidence.emulator["deleted"]):
            ours = application["domain"] == backorder.domain and not application.get("foreign")
            if ours and application["created"] > iso(read_at[-1] + UNDER_WAY):
                yield f"{backorder.domain}: ordered at {application['created']}, cancelled at {iso(read_at[-1])}"
