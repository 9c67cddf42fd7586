"""Lines of text from chunks of bytes, in whatever encoding.

What of a line cannot be decoded is kept in it (`encodings`). A line that is longer than any line of a list is given
with its fault, and the next one is read.
"""

from __future__ import annotations

import codecs
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence

from ingestion.reading.code_pages import Decoder, Known
from ingestion.reading.containers import NoList
from ingestion.reading.encodings import as_utf8, is_binary, wide_encoding

LONGEST_LINE = 1 << 16
"""Bytes. What is longer is not kept, so that a file without line ends does not fill the memory."""
_SHOWN = 300
LARGE = 1 << 17
"""Bytes that are looked at in one piece: enough for a row's values to repeat, few enough for the processor's cache."""
_FIRST_BLOCK = 1 << 13
"""Bytes. What a format is recognised from is read line by line; the first block is no larger than that needs."""

Line = tuple[int, str, str | None]
"""Its number from 1, its text without the line end, and what is wrong with it, if anything is."""
Block = bytes
"""Some whole lines, undecoded. The last line of a list may lack its end."""
_TooLong = str
"""As much of a line as is shown."""
Run = tuple[int, int]
"""Lines that follow each other: the first one's number, and the last one's."""


def run_of(runs: Sequence[Run], line: int) -> Run | None:
    """The one of `runs`, which are in order, that a line is in."""
    at = bisect_left(runs, line, key=lambda run: run[1])
    return runs[at] if at < len(runs) and runs[at][0] <= line else None


class Lines:
    """An iterator over lines. Raises NoList, when it is made or while it goes on, for what is no text."""

    def __init__(
        self,
        chunks: Iterator[bytes],
        find_decoder: Callable[[], Decoder] = lambda: Known("UTF-8"),
        declared: str | None = None,
    ) -> None:
        """`find_decoder` is asked once there is a line that is not ASCII; `declared`: the encoding, where it is."""
        head = next(chunks, b"")
        self.decoder: Decoder | None = None
        """None: as far as it was read, the list is ASCII."""
        self._find_decoder = find_decoder
        wide = wide_encoding(head, declared)
        if wide:
            self.decoder = Known(wide.upper())
            chunks = as_utf8(_with(head, chunks), wide)
        else:
            if is_binary(head):
                raise NoList("is binary data, not a list")
            if head.startswith(codecs.BOM_UTF8):
                head, self.decoder = head[len(codecs.BOM_UTF8) :], Known("UTF-8")
            chunks = _with(head, chunks)
        self.reached = 0
        """The number of the last line that was read. Who takes a block counts its lines here."""
        self.broke_off = False
        self.passed_over: Sequence[Run] = ()
        """Lines that need not be given, in order: where a block is all of them, they are only counted."""
        self._unread = self._not_passed_over(_blocks(_large(_small_first(chunks))))
        self._of_block: Iterator[Line] = iter(())

    @property
    def encoding(self) -> str:
        """As far as it was read."""
        return self.decoder.name if self.decoder else "ASCII"

    def __iter__(self) -> Iterator[Line]:
        return self

    def __next__(self) -> Line:
        while True:
            for line in self._of_block:
                return line
            part = next(self._unread)
            if isinstance(part, _TooLong):
                return self._too_long(part)
            self._of_block = self.lines_of(part)

    def rest_of_block(self) -> Iterator[Line]:
        """What was not read yet of the block that the last line was in."""
        return self._of_block

    def blocks(self) -> Iterator[Block | Line]:
        """What comes after that block: blocks of whole lines, and between them lines that are too long to be kept."""
        return (self._too_long(part) if isinstance(part, _TooLong) else part for part in self._unread)

    def _not_passed_over(self, parts: Iterator[Block | _TooLong]) -> Iterator[Block | _TooLong]:
        for part in parts:
            run = run_of(self.passed_over, self.reached + 1)
            if run is not None and isinstance(part, Block) and not self._may_show_the_encoding(part):
                last = self.reached + len(part.splitlines())
                if last <= run[1]:
                    self.reached = last
                    continue
            yield part

    def _may_show_the_encoding(self, block: Block) -> bool:
        return self.decoder is None and not block.isascii()

    def lines_of(self, block: Block) -> Iterator[Line]:
        """The lines of a block, which are counted."""
        for raw in block.splitlines():
            self.reached += 1
            yield self.line(self.reached, raw)

    def line(self, number: int, raw: bytes) -> Line:
        """One line without its end, decoded."""
        if len(raw) > LONGEST_LINE:
            return number, _shown(raw), "is longer than 64 KB"
        if raw.isascii():
            return number, raw.decode("ascii"), None
        if self.decoder is None:
            self.decoder = self._find_decoder()
        return number, self.decoder.text(raw), None

    def _too_long(self, shown: _TooLong) -> Line:
        self.reached += 1
        return self.reached, shown, "is longer than 64 KB"


def _blocks(chunks: Iterator[bytes]) -> Iterator[Block | _TooLong]:
    rest = b""
    skipping = False
    for chunk in chunks:
        block = rest + chunk
        if skipping:
            end = _first_end(block)
            if end is None:
                # Of the long line nothing is kept but a return that may be half of a line end.
                rest = b"\r" if block.endswith(b"\r") else b""
                continue
            block, skipping = block[end:], False
        # A return at the very end may be half of a line end.
        whole = max(block.rfind(b"\n"), block.rfind(b"\r", 0, len(block) - 1)) + 1
        rest = block[whole:]
        if whole:
            yield block[:whole]
        if len(rest) > LONGEST_LINE:
            yield _shown(rest)
            skipping, rest = True, b"\r" if rest.endswith(b"\r") else b""
    if rest and not skipping:
        yield rest


def _large(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The first chunk as it is, then small chunks that follow each other put together."""
    yield next(chunks, b"")
    raw = bytearray()
    try:
        for chunk in chunks:
            raw += chunk
            if len(raw) >= LARGE:
                yield bytes(raw)
                raw.clear()
    except NoList:
        # What a broken archive still gave counts.
        yield bytes(raw)
        raise
    yield bytes(raw)


def _small_first(chunks: Iterator[bytes]) -> Iterator[bytes]:
    first = next(chunks, b"")
    yield first[:_FIRST_BLOCK]
    yield first[_FIRST_BLOCK:]
    yield from chunks


def _first_end(block: bytes) -> int | None:
    """Where the line after the first line end begins; None if there is none, or it may only be half there."""
    found = re.search(rb"\r\n|\n|\r(?!\Z)", block)
    return found.end() if found else None


def _with(head: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from chunks


def _shown(raw: bytes) -> str:
    return raw[:_SHOWN].decode("ascii", "backslashreplace")
