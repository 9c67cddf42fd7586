"""A list that goes on from one invocation to the next: how often, how far it came, and when it is stopped. Pure."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

MOST_WITHOUT_PROGRESS = 2
"""Rounds in a row. One may be a table that throttled, or a note that was overwritten by another reader of the list."""

Place = tuple[int, int]
"""How far an object was read: lists in it that are at their end, and how much of the next one is done."""


class Rounds(BaseModel):
    """What a message that the function sends to itself says of those before it. One from outside says nothing."""

    model_config = ConfigDict(frozen=True)

    number: int = 0
    """Of the rounds so far."""
    place: Place = (0, 0)
    """To which the last one came."""
    without_progress: int = 0
    """Of the last ones, in a row, those that came no further than the one before."""

    def after(self, place: Place) -> Rounds:
        """With one more, which came to `place`."""
        stood_still = place <= self.place
        return Rounds(
            number=self.number + 1, place=place, without_progress=self.without_progress + 1 if stood_still else 0
        )

    @property
    def lead_nowhere(self) -> bool:
        """Another round would come no further, either."""
        return self.without_progress >= MOST_WITHOUT_PROGRESS
