"""Ingestion: a deletion list of the provider's read and chosen from, beside a bare expression over the same bytes.

The list is made up: zones, words, digits, hyphens and other alphabets in about the shares in which names are deleted
in the generic zones, and dates of five days. The rules are the ones of docs/rules.md.
"""

from __future__ import annotations

import csv
import io
import multiprocessing
import random
import re
import resource
import sys
import tempfile
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TypeVar

from backorder.domain.domains import Domain
from backorder.rules import Rules, Weights, parse_rules
from ingestion.scoring import Scorer
from ingestion.scoring.words import lexicon
from local.choose.choosing import consider_file, orders
from local.stack.processes import PROJECT

SIZES = (1_000_000, 5_000_000)
FEW = 10
BY_LINE = 20_000
"""Rows of the loop over three libraries: it takes too long for more."""
NOW = datetime(2026, 11, 24, tzinfo=UTC)
ZONES = {
    "com": 62,
    "net": 9,
    "org": 8,
    "info": 6,
    "xyz": 5,
    "us": 2,
    "biz": 2,
    "co": 2,
    "me": 1,
    "se": 1,
    "co.uk": 1,
    "nu": 1,
}
WORDS = 0.7
"""Of the labels are made of one to three words, the others of random letters."""
WITH_DIGITS, WITH_HYPHENS, OTHER_ALPHABETS, BROKEN = 0.14, 0.09, 0.003, 0.0002
MIXED = 1_000_000
"""Rows of each mix."""
_PREFILTER = "reading/prefilter"
KEYWORDS = ("shop", "app", "hub", "casino")
WITH_KEYWORDS = 0.02
ODD = ("xn--bcher-kva", "xn--mnchen-3ya", "xn--caf-dma", "xn--80ak6aa92e", "xn--fiq228c")
DICTIONARY = Path("/usr/share/dict/american-english")
"""Words that the library did not supply, where they are installed."""
_bare = re.compile(rb"([^;\n]+);([^\n]+)\n")


@dataclass(frozen=True, slots=True)
class Mix:
    """Rules, and how much of a list passes them but for the score."""

    name: str
    rules: Rules


_SHORT = """
[select]
zones = {zones}
length = {length}
digits = false
hyphens = false
min_score = 5

[limits]
per_day = 40
"""
MIXES = (
    Mix("few", parse_rules(_SHORT.format(zones='["net"]', length="[3, 5]"))),
    Mix("3 %", parse_rules(_SHORT.format(zones='["com", "net"]', length="[3, 6]"))),
    Mix("half", parse_rules(_SHORT.format(zones='["com", "net"]', length="[3, 14]"))),
)

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds of CPU in one process, and the most memory that it took, in bytes."""

    rows: int
    chosen: int
    read: float
    """Without the orders."""
    whole: float
    bare: float
    memory: int


def bench() -> None:
    """Prints what a row costs, as ratios to a bare expression and to a loop over libraries."""
    with tempfile.TemporaryDirectory() as folder:
        few = _in_a_process(_measure, _listed(Path(folder), FEW))
        for rows in SIZES:
            path = _listed(Path(folder), rows)
            found = _in_a_process(_measure, path)
            by_line = _in_a_process(_by_line, path)
            print(
                f"{rows:,} rows ({found.chosen:,} chosen): {found.whole / rows * 1e6:.2f} µs of CPU a row, "
                f"{found.whole / found.bare:.1f} times a bare re.finditer, "
                f"1/{by_line / (found.whole / rows):.0f} of csv + idna + tldextract a line, "
                f"{(found.memory - few.memory) / 1e6:.0f} MB more than {FEW} rows"
            )
            path.unlink()
        for mix in MIXES:
            path = Path(folder) / f"{mix.name}.csv"
            _write(path, generated(MIXED, words=1.0))
            found = _in_a_process(partial(_measure, chosen_by=mix.rules), path)
            _say(mix, found)
        _say_what_blocks_earn(path)
    known = _short(lexicon("co.uk").words)
    _separate("two words", known)
    try:
        others = _short(DICTIONARY.read_text("utf-8").split())
    except OSError:
        print(f"score: words that the library lacks are not measured: {DICTIONARY} (Debian: wamerican) is missing")
    else:
        _separate("two words of a dictionary", others)
        _separate("two of its words that the library lacks", sorted(set(others) - set(known)))


def _say(mix: Mix, found: Measured) -> None:
    print(
        f"{found.rows:,} rows of real words, {mix.name} pass the rules ({found.chosen:,} chosen): "
        f"{found.read / found.rows * 1e6:.2f} µs of CPU a row to read and choose, {found.read / found.bare:.1f} times "
        f"a bare re.finditer; {found.whole / found.bare:.1f} times with the orders made of them"
    )


def _say_what_blocks_earn(path: Path) -> None:
    """What rows cost that are looked at in blocks, and one by one; and how many lines of code that takes."""
    at_once, one_by_one = (
        _in_a_process(partial(_measure, chosen_by=MIXES[0].rules, at_once=blocks), path).read / MIXED
        for blocks in (True, False)
    )
    files = (PROJECT / "functions/ingest/ingestion" / _PREFILTER).glob("*.py")
    lines = sum(len(file.read_text(encoding="utf-8").splitlines()) for file in files)
    print(
        f"few pass: {at_once * 1e6:.2f} µs a row in blocks of rows, {one_by_one * 1e6:.2f} µs one by one; that takes "
        f"{lines} lines of code ({_PREFILTER})"
    )


def _short(words: Iterable[str]) -> list[str]:
    return sorted(word for word in words if re.fullmatch("[a-z]{4,7}", word))


def _separate(what: str, words: Sequence[str]) -> None:
    for told, separation in separations(words):
        print(f"score: {what} are above {told} in {separation:.1%} of all pairs (AUC)")


def rules() -> Rules:
    """The example of docs/rules.md."""
    page = (PROJECT / "docs" / "rules.md").read_text(encoding="utf-8")
    return parse_rules(page.partition("```toml\n")[2].partition("```")[0])


def generated(rows: int, seed: int = 1, words: float = WORDS) -> Iterator[str]:
    """The lines of a made-up list, in which no name stands twice but some of other alphabets; `words`: how many of its
    labels are made of some."""
    draw = random.Random(seed)
    known = [word for word in sorted(lexicon("com").words) if 3 <= len(word) <= 8 and word.isascii()]
    zones = draw.choices(list(ZONES), list(ZONES.values()), k=10_007)
    moments = [f"2026-12-0{day} {hour}:00:00" for day in range(1, 6) for hour in (12, 16, 18)]
    names: set[str] = set()
    for number in range(rows):
        zone = zones[number % len(zones)]
        name = f"{_label(draw, known, words)}.{zone}"
        while name in names and not name.startswith("xn--"):
            name = f"{_label(draw, known, words)}.{zone}"
        names.add(name)
        yield f"{name};{draw.choice(moments)}"


def _label(draw: random.Random, words: list[str], share: float) -> str:
    kind = draw.random()
    if kind < OTHER_ALPHABETS:
        return draw.choice(ODD)
    if kind < OTHER_ALPHABETS + BROKEN:
        return f"{draw.choice(words)}_{draw.choice(words)}"
    if draw.random() < share:
        label = "".join(draw.choices(words, k=draw.choice((1, 2, 2, 2, 3))))
    else:
        label = "".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=draw.randint(4, 16)))
    if draw.random() < WITH_KEYWORDS:
        label += draw.choice(KEYWORDS)
    if draw.random() < WITH_DIGITS:
        label += str(draw.randint(1, 999))
    if draw.random() < WITH_HYPHENS:
        label = f"{label[:3]}-{label[3:]}"
    return label


def _listed(folder: Path, rows: int) -> Path:
    path = folder / f"{rows}.csv"
    _write(path, generated(rows))
    return path


def _write(path: Path, lines: Iterable[str]) -> None:
    with path.open("w", encoding="ascii") as file:
        file.writelines(f"{line}\n" for line in lines)


def _in_a_process(measure: Callable[[Path], _Result], path: Path) -> _Result:
    """In one of its own, so that memory is its own, and whatever is kept is made anew."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(measure, path).result()


