"""Which code page a list is written in that is no UTF-8, and what its names are then. Pure.

Spreadsheets save CSV in the code page of their country, and no file says in which. The same bytes are other letters in
another one, so a page that is guessed is a name that nobody asked for. Here nothing is guessed: of the pages in which
all names of the list are names that a registry could take, each is possible, and a name is read where all possible
pages give the same one. Every other name is rejected, and the reject says what it may be.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from backorder.domain.domains import Domain
from ingestion.reading.code_page_names import Mixed, in_letters, reading
from ingestion.reading.containers import NoList
from ingestion.reading.encodings import KEEP, has_kept, kept

PAGES: Mapping[str, str] = {
    "cp1252": "Western, windows-1252",
    "cp1250": "Central European, windows-1250",
    "cp1251": "Cyrillic, windows-1251",
    "cp1253": "Greek, windows-1253",
    "cp1254": "Turkish, windows-1254",
    "cp1257": "Baltic, windows-1257",
    "cp1258": "Vietnamese, windows-1258",
    "cp1255": "Hebrew, windows-1255",
    "cp1256": "Arabic, windows-1256",
    "iso8859_2": "Central European, ISO-8859-2",
    "iso8859_5": "Cyrillic, ISO-8859-5",
    "iso8859_7": "Greek, ISO-8859-7",
    "iso8859_15": "Western, ISO-8859-15",
    "koi8_u": "Cyrillic, KOI8-U",
    "gb18030": "Simplified Chinese, GB18030",
    "cp950": "Traditional Chinese, Big5",
    "cp932": "Japanese, Shift-JIS",
    "cp949": "Korean, EUC-KR",
}
"""By Python's names; the first is what texts that are no names are shown in, where nothing tells more.

