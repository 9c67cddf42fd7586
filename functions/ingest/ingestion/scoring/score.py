"""The score: how short a name is, how pronounceable, of which words, in which zone. Pure.

Each part is a value from 0 to 1, times its weight; all weights together make 10 points (docs/rules.md).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from operator import itemgetter
from typing import Any, NamedTuple

from backorder.domain.domains import Domain
from backorder.rules import Weights
from ingestion.scoring.words import FIRST_LETTERS, Lexicon, lexicon

SHORT, LONG = 4, 20
"""Characters: a label of so many, or less, is as short as counts; one of so many, or more, is long."""
_WORDS_WORTH = {1: 1.0, 2: 0.9, 3: 0.6}
_MANY_WORDS_WORTH = 0.3
_LEAST_COMMON_WORTH = 0.6
"""What a word is worth that is barely in the lists; the most common are worth 1."""
_BY_CHANCE = 2
"""Letters of a word that is none by itself."""
_BEST = 100
"""Tenths of a point."""
_letters = re.compile(r"[^\W\d_]+").findall
_POINTS = tuple(Decimal(tenths) / 10 for tenths in range(_BEST + 1))
_IN_POINTS = tuple(f"{tenths / 10:.1f}" for tenths in range(_BEST + 1))


class Score(NamedTuple):
    """Points from 0 to 10, with one decimal: the sum of its parts. A tuple, as there are many."""

    # Of each part that has a weight, its points in tenths. `words` and `zone` are told by what they are.
    tenths: tuple[tuple[str, int], ...]
    words: tuple[str, ...]
    zone: str

    @property
    def points(self) -> Decimal:
        return _POINTS[self._tenths]

    @property
    def _tenths(self) -> int:
        return min(sum([tenths for _, tenths in self.tenths]), _BEST)

    @property
    def parts(self) -> tuple[tuple[str, int], ...]:
        """What is told for each part, and its points, in tenths."""
        told = {"words": f"words *{'*+*'.join(self.words)}*" if self.words else "no words", "zone": f".{self.zone}"}
        return tuple((told.get(name, name), tenths) for name, tenths in self.tenths)

    def __str__(self) -> str:
        """`7.4: short 2.6, pronounceable 1.9, words *solar*+*roof* 2.0, .com 0.9`."""
        return (
            f"{_IN_POINTS[self._tenths]}: {', '.join([f'{told} {_IN_POINTS[tenths]}' for told, tenths in self.parts])}"
        )


class Scorer:
    """Scores names by `[score]`."""

    def __init__(self, weights: Weights) -> None:
        share = _BEST / weights.total
        self._length = float(weights.length * share)
        self._pronounceable = float(weights.pronounceable * share)
        self._words = float(weights.words * share)
        self._most_for_words = _rounded(self._words)
        self._short = [_rounded(self._length * shortness("x" * length)) for length in range(LONG + 1)]
        """By the number of characters."""
        self._zones = {zone: round(weight * share) for zone, weight in weights.zone.items()}

    def score(self, domain: Domain) -> Score:
        """The score of a name. A label is looked at as people read it."""
        found = self.at_least(domain, 0)
        assert found is not None, "each has that much"
        return found

    def at_least(self, domain: Domain, least: int) -> Score | None:
        """The score of a name, if it is `least` tenths of a point or more. To look for words takes longest: that is
        left out where no words could be enough."""
        label, zone = domain.unicode_label, domain.zone
        known = lexicon(zone)
        tenths: list[tuple[str, int]] = []
        reached = self._zones.get(zone, 0) if self._zones else 0
        if self._length:
            short = self._short[min(len(label), LONG)]
            reached += short
            tenths.append(("short", short))
        if self._pronounceable and reached + self._most_for_words < least - _rounded(self._pronounceable):
            return None
        if self._pronounceable:
            usual = _rounded(self._pronounceable * pronounceable(label, known))
            reached += usual
            tenths.append(("pronounceable", usual))
        words: tuple[str, ...] = ()
        if self._words:
            if reached + self._most_for_words < least:
                return None
            words = words_in(label, known)
            of_words = _rounded(self._words * worth(words, label, known))
            reached += of_words
            tenths.append(("words", of_words))
        if reached < least:
            return None
        if self._zones:
            tenths.append(("zone", self._zones.get(zone, 0)))
        return Score(tuple(tenths), words, zone)


def _rounded(tenths: float) -> int:
    return int(tenths + 0.5)


def shortness(label: str) -> float:
    """1 for up to four characters, 0 from twenty on, and evenly between."""
    return min(max((LONG - len(label)) / (LONG - SHORT), 0.0), 1.0)


def pronounceable(label: str, known: Lexicon) -> float:
    """The share of the label's letter triples that are usual in words."""
    return sum(map(known.triples.__contains__, _triples_in(len(label))(f"^{label}$"))) / len(label)


@cache
def _triples_in(length: int) -> Callable[[str], tuple[str, ...]]:
    """What takes three letters in a row, at each of the first `length` places, from a text that is long enough."""
    if length == 1:
        return lambda text: (text[:3],)
    places: list[Any] = [slice(at, at + 3) for at in range(length)]
    return itemgetter(*places)


def words_in(label: str, known: Lexicon) -> tuple[str, ...]:
    """The words that a label is made of: of all ways to find some, the one with the longest words.

    What is between hyphens and digits is looked at by itself. Two random letters are often a word: so they are one
    only beside a longer one, and where no letters are left over.
    """
    if label in known.words:
        return (label,) if len(label) > _BY_CHANCE else ()
    words = [word for letters in _letters(label) for word in _split(letters, known)]
    return tuple(words) if words and len(max(words, key=len)) > _BY_CHANCE else ()


def _split(letters: str, known: Lexicon) -> list[str]:
    """Maximises the sum of the squares of the words' lengths, then their commonness; letters may belong to no word."""
    common = known.words.get
    if common(letters) is not None:
        return [letters]
    begun_by, end_of_all = known.lengths.get, len(letters)
    # By the place that they end at: the best sum, and where the last word of it begins (a letter alone: there).
    sums, starts = [0.0] * (end_of_all + 1), [0] * (end_of_all + 1)
    best = 0.0
    for begin in range(end_of_all + 1):
        if sums[begin] > best:
            best = sums[begin]
        else:
            sums[begin], starts[begin] = best, begin
        for length in (
            begun_by(letters[begin : begin + FIRST_LETTERS])
            or begun_by(letters[begin : begin + 3])
            or begun_by(letters[begin : begin + 2])
            or ()
        ):
            end = begin + length
            if end > end_of_all:
                break
            commonness = common(letters[begin:end])
            if commonness is not None and (value := best + length**2 + commonness) > sums[end]:
                sums[end], starts[end] = value, begin
    found: list[str] = []
    end = end_of_all
    while end:
        start = starts[end]
        if start == end:
            end -= 1
        else:
            found.append(letters[start:end])
            end = start
    if sum(map(len, found)) < end_of_all:
        found = [word for word in found if len(word) > _BY_CHANCE]
    return found[::-1]


def worth(found: tuple[str, ...], label: str, known: Lexicon) -> float:
    """What the words are worth: much if they are few and common, and leave nothing of the label over."""
    if not found:
        return 0.0
    covered = sum(map(len, found)) / len(label)
    common = sum([known.words[word] for word in found]) / len(found)
    worth_of_common = _LEAST_COMMON_WORTH + (1 - _LEAST_COMMON_WORTH) * common
    return covered**2 * _WORDS_WORTH.get(len(found), _MANY_WORDS_WORTH) * worth_of_common