def _measure(path: Path, chosen_by: Rules | None = None, *, at_once: bool = True) -> Measured:
    chosen_by = chosen_by or rules()
    began = time.process_time()
    considered = list(consider_file(path, chosen_by, at_once=at_once))
    read = time.process_time() - began
    orders(considered, chosen_by, lambda: NOW)
    whole = time.process_time() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    content = path.read_bytes()
    began = time.process_time()
    for _ in _bare.finditer(content):
        pass
    bare = time.process_time() - began
    return Measured(considered[0].entries, len(considered[0].chosen), read, whole, bare, memory)


def _by_line(path: Path) -> float:
    """Seconds of CPU a row of what a script would do."""
    # Dependencies of the benchmark only, and slow to load.
    import idna  # noqa: PLC0415
    import tldextract  # noqa: PLC0415

    extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    with path.open(encoding="ascii") as file:
        text = "".join(line for line, _ in zip(file, range(BY_LINE), strict=False))
    extract("example.com")
    zones: dict[str, int] = {}
    began = time.process_time()
    for name, when in csv.reader(io.StringIO(text), delimiter=";"):
        try:
            found = extract(idna.encode(name, uts46=True).decode("ascii"))
        except idna.IDNAError:
            continue
        if datetime.fromisoformat(when) > NOW.replace(tzinfo=None):
            zones[found.suffix] = zones.get(found.suffix, 0) + 1
    return (time.process_time() - began) / BY_LINE


def separations(words: Sequence[str], pairs: int = 2_000) -> Iterator[tuple[str, float]]:
    """How often two words joined, drawn evenly, score above something of the same length that is none: the area under
    the curve."""
    draw = random.Random(1)
    scorer = Scorer(Weights())
    good = [draw.choice(words) + draw.choice(words) for _ in range(pairs)]
    letters = "abcdefghijklmnopqrstuvwxyz"
    vowels, consonants = "aeiou", "bcdfghjklmnpqrstvwxyz"
    bad = {
        "random letters": ["".join(draw.choices(letters, k=len(label))) for label in good],
        "their own letters shuffled": ["".join(draw.sample(label, len(label))) for label in good],
        "consonants and vowels by turns": [
            "".join(draw.choice(vowels if at % 2 else consonants) for at in range(len(label))) for label in good
        ],
    }
    for told, labels in bad.items():
        yield told, _auc(*([_points(scorer, label) for label in side] for side in (good, labels)))


def _points(scorer: Scorer, label: str) -> Decimal:
    return scorer.score(Domain(f"{label}.com", label, "com")).points


def _auc(above: list[Decimal], below: list[Decimal]) -> float:
    below = sorted(below)
    won = sum(bisect_left(below, points) + bisect_right(below, points) for points in above) / 2
    return won / len(above) / len(below)
