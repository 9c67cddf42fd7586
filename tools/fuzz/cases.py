"""Inputs to feed: bytes without sense, damaged lists and archives, lists with lines of garbage. Each from one seed."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from dataclasses import dataclass

from backorder.domain.domains import parse_domain
from tools.fuzz.forms import CONTAINERS, ENCODINGS, FORMS, LINE_ENDS, invented
from tools.fuzz.written import written

_MAGIC = (
    *(b"\x1f\x8b\x08\x00", b"PK\x03\x04", b"PK\x05\x06", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"[", b"{", b'[{"'),
    *(
        b'{"data": [',
        b"domain,drop date\n",
        b"roid,domain,drop_time\n",
        b'"name";"note"\n',
        b"john.com;2026-11-27 16:00",
    ),
)
_ODD = (
    *("", " ", "\t", "=1+1", "+1", "-1", "@x", "john_doe.com", "1.2.3.4", "com", "\x00", "\x0b\x1c\x85", "\u2028"),
    *('"', '""', '",', ",,,", ";;;;", "|", "{", "}", "[", "]", '{"name": 1}', "\\", "\ud83d", "\ufeff", "\u202e.com"),
    *("2026-02-30", "11/12/2026", "99/99/9999", "0000-00-00", "2026-11-27T25:00Z", "1e999999", "NaN", "-5", "10.0001"),
    *("http://", "www.", "xn--", "xn--a.com", "ß.de", "..", ".", "#", "//", "; x", "sep=;", "x" * 70_000, "9" * 400),
    *("a" * 64 + ".com", "a." * 130 + "com"),
)
_ROWS = 260
"""More than a format is recognised from."""
_SAMPLE = 120


@dataclass(frozen=True, slots=True)
class Case:
    """One input."""

    seed: int
    what: str
    """How it was made, for people."""
    content: bytes
    kept: frozenset[str] = frozenset()
    """Names on lines that were left whole: each must be read, whatever became of the others."""
    names: tuple[str, ...] | None = None
    """All names on it, in ASCII, where that is known: no other one may be read, and each is an entry or a reject."""


def make(seed: int) -> Case:
    """The input that `seed` stands for."""
    chance = random.Random(seed)
    maker = chance.choices((_nonsense, _damaged, _cut, _garbage_lines, _bomb), (20, 35, 15, 30, 1))[0]
    if chance.random() < 0.4:
        maker = _written
    return maker(seed, chance)


def _written(seed: int, chance: random.Random) -> Case:
    """A list as somebody somewhere writes it, undamaged."""
    made = written(chance)
    while made.is_utf8_by_chance:
        made = written(chance)
    container = chance.choice(list(CONTAINERS))
    return Case(seed, f"{made.what}, {container}", CONTAINERS[container](made.content), names=made.names)


def _nonsense(seed: int, chance: random.Random) -> Case:
    content = chance.choice((b"", *_MAGIC)) + chance.randbytes(chance.choice((0, 1, 7, 100, 3000)))
    if chance.random() < 0.4:
        alphabet = 'ab.,;|\t\r\n"{}[]:-/0129 \\u=+@#éß\ufeff\x00'
        content = "".join(chance.choices(alphabet, k=chance.randrange(400))).encode(
            chance.choice(("utf-8", "utf-16", "latin-1")), "replace"
        )
    container = chance.choice(list(CONTAINERS))
    return Case(seed, f"nonsense in {container}", CONTAINERS[container](content))


def _text(chance: random.Random) -> tuple[str, str]:
    form = chance.choice(list(FORMS))
    return form, FORMS[form](
        invented(chance.randrange(1, 40), chance.choice(("com", "co.uk", "se", "it", "net.au", "pl")))
    )


def _damaged(seed: int, chance: random.Random) -> Case:
    """A list, or an archive of one, of which some bytes are others, missing, or there twice."""
    (form, text), encoding, end = _text(chance), chance.choice(list(ENCODINGS)), chance.choice(list(LINE_ENDS))
    for _ in range(chance.randrange(4)):
        at = chance.randrange(len(text))
        text = text[:at] + chance.choice(_ODD) + text[at + chance.randrange(3) :]
    written = text.replace("\n", LINE_ENDS[end])
    try:
        content = bytearray(ENCODINGS[encoding](written))
    except UnicodeEncodeError:
        encoding = "utf-8"
        content = bytearray(written.encode("utf-8", "replace"))
    if chance.random() < 0.5:
        _damage(content, chance)
    container = chance.choice(list(CONTAINERS))
    packed = bytearray(CONTAINERS[container](bytes(content)))
    if chance.random() < 0.4:
        _damage(packed, chance)
    return Case(seed, f"damaged {form} in {encoding}, {end}, {container}", bytes(packed))


def _damage(content: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randrange(1, 6)):
        if not content:
            return
        at, size = chance.randrange(len(content)), chance.choice((1, 1, 2, 20))
        kinds: tuple[Callable[[], object], ...] = (
            lambda at=at: content.__setitem__(at, chance.randrange(256)),  # type: ignore[misc]
            lambda at=at, size=size: content.__delitem__(slice(at, at + size)),  # type: ignore[misc]
            lambda at=at, size=size: content.__setitem__(slice(at, at), chance.randbytes(size)),  # type: ignore[misc]
            lambda at=at, size=size: content.__setitem__(slice(at, at), content[at : at + 10 * size]),  # type: ignore[misc]
        )
        chance.choice(kinds)()


def _cut(seed: int, chance: random.Random) -> Case:
    """An archive that broke off, or that something was put behind."""
    form, text = _text(chance)
    container = chance.choice(list(CONTAINERS))
    packed = CONTAINERS[container](text.encode("utf-8"))
    packed = packed[: chance.randrange(len(packed) + 1)] + chance.randbytes(chance.choice((0, 0, 1, 50)))
    return Case(seed, f"cut {form} in {container}", packed)


_BY_LINES = [form for form in FORMS if form not in ("bardate-json", "park-io", "json", "json-objects", "untidy")]


def _garbage_lines(seed: int, chance: random.Random) -> Case:
    """A list with garbage between its rows and in their place, below those that it is recognised from."""
    form = chance.choice(_BY_LINES)
    names = [named for named in invented(_ROWS, "com") if named.name.isascii()]
    lines = FORMS[form](names).split("\n")[:-1]
    kept = {line: named.name for named in names for line in lines if named.name.lower() in line.lower()}
    for _ in range(chance.randrange(1, 30)):
        garbage = chance.choice((*_ODD, chance.randbytes(20).decode("latin-1"))).replace("\n", " ").replace("\r", " ")
        at = chance.randrange(_SAMPLE, len(lines))
        if chance.random() < 0.5:
            lines.insert(at, garbage)
        else:
            lines[at] = garbage
    text = "\n".join(lines) + "\n"
    whole = frozenset(parse_domain(kept[line]).name for line in lines if line in kept)
    container = chance.choice(list(CONTAINERS))
    return Case(
        seed, f"garbage among {form} in {container}", CONTAINERS[container](text.encode("utf-8", "replace")), whole
    )


def _bomb(seed: int, chance: random.Random) -> Case:
    pattern = chance.choice((b"\0", b"a", b"\n", b'"', b"[", b"a.com\n"))
    content = gzip.compress(pattern * chance.choice((1_500_000, 4_000_000)), mtime=0)
    return Case(seed, f"a bomb of {pattern!r}", content if chance.random() < 0.5 else content + gzip.compress(b"x"))
