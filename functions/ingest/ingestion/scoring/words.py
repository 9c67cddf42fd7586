"""Words and their commonness, by the languages that are read in a zone, from the lists of wordfreq.

wordfreq's `small` lists have the words that are at least one in a million. They are read as the library stores them:
to import it costs a cold start more than to read them, for the tokenisers that it sets up.
"""

from __future__ import annotations

import gzip
import importlib.util
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import repeat
from pathlib import Path

import msgpack

ENGLISH = "en"
WIDESPREAD = ("es", "de", "fr", "it", "pt")
"""Besides English, in zones that are no country's."""
_LANGUAGES: Mapping[str, tuple[str, ...]] = {
    "ae": ("ar",),
    "ar": ("es",),
    "at": ("de",),
    "bd": ("bn",),
    "be": ("nl", "fr"),
    "bg": ("bg",),
    "br": ("pt",),
    "cat": ("ca",),
    "ch": ("de", "fr", "it"),
    "cl": ("es",),
    "cn": ("zh",),
    "cz": ("cs",),
    "de": ("de",),
    "dk": ("da",),
    "es": ("es", "ca"),
    "fi": ("fi", "sv"),
    "fr": ("fr",),
    "gr": ("el",),
    "hr": ("sh",),
    "hu": ("hu",),
    "id": ("id",),
    "il": ("he",),
    "in": ("hi", "ta", "bn"),
    "ir": ("fa",),
    "is": ("is",),
    "it": ("it",),
    "jp": ("ja",),
    "kr": ("ko",),
    "li": ("de",),
    "lt": ("lt",),
    "lu": ("fr", "de"),
    "lv": ("lv",),
    "mk": ("mk",),
    "mx": ("es",),
    "my": ("ms",),
    "nl": ("nl",),
    "no": ("nb",),
    "nu": ("sv",),
    "pe": ("es",),
    "ph": ("fil",),
    "pk": ("ur",),
    "pl": ("pl",),
    "pt": ("pt",),
    "ro": ("ro",),
    "rs": ("sh",),
    "ru": ("ru",),
    "sa": ("ar",),
    "se": ("sv",),
    "si": ("sl",),
    "sk": ("sk",),
    "su": ("ru",),
    "tr": ("tr",),
    "ua": ("uk", "ru"),
    "uk": (),
    "us": (),
    "vn": ("vi",),
    "xn--p1ai": ("ru",),
}
"""By the last label of a zone. Other zones are read in English and the widespread languages."""

_LEAST = {1: 1000, 2: 600, 3: 390, 4: 350, **dict.fromkeys(range(5, 64), 300)}
"""How common a word of so many letters must be to be seen in a name, in hundredths of wordfreq's Zipf scale: short
ones are in any name by chance. 300 is one in a million words of text, 600 one in a thousand."""
_LEAST_FOREIGN = {1: 1000, 2: 1000, 3: 1000, 4: 450, **dict.fromkeys(range(5, 64), 400)}
_ORDINARY, _COMMON = 300, 550
"""From the first to the second, a word's commonness goes from 0 to 1."""
_TRIPLES_FROM = 450
_MANY_WORDS = 3
"""Words in which a triple of letters must be to count as usual."""
FIRST_LETTERS = 4
"""So many are enough to tell that few words, or none, begin so."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The words of some languages."""

    words: Mapping[str, float]
    """With their commonness, from 0 to 1."""
    triples: frozenset[str]
    """Three letters in a row that are usual in these languages; `^` and `$` are a word's ends."""
    lengths: Mapping[str, tuple[int, ...]]
    """How long the words are that begin with some letters, shortest first: by the first four letters, or by all letters
    of a shorter word. Who looks for words in a label asks here first, and is spared most lookups in `words`."""

    @classmethod
    def of(cls, words: Mapping[str, float], triples: frozenset[str]) -> Lexicon:
        """Return the lexicon of some words with their commonness."""
        masks: dict[str, int] = {}
        for word in words:
            begun = word[:FIRST_LETTERS]
            masks[begun] = masks.get(begun, 0) | 1 << len(word)
        shorter = {begun: mask for begun, mask in masks.items() if len(begun) < FIRST_LETTERS}
        lengths = {
            begun: _bits(mask | shorter.get(begun[:2], 0) | shorter.get(begun[:3], 0)) for begun, mask in masks.items()
        }
        return cls(words, triples, lengths)


@cache
def lexicon(zone: str) -> Lexicon:
    """Of the languages that names in `zone` are read in: English, and the country's. Kept, once it was read."""
    return _lexicon(_LANGUAGES.get(zone.rpartition(".")[2], WIDESPREAD))


@cache
def _lexicon(others: tuple[str, ...]) -> Lexicon:
    words: dict[str, float] = {}
    usual: list[str] = []
    # Of a word that is in several lists, or several times in one, the first counts: so the last is entered first.
    for language in (*reversed(others), ENGLISH):
        least = _LEAST if language == ENGLISH else _LEAST_FOREIGN
        for zipf, listed in reversed(list(_list(language, down_to=min(least.values())))):
            common = min(max((zipf - _ORDINARY) / (_COMMON - _ORDINARY), 0.0), 1.0)
            shortest = next(length for length, enough in least.items() if zipf >= enough)
            some = [word for word in listed if len(word) >= shortest and word.isalpha()]
            words.update(zip(some, repeat(common)))
            words.update([(_without_accents(word), common) for word in some if not word.isascii()])
            if zipf >= _TRIPLES_FROM:
                usual += [f"^{word}$" for word in some]
    times = Counter([word[at : at + 3] for word in usual for at in range(len(word) - 2)])
    triples = frozenset(triple for triple, in_words in times.items() if in_words >= _MANY_WORDS)
    return Lexicon.of(words, triples)


@cache
def _bits(mask: int) -> tuple[int, ...]:
    return tuple(bit for bit in range(mask.bit_length()) if mask >> bit & 1)


def _list(language: str, down_to: int) -> Iterator[tuple[int, list[str]]]:
    """The words of a language, most common first, with their frequency in hundredths of the Zipf scale."""
    spec = importlib.util.find_spec("wordfreq")
    assert spec is not None, "wordfreq is in this function's requirements"
    assert spec.submodule_search_locations is not None, "wordfreq is a package"
    path = Path(spec.submodule_search_locations[0], "data", f"small_{language}.msgpack.gz")
    with gzip.open(path) as file:
        unpacker = msgpack.Unpacker(file, raw=False)
        bins = unpacker.read_array_header() - 1
        header = unpacker.unpack()
        assert header == {"format": "cB", "version": 1}, header
        # A word in the n-th bin is 10^(-n/100) of all words; Zipf's scale counts from one in a billion.
        for zipf in range(900, max(900 - bins, down_to - 1), -1):
            yield zipf, unpacker.unpack()


def _without_accents(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))
