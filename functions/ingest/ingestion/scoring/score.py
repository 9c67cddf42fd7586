"""The score: how short a name is, how pronounceable, of which words, in which zone. Pure.

Each part is a value from 0 to 1, times its weight; all weights together make 10 points (docs/rules.md).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from backorder.domains import Domain
from backorder.rules import Weights
from ingestion.scoring.words import Lexicon, lexicon, triples_of

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


@dataclass(frozen=True, slots=True)
class Score:
    """Points from 0 to 10, with one decimal: the sum of its parts, as they are told."""

    parts: tuple[tuple[str, int], ...]
    """What is told for each, and its points, in tenths."""

    @property
    def points(self) -> Decimal:
        return Decimal(min(sum(tenths for _, tenths in self.parts), _BEST)) / 10

    def __str__(self) -> str:
        """`7.4: short 2.6, pronounceable 1.9, words *solar*+*roof* 2.0, .com 0.9`."""
        return f"{self.points:.1f}: {', '.join(f'{told} {tenths / 10:.1f}' for told, tenths in self.parts)}"


class Scorer:
    """Scores names by `[score]`."""

    def __init__(self, weights: Weights) -> None:
        share = _BEST / weights.total
        self._length = float(weights.length * share)
        self._pronounceable = float(weights.pronounceable * share)
        self._words = float(weights.words * share)
        self._zones = {zone: round(weight * share) for zone, weight in weights.zone.items()}

    def score(self, domain: Domain) -> Score:
        """The score of a name. A label is looked at as people read it."""
        label, zone = domain.unicode_label, domain.zone
        known = lexicon(zone)
        parts: list[tuple[str, int]] = []
        if self._length:
            parts.append(("short", _rounded(self._length * shortness(label))))
        if self._pronounceable:
            parts.append(("pronounceable", _rounded(self._pronounceable * pronounceable(label, known))))
        if self._words:
            found = words_in(label, known)
            told = f"words *{'*+*'.join(found)}*" if found else "no words"
            parts.append((told, _rounded(self._words * worth(found, label, known))))
        if self._zones:
            parts.append((f".{zone}", self._zones.get(zone, 0)))
        return Score(tuple(parts))


def _rounded(tenths: float) -> int:
    return int(tenths + 0.5)


def shortness(label: str) -> float:
    """1 for up to four characters, 0 from twenty on, and evenly between."""
    return min(max((LONG - len(label)) / (LONG - SHORT), 0.0), 1.0)


def pronounceable(label: str, known: Lexicon) -> float:
    """The share of the label's letter triples that are usual in words."""
    triples = triples_of(label)
    return sum(triple in known.triples for triple in triples) / len(triples)


def words_in(label: str, known: Lexicon) -> tuple[str, ...]:
    """The words that a label is made of: of all ways to find some, the one with the longest words.

    What is between hyphens and digits is looked at by itself. Two random letters are often a word: so they are one
    only beside a longer one, and where no letters are left over.
    """
    words = tuple(word for letters in _letters(label) for word in _split(letters, known))
    return words if any(len(word) > _BY_CHANCE for word in words) else ()


def _split(letters: str, known: Lexicon) -> list[str]:
    """Maximises the sum of the squares of the words' lengths, then their commonness; letters may belong to no word."""
    words, longest = known.words, known.longest
    if letters in words:
        return [letters]
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(letters) + 1):
        reached, start = best[end - 1][0], end
        for begin in range(max(0, end - longest), end - 1):
            common = words.get(letters[begin:end])
            if common is not None and (value := best[begin][0] + (end - begin) ** 2 + common) > reached:
                reached, start = value, begin
        best.append((reached, start))
    found: list[str] = []
    end = len(letters)
    while end:
        start = best[end][1]
        if start == end:
            end -= 1
        else:
            found.append(letters[start:end])
            end = start
    if sum(map(len, found)) < len(letters):
        found = [word for word in found if len(word) > _BY_CHANCE]
    return found[::-1]


def worth(found: tuple[str, ...], label: str, known: Lexicon) -> float:
    """What the words are worth: much if they are few and common, and leave nothing of the label over."""
    if not found:
        return 0.0
    covered = sum(map(len, found)) / len(label)
    common = sum(known.words[word] for word in found) / len(found)
    worth_of_common = _LEAST_COMMON_WORTH + (1 - _LEAST_COMMON_WORTH) * common
    return covered**2 * _WORDS_WORTH.get(len(found), _MANY_WORDS_WORTH) * worth_of_common