Some pages are not here because another one has all their letters, in the same places: ISO-8859-1 (cp1252), ISO-8859-9
(cp1254), ISO-8859-13 (cp1257), KOI8-R (koi8_u).
"""
UTF8 = "utf-8"

_NOT_IN_NAMES = rb"\x00-\x20,;|\"'<>()"
_words = re.compile(rb"(?:[\x81-\xfe]\||[^" + _NOT_IN_NAMES + rb"])+")
"""What stands between blanks and separators. In pages of two bytes, the second one of a letter may look like a bar."""
_host = re.compile(rb"(?:[A-Za-z][A-Za-z0-9+.-]*:)?(?://)?([^/?#]*)").match
_DOTS = ".\u3002\uff0e\uff61"
"""UTS 46 takes all of these for dots."""
_may_be_a_name = re.compile(f"[^{_DOTS}][{_DOTS}][^{_DOTS}]").search
_MOST_TOLD = 3
_LONGEST_WORD = 1000
"""Bytes."""
_FEW_NAMES = 3
"""So many may be valid UTF-8 by chance."""


def title_of(encoding: str) -> str:
    """An encoding by the name that people know: `cp1250` is `windows-1250`."""
    return PAGES[encoding].rpartition(", ")[2] if encoding in PAGES else encoding.upper()


class Decoder(Protocol):
    """Makes text of the lines of one list."""

    @property
    def name(self) -> str:
        """The encoding, as the summary calls it."""

    def text(self, raw: bytes) -> str:
        """A line, or some words of one; what cannot be read is kept."""

    def why_not(self, raw: bytes) -> str:
        """Why a name could not be read."""


@dataclass(frozen=True, slots=True)
class Known:
    """The encoding is known: declared, marked, or UTF-8 by what the bytes are."""

    name: str
    encoding: str = UTF8

    def text(self, raw: bytes) -> str:
        return raw.decode(self.encoding, KEEP)

    def why_not(self, _raw: bytes) -> str:
        return f"is no valid {self.name}"


class Undeclared:
    """Some code page, perhaps one of several."""

    def __init__(self, possible: Sequence[str], mixed: Sequence[str], *, has_utf8: bool = False) -> None:
        # In which each name of the list is one. None: the list is in several pages, or in none that is known.
        self._possible = possible
        # In which names of the list are mixed: it may be in these as well, and some of its names be none.
        self._mixed = mixed if possible else ()
        # Some of its names are valid UTF-8 as well.
        self._has_utf8 = has_utf8
        self._shown_in = possible[0] if possible else next(iter(PAGES))

    @property
    def name(self) -> str:
        if len(self._possible) == len(PAGES):
            return "8-bit, with names in ASCII"
        if not self._possible:
            return "no one code page"
        names = [title_of(page) for page in self._possible]
        if len(names) <= _MOST_TOLD:
            return " or ".join(names)
        return f"{names[0]} or one of {len(names) - 1} others"

    def text(self, raw: bytes) -> str:
        return _words.sub(self._word, raw).decode("utf-8")

    def _word(self, found: re.Match[bytes]) -> bytes:
        word = found[0]
        return word if word.isascii() else self._read(word).encode("utf-8")

    def _read(self, word: bytes) -> str:
        """A name that all possible pages agree on; another word, that may be none, as it is best shown."""
        host = host_of(word)
        if not host.isascii() and (page := self._page_of(host)) is not None:
            start = word.index(host)
            before, after = word[:start], word[start + len(host) :]
            return f"{kept(before)}{host.decode(page)}{kept(after)}"
        shown = word.decode(self._shown_in, KEEP)
        return kept(word) if _may_be_a_name(shown) else shown

    def _page_of(self, host: bytes) -> str | None:
        """One that gives the name that these bytes are for sure."""
        pages = [*self._possible, *self._mixed]
        if pages and self._has_utf8 and _is_utf8(host):
            pages.append(UTF8)
        page_of = {found: page for page in pages if (found := reading(host, page)) is not Mixed.WITH_ASCII}
        only = next(iter(page_of)) if len(page_of) == 1 else None
        return page_of[only] if isinstance(only, Domain) else None

    def why_not(self, raw: bytes) -> str:
        """Names what it may be, and what to do."""
        host = host_of(raw)
        pages = {UTF8: "UTF-8"} if self._has_utf8 and _is_utf8(host) else {}
        pages |= {page: PAGES[page] for page in (*self._possible, *self._mixed) or PAGES}
        names: dict[str, str] = {}
        for page, title in pages.items():
            if isinstance(domain := reading(host, page), Domain):
                names.setdefault(in_letters(domain), title)
        remedy = "save the list as UTF-8, or say its encoding"
        if not names:
            return f"is in no encoding that is known: {remedy}"
        told = [f"{name} ({page})" for name, page in list(names.items())[:_MOST_TOLD]]
        more = " or another name" if len(names) > len(told) else ""
        return f"may be {' or '.join(told)}{more}: {remedy}"


def host_of(word: bytes) -> bytes:
    """What of a word is a name, if it is one: without scheme and path."""
    found = _host(word)
    return found[1] if found else b""


@lru_cache(maxsize=4096)
def decoder_of(read: Callable[[], Iterator[bytes]]) -> Decoder:
    """How to read a list of which nobody said what it is written in. `read` gives all of its bytes, each time anew."""
    if _is_all_utf8(read()):
        return Known("UTF-8")
    return _by_names(name for lines in _whole_lines(read()) for name in _names_in(lines))


def _by_names(names: Iterable[bytes]) -> Decoder:
    possible, mixed = list(PAGES), list[str]()
    seen: Counter[bool] = Counter()
    for name in names:
        is_utf8 = _is_utf8(name)
        still = [page for page in possible if isinstance(reading(name, page), Domain)]
        if not still and not is_utf8 and not any(isinstance(reading(name, page), Domain) for page in PAGES):
            # It is a name in no page, so it tells of none.
            continue
        seen[is_utf8] += 1
        mixed = [page for page in (*mixed, *possible) if page not in still and reading(name, page) is not None]
        possible = still
    utf8, others = seen[True], seen[False]
    if utf8 > others and (not possible or (not others and utf8 > _FEW_NAMES)):
        # Some lines are damaged.
        return Known("UTF-8")
    return Undeclared(possible, mixed, has_utf8=bool(utf8))


def _names_in(lines: bytes) -> Iterator[bytes]:
    """What may be a name and is not ASCII."""
    for line in lines.splitlines():
        if not line.isascii():
            for word in _words.findall(line):
                if not word.isascii() and b"." in word and not (host := host_of(word)).isascii():
                    yield host


def _is_utf8(raw: bytes) -> bool:
    return not has_kept(raw.decode(UTF8, KEEP))


def _is_all_utf8(chunks: Iterator[bytes]) -> bool:
    decoder = codecs.getincrementaldecoder(UTF8)()
    try:
        for chunk in chunks:
            decoder.decode(chunk)
    except UnicodeDecodeError:
        return False
    except NoList:
        # A broken archive: what it still gave counts.
        return True
    return True


def _whole_lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Pieces that end with a line, or with a word of a line that is very long."""
    rest = b""
    with suppress(NoList):
        for chunk in chunks:
            if chunk.isascii() and rest.isascii():
                # Nothing of it is looked at; a word may go on in the next one.
                rest = chunk[-_LONGEST_WORD:]
                continue
            piece = rest + chunk
            end = max(piece.rfind(b"\n"), piece.rfind(b"\r"), piece.rfind(b'"')) + 1 or len(piece)
            yield piece[:end]
            rest = piece[end:]
    yield rest
