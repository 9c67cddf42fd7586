"""JSON documents, read as a stream: a list of names, or of objects that have one, alone or under a key."""

from __future__ import annotations

import codecs
import itertools
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import ijson

from ingestion.reading.code_pages import Decoder, Known
from ingestion.reading.containers import NoList
from ingestion.reading.encodings import as_utf8, wide_encoding
from ingestion.reading.entries import Entry, Reject, reject
from ingestion.reading.formats.columns import roles_of
from ingestion.reading.formats.dates import Written, read_day
from ingestion.reading.formats.form import look_ahead
from ingestion.reading.formats.json_lines import begins_lines, cells_of, clean, entry_of
from ingestion.reading.formats.rows import LOOK_AHEAD, Cells, Drop, Rows

_KEYS = frozenset({"data", "domains", "domain", "names", "list", "items", "results", "records"})
"""Where a document may have its list. What else is in it is passed over."""
_HEAD = 1 << 16
"""Bytes that a document, and whose it is, is recognised from."""
_PIECE = 1 << 16
_LARGEST = 1 << 20
"""Bytes of one text or number: the parser holds it whole."""
_DEEPEST = 100
_MOST_MEMBERS = 1000

_begins = re.compile(r'\s*(?:\[\s*(?:[\[{"\]]|\Z)|\{\s*(?:["}]|\Z))').match

_line_end = re.compile(r"[\r\n]").split


def is_document(head: bytes, declared: str | None = None) -> bool:
    """Whether a file that begins with `head` is a document. Raises NoList for what is no text."""
    text = _text(head, declared)
    return bool(_begins(text)) and not begins_lines(_line_end(text.lstrip(), 1)[0])


class Document:
    """The entries of a document. Their `line` is the number of the object, or of the name, in its list."""

    def __init__(
        self,
        head: bytes,
        chunks: Iterator[bytes],
        find_decoder: Callable[[], Decoder] = lambda: Known("UTF-8"),
        declared: str | None = None,
    ) -> None:
        self.source, self._drop = _source(_text(head, declared))
        wide = wide_encoding(head, declared)
        self.decoder: Decoder | None = Known(wide.upper()) if wide else None
        """None: as far as it was read, the document is ASCII."""
        self._find_decoder = find_decoder
        self.reached = 0
        self.broke_off = False
        """The number of the last element that was read."""
        self._has_list = False
        self._chunks = as_utf8(chunks, wide) if wide else self._narrow(chunks)

    @property
    def encoding(self) -> str:
        """As far as it was read."""
        return self.decoder.name if self.decoder else "ASCII"

    def __iter__(self) -> Iterator[Entry | Reject]:
        rows = Rows(drop=self._drop)
        first, rest = look_ahead(self._elements(), LOOK_AHEAD)
        rows.look_ahead((cells, roles_of(tuple(cells))) for cells in map(_cells, first) if cells is not None)
        for number, element in enumerate(itertools.chain(first, rest), start=1):
            self.reached = number
            text, cells = _shown(element), _cells(element)
            yield reject(number, text, "is no name") if cells is None else entry_of(rows, number, text, cells)
        if not self.reached and not self._has_list:
            raise NoList("is JSON without a list of names in it: expected is a list, alone or under data or domains")

    def _elements(self) -> Iterator[Any]:
        """The elements of the document's list: a text, an object's own values by key, or whatever else there is."""
        stack: list[str] = []
        section, key = "", ""
        element: Any = None

        def is_in_list(depth: int) -> bool:
            return stack[:depth] == ["["] or (stack[:depth] == ["{", "["] and section in _KEYS)

        for event, value in _events(self._chunks):
            depth = len(stack)
            if event in ("start_map", "start_array"):
                if is_in_list(depth):
                    element = {} if event == "start_map" else []
                stack.append("{" if event == "start_map" else "[")
                self._has_list = self._has_list or is_in_list(depth + 1)
                if depth >= _DEEPEST:
                    raise NoList(f"is JSON that is nested more than {_DEEPEST} times")
            elif event in ("end_map", "end_array"):
                stack.pop()
                if is_in_list(depth - 1):
                    yield element
            elif event == "map_key":
                key = value
                if depth == 1:
                    section = value
            elif is_in_list(depth):
                yield value
            elif stack[-1:] == ["{"] and is_in_list(depth - 1):
                element[key] = value
                if len(element) > _MOST_MEMBERS:
                    raise NoList(f"is JSON with an object of more than {_MOST_MEMBERS:,} members")

    def _narrow(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """In UTF-8, which JSON is by its standard, and is not always."""
        head = next(chunks, b"")
        if head.startswith(codecs.BOM_UTF8):
            head, self.decoder = head[len(codecs.BOM_UTF8) :], Known("UTF-8")
        rest = b""
        for chunk in itertools.chain([head], chunks):
            piece = rest + chunk
            if self.decoder is None and not piece.isascii():
                self.decoder = self._find_decoder()
            # No byte of a letter is a quote, in any code page.
            end = len(piece) if self.decoder is None else piece.rfind(b'"') + 1
            yield piece[:end] if self.decoder is None else self.decoder.text(piece[:end]).encode("utf-8")
            rest = piece[end:]
            if len(rest) > _LARGEST:
                raise NoList(f"is JSON with a value of more than {_LARGEST:,} bytes")
        yield self.decoder.text(rest).encode("utf-8") if self.decoder else rest


def _text(head: bytes, declared: str | None) -> str:
    return head[:_HEAD].decode(wide_encoding(head, declared) or "utf-8-sig", "replace").removeprefix("\ufeff")


def _source(text: str) -> tuple[str, Drop | None]:
    """Whose document it is, by the members that its objects have."""
    if '"release_at"' in text:
        # bardate_domains.json: a day.
        return "Internetstiftelsen, JSON", None
    if '"date_available"' in text:
        return "Park.io", _park_io
    return "JSON", None


def _park_io(cells: Cells) -> Any:
    """The feed does not say in which time zone its times are: their day counts."""
    text = cells.get("date available", "")
    return read_day(text, Written()) if text else None


def _cells(element: Any) -> Cells | None:
    if isinstance(element, str):
        return {"name": clean(element).strip()}
    return cells_of(element) if isinstance(element, dict) else None


def _shown(element: Any) -> str:
    return element if isinstance(element, str) else clean(json.dumps(element, ensure_ascii=False, default=str))


def _events(chunks: Iterator[bytes]) -> Iterator[tuple[str, Any]]:
    """What a parser meets, as far as the document goes. Raises NoList where it breaks off."""
    events: list[tuple[str, Any]] = ijson.sendable_list()
    parser = ijson.basic_parse_coro(events)
    since = 0
    try:
        for chunk in chunks:
            for start in range(0, len(chunk), _PIECE):
                piece = chunk[start : start + _PIECE]
                parser.send(piece)
                since = 0 if events else since + len(piece)
                if since > _LARGEST:
                    raise NoList(f"is JSON with a value of more than {_LARGEST:,} bytes")
                yield from events
                del events[:]
        parser.close()
    except ijson.JSONError as error:
        yield from events
        raise NoList(f"is broken JSON: {_what(error)}") from None
    yield from events


def _what(error: ijson.JSONError) -> str:
    """The parser's words, without the picture that it draws below them."""
    found = error.args[0] if error.args else ""
    text = found.decode("utf-8", "replace") if isinstance(found, bytes) else str(found)
    return "it ends too early" if "EOF" in text else text.partition("\n")[0].strip()[:100]
