"""Which encoding some bytes are text in: UTF-8, UTF-16, Latin-1, with or without a byte-order mark."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from ingestion.reading.containers import NoList

_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
C1_CONTROLS = re.compile(rb"[\x80-\x9f]").search
"""Latin-1 has control characters there; in a list they are no Latin-1."""


_CONTROLS = bytes({*range(32), 127} - {*b"\t\n\v\f\r"})


def is_binary(head: bytes) -> bool:
    """No text: zeros, and too many other control characters for a few damaged lines."""
    return b"\0" in head and len(head) - len(head.translate(None, _CONTROLS)) > 1 + len(head) // 50


def wide_encoding(head: bytes) -> str | None:
    """UTF-16, by its mark, or by the zeros that ASCII text has in every other byte."""
    if head.startswith(codecs.BOM_UTF32_LE):
        raise NoList("is UTF-32: save it as UTF-8")
    for mark, encoding in _UTF16.items():
        if head.startswith(mark):
            return encoding
    start = head[:1000]
    half = len(start) // 2
    if half and start[1::2].count(0) > 0.8 * half and not start[::2].count(0):
        return "utf-16-le"
    if half and start[::2].count(0) > 0.8 * half and not start[1::2].count(0):
        return "utf-16-be"
    return None


def narrow_encoding(some: bytes) -> str:
    """UTF-8 if some line that is not ASCII is valid UTF-8, or if Latin-1 would make no sense."""
    odd = [raw for raw in some.splitlines() if not raw.isascii()]
    for raw in odd:
        try:
            raw.decode("utf-8")
        except UnicodeDecodeError:
            continue
        return "UTF-8"
    return "UTF-8" if any(map(C1_CONTROLS, odd)) else "LATIN-1"


def as_utf8(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Units that are no UTF-16 become U+FFFD, which marks their line."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    text = decoder.decode(next(chunks)).removeprefix("\ufeff")
    yield text.encode("utf-8")
    for chunk in chunks:
        yield decoder.decode(chunk).encode("utf-8")
    yield decoder.decode(b"", final=True).encode("utf-8")
