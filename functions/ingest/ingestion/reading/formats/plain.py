"""Plain text: a name a line. Comments, blank lines, and a title or date above the first name are no entries."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from backorder.domains import Domain, NotADomain, parse_domain
from ingestion.reading.entries import Entry, Reject, reject
from ingestion.reading.formats.form import Format, PlainRows, is_comment
from ingestion.reading.lines import Line

_TITLES = 3
"""So many lines above the first name may be a title."""
_LONGEST = 300
"""Characters of a line in which something else than a name is looked for."""
_date_line = re.compile(
    r"(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{4})(?:[ T]\d{1,2}:\d\d(?::\d\d)?(?: ?[AP]M)?Z?)?"
).fullmatch
_title_words = {"domain", "domains", "domain name", "domain names", "domainname", "name", "names", "fqdn", "url"}
_after_name = re.compile(r"\s+(?:#|//|;).*|[\s,;]+$").sub
"""A comment behind a name, or separators of columns that are empty."""


def recognises(_sample: Sequence[str]) -> bool:
    """Everything is text."""
    return True


def read(lines: Iterable[Line]) -> Iterator[Entry | Reject]:
    """The entries; no list of this form says when its names drop."""
    titles = _TITLES
    for line in lines:
        item = read_line(line)
        if item is None:
            continue
        if isinstance(item, Reject) and titles and line[2] is None and _is_title(line[1]):
            titles -= 1
            continue
        titles = 0
        yield item


def read_line(of: Line) -> Entry | Reject | None:
    """What one line is, below any title; None for a comment or a blank line."""
    line, text, fault = of
    if fault is not None:
        return reject(line, text, fault)
    if not text or text.isspace() or is_comment(text):
        return None
    try:
        return Entry(line, parse_domain(text))
    except NotADomain as no_domain:
        domain = _cleaned(text)
        if domain is not None:
            return Entry(line, domain)
        return reject(line, text, no_domain.reason, no_domain.kind)


def _meaning(tail: str) -> tuple[str, None]:
    return tail, None


def _cleaned(text: str) -> Domain | None:
    """The name in a line that has more than a name, if it is plain where the name ends."""
    if len(text) > _LONGEST:
        return None
    name = _after_name("", text.strip()).strip("\"'")
    try:
        return parse_domain(name) if name != text else None
    except NotADomain:
        return None


def _is_title(text: str) -> bool:
    """A date, or words of which none is a name."""
    if len(text) > _LONGEST:
        return False
    words = text.split()
    if _date_line(text.strip()) or text.strip().rstrip(":").lower() in _title_words:
        return True
    return len(words) > 1 and not any(map(_looks_like_a_name, words))


def _looks_like_a_name(word: str) -> bool:
    try:
        parse_domain(word.strip("\"',;:"))
    except NotADomain as fault:
        # `john_doe.com` is meant as one, too; a date such as 1.8.2026 ends in no zone.
        return "." in word.strip(".,;:") and not _date_line(word) and not fault.kind.startswith("ends in no known zone")
    return True


FORMAT = Format("plain text", recognises, read, PlainRows(rb"[a-z0-9.-]+", _meaning, read_line))
