"""From the bytes of a file to the entries of its lists: container → encoding → lines → format → entries, and for JSON
container → encoding → document → entries.

Everything is a stream: memory does not grow with the list. Whatever is wrong with a file, or with a line of it,
becomes a `Reject` with a reason; nothing raises but a source that cannot be read.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from ingestion.reading.code_pages import Decoder, Known, decoder_of, title_of
from ingestion.reading.containers import Bounds, Member, NoList, unpack
from ingestion.reading.document import Document, is_document
from ingestion.reading.encodings import bytes_of, is_binary, kept, wide_encoding
from ingestion.reading.entries import UNDECODED, Entry, Items, LeftOut, Reject, reject
from ingestion.reading.formats import plain, recognise
from ingestion.reading.formats.form import look_ahead
from ingestion.reading.lines import Lines, Run
from ingestion.reading.prefilter import Blocks, Screen, read_screened

_SAMPLE = 100
"""Lines that a format is recognised from."""

__all__ = ["Bounds", "Entry", "LeftOut", "ReadList", "Reject", "read_lists"]


@dataclass(frozen=True, slots=True)
class ReadList:
    """One list while it is read: `items` must be used up before the next list is asked for."""

    member: str | None
    """Its name within the archive; None where the file holds just this list."""
    source: str
    """What it was recognised as."""
    items: Items
    text: Lines | Document | None = None
    note: str = ""
    """What a person should know about lists of this kind: a sentence."""
    by_line: bool = False
    """Each line is read by itself, whatever is in the others."""

    @property
    def is_whole(self) -> bool:
        """It was read to its end: true once `items` are used up, unless the list broke off."""
        return self.text is not None and not self.text.broke_off

    def pass_over(self, runs: Sequence[Run]) -> None:
        """Has most of these lines not read: who knows what they are expects none of them. For a list that is read by
        line, before `items` are asked for; its first lines are always given."""
        assert isinstance(self.text, Lines)
        self.text.passed_over = runs

    @property
    def encoding(self) -> str:
        """As far as it was read; empty for what is no text."""
        return self.text.encoding if self.text else ""


def read_lists(
    file: BinaryIO,
    bounds: Bounds | None = None,
    screen: Screen | None = None,
    *,
    name: str = "",
    encoding: str | None = None,
    before_each: Callable[[], None] = lambda: None,
) -> Iterator[ReadList]:
    """Reads each list that `file` (seekable, at its beginning) contains: one, or several members of an archive.

    `name` is what the file is called: a hint, no more. `encoding` is the declared one, by Python's name
    (`known_encoding`). What `screen` leaves out may come in bulk (`LeftOut`), where the
    list's format allows it. `before_each` is called before more of a list is looked at: what it raises ends the
    reading.
    """
    try:
        for member in unpack(file, bounds or Bounds(), _is_no_list):
            yield _read(member, screen, member.file or name, encoding, before_each)
    except NoList as fault:
        yield _unreadable(None, fault)


def _read(
    member: Member, screen: Screen | None, name: str, encoding: str | None, before_each: Callable[[], None]
) -> ReadList:
    def find_decoder() -> Decoder:
        if encoding is not None:
            return Known(title_of(encoding), encoding)
        return decoder_of(lambda: _called(before_each, member.read()))

    try:
        chunks = member.read()
        head = next(chunks, b"")
        chunks = itertools.chain([head], _called(before_each, chunks))
        if is_document(head, encoding):
            document = Document(head, chunks, find_decoder, encoding)
            return ReadList(member.name, document.source, _to_the_end(iter(document), document), document)
        lines = Lines(chunks, find_decoder, encoding)
    except NoList as fault:
        return _unreadable(member.name, fault)
    sample, rest = look_ahead(lines, _SAMPLE)
    form = recognise(sample, name)
    if screen is None or form.rows is None:
        items: Items = form.read(itertools.chain(sample, rest))
    else:
        items = read_screened(form, sample, rest, Blocks(lines, form.rows, screen))
    return ReadList(member.name, form.name, _to_the_end(items, lines), lines, form.note, form.rows is not None)


def _is_no_list(head: bytes, name: str) -> bool:
    if wide_encoding(head[:4]) or is_binary(head):
        return False
    return plain.is_prose(kept(head).splitlines()[:_SAMPLE], name)


def _called(before_each: Callable[[], None], chunks: Iterator[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        before_each()
        yield chunk


def _to_the_end(items: Items, text: Lines | Document) -> Items:
    """What a broken archive still gave counts; the rest is one reject at the place reached."""
    try:
        for item in items:
            yield _explained(item, text) if isinstance(item, Reject) and item.kind == UNDECODED else item
    except NoList as fault:
        text.broke_off = True
        yield reject(text.reached, "", str(fault))


def _explained(undecoded: Reject, text: Lines | Document) -> Reject:
    """With why its name could not be read, which the list as a whole tells."""
    assert text.decoder is not None, "only such a list has names that are not ASCII"
    return undecoded._replace(reason=text.decoder.why_not(bytes_of(undecoded.reason)))


def _unreadable(name: str | None, fault: NoList) -> ReadList:
    return ReadList(name, "no list", iter([reject(0, "", str(fault))]))
