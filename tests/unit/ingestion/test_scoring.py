"""The score of a name, and what it is made of."""

from __future__ import annotations

import random
from collections.abc import Mapping
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from backorder.domain.domains import Domain, parse_domain
from backorder.rules import Weights, parse_rules
from ingestion.scoring import Scorer
from ingestion.scoring.score import pronounceable, shortness, words_in, worth
from ingestion.scoring.words import Lexicon, lexicon

BY_DESIGN = Scorer(Weights())


def told(name: str, scorer: Scorer = BY_DESIGN) -> str:
    return str(scorer.score(parse_domain(name)))


def test_a_score_tells_what_it_is_made_of() -> None:
    assert told("solarroof.com") == "8.2: short 2.1, pronounceable 1.8, words *solar*+*roof* 2.3, .com 2.0"
    assert told("xqzvkw.net") == "3.6: short 2.6, pronounceable 0.0, no words 0.0, .net 1.0"


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("solarroof", ("solar", "roof")),
        ("therapist", ("therapist",)),
        ("expertsexchange", ("experts", "exchange")),
        ("cloud-hub24", ("cloud", "hub")),
        ("xqzvkw", ()),
        ("123", ()),
        # Two letters are in any name by chance.
        ("xqby", ()),
        ("byby", ()),
        ("ofme", ()),
        ("xq-by", ()),
        ("xqhousebyz", ("house",)),
        ("webuy", ("we", "buy")),
        ("betoday", ("be", "today")),
        ("go-house", ("go", "house")),
        ("go4house", ("go", "house")),
    ],
)
def test_words_are_found_as_people_see_them(label: str, words: tuple[str, ...]) -> None:
    assert words_in(label, lexicon("com")) == words


@st.composite
def words_and_letters(draw: st.DrawFn) -> tuple[dict[str, float], str]:
    """Some words with their commonness, and letters that are made of them, with a few between."""
    commonness = st.sampled_from([0.0, 0.5, 1.0])
    words = draw(st.dictionaries(st.text("abcd", min_size=2, max_size=6), commonness, min_size=1, max_size=20))
    parts = st.sampled_from(sorted(words)) | st.text("abcde", max_size=2)
    return words, "".join(draw(st.lists(parts, min_size=1, max_size=5)))


@given(words_and_letters())
@example(({"ab": 0.0, "ccc": 0.0}, "abccc"))
@example(({"abc": 0.0, "defg": 0.0, "cdefg": 0.0, "defgh": 0.0}, "abcdefgh"))
def test_of_all_ways_to_find_words_the_best_is_taken(case: tuple[dict[str, float], str]) -> None:
    words, letters = case
    best = plainly_split(letters, words)
    expected = tuple(best) if best and len(max(best, key=len)) > 2 else ()
    assert words_in(letters, Lexicon.of(words, frozenset())) == expected


german_words = st.deferred(lambda: st.sampled_from(sorted(lexicon("de").words)))


@settings(deadline=None)  # the first one loads the words
@given(st.lists(german_words, min_size=1, max_size=4), st.text("aeinrst", max_size=3))
def test_the_same_holds_for_real_words(drawn: list[str], more: str) -> None:
    known, letters = lexicon("de"), "".join(drawn) + more
    best = plainly_split(letters, known.words)
    assert words_in(letters, known) == (tuple(best) if best and len(max(best, key=len)) > 2 else ())


def plainly_split(letters: str, words: Mapping[str, float]) -> list[str]:
    """Each part of the letters is looked up: the sum of squares is the most; of equals, letters alone go before words,
    and longer words before shorter ones."""
    if letters in words:
        return [letters]
    best: list[tuple[float, list[str]]] = [(0.0, [])]
    for end in range(1, len(letters) + 1):
        choices = [best[end - 1]]
        for begin in range(end - 1):
            word = letters[begin:end]
            if word in words:
                choices.append((best[begin][0] + len(word) ** 2 + words[word], [*best[begin][1], word]))
        best.append(max(choices, key=lambda choice: choice[0]))
    found = best[-1][1]
    return found if len("".join(found)) == len(letters) else [word for word in found if len(word) > 2]


