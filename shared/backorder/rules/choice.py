"""Which names of a deletion list are chosen, and which of them are the best: `[select]` and `[score]`."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, StrictBool, StrictInt, StrictStr, field_validator, model_validator

from backorder.rules.values import Digits, ListColumn, Pattern, Score, Section, Weight, Zone, by_zone


class Keywords(Section):
    """Words that a label contains, begins or ends with. One suffices, or `all` of them are needed."""

    any: tuple[StrictStr, ...] = ()
    begin: tuple[StrictStr, ...] = ()
    end: tuple[StrictStr, ...] = ()
    all: StrictBool = False

    @field_validator("any", "begin", "end")
    @classmethod
    def _words(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        if not all(word.strip() for word in words):
            raise ValueError("an empty keyword is in every name: leave it out")
        return tuple(word.strip().lower() for word in words)


class Select(Section):
    """Which names of a deletion list are ordered. Labels are looked at as people read them (`bücher`, not `xn--…`)."""

    zones: tuple[Zone, ...] = ()
    """None: every zone."""
    length: tuple[StrictInt, StrictInt] | None = None
    """Of the label, in characters: at least, at most."""
    digits: Digits = True
    """True: may have; False: must not; "only": nothing else."""
    hyphens: StrictBool = True
    idn: StrictBool = True
    keywords: Keywords = Keywords()
    match: Pattern = None
    """Found anywhere in the label, unless it is anchored."""
    reject: Pattern = None
    columns: Mapping[str, ListColumn] = Field(default_factory=dict)
    """By the name of a column of the list's own. A list without the column is not asked; an empty cell meets only `!=`:
    a name of which nobody knows the value must not cost a fee."""
    min_score: Score | None = None

    @field_validator("length")
    @classmethod
    def _in_order(cls, length: tuple[int, int] | None) -> tuple[int, int] | None:
        if length is not None and not 1 <= length[0] <= length[1] <= 63:
            raise ValueError("write the shortest and the longest length, from 1 to 63, such as [3, 12]")
        return length


class Weights(Section):
    """What a name's score is made of, in shares: only how they compare to each other matters (docs/rules.md)."""

    length: Weight = Decimal(3)
    pronounceable: Weight = Decimal(2)
    words: Weight = Decimal(3)
    zone: Annotated[Mapping[Zone, Weight], BeforeValidator(by_zone)] = Field(
        default_factory=lambda: {"com": Decimal(2), "net": Decimal(1), "org": Decimal(1)}
    )

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.total:
            raise ValueError("with all weights at zero there is no score: give one of them more")
        return self

    @property
    def total(self) -> Decimal:
        """What a perfect name has, in the best zone."""
        return self.length + self.pronounceable + self.words + max(self.zone.values(), default=Decimal(0))
