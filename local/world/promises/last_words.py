"""`last_word`: each name is as the newest list under `wanted/` or `cancel/` left it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from backorder.domain.backorder import Backorder
from backorder.domain.states import WON, State
from backorder.domain.values import Origin, Source

STILL_TO_CANCEL = frozenset({State.SELECTED, State.HELD, State.QUEUED, State.SUBMITTING, State.REQUESTED, State.ACTIVE})
READ_WITHIN = timedelta(hours=6)
"""Events come late: a wish that is read after a name's last chance changes nothing."""
ORDERED_AND_DROPPED = frozenset({State.PROCESSING, State.AUCTION_PENDING, State.FAILED}) | WON
ANOTHER_DROP = timedelta(days=30)
"""What the rules choose that drops so much later than the cancel is another drop (docs/lists.md): stated here again."""


@dataclass(frozen=True, slots=True)
class Word:
    """What the newest of a person's lists says of a name. None: it says nothing of that."""

    kind: Literal["wanted", "cancel"]
    at: datetime
    priority: Decimal | None = None
    max_price: Decimal | None = None
    note: str | None = None
    list: str = ""
    """The key of that list."""


def newest(words: Mapping[str, Word], domain: str, word: Word) -> Word:
    """Return the one of both that counts: of the same second, a cancel."""
    before = words.get(domain)
    if before is None:
        return word
    one, other = before.at.replace(microsecond=0), word.at.replace(microsecond=0)
    if one != other:
        return before if one > other else word
    return before if before.kind == "cancel" else word


def words_broken(backorders: Sequence[Backorder], words: Mapping[str, Word]) -> Iterator[str]:
    """Whoever is not as the newest word left it, one line each."""
    latest: dict[str, Backorder] = {}
    for backorder in backorders:
        known = latest.get(backorder.domain)
        if known is None or backorder.cycle > known.cycle:
            latest[backorder.domain] = backorder
    for domain, word in words.items():
        if (newest_cycle := latest.get(domain)) is not None:
            wrong = _cancel_ignored(newest_cycle, word) if word.kind == "cancel" else _wish_ignored(newest_cycle, word)
            if wrong is not None:
                yield f"{domain}: {wrong}"


def _cancel_ignored(backorder: Backorder, word: Word) -> str | None:
    dropped_later = (
        backorder.schedule.batch_starts_at is not None and backorder.schedule.batch_starts_at > word.at + ANOTHER_DROP
    )
    if backorder.origin is Origin.FOREIGN or (backorder.wish.source is Source.DROPPING and dropped_later):
        return None
    if backorder.cancel_requested:
        return None
    if backorder.state in STILL_TO_CANCEL:
        return f"cancelled last, and it is {backorder.state}"
    # Where it was ordered all the same, the provider did not allow it any more.
    if any(step.entry is not None for step in backorder.history):
        return None
    ended_at = next((step.at for step in backorder.history if step.entered in ORDERED_AND_DROPPED), None)
    if ended_at is not None and ended_at > word.at + READ_WITHIN:
        return f"cancelled last, and it was ordered ({backorder.state})"
    return None


def _wish_ignored(backorder: Backorder, word: Word) -> str | None:
    if backorder.state is State.CANCELLED:
        is_over = backorder.schedule.last_chance is not None and backorder.schedule.last_chance <= word.at + READ_WITHIN
        return None if is_over else "wanted last, and it is CANCELLED"
    if backorder.cancel_requested:
        return "wanted last, and it is to be taken back"
    missed_later = backorder.state is State.MISSED and (backorder.outcome_at or word.at) > word.at + READ_WITHIN
    was_placed = any(step.entered.is_placed for step in backorder.history)
    if was_placed or not (backorder.state.is_waiting or missed_later):
        return None
    for name in ("priority", "max_price", "note"):
        said, stands = getattr(word, name), getattr(backorder.wish, name)
        if said is not None and said != stands:
            return f"its {name} is {stands}, and was last said to be {said}"
    return None