def test_a_word_that_several_lists_have_is_as_common_as_in_english() -> None:
    english, german = lexicon("uk").words, lexicon("de").words
    assert {word: german[word] for word in english} == english
    assert len(german) > len(english)


@pytest.mark.parametrize(
    ("name", "word"),
    [("gartenhaus.de", "garten"), ("fotografia.pl", "fotografia"), ("bücher.de", "bücher"), ("пример.рф", "пример")],
)
def test_words_are_of_the_zone_s_languages_too(name: str, word: str) -> None:
    assert f"*{word}*" in told(name)


def test_weights_say_what_counts() -> None:
    only_zone = Scorer(
        parse_rules("[score]\nlength = 0\npronounceable = 0\nwords = 0\nzone = { com = 4, net = 1 }").score
    )
    assert told("anything.com", only_zone) == "10.0: .com 10.0"
    assert told("anything.net", only_zone) == "2.5: .net 2.5"
    assert told("anything.org", only_zone) == "0.0: .org 0.0"
    only_length = Scorer(parse_rules("[score]\npronounceable = 0\nwords = 0\nzone = {}").score)
    assert told("abcd.com", only_length) == "10.0: short 10.0"


def test_shorter_is_better_and_fewer_words_are() -> None:
    assert [shortness("x" * n) for n in (1, 4, 12, 20, 63)] == [1, 1, 0.5, 0, 0]
    known = lexicon("com")
    values = [worth(words_in(label, known), label, known) for label in ("house", "houseboat", "xqhouse", "xqzvkw")]
    assert values == sorted(values, reverse=True)
    assert values[-1] == 0


labels = st.from_regex(r"[a-z0-9](?:[a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True) | st.text(
    st.characters(categories=["Ll", "Lo", "Nd"]), min_size=1, max_size=30
)
weights = st.decimals(0, 10, places=1)


@settings(deadline=None)  # the first score loads the words
@given(labels, st.sampled_from(["com", "de", "co.uk", "pl", "xn--p1ai"]), weights, weights, weights)
def test_a_score_is_from_0_to_10_and_the_sum_of_what_it_tells(
    label: str, zone: str, length: Decimal, words: Decimal, of_com: Decimal
) -> None:
    class Read(Domain):
        @property
        def unicode_label(self) -> str:
            return label

    scorer = Scorer(Weights(length=length, words=words, pronounceable=Decimal(1), zone={"com": of_com}))
    score = scorer.score(Read(f"{label}.{zone}", label, zone))
    assert 0 <= score.points <= 10
    assert score.points == min(sum(tenths for _, tenths in score.parts), 100) / Decimal(10)


def test_words_score_above_random_letters_of_the_same_length() -> None:
    """Two words of four to seven letters, against random letters and against the same letters shuffled."""
    draw = random.Random(1)
    known = lexicon("com")
    words = sorted(word for word in known.words if 4 <= len(word) <= 7 and word.isascii())
    pairs = [draw.choice(words) + draw.choice(words) for _ in range(300)]
    random_letters = ["".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=len(pair))) for pair in pairs]
    shuffled = ["".join(draw.sample(pair, len(pair))) for pair in pairs]
    assert _separation(pairs, random_letters) > 0.99
    assert _separation(pairs, shuffled) > 0.97


def _separation(good: list[str], bad: list[str]) -> float:
    """How often a good one scores higher than a bad one (AUC)."""
    above, below = (
        [BY_DESIGN.score(Domain(f"{label}.com", label, "com")).points for label in side] for side in (good, bad)
    )
    return sum((high > low) + (high == low) / 2 for high in above for low in below) / len(above) / len(below)


def test_what_is_no_letter_is_not_pronounced() -> None:
    known = lexicon("com")
    assert pronounceable("garden", known) == 1
    assert pronounceable("12345", known) == 0
