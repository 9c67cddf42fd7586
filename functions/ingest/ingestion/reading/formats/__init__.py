"""Formats of lists. Each is recognised by its first lines, and makes entries of all of them.

A new format is a new module here, and a place in `FORMATS`: the first that recognises a list reads it.
"""

from __future__ import annotations

from collections.abc import Sequence

from ingestion.reading.formats import addresses, checksum, dated, json_lines, plain, provider, registro, table
from ingestion.reading.formats.form import Format
from ingestion.reading.lines import Line

FORMATS: tuple[Format, ...] = (
    checksum.FORMAT,
    json_lines.FORMAT,
    dated.NIC_TOP,
    table.NOMINET,
    table.REGISTRY_MX,
    table.AFNIC,
    table.AUDA,
    table.AUDA_TIMES,
    table.REGISTRO,
    table.FORMAT,
    addresses.FORMAT,
    dated.POOL,
    dated.INTERNETSTIFTELSEN,
    dated.REGISTRO,
    dated.AUDA,
    dated.AUDA_TIMES,
    provider.FORMAT,
    dated.FORMAT,
    plain.NASK,
    plain.FORMAT,
)
"""The most particular first; the last takes everything."""

_PUBLISHED = (
    *(dated.NIC_TOP, dated.POOL, dated.INTERNETSTIFTELSEN, table.NOMINET, table.REGISTRY_MX, table.AFNIC, table.AUDA),
    *(table.REGISTRO, provider.FORMAT, plain.NASK),
)
DELETIONS = frozenset({*(form.name for form in _PUBLISHED), "Internetstiftelsen, JSON", "Park.io"})
"""What is published of names that are about to drop, or did: nobody wants all of it."""


def recognise(sample: Sequence[Line], file: str = "") -> Format:
    """The format of a list that begins with `sample`. What it is called is a hint where names are all that it has."""
    texts = [text for _, text, fault in sample if fault is None and text.strip()]
    found = next(form for form in FORMATS if form.recognises(texts))
    return (registro.by_file(file, texts) or found) if found is plain.FORMAT else found
