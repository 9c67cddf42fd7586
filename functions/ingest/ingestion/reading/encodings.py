"""From bytes to text: UTF-16 by its mark or its zeros, and everything in which ASCII is ASCII, byte by byte.

A byte that cannot be read stays in the text as a character that nobody uses (`kept`), so that a line is taken apart all
the same; where such a character is in a name, the name is rejected.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from ingestion.reading.containers import NoList

_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_MANY_ZEROS = 0.1
"""Of all bytes, in UTF-16: separators and zones are ASCII in any language."""
_CONTROLS = bytes({*range(32), 127} - {*b"\t\n\v\f\r"})

_KEPT = 0x10FF00
"""The last 256 characters of the private use areas stand for bytes that could not be read."""
KEEP = "backorder.keep"
"""Error handler of decoders: keeps the bytes that cannot be read."""
has_kept = re.compile("[\U0010ff00-\U0010ffff]").search
"""Whether a text has bytes that could not be read."""
_to_kept = {byte: chr(_KEPT + byte) for byte in range(0x80, 0x100)}
_to_hex = {_KEPT + byte: f"\\x{byte:02x}" for byte in range(0x100)}
_to_mark = dict.fromkeys(_to_hex, "\ufffd")
_ALL_ASCII = bytes(range(128)) + b"\x1b$B"
"""The last three change what follows in ISO 2022."""
_SUPERSETS = {
    # What is declared under the first name is, in practice, written in the second (WHATWG, Encoding Standard).
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "cp950",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}


def _keep(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return "".join(chr(_KEPT + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error(KEEP, _keep)


def text_in(raw: bytes, encoding: str) -> str:
    """A text; what cannot be read of it is kept."""
    return raw.decode(encoding, KEEP)


def kept(raw: bytes) -> str:
    """A text of which only ASCII is read."""
    return raw.decode("latin-1").translate(_to_kept)


def bytes_of(text: str) -> bytes:
    """The bytes that a text with kept ones stands for."""
    return b"".join(bytes((ord(c) - _KEPT,)) if has_kept(c) else c.encode("utf-8") for c in text)


def in_hex(text: str) -> str:
    """For people: bytes that could not be read as `\\xe4`."""
    return text.translate(_to_hex) if has_kept(text) else text


def marked(text: str) -> str:
    """For people who need no more than the words around: bytes that could not be read as U+FFFD."""
    return text.translate(_to_mark) if has_kept(text) else text


def known_encoding(name: str) -> str | None:
    """Python's name of a declared encoding in which ASCII is ASCII, or of UTF-16; None for any other one, and for ASCII
    itself, which declares nothing."""
    try:
        found = codecs.lookup(name.strip()).name
    except LookupError:
        return None
    if found in ("utf-16", "utf-16-le", "utf-16-be"):
        return found
    if found == "utf-8-sig":
        return "utf-8"
    try:
        is_ascii = _ALL_ASCII.decode(found) == _ALL_ASCII.decode("ascii")
    except (LookupError, ValueError):
        return None
    return None if not is_ascii or found == "ascii" else _SUPERSETS.get(found, found)


def declares_nothing(name: str) -> bool:
    """Whether a name of an encoding tells nothing: none, or ASCII."""
    return name.strip().lower() in ("", "ascii", "us-ascii")


def is_binary(head: bytes) -> bool:
    """No text: zeros, and too many other control characters for a few damaged lines."""
    return b"\0" in head and len(head) - len(head.translate(None, _CONTROLS)) > 1 + len(head) // 50


def wide_encoding(head: bytes, declared: str | None = None) -> str | None:
    """UTF-16, by its mark, by what is declared, or by the zeros that ASCII text has in every other byte."""
    if head.startswith(codecs.BOM_UTF32_LE):
        raise NoList("is UTF-32: save it as UTF-8")
    for mark, encoding in _UTF16.items():
        if head.startswith(mark):
            return encoding
    if declared in ("utf-16", "utf-16-le", "utf-16-be"):
        return "utf-16-le" if declared == "utf-16" else declared
    start = head[:1000]
    low, high = start[1::2].count(0), start[::2].count(0)
    if low > _MANY_ZEROS * len(start) and not high and _is_text(start, "utf-16-le"):
        return "utf-16-le"
    if high > _MANY_ZEROS * len(start) and not low and _is_text(start, "utf-16-be"):
        return "utf-16-be"
    return None


def _is_text(start: bytes, encoding: str) -> bool:
    """Half a letter at the end is none yet."""
    return not has_kept(codecs.getincrementaldecoder(encoding)(errors=KEEP).decode(start))


def as_utf8(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """The same text in UTF-8. What cannot be read is kept."""
    decoder = codecs.getincrementaldecoder(encoding)(errors=KEEP)
    text = decoder.decode(next(chunks)).removeprefix("\ufeff")
    yield text.encode("utf-8")
    for chunk in chunks:
        yield decoder.decode(chunk).encode("utf-8")
    yield decoder.decode(b"", final=True).encode("utf-8")
